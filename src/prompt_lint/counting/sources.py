"""Where counts come from: the cache first, then the tokenizer or the API, as the mode of the run says."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.counting.coverage import NEEDS_API_HINT
from prompt_lint.counting.covered_parts import count_covered_parts
from prompt_lint.counting.disputes import is_too_low, settle_dispute
from prompt_lint.counting.offline_counts import try_count_request
from prompt_lint.counting.processes import CountJob, count_jobs
from prompt_lint.counting.sums import collect_members, list_undecided
from prompt_lint.model.counts import Count, CountKey
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import assume_model
from prompt_lint.model.needs import describe_needs
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from prompt_lint.cache.counts import CountCache
    from prompt_lint.cache.files import FileCache
    from prompt_lint.model.counts import Origin, Outcome
    from prompt_lint.model.needs import ExactNeed
    from prompt_lint.model.values import Request
    from prompt_lint.output.progress import Progress

    # Counts many requests over the network. Yields one outcome for each key, as they arrive.
    CountMany = Callable[[Iterable[tuple[CountKey, Request]]], Iterator[tuple[CountKey, Outcome]]]

Mode = Literal["exact", "auto", "offline"]

# Jobs whose counts are looked up in one query.
_JOBS_IN_A_QUERY = 256
NOT_SENT = Unreadable("not sent: this is a dry run")
_NO_CREDENTIAL = "set ANTHROPIC_API_KEY, or count offline (--offline)"
# An exact count this far from the offline one, in tokens and as a share, says that the tokenizer has changed.
DRIFT_TOKENS, DRIFT_SHARE = 3, 0.01


class ApiService(NamedTuple):
    """The API, not yet connected.

    `host` is where requests would go. `sent_to` has the host of each request that has left. A gateway answers in the API's place, at an address of its own.
    `obeyed_variables` are the names of environment variables that requests obey on their way.
    """

    connect: Callable[[], AbstractContextManager[CountMany]]
    sent_to: Sequence[str]
    host: str
    is_gateway: bool
    obeyed_variables: tuple[str, ...]


class CountSources(NamedTuple):
    """Where a run gets its counts from, and what it remembers. Without a service, `no_service_reason` says why.

    `exact_needs` is what a run that sends nothing lacks for exact counts. Unless the mode is `exact`, known counts of
    these `origins` are good, the first ones first.

    In a dry run nothing is sent: what would be has `NOT_SENT` for an outcome.
    """

    mode: Mode
    count_cache: CountCache
    file_cache: FileCache
    service: ApiService | None
    no_service_reason: str
    processes: int
    progress: Progress
    is_dry_run: bool
    exact_needs: Sequence[ExactNeed]
    origins: tuple[Origin, ...] = ("api", "offline")


class OfflineStandIn(NamedTuple):
    """An offline count for a key that the API was asked for and didn't count. It is used only where it decides."""

    offline_count: Count
    reason: Unreadable


def find_count(outcome: Outcome | OfflineStandIn) -> Count | None:
    """Return the count, also an offline one that stands in; None for what couldn't be counted."""
    if isinstance(outcome, OfflineStandIn):
        return outcome.offline_count
    return outcome if isinstance(outcome, Count) else None


def find_reason(outcome: Outcome | OfflineStandIn) -> Unreadable | None:
    """Return why the request has no count of the API, also where an offline one stands in; None for a count."""
    if isinstance(outcome, OfflineStandIn):
        return outcome.reason
    return outcome if isinstance(outcome, Unreadable) else None


class Drift(NamedTuple):
    """Exact and offline tokens of a tokenizer family, over the requests whose counts differ by too much."""

    requests: int = 0
    exact: int = 0
    offline: int = 0


class OutcomesByKey:
    """What came of counting, by key. There may be a million keys, so neither they nor equal counts are kept twice."""

    def __init__(self) -> None:
        self._by_model: dict[str, dict[str, Outcome | OfflineStandIn]] = {}
        self._counts: dict[Count, Count] = {}

    def __getitem__(self, key: CountKey) -> Outcome | OfflineStandIn:
        return self._by_model[key.model][key.digest]

    def get(self, key: CountKey) -> Outcome | OfflineStandIn | None:
        return self._by_model.get(key.model, {}).get(key.digest)

    def __setitem__(self, key: CountKey, outcome: Outcome | OfflineStandIn) -> None:
        if isinstance(outcome, Count):
            outcome = self._counts.setdefault(outcome, outcome)
        self._by_model.setdefault(key.model, {})[key.digest] = outcome

    def update(self, outcomes: Mapping[CountKey, Outcome]) -> None:
        for key, outcome in outcomes.items():
            self[key] = outcome


class CountResults:
    """What has been counted. At the end, `outcomes` has every key that was asked for.

    `sent_to` has the host of each request that has left; `failures` are the reasons of requests without a count.
    """

    def __init__(self) -> None:
        self.outcomes = OutcomesByKey()
        self.sent_to: Sequence[str] = ()
        self.failures: list[Unreadable] = []
        self.drifts: dict[str, Drift] = {}

    def find_count(self, key: CountKey) -> Count | None:
        return find_count(self.outcomes[key])


def count_all(jobs: Iterable[CountJob], sources: CountSources) -> CountResults:
    """Count every job. A count goes to the cache as it arrives: an interrupted run loses little."""
    results = CountResults()
    members: dict[Hashable, list[CountJob]] = {}
    if sources.mode == "auto":
        jobs = collect_members(jobs, members)
    unknown = _skip_known(jobs, sources, results)
    if sources.mode == "exact":
        _count_with_api(unknown, sources, results)
    else:
        open_jobs = _count_offline(unknown, sources, results)
        open_jobs += list_undecided(members, results.find_count)
        open_jobs = _drop_repeated(open_jobs, set())
        sources.progress.add_counts(sum(len(job.models) for job in open_jobs))
        _count_with_api(open_jobs, sources, results)
    results.sent_to = tuple(sources.service.sent_to) if sources.service else ()
    return results


def _skip_known(jobs: Iterable[CountJob], sources: CountSources, results: CountResults) -> Iterator[CountJob]:
    """Add known counts to `results`, and yield the jobs that still have models to be counted."""
    remaining = iter(jobs)
    seen: set[CountKey] = set()
    while batch := list(islice(remaining, _JOBS_IN_A_QUERY)):
        keys = {CountKey(model, job.digest) for job in batch for model in job.models}
        new = {key for key in keys if results.outcomes.get(key) is None}
        results.outcomes.update(recall_counts(new, sources))
        open_jobs = []
        for job in batch:
            outcomes = ((model, results.outcomes.get(CountKey(model, job.digest))) for model in job.models)
            models = tuple(model for model, outcome in outcomes if _is_open(outcome, job, model, sources))
            if models:
                open_jobs.append(job._replace(models=models))
        if sources.mode == "exact":  # else each job is counted, and in mode `auto` judged by its own limits
            open_jobs = _drop_repeated(open_jobs, seen)
        sources.progress.add_counts(sum(len(job.models) for job in open_jobs))
        yield from open_jobs


def _drop_repeated(jobs: Iterable[CountJob], seen: set[CountKey]) -> list[CountJob]:
    """Return the jobs with those models whose keys aren't in `seen`, and add these keys to it."""
    distinct = []
    for job in jobs:
        new = {CountKey(model, job.digest) for model in job.models} - seen
        seen |= new
        if new:
            models = tuple(model for model in job.models if CountKey(model, job.digest) in new)
            distinct.append(job._replace(models=models))
    return distinct


def recall_counts(keys: Collection[CountKey], sources: CountSources) -> dict[CountKey, Count]:
    return sources.count_cache.get(keys, *(("api",) if sources.mode == "exact" else sources.origins))


def is_sufficient(count: Count, limit: int | None, sources: CountSources) -> bool:
    """Return whether nothing is left to be counted. Where the API may be asked, an offline count has to decide."""
    return sources.mode != "auto" or count.is_exact or count.decides(limit)


def _is_open(
    outcome: Outcome | OfflineStandIn | None, job: CountJob, model: str, sources: CountSources
) -> bool:
    if isinstance(outcome, Count):
        limit = job.limits.get(model) if job.sum_key is None else None  # a sum is decided as a whole, later
        return not is_sufficient(outcome, limit, sources)
    return sources.mode == "auto" or outcome is None


def _count_offline(jobs: Iterable[CountJob], sources: CountSources, results: CountResults) -> list[CountJob]:
    """Count with the tokenizer. Return what that leaves open, in mode `auto`."""
    open_jobs: list[CountJob] = []
    for job, counted in count_jobs(jobs, sources.processes):
        outcomes = {key: _add_needs(outcome, sources.exact_needs) for key, outcome in counted.items()}
        results.outcomes.update(outcomes)
        counts = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, Count)}
        sources.count_cache.put(counts)
        sources.progress.finish_counts(len(outcomes), len(counts))
        models = tuple(
            key.model for key, outcome in outcomes.items() if _is_open(outcome, job, key.model, sources)
        )
        if models:
            open_jobs.append(job._replace(models=models))
    return open_jobs


def _add_needs(outcome: Outcome, needs: Sequence[ExactNeed]) -> Outcome:
    """Return the outcome; of a request that only the API can count, with what the run lacks for that."""
    if needs and isinstance(outcome, Unreadable) and outcome.hint == NEEDS_API_HINT:
        hint = f"to count it with the API, {describe_needs(needs)}; or exclude the file"
        return Unreadable(outcome.message, hint, outcome.line)
    return outcome


def _count_with_api(jobs: Iterable[CountJob], sources: CountSources, results: CountResults) -> None:
    """Count with the API. No two jobs have a key in common."""
    pending: dict[CountKey, Request] = {}

    def list_requests() -> Iterator[tuple[CountKey, Request]]:
        for job in jobs:
            for key in (CountKey(model, job.digest) for model in job.models):
                pending[key] = job.request
                yield key, job.request

    for key, outcome in _send(list_requests(), sources):
        request = pending.pop(key)
        counted = try_count_request(key.model, request)
        offline = counted if isinstance(counted, Count) else None  # None where only the API can count it
        if isinstance(outcome, Unreadable):
            results.failures.extend([outcome] if outcome is not NOT_SENT else [])
            results.outcomes[key] = OfflineStandIn(offline, outcome) if offline else outcome
        elif offline:
            results.outcomes[key] = _weigh_exact_count(key, outcome, offline, sources, results)
        else:
            results.outcomes[key] = _weigh_count_of_api_alone(key, request, outcome, sources)
        is_kept = (
            isinstance(outcome, Count)
            and isinstance(weighed := results.outcomes[key], Count)
            and not weighed.is_disputed
        )
        host = sources.service.sent_to[0] if sources.service and sources.service.sent_to else ""
        sources.progress.finish_counts(1, int(is_kept), host)


def _send(
    requests: Iterator[tuple[CountKey, Request]], sources: CountSources
) -> Iterator[tuple[CountKey, Outcome]]:
    """Yield what the API answers, or why it isn't asked. Connects only where there is a request."""
    first = next(requests, None)
    if first is None:
        return
    requests = chain([first], requests)
    if sources.service is None:
        for key, _ in requests:
            yield key, Unreadable(f"not counted: {sources.no_service_reason}", _NO_CREDENTIAL)
        return
    if sources.is_dry_run:
        yield from ((key, NOT_SENT) for key, _ in requests)
        return
    with sources.service.connect() as count_many:
        yield from count_many(requests)


def _weigh_exact_count(
    key: CountKey, exact: Count, offline: Count, sources: CountSources, results: CountResults
) -> Count:
    """Return the count that is judged: the exact one, unless a gateway's is too far from the offline one.

    A disputed count isn't kept, so that the next run asks again.
    """
    is_from_gateway = sources.service and sources.service.is_gateway
    if is_from_gateway and (disputed := settle_dispute(exact, offline)):
        return disputed
    sources.count_cache.put({key: exact})
    # A wide interval, of images for example, says nothing about the tokenizer.
    if not offline.is_unverified and not offline.contains(exact.tokens):
        _record_drift(key.model, exact.tokens, offline.tokens, results)
    return exact


def _weigh_count_of_api_alone(
    key: CountKey, request: Request, exact: Count, sources: CountSources
) -> Outcome:
    """Return the exact count of what only the API can count; why there is none where a gateway's number is impossible.

    That is one below the tokens of the parts that can be counted offline.
    """
    if sources.service and sources.service.is_gateway:
        parts = count_covered_parts(key.model, request)
        if parts and is_too_low(exact.tokens, parts):
            host = sources.service.sent_to[0]
            return Unreadable(
                f"not counted: {host} answered {pluralize(exact.tokens, 'token')}, and the parts of the request that can be "
                f"counted offline have at least {parts.low:,}",
                "is ANTHROPIC_BASE_URL the right address?",
            )
    sources.count_cache.put({key: exact})
    return exact


def _record_drift(model: str, exact_tokens: int, offline_tokens: int, results: CountResults) -> None:
    if abs(offline_tokens - exact_tokens) > max(DRIFT_TOKENS, DRIFT_SHARE * exact_tokens):
        family = assume_model(model).tokenizer_family
        drift = results.drifts.get(family, Drift())
        results.drifts[family] = Drift(
            drift.requests + 1, drift.exact + exact_tokens, drift.offline + offline_tokens
        )
