"""Marks the borders of words and the changes of case in words and gaps, as the pieces of the vocabulary do.

Four control characters, which no normalized text contains, represent the tokenizers' markers.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from prompt_lint.counting.tokenizer.characters import ASCII_PUNCTUATION, compile_runs, compile_stray

BEGIN, END, SHIFT, CAPS = "\x01", "\x02", "\x03", "\x04"
_APOSTROPHE = "'"

# What precedes a gap; the space is that of the frame.
Before = Literal["word", "space", "nothing"]
# What follows a gap: a word, or the end of the text.
After = Literal["word", "end"]

_BEGIN_POSITION = re.compile(f"(?<= )(?=[{ASCII_PUNCTUATION}])")
_END_POSITION = re.compile(f"(?<=[{ASCII_PUNCTUATION}])(?= (?! ))")
_PUNCTUATION = re.compile(f"[{ASCII_PUNCTUATION}]")

# Capitals of Unicode 16 with their small letters.
_NEW_CAPITALS = {"\u1c89": "\u1c8a", "\ua7cb": "\u0264"}
_NEW_SMALL_LETTERS = frozenset(_NEW_CAPITALS.values())
# The tokenizers don't take it for a capital.
_CAPITAL_THETA_SYMBOL = "\u03f4"
_CAPITAL_DOTTED_I = "\u0130"
_CAPITAL_SHARP_S = "\u1e9e"
_SYMBOL_LETTERS = "[\u16ee-\u16f0\u2160-\u2188\u24b6-\u24e9\ua6e6-\ua6ef]"


def mark_case(word: str, min_caps_length: int) -> tuple[str, str]:
    """Return the case marker of a word, "" for none, and the spelling of the word after the marker.

    A word in capitals of at least `min_caps_length` characters has the marker `CAPS`; 0 means that none has.
    """
    if not word.isascii():
        return _mark_unicode_case(word, min_caps_length)
    if word.islower():
        return "", word
    if min_caps_length and len(word) >= min_caps_length and word.isupper():
        return CAPS, word.lower()
    if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        return SHIFT, word.lower()
    return "", word


def _mark_unicode_case(word: str, min_caps_length: int) -> tuple[str, str]:
    is_small = word.islower() and word[0] not in _NEW_CAPITALS
    if is_small or _CAPITAL_SHARP_S in word or compile_stray().match(word):
        return "", word
    if min_caps_length and len(word) >= min_caps_length and _is_all_capitals(word):
        return CAPS, "".join(map(_lower, word))
    first, rest = word[0], word[1:].replace(_CAPITAL_DOTTED_I, "")
    if _is_upper(first) and first != _CAPITAL_DOTTED_I and not any(map(_is_upper, rest)):
        return SHIFT, "".join(char if char == _CAPITAL_DOTTED_I else _lower(char) for char in word)
    return "", word


def _is_all_capitals(word: str) -> bool:
    has_capital = False
    for char in word:
        if char == _CAPITAL_DOTTED_I:
            return False
        if _is_upper(char):
            has_capital = True
        elif not re.match(_SYMBOL_LETTERS, char) or char in _NEW_SMALL_LETTERS or char.islower():
            return False
    return has_capital


def _lower(char: str) -> str:
    return char if char == _CAPITAL_THETA_SYMBOL else _NEW_CAPITALS.get(char, char.lower())


def _is_upper(char: str) -> bool:
    return char in _NEW_CAPITALS or (
        char != _CAPITAL_THETA_SYMBOL and char.isupper() and char.lower() != char
    )


def mark_gap(gap: str, before: Before, after: After) -> str:
    """Return a gap with its markers, without the single spaces that the markers at its borders imply.

    `after` says what follows a gap that doesn't end in the suffix of a contraction.
    """
    if " " not in gap and before == "word" and not gap[-1].isalpha():
        return gap  # only spaces are marked
    marked = (_mark_ascii_gap if gap.isascii() else mark_unicode_gap)(gap, before, after)
    if gap == " ":
        return gap
    marked = marked.replace(f"{END} {BEGIN}", END + BEGIN)
    if before == "word" and marked.startswith(" " + BEGIN):
        marked = marked[1:]
    if after == "word" and marked.endswith(END + " "):
        marked = marked[:-1]
    return marked


def _mark_ascii_gap(gap: str, before: Before, after: After) -> str:
    ending = _find_trailing_apostrophe(gap, after)
    body = gap[: len(gap) - len(ending)]
    if ending[1:]:
        ending += END
    if not body:
        return " " + ending if before == "space" else ending
    marked = _END_POSITION.sub(END, _BEGIN_POSITION.sub(BEGIN, body))
    if before == "space" and body[0] != " ":
        marked = BEGIN + marked
    return marked + ending


def _find_trailing_apostrophe(gap: str, after: After) -> str:
    """Return the apostrophe and suffix of a contraction at the end of a gap, or a lone apostrophe before a word, or ""."""
    if gap[-1].isalpha():
        return gap[gap.rindex(_APOSTROPHE) :]
    is_alone = gap[-1] == _APOSTROPHE and not _PUNCTUATION.match(gap[-2:-1])
    return _APOSTROPHE if is_alone and after == "word" else ""


def mark_unicode_gap(gap: str, before: Before, after: After) -> str:
    """Return a gap with its markers, by the general rules. Those for ASCII are a special case of them."""
    runs = [(match.lastgroup or "", match[0]) for match in compile_runs().finditer(gap)]
    marked = []
    for index, (kind, body) in enumerate(runs):
        if kind == "word":
            is_whole_word = index > 1 and _has_borders(*runs[index - 2])[1]
            marked.append(f"{BEGIN if is_whole_word else ''}{body}{END}")
            continue
        has_begin, has_end = _has_borders(kind, body)
        is_last = index + 1 == len(runs)
        is_contraction = body == _APOSTROPHE and (after if is_last else runs[index + 1][0]) == "word"
        if index == 0 and before == "space" and (is_contraction or not (has_begin or body[0] == " ")):
            marked.append(" " if is_contraction else BEGIN)
        follows_space = runs[index - 1][1][-1] == " " if index else before == "space"
        next_body = "" if is_last else runs[index + 1][1]
        if has_begin and follows_space and not is_contraction:
            marked.append(BEGIN)
        marked.append(body)
        if has_end and next_body[:1] == " " and next_body[:2] != "  ":
            marked.append(END)
    return "".join(marked)


def _has_borders(kind: str, body: str) -> tuple[bool, bool]:
    """Return whether a run begins with a marker after a space, and whether it ends with a marker before a space."""
    if kind in ("punctuation", "border"):
        return True, True
    if kind == "digits":
        return body[0] > "9", body[-1] > "9"
    if kind == "numbers" and len({unicodedata.category(char) for char in body}) == 1:
        return True, True
    if kind in ("numbers", "letters"):
        return _is_selector(body[0]), _is_selector(body[-1])
    return False, False


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f"
