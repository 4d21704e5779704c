"""The JSON output: complete, and by the schema that is documented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
from tests.support import make, reports
from tests.support.paths import ROOT

from prompt_lint.model.values import ImportShares
from prompt_lint.output import View
from prompt_lint.output.json import SCHEMA_VERSION, render

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


def test_json_is_complete(snapshot: SnapshotAssertion) -> None:
    """The JSON output of a run with one of everything."""
    assert render(reports.SAMPLE, View()) == snapshot


def test_json_keeps_to_its_schema() -> None:
    """The documented schema takes what we write, and nothing that we forgot to document."""
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(json.loads(render(reports.SAMPLE, View())), schema)
    assert schema["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def test_totals_of_json_have_only_what_can_be_compared() -> None:
    """What has no count in the base is on neither side: it would look like growth."""
    rows = (
        reports.row("a.md", 900, change="changed"),
        reports.row("b.md", 80, base=70, change="changed"),
        reports.row("c.md", 5, change="new"),
    )

    document = json.loads(render(reports.finish(*rows, base=reports.BASE), View()))

    assert document["summary"]["totals"] == [
        {
            "model": reports.SONNET,
            "before": 70,
            "before_margin": 0,
            "after": 85,
            "after_margin": 0,
            "growth_margin": 0,
            "growth_cost_per_1000_calls": None,
        }
    ]


def test_a_prompt_that_imports_has_its_shares_and_chains() -> None:
    """A program sees which file the tokens are in, and by which way they come."""
    verdict = make.verdict("CLAUDE.md", 4684, "over", limit=4000, sections=reports.IMPORTS)
    report = make.report(verdict._replace(import_shares=ImportShares(1204, 3480, 2, 12, 35)))

    [document] = json.loads(render(report, View()))["verdicts"]

    assert document["shares"] == {
        "own": 1204,
        "own_margin": 12,
        "imported": 3480,
        "imported_margin": 35,
        "files": 2,
    }
    assert document["sections"][0]["via"] == ["CLAUDE.md", "AGENTS.md"]
