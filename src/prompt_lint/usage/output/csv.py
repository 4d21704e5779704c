"""`csv`: a line for each bucket and combination of groups, for spreadsheets. Sums of its columns are the report's totals."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from prompt_lint.text.escape import visible
from prompt_lint.usage.trends import BUCKET_WIDTHS, DAY, Usage, group_selector, name_group, sum_usage

if TYPE_CHECKING:
    from datetime import datetime

    from prompt_lint.usage.figures import UsageReport
    from prompt_lint.usage.trends import Trends

_FIGURES = (
    "uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens",
    "web_searches",
)  # fmt: skip
# Where a spreadsheet would see a formula: `=`, `+`, `-`, `@` and all that Unicode's compatibility forms make one of them
# (full width, small, raised, lowered), or the minus sign; at the start, or where a semicolon parts cells as in half of Europe.
# Tabs, carriage returns and newlines are escaped before.
_FORMULA = re.compile(
    r"(\A|;)(?=\s*[-=+@\u2212\u207a-\u207c\u208a-\u208c\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u2a74-\u2a76])"
)

_Key = tuple["datetime", bool, tuple[str, ...]]


def render(report: UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every format
    trends = report.trends
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [name.replace("-", "_") for name in trends.groups]
    requests = ["requests"] if trends.data.has_requests else []
    cost = f"cost_{trends.data.currency.lower()}"
    writer.writerow(["window", "start_utc", "end_utc", *names, *_FIGURES, *requests, _cell(cost)])
    for line in _lines(trends):
        writer.writerow(line)
    return out.getvalue()


def _lines(trends: Trends) -> list[list[str]]:
    """Usage and cost share a line where the API tells both by the same groups; else each has its own."""
    used, paid = _used(trends), _paid(trends)
    lines = []
    times: dict[tuple[datetime, bool], list[str]] = {}
    names: dict[tuple[str, ...], list[str]] = {}
    for key in sorted({*used, *paid}, key=lambda key: (key[0], not key[1], key[2])):
        at, whole, group = key
        if (at, whole) not in times:
            end = at + (DAY if whole else BUCKET_WIDTHS[trends.bucket])
            times[at, whole] = [_window(trends, at), _stamp(at), _stamp(end)]
        if group not in names:
            pairs = zip(trends.groups, group, strict=True)
            names[group] = [_cell(name_group(name, value, trends.data.names)) for name, value in pairs]
        usage = sum_usage(used.get(key, ()))
        figures = map(str, usage if trends.data.has_requests else usage[:6])
        cost = format(paid[key], "f") if key in paid else ""
        lines.append([*times[at, whole], *names[group], *figures, cost])
    return lines


def _window(trends: Trends, at: datetime) -> str:
    when = trends.period
    if when.window.contains(at):
        return "current"
    if when.previous_window and when.previous_window.contains(at):
        return "previous"
    return "unfinished" if when.has_unfinished_day else "today"


def _shown(trends: Trends, at: datetime) -> bool:
    when = trends.period
    return (
        when.window.contains(at)
        or bool(when.previous_window and when.previous_window.contains(at))
        or (when.reaches_today and at >= when.complete_end)
    )


def _used(trends: Trends) -> dict[_Key, list[Usage]]:
    data = trends.data
    key, fine = group_selector(data.usage_dimensions, tuple(trends.groups)), trends.bucket == "1d"
    shown = {at for at in {row.start for row in data.usage_rows} if _shown(trends, at)}
    found: dict[_Key, list[Usage]] = defaultdict(list)
    for row in data.usage_rows:
        if row.start in shown:
            found[row.start, fine, key(row.group)].append(row.usage)
    return found


def _paid(trends: Trends) -> dict[_Key, Decimal]:
    """A dimension by which the API tells no cost is empty."""
    data = trends.data
    places = [
        data.cost_dimensions.index(name) if name in data.cost_dimensions else None for name in trends.groups
    ]
    found: dict[_Key, Decimal] = defaultdict(Decimal)
    for row in data.cost_rows:
        if _shown(trends, row.start):
            group = tuple("" if place is None else row.group[place] for place in places)
            found[row.start, True, group] += row.amount
    return found


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _cell(text: str) -> str:
    """In front of what looks like a formula stands an apostrophe (OWASP, "CSV Injection")."""
    return _FORMULA.sub(r"\1'", visible(text))
