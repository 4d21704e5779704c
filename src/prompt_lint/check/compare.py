"""Verdicts beside what the base had: growth, and which failures the change didn't make worse."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import judge
from prompt_lint.check.group_sums import find_count, sum_members
from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, parse_file
from prompt_lint.config.loosenings import find_loosenings
from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.values import Loosening, Note, Prompt, RemovedPrompt
from prompt_lint.repo.changes import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prompt_lint.check.base import Comparison
    from prompt_lint.check.base_prompts import FileChanges
    from prompt_lint.check.group_sums import PromptOutcomes
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.sources import OfflineStandIn
    from prompt_lint.model.counts import Count, Outcome
    from prompt_lint.model.values import Problem, Request, Rule, Verdict
    from prompt_lint.repo import Tree
    from prompt_lint.repo.commit_tree import CommitTree
    from prompt_lint.repo.working_tree import WorkingTree

# What identifies a prompt on both sides: its group or "", its current path, its name there.
PromptName = tuple[str, str, str]


class OfflineRecount(NamedTuple):
    """Counts both sides of a comparison offline, where one of them was counted by the API and the other wasn't."""

    tree: WorkingTree
    commit: CommitTree
    count_request: Callable[[str, Request], Count]
    max_file_size: int

    def count_both(self, verdict: Verdict, base_path: str) -> tuple[Count, Count] | None:
        """Return the counts in the base and now; None where one of them can't be had."""
        prompt, rule = verdict.prompt, verdict.rule
        sides = (
            self._find_request(self.commit, base_path, prompt, rule),
            self._find_request(self.tree, prompt.real_path or prompt.path, prompt, rule),
        )
        try:
            counts = [self.count_request(verdict.model, request) for request in sides if request]
        except Unreadable:
            return None
        return (counts[0], counts[1]) if len(counts) == 2 else None

    def _find_request(self, tree: Tree, path: str, prompt: Prompt, rule: Rule) -> Request | None:
        reader = IncludeReader(tree, self.max_file_size)
        name = prompt.path if prompt.real_path else path
        try:
            data = tree.read(path, self.max_file_size)
            prompts = parse_file(name, data, rule, reader, Diagnostics([], []))
            return next((other.request for other in prompts if other.name == prompt.name), None)
        except Unreadable:
            return None


class BaseCounts(NamedTuple):
    """The counts of the base, by prompt and model, to set verdicts beside.

    `find_base_rule` returns the rule that applied to a path in the base.
    """

    comparison: Comparison
    changes: FileChanges
    counts: Mapping[PromptName, Mapping[str, Outcome | OfflineStandIn]]
    recount: OfflineRecount
    find_base_rule: Callable[[str], Rule | None]

    def compare_verdict(self, verdict: Verdict) -> Verdict:
        """Return the verdict with what the prompt was in the base."""
        if self.comparison.config is None:
            return judge.add_base(verdict, "new", None, None)
        change, outcomes = self._find_change(verdict), self.counts.get(_identify(verdict))
        if change.kind == "renamed" and not self.find_base_rule(change.base_path):
            return judge.add_base(verdict, "new", None, None)  # it was no prompt at its old path
        if change.kind == "new" or (outcomes is None and self._is_new_in_its_file(verdict, change)):
            return judge.add_base(verdict, "new", None, None)
        if outcomes is None and change.kind == "unchanged":
            count = verdict.token_count
            return judge.add_base(verdict, "unchanged", count, 0 if count else None)
        base_count, growth = self._measure_growth(verdict, (outcomes or {}).get(verdict.model), change)
        kind = change.kind if change.kind != "unchanged" or not growth else "changed"
        renamed_from = change.base_path if change.kind == "renamed" else ""
        return judge.add_base(verdict, kind, base_count, growth, renamed_from)

    def _find_change(self, verdict: Verdict) -> Change:
        if verdict.prompt.is_group:
            return Change("unchanged" if _identify(verdict) in self.counts else "new")
        return self.changes.find_change(verdict.prompt.real_path or verdict.prompt.path)

    def _is_new_in_its_file(self, verdict: Verdict, change: Change) -> bool:
        """Return whether the base had the file, with other prompts in it."""
        path = verdict.prompt.path
        return change.kind != "unchanged" and any(name[1] == path for name in self.counts)

    def _measure_growth(
        self, verdict: Verdict, outcome: Outcome | OfflineStandIn | None, change: Change
    ) -> tuple[Count | None, int | None]:
        """Return the base's count and the growth in tokens, by one source; None for both where that can't be had."""
        base = find_count(outcome) if outcome else None
        current = verdict.token_count
        if base is None or current is None:
            return None, None
        if base.origin != current.origin and not (base.tokens == 0 or current.tokens == 0):
            both = self.recount.count_both(verdict, change.base_path) if change.base_path else None
            if both is None:
                return None, None
            base, current = both
        return base, current.tokens - base.tokens

    def list_removed(self, verdicts: Iterable[Verdict], problems: Iterable[Problem]) -> list[RemovedPrompt]:
        """Return the prompts of the base that have no verdict. One that can't be read any more isn't removed."""
        unreadable = {problem.path for problem in problems if problem.exit_code == ExitCode.UNCOUNTED}
        current = {_identify(verdict) for verdict in verdicts}
        return [
            RemovedPrompt(Prompt(path, name, 0, None), model, count)
            for (group, path, name), outcomes in self.counts.items()
            if not group and (group, path, name) not in current and path not in unreadable
            for model, outcome in outcomes.items()
            if (count := find_count(outcome))
        ]

    def list_incomparable(self, verdicts: Iterable[Verdict]) -> list[Note]:
        """Return a note for each file with a prompt whose growth can't be measured."""
        message = f"can't be compared with {self.comparison.base.name}"
        paths = {
            verdict.prompt.path: None
            for verdict in verdicts
            if verdict.token_count and verdict.growth is None and verdict.change not in {"new", ""}
        }
        return [Note(message, path) for path in paths]


def map_base_counts(
    pairs: Iterable[PromptOutcomes],
) -> dict[PromptName, dict[str, Outcome | OfflineStandIn]]:
    """Return by prompt and model what came of counting the base."""
    counts: dict[PromptName, dict[str, Outcome | OfflineStandIn]] = {}
    for group, members in groupby(pairs, lambda pair: pair[0].group):
        if group and group.sum:
            totals = [total for total, _ in sum_members(list(members))]
            counts[group.name, "", ""] = dict(zip(group.rule.models, totals, strict=True))
            continue
        for read, outcomes in members:
            name = (group.name, "", "") if group else ("", read.prompt.path, read.prompt.name)
            counts[name] = dict(zip(read.rule.models, outcomes, strict=True))
    return counts


def _identify(verdict: Verdict) -> PromptName:
    prompt = verdict.prompt
    return (prompt.name, "", "") if prompt.is_group else ("", prompt.path, prompt.name)


def apply_policy(verdict: Verdict, comparison: Comparison) -> Verdict:
    """Mark a failure that this change didn't make worse, where only changes are judged.

    Where the base has no configuration, no failure is the change's: there was no limit yet.
    """
    if comparison.config is None:
        return verdict._replace(is_preexisting=verdict.status in {"over", "grew"})
    return judge.mark_preexisting(verdict) if comparison.policy == "changed" else verdict


def demote_base_problems(diagnostics: Diagnostics, comparison: Comparison, changes: FileChanges) -> None:
    """Turn the problems of unchanged files into notes, where only changes are judged."""
    if comparison.policy != "changed":
        return
    old = [
        problem
        for problem in diagnostics.problems
        if problem.exit_code != ExitCode.USAGE and changes.find_change(problem.path).kind == "unchanged"
    ]
    diagnostics.problems[:] = [problem for problem in diagnostics.problems if problem not in old]
    diagnostics.notes.extend(
        Note(f"as in the base already: {problem.message}", problem.path, problem.line) for problem in old
    )


def list_loosenings(
    comparison: Comparison, config: Config, targets: Targets, changes: FileChanges
) -> list[Loosening]:
    """Return what the configuration allows that the base's didn't."""
    new_paths = {
        change.base_path: path for path, change in changes.changes.paths.items() if change.kind == "renamed"
    }
    if comparison.config is None or (comparison.config == config and not new_paths):
        return []
    # All that the base had: a file that no rule applies to any more may be where nothing is looked for now.
    base_paths = [path for path, entry in comparison.commit.list_entries().items() if entry.kind == "file"]
    current_paths = set(targets.files)
    paths = {
        new_paths.get(path, path): path
        for path in base_paths
        if path in new_paths
        or path in current_paths
        or os.path.lexists(os.path.join(comparison.commit.top, path))
    }
    return find_loosenings(comparison.config, config, paths)
