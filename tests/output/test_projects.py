"""One run over several projects: a verdict on each, in the text, the Markdown and the comment; sums of `list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import make, reports

from prompt_lint.comment.body import render_body
from prompt_lint.comment.pull_request import RunId
from prompt_lint.model.values import Problem
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output.report_reader import parse_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

    from prompt_lint.model.values import Report

CONFIG = 'models: [claude-sonnet-5-5]\nlimit: {limit}\nprompts:\n  - files: "**/*.{{md,json}}"\n{more}'
GROUP = 'groups:\n  - {name: all, sum: ["**/*.md"], limit: 200}\n'
OWNERS = "* @org/platform\nservices/ @org/services @ann\nservices/b/\n!odd\n"
TEXT = "Never guess a number that you could look up.\n" * 3  # 44 tokens


@pytest.fixture
def monorepo(repo: Repo) -> Repo:
    """Three projects: the top passes, `services/a` fails and has an invalid file, `services/b` has one that is unsure."""
    for folder, limit, more in (("", 100, GROUP), ("services/a/", 30, ""), ("services/b/", 45, "")):
        repo.write(f"{folder}.prompt-lint.yaml", CONFIG.format(limit=limit, more=more))
        repo.write(f"{folder}a.md", TEXT)
    repo.write("b.md", TEXT * 2)
    repo.write("services/a/b.json", "{")
    repo.write(".github/CODEOWNERS", OWNERS)
    repo.commit()
    return repo


@pytest.mark.parametrize("options", [(), ("-q",), ("--output-format", "markdown")], ids=" ".join)
def test_each_project_has_a_verdict(
    monorepo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion, options: tuple[str, ...]
) -> None:
    """Those that fail first; quietly only these."""
    assert lint("check", "--offline", *options).out == snapshot


def test_a_comment_has_the_projects(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """It is made from the JSON, and says what the Markdown says."""
    document, page = (
        lint("check", "--offline", "--output-format", name).out for name in ("json", "markdown")
    )

    assert "| `services/b` |" in page
    assert page in render_body(parse_report(document.encode(), "report.json"), "k", RunId(1, 1), "")


def test_a_run_over_one_project_is_as_before(monorepo: Repo, lint: Callable[..., Done]) -> None:
    """Where the others have nothing to say, the last line has said it all."""
    assert "By project" not in lint("check", "--offline", "services/a/a.md").out


@pytest.mark.parametrize("by", ["project", "owner"])
def test_what_is_listed_is_summed(
    monorepo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion, by: str
) -> None:
    """By configuration, and by all owners of a file together; prompts for another model have sums of their own."""
    config = (monorepo.path / "services/b/.prompt-lint.yaml").read_text()
    monorepo.write("services/b/.prompt-lint.yaml", config.replace("claude-sonnet-5-5", "claude-haiku-4-5"))

    assert lint("list", "--by", by).out == snapshot


def many_projects(failing: int) -> Report:
    """Three hundred projects below the top, of which the last ones fail; and an error of the run as a whole."""
    folders = [f"services/{n:03}" for n in range(300)]
    verdicts = [
        reports.row(
            f"{folder}/a.md", 4001 if n >= 300 - failing else 400, config_path=f"{folder}/.prompt-lint.yaml"
        )
        for n, folder in enumerate(folders)
    ]
    report = reports.finish(*verdicts, problems=(Problem("", 0, "there is no more room", ""),))
    return report._replace(nested_configs=[f"{folder}/.prompt-lint.yaml" for folder in folders])


def test_of_many_projects_those_that_fail_are_shown(snapshot: SnapshotAssertion) -> None:
    """A screenful; with `-v` all of them. In Markdown the others are folded."""
    few, more = many_projects(3), many_projects(30)

    lines = OUTPUTS["text"].render(few, View()).splitlines()
    page = OUTPUTS["markdown"].render(few, View())

    assert lines[lines.index("By project:") :] == snapshot
    assert "          and 21 more failing, 270 more passing (all with -v)\n" in OUTPUTS["text"].render(
        more, View()
    )
    assert OUTPUTS["text"].render(few, View(verbosity=1)).count("\n          services/") == 300
    assert page.partition("<summary>")[0] == snapshot
    assert "<summary>291 more passing</summary>" in page


def test_names_of_folders_are_escaped() -> None:
    """They are untrusted."""
    folders = ("a|b", "\x1b[31m", "x" * 300)
    verdicts = [make.verdict(f"{folder}/a.md", 50, "ok", config_path=f"{folder}/.c") for folder in folders]
    report = make.report(*verdicts, nested_configs=[f"{folder}/.c" for folder in folders])

    text, page = (OUTPUTS[name].render(report, View()) for name in ("text", "markdown"))

    assert text.replace("\n", "").isprintable()
    assert "| <code>a&#124;b</code> |" in page
