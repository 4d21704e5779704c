"""What the links of a run led to in the base: a prompt that only a link makes one is compared with what that link led to."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from prompt_lint.check.targets import split_by_name
from prompt_lint.config.rule_matching import MatchedFile
from prompt_lint.repo.changes import Change, has_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompt_lint.check.targets import Targets
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.repo.changes import Changes
    from prompt_lint.repo.commit_tree import CommitTree
    from prompt_lint.repo.working_tree import WorkingTree


class BaseLinks:
    """The links of the base's commit, beside those of the run."""

    def __init__(
        self,
        tree: WorkingTree,
        commit: CommitTree,
        targets: Targets,
        base_matcher: RuleMatcher,
        max_file_size: int,
    ) -> None:
        self._tree = tree
        self._commit = commit
        self._targets = targets
        self._base_matcher = base_matcher
        self._max_file_size = max_file_size

    @cached_property
    def _links(self) -> dict[str, str]:
        """Where the links of the base led. All of its files are listed for that."""
        aliases = self._commit.find_aliases(self._commit.list_entries())
        return {link: real for link, real in aliases.items() if isinstance(real, str)}

    def find_changes(self, changes: Changes, listed: frozenset[str]) -> dict[str, Change]:
        """Return how the prompts that only a link makes ones have changed, by the paths that are shown.

        `changes` are those of the real files, as far as git lists these.
        """
        found = {}
        for file in self._targets.matched:
            if names := self._list_names(file):
                own = changes.find(file.path) if file.path in listed else Change("new")
                found[file.display_path] = self._find_change(file, names, own)
        return found

    def _list_names(self, file: MatchedFile) -> tuple[str, ...]:
        """Return the links by which a file is a prompt; none where it is one by its own name."""
        if file.read_as:
            return (file.read_as, *file.aliases)
        return () if self._targets.matcher.find_rule(file.path) else file.aliases

    def _find_change(self, file: MatchedFile, names: tuple[str, ...], own: Change) -> Change:
        base_file = next(filter(None, map(self._commit.find_file, names)), None)
        if base_file is None:
            return self._find_renamed(file, own)
        path, node = base_file
        if own.base_path == path and own.kind != "renamed":
            return own
        is_same = has_content(self._tree, file.path, "", node.id, self._max_file_size)
        return Change("unchanged" if is_same else "changed", path, node.id)

    def _find_renamed(self, file: MatchedFile, own: Change) -> Change:
        """Return the change of a file whose links are all new: it may have been a prompt by other names."""
        if own.kind == "new":
            return own
        if not file.read_as and self._base_matcher.find_rule(own.base_path):
            return own
        old = [
            link for link in self._links
            if self._links[link] == own.base_path and self._base_matcher.find_rule(link)
        ]  # fmt: skip
        if not file.read_as:
            return own if old else Change("new")
        lost = [link for link in old if link not in self._targets.links]
        node = self._commit.find_node(own.base_path)
        return Change("renamed", lost[0], node.id) if lost and node else Change("new")

    def list_removed(self, changes: Mapping[str, Change]) -> Iterator[MatchedFile]:
        """Yield what was a prompt in the base by a link that is gone, by the current rules."""
        renamed = {change.base_path for change in changes.values() if change.kind == "renamed"}
        current = {file.display_path for file in self._targets.matched}
        present = {*self._targets.links, *self._targets.files}
        matcher = self._targets.matcher
        names: dict[str, list[str]] = {}
        for link, real in self._links.items():
            if matcher.find_rule(link):
                names.setdefault(real, []).append(link)
        for real, links in names.items():
            rule = matcher.find_rule(real) or matcher.find_rule(links[0])
            if rule and not present.issuperset(links):
                whole = MatchedFile(real, rule, tuple(sorted(links)))
                for file in split_by_name(whole, matcher, self._commit, self._max_file_size):
                    if file.display_path not in current and file.display_path not in renamed:
                        yield file
