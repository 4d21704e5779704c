"""The process's streams: colour and progress. What a lost stream means is in tests/end_to_end/test_process.py."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import pytest

from prompt_lint.output.terminal import show_progress, wants_color

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    ("choice", "env", "is_colored"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_follows_flag_then_environment_then_terminal(
    choice: str, env: Mapping[str, str], is_colored: bool
) -> None:
    """The flag wins over NO_COLOR, which wins over FORCE_COLOR; a pipe is plain."""
    assert wants_color(choice, env) == is_colored


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("env", "is_shown"), [({}, True), ({"CI": "1"}, False), ({"PRE_COMMIT": "1"}, False)]
)
def test_progress_is_for_a_person_who_waits(
    monkeypatch: pytest.MonkeyPatch, env: Mapping[str, str], is_shown: bool
) -> None:
    """On a terminal, a long run counts on stderr and wipes that away; in CI and in a hook it never does."""
    monkeypatch.setattr("prompt_lint.output.terminal._INTERVAL", 0.0)  # any run is a long one
    screen, stderr = os.openpty()

    with open(stderr, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with show_progress(env) as show:
            show(1234)

    assert read_screen(screen) == ("\r1,234 counts\x1b[K\r\x1b[K" if is_shown else "")


def read_screen(screen: int) -> str:
    """Return all that was printed to a pseudo-terminal, once its other side is closed."""
    printed = b""
    with contextlib.suppress(OSError):  # how Linux says that there is no more
        while data := os.read(screen, 1_000):
            printed += data
    os.close(screen)
    return printed.decode()
