"""The table of output formats. A new one is a module and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prompt_lint.outputs import as_json, as_markdown, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model import Report, View


class Output(Protocol):
    """Report → text. Formats map; they don't judge."""

    def render(self, report: Report, view: View) -> str:
        """The whole output, ending with a newline."""


OUTPUTS: Mapping[str, Output] = {"text": as_text, "json": as_json, "markdown": as_markdown}
