"""The table of margins: data, made by benchmarks/intervals.py from recorded requests. Don't edit."""

from __future__ import annotations

from prompt_lint.counting.margins import Margin, MeasuredMargin

# Generation and kind of request → margin (share, tokens), requests recorded, largest difference.
MARGINS = {
    ("3 to 3.7", "text"): MeasuredMargin(Margin(0.0007, 3), 242, 3),
    ("4 to 4.6", "text"): MeasuredMargin(Margin(0.0007, 2), 942, 136),
    ("4.7", "text"): MeasuredMargin(Margin(0.0007, 2), 502, 0),
    ("4.8 and newer", "text"): MeasuredMargin(Margin(0.0007, 2), 517, 1),
    ("3 to 3.7", "the assistant first"): MeasuredMargin(Margin(0.06, 20), 0, 0),
    ("4 to 4.6", "the assistant first"): MeasuredMargin(Margin(0.06, 20), 2, 0),
    ("4.7", "the assistant first"): MeasuredMargin(Margin(0.06, 20), 0, 0),
    ("4.8 and newer", "the assistant first"): MeasuredMargin(Margin(0.06, 20), 0, 0),
    ("4.8 and newer", "system message in between"): MeasuredMargin(Margin(0.06, 20), 3, 0),
    ("3 to 3.7", "thinking budget"): MeasuredMargin(Margin(0.03, 10), 6, 1),
    ("4 to 4.6", "thinking budget"): MeasuredMargin(Margin(0.03, 10), 29, 1),
    ("4.7", "thinking budget"): MeasuredMargin(Margin(0.03, 10), 0, 0),
    ("4.8 and newer", "thinking budget"): MeasuredMargin(Margin(0.03, 10), 0, 0),
    ("3 to 3.7", "adaptive thinking"): MeasuredMargin(Margin(0.06, 20), 0, 0),
    ("4 to 4.6", "adaptive thinking"): MeasuredMargin(Margin(0.06, 34), 4, 17),
    ("4.7", "adaptive thinking"): MeasuredMargin(Margin(0.06, 20), 6, 0),
    ("4.8 and newer", "adaptive thinking"): MeasuredMargin(Margin(0.06, 20), 2, 0),
    ("3 to 3.7", "tools, automatic choice"): MeasuredMargin(Margin(0.0007, 4), 89, 3),
    ("4 to 4.6", "tools, automatic choice"): MeasuredMargin(Margin(0.0007, 2), 158, 1),
    ("4.7", "tools, automatic choice"): MeasuredMargin(Margin(0.03, 10), 4, 0),
    ("4.8 and newer", "tools, automatic choice"): MeasuredMargin(Margin(0.03, 10), 3, 0),
    ("3 to 3.7", "tools, forced choice"): MeasuredMargin(Margin(0.03, 10), 26, 1),
    ("4 to 4.6", "tools, forced choice"): MeasuredMargin(Margin(0.0007, 2), 127, 1),
    ("4.7", "tools, forced choice"): MeasuredMargin(Margin(0.03, 10), 1, 0),
    ("4.8 and newer", "tools, forced choice"): MeasuredMargin(Margin(0.03, 10), 4, 0),
    ("3 to 3.7", "tool history"): MeasuredMargin(Margin(0.0007, 3), 357, 3),
    ("4 to 4.6", "tool history"): MeasuredMargin(Margin(0.0007, 2), 261, 0),
    ("4.7", "tool history"): MeasuredMargin(Margin(0.03, 10), 14, 0),
    ("4.8 and newer", "tool history, not as text"): MeasuredMargin(Margin(0.06, 20), 3, 0),
    ("4 to 4.6", "structured output"): MeasuredMargin(Margin(0.0007, 2), 51, 1),
    ("3 to 3.7", "image"): MeasuredMargin(Margin(0.06, 40), 2, 20),
    ("4 to 4.6", "image"): MeasuredMargin(Margin(0.06, 20), 5, 0),
    ("4.7", "image"): MeasuredMargin(Margin(0.06, 20), 0, 0),
    ("4.8 and newer", "image"): MeasuredMargin(Margin(0.06, 20), 1, 0),
    ("3 to 3.7", "image in a result"): MeasuredMargin(Margin(0.06, 20), 0, 0),
    ("4 to 4.6", "image in a result"): MeasuredMargin(Margin(0.06, 24), 1, 12),
    ("4.7", "image in a result"): MeasuredMargin(Margin(0.06, 20), 0, 0),
    ("4.8 and newer", "image in a result"): MeasuredMargin(Margin(0.06, 20), 0, 0),
}
