"""The files of one commit after another, back in time, and the name that each of them has today."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.readings import split_by_name
from prompt_lint.config.rule_matching import MatchedFile, match_files
from prompt_lint.repo.commit_tree import LostFile
from prompt_lint.repo.entries import make_entry
from prompt_lint.repo.links import select_intact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.model.rules import Rule
    from prompt_lint.repo.changes import RawChange
    from prompt_lint.repo.commit_tree import PartialCommitTree
    from prompt_lint.repo.entries import Entry


class FileName(NamedTuple):
    """The path that a file has today, or had last. A `number` tells it from a later file that had this path as well."""

    path: str
    number: int = 0


class PastFiles:
    """The files of a commit, and the rules of today that apply to them; `move_back` takes them to the commit before.

    A rule applies to a file by its path in that commit, else by its path today. Both flags are about the time since `match`
    was called: `is_rematch_needed` says that it may return something else now, `has_changed_links` that links came or went.
    """

    def __init__(
        self, entries: dict[str, Entry], matcher: RuleMatcher, config_paths: Collection[str]
    ) -> None:
        self.entries = entries
        self.is_rematch_needed = True
        self.has_changed_links = False
        self._matcher = matcher
        self._config_paths = config_paths
        self._names: dict[str, FileName] = {}  # by path, of files with another name than that
        self._holders: dict[FileName, str] = {}  # the other way round
        self._later_names: dict[str, FileName] = {}  # by path, of files that came to it in a later commit
        self._rules: dict[str, Rule] = {}
        self._links: dict[str, Entry] = {}
        self._linked: set[str] = set()
        for path, entry in entries.items():
            self._put(path, entry)

    def find_name(self, path: str) -> FileName:
        name = self._names.get(path) or FileName(path)
        while self._holders.get(name, path) != path:
            name = FileName(path, name.number + 1)
        return name

    def move_back(self, changes: Sequence[tuple[str, RawChange]]) -> set[str]:
        """Undo the changes of a commit. Return the paths that they concern."""
        moves = []
        for path, change in changes:
            if change.status == "M" and self.entries[path].kind == "file":
                self.entries[path] = make_entry(change.mode, change.blob)
                # What a file imports decides whether it is another prompt by the name of a link.
                self.is_rematch_needed |= path in self._linked
            else:
                moves.append((change, None if change.status == "D" else self._take(path)))
        for change, known_name in moves:
            if change.status == "A":
                continue
            name = known_name or self._find_deleted_name(change.source)
            if name != FileName(change.source):
                self._names[change.source], self._holders[name] = name, change.source
            self._put(change.source, make_entry(change.mode, change.blob))
        return {path for new_path, change in changes for path in (new_path, change.source)}

    def _find_deleted_name(self, path: str) -> FileName:
        """Return the name for a file that was deleted: that of the one that came to its path later, if there is one."""
        name = self._later_names.get(path)
        is_free = name and self._holders.get(name, path) == path and name.path not in self.entries
        return name if name and is_free else self.find_name(path)

    def match(
        self, tree: PartialCommitTree, later: Mapping[FileName, MatchedFile]
    ) -> dict[FileName, MatchedFile]:
        """Return the files to which a rule applies, as a check of this commit, which is `tree`, would find them.

        A link that this clone lacks takes the places of the files of the `later` commit to which it led.
        """
        self.is_rematch_needed = self.has_changed_links = False
        aliases = tree.find_aliases(self._links)
        if self._links.keys() - aliases.keys():  # a link to a folder, which stands for the files there
            aliases = tree.find_aliases(self.entries)
        matched = match_files(self._rules, select_intact(aliases), self._matcher)
        self._linked = {file.path for file in matched if file.aliases}
        by_name: dict[FileName, MatchedFile] = {}
        for file in matched:
            for reading in split_by_name(file, self._matcher.find_rule, tree.read):
                name = self.find_name(reading.display_path)
                # A file that two rules judge, of which a link matches one, is two prompts.
                by_name[self.find_name(reading.aliases[0]) if name in by_name else name] = reading
        for link in (path for path, target in aliases.items() if isinstance(target, LostFile)):
            for name, reading in self._find_led_to(link, later):
                by_name.setdefault(name, reading)
        return by_name

    def _find_led_to(
        self, link: str, later: Mapping[FileName, MatchedFile]
    ) -> Iterator[tuple[FileName, MatchedFile]]:
        """Yield the files that a link led to in a later commit, with the link in their place; else the link itself."""
        is_known = False
        for name, file in later.items():
            paths = (file.path, file.display_path, *file.aliases)
            if any(path == link or path.startswith(f"{link}/") for path in paths):
                is_known = True
                yield name, MatchedFile(link, file.rule, read_as=file.display_path)
        if not is_known and (rule := self._matcher.find_rule(link)):
            yield self.find_name(link), MatchedFile(link, rule)

    def _take(self, path: str) -> FileName:
        """Take the file at `path` out, and return its name."""
        name = self._later_names[path] = self.find_name(path)
        self._names.pop(path, None)
        self._holders.pop(name, None)
        entry = self.entries.pop(path)
        self._note_move(entry, self._rules.pop(path, None))
        if entry.kind == "link":
            del self._links[path]
        return name

    def _put(self, path: str, entry: Entry) -> None:
        self.entries[path] = entry
        rule = None
        if entry.kind == "link":
            self._links[path] = entry
        elif path not in self._config_paths:
            name = self.find_name(path)
            rule = self._matcher.find_rule(path)
            if rule is None and name.path != path and name.path not in self._config_paths:
                rule = self._matcher.find_rule(name.path)
        if rule:
            self._rules[path] = rule
        self._note_move(entry, rule)

    def _note_move(self, entry: Entry, rule: Rule | None) -> None:
        """Note that a file was taken out or put in; with links, any file may be what one of them leads to."""
        self.has_changed_links |= entry.kind == "link"
        self.is_rematch_needed |= bool(rule or self._links or entry.kind == "link")
