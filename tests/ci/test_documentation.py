"""What the pages say of CI systems is what their table says, and every job in them can be read."""

from __future__ import annotations

import re

import pytest
import yaml
from tests.support.paths import ROOT, load_tool

from prompt_lint.ci.systems import AZURE, GITHUB, GITLAB, SYSTEMS

ci_docs = load_tool("ci_docs")
BASE = (ROOT / "docs" / "base.md").read_text(encoding="utf-8")
WITH_MODULE = (GITHUB, GITLAB, AZURE)
NAMES = {system: system.name.removesuffix(" of Jenkins").removesuffix(" Actions") for system in SYSTEMS}


def test_the_table_of_settings_is_current() -> None:
    """`.venv/bin/python tools/ci_docs.py` writes it."""
    text = ci_docs.PAGE.read_text(encoding="utf-8")

    assert ci_docs.replace_table(text) == text


def test_the_table_of_bases_names_every_system_where_it_belongs() -> None:
    """By what its line has: a target, the commit before a push, the default branch."""
    others = [system for system in SYSTEMS[:-1] if system not in WITH_MODULE]
    with_target = ", ".join(
        NAMES[system] for system in sorted(others, key=lambda s: s.name.lower()) if system.target
    )
    with_before = ", ".join(NAMES[system] for system in others if system.before)
    with_default = ", ".join(["GitHub", *(NAMES[system] for system in SYSTEMS if system.default_branch)])

    assert f"| {with_target} | pull requests | the merge base with the target |" in BASE
    assert f"| {with_before} | pushes | the commit before the push" in BASE
    assert f"({with_default})" in BASE
    assert [system.name for system in others if not system.target] == ["CircleCI"]


@pytest.mark.parametrize("page", ["gitlab.md", "azure.md", "buildkite.md", "ci.md"])
def test_the_jobs_are_yaml(page: str) -> None:
    """Each block of a page."""
    blocks = re.findall(
        r"^```yaml\n(.*?)^```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )

    assert blocks
    assert all(isinstance(yaml.safe_load(block), dict) for block in blocks)
