"""A report → text, JSON, Markdown, SARIF …, one module for each; what several of them say; where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_lint.model.lazy_table import LazyTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.values import Report


class View(NamedTuple):
    """How a person wants to see a report. Outputs for machines ignore it.

    `verbosity`: -1 shows only what fails, 0 what needs attention and a summary, 1 everything. `width` is that of the
    terminal in columns, None where there is none, so that no line is wrapped.
    """

    color: bool = False
    verbosity: int = 0
    width: int | None = None


class Output(Protocol):
    """A module that renders a report in one format. Formats map; they don't judge."""

    def render(self, report: Report, view: View) -> str:
        """Return the whole output, ending with a newline; "" where there is nothing to say."""


# Output formats by name. A new one is a module and a line; the tests compare each with the protocol.
OUTPUTS: Mapping[str, Output] = LazyTable(
    {
        "text": "prompt_lint.output.text.report",
        "json": "prompt_lint.output.json",
        "markdown": "prompt_lint.output.markdown.report",
        "github": "prompt_lint.output.github",
        "azure": "prompt_lint.output.azure",
        "sarif": "prompt_lint.output.sarif",
        "gitlab": "prompt_lint.output.gitlab",
        "junit": "prompt_lint.output.junit",
    }
)
