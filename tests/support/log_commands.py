"""How GitHub's runner and Azure's agent find commands in what a step prints, as the judges of our outputs.

By ActionCommand.cs, ActionCommandManager.cs and OutputManager.cs of actions/runner, and Command.cs of
azure-pipelines-agent, 2026. Both read lines of stdout and of stderr. These are stricter than the originals in that any
name is one of a command, and any white space is trimmed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# What ends a line for .NET's StreamReader; `str.splitlines` knows more.
_LINE_END = re.compile(r"\r\n|\r|\n")
_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_LEGACY = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))
_AZURE = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%"))


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def github(output: str) -> list[Command]:
    """The commands that GitHub's runner finds, of both kinds."""
    return [found for line in _lines(output) if (found := _current(line) or _legacy(line))]


def azure(output: str) -> list[Command]:
    """The commands that Azure's agent finds. It warns of what begins like one and is none: that is in the list, too."""
    found = []
    for line in _lines(output):
        _, prefix, rest = line.partition("##vso[")
        info, end, data = rest.partition("]")
        if prefix and end:
            found.append(_taken_apart(info, ";", data, _AZURE, _AZURE))
        elif "##vso" in line:
            found.append(Command("malformed", {}, line))
    return found


@lru_cache(maxsize=1)  # both look at the same output, one after the other
def _lines(output: str) -> list[str]:
    """Lines that may be commands, as they are and once more without some characters.

    .NET looks for a text by the rules of a language, in which these characters are nothing.
    """
    bare = output.translate(_SHOWN)
    if not any(mark in text for text in (output, bare) for mark in ("::", "##")):
        return []
    lines = [line for text in dict.fromkeys((output, bare)) for line in _LINE_END.split(text)]
    return [line for line in lines if "::" in line or "##" in line]


def _is_nothing(char: str) -> bool:
    control = unicodedata.category(char) == "Cc" and not char.isspace()
    return control or unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f" or char == "\u034f"


class _Shown(dict[int, int | None]):
    """Which characters are left of a text, filled as they come: outputs are long, and have few different ones."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if _is_nothing(chr(code)) else code
        return self[code]


_SHOWN = _Shown()


def _current(line: str) -> Command | None:
    line = line.lstrip()
    if not line.startswith("::"):
        return None
    info, end, data = line[2:].partition("::")
    return _taken_apart(info, ",", data, _PROPERTY, _DATA) if end else None


def _legacy(line: str) -> Command | None:
    _, prefix, rest = line.partition("##[")
    info, end, data = rest.partition("]")
    return _taken_apart(info, ";", data, _LEGACY, _LEGACY) if prefix and end else None


def _taken_apart(
    info: str, separator: str, data: str, of_property: tuple[tuple[str, str], ...], of_data: tuple[tuple[str, str], ...]
) -> Command:  # fmt: skip
    name, _, rest = info.partition(" ")
    pairs = [one.split("=", 1) for one in rest.strip().split(separator) if one]
    properties = {pair[0]: _unescaped(pair[1], of_property) for pair in pairs if len(pair) == 2 and all(pair)}
    return Command(name, properties, _unescaped(data, of_data))


def _unescaped(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for code, char in table:
        text = text.replace(code, char)
    return text
