"""What is printed to pseudo-terminals."""

from __future__ import annotations

import contextlib
import os


def read_screen(screen: int) -> str:
    """Return all that was printed to a pseudo-terminal, once its other side is closed."""
    printed = b""
    with contextlib.suppress(OSError):  # how Linux says that there is no more
        while data := os.read(screen, 1_000):
            printed += data
    os.close(screen)
    return printed.decode()
