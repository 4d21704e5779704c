"""`request`: a file in the shape of a Messages request, or of OpenAI's chat API, as JSON or YAML; or one a line (JSONL).

What can't be told apart from a mistake is a problem, never a small number, and never text.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from prompt_lint.formats.data_files import add_line, make_notes, make_parts
from prompt_lint.formats.request_data import list_items, normalize_data
from prompt_lint.formats.request_lines import ENDINGS, has_lines, read_lines
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Note, Part, Prompt
from prompt_lint.request.included_files import IncludedFiles
from prompt_lint.text.decode import decode
from prompt_lint.text.document import TEXT_HINT, parse_document
from prompt_lint.text.location import ShapeError
from prompt_lint.text.template_markers import PLACEHOLDERS_NOTE, note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Problem, ReadFile


def recognise(path: str, data: bytes) -> str | None:
    """By extension alone: a JSON or YAML file of another shape is reported, never counted as text unasked."""
    extension = path[path.rfind(".") :].lower()
    if extension in ENDINGS:
        return f"each line of a {extension} file is read as a Messages request"
    return f"a {extension} file is read as a Messages request"


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Problem | Note]:
    """Yield one prompt, or one for each line. Raises `Unreadable`, with the line, for an unknown shape."""
    text = decode(data)
    if not text.strip():
        raise Unreadable("is empty, so it isn't a request", TEXT_HINT, 1)
    included_files = IncludedFiles(path, read)
    if has_lines(path, text):
        yield from read_lines(path, text, included_files)
        return
    document = parse_document(path, data)
    try:
        request, remarks = normalize_data(document.data, included_files)
    except ShapeError as error:
        raise add_line(error, document) from None
    yield Prompt(path, "", 1, request)
    yield from make_notes(path, document, remarks)
    if "{{" in text or "{%" in text:
        items = list_items(document.data)
        templates = (item for item in items if next(note_placeholders(path, item.text), None))
        for item in islice(templates, 1):
            yield Note(PLACEHOLDERS_NOTE, path, document.find_line(item.key_path), "placeholders")


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> list[Part]:
    """Return the system prompt, each tool and each message, with their lines. Files that are included aren't part of them."""
    if has_lines(path, decode(data)):
        line = data.split(b"\n", prompt.line)[: prompt.line][-1]  # the file may have changed since
        items = list_items(parse_document(".json", line).data)
        return [Part(item.title, prompt.line, prompt.line, item.text) for item in items]
    document = parse_document(path, data)
    return make_parts(document, list_items(document.data))
