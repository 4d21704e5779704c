"""Reports made of the tests' Admin API, and answers that it never gives by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest
from tests.support import make
from tests.support.admin_server import ADMIN_KEY, AdminServer, Event, Named
from tests.support.api_server import body
from tests.support.organizations import NOW

from prompt_lint.api import credentials
from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Base, RemovedPrompt
from prompt_lint.output import View
from prompt_lint.output import json as json_output
from prompt_lint.usage import report
from prompt_lint.usage.admin_api.lists import POLICY
from prompt_lint.usage.report import Options, make_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.api_server import Seen

    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.model.values import ChangeKind, Status, Verdict
    from prompt_lint.usage.values import Trends

# For what ends by waiting, and for what doesn't, on a machine that has others to serve.
QUICK = POLICY._replace(deadline=0.4, stall=0.3, timeout=0.15)
PATIENT = POLICY._replace(deadline=12, stall=10, timeout=8)

BUCKET: dict[str, Any] = {"starting_at": "2026-11-20T00:00:00Z", "ending_at": "2026-11-21T00:00:00Z"}
ROW: dict[str, Any] = {
    "uncached_input_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": 1, "ephemeral_5m_input_tokens": 1},
    "cache_read_input_tokens": 1, "output_tokens": 1, "server_tool_use": {"web_search_requests": 1},
}  # fmt: skip


def make_credential(
    server: AdminServer | str, key: str = ADMIN_KEY, *, analytics: bool = False
) -> KeyCredential:
    url = server if isinstance(server, str) else server.url
    env = {"ANTHROPIC_ADMIN_KEY": key, "PROMPT_LINT_ADMIN_URL": url}
    return credentials.find_admin_credential(env, analytics=analytics)


def fetch_trends(server: AdminServer, **options: Any) -> Trends:
    credential = make_credential(server, analytics=options.get("source") == "analytics")
    return make_report(credential, Options(**options), (), None, server.now).trends


def fetch_and_fail(
    server: AdminServer | str,
    monkeypatch: pytest.MonkeyPatch,
    policy: RequestPolicy = PATIENT,
    **options: Any,
) -> Fatal:
    """The error with which a report ends."""
    monkeypatch.setattr(report, "POLICY", policy)
    all_options = Options(**{"deadline": policy.deadline, **options})
    with pytest.raises(Fatal) as raised:
        make_report(make_credential(server), all_options, (), None, NOW)
    return raised.value


def select_events(server: AdminServer, trends: Trends) -> list[Event]:
    """The events within the window of a report."""
    return [event for event in server.events if trends.period.window.contains(event.at)]


def sum_event_costs(events: list[Event]) -> Decimal:
    return sum((amount for event in events for amount in event.cost().values()), Decimal(0))


def make_page(*results: Any, **fields: Any) -> dict[str, Any]:
    """A page with one bucket, 20 November."""
    return {"data": [{**BUCKET, "results": list(results)}], "has_more": False, "next_page": None, **fields}


class CheckedPrompt(NamedTuple):
    """A prompt in the JSON output of `check`. `tokens` is None where it couldn't be counted, 0 where it was removed."""

    path: str
    model: str
    tokens: int | None
    growth: int | None = None
    name: str = ""
    change: ChangeKind | Literal["removed"] = "changed"
    spread: int = 0
    is_group: bool = False
    base_spread: int | None = None  # as `spread`, unless given


CHECKED_PROMPTS = (
    CheckedPrompt("prompts/support.md", "claude-sonnet-5-5", 4775, 375, spread=24),
    CheckedPrompt("prompts/review.md", "claude-opus-5-5", 1830, -20, name="system"),
    CheckedPrompt("prompts/new.md", "claude-nonesuch", 10, change="new", spread=2),
    CheckedPrompt("prompts/old.md", "claude-opus-5-5", 0, -150, change="removed"),
    CheckedPrompt("prompts/broken.md", "claude-opus-5-5", None),
)


def render_check(prompts: Sequence[CheckedPrompt] = CHECKED_PROMPTS) -> str:
    """The JSON output of `check --base main` for these prompts."""
    verdicts = [_make_verdict(prompt, prompt.change) for prompt in prompts if prompt.change != "removed"]
    removed = [
        RemovedPrompt(make.prompt(prompt.path, name=prompt.name), prompt.model, make.count(-prompt.growth, prompt.spread))
        for prompt in prompts
        if prompt.change == "removed" and prompt.growth
    ]  # fmt: skip
    base = Base("0" * 40, "main", "the branch main")
    return json_output.render(make.report(*verdicts, base=base, removed=removed), View())


def _make_verdict(prompt: CheckedPrompt, change: ChangeKind) -> Verdict:
    status: Status = "uncounted" if prompt.tokens is None else "ok"
    verdict = make.verdict(prompt.path, prompt.tokens, status, model=prompt.model, spread=prompt.spread)
    base_count = None
    if prompt.tokens is not None and prompt.growth is not None:
        base_spread = prompt.spread if prompt.base_spread is None else prompt.base_spread
        base_count = make.count(prompt.tokens - prompt.growth, base_spread)
    format_name = "group" if prompt.is_group else ""
    return verdict._replace(
        prompt=make.prompt(prompt.path, name=prompt.name, format=format_name),
        growth=prompt.growth,
        change=change,
        base_count=base_count,
    )


def list_costs(server: AdminServer, *rows: dict[str, Any]) -> Any:
    """A plan of answers: 20 November costs these, all else nothing."""

    def plan(seen: Seen) -> Any:
        if "cost_report" not in seen.route:
            return None
        answer = json.loads(server.respond(seen).body)
        for bucket in answer["data"]:
            bucket["results"] = list(rows) if bucket["starting_at"] == BUCKET["starting_at"] else []
        return body(json.dumps(answer).encode())

    return plan


def name_workspaces(server: AdminServer, *names: str) -> None:
    """Make it an organization whose workspaces have these names, and all were used yesterday."""
    at = NOW - timedelta(days=1)
    server.events = [Event(at, workspace_id=f"wrkspc_{n}", output=10**6 * (n + 1)) for n in range(len(names))]
    server.workspaces = [Named(f"wrkspc_{n}", name) for n, name in enumerate(names)]
