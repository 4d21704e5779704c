"""The text of the configuration that `init` writes: YAML with comments for the person who goes on from there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint import REPOSITORY, __version__
from prompt_lint.cli.init.draft import GROUP_NAME
from prompt_lint.cli.init.file_patterns import write_path_pattern
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.cli.init.draft import Draft, KindLimits, OwnRule
    from prompt_lint.cli.init.survey import Finding

_DEFAULT_LIMIT = 8000
# Editors with yaml-language-server take the schema from here: complete keys, and mark mistakes.
SCHEMA_ADDRESS = f"{REPOSITORY}/raw/v{__version__}/src/prompt_lint/config/prompt-lint.schema.json"


def render_config(draft: Draft) -> str:
    """Return the text of a draft."""
    lines = [
        f"# yaml-language-server: $schema={SCHEMA_ADDRESS}",
        "# Written by `prompt-lint init`: the prompts of this repository, and how many tokens each may have. A limit is about 30 %",
        "# above today's largest prompt (500 at least, 150 for `metadata`), so `prompt-lint check` passes. Lower it where prompts",
        "# should shrink.",
        f"# All keys: {REPOSITORY}/blob/v{__version__}/docs/configuration.md",
        "",
        *_render_models(draft.models),
        f"limit: {render_limit(_DEFAULT_LIMIT)}  # for rules without one of their own",
        "",
        "# The last rule that matches a file applies.",
        "prompts:",
    ]
    for number, finding in enumerate(draft.findings):
        limits = draft.find_limits(finding.kind.title)
        lines += ["", *_render_rule(finding, limits)] if number else _render_rule(finding, limits)
        for own in limits.own_rules:
            lines += ["", *_render_own_rule(finding, own)]
    for dropped, reason in draft.dropped:
        lines += ["", f"  # Left out: {escape_line(reason)}", f"  # - files: {_render_list(dropped.files)}"]
    for title, advice, remark in draft.remarks:
        comment = (f"Left out: {title}.", *filter(None, [advice]), *remark)
        lines += ["", *(f"  # {line}" for line in comment)]
    if draft.group_patterns:
        lines += ["", *_render_group(draft)]
    if draft.exempt:
        lines += ["", *_render_exempt(draft.exempt)]
    if draft.excluded:
        lines += ["", *_render_exclude(draft.excluded)]
    return "".join(f"{line}\n" for line in lines)


def _render_models(models: Sequence[str]) -> Iterator[str]:
    if list(models) == [DEFAULT_MODEL]:
        yield f"# {DEFAULT_MODEL} stands for all current models: they share its tokenizer. Models of 4.6 and before, such as"
        yield "# claude-haiku-4-5, count about a quarter less; add one if your prompts are for them, too."
    yield f"models: [{', '.join(map(render_scalar, models))}]"


def _render_rule(finding: Finding, limits: KindLimits) -> Iterator[str]:
    kind = finding.kind
    yield f"  # {kind.description}"
    if limits.today:
        yield f"  # {limits.today}"
    yield f"  - files: {_render_list(finding.files)}"
    if finding.exclude:
        yield f"    exclude: {_render_list(finding.exclude)}"
    if kind.role:
        yield f"    role: {kind.role}"
    if kind.read_as:
        yield f"    format: {kind.read_as}"
    yield from _render_limits(limits.limits)


def _render_own_rule(finding: Finding, own: OwnRule) -> Iterator[str]:
    yield f"  # {own.today}"
    yield f"  - files: {render_scalar(own.pattern)}"
    if finding.kind.role:
        yield f"    role: {finding.kind.role}"
    if finding.kind.read_as:
        yield f"    format: {finding.kind.read_as}"
    yield from _render_limits(own.limits)


def _render_limits(limits: Mapping[str, int]) -> Iterator[str]:
    parts = [f"{name}: {render_limit(tokens)}" for name, tokens in limits.items() if name]
    if "" in limits:
        yield f"    limit: {render_limit(limits[''])}"
    if parts:
        yield f"    parts: {{{', '.join(parts)}}}"


def _render_group(draft: Draft) -> Iterator[str]:
    yield "groups:"
    yield "  # What Claude Code loads in every session at the top of the repository, taken together."
    yield f"  - name: {GROUP_NAME}"
    yield "    sum:"
    yield from (f"      - {render_scalar(pattern)}" for pattern in draft.group_patterns)
    yield f"    limit: {render_limit(draft.group_limit)}"


def _render_exempt(exempt: Mapping[str, str]) -> Iterator[str]:
    yield "# They break a rule of the tool that they are for. Their size counts all the same; shorten them, and remove their lines."
    yield "exempt:"
    for path, reason in exempt.items():
        yield f"  - files: {render_scalar(write_path_pattern(path))}"
        yield f"    reason: {_quote(escape_line(reason))}"


def _render_exclude(excluded: Mapping[str, str]) -> Iterator[str]:
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
