"""What the formats share whose files say in which role a text is, perhaps below a head of YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import ImportedFile, Prompt
from prompt_lint.request.from_roles import Piece, Turn, build_conversation, make_notes, split_parts
from prompt_lint.text.decode import decode

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence, Sized

    from prompt_lint.model.rules import Role, Rule
    from prompt_lint.model.values import Note, Part, ReadFile
    from prompt_lint.request.from_roles import ToolDefinition

MAX_TURNS = 10_000


class RolePrompt(NamedTuple):
    """The one prompt of a file. `messages` are what is to be noted of the file, with the lines."""

    turns: Sequence[Turn]
    tools: Sequence[ToolDefinition] = ()
    messages: Sequence[tuple[str, int]] = ()


class RoleFormat(NamedTuple):
    """A format with one prompt for each file. `read_file` gets path and text, the role of text that names none, and `read`."""

    read_file: Callable[[str, str, Role, ReadFile], RolePrompt]
    first_role: Role

    def parse(self, path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Note]:
        turns, tools, messages = self.read_file(path, decode(data), rule.role or self.first_role, read)
        paths = dict.fromkeys(piece.path for turn in turns for piece in turn.pieces if piece.path)
        imports = tuple(ImportedFile(imported, imported) for imported in paths)
        yield Prompt(path, "", 1, build_conversation(turns, tools), imports=imports)
        yield from make_notes(path, turns, messages)

    def parts(self, path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterator[Part]:
        """Yield the tools, and the text of each role by heading."""
        turns, tools, _ = self.read_file(path, decode(data), self.first_role, read)
        return split_parts(turns, tools)


def define_tool(name: str, description: object, schema: object) -> dict[str, Any]:
    """Return a tool as the Messages API takes it. Without a description and a schema it has none, and no arguments."""
    described = {"description": description} if isinstance(description, str) else {}
    input_schema = schema if isinstance(schema, dict) else {"type": "object", "properties": {}}
    return {"name": name, **described, "input_schema": input_schema}


class SplitFile(NamedTuple):
    """A head of YAML, and the text below it without the white space before it; with their first lines in the file."""

    head: str
    head_line: int
    body: str
    body_line: int


def split_head(opening: re.Match[str], closing: re.Match[str]) -> SplitFile:
    """Cut a file at the lines before and after its head. Such a line may match with the lines above it."""
    text = opening.string
    body = text[closing.end() :].lstrip()
    head_line, body_line = (
        text.count("\n", 0, start) + 1 for start in (opening.end(), len(text) - len(body))
    )
    return SplitFile(text[opening.end() : closing.start()], head_line, body, body_line)


def check_turns(turns: Sized, line: int) -> None:
    """Raise `Unreadable` for more turns than a conversation has."""
    if len(turns) > MAX_TURNS:
        raise Unreadable(f"has more than {MAX_TURNS:,} turns", "split the file", line)


def strip_piece(text: str, first_line: int, characters: str | None = None) -> Piece:
    """Return a text that starts at `first_line` without the `characters` around it, by default white space."""
    start = len(text) - len(text.lstrip(characters))
    return Piece(text.strip(characters), first_line + text.count("\n", 0, start))
