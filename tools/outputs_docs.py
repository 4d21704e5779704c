"""Makes the examples of docs/outputs.md anew, from examples/pull_request.py: `.venv/bin/python tools/outputs_docs.py`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from prompt_lint.output import OUTPUTS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "outputs.md"
# What editors and GitHub call the language of a format; none for Markdown, which is shown as it looks.
LANGUAGES = {
    "text": "",
    "json": "json",
    "github": "",
    "azure": "",
    "sarif": "json",
    "gitlab": "json",
    "junit": "xml",
}
# Of long ones the page shows an excerpt: from a line that has this text, so many.
EXCERPTS = {"json": ("", 44), "sarif": ('"results"', 44), "gitlab": ("", 26), "junit": ("", 24)}


def outputs() -> dict[str, str]:
    """What one run writes in each format, of the example's change, with nothing of this machine in it."""
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder, "repo")
        run("examples/pull_request.py", str(repo), cwd=ROOT)
        targets = [f"--output={name}={folder}/{name}" for name in OUTPUTS]
        flags = [
            "--base=main",
            "--offline",
            "--no-cache",
            "--output-format=json",
            f"--output-file={folder}/more",
        ]
        run("-P", "-m", "prompt_lint", "check", *flags, *targets, cwd=repo, code=1)
        return {name: Path(folder, name).read_text(encoding="utf-8") for name in OUTPUTS}


def run(*arguments: str, cwd: Path, code: int = 0) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ}
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=kept, check=False, capture_output=True)
    if done.returncode != code:
        sys.exit(f"{arguments} ended with {done.returncode}:\n{os.fsdecode(done.stderr)}")


def page(text: str, made: dict[str, str]) -> str:
    """The page with what stands between its marks made anew. Raises `KeyError` for a mark of no format."""

    def example(mark: re.Match[str]) -> str:
        return f"{mark[1]}\n{_shown(mark[2], made[mark[2]])}{mark[3]}"

    return re.sub(r"(<!-- example: (\w+) -->)\n.*?(<!-- end -->)", example, text, flags=re.DOTALL)


def _shown(name: str, output: str) -> str:
    if name == "markdown":
        return f"\n---\n\n{output}\n---\n\n"
    lines = output.splitlines()
    first, most = EXCERPTS.get(name, ("", len(lines)))
    start = next((number for number, line in enumerate(lines) if first in line), 0) if first else 0
    shown = [*["…"] * (start > 0), *lines[start : start + most], *["…"] * (start + most < len(lines))]
    return "".join(f"{line}\n" for line in (f"```{LANGUAGES.get(name, '')}", *shown, "```"))


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), outputs()), encoding="utf-8")
