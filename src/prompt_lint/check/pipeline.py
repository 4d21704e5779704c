"""The pipeline of `check`: a tree and its rules → a report. It prints nothing and exits nowhere."""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import groups
from prompt_lint.check.judge import apply_exemption, decide_exit_code, judge_count
from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, read_files
from prompt_lint.check.targets import find_targets
from prompt_lint.check.unchanged_files import UnchangedFiles
from prompt_lint.config.rule_matching import compile_rules
from prompt_lint.counting.processes import CountJob
from prompt_lint.counting.sources import OfflineStandIn, count_all
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.values import (
    EMPTY_COUNT,
    Count,
    CountKey,
    ImportShares,
    Note,
    Problem,
    Report,
    Section,
)
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.check.compare import Comparison
    from prompt_lint.check.groups import PromptOutcomes
    from prompt_lint.check.read_prompts import ReadPrompt
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.processes import OfflineCounter, Outcome
    from prompt_lint.counting.sources import CountResults, CountSources, OutcomesByKey
    from prompt_lint.model.values import Group, Part, Verdict
    from prompt_lint.repo.working_tree import WorkingTree

# Sections shown of a prompt that fails.
_LARGEST = 3
_WEIGHED = 30
# Prompts that are broken down in a run: more are over only where a limit has just been set too low.
_BROKEN_DOWN = 100


class Options(NamedTuple):
    """Settings that come from flags and the environment only, never from a file of the repository."""

    max_file_size: int
    exit_zero: bool
    outage_fails: bool
    today: str  # in UTC, as YYYY-MM-DD


def check_prompts(
    tree: WorkingTree,
    config: Config,
    paths: Sequence[str],
    means: CountSources,
    options: Options,
    comparison: Comparison | None = None,
) -> Report:
    """Judge every prompt below `paths` (all of them, if none is given).

    `paths` are relative to the top of the tree. Where the configuration itself is among them, everything
    is checked, since it may have changed any verdict. What a `comparison` needs is counted in the same go.
    """
    everything = not paths or not _names(tree, config).isdisjoint(paths)
    cap = options.max_file_size
    unchanged = UnchangedFiles(tree, means, cap)
    scope = find_targets(
        tree, config, () if everything else paths, cap, unchanged, whole=comparison is not None
    )
    unchanged.look_up(scope.matched)
    files, said = len(scope.matched), Diagnostics(scope.problems, [])
    prompts = chain(
        read_files(tree, scope.matched, unchanged, cap, said),
        groups.read_groups(scope.groups, tree, config.path, cap, said),
    )
    if comparison is None:
        report = judge_prompts(config.path, prompts, means, said, options)
    else:
        report = _compared(tree, config, comparison, scope, prompts, means, said, options)
    report = report._replace(verdicts=_excused(report.verdicts, config, options.today))
    worst = {id(verdict) for verdict in _worst(report.verdicts)}
    verdicts = [
        _break_down(tree, verdict, means.offline_counter, options) if id(verdict) in worst else verdict
        for verdict in report.verdicts
    ]
    notes = [*map(Note, tree.notes), *report.notes, *_nothing(config, scope, report)]
    if scope.is_everything:
        notes += _idle_parts(config, report.verdicts)
    report = report._replace(verdicts=verdicts, notes=notes, file_count=files)
    return report._replace(exit_code=decide_exit_code(report, exit_zero=options.exit_zero))


def _names(tree: WorkingTree, config: Config) -> set[str]:
    """The configuration by its path, and by what that leads to where it is a link."""
    try:
        return {config.path, tree.resolve(config.path)} if config.path else set()
    except Unreadable:
        return {config.path}


def _idle_parts(config: Config, verdicts: Iterable[Verdict]) -> Iterator[Note]:
    """That a limit for a part holds for no prompt: nobody should take it for one that is kept."""
    rules = {id(rule): rule for rule in config.rules if rule.parts}
    if not rules:
        return
    met = {(id(verdict.rule), verdict.prompt.name) for verdict in verdicts}
    for key, rule in rules.items():
        for name in rule.parts:
            if (key, name) not in met:
                message = (
                    f"no prompt of this rule is called `{name}`, so that limit in `parts` holds for none"
                )
                yield Note(message, config.path, rule.limit_line(name, ""))


def _nothing(config: Config, scope: Targets, report: Report) -> Iterator[Note]:
    """That nothing was measured, and why that is no fault. Raises `Fatal` where it is."""
    if scope.matched or scope.groups or report.problems:
        return
    if not config.path:
        raise Fatal("no file was found, so nothing was measured", "name a file, or a folder that holds one")
    if scope.is_everything:
        yield Note("no prompt matches the rules, and all of them allow that")
    else:
        yield Note("no rule owns any of the files named, so nothing was measured")


def judge_prompts(
    config: str, prompts: Iterable[ReadPrompt], means: CountSources, said: Diagnostics, options: Options
) -> Report:
    """Count what isn't counted, and judge. `said` is what reading the prompts adds to."""
    pairs, done = _counted(prompts, means)
    verdicts = list(_judged(config, pairs, means.offline_counter, said.problems))
    report = _report(config, verdicts, done, means, said, options)
    return report._replace(exit_code=decide_exit_code(report, exit_zero=options.exit_zero))


def _counted(prompts: Iterable[ReadPrompt], means: CountSources) -> tuple[list[PromptOutcomes], CountResults]:
    """Every prompt with what has come of it for each of its models."""
    counted: list[ReadPrompt] = []
    done = count_all(_works(prompts, counted), means)
    pairs = [(one, one.counts or _outcomes(one, done.outcomes)) for one in counted]
    return pairs, done


def _report(
    config: str,
    verdicts: list[Verdict],
    done: CountResults,
    means: CountSources,
    said: Diagnostics,
    options: Options,
) -> Report:
    """Everything but the number of files and the exit code."""
    problems = said.problems
    notes = [*said.notes, *_blank(verdicts), *map(Note, _drifts(done)), *map(Note, _steered(done, means))]
    if done.failures:
        told = _outage(done)
        if options.outage_fails:
            problems.append(told)
        else:
            notes.append(Note(f"{told.message}; {told.hint}"))
    host = means.service.host if means.service and done.requests_sent else ""
    return Report(
        config, verdicts, problems, notes, 0, ExitCode.OK, done.requests_sent, host, len(done.failures)
    )


def _compared(
    tree: WorkingTree,
    config: Config,
    comparison: Comparison,
    scope: Targets,
    prompts: Iterable[ReadPrompt],
    means: CountSources,
    said: Diagnostics,
    options: Options,
) -> Report:
    """The report with the base beside every verdict, and what is told of it alone."""
    from prompt_lint.check import compare  # noqa: PLC0415  # a run without a base needs nothing of it

    cap = options.max_file_size
    now = compare.find_file_changes(tree, comparison, scope, cap)
    pairs, done = _counted(
        chain(prompts, compare.read_base_prompts(comparison, scope, now, config, cap)), means
    )
    compare.demote_base_problems(said, comparison, now)
    verdicts = list(
        _judged(
            config.path, [pair for pair in pairs if not pair[0].is_base], means.offline_counter, said.problems
        )
    )
    base = compare.map_base_counts(pair for pair in pairs if pair[0].is_base)
    recount = compare.OfflineRecount(tree, comparison.commit, means.offline_counter.count_request, cap)
    then = (
        compile_rules(comparison.config.rules, comparison.config.exclude)
        if comparison.config
        else scope.matcher
    )
    standings = compare.BaseCounts(comparison, now, base, recount, then.find_rule)
    verdicts = [standings.compare_verdict(verdict) for verdict in verdicts]
    report = _report(config.path, verdicts, done, means, said, options)
    return report._replace(
        verdicts=[compare.mark_preexisting(verdict, comparison) for verdict in verdicts],
        notes=[*report.notes, *standings.list_incomparable(verdicts), *map(Note, now.changes.notes)],
        base=comparison.base,
        removed=standings.list_removed(verdicts, report.problems),
        loosened=compare.list_loosenings(comparison, config, scope, now),
        on_raise=config.on_raise,
    )


def _excused(verdicts: Sequence[Verdict], config: Config, today: str) -> Sequence[Verdict]:
    if not config.exempt:
        return verdicts
    exemptions = [(one, patterns.compile_patterns(one.files)) for one in config.exempt]
    return [apply_exemption(verdict, exemptions, today) for verdict in verdicts]


def _works(prompts: Iterable[ReadPrompt], counted: list[ReadPrompt]) -> Iterator[CountJob]:
    """What is still to be counted. The text goes with the work: a verdict that kept it would keep the whole repository."""
    for one in prompts:
        request = one.prompt.request
        if request:
            counted.append(one._replace(prompt=one.prompt._replace(request=None)))
            yield CountJob(
                one.digest, request, one.rule.models, one.size, one.rule.limits_for(one.prompt.name)
            )
        else:
            counted.append(one)


def _outcomes(one: ReadPrompt, outcomes: OutcomesByKey) -> Sequence[Outcome | OfflineStandIn]:
    """What has come of one prompt for each model."""
    if not one.digest:
        return (EMPTY_COUNT,) * len(one.rule.models)
    return tuple(outcomes[CountKey(model, one.digest)] for model in one.rule.models)


def _judged(
    config: str,
    counted: Iterable[PromptOutcomes],
    counter: OfflineCounter,
    problems: list[Problem],
) -> Iterator[Verdict]:
    """The verdicts of single prompts, and of groups, behind them as in what was counted. The members of a sum have none."""
    for group, pairs in groupby(counted, lambda pair: pair[0].group):
        if group and group.sum:
            yield from _of_sum(group, config, list(pairs), problems)
            continue
        for one, outcomes in pairs:
            for verdict in _verdicts(one, outcomes, problems):
                yield verdict._replace(sections=count_parts(one.parts, verdict.model, counter))


def _of_sum(
    group: Group, config: str, members: Sequence[PromptOutcomes], problems: list[Problem]
) -> Iterator[Verdict]:
    totals = groups.totals(members)
    whole = groups.of_sum(group, config)
    verdicts = _verdicts(whole, [outcome for outcome, _ in totals], problems)
    for verdict, (_, sections) in zip(verdicts, totals, strict=True):
        yield verdict._replace(sections=sections)


def _verdicts(
    one: ReadPrompt, outcomes: Sequence[Outcome | OfflineStandIn], problems: list[Problem]
) -> Iterator[Verdict]:
    prompt, rule = one.prompt, one.rule
    told = set()
    for model, outcome in zip(rule.models, outcomes, strict=True):
        if isinstance(outcome, Count):
            yield judge_count(prompt, model, rule, outcome)
        elif isinstance(outcome, OfflineStandIn) and outcome.offline_count.decides(
            rule.limits_for(prompt.name).get(model)
        ):
            yield judge_count(prompt, model, rule, outcome.offline_count)
        else:
            reason = outcome.reason if isinstance(outcome, OfflineStandIn) else outcome
            if reason.message not in told:
                told.add(reason.message)
                problems.append(Problem(prompt.path, prompt.line, reason.message, reason.hint))
            yield judge_count(prompt, model, rule, None)


def _outage(done: CountResults) -> Problem:
    """What the API was asked for in vain, once for the run: whatever an offline count decides is decided all the same."""
    first = done.failures[0]
    number = len(done.failures)
    told = f"{number:,} count{'s' if number > 1 else ''} that the API was asked for did not come"
    reason = first.message.removeprefix("not counted: ")
    hint = "; ".join(filter(None, ("offline counts stand in where they decide", first.hint)))
    return Problem("", 0, f"{told}{'; the first' if number > 1 else ''}: {reason}", hint)


def _drifts(done: CountResults) -> Iterator[str]:
    """That the tokenizer is out of date, as soon as an exact count shows it."""
    for family, (requests, exact, offline) in sorted(done.drifts.items()):
        share = abs(offline - exact) / exact
        way = "low" if offline < exact else "high"
        yield (
            f"offline counts of the tokenizer {family} run {share:.1%} {way} on {requests:,} "
            f"prompt{'s' if requests > 1 else ''} of this run; exact ones were used"
        )


def _steered(done: CountResults, means: CountSources) -> Iterator[str]:
    if means.service and done.requests_sent and means.service.obeyed_variables:
        yield f"set in the environment, and obeyed by what was sent: {', '.join(means.service.obeyed_variables)}"


def _blank(verdicts: Sequence[Verdict]) -> list[Note]:
    """0 tokens is told, so that nobody takes a file emptied by mistake for a small one."""
    return [
        Note("empty or blank, so 0 tokens", path)
        for path in sorted({v.prompt.path for v in verdicts if v.token_count == EMPTY_COUNT})
    ]


def _worst(verdicts: Iterable[Verdict]) -> Sequence[Verdict]:
    """Of each failing prompt the verdict that is furthest over, the worst prompts first, as many as anybody reads."""
    by_prompt: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        name = verdict.prompt.path, verdict.prompt.name
        if (
            verdict.fails
            and not verdict.sections
            and (name not in by_prompt or by_prompt[name].over_by < verdict.over_by)
        ):
            by_prompt[name] = verdict
    return sorted(by_prompt.values(), key=lambda verdict: -verdict.over_by)[:_BROKEN_DOWN]


def _break_down(tree: WorkingTree, verdict: Verdict, counter: OfflineCounter, options: Options) -> Verdict:
    """A failing verdict with its largest sections. The file is read again: failures are few, texts are large."""
    try:
        found = split_prompt(tree, verdict, options.max_file_size)
    except Unreadable:  # swapped since it was counted; the verdict stands without its breakdown
        return verdict
    sections = count_parts(found, verdict.model, counter)
    told = measure_imports(found, verdict.model, counter)
    return verdict._replace(sections=sections[:_LARGEST], import_shares=told)


def split_prompt(tree: WorkingTree, verdict: Verdict, cap: int) -> list[Part]:
    """Where the tokens of a prompt in a file are. Raises `Unreadable` where the file has changed since it was counted."""
    prompt, companions = verdict.prompt, IncludeReader(tree, cap)
    data = tree.read(prompt.real_path or prompt.path, cap)
    one = FORMATS[recognise(prompt.path, data, verdict.rule).name]
    return list(one.parts(prompt.path, data, prompt, companions.include))


def measure_imports(parts: Sequence[Part], model: str, counter: OfflineCounter) -> ImportShares | None:
    """What of a prompt is its file's own, and what is imported; None where nothing is."""
    own, imported = (
        "\n".join(one.text for one in parts if bool(one.import_chain) == taken) for taken in (False, True)
    )
    files = len({one.path for one in parts if one.import_chain})
    return (
        ImportShares(counter.count_text(model, own), counter.count_text(model, imported), files)
        if files
        else None
    )


def count_parts(parts: Iterable[Part], model: str, counter: OfflineCounter) -> tuple[Section, ...]:
    """The longest parts with their tokens, the largest first: a part's tokens follow its length closely enough."""
    longest = sorted(parts, key=lambda part: -len(part.text))[:_WEIGHED]
    sections = [
        Section(*one[:3], counter.count_text(model, one.text), one.path, one.import_chain) for one in longest
    ]
    return tuple(sorted(sections, key=lambda section: -section.tokens))
