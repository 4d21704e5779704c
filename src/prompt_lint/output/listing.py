"""What `list` shows: every prompt of a report, and the tokens that it imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import group_by_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import ImportShares, Prompt, Report, Verdict

# A file with more prompts is one row of the table, and isn't read again for its imports.
MAX_ROWS_PER_FILE = 10


class Listing(NamedTuple):
    """A report of everything. `import_shares` has what other files add to a prompt, by prompt and model.

    `owners` has the owners of files, by real path, where they were asked for.
    """

    report: Report
    import_shares: Mapping[tuple[Prompt, str], ImportShares]
    owners: Mapping[str, Sequence[str]] = {}

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of `check`, but for limits: nothing is judged here."""
        codes = {problem.exit_code for problem in self.report.problems}
        if ExitCode.USAGE in codes:
            return ExitCode.USAGE
        has_uncounted = any(verdict.status == "uncounted" for verdict in self.report.verdicts)
        return ExitCode.UNCOUNTED if has_uncounted or ExitCode.UNCOUNTED in codes else ExitCode.OK


class ListedPrompt(NamedTuple):
    """A prompt with its verdicts, one for each model."""

    prompt: Prompt
    verdicts: Sequence[Verdict]

    @property
    def tokens(self) -> int:
        """The largest of its counts."""
        return max(map(count_tokens, self.verdicts))

    def is_counted_for(self, model: str) -> bool:
        return any(verdict.model == model for verdict in self.verdicts)


def list_prompts(verdicts: Iterable[Verdict]) -> tuple[list[ListedPrompt], list[ListedPrompt]]:
    """Return the prompts and the groups, in their order."""
    prompts: list[ListedPrompt] = []
    groups: list[ListedPrompt] = []
    for prompt, of_prompt in group_by_prompt(verdicts):
        (groups if prompt.is_group else prompts).append(ListedPrompt(prompt, of_prompt))
    return prompts, groups


def count_tokens(verdict: Verdict) -> int:
    """Return the tokens of a verdict, 0 where it wasn't counted."""
    return verdict.token_count.tokens if verdict.token_count else 0


def counts_by_model(prompts: Iterable[ListedPrompt]) -> dict[str, list[Count]]:
    """Return the counts for each model; none for a model for which nothing could be counted."""
    counts: dict[str, list[Count]] = {}
    for verdict in (verdict for prompt in prompts for verdict in prompt.verdicts):
        counts.setdefault(verdict.model, []).extend([verdict.token_count] if verdict.token_count else [])
    return counts


def split_by_model(prompts: Sequence[ListedPrompt]) -> Iterator[tuple[str, list[ListedPrompt]]]:
    """Yield the model with the most tokens and the prompts that are counted for it; the same of the others, if there are any."""
    while prompts:
        sums = {model: sum(c.tokens for c in counts) for model, counts in counts_by_model(prompts).items()}
        model = max(sums, key=lambda model: sums[model])
        yield model, [each for each in prompts if each.is_counted_for(model)]
        prompts = [each for each in prompts if not each.is_counted_for(model)]
