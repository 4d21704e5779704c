"""Lines for people, wrapped to the width of a terminal."""

from __future__ import annotations

import re

_ESCAPE = r"\x1b\[[0-9;]*m"
# A word with the spaces before it. A number and its margin are one: `340 ±3`.
_WORD = r" *[^ ]+(?: ±[^ ]+)*"
_NARROWEST = 20


def wrap_lines(text: str, width: int | None, label_width: int = 0) -> str:
    """Return the text with no line longer than `width` where it has a space to break at; as it is without a width.

    Nothing else is broken: not a path, nor a name with hyphens. The rest of a line is indented as its beginning, below
    what follows a label of `label_width` with the spaces behind it, or else by two spaces.
    """
    if width is None:
        return text
    width = max(width, _NARROWEST)
    return "".join(_wrap_line(line, width, label_width) for line in text.splitlines(keepends=True))


def measure_width(text: str) -> int:
    """Return how many columns a text takes, without the escape sequences for its colours."""
    return len(re.sub(_ESCAPE, "", text))


def _wrap_line(line: str, width: int, label_width: int) -> str:
    body = line.rstrip("\n")
    if measure_width(body) <= width:
        return line
    indent = _find_indent(re.sub(_ESCAPE, "", body), label_width)
    lines, current = [], ""
    for word in re.findall(_WORD, body):
        if current.strip() and measure_width(current + word) > width:
            lines.append(current)
            current = " " * indent + word.lstrip(" ")
        else:
            current += word
    return "\n".join([*lines, current]) + line[len(body) :]


def _find_indent(plain: str, label_width: int) -> int:
    indent = len(plain) - len(plain.lstrip(" "))
    if indent:
        return indent
    is_label = label_width and re.match(r"[A-Za-z]+ +(?! )", plain[: label_width + 1])
    return label_width if is_label and is_label.end() == label_width else 2
