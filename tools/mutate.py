"""Mutation testing: which faults in a module does no test notice? `python tools/mutate.py check/judge` prints them.

A mutant is the module with one small fault, such as `<` for `<=`. The tests of the module run on each mutant, in a copy
of the repository in a temporary folder. A mutant that passes them survives: either a test is missing, or nobody could
notice the fault. Which mutants are tried is random, and the same in each run. Needs the environment of the tests
(`.venv/bin/python`) on Linux or macOS; no network.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/prompt_lint"
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "node_modules", "dist")

# Imported once, before the process is forked for each mutant. Nothing of prompt_lint is.
LIBRARIES = ("pytest", "hypothesis", "yaml", "click", "httpx2", "pathspec", "jsonschema", "sqlite3")
# Of pytest. Without `--assert=plain`, it rewrites every test file for messages that nobody reads.
OPTIONS = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist")

OPERATORS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"), ast.And: ("and", "or"), ast.Or: ("or", "and"), ast.Add: ("+", "-"), ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.BitOr: ("|", "&"), ast.BitAnd: ("&", "|"),
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
REMOVABLE = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)


class Edit(NamedTuple):
    """The bytes from `start` to `end` become `text`."""

    start: int
    end: int
    text: bytes


class Source:
    """The bytes of a module."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._lines = data.splitlines(keepends=True)

    def apply(self, edit: Edit) -> bytes:
        return self.data[: edit.start] + edit.text + self.data[edit.end :]

    def describe(self, edit: Edit) -> str:
        """Return the number of the line, and the line before and after."""
        start, end = self.data.rfind(b"\n", 0, edit.start) + 1, self.data.find(b"\n", edit.end)
        new = self.apply(edit)[start : end + len(edit.text) - (edit.end - edit.start)]
        line, old = self.data.count(b"\n", 0, start) + 1, self.data[start:end]
        return f"{line}\n  - {old.decode().strip()}\n  + {new.decode().strip()}"

    def list_edits(self) -> list[Edit]:
        """Return every edit that makes another program, in their order."""
        edits: set[Edit] = set()
        for node in _walk_executed(ast.parse(self.data)):
            edits.update(self._edit_operators(node), self._edit_node(node))
        return sorted(filter(self._is_mutant, edits))

    def _is_mutant(self, edit: Edit) -> bool:
        with contextlib.suppress(SyntaxError):
            ast.parse(self.apply(edit))
            return edit.text != self.data[edit.start : edit.end]
        return False

    def _find_span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno
        assert node.end_col_offset
        start, end = (sum(map(len, self._lines[: line - 1])) for line in (node.lineno, node.end_lineno))
        return start + node.col_offset, end + node.end_col_offset

    def _edit_operators(self, node: ast.AST) -> Iterator[Edit]:
        operators: Sequence[ast.AST]
        match node:
            case ast.Compare():
                operators, operands = node.ops, [node.left, *node.comparators]
            case ast.BoolOp():
                operators, operands = [node.op] * len(node.values), node.values
            case ast.BinOp():
                operators, operands = [node.op], [node.left, node.right]
            case _:
                return
        for operator, left, right in zip(operators, operands, operands[1:], strict=False):
            old, new = OPERATORS.get(type(operator), ("", ""))
            start, end = self._find_span(left)[1], self._find_span(right)[0]
            if old and (found := re.search(re.escape(old.encode()), self.data[start:end])):
                yield Edit(start + found.start(), start + found.end(), new.encode())

    def _edit_node(self, node: ast.AST) -> Iterator[Edit]:
        span = self._find_span(node) if isinstance(node, ast.expr | ast.stmt) else (0, 0)
        match node:
            case ast.UnaryOp(op=ast.Not()):
                yield Edit(span[0], self._find_span(node.operand)[0], b"")
            case ast.If() | ast.While() | ast.IfExp():
                yield self._negate(node.test)
            case ast.comprehension(ifs=[test, *_]):
                yield self._negate(test)
            case ast.Constant(value=int() | float() as value):
                others = [not value] if isinstance(value, bool) else [value + 1, value - 1]
                yield from (Edit(*span, str(other).encode()) for other in others)
            case ast.Name(id=name) if name in NAMES:
                yield Edit(*span, NAMES[name].encode())
            case ast.Return(value=ast.expr()):
                yield Edit(*span, b"return None")
            case ast.Call(func=function, args=[first, second, *_]) if not _is_commutative(function):
                (start, middle), (behind, end) = self._find_span(first), self._find_span(second)
                parts = (behind, end), (middle, behind), (start, middle)
                yield Edit(start, end, b"".join(self.data[a:b] for a, b in parts))
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield Edit(*span, b"pass")
            case ast.stmt() if isinstance(node, REMOVABLE):
                yield Edit(*span, b"pass")

    def _negate(self, test: ast.expr) -> Edit:
        start, end = self._find_span(test)
        return Edit(start, end, b"not (" + self.data[start:end] + b")")


def _is_commutative(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in {"min", "max"}


def _walk_executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, without annotations, docstrings and what only type checkers read."""
    yield node
    annotations = getattr(node, "annotation", None), getattr(node, "returns", None)
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_typing = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if child not in annotations and not is_docstring and not is_typing:
            yield from _walk_executed(child)


def run_tests(folder: Path, tests: Sequence[str], timeout: float | None = None) -> bool:
    """Return whether the tests pass in the copy, within `timeout` seconds."""
    process = multiprocessing.get_context("fork").Process(target=_run_pytest, args=(folder, tests))
    process.start()
    process.join(timeout)
    with contextlib.suppress(OSError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()
    return process.exitcode == 0


def _run_pytest(folder: Path, tests: Sequence[str]) -> None:
    os.setsid()
    os.chdir(folder)
    with (folder / "pytest.log").open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.path.insert(0, str(folder / "src"))
    arguments = [*OPTIONS, "--basetemp", str(folder / "temp"), *tests]
    os._exit(importlib.import_module("pytest").main(arguments))


def find_survivors(
    folder: Path, path: str, tests: Sequence[str], mutants: Mapping[int, bytes]
) -> Iterator[int]:
    """Yield the numbers of the mutants of the file `path` that pass the tests in a copy in `folder`."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT, dirs_exist_ok=True)
    for library in LIBRARIES:
        importlib.import_module(library)
    begin = time.monotonic()
    if not run_tests(folder, tests):
        sys.exit(f"the tests fail without a mutant:\n{(folder / 'pytest.log').read_text(encoding='utf-8')}")
    timeout = 20 + 5 * (time.monotonic() - begin)
    # Bytecode belongs to a file's size and second, so that of one mutant could be run for another.
    sys.dont_write_bytecode = True
    for bytecode in (folder / path).parent.glob(f"__pycache__/{Path(path).stem}.*"):
        bytecode.unlink()
    for number, mutant in mutants.items():
        (folder / path).write_bytes(mutant)
        if run_tests(folder, tests, timeout):
            yield number


def main() -> int:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("module", help=f"such as check/judge, below {PACKAGE}")
    parser.add_argument("-n", "--number", type=int, default=40, help="how many mutants; default: 40")
    parser.add_argument("--seed", default="1", help="another seed takes other mutants; default: 1")
    parser.add_argument("--only", type=int, nargs="+", help="numbers of mutants, as printed before")
    parser.add_argument("--tests", nargs="+", help="what pytest runs; default: the tests of that name")
    options = parser.parse_args()
    module = options.module.removesuffix(".py")
    path, (folder, _, name) = f"{PACKAGE}/{module}.py", module.rpartition("/")
    if not (ROOT / path).is_file():
        parser.error(f"there is no {path}")
    source = Source((ROOT / path).read_bytes())
    edits = source.list_edits()
    chance = random.Random(f"{options.seed} {module}")  # noqa: S311  # repeatable, not secret
    chosen = dict(enumerate(chance.sample(edits, min(options.number, len(edits))), 1))
    mutants = {number: source.apply(chosen[number]) for number in options.only or chosen}
    with tempfile.TemporaryDirectory(prefix="mutants-") as copy:
        tests = options.tests or [f"tests/{folder}/test_{name}.py"]
        tried = killed = len(mutants)
        for number in find_survivors(Path(copy), path, tests, mutants):
            print(f"#{number} {path}:{source.describe(chosen[number])}", flush=True)
            killed -= 1
    print(f"{module}: {killed} of {tried} mutants killed ({killed / tried:.0%}); {len(edits)} are possible")
    return 0 if killed == tried else 1


if __name__ == "__main__":
    sys.exit(main())
