"""Installs this checkout where nothing of the workspace is seen: `python -I tools/install.py`, from the Action.

The environment is in the runner's temporary folder. Dependencies come by their hashes and as wheels; the package is
copied, so nothing is built. A second use in a job finds what the first has made.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "prompt_lint"
REQUIREMENTS = ROOT / "requirements" / "run.txt"
# What an organization may say of its mirror and its proxy. All else of pip's could move or add what is installed.
NETWORK = {
    "PIP_CERT", "PIP_CLIENT_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL",
    "PIP_PROXY", "PIP_RETRIES", "PIP_TRUSTED_HOST",
}  # fmt: skip


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever starts this may have an older one
        print("::error title=prompt-lint::python-version must be 3.11 or later")
        return 2
    place = Path(os.environ["RUNNER_TEMP"], f"prompt-lint-{compute_digest()}")
    done = place / "installed"
    if not done.exists():
        code = install(place)
        if code:
            print(
                "::error title=prompt-lint::the packages of prompt-lint could not be installed: see the log"
            )
            return code
        done.touch()
    set_output("python", str(python(place)))
    return 0


def install(place: Path) -> int:
    """Install into a new environment with the pip of this interpreter; return its exit code."""
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=False, symlinks=os.name != "nt")
    pip = [sys.executable, "-I", "-m", "pip", "--python", str(python(place)), "install", "-q", "--no-input",
           "--disable-pip-version-check", "--no-cache-dir", "--no-compile", "--only-binary", ":all:", "--no-deps",
           "--require-hashes", "-r", str(REQUIREMENTS)]  # fmt: skip
    code = subprocess.run(pip, cwd=place, env=environment(), stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        return code
    target = site(place) / PACKAGE.name
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(target, quiet=2)
    return 0


def environment() -> dict[str, str]:
    """Return the variables of this process, without those that move Python or pip elsewhere."""
    variables = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(("PYTHON", "PIP_"))
    }
    return variables | {name: os.environ[name] for name in NETWORK if name in os.environ}


def compute_digest() -> str:
    """Return a digest of all that is installed, and of the Python that installs it."""
    digest = hashlib.sha256(f"{sys.executable} {sys.version}\n".encode())
    for path in (REQUIREMENTS, *sorted(PACKAGE.rglob("*"))):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def python(place: Path) -> Path:
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site(place: Path) -> Path:
    """Return the folder of the packages in the environment."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([str(python(place)), "-I", "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def set_output(name: str, value: str) -> None:
    """Set an output of the step. A random delimiter keeps the value from setting another one."""
    delimiter = f"end-{secrets.token_hex(16)}"
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8", newline="\n") as file:
        file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


if __name__ == "__main__":
    sys.exit(main())
