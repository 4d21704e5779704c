"""A small, strict part of YAML: bytes → plain data and where each piece of it stands.

Works on the parser's events, below everything in PyYAML that builds objects, follows aliases or calls itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
Place = tuple[int, int]


class Limits(NamedTuple):
    """`size` in bytes. `depth` counts lists and mappings inside each other, `nodes` everything, keys included."""

    size: int
    depth: int
    nodes: int


CONFIG_LIMITS = Limits(size=256 * 1024, depth=32, nodes=20_000)
# As large as a prompt may be made by a flag; the caller has looked at the size.
PROMPT_LIMITS = Limits(size=32 * 1024 * 1024, depth=100, nodes=1_000_000)

# Whole numbers that every JSON reader keeps exactly, and then some.
_MAX_INT = 2**63 - 1


class YamlError(Exception):
    """What is wrong with a file, and where: 1-based, in characters; both 0 where no place is to blame."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Document(NamedTuple):
    """`data` is made of dict (with str keys), list, str, int, float, bool and None.

    `marks` has the (line, column) of each value by the keys and indices that lead to it, `key_marks` that of
    the key where the value has one.
    """

    data: Any
    marks: dict[Path, Place]
    key_marks: dict[Path, Place]


# The core schema of YAML 1.2, but for numbers with a leading zero: some readers take them for octal.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

# What YAML calls printable, less the byte order mark: inside a file the two parsers differ on it.
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE = re.compile("(?:[ \t]*(?:#[^\n\r\x85\u2028\u2029]*)?[\n\r\x85\u2028\u2029])*%")
_SURROGATE = re.compile("[\ud800-\udfff]")

_PROPERTIES = {
    "!": "tags such as `!!str` aren't supported",
    "&": "anchors (`&name`) aren't supported; write the value out where it is needed",
    "*": "aliases (`*name`) aren't supported; write the value out",
}


def load(
    data: bytes,
    limits: Limits = CONFIG_LIMITS,
    mistakes: list[YamlError] | None = None,
    *,
    pure: bool = False,
) -> Document:
    """Raises `YamlError` and nothing else.

    Mistakes that don't keep the rest from being read (a key that stands twice, a number that isn't finite) are
    added to `mistakes` where a list is given. `pure` does without the C parser; the result is the same, but for
    tabs between values, which the C parser takes, and for the words about a syntax error.
    """
    text = _decode(data, limits.size)
    parser: Any = yaml.SafeLoader if pure else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reader = _Reader(_events(text, parser), text, limits, mistakes)
    return reader.document()


def _decode(data: bytes, size: int) -> str:
    if len(data) > size:
        raise YamlError(f"is {len(data):,} bytes long; the most is {size:,}")
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8"))
        raise YamlError(f"is not UTF-8: byte 0x{data[error.start]:02x}", line, column) from None
    if found := _DIRECTIVE.match(text):
        raise YamlError("directives (`%...`) aren't supported", *_place(found[0][:-1]))
    if found := _UNPRINTABLE.search(text):
        line, column = _place(text[: found.start()])
        raise YamlError(f"holds the character U+{ord(found[0]):04X}, which YAML doesn't allow", line, column)
    return text


def _place(before: str) -> Place:
    """The line and column behind a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _events(text: str, parser: Any) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=parser)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise YamlError(f"isn't valid YAML: {error.problem or error.context}", line, column) from None
    except YamlError:
        raise
    except Exception as error:  # noqa: BLE001  # PyYAML leaks ValueError, IndexError and more on bad input
        raise YamlError(f"isn't valid YAML ({type(error).__name__})") from None


class _Reader:
    """Builds the data out of the events, one after the other."""

    def __init__(
        self, events: Iterator[Any], text: str, limits: Limits, mistakes: list[YamlError] | None
    ) -> None:
        self.events = events
        self.text = text
        self.limits = limits
        self.mistakes = mistakes
        self.nodes = 0
        self.marks: dict[Path, Place] = {}
        self.key_marks: dict[Path, Place] = {}

    def document(self) -> Document:
        next(self.events)  # the start of the stream
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Document(None, {(): (1, 1)}, {})
        data = self.value(next(self.events), ())
        next(self.events)  # the end of the document
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self.refuse("holds more than one document", event)
        return Document(data, self.marks, self.key_marks)

    def value(self, event: Any, at: Path) -> Any:
        self.check(event, at)
        self.marks[at] = self.place(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(at)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(at)
        return self.scalar(event)

    def check(self, event: Any, at: Path) -> None:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            self.refuse(f"holds more than {self.limits.nodes:,} values", event)
        if len(at) >= self.limits.depth and not isinstance(event, yaml.ScalarEvent):
            self.refuse(f"is nested more than {self.limits.depth} levels deep", event)
        # Not `event.tag`: the C parser drops the tag `!`. A plain scalar can't start with any of these.
        start = self.text[event.start_mark.index : event.start_mark.index + 1]
        if start in _PROPERTIES:
            self.refuse(_PROPERTIES[start], event)

    def sequence(self, at: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.value(event, (*at, len(found))))
        return found

    def mapping(self, at: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, at)
            child = (*at, key)
            if key in found:
                line = self.key_marks[child][0]
                self.soft(f"the key `{_short(key)}` stands twice; the first is in line {line}", event)
                self.skip(child)
            else:
                self.key_marks[child] = self.place(event)
                found[key] = self.value(next(self.events), child)
        return found

    def skip(self, at: Path) -> None:
        """Read a value past, without a trace but for the mistakes in it."""
        kept = self.marks, self.key_marks
        self.marks, self.key_marks = {}, {}
        self.value(next(self.events), at)
        self.marks, self.key_marks = kept

    def key(self, event: Any, at: Path) -> str:
        self.check(event, at)
        if not isinstance(event, yaml.ScalarEvent):
            self.refuse("a list or a mapping can't be a key", event)
        key = self.scalar(event)
        if event.implicit[0] and event.value == "<<":
            self.refuse("merge keys (`<<`) aren't supported; write the keys out", event)
        if not isinstance(key, str):
            self.soft(f"the key `{_short(event.value)}` isn't text; put it in quotes", event)
            return str(event.value)
        return key

    def scalar(self, event: Any) -> str | float | bool | None:
        value: str = event.value
        if _SURROGATE.search(value):
            self.refuse("an escape stands for half a character (a surrogate)", event)
        # Not `event.style`: the C parser leaves it empty for plain scalars.
        return self.plain(value, event) if event.implicit[0] else value

    def plain(self, value: str, event: Any) -> str | float | bool | None:
        if value in _WORDS:
            return _WORDS[value]
        try:
            return _number(value)
        except ValueError as error:
            self.soft(str(error), event)
            return 0

    def place(self, event: Any) -> Place:
        mark = event.start_mark
        if mark.index >= len(self.text):  # a value left out at the very end: the parsers differ on its line
            return _place(self.text)
        return mark.line + 1, mark.column + 1

    def refuse(self, message: str, event: Any) -> NoReturn:
        raise YamlError(message, *self.place(event))

    def soft(self, message: str, event: Any) -> None:
        error = YamlError(message, *self.place(event))
        if self.mistakes is None:
            raise error
        self.mistakes.append(error)


def _number(value: str) -> str | float:
    """A plain scalar that looks like a number as one. Raises `ValueError`, with a sentence."""
    if _INT.fullmatch(value) or _RADIX.fullmatch(value):
        # By length first: Python refuses to convert thousands of digits.
        number = int(value, 0) if len(value) < 32 else _MAX_INT + 1
        if abs(number) <= _MAX_INT:
            return number
    elif _FLOAT.fullmatch(value):
        real = float(value)
        if abs(real) != float("inf"):
            return real
    elif _NOT_FINITE.fullmatch(value):
        raise ValueError(f"`{value}` isn't a number that can be used; as text, put it in quotes")
    else:
        return value
    raise ValueError(f"the number `{_short(value)}` is too large; as text, put it in quotes")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
