"""What an image file says of itself in its first bytes: its media type, and its size in pixels. Pure."""

from __future__ import annotations

from typing import NamedTuple


class ImageSize(NamedTuple):
    """In pixels."""

    width: int
    height: int


# Those that the Messages API takes (documentation of vision, 2026), in the order in which it lists them.
MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
PDF = "application/pdf"

# A patch of so many pixels a side is a token.
_PATCH = 28
# JPEG markers that begin a frame, whose header has the size; the three left out are tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length: restarts, start of image, and the temporary one.
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def detect_media_type(data: bytes) -> str:
    """By the magic bytes; empty for what is no image that the API takes, and no PDF."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return PDF if data.startswith(b"%PDF-") else ""


def read_size(data: bytes) -> ImageSize | None:
    """The size that the header states, of the first frame or canvas; None where it states none that can be."""
    kind = detect_media_type(data)
    if kind == "image/png":
        found = _read_big_endian(data, 16, 4) if data[12:16] == b"IHDR" else None
    elif kind == "image/gif":
        found = _read_little_endian(data, 6, 2)
    elif kind == "image/jpeg":
        found = _read_jpeg_size(data)
    else:
        found = _read_webp_size(data) if kind == "image/webp" else None
    return found if found and found.width > 0 and found.height > 0 else None


def count_image_tokens(image: ImageSize, edge: int, most: int) -> int:
    """Tokens of an image for a model that sees `edge` pixels along the longer side, and `most` tokens.

    A larger one is scaled down to the largest size that keeps to both (documentation of vision, 2026).
    """
    longer = max(image)
    low, high = 1, min(longer, edge)
    while low < high:  # the largest longer side that still fits; patches only grow with it
        middle = (low + high + 1) // 2
        if _count_patches(image, middle, longer) <= most:
            low = middle
        else:
            high = middle - 1
    return _count_patches(image, low, longer)


def _count_patches(image: ImageSize, scaled: int, longer: int) -> int:
    columns, rows = (-(-max(1, side * scaled // longer) // _PATCH) for side in image)
    return columns * rows


def _read_big_endian(data: bytes, at: int, width: int) -> ImageSize | None:
    """Two numbers of `width` bytes, the most significant byte first."""
    return _read_pair(data, at, width, little=False)


def _read_little_endian(data: bytes, at: int, width: int) -> ImageSize | None:
    return _read_pair(data, at, width, little=True)


def _read_pair(data: bytes, at: int, width: int, *, little: bool) -> ImageSize | None:
    if len(data) < at + 2 * width:
        return None
    order = "little" if little else "big"
    one, other = data[at : at + width], data[at + width : at + 2 * width]
    return ImageSize(int.from_bytes(one, order), int.from_bytes(other, order))  # type: ignore[arg-type]


def _read_jpeg_size(data: bytes) -> ImageSize | None:
    """Segment after segment up to the first frame: two bytes of marker, two of length, which counts itself."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            found = _read_big_endian(data, at + 5, 2)
            return ImageSize(found.height, found.width) if found else None
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


def _read_webp_size(data: bytes) -> ImageSize | None:
    """Lossy, lossless and extended files each say it in their own way (RFC 9649)."""
    chunk = data[12:16]
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        found = _read_little_endian(data, 26, 2)
        return ImageSize(found.width & 0x3FFF, found.height & 0x3FFF) if found else None
    if chunk == b"VP8L" and data[20:21] == b"\x2f" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return ImageSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8X" and (found := _read_little_endian(data, 24, 3)):
        return ImageSize(found.width + 1, found.height + 1)
    return None
