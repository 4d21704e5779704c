"""What every text goes through before it is tokenized, and the classes of its characters.

The rules are facts measured by the author of `ctok` against the real tokenizers; docs/counting.md says more.
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
# An apostrophe of its own and one of these is the end of the word before, not a word.
SUFFIX = "(?:[stdm]|ll|re|ve)"

# Dropped: controls but for tab, newline and NUL. NUL, and every separator but the ideographic space, is a space.
# (Patterns as text: most runs need none of them, and compiling them costs more than a prompt does.)
_CONTROL = r"[\x01-\x08\x0b-\x1f\x7f-\x9f]+"
_SPACE = "\0\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f"
_PRIVATE = "\ue000-\uf8ff"
_FOLDED = f"[{_SPACE}{_PRIVATE}]"
_QUOTES = (("\u2018", "'"), ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'))
_SURROGATE = "[\ud800-\udfff]"

# A line of this many characters has its marks in order within milliseconds, whatever they are.
_SHORT = 4_000
# Marks that stand in the basic plane as one character and decompose to several.
_TIBETAN = {"\u0f73": "\u0f71\u0f72", "\u0f75": "\u0f71\u0f74", "\u0f81": "\u0f71\u0f80"}


def normalise(text: str, *, fold_quotes: bool) -> str:
    """The text as the tokenizers read it: NFC, without controls, with plain spaces."""
    # Whatever is to be dropped or folded, quotes aside, isn't printable: most texts need nothing more.
    plain = text.replace("\n", " ").replace("\t", " ").isprintable()
    if text.isascii():
        return text if plain else re.sub(_CONTROL, "", text).replace("\0", " ")
    text = _composed(text if plain else re.sub(_SURROGATE, "\ufffd", text))
    if not plain:
        text = re.sub(_CONTROL, "", text)
    text = text.replace("\u0e4d\u0e32", "\u0e33")
    if not plain:
        text = re.sub(_FOLDED, _fold, text)
    if fold_quotes:
        for curly, straight in _QUOTES:
            text = text.replace(curly, straight)
    return text


def _fold(match: re.Match[str]) -> str:
    return "" if "\ue000" <= match[0] <= "\uf8ff" else " "


def _composed(text: str) -> str:
    """NFC. Long runs of combining marks are put into canonical order first.

    The standard library finds that order by insertion: a megabyte of marks in a hostile order would take it hours.
    """
    lines = text.split("\n")
    if max(map(len, lines)) <= _SHORT and all(unicodedata.is_normalized("NFC", line) for line in lines):
        return text
    return unicodedata.normalize("NFC", _long_marks().sub(lambda match: _sort_run(match[0]), text))


def _sort_run(run: str) -> str:
    marks = [part for char in run for part in _TIBETAN.get(char, char)]
    ordered: list[str] = []
    segment: list[str] = []
    for char in marks:
        if unicodedata.combining(char):
            segment.append(char)
        else:
            ordered += [*sorted(segment, key=unicodedata.combining), char]
            segment = []
    return "".join(ordered + sorted(segment, key=unicodedata.combining))


@cache
def classes() -> dict[str, str]:
    """The classes beyond ASCII as the inside of a regular expression's `[…]`."""
    # Escapes are for people: the compiler of patterns reads the characters themselves in half the time.
    lines = read_data("characters.txt").decode("unicode_escape").rstrip("\n").split("\n")
    return dict(line.split(": ") for line in lines if not line.startswith("#"))


@cache
def _long_marks() -> Pattern[str]:
    # The other planes as a whole: their marks are few, and a list of them would slow every search.
    return re.compile(f"[{classes()['combining']}\U00010000-\U0010ffff]{{64,}}")


def split_pattern(letters: str, punctuation: str) -> Pattern[str]:
    """Words, and the gaps between them with the contraction's suffix that a lone apostrophe brings.

    A gap that is a single space costs nothing, and is the commonest: it is left out.
    """
    return re.compile(
        f"[{letters}]+|(?! [{letters}])[^{letters}]+(?:(?<=')(?<![{punctuation}]'){SUFFIX}(?![{letters}]))?"
    )


# The patterns for texts beyond ASCII take milliseconds each to compile, so only when they are needed.


@cache
def items() -> Pattern[str]:
    """`split_pattern` for any text."""
    found = classes()
    # A circled letter makes words, but as the symbol it is keeps an apostrophe from joining them.
    circled = "\\u24b6-\\u24e9"
    return split_pattern("A-Za-z" + found["word"], ASCII_PUNCTUATION + found["punctuation"] + circled)


@cache
def runs() -> Pattern[str]:
    """Runs of one class within a gap, and words; the class is the name of the group."""
    found = classes()
    letters = "A-Za-z" + found["word"]
    punctuation = ASCII_PUNCTUATION + found["punctuation"]
    digits = "0-9" + found["arabic"]
    numbers = found["decimal"] + found["number"]
    space = " \t\n\u3000"
    rides = found["selector"]
    return re.compile(
        f"(?P<space>[{space}]+)|(?P<punctuation>[{punctuation}]+)|(?P<digits>[{digits}]+)|(?P<word>[{letters}]+)"
        f"|(?P<border>[{found['border']}][{found['border']}{rides}]*)|(?P<numbers>[{numbers}][{numbers}{rides}]*)"
        f"|(?P<letters>[^{space}{punctuation}{digits}{letters}{found['border']}{numbers}]+)"
    )


@cache
def stray() -> Pattern[str]:
    """A mark that opens a word of its own where no letter stands before it."""
    return re.compile(f"[{classes()['stray']}]")
