"""Money as people read it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prompt_lint.text.money import format_money


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "$0.00"), ("1234.5", "$1,234.50"), ("0.5", "$0.50"), ("0.0042", "$0.0042"), ("0.00000012", "<$0.000001"), ("-3", "-$3.00"), ("0.999", "$1.00")],
)  # fmt: skip
def test_small_amounts_of_money_have_more_decimals(amount: str, text: str) -> None:
    """Two, and up to six below a dollar."""
    assert format_money(Decimal(amount)) == text
