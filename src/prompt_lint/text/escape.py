"""Makes untrusted text one printable line, which no terminal and no CI runner obeys.

Markup and workflow commands have characters of their own, which `html_escape`, `markdown_escape` and `workflow_commands` escape
on top.
"""

from __future__ import annotations

import json
import re

# What may need a change. Text without a match (plain ASCII, nearly always) is returned as it is.
# In this order:
#   a backslash that would read as the start of an escape;
#   anything outside printable ASCII;
#   a colon at the start: GitHub takes `::error …` there for a command, after leading spaces, too;
#   `##[`, GitHub's older commands, and `##vso[`, Azure's, both obeyed anywhere in a line (and Azure
#   complains of a `##vso` that is none); also where the text begins or ends in the middle of one,
#   because its neighbour in the line may bring the rest.
_SUSPECT = re.compile(
    r"\\(?=[\\nrtxuU]|[^ -~])|[^ -~]+|^ *:|(?:##(?=\w*\Z)|(?:##|^#)(?=vso|\w*\[))", re.ASCII
)

# Characters that count as printable but aren't drawn: two names that differ by one look the
# same. Unicode's Default_Ignorable_Code_Point, without those that `str.isprintable` refuses already.
_INVISIBLE = {
    0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, *range(0xFE00, 0xFE10), 0xFFA0,
    *range(0xE0100, 0xE01F0),
}  # fmt: skip

_COMMANDS = r"##(?=vso|\w*\[)"
_SURROGATES = "[\ud800-\udfff]"
# In JSON of ASCII: an escaped backslash or a whole pair, which are passed over, or a surrogate that has no other half.
_LONE_IN_JSON = r"\\\\|\\ud[89ab]..\\ud[c-f]..|\\u(d[89a-f]..)"

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def escape_line(text: str) -> str:
    r"""Return `text` as one printable line that any UTF-8 stream takes and no CI runner obeys.

    Controls become `\n` or `\x1b`, bytes that aren't UTF-8 (lone surrogates) `\xff`, and whatever else
    isn't drawn, or changes how its neighbours are drawn, `\u202e` or `\U000e0041`. Different texts
    stay different: for that, a backslash is doubled where it could be mistaken. So escape once, where
    the text is printed, and don't store the result.
    """
    return _SUSPECT.sub(_escape_match, text)


def dump_json(document: object, *, indent: int | None = 2) -> str:
    r"""Return JSON in ASCII with a newline at its end, in which no CI runner finds a command when a log shows it.

    Bytes that aren't UTF-8 (lone surrogates) become `\xff`, as `escape_surrogates` has them.
    """
    text = re.sub(_LONE_IN_JSON, _escape_in_json, json.dumps(document, indent=indent))
    return re.sub(_COMMANDS, "#\\\\u0023", text, flags=re.ASCII) + "\n"


def _escape_in_json(match: re.Match[str]) -> str:
    return f"\\{_escape_character(chr(int(match[1], 16)))}" if match[1] else match[0]


def escape_surrogates(text: str) -> str:
    r"""Return `text` with bytes that aren't UTF-8 (lone surrogates) as `\xff`, since no program reads them otherwise."""
    return re.sub(_SURROGATES, lambda match: _escape_character(match[0]), text)


def _escape_match(match: re.Match[str]) -> str:
    text = match[0]
    if text == "\\":
        return "\\\\"
    if text in {"#", "##"}:
        return rf"{text[1:]}\x23"
    if text[-1] == ":":
        return rf"{text[:-1]}\x3a"
    return text.translate(_SHOWN)


class _Shown(dict[int, str]):
    """How each character is shown that isn't printable ASCII, filled as they come."""

    def __missing__(self, number: int) -> str:
        char = chr(number)
        is_drawn = char.isprintable() and number not in _INVISIBLE
        self[number] = char if is_drawn else _escape_character(char)
        return self[number]


_SHOWN = _Shown()


def _escape_character(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:  # how Python carries the bytes 0x80 to 0xff of a name that isn't UTF-8
        return rf"\x{number - 0xDC00:02x}"
    if number < 0x80:
        return _SHORT.get(char, rf"\x{number:02x}")
    return rf"\u{number:04x}" if number <= 0xFFFF else rf"\U{number:08x}"
