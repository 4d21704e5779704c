"""The API's counts of known requests beside the offline ones: which rule differs, for which model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.counting.calibration_requests import REQUESTS
from prompt_lint.counting.offline import count_request
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import assume_model
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.counting.calibration_requests import CalibrationRequest
    from prompt_lint.counting.sources import ApiService
    from prompt_lint.model.counts import Outcome

# A model of each generation that the API serves, and the newest one.
DEFAULT_MODELS = ("claude-haiku-4-5", "claude-opus-4-7", "claude-opus-5", "claude-sonnet-5-5")


class Comparison(NamedTuple):
    """A request for a model: the API's count, or why there is none, and the offline one.

    `offline` is None where all that is known is that the request costs more than another. `difference` is by how many
    tokens the API's count is higher; `rule_difference` is what of that comes of the rule itself.
    """

    request: CalibrationRequest
    model: str
    api: Outcome
    offline: Count | None
    difference: int = 0
    rule_difference: int = 0
    is_inside: bool = True


def calibrate(models: Sequence[str], service: ApiService) -> list[Comparison]:
    """Return a comparison of each request with each model that takes it. Every request is sent, once for each model."""
    jobs = [job for model in models for job in _list_jobs(model)]
    requests = {CountKey(model, Request(r.fields).digest()): Request(r.fields) for model, r, _ in jobs}
    with service.connect() as count_many:
        outcomes = dict(count_many(iter(requests.items())))
    by_name = {(model, r.name): outcomes[CountKey(model, Request(r.fields).digest())] for model, r, _ in jobs}
    differences = {
        (model, request.name): outcome.tokens - offline.tokens
        for model, request, offline in jobs
        if offline and isinstance(outcome := by_name[model, request.name], Count)
    }
    return [_compare(job, by_name, differences) for job in jobs]


_Job = tuple[str, "CalibrationRequest", Count | None]


def _list_jobs(model: str) -> Iterable[_Job]:
    """Yield the requests for a model, with their offline counts. What it refuses, or nobody can count, isn't compared."""
    generation = assume_model(model).generation
    for request in REQUESTS:
        if generation not in request.generations:
            continue
        if request.costs_more:
            yield model, request, None
            continue
        try:
            yield model, request, count_request(model, Request(request.fields))
        except Unreadable:
            continue


def _compare(
    job: _Job, outcomes: Mapping[tuple[str, str], Outcome], differences: Mapping[tuple[str, str], int]
) -> Comparison:
    model, request, offline = job
    api, beside = outcomes[model, request.name], outcomes.get((model, request.beside))
    if not isinstance(api, Count):
        return Comparison(request, model, api, offline)
    if offline is None:
        if not isinstance(beside, Count):
            return Comparison(request, model, api, None)
        cost = api.tokens - beside.tokens
        return Comparison(request, model, api, None, cost, min(cost - 1, 0), cost > 0)
    difference = api.tokens - offline.tokens
    rule_difference = difference - differences.get((model, request.beside), 0)
    is_inside = offline.contains(api.tokens)
    return Comparison(request, model, api, offline, difference, rule_difference, is_inside)
