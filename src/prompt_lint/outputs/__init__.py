"""The table of output formats. A new one is a module and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prompt_lint.outputs import (
    as_azure,
    as_github,
    as_gitlab,
    as_json,
    as_junit,
    as_markdown,
    as_sarif,
    as_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model import Report, View


class Output(Protocol):
    """Report → text. Formats map; they don't judge."""

    def render(self, report: Report, view: View) -> str:
        """The whole output, ending with a newline; empty where there is nothing to say."""


OUTPUTS: Mapping[str, Output] = {
    "text": as_text, "json": as_json, "markdown": as_markdown, "github": as_github, "azure": as_azure,
    "sarif": as_sarif, "gitlab": as_gitlab, "junit": as_junit,
}  # fmt: skip
