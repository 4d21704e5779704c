"""The table of intervals: data, made by benchmarks/intervals.py from recorded requests. Don't edit below `Interval`."""

from __future__ import annotations

from typing import NamedTuple


class Interval(NamedTuple):
    """How far the API's count may be off: `tokens`, or `share` of the count, whichever is more.

    `rows` recorded requests are behind it, with `largest` tokens of difference at most. Fewer than 30 are few witnesses.
    """

    tokens: int
    share: float
    rows: int
    largest: int


# Generation and kind of request → interval.
MEASURED_ON = "2026-11-29"
INTERVALS = {
    ("3 to 3.7", "text"): Interval(3, 0.0007, 242, 3),
    ("4 to 4.6", "text"): Interval(2, 0.0007, 942, 136),
    ("4.7", "text"): Interval(2, 0.0007, 502, 0),
    ("4.8 and newer", "text"): Interval(2, 0.0007, 517, 1),
    ("3 to 3.7", "the assistant first"): Interval(20, 0.06, 0, 0),
    ("4 to 4.6", "the assistant first"): Interval(20, 0.06, 2, 0),
    ("4.7", "the assistant first"): Interval(20, 0.06, 0, 0),
    ("4.8 and newer", "the assistant first"): Interval(20, 0.06, 0, 0),
    ("3 to 3.7", "system message in between"): Interval(20, 0.06, 0, 0),
    ("4 to 4.6", "system message in between"): Interval(20, 0.06, 0, 0),
    ("4.7", "system message in between"): Interval(20, 0.06, 0, 0),
    ("4.8 and newer", "system message in between"): Interval(20, 0.06, 3, 0),
    ("3 to 3.7", "thinking budget"): Interval(10, 0.03, 6, 1),
    ("4 to 4.6", "thinking budget"): Interval(10, 0.03, 29, 1),
    ("4.7", "thinking budget"): Interval(10, 0.03, 0, 0),
    ("4.8 and newer", "thinking budget"): Interval(10, 0.03, 0, 0),
    ("3 to 3.7", "adaptive thinking"): Interval(20, 0.06, 0, 0),
    ("4 to 4.6", "adaptive thinking"): Interval(34, 0.06, 4, 17),
    ("4.7", "adaptive thinking"): Interval(20, 0.06, 6, 0),
    ("4.8 and newer", "adaptive thinking"): Interval(20, 0.06, 2, 0),
    ("3 to 3.7", "tools, automatic choice"): Interval(4, 0.0007, 89, 3),
    ("4 to 4.6", "tools, automatic choice"): Interval(2, 0.0007, 158, 1),
    ("4.7", "tools, automatic choice"): Interval(10, 0.03, 4, 0),
    ("4.8 and newer", "tools, automatic choice"): Interval(10, 0.03, 3, 0),
    ("3 to 3.7", "tools, forced choice"): Interval(10, 0.03, 26, 1),
    ("4 to 4.6", "tools, forced choice"): Interval(2, 0.0007, 127, 1),
    ("4.7", "tools, forced choice"): Interval(10, 0.03, 1, 0),
    ("4.8 and newer", "tools, forced choice"): Interval(10, 0.03, 4, 0),
    ("3 to 3.7", "tool history"): Interval(3, 0.0007, 357, 3),
    ("4 to 4.6", "tool history"): Interval(2, 0.0007, 261, 0),
    ("4.7", "tool history"): Interval(10, 0.03, 14, 0),
    ("4.8 and newer", "tool history"): Interval(10, 0.03, 0, 0),
    ("3 to 3.7", "tool history, not as text"): Interval(20, 0.06, 0, 0),
    ("4 to 4.6", "tool history, not as text"): Interval(20, 0.06, 0, 0),
    ("4.7", "tool history, not as text"): Interval(20, 0.06, 0, 0),
    ("4.8 and newer", "tool history, not as text"): Interval(20, 0.06, 3, 0),
    ("3 to 3.7", "structured output"): Interval(10, 0.03, 0, 0),
    ("4 to 4.6", "structured output"): Interval(2, 0.0007, 51, 1),
    ("4.7", "structured output"): Interval(10, 0.03, 0, 0),
    ("4.8 and newer", "structured output"): Interval(10, 0.03, 0, 0),
    ("3 to 3.7", "image"): Interval(40, 0.06, 2, 20),
    ("4 to 4.6", "image"): Interval(20, 0.06, 5, 0),
    ("4.7", "image"): Interval(20, 0.06, 0, 0),
    ("4.8 and newer", "image"): Interval(20, 0.06, 1, 0),
    ("3 to 3.7", "image in a result"): Interval(20, 0.06, 0, 0),
    ("4 to 4.6", "image in a result"): Interval(24, 0.06, 1, 12),
    ("4.7", "image in a result"): Interval(20, 0.06, 0, 0),
    ("4.8 and newer", "image in a result"): Interval(20, 0.06, 0, 0),
}
