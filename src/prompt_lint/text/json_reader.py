"""Strict JSON: text → plain data, where a fault is, and where each piece of the data stands."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

Path = tuple[str | int, ...]
Place = tuple[int, int]

# As deep as YAML may be nested. Python's own limit would differ from version to version.
DEPTH = 100
# Marks are for messages, tools and their blocks, none of which lies deeper.
_MARKED = 8

# Compiled when they are used, which is not in every run.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = rf'{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:"]++'
_NO_BRACKETS = r"[^][{}]++"
_HALF = r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|\\u[dD][c-fC-F]"


class JsonError(Exception):
    """What is wrong with a text, and where: 1-based, in characters; both 0 where no place is to blame."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def load(text: str) -> Any:
    """Dicts without a key twice, lists, texts that UTF-8 can hold, numbers, bools and None. Raises `JsonError`."""
    try:
        data = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON: {error.msg}", error.lineno, error.colno) from None
    except (ValueError, RecursionError) as error:
        _explain(text, error)
    if text.count("[") + text.count("{") > DEPTH and _depth(text) > DEPTH:
        raise JsonError("is not usable JSON: it is nested too deeply")
    if "\\u" in text and re.search(_HALF, text):
        _refuse_halves(text, data)
    return data


def marks(text: str) -> dict[Path, Place]:
    """The (line, column) of each value by the keys and indices that lead to it, of a text that `load` took."""
    found: dict[Path, Place] = {}
    path: list[str | int] = []
    key_next, line, start, seen = False, 1, 0, 0
    for match in re.finditer(_TOKEN, text):
        piece = match[0]
        if piece in {"}", "]"}:
            path.pop()
            key_next = False
        elif piece == ",":
            last = path[-1]
            key_next = isinstance(last, str)
            path[-1] = last if isinstance(last, str) else last + 1
        elif key_next:
            path[-1] = json.loads(piece)
            key_next = False
        elif piece != ":":
            if len(path) <= _MARKED:
                breaks = text.count("\n", seen, match.start())
                if breaks:
                    line, start = line + breaks, text.rindex("\n", seen, match.start()) + 1
                seen = match.start()
                found[tuple(path)] = line, seen - start + 1
            if piece == "{":
                path.append("")
                key_next = True
            elif piece == "[":
                path.append(0)
    return found


class _Twice(ValueError):
    """A key stands twice in one object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        raise _Twice(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(number: str) -> float:
    value = float(number)
    if abs(value) == float("inf"):
        raise ValueError("a number is too large")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)


def _explain(text: str, error: Exception) -> NoReturn:
    """The fault of a text that is JSON by its grammar, with its place where that can be told."""
    if isinstance(error, RecursionError):
        raise JsonError("is not usable JSON: it is nested too deeply") from None
    message = str(error)
    if isinstance(error, _Twice):
        place = _second(text, message)
        message = f"the key {message[:60]!r} stands twice in one object"
    elif "int_max_str_digits" in message:
        message = "a number is too long"
        place = _first(text, lambda token: len(token) > 4000 and token.lstrip("-").isdigit())
    elif message == "a number is too large":
        place = _first(text, lambda token: token[0] in "-0123456789" and abs(float(token)) == float("inf"))
    else:
        place = _first(text, lambda token: token == message.split()[0])
    raise JsonError(f"is not usable JSON: {message}", *place) from None


def _first(text: str, wanted: Any) -> Place:
    return next((_place(text, m.start()) for m in re.finditer(_TOKEN, text) if wanted(m[0])), (0, 0))


def _second(text: str, key: str) -> Place:
    """Where a key stands in an object that has it already."""
    objects: list[set[str]] = []
    tokens = list(re.finditer(_TOKEN, text))
    for match, after in zip(tokens, [*tokens[1:], None], strict=True):
        token = match[0]
        if token in {"{", "["}:
            objects.append(set())
        elif token in {"}", "]"}:
            objects.pop()
        elif after and after[0] == ":" and json.loads(token) == key:
            if key in objects[-1]:
                return _place(text, match.start())
            objects[-1].add(key)
    return 0, 0


def _place(text: str, at: int) -> Place:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _depth(text: str) -> int:
    deepest = depth = 0
    for bracket in re.sub(_NO_BRACKETS, "", re.sub(_STRING, "", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse_halves(text: str, data: Any) -> None:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        half = re.search(_HALF, text)
        place = _place(text, half.start()) if half else (0, 0)
        raise JsonError(
            "is not usable JSON: an escape stands for half a character (a surrogate)", *place
        ) from None
