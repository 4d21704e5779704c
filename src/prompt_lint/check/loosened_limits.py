"""Which limits a change loosens, over the files of both sides, and what it hides from them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from prompt_lint.check.both_sides import find_key
from prompt_lint.check.groups import list_folders
from prompt_lint.config.loosenings import describe_paths, find_loosenings
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.model.rules import Loosening
from prompt_lint.repo.links import list_names, select_intact
from prompt_lint.repo.paths import list_parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.check.base_prompts import FileChanges
    from prompt_lint.check.comparison import Comparison
    from prompt_lint.check.group_sums import PromptOutcomes
    from prompt_lint.check.read_prompts import ReadPrompt
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import PromptKey
    from prompt_lint.repo.commit_tree import CommitTree
    from prompt_lint.repo.entries import Entry
    from prompt_lint.repo.working_tree import WorkingTree


def list_loosenings(
    tree: WorkingTree,
    comparison: Comparison,
    config: Config,
    targets: Targets,
    changes: FileChanges,
    outcomes: Iterable[PromptOutcomes],
) -> list[Loosening]:
    """Return what is allowed now and wasn't in the base. `outcomes` are those of both sides."""
    if comparison.config is None:
        return []
    return [
        *_compare_limits(tree, comparison, comparison.config, config, targets, changes),
        *_list_hidden_prompts(targets, changes),
        *_list_hidden_imports(tree, outcomes),
    ]


def _list_hidden_prompts(targets: Targets, changes: FileChanges) -> Iterator[Loosening]:
    """Yield a loosening for each rule with prompts of the base that another repository has replaced."""
    by_rule: dict[int, tuple[Rule, list[str]]] = {}
    submodules = {path for path, entry in targets.entries.items() if entry.kind == "submodule"}
    for file in changes.removed:
        if not submodules.isdisjoint(list_parents(file.display_path)):
            by_rule.setdefault(id(file.rule), (file.rule, []))[1].append(file.display_path)
    for rule, paths in by_rule.values():
        description = f"doesn't check {describe_paths(paths)} any more, now in a repository of its own"
        yield Loosening(", ".join(rule.files), description, rule.line, config_path=rule.config_path)


def _list_hidden_imports(tree: WorkingTree, outcomes: Iterable[PromptOutcomes]) -> Iterator[Loosening]:
    """Yield a loosening for each prompt that still imports a file which counted in the base, and doesn't now.

    Git may ignore it, or it may be in another repository. One that isn't there any more makes the prompt smaller.
    """
    imports: dict[PromptKey, set[str]] = {}
    counted: dict[PromptKey, set[str]] = {}
    requested: dict[PromptKey, tuple[ReadPrompt, dict[str, bytes | None]]] = {}
    for read, _ in outcomes:
        key = find_key(read)
        if read.is_base:
            imports.setdefault(key, set()).update(file.path for file in read.prompt.imports)
        else:
            names = {read.prompt.path, *chain.from_iterable(read.prompt.imports)}
            counted.setdefault(key, set()).update(names)
            requested.setdefault(key, (read, {}))[1].update(read.includes)
    for key, (read, stamps) in requested.items():
        asked = [path for path in imports.get(key, ()) if path in stamps]
        lost = [path for path in asked if counted[key].isdisjoint(list_names(tree, path))]
        if hidden := [path for path in lost if stamps[path] != b"" or _is_in_submodule(tree, path)]:
            description = f"its import of {describe_paths(hidden)} isn't counted any more"
            subject, rule = key.name if key.is_group else key.path, read.rule
            yield Loosening(subject, description, rule.line, config_path=rule.config_path)


def _is_in_submodule(tree: WorkingTree, path: str) -> bool:
    """Return whether a path is in a submodule, also one that isn't fetched."""
    above = list_parents(path)
    entries = tree.list_entries((), above) if above else {}
    return any(folder in entries and entries[folder].kind == "submodule" for folder in above)


def _compare_limits(
    tree: WorkingTree,
    comparison: Comparison,
    base_config: Config,
    config: Config,
    targets: Targets,
    changes: FileChanges,
) -> list[Loosening]:
    """Return what a change of the configuration allows, or a moved file, or a new link.

    A deleted file loosens nothing. A file that was moved to where no rule applies does. What the base's configuration says of
    the path of a new file counts, too: else a new prompt could bring its own limit.
    """
    moved = {old: new for old, new in changes.by_git.map_renames().items() if not _is_there(tree, old)}
    names = _map_links(targets, targets.links)
    new_links = _find_new_links(comparison.commit, targets, changes, names) if targets.exemptions else {}
    if base_config == config:  # each other file has the rule that it had
        moved_paths = {new: old for old, new in moved.items()}
        is_looser = moved or new_links
        return find_loosenings(base_config, config, moved_paths, names, new_links) if is_looser else []
    # All that the base had: a file that no rule applies to any more may be where nothing is looked for now.
    entries = comparison.commit.list_entries()
    links = select_intact(comparison.commit.find_aliases(entries))
    base_paths = [path for path, entry in entries.items() if entry.kind == "file"]
    base_paths += links
    in_base_folders = _list_base_folders(tree, base_config)
    current_paths = {*targets.files, *targets.links, *in_base_folders}
    names |= _map_links(targets, select_intact(tree.find_aliases(in_base_folders)))
    current_paths.difference_update(config.list_paths())
    paths = {
        moved.get(path, path): path
        for path in base_paths
        if path in moved or path in current_paths or _is_there(tree, path)
    }
    base_paths_now = {path: path for path in current_paths} | paths
    return find_loosenings(base_config, config, base_paths_now, names, new_links)


def _map_links(targets: Targets, links: Mapping[str, str]) -> dict[str, str]:
    """Return those of `links` that are names of a file or prompt, and its path: no prompts of their own."""
    shown = {file.display_path for file in targets.matched}
    links = {link: real for link, real in links.items() if link not in shown}
    return links | {link: file.display_path for file in targets.matched for link in file.aliases}


def _find_new_links(
    commit: CommitTree, targets: Targets, changes: FileChanges, names: Mapping[str, str]
) -> dict[str, str]:
    """Return those links among `names` by which the base didn't have a prompt that it had, and its path there."""
    shown = {file.display_path for file in targets.matched}
    base_paths = {link: changes.find_change(path).base_path for link, path in names.items() if path in shown}
    return {
        link: path
        for link, path in base_paths.items()
        if path and list_names(commit, link).isdisjoint(list_names(commit, path))
    }


def _list_base_folders(tree: WorkingTree, base_config: Config) -> dict[str, Entry]:
    """Return the files and links that are now in the folders that the base's configuration looked at."""
    within = compile_config(base_config).list_folders() | list_folders(base_config.list_groups())
    entries = tree.list_entries((), within)
    return {path: entry for path, entry in entries.items() if entry.kind != "submodule"}


def _is_there(tree: WorkingTree, path: str) -> bool:
    """Return whether there is a file or a link at a path, or a sparse checkout leaves it out."""
    return tree.exists(path) or tree.is_sparse(path)
