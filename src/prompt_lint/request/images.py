"""The media type of an image file, its size in pixels, and what it costs in tokens. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple


class ImageSize(NamedTuple):
    """The size of an image in pixels."""

    width: int
    height: int


# The media types of images that the Messages API takes, in the order of its documentation (vision, 2026).
MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
PDF = "application/pdf"

# A token is a square patch, whose sides have this many pixels.
_PATCH_SIDE = 28
# JPEG markers that begin a frame, whose header has the size. The three left out begin no frame.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# JPEG markers that no length follows: restarts, start of image, and the temporary marker.
_MARKERS_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def detect_media_type(data: bytes) -> str:
    """Return the media type that the first bytes show: of an image that the API takes, or of a PDF; "" for others."""
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
    """Return the size in the header, of the first frame or of the canvas; None if there is none, or a side is 0."""
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


def count_patches(size: ImageSize, max_side: int, max_tokens: int) -> int:
    """Return the patches, a token each, of an image for a model that takes `max_side` pixels on the longer side and `max_tokens` tokens.

    A larger image is scaled down to the largest size within both bounds (documentation of vision, 2026).
    """
    longer_side = max(size)
    low, high = 1, min(longer_side, max_side)
    while low < high:  # find the largest scaled side that fits: the number of patches only grows with it
        middle = (low + high + 1) // 2
        if _count_scaled_patches(size, middle, longer_side) <= max_tokens:
            low = middle
        else:
            high = middle - 1
    return _count_scaled_patches(size, low, longer_side)


def _count_scaled_patches(size: ImageSize, scaled_side: int, longer_side: int) -> int:
    """Return the patches of an image whose longer side is scaled from `longer_side` to `scaled_side` pixels."""
    columns, rows = (-(-max(1, side * scaled_side // longer_side) // _PATCH_SIDE) for side in size)
    return columns * rows


def _read_pair(
    data: bytes, offset: int, number_size: int, order: Literal["little", "big"]
) -> ImageSize | None:
    """Return the two numbers of `number_size` bytes each from `offset` on; None if the data ends before."""
    middle, end = offset + number_size, offset + 2 * number_size
    if len(data) < end:
        return None
    return ImageSize(int.from_bytes(data[offset:middle], order), int.from_bytes(data[middle:end], order))


def _read_jpeg_size(data: bytes) -> ImageSize | None:
    """Return the size in the header of the first frame.

    A segment begins with a marker and a length, each of two bytes. The length includes itself, but not the marker.
    """
    offset = 2
    while offset + 4 <= len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if marker == 0xFF:  # padding
            offset += 1
        elif marker in _MARKERS_WITHOUT_LENGTH:
            offset += 2
        elif marker in _FRAME_MARKERS:
            pair = _read_pair(data, offset + 5, 2, "big")
            return ImageSize(pair.height, pair.width) if pair else None
        else:
            offset += 2 + max(2, int.from_bytes(data[offset + 2 : offset + 4], "big"))
    return None


def _read_webp_size(data: bytes) -> ImageSize | None:
    """Return the size in the header of a lossy, lossless or extended file (RFC 9649)."""
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
