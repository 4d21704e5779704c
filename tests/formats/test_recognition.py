"""Which format a file has, and that a format is a module and a line of the table."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support import make
from tests.support.paths import ROOT

from prompt_lint.formats import (
    FORMATS,
    continue_prompt,
    dotprompt,
    gemini_command,
    markdown,
    memory,
    presets,
    prompt_yml,
    prompty,
    request,
    skill,
    text,
    tools,
)
from prompt_lint.formats.recognition import can_import, possible_formats, seems_to_import

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from prompt_lint.formats import PromptFormat

NEW_FORMAT = """
from prompt_lint.model.values import Prompt
from prompt_lint.request.from_text import to_request

def recognise(path, data):
    return "a file of that name is a haiku"

def parse(path, data, rule, read):
    yield Prompt(path, "", 1, to_request(data.decode(), rule.role or "system"))

def parts(path, data, prompt, read):
    return []
"""
NEW_LINE = '    Format("haiku", "haiku", ("*.haiku", "poems/**/*.md"), import_sign=b"<<"),\n'


def every_format() -> Mapping[str, PromptFormat]:
    """The type checker holds every module to the protocol here; the table imports them by name."""
    return {
        "memory": memory, "skill": skill, **presets.PRESETS, "prompt-yml": prompt_yml, "prompty": prompty,
        "continue-prompt": continue_prompt, "dotprompt": dotprompt, "gemini-command": gemini_command, "tools": tools,
        "request": request, "markdown": markdown, "text": text,
    }  # fmt: skip


def test_the_table_has_every_format() -> None:
    """In the order of recognition, under its name."""
    assert list(every_format().items()) == list(FORMATS.items())


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("a.md", []), ("md", []), ("a.py", []), ("a.", []), (".md", []), ("a/b", []),
        ("CLAUDE.md", ["memory"]), ("a/CLAUDE.md", ["memory"]), ("a/MYCLAUDE.md", []), ("CLAUDE.md/a", []),
        (".claude/rules/a/b.md", ["memory"]), ("x.claude/rules/b.md", []), (".claude/rules.md", []),
        ("skills/a", ["skill"]), ("a/skills/b/c.json", ["skill", "tools", "request"]), ("skills", []),
        (".github/agents/a.md", ["copilot-agent", "agent"]), (".github/agents/b/a.md", ["agent"]),
        ("a/agents/b.agent.md", ["copilot-agent", "agent"]),
        (".clinerules/a.txt", ["cline-rules"]), (".clinerules/hooks/a.md", []), (".clinerules/a/hooks/b.md", ["cline-rules"]),
        ("a_prompt.yml", ["prompt-yml", "tools", "request"]), ("prompt.yml", ["tools", "request"]),
        ("a.prompt", ["continue-prompt", "dotprompt"]), ("a.PROMPT", []),
        ("a.JsonL", ["request"]), ("a.YML", ["tools", "request"]), (".json/a", []), ("json", []),
        ("commands/\n.toml", ["gemini-command"]), ("a/commands/b/c.toml", ["gemini-command"]), ("commands.toml", []),
    ],
)  # fmt: skip
def test_a_path_tells_the_formats_that_a_file_may_have(path: str, names: list[str]) -> None:
    """Folders match at any depth, names to the letter, extensions of data in any case; every file may be text."""
    assert possible_formats(path, make.rule()) == (*names, "text")


def test_the_format_of_a_rule_is_the_only_one() -> None:
    """Whatever the path says."""
    assert possible_formats("CLAUDE.md", make.rule(format="markdown")) == ("markdown",)


def test_only_formats_that_can_import_are_asked_for_imports() -> None:
    """The path rules most files out, and the bytes most others."""
    assert not can_import("skills/a/SKILL.md", make.rule())
    assert can_import("skills/a/SKILL.md", make.rule(format="memory"))
    assert can_import("CLAUDE.md", make.rule())
    assert not seems_to_import("CLAUDE.md", b"Be kind.", make.rule())
    assert seems_to_import("CLAUDE.md", b"See @a.md.", make.rule())


def test_a_text_needs_no_other_format() -> None:
    """A run over texts imports the module of their format and no more."""
    code = (
        "import sys; from prompt_lint.formats.recognition import recognise; from tests.support import make;"
        "print(recognise('prompts/a.md', b'x', make.rule()).name);"
        "print(sorted(n for n in sys.modules if n.startswith('prompt_lint.formats.')))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [
        "text",
        "['prompt_lint.formats.recognition', 'prompt_lint.formats.text']",
    ]


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
    assert [(one["path"], one["format"]) for one in json.loads(listing)["prompts"]] == [
        ("odes/autumn.txt", "haiku"), ("poems/frog.md", "haiku"),
    ]  # fmt: skip
    assert imports == "b'<<'\n"
