"""What a configuration says of prompts: rules, groups, exemptions; and what a change of it loosens. All frozen, all plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Role = Literal["system", "user"]

# The characters of a label of a pull request: GitHub's have up to 50, GitLab's up to 255.
MAX_LABEL = 255


class MaxGrowth(NamedTuple):
    """How much a prompt may grow: tokens, or millionths of those in the base. It fails beyond both, or the one not None."""

    tokens: int | None
    millionths: int | None


class Rule(NamedTuple):
    """One rule of the configuration at `config_path`, with the defaults of the file filled in.

    `limits` maps models to tokens; a model without a limit is absent. `parts` are the limits of prompts by their name in
    the file; `limits` apply to other names. `limit_lines` are the lines of the configuration by model, or by name for
    `parts`. `warn_at` is a fraction of the limit. `line` is 0 for a rule from the command line. `format` and `role` are
    empty where the file decides. `max_growth_line` is that of `max_growth`, 0 where there is none.
    `names` are patterns for the names of the prompts in source code; empty for those that the format looks for by itself.
    `reserve` are tokens that come at run time: each limit has to cover them beside a prompt's own.
    `number` is the number of the entry in its list in the configuration, from 0.
    """

    files: tuple[str, ...]
    exclude: tuple[str, ...]
    models: tuple[str, ...]
    format: str
    role: Role | Literal[""]
    limits: Mapping[str, int]
    warn_at: float
    message: str
    allow_empty: bool
    line: int
    limit_lines: Mapping[str, int] = {}
    parts: Mapping[str, Mapping[str, int]] = {}
    max_growth: MaxGrowth | None = None
    max_growth_line: int = 0
    config_path: str = ""
    names: tuple[str, ...] = ()
    reserve: int = 0
    number: int = 0

    @property
    def place(self) -> tuple[str, int]:
        """Which rule this is: its configuration and its number there. Several rules may be on one line."""
        return self.config_path, self.number

    @property
    def reading(self) -> tuple[str, str]:
        """All of the rule that decides what reading a file says: its format, with the names to look for, and its role."""
        return ":".join((self.format, *self.names)), self.role

    @property
    def judging(self) -> str:
        """All of the rule that decides how a prompt of a given size is judged. Equal texts mean equal verdicts."""
        parts = sorted((name, sorted(limits.items())) for name, limits in self.parts.items())
        limits = sorted(self.limits.items())
        return repr((self.models, limits, parts, self.reserve, self.warn_at, self.max_growth))

    def limits_for(self, name: str) -> Mapping[str, int]:
        """Return the limits, by model, of the prompt `name` of a file."""
        return self.parts.get(name, self.limits)

    def own_limits_for(self, name: str) -> Mapping[str, int]:
        """Return how many tokens of its own such a prompt may have, by model: its limits less the reserve."""
        limits = self.limits_for(name)
        return {model: limit - self.reserve for model, limit in limits.items()} if self.reserve else limits

    def limit_line(self, name: str, model: str) -> int:
        """Return the line of such a limit in the configuration; 0 for a limit from the command line."""
        return self.limit_lines.get(name if name in self.parts else model, 0)


class Reference(NamedTuple):
    """What a group names: the path of a file, or a pattern in a sum. Without `name` it means all prompts of the file."""

    path: str
    name: str
    line: int


class Group(NamedTuple):
    """One entry of `groups:`: files that are counted together.

    With `sum`, the counts of all prompts that its patterns match are added up; else the files of `system`, `tools` and
    `messages` make one request. `rule` has the models, the limits and the message, and no files.
    """

    name: str
    rule: Rule
    sum: tuple[Reference, ...]
    system: tuple[Reference, ...] = ()
    tools: tuple[Reference, ...] = ()
    messages: tuple[Reference, ...] = ()

    @property
    def references(self) -> tuple[Reference, ...]:
        """All that the group names, in the order in which a request has it."""
        return (*self.sum, *self.system, *self.tools, *self.messages)


class Exemption(NamedTuple):
    """An entry of `exempt:`, or a `label` of the pull request. `until` is the last day, as `YYYY-MM-DD`; empty for no end."""

    files: tuple[str, ...]
    reason: str
    until: str
    line: int
    label: str = ""
    config_path: str = ""


class Price(NamedTuple):
    """What a million input tokens of a model cost, in US dollars, by the `line` of the configuration at `config_path`."""

    model: str
    dollars: Decimal
    line: int
    config_path: str


class Loosening(NamedTuple):
    """Something that this change allows and the base didn't: a limit raised, a rule removed, an exemption added, a prompt hidden.

    `description` is about `subject`: the prompts of a pattern, a group, a setting, a prompt. `line` is in the configuration at
    `config_path` as it is now, 0 for what was removed. The limits are in tokens, None for no limit.
    """

    subject: str
    description: str
    line: int
    model: str = ""
    old_limit: int | None = None
    new_limit: int | None = None
    config_path: str = ""
