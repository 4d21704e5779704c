"""How large the prompts of the rules are. Only the largest of each kind are counted: a limit needs no more.

Counting 13 MB takes 8 seconds, counting the hundred files that decide one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import run_notes
from prompt_lint.check.read_prompts import IncludeReader, ReadPrompt, parse_file
from prompt_lint.check.verdicts import count_prompts
from prompt_lint.cli.init.inspection import DATA_FORMATS
from prompt_lint.config.values import PARTS
from prompt_lint.counting.sources import find_reason
from prompt_lint.model.counts import EMPTY_COUNT, Count
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.values import Problem, Prompt
from prompt_lint.request.flatten import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.values import Request
    from prompt_lint.output.progress import Progress
    from prompt_lint.repo.working_tree import WorkingTree

# Of few prompts all are counted, of many so many at a time, until none of the rest can be among the largest.
_FEW = 40
_FEW_TOKENS = 30_000
_BATCH = 12
# As many of the largest have to be known: an outlier is judged by the next ones.
RANKS = 4
# How far an estimate may be from the ratio of those that were counted.
_DOUBT = 1.15
# Bytes for a token: of letters and spaces, and of everything else. Prompts of public repositories, November 2026.
_BYTES_OF_WORDS, _BYTES_OF_OTHERS = 4.4, 1.6
_WORDS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ \n"


class Size(NamedTuple):
    """A prompt of a file, and its count for the model that counts most; None where only the estimate is known."""

    prompt: Prompt
    estimate: float
    token_count: Count | None = None

    @property
    def high(self) -> int:
        return self.token_count.high if self.token_count else 0


class Reading(NamedTuple):
    """The prompts of a file, what breaks a rule of its tool, and why it can't be measured, if it can't."""

    prompts: Sequence[ReadPrompt]
    problems: Sequence[Problem]
    fault: Problem | None = None


class Reader:
    """Reads each file once, however often a draft is revised."""

    def __init__(self, tree: WorkingTree, progress: Progress) -> None:
        self.tree = tree
        self._progress = progress
        self._readings: dict[tuple[str, str, str, str], Reading] = {}

    def read_files(self, files: Sequence[MatchedFile]) -> list[Reading]:
        """Return the reading of each file, in the same order."""
        unread = {key: file for file in files if (key := _make_key(file)) not in self._readings}
        self._readings |= {key: self._read(unread[key]) for key in self._progress.track_files(unread)}
        return [self._readings[_make_key(file)] for file in files]

    def _read(self, file: MatchedFile) -> Reading:
        path = file.display_path
        try:
            data = self.tree.read(file.path)
            results = list(parse_file(path, data, file.rule, IncludeReader(self.tree)))
        except Unreadable as error:
            return Reading((), (), Problem(path, error.line, error.message, error.hint))
        problems = [each for each in results if isinstance(each, Problem)]
        faults = [problem for problem in problems if problem.exit_code is not ExitCode.OVER_LIMIT]
        if faults:
            return Reading((), (), faults[0])
        prompts = [
            ReadPrompt(each, file.rule, size=len(data)) for each in results if isinstance(each, Prompt)
        ]
        return Reading(prompts, problems)


def _make_key(file: MatchedFile) -> tuple[str, str, str, str]:
    """Return what a reading depends on beside the tree."""
    return file.path, file.read_as, file.rule.role, file.rule.format


def measure_largest(
    prompts: Mapping[str, Sequence[ReadPrompt]], sources: CountSources
) -> tuple[dict[str, list[Size]], list[Problem]]:
    """Return the sizes of the prompts of each kind, and why some can't be counted. Raises `Fatal` if the API fails.

    Of those of a kind and a name that has its own limit, all that can be among the `RANKS` largest are counted.
    """
    buckets: dict[tuple[str, str], list[ReadPrompt]] = {}
    for title, members in prompts.items():
        for read in members:
            name = read.prompt.name if read.prompt.name in PARTS else ""
            buckets.setdefault((title, name), []).append(read)
    problems: list[Problem] = []
    sizes = {
        key: [Size(read.prompt, _estimate(read.prompt.request)) for read in reads]
        for key, reads in buckets.items()
    }
    while chosen := {(key, number) for key, members in sizes.items() for number in _choose_next(members)}:
        order = sorted(chosen, key=lambda place: (str(place[0]), place[1]))
        counts = _count([buckets[key][number] for key, number in order], sources, problems)
        for (key, number), count in zip(order, counts, strict=True):
            sizes[key][number] = sizes[key][number]._replace(token_count=count)
    by_title: dict[str, list[Size]] = {}
    for (title, _), measured in sizes.items():
        by_title.setdefault(title, []).extend(measured)
    return by_title, problems


def estimate_total(sizes: Iterable[Size]) -> int:
    """Return about how many tokens there are: what was counted, and the estimates by the ratio that this shows."""
    sizes = list(sizes)
    counted = sum(size.token_count.tokens for size in sizes if size.token_count)
    known = sum(size.estimate for size in sizes if size.token_count)
    rest = sum(size.estimate for size in sizes if not size.token_count)
    return round(counted + rest * (counted / known if known else 1))


def _choose_next(sizes: Sequence[Size]) -> list[int]:
    """Return the positions of prompts to be counted next; none once the largest are known."""
    open_numbers = [number for number, size in enumerate(sizes) if not size.token_count]
    open_numbers.sort(key=lambda number: -sizes[number].estimate)
    if len(sizes) <= _FEW or sum(size.estimate for size in sizes) <= _FEW_TOKENS:
        return open_numbers
    # Not every request can be counted offline, so all of these are.
    data = [number for number in open_numbers if sizes[number].prompt.format in DATA_FORMATS]
    counted = [size for size in sizes if size.token_count]
    if not counted:
        return sorted({*data, *open_numbers[:_BATCH]})
    ratio = max((size.high / size.estimate for size in counted if size.estimate), default=1.0) * _DOUBT
    least = sorted((size.high for size in counted), reverse=True)[:RANKS][-1]
    return [number for number in open_numbers[:_BATCH] if sizes[number].estimate * ratio > least]


def _estimate(request: Request | None) -> float:
    if not request:
        return 0.0
    fields = request.fields
    text = "".join(flatten(fields[key]) for key in ("system", "tools", "messages") if key in fields)
    data = text.encode("utf-8", "surrogatepass")
    others = len(data.translate(None, _WORDS))
    return (len(data) - others) / _BYTES_OF_WORDS + others / _BYTES_OF_OTHERS


def _count(reads: Sequence[ReadPrompt], sources: CountSources, problems: list[Problem]) -> list[Count]:
    """Return the largest count of each prompt among its models; 0 tokens, and a problem, for one that can't be counted."""
    keyed = [
        read._replace(digest=read.prompt.request.digest()) if read.prompt.request else read for read in reads
    ]
    outcomes, results = count_prompts(keyed, sources, len(keyed))
    if results.failures:
        outage = run_notes.describe_outage(results, fails=False)
        raise Fatal(outage.message, outage.hint, ExitCode.UNCOUNTED)
    counts = []
    for read, of_models in outcomes:
        if reason := next(filter(None, map(find_reason, of_models)), None):
            problems.append(Problem(read.prompt.path, read.prompt.line, reason.message, reason.hint))
        known = [outcome for outcome in of_models if isinstance(outcome, Count)]
        counts.append(max(known, key=lambda count: count.high) if known else EMPTY_COUNT)
    return counts
