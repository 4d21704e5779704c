"""TOML: text → plain data, refused before it gets expensive.

`tomllib` takes time and memory that grow with the square of a dotted key's length, and about a kilobyte for each
part of a key (Python 3.11 to 3.14, measured in 2026).
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from prompt_lint.text.location import ParseError

_MAX_KEY_PARTS = 32
_MAX_WORDS = 20_000

# A string that isn't closed goes on to the end, where `tomllib` refuses it.
_LONG_STRING = r'"""(?:[^"\\]++|\\.|""?(?!"))*+(?:""")?+|' + r"'''(?:[^']++|''?(?!'))*+(?:''')?+"
_PART = r'(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"?+|' + r"'[^'\n]*+'?+)"
_DOT = r"[ \t]*+\.[ \t]*+"
_WORDS = rf"{_LONG_STRING}|#[^\n]*+|(?P<long>{_PART}(?:{_DOT}{_PART}){{{_MAX_KEY_PARTS}}})|(?P<word>{_PART}(?:{_DOT})?+|[\[{{])"


def parse_toml(text: str) -> dict[str, Any]:
    """Return the data of a TOML file. Raises `ParseError`, whose line is 0 where none is known."""
    _check_words(text)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason, _, position = str(error).partition(" (at ")
        if not position:
            reason = "it is nested too deeply, or has a number that is too long"
        raise ParseError(f"is not TOML: {reason}", _find_error_line(position, text)) from None


def _check_words(text: str) -> None:
    """Raise `ParseError` for a key of too many parts, and for more keys, values, lists and tables than a file needs."""
    words = 0
    for match in re.finditer(_WORDS, text, re.DOTALL):
        words += match["word"] is not None
        if match["long"] or words > _MAX_WORDS:
            message = (
                f"has a key of more than {_MAX_KEY_PARTS} parts"
                if match["long"]
                else f"has more than {_MAX_WORDS:,} keys and values"
            )
            raise ParseError(message, text.count("\n", 0, match.start()) + 1)


def _find_error_line(position: str, text: str) -> int:
    """Return the line that `tomllib` gives as the position of an error, 0 for none; `end of document` is the last line."""
    match = re.match(r"line ([0-9]+),", position)
    if match:
        return int(match[1])
    return text.count("\n") + 1 if position else 0
