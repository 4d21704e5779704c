"""Phrases that several outputs have in common. Nothing is escaped here: each output escapes what it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.models import find_model
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.models import Model
    from prompt_lint.model.rules import Exemption, Loosening
    from prompt_lint.model.values import ImportShares, Note, Part, Prompt, Report, Section, Verdict

# Files named with a note that concerns several.
_NAMED_FILES = 3


# ---------------------------------------------------------------------------------------------------------
# Numbers


def format_count(count: Count, reserve: int = 0) -> str:
    """Return `1,234` for an exact count, `1,234 ±12` for one with an interval, and after it one that isn't judged.

    With what comes at run time: `1,234 ±12 + 3,000 reserved`.
    """
    disputed = f" (disputed: {format_count(count.disputed_count)})" if count.disputed_count else ""
    unverified = " unverified" if count.is_unverified else ""
    return f"{format_tokens(count.tokens, count.margin)}{unverified}{disputed}{reserve_suffix(reserve)}"


def reserve_suffix(reserve: int) -> str:
    """Return the tokens that are reserved for what comes at run time, to follow a number: ` + 3,000 reserved`; "" for none."""
    return f" + {reserve:,} reserved" if reserve else ""


def format_tokens(tokens: int, margin: int) -> str:
    """Return `1,234 ±12`, without a margin `1,234`."""
    return f"{tokens:,} ±{margin:,}" if margin else f"{tokens:,}"


def describe_tokens(tokens: int, margin: int) -> str:
    """Return `1,234 ±12 tokens`, `1 token`."""
    return f"{format_tokens(tokens, margin)} tokens" if margin else pluralize(tokens, "token")


def format_growth(growth: Count) -> str:
    """Return `+1,234 ±12`, `-5`, `0`."""
    sign = "+" if growth.tokens > 0 else ""
    return f"{sign}{format_tokens(growth.tokens, growth.margin)}"


def percent_of_limit(verdict: Verdict) -> str:
    """Return how full the limit is, or "" without a limit or a count.

    Only a count that is exactly at its limit has `100%`; one that is close to it gets decimals.
    """
    exact = verdict.fill_percent
    if exact is None:
        return ""
    if round(exact) != 100 or exact == 100:
        return f"{round(exact):,}%"
    decimals = f"{min(exact, 99.99) if exact < 100 else max(exact, 100.01):.2f}"
    return f"{decimals.rstrip('0')}%"


def format_calls_cost(report: Report, tokens: int, model: str, *, sign: bool = False) -> str:
    """Return what so many input tokens cost in 1,000 calls: `$2.40`; "" for a model without a price."""
    cost = report.cost_of_calls(tokens, model)
    if cost is None:
        return ""
    from prompt_lint.text.money import format_money  # noqa: PLC0415  # `decimal` takes 10 ms, and few have prices

    return format_money(cost, sign=sign)


def share_suffix(growth: int, base_tokens: int) -> str:
    """Return a growth as a share of the base, to follow a number: ` (+12%)`; "" where the base has no tokens."""
    if not base_tokens:
        return ""
    percent = 100 * growth / base_tokens
    return f" ({percent:+,.0f}%)" if abs(percent) >= 10 or not growth else f" ({percent:+.2g}%)"


def describe_prompts(prompts: Iterable[Prompt]) -> str:
    """Return how many prompts and groups there are: `2 prompts`, `1 group`, `2 prompts and 1 group`."""
    are_groups = [prompt.is_group for prompt in prompts]
    groups, singles = are_groups.count(True), are_groups.count(False)
    parts = [pluralize(singles, "prompt")] if singles or not groups else []
    return " and ".join([*parts, *([pluralize(groups, "group")] if groups else [])])


# ---------------------------------------------------------------------------------------------------------
# Where the tokens are


def describe_lines(section: Section | Part) -> str:
    """Return the lines of a section, with their file where it isn't the prompt's own: `lines 3-12`, `a.md:3-12`."""
    first, last = section.first_line, section.last_line
    if not section.path:
        return f"lines {first}-{last}" if last > first else f"line {first}"
    return section.path + (f":{first}-{last}" if last > first else f":{first}" if first > 1 else "")


def sum_sections(sections: Sequence[Section]) -> str:
    """Return the tokens of sections that aren't shown one by one."""
    margin = sum(section.margin for section in sections)
    return format_tokens(sum(section.tokens for section in sections), margin)


def describe_shares(shares: ImportShares) -> str:
    own_tokens = describe_tokens(shares.own_tokens, shares.own_margin)
    imported = format_tokens(shares.imported_tokens, shares.imported_margin)
    return f"Own text {own_tokens}, imported {imported} in {pluralize(shares.imported_files, 'file')}"


# ---------------------------------------------------------------------------------------------------------
# Rules and exemptions


def describe_tighter_limit(verdict: Verdict) -> str:
    """Return why a prompt over a limit that is new, or was lowered, doesn't fail."""
    if verdict.base_limit is None:
        return "No limit applied to it before this change, so it doesn't fail yet."
    reserve = (
        f" with {verdict.base_reserve:,} reserved" if verdict.base_reserve != verdict.rule.reserve else ""
    )
    return f"Its limit was {verdict.base_limit:,}{reserve} before this change; it isn't larger now, so it doesn't fail."


def is_accepted(verdict: Verdict) -> bool:
    """Return whether a verdict would fail, but for a label of the pull request."""
    return verdict.status == "exempt" and bool(verdict.exemption and verdict.exemption.label)


def describe_exemption(
    exemption: Exemption, *, has_ended: bool = False, escape: Callable[[str], str] = lambda text: text
) -> str:
    """Return until when a prompt is exempt, and why; `escape` is applied to what the configuration says."""
    if exemption.label:
        return f'Accepted by the label "{escape(exemption.label)}" of the pull request.'
    until = escape(exemption.until)
    period = f"Exempt until {until}" if until else "Exempt"
    return f"{f'Its exemption ended on {until}' if has_ended else period}: {escape(exemption.reason)}"


def merge_loosenings(report: Report) -> list[tuple[Loosening, tuple[str, ...]]]:
    """Return each loosening once, with the models that have the same one; without any where a report has a single model."""
    models: dict[Loosening, tuple[str, ...]] = {}
    for loosening in report.loosened:
        key = loosening._replace(model="")
        models[key] = (*models.get(key, ()), *([loosening.model] if loosening.model else []))
    all_models = {verdict.model for verdict in report.verdicts}.union(*models.values())
    return [(loosening, names if len(all_models) > 1 else ()) for loosening, names in models.items()]


def describe_on_raise(report: Report, escape: Callable[[str], str] = lambda text: text) -> str:
    """Return why what is loosened fails, and what to do; or by which label it doesn't. "" where there is nothing to say."""
    label = escape(report.raise_label)
    if report.on_raise == "fail" and label:
        return f'`on_raise` doesn\'t allow this. Undo it, or ask for the label "{label}" on the pull request.'
    if report.on_raise == "fail":
        return "`on_raise: fail` doesn't allow this. Undo it, or ask those who may merge it."
    return f'Accepted by the label "{label}" of the pull request.' if label else ""


def describe_loosening(loosening: Loosening) -> str:
    """Return what a change loosens, without the subject and the model."""
    old, new = loosening.old_limit, loosening.new_limit
    if old is None:
        return loosening.description
    limits = f"; its limit was {old:,}" if new is None else f" from {old:,} to {new:,}"
    return f"{loosening.description}{limits}"


# ---------------------------------------------------------------------------------------------------------
# Notes


def merge_notes(notes: Iterable[Note]) -> list[str]:
    """Return a line for each message, in the order of its first note, with the first files that it concerns."""
    places: dict[str, list[str]] = {}
    for message, path, line, _ in notes:
        of_message = places.setdefault(message, [])
        place = f"{path}:{line}" if line else path
        if place and place not in of_message:
            of_message.append(place)
    lines = []
    for message, of_message in places.items():
        first = ", ".join(of_message[:_NAMED_FILES])
        more = f" and {len(of_message) - _NAMED_FILES:,} more" if len(of_message) > _NAMED_FILES else ""
        lines.append(f"{message}: {first}{more}" if first else message)
    return lines


def select_notes(notes: Iterable[Note], *, warnings: bool) -> list[Note]:
    """Return the warnings among notes, or the others."""
    return [note for note in notes if note.is_warning == warnings]


def describe_lost_imports(verdict: Verdict) -> str:
    """Return that an import is gone, to follow the count of a prompt that shrank by it; "" where none is."""
    number = len(verdict.lost_imports)
    return f"lost {'an import' if number == 1 else f'{number:,} imports'}" if number else ""


def describe_basis(model: Model | None) -> str:
    """Return what the interval of a model's offline counts rests on: `measured by 872 requests`."""
    if model is None or model.basis == "assumed":
        return "assumed"
    requests = model.recorded_requests
    return f"measured by {pluralize(requests, 'request')}" if requests else model.basis


def _describe_intervals(inexact: Sequence[Verdict]) -> str:
    """Return what ± means and rests on: `± is its interval, documented for claude-sonnet-5-5`."""
    by_basis: dict[str, list[str]] = {}
    for model in dict.fromkeys(verdict.model for verdict in inexact):
        by_basis.setdefault(describe_basis(find_model(model)), []).append(model)
    bases = [f"{basis} for {', '.join(models)}" for basis, models in by_basis.items()]
    few = sum(bool(v.token_count and v.token_count.rests_on_few) for v in inexact)
    remarks = [*bases, *([f"resting on few recorded requests for {pluralize(few, 'count')}"] if few else [])]
    return f"± is the interval, {', '.join(remarks)}"


def describe_counting(report: Report) -> list[str]:
    """Return a sentence about all counts: who counted, what ± rests on, what was sent where; and one on unknown models."""
    counts = [(verdict, verdict.token_count) for verdict in report.verdicts if verdict.token_count]
    believed = [(verdict, count) for verdict, count in counts if not count.is_disputed]
    from_api = sum(count.origin == "api" for _, count in believed)
    inexact = [verdict for verdict, count in believed if not count.is_exact]
    disputed = len(counts) - len(believed)
    parts = []
    if from_api or disputed or report.requests_sent:
        parts.append(f"{from_api:,} counted by the API")
        parts += [f"{disputed:,} disputed"] if disputed else []
        parts += [f"{len(inexact):,} counted offline ({_describe_intervals(inexact)})"] if inexact else []
        requests = pluralize(report.requests_sent, "request")
        parts.append(f"{requests} sent to {report.api_host}" if report.requests_sent else "nothing sent")
    elif inexact:
        parts.append(f"Counted offline ({_describe_intervals(inexact)})")
    unverified = sorted({verdict.model for verdict, count in counts if count.is_unverified})
    sentences = [f"{', '.join(parts)}."] if parts else []
    if unverified:
        models = ", ".join(unverified)
        sentences.append(f"Unverified: nobody has measured the tokenizer of {models}.")
    return sentences
