"""What holds for every format, and that a new one is a module and a line of the table."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.paths import ROOT

from prompt_lint.formats import (
    FORMATS,
    agentic_workflow,
    continue_prompt,
    dotprompt,
    gemini_command,
    marked,
    memory,
    prompt_yml,
    prompty,
    python,
    request,
    skill,
    tools,
)
from prompt_lint.formats.text_formats import TEXT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from prompt_lint.formats import PromptFormat

NEW_FORMAT = """
from prompt_lint.model.values import Prompt
from prompt_lint.request.from_text import build_request

def recognise(path, data):
    return "a file of that name is a haiku"

def parse(path, data, rule, read):
    yield Prompt(path, "", 1, build_request(data.decode(), rule.role or "system"))

def parts(path, data, prompt, read):
    return []
"""
NEW_LINE = '    Format("haiku", "haiku", ("*.haiku", "poems/**/*.md"), import_sign=b"<<"),\n'


def every_format() -> Mapping[str, PromptFormat]:
    """The type checker holds every module to the protocol here; the table imports them by name."""
    return {
        "memory": memory, "skill": skill, "prompt-yml": prompt_yml, "prompty": prompty, "continue-prompt": continue_prompt,
        "dotprompt": dotprompt, "gemini-command": gemini_command, "tools": tools, "request": request, "agentic-workflow": agentic_workflow,
        "marked": marked, "python": python,
        **TEXT_FORMATS,
    }  # fmt: skip


def test_the_table_has_every_format() -> None:
    """Under its name; `text`, which takes every file, is asked last."""
    assert every_format() == FORMATS
    assert list(FORMATS)[-1] == "text"


def test_a_format_is_a_module_and_a_line(tmp_path: Path) -> None:
    """The command line, the schema, the configuration and the recognition by name take it from its line in the table."""
    package = tmp_path / "prompt_lint"
    shutil.copytree(ROOT / "src" / "prompt_lint", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "formats" / "haiku.py").write_text(NEW_FORMAT)
    table = package / "formats" / "__init__.py"
    table.write_text(table.read_text().replace("TABLE = (\n", f"TABLE = (\n{NEW_LINE}"))
    (tmp_path / ".prompt-lint.yaml").write_text(
        "models: claude-sonnet-5-5\nlimit: 100\nprompts:\n  - files: poems/*\n  - {files: odes/*, format: haiku}\n"
    )
    for path in ("poems/frog.md", "odes/autumn.txt"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text("old pond")

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        env = {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONSAFEPATH": "1"}
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        ).stdout

    run(str(ROOT / "tools" / "config_schema.py"))
    count = run(
        "-m",
        "prompt_lint",
        "count",
        "--offline",
        "--model=claude-sonnet-5-5",
        "--format=haiku",
        "odes/autumn.txt",
    )
    listing = run("-m", "prompt_lint", "list", "--offline", "--no-cache", "--output-format=json")
    imports = run("-c", "from prompt_lint.formats import IMPORT_SIGNS; print(IMPORT_SIGNS['haiku'])")

    schema = json.loads((package / "config" / "prompt-lint.schema.json").read_text())
    assert schema["definitions"]["entry"]["properties"]["format"]["enum"][0] == "haiku"
    assert "odes/autumn.txt" in count
    assert [(prompt["path"], prompt["format"]) for prompt in json.loads(listing)["prompts"]] == [
        ("odes/autumn.txt", "haiku"), ("poems/frog.md", "haiku"),
    ]  # fmt: skip
    assert imports == "b'<<'\n"
