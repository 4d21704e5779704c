"""Files that haven't changed since an earlier run read them: they are neither opened nor parsed again."""

from __future__ import annotations

from itertools import product, repeat
from typing import TYPE_CHECKING

from prompt_lint.cache.files import FileEntry
from prompt_lint.counting.sources import is_sufficient, recall_counts
from prompt_lint.model.counts import EMPTY_COUNT, CountKey
from prompt_lint.model.errors import MissingFile, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.cache.files import PromptEntry
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.counts import Count
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Note
    from prompt_lint.repo.working_tree import WorkingTree


class RememberedFiles:
    """The files of a run that an earlier run read and that haven't changed since, as far as they were looked up."""

    def __init__(self, tree: WorkingTree, sources: CountSources) -> None:
        self._tree = tree
        self._sources = sources
        self._entries: dict[tuple[str, str, str], FileEntry | None] = {}
        self._counts: dict[CountKey, Count] = {}

    def look_up(self, files: Iterable[MatchedFile]) -> None:
        """Look for what is known of these files, in as few queries as they have formats and roles."""
        if not self._sources.file_cache.is_enabled:
            return
        keys: set[CountKey] = set()
        by_kind: dict[tuple[str, str], dict[str, MatchedFile]] = {}
        for file in files:
            if not file.read_as and _identify(file) not in self._entries:
                by_kind.setdefault(file.rule.reading, {})[file.path] = file
        for kind, of_kind in by_kind.items():
            stamps = zip(of_kind, self._tree.list_stamps(of_kind), strict=True)
            known = self._sources.file_cache.get({path: stamp for path, stamp in stamps if stamp}, *kind)
            for path, file in of_kind.items():
                entry = known.get(path)
                entry = entry if entry and self._are_unchanged(entry) else None
                self._entries[path, *kind] = entry
                digests = (prompt.digest for prompt in entry.prompts if prompt.digest) if entry else ()
                keys.update(CountKey(*key) for key in product(file.rule.models, digests))
        self._counts.update(recall_counts(keys, self._sources))

    def find(self, file: MatchedFile) -> FileEntry | None:
        """Return what reading the file said, if it was looked up and hasn't changed."""
        return None if file.read_as else self._entries.get(_identify(file))

    def recall(self, file: MatchedFile) -> tuple[FileEntry, list[tuple[Count, ...]]] | None:
        """Return what reading the file said, and the counts of each of its prompts, one for each model of the rule.

        None unless the file hasn't changed and all of its prompts are counted.
        """
        entry = self.find(file)
        if entry is None:
            return None
        counts = []
        for prompt in entry.prompts:
            known = self._recall_prompt(prompt, file.rule)
            if known is None:
                return None
            counts.append(known)
        return entry, counts

    def _recall_prompt(self, prompt: PromptEntry, rule: Rule) -> tuple[Count, ...] | None:
        if not prompt.digest:
            return (EMPTY_COUNT,) * len(rule.models)
        known = [self._counts.get(CountKey(model, prompt.digest)) for model in rule.models]
        counts = tuple(filter(None, known))
        if len(counts) < len(known):
            return None
        limits = map(rule.own_limits_for(prompt.name).get, rule.models)
        return counts if all(map(is_sufficient, counts, limits, repeat(self._sources))) else None

    def remember(
        self,
        file: MatchedFile,
        stamp: bytes,
        prompts: Sequence[PromptEntry],
        notes: Sequence[Note],
        requested: Mapping[str, bytes | None],
    ) -> None:
        """Keep what reading a file said, unless a later change of it or of what it includes might not be seen."""
        if file.read_as or not stamp or not self._sources.file_cache.is_enabled:
            return
        includes = {path: included for path, included in requested.items() if included is not None}
        if len(includes) < len(requested):
            return
        entry = FileEntry(tuple(prompts), tuple(notes), includes)
        self._sources.file_cache.put(file.path, stamp, *file.rule.reading, entry)

    def _are_unchanged(self, entry: FileEntry) -> bool:
        """Return whether all that the file includes is as it was, and still part of every checkout."""
        present = [path for path, stamp in entry.includes.items() if stamp]
        if [entry.includes[path] for path in present] != list(self._tree.list_stamps(present)):
            return False
        try:
            for path in present:
                self._tree.require_shared(path, path)
        except Unreadable:
            return False
        return all(self._is_missing(path) for path, stamp in entry.includes.items() if not stamp)

    def _is_missing(self, path: str) -> bool:
        try:
            self._tree.resolve(path)
        except Unreadable as error:
            return isinstance(error, MissingFile)
        return False


def _identify(file: MatchedFile) -> tuple[str, str, str]:
    """Return all that decides what reading a file by its own name says, beside its contents."""
    return file.path, *file.rule.reading
