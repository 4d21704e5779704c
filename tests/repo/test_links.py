"""Links are followed inside of the repository, as the kernel follows them, and never out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prompt_lint.model.errors import Unreadable
from prompt_lint.repo import links
from prompt_lint.repo.working_tree import WorkingTree, open_tree

if TYPE_CHECKING:
    from tests.support.repo import Repo

CAP = 1 << 20


def opened(repo: Repo) -> WorkingTree:
    return open_tree(str(repo.path))


def test_links_lead_to_real_paths(repo: Repo) -> None:
    """To files, through chains, absolute, through folders, by way of `..`, to ignored files."""
    repo.write("a/real.md")
    repo.write(".gitignore", "ignored.md\n")
    repo.write("ignored.md")
    repo.link("plain.md", "a/real.md")
    repo.link("chain.md", "plain.md")
    repo.link("absolute.md", repo.path / "a/real.md")
    repo.link("deep/up.md", "../a/../a/real.md")
    repo.link("out-and-back.md", f"../{repo.path.name}/a/real.md")
    repo.link("to-ignored.md", "ignored.md")
    repo.commit()
    repo.link("untracked.md", "a/real.md")
    tree = opened(repo)

    aliases = tree.find_aliases(tree.list_entries())

    assert aliases.pop("to-ignored.md") == "ignored.md"
    assert aliases == dict.fromkeys(
        ["plain.md", "chain.md", "absolute.md", "deep/up.md", "out-and-back.md", "untracked.md"], "a/real.md"
    )


def test_a_link_to_a_folder_stands_for_the_files_in_it(repo: Repo) -> None:
    """Each listed path below the folder has one behind the link; ignored ones have none."""
    repo.write("real/a.md")
    repo.write("real/sub/b.md")
    repo.write("real-too/c.md")
    repo.link("real/inner.md", "../real-too/c.md")
    repo.write(".gitignore", "*.log\n")
    repo.write("real/x.log")
    repo.link("link", "real")
    tree = opened(repo)

    aliases = tree.find_aliases(tree.list_entries())

    assert aliases == {
        "real/inner.md": "real-too/c.md",
        "link/a.md": "real/a.md",
        "link/sub/b.md": "real/sub/b.md",
        "link/inner.md": "real-too/c.md",
    }


def test_a_link_to_an_ignored_folder_stands_for_all_in_it(repo: Repo) -> None:
    """Somebody linked it on purpose: what is generated there is found, though git lists none of it."""
    repo.write(".gitignore", "build/\n")
    repo.write("build/prompts/a.md")
    repo.write("build/prompts/sub/b.md")
    repo.link("prompts", "build/prompts")
    tree = opened(repo)

    assert tree.find_aliases(tree.list_entries()) == {
        "prompts/a.md": "build/prompts/a.md",
        "prompts/sub/b.md": "build/prompts/sub/b.md",
    }


def test_a_link_to_a_folder_above_itself_ends(repo: Repo) -> None:
    """A folder that contains itself is gone through once."""
    repo.write("a/b.md")
    repo.link("a/self", ".")
    repo.link("a/top", "..")
    tree = opened(repo)

    aliases = tree.find_aliases(tree.list_entries())

    assert aliases == {"a/self/b.md": "a/b.md", "a/top/a/b.md": "a/b.md"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("nowhere.md", "is a symbolic link that leads to nothing"),
        ("a.md/x", "is a symbolic link that leads to nowhere (Not a directory)"),
        ("loop.md", "is a symbolic link that goes in circles"),
        ("/etc/passwd", "is a symbolic link that leaves the repository"),
        ("../secret", "is a symbolic link that leaves the repository"),
        ("../does-not-exist/x", "is a symbolic link that leaves the repository"),
        ("/proc/self/environ", "is a symbolic link that leaves the repository"),
        ("/dev/zero", "is a symbolic link that leaves the repository"),
        ("..", "is a symbolic link that leaves the repository"),
        (".git/config", "is a symbolic link that leaves the repository"),
        (".GIT/../.git", "is a symbolic link that leaves the repository"),
        ("x" * 300, "is a symbolic link that leads to nowhere (File name too long)"),
    ],
)
def test_links_that_lead_astray_have_a_reason(repo: Repo, target: str, expected: str) -> None:
    """Out of the repository, into git's folder, nowhere, in circles: not followed, and told."""
    (repo.path.parent / "secret").write_text("secret")
    (repo.path / ".GIT").mkdir()
    repo.write("a.md")
    repo.link("loop.md", target)
    repo.commit()
    tree = opened(repo)

    found = tree.find_aliases(tree.list_entries())["loop.md"]

    assert isinstance(found, Unreadable)
    assert found.message == expected
    assert found.hint


def test_chains_of_links_are_followed_as_far_as_the_kernel_does(repo: Repo) -> None:
    """40 links in a row lead somewhere, 41 don't, and 3,000 cost no more than that."""
    repo.write("0", "x")
    for number in range(1, 3001):
        repo.link(str(number), str(number - 1))
    tree = opened(repo)

    aliases = tree.find_aliases(tree.list_entries())

    assert aliases["40"] == "0"
    assert all(isinstance(aliases[str(number)], Unreadable) for number in (41, 3000))


def test_links_to_huge_folders_are_bounded(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many links to one folder don't multiply without end; those too many are told."""
    monkeypatch.setattr(links, "MAX_ALIASES", 25)
    for number in range(10):
        repo.write(f"real/{number}.md")
    for number in range(4):
        repo.link(f"link{number}", "real")
    tree = opened(repo)

    aliases = tree.find_aliases(tree.list_entries())

    assert len([real for real in aliases.values() if isinstance(real, str)]) == 20
    told = [path for path, real in aliases.items() if isinstance(real, Unreadable)]
    assert len(told) == 2
    assert set(told) <= {"link0", "link1", "link2", "link3"}
