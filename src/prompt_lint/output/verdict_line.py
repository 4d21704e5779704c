"""The verdict of a run in one line that a person can quote: the last line of the text, the first of the Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import group_by_prompt
from prompt_lint.output.phrases import describe_prompts, merge_loosenings, percent_of_limit
from prompt_lint.output.status_words import STATUS_WORDS, find_worst_status
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.model.values import Prompt, PromptVerdicts, Report
    from prompt_lint.output.status_words import ShownStatus

    # Prompts with their verdicts, by the worst status among these.
    _ByStatus = Mapping[ShownStatus, Sequence[PromptVerdicts]]

Level = Literal["fail", "doubt", "pass"]

_MARKS: Mapping[Level, str] = {"fail": "❌", "doubt": "⚠️", "pass": "✅"}
_FAILING: Sequence[ShownStatus] = ("over", "grew", "uncounted")
_OTHERS: Sequence[ShownStatus] = ("unsure", "exempt", "tighter", "inherited")
_DOUBTFUL: frozenset[ShownStatus] = frozenset({"unsure", "exempt", "tighter"})
# What is said of prompts with a status, of one and of several.
_PHRASES: Mapping[ShownStatus, tuple[str, str]] = {
    "over": ("over its limit", "over their limits"),
    "grew": ("grew too much", "grew too much"),
    "uncounted": ("not counted", "not counted"),
    "unsure": ("unsure", "unsure"),
    "exempt": ("exempt", "exempt"),
    "tighter": ("over a new or lower limit", "over a new or lower limit"),
    "inherited": ("over before this change", "over before this change"),
    "ok": ("within its limit", "within their limits"),
}


class VerdictLine(NamedTuple):
    """What came of a run. `doubt` is a run that passes with something to look at."""

    level: Level
    text: str

    @property
    def mark(self) -> str:
        """The sign that begins the sentence in Markdown."""
        return _MARKS[self.level]


def describe_verdict(report: Report, format_name: Callable[[Prompt], str]) -> VerdictLine:
    """Return the verdict, without a full stop: `2 of 41 prompts over their limits, 1 grew too much; 1 error`.

    Each prompt is counted once, by its worst status; those that aren't mentioned are within their limits. Where nothing
    fails, the prompt that fills its limit most is named, as `format_name` prints it.
    """
    by_status: dict[ShownStatus, list[PromptVerdicts]] = {status: [] for status in STATUS_WORDS}
    for each in group_by_prompt(report.verdicts):
        by_status[find_worst_status(each.verdicts)].append(each)
    failing = _describe_parts(_FAILING, by_status, is_first=True)
    faults = ", ".join(_describe_problems(report))
    loosened = _describe_loosened(report)
    if failing:
        others = _describe_parts(_OTHERS, by_status, is_first=False)
    else:
        others = _describe_success(report, by_status, format_name)
    is_failed = failing or faults or (loosened and report.on_raise == "fail")
    is_doubtful = loosened or not report.verdicts or any(by_status[status] for status in _DOUBTFUL)
    clauses = [failing, faults, loosened, others] if is_failed else [others, loosened]
    level: Level = "fail" if is_failed else "doubt" if is_doubtful else "pass"
    sentence = "; ".join(filter(None, clauses))
    return VerdictLine(level, sentence[:1].upper() + sentence[1:])


def _describe_parts(statuses: Sequence[ShownStatus], by_status: _ByStatus, *, is_first: bool) -> str:
    """Return how many prompts have each status; where `is_first`, the first number is `2 of 41 prompts`."""
    everything = [prompt for entries in by_status.values() for prompt, _ in entries]
    has_groups = any(prompt.is_group for prompt in everything)
    parts: list[str] = []
    for status in statuses:
        if prompts := [prompt for prompt, _ in by_status[status]]:
            number = describe_prompts(prompts) if has_groups else f"{len(prompts):,}"
            if is_first and not parts:
                number = _describe_share(prompts, everything)
            parts.append(f"{number} {_PHRASES[status][len(prompts) > 1]}")
    return ", ".join(parts)


def _describe_share(prompts: Sequence[Prompt], everything: Sequence[Prompt]) -> str:
    """Return `2 of 41 prompts and 1 group` for two of 41 prompts, and the only group."""
    parts: list[str] = []
    for is_group, noun in ((False, "prompt"), (True, "group")):
        number = sum(prompt.is_group == is_group for prompt in prompts)
        total = sum(prompt.is_group == is_group for prompt in everything)
        if number:
            parts.append(f"{f'{number:,} of ' if number < total else ''}{pluralize(total, noun)}")
    return " and ".join(parts)


def _describe_problems(report: Report) -> list[str]:
    """Return how many errors and invalid files there are. What explains a prompt that isn't counted is no other error."""
    uncounted = {verdict.prompt.path for verdict in report.verdicts if verdict.status == "uncounted"}
    invalid = {p.path for p in report.problems if p.exit_code == ExitCode.OVER_LIMIT}
    errors = sum(
        problem.exit_code == ExitCode.USAGE
        or (problem.exit_code == ExitCode.UNCOUNTED and problem.path not in uncounted)
        for problem in report.problems
    )
    numbers = ((errors, "error"), (len(invalid), "invalid file"))
    return [pluralize(number, noun) for number, noun in numbers if number]


def _describe_loosened(report: Report) -> str:
    """Return how many limits a change raises, or what it loosens otherwise; "" where that is only noted."""
    loosened = [loosening for loosening, _ in merge_loosenings(report)]
    if not loosened or report.on_raise == "note":
        return ""
    if all(loosening.new_limit is not None for loosening in loosened):
        return f"{pluralize(len(loosened), 'limit')} raised"
    return "1 limit or rule loosened" if len(loosened) == 1 else f"{len(loosened):,} limits or rules loosened"


def _describe_success(report: Report, by_status: _ByStatus, format_name: Callable[[Prompt], str]) -> str:
    """Return how many prompts are within their limits, and what is to be said of the others."""
    if not report.verdicts:
        return "nothing was checked"
    if all(verdict.limit is None for verdict in report.verdicts):
        return f"{describe_prompts(prompt for prompt, _ in group_by_prompt(report.verdicts))} counted"
    near, within = by_status["warn"], [*by_status["warn"], *by_status["ok"]]
    parts = {status: by_status[status] for status in _OTHERS}
    described = _describe_parts(["ok"], parts | {"ok": within}, is_first=True)
    verdicts = [verdict for _, verdicts in within for verdict in verdicts]
    fullest = max(verdicts, key=lambda verdict: verdict.fill_percent or -1, default=None)
    if fullest and fullest.limit is not None:
        name = f"{format_name(fullest.prompt)}, {percent_of_limit(fullest)} of {fullest.limit:,}"
        remarks = [f"fullest: {name}" if len(within) > 1 else name]
        if near:
            remarks.append("near" if len(within) == 1 else f"{len(near):,} near")
        described += f" ({'; '.join(remarks)})"
    others = _describe_parts(_OTHERS, by_status, is_first=not within)
    return ", ".join(filter(None, [described, others]))
