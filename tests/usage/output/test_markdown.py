"""`markdown`: names stay text, amounts stay amounts, charts are Mermaid's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import CheckedPrompt, render_check
from tests.support.admin_server import busy
from tests.support.organizations import HOSTILE, NOW, ORGANIZATIONS, organization
from tests.support.paths import ROOT
from tests.support.rendered_markdown import ELEMENTS, LINKING, render_page

from prompt_lint.text.escape import escape_line
from prompt_lint.usage.output import markdown

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


MODULES = Path(os.environ.get("MERMAID_NODE_MODULES") or ROOT / "tests" / "mermaid" / "node_modules")


@pytest.mark.parametrize("server", ["hostile"], indirect=True)
def test_hostile_names_stay_text(server: AdminServer, run: Run, tmp_path: Path) -> None:
    """Words and code, as a parser reads the page; outside of code no mention, reference or link."""
    prompts = [CheckedPrompt(evil, evil, 5) for evil in HOSTILE]
    (tmp_path / "www.a.example @b #1 `c`").write_text(render_check(prompts))
    options = [f"--check={path.name}" for path in tmp_path.iterdir()]
    text = run(server, "--output-format=markdown", "--model=@octo/team", "--model=claude-<b>", *options).out
    text += run(server, "--output-format=markdown", *options).out
    rendered = render_page(text)
    words = re.sub(r"[+-]?<?\$\d[\d,.]*|:(?:warning|white_check_mark|grey_question):", "", rendered.linkable)

    assert set(rendered.tags) <= ELEMENTS
    assert not LINKING.search(words)
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


@pytest.mark.parametrize("server", ["hostile"], indirect=True)
def test_names_are_shown_to_the_last_character(server: AdminServer, run: Run) -> None:
    """As on a terminal: what a reader copies is the name."""
    lines = [render_page(line).shown for line in run(server, "--output-format=markdown").out.splitlines()]

    assert [
        evil
        for evil in HOSTILE
        if not any(escape_line(" ".join(evil.split()))[:100] in line for line in lines)
    ] == []


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("$10,384.73 and 8.42B tokens: 27.8% more than the $8,125.29 of", "$10,384.73 and 8.42B tokens: 27.8% more than the $8,125.29 of"),
        ("+$1.50 of -$2. 33.6M, <$0.01; cost > $50/day: yes", "+$1.50 of -$2. 33.6M, <$0.01; cost &#62; $50/day: yes"),
        ("in @octo/team, $1 x $y$ #1 $1.5M", "in `@octo/team`, $1 x `$y$` `#1` `$1.5M`"),
        ("- a `b` \u05d0 $5 \u05d0", "&#8296;&#45; a `b` \u05d0 &#8297;$5&#8296; \u05d0&#8297;"),
        ("$5", "$5"),
    ],
)  # fmt: skip
def test_amounts_are_not_escaped(sentence: str, text: str) -> None:
    """A dollar sign with a number begins nothing; all else is as in the report of `check`."""
    assert markdown._escape(sentence) == text


def _charts(text: str) -> list[str]:
    return re.findall(r"(?s)```mermaid\n(.*?)```", text)


def test_charts_are_mermaid(loopback: None, run: Run, tmp_path: Path) -> None:
    """The real parser takes the chart of every organization and window: `npm install` in tests/mermaid brings it."""
    node = shutil.which("node")
    if not node or not (MODULES / "mermaid").is_dir():
        pytest.skip("needs node, and `npm install` in tests/mermaid")
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
    document = json.dumps([*charts, "xychart-beta\n    bar []\n"])
    done = subprocess.run(
        [node, "check.mjs"], cwd=tmp_path, input=document, capture_output=True, text=True, check=True
    )
    results = json.loads(done.stdout)

    assert results[:-1] == [True] * len(charts)
    assert "Parse error" in results[-1]
    assert len(charts) > 10


def test_without_figures_there_is_no_chart(loopback: None, run: Run) -> None:
    """Mermaid refuses an empty series."""
    with organization("empty") as server:
        assert _charts(run(server, "--output-format=markdown").out) == []
    with organization("busy") as server:
        text = run(server, "--output-format=markdown").out

    assert len(_charts(text)) == 1
    assert text.count("| Sat 21 Nov |") == 1


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        (("--days=14",), ["8 Nov", "21 Nov"]), (("--days=30",), ["23", "21"]), (("--days=90",), ["24 Aug", "15 Nov"]),
        (("--days=1", "--bucket=1h"), ["00", "23"]), (("--from=2026-02-01", "--to=2026-03-03"), ["1", "03"]),
    ],
)  # fmt: skip
def test_labels_fit_below_the_chart(
    server: AdminServer, run: Run, options: tuple[str, ...], labels: list[str]
) -> None:
    """At most sixteen dates, else numbers of days; each once, since Mermaid draws bars of one label on each other."""
    server.events = busy(NOW, 290)[::12]
    [chart] = _charts(run(server, "--output-format=markdown", *options).out)
    shown = json.loads(re.findall(r"x-axis (\[.*\])", chart)[0])

    assert [shown[0], shown[-1]] == labels
    assert len(set(shown)) == len(shown)
    assert sum(map(len, shown)) <= 100
