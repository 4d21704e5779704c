"""The limits of a configuration as they are written, and lowering them in their places."""

from __future__ import annotations

import re
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config.values import Limit, parse_limit
from prompt_lint.text.yaml_reader import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Rule
    from prompt_lint.text.location import KeyPath

_BYTE_ORDER_MARK = "\ufeff"
# A value of any form on one line.
_WRITTEN = re.compile(r"[\"']?([^\s,\]}#|>\"']+)")
_SCALAR = re.compile(r"[\"']?([0-9.]+[kK]?)(?![\w.%])", re.ASCII)


class WrittenLimit(NamedTuple):
    """A limit of a configuration. `span` is its place in the text; None for a form that isn't edited, such as `0x1f40`."""

    limit: Limit
    text: str
    line: int
    span: tuple[int, int] | None


def find_written_limits(text: str) -> dict[KeyPath, WrittenLimit]:
    """Return each limit in the text of a configuration without mistakes, by its key path."""
    body = text.removeprefix(_BYTE_ORDER_MARK)
    shift = len(text) - len(body)
    document = parse_yaml(body)
    line_starts = [0, *(match.end() for match in re.finditer("\n", body))]
    limits = {}
    for key_path, (line, column) in document.positions.items():
        if not _is_limit(key_path):
            continue
        value = reduce(getitem, key_path, document.data)
        limit = parse_limit(value)
        start = line_starts[line - 1] + column - 1
        match = _SCALAR.match(body, start)
        if match and _means(match[1], limit):
            span = match.start(1) + shift, match.end(1) + shift
            limits[key_path] = WrittenLimit(limit, match[1], line, span)
        else:
            match = _WRITTEN.match(body, start)
            limits[key_path] = WrittenLimit(limit, match[1] if match else str(value), line, None)
    return limits


def _is_limit(key_path: KeyPath) -> bool:
    match key_path:
        case ("limit",) | ("prompts" | "groups", int(), "limit"):
            return True
        case ("prompts" | "groups", int(), "limits" | "parts", _):
            return True
    return False


def _means(text: str, limit: Limit) -> bool:
    try:
        return parse_limit(text) == limit
    except ValueError:
        return False


def find_limit_path(
    limits: Mapping[KeyPath, WrittenLimit], entry: KeyPath, prompt_name: str, model: str
) -> KeyPath:
    """Return the key path of the limit of a prompt whose rule or group is at `entry`."""
    own = (("parts", prompt_name), ("limits", model), ("limit",))
    return next((path for keys in own if (path := (*entry, *keys)) in limits), ("limit",))


def write_like(tokens: int, text: str) -> str:
    """Write a limit in the form of `text`: with a `k` where that has one, from 1,000 on."""
    if text[-1] not in "kK" or tokens < 1000:
        return str(tokens)
    return f"{tokens // 1000}.{tokens % 1000:03}".rstrip("0").rstrip(".") + text[-1]


def replace_spans(text: str, replacements: Mapping[tuple[int, int], str]) -> str:
    """Return the text with others in the places of some spans, which don't overlap."""
    for (start, end), new in sorted(replacements.items(), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def is_only_tighter(old: Config, new: Config) -> bool:
    """Return whether two configurations differ in nothing but limits, of which none is higher in `new`."""
    if _without_limits(old) != _without_limits(new):
        return False
    pairs = zip(_list_limits(old.list_rules()), _list_limits(new.list_rules()), strict=True)
    return all(
        was.keys() == now.keys() and all(now[model] <= was[model] for model in was) for was, now in pairs
    )


def _without_limits(config: Config) -> Config:
    rules = tuple(_drop_limits(rule) for rule in config.rules)
    groups = tuple(group._replace(rule=_drop_limits(group.rule)) for group in config.groups)
    return config._replace(rules=rules, groups=groups)


def _drop_limits(rule: Rule) -> Rule:
    return rule._replace(limits={}, parts={name: {} for name in rule.parts})


def _list_limits(rules: Iterable[Rule]) -> list[Mapping[str, int]]:
    return [limits for rule in rules for limits in (rule.limits, *rule.parts.values())]
