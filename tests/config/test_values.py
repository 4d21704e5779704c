"""The values of the configuration: which ways there are to write one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.config.values import Limit, parse_limit


@pytest.mark.parametrize(
    ("text", "tokens", "share"),
    [
        (8000, 8000, 0), ("8000", 8000, 0), (8000.0, 8000, 0), ("8k", 8000, 0), ("8K", 8000, 0), ("1.5k", 1500, 0),
        ("1.234k", 1234, 0), ("0.5k", 500, 0), ("999999k", 999_999_000, 0), (999_999_999, 999_999_999, 0),
        ("5%", 0, 50_000), ("100%", 0, 1_000_000), ("0.0001%", 0, 1), ("12.5%", 0, 125_000),
    ],
)  # fmt: skip
def test_a_limit_is_read_in_every_way_of_writing_it(text: object, tokens: int, share: int) -> None:
    """Tokens, thousands of them, or a share of the window; exact, without a float in between."""
    assert parse_limit(text) == Limit(tokens, share)


@pytest.mark.parametrize(
    "value",
    [
        0, -1, 0.5, 8000.5, 10**9, True, False, None, [], {}, "", "0", "-1", "8 k", "8kk", "8m", "k", "%", "5 %",
        "0k", "0.000k", "0%", "0.0%", "101%", "100.1%", "5.00001%", "1.2345k", "1e3", "٨", "010", "8_000", "8,000",
        "8000\n", "inf", "nan", float("inf"), float("nan"), "9" * 5000, "1000000k",
    ],
)  # fmt: skip
def test_what_is_no_limit_is_refused_in_a_sentence(value: object) -> None:
    """Nothing that isn't plainly a limit is taken for one, whatever its type."""
    with pytest.raises(ValueError, match="isn't a limit: ") as caught:
        parse_limit(value)

    assert len(str(caught.value)) < 250


@given(st.integers(1, 999_999), st.integers(0, 999))
def test_thousands_are_exact(whole: int, thousandths: int) -> None:
    """`1.001k` is 1,001 tokens, and not one less by rounding."""
    assert parse_limit(f"{whole}.{thousandths:03}k").tokens == whole * 1000 + thousandths
