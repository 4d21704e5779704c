"""Phrases that several outputs have in common."""

from __future__ import annotations

import pytest
from tests.support import make

from prompt_lint.model.counts import Count
from prompt_lint.output.phrases import describe_counting, format_count


@pytest.mark.parametrize(
    ("count", "phrase"),
    [
        (Count(1234, 1234, 1234, "api"), "1,234"),
        (Count(1234, 1232, 1236, "offline"), "1,234 ±2"),
        (Count(1234, 1230, 1236, "offline"), "1,234 ±4"),
        (Count(1234, 1049, 1419, "offline", is_unverified=True), "1,234 ±185 unverified"),
    ],
)
def test_a_number_says_how_sure_it_is(count: Count, phrase: str) -> None:
    """Nobody takes an offline count for the API's."""
    assert format_count(count) == phrase


def test_a_run_says_once_what_its_intervals_rest_on() -> None:
    """By model: measured by how many requests, documented or assumed; and how many intervals rest on few requests."""
    counts = {
        "claude-opus-5": make.count(100, 2),
        "claude-opus-5-5": make.count(100, 3),
        "claude-sonnet-5-5": make.count(100, 10, rests_on_few=True),
        "claude-quartz-9": make.count(100, 15, is_unverified=True),
        "claude-haiku-4-5": make.count(100),
    }
    verdicts = [
        make.verdict("a.md", 100, "ok", model=model)._replace(token_count=count)
        for model, count in counts.items()
    ]

    assert describe_counting(make.report(*verdicts)) == [
        (
            "1 counted by the API, 4 counted offline (± is the interval, measured by 500 requests for claude-opus-5, documented "
            "for claude-opus-5-5, claude-sonnet-5-5, assumed for claude-quartz-9, resting on few recorded requests for 1 count), nothing sent."
        ),
        "Unverified: nobody has measured the tokenizer of claude-quartz-9.",
    ]
    assert describe_counting(make.report(verdicts[0])) == [
        "Counted offline (± is the interval, measured by 500 requests for claude-opus-5).",
    ]
