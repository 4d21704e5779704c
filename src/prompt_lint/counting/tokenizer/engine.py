"""Tokens of a text: a sum over its words and the gaps between them, each distinct one priced once.

No piece of the vocabulary crosses the end of a word or mixes white space with text, so what a word costs
doesn't depend on its neighbours, and a gap's markers follow from the gap alone.
"""

from __future__ import annotations

import re
from collections import Counter
from operator import mul
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.counting.tokenizer.characters import ASCII_PUNCTUATION, items, normalise, runs, split_pattern
from prompt_lint.counting.tokenizer.marks import BEGIN, END, mark_case, mark_gap
from prompt_lint.counting.tokenizer.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from prompt_lint.counting.tokenizer.marks import After, Before

FamilyName = Literal["v3", "v4.7", "v4.8"]


class Family(NamedTuple):
    """A generation of tokenizers.

    `frame_space` says that the frame before a message ends in the space that a first word needs.
    `caps_from` is the length from which a word in capitals is one with a marker (0: never).
    """

    vocabulary: str
    fold_quotes: bool
    caps_from: int
    frame_space: bool


FAMILIES: dict[str, Family] = {
    "v3": Family("older", fold_quotes=True, caps_from=4, frame_space=True),
    "v4.7": Family("newer", fold_quotes=False, caps_from=0, frame_space=True),
    "v4.8": Family("newer", fold_quotes=False, caps_from=0, frame_space=False),
}

# A bound on memory, not on results: a hostile megabyte may hold a hundred thousand distinct words.
MEMO_SIZE = 100_000
MEMO_LENGTH = 64

_ASCII_ITEMS = split_pattern("A-Za-z", ASCII_PUNCTUATION)
_CHUNKS = re.compile(r" +|\n+|\t+|\u3000+|[0-9]+|\x01?[^\x01\x02 \n\t\u30000-9]+\x02?|\x01|\x02")
_LONG = 512
_REPEATED = re.compile(r"(.)\1{255,}", re.DOTALL)
_FAR = 1 << 60


def content_tokens(text: str, family: str, *, after_space: bool = True) -> int:
    """Tokens of the text of one message, without the frame around it. Any `str` will do.

    A text that doesn't follow the frame of a message (a system prompt) isn't `after_space`.
    """
    facts = FAMILIES[family]
    if not after_space:
        facts = facts._replace(frame_space=False)
    words = vocabulary(facts.vocabulary)
    normal = normalise(text, fold_quotes=facts.fold_quotes)
    body = normal.rstrip("\n")
    tail = _newline_tail(len(normal) - len(body), words)
    if facts.frame_space and text[:1] == " " and body[:1] == " " and body[1:2] != " ":
        body = body[1:]
    if not body:
        return tail + facts.frame_space
    found: list[str] = (_ASCII_ITEMS if body.isascii() else items()).findall(body)
    head = body[0] == " " and body[1:2] != "" and not _is_gap(body[1])
    return tail + head + _edges(found, words, facts) + _sum(found, words, facts.caps_from)


def _newline_tail(newlines: int, words: Vocabulary) -> int:
    """What newlines at the end cost beyond the two that the frame adds and pays for."""
    return _chunk(words, "\n" * (newlines + 2)) - 1 if newlines else 0


def _is_gap(item: str) -> bool:
    if item[0].isascii():
        return not item[0].isalpha()
    match = runs().match(item)
    return match is not None and match.lastgroup != "word"


def _edges(found: list[str], words: Vocabulary, facts: Family) -> int:
    """Price the gaps at the ends of a text, which aren't between two words, and take them out of `found`."""
    before: Before = "space" if facts.frame_space else "nothing"
    total = 0
    if _is_gap(found[0]):
        after: After = "end" if len(found) == 1 else "word"
        total += _gap(found.pop(0), before, after, words)
    if found and _is_gap(found[-1]):
        total += _gap(found.pop(), "word", "end", words)
    return total


def _sum(found: list[str], words: Vocabulary, caps_from: int) -> int:
    counted = Counter(found)
    prices = [*map(words.memo.get, counted)]
    if None in prices:
        known = zip(counted, prices, strict=True)
        prices = [_item(item, words, caps_from) if price is None else price for item, price in known]
    return sum(map(mul, prices, counted.values()))


def _item(item: str, words: Vocabulary, caps_from: int) -> int:
    price = _gap(item, "word", "word", words) if _is_gap(item) else _word(item, words, caps_from)
    _remember(words.memo, item, price)
    return price


def _remember(memo: dict[str, int], key: str, price: int) -> None:
    if len(key) <= MEMO_LENGTH:
        if len(memo) >= MEMO_SIZE:
            memo.clear()
        memo[key] = price


def _word(word: str, words: Vocabulary, caps_from: int) -> int:
    mark, spelled = mark_case(word, caps_from)
    marked = f"{mark}{BEGIN}{spelled}{END}"
    if marked in words.pieces:
        return 1
    if not mark:
        return _tile(marked, words)
    price = words.memo.get(spelled)
    if price is None:
        price = _tile(marked[1:], words)
        _remember(words.memo, spelled, price)
    return 1 + price


def _gap(gap: str, before: Before, after: After, words: Vocabulary) -> int:
    chunks: list[str] = _CHUNKS.findall(mark_gap(gap, before, after))
    if len(chunks) < 100:
        return sum([_chunk(words, chunk) for chunk in chunks])
    return sum(_chunk(words, chunk) * times for chunk, times in Counter(chunks).items())


def _chunk(words: Vocabulary, chunk: str) -> int:
    price = words.chunk_memo.get(chunk)
    if price is None:
        price = _tile(chunk, words)
        _remember(words.chunk_memo, chunk, price)
    return price


def _tile(marked: str, words: Vocabulary) -> int:
    """The fewest pieces that spell a marked string."""
    if marked in words.pieces:
        return 1
    if len(marked) < _LONG:
        known = words.pieces.issuperset(marked)
        return _spread(marked, words) if known else _cheapest(marked, words)
    shorter, saved = _shortened(marked, words)
    return _cheapest(shorter, words) + saved


def _spread(marked: str, words: Vocabulary) -> int:
    """`_cheapest` for words, most of which are two to four pieces: outwards from both ends until they meet."""
    pieces = words.pieces
    size = len(marked)
    reached = [end for end in (1, *words.lengths.get(marked[0], ())) if marked[:end] in pieces]
    for end in reached:
        if marked[end:] in pieces:
            return 2
    last = [start for start in range(2, size) if marked[start:] in pieces]
    seen = set(reached)
    for price in range(3, size + 1):
        for end in reached:
            for start in last:
                if end < start and marked[end:start] in pieces:
                    return price
        reached = _one_further(reached, seen, marked, words)
    return size


def _one_further(reached: list[int], seen: set[int], marked: str, words: Vocabulary) -> list[int]:
    pieces = words.pieces
    found = []
    for start in reached:
        for length in (1, *words.lengths.get(marked[start], ())):
            end = start + length
            if end not in seen and marked[start:end] in pieces:
                seen.add(end)
                found.append(end)
    return found


def _cheapest(marked: str, words: Vocabulary) -> int:
    """The same, whatever the string: position by position."""
    pieces = words.pieces
    size = len(marked)
    best = [0, *[_FAR] * size]
    for start, char in enumerate(marked):
        following = best[start] + 1
        alone = following if char in pieces else following - 1 + _char(char, words)
        if alone < best[start + 1]:  # noqa: PLR1730 - min() costs as much as the rest of the loop
            best[start + 1] = alone
        for length in words.lengths.get(char, ()):
            end = start + length
            if end > size:
                break
            if best[end] > following and marked[start:end] in pieces:
                best[end] = following
    return best[size]


def _char(char: str, words: Vocabulary) -> int:
    """A character that is no piece: its bytes, of which the longest known beginning is one token."""
    encoded = char.encode()
    for size in range(len(encoded) - 1, 1, -1):
        if encoded[:size] in words.prefixes:
            return 1 + len(encoded) - size
    return len(encoded)


def _shortened(marked: str, words: Vocabulary) -> tuple[str, int]:
    """The string with its very long runs of one character cut, and the tokens that were cut.

    With a longest piece of n characters, a run of more than n * n is best tiled with at least one of
    them (of any n shorter pieces some add up to a multiple of n, and cost no less), so a run of any length
    can be cut by n at one token each; 256 more leave room for pieces that reach into it from its ends.
    """
    saved = 0

    def cut(match: re.Match[str]) -> str:
        nonlocal saved
        char, run = match[1], len(match[0])
        longest = max(
            size for size in (1, *words.lengths.get(char, ())) if size == 1 or char * size in words.pieces
        )
        times = max(0, run - longest * longest - 256) // longest
        saved += times * (1 if longest > 1 or char in words.pieces else _char(char, words))
        return char * (run - times * longest)

    return _REPEATED.sub(cut, marked), saved
