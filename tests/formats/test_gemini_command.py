"""Custom commands of Gemini CLI: TOML files whose `prompt` is sent."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.formats import gemini_command
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Note, Prompt, Request
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE

PATH = ".gemini/commands/git/review.toml"
COMMAND = '''\
description = "Reviews a change."
prompt = """
# Review

Look at !{git diff} with care.

# Answer
In one sentence.
"""
'''


def parse(data: str | bytes, **rule: Any) -> list[Any]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(gemini_command.parse(PATH, raw, make.rule(**rule), read_nothing))


def test_the_prompt_counts_and_the_rest_does_not() -> None:
    """One message of the user; what is replaced counts as it stands, and is told."""
    prompt, note = parse(COMMAND)

    text = COMMAND.partition('"""\n')[2].removesuffix('"""\n')
    assert prompt == Prompt(PATH, "", 3, Request({"messages": [{"role": "user", "content": text}]}))
    assert note == Note(PLACEHOLDERS_NOTE, PATH, 5, "placeholders")


def test_parts_have_the_lines_of_the_file() -> None:
    """A section starts where its heading stands in the TOML file."""
    [prompt, _] = parse(COMMAND)

    parts = gemini_command.parts(PATH, COMMAND.encode(), prompt, read_nothing)

    assert [(part.title, part.first_line) for part in parts] == [("# Review", 3), ("# Answer", 7)]


@pytest.mark.parametrize(
    ("path", "data", "name"),
    [
        (PATH, b"anything", "gemini-command"),
        ("plugin/commands/a.toml", b'prompt = "Hi"', "gemini-command"),
        ("plugin/commands/a.toml", b'\xef\xbb\xbfprompt = "Hi"', "gemini-command"),
        ("plugin/commands/a.toml", b"description = 'D'\r\n\"prompt\" = 'Hi'", "gemini-command"),
        ("src/commands/settings.toml", b"depth = 3", "text"),
        (".gemini/settings.toml", b'prompt = "Hi"', "text"),
    ],
)
def test_it_is_known_by_folder_and_content(path: str, data: bytes, name: str) -> None:
    """TOML files of other tools aren't taken for commands."""
    assert recognise(path, data, make.rule()).name == name


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        ("prompt = \n", "is not TOML: Invalid value", 1),
        ('a = 1\nprompt = "x', "is not TOML: Unterminated string", 2),
        ("prompt = 3\n", "has no text named `prompt`", 1),
        ("a = " + "[" * 10_000, "is not TOML", 0),
    ],
)
def test_what_is_no_command_is_reported_with_its_line(data: str, message: str, line: int) -> None:
    """Never a small number for a file that can't be read."""
    with pytest.raises(Unreadable) as caught:
        parse(data)

    assert message in caught.value.message
    assert caught.value.line == line
