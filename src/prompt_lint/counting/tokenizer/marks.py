"""From a word or a gap to the marked form that is tiled: borders of words and changes of case.

Four control characters, which no text contains after `normalise`, stand for the tokenizers' markers.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from prompt_lint.counting.tokenizer.characters import ASCII_PUNCTUATION, runs, stray

BEGIN, END, SHIFT, CAPS = "\x01", "\x02", "\x03", "\x04"
QUOTE = "'"

# What stands before a gap: a word, the frame's own space, or nothing; and what after it.
Before = Literal["word", "space", "nothing"]
After = Literal["word", "end"]

_BEGIN_AT = re.compile(f"(?<= )(?=[{ASCII_PUNCTUATION}])")
_END_AT = re.compile(f"(?<=[{ASCII_PUNCTUATION}])(?= (?! ))")
_PUNCTUATION = re.compile(f"[{ASCII_PUNCTUATION}]")

# Pairs of case of Unicode 16, and a capital that the tokenizers don't take for one.
_NEW_LOWER = {"\u1c89": "\u1c8a", "\ua7cb": "\u0264"}
_NEW_LOWER_VALUES = frozenset(_NEW_LOWER.values())
_UNCASED = "\u03f4"
_DOTTED_I = "\u0130"
_CAPITAL_SHARP_S = "\u1e9e"
_SYMBOL_LETTERS = re.compile("[\u16ee-\u16f0\u2160-\u2188\u24b6-\u24e9\ua6e6-\ua6ef]")


def mark_case(word: str, caps_from: int) -> tuple[str, str]:
    """The case marker of a whole word (or nothing) and the word as it is spelled behind it.

    `caps_from` is the length from which a word in capitals has a marker of its own; 0 for never.
    """
    if not word.isascii():
        return _mark_case_wide(word, caps_from)
    if word.islower():
        return "", word
    if caps_from and len(word) >= caps_from and word.isupper():
        return CAPS, word.lower()
    if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        return SHIFT, word.lower()
    return "", word


def _mark_case_wide(word: str, caps_from: int) -> tuple[str, str]:
    small = word.islower() and word[0] not in _NEW_LOWER
    if small or _CAPITAL_SHARP_S in word or stray().match(word):
        return "", word
    if caps_from and len(word) >= caps_from and _all_capitals(word):
        return CAPS, "".join(map(_lower, word))
    first, rest = word[0], word[1:].replace(_DOTTED_I, "")
    if _is_upper(first) and first != _DOTTED_I and not any(map(_is_upper, rest)):
        return SHIFT, "".join(char if char == _DOTTED_I else _lower(char) for char in word)
    return "", word


def _all_capitals(word: str) -> bool:
    capitals = False
    for char in word:
        if char == _DOTTED_I:
            return False
        if _is_upper(char):
            capitals = True
        elif not _SYMBOL_LETTERS.match(char) or _is_lower(char):
            return False
    return capitals


def _lower(char: str) -> str:
    return char if char == _UNCASED else _NEW_LOWER.get(char, char.lower())


def _is_upper(char: str) -> bool:
    return char in _NEW_LOWER or (char != _UNCASED and char.isupper() and char.lower() != char)


def _is_lower(char: str) -> bool:
    return char in _NEW_LOWER_VALUES or char.islower()


def mark_gap(gap: str, before: Before, after: After) -> str:
    """A gap with its markers, without the single spaces that the borders on either side stand for.

    A gap may end in a contraction's suffix; `after` says what follows one that doesn't.
    """
    if " " not in gap and before == "word" and not gap[-1].isalpha():
        return gap  # only at a space is there anything to mark
    marked = (_mark_ascii if gap.isascii() else mark_wide)(gap, before, after)
    if gap == " ":
        return gap
    marked = marked.replace(f"{END} {BEGIN}", END + BEGIN)
    if before == "word" and marked.startswith(" " + BEGIN):
        marked = marked[1:]
    if after == "word" and marked.endswith(END + " "):
        marked = marked[:-1]
    return marked


def _mark_ascii(gap: str, before: Before, after: After) -> str:
    quote = _opening_quote(gap, after)
    body = gap[: len(gap) - len(quote)]
    if quote[1:]:
        quote += END
    if not body:
        return " " + quote if before == "space" else quote
    marked = _END_AT.sub(END, _BEGIN_AT.sub(BEGIN, body))
    if before == "space" and body[0] != " ":
        marked = BEGIN + marked
    return marked + quote


def _opening_quote(gap: str, after: After) -> str:
    """The lone apostrophe at the end of a gap before a word, or the whole contraction; else nothing."""
    if gap[-1].isalpha():
        return gap[gap.rindex(QUOTE) :]
    alone = gap[-1] == QUOTE and not _PUNCTUATION.match(gap[-2:-1])
    return QUOTE if alone and after == "word" else ""


def mark_wide(gap: str, before: Before, after: After) -> str:
    """`mark_gap` by the general rules, of which those for ASCII are a special case."""
    found = [(match.lastgroup or "", match[0]) for match in runs().finditer(gap)]
    out = []
    for at, (kind, body) in enumerate(found):
        if kind == "word":
            whole = at > 1 and _borders(*found[at - 2])[1]
            out.append(f"{BEGIN if whole else ''}{body}{END}")
            continue
        begins, ends = _borders(kind, body)
        last = at + 1 == len(found)
        opens = body == QUOTE and (after == "word" if last else found[at + 1][0] == "word")
        if at == 0 and before == "space" and (opens or not (begins or body[0] == " ")):
            out.append(" " if opens else BEGIN)
        left = found[at - 1][1][-1] == " " if at else before == "space"
        right = "" if last else found[at + 1][1]
        if begins and left and not opens:
            out.append(BEGIN)
        out.append(body)
        if ends and right[:1] == " " and right[:2] != "  ":
            out.append(END)
    return "".join(out)


def _borders(kind: str, body: str) -> tuple[bool, bool]:
    """Whether a run has a border marker where it meets a space on its left and on its right."""
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
