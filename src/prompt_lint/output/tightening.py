"""What `tighten` prints: for a person, and as JSON by docs/tighten.schema.json."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.tightening import LOW_ENOUGH
from prompt_lint.output.json import count_fields, problem_objects, rule_object
from prompt_lint.output.phrases import reserve_suffix
from prompt_lint.output.text.pieces import format_short_name
from prompt_lint.output.text.remarks import render_problems
from prompt_lint.text.escape import dump_json, escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.tightening import TightenedFile, TightenedLimit, Tightening
    from prompt_lint.model.values import Verdict
    from prompt_lint.output import View

SCHEMA_VERSION = 1


def render_text(tightening: Tightening, view: View) -> str:
    """Return the problems; unless one of them has ended the run, then what happens to each configuration."""
    lines = render_problems(tightening.problems, view)
    if tightening.exit_code is ExitCode.USAGE or (tightening.problems and not tightening.files):
        lines = lines[:-1]
    else:
        lines += (line for file in tightening.files for line in _render_file(file))
        lines.append(_count_limits(tightening))
    return "".join(f"{line}\n" for line in lines)


def _render_file(file: TightenedFile) -> Iterator[str]:
    """Yield a line for each limit that stays or is lowered, one for those that are low enough, and the diff."""
    for limit in file.kept:
        if limit.reason != LOW_ENOUGH:
            yield f"{_name_limit(file, limit)} stays: {escape_line(limit.reason)}"
    name = escape_line(file.config_path)
    if number := sum(limit.reason == LOW_ENOUGH for limit in file.kept):
        words = "stays: it is" if number == 1 else "stay: they are"
        yield f"{name}: {pluralize(number, 'limit')} {words} low enough"
    for limit in file.lowered:
        yield f"{_name_limit(file, limit)} → {limit.new_text} (largest: {_describe_largest(limit)})"
    before, after = _list_lines(file.text), _list_lines(file.new_text)
    diff = difflib.unified_diff(before, after, name, name, n=1, lineterm="")
    yield from map(escape_line, diff)


def _list_lines(text: str) -> list[str]:
    """Return the lines as git counts them: `splitlines` ends one at U+2028, too."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _name_limit(file: TightenedFile, limit: TightenedLimit) -> str:
    return f"{escape_line(file.config_path)}:{limit.line}: limit {escape_line(limit.text)}"


def _describe_largest(limit: TightenedLimit) -> str:
    largest = limit.largest
    if largest is None or largest.token_count is None:
        return ""
    reserve = reserve_suffix(largest.rule.reserve)
    return f"{format_short_name(largest.prompt)}, {largest.token_count.high:,} tokens{reserve}"


def _count_limits(tightening: Tightening) -> str:
    if number := tightening.count_lowered(is_written=True):
        return f"Lowered {pluralize(number, 'limit')}."
    if number := tightening.count_lowered(is_written=False):
        end = "; run it without `--check` to do so" if tightening.is_check else ""
        return f"Can lower {pluralize(number, 'limit')}{end}."
    return "No limit to lower."


def render_json(tightening: Tightening) -> str:
    return dump_json(
        {
            "schema_version": SCHEMA_VERSION,
            "lowered": [
                {**_limit(file, limit), "after": limit.new_tokens, "written": file.is_written}
                for file in tightening.files
                for limit in file.lowered
            ],
            "kept": [
                {**_limit(file, limit), "reason": limit.reason}
                for file in tightening.files
                for limit in file.kept
            ],
            "problems": problem_objects(tightening.problems),
            "exit_code": int(tightening.exit_code),
        }
    )


def _limit(file: TightenedFile, limit: TightenedLimit) -> dict[str, Any]:
    return {
        "config": file.config_path,
        "line": limit.line,
        "key": limit.key_path,
        "rule": limit.rule and rule_object(limit.rule),
        "group": limit.group,
        "text": limit.text,
        "before": limit.tokens,
        "largest": limit.largest and _largest(limit.largest),
    }


def _largest(verdict: Verdict) -> dict[str, Any]:
    return {
        "path": verdict.prompt.path,
        "name": verdict.prompt.name,
        "model": verdict.model,
        **count_fields(verdict.token_count),
        "reserve": verdict.rule.reserve,
    }
