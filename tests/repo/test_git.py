"""Calls to git: nothing runs that a repository asks for, and refusals are told in git's own words."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.paths import ROOT

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.repo import git
from prompt_lint.repo.commit_tree import CommitTree
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

SOURCE = ROOT / "src"


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that exists once anything planted has run."""
    return tmp_path / "planted-program-ran"


@pytest.fixture
def program(tmp_path: Path, marker: Path) -> str:
    """A program that leaves the marker, and passes its input on as a filter would."""
    path = tmp_path / "planted"
    path.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    path.chmod(0o755)
    return str(path)


def arm(config: Path, program: str) -> None:
    """Adds every setting of git that names a program."""
    with config.open("a") as file:
        file.write(
            f"[core]\n\tfsmonitor = {program}\n\thooksPath = {Path(program).parent}\n\tpager = {program}\n"
            f"\tsshCommand = {program}\n\teditor = {program}\n\taskPass = {program}\n\talternateRefsCommand = {program}\n"
            f'[diff]\n\texternal = {program}\n[diff "x"]\n\ttextconv = {program}\n\tcommand = {program}\n'
            f'[filter "x"]\n\tclean = {program}\n\tsmudge = {program}\n\tprocess = {program}\n\trequired = true\n'
            f"[alias]\n\tls-files = !{program}\n\trev-parse = !{program}\n[pager]\n\tls-files = {program}\n"
            f'[credential]\n\thelper = {program}\n[merge "x"]\n\tdriver = {program}\n'
        )  # fmt: skip


def use_everything(folder: Path) -> None:
    tree = open_tree(str(folder))
    entries = tree.list_entries()
    tree.find_aliases(entries)
    for path, entry in entries.items():
        if entry.kind == "file":
            tree.read(path, 1 << 20)


def test_a_hostile_configuration_runs_nothing(repo: Repo, marker: Path, program: str) -> None:
    """Filters, drivers, monitors, hooks, pagers and aliases of the repository's own configuration stay idle."""
    repo.write("prompts/a.md")
    repo.commit()
    repo.write("prompts/a.md", "Changed, so that filters would be asked.\n")
    repo.write("new.md")
    repo.write(".gitattributes", "* filter=x diff=x merge=x\n")
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout", "reference-transaction"):
        (repo.path / ".git/hooks").mkdir(exist_ok=True)
        (repo.path / ".git/hooks" / hook).symlink_to(program)
    arm(repo.path / ".git/config", program)

    use_everything(repo.path)

    assert not marker.exists()
    repo.git("status")  # the trap was armed
    assert marker.exists()


def bare_repository(folder: Path, program: str) -> None:
    """What looks like a bare repository, as a pull request can bring it: plain files, no `.git` in their names."""
    (folder / "objects").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n")
    arm(folder / "config", program)


def test_an_embedded_bare_repository_runs_nothing(repo: Repo, marker: Path, program: str) -> None:
    """From inside of a planted bare repository nothing runs, and the refusal says what is wrong."""
    bare_repository(repo.path / "docs/evil", program)
    repo.write("docs/evil/refs/x", "")

    with pytest.raises(Fatal, match="bare repository"):
        use_everything(repo.path / "docs/evil")
    use_everything(repo.path)

    assert not marker.exists()
    subprocess.run(["git", "status"], cwd=repo.path / "docs/evil", capture_output=True, check=False)
    assert marker.exists(), "the trap was not armed"


def test_an_embedded_bare_repository_is_refused_by_old_gits_too(
    repo: Repo, marker: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where git (before 2.38) doesn't know `safe.bareRepository`, the missing .git gives the trap away."""
    bare_repository(repo.path / "evil", program)
    old = tuple(word.replace("safe.bareRepository=explicit", "x.y=z") for word in git.HARDENED_OPTIONS)
    monkeypatch.setattr(git, "HARDENED_OPTIONS", old)

    with pytest.raises(Fatal, match=r"no \.git in it"):
        open_tree(str(repo.path / "evil"))

    assert not marker.exists()


def test_a_nested_repository_runs_nothing_and_is_not_entered(repo: Repo, marker: Path, program: str) -> None:
    """A clone inside the repository with a configuration of its own is listed as one, not looked into."""
    repo.git("init", "--quiet", "vendor/other")
    (repo.path / "vendor/other/a.md").write_text("x")
    arm(repo.path / "vendor/other/.git/config", program)

    entries = open_tree(str(repo.path)).list_entries()

    assert {path: entry.kind for path, entry in entries.items()} == {"vendor/other": "submodule"}
    assert not marker.exists()


def test_git_inherits_no_settings_and_no_credentials(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """`GIT_*` of a hook or an attacker doesn't reach git, nor does a key; PATH and HOME do."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_TRACE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-canary")

    passed = git.child_environment()

    assert "sk-ant-canary" not in passed.values()
    assert "/nonexistent" not in passed.values()
    assert passed["PATH"] == os.environ["PATH"]
    assert passed["HOME"] == os.environ["HOME"]
    assert passed["LC_ALL"] == "C"
    assert git.run(["ls-files"], str(repo.path)) == b""


def test_no_transport_is_started(repo: Repo, marker: Path) -> None:
    """A missing object of a partial clone isn't fetched, whatever the remote names as its transport."""
    repo.write("a.md")
    repo.commit()
    blob = repo.git("rev-parse", "HEAD:a.md")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for name, value in {
        "core.repositoryFormatVersion": "1", "extensions.partialClone": "origin", "protocol.ext.allow": "always",
        "remote.origin.promisor": "true", "remote.origin.url": f"ext::touch {marker}",
    }.items():  # fmt: skip
        repo.git("config", name, value)

    with pytest.raises(Fatal):
        git.run(["cat-file", "blob", blob], str(repo.path))

    assert not marker.exists()
    subprocess.run(["git", "cat-file", "blob", blob], cwd=repo.path, capture_output=True, check=False)
    assert marker.exists(), "the trap was not armed"


def test_a_program_called_git_in_the_repository_is_not_git(
    repo: Repo, marker: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PATH that names the current folder doesn't make the repository's own `git` run."""
    repo.write("git", Path(program).read_bytes()).chmod(0o755)
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", os.environ["PATH"]]))

    git.run(["ls-files"], str(repo.path))

    assert not marker.exists()


def test_without_git_the_refusal_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No git on the PATH is a clear sentence, not a FileNotFoundError."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Fatal, match="git is not installed") as caught:
        git.run(["ls-files"], str(tmp_path))

    assert "--no-git" in caught.value.hint


def test_a_git_that_prints_lines_of_its_own_is_named(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a wrapper does: its lines are no names of files."""
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho hello\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    repo.write("a.md", "words")
    repo.commit()
    commit = repo.git("rev-parse", "HEAD")
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    with pytest.raises(Fatal) as caught, CommitTree(str(repo.path), commit) as tree:
        tree.list_entries()

    assert (caught.value.message, caught.value.hint) == (
        "`git ls-tree` printed something else than a list of files",
        "is the git on the PATH a script that prints lines of its own?",
    )


def test_a_failure_carries_gits_words_on_one_line(repo: Repo) -> None:
    """Git's message arrives without its prefix, with exit code 2."""
    with pytest.raises(Fatal, match="Not a valid object name") as caught:
        git.run(["ls-tree", "no\nsuch"], str(repo.path))

    assert caught.value.exit_code is ExitCode.USAGE
    assert "fatal:" not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can give a folder away")
def test_dubious_ownership_repeats_gits_advice(repo: Repo) -> None:
    """A repository of somebody else is refused with the command that git proposes; nothing is trusted for it."""
    os.chown(repo.path, 12345, 12345)

    with pytest.raises(Fatal, match="dubious ownership") as caught:
        open_tree(str(repo.path))

    assert f"git config --global --add safe.directory {repo.path}" in caught.value.hint


def test_a_bare_repository_has_no_files(tmp_path: Path, repo: Repo) -> None:
    """In a bare repository the message says that there is nothing to read."""
    repo.git("init", "--quiet", "--bare", str(tmp_path / "bare"))

    with pytest.raises(Fatal, match="without a working tree"):
        open_tree(str(tmp_path / "bare"))
    with pytest.raises(Fatal, match="without a working tree"):
        open_tree(str(repo.path / ".git"))


def test_a_broken_pointer_to_a_repository_is_told(tmp_path: Path) -> None:
    """A `.git` file that leads nowhere is an error, not a reason to walk the folder as if there were no git."""
    (tmp_path / ".git").write_text("gitdir: /nonexistent/worktrees/x\n")

    with pytest.raises(Fatal, match="not a git repository: /nonexistent"):
        open_tree(str(tmp_path))


def test_commands_run_side_by_side_and_end_together(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs come in the order of the commands; a failure, or a reader that stops, leaves no process behind."""
    started: list[subprocess.Popen[bytes]] = []
    start = git.start

    def record(*args: Any) -> subprocess.Popen[bytes]:
        started.append(start(*args))
        return started[-1]

    monkeypatch.setattr(git, "start", record)
    repo.write("a.md")
    repo.commit()

    both = list(git.run_parallel([["ls-files"], ["rev-parse", "--is-inside-work-tree"]], str(repo.path), []))
    stopped = git.run_parallel([["ls-files"], ["cat-file", "--batch"]], str(repo.path), [])
    next(stopped)
    stopped.close()

    assert both == [b"a.md\n", b"true\n"]
    assert [process.returncode is not None for process in started] == [True] * 4


HOOK = """\
#!{python}
import os, sys
sys.path[:0] = {path!r}
from prompt_lint.repo.working_tree import open_tree
tree = open_tree(os.getcwd())
for path in sorted(tree.list_entries()):
    try:
        text = tree.read(path, 1000).decode().strip()
    except Exception as error:
        text = type(error).__name__
    print(path, text, file=open({out!r}, "a"))
print(os.environ.get("GIT_INDEX_FILE", ""), file=open({out!r}, "a"))
"""


@pytest.mark.parametrize(
    ("commit", "index"),
    [
        (["--all"], "index.lock"),
        (["a.md"], "next-index-"),
        ([], "index"),
    ],
    ids=["all", "only", "staged"],
)
def test_in_a_hook_the_same_files_are_seen(repo: Repo, tmp_path: Path, commit: list[str], index: str) -> None:
    """In the hook of any kind of `git commit`, temporary index or not, all files of the working tree are there."""
    repo.write("a.md", "a")
    repo.write("b.md", "b")
    repo.write("gone.md", "gone")
    repo.write(".gitignore", "*.log\n")
    repo.write("kept.log", "kept")
    repo.git("add", "--force", "kept.log")
    repo.commit()
    repo.write("a.md", "a2")
    repo.write("staged.md", "staged")
    repo.git("add", "staged.md", *([] if commit else ["a.md"]))
    (repo.path / "gone.md").unlink()
    out = tmp_path / "out"
    hook = repo.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable, path=[str(SOURCE)], out=str(out)))
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)

    repo.git("commit", "--quiet", "--message=x", *commit)

    *files, temporary = out.read_text().splitlines()
    assert files == [
        ".gitignore *.log", "a.md a2", "b.md b", "gone.md MissingFile", "kept.log kept", "staged.md staged",
    ]  # fmt: skip
    assert index in temporary


def test_in_a_hook_of_a_linked_worktree_the_worktree_is_seen(repo: Repo, tmp_path: Path) -> None:
    """There git sets GIT_DIR; the files are still those of the worktree that is committed in."""
    repo.write("a.md", "a")
    repo.commit()
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    (tmp_path / "linked/only-here.md").write_text("x")
    out = tmp_path / "out"
    hook = repo.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable, path=[str(SOURCE)], out=str(out)))
    hook.chmod(0o755)

    repo.git("-C", str(tmp_path / "linked"), "commit", "--quiet", "--allow-empty", "--message=x")

    assert out.read_text().splitlines()[:2] == ["a.md a", "only-here.md x"]


@pytest.mark.parametrize("memory", [True, False])
def test_much_may_be_answered(repo: Repo, monkeypatch: pytest.MonkeyPatch, memory: bool) -> None:
    """More than a pipe holds, by commands side by side; also where no file can be had but on a disk."""
    if not memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    repo.write("large", b"0123456789" * 100_000)
    repo.commit()
    command = ["cat-file", "blob", "HEAD:large"]

    assert [len(one) for one in git.run_parallel([command, command], str(repo.path), [])] == [1_000_000] * 2


@pytest.mark.parametrize("mode", [0, 0o20000, 0o60000])
def test_a_damaged_index_is_told_in_plain_words(repo: Repo, lint: Callable[..., Done], mode: int) -> None:
    """Modes that no git writes let git itself give up: that is neither a mistake of the user's nor our bug."""
    repo.write(".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: a.md}]\n")
    repo.write("a.md")
    repo.commit()
    path = repo.path / ".git/index"
    index = bytearray(path.read_bytes()[:-20])
    struct.pack_into(
        ">I", index, index.index(b"a.md\0") - 38, mode
    )  # 62 bytes before the name the entry begins
    path.write_bytes(index + hashlib.sha1(index, usedforsecurity=False).digest())
    assert repo.git("ls-files", "-s", "a.md").startswith(f"{mode:06o}")

    done = lint("check", "--offline", "--base", "main")

    assert done.code == 3
    assert "and calls that a bug of its own" in done.err
    assert "&& git reset`" in done.err
    assert "please report" not in done.err


def test_an_index_that_git_cannot_read_is_told_with_what_to_do(repo: Repo, lint: Callable[..., Done]) -> None:
    """Too short, without a signature, of a version that doesn't exist: exit code 3, and the command mends it."""
    repo.write(".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: a.md}]\n")
    repo.write("a.md")
    repo.commit()
    path = repo.path / ".git/index"
    whole = path.read_bytes()
    for damaged in (b"garbage", b"x" * 100, whole.replace(b"DIRC\0\0\0\2", b"DIRC\0\0\0\x09")):
        path.write_bytes(damaged)
        done = lint("check", "--offline")
        line, hint = done.err.splitlines()

        assert (done.code, done.out) == (3, "")
        assert line.startswith("error: git can't read its index (")
        subprocess.run(["sh", "-c", hint.split("`")[1]], cwd=repo.path, check=True, capture_output=True)
        assert lint("check", "--offline").code == 0


def test_a_repository_that_is_gone_in_mid_run_is_told(repo: Repo) -> None:
    """Somebody deleted its `.git` after the run began: one line and exit code 3."""
    repo.write("a.md")
    tree = open_tree(str(repo.path))
    shutil.rmtree(repo.path / ".git")

    with pytest.raises(Fatal) as caught:
        tree.list_entries()

    assert caught.value.message == f"{repo.path} is in no git repository any more"
    assert caught.value.exit_code == ExitCode.UNCOUNTED
    assert not open_tree(str(repo.path)).has_git
