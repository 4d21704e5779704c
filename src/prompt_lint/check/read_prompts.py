"""Files → prompts, each read once, with what it takes in from others."""

from __future__ import annotations

import re
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.formats import FORMATS, inclusions, recognise
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.repo.safe_read import mark
from prompt_lint.repo.working_tree import is_gits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.model.values import Count, Group, Part, Rule
    from prompt_lint.repo.commit_tree import Commit
    from prompt_lint.repo.working_tree import WorkingTree


class Found(NamedTuple):
    """A prompt, in a file of `size` bytes if it is the first there. `digest` is its request's; empty without one.

    `counts` are there from the start where the file hasn't changed; `stamp` and `contents` are, where its counts will do
    for the next run: what tells of a change, and what the contents are known by. `group` is set for a group that is a request, and for each member of one that is a sum; `parts` are
    those of the request. `base` marks what the base had at that path.
    """

    prompt: Prompt
    rule: Rule
    digest: str = ""
    size: int = 0
    stamp: bytes = b""
    contents: bytes = b""
    counts: tuple[Count, ...] = ()
    group: Group | None = None
    parts: tuple[Part, ...] = ()
    base: bool = False


def found(prompt: Prompt, rule: Rule, size: int) -> Found:
    return Found(prompt, rule, prompt.request.digest() if prompt.request else "", size)


class Remarks(NamedTuple):
    """What reading has to say beside the prompts; added to as it goes on."""

    problems: list[Problem]
    notes: list[Note]


class Companions:
    """Reads what a file takes in from others of its tree, and remembers what was asked for. Without a tree there are none."""

    def __init__(self, tree: WorkingTree | Commit | None, cap: int) -> None:
        self.tree = tree
        self.cap = cap
        self.asked: set[str] = set()

    def read(self, path: str) -> tuple[str, bytes]:
        """The real path behind a path below the top, and its bytes. Raises `Missing`, `Unreadable`."""
        self.asked.add(path)
        if self.tree is None:
            raise MissingFile("is not there")
        real = self.tree.resolve(path)
        self.asked.add(real)
        return real, self.tree.read(real, self.cap)

    def include(self, path: str) -> tuple[str, bytes]:
        """The same for a path that a prompt names, and whoever wrote the prompt need not be trusted.

        Raises `Missing`, also for a folder; `Elsewhere` for what not every checkout has; `Unreadable`.
        """
        self.asked.add(path)
        if self.tree is None:
            raise MissingFile("is not there")
        if is_gits(path):
            raise NotInRepository("belongs to git itself")
        try:
            real = self.tree.resolve(path)
        except MissingFile:
            raise
        except Unreadable as error:
            raise NotInRepository(error.message, error.hint) from None
        self.asked.add(real)
        self.tree.require_shared(path, real)
        return real, self.tree.read(real, self.cap)


def read_all(
    tree: WorkingTree,
    owned: Iterable[MatchedFile],
    known: Mapping[str, tuple[Count, ...]],
    cap: int,
    said: Remarks,
) -> Iterator[Found]:
    """Every prompt of every file. What is wrong with a file is added to what is `said`, and the rest goes on."""
    for path, rule, aliases, name in owned:
        counts = () if name else known.get(path)
        if counts:
            yield Found(Prompt(path, "", 1, None, aliases), rule, counts=counts)
            continue
        companions = Companions(tree, cap)
        remarks = len(said.problems), len(said.notes)
        try:
            data, stamp = tree.take(path, cap)
            prompts = parsed(name or path, data, rule, companions, said)
            start = list(islice(prompts, 2))
            # The path says all about a file of one prompt, of which nothing is to be said.
            alone = [one[1:3] for one in start] == [("", 1)] and not companions.asked
            alone = alone and not name and remarks == (len(said.problems), len(said.notes))
            # One at a time: a file may hold 100,000. What it weighs, it weighs once.
            for size, prompt in zip(chain([len(data)], repeat(0)), chain(start, prompts), strict=False):
                source = path if name else ""
                one = found(prompt._replace(aliases=aliases, real_path=source), rule, size)
                yield one._replace(stamp=stamp, contents=mark(data)) if alone else one
        except MissingFile:
            continue  # deleted and not yet staged: nothing is left that could be too large
        except Unreadable as error:
            said.problems.append(Problem(name or path, error.line, error.message, error.hint))


def parsed(path: str, data: bytes, rule: Rule, companions: Companions, said: Remarks) -> Iterator[Prompt]:
    """The prompts in the bytes of a file. Raises `Unreadable`."""
    name = recognise(path, data, rule).name
    for one in FORMATS[name].parse(path, data, rule, companions.include):
        if isinstance(one, Problem):
            said.problems.append(one)
        elif isinstance(one, Note):
            said.notes.append(one)
        else:
            yield one._replace(format=name, role=one.request.role() if one.request else rule.role)


def importers(
    tree: WorkingTree, owned: Iterable[MatchedFile], paths: Sequence[str], cap: int
) -> list[MatchedFile]:
    """Those of the files whose prompts take in a file that is one of `paths`, or below one."""
    return [one for one in owned if any(is_below(paths, path) for path in _taken_in(tree, one, cap))]


def _taken_in(tree: WorkingTree, one: MatchedFile, cap: int) -> set[str]:
    companions = Companions(tree, cap)
    signs = inclusions(one.display_path, one.rule)
    try:
        data = tree.read(one.path, cap) if signs else b""
        if any(re.search(sign, data) for sign in signs):
            list(parsed(one.display_path, data, one.rule, companions, Remarks([], [])))
    except Unreadable:  # told when the file itself is checked
        pass
    return companions.asked


def is_below(paths: Sequence[str], name: str) -> bool:
    """Whether a path is one of `paths`, or lies below one; "" is the top."""
    return any(not path or name == path or name.startswith(f"{path}/") for path in paths)
