"""Strict JSON: text → plain data, and the position of each value in it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from prompt_lint.text.location import ParseError, find_position

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.text.location import KeyPath, Position

# As deep as YAML may be nested. Python's own limit would differ from version to version.
MAX_DEPTH = 100
# Of 100,000 messages, which is the most that the API takes (its documentation, 2026), and room for tools. A file of more
# is data, and to find the position of each value would take seconds.
MAX_VALUES = 400_000
# Positions are for messages, tools and their blocks, none of which lies deeper.
_MAX_POSITION_DEPTH = 8

# Compiled when they are used, which is not in every run.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = rf'{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:"]++'
_NO_BRACKETS = r"[^][{}]++"
_NUMBER = r"-?[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?"
_ESCAPE = r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]|(?P<surrogate>u[dD][89a-fA-F])|.)"


# The words of Python's parser → ours.
_SYNTAX_ERRORS = {
    "Expecting ',' delimiter": "expected a comma or the closing bracket",
    "Expecting ':' delimiter": "expected a `:` after the key",
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Expecting value": "expected a value",
    "Extra data": "there is more after the end of the value",
    "Illegal trailing comma before end of object": "there is a comma before the closing bracket",
    "Illegal trailing comma before end of array": "there is a comma before the closing bracket",
    "Invalid control character at": "a line break or a control character in a string must be escaped",
    "Invalid \\escape": "a backslash starts an escape; write `\\\\`",
    "Invalid \\uXXXX escape": "`\\u` needs four hexadecimal digits",
    "Unterminated string starting at": "the string isn't closed",
}


def parse_json(text: str) -> Any:
    """Return dicts without a key twice, lists, texts that UTF-8 can encode, finite numbers, bools and None.

    Raises `ParseError` for any other text.
    """
    _check_number_of_values(text)
    try:
        data = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = _SYNTAX_ERRORS.get(error.msg, error.msg)
        raise ParseError(f"is not JSON: {message}", error.lineno, error.colno) from None
    except (ValueError, RecursionError) as error:
        _explain(text, error)
    if text.count("[") + text.count("{") > MAX_DEPTH and _measure_depth(text) > MAX_DEPTH:
        raise ParseError("is not usable JSON: it is nested too deeply")
    if "\\u" in text:
        _refuse_lone_surrogates(text)
    return data


def find_positions(text: str) -> dict[KeyPath, Position]:
    """Return the position of each value by its key path, of a text that `parse_json` takes."""
    positions: dict[KeyPath, Position] = {}
    path: list[str | int] = []
    is_key_next, line, line_start, seen = False, 1, 0, 0
    for match in re.finditer(_TOKEN, text):
        piece = match[0]
        if piece in {"}", "]"}:
            path.pop()
            is_key_next = False
        elif piece == ",":
            last = path[-1]
            is_key_next = isinstance(last, str)
            path[-1] = last if isinstance(last, str) else last + 1
        elif is_key_next:
            path[-1] = json.loads(piece)
            is_key_next = False
        elif piece != ":":
            if len(path) <= _MAX_POSITION_DEPTH:
                breaks = text.count("\n", seen, match.start())
                if breaks:
                    line, line_start = line + breaks, text.rindex("\n", seen, match.start()) + 1
                seen = match.start()
                positions[tuple(path)] = line, seen - line_start + 1
            if piece == "{":
                path.append("")
                is_key_next = True
            elif piece == "[":
                path.append(0)
    return positions


class _DuplicateKeyError(ValueError):
    """An object has a key twice. Its text is the key."""


def build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object that a JSON parser has read. Raises `ValueError` for one with a key twice."""
    built = dict(pairs)
    if len(built) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return built


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _parse_float(number: str) -> float:
    value = float(number)
    if abs(value) == float("inf"):
        raise ValueError("a number is too large")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=build_object, parse_constant=_refuse_constant, parse_float=_parse_float
)


def _explain(text: str, error: Exception) -> NoReturn:
    """Raise `ParseError` for a text that is JSON by its grammar, with the position where it can be found."""
    if isinstance(error, RecursionError):
        raise ParseError("is not usable JSON: it is nested too deeply") from None
    message = str(error)
    if isinstance(error, _DuplicateKeyError):
        position = _find_duplicate(text, message)
        message = f"duplicate key `{message[:60]}`"
    elif "int_max_str_digits" in message:
        message = "a number is too long"
        position = _find_token(text, lambda token: len(token) > 4000 and token.lstrip("-").isdigit())
    elif message == "a number is too large":
        position = _find_token(text, _starts_with_infinity)
    else:
        position = _find_token(text, lambda token: token == message.split()[0])
    raise ParseError(f"is not usable JSON: {message}", *position) from None


def _find_token(text: str, is_wanted: Callable[[str], bool]) -> Position:
    starts = (match.start() for match in re.finditer(_TOKEN, text) if is_wanted(match[0]))
    return next((find_position(text, start) for start in starts), (0, 0))


def _starts_with_infinity(token: str) -> bool:
    """Return whether a token starts with a number that Python can't keep; what is behind it may be a mistake of its own."""
    number = re.match(_NUMBER, token)
    return number is not None and abs(float(number[0])) == float("inf")


def _find_duplicate(text: str, key: str) -> Position:
    """Return where a key is in an object that has it already."""
    has_key: list[bool] = []  # for each list and object that is open
    for match in re.finditer(rf"(?P<key>{_STRING})\s*:|{_STRING}|[][{{}}]", text):
        if match[0] in {"{", "["}:
            has_key.append(False)
        elif match[0] in {"}", "]"}:
            has_key.pop()
        elif match["key"] and json.loads(match["key"]) == key:
            if has_key[-1]:
                return find_position(text, match.start())
            has_key[-1] = True
    return 0, 0


def _check_number_of_values(text: str) -> None:
    """Raise `ParseError` for more lists, objects and commas than a prompt has. Those in strings are looked at only if need be."""
    if (
        sum(map(text.count, ",[{")) > MAX_VALUES
        and sum(map(re.sub(_STRING, "", text).count, ",[{")) > MAX_VALUES
    ):
        raise ParseError(f"is not usable JSON: it has more than {MAX_VALUES:,} values")


def _measure_depth(text: str) -> int:
    deepest = depth = 0
    for bracket in re.sub(_NO_BRACKETS, "", re.sub(_STRING, "", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse_lone_surrogates(text: str) -> None:
    lone = next((escape for escape in re.finditer(_ESCAPE, text) if escape["surrogate"]), None)
    if lone:
        message = "is not usable JSON: an escape means half a character (a surrogate)"
        raise ParseError(message, *find_position(text, lone.start()))
