"""A configuration with which the next `check` passes: drafted from what was found, tried, and revised until it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.pipeline import check_prompts
from prompt_lint.cli.init.config_text import render_config, render_scalar
from prompt_lint.cli.init.draft import DEFAULT_MODEL, GROUP_NAME, Draft
from prompt_lint.cli.init.file_patterns import write_path_pattern
from prompt_lint.cli.init.limits import choose_limits, describe_today, find_largest, high, limit_for
from prompt_lint.cli.init.survey import survey_tree
from prompt_lint.config.rule_matching import compile_rules
from prompt_lint.config.schema import parse_config, rule_from_flags
from prompt_lint.config.values import MAX_LIMIT
from prompt_lint.formats import FORMATS
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.text.escape import escape_line
from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.check.pipeline import Settings
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Problem, Report, Verdict
    from prompt_lint.repo.working_tree import WorkingTree

# What Claude Code loads at the start of every session at the top of the repository. After `#`: that prompt of each file.
_ALWAYS_LOADED = (
    ("/CLAUDE.md", ""),
    ("/CLAUDE.local.md", ""),
    ("/.claude/CLAUDE.md", ""),
    (".claude/rules/**/*.md", ""),
    (".claude/skills/*/SKILL.md", "metadata"),
    (".claude/commands/**/*.md", "metadata"),
    (".claude/agents/**/*.md", "metadata"),
)
# Each draft mends all that the one before met; more than a few are never needed.
_MAX_DRAFTS = 64
# Files excluded one by one; where there are more, the rule that has most of them is left out instead.
_MAX_EXCLUDED = 50
_MAX_REASONS = 10

_NOTHING_FOUND = "found no prompt files"
_NOTHING_FOUND_HINT = """write a .prompt-lint.yaml that names them, at the top of the repository:

  models: [{model}]
  limit: 8k
  prompts:
    - files: {example}

or count one without: prompt-lint count FILE --model {model}"""
_BY_HAND = "write one by hand: docs/configuration.md"


class KindSummary(NamedTuple):
    """What there is of one kind."""

    title: str
    formats: Sequence[str]
    files: int
    largest: Count | None


class Proposal(NamedTuple):
    """The text of a configuration, what it is about, and the reason for each path or pattern that was left out of it."""

    text: str
    kinds: Sequence[KindSummary]
    left_out: Mapping[str, str]


def propose_config(
    tree: WorkingTree, name: str, models: Sequence[str], sources: CountSources, settings: Settings
) -> Proposal:
    """Return a configuration, to be called `name`, with which `check` ends with 0. Raises `Fatal` if there can't be one."""
    survey = survey_tree(tree, name, settings.max_file_size)
    models = rule_from_flags(models or [DEFAULT_MODEL], None).models
    if not survey.findings:
        raise Fatal(_NOTHING_FOUND, _suggest_rule(models, survey.doubtful))
    excluded = dict(list(survey.faults.items())[:_MAX_EXCLUDED])
    draft = Draft(tuple(models), tuple(survey.findings), survey.doubtful, survey.doubtful_faults, excluded)
    for _ in range(_MAX_DRAFTS):
        text = render_config(draft)
        config = parse_config(text.encode(), name, FORMATS)
        report = check_prompts(tree, config, (), sources, settings)
        revised = _revise(draft, config, report, survey.links)
        if not revised.findings:
            raise Fatal(
                "none of the prompts that were found can be measured",
                _list_reasons(revised),
                ExitCode.UNCOUNTED,
            )
        if revised == draft:
            return _make_proposal(draft, config, report, text)
        draft = revised
    raise Fatal("no configuration was found that passes", _BY_HAND, ExitCode.UNCOUNTED)


def _suggest_rule(models: Sequence[str], doubtful: Sequence[str]) -> str:
    example = render_scalar(doubtful[0]) if doubtful else "my-prompts/**/*.md"
    hint = _NOTHING_FOUND_HINT.format(model=models[0], example=example)
    names = ", ".join(map(escape_line, doubtful[:3]))
    return f"these may be some, but as likely aren't: {names}\n{hint}" if doubtful else hint


def _list_reasons(draft: Draft) -> str:
    reasons = [f"{path}: {reason}" for path, reason in draft.excluded.items()][:_MAX_REASONS]
    return "\n".join([*reasons, "mend them, or say by hand which files are prompts"])


def _revise(draft: Draft, config: Config, report: Report, links: Mapping[str, object]) -> Draft:
    """Return the draft without what the report finds wrong; with limits once nothing is; unchanged if all is well."""
    if report.problems:
        return _leave_out(draft, config, report.problems, links)
    verdicts = _group_by_title(draft, config, report)
    findings = tuple(finding for finding in draft.findings if finding.kind.title in verdicts)
    if findings != draft.findings:
        return draft._replace(findings=findings)
    totals = [high(verdict) for verdict in report.verdicts if verdict.prompt.is_group]
    return draft._replace(
        limits={kind.title: choose_limits(kind, verdicts[kind.title]) for kind, *_ in findings},
        today={kind.title: describe_today(verdicts[kind.title]) for kind, *_ in findings},
        group_patterns=_find_always_loaded(report.verdicts, links) if draft.has_group else (),
        group_limit=limit_for(max(totals)) if totals else MAX_LIMIT,
    )


def _leave_out(
    draft: Draft, config: Config, problems: Iterable[Problem], links: Mapping[str, object]
) -> Draft:
    """Return the draft without the files, findings and group that have problems. Raises `Fatal` for one of the run."""
    excluded = dict(draft.excluded)
    faults: dict[str, str] = {}
    matcher = compile_rules(config.rules, config.exclude)
    titles = _map_lines_to_titles(draft, config)
    paths_by_title: dict[str, list[str]] = {}
    for problem in problems:
        if problem.path == config.path:
            title = titles.get(problem.line, GROUP_NAME)
            faults[title] = _explain_empty_rule(title, draft) or problem.message
            continue
        if not problem.path:
            raise Fatal(problem.message, problem.hint, problem.exit_code)
        others = [link for link, target in links.items() if target == problem.path]
        for path in [problem.path, *(others if problem.path in excluded else ())]:
            if rule := matcher.find_rule(path):
                title = titles[rule.line]
                paths_by_title.setdefault(title, []).append(path)
                if not write_path_pattern(path):
                    faults.setdefault(title, f"{problem.path}: {problem.message}")
            excluded.setdefault(path, problem.message)
    if len(excluded) > _MAX_EXCLUDED and paths_by_title:
        title, paths = max(paths_by_title.items(), key=lambda item: len(item[1]))
        first = f"{paths[0]}: {excluded[paths[0]]}"
        faults.setdefault(title, f"{len(paths):,} files can't be measured; the first: {first}")
        excluded = dict(draft.excluded)
    return _drop_findings(draft._replace(excluded=excluded), faults)


def _explain_empty_rule(title: str, draft: Draft) -> str:
    """Return what is wrong with the files of a kind, if they are excluded, so that its patterns match nothing."""
    paths = [path for finding in draft.findings if finding.kind.title == title for path in finding.paths]
    reasons = [f"{path}: {draft.excluded[path]}" for path in paths if path in draft.excluded]
    more = f", and {len(reasons) - 1:,} more" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}" if reasons else ""


def _drop_findings(draft: Draft, faults: Mapping[str, str]) -> Draft:
    """Return the draft without the findings, or the group, that `faults` has a reason for."""
    dropped = [
        (finding, faults[finding.kind.title]) for finding in draft.findings if finding.kind.title in faults
    ]
    findings = tuple(finding for finding in draft.findings if finding.kind.title not in faults)
    draft = draft._replace(findings=findings, dropped=(*draft.dropped, *dropped))
    return draft._replace(has_group=False, group_patterns=()) if GROUP_NAME in faults else draft


def _map_lines_to_titles(draft: Draft, config: Config) -> dict[int, str]:
    """Return the title of the kind that each rule is for, by the line of the rule."""
    return {rule.line: finding.kind.title for rule, finding in zip(config.rules, draft.findings, strict=True)}


def _group_by_title(draft: Draft, config: Config, report: Report) -> dict[str, list[Verdict]]:
    titles = _map_lines_to_titles(draft, config)
    verdicts: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        if not verdict.prompt.is_group:
            verdicts.setdefault(titles[verdict.rule.line], []).append(verdict)
    return verdicts


def _find_always_loaded(verdicts: Iterable[Verdict], links: Mapping[str, object]) -> tuple[str, ...]:
    """Return patterns for what is always loaded; none where that is a single prompt, which has its own limit."""
    prompts = [verdict.prompt for verdict in verdicts if not verdict.prompt.is_group]
    found, members = [], 0
    for pattern, name in _ALWAYS_LOADED:
        matches = compile_patterns([pattern])
        targets = {target for link, target in links.items() if matches(link)}
        loaded = {
            (prompt.path, prompt.name)
            for prompt in prompts
            if (matches(prompt.path) or prompt.path in targets)
            and (prompt.name == name if name else prompt.name != "on demand")
        }
        if loaded:
            found.append(f"{pattern}#{name}" if name else pattern)
            members += len(loaded)
    return tuple(found) if members > 1 else ()


def _make_proposal(draft: Draft, config: Config, report: Report, text: str) -> Proposal:
    if report.exit_code or any(verdict.status != "ok" for verdict in report.verdicts):
        raise Fatal("no configuration was found that passes", _BY_HAND)
    by_title = _group_by_title(draft, config, report)
    kinds = []
    for title, verdicts in ((finding.kind.title, by_title[finding.kind.title]) for finding in draft.findings):
        formats = sorted({verdict.prompt.format for verdict in verdicts} - {""})
        files = len({verdict.prompt.path for verdict in verdicts})
        kinds.append(KindSummary(title, formats, files, find_largest(verdicts).token_count))
    left_out = dict(draft.excluded)
    for finding, reason in draft.dropped:
        if left_out.keys().isdisjoint(finding.paths):  # else its files are listed
            left_out[", ".join(finding.files)] = reason
    return Proposal(text, kinds, left_out)
