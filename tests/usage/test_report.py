"""`prompt-lint report` from the outside: every output of every kind of organization, refusals, keys, files."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema
import pytest
from pytest_socket import socket_allow_hosts
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from tests.output.test_markdown import LINKING, linkable, shown, tokens
from tests.support import log_commands
from tests.support.admin_server import ADMIN_KEY, AdminServer, Event, Named
from tests.support.api_server import always
from tests.support.organizations import HOSTILE, NOW, organization
from tests.support.paths import ROOT
from tests.usage.test_admin_api import costing

from prompt_lint.api import credentials
from prompt_lint.ci.workflow_commands import MAX_SUMMARY_BYTES
from prompt_lint.cli import main
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.text.escape import visible
from prompt_lint.usage import report
from prompt_lint.usage.output import REPORTS, markdown
from prompt_lint.usage.trends import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., "Done"]

ORGANIZATIONS = ("busy", "empty", "one-day", "new", "hostile")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MODULES = Path(os.environ.get("MERMAID_NODE_MODULES") or ROOT / "tests" / "mermaid" / "node_modules")
CHECK = {
    "schema_version": 1,
    "verdicts": [
        {"path": "prompts/support.md", "name": "", "model": "claude-sonnet-5-5", "tokens": 4775, "growth": 375},
        {"path": "prompts/review.md", "name": "system", "model": "claude-opus-5-5", "tokens": 1830, "base_tokens": 1850},
        {"path": "prompts/new.md", "name": "", "model": "claude-nonesuch", "tokens": 10},
        {"path": "prompts/broken.md", "name": "", "model": "claude-opus-5-5", "tokens": None},
    ],
}  # fmt: skip


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """The command in this process, at a set time, in an empty folder."""
    monkeypatch.setattr(report, "clock", lambda: NOW)
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", ADMIN_KEY)
    monkeypatch.chdir(tmp_path)

    def start(server: AdminServer | None, *arguments: str) -> Done:
        if server:
            monkeypatch.setenv("PROMPT_LINT_ADMIN_URL", server.url)
        code = main.run(["report", *arguments])
        return Done(code, *capfd.readouterr())

    return start


@pytest.fixture
def server(socket_enabled: None, request: pytest.FixtureRequest) -> Iterator[AdminServer]:
    """A running organization; the busy one where a test names none."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with organization(getattr(request, "param", "busy")) as found:
        yield found


class _Text(SingleFileSnapshotExtension):
    """A file for each snapshot, to be looked at as what it is."""

    _write_mode = WriteMode.TEXT


ENDINGS = {"text": "txt", "markdown": "md", "json": "json", "csv": "csv", "html": "html"}


@pytest.mark.parametrize("server", ORGANIZATIONS, indirect=True, ids=ORGANIZATIONS)
def test_outputs(
    server: AdminServer, run: Run, snapshot: SnapshotAssertion, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each organization in each format, whole. The style sheet stands in a file of its own."""
    (tmp_path / "result.json").write_text(json.dumps(CHECK))
    days = "1" if "one-day" in request.node.name else "7"
    options = ["--days", days, "--check", "result.json", "--fail-on", "cost +1000%"]
    done = run(server, *options, *(f"--output={name}=out.{ending}" for name, ending in ENDINGS.items()))

    assert done == (0, (tmp_path / "out.txt").read_text(), "")
    for ending in ENDINGS.values():
        text = (tmp_path / f"out.{ending}").read_text()
        text = re.sub(r"(?s)<style>.*</style>|sha256-[^']*", "…", text)
        assert text == snapshot(
            name=ending, extension_class=type(ending, (_Text,), {"file_extension": ending})
        )


@pytest.mark.parametrize("server", ORGANIZATIONS, indirect=True, ids=ORGANIZATIONS)
@pytest.mark.parametrize(
    "options",
    [(), ("--bucket", "1h"), ("--days=40", "--source=analytics", "--group-by=api-key", "--group-by=model")],
    ids=["plain", "hours", "analytics"],
)
def test_json_keeps_its_schema(
    server: AdminServer, run: Run, options: tuple[str, ...], tmp_path: Path
) -> None:
    """docs/usage.schema.json tells every key; money is text."""
    (tmp_path / "result.json").write_text(json.dumps(CHECK))
    done = run(server, "--output-format=json", "--check=result.json", "--fail-on=cost > 1", *options)
    document = json.loads(done.out)

    jsonschema.validate(document, json.loads((ROOT / "docs" / "usage.schema.json").read_text()))
    assert sum(Decimal(group["cost"]) for group in document["groups"]["model"]) == Decimal(
        document["totals"]["cost"]
    )


@pytest.mark.parametrize(
    "options",
    [(), ("--bucket=1h",), ("--group-by=api-key", "--group-by=speed")],
    ids=["plain", "hours", "keys"],
)
def test_csv_adds_up(server: AdminServer, run: Run, options: tuple[str, ...]) -> None:
    """The sums of its columns are the totals of the report, whatever it is grouped by."""
    rows = list(csv.DictReader(io.StringIO(run(server, "--output-format=csv", *options).out)))
    totals = json.loads(run(server, "--output-format=json", *options).out)["totals"]
    current = [row for row in rows if row["window"] == "current"]

    assert sum(int(row["cache_read_tokens"]) for row in current) == totals["cache_read_tokens"]
    assert sum(Decimal(row["cost_usd"] or 0) for row in current) == Decimal(totals["cost"])
    assert {row["window"] for row in rows} == {"previous", "current", "today"}


def test_a_table_tells_what_it_leaves_out(server: AdminServer, run: Run) -> None:
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
def test_a_last_day_that_is_not_whole_is_told(
    server: AdminServer, run: Run, tmp_path: Path, source: str, last: str, sentence: str
) -> None:
    """In each output where it is read first, and on stderr: never as if the window were the one that was asked for."""
    server.refreshed = NOW - timedelta(days=1)
    options = ["--from=2026-11-15", "--to", last, "--source", source]
    done = run(server, *options, "--output-format=csv", *(f"--output={name}=out.{name}" for name in REPORTS))
    files = {name: html.unescape((tmp_path / f"out.{name}").read_text()) for name in REPORTS}
    told = json.loads(files["json"])

    assert done.err == f"warning: {sentence}\n"
    assert all(sentence in files[name] for name in ("text", "markdown", "html", "json"))
    assert files["text"].splitlines()[1] == sentence
    assert told["window_asked_until"] == f"{date.fromisoformat(last) + timedelta(days=1)}T00:00:00Z"
    assert told["window"]["end"] < told["window_asked_until"]


def test_a_day_that_the_source_has_not_finished_is_not_today(server: AdminServer, run: Run) -> None:
    """What there is of it is told by its date."""
    server.refreshed = NOW - timedelta(days=1)
    out = {name: run(server, "--source=analytics", f"--output-format={name}").out for name in REPORTS}
    rows = list(csv.DictReader(io.StringIO(out["csv"])))

    assert "21 Nov, which the source hasn't finished (through 2026-11-21 14:35 UTC): $" in out["text"]
    assert {row["window"] for row in rows} == {"previous", "current", "unfinished"}
    assert "21 Nov so far" in out["html"]
    assert not [name for name, told in out.items() if "today so far" in told.lower()]


@pytest.mark.parametrize("name", list(REPORTS))
@pytest.mark.parametrize(
    "amounts", [("-5",), ("-5", "-0.01"), ("0",), ("-999999999999999.999999999999999999",)]
)
def test_what_was_given_back_is_no_chart(
    server: AdminServer, run: Run, name: str, amounts: tuple[str, ...]
) -> None:
    """Amounts may be negative: there is nothing to draw then, and everything to tell."""
    server.plan = costing(server, *({"amount": a, "currency": "USD", "description": a} for a in amounts))

    assert run(server, f"--output-format={name}").code == 0


def test_sums_are_exact_to_the_last_digit(server: AdminServer, run: Run) -> None:
    """However many digits amounts have: what is written is what was told."""
    amounts = (
        "999999999999999.999999999999999999",
        "0.000000000000000001",
        "999999999999999.999999999999999998",
    )
    server.plan = costing(
        server, *({"amount": a, "currency": "USD", "description": a[-1] + a[0]} for a in amounts)
    )
    told = json.loads(run(server, "--output-format=json").out)["totals"]["cost"]
    rows = csv.DictReader(io.StringIO(run(server, "--output-format=csv").out))
    written = [row["cost_usd"] for row in rows if row["cost_usd"] and row["window"] == "current"]

    assert told == "19999999999999.99999999999999999998"
    assert written == [told]


# ---------------------------------------------------------------------------------------------------------
# Names that would be something else


@pytest.mark.parametrize("server", ["hostile"], indirect=True)
def test_hostile_names_stay_text_in_a_terminal_and_a_table(server: AdminServer, run: Run) -> None:
    """No escape sequence, no command, no formula; every line is one of ours."""
    text = run(server).out
    cells = [cell for row in csv.reader(io.StringIO(run(server, "--output-format=csv").out)) for cell in row]

    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert not re.search(r"(?m)^\s*::|##\[|\x1b|\u202e", text)
    assert not [cell for cell in cells if re.match(r"\s*[=+@]|-\D", cell)]
    assert all(char.isprintable() for cell in cells for char in cell)


def named(server: AdminServer, *names: str) -> None:
    """An organization whose workspaces are called so."""
    at = NOW - timedelta(days=1)
    server.events = [Event(at, workspace_id=f"wrkspc_{n}", output=10**6 * (n + 1)) for n in range(len(names))]
    server.workspaces = [Named(f"wrkspc_{n}", name) for n, name in enumerate(names)]


# What starts a formula, in every form that a spreadsheet may make one of; and ways to get it to a cell's start.
STARTS = [
    char for char in map(chr, range(0x110000)) if unicodedata.normalize("NFKC", char)[:1] in {*"=+-@\u2212"}
]
BEFORE = (
    "",
    " ",
    "\t",
    "\r",
    "\n",
    "\u3000",
    "\xa0",
    "\ufeff",
    "\u200b",
    "\x00",
    "x;",
    "x; ",
    "x\t",
    '"',
    '"\n',
    "x,",
    "'",
)


def test_no_cell_is_a_formula(server: AdminServer, run: Run) -> None:
    """Neither at once, nor once a spreadsheet has normalised it, taken semicolons or tabs for its marks, or cut lines."""
    names = [f"{before}{start}1+1" for start in STARTS for before in BEFORE]
    named(server, *names)
    text = run(server, "--output-format=csv", "--group-by=workspace").out
    cells = [row["workspace"] for row in csv.DictReader(io.StringIO(text)) if row["window"] == "current"]
    parts = [part for cell in cells for part in re.split(r"[;\t\r\n]", unicodedata.normalize("NFKC", cell))]

    assert len(STARTS) == 22
    assert len(cells) == len(names)
    assert not [part for part in parts if part.strip()[:1] in {*"=+-@\u2212"}]


COMMANDS = (
    "::error::x", " ::error::x", "a\n::error::x", "a\r::add-mask::x", '"\n::error::x', "\u2028::error::x", "##[error]x", "#\u200b#[error]x",
    "##vso[task.complete result=Failed]x", "#", "##", "[error]x", "vso[task.x]", "###", "<##[error]>", "&##[error]", ",##[error]", "x;##vso[a]",
)  # fmt: skip


@pytest.mark.parametrize("name", list(REPORTS))
def test_no_output_is_a_command_to_a_runner(server: AdminServer, run: Run, tmp_path: Path, name: str) -> None:
    """Whatever workspaces and prompts are called, in each format on stdout: as GitHub and Azure read a log."""
    named(server, *COMMANDS)
    verdicts = [{"path": c, "name": c, "model": c, "tokens": 5} for c in COMMANDS]
    (tmp_path / "a\n::error::x").write_text(json.dumps({"schema_version": 1, "verdicts": verdicts}))
    done = run(server, f"--output-format={name}", "--check=a\n::error::x", "--fail-on=cost > 1")

    assert done.code == 1
    assert log_commands.github(done.out + done.err) == []
    assert log_commands.azure(done.out + done.err) == []


def test_json_keeps_what_would_be_a_command(server: AdminServer, run: Run) -> None:
    """It is spelled otherwise, and read as it was; what no reader takes is escaped as `check` does it."""
    named(server, "##[error]x", "##vso[x]", "\udcff\ud800")
    groups = json.loads(run(server, "--output-format=json").out)["groups"]["workspace"]

    assert {group["name"] for group in groups} == {"##[error]x", "##vso[x]", "\\xff\\ud800"}


@pytest.mark.parametrize("server", ["hostile"], indirect=True)
def test_hostile_names_stay_text_in_markdown(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """Nothing of theirs but words and code, as a parser reads the page; outside of code no mention, reference or link."""
    verdicts = [{"path": evil, "name": "", "model": evil, "tokens": 5} for evil in HOSTILE]
    (tmp_path / "www.a.example @b #1 `c`").write_text(json.dumps({"schema_version": 1, "verdicts": verdicts}))
    options = [f"--check={path.name}" for path in tmp_path.iterdir()]
    text = run(server, "--output-format=markdown", "--model=@octo/team", "--model=claude-<b>", *options).out
    text += run(server, "--output-format=markdown", *options).out
    kinds = {token.type for token in tokens(text)}
    tags = {token.content.strip() for token in tokens(text) if token.type.startswith("html")}
    words = re.sub(r"[+-]?<?\$\d[\d,.]*|:(?:warning|white_check_mark|grey_question):", "", linkable(text))

    assert not kinds & {"link_open", "image", "em_open", "s_open", "hr", "code_block", "blockquote_open"}
    assert not [
        tag for tag in tags if re.sub(r"</?(?:details|summary|code)>", "", tag).strip("\n").find("<") >= 0
    ]
    assert not LINKING.search(words)
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


@pytest.mark.parametrize("server", ["hostile"], indirect=True)
def test_names_in_markdown_are_shown_as_they_are(server: AdminServer, run: Run) -> None:
    """To the last character, as on a terminal: what a reader copies is the name."""
    lines = [shown(line) for line in run(server, "--output-format=markdown").out.splitlines()]

    assert [
        evil for evil in HOSTILE if not any(visible(" ".join(evil.split()))[:100] in line for line in lines)
    ] == []


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("$10,384.73 and 8.42B tokens: 27.8% more than the $8,125.29 of", "$10,384.73 and 8.42B tokens: 27.8% more than the $8,125.29 of"),
        ("+$1.50 of -$2. 33.6M, <$0.01; cost > $50/day: yes", "+$1.50 of -$2. 33.6M, <$0.01; cost &#62; $50/day: yes"),
        ("in @octo/team, $1 x $y$ #1 $1.5M", "in `@octo/team`, $1 x `$y$` `#1` `$1.5M`"),
        ("- a `b` \u05d0 $5 \u05d0", "&#8296;&#45; a `b` \u05d0 &#8297;$5&#8296; \u05d0&#8297;"),
        ("$5", "$5"),
    ],
)  # fmt: skip
def test_amounts_stay_amounts_in_markdown(sentence: str, told: str) -> None:
    """A dollar sign with a number is none of those that begin something; all else is as in the report of `check`."""
    assert markdown._plain(sentence) == told


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("server", ["hostile", "busy"], indirect=True)
def test_html_is_one_file_without_scripts(server: AdminServer, run: Run) -> None:
    """Nothing is loaded from anywhere, nothing runs, and a policy says so to the browser."""
    text = run(server, "--output-format=html").out
    tags = _Tags()
    tags.feed(text)
    names = {tag for tag, _ in tags.found}
    attributes = {name for _, attributes in tags.found for name in attributes}
    policy = next(a["content"] for tag, a in tags.found if tag == "meta" and a.get("http-equiv"))

    assert (
        names & {"script", "img", "link", "iframe", "object", "embed", "base", "form", "a", "image", "use"}
        == set()
    )
    assert not {name for name in attributes if name.startswith("on")} | (
        attributes & {"src", "href", "style", "srcset"}
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "http" not in re.sub(
        r"(?s)<title>.*?</title>|>[^<]*<|title=\"[^\"]*\"", "", text.replace("http-equiv", "")
    )


def test_the_policy_names_the_style_sheet(server: AdminServer, run: Run) -> None:
    """Its hash is that of what stands in the file; no other style counts."""
    import base64  # noqa: PLC0415  # only here
    import hashlib  # noqa: PLC0415

    text = run(server, "--output-format=html").out
    style = re.findall(r"(?s)<style>(.*?)</style>", text)[0]

    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in text


def _charts(text: str) -> list[str]:
    return re.findall(r"(?s)```mermaid\n(.*?)```", text)


def test_charts_are_mermaid(socket_enabled: None, run: Run, tmp_path: Path) -> None:
    """The real parser takes the chart of every organization and window: `npm install` in tests/mermaid brings it."""
    node = shutil.which("node")
    if not node or not (MODULES / "mermaid").is_dir():
        pytest.skip("needs node, and `npm install` in tests/mermaid")
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    charts = []
    for name in ORGANIZATIONS:
        with organization(name) as server:
            for options in (
                ("--days=1", "--bucket=1h"),
                ("--days=7",),
                ("--days=30", "--bucket=1h"),
                ("--days=40",),
            ):
                charts += _charts(run(server, "--output-format=markdown", *options).out)
    shutil.copy(ROOT / "tests" / "mermaid" / "check.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    told = json.dumps([*charts, "xychart-beta\n    bar []\n"])
    done = subprocess.run(
        [node, "check.mjs"], cwd=tmp_path, input=told, capture_output=True, text=True, check=True
    )
    results = json.loads(done.stdout)

    assert results[:-1] == [True] * len(charts)
    assert "Parse error" in results[-1]
    assert len(charts) > 10


def test_nothing_is_drawn_of_nothing(socket_enabled: None, run: Run) -> None:
    """An empty series is a fault to Mermaid, so there is no chart; a table is there where there are figures."""
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with organization("empty") as server:
        assert _charts(run(server, "--output-format=markdown").out) == []
    with organization("busy") as server:
        text = run(server, "--output-format=markdown").out

    assert len(_charts(text)) == 1
    assert text.count("| Sat 21 Nov |") == 1


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
@pytest.mark.parametrize("server", ["busy", "hostile"], indirect=True)
@pytest.mark.parametrize("width", [375, 1100])
def test_html_fits_a_phone_and_a_screen(server: AdminServer, run: Run, width: int, tmp_path: Path) -> None:
    """A real browser lays it out without a horizontal scroll bar, and its policy refuses nothing of ours."""
    assert CHROMIUM is not None
    (tmp_path / "r.html").write_text(run(server, "--output-format=html", "--days=30").out)
    (tmp_path / "frame.html").write_text(
        f'<iframe id=f src=r.html style="width:{width}px;height:900px;border:0"></iframe><p id=told></p><script>onload=()=>'
        "{const e=f.contentDocument.documentElement;told.textContent=e.scrollWidth+' of '+e.clientWidth}</script>"
    )
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path}/profile", "--allow-file-access-from-files",
         "--enable-logging=stderr", "--hide-scrollbars", "--dump-dom", f"file://{tmp_path}/frame.html"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert f"{width} of {width}" in done.stdout
    assert "Content Security Policy" not in done.stderr


# ---------------------------------------------------------------------------------------------------------
# Where it goes


def test_the_step_summary_gets_the_report(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind what other commands wrote there, without being asked."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    done = run(server, "--output", f"markdown={tmp_path}/same.md")

    assert done.code == 0
    assert summary.read_text() == "before\n" + (tmp_path / "same.md").read_text()


def test_the_step_summary_stays_within_a_mebibyte(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub would drop it whole: what doesn't fit is left out, but for the first sentence."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    summary.write_text("x" * (MAX_SUMMARY_BYTES - 1000))
    run(server)
    first = summary.stat().st_size
    summary.write_text("x" * MAX_SUMMARY_BYTES)
    run(server)

    assert MAX_SUMMARY_BYTES - 1000 < first < MAX_SUMMARY_BYTES
    assert summary.stat().st_size == MAX_SUMMARY_BYTES


def test_a_threshold_that_is_crossed_fails(
    server: AdminServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 and a warning: an annotation on GitHub, a line elsewhere; without --fail-on no figure fails."""
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
        r"warning: cost > 50/day: yes, it is \$\d+\.\d\d/day\nwarning: cache-hit < 99.5%: yes, it is 6\d\.\d%\n",
        elsewhere.err,
    )
    assert on_github.err.splitlines()[1].startswith(
        "::warning title=Claude usage and cost::cache-hit < 99.5%25: yes, it is 6"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--fail-on", "costs > 5"), "names no figure; there are cost, "),
        (("--days", "91"), "91 is not in the range"),
        (("--from", "2026-11-01", "--days", "3"), "--from and --days contradict each other"),
        (("--from", "2026-11-22"), "holds no day that is over"),
        (
            ("--from", "0001-01-01"),
            "days from 2023-01-01 to 2027-02-20 are taken; the last whole one is 2026-11-21",
        ),
        (("--to", "9999-12-31"), "--to 9999-12-31 is no day of a report"),
        (("--to", "0001-01-01", "--source=analytics"), "days from 2026-01-01 to 2027-02-20 are taken"),
        (("--output", "sarif=x"), "is not FORMAT=FILE with FORMAT one of text, markdown, json, csv, html"),
        (("--output", "json=x", "--output", "csv=x"), "each output needs a file of its own"),
        (("--check", "missing.json"), "missing.json is no file"),
        (("--check", ""), "--check is empty"),
        (("--output-file", ""), "--output-file is empty"),
        (("--model", "claude-opus-5-5", "--model", " "), "--model is empty"),
        (("--workspace", ""), "--workspace is empty"),
        (tuple(f"--group-by={name}" for name in DIMENSIONS), "--group-by takes 5 at most"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_sent(
    server: AdminServer, run: Run, options: tuple[str, ...], told: str
) -> None:
    """Exit code 2, and no request with the key."""
    done = run(server, *options)

    assert done.code == ExitCode.USAGE
    assert told in done.err
    assert server.requests == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "{", '{"schema_version": 2, "verdicts": []}', '{"schema_version": 1, "verdicts": [1]}', "[" * 100_000,
     '{"schema_version": 1, "verdicts": [{"path": "a", "name": "", "model": "m", "tokens": true}]}',
     '{"schema_version": 1, "verdicts": [{"path": "a", "name": "", "model": "m", "tokens": 1e99}]}',
     '{"schema_version": 1, "verdicts": [{"path": 1, "name": "", "model": "m", "tokens": 1}]}'],
)  # fmt: skip
def test_a_check_file_is_data(server: AdminServer, run: Run, tmp_path: Path, content: str) -> None:
    """Whatever isn't the output of `check` is refused in a sentence."""
    (tmp_path / "result.json").write_text(content)
    done = run(server, "--check", "result.json")

    assert done.code == ExitCode.USAGE
    assert "result.json" in done.err
    assert server.requests == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tokens", -1), ("tokens", 2**31), ("tokens", 1.5), ("tokens", "5"), ("tokens", False), ("base_tokens", -5),
        ("base_tokens", "5"), ("base_tokens", True), ("base_tokens", 10**30), ("growth", False), ("growth", []), ("growth", 0.0),
        ("growth", ""), ("growth", -(2**31)), ("growth", 2**31), ("path", None), ("name", 0), ("model", "m" * 5000),
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_are_named(
    server: AdminServer, run: Run, tmp_path: Path, key: str, value: Any
) -> None:
    """With the verdict that has them, and nothing is sent: a prompt of -1 tokens would earn money."""
    verdict = {"path": "a", "name": "", "model": "m", "tokens": 7, "growth": 1, "base_tokens": 6}
    (tmp_path / "result.json").write_text(
        json.dumps({"schema_version": 1, "verdicts": [verdict, {**verdict, key: value}]})
    )
    done = run(server, "--check", "result.json")

    assert done == (
        ExitCode.USAGE,
        "",
        f"error: result.json: verdict 2 has no valid `{key}`, so `prompt-lint check` didn't write it\nmake the file anew\n",
    )
    assert server.requests == []


@pytest.mark.parametrize("name", ["result.json", "./result.json", "link.json", "hard.json"])
@pytest.mark.parametrize("option", ["-o", "--output", "summary"])
def test_the_checked_file_is_not_overwritten(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, option: str
) -> None:
    """By whatever name it is given, and before anything is sent."""
    (tmp_path / "result.json").write_text(json.dumps(CHECK))
    (tmp_path / "link.json").symlink_to("result.json")
    (tmp_path / "hard.json").hardlink_to(tmp_path / "result.json")
    options = {
        "-o": ["--output-format=json", "-o", name],
        "--output": [f"--output=json={name}"],
        "summary": [],
    }
    if option == "summary":
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / name))
    done = run(server, "--check", "result.json", *options[option])

    assert done.code == ExitCode.USAGE
    assert done.err == (
        "error: the report would overwrite result.json, which --check reads\nname another file for it\n"
    )
    assert json.loads((tmp_path / "result.json").read_text()) == CHECK
    assert server.requests == []


def test_two_outputs_of_one_file_by_two_names(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """A link is no other file."""
    (tmp_path / "link.json").symlink_to("out.json")

    assert (
        "each output needs a file of its own"
        in run(server, "--output=json=out.json", "--output=csv=link.json").err
    )


# ---------------------------------------------------------------------------------------------------------
# Where it must not run, and what it must not tell


@pytest.mark.parametrize(
    "env",
    [
        *({"GITHUB_EVENT_NAME": name} for name in ("pull_request", "pull_request_target", "pull_request_review", "issue_comment",
          "workflow_run", "merge_group", "issues", "discussion_comment")),
        {"GITHUB_EVENT_NAME": "push", "GITHUB_HEAD_REF": "feature"}, {"CI_MERGE_REQUEST_IID": "5"},
        {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-1"},
        {"GITHUB_REF": "refs/pull/3/merge"},
        {"CI_PIPELINE_SOURCE": "merge_request_event"}, {"BUILD_REASON": "PullRequest"}, {"BITBUCKET_PR_ID": "1"},
        {"BUILDKITE_PULL_REQUEST": "12"}, {"TRAVIS_PULL_REQUEST": "3"}, {"CHANGE_ID": "4"},
    ],
    ids=str,
)  # fmt: skip
def test_it_does_not_run_for_pull_requests(
    server: AdminServer, run: Run, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    """The key could manage the organization; nothing is sent, and the hint says where it belongs."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    done = run(server)

    assert done.code == ExitCode.USAGE
    assert "doesn't run for a pull request" in done.err
    assert "`schedule`, `workflow_dispatch` or a `push` to the default branch" in done.err
    assert server.requests == []


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"GITHUB_EVENT_NAME": "schedule"},
        {"GITHUB_EVENT_NAME": "workflow_dispatch"},
        {"GITHUB_EVENT_NAME": "push", "GITHUB_HEAD_REF": ""},
        {"BUILDKITE_PULL_REQUEST": "false"},
    ],
    ids=str,
)
def test_it_runs_elsewhere(env: dict[str, str]) -> None:
    """On a schedule, by hand, after a push."""
    report.refuse_pull_request(env)


def test_the_key_is_nowhere(
    server: AdminServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in outputs nor in errors, not even where the server sends it back; files are made as they are named."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    told = [run(server, *(f"--output={name}=out.{name}" for name in REPORTS))]
    for fault in (
        "echo_key_400",
        "echo_key_401",
        "echo_key_500",
        "echo_key_as_request_id",
        "reset",
        "hostile_message",
    ):
        server.plan = always(fault)
        told.append(run(server, "--deadline=1"))
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", f"{ADMIN_KEY}\n")
    told.append(run(server))
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    assert [done.code for done in told] == [0, 3, 3, 3, 3, 3, 3, 2]
    assert "canary" not in str(told)
    assert b"canary" not in written
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize(
    ("key", "options", "code", "asked"),
    [
        ("", (), 2, set()),
        ("sk-ant-api03-test-only", (), 2, set()),
        (f"{ADMIN_KEY}-revoked", (), 3, {"usage_report/messages", "cost_report"}),
        (ADMIN_KEY, ("--workspace=nonesuch",), 2, {"workspaces"}),
        (ADMIN_KEY, ("--fail-on=cost > 1",), 1, {"usage_report/messages", "cost_report", "workspaces"}),
    ],
)
def test_exit_codes_are_those_of_the_docs(
    server: AdminServer, run: Run, monkeypatch: pytest.MonkeyPatch, key: str, options: tuple[str, ...], code: int, asked: set[str]
) -> None:  # fmt: skip
    """A key that is none is a mistake of the command line; one that the API refuses is an outage, as in `check`."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", key)
    done = run(server, *options)

    assert done.code == code
    assert {seen.route.removeprefix("/v1/organizations/") for seen in server.requests} <= asked
    assert bool(server.requests) == bool(asked)
    if code == ExitCode.UNCOUNTED:
        assert "answered 401" in done.err
        assert "an admin of the organization creates one" in done.err


def test_it_reads_nothing_of_the_repository(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """A broken configuration, a `.env` and a module of a known name lie there, and don't matter."""
    (tmp_path / ".prompt-lint.yaml").write_text("base_url: http://evil.example\n")
    (tmp_path / ".env").write_text(
        f"PROMPT_LINT_ADMIN_URL=http://evil.example\nANTHROPIC_ADMIN_KEY={ADMIN_KEY}x\n"
    )
    (tmp_path / "httpx2.py").write_text("raise SystemExit('imported')\n")

    assert run(server).code == 0


def test_it_imports_neither_the_sdk_nor_the_tokenizer(server: AdminServer) -> None:
    """A run of its own, by the real clock: what it has loaded at its end."""
    server.now = datetime.now(UTC)
    script = (
        "import sys\nfrom prompt_lint.cli import main\ncode = main.run(['report'])\n"
        "bad = [m for m in sys.modules if m.startswith(('anthropic', 'prompt_lint.counting.tokenizer', 'yaml'))]\n"
        "print(code, bad, file=sys.stderr)"
    )
    env = {**os.environ, "ANTHROPIC_ADMIN_KEY": ADMIN_KEY, "PROMPT_LINT_ADMIN_URL": server.url}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)

    assert done.stderr == "0 []\n"


def test_check_refuses_admin_keys_still() -> None:
    """Each command takes the keys of its own kind only."""
    with pytest.raises(Fatal, match="is an Admin API key"):
        credentials.find_credential({"ANTHROPIC_API_KEY": ADMIN_KEY})


def test_hostile_names_are_hostile() -> None:
    """What the tests above are about is in their organization."""
    assert any("<script>" in name for name in HOSTILE)
    assert any(name.startswith("=") for name in HOSTILE)
