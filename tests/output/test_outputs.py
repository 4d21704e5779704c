"""The report as a person and as a program see it. Whole outputs are snapshots."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make, reports
from tests.support.paths import ROOT

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Count, ImportShares, Note, Problem, Section
from prompt_lint.output import OUTPUTS, View, azure, github, gitlab, junit, markdown, phrases, sarif
from prompt_lint.output import json as as_json
from prompt_lint.output import text as as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.values import Report, Status
    from prompt_lint.output import Output

SECTIONS = (
    Section("## Examples", 40, 88, 1203),
    Section("# A heading that goes on and on, as generated ones do, past what fits", 3, 39, 802),
    Section("", 1, 2, 12),
)
OPUS = "claude-opus-5-5"

# One of everything. The formats of a later day get the same report.
SAMPLE = make.report(
    make.verdict("prompts/ok.md", 50, "ok"),
    make.verdict("prompts/near.md", 95, "warn"),
    make.verdict("prompts/unsure.md", 100, "unsure"),
    make.verdict("prompts/over.md", 110, "over", sections=SECTIONS, message="See docs/prompt-budget.md."),
    make.verdict("prompts/over.md", 93, "warn", limit=1_000, model=OPUS),
    make.verdict("prompts/far-over.md", 12_110, "over", limit=8_000, spread=0),
    make.verdict("prompts/picture.json", None, "uncounted"),
    problems=(
        Problem("prompts/picture.json", 1, "needs the API: it holds an image", "set ANTHROPIC_API_KEY"),
        Problem("prompts/a\nb\x1b[31m.md", 3, "is not UTF-8: byte 0xff", "save it as UTF-8"),
    ),
    notes=(Note("not a git repository, so the folder was walked"),),
    exit_code=ExitCode.OVER_LIMIT,
)


def test_text_tells_what_fails_first_and_what_to_do(snapshot: SnapshotAssertion) -> None:
    """The text output of a run with one of everything."""
    assert OUTPUTS["text"].render(SAMPLE, View()) == snapshot


def batch(number: int) -> Report:
    """A file of many prompts, all of them over and of each a line that can't be read; and another that is fine."""
    path = "prompts/batch.jsonl"
    verdicts = [
        one._replace(prompt=make.prompt(path, name=f"line {n}", line=n))
        for n, one in enumerate((make.verdict(path, 100 + n, "over") for n in range(1, number + 1)), 1)
    ]
    problems = tuple(Problem(path, n, "is not JSON", "each line is a request") for n in range(1, number + 1))
    return make.report(*verdicts, make.verdict("prompts/ok.md", 50, "ok"), problems=problems)


def test_a_file_of_many_prompts_does_not_drown_the_rest(snapshot: SnapshotAssertion) -> None:
    """Of 500 failing lines the worst three are told in full, and how many are left; so are the errors."""
    assert OUTPUTS["text"].render(batch(500), View()) == snapshot


@pytest.mark.parametrize("number", [1, 3, 4, 5, 6, 7])
def test_every_prompt_of_a_file_is_told_or_counted(number: int) -> None:
    """What isn't told in full is in the number of those left; with `-v` all are told."""
    short, long = (OUTPUTS["text"].render(batch(number), View(verbosity=verbosity)) for verbosity in (0, 1))

    assert short.count("Cut ") == min(number, 3)
    assert long.count("Cut ") == number
    assert (f"{number - 3} more prompt" in short) is (number > 3)
    assert (f"{number - 5} more error" in short) is (number > 5)
    assert "more prompt" not in long


def test_two_files_of_many_prompts_are_told_apart() -> None:
    """Two files of many prompts: of each the worst three, and how many are left."""
    one = batch(8)
    other = [v._replace(prompt=v.prompt._replace(path="prompts/other.jsonl")) for v in one.verdicts[:-1]]

    text = OUTPUTS["text"].render(one._replace(verdicts=[*one.verdicts, *other]), View())

    assert (
        text.count("\nOVER    prompts/batch.jsonl (line ")
        == text.count("\nOVER    prompts/other.jsonl (line ")
        == 3
    )
    assert text.count("5 more prompts, up to 5 over") == 2


@pytest.mark.parametrize(
    ("status", "told", "full"), [("over", "OVER", 7), ("unsure", "UNSURE", 2), ("warn", "near", 4)]
)
@pytest.mark.parametrize("number", [2, 7, 8, 17, 18, 10_000])
def test_any_number_of_prompts_fits_on_a_screen(status: Status, told: str, full: int, number: int) -> None:
    """Of each kind as many in full as there is room for, ten in a line each, the rest as a number; with `-v` all in full."""
    tokens = {"over": 110, "unsure": 100, "warn": 95}[status]
    report = make.report(*(make.verdict(f"prompts/{n}.md", tokens, status) for n in range(number)))

    text = OUTPUTS["text"].render(report, View())

    assert text.count("        claude-sonnet-5-5") == min(number, full)
    assert text.count(f"{told:<7} prompts/") == min(number, full + 10)
    assert (f"and {number - full - 10:,} more (all with -v)" in text) is (number > full + 10)
    assert text.count("\n") <= 43
    assert OUTPUTS["text"].render(report, View(verbosity=1)).count("        claude-sonnet-5-5") == number


def test_a_long_block_is_told_whole() -> None:
    """The worst is told in full however long it is."""
    message = "\n".join(f"Line {n}." for n in range(60))
    report = make.report(*(make.verdict(f"{n}.md", 110, "over", message=message) for n in range(2)))

    text = OUTPUTS["text"].render(report, View())

    assert text.count("Line 59.") == 1
    assert text.count("OVER    ") == 2


def test_any_number_of_errors_fits_on_a_screen() -> None:
    """The first eight, and how many are left; what concerns no file is always told."""
    problems = [Problem(f"prompts/{n}.md", 1, "is not JSON", "mend it") for n in range(100)]
    report = make.report(
        make.verdict("a", 1, "ok"), problems=(*problems, Problem("", 0, "No answer", "try again"))
    )

    text = OUTPUTS["text"].render(report, View())

    assert text.count("is not JSON") == 8
    assert "ERROR   No answer" in text
    assert "ERROR   92 more errors (all with -v)" in text
    assert OUTPUTS["text"].render(report, View(verbosity=1)).count("is not JSON") == 100


def test_the_errors_of_one_file_leave_room_for_others() -> None:
    """Five of the first file, three of the next, and a number for each and for all others."""
    problems = [Problem(f"prompts/{n}.jsonl", line, "is not JSON") for n in range(4) for line in range(1, 8)]

    text = OUTPUTS["text"].render(make.report(problems=tuple(problems)), View())

    assert [line[8:] for line in text.splitlines() if "more error" in line] == [
        "prompts/0.jsonl: 2 more errors (all with -v)",
        "prompts/1.jsonl: 4 more errors (all with -v)",
        "14 more errors (all with -v)",
    ]


def test_verbose_text_shows_what_passes(snapshot: SnapshotAssertion) -> None:
    """`-v` has a block for each prompt."""
    assert OUTPUTS["text"].render(SAMPLE, View(verbosity=1)) == snapshot


def test_quiet_text_shows_only_failures(snapshot: SnapshotAssertion) -> None:
    """`-q` is for those who want silence where all is well."""
    assert OUTPUTS["text"].render(SAMPLE, View(verbosity=-1)) == snapshot
    assert OUTPUTS["text"].render(make.report(make.verdict("a", 1, "ok")), View(verbosity=-1)) == ""


def test_colour_changes_nothing_but_colour(snapshot: SnapshotAssertion) -> None:
    """The text of a terminal is the text of a pipe, painted."""
    colored = OUTPUTS["text"].render(SAMPLE, View(color=True))

    assert colored == snapshot
    assert strip_colors(colored) == OUTPUTS["text"].render(SAMPLE, View())


def test_text_fits_80_columns() -> None:
    """No line that we lay out is wider than a plain terminal."""
    lines = OUTPUTS["text"].render(SAMPLE, View(verbosity=1)).splitlines()

    assert [line for line in lines if len(line) > 80] == []


IMPORTS = (
    Section("# Architecture", 1, 80, 2101, "docs/architecture.md", ("CLAUDE.md", "AGENTS.md")),
    Section("## Style", 12, 60, 1204),
    Section("", 1, 1, 990, "AGENTS.md", ("CLAUDE.md",)),
)


def test_a_prompt_that_imports_tells_own_and_imported_tokens(snapshot: SnapshotAssertion) -> None:
    """Who has to cut sees which file the tokens are in, and by which way they come."""
    verdict = make.verdict("CLAUDE.md", 4684, "over", limit=4000, sections=IMPORTS)
    report = make.report(
        verdict._replace(import_shares=ImportShares(1204, 3480, 2)), exit_code=ExitCode.OVER_LIMIT
    )

    text = OUTPUTS["text"].render(report, View())

    assert text == snapshot
    assert [line for line in text.splitlines() if len(line) > 80] == []
    [told] = json.loads(OUTPUTS["json"].render(report, View()))["verdicts"]
    assert told["shares"] == {"own": 1204, "imported": 3480, "files": 2}
    assert told["sections"][0]["via"] == ["CLAUDE.md", "AGENTS.md"]


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (Count(1234, 1234, 1234, "api"), "1,234"),
        (Count(1234, 1232, 1236, "offline"), "1,234 ±2"),
        (Count(1234, 1230, 1236, "offline"), "1,234 ±4"),
        (Count(1234, 1049, 1419, "offline", is_unverified=True), "1,234 ±185 unverified"),
    ],
)
def test_a_number_says_how_sure_it_is(count: Count, told: str) -> None:
    """Nobody takes an offline count for the API's."""
    assert phrases.format_count(count) == told


def test_json_is_complete(snapshot: SnapshotAssertion) -> None:
    """The JSON output of a run with one of everything."""
    assert OUTPUTS["json"].render(SAMPLE, View()) == snapshot


def test_json_keeps_to_its_schema() -> None:
    """The documented schema takes what we write, and nothing that we forgot to document."""
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(json.loads(OUTPUTS["json"].render(SAMPLE, View())), schema)
    assert schema["properties"]["schema_version"]["const"] == as_json.SCHEMA_VERSION


@given(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_no_name_breaks_an_output(name: str) -> None:
    """Any file name leaves the text one line for each line, and the JSON valid UTF-8."""
    report = make.report(make.verdict(name, 110, "over"), problems=(Problem(name, 0, name, name),))
    plain = make.report(make.verdict("name", 110, "over"), problems=(Problem("name", 0, "name", "name"),))

    text, document = (OUTPUTS[output].render(report, View()) for output in ("text", "json"))

    if name:
        assert text.count("\n") == OUTPUTS["text"].render(plain, View()).count("\n")
    assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\n"}
    assert json.loads(document.encode())["verdicts"][0]["status"] == "over"


def strip_colors(text: str) -> str:

    return re.sub("\x1b\\[[0-9;]*m", "", text)


def every_output() -> Mapping[str, Output]:
    """The type checker holds every module to the protocol here; the table imports them by name."""
    return {
        "text": as_text, "json": as_json, "markdown": markdown, "github": github, "azure": azure,
        "sarif": sarif, "gitlab": gitlab, "junit": junit,
    }  # fmt: skip


def test_the_table_has_every_output() -> None:
    """Each under its name."""
    assert list(every_output().items()) == list(OUTPUTS.items())


def test_totals_of_json_have_only_what_can_be_compared() -> None:
    """What has no count in the base is on neither side: it would look like growth."""
    rows = (
        reports.row("a.md", 900, standing="changed"),
        reports.row("b.md", 80, base=70, standing="changed"),
        reports.row("c.md", 5, standing="new"),
    )

    document = json.loads(as_json.render(reports.finish(*rows, base=reports.BASE), View()))

    assert document["summary"]["totals"] == [{"model": reports.SONNET, "before": 70, "after": 85}]
