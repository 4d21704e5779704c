"""Limits that today's prompts are within, with room to grow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prompt_lint.cli.init.kinds import SKILLS
from prompt_lint.config.schema import WARN_AT
from prompt_lint.config.values import MAX_LIMIT
from prompt_lint.model.counts import EMPTY_COUNT
from prompt_lint.output.phrases import format_count
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.cli.init.kinds import Kind
    from prompt_lint.model.values import Verdict

# Documentation of Claude Code and the specification of skills, 2026: about 100 tokens of metadata, and less than 5,000 of body.
_SKILL_LIMITS = {"metadata": 150, "body": 5000}
# A prompt may grow by a quarter before it is over, and isn't near its limit today.
_HEADROOM = 1.25
_SMALLEST = 500
_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_PATH_WIDTH = 60


def choose_limits(kind: Kind, verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return the limits by the name of a prompt: of skills the documented ones, unless today's prompts are too large for them.

    Other kinds have one limit, whose name is empty.
    """
    documented = _SKILL_LIMITS if kind is SKILLS else {}
    highest = dict.fromkeys(documented, 0)
    for verdict in verdicts:
        name = verdict.prompt.name if documented else ""
        highest[name] = max(highest.get(name, 0), high(verdict))
    return {
        name: limit if (limit := documented.get(name, 0)) * WARN_AT > tokens else limit_for(tokens)
        for name, tokens in highest.items()
    }


def limit_for(tokens: int) -> int:
    """Return a limit for prompts of at most so many tokens."""
    return round_up(tokens * _HEADROOM)


def round_up(tokens: float) -> int:
    """Return the next number that a person would write: 500, 600, 800, 1,000, 1,200, 1,500, 2,000, …"""
    tokens = max(_SMALLEST, math.ceil(tokens))
    power = 10 ** (len(str(tokens)) - 1)
    return min(MAX_LIMIT, int(next(step for step in _STEPS if step * power >= tokens) * power + 0.5))


def high(verdict: Verdict) -> int:
    """Return the most tokens that the prompt may have."""
    return verdict.token_count.high if verdict.token_count else 0


def find_largest(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=high)


def describe_today(verdicts: Sequence[Verdict]) -> str:
    """Return a sentence about the prompts of a kind as they are."""
    largest = find_largest(verdicts)
    tokens = f"{format_count(largest.token_count or EMPTY_COUNT)} tokens"
    if len(verdicts) == 1:
        return f"Today 1 file, of {tokens}."
    files = len({verdict.prompt.path for verdict in verdicts})
    name = f" ({largest.prompt.name})" if largest.prompt.name else ""
    path = _shorten(escape_line(largest.prompt.path))
    return f"Today {pluralize(files, 'file')}, the largest prompt of {tokens}: {path}{escape_line(name)}"


def _shorten(path: str) -> str:
    """Cut the beginning of a long path, since its end says most."""
    return path if len(path) <= _PATH_WIDTH else f"…{path[1 - _PATH_WIDTH :]}"
