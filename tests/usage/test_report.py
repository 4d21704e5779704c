"""`prompt-lint report` from the outside: refusals before anything is sent, exit codes, the key, and what it reads."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.admin_reports import fetch_and_fail, fetch_trends, select_events, sum_event_costs
from tests.support.admin_server import ADMIN_KEY
from tests.support.api_server import always, body
from tests.support.organizations import NOW

from prompt_lint.model.errors import ExitCode
from prompt_lint.usage.output import USAGE_OUTPUTS
from prompt_lint.usage.values import DIMENSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.admin_server import AdminServer
    from tests.support.api_server import Seen
    from tests.usage.conftest import Run


def test_a_condition_that_is_met_fails(
    server: AdminServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 and a warning: an annotation on GitHub, a line elsewhere; without --fail-on nothing fails."""
    options = (
        "--output-format=json",
        "--fail-on=cost > 50/day",
        "--fail-on=cost +999%",
        "--fail-on=cache-hit < 99.5%",
    )
    elsewhere = run(server, *options)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    on_github = run(server, *options)

    assert run(server).code == 0
    assert (elsewhere.code, on_github.code) == (1, 1)
    assert [one["crossed"] for one in json.loads(elsewhere.out)["thresholds"]] == [True, False, True]
    assert re.fullmatch(
        r"warning: cost \$\d+\.\d\d/day \(allowed: 50/day\)\nwarning: cache-hit 6\d\.\d% \(required: 99.5%\)\n",
        elsewhere.err,
    )
    assert on_github.err.splitlines()[1].startswith("::warning title=Claude usage and cost::cache-hit 6")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--fail-on", "costs > 5"), "names no known figure; did you mean `cost`?"),
        (("--fail-on", "cache-hit > 100%"), "can never be met: no share is above 100%"),
        (
            ("--fail-on", "requests > 5"),
            "can never be met: --source messages counts no requests\nadd --source analytics",
        ),
        (("--fail-on", "requests +5%", "--days=3"), "--source messages counts no requests"),
        (("--fail-on", "forecast > 5", "--to=2026-11-20"), "a window of the past has no forecast"),
        (
            ("--fail-on", "cost +5%", "--source=analytics", "--days=30", "--to=2026-02-01"),
            "has no data of the window before",
        ),
        (("--days", "91"), "`91` isn't a whole number from 1 to 90"),
        (("--from", "2026-11-01", "--days", "3"), "--from and --days contradict each other"),
        (("--from", "2026-11-22"), "there is no complete day in the window"),
        (
            ("--from", "0001-01-01"),
            "the last complete day is 2026-11-21 (UTC), and the first 2023-01-01",
        ),
        (("--to", "9999-12-31"), "--to 9999-12-31 is outside of what a report can have"),
        (
            ("--to", "0001-01-01", "--source=analytics"),
            "the last complete day is 2026-11-21 (UTC), and the first 2026-01-01",
        ),
        (("--output", "sarif=x"), "isn't one of text, markdown, json, csv, html"),
        (("--output", "json=x", "--output", "csv=x"), "two outputs would be written to "),
        (("--check", "missing.json"), "missing.json can't be read: No such file or directory"),
        (("--check", ""), "--check is empty"),
        (("--output-file", ""), "--output-file is empty"),
        (("--model", "claude-opus-5-5", "--model", " "), "--model is empty"),
        (("--workspace", ""), "--workspace is empty"),
        (("--model", "claude-opus-5.5"), "did you mean `claude-opus-5-5`?"),
        (tuple(f"--group-by={name}" for name in DIMENSIONS), "--group-by takes 5 at most"),
        (
            ("--group-by", "model,worskpace"),
            "speed; did you mean `workspace`?",
        ),
        (("--month", "2026-10", "--days", "3"), "--month says all of the window"),
        (("--month", "october"), "`october` isn't a month"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_sent(
    server: AdminServer, run: Run, options: tuple[str, ...], message: str
) -> None:
    """Exit code 2, and no request with the key."""
    done = run(server, *options)

    assert done.code == ExitCode.USAGE
    assert message in done.err
    assert server.requests == []


@pytest.mark.parametrize("content", ["", "[]", '{"schema_version": 1, "verdicts": []}'])
def test_a_file_that_check_did_not_write_is_refused(
    server: AdminServer, run: Run, tmp_path: Path, content: str
) -> None:
    """Before anything is sent."""
    (tmp_path / "result.json").write_text(content)
    done = run(server, "--check", "result.json")

    assert done.code == ExitCode.USAGE
    assert "result.json" in done.err
    assert server.requests == []


def test_six_dimensions_are_too_many(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is the API's limit; nothing is sent."""
    assert "at most" in fetch_and_fail(server, monkeypatch, group_by=DIMENSIONS[:6]).message
    assert server.requests == []


def test_a_late_source_moves_the_window(server: AdminServer) -> None:
    """A day that isn't complete by `data_refreshed_at` is never compared, whatever the clock says."""
    server.refreshed = NOW - timedelta(days=1)
    trends = fetch_trends(server, source="analytics")

    assert trends.period.window.end == datetime(2026, 11, 21, tzinfo=UTC)
    assert trends.data.complete_until == server.refreshed


def test_the_window_is_cut_where_the_source_is_late(server: AdminServer) -> None:
    """The window keeps the days that were asked for and are whole; a window of the past stays as it is."""
    server.refreshed = NOW - timedelta(days=1)
    cut = fetch_trends(server, source="analytics", last=datetime(2026, 11, 21))  # noqa: DTZ001  # as Click gives it
    past = fetch_trends(server, source="analytics", last=datetime(2026, 11, 20))  # noqa: DTZ001  # as Click gives it

    assert cut.period.window == (datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
    assert cut.period.previous_window == (
        datetime(2026, 11, 9, tzinfo=UTC),
        datetime(2026, 11, 15, tzinfo=UTC),
    )
    assert cut.totals.cost == sum_event_costs(select_events(server, cut))
    assert (past.period.window.days, past.period.requested_end) == (7, None)


def test_a_window_that_the_source_has_not_finished_is_an_outage(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yesterday is over, so it is no mistake of the command line."""
    server.refreshed = NOW - timedelta(days=1)
    yesterday = datetime(2026, 11, 21)  # noqa: DTZ001  # as above
    error = fetch_and_fail(server, monkeypatch, source="analytics", first=yesterday, last=yesterday)

    assert error.message.endswith(
        "has no complete day of the window: its figures are complete through 2026-11-21 14:35 UTC"
    )
    assert error.exit_code == ExitCode.UNCOUNTED


def test_a_source_that_is_later_each_time_is_given_up(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few tries."""
    back = iter(range(1, 1000))

    def plan(seen: Seen) -> Any:
        if "analytics" not in seen.route:
            return None
        answer = json.loads(server.respond(seen).body)
        at = NOW - timedelta(days=next(back))
        return body(json.dumps({**answer, "data_refreshed_at": at.isoformat()}).encode())

    server.plan = plan

    assert "returns less each time" in fetch_and_fail(server, monkeypatch, source="analytics").message
    assert len(server.requests) < 20


def test_the_key_is_in_no_output_or_error(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the server sends it back."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    runs = [run(server, *(f"--output={name}=out.{name}" for name in USAGE_OUTPUTS))]
    for fault in (
        "echo_key_400",
        "echo_key_401",
        "echo_key_500",
        "echo_key_as_request_id",
        "reset",
        "hostile_message",
    ):
        server.plan = always(fault)
        runs.append(run(server, "--deadline=1"))
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", f"{ADMIN_KEY}\n")
    runs.append(run(server))
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    assert [done.code for done in runs] == [0, 3, 3, 3, 3, 3, 3, 2]
    assert "canary" not in str(runs)
    assert b"canary" not in written
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize(
    ("key", "options", "code", "routes"),
    [
        ("", (), 2, set()),
        ("sk-ant-api03-test-only", (), 2, set()),
        (f"{ADMIN_KEY}-revoked", (), 3, {"usage_report/messages", "cost_report"}),
        (ADMIN_KEY, ("--workspace=nonesuch",), 2, {"workspaces"}),
        (ADMIN_KEY, ("--fail-on=cost > 1",), 1, {"usage_report/messages", "cost_report", "workspaces"}),
    ],
)
def test_exit_codes_are_as_documented(
    server: AdminServer, run: Run, monkeypatch: pytest.MonkeyPatch, key: str, options: tuple[str, ...], code: int, routes: set[str]
) -> None:  # fmt: skip
    """A key of the wrong kind is a mistake of the command line; one that the API refuses is an outage, as in `check`."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", key)
    done = run(server, *options)

    assert done.code == code
    assert {seen.route.removeprefix("/v1/organizations/") for seen in server.requests} <= routes
    assert bool(server.requests) == bool(routes)
    if code == ExitCode.UNCOUNTED:
        assert "answered 401" in done.err
        assert "Claude Console: an Admin API key" in done.err


def test_it_reads_nothing_of_the_repository(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """A broken configuration, a `.env` and a module of a known name don't matter."""
    (tmp_path / ".prompt-lint.yaml").write_text("base_url: http://evil.example\n")
    (tmp_path / ".env").write_text(
        f"PROMPT_LINT_ADMIN_URL=http://evil.example\nANTHROPIC_ADMIN_KEY={ADMIN_KEY}x\n"
    )
    (tmp_path / "httpx2.py").write_text("raise SystemExit('imported')\n")

    assert run(server).code == 0


def test_it_imports_neither_the_sdk_nor_the_tokenizer(server: AdminServer) -> None:
    """In a process of its own, by the real clock."""
    server.now = datetime.now(UTC)
    script = (
        "import sys\nfrom prompt_lint.cli import main\ncode = main.run(['report'])\n"
        "bad = [m for m in sys.modules if m.startswith(('anthropic', 'prompt_lint.counting.tokenizer', 'yaml'))]\n"
        "print(code, bad, file=sys.stderr)"
    )
    env = {**os.environ, "ANTHROPIC_ADMIN_KEY": ADMIN_KEY, "PROMPT_LINT_ADMIN_URL": server.url}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)

    assert done.stderr == "0 []\n"
