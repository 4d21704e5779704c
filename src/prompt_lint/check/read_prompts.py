"""Files → prompts, each read once, with the files it includes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.cache.files import PromptEntry
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.repo.paths import is_in_git_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from prompt_lint.check.remembered_files import RememberedFiles
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.model.counts import Count
    from prompt_lint.model.rules import Group, Rule
    from prompt_lint.model.values import Part
    from prompt_lint.repo import Tree
    from prompt_lint.repo.working_tree import WorkingTree


# Of a file with more prompts nothing is kept for the next run.
MOST_PROMPTS = 100


class ReadPrompt(NamedTuple):
    """A prompt that was read, in a file of `size` bytes if it is the first there.

    `digest` is its request's; empty for a blank prompt. `counts` has a count for each model of the rule where they are
    known from the start, because the file hasn't changed. `group` is set for a group that is a request, and for each
    member of one that is a sum; `parts` are those of the request. `is_base` marks a prompt of the base. `includes` are
    the paths that reading it asked for, as in `IncludeReader.requested`.
    """

    prompt: Prompt
    rule: Rule
    digest: str = ""
    size: int = 0
    counts: tuple[Count, ...] = ()
    group: Group | None = None
    parts: tuple[Part, ...] = ()
    is_base: bool = False
    includes: Mapping[str, bytes | None] = {}

    @classmethod
    def of(cls, prompt: Prompt, rule: Rule, size: int) -> ReadPrompt:
        return cls(prompt, rule, prompt.request.digest() if prompt.request else "", size)


# What comes of reading a file: its prompts, and what is to be reported.
ReadResult = ReadPrompt | Problem | Note


class Diagnostics(NamedTuple):
    """What a run has to report beside the prompts; added to as reading goes on."""

    problems: list[Problem]
    notes: list[Note]

    def sort(self, results: Iterable[ReadResult]) -> Iterator[ReadPrompt]:
        """Yield the prompts, and add what is to be reported."""
        for result in results:
            if isinstance(result, ReadPrompt):
                yield result
            elif isinstance(result, Problem):
                self.problems.append(result)
            else:
                self.notes.append(result)


class IncludeReader:
    """Reads the files that a prompt includes, and remembers which paths it was asked for. Without a tree it has none."""

    def __init__(self, tree: Tree | None, blank: Collection[str] = frozenset()) -> None:
        """`blank` are real paths of files that are read as if they were empty, because they are counted elsewhere."""
        self.tree = tree
        self.blank = blank
        # The stamp of each path's file; b"" where nothing is there, None where a change might not be seen.
        self.requested: dict[str, bytes | None] = {}

    def include(self, path: str) -> tuple[str, bytes]:
        """Return the real path of the file that a prompt includes as `path`, and its bytes.

        The path comes from a prompt that isn't trusted. Raises `MissingFile` where there is no file, `NotInRepository`
        where other checkouts don't have it, `Unreadable` otherwise.
        """
        self.requested[path] = None
        if self.tree is None:
            raise MissingFile("is not there")
        if is_in_git_folder(path):
            raise NotInRepository("belongs to git itself")
        try:
            real = self.tree.resolve(path)
        except MissingFile:
            self.requested[path] = b""
            raise
        except Unreadable as error:
            raise NotInRepository(error.message, error.hint) from None
        self.requested[real] = None
        self.tree.require_shared(path, real)
        data, stamp = self.tree.read_stamped(real)
        if path == real and stamp:
            self.requested[real] = stamp
        return real, b"" if real in self.blank else data


def read_files(
    tree: WorkingTree, files: Iterable[MatchedFile], remembered: RememberedFiles
) -> Iterator[ReadResult]:
    for file in files:
        known = remembered.recall(file)
        if known is None:
            yield from _read_file(tree, file, remembered)
            continue
        entry, counts_of_prompts = known
        yield from entry.notes
        for prompt, counts in zip(entry.prompts, counts_of_prompts, strict=True):
            name, line, format_name, role, digest, imports = prompt
            placed = Prompt(file.path, name, line, None, file.aliases, format_name, role, imports=imports)
            yield ReadPrompt(placed, file.rule, digest, counts=counts, includes=entry.includes)


def _read_file(tree: WorkingTree, file: MatchedFile, remembered: RememberedFiles) -> Iterator[ReadResult]:
    path = file.read_as or file.path
    real_path = file.path if file.read_as else ""
    reader = IncludeReader(tree)
    prompts: list[PromptEntry] = []
    reported: list[Problem | Note] = []
    try:
        data, stamp = tree.read_stamped(file.path)
        size = len(data)
        for result in parse_file(path, data, file.rule, reader):
            if not isinstance(result, Prompt):
                reported.append(result)
                yield result
                continue
            placed = result._replace(aliases=file.aliases, real_path=real_path)
            read = ReadPrompt.of(placed, file.rule, size)
            size = 0  # of the file, and so of its first prompt
            if len(prompts) <= MOST_PROMPTS:  # a file may hold 100,000
                prompts.append(
                    PromptEntry(
                        result.name, result.line, result.format, result.role, read.digest, result.imports
                    )
                )
            yield read._replace(includes=reader.requested)
    except Unreadable as error:
        yield Problem(path, error.line, error.message, error.hint)
    else:
        notes = [each for each in reported if isinstance(each, Note)]
        if len(prompts) <= MOST_PROMPTS and len(notes) == len(reported):
            remembered.remember(file, stamp, prompts, notes, reader.requested)


def parse_file(
    path: str, data: bytes, rule: Rule, reader: IncludeReader
) -> Iterator[Prompt | Problem | Note]:
    """Yield the prompts in the bytes of a file, and what is to be reported. Raises `Unreadable`."""
    format_name = recognise(path, data, rule).name
    for result in FORMATS[format_name].parse(path, data, rule, reader.include):
        if isinstance(result, Prompt):
            role = result.request.role() if result.request else rule.role
            yield result._replace(format=format_name, role=role)
        else:
            yield result


def parse_prompts(path: str, data: bytes, rule: Rule, reader: IncludeReader) -> Iterator[Prompt]:
    """Yield the prompts alone, for those who report nothing. Raises `Unreadable`."""
    return (each for each in parse_file(path, data, rule, reader) if isinstance(each, Prompt))
