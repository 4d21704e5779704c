"""`json`: the report for programs, by a schema of its own (docs/usage.schema.json). Money is text: no reader rounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.text.escape import dump_json, encodable
from prompt_lint.usage import figures as f
from prompt_lint.usage.trends import relative_change, share

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from prompt_lint.usage.fail_conditions import ConditionResult
    from prompt_lint.usage.figures import UsageReport
    from prompt_lint.usage.trends import (
        Group,
        GroupChange,
        ModelPrice,
        PromptCost,
        Totals,
        TrendPoint,
        Trends,
        Usage,
        Window,
    )

SCHEMA_VERSION = 1


def render(report: UsageReport, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every format
    trends = report.trends
    when, data = trends.period, trends.data
    document = {
        "schema_version": SCHEMA_VERSION,
        "headline": f.headline(trends),
        "source": data.source,
        "bucket": trends.bucket,
        "currency": data.currency,
        "fetched_at": _stamp(when.now),
        "data_through": _stamp(data.complete_until),
        "filters": list(report.filters),
        "window": _window(when.window),
        "window_asked_until": _stamp(when.requested_end) if when.requested_end else None,
        "window_before": _window(when.previous_window)
        if trends.previous_totals and when.previous_window
        else None,
        "totals": _totals(trends.totals, requests=data.has_requests),
        "totals_before": _totals(trends.previous_totals, requests=data.has_requests)
        if trends.previous_totals
        else None,
        "changes": _changes(trends),
        "trend": [_point(point, requests=data.has_requests) for point in trends.points],
        "today_so_far": _point(trends.today, requests=data.has_requests) if trends.today else None,
        "groups": {name: [_group(one, trends) for one in found] for name, found in trends.groups.items()},
        "movers": [_mover(one, trends) for one in trends.group_changes],
        "prices": [_price(one) for one in trends.prices],
        "forecast": _forecast(trends),
        "check": _check(report) if report.check_file else None,
        "thresholds": [_judged(one) for one in report.condition_results],
        "caveats": [*filter(None, [f.explain_cut_window(trends)]), *f.list_caveats(report)],
    }
    return dump_json(_readable(document))


def _readable(value: Any) -> Any:
    """Names of any bytes as text that every reader of JSON takes."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {key: _readable(one) for key, one in value.items()}
    return [_readable(one) for one in value] if isinstance(value, list) else value


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _money(amount: Decimal | None) -> str | None:
    """Costs are exact; what was divided has six digits behind the point."""
    return None if amount is None else format(amount, "f")


def _divided(value: Decimal | None) -> str | None:
    return None if value is None else format(f.round_half_up(value, 6), "f")


def _window(window: Window) -> dict[str, Any]:
    return {"start": _stamp(window.start), "end": _stamp(window.end), "days": window.days}


def _usage(usage: Usage, *, requests: bool) -> dict[str, Any]:
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


def _totals(totals: Totals, *, requests: bool) -> dict[str, Any]:
    return {
        **_usage(totals.usage, requests=requests),
        "cost": _money(totals.cost),
        "price_per_million_tokens": _divided(totals.price_per_million),
        "cache_hit_share": _divided(totals.cache_hit_share),
        "saved_by_cache": _divided(totals.saved_by_cache),
    }


def _changes(trends: Trends) -> dict[str, Any] | None:
    """Relative changes, as fractions; the cache's as a difference of shares."""
    now, then = trends.totals, trends.previous_totals
    if then is None:
        return None
    both: dict[str, tuple[Decimal | int, Decimal | int]] = {
        "cost": (now.cost, then.cost),
        "input_tokens": (now.usage.input, then.usage.input),
        "output_tokens": (now.usage.output, then.usage.output),
        "web_searches": (now.usage.web_searches, then.usage.web_searches),
        **({"requests": (now.usage.requests, then.usage.requests)} if trends.data.has_requests else {}),
    }
    found = {name: _divided(relative_change(new, old)) for name, (new, old) in both.items()}
    found["price_per_million_tokens"] = (
        _divided(relative_change(now.price_per_million, then.price_per_million))
        if now.price_per_million is not None and then.price_per_million is not None
        else None
    )
    hits = now.cache_hit_share is not None and then.cache_hit_share is not None
    found["cache_hit_share"] = (
        _divided(now.cache_hit_share - then.cache_hit_share)
        if hits and now.cache_hit_share is not None and then.cache_hit_share is not None
        else None
    )
    return found


def _point(point: TrendPoint, *, requests: bool) -> dict[str, Any]:
    return {
        "start": _stamp(point.start),
        **_usage(point.usage, requests=requests),
        "cost": _money(point.cost),
    }


def _group(one: Group, trends: Trends) -> dict[str, Any]:
    money = one.cost is not None
    parts = (one.cost or 0, trends.totals.cost) if money else (one.usage.tokens, trends.totals.usage.tokens)
    before = (
        (one.cost or 0, one.previous_cost or 0) if money else (one.usage.tokens, one.previous_usage.tokens)
    )
    return {
        "id": one.id or None,
        "name": one.name,
        **_usage(one.usage, requests=trends.data.has_requests),
        "cost": _money(one.cost),
        "cost_before": _money(one.previous_cost) if trends.previous_totals else None,
        "tokens_before": one.previous_usage.tokens if trends.previous_totals else None,
        "share": _divided(share(*parts)),
        "change": _divided(relative_change(*before)) if trends.previous_totals else None,
        "trend": [format(number, "f") for number in one.daily],
    }


def _mover(one: GroupChange, trends: Trends) -> dict[str, Any]:
    return {
        "names": dict(zip(trends.groups, one.group_names, strict=True)),
        "unit": trends.data.currency if one.is_cost else "tokens",
        "now": _money(one.current),
        "before": _money(one.previous),
        "change": _money(one.difference),
    }


def _price(one: ModelPrice) -> dict[str, Any]:
    return {
        "model": one.model,
        "per_million": {kind: _divided(one.by_kind.get(kind)) for kind in f.KIND_NAMES},
        "per_million_input": _divided(one.input),
        "per_million_tokens": _divided(one.overall),
    }


def _forecast(trends: Trends) -> dict[str, Any] | None:
    found = trends.forecast
    if found is None:
        return None
    return {
        "month": f"{found.month:%Y-%m}",
        "total": _divided(found.total),
        "so_far": _money(found.so_far),
        "whole_days_so_far": found.past_days,
        "days_left": found.remaining_days,
        "per_day": _divided(found.daily_cost),
        "averaged_days": found.averaged_days,
        "assumption": f.describe_forecast(found, trends.data.currency),
    }


def _check(report: UsageReport) -> dict[str, Any]:
    return {
        "file": report.check_file,
        "formula": " ".join(f.explain_prompt_costs(report)),
        "prompts": [_prompt(cost) for cost in report.prompt_costs],
    }


def _prompt(cost: PromptCost) -> dict[str, Any]:
    return {
        "path": cost.prompt.path,
        "name": cost.prompt.name,
        "model": cost.prompt.model,
        "tokens": cost.prompt.tokens,
        "growth": cost.prompt.growth,
        "price_per_million_input": _divided(cost.input_price),
        "cost_per_1000_calls": _divided(cost.per_thousand_calls),
        "growth_cost_per_month": _divided(cost.monthly_growth),
    }


def _judged(one: ConditionResult) -> dict[str, Any]:
    return {"condition": one.condition.text, "actual": _divided(one.actual), "crossed": one.is_met}
