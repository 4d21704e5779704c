"""Laws of what is printed of untrusted text: the real consumer reads the text again, and obeys nothing of it."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from fuzz.parsers import decode, decode_any
from tests.support import log_commands, reports
from tests.support.rendered_markdown import LINKING, render_page

from prompt_lint.ci.logging_commands import format_issue
from prompt_lint.ci.workflow_commands import format_command
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output.sarif import encode_uri
from prompt_lint.text.escape import escape_line
from prompt_lint.text.html_escape import escape_html
from prompt_lint.text.markdown_escape import escape_as_code, escape_as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# No name is longer, nor anything else of a prompt that is shown. The readers below are slower than what they read.
_LONGEST = 4_000

_ESCAPED = re.compile(r"\\(?:(?P<short>[nrt\\])|x(?P<x>[0-9a-f]{2})|u(?P<u>[0-9a-f]{4})|U(?P<U>[0-9a-f]{8}))")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def unescape_line(shown: str) -> str:
    """Return the text that a reader who knows the rules of `escape_line` takes a line for."""

    def read(match: re.Match[str]) -> str:
        if short := match["short"]:
            return _SHORT[short]
        number = int(match["x"] or match["u"] or match["U"], 16)
        return chr(number + 0xDC00) if match["x"] and number >= 0x80 else chr(number)

    return _ESCAPED.sub(read, shown)


def check_line(data: bytes) -> None:
    """A text is one printable line, from which it can be told, and of which no CI runner obeys anything, whatever is beside it."""
    text = decode_any(data)
    shown = escape_line(text)
    assert shown.isprintable()
    shown.encode()
    text = text[:_LONGEST]
    shown = escape_line(text)
    assert unescape_line(shown) == text
    middle = len(text) // 2
    for line in (shown, f"prompts/a.md: {shown}", escape_line(text[:middle]) + escape_line(text[middle:])):
        assert log_commands.github(line) == []
        assert log_commands.azure(line) == []
    assert html.unescape(escape_html(text)) == shown


def check_annotation(data: bytes) -> None:
    """GitHub's runner and Azure's agent read each message and property as it was meant, and no second command."""
    text = decode_any(data)[:_LONGEST]
    [command] = log_commands.github(format_command("error", text, file=f"a{text}b"))[:1]
    assert (command.name, command.properties) == ("error", {"file": f"a{text}b"})
    assert command.data.removeprefix(" ") == text.removeprefix(" ")
    [issue] = log_commands.azure(format_issue("error", text, sourcepath=f"a{text}b"))[:1]
    assert issue.properties == {"type": "error", "sourcepath": f"a{text}b"}
    assert issue.data == text


def check_uri(data: bytes) -> None:
    """The URI of SARIF is ASCII, relative, and that of the path's bytes."""
    uri = encode_uri(decode(data[:_LONGEST]))
    assert unquote_to_bytes(uri) == data[:_LONGEST]
    assert re.fullmatch(r"(?:[\w.~-]|%[0-9A-F]{2}|/)*", uri, re.ASCII)
    assert not uri.startswith("/")


# What is before and behind a text, the elements that it makes, and what of it is shown before the text.
_PLACES: tuple[tuple[str, str, list[str], str], ...] = (
    (
        "| a | b |\n|--|--|\n| ",
        " | x |\n",
        ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"],
        "",
    ),
    ("- \u274c ", "<br>\n", ["ul", "li", "br"], "\u274c"),
    ("### \u274c ", "\n", ["h3"], "\u274c"),
    ("<sub>was ", "</sub>\n", ["p", "sub"], "was"),
)


def check_markdown(data: bytes) -> None:
    """GitHub's own parser shows a text as on a terminal, wherever it is: no element but code comes of it, and no link."""
    text = decode_any(data)[:_LONGEST]
    for escape in (escape_as_code, escape_as_text):
        for before, after, elements, prefix in _PLACES:
            page = render_page(before + escape(text) + after)
            assert [tag for tag in page.tags if tag != "code"] == elements
            assert LINKING.search(page.linkable) is None
            shown = page.cells[1][0] if elements[0] == "table" else page.shown
            assert _bare(shown) == prefix + _bare(escape_line(text))
    assert render_page(f"x{escape_as_code(text)}").linkable.strip("\0\u2068\u2069\n") == "x"


def _bare(text: str) -> str:
    """Return a text without what code and isolation add, or HTML draws as one space."""
    return re.sub(r"[`\s\u2068\u2069]", "", text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "json": json.loads, "sarif": json.loads, "gitlab": json.loads, "junit": ET.fromstring,
}  # fmt: skip
# Outputs that are commands to one of the systems.
_COMMANDS = {"github": log_commands.azure, "azure": log_commands.github}


def check_output(data: bytes, name: str) -> None:
    """An output with the text wherever others may write is UTF-8, of its form, and no command but its own."""
    report = reports.hostile([decode_any(data)[:_LONGEST]])
    output = OUTPUTS[name].render(report, View())
    output.encode()
    _READERS.get(name, str)(output)
    for find_commands in (
        (_COMMANDS[name],) if name in _COMMANDS else (log_commands.github, log_commands.azure)
    ):
        assert find_commands(output) == []
