"""The JSON output of `tighten`, by docs/tighten.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.output.json import count_fields, problem_objects, rule_object
from prompt_lint.text.escape import dump_json

if TYPE_CHECKING:
    from prompt_lint.model.tightening import TightenedFile, TightenedLimit, Tightening
    from prompt_lint.model.values import Verdict
    from prompt_lint.output import View

SCHEMA_VERSION = 1


def render(tightening: Tightening, view: View) -> str:  # noqa: ARG001  # the same signature for every format
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
