"""Exemptions name prompts by their paths or by links to them, and never nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

CONFIG = """\
models: [claude-sonnet-4-6]
limit: 100
prompts: [{{files: {files}}}]
exempt:
  - {{files: {exempt}, reason: To be split.}}
"""
LONG = "Never guess a number that you could look up.\n" * 20


@pytest.mark.parametrize(
    ("files", "exempt", "status"),
    [
        ("AGENTS.md", "AGENTS.md", "exempt"),
        ("AGENTS.md", "CLAUDE.md", "exempt"),  # a link that no rule matches
        ("prompts/*.md", "prompts/a.md", "exempt"),  # a link that makes it a prompt
        ("prompts/*.md", "shared/", "exempt"),  # where it really is
    ],
)
def test_a_prompt_is_exempt_by_any_of_its_names(
    repo: Repo, lint: Callable[..., Done], files: str, exempt: str, status: str
) -> None:
    """Its path, a link that a rule matches, a link that none matches."""
    repo.write(".prompt-lint.yaml", CONFIG.format(files=files, exempt=exempt))
    repo.write("AGENTS.md", LONG)
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.write("shared/a.md", LONG)
    repo.link("prompts/a.md", "../shared/a.md")
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json")

    assert [verdict["status"] for verdict in done.report["verdicts"]] == [status]
    assert done.code == 0


def test_a_pattern_that_matches_the_configuration_exempts_no_group(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """`*.yaml` is meant for a prompt. A group is listed under the configuration."""
    config = CONFIG.format(files="p/old.yaml", exempt="'*.yaml'")
    repo.write(".prompt-lint.yaml", config + "groups: [{name: all, sum: p/old.yaml, limit: 20}]\n")
    repo.write("p/old.yaml", f'messages: [{{role: user, content: "{LONG.strip()}"}}]\n')
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json")

    statuses = {each["kind"]: each["status"] for each in done.report["verdicts"]}
    assert (done.code, statuses) == (1, {"prompt": "exempt", "group": "over"})


@pytest.mark.parametrize(("file", "link"), [("AGENTS.md", "CLAUDE.md"), ("p/a.md", "q.md")])
def test_a_link_that_is_a_prompt_of_its_own_is_exempt_alone(
    repo: Repo, lint: Callable[..., Done], file: str, link: str
) -> None:
    """The link has a limit of its own: its exemption isn't the target's. Of a text both are named, too."""
    config = CONFIG.format(files=f"[{file}]", exempt=link)
    config = config.replace("}]\n", f"}}, {{files: {link}, limit: 90}}]\n", 1)
    repo.write(".prompt-lint.yaml", config)
    repo.write(file, LONG)
    repo.link(link, file)
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json")

    assert {path: status for (path, _), (*_, status) in done.verdicts.items()} == {
        file: "over",
        link: "exempt",
    }
    assert done.code == 1


def test_an_exemption_that_matches_no_prompt_is_an_error_with_its_line(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """The file was renamed, or the pattern is wrong. Of a run for some paths nobody can tell."""
    repo.write(".prompt-lint.yaml", CONFIG.format(files="prompts/*.md", exempt="[prompts/old.md, README.md]"))
    repo.write("README.md", LONG)
    repo.write("prompts/new.md", "Be kind.\n")
    repo.commit()

    done = lint("check", "--offline")

    assert done.code == 2
    assert (
        "ERROR     .prompt-lint.yaml:5: no prompt matches `prompts/old.md, README.md`, so nothing is exempt\n"
        "          correct the pattern, or remove the exemption\n"
    ) in done.out
    assert lint("check", "--offline", "prompts/new.md").code == 0


def test_an_exemption_whose_prompts_pass_is_noted(repo: Repo, lint: Callable[..., Done]) -> None:
    """With a base, only by the change that made them pass. A configuration can switch the note off."""
    config = CONFIG.format(files="prompts/*.md", exempt="prompts/a.md")
    repo.write(".prompt-lint.yaml", config)
    repo.write("prompts/a.md", LONG)
    repo.commit()
    noted = "note: every prompt that matches `prompts/a.md` passes, so this exemption can be removed: .prompt-lint.yaml:5\n"
    assert noted not in lint("check", "--offline", "-v").out

    repo.write("prompts/a.md", "Be kind.\n")

    assert noted in lint("check", "--offline").out
    assert noted in lint("check", "--offline", "--base", "HEAD").out
    repo.write("prompts/b.md", "Be kind.\n")
    repo.commit()
    assert noted not in lint("check", "--offline", "--base", "HEAD").out
    repo.write(".prompt-lint.yaml", f"notes: {{exemption: off}}\n{config}")
    assert "can be removed" not in lint("check", "--offline").out


def test_an_exemption_of_growth_may_be_needed_with_a_base(repo: Repo, lint: Callable[..., Done]) -> None:
    """Without one nothing shows whether the prompt grew."""
    config = CONFIG.format(files="prompts/*.md, max_growth: 5", exempt="prompts/a.md")
    repo.write(".prompt-lint.yaml", config)
    repo.write("prompts/a.md", "Be kind.\n")
    repo.commit()

    assert "can be removed" not in lint("check", "--offline").out
