"""The keys of .prompt-lint.yaml: where each may be, how its value is read, and what a key that isn't known means."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.config import values
from prompt_lint.config.mistakes import Node, describe_kind, quote
from prompt_lint.model.nearest import find_nearest
from prompt_lint.model.rules import MAX_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROLES = ("system", "user")
COUNTING = ("exact", "auto", "offline")
ON_UNAVAILABLE = ("fail", "offline")
POLICIES = ("changed", "project")
_LABEL = "label:"  # followed by a name
# From the mildest to the strictest.
ON_RAISE = ("note", "warn", _LABEL, "fail")

MAX_RULES = 500
MAX_GROUPS = 100
MAX_EXEMPTIONS = 500


class Key(NamedTuple):
    """How the value of a key is read, and what a right one looks like.

    `read` returns the value; or None, after it reported what is wrong with the node.
    """

    read: Callable[[Node, str], Any]
    example: str


class Entry(NamedTuple):
    """A mapping of the file, with the values of its known keys. A value that is wrong is None."""

    node: Node
    values: dict[str, Any]


def read_raise_label(on_raise: str) -> str:
    """Return NAME of `on_raise: label:NAME`; "" for another value."""
    return on_raise.removeprefix(_LABEL) if on_raise.startswith(_LABEL) else ""


def _read_format(node: Node, example: str) -> str | None:
    return values.read_choice(node, f"{example} (a template of another engine is text)", node.file.formats)


def _read_on_raise(node: Node, example: str) -> str | None:
    if isinstance(node.value, str) and (label := read_raise_label(node.value)):
        if len(label) <= MAX_LABEL and label.isprintable() and label == label.strip():
            return node.value
        return node.report(
            f"a label has at most {MAX_LABEL} characters, all printable, and no blank at its start or end",
            "on_raise: label:limits-ok",
        )
    return values.read_choice(node, example, ("note", "warn", "fail", "label:NAME"))


def _read_list(
    node: Node, example: str, *, keys: Mapping[str, Key], most: int, noun: str, required: str
) -> list[Entry] | None:
    """Read a list of mappings. What isn't a mapping is reported and left out."""
    if not isinstance(node.value, list) or not node.value:
        message = f"expected a list of {noun}, each with `{required}`, found {describe_kind(node.value)}"
        return node.report(message, example)
    if len(node.value) > most:
        return node.report(f"has {len(node.value)} {noun}; the most is {most}")
    entries = (read_mapping(child, keys, example) for child in node.children())
    return [entry for entry in entries if entry]


_SHARED = {
    "models": Key(values.read_models, "models: [claude-sonnet-5-5, claude-opus-5-5]"),
    "limit": Key(values.read_limit, "limit: 8000"),
    "warn_at": Key(values.read_warn_at, "warn_at: 90%"),
    "exclude": Key(values.read_patterns, 'exclude: ["**/fixtures/"]'),
    "max_growth": Key(values.read_growth, "max_growth: {tokens: 200, percent: 10}"),
}
RULE = _SHARED | {
    "files": Key(values.read_patterns, "files: prompts/**/*.md"),
    "format": Key(_read_format, "format: text"),
    "names": Key(partial(values.read_patterns, folder=""), 'names: ["*_PROMPT", "*_INSTRUCTIONS"]'),
    "role": Key(partial(values.read_choice, names=ROLES), "role: system"),
    "limits": Key(values.read_limits, "limits: {claude-opus-5-5: 5000}"),
    "parts": Key(values.read_parts, "parts: {metadata: 150}"),
    "reserve": Key(partial(values.read_tokens, amount=values.RESERVE_AMOUNT), "reserve: 3k"),
    "message": Key(values.read_message, "message: See docs/prompt-budget.md."),
    "allow_empty": Key(values.read_flag, "allow_empty: true"),
}
EXEMPTION = {
    "files": RULE["files"],
    "reason": Key(values.read_reason, "reason: to be split until the next release"),
    "until": Key(values.read_date, "until: 2027-01-31"),
}
_RULE_KEYS_OF_GROUPS = (
    "models", "limit", "limits", "reserve", "warn_at", "max_growth", "message", "allow_empty",
)  # fmt: skip
GROUP = {key: RULE[key] for key in _RULE_KEYS_OF_GROUPS} | {
    "name": Key(values.read_name, "name: support-agent"),
    "sum": Key(values.read_sum, "sum: [CLAUDE.md, .claude/skills/*/SKILL.md#metadata]"),
    "system": Key(values.read_paths, "system: prompts/support/system.md"),
    "tools": Key(values.read_paths, "tools: prompts/support/tools.json"),
    "messages": Key(values.read_paths, "messages: prompts/support/examples.yaml"),
}
TOP = _SHARED | {
    "counting": Key(partial(values.read_choice, names=COUNTING), "counting: auto"),
    "on_unavailable": Key(partial(values.read_choice, names=ON_UNAVAILABLE), "on_unavailable: offline"),
    "policy": Key(partial(values.read_choice, names=POLICIES), "policy: changed"),
    "on_raise": Key(_read_on_raise, "on_raise: warn"),
    "prices": Key(values.read_prices, "prices: {claude-sonnet-5-5: 2.00}"),
    "notes": Key(values.read_notes, "notes: {placeholders: off}"),
    "exempt": Key(
        partial(_read_list, keys=EXEMPTION, most=MAX_EXEMPTIONS, noun="exemptions", required="files"),
        "exempt: [{files: old.md, reason: to be split, until: 2027-01-31}]",
    ),
    "prompts": Key(
        partial(_read_list, keys=RULE, most=MAX_RULES, noun="rules", required="files"),
        "prompts: [{files: prompts/**/*.md}]",
    ),
    "groups": Key(
        partial(_read_list, keys=GROUP, most=MAX_GROUPS, noun="groups", required="name"),
        "groups: [{name: agent, system: prompts/system.md, tools: tools.json, limit: 20k}]",
    ),
}
ALL_KEYS = TOP.keys() | RULE.keys() | GROUP.keys() | EXEMPTION.keys()

# What people who come from other tools call our keys.
_SYNONYMS = {
    "file": "files", "path": "files", "paths": "files", "glob": "files", "pattern": "files", "include": "files",
    "ignore": "exclude", "excludes": "exclude", "ignores": "exclude", "rules": "prompts", "model": "models",
    "max": "limit", "max_tokens": "limit", "budget": "limit", "tokens": "limit", "warn": "warn_at", "type": "format",
}  # fmt: skip

# Settings that decide where keys and prompts are sent, or what is run: never for a file that a pull request can change.
_TRUSTED = (
    r"(anthropic|api|auth|aws|http|https|no|ssl)_.*|.*_?(url|key|token|secret|proxy|command|dir)|headers?|credentials?"
    r"|endpoint|hosts?|cache|plugins?|hooks?|cmd|exec|run|env|environment|timeout|deadline|max_requests|profile|region"
)


def read_mapping(node: Node, keys: Mapping[str, Key], example: str) -> Entry | None:
    """Read the values of the known keys of a mapping, and report those that aren't known."""
    if not isinstance(node.value, dict):
        return node.report(f"expected keys and values, found {describe_kind(node.value)}", example)
    read: dict[str, Any] = {}
    for name in node.value:
        child = node.child(name)
        if name not in keys:
            if meant := _report_unknown_key(child, name, keys):
                read.setdefault(meant, None)  # so that it isn't reported as missing, too
        elif child.value is None:
            message = f"`{name}` has no value; leave the key out, or give it one"
            child.report_key(message, keys[name].example)
            read[name] = None
        else:
            read[name] = keys[name].read(child, keys[name].example)
    return Entry(node, read)


def _report_unknown_key(node: Node, name: str, keys: Mapping[str, Key]) -> str:
    """Report a key that isn't known here. Return the one that was probably meant, or an empty text."""
    plain = name.lower().replace("-", "_")
    synonym = _SYNONYMS.get(plain, plain)
    meant = synonym if synonym in keys else "" if plain in ALL_KEYS else find_nearest(plain, keys)
    if meant:
        node.report_key(f"unknown key {quote(name)}; did you mean `{meant}`?", keys[meant].example)
    elif name in TOP:
        node.report_key(f"`{name}` belongs at the top of the file, beside `prompts`", TOP[name].example)
    elif name in RULE:
        place = (
            "a rule or a group, below `prompts` or `groups`" if name in GROUP else "a rule, below `prompts`"
        )
        node.report_key(f"`{name}` belongs in {place}", f"prompts: [{{{RULE[name].example}}}]")
    elif name in GROUP:
        node.report_key(
            f"`{name}` belongs in a group, below `groups`", f"groups: [{{{GROUP[name].example}}}]"
        )
    elif name in EXEMPTION:
        node.report_key(f"`{name}` belongs in an exemption, below `exempt`", TOP["exempt"].example)
    elif re.fullmatch(_TRUSTED, plain):
        node.report_key(
            f"{quote(name)} can't be set here: addresses, keys and what is run come from the environment or the command"
            " line, never from the repository"
        )
    else:
        node.report_key(f"unknown key {quote(name)}: expected one of {', '.join(f'`{key}`' for key in keys)}")
    return meant
