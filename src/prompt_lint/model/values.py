"""The values that flow through prompt-lint. All frozen, all plain: no I/O, no formatting.

They are `NamedTuple`s rather than dataclasses because importing `dataclasses` alone costs a third
of what importing Click does, on every run of a hook.
"""

from __future__ import annotations

import hashlib
import json
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    # A path below the top of the tree → the real path behind it, and the bytes there. Raises `Missing` where
    # nothing is, `Unreadable` for what can't be read or leaves the repository.
    ReadFile = Callable[[str], tuple[str, bytes]]

Role = Literal["system", "user"]
Origin = Literal["api", "offline"]
Status = Literal["ok", "warn", "over", "grew", "unsure", "exempt", "uncounted"]
# How a prompt stands to the base: empty where there is none to compare with.
ChangeKind = Literal["", "new", "changed", "renamed", "unchanged"]
OnRaise = Literal["note", "warn", "fail"]

# What `POST /v1/messages/count_tokens` accepts besides `model`, in the order of the canonical form.
# Source: the Messages API reference for count_tokens, November 2026.
REQUEST_KEYS = (
    "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed", "messages",
)  # fmt: skip

# `count_tokens` wants a user message, so a system prompt is counted beside the shortest one.
PLACEHOLDER_MESSAGE: Mapping[str, Any] = {"role": "user", "content": "x"}

# Part of every digest. Raise it when the canonical form changes: every cached count is then a miss.
CANONICAL_VERSION = 1


class Request(NamedTuple):
    """What a prompt looks like to `count_tokens`, without the model.

    `fields` holds keys out of `REQUEST_KEYS` only. Treat it as frozen: it is shared.
    """

    fields: Mapping[str, Any]

    def ordered_fields(self) -> dict[str, Any]:
        """The fields with top-level keys in a fixed order, and everything inside in the order of the file.

        The order inside is kept because a tool's schema is tokenized as it stands.
        """
        return {key: self.fields[key] for key in REQUEST_KEYS if key in self.fields}

    def canonical_json(self) -> str:
        """Canonical JSON: `ordered`, without white space."""
        return json.dumps(self.ordered_fields(), ensure_ascii=False, separators=(",", ":"))

    def digest(self) -> str:
        """SHA-256 of the canonical form and its version, as hex."""
        text = f"prompt-lint request {CANONICAL_VERSION}\n{self.canonical_json()}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def role(self) -> str:
        """`system`, `user` or `tools` for a request that is nothing but one of these, `chat` for any other."""
        kinds = [key for key in ("system", "tools") if key in self.fields]
        messages = self.fields["messages"]
        if kinds and messages == [PLACEHOLDER_MESSAGE]:
            return kinds[0] if len(kinds) == 1 else "chat"
        return "user" if not kinds and len(messages) == 1 and messages[0].get("role") == "user" else "chat"


class Prompt(NamedTuple):
    """One thing to count. A file may hold several (`name` tells them apart).

    `path` is relative to the top of the repository, `/`-separated, with undecodable bytes as
    surrogate escapes. `line` is 1-based. `request` is None where nothing is there to be sent (an empty
    or blank prompt is 0 tokens, exactly), and once the prompt has been counted: texts aren't kept.
    `aliases` are the symbolic links that lead to the same file. `source` is the real path of a file that is read by the
    name of a link, which `path` is then. `format` names how the file was read, where it was,
    and `role` whose words the prompt is, as `Request.role` has it.
    """

    path: str
    name: str
    line: int
    request: Request | None
    aliases: tuple[str, ...] = ()
    format: str = ""
    role: str = ""
    real_path: str = ""

    @property
    def is_group(self) -> bool:
        return self.format == "group"


class CountKey(NamedTuple):
    """What a count belongs to, wherever the prompt lives: working tree, commit or cache."""

    model: str
    digest: str


class Count(NamedTuple):
    """Tokens of one request for one model, with the interval that is known to hold them.

    Exact when `low == high`. `unverified` marks a model whose tokenizer nobody has measured.
    """

    tokens: int
    low: int
    high: int
    origin: Origin
    is_unverified: bool = False

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    def decides(self, limit: int | None) -> bool:
        """Return whether the count is enough to judge by: verified, and its interval on one side of `limit`."""
        return not self.is_unverified and (limit is None or self.low > limit or self.high <= limit)


# A blank prompt is nothing to send, so nothing is estimated.
EMPTY_COUNT = Count(0, 0, 0, "offline")


def sum_counts(counts: Sequence[Count]) -> Count:
    """The sum of at least one count, with the interval that holds it."""
    tokens, low, high = (sum(column) for column in zip(*(count[:3] for count in counts), strict=True))
    origin: Origin = "api" if all(count.is_exact for count in counts) else "offline"
    return Count(tokens, low, high, origin, any(count.is_unverified for count in counts))


class Problem(NamedTuple):
    """Something that concerns one file, one rule or one key, and never stops the others.

    `line` is 0 where no line is to blame. `code` is the exit code it asks for: `UNCOUNTED` for a prompt that can't
    be read or counted, `OVER` for one that breaks a limit of the tool it is for, `USAGE` for a fault of the configuration.
    """

    path: str
    line: int
    message: str
    hint: str = ""
    exit_code: ExitCode = ExitCode.UNCOUNTED


class Note(NamedTuple):
    """Something worth knowing that fails nothing. Without `path` it concerns the run; `line` is 0 where none is meant.

    Notes with one message are told as one, with the files that they concern: so the message says nothing that is
    special to a file.
    """

    message: str
    path: str = ""
    line: int = 0


class Part(NamedTuple):
    """A stretch of a prompt: a section by heading, a message, a tool. Lines are 1-based, inclusive.

    `title` is the heading as written, or empty; `text` is what its tokens are counted from. `path` is the file that
    the lines are in, where it isn't the prompt's own: an import, or a part of a group. `via` are the files that
    lead there, the prompt's own first.
    """

    title: str
    first_line: int
    last_line: int
    text: str
    path: str = ""
    import_chain: tuple[str, ...] = ()


class Section(NamedTuple):
    """A `Part`, counted."""

    title: str
    first_line: int
    last_line: int
    tokens: int
    path: str = ""
    import_chain: tuple[str, ...] = ()


class ImportShares(NamedTuple):
    """Tokens of a file's own text, and of the `files` that it imports; of the texts alone, without what a request adds."""

    own_tokens: int
    imported_tokens: int
    imported_files: int


class Exemption(NamedTuple):
    """One entry of `exempt:`. `until` is the last day on which it holds, as `YYYY-MM-DD`; empty for no end."""

    files: tuple[str, ...]
    reason: str
    until: str
    line: int


class Verdict(NamedTuple):
    """What is to be said of one prompt for one model. `limit` is in tokens; None where there is none.

    With a base, `standing` says how the prompt stands to it, `base` is its count there, by the same means as the
    growth in tokens; both are None for a new prompt, and where the two can't be compared. `renamed_from` is its path
    there. `shares` are told where sections are, of a prompt that imports others. An `inherited` verdict is one that this
    change didn't make worse: it doesn't fail. `exemption` is the one that holds for the prompt, or did.
    """

    prompt: Prompt
    model: str
    rule: Rule
    limit: int | None
    token_count: Count | None
    status: Status
    over_by: int = 0
    sections: tuple[Section, ...] = ()
    change: ChangeKind = ""
    base_count: Count | None = None
    growth: int | None = None
    renamed_from: str = ""
    is_preexisting: bool = False
    exemption: Exemption | None = None
    import_shares: ImportShares | None = None

    @property
    def fails(self) -> bool:
        return self.status in {"over", "grew"} and not self.is_preexisting

    @property
    def has_changed(self) -> bool:
        """Whether the prompt is new, changed or renamed; False without a base."""
        return self.change not in {"", "unchanged"}


def group_by_prompt(verdicts: Iterable[Verdict]) -> Iterator[tuple[Prompt, list[Verdict]]]:
    """Yield each prompt with its verdicts, one for each model; in a report those of a prompt are neighbours."""
    for prompt, group in groupby(verdicts, attrgetter("prompt")):
        yield prompt, list(group)


class RemovedPrompt(NamedTuple):
    """A prompt of the base that is no more, or that no rule owns any more."""

    prompt: Prompt
    model: str
    base_count: Count


class Loosening(NamedTuple):
    """Something that this change allows and the base didn't: a limit raised, a rule removed, an exemption added.

    `what` is a sentence about the prompts of the pattern, or the group, in `subject`; `line` is its place in the
    configuration of now, 0 where it is there no more. `before` and `after` are in tokens, None where no limit is.
    """

    subject: str
    description: str
    line: int
    model: str = ""
    old_limit: int | None = None
    new_limit: int | None = None


class Base(NamedTuple):
    """The commit that a run compares with: its full id, its name, and the phrase that follows "compared with"."""

    commit: str
    name: str
    description: str


class MaxGrowth(NamedTuple):
    """How much a prompt may grow in one change. Where both are given, both have to be exceeded.

    `share` is in millionths of the base's tokens.
    """

    tokens: int | None
    millionths: int | None


class Rule(NamedTuple):
    """One entry of `prompts:`, with the defaults of the file filled in.

    `limits` maps each of `models` to tokens; a model without a limit is absent. `warn_at` is a fraction
    of the limit. `line` is where the rule stands in the configuration; 0 for a rule from the command line.
    `limit_lines` is where the limit of each model, or of each of `parts`, stands; one from the command line has no line.
    `format` and `role` are empty where the rule leaves them to the file. `parts` are the limits of prompts that
    have a name in their file, by that name; where it isn't there, `limits` hold.
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

    def limits_for(self, name: str) -> Mapping[str, int]:
        """The limit for each model of the prompt `name` of a file."""
        return self.parts.get(name, self.limits)

    def limit_line(self, name: str, model: str) -> int:
        """Where that limit stands in the configuration; 0 for one from the command line."""
        return self.limit_lines.get(name if name in self.parts else model, 0)


class Reference(NamedTuple):
    """Prompts in files, as a group names them: a path, or a pattern in a sum. Without `name` it means all of a file's."""

    path: str
    name: str
    line: int


class Group(NamedTuple):
    """One entry of `groups:`: files that are counted together.

    With `sum`, the counts of all that its patterns match are added up; else the files of `system`, `tools` and
    `messages` make one request. `rule` has the models, limits and the message, and no files.
    """

    name: str
    rule: Rule
    sum: tuple[Reference, ...] = ()
    system: tuple[Reference, ...] = ()
    tools: tuple[Reference, ...] = ()
    messages: tuple[Reference, ...] = ()


class Report(NamedTuple):
    """Everything a run has to say, complete before any output format sees it.

    `config` is where the rules come from; empty for rules of the command line. `sent` requests went to `host`;
    `unanswered` counts are those that the API was asked for in vain. `against` is there where a base was compared with;
    `removed` prompts and what was `loosened` are then told beside the verdicts, the latter as `on_raise` says.
    """

    config: str
    verdicts: Sequence[Verdict]
    problems: Sequence[Problem]
    notes: Sequence[Note]
    file_count: int
    exit_code: ExitCode
    requests_sent: int = 0
    api_host: str = ""
    requests_failed: int = 0
    base: Base | None = None
    removed: Sequence[RemovedPrompt] = ()
    loosened: Sequence[Loosening] = ()
    on_raise: OnRaise = "warn"
