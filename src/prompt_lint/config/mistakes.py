"""Mistakes in a configuration: where each one is, what is wrong, and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Fatal, Fault
from prompt_lint.model.nearest import find_nearest
from prompt_lint.text.cutting import cut_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.text.location import KeyPath
    from prompt_lint.text.yaml_reader import YamlDocument

# Nobody reads more, and a hostile file shouldn't be able to make us write more.
MAX_MISTAKES = 100


class Mistake(NamedTuple):
    """One mistake. `line` and `column` are 1-based, and 0 where the mistake is at no place of the file."""

    path: str
    line: int
    column: int
    message: str
    hint: str

    def __str__(self) -> str:
        location = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{location}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")


class ConfigErrors(Fatal):
    """All mistakes of a file, in the order of their lines. The hint lists them, one or two lines for each."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        number = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"{number} in the configuration", "\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)

    def faults(self) -> Sequence[Fault]:
        return [Fault(mistake.message, mistake.hint, mistake.path, mistake.line) for mistake in self.mistakes]


class ConfigFile:
    """A configuration as YAML reads it, and the mistakes found in it so far.

    Its patterns and paths start at `folder`; "" is the top of the repository. `formats` are the names that `format` may have, with the
    keys that need them. `pattern_count` and `pattern_weight` add up over all patterns.
    """

    def __init__(
        self, path: str, folder: str, document: YamlDocument, formats: Mapping[str, Sequence[str]]
    ) -> None:
        self.path = path
        self.folder = folder
        self.document = document
        self.formats = formats
        self.pattern_count = self.pattern_weight = 0
        # Where YAML already reported a mistake: the value there is made up.
        self.invalid_places: set[tuple[int, int]] = set()
        self._mistakes: dict[tuple[int, int, str], Mistake] = {}

    def add_mistake(self, line: int, column: int, message: str, hint: str) -> None:
        """Record a mistake. Raises `ConfigErrors` when there are `MAX_MISTAKES`."""
        if (line, column) in self.invalid_places:
            return
        self._mistakes.setdefault((line, column, message), Mistake(self.path, line, column, message, hint))
        if len(self._mistakes) >= MAX_MISTAKES:
            self.raise_mistakes()

    def raise_mistakes(self) -> None:
        """Raise `ConfigErrors` with the mistakes so far, if there are any."""
        if not self._mistakes:
            return
        ordered = sorted(self._mistakes.values(), key=lambda mistake: (mistake.line, mistake.column))
        if len(ordered) >= MAX_MISTAKES:
            ordered.append(Mistake(self.path, 0, 0, "there may be more mistakes than these", ""))
        raise ConfigErrors(ordered)


class Node(NamedTuple):
    """A value of a configuration, and the keys and indices that lead to it."""

    value: Any
    path: KeyPath
    file: ConfigFile

    @property
    def line(self) -> int:
        return self.file.document.positions[self.path][0]

    def child(self, key: str | int) -> Node:
        return Node(self.value[key], (*self.path, key), self.file)

    def children(self) -> Iterable[Node]:
        return map(self.child, range(len(self.value)))

    def report(self, message: str, example: str = "") -> None:
        """Record a mistake at the value, with an example of what is right."""
        line, column = self.file.document.positions[self.path]
        self.file.add_mistake(line, column, message, example and f"example: {example}")

    def report_key(self, message: str, example: str = "") -> None:
        """Record a mistake at the key of the value."""
        line, column = self.file.document.key_positions[self.path]
        self.file.add_mistake(line, column, message, example and f"example: {example}")


def suggest(value: object, names: Iterable[str]) -> str:
    """Return `; did you mean …?` where there is a name like `value`, or an empty text."""
    nearest = find_nearest(value.lower() if isinstance(value, str) else value, names)
    return f"; did you mean `{nearest}`?" if nearest else ""


def describe_kind(value: object) -> str:
    """Return what kind of value this is, in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, dict | list):
        name = "mapping" if isinstance(value, dict) else "list"
        return f"a {name}" if value else f"an empty {name}"
    return "a text" if isinstance(value, str) else f"the number {value}"


def quote(value: object) -> str:
    """Return a value of the file for a message: at most 60 characters, on one line."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return describe_kind(value)
    text = " ".join(str(value).split()) if isinstance(value, str) else str(value)
    if not text:
        return "an empty text"
    return f"`{cut_text(text, 60)}`"
