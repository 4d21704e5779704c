"""Values for tests, with defaults for what a test doesn't care about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.model.counts import Count
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.rules import Rule
from prompt_lint.model.values import Prompt, Report, Verdict

if TYPE_CHECKING:
    from prompt_lint.model.values import Problem, Section, Status

MODEL = "claude-sonnet-5-5"


def rule(**given: Any) -> Rule:
    defaults: dict[str, Any] = {
        "files": ("**",), "exclude": (), "models": (MODEL,), "format": "", "role": "user",
        "limits": {MODEL: 100}, "warn_at": 0.9, "message": "", "allow_empty": False, "line": 7,
        "limit_lines": {MODEL: 9}, "config_path": ".prompt-lint.yaml",
    }  # fmt: skip
    if "max_growth" in given:
        defaults["max_growth_line"] = 11
    return Rule(**(defaults | given))


def prompt(path: str = "prompts/a.md", **given: Any) -> Prompt:
    defaults: dict[str, Any] = {"name": "", "line": 1, "request": None}
    return Prompt(path, **(defaults | given))


def count(tokens: int, spread: int = 0, **given: Any) -> Count:
    return Count(tokens, tokens - spread, tokens + spread, "offline" if spread else "api", **given)


def verdict(
    path: str, tokens: int | None, status: Status, *, spread: int = 2, limit: int = 100, model: str = MODEL,
    sections: tuple[Section, ...] = (), **of_rule: Any,
) -> Verdict:  # fmt: skip
    counted = None if tokens is None else count(tokens, spread)
    owner = rule(limits={model: limit}, models=(model,), limit_lines={model: 9}, **of_rule)
    over = (tokens or 0) + owner.reserve - limit if status == "over" else 0
    return Verdict(prompt(path), model, owner, limit, counted, status, over, sections)


def report(*verdicts: Verdict, problems: tuple[Problem, ...] = (), **given: Any) -> Report:
    files = len({one.prompt.path for one in verdicts})
    defaults: dict[str, Any] = {"notes": (), "file_count": files, "exit_code": ExitCode.OK}
    return Report(".prompt-lint.yaml", verdicts, problems, **(defaults | given))
