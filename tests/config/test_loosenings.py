"""What one configuration allows that another one didn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.config.loosenings import find_loosenings
from prompt_lint.config.schema import parse_config
from prompt_lint.formats import RULE_KEYS
from prompt_lint.model.rules import Loosening

if TYPE_CHECKING:
    from prompt_lint.config.configuration import Config

MODELS = FIRST, SECOND = "claude-opus-5", "claude-opus-4-8"
TOP = f"models: [{FIRST}, {SECOND}]\nlimit: 100\n"
PATHS = {path: path for path in ("a.md", "b.md", "docs/c.md")}


def config(text: str) -> Config:
    return parse_config(text.encode(), ".prompt-lint.yaml", RULE_KEYS)


def list_loosenings(before: str, after: str, paths: dict[str, str] = PATHS) -> list[tuple[Any, ...]]:
    found = find_loosenings(config(before), config(after), paths)
    return [(one.subject, one.description, one.model, one.old_limit, one.new_limit) for one in found]


ONE = TOP + 'prompts: [{files: "*.md"}]\n'


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (ONE, []),
        (ONE.replace("100", "90"), []),
        (ONE.replace("100", "200"), [("*.md", "limit raised", m, 100, 200) for m in MODELS]),
        (
            ONE.replace("}", f", limits: {{{SECOND}: 300}}}}"),
            [("*.md", "limit raised", SECOND, 100, 300)],
        ),
        (ONE.replace(f", {SECOND}", ""), [("*.md", "is not counted any more", SECOND, 100, None)]),
        (
            TOP + "prompts: [{files: a.md}]\n",
            [("*.md", "no rule applies to `b.md` and 1 other file any more", "", None, None)],
        ),
        (
            ONE + "exclude: docs/\n",
            [("*.md", "no rule applies to `docs/c.md` any more", "", None, None)],
        ),
        (
            ONE + "exempt: [{files: a.md, reason: Later.}]\n",
            [("a.md", "exempt: Later.", "", None, None)],
        ),
        (ONE + "on_raise: note\n", [("on_raise", "`warn` became `note`", "", None, None)]),
        (ONE + "on_raise: fail\n", []),
        (
            ONE.replace("}", ", format: text}"),
            [("*.md", "is read as `text` now, not by its name and content", "", None, None)],
        ),
        (ONE + "policy: project\n", []),
        (ONE + "on_raise: label:limits-ok\n", []),
        (ONE.replace("}", ", reserve: 30}"), []),
        (ONE.replace("}", ", reserve: 30, limit: 130}"), []),
        (
            ONE.replace("}", ", reserve: 30, limit: 131}"),
            [("*.md", "limit raised", m, 100, 131) for m in MODELS],
        ),
        (ONE.replace("}", ", allow_empty: true}"), [("*.md", "may match nothing now", "", None, None)]),
        # Rewritten, and for every file the same.
        (TOP + "prompts: [{files: a.md}, {files: b.md}, {files: docs/}]\n", []),
        (TOP + 'prompts: [{files: "*.md", message: Hello.}]\n', []),
    ],
)
def test_each_way_to_allow_more_is_a_loosening(after: str, expected: list[tuple[Any, ...]]) -> None:
    """Limits raised, models and rules dropped, exemptions added; not what was only written in another way."""
    assert list_loosenings(ONE, after) == expected


def test_a_lower_reserve_is_a_loosening() -> None:
    """It leaves more to a prompt, unless the limit goes down by as much; once for a rule with all its parts, or a group."""
    rule = ONE.replace("}", ", parts: {body: 90}, reserve: 30}")
    group = f"models: {FIRST}\ngroups: [{{name: g, sum: a.md, limit: 100, reserve: 30}}]\n"
    lowered = "reserve lowered from 30 to 20"

    assert list_loosenings(rule, rule.replace("reserve: 30", "reserve: 20")) == [
        ("*.md", lowered, model, None, None) for model in MODELS
    ]
    assert list_loosenings(
        rule, rule.replace("reserve: 30", "reserve: 20, limit: 90").replace("body: 90", "body: 95")
    ) == [
        *(("*.md (body)", "limit raised", model, 90, 95) for model in MODELS),
        *(("*.md", lowered, model, None, None) for model in MODELS),
    ]
    assert list_loosenings(rule, rule.replace(f", {SECOND}", "")) == [
        ("*.md", "is not counted any more", SECOND, 100, None)
    ]
    assert list_loosenings(group, group.replace(", reserve: 30", "")) == [
        ("g", "reserve lowered from 30 to 0", FIRST, None, None)
    ]
    assert list_loosenings(group, group.replace("100, reserve: 30", "105, reserve: 20")) == [
        ("g", "limit raised", FIRST, 100, 105),
        ("g", lowered, FIRST, None, None),
    ]
    assert list_loosenings(group, group.replace("100, reserve: 30", "90, reserve: 20")) == []


@pytest.mark.parametrize(
    ("before", "after", "looser"),
    [
        ("", "max_growth: 10\n", False),
        ("max_growth: 10\n", "", True),
        ("max_growth: 10\n", "max_growth: 9\n", False),
        ("max_growth: 10\n", "max_growth: 11\n", True),
        ("max_growth: 10\n", "max_growth: {tokens: 10, percent: 5}\n", True),
        ("max_growth: {tokens: 10, percent: 5}\n", "max_growth: 10\n", False),
        ("max_growth: 10%\n", "max_growth: 200\n", True),
    ],
)
def test_a_larger_growth_is_a_loosening(before: str, after: str, looser: bool) -> None:
    """Both parts of a growth have to be exceeded, so a second part loosens the first."""
    assert bool(list_loosenings(ONE + before, ONE + after)) is looser


def test_a_loosening_is_at_the_line_of_now_that_allows_more() -> None:
    """Or at the rule, where a line is gone. What the rules apply to must be the same files for `allow_empty`."""
    before = (
        TOP
        + "on_raise: label:a\npolicy: project\nprompts:\n- files: a.md\n  max_growth: 5\n- files: b.md\n  max_growth: 5\n"
    )
    after = (
        TOP + "on_raise: label:b\nprompts:\n- files: a.md\n  format: text\n  max_growth: 6\n"
        f"- files: [b.md, c.md]\n  allow_empty: true\n  limits:\n    {FIRST}: 200\n  parts:\n    metadata: 300\n    body: 400\n"
    )

    found = find_loosenings(config(before), config(after), PATHS)

    assert [(one.subject, one.description, one.line) for one in found] == [
        ("a.md", "may grow more in one change than before", 7),
        ("a.md", "is read as `text` now, not by its name and content", 5),
        ("b.md, c.md", "limit raised", 11),
        *[("b.md, c.md (metadata)", "limit raised", 13)] * 2,
        *[("b.md, c.md (body)", "limit raised", 14)] * 2,
        ("b.md, c.md", "may grow more in one change than before", 8),
        ("policy", "`project` became `changed`: what a change doesn't make worse doesn't fail any more", 0),
        ("on_raise", "`label:a` became `label:b`", 3),
    ]
    assert {one.config_path for one in found} == {".prompt-lint.yaml"}


@pytest.mark.parametrize(
    ("before", "after", "looser"),
    [
        ("label:a", "label:a", False), ("warn", "label:a", False), ("label:a", "warn", True), ("fail", "label:a", True),
        ("label:a", "fail", False), ("note", "warn", False),
    ],
)  # fmt: skip
def test_what_a_raised_limit_does_can_be_loosened_itself(before: str, after: str, *, looser: bool) -> None:
    """From a failure, to one that a label accepts, to a warning, to a note."""
    assert bool(list_loosenings(f"{ONE}on_raise: {before}\n", f"{ONE}on_raise: {after}\n")) is looser


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("counting: exact\n", "counting: auto\n", []),
        ("counting: auto\n", "counting: offline\n", [("counting", "`auto` became `offline`", 4)]),
        ("counting: exact\n", "", [("counting", "`exact` became unset", 0)]),
        ("", "counting: offline\n", [("counting", "unset became `offline`", 4)]),
        ("counting: offline\n", "", []),
        ("on_unavailable: fail\n", "on_unavailable: offline\n", [("on_unavailable", "`fail` became `offline`", 4)]),
        ("on_unavailable: offline\n", "on_unavailable: fail\n", []),
    ],
)  # fmt: skip
def test_less_certain_counts_are_a_loosening(
    before: str, after: str, expected: list[tuple[str, str, int]]
) -> None:
    """A prompt that is a little over its limit passes offline, and an outage may hide any."""
    found = find_loosenings(config(ONE + before), config(ONE + after), PATHS)

    assert [(one.subject, one.description, one.line) for one in found] == expected


def test_a_prompt_that_is_read_otherwise_is_loosened() -> None:
    """Without `format: memory` its imports may not count. The base is counted by the rules of now, so it seems as small."""
    memory = ONE.replace("}", ", format: memory}")

    for after, way in ((ONE, "by its name and content"), (memory.replace("memory", "text"), "as `text`")):
        assert [one[:2] for one in list_loosenings(memory, after)] == [
            ("*.md", f"is read {way} now, not as `memory`")
        ]


def test_prompts_of_source_code_can_get_other_names() -> None:
    """The names say which texts are prompts at all."""
    before = TOP + 'prompts: [{files: "*.py", format: python, names: [A]}]\n'
    found = list_loosenings(before, before.replace("[A]", "[B]"), {"a.py": "a.py"})

    assert [one[:2] for one in found] == [("*.py", "looks for other names of prompts now")]


LOST = "this group doesn't count `{}` any more"
LOST_BOTH = "this group doesn't count `new/a.md` and 1 other file any more"
GROUP = 'groups: [{name: g, sum: ["a.md", "b.md"], limit: 50}]\n'


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (GROUP.replace("50", "60"), ["limit raised", "limit raised"]),
        (GROUP.replace("name: g", "name: h"), []),
        (GROUP.replace("name: g", "name: h").replace("50", "60"), ["limit raised", "limit raised"]),
        (
            GROUP.replace("name: g", "name: h").replace("b.md", "docs/"),
            ["this group is not counted any more"],
        ),
        (GROUP.replace(', "b.md"', ""), [LOST.format("b.md")]),
        (GROUP.replace('"b.md"', '"b.md", "!a.md"'), [LOST.format("a.md")]),
        (GROUP.replace('"a.md"', '"!a.md", "a.md"'), []),
        (GROUP.replace('"b.md"', '"gone.md", "b.md"'), []),
        (GROUP.replace("50", "50, allow_empty: true"), ["may match nothing now"]),
        (GROUP + "exclude: b.md\n", [LOST.format("b.md")]),
        (GROUP.replace('"b.md"', '"b.md", "docs/"'), []),
        (GROUP.replace("50", "50, max_growth: 9"), []),
    ],
)
def test_groups_are_loosened_as_rules_are(after: str, expected: list[str]) -> None:
    """A limit raised, a group gone, or fewer files in it."""
    assert [one[1] for one in list_loosenings(TOP + GROUP, TOP + after)] == expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ('sum: ["new/*.md", "c.md"]', []),
        ('sum: ["new/a.md", "c.md"]', [LOST.format("new/b.md")]),
        ('sum: ["new/*.md", "!new/b.md", "c.md"]', [LOST.format("new/b.md")]),
        ('sum: ["!new/b.md", "new/*.md", "c.md"]', []),
        ('sum: ["new/*.md#body", "c.md"]', [LOST_BOTH]),
        ('sum: ["new/*.md"]', [LOST.format("c.md")]),
        ('sum: ["c.md"]', [LOST_BOTH]),
        ('sum: ["old/*.md", "c.md"]', [LOST_BOTH]),
    ],
)
def test_a_group_that_names_its_moved_files_loosens_nothing(after: str, expected: list[str]) -> None:
    """As with rules: a file that was moved to where a pattern of the group doesn't match is lost; a deleted file isn't."""
    before = TOP + 'groups: [{name: g, sum: ["old/*.md", "c.md"], limit: 50}]\n'
    paths = {"new/a.md": "old/a.md", "new/b.md": "old/b.md", "c.md": "c.md"}

    found = list_loosenings(before, f"{TOP}groups: [{{name: g, {after}, limit: 50}}]\n", paths)

    assert [one[1] for one in found] == expected
    assert list_loosenings(before, f"{TOP}groups: [{{name: g, {after}, limit: 50}}]\n", {}) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('"*.md#body"', '"*.md"', []),
        ('"*.md"', '"*.md#body"', [LOST.format("a.md")]),
        ('"*.md#body", "*.md#metadata"', '"*.md#body"', [LOST.format("a.md")]),
        ('"*.md#on demand"', '"*.md"', [LOST.format("a.md")]),
        ('"!a.md", "*.md"', '"*.md", "!a.md"', [LOST.format("a.md")]),
    ],
)
def test_a_group_may_count_fewer_prompts_of_a_file(before: str, after: str, expected: list[str]) -> None:
    """A reference without a name is for all but those on demand. What is taken back may come before or after."""
    text = TOP + "groups: [{{name: g, sum: [{}], limit: 50}}]\n"

    found = list_loosenings(text.format(before), text.format(after), {"a.md": "a.md"})

    assert [one[1] for one in found] == expected


def test_a_group_loses_what_a_nested_configuration_governs() -> None:
    """A sum has no files of another project."""
    nested = parse_config(ONE.encode(), "docs/.prompt-lint.yaml", RULE_KEYS, folder="docs")
    before = config(TOP + GROUP.replace("b.md", "docs/"))

    found = find_loosenings(before, before._replace(nested=(nested,)), PATHS)

    assert [one.description for one in found] == [LOST.format("docs/c.md")]


def test_the_growth_of_a_group_can_be_loosened() -> None:
    """It is reported at its line, with the name of the group."""
    before = GROUP.replace("50", "50, max_growth: 9")
    found = find_loosenings(config(TOP + before), config(TOP + before.replace("9", "10")), PATHS)

    description = "may grow more in one change than before"
    assert found == [Loosening("g", description, 3, config_path=".prompt-lint.yaml")]


EXEMPTION = ONE + "exempt: [{files: docs/c.md, reason: Later.}]\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((ONE + "on_raise: fail\n", ""), (ONE + "on_raise: fail\n", ONE), []),
        ((ONE, ONE + "on_raise: fail\n"), (ONE + "on_raise: fail\n", ONE), []),
        ((ONE, ONE + "on_raise: fail\n"), (ONE, ONE), [("`fail` became `warn`", "docs/.prompt-lint.yaml")]),
        ((ONE + "on_raise: fail\n", ""), (ONE, ONE), [("`fail` became `warn`", ".prompt-lint.yaml")]),
        ((ONE, ""), (ONE, ONE + "on_raise: note\n"), [("`warn` became `note`", "docs/.prompt-lint.yaml")]),
        ((ONE, ONE + "exempt: [{files: /c.md, reason: Later.}]\n"), (EXEMPTION, ""), []),
        ((EXEMPTION, ""), (ONE, ONE + "exempt: [{files: /c.md, reason: Later.}]\n"), []),
        ((ONE, ONE), (EXEMPTION, ""), [("exempt: Later.", ".prompt-lint.yaml")]),
    ],
)
def test_what_is_only_moved_to_another_configuration_loosens_nothing(
    before: tuple[str, str], after: tuple[str, str], expected: list[tuple[str, str]]
) -> None:
    """`on_raise` is one for the run. An exemption is known by the files that it names from the top."""

    def load(top: str, nested: str) -> Config:
        path = "docs/.prompt-lint.yaml"
        below = (parse_config(nested.encode(), path, RULE_KEYS, folder="docs"),) if nested else ()
        return config(top)._replace(nested=below)

    found = find_loosenings(load(*before), load(*after), {"a.md": "a.md"})

    assert [(one.description, one.config_path) for one in found] == expected


def test_a_nested_configuration_is_compared_with_the_one_that_governed_its_folder() -> None:
    """Its groups and exemptions count once; a configuration that moves away takes its groups with it."""

    def nest(text: str) -> Config:
        nested = parse_config(text.encode(), "docs/.prompt-lint.yaml", RULE_KEYS, folder="docs")
        return config(ONE)._replace(nested=(nested,))

    strict, loose = (
        nest(ONE + GROUP + "on_raise: fail\n"),
        nest(ONE + "exempt: [{files: c.md, reason: Later.}]\n"),
    )
    no_rule = "no rule applies to `docs/c.md` any more"

    def list_all(before: Config, after: Config) -> list[tuple[str, str]]:
        return [(one.description, one.config_path) for one in find_loosenings(before, after, PATHS)]

    assert list_all(config(ONE), strict) == []
    assert list_all(strict, loose) == [
        ("this group is not counted any more", "docs/.prompt-lint.yaml"),
        ("exempt: Later.", "docs/.prompt-lint.yaml"),
        ("`fail` became `warn`", "docs/.prompt-lint.yaml"),
    ]
    assert list_all(strict, config(ONE)) == [
        ("this group is not counted any more", "docs/.prompt-lint.yaml"),
        ("`fail` became `warn`", ".prompt-lint.yaml"),
    ]
    assert (no_rule, ".prompt-lint.yaml") in list_all(config(ONE), nest(TOP + GROUP))
    for removed in find_loosenings(strict, config(TOP + GROUP), PATHS):
        assert removed.line == 0


def test_a_group_that_takes_back_where_its_files_moved_to_names_fewer() -> None:
    """What is taken back was in the base already, but nothing was there."""
    before = TOP + 'groups: [{name: g, sum: ["old/*.md", "!new/b.md"], limit: 50}]\n'
    paths = {"new/a.md": "old/a.md", "new/b.md": "old/b.md"}

    assert list_loosenings(before, before.replace("old/", "new/"), {"new/a.md": "old/a.md"}) == []
    assert list_loosenings(before, before.replace("old/", "new/"), paths)


def test_a_part_of_a_file_has_a_limit_that_can_be_raised() -> None:
    """Also one that falls back to the limit of the whole."""
    before = TOP + 'prompts: [{files: "*.md", parts: {metadata: 50}}]\n'

    assert list_loosenings(before, ONE) == [("*.md (metadata)", "limit raised", m, 50, 100) for m in MODELS]


def test_a_renamed_file_is_compared_by_the_rule_of_its_old_name() -> None:
    """Moving a prompt to where a larger limit applies loosens it."""
    both = TOP + "prompts: [{files: a.md}, {files: docs/, limit: 900}]\n"

    found = list_loosenings(both, both, {"docs/a.md": "a.md"})

    assert [one[3:] for one in found] == [(100, 900), (100, 900)]


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_limit_is_loosened_one_way_only(old: int, new: int) -> None:
    """Of two limits, at most one direction loosens; neither does where they are equal."""
    one, other = (ONE.replace("100", str(limit)) for limit in (old, new))

    assert bool(list_loosenings(one, other)) is (new > old)
    assert bool(list_loosenings(other, one)) is (old > new)


def test_loosenings_are_in_the_order_of_the_configuration() -> None:
    """In whichever order the files of a repository are listed."""
    two = TOP + 'prompts:\n  - files: "*.md"\n  - files: "*.txt"\n'
    paths = {"b.txt": "b.txt", "a.md": "a.md"}

    found = list_loosenings(two, two.replace("100", "200"), paths)

    assert [subject for subject, *_ in found] == ["*.md", "*.md", "*.txt", "*.txt"]


LEGACY = "exempt: [{files: old/, reason: Later., until: 2030-01-01}, {files: old/b.md, reason: Soon., until: 2027-01-01}]\n"


@pytest.mark.parametrize(
    ("after", "paths", "expected"),
    [
        (LEGACY, {"old/a.md": "a.md"}, ["exempt until 2030-01-01, now also `old/a.md`: Later."]),
        (LEGACY, {"old/b.md": "old/a.md", "old/b.txt": "b.txt", "a.md": "old/c.md"}, []),
        (
            LEGACY.partition(", {")[0] + "]\n",
            {"old/a.md": "old/a.md", "old/b.md": "old/b.md"},
            ["exempt until 2030-01-01, now also `old/b.md`: Later."],
        ),
        (LEGACY.replace("2030", "2029"), {"old/a.md": "old/a.md"}, []),
        (LEGACY.replace("2030", "2031"), {}, ["exempt until 2031-01-01: Later."]),
    ],
    ids=["moved there", "moved between or away", "a shorter one is gone", "shorter", "longer"],
)
def test_an_exemption_may_be_for_more_prompts_than_in_the_base(
    after: str, paths: dict[str, str], expected: list[str]
) -> None:
    """Exemptions are compared by the prompts that they are for, as rules are. The last one that matches decides."""
    assert [one[1] for one in list_loosenings(ONE + LEGACY, ONE + after, paths)] == expected
