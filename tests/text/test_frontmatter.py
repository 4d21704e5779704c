"""What stands between `---` lines at the top of a file is cut off, and its keys are read whatever it is."""

from __future__ import annotations

import pytest

from prompt_lint.text import frontmatter
from prompt_lint.text.frontmatter import SplitText, parse_fields, split_frontmatter


@pytest.mark.parametrize(
    ("text", "front", "body", "line"),
    [
        ("---\na: b\n---\nBody.\n", "a: b\n", "Body.\n", 4),
        ("---\na: b\n---", "a: b\n", "", 3),
        ("---\n---\nBody.", "", "Body.", 3),
        ("--- \t\na: b\n---  \nBody.", "a: b\n", "Body.", 4),
        ("---\nglobs: **/*\n---\n---\nBody.", "globs: **/*\n", "---\nBody.", 4),
        ("---\na: 'x---'\n ---\nb: c\n----\n---\nBody.", "a: 'x---'\n ---\nb: c\n----\n", "Body.", 7),
    ],
)
def test_it_ends_at_the_second_line_of_three_dashes(text: str, front: str, body: str, line: int) -> None:
    """Only whole lines of three dashes count, with white space behind them at most; what is between doesn't."""
    assert split_frontmatter(text) == SplitText(front, body, line)


@pytest.mark.parametrize(
    "text", ["", "Body.", "---\na: b\nBody.", "----\na: b\n---\n", "\n---\na: b\n---\n", " ---\na\n---\n", "---", "a\n---\n---\n"]
)  # fmt: skip
def test_without_two_such_lines_there_is_none(text: str) -> None:
    """A file that doesn't start with the line, or has just one, is all body."""
    assert split_frontmatter(text) == SplitText(None, text, 1)


@pytest.mark.parametrize(
    "front",
    [
        "name: a\ndescription: Does b: c\n",
        "globs: **/*\nname: a\ndescription: x\n",
        "name: a\nname: b\ndescription: x\n",
        "- a\n- b\n",
        "just words\n",
        "description: |\n  One\n\n  Two\nglobs: *.py\n",
        "\tname: a",
    ],
)
def test_what_is_not_yaml_is_read_line_by_line(front: str) -> None:
    """Other tools go on with such a file, so this one does, and says so."""
    found = parse_fields(front)

    assert found.fault_line
    assert [note.message for note in frontmatter.note_fault("a.md", found)] == [frontmatter.NOT_YAML]


SETTLED = "Interviews the author about a design until each open question is settled."


@pytest.mark.parametrize(
    "value",
    [
        " Interviews the author about a design until each open question is settled.",
        "\n  Interviews the author about a design until each open question is settled.",
        "\n\tInterviews the author about a design\n\tuntil each open question is settled.",
        " Interviews the author\n  about a design\n  until each open question is settled.",
        " Interviews the author\nabout a design until each open question is settled.",
        ' "Interviews the author\n  about a design until each open question is settled."',
        ' "Interviews the author\nabout a design until each open question is settled."  # a comment',
        " 'Interviews the author\n  about a design until each open question is settled.'",
        ' "Interviews the author about a \\\n  design until each open question is settled."',
        " >-\n  Interviews the author\n  about a design until each open question is settled.",
        " >  # a comment\n  Interviews the author about a design\n  until each open question is settled.\n",
        " |\n  Interviews the author about a design until each open question is settled.\n\n",
        " |  # a comment\n\tInterviews the author about a design until each open question is settled.",
        "\n  # a comment\n  Interviews the author about a design until each open question is settled.\n# another",
    ],
)
@pytest.mark.parametrize("key", ["description:", "description :", '"description":', "'description':"])
def test_one_bad_line_leaves_the_values_of_other_keys_whole(key: str, value: str) -> None:
    """Claude Code takes such a file, and a reader sees where each value ends: at the next key, however it is written."""
    bad = "argument-hint: [a] [b]"
    fronts = (
        f"{key}{value}\n{bad}\nname: x\n",
        f"name: x\n{bad}\n{key}{value}\n",
        f"{bad}\n{key}{value}\nname: x",
    )

    for front in fronts:
        found = parse_fields(front)
        assert found.fault_line
        assert {key: found.get_text(key) for key in found.values} == {
            "argument-hint": "[a] [b]",
            "description": SETTLED,
            "name": "x",
        }


@pytest.mark.parametrize(
    ("front", "description"),
    [
        ("globs: **/*\ndescription: Reviews: all of it.  \n", "Reviews: all of it."),
        ('globs: *\ndescription: "Quoted: yes"\n', "Quoted: yes"),
        ('globs: *\ndescription: "Quoted" and not\n', '"Quoted" and not'),
        ('globs: *\ndescription: "A \\q b"\n', "A \\q b"),
        ("globs: *\ndescription: >-\n  One\n\n  Two\nalwaysApply: true\n", "One\nTwo"),
        ("globs: *\ndescription: |\n\tOne\n\n\tTwo\nalwaysApply: true\n", "One\n\nTwo"),
        ("globs: *\ndescription: > text\n", "> text"),
        ("globs: *\ndescription:\n", ""),
        ("globs: *\ndescription: null\n", ""),
        ("globs: *\ndescription: false\n", "false"),
        ("globs: *\ndescription: first\ndescription: second\n", "first"),
        ("globs: *\n  description: indented\n", ""),
        ("  globs: *\n  description: One\n    two\n", "One two"),
        ("  globs: *\n  description: One: two\n  # a comment\nname: x", "One: two"),
        ('globs: *\ndescription: "\n', '"'),
        ("globs: *\ndescription: Use when: asked\n  user: 'Hi'\n  # 1\n", "Use when: asked user: 'Hi' # 1"),
        ("globs: *\ndescription:\n  Use when: asked\n", "Use when: asked"),
        ("globs: *\ndescription: [Beta]\n", "[Beta]"),
        ("globs: *\ndescription: anna: a\n", "anna: a"),
        ("globs: *\ndescription: 'a: b' and 'c: d'\n", "a: b' and 'c: d"),
        ("globs: *\ndescription: *Beta* tool\n", "*Beta* tool"),
        ("globs: *\ndescription:\n- One\n- two\nname: x", "- One - two"),
        ("description: Use when: one\n# a comment\nname: x", "Use when: one"),
        (
            "description: Use when: one\n\n<example>\nHi!\n</example>\nname: x",
            "Use when: one <example> Hi! </example>",
        ),
        ("globs: *\nwhen to use: later\ndescription: x\nmore words: y", "x"),
    ],
)
def test_in_broken_frontmatter_a_value_ends_at_the_next_key(front: str, description: str) -> None:
    """Each value is read as YAML where it is, else as the text that a reader takes it for."""
    assert parse_fields(front).get_text("description") == description


def test_broken_frontmatter_of_too_many_lines_is_cut_off_and_says_so() -> None:
    """No real one has 10,000 lines, and each takes its time."""
    fields = parse_fields("a: [b] [c]\nb: |\n" + "  c\n" * 10_000 + "d: e\n")

    assert fields.get_text("b").count("c") == 9_998
    assert fields.cut_lines == {"b": 10_002}


def test_in_broken_frontmatter_only_the_first_keys_are_read_as_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes its time, and no real one has 1,000 keys; the values of others are text."""
    monkeypatch.setattr(frontmatter, "_MAX_YAML_KEYS", 2)

    values = parse_fields("a: [b] [c]\nb: 0x10\nc: 0x10\nd: ''\ne: '\n").values

    assert values == {"a": "[b] [c]", "b": 16, "c": "0x10", "d": "", "e": "'"}


def test_a_list_of_broken_frontmatter_is_something_and_an_empty_one_is_nothing() -> None:
    """A rule of Claude Code is loaded on demand if it has paths, and these are globs that nobody quotes."""
    assert parse_fields("paths:\n  - **/*.ts\n").values["paths"] == "- **/*.ts"
    assert parse_fields("globs: *\npaths: [a, b]\n").values["paths"] == "[a, b]"
    assert not parse_fields("globs: *\npaths: []\n").values["paths"]


@pytest.mark.parametrize(
    ("front", "keys", "line"),
    [
        ("description: Use when: one\n<example>\nuser: Hi\n", "`description`", 4),
        ("description: |\nOne: two\nthree\nuser: Hi\nfour\nname: x\n", "`description`, `One`, `user`", 3),
        ('name: x\ndescription: "One\nuser: Hi\n', "`description`", 4),
        ("description:\nUse when: asked\nuser: Hi\na: *", "`description`", 4),
        ("a: *\ndescription: |\n\nOne: two\n", "`description`", 5),
        ("tools: [\nRead: x\ndescription: 'One\nuser: Hi", "`tools`, `description`", 3),
    ],
)
def test_a_value_that_may_go_on_behind_the_next_key_is_noted(front: str, keys: str, line: int) -> None:
    """Nobody can tell there what was meant, so it is said which value to look at."""
    notes = list(frontmatter.note_fault("a.md", parse_fields(front)))

    assert [note.line for note in notes[1:]] == [line]
    assert notes[1].message.startswith(
        f"the value of {keys} may be cut here, where the next key begins, since "
    )


@pytest.mark.parametrize(
    "front",
    [
        "a: [b] [c]\ndescription: One\n  two\nname: x",
        "a: [b] [c]\ndescription: [One,\ntwo\n]\nname: x",
        'a: [b] [c]\ndescription: "One\ntwo"\nname: x',
        "a: [b] [c]\npaths:\n- **/*.ts\nname: x",
        "a: [b] [c]\n# words\nname: x",
        "name: x\ndescription: 'One",
    ],
)
def test_a_value_with_an_end_of_its_own_is_not_noted(front: str) -> None:
    """What is indented, quoted or bracketed ends where it says; the last value ends with the frontmatter."""
    notes = list(frontmatter.note_fault("a.md", parse_fields(front)))

    assert [note.message for note in notes] == [frontmatter.NOT_YAML]


@pytest.mark.parametrize("key", ["description", "when_to_use"])
@pytest.mark.parametrize("value", ["[a, b]", "{a: b}", "\n  Use when: asked"])
def test_what_would_be_listed_and_is_no_text_is_noted(key: str, value: str) -> None:
    """It is valid YAML, and still nothing that could be listed."""
    notes = list(frontmatter.note_fault("a.md", parse_fields(f"name: x\n{key}: {value}\n")))

    assert [(note.message, note.line) for note in notes] == [(frontmatter.NO_TEXT % key, 3)]


@pytest.mark.parametrize(
    ("front", "description"),
    [
        ("description: Plain text.\n", "Plain text."),
        ("description: >-\n  One\n  two\n", "One two"),
        ("description: |\n  One\n  two\n\nname: a\n", "One\ntwo"),
        ("description: One\n  two\n", "One two"),
        ('description: "One \\"two\\"\n\n  three"\n', 'One "two"\nthree'),
        ("description: 'It''s'\n", "It's"),
        ("description: 3\n", "3"),
        ("description: true\n", "true"),
        ("description:\n", ""),
        ("globs: [a, b]\n", ""),
        ("{description: x}", "x"),
        ("# a comment\ndescription: x # and another\n", "x"),
        ("", ""),
        ("# nothing\n", ""),
    ],
)
def test_yaml_is_read_as_yaml(front: str, description: str) -> None:
    """Block scalars, quotes, folded lines and comments come out as every YAML reader has them."""
    found = parse_fields(front)

    assert not found.fault_line
    assert found.get_text("description") == description
    assert list(frontmatter.note_fault("a.md", found)) == []


def test_the_lines_of_keys_are_those_of_the_file() -> None:
    """The line of `---` counts, whichever way the keys are read."""
    simple, yaml, broken = "a: b\nc: d\n", "a: >\n  b\nc: d\n", "a: *\nc: d\n"

    assert [parse_fields(front).lines["c"] for front in (simple, yaml, broken)] == [3, 4, 3]
    assert parse_fields("c: d\n" + broken).fault_line == 3
    assert parse_fields("- a").fault_line == 2
