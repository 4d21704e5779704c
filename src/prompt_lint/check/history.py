"""Prompts in the commits of a history: each content is read and counted once, by today's rules."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.past_files import PastFiles
from prompt_lint.check.read_prompts import IncludeReader, parse_file
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.counting.processes import CountJob
from prompt_lint.counting.sources import OfflineStandIn, count_all
from prompt_lint.model.counts import EMPTY_COUNT, Count, CountKey
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.history import History, PromptHistory, sum_point
from prompt_lint.model.values import MAX_ROWS_PER_FILE, Note, Problem, Prompt
from prompt_lint.repo.commit_tree import CommitTree, LostObjects, PartialCommitTree
from prompt_lint.repo.history import stream_changes
from prompt_lint.repo.objects import ObjectReader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence

    from prompt_lint.check.past_files import FileName
    from prompt_lint.config.configuration import Config
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.counts import Outcome
    from prompt_lint.model.history import Every, Point
    from prompt_lint.model.rules import Rule
    from prompt_lint.repo.arguments import PastPath
    from prompt_lint.repo.entries import Entry
    from prompt_lint.repo.working_tree import WorkingTree

_DAY = 86_400
# Monday was the fourth day of Unix time.
_MONDAY = 4 * _DAY
_PERIODS: Mapping[str, Callable[[Point], object]] = {
    "commit": lambda point: point.commit,
    "day": lambda point: point.time // _DAY,
    "week": lambda point: (point.time - _MONDAY) // (7 * _DAY),
}


class _Reading(NamedTuple):
    """What a file's content holds: names of prompts and digests of requests, "" for a blank one; and why it isn't all."""

    prompts: tuple[tuple[str, str], ...]
    reason: str


class _FileHistory(NamedTuple):
    """What a file held from point to point, and the paths that it had.

    `readings` are the changes, the newest first, each with the number of its newest point (0 is the newest of all). A reading
    is None where the file wasn't there.
    """

    rule: Rule
    paths: dict[str, None]
    readings: list[tuple[int, _Reading | None]]


def read_history(
    tree: WorkingTree,
    config: Config,
    paths: Sequence[PastPath],
    commits: Sequence[Point],
    every: Every,
    model: str,
    sources: CountSources,
) -> History:
    """Return the history of the prompts below `paths`, or of all where no path is given.

    The last of each period's `commits`, which are the newest first, is a point. Paths may be of today or of any point.
    Raises `Fatal` where there was no prompt at one of `paths`, git refuses, or folders of a commit aren't in this clone.
    """
    with ObjectReader(tree.top) as objects:
        reader = _HistoryReader(tree, config, objects, model)
        jobs = reader.read(commits, every, sources)
        results = count_all(jobs, sources._replace(origins=("offline",)))

    def find_outcome(digest: str) -> Outcome:
        outcome = results.outcomes[CountKey(model, digest)] if digest else EMPTY_COUNT
        return outcome.offline_count if isinstance(outcome, OfflineStandIn) else outcome

    points, files = reader.points, _select_files(reader.files, paths, every)
    # Of single commits, only those are shown that changed a prompt: the one before has another reading.
    changed = {number - 1 for _, file in files for number, _ in file.readings} | {0, len(points) - 1}
    kept = [number for number in reversed(range(len(points))) if every != "commit" or number in changed]
    notes: list[Note] = []
    prompts = [
        prompt for name, file in files for prompt in _make_prompts(name, file, kept, find_outcome, notes)
    ]
    return _trim(History(model, every, 0, [points[number] for number in kept], prompts, notes), commits)


def _select_files(
    files: Mapping[FileName, _FileHistory], paths: Sequence[PastPath], every: Every
) -> list[tuple[FileName, _FileHistory]]:
    """Return the files that were at or below one of `paths`, or all. Raises `Fatal` for a path without any."""
    if not paths:
        return sorted(files.items())
    selected: dict[FileName, _FileHistory] = {}
    for argument, _, matches in paths:
        of_path = {name: file for name, file in files.items() if any(map(matches, {name.path, *file.paths}))}
        if not of_path:
            when = "in any of these commits" if every == "commit" else f"at the end of any of these {every}s"
            others = "" if every == "commit" else "`--every commit` looks at the commits between; "
            hint = f"{others}`prompt-lint history` shows the prompts that there were"
            raise Fatal(f"there was no prompt at `{argument}` {when}", hint)
        selected |= of_path
    return sorted(selected.items())


class _HistoryReader:
    """Reads the prompts of one point after another, the newest first."""

    def __init__(self, tree: WorkingTree, config: Config, objects: ObjectReader, model: str) -> None:
        self.points: list[Point] = []
        self.files: dict[FileName, _FileHistory] = {}
        self._tree, self._objects = tree, objects
        self._matcher, self._config_paths = compile_config(config), set(config.list_paths())
        self._model = model
        self._matched: dict[FileName, MatchedFile] = {}
        # The other paths that a file asked for when it was read. What asked for none is known by its content.
        self._requested: dict[FileName, Collection[str]] = {}
        self._known: dict[tuple[str, str, tuple[str, str]], _Reading] = {}
        self._seen: set[str] = set()

    def read(self, commits: Sequence[Point], every: Every, sources: CountSources) -> Iterator[CountJob]:
        """Read the points among the commits, and yield what is to be counted."""
        period = _PERIODS[every]
        is_point = [
            number in {0, len(commits) - 1} or period(commit) != period(commits[number - 1])
            for number, commit in enumerate(commits)
        ]
        sources.progress.expect_files(sum(is_point), "commits")
        head = self._open_commit(commits[0])
        files = PastFiles(head.list_entries(), self._matcher, self._config_paths)
        changes = stream_changes(self._tree, commits)
        changed: set[str] = set()
        for commit, is_wanted in zip(commits, is_point, strict=True):
            if is_wanted:
                yield from self._read_point(commit, files, changed)
                sources.progress.add_file()
                changed = set()
            changed |= files.move_back(next(changes, []))
        sources.progress.end_files()

    def _open_commit(self, point: Point) -> CommitTree:
        tree = self._tree
        return CommitTree(tree.top, point.commit, objects=self._objects, max_file_size=tree.max_file_size)

    def _read_point(self, point: Point, files: PastFiles, changed: set[str]) -> Iterator[CountJob]:
        """Read the files of a point that aren't what they were at the newer one, from which the paths `changed` differ."""
        tree = self._open_commit(point)
        self.points.append(point)
        has_changed_links, before = files.has_changed_links, self._matched
        if files.is_rematch_needed:
            partial = PartialCommitTree(
                tree.top, tree.id, objects=self._objects, max_file_size=tree.max_file_size
            )
            self._matched = files.match(partial, before)
            for name in before.keys() - self._matched.keys():
                self._requested.pop(name, None)
                self._record(name, before[name], None)
        for name, file in self._matched.items():
            requested = self._requested.get(name)
            has_changed_imports = requested and (has_changed_links or not changed.isdisjoint(requested))
            if has_changed_imports or file.path in changed or file != before.get(name):
                reading = yield from self._find_reading(name, file, files.entries[file.path], tree)
                self._record(name, file, reading)

    def _find_reading(
        self, name: FileName, file: MatchedFile, entry: Entry, tree: CommitTree
    ) -> Generator[CountJob, None, _Reading]:
        """Return what a file holds, and yield what of it hasn't been counted. Content that is known isn't read again."""
        self._requested.pop(name, None)
        key = (file.display_path, entry.blob, file.rule.reading)
        if key not in self._known:
            reader = IncludeReader(tree)
            reading = yield from self._read_file(file, entry, tree, reader)
            if requested := reader.requested.keys() - {file.path}:
                self._requested[name] = requested
                return reading
            self._known[key] = reading
        return self._known[key]

    def _read_file(
        self, file: MatchedFile, entry: Entry, tree: CommitTree, reader: IncludeReader
    ) -> Generator[CountJob, None, _Reading]:
        """Yield what hasn't been counted of a file, and return what it holds."""
        prompts: list[tuple[str, str]] = []
        reason = missing = ""
        try:
            is_file = entry.kind == "file"
            data = tree.read_blob(entry.blob) if is_file else tree.read(tree.resolve(file.path))
            for prompt in parse_file(file.display_path, data, file.rule, reader):
                if isinstance(prompt, Problem) and prompt.exit_code is ExitCode.UNCOUNTED:
                    missing = missing or prompt.message
                if not isinstance(prompt, Prompt):
                    continue
                digest = prompt.request.digest() if prompt.request else ""
                prompts.append((prompt.name, digest))
                if prompt.request and digest not in self._seen:
                    self._seen.add(digest)
                    yield CountJob(digest, prompt.request, (self._model,), len(data), {})
        except Unreadable as error:
            reason = error.message
        except LostObjects:
            reason = "is not in this clone, or damaged; `git fetch --refetch --no-filter` fetches what a partial clone lacks"
        return _Reading(tuple(prompts), reason or missing)

    def _record(self, name: FileName, file: MatchedFile, reading: _Reading | None) -> None:
        number = len(self.points) - 1
        history = self.files.setdefault(name, _FileHistory(file.rule, {}, []))
        history.paths[file.display_path] = None
        if not history.readings or history.readings[-1][1] != reading:
            history.readings.append((number, reading))


def _make_prompts(
    name: FileName,
    file: _FileHistory,
    kept: Sequence[int],
    find_outcome: Callable[[str], Outcome],
    notes: list[Note],
) -> Iterator[PromptHistory]:
    """Yield the prompts of a file at the points `kept`. What was never counted is left out; gaps have a note."""
    former_paths = tuple(path for path in file.paths if path != name.path)
    # Whether a prompt was counted in other commits → why it wasn't in the newest of these.
    uncounted: dict[bool, str] = {}
    for prompt, steps in _list_steps(file, find_outcome):
        outcomes = _select_outcomes(steps, kept)
        is_counted = any(isinstance(outcome, Count) for outcome in outcomes)
        reasons = (outcome.message for outcome in reversed(outcomes) if isinstance(outcome, Unreadable))
        if reason := next(reasons, ""):
            uncounted.setdefault(is_counted, reason)
        if is_counted:
            yield PromptHistory(name.path, prompt, former_paths, file.rule, outcomes)
    for is_counted, reason in uncounted.items():
        effect = "some commits, where it has a gap" if is_counted else "any commit, so it is in no sum"
        notes.append(Note(f"can't be counted in {effect}: {reason}", name.path))


def _list_steps(
    file: _FileHistory, find_outcome: Callable[[str], Outcome]
) -> Iterator[tuple[str, list[tuple[int, Outcome | None]]]]:
    """Yield each prompt of a file by its name, with its outcomes and the points since which it had them.

    A file that was never read has one, without a name.
    """
    is_sum = any(reading and len(reading.prompts) > MAX_ROWS_PER_FILE for _, reading in file.readings)
    columns = [
        (number, reading, _find_outcomes(reading, find_outcome, is_sum=is_sum))
        for number, reading in file.readings
    ]
    keys = dict.fromkeys(key for _, _, outcomes in columns for key in outcomes) or {("", 0): None}
    for key in keys:
        steps = []
        for number, reading, outcomes in columns:
            missing = Unreadable(reading.reason) if reading and reading.reason else None
            steps.append((number, outcomes.get(key, missing)))
        yield key[0], steps


def _find_outcomes(
    reading: _Reading | None, find_outcome: Callable[[str], Outcome], *, is_sum: bool
) -> dict[tuple[str, int], Outcome]:
    """Return the outcomes of a file's prompts by their names, and by a number where several have one name."""
    if reading is None or (is_sum and reading.reason):
        return {}
    if is_sum:
        total = sum_point([find_outcome(digest) for _, digest in reading.prompts])
        return {("", 0): total} if total else {}
    numbers: Counter[str] = Counter()
    outcomes = {}
    for name, digest in reading.prompts:
        outcomes[name, numbers[name]] = find_outcome(digest)
        numbers[name] += 1
    return outcomes


def _select_outcomes(
    steps: Sequence[tuple[int, Outcome | None]], kept: Sequence[int]
) -> list[Outcome | None]:
    """Return the outcomes at the points `kept`, the oldest first. At newer points than the first step there was nothing."""
    starts = [number for number, _ in steps]
    positions = (bisect_right(starts, number) for number in kept)
    return [steps[position - 1][1] if position else None for position in positions]


def _trim(history: History, commits: Sequence[Point]) -> History:
    """Return the history without the points and the `commits` before the first prompt; without prompts, its last point."""
    if not history.prompts:
        return history._replace(commits=len(commits), points=history.points[-1:])
    first = min(
        next(n for n, outcome in enumerate(prompt.outcomes) if outcome is not None)
        for prompt in history.prompts
    )
    prompts = [prompt._replace(outcomes=prompt.outcomes[first:]) for prompt in history.prompts]
    points = history.points[first:]
    return history._replace(commits=commits.index(points[0]) + 1, points=points, prompts=prompts)
