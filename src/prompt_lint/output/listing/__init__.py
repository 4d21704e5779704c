"""What `list` shows: every prompt of a report, and the tokens that it imports; one module for each of its formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_lint.model.lazy_table import LazyTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.model.values import ImportShares, Prompt, Report, Verdict
    from prompt_lint.output import View


class Listing(NamedTuple):
    """A report of everything. `import_shares` has what other files add to a prompt, by prompt and model.

    `by` is what the text adds up by, "" for a table of prompts. `owners` has the owners of files, by real path, and
    `session_start` the sum of what Claude Code loads at the start of a session, where they were asked for.
    """

    report: Report
    import_shares: Mapping[tuple[Prompt, str], ImportShares] = {}
    by: str = ""
    owners: Mapping[str, Sequence[str]] = {}
    session_start: Verdict | None = None


class ListingOutput(Protocol):
    """A module that renders a listing in one format."""

    def render(self, listing: Listing, view: View) -> str:
        """Return the whole output, ending with a newline; "" where there is nothing to say."""


# The formats of `list` by name.
LISTING_OUTPUTS: Mapping[str, ListingOutput] = LazyTable(
    {
        "text": "prompt_lint.output.listing.table",
        "json": "prompt_lint.output.listing.json",
        "html": "prompt_lint.output.listing.html",
    }
)
