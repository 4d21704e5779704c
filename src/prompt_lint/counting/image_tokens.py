"""What the images of a request cost, and where the size of one comes from."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from prompt_lint.request import images

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.families import Family

# Published totals of larger images fit a longer side that was scaled down to this many pixels; who scaled them isn't known.
_CONTESTED_SIDE = 2000
# Beside the documented formula: measured, as docs/accuracy.md describes.
_FRAME_TOKENS = 3
# Nearly every image file states its size within so many characters of base64: a multiple of four, which are three bytes.
_HEADER_CHARACTERS = 4096


def compute_image_range(family: Family, block: Mapping[str, Any]) -> tuple[int, int]:
    """Return the least and the most tokens that an image may cost; without its size, 0 and the most of any image."""
    max_side, max_tokens = family.max_image_side, family.max_image_tokens
    size = _read_size(block.get("source"))
    if not size:
        return 0, max_tokens + _FRAME_TOKENS
    sides = (min(max_side, _CONTESTED_SIDE), max_side)
    least, most = (images.count_patches(size, side, max_tokens) + _FRAME_TOKENS for side in sides)
    return least, most


def _read_size(source: Any) -> images.ImageSize | None:
    data = source.get("data") if isinstance(source, dict) and source.get("type") == "base64" else None
    if not isinstance(data, str):
        return None
    return _read_encoded_size(data[:_HEADER_CHARACTERS]) or _read_encoded_size(data)


def _read_encoded_size(data: str) -> images.ImageSize | None:
    try:
        return images.read_size(base64.b64decode(data))
    except ValueError:  # no base64, or cut inside of a group of four, because line breaks came before
        return None
