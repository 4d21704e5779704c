"""Content blocks of the Messages API and of OpenAI's chat API → as the Messages API takes them, with files put in.

Every function raises `ShapeError`, in words near the API's own, for what the API would visibly refuse. Sources: the
API reference of Messages, and the documentation of vision and PDF support, 2026.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.request import images
from prompt_lint.text.decode import decode
from prompt_lint.text.location import KeyPath, ShapeError, describe_type, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.request.images import ImageSize
    from prompt_lint.request.included_files import IncludedFiles

Block = dict[str, Any]

# Of one image, in characters of base64; of each side of one, in pixels, and the same in a request of many.
MAX_IMAGE_SIZE = 10 * 1024 * 1024
MAX_SIDE, MANY_IMAGES, MAX_SIDE_OF_MANY = 8000, 20, 2000
MAX_IMAGES = 600
# Of the name in a tool call, in characters. Source: the API's error, as issues quote it in 2026.
MAX_CALL_NAME = 200
# Of one request, in bytes.
MAX_REQUEST_SIZE = 32 * 1024 * 1024

IMAGE_BY_URL = (
    "has an image that isn't in the file: the API doesn't count it, so only a range is known; "
    'put it beside the file, as {"type": "path", "path": "…"}, for a count'
)
_BLANK_HINT = "give it a text, or leave it out"
_ID = r"[a-zA-Z0-9_-]+"
_DATA_URI = r"(?i:data:([a-z0-9.+/-]*)((?:;[^;,]*)*?)(;base64)?,)"


class RequestContext(NamedTuple):
    """What is collected while one request is normalized. `remarks` are messages with the key path that each is about."""

    included_files: IncludedFiles
    images: list[tuple[KeyPath, ImageSize]]
    remarks: list[tuple[str, KeyPath]]


def normalize_content(
    value: object, key_path: KeyPath, role: str, context: RequestContext
) -> str | list[Block]:
    """Return the content of a message, or of a tool's result (`role` is `tool`), as the API takes it."""
    if isinstance(value, str):
        if not value.strip() and role != "tool":
            raise ShapeError.at(key_path, "is blank, and the API refuses a blank text", _BLANK_HINT)
        return value
    if not isinstance(value, list) or not value:
        message = f"is {describe_type(value)}, not a text or a list of content blocks"
        raise ShapeError.at(key_path, message)
    return [_normalize_block(block, (*key_path, number), role, context) for number, block in enumerate(value)]


def check_images(context: RequestContext) -> None:
    """Check the limits that depend on how many images a request has."""
    number = len(context.images)
    if number > MAX_IMAGES:
        key_path = context.images[MAX_IMAGES][0]
        raise ShapeError(key_path, f"has {number:,} images, and the API takes {MAX_IMAGES} in a request")
    max_side, condition = MAX_SIDE, ""
    if number > MANY_IMAGES:
        max_side, condition = MAX_SIDE_OF_MANY, f" in a request of more than {MANY_IMAGES} images"
    for key_path, size in context.images:
        if max(size) > max_side:
            message = (
                f"is an image of {size.width} x {size.height} pixels; the API takes {max_side}{condition}"
            )
            raise ShapeError.at(key_path, message, "scale it down: the model doesn't see that many anyway")


def check_identifier(value: object, key_path: KeyPath) -> str:
    if not isinstance(value, str) or not re.fullmatch(_ID, value):
        message = f"is `{shorten(value)}`; an id is made of letters, digits, `_` and `-`"
        raise ShapeError.at(key_path, message)
    return value


def check_call_name(value: object, key_path: KeyPath) -> str:
    """Return the name of the tool that is called. The API takes more characters here than in a definition."""
    if not isinstance(value, str) or not value:
        raise ShapeError.at(key_path, "has no `name`")
    if len(value) > MAX_CALL_NAME:
        message = f"has a `name` of {len(value):,} characters; the API takes {MAX_CALL_NAME}"
        raise ShapeError.at(key_path, message)
    return value


def _normalize_block(block: object, key_path: KeyPath, role: str, context: RequestContext) -> Block:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        raise ShapeError.at(key_path, "is not a content block with a `type`")
    block_type = block["type"]
    if block_type in _FOREIGN_TYPES:
        raise ShapeError.at(key_path, f"is of type `{block_type}`, which the Messages API doesn't take")
    if block_type in _FILE_BLOCKS:
        return _FILE_BLOCKS[block_type](block, key_path, context)
    if block_type in {"tool_use", "tool_result"}:
        return _normalize_tool_block(block, key_path, role, context)
    if block_type == "refusal":  # OpenAI's word for a text of the assistant
        block = {"type": "text", "text": block.get("refusal")}
    return _check_text_block(block, key_path, role) if block["type"] == "text" else block


# Of OpenAI's APIs: what Claude doesn't read, or what only its other API has.
_FOREIGN_TYPES = frozenset({
    "input_audio", "audio", "input_text", "input_image", "input_file", "output_text", "video_url", "video",
})  # fmt: skip


def _check_text_block(block: Block, key_path: KeyPath, role: str) -> Block:
    text = block.get("text")
    # Of the assistant, white space alone has been counted; nothing at all is refused there, too.
    if not isinstance(text, str) or not (text.strip() or (text and role == "assistant")):
        raise ShapeError.at(key_path, "has no text, and the API refuses a blank one", _BLANK_HINT)
    return block


def _normalize_tool_block(block: Block, key_path: KeyPath, role: str, context: RequestContext) -> Block:
    block_type = block["type"]
    owner = "assistant" if block_type == "tool_use" else "user"
    if role != owner:
        message = f"is a `{block_type}` block, which only a message of the {owner} may hold"
        raise ShapeError.at(key_path, message)
    if block_type == "tool_use":
        check_identifier(block.get("id"), (*key_path, "id"))
        check_call_name(block.get("name"), key_path)
        if not isinstance(block.get("input"), dict):
            raise ShapeError.at(key_path, "has no object as its `input`")
        return block
    check_identifier(block.get("tool_use_id"), (*key_path, "tool_use_id"))
    if block.get("content") is None or block["content"] == []:
        return block
    return {**block, "content": normalize_content(block["content"], (*key_path, "content"), "tool", context)}


# Images and documents


def _get_source(block: Mapping[str, Any], key_path: KeyPath) -> tuple[dict[str, Any], KeyPath]:
    source = block.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("type"), str):
        raise ShapeError.at(key_path, "has no `source` with a `type`")
    return source, (*key_path, "source")


def _normalize_image(block: Block, key_path: KeyPath, context: RequestContext) -> Block:
    source, source_path = _get_source(block, key_path)
    if source["type"] in {"url", "file"}:
        context.remarks.append((IMAGE_BY_URL, key_path))
        return block
    if source["type"] == "base64":
        data = _decode_base64(source, source_path)
    elif source["type"] == "path":
        data = _read_source(source, source_path, context)
    else:
        message = f"is of type `{shorten(source['type'])}`; known are base64, path, url and file"
        raise ShapeError.at(source_path, message)
    return {**block, "source": _make_image_source(data, source.get("media_type"), source_path, context)}


_HINT_DATA = (
    '`data` is the whole file in Base64; or name a file beside this one: {"type": "path", "path": "…"}'
)


def _make_image_source(
    data: bytes, declared_type: object, key_path: KeyPath, context: RequestContext
) -> dict[str, str]:
    """Return an image as a base64 source. `declared_type` is the media type that the request states, or None."""
    media_type = images.detect_media_type(data)
    if declared_type is not None and declared_type not in images.MEDIA_TYPES:
        known = ", ".join(images.MEDIA_TYPES)
        raise ShapeError.at(key_path, f"is `{shorten(declared_type)}`; the API takes {known}")
    if media_type not in images.MEDIA_TYPES:
        raise ShapeError.at(key_path, "is no JPEG, PNG, GIF or WebP image", _HINT_DATA)
    if declared_type is not None and declared_type != media_type:
        raise ShapeError.at(key_path, f"is said to be {declared_type}, but looks like {media_type}")
    size = images.read_size(data)
    if size is None:
        raise ShapeError.at(key_path, "is a damaged image: its size can't be read")
    text = base64.b64encode(data).decode()
    if len(text) > MAX_IMAGE_SIZE:
        message = f"has {len(text):,} bytes as base64, and the API takes {MAX_IMAGE_SIZE:,}"
        raise ShapeError.at(key_path, message, "scale the image down")
    context.images.append((key_path, size))
    return {"type": "base64", "media_type": media_type, "data": text}


def _normalize_document(block: Block, key_path: KeyPath, context: RequestContext) -> Block:
    source, source_path = _get_source(block, key_path)
    if source["type"] == "path":
        data = _read_source(source, source_path, context)
        return {**block, "source": _make_document_source(data, source_path)}
    if source["type"] == "base64":
        data = _decode_base64(source, source_path)
        if source.get("media_type") != images.PDF or images.detect_media_type(data) != images.PDF:
            raise ShapeError.at(source_path, f"isn't a PDF with the media type {images.PDF}", _HINT_DATA)
        return {**block, "source": {**source, "data": base64.b64encode(data).decode()}}
    if source["type"] == "content":
        content = normalize_content(source.get("content"), (*source_path, "content"), "user", context)
        return {**block, "source": {**source, "content": content}}
    if source["type"] in {"url", "file"}:
        message = "is a document that isn't in the file, which the API refuses to count"
        raise ShapeError.at(key_path, message, 'put it beside the file: {"type": "path", "path": "…"}')
    if source["type"] != "text":
        message = f"is of type `{shorten(source['type'])}`; known are base64, text, content and path"
        raise ShapeError.at(source_path, message)
    _get_string(source, "data", source_path)
    return block


def _make_document_source(data: bytes, key_path: KeyPath) -> dict[str, str]:
    """Return a file that a request names as a source: a PDF, or plain text."""
    if images.detect_media_type(data) == images.PDF:
        return {"type": "base64", "media_type": images.PDF, "data": base64.b64encode(data).decode()}
    try:
        text = decode(data)
    except Unreadable as error:
        raise ShapeError.at(key_path, f"is neither a PDF nor text: it {error.message}") from None
    if not text.strip():
        raise ShapeError.at(key_path, "is blank, and the API refuses a blank text", _BLANK_HINT)
    return {"type": "text", "media_type": "text/plain", "data": text}


def _get_string(source: Mapping[str, Any], key: str, key_path: KeyPath) -> str:
    value = source.get(key)
    if not isinstance(value, str) or not value:
        raise ShapeError.at(key_path, f"has no `{key}`")
    return value


def _read_source(source: Mapping[str, Any], key_path: KeyPath, context: RequestContext) -> bytes:
    return context.included_files.read_file((*key_path, "path"), _get_string(source, "path", key_path))


def _decode_base64(source: Mapping[str, Any], key_path: KeyPath) -> bytes:
    text = "".join(_get_string(source, "data", key_path).split())  # YAML leaves white space in it
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError for what isn't ASCII
        raise ShapeError.at(key_path, "has `data` that isn't base64") from None


# OpenAI's chat API


def _normalize_image_url(block: Block, key_path: KeyPath, context: RequestContext) -> Block:
    """Return an image block for a data URI, an address, or the path of a file (which OpenAI doesn't know)."""
    url_path = (*key_path, "image_url")
    value = block.get("image_url")
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str) or not url:
        raise ShapeError.at(key_path, "has no `url`")
    if re.match("https?://", url, re.IGNORECASE):
        context.remarks.append((IMAGE_BY_URL, key_path))
        return {"type": "image", "source": {"type": "url", "url": url}}
    if url[:5].lower() == "data:":
        media_type, text = _parse_data_uri(url, url_path)
        data = _decode_base64({"data": text}, url_path)
        return {"type": "image", "source": _make_image_source(data, media_type, url_path, context)}
    if re.match("[a-zA-Z][a-zA-Z0-9+.-]*://", url):
        raise ShapeError.at(url_path, f"isn't an address that the API can fetch: `{shorten(url)}`")
    data = context.included_files.read_file(url_path, url)
    return {"type": "image", "source": _make_image_source(data, None, url_path, context)}


def _parse_data_uri(url: str, key_path: KeyPath) -> tuple[str, str]:
    """Return the media type of a data URI, and its base64."""
    match = re.match(_DATA_URI, url[:200])
    if not match or not match[3]:
        raise ShapeError.at(key_path, "is a data URI that isn't base64")
    media_type = match[1].lower()
    return {"": "text/plain", "image/jpg": "image/jpeg"}.get(media_type, media_type), url[match.end() :]


def _normalize_file(block: Block, key_path: KeyPath, context: RequestContext) -> Block:
    """Return a document block for a PDF in a data URI."""
    value = block.get("file")
    url = value.get("file_data") if isinstance(value, dict) else None
    if not isinstance(url, str) or url[:5].lower() != "data:":
        message = "is a file that isn't in the request, so it can't be counted"
        raise ShapeError.at(
            key_path, message, 'put it beside the file, as a `document` from {"type": "path", …}'
        )
    media_type, text = _parse_data_uri(url, (*key_path, "file"))
    source = {"type": "base64", "media_type": media_type, "data": text}
    return _normalize_document({"type": "document", "source": source}, key_path, context)


# Blocks that bring a file. Those of other types are sent as they are; the API may refuse them.
_FILE_BLOCKS: Mapping[str, Callable[[Block, KeyPath, RequestContext], Block]] = {
    "image": _normalize_image,
    "document": _normalize_document,
    "image_url": _normalize_image_url,
    "file": _normalize_file,
}


def measure_sources(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Return how many characters of base64 and text are in the sources of blocks, also inside tools' results."""
    total = 0
    for block in blocks:
        source = block.get("source")
        if isinstance(source, dict) and isinstance(source.get("data"), str):
            total += len(source["data"])
        inner = block.get("content")
        if block.get("type") == "tool_result" and isinstance(inner, list):
            total += measure_sources(inner)
    return total
