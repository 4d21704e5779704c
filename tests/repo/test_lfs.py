"""Pointers of Git LFS are known in every spelling that git-lfs accepts."""

from __future__ import annotations

import pytest

from prompt_lint.repo.lfs import is_pointer

OID = f"oid sha256:{'4d' * 32}"
LINES = ["version https://git-lfs.github.com/spec/v1", OID, "size 12345"]
POINTER = "\n".join(LINES) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        POINTER,
        POINTER.rstrip(),
        "\r\n".join(LINES),
        f"\n{POINTER}",
        f" \t\r\n\r\n{POINTER}\n\n",
        "\n\n".join(LINES),
        POINTER.replace("https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1"),
        POINTER.replace("https://git-lfs.github.com/spec/v1", "http://git-media.io/v/2"),
        f"{LINES[0]}\next-0-foo sha256:{'ab' * 32}\n{OID}\nsize 5\n",
        f"ext-0-foo sha256:{'ab' * 32}\n{POINTER}",
    ],
)
def test_what_git_lfs_takes_for_a_pointer_is_one(text: str) -> None:
    """It trims, splits lines, passes over empty ones and extensions, and knows three addresses (lfs/pointer.go)."""
    assert is_pointer(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"A pointer looks like this:\n\n{POINTER}",
        POINTER.replace("spec/v1", "spec/v2"),
        POINTER.replace("version ", "version  "),
        POINTER + "x" * 1024,
    ],
)
def test_a_text_about_pointers_is_a_text(text: str) -> None:
    """Another first line, another address, or more bytes than a pointer has."""
    assert not is_pointer(text.encode())
