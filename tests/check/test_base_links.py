"""A prompt that only a link makes one is compared with what that link led to in the base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

LONG = "Never guess a number that you could look up.\n" * 20
TOP = "models: [claude-sonnet-4-6]\nlimit: 100\nmax_growth: 10%\n"
# A name that makes a prompt of its own of the link, and one that doesn't.
LINKS = [("packages/p/CLAUDE.md", "../../shared/p.md"), ("prompts/p.md", "../shared/p.md")]


def begin(repo: Repo, text: str, link: str, target: str) -> None:
    """The base, with a link to a file that no rule matches, and a branch on which the test goes on."""
    repo.write(".prompt-lint.yaml", TOP + f"prompts: [{{files: '{link.replace('/p', '/*')}'}}]\n")
    repo.write("shared/p.md", text)
    repo.link(link, target)
    repo.commit()
    repo.git("checkout", "-q", "-b", "topic")


def compare(lint: Callable[..., Done]) -> tuple[int, list[tuple[Any, ...]], tuple[int, int]]:
    """The exit code; status, standing, tokens and those of the base of each verdict; the totals of the base and now."""
    done = lint("check", "--offline", "--output-format", "json", "--base", "main")
    rows = [(v["status"], v["standing"], v["tokens"], v["base_tokens"]) for v in done.report["verdicts"]]
    [totals] = done.report["summary"]["totals"]
    return done.code, rows, (totals["before"], totals["after"])


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_change_that_touches_no_prompt_blames_none(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """What was over behind a link before is inherited."""
    begin(repo, LONG, link, target)
    repo.write("README.md")
    repo.commit()

    assert compare(lint) == (0, [("over", "unchanged", 226, 226)], (226, 226))


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_growth_is_seen_behind_a_link(repo: Repo, lint: Callable[..., Done], link: str, target: str) -> None:
    """A linked prompt that grew by more than is allowed fails."""
    begin(repo, "Be kind.\n", link, target)
    repo.write("shared/p.md", "Be kind.\n" * 4)
    repo.commit()

    code, [(status, standing, *_)], _ = compare(lint)

    assert (code, status, standing) == (1, "grew", "changed")


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_link_that_leads_elsewhere_now_has_changed(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """Both files were there before: what the prompt says is another one all the same."""
    begin(repo, "Be kind.\n", link, target)
    repo.git("checkout", "-q", "main")
    repo.write("shared/q.md", LONG)
    repo.commit()
    repo.git("checkout", "-q", "-B", "topic")
    (repo.path / link).unlink()
    repo.link(link, target.replace("p.md", "q.md"))
    repo.commit()

    assert compare(lint) == (1, [("over", "changed", 226, 10)], (10, 226))


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_new_link_makes_a_new_prompt_of_an_old_file(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """The file was no prompt before, so this change is to blame for its size."""
    begin(repo, LONG, link, target)
    repo.git("rm", "-q", link)
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.link(link, target)
    repo.commit()

    assert compare(lint) == (1, [("over", "new", 226, None)], (0, 226))


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_link_that_is_gone_takes_its_prompt_with_it(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """The file is still there, but nothing makes a prompt of it any more: that counts into the totals."""
    begin(repo, LONG, link, target)
    repo.git("rm", "-q", link)
    repo.write(link.replace("/p", "/q"), "Be kind.\n")
    repo.commit()

    assert compare(lint) == (0, [("ok", "new", 10, None)], (226, 10))


def test_a_renamed_link_is_the_same_prompt(repo: Repo, lint: Callable[..., Done]) -> None:
    """It leads to the same file by another name."""
    begin(repo, LONG, *LINKS[0])
    repo.git("mv", "packages/p", "packages/q")
    repo.commit()

    assert compare(lint) == (0, [("over", "renamed", 226, 226)], (226, 226))


def test_a_prompt_that_moves_behind_a_link_is_the_same(repo: Repo, lint: Callable[..., Done]) -> None:
    """`CLAUDE.md` becomes a link to a copy of itself, and back."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: CLAUDE.md}]\n")
    repo.write("CLAUDE.md", LONG)
    repo.commit()
    repo.git("checkout", "-q", "-b", "topic")
    repo.git("mv", "CLAUDE.md", "agents.md")
    repo.link("CLAUDE.md", "agents.md")
    repo.commit()

    there = compare(lint)
    repo.git("branch", "-f", "main")
    repo.git("rm", "-q", "CLAUDE.md")
    repo.git("mv", "agents.md", "CLAUDE.md")
    repo.commit()

    assert there == (0, [("over", "unchanged", 226, 226)], (226, 226))
    assert compare(lint) == (0, [("over", "unchanged", 226, 226)], (226, 226))


def test_a_raised_limit_of_a_linked_prompt_is_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """Only the link matches the rule."""
    begin(repo, LONG, *LINKS[0])
    config = (repo.path / ".prompt-lint.yaml").read_text()
    repo.write(".prompt-lint.yaml", config.replace("limit: 100", "limit: 300"))
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json", "--base", "main")

    assert [loosened["subject"] for loosened in done.report["loosened"]] == ["packages/*/CLAUDE.md"]
