"""A small, strict part of YAML: bytes or text → plain data, and the position of each value in it.

Works on the parser's events, below everything in PyYAML that builds objects, follows aliases or calls itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import yaml
from yaml.reader import Reader

from prompt_lint.text.cutting import cut_text
from prompt_lint.text.location import ParseError, find_position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.text.location import KeyPath, Position


class Limits(NamedTuple):
    """`size` in bytes, or characters of a text. `depth` counts lists and mappings inside each other, `nodes` values and keys."""

    size: int
    depth: int
    nodes: int


CONFIG_LIMITS = Limits(size=256 * 1024, depth=32, nodes=20_000)
# As large as a request of the API may be. So many values take a second.
PROMPT_LIMITS = Limits(size=32 * 1024 * 1024, depth=100, nodes=100_000)

# Whole numbers that every JSON reader keeps exactly, and then some.
_MAX_INT = 2**63 - 1


class YamlDocument(NamedTuple):
    """`data` is made of dict (with str keys), list, str, int, float, bool and None.

    `positions` has each value by its key path, `key_positions` the key of each value that has one.
    """

    data: Any
    positions: dict[KeyPath, Position]
    key_positions: dict[KeyPath, Position]


# The core schema of YAML 1.2, but for numbers with a leading zero: some readers take them for octal.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_RADIX = r"0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?"
_NOT_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

NOT_YAML = "isn't valid YAML"

# Compiled by PyYAML already, which takes 10 ms. It allows a byte order mark, on which the two parsers differ inside a file.
_UNPRINTABLE = Reader.NON_PRINTABLE
_BYTE_ORDER_MARK = "\ufeff"
_DIRECTIVE = "(?:[ \t]*(?:#[^\n\r\x85\u2028\u2029]*)?[\n\r\x85\u2028\u2029])*+%"
_SURROGATE = "[\ud800-\udfff]"

_UNSUPPORTED = {
    "!": "tags such as `!!str` aren't supported",
    "&": "anchors (`&name`) aren't supported; write the value out where it is needed",
    "*": "aliases (`*name`) aren't supported; write the value out",
}


def parse_yaml(
    source: bytes | str,
    limits: Limits = CONFIG_LIMITS,
    mistakes: list[ParseError] | None = None,
    *,
    pure: bool = False,
) -> YamlDocument:
    """Return the one document of a YAML file.

    Mistakes after which the rest can still be read (a key that stands twice, a number that isn't finite) are
    added to `mistakes` where a list is given. `pure` does without the C parser; the result is the same, but for the
    words about a syntax error, and for what only one of them takes: the C parser a tab between values, `[why?]` and a
    comment right behind `|`, the pure one `{a:}`. Raises `ParseError` for what isn't read, and beyond the limits.
    """
    text = _check_text(source, limits.size)
    parser: Any = yaml.SafeLoader if pure else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _DocumentBuilder(_parse_events(text, parser), text, limits, mistakes).build_document()


def _check_text(source: bytes | str, size: int) -> str:
    """Return the text of a file. Raises `ParseError` for one that is too large, or holds what YAML doesn't allow."""
    if len(source) > size:
        unit = "characters" if isinstance(source, str) else "bytes"
        raise ParseError(f"is {len(source):,} {unit} long; the most is {size:,}")
    text = source if isinstance(source, str) else _decode(source)
    if "%" in text and (match := re.match(_DIRECTIVE, text)):
        raise ParseError("directives (`%...`) aren't supported", *find_position(text, match.end() - 1))
    offsets = [match.start()] if (match := _UNPRINTABLE.search(text)) else []
    if _BYTE_ORDER_MARK in text:
        offsets.append(text.index(_BYTE_ORDER_MARK))
    if offsets:
        index = min(offsets)
        message = f"contains the character U+{ord(text[index]):04X}, which YAML doesn't allow"
        raise ParseError(message, *find_position(text, index))
    return text


def _decode(data: bytes) -> str:
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = f"is not UTF-8: byte 0x{data[error.start]:02x}; save it as UTF-8"
        raise ParseError(message, *find_position(before, len(before))) from None


def _parse_events(text: str, parser: Any) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=parser)
    except yaml.MarkedYAMLError as error:
        from prompt_lint.text.yaml_faults import explain_fault  # noqa: PLC0415  # only where there is one

        message, position = explain_fault(text, error)
        raise ParseError(f"{NOT_YAML}: {message}", *position) from None
    except ParseError:
        raise
    except Exception as error:  # noqa: BLE001  # PyYAML leaks ValueError, IndexError and more on bad input
        raise ParseError(f"{NOT_YAML} ({type(error).__name__})") from None


class _DocumentBuilder:
    def __init__(
        self, events: Iterator[Any], text: str, limits: Limits, mistakes: list[ParseError] | None
    ) -> None:
        self.events = events
        self.text = text
        self.limits = limits
        self.mistakes = mistakes
        self.node_count = 0
        # The offset of the last position that was looked for, its line, and where that line starts.
        self.offset, self.line, self.line_start = 0, 1, 0
        self.positions: dict[KeyPath, Position] = {}
        self.key_positions: dict[KeyPath, Position] = {}

    def build_document(self) -> YamlDocument:
        next(self.events)  # the start of the stream
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return YamlDocument(None, {(): (1, 1)}, {})
        data = self._build_value(next(self.events), ())
        next(self.events)  # the end of the document
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._refuse("contains more than one document; remove the `---` and what follows", event)
        return YamlDocument(data, self.positions, self.key_positions)

    def _build_value(self, event: Any, key_path: KeyPath) -> Any:
        self._check_event(event, key_path)
        self.positions[key_path] = self._find_position(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._build_mapping(key_path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._build_list(key_path)
        return self._read_scalar(event)

    def _check_event(self, event: Any, key_path: KeyPath) -> None:
        self.node_count += 1
        if self.node_count > self.limits.nodes:
            self._refuse(f"contains more than {self.limits.nodes:,} values", event)
        if len(key_path) >= self.limits.depth and not isinstance(event, yaml.ScalarEvent):
            self._refuse(f"is nested more than {self.limits.depth} levels deep", event)
        # Not `event.tag`: the C parser drops the tag `!`. A plain scalar can't start with any of these.
        first = self.text[event.start_mark.index : event.start_mark.index + 1]
        if first in _UNSUPPORTED:
            self._refuse(_UNSUPPORTED[first], event)

    def _build_list(self, key_path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self._build_value(event, (*key_path, len(values))))
        return values

    def _build_mapping(self, key_path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._read_key(event, key_path)
            child = (*key_path, key)
            if key in values:
                line = self.key_positions[child][0]
                message = f"duplicate key `{cut_text(key, 40)}` (first on line {line})"
                self._report(message, event)
                self._skip_value(child)
            else:
                self.key_positions[child] = self._find_position(event)
                event = next(self.events)
                values[key] = self._build_value(event, child)
                if _is_left_out(event):
                    self.positions[child] = self.key_positions[child]
        return values

    def _skip_value(self, key_path: KeyPath) -> None:
        """Read past a value, keeping nothing but the mistakes in it."""
        kept = self.positions, self.key_positions
        self.positions, self.key_positions = {}, {}
        self._build_value(next(self.events), key_path)
        self.positions, self.key_positions = kept

    def _read_key(self, event: Any, key_path: KeyPath) -> str:
        self._check_event(event, key_path)
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse("a list or a mapping can't be a key", event)
        if _is_left_out(event):
            self._refuse("a key is missing", event)
        key = self._read_scalar(event)
        if event.implicit[0] and event.value == "<<":
            self._refuse("merge keys (`<<`) aren't supported; write the keys out", event)
        if not isinstance(key, str):
            self._report(f"the key `{cut_text(event.value, 40)}` isn't text; put it in quotes", event)
            return str(event.value)
        return key

    def _read_scalar(self, event: Any) -> str | float | bool | None:
        text: str = event.value
        if not text.isascii() and re.search(_SURROGATE, text):
            self._refuse("an escape means half a character (a surrogate)", event)
        # Not `event.style`: the C parser leaves it empty for plain scalars.
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        try:
            return _resolve_number(text)
        except ValueError as error:
            self._report(str(error), event)
            return 0

    def _find_position(self, event: Any) -> Position:
        """Return the position of an event, as `find_position` does, but in one pass: events come in their order.

        Not the line of its mark: PyYAML counts more ends of lines than git and editors do.
        """
        offset = event.start_mark.index
        if breaks := self.text.count("\n", self.offset, offset):
            self.line += breaks
            self.line_start = self.text.rindex("\n", self.offset, offset) + 1
        self.offset = offset
        return self.line, offset - self.line_start + 1

    def _refuse(self, message: str, event: Any) -> NoReturn:
        raise ParseError(message, *self._find_position(event))

    def _report(self, message: str, event: Any) -> None:
        error = ParseError(message, *self._find_position(event))
        if self.mistakes is None:
            raise error
        self.mistakes.append(error)


def _is_left_out(event: Any) -> bool:
    """Return whether nothing is written where a value or key could be. The parsers differ on where that is."""
    return event.start_mark.index == event.end_mark.index and isinstance(event, yaml.ScalarEvent)


def _resolve_number(text: str) -> str | float:
    """Return a plain scalar as a number where it is one, else as it is. Raises `ValueError` for one that can't be used."""
    if _INT.fullmatch(text) or re.fullmatch(_RADIX, text):
        # By length first: Python refuses to convert thousands of digits.
        number = int(text, 0) if len(text) < 32 else _MAX_INT + 1
        if abs(number) <= _MAX_INT:
            return number
    elif re.fullmatch(_FLOAT, text):
        real = float(text)
        if abs(real) != float("inf"):
            return real
    elif re.fullmatch(_NOT_FINITE, text):
        raise ValueError(f"`{text}` isn't a finite number; as text, put it in quotes")
    else:
        return text
    raise ValueError(f"the number `{cut_text(text, 40)}` is too large; as text, put it in quotes")
