"""What a prompt file says in which role → the request, and where its tokens are. For formats that keep text only."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Part, Request
from prompt_lint.text.location import ParseError
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.text.yaml_reader import YamlDocument

BAD_FRONTMATTER = (
    "the frontmatter isn't plain YAML, so nothing in it was read; the text below it counts all the same"
)
STRUCTURED_OUTPUT = "asks for structured output, whose schema isn't counted"
TOOLS_ELSEWHERE = "has tools that the file doesn't define in full; they aren't counted"
AT_RUN_TIME = "takes in media or a conversation when it runs; they aren't counted"


class Piece(NamedTuple):
    """Text that begins in a line of a file; in lines `line` to `last` where it isn't there as it stands (YAML).

    `path` is the file, where it isn't the prompt's own, and `via` the files that lead there, the prompt's own first.
    """

    text: str
    first_line: int
    last_line: int = 0
    path: str = ""
    import_chain: tuple[str, ...] = ()


class Turn(NamedTuple):
    """Text in one role: `system`, `user` or `assistant`."""

    role: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class ToolDefinition(NamedTuple):
    """A tool as the Messages API takes it, and the lines that define it."""

    definition: Mapping[str, Any]
    first_line: int
    last_line: int


def build_request(turns: Sequence[Turn], tools: Sequence[ToolDefinition] = ()) -> Request | None:
    """The system prompts joined, the other turns in their order; None where there is nothing.

    Blank turns are dropped: the API refuses them.
    """
    told = [turn.text for turn in turns if turn.role == "system" and turn.text.strip()]
    said: list[Mapping[str, Any]] = [
        {"role": turn.role, "content": turn.text}
        for turn in turns
        if turn.role != "system" and turn.text.strip()
    ]
    if not told and not said and not tools:
        return None
    fields: dict[str, Any] = {"system": "\n\n".join(told)} if told else {}
    if tools:
        fields["tools"] = [tool.definition for tool in tools]
    # The newer models refuse a conversation that ends with the assistant, and all refuse an empty one.
    if not said or said[-1]["role"] == "assistant":
        said.append(PLACEHOLDER_MESSAGE)
    return Request({**fields, "messages": said})


def split_parts(turns: Iterable[Turn], tools: Sequence[ToolDefinition] = ()) -> Iterator[Part]:
    """The tools, and the turns as the request numbers them; by heading, where they have headings."""
    for number, (definition, line, last) in enumerate(tools):
        name = f"tools[{number}] {definition['name']}"
        yield Part(name, line, last, json.dumps(definition, ensure_ascii=False))
    number = 0
    for turn in turns:
        title = turn.role
        if not turn.text.strip():
            continue
        if turn.role != "system":
            title = f"messages[{number}] {turn.role}"
            number += 1
        for _, pieces in groupby(turn.pieces, lambda piece: (piece.path, piece.import_chain)):
            yield from _split_sections(list(pieces), title)


def _split_sections(pieces: Sequence[Piece], title: str) -> Iterator[Part]:
    """By heading, or as one where there is none. The pieces are of one file, with what isn't sent between them."""
    shown = [_trim_piece(piece) for piece in pieces if piece.text.strip()]
    found = [
        (piece, [] if piece.last_line else split_sections(piece.text, piece.first_line)) for piece in shown
    ]
    if any(section.title for _, sections in found for section in sections):
        for piece, sections in found:
            for name, start, end, body, *_ in sections:
                yield Part(name or title, start, end, body, piece.path, piece.import_chain)
    elif shown:
        end = shown[-1].last_line or shown[-1].first_line + shown[-1].text.count("\n")
        text = "".join(piece.text for piece in pieces)
        yield Part(title, shown[0].first_line, end, text, shown[0].path, shown[0].import_chain)


def _trim_piece(piece: Piece) -> Piece:
    """Without the blank lines around it, which nobody wants to be shown."""
    if piece.last_line:
        return piece
    above = piece.text[: len(piece.text) - len(piece.text.lstrip())].count("\n")
    lines = piece.text.split("\n")[above:]
    return piece._replace(text="\n".join(lines).rstrip("\n"), first_line=piece.first_line + above)


class YamlHead(NamedTuple):
    """The YAML of a prompt file, or of the frontmatter above one; `line` is where it begins, `last` its last line."""

    document: YamlDocument
    first_line: int
    last_line: int

    def get_value(self, *keys: str) -> Any:
        """The value that the keys lead to; None where there is none."""
        value = self.document.data
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def find_line(self, *where: str | int) -> int:
        """Never below the last: YAML knows more ends of lines than there are."""
        return min(self.first_line - 1 + self.document.positions.get(where, (1, 1))[0], self.last_line)

    def list_entries(self, *keys: str) -> list[tuple[str | int, Any, int, int]]:
        """Each index or key of a list or mapping, with its value and the first and last line of that."""
        value = self.get_value(*keys)
        if not isinstance(value, (list, dict)) or not value:
            return []
        found = list(value.items() if isinstance(value, dict) else enumerate(value))
        begins = [self.find_line(*keys, key) for key, _ in found]
        others = (
            line
            for where, (mark, _) in self.document.key_positions.items()
            if where[: len(keys)] != keys
            and begins[-1] < (line := mark + self.first_line - 1) <= self.last_line
        )
        ends = [*begins[1:], min(others, default=self.last_line + 1)]
        return [
            (key, one, line, max(line, following - 1))
            for (key, one), line, following in zip(found, begins, ends, strict=True)
        ]


def parse_head(text: str, line: int) -> YamlHead | None:
    """Frontmatter, or None where it can't be read as a mapping. `line` is that of its first line."""
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # YAML is dear, and few prompts have any

    try:
        document = yaml_reader.parse_yaml(text, yaml_reader.PROMPT_LIMITS)
    except ParseError:
        return None
    if document.data is None:
        document = document._replace(data={})
    if not isinstance(document.data, dict):
        return None
    return YamlHead(document, line, line + max(0, text.count("\n") - text.endswith("\n")))


def make_notes(path: str, turns: Iterable[Turn], said: Iterable[tuple[str, int]]) -> Iterator[Note]:
    """The notes on a file: what is `said` of a line of it, and that templates aren't expanded."""
    for message, line in said:
        yield Note(message, path, line)
    for turn in turns:
        for piece in turn.pieces:
            if note := next(note_placeholders(path, piece.text, piece.first_line, is_template=True), None):
                yield note._replace(
                    path=piece.path or path, line=piece.first_line if piece.last_line else note.line
                )
                return
