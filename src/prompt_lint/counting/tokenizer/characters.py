"""Normalizes a text before it is tokenized, and compiles the patterns that classify its characters.

The rules are facts that the author of `ctok` measured against the real tokenizers; see docs/counting.md.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from prompt_lint.counting.tokenizer.vocabulary import read_data

if TYPE_CHECKING:
    from re import Pattern

ASCII_PUNCTUATION = r"!-/:-@\[-`{-~"
# The ends of contractions: after a lone apostrophe they aren't a word of their own.
_CONTRACTION_SUFFIX = "(?:[stdm]|ll|re|ve)"

# Controls are dropped, except tab, newline and NUL. NUL and all separators except the ideographic space become spaces.
# The patterns aren't compiled here: few texts need them, and compiling them costs more than counting a prompt.
_CONTROLS = r"[\x01-\x08\x0b-\x1f\x7f-\x9f]+"
_SPACES = "\0\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f"
_PRIVATE_USE = "\ue000-\uf8ff"
_SPACES_AND_PRIVATE_USE = f"[{_SPACES}{_PRIVATE_USE}]"
_QUOTES = (("\u2018", "'"), ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'))
_SURROGATE = "[\ud800-\udfff]"

# A line of at most so many characters has its combining marks ordered by the standard library within milliseconds.
_SHORT_LINE = 4_000
# The combining marks of the basic plane that decompose to several marks.
_DECOMPOSITIONS = {"\u0f73": "\u0f71\u0f72", "\u0f75": "\u0f71\u0f74", "\u0f81": "\u0f71\u0f80"}


def normalize(text: str, *, fold_quotes: bool) -> str:
    """Return the text as the tokenizers read it: in NFC, without controls, with plain spaces."""
    # No character that is dropped or folded is printable, except quotes: most texts need nothing more.
    is_printable = text.replace("\n", " ").replace("\t", " ").isprintable()
    if text.isascii():
        return text if is_printable else re.sub(_CONTROLS, "", text).replace("\0", " ")
    text = _compose(text if is_printable else re.sub(_SURROGATE, "\ufffd", text))
    if not is_printable:
        text = re.sub(_CONTROLS, "", text)
    text = text.replace("\u0e4d\u0e32", "\u0e33")
    if not is_printable:
        text = re.sub(_SPACES_AND_PRIVATE_USE, _fold_character, text)
    if fold_quotes:
        for curly, straight in _QUOTES:
            text = text.replace(curly, straight)
    return text


def _fold_character(match: re.Match[str]) -> str:
    return "" if "\ue000" <= match[0] <= "\uf8ff" else " "


def _compose(text: str) -> str:
    """Return the text in NFC. Long runs of combining marks are put into canonical order first.

    The standard library sorts them by insertion: a megabyte of marks in a hostile order would take it hours.
    """
    lines = text.split("\n")
    if max(map(len, lines)) <= _SHORT_LINE and all(unicodedata.is_normalized("NFC", line) for line in lines):
        return text
    ordered = _compile_long_mark_runs().sub(lambda match: _sort_marks(match[0]), text)
    return unicodedata.normalize("NFC", ordered)


def _sort_marks(run: str) -> str:
    """Return a run of combining marks decomposed and in canonical order."""
    marks = [mark for char in run for mark in _DECOMPOSITIONS.get(char, char)]
    ordered: list[str] = []
    segment: list[str] = []
    for mark in marks:
        if unicodedata.combining(mark):
            segment.append(mark)
        else:
            ordered += [*sorted(segment, key=unicodedata.combining), mark]
            segment = []
    return "".join(ordered + sorted(segment, key=unicodedata.combining))


@cache
def read_classes() -> dict[str, str]:
    """Return the classes of characters beyond ASCII by name, each to be put inside of a regular expression's `[…]`."""
    # The file has escapes so that people can read it; `re` compiles the characters themselves in half the time.
    lines = read_data("characters.txt").decode("unicode_escape").rstrip("\n").split("\n")
    return dict(line.split(": ") for line in lines if not line.startswith("#"))


@cache
def _compile_long_mark_runs() -> Pattern[str]:
    # Every character beyond the basic plane passes for a mark: few are, but a list of those would slow every search.
    return re.compile(f"[{read_classes()['combining']}\U00010000-\U0010ffff]{{64,}}")


def compile_items(letters: str, punctuation: str) -> Pattern[str]:
    """Return the pattern that splits a text into its items: words, and the gaps between them.

    A gap that ends in a lone apostrophe includes the suffix of the contraction. A gap of a single space, the most
    common one, costs nothing and is left out.
    """
    return re.compile(
        f"[{letters}]+|(?! [{letters}])[^{letters}]+(?:(?<=')(?<![{punctuation}]'){_CONTRACTION_SUFFIX}(?![{letters}]))?"
    )


# Each pattern for texts beyond ASCII takes milliseconds to compile, so it is compiled when a text needs it.


@cache
def compile_any_items() -> Pattern[str]:
    """Return the pattern of `compile_items` for any text."""
    classes = read_classes()
    # Circled letters make up words, but after one, as after punctuation, an apostrophe begins no contraction.
    circled = "\\u24b6-\\u24e9"
    return compile_items("A-Za-z" + classes["word"], ASCII_PUNCTUATION + classes["punctuation"] + circled)


@cache
def compile_runs() -> Pattern[str]:
    """Return the pattern of a run of characters of one class. The group that matches has the name of the class."""
    classes = read_classes()
    letters = "A-Za-z" + classes["word"]
    punctuation = ASCII_PUNCTUATION + classes["punctuation"]
    digits = "0-9" + classes["arabic"]
    numbers = classes["decimal"] + classes["number"]
    space = " \t\n\u3000"
    selector = classes["selector"]
    return re.compile(
        f"(?P<space>[{space}]+)|(?P<punctuation>[{punctuation}]+)|(?P<digits>[{digits}]+)|(?P<word>[{letters}]+)"
        f"|(?P<border>[{classes['border']}][{classes['border']}{selector}]*)|(?P<numbers>[{numbers}][{numbers}{selector}]*)"
        f"|(?P<letters>[^{space}{punctuation}{digits}{letters}{classes['border']}{numbers}]+)"
    )


@cache
def compile_stray() -> Pattern[str]:
    """Return the pattern of a mark that, without a letter before it, begins a word of its own."""
    return re.compile(f"[{read_classes()['stray']}]")
