"""Requests for tests, as the format `request` parses them from a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import make, pictures
from tests.support.files import read_from

from prompt_lint.formats import FORMATS
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import Note, Prompt

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST = FORMATS["request"]
USER = {"role": "user", "content": "Hi."}
FIND = {"name": "find", "description": "Finds.", "input_schema": {"type": "object", "properties": {}}}
PICTURE = pictures.png(56, 28)
PICTURE_SOURCE = {"type": "base64", "media_type": "image/png", "data": pictures.base64_of(PICTURE)}


def parse_request(
    data: object, path: str = "prompts/a.json", files: Mapping[str, bytes | Unreadable] | None = None
) -> list[Any]:
    raw = (
        data
        if isinstance(data, bytes)
        else data.encode()
        if isinstance(data, str)
        else json.dumps(data).encode()
    )
    return list(REQUEST.parse(path, raw, make.rule(), read_from(files or {})))


def parse_fields(data: object, files: Mapping[str, bytes] | None = None) -> dict[str, Any]:
    [prompt] = [result for result in parse_request(data, files=files) if isinstance(result, Prompt)]
    assert prompt.request is not None
    return dict(prompt.request.fields)


def list_digests(results: list[Any]) -> list[str]:
    return [result.request.digest() for result in results if isinstance(result, Prompt) and result.request]


def list_notes(results: list[Any]) -> list[tuple[str, int]]:
    return [(result.message, result.line) for result in results if isinstance(result, Note)]


def find_refusal(data: object, files: Mapping[str, bytes | Unreadable] | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        parse_request(data, files=files)
    return caught.value.message


def make_request(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


def make_openai_call(ident: str, arguments: str = '{"q": "x"}', name: str = "find") -> dict[str, Any]:
    return {"id": ident, "type": "function", "function": {"name": name, "arguments": arguments}}


def make_tool_use(ident: str, name: str = "find") -> dict[str, Any]:
    return {"type": "tool_use", "id": ident, "name": name, "input": {"q": "x"}}


def make_tool_result(ident: str, text: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": ident, "content": text}


def make_image_by_path(path: str, **more: str) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "path", "path": path, **more}}
