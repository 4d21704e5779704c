"""Requests one a line (JSONL): each line is a prompt, and a bad line is a problem that doesn't stop the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_lint.formats.request_data import MAX_REPORTED, normalize_data
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.text.json_reader import parse_json
from prompt_lint.text.location import ParseError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.request.included_files import IncludedFiles

# As many as the API takes in one batch.
MAX_LINES = 100_000
ENDINGS = (".jsonl", ".ndjson")
_OTHER_ENDINGS = (".json", ".yaml", ".yml")
# Not what a line without one is called.
_CUSTOM_ID = re.compile(r"(?!line [0-9]+\Z)[^\x00-\x1f\x7f]{1,200}")
_HINT = "each line is a request of its own, on one line; blank lines are ignored"


def has_lines(path: str, text: str) -> bool:
    """Whether a file has a request on each line: by its name, or, where that says nothing (stdin), by its text."""
    name = path.lower()
    if name.endswith((*ENDINGS, *_OTHER_ENDINGS)):
        return name.endswith(ENDINGS)
    first, _, rest = text.lstrip().partition("\n")
    try:
        return first.startswith("{") and bool(rest.strip()) and isinstance(parse_json(first), dict)
    except ParseError:
        return False


def read_lines(path: str, text: str, included_files: IncludedFiles) -> Iterator[Prompt | Problem | Note]:
    """Yield a prompt or a problem for each line, and each different note once, with the first line that it is about."""
    number = text.count("\n") + (not text.endswith("\n"))
    if number > MAX_LINES:
        message = f"has {number:,} lines, and no batch may have more than {MAX_LINES:,}"
        raise Unreadable(message, "split it into several files")
    names: set[str] = set()
    notes: dict[str, int] = {}
    bad_lines = 0
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            data = parse_json(content)
            request, remarks = normalize_data(data, included_files)
        except (ParseError, ShapeError) as error:
            bad_lines += 1
            if bad_lines <= MAX_REPORTED:
                yield _make_problem(path, line, error)
            continue
        for message, _ in remarks:
            if len(notes) < MAX_REPORTED:
                notes.setdefault(message, line)
        yield Prompt(path, _name_line(data, line, names), line, request)
    if bad_lines > MAX_REPORTED:
        message = f"has {bad_lines - MAX_REPORTED:,} more lines that aren't requests"
        yield Problem(path, 0, message, _HINT)
    yield from (Note(message, path, line, "content") for message, line in notes.items())


def _make_problem(path: str, line: int, error: ParseError | ShapeError) -> Problem:
    if isinstance(error, ShapeError):
        return Problem(path, line, error.message, error.hint)
    return Problem(path, line, error.describe(), _HINT)


def _name_line(data: object, line: int, names: set[str]) -> str:
    """Return the `custom_id` of a line, as batches have it, or the number of a line without one of its own."""
    custom_id = data.get("custom_id") if isinstance(data, dict) else None
    if isinstance(custom_id, str) and _CUSTOM_ID.fullmatch(custom_id) and custom_id not in names:
        names.add(custom_id)
        return custom_id
    return f"line {line}"
