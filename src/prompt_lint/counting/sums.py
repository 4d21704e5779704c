"""Sums that their offline counts leave open, in mode `auto`: which of their members the API has to count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import Count, CountKey, sum_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.counting.processes import CountJob

    FindCount = Callable[[CountKey], Count | None]


def collect_members(jobs: Iterable[CountJob], members: dict[Hashable, list[CountJob]]) -> Iterator[CountJob]:
    """Yield the jobs, and add those for members of sums to `members`, with their texts: they may be sent later."""
    for job in jobs:
        if job.sum_key is not None:
            members.setdefault(job.sum_key, []).append(job)
        yield job


def list_undecided(
    members: Mapping[Hashable, Sequence[CountJob]], find_count: FindCount
) -> Iterator[CountJob]:
    """Yield what isn't known exactly of each sum that its limit cuts, or that has a member without a count."""
    for jobs in members.values():
        for model in jobs[0].models:
            counts = [find_count(CountKey(model, job.digest)) for job in jobs]
            if not _is_decided(counts, jobs[0].limits.get(model)):
                for job, count in zip(jobs, counts, strict=True):
                    if count is None or not count.is_exact:
                        yield job._replace(models=(model,))


def _is_decided(counts: Sequence[Count | None], limit: int | None) -> bool:
    known = [count for count in counts if count]
    total = sum_counts(known)
    return limit is None or total.low > limit or (len(known) == len(counts) and total.high <= limit)
