"""Workflows of GitHub Agentic Workflows: what of them and of their imports is sent, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support import make
from tests.support.files import read_from

from prompt_lint.formats import agentic_workflow
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import NotInRepository, Unreadable
from prompt_lint.model.values import Note, Prompt
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE

if TYPE_CHECKING:
    from tests.support.repo import Repo

MAIN = ".github/workflows/triage.md"
SHARED = ".github/workflows/shared/"
Files = dict[str, Any]


def parse(files: Files, path: str = MAIN) -> tuple[str, list[tuple[str, int, str]]]:
    """The text of the message, and path, line and words of what is to be said."""
    read = read_from(files)
    prompt, *notes = agentic_workflow.parse(path, read(path)[1], make.rule(role=""), read)
    assert isinstance(prompt, Prompt)
    [message] = prompt.request.fields["messages"] if prompt.request else [{"content": ""}]
    return message["content"], [
        (note.path, note.line, note.message) for note in notes if isinstance(note, Note)
    ]


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        (MAIN, "---\non: issues\n---\n", "agentic-workflow"),
        ("workflows/triage.md", '---\n"on":\n  issues:\n---\n', "agentic-workflow"),
        (MAIN, "---\ntools:\n---\n", "text"),
        (MAIN, "No frontmatter: on: issues\n", "text"),
        (f"{SHARED}tools.md", "---\non:\n---\n", "text"),
        (".github/workflows/triage.lock.yml", "on: issues\n", "request"),
    ],
)
def test_a_workflow_is_known_by_its_folder_and_its_triggers(path: str, text: str, name: str) -> None:
    """What workflows share isn't one, and the compiled lock file is no prompt of this kind."""
    assert recognise(path, text.encode(), make.rule()).name == name


def test_imports_come_before_the_text() -> None:
    """Those of the frontmatter and of the text, each once, without frontmatter, comments and directives."""
    files = {
        MAIN: (
            "---\non: issues\nimports:\n  - shared/a.md\n  - uses: .github/agents/b.md\n    with: {x: 1}\n  - setup.yml\n---\n"
            "# Triage\n<!-- {{#runtime-import shared/never.md}} -->\nLabel ${{ github.event.issue.number }}.\n"
            "{{#runtime-import shared/c.md}}\n{{#import? shared/none.md}}\n`{{#import shared/none.md}}`\n"
        ),
        f"{SHARED}a.md": "---\nimports: [d.md, shared/c.md]\n---\nA\n",
        ".github/agents/b.md": "---\nname: b\n---\nB {{#runtime-import shared/a.md}}\n",
        f"{SHARED}c.md": "C <!-- x\n-->\n",
        f"{SHARED}d.md": "D\n",
    }

    text, notes = parse(files)

    assert text == (
        "A\n\nB \n\nC \n\nD\n\n# Triage\n\nLabel ${{ github.event.issue.number }}.\n\n\n`{{#import shared/none.md}}`\n"
    )
    assert notes == []


def test_lines_of_the_older_form_are_imports() -> None:
    """gh-aw still expands a line `@include` or `@import`, and nothing of the kind within a line."""
    files = {
        MAIN: "---\non: push\n---\nX\n@include shared/a.md\n  @import? shared/b.md  \n@include? shared/none.md\nsay @include c.md\n@includes\n",
        f"{SHARED}a.md": "A\n@import shared/none.md",
        f"{SHARED}b.md": "B",
    }

    text, notes = parse(files)

    assert text == "A\n\nB\nX\n\n\n\nsay @include c.md\n@includes\n"
    assert notes == [(f"{SHARED}a.md", 2, agentic_workflow._LOST % "shared/none.md")]


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("imports: shared/a.md", 3),
        ("imports: {aw: shared/a.md}", 3),
        ("description: a: b\nimports:\n  - shared/a.md", 4),
    ],
)
def test_imports_that_are_no_list_are_noted(front: str, line: int) -> None:
    """gh-aw refuses them, and without the note they would be missing unseen."""
    text, notes = parse({MAIN: f"---\non: push\n{front}\n---\nX", f"{SHARED}a.md": "A"})

    assert text == "X"
    assert (MAIN, line, agentic_workflow._NOT_A_LIST) in notes


@pytest.mark.parametrize("value", ["", "[]", "{}", "{apm-packages: [x]}", "[]\ndescription: a: b"])
def test_imports_of_no_files_are_not_noted(value: str) -> None:
    """There is nothing that could be missing."""
    text, notes = parse({MAIN: f"---\non: push\nimports: {value}\n---\nX"})

    assert text == "X"
    assert agentic_workflow._NOT_A_LIST not in [message for _, _, message in notes]


@pytest.mark.parametrize(
    ("import_", "path"),
    [
        ("  - shared/a.md", f"{SHARED}a.md"), ("  - ../skills/a/SKILL.md", ".github/skills/a/SKILL.md"),
        ("  - /.agents/a.md", ".agents/a.md"), ("  - path: a.md", ".github/workflows/a.md"),
        ("  aw: [a.md]", ".github/workflows/a.md"), ("  - shared/a.md?", f"{SHARED}a.md"),
    ],
)  # fmt: skip
def test_paths_of_the_frontmatter(import_: str, path: str) -> None:
    """They are relative to the folder of the workflow, or to the top if they begin with one of two folders."""
    assert parse({MAIN: f"---\non: push\nimports:\n{import_}\n---\nX", path: "A"}) == ("A\nX", [])


def test_paths_of_an_import() -> None:
    """A bare name in its frontmatter is beside it; one in its text is beside the workflow."""
    files = {
        MAIN: "---\non: push\nimports: [shared/a.md]\n---\nX",
        f"{SHARED}a.md": "---\nimports: [b.md, ./c.md]\n---\nA{{#runtime-import b.md}}",
        f"{SHARED}b.md": "beside", f"{SHARED}c.md": "C", ".github/workflows/b.md": "below",
    }  # fmt: skip

    assert parse(files)[0] == "A\nbeside\nC\nbelow\nX"


@pytest.mark.parametrize(
    ("imported", "message"),
    [
        ("acme/prompts/review.md@v1", agentic_workflow._ELSEWHERE),
        ("https://example.com/a.md", agentic_workflow._ELSEWHERE),
        ("shared/lost.md", agentic_workflow._LOST % "shared/lost.md"),
        ("../../../out.md", agentic_workflow._LOST % "../../../out.md"),
        ("shared/a.md#Tone", agentic_workflow._PARTLY),
        ("shared/a.md:2-3", agentic_workflow._PARTLY),
        ("secret.md", "imports a file that git ignores; it isn't counted, since not every checkout has it"),
    ],
)
def test_what_is_not_counted_as_it_is_written_is_noted(imported: str, message: str) -> None:
    """With the line of the directive, below the frontmatter."""
    files = {
        MAIN: f"---\non: push\n---\n\nX {{{{#runtime-import {imported}}}}}",
        f"{SHARED}a.md": "A",
        ".github/workflows/secret.md": NotInRepository("git ignores"),
    }

    assert parse(files)[1] == [(MAIN, 5, message)]


def test_an_import_that_cannot_be_read_is_no_small_number() -> None:
    """The line is the one of the workflow that leads to it."""
    files = {
        MAIN: "---\non: push\nimports: [shared/a.md]\n---\nX",
        f"{SHARED}a.md": "{{#runtime-import shared/b.md}}",
        f"{SHARED}b.md": b"caf\xe9",
    }

    with pytest.raises(Unreadable) as caught:
        parse(files)

    assert (caught.value.message, caught.value.line) == (
        f"imports `shared/b.md` (in {SHARED}a.md), which is not UTF-8: byte 0xe9",
        3,
    )


def test_lines_are_those_of_the_files() -> None:
    """Also below comments, and of a placeholder that gh-aw fills in."""
    files = {
        MAIN: "---\non: push\nimports: [shared/a.md]\n---\n<!-- a\nb -->\n# Top\n{{#if github.actor}}x{{/if}}\n",
        f"{SHARED}a.md": "---\n---\nfirst\n\n# A\nx\n",
    }
    read = read_from(files)

    listed = [
        (part.title, part.first_line, part.last_line, part.path, part.import_chain)
        for part in agentic_workflow.parts(MAIN, read(MAIN)[1], make.prompt(MAIN), read)
    ]

    assert listed == [
        ("# Top", 7, 8, "", ()),
        ("", 3, 3, f"{SHARED}a.md", (MAIN,)),
        ("# A", 5, 6, f"{SHARED}a.md", (MAIN,)),
    ]
    assert parse(files)[1] == [(MAIN, 8, PLACEHOLDERS_NOTE)]


def test_a_sub_agent_is_noted() -> None:
    """gh-aw takes it out of the text when the workflow runs."""
    files = {MAIN: "---\non: push\n---\n<!--\n-->\nX\n\n## agent: `reader`\nRead.\n"}

    assert parse(files)[1] == [(MAIN, 8, agentic_workflow._SUB_AGENT_COUNTED)]


def test_a_changed_import_checks_its_workflow(repo: Repo, lint: Any) -> None:
    """With the tokens of both, and own and imported ones apart; the lock file is none of it."""
    repo.write(
        ".prompt-lint.yaml",
        "models: claude-sonnet-5-5\nlimit: 8\nprompts: [{files: .github/workflows/*.md}]\n",
    )
    repo.write(MAIN, "---\non: push\nimports: [shared/a.md]\n---\nLabel the issue.\n")
    repo.write(f"{SHARED}a.md", "---\ntools: {}\n---\nBe kind to everyone.\n")
    repo.write(".github/workflows/triage.lock.yml", "on: push\n")
    repo.commit()

    by_import = lint("check", "--offline", f"{SHARED}a.md")
    by_lock_file = lint("check", "--offline", ".github/workflows/triage.lock.yml")

    assert f"OVER      {MAIN}" in by_import.out
    assert f"{SHARED}a.md:4" in by_import.out
    assert by_lock_file.code == 2


def test_a_file_of_an_older_line_checks_its_workflow(repo: Repo, lint: Any) -> None:
    """The file is found by the bytes of the workflow, which has no other import."""
    rule = "limit: 8\nprompts: [{files: .github/workflows/*.md}]\n"
    repo.write(".prompt-lint.yaml", f"models: claude-sonnet-5-5\n{rule}")
    repo.write(MAIN, "---\non: push\n---\nLabel the issue.\n@include shared/a.md\n")
    repo.write(f"{SHARED}a.md", "Be kind to everyone.\n")
    repo.commit()

    assert f"OVER      {MAIN}" in lint("check", "--offline", f"{SHARED}a.md").out
