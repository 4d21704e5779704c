"""The colours of the map of `list`: how full limits are; with a base, how much prompts grew."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.model.values import Report, Verdict


class Shade(NamedTuple):
    """A colour: its class in the style sheet, and what it means."""

    style: str
    meaning: str


class Palette(NamedTuple):
    """What the colours say, and the colours. `choose` returns the number of one for the verdicts of a rectangle."""

    title: str
    shades: Sequence[Shade]
    choose: Callable[[Sequence[Verdict]], int]


_FILLS = (25, 50, 75, 100)
_OVER = 5
_MUCH_GROWTH = 0.1


def _choose_by_fill(verdicts: Sequence[Verdict]) -> int:
    fill = verdicts[-1].fill_percent
    if fill is None:
        return 0
    return next((number for number, percent in enumerate(_FILLS, 1) if fill <= percent), _OVER)


def _choose_by_growth(verdicts: Sequence[Verdict]) -> int:
    is_over = _choose_by_fill(verdicts) == _OVER
    return 2 * _choose_growth(verdicts[0]) + is_over


def _choose_growth(verdict: Verdict) -> int:
    if verdict.change == "new":
        return 5
    if verdict.growth is None or verdict.base_count is None:
        return 0
    if verdict.growth <= 0:
        return 1 if verdict.growth else 2
    return 3 if verdict.growth <= _MUCH_GROWTH * verdict.base_count.tokens else 4


_FILL_SHADES = (
    Shade("none", "no limit"),
    Shade("low", "up to 25%"),
    Shade("half", "up to 50%"),
    Shade("most", "up to 75%"),
    Shade("full", "up to 100%"),
    Shade("over", "over 100%"),
)
_GROWTHS = (
    Shade("unknown", "can't be compared"),
    Shade("half", "smaller"),
    Shade("none", "the same"),
    Shade("full", "grew by up to 10%"),
    Shade("grew", "grew by more than 10%"),
    Shade("new", "new"),
)
# Each of them twice: within the limit, and over it.
_GROWTH_SHADES = tuple(
    shade
    for each in _GROWTHS
    for shade in (each, Shade(f"{each.style} exceeded", f"{each.meaning}, over the limit"))
)


def choose_palette(report: Report) -> Palette:
    if report.base:
        return Palette(f"growth since {report.base.name}", _GROWTH_SHADES, _choose_by_growth)
    return Palette("how full the limit is", _FILL_SHADES, _choose_by_fill)
