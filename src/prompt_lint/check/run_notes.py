"""What a report says of the run as a whole: nothing measured, an outage, a drift of the tokenizer."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from prompt_lint.model.counts import EMPTY_COUNT
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.values import Note, Problem, group_by_prompt
from prompt_lint.output.phrases import describe_prompts, format_count
from prompt_lint.text.location import list_keys
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.check.targets import Targets
    from prompt_lint.config.configuration import Config
    from prompt_lint.counting.sources import ApiService, CountResults
    from prompt_lint.model.values import Report, Verdict


def report_nothing_measured(
    config: Config, targets: Targets, report: Report, unmatched: Sequence[str], *, has_option: bool
) -> Iterator[Problem]:
    """Report that none of the paths leads to a prompt, and the option that allows it, if the command has it.

    Raises `Fatal` where there is no rule that could match one.
    """
    if not _is_empty(targets, report):
        return
    if not config.list_paths():
        raise Fatal("found no file, so nothing was checked", "name a file, or a folder with files")
    if unmatched:
        paths = list_keys(path or "." for path in unmatched)
        option = "; a hook that names every changed file passes --allow-unmatched" if has_option else ""
        entry = targets.entries.get(unmatched[0])
        if entry and entry.kind == "submodule":
            hint = f"`{unmatched[0]}` is a repository of its own: run prompt-lint there{option}"
        else:
            hint = f"see `prompt-lint explain {shlex.quote(unmatched[0] or '.')}`{option}"
        yield Problem("", 0, f"no rule matches {paths}, so nothing was checked", hint, ExitCode.USAGE)


def report_empty_rules(config: Config, targets: Targets, report: Report) -> Iterator[Problem]:
    """Report each rule whose files were all read, and have no prompt: like one that matches no file, it checks nothing."""
    unread = {problem.path for problem in report.problems}.union(report.demoted_paths)
    measuring = {id(verdict.rule) for verdict in report.verdicts}
    measuring.update(id(file.rule) for file in targets.matched if not unread.isdisjoint(file.all_names))
    for rule in {id(file.rule): file.rule for file in targets.matched}.values():
        if rule.line and not rule.allow_empty and id(rule) not in measuring:
            patterns = config.describe_patterns(rule.files, rule.config_path)
            message = f"no file that matches `{patterns}` has a prompt in it"
            hint = "correct the rule, remove it, or set `allow_empty: true` in it"
            yield Problem(rule.config_path, rule.line, message, hint, ExitCode.USAGE)


def note_unmatched(targets: Targets, report: Report, unmatched: Sequence[str]) -> Iterator[Note]:
    """Note the paths that lead to no prompt, and that nothing was measured where that is no mistake."""
    if not _is_empty(targets, report):
        yield from (Note("no rule matches it, so it wasn't checked", path) for path in unmatched)
    elif targets.is_everything:
        yield Note("no file matches the rules, and all of them have `allow_empty: true`")
    elif not unmatched:
        yield Note("no rule matches any of the paths, so nothing was checked")


def _is_empty(targets: Targets, report: Report) -> bool:
    return not (targets.matched or targets.groups or targets.problems or report.problems)


def note_unused_parts(config: Config, verdicts: Iterable[Verdict]) -> Iterator[Note]:
    """Note each limit in `parts` that applies to no prompt: nobody should rely on it."""
    rules = {id(rule): rule for rule in config.list_rules() if rule.parts}
    if not rules:
        return
    used = {(id(verdict.rule), verdict.prompt.name) for verdict in verdicts}
    for key, rule in rules.items():
        for name in rule.parts:
            if (key, name) not in used:
                yield Note(
                    f"no prompt of this rule is called `{name}`, so that limit in `parts` applies to none",
                    rule.config_path,
                    rule.limit_line(name, ""),
                )


def note_blank_prompts(verdicts: Iterable[Verdict]) -> Iterator[Note]:
    """Warn of prompts of 0 tokens, so that nobody takes a file that was emptied by mistake for a small one."""
    for prompt, of_prompt in group_by_prompt(verdicts):
        if of_prompt[0].token_count == EMPTY_COUNT:
            noun = "group" if prompt.is_group else "prompt"
            name = f" `{prompt.name}`" if prompt.name else ""
            yield Note(
                f"the {noun}{name} is empty: 0 tokens",
                prompt.path,
                prompt.line if prompt.name else 0,
                "empty",
            )


def note_drifts(results: CountResults) -> Iterator[Note]:
    """Note that the tokenizer is out of date, as soon as an exact count shows it."""
    for family, (requests, exact, offline) in sorted(results.drifts.items()):
        share = abs(offline - exact) / exact
        direction = "low" if offline < exact else "high"
        yield Note(
            f"offline counts of the tokenizer {family} run {share:.1%} {direction} on "
            f"{pluralize(requests, 'prompt')} of this run; exact ones were used"
        )


def note_obeyed_variables(results: CountResults, service: ApiService | None) -> Iterator[Note]:
    if service and results.sent_to and service.obeyed_variables:
        variables = ", ".join(service.obeyed_variables)
        yield Note(f"requests obeyed these environment variables: {variables}")


def note_disputed_counts(verdicts: Iterable[Verdict], results: CountResults) -> Iterator[Note]:
    """Note that a gateway counts otherwise than Claude does, with the numbers of the first prompt."""
    disputed = [verdict for verdict in verdicts if verdict.is_disputed]
    if disputed and disputed[0].token_count:
        count, prompt = format_count(disputed[0].token_count), disputed[0].prompt
        name = prompt.name if prompt.is_group else prompt.path
        prompts = describe_prompts(dict.fromkeys(verdict.prompt for verdict in disputed))
        yield Note(
            f"{results.sent_to[0]} counts {prompts} otherwise than Claude's tokenizer, so the higher number is judged "
            f"({name}: {count}); is ANTHROPIC_BASE_URL the right address?"
        )


def describe_outage(results: CountResults, *, fails: bool) -> Problem:
    """Return the one problem for all requests that the API didn't answer; with what to do if it `fails` the run."""
    first = results.failures[0]
    failed = len(results.failures)
    message = f"no exact count for {pluralize(failed, 'request')}"
    reason = first.message.removeprefix("not counted: ")
    accept = "`on_unavailable: offline` in the configuration accepts them" if fails else ""
    hint = "; ".join(filter(None, ("used offline counts", first.hint, accept)))
    return Problem("", 0, f"{message}{'; the first' if failed > 1 else ''}: {reason}", hint)
