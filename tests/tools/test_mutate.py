"""Faults that tools/mutate.py puts into a module."""

from __future__ import annotations

import ast

from tests.support.paths import load_tool

mutate = load_tool("mutate")
MODULE = '''\
"""Says é."""
from __future__ import annotations

def find(limit: int | None, *, text: str = "a") -> int | None:
    """Return 1."""
    if not limit and text in "é>":
        raise ValueError(limit)
    self.limit = min(limit, 5)
    return limit <= 4 if text else swap(limit, text + "b")
'''


def test_each_mutant_is_the_module_with_one_small_fault() -> None:
    """The rest stays byte for byte as it is; annotations, docstrings and texts are no faults."""
    source = mutate.Source(MODULE.encode())
    edits = source.list_edits()

    assert [source.describe(edit).splitlines()[-1].removeprefix("  + ") for edit in edits] == [
        'if limit and text in "é>":',
        'if not (not limit and text in "é>"):',
        'if not limit or text in "é>":',
        'if not limit and text not in "é>":',
        "pass",
        "pass",
        "self.limit = max(limit, 5)",
        "self.limit = min(limit, 4)",
        "self.limit = min(limit, 6)",
        "return None",
        'return limit < 4 if text else swap(limit, text + "b")',
        'return limit <= 3 if text else swap(limit, text + "b")',
        'return limit <= 5 if text else swap(limit, text + "b")',
        'return limit <= 4 if not (text) else swap(limit, text + "b")',
        'return limit <= 4 if text else swap(text + "b", limit)',
        'return limit <= 4 if text else swap(limit, text - "b")',
    ]
    assert source.describe(edits[0]) == (
        '6\n  - if not limit and text in "é>":\n  + if limit and text in "é>":'
    )
    for edit in edits:
        ast.parse(source.apply(edit))
