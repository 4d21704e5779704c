"""`dotprompt`: Handlebars with helpers that name roles, and partials in files beside it (specification and source, 2026)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import Prompt
from prompt_lint.request import from_roles
from prompt_lint.text.decode import decode
from prompt_lint.text.yaml_head import YamlHead, parse_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.model.values import Note, Part, ReadFile, Rule


# Expressions are compiled where they are used: few runs meet such a file.
# Blank lines and lines of a licence may stand above the frontmatter.
_OPENS = r"(?:(?:#[^\n]*|[ \t]*)\n)*---[ \t]*\n"
_CLOSES = r"(?m)^---[ \t]*$"
_KEY = r"(?m)^[\"']?(?:model|config|input|output|tools|toolDefs|name|description|variant|version|ext)\b[\"']?[ \t]*:"
_HELPER = r"{{~?#?(?:role\s+[\"']|>|history\s*~?}}|media\s+url)"

_TAG = (
    r"(?<!\\){{~?(?:"
    r"(?P<long>!--)|(?P<comment>!)"
    r"|(?P<role>#?role)\s++[\"'](?P<name>[^\"'{}\n]*+)[\"'][^{}]*+}}|(?P<end>/role\s*+~?}})"
    r"|(?P<block>#?)>\s*+[\"']?(?P<partial>[^\s{}()\"'=~@|]++)[^{}]*+}}"
    r")"
)
_LONG_END = r"--~?}}"
_INLINE = r"{{~?#\*\s*inline\s+[\"']([^\"'{}]+)[\"']"
_REST = r"[ \t]*(?:\n|\Z)"
_AT_RUN_TIME = r"{{~?#?(?:history\s*~?}}|media\s)"

_ROLES = {"system": "system", "user": "user", "tool": "user", "model": "assistant", "assistant": "assistant"}

_KINDS: dict[str, Literal["comment", "role", "end"]] = {
    "long": "comment", "comment": "comment", "name": "role", "end": "end",
}  # fmt: skip

# How deep partials go and how much they make together. A real prompt takes in a handful.
_DEPTH = 20
_MOST = 1_000
_LARGEST = 8 * 1024 * 1024


class _Tag(NamedTuple):
    """What is no text: a comment is dropped, a role begins or ends, a partial is taken in."""

    kind: Literal["comment", "role", "end", "partial"]
    value: str
    start: int
    end: int
    block: bool


class _Place(NamedTuple):
    """Where a text is from: `via` are the files that lead to `path`, `top` its line in the file that is measured."""

    path: str
    via: tuple[str, ...]
    top: int


class _Role(NamedTuple):
    name: str


class _File(NamedTuple):
    body: str
    line: int
    head: YamlHead | None
    said: list[tuple[str, int]]


def recognise(path: str, data: bytes) -> str | None:
    """A `.prompt` file may be plain text, Continue's or this."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    opens = re.compile(_OPENS).match(text)
    closes = re.compile(_CLOSES).search(text, opens.end()) if opens else None
    keys = re.compile(_KEY)
    if opens and closes and (closes.start() == opens.end() or keys.search(text, opens.end(), closes.start())):
        return "a .prompt file with frontmatter between lines of `---` is read as dotprompt"
    if re.compile(_HELPER).search(text):
        return "a .prompt file with helpers of dotprompt (`{{role …}}`, `{{> …}}`) is read as dotprompt"
    return None


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Note]:
    """One prompt, with what its partials hold. Raises `Unreadable` for a partial that isn't there or takes in itself."""
    file = _cut(decode(data))
    found = _turns(file, path, rule.role or "user", read)
    tools = _tools(file.head) if file.head else []
    yield Prompt(path, "", 1, from_roles.build_request(found, tools))
    yield from from_roles.make_notes(path, found, [*file.said, *_said(file, found)])


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    """The tools, and the text of each role by heading, with the partials that it is from."""
    file = _cut(decode(data))
    return from_roles.split_parts(_turns(file, path, "user", read), _tools(file.head) if file.head else [])


def _cut(text: str) -> _File:
    opens = re.compile(_OPENS).match(text)
    closes = re.compile(_CLOSES).search(text, opens.end()) if opens else None
    if not opens or not closes:
        return _File(text, 1, None, [])
    line = opens[0].count("\n") + 1
    yaml, body = text[opens.end() : closes.start()], text[closes.end() :]
    head = parse_head(yaml, line)
    # The rest of the closing line is blank; dotprompt takes the white space around the text off.
    start = line + yaml.count("\n") + body[: len(body) - len(body.lstrip())].count("\n")
    return _File(body.strip(), start, head, [] if head else [(from_roles.BAD_FRONTMATTER, line)])


def _said(file: _File, found: list[from_roles.Turn]) -> Iterator[tuple[str, int]]:
    if file.head:
        if file.head.get_value("output", "schema"):
            yield from_roles.STRUCTURED_OUTPUT, file.head.find_line("output")
        if file.head.get_value("tools"):
            yield from_roles.TOOLS_ELSEWHERE, file.head.find_line("tools")
    for turn in found:
        for piece in turn.pieces:
            if piece.path == "" and (match := re.compile(_AT_RUN_TIME).search(piece.text)):
                yield from_roles.AT_RUN_TIME, piece.first_line + piece.text.count("\n", 0, match.start())
                return


def _tools(head: YamlHead) -> list[from_roles.ToolDefinition]:
    """Those that `toolDefs` defines; `tools` only names what the program defines."""
    found = []
    for _, one, line, last in head.list_entries("toolDefs"):
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            schema: Any = one.get("inputSchema")
            told = {"description": one["description"]} if isinstance(one.get("description"), str) else {}
            shape = schema if isinstance(schema, dict) else {"type": "object", "properties": {}}
            found.append(
                from_roles.ToolDefinition({"name": one["name"], **told, "input_schema": shape}, line, last)
            )
    return found


def _turns(file: _File, path: str, first: str, read: ReadFile) -> list[from_roles.Turn]:
    """The text between the helpers that name a role; what stands before the first of them is `first`'s."""
    walk = _Walk(read, path, set(re.compile(_INLINE).findall(file.body)))
    found: list[from_roles.Turn] = []
    role, pieces = first, list[from_roles.Piece]()
    for one in walk.pieces(file.body, file.line, _Place("", (), 0)):
        if isinstance(one, _Role):
            found.append(from_roles.Turn(role, tuple(pieces)))
            role, pieces = one.name or first, []
        else:
            pieces.append(one)
    return [*found, from_roles.Turn(role, tuple(pieces))]


class _Walk:
    """Goes through a text and the partials that it takes in, in the order in which they are read."""

    def __init__(self, read: ReadFile, path: str, inline: set[str]) -> None:
        self.read = read
        self.path = path
        self.inline = inline
        self.taken = 0
        self.size = 0

    def pieces(self, text: str, line: int, place: _Place) -> Iterator[from_roles.Piece | _Role]:
        """The text in pieces that stand in one file as they are, and where a role begins; "" ends one."""
        at = 0
        for tag in _tags(text):
            if tag.kind == "partial" and tag.value in self.inline:
                continue
            if at < tag.start:
                yield from_roles.Piece(text[at : tag.start], line, 0, place.path, place.via)
            line += text.count("\n", at, tag.start)
            at = tag.end
            if tag.kind == "partial":
                yield from self.partial(tag, place._replace(top=place.top or line))
            elif tag.kind != "comment":
                yield _Role(self.role(tag.value, place.top or line))
            line += text.count("\n", tag.start, tag.end)
        if at < len(text):
            yield from_roles.Piece(text[at:], line, 0, place.path, place.via)

    def role(self, name: str, line: int) -> str:
        if name and name not in _ROLES:
            raise Unreadable(
                f"has the role `{name[:60]}`; known are system, user, model and tool", "mend it", line
            )
        return _ROLES.get(name, "")

    def partial(self, tag: _Tag, place: _Place) -> Iterator[from_roles.Piece | _Role]:
        self.taken += 1
        if self.taken > _MOST:
            raise Unreadable(f"takes in more than {_MOST:,} partials", "take in fewer", place.top)
        found = self.find(tag.value, place.top)
        if found is None and tag.block:  # its own text stands in for it
            return
        via = (*place.via, place.path or self.path)
        if found is None:
            told = f", which `{place.path}` takes in," if place.path else ""
            file = f"_{posixpath.basename(tag.value)[:200]}.prompt"
            raise Unreadable(
                f"the partial `{tag.value[:200]}`{told} is not there",
                f"put `{file}` beside the prompt or in a folder above it; if the program registers it, say `format: text`",
                place.top,
            )
        path, text = found
        if path in via:
            chain = " → ".join((*via[via.index(path) :], path))
            raise Unreadable(f"a partial takes in itself: {chain}", "take one of them out", place.top)
        self.size += len(text)
        if len(via) > _DEPTH or self.size > _LARGEST:
            told = f"partials more than {_DEPTH} deep" if len(via) > _DEPTH else "too large partials"
            raise Unreadable(f"takes in {told}", "take in fewer", place.top)
        yield from self.pieces(text, 1, _Place(path, via, place.top))

    def find(self, name: str, line: int) -> tuple[str, str] | None:
        """The real path and the text of a partial. Its folder isn't known: it is the prompt's, or one above it."""
        folders = name.split("/")
        if {"", ".", ".."} & set(folders) or name.startswith("~") or "\\" in name:
            raise Unreadable(
                f"takes in `{name[:200]}`, which is no name of a partial",
                "name a file below the folder of the prompts",
                line,
            )
        own = "/".join([*folders[:-1], f"_{folders[-1]}.prompt"])
        for folder in _upwards(self.path):
            for inside in (own, f"partials/{own}"):
                place = posixpath.join(folder, inside)
                try:
                    path, data = self.read(place)
                    return path, decode(data)
                except MissingFile:
                    continue
                except Unreadable as error:
                    told = f"the partial `{place}` {error.message}"
                    raise Unreadable(told, error.hint, line) from None
        return None


def _upwards(path: str) -> Iterator[str]:
    """The folder of a file, and those above it; none for a file that is in no tree."""
    folder = posixpath.dirname(path)
    while not path.startswith("/"):
        yield folder
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _tags(text: str) -> Iterator[_Tag]:
    """What isn't text, in its order. Where a comment, block or partial has a line of its own, that line goes, too."""
    at = searched = 0
    unclosed: set[str] = set()
    tags = re.compile(_TAG)
    while match := tags.search(text, searched):
        kind, end = str(match.lastgroup), match.end()
        searched = end
        if kind in {"long", "comment"}:
            closes = None if kind in unclosed else _comment_end(text, end, kind)
            if closes is None:
                unclosed.add(kind)
                continue
            end = closes
        start = match.start()
        if match["role"] != "role":
            start, end = _own_line(text, at, start, end)
        at = searched = end
        if kind == "partial":
            yield _Tag("partial", match["partial"], start, end, block=bool(match["block"]))
        else:
            yield _Tag(_KINDS[kind], match["name"] or "", start, end, block=False)


def _comment_end(text: str, at: int, kind: str) -> int | None:
    if kind == "long":
        match = re.compile(_LONG_END).search(text, at)
        return match.end() if match else None
    found = text.find("}}", at)
    return found + 2 if found >= 0 else None


def _own_line(text: str, at: int, start: int, end: int) -> tuple[int, int]:
    """`start` and `end` moved to take in the whole line, if nothing else is in it. `at` is where the last tag ended."""
    before = text[at:start].rstrip(" \t")
    opens = before.endswith("\n") or (not before and (at == 0 or text[at - 1] == "\n"))
    rest = re.compile(_REST).match(text, end)
    return (at + len(before), rest.end()) if opens and rest else (start, end)
