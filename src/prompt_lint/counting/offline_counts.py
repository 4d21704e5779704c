"""Offline counts, made by `offline`, which is imported with the first one: most runs know all counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import Unreadable

if TYPE_CHECKING:
    from prompt_lint.model.counts import Count, Outcome
    from prompt_lint.model.values import Request


def count_request(model: str, request: Request) -> Count:
    """Return the tokens of a request, with the interval that the API's count is in. Raises `Unreadable`."""
    from prompt_lint.counting import offline  # noqa: PLC0415  # the tokenizer

    return offline.count_request(model, request)


def try_count_request(model: str, request: Request) -> Outcome:
    """Return what `count_request` does, or the error that it raises."""
    try:
        return count_request(model, request)
    except Unreadable as error:
        return error


def count_text(model: str, text: str) -> Count:
    """Return the tokens of a text without any frame: nearly what a section contributes to a prompt."""
    from prompt_lint.counting import offline  # noqa: PLC0415  # the tokenizer

    return offline.count_text(model, text)
