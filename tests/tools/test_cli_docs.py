"""The reference pages that are made from the program."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.support.paths import ROOT, load_tool

from prompt_lint.cli.environment import list_ci_systems, list_sections

cli_docs = load_tool("cli_docs")
SOURCE = ROOT / "src" / "prompt_lint"
TABLE = SOURCE / "cli" / "environment.py"
# Variables that are set for other processes, and names that aren't variables.
OTHERS = {
    "LC_ALL",
    "PYTHONSAFEPATH",
    "ROUND_CEILING",
    "IO_REPARSE_TAG_MOUNT_POINT",
    "ACTION_COUNTS",
    "MERGE_HEAD",
}
OTHER_PREFIXES = ("GIT_", "INPUT_", "O_")


@pytest.mark.parametrize(
    ("page", "render"), [("cli.md", "render_cli"), ("environment.md", "render_environment")]
)
def test_the_pages_are_current(page: str, render: str) -> None:
    """`.venv/bin/python tools/cli_docs.py` writes them."""
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == getattr(cli_docs, render)()


def list_variables() -> set[str]:
    return {
        name for rows in list_sections(cli_docs.make_root()).values() for row in rows for name in row.names
    }


@cache
def list_read() -> set[str]:
    """Every text in the source that looks like a variable's name, or is looked up in an environment."""
    names = set()
    for path in SOURCE.rglob("*.py"):
        if path == TABLE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", node.value):
                    names.add(node.value)
            elif isinstance(node, ast.Call) and re.search(r"\benv(iron)?\.get$", ast.unparse(node.func)):
                names |= {str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant)}
            elif isinstance(node, ast.Subscript) and re.search(r"\benv(iron)?$", ast.unparse(node.value)):
                names |= {str(node.slice.value)} if isinstance(node.slice, ast.Constant) else set()
    return {name for name in names - OTHERS if not name.startswith(OTHER_PREFIXES)}


def test_every_variable_that_is_read_is_documented() -> None:
    """A variable that is in no document can't be found."""
    documented = list_variables() | {name for _, _, names in list_ci_systems() for name in names}

    assert list_read() - documented == set()


def test_every_variable_that_is_documented_is_read() -> None:
    """By prompt-lint, by the SDK or by Python's HTTP library."""
    spec = find_spec("anthropic")
    folders = (spec and spec.submodule_search_locations) or ()
    sdk = "".join(
        path.read_text(encoding="utf-8") for folder in folders for path in Path(folder, "lib").rglob("*.py")
    )
    unread = {name for name in list_variables() - list_read() if name not in sdk}

    assert unread == {"no_proxy", "http_proxy", "https_proxy", "all_proxy"} & unread
