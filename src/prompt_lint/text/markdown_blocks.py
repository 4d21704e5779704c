"""The blocks of a Markdown text, as far as one needs them to tell code and HTML from text. Takes linear time.

By CommonMark 0.31.2. Three things differ: containers deeper than `MAX_DEPTH` are text, names of HTML tags may hold
`_` (as in the parser that Claude Code uses), and what stands in a link reference definition is text like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["text", "html"]

# Quotes and list items inside of one another. Each line costs as many steps, so somebody's 500,000 are none.
MAX_DEPTH = 64


class BlockLine(NamedTuple):
    """A line of a block without the marks of what it is in. `start` and `end` are where the whole line is in the text."""

    number: int
    start: int
    end: int
    content: str


class Block(NamedTuple):
    """A paragraph, a heading, or a block of HTML; code isn't told. `depth` counts the quotes and items it is in."""

    kind: Kind
    depth: int
    lines: list[BlockLine]


def find_blocks(text: str) -> Iterator[Block]:
    """The paragraphs, headings and HTML blocks of a text, in its order. Ends of lines are LF, a lone CR is one, too."""
    blocks = _BlockParser()
    place = 0
    for number, line in enumerate(text.split("\n"), 1):
        for piece in line.split("\r"):
            end = place + len(piece)
            yield from blocks.add_line(
                BlockLine(number, place, end, piece.expandtabs(4) if "\t" in piece else piece)
            )
            place = end + 1
    yield from blocks.end_block()


def mask_code_spans(text: str) -> str:
    """The text of a paragraph with each code span replaced by as many NULs."""
    runs = [(run.start(), run.end()) for run in re.finditer("`+", text)]
    by_length: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        by_length.setdefault(runs[index][1] - runs[index][0], []).append(index)
    pieces, done, index = [], 0, 0
    while index < len(runs):
        start, end = runs[index]
        start += _is_escaped(text, start)
        closers = by_length.get(end - start, [])
        while closers and closers[-1] <= index:
            closers.pop()
        if start < end and closers:
            index = closers[-1]
            pieces += [text[done:start], "\0" * (runs[index][1] - start)]
            done = runs[index][1]
        index += 1
    return "".join((*pieces, text[done:]))


def _is_escaped(text: str, place: int) -> bool:
    """Whether an odd number of backslashes stands before a place."""
    first = place
    while first and text[first - 1] == "\\":
        first -= 1
    return (place - first) % 2 == 1


_SPACES = re.compile(" *")
_HEADING = re.compile(r"#{1,6}(?: |\Z)")
_UNDERLINE = re.compile(r"(?:=+|-+) *\Z")
_BREAK = re.compile(r"(?:(?:\* *){3,}+|(?:- *){3,}+|(?:_ *){3,}+)\Z")
_FENCE = re.compile(r"`{3,}+(?=[^`]*\Z)|~{3,}+")
_MARK = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?= |\Z)")

_NAME = "[A-Za-z][A-Za-z0-9_-]*+"
_VALUE = r"""(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+")"""
_ATTRIBUTE = rf"\s++[A-Za-z_:][A-Za-z0-9_.:-]*+(?:\s*+=\s*+{_VALUE})?+"
_TAG = rf"(?:<{_NAME}(?:{_ATTRIBUTE})*+\s*+/?>|</{_NAME}\s*+>)\s*\Z"
_BLOCK_TAGS = (
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link "
    "main menu menuitem nav noframes ol optgroup option p param search section summary table tbody td tfoot th thead "
    "title tr track ul"
).replace(" ", "|")
# How each kind of HTML block starts, and what it ends with; those without an end end before a blank line.
_HTML = (
    (re.compile(r"(?i)<(?:script|pre|style|textarea)(?:\s|>|\Z)"), re.compile(r"(?i)</(?:script|pre|style|textarea)>")),
    (re.compile("<!--"), re.compile("-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile("<![A-Za-z]"), re.compile(">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"(?i)</?(?:{_BLOCK_TAGS})(?:\s|/?>|\Z)"), None),
    (re.compile(_TAG), None),  # the only one that can't interrupt a paragraph
)  # fmt: skip

_QUOTE = -1


class _Cursor(NamedTuple):
    """A line from the place that its containers leave, and from its first character that is no space."""

    text: str
    offset: int
    first: int

    @property
    def indent(self) -> int:
        return self.first - self.offset

    @property
    def is_blank(self) -> bool:
        return self.first == len(self.text)

    @property
    def content(self) -> str:
        return self.text[self.offset :]


def _start_cursor(text: str, place: int) -> _Cursor:
    spaces = _SPACES.match(text, place)
    return _Cursor(text, place, spaces.end() if spaces else place)


class _ContainerStart(NamedTuple):
    """What starts a quote or a list item: how far an item's content is indented, and what is left of the line."""

    content_indent: int
    rest: _Cursor


class _BlockParser:
    """What is open while lines come in.

    `containers` are `_QUOTE`, or by how much the content of a list item is indented; the innermost is `bare` if it is
    an item that starts with a blank line. In it is a paragraph or HTML with its `rows`, or a fence, or nothing.
    """

    def __init__(self) -> None:
        self.containers: list[int] = []
        self.starts_blank = False
        self.kind: Kind = "text"
        self.rows: list[BlockLine] = []
        self.fence = ""
        self.ending: re.Pattern[str] | None = None  # of HTML

    def add_line(self, row: BlockLine) -> Iterator[Block]:
        """Takes the next line, and yields what has ended with it."""
        line, depth = self._match_containers(_start_cursor(row.content, 0))
        if self.fence or (self.rows and self.kind == "html"):
            if depth == len(self.containers):
                yield from self._continue_block(row, line)
                return
            yield from self.end_block()
        paragraph, depth_before = bool(self.rows), depth
        while mark := _match_container(line, depth, interrupting=paragraph and depth == len(self.containers)):
            yield from self._end_containers(depth)
            self.containers.append(mark.content_indent)
            paragraph, depth, line = False, depth + 1, mark.rest
        if line.is_blank:
            yield from self._end_containers(depth)
            self.starts_blank = depth > depth_before and self.containers[-1] != _QUOTE
        else:
            yield from self._start_block(row, line, depth, paragraph=paragraph)

    def end_block(self) -> Iterator[Block]:
        """Ends the leaf."""
        self.fence = ""
        if self.rows:
            yield Block(self.kind, len(self.containers), self.rows)
            self.rows = []

    def _end_containers(self, depth: int) -> Iterator[Block]:
        """Ends the leaf, and all containers but the outermost `depth`."""
        yield from self.end_block()
        del self.containers[depth:]
        self.starts_blank = False

    def _match_containers(self, line: _Cursor) -> tuple[_Cursor, int]:
        """How many of the containers go on in this line, and what they leave of it."""
        last = len(self.containers) - 1
        for depth, offset in enumerate(self.containers):
            if offset == _QUOTE:
                if line.indent > 3 or line.text[line.first : line.first + 1] != ">":
                    return line, depth
                line = _skip_quote_mark(line)
            elif line.is_blank:
                if self.starts_blank and depth == last:
                    return line, depth
            elif line.indent < offset:
                return line, depth
            else:
                line = line._replace(offset=line.offset + offset)
        return line, last + 1

    def _continue_block(self, row: BlockLine, line: _Cursor) -> Iterator[Block]:
        """The next line of a fence or of HTML."""
        if self.fence:
            rest = line.text[line.first :].rstrip(" ")
            if line.indent <= 3 and rest.startswith(self.fence) and not rest.strip(self.fence[0]):
                self.fence = ""
        elif self.ending is None and line.is_blank:
            yield from self.end_block()
        else:
            self.rows.append(row._replace(content=line.content))
            if self.ending and self.ending.search(line.text, line.offset):
                yield from self.end_block()

    def _start_block(self, row: BlockLine, line: _Cursor, depth: int, *, paragraph: bool) -> Iterator[Block]:
        """The leaf that starts in a line, or the next line of a paragraph."""
        text, first = line.text, line.first
        special = line.indent <= 3
        html = _match_html(line, paragraph=paragraph) if special else None
        fence = _FENCE.match(text, first) if special else None
        heading = _HEADING.match(text, first) if special else None
        if special and paragraph and depth == len(self.containers) and _UNDERLINE.match(text, first):
            yield from self._end_containers(depth)
        elif not (
            html
            or fence
            or heading
            or (special and _BREAK.match(text, first))
            or (not special and not paragraph)
        ):
            if not paragraph:
                yield from self._end_containers(depth)
                self.kind = "text"
            self.rows.append(row._replace(content=text[first:]))
        else:
            yield from self._end_containers(depth)
            if heading:
                yield Block("text", depth, [row._replace(content=text[heading.end() :])])
            elif fence:
                self.fence = fence[0]
            elif html:
                self.kind, self.ending = "html", html.ending
                yield from self._continue_block(row, line)


class _Html(NamedTuple):
    ending: re.Pattern[str] | None


def _match_html(line: _Cursor, *, paragraph: bool) -> _Html | None:
    if line.text[line.first : line.first + 1] != "<":
        return None
    for start, ending in _HTML[:-1] if paragraph else _HTML:
        if start.match(line.text, line.first):
            return _Html(ending)
    return None


def _match_container(line: _Cursor, depth: int, *, interrupting: bool) -> _ContainerStart | None:
    """The quote or list item that starts in a line. An item can't interrupt a paragraph if it is blank, or not the first."""
    if line.indent > 3 or line.is_blank or depth >= MAX_DEPTH:
        return None
    if line.text[line.first] == ">":
        return _ContainerStart(_QUOTE, _skip_quote_mark(line))
    mark = _MARK.match(line.text, line.first)
    if not mark or _BREAK.match(line.text, line.first):
        return None
    rest = _start_cursor(line.text, mark.end())
    if interrupting and (rest.is_blank or int(mark[1] or 1) != 1):
        return None
    width = line.indent + mark.end() - mark.start()
    spaces = 1 if rest.is_blank or rest.indent > 4 else rest.indent
    return _ContainerStart(
        width + spaces, rest if rest.is_blank else rest._replace(offset=rest.offset + spaces)
    )


def _skip_quote_mark(line: _Cursor) -> _Cursor:
    place = line.first + 1
    return _start_cursor(line.text, place + (line.text[place : place + 1] == " "))
