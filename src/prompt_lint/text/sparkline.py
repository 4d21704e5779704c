"""Numbers as bars of one character."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

BARS = "▁▂▃▄▅▆▇█"


def draw_bar(number: Decimal | int, top: Decimal | int) -> str:
    """Draw a number from 0 to `top`: a dot for 0 or less, else one of eight bars."""
    return "·" if number <= 0 else BARS[min(7, int(number * 8 / top))]
