"""The vocabulary of the tokenizers is made of the published one alone, and of nothing that would break the engine."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.paths import load_tool

from prompt_lint.counting.tokenizer.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from pathlib import Path

build_vocabulary = load_tool("build_vocabulary")


def published(folder: Path, pieces: list[str]) -> Path:
    """A folder shaped like the published package, with one small vocabulary for both files."""
    document: dict[str, Any] = {"tokens": {
        "word_pieces": {piece: {} for piece in pieces},
        "bytes_fallback": {"f09f": {}},
        "contractions": {"'s": {}},
    }}  # fmt: skip
    (folder / "data").mkdir()
    for name in ("pieces_v3.json", "pieces_v4_7.json"):
        (folder / "data" / name).write_text(json.dumps(document), encoding="utf-8")
    return folder / "data" / "pieces_v3.json"


def test_building_twice_gives_the_same_file(tmp_path: Path) -> None:
    """The data file depends on the published one alone, and holds its pieces with our markers."""
    source = published(tmp_path, ["⟨shift⟩⟨bow⟩ab⟨eow⟩", "⟨0xE2⟩⟨0x9F⟩⟨0xA8⟩", "c"])

    made = build_vocabulary.vocabulary(source)
    pieces = zlib.decompress(made.partition(b"\n\n")[2]).decode().split("\x1e")[0].split("\x1f")

    assert made == build_vocabulary.vocabulary(source)
    assert pieces == ["\x03\x01ab\x02", "'s", "'s\x02", "c", "⟨"]


def test_a_piece_that_would_break_the_engine_is_refused(tmp_path: Path) -> None:
    """A later vocabulary with pieces across words can't slip in: the engine's sum would be wrong."""
    source = published(tmp_path, ["a b"])

    with pytest.raises(SystemExit, match="shape"):
        build_vocabulary.vocabulary(source)


def test_check_tells_a_changed_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` writes nothing and fails where the data isn't what the source gives."""
    published(tmp_path, ["a"])
    monkeypatch.setattr("sys.argv", ["build_vocabulary.py", "--source", str(tmp_path), "--check"])

    code = build_vocabulary.main()

    assert code == 1
    assert "older.vocabulary: differs" in capsys.readouterr().out
    assert len(load_vocabulary("older").pieces) > 40_000
