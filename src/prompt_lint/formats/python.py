"""`python`: the texts of Python source whose names are those of prompts. It is read as a syntax tree; nothing is run or imported."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from prompt_lint.formats.python_assignments import read_assignments
from prompt_lint.model.values import Note, Prompt
from prompt_lint.request.from_roles import Turn, build_conversation, make_notes, split_pieces
from prompt_lint.text.patterns import compile_patterns
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prompt_lint.formats.python_assignments import Assignment
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Part, ReadFile

# What the names are that a rule without `names` looks for.
NAMES = ("*PROMPT*", "*INSTRUCTION*", "*SYSTEM_MESSAGE*")
UNKNOWN = (
    "a constant with the name of a prompt isn't counted, since its value is known only when the code runs;"
    " make it a plain string, or choose other `names`"
)
_MAX_NOTES = 1000
_MAX_NAME = 200


def recognise(path: str, data: bytes) -> str | None:
    """No name of a file makes it prompts: a rule has to say so."""
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Note]:
    """Yield the prompts, and notes on placeholders and on what can't be known. Raises `Unreadable`."""
    notes: list[Note] = []
    for name, line, text in _list_prompts(data, _compile_names(rule.names or NAMES)):
        if text is None:
            notes.append(Note(UNKNOWN, path, line, "content"))
            continue
        turn = Turn(rule.role or "user", text.pieces)
        yield Prompt(path, name, line, build_conversation([turn]))
        if text.has_fields:
            notes.append(Note(PLACEHOLDERS_NOTE, path, line, "placeholders"))
        else:
            notes += make_notes(path, [turn], ())
    yield from notes[:_MAX_NOTES]


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterator[Part]:
    """Yield the sections of a text by heading. Where it is put together, their lines may be anywhere in the file."""
    own_name = prompt.name.rpartition(".")[2].partition(" ")[0]
    for name, _, text in _list_prompts(data, own_name.__eq__):
        if name == prompt.name and text:
            for part in split_pieces(text.pieces, ""):
                first, last = sorted((part.first_line, part.last_line))
                yield part._replace(first_line=first, last_line=last)


@cache
def _compile_names(names: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a function that says whether a name matches, in whichever case."""
    matches = compile_patterns(name.lower() for name in names)
    return lambda name: matches(name.lower())


def _list_prompts(data: bytes, matches: Callable[[str], bool]) -> Iterator[Assignment]:
    """Yield what is assigned to names that match, but no blank texts. The second of a name is called `NAME 2`."""
    numbers: Counter[str] = Counter()
    for assignment in read_assignments(data):
        name, _, text = assignment
        if not matches(name.rpartition(".")[2]) or (text and not text.text.strip()):
            continue
        if text is None or len(name) > _MAX_NAME:
            yield assignment._replace(text=None)
            continue
        numbers[name] += 1
        number = f" {numbers[name]}" if numbers[name] > 1 else ""
        yield assignment._replace(name=f"{name}{number}")
