"""Untrusted text in the Markdown of GitHub and GitLab: as plain words, or as code, both in one line and one cell."""

from __future__ import annotations

import re

from prompt_lint.text.escape import escape_line

# What is a mark of Markdown in the middle of a line. As an entity it is just the character, also in a table, where
# a backslash doesn't keep everything from ending the cell.
_MARKS = re.compile(r"[\\`*{}\[\]<>&|~$]|(?<![^\W_])_|_(?![^\W_])")

# Words that GitHub or GitLab turn into a link, a mention or a reference. They look for them in the rendered text, so
# an entity doesn't help; but not in code, which can also be copied unchanged. To a reader of bytes, such a word may
# also start right behind a letter that isn't ASCII.
_LINKING = re.compile(
    r"""://                                       # an address
      | \S@\S                                     # an address of mail
      | (?ai:(?<![^\W_])www\.|\bgh-\d)            # one without its scheme; an issue
      | [@\#!&~%$^][\w"]                          # @name #1 !1 &1 ~label %milestone
      | :[\w+-]+:                                 # an emoji
      | \[\w+:                                    # GitLab's [issue:1]
      | (?a:\b(?:(?=[0-9]*[a-f])[0-9a-f]{7,}|[0-9A-Fa-f]{40})\b)    # a commit
    """,
    re.VERBOSE,
)
# What starts a block at the start of a line or a list item; there GitLab obeys `/close`.
_BLOCK_START = re.compile(r"[#>+=/:-]|[0-9]{1,9}(?=[.)])")
# What Markdown drops at the end of a heading.
_HEADING_END = re.compile(r"#(?= *\Z)")
# What cmark-gfm looks for in the tag `<code>`, too, of which it knows nothing: addresses, and addresses of mail.
_AUTOLINKS = re.compile(r":(?=//)|(?<=w)w(?=w\.)|@")
_BACKTICKS = re.compile("`+")
# With more backticks, cmark-gfm and comrak (GitLab) read no code: MAXBACKTICKS in their sources, 2026.
_LONGEST_FENCE = 80
_CODE_OR_WORD = re.compile(r"`([^`]+)`|[^\s`]+|`|\s+")

# Scripts that run from right to left. What is next to such a text would be drawn on the wrong side of it.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def escape_as_code(text: str) -> str:
    """Return `text` (a name, a path, a heading) as code in one line, of which nothing is obeyed. "" stays ""."""
    return _format_code(escape_line(text))


def escape_as_text(text: str) -> str:
    """Return `text` as a sentence, of which nothing is obeyed. What is in backticks, or would be a link, is code."""
    escaped = "".join(map(_escape_word, _CODE_OR_WORD.finditer(escape_line(text)))).lstrip()
    escaped = _HEADING_END.sub("&#35;", escaped)
    return _isolate(f"&#{ord(escaped[0])};{escaped[1:]}" if _BLOCK_START.match(escaped) else escaped)


def _escape_word(match: re.Match[str]) -> str:
    if match[1]:
        return _format_code(match[1])
    if not _LINKING.search(match[0]):
        return _escape_marks(match[0])
    word = match[0].rstrip(".,;:!?)")
    return _format_code(word) + _escape_marks(match[0][len(word) :])


def _escape_marks(text: str) -> str:
    return _MARKS.sub(lambda match: f"&#{ord(match[0])};", text)


def _format_code(line: str) -> str:
    if not line:
        return ""
    fence = "`" * (max(map(len, _BACKTICKS.findall(line)), default=0) + 1)
    if "|" in line or not line.strip(" ") or len(fence) > _LONGEST_FENCE:
        return _isolate(f"<code>{_escape_in_tag(line)}</code>")
    # Of a space on both sides, one is dropped.
    padding = " " if {line[0], line[-1]} & {" ", "`"} else ""
    return _isolate(f"{fence}{padding}{line}{padding}{fence}")


def _escape_in_tag(line: str) -> str:
    """Return code for the tag `<code>`: in a table, a code span can't hold a `|` with a backslash before it."""
    start, end = len(line) - len(line.lstrip(" ")), len(line.rstrip(" "))
    if not line.strip(" "):
        return "&#32;" * len(line)
    inner = _escape_marks(line[start:end])
    # A comment is nothing to a reader, and ends the text in which an address is looked for.
    inner = _AUTOLINKS.sub(lambda match: f"<!-- -->{match[0]}", inner)
    return f"{'&#32;' * start}{inner}{'&#32;' * (len(line) - end)}"


def _isolate(text: str) -> str:
    """Put text that runs from right to left between U+2068 and U+2069."""
    return f"&#8296;{text}&#8297;" if _RIGHT_TO_LEFT.search(text) else text
