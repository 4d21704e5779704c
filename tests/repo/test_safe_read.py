"""Only regular files of the tree are read, whatever somebody puts in their place meanwhile."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT

from prompt_lint.model.errors import Unreadable
from prompt_lint.repo import safe_read
from prompt_lint.repo.working_tree import WorkingTree, open_tree

if TYPE_CHECKING:
    from tests.support.repo import Repo

CAP = 1 << 20


def opened(repo: Repo) -> WorkingTree:
    return open_tree(str(repo.path))


def reason(tree: WorkingTree, path: str, cap: int = CAP) -> tuple[str, str]:
    """Why a path can't be read, and what to do."""
    with pytest.raises(Unreadable) as caught:
        tree.read(path, cap)
    return caught.value.message, caught.value.hint


@pytest.fixture(params=[True, False], ids=["by-descriptor", "by-path"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways to open a file: the one for systems that open below a folder, and the one for Windows."""
    monkeypatch.setattr(safe_read, "_OPENS_BY_DESCRIPTOR", request.param)
    return bool(request.param)


def test_reads_what_is_there(repo: Repo, way: bool) -> None:
    """Content comes as bytes, whatever it is; the cap itself is still allowed."""
    repo.write("a/b/c.md", b"\xff\x00\r\n")
    repo.write("empty.md", "")
    tree = opened(repo)

    assert tree.read("a/b/c.md", 4) == b"\xff\x00\r\n"
    assert tree.read("empty.md", 0) == b""


def test_too_large_a_file_is_refused_before_it_is_read(repo: Repo, way: bool) -> None:
    """Ten gigabytes that are one hole: the size is told, and the flag that raises the cap."""
    with repo.write("big.md").open("wb") as file:
        file.truncate(10**10)

    message, hint = reason(opened(repo), "big.md")

    assert message == "is 10,000,000,000 bytes long, more than the 1,048,576 that are read"
    assert "--max-file-size" in hint


def test_a_file_that_grows_is_cut_off(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap holds while reading, too: what the size said before doesn't matter."""
    path = repo.write("a.md", "x" * 10)
    real = os.fstat

    def grow_after(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        path.write_bytes(b"x" * 5000)
        return status

    tree = opened(repo)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", grow_after)
        message = reason(tree, "a.md", 100)[0]

    assert message == "is growing, more than the 100 that are read"


def test_only_regular_files_are_read(repo: Repo, way: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """FIFOs don't block, devices don't flow, folders and sockets are named for what they are."""
    repo.write("folder/a.md")
    os.mkfifo(repo.path / "fifo.md")
    monkeypatch.chdir(repo.path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("socket.md")
    listener.close()
    tree = opened(repo)

    assert reason(tree, "fifo.md")[0] == "is a FIFO, not a regular file"
    assert reason(tree, "socket.md")[0] == "is a socket, not a regular file"
    assert reason(tree, "folder")[0] == "is a folder, not a file"
    assert reason(WorkingTree("/dev", has_git=False), "zero")[0] == "is a device, not a regular file"


def test_files_of_the_kernel_are_not_prompts(way: bool) -> None:
    """/proc shows regular files of size 0 that have contents: not a small prompt, but a refusal."""
    folder = os.path.realpath("/proc/self")

    assert "its size is 0" in reason(WorkingTree(folder, has_git=False), "environ")[0]


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", "", ".", "a//b", ".git/config", "a/.GIT/x"]
)
def test_paths_that_climb_are_refused(repo: Repo, path: str) -> None:
    """No path given to `read` leaves the tree or enters git's folder."""
    assert reason(opened(repo), path)[0] == "is not a path inside the repository"


def test_links_are_not_followed_even_if_they_came_later(repo: Repo, way: bool) -> None:
    """A file, or a folder on the way, that was swapped for a link after listing isn't followed."""
    secret = repo.path.parent / "secret"
    secret.mkdir()
    (secret / "b.md").write_text("secret")
    repo.write("a.md")
    repo.write("folder/b.md")
    repo.commit()
    tree = opened(repo)
    tree.list_entries()
    (repo.path / "a.md").unlink()
    repo.link("a.md", "../secret/b.md")
    (repo.path / "folder/b.md").unlink()
    (repo.path / "folder").rmdir()
    repo.link("folder", "../secret")

    assert "symbolic link" in reason(tree, "a.md")[0]
    assert "symbolic link" in reason(tree, "folder/b.md")[0]


def test_a_swap_while_it_is_opened_is_noticed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where folders can't be held open, looking again after opening catches the swap."""
    monkeypatch.setattr(safe_read, "_OPENS_BY_DESCRIPTOR", False)
    path = repo.write("a.md", "mine")
    other = repo.write("b.md", "another")
    tree = opened(repo)
    real = os.open

    def swapping(name: str, flags: int) -> int:
        other.replace(path)
        descriptor = real(name, flags)
        path.unlink()
        path.write_text("mine again")
        return descriptor

    with monkeypatch.context() as context:
        context.setattr(os, "open", swapping)
        why = reason(tree, "a.md")[0]

    assert "symbolic link" in why


def test_lfs_pointers_are_not_prompts(repo: Repo) -> None:
    """A pointer is a small text that stands for a large one; a prompt about LFS is a prompt."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
    repo.write("a.md", pointer)
    repo.write("about.md", "A pointer begins with\n" + pointer)
    repo.write("long.md", pointer + "x" * 1024)
    tree = opened(repo)

    assert reason(tree, "a.md") == ("is a Git LFS pointer, not the file itself", "run `git lfs pull`")
    assert tree.read("about.md", CAP)
    assert tree.read("long.md", CAP)


@pytest.mark.skipif(os.name == "nt", reason="rights are different there")
def test_what_may_not_be_read_says_so(repo: Repo, tmp_path: Path) -> None:
    """Missing rights are told, on the file as on a folder above it."""
    repo.write("a.md").chmod(0)
    repo.write("shut/b.md")
    repo.commit() if os.getuid() else None
    (repo.path / "shut").chmod(0)
    script = (
        "import os, sys\n"
        "from prompt_lint.repo.working_tree import WorkingTree, Unreadable\n"
        "tree = WorkingTree(sys.argv[1], has_git=False)\n"
        "os.getuid() or os.setuid(65534)\n"
        "for path in ('a.md', 'shut/b.md'):\n"
        "    try: tree.read(path, 9)\n"
        "    except Unreadable as error: print(error.message)\n"
    )
    for folder in [repo.path, *repo.path.parents]:
        if folder.stat().st_uid == os.getuid() and folder != Path("/") and folder != Path("/tmp"):  # noqa: S108  # its mode is shared
            folder.chmod(0o755)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}

    done = subprocess.run(
        [sys.executable, "-c", script, str(repo.path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (repo.path / "shut").chmod(0o700)

    assert done.stdout.splitlines() == ["can't be read: permission denied"] * 2
