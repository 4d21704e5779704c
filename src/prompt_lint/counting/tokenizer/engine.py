"""Counts the tokens of a text: a sum over its items, which are words and the gaps between them.

No piece of the vocabulary crosses the end of a word or mixes white space with text. So the tokens of a word don't
depend on its neighbours, the markers of a gap follow from the gap alone, and each distinct item is counted once.
"""

from __future__ import annotations

import re
from collections import Counter
from operator import mul
from typing import TYPE_CHECKING

from prompt_lint.counting.tokenizer.characters import (
    ASCII_PUNCTUATION,
    compile_any_items,
    compile_items,
    compile_runs,
    normalize,
)
from prompt_lint.counting.tokenizer.markers import BEGIN, END, mark_case, mark_gap
from prompt_lint.counting.tokenizer.vocabulary import load_vocabulary
from prompt_lint.model.families import FAMILIES

if TYPE_CHECKING:
    from prompt_lint.counting.tokenizer.markers import After, Before
    from prompt_lint.counting.tokenizer.vocabulary import Vocabulary
    from prompt_lint.model.families import Family

# These bound memory, not results: a hostile megabyte may contain a hundred thousand distinct words.
_MEMO_ENTRIES = 100_000
_MEMO_CHARACTERS = 64

_ASCII_ITEMS = compile_items("A-Za-z", ASCII_PUNCTUATION)
_CHUNKS = re.compile(r" +|\n+|\t+|\u3000+|[0-9]+|\x01?[^\x01\x02 \n\t\u30000-9]+\x02?|\x01|\x02")
# A string of this length or more may have runs of one character that are worth cutting.
_MIN_LENGTH_TO_CUT = 512
_LONG_RUN = re.compile(r"(.)\1{255,}", re.DOTALL)
_INFINITE = 1 << 60


def count_tokens(text: str, family_name: str, *, after_space: bool = True) -> int:
    """Return the tokens of the text of one message, without those of its frame. Any `str` can be counted.

    Without `after_space` no frame precedes the text: so it is with a system prompt.
    """
    family = FAMILIES[family_name]
    if not after_space:
        family = family._replace(has_frame_space=False)
    vocabulary = load_vocabulary(family.vocabulary)
    normalized = normalize(text, fold_quotes=family.folds_quotes)
    body = normalized.rstrip("\n")
    newlines = len(normalized) - len(body)
    # They are added to the frame, whose own two newlines are one token.
    newline_tokens = _count_chunk("\n" * (newlines + 2), vocabulary) - 1 if newlines else 0
    if family.has_frame_space and text[:1] == " " and body[:1] == " " and body[1:2] != " ":
        body = body[1:]
    if not body:
        return newline_tokens + family.has_frame_space
    items: list[str] = (_ASCII_ITEMS if body.isascii() else compile_any_items()).findall(body)
    starts_with_space = body[0] == " " and body[1:2] != "" and not _is_gap(body[1])  # which costs a token
    edge_tokens = _count_edge_gaps(items, vocabulary, family)
    item_tokens = _count_items(items, vocabulary, family.min_caps_length)
    return starts_with_space + edge_tokens + item_tokens + newline_tokens


def _is_gap(item: str) -> bool:
    if item[0].isascii():
        return not item[0].isalpha()
    match = compile_runs().match(item)
    return match is not None and match.lastgroup != "word"


def _count_edge_gaps(items: list[str], vocabulary: Vocabulary, family: Family) -> int:
    """Remove from `items` the gaps at both ends of the text, which aren't between two words, and return their tokens."""
    before: Before = "space" if family.has_frame_space else "nothing"
    total = 0
    if _is_gap(items[0]):
        after: After = "end" if len(items) == 1 else "word"
        total += _count_gap(items.pop(0), before, after, vocabulary)
    if items and _is_gap(items[-1]):
        total += _count_gap(items.pop(), "word", "end", vocabulary)
    return total


def _count_items(items: list[str], vocabulary: Vocabulary, min_caps_length: int) -> int:
    occurrences = Counter(items)
    tokens = [*map(vocabulary.item_tokens.get, occurrences)]
    if None in tokens:
        tokens = [
            _count_item(item, vocabulary, min_caps_length) if memoized is None else memoized
            for item, memoized in zip(occurrences, tokens, strict=True)
        ]
    return sum(map(mul, tokens, occurrences.values()))


def _count_item(item: str, vocabulary: Vocabulary, min_caps_length: int) -> int:
    tokens = (
        _count_gap(item, "word", "word", vocabulary)
        if _is_gap(item)
        else _count_word(item, vocabulary, min_caps_length)
    )
    _memoize(vocabulary.item_tokens, item, tokens)
    return tokens


def _memoize(memo: dict[str, int], key: str, tokens: int) -> None:
    if len(key) <= _MEMO_CHARACTERS:
        if len(memo) >= _MEMO_ENTRIES:
            memo.clear()
        memo[key] = tokens


def _count_word(word: str, vocabulary: Vocabulary, min_caps_length: int) -> int:
    marker, spelled = mark_case(word, min_caps_length)
    marked = f"{marker}{BEGIN}{spelled}{END}"
    if marked in vocabulary.pieces:
        return 1
    if not marker:
        return _count_pieces(marked, vocabulary)
    tokens = vocabulary.item_tokens.get(spelled)
    if tokens is None:
        tokens = _count_pieces(marked[1:], vocabulary)
        _memoize(vocabulary.item_tokens, spelled, tokens)
    return 1 + tokens


def _count_gap(gap: str, before: Before, after: After, vocabulary: Vocabulary) -> int:
    chunks: list[str] = _CHUNKS.findall(mark_gap(gap, before, after))
    if len(chunks) < 100:
        return sum([_count_chunk(chunk, vocabulary) for chunk in chunks])
    return sum(_count_chunk(chunk, vocabulary) * times for chunk, times in Counter(chunks).items())


def _count_chunk(chunk: str, vocabulary: Vocabulary) -> int:
    tokens = vocabulary.chunk_tokens.get(chunk)
    if tokens is None:
        tokens = _count_pieces(chunk, vocabulary)
        _memoize(vocabulary.chunk_tokens, chunk, tokens)
    return tokens


def _count_pieces(marked: str, vocabulary: Vocabulary) -> int:
    """Return the least number of pieces that spell a marked string."""
    if marked in vocabulary.pieces:
        return 1
    if len(marked) < _MIN_LENGTH_TO_CUT:
        if vocabulary.pieces.issuperset(marked):
            return _count_pieces_from_ends(marked, vocabulary)
        return _count_pieces_in_order(marked, vocabulary)
    shorter, saved = _cut_long_runs(marked, vocabulary)
    return _count_pieces_in_order(shorter, vocabulary) + saved


def _count_pieces_from_ends(marked: str, vocabulary: Vocabulary) -> int:
    """Return the least number of pieces of a string, each of whose characters is a piece.

    Most words are two to four pieces, so the search goes inwards from both ends until they meet.
    """
    pieces = vocabulary.pieces
    size = len(marked)
    reached = [end for end in (1, *vocabulary.lengths.get(marked[0], ())) if marked[:end] in pieces]
    for end in reached:
        if marked[end:] in pieces:
            return 2
    last_starts = [start for start in range(2, size) if marked[start:] in pieces]
    visited = set(reached)
    for tokens in range(3, size + 1):
        for end in reached:
            for start in last_starts:
                if end < start and marked[end:start] in pieces:
                    return tokens
        reached = _extend_by_a_piece(reached, visited, marked, vocabulary)
    return size


def _extend_by_a_piece(
    reached: list[int], visited: set[int], marked: str, vocabulary: Vocabulary
) -> list[int]:
    """Return the ends of all pieces that start at a position in `reached`; add them to `visited`, and skip those in it."""
    pieces = vocabulary.pieces
    ends = []
    for start in reached:
        for length in (1, *vocabulary.lengths.get(marked[start], ())):
            end = start + length
            if end not in visited and marked[start:end] in pieces:
                visited.add(end)
                ends.append(end)
    return ends


def _count_pieces_in_order(marked: str, vocabulary: Vocabulary) -> int:
    """Return the least number of pieces of any string; a character that is no piece is spelled in bytes.

    `best` has the least number for each beginning of the string, by its length.
    """
    pieces = vocabulary.pieces
    size = len(marked)
    best = [0, *[_INFINITE] * size]
    for start, char in enumerate(marked):
        with_piece = best[start] + 1
        with_char = with_piece if char in pieces else best[start] + _count_bytes(char, vocabulary)
        if with_char < best[start + 1]:  # noqa: PLR1730  # min() costs as much as the rest of the loop
            best[start + 1] = with_char
        for length in vocabulary.lengths.get(char, ()):
            end = start + length
            if end > size:
                break
            if best[end] > with_piece and marked[start:end] in pieces:
                best[end] = with_piece
    return best[size]


def _count_bytes(char: str, vocabulary: Vocabulary) -> int:
    """Return the tokens of a character that is no piece: one for its longest known prefix, one for each byte after it."""
    encoded = char.encode()
    for size in range(len(encoded) - 1, 1, -1):
        if encoded[:size] in vocabulary.prefixes:
            return 1 + len(encoded) - size
    return len(encoded)


def _cut_long_runs(marked: str, vocabulary: Vocabulary) -> tuple[str, int]:
    """Return the string with its very long runs of one character shortened, and the tokens of what was cut.

    If the longest piece of the character has n of them, a spelling with the fewest pieces of a run of more than n * n
    includes that piece: of any n shorter pieces some add up to a multiple of n, and cost no less. So such a run can be
    shortened by n characters at a time, at one token each. It keeps 256 more for pieces that overlap its ends.
    """
    saved = 0

    def cut(match: re.Match[str]) -> str:
        nonlocal saved
        char, length = match[1], len(match[0])
        longest_piece = max(
            size
            for size in (1, *vocabulary.lengths.get(char, ()))
            if size == 1 or char * size in vocabulary.pieces
        )
        cuts = max(0, length - longest_piece * longest_piece - 256) // longest_piece
        is_piece = longest_piece > 1 or char in vocabulary.pieces
        saved += cuts * (1 if is_piece else _count_bytes(char, vocabulary))
        return char * (length - cuts * longest_piece)

    return _LONG_RUN.sub(cut, marked), saved
