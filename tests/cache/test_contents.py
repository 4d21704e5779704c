"""In a fresh checkout what is known by its contents isn't parsed; and whatever was done to a file, the number is its own."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.support.repo import Repo

from prompt_lint.cache import files
from prompt_lint.check import read_prompts
from prompt_lint.cli import main
from prompt_lint.repo import safe_read

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
    parsed: list[str]
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
    monkeypatch.setattr(safe_read, "_UNSURE", 0)
    monkeypatch.setattr(files, "_WORTH_READING", 1)
    parsed: list[str] = []
    parse = read_prompts.parsed

    def noting(path: str, *given: Any) -> Any:
        parsed.append(path)
        return parse(path, *given)

    def run(*arguments: str) -> dict[str, Any]:
        parsed.clear()
        code = main.run(["check", "--offline", "--output-format", "json", *arguments])
        report = json.loads(capfd.readouterr().out)
        told = [(one["path"], one.get("tokens", one.get("message"))) for one in report["verdicts"]]
        return {"code": code, **dict(told), "problems": [one["message"] for one in report["problems"]]}

    monkeypatch.setattr(read_prompts, "parsed", noting)
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
    monkeypatch.chdir(clone.path)
    return Checkout(clone, parsed, run)


def test_a_fresh_checkout_isnt_parsed(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every inode is new, and no prompt is parsed; the next run doesn't even read one."""
    first, parsed = checkout.run(), [*checkout.parsed]
    time.sleep(0.03)
    checkout.run()
    monkeypatch.setattr(safe_read, "contents", None)
    known = checkout.run()

    assert first == known
    assert (first["code"], first[B] > 0, parsed) == (0, True, [])


def test_few_files_are_parsed_as_soon(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up for two edited files would only come on top."""
    monkeypatch.setattr(files, "_WORTH_READING", 3)

    checkout.run()

    assert checkout.parsed == [A, B]


def test_new_contents_are_read_once(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where most of a sample isn't known, the rest isn't looked for."""
    monkeypatch.setattr(files, "_SAMPLE", 1)
    read: list[str] = []
    contents = safe_read.contents

    def noting(top: str, parts: Sequence[str], cap: int) -> Any:
        read.append("/".join(parts))
        return contents(top, parts, cap)

    edited(checkout.repo)
    monkeypatch.setattr(safe_read, "contents", noting)

    checkout.run()

    assert sorted(read) == [A, A, B]


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
def test_what_git_converted_is_counted_as_it_lies_there(checkout: Checkout) -> None:
    """The blob isn't what lies on disk, though its length may be the same."""
    found = checkout.run()

    assert found == checkout.run("--no-cache")


@pytest.mark.parametrize("checkout", [filtered], indirect=True)
def test_a_filter_that_is_gone_has_left_its_work(checkout: Checkout) -> None:
    """Git may call a file clean of which nobody knows any more how it was made."""
    (checkout.repo.path / ".git/info/attributes").unlink()
    checkout.repo.git("config", "--remove-section", "filter.rot")

    found = checkout.run()

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

    found = checkout.run()

    assert found == checkout.run("--no-cache")
