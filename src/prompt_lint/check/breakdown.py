"""Where the tokens of a failing prompt are: its largest sections, and what it imports."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from prompt_lint.check.read_prompts import IncludeReader
from prompt_lint.counting.offline_counts import count_text
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import ImportShares, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model.values import Part, PromptKey, Verdict
    from prompt_lint.repo.working_tree import WorkingTree

_SECTIONS_SHOWN = 3
_PARTS_COUNTED = 30
# Prompts that are broken down in a run. More are over only where a limit has just been set too low. For each, all of its
# file is read again.
_PROMPTS_BROKEN_DOWN, _OF_ONE_FILE = 100, 10


def break_down_worst(tree: WorkingTree, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts, those of the worst failing prompts with their largest sections."""
    worst = {id(verdict) for verdict in _find_worst(verdicts)}
    return [_break_down(tree, verdict) if id(verdict) in worst else verdict for verdict in verdicts]


def _find_worst(verdicts: Iterable[Verdict]) -> Sequence[Verdict]:
    """Return for each failing prompt the verdict that is furthest over, the worst first, as many as anybody reads."""
    by_prompt: dict[PromptKey, Verdict] = {}
    for verdict in verdicts:
        if verdict.fails and not verdict.sections:
            key = verdict.prompt.key
            if key not in by_prompt or by_prompt[key].over_by < verdict.over_by:
                by_prompt[key] = verdict
    worst_of_files: dict[str, list[Verdict]] = {}
    for verdict in sorted(by_prompt.values(), key=lambda verdict: -verdict.over_by):
        worst_of_files.setdefault(verdict.prompt.path, []).append(verdict)
    worst = chain.from_iterable(verdicts[:_OF_ONE_FILE] for verdicts in worst_of_files.values())
    return sorted(worst, key=lambda verdict: -verdict.over_by)[:_PROMPTS_BROKEN_DOWN]


def _break_down(tree: WorkingTree, verdict: Verdict) -> Verdict:
    """Return the verdict with its largest sections. The file is read again: failures are few, texts are large."""
    try:
        parts = split_prompt(tree, verdict)
    except Unreadable:  # swapped since it was counted: the verdict goes without its breakdown
        return verdict
    sections = count_parts(parts, verdict.model)[:_SECTIONS_SHOWN]
    return verdict._replace(sections=sections, import_shares=measure_imports(parts, verdict.model))


def split_prompt(tree: WorkingTree, verdict: Verdict) -> list[Part]:
    """Return the parts of a prompt in a file. Raises `Unreadable` where the file has changed since it was counted."""
    prompt = verdict.prompt
    data = tree.read(prompt.real_path or prompt.path)
    prompt_format = FORMATS[recognise(prompt.path, data, verdict.rule).name]
    return list(prompt_format.parts(prompt.path, data, prompt, IncludeReader(tree).include))


def measure_imports(parts: Sequence[Part], model: str) -> ImportShares | None:
    """Return the tokens of the file's own text and of what it imports; None where it imports nothing."""
    files = {part.path for part in parts if part.import_chain}
    if not files:
        return None
    own, imported = (
        "\n".join(part.text for part in parts if bool(part.import_chain) == is_imported)
        for is_imported in (False, True)
    )
    own_count, imported_count = count_text(model, own), count_text(model, imported)
    return ImportShares(
        own_count.tokens, imported_count.tokens, len(files), own_count.margin, imported_count.margin
    )


def count_parts(parts: Iterable[Part], model: str) -> tuple[Section, ...]:
    """Return the longest parts with their tokens, the largest first: tokens follow the length closely enough."""
    longest = sorted(parts, key=lambda part: -len(part.text))[:_PARTS_COUNTED]
    counts = [count_text(model, part.text) for part in longest]
    sections = [
        Section(*part[:3], count.tokens, part.path, part.import_chain, count.margin)
        for part, count in zip(longest, counts, strict=True)
    ]
    return tuple(sorted(sections, key=lambda section: -section.tokens))
