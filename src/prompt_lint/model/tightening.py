"""What `tighten` makes of each limit of the configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.errors import ExitCode
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Problem, Verdict


# Why a limit stays that is as near to its largest prompt as it is to be.
LOW_ENOUGH = "it is low enough"


class TightenedLimit(NamedTuple):
    """A limit at `key_path` of a configuration, as it is written there: `text`, which means so many `tokens`, None for a share.

    `rule` is that of the entry, None for the limit at the top; `group` is its name if it is a group. `largest` is the
    largest prompt of those that the limit judges. A limit that is lowered has `new_text` and `new_tokens`; for one that
    stays, `reason` says why.
    """

    key_path: tuple[str | int, ...]
    line: int
    text: str
    tokens: int | None
    rule: Rule | None
    group: str
    largest: Verdict | None
    new_text: str = ""
    new_tokens: int | None = None
    reason: str = ""


class TightenedFile(NamedTuple):
    """A configuration, with its text before and after. `is_written` says that its file has the new text."""

    config_path: str
    text: str
    new_text: str
    lowered: Sequence[TightenedLimit]
    kept: Sequence[TightenedLimit]
    is_written: bool = False


class Tightening(NamedTuple):
    """All that a run of `tighten` reports. `is_check` says that it was asked whether limits can be lowered."""

    files: Sequence[TightenedFile]
    problems: Sequence[Problem]
    exit_code: ExitCode
    is_check: bool = False

    def count_lowered(self, *, is_written: bool) -> int:
        """Return how many limits were lowered, or only could be."""
        return sum(len(file.lowered) for file in self.files if file.is_written is is_written)
