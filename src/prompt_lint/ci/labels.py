"""What the labels of a pull request decide: whether prompts may be over their limits, and limits may be raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.ci.context import Context
    from prompt_lint.model.values import OnRaise

_PREFIX = "label:"
_PLAIN: Mapping[str, OnRaise] = {"note": "note", "warn": "warn", "fail": "fail"}


def has_label(context: Context | None, label: str) -> bool:
    """Return whether the run is for a pull request that has a label. GitHub takes upper and lower case for the same."""
    names = context.labels or () if context else ()
    return bool(label) and label.casefold() in {name.casefold() for name in names}


def read_raise_label(on_raise: str) -> str:
    """Return NAME of `on_raise: label:NAME`; "" for another value."""
    return on_raise.removeprefix(_PREFIX) if on_raise.startswith(_PREFIX) else ""


def decide_on_raise(on_raise: str, context: Context | None) -> tuple[OnRaise, str]:
    """Return what a raised limit means in this run, and the label that decides it, "" for none.

    With `label:NAME` it is a warning where the pull request has the label, and fails where it hasn't, or nobody says which
    labels it has. Where there is no pull request, nobody could add the label, so it is a warning.
    """
    label = read_raise_label(on_raise)
    if not label:
        return _PLAIN[on_raise], ""
    if context is None or context.kind != "pull_request":
        return "warn", ""
    return "warn" if has_label(context, label) else "fail", label
