"""The tokenizers: against counts of the published package, and against their own tokenizer."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.paths import ROOT

from prompt_lint.counting.tokenizer import characters, engine, markers
from prompt_lint.counting.tokenizer.vocabulary import DATA, load_vocabulary, read_data
from prompt_lint.model.families import FAMILIES

HERE = Path(__file__).parent
# Our own strings, and what ctok 1.3.0 (Python 3.12) says they cost without the frame.
COUNTS: list[dict[str, Any]] = json.loads((HERE / "tokenizer_counts.json").read_text(encoding="utf-8"))

# What the rules are about, more often than chance would pick it: quotes, spaces, marks, digits, case, controls.
SPECIAL = st.sampled_from(
    "'\u2019 \n\t\u3000\0\x01\x02\x03\x04aAsStTdmre0٣½!-.—\uff08中〆한ヲéÉİẞΣ\u0301\u0323\u0345\u064b\u0f73\ufe0f\u200d😀\ue000\ud800\ufdd0Ⓐ"
)
ANY_TEXT = st.text(st.one_of(SPECIAL, st.characters(exclude_categories=()), st.characters(codec="ascii")))
ASCII_TEXT = st.text(st.one_of(st.sampled_from("''' \n1a!s"), st.characters(codec="ascii")))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("rule", dict.fromkeys(case["rule"] for case in COUNTS))
def test_counts_are_those_of_the_published_package(rule: str, family: str) -> None:
    """Every rule of the tokenizers costs what the published reconstruction says, to the token."""
    cases = [case for case in COUNTS if case["rule"] == rule]

    counted = {case["text"]: engine.count_tokens(case["text"], family) for case in cases}

    assert counted == {case["text"]: case[family] for case in cases}


@pytest.mark.parametrize("family", FAMILIES)
@given(text=ANY_TEXT)
@example(text="\ud800\udfff")
@example(text="\x01\x02\x03\x04")
def test_any_text_has_a_count(family: str, text: str) -> None:
    """No string raises, however malformed, and none costs more than its bytes and a few markers allow."""
    tokens = engine.count_tokens(text, family)

    assert 0 <= tokens <= 6 * len(text) + 1


@given(text=ASCII_TEXT)
def test_the_pattern_for_ascii_splits_like_the_general_one(text: str) -> None:
    """Both split an ASCII text into the same words and gaps."""
    items = engine._ASCII_ITEMS.findall(text)

    assert items == characters.compile_any_items().findall(text)


@given(
    text=ASCII_TEXT,
    before=st.sampled_from(get_args(markers.Before)),
    after=st.sampled_from(get_args(markers.After)),
)
def test_gaps_in_ascii_are_marked_like_the_general_ones(
    text: str, before: markers.Before, after: markers.After
) -> None:
    """The shorter code for ASCII gaps agrees with that for all of Unicode."""
    gaps = [
        item
        for item in engine._ASCII_ITEMS.findall(characters.normalize(text, fold_quotes=True))
        if engine._is_gap(item)
    ]

    marked = [markers._mark_ascii_gap(gap, before, after) for gap in gaps]

    assert marked == [markers.mark_unicode_gap(gap, before, after) for gap in gaps]


@pytest.mark.parametrize("family", FAMILIES)
@given(text=ANY_TEXT)
def test_a_count_is_the_fewest_pieces_of_the_whole_text(family: str, text: str) -> None:
    """Words and gaps can be counted one by one: no spelling with fewer pieces crosses their borders."""
    tokenizer = FAMILIES[family]
    words = load_vocabulary(tokenizer.vocabulary)
    body = characters.normalize(text, fold_quotes=tokenizer.folds_quotes).strip("\n ")
    items = characters.compile_any_items().findall("a" + body + "a")
    marked = [
        markers.mark_gap(item, "word", "word")
        if engine._is_gap(item)
        else "{}\x01{}\x02".format(*markers.mark_case(item, tokenizer.min_caps_length))
        for item in items
    ]

    tokens = engine._count_items(items, words, tokenizer.min_caps_length)

    assert tokens == engine._count_pieces_in_order("".join(marked), words)


@given(texts=st.lists(ANY_TEXT, max_size=5), family=st.sampled_from(list(FAMILIES)))
def test_memos_change_no_count(texts: list[str], family: str) -> None:
    """A text counts the same in a fresh process as after other texts."""
    counted = [engine.count_tokens(text, family) for text in texts]
    words = load_vocabulary(FAMILIES[family].vocabulary)

    counted_again = []
    for text in texts:
        words.item_tokens.clear()
        words.chunk_tokens.clear()
        counted_again.append(engine.count_tokens(text, family))

    assert counted_again == counted


def test_memos_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of endless different words doesn't fill the memory."""
    monkeypatch.setattr(engine, "_MEMO_ENTRIES", 50)
    words = load_vocabulary("newer")
    words.item_tokens.clear()

    engine.count_tokens(
        " ".join(f"{number:b}".translate({48: "a", 49: "b"}) for number in range(500)), "v4.8"
    )

    assert len(words.item_tokens) <= 50


@given(
    char=st.sampled_from("=-a. \n中😀"),
    size=st.integers(256, 3000),
    before=st.sampled_from(["", "!", "\x01", "b"]),
    after=st.sampled_from(["", "!", "\x02", "b"]),
)
def test_cutting_a_long_run_changes_no_count(char: str, size: int, before: str, after: str) -> None:
    """A run of one character that is cut counts as exactly as if it weren't."""
    for name in ("older", "newer"):
        words = load_vocabulary(name)
        marked = before + char * size + after

        shorter, saved = engine._cut_long_runs(marked, words)

        assert engine._count_pieces_in_order(shorter, words) + saved == engine._count_pieces_in_order(
            marked, words
        )


@pytest.mark.parametrize("rest", ["", "x", " x", "!"])
def test_a_run_beyond_the_longest_pieces_is_cut(rest: str) -> None:
    """Twenty thousand hyphens are cut, and count the same."""
    words = load_vocabulary("older")
    marked = "-" * 20_000 + rest

    shorter, saved = engine._cut_long_runs(marked, words)

    assert saved > 0
    assert engine._count_pieces_in_order(shorter, words) + saved == engine._count_pieces_in_order(
        marked, words
    )


HOSTILE = {
    "one letter": "a",
    "capitals": "aA",
    "newlines": "\n",
    "spaces": " ",
    "digits": "1",
    "hyphens and others": "-" * 127 + "=",
    "contractions": "'s",
    "one emoji": "😀" * 2,
    "marks out of order": "\u0301\u0323",
    "marks that decompose": "\u0f73\u0f75\u0f81" * 2,
    "lone surrogates": "\ud800",
}


@pytest.mark.parametrize("size", [2**17, pytest.param(2**20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_megabyte_is_counted_in_seconds(piece: str, size: int) -> None:
    """Time grows no faster than the text, so no file can stall the tokenizer."""
    repeats = size // len(piece)
    # Of marks that are out of order, all of one kind come first: that is as far as they can be.
    text = (
        "".join(char * repeats for char in piece)
        if piece == HOSTILE["marks out of order"]
        else piece * repeats
    )
    spent = time.process_time()

    engine.count_tokens(text, "v3")

    assert time.process_time() - spent < 20 * size / 2**20


@given(
    marks=st.text(
        st.sampled_from("\u0301\u0323\u0345\u0f73\u0f75\u0f81\u0344\U0001d165a"), min_size=64, max_size=200
    )
)
def test_sorting_long_runs_of_markskeeps_the_text(marks: str) -> None:
    """Normalizing puts the marks in order anyway: the result is the same text."""
    import unicodedata  # noqa: PLC0415  # the oracle of this one test

    sorted_first = unicodedata.normalize("NFC", characters._sort_marks(marks))

    assert sorted_first == unicodedata.normalize("NFC", marks)


@pytest.mark.parametrize("name", ["older", "newer"])
def test_the_vocabulary_is_what_its_header_says(name: str) -> None:
    """The data file states its origin, licence and checksum, and the checksum is right."""
    header, _, deflated = read_data(f"{name}.vocabulary").partition(b"\n\n")
    header_fields = dict(line.split(": ", 1) for line in header.decode().splitlines())
    payload = zlib.decompress(deflated)

    assert header_fields["payload"] == f"sha256 {hashlib.sha256(payload).hexdigest()}"
    assert int(header_fields["pieces"]) == len(load_vocabulary(name).pieces)
    assert "MIT" in header_fields["origin"]
    assert "ctok 1.3.0" in header_fields["origin"]


def test_the_notice_has_the_licence_of_the_vocabulary() -> None:
    """The package names the author of its data and the terms."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")

    assert "Copyright (c) 2026 Sander Land" in notice
    assert "The above copyright notice and this permission notice shall be included" in " ".join(
        notice.split()
    )


def test_the_package_has_no_other_data() -> None:
    """The three generated files are the only data of the tokenizer."""
    names = sorted(os.listdir(DATA))

    assert names == ["characters.txt", "newer.vocabulary", "older.vocabulary"]
