"""The JSON output of `check`, read again: by whomever it was written, it is a report or one clear error."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.rules import Loosening, MaxGrowth
from prompt_lint.model.values import Base, Note, Problem, RemovedPrompt, Report, Section
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output.markdown import report as markdown_report
from prompt_lint.output.report_reader import MAX_BYTES, parse_report, read_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = Base("b" * 40, "origin/main", "the merge base with origin/main")
HINT = "make it with `prompt-lint check --output json=FILE`, of this version or a later one"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def full_report() -> Report:
    """A report with one of each thing that it may have."""
    sections = (Section("# A", 1, 2, 30, "x.md", ("a.md", "x.md")), Section("B", 3, 4, 20))
    over = make.verdict(
        "prompts/over.md", 150, "over", sections=sections, message="See docs.\n@team", reserve=30
    )
    grew = make.verdict("prompts/grew.md", 90, "grew", spread=3, max_growth=MaxGrowth(10, 100_000))
    return make.report(
        over._replace(
            change="changed", base_count=make.count(90, 2), growth=60, base_limit=100, base_reserve=20
        ),
        grew._replace(
            change="changed", base_count=make.count(50, 2), growth=40, unchanged_count=make.count(30, 2)
        ),
        make.verdict("prompts/new.md", 20, "ok")._replace(change="new", lost_imports=("docs/a.md",)),
        make.verdict("prompts/lost.md", None, "uncounted"),
        problems=(Problem("prompts/lost.md", 3, "is not UTF-8", "save it as UTF-8"),),
        notes=(Note("imports `docs/a.md`, which isn't there", "prompts/new.md", 3, "lost-import"),),
        base=BASE,
        removed=(RemovedPrompt(make.prompt("prompts/gone.md"), make.MODEL, make.count(10, 2)),),
        loosened=(Loosening("prompts/*.md", "limit raised", 4, make.MODEL, 50, 100, ".prompt-lint.yaml"),),
        exit_code=ExitCode.OVER_LIMIT,
        prices={make.MODEL: Decimal("2.5")},
    )


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value in a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths_of(inner, (*path, key))


DOCUMENT = json.loads(OUTPUTS["json"].render(full_report(), View()))
PATHS = [path for path in paths_of(DOCUMENT) if path]


def replace(path: tuple[Any, ...], value: Any) -> bytes:
    """The document with another value at a path."""
    document = json.loads(json.dumps(DOCUMENT))
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return json.dumps(document).encode()


def test_a_report_that_is_read_again_is_shown_as_before() -> None:
    """The JSON has all that the Markdown shows."""
    report = full_report()

    again = parse_report(OUTPUTS["json"].render(report, View()).encode(), "r.json")

    assert markdown_report.render_within(again, 65_536) == markdown_report.render_within(report, 65_536)


@given(st.sampled_from(PATHS), VALUES)
def test_a_report_with_any_value_anywhere_is_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    """What is read can be shown."""
    try:
        report = parse_report(replace(path, value), "r.json")
    except Fatal:
        return
    assert len(markdown_report.render_within(report, 65_536)) <= 65_536


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tokens", -1), ("tokens", 2**31), ("tokens", 1.5), ("tokens", "5"), ("tokens", False), ("base_tokens", -5),
        ("base_tokens", "5"), ("base_tokens", True), ("base_tokens", 10**30), ("growth", False), ("growth", []), ("growth", 0.0),
        ("growth", ""), ("growth", -(2**31)), ("growth", 2**31), ("path", None), ("name", 0), ("model", 5),
    ],
)  # fmt: skip
def test_an_invalid_field_is_named(key: str, value: Any) -> None:
    """Numbers, above all: a prompt of -1 tokens would earn money."""
    with pytest.raises(Fatal) as raised:
        parse_report(replace(("verdicts", 0, key), value), "r.json")

    message = f"r.json isn't the JSON output of `prompt-lint check`: `{key}` is missing or has another form"
    assert (raised.value.message, raised.value.hint) == (message, HINT)


def test_a_text_that_is_longer_than_anybody_reads_is_cut() -> None:
    """The first line of a prompt, which may be its title, has no limit; nor have the patterns of a rule."""
    report = parse_report(replace(("verdicts", 0, "sections", 0, "title"), "x" * 70_000), "r.json")

    assert report.verdicts[0].sections[0].title == "x" * 65_536


@pytest.mark.parametrize("price", [2.5, "NaN", "-1", "1e9", "123456", "0.1234567", "", None])
def test_an_invalid_price_is_refused(price: Any) -> None:
    """What no configuration may say."""
    with pytest.raises(Fatal, match="`prices` is missing or has another form"):
        parse_report(replace(("prices", make.MODEL), price), "r.json")


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"schema_version": ' + b"1" * 10_000 + b"}",
        b'{"schema_version": 1}',
        b'{"schema_version": 2, "verdicts": []}',
        b"null",
        b"\xff",
    ],
)
def test_what_is_built_to_break_a_parser_is_refused(data: bytes) -> None:
    """Depth, digits, next to nothing."""
    with pytest.raises(Fatal):
        parse_report(data, "r.json")


def test_a_link_is_followed_only_where_the_caller_says_so(tmp_path: Path) -> None:
    """An artifact may have links in it."""
    (tmp_path / "report.json").write_text(OUTPUTS["json"].render(full_report(), View()))
    link = tmp_path / "link.json"
    link.symlink_to("report.json")

    with pytest.raises(Fatal, match="it is a symbolic link, which isn't followed"):
        read_report(str(link))
    assert len(read_report(str(link), follow_links=True).verdicts) == 4


@pytest.mark.parametrize(
    ("name", "reason"),
    [(".", "it is no file"), ("nowhere.json", "No such file or directory")],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """With the reason."""
    with pytest.raises(Fatal) as raised:
        read_report(str(tmp_path / name))

    assert (raised.value.message, raised.value.hint) == (f"{tmp_path / name} can't be read: {reason}", HINT)


def test_a_file_that_is_too_large_is_no_report(tmp_path: Path) -> None:
    """It isn't read."""
    path = tmp_path / "report.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    with pytest.raises(Fatal, match="isn't the JSON output of `prompt-lint check`"):
        read_report(str(path))


def test_a_report_of_more_values_than_a_run_writes_is_not_parsed() -> None:
    """Empty lists take 25 times their size in memory: 64 MiB of them took 1.7 GB."""
    data = b'{"schema_version": 1, "verdicts": [' + b"[]," * 4_000_001 + b"1]}"

    with pytest.raises(Fatal, match="x isn't the JSON output of `prompt-lint check`"):
        parse_report(data, "x")
