"""The blocks of a Markdown text that hold text or HTML, not code. Takes linear time.

By CommonMark 0.31.2, with three differences: containers deeper than `MAX_DEPTH` are text, names of HTML tags may hold
`_` (as in the parser that Claude Code uses), and a link reference definition is text like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.text.code_fence import update_fence

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["text", "html"]

# Of quotes and list items inside each other, each of which is a step for each line. No real file has as many.
MAX_DEPTH = 8


class BlockLine(NamedTuple):
    """A line of a block. `content` is without the marks of its containers, `start` and `end` are those of the whole line."""

    number: int
    start: int
    end: int
    content: str


class Block(NamedTuple):
    """A paragraph or heading, or a block of HTML. `depth` counts the quotes and list items around it."""

    kind: Kind
    depth: int
    lines: list[BlockLine]


def find_blocks(text: str, first_line: int = 1) -> Iterator[Block]:
    """Yield the paragraphs, headings and HTML blocks of a text, in its order. LF and a lone CR end a line.

    `first_line` is that of the text in its file.
    """
    parser = _BlockParser()
    start = 0
    for number, piece in enumerate(text.split("\n"), first_line):
        for content in piece.split("\r"):
            end = start + len(content)
            parser.add_line(BlockLine(number, start, end, content.expandtabs(4)))
            start = end + 1
            if parser.ended:
                yield from parser.ended
                parser.ended.clear()
    parser.end_block()
    yield from parser.ended


def mask_code_spans(text: str) -> str:
    """Return the text of a paragraph with each code span replaced by as many NULs."""
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


def _is_escaped(text: str, offset: int) -> bool:
    """Return whether an odd number of backslashes comes before `offset`."""
    first = offset
    while first and text[first - 1] == "\\":
        first -= 1
    return (offset - first) % 2 == 1


_SPACES = re.compile(" *")
# What a line begins with that starts a container; that starts a block in it, or underlines a heading.
_CONTAINER_MARKS = frozenset(">-+*0123456789")
_BLOCK_MARKS = frozenset("<`~#-*_=")
_HEADING = re.compile(r"#{1,6}(?: |\Z)")
_UNDERLINE = re.compile(r"(?:=+|-+) *\Z")
_BREAK = re.compile(r"(?:(?:\* *){3,}+|(?:- *){3,}+|(?:_ *){3,}+)\Z")
_ITEM_MARK = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?= |\Z)")

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
# How each kind of HTML block starts, and what ends it; None for a blank line.
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
    """A line, from the offset at which its containers leave it; `first` is the offset of its first character that is no space."""

    text: str
    offset: int
    first: int

    @property
    def indent(self) -> int:
        return self.first - self.offset

    @property
    def is_blank(self) -> bool:
        return self.first == len(self.text)


class _ContainerStart(NamedTuple):
    """The mark of a quote (`_QUOTE`) or of a list item (how far its content is indented), and the rest of the line."""

    content_indent: int
    rest: _Cursor


class _BlockParser:
    """The containers and the block that are open between two lines.

    `containers` are `_QUOTE`, or how far the content of a list item is indented; `starts_blank`: the innermost is an
    item whose first line is blank. In them is a paragraph or HTML with its `lines`, or a `fence`, or nothing.
    `ended` are blocks that have ended, but for code; the caller takes them away.
    """

    def __init__(self) -> None:
        self.containers: list[int] = []
        self.starts_blank = False
        self.kind: Kind = "text"
        self.lines: list[BlockLine] = []
        self.fence = ""
        self.html_end: re.Pattern[str] | None = None
        self.ended: list[Block] = []

    def add_line(self, line: BlockLine) -> None:
        cursor, depth = self._match_containers(line.content)
        if self.fence or (self.lines and self.kind == "html"):
            if depth == len(self.containers):
                self._continue_block(line, cursor)
                return
            self.end_block()
        in_paragraph, depth_before = bool(self.lines), depth
        while start := _match_container_start(
            cursor, depth, interrupts=in_paragraph and depth == len(self.containers)
        ):
            self._end_containers(depth)
            self.containers.append(start.content_indent)
            in_paragraph, depth, cursor = False, depth + 1, start.rest
        if cursor.is_blank:
            self._end_containers(depth)
            self.starts_blank = depth > depth_before and self.containers[-1] != _QUOTE
        else:
            self._start_block(line, cursor, depth, in_paragraph=in_paragraph)

    def end_block(self) -> None:
        self.fence = ""
        if self.lines:
            self.ended.append(Block(self.kind, len(self.containers), self.lines))
            self.lines = []

    def _end_containers(self, depth: int) -> None:
        """End the open block, and all containers but the outermost `depth`."""
        self.end_block()
        del self.containers[depth:]
        self.starts_blank = False

    def _match_containers(self, text: str) -> tuple[_Cursor, int]:
        """Return what the containers that go on in a line leave of it, and how many go on."""
        offset, first = 0, _skip_spaces(text, 0)
        for depth, content_indent in enumerate(self.containers):
            if content_indent == _QUOTE:
                if first - offset > 3 or text[first : first + 1] != ">":
                    return _Cursor(text, offset, first), depth
                offset = _skip_quote_mark(text, first)
                first = _skip_spaces(text, offset)
            elif first == len(text):
                if self.starts_blank and depth == len(self.containers) - 1:
                    return _Cursor(text, offset, first), depth
            elif first - offset < content_indent:
                return _Cursor(text, offset, first), depth
            else:
                offset += content_indent
        return _Cursor(text, offset, first), len(self.containers)

    def _continue_block(self, line: BlockLine, cursor: _Cursor) -> None:
        """Add a line to fenced code or to HTML, which it may end."""
        if self.fence:
            if cursor.indent <= 3:
                self.fence = update_fence(self.fence, cursor.text[cursor.first :])
        elif self.html_end is None and cursor.is_blank:
            self.end_block()
        else:
            self._keep_line(line, cursor.text[cursor.offset :])
            if self.html_end and self.html_end.search(cursor.text, cursor.offset):
                self.end_block()

    def _start_block(self, line: BlockLine, cursor: _Cursor, depth: int, *, in_paragraph: bool) -> None:
        """Start the block of a line, or add the line to the open paragraph."""
        content = cursor.text[cursor.first :]
        if cursor.indent > 3 and not in_paragraph:  # indented code
            self._end_containers(depth)
        elif cursor.indent > 3 or content[0] not in _BLOCK_MARKS:
            self._add_text(line, content, depth, in_paragraph=in_paragraph)
        elif in_paragraph and depth == len(self.containers) and _UNDERLINE.match(content):
            self._end_containers(depth)
        elif html := _match_html_start(content, interrupts=in_paragraph):
            self._end_containers(depth)
            self.kind, self.html_end = "html", html.end
            self._continue_block(line, cursor)
        elif fence := update_fence("", content):
            self._end_containers(depth)
            self.fence = fence
        elif heading := _HEADING.match(content):
            self._end_containers(depth)
            self.ended.append(Block("text", depth, [line._replace(content=content[heading.end() :])]))
        elif _BREAK.match(content):
            self._end_containers(depth)
        else:
            self._add_text(line, content, depth, in_paragraph=in_paragraph)

    def _add_text(self, line: BlockLine, content: str, depth: int, *, in_paragraph: bool) -> None:
        if not in_paragraph:
            self._end_containers(depth)
            self.kind = "text"
        self._keep_line(line, content)

    def _keep_line(self, line: BlockLine, content: str) -> None:
        self.lines.append(BlockLine(line.number, line.start, line.end, content))


class _HtmlStart(NamedTuple):
    end: re.Pattern[str] | None


def _match_html_start(content: str, *, interrupts: bool) -> _HtmlStart | None:
    """Return how the HTML block ends that starts with `content`; `interrupts`: in a paragraph."""
    if not content.startswith("<"):
        return None
    kinds = _HTML[:-1] if interrupts else _HTML
    return next((_HtmlStart(end) for start, end in kinds if start.match(content)), None)


def _match_container_start(cursor: _Cursor, depth: int, *, interrupts: bool) -> _ContainerStart | None:
    """Return the quote or list item that starts in a line.

    An item can't interrupt a paragraph if it is blank, or numbered with anything but 1.
    """
    text, first = cursor.text, cursor.first
    if text[first : first + 1] not in _CONTAINER_MARKS or cursor.indent > 3 or depth >= MAX_DEPTH:
        return None
    if text[first] == ">":
        offset = _skip_quote_mark(text, first)
        return _ContainerStart(_QUOTE, _Cursor(text, offset, _skip_spaces(text, offset)))
    mark = _ITEM_MARK.match(text, first)
    if not mark or _BREAK.match(text, first):
        return None
    end = mark.end()
    content = _skip_spaces(text, end)
    is_blank = content == len(text)
    if interrupts and (is_blank or int(mark[1] or 1) != 1):
        return None
    spaces = 1 if is_blank or content - end > 4 else content - end
    rest = _Cursor(text, end if is_blank else end + spaces, content)
    return _ContainerStart(end - cursor.offset + spaces, rest)


def _skip_quote_mark(text: str, offset: int) -> int:
    return offset + 1 + (text[offset + 1 : offset + 2] == " ")


def _skip_spaces(text: str, offset: int) -> int:
    spaces = _SPACES.match(text, offset)
    return spaces.end() if spaces else offset
