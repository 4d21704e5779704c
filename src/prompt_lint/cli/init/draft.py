"""A configuration while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config.values import MAX_LIMIT
from prompt_lint.model.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.cli.init.survey import Finding

# Every current model has the same tokenizer, so one of them stands for all: the one that most prompts are for.
DEFAULT_MODEL = next(model.id for model in MODELS if "-sonnet-" in model.id and model.basis != "assumed")
GROUP_NAME = "always loaded"


class Draft(NamedTuple):
    """What the configuration says, and what was left out of it.

    `limits` are by the title of a kind, then by the name of a prompt in its files; `today` has a sentence for each title.
    `excluded` has the reason for each path that no rule gets, `dropped` a reason for each finding that makes no rule,
    `doubtful_faults` one for each of the doubtful files that can't be measured.
    """

    models: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubtful: Sequence[str]
    doubtful_faults: Mapping[str, str]
    excluded: Mapping[str, str]
    dropped: tuple[tuple[Finding, str], ...] = ()
    limits: Mapping[str, Mapping[str, int]] = {}
    today: Mapping[str, str] = {}
    has_group: bool = True
    group_patterns: tuple[str, ...] = ()
    group_limit: int = MAX_LIMIT
