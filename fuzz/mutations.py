"""Inputs made of other inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

# The longest input, in bytes.
LARGEST = 1 << 20
_MORE_WORDS = {b"\0", b"\xff", b"\r", b"\n", b"\xc2\x85", b"\xe2\x80\xa8", b"\xed\xa0\x80"}


def split_words(inputs: Sequence[bytes]) -> list[bytes]:
    """Return what is put into other inputs: the words, white space and single signs of these, and bytes that are odd anywhere."""
    return sorted({word for data in inputs for word in re.findall(rb"\w+|\s+|.", data)} | _MORE_WORDS)


def mutate(inputs: Sequence[bytes], words: Sequence[bytes], random: Random) -> bytes:
    """Change one of the inputs in up to six places."""
    data = random.choice(inputs)
    for _ in range(random.randint(1, 6)):
        start = random.randint(0, len(data))
        end = random.randint(start, min(len(data), start + 64))
        before, piece, after = data[:start], data[start:end], data[end:]
        other = random.choice(inputs)
        changed = (
            b"", piece * random.randint(2, 9), random.choice(words), random.choice(words) + piece, random.randbytes(1) + piece[1:],
            other[random.randint(0, len(other)) :], bytes(byte ^ 1 << random.randrange(8) for byte in piece[:1]) + piece[1:],
        )  # fmt: skip
        data = before + random.choice(changed) + after
    return data[:LARGEST]


def enlarge(data: bytes, random: Random) -> bytes:
    """Repeat a stretch of an input, up to a megabyte."""
    start = random.randint(0, len(data))
    end = random.randint(start, min(len(data), start + 4 ** random.randint(0, 6)))
    piece = data[start:end] or random.randbytes(1)
    size = int(LARGEST / 4 ** random.choice((0, 0, 1, 2, 3)))
    return (data[:start] + piece * (size // len(piece)) + data[end:])[:size]
