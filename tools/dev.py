"""All set-up on a fresh machine: `python3 tools/dev.py setup|example|test|lint|wheel|lock`. Needs Python 3.11 and git."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
STAMP = ENVIRONMENT / "installed"
# What an installation from the sources needs, for the tests that install without a network.
WHEELS = ENVIRONMENT / "wheels"


def main(arguments: list[str]) -> int:
    tasks = {"setup": setup, "example": example, "test": test, "lint": lint, "wheel": wheel, "lock": lock}
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever starts this may have an older one
        print("Python 3.11 or later is needed", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in tasks:
        print(f"usage: python3 tools/dev.py {'|'.join(tasks)}", file=sys.stderr)
        return 2
    return tasks[arguments[0]](arguments[1:])


def setup(_arguments: list[str]) -> int:
    set_up()
    return 0


def example(arguments: list[str]) -> int:
    """`check` on a real example: a prompt that passes and one that fails. No key, no network but for installing."""
    set_up()
    return run("prompt-lint", "check", "--config", "examples/prompt-lint.yaml", "-v", *arguments)


def test(arguments: list[str]) -> int:
    """Run the tests on all cores. `--slow` adds those that are slow by nature; all else is pytest's."""
    set_up()
    lane = ["-m", ""] if "--slow" in arguments else []
    # Several workers would write the same file of snapshots. One more than there are cores makes use of their waits.
    workers = "0" if "--snapshot-update" in arguments else str((os.cpu_count() or 1) + 1)
    others = [argument for argument in arguments if argument != "--slow"]
    # A file stays with one worker, so that what its tests share is made once. In their order, the longest aren't the last.
    spread = ["--numprocesses", workers, "--dist", "loadfile", "--no-loadscope-reorder"]
    return run("pytest", "-q", *spread, *lane, *others)


def lint(arguments: list[str]) -> int:
    set_up()
    commands = [
        ["ruff", "check", *arguments],
        ["ruff", "format", "--check", *arguments],
        ["mypy", *arguments],
    ]
    commands += [[name, "validate-manifest", ".pre-commit-hooks.yaml"] for name in ("pre-commit", "prek")]
    commands.append(["python", "tools/lint_ci.py"])
    return max(run(*command) for command in commands)


def wheel(_arguments: list[str]) -> int:
    """Build the wheel, and try it in an empty environment, away from the sources."""
    set_up()
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, "dist")
        run("python", "-m", "build", "--no-isolation", "--outdir", str(built), check=True)
        clean = Path(folder, "clean")
        create(clean)
        run("python", "-m", "pip", "install", "-q", "--require-hashes", "-r", str(REQUIREMENTS / "run.txt"),
            environment=clean, check=True)  # fmt: skip
        [found] = built.glob("*.whl")
        run("python", "-m", "pip", "install", "-q", "--no-deps", str(found), environment=clean, check=True)
        return run("python", "-I", str(ROOT / "tools" / "try_wheel.py"), environment=clean, cwd=Path(folder))


def lock(_arguments: list[str]) -> int:
    """Pin anew what pyproject.toml asks for, with hashes and without an index address."""
    set_up()
    common = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11", "-q", "--upgrade",
              "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]  # fmt: skip
    agreeing = ["--constraint", "requirements/run.txt"]
    for name, extra in (
        ("run", []),
        ("build", ["--group", "build", *agreeing]),
        ("dev", ["--group", "dev", *agreeing]),
    ):
        run(*common, *extra, "-o", f"requirements/{name}.txt", check=True)
    return 0


def set_up() -> None:
    """The development environment, made once and again whenever the pins have changed."""
    pinned = [(REQUIREMENTS / f"{name}.txt").read_text() for name in ("dev", "build")]
    wanted = "".join([*pinned, (ROOT / "pyproject.toml").read_text(), sys.version])
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("setting up .venv …", file=sys.stderr)
    create(ENVIRONMENT)
    pip = ("python", "-m", "pip", "install", "-q", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", str(REQUIREMENTS / "dev.txt"), check=True)
    run(*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT), check=True)
    download = ("python", "-m", "pip", "download", "-q", "--disable-pip-version-check", "-d", str(WHEELS))
    run(*download, "--require-hashes", "-r", str(REQUIREMENTS / "build.txt"), check=True)
    STAMP.write_text(wanted)


def create(environment: Path) -> None:
    venv.create(environment, with_pip=True, clear=True, symlinks=os.name != "nt")


def run(*command: str, environment: Path = ENVIRONMENT, cwd: Path = ROOT, check: bool = False) -> int:
    folder = environment / ("Scripts" if os.name == "nt" else "bin")
    return subprocess.run([str(folder / command[0]), *command[1:]], cwd=cwd, check=check).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
