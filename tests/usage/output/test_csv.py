"""`csv`: columns add up to the report's totals, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import name_workspaces

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


@pytest.mark.parametrize(
    "options",
    [(), ("--bucket=1h",), ("--group-by=api-key", "--group-by=speed")],
    ids=["plain", "hours", "keys"],
)
def test_columns_add_up_to_the_totals(server: AdminServer, run: Run, options: tuple[str, ...]) -> None:
    """Whatever the report is grouped by."""
    rows = list(csv.DictReader(io.StringIO(run(server, "--output-format=csv", *options).out)))
    totals = json.loads(run(server, "--output-format=json", *options).out)["totals"]
    current = [row for row in rows if row["window"] == "current"]

    assert sum(int(row["cache_read_tokens"]) for row in current) == totals["cache_read_tokens"]
    assert sum(Decimal(row["cost_usd"] or 0) for row in current) == Decimal(totals["cost"])
    assert {row["window"] for row in rows} == {"previous", "current", "today"}


@pytest.mark.parametrize("server", ["hostile"], indirect=True)
def test_hostile_names_stay_text_on_a_terminal_and_in_a_spreadsheet(server: AdminServer, run: Run) -> None:
    """No escape sequence, no command, no formula."""
    text = run(server).out
    cells = [cell for row in csv.reader(io.StringIO(run(server, "--output-format=csv").out)) for cell in row]

    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert not re.search(r"(?m)^\s*::|##\[|\x1b|\u202e", text)
    assert not [cell for cell in cells if re.match(r"\s*[=+@]|-\D", cell)]
    assert all(char.isprintable() for cell in cells for char in cell)


# Ways to get what starts a formula to a cell's start.
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
    """Neither at once, nor once a spreadsheet has normalised it, split it at semicolons or tabs, or cut lines."""
    # In every form that a spreadsheet may make a start of a formula of.
    starts = [
        char
        for char in map(chr, range(0x110000))
        if unicodedata.normalize("NFKC", char)[:1] in {*"=+-@\u2212"}
    ]
    names = [f"{before}{start}1+1" for start in starts for before in BEFORE]
    name_workspaces(server, *names)
    text = run(server, "--output-format=csv", "--group-by=workspace").out
    cells = [row["workspace"] for row in csv.DictReader(io.StringIO(text)) if row["window"] == "current"]
    parts = [part for cell in cells for part in re.split(r"[;\t\r\n]", unicodedata.normalize("NFKC", cell))]

    assert len(starts) == 22
    assert len(cells) == len(names)
    assert not [part for part in parts if part.strip()[:1] in {*"=+-@\u2212"}]
