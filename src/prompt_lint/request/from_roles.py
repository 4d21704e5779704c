"""The texts of a prompt file by role → the request, and where its tokens are. For formats that hold text only."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Part, Request
from prompt_lint.request.flatten import render_tool
from prompt_lint.request.tools import check_names
from prompt_lint.text.location import ShapeError
from prompt_lint.text.markdown_sections import split_sections
from prompt_lint.text.template_markers import FILE_ADDRESS_NOTE, is_file_address, note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

BAD_FRONTMATTER = (
    "the frontmatter isn't plain YAML, so nothing in it was read; the text below it counts all the same"
)
STRUCTURED_OUTPUT = "asks for structured output, whose schema isn't counted"
TOOLS_ELSEWHERE = "has tools that the file doesn't define in full; they aren't counted"
AT_RUN_TIME = "takes in media or a conversation when it runs; they aren't counted"


class Piece(NamedTuple):
    """Text from a file. `last_line` is 0 where the file has the text as it is, not as the value of a key in YAML.

    `path` is the file, where it isn't the prompt's own, and `import_chain` the files that lead there, the prompt's
    own first.
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


def build_conversation(turns: Sequence[Turn], tools: Sequence[ToolDefinition] = ()) -> Request | None:
    """Return a request with the system prompts joined, and the other turns in their order; None for nothing to send.

    Blank turns are dropped: the API refuses them. Raises `Unreadable` for tools that it refuses, with the line.
    """
    try:
        check_names([(("tools", number), tool.definition) for number, tool in enumerate(tools)])
    except ShapeError as error:
        raise Unreadable(error.message, error.hint, tools[int(error.key_path[1])].first_line) from None
    spoken = [turn for turn in turns if turn.text.strip()]
    system = [turn.text for turn in spoken if turn.role == "system"]
    messages: list[Mapping[str, Any]] = [
        {"role": turn.role, "content": turn.text} for turn in spoken if turn.role != "system"
    ]
    if not spoken and not tools:
        return None
    fields: dict[str, Any] = {"system": "\n\n".join(system)} if system else {}
    if tools:
        fields["tools"] = [tool.definition for tool in tools]
    # The newer models refuse a conversation that ends with the assistant, and all refuse an empty one.
    if not messages or messages[-1]["role"] == "assistant":
        messages.append(PLACEHOLDER_MESSAGE)
    return Request({**fields, "messages": messages})


def split_parts(turns: Iterable[Turn], tools: Sequence[ToolDefinition]) -> Iterator[Part]:
    """Yield the tools, and the turns as the request numbers them; by heading, where they have headings."""
    for number, (definition, first_line, last_line) in enumerate(tools):
        title = f"tools[{number}] {definition['name']}"
        yield Part(title, first_line, last_line, render_tool(definition))
    number = 0
    for turn in turns:
        title = turn.role
        if not turn.text.strip():
            continue
        if turn.role != "system":
            title = f"messages[{number}] {turn.role}"
            number += 1
        for _, pieces in groupby(turn.pieces, lambda piece: (piece.path, piece.import_chain)):
            yield from split_pieces(list(pieces), title)


def split_pieces(pieces: Sequence[Piece], title: str) -> Iterator[Part]:
    """Split pieces of one file by heading; they are one part where there is none."""
    shown = [_trim_piece(piece) for piece in pieces if piece.text.strip()]
    split = [
        (piece, [] if piece.last_line else split_sections(piece.text, piece.first_line)) for piece in shown
    ]
    if any(section.title for _, sections in split for section in sections):
        for piece, sections in split:
            for section in sections:
                yield section._replace(
                    title=section.title or title, path=piece.path, import_chain=piece.import_chain
                )
    elif shown:
        first, last = shown[0], shown[-1]
        last_line = last.last_line or last.first_line + last.text.count("\n")
        text = "".join(piece.text for piece in pieces)
        yield Part(title, first.first_line, last_line, text, first.path, first.import_chain)


def _trim_piece(piece: Piece) -> Piece:
    """Cut off the blank lines around a piece."""
    if piece.last_line:
        return piece
    blank = piece.text[: len(piece.text) - len(piece.text.lstrip())].count("\n")
    lines = piece.text.split("\n")[blank:]
    return piece._replace(text="\n".join(lines).rstrip("\n"), first_line=piece.first_line + blank)


def make_notes(path: str, turns: Iterable[Turn], messages: Iterable[tuple[str, int]]) -> Iterator[Note]:
    """Yield a note for each message with its line, for texts that name a file instead, and for the first placeholder."""
    for message, line in messages:
        yield Note(message, path, line, "frontmatter" if message == BAD_FRONTMATTER else "content")
    for turn in turns:
        if is_file_address(turn.text):
            address = next(_trim_piece(piece) for piece in turn.pieces if piece.text.strip())
            yield Note(FILE_ADDRESS_NOTE, address.path or path, address.first_line, "content")
        for piece in turn.pieces:
            if note := next(note_placeholders(path, piece.text, piece.first_line, is_template=True), None):
                line = piece.first_line if piece.last_line else note.line
                yield note._replace(path=piece.path or path, line=line)
                return
