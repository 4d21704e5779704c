"""`format: markdown`: the body counts, the frontmatter doesn't."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support import make

from prompt_lint.formats import FORMATS, markdown
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Prompt, Request
from prompt_lint.text import frontmatter
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE


def nothing(path: str) -> tuple[str, bytes]:
    raise MissingFile(f"{path} is not there")


def parse(data: str | bytes, **rule: Any) -> list[Any]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(markdown.parse("a.md", raw, make.rule(**rule), nothing))


def user(text: str) -> Request:
    return Request({"messages": [{"role": "user", "content": text}]})


def test_the_body_counts_and_the_frontmatter_does_not() -> None:
    """What a tool reads for itself isn't sent; what is below it is, to the last character."""
    assert parse("---\ntitle: T\n---\n\n# Be kind.\n") == [Prompt("a.md", "", 1, user("\n# Be kind.\n"))]


def test_without_frontmatter_it_is_text() -> None:
    """A rule of dashes somewhere else in the text cuts nothing off."""
    assert parse("# Be kind.\n---\nx\n---\n") == [Prompt("a.md", "", 1, user("# Be kind.\n---\nx\n---\n"))]


def test_frontmatter_alone_is_nothing_to_send() -> None:
    """0 tokens, as for any blank prompt."""
    assert parse("---\ntitle: T\n---\n") == [Prompt("a.md", "", 1, None)]


def test_the_rule_says_whose_message_it_is() -> None:
    """As for text."""
    [prompt] = parse("---\na: b\n---\nS", role="system")

    assert prompt.request == Request({"system": "S", "messages": [PLACEHOLDER_MESSAGE]})


def test_frontmatter_that_is_not_yaml_is_a_note() -> None:
    """The body counts all the same; so do placeholders in it, with their line in the file."""
    prompt, *notes = parse("---\nglobs: **/*\n---\n\nHi {{name}}")

    assert prompt.request == user("\nHi {{name}}")
    assert notes == [Note(frontmatter.NOT_YAML, "a.md", 2), Note(PLACEHOLDERS_NOTE, "a.md", 5)]


def test_sections_have_the_lines_of_the_file() -> None:
    """The frontmatter isn't part of any, but its lines count."""
    data = b"\xef\xbb\xbf---\r\na: b\r\n---\r\nIntro.\r\n# One\r\nx\r\n"
    [prompt] = parse(data)

    parts = markdown.parts("a.md", data, prompt, nothing)

    assert [part[:3] for part in parts] == [("", 4, 4), ("# One", 5, 6)]


def test_it_is_never_recognised() -> None:
    """A Markdown file may be sent as it stands: only the rule can say that it isn't."""
    assert recognise("prompts/a.md", b"---\na: b\n---\nx", make.rule()).name == "text"


@given(st.binary() | st.text(alphabet="-\n: a#{}").map(str.encode), st.sampled_from(sorted(FORMATS)))
def test_any_bytes_are_read_or_refused_by_every_format(data: bytes, name: str) -> None:
    """No file ends in anything but prompts, remarks and `Unreadable`, and all of them point into the file."""
    one = FORMATS[name]
    path = "skills/x/SKILL.md" if name == "skill" else "a.md"
    try:
        found = list(one.parse(path, data, make.rule(format=name), nothing))
    except Unreadable:
        return

    lines = data.count(b"\n") + 1
    prompts = [thing for thing in found if isinstance(thing, Prompt)]
    assert len({prompt.name for prompt in prompts}) == len(prompts)
    assert all(0 <= thing.line <= lines for thing in found)
    assert all(prompt.line >= 1 for prompt in prompts)
    for prompt in prompts:
        for part in one.parts(path, data, prompt, nothing):
            assert 1 <= part.first_line <= part.last_line <= lines or part.path
