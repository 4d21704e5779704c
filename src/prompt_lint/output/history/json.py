"""The JSON output of `history`, by docs/history.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.model.counts import Count
from prompt_lint.model.errors import Unreadable
from prompt_lint.output.json import note_texts, problem_objects, rule_object
from prompt_lint.text.escape import dump_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.history import History

SCHEMA_VERSION = 1


def render(history: History) -> str:
    """Return all points, prompts and sums on one line: a history may have a million numbers."""
    total = history.sum_all()
    return dump_json(
        {
            "schema_version": SCHEMA_VERSION,
            "model": history.model,
            "every": history.every,
            "commits": history.commits,
            "points": [{"commit": point.commit, "time": point.timestamp} for point in history.points],
            "total": {
                **_series(total),
                "low": [each.low if isinstance(each, Count) else None for each in total],
                "high": [each.high if isinstance(each, Count) else None for each in total],
            },
            "rules": [{**rule_object(rule), **_series(outcomes)} for rule, outcomes in history.sum_by_rule()],
            "prompts": [
                {
                    "path": prompt.path,
                    "name": prompt.name,
                    "former_paths": prompt.former_paths,
                    "rule": rule_object(prompt.rule),
                    **_series(prompt.outcomes),
                }
                for prompt in history.prompts
            ],
            "problems": problem_objects(history.problems),
            "notes": note_texts(history.notes),
            "exit_code": int(history.exit_code),
        },
        indent=None,
    )


def _series(outcomes: Sequence[Outcome | None]) -> dict[str, Any]:
    return {
        "tokens": [each.tokens if isinstance(each, Count) else None for each in outcomes],
        "uncounted": [number for number, each in enumerate(outcomes) if isinstance(each, Unreadable)],
    }
