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
    from collections.abc import Iterable, Sequence

    from prompt_lint.counting.calibration_requests import CalibrationRequest
    from prompt_lint.counting.sources import ApiService
    from prompt_lint.model.counts import Outcome

# A model of each generation that the API serves, and the newest one.
DEFAULT_MODELS = ("claude-haiku-4-5", "claude-opus-4-7", "claude-opus-5", "claude-sonnet-5-5")


class Comparison(NamedTuple):
    """A request for a model: the API's count, or why there is none, and the offline one.

    `offline` is None where all that is known is that the request costs more than its baseline. `difference` is by how many
    tokens the API's count is higher than the offline one, or than the baseline's where there is none; `rule_difference` is
    what of that comes of the rule itself. `is_inside`: the count is inside of the interval, or higher than the baseline's.
    Each is None where a count that it needs is missing.
    """

    request: CalibrationRequest
    model: str
    api: Outcome
    offline: Count | None
    difference: int | None = None
    rule_difference: int | None = None
    is_inside: bool | None = None


class _Job(NamedTuple):
    """A request to be sent for a model, and its offline count, which is None where nobody can count it offline."""

    model: str
    request: CalibrationRequest
    offline: Count | None
    key: CountKey


def calibrate(models: Sequence[str], service: ApiService) -> list[Comparison]:
    """Return a comparison of each request with each model that takes it. Every request is sent, once for each model."""
    jobs = [job for model in models for job in _list_jobs(model)]
    with service.connect() as count_many:
        outcomes = dict(count_many((job.key, Request(job.request.fields)) for job in jobs))
    answers = {(job.model, job.request.name): _read_answer(job, outcomes[job.key]) for job in jobs}
    return [_compare(each, answers.get((each.model, each.request.baseline))) for each in answers.values()]


def _list_jobs(model: str) -> Iterable[_Job]:
    """Yield the requests for a model. What it refuses, or what can't be counted offline at all, isn't compared."""
    generation = assume_model(model).generation
    for request in REQUESTS:
        if generation not in request.generations:
            continue
        sent = Request(request.fields)
        try:
            offline = None if request.costs_more else count_request(model, sent)
        except Unreadable:
            continue
        yield _Job(model, request, offline, CountKey(model, sent.digest()))


def _read_answer(job: _Job, api: Outcome) -> Comparison:
    difference = api.tokens - job.offline.tokens if isinstance(api, Count) and job.offline else None
    return Comparison(job.request, job.model, api, job.offline, difference)


def _compare(answer: Comparison, baseline: Comparison | None) -> Comparison:
    """Return the answer to a request beside that to its baseline."""
    api, difference = answer.api, answer.difference
    if not isinstance(api, Count):
        return answer
    if answer.offline is None:
        return _compare_cost(answer, api, baseline)
    is_inside = answer.offline.contains(api.tokens)
    if not answer.request.baseline:
        return answer._replace(rule_difference=difference, is_inside=is_inside)
    if difference is None or baseline is None or baseline.difference is None:
        return answer._replace(is_inside=is_inside)
    return answer._replace(rule_difference=difference - baseline.difference, is_inside=is_inside)


def _compare_cost(answer: Comparison, api: Count, baseline: Comparison | None) -> Comparison:
    """Compare a request of which is known that it costs more than its baseline: a token at least."""
    if baseline is None or not isinstance(baseline.api, Count):
        return answer
    cost = api.tokens - baseline.api.tokens
    costs_more = cost > 0
    return answer._replace(
        difference=cost, rule_difference=0 if costs_more else cost - 1, is_inside=costs_more
    )
