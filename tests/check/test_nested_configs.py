"""A configuration in any folder governs what is below it; the nearest one wins, as a whole."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

CONFIG = "models: [claude-sonnet-5-5]\nlimit: {limit}\nprompts:\n  - files: {files}\n{more}"
TEXT = "Never guess a number that you could look up.\n" * 3  # 37 tokens
OFFLINE = ("check", "--offline", "--output-format", "json")


def write_config(repo: Repo, folder: str, limit: int, files: str = '"**/*.md"', more: str = "") -> None:
    name = f"{folder}/.prompt-lint.yaml" if folder else ".prompt-lint.yaml"
    repo.write(name, CONFIG.format(limit=limit, files=files, more=more))


@pytest.fixture
def monorepo(repo: Repo) -> Repo:
    """Three projects: the top, with a limit of 100, `services/a` with 50, `services/a/deep` with 60."""
    for folder, limit in (("", 100), ("services/a", 50), ("services/a/deep", 60)):
        write_config(repo, folder, limit)
        repo.write(f"{folder}/a.md" if folder else "a.md", TEXT)
    repo.write("services/b/b.md", TEXT)
    repo.commit()
    return repo


def list_limits(done: Done) -> dict[str, int]:
    return {verdict["path"]: verdict["limit"] for verdict in done.report["verdicts"]}


def test_the_nearest_configuration_wins(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """One run at the top covers all projects; each prompt has the limit of the nearest configuration above it."""
    done = lint(*OFFLINE)

    assert list_limits(done) == {
        "a.md": 100, "services/a/a.md": 50, "services/a/deep/a.md": 60, "services/b/b.md": 100,
    }  # fmt: skip
    assert done.report["nested_configs"] == [
        "services/a/.prompt-lint.yaml",
        "services/a/deep/.prompt-lint.yaml",
    ]
    assert {v["path"]: v["rule"]["config"] for v in done.report["verdicts"]}["services/a/a.md"] == (
        "services/a/.prompt-lint.yaml"
    )


@pytest.mark.parametrize(
    ("folder", "paths", "checked"),
    [
        ("services/a", (), ["services/a/a.md", "services/a/deep/a.md"]),
        ("services/a/deep", (), ["services/a/deep/a.md"]),
        ("services/b", (), ["a.md", "services/a/a.md", "services/a/deep/a.md", "services/b/b.md"]),
        ("services/a", ("../b/b.md",), ["services/b/b.md"]),
        ("services/a", ("deep/.prompt-lint.yaml",), ["services/a/deep/a.md"]),
    ],
)
def test_a_run_in_a_folder_covers_its_project(
    monorepo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch,
    folder: str, paths: tuple[str, ...], checked: list[str],
) -> None:  # fmt: skip
    """Without paths the project that the folder is in, and those below it; a configuration stands for its project."""
    everything = list_limits(lint(*OFFLINE))
    monkeypatch.chdir(monorepo.path / folder)

    limits = list_limits(lint(*OFFLINE, *paths))

    assert sorted(limits) == checked
    assert limits == {path: everything[path] for path in checked}


@pytest.mark.parametrize("pattern", ["*.md", "/a.md", "{a.md,x/y.md}", '["**/*.md", "!deep/"]'])
def test_patterns_start_at_the_folder_of_their_file(
    repo: Repo, lint: Callable[..., Done], pattern: str
) -> None:
    """As in a .gitignore, also in a folder whose name has characters that mean something in patterns."""
    write_config(repo, "we[i]rd {a,b}", 50, pattern if pattern.startswith("[") else f'"{pattern}"')
    repo.write("a.md", TEXT)
    repo.write("we[i]rd {a,b}/a.md", TEXT)
    repo.commit()

    assert list_limits(lint(*OFFLINE)) == {"we[i]rd {a,b}/a.md": 50}


def test_what_a_configuration_excludes_has_no_projects(repo: Repo, lint: Callable[..., Done]) -> None:
    """Test fixtures and other people's code bring configurations of their own."""
    write_config(repo, "", 100, "a.md", "exclude: [fixtures/]\n")
    repo.write("a.md", TEXT)
    repo.write("fixtures/.prompt-lint.yaml", "no: configuration\n")
    repo.commit()

    assert lint(*OFFLINE).code == 0


@pytest.fixture
def mistaken(monorepo: Repo) -> Repo:
    """The projects of `monorepo`, and one for each kind of mistake; `services/b` has a configuration without any."""
    group = "groups:\n  - {name: all, limit: 500, system: own/a.md}\n"
    write_config(monorepo, "", 100, more="on_raise: fail\n")
    write_config(monorepo, "services/b", 100)
    write_config(monorepo, "contradicts", 100, more="on_raise: warn\n")
    write_config(monorepo, "foreign", 100, more=group)
    write_config(monorepo, "foreign/own", 100)
    monorepo.link("linked/.prompt-lint.yaml", "../../outside.yaml")
    monorepo.write("services/a/.prompt-lint.yaml", "limits: 5\nlimit: no\n")
    write_config(monorepo, "two", 100)
    monorepo.write("two/.prompt-lint.yml", "limit: 5\n")
    for folder in ("contradicts", "foreign", "foreign/own", "linked", "two"):
        monorepo.write(f"{folder}/a.md", TEXT)
    monorepo.commit()
    return monorepo


def test_a_mistake_concerns_its_project_alone(
    mistaken: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """The others are checked, also those below it; each mistake is reported once, and the run ends with 2."""
    done = lint("check", "--offline")

    assert (done.code, done.err) == (2, "")
    assert done.out == snapshot


def test_a_mistake_elsewhere_concerns_no_run(mistaken: Repo, lint: Callable[..., Done]) -> None:
    """A run that names files of other projects doesn't see it; one that names a file of the project isn't green."""
    mistaken.link("alias.md", "services/a/a.md")
    mistaken.write("services/b/b.md", TEXT * 2)
    mistaken.git("add", "services/b")
    a, b, deep = "services/a/a.md", "services/b/b.md", "services/a/deep/a.md"
    expected = {
        f"{b} services/a/deep": (0, [deep, b]),
        "--base hook": (0, [b]),
        "services": (2, [deep, b]),
        f"{a} {b}": (2, [b]),
        "services/a/.prompt-lint.yaml": (2, [deep]),
        a: (2, []),
        "alias.md": (2, [a]),
    }

    runs = {arguments: lint(*OFFLINE, *arguments.split()) for arguments in expected}

    assert {arguments: (done.code, sorted(list_limits(done))) for arguments, done in runs.items()} == expected
    for done in runs.values():
        mistakes = ["services/a/.prompt-lint.yaml"] * 3 if done.code else []
        assert [problem["path"] for problem in done.report["problems"]] == mistakes


def test_where_no_configuration_can_be_used_the_run_ends(repo: Repo, lint: Callable[..., Done]) -> None:
    """All mistakes of all of them are reported."""
    for folder in ("a", "b"):
        repo.write(f"{folder}/.prompt-lint.yaml", "limit: no\n")
    repo.commit()

    done = lint("check", "--offline")

    assert (done.code, done.out) == (2, "")
    assert [line.split(":")[0] for line in done.err.splitlines() if "there is neither" in line] == [
        "a/.prompt-lint.yaml", "b/.prompt-lint.yaml",
    ]  # fmt: skip


def test_other_commands_leave_a_mistake_to_its_project(mistaken: Repo, lint: Callable[..., Done]) -> None:
    """They answer for other projects; what the rules of the project might make a prompt is never written over."""
    expected = {
        "explain services/a/a.md": 2,
        "explain services/b": 0,
        "explain services": 2,
        "list services/b": 0,
        "list": 2,
        "tighten --dry-run services/b": 0,
        "tighten --dry-run": 2,
        "check services/b --output json=services/a/a.md": 2,
    }

    assert {command: lint(*command.split(), "--offline").code for command in expected} == expected
    assert (mistaken.path / "services/a/a.md").read_text() == TEXT


def test_a_named_configuration_is_the_only_one(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """Its patterns start at the top."""
    monorepo.write("ci/limits.yaml", CONFIG.format(limit=70, files="services/a/*.md", more=""))

    assert list_limits(lint(*OFFLINE, "--config", "ci/limits.yaml")) == {"services/a/a.md": 70}


def test_sums_stay_inside_their_project(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """A sum has no files that another configuration governs; two projects may have groups of one name."""
    group = 'groups:\n  - {name: all, sum: ["**/*.md"], limit: 500}\n'
    write_config(monorepo, "", 100, more=group)
    write_config(monorepo, "services/a", 50, more=group)

    report = lint(*OFFLINE, "--base", "HEAD").report
    explained = lint("explain", "--offline", "all").out

    assert [line for line in explained.splitlines() if "a sum" in line] == [
        "  .prompt-lint.yaml:6  a sum: each file counted by itself, once",
        "  services/a/.prompt-lint.yaml:6  a sum: each file counted by itself, once",
    ]
    assert {
        v["path"]: [part["path"] for part in v["sections"]]
        for v in report["verdicts"]
        if v["kind"] == "group"
    } == {
        ".prompt-lint.yaml": ["a.md", "services/b/b.md"],
        "services/a/.prompt-lint.yaml": ["services/a/a.md"],
    }


def test_init_leaves_projects_alone(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """It proposes rules for what no configuration below the top governs."""
    (monorepo.path / ".prompt-lint.yaml").unlink()
    for name in ("services/a/CLAUDE.md", "services/a/prompts/a.md", "prompts/a.md"):
        monorepo.write(name, TEXT)

    proposed = lint("init", "--dry-run").out
    monorepo.write(".prompt-lint.yaml", proposed)

    assert "services/a" not in proposed
    assert list_limits(lint(*OFFLINE))["prompts/a.md"] == 500


def test_exemptions_and_notes_are_those_of_the_project(repo: Repo, lint: Callable[..., Done]) -> None:
    """An exemption is for prompts of its project alone, and notes are off where its configuration says so."""
    exempt = 'exempt:\n  - {files: "*.md", reason: To be split.}\n'
    write_config(repo, "", 5, '"**/*.md"', exempt)
    write_config(repo, "a", 5, '"**/*.md"', "notes: {placeholders: off}\n")
    for name in ("a.md", "a/a.md"):
        repo.write(name, "Answer {{question}}, please, and say how you know.\n")
    repo.commit()

    report = lint(*OFFLINE).report

    assert {v["path"]: v["status"] for v in report["verdicts"]} == {"a.md": "exempt", "a/a.md": "over"}
    assert [note for note in report["notes"] if "a/a.md" in note] == []
    assert [note for note in report["notes"] if "a.md" in note] != []


# With a base


def test_the_base_has_its_own_configurations(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """A limit that is raised in a folder is reported there, and prompts of others stay as they were."""
    write_config(monorepo, "services/a", 500)

    report = lint(*OFFLINE, "--base", "HEAD").report

    assert [(each["config"], each["what"], each["before"], each["after"]) for each in report["loosened"]] == [
        ("services/a/.prompt-lint.yaml", "limit raised", 50, 500)
    ]
    assert {v["path"]: v["base_limit"] for v in report["verdicts"]}["services/a/a.md"] == 50


def test_a_new_configuration_that_allows_more_is_reported(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """It takes files from the rules above, whose limits were lower."""
    write_config(monorepo, "services/b", 900)

    report = lint(*OFFLINE, "--base", "HEAD").report

    assert [(each["config"], each["before"], each["after"]) for each in report["loosened"]] == [
        ("services/b/.prompt-lint.yaml", 100, 900)
    ]


def test_a_configuration_that_is_gone_leaves_its_prompts_to_the_one_above(
    monorepo: Repo, lint: Callable[..., Done]
) -> None:
    """Whatever that allows more is reported."""
    (monorepo.path / "services/a/.prompt-lint.yaml").unlink()

    report = lint(*OFFLINE, "--base", "HEAD").report

    assert [(each["config"], each["before"], each["after"]) for each in report["loosened"]] == [
        (".prompt-lint.yaml", 50, 100)
    ]


def test_the_policy_is_that_of_the_project(repo: Repo, lint: Callable[..., Done]) -> None:
    """`project` in one folder judges all of it; elsewhere what a change didn't make worse is inherited."""
    for folder, policy in (("a", "project"), ("b", "changed")):
        write_config(repo, folder, 5, more=f"policy: {policy}\n")
        repo.write(f"{folder}/a.md", TEXT)
    repo.commit()

    report = lint(*OFFLINE, "--base", "HEAD").report

    assert {v["path"]: v["inherited"] for v in report["verdicts"]} == {"a/a.md": False, "b/a.md": True}


def test_mistakes_of_one_side_are_no_change(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """What has mistakes in the base or now is loosened by nothing; what is loosened elsewhere is reported."""
    mistaken, fine = "limits: 5\n", (monorepo.path / "services/a/.prompt-lint.yaml").read_text()
    monorepo.write("services/a/deep/.prompt-lint.yaml", mistaken)
    monorepo.commit()
    write_config(monorepo, "", 900)
    monorepo.write("services/a/.prompt-lint.yaml", mistaken)
    monorepo.write("services/a/deep/.prompt-lint.yaml", fine)

    done = lint(*OFFLINE, "--base", "HEAD")

    assert done.code == 2
    assert [(each["config"], each["before"], each["after"]) for each in done.report["loosened"]] == [
        (".prompt-lint.yaml", 100, 900)
    ]
    assert done.report["removed"] == []
    assert [note for note in done.report["notes"] if "has mistakes in commit" in note] != []


def test_limits_of_a_change_are_not_trusted(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """With `--policy-from`, a configuration that the change adds doesn't count."""
    write_config(monorepo, "services/b", 900)

    assert list_limits(lint(*OFFLINE, "--policy-from", "HEAD"))["services/b/b.md"] == 100


def test_a_hook_finds_the_projects_of_what_is_staged(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """A prompt is judged by its project; a configuration that is staged has its whole project judged."""
    monorepo.write("services/a/a.md", TEXT * 2)
    monorepo.git("add", ".")
    prompt = lint(*OFFLINE, "--base", "hook")
    write_config(monorepo, "services/a/deep", 10)
    monorepo.git("add", ".")
    config = lint(*OFFLINE, "--base", "hook")

    assert (prompt.code, list_limits(prompt)) == (1, {"services/a/a.md": 50})
    assert list_limits(config) == {"services/a/a.md": 50, "services/a/deep/a.md": 10}


@pytest.mark.parametrize("options", [(), ("--no-git",)])
def test_configurations_that_nobody_has_added_count_too(
    repo: Repo, lint: Callable[..., Done], options: tuple[str, ...]
) -> None:
    """Also those beside which a file is named, those of folders that are named, and those outside of git."""
    write_config(repo, "", 100)
    repo.commit()
    write_config(repo, "x/a", 50)
    repo.write("x/a/a.md", TEXT)
    repo.link("alias", "x")

    for paths in ((), ("x/a/a.md",), ("x/a",), ("x",), (".",), ("alias",)):
        verdicts = lint(*OFFLINE, *options, *paths).report["verdicts"]
        assert "x/a/.prompt-lint.yaml" in {verdict["rule"]["config"] for verdict in verdicts}, paths


def test_a_link_to_a_folder_has_no_configuration_of_its_own(
    monorepo: Repo, lint: Callable[..., Done]
) -> None:
    """Git lists nothing below a link: however a prompt is named, the same configuration governs it."""
    monorepo.link("alias", "services/a")
    monorepo.commit()

    def list_rules(*paths: str) -> set[tuple[str, int]]:
        return {(v["rule"]["config"], v["limit"]) for v in lint(*OFFLINE, *paths).report["verdicts"]}

    assert list_rules("alias/a.md") == {("services/a/.prompt-lint.yaml", 50), (".prompt-lint.yaml", 100)}
    assert list_rules("alias/a.md") < list_rules()


def test_explain_says_which_configuration_governs(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """And why."""
    done = lint("explain", "--offline", "services/a/deep/a.md")

    assert "governed by services/a/deep/.prompt-lint.yaml: the nearest configuration above it" in done.out
    assert "services/a/deep/.prompt-lint.yaml:4" in done.out


def test_a_matrix_of_projects_judges_what_one_run_does(
    monorepo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The step of docs/scale.md that finds the folders is run as it is printed; a job then runs in each of them."""
    monorepo.write("we ird/.prompt-lint.yaml", (monorepo.path / "services/a/.prompt-lint.yaml").read_text())
    monorepo.write("we ird/b.md", TEXT)
    (monorepo.path / ".prompt-lint.yaml").unlink()
    monorepo.commit()
    everything = list_limits(lint(*OFFLINE))
    page = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
    command = re.findall(r"^ +run: \|\n +(git ls-files .*)$", page, re.MULTILINE)[0]
    output = tmp_path / "output"

    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    subprocess.run(["bash", "-c", command], cwd=monorepo.path, check=True)
    folders = json.loads(output.read_text().removeprefix("folders="))
    limits: dict[str, int] = {}
    for folder in folders:
        monkeypatch.chdir(monorepo.path / folder)
        limits |= list_limits(lint(*OFFLINE))

    assert folders == ["services/a", "services/a/deep", "we ird"]
    assert limits == everything
