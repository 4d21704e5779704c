"""Which limit a prompt has, and at which line it is written."""

from __future__ import annotations

from tests.support import make


def test_a_prompt_has_the_limits_of_its_name_or_those_of_its_rule() -> None:
    """Each with its line, less the reserve; a limit from the command line has no line."""
    rule = make.rule(limits={"m": 100}, parts={"a": {"m": 50}}, limit_lines={"m": 3, "a": 4})
    reserved = rule._replace(reserve=10)

    assert [rule.limits_for(name) for name in ("", "a")] == [{"m": 100}, {"m": 50}]
    assert [rule.own_limits_for(name) for name in ("", "a")] == [{"m": 100}, {"m": 50}]
    assert [reserved.own_limits_for(name) for name in ("", "a")] == [{"m": 90}, {"m": 40}]
    assert [rule.limit_line(*place) for place in (("", "m"), ("a", "m"), ("", "other"))] == [3, 4, 0]
    assert rule.max_growth_line == 0


def test_reading_depends_on_format_names_and_role() -> None:
    """So that a file is read again under a rule with other ones."""
    assert make.rule(format="python", names=("A*", "B"), role="system").reading == ("python:A*:B", "system")
