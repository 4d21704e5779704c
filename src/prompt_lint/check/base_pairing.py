"""Finds the prompt that each prompt of a run was in the base: by its path, by its old path where git says that it was renamed, or by a link."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from prompt_lint.check.readings import split_by_name
from prompt_lint.config.rule_matching import MatchedFile, match_files
from prompt_lint.repo.changes import Change, has_content
from prompt_lint.repo.links import select_intact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.check.targets import Targets
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.repo.changes import Changes
    from prompt_lint.repo.commit_tree import CommitTree
    from prompt_lint.repo.working_tree import WorkingTree


class BasePairing:
    """Pairs the prompts of the run with those of the base, each with one at most.

    A file is one prompt, whichever of its names made it one in the base. `changes` are those of the real files.
    """

    def __init__(
        self,
        tree: WorkingTree,
        commit: CommitTree,
        targets: Targets,
        base_matcher: RuleMatcher,
        changes: Changes,
    ) -> None:
        self._tree = tree
        self._commit = commit
        self._targets = targets
        self._base_matcher = base_matcher
        self._changes = changes
        self._paired: set[str] = set()

    @cached_property
    def _links(self) -> Mapping[str, str]:
        """Where the links of the base led. All of its files are listed for that, unless no link can matter."""
        has_links = any(entry.kind == "link" for entry in self._targets.entries.values())
        # Links that nothing is looked for behind any more may have made prompts by other rules.
        has_same_rules = self._base_matcher is self._targets.matcher
        if has_same_rules and not has_links and not self._changes.has_lost_links:
            return {}
        return select_intact(self._commit.find_aliases(self._commit.list_entries()))

    @cached_property
    def _linked(self) -> Mapping[str, MatchedFile]:
        """The prompts of the base to which links led, by the path that is shown, by the rules of the base or of now."""
        if self._base_matcher is self._targets.matcher:
            return self._currently_linked
        return {**self._currently_linked, **self._match_linked(self._base_matcher)}

    @cached_property
    def _currently_linked(self) -> Mapping[str, MatchedFile]:
        """The same, by the rules of now."""
        return self._match_linked(self._targets.matcher)

    @cached_property
    def _gone(self) -> set[str]:
        """The files of the base that aren't there any more. Git may still have some of them in its index."""
        renamed = (change.base_path for change in self._changes.paths.values() if change.kind == "renamed")
        return {*self._changes.deleted, *renamed}

    def _match_linked(self, matcher: RuleMatcher) -> dict[str, MatchedFile]:
        files = match_files(matcher.find_rules(self._links.values()), self._links, matcher)
        return {
            file.display_path: file
            for whole in files
            for file in split_by_name(whole, matcher.find_rule, self._commit.read)
        }

    def pair_prompts(self) -> tuple[dict[str, Change], dict[str, tuple[str, ...]]]:
        """Return, by the path that is shown, how each prompt has changed, and the names that it had in the base."""
        changes: dict[str, Change] = {}
        names: dict[str, tuple[str, ...]] = {}
        left = [file for file in self._targets.matched if file.path not in self._gone]
        for find_base_file, is_renamed in (
            (self._find_same_path, False),
            (self._find_renamed, True),
            (self._find_same_link, False),
        ):
            unpaired = []
            for file in left:
                own = self._find_own_change(file)
                base_file = find_base_file(file, own)
                if base_file is None:
                    unpaired.append(file)
                    continue
                self._paired.add(base_file.display_path)
                names[file.display_path] = base_file.prompt_names
                changes[file.display_path] = self._describe(file, own, base_file, is_renamed=is_renamed)
            left = unpaired
        return {file.display_path: Change("new") for file in self._targets.matched} | changes, names

    def list_removed(self) -> Iterator[MatchedFile]:
        """Yield the prompts of the base that are none any more, by the current rules. Call `pair_prompts` before."""
        matcher = self._targets.matcher
        unreadable = {problem.path for problem in self._targets.problems}
        files = {path: MatchedFile(path, rule) for path, rule in matcher.find_rules(self._gone).items()}
        for path, file in sorted({**files, **self._currently_linked}.items()):
            if path not in self._paired and unreadable.isdisjoint(file.prompt_names):
                yield file

    def _find_own_change(self, file: MatchedFile) -> Change:
        """Return how the real file has changed."""
        return self._changes.find(file.path) if file.path in self._targets.entries else Change("new")

    def _find_same_path(self, file: MatchedFile, own: Change) -> MatchedFile | None:
        """Return the prompt that had the same path in the base, or None."""
        path = file.display_path
        if path in self._linked:
            return self._linked[path]
        if file.read_as:
            node = self._commit.find_node(path)
            was_file = node is not None and node.is_regular
        else:
            was_file = own.base_path == path
        return MatchedFile(path, file.rule) if was_file and self._has_rule(path) else None

    def _find_renamed(self, file: MatchedFile, own: Change) -> MatchedFile | None:
        """Return the prompt that the same file was by another path, or None."""
        path = own.base_path
        if own.kind == "new":
            return None
        candidates = [base_file for base_file in self._linked.values() if base_file.path == path]
        if not candidates and self._has_rule(path):
            candidates = [MatchedFile(path, file.rule)]
        return self._choose(candidates)

    def _find_same_link(self, file: MatchedFile, _own: Change) -> MatchedFile | None:
        """Return the prompt that was behind one of the file's links, or None: the link leads elsewhere now."""
        names = set(file.prompt_names)
        candidates = [each for each in self._linked.values() if not names.isdisjoint(each.prompt_names)]
        candidates += [MatchedFile(name, file.rule) for name in file.aliases if name in self._changes.deleted]
        return self._choose(candidates)

    def _choose(self, candidates: Iterable[MatchedFile]) -> MatchedFile | None:
        """Return the first prompt of the base that has become no other."""
        free = (each for each in candidates if each.display_path not in self._paired)
        return next((each for each in free if not self._is_still_prompt(each)), None)

    def _is_still_prompt(self, base_file: MatchedFile) -> bool:
        """Return whether one of its names still makes a prompt of the file, also one that this run isn't about."""
        return any(
            self._current_paths.get(name) == base_file.path and self._targets.matcher.find_rule(name)
            for name in base_file.prompt_names
        )

    @cached_property
    def _current_paths(self) -> Mapping[str, str]:
        """Where files and links are now."""
        return {path: path for path in self._targets.files} | dict(self._targets.links)

    def _has_rule(self, path: str) -> bool:
        return bool(self._targets.matcher.find_rule(path) or self._base_matcher.find_rule(path))

    def _describe(
        self, file: MatchedFile, own: Change, base_file: MatchedFile, *, is_renamed: bool
    ) -> Change:
        """Return how a file has changed since it was `base_file`."""
        base_path = base_file.display_path
        if own.base_path == base_path and (own.kind == "renamed") == is_renamed:
            return own
        if is_renamed:
            return Change("renamed", base_path)
        if own.base_path == base_file.path and own.kind in {"unchanged", "changed"}:
            return Change(own.kind, base_path)
        node = self._commit.find_node(base_file.path)
        is_same = node and has_content(self._tree, file.path, "", node.id)
        return Change("unchanged" if is_same else "changed", base_path)
