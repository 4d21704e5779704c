"""What outputs call the status of a prompt, with its mark, colour and meaning: one table, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prompt_lint.model.rules import Loosening
    from prompt_lint.model.values import OnRaise, Verdict

# A status, or why being over its limit fails nothing: the limit is new or was lowered, or the prompt was over before
# this change.
ShownStatus = Literal["over", "grew", "uncounted", "unsure", "exempt", "warn", "tighter", "inherited", "ok"]

# Parameters of the escape sequence "Select Graphic Rendition".
_RED, _MAGENTA, _YELLOW, _GREEN = "1;31", "1;35", "33", "32"


class StatusWords(NamedTuple):
    """What one status is called in each place.

    `label` begins a line of the text: in capitals where it fails the run. `mark` begins a row of a Markdown table, in
    which it must not be broken. `meaning` is for legends, `remark` for the end of a line about a change.
    """

    label: str
    color: str
    mark: str
    meaning: str
    remark: str = ""


STATUS_WORDS: Mapping[ShownStatus, StatusWords] = {
    "over": StatusWords("OVER", _RED, "❌\u00a0over", "over its limit, also by the lowest number of its interval"),
    "grew": StatusWords("GREW", _RED, "❌\u00a0grew", "grew by more than `max_growth` allows"),
    "uncounted": StatusWords("ERROR", _RED, "❌\u00a0not\u00a0counted", "can't be read or counted, or a mistake"),
    "unsure": StatusWords(
        "unsure", _MAGENTA, "❓\u00a0unsure", "the limit lies inside the interval: only an exact count can tell"
    ),
    "exempt": StatusWords("exempt", _YELLOW, "⏳\u00a0exempt", "would fail, but is listed in `exempt`, or accepted by a label of the pull request"),
    "tighter": StatusWords(
        "tighter",
        _YELLOW,
        "⚠️\u00a0tighter",
        "over a limit that this change added or lowered, and not larger",
        ", over a new or lower limit",
    ),
    "inherited": StatusWords(
        "inherited", _YELLOW, "inherited", "over its limit before this change, too, and not larger", ", was over"
    ),
    "warn": StatusWords("near", _YELLOW, "⚠️\u00a0near", "within its limit, at or above `warn_at` of it", ", near"),
    "ok": StatusWords("ok", _GREEN, "✅", "within its limit, or without one"),
}  # fmt: skip

STATUS_RANKS: Mapping[ShownStatus, int] = {status: rank for rank, status in enumerate(STATUS_WORDS)}

# Of a file that the tool for which it is refuses or cuts off.
INVALID_WORDS = StatusWords(
    "INVALID", _RED, "❌", "its own tool refuses it or cuts it off, such as a skill with a bad name"
)

# Of what a change allows that the base didn't.
_RAISED = StatusWords("raised", _YELLOW, "⚠️", "this change raises the limit (RAISED with `on_raise: fail`)")
_LOOSENED = StatusWords(
    "loosened",
    _YELLOW,
    "⚠️",
    "this change loosens a rule otherwise, or adds an exemption (LOOSENED with `on_raise: fail`)",
)


def loosening_words(loosening: Loosening, on_raise: OnRaise) -> StatusWords:
    """Return the words for something that a change loosens: in capitals where that fails."""
    words = _LOOSENED if loosening.new_limit is None else _RAISED
    if on_raise == "fail":
        return words._replace(label=words.label.upper(), color=_RED, mark="❌")
    return words if on_raise == "warn" else words._replace(color="", mark="")


def shown_status(verdict: Verdict) -> ShownStatus:
    """Return the status, or why being over fails nothing."""
    if not verdict.is_preexisting:
        return verdict.status
    return "inherited" if verdict.was_over else "tighter"


def find_worst_status(verdicts: Iterable[Verdict]) -> ShownStatus:
    return min(map(shown_status, verdicts), key=STATUS_RANKS.__getitem__)


def list_labels() -> Iterator[tuple[str, str]]:
    """Yield each label of the text output with its meaning, those that fail first: the legend of help and docs."""
    over, grew, error, *others = STATUS_WORDS.values()
    for words in (over, grew, error, INVALID_WORDS, *others[:-1], _RAISED, _LOOSENED, others[-1]):
        yield words.label, words.meaning
