"""The text of the configuration that `init` writes: YAML with comments for the person who goes on from there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.cli.init.draft import DEFAULT_MODEL, GROUP_NAME
from prompt_lint.cli.init.file_patterns import write_path_pattern
from prompt_lint.cli.init.kinds import SKILLS
from prompt_lint.config.values import MAX_LIMIT
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.cli.init.draft import Draft
    from prompt_lint.cli.init.survey import Finding

_DEFAULT_LIMIT = 8000
_MAX_SUGGESTIONS = 10


def render_config(draft: Draft) -> str:
    """Return the text of a draft."""
    lines = [
        "# The prompts of this repository, and how many tokens they may have: `prompt-lint check` holds them to it.",
        "# Written by `prompt-lint init`. A limit is today's largest prompt with headroom, so it asks for nothing yet:",
        "# lower it where prompts should shrink. All keys are explained in prompt-lint's docs/configuration.md.",
        "",
        *_render_models(draft.models),
        f"limit: {render_limit(_DEFAULT_LIMIT)}  # for entries without one of their own",
        "",
        "# Of several entries that match a file the last one holds.",
        "prompts:",
    ]
    for number, finding in enumerate(draft.findings):
        lines += ["", *_render_rule(draft, finding)] if number else _render_rule(draft, finding)
    lines += _render_suggestions(draft)
    if draft.group_patterns:
        lines += ["", *_render_group(draft)]
    if draft.excluded:
        lines += ["", *_render_exclude(draft.excluded)]
    return "".join(f"{line}\n" for line in lines)


def _render_models(models: Sequence[str]) -> Iterator[str]:
    if list(models) == [DEFAULT_MODEL]:
        yield f"# {DEFAULT_MODEL} stands for all current models: they share its tokenizer. Models of 4.6 and before, such as"
        yield "# claude-haiku-4-5, count about a quarter less; add one if your prompts are for them, too."
    yield f"models: [{', '.join(map(render_scalar, models))}]"


def _render_rule(draft: Draft, finding: Finding) -> Iterator[str]:
    kind = finding.kind
    yield f"  # {kind.description}"
    if kind.title in draft.today:
        yield f"  # {draft.today[kind.title]}"
    yield f"  - files: {_render_list(finding.files)}"
    if finding.exclude:
        yield f"    exclude: {_render_list(finding.exclude)}"
    if kind.role:
        yield f"    role: {kind.role}"
    limits = draft.limits.get(kind.title, {"": MAX_LIMIT})
    parts = [f"{name}: {tokens}" for name, tokens in limits.items() if name]
    if "" in limits:
        yield f"    limit: {render_limit(limits[''])}"
    if parts:
        yield f"    parts: {{{', '.join(parts)}}}"
    elif kind is SKILLS and not draft.limits:
        yield f"    parts: {{metadata: {MAX_LIMIT}, body: {MAX_LIMIT}}}"


def _render_suggestions(draft: Draft) -> Iterator[str]:
    """Yield comments with the rules that were left out."""
    for finding, reason in draft.dropped:
        yield from ("", f"  # Left out: {escape_line(reason)}", f"  # - files: {_render_list(finding.files)}")
    if not draft.doubtful:
        return
    yield ""
    yield "  # Left out: files that look like prompts, but may be documentation, tests or somebody else's."
    yield "  # Remove the `#` from those that are yours."
    yield from (f"  # - files: {render_scalar(pattern)}" for pattern in draft.doubtful[:_MAX_SUGGESTIONS])
    if len(draft.doubtful) > _MAX_SUGGESTIONS:
        yield f"  # and {len(draft.doubtful) - _MAX_SUGGESTIONS:,} more"
    if faults := list(draft.doubtful_faults.items()):
        yield "  # Of these can't be measured today:"
        yield from (
            f"  #   {escape_line(path)}: {escape_line(fault)}" for path, fault in faults[:_MAX_SUGGESTIONS]
        )
        if len(faults) > _MAX_SUGGESTIONS:
            yield f"  #   and {len(faults) - _MAX_SUGGESTIONS:,} more"


def _render_group(draft: Draft) -> Iterator[str]:
    yield "groups:"
    yield "  # What Claude Code loads in every session at the top of the repository, taken together."
    yield f"  - name: {GROUP_NAME}"
    yield "    sum:"
    yield from (f"      - {render_scalar(pattern)}" for pattern in draft.group_patterns)
    yield f"    limit: {render_limit(draft.group_limit)}"


def _render_exclude(excluded: Mapping[str, str]) -> Iterator[str]:
    yield "# Left out of all entries, because something is wrong with them today. Mend them, and remove their lines."
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
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
