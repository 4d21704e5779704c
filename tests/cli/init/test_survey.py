"""What is found in a list of paths."""

from __future__ import annotations

import pytest

from prompt_lint.cli.init.survey import find_prompts


def found(
    *paths: str, formats: dict[str, str] | None = None
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The patterns of each rule, and what it excludes."""
    survey = find_prompts(sorted(paths), formats or {})
    return {one.kind.title: (one.files, one.exclude) for one in survey.findings}


def test_tests_hide_no_memory() -> None:
    """Prompts in tests and documentation are only suggested; what tools load by its name is loaded there, too."""
    paths = ["docs/CLAUDE.md", "docs/prompts/a.md", "tests/CLAUDE.md", "tests/skills/a/SKILL.md"]

    survey = find_prompts(paths, {})

    assert [one.kind.title for one in survey.findings] == ["CLAUDE.md"]
    assert survey.doubtful == ["docs/prompts/a.md", "tests/skills/a/SKILL.md"]


def test_translations_are_nobodys_memory() -> None:
    """A copy in another language below the documentation, and a fixture, are no second CLAUDE.md."""
    paths = (
        "CLAUDE.md",
        "docs/zh-CN/CLAUDE.md",
        "docs/pt-BR/skills/a/SKILL.md",
        "skills/a/SKILL.md",
        "x/fixtures/CLAUDE.md",
    )

    assert found(*paths) == {
        "skills": (("skills/*/SKILL.md",), ()),
        "CLAUDE.md": (("CLAUDE.md",), ("fixtures/", "zh-CN/")),
    }


def test_a_folder_of_prompts_may_be_called_like_one_of_tests() -> None:
    """A skill named `docs` is a skill, and the documentation stays out by its place."""
    paths = (".claude/skills/docs/SKILL.md", "skills/a/SKILL.md", "docs/skills/a/SKILL.md")

    [(files, exclude)] = found(*paths).values()

    assert (files, exclude) == ((".claude/skills/*/SKILL.md", "skills/*/SKILL.md"), ())


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("flow/judge_prompt.jinja2", "*prompt*.jinja2"),
        ("src/JudgePromptRules.txt", "*Prompt*.txt"),
        ("bot/fix_prompt.md", "*_prompt.md"),
        ("Vendor X/Prompt 2.0.txt", "*Prompt*.txt"),
        ("a/agent_prompts/fix.md", "a/agent_prompts/**/*.md"),
    ],
)
def test_names_of_prompts(path: str, pattern: str) -> None:
    """`prompt` as a word in the name of a text, or at the end of that of a folder."""
    assert [files for files, _ in found(path).values()] == [(pattern,)]


@pytest.mark.parametrize("path", ["promptflow.spec.jinja2", "how-to-prompt-well.md", "src/prompt.py"])
def test_names_that_are_not(path: str) -> None:
    """A product's name, an article, source code."""
    assert found(path) == {}


def test_the_commands_are_those_of_claude_not_the_first_folder_of_the_name() -> None:
    """A folder of source code is called `commands`, too."""
    path = "src/commands/init/plugin/commands/review.md"

    patterns = found(path, formats={path: "command"})

    assert patterns == {"commands": (("src/commands/init/plugin/commands/*.md",), ())}


def test_files_of_one_name() -> None:
    """Tools of one name in many folders are one pattern, if nothing else has the name."""
    tools = {f"{name}/Tools.json": "tools" for name in "abcdefghijklmnop"}

    assert found(*tools, formats=tools) == {"tools": (("Tools.json",), ())}
