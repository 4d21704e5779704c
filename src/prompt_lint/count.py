"""`count`: files → tokens, without a configuration or a repository."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from prompt_lint.check import Found, found, judge_all
from prompt_lint.config import rule_from_flags
from prompt_lint.errors import Unreadable
from prompt_lint.formats import FORMATS, recognise
from prompt_lint.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.check import Options
    from prompt_lint.measure import Means
    from prompt_lint.model import Prompt, Report, Role, Rule

STDIN = "-"


def rule(models: Sequence[str], role: Role, format_name: str) -> Rule:
    """A rule that measures and limits nothing. Raises `Fatal` for what can't be a model's name."""
    checked = rule_from_flags(models, None, lambda _model: None)
    return checked._replace(format=format_name, role=role, warn_at=1.0)


def count(files: Sequence[str], one_rule: Rule, means: Means, options: Options) -> Report:
    """A report whose verdicts have no limit. A file that can't be measured is a problem among them."""
    problems: list[Problem] = []
    report = judge_all("", _prompts(files, one_rule, options, problems), means, problems, options)
    return report._replace(files=len(files))


def _prompts(
    files: Sequence[str], one_rule: Rule, options: Options, problems: list[Problem]
) -> Iterator[Found]:
    for path in files:
        try:
            for prompt in prompts(path, one_rule, options.max_file_size):
                yield found(prompt, one_rule, 0)
        except Unreadable as error:
            problems.append(Problem(path, error.line, error.message, error.hint))


def prompts(path: str, one_rule: Rule, cap: int) -> list[Prompt]:
    """The prompts of a file, or of stdin. Raises `Unreadable`."""
    data = _read(path, cap)
    return list(FORMATS[recognise(path, one_rule).name].parse(path, data, one_rule))


def _read(path: str, cap: int) -> bytes:
    """At most `cap` bytes: files named by hand may be pipes (`<(…)`), so no size is asked for first."""
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(cap + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(cap + 1)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror}") from None
    except (AttributeError, ValueError):
        raise Unreadable("can't be read: it is closed" if path == STDIN else "can't be read") from None
    if len(data) > cap:
        raise Unreadable(f"is larger than {cap:,} bytes", "raise --max-file-size if that is meant")
    return data
