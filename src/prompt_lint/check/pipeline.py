"""The pipeline of `check`: find the targets, read their prompts, count them, judge the counts, and report."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import run_notes
from prompt_lint.check.breakdown import break_down_worst
from prompt_lint.check.exemptions import note_unneeded
from prompt_lint.check.judge import (
    accept_by_label,
    apply_exemption,
    apply_exemptions_to_problems,
    decide_exit_code,
    list_exempt_paths,
)
from prompt_lint.check.read_prompts import Diagnostics, read_files
from prompt_lint.check.remembered_files import RememberedFiles
from prompt_lint.check.targets import find_targets, find_unmatched, note_submodules
from prompt_lint.check.verdicts import count_prompts, judge_outcomes, plan_requests
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Note, Report
from prompt_lint.repo.links import list_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.check.comparison import Comparison
    from prompt_lint.check.group_sums import PromptOutcomes
    from prompt_lint.check.groups import GroupFiles
    from prompt_lint.check.read_prompts import ReadResult
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.configuration import Config
    from prompt_lint.counting.sources import CountResults, CountSources
    from prompt_lint.model.values import OnRaise, Problem, Verdict
    from prompt_lint.repo.working_tree import WorkingTree


class Settings(NamedTuple):
    """Settings that come from flags and the environment only, never from a file of the repository."""

    exit_zero: bool
    outage_fails: bool
    today: str  # in UTC, as YYYY-MM-DD
    allow_unmatched: bool | None  # None: the command has no option for it
    accept_label: str  # with it on the pull request no size fails; "" where no label can change that
    is_accepted: bool  # the pull request has that label
    on_raise: OnRaise
    raise_label: str


class Run(NamedTuple):
    tree: WorkingTree
    config: Config
    sources: CountSources
    settings: Settings


def check_prompts(run: Run, paths: Sequence[str], comparison: Comparison | None = None) -> Report:
    """Judge every prompt below `paths`, or every prompt where no path is given.

    `paths` are relative to the top of the tree, which itself is "". What a `comparison` needs is counted together with the
    prompts.
    """
    tree, config, sources, settings = run
    remembered = RememberedFiles(tree, sources)
    paths = _replace_configs(paths, tree, config)
    targets = find_targets(tree, config, paths, remembered, whole=comparison is not None)
    remembered.look_up(targets.matched)
    results = chain(
        targets.problems, read_files(tree, targets.matched, remembered), _read_groups(targets.groups, tree)
    )
    if comparison:
        report = _compare(run, comparison, targets, results)
    else:
        report = judge_prompts(results, targets.source_count, sources, settings)
    must_match = not (targets.is_everything or settings.allow_unmatched)
    unmatched = find_unmatched(targets, report.problems, paths, tree, remembered) if must_match else []
    unmatched = [path for path in unmatched if not config.list_mistakes([path])]
    return _complete_report(report, run, targets, unmatched)


def _complete_report(report: Report, run: Run, targets: Targets, unmatched: Sequence[str]) -> Report:
    """Return the report with what concerns the run as a whole. `unmatched` are paths that lead to no prompt."""
    tree, config, _, settings = run
    problems = [
        *report.problems,
        *run_notes.report_nothing_measured(
            config, targets, report, unmatched, has_option=settings.allow_unmatched is not None
        ),
        *(run_notes.report_empty_rules(config, targets, report) if targets.is_everything else ()),
    ]
    verdicts, problems, exempt_notes = _apply_exemptions(report.verdicts, problems, targets, settings)
    noted = [*report.notes, *exempt_notes]
    notes = [
        *(Note(warning, kind="no-base") for warning in tree.warnings),
        *map(Note, tree.notes),
        *(note for note in noted if note.kind not in config.find_governing(note.path).notes_off),
        *run_notes.note_unmatched(targets, report, unmatched),
        *(run_notes.note_unused_parts(config, verdicts) if targets.is_everything else ()),
        *(note_submodules(targets, config) if targets.is_everything else ()),
    ]
    verdicts = break_down_worst(tree, verdicts)
    report = report._replace(
        config_path=config.path,
        verdicts=verdicts,
        problems=problems,
        notes=notes,
        file_count=len(targets.matched),
        nested_configs=[nested.path for nested in config.nested],
        prices={price.model: price.dollars for price in config.prices},
        exempt_paths=list_exempt_paths(targets.exemptions, settings.today),
    )
    return report._replace(exit_code=decide_exit_code(report, exit_zero=settings.exit_zero))


def _replace_configs(paths: Sequence[str], tree: WorkingTree, config: Config) -> Sequence[str]:
    """Return `paths` with its folder in the place of each configuration, which may have changed any verdict there.

    Nothing, which is everything, where the top is among them.
    """
    folders = {name: each.folder for each in config.list_all() for name in list_names(tree, each.path)}
    replaced = dict.fromkeys(folders.get(path, path) for path in paths)
    return () if "" in replaced else list(replaced)


def _apply_exemptions(
    verdicts: Iterable[Verdict], problems: Sequence[Problem], targets: Targets, settings: Settings
) -> tuple[list[Verdict], list[Problem], list[Note]]:
    """Return the verdicts and problems that remain, and notes: which problems are exempt, which exemptions aren't needed."""
    exemptions, today = targets.exemptions, settings.today
    failing, notes = apply_exemptions_to_problems(problems, exemptions, today)
    exempted = [apply_exemption(verdict, exemptions, today) for verdict in verdicts]
    if targets.is_everything:
        problem_paths = {problem.path for problem in problems}
        notes += note_unneeded(exemptions, exempted, problem_paths)
    label = settings.accept_label if settings.is_accepted else ""
    return [accept_by_label(verdict, label) for verdict in exempted], failing, notes


def judge_prompts(
    results: Iterable[ReadResult], file_count: int, sources: CountSources, settings: Settings
) -> Report:
    """Count the prompts of so many files and judge them, without a base. The report lacks configuration and number of files."""
    diagnostics = Diagnostics([], [])
    outcomes, counts = count_prompts(diagnostics.sort(results), sources, file_count)
    verdicts = judge_outcomes(outcomes, diagnostics.problems)
    return _make_report(outcomes, list(verdicts), counts, diagnostics, sources, settings)


def _read_groups(groups: Sequence[GroupFiles], tree: WorkingTree) -> Iterable[ReadResult]:
    """Return what is to be counted and reported of groups."""
    if not groups:
        return ()
    from prompt_lint.check.group_prompts import read_groups  # noqa: PLC0415  # few runs have groups

    return read_groups(groups, tree)


def judge_groups(run: Run, groups: Sequence[GroupFiles]) -> Report:
    report = judge_prompts(_read_groups(groups, run.tree), len(groups), run.sources, run.settings)
    return report._replace(config_path=run.config.path)


def _compare(run: Run, comparison: Comparison, targets: Targets, results: Iterable[ReadResult]) -> Report:
    """Count prompts and base together, and judge each prompt beside what the base had."""
    from prompt_lint.check import base_counts, base_prompts, both_sides, loosened_limits  # noqa: PLC0415  # 10 ms that a run without a base needn't pay

    tree, config, sources, settings = run
    base_matcher = targets.matcher
    if comparison.config and comparison.config != config:
        base_matcher = compile_config(comparison.config)
    changes = base_prompts.find_file_changes(tree, comparison, targets, base_matcher, config)
    base_problems = base_prompts.BaseProblems(set(), set(), set())
    read_base = base_prompts.read_base_prompts(tree, comparison, targets, changes, base_problems)
    diagnostics = Diagnostics([], [])
    # Nothing is read until `count_prompts` asks for prompts: only then are `diagnostics` and `base_problems` complete. Files are
    # counted as unread before those problems become notes that the base had, too.
    prompts = chain(diagnostics.sort(results), read_base)
    outcomes, counts = count_prompts(prompts, sources, targets.source_count)
    outcomes = both_sides.pair_on_demand(outcomes)
    unread_files = base_counts.count_unread_files(diagnostics.problems, config)
    demoted_paths = base_counts.demote_base_problems(diagnostics, comparison, changes, base_problems)
    current = [pair for pair in outcomes if not pair[0].is_base]
    judged = judge_outcomes(current, diagnostics.problems)
    base = base_counts.BaseCounts(
        tree, comparison, changes, outcomes, targets.matcher, base_matcher, base_problems
    )
    verdicts = [base.compare_verdict(verdict) for verdict in judged]
    report = _make_report(outcomes, verdicts, counts, diagnostics, sources, settings)
    removed = base.list_removed(verdicts, report.problems)
    return report._replace(
        verdicts=[base.apply_policy(verdict) for verdict in verdicts],
        notes=base.collect_notes(report.notes, verdicts, removed),
        base=comparison.base,
        removed=removed,
        loosened=loosened_limits.list_loosenings(tree, comparison, config, targets, changes, outcomes),
        on_raise=settings.on_raise,
        raise_label=settings.raise_label,
        unread_files=unread_files,
        demoted_paths=demoted_paths,
    )


def _make_report(
    outcomes: Sequence[PromptOutcomes],
    verdicts: list[Verdict],
    results: CountResults,
    diagnostics: Diagnostics,
    sources: CountSources,
    settings: Settings,
) -> Report:
    """Return the report, but for its configuration and its number of files."""
    problems, notes = diagnostics
    notes = [
        *dict.fromkeys(notes),  # a file is read once more by each file that imports it
        *run_notes.note_blank_prompts(verdicts),
        *run_notes.note_drifts(results),
        *run_notes.note_obeyed_variables(results, sources.service),
        *run_notes.note_disputed_counts(verdicts, results),
    ]
    if results.failures:
        outage = run_notes.describe_outage(results, fails=settings.outage_fails)
        if settings.outage_fails:
            problems.append(outage)
        else:
            notes.append(Note(f"{outage.message}; {outage.hint}"))
    report = Report(
        "", verdicts, problems, notes, 0, ExitCode.OK,
        requests_sent=len(results.sent_to),
        api_host=results.sent_to[0] if results.sent_to else "",
        requests_failed=len(results.failures),
        planned=plan_requests(outcomes) if sources.is_dry_run else (),
        accept_label=settings.accept_label,
        exact_needs=sources.exact_needs,
    )  # fmt: skip
    return report._replace(exit_code=decide_exit_code(report, exit_zero=settings.exit_zero))
