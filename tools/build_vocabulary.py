"""Make the tokenizer's package data out of the published package `ctok`.

    python tools/build_vocabulary.py [--source FOLDER] [--check]

FOLDER is an installed or unpacked `ctok` (the folder that holds `data/`); without it the one that can
be imported is taken. The vocabularies come out the same on any Python. The character classes need the
`regex` package and Python 3.12 (Unicode 15.0, on which the published figures were made), and are left
as they are elsewhere. `--check` writes nothing and fails when a file would change.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import re
import sys
import unicodedata
import zlib
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "src" / "prompt_lint" / "counting" / "tokenizer" / "data"
FILES = {"older": "pieces_v3.json", "newer": "pieces_v4_7.json"}
ORIGIN = (
    "ctok 1.3.0, https://github.com/sanderland/ctok, MIT licence, Copyright (c) 2026 Sander Land (see NOTICE)"
)

# The structural markers become control characters: the tokenizer drops those from every text, so
# they can't collide with one, and a marked English word stays a one-byte-per-character string.
MARKERS = {"⟨bow⟩": "\x01", "⟨eow⟩": "\x02", "⟨shift⟩": "\x03", "⟨caps⟩": "\x04"}
ATOM = re.compile("⟨(?:bow|eow|shift|caps)⟩|(?:⟨0x[0-9A-F]{2}⟩)+")
# What every piece must look like for a count to be a sum over words (engine.py relies on it).
SHAPE = re.compile(r"[\x03\x04]?\x01?[^\x01-\x04\s0-9]*\x02?|[0-9]{1,3}| +|\n+|\t+|\u3000")

UNICODE_OF_CLASSES = "15.0.0"


def parse_piece(public: str) -> str:
    """A piece in the published notation, with markers and escaped bytes as characters."""

    def atom(match: re.Match[str]) -> str:
        text = match[0]
        if text in MARKERS:
            return MARKERS[text]
        return bytes.fromhex("".join(re.findall("0x(..)", text))).decode()

    return ATOM.sub(atom, public)


def pieces_of(tokens: dict[str, Any]) -> list[str]:
    """All one-token pieces, sorted; contractions also in the form in which they end a word."""
    pieces = {
        parse_piece(piece)
        for group, entries in tokens.items()
        if group != "bytes_fallback"
        for piece in entries
    }
    pieces |= {suffix + "\x02" for suffix in tokens["contractions"]}
    odd = [piece for piece in pieces if not SHAPE.fullmatch(piece)]
    if odd:
        raise SystemExit(f"pieces of a shape the engine does not know: {odd[:5]!r}")
    return sorted(pieces)


def lengths_of(pieces: list[str]) -> str:
    """For each first character the lengths, above 1, of the pieces that it opens."""
    lengths: dict[str, set[int]] = {}
    for piece in pieces:
        if len(piece) > 1:
            lengths.setdefault(piece[0], set()).add(len(piece))
    return "\x1f".join(first + ",".join(map(str, sorted(found))) for first, found in sorted(lengths.items()))


def vocabulary(source: Path) -> bytes:
    """One data file: a header for people, an empty line, and the deflated vocabulary."""
    raw = source.read_bytes()
    document = json.loads(raw)
    pieces = pieces_of(document["tokens"])
    prefixes = ",".join(sorted(document["tokens"]["bytes_fallback"]))
    payload = "\x1e".join(("\x1f".join(pieces), prefixes, lengths_of(pieces))).encode()
    header = (
        "prompt-lint vocabulary, format 1: made by tools/build_vocabulary.py, do not edit\n"
        f"origin: {ORIGIN}\n"
        f"source: data/{source.name}, sha256 {hashlib.sha256(raw).hexdigest()}\n"
        f"pieces: {len(pieces)}\n"
        f"payload: sha256 {hashlib.sha256(payload).hexdigest()}\n\n"
    )
    return header.encode() + zlib.compress(payload, 9)


def ranges(codepoints: list[int]) -> str:
    r"""Code points as the inside of a regular expression's class: `\u0041-\u005a\u00aa`."""
    runs: list[list[int]] = []
    for code in codepoints:
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(escaped(low) if low == high else f"{escaped(low)}-{escaped(high)}" for low, high in runs)


def escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# ---- character classes: facts measured by ctok's author, as his package's tables state them --------

# Beyond ASCII, these alone behave as punctuation; no property of Unicode reproduces the list.
PUNCTUATION = set(
    "\u00a3\u00a7\u00ab\u00b0\u00b7\u00bb\u0f0d\u2013\u2014\u201e\u2020\u2022\u2026\u20ac\u2116\u2192"
    "\u2212\u221a\u2500\u2502\u2514\u2550\u2588\uff08"
)
# Letters by category that behave as ideographs.
ISOLATED = {0x3005, 0x3006, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303B, 0x303C}
# Blocks of letter-like symbols that behave as letters.
SYMBOL_LETTERS = ((0x16EE, 0x16F0), (0x2160, 0x2188), (0x24B6, 0x24E9), (0xA6E6, 0xA6EF))
# Symbols of the block of ideographic punctuation that behave as its punctuation does.
IDEOGRAPHIC = set("\u3004\u3012\u3013\u3020\u3036\u3037\u303e\u303f")
# Letters of Unicode 16 that the models know, whatever the Unicode of the building Python.
NEW_LETTERS = {0x1C89, 0x1C8A, 0xA7CB, 0x0264}
IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF))


def within(code: int, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in blocks)


def class_of(code: int, *, mark: bool, alphabetic: bool) -> str:  # noqa: PLR0911  # a table by nature
    """The class of a character of the basic plane beyond ASCII; `letter` for an isolated one."""
    char = chr(code)
    category = unicodedata.category(char)
    if code in NEW_LETTERS or within(code, SYMBOL_LETTERS):
        return "word"
    if 0xFE00 <= code <= 0xFE0F:
        return "selector"
    if mark:
        return "word" if alphabetic else "border"
    if category[0] == "L":
        return "letter" if within(code, IDEOGRAPHS) or code in ISOLATED else "word"
    if char in PUNCTUATION:
        return "punctuation"
    if category in ("Nd", "No"):
        arabic = category == "Nd" and within(code, ((0x660, 0x669), (0x6F0, 0x6F9)))
        return "arabic" if arabic else {"Nd": "decimal", "No": "number"}[category]
    ideographic = 0x3001 <= code <= 0x303F and (category[0] == "P" or char in IDEOGRAPHIC)
    if (category[0] in "PS" or category in ("Cf", "Cn")) and not ideographic:
        return "border"
    return "letter"


def stray(code: int) -> bool:
    """Whether a word-forming mark opens a word of its own where no letter stands before it."""
    syriac_vowel = code == 0x0711 or 0x0730 <= code <= 0x073F
    return unicodedata.combining(chr(code)) != 0 and not syriac_vowel


def characters() -> bytes | None:
    """The classes of the basic plane as text, or None where this Python can't make them."""
    if importlib.util.find_spec("regex") is None or unicodedata.unidata_version != UNICODE_OF_CLASSES:
        return None
    regex: Any = importlib.import_module("regex")
    is_mark, is_alphabetic = regex.compile(r"\p{M}"), regex.compile(r"\p{Alphabetic}")
    classes: dict[str, list[int]] = {}
    for code in range(0x80, 0x10000):
        char = chr(code)
        category = unicodedata.category(char)
        if category in ("Cs", "Co", "Cc") or category[0] == "Z":
            continue  # folded or dropped before classes are asked for
        mark = bool(is_mark.fullmatch(char))
        name = class_of(code, mark=mark, alphabetic=bool(is_alphabetic.fullmatch(char)))
        if name == "word" and stray(code):
            classes.setdefault("stray", []).append(code)
        classes.setdefault(name, []).append(code)
    classes.pop("letter")
    combining = [code for code in range(0x300, 0x10000) if unicodedata.combining(chr(code))]
    classes["combining"] = sorted([*combining, 0x0F73, 0x0F75, 0x0F81])  # those three decompose into marks
    lines = [
        "# Classes of characters beyond ASCII: made by tools/build_vocabulary.py, do not edit.",
        f"# Unicode {UNICODE_OF_CLASSES}; the rules and lists are facts carried over from {ORIGIN}.",
    ]
    lines += [f"{name}: {ranges(found)}" for name, found in sorted(classes.items())]
    return ("\n".join(lines) + "\n").encode()


def find_source() -> Path:
    spec = importlib.util.find_spec("ctok")
    if spec is None or spec.origin is None:
        raise SystemExit("no package `ctok` here: install it or give its folder with --source")
    return Path(spec.origin).parent


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    source = options.source or find_source()
    made: dict[str, bytes | None] = {
        f"{name}.vocabulary": vocabulary(source / "data" / file) for name, file in FILES.items()
    }
    made["characters.txt"] = characters()
    changed = 0
    for name, content in made.items():
        path = OUT / name
        if content is None:
            print(f"{name}: left as it is (needs Unicode {UNICODE_OF_CLASSES} and `regex`)")
        elif path.exists() and same(path.read_bytes(), content):
            print(f"{name}: up to date")
        else:
            changed += 1
            print(f"{name}: {'differs' if options.check else 'written'}, {len(content)} bytes")
            if not options.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return int(options.check and changed > 0)


def same(old: bytes, new: bytes) -> bool:
    """Equal in content: another zlib may deflate the same payload to other bytes."""

    def opened(data: bytes) -> tuple[bytes, bytes]:
        head, _, body = data.partition(b"\n\n")
        return head, zlib.decompress(body) if body else b""

    return opened(old) == opened(new)


if __name__ == "__main__":
    sys.exit(main())
