"""The tokenizers: against counts made with the published package, and against their own laws."""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.paths import ROOT

from prompt_lint.counting.tokenizer import characters, engine, marks
from prompt_lint.counting.tokenizer.vocabulary import DATA, read_data, vocabulary

HERE = Path(__file__).parent
# Strings of our own, and what ctok 1.3.0 (Python 3.12) says they cost without the frame.
COUNTS: list[dict[str, Any]] = json.loads((HERE / "tokenizer_counts.json").read_text(encoding="utf-8"))
FAMILIES = list(engine.FAMILIES)

# More of what the rules are about than chance would pick: quotes, spaces, marks, digits, case, controls.
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

    counted = {case["text"]: engine.content_tokens(case["text"], family) for case in cases}

    assert counted == {case["text"]: case[family] for case in cases}


@pytest.mark.parametrize("family", FAMILIES)
@given(text=ANY_TEXT)
@example(text="\ud800\udfff")
@example(text="\x01\x02\x03\x04")
def test_any_text_has_a_count(family: str, text: str) -> None:
    """No string raises, however malformed, and none costs more than its bytes and a few markers allow."""
    tokens = engine.content_tokens(text, family)

    assert 0 <= tokens <= 6 * len(text) + 1


@given(text=ASCII_TEXT)
def test_the_pattern_for_ascii_splits_as_the_general_one(text: str) -> None:
    """A text without any character beyond ASCII falls into the same words and gaps either way."""
    fast = engine._ASCII_ITEMS.findall(text)

    assert fast == characters.items().findall(text)


@given(
    text=ASCII_TEXT,
    before=st.sampled_from(get_args(marks.Before)),
    after=st.sampled_from(get_args(marks.After)),
)
def test_gaps_in_ascii_are_marked_as_the_general_rules_say(
    text: str, before: marks.Before, after: marks.After
) -> None:
    """The short way of writing markers into an ASCII gap agrees with the one for all of Unicode."""
    gaps = [
        item
        for item in engine._ASCII_ITEMS.findall(characters.normalise(text, fold_quotes=True))
        if engine._is_gap(item)
    ]

    short = [marks._mark_ascii(gap, before, after) for gap in gaps]

    assert short == [marks.mark_wide(gap, before, after) for gap in gaps]


@pytest.mark.parametrize("family", FAMILIES)
@given(text=ANY_TEXT)
def test_a_count_is_the_cheapest_tiling_of_the_whole(family: str, text: str) -> None:
    """Pricing words and gaps one by one loses nothing: no cheaper tiling crosses their borders."""
    facts = engine.FAMILIES[family]
    words = vocabulary(facts.vocabulary)
    body = characters.normalise(text, fold_quotes=facts.fold_quotes).strip("\n ")
    found = characters.items().findall("a" + body + "a")
    marked = [
        marks.mark_gap(item, "word", "word")
        if engine._is_gap(item)
        else "{}\x01{}\x02".format(*marks.mark_case(item, facts.caps_from))
        for item in found
    ]

    one_by_one = engine._sum(found, words, facts.caps_from)

    assert one_by_one == engine._cheapest("".join(marked), words)


@given(texts=st.lists(ANY_TEXT, max_size=5), family=st.sampled_from(FAMILIES))
def test_memos_change_no_count(texts: list[str], family: str) -> None:
    """A text counts the same in a fresh process as after any others."""
    counted = [engine.content_tokens(text, family) for text in texts]
    words = vocabulary(engine.FAMILIES[family].vocabulary)

    again = []
    for text in texts:
        words.memo.clear()
        words.chunk_memo.clear()
        again.append(engine.content_tokens(text, family))

    assert again == counted


def test_memos_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of endless different words doesn't fill the memory."""
    monkeypatch.setattr(engine, "MEMO_SIZE", 50)
    words = vocabulary("newer")
    words.memo.clear()

    engine.content_tokens(
        " ".join(f"{number:b}".translate({48: "a", 49: "b"}) for number in range(500)), "v4.8"
    )

    assert len(words.memo) <= 50


@given(
    char=st.sampled_from("=-a. \n中😀"),
    size=st.integers(256, 3000),
    before=st.sampled_from(["", "!", "\x01", "b"]),
    after=st.sampled_from(["", "!", "\x02", "b"]),
)
def test_cutting_a_long_run_changes_no_price(char: str, size: int, before: str, after: str) -> None:
    """A run of one character is priced by its length alone, as exactly as if it had been tiled whole."""
    for name in ("older", "newer"):
        words = vocabulary(name)
        marked = before + char * size + after

        shorter, saved = engine._shortened(marked, words)

        assert engine._cheapest(shorter, words) + saved == engine._cheapest(marked, words)


@pytest.mark.parametrize("rest", ["", "x", " x", "!"])
def test_a_run_beyond_the_longest_pieces_is_cut(rest: str) -> None:
    """Twenty thousand hyphens cost what they cost without the shortcut, where it does cut."""
    words = vocabulary("older")
    marked = "-" * 20_000 + rest

    shorter, saved = engine._shortened(marked, words)

    assert saved > 0
    assert engine._cheapest(shorter, words) + saved == engine._cheapest(marked, words)


HOSTILE = {
    "one letter": "a" * 2**20,
    "capitals": "aA" * 2**19,
    "newlines": "\n" * 2**20,
    "spaces": " " * 2**20,
    "digits": "1" * 2**20,
    "hyphens and others": ("-" * 127 + "=") * 2**13,
    "contractions": "'s" * 2**19,
    "one emoji": "😀" * 2**18,
    "marks out of order": "\u0301" * 2**18 + "\u0323" * 2**18,
    "marks that decompose": "\u0f73\u0f75\u0f81" * 2**16,
    "lone surrogates": "\ud800" * 2**20,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_megabyte_is_counted_in_seconds(text: str) -> None:
    """Nothing grows faster than the text: a file made to stall the tokenizer can't."""
    spent = time.process_time()

    engine.content_tokens(text, "v3")

    assert time.process_time() - spent < 20


@given(
    marks_=st.text(
        st.sampled_from("\u0301\u0323\u0345\u0f73\u0f75\u0f81\u0344\U0001d165a"), min_size=64, max_size=200
    )
)
def test_sorting_long_runs_of_marks_keeps_the_text(marks_: str) -> None:
    """Putting marks in order beforehand is what normalising does anyway: the result is the same text."""
    import unicodedata  # noqa: PLC0415 - the oracle of this one test

    sorted_first = unicodedata.normalize("NFC", characters._sort_run(marks_))

    assert sorted_first == unicodedata.normalize("NFC", marks_)


@pytest.mark.parametrize("name", ["older", "newer"])
def test_the_vocabulary_is_what_its_header_says(name: str) -> None:
    """Origin, licence and checksum travel with the data, and the data hasn't been touched since."""
    header, _, deflated = read_data(f"{name}.vocabulary").partition(b"\n\n")
    told = dict(line.split(": ", 1) for line in header.decode().splitlines())
    payload = zlib.decompress(deflated)

    assert told["payload"] == f"sha256 {hashlib.sha256(payload).hexdigest()}"
    assert int(told["pieces"]) == len(vocabulary(name).pieces)
    assert "MIT" in told["origin"]
    assert "ctok 1.3.0" in told["origin"]


def test_the_notice_carries_the_licence_of_the_vocabulary() -> None:
    """Whoever gets the package gets the name and the terms of whose data is in it."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")

    assert "Copyright (c) 2026 Sander Land" in notice
    assert "The above copyright notice and this permission notice shall be included" in " ".join(
        notice.split()
    )


def test_the_package_holds_no_other_data() -> None:
    """Only the three generated files ship beside the code."""
    names = sorted(path.name for path in Path(DATA).iterdir())

    assert names == ["characters.txt", "newer.vocabulary", "older.vocabulary"]
