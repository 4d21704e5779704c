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


class KindLimits(NamedTuple):
    """The limits of a kind by the name of a prompt, "" for those without one; the rules of single files; and a sentence."""

    limits: Mapping[str, int]
    own_rules: Sequence[OwnRule]
    today: str


# Of a draft whose prompts aren't measured yet.
_UNLIMITED = KindLimits({"": MAX_LIMIT}, (), "")


class Remark(NamedTuple):
    """A comment about files that no rule takes: what they are, what to do with the lines, and the lines.

    Lines with an advice are rules for these files; the others are reasons.
    """

    title: str
    advice: str
    lines: tuple[str, ...]


class Draft(NamedTuple):
    """What the configuration says, and what was left out of it.

    `limits` are by the title of a kind. `excluded` has the reason for each path that no rule gets, `exempt` for each that
    breaks a rule of its tool, `dropped` for each finding that makes no rule.
    """

    models: tuple[str, ...]
    findings: tuple[Finding, ...]
    excluded: Mapping[str, str] = {}
    exempt: Mapping[str, str] = {}
    dropped: tuple[tuple[Finding, str], ...] = ()
    remarks: Sequence[Remark] = ()
    limits: Mapping[str, KindLimits] = {}
    group_patterns: tuple[str, ...] = ()
    group_limit: int = MAX_LIMIT

    def find_limits(self, title: str) -> KindLimits:
        return self.limits.get(title, _UNLIMITED)
