"""JSON of the API → pages of rows. Every field is checked: whatever isn't what the reference says raises `InvalidField`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from prompt_lint.usage.admin_api.lists import ListPage, ListRow
from prompt_lint.usage.values import CostRow, Usage, UsageRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.usage.admin_api.lists import BucketRange, ListRequest

    # Makes a row of its JSON and the start of its bucket.
    RowReader = Callable[[Mapping[str, Any], datetime], ListRow]

API_DIMENSIONS: Mapping[str, str] = {
    "model": "model", "workspace": "workspace_id", "api-key": "api_key_id", "account": "account_id",
    "service-account": "service_account_id", "service-tier": "service_tier",
    "context-window": "context_window", "inference-geo": "inference_geo", "speed": "speed",
}  # fmt: skip
_TOKEN_KINDS: Mapping[str, str] = {
    "uncached_input_tokens": "uncached", "cache_creation.ephemeral_5m_input_tokens": "write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "write_1h", "cache_read_input_tokens": "read", "output_tokens": "output",
}  # fmt: skip
_AMOUNT = re.compile(r"-?\d{1,15}(?:\.\d{1,18})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_LONGEST_TEXT = 500


class InvalidField(Exception):
    """A field isn't what the reference says. The text names it."""


def read_page(document: Any, request: ListRequest) -> ListPage:
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise InvalidField("data")
    starts = [_read_start(item, request.buckets) for item in data] if request.buckets else []
    rows = [row for item in data for row in request.read_rows(item)]
    refreshed_at = _read_time(document, "data_refreshed_at")
    if refreshed_at is None and request.says_when_refreshed:
        raise InvalidField("data_refreshed_at")
    return ListPage(rows, starts, _read_next_cursor(document, request), refreshed_at)


def _read_next_cursor(document: Mapping[str, Any], request: ListRequest) -> str:
    """Return what the next page is asked for by; "" on the last page."""
    has_more, next_page = document.get("has_more"), read_text(document, "next_page")
    if type(has_more) is not bool or (next_page and not has_more):
        raise InvalidField("has_more")
    next_cursor = next_page if request.cursor_parameter == "page" else read_text(document, "last_id")
    if has_more and not next_cursor:
        raise InvalidField("next_page")
    return next_cursor if has_more else ""


def read_bucket(bucket: Mapping[str, Any], read_row: RowReader, buckets: BucketRange) -> list[ListRow]:
    """Read an item that is a bucket with rows in it."""
    results = bucket.get("results")
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise InvalidField("results")
    start = _read_start(bucket, buckets)
    return [read_row(result, start) for result in results]


def read_flat_row(row: Mapping[str, Any], read_row: RowReader, buckets: BucketRange) -> list[ListRow]:
    """Read an item that is a row, with the start of its bucket."""
    return [read_row(row, _read_start(row, buckets))]


def read_usage_row(row: Mapping[str, Any], start: datetime, names: Sequence[str]) -> ListRow:
    group = _read_group(_read_object(row, "group") if "group" in row else row, names)
    usage = _read_usage(_read_object(row, "usage") if "usage" in row else row)
    return ListRow(UsageRow(start, group, usage), (start, group))


def read_cost_row(row: Mapping[str, Any], start: datetime, names: Sequence[str]) -> ListRow:
    facets = _read_object(row, "group") if "group" in row else row
    cost = _read_object(row, "cost") if "cost" in row else row
    group, kind = _read_group(facets, names), _read_kind(facets)
    identity = (start, group, kind, read_text(facets, "description"))
    currency = read_text(cost, "currency") or "USD"
    if not _CURRENCY.fullmatch(currency):
        raise InvalidField("currency")
    return ListRow(CostRow(start, group, kind, _read_amount(cost)), identity, currency)


def _read_usage(usage: Mapping[str, Any]) -> Usage:
    written = _read_object(usage, "cache_creation")
    tools = usage.get("server_tool_use") or {}
    if not isinstance(tools, dict):
        raise InvalidField("server_tool_use")
    return Usage(
        _read_count(usage, "uncached_input_tokens"),
        _read_count(written, "ephemeral_5m_input_tokens"),
        _read_count(written, "ephemeral_1h_input_tokens"),
        _read_count(usage, "cache_read_input_tokens"),
        _read_count(usage, "output_tokens"),
        _read_count(tools, "web_search_requests") if tools.get("web_search_requests") is not None else 0,
        _read_count(usage, "requests") if usage.get("requests") is not None else 0,
    )


def _read_kind(facets: Mapping[str, Any]) -> str:
    """What was paid for: a kind of tokens by our name, or whatever else the API calls it."""
    token, cost = read_text(facets, "token_type"), read_text(facets, "cost_type")
    return _TOKEN_KINDS.get(token) or token or (cost if cost != "tokens" else "") or "other"


def _read_group(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple([read_text(row, name) for name in names])


def read_text(row: Mapping[str, Any], name: str) -> str:
    """Return a text; "" for null, and for a field that isn't there."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise InvalidField(name)
    return value


def _read_object(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name)
    if not isinstance(value, dict):
        raise InvalidField(name)
    return value


def _read_count(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    # `bool` is an `int`: so the type itself.
    if type(value) is not int or not 0 <= value < 2**63:
        raise InvalidField(name)
    return value


def _read_amount(row: Mapping[str, Any]) -> Decimal:
    """Dollars, of a decimal string in cents. A JSON number would have been rounded on its way."""
    value = row.get("amount")
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise InvalidField("amount")
    return Decimal(f"{value}e-2")  # which isn't rounded, as a shift would be


def _read_start(row: Mapping[str, Any], buckets: BucketRange) -> datetime:
    start = _read_time(row, "starting_at")
    if start is None or not buckets.start <= start < buckets.end or (start - buckets.start) % buckets.width:
        raise InvalidField("starting_at")
    return start


def _read_time(row: Mapping[str, Any], name: str) -> datetime | None:
    """None for anything that isn't a time with a zone."""
    value = row.get(name)
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
