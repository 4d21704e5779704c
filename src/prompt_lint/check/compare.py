"""The other side of a comparison: what the base had for the prompts of this run."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import groups, judge
from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, ReadPrompt, parse_file
from prompt_lint.config.loosenings import compile_group, find_loosenings
from prompt_lint.formats.recognition import can_import
from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.values import Loosening, Note, Prompt, RemovedPrompt
from prompt_lint.repo.changes import Change, compare, filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prompt_lint.check.targets import Targets
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.processes import Outcome
    from prompt_lint.counting.sources import OfflineStandIn
    from prompt_lint.model.values import Base, Count, Group, Problem, Request, Rule, Verdict
    from prompt_lint.repo.changes import Changes
    from prompt_lint.repo.commit_tree import Commit
    from prompt_lint.repo.working_tree import WorkingTree

# What a prompt is known by on both sides: its group or "", the path of now, and its name there.
Name = tuple[str, str, str]


class Comparison(NamedTuple):
    """What a run compares with. `config` is the base's; without one there was nothing to be within, so nothing fails."""

    base: Base
    commit: Commit
    config: Config | None
    policy: str


class FileChanges(NamedTuple):
    """What has become of the files of a run, those that were `asked` about. `converted` ones can't be compared, and by what."""

    listed: frozenset[str]
    changes: Changes
    converted: Mapping[str, str]

    def find_change(self, path: str) -> Change:
        """What git lists nowhere, but a link leads to, was in no commit."""
        return self.changes.of(path) if path in self.listed else Change("new")


def find_file_changes(tree: WorkingTree, comparison: Comparison, scope: Targets, cap: int) -> FileChanges:
    """Raises `Fatal` where git refuses."""
    paths = {one.path for one in scope.matched} | {one.path for _, files in scope.groups for one in files}
    there = frozenset(path for path in paths if path in scope.entries)
    changes = compare(tree, comparison.commit, scope.entries, there, cap, scope.within)
    touched = [path for path, change in changes.paths.items() if change.kind in {"changed", "renamed"}]
    return FileChanges(there, changes, filters(tree.top, touched) if touched else {})


def read_base_prompts(
    comparison: Comparison, scope: Targets, now: FileChanges, config: Config, cap: int
) -> Iterator[ReadPrompt]:
    """The prompts of the base that have to be counted, under their path of now, where there is one.

    These are those of files that have changed or take others in, of files that are gone, and of groups.
    """
    if comparison.config is None:
        return  # everything is new
    commit = comparison.commit
    for one in scope.matched:
        change = now.find_change(one.path)
        follows = can_import(one.path, one.rule)
        if change.kind == "new" or one.path in now.converted or (change.kind == "unchanged" and not follows):
            continue
        yield from _prompts(commit, change, one.display_path, one.rule, cap, one.read_as)
    for path, rule in _gone(scope, now):
        yield from _prompts(commit, Change("changed", path, now.changes.deleted[path]), path, rule, cap)
    yield from _groups(comparison, scope, now, config, cap)


def _prompts(
    commit: Commit, change: Change, path: str, rule: Rule, cap: int, name: str = ""
) -> Iterator[ReadPrompt]:
    """The prompts that a file of now had in the base, by the rule of now. None if that can't be read."""
    companions = IncludeReader(commit, cap)
    try:
        data = commit.content(change.blob, cap) if change.blob else commit.read(change.base, cap)
        for prompt in parse_file(name or change.base, data, rule, companions, Diagnostics([], [])):
            yield ReadPrompt.of(prompt._replace(path=path), rule, len(data))._replace(is_base=True)
    except Unreadable:
        return  # told as something that can't be compared


def _gone(scope: Targets, now: FileChanges) -> Iterator[tuple[str, Rule]]:
    """Deleted files that a rule of now would own. Where only some paths are checked, nothing is said of others."""
    if scope.is_everything:
        for path in sorted(now.changes.deleted):
            rule = scope.matcher.find_rule(path)
            if rule:
                yield path, rule


def _groups(
    comparison: Comparison, scope: Targets, now: FileChanges, config: Config, cap: int
) -> Iterator[ReadPrompt]:
    """What the groups of now had in the base: a file that was renamed under its old name, if the group had it there."""
    wanted = [group for group, _ in scope.groups]
    if not wanted:
        return
    commit = comparison.commit
    entries = commit.entries() if any(group.sum for group in wanted) else {}
    files = [path for path, entry in entries.items() if entry.kind == "file" and path != config.path]
    links = {link: to for link, to in commit.aliases(entries).items() if isinstance(to, str)}
    had = {one.name: one for one in comparison.config.groups} if comparison.config else {}
    for group in wanted:
        old = _old_names(had.get(group.name), now)
        gone = {path: new for new, path in old.items()}
        names = sorted(gone.get(path, path) for path in files)
        aliases = {link: gone.get(to, to) for link, to in links.items()}
        [one] = groups.match_group_files([group], names, aliases, scope.matcher, config.exclude)
        members = [_as_it_was(file, old) for file in one.files]
        found = groups.read_groups(
            [one._replace(files=members)], commit, config.path, cap, Diagnostics([], [])
        )
        yield from (each._replace(is_base=True) for each in found)


def _old_names(group: Group | None, now: FileChanges) -> dict[str, str]:
    """For the path of each renamed file that a group of the base had, its path there."""
    if group is None:
        return {}
    had = compile_group(group)
    return {
        path: change.base
        for path, change in now.changes.paths.items()
        if change.kind == "renamed" and had(change.base)
    }


def _as_it_was(file: MatchedFile, old: Mapping[str, str]) -> MatchedFile:
    """A file of a group at its place in the base; the patterns of now know it by its name of now."""
    if file.path not in old:
        return file
    return file._replace(path=old[file.path], aliases=(*file.aliases, file.path))


class OfflineRecount(NamedTuple):
    """Counts both sides of a comparison offline, where one of them was counted by the API and the other wasn't."""

    tree: WorkingTree
    commit: Commit
    counter: Callable[[str, Request], Count]
    cap: int

    def both(self, verdict: Verdict, base: str) -> tuple[Count, Count] | None:
        """The counts in the base, at the path `base`, and now; None where one of them is out of reach."""
        prompt, rule = verdict.prompt, verdict.rule
        sides = (
            self._request(self.commit, base, prompt, rule),
            self._request(self.tree, prompt.real_path or prompt.path, prompt, rule),
        )
        try:
            counts = [self.counter(verdict.model, request) for request in sides if request]
        except Unreadable:
            return None
        return (counts[0], counts[1]) if len(counts) == 2 else None

    def _request(self, tree: WorkingTree | Commit, path: str, prompt: Prompt, rule: Rule) -> Request | None:
        companions = IncludeReader(tree, self.cap)
        try:
            name = prompt.path if prompt.real_path else path
            prompts = parse_file(name, tree.read(path, self.cap), rule, companions, Diagnostics([], []))
            return next((one.request for one in prompts if one.name == prompt.name), None)
        except Unreadable:
            return None


class BaseCounts(NamedTuple):
    """What verdicts are set beside: the counts of the base, by prompt and model."""

    comparison: Comparison
    now: FileChanges
    counts: Mapping[Name, Mapping[str, Outcome | OfflineStandIn]]
    recount: OfflineRecount
    owned: Callable[[str], object]

    def compare_verdict(self, verdict: Verdict) -> Verdict:
        """The verdict with what it was in the base."""
        if self.comparison.config is None:
            return judge.add_base(verdict, "new", None, None)
        change, known = self._change(verdict), self.counts.get(_name(verdict))
        if change.kind == "renamed" and not self.owned(change.base):
            return judge.add_base(verdict, "new", None, None)  # it was no prompt where it was
        if change.kind == "new" or (known is None and self._is_new_in_its_file(verdict, change)):
            return judge.add_base(verdict, "new", None, None)
        renamed = change.base if change.kind == "renamed" else ""
        if known is None and change.kind == "unchanged":
            return judge.add_base(
                verdict, "unchanged", verdict.token_count, 0 if verdict.token_count else None
            )
        base, growth = self._growth(verdict, (known or {}).get(verdict.model), change)
        kind = change.kind if change.kind != "unchanged" or not growth else "changed"
        return judge.add_base(verdict, kind, base, growth, renamed)

    def _change(self, verdict: Verdict) -> Change:
        if verdict.prompt.format == groups.FORMAT:
            return Change("unchanged" if _name(verdict) in self.counts else "new")
        return self.now.find_change(verdict.prompt.real_path or verdict.prompt.path)

    def _is_new_in_its_file(self, verdict: Verdict, change: Change) -> bool:
        """Whether the base had the file, and other prompts in it."""
        path = verdict.prompt.path
        return change.kind != "unchanged" and any(name[1] == path for name in self.counts)

    def _growth(
        self, verdict: Verdict, outcome: Outcome | OfflineStandIn | None, change: Change
    ) -> tuple[Count | None, int | None]:
        base = groups.count_of(outcome) if outcome else None
        after = verdict.token_count
        if base is None or after is None:
            return None, None
        if base.origin != after.origin and not (base.tokens == 0 or after.tokens == 0):
            both = self.recount.both(verdict, change.base) if change.base else None
            if both is None:
                return None, None
            base, after = both
        return base, after.tokens - base.tokens

    def list_removed(self, verdicts: Iterable[Verdict], problems: Iterable[Problem]) -> list[RemovedPrompt]:
        """Prompts of the base that none of the verdicts is about. What can't be read any more isn't gone."""
        unread = {problem.path for problem in problems if problem.exit_code == ExitCode.UNCOUNTED}
        left = {_name(verdict) for verdict in verdicts}
        return [
            RemovedPrompt(Prompt(path, name, 0, None), model, count)
            for (group, path, name), outcomes in self.counts.items()
            if not group and (group, path, name) not in left and path not in unread
            for model, outcome in outcomes.items()
            if (count := groups.count_of(outcome))
        ]

    def list_incomparable(self, verdicts: Iterable[Verdict]) -> list[Note]:
        """That there is no growth to tell, for each file that has one verdict without."""
        told = f"can't be compared with {self.comparison.base.name}"
        paths = {
            v.prompt.path: None
            for v in verdicts
            if v.token_count and v.growth is None and v.change not in {"new", ""}
        }
        return [Note(told, path) for path in paths]


def map_base_counts(
    pairs: Iterable[groups.PromptOutcomes],
) -> dict[Name, dict[str, Outcome | OfflineStandIn]]:
    """By prompt and model, what has come of counting the base."""
    found: dict[Name, dict[str, Outcome | OfflineStandIn]] = {}
    for group, members in groupby(pairs, lambda pair: pair[0].group):
        if group and group.sum:
            totals = [outcome for outcome, _ in groups.totals(list(members))]
            found[(group.name, "", "")] = dict(zip(group.rule.models, totals, strict=True))
            continue
        for one, outcomes in members:
            name = (group.name, "", "") if group else ("", one.prompt.path, one.prompt.name)
            found[name] = dict(zip(one.rule.models, outcomes, strict=True))
    return found


def _name(verdict: Verdict) -> Name:
    prompt = verdict.prompt
    return (prompt.name, "", "") if prompt.format == groups.FORMAT else ("", prompt.path, prompt.name)


def mark_preexisting(verdict: Verdict, comparison: Comparison) -> Verdict:
    """Where only changes are judged, a failure that this change didn't make worse is no failure of it.

    Without a configuration in the base, nobody has had a limit to be within yet.
    """
    if comparison.config is None:
        return verdict._replace(is_preexisting=verdict.status in {"over", "grew"})
    return judge.mark_preexisting(verdict) if comparison.policy == "changed" else verdict


def demote_base_problems(said: Diagnostics, comparison: Comparison, now: FileChanges) -> None:
    """Turns what was wrong with a file in the base already into a note, where only changes are judged."""
    if comparison.policy != "changed":
        return
    old = [one for one in said.problems if one.exit_code != ExitCode.USAGE and _untouched(one.path, now)]
    said.problems[:] = [one for one in said.problems if one not in old]
    said.notes.extend(Note(f"as in the base already: {one.message}", one.path, one.line) for one in old)


def _untouched(path: str, now: FileChanges) -> bool:
    return now.find_change(path).kind == "unchanged"


def list_loosenings(
    comparison: Comparison, config: Config, scope: Targets, now: FileChanges
) -> list[Loosening]:
    """What the configuration allows that the base's didn't."""
    moved = {change.base: path for path, change in now.changes.paths.items() if change.kind == "renamed"}
    if comparison.config is None or (comparison.config == config and not moved):
        return []
    # All that the base had: what no rule owns any more may lie where nothing is looked for now.
    had = [path for path, entry in comparison.commit.entries().items() if entry.kind == "file"]
    there = set(scope.files)
    paths = {
        moved.get(path, path): path
        for path in had
        if path in moved or path in there or os.path.lexists(os.path.join(comparison.commit.top, path))
    }
    return find_loosenings(comparison.config, config, paths)
