"""Which prompts a repository holds, kind by kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.cli.init.file_patterns import escape_path, write_patterns
from prompt_lint.cli.init.inspection import has_special_name, inspect_file
from prompt_lint.cli.init.kinds import (
    KINDS,
    NAMED_TEXTS,
    find_doubt,
    group_by_kind,
    is_documentation,
    may_be_prompt,
)
from prompt_lint.config.load import NAMES
from prompt_lint.repo.paths import list_parents
from prompt_lint.repo.safe_read import find_larger
from prompt_lint.text.patterns import MAX_LENGTH, compile_patterns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from prompt_lint.cli.init.kinds import Kind
    from prompt_lint.model.errors import Unreadable
    from prompt_lint.output.progress import Progress
    from prompt_lint.repo.working_tree import WorkingTree

_MAX_EXCLUDED = 10
_OTHER_TEXT = re.compile(
    r"(?i)readme|changelog|license|requirements|constraints|robots|cmakelists|notice|version"
)


class Finding(NamedTuple):
    """The files of a kind, and the patterns of its rule."""

    kind: Kind
    paths: tuple[str, ...]
    files: tuple[str, ...]
    exclude: tuple[str, ...]


class Survey(NamedTuple):
    """What was found: findings in the order of their rules, paths that may be prompts, and where links lead.

    `faults` has the reason for each data file that was meant for a prompt and can't be measured; it is in no finding.
    What is below `governed`, the folders that have a configuration already, was left out. Files of more than the size that is
    read are `too_large`.
    """

    findings: Sequence[Finding]
    doubtful: Sequence[str]
    links: Mapping[str, str | Unreadable] = {}
    faults: Mapping[str, str] = {}
    governed: Collection[str] = ()
    too_large: Collection[str] = ()


def survey_tree(tree: WorkingTree, config_name: str, progress: Progress) -> Survey:
    """Look at the name of every file but the configuration, and into those that may be prompts. Raises `Fatal`.

    Files that are too large, and others that can't be read, are known by name alone.
    """
    entries = tree.list_entries()
    links = tree.find_aliases(entries)
    files = {path for path, entry in entries.items() if entry.kind in {"file", "sparse"}} - {config_name}
    files -= tree.find_missing(files)
    configs = tree.find_named(NAMES, "", (), tracked_only=False)
    governed = {folder for path in configs if (folder := path.rpartition("/")[0])}
    paths = sorted(path for path in files | links.keys() if governed.isdisjoint(list_parents(path)))
    special = [path for path in paths if path not in links and has_special_name(path)]
    inspections = {path: inspect_file(path, tree) for path in progress.track_files(special)}
    faults = {path: inspection.fault for path, inspection in inspections.items() if inspection.fault}
    formats = {path: "" if path in faults else inspection.format for path, inspection in inspections.items()}
    survey = find_prompts(paths, formats)
    return survey._replace(
        findings=_merge_links(survey.findings, links),
        links=links,
        faults=faults,
        governed=governed,
        too_large=find_larger(tree.top, files, tree.max_file_size),
    )


def _merge_links(findings: Sequence[Finding], links: Mapping[str, str | Unreadable]) -> list[Finding]:
    """Return the findings with one rule for AGENTS.md and CLAUDE.md, where each of these is a link to one of those."""
    by_title = {finding.kind.title: finding for finding in findings}
    agents, claude = by_title.get("AGENTS.md"), by_title.get("CLAUDE.md")
    if not agents or not claude or not all(links.get(path) in agents.paths for path in claude.paths):
        return list(findings)
    description = f"{agents.kind.description.removesuffix('.')}; CLAUDE.md is a link to it."
    merged = Finding(
        agents.kind._replace(description=description),
        (*agents.paths, *claude.paths),
        (*agents.files, *claude.files),
        tuple(dict.fromkeys((*agents.exclude, *claude.exclude))),
    )
    return [merged if finding is agents else finding for finding in findings if finding is not claude]


def find_prompts(paths: Sequence[str], formats: Mapping[str, str]) -> Survey:
    """Sum up `paths` by kind. `formats` is that of `group_by_kind`."""
    by_kind = group_by_kind(paths, formats)
    kinds = {path: kind for kind, members in by_kind.items() for path in members}
    findings: list[Finding] = []
    doubtful: list[str] = []
    for kind in [*(kind for kind in by_kind if kind not in KINDS), *KINDS]:
        members = by_kind.get(kind, [])
        certain = [path for path in members if not find_doubt(kind, path)]
        patterns = write_patterns(kind, certain, paths) if certain else []
        if patterns and max(map(len, patterns)) <= MAX_LENGTH:
            findings.append(_make_finding(kind, certain, patterns, paths, kinds))
            doubtful += [path for path in members if find_doubt(kind, path)]
        else:
            doubtful += members
    doubtful += [
        path
        for path in paths
        if path not in kinds and path not in formats and may_be_prompt(path.rpartition("/")[2])
    ]
    doubtful += _list_neighbours(by_kind.get(NAMED_TEXTS, ()), paths, kinds)
    return Survey(findings, sorted(set(doubtful)))


def _list_neighbours(named: Sequence[str], paths: Sequence[str], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """Yield the text files beside those that `prompt` in their names makes prompts."""
    folders = {path.rpartition("/")[0] for path in named} - {""}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name.endswith(".txt") and folder in folders and path not in kinds and not _OTHER_TEXT.match(name):
            yield path


def _make_finding(
    kind: Kind,
    members: Sequence[str],
    patterns: Sequence[str],
    paths: Sequence[str],
    kinds: Mapping[str, Kind],
) -> Finding:
    """Exclude what the patterns match beside the members, unless the rule of another kind has it."""
    matches, known = compile_patterns(patterns), set(members)
    others = [
        path for path in paths if path not in known and matches(path) and not _is_certain(path, kind, kinds)
    ]
    exclude = dict.fromkeys((*kind.exclude, *_exclude_folders(kind, members, others)))
    is_excluded = compile_patterns(list(exclude)) if exclude else lambda _path: False
    names = {path.rpartition("/")[2] for path in others if not is_excluded(path)}
    documentation = sorted(filter(is_documentation, names))[:_MAX_EXCLUDED]
    exclude |= dict.fromkeys(pattern for name in documentation if (pattern := escape_path(name)))
    return Finding(kind, tuple(members), tuple(patterns), tuple(exclude))


def _is_certain(path: str, kind: Kind, kinds: Mapping[str, Kind]) -> bool:
    """Whether the rule of another kind takes a file."""
    own = kinds.get(path)
    return own is not None and own != kind and not find_doubt(own, path)


def _exclude_folders(kind: Kind, members: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return patterns for the folders of the others: by name where that takes no member, else each by its path."""
    doubts = {folder for path in others if (folder := find_doubt(kind, path))}
    by_name = {f"{escape_path(folder.rpartition('/')[2])}/" for folder in doubts}
    matches_name = {name: compile_patterns([name]) for name in by_name}
    taken = {name for name, matches in matches_name.items() if any(map(matches, members))}
    places = [
        f"/{escape_path(folder)}/"
        for folder in sorted(doubts)
        if f"{escape_path(folder.rpartition('/')[2])}/" in taken
    ]
    # Where no doubt excludes a file, but it isn't of the kind: its folder, if that has none and isn't one of the tool.
    strangers = {
        path.rpartition("/")[0]
        for path in others
        if not find_doubt(kind, path)
        and not any(f"/{folder}/" in f"/{path}" for folder in kind.folders if folder.startswith("."))
    }
    strangers = {
        folder
        for folder in strangers
        if folder and not any(path.startswith(f"{folder}/") for path in members)
    }
    places += (
        [f"/{escape_path(folder)}/" for folder in sorted(strangers)]
        if len(strangers) <= _MAX_EXCLUDED
        else []
    )
    return [*sorted(by_name - taken), *places[:_MAX_EXCLUDED]]
