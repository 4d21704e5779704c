"""`tighten`: limits go down to today's prompts and some headroom; nothing else in the file changes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.json_schema import DOCS, validate

from prompt_lint.check.pipeline import check_prompts
from prompt_lint.cli import tighten

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

    from prompt_lint.model.values import Report

CONFIG = """\
# Ours.
models: [claude-sonnet-5-5, claude-haiku-4-5]
limit: "8k"   # for most
prompts:
  - files: prompts/*.md
  - {files: prompts/share.md, limit: 5%}
  - files: prompts/own.md
    limits: {claude-sonnet-5-5: 0x1f40, claude-haiku-4-5: 1.5k}
  - {files: skills/*/SKILL.md, parts: {metadata: 900, body: 5K}}
  - {files: prompts/filled.md, limit: 9k, reserve: 3k}
  - {files: prompts/blank.md, limit: 9k, reserve: 3k}
  - {files: later/*.md, limit: 700, allow_empty: true}
groups:
  - name: all
    sum: [prompts/*.md]
    limit: 20000
exempt:
  - {files: prompts/legacy.md, reason: It is being split.}
"""
NESTED = b"\xef\xbb\xbfmodels: claude-sonnet-5-5\r\nlimit: 900\r\nprompts: [{files: p/*.md, limit: '777'}] # both\r\n"
SENTENCE = "Answer the customer in one sentence.\n"


@pytest.fixture
def filled(repo: Repo) -> Repo:
    repo.write(".prompt-lint.yaml", CONFIG)
    for name in ("usual", "share", "own"):
        repo.write(f"prompts/{name}.md", SENTENCE * 80)
    repo.write("prompts/filled.md", SENTENCE * 80)
    repo.write("prompts/blank.md", "")
    repo.write("prompts/legacy.md", SENTENCE * 1200)
    repo.write("skills/pdf/SKILL.md", f"---\nname: pdf\ndescription: Reads PDFs.\n---\n{SENTENCE}")
    repo.write("sub/.prompt-lint.yaml", NESTED)
    repo.write("sub/p/a.md", SENTENCE * 20)
    repo.commit()
    return repo


def read_configs(repo: Repo) -> list[bytes]:
    return [(repo.path / folder / ".prompt-lint.yaml").read_bytes() for folder in ("", "sub")]


def test_limits_are_lowered_in_their_places(
    filled: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """Comments, quotes, a `k`, line ends and a byte order mark stay; so does what can't be lowered, with the reason."""
    before = read_configs(filled)

    shown = lint("tighten", "--offline", "--dry-run")
    unwritten = read_configs(filled)
    done = lint("tighten", "--offline")
    after = read_configs(filled)

    assert (shown.code, unwritten) == (0, before)
    assert done == shown._replace(out=shown.out.replace("Can lower", "Lowered"))
    assert done.out == snapshot
    assert (after[0].decode(), after[1]) == snapshot
    assert lint("check", "--offline").code == 0
    assert lint("tighten", "--offline").out.endswith("\nNo limit to lower.\n")
    assert read_configs(filled) == after


def read(done: Done) -> Any:
    """The JSON output, validated by its schema."""
    assert done.out, done.err
    report = json.loads(done.out)
    validate(report, DOCS / "tighten.schema.json")
    assert report["exit_code"] == done.code
    return report


def test_json_has_each_limit_with_its_place_and_its_largest_prompt(
    filled: Repo, lint: Callable[..., Done]
) -> None:
    """What is lowered to what, and what stays and why; a run that writes says so of each limit, and no more."""
    json_output = ("tighten", "--offline", "--output-format=json")

    shown = read(lint(*json_output, "--dry-run"))
    done = read(lint(*json_output))

    assert [(each["config"], each["line"], each["key"], each["text"], each["before"], each["after"]) for each in shown["lowered"]] == [
        (".prompt-lint.yaml", 3, ["limit"], "8k", 8000, 1170),
        (".prompt-lint.yaml", 8, ["prompts", 2, "limits", "claude-haiku-4-5"], "1.5k", 1500, 713),
        (".prompt-lint.yaml", 9, ["prompts", 3, "parts", "metadata"], "900", 900, 150),
        (".prompt-lint.yaml", 9, ["prompts", 3, "parts", "body"], "5K", 5000, 500),
        (".prompt-lint.yaml", 10, ["prompts", 4, "limit"], "9k", 9000, 4470),
        ("sub/.prompt-lint.yaml", 3, ["prompts", 0, "limit"], "777", 777, 500),
    ]  # fmt: skip
    top, _, metadata, _, reserving, _ = shown["lowered"]
    assert top["rule"] is None
    assert metadata["rule"] == {"config": ".prompt-lint.yaml", "line": 9, "files": ["skills/*/SKILL.md"]}
    assert (metadata["largest"]["path"], metadata["largest"]["name"]) == ("skills/pdf/SKILL.md", "metadata")
    largest = reserving["largest"]
    assert (largest["path"], largest["model"], largest["high"], largest["reserve"]) == (
        "prompts/filled.md", "claude-sonnet-5-5", 1055, 3000,
    )  # fmt: skip
    assert [(each["text"], each["before"], each["reason"]) for each in shown["kept"]] == [
        ("5%", None, "it is a share of the context window"),
        ("0x1f40", 8000, "write it as a plain number, 8000"),
        ("9k", 9000, "its prompts are empty or exempt"),
        ("700", 700, "it judges no prompt"),
        ("20000", 20000, "it is low enough"),
        ("900", 900, "it judges no prompt"),
    ]
    assert {each["written"] for each in shown["lowered"]} == {False}
    assert done == {**shown, "lowered": [{**each, "written": True} for each in shown["lowered"]]}


def test_json_of_a_check_has_what_fails_it(repo: Repo, lint: Callable[..., Done]) -> None:
    """A group by its name; beside the text on stdout, in a file that isn't the configuration."""
    config = (
        "models: claude-haiku-4-5\nlimit: 100\nprompts: [{files: '*.md'}]\n"
        "groups: [{name: both, sum: ['*.md'], limit: 900}]\n"
    )
    path = repo.write(".prompt-lint.yaml", config)
    repo.write("a.md", SENTENCE * 10)
    repo.commit()
    check = ("tighten", "--check", "--offline")

    text = lint(*check, "--output=json=out.json")
    report = read(text._replace(out=(repo.path / "out.json").read_text()))
    refused = lint("tighten", "--offline", "--output=json=.prompt-lint.yaml")

    assert text.out.endswith("\nCan lower 1 limit; run it without `--check` to do so.\n")
    [limit] = report["lowered"]
    assert (limit["group"], limit["key"], limit["largest"]["name"]) == (
        "both",
        ["groups", 0, "limit"],
        "both",
    )
    assert (text.code, limit["written"]) == (1, False)
    assert (refused.code, path.read_text()) == (2, config)


@pytest.mark.parametrize(
    ("config", "code", "message"),
    [
        ("limit: lots\nprompts: [{files: a.md}]\n", 2, "`lots` isn't a limit"),
        ("models: claude-haiku-4-5\nprompts: [{files: gone.md, limit: 8k}]\n", 2, "no file in the repository matches `gone.md`"),
        ("models: claude-haiku-4-5\nprompts: [{files: '*.md', limit: 8k}]\n", 3, "is UTF-16, not UTF-8"),
        (None, 2, "no .prompt-lint.yaml in"),
    ],
)  # fmt: skip
def test_json_is_written_where_the_run_fails(
    repo: Repo, lint: Callable[..., Done], config: str | None, code: int, message: str
) -> None:
    """With what is wrong, and nothing lowered."""
    if config:
        repo.write(".prompt-lint.yaml", config)
    repo.write("a.md", b"\xff\xfe\xff")
    repo.commit()

    done = lint("tighten", "--offline", "--output-format=json")

    report = read(done)
    assert (done.code, report["lowered"]) == (code, [])
    assert message in report["problems"][0]["message"]


def test_a_file_that_cannot_be_written_keeps_no_other_as_it_was(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """The output says which limits are lowered. Here the system refuses files of more than some kilobytes."""
    resource = pytest.importorskip("resource")
    config = "models: claude-haiku-4-5\nprompts: [{files: a.md, limit: 8k}]\n"
    large = repo.write(".prompt-lint.yaml", f"{config}# {'long ' * 1600}\n")
    small = repo.write("sub/.prompt-lint.yaml", config)
    repo.write("a.md")
    repo.write("sub/a.md")
    repo.commit()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, hard))
    try:
        done = lint("tighten", "--offline", "--no-cache", "--output-format=json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    report = read(done)
    assert done.code == 3
    assert [(each["config"], each["written"]) for each in report["lowered"]] == [
        (".prompt-lint.yaml", False), ("sub/.prompt-lint.yaml", True),
    ]  # fmt: skip
    assert "limit: 8k" in large.read_text()
    assert "limit: 8k" not in small.read_text()
    [problem] = report["problems"]
    assert problem["message"].startswith(f"could not write {large}")
    assert problem["path"] == ".prompt-lint.yaml"


def test_check_fails_once_a_limit_is_further_above_than_the_headroom(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """A prompt that lost a few tokens leaves the weekly job of docs/limits.md green, one that lost a third doesn't."""
    page = (DOCS / "limits.md").read_text(encoding="utf-8")
    [recipe] = re.findall(r"- run: prompt-lint (tighten .*)", page)
    repo.write(
        ".prompt-lint.yaml",
        "models: claude-haiku-4-5\nprompts: [{files: a.md, limit: 850}, {files: b.md, limit: 9000}]\n",
    )
    repo.write("a.md", SENTENCE * 90)
    repo.write("b.md", SENTENCE * 90)
    repo.commit()

    ends = [
        lint(*recipe.split(), *arguments) for arguments in (["a.md"], ["a.md", "--headroom=1%"], ["b.md"], [])
    ]

    assert [end.code for end in ends] == [0, 1, 1, 1]
    assert ends[-1].out.endswith("\nCan lower 1 limit; run it without `--check` to do so.\n")
    assert lint("tighten", "--offline", "--dry-run", "a.md").out.count("→") == 1


def test_limits_of_prompts_that_are_not_read_stay(repo: Repo, lint: Callable[..., Done]) -> None:
    """The limit that such a file has, the one it inherits, and those of sums; the others are lowered."""
    repo.write(
        ".prompt-lint.yaml",
        "models: claude-haiku-4-5\nlimit: 8k\nprompts:\n- files: a/*.md\n- {files: b/*.md, limit: 9k}\n"
        "groups: [{name: both, sum: ['*/*.md'], limit: 90k}]\n",
    )
    repo.write("a/good.md", SENTENCE)
    repo.write("a/bad.md", b"\xff\xfe\xff")
    repo.write("b/good.md", SENTENCE)
    repo.commit()

    done = lint("tighten", "--offline")

    assert done.code == 3
    assert re.findall(r"limit (\S+) (stays|→)", done.out) == [("8k", "stays"), ("90k", "stays"), ("9k", "→")]


@pytest.mark.parametrize(
    ("exempt", "limit", "end"),
    [
        ("", 9000, "limit 9000 → 1400 (largest: large.md, 1,266 tokens)"),
        ("until: 2001-01-01", 9000, "limit 9000 → 1400 (largest: large.md, 1,266 tokens)"),
        ("until: 2999-01-01", 9000, "limit 9000 → 670 (largest: small.md, 609 tokens)"),
        ("until: 2999-01-01", 1000, "limit 1000 → 670 (largest: small.md, 609 tokens)"),
        ("", 1000, "limit 1000 stays: large.md is over it"),
        ("", 1260, "limit 1260 stays: large.md may be over it"),
        ("", 1300, "1 limit stays: it is low enough"),
    ],
)
def test_an_exempt_prompt_does_not_count(
    repo: Repo, lint: Callable[..., Done], exempt: str, limit: int, end: str
) -> None:
    """While its exemption is valid, whether or not it is within its limit; else a limit is never below it."""
    exemption = f"exempt: [{{files: large.md, reason: Split it., {exempt}}}]\n" if exempt else ""
    config = f"models: claude-sonnet-5-5\nlimit: {limit}\nprompts: [{{files: '*.md'}}]\n{exemption}"
    repo.write(".prompt-lint.yaml", config)
    repo.write("large.md", SENTENCE * 96)
    repo.write("small.md", SENTENCE * 46)

    assert end in lint("tighten", "--offline", "--dry-run").out


def test_a_group_over_its_limit_is_called_by_its_name(repo: Repo, lint: Callable[..., Done]) -> None:
    repo.write(
        ".prompt-lint.yaml",
        "models: claude-sonnet-5-5\ngroups: [{name: start, sum: a.md, limit: 10}]\n",
    )
    repo.write("a.md", SENTENCE * 46)

    assert "limit 10 stays: start is over it" in lint("tighten", "--offline", "--dry-run").out


def test_a_mistake_in_the_configuration_stops_it(repo: Repo, lint: Callable[..., Done]) -> None:
    """Behind a rule that matches nothing, a prompt may be hidden."""
    config = "models: claude-haiku-4-5\nlimit: 8k\nprompts: [{files: a.md}, {files: gone.md}]\n"
    path = repo.write(".prompt-lint.yaml", config)
    repo.write("a.md")
    repo.commit()

    done = lint("tighten", "--offline")

    assert (done.code, path.read_text()) == (2, config)
    assert "gone.md" in done.out
    for value in ("0%", "0.5", "101%", "ten"):
        assert f"`{value}` isn't a share" in lint("tighten", f"--headroom={value}").err


@pytest.mark.parametrize(
    "now",
    [b"models: claude-haiku-4-5\nprompts: [{files: a.md, limit: 9}]\n", b"limit: [", b"limit: \xff\n", b""],
)
def test_a_configuration_that_changes_during_the_run_stays(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, now: bytes
) -> None:
    """Also if it is no configuration any more: somebody is writing it."""
    path = repo.write(".prompt-lint.yaml", "models: claude-haiku-4-5\nlimit: 8k\nprompts: [{files: a.md}]\n")
    repo.write("a.md")

    def check(*arguments: Any) -> Report:
        report = check_prompts(*arguments)
        path.write_bytes(now)
        return report

    monkeypatch.setattr(tighten, "check_prompts", check)

    done = lint("tighten", "--offline")

    assert (done.code, path.read_bytes()) == (2, now)
    assert done.err.startswith("error: .prompt-lint.yaml has changed during the run\n")


def test_one_file_that_two_folders_link_to(repo: Repo, lint: Callable[..., Done]) -> None:
    """It is lowered to what the larger of them needs, and the links stay."""
    shared = repo.write("shared.yaml", "models: claude-haiku-4-5\nprompts: [{files: p.md, limit: 9000}]\n")
    for folder, size in (("one", 10), ("two", 50)):
        link = repo.link(f"{folder}/.prompt-lint.yaml", "../shared.yaml")
        repo.write(f"{folder}/p.md", SENTENCE * size)
    repo.commit()

    done = lint("tighten", "--offline")

    assert "two/p.md" in done.out
    assert link.is_symlink()
    assert lint("check", "--offline").code == 0
    assert int(re.findall(r"limit: (\d+)", shared.read_text())[0]) < 600


WRITTEN = st.sampled_from(
    ["999999", "8k", "'1.5K'", '"7000"', "0.09k", "40", "100%", "0x1f40", "|-\n    8k\n"]
)
LINE_END = st.sampled_from(["\n", "\r\n"])


# Each run writes all the files that it reads.
@settings(
    max_examples=settings().max_examples // 6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(top=WRITTEN, own=WRITTEN, group=WRITTEN, end=LINE_END, percent=st.integers(1, 100))
def test_tightening_changes_limits_alone_and_once(
    repo: Repo, lint: Callable[..., Done], top: str, own: str, group: str, end: str, percent: int
) -> None:
    """Every prompt is judged as before, every byte outside of limits is the same, and a second run changes nothing."""
    text = (
        f"# é\u2028# \U0001f600\nmodels: claude-haiku-4-5\nlimit: {top}\nprompts:\n- files: a.md\n- files: b.md\n  limit: {own}\n"
        f"groups:\n- name: both\n  sum: [a.md, b.md]\n  limit: {group}"
    ).replace("\n", end)
    path = repo.write(".prompt-lint.yaml", text)
    repo.write("a.md", SENTENCE * 3)
    repo.write("b.md", SENTENCE * 30)

    def judge() -> dict[tuple[str, str], bool]:
        report = lint("check", "--offline", "--output-format=json").report
        return {(each["path"], each["name"]): each["status"] == "over" for each in report["verdicts"]}

    before = judge()
    assert lint("tighten", "--offline", f"--headroom={percent}%").code == 0
    after = path.read_bytes().decode()

    assert judge() == before
    assert re.sub(r"[0-9.]+[kK]?", "", after) == re.sub(r"[0-9.]+[kK]?", "", text)
    assert lint("tighten", "--offline", f"--headroom={percent}%").out.endswith("No limit to lower.\n")
    assert path.read_bytes().decode() == after


def test_the_diff_has_the_lines_of_git(repo: Repo, lint: Callable[..., Done]) -> None:
    """A lone carriage return, U+0085 and U+2028 end a line for Python, and for YAML, but not for git."""
    repo.write("a.md")
    text = "# One\r# two\x85# three\u2028# four\nmodels: claude-sonnet-4-6\n\nlimit: 1000\r\n\nprompts: [{files: a.md}]\n"
    repo.write(".prompt-lint.yaml", text)
    repo.commit()

    hunk = lint("tighten", "--offline").out.partition("@@ ")[2].splitlines()[:-1]

    of_git = repo.git("diff", "-U1").partition("@@ ")[2].split("\n")
    assert hunk[0] == "-3,3 +3,3 @@" == of_git[0].partition("@@")[0] + "@@"
    assert (
        hunk[1:]
        == [line.removesuffix("\r") for line in of_git[1:]]
        == [" ", "-limit: 1000", "+limit: 500", " "]
    )
