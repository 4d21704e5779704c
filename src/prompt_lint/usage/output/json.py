"""`json`: the report for programs, by a schema of its own (docs/usage.schema.json). Money is text: no reader rounds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from prompt_lint.text.escape import encodable, inert
from prompt_lint.usage import figures as f
from prompt_lint.usage.trends import change, share

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from prompt_lint.usage.fail_conditions import Judged
    from prompt_lint.usage.figures import Report
    from prompt_lint.usage.trends import Group, Mover, Point, Price, PromptCost, Totals, Trends, Usage, Window

SCHEMA_VERSION = 1


def render(report: Report, *, color: bool = False) -> str:  # noqa: ARG001  # the same signature for every format
    trends = report.trends
    when, data = trends.plan, trends.data
    document = {
        "schema_version": SCHEMA_VERSION,
        "headline": f.headline(trends),
        "source": data.source,
        "bucket": trends.bucket,
        "currency": data.currency,
        "fetched_at": _stamp(when.now),
        "data_through": _stamp(data.through),
        "filters": list(report.filters),
        "window": _window(when.window),
        "window_asked_until": _stamp(when.asked) if when.asked else None,
        "window_before": _window(when.before) if trends.previous and when.before else None,
        "totals": _totals(trends.total, requests=data.requests),
        "totals_before": _totals(trends.previous, requests=data.requests) if trends.previous else None,
        "changes": _changes(trends),
        "trend": [_point(point, requests=data.requests) for point in trends.points],
        "today_so_far": _point(trends.today, requests=data.requests) if trends.today else None,
        "groups": {name: [_group(one, trends) for one in found] for name, found in trends.groups.items()},
        "movers": [_mover(one, trends) for one in trends.movers],
        "prices": [_price(one) for one in trends.prices],
        "forecast": _forecast(trends),
        "check": _check(report) if report.check else None,
        "thresholds": [_judged(one) for one in report.judged],
        "caveats": [*filter(None, [f.cut(trends)]), *f.caveats(report)],
    }
    return inert(json.dumps(_readable(document), indent=2, ensure_ascii=True)) + "\n"


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
    return None if value is None else format(f.rounded(value, 6), "f")


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
        "web_searches": usage.searches,
        "requests": usage.requests if requests else None,
    }


def _totals(totals: Totals, *, requests: bool) -> dict[str, Any]:
    return {
        **_usage(totals.usage, requests=requests),
        "cost": _money(totals.cost),
        "price_per_million_tokens": _divided(totals.price),
        "cache_hit_share": _divided(totals.hit),
        "saved_by_cache": _divided(totals.saved),
    }


def _changes(trends: Trends) -> dict[str, Any] | None:
    """Relative changes, as fractions; the cache's as a difference of shares."""
    now, then = trends.total, trends.previous
    if then is None:
        return None
    both: dict[str, tuple[Decimal | int, Decimal | int]] = {
        "cost": (now.cost, then.cost),
        "input_tokens": (now.usage.input, then.usage.input),
        "output_tokens": (now.usage.output, then.usage.output),
        "web_searches": (now.usage.searches, then.usage.searches),
        **({"requests": (now.usage.requests, then.usage.requests)} if trends.data.requests else {}),
    }
    found = {name: _divided(change(new, old)) for name, (new, old) in both.items()}
    found["price_per_million_tokens"] = (
        _divided(change(now.price, then.price)) if now.price is not None and then.price is not None else None
    )
    hits = now.hit is not None and then.hit is not None
    found["cache_hit_share"] = (
        _divided(now.hit - then.hit) if hits and now.hit is not None and then.hit is not None else None
    )
    return found


def _point(point: Point, *, requests: bool) -> dict[str, Any]:
    return {"start": _stamp(point.at), **_usage(point.usage, requests=requests), "cost": _money(point.cost)}


def _group(one: Group, trends: Trends) -> dict[str, Any]:
    money = one.cost is not None
    parts = (one.cost or 0, trends.total.cost) if money else (one.usage.tokens, trends.total.usage.tokens)
    before = (one.cost or 0, one.cost_before or 0) if money else (one.usage.tokens, one.usage_before.tokens)
    return {
        "id": one.id or None,
        "name": one.name,
        **_usage(one.usage, requests=trends.data.requests),
        "cost": _money(one.cost),
        "cost_before": _money(one.cost_before) if trends.previous else None,
        "tokens_before": one.usage_before.tokens if trends.previous else None,
        "share": _divided(share(*parts)),
        "change": _divided(change(*before)) if trends.previous else None,
        "trend": [format(number, "f") for number in one.trend],
    }


def _mover(one: Mover, trends: Trends) -> dict[str, Any]:
    return {
        "names": dict(zip(trends.groups, one.names, strict=True)),
        "unit": trends.data.currency if one.money else "tokens",
        "now": _money(one.now),
        "before": _money(one.before),
        "change": _money(one.change),
    }


def _price(one: Price) -> dict[str, Any]:
    return {
        "model": one.model,
        "per_million": {kind: _divided(one.each.get(kind)) for kind in f.KINDS},
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
        "whole_days_so_far": found.days_past,
        "days_left": found.days_left,
        "per_day": _divided(found.a_day),
        "averaged_days": found.basis,
        "assumption": f.forecast(found, trends.data.currency),
    }


def _check(report: Report) -> dict[str, Any]:
    return {
        "file": report.check,
        "formula": " ".join(f.formula(report)),
        "prompts": [_prompt(cost) for cost in report.costs],
    }


def _prompt(cost: PromptCost) -> dict[str, Any]:
    return {
        "path": cost.prompt.path,
        "name": cost.prompt.name,
        "model": cost.prompt.model,
        "tokens": cost.prompt.tokens,
        "growth": cost.prompt.growth,
        "price_per_million_input": _divided(cost.price),
        "cost_per_1000_calls": _divided(cost.per_thousand),
        "growth_cost_per_month": _divided(cost.growth_a_month),
    }


def _judged(one: Judged) -> dict[str, Any]:
    return {"condition": one.threshold.text, "actual": _divided(one.actual), "crossed": one.crossed}
