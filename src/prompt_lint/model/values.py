"""The values that flow through prompt-lint. All frozen, all plain: no I/O, no formatting.

They are `NamedTuple`s, not dataclasses: a run makes thousands of them, and a frozen dataclass costs six times as much.
"""

from __future__ import annotations

import hashlib
import json
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from prompt_lint.model.counts import EMPTY_COUNT, Count, subtract_counts
from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from prompt_lint.model.needs import ExactNeed
    from prompt_lint.model.rules import Exemption, Loosening, Rule

    # A path from the top of the tree → its real path, and the bytes of the file. Raises `MissingFile` where there is
    # no file, `Unreadable` for one that can't be read or lies outside of the repository.
    ReadFile = Callable[[str], tuple[str, bytes]]

# The full id of a commit.
COMMIT_ID = r"[0-9a-f]{40}|[0-9a-f]{64}"
# The format of a prompt that stands for a group.
GROUP_FORMAT = "group"

Status = Literal["ok", "warn", "over", "grew", "unsure", "exempt", "uncounted"]
# How a prompt differs from the base; empty without a base.
ChangeKind = Literal["", "new", "changed", "renamed", "unchanged"]
OnRaise = Literal["note", "warn", "fail"]
# What a note is about: the run (`note`, `no-base`), or a file, of which a configuration can switch off each kind.
NoteKind = Literal["note", "no-base", "placeholders", "content", "frontmatter", "advice", "import", "lost-import", "empty", "exemption"]  # fmt: skip

# What `POST /v1/messages/count_tokens` accepts besides `model`, in the canonical order. Source: its reference, November 2026.
REQUEST_KEYS = (
    "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed", "messages",
)  # fmt: skip

# A file with more prompts is one row of a table or a history, and isn't read again for its imports.
MAX_ROWS_PER_FILE = 10

# `count_tokens` wants a user message, so a system prompt is counted beside the shortest one.
PLACEHOLDER_MESSAGE: Mapping[str, Any] = {"role": "user", "content": "x"}

# Part of every digest. Raise it when the canonical form changes, or what `adapt_request` (request/for_model.py) makes of
# a request for a model, which comes after the digest: every cached count is then a miss.
CANONICAL_VERSION = 1


class Request(NamedTuple):
    """A request to `count_tokens`, without the model.

    `fields` has keys of `REQUEST_KEYS` only. Treat it as frozen: it is shared.
    """

    fields: Mapping[str, Any]

    def ordered_fields(self) -> dict[str, Any]:
        """Return the fields in a fixed order, and everything inside of them in the order of the file.

        The order inside is kept because a tool's schema is tokenized in that order.
        """
        return {key: self.fields[key] for key in REQUEST_KEYS if key in self.fields}

    def canonical_json(self) -> str:
        """Return `ordered_fields` as JSON without white space."""
        return json.dumps(self.ordered_fields(), ensure_ascii=False, separators=(",", ":"))

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON and its version, in hexadecimal."""
        text = f"prompt-lint request {CANONICAL_VERSION}\n{self.canonical_json()}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def role(self) -> str:
        """Return `system`, `user` or `tools` for a request that is only one of these, `chat` for any other."""
        kinds = [key for key in ("system", "tools") if key in self.fields]
        messages = self.fields["messages"]
        if kinds and messages == [PLACEHOLDER_MESSAGE]:
            return kinds[0] if len(kinds) == 1 else "chat"
        return "user" if not kinds and len(messages) == 1 and messages[0].get("role") == "user" else "chat"


class ImportedFile(NamedTuple):
    """A file that a prompt imports: its path as the prompt names it, and where that leads."""

    path: str
    real_path: str


class PromptKey(NamedTuple):
    """What tells a prompt from all others of a report, and finds it in the base. A group is at its configuration."""

    path: str
    name: str
    is_group: bool = False


class Prompt(NamedTuple):
    """One prompt of a file; `name` tells several prompts of a file apart.

    `path` is relative to the top of the repository, with `/`, and with undecodable bytes as surrogate escapes. `line` is
    1-based. `request` is None for a blank prompt, which has 0 tokens and isn't sent, and for a prompt that has been
    counted: texts aren't kept. `aliases` are symbolic links to the file. Where `path` is a symbolic link by whose name
    the file is read, `real_path` is the file. `format` is how the file was read, empty where it wasn't, and `role` is
    that of `Request.role`. `imports` are the files whose text is part of the prompt.
    """

    path: str
    name: str
    line: int
    request: Request | None
    aliases: tuple[str, ...] = ()
    format: str = ""
    role: str = ""
    real_path: str = ""
    imports: tuple[ImportedFile, ...] = ()

    @property
    def is_group(self) -> bool:
        return self.format == GROUP_FORMAT

    @property
    def key(self) -> PromptKey:
        return PromptKey(self.path, self.name, self.is_group)


class Problem(NamedTuple):
    """A fault of one file, rule or key, which doesn't stop the others. `line` is 0 where no line is to blame.

    `exit_code` is `UNCOUNTED` for what can't be read or counted, `OVER_LIMIT` where a tool refuses the prompt, else `USAGE`.
    """

    path: str
    line: int
    message: str
    hint: str
    exit_code: ExitCode = ExitCode.UNCOUNTED


class Note(NamedTuple):
    """Something worth knowing that doesn't fail. Without `path` it concerns the run; `line` is 0 for a whole file.

    Notes of one message are reported once, with their files, so a message names no file, unless it is a warning's.
    """

    message: str
    path: str = ""
    line: int = 0
    kind: NoteKind = "note"

    @property
    def is_warning(self) -> bool:
        return self.kind in {"empty", "lost-import", "no-base"}


class Part(NamedTuple):
    """A part of a prompt: a section by heading, a message, a tool. Lines are 1-based, inclusive.

    `title` is the heading as written, or empty; `text` is what its tokens are counted from. `path` is the file that
    the lines are in, where it isn't the prompt's own: an import, or a file of a group. `import_chain` are the files
    that lead there, the prompt's own first.
    """

    title: str
    first_line: int
    last_line: int
    text: str
    path: str = ""
    import_chain: tuple[str, ...] = ()


class Section(NamedTuple):
    """A counted `Part`. `margin` is how far `tokens` and the API's number may be apart."""

    title: str
    first_line: int
    last_line: int
    tokens: int
    path: str = ""
    import_chain: tuple[str, ...] = ()
    margin: int = 0


class ImportShares(NamedTuple):
    """Tokens of a file's own text and of the files that it imports, without what a request adds; and their margins."""

    own_tokens: int
    imported_tokens: int
    imported_files: int
    own_margin: int
    imported_margin: int


class Verdict(NamedTuple):
    """The judgement on one prompt for one model. `limit`, `over_by` and `growth` are in tokens, None for no limit.

    `change`, `base_count`, `growth` and `renamed_from` compare the prompt with the base. `base_count` and `growth` are
    counted by the same means, and None for a new prompt and where the two can't be compared. `base_limit` is that of the
    base, `base_reserve` the tokens of it that were reserved. A verdict that `is_preexisting` isn't made worse by this
    change, so it doesn't fail. `exemption` applies to the prompt, or did until its day. Prompts that fail have their largest `sections`, and `import_shares` where they import
    files. `lost_imports` are files that the prompt imported in the base, and still names, and that aren't there any more.
    `unchanged_count` is of its requests that are the same in the base: members of a sum, or a prompt that was only renamed.
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
    lost_imports: tuple[str, ...] = ()
    base_limit: int | None = None
    unchanged_count: Count = EMPTY_COUNT
    base_reserve: int = 0

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has; 0 where it isn't counted."""
        return self.token_count.tokens if self.token_count else 0

    @property
    def is_disputed(self) -> bool:
        """Whether a gateway's number and the offline one are too far apart to believe the gateway."""
        return bool(self.token_count and self.token_count.is_disputed)

    @property
    def own_limit(self) -> int | None:
        """How many tokens the prompt itself may have: its limit less the reserve of its rule; None for no limit."""
        return None if self.limit is None else self.limit - self.rule.reserve

    @property
    def fill_percent(self) -> float | None:
        """How full the limit is with the prompt and its reserve, in percent; None without a limit or a count."""
        if self.limit is None or self.token_count is None:
            return None
        return 100 * (self.token_count.tokens + self.rule.reserve) / self.limit

    @property
    def was_over(self) -> bool:
        """Whether the prompt was over its limit in the base, by the limit that applied there."""
        if self.base_count is None or self.base_limit is None:
            return False
        return self.base_count.low > self.base_limit - self.base_reserve

    @property
    def fails(self) -> bool:
        return self.status in {"over", "grew"} and not self.is_preexisting

    @property
    def growth_count(self) -> Count | None:
        """The growth with the interval of both counts, for a new prompt all of its tokens; None where it isn't known."""
        base, growth = self.base_count, self.growth
        if self.change == "new":
            return self.token_count
        if base is None or growth is None or self.token_count is None:
            return None
        if self.change == "unchanged":
            return Count(growth, growth, growth, base.origin)
        return subtract_counts(self.compared_count or self.token_count, base, self.unchanged_count)

    @property
    def compared_count(self) -> Count | None:
        """The count that the growth was measured by: `token_count`, unless both sides were counted again for it, offline."""
        base, growth = self.base_count, self.growth
        if base is None or growth is None or self.token_count is None:
            return self.token_count
        tokens = base.tokens + growth
        for count in (self.token_count, self.token_count.disputed_count):
            if count and count.tokens == tokens:
                return count
        margin = max(base.margin, -(-base.margin * tokens // (base.tokens or 1)))
        return Count(tokens, tokens - margin, tokens + margin, base.origin)

    @property
    def has_changed(self) -> bool:
        """Whether the prompt is new, changed or renamed; False without a base."""
        return self.change not in {"", "unchanged"}


class PromptVerdicts(NamedTuple):
    """A prompt with its verdicts, one for each model. Some outputs put the one that they show first."""

    prompt: Prompt
    verdicts: Sequence[Verdict]

    @property
    def first(self) -> Verdict:
        return self.verdicts[0]

    @property
    def models(self) -> set[str]:
        return {verdict.model for verdict in self.verdicts}

    @property
    def failing(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.fails]

    @property
    def has_changed(self) -> bool:
        return any(verdict.has_changed for verdict in self.verdicts)

    @property
    def is_preexisting(self) -> bool:
        return any(verdict.is_preexisting for verdict in self.verdicts)

    @property
    def tokens(self) -> int:
        """The largest of its counts."""
        return max(verdict.tokens for verdict in self.verdicts)


def group_by_prompt(verdicts: Iterable[Verdict]) -> Iterator[PromptVerdicts]:
    """Yield each prompt with its verdicts; in a report those of a prompt are neighbours."""
    for prompt, group in groupby(verdicts, attrgetter("prompt")):
        yield PromptVerdicts(prompt, list(group))


class RemovedPrompt(NamedTuple):
    """A prompt of the base whose file is deleted, or to which no rule applies any more."""

    prompt: Prompt
    model: str
    base_count: Count


class Base(NamedTuple):
    """The commit that a run compares with: its full id, its name, and the phrase that follows "compared with".

    Where it `is_head`, nothing but uncommitted changes can differ from it.
    """

    commit: str
    name: str
    description: str
    is_head: bool = False


class PlannedRequest(NamedTuple):
    """What a dry run would have sent for a prompt of the tree or the base, and a model. One `digest` is one request."""

    prompt: Prompt
    model: str
    digest: str
    is_base: bool


class Report(NamedTuple):
    """Everything that a run reports, complete before an output renders it.

    `config_path` is empty for rules of the command line; `nested_configs` govern folders below its own. `requests_sent` went
    to `api_host`, and `requests_failed` of them gave no count. With a `base` there are `removed` prompts and what was
    `loosened`, which `on_raise` judges, by `raise_label` where it says so. With `accept_label` on the pull request no prompt
    would fail. No total has what is in `unread_files`, which couldn't be read, or not whole. `planned` is what a dry run sends.
    `prices` are US dollars for a million input tokens, by model.
    `exact_needs` is what a run with exact counts needs, and this one lacks. `exempt_paths` have a valid exemption, needed or not.
    `demoted_paths` have problems that are only notes, since the base had them.
    """

    config_path: str
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
    unread_files: int = 0
    planned: Sequence[PlannedRequest] = ()
    raise_label: str = ""
    accept_label: str = ""
    nested_configs: Sequence[str] = ()
    prices: Mapping[str, Decimal] = {}
    exact_needs: Sequence[ExactNeed] = ("key",)
    exempt_paths: Collection[str] = ()
    demoted_paths: Collection[str] = ()

    def cost_of_calls(self, tokens: int, model: str) -> Decimal | None:
        """Return the US dollars that so many input tokens cost in 1,000 calls; None for a model without a price."""
        price = self.prices.get(model)
        return None if price is None else (tokens * price).scaleb(-3)
