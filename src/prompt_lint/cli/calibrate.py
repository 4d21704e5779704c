"""`prompt-lint calibrate`: whether the API still counts as the offline rules say."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.cli import options
from prompt_lint.cli.commands import Command
from prompt_lint.counting.api_service import find_service
from prompt_lint.model.counts import Count
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.models import explain_id
from prompt_lint.output.terminal import write_stdout
from prompt_lint.text.escape import dump_json, escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.api.credentials import Provider
    from prompt_lint.counting.calibration import Comparison

_SCHEMA_VERSION = 1


@click.command("calibrate", cls=Command)
@click.option(
    "--models",
    "--model",
    "models",
    metavar="MODEL",
    multiple=True,
    shell_complete=options.complete_models,
    help="Compare this model. Repeatable, and with commas. Default: one of each generation, and the newest.",
)
@options.provider
@click.option(
    "--output-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="What stdout carries.",
)
@click.pass_obj
def command(
    env: Mapping[str, str], models: tuple[str, ...], provider: Provider, output_format: str
) -> ExitCode:
    """Ask the API for some forty known requests, and show which rule of the offline count differs.

    Free of charge, as all counting is. Needs a credential. Exit code 1 where a count is outside of its interval.
    """
    from prompt_lint.counting.calibration import DEFAULT_MODELS, calibrate  # noqa: PLC0415  # the tokenizer

    ids = tuple(dict.fromkeys(name for names in models for name in names.split(","))) or DEFAULT_MODELS
    for name in ids:
        if reason := explain_id(name):
            raise Fatal(f"--model: `{name}` {reason}", "`prompt-lint models` lists the known ones")
    service, no_service_reason = find_service(env, provider, RequestPolicy())
    if service is None:
        raise Fatal(f"`calibrate` needs an API key: {no_service_reason}", "set ANTHROPIC_API_KEY")
    comparisons = calibrate(ids, service)
    host = service.sent_to[0] if service.sent_to else ""
    render = _render_json if output_format == "json" else _render_text
    write_stdout(render(comparisons, host, len(service.sent_to)))
    return _decide_exit_code(comparisons)


def _decide_exit_code(comparisons: Sequence[Comparison]) -> ExitCode:
    """What the API doesn't count is a fault only where the offline rules count it."""
    if not all(comparison.is_inside for comparison in comparisons):
        return ExitCode.OVER_LIMIT
    uncounted = any(not isinstance(c.api, Count) and c.offline for c in comparisons)
    return ExitCode.UNCOUNTED if uncounted else ExitCode.OK


def _render_text(comparisons: Sequence[Comparison], host: str, sent: int) -> str:
    lines: list[str] = []
    for model, of_model in groupby(comparisons, lambda comparison: comparison.model):
        rows = list(of_model)
        equal = sum(isinstance(row.api, Count) and not row.difference and bool(row.offline) for row in rows)
        differing = [line for row in rows if (line := _describe(row))]
        lines += [f"{model}: {equal} of {pluralize(len(rows), 'request')} equal", *differing]
    outside = sum(not comparison.is_inside for comparison in comparisons)
    lines.append(f"{pluralize(sent, 'request')} sent to {host}." if sent else "Nothing was sent.")
    lines.append(
        f"{pluralize(outside, 'count')} outside of the interval."
        if outside
        else "Every count is inside its interval."
    )
    return "".join(f"{escape_line(line)}\n" for line in lines)


def _describe(row: Comparison) -> str:
    """Return a line for a comparison that shows something, named by its rule; "" for one as expected."""
    name = f"  {row.request.rule} ({row.request.name})"
    if not isinstance(row.api, Count):
        return f"{name}: {row.api.message}"
    if row.offline is None:
        return "" if row.is_inside else f"{name}: costs nothing, so it can be counted offline"
    if not row.rule_difference and row.is_inside:
        return ""
    interval = "inside" if row.is_inside else "outside of"
    by_rule = "" if row.difference == row.rule_difference else f", {row.rule_difference:+,} by this rule"
    return f"{name}: {row.difference:+,}{by_rule}; {row.api.tokens:,} is {interval} {row.offline.low:,} to {row.offline.high:,}"


def _render_json(comparisons: Sequence[Comparison], host: str, sent: int) -> str:
    return dump_json(
        {
            "schema_version": _SCHEMA_VERSION,
            "host": host,
            "sent": sent,
            "outside": sum(not comparison.is_inside for comparison in comparisons),
            "comparisons": list(_list_rows(comparisons)),
        }
    )


def _list_rows(comparisons: Sequence[Comparison]) -> Iterator[dict[str, Any]]:
    for row in comparisons:
        is_counted = isinstance(row.api, Count)
        yield {
            "model": row.model,
            "rule": row.request.rule,
            "request": row.request.name,
            "api": row.api.tokens if isinstance(row.api, Count) else None,
            "reason": "" if isinstance(row.api, Count) else row.api.message,
            "offline": row.offline and row.offline.tokens,
            "low": row.offline and row.offline.low,
            "high": row.offline and row.offline.high,
            "difference": row.difference if is_counted else None,
            "rule_difference": row.rule_difference if is_counted else None,
            "inside": row.is_inside if is_counted else None,
        }
