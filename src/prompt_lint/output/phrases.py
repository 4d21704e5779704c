"""Sentences that several outputs have in common. Nothing is escaped here: each output escapes what it prints."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_lint.model.values import (
        Count,
        ImportShares,
        Loosening,
        MaxGrowth,
        Note,
        Prompt,
        Report,
        Section,
        Verdict,
    )

# Files named with a note that concerns several.
_NAMED = 3


def notes(given: Iterable[Note]) -> list[str]:
    """One line for each message, in the order of its first appearance, with the first files that it concerns."""
    places: dict[str, list[str]] = {}
    for message, path, line in given:
        found = places.setdefault(message, [])
        place = f"{path}:{line}" if line else path
        if place and place not in found:
            found.append(place)
    return [f"{message}: {_listed(found)}" if found else message for message, found in places.items()]


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
    return f"{', '.join(places[:_NAMED])}{more}"


class Total(NamedTuple):
    """The tokens of all prompts for one model: in the base (as many as now, where there is none) and now."""

    model: str
    before: int
    after: int

    @property
    def growth(self) -> int:
        return self.after - self.before


def totals(report: Report) -> list[Total]:
    """One for each model. Groups don't count, they would count prompts twice; nor does what can't be compared, on either side."""
    found: dict[str, list[int]] = {}
    for verdict in report.verdicts:
        if verdict.prompt.format != "group" and verdict.token_count:
            total = found.setdefault(verdict.model, [0, 0])
            if not _unmatched(verdict):
                total[0] += verdict.token_count.tokens
                total[1] += verdict.token_count.tokens if verdict.change == "new" else verdict.growth or 0
    for one in report.removed:
        found.setdefault(one.model, [0, 0])[1] -= one.base_count.tokens
    return [Total(model, after - growth, after) for model, (after, growth) in found.items()]


def left_out(report: Report) -> str:
    """What totals don't have, for the end of a sentence: `without 1 prompt that can't be compared`; "" where they have all."""
    found = [
        prompt
        for prompt, ours in groupby(report.verdicts, attrgetter("prompt"))
        if prompt.format != "group" and any(map(_unmatched, ours))
    ]
    return f"without {several(len(found), 'prompt')} that can't be compared" if found else ""


def groups_moved(report: Report) -> str:
    """How groups changed, which no total tells: `1 group grew by 293`; of several, or for several models, by how much at most.

    Those of which nobody knows are counted, too: `1 group can't be compared`.
    """
    groups = [
        list(ours)
        for prompt, ours in groupby(report.verdicts, attrgetter("prompt"))
        if prompt.format == "group"
    ]
    found = [[one.growth for one in ours if one.growth and one.change != "new"] for ours in groups]
    up = [max(growths) for growths in found if growths and max(growths) > 0]
    down = [-min(growths) for growths in found if growths and max(growths) < 0]
    told = [
        f"{several(len(by), 'group')} {verb} by {'up to ' if len(by) > 1 else ''}{max(by):,}"
        for by, verb in ((up, "grew"), (down, "shrank"))
        if by
    ]
    unknown = sum(any(map(_unmatched, ours)) for ours in groups)
    return ", ".join([*told, *[f"{several(unknown, 'group')} can't be compared"] * bool(unknown)])


def things(prompts: Iterable[Prompt]) -> str:
    """How many prompts and groups: `2 prompts`, `1 group`, `2 prompts and 1 group`."""
    grouped = [prompt.format == "group" for prompt in prompts]
    groups = grouped.count(True)
    single = len(grouped) - groups
    told = [several(single, "prompt")] * bool(single or not groups)
    return " and ".join([*told, *[several(groups, "group")] * bool(groups)])


def _unmatched(verdict: Verdict) -> bool:
    """Whether a prompt was there in the base, but by how much it changed isn't known."""
    return verdict.change not in {"", "new"} and verdict.growth is None


def number(count: Count) -> str:
    """`1,234` is the API's number, `1,234 ±12` is an offline count with the interval that holds it."""
    spread = max(count.tokens - count.low, count.high - count.tokens)
    mark = f" ±{spread:,}" if spread else ""
    return f"{count.tokens:,}{mark}{' unverified' if count.is_unverified else ''}"


def moved(verdict: Verdict) -> int:
    """By how many tokens a prompt changed, up or down; all of a new one."""
    if verdict.change == "new":
        return verdict.token_count.tokens if verdict.token_count else 0
    return abs(verdict.growth or 0)


def several(number: int, noun: str) -> str:
    """`1 prompt`, `2 prompts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def share(part: int, whole: int) -> str:
    """A growth as a share of what was there: `+12%`, `-0.4%`; "" of nothing."""
    if not whole:
        return ""
    percent = 100 * part / whole
    return f"{percent:+,.0f}%" if abs(percent) >= 10 or not part else f"{percent:+.2g}%"


def allowance(allowed: MaxGrowth, before: int) -> int:
    """Tokens by which a prompt of `before` may grow. Where two bounds are given, both have to be exceeded."""
    of_share = before * (allowed.millionths or 0) // 1_000_000
    return max(allowed.tokens or 0, of_share)


def bounds(allowed: MaxGrowth) -> str:
    """What a rule lets a prompt grow: `10%`, `200 tokens`, or both."""
    told = [] if allowed.tokens is None else [f"{allowed.tokens:,} tokens"]
    if allowed.millionths is not None:
        told.append(f"{allowed.millionths / 10_000:g}%")
    return " or ".join(told)


def surely(verdicts: Iterable[Verdict]) -> str:
    """What to cut so that no interval reaches beyond its limit."""
    most = max(v.token_count.high - v.limit for v in verdicts if v.token_count and v.limit is not None)
    return several(most, "token")


def shares(given: ImportShares) -> str:
    """Where the tokens of a prompt that imports others are."""
    return f"Own text {given.own_tokens:,} tokens, imported {given.imported_tokens:,} in {several(given.imported_files, 'file')}"


def place(section: Section) -> str:
    """The lines of a section, with their file where it is another one."""
    first, last = section.first_line, section.last_line
    if not section.path:
        return f"lines {first}-{last}" if last > first else f"line {first}"
    return section.path + (f":{first}-{last}" if last > first else f":{first}" if first > 1 else "")


def raised(one: Loosening) -> str:
    """What a change loosens, without whom it concerns and for which model."""
    if one.old_limit is None:
        return one.description
    return (
        f"{one.description}; its limit was {one.old_limit:,}"
        if one.new_limit is None
        else f"{one.description} from {one.old_limit:,} to {one.new_limit:,}"
    )


def origin(report: Report) -> list[str]:
    """Once for all numbers: who counted them, where prompts were sent, and what `±` means."""
    told = []
    counts = [v.token_count for v in report.verdicts if v.token_count]
    exact = [count.origin for count in counts].count("api")
    if exact or report.requests_sent:
        offline = sum(not count.is_exact for count in counts)
        also = f", {offline:,} offline (± is the measured interval)" if offline else ""
        sent = (
            f"{several(report.requests_sent, 'request')} sent to {report.api_host}"
            if report.requests_sent
            else "nothing sent"
        )
        told.append(f"Counts: {exact:,} exact{also}; {sent}.")
    elif any(not count.is_exact for count in counts):
        told.append("Counted offline: ± is the measured interval around the API's number.")
    told.extend(
        f"Nobody has measured the tokenizer of {model}: its counts are unverified.{_near(model)}"
        for model in sorted(
            {v.model for v in report.verdicts if v.token_count and v.token_count.is_unverified}
        )
    )
    return told


def _near(model: str) -> str:
    """A slip in a name that is known is likelier than a model that isn't."""
    import difflib  # noqa: PLC0415  # only for a name that isn't known

    from prompt_lint.model.models import KNOWN_IDS  # noqa: PLC0415

    near = difflib.get_close_matches(model, KNOWN_IDS, 1, 0.85)
    return f" Did you mean {near[0]}?" if near else ""


def percent(tokens: int, limit: int) -> str:
    """How full a limit is. Only what is exactly at it has `100%`; what is close has decimals."""
    rounded = round(100 * tokens / limit)
    if rounded != 100 or tokens == limit:
        return f"{rounded:,}%"
    exact = 100 * tokens / limit
    told = f"{min(exact, 99.99) if tokens < limit else max(exact, 100.01):.2f}"
    return f"{told.rstrip('0')}%"


def merged(given: Iterable[Loosening]) -> list[tuple[Loosening, tuple[str, ...]]]:
    """What is the same for several models, once, with those models."""
    found: dict[Loosening, tuple[str, ...]] = {}
    for one in given:
        key = one._replace(model="")
        found[key] = (*found.get(key, ()), *([one.model] if one.model else []))
    return list(found.items())
