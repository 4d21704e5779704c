"""Numbers and days of a report as text for people. Nothing is escaped: each output does that for itself."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from prompt_lint.text.money import NO_FIGURE, format_signed, round_half_up
from prompt_lint.text.sparkline import draw_bar
from prompt_lint.usage.sums import relative_change
from prompt_lint.usage.values import DAY, ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from prompt_lint.usage.values import Window

_T = TypeVar("_T")

# A window of more days is shown by the week.
MOST_DAYS = 31


def format_tokens(number: Decimal | int | None, *, sign: bool = False) -> str:
    """Format as `1.23M`, with three significant digits; below ten thousand with all digits."""
    if number is None:
        return NO_FIGURE
    size = abs(Decimal(number))
    for unit, suffix in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if size >= unit and size >= 10_000:
            scaled = size / unit
            places = 2 if scaled < 10 else 1 if scaled < 100 else 0
            return format_signed(number, f"{round_half_up(scaled, places)}{suffix}", sign=sign)
    return format_signed(number, f"{round_half_up(size, 0):,}", sign=sign)


def format_percent(part: Decimal | None, *, sign: bool = False, places: int = 1) -> str:
    if part is None:
        return NO_FIGURE
    return format_signed(part, f"{round_half_up(abs(100 * part), places):,f}%", sign=sign)


def format_change(current: Decimal | int | None, previous: Decimal | int | None) -> str:
    """Format the change in percent: `+12.3%`, `±0%`, `new`."""
    if current is None or previous is None:
        return NO_FIGURE
    relative = relative_change(current, previous)
    if relative is None:
        return "new" if current and not previous else NO_FIGURE
    return format_percent(relative, sign=True) if round_half_up(100 * relative, 1) else "±0%"


def draw_sparkline(series: Sequence[Decimal]) -> str:
    """Draw a bar for each number, and a dot for 0 or less."""
    top = max(series, default=ZERO)
    return "".join(draw_bar(number, top) for number in series)


def draw_trend(series: Sequence[Decimal]) -> str:
    """Draw the days of a window, or its weeks where it is long; "" for a single day, which is no trend."""
    return draw_sparkline(sum_weeks(series)) if len(series) > 1 else ""


def sum_weeks(series: Sequence[Decimal]) -> Sequence[Decimal]:
    """Sum up the days of a window by the week if it is long."""
    return series if len(series) <= MOST_DAYS else [sum(week, ZERO) for week in split_weeks(series)]


def split_weeks(days: Sequence[_T]) -> list[Sequence[_T]]:
    """Split days into weeks, counted back from the last day: the first week may be short."""
    return [days[max(0, end - 7) : end] for end in range((len(days) - 1) % 7 + 1, len(days) + 1, 7)]


def format_day(day: datetime, *, year: bool = False) -> str:
    return f"{day.day} {day:%b} {day.year}" if year else f"{day.day} {day:%b}"


def format_weekday(day: datetime) -> str:
    return f"{day:%a} {format_day(day)}"


def format_window(window: Window) -> str:
    """Format as `15 to 21 Nov 2026`, both days inclusive."""
    first, last = window.start, window.end - DAY
    if first == last:
        return format_day(first, year=True)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {format_day(last, year=True)}"
    return f"{format_day(first, year=first.year != last.year)} to {format_day(last, year=True)}"


def format_minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def format_timestamp(moment: datetime) -> str:
    """Format as RFC 3339, for programs and for the API."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
