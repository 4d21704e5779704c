"""Untrusted text in the Markdown of GitHub and GitLab: as plain words, or as code. Both stay inside one line and cell."""

from __future__ import annotations

import re

from prompt_lint.text.escape import escape_line

# What begins anything in the middle of a line. An entity is only ever the character itself: never a mark of
# Markdown, nor the end of a table's cell, which a backslash doesn't prevent everywhere.
_SPECIAL = re.compile(r"[\\`*{}\[\]<>&|~$]|(?<![^\W_])_|_(?![^\W_])")

# Words that GitHub or GitLab make a link, a mention or a reference of. They look for them in what is shown, so no
# entity helps; but never in code, which also leaves them as they are for those who copy them.
_LINKING = re.compile(
    r"""://                                       # an address
      | (?i:\bwww\.|\bgh-\d)                      # one without its scheme; an issue
      | [@\#!&~%$^][\w"]                          # @name #1 !1 &1 ~label %milestone
      | :[\w+-]+:                                 # an emoji
      | \[\w+:                                    # GitLab's [issue:1]
      | (?<![\w])(?=[0-9]*[a-f])[0-9a-f]{7,}\b    # a commit
    """,
    re.VERBOSE,
)
# What begins a block where it is the first in a line, or in an item of a list; GitLab obeys `/close` there.
_BEGINNING = re.compile(r"[#>+=/:-]|[0-9]{1,9}(?=[.)])")
_CODE_OR_WORD = re.compile(r"`([^`]+)`|[^\s`]+|`|\s+")

# Scripts that run from the right. What stands beside such a text would be drawn on its wrong side.
_FROM_THE_RIGHT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def escape_as_code(text: str) -> str:
    """`text` as code: a name, a path, a heading. Nothing of it is obeyed; it is one line, and "" stays ""."""
    return _format_code(escape_line(text))


def escape_as_text(text: str) -> str:
    """`text` as a sentence, of which nothing is obeyed. What is in backticks in it, and what would be a link, is code."""
    told = "".join(map(_escape_word, _CODE_OR_WORD.finditer(escape_line(text)))).lstrip()
    return _isolate(f"&#{ord(told[0])};{told[1:]}" if _BEGINNING.match(told) else told)


def _escape_word(found: re.Match[str]) -> str:
    if found[1]:
        return _format_code(found[1])
    if not _LINKING.search(found[0]):
        return _escape_marks(found[0])
    word = found[0].rstrip(".,;:!?)") or found[0]
    return _format_code(word) + _escape_marks(found[0][len(word) :])


def _escape_marks(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)


def _format_code(shown: str) -> str:
    if not shown:
        return ""
    if "`" in shown or "|" in shown or shown != shown.strip():
        edges = len(shown) - len(shown.lstrip(" ")), len(shown.rstrip(" "))
        inner = "&#32;" * edges[0] + _escape_marks(shown[edges[0] : edges[1]]) if shown.strip() else ""
        return _isolate(f"<code>{inner}{'&#32;' * (len(shown) - edges[1])}</code>")
    return _isolate(f"`{shown}`")


def _isolate(text: str) -> str:
    """Between U+2068 and U+2069, where it runs from the right."""
    return f"&#8296;{text}&#8297;" if _FROM_THE_RIGHT.search(text) else text
