"""What outputs call the status of a prompt, with its mark and colour: one table, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.values import OnRaise, Verdict

# A status, or why being over its limit fails nothing: the limit is new or was lowered, or the prompt was over before
# this change.
ShownStatus = Literal["over", "grew", "uncounted", "unsure", "exempt", "warn", "tighter", "over before", "ok"]

# Parameters of the escape sequence "Select Graphic Rendition".
_RED, _MAGENTA, _YELLOW, _GREEN = "1;31", "1;35", "33", "32"


class StatusWords(NamedTuple):
    """What one status is called in each place.

    `label` begins a line of the text, `mark` a row of a Markdown table, in which it must not be broken. `summary` is for
    the last lines of the text, `remark` for the end of a line about a change.
    """

    label: str
    color: str
    mark: str
    summary: str = ""
    remark: str = ""


STATUS_WORDS: Mapping[ShownStatus, StatusWords] = {
    "over": StatusWords("OVER", _RED, "❌\u00a0over", "over"),
    "grew": StatusWords("GREW", _RED, "❌\u00a0grew", "grown too much"),
    "uncounted": StatusWords("ERROR", _RED, "❌\u00a0not\u00a0counted", "not counted"),
    "unsure": StatusWords("UNSURE", _MAGENTA, "❓\u00a0unsure", "unsure"),
    "exempt": StatusWords("exempt", _YELLOW, "⏳\u00a0exempt", "exempt"),
    "warn": StatusWords("near", _YELLOW, "⚠️\u00a0near", "near the limit", ", near"),
    "tighter": StatusWords(
        "tighter", _YELLOW, "⚠️\u00a0tighter", "over a new or lower limit", ", over a new or lower limit"
    ),
    "over before": StatusWords("before", _YELLOW, "over before", "over before", ", was over"),
    "ok": StatusWords("ok", _GREEN, "✅", "ok"),
}

# By what `on_raise` makes of a limit that a change loosens.
LOOSENED_WORDS: Mapping[OnRaise, StatusWords] = {
    "fail": StatusWords("LOOSER", _RED, "❌"),
    "warn": StatusWords("looser", _YELLOW, "⚠️"),
    "note": StatusWords("looser", "", ""),
}


# Of a file that the tool for which it is refuses or cuts off.
INVALID_WORDS = StatusWords("INVALID", _RED, "❌")


def shown_status(verdict: Verdict) -> ShownStatus:
    """Return the status, or why being over fails nothing."""
    if not verdict.is_preexisting:
        return verdict.status
    return "over before" if verdict.was_over else "tighter"
