"""A configuration while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config.values import MAX_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.cli.init.survey import Finding

GROUP_NAME = "always loaded"


class OwnRule(NamedTuple):
    """The rule of a file that is much larger than the others of its kind: its pattern, limits by prompt, and a sentence."""

    pattern: str
    limits: Mapping[str, int]
    today: str


class Remark(NamedTuple):
    """A comment about files that no rule takes: what they are, what to do with the lines, and the lines.

    Lines with an advice are rules for these files; the others are reasons.
    """

    title: str
    advice: str
    lines: tuple[str, ...]


class Draft(NamedTuple):
    """What the configuration says, and what was left out of it.

    `limits` are by the title of a kind, then by the name of a prompt in its files; `today` has a sentence for each title, and
    `own_rules` has the rules of single files. `excluded` has the reason for each path that no rule gets, `exempt` for each that
    breaks a rule of its tool, `dropped` for each finding that makes no rule.
    """

    models: tuple[str, ...]
    findings: tuple[Finding, ...]
    excluded: Mapping[str, str] = {}
    exempt: Mapping[str, str] = {}
    dropped: tuple[tuple[Finding, str], ...] = ()
    remarks: Sequence[Remark] = ()
    limits: Mapping[str, Mapping[str, int]] = {}
    own_rules: Mapping[str, Sequence[OwnRule]] = {}
    today: Mapping[str, str] = {}
    group_patterns: tuple[str, ...] = ()
    group_limit: int = MAX_LIMIT
