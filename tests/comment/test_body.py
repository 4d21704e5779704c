"""What a comment says, within what GitHub takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support import make
from tests.support.comments import (
    BASE,
    grown_report,
    unchanged_report,
)

from prompt_lint.comment.body import has_news, render_body
from prompt_lint.comment.pull_request import RunId
from prompt_lint.model.counts import Count
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.rules import Loosening
from prompt_lint.model.values import Problem, RemovedPrompt
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output.report_reader import parse_report


@pytest.mark.parametrize("names", [10, 3_000])
def test_a_comment_is_never_too_long(names: int) -> None:
    """Also where each character counts twice."""
    paths = [f"prompts/{n}" + "\U0001d4b6" * 90 for n in range(names)]
    verdicts = [make.verdict(path, 150, "over")._replace(change="new") for path in paths]
    report = make.report(*verdicts, base=BASE, exit_code=ExitCode.OVER_LIMIT)

    body = render_body(report, "k", RunId(10**17, 10**8), "https://github.com/o/r/actions/runs/7")

    assert len(body.encode("utf-16-le")) // 2 <= 65_536
    assert body.endswith("</sub>\n")
    assert "prompts over" in body


def test_failures_and_changes_are_news() -> None:
    """Failures and changes, and nothing else."""
    same = unchanged_report().verdicts[0]

    assert not has_news(unchanged_report(), 10)
    assert has_news(grown_report(), 10)
    assert has_news(unchanged_report()._replace(verdicts=(same._replace(change="new"),)), 10)
    assert has_news(
        unchanged_report()._replace(removed=(RemovedPrompt(make.prompt(), make.MODEL, make.count(10)),)), 10
    )
    assert has_news(unchanged_report()._replace(loosened=(Loosening("x", "y", 1),)), 10)
    assert has_news(unchanged_report()._replace(exit_code=ExitCode.UNCOUNTED), 10)


@pytest.mark.parametrize(
    ("growths", "is_news"), [((1,), False), ((9, 0), False), ((10,), True), ((5, -5), True), ((None,), True)]
)
def test_a_change_of_few_tokens_is_no_news(growths: tuple[int | None, ...], is_news: bool) -> None:
    """What grew isn't set off against what shrank; a change that can't be measured is one."""
    verdicts = [
        make.verdict(f"prompts/{n}.md", 60, "ok")._replace(
            change="changed", base_count=make.count(50), growth=growth
        )
        for n, growth in enumerate(growths)
    ]
    report = make.report(*verdicts, base=BASE)

    assert has_news(report, 10) == is_news
    assert has_news(report, 0)
    line = "prompts have changed by fewer than 10 tokens"
    assert (line in render_body(report, "k", RunId(1, 1), "", 10)) != is_news


def test_a_disputed_number_is_news() -> None:
    """Nothing fails by it, and the comment names both numbers all the same."""
    same = unchanged_report().verdicts[0]
    disputed = make.count(204, 3)._replace(disputed_count=Count(48, 48, 48, "api"))
    report = unchanged_report()._replace(verdicts=(same._replace(token_count=disputed),))

    body = render_body(report, "k", RunId(1, 1), "")

    assert "204 ±3 (disputed: 48)" in body.replace("\u00a0", " ")
    assert "No prompt has changed" not in body


@given(st.text(max_size=80))
@example("@0`")
def test_no_text_of_a_report_becomes_a_mention_a_tag_or_our_mark(text: str) -> None:
    """The mark is at the very beginning, and nobody's text is there; no other comment of HTML is in it."""
    one = make.verdict(f"prompts/{text}.md", 150, "over", message=text)._replace(change="new")
    report = make.report(
        one, base=BASE, exit_code=ExitCode.OVER_LIMIT, problems=(Problem(text, 1, text, text),)
    )
    again = parse_report(OUTPUTS["json"].render(report, View()).encode(), "r.json")

    body = render_body(again, "k", RunId(1, 1), "")

    bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|<code>.*?</code>", "", body.split("\n", 1)[1])
    assert "<!--" not in bare
    assert not re.search(r"(?<!&)@\w", bare)
    assert "\r" not in body
