"""What is found in a list of paths."""

from __future__ import annotations

from prompt_lint.cli.init.kinds import DOUBTFUL_FOLDERS
from prompt_lint.cli.init.survey import find_prompts


def test_doubtful_folders_hide_no_memory() -> None:
    """Prompts in tests and documentation are only suggested; what tools load by its name is found there, too."""
    folder = min(DOUBTFUL_FOLDERS)

    found = find_prompts([f"{folder}/prompts/a.md", f"{folder}/CLAUDE.md"], {})

    assert [one.kind.title for one in found.findings] == ["CLAUDE.md"]
    assert found.doubtful == [f"/{folder}/prompts/a.md"]
