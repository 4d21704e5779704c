"""Tables of CSV, of which no cell is a formula."""

from __future__ import annotations

from prompt_lint.model.values import Problem
from prompt_lint.output.csv_cells import render_faults


def test_what_ended_a_run_is_a_table() -> None:
    """Of a message and what to do, in which nothing is a formula."""
    problems = [Problem("", 0, "=1+1", "-2"), Problem("", 0, 'a "b"', "c;@d, =e\n")]

    assert render_faults(problems) == 'error,hint\n\'=1+1,\'-2\n"a ""b""","c;\'@d, =e\\n"\n'
