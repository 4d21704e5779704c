"""The example of a change: its outputs in every format, and the page of the docs that shows them."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT, load_tool

from prompt_lint.output import OUTPUTS

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

outputs_docs = load_tool("outputs_docs")
SCRIPT = ROOT / "examples" / "pull_request.py"


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """What one run of the program writes about the example, by format."""
    rendered: dict[str, str] = outputs_docs.render_example()
    return rendered


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_the_example_in_every_format(name: str, outputs: dict[str, str], snapshot: SnapshotAssertion) -> None:
    """A grown, a fast growing, a shrunk, a new, a renamed, a deleted, an exempt and a malformed prompt, and a raised limit."""
    assert outputs[name] == snapshot


def test_the_page_shows_what_the_program_prints(outputs: dict[str, str]) -> None:
    """`python tools/outputs_docs.py` makes the examples of docs/outputs.md anew where they aren't current."""
    text = outputs_docs.PAGE.read_text(encoding="utf-8")

    assert outputs_docs.replace_examples(text, outputs) == text


def test_the_page_has_every_format() -> None:
    """A section and an example for each."""
    text = outputs_docs.PAGE.read_text(encoding="utf-8")

    assert sorted(re.findall(r"<!-- example: (\w+) -->", text)) == sorted(OUTPUTS)
    assert set(OUTPUTS) <= set(re.findall(r"^## (\w+)$", text, re.MULTILINE))


def test_the_example_is_the_same_everywhere(tmp_path: Path) -> None:
    """Built twice, with another identity and another day in the environment, it has the same commits."""
    ids = set()
    for name in ("a", "b"):
        env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_AUTHOR_NAME": name, "HOME": str(tmp_path)}
        subprocess.run([sys.executable, SCRIPT, tmp_path / name], env=env, check=True, capture_output=True)
        ids.add(subprocess.check_output(["git", "rev-parse", "main", "change"], cwd=tmp_path / name))

    assert len(ids) == 1


def test_the_example_overwrites_nothing(tmp_path: Path) -> None:
    """A folder that is there is left alone."""
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, check=False)

    assert done.returncode == 1
    assert b"usage:" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "page", [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda page: page.name
)
def test_no_page_has_a_dangling_link(page: Path) -> None:
    """Every link to a file of the repository leads to one, and to a heading that is there."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)

    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        found = (page.parent / target) if target else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{target}#{anchor}"
