"""The configuration: bytes → rules, or every mistake in them at once."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, cast

from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Exemption, Group, Growth, Reference, Rule
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from prompt_lint.model.values import OnRaise, Role
    from prompt_lint.text.yaml_reader import Document, Path, YamlError

    Window = Callable[[str], int | None]

NAMES = (".prompt-lint.yaml", ".prompt-lint.yml")
ROLES = ("system", "user")
COUNTING = ("exact", "auto", "offline")
ON_UNAVAILABLE = ("fail", "offline")
POLICIES = ("changed", "project")
ON_RAISE = ("note", "warn", "fail")
# The prompts of a file that can have limits of their own: those of a SKILL.md.
PARTS = ("metadata", "body")
WARN_AT = 0.9

MAX_SIZE = 256 * 1024
MAX_RULES = 500
MAX_GROUPS = 100
MAX_EXEMPTIONS = 500
MAX_NAME = 100
MAX_MODELS = 32
MAX_MESSAGE = 1000
MAX_LIMIT = 999_999_999
# Nobody reads more, and a hostile file shouldn't be able to make us write more.
MAX_MISTAKES = 100

# The same expressions stand in prompt-lint.schema.json; a test compares them.
MODEL = r"[A-Za-z0-9._:@/-]{1,128}"
PERCENT = r"(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)%"
LIMIT = rf"([1-9][0-9]{{0,8}}|(?!0+(\.0+)?[kK])[0-9]{{1,6}}(\.[0-9]{{1,3}})?[kK]|(?!0+(\.0+)?%){PERCENT})"


class Config(NamedTuple):
    """What a configuration file says. `path` is the file's, as given to `parse`.

    `counting` and `on_unavailable` are empty where the file leaves them to the environment, `policy` where it leaves
    that to whether there is a base.
    """

    path: str
    rules: tuple[Rule, ...]
    exclude: tuple[str, ...]
    counting: str = ""
    on_unavailable: str = ""
    groups: tuple[Group, ...] = ()
    policy: str = ""
    on_raise: OnRaise = "warn"
    exempt: tuple[Exemption, ...] = ()


class Mistake(NamedTuple):
    """One thing that is wrong, where, and what would be right. Line and column are 0 where none is to blame."""

    path: str
    line: int
    column: int
    message: str
    hint: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")


class ConfigErrors(Fatal):
    """All mistakes of a file, in the order of their places. The hint has them all, a line or two for each."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        number = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"{number} in the configuration", "\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


class Limit(NamedTuple):
    """Tokens; or, where `share` isn't 0, millionths of the model's context window."""

    tokens: int
    share: int


def find(top: str) -> str | None:
    """The name of the configuration in the folder `top`. Nothing above it is searched. Raises `Fatal` for two."""
    found = [name for name in NAMES if os.path.lexists(os.path.join(top, name))]
    if len(found) > 1:
        raise Fatal(f"there are both `{found[0]}` and `{found[1]}`", "keep one of them")
    return found[0] if found else None


def read(path: str, within: str | None = None) -> bytes:
    """The bytes of a configuration. Raises `Fatal` for anything but a regular file of at most 256 KiB.

    With `within` (a folder), a symbolic link may not lead out of it, nor into its `.git`.
    """
    try:
        if within is not None:
            path = _resolved(path, within)
        data = _contents(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise Fatal(f"the configuration `{path}` can't be read: {reason}") from None
    if len(data) > MAX_SIZE:
        raise Fatal(f"the configuration `{path}` is larger than {MAX_SIZE:,} bytes")
    return data


def _contents(path: str) -> bytes:
    # Not blocking, so that a named pipe can't hold us before `fstat` has seen what it is.
    flags = [getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY")]
    descriptor = os.open(path, os.O_RDONLY | sum(flags))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Fatal(f"the configuration `{path}` is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_SIZE + 1)
    finally:
        os.close(descriptor)


def _resolved(path: str, within: str) -> str:
    real, top = os.path.realpath(path), os.path.realpath(within)
    inner = os.path.relpath(real, top).split(os.sep)
    if inner[0] in {os.pardir, ".git"} or os.path.isabs(inner[0]):
        raise Fatal(f"the configuration `{path}` is a link that leads out of the repository")
    return real


def read_limit(value: object) -> Limit:
    """8000, "8000", "8k", "1.5k" or "5%". Raises `ValueError`, with a sentence, for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if isinstance(value, int | str) else ""
    if not re.fullmatch(LIMIT, text, re.ASCII):
        raise ValueError(_not_a_limit(value))
    if text.endswith("%"):
        return Limit(0, _scaled(text[:-1], 4))
    return Limit(_scaled(text[:-1], 3) if text[-1] in "kK" else int(text), 0)


def _not_a_limit(value: object) -> str:
    expected = "expected a number of tokens, such as 8000 or 8k, or a share of the context window, such as 5%"
    text = str(value)
    if re.fullmatch(r"-.*|0+(\.0+)?[kK%]?", text):
        expected = "a limit is at least 1 token"
    elif re.fullmatch(r"[0-9]+(\.[0-9]+)?%", text):
        expected = "a share is at most 100%, with at most 4 digits behind the point"
    elif re.fullmatch(r"[0-9]+\.[0-9]+[kK]?", text):
        expected = "it doesn't stand for a whole number of tokens"
    elif re.fullmatch(r"[0-9]+[kK]?", text):
        expected = f"a limit is at most {MAX_LIMIT:,} tokens"
    return f"{_shown(value)} isn't a limit: {expected}"


def _scaled(digits: str, places: int) -> int:
    """A decimal number times 10 to the power of `places`, without the errors of floating point."""
    whole, _, fraction = digits.partition(".")
    return int(whole + fraction.ljust(places, "0"))


def resolve_limit(limit: Limit, model: str, context_window: Window) -> int:
    """A limit in tokens. Raises `ValueError`, with a sentence, for a share of a window that nobody knows."""
    if not limit.share:
        return limit.tokens
    window = context_window(model)
    if window is None:
        raise ValueError(
            f"the context window of `{model}` isn't known, so a share of it isn't; give a number of tokens"
        )
    return max(1, window * limit.share // 1_000_000)


def rule_from_flags(models: Sequence[str], limit: str | None, context_window: Window) -> Rule:
    """The rule, for every file, that flags alone make. Raises `Fatal` for values that are wrong."""
    names, wanted = _flag_models(models), _flag_limit(limit)
    try:
        limits = {model: resolve_limit(wanted, model, context_window) for model in names} if wanted else {}
    except ValueError as error:
        raise Fatal(str(error)) from None
    return Rule(("**",), (), names, "", "user", limits, WARN_AT, "", allow_empty=False, line=0)


def _flag_models(models: Sequence[str]) -> tuple[str, ...]:
    for model in models:
        if not re.fullmatch(MODEL, model, re.ASCII):
            raise Fatal(f"{_shown(model)} isn't the name of a model", "right: --model claude-sonnet-5-5")
    return tuple(dict.fromkeys(models))


def _flag_limit(limit: str | None) -> Limit | None:
    try:
        return None if limit is None else read_limit(limit)
    except ValueError as error:
        raise Fatal(str(error), "right: --limit 8000") from None


def parse(
    data: bytes,
    path: str,
    context_window: Window,
    formats: Collection[str],
    *,
    models: Sequence[str] = (),
    limit: str | None = None,
) -> Config:
    """The rules of a configuration, with the defaults of the file filled in.

    `models` and `limit` are the flags of these names; where given, they win over everything in the file.
    `context_window` knows the size of a model's window in tokens, or None; `formats` are the names that `format`
    may have. Raises `ConfigErrors` with every mistake there is.
    """
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # YAML is dear; a run with flags only doesn't need it

    soft: list[YamlError] = []
    try:
        document = yaml_reader.load(data, mistakes=soft)
    except yaml_reader.YamlError as error:
        told = [Mistake(path, one.line, one.column, one.message, "") for one in soft]
        told.append(Mistake(path, error.line, error.column, error.message, _yaml_hint(data, error)))
        raise ConfigErrors(told[-MAX_MISTAKES:]) from None
    file = _File(path, document, context_window, formats)
    file.models, file.limit = _flag_models(models), _flag_limit(limit)
    for one in soft:
        file.add(one.line, one.column, one.message, "")
    file.spoilt = {(one.line, one.column) for one in soft}
    return _config(_Node(document.data, (), file))


def _config(top: _Node) -> Config:
    """Everything that the file says. Raises `ConfigErrors`."""
    settings = _top(top)
    rules = [_rule(node, fields, top, settings) for node, fields in settings.get("prompts") or ()]
    groups = _named_groups([(n, _group(n, given, settings)) for n, given in settings.get("groups") or ()])
    exempt = [_exemption(node, fields) for node, fields in settings.get("exempt") or ()]
    if top.file.mistakes:
        top.file.give_up()
    return Config(
        top.file.path,
        tuple(rule for rule in rules if rule),
        settings.get("exclude") or (),
        settings.get("counting") or "",
        settings.get("on_unavailable") or "",
        groups,
        settings.get("policy") or "",
        cast("OnRaise", settings.get("on_raise") or "warn"),
        tuple(found for found in exempt if found),
    )


def _yaml_hint(data: bytes, error: YamlError) -> str:
    """The commonest slip: a pattern that starts with a character that means something in YAML."""
    lines = data.decode("utf-8", "replace").split("\n")
    here = lines[error.line - 1][: error.column] if 0 < error.line <= len(lines) else ""
    found = re.search(r"(?:^|[\s,:{[])([*!])", here)
    if not found:
        return ""
    example = '"**/*.md"' if found[1] == "*" else '["*.md", "!drafts/"]'
    return f"a pattern that starts with `{found[1]}` needs quotes: files: {example}"


class _File:
    """What the readers share: the document, what is allowed in it, and the mistakes so far."""

    def __init__(
        self, path: str, document: Document, context_window: Window, formats: Collection[str]
    ) -> None:
        self.path = path
        self.document = document
        self.context_window = context_window
        self.formats = formats
        self.models: tuple[str, ...] = ()
        self.limit: Limit | None = None
        self.mistakes: dict[tuple[int, int, str], Mistake] = {}
        # Places that a mistake has been told of already, while YAML was read; what stands there is made up.
        self.spoilt: set[tuple[int, int]] = set()
        self.weight = self.patterns = 0

    def add(self, line: int, column: int, message: str, hint: str) -> None:
        if (line, column) in self.spoilt:
            return
        self.mistakes.setdefault((line, column, message), Mistake(self.path, line, column, message, hint))
        if len(self.mistakes) >= MAX_MISTAKES:
            self.give_up()

    def give_up(self) -> NoReturn:
        found = sorted(self.mistakes.values(), key=lambda mistake: (mistake.line, mistake.column))
        if len(found) >= MAX_MISTAKES:
            found.append(Mistake(self.path, 0, 0, "there may be more mistakes than these", ""))
        raise ConfigErrors(found)


class _Node(NamedTuple):
    """A value, and the keys and indices that lead to it."""

    value: Any
    at: Path
    file: _File

    def child(self, key: str | int) -> _Node:
        return _Node(self.value[key], (*self.at, key), self.file)

    def children(self) -> Iterable[_Node]:
        return map(self.child, range(len(self.value)))

    def wrong(self, message: str, example: str = "") -> None:
        line, column = self.file.document.marks[self.at]
        self.file.add(line, column, message, example and f"right: {example}")

    def wrong_key(self, message: str, example: str = "") -> None:
        line, column = self.file.document.key_marks[self.at]
        self.file.add(line, column, message, example and f"right: {example}")


class _Key(NamedTuple):
    """How the value of a key is read, and what a right one looks like.

    `read` tells the node what is wrong with it and returns None, or returns what `_rule` takes.
    """

    read: Callable[[_Node, str], Any]
    example: str


# Readers. Each gets the node and a right example.


def _limit(node: _Node, example: str) -> Limit | None:
    try:
        return read_limit(node.value)
    except ValueError as error:
        return node.wrong(str(error), example)


def _limits(node: _Node, example: str) -> dict[str, Limit | None] | None:
    if not isinstance(node.value, dict) or not node.value:
        return node.wrong(f"expected a limit for each model, found {_kind(node.value)}", example)
    found = {}
    for model in node.value:
        limit = _limit(node.child(model), example)
        if re.fullmatch(MODEL, model, re.ASCII):
            found[model] = limit
        else:
            node.child(model).wrong_key(f"{_shown(model)} isn't the name of a model", example)
    return found


def _parts(node: _Node, example: str) -> dict[str, Limit | None] | None:
    if not isinstance(node.value, dict) or not node.value:
        return node.wrong(f"expected a limit for each part, found {_kind(node.value)}", example)
    found = {}
    for name in node.value:
        limit = _limit(node.child(name), example)
        if name in PARTS:
            found[name] = limit
        else:
            known = " and ".join(f"`{one}`" for one in PARTS)
            message = f"{_shown(name)} isn't a part: known are {known}{_near(name, PARTS)}"
            node.child(name).wrong_key(message, example)
    return found


def _warn_at(node: _Node, example: str) -> float | None:
    if isinstance(node.value, str) and re.fullmatch(PERCENT, node.value, re.ASCII):
        return _scaled(node.value[:-1], 4) / 1_000_000
    return node.wrong(f"{_shown(node.value)} isn't a share of the limit: expected 0% to 100%", example)


def _texts(node: _Node, example: str, most: int) -> list[_Node] | None:
    """One text or a list of them."""
    if isinstance(node.value, str):
        return [node]
    if not isinstance(node.value, list) or not node.value:
        return node.wrong(f"expected a text or a list of texts, found {_kind(node.value)}", example)
    if len(node.value) > most:
        return node.wrong(f"has {len(node.value)} entries; the most is {most}", example)
    for one in node.children():
        if not isinstance(one.value, str):
            one.wrong(f"expected a text, found {_kind(one.value)}; quotes make it one", example)
    return [one for one in node.children() if isinstance(one.value, str)]


def _models(node: _Node, example: str) -> tuple[str, ...] | None:
    nodes = _texts(node, example, MAX_MODELS) or []
    found: set[str] = set()
    for one in nodes:
        if not re.fullmatch(MODEL, one.value, re.ASCII):
            one.wrong(f"{_shown(one.value)} isn't the name of a model", example)
        elif one.value in found:
            one.wrong(f"`{one.value}` stands twice", example)
        else:
            found.add(one.value)
    # With one of them wrong, nothing can be said of what the others lack.
    return tuple(one.value for one in nodes) if len(found) == len(nodes) else None


def _patterns(node: _Node, example: str) -> tuple[str, ...] | None:
    file = node.file
    nodes = _texts(node, example, patterns.MAX_PATTERNS) or []
    for one in nodes:
        try:
            file.weight += patterns.weigh(one.value)
            file.patterns += 1
        except ValueError as error:
            one.wrong(f"{_shown(one.value)}: {error}", example)
        if file.weight > patterns.MAX_WEIGHT or file.patterns > patterns.MAX_PATTERNS:
            one.wrong("from here on the patterns are too many or too long, taken together")
            file.give_up()
    found = tuple(one.value for one in nodes)
    if found and all(pattern.startswith("!") for pattern in found):
        return nodes[0].wrong("matches nothing: `!` only takes back what an earlier pattern matches", example)
    return found or None


def _choice(node: _Node, example: str, names: Collection[str]) -> str | None:
    if isinstance(node.value, str) and node.value in names:
        return node.value
    expected = " or ".join(f"`{name}`" for name in names)
    return node.wrong(
        f"{_shown(node.value)} isn't known: expected {expected}{_near(node.value, names)}", example
    )


def _message(node: _Node, example: str) -> str | None:
    if not isinstance(node.value, str):
        return node.wrong(f"expected a text, found {_kind(node.value)}; quotes make it one", example)
    if len(node.value) > MAX_MESSAGE:
        return node.wrong(f"is {len(node.value)} characters long; the most is {MAX_MESSAGE}", example)
    return node.value


def _flag(node: _Node, example: str) -> bool | None:
    if not isinstance(node.value, bool):
        return node.wrong(f"{_shown(node.value)} isn't known: expected `true` or `false`", example)
    return node.value


def _prompts(node: _Node, example: str) -> list[tuple[_Node, dict[str, Any]]] | None:
    if not isinstance(node.value, list) or not node.value:
        return node.wrong(f"expected a list of entries with `files`, found {_kind(node.value)}", example)
    if len(node.value) > MAX_RULES:
        return node.wrong(f"has {len(node.value)} entries; the most is {MAX_RULES}")
    return [(one, _fields(one, _RULE, example)) for one in node.children()]


def _growth(node: _Node, example: str) -> Growth | None:
    """A number of tokens, a share of the base, or both."""
    if not isinstance(node.value, dict):
        text = str(node.value)
        if isinstance(node.value, str) and re.fullmatch(PERCENT, text, re.ASCII):
            return Growth(None, _scaled(text[:-1], 4))
        tokens = _tokens(node, example)
        return None if tokens is None else Growth(tokens, None)
    if not node.value or node.value.keys() - {"tokens", "percent"}:
        return node.wrong("expected `tokens`, `percent` or both", example)
    found: dict[str, int | None] = {}
    for key in node.value:
        read = _tokens if key == "tokens" else _percent
        found[key] = read(node.child(key), example)
    return Growth(found.get("tokens"), found.get("percent"))


def _tokens(node: _Node, example: str) -> int | None:
    """A number of tokens, which may be 0: nothing may grow."""
    if node.value == 0 and not isinstance(node.value, bool):
        return 0
    limit = _limit(node, example)
    if limit and limit.share:
        return node.wrong(f"{_shown(node.value)} isn't a number of tokens", example)
    return limit.tokens if limit else None


def _percent(node: _Node, example: str) -> int | None:
    text = str(node.value)
    if isinstance(node.value, bool) or not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?%?", text, re.ASCII):
        return node.wrong(
            f"{_shown(node.value)} isn't a share of the tokens in the base, such as 10", example
        )
    return _scaled(text.rstrip("%"), 4)


def _exempt(node: _Node, example: str) -> list[tuple[_Node, dict[str, Any]]] | None:
    if not isinstance(node.value, list) or not node.value:
        return node.wrong(f"expected a list of entries with `files`, found {_kind(node.value)}", example)
    if len(node.value) > MAX_EXEMPTIONS:
        return node.wrong(f"has {len(node.value)} entries; the most is {MAX_EXEMPTIONS}")
    return [(one, _fields(one, _EXEMPTION, example)) for one in node.children()]


def _reason(node: _Node, example: str) -> str | None:
    if isinstance(node.value, str) and not node.value.strip():
        return node.wrong("an exemption needs a reason", example)
    return _message(node, example)


def _until(node: _Node, example: str) -> str | None:
    from datetime import date  # noqa: PLC0415  # only exemptions have dates

    text = str(node.value)
    written = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII)
    try:
        return date.fromisoformat(text if written else "").isoformat()
    except ValueError:
        return node.wrong(f"{_shown(node.value)} isn't a day, written as 2027-01-31", example)


def _groups(node: _Node, example: str) -> list[tuple[_Node, dict[str, Any]]] | None:
    if not isinstance(node.value, list) or not node.value:
        return node.wrong(f"expected a list of groups with `name`, found {_kind(node.value)}", example)
    if len(node.value) > MAX_GROUPS:
        return node.wrong(f"has {len(node.value)} groups; the most is {MAX_GROUPS}")
    return [(one, _fields(one, _GROUP, example)) for one in node.children()]


def _name(node: _Node, example: str) -> str | None:
    if not isinstance(node.value, str) or not node.value.strip():
        return node.wrong(f"expected a name, found {_kind(node.value)}", example)
    if len(node.value) > MAX_NAME or not node.value.isprintable():
        return node.wrong(f"isn't a name of at most {MAX_NAME} printable characters", example)
    return node.value


def _sum(node: _Node, example: str) -> tuple[Reference, ...] | None:
    """Patterns; behind a `#` the name of the prompts that are meant."""
    found = []
    for one in _texts(node, example, patterns.MAX_PATTERNS) or []:
        path, name = _split_name(one.value)
        # What is taken back is weighed as what isn't.
        if _patterns(_Node(path.removeprefix("!"), one.at, one.file), example):
            found.append(Reference(path, name, node.file.document.marks[one.at][0]))
    if found and all(one.path.startswith("!") for one in found):
        return node.wrong("matches nothing: `!` only takes back what an earlier pattern matches", example)
    return tuple(found)


def _split_name(text: str) -> tuple[str, str]:
    path, mark, name = text.rpartition("#")
    return (path, name) if mark and re.fullmatch(r"[A-Za-z0-9_. -]+", name, re.ASCII) else (text, "")


def _files(node: _Node, example: str) -> tuple[Reference, ...] | None:
    """Paths of single files, from the top of the repository."""
    found = []
    for one in _texts(node, example, MAX_GROUPS) or []:
        path, name = _split_name(one.value)
        parts = path.split("/")
        if not {"", ".", ".."}.isdisjoint(parts) or len(path) > patterns.MAX_LENGTH or "\0" in path:
            one.wrong(f"{_shown(one.value)} isn't the path of a file from the top of the repository", example)
        found.append(Reference(path, name, node.file.document.marks[one.at][0]))
    return tuple(found)


_SHARED = {
    "models": _Key(_models, "models: [claude-sonnet-5-5, claude-opus-5-5]"),
    "limit": _Key(_limit, "limit: 8000"),
    "warn_at": _Key(_warn_at, "warn_at: 90%"),
    "exclude": _Key(_patterns, 'exclude: ["**/fixtures/"]'),
    "max_growth": _Key(_growth, "max_growth: {tokens: 200, percent: 10}"),
}
_TOP = _SHARED | {
    "counting": _Key(lambda node, example: _choice(node, example, COUNTING), "counting: auto"),
    "on_unavailable": _Key(
        lambda node, example: _choice(node, example, ON_UNAVAILABLE), "on_unavailable: offline"
    ),
    "policy": _Key(lambda node, example: _choice(node, example, POLICIES), "policy: changed"),
    "on_raise": _Key(lambda node, example: _choice(node, example, ON_RAISE), "on_raise: warn"),
    "exempt": _Key(_exempt, "exempt: [{files: old.md, reason: to be split, until: 2027-01-31}]"),
    "prompts": _Key(_prompts, "prompts: [{files: prompts/**/*.md}]"),
    "groups": _Key(
        _groups, "groups: [{name: agent, system: prompts/system.md, tools: tools.json, limit: 20k}]"
    ),
}
_RULE = _SHARED | {
    "files": _Key(_patterns, "files: prompts/**/*.md"),
    "format": _Key(lambda node, example: _choice(node, example, node.file.formats), "format: text"),
    "role": _Key(lambda node, example: _choice(node, example, ROLES), "role: system"),
    "limits": _Key(_limits, "limits: {claude-opus-5-5: 5000}"),
    "parts": _Key(_parts, "parts: {metadata: 150}"),
    "message": _Key(_message, "message: See docs/prompt-budget.md."),
    "allow_empty": _Key(_flag, "allow_empty: true"),
}
_EXEMPTION = {
    "files": _RULE["files"],
    "reason": _Key(_reason, "reason: to be split until the next release"),
    "until": _Key(_until, "until: 2027-01-31"),
}
_OF_GROUPS = ("models", "limit", "limits", "warn_at", "max_growth", "message", "allow_empty")
_GROUP = {key: _RULE[key] for key in _OF_GROUPS} | {
    "name": _Key(_name, "name: support-agent"),
    "sum": _Key(_sum, "sum: [CLAUDE.md, .claude/skills/*/SKILL.md#metadata]"),
    "system": _Key(_files, "system: prompts/support/system.md"),
    "tools": _Key(_files, "tools: prompts/support/tools.json"),
    "messages": _Key(_files, "messages: prompts/support/examples.yaml"),
}

_EVERYWHERE = _TOP.keys() | _RULE.keys() | _GROUP.keys() | _EXEMPTION.keys()

# What people call our keys who come from other tools.
_SYNONYMS = {
    "file": "files", "path": "files", "paths": "files", "glob": "files", "pattern": "files", "include": "files",
    "ignore": "exclude", "excludes": "exclude", "ignores": "exclude", "rules": "prompts", "model": "models",
    "max": "limit", "max_tokens": "limit", "budget": "limit", "tokens": "limit", "warn": "warn_at", "type": "format",
}  # fmt: skip

# Settings that decide where keys and prompts go, or what is executed.
_TRUSTED = re.compile(
    r"(anthropic|api|auth|aws|http|https|no|ssl)_.*|.*_?(url|key|token|secret|proxy|command|dir)|headers?|credentials?"
    r"|endpoint|hosts?|cache|plugins?|hooks?|cmd|exec|run|env|environment|timeout|deadline|max_requests|profile|region"
)


def _top(node: _Node) -> dict[str, Any]:
    example = "prompts: [{files: prompts/**/*.md, models: [claude-sonnet-5-5], limit: 8000}]"
    if node.value is None:
        node.wrong("the configuration is empty: expected `prompts`", example)
        return {}
    settings = _fields(node, _TOP, example)
    if isinstance(node.value, dict) and "prompts" not in settings and "groups" not in settings:
        node.wrong("there is no `prompts`: nothing would be checked", example)
    return settings


def _fields(node: _Node, table: Mapping[str, _Key], example: str) -> dict[str, Any]:
    """The keys of a mapping that the table knows, read. None stands for a value that is wrong."""
    found: dict[str, Any] = {}
    if not isinstance(node.value, dict):
        node.wrong(f"expected keys and values, found {_kind(node.value)}", example)
        return found
    for key in node.value:
        child = node.child(key)
        if key not in table:
            meant = _unknown(child, key, table)
            if meant:  # given, if not well: nobody needs to be told that it is missing
                found.setdefault(meant, None)
        elif child.value is None:
            child.wrong_key(f"`{key}` has no value; leave the key out, or give it one", table[key].example)
            found[key] = None
        else:
            found[key] = table[key].read(child, table[key].example)
    return found


def _unknown(node: _Node, key: str, table: Mapping[str, _Key]) -> str:
    """Tells of a key that isn't known here. Returns the one that was probably meant, or nothing."""
    plain = key.lower().replace("-", "_")
    synonym = _SYNONYMS.get(plain, plain)
    meant = synonym if synonym in table else "" if plain in _EVERYWHERE else _nearest(plain, table)
    if meant:
        node.wrong_key(f"unknown key {_shown(key)}; did you mean `{meant}`?", table[meant].example)
    elif key in _TOP:
        node.wrong_key(f"`{key}` belongs at the top of the file, beside `prompts`", _TOP[key].example)
    elif key in _RULE:
        node.wrong_key(f"`{key}` belongs in an entry of `prompts`", f"prompts: [{{{_RULE[key].example}}}]")
    elif key in _GROUP:
        node.wrong_key(f"`{key}` belongs in an entry of `groups`", f"groups: [{{{_GROUP[key].example}}}]")
    elif key in _EXEMPTION:
        node.wrong_key(f"`{key}` belongs in an entry of `exempt`", _TOP["exempt"].example)
    elif _TRUSTED.fullmatch(plain):
        node.wrong_key(
            f"{_shown(key)} can't be set here: where keys and prompts are sent, and what is run, is for"
            " the environment and the command line to say, never for a file of the repository"
        )
    else:
        node.wrong_key(
            f"unknown key {_shown(key)}: expected one of {', '.join(f'`{name}`' for name in table)}"
        )
    return meant


def _rule(node: _Node, fields: dict[str, Any], top: _Node, settings: dict[str, Any]) -> Rule | None:
    if not isinstance(node.value, dict):
        return None
    if "files" not in fields:
        node.wrong("this entry has no `files`", _RULE["files"].example)
    values = (
        {"warn_at": WARN_AT}
        | {key: settings[key] for key in ("models", "warn_at") if key in settings}
        | fields
    )
    if node.file.models:
        values["models"] = node.file.models
    elif "models" not in values:
        node.wrong("no `models`, neither in this entry nor at the top of the file", _RULE["models"].example)
    models = values.get("models") or ()
    limits = _rule_limits(node, fields, (top, settings), models)
    parts = _rule_parts(node, fields, models)
    return Rule(
        files=values.get("files") or (),
        exclude=fields.get("exclude") or (),
        models=models,
        format=values.get("format") or "",
        role=cast('Role | Literal[""]', values.get("role") or ""),
        limits={model: tokens for model, (tokens, _) in limits.items()},
        warn_at=values["warn_at"] or 0.0,
        message=values.get("message") or "",
        allow_empty=values.get("allow_empty") or False,
        line=node.file.document.marks[node.at][0],
        limit_lines={model: line for model, (_, line) in limits.items() if line}
        | {name: node.file.document.marks[(*node.at, "parts", name)][0] for name in parts},
        parts=parts,
        max_growth=(settings | fields).get("max_growth"),
    )


def _rule_limits(
    node: _Node, fields: dict[str, Any], top: tuple[_Node, dict[str, Any]], models: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """Tokens for each model, and the line that says so: the flag (0), `limits`, the entry's `limit`, or the file's."""
    own = fields.get("limits") or {}
    if models and not node.file.models:
        for model in [model for model in own if model not in models]:
            near = _nearest(model, models)
            example = f"limits: {{{near}: 5000}}" if near else f"models: [{', '.join((*models, model))}]"
            message = f"the entry doesn't count for {_shown(model)}{near and f'; did you mean `{near}`?'}"
            node.child("limits").child(model).wrong_key(message, example)
    found: dict[str, tuple[int, int]] = {}
    missing = []
    for model in models:
        limit, place = _limit_of(model, node, fields, top)
        if limit is not None:
            try:
                line = 0 if node.file.limit else node.file.document.marks[place.at][0]
                found[model] = resolve_limit(limit, model, node.file.context_window), line
            except ValueError as error:
                place.wrong(str(error), _RULE["limit"].example)
        elif place is node and fields.get("limits", own) is not None:
            missing.append(f"`{model}`")
    if missing:
        message = f"no limit for {', '.join(missing)}, neither in this entry nor at the top of the file"
        node.wrong(message, _RULE["limit"].example)
    return found


def _group(node: _Node, fields: dict[str, Any], settings: dict[str, Any]) -> Group | None:
    if not isinstance(node.value, dict):
        return None
    request = [key for key in ("system", "tools", "messages") if key in fields]
    if "name" not in fields:
        node.wrong("this group has no `name`", _GROUP["name"].example)
    if "sum" in fields and request:
        node.wrong(f"a group is either a `sum`, or one request with `{request[0]}`; this one has both")
    elif "sum" not in fields and not request:
        node.wrong("this group names no files", _GROUP["sum"].example)
    models = node.file.models or fields.get("models", settings.get("models")) or ()
    if not models and "models" not in fields and "models" not in settings:
        node.wrong("no `models`, neither in this group nor at the top of the file", _RULE["models"].example)
    if not {"limit", "limits"} & fields.keys():
        node.wrong("this group has no `limit`", "limit: 20k")
    rule = _rule_of_group(node, fields, settings, models)
    total, system, tools, messages = (fields.get(key) or () for key in ("sum", "system", "tools", "messages"))
    return Group(fields.get("name") or "", rule, total, system, tools, messages)


def _rule_of_group(
    node: _Node, fields: dict[str, Any], settings: dict[str, Any], models: Sequence[str]
) -> Rule:
    """What a group and an entry of `prompts` have in common. The limit of the top is one for single prompts."""
    flag, node.file.limit = node.file.limit, None  # and so is the one of the command line
    limits = _rule_limits(node, fields, (node, {}), models) if {"limit", "limits"} & fields.keys() else {}
    node.file.limit = flag
    return Rule(
        files=(), exclude=(), models=tuple(models), format="", role="",
        limits={model: tokens for model, (tokens, _) in limits.items()},
        warn_at=({"warn_at": WARN_AT} | settings | fields)["warn_at"] or 0.0,
        message=fields.get("message") or "",
        allow_empty=fields.get("allow_empty") or False,
        line=node.file.document.marks[node.at][0],
        limit_lines={model: line for model, (_, line) in limits.items()},
        max_growth=(settings | fields).get("max_growth"),
    )  # fmt: skip


def _exemption(node: _Node, fields: dict[str, Any]) -> Exemption | None:
    if not isinstance(node.value, dict):
        return None
    for key in ("files", "reason"):
        if key not in fields:
            node.wrong(f"this exemption has no `{key}`", _EXEMPTION[key].example)
    line = node.file.document.marks[node.at][0]
    return Exemption(fields.get("files") or (), fields.get("reason") or "", fields.get("until") or "", line)


def _named_groups(found: Sequence[tuple[_Node, Group | None]]) -> tuple[Group, ...]:
    """The groups, each under a name of its own."""
    seen: set[str] = set()
    for node, group in found:
        if group and group.name and group.name in seen:
            node.child("name").wrong(f"there is another group named `{group.name}`")
        seen.add(group.name if group else "")
    return tuple(group for _, group in found if group)


def _rule_parts(node: _Node, fields: dict[str, Any], models: Sequence[str]) -> dict[str, dict[str, int]]:
    """Tokens for each part and model. The flag wins over them, too."""
    found: dict[str, dict[str, int]] = {}
    for name, limit in (fields.get("parts") or {}).items() if not node.file.limit else ():
        place = node.child("parts").child(name)
        try:
            window = node.file.context_window
            found[name] = {model: resolve_limit(limit, model, window) for model in models if limit}
        except ValueError as error:
            place.wrong(str(error), _RULE["parts"].example)
    return found


def _limit_of(
    model: str, node: _Node, fields: dict[str, Any], top: tuple[_Node, dict[str, Any]]
) -> tuple[Limit | None, _Node]:
    """The limit that holds for a model, and where it stands; the entry itself, if there is none."""
    if node.file.limit:
        return node.file.limit, node
    own = fields.get("limits") or {}
    if model in own:
        return own[model], node.child("limits").child(model)
    for holder, values in ((node, fields), top):
        if "limit" in values:
            return values["limit"], holder.child("limit") if "limit" in holder.value else holder
    return None, node


def _near(value: object, names: Iterable[str]) -> str:
    """`; did you mean …?` where there is a name like it."""
    nearest = _nearest(value, names)
    return f"; did you mean `{nearest}`?" if nearest else ""


def _nearest(value: object, names: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415  # only a mistake pays for it

    if not isinstance(value, str) or len(value) > 40:
        return ""
    return next(iter(difflib.get_close_matches(value.lower(), list(names), 1, 0.7)), "")


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, dict | list):
        name = "mapping" if isinstance(value, dict) else "list"
        return f"a {name}" if value else f"an empty {name}"
    return "a text" if isinstance(value, str) else f"the number {value}"


def _shown(value: object) -> str:
    """A value of the file in a message: short, and on one line."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return _kind(value)
    text = " ".join(str(value).split()) if isinstance(value, str) else str(value)
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"
