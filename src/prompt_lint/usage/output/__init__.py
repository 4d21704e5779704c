"""The table of formats of `report`. A new one is a module and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prompt_lint.usage.output import csv, html, json, markdown, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.usage.figures import UsageReport


class ReportFormat(Protocol):
    """Report → text. Formats map; they don't judge."""

    def render(self, report: UsageReport, *, color: bool = False) -> str:
        """The whole output, ending with a newline. `color` is for terminals."""


REPORTS: Mapping[str, ReportFormat] = {
    "text": text,
    "markdown": markdown,
    "json": json,
    "csv": csv,
    "html": html,
}
