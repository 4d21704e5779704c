"""Options and the clock → the days that a report compares, and the time that has to be fetched for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.usage.values import DAY, FORECAST_DAYS, LONGEST_WINDOW, OLDEST_DAY, Period, Window, midnight

if TYPE_CHECKING:
    from datetime import datetime


def find_month(text: str, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the first and the last day of a month, None for the last of this one, which isn't over. Raises `Fatal`.

    `text` is `2026-10`, `this` or `last`.
    """
    this = midnight(now).replace(day=1)
    names = {"this": this, "last": (this - DAY).replace(day=1)}
    first = names.get(text)
    if first is None and re.fullmatch(r"2[0-9]{3}-(0[1-9]|1[0-2])", text):
        first = this.replace(year=int(text[:4]), month=int(text[5:]))
    if first is None:
        raise Fatal(f"--month: `{text[:20]}` isn't a month", f"examples: {this:%Y-%m}, this, last")
    if first > this:
        raise Fatal(f"--month {text} hasn't begun", f"this month is {this:%Y-%m}")
    return first, None if first == this else (first + 31 * DAY).replace(day=1) - DAY


def plan_period(
    now: datetime,
    complete_until: datetime,
    days: int,
    first: datetime | None,
    last: datetime | None,
    earliest: datetime | None,
) -> Period:
    """Choose a window of complete days, and the equal one before it.

    A day is complete if it ended by `complete_until`. The window has `days` days, or begins with the day `first`; it ends with
    the day `last`, or earlier where that isn't complete. The API has data from `earliest` on; None says that it doesn't tell.
    Raises `Fatal` for an impossible window.
    """
    complete_end = midnight(complete_until)
    for option, day in (("--from", first), ("--to", last)):
        if day is not None:
            _refuse_distant_day(option, day, complete_end, earliest or OLDEST_DAY)
    requested_end = complete_end if last is None else last + DAY
    end = min(requested_end, complete_end)
    start = requested_end - days * DAY if first is None else first
    if last is not None and first is not None and last < first:
        raise Fatal("--to is before --from", "both days are part of the report")
    if start >= end:
        raise _no_complete_day(start, now, complete_until)
    window = Window(start, end)
    _refuse_window(window, earliest)
    previous = Window(start - (end - start), start)
    has_previous = earliest is None or previous.start >= earliest
    previous_window = previous if has_previous else None
    cost_start, fetch_end = _fetch_range(complete_end, window, previous_window, earliest)
    cut_from = requested_end if requested_end > end else None
    return Period(now, complete_end, window, previous_window, cost_start, fetch_end, cut_from)


def _refuse_distant_day(option: str, day: datetime, complete_end: datetime, earliest: datetime) -> None:
    """Raises `Fatal` for a day so far away that date arithmetic with it could overflow."""
    latest = complete_end + LONGEST_WINDOW * DAY
    if not OLDEST_DAY <= day <= latest:
        raise Fatal(
            f"{option} {day.date()} is outside of what a report can have",
            f"the last complete day is {(complete_end - DAY).date()} (UTC), and the first {earliest.date()}",
        )


def _no_complete_day(start: datetime, now: datetime, complete_until: datetime) -> Fatal:
    if start >= midnight(now):
        return Fatal(
            f"there is no complete day in the window: the last one is {midnight(complete_until) - DAY:%Y-%m-%d} (UTC)",
            "today's figures are incomplete, and never compared; name earlier days",
        )
    return Fatal(
        f"the source has no complete day of the window: its figures are complete through {complete_until:%Y-%m-%d %H:%M} UTC",
        "run again later, or name earlier days",
        ExitCode.UNCOUNTED,
    )


def _refuse_window(window: Window, earliest: datetime | None) -> None:
    if window.days > LONGEST_WINDOW:
        raise Fatal(f"the window has {window.days} days", f"{LONGEST_WINDOW} are the most")
    if earliest is not None and window.start < earliest:
        raise Fatal(
            f"this source has no data before {earliest:%Y-%m-%d}", "begin later, or take --source messages"
        )


def _fetch_range(
    complete_end: datetime, window: Window, previous_window: Window | None, earliest: datetime | None
) -> tuple[datetime, datetime]:
    """From when on costs are needed, and until when anything is: up to today's unfinished day, unless the window is past."""
    cost_start = previous_window.start if previous_window else window.start
    if window.end < complete_end:
        return cost_start, window.end
    cost_start = min(cost_start, complete_end.replace(day=1), complete_end - FORECAST_DAYS * DAY)
    return max(cost_start, earliest or cost_start), complete_end + DAY
