"""What a task says to the agent of Azure Pipelines: issues in its log.

Sources: "Logging commands" in its documentation, and how the agent reads them, November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# The agent keeps so many issues of a type in a task, the first ones.
MAX_ISSUES = 10
MAX_MESSAGE_LENGTH = 4_096


def has_agent(env: Mapping[str, str]) -> bool:
    """Whether Azure's agent reads what this process writes."""
    return env.get("TF_BUILD", "").lower() == "true"


def format_issue(level: str, message: str, **properties: str) -> str:
    """Return `##vso[task.logissue type=level;…]message`, escaped. The message is cut where Azure would cut it."""
    pairs = ";".join(f"{name}={_escape(value)}" for name, value in ({"type": level} | properties).items())
    message = message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[: MAX_MESSAGE_LENGTH - 1]}…"
    return f"##vso[task.logissue {pairs}]{_escape(message)}"


def _escape(text: str) -> str:
    """Escape a property or a message: the agent reads both in the same way."""
    text = text.replace("%", "%AZP25").replace(";", "%3B").replace("]", "%5D")
    return text.replace("\r", "%0D").replace("\n", "%0A")
