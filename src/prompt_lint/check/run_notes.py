"""What a report says of the run as a whole: nothing measured, an outage, a drift of the tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import EMPTY_COUNT
from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Note, Problem
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.check.targets import Targets
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.sources import ApiService, CountResults
    from prompt_lint.model.values import Report, Verdict


def note_nothing_measured(config: Config, targets: Targets, report: Report) -> Iterator[Note]:
    """Note that nothing was measured, and why that is no mistake. Raises `Fatal` where it is one."""
    if targets.matched or targets.groups or report.problems:
        return
    if not config.path:
        raise Fatal("no file was found, so nothing was measured", "name a file, or a folder that holds one")
    if targets.is_everything:
        yield Note("no prompt matches the rules, and all of them allow that")
    else:
        yield Note("no rule owns any of the files named, so nothing was measured")


def note_unused_parts(config: Config, verdicts: Iterable[Verdict]) -> Iterator[Note]:
    """Note each limit in `parts` that applies to no prompt: nobody should rely on it."""
    rules = {id(rule): rule for rule in config.rules if rule.parts}
    if not rules:
        return
    used = {(id(verdict.rule), verdict.prompt.name) for verdict in verdicts}
    for key, rule in rules.items():
        for name in rule.parts:
            if (key, name) not in used:
                yield Note(
                    f"no prompt of this rule is called `{name}`, so that limit in `parts` holds for none",
                    config.path,
                    rule.limit_line(name, ""),
                )


def note_blank_prompts(verdicts: Iterable[Verdict]) -> Iterator[Note]:
    """Note prompts of 0 tokens, so that nobody takes a file that was emptied by mistake for a small one."""
    for path in sorted({verdict.prompt.path for verdict in verdicts if verdict.token_count == EMPTY_COUNT}):
        yield Note("empty or blank, so 0 tokens", path)


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
    """Note the environment variables that the requests obeyed on their way."""
    if service and results.requests_sent and service.obeyed_variables:
        variables = ", ".join(service.obeyed_variables)
        yield Note(f"set in the environment, and obeyed by what was sent: {variables}")


def describe_outage(results: CountResults) -> Problem:
    """Return the one problem for all requests that the API didn't answer. What offline counts decide is decided."""
    first = results.failures[0]
    failed = len(results.failures)
    message = f"{pluralize(failed, 'count')} that the API was asked for did not come"
    reason = first.message.removeprefix("not counted: ")
    hint = "; ".join(filter(None, ("offline counts stand in where they decide", first.hint)))
    return Problem("", 0, f"{message}{'; the first' if failed > 1 else ''}: {reason}", hint)
