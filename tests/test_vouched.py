"""In a fresh checkout what git vouches for isn't opened; and whatever git doesn't see, the number is that of the file."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.repo import Repo

from prompt_lint import cli, reading, recall
from prompt_lint.tree import WorkingTree
from prompt_lint.vouched import blob_of, vouched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

CONFIG = "models: [claude-sonnet-5-5]\nlimit: 1000\nprompts:\n  - files: prompts/**/*.md\n"
A, B = "prompts/a.md", "prompts/sub/b.md"
# As long as what `ident` would make of it.
IDENT = f"Hello.\n$Id: {'a' * 40} $\n"


class Checkout(NamedTuple):
    """A fresh clone of a repository whose prompts have all been counted."""

    repo: Repo
    opened: list[str]
    run: Callable[..., dict[str, Any]]


@pytest.fixture
def checkout(
    repo: Repo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Checkout:
    """The parameter, if there is one, is done to the clone before git puts the files there."""
    monkeypatch.setattr(reading, "_UNSURE", 0)
    monkeypatch.setattr(recall, "_WORTH_ASKING", 1)
    opened: list[str] = []
    take = WorkingTree.take

    def noting(tree: WorkingTree, path: str, cap: int) -> Any:
        opened.append(path)
        return take(tree, path, cap)

    def run(*arguments: str) -> dict[str, Any]:
        opened.clear()
        code = cli.run(["check", "--offline", "--output-format", "json", *arguments])
        report = json.loads(capfd.readouterr().out)
        told = [(one["path"], one.get("tokens", one.get("message"))) for one in report["verdicts"]]
        return {"code": code, **dict(told), "problems": [one["message"] for one in report["problems"]]}

    monkeypatch.setattr(WorkingTree, "take", noting)
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write(A, IDENT)
    repo.write(B, "Answer in one sentence.\n")
    repo.commit()
    monkeypatch.chdir(repo.path)
    run()
    repo.git("clone", "--quiet", "--no-checkout", str(repo.path), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", init=False)
    getattr(request, "param", lambda _: None)(clone)
    clone.git("checkout", "--quiet", "main")
    believed(clone)
    monkeypatch.chdir(clone.path)
    return Checkout(clone, opened, run)


def believed(repo: Repo) -> None:
    """Git compares contents, too, where a file is as young as its index: here none is, as it would be in a second."""
    later = time.time() + 5
    os.utime(repo.path / ".git/index", (later, later))


def test_a_fresh_checkout_isnt_read(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every inode is new, and no prompt is opened; the next run needs not even git's word."""
    asked: list[str] = []

    def noting(top: str, *given: Any) -> Any:
        asked.append(top)
        return vouched(top, *given)

    monkeypatch.setattr(recall, "vouched", noting)

    first, opened = checkout.run(), [*checkout.opened]
    second = checkout.run()

    assert first == second == checkout.run("--no-cache")
    assert (first["code"], first[B] > 0, opened) == (0, True, [])
    assert len(asked) == 1


def test_few_files_are_read_sooner_than_git_is_asked(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git's word costs two programs, which is what a hundred files cost."""
    monkeypatch.setattr(recall, "_WORTH_ASKING", 3)

    checkout.run()

    assert checkout.opened == [A, B]


# What is done to the clone before the files are there


def line_ends(repo: Repo) -> None:
    (repo.path / ".git/info/attributes").write_text("*.md text eol=crlf\n")


def carriage_returns(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")


def ident(repo: Repo) -> None:
    (repo.path / ".git/info/attributes").write_text("*.md ident\n")


def filtered(repo: Repo) -> None:
    repo.git("config", "filter.rot.smudge", "tr a-y b-z")
    repo.git("config", "filter.rot.clean", "tr b-z a-y")
    (repo.path / ".git/info/attributes").write_text("*.md filter=rot\n")


def encoded(repo: Repo) -> None:
    (repo.path / ".git/info/attributes").write_text("*.md working-tree-encoding=UTF-16LE-BOM\n")


@pytest.mark.parametrize("checkout", [line_ends, carriage_returns, ident, filtered, encoded], indirect=True)
def test_what_git_converted_is_read(checkout: Checkout) -> None:
    """The blob isn't what lies on disk, though its length may be the same."""
    found, opened = checkout.run(), [*checkout.opened]

    assert opened == [A, B]
    assert found == checkout.run("--no-cache")


@pytest.mark.parametrize("checkout", [filtered], indirect=True)
def test_a_filter_that_is_no_longer_asked_for_is_suspected(checkout: Checkout) -> None:
    """It may have been at work when the files were checked out."""
    (checkout.repo.path / ".git/info/attributes").unlink()

    found, opened = checkout.run(), [*checkout.opened]

    assert opened == [A, B]
    assert found == checkout.run("--no-cache")


def lfs(repo: Repo) -> None:
    for key, value in {
        "smudge": "false %f",
        "clean": "false %f",
        "process": "false",
        "required": "true",
    }.items():
        repo.git("config", f"filter.lfs.{key}", value)


@pytest.mark.parametrize("checkout", [lfs], indirect=True)
def test_git_lfs_is_no_reason_to_read_what_it_has_nothing_to_do_with(checkout: Checkout) -> None:
    """Nearly everybody who has it has it set up for all repositories."""
    found = checkout.run()

    assert checkout.opened == []
    assert found == checkout.run("--no-cache")


# What is done to the files once they are there


def edited(repo: Repo) -> None:
    repo.write(A, "Hello, hello, and hello again.\n")


def edited_in_secret(repo: Repo) -> None:
    before = (repo.path / A).stat()
    repo.write(A, "Zq#!@ &%$^*.\n".ljust(before.st_size, "x"))
    os.utime(repo.path / A, ns=(before.st_atime_ns, before.st_mtime_ns))


def edited_unwatched(repo: Repo) -> None:
    repo.git("update-index", "--assume-unchanged", A)
    edited_in_secret(repo)


def edited_outside(repo: Repo) -> None:
    repo.git("update-index", "--skip-worktree", A)
    edited_in_secret(repo)


def edited_half_seen(repo: Repo) -> None:
    repo.git("config", "core.trustctime", "false")
    edited_in_secret(repo)


def edited_barely_seen(repo: Repo) -> None:
    repo.git("config", "core.checkStat", "minimal")
    edited_in_secret(repo)


def edited_and_staged(repo: Repo) -> None:
    edited(repo)
    repo.git("add", A)


def staged_and_taken_back(repo: Repo) -> None:
    before = (repo.path / A).read_text()
    edited_and_staged(repo)
    repo.write(A, before)


def swapped_in_the_index(repo: Repo) -> None:
    blob = repo.git("rev-parse", f":{B}")
    repo.git("update-index", "--cacheinfo", f"100644,{blob},{A}")


def moved(repo: Repo) -> None:
    repo.git("mv", A, "prompts/other.md")


def deleted(repo: Repo) -> None:
    (repo.path / A).unlink()


def a_link(repo: Repo) -> None:
    (repo.path / A).unlink()
    repo.link(A, "sub/b.md")


def untracked(repo: Repo) -> None:
    repo.git("rm", "--quiet", "--cached", A)


def meant_to_be_added(repo: Repo) -> None:
    untracked(repo)
    repo.git("add", "--intent-to-add", A)


@pytest.mark.parametrize(
    "change",
    [
        edited, edited_in_secret, edited_unwatched, edited_outside, edited_half_seen, edited_barely_seen, edited_and_staged,
        staged_and_taken_back, swapped_in_the_index, moved, deleted, a_link, untracked, meant_to_be_added,
    ],
)  # fmt: skip
def test_whatever_has_changed_the_number_is_that_of_the_file(
    checkout: Checkout, change: Callable[[Repo], None]
) -> None:
    """Also where git was told not to look, or looks at less than there is."""
    change(checkout.repo)
    believed(checkout.repo)

    found = checkout.run()

    assert found == checkout.run("--no-cache")


def test_what_is_changed_in_the_second_of_its_checkout_is_seen(checkout: Checkout) -> None:
    """Git knows that its index can't tell, and compares contents."""
    checkout.repo.git("read-tree", "HEAD")
    checkout.repo.git("update-index", "-q", "--refresh")
    checkout.repo.write(A, "Zq#!@ &%$^*.\n".ljust(len(IDENT), "x"))

    found = checkout.run()

    assert found == checkout.run("--no-cache")


def test_ids_are_those_of_git(repo: Repo) -> None:
    """In repositories of either kind."""
    path = repo.write("a", b"Hello.\r\n\0")
    other = Repo(repo.path / "other", init=False)
    repo.git("init", "--quiet", "--object-format=sha256", "other")

    assert blob_of(path.read_bytes(), 20).hex() == repo.git("hash-object", "--no-filters", "a")
    assert blob_of(path.read_bytes(), 32).hex() == other.git("hash-object", "--no-filters", "../a")


@pytest.mark.parametrize("within", [(), ("d",), ("d", "a.md", "b.txt", "no ending", ":(top)x.md", "*.md")])
@pytest.mark.parametrize("left_out", [(), ("no ending",)])
def test_git_looks_wherever_it_is_asked_to(
    repo: Repo, within: Sequence[str], left_out: Sequence[str]
) -> None:
    """In folders, by endings, or at everything, whatever characters are in a name."""
    names = ["a.md", "b.txt", "d/c.md", "d/e.md", "no ending", ":(top)x.md", "*.md", "z.md"]
    for name in names:
        repo.write(name, "Hello.\n")
    repo.commit()
    for name in ("d/e.md", "z.md"):
        repo.write(name, "Hello, hello.\n")
    asked = [one for one in names if one not in left_out and (not within or one.split("/")[0] in within)]

    assert vouched(str(repo.path), asked, within) == set(asked) - {"d/e.md", "z.md"}


def test_no_program_of_a_repository_is_run(repo: Repo) -> None:
    """A filter that is configured isn't started to find out what git thinks."""
    repo.write("a.md", "Hello.\n")
    repo.write(".gitattributes", "*.md filter=lfs\n")
    repo.commit()
    for key in ("clean", "smudge", "process"):
        repo.git("config", f"filter.lfs.{key}", f"touch {repo.path}/ran")
    os.utime(repo.path / "a.md", (1, 1))

    assert vouched(str(repo.path), ["a.md"], []) == set()
    assert not (repo.path / "ran").exists()
