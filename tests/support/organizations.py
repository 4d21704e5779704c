"""Organizations that reports are made of in tests and in the documentation. Each time the same."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from tests.support.admin_server import WORKSPACES, AdminServer, Event, Named, busy

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 22, 14, 35, tzinfo=UTC)
ORGANIZATIONS = ("busy", "empty", "one-day", "new", "hostile")

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a|b`c`**d** [x](http://evil.example)", "=cmd|' /C calc'!A0",
    "@octo/team #1 ![](https://evil.example/x.png)", "::error::forged\n##[error]forged", "\x1b[31mred\x1b[0m \u202egnp.exe",
    "$x$ \\(y\\) </details></summary> www.evil.example", "{{ 7*7 }} ${{ secrets.KEY }} ```\n# x", "n" * 400,
)  # fmt: skip


@cache
def _make_events() -> dict[str, list[Event]]:
    return {
        "busy": busy(NOW, 40),
        "empty": [],
        "one-day": [event for event in busy(NOW, 3) if event.model != "claude-haiku-4-5"],
        "new": busy(NOW, 3),
        "hostile": [
            Event(
                NOW - timedelta(days=1 + n % 9),
                f"claude-{evil}"[:200],
                f"wrkspc_{n}",
                output=1_000_000 * (n + 1),
            )
            for n, evil in enumerate(HOSTILE)
        ],
    }


def organization(name: str) -> AdminServer:
    """`busy`, `empty`, `one-day`, `new` (three days old) or `hostile`; not running yet."""
    server = AdminServer(_make_events()[name])
    server.workspaces = list(WORKSPACES)
    if name == "hostile":
        server.workspaces = [Named(f"wrkspc_{n}", evil) for n, evil in enumerate(HOSTILE)]
    return server


@contextmanager
def quarter() -> Iterator[AdminServer]:
    """Half a year of three models in four workspaces: what docs/report.md shows."""
    server = AdminServer(busy(NOW, 185))
    server.workspaces = list(WORKSPACES)
    with server:
        yield server
