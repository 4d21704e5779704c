"""The floors of the house, held over the source itself; docs/design.md draws them."""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from tests.support.paths import ROOT

SOURCE = ROOT / "src" / "prompt_lint"
PACKAGE = "prompt_lint"

# A package imports from packages on floors below its own.
FLOORS: dict[str, int] = {
    "actions": 7,
    "cli": 6,
    "check": 5, "usage": 5, "comment": 5,
    "counting": 4,
    "config": 3, "formats": 3, "api": 3, "output": 3,
    "repo": 2, "request": 2, "cache": 2,
    "text": 1, "ci": 1,
    "model": 0,
}  # fmt: skip
# Each module of these folders serves one table. Modules that several of them share are named.
ADAPTERS: dict[str, set[str]] = {
    "ci": {"context", "systems", "workflow_commands"},
    "formats": set(),
    "output": set(),
    "output.listing": {"prompts", "session_start"},
    "usage.output": set(),
}
# Where the process's own surroundings may be looked at.
READ_ENVIRONMENT = {"actions", "cli"}
WRITE_STDOUT = {"output.terminal"}

MODULES = sorted(SOURCE.rglob("*.py"))


def name_module(path: Path) -> str:
    """`check.pipeline` for `src/prompt_lint/check/pipeline.py`; a package is called after its folder."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_module(path): path for path in MODULES}


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def list_imports(path: Path) -> set[str]:
    """Our modules that a file imports, wherever in the file, also for type checking only."""
    modules = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            base = (node.module or "").removeprefix(PACKAGE).removeprefix(".")
            for alias in node.names:
                full = f"{base}.{alias.name}" if base else alias.name
                modules.add(full if full in NAMES else base)
    return modules - {name_module(path), ""}


@cache
def collect_imports() -> dict[str, set[str]]:
    """What each module imports; read only where a test needs it, since every worker collects all tests."""
    return {name: list_imports(path) for name, path in NAMES.items()}


def find_floor(module: str) -> int:
    return FLOORS[module.split(".", maxsplit=1)[0]]


def is_inside(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_every_module_has_a_room() -> None:
    """Nothing lies flat in the package but what Python wants there."""
    assert {path.name for path in SOURCE.glob("*.py")} == {"__init__.py", "__main__.py"}
    assert {
        path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"
    } == FLOORS.keys()


@pytest.mark.parametrize("package", FLOORS)
def test_every_package_says_what_lives_there(package: str) -> None:
    """In one docstring, which docs/design.md repeats."""
    docstring = ast.get_docstring(ast.parse((SOURCE / package / "__init__.py").read_text(encoding="utf-8")))

    assert docstring
    assert docstring.endswith(".")


def test_the_docs_draw_the_floors() -> None:
    """docs/design.md has every package once, on its floor."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")

    rows = re.findall(r"^\| (\d) \| `(\w+)` \|", text, re.MULTILINE)

    assert sorted((package, int(floor)) for floor, package in rows) == sorted(FLOORS.items())


def test_imports_point_down() -> None:
    """A module imports from packages on lower floors, and from its own."""
    upward = {
        (module, other)
        for module, imports in collect_imports().items()
        for other in imports
        if module not in {"", "__main__"}
        and other.split(".")[0] != module.split(".", maxsplit=1)[0]
        and find_floor(other) >= find_floor(module)
    }

    assert upward == set()


def test_no_module_imports_itself_by_a_detour() -> None:
    """There is no circle, not even one for type checking only."""
    try:
        list(TopologicalSorter(collect_imports()).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(error.args[1])}")


def table_modules(package: str) -> set[str]:
    """The modules that the table of a package names: those beside it by their last name, those further below in full."""
    text = (SOURCE / package.replace(".", "/") / "__init__.py").read_text(encoding="utf-8")
    return {
        module
        for module in NAMES
        if module.startswith(f"{package}.")
        if re.search(
            rf"\b{module.split('.')[-1] if module.rpartition('.')[0] == package else module}\b", text
        )
    }


@pytest.mark.parametrize("package", ADAPTERS)
def test_adapters_do_not_know_each_other(package: str) -> None:
    """A module that a table names imports none of the others that it names."""
    adapters = table_modules(package) - {f"{package}.{name}" for name in ADAPTERS[package]}

    pairs = {(module, other) for module in adapters for other in collect_imports()[module] & adapters}

    assert pairs == set()


def find_uses(path: Path, names: set[str]) -> set[str]:
    """The attributes of modules, such as `os.environ`, that a file uses; and calls of `print`."""
    uses = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            uses.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            uses.add("print" if not any(word.arg == "file" for word in node.keywords) else "print to a file")
    return uses & names


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        # Child processes get the environment that git wants, and the SDK reads its own.
        ({"os.environ", "os.getenv"}, {*READ_ENVIRONMENT, "repo.git", "counting.processes", "api.sdk"}),
        ({"sys.stdout", "print"}, WRITE_STDOUT),
        ({"datetime.now", "datetime.today", "date.today", "time.gmtime"}, READ_ENVIRONMENT),
    ],
    ids=["the environment", "stdout", "the wall clock"],
)
def test_the_surroundings_are_handed_down(names: set[str], allowed: set[str]) -> None:
    """What a function needs of its process is a parameter, so that a test can hand it something else."""
    found = {
        module for module, path in NAMES.items() if find_uses(path, names) and not is_inside(module, allowed)
    }

    assert found == set()


def test_no_function_outgrows_a_screen() -> None:
    """Functions are 40 lines at most, their docstrings not counted."""
    long = []
    for module, path in NAMES.items():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.FunctionDef):
                doc = node.body[0] if ast.get_docstring(node) else None
                doc_lines = (doc.end_lineno or 0) - doc.lineno + 1 if doc else 0
                lines = (node.end_lineno or 0) - node.lineno + 1 - doc_lines
                if lines > 40:
                    long.append(f"{module}.{node.name}: {lines}")

    assert long == []


def test_no_file_has_two_jobs() -> None:
    """Files are 400 lines at most."""
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in NAMES.items()}

    assert {module: lines for module, lines in lengths.items() if lines > 400} == {}


def test_what_is_silenced_has_its_reason() -> None:
    """Each `noqa`, `type: ignore` and `pragma: no cover` says on its line why."""
    silenced = re.compile(r"# (?:noqa\b|type: ignore|pragma: no cover)[^#\n]*(?P<reason># \S)?")
    folders = ("src", "tests", "tools", "benchmarks", "fuzz")
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(not match["reason"] for match in silenced.finditer(line))
    ]

    assert bare == []
