"""What git's index says of files on disk: links that it checked out as text, and what a sparse checkout leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.program import PROGRAM, run
from tests.support.repo import Repo

from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.program import Done

CAP = 1 << 20


def clone_as_text(repo: Repo, path: Path) -> Repo:
    """A clone as on Windows without the developer mode: its links are regular files."""
    repo.git("clone", "--quiet", "-c", "core.symlinks=false", str(repo.path), str(path))
    return Repo(path, init=False)


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_they_lead_where_the_links_in_git_do(tmp_path: Path, form: str) -> None:
    """To files, through chains and folders, and astray, as in a checkout with links."""
    repo = Repo(tmp_path / "repo", init=False)
    repo.path.mkdir()
    repo.git("init", "--quiet", f"--object-format={form}", "--initial-branch=main")
    repo.write("a/real.md")
    repo.write("a/sub/b.md")
    repo.link("plain.md", "a/real.md")
    repo.link("chain.md", "plain.md")
    repo.link("deep/up.md", "../a/../a/real.md")
    repo.link("folder", "a")
    repo.link("nowhere.md", "nothing.md")
    repo.link("outside.md", "../secret")
    repo.link("loop.md", "loop.md")
    repo.link(b"caf\xe9.md", "a/real.md")
    repo.commit()
    clone = clone_as_text(repo, tmp_path / "clone")
    linked, text = open_tree(str(repo.path)), open_tree(str(clone.path))

    expected = linked.find_aliases(linked.list_entries())
    found = text.find_aliases(text.list_entries())

    assert not (clone.path / "plain.md").is_symlink(), "the clone has links"
    assert {path: str(real) for path, real in found.items()} == {
        path: str(real) for path, real in expected.items()
    }
    assert found["folder/sub/b.md"] == "a/sub/b.md"
    assert str(found["outside.md"]) == "is a symbolic link that leaves the repository"


def test_no_list_has_to_come_first(repo: Repo, tmp_path: Path) -> None:
    """What one path stands for is known without a list of all; what it leads to is shared."""
    repo.write("a/real.md")
    repo.link("link.md", "a/real.md")
    repo.link("folder", "a")
    repo.commit()
    tree = open_tree(str(clone_as_text(repo, tmp_path / "clone").path))

    assert tree.resolve("link.md") == "a/real.md"
    assert tree.resolve("folder/real.md") == "a/real.md"
    tree.require_shared("folder/real.md", "a/real.md")


def test_an_edited_one_is_what_its_user_wrote(repo: Repo, tmp_path: Path) -> None:
    """A regular file with other bytes than the link in git has is read; so is one without a link in git."""
    repo.write("real.md")
    repo.write("words.md", "real.md")
    repo.link("link.md", "real.md")
    repo.link("deleted.md", "real.md")
    repo.link("folder.md", "real.md")
    repo.commit()
    clone = clone_as_text(repo, tmp_path / "clone")
    clone.write("link.md", "real.md and more")
    (clone.path / "deleted.md").unlink()
    (clone.path / "folder.md").unlink()
    clone.write("folder.md/inner.md")
    tree = open_tree(str(clone.path))

    entries = tree.list_entries()

    assert entries["link.md"].kind == entries["words.md"].kind == "file"
    assert tree.resolve("link.md") == "link.md"
    assert tree.read("link.md", CAP) == b"real.md and more"
    assert tree.read("words.md", CAP) == b"real.md"
    assert tree.find_aliases(entries) == {}
    assert "folder.md" not in entries
    assert entries["folder.md/inner.md"].kind == "file"
    with pytest.raises(MissingFile):
        tree.resolve("deleted.md")


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_flags_of_the_index_hide_no_link(repo: Repo, tmp_path: Path, flag: str) -> None:
    """Git was told not to look at the file: what it is, is still on disk."""
    repo.write("real.md")
    repo.link("link.md", "real.md")
    repo.commit()
    clone = clone_as_text(repo, tmp_path / "clone")
    for each in (repo, clone):
        each.git("update-index", flag, "link.md")
        tree = open_tree(str(each.path))

        assert tree.find_aliases(tree.list_entries()) == {"link.md": "real.md"}


def test_a_link_that_a_sparse_checkout_leaves_out_is_told(repo: Repo) -> None:
    """It isn't there, so nobody knows what stands for it."""
    repo.write("real.md")
    repo.link("link.md", "real.md")
    repo.commit()
    repo.git("update-index", "--skip-worktree", "link.md")
    (repo.path / "link.md").unlink()
    tree = open_tree(str(repo.path))

    assert tree.list_entries()["link.md"].kind == "sparse link"
    with pytest.raises(Unreadable, match="left out by the sparse checkout"):
        tree.read("link.md", CAP)


def test_a_path_that_a_sparse_checkout_leaves_out_is_told_where_it_is_named(repo: Repo) -> None:
    """A file or a folder: it is there for others, so it isn't said to be a misspelt name."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: '**/*.md'}]\n"
    )
    repo.write("in/a.md")
    repo.write("out/b.md")
    repo.commit()
    repo.git("sparse-checkout", "set", "--cone", "in")

    for path in ("out/b.md", "out"):
        done = run(repo, PROGRAM, "check", "--offline", path)
        assert done.code == 3
        assert done.err == (
            f"error: `{path}` is left out by the sparse checkout, so it can't be measured\n"
            "`git sparse-checkout add` its folder, or exclude it\n"
        )
    assert run(repo, PROGRAM, "check", "--offline", "out/c.md").code == 2


@pytest.mark.parametrize("worktree", [False, True])
def test_an_import_that_a_sparse_checkout_leaves_out_is_an_error(
    repo: Repo, tmp_path: Path, worktree: bool
) -> None:
    """Others have it, so the prompt isn't what it says without it; nothing needs to have listed it."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: CLAUDE.md}]\n"
    )
    repo.write("CLAUDE.md", "Read @docs/style.md and ask @dev\n")
    repo.write("docs/style.md")
    repo.commit()
    if worktree:
        repo.git("worktree", "add", "--quiet", str(tmp_path / "worktree"))
        repo = Repo(tmp_path / "worktree", init=False)
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/docs/")

    done = run(repo, PROGRAM, "check", "--offline")

    assert not (repo.path / "docs").exists()
    assert done.code == 3
    assert (
        "ERROR     CLAUDE.md:1: imports `docs/style.md`, which is left out by the sparse checkout, so it can't be measured\n"
        "          `git sparse-checkout add` its folder, or exclude it\n"
    ) in done.out


@pytest.mark.parametrize("left_out", ["links", "shared"])
@pytest.mark.parametrize("imported", ["links/file.md", "links/folder/style.md"])
def test_an_import_through_a_link_that_a_sparse_checkout_leaves_out_is_an_error(
    repo: Repo, lint: Callable[..., Done], imported: str, left_out: str
) -> None:
    """Also where the link is there and leads to what isn't. For a change of something else it is as in the base."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: CLAUDE.md}]\n"
    )
    repo.write("CLAUDE.md", f"@{imported}\n")
    repo.write("shared/style.md")
    repo.link("links/file.md", "../shared/style.md")
    repo.link("links/folder", "../shared")
    repo.commit()
    repo.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{left_out}/")

    alone, compared = lint("check", "--offline"), lint("check", "--offline", "--base", "HEAD")

    message = f"imports `{imported}`, which is left out by the sparse checkout, so it can't be measured"
    assert (alone.code, compared.code) == (3, 0)
    assert f"ERROR     CLAUDE.md:1: {message}\n" in alone.out
    assert f"as in the base already: {message}" in compared.out


def test_prompts_behind_a_folder_whose_link_a_sparse_checkout_leaves_out_are_an_error(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """Nobody knows what else is behind it now. It is as in the base while nothing there has changed."""
    config = "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: ['p/*.md', 'links/**/*.md']}]\n"
    repo.write(".prompt-lint.yaml", config)
    repo.write("p/a.md")
    repo.write("shared/style.md")
    repo.link("links/folder", "../shared")
    repo.commit()
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/links/")

    assert [lint("check", "--offline", *base).code for base in ((), ("--base", "HEAD"))] == [3, 0]
    repo.write("shared/style.md", "Hello, hello.\n" * 100)
    repo.git("add", "--all")
    done = lint("check", "--offline", "--base", "HEAD")

    assert done.code == 3
    assert "ERROR     links/folder: is left out by the sparse checkout, so it can't be measured\n" in done.out
