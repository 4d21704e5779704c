"""The JSON output of `check` → its report. The file may be a stranger's, so every field is checked."""

from __future__ import annotations

import errno
import json
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from prompt_lint.model import values
from prompt_lint.model.counts import EMPTY_COUNT, Count, Origin
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.needs import ExactNeed
from prompt_lint.model.rules import Exemption, Loosening, MaxGrowth, Rule
from prompt_lint.repo.safe_read import NotRegular, TooLarge, read_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

_T = TypeVar("_T")

# 100,000 verdicts take some 60 MB.
MAX_BYTES = 64 << 20
_LONGEST_TEXT, _MOST_ITEMS, _MOST_PARTS = 65_536, 200_000, 1_000
# A verdict has about 27. A list of nothing but `[]` takes 25 times its own size in memory.
_MOST_COMMAS = 4_000_000
_LARGEST_NUMBER = 2**31 - 1
_PRICE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?", re.ASCII)
_HINT = "make it with `prompt-lint check --output json=FILE`, of this version or a later one"


class _InvalidField(Exception):
    """A field isn't what `check` writes. The text names its key."""


def read_report(path: str, *, follow_links: bool = False) -> values.Report:
    """Read the report at `path`, a regular file. Raises `Fatal` for what isn't the JSON output of `check`."""
    try:
        data = read_file(path, MAX_BYTES, follow_links=follow_links)
    except OSError as error:
        is_link = error.errno == errno.ELOOP
        reason = "it is a symbolic link, which isn't followed" if is_link else error.strerror
    except NotRegular:
        reason = "it is no file"
    except TooLarge:
        raise _not_a_report(path) from None
    else:
        return parse_report(data, path)
    raise Fatal(f"{path} can't be read: {reason}", _HINT)


def parse_report(data: bytes, name: str) -> values.Report:
    """Parse the bytes of a report. Errors call it `name`. Raises `Fatal` for what isn't the JSON output of `check`."""
    try:
        document = json.loads(data) if data.count(b",") <= _MOST_COMMAS else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("schema_version") != 1:
        raise _not_a_report(name)
    try:
        return _read_document(_Fields(document, ""))
    except _InvalidField as error:
        message = (
            f"{name} isn't the JSON output of `prompt-lint check`: `{error}` is missing or has another form"
        )
    raise Fatal(message, _HINT)


def _not_a_report(name: str) -> Fatal:
    return Fatal(f"{name} isn't the JSON output of `prompt-lint check`", _HINT)


class _Fields:
    """The fields of a JSON object, each checked when it is read.

    A `bool` is an `int`, and NaN passes every comparison: so the types themselves are compared.
    """

    __slots__ = ("_values",)

    def __init__(self, value: Any, key: str) -> None:
        """`key` is what the object is called in its parent."""
        if not isinstance(value, dict):
            raise _InvalidField(key)
        self._values = value

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None

    def text(self, key: str) -> str:
        return _check_text(self._values.get(key), key)

    def integer(self, key: str, lowest: int = 0) -> int:
        value = self._values.get(key)
        if type(value) is not int or not lowest <= value <= _LARGEST_NUMBER:
            raise _InvalidField(key)
        return value

    def optional_integer(self, key: str, lowest: int = 0) -> int | None:
        return self.integer(key, lowest) if self.has(key) else None

    def flag(self, key: str) -> bool:
        value = self._values.get(key)
        if type(value) is not bool:
            raise _InvalidField(key)
        return value

    def word(self, key: str, words: Any) -> Any:
        """A word out of the `Literal` of the field's type."""
        value = self._values.get(key)
        if not isinstance(value, str) or value not in get_args(words):
            raise _InvalidField(key)
        return value

    def words(self, key: str, words: Any) -> tuple[Any, ...]:
        """Words out of a `Literal`."""
        values = self.texts(key, len(get_args(words)))
        if not set(values) <= set(get_args(words)):
            raise _InvalidField(key)
        return values

    def object(self, key: str) -> _Fields:
        return _Fields(self._values.get(key), key)

    def optional(self, key: str, read: Callable[[_Fields], _T]) -> _T | None:
        return read(self.object(key)) if self.has(key) else None

    def prices(self, key: str) -> dict[str, Decimal]:
        """An object of US dollars, each of which a configuration may have."""
        from decimal import Decimal  # noqa: PLC0415  # takes 10 ms, and few reports have prices

        prices = self._values.get(key)
        if not isinstance(prices, dict) or not all(
            isinstance(price, str) and _PRICE.fullmatch(price) for price in prices.values()
        ):
            raise _InvalidField(key)
        return {model: Decimal(price) for model, price in prices.items()}

    def objects(self, key: str, read: Callable[[_Fields], _T], most: int = _MOST_ITEMS) -> tuple[_T, ...]:
        return tuple(read(_Fields(item, key)) for item in self._list(key, most))

    def texts(self, key: str, most: int = _MOST_ITEMS) -> tuple[str, ...]:
        return tuple(_check_text(item, key) for item in self._list(key, most))

    def _list(self, key: str, most: int) -> list[Any]:
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) > most:
            raise _InvalidField(key)
        return value


def _check_text(value: object, key: str) -> str:
    """Return a text, cut where it is longer than anybody reads: a heading has no limit."""
    if not isinstance(value, str):
        raise _InvalidField(key)
    return value[:_LONGEST_TEXT]


# ---------------------------------------------------------------------------------------------------------
# Values


def _read_document(document: _Fields) -> values.Report:
    summary = document.object("summary")
    return values.Report(
        document.text("config"),
        document.objects("verdicts", _read_verdict),
        document.objects("problems", _read_problem),
        (*map(values.Note, document.texts("notes")), *document.objects("warnings", _read_warning)),
        summary.integer("files"),
        _read_exit_code(summary, lowest=0),
        summary.integer("sent"),
        summary.text("host"),
        summary.integer("unanswered"),
        document.optional(
            "against", lambda base: values.Base(base.text("commit"), base.text("name"), base.text("how"))
        ),
        document.objects("removed", _read_removed),
        document.objects("loosened", _read_loosening),
        document.word("on_raise", values.OnRaise),
        summary.integer("unread_files"),
        raise_label=document.text("raise_label"),
        accept_label=document.text("accept_label"),
        nested_configs=document.texts("nested_configs"),
        prices=document.prices("prices"),
        exact_needs=document.words("exact_needs", ExactNeed),
    )


def _read_warning(warning: _Fields) -> values.Note:
    kind = warning.word("kind", values.NoteKind)
    return values.Note(warning.text("message"), warning.text("path"), warning.integer("line"), kind)


# What a verdict of a status always has.
_REQUIRED_KEYS = {
    "over": ("tokens", "limit"), "unsure": ("tokens", "limit"), "warn": ("tokens", "limit"), "exempt": ("tokens",),
    "grew": ("tokens", "base_tokens", "growth"), "ok": ("tokens",),
}  # fmt: skip


def _read_verdict(verdict: _Fields) -> values.Verdict:
    model, limit = verdict.text("model"), verdict.optional_integer("limit", 1)
    status = verdict.word("status", values.Status)
    for key in _REQUIRED_KEYS.get(status, ()):
        if not verdict.has(key):
            raise _InvalidField(key)
    return values.Verdict(
        _read_prompt(verdict),
        model,
        _read_rule(verdict.object("rule"), model, limit, verdict.integer("reserve")),
        limit,
        _read_count(verdict),
        status,
        verdict.integer("over_by", int(status == "over")),
        verdict.objects("sections", _read_section, _MOST_PARTS),
        verdict.word("standing", values.ChangeKind),
        _read_interval(verdict, "base_"),
        verdict.optional_integer("growth", -_LARGEST_NUMBER),
        verdict.text("renamed_from"),
        verdict.flag("inherited"),
        verdict.optional("exemption", _read_exemption),
        verdict.optional("shares", _read_shares),
        verdict.texts("lost_imports", _MOST_PARTS),
        verdict.optional_integer("base_limit", 1),
        _read_interval(verdict, "unchanged_") or EMPTY_COUNT,
        verdict.integer("base_reserve"),
    )


def _read_exemption(exemption: _Fields) -> Exemption:
    return Exemption((), exemption.text("reason"), exemption.text("until"), 0, exemption.text("label"))


def _read_prompt(verdict: _Fields) -> values.Prompt:
    kind = verdict.word("kind", Literal["prompt", "group"])
    format_name = "group" if kind == "group" else ""
    return values.Prompt(
        verdict.text("path"), verdict.text("name"), verdict.integer("line"), None, format=format_name
    )


def _read_rule(rule: _Fields, model: str, limit: int | None, reserve: int) -> Rule:
    max_growth = rule.optional(
        "max_growth", lambda it: MaxGrowth(it.optional_integer("tokens"), it.optional_integer("share"))
    )
    limits = {} if limit is None else {model: limit}
    lines = {model: rule.integer("limit_line")}
    message, line = rule.text("message"), rule.integer("line")
    growth_line = rule.integer("max_growth_line")
    return Rule(
        (), (), (model,), "", "", limits, 1.0, message, False, line, lines, {}, max_growth, growth_line,
        rule.text("config"), reserve=reserve,
    )  # fmt: skip


def _read_count(verdict: _Fields) -> Count | None:
    count = _read_interval(verdict, "")
    return count and count._replace(
        origin=verdict.word("origin", Origin),
        is_unverified=verdict.flag("unverified"),
        disputed_count=_read_disputed_count(verdict),
        rests_on_few=verdict.flag("few_samples"),
    )


def _read_disputed_count(verdict: _Fields) -> Count | None:
    count = _read_interval(verdict, "disputed_")
    if count and count.is_exact:
        return count._replace(origin="api")
    return count and count._replace(is_unverified=verdict.flag("unverified"))


def _read_interval(fields: _Fields, prefix: str) -> Count | None:
    """Return the count whose keys begin with `prefix`, as an offline one; None where there is none."""
    if not fields.has(f"{prefix}tokens"):
        return None
    low, tokens, high = (fields.integer(f"{prefix}{key}") for key in ("low", "tokens", "high"))
    if not low <= tokens <= high:
        raise _InvalidField(f"{prefix}tokens")
    return Count(tokens, low, high, "offline")


def _read_section(section: _Fields) -> values.Section:
    return values.Section(
        section.text("title"),
        section.integer("first_line"),
        section.integer("last_line"),
        section.integer("tokens"),
        section.text("path"),
        section.texts("via", _MOST_PARTS),
        section.integer("margin"),
    )


def _read_shares(shares: _Fields) -> values.ImportShares:
    margins = (shares.integer(key) for key in ("own_margin", "imported_margin"))
    return values.ImportShares(
        shares.integer("own"), shares.integer("imported"), shares.integer("files"), *margins
    )


def _read_problem(problem: _Fields) -> values.Problem:
    message, hint = problem.text("message"), problem.text("hint")
    return values.Problem(
        problem.text("path"), problem.integer("line"), message, hint, _read_exit_code(problem, lowest=1)
    )


def _read_exit_code(fields: _Fields, lowest: int) -> ExitCode:
    code = fields.integer("exit_code", lowest)
    if code > ExitCode.UNCOUNTED:
        raise _InvalidField("exit_code")
    return ExitCode(code)


def _read_removed(removed: _Fields) -> values.RemovedPrompt:
    base = _read_interval(removed, "base_")
    if base is None:
        raise _InvalidField("base_tokens")
    return values.RemovedPrompt(
        values.Prompt(removed.text("path"), removed.text("name"), 1, None), removed.text("model"), base
    )


def _read_loosening(loosening: _Fields) -> Loosening:
    return Loosening(
        loosening.text("subject"),
        loosening.text("what"),
        loosening.integer("line"),
        loosening.text("model"),
        loosening.optional_integer("before"),
        loosening.optional_integer("after"),
        loosening.text("config"),
    )
