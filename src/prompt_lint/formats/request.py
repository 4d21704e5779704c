"""`request`: a file in the shape of a Messages request, or of OpenAI's chat API, as JSON or YAML; or one a line (JSONL).

A bare list of messages is one, too, and so is what wraps a request in a batch. What can't be told apart from a
mistake is a problem, never a small number, and never text.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Note, Part, Problem, Prompt
from prompt_lint.request import extra_keys
from prompt_lint.request.flatten import flatten
from prompt_lint.request.included_files import IncludedFiles
from prompt_lint.request.normalize import describe_data, normalize_request
from prompt_lint.request.tools import get_tool_name
from prompt_lint.text import json_reader
from prompt_lint.text.decode import decode
from prompt_lint.text.document import TEXT_HINT, parse_document
from prompt_lint.text.location import ParseError, ShapeError, describe_type
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE as PLACEHOLDERS
from prompt_lint.text.template_markers import note_placeholders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.model.values import ReadFile, Request, Rule
    from prompt_lint.text.location import KeyPath


_JSONL = (".jsonl", ".ndjson")
_EXTENSIONS = (".json", ".yaml", ".yml", *_JSONL)
# As many as the API takes in one batch.
MOST_LINES = 100_000
# Bad lines that are told one by one, and different notes on one file.
MOST_TOLD = 1000
# What wraps a request: in the API's batches, and in OpenAI's.
_WRAPS = ("params", "body")
_CUSTOM_ID = r"(?!line [0-9]+\Z)[^\x00-\x1f\x7f]{1,200}"

_LINE_HINT = "each line is a request of its own, on one line; blank lines are passed over"


def recognise(path: str, data: bytes) -> str | None:
    """By extension alone: a JSON or YAML file of another shape is told, never counted as text unasked."""
    suffix = path[path.rfind(".") :].lower()
    if path.lower().endswith(_JSONL):
        return f"each line of a {suffix} file is read as a Messages request"
    return f"a {suffix} file is read as a Messages request"


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Problem | Note]:
    """One prompt, or one for each line. Raises `Unreadable`, with the line, for an unknown shape."""
    text = decode(data)
    if not text.strip():
        raise Unreadable("is empty, so it isn't a request", TEXT_HINT, 1)
    beside = IncludedFiles(path, read)
    if path.lower().endswith(_JSONL) or _are_lines(path, text):
        yield from _each_line(path, text, beside)
        return
    source = parse_document(path, data)
    try:
        request, said = _mapped(source.data, beside)
    except ShapeError as fault:
        raise Unreadable(fault.message, fault.hint, source.find_line(fault.key_path)) from None
    yield Prompt(path, "", 1, request)
    for (message, _), line in zip(
        said, source.find_lines([where for _, where in said]) if said else [], strict=True
    ):
        yield Note(message, path, line)
    if "{{" in text or "{%" in text:
        told = (place for place in _places(source.data) if next(note_placeholders(path, place.text), None))
        yield from (Note(PLACEHOLDERS, path, source.find_line(place.where)) for place in islice(told, 1))


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """The system prompt, each tool and each message, with their lines. Files that are put in aren't part of them."""
    if path.lower().endswith(_JSONL) or _are_lines(path, decode(data)):
        line = parse_document(".json", _line(data, prompt.line))
        return [Part(place.title, prompt.line, prompt.line, place.text) for place in _places(line.data)]
    source = parse_document(path, data)
    places = _places(source.data)
    lines = source.find_lines([place.where for place in places])
    return [
        Part(place.title, first, max(first, end), place.text)
        for place, first, end in zip(places, lines, _ends(lines, source.text.count("\n") + 1), strict=True)
    ]


def _ends(lines: Sequence[int], last: int) -> list[int]:
    """The line before the next part begins, wherever in the file that is."""
    begins = sorted({*lines, last + 1})
    following = dict(pairwise(begins))
    return [following.get(line, last + 1) - 1 for line in lines]


# ---------------------------------------------------------------------------------------------------------
# One request


class _Outline(NamedTuple):
    """Where a request is in the data of a file. `cut` steps of a place in the request aren't there in the data."""

    fields: Mapping[str, Any]
    prefix: KeyPath
    cut: int = 0

    def place(self, where: KeyPath) -> KeyPath:
        return (*self.prefix, *where[self.cut :])


def _outline(data: object) -> _Outline:
    """Raises `ShapeError` for a shape that nobody knows."""
    if isinstance(data, list) and (not data or any(isinstance(one, dict) and "role" in one for one in data)):
        return _Outline({"messages": data}, (), 1)
    if not isinstance(data, dict) and not isinstance(data, list):
        raise ShapeError((), f"is {describe_type(data)}, not a request", TEXT_HINT)
    if isinstance(data, dict):
        if _counts(data):
            return _Outline(data, ())
        wraps = [key for key in _WRAPS if isinstance(data.get(key), dict)]
        if len(wraps) > 1:
            raise ShapeError((wraps[1],), "has both `params` and `body`, and only one can be the request")
        if wraps and _counts(data[wraps[0]]):
            return _Outline(data[wraps[0]], (wraps[0],))
        if wraps:
            raise ShapeError((wraps[0],), f"`{wraps[0]}` {_none(data[wraps[0]])}", TEXT_HINT)
    raise ShapeError((), _none(data), TEXT_HINT)


def _counts(fields: Mapping[str, Any]) -> bool:
    """Whether there is anything to count: beside it stands a stub, which alone would be a small, green number."""
    return (
        fields.get("messages") is not None
        or fields.get("system") not in (None, "")
        or fields.get("tools") not in (None, [])
    )


def _none(data: object) -> str:
    empty = isinstance(data, dict) and (data.get("system") is not None or data.get("tools") is not None)
    told = (
        "nothing in `system` and `tools`, and no `messages`"
        if empty
        else "none of `messages`, `system` and `tools`"
    )
    return f"has {told}, so it isn't a request: {describe_data(data)}"


def _mapped(data: object, beside: IncludedFiles) -> tuple[Request, list[tuple[str, KeyPath]]]:
    """The request, and what is to be said of it, each with its place in the data. Raises `ShapeError` with such a place."""
    outline = _outline(data)
    around = data if outline.fields is not data and isinstance(data, dict) else {}
    beside_it: list[tuple[str, KeyPath]] = [
        (told, (key,)) for key, told in extra_keys.note_wrapper_keys(around)
    ]
    try:
        request, said = normalize_request(outline.fields, beside)
    except ShapeError as fault:
        raise ShapeError(outline.place(fault.key_path), fault.message, fault.hint) from None
    first = dict(reversed(said))
    told = [*beside_it, *((message, outline.place(where)) for message, where in first.items())]
    return request, told[:MOST_TOLD]


# ---------------------------------------------------------------------------------------------------------
# One request a line


def _are_lines(path: str, text: str) -> bool:
    """Of a name that says nothing (stdin): whether the first line alone is an object, and more follow."""
    if path.lower().endswith(_EXTENSIONS) or not text.lstrip().startswith("{"):
        return False
    first, _, rest = text.lstrip().partition("\n")
    try:
        return bool(rest.strip()) and isinstance(json_reader.parse_json(first), dict)
    except ParseError:
        return False


def _each_line(path: str, text: str, beside: IncludedFiles) -> Iterator[Prompt | Problem | Note]:
    """A prompt for each line; a bad line is a problem, and the others count. One note of a kind for the file."""
    number = text.count("\n") + (not text.endswith("\n"))
    if number > MOST_LINES:
        told = f"has {number:,} lines, and no batch may have more than {MOST_LINES:,}"
        raise Unreadable(told, "split it into several files")
    names: set[str] = set()
    notes: dict[str, int] = {}
    bad = 0
    for at, line in _lines(text):
        try:
            data = json_reader.parse_json(line)
            request, said = _mapped(data, beside)
        except (ParseError, ShapeError) as fault:
            bad += 1
            if bad <= MOST_TOLD:
                yield _problem(path, at, fault)
            continue
        for message, _ in said:
            if len(notes) < MOST_TOLD:
                notes.setdefault(message, at)
        yield Prompt(path, _line_name(data, at, names), at, request)
    if bad > MOST_TOLD:
        yield Problem(path, 0, f"has {bad - MOST_TOLD:,} more lines that aren't requests", _LINE_HINT)
    yield from (Note(message, path, at) for message, at in notes.items())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Those that aren't blank, with their numbers. A line at a time: there may be many, and they may be long."""
    start, number = 0, 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        line = text[start:end]
        if line.strip():
            yield number, line
        start = end + 1


def _line(data: bytes, number: int) -> bytes:
    """A line by its number, without making a text of all the others."""
    start = 0
    for _ in range(number - 1):
        start = data.find(b"\n", start) + 1
    end = data.find(b"\n", start)
    return data[start : end if end >= 0 else len(data)]


def _problem(path: str, line: int, fault: ParseError | ShapeError) -> Problem:
    if isinstance(fault, ShapeError):
        return Problem(path, line, fault.message, fault.hint)
    column = f" (column {fault.column})" if fault.column else ""
    return Problem(path, line, f"{fault.message}{column}", _LINE_HINT)


def _line_name(data: object, line: int, names: set[str]) -> str:
    """Its `custom_id`, as batches have them; where it has none of its own, its line."""
    given = data.get("custom_id") if isinstance(data, dict) else None
    if isinstance(given, str) and re.fullmatch(_CUSTOM_ID, given) and given not in names:
        names.add(given)
        return given
    return f"line {line}"


# ---------------------------------------------------------------------------------------------------------
# Where the tokens are


class _Place(NamedTuple):
    where: KeyPath
    title: str
    text: str


def _places(data: object) -> list[_Place]:
    """Raises `Unreadable` for another shape: a file may have been swapped since it was parsed."""
    try:
        outline = _outline(data)
    except ShapeError as fault:
        raise Unreadable(fault.message, fault.hint) from None
    found: list[_Place] = []
    for key, value in outline.fields.items():
        if value is None:
            continue
        if key == "system":
            found.append(_Place(outline.place((key,)), key, flatten(value)))
        elif key in {"tools", "messages"} and isinstance(value, list):
            title: Callable[[Any], str] = get_tool_name if key == "tools" else _spoken
            found += [
                _Place(outline.place((key, n)), f"{key}[{n}] {title(one)}", flatten(one))
                for n, one in enumerate(value)
            ]
    return found


def _spoken(turn: Any) -> str:
    """Whose turn it is, and that there are images in it: their tokens can't be had from its text."""
    if not isinstance(turn, dict):
        return ""
    number = _images(turn.get("content"))
    return f"{turn.get('role')}{f' and {number} image' + 's' * (number > 1) if number else ''}"


def _images(content: object) -> int:
    if not isinstance(content, list):
        return 0
    blocks = [block for block in content if isinstance(block, dict)]
    return sum(block.get("type") in _IMAGES or _images(block.get("content")) for block in blocks)


_IMAGES = ("image", "image_url")
