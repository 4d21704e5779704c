"""The values that a key of .prompt-lint.yaml may have.

Each `read_…` function gets the node of a value and a right example. It returns the value, or reports the mistake and
returns None.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, get_args

from prompt_lint.config.mistakes import Node, describe_kind, quote, suggest
from prompt_lint.model.models import explain_id
from prompt_lint.model.rules import BODY, METADATA, MaxGrowth, Price, Reference
from prompt_lint.model.values import NoteKind
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# The prompts of a file that can have limits of their own: those of a SKILL.md.
PARTS = (METADATA, BODY)
# The kinds of notes that can be switched off.
NOTE_KINDS = tuple(kind for kind in get_args(NoteKind) if kind not in {"note", "no-base"})

MAX_REFERENCES = 100
MAX_NAME = 100
MAX_MODELS = 32
MAX_MESSAGE = 1000
MAX_LIMIT = 999_999_999
MAX_PRICE = 10_000
# More names than these are listed in the order of the alphabet.
MAX_UNSORTED = 5

# The same expressions are in prompt-lint.schema.json; a test compares them.
PERCENT = r"(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)%"
LIMIT = rf"([1-9][0-9]{{0,8}}|(?!0+(\.0+)?[kK])[0-9]{{1,6}}(\.[0-9]{{1,3}})?[kK]|(?!0+(\.0+)?%){PERCENT})"

_ONLY_NEGATED = "matches nothing: `!` only takes back what an earlier pattern matches"


class Limit(NamedTuple):
    """A limit in tokens; or, where `share` isn't 0, in millionths of the model's context window."""

    tokens: int
    share: int


class Amount(NamedTuple):
    """What messages say of a number of tokens or a share: what it is called, the least it may be, and its forms."""

    noun: str
    least: str
    forms: str


LIMIT_AMOUNT = Amount(
    "limit", "1 token", "a number of tokens, such as 8000 or 8k, or a share of the context window, such as 5%"
)
RESERVE_AMOUNT = Amount("reserve", "1 token", "a number of tokens, such as 3000 or 3k")
GROWTH_AMOUNT = Amount(
    "growth limit", "0 tokens", "tokens, such as 200, or a share of the tokens in the base, such as 10%"
)


def parse_limit(value: object, amount: Amount = LIMIT_AMOUNT) -> Limit:
    """Return the limit that `8000`, "8000", "8k", "1.5k" or "5%" means. Raises `ValueError`, with a sentence."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if isinstance(value, int | str) else ""
    if not re.fullmatch(LIMIT, text, re.ASCII):
        raise ValueError(f"{quote(value)} isn't a {amount.noun}: {_explain_limit(str(value), amount)}")
    if text.endswith("%"):
        return Limit(0, _scale(text[:-1], 4))
    return Limit(_scale(text[:-1], 3) if text[-1] in "kK" else int(text), 0)


def _explain_limit(text: str, amount: Amount) -> str:
    forms = (
        (r"\s.*|.*\s", "write it without the blank or line end around it"),
        (r"-[0-9].*|0+(\.0+)?[kK%]?", f"a {amount.noun} is at least {amount.least}"),
        (r"0+[1-9][0-9]{0,8}%?", f"write it without a 0 in front: {text.lstrip('0')}"),
        (r"[0-9]{1,2}\.[0-9]+%", "a share has at most 4 digits after the point"),
        (r"[0-9]+(\.[0-9]+)?%", "a share can't exceed 100%"),
        (r"[0-9]+\.[0-9]+[kK]?", "it must be a whole number of tokens"),
        (r"[0-9]+[kK]?", f"a {amount.noun} is at most {MAX_LIMIT:,} tokens"),
    )
    meant = _guess_limit(text)
    expected = f"did you mean {meant}?" if meant else f"expected {amount.forms}"
    return next((fault for form, fault in forms if re.fullmatch(form, text, re.ASCII | re.DOTALL)), expected)


def _guess_limit(text: str) -> str:
    """Return the limit that a text means to a person: `8,000`, `8_000`, `8000 tokens`, `5 %`, `1M`; "" for none."""
    plain = re.sub(r"(?i)[\s,_']|tok(en)?s?$", "", text)
    if match := re.fullmatch(r"(?i)([0-9]{1,3})m", plain):
        plain = f"{match[1]}000k"
    return plain if plain != text and re.fullmatch(LIMIT, plain, re.ASCII) else ""


def _scale(digits: str, places: int) -> int:
    """Return a decimal number times 10 to the power of `places`, without the errors of floating point."""
    whole, _, fraction = digits.partition(".")
    return int(whole + fraction.ljust(places, "0"))


def explain_model(name: str) -> str:
    """Return why a text can't be the id of a model; an empty text where it can."""
    fault = explain_id(name)
    return f"{quote(name) if name else 'an empty text'} {fault}" if fault else ""


def read_limit(node: Node, example: str) -> Limit | None:
    try:
        return parse_limit(node.value)
    except ValueError as error:
        return node.report(str(error), example)


def read_parts(node: Node, example: str) -> dict[str, Limit | None] | None:
    """Read a limit for each of several prompts of a file."""

    def explain_part(name: str) -> str:
        known = " or ".join(f"`{part}`" for part in PARTS)
        return "" if name in PARTS else f"{quote(name)} isn't a part: expected {known}{suggest(name, PARTS)}"

    return read_limits(node, example, "part", explain_part)


def read_limits(
    node: Node, example: str, noun: str = "model", explain: Callable[[str], str] = explain_model
) -> dict[str, Limit | None] | None:
    """Read a limit for each of several models, or for what else is called `noun`; `explain` says why a key is none."""
    if not isinstance(node.value, dict) or not node.value:
        return node.report(f"expected a limit for each {noun}, found {describe_kind(node.value)}", example)
    limits = {}
    for name in node.value:
        child = node.child(name)
        limit = read_limit(child, example)
        if mistake := explain(name):
            child.report_key(mistake, example)
        else:
            limits[name] = limit
    return limits


def read_warn_at(node: Node, example: str) -> float | None:
    """Read a percentage as a fraction of the limit."""
    if isinstance(node.value, str) and re.fullmatch(PERCENT, node.value, re.ASCII):
        return _scale(node.value[:-1], 4) / 1_000_000
    number = node.value if isinstance(node.value, int | float) and not isinstance(node.value, bool) else -1
    meant = f"{number * 100 if number < 1 else number:g}%" if 0 < number <= 100 else ""
    advice = f"did you mean {meant}?" if meant else "expected 0% to 100%"
    return node.report(f"{quote(node.value)} isn't a share of the limit: {advice}", example)


def read_growth(node: Node, example: str) -> MaxGrowth | None:
    """Read a number of tokens, a share of the base, or both."""
    if not isinstance(node.value, dict):
        if isinstance(node.value, str) and node.value.endswith("%"):
            share = _read_percent(node, example)
            return None if share is None else MaxGrowth(None, share)
        tokens = read_tokens(node, example)
        return None if tokens is None else MaxGrowth(tokens, None)
    if not node.value or node.value.keys() - {"tokens", "percent"}:
        return node.report("expected `tokens`, `percent` or both", example)
    amounts: dict[str, int | None] = {}
    for key in node.value:
        read = read_tokens if key == "tokens" else _read_percent
        amounts[key] = read(node.child(key), example)
    return MaxGrowth(amounts.get("tokens"), amounts.get("percent"))


def read_tokens(node: Node, example: str, amount: Amount = GROWTH_AMOUNT) -> int | None:
    """Read a number of tokens. A growth may be 0: nothing may grow."""
    if amount is GROWTH_AMOUNT and node.value == 0 and not isinstance(node.value, bool):
        return 0
    try:
        limit = parse_limit(node.value, amount)
    except ValueError as error:
        return node.report(str(error), example)
    if limit.share:
        return node.report(f"{quote(node.value)} isn't a number of tokens", example)
    return limit.tokens


def _read_percent(node: Node, example: str) -> int | None:
    """Read a percentage as millionths."""
    text = str(node.value)
    if isinstance(node.value, bool) or not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?%?", text, re.ASCII):
        message = f"{quote(node.value)} isn't a share of the tokens in the base, such as 10%"
        return node.report(message, example)
    return _scale(text.rstrip("%"), 4)


def _read_texts(node: Node, example: str, most: int) -> list[Node]:
    """Read one text, or a list of at most `most` texts. A mistake leaves the list empty or shorter."""
    if isinstance(node.value, str):
        return [node]
    if not isinstance(node.value, list) or not node.value:
        node.report(f"expected a text or a list of texts, found {describe_kind(node.value)}", example)
        return []
    if len(node.value) > most:
        node.report(f"has {len(node.value)} entries; the most is {most}", example)
        return []
    for child in node.children():
        if not isinstance(child.value, str):
            child.report(f"expected a text, found {describe_kind(child.value)}; quotes make it one", example)
    return [child for child in node.children() if isinstance(child.value, str)]


def read_models(node: Node, example: str) -> tuple[str, ...] | None:
    nodes = _read_texts(node, example, MAX_MODELS)
    names: set[str] = set()
    for child in nodes:
        if mistake := explain_model(child.value):
            child.report(mistake, example)
        elif child.value in names:
            child.report(f"`{child.value}` is listed twice", example)
        else:
            names.add(child.value)
    # With a wrong name among them, it can't be said which model lacks a limit.
    return tuple(child.value for child in nodes) if len(names) == len(nodes) else None


def read_patterns(node: Node, example: str, folder: str | None = None) -> tuple[str, ...] | None:
    """Read patterns, which start at `folder`, by default that of the file. Returns them from the top of the repository."""
    file = node.file
    nodes = _read_texts(node, example, patterns.MAX_PATTERNS)
    anchored: list[str] = []
    for child in nodes:
        try:
            patterns.weigh_pattern(child.value)
            new = patterns.anchor_pattern(child.value, file.folder if folder is None else folder)
            file.pattern_weight += sum(map(patterns.weigh_pattern, new))
            file.pattern_count += len(new)
            anchored += new
        except ValueError as error:
            child.report(f"{quote(child.value)}: {error}" if child.value else str(error), example)
        if file.pattern_weight > patterns.MAX_WEIGHT or file.pattern_count > patterns.MAX_PATTERNS:
            child.report("all patterns up to this one are too many, or too long, taken together")
            file.raise_mistakes()
    if nodes and all(child.value.startswith("!") for child in nodes):
        return nodes[0].report(_ONLY_NEGATED, example)
    return tuple(anchored) or None


def read_choice(node: Node, example: str, names: Collection[str]) -> str | None:
    if isinstance(node.value, str) and node.value in names:
        return node.value
    expected = ", ".join(names if len(names) <= MAX_UNSORTED else sorted(names))
    return node.report(f"{quote(node.value)} isn't one of {expected}{suggest(node.value, names)}", example)


def read_prices(node: Node, example: str) -> tuple[Price, ...] | None:
    """Read the US dollars that a million input tokens of each model cost."""
    from decimal import Decimal  # noqa: PLC0415  # takes 10 ms, and most configurations have no prices

    if not isinstance(node.value, dict) or not node.value:
        return node.report(f"expected a price for each model, found {describe_kind(node.value)}", example)
    prices = []
    for model, value in node.value.items():
        child = node.child(model)
        # The shortest text of a float is the number as it was written.
        number = Decimal(str(value)) if type(value) in {int, float} else Decimal(0)
        if mistake := explain_model(model):
            child.report_key(mistake, example)
        elif not 0 < number <= MAX_PRICE or number != round(number, 6):
            forms = f"a number above 0 and up to {MAX_PRICE:,}, with at most 6 digits after the point"
            written = f"the text {quote(value)}" if isinstance(value, str) else quote(value)
            message = f"{written} isn't a price: expected US dollars for a million input tokens, {forms}"
            child.report(message, example)
        else:
            prices.append(Price(model, number, child.line, node.file.path))
    return tuple(prices)


def read_notes(node: Node, example: str) -> frozenset[str] | None:
    """Read which kinds of notes are on or off. Returns those that are off."""
    if not isinstance(node.value, dict) or not node.value:
        message = f"expected `on` or `off` for each kind of note, found {describe_kind(node.value)}"
        return node.report(message, example)
    off = set()
    for kind, value in node.value.items():
        child = node.child(kind)
        if kind not in NOTE_KINDS:
            child.report_key(
                f"{quote(kind)} isn't one of {', '.join(NOTE_KINDS)}{suggest(kind, NOTE_KINDS)}", example
            )
        elif value is False or value == "off":
            off.add(kind)
        elif value is not True and value != "on":
            child.report(f"{quote(value)} isn't one of on, off", example)
    return frozenset(off)


def read_flag(node: Node, example: str) -> bool | None:
    if not isinstance(node.value, bool):
        return node.report(f"{quote(node.value)} isn't `true` or `false`", example)
    return node.value


def read_message(node: Node, example: str) -> str | None:
    if not isinstance(node.value, str):
        message = f"expected a text, found {describe_kind(node.value)}; quotes make it one"
        return node.report(message, example)
    if len(node.value) > MAX_MESSAGE:
        return node.report(f"is {len(node.value)} characters long; the most is {MAX_MESSAGE}", example)
    return node.value


def read_reason(node: Node, example: str) -> str | None:
    if isinstance(node.value, str) and not node.value.strip():
        return node.report("an exemption needs a reason", example)
    return read_message(node, example)


def read_date(node: Node, example: str) -> str | None:
    from datetime import date  # noqa: PLC0415  # takes 3 ms, and only exemptions have dates

    text = str(node.value)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            return date.fromisoformat(text).isoformat()
    except ValueError:  # of this form, and not in the calendar
        pass
    return node.report(f"{quote(node.value)} isn't a date (YYYY-MM-DD)", example)


def read_name(node: Node, example: str) -> str | None:
    if not isinstance(node.value, str) or not node.value.strip():
        kind = "blank text" if isinstance(node.value, str) else describe_kind(node.value)
        return node.report(f"expected a name, found {kind}", example)
    if len(node.value) > MAX_NAME or not node.value.isprintable():
        return node.report(f"a name has at most {MAX_NAME} characters, all printable", example)
    return node.value


def read_sum(node: Node, example: str) -> tuple[Reference, ...] | None:
    """Read patterns; after a `#` the name of the prompts that are meant."""
    references = []
    for child in _read_texts(node, example, patterns.MAX_PATTERNS):
        path, name = _split_name(child.value)
        # A negated pattern costs as much as the pattern itself.
        negation = "!" if path.startswith("!") else ""
        anchored = read_patterns(child._replace(value=path.removeprefix("!")), example) or ()
        references += [Reference(f"{negation}{pattern}", name, child.line) for pattern in anchored]
    if references and all(reference.path.startswith("!") for reference in references):
        return node.report(_ONLY_NEGATED, example)
    return tuple(references)


def read_paths(node: Node, example: str) -> tuple[Reference, ...]:
    """Read paths of single files, which start at the folder of the file. Returns them from the top of the repository."""
    references = []
    for child in _read_texts(node, example, MAX_REFERENCES):
        path, name = _split_name(child.value)
        leaves = not {"", ".", ".."}.isdisjoint(path.split("/"))
        if leaves or len(path) > patterns.MAX_LENGTH or "\0" in path:
            start = "the folder of this file" if node.file.folder else "the top of the repository"
            message = f"{quote(child.value)} isn't the path of a file, from {start}"
            child.report(message, example)
        elif re.search(r"[*?]", path):
            child.report(
                f"{quote(child.value)} is a pattern: only `sum` takes patterns, a request takes paths",
                example,
            )
        prefix = f"{node.file.folder}/" if node.file.folder else ""
        references.append(Reference(f"{prefix}{path}", name, child.line))
    return tuple(references)


def _split_name(text: str) -> tuple[str, str]:
    """Return the path of a reference, and the name of a prompt after a `#`, which may be empty."""
    path, mark, name = text.rpartition("#")
    return (path, name) if mark and re.fullmatch(r"[A-Za-z0-9_. -]+", name, re.ASCII) else (text, "")
