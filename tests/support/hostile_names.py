"""Strategies for names that mean no good: what is special to a terminal, a CI system or a markup, and any text."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.support import reports

# Surrogates are in, as names that aren't UTF-8 bring them, and more of what is special than chance would pick.
SPECIAL = st.sampled_from(
    list("\\\n\r\t\x00\x1b\x7f\x85\xa0\u200b\u202e\u2028\u3164\ufe0f\udc80\udcff\ud800nrtxuU0:#[ ")
)
_PIECES = st.sampled_from(
    ["::", ":", "##", "#", "[", "]", "vso", "error", "add-mask", " ", "\n", "\r", ";", ",", "=", "%", "%0A", "%25", "\\",
     "](", "\u0301", "\u200d", "\x85", "|", "`", "<", "]]>", "&"]
)  # fmt: skip
NAME = st.lists(_PIECES | SPECIAL | st.text(max_size=3), max_size=8).map("".join)
NAMES = st.lists(NAME, min_size=1, max_size=2)

# For Markdown: names of any bytes, and more of what is special there than chance would pick.
MARKDOWN_NAME = (
    st.text()
    | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
    | st.text("|`\\<>&@#!$~*_[](){}:/. \n-=x1\u05d0", min_size=1)
    | st.sampled_from(reports.NAMES)
)
