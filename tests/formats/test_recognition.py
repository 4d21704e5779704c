"""Which formats a path says that a file may have, and which it has by its content."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.support import make
from tests.support.paths import ROOT

from prompt_lint.formats import IMPORT_SIGNS
from prompt_lint.formats.recognition import can_import, possible_formats, seems_to_import


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
        ("a/workflows/b.md", ["agentic-workflow"]), ("workflows/a/b.md", []), ("Workflows/a.md", []), ("claude.md", []),
        ("commands/\n.toml", ["gemini-command"]), ("a/commands/b/c.toml", ["gemini-command"]), ("commands.toml", []),
    ],
)  # fmt: skip
def test_a_path_tells_the_formats_that_a_file_may_have(path: str, names: list[str]) -> None:
    """Folders match at any depth, names to the letter, extensions of data in any case; every file may be text."""
    assert possible_formats(path, make.rule()) == (*names, "text")
    assert can_import(path, make.rule()) is any(name in IMPORT_SIGNS for name in names)


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
    """A run over texts imports the module of their format and what it uses."""
    code = (
        "import sys; from prompt_lint.formats.recognition import recognise; from tests.support import make;"
        "print(recognise('prompts/a.md', b'x', make.rule()).name);"
        "print(sorted(n for n in sys.modules if n.startswith('prompt_lint.formats.')))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [
        "text",
        "['prompt_lint.formats.recognition', 'prompt_lint.formats.skill_listing', 'prompt_lint.formats.text_formats']",
    ]
