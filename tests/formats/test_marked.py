"""Prompts between comments, in any language."""

from __future__ import annotations

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.formats import marked
from prompt_lint.model.values import Problem, Prompt


def parse(text: str) -> list[tuple[str, int, str]]:
    """Return name, line and text of each prompt, and line and message of each problem."""
    results: list[tuple[str, int, str]] = []
    for it in marked.parse("a.go", text.encode(), make.rule(format="marked", role="user"), read_nothing):
        if isinstance(it, Prompt):
            results.append(
                (it.name, it.line, it.request.fields["messages"][0]["content"] if it.request else "")
            )
        elif isinstance(it, Problem):
            results.append(("problem", it.line, it.message))
    return results


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("# prompt-lint: begin a", "# prompt-lint: end"),
        ("// prompt-lint: begin a", "//prompt-lint:end"),
        ("-- prompt-lint: begin a", "-- prompt-lint: end"),
        (";; prompt-lint: begin a", "; prompt-lint: end"),
        ("% prompt-lint: begin a", "% prompt-lint: end"),
        ("<!-- prompt-lint: begin a -->", "<!-- prompt-lint: end -->"),
        ("/* prompt-lint: begin a */", "/* prompt-lint: end */"),
        ("{# prompt-lint: begin a #}", "{# prompt-lint: end #}"),
        ("{/* prompt-lint: begin a */}", "{/* prompt-lint: end */}"),
        ("@* prompt-lint: begin a *@", "@* prompt-lint: end *@"),
        ("<%-- prompt-lint: begin a --%>", "<%-- prompt-lint: end --%>"),
        ("<#-- prompt-lint: begin a -->", "<#-- prompt-lint: end -->"),
        ("{{!-- prompt-lint: begin a --}}", "{{!prompt-lint:end}}"),
    ],
)
def test_a_region_is_marked_by_a_comment_of_any_language(begin: str, end: str) -> None:
    assert parse(f"x\n  {begin}\n    Be kind.\n      Be brief.\n  {end}\ny\n") == [
        ("a", 2, "Be kind.\n  Be brief.\n")
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            "// prompt-lint: begin\n// Be kind.\n//\n//   Be brief.\n// prompt-lint: end",
            "Be kind.\n\n  Be brief.\n",
        ),
        ("/*\n * prompt-lint: begin\n * Be kind.\n * prompt-lint: end\n */", "Be kind.\n"),
        ("# prompt-lint: begin\n# # Task\nBe kind.\n# prompt-lint: end", "# # Task\nBe kind.\n"),
        ("# prompt-lint: begin\n## Task\n# prompt-lint: end", "## Task\n"),
        ("    # prompt-lint: begin\nBe kind.\n    # prompt-lint: end", "Be kind.\n"),
        ("# prompt-lint: begin\n# prompt-lint: end", ""),
    ],
)
def test_the_signs_of_comments_go_only_if_every_line_has_one(lines: str, text: str) -> None:
    assert parse(lines)[0][2] == text


def test_a_marker_without_a_partner_is_a_problem_and_the_others_count() -> None:
    """As is a name that another region has, and a misspelt marker."""
    text = """\
# prompt-lint: end
# prompt-lint: begin a
one
# prompt-lint: begin b
# prompt-lint: end
# prompt-lint: begin
two
# prompt-lint: end
# prompt-lint: begin a
three
# prompt-lint: end
# prompt-lint: start
# prompt-lint begin d
# prompt-lint : end
# prompt-lint reads this file
# prompt-lint: begin c
"""
    assert parse(text) == [
        ("problem", 1, "has a `prompt-lint: end` without a `begin` above it"),
        ("problem", 4, "has a `prompt-lint: begin` inside that of line 2"),
        ("a", 2, "one\n# prompt-lint: begin b\n"),
        ("region 2", 6, "two\n"),
        ("problem", 9, "has two prompts with the name `a`"),
        ("problem", 12, "has a `prompt-lint:` marker that can't be read"),
        ("problem", 13, "has a `prompt-lint:` marker that can't be read"),
        ("problem", 14, "has a `prompt-lint:` marker that can't be read"),
        ("problem", 16, "has a `prompt-lint: begin` without an `end` below it"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "x = `  // prompt-lint: begin b",
        "// Prompt-Lint: begin b",
        "// promptlint: begin b",
        "// prompt_lint begin b",
        "prompt-lint: end",
        ":: prompt-lint: end",
    ],
)
def test_what_is_like_a_marker_is_a_problem(line: str) -> None:
    """A prompt that nobody counts would pass unseen."""
    assert parse(f"y\n{line}\n") == [("problem", 2, "has a `prompt-lint:` marker that can't be read")]


@pytest.mark.parametrize(
    "line", ["prompt-lint reads this", "our prompt-lint end-to-end", "prompt-lint: see begin"]
)
def test_a_mention_is_no_marker(line: str) -> None:
    """Only what could begin or end a region is reported."""
    assert parse(f"y\n{line}\n") == []


def test_parts_have_the_lines_of_the_file() -> None:
    data = b"x\n// prompt-lint: begin\n// # A\n// a\n// # B\n// prompt-lint: end\n"
    [prompt] = marked.parse("a.go", data, make.rule(format="marked"), read_nothing)
    assert isinstance(prompt, Prompt)

    parts = marked.parts("a.go", data, prompt, read_nothing)

    assert [(part.title, part.first_line, part.last_line) for part in parts] == [("# A", 3, 4), ("# B", 5, 5)]
