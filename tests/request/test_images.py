"""Images: their size out of their header, and what they cost a model by the documented formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import pictures

from prompt_lint.counting import offline
from prompt_lint.model.values import Request
from prompt_lint.request import images
from prompt_lint.request.images import ImageSize

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.model.counts import Count

OLDER, NEWER = "claude-sonnet-4-5", "claude-opus-5"

MAKERS: list[tuple[Callable[[int, int], bytes], str, int]] = [
    (pictures.png, "image/png", 2**31 - 1),
    (pictures.gif, "image/gif", 65_535),
    (pictures.jpeg, "image/jpeg", 65_535),
    (pictures.webp_lossy, "image/webp", 16_383),
    (pictures.webp_lossless, "image/webp", 16_384),
    (pictures.webp_extended, "image/webp", 2**24),
]


@given(st.sampled_from(MAKERS), st.data())
def test_a_header_says_the_size(
    maker: tuple[Callable[[int, int], bytes], str, int], data: st.DataObject
) -> None:
    """Width and height come out as they went in, whatever the kind of file."""
    make, kind, most = maker
    width, height = (data.draw(st.integers(1, most)) for _ in range(2))

    file = make(width, height)

    assert images.detect_media_type(file) == kind
    assert images.read_size(file) == ImageSize(width, height)


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC9, 0xCF])
def test_a_photo_keeps_its_size_behind_what_the_camera_wrote(marker: int) -> None:
    """Segments, padding and Huffman tables stand ahead of the frame, of any kind, that has the size."""
    parts = (
        pictures.segment(0xE1, 60_000),
        b"\xff\xff\x01\xff\xd0",
        pictures.segment(0xC4, 20),
        pictures.segment(0xBF, 3),
    )
    before = b"".join(parts)

    assert images.read_size(pictures.jpeg(640, 480, before=before, marker=marker)) == ImageSize(640, 480)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff", b"GIF89a\x01", pictures.png(1, 1)[:20], pictures.png(0, 5), b"RIFF1234WEBPVP8 ",
     b"RIFF1234WEBPVP8L", pictures.webp_lossless(1, 1)[:24],
     pictures.webp_lossless(1, 1).replace(b"WEBP", b"WAVE"), pictures.jpeg(1, 1, before=b"\xff\xd9"), b"BM123456",
     pictures.PDF, b"\xff\xd8\xff\xd9"],
)  # fmt: skip
def test_what_states_no_size_has_none(data: bytes) -> None:
    """A file that is cut off, or is no image, is no image of size 0."""
    assert images.read_size(data) is None


@pytest.mark.parametrize(
    ("size", "tokens"),
    [((200, 200), 64), ((1000, 1000), 1296), ((1092, 1092), 1521), ((1920, 1080), 1560), ((4032, 3024), 1564),
     ((1, 1), 1), ((28, 28), 1), ((29, 28), 2), ((8000, 1), 56), ((1, 8000), 56)],
)  # fmt: skip
def test_the_formula_for_older_models(size: tuple[int, int], tokens: int) -> None:
    """A token a patch, after scaling down: the documentation's own examples, and published measurements."""
    assert images.count_patches(ImageSize(*size), 1568, 1568) == tokens


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from([(1568, 1568), (2576, 4784)]))
def test_no_image_costs_more_than_the_most(width: int, height: int, sight: tuple[int, int]) -> None:
    """The cap holds for every size, lying or standing, and one that fits isn't scaled."""
    tokens = images.count_patches(ImageSize(width, height), *sight)
    patches = -(-width // 28) * -(-height // 28)

    assert 1 <= tokens <= min(sight[1], patches)
    assert tokens == images.count_patches(ImageSize(height, width), *sight)
    if max(width, height) <= sight[0] and patches <= sight[1]:
        assert tokens == patches


def picture(data: bytes, kind: str = "image/png") -> dict[str, Any]:
    source = {"type": "base64", "media_type": kind, "data": pictures.base64_of(data)}
    return {"type": "image", "source": source}


def count(model: str, *blocks: dict[str, Any]) -> Count:
    content = [*blocks, {"type": "text", "text": "What is this?"}]
    return offline.count_request(model, Request({"messages": [{"role": "user", "content": content}]}))


TEXT = {model: count(model).tokens for model in (OLDER, NEWER)}


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [
        (OLDER, (280, 280), 100),
        (OLDER, (8000, 6000), 1564),
        (NEWER, (280, 280), 100),
        (NEWER, (1920, 1080), 2691),
    ],
)
def test_an_image_has_the_interval_of_few_requests(model: str, size: tuple[int, int], tokens: int) -> None:
    """The formula and three tokens, and a margin of 6 % and at least 20 tokens around it."""
    found = count(model, picture(pictures.png(*size)))

    assert found.tokens == TEXT[model] + tokens + 3
    assert found.high - found.tokens == max(20, round(found.tokens * 0.06))
    assert found.low == max(0, 2 * found.tokens - found.high)


# Published totals for one image and a short text: width, height, newer family, older family.
PUBLISHED = [
    (256, 256, 177, 165), (512, 512, 438, 426), (768, 768, 861, 849), (1024, 1024, 1446, 1434),
    (1280, 720, 1273, 1261), (1920, 1080, 2768, 1625), (1080, 1920, 2768, 1625), (2560, 1440, 3069, 1657),
    (3840, 2160, 3069, 1657), (4032, 3024, 4005, 1661),
]  # fmt: skip


@pytest.mark.parametrize(("width", "height", "newer", "older"), PUBLISHED)
def test_published_totals_lie_within_the_interval(width: int, height: int, newer: int, older: int) -> None:
    """What others were billed for such an image and an unknown text, which costs what the smallest image leaves for it."""
    smallest = count(NEWER, picture(pictures.png(256, 256))), count(OLDER, picture(pictures.png(256, 256)))
    for model, total, first, least in zip(
        (NEWER, OLDER), (newer, older), smallest, PUBLISHED[0][2:], strict=True
    ):
        found = count(model, picture(pictures.png(width, height)))
        text = least - first.tokens
        assert found.low <= total - text <= found.high


def test_an_image_by_url_is_anything_up_to_the_most() -> None:
    """Without the file there is no size: the range begins at nothing."""
    found = count(NEWER, {"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}})

    assert found.low == 0
    assert found.high >= TEXT[NEWER] + 4784


def test_each_image_adds_its_tokens() -> None:
    """Several images cost several times as much, also in the result of a tool."""
    one = picture(pictures.gif(280, 280), "image/gif")
    result = {"type": "tool_result", "tool_use_id": "a", "content": [one, {"type": "text", "text": "x"}]}

    three = count(OLDER, one, one, result)

    assert three.tokens >= TEXT[OLDER] + 3 * 103
    assert three.high - three.tokens >= 20


def test_base64_may_be_wrapped_in_lines() -> None:
    """A line break moves the groups of four, so the beginning alone may be no base64."""
    photo = picture(pictures.png(640, 480) + bytes(4_000))
    data = photo["source"]["data"]
    lines = "\n".join(data[start : start + 76] for start in range(0, len(data), 76))
    wrapped = {**photo, "source": {**photo["source"], "data": lines}}

    assert count(OLDER, photo).tokens == TEXT[OLDER] + 23 * 18 + 3
    assert count(OLDER, wrapped) == count(OLDER, photo)


def test_a_size_behind_a_long_head_is_found() -> None:
    """The size of a photo may stand behind 60 kB of the camera's."""
    photo = pictures.jpeg(280, 280, before=pictures.segment(0xE1, 60_000))

    assert count(OLDER, picture(photo, "image/jpeg")).tokens == TEXT[OLDER] + 103
