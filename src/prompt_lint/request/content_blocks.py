"""Content blocks of the Messages API and of OpenAI's chat API → as the Messages API takes them, with files put in.

Whatever the API would refuse, and can be seen to, is a `ShapeError` in words near the API's own. Sources: the API
reference of Messages, and the documentation of vision and PDF support, 2026.
"""

from __future__ import annotations

import base64
import binascii
import re
from posixpath import dirname, normpath
from posixpath import join as joined
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.request import images
from prompt_lint.text.decode import decode
from prompt_lint.text.location import KeyPath, ShapeError, describe_type, format_key_path, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.model.values import ReadFile
    from prompt_lint.request.images import ImageSize

Block = dict[str, Any]

# Of one image, in characters of base64; of each side of one, in pixels, and the same where there are many.
MAX_IMAGE_SIZE = 10 * 1024 * 1024
MAX_SIDE, MANY_IMAGES, MAX_SIDE_OF_MANY = 8000, 20, 2000
MAX_IMAGES = 600
# What the API takes in one request, and what the requests of one file may take in from others, in bytes.
MAX_REQUEST_SIZE = 32 * 1024 * 1024
MAX_INCLUDED_SIZE = 128 * 1024 * 1024

IMAGE_BY_URL = (
    "has an image that isn't in the file: the API refuses to count it, so only a range can be told; "
    'put it beside the file, as {"type": "path", "path": "…"}, for a count'
)
_PATH_HINT = "a path is relative to the file that names it"
_BLANK_HINT = "give it a text, or leave it out"
_ID = r"[a-zA-Z0-9_-]+"
_DATA_URI = r"(?i:data:([a-z0-9.+/-]*)((?:;[^;,]*)*?)(;base64)?,)"


class IncludedFiles:
    """Reads what the requests of one file name by path, each once, as base64. The path is relative to the file's folder."""

    def __init__(self, path: str, read: ReadFile) -> None:
        self.folder = dirname(path)
        self.read = read
        self.taken_in = 0
        self._known: dict[str, bytes] = {}

    def read_file(self, where: KeyPath, name: str) -> bytes:
        """The bytes of a file. Raises `ShapeError` for one that can't be had, `Unreadable` where it gets too much."""
        path = normpath(joined(self.folder, name))
        if (
            not name
            or name.startswith(("/", "~"))
            or "\\" in name
            or "\0" in name
            or re.match("[a-zA-Z]:", name)
        ):
            raise ShapeError(
                where,
                f"`{format_key_path(where)}` is `{shorten(name)}`, not a path relative to this file",
                _PATH_HINT,
            )
        if path == ".." or path.startswith("../"):
            raise ShapeError(
                where, f"`{format_key_path(where)}` is `{shorten(name)}`, which leads out of the repository"
            )
        if path not in self._known:
            try:
                self._known[path] = self.read(path)[1]
            except MissingFile:
                raise ShapeError(where, f"`{shorten(path)}` is not there", _PATH_HINT) from None
            except Unreadable as error:
                raise ShapeError(where, f"`{shorten(path)}` {error.message}", error.hint) from None
        data = self._known[path]
        self.taken_in += len(data)
        if self.taken_in > MAX_INCLUDED_SIZE:
            raise Unreadable(
                f"takes in more than {MAX_INCLUDED_SIZE:,} bytes of other files",
                "split it into several files",
            )
        return data


class RequestContext(NamedTuple):
    """What the mapping of one request comes across: images with their size, and what is to be said of it."""

    included_files: IncludedFiles
    images: list[tuple[KeyPath, ImageSize]]
    remarks: list[tuple[str, KeyPath]]


def normalize_content(
    value: object, where: KeyPath, role: str, gathered: RequestContext
) -> str | list[Block]:
    """A message's content, or that of a tool's result (`role` is `tool`). Raises `ShapeError`."""
    if isinstance(value, str):
        if not value.strip() and role != "tool":
            raise ShapeError(
                where, f"`{format_key_path(where)}` is blank, and the API refuses a blank text", _BLANK_HINT
            )
        return value
    if not isinstance(value, list) or not value:
        message = (
            f"`{format_key_path(where)}` is {describe_type(value)}, not a text or a list of content blocks"
        )
        raise ShapeError(where, message)
    return [_normalize_block(block, (*where, number), role, gathered) for number, block in enumerate(value)]


def check_images(gathered: RequestContext) -> None:
    """The limits that depend on how many images a request has. Raises `ShapeError`."""
    number = len(gathered.images)
    if number > MAX_IMAGES:
        where = gathered.images[MAX_IMAGES][0]
        raise ShapeError(where, f"has {number:,} images, and the API takes {MAX_IMAGES} in a request")
    longest = MAX_SIDE_OF_MANY if number > MANY_IMAGES else MAX_SIDE
    for where, size in gathered.images:
        if max(size) > longest:
            told = f" in a request of more than {MANY_IMAGES} images" if number > MANY_IMAGES else ""
            message = f"`{format_key_path(where)}` is an image of {size.width} x {size.height} pixels; the API takes {longest}{told}"
            raise ShapeError(where, message, "scale it down: the model doesn't see that many anyway")


def check_identifier(value: object, where: KeyPath) -> str:
    """The id of a tool call."""
    if not isinstance(value, str) or not re.fullmatch(_ID, value):
        message = (
            f"`{format_key_path(where)}` is `{shorten(value)}`; an id is made of letters, digits, `_` and `-`"
        )
        raise ShapeError(where, message)
    return value


def _normalize_block(block: object, where: KeyPath, role: str, gathered: RequestContext) -> Block:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        raise ShapeError(where, f"`{format_key_path(where)}` is not a content block with a `type`")
    name = block["type"]
    if name in _FOREIGN_TYPES:
        raise ShapeError(
            where, f"`{format_key_path(where)}` is of type `{name}`, which the Messages API doesn't take"
        )
    if name in _FILE_BLOCKS:
        return _FILE_BLOCKS[name](block, where, gathered)
    if name in {"tool_use", "tool_result"}:
        return _normalize_tool_block(block, where, role, gathered)
    if name == "refusal":  # OpenAI's word for a text of the assistant
        block = {"type": "text", "text": block.get("refusal")}
    return _check_text_block(block, where, role) if block["type"] == "text" else block


# Of OpenAI's APIs, for what Claude doesn't read.
_FOREIGN_TYPES = frozenset({
    "input_audio", "audio", "input_text", "input_image", "input_file", "output_text", "video_url", "video",
})  # fmt: skip


def _check_text_block(block: Block, where: KeyPath, role: str) -> Block:
    text = block.get("text")
    # Of the assistant, white space alone has been counted; nothing at all is refused there, too.
    if not isinstance(text, str) or not (text.strip() or (text and role == "assistant")):
        raise ShapeError(
            where, f"`{format_key_path(where)}` has no text, and the API refuses a blank one", _BLANK_HINT
        )
    return block


def _normalize_tool_block(block: Block, where: KeyPath, role: str, gathered: RequestContext) -> Block:
    name = block["type"]
    theirs = "assistant" if name == "tool_use" else "user"
    if role != theirs:
        message = (
            f"`{format_key_path(where)}` is a `{name}` block, which only a message of the {theirs} may hold"
        )
        raise ShapeError(where, message)
    if name == "tool_use":
        check_identifier(block.get("id"), (*where, "id"))
        if not isinstance(block.get("name"), str) or not isinstance(block.get("input"), dict):
            raise ShapeError(where, f"`{format_key_path(where)}` has no `name`, or no object as its `input`")
        return block
    check_identifier(block.get("tool_use_id"), (*where, "tool_use_id"))
    if block.get("content") is None or block["content"] == []:
        return block
    return {**block, "content": normalize_content(block["content"], (*where, "content"), "tool", gathered)}


# ---------------------------------------------------------------------------------------------------------
# Images and documents


def _get_source(block: Mapping[str, Any], where: KeyPath) -> tuple[dict[str, Any], KeyPath]:
    source = block.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("type"), str):
        raise ShapeError(where, f"`{format_key_path(where)}` has no `source` with a `type`")
    return source, (*where, "source")


def _normalize_image(block: Block, where: KeyPath, gathered: RequestContext) -> Block:
    source, at = _get_source(block, where)
    by = source["type"]
    if by == "base64":
        data, text = _decode_base64(source, at)
        return {**block, "source": _make_image_source(data, text, source.get("media_type"), at, gathered)}
    if by == "path":
        data = gathered.included_files.read_file((*at, "path"), _get_string(source, "path", at))
        return {**block, "source": _make_image_source(data, "", source.get("media_type"), at, gathered)}
    if by in {"url", "file"}:
        gathered.remarks.append((IMAGE_BY_URL, where))
        return block
    raise ShapeError(
        at, f"`{format_key_path(at)}` is of type `{shorten(by)}`; known are base64, path, url and file"
    )


def _make_image_source(
    data: bytes, text: str, said: object, where: KeyPath, gathered: RequestContext
) -> dict[str, str]:
    """A base64 source. `text` is the base64 if it is there already, `said` the media type if that is said."""
    found = images.detect_media_type(data)
    if said is not None and said not in images.MEDIA_TYPES:
        known = ", ".join(images.MEDIA_TYPES)
        raise ShapeError(where, f"`{format_key_path(where)}` is `{shorten(said)}`; the API takes {known}")
    if found not in images.MEDIA_TYPES:
        raise ShapeError(where, f"`{format_key_path(where)}` is no JPEG, PNG, GIF or WebP image")
    if said is not None and said != found:
        raise ShapeError(where, f"`{format_key_path(where)}` is said to be {said}, but looks like {found}")
    size = images.read_size(data)
    if size is None:
        raise ShapeError(where, f"`{format_key_path(where)}` is a damaged image: its size can't be read")
    text = text or base64.b64encode(data).decode()
    if len(text) > MAX_IMAGE_SIZE:
        message = f"`{format_key_path(where)}` has {len(text):,} bytes as base64, and the API takes {MAX_IMAGE_SIZE:,}"
        raise ShapeError(where, message, "scale the image down")
    gathered.images.append((where, size))
    return {"type": "base64", "media_type": found, "data": text}


def _normalize_document(block: Block, where: KeyPath, gathered: RequestContext) -> Block:
    source, at = _get_source(block, where)
    by = source["type"]
    if by == "path":
        data = gathered.included_files.read_file((*at, "path"), _get_string(source, "path", at))
        return {**block, "source": _make_document_source(data, at)}
    if by == "base64":
        data, text = _decode_base64(source, at)
        if source.get("media_type") != images.PDF or images.detect_media_type(data) != images.PDF:
            raise ShapeError(at, f"`{format_key_path(at)}` is no PDF of the media type {images.PDF}")
        return {**block, "source": {**source, "data": text}}
    if by == "content":
        inner = normalize_content(source.get("content"), (*at, "content"), "user", gathered)
        return {**block, "source": {**source, "content": inner}}
    if by in {"url", "file"}:
        message = (
            f"`{format_key_path(where)}` is a document that isn't in the file, which the API refuses to count"
        )
        raise ShapeError(at, message, 'put it beside the file: {"type": "path", "path": "…"}')
    if by != "text":
        raise ShapeError(
            at,
            f"`{format_key_path(at)}` is of type `{shorten(by)}`; known are base64, text, content and path",
        )
    _get_string(source, "data", at)
    return block


def _make_document_source(data: bytes, where: KeyPath) -> dict[str, str]:
    """A source for a file beside the request: a PDF, or plain text."""
    if images.detect_media_type(data) == images.PDF:
        return {"type": "base64", "media_type": images.PDF, "data": base64.b64encode(data).decode()}
    try:
        text = decode(data)
    except Unreadable as error:
        raise ShapeError(
            where, f"`{format_key_path(where)}` is no PDF, and no text: it {error.message}"
        ) from None
    if not text.strip():
        raise ShapeError(
            where, f"`{format_key_path(where)}` is blank, and the API refuses a blank text", _BLANK_HINT
        )
    return {"type": "text", "media_type": "text/plain", "data": text}


def _get_string(source: Mapping[str, Any], key: str, where: KeyPath) -> str:
    value = source.get(key)
    if not isinstance(value, str) or not value:
        raise ShapeError(where, f"`{format_key_path(where)}` has no `{key}`")
    return value


def _decode_base64(source: Mapping[str, Any], where: KeyPath) -> tuple[bytes, str]:
    """The bytes, and their base64 without the white space that YAML leaves in it."""
    text = "".join(_get_string(source, "data", where).split())
    try:
        return base64.b64decode(text, validate=True), text
    except (binascii.Error, ValueError):  # ValueError for what isn't ASCII
        raise ShapeError(where, f"`{format_key_path(where)}` has `data` that isn't base64") from None


# ---------------------------------------------------------------------------------------------------------
# OpenAI's chat API


def _normalize_image_url(block: Block, where: KeyPath, gathered: RequestContext) -> Block:
    """A data URI, an address, or (our own) a file beside this one."""
    at = (*where, "image_url")
    given = block.get("image_url")
    url = given.get("url") if isinstance(given, dict) else given
    if not isinstance(url, str) or not url:
        raise ShapeError(where, f"`{format_key_path(where)}` has no `url`")
    if re.match("https?://", url, re.IGNORECASE):
        gathered.remarks.append((IMAGE_BY_URL, where))
        return {"type": "image", "source": {"type": "url", "url": url}}
    if url[:5].lower() == "data:":
        said, text = _parse_data_uri(url, at)
        data, text = _decode_base64({"data": text}, at)
        return {"type": "image", "source": _make_image_source(data, text, said, at, gathered)}
    if re.match("[a-zA-Z][a-zA-Z0-9+.-]*://", url):
        raise ShapeError(
            at, f"`{format_key_path(at)}` is no address that the API could fetch: `{shorten(url)}`"
        )
    data = gathered.included_files.read_file(at, url)
    return {"type": "image", "source": _make_image_source(data, "", None, at, gathered)}


def _parse_data_uri(url: str, where: KeyPath) -> tuple[str, str]:
    """Its media type and its base64."""
    found = re.match(_DATA_URI, url[:200])
    if not found or not found[3]:
        raise ShapeError(where, f"`{format_key_path(where)}` is a data URI that isn't base64")
    said = found[1].lower()
    return {"": "text/plain", "image/jpg": "image/jpeg"}.get(said, said), url[found.end() :]


def _normalize_file(block: Block, where: KeyPath, gathered: RequestContext) -> Block:
    """A PDF as a data URI."""
    given = block.get("file")
    url = given.get("file_data") if isinstance(given, dict) else None
    if not isinstance(url, str) or url[:5].lower() != "data:":
        message = f"`{format_key_path(where)}` is a file that isn't in the request, which nobody can count"
        raise ShapeError(where, message, 'put it beside the file, as a `document` from {"type": "path", …}')
    said, text = _parse_data_uri(url, (*where, "file"))
    source = {"type": "base64", "media_type": said, "data": text}
    return _normalize_document({"type": "document", "source": source}, where, gathered)


# Blocks that bring a file. Others are as the API has them, or for it to refuse.
_FILE_BLOCKS: Mapping[str, Callable[[Block, KeyPath, RequestContext], Block]] = {
    "image": _normalize_image,
    "document": _normalize_document,
    "image_url": _normalize_image_url,
    "file": _normalize_file,
}


def measure_sources(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Characters of base64 and text in the sources of blocks, those of tools' results among them."""
    total = 0
    for block in blocks:
        source = block.get("source")
        if isinstance(source, dict) and isinstance(source.get("data"), str):
            total += len(source["data"])
        inner = block.get("content")
        if block.get("type") == "tool_result" and isinstance(inner, list):
            total += measure_sources(inner)
    return total
