"""What a run would send: `check --dry-run` prints which prompts, where to and how long it takes, `--show-request` the requests themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.api.rate_limit import INITIAL_RATE, estimate_seconds
from prompt_lint.request.for_model import adapt_request
from prompt_lint.text.escape import dump_json, escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.values import PlannedRequest, Prompt, Report


def render_plan(report: Report, sources: CountSources, max_requests: int) -> str:
    """Return a line for each prompt, with its models, and a summary; without a service, that nothing would be sent."""
    if sources.service is None:
        reason = f" ({sources.no_service_reason})" if sources.no_service_reason else ""
        lines = [f"Nothing would be sent: everything is counted offline{reason}."]
    elif not report.planned:
        lines = ["Nothing would be sent: all counts are known, or decided offline."]
    else:
        lines = [
            *_list_prompts(report.planned),
            *_summarize(report.planned, sources.service.host, max_requests),
        ]
    if report.problems:
        lines.append(
            f"{pluralize(len(report.problems), 'error')} besides: run `prompt-lint check` without --dry-run to see what fails."
        )
    return "".join(f"{escape_line(line)}\n" for line in lines)


def _list_prompts(planned: Sequence[PlannedRequest]) -> Iterator[str]:
    """Yield a line for each prompt, once: a member of a sum is mostly a prompt of its own, too."""
    models: dict[tuple[str, str, bool], dict[str, None]] = {}
    for row in planned:
        models.setdefault((row.prompt.path, row.prompt.name, row.is_base), {})[row.model] = None
    for (path, name, is_base), of_prompt in models.items():
        prompt = f"{path} `{name}`" if name else path
        yield f"{prompt}{' in the base' if is_base else ''}: {', '.join(of_prompt)}"


def _summarize(planned: Sequence[PlannedRequest], host: str, max_requests: int) -> Iterator[str]:
    requests = len({(row.model, row.digest) for row in planned})
    yield f"{pluralize(requests, 'request')} would be sent to {host}; nothing was sent."
    duration = pluralize(estimate_seconds(min(requests, max_requests)), "second")
    yield f"At {INITIAL_RATE:g} requests a second, with which a run begins, that takes about {duration}."
    if requests > max_requests:
        yield f"A run sends {max_requests:,} at most (--max-requests); the next one would go on from there."


def render_requests(prompts: Iterable[Prompt], models: Sequence[str]) -> str:
    """Return a line of JSON for each prompt and model: the body to send to `count_tokens`."""
    bodies = (
        {"model": model, **adapt_request(prompt.request, model).ordered_fields()}
        for prompt in prompts
        if prompt.request
        for model in models
    )
    return "".join(dump_json(body, indent=None) for body in bodies)
