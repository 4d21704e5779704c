"""`prompt-lint models`: the models that are known, and how sure their offline counts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prompt_lint.cli import options
from prompt_lint.cli.commands import Command
from prompt_lint.counting.intervals import find_texts_margin
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.models import MODELS
from prompt_lint.output.phrases import describe_basis
from prompt_lint.output.terminal import write_stdout
from prompt_lint.output.text.pieces import align_columns
from prompt_lint.text.escape import dump_json

if TYPE_CHECKING:
    from prompt_lint.counting.margins import Margin

_SCHEMA_VERSION = 1
_LEGEND = """
± is the interval that the API's number is in, for prompts of text; docs/accuracy.md has those of tools and images.
measured: compared with so many counts of the API. documented: counts as the model before it, by its documentation.
assumed: neither. Its counts are marked as unverified. Ids of newer models are accepted, and are unverified, too.
"""


@click.command("models", cls=Command, page="models.md")
@options.output_format()
def command(output_format: str) -> ExitCode:
    """List the known models.

    With their context windows and tokenizers, and how sure the offline count is.
    """
    write_stdout(_render_json() if output_format == "json" else _render_table())
    return ExitCode.OK


def _render_table() -> str:
    rows = [("model", "context", "tokenizer", "offline count")]
    for model in MODELS:
        sureness = f"{_format_margin(find_texts_margin(model))}, {describe_basis(model)}"
        rows.append((model.id, f"{model.context_window:,}", model.tokenizer_family, sureness))
    return "".join(f"{line}\n" for line in align_columns(rows, left=(0, 2, 3))) + _LEGEND


def _format_margin(margin: Margin) -> str:
    """Return `±2 tokens`, or `±1% or 3 tokens` where the larger of the two applies."""
    share = f"{margin.share * 100:g}% or " if margin.share else ""
    return f"±{share}{margin.tokens} tokens"


def _render_json() -> str:
    return dump_json(
        {
            "schema_version": _SCHEMA_VERSION,
            "models": [
                {
                    "id": model.id,
                    "context_window": model.context_window,
                    "tokenizer": model.tokenizer_family,
                    "basis": model.basis,
                    "requests": model.recorded_requests,
                    "unverified": model.basis == "assumed",
                    "margin": find_texts_margin(model)._asdict(),
                }
                for model in MODELS
            ],
        }
    )
