"""`count`: files → tokens, without a configuration or a repository."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from prompt_lint.counting import Work, count_work
from prompt_lint.errors import Unreadable
from prompt_lint.formats import FORMATS, recognise
from prompt_lint.judge import exit_code, judge
from prompt_lint.model import Count, Problem, Prompt, Report, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.counting import Counter
    from prompt_lint.model import Role, Verdict

STDIN = "-"


def rule(models: Sequence[str], role: Role, format_name: str) -> Rule:
    """A rule that measures and limits nothing."""
    return Rule(
        (), (), tuple(dict.fromkeys(models)), format_name, role, {}, 1.0, "", allow_empty=True, line=0
    )


def count(files: Sequence[str], one_rule: Rule, counter: Counter, cap: int) -> Report:
    """A report whose verdicts have no limit. A file that can't be measured is a problem among them."""
    verdicts: list[Verdict] = []
    problems: list[Problem] = []
    for path in files:
        try:
            for prompt in prompts(path, one_rule, cap):
                verdicts += list(_verdicts(prompt, one_rule, counter))
        except Unreadable as error:
            problems.append(Problem(path, error.line, error.message, error.hint))
    return Report("", verdicts, problems, (), len(files), exit_code(verdicts, problems))


def prompts(path: str, one_rule: Rule, cap: int) -> list[Prompt]:
    """The prompts of a file, or of stdin. Raises `Unreadable`."""
    data = _read(path, cap)
    return list(FORMATS[recognise(path, one_rule).name].parse(path, data, one_rule))


def _verdicts(prompt: Prompt, one_rule: Rule, counter: Counter) -> Iterator[Verdict]:
    if prompt.request is None:
        for model in one_rule.models:
            yield judge(prompt, model, one_rule, Count(0, 0, 0, "offline"))
        return
    for key, outcome in count_work(counter.count_request, Work("", prompt.request, one_rule.models, 0)):
        if isinstance(outcome, Unreadable):
            raise outcome
        yield judge(prompt._replace(request=None), key.model, one_rule, outcome)


def _read(path: str, cap: int) -> bytes:
    """At most `cap` bytes: files named by hand may be pipes (`<(…)`), so no size is asked for first."""
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(cap + 1)
        else:
            with open(path, "rb") as file:  # pathlib costs 10 ms
                data = file.read(cap + 1)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror}") from None
    if len(data) > cap:
        raise Unreadable(f"is larger than {cap:,} bytes", "raise --max-file-size if that is meant")
    return data
