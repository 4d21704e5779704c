"""The tests that the tables of attacks and faults and docs/security.md name are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from tests.support.api_server import FAULTS
from tests.support.hostile_repository import ATTACKS
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TESTS = ROOT / "tests"
_NAMED = re.compile(r"`(?:tests/)?([\w/]+\.py)(?:::(\w+))?`")


@cache
def list_tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", ["tests/attacks/README.md", "tests/faults.md", "docs/security.md"])
def test_each_test_that_is_named_is_there(page: str) -> None:
    """A test that is renamed or removed takes its row along, or this says so."""
    named = _NAMED.findall((ROOT / page).read_text(encoding="utf-8"))

    paths = {path: TESTS / path for path, _ in named if (TESTS / path).is_file()}
    missing = [
        (path, name) for path, name in named if path in paths and name and name not in list_tests(paths[path])
    ]
    assert len(paths) >= 5
    assert missing == []
    assert [path for path, name in named if path not in paths and name] == []


def list_rows(page: str) -> list[str]:
    """The attacks or faults of a table: those of rows that name a test."""
    text = (TESTS / page).read_text(encoding="utf-8")
    return re.findall(r"^\| ([^|]+) \| .+ \| `.+` \|$", text, re.MULTILINE)


@pytest.mark.parametrize(("page", "least"), [("attacks/README.md", 60), ("faults.md", 40)])
def test_the_table_has_every_row_once(page: str, least: int) -> None:
    """Each with its answer and a test."""
    assert len(list_rows(page)) >= least
    assert len(set(list_rows(page))) == len(list_rows(page))


def test_the_page_has_the_figures_of_the_tests() -> None:
    """How many attacks and faults there are."""
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")

    assert set(re.findall(r"the (\d+) attacks that", page)) == {str(len(list_rows("attacks/README.md")))}
    assert set(re.findall(r"the (\d+) kinds of faults", page)) == {str(len(list_rows("faults.md")))}
    assert set(re.findall(r"repository of (\d+) attacks", page)) == {str(len(ATTACKS))}
    assert set(re.findall(r"(\d+) faults of a server", page)) == {str(len(FAULTS))}


@pytest.mark.parametrize("name", ["ci.yml", "slow.yml"])
def test_ci_has_strace(name: str) -> None:
    """Where it can't be installed, the job fails: no test of system calls is skipped there."""
    workflow = (ROOT / ".github/workflows" / name).read_text(encoding="utf-8")

    assert "apt-get install --yes strace\n" in workflow.partition("run: .ci/run")[0]
