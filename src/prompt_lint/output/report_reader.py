"""The JSON output of `check`, read again: by whomever it was written, and so believed in nothing that isn't checked."""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.values import (
    Base,
    ChangeKind,
    Count,
    Exemption,
    ImportShares,
    Loosening,
    MaxGrowth,
    Note,
    OnRaise,
    Origin,
    Problem,
    Prompt,
    RemovedPrompt,
    Report,
    Rule,
    Section,
    Status,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# 100,000 verdicts take some 60 MB; a comment holds the worst few hundred.
LARGEST = 64 << 20
_T = TypeVar("_T")

_LONGEST, _MOST, _MOST_PARTS = 65_536, 200_000, 1_000
_GREATEST = 2**31 - 1
_HINT = "make it with `prompt-lint check --output json=FILE`, of this version or a later one"


class _Odd(Exception):
    """What stands where something else should. The text names the key."""


def read(path: str) -> Report:
    """Raises `Fatal` for what isn't the JSON output of `check`."""
    try:
        data = _bytes(path)
    except OSError as error:
        raise Fatal(f"{path} can't be read: {error.strerror}", _HINT) from None
    return parse(data, path)


def parse(data: bytes, name: str) -> Report:
    """`name` is what the report is called in `Fatal`, which is raised for all that isn't one."""
    try:
        document = json.loads(data) if len(data) <= LARGEST else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("schema_version") != 1:
        raise Fatal(f"{name} isn't the JSON output of `prompt-lint check`", _HINT)
    try:
        return _report(document)
    except _Odd as error:
        why = f"{name} has something under `{error}` that `prompt-lint check` doesn't write"
    raise Fatal(why, _HINT)


def _bytes(path: str) -> bytes:
    """A plain file, not one that a link leads to."""
    if os.path.islink(
        path
    ):  # what the system says of it, should it be swapped in later, is of links that go in circles
        raise OSError(errno.ELOOP, "it is a symbolic link, which isn't followed")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no file")
        return file.read(LARGEST + 1)


# ---------------------------------------------------------------------------------------------------------
# Values. A `bool` is an `int`, and NaN passes every comparison: so types are compared themselves.


def _text(one: Mapping[str, Any], key: str) -> str:
    value = one.get(key)
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise _Odd(key)
    return value


def _whole(one: Mapping[str, Any], key: str, least: int = 0) -> int:
    value = one.get(key)
    if type(value) is not int or not least <= value <= _GREATEST:
        raise _Odd(key)
    return value


def _perhaps(one: Mapping[str, Any], key: str, least: int = 0) -> int | None:
    return None if one.get(key) is None else _whole(one, key, least)


def _flag(one: Mapping[str, Any], key: str) -> bool:
    value = one.get(key)
    if type(value) is not bool:
        raise _Odd(key)
    return value


def _word(one: Mapping[str, Any], key: str, known: Any) -> Any:
    value = one.get(key)
    if not isinstance(value, str) or value not in get_args(known):
        raise _Odd(key)
    return value


def _list(one: Mapping[str, Any], key: str, make: Callable[[Any], _T], most: int = _MOST) -> tuple[_T, ...]:
    value = one.get(key)
    if not isinstance(value, list) or len(value) > most:
        raise _Odd(key)
    return tuple(make(each) for each in value)


def _object(one: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = one.get(key)
    if not isinstance(value, dict):
        raise _Odd(key)
    return value


def _maybe(one: Mapping[str, Any], key: str, make: Callable[[Mapping[str, Any]], _T]) -> _T | None:
    return None if one.get(key) is None else make(_object(one, key))


def _each(key: str, make: Callable[[Mapping[str, Any]], _T]) -> Callable[[Any], _T]:
    return lambda value: make(_object({key: value}, key))


def _strings(key: str) -> Callable[[Any], str]:
    return lambda value: _text({key: value}, key)


# ---------------------------------------------------------------------------------------------------------
# What a report is made of


def _report(one: Mapping[str, Any]) -> Report:
    summary = _object(one, "summary")
    code = _whole(summary, "exit_code")
    if code not in {0, 1, 2, 3}:
        raise _Odd("exit_code")
    return Report(
        _text(one, "config"),
        _list(one, "verdicts", _each("verdicts", _verdict)),
        _list(one, "problems", _each("problems", _problem)),
        _list(one, "notes", lambda value: Note(_strings("notes")(value))),
        _whole(summary, "files"),
        ExitCode(code),
        _whole(summary, "sent"),
        _text(summary, "host"),
        _whole(summary, "unanswered"),
        _maybe(one, "against", lambda it: Base(_text(it, "commit"), _text(it, "name"), _text(it, "how"))),
        _list(one, "removed", _each("removed", _removed)),
        _list(one, "loosened", _each("loosened", _loosened)),
        _word(one, "on_raise", OnRaise),
    )


# What a verdict of a status always has.
_NEEDS = {
    "over": ("tokens", "limit"), "unsure": ("tokens", "limit"), "warn": ("tokens", "limit"), "exempt": ("tokens",),
    "grew": ("tokens", "base_tokens", "growth"), "ok": ("tokens",),
}  # fmt: skip


def _verdict(one: Mapping[str, Any]) -> Verdict:
    model, limit = _text(one, "model"), _perhaps(one, "limit", 1)
    status = _word(one, "status", Status)
    for key in _NEEDS.get(status, ()):
        if one.get(key) is None:
            raise _Odd(key)
    return Verdict(
        _prompt(one),
        model,
        _rule(_object(one, "rule"), model, limit),
        limit,
        _count(one),
        status,
        _whole(one, "over_by", int(status == "over")),
        _list(one, "sections", _each("sections", _section), _MOST_PARTS),
        _word(one, "standing", ChangeKind),
        _base(one),
        _perhaps(one, "growth", -_GREATEST),
        _text(one, "renamed_from"),
        _flag(one, "inherited"),
        _maybe(one, "exemption", lambda it: Exemption((), _text(it, "reason"), _text(it, "until"), 0)),
        _maybe(
            one,
            "shares",
            lambda it: ImportShares(_whole(it, "own"), _whole(it, "imported"), _whole(it, "files")),
        ),
    )


def _prompt(one: Mapping[str, Any]) -> Prompt:
    kind = one.get("kind")
    if kind not in ("prompt", "group"):
        raise _Odd("kind")
    return Prompt(
        _text(one, "path"),
        _text(one, "name"),
        _whole(one, "line"),
        None,
        format="group" if kind == "group" else "",
    )


def _rule(one: Mapping[str, Any], model: str, limit: int | None) -> Rule:
    growth = _maybe(one, "max_growth", lambda it: MaxGrowth(_perhaps(it, "tokens"), _perhaps(it, "share")))
    limits = {} if limit is None else {model: limit}
    lines = {model: _whole(one, "limit_line")}
    message, line = _text(one, "message"), _whole(one, "line")
    return Rule((), (), (model,), "", "", limits, 1.0, message, False, line, lines, {}, growth)


def _count(one: Mapping[str, Any]) -> Count | None:
    if one.get("tokens") is None:
        return None
    low, tokens, high = (_whole(one, key) for key in ("low", "tokens", "high"))
    if not low <= tokens <= high:
        raise _Odd("tokens")
    return Count(tokens, low, high, _word(one, "origin", Origin), _flag(one, "unverified"))


def _base(one: Mapping[str, Any]) -> Count | None:
    if one.get("base_tokens") is None:
        return None
    low, tokens, high = (_whole(one, key) for key in ("base_low", "base_tokens", "base_high"))
    if not low <= tokens <= high:
        raise _Odd("base_tokens")
    return Count(tokens, low, high, "offline")


def _section(one: Mapping[str, Any]) -> Section:
    return Section(
        _text(one, "title"), _whole(one, "first_line"), _whole(one, "last_line"), _whole(one, "tokens"), _text(one, "path"),
        _list(one, "via", _strings("via"), _MOST_PARTS),
    )  # fmt: skip


def _problem(one: Mapping[str, Any]) -> Problem:
    code = _whole(one, "exit_code")
    if code not in {1, 2, 3}:
        raise _Odd("exit_code")
    return Problem(
        _text(one, "path"), _whole(one, "line"), _text(one, "message"), _text(one, "hint"), ExitCode(code)
    )


def _removed(one: Mapping[str, Any]) -> RemovedPrompt:
    base = _base(one)
    if base is None:
        raise _Odd("base_tokens")
    return RemovedPrompt(Prompt(_text(one, "path"), _text(one, "name"), 1, None), _text(one, "model"), base)


def _loosened(one: Mapping[str, Any]) -> Loosening:
    return Loosening(
        _text(one, "subject"), _text(one, "what"), _whole(one, "line"), _text(one, "model"), _perhaps(one, "before"),
        _perhaps(one, "after"),
    )  # fmt: skip
