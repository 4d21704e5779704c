"""Writes the examples of docs/outputs.md, from examples/pull_request.py: `.venv/bin/python tools/outputs_docs.py`."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_lint.output import OUTPUTS

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tools.example_runs import make_pull_request, run_prompt_lint  # noqa: E402  # found by the line above

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = ROOT / "docs" / "outputs.md"
# The languages of fenced code for formats that have one. Markdown is shown as it looks.
LANGUAGES = {"json": "json", "sarif": "json", "gitlab": "json", "junit": "xml"}
# Of long outputs the page shows an excerpt: so many lines, from the first one that has this text.
EXCERPTS = {"json": ("", 44), "sarif": ('"results"', 44), "gitlab": ("", 26), "junit": ("", 24)}


def render_example() -> dict[str, str]:
    """Return what one run writes about the example's change in each format, without anything of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder, "repo")
        make_pull_request(repo)
        flags = ["--base=main", "--offline", "--no-cache"]
        targets = [f"--output={name}={folder}/{name}" for name in OUTPUTS]
        stdout = ["--output-format=json", f"--output-file={folder}/stdout"]
        run_prompt_lint("check", *flags, *targets, *stdout, cwd=repo, exit_code=1)
        return {name: Path(folder, name).read_text(encoding="utf-8") for name in OUTPUTS}


def replace_examples(page: str, outputs: Mapping[str, str]) -> str:
    """Return the page with these outputs between its marks. Raises `KeyError` for a mark of no format."""

    def replace(mark: re.Match[str]) -> str:
        return f"{mark[1]}\n{format_example(mark[2], outputs[mark[2]])}{mark[3]}"

    return re.sub(r"(<!-- example: (\w+) -->)\n.*?(<!-- end -->)", replace, page, flags=re.DOTALL)


def format_example(name: str, output: str) -> str:
    """Return an example as the page shows it: all but the text, which people read first, is folded."""
    shown = f"\n{output}" if name == "markdown" else format_code(name, output)
    if name == "text":
        return shown
    return f"\n<details><summary>The example as <code>{name}</code></summary>\n\n{shown}\n</details>\n\n"


def format_code(name: str, output: str) -> str:
    lines = output.splitlines()
    first, most = EXCERPTS.get(name, ("", len(lines)))
    start = next((number for number, line in enumerate(lines) if first in line), 0)
    excerpt = [*["…"] * (start > 0), *lines[start : start + most], *["…"] * (start + most < len(lines))]
    return "".join(f"{line}\n" for line in (f"```{LANGUAGES.get(name, '')}", *excerpt, "```"))


if __name__ == "__main__":
    PAGE.write_text(replace_examples(PAGE.read_text(encoding="utf-8"), render_example()), encoding="utf-8")
