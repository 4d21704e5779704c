"""`count`: files → tokens, without a configuration or a repository."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal

from prompt_lint.check.pipeline import Run, judge_prompts
from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, ReadPrompt, parse_file
from prompt_lint.config.schema import rule_from_flags
from prompt_lint.formats.recognition import seems_to_import
from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.model.values import Problem
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.check.pipeline import Options
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.values import Prompt, Report, Role, Rule

STDIN = "-"


def rule(models: Sequence[str], role: Role | Literal[""], format_name: str) -> Rule:
    """A rule that measures and limits nothing. Raises `Fatal` for what can't be a model's name."""
    checked = rule_from_flags(models, None, lambda _model: None)
    return checked._replace(format=format_name, role=role, warn_at=1.0)


def count(files: Sequence[str], one_rule: Rule, means: CountSources, options: Options) -> Report:
    """A report whose verdicts have no limit. A file that can't be measured is a problem among them."""
    said = Diagnostics([], [])
    report = judge_prompts(Run("", means, options, said), _prompts(files, one_rule, options, said))
    return report._replace(file_count=len(files))


def _prompts(
    files: Sequence[str], one_rule: Rule, options: Options, said: Diagnostics
) -> Iterator[ReadPrompt]:
    for path in files:
        try:
            for prompt in prompts(path, one_rule, options.max_file_size, said):
                yield ReadPrompt.of(prompt, one_rule, 0)
        except Unreadable as error:
            said.problems.append(Problem(path, error.line, error.message, error.hint))


def prompts(path: str, one_rule: Rule, cap: int, said: Diagnostics) -> list[Prompt]:
    """The prompts of a file, or of stdin. Raises `Unreadable`."""
    data = _read(path, cap)
    name, companions = path, IncludeReader(None, cap)
    if path != STDIN and seems_to_import(path, data, one_rule):
        name, companions = _placed(path, cap)
    return [one._replace(path=path) for one in parse_file(name, data, one_rule, companions, said)]


def _placed(path: str, cap: int) -> tuple[str, IncludeReader]:
    """A file's name in its repository (or folder), and a way to what it takes in from there."""
    folder, name = os.path.split(os.path.abspath(path))
    tree = open_tree(folder)
    try:
        return tree.resolve_argument(name, folder), IncludeReader(tree, cap)
    except Fatal:  # a pipe, or gone by now
        return path, IncludeReader(None, cap)


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
