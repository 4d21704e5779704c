"""What ends a run early, in every output that was asked for."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import log_commands
from tests.support.json_schema import validate
from tests.support.program import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.program import Done
    from tests.support.repo import Repo

    Lint = Callable[..., Done]

CONFIG = "models: [claude-sonnet-5-5]\nlimit: 100\nprompts: [{files: 'prompts/*.md'}]\n"
BROKEN = CONFIG.replace("limit: 100", "limit: lots")
FORMATS = ("json", "sarif", "junit", "gitlab", "markdown", "github", "azure", "text")
OUTPUTS = [f"--output={name}=out/new/{name}" for name in FORMATS]


@pytest.fixture
def files(repo: Repo) -> Repo:
    """A prompt within its limit."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/a.md", "Be brief.\n")
    repo.commit()
    return repo


def read_outputs(repo: Repo) -> dict[str, str]:
    """What each format has in the folder that the run has made."""
    folder = repo.path / "out/new"
    return {name: (folder / name).read_text(encoding="utf-8") for name in FORMATS}


def test_a_mistake_in_the_configuration_is_in_every_output_at_its_line(files: Repo, lint: Lint) -> None:
    """Without the Action as with it."""
    files.write(".prompt-lint.yaml", BROKEN)

    done = lint("check", *OUTPUTS)

    written = read_outputs(files)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "error: a mistake in the configuration\n.prompt-lint.yaml:2:8: `lots` isn't a limit"
    )
    report = json.loads(written["json"])
    validate(report, SCHEMA)
    [problem] = report["problems"]
    assert (problem["path"], problem["line"], problem["exit_code"]) == (".prompt-lint.yaml", 2, 2)
    assert (report["summary"]["exit_code"], report["verdicts"]) == (2, [])
    [run] = json.loads(written["sarif"])["runs"]
    [invocation] = run["invocations"]
    [notification] = invocation["toolExecutionNotifications"]
    assert (invocation["executionSuccessful"], notification["level"]) == (False, "error")
    for place in (notification, *run["results"]):
        region = place["locations"][0]["physicalLocation"]
        assert (region["artifactLocation"]["uri"], region["region"]["startLine"]) == (".prompt-lint.yaml", 2)
    [error] = ET.fromstring(written["junit"]).iter("error")  # noqa: S314  # it is our own
    assert "`lots` isn't a limit" in error.attrib["message"]
    [issue] = json.loads(written["gitlab"])
    assert issue["location"] == {"path": ".prompt-lint.yaml", "lines": {"begin": 2}}
    assert "`.prompt-lint.yaml:2`: `lots` isn't a limit" in written["markdown"]
    [annotation] = log_commands.github(written["github"])
    assert (annotation.properties["file"], annotation.properties["line"]) == (".prompt-lint.yaml", "2")
    [command] = log_commands.azure(written["azure"])
    assert (command.properties["sourcepath"], command.properties["linenumber"]) == (".prompt-lint.yaml", "2")
    assert ".prompt-lint.yaml:2: `lots` isn't a limit" in written["text"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--base=nowhere"], 2, "`nowhere`"),
        (["--model=gpt-4o"], 2, "gpt-4o"),
        (["--counting=exact"], 2, "needs an API key"),
        (["--counting=exactly"], 2, "--counting: `exactly` isn't one of exact, auto, offline"),
        (["--no-such-option"], 2, "there is no option `--no-such-option`"),
        (["--verbose", "--quiet"], 2, "--verbose and --quiet contradict each other"),
        (["--cache-dir="], 2, "--cache-dir is empty"),
        (["--config=missing.yaml"], 2, "missing.yaml"),
        (["../elsewhere.md"], 2, "elsewhere.md"),
        (["no-such-prompt.md"], 2, "no-such-prompt.md"),
    ],
)
@pytest.mark.parametrize("are_first", [True, False])
def test_whatever_ends_a_run_is_in_its_outputs(
    files: Repo, lint: Lint, are_first: bool, arguments: list[str], code: int, message: str
) -> None:
    """Wherever the outputs stand on the command line."""
    outputs = ["--output=json=out/json", "--output=sarif=out/sarif"]

    done = lint("check", *(outputs if are_first else ()), *arguments, *(() if are_first else outputs))

    report = json.loads((files.path / "out/json").read_bytes())
    [run] = json.loads((files.path / "out/sarif").read_bytes())["runs"]
    assert done.code == report["summary"]["exit_code"] == code, done.err
    assert message in report["problems"][0]["message"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert message in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_without_a_configuration_the_hint_is_a_line(repo: Repo, lint: Lint) -> None:
    """The example below it is for a terminal; and a format on stdout has the fault, too."""
    done = lint("check", "--output-format", "json")

    [problem] = done.report["problems"]
    assert problem["message"].startswith("no .prompt-lint.yaml in ")
    assert problem["hint"].endswith("or write it yourself")
    assert "models: [claude-sonnet-5-5]" in done.err


def test_a_fault_of_our_own_is_in_the_outputs(
    files: Repo, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3; the text of the exception, which may hold a prompt, isn't there."""

    def fail(*_: Any, **__: Any) -> Any:
        raise ValueError("Be brief.")

    monkeypatch.setattr("prompt_lint.cli.check.check_project", fail)

    with pytest.raises(ValueError, match="brief"):
        lint("check", "--output=json=r.json")

    text = (files.path / "r.json").read_text(encoding="utf-8")
    assert json.loads(text)["summary"]["exit_code"] == 3
    assert "this is a bug" in text
    assert "Be brief" not in text


def test_on_github_a_fault_is_annotated_and_in_the_summary(
    files: Repo, lint: Lint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each mistake at its line."""
    files.write(".prompt-lint.yaml", f"{BROKEN}limt: 3\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))

    done = lint("check")

    annotations = log_commands.github(done.out)
    assert [one.properties["line"] for one in annotations] == ["2", "4"]
    assert {one.properties["file"] for one in annotations} == {".prompt-lint.yaml"}
    assert (
        (tmp_path / "summary.md")
        .read_text(encoding="utf-8")
        .startswith("### ❌ 2 errors; nothing was checked")
    )


@pytest.mark.parametrize(
    ("path", "is_written"),
    [("prompts/a.md", False), (".prompt-lint.yaml", False), ("README.md", False), ("old.md", True)],
)
def test_what_may_be_an_input_is_not_overwritten(
    files: Repo, lint: Lint, path: str, is_written: bool
) -> None:
    """While the rules can't be read, any file that git tracks may be a prompt. What an earlier run has left is replaced."""
    files.write("README.md", "Read me.\n")
    files.commit()
    files.write("old.md", "An older report.\n")
    files.write(".prompt-lint.yaml", BROKEN)
    before = (files.path / path).read_bytes()

    done = lint("check", f"--output=markdown={path}", "--output=sarif=new.sarif")

    assert done.code == 2
    assert ((files.path / path).read_bytes() != before) is is_written
    assert (files.path / "new.sarif").exists() is is_written
    assert (
        f"warning: no output says so: the markdown output would overwrite {path}" in done.err
    ) is not is_written


def test_a_named_file_is_not_overwritten(files: Repo, lint: Lint) -> None:
    """Also where git doesn't know it yet."""
    files.write("prompts/new.md", "New.\n")

    done = lint("count", "prompts/new.md", "--model=gpt-4o", "-o", "prompts/new.md", "--output-format=json")

    assert done.code == 2
    assert (files.path / "prompts/new.md").read_text(encoding="utf-8") == "New.\n"


def test_list_and_count_have_the_fault_in_their_own_formats(files: Repo, lint: Lint) -> None:
    """As they have an error of a file."""
    files.write(".prompt-lint.yaml", BROKEN)

    listed = lint("list", "--output-format", "json")
    counted = lint("count", "prompts/a.md", "--model=gpt-4o", "--output-format=json", "-o", "new/counts.json")

    assert (listed.code, json.loads(listed.out)["problems"][0]["line"]) == (2, 2)
    [problem] = json.loads((files.path / "new/counts.json").read_bytes())["problems"]
    assert (counted.code, "gpt-4o" in problem["message"]) == (2, True)


@pytest.mark.parametrize(
    ("variable", "annotation"),
    [
        ("GITHUB_ACTIONS", "::error title=prompt-lint::could not write prompts/a.md/x: Not a directory\n"),
        ("TF_BUILD", "##vso[task.logissue type=error]could not write prompts/a.md/x: Not a directory\n"),
        ("CI", "error: could not write prompts/a.md/x: Not a directory\n"),
    ],
)
def test_an_output_that_is_not_written_is_annotated(
    files: Repo, lint: Lint, monkeypatch: pytest.MonkeyPatch, variable: str, annotation: str
) -> None:
    """Whatever format was chosen for stdout, whose JSON it doesn't spoil."""
    monkeypatch.setenv(variable, "true")

    done = lint("check", "--offline", "--output=sarif=prompts/a.md/x", "--output-format=json")

    assert (done.code, done.err) == (3, annotation)
    assert done.report["summary"]["exit_code"] == 0
