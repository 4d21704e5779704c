"""Images and documents are put into the request, within the limits of the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import pictures
from tests.support.requests import (
    PICTURE,
    PICTURE_SOURCE,
    USER,
    find_refusal,
    list_notes,
    make_image_by_path,
    make_request,
    make_tool_result,
    make_tool_use,
    parse_fields,
    parse_request,
)

from prompt_lint.model.errors import Unreadable
from prompt_lint.request import content_blocks, included_files


@pytest.mark.parametrize(
    ("block", "real"),
    [
        (make_image_by_path("shots/a.png"), "prompts/shots/a.png"),
        (make_image_by_path("./shots/../a.jpg", media_type="image/png"), "prompts/a.jpg"),
        (make_image_by_path("../a.png"), "a.png"),
        ({"type": "image_url", "image_url": {"url": "shots/a.png"}}, "prompts/shots/a.png"),
        ({"type": "image_url", "image_url": "shots/a.png"}, "prompts/shots/a.png"),
    ],
)
def test_an_image_beside_the_file_is_put_in(block: dict[str, Any], real: str) -> None:
    """As base64, with the media type of its contents, whatever it is called."""
    assert parse_fields(make_request(block), {real: PICTURE})["messages"][0]["content"] == [
        {"type": "image", "source": PICTURE_SOURCE}
    ]


def test_an_image_in_the_result_of_a_tool_is_put_in() -> None:
    """Tools answer with screenshots."""
    answer = {**make_tool_result("a", ""), "content": [make_image_by_path("a.png")]}
    turns = [
        USER,
        {"role": "assistant", "content": [make_tool_use("a")]},
        {"role": "user", "content": [answer]},
    ]

    parsed = parse_fields(turns, {"prompts/a.png": PICTURE})

    assert parsed["messages"][2]["content"][0]["content"] == [{"type": "image", "source": PICTURE_SOURCE}]


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (
            pictures.PDF,
            {"type": "base64", "media_type": "application/pdf", "data": pictures.base64_of(pictures.PDF)},
        ),
        (b"\xef\xbb\xbfA\r\nB", {"type": "text", "media_type": "text/plain", "data": "A\nB"}),
    ],
)
def test_a_document_beside_the_file_is_put_in(data: bytes, source: dict[str, str]) -> None:
    """A PDF as base64, anything else as plain text."""
    block = {"type": "document", "title": "T", "source": {"type": "path", "path": "d"}}

    assert parse_fields(make_request(block), {"prompts/d": data})["messages"][0]["content"] == [
        {**block, "source": source}
    ]


def test_a_pdf_of_openai_is_a_document() -> None:
    """Their files are data URIs."""
    data = f"data:application/pdf;base64,{pictures.base64_of(pictures.PDF)}"
    parsed = parse_fields(make_request({"type": "file", "file": {"filename": "a.pdf", "file_data": data}}))

    assert parsed["messages"][0]["content"][0]["source"]["media_type"] == "application/pdf"


def test_a_document_in_the_request_is_sent_as_it_is() -> None:
    """One of text; and one of content blocks, in which an image is put in."""
    text = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A"}}
    blocks = {"type": "document", "source": {"type": "content", "content": [make_image_by_path("a.png")]}}

    sent = parse_fields(make_request(text, blocks), {"prompts/a.png": PICTURE})["messages"][0]["content"]

    assert sent[0] == text
    assert sent[1]["source"] == {"type": "content", "content": [{"type": "image", "source": PICTURE_SOURCE}]}


def test_base64_over_several_lines_is_joined() -> None:
    """YAML leaves the line breaks in."""
    data = pictures.base64_of(PICTURE)
    block = {"type": "image", "source": {**PICTURE_SOURCE, "data": f"{data[:20]}\n{data[20:]}\n"}}

    assert parse_fields(make_request(block))["messages"][0]["content"] == [
        {"type": "image", "source": PICTURE_SOURCE}
    ]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
    ],
)
def test_an_image_that_is_not_in_the_repository_is_noted(block: dict[str, Any]) -> None:
    """`count_tokens` refuses it, so whoever has no key should learn of that, too."""
    parsed = parse_request(make_request(block))

    assert [one["type"] for one in parsed[0].request.fields["messages"][0]["content"]] == ["image"]
    assert [message for message, _ in list_notes(parsed)] == [content_blocks.IMAGE_BY_URL]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (make_image_by_path("lost.png"), "`prompts/lost.png` is not there"),
        (make_image_by_path("lfs.png"), "`prompts/lfs.png` is a pointer of Git LFS"),
        (make_image_by_path("/etc/passwd"), "not a path relative to this file"),
        (make_image_by_path("~/a.png"), "not a path relative to this file"),
        (make_image_by_path("c:a.png"), "not a path relative to this file"),
        (make_image_by_path("a\\b.png"), "not a path relative to this file"),
        (make_image_by_path("../../a.png"), "which leads out of the repository"),
        (make_image_by_path(""), "has no `path`"),
        (make_image_by_path("text.png"), "is no JPEG, PNG, GIF or WebP image"),
        (make_image_by_path("cut.png"), "is a damaged image: its size can't be read"),
        (make_image_by_path("a.png", media_type="image/jpeg"), "is said to be image/jpeg, but looks like image/png"),
        (make_image_by_path("a.png", media_type="image/bmp"), "is `image/bmp`; the API takes image/jpeg, image/png"),
        (make_image_by_path("huge.png"), "is an image of 8001 x 10 pixels; the API takes 8000"),
        ({"type": "image", "source": {**PICTURE_SOURCE, "media_type": "image/gif"}}, "looks like image/png"),
        ({"type": "image", "source": {**PICTURE_SOURCE, "data": "a*b"}}, "has `data` that isn't base64"),
        ({"type": "image", "source": {**PICTURE_SOURCE, "data": "é"}}, "has `data` that isn't base64"),
        ({"type": "image", "source": {"type": "base64"}}, "has no `data`"),
        ({"type": "image", "source": {"type": "s3"}}, "known are base64, path, url and file"),
        ({"type": "image"}, "has no `source` with a `type`"),
        ({"type": "image_url", "image_url": {}}, "has no `url`"),
        ({"type": "image_url", "image_url": {"url": "data:image/png,abc"}}, "is a data URI that isn't base64"),
        ({"type": "image_url", "image_url": {"url": "ftp://a.example/b"}}, "isn't an address that the API can fetch"),
        ({"type": "document", "source": {"type": "path", "path": "binary"}}, "is neither a PDF nor text"),
        ({"type": "document", "source": {"type": "path", "path": "blank"}}, "is blank"),
        ({"type": "document", "source": {"type": "url", "url": "https://a.example"}}, "which the API refuses to count"),
        ({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}}, "isn't a PDF"),
        ({"type": "document", "source": {"type": "text"}}, "has no `data`"),
        ({"type": "document", "source": {"type": "x"}}, "known are base64, text, content and path"),
    ],
)  # fmt: skip
def test_a_file_that_can_not_be_put_in_is_refused(block: dict[str, Any], message: str) -> None:
    """With its line, and never a smaller count."""
    files: dict[str, bytes | Unreadable] = {
        "prompts/a.png": PICTURE, "prompts/text.png": b"hello", "prompts/cut.png": PICTURE[:18], "prompts/blank": b" \n",
        "prompts/huge.png": pictures.png(8001, 10), "prompts/binary": b"\0\1",
        "prompts/lfs.png": Unreadable("is a pointer of Git LFS"),
    }  # fmt: skip

    assert message in find_refusal(make_request(block), files)


def test_the_name_of_a_call_may_have_200_characters() -> None:
    """More than that of a definition; one more is refused in test_normalize.py."""
    call = make_tool_use("a", "n" * 200)
    turns = [
        USER,
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [make_tool_result("a", "x")]},
    ]

    assert parse_fields(turns)["messages"][1]["content"] == [call]


def test_many_images_must_be_smaller() -> None:
    """More than 20 may have 2,000 pixels a side; 20 may have 8,000."""
    block = make_image_by_path("a.png")
    files = {"prompts/a.png": pictures.png(2001, 10)}

    assert parse_fields(make_request(*[block] * 20), files)
    assert "takes 2000 in a request of more than 20 images" in find_refusal(
        make_request(*[block] * 21), files
    )


def test_a_request_has_room_for_600_images() -> None:
    """As documented for the models with the largest window."""
    assert "has 601 images, and the API takes 600 in a request" in find_refusal(
        make_request(*[make_image_by_path("a.png")] * 601), {"prompts/a.png": PICTURE}
    )


def test_too_much_in_one_image_one_request_or_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put in is bounded: 10 MiB for an image, 32 for a request, 128 for all requests of a file."""
    assert (
        content_blocks.MAX_IMAGE_SIZE,
        content_blocks.MAX_REQUEST_SIZE,
        included_files.MAX_INCLUDED_SIZE,
    ) == (
        10 << 20,
        32 << 20,
        128 << 20,
    )
    large = pictures.png(10, 10) + b"x" * (9 << 20)
    files = {
        "prompts/a.png": PICTURE,
        "prompts/large.png": large,
        "prompts/paper.pdf": pictures.PDF + b"x" * (9 << 20),
    }
    paper = {"type": "document", "source": {"type": "path", "path": "paper.pdf"}}
    texts = [{"type": "document", "source": {"type": "text", "data": "four"}}] * 2
    assert content_blocks.measure_sources([*texts, {"type": "tool_result", "content": texts}]) == 16

    assert "bytes as base64, and the API takes 10,485,760" in find_refusal(
        make_request(make_image_by_path("large.png")), files
    )
    assert "has more than 33,554,432 bytes" in find_refusal(make_request(*[paper] * 3), files)
    lines = f"{json.dumps(make_request(make_image_by_path('a.png')))}\n" * 4
    monkeypatch.setattr(included_files, "MAX_INCLUDED_SIZE", 4 * len(PICTURE))
    assert len(parse_request(lines, "prompts/a.jsonl", files)) == 4
    monkeypatch.setattr(included_files, "MAX_INCLUDED_SIZE", 4 * len(PICTURE) - 1)
    with pytest.raises(Unreadable, match="takes in more than"):
        parse_request(lines, "prompts/a.jsonl", files)
