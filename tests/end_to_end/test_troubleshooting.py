"""docs/troubleshooting.md: its headings are what the program says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
CONFIG = "models: [claude-sonnet-5-5]\nlimit: 8000\nprompts:\n  - files: prompts/*\n"
DOCUMENT = (
    '{"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "base64", '
    '"media_type": "application/pdf", "data": "JVBERi0xLjQ="}}]}]}'
)


@pytest.mark.parametrize(
    ("heading", "arguments", "files"),
    [
        ("no .prompt-lint.yaml in …", "check", {"x.md": "hi"}),
        ("no file in the repository matches …", "check", {".prompt-lint.yaml": CONFIG.replace("prompts/*", "promts/*")}),
        ("no rule matches …, so nothing was checked", "check x.md", {"x.md": "hi"}),
        ("… isn't valid YAML: …", "check", {".prompt-lint.yaml": "a:\n\t- b\n"}),
        ("… isn't the id of a Claude model", "check --model gpt-4o", {}),
        ("--counting exact needs an API key: …", "check --counting exact", {}),
        ("no exact count for …: …", "check", {".prompt-lint.yaml": "counting: exact\n" + CONFIG}),
        ("no base found, so everything is checked: …", "check --base auto", {}),
        ("needs the API: …", "check", {"prompts/a.json": DOCUMENT}),
        ("is … bytes long, more than the … that are read", "check --max-file-size 1", {}),
        ("contains template placeholders; their values aren't counted", "check", {"prompts/b.md": "Hello {{name}}\n"}),
        ("--… and … contradict each other", "check --offline --counting exact", {}),
        ("the … output would overwrite …", "check -o prompts/a.md", {}),
    ],
)  # fmt: skip
def test_a_heading_is_what_the_program_says(
    repo: Repo, lint: Callable[..., Done], heading: str, arguments: str, files: dict[str, str]
) -> None:
    """Somebody who searches for the message finds the page."""
    defaults = {} if heading.startswith("no .prompt-lint") else {".prompt-lint.yaml": CONFIG}
    for name, content in ({"prompts/a.md": "Hello.\n"} | defaults | files).items():
        repo.write(name, content)
    repo.commit()

    done = lint(*arguments.split())

    assert f'## "{heading}"\n' in PAGE
    pattern = ".+".join(map(re.escape, heading.strip("…").split("…")))
    assert re.search(pattern, done.out + done.err), done
