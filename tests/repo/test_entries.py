"""What git lists becomes entries, also where it lists what git never makes."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import pytest

from prompt_lint.model.errors import Unreadable
from prompt_lint.repo.commit_tree import CommitTree
from prompt_lint.repo.entries import Entry, parse_ls_files, parse_ls_tree
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from tests.support.repo import Repo

BLOB = "1" * 40


@pytest.mark.parametrize(
    ("record", "entry"),
    [
        (f"H 100644 {BLOB} 0\ta.md", Entry("file", BLOB)),
        (f"H 100755 {BLOB} 0\ta.md", Entry("file", BLOB)),
        (f"H 120000 {BLOB} 0\ta.md", Entry("link", BLOB)),
        (f"H 160000 {BLOB} 0\ta.md", Entry("submodule", BLOB)),
        (f"S 100644 {BLOB} 0\ta.md", Entry("sparse", BLOB)),
        (f"h 100644 {BLOB} 0\ta.md", Entry("file")),  # to be assumed unchanged
        (f"M 100644 {BLOB} 2\ta.md", Entry("file")),  # in conflict
        ("H 100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\ta.md", Entry("file")),  # added by intent
        *((f"H {mode} {BLOB} 0\ta.md", Entry("file")) for mode in ("000000", "020000", "060000", "777777")),
    ],
)
def test_a_record_of_the_index_becomes_an_entry(record: str, entry: Entry) -> None:
    """With its blob only where that is what the file on disk was when git last looked."""
    assert parse_ls_files(f"{record}\0", [""]) == {"a.md": entry}


def test_a_record_of_a_tree_becomes_an_entry() -> None:
    """Every kind that git makes, and modes that it doesn't."""
    modes = {
        "100644 blob": "file",
        "120000 blob": "link",
        "160000 commit": "submodule",
        "020000 blob": "file",
    }
    output = "".join(f"{about} {BLOB}\t{kind}\0" for about, kind in modes.items())

    assert parse_ls_tree(output) == {kind: Entry(kind, BLOB) for kind in ("file", "link", "submodule")}


@pytest.mark.parametrize("mode", [0, 0o020000, 0o060000])
def test_an_index_with_a_mode_that_git_never_writes_is_listed(repo: Repo, mode: int) -> None:
    """The file on disk is read; only a commit could say that it is something else."""
    repo.write("a.md", "words")
    repo.git("add", "a.md")
    index = repo.path / ".git/index"
    data = bytearray(index.read_bytes()[:-20])
    data[36:40] = struct.pack(
        ">I", mode
    )  # the first entry, after a header of 12 bytes, and 24 bytes of times and inode
    index.write_bytes(data + hashlib.sha1(data, usedforsecurity=False).digest())

    tree = open_tree(str(repo.path))

    assert tree.list_entries() == {"a.md": Entry("file")}
    assert tree.read("a.md", 9) == b"words"


def test_a_commit_with_a_mode_that_git_never_writes_is_read(repo: Repo) -> None:
    """Reading the path says that it is no file."""
    repo.write("a.md", "words")
    blob = repo.git("hash-object", "-w", "a.md")
    data = b"20000 a.md\0" + bytes.fromhex(blob)
    (repo.path / "tree").write_bytes(data)
    top = repo.git("hash-object", "-w", "-t", "tree", "--literally", "tree")
    commit_id = repo.git("commit-tree", "-m", "x", top)

    with (
        CommitTree(str(repo.path), commit_id) as commit,
        pytest.raises(Unreadable, match="is something else"),
    ):
        commit.read("a.md", 9)
