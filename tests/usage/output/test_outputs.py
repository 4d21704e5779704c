"""Every output of every kind of organization, and what holds for all of them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from tests.support import log_commands
from tests.support.admin_reports import CheckedPrompt, list_costs, name_workspaces, render_check
from tests.support.admin_server import Event
from tests.support.organizations import HOSTILE, NOW, ORGANIZATIONS

from prompt_lint.usage.output import USAGE_OUTPUTS

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


class _Text(SingleFileSnapshotExtension):
    """A file for each snapshot, to be looked at as what it is."""

    _write_mode = WriteMode.TEXT


ENDINGS = {"text": "txt", "markdown": "md", "json": "json", "csv": "csv", "html": "html"}


@pytest.mark.parametrize("server", ORGANIZATIONS, indirect=True, ids=ORGANIZATIONS)
def test_outputs(
    server: AdminServer, run: Run, snapshot: SnapshotAssertion, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each organization in each format, whole. Without the style sheet, which is a file of its own."""
    (tmp_path / "result.json").write_text(render_check())
    days = "1" if "one-day" in request.node.name else "7"
    options = ["--days", days, "--check", "result.json", "--fail-on", "cost +1000%"]
    done = run(server, *options, *(f"--output={name}=out.{ending}" for name, ending in ENDINGS.items()))

    assert done == (0, (tmp_path / "out.txt").read_text(), "")
    for ending in ENDINGS.values():
        text = (tmp_path / f"out.{ending}").read_text()
        text = re.sub(r"(?s)<style>.*</style>|sha256-[^']*|(?<=127.0.0.1:)[0-9]+", "…", text)
        assert text == snapshot(
            name=ending, extension_class=type(ending, (_Text,), {"file_extension": ending})
        )


def test_a_table_sums_up_what_it_leaves_out(server: AdminServer, run: Run) -> None:
    """The largest groups are shown; the others are one line with their sums, and all of them are in the JSON."""
    yesterday = NOW - timedelta(days=1)
    server.events = [
        Event(yesterday, workspace_id=f"wrkspc_{n}", output=1_000_000 * (n + 1)) for n in range(50)
    ]
    shown = {
        name: run(server, f"--output-format={name}").out for name in ("text", "markdown", "html", "json")
    }

    assert "and 40 more: $8,200.00, 820M tokens\n" in shown["text"]
    assert "and 30 more: $4,650.00, 465M tokens\n" in shown["markdown"]
    assert "and 35 more: $6,300.00, 630M tokens<" in shown["html"]
    assert len(json.loads(shown["json"])["groups"]["workspace"]) == 50


@pytest.mark.parametrize(
    ("source", "last", "sentence"),
    [
        ("analytics", "2026-11-21", "The window ends on 20 Nov 2026 and not on 21 Nov 2026, as asked: the source's figures are complete through 2026-11-21 14:35 UTC."),
        ("messages", "2026-11-30", "The window ends on 21 Nov 2026 and not on 30 Nov 2026, as asked: later days aren't over."),
    ],
)  # fmt: skip
def test_a_cut_window_is_explained(
    server: AdminServer, run: Run, tmp_path: Path, source: str, last: str, sentence: str
) -> None:
    """In each output near its beginning, and on stderr."""
    server.refreshed = NOW - timedelta(days=1)
    options = ["--from=2026-11-15", "--to", last, "--source", source]
    done = run(
        server, *options, "--output-format=csv", *(f"--output={name}=out.{name}" for name in USAGE_OUTPUTS)
    )
    files = {name: html.unescape((tmp_path / f"out.{name}").read_text()) for name in USAGE_OUTPUTS}
    document = json.loads(files["json"])

    assert done.err == f"warning: {sentence}\n"
    assert all(sentence in files[name] for name in ("text", "markdown", "html", "json"))
    assert files["text"].splitlines()[1] == sentence
    assert document["window_asked_until"] == f"{date.fromisoformat(last) + timedelta(days=1)}T00:00:00Z"
    assert document["window"]["end"] < document["window_asked_until"]


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_traffic_that_stopped_is_shown_beside_what_there_was(
    server: AdminServer, run: Run, name: str
) -> None:
    """The window before and today, and nobody is asked for another organization."""
    server.events = [
        Event(NOW - timedelta(days=8), output=8_000_000), Event(NOW - timedelta(hours=1), output=100_000),
    ]  # fmt: skip
    out = html.unescape(run(server, f"--output-format={name}").out)

    assert (
        "No usage in 7 days (15 to 21 Nov 2026, UTC), after $80.00 and 8.00M tokens in the 7 days before; today so far $1.00 "
        "and 100k tokens." in out
    )
    assert "Today so far (22 Nov, through 14:30 UTC): $1.00, 100k tokens" in out
    assert "organization" not in out.replace("the organization's usage and cost reports", "")


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_an_organization_that_starts_today_is_no_other_one(server: AdminServer, run: Run, name: str) -> None:
    """Only where there is no usage at all, the question is whether it is the right one."""
    server.events = [Event(NOW - timedelta(hours=1), output=100_000)]
    today = html.unescape(run(server, f"--output-format={name}").out)
    server.events = []
    never = html.unescape(run(server, f"--output-format={name}").out)

    assert "Today so far (22 Nov, through 14:30 UTC): $1.00, 100k tokens" in today
    assert "right organization" not in today
    assert "right organization" in never


def test_an_unfinished_day_is_not_called_today(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """But by its date."""
    server.refreshed = NOW - timedelta(days=1)
    run(server, "--source=analytics", *(f"--output={name}=out.{name}" for name in USAGE_OUTPUTS))
    out = {name: (tmp_path / f"out.{name}").read_text() for name in USAGE_OUTPUTS}
    rows = list(csv.DictReader(io.StringIO(out["csv"])))

    assert "21 Nov, which the source hasn't finished (through 2026-11-21 14:35 UTC): $" in out["text"]
    assert {row["window"] for row in rows} == {"previous", "current", "unfinished"}
    assert "21 Nov so far" in out["html"]
    assert not [name for name, text in out.items() if "today so far" in text.lower()]


@pytest.mark.parametrize(
    "amounts", [("-5",), ("-5", "-0.01"), ("0",), ("-999999999999999.999999999999999999",)]
)
def test_without_positive_costs_there_is_no_cost_chart(
    server: AdminServer, run: Run, amounts: tuple[str, ...]
) -> None:
    """Amounts may be negative, where money was given back."""
    server.plan = list_costs(server, *({"amount": a, "currency": "USD", "description": a} for a in amounts))

    assert run(server, *(f"--output={name}=out.{name}" for name in USAGE_OUTPUTS)).code == 0


def test_sums_are_exact_to_the_last_digit(server: AdminServer, run: Run) -> None:
    """However many digits amounts have."""
    amounts = (
        "999999999999999.999999999999999999",
        "0.000000000000000001",
        "999999999999999.999999999999999998",
    )
    server.plan = list_costs(
        server, *({"amount": a, "currency": "USD", "description": a[-1] + a[0]} for a in amounts)
    )
    total = json.loads(run(server, "--output-format=json").out)["totals"]["cost"]
    rows = csv.DictReader(io.StringIO(run(server, "--output-format=csv").out))
    written = [row["cost_usd"] for row in rows if row["cost_usd"] and row["window"] == "current"]

    assert total == "19999999999999.99999999999999999998"
    assert written == [total]


COMMANDS = (
    "::error::x", " ::error::x", "a\n::error::x", "a\r::add-mask::x", '"\n::error::x', "\u2028::error::x", "##[error]x", "#\u200b#[error]x",
    "##vso[task.complete result=Failed]x", "#", "##", "[error]x", "vso[task.x]", "###", "<##[error]>", "&##[error]", ",##[error]", "x;##vso[a]",
)  # fmt: skip


@pytest.mark.parametrize("name", list(USAGE_OUTPUTS))
def test_no_output_is_a_command_to_a_runner(server: AdminServer, run: Run, tmp_path: Path, name: str) -> None:
    """Whatever workspaces and prompts are called, in each format on stdout: as GitHub and Azure read a log."""
    name_workspaces(server, *COMMANDS)
    prompts = [CheckedPrompt(text, text, 5, name=text) for text in COMMANDS]
    (tmp_path / "a\n::error::x").write_text(render_check(prompts))
    done = run(server, f"--output-format={name}", "--check=a\n::error::x", "--fail-on=cost > 1")

    assert done.code == 1
    assert log_commands.github(done.out + done.err) == []
    assert log_commands.azure(done.out + done.err) == []


def test_hostile_names_are_hostile() -> None:
    """As the tests above need them."""
    assert any("<script>" in name for name in HOSTILE)
    assert any(name.startswith("=") for name in HOSTILE)
