"""The outputs of `report`: one module for each, with `render`. A new one is a module and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prompt_lint.usage.output import csv, html, json, markdown, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.model.values import Problem
    from prompt_lint.usage.values import UsageReport


class UsageOutput(Protocol):
    """A report → text. An output lays out what the report says, and decides nothing."""

    def render(self, report: UsageReport, *, color: bool = False) -> str:
        """Return the whole output, ending with a newline. `color` is for terminals."""

    def render_faults(self, problems: Sequence[Problem]) -> str:
        """Return the whole output where there is no report: why not, and what to do."""


USAGE_OUTPUTS: Mapping[str, UsageOutput] = {
    "text": text,
    "markdown": markdown,
    "json": json,
    "csv": csv,
    "html": html,
}
