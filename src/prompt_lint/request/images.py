"""The media type of an image file, its size in pixels, and what it costs in tokens. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple


class ImageSize(NamedTuple):
    """The size of an image in pixels."""

    width: int
    height: int


# Those that the Messages API takes (documentation of vision, 2026), in the order in which it lists them.
MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
PDF = "application/pdf"

# A token is a square patch with sides of so many pixels.
_PATCH = 28
# JPEG markers that begin a frame, whose header has the size; the three left out are tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: restarts, start of image, and the temporary one.
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def detect_media_type(data: bytes) -> str:
    """Return the media type by the magic bytes; "" for what is neither an image that the API takes nor a PDF."""
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
    """Return the size that the header states, of the first frame or the canvas; None without a possible one."""
    media_type = detect_media_type(data)
    if media_type == "image/png":
        size = _read_pair(data, 16, 4, "big") if data[12:16] == b"IHDR" else None
    elif media_type == "image/gif":
        size = _read_pair(data, 6, 2, "little")
    elif media_type == "image/jpeg":
        size = _read_jpeg_size(data)
    else:
        size = _read_webp_size(data) if media_type == "image/webp" else None
    return size if size and size.width > 0 and size.height > 0 else None


def count_image_tokens(size: ImageSize, max_side: int, max_tokens: int) -> int:
    """Return the tokens of an image for a model that sees `max_side` pixels of the longer side, and `max_tokens` tokens.

    A larger image is scaled down to the largest size within both (documentation of vision, 2026).
    """
    longer = max(size)
    low, high = 1, min(longer, max_side)
    while low < high:  # the largest longer side that still fits: patches only grow with it
        middle = (low + high + 1) // 2
        if _count_patches(size, middle, longer) <= max_tokens:
            low = middle
        else:
            high = middle - 1
    return _count_patches(size, low, longer)


def _count_patches(size: ImageSize, scaled: int, longer: int) -> int:
    columns, rows = (-(-max(1, side * scaled // longer) // _PATCH) for side in size)
    return columns * rows


def _read_pair(data: bytes, offset: int, width: int, order: Literal["little", "big"]) -> ImageSize | None:
    """Return two neighbouring numbers of `width` bytes each; None past the end of the data."""
    middle, end = offset + width, offset + 2 * width
    if len(data) < end:
        return None
    return ImageSize(int.from_bytes(data[offset:middle], order), int.from_bytes(data[middle:end], order))


def _read_jpeg_size(data: bytes) -> ImageSize | None:
    """Go through the segments to the first frame: two bytes of marker, two of length, which includes itself."""
    offset = 2
    while offset + 4 <= len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if marker == 0xFF:  # padding
            offset += 1
        elif marker in _WITHOUT_LENGTH:
            offset += 2
        elif marker in _FRAMES:
            pair = _read_pair(data, offset + 5, 2, "big")
            return ImageSize(pair.height, pair.width) if pair else None
        else:
            offset += 2 + max(2, int.from_bytes(data[offset + 2 : offset + 4], "big"))
    return None


def _read_webp_size(data: bytes) -> ImageSize | None:
    """Read the header of a lossy, lossless or extended file (RFC 9649)."""
    chunk = data[12:16]
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        pair = _read_pair(data, 26, 2, "little")
        return ImageSize(pair.width & 0x3FFF, pair.height & 0x3FFF) if pair else None
    if chunk == b"VP8L" and data[20:21] == b"\x2f" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return ImageSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8X" and (pair := _read_pair(data, 24, 3, "little")):
        return ImageSize(pair.width + 1, pair.height + 1)
    return None
