"""`dotprompt`: Handlebars with helpers that name roles, and partials in files beside it (specification and source, 2026)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.formats.role_prompts import RoleFormat, RolePrompt, check_turns, define_tool, split_head
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.request.from_roles import (
    AT_RUN_TIME,
    BAD_FRONTMATTER,
    STRUCTURED_OUTPUT,
    TOOLS_ELSEWHERE,
    Piece,
    ToolDefinition,
    Turn,
)
from prompt_lint.text.decode import decode, decode_leniently
from prompt_lint.text.yaml_head import YamlHead, parse_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.rules import Role
    from prompt_lint.model.values import ReadFile

# Blank lines and lines of a licence may be above the frontmatter.
_OPENING = re.compile(r"(?:(?:#[^\n]*|[ \t]*)\n)*+---[ \t]*\n")
_CLOSING = re.compile(r"^---[ \t]*$", re.MULTILINE)
_KEY = re.compile(
    r"^[\"']?(?:model|config|input|output|tools|toolDefs|name|description|variant|version|ext)\b[\"']?[ \t]*:",
    re.MULTILINE,
)
_HELPER = re.compile(r"{{~?#?(?:>|\s*+(?:role\s+[\"']|history\s*~?}}|media\s+url))")

_TAG = re.compile(
    r"(?<!\\){{~?(?:"
    r"(?P<long>!--)|(?P<comment>!)"
    r"|\s*+(?P<role>(?:#\s*+)?role)\s++[\"'](?P<name>[^\"'{}\n]*+)[\"'][^{}]*+}}|(?P<end>/\s*+role\s*+~?}})"
    r"|(?P<block>#?)>\s*+[\"']?(?P<partial>[^\s{}()\"'=~@|]++)[^{}]*+}}"
    r")"
)
_LONG_COMMENT_END = re.compile(r"--~?}}")
_INLINE_PARTIAL = re.compile(r"{{~?#\*\s*inline\s+[\"']([^\"'{}]+)[\"']")
_REST_OF_LINE = re.compile(r"[ \t]*(?:\n|\Z)")
_AT_RUN_TIME_HELPER = re.compile(r"{{~?#?\s*+(?:history\s*~?}}|media\s)")

_ROLES = {"system": "system", "user": "user", "tool": "user", "model": "assistant", "assistant": "assistant"}

# Bounds of how deep partials are nested, of their number, and of their characters together. A real prompt includes a handful.
_MAX_DEPTH = 20
_MAX_PARTIALS = 1_000
_MAX_CHARACTERS = 8 * 1024 * 1024


def recognise(path: str, data: bytes) -> str | None:
    """Recognise dotprompt by its content: a `.prompt` file may also be plain text or Continue's."""
    text = decode_leniently(data)
    opening, closing = _find_frontmatter(text)
    if opening and closing:
        is_empty = closing.start() == opening.end()
        if is_empty or _KEY.search(text, opening.end(), closing.start()):
            return "a .prompt file with frontmatter between lines of `---` is read as dotprompt"
    if _HELPER.search(text):
        return "a .prompt file with helpers of dotprompt (`{{role …}}`, `{{> …}}`) is read as dotprompt"
    return None


def _read_file(path: str, text: str, first_role: Role, read: ReadFile) -> RolePrompt:
    """Take in the text of partials. Raises `Unreadable` for a partial that is missing or includes itself."""
    opening, closing = _find_frontmatter(text)
    if not opening or not closing:
        turns = _split_turns(text, 1, first_role, _Partials(read, path, text))
        return RolePrompt(turns, (), list(_note_run_time(turns)))
    split = split_head(opening, closing)
    head = parse_head(split.head, split.head_line)
    body = split.body.rstrip()
    turns = _split_turns(body, split.body_line, first_role, _Partials(read, path, body))
    messages = [(BAD_FRONTMATTER, split.head_line)] if head is None else list(_make_messages(head))
    return RolePrompt(turns, _read_tools(head) if head else (), [*messages, *_note_run_time(turns)])


_FORMAT = RoleFormat(_read_file, "user")
parse, parts = _FORMAT.parse, _FORMAT.parts


def _find_frontmatter(text: str) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    opening = _OPENING.match(text)
    return opening, _CLOSING.search(text, opening.end()) if opening else None


def _make_messages(head: YamlHead) -> Iterator[tuple[str, int]]:
    if head.get_value("output", "schema"):
        yield STRUCTURED_OUTPUT, head.find_line("output")
    if head.get_value("tools"):
        yield TOOLS_ELSEWHERE, head.find_line("tools")
    elif undefined_line := _find_undefined_tool(head):
        yield TOOLS_ELSEWHERE, undefined_line


def _note_run_time(turns: list[Turn]) -> Iterator[tuple[str, int]]:
    """Yield a message on the first helper that takes in media or a conversation, in the file itself, not in partials."""
    for turn in turns:
        for piece in turn.pieces:
            if piece.path == "" and (match := _AT_RUN_TIME_HELPER.search(piece.text)):
                yield AT_RUN_TIME, piece.first_line + piece.text.count("\n", 0, match.start())
                return


def _find_undefined_tool(head: YamlHead) -> int:
    """Return the line of the first of `toolDefs` that has no name, so that it can't be counted; 0 for none."""
    if head.get_value("toolDefs") and not isinstance(head.get_value("toolDefs"), (list, dict)):
        return head.find_line("toolDefs")
    entries = head.list_entries("toolDefs")
    return next((entry.first_line for entry in entries if not _is_defined(entry.value)), 0)


def _is_defined(tool: object) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("name"), str)


def _read_tools(head: YamlHead) -> list[ToolDefinition]:
    """Return the tools that `toolDefs` defines. `tools` only names tools that the program defines."""
    return [
        ToolDefinition(
            define_tool(tool["name"], tool.get("description"), tool.get("inputSchema")), first_line, last_line
        )
        for _, tool, first_line, last_line in head.list_entries("toolDefs")
        if _is_defined(tool)
    ]


class _Source(NamedTuple):
    """The file that a text comes from; `path` is "" for the prompt itself.

    `import_chain` lists the files that lead to a partial, the first of which does so in its line `including_line`.
    """

    path: str = ""
    import_chain: tuple[str, ...] = ()
    including_line: int = 0


class _RoleTag(NamedTuple):
    """The start of a role; or the end of one, if `role` is empty."""

    role: str


def _split_turns(text: str, first_line: int, first_role: str, partials: _Partials) -> list[Turn]:
    """Split a text at the helpers that name a role. The text before the first of them has the role `first_role`."""
    turns: list[Turn] = []
    role, pieces = first_role, list[Piece]()
    for item in partials.expand(text, first_line, _Source()):
        if isinstance(item, _RoleTag):
            turns.append(Turn(role, tuple(pieces)))
            check_turns(turns, pieces[-1].first_line if pieces else first_line)
            role, pieces = item.role or first_role, []
        else:
            pieces.append(item)
    return [*turns, Turn(role, tuple(pieces))]


class _Partials:
    def __init__(self, read: ReadFile, path: str, text: str) -> None:
        self._read = read
        self._path = path
        self._inline = set(_INLINE_PARTIAL.findall(text))
        self._partials = 0
        self._characters = 0

    def expand(self, text: str, line: int, source: _Source) -> Iterator[Piece | _RoleTag]:
        """Yield the text and the starts and ends of roles, in order; each piece stands in one file as it is."""
        offset = 0
        for tag in _find_tags(text):
            if tag.kind == "partial" and tag.name in self._inline:
                continue
            if offset < tag.start:
                yield Piece(text[offset : tag.start], line, 0, source.path, source.import_chain)
            line += text.count("\n", offset, tag.start)
            offset = tag.end
            including_line = source.including_line or line
            if tag.kind == "partial":
                yield from self._include(tag, source._replace(including_line=including_line))
            elif tag.kind == "role":
                yield _RoleTag(_parse_role(tag.name, including_line))
            line += text.count("\n", tag.start, tag.end)
        if offset < len(text):
            yield Piece(text[offset:], line, 0, source.path, source.import_chain)

    def _include(self, tag: _Tag, includer: _Source) -> Iterator[Piece | _RoleTag]:
        line = includer.including_line
        self._partials += 1
        if self._partials > _MAX_PARTIALS:
            raise Unreadable(f"takes in more than {_MAX_PARTIALS:,} partials", "take in fewer", line)
        partial = self._find_partial(tag.name, line)
        if partial is None:
            if tag.is_block:  # the text of the block replaces the partial
                return
            raise _explain_missing_partial(tag.name, includer)
        path, text = partial
        chain = (*includer.import_chain, includer.path or self._path)
        if path in chain:
            circle = " → ".join((*chain[chain.index(path) :], path))
            raise Unreadable(f"a partial takes in itself: {circle}", "take one of them out", line)
        self._characters += len(text)
        if len(chain) > _MAX_DEPTH:
            raise Unreadable(f"takes in partials more than {_MAX_DEPTH} deep", "take in fewer", line)
        if self._characters > _MAX_CHARACTERS:
            raise Unreadable("takes in too large partials", "take in fewer", line)
        yield from self.expand(text, 1, _Source(path, chain, line))

    def _find_partial(self, name: str, line: int) -> tuple[str, str] | None:
        """Return the real path and the text of a partial; None if the prompt's folder and those above it lack it.

        Raises `Unreadable` where no partial may have such a name, or the partial can't be read.
        """
        names = name.split("/")
        if {"", ".", ".."} & set(names) or name.startswith("~") or "\\" in name:
            message = f"takes in `{name[:200]}`, which isn't the name of a partial"
            raise Unreadable(message, "name a file below the folder of the prompts", line)
        file = "/".join([*names[:-1], f"_{names[-1]}.prompt"])
        for folder in _list_ancestors(self._path):
            for relative_path in (file, f"partials/{file}"):
                path = posixpath.join(folder, relative_path)
                try:
                    real_path, data = self._read(path)
                    return real_path, decode(data)
                except MissingFile:
                    continue
                except Unreadable as error:
                    message = f"the partial `{path}` {error.message}"
                    raise Unreadable(message, error.hint, line) from None
        return None


def _parse_role(name: str, line: int) -> str:
    if name and name not in _ROLES:
        message = f"has the role `{name[:60]}`; known are system, user, model and tool"
        raise Unreadable(message, "use one of them", line)
    return _ROLES.get(name, "")


def _explain_missing_partial(name: str, includer: _Source) -> Unreadable:
    by_includer = f", which `{includer.path}` takes in," if includer.path else ""
    file = f"_{posixpath.basename(name)[:200]}.prompt"
    return Unreadable(
        f"the partial `{name[:200]}`{by_includer} is not there",
        f"put `{file}` beside the prompt or in a folder above it; if the program registers it, say `format: text`",
        includer.including_line,
    )


def _list_ancestors(path: str) -> Iterator[str]:
    """Yield the folder of a file, then each folder above it; nothing for an absolute path."""
    folder = posixpath.dirname(path)
    while not path.startswith("/"):
        yield folder
        if not folder:
            return
        folder = posixpath.dirname(folder)


class _Tag(NamedTuple):
    """A comment, the start of a role, the end of one (whose `name` is empty), or a partial; from `start` to `end`."""

    kind: Literal["comment", "role", "partial"]
    name: str
    start: int
    end: int
    is_block: bool = False


def _find_tags(text: str) -> Iterator[_Tag]:
    """Yield the tags of a text, in order. A tag that is alone in its line includes the line, except `{{role …}}`."""
    previous_end = search_start = 0
    unclosed: set[str] = set()
    while match := _TAG.search(text, search_start):
        group, start, end = str(match.lastgroup), match.start(), match.end()
        search_start = end
        if group in {"long", "comment"}:
            comment_end = None if group in unclosed else _find_comment_end(text, end, group)
            if comment_end is None:
                unclosed.add(group)
                continue
            end = comment_end
        if match["role"] != "role":
            start, end = _extend_to_line(text, previous_end, start, end)
        previous_end = search_start = end
        if group == "partial":
            yield _Tag("partial", match["partial"], start, end, is_block=bool(match["block"]))
        else:
            yield _Tag("role" if group in {"name", "end"} else "comment", match["name"] or "", start, end)


def _find_comment_end(text: str, start: int, group: str) -> int | None:
    if group == "long":
        match = _LONG_COMMENT_END.search(text, start)
        return match.end() if match else None
    end = text.find("}}", start)
    return end + 2 if end >= 0 else None


def _extend_to_line(text: str, previous_end: int, start: int, end: int) -> tuple[int, int]:
    """Return the `start` and `end` of a tag; or those of its line, if that has nothing else but spaces and tabs."""
    before = text[previous_end:start].rstrip(" \t")
    starts_line = before.endswith("\n") or (
        not before and (previous_end == 0 or text[previous_end - 1] == "\n")
    )
    rest = _REST_OF_LINE.match(text, end)
    return (previous_end + len(before), rest.end()) if starts_line and rest else (start, end)
