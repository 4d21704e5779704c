"""Amounts of money, and other decimal numbers, as text for people. Nothing is escaped: each output does that for itself."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

# Stands for a figure that doesn't exist.
NO_FIGURE = "-"
# An amount has up to 33 digits, and a million of them 39: with 60 their sums are exact.
EXACT_CONTEXT = Context(prec=60)


def round_half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT_CONTEXT)


def format_money(
    amount: Decimal | None, currency: str = "USD", *, sign: bool = False, places: int | None = None
) -> str:
    """Format as `$1,234.50`, with so many `places`; without them, below a dollar with two significant digits, up to six decimals."""
    if amount is None:
        return NO_FIGURE
    size = abs(amount)
    if places is None:
        places = min(6, max(2, 1 - size.adjusted())) if 0 < size < 1 else 2
    number = f"{round_half_up(size, places):,f}"
    less_than = "" if round_half_up(size, places) or not size else "<"
    number = f"{Decimal(1).scaleb(-places):f}" if less_than else number
    text = f"{less_than}${number}" if currency == "USD" else f"{less_than}{number} {currency}"
    return format_signed(amount, text, sign=sign)


def format_signed(value: Decimal | int, size: str, *, sign: bool) -> str:
    """Put a minus before `size`, the text of the absolute value; a plus only if `sign` asks for it."""
    return ("-" if value < 0 else "+" if sign and value > 0 else "") + size
