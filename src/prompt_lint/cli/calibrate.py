"""`prompt-lint calibrate`: whether the API still counts as the offline rules say."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.cli import options
from prompt_lint.cli.commands import Command, option
from prompt_lint.cli.value_completion import complete_models
from prompt_lint.counting.api_service import find_service
from prompt_lint.model.counts import Count
from prompt_lint.model.errors import ExitCode, Fatal, find_worst_code
from prompt_lint.model.models import explain_id
from prompt_lint.output.terminal import write_result
from prompt_lint.text.escape import dump_json, escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.api.credentials import Provider
    from prompt_lint.counting.calibration import Comparison

_SCHEMA_VERSION = 1


@click.command(
    "calibrate",
    cls=Command,
    examples=(("Compare one model", "prompt-lint calibrate --model claude-opus-5-5"),),
    exit_codes={
        ExitCode.OK: "every count is inside its interval",
        ExitCode.OVER_LIMIT: "a count of the API is outside its interval",
        ExitCode.USAGE: "the command line is wrong, or there is no API key",
    },
    page="exact-counts.md",
)
@option(
    "--models",
    "--model",
    "models",
    group=options.COUNTING,
    metavar="MODEL",
    multiple=True,
    shell_complete=complete_models,
    show_default="one of each generation, and the newest",
    help="Compare MODEL; several with commas.",
)
@options.provider
@options.bounds
@options.output_format()
@click.pass_obj
def command(
    env: Mapping[str, str],
    models: tuple[str, ...],
    provider: Provider,
    jobs: int,
    max_requests: int,
    deadline: float,
    output_format: str,
) -> ExitCode:
    """Compare offline counts with the API's.

    Has the API count some forty known requests for each model (about 150 by default), and shows which rule of the offline
    count differs. Needs an API key, and costs nothing, as counting is free.
    """
    from prompt_lint.counting.calibration import DEFAULT_MODELS, calibrate  # noqa: PLC0415  # the tokenizer

    ids = tuple(dict.fromkeys(name for names in models for name in names.split(","))) or DEFAULT_MODELS
    for name in ids:
        if reason := explain_id(name):
            raise Fatal(f"--model: `{name}` {reason}", "`prompt-lint models` lists the known ones")
    service, no_service_reason = find_service(env, provider, RequestPolicy(jobs, max_requests, deadline))
    if service is None:
        raise Fatal(f"`calibrate` needs an API key: {no_service_reason}", "set ANTHROPIC_API_KEY")
    comparisons = calibrate(ids, service)
    host = service.sent_to[0] if service.sent_to else ""
    render = _render_json if output_format == "json" else _render_text
    return write_result(render(comparisons, host, len(service.sent_to)), _decide_exit_code(comparisons))


def _decide_exit_code(comparisons: Sequence[Comparison]) -> ExitCode:
    """What the API doesn't count is a fault only where the offline rules count it."""
    is_outside = any(comparison.is_inside is False for comparison in comparisons)
    is_uncounted = any(not isinstance(c.api, Count) and c.offline for c in comparisons)
    return find_worst_code((), is_over=is_outside, is_uncounted=is_uncounted)


def _render_text(comparisons: Sequence[Comparison], host: str, sent: int) -> str:
    lines: list[str] = []
    for model, of_model in groupby(comparisons, lambda comparison: comparison.model):
        rows = list(of_model)
        compared = [row for row in rows if row.offline]
        equal = sum(isinstance(row.api, Count) and not row.difference for row in compared)
        lines.append(f"{model}: {equal} of {pluralize(len(compared), 'request')} equal")
        lines += [f"  {line}" for row in rows if (line := _describe(row))]
        lines += [f"  {line}" for line in _describe_uncounted(rows)]
    lines.append(f"{pluralize(sent, 'request')} sent to {host}." if sent else "Nothing was sent.")
    lines.append(_summarize(comparisons))
    return "".join(f"{escape_line(line)}\n" for line in lines)


def _summarize(comparisons: Sequence[Comparison]) -> str:
    outside = sum(comparison.is_inside is False for comparison in comparisons)
    uncounted = sum(not isinstance(comparison.api, Count) for comparison in comparisons)
    if uncounted == len(comparisons):
        return "Nothing was counted."
    if not outside and not uncounted:
        return "Every count is inside its interval."
    not_counted = f"{pluralize(uncounted, 'request')} not counted"
    if not outside:
        return f"{not_counted}; every other count is inside its interval."
    return f"{pluralize(outside, 'count')} outside of the interval{f', {not_counted}' if uncounted else ''}."


def _describe(row: Comparison) -> str:
    """Return a line for a count that shows something, named by its rule; "" for one as expected."""
    if not isinstance(row.api, Count):
        return ""
    if row.offline is None:
        return f"{_name(row)}: costs nothing, so it can be counted offline" if row.is_inside is False else ""
    if row.is_inside and not (row.difference if row.rule_difference is None else row.rule_difference):
        return ""
    interval = "inside" if row.is_inside else "outside of"
    is_by_rule = row.rule_difference in (None, row.difference)
    by_rule = "" if is_by_rule else f", {row.rule_difference:+,} by this rule"
    return (
        f"{_name(row)}: {row.difference:+,}{by_rule}; "
        f"{row.api.tokens:,} is {interval} {row.offline.low:,} to {row.offline.high:,}"
    )


def _describe_uncounted(rows: Sequence[Comparison]) -> Iterator[str]:
    """Yield a line for each reason why requests have no count: an outage has one for all of them."""
    by_reason: dict[str, list[Comparison]] = {}
    for row in rows:
        if not isinstance(row.api, Count):
            reason = f"{row.api.message}; {row.api.hint}" if row.api.hint else row.api.message
            by_reason.setdefault(reason, []).append(row)
    for reason, alike in by_reason.items():
        more = f" and {pluralize(len(alike) - 1, 'more request')}" if len(alike) > 1 else ""
        yield f"{_name(alike[0])}{more}: {reason}"


def _name(row: Comparison) -> str:
    return f"{row.request.rule} ({row.request.name})"


def _render_json(comparisons: Sequence[Comparison], host: str, sent: int) -> str:
    return dump_json(
        {
            "schema_version": _SCHEMA_VERSION,
            "host": host,
            "sent": sent,
            "outside": sum(comparison.is_inside is False for comparison in comparisons),
            "comparisons": [
                {
                    "model": row.model,
                    "rule": row.request.rule,
                    "request": row.request.name,
                    "api": row.api.tokens if isinstance(row.api, Count) else None,
                    "reason": "" if isinstance(row.api, Count) else row.api.message,
                    "offline": row.offline and row.offline.tokens,
                    "low": row.offline and row.offline.low,
                    "high": row.offline and row.offline.high,
                    "difference": row.difference,
                    "rule_difference": row.rule_difference,
                    "inside": row.is_inside,
                }
                for row in comparisons
            ],
        }
    )
