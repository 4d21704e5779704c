"""Prompts in Python source: texts with the names of prompts, read without running anything."""

from __future__ import annotations

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.formats import python
from prompt_lint.formats.python import UNKNOWN
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Note, Prompt

SOURCE = '''\
import textwrap as tw
from inspect import cleandoc
from elsewhere import BASE, build

TONE = "Be kind."
SYSTEM_PROMPT = """\\
# Role
{tone}

# Answer
""" + TONE
class Agent:
    instructions: str = tw.dedent("""
        Think.
          Twice.
    """).strip()
    class Inner:
        user_prompt = f"{TONE} Answer {question!r:>10}."
PROMPT = cleandoc("""  One
    two""")
PROMPT += " three"
PROMPT_COUNT = 3; MAX_PROMPT_TOKENS = 4 * 1024; PROMPT_LEVEL = -1; PROMPT_MASK = ~(1 << 3) | 2; NO_PROMPT = None
EMPTY_PROMPT = ""
FAR_PROMPT = BASE + "x"
CALLED_PROMPT = build("x")
PROMPTS = {"a": "b"}
if BASE:
    TONE = "Be brief."
LATE_PROMPT = TONE
def run():
    prompt = "not a constant"
'''


def parse(source: str | bytes, *names: str) -> tuple[dict[str, tuple[int, str]], list[tuple[int, str]]]:
    """Return the prompts by name, with line and text, and the notes with their lines."""
    data = source if isinstance(source, bytes) else source.encode()
    results = list(python.parse("a.py", data, make.rule(names=names, role="user"), read_nothing))
    prompts = {
        it.name: (it.line, it.request.fields["messages"][0]["content"])
        for it in results
        if isinstance(it, Prompt) and it.request
    }
    return prompts, [(it.line, it.message) for it in results if isinstance(it, Note)]


def test_texts_are_read_as_python_would_make_them() -> None:
    """What only a run could tell has a note with its line; nothing is guessed."""
    prompts, notes = parse(SOURCE)

    assert prompts == {
        "SYSTEM_PROMPT": (6, "# Role\n{tone}\n\n# Answer\nBe kind."),
        "Agent.instructions": (13, "Think.\n  Twice."),
        "Agent.Inner.user_prompt": (18, "Be kind. Answer {question}."),
        "PROMPT": (19, "One\ntwo"),
        "PROMPT 2": (21, "One\ntwo three"),
    }
    assert [line for line, message in notes if message == UNKNOWN] == [24, 25, 26, 29]
    assert [line for line, message in notes if message != UNKNOWN] == [18]


def test_names_are_patterns_in_whichever_case() -> None:
    assert list(parse(SOURCE, "*prompt", "!system_*")[0]) == ["Agent.Inner.user_prompt", "PROMPT", "PROMPT 2"]


def test_parts_have_the_lines_of_the_file() -> None:
    prompt = next(iter(python.parse("a.py", SOURCE.encode(), make.rule(), read_nothing)))
    assert isinstance(prompt, Prompt)

    parts = python.parts("a.py", SOURCE.encode(), prompt, read_nothing)

    assert [(part.title, part.first_line) for part in parts] == [
        ("# Role", 7),
        ("# Answer", 10),
        ("", 5),
    ]


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("x = 1\nPROMPT = (", "is not Python: '(' was never closed", 2),
        ("PROMPT = " + "-" * 50_000 + "1", "is nested too deeply to be read as Python", 1),
        ("PROMPT = " + "+".join(["'a'"] * 25_000), "is nested too deeply to be read as Python", 1),
        ("x,\n" * 60_000, "has more than 60,000 tokens of Python", 30_001),
        ("PROMPT = f'" + "{a}" * 10_000 + "'", "has too many fields in its f-strings", 1),
        (
            "A = 'aaaaaaaaaaaaaaaa'\n" + "A = A + A\n" * 30,
            "builds texts that are many times as long as the file",
            0,
        ),
        ("# coding: latin-1\nPROMPT = '\xe9'", "declares the encoding `latin-1`", 1),
        ("x = 1\rPROMPT = 'a'", "has a carriage return without a line feed", 1),
        ("PROMPT = 'a\0'", "contains a NUL byte, so it isn't text", 1),
    ],
)
def test_what_cannot_be_read_is_one_problem_with_its_line(source: str, message: str, line: int) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(source)

    assert (caught.value.message, caught.value.line) == (message, line)


def test_an_escape_that_python_does_not_know_warns_nobody(recwarn: pytest.WarningsRecorder) -> None:
    """Nor does a byte order mark matter; half a character isn't a text that can be sent."""
    prompts, notes = parse(b"\xef\xbb\xbfPROMPT = '\\d'\nHALF_PROMPT = '\\ud800'\n")

    assert prompts == {"PROMPT": (1, "\\d")}
    assert notes == [(2, UNKNOWN)]
    assert not recwarn.list
