"""What a change hides: a prompt may be as large as before, and doesn't count any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.program import Done

LONG = "Never guess a number that you could look up.\n" * 20
TOP = "models: [claude-sonnet-4-6]\nlimit: 100\non_raise: fail\n"
CHECK = "check", "--offline", "--base", "main", "--output-format", "json"


def begin(repo: Repo, rules: str, **files: str) -> None:
    """The base, and a branch on which the test goes on."""
    repo.write(".prompt-lint.yaml", TOP + rules)
    for name, text in files.items():
        repo.write(name.replace("__", "/") + ".md", text)
    repo.commit()
    repo.git("checkout", "-q", "-b", "topic")


def list_loosened(done: Done) -> tuple[int, list[tuple[str, str, int]]]:
    """The exit code; subject, description and line of what is loosened."""
    loosened = done.report["loosened"]
    return done.code, [(one["subject"], one["what"], one["line"]) for one in loosened]


@pytest.mark.parametrize("way", ["ignored", "submodule", "submodule that isn't fetched", "link out"])
def test_an_import_that_is_there_and_does_not_count_any_more_is_a_loosening(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path, way: str
) -> None:
    """It is loaded wherever it is, and the prompt that was over its limit seems small. A group loses it as well."""
    group = "groups: [{name: all, sum: [CLAUDE.md, p/*.md], limit: 100}]\n"
    begin(
        repo,
        "prompts: [{files: [CLAUDE.md, p/*.md]}]\n" + group,
        CLAUDE="@docs/a.md\n",
        p__a="",
        docs__a=LONG,
    )
    if way == "ignored":
        repo.write(".gitignore", "docs/\n")
        repo.git("rm", "-q", "--cached", "docs/a.md")
    elif way == "link out":
        (repo.path / "docs/a.md").unlink()
        repo.link("docs/a.md", "/etc/hostname")
    else:
        (tmp_path / "other").mkdir()
        other = Repo(tmp_path / "other")
        other.write("a.md", LONG)
        other.commit()
        repo.git("rm", "-q", "-r", "docs")
        repo.submodule("docs", other)
    repo.commit()
    if way == "submodule that isn't fetched":
        repo.git("submodule", "--quiet", "deinit", "--all")

    description = "its import of `docs/a.md` isn't counted any more"
    assert list_loosened(lint(*CHECK)) == (1, [("CLAUDE.md", description, 4), ("all", description, 5)])


def test_an_import_that_is_not_there_or_counts_elsewhere_loosens_nothing(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """The first makes the prompt smaller. The second is a link now, to a file that counts already."""
    begin(
        repo, "prompts: [{files: CLAUDE.md}]\n", CLAUDE="@docs/a.md @docs/b.md @docs/c.md\n",
        docs__a="A.\n", docs__b="B.\n", docs__c="C.\n",
    )  # fmt: skip
    repo.git("rm", "-q", "docs/a.md")
    (repo.path / "docs/c.md").unlink()
    repo.link("docs/c.md", "b.md")
    repo.commit()

    assert list_loosened(lint(*CHECK)) == (0, [])


def test_prompts_that_another_repository_replaces_are_a_loosening(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path
) -> None:
    """They are in most checkouts still, also where this one hasn't fetched them. A deleted prompt loosens nothing."""
    begin(
        repo, "prompts: [{files: 'p/**/*.md'}]\n", p__a="Hi.\n", p__gone=LONG, p__sub__a=LONG, p__sub__b=LONG
    )
    (tmp_path / "other").mkdir()
    other = Repo(tmp_path / "other")
    other.write("a.md", LONG)
    other.commit()
    repo.git("rm", "-q", "-r", "p/sub", "p/gone.md")
    repo.submodule("p/sub", other)
    repo.commit()
    repo.git("submodule", "--quiet", "deinit", "--all")

    description = "doesn't check `p/sub/a.md` and 1 other file any more, now in a repository of its own"
    assert list_loosened(lint(*CHECK)) == (1, [("p/**/*.md", description, 4)])


@pytest.mark.parametrize("rule", ["p/*.md", "[p/*.md, old/*.md]"])
def test_a_link_with_an_exempt_name_is_a_loosening(repo: Repo, lint: Callable[..., Done], rule: str) -> None:
    """It makes the prompt exempt to which it leads, whether or not a rule matches the link; a link of the base is none."""
    exempt = "exempt: [{files: 'old/*.md', reason: Later.}]\n"
    repo.link("old/b.md", "../p/b.md")
    begin(repo, exempt + f"prompts: [{{files: {rule}}}]\n", p__a="Hi.\n", p__b="Hi.\n")
    repo.write("p/a.md", LONG)
    repo.link("old/a.md", "../p/a.md")
    repo.commit()

    assert list_loosened(lint(*CHECK)) == (1, [("old/*.md", "exempt, now also `old/a.md`: Later.", 4)])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("groups: [{name: all, sum: CLAUDE.md}]", "groups: [{name: all, sum: AGENTS.md}]", []),
        ("groups: [{name: all, system: CLAUDE.md}]", "groups: [{name: all, system: AGENTS.md}]", []),
        ("prompts: [{files: CLAUDE.md}]", "prompts: [{files: AGENTS.md}]", []),
        ("prompts: [{files: 'q/*.md'}]", "prompts: [{files: 'p/*.md'}]", []),
        (
            "groups: [{name: all, sum: [CLAUDE.md, p/a.md]}]", "groups: [{name: all, sum: [p/a.md]}]",
            ["this group doesn't count `CLAUDE.md` any more"],
        ),
        (
            "prompts: [{files: [CLAUDE.md, p/a.md]}]", "prompts: [{files: p/a.md}]",
            ["no rule applies to `CLAUDE.md` any more"],
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_named_instead_of_its_link_loosens_nothing(
    repo: Repo, lint: Callable[..., Done], before: str, after: str, expected: list[str]
) -> None:
    """`CLAUDE.md` leads to `AGENTS.md`, so it is the same prompt; so is each file behind a link to a folder."""
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.link("q", "p")
    begin(repo, before.replace("}", ", limit: 100}") + "\n", AGENTS="Hi.\n", p__a="Hi.\n")
    repo.write(".prompt-lint.yaml", TOP + after.replace("}", ", limit: 100}") + "\n")
    repo.commit()

    code, loosened = list_loosened(lint(*CHECK))

    assert (code, [what for _, what, _ in loosened]) == (bool(expected), expected)
