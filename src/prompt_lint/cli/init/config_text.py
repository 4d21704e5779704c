"""The configuration that `init` writes: a draft of it, and its text, with comments for the person who goes on from there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint import REPOSITORY, __version__
from prompt_lint.cli.init.file_patterns import write_path_pattern
from prompt_lint.config.values import MAX_LIMIT
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.cli.init.kinds import Kind
    from prompt_lint.cli.init.survey import Finding

_DEFAULT_LIMIT = 8000
# Editors with yaml-language-server take the schema from here: complete keys, and mark mistakes.
SCHEMA_ADDRESS = f"{REPOSITORY}/raw/v{__version__}/src/prompt_lint/config/prompt-lint.schema.json"

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


def render_config(draft: Draft) -> str:
    head = [
        f"# yaml-language-server: $schema={SCHEMA_ADDRESS}",
        "# Written by `prompt-lint init`: the prompts of this repository, and how many tokens each may have. A limit is about 30 %",
        "# above today's largest prompt (500 at least, 150 for `metadata`, 5,000 for the `body` of skills), so `prompt-lint check`",
        "# passes. Lower it where prompts should shrink.",
        f"# All keys: {REPOSITORY}/blob/v{__version__}/docs/configuration.md",
        "",
        *_render_models(draft.models),
        f"limit: {render_limit(_DEFAULT_LIMIT)}  # for rules without one of their own",
        "",
        "# The last rule that matches a file applies.",
        "prompts:",
    ]
    blocks = [
        *(block for finding in draft.findings for block in _render_rules(finding, draft)),
        *_render_remarks(draft),
        *(_render_group(draft), _render_exempt(draft.exempt), _render_exclude(draft.excluded)),
    ]
    body = "\n\n".join(filter(None, map("\n".join, blocks)))
    return "".join(f"{line}\n" for line in [*head, body])


def _render_models(models: Sequence[str]) -> Iterator[str]:
    if list(models) == [DEFAULT_MODEL]:
        yield f"# {DEFAULT_MODEL} stands for all current models: they share its tokenizer. Models of 4.6 and before, such as"
        yield "# claude-haiku-4-5, count about a quarter less; add one if your prompts are for them, too."
    yield f"models: [{', '.join(map(render_scalar, models))}]"


def _render_rules(finding: Finding, draft: Draft) -> Iterator[Sequence[str]]:
    kind, limits = finding.kind, draft.find_limits(finding.kind.title)
    comments = [f"  # {comment}" for comment in (kind.description, limits.today) if comment]
    exclude = [f"    exclude: {_render_list(finding.exclude)}"] if finding.exclude else []
    files = f"  - files: {_render_list(finding.files)}"
    yield [*comments, files, *exclude, *_render_keys(kind, limits.limits)]
    for pattern, own_limits, today in limits.own_rules:
        yield [f"  # {today}", f"  - files: {render_scalar(pattern)}", *_render_keys(kind, own_limits)]


def _render_keys(kind: Kind, limits: Mapping[str, int]) -> Iterator[str]:
    if kind.role:
        yield f"    role: {kind.role}"
    if kind.read_as:
        yield f"    format: {kind.read_as}"
    parts = [f"{name}: {render_limit(tokens)}" for name, tokens in limits.items() if name]
    if "" in limits:
        yield f"    limit: {render_limit(limits[''])}"
    if parts:
        yield f"    parts: {{{', '.join(parts)}}}"


def _render_remarks(draft: Draft) -> Iterator[Sequence[str]]:
    for finding, reason in draft.dropped:
        yield [f"  # Left out: {escape_line(reason)}", f"  # - files: {_render_list(finding.files)}"]
    for title, advice, lines in draft.remarks:
        yield [f"  # {line}" for line in (f"Left out: {title}.", *filter(None, [advice]), *lines)]


def _render_group(draft: Draft) -> Iterator[str]:
    if not draft.group_patterns:
        return
    yield "groups:"
    yield "  # What Claude Code loads in every session at the top of the repository, taken together."
    yield f"  - name: {GROUP_NAME}"
    yield "    sum:"
    yield from (f"      - {render_scalar(pattern)}" for pattern in draft.group_patterns)
    yield f"    limit: {render_limit(draft.group_limit)}"


def _render_exempt(exempt: Mapping[str, str]) -> Iterator[str]:
    if not exempt:
        return
    yield "# They break a rule of the tool that they are for. Their size counts all the same; shorten them, and remove their lines."
    yield "exempt:"
    for path, reason in exempt.items():
        yield f"  - files: {render_scalar(write_path_pattern(path))}"
        yield f"    reason: {_quote(escape_line(reason))}"


def _render_exclude(excluded: Mapping[str, str]) -> Iterator[str]:
    if not excluded:
        return
    yield "# Left out of all rules, because they can't be counted today. Correct them, and remove their lines."
    yield "exclude:"
    for path, reason in excluded.items():
        if pattern := write_path_pattern(path):
            yield f"  # {escape_line(reason)}"
            yield f"  - {render_scalar(pattern)}"


def render_limit(tokens: int) -> str:
    """Return tokens as a person writes them: 800, 1.2k, 12k."""
    if not 1000 <= tokens < 10**8:
        return str(tokens)
    thousandths = f".{tokens % 1000:03}".rstrip("0").rstrip(".")
    return f"{tokens // 1000}{thousandths}k"


def _render_list(texts: Sequence[str]) -> str:
    return render_scalar(texts[0]) if len(texts) == 1 else f"[{', '.join(map(render_scalar, texts))}]"


def render_scalar(text: str) -> str:
    """Return a text of one printable line as YAML, without quotes where no parser takes it for something else, also in brackets."""
    if re.fullmatch(r"[A-Za-z./][A-Za-z0-9_./*-]*", text, re.ASCII) and re.search(
        r"[/*]|[a-z]-|\.[a-z]+\.|[A-Za-z]\.[a-z]", text
    ):
        return text
    if "\\" in text and "'" not in text:
        return f"'{text}'"
    return _quote(text)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
