"""The verdict in one line: what it says of every kind of run, and that its numbers add up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import make, reports
from tests.support.reports import BASE, CONFIG, SPLIT, row

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.rules import Loosening, MaxGrowth
from prompt_lint.model.values import Problem
from prompt_lint.output import View
from prompt_lint.output.text import report as text_report
from prompt_lint.output.text.pieces import format_short_name
from prompt_lint.output.verdict_line import describe_verdict

if TYPE_CHECKING:
    from prompt_lint.model.values import Verdict

GROUP = {"name": "the agent", "format": "group"}
SMALL, FULL = row("prompts/b.md", 500, limit=8000), row("prompts/a.md", 6160, limit=8000)
NEAR = row("prompts/near.md", 3900)
OVER, UNSURE = row("prompts/over.md", 4100), row("prompts/unsure.md", 4000, spread=9)
EXEMPT = row("prompts/legacy.md", 9000, exemption=SPLIT)
INHERITED = row("prompts/old.md", 5000, base=5000, change="unchanged")
TIGHTER = row("prompts/tight.md", 5000, base=5000, change="unchanged", base_limit=6000)
GREW = row("prompts/grew.md", 900, base=100, change="changed", max_growth=MaxGrowth(10, None))
OVER_GROUP, SMALL_GROUP = row(CONFIG, 4100, of_prompt=GROUP), row(CONFIG, 9, of_prompt={**GROUP, "name": "b"})
PICTURE = row("prompts/picture.json", None)
ERROR = Problem("prompts/c.md", 1, "isn't UTF-8", "")
RAISED = Loosening("prompts/**", "limit raised", 9, reports.SONNET, 4000, 4500)


@pytest.mark.parametrize(
    ("verdicts", "of_report", "sentence"),
    [
        ([FULL], {}, "1 prompt within its limit (prompts/a.md, 77% of 8,000)"),
        ([FULL, SMALL], {}, "2 prompts within their limits (fullest: prompts/a.md, 77% of 8,000)"),
        ([FULL, NEAR], {}, "2 prompts within their limits (fullest: prompts/near.md, 98% of 4,000; 1 near)"),
        ([FULL, SMALL, OVER], {}, "1 of 3 prompts over its limit"),
        ([FULL, OVER, OVER._replace(prompt=make.prompt("d.md"))], {}, "2 of 3 prompts over their limits"),
        ([OVER, GREW, PICTURE], {}, "1 of 3 prompts over its limit, 1 grew too much, 1 not counted"),
        ([FULL, GREW], {"base": BASE}, "1 of 2 prompts grew too much"),
        ([FULL, UNSURE], {}, "1 of 2 prompts within its limit (prompts/a.md, 77% of 8,000), 1 unsure"),
        ([UNSURE, EXEMPT], {}, "1 of 2 prompts unsure, 1 exempt"),
        ([OVER, UNSURE, EXEMPT, FULL], {}, "1 of 4 prompts over its limit; 1 unsure, 1 exempt"),
        ([INHERITED], {"base": BASE}, "1 prompt over before this change"),
        ([TIGHTER, INHERITED], {"base": BASE}, "1 of 2 prompts over a new or lower limit, 1 over before this change"),
        ([FULL, PICTURE], {"problems": [Problem("prompts/picture.json", 1, "needs the API", "")]}, "1 of 2 prompts not counted"),
        ([FULL], {"problems": [ERROR]}, "1 error; 1 prompt within its limit (prompts/a.md, 77% of 8,000)"),
        ([OVER], {"problems": [ERROR, ERROR]}, "1 prompt over its limit; 2 errors"),
        ([FULL], {"problems": [ERROR._replace(exit_code=ExitCode.OVER_LIMIT)]}, "1 invalid file; 1 prompt within its limit (prompts/a.md, 77% of 8,000)"),
        ([], {"problems": [ERROR]}, "1 error; nothing was checked"),
        ([], {}, "Nothing was checked"),
        ([FULL], {"loosened": [RAISED]}, "1 prompt within its limit (prompts/a.md, 77% of 8,000); 1 limit raised"),
        ([FULL], {"loosened": [RAISED], "on_raise": "note"}, "1 prompt within its limit (prompts/a.md, 77% of 8,000)"),
        ([FULL], {"loosened": [RAISED, RAISED._replace(subject="x", new_limit=None)], "on_raise": "fail"}, "2 limits or rules loosened; 1 prompt within its limit (prompts/a.md, 77% of 8,000)"),
        ([FULL, OVER_GROUP, SMALL_GROUP], {}, "1 of 2 groups over its limit"),
        ([OVER, FULL, UNSURE, OVER_GROUP], {}, "1 of 3 prompts and 1 group over their limits; 1 prompt unsure"),
        ([FULL, SMALL_GROUP], {}, "1 prompt and 1 group within their limits (fullest: prompts/a.md, 77% of 8,000)"),
        ([FULL._replace(limit=None)], {}, "1 prompt counted"),
    ],
)  # fmt: skip
def test_a_run_ends_with_its_verdict(
    verdicts: list[Verdict], of_report: dict[str, Any], sentence: str
) -> None:
    """The last line of the text; it says what fails first, and names the fullest prompt where nothing does."""
    report = reports.finish(*verdicts, **of_report)

    assert text_report.render(report, View()).splitlines()[-1] == sentence


@pytest.mark.parametrize(
    ("report", "level"),
    [
        (reports.PASSING, "pass"),
        (reports.finish(INHERITED, base=BASE), "pass"),
        (reports.finish(UNSURE), "doubt"),
        (reports.EMPTY, "doubt"),
        (reports.FAILURE, "fail"),
        (reports.RAISED._replace(verdicts=(), problems=()), "fail"),
    ],
)
def test_what_is_not_sure_is_neither_red_nor_green(report: Any, level: str) -> None:
    """Red is what fails the run, green what nobody has to look at."""
    assert describe_verdict(report, format_short_name).level == level


def test_no_prompt_is_counted_twice() -> None:
    """A prompt for two models is one, by the worse of the two; of 300 prompts the numbers are at most 300."""
    other = SMALL._replace(prompt=OVER.prompt, model=reports.OPUS)
    line = describe_verdict(reports.finish(OVER, other, FULL), format_short_name).text
    many = describe_verdict(reports.MANY, format_short_name).text

    over, total, unsure, inherited = map(int, re.findall(r"\d+", many))
    assert line == "1 of 2 prompts over its limit"
    assert (over + unsure + inherited, total) == (26, 300)
