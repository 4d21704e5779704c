"""Verdicts beside what the base had: growth, and which failures the change didn't make worse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import judge
from prompt_lint.check.both_sides import (
    RequestDifference,
    compare_requests,
    find_changed_prompts,
    find_lost_imports,
    map_base_counts,
)
from prompt_lint.check.group_prompts import read_groups
from prompt_lint.check.groups import make_key
from prompt_lint.check.read_prompts import IncludeReader, ReadPrompt, parse_prompts
from prompt_lint.counting.offline_counts import count_request
from prompt_lint.counting.sources import find_count
from prompt_lint.formats.imported_files import is_meant_as_import
from prompt_lint.model.counts import sum_counts
from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.rules import ON_DEMAND
from prompt_lint.model.values import Note, Prompt, PromptKey, RemovedPrompt, group_by_prompt
from prompt_lint.repo.changes import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.check.base_prompts import BaseProblems, FileChanges
    from prompt_lint.check.comparison import Comparison
    from prompt_lint.check.group_sums import PromptOutcomes
    from prompt_lint.check.groups import GroupFiles
    from prompt_lint.check.read_prompts import Diagnostics
    from prompt_lint.config.configuration import Config
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.counting.sources import OfflineStandIn
    from prompt_lint.model.counts import Count, Outcome
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Problem, Request, Verdict
    from prompt_lint.repo import Tree
    from prompt_lint.repo.commit_tree import CommitTree
    from prompt_lint.repo.working_tree import WorkingTree


class OfflineRecount(NamedTuple):
    """Counts both sides of a comparison offline, where one of them was counted by the API and the other wasn't.

    `groups` have their files of now, and those of the base.
    """

    tree: WorkingTree
    commit: CommitTree
    groups: Mapping[PromptKey, tuple[GroupFiles, GroupFiles]]

    def count_group(
        self, key: PromptKey, model: str, difference: RequestDifference
    ) -> tuple[Count, Count] | None:
        """Return the counts of a group in the base and now, with what differs counted offline."""
        current, base = self.groups[key]
        try:
            base_count = _count_members(self.commit, base, model, difference.base)
            count = _count_members(self.tree, current, model, difference.current)
        except (Unreadable, KeyError):  # of a file that somebody has just written, the request is another
            return None
        return sum_counts([difference.unchanged, base_count]), sum_counts([difference.unchanged, count])

    def count_prompt(self, verdict: Verdict, base_path: str) -> tuple[Count, Count] | None:
        """Return the counts in the base and now; None where one of them can't be had."""
        prompt, rule = verdict.prompt, verdict.rule
        sides = (
            self._find_request(self.commit, base_path, prompt, rule),
            self._find_request(self.tree, prompt.real_path or prompt.path, prompt, rule),
        )
        try:
            counts = [count_request(verdict.model, request) for request in sides if request]
        except Unreadable:
            return None
        return (counts[0], counts[1]) if len(counts) == 2 else None

    def _find_request(self, tree: Tree, path: str, prompt: Prompt, rule: Rule) -> Request | None:
        reader = IncludeReader(tree)
        name = prompt.path if prompt.real_path else path
        # As `pair_on_demand` does.
        prompt_names = {ON_DEMAND, ""} if prompt.name == ON_DEMAND else {prompt.name}
        try:
            data = tree.read(tree.resolve(path))
            prompts = parse_prompts(name, data, rule, reader)
            return next((other.request for other in prompts if other.name in prompt_names), None)
        except Unreadable:
            return None


def _count_members(tree: Tree, files: GroupFiles, model: str, digests: Sequence[str]) -> Count:
    """Return the offline count of those requests of a group. They are read anew: texts aren't kept. Raises `Unreadable`."""
    counts: dict[str, Count] = {}
    wanted = set(digests)
    for read in read_groups([files], tree):
        if isinstance(read, ReadPrompt) and read.prompt.request and read.digest in wanted:
            counts[read.digest] = count_request(model, read.prompt.request)
    return sum_counts([counts[digest] for digest in digests])


class BaseCounts:
    """The counts of the base, by prompt and model, to set verdicts beside.

    `outcomes` are those of both sides. `matcher` has the rules of now, `base_matcher` those of the base; where that has no
    configuration, today's.
    """

    def __init__(
        self,
        tree: WorkingTree,
        comparison: Comparison,
        changes: FileChanges,
        outcomes: Sequence[PromptOutcomes],
        matcher: RuleMatcher,
        base_matcher: RuleMatcher,
        problems: BaseProblems,
    ) -> None:
        self._comparison = comparison
        self._changes = changes
        self._matcher = matcher
        self._base_matcher = base_matcher
        groups = {make_key(current.group): (current, base) for current, base in changes.groups}
        self._recount = OfflineRecount(tree, comparison.commit, groups)
        self._counts = map_base_counts(pair for pair in outcomes if pair[0].is_base)
        self._faulty = problems.faulty
        self._read_paths = problems.read_paths - {key.path for key in problems.faulty}
        self._read_paths |= {key.path for key in self._counts}
        self._lost_imports = find_lost_imports(outcomes)
        self._changed_prompts = find_changed_prompts(outcomes)
        self._differences = compare_requests(outcomes)

    def compare_verdict(self, verdict: Verdict) -> Verdict:
        """Return the verdict with what the prompt was in the base."""
        lost_imports = tuple(self._lost_imports.get(verdict.prompt.key, ()))
        unchanged = self._find_difference(verdict).unchanged
        return self._compare_count(verdict)._replace(lost_imports=lost_imports, unchanged_count=unchanged)

    def _find_difference(self, verdict: Verdict) -> RequestDifference:
        return self._differences.get((verdict.prompt.key, verdict.model), RequestDifference())

    def _compare_count(self, verdict: Verdict) -> Verdict:
        change, outcomes = self._find_change(verdict), self._counts.get(verdict.prompt.key)
        if change.kind == "new" or (outcomes is None and self._is_new_in_its_file(verdict, change)):
            return verdict._replace(change="new")
        base_limit, base_reserve = self._find_base_limit(verdict)
        verdict = verdict._replace(base_limit=base_limit, base_reserve=base_reserve)
        if outcomes is None and change.kind == "unchanged":
            count = verdict.token_count
            return verdict._replace(change="unchanged", base_count=count, growth=0 if count else None)
        base_count, growth = self._measure_growth(verdict, (outcomes or {}).get(verdict.model), change)
        kind = change.kind
        # A file may change in another prompt, or in what it imports.
        if kind != "renamed" and growth is not None:
            has_changed = growth or verdict.prompt.key in self._changed_prompts
            kind = "changed" if has_changed else "unchanged"
        renamed_from = change.base_path if change.kind == "renamed" else ""
        verdict = verdict._replace(
            change=kind, base_count=base_count, growth=growth, renamed_from=renamed_from
        )
        return verdict if self._comparison.config is None else judge.judge_growth(verdict)

    def _find_base_limit(self, verdict: Verdict) -> tuple[int | None, int]:
        """Return the limit that applied in the base, and its reserve; None and 0 where none did.

        Of several, by the names of the file, it is the one that left the least to the prompt.
        """
        prompt = verdict.prompt
        if self._comparison.config is None:
            return None, 0
        if prompt.is_group:
            base_group = self._changes.base_groups.get(prompt.key)
            rules = [base_group.rule] if base_group else []
        else:
            names = self._changes.base_names.get(prompt.path, ())
            # A link with other limits of its own is another prompt, beside this one.
            own = [name for name in names if self._is_judged_alike(name, verdict.rule)]
            rules = list(filter(None, map(self._base_matcher.find_rule, own or names)))
        name, model = prompt.name, verdict.model
        limits = [
            (rule.own_limits_for(name)[model], rule.limits_for(name)[model], rule.reserve)
            for rule in rules
            if model in rule.limits_for(name)
        ]
        return min(limits)[1:] if limits else (None, 0)

    def _is_judged_alike(self, name: str, other: Rule) -> bool:
        rule = self._matcher.find_rule(name)
        return rule is None or rule.judging == other.judging

    def _find_change(self, verdict: Verdict) -> Change:
        if verdict.prompt.is_group:
            key = verdict.prompt.key
            return Change("unchanged" if key in self._counts else "changed" if key in self._faulty else "new")
        return self._changes.find_change(verdict.prompt.path)

    def _is_new_in_its_file(self, verdict: Verdict, change: Change) -> bool:
        """Return whether the base had the file, without this prompt in it."""
        return change.kind != "unchanged" and verdict.prompt.path in self._read_paths

    def _measure_growth(
        self, verdict: Verdict, outcome: Outcome | OfflineStandIn | None, change: Change
    ) -> tuple[Count | None, int | None]:
        """Return the base's count and the growth in tokens, by one source; None for both where that can't be had."""
        base = find_count(outcome) if outcome else None
        current = verdict.token_count
        if base is None or current is None:
            return None, None
        is_mixed = self._find_difference(verdict).is_mixed
        pairs = [] if is_mixed else [(base, current)]
        if is_mixed or base.is_disputed or current.is_disputed:
            both = self._count_both(verdict, change)
            pairs += [both] if both else []
        if not pairs:
            return None, None
        # Of a gateway's numbers and the offline ones, the pair that grew more is judged.
        base, current = max(pairs, key=lambda pair: pair[1].tokens - pair[0].tokens)
        return base, current.tokens - base.tokens

    def _count_both(self, verdict: Verdict, change: Change) -> tuple[Count, Count] | None:
        if verdict.prompt.is_group:
            difference = self._find_difference(verdict)
            return self._recount.count_group(verdict.prompt.key, verdict.model, difference)
        return self._recount.count_prompt(verdict, change.base_path) if change.base_path else None

    def apply_policy(self, verdict: Verdict) -> Verdict:
        """Mark a failure that this change didn't make worse, where only changes are judged.

        Where the base has no configuration, no failure is the change's: there was no limit yet, nor a largest growth.
        """
        judges_changes = self._comparison.judges_changes(verdict.prompt.path)
        if self._comparison.config is None:
            return verdict._replace(is_preexisting=judges_changes and verdict.status == "over")
        if not judges_changes or self._was_moved_over_limit(verdict):
            return verdict
        return judge.mark_preexisting(verdict)

    def _was_moved_over_limit(self, verdict: Verdict) -> bool:
        """Return whether a prompt is over a limit that the base had already for a path or link that it has only now."""
        prompt, own_limit = verdict.prompt, verdict.own_limit
        if verdict.was_over or own_limit is None or prompt.is_group:
            return False
        names = {prompt.path, *prompt.aliases}.difference(self._changes.base_names.get(prompt.path, ()))
        rules = filter(None, map(self._base_matcher.find_rule, names))
        limits = (rule.own_limits_for(prompt.name).get(verdict.model) for rule in rules)
        return any(limit is not None and limit <= own_limit for limit in limits)

    def list_removed(self, verdicts: Iterable[Verdict], problems: Iterable[Problem]) -> list[RemovedPrompt]:
        """Return the prompts of the base that have no verdict. One that can't be read any more isn't removed."""
        unreadable = {problem.path for problem in problems if problem.exit_code == ExitCode.UNCOUNTED}
        current = {verdict.prompt.key for verdict in verdicts}
        return [
            RemovedPrompt(Prompt(key.path, key.name, 0, None), model, count)
            for key, outcomes in self._counts.items()
            if not key.is_group and key not in current and key.path not in unreadable
            for model, outcome in outcomes.items()
            if (count := find_count(outcome))
        ]

    def collect_notes(
        self, notes: Iterable[Note], verdicts: Sequence[Verdict], removed: Iterable[RemovedPrompt]
    ) -> list[Note]:
        """Return those of `notes` that concern the change, and what is to be noted of the comparison."""
        return [
            *self._select_notes(notes, verdicts),
            *_note_lost_imports(verdicts, self._comparison.base.name),
            *self._list_incomparable(verdicts),
            *self._note_possible_renames(verdicts, removed),
            *self._note_lost_names(verdicts, removed),
            *map(Note, self._changes.by_git.notes),
        ]

    def _select_notes(self, notes: Iterable[Note], verdicts: Iterable[Verdict]) -> Iterator[Note]:
        """Yield the notes on the run; and those on changed files, or on all where the policy is to judge all."""
        changed = {verdict.prompt.path for verdict in verdicts if verdict.change != "unchanged"}
        for note in notes:
            is_old = note.path not in changed and self._changes.find_change(note.path).kind == "unchanged"
            if note.kind == "note" or not (self._comparison.judges_changes(note.path) and is_old):
                yield note

    def _list_incomparable(self, verdicts: Iterable[Verdict]) -> list[Note]:
        """Return a note for each file with a prompt whose growth can't be measured."""
        message = f"can't be compared with {self._comparison.base.name}"
        incomparable = {
            verdict.prompt.path: None
            for verdict in verdicts
            if verdict.token_count and verdict.growth is None and verdict.change not in {"new", ""}
        }
        return [Note(message, path) for path in incomparable]

    def _note_possible_renames(
        self, verdicts: Iterable[Verdict], removed_prompts: Iterable[RemovedPrompt]
    ) -> list[Note]:
        """Return a note for each file with a new prompt that would have grown too much, were it one that is gone.

        That is a prompt of a deleted file of the same rule, or the largest that is gone from its own file.
        """
        if self._comparison.config is None:  # so no growth was too much
            return []
        message = (
            "new, so `max_growth` doesn't apply; a prompt of the same rule is gone: if this is that one, renamed and "
            "rewritten, it grew by more than is allowed"
        )
        removed = {file.display_path: file.rule for file in self._changes.removed}
        by_size = sorted(removed_prompts, key=lambda each: each.base_count.tokens)
        largest = {(each.prompt.path, each.model): each.base_count for each in by_size}
        paths = {
            verdict.prompt.path: None
            for verdict in verdicts
            if verdict.change == "new" and verdict.rule.max_growth
            if self._outgrew(verdict, largest.get((verdict.prompt.path, verdict.model)))
            or any(
                self._outgrew(verdict, self._find_base_count(path, verdict))
                for path, rule in removed.items()
                if rule is verdict.rule
            )
        }
        return [Note(message, path) for path in paths]

    def _find_base_count(self, path: str, verdict: Verdict) -> Count | None:
        """Return what a prompt of the same name had in another file of the base."""
        outcome = self._counts.get(PromptKey(path, verdict.prompt.name), {}).get(verdict.model)
        return find_count(outcome) if outcome else None

    def _outgrew(self, verdict: Verdict, base: Count | None) -> bool:
        current = verdict.token_count
        if base is None or current is None:
            return False
        return judge.exceeds_growth(verdict.rule.max_growth, base.tokens, current.tokens - base.tokens)

    def _note_lost_names(
        self, verdicts: Iterable[Verdict], removed: Iterable[RemovedPrompt]
    ) -> Iterator[Note]:
        """Note each prompt of Python code that isn't counted any more, though its file still has the name."""
        counted = {verdict.prompt.key for verdict in verdicts}
        for path, name in dict.fromkeys((each.prompt.path, each.prompt.name) for each in removed):
            rule, full_name = self._matcher.find_rule(path), name.partition(" ")[0]
            if rule is None or rule.format != "python" or PromptKey(path, full_name) in counted:
                continue
            try:
                text = self._recount.tree.read(self._recount.tree.resolve(path)).decode(errors="replace")
            except Unreadable:
                continue
            if match := re.search(rf"\b{re.escape(full_name.rpartition('.')[2])}\b", text):
                message = (
                    f"`{full_name}` was counted in {self._comparison.base.name} and isn't now: its text is empty, in another file, "
                    "or can't be known without running the code"
                )
                yield Note(message, path, text.count("\n", 0, match.start()) + 1)


def _note_lost_imports(verdicts: Iterable[Verdict], base_name: str) -> Iterator[Note]:
    """Warn of each lost import that nothing else warns of, because it isn't written like a path."""
    for prompt, of_prompt in group_by_prompt(verdicts):
        for path in of_prompt[0].lost_imports:
            if not is_meant_as_import(path) and not prompt.is_group:
                message = f"imported `{path}` in {base_name}, which isn't there any more"
                yield Note(message, prompt.path, 0, "lost-import")


def count_unread_files(problems: Iterable[Problem], config: Config) -> int:
    """Return how many files couldn't be read, or not whole. What is wrong with a group is at the configuration."""
    paths = {problem.path for problem in problems if problem.exit_code == ExitCode.UNCOUNTED}
    return len(paths.difference(config.list_paths()))


def demote_base_problems(
    diagnostics: Diagnostics, comparison: Comparison, changes: FileChanges, base_problems: BaseProblems
) -> set[str]:
    """Turn the problems that the base had in the same file or group into notes, where only changes are judged.

    Return the paths of these problems.
    """
    old = [
        problem
        for problem in diagnostics.problems
        if problem.exit_code != ExitCode.USAGE
        and comparison.judges_changes(problem.path)
        and base_problems.includes(problem, changes)
    ]
    diagnostics.problems[:] = [problem for problem in diagnostics.problems if problem not in old]
    diagnostics.notes.extend(
        Note(f"as in the base already: {problem.message}", problem.path, problem.line) for problem in old
    )
    return {problem.path for problem in old}
