"""What a step says to GitHub's runner: annotations in its log, its outputs, the summary of the job.

Sources: "Workflow commands for GitHub Actions" in GitHub's documentation, and how runner 2.336 reads them, November 2026.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# GitHub keeps so many annotations of a level in a step, the first ones, and so many characters of a message.
MAX_ANNOTATIONS = 10
MAX_MESSAGE_LENGTH = 4_096
# GitHub drops a summary whole that is larger.
MAX_SUMMARY_BYTES = 1024 * 1024


def has_runner(env: Mapping[str, str]) -> bool:
    """Whether GitHub's runner reads what this process writes."""
    return env.get("GITHUB_ACTIONS") == "true"


def format_command(command: str, message: str, **properties: str) -> str:
    """Return `::command name=value,…::message`, escaped. The message may have several lines, and is cut where GitHub would cut it."""
    escaped = {
        name: _escape(value).replace(":", "%3A").replace(",", "%2C") for name, value in properties.items()
    }
    pairs = ",".join(f"{name}={value}" for name, value in escaped.items())
    # The runner looks for `::` by the rules of a language, to which a colon and an accent behind it are one letter.
    message = message if message[:1].isascii() else f" {message}"
    if len(message) > MAX_MESSAGE_LENGTH:
        message = f"{message[: MAX_MESSAGE_LENGTH - 1]}…"
    return f"::{command} {pairs}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def set_outputs(env: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Set outputs of the step. A random delimiter keeps a value from setting another one."""
    path = env.get("GITHUB_OUTPUT")
    if path:
        delimiter = f"end-{os.urandom(16).hex()}"
        entries = (f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in outputs.items())
        with open(path, "ab") as file:
            file.write(_encode("".join(entries)))


def append_summary(path: str, render: Callable[[int], str], separator: str = "") -> bool:
    """Append to the summary of the job what `render` makes of the bytes that are left. Return whether that is anything.

    `separator` comes before it where the summary isn't empty. Raises `OSError`.
    """
    with open(path, "ab") as file:
        start = separator if file.tell() else ""
        text = render(MAX_SUMMARY_BYTES - 1 - file.tell() - len(start))
        file.write(_encode(start + text if text else ""))
    return bool(text)


def count_bytes(text: str) -> int:
    """Return how many bytes of a summary a text takes."""
    return len(_encode(text))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
