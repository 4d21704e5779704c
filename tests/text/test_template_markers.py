"""Templates are told once a text, with the line of the first placeholder, and never rendered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.model.values import Note
from prompt_lint.text import template_markers
from prompt_lint.text.template_markers import note_placeholders


def line_of(text: str, **given: object) -> int | None:
    found = list(note_placeholders("a.md", text, **given))  # type: ignore[arg-type]  # given are its own keywords
    return found[0].line if found else None


@pytest.mark.parametrize(
    "text",
    [
        "{{name}}", "{{ user.name | upper }}", "{{{raw}}}", "{{#each items}}", "{{/if}}", "{{> footer year=2025}}", "{{~x~}}",
        "{{$input}}", "{{ plugin.fn $x }}", "{{@index}}", "{% if x %}", "{%- for a in b -%}", "{# a comment #}",
        "<doc>{{DOCUMENT}}</doc>", "({{ role }})", "user_{{id}}", "Dear{{name}}", r"\frac{{a}}{{b}} {{name}}",
    ],
)  # fmt: skip
def test_placeholders_of_the_usual_engines(text: str) -> None:
    """Jinja, Handlebars, Mustache, Liquid and Semantic Kernel all mark what they replace with two braces or `{%`."""
    assert line_of(f"first\n{text}\n") == 2


@pytest.mark.parametrize(
    "text",
    [
        "${{ secrets.TOKEN }}", r"\frac{{a}}{{b}}", r"\{{x}}", '{"a": {"b": {}}}', '{{"a": 1}}', "style={{ color: red }}",
        "{{}}", "{{ }}", "a {{ brace that doesn't close", "{a}", "%{x}", "## Heading {#anchor}", "{{\nname}}", "100%}",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_placeholder(text: str) -> None:
    """GitHub's expressions, LaTeX, JSX, escaped JSON and the like are text."""
    assert line_of(text) is None


def test_placeholders_in_code_are_examples() -> None:
    """Markdown that explains a template language isn't a template; a format may say that all its texts are."""
    fenced, span = "```\n{{name}}\n```\n", "Write `{{name}}` or ``{{`x`}}``."

    assert (line_of(fenced), line_of(span)) == (None, None)
    assert line_of("````\n```\n{{name}}\n```\n```` \n") is None
    assert line_of("```code``` {{name}}\n") == 1
    assert line_of("```\n```python\n{{name}}\n```\n") is None
    assert (line_of(fenced, is_template=True), line_of(span, is_template=True)) == (2, 1)
    assert line_of(fenced + span + "\n{{name}}") == 5


def test_a_format_adds_its_own() -> None:
    """What only one tool replaces is a placeholder in its files alone, in code, too."""
    assert line_of("Say ${input:name}.") is None
    assert line_of("\n```\n!`git diff`\n```", also=template_markers.CLAUDE_PLACEHOLDERS) == 3
    assert line_of("Say ${input:name}.", also=template_markers.COPILOT_PLACEHOLDERS) == 1


def test_one_note_with_a_place() -> None:
    """However many there are: the message is the same for all files, and the line counts from where the text stands."""
    assert list(note_placeholders("a.md", "{{a}}\n{{b}}", 7)) == [
        Note(template_markers.PLACEHOLDERS_NOTE, "a.md", 7, "placeholders")
    ]


@given(st.text(alphabet="{}%#`~ \n$ax\"'", max_size=200))
def test_any_text_is_looked_through(text: str) -> None:
    """Whatever the text, there is one note at most, and its line is in the text."""
    for code in (False, True):
        found = list(note_placeholders("a", text, is_template=code))

        assert len(found) <= 1
        assert all(1 <= note.line <= text.count("\n") + 1 for note in found)
