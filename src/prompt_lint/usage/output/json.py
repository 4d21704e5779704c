"""`json`: the report for programs, by the schema docs/usage.schema.json. Money is text, so that no reader rounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.text.escape import dump_json
from prompt_lint.text.money import round_half_up
from prompt_lint.usage import figures, sentences, tables
from prompt_lint.usage.billed_prices import sum_growth_costs
from prompt_lint.usage.sums import relative_change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Problem
    from prompt_lint.usage import values

SCHEMA_VERSION = 1


def render(report: values.UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every output
    trends = report.trends
    document = {
        "schema_version": SCHEMA_VERSION,
        "headline": sentences.write_headline(trends),
        **_source(report),
        **_figures(trends),
        "check": _check(report, report.checked) if report.checked else None,
        "thresholds": [
            {"condition": result.condition.text, "actual": _rounded(result.actual), "crossed": result.is_met}
            for result in report.condition_results
        ],
        "caveats": [*filter(None, [sentences.explain_cut_window(trends)]), *sentences.list_caveats(report)],
    }
    return dump_json(document)


def render_faults(problems: Sequence[Problem]) -> str:
    errors = [
        {"message": problem.message, "hint": problem.hint, "exit_code": int(problem.exit_code)}
        for problem in problems
    ]
    return dump_json({"schema_version": SCHEMA_VERSION, "errors": errors})


def _source(report: values.UsageReport) -> dict[str, Any]:
    """Where the figures are from, and of which time they are."""
    trends, period, data = report.trends, report.trends.period, report.trends.data
    is_compared = bool(trends.previous_totals)
    return {
        "source": data.source,
        "host": report.host,
        "obeyed_variables": list(report.obeyed_variables),
        "bucket": trends.bucket,
        "currency": data.currency,
        "fetched_at": figures.format_timestamp(period.now),
        "data_through": figures.format_timestamp(data.complete_until),
        "filters": list(report.filters),
        "window": _window(period.window),
        "window_asked_until": figures.format_timestamp(period.requested_end)
        if period.requested_end
        else None,
        "window_before": _window(period.previous_window) if is_compared and period.previous_window else None,
    }


def _figures(trends: values.Trends) -> dict[str, Any]:
    requests = trends.data.has_requests
    previous = trends.previous_totals
    return {
        "totals": _totals(trends.totals, requests=requests),
        "totals_before": _totals(previous, requests=requests) if previous else None,
        "changes": _changes(trends.totals, previous, requests=requests) if previous else None,
        "trend": [_point(point, requests=requests) for point in trends.points],
        "today_so_far": _point(trends.today, requests=requests) if trends.today else None,
        "groups": {name: [_group(group, trends) for group in groups] for name, groups in trends.groups.items()},
        "estimated_cost_by": list(trends.data.estimated_dimensions),
        "movers": [_group_change(change, trends) for change in trends.group_changes],
        "prices": [_price(price) for price in trends.prices],
        "forecast": _forecast(trends),
    }  # fmt: skip


def _exact(amount: Decimal | None) -> str | None:
    """All digits of an amount, as costs have them."""
    return None if amount is None else format(amount, "f")


def _rounded(value: Decimal | None) -> str | None:
    """Six decimals of what was divided."""
    return None if value is None else format(round_half_up(value, 6), "f")


def _window(window: values.Window) -> dict[str, Any]:
    return {
        "start": figures.format_timestamp(window.start),
        "end": figures.format_timestamp(window.end),
        "days": window.days,
    }


def _usage(usage: values.Usage, *, requests: bool) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "uncached_input_tokens": usage.uncached,
        "cache_write_5m_tokens": usage.write_5m,
        "cache_write_1h_tokens": usage.write_1h,
        "cache_read_tokens": usage.read,
        "output_tokens": usage.output,
        "web_searches": usage.web_searches,
        "requests": usage.requests if requests else None,
    }


def _totals(totals: values.Totals, *, requests: bool) -> dict[str, Any]:
    return {
        **_usage(totals.usage, requests=requests),
        "cost": _exact(totals.cost),
        "price_per_million_tokens": _rounded(totals.price_per_million),
        "cache_hit_share": _rounded(totals.cache_hit_share),
        "saved_by_cache": _rounded(totals.saved_by_cache),
    }


def _changes(now: values.Totals, then: values.Totals, *, requests: bool) -> dict[str, Any]:
    """Relative changes, as fractions; the cache's as a difference of shares."""
    pairs: dict[str, tuple[Decimal | int | None, Decimal | int | None]] = {
        "cost": (now.cost, then.cost),
        "input_tokens": (now.usage.input, then.usage.input),
        "output_tokens": (now.usage.output, then.usage.output),
        "web_searches": (now.usage.web_searches, then.usage.web_searches),
        **({"requests": (now.usage.requests, then.usage.requests)} if requests else {}),
        "price_per_million_tokens": (now.price_per_million, then.price_per_million),
    }
    hit, previous_hit = now.cache_hit_share, then.cache_hit_share
    return {
        **{
            name: None if new is None or old is None else _rounded(relative_change(new, old))
            for name, (new, old) in pairs.items()
        },
        "cache_hit_share": None if hit is None or previous_hit is None else _rounded(hit - previous_hit),
    }


def _point(point: values.TrendPoint, *, requests: bool) -> dict[str, Any]:
    return {
        "start": figures.format_timestamp(point.start),
        **_usage(point.usage, requests=requests),
        "cost": _exact(point.cost),
    }


def _group(group: values.Group, trends: values.Trends) -> dict[str, Any]:
    is_compared = bool(trends.previous_totals)
    change = relative_change(group.amount, group.previous_amount) if is_compared else None
    return {
        "id": group.id or None,
        "name": group.name,
        **_usage(group.usage, requests=trends.data.has_requests),
        "cost": _exact(group.cost),
        "cost_before": _exact(group.previous_cost) if is_compared else None,
        "tokens_before": group.previous_usage.tokens if is_compared else None,
        "share": _rounded(tables.compute_group_share(group, trends)),
        "change": _rounded(change),
        "trend": [format(number, "f") for number in group.daily],
    }


def _group_change(change: values.GroupChange, trends: values.Trends) -> dict[str, Any]:
    return {
        "names": dict(zip(trends.groups, change.group_names, strict=True)),
        "unit": trends.data.currency if change.is_cost else "tokens",
        "now": _exact(change.current),
        "before": _exact(change.previous),
        "change": _exact(change.difference),
    }


def _price(price: values.ModelPrice) -> dict[str, Any]:
    return {
        "model": price.model,
        "per_million": {kind: _rounded(price.by_kind.get(kind)) for kind in tables.KIND_NAMES},
        "per_million_input": _rounded(price.input),
        "per_million_tokens": _rounded(price.overall),
    }


def _forecast(trends: values.Trends) -> dict[str, Any] | None:
    forecast = trends.forecast
    if forecast is None:
        return None
    return {
        "month": f"{forecast.month:%Y-%m}",
        "total": _rounded(forecast.total),
        "so_far": _exact(forecast.so_far),
        "whole_days_so_far": forecast.past_days,
        "days_left": forecast.remaining_days,
        "per_day": _rounded(forecast.daily_cost),
        "averaged_days": forecast.averaged_days,
        "assumption": sentences.describe_forecast(forecast, trends.data.currency),
    }


def _check(report: values.UsageReport, checked: values.CheckedPrompts) -> dict[str, Any]:
    is_priced = checked.is_compared and report.trends.data.has_requests
    growth = sum_growth_costs(checked, report.prompt_costs) if is_priced else None
    return {
        "file": checked.file,
        "formula": " ".join(sentences.explain_prompt_costs(report)),
        "growth_cost_per_month": growth
        and {"low": _rounded(growth.low), "high": _rounded(growth.high), "left_out": list(growth.left_out)},
        "prompts": [_prompt(cost) for cost in report.prompt_costs],
    }


def _prompt(cost: values.PromptCost) -> dict[str, Any]:
    prompt = cost.prompt
    return {
        "path": prompt.path,
        "name": prompt.name,
        "kind": "group" if prompt.is_group else "prompt",
        "model": prompt.model,
        **_tokens("tokens", prompt.tokens),
        "unverified": prompt.tokens.is_unverified,
        "disputed": prompt.tokens.is_disputed,
        **_tokens("disputed_tokens", prompt.tokens.disputed_count),
        **_tokens("growth", prompt.growth),
        "price_per_million_input": _rounded(cost.input_price),
        **_amounts("cost_per_1000_calls", cost.per_thousand_calls),
        **_amounts("growth_cost_per_month", cost.monthly_growth),
    }


def _tokens(key: str, count: Count | None) -> dict[str, Any]:
    value, low, high = count[:3] if count else (None, None, None)
    return {key: value, f"{key}_low": low, f"{key}_high": high}


def _amounts(key: str, interval: values.Interval | None) -> dict[str, Any]:
    value, low, high = map(_rounded, interval or (None, None, None))
    return {key: value, f"{key}_low": low, f"{key}_high": high}
