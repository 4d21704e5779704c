"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.usage.figures import draw_sparkline, format_tokens, sum_weeks
from prompt_lint.usage.svg_charts import label_costs


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10.0k"), (123_456, "123k"), (1_234_567, "1.23M"), (8_530_000_000, "8.53B"), (-25_000, "-25.0k")],
)  # fmt: skip
def test_tokens_have_three_digits_and_a_suffix(number: int, text: str) -> None:
    """Below ten thousand they have all digits."""
    assert format_tokens(number) == text


@pytest.mark.parametrize(
    ("top", "labels"),
    [
        ("0.03", ["$0.0300", "$0.0225", "$0.0150", "$0.0075", "$0.0000"]),
        ("0.16", ["$0.16", "$0.12", "$0.08", "$0.04", "$0.00"]),
        ("10", ["$10.00", "$7.50", "$5.00", "$2.50", "$0.00"]),
        ("60000", ["$60,000", "$45,000", "$30,000", "$15,000", "$0"]),
    ],
)
def test_the_lines_of_a_grid_have_equally_many_decimals(top: str, labels: list[str]) -> None:
    """Small money has as many as the finest line needs, large money none."""
    assert label_costs(Decimal(top), "USD") == labels


@given(st.lists(st.decimals(min_value=0, max_value=10**6, places=2), max_size=100))
def test_a_sparkline_has_a_mark_for_each_number(series: list[Decimal]) -> None:
    """The highest is a full bar, and 0 is a dot."""
    marks = draw_sparkline(series)

    assert len(marks) == len(series)
    assert all((mark == "·") == (not number) for mark, number in zip(marks, series, strict=True))
    assert not any(series) or "█" in marks


@given(st.lists(st.decimals(min_value=0, max_value=10**6, places=2), max_size=100))
def test_weeks_add_up_to_the_days(series: list[Decimal]) -> None:
    """Nothing is lost where many days are drawn as weeks."""
    assert sum(sum_weeks(series)) == sum(series)
