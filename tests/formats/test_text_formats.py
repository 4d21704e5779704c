"""Files of one text: which format they have, what of them counts, and what their tools don't take."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.config.values import PARTS
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise
from prompt_lint.formats.text_formats import TEXT_FORMATS
from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.rules import BODY, METADATA
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Problem, Prompt
from prompt_lint.text import frontmatter, template_markers

LISTED = "---\nname: x\ndescription: D.\n---\n"


def known_as(path: str, data: str = "") -> str:
    return recognise(path, data.encode(), make.rule()).name


def parse(path: str, data: str | bytes, **rule: Any) -> list[Any]:
    with_role = make.rule(**({"role": ""} | rule))
    raw = data if isinstance(data, bytes) else data.encode()
    return list(FORMATS[recognise(path, raw, with_role).name].parse(path, raw, with_role, read_nothing))


def prompts(path: str, data: str | bytes, **rule: Any) -> dict[str, Any]:
    """The fields of the request of each prompt, by its name."""
    results = [result for result in parse(path, data, **rule) if isinstance(result, Prompt)]
    return {result.name: result.request and dict(result.request.fields) for result in results}


def reports(path: str, data: str, **rule: Any) -> list[Any]:
    return [result for result in parse(path, data, **rule) if not isinstance(result, Prompt)]


def system(text: str) -> dict[str, Any]:
    return {"system": text, "messages": [PLACEHOLDER_MESSAGE]}


def user(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (".claude/commands/fix.md", "command"),
        ("apps/web/.claude/commands/git/pr.md", "command"),
        (".claude/output-styles/terse.md", "style"),
        (".github/copilot-instructions.md", "copilot-instructions"),
        (".github/instructions/web/css.instructions.md", "copilot-instructions"),
        (".github/prompts/review.prompt.md", "copilot-prompt"),
        (".github/agents/planner.agent.md", "copilot-agent"),
        (".github/agents/planner.md", "copilot-agent"),
        ("modes/plan.chatmode.md", "copilot-agent"),
        (".cursor/rules/web/css.mdc", "cursor-rules"),
        (".cursor/rules/web/RULE.md", "cursor-rules"),
        ("rules/clean.mdc", "cursor-rules"),
        ("sub/.cursorrules", "cursor-rules"),
        (".windsurf/rules/css.md", "windsurf-rules"),
        (".devin/rules/css.md", "windsurf-rules"),
        (".windsurfrules", "windsurf-rules"),
        (".clinerules", "cline-rules"),
        (".clinerules/01-style.md", "cline-rules"),
        (".clinerules/01-style.txt", "cline-rules"),
        (".continue/rules/css.md", "continue-rules"),
        (".junie/guidelines.md", "junie-guidelines"),
        (".rules", "zed-rules"),
    ],
)
def test_names_that_say_it_all(path: str, name: str) -> None:
    """These are the tools' own names, so no look inside is needed."""
    assert known_as(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "commands.md", ".claude/commands/fix.py", "my.cursorrules", ".clinerules/workflows/release.md", ".clinerules/hooks/a.md",
        ".clinerules/run.sh", "eslint.rules", "guidelines.md", "copilot-instructions.md", "prompt.md", "agent.md", "x.agent.markdown",
        "subcommands/fix.md", ".GitHub/copilot-instructions.md", "CONVENTIONS.md", ".cursor/rules.md",
    ],
)  # fmt: skip
def test_names_that_only_look_like_it(path: str) -> None:
    """Workflows aren't rules, other cases aren't the tools' names, and most Markdown is nobody's."""
    assert known_as(path, LISTED) == "text"


@pytest.mark.parametrize(
    ("path", "data", "name"),
    [
        ("plugin/commands/fix.md", "---\ndescription: D.\n---\n", "command"),
        ("docs/commands/fix.md", "---\ntitle: T\ndescription: D.\n---\n", "text"),
        ("docs/commands/fix.md", "# Fix", "text"),
        ("plugin/agents/planner.md", LISTED, "agent"),
        (".claude/agents/planner.md", LISTED, "agent"),
        (".claude/agents/README.md", "# Agents", "text"),
        ("agents/planner.md", "---\nname: x\n---\n", "text"),
        ("agents/broken.md", "---\nname: x\ndescription: a: b\n---\n", "agent"),
        ("agents/planner.agent.md", LISTED, "copilot-agent"),
        ("skills/a/agents/planner.md", LISTED, "skill"),
        ("instructions/css.instructions.md", "---\napplyTo: '*.css'\n---\n", "copilot-instructions"),
        ("README.instructions.md", "# Generated", "text"),
    ],
)
def test_names_that_others_use_too_need_a_look_inside(path: str, data: str, name: str) -> None:
    """A folder `agents` holds agents only where their frontmatter says so."""
    assert known_as(path, data) == name


def test_what_is_not_text_is_refused_as_text() -> None:
    """Recognising raises nothing: reading tells what is wrong."""
    assert recognise("agents/a.md", b"\xff", make.rule()).name == "text"


def test_each_says_why() -> None:
    """What `explain` tells is a sentence of its own for each format; `markdown` is never recognised."""
    descriptions = [
        text_format.description for name, text_format in TEXT_FORMATS.items() if name != "markdown"
    ]

    assert len(set(descriptions) - {""}) == len(descriptions)


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        (".claude/output-styles/a.md", system("Body.")),
        (".github/copilot-instructions.md", user("Body.")),
        ("a.prompt.md", user("Body.")),
        ("a.agent.md", system("Body.")),
        ("a.mdc", system("Body.")),
        (".cursorrules", system(f"{LISTED}Body.")),
        (".windsurf/rules/a.md", system("Body.")),
        (".windsurfrules", system(f"{LISTED}Body.")),
        (".clinerules/a.txt", system("Body.")),
        (".continue/rules/a.md", system("Body.")),
        (".junie/guidelines.md", system(f"{LISTED}Body.")),
        (".rules", system(f"{LISTED}Body.")),
    ],
)
def test_what_counts_and_as_whose_message(path: str, request_: dict[str, Any]) -> None:
    """The frontmatter goes where the tool reads it for itself; a rule's role wins over the tool's."""
    assert prompts(path, f"{LISTED}Body.") == {"": request_}
    assert prompts(path, "Body.", role="user") == {"": user("Body.")}


def test_agents_and_commands_are_listed() -> None:
    """Their description is in every conversation, the rest only when they are called: two prompts."""
    agent, command = ".claude/agents/a.md", ".claude/commands/git/pr.md"

    assert prompts(agent, f"{LISTED}Body.") == {"metadata": system("- x: D."), "body": system("Body.")}
    assert prompts(command, "---\ndescription: D.\n---\nBody.") == {
        "metadata": system("- pr: D."), "body": user("Body."),
    }  # fmt: skip
    assert prompts(command, "---\ndescription:\n  D.\nargument-hint: [a] [b]\n---\nBody.") == {
        "metadata": system("- pr: D."), "body": user("Body."),
    }  # fmt: skip
    assert prompts(command, "Body.") == {"body": user("Body.")}
    assert prompts(command, "---\ndescription: D.\ndisable-model-invocation: true\n---\nBody.") == {"body": user("Body.")}  # fmt: skip
    assert {METADATA, BODY} == set(PARTS)


@pytest.mark.parametrize(
    ("path", "characters", "lines_of_notes"),
    [(".claude/agents/a.md", 2000, []), (".claude/commands/a.md", 1536, [3])],
)
def test_a_long_description_is_cut_for_commands_and_not_for_agents(
    path: str, characters: int, lines_of_notes: list[int]
) -> None:
    """Claude Code lists commands as it lists skills, and loads the descriptions of agents in full; a cut is noted."""
    data = f"---\nname: x\ndescription: {'d' * 2000}\n---\nBody."

    assert prompts(path, data)["metadata"] == system(f"- x: {'d' * characters}")
    assert [note.line for note in reports(path, data)] == lines_of_notes
    assert reports(path, data.replace("---\nB", "disable-model-invocation: true\n---\nB")) == []


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("skills: [big]", "names skills"),
        ("skills: big, small", "names skills"),
        ("initialPrompt: Go.", "has an `initialPrompt`"),
        ("skills: []", ""),
    ],
)
def test_what_an_agent_loads_besides_its_text_is_reported(front: str, words: str) -> None:
    """Whole skills and a first message are sent with it, and aren't counted."""
    found = reports(".claude/agents/a.md", f"---\nname: x\ndescription: D.\n{front}\n---\nBody.")

    assert [(note.line, note.kind) for note in found] == [(4, "content")] * bool(words)
    assert all(note.message.startswith(words) for note in found)


@pytest.mark.parametrize(
    ("path", "noted"),
    [(".claude/agents/a.md", True), ("a.prompt.md", True), (".windsurf/rules/a.md", True), ("a.mdc", False)],
)
def test_frontmatter_that_is_not_yaml_is_reported_where_it_should_be(path: str, noted: bool) -> None:
    """Cursor's never was meant to be."""
    data = "---\nname: x\ndescription: D.\nglobs: **/*\n---\nBody."

    assert reports(path, data) == ([Note(frontmatter.NOT_YAML, path, 4, "frontmatter")] if noted else [])


@pytest.mark.parametrize(
    ("path", "text", "noted"),
    [
        (".claude/commands/a.md", "Fix $ARGUMENTS for $5.", False),
        (".claude/commands/a.md", "Now: !`git status`", True),
        (".claude/commands/a.md", "Wow!`x`", False),
        ("a.prompt.md", "In ${input:file}.", True),
        (".claude/output-styles/a.md", "Fix $ARGUMENTS.", False),
        ("a.mdc", "Use {{name}}.", True),
    ],
)
def test_what_the_tool_fills_in_is_reported(path: str, text: str, noted: bool) -> None:
    """With its line in the file; nothing of it is run."""
    expected = [Note(template_markers.PLACEHOLDERS_NOTE, path, 6, "placeholders")] if noted else []

    assert reports(path, f"{LISTED}\n{text}") == expected


def test_a_copilot_agent_that_is_too_long_fails() -> None:
    """Copilot refuses more than 30,000 characters below the frontmatter, but editors don't."""
    fits, more = "x" * 29_999 + "\n", "x" * 30_000 + "\n"

    assert reports("a.agent.md", LISTED + fits) == []
    [problem] = reports("a.agent.md", LISTED + more)
    assert problem == Problem(
        "a.agent.md", 5, "the prompt of a Copilot agent may have 30,000 characters at most; this one has 30,001",
        "shorten it; if only editors read it, say `target: vscode` in its frontmatter", ExitCode.OVER_LIMIT,
    )  # fmt: skip
    assert reports("a.agent.md", f"---\ntarget: 'vscode'\n---\n{more}") == []


@pytest.mark.parametrize(
    ("path", "most", "line"),
    [(".windsurf/rules/a.md", 12_000, 5), (".windsurfrules", 12_000, 5), (".github/copilot-instructions.md", 4000, 5)],
)  # fmt: skip
def test_what_a_tool_leaves_out_is_a_note_with_the_place(path: str, most: int, line: int) -> None:
    """The rest may never arrive, which is no reason to fail; the frontmatter is part of the file."""
    data = f"{LISTED}{'é' * most}"

    assert reports(path, data[:most]) == []
    [note] = reports(path, data[: most + 1])
    assert isinstance(note, Note)
    assert (note.path, note.line) == (path, line)


def test_instructions_that_code_review_never_reads_have_no_limit_of_its_own() -> None:
    """`excludeAgent` says so."""
    front = '---\nexcludeAgent: "code-review"\n---\n'

    assert reports("a.instructions.md", f"---\napplyTo: x\n{front[4:]}{'x' * 5000}") == []


def test_cursor_recommends_five_hundred_lines() -> None:
    """Counted below the frontmatter."""
    path = "a.mdc"

    assert reports(path, LISTED + "x\n" * 500) == []
    assert reports(path, LISTED + "x\n" * 501) == [
        Note(TEXT_FORMATS["cursor-rules"].size_limits[0].message, path, 505, "advice")
    ]


def test_a_rule_may_name_a_preset() -> None:
    """Then the name of the file doesn't matter."""
    assert prompts("prompts/a.txt", "---\na: b\n---\nBody.", format="copilot-agent") == {"": system("Body.")}


def test_the_parts_have_lines_of_the_file() -> None:
    """The body by heading; what is listed by key."""
    path, data = ".claude/agents/a.md", f"{LISTED}# A\nx\n# B\n"
    metadata, body = (result for result in parse(path, data) if isinstance(result, Prompt))

    parts = TEXT_FORMATS["agent"].parts

    assert [part[:3] for part in parts(path, data.encode(), body, read_nothing)] == [
        ("# A", 5, 6),
        ("# B", 7, 7),
    ]
    assert [part[:4] for part in parts(path, data.encode(), metadata, read_nothing)] == [
        ("name", 2, 2, "x"), ("description", 3, 3, "D."),
    ]  # fmt: skip
    assert (metadata.line, body.line) == (3, 5)


# Texts and Markdown


@pytest.mark.parametrize(("path", "format_name"), [("a.md", ""), ("a.md", "text"), ("a.json", "text")])
def test_a_text_is_one_message(path: str, format_name: str) -> None:
    """As it stands, frontmatter included; of the user unless the rule says otherwise."""
    assert prompts(path, f"{LISTED}[1]\n", format=format_name) == {"": user(f"{LISTED}[1]\n")}
    assert prompts(path, "Be kind.", format=format_name, role="system") == {"": system("Be kind.")}


@pytest.mark.parametrize("data", [b"", b"\n", b" \t\r\n\n", b"\xef\xbb\xbf"])
def test_blank_text_has_no_request(data: bytes) -> None:
    """Nothing to send is 0 tokens, not a request that the API would refuse."""
    assert prompts("a.md", data) == {"": None}


def test_windows_and_linux_agree() -> None:
    """CRLF and a byte order mark don't change what is counted; a lone CR is content and stays."""
    windows, linux = b"\xef\xbb\xbfone\r\ntwo\rthree\r\n", b"one\ntwo\rthree\n"

    assert prompts("a.md", windows) == prompts("a.md", linux) == {"": user("one\ntwo\rthree\n")}


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"one\ntwo \xff", "is not UTF-8: byte 0xff", 2),
        ("hallo".encode("utf-16"), "is UTF-16, not UTF-8", 1),
        ("hallo".encode("utf-32"), "is UTF-32, not UTF-8", 1),
        (b"one\n\ntwo\0", "contains a NUL byte, so it isn't text", 3),
    ],
)
def test_what_is_not_text_is_reported_with_its_line(data: bytes, message: str, line: int) -> None:
    """A file that can't be read as UTF-8 is a problem with a line, never a number."""
    with pytest.raises(Unreadable) as caught:
        parse("a.md", data)

    assert (caught.value.message, caught.value.line) == (message, line)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("---\ntitle: T\n---\n\n# Be kind.\n", "\n# Be kind.\n"),
        ("# Be kind.\n---\nx\n---\n", "# Be kind.\n---\nx\n---\n"),
        ("---\ntitle: T\n---\n", ""),
    ],
)
def test_markdown_is_what_is_below_frontmatter(data: str, text: str) -> None:
    """Where the rule says so, and to the last character; a rule of dashes elsewhere cuts nothing off."""
    assert known_as("prompts/a.md", data) == "text"
    assert parse("a.md", data, format="markdown")[0].line == 1
    assert prompts("a.md", data, format="markdown") == {"": user(text) if text else None}


def test_the_frontmatter_of_markdown_should_be_yaml() -> None:
    """The body counts all the same; so do placeholders in it, with their line in the file."""
    assert reports("a.md", "---\nglobs: **/*\n---\n\nHi {{name}}", format="markdown") == [
        Note(frontmatter.NOT_YAML, "a.md", 2, "frontmatter"), Note(template_markers.PLACEHOLDERS_NOTE, "a.md", 5, "placeholders"),
    ]  # fmt: skip


def test_the_sections_of_markdown_have_the_lines_of_the_file() -> None:
    """The frontmatter isn't part of any, but its lines count."""
    data = b"\xef\xbb\xbf---\r\na: b\r\n---\r\nIntro.\r\n# One\r\nx\r\n"
    [prompt] = parse("a.md", data, format="markdown")

    parts = TEXT_FORMATS["markdown"].parts("a.md", data, prompt, read_nothing)

    assert [part[:3] for part in parts] == [("", 4, 4), ("# One", 5, 6)]
