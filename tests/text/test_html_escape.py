"""Untrusted text in HTML."""

from __future__ import annotations

from prompt_lint.text.html_escape import escape_html, escape_markup


def test_no_markup_is_left_of_a_text() -> None:
    """Neither an element, nor the end of an attribute in quotes of either kind; one line."""
    assert (
        escape_html("<b title=\"x\" id='y'>&\n") == "&lt;b title=&quot;x&quot; id=&#x27;y&#x27;&gt;&amp;\\n"
    )
    assert escape_markup("a\\n'") == "a\\n&#x27;"
