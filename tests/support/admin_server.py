"""The admin endpoints for tests: usage, cost, names, by the rules of the reference, on top of the API server.

Everything is a sum over `Event`s, so that what a report says can be compared with the same sums made another way.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests.support.api_server import KEY, ApiServer, Refused, Reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.support.api_server import Seen

ADMIN_KEY = "sk-ant-admin01-test-only-canary"
BASE = "/v1/organizations/"
BETA = "analytics-usage-cost-2026-08-24"
SPEED_BETA = "fast-mode-2026-02-01"

WIDTHS = {"1d": timedelta(days=1), "1h": timedelta(hours=1), "1m": timedelta(minutes=1)}
LIMITS = {"1d": (7, 31), "1h": (24, 168), "1m": (60, 1440)}
DIMENSIONS = {
    "account_id", "api_key_id", "context_window", "inference_geo", "model", "service_account_id", "service_tier", "speed",
    "workspace_id",
}  # fmt: skip
FILTERS = {
    "models[]": "model", "workspace_ids[]": "workspace_id", "api_key_ids[]": "api_key_id", "account_ids[]": "account_id",
    "service_account_ids[]": "service_account_id", "service_tiers[]": "service_tier",
    "context_windows[]": "context_window", "inference_geos[]": "inference_geo", "speeds[]": "speed",
}  # fmt: skip
KINDS = {
    "uncached_input_tokens": "uncached", "cache_creation.ephemeral_5m_input_tokens": "write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "write_1h", "cache_read_input_tokens": "read", "output_tokens": "output",
}  # fmt: skip
FACTORS = {"uncached": "1", "write_5m": "1.25", "write_1h": "2", "read": "0.1"}
PRICES = {  # dollars a million, in and out
    "claude-opus-5-5": ("4", "20"), "claude-sonnet-5-5": ("2", "10"), "claude-haiku-4-5": ("1", "5"),
}  # fmt: skip
SEARCH = Decimal("0.01")


class Event(NamedTuple):
    """What some requests of one hour used."""

    at: datetime
    model: str = "claude-sonnet-5-5"
    workspace_id: str | None = None
    api_key_id: str | None = None
    service_tier: str = "standard"
    context_window: str = "0-200k"
    inference_geo: str = "global"
    speed: str = "standard"
    uncached: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    output: int = 0
    searches: int = 0
    requests: int = 1
    account_id: str | None = None
    service_account_id: str | None = None

    def tokens(self) -> int:
        return self.uncached + self.write_5m + self.write_1h + self.read + self.output

    @cache  # noqa: B019  # events are few, and asked for again and again
    def cost(self) -> dict[str, Decimal]:
        """Dollars by kind. Priority Tier is paid for by commitment."""
        if self.service_tier == "priority":
            return {}
        prices = PRICES.get(self.model, ("3", "15"))
        times = Decimal("0.5") if self.service_tier == "batch" else Decimal(1)
        times *= 2 if self.context_window == "200k-1M" else 1
        times *= 6 if self.speed == "fast" else 1
        times *= Decimal("1.1") if self.inference_geo == "us" else 1
        found = {
            kind: getattr(self, kind) * Decimal(prices[0]) * Decimal(factor) * times / 1_000_000
            for kind, factor in FACTORS.items()
        }
        found["output"] = self.output * Decimal(prices[1]) * times / 1_000_000
        found["web_search"] = self.searches * SEARCH
        return {kind: amount for kind, amount in found.items() if amount}


class Named(NamedTuple):
    id: str
    name: str
    archived: bool = False


class AdminServer(ApiServer):
    """`events` in any order. `most` makes pages shorter than they were asked for. `now` ends what there is.

    Buckets of `messages` that begin at one of `lost` are left out, as the real API never does. Whether costs of `messages`
    have their inference geography isn't documented clearly: `has_geo_costs` says so.
    """

    def __init__(self, events: Sequence[Event] = (), **given: Any) -> None:
        super().__init__(**given)
        self.keys = frozenset({ADMIN_KEY, KEY})
        self.admins = frozenset({ADMIN_KEY})
        self.events = list(events)
        self.workspaces: list[Named] = []
        self.api_keys: list[Named] = []
        self.users: list[Named] = []
        self.now = datetime(2026, 11, 22, 14, 35, tzinfo=UTC)
        self.refreshed: datetime | None = None
        self.refusal = (403, "This endpoint requires an Admin API key.")
        self.most: int | None = None
        self.lost: frozenset[datetime] = frozenset()
        self.currency = "USD"
        self.has_geo_costs = True

    def respond(self, seen: Seen) -> Reply:
        reply = super().respond(seen)
        return reply._replace(headers=(*reply.headers, ("date", format_datetime(self.now, usegmt=True))))

    def _route(self, seen: Seen) -> Reply:
        if not seen.route.startswith(BASE):
            return super()._route(seen)
        from tests.support.api_server import authenticate  # noqa: PLC0415  # beside its use

        authenticate(seen.headers, self.keys)
        if seen.method != "GET":
            raise Refused(405, "Method Not Allowed")
        if (seen.headers.get("x-api-key") or seen.headers.get("authorization", "")[7:]) not in self.admins:
            raise Refused(*self.refusal)
        lists = {
            "usage_report/messages": self._usage, "cost_report": self._cost, "analytics/usage": self._analytics,
            "analytics/cost": self._analytics, "workspaces": self._names, "api_keys": self._names,
            "users": self._names,
        }  # fmt: skip
        route = seen.route.removeprefix(BASE)
        if route not in lists:
            raise Refused(404, "Not found")
        query = Parameters(seen.path)
        return Reply(200, json.dumps(lists[route](route, query, seen)).encode())

    # The older pair: buckets

    def _usage(self, route: str, query: Parameters, seen: Seen) -> Any:
        query.allow({"starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]", *FILTERS})
        groups = query.groups(DIMENSIONS, most=5)
        if "speed" in groups and SPEED_BETA not in seen.headers.get("anthropic-beta", ""):
            raise Refused(400, "group_by.0: Input should be 'api_key_id', 'workspace_id', 'model', …")
        events = query.filtered(self.events)

        def results(inside: Iterable[Event]) -> Iterator[dict[str, Any]]:
            for key, some in grouped(inside, groups).items():
                yield {
                    **dict.fromkeys(sorted(DIMENSIONS)),
                    **dict(zip(groups, key, strict=True)),
                    **usage(some),
                }

        return self._buckets(query, events, results, query.choice("bucket_width", tuple(WIDTHS), "1d"))

    def _cost(self, route: str, query: Parameters, seen: Seen) -> Any:
        query.allow({"starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]"})
        groups = query.groups({"workspace_id", "description"}, most=2)

        def results(inside: Iterable[Event]) -> Iterator[dict[str, Any]]:
            yield from cost_rows(inside, groups, self.currency, has_geo=self.has_geo_costs)

        return self._buckets(query, self.events, results, query.choice("bucket_width", ("1d",), "1d"))

    def _buckets(self, query: Parameters, events: Sequence[Event], results: Any, width: str) -> Any:
        default, most = LIMITS[width]
        limit = query.whole("limit", default, most)
        size = WIDTHS[width]
        start, end = query.time("starting_at"), query.time("ending_at", self.now)
        start = floor(start, size)
        page = query.page()
        starts = []
        while start + size <= end:
            starts.append(start)
            start += size
        stop = page + min(limit, self.most or limit)
        by_bucket: dict[datetime, list[Event]] = defaultdict(list)
        for event in events:
            if event.at <= self.now:
                by_bucket[floor(event.at, size)].append(event)
        data = [
            {"starting_at": stamp(at), "ending_at": stamp(at + size), "results": list(results(by_bucket[at]))}
            for at in starts[page:stop]
            if at not in self.lost
        ]
        return {"data": data, **query.following(stop, len(starts))}

    # The newer pair: rows

    def _analytics(self, route: str, query: Parameters, seen: Seen) -> Any:
        if BETA not in seen.headers.get("anthropic-beta", ""):
            raise Refused(400, f"anthropic-beta: {BETA} is required")
        query.allow(
            {
                "starting_at",
                "ending_at",
                "time_bucket_width",
                "limit",
                "page",
                "group_by[]",
                "order_by",
                "order",
                *FILTERS,
            }
        )
        start, end = query.time("starting_at"), query.time("ending_at", self.now)
        if start < datetime(2026, 1, 1, tzinfo=UTC) or start < self.now - timedelta(days=365):
            raise Refused(
                400, "starting_at: must be within the last 365 days and no earlier than 2026-01-01T00:00:00Z"
            )
        if end - start > timedelta(days=31):
            raise Refused(400, "ending_at: the range may span at most 31 days")
        if end > self.now:
            raise Refused(400, "ending_at: must not be in the future")
        extra = {"cost_type", "token_type"} if route.endswith("cost") else set[str]()
        groups = query.groups(DIMENSIONS | extra, most=5, free=extra)
        query.choice(
            "order_by", ("time", "total_tokens", "requests", "amount", "list_amount"), "total_tokens"
        )
        size = WIDTHS[query.choice("time_bucket_width", tuple(WIDTHS), "1d")]
        until = min(end, self.refreshed or self.now)
        events = [event for event in query.filtered(self.events) if start <= event.at < until]
        rows = [
            {"starting_at": stamp(at), "ending_at": stamp(at + size), **row}
            for (at,), some in sorted(grouped_by_time(events, size).items())
            for row in (self._costs(some, groups) if extra else usage_rows(some, groups))
        ]
        page = query.page()
        stop = page + min(query.whole("limit", 20, 1000), self.most or 1000)
        return {
            "data": rows[page:stop], **query.following(stop, len(rows)), "data_refreshed_at": stamp(self.refreshed or self.now),
        }  # fmt: skip

    def _costs(self, events: Sequence[Event], groups: Sequence[str]) -> Iterator[dict[str, Any]]:
        plain = [name for name in groups if name not in ("cost_type", "token_type")]
        for key, some in grouped(events, plain).items():
            for kind, amount in costs(some).items():
                token = next((wire for wire, ours in KINDS.items() if ours == kind), None)
                group = {
                    **dict.fromkeys(sorted(DIMENSIONS)), **dict(zip(plain, key, strict=True)),
                    "cost_type": "tokens" if token else kind, "token_type": token,
                }  # fmt: skip
                told = {
                    "amount": cents(amount), "list_amount": cents(amount), "currency": self.currency, "requests": None,
                }  # fmt: skip
                yield {"group": group, "cost": told}

    # Names

    def _names(self, route: str, query: Parameters, seen: Seen) -> Any:
        query.allow(
            {"limit", "after_id", "before_id", "include_archived"}
            if route == "workspaces"
            else {"limit", "after_id", "before_id"}
        )
        found = {"workspaces": self.workspaces, "api_keys": self.api_keys, "users": self.users}[route]
        if route == "workspaces" and query.last("include_archived") != "true":
            found = [one for one in found if not one.archived]
        ids = [one.id for one in found]
        after = query.last("after_id")
        rest = found[ids.index(after) + 1 :] if after in ids else found
        limit = min(query.whole("limit", 20, 1000), self.most or 1000)
        page = rest[:limit]
        return {
            "data": [
                {"id": one.id, "type": "workspace", "name": one.name, "archived_at": stamp(self.now) if one.archived else None}
                for one in page
            ],
            "has_more": len(rest) > limit, "first_id": page[0].id if page else None, "last_id": page[-1].id if page else None,
        }  # fmt: skip


class Parameters:
    """A query string, read strictly. Raises `Refused`."""

    def __init__(self, path: str) -> None:
        self.pairs = parse_qsl(urlsplit(path).query, keep_blank_values=True)
        fixed = sorted(pair for pair in self.pairs if pair[0] != "page")
        self.digest = hashlib.sha256(repr(fixed).encode()).hexdigest()[:12]

    def allow(self, names: set[str]) -> None:
        for name, _ in self.pairs:
            if name not in names:
                raise Refused(400, f"{name}: Extra inputs are not permitted")

    def all(self, name: str) -> list[str]:
        return [value for found, value in self.pairs if found == name]

    def last(self, name: str) -> str | None:
        return self.all(name)[-1] if self.all(name) else None

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.last(name) or default
        if value not in allowed:
            raise Refused(400, f"{name}: Input should be {' or '.join(map(repr, allowed))}")
        return value

    def whole(self, name: str, default: int, most: int) -> int:
        text = self.last(name) or str(default)
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise Refused(400, f"{name}: Input should be between 1 and {most}")
        return int(text)

    def time(self, name: str, default: datetime | None = None) -> datetime:
        text = self.last(name)
        if text is None and default is not None:
            return default
        try:
            at = datetime.fromisoformat(text or "")
        except ValueError:
            at = datetime.min  # noqa: DTZ901  # has no zone either
        if at.tzinfo is None:
            raise Refused(400, f"{name}: Input should be an RFC 3339 time with a zone")
        return at.astimezone(UTC)

    def groups(self, allowed: Iterable[str], most: int, free: Iterable[str] = ()) -> list[str]:
        found = self.all("group_by[]")
        for name in found:
            if name not in allowed:
                raise Refused(400, f"group_by: {name!r} is not a dimension")
        if len([name for name in found if name not in free]) > most or len(set(found)) < len(found):
            raise Refused(400, f"group_by: at most {most} different dimensions")
        return found

    def filtered(self, events: Iterable[Event]) -> list[Event]:
        wanted = {field: set(self.all(name)) for name, field in FILTERS.items() if self.all(name)}
        if not wanted:
            return list(events)
        return [e for e in events if all(getattr(e, field) in values for field, values in wanted.items())]

    def page(self) -> int:
        token = self.last("page")
        if token is None:
            return 0
        try:
            place, _, digest = base64.urlsafe_b64decode(token.removeprefix("page_")).decode().partition(":")
        except ValueError:
            raise Refused(400, "page: not a token of this server") from None
        if digest != self.digest:
            raise Refused(400, "page: all other parameters must stay as they were")
        return int(place)

    def following(self, stop: int, length: int) -> dict[str, Any]:
        more = stop < length
        token = base64.urlsafe_b64encode(f"{stop}:{self.digest}".encode()).decode()
        return {"has_more": more, "next_page": f"page_{token}" if more else None}


@cache  # every page of every list asks it of every event
def floor(at: datetime, size: timedelta) -> datetime:
    zero = datetime(2020, 1, 1, tzinfo=UTC)
    return zero + (at - zero) // size * size


@cache
def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def cents(dollars: Decimal) -> str:
    return format((dollars * 100).normalize(), "f")


def grouped(events: Iterable[Event], names: Sequence[str]) -> dict[tuple[Any, ...], list[Event]]:
    found: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in events:
        found[tuple(getattr(event, name, None) for name in names)].append(event)
    return found


def grouped_by_time(events: Iterable[Event], size: timedelta) -> dict[tuple[datetime], list[Event]]:
    found: dict[tuple[datetime], list[Event]] = defaultdict(list)
    for event in events:
        found[(floor(event.at, size),)].append(event)
    return found


def usage(events: Sequence[Event]) -> dict[str, Any]:
    def sum_of(name: str) -> int:
        return sum(getattr(event, name) for event in events)

    return {
        "uncached_input_tokens": sum_of("uncached"),
        "cache_creation": {
            "ephemeral_1h_input_tokens": sum_of("write_1h"), "ephemeral_5m_input_tokens": sum_of("write_5m"),
        },
        "cache_read_input_tokens": sum_of("read"),
        "output_tokens": sum_of("output"),
        "server_tool_use": {"web_search_requests": sum_of("searches")},
    }  # fmt: skip


def usage_rows(events: Sequence[Event], groups: Sequence[str]) -> Iterator[dict[str, Any]]:
    for key, some in grouped(events, groups).items():
        group = {**dict.fromkeys(sorted(DIMENSIONS)), **dict(zip(groups, key, strict=True))}
        told = {
            **usage(some),
            "total_tokens": sum(e.tokens() for e in some),
            "requests": sum(e.requests for e in some),
        }
        yield {"group": group, "usage": told}


def costs(events: Iterable[Event]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        for kind, amount in event.cost().items():
            found[kind] += amount
    return found


def cost_rows(
    events: Iterable[Event], groups: Sequence[str], currency: str, *, has_geo: bool = True
) -> Iterator[dict[str, Any]]:
    facets = ("model", "service_tier", "context_window", *(["inference_geo"] if has_geo else []))
    described = "description" in groups
    by_workspace = grouped(events, ["workspace_id"] if "workspace_id" in groups else [])
    for key, some in by_workspace.items():
        base = {"workspace_id": key[0] if key else None, "currency": currency}
        nothing = dict.fromkeys(("cost_type", "description", "token_type", "inference_geo", *facets))
        if not described:
            yield {**base, **nothing, "amount": cents(sum(costs(some).values(), Decimal(0)))}
            continue
        for values, same in grouped(some, facets).items():
            by_kind = costs(same)
            for wire, kind in KINDS.items():
                if amount := by_kind.get(kind):
                    told = dict(zip(facets, values, strict=True))
                    yield {
                        **base, "inference_geo": None, **told, "amount": cents(amount), "cost_type": "tokens", "token_type": wire,
                        "description": f"{values[0]} usage - {kind} ({values[1]})",
                    }  # fmt: skip
        if amount := costs(some).get("web_search"):
            yield {
                **base, **nothing, "amount": cents(amount), "cost_type": "web_search", "description": "Web search usage",
            }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------
# Organizations


def busy(
    now: datetime, days: int, seed: int = 7, *, names: Mapping[str | None, float] | None = None
) -> list[Event]:
    """Three models in four workspaces, growing, with weekends; some batch and Priority Tier."""
    chance = random.Random(seed)  # noqa: S311  # the same each time is the point
    spaces = names or {"wrkspc_01Support": 1.0, "wrkspc_02Search": 0.6, "wrkspc_03Evals": 0.25, None: 0.1}
    models = {"claude-opus-5-5": 0.3, "claude-sonnet-5-5": 1.0, "claude-haiku-4-5": 1.6}
    first = floor(now, WIDTHS["1d"]) - timedelta(days=days)
    return [
        _event(first + timedelta(days=day, hours=hour), day / days, model, share, space, weight, chance)
        for day in range(days + 1)
        for hour in (2, 9, 13, 19)
        for model, share in models.items()
        for space, weight in spaces.items()
    ]


def _event(
    at: datetime,
    age: float,
    model: str,
    share: float,
    space: str | None,
    weight: float,
    chance: random.Random,
) -> Event:
    week = 0.35 if at.weekday() >= 5 else 1.0
    grows = 0.7 + 0.6 * age + (0.5 * age if model == "claude-opus-5-5" and space == "wrkspc_01Support" else 0)
    scale = 4_000_000 * share * weight * week * grows * chance.uniform(0.8, 1.2)
    hit = 0.55 + 0.15 * age
    tier = (
        "batch"
        if space == "wrkspc_03Evals"
        else "priority"
        if model == "claude-haiku-4-5" and not space
        else "standard"
    )
    searches = int(scale / 90_000) if space == "wrkspc_02Search" else 0
    return Event(
        at, model, space, f"apikey_{(space or 'console')[-6:]}" if space else None, tier,
        uncached=int(scale * (1 - hit) * 0.8), write_5m=int(scale * (1 - hit) * 0.15), write_1h=int(scale * (1 - hit) * 0.05),
        read=int(scale * hit), output=int(scale * 0.08), searches=searches, requests=int(scale / 6_000) + 1,
    )  # fmt: skip


WORKSPACES = (
    Named("wrkspc_01Support", "Support agents"), Named("wrkspc_02Search", "Search & answers"),
    Named("wrkspc_03Evals", "Nightly evals"), Named("wrkspc_04Old", "Retired pilot", archived=True),
)  # fmt: skip
