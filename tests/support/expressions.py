"""The expressions of GitHub's workflows, as far as the actions here use them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def interpolate(template: str, context: Mapping[str, Any], *, ok: bool = True) -> str:
    return re.sub(
        r"\$\{\{(.*?)\}\}", lambda m: as_text(evaluate(m[1], context, ok=ok)), template, flags=re.DOTALL
    )


def evaluate(expression: str, context: Mapping[str, Any], *, ok: bool = True) -> Any:
    """Literals, contexts, `! == != && ||`, brackets and the status functions: what the actions here use."""
    tokens = re.findall(
        r"'(?:[^']|'')*'|[A-Za-z_][\w-]*(?:\.[\w-]+)*\(?|\d+|==|!=|&&|\|\||!|\(|\)|\S", expression
    )
    value, rest = _or(tokens, context, ok=ok)
    assert not rest, f"not understood: {expression!r} at {rest}"
    return value


def _or(tokens: list[str], context: Mapping[str, Any], *, ok: bool) -> tuple[Any, list[str]]:
    value, rest = _and(tokens, context, ok=ok)
    while rest and rest[0] == "||":
        other, rest = _and(rest[1:], context, ok=ok)
        value = value if truthy(value) else other
    return value, rest


def _and(tokens: list[str], context: Mapping[str, Any], *, ok: bool) -> tuple[Any, list[str]]:
    value, rest = _equal(tokens, context, ok=ok)
    while rest and rest[0] == "&&":
        other, rest = _equal(rest[1:], context, ok=ok)
        value = other if truthy(value) else value
    return value, rest


def _equal(tokens: list[str], context: Mapping[str, Any], *, ok: bool) -> tuple[Any, list[str]]:
    value, rest = _operand(tokens, context, ok=ok)
    while rest and rest[0] in {"==", "!="}:
        same, (other, rest) = rest[0] == "==", _operand(rest[1:], context, ok=ok)
        # Texts are compared without regard to case.
        value = (as_text(value).lower() == as_text(other).lower()) is same
    return value, rest


def _operand(tokens: list[str], context: Mapping[str, Any], *, ok: bool) -> tuple[Any, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        value, rest = _operand(rest, context, ok=ok)
        return not truthy(value), rest
    if first == "(":
        value, rest = _or(rest, context, ok=ok)
        assert rest[0] == ")"
        return value, rest[1:]
    if first.endswith("("):
        known = {"success(": ok, "failure(": not ok, "always(": True, "cancelled(": False}
        assert rest[0] == ")"
        return known[first], rest[1:]
    if first.startswith("'"):
        return first[1:-1].replace("''", "'"), rest
    if first in {"true", "false"} or first.isdigit():
        return {"true": True, "false": False}.get(first, first), rest
    return _look_up(first, context), rest


def _look_up(name: str, context: Mapping[str, Any]) -> Any:
    """What isn't there is empty, but a context that there isn't is a mistake: `secrets`, above all."""
    head, *keys = name.split(".")
    value: Any = context[head]
    for key in keys:
        value = value.get(key, "") if isinstance(value, dict) else ""
    return value


def truthy(value: Any) -> bool:
    return value not in {False, "", None}


def as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
