"""What is wrong with a text that isn't YAML, in words for people, and where: PyYAML names the token that it met, seldom the mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.text.location import find_position

if TYPE_CHECKING:
    from prompt_lint.text.location import Position

    # What is wrong, and where. The position is (0, 0) where none is known.
    Fault = tuple[str, Position]

_CLOSERS = {"[": "]", "{": "}"}
# A quoted text, which may be unclosed, a comment, or a bracket. Nothing is read twice, so it takes linear time.
_TOKENS = re.compile(r""""(?:[^"\\]|\\.)*+(?:"|\Z)|'[^']*+(?:'|\Z)|(?<![^\s])#[^\n]*+|[][{}]""", re.DOTALL)
_RESERVED = "@`%"


class _Place(NamedTuple):
    """Where the parser stopped, and where what it was reading began. Not its line: PyYAML counts more ends of lines."""

    text: str
    offset: int
    start: int
    words: str

    @property
    def position(self) -> Position:
        return find_position(self.text, self.offset)

    @property
    def start_position(self) -> Position:
        return find_position(self.text, self.start)

    @property
    def line(self) -> int:
        return self.position[0]

    @property
    def current_line(self) -> str:
        return self.text.split("\n")[self.line - 1]

    @property
    def line_above(self) -> str:
        """The nearest line above with something in it."""
        lines = (line for line in reversed(self.text.split("\n")[: self.line - 1]) if line.strip())
        return next((line for line in lines if not line.lstrip().startswith("#")), "")


def explain_fault(text: str, error: Any) -> Fault:
    """Return what is wrong with a text for which PyYAML raised this `MarkedYAMLError`."""
    problem_mark = error.problem_mark or error.context_mark
    words = f"{error.context or ''}: {error.problem or ''}".lower()
    last_words = words.rpartition(": ")[2]
    if problem_mark is None:
        return last_words, (0, 0)
    start = error.context_mark.index if error.context_mark else problem_mark.index
    mark = _Place(text, min(problem_mark.index, len(text)), min(start, len(text)), words)
    for explain in (_explain_tab, _explain_quote, _explain_bracket, _explain_value, _explain_key):
        if fault := explain(mark):
            return fault
    return last_words, mark.position


def _explain_tab(mark: _Place) -> Fault | None:
    indentation = re.match(r"\s*", mark.current_line)
    if not indentation or "\t" not in indentation[0]:
        return None
    position = mark.line, indentation[0].index("\t") + 1
    return "the line is indented with a tab; YAML needs spaces", position


def _explain_quote(mark: _Place) -> Fault | None:
    if "quoted scalar" not in mark.words and "double-quoted" not in mark.words:
        return None
    if "escape" in mark.words:
        message = r"a backslash in double quotes starts an escape; write `\\`, or use single quotes"
        return message, mark.position
    return f"the quote `{mark.text[mark.start]}` isn't closed", mark.start_position


def _explain_bracket(mark: _Place) -> Fault | None:
    is_at_end = "flow" in mark.words and not mark.text[mark.offset :].strip()
    if is_at_end and (open_brackets := _list_open_brackets(mark.text)):
        mark = mark._replace(start=open_brackets[-1])
    opener = mark.text[mark.start : mark.start + 1]
    if "flow" in mark.words and opener in _CLOSERS:
        if 0 not in _list_open_brackets(mark.text[mark.start :]):
            line = mark.start_position[0]
            noun = "list" if opener == "[" else "mapping"
            message = f"expected `,` or `{_CLOSERS[opener]}` in the {noun} that starts on line {line}"
            return message, mark.position
        return f"the `{opener}` isn't closed by a `{_CLOSERS[opener]}`", mark.start_position
    closer = mark.text[mark.offset : mark.offset + 1]
    if closer in _CLOSERS.values() and closer:
        return f"there is no opening bracket for this `{closer}`", mark.position
    return None


def _list_open_brackets(text: str) -> list[int]:
    """Return where brackets are that have no partner. Those in quotes and comments don't count."""
    starts: list[int] = []
    for match in _TOKENS.finditer(text):
        if match[0] in _CLOSERS:
            starts.append(match.start())
        elif match[0] in _CLOSERS.values() and starts:
            starts.pop()
    return starts


def _explain_value(mark: _Place) -> Fault | None:
    position = mark.position
    char = mark.text[mark.offset : mark.offset + 1]
    if "cannot start any token" in mark.words and char and char in _RESERVED:
        name = "a backtick" if char == "`" else f"`{char}`"
        return f"a value that starts with {name} needs quotes", position
    if "alias" in mark.words and mark.text[mark.start : mark.start + 1] == "*":
        return "a value that starts with `*` needs quotes", mark.start_position
    if "mapping values are not allowed" in mark.words:
        before = mark.current_line[: position[1] - 1]
        if re.search(r":\s", before):
            return "a value that contains `: ` needs quotes", position
    return None


def _explain_key(mark: _Place) -> Fault | None:
    """Explain a line that isn't `key: value`, or is where no key of its indentation can be."""
    if "could not find expected ':'" in mark.words:
        line = mark.start_position
        if re.search(r":\S", mark.text[mark.start :].split("\n", 1)[0]):
            return "expected `key: value`, with a space after the `:`", line
        return "expected `key: value`, found no `:`", line
    if "mapping values are not allowed" in mark.words:
        return _explain_unexpected_key(mark)
    if any(part in mark.words for part in ("expected '-'", "expected key", "document start", "<block end>")):
        message = "the indentation doesn't match the lines above"
        return message, mark.position
    return None


def _explain_unexpected_key(mark: _Place) -> Fault:
    above = mark.line_above
    dash = re.match(r"\s*-(?=[^\s-])", above)
    if above and (dash or not re.search(r":(\s|$)", above)):
        line = mark.text[: mark.text.rfind(above, 0, mark.offset)].count("\n") + 1
        sign = "a space after the `-`" if dash else "a `:` and a space after the key"
        return f"expected {sign}", (line, len(above) - len(above.lstrip()) + 1)
    indentation = len(mark.current_line) - len(mark.current_line.lstrip())
    return "the indentation doesn't match the lines above", (mark.line, indentation + 1)
