"""Which prompts a repository holds, kind by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.cli.init.file_patterns import escape_path, write_exact_patterns, write_patterns
from prompt_lint.cli.init.inspection import has_special_name, inspect_file
from prompt_lint.cli.init.kinds import (
    DOUBTFUL_FOLDERS,
    KINDS,
    find_format_kind,
    group_by_kind,
    is_documentation,
    is_doubtful,
    is_prompt_name,
)
from prompt_lint.text.patterns import MAX_LENGTH, compile_patterns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.cli.init.kinds import Kind
    from prompt_lint.model.errors import Unreadable
    from prompt_lint.repo.working_tree import WorkingTree

_MAX_EXCLUDED_NAMES = 10


class Finding(NamedTuple):
    """The files of a kind, and the patterns of its rule."""

    kind: Kind
    paths: tuple[str, ...]
    files: tuple[str, ...]
    exclude: tuple[str, ...] = ()


class Survey(NamedTuple):
    """What was found: findings in the order of their rules, patterns of doubtful files, and where links lead.

    `faults` has the reason for each file that was meant for a prompt, can't be measured, and is in no finding;
    `doubtful_faults` has it for each doubtful file that can't be measured.
    """

    findings: Sequence[Finding]
    doubtful: Sequence[str]
    links: Mapping[str, str | Unreadable] = {}
    faults: Mapping[str, str] = {}
    doubtful_faults: Mapping[str, str] = {}


def survey_tree(tree: WorkingTree, config_name: str, max_bytes: int) -> Survey:
    """Look at the name of every file but the configuration, and into those that may be prompts. Raises `Fatal`.

    Files of more than `max_bytes`, and others that can't be read, are known by name alone.
    """
    entries = tree.list_entries()
    links = tree.find_aliases(entries)
    files = {path for path, entry in entries.items() if entry.kind in {"file", "sparse"}} - {config_name}
    files -= tree.find_missing(files)
    paths = sorted(files | links.keys())
    inspections = {
        path: inspect_file(path, tree, max_bytes)
        for path in paths
        if path not in links and has_special_name(path)
    }
    formats = {path: inspection.format for path, inspection in inspections.items()}
    faults = {path: inspection.fault for path, inspection in inspections.items() if inspection.fault}
    survey = find_prompts(paths, formats)
    kinds = {finding.kind for finding in survey.findings}
    unplaced = {
        path: fault
        for path, fault in faults.items()
        if not is_doubtful(path) and find_format_kind(formats[path]) not in {None, *kinds}
    }
    if unplaced:  # too many files for patterns, but perhaps not without those that can't be measured
        survey = find_prompts(paths, formats | dict.fromkeys(unplaced, ""))
    return survey._replace(
        links=links,
        faults=unplaced,
        doubtful_faults={path: fault for path, fault in faults.items() if is_doubtful(path)},
    )


def find_prompts(paths: Sequence[str], formats: Mapping[str, str]) -> Survey:
    """Sum up `paths` by kind. `formats` is that of `group_by_kind`."""
    by_kind = group_by_kind(paths, formats)
    kinds = {path: kind for kind, members in by_kind.items() for path in members}
    findings: list[Finding] = []
    doubtful: list[str] = []
    for kind in [*(kind for kind in by_kind if kind not in KINDS), *KINDS]:
        members = by_kind.get(kind, [])
        certain = [path for path in members if kind.is_certain or not is_doubtful(path)]
        patterns = write_patterns(kind, certain, paths) if certain else []
        if patterns and max(map(len, patterns)) <= MAX_LENGTH:
            findings.append(_make_finding(kind, certain, patterns, paths, kinds))
            doubtful += [path for path in members if not kind.is_certain and is_doubtful(path)]
        else:
            doubtful += members
    doubtful += [
        path
        for path in paths
        if path not in kinds and path not in formats and is_prompt_name(path.rpartition("/")[2])
    ]
    return Survey(findings, [pattern for pattern in write_exact_patterns(sorted(doubtful), paths) if pattern])


def _make_finding(
    kind: Kind,
    members: Sequence[str],
    patterns: Sequence[str],
    paths: Sequence[str],
    kinds: Mapping[str, Kind],
) -> Finding:
    """Exclude what the patterns match beside the members, unless the rule of another kind has it or the list gets long."""
    matches, known = compile_patterns(patterns), set(members)
    others = [
        path for path in paths if matches(path) and kinds.get(path) in {None, kind} and path not in known
    ]
    folders = {folder for path in others for folder in path.split("/")[:-1]} & DOUBTFUL_FOLDERS
    folders -= {name for pattern in patterns for name in pattern.split("/")}
    names = {path.rpartition("/")[2] for path in others if folders.isdisjoint(path.split("/")[:-1])}
    documentation = sorted(filter(is_documentation, names))[:_MAX_EXCLUDED_NAMES]
    exclude = [f"{name}/" for name in sorted(folders)]
    exclude += [pattern for name in documentation if (pattern := escape_path(name))]
    return Finding(kind, tuple(members), tuple(patterns), tuple(exclude))
