"""What the outcomes of both sides of a comparison say beside each other, by prompt."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.group_sums import sum_members
from prompt_lint.check.groups import make_key
from prompt_lint.counting.sources import find_count
from prompt_lint.model.counts import EMPTY_COUNT, sum_counts
from prompt_lint.model.rules import ON_DEMAND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.check.group_sums import PromptOutcomes
    from prompt_lint.check.read_prompts import ReadPrompt
    from prompt_lint.counting.sources import OfflineStandIn
    from prompt_lint.model.counts import Count, Outcome
    from prompt_lint.model.values import PromptKey


def pair_on_demand(outcomes: Iterable[PromptOutcomes]) -> list[PromptOutcomes]:
    """Return the outcomes, with prompts of the base that are loaded on demand only now by the name that this gives them.

    The other way round it is a new prompt: at the start of a session nothing was loaded of it.
    """
    outcomes = list(outcomes)
    current = {read.prompt.key for read, _ in outcomes if not read.is_base and not read.group}

    def rename(read: ReadPrompt) -> ReadPrompt:
        renamed = read.prompt._replace(name=ON_DEMAND)
        is_paired = read.is_base and not read.group and not read.prompt.name and renamed.key in current
        return read._replace(prompt=renamed) if is_paired else read

    return [(rename(read), of_models) for read, of_models in outcomes]


def map_base_counts(pairs: Iterable[PromptOutcomes]) -> dict[PromptKey, dict[str, Outcome | OfflineStandIn]]:
    """Return by prompt and model what came of counting the base."""
    counts: dict[PromptKey, dict[str, Outcome | OfflineStandIn]] = {}
    for group, members in groupby(pairs, lambda pair: pair[0].group):
        if group and group.sum:
            of_sum = list(members)
            totals = [total for total, _ in sum_members(of_sum)]
            counts[find_key(of_sum[0][0])] = dict(zip(group.rule.models, totals, strict=True))
            continue
        for read, outcomes in members:
            counts[find_key(read)] = dict(zip(read.rule.models, outcomes, strict=True))
    return counts


def find_changed_prompts(outcomes: Iterable[PromptOutcomes]) -> set[PromptKey]:
    """Return the prompts and groups whose requests aren't those of the base; what only one side has is no change.

    Files that haven't changed may import some that have, and a sum of members that have may be as large as before.
    `outcomes` are those of the base and of now.
    """
    requests: dict[PromptKey, tuple[set[tuple[PromptKey, str]], set[tuple[PromptKey, str]]]] = {}
    for read, _ in outcomes:
        current, base = requests.setdefault(find_key(read), (set(), set()))
        (base if read.is_base else current).add((read.prompt.key, read.digest))
    return {
        name for name, (current, base) in requests.items() if current and base and current != base
    }  # fmt: skip


class RequestDifference(NamedTuple):
    """What a prompt or group has on both sides, counted as `unchanged`, and the digests of what it has on one side only.

    It `is_mixed` where the latter were counted by the API in part, and offline in part.
    """

    unchanged: Count = EMPTY_COUNT
    base: Sequence[str] = ()
    current: Sequence[str] = ()
    is_mixed: bool = False


def compare_requests(outcomes: Iterable[PromptOutcomes]) -> dict[tuple[PromptKey, str], RequestDifference]:
    """Return, by prompt or group and model, which requests are the same in the base, by whatever name, and which aren't.

    `outcomes` are those of the base and of now. A disputed count is of no use to a sum: its request counts as one that differs.
    """
    digests: dict[tuple[PromptKey, str], tuple[Counter[str], Counter[str]]] = {}
    counts: dict[str, dict[str, Count]] = {}
    for read, of_models in outcomes:
        if not read.digest:  # a blank prompt has no tokens by any means
            continue
        for model, outcome in zip(read.rule.models, of_models, strict=True):
            if count := find_count(outcome):
                counts.setdefault(model, {})[read.digest] = count
                sides = digests.setdefault((find_key(read), model), (Counter(), Counter()))
                sides[read.is_base][read.digest] += 1
    return {
        (name, model): _compare_digests(current, base, counts[model])
        for (name, model), (current, base) in digests.items()
    }


def _compare_digests(
    current: Counter[str], base: Counter[str], counts: Mapping[str, Count]
) -> RequestDifference:
    undisputed = {
        digest: number for digest, number in (current & base).items() if not counts[digest].is_disputed
    }
    common = Counter(undisputed)
    of_base, of_current = tuple((base - common).elements()), tuple((current - common).elements())
    origins = {counts[digest].origin for digest in (*of_base, *of_current)}
    unchanged = sum_counts([counts[digest] for digest in common.elements()])
    return RequestDifference(unchanged, of_base, of_current, len(origins) > 1)


def find_lost_imports(outcomes: Iterable[PromptOutcomes]) -> dict[PromptKey, list[str]]:
    """Return, by prompt, the files that it imported in the base, and still asks for, and that aren't there any more.

    `outcomes` are those of the base and of now.
    """
    imported: dict[PromptKey, dict[str, None]] = {}
    missing: dict[PromptKey, set[str]] = {}
    for read, _ in outcomes:
        name = find_key(read)
        if read.is_base:
            imported.setdefault(name, {}).update((file.path, None) for file in read.prompt.imports)
        elif read.includes:
            absent = (path for path, stamp in read.includes.items() if stamp == b"")
            missing.setdefault(name, set()).update(absent)
    lost = {
        name: [path for path in paths if path in missing[name]]
        for name, paths in imported.items()
        if name in missing
    }
    return {name: paths for name, paths in lost.items() if paths}


def find_key(read: ReadPrompt) -> PromptKey:
    """Return the key of a prompt; for a member of a sum that of its group."""
    return make_key(read.group) if read.group else read.prompt.key
