"""What README.md shows, against what the program does."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import yaml
from tests.support.paths import ROOT, load_tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

readme_docs = load_tool("readme_docs")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_pictures_and_the_example_are_current() -> None:
    """`python tools/readme_docs.py` updates them. Both pictures are XML, and load nothing."""
    for path, text in readme_docs.render_files().items():
        assert path.read_text(encoding="utf-8") == text, path
        if path.suffix == ".svg":
            ET.fromstring(text)  # noqa: S314  # of our own making
            assert not re.findall(r"(?:src|href)=|url\((?!#)|@import|<script", text)


def test_the_configuration_works_as_it_is_shown(repo: Repo, lint: Callable[..., Done]) -> None:
    """In a repository with such files."""
    [config] = [block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "models:" in block]
    repo.write(".prompt-lint.yaml", config)
    repo.write("CLAUDE.md")
    repo.write("prompts/deep/a.md")
    repo.commit()

    limits = {
        verdict["path"]: verdict["limit"]
        for verdict in lint("check", "--output-format=json").report["verdicts"]
    }

    assert limits == {"CLAUDE.md": 8000, "prompts/deep/a.md": 4000}


def test_the_recipes_name_what_there_is() -> None:
    """A hook of the manifest, and an input of the Action."""
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
    [[hook]] = [block for block in blocks if isinstance(block, list) and "repo" in block[0]]
    [[step]] = [block for block in blocks if isinstance(block, list) and "uses" in block[0]]

    ids = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {used["id"] for used in hook["hooks"]} <= ids
    assert set(step["with"]) <= set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])


def test_the_commands_work_as_they_are_shown(repo: Repo, lint: Callable[..., Done]) -> None:
    """In a repository with prompts; what needs no configuration comes before it."""
    repo.write("CLAUDE.md")
    repo.write("prompts/a.md")
    repo.commit()
    commands = re.findall(r"^\$ prompt-lint (.*?)(?:  +#.*)?$", README, re.MULTILINE)
    commands.sort(key=lambda command: command in {"init", "check"})

    for command in commands:
        done = lint(*shlex.split(command.replace("prompts/*.md", "prompts/a.md")))
        assert done.code == 0, (command, done)

    assert {command.split()[0] for command in commands} == {"init", "check", "count"}
