"""The prompts that the base had at the files of this run, read from its commit by the current rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.base_pairing import BasePairing
from prompt_lint.check.group_prompts import read_groups
from prompt_lint.check.groups import GroupFiles, make_key, match_group_files
from prompt_lint.check.importers import match_below, may_import
from prompt_lint.check.read_prompts import IncludeReader, ReadPrompt, parse_file
from prompt_lint.config.loosenings import pair_groups
from prompt_lint.config.rule_matching import compile_references
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Problem, Prompt, PromptKey
from prompt_lint.repo.changes import Change, find_changes, find_converted
from prompt_lint.repo.links import select_intact

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.check.comparison import Comparison
    from prompt_lint.check.read_prompts import ReadResult
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.configuration import Config
    from prompt_lint.config.rule_matching import MatchedFile, RuleMatcher
    from prompt_lint.model.rules import Group
    from prompt_lint.repo.changes import Changes
    from prompt_lint.repo.commit_tree import CommitTree
    from prompt_lint.repo.working_tree import WorkingTree


class FileChanges(NamedTuple):
    """How the files of a run differ from the base.

    `listed` are those that git lists, and `by_git` has the changes of these. By the paths of prompts that are shown,
    `by_prompt` has their changes, and `base_names` the names that they had in the base: their path there, and links.
    `converted` maps files that can't be compared to the filter that converts them. `removed` were prompts in the base.
    `groups` are those of the run, with their files of now and those of the base, and `base_groups` what they were there.
    """

    listed: frozenset[str]
    by_git: Changes
    by_prompt: Mapping[str, Change]
    base_names: Mapping[str, Sequence[str]]
    converted: Mapping[str, str]
    removed: Sequence[MatchedFile]
    groups: Sequence[tuple[GroupFiles, GroupFiles]]
    base_groups: Mapping[PromptKey, Group]

    def find_change(self, path: str) -> Change:
        """Return the change of a prompt by the path that is shown, or of another file by its own."""
        if path in self.by_prompt:
            return self.by_prompt[path]
        return self.by_git.find(path) if path in self.listed else Change("new")


def find_file_changes(
    tree: WorkingTree,
    comparison: Comparison,
    targets: Targets,
    base_matcher: RuleMatcher,
    config: Config,
) -> FileChanges:
    """Compare the files of the run with the base's. Raises `Fatal` where git refuses."""
    files = [*targets.matched, *(file for _, group_files in targets.groups for file in group_files)]
    listed = frozenset(file.path for file in files if file.path in targets.entries)
    changes = find_changes(tree, comparison.commit, targets.entries, listed, targets.within)
    pairing = BasePairing(tree, comparison.commit, targets, base_matcher, changes)
    prompts, base_names = pairing.pair_prompts()
    kinds = {"changed", "renamed"}
    touched = {path for path, change in changes.paths.items() if change.kind in kinds}
    touched.update(file.path for file in targets.matched if prompts[file.display_path].kind in kinds)
    converted = find_converted(tree, targets.entries, sorted(touched)) if touched else {}
    removed = list(pairing.list_removed()) if targets.is_everything else []
    base_config = comparison.config
    moves = changes.map_renames()
    group_pairs = pair_groups(base_config, config, moves) if base_config else ()
    base_groups = {make_key(new): old for old, new in group_pairs if new}
    base_files = _match_base_groups(tree, comparison.commit, targets, changes, base_groups, config)
    groups = list(zip(targets.groups, base_files, strict=True))
    return FileChanges(listed, changes, prompts, base_names, converted, removed, groups, base_groups)


class BaseProblems(NamedTuple):
    """What was wrong in the base with files and groups that haven't changed since, by path and message.

    `read_paths` are the files that were read for it. An unchanged file that isn't one of them imports nothing, so its
    problems are the base's, too. `faulty` are the files and groups with any problem there, so that prompts may be missing.
    """

    read_paths: set[str]
    messages: set[tuple[str, str]]
    faulty: set[PromptKey]

    def includes(self, problem: Problem, changes: FileChanges) -> bool:
        """Return whether a problem was in the base, in the same file or group."""
        if (problem.path, problem.message) in self.messages:
            return True
        return problem.path not in self.read_paths and changes.find_change(problem.path).kind == "unchanged"


def read_base_prompts(
    tree: WorkingTree,
    comparison: Comparison,
    targets: Targets,
    changes: FileChanges,
    problems: BaseProblems,
) -> Iterator[ReadPrompt]:
    """Yield the prompts of the base that have to be counted, under their current path where there is one.

    These are the prompts of files that have changed or may import others, of deleted files, and of groups. What is wrong
    with files is added to `problems`.
    """
    commit = comparison.commit
    problems.messages.update(_list_broken_links(tree, commit, targets))
    for file in targets.matched:
        change = changes.find_change(file.display_path)
        is_same = change.kind == "unchanged" and not may_import(file)
        faults: set[tuple[str, str]] = set()
        if change.kind != "new" and file.path not in changes.converted and not is_same:
            reader = IncludeReader(commit)
            faults = yield from _sort(_read_file(reader, commit, change, file))
            if faults and change.kind == "unchanged" and not _find_changed(tree, commit, reader.requested):
                problems.messages.update(faults)
            problems.read_paths.add(file.display_path)
        if faults or file.path in changes.converted:
            problems.faulty.add(PromptKey(file.display_path, ""))
    for file in changes.removed:
        change = Change("changed", file.display_path)
        yield from _sort(_read_file(IncludeReader(commit), commit, change, file))
    yield from _read_groups(tree, comparison, changes, problems)


def _sort(results: Iterable[ReadResult]) -> Generator[ReadPrompt, None, set[tuple[str, str]]]:
    """Yield the prompts as the base's. Return path and message of each problem."""
    faults: set[tuple[str, str]] = set()
    for result in results:
        if isinstance(result, ReadPrompt):
            yield result._replace(is_base=True)
        elif isinstance(result, Problem):
            faults.add((result.path, result.message))
    return faults


def _list_broken_links(tree: WorkingTree, commit: CommitTree, targets: Targets) -> Iterator[tuple[str, str]]:
    """Yield path and message of the links that were the same in the base, and broken or left out, too."""
    paths = {problem.path for problem in targets.problems if problem.path in targets.entries}
    left_out = {path for path in paths if targets.entries[path].kind == "sparse link"}
    changed = _find_changed(tree, commit, left_out)
    for problem in targets.problems:
        entry, node = targets.entries.get(problem.path), commit.find_node(problem.path)
        if entry and node and entry.kind == "link" and entry.blob == node.id:
            try:
                commit.resolve(problem.path)
            except Unreadable:  # maybe for another reason: git ignores what only the disk has there
                yield problem.path, problem.message
        elif problem.path in left_out - changed:
            yield problem.path, problem.message


def _find_changed(tree: WorkingTree, commit: CommitTree, paths: Collection[str]) -> set[str]:
    """Return those of `paths` that aren't staged as they are in the base, or lead to what isn't. What isn't staged isn't compared."""
    if not paths:
        return set()
    names = {path: _list_targets(commit, path) for path in paths}
    all_names = set().union(*names.values())
    is_among = match_below(all_names)
    staged = {path: entry.blob for path, entry in tree.list_entries((), all_names).items() if is_among(path)}
    nodes = {path: commit.find_node(path) for path, blob in staged.items() if blob}
    changed = [path for path, node in nodes.items() if node is None or node.id != staged[path]]
    return {path for path in paths if any(map(match_below(names[path]), changed))}


def _list_targets(commit: CommitTree, path: str) -> set[str]:
    """Return a path, and where it leads in the base, also if that is a folder."""
    try:
        return {path, commit.follow(path)}
    except Unreadable:
        return {path}


def _read_file(
    reader: IncludeReader, commit: CommitTree, change: Change, file: MatchedFile
) -> Iterator[ReadResult]:
    """Yield the prompts that a file had in the base, by its current rule; none where the base's file can't be read."""
    rule = file.rule
    try:
        path = change.base_path
        data = commit.read_blob(change.blob) if change.blob else commit.read(commit.resolve(path))
        for result in parse_file(path, data, rule, reader):
            if isinstance(result, Prompt):
                yield ReadPrompt.of(result._replace(path=file.display_path), rule, len(data))
            else:
                yield result
    except Unreadable as error:  # reported as a prompt that can't be compared
        yield Problem(file.display_path, error.line, error.message, error.hint)


def _match_base_groups(
    tree: WorkingTree,
    commit: CommitTree,
    targets: Targets,
    changes: Changes,
    base_groups: Mapping[PromptKey, Group],
    config: Config,
) -> list[GroupFiles]:
    """Return the current groups with what they had in the base, also by other names: a file or a link may have been renamed."""
    entries = commit.list_entries() if any(group.sum for group, _ in targets.groups) else {}
    config_paths = config.list_paths()
    files = [path for path, entry in entries.items() if entry.kind == "file" and path not in config_paths]
    links = select_intact(commit.find_aliases(entries))
    names = {path: path for path in files} | links
    sources = {new: old for old, new in changes.map_renames().items()}
    groups = [group for group, _ in targets.groups]
    matching = match_group_files(groups, files, links, targets.matcher, commit.read)
    base_files = []
    for base, current in zip(matching, targets.groups, strict=True):
        base_group = base_groups.get(make_key(current.group))
        unpaired = _map_names(base_group, commit, names) if base_group else {}
        for path in (path for file in base.files for path in _list_targets(commit, file.path)):
            unpaired.pop(path, None)
        old_paths = {
            file.path: unpaired[path]
            for file in (current.files if unpaired else ())
            if (path := _find_base_path(tree, changes, sources, file.path)) in unpaired
        }
        base_files.append(_move_back(base, current, old_paths, commit))
    return base_files


def _read_groups(
    tree: WorkingTree,
    comparison: Comparison,
    changes: FileChanges,
    problems: BaseProblems,
) -> Iterator[ReadPrompt]:
    """Yield what the current groups had in the base. What is wrong with a group that the base had, too, is added to `problems`."""
    commit = comparison.commit
    for (group, current_files), (_, base_files) in changes.groups:
        base_group = changes.base_groups.get(make_key(group))
        faults = yield from _sort(read_groups([GroupFiles(group, base_files)], commit))
        if faults and (base_group or any(commit.find_file(file.path) for file in base_files)):
            problems.faulty.add(make_key(group))
        if faults and (comparison.config is None or _has_same_files(base_group, group)):
            is_untouched = _are_members_unchanged(tree, commit, changes, base_files, current_files)
            problems.messages.update(
                (path, message)
                for path, message in faults
                if is_untouched
                or (path != group.rule.config_path and changes.find_change(path).kind == "unchanged")
            )
        problems.read_paths.update(file.path for file in base_files if file.rule is group.rule)


def _are_members_unchanged(
    tree: WorkingTree,
    commit: CommitTree,
    changes: FileChanges,
    base_files: Sequence[MatchedFile],
    current_files: Sequence[MatchedFile],
) -> bool:
    """Return whether a group has the files that it had, and neither they nor those that they import have changed.

    Else the change may have made the group larger, and nobody can say by how much.
    """
    paths = {file.path for file in base_files}
    if paths != {file.path for file in current_files}:
        return False
    if any(changes.find_change(path).kind != "unchanged" for path in paths):
        return False
    reader = IncludeReader(commit)
    for file in filter(may_import, base_files):
        list(_read_file(reader, commit, Change("unchanged", file.display_path), file))
    return not _find_changed(tree, commit, paths | reader.requested.keys())


def _has_same_files(base_group: Group | None, group: Group) -> bool:
    """Return whether a group named the same files in the base, wherever it is in the configuration."""

    def list_references(group: Group) -> list[list[tuple[str, str]]]:
        kinds = (group.sum, group.system, group.tools, group.messages)
        return [[(reference.path, reference.name) for reference in references] for references in kinds]

    return base_group is not None and list_references(base_group) == list_references(group)


def _map_names(group: Group, commit: CommitTree, names: Mapping[str, str]) -> dict[str, str]:
    """Return the files that a group of the base had, by their real paths there, and the path by which it read each.

    `names` are all files and links of the base, with their real paths.
    """
    if group.sum:
        find_references = compile_references(group)
        return {real: real for name, real in names.items() if find_references([name])}
    paths = [reference.path for reference in group.references]
    return {real: path for path in paths for real in _list_targets(commit, path)}


def _find_base_path(tree: WorkingTree, changes: Changes, sources: Mapping[str, str], path: str) -> str:
    """Return the real path in the base of the file that a path leads to now; "" for a new one, or none.

    `sources` are the paths in the base of all renamed files.
    """
    try:
        real = tree.resolve(path)
    except Unreadable:
        return ""
    if real in changes.paths:
        return changes.paths[real].base_path
    return sources.get(real, real)


def _move_back(
    base: GroupFiles, current: GroupFiles, old_paths: Mapping[str, str], commit: CommitTree
) -> GroupFiles:
    """Return the files that a group had, with those that it has by another path now."""

    def move(file: MatchedFile) -> MatchedFile:
        return file._replace(path=old_paths[file.path], aliases=(*file.aliases, file.path))

    if current.group.sum:
        moved = [move(file) for file in current.files if file.path in old_paths]
        return base._replace(files=[*base.files, *moved])
    gone = {path for path in old_paths if commit.find_node(path) is None}
    return base._replace(files=[move(file) if file.path in gone else file for file in base.files])
