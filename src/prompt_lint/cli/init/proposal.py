"""A configuration with which the next `check` passes: drafted from what was found, and revised until nothing is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.group_prompts import is_added
from prompt_lint.check.pipeline import judge_groups
from prompt_lint.check.session_start import choose_patterns
from prompt_lint.check.targets import find_targets
from prompt_lint.cli.headroom import choose_limit
from prompt_lint.cli.init.config_text import GROUP_NAME, Draft, render_config, render_scalar
from prompt_lint.cli.init.file_patterns import write_path_pattern
from prompt_lint.cli.init.limits import choose_limits, find_largest
from prompt_lint.cli.init.remarks import describe_source_files, write_remarks
from prompt_lint.cli.init.sizes import Reader, estimate_total, measure_largest
from prompt_lint.cli.init.survey import survey_tree
from prompt_lint.config.configuration import Config
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.config.schema import parse_config, rule_from_flags
from prompt_lint.formats import RULE_KEYS
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.model.rules import Reference
from prompt_lint.text.escape import escape_line
from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.check.pipeline import Run
    from prompt_lint.check.read_prompts import ReadPrompt
    from prompt_lint.check.targets import Targets
    from prompt_lint.cli.init.config_text import Remark
    from prompt_lint.cli.init.sizes import Size
    from prompt_lint.cli.init.survey import Survey
    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Problem, Prompt, Section

# Each draft mends all that the one before met; more than a few are never needed.
_MAX_DRAFTS = 64
# Files excluded one by one; where there are more, the rule that has most of them is left out instead.
_MAX_EXCLUDED = 50
_MAX_REASONS = 10

_NOTHING_FOUND = "found no prompt files"
_NOTHING_FOUND_HINT = """looked for CLAUDE.md, AGENTS.md and GEMINI.md; skills, agents, commands and rules of coding agents; texts in folders
called `prompts` or with `prompt` in their names; .prompty, .prompt and .prompt.yml; requests and tools in JSON or YAML

If your prompts are other files, write a .prompt-lint.yaml that names them, at the top of the repository:

  models: [{model}]
  limit: 8k
  prompts:
{example}

or count a file without a configuration: prompt-lint count FILE"""
_UNMEASURED_HINT = (
    "correct them; if other files are the prompts, name those in a .prompt-lint.yaml: docs/configuration.md"
)
_BY_HAND = "write one by hand: docs/configuration.md"


class KindSummary(NamedTuple):
    """What there is of one kind. `tokens` are about those of all its prompts together."""

    title: str
    files: int
    tokens: int
    largest: Size


class Proposal(NamedTuple):
    """The text of a configuration, what it is about, and remarks about what it leaves out.

    `loaded` is what Claude Code loads at the start of a session, with its largest `loaded_parts`; None if that is nothing.
    """

    text: str
    kinds: Sequence[KindSummary]
    remarks: Sequence[str]
    loaded: Count | None
    loaded_parts: Sequence[Section]


class _SurveyedTree(NamedTuple):
    """The tree of a run, the name of its configuration to be, what was found in it, and a reader of its prompts."""

    run: Run
    name: str
    survey: Survey
    reader: Reader

    def parse(self, draft: Draft) -> Config:
        """Return the configuration that a draft makes. It governs no folder that has its own."""
        nested = tuple(Config(folder, folder=folder) for folder in sorted(self.survey.governed))
        return parse_config(render_config(draft).encode(), self.name, RULE_KEYS)._replace(nested=nested)


def propose_config(run: Run, name: str, models: Sequence[str]) -> Proposal:
    """Return a configuration, to be called `name`, with which `check` ends with 0. Raises `Fatal` if there can't be one.

    `run` has none yet.
    """
    tree, sources = run.tree, run.sources
    models = rule_from_flags(models or [DEFAULT_MODEL]).models
    survey = survey_tree(tree, name, sources.progress)
    source_rules = tuple(describe_source_files(tree, survey.governed, survey.too_large))
    if not survey.findings:
        raise Fatal(_NOTHING_FOUND, _suggest_rules(models, survey.doubtful, source_rules))
    surveyed = _SurveyedTree(run, name, survey, Reader(tree, sources.progress))
    draft = Draft(tuple(models), tuple(survey.findings))
    for _ in range(_MAX_DRAFTS):
        draft, config, prompts = _settle(surveyed, draft)
        sizes, problems = measure_largest(prompts, sources)
        if problems:
            draft = _leave_out(draft, config, problems, survey.links)
            continue
        remarks = (*write_remarks(survey, draft.dropped, compile_config(config)), *source_rules)
        return _finish(surveyed, draft._replace(remarks=remarks), prompts, sizes)
    raise Fatal("no configuration was found that passes", _BY_HAND, ExitCode.UNCOUNTED)


def _suggest_rules(models: Sequence[str], doubtful: Sequence[str], source_rules: Sequence[Remark]) -> str:
    """Return a hint with a configuration: for the source files with prompts, else for what may be a prompt, else an example."""
    pattern = render_scalar(write_path_pattern(doubtful[0])) if doubtful else "my-prompts/**/*.md"
    lines = [line for rule in source_rules for line in rule.lines] or [f"- files: {pattern}"]
    example = "\n".join(f"    {line}" for line in lines)
    hint = _NOTHING_FOUND_HINT.format(model=models[0], example=example)
    names = ", ".join(map(escape_line, doubtful[:3]))
    found = [
        f"but {rule.title}: save the configuration below, since init writes no rule for these"
        for rule in source_rules
    ]
    found += [f"these may be some, but as likely aren't: {names}"] if doubtful else []
    return "\n".join((*found, hint))


def _settle(surveyed: _SurveyedTree, draft: Draft) -> tuple[Draft, Config, dict[str, list[ReadPrompt]]]:
    """Revise a draft until its rules match, and all that they match can be read. Return it with its prompts by kind."""
    for _ in range(_MAX_DRAFTS):
        config = surveyed.parse(draft)
        targets = find_targets(surveyed.run.tree, config, ())
        revised, prompts = _revise(surveyed, draft, config, targets)
        if not revised.findings:
            reasons = [f"{path}: {reason}" for path, reason in revised.excluded.items()][:_MAX_REASONS]
            hint = "\n".join([*reasons, _UNMEASURED_HINT])
            raise Fatal("none of the prompts that were found can be measured", hint, ExitCode.UNCOUNTED)
        if revised == draft:
            return draft, config, prompts
        draft = revised
    raise Fatal("no configuration was found that passes", _BY_HAND, ExitCode.UNCOUNTED)


def _revise(
    surveyed: _SurveyedTree, draft: Draft, config: Config, targets: Targets
) -> tuple[Draft, dict[str, list[ReadPrompt]]]:
    """Return the draft without what is wrong with it, and the prompts of its rules by the title of their kind."""
    titles = _map_lines_to_titles(draft, config)
    prompts: dict[str, list[ReadPrompt]] = {}
    problems, exempt = list(targets.problems), dict(draft.exempt)
    for file, reading in zip(targets.matched, surveyed.reader.read_files(targets.matched), strict=True):
        problems += [reading.fault] if reading.fault else []
        for problem in reading.problems:
            if write_path_pattern(problem.path) and len(exempt) < _MAX_EXCLUDED:
                exempt.setdefault(problem.path, problem.message)
            elif problem.path not in exempt:
                problems.append(problem)
        prompts.setdefault(titles[file.rule.line], []).extend(reading.prompts)
    if problems:
        return _leave_out(draft, config, problems, surveyed.survey.links), prompts
    findings = tuple(finding for finding in draft.findings if prompts.get(finding.kind.title))
    return draft._replace(findings=findings, exempt=exempt), prompts


def _finish(
    surveyed: _SurveyedTree,
    draft: Draft,
    prompts: dict[str, list[ReadPrompt]],
    sizes: Mapping[str, Sequence[Size]],
) -> Proposal:
    for _ in range(_MAX_DRAFTS):
        final = _set_limits(draft, sizes, surveyed.survey.links)
        config = surveyed.parse(final)
        targets = find_targets(surveyed.run.tree, config, ())
        # A link to a file of another rule is a prompt of its own as soon as the two have different limits.
        added = _list_unmeasured(surveyed, final, config, targets, prompts)
        if not added:
            break
        prompts = {title: [*members, *added.get(title, ())] for title, members in prompts.items()}
        sizes, _ = measure_largest(prompts, surveyed.run.sources)
    final, loaded, parts = _limit_group(final, targets, surveyed.run._replace(config=config))
    titles = [finding.kind.title for finding in draft.findings]
    kinds = [_summarize(title, sizes[title]) for title in titles]
    return Proposal(render_config(final), kinds, _list_left_out(final, surveyed.survey.faults), loaded, parts)


def _set_limits(draft: Draft, sizes: Mapping[str, Sequence[Size]], links: Mapping[str, object]) -> Draft:
    kinds = [finding.kind for finding in draft.findings]
    prompts = [size.prompt for members in sizes.values() for size in members]
    return draft._replace(
        limits={kind.title: choose_limits(kind, sizes[kind.title]) for kind in kinds},
        group_patterns=_find_always_loaded(prompts, links),
    )


def _list_unmeasured(
    surveyed: _SurveyedTree,
    draft: Draft,
    config: Config,
    targets: Targets,
    prompts: Mapping[str, Sequence[ReadPrompt]],
) -> dict[str, list[ReadPrompt]]:
    """Return the prompts of files that the rules take and that aren't measured yet, by the title of their kind."""
    measured = {read.prompt.path for members in prompts.values() for read in members}
    titles = _map_lines_to_titles(draft, config)
    added: dict[str, list[ReadPrompt]] = {}
    others = [file for file in targets.matched if file.display_path not in measured]
    for file, reading in zip(others, surveyed.reader.read_files(others), strict=True):
        added.setdefault(titles[file.rule.line], []).extend(reading.prompts)
    return {title: reads for title, reads in added.items() if reads}


def _summarize(title: str, sizes: Sequence[Size]) -> KindSummary:
    files = len({size.prompt.path for size in sizes})
    return KindSummary(title, files, estimate_total(sizes), find_largest(sizes))


def _limit_group(draft: Draft, targets: Targets, run: Run) -> tuple[Draft, Count | None, Sequence[Section]]:
    """Give the sum of what is always loaded its limit. Return the draft, that sum and its parts; no group if it has a problem."""
    report = judge_groups(run, targets.groups)
    counts = [verdict.token_count for verdict in report.verdicts if verdict.token_count]
    if not counts or report.problems or targets.problems:
        return draft._replace(group_patterns=()), None, ()
    largest = max(counts, key=lambda count: count.high)
    if len(report.verdicts[0].sections) < 2:  # a single prompt, which has its own limit
        return draft._replace(group_patterns=()), largest, report.verdicts[0].sections
    return draft._replace(group_limit=choose_limit(largest.high)), largest, report.verdicts[0].sections


def _leave_out(
    draft: Draft, config: Config, problems: Iterable[Problem], links: Mapping[str, object]
) -> Draft:
    """Return the draft without the files and findings that have problems. Raises `Fatal` for one of the run."""
    excluded = dict(draft.excluded)
    faults: dict[str, str] = {}
    matcher = compile_config(config)
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
    exempt = {path: reason for path, reason in draft.exempt.items() if path not in excluded}
    return _drop_findings(draft._replace(excluded=excluded, exempt=exempt), faults)


def _explain_empty_rule(title: str, draft: Draft) -> str:
    """Return what is wrong with the files of a kind, if they are excluded, so that its patterns match nothing."""
    paths = [path for finding in draft.findings if finding.kind.title == title for path in finding.paths]
    reasons = [f"{path}: {draft.excluded[path]}" for path in paths if path in draft.excluded]
    more = f", and {len(reasons) - 1:,} more" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}" if reasons else ""


def _drop_findings(draft: Draft, faults: Mapping[str, str]) -> Draft:
    """Return the draft without the findings that `faults` has a reason for, and without exemptions of their files."""
    dropped = [
        (finding, faults[finding.kind.title]) for finding in draft.findings if finding.kind.title in faults
    ]
    findings = tuple(finding for finding in draft.findings if finding.kind.title not in faults)
    exempt = {} if dropped else draft.exempt  # the next draft finds them
    return draft._replace(findings=findings, exempt=exempt, dropped=(*draft.dropped, *dropped))


def _map_lines_to_titles(draft: Draft, config: Config) -> dict[int, str]:
    """Return the title of the kind that each rule is for, by the line of the rule."""
    titles = [finding.kind.title for finding in draft.findings]
    titles = [title for title in titles for _ in range(1 + len(draft.find_limits(title).own_rules))]
    return {rule.line: title for rule, title in zip(config.rules, titles, strict=True)}


def _find_always_loaded(prompts: Sequence[Prompt], links: Mapping[str, object]) -> tuple[str, ...]:
    def is_there(pattern: str) -> bool:
        path, _, name = pattern.partition("#")
        reference, matches = Reference(path, name, 0), compile_patterns([path])
        targets = {target for link, target in links.items() if matches(link)}
        return any(
            (matches(prompt.path) or prompt.path in targets) and is_added(prompt, reference)
            for prompt in prompts
        )

    return choose_patterns(is_there)


def _list_left_out(draft: Draft, faults: Mapping[str, str]) -> list[str]:
    """Return a line about each file and rule that the configuration leaves out, and each that fails by more than its size."""
    reasons = {**draft.excluded, **faults}
    lines = [
        f"left out: {remark.title}; their rules are in comments" for remark in draft.remarks if remark.advice
    ]
    lines += [f"left out: {escape_line(path)}: {escape_line(reason)}" for path, reason in reasons.items()]
    for finding, reason in draft.dropped:
        if draft.excluded.keys().isdisjoint(finding.paths):  # else its files are listed
            lines.append(f"left out: {escape_line(', '.join(finding.files))}: {escape_line(reason)}")
    lines += [
        f"breaks a rule of its tool, so exempt: {escape_line(path)}: {escape_line(reason)}"
        for path, reason in draft.exempt.items()
    ]
    return lines
