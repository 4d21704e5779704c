"""What has changed between a commit and the files of now, whatever state the index is in."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.repo import ENVIRONMENT, Repo

from prompt_lint.model.errors import Fatal
from prompt_lint.repo import git
from prompt_lint.repo.changes import Change, Changes, find_changes, find_converted
from prompt_lint.repo.commit_tree import CommitTree
from prompt_lint.repo.working_tree import WorkingTree, open_tree

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CAP = 1 << 20


def seen(
    repo: Repo, base: str = "HEAD", paths: list[str] | None = None, within: tuple[str, ...] = ("",)
) -> Changes:
    """How the regular files of now stand to `base`; `paths` of them, or all."""
    tree = open_tree(str(repo.path))
    entries = tree.list_entries((), within)
    asked = (
        [path for path, entry in entries.items() if entry.kind in {"file", "sparse"}]
        if paths is None
        else paths
    )
    with CommitTree(tree.top, repo.git("rev-parse", base)) as commit:
        return find_changes(tree, commit, entries, asked, within)


def kinds(changes: Changes) -> dict[str, str]:
    """Of what isn't unchanged: `kind`, and of what was renamed the old path."""
    found = {
        path: f"renamed {one.base_path}" if one.kind == "renamed" else one.kind
        for path, one in changes.paths.items()
        if one.kind != "unchanged"
    }
    return found | dict.fromkeys(changes.deleted, "deleted")


def lines(name: str, count: int = 30) -> str:
    return "".join(f"{name} line {number}\n" for number in range(count))


def settle(repo: Repo) -> None:
    """Lets git's index be older than no file: entries of the same tick are compared by content."""
    for path in repo.path.rglob("*"):
        if ".git" not in path.parts and path.is_file() and not path.is_symlink():
            os.utime(path, (1_000_000_000, 1_000_000_000))
    repo.git("update-index", "--refresh", "-q")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are read from disk."""
    found: list[str] = []
    real = WorkingTree.read

    def read(tree: WorkingTree, path: str, cap: int | None = None) -> bytes:
        found.append(path)
        return real(tree, path, cap)

    monkeypatch.setattr(WorkingTree, "read", read)
    return found


def test_what_is_committed_staged_edited_and_untracked_is_told(repo: Repo, reads: list[str]) -> None:
    """Against an older commit, whichever of the four ways a change has come; what hasn't changed isn't read."""
    for name in ("same", "committed", "staged", "edited", "both", "deleted", "removed", "unstaged-deletion"):
        repo.write(f"{name}.md", lines(name))
    base = repo.commit()
    repo.write("committed.md", "new\n")
    repo.write("added.md", lines("added"))
    repo.git("rm", "--quiet", "deleted.md")
    repo.commit()
    settle(repo)
    repo.write("staged.md", "new\n")
    repo.write("both.md", "new\n")
    repo.git("add", "staged.md", "both.md")
    repo.write("both.md", "newer\n")
    repo.write("edited.md", "new\n")
    repo.git("rm", "--quiet", "removed.md")
    (repo.path / "unstaged-deletion.md").unlink()
    repo.write("untracked.md", lines("untracked"))

    changes = seen(repo, base)

    assert kinds(changes) == {
        "committed.md": "changed", "staged.md": "changed", "edited.md": "changed", "both.md": "changed",
        "added.md": "new", "untracked.md": "new",
        "deleted.md": "deleted", "removed.md": "deleted", "unstaged-deletion.md": "deleted",
    }  # fmt: skip
    assert changes.find("same.md") == Change("unchanged", "same.md")
    assert changes.find("both.md") == Change("changed", "both.md", repo.git("rev-parse", f"{base}:both.md"))
    assert "same.md" not in reads
    assert changes.deleted["removed.md"] == repo.git("rev-parse", f"{base}:removed.md")


def test_a_change_that_was_taken_back_is_none(repo: Repo) -> None:
    """Staged and undone on disk, or the reverse, or committed and undone: what counts is what is there."""
    for name in ("a", "b", "c"):
        repo.write(f"{name}.md", lines(name))
    base = repo.commit()
    repo.write("a.md", "new\n")
    repo.commit()
    repo.write("a.md", lines("a"))
    repo.write("b.md", "new\n")
    repo.git("add", "b.md")
    repo.write("b.md", lines("b"))
    repo.git("rm", "--quiet", "--cached", "c.md")

    assert kinds(seen(repo, base)) == {}


def test_a_touched_file_is_unchanged(repo: Repo) -> None:
    """Times, owners and inodes are no content: after `touch`, or in a copy of the whole repository."""
    repo.write("a.md", lines("a"))
    repo.commit()
    settle(repo)
    os.utime(repo.path / "a.md")
    copy = repo.path.parent / "copy"
    subprocess.run(["cp", "-r", repo.path, copy], check=True)

    assert kinds(seen(repo)) == {}
    assert kinds(seen(Repo(copy, init=False))) == {}


def test_a_change_in_the_tick_of_the_index_is_seen(repo: Repo) -> None:
    """Same size, same times, written right after `git add`: git compares such files by content."""
    for number in range(20):
        repo.write(f"{number}.md", "aaaa")
    repo.commit()
    for number in range(20):
        path = repo.path / f"{number}.md"
        status = path.stat()
        with path.open("r+b") as file:
            file.write(b"bbbb")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert set(kinds(seen(repo)).values()) == {"changed"}
    assert len(kinds(seen(repo))) == 20


def test_modes_are_no_content(repo: Repo) -> None:
    """A file that became executable is the same prompt."""
    repo.write("a.md", lines("a"))
    base = repo.commit()
    (repo.path / "a.md").chmod(0o755)
    repo.git("add", "a.md")

    assert seen(repo, base).find("a.md").kind == "unchanged"


def test_empty_files_are_files(repo: Repo) -> None:
    """One that was empty and still is, one that became empty, one that did not stay so."""
    repo.write("still.md", "")
    repo.write("became.md", "x")
    repo.write("was.md", "")
    base = repo.commit()
    repo.write("became.md", "")
    repo.write("was.md", "x")
    repo.commit()
    repo.write("new.md", "")

    assert kinds(seen(repo, base)) == {"became.md": "changed", "was.md": "changed", "new.md": "new"}


# Renames


def test_renames_are_matched(repo: Repo) -> None:
    """Moved, moved and edited, swapped, moved without telling git: each finds its old path, and nothing is deleted."""
    for name in ("moved", "edited", "untold", "untold-link-name", "one", "two"):
        repo.write(f"{name}.md", lines(name))
    base = repo.commit()
    repo.git("mv", "moved.md", "new-moved.md")
    repo.git("mv", "edited.md", "new-edited.md")
    repo.write("new-edited.md", lines("edited") + "one more\n")
    repo.commit()
    (repo.path / "untold.md").rename(repo.path / "new-untold.md")
    repo.write("one.md", lines("two"))
    repo.write("two.md", lines("one"))

    changes = seen(repo, base)

    assert kinds(changes) == {
        "new-moved.md": "renamed moved.md", "new-edited.md": "renamed edited.md",
        "new-untold.md": "renamed untold.md", "one.md": "changed", "two.md": "changed",
    }  # fmt: skip
    assert changes.find("new-edited.md").blob == repo.git("rev-parse", f"{base}:edited.md")


def test_a_copy_is_new(repo: Repo) -> None:
    """What is still there wasn't renamed, also if only git's index has lost it."""
    repo.write("a.md", lines("a"))
    base = repo.commit()
    repo.write("copy.md", lines("a"))
    repo.write("staged.md", lines("a"))
    repo.git("add", "staged.md")
    repo.git("rm", "--quiet", "--cached", "a.md")

    assert kinds(seen(repo, base)) == {"copy.md": "new", "staged.md": "new"}


def test_each_old_file_is_found_again_once(repo: Repo) -> None:
    """Of files with the same content, the one of the same name is taken; a second copy is new."""
    for folder in ("a", "b"):
        repo.write(f"{folder}/{folder}.md", lines("same"))
    base = repo.commit()
    (repo.path / "new").mkdir()
    (repo.path / "a/a.md").rename(repo.path / "new/a.md")
    (repo.path / "b/b.md").rename(repo.path / "new/b.md")
    repo.write("new/c.md", lines("same"))

    assert kinds(seen(repo, base)) == {
        "new/a.md": "renamed a/a.md", "new/b.md": "renamed b/b.md", "new/c.md": "new",
    }  # fmt: skip


def test_a_rename_out_of_sight_is_a_deletion(repo: Repo) -> None:
    """If the new path isn't asked about, because no rule owns it, the prompt is gone."""
    repo.write("a.md", lines("a"))
    base = repo.commit()
    repo.git("mv", "a.md", "a.txt")

    assert kinds(seen(repo, base, [])) == {"a.md": "deleted"}
    assert kinds(seen(repo, base, ["a.txt"])) == {"a.txt": "renamed a.md"}


def test_renames_without_contents_are_told_by_ids(repo: Repo, tmp_path: Path) -> None:
    """A partial clone lacks the old text: what moved unedited is matched. What was edited isn't taken for new."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.write("moved.md", lines("moved"))
    repo.write("edited.md", lines("edited"))
    base = repo.commit()
    repo.git("mv", "moved.md", "new-moved.md")
    repo.git("mv", "edited.md", "new-edited.md")
    repo.write("new-edited.md", lines("edited") + "more\n")
    repo.commit()
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", init=False)

    moved = seen(clone, base, ["new-moved.md"])
    with pytest.raises(Fatal, match="may have been renamed from are not in this clone") as caught:
        seen(clone, base, ["new-edited.md"])
    clone.git(*caught.value.hint.split("`")[1].split()[1:])

    assert kinds(moved) == {"new-moved.md": "renamed moved.md", "edited.md": "deleted"}
    assert len(moved.notes) == 1
    assert moved.notes[0].startswith("renamed files that were edited as well count as new: ")
    assert kinds(seen(clone, base)) == {
        "new-moved.md": "renamed moved.md", "new-edited.md": "renamed edited.md",
    }  # fmt: skip


# States of the index


def test_intent_to_add_is_new_or_changed_by_content(repo: Repo) -> None:
    """`git add -N` says nothing of the content."""
    repo.write("old.md", lines("old"))
    base = repo.commit()
    repo.git("rm", "--quiet", "--cached", "old.md")
    repo.write("new.md", lines("new"))
    repo.git("add", "--intent-to-add", "old.md", "new.md")

    assert kinds(seen(repo, base)) == {"new.md": "new"}


def test_files_in_conflict_are_compared_by_what_is_on_disk(repo: Repo) -> None:
    """The stages say nothing of it; resolved as the base has it, nothing has changed."""
    for name in ("a.md", "b.md"):
        repo.write(name, "base\n")
    repo.commit()
    repo.git("checkout", "--quiet", "-b", "other")
    for name in ("a.md", "b.md", "c.md"):
        repo.write(name, "theirs\n")
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    for name in ("a.md", "b.md", "c.md"):
        repo.write(name, "ours\n")
    ours = repo.commit()
    merge = ["git", "merge", "other"]
    subprocess.run(merge, cwd=repo.path, env=os.environ | ENVIRONMENT, capture_output=True, check=False)
    repo.write("b.md", "ours\n")

    assert kinds(seen(repo, ours)) == {"a.md": "changed", "c.md": "changed"}


def test_what_a_sparse_checkout_leaves_out_has_changed_as_the_index_says(repo: Repo) -> None:
    """It is not on disk, and yet not deleted."""
    for name in ("in/a.md", "out/same.md", "out/changed.md"):
        repo.write(name, lines(name))
    base = repo.commit()
    repo.write("out/changed.md", "new\n")
    repo.commit()
    repo.git("sparse-checkout", "set", "--cone", "in")

    assert kinds(seen(repo, base)) == {"out/changed.md": "changed"}


@pytest.mark.parametrize(
    "flags", [["--skip-worktree"], ["--assume-unchanged"], ["--skip-worktree", "--assume-unchanged"]]
)
def test_files_that_git_was_told_not_to_watch_are_compared_by_content(repo: Repo, flags: list[str]) -> None:
    """What is on disk is what is measured, so it is what is compared: edited, as it was, and moved there."""
    for name in ("same", "edited", "undone", "old"):
        repo.write(f"{name}.md", lines(name))
    base = repo.commit()
    repo.write("undone.md", "new\n")
    repo.git("mv", "old.md", "moved.md")
    repo.commit()
    for flag in flags:
        repo.git("update-index", flag, "same.md", "edited.md", "undone.md", "moved.md")
    settle(repo)
    repo.write("edited.md", "new\n")
    repo.write("undone.md", lines("undone"))

    assert kinds(seen(repo, base)) == {"edited.md": "changed", "moved.md": "renamed old.md"}
    assert seen(repo, base).find("edited.md").blob == repo.git("rev-parse", f"{base}:edited.md")


def test_unborn_and_orphan_branches_are_compared_all_the_same(repo: Repo) -> None:
    """There need be no HEAD."""
    repo.write("a.md", lines("a"))
    repo.write("b.md", lines("b"))
    base = repo.commit()
    repo.git("checkout", "--quiet", "--orphan", "other")
    repo.write("b.md", "new\n")

    assert kinds(seen(repo, base)) == {"b.md": "changed"}


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_ids_of_either_length_are_computed(tmp_path: Path, form: str) -> None:
    """Untracked files are compared in repositories of both kinds."""
    path = tmp_path / "r"
    path.mkdir()
    repo = Repo(path, init=False)
    repo.git("init", "--quiet", f"--object-format={form}")
    repo.write("a.md", lines("a"))
    repo.write("b.md", lines("b"))
    repo.commit()
    repo.git("rm", "--quiet", "--cached", "a.md", "b.md")
    repo.write("b.md", "new\n")

    assert kinds(seen(repo)) == {"b.md": "changed"}


NAMES = [
    b"new\nline.md", b"tab\t.md", b'quo"te.md', b"-rf.md", b"--output=x.md", b":(glob)x.md", b"*.md", b"caf\xe9.md",
    b"\xff/\xfe.md", b" lead.md", b":100644 100644 a b M", "提示词.md".encode(),
]  # fmt: skip


def test_every_name_that_git_takes_is_compared(repo: Repo) -> None:
    """Changed, renamed, deleted or new, whatever the names."""
    for name in NAMES:
        repo.write(b"changed/" + name, b"old " + name)
        repo.write(b"moved/" + name, lines(repr(name)))
        repo.write(b"deleted/" + name, os.urandom(50))
    base = repo.commit()
    (repo.path / "moved").rename(repo.path / "moved-to")
    for name in NAMES:
        repo.write(b"changed/" + name, b"new " + name)
        repo.write(b"new/" + name, b"quite new " + name)
        (repo.path / "deleted" / os.fsdecode(name)).unlink()
    names = [name.decode("utf-8", "surrogateescape") for name in NAMES]

    unstaged = kinds(seen(repo, base))
    repo.commit()
    committed = kinds(seen(repo, base))

    assert unstaged == committed
    assert committed == (
        {f"changed/{name}": "changed" for name in names}
        | {f"moved-to/{name}": f"renamed moved/{name}" for name in names}
        | {f"new/{name}": "new" for name in names}
        | {f"deleted/{name}": "deleted" for name in names}
    )


# Links and submodules


def test_a_file_that_was_a_link_is_compared_with_what_it_led_to(repo: Repo) -> None:
    """Whoever read the path then got that text. A link to nothing was none."""
    repo.write("AGENTS.md", lines("agents"))
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.link("dangling.md", "nowhere")
    repo.write("real/a.md", lines("a"))
    repo.link("folder", "real")
    base = repo.commit()
    for name in ("CLAUDE.md", "dangling.md", "folder"):
        (repo.path / name).unlink()
    repo.write("CLAUDE.md", lines("agents"))
    repo.write("dangling.md", "new\n")
    repo.write("folder/a.md", "changed\n")

    for _ in ("on disk", "committed"):
        changes = seen(repo, base, ["CLAUDE.md", "dangling.md", "folder/a.md"])
        assert kinds(changes) == {"dangling.md": "new", "folder/a.md": "changed"}
        assert changes.find("CLAUDE.md").base_path == "AGENTS.md"
        assert changes.find("folder/a.md").base_path == "real/a.md"
        repo.commit()


def test_a_file_that_became_a_link_is_gone(repo: Repo) -> None:
    """It is another file now that is read by that path."""
    repo.write("a.md", lines("a"))
    repo.write("b.md", lines("b"))
    base = repo.commit()
    (repo.path / "a.md").unlink()
    repo.link("a.md", "b.md")

    unstaged = seen(repo, base)
    repo.commit()

    assert kinds(seen(repo, base)) == {"a.md": "deleted"}
    assert kinds(unstaged) == {"a.md": "changed"}, "git still lists a file there; reading it says what it is"


def test_submodules_are_left_alone(repo: Repo, tmp_path: Path) -> None:
    """A changed one is no change of ours, and a file in its place is new."""
    inner = Repo(tmp_path / "inner")
    inner.write("a.md")
    inner.commit()
    repo.submodule("one", inner)
    repo.submodule("two", inner)
    base = repo.commit()
    (repo.path / "one/a.md").write_text("changed")
    repo.git("rm", "--quiet", "--force", "two")
    repo.write("two", "a file\n")
    repo.git("add", "two")

    changes = kinds(seen(repo, base))

    assert changes == {".gitmodules": "changed", "two": "new"}


# Conversions between disk and commit


def test_line_ends_are_no_change(repo: Repo) -> None:
    """A checkout with CRLF is the commit with LF: fresh, touched, and written by an editor of another system."""
    repo.write("a.md", lines("a"))
    repo.write("b.md", lines("b"))
    repo.write(".gitattributes", "a.md text eol=crlf\n")
    base = repo.commit()
    (repo.path / "a.md").unlink()
    repo.git("checkout", "--", "a.md")
    assert b"\r\n" in (repo.path / "a.md").read_bytes()

    fresh = kinds(seen(repo, base))
    os.utime(repo.path / "a.md", (1, 1))
    repo.write("b.md", lines("b").replace("\n", "\r\n"))

    assert fresh == {}
    assert kinds(seen(repo, base)) == {}
    repo.write("a.md", lines("a").replace("\n", "\r\n") + "more\r\n")
    assert kinds(seen(repo, base)) == {"a.md": "changed"}


def test_filters_are_told_by_their_attributes(repo: Repo) -> None:
    """Where disk and commit hold different texts, the sizes can't be compared; line ends don't matter."""
    repo.write(
        ".gitattributes",
        "*.lfs filter=lfs diff=lfs\n*.utf16 working-tree-encoding=UTF-16LE\n*.id ident\n*.md text eol=crlf\n"
        "off.lfs -filter\nset.lfs filter\n",
    )
    paths = [
        "a.lfs",
        "b.utf16",
        "c.id",
        "d.md",
        "off.lfs",
        "set.lfs",
        "-x.lfs",
        "new\nline.lfs",
        "caf\udce9.lfs",
    ]

    tree = open_tree(str(repo.path))

    assert find_converted(tree, {}, paths) == {
        "a.lfs": "filter=lfs", "b.utf16": "working-tree-encoding=UTF-16LE", "c.id": "ident",
        "-x.lfs": "filter=lfs", "new\nline.lfs": "filter=lfs", "caf\udce9.lfs": "filter=lfs",
    }  # fmt: skip
    assert find_converted(tree, {}, []) == {}

    repo.write("a.lfs", "as it is staged")
    repo.write("c.id", "$Id$")
    repo.commit()
    repo.write("c.id", "$Id: 1a2b $")
    assert find_converted(tree, tree.list_entries(), ["a.lfs", "c.id"]) == {"c.id": "ident"}


@pytest.mark.parametrize("name", ["x", "a.b c", "odd=name"])
def test_no_filter_runs(repo: Repo, tmp_path: Path, name: str) -> None:
    """Where git would ask a filter to tell whether a file has changed, it doesn't get to."""
    marker = tmp_path / "ran"
    program = tmp_path / "planted"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    program.chmod(0o755)
    repo.write("a.md", "aaaa")
    repo.write("b.md", "bbbb")
    repo.commit()
    before = time.time() - 100
    os.utime(repo.path / "b.md", (before, before))
    repo.git("update-index", "--refresh")
    for key in ("clean", "smudge", "process"):
        repo.git("config", f"filter.{name}.{key}", str(program))
    repo.git("config", f"filter.{name}.required", "true")
    attribute = name if name == "x" else "x"
    repo.git("config", "filter.x.clean", str(program))
    repo.write(".git/info/attributes", f"* filter={attribute}\n")
    repo.write("a.md", "cccc")
    os.utime(repo.path / ".git/index", (before, before))  # as old as the file, so git compares contents

    changes = seen(repo)

    assert kinds(changes) == {"a.md": "changed"}
    assert not marker.exists()
    subprocess.run(["git", "diff-files", "--", "b.md"], cwd=repo.path, capture_output=True, check=False)
    assert marker.exists(), "the trap was not armed"


def test_submodules_start_no_other_git(repo: Repo, tmp_path: Path) -> None:
    """Git would look into a submodule with the submodule's own configuration, and run what that names."""
    marker = tmp_path / "ran"
    program = tmp_path / "planted"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    program.chmod(0o755)
    inner = Repo(tmp_path / "inner")
    inner.write("a.md", "aaaa")
    inner.commit()
    repo.submodule("lib", inner)
    base = repo.commit()
    repo.git("config", "--file", ".git/modules/lib/config", "filter.x.clean", str(program))
    repo.write(".git/modules/lib/info/attributes", "* filter=x\n")
    os.utime(repo.path / "lib/a.md", (1, 1))

    seen(repo, base)

    assert not marker.exists()
    repo.git("status")
    assert marker.exists(), "the trap was not armed"


# Cheap for many


def test_only_folders_of_rules_are_compared_with_the_disk(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`within` limits git's look at the disk, unless a path lies elsewhere; renames are matched from everywhere."""
    repo.write("prompts/a.md", lines("a"))
    repo.write("other/b.md", lines("b"))
    repo.write("elsewhere.md", lines("c"))
    base = repo.commit()
    repo.write("prompts/a.md", "new\n")
    repo.write("other/b.md", "new\n")
    repo.git("mv", "elsewhere.md", "prompts/c.md")
    asked: list[list[str]] = []
    real = git.run_parallel

    def run_parallel(
        commands: list[list[str]], top: str, warnings: list[str]
    ) -> Generator[bytes, None, None]:
        asked.extend(commands)
        return real(commands, top, warnings)

    monkeypatch.setattr(git, "run_parallel", run_parallel)

    inside = seen(repo, base, ["prompts/a.md", "prompts/c.md"], ("prompts",))
    outside = seen(repo, base, ["prompts/a.md", "other/b.md"], ("prompts",))

    assert kinds(inside) == {"prompts/a.md": "changed", "prompts/c.md": "renamed elsewhere.md"}
    assert {path: one.kind for path, one in outside.paths.items()} == {
        "prompts/a.md": "changed",
        "other/b.md": "changed",
    }
    ends = [command[command.index("--") + 1 :] for command in asked if "diff-files" in command]
    assert ends == [["prompts"], []]


def test_huge_files_that_may_have_changed_are_not_read(repo: Repo) -> None:
    """A file over the cap counts as changed: reading it for its size will say what is wrong."""
    repo.write("a.md", "x" * (CAP + 1))
    base = repo.commit()
    os.utime(repo.path / "a.md", (1, 1))

    assert kinds(seen(repo, base)) == {"a.md": "changed"}


def test_nothing_is_written(repo: Repo) -> None:
    """Neither index nor objects nor references: the repository may be read-only, and somebody else's."""
    repo.write("a.md", lines("a"))
    base = repo.commit()
    os.utime(repo.path / "a.md", (1, 1))

    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (repo.path / ".git").rglob("*")}

    before = state()
    seen(repo, base)

    assert state() == before
