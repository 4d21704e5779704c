"""Pieces that HTML pages share."""

from __future__ import annotations

import pytest

from prompt_lint.model.values import Problem
from prompt_lint.output.html_page import render_problem, render_table


@pytest.mark.parametrize(
    ("problem", "inside"),
    [
        (Problem("a<b.md", 3, "no & no", "cut <it>"), "a&lt;b.md:3: no &amp; no<br>cut &lt;it&gt;"),
        (Problem("a.md", 0, "no", ""), "a.md: no"),
        (Problem("", 0, "no", ""), "no"),
    ],
)
def test_a_problem_is_an_alert_with_its_place_and_what_to_do(problem: Problem, inside: str) -> None:
    """As far as it has them; everything is escaped."""
    assert render_problem(problem) == f'<p class="alert bad"><b>Error</b> {inside}</p>'


def test_a_table_has_a_head_and_its_rows() -> None:
    """Cells are HTML already, the head isn't."""
    assert "".join(render_table(["a<"], [["<b>1</b>"], ["2"]], "k")) == (
        '<div class="wide"><table class="k"><thead><tr><th>a&lt;</th></tr></thead><tbody>'
        "<tr><td><b>1</b></td></tr><tr><td>2</td></tr></tbody></table></div>"
    )
