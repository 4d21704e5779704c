"""The direction of imports, held over the source itself."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "prompt_lint"
PACKAGE = "prompt_lint"

# From the bottom up. A module imports from lower layers only; adapters of one folder never each other.
LAYERS: list[set[str]] = [
    {"prompt_lint", "errors", "hardened"},
    {"staged", "kept"},
    {"model", "quick"},
    {
        "escape",
        "lazily",
        "event",
        "placeholders",
        "commonmark",
        "models",
        "globs",
        "images",
        "jsontext",
        "shape",
        "strictyaml",
        "decode",
        "tokenizer",
        "terminal",
        "trends",
    },
    {
        "gfm",
        "wording",
        "sections",
        "imports",
        "frontmatter",
        "message",
        "git",
        "walk",
        "reading",
        "config",
        "cache",
        "credentials",
        "limiter",
        "answers",
        "source",
        "content",
        "tooldefs",
        "thresholds",
        "uncounted",
    },
    {
        "findings",
        "tree",
        "conversation",
        "turns",
        "objects",
        "counting",
        "judge",
        "selection",
        "schedule",
        "wire",
        "figures",
    },
    {
        "ending",
        "formats",
        "outputs",
        "reports",
        "counters",
        "ci",
        "transport",
        "measure",
        "commit",
    },
    {"parsed", "delivery", "recall", "record", "prompts", "base", "changes", "usage", "rest"},
    {"groups", "survey", "oidc", "reread"},
    {"scope", "policy"},
    {"against"},
    {"baseline"},
    {"check"},
    {"count", "explain", "init", "listing", "session", "report", "comment"},
    {"inputs"},
    {"checking"},
    {"plain"},
    {"cli"},
    {"start", "action"},
    {"report_action"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
TABLES = {"formats", "outputs", "reports", "counters", "ci"}
MODULES = sorted(ROOT.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = [PACKAGE, *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Our modules that a file imports, wherever in the file (also for type checking only)."""
    known = {module_name(other) for other in MODULES}
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            base = node.module or ""
            found |= {f"{base}.{a.name}" if f"{base}.{a.name}" in known else base for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith(PACKAGE)}
    return found


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else PACKAGE


def drawn() -> list[list[str]]:
    """The rows of the list of layers in docs/design.md, from the bottom up. What stands far behind the names is a remark."""
    text = (ROOT.parent.parent / "docs" / "design.md").read_text(encoding="utf-8")
    [block] = re.findall(r"## Layers\n.*?```\n(.*?)```", text, re.DOTALL)
    rows = [re.split(r" {4}", line)[0].replace("/*", "").split() for line in block.splitlines()]
    return rows[::-1]


def test_the_docs_draw_the_layers() -> None:
    """Every module stands in the list, once, and in no row above one that may import it."""
    rows = drawn()

    ranks = [[RANK[name] for name in row] for row in rows]
    assert {name for row in rows for name in row} == RANK.keys() - {PACKAGE, "__main__"}
    assert sum(map(len, rows)) == len(RANK) - 2
    assert all(max(lower) <= min(upper) for lower, upper in pairwise(ranks))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_down(path: Path) -> None:
    """A module imports only from layers below its own, or from its own folder's parts."""
    me = module_name(path)

    upward = {
        other
        for other in imports(path)
        if layer(other) != layer(me) and RANK[layer(other)] >= RANK[layer(me)]
    }

    assert upward == set()


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name in TABLES], ids=module_name)
def test_adapters_do_not_know_each_other(path: Path) -> None:
    """Only the table of a folder imports its adapters."""
    me = module_name(path)

    siblings = {other for other in imports(path) if layer(other) == layer(me) and other != me}

    assert path.name == "__init__.py" or siblings == set()


@pytest.mark.parametrize("name", ["model", "errors"])
def test_the_lowest_layers_need_nothing(name: str) -> None:
    """`model` and `errors` import the standard library and each other, nothing else."""
    tree = ast.parse((ROOT / f"{name}.py").read_text(encoding="utf-8"))

    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert names <= {"__future__", "typing", "enum", "collections.abc", "prompt_lint.model.errors"}


def test_no_function_outgrows_a_screen() -> None:
    """Functions are 40 lines at most, their docstrings not counted."""
    long = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                doc = node.body[0] if ast.get_docstring(node) else None
                doc_lines = (doc.end_lineno or 0) - doc.lineno + 1 if doc else 0
                lines = (node.end_lineno or 0) - node.lineno + 1 - doc_lines
                if lines > 40:
                    long.append(f"{module_name(path)}.{node.name}: {lines}")

    assert long == []
