"""Limits with some room above today's prompts, as `init` and `tighten` choose them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prompt_lint.config.values import MAX_LIMIT
from prompt_lint.model.rules import METADATA

if TYPE_CHECKING:
    from fractions import Fraction

# A prompt may grow by about three tenths before it is over, and isn't near its limit today.
_HEADROOM = 1.3
_LEAST_HEADROOM = 1.2
_SMALLEST, _SMALLEST_METADATA = 500, 150


def find_smallest_limit(name: str) -> int:
    """Return the limit that prompts of this name have room in, however small they are today."""
    return _SMALLEST_METADATA if name == METADATA else _SMALLEST


def choose_limit(
    high: int,
    smallest: int = _SMALLEST,
    *,
    factor: float | Fraction = _HEADROOM,
    least: float | Fraction = _LEAST_HEADROOM,
    digits: int = 2,
) -> int:
    """Return a limit for prompts of at most so many tokens: about `factor` times that, in so many significant digits.

    It is at least `least` times that.
    """
    unit = 10 ** max(0, len(str(math.ceil(high * factor))) - digits)
    limit: int = round(high * factor / unit) * unit
    if limit < high * least:
        limit += unit
    return min(MAX_LIMIT, max(smallest, limit))
