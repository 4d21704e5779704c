"""All set-up on a fresh machine: `python3 tools/dev.py setup|example|test|lint|docs|wheel|audit|fuzz|lock`. Needs Python 3.11 and git."""

from __future__ import annotations

import filecmp
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
# What the environment was made of: the first file says it of the run-time dependencies, the second of all others.
RUN_STAMP, DEV_STAMP = ENVIRONMENT / "installed-run", ENVIRONMENT / "installed-dev"
DOCS_STAMP, FUZZ_STAMP = ENVIRONMENT / "installed-docs", ENVIRONMENT / "installed-fuzz"
# What an installation from the sources needs, for the tests that install without a network.
WHEELS = ENVIRONMENT / "wheels"


def main(arguments: list[str]) -> int:
    tasks = {"setup": setup, "example": example, "test": test, "lint": lint, "docs": docs}
    tasks |= {"wheel": wheel, "audit": audit, "fuzz": fuzz, "lock": lock}
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever starts this may have an older one
        print("Python 3.11 or later is needed", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in tasks:
        print(f"usage: python3 tools/dev.py {'|'.join(tasks)}", file=sys.stderr)
        return 2
    try:
        return tasks[arguments[0]](arguments[1:])
    except subprocess.CalledProcessError as error:
        print(f"error: exit code {error.returncode} of: {shlex.join(map(str, error.cmd))}", file=sys.stderr)
        return error.returncode


def setup(_arguments: list[str]) -> int:
    set_up()
    return 0


def example(arguments: list[str]) -> int:
    """Check the prompts in examples/, of which one is over its limit, with nothing installed but run-time dependencies."""
    set_up_run()
    command = ["check", "--config", "examples/prompt-lint.yaml", *arguments]
    announce(f"Checking the example: prompt-lint {shlex.join(command)}")
    code = run("python", "-P", "-m", "prompt_lint", *command, variables={"PYTHONPATH": str(ROOT / "src")})
    announce(f"Exit code {code}" + ": a prompt is over its limit, as the example wants it" * (code == 1))
    return code


def test(arguments: list[str]) -> int:
    """Run the tests on all cores. `--slow` adds those that are slow by nature; all else is pytest's."""
    set_up()
    lane = ["-m", ""] if "--slow" in arguments else []
    # Several workers would write the same file of snapshots. Two more than there are cores make use of their waits.
    workers = "0" if "--snapshot-update" in arguments else str((os.cpu_count() or 1) + 2)
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
        ["mypy", "--platform", "win32", "src"],
    ]
    commands += [[name, "validate-manifest", ".pre-commit-hooks.yaml"] for name in ("pre-commit", "prek")]
    commands.append(["python", "tools/lint_ci.py"])
    return max(run(*command) for command in commands)


def docs(arguments: list[str]) -> int:
    """Build the site from docs/ into build/site; a link or an anchor that leads nowhere is an error.

    With `--if-installable`, a machine that Zensical can't be installed on passes.
    """
    set_up_run()
    try:
        set_up_more("docs", DOCS_STAMP, "Zensical, which makes the site")
    except subprocess.CalledProcessError:
        if "--if-installable" not in arguments:
            raise
        announce("Zensical can't be installed here, so the site isn't built")
        return 0
    announce("Building the site (build/site)")
    run("python", "tools/site.py", "build/pages", check=True)
    return run("python", "-m", "zensical", "build", "--strict", "--clean")


def wheel(arguments: list[str]) -> int:
    """Build the sdist and the wheel, twice with the same bytes, and try the wheel alone. A FOLDER that is named keeps both."""
    set_up()
    with tempfile.TemporaryDirectory() as folder:
        first, second, unpacked, clean = (
            Path(folder, name) for name in ("first", "second", "unpacked", "clean")
        )
        announce("Building the sdist and the wheel, and both again from that sdist in another place")
        build(ROOT, first)
        [sdist] = first.glob("*.tar.gz")
        unpacked.mkdir()
        subprocess.run(
            ["tar", "-xzf", sdist, "-C", unpacked], check=True
        )  # tarfile before Python 3.11.4 has no filter
        build(next(unpacked.iterdir()), second, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1")
        names = sorted(path.name for path in first.iterdir())
        _, different, missing = filecmp.cmpfiles(first, second, names, shallow=False)
        if different or missing:
            print(f"error: the two builds differ: {', '.join(different + missing)}", file=sys.stderr)
            return 1
        create(clean)
        install_pinned(clean, "run", "run-time dependencies into an empty environment")
        pip(clean, "install", "--no-deps", *map(str, first.glob("*.whl")))
        announce("Trying the wheel there")
        code = run("python", "-I", str(ROOT / "tools" / "try_wheel.py"), environment=clean, cwd=Path(folder))
        if not code and arguments:
            shutil.copytree(first, arguments[0], dirs_exist_ok=True)
        return code


def build(source: Path, folder: Path, **variables: str) -> None:
    """Build the sdist, and the wheel from it; the files in both have the time of the commit."""
    commit = ["git", "log", "-1", "--format=%ct"]
    epoch = subprocess.run(commit, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    command = ("python", "-m", "build", "--no-isolation", "--outdir", str(folder), str(source))
    run(*command, check=True, variables={"SOURCE_DATE_EPOCH": epoch, **variables})


def audit(arguments: list[str]) -> int:
    """Look for known vulnerabilities in the run-time dependencies as they are pinned.

    A FILE that is named gets their bill of materials (SBOM), in CycloneDX's JSON.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder, "audit")
        create(environment)
        install_pinned(environment, "audit", "pip-audit, which asks a database of vulnerabilities")
        formats = [[], *(["--format", "cyclonedx-json", "--output", file] for file in arguments)]
        command = ["pip-audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        command += ["--requirement", str(REQUIREMENTS / "run.txt")]
        return max(run(*command, *options, environment=environment) for options in formats)


def fuzz(arguments: list[str]) -> int:
    """Run the fuzz targets that are named, or all. Where libFuzzer can't be installed, mutations look for inputs alone."""
    set_up()
    try:
        set_up_more("fuzz", FUZZ_STAMP, "libFuzzer for Python")
    except subprocess.CalledProcessError:
        announce("libFuzzer can't be installed here, so there are mutations alone")
    return run("python", "-m", "fuzz.run", *arguments)


def lock(_arguments: list[str]) -> int:
    """Pin the newest of what pyproject.toml asks for, with hashes and without an index address."""
    set_up()
    common = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", "-q", "--upgrade",
              "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]  # fmt: skip
    agreeing = ["pyproject.toml", "--constraint", "requirements/run.txt"]
    for name, extra in (
        ("run", ["pyproject.toml"]),
        ("build", ["--group", "build", *agreeing]),
        ("dev", ["--group", "dev", *agreeing]),
        ("docs", ["--group", "docs", "--constraint", "requirements/dev.txt"]),
        ("audit", ["--group", "audit"]),
        ("fuzz", ["--group", "fuzz"]),
    ):
        run(*common, *extra, "-o", f"requirements/{name}.txt", check=True)
    return 0


def set_up_run() -> None:
    """Make `.venv` with the run-time dependencies, unless it has them."""
    wanted = "".join([(REQUIREMENTS / "run.txt").read_text(), sys.version])
    if read_stamp(RUN_STAMP) == wanted:
        return
    announce(f"Making .venv (Python {sys.version.split()[0]})")
    create(ENVIRONMENT)
    install_pinned(ENVIRONMENT, "run", "run-time dependencies")
    RUN_STAMP.write_text(wanted)


def set_up() -> None:
    """Add to `.venv` what tests, linters and builds need, unless it has that. Changed pins make it anew."""
    pinned = [(REQUIREMENTS / f"{name}.txt").read_text() for name in ("dev", "build")]
    wanted = "".join([*pinned, (ROOT / "pyproject.toml").read_text(), sys.version])
    if read_stamp(DEV_STAMP) == wanted:
        return
    if DEV_STAMP.exists():
        RUN_STAMP.unlink()
    set_up_run()
    install_pinned(ENVIRONMENT, "dev", "dependencies of tests, linters and builds")
    announce("Installing prompt-lint itself, editable")
    pip(ENVIRONMENT, "install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    announce("Keeping the wheels that the tests of hooks and the Action install from")
    pip(ENVIRONMENT, "download", "-d", str(WHEELS), "--require-hashes", "-r", str(REQUIREMENTS / "build.txt"))
    DEV_STAMP.write_text(wanted)


def set_up_more(name: str, stamp: Path, what: str) -> None:
    """Add to `.venv` what requirements/<name>.txt pins, unless it has that."""
    wanted = "".join([(REQUIREMENTS / f"{name}.txt").read_text(), sys.version])
    if read_stamp(stamp) != wanted:
        install_pinned(ENVIRONMENT, name, what)
        stamp.write_text(wanted)


def read_stamp(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""


def install_pinned(environment: Path, name: str, what: str) -> None:
    """Install what requirements/<name>.txt pins, by its hashes. What is never imported isn't compiled."""
    path = REQUIREMENTS / f"{name}.txt"
    announce(f"Installing {what} ({path.relative_to(ROOT)})")
    pip(environment, "install", "--no-compile", "--no-deps", "--require-hashes", "-r", str(path))


def create(environment: Path) -> None:
    """Make an empty environment; with a pip of its own only where this Python has none, since that takes seconds."""
    venv.create(environment, with_pip=not find_spec("pip"), clear=True, symlinks=os.name != "nt")


def pip(environment: Path, *arguments: str) -> None:
    python = str(programs(environment) / "python")
    command = [sys.executable, "-m", "pip", "--python", python] if find_spec("pip") else [python, "-m", "pip"]
    subprocess.run([*command, arguments[0], "-q", "--disable-pip-version-check", *arguments[1:]], check=True)


def run(
    *command: str,
    environment: Path = ENVIRONMENT,
    cwd: Path = ROOT,
    check: bool = False,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Run a program of the environment, with these variables beside those that there are; return its exit code."""
    program = programs(environment) / command[0]
    done = subprocess.run([program, *command[1:]], cwd=cwd, check=check, env={**os.environ, **variables})
    return done.returncode


def programs(environment: Path) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin")


def announce(step: str) -> None:
    print(f"==> {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
