"""`json`: its schema, and names that would be commands."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import name_workspaces, render_check
from tests.support.json_schema import DOCS, validate
from tests.support.organizations import ORGANIZATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


@pytest.mark.parametrize("server", ORGANIZATIONS, indirect=True, ids=ORGANIZATIONS)
@pytest.mark.parametrize(
    "options",
    [(), ("--bucket", "1h"), ("--days=40", "--source=analytics", "--group-by=api-key", "--group-by=model")],
    ids=["plain", "hours", "analytics"],
)
def test_the_document_is_valid_by_its_schema(
    server: AdminServer, run: Run, options: tuple[str, ...], tmp_path: Path
) -> None:
    """docs/usage.schema.json has every key; money is text."""
    (tmp_path / "result.json").write_text(render_check())
    done = run(server, "--output-format=json", "--check=result.json", "--fail-on=cost > 1", *options)
    document = json.loads(done.out)

    validate(document, DOCS / "usage.schema.json")
    assert sum(Decimal(group["cost"]) for group in document["groups"]["model"]) == Decimal(
        document["totals"]["cost"]
    )


def test_names_that_would_be_commands_are_kept(server: AdminServer, run: Run) -> None:
    """They are spelled otherwise, and read as they were; what no reader of JSON takes is escaped."""
    name_workspaces(server, "##[error]x", "##vso[x]", "\udcff\ud800")
    groups = json.loads(run(server, "--output-format=json").out)["groups"]["workspace"]

    assert {group["name"] for group in groups} == {"##[error]x", "##vso[x]", "\\xff\\ud800"}
