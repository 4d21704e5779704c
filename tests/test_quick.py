"""An answer from the record is the answer of a run: whatever happens to the world, the two don't differ."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.support.repo import Repo

from prompt_lint import __version__, kept, quick, record
from prompt_lint.api import credentials
from prompt_lint.cache.counts import FILE, open_cache
from prompt_lint.cli import main
from prompt_lint.model.errors import Fatal
from prompt_lint.model.values import Count, Key
from prompt_lint.repo import safe_read
from prompt_lint.request.from_text import to_request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no records on Windows")

CONFIG = """\
models: [claude-sonnet-5-5, claude-sonnet-4-6]
limit: 100
prompts:
  - files: PATTERN
"""
A, B = "prompts/a.md", "prompts/sub/b.md"
TEXT = "Hello, hello.\n"
LONG = "Never guess a number that you could look up.\n" * 20
# Leaves nothing to the record, and changes nothing.
NO_RECORD = ("--provider", "anthropic")
FORMATS = ("text", "json", "markdown", "github", "azure", "sarif", "gitlab", "junit")
INSTALLED = quick._installed
CANARY = "sk-ant-api03-Canary_42zQ9"


class World(NamedTuple):
    """A repository, the home of its user, and a way to run prompt-lint in it."""

    repo: Repo
    home: Path
    capfd: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(self, *arguments: str) -> tuple[int, str]:
        """A real run in this process: exit code and stdout."""
        code = main.run(["check", *arguments])
        return code, self.capfd.readouterr().out

    def record(self, *arguments: str) -> None:
        """Runs until nothing is new."""
        for _ in range(2):
            tick()
            self.run(*arguments)

    def answer(self, *arguments: str) -> str | None:
        return quick.answer(["check", *arguments], os.environ)

    def same(self, *arguments: str) -> bool:
        """Holds the law; whether there was an answer at all."""
        found = self.answer(*arguments)
        truth = self.run(*NO_RECORD, *arguments)
        assert found is None or (0, found) == truth
        return found is not None

    def file(self, *arguments: str) -> Path:
        """Where the record is."""
        question = quick.ask(["check", *arguments], os.environ)
        assert question
        return type(self.home)(question.file)

    def edit(self, name: str, text: str) -> None:
        """New contents of the same size, and the old time."""
        path = self.repo.path / name
        before = path.stat()
        path.write_text(text.ljust(before.st_size, "!")[: before.st_size])
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def tick() -> None:
    """What is done afterwards has another time than what was done before."""
    time.sleep(0.02)


def make_world(
    path: Path, capfd: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch, pattern: str
) -> World:
    """Two prompts, one of them in a folder; an empty folder; an ignored one; a link; a file that is none of ours."""
    repo, home = Repo(path / "repo"), path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith("XDG_"):
            patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.chdir(repo.path)
    # The files of these tests are younger than two seconds; a tick of the clock is waited for where it matters.
    patch.setattr(quick, "UNSURE", 0)
    patch.setattr(safe_read, "_UNSURE", 0)
    patch.setattr(quick, "_installed", lambda: b"")  # what is tested may be edited meanwhile
    repo.write(".prompt-lint.yaml", CONFIG.replace("PATTERN", json.dumps(pattern)))
    repo.write(".gitignore", "ignored/\n*.tmp.md\n")
    repo.write("ignored/c.md")
    repo.write("prompts/d.tmp.md", LONG)
    repo.write("prompts/ignored/c.md")
    repo.write("main.py", "print()\n")
    repo.write(A, TEXT)
    repo.write(B, TEXT)
    repo.commit()
    (repo.path / "prompts/empty/deep").mkdir(parents=True)
    return World(repo, home, capfd, patch)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> World:
    return make_world(tmp_path, capfd, monkeypatch, "*.md")


def replaced_by_link(world: World) -> None:
    (world.repo.path / A).rename(world.repo.path / "elsewhere.txt")
    world.repo.link(A, "../elsewhere.txt")


def replaced_by_folder(world: World) -> None:
    removed(world, A)
    world.repo.write(f"{A}/x.md")


def folder_behind_a_link(world: World) -> None:
    (world.repo.path / "prompts/sub").rename(world.repo.path / "moved")
    world.repo.link("prompts/sub", "../moved")


def all_behind_a_link(world: World) -> None:
    (world.repo.path / "prompts").rename(world.repo.path / "moved")
    world.repo.link("prompts", "moved")


def nested_repository(world: World) -> None:
    Repo(world.repo.path / "prompts/sub").commit()


def other_repository(world: World) -> None:
    """The repository is moved away, and another one put in its place."""
    moved = world.repo.path.with_name("moved")
    world.repo.path.rename(moved)
    shutil.copytree(moved, world.repo.path)
    world.patch.chdir(world.repo.path)
    (world.repo.path / A).write_text(LONG)


def worktree(world: World) -> None:
    (world.repo.path / ".git").rename(world.home / "git")
    (world.repo.path / ".git").write_text(f"gitdir: {world.home / 'git'}\n")


def damaged_cache(world: World) -> None:
    (world.home / ".cache/prompt-lint" / FILE).write_bytes(b"no database")


def removed(world: World, name: str) -> None:
    path = world.repo.path / name
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def refreshed(world: World) -> None:
    os.utime(world.repo.path / "main.py")
    world.repo.git("status")


def staged_anew(world: World) -> None:
    world.repo.write("main.py", "print(1)\n")
    world.repo.git("add", "main.py")


def staged_at(world: World, name: str, mode: str = "100644", stages: str = "0") -> None:
    """An entry of the index, whatever is on disk."""
    if mode == "160000":
        blob = world.repo.git("hash-object", "-w", "-t", "commit", "--literally", A)
    else:
        blob = world.repo.git("hash-object", "-w", A)
    lines = "".join(f"{mode} {blob} {stage}\t{name}\n" for stage in stages)
    path = world.home / "index-info"
    path.write_text(f"0 {'0' * 40}\t{name}\n{lines}")
    with path.open() as told:
        subprocess.run(["git", "update-index", "--index-info"], stdin=told, check=True)


Change = Any
# What is done to the index alone, or to what decides nothing beside it.
STAGED: dict[str, Change] = {
    "the index refreshed": refreshed,
    "another file staged": staged_anew,
    "other contents of a prompt staged": lambda w: staged_at(w, A),
    "a prompt that may be run": lambda w: w.repo.git("update-index", "--chmod=+x", A),
    "nothing staged of a prompt": lambda w: w.repo.git(
        "update-index", "--cacheinfo", f"100644,{w.repo.git('hash-object', '-w', '/dev/null')},{A}"
    ),
    "a commit": lambda w: w.repo.commit(),
    "another branch": lambda w: w.repo.git("checkout", "--quiet", "-b", "other"),
    "no branch": lambda w: w.repo.git("checkout", "--quiet", "--detach"),
    "an index of another version": lambda w: w.repo.git("update-index", "--index-version", "4"),
}
# The same, where it may count.
LISTED: dict[str, Change] = {
    "no longer tracked": lambda w: w.repo.git("rm", "--quiet", "--cached", A),
    "nothing is tracked": lambda w: w.repo.git("rm", "--quiet", "-r", "--cached", "."),
    "another file no longer tracked": lambda w: w.repo.git("rm", "--quiet", "--cached", "main.py"),
    "tracked though ignored": lambda w: w.repo.git("add", "--force", "ignored/c.md"),
    "a prompt tracked though ignored": lambda w: w.repo.git("add", "--force", "prompts/d.tmp.md"),
    "tracked, but not there": lambda w: staged_at(w, "prompts/gone.md"),
    "left out of the working tree": lambda w: w.repo.git("update-index", "--skip-worktree", A),
    "taken for unchanged": lambda w: w.repo.git("update-index", "--assume-unchanged", A),
    "by intent only": lambda w: (
        w.repo.git("rm", "--quiet", "--cached", A),
        w.repo.git("add", "--intent-to-add", A),
    ),
    "in conflict": lambda w: staged_at(w, A, stages="123"),
    "in conflict, but here": lambda w: staged_at(w, A, stages="13"),
    "a link in conflict": lambda w: staged_at(w, A, mode="120000", stages="23"),
    "staged as a link": lambda w: staged_at(w, A, mode="120000"),
    "a link that isn't there": lambda w: staged_at(w, "prompts/link.md", mode="120000"),
    "staged as a submodule": lambda w: staged_at(w, "prompts/sub", mode="160000"),
    "all staged as a submodule": lambda w: staged_at(w, "prompts", mode="160000"),
    "a file staged where a folder is": lambda w: staged_at(w, "prompts"),
    "a folder staged where a file is": lambda w: staged_at(w, f"{A}/x.md"),
    "an index in two parts": lambda w: w.repo.git("update-index", "--split-index"),
    "a broken index": lambda w: w.repo.write(".git/index", "broken"),
    "no index": lambda w: removed(w, ".git/index"),
}
CHANGES: dict[str, Change] = {
    **STAGED,
    **LISTED,
    "nothing": lambda w: None,
    "an edit that nothing shows but the inode's time": lambda w: w.edit(A, "Other words."),
    "over the limit": lambda w: w.repo.write(A, LONG),
    "touched": lambda w: os.utime(w.repo.path / A),
    "emptied": lambda w: w.repo.write(A, ""),
    "rights": lambda w: (w.repo.path / A).chmod(0o600),
    "a second name": lambda w: os.link(w.repo.path / A, w.repo.path / "prompts/second.md"),
    "a new prompt": lambda w: w.repo.write("prompts/new.md", LONG),
    "a new prompt in a folder": lambda w: w.repo.write("prompts/sub/new.md"),
    "a new prompt in an empty folder": lambda w: w.repo.write("prompts/empty/deep/new.md"),
    "a new folder": lambda w: w.repo.write("prompts/fresh/new.md"),
    "a new folder at the top": lambda w: w.repo.write("fresh/new.md"),
    "a new ignored file": lambda w: w.repo.write("prompts/new.tmp.md"),
    "a new file in an ignored folder": lambda w: w.repo.write("ignored/new.md"),
    "nothing is ignored": lambda w: w.repo.write(".gitignore", "\n"),
    "something else is ignored": lambda w: w.repo.write(".gitignore", "sub/\n"),
    "a folder that says what it ignores": lambda w: w.repo.write("prompts/.gitignore", "*.md\n"),
    "ignored in this clone": lambda w: w.repo.write(".git/info/exclude", "*.md\n"),
    "ignored by its user": lambda w: w.repo.write(w.home / ".config/git/ignore", "*.md\n"),
    "ignored by a setting": lambda w: w.repo.git("config", "core.excludesFile", str(w.repo.path / "main.py")),
    "ignored by a setting of the user": lambda w: w.repo.write(
        w.home / ".gitconfig", "[core]\nexcludesFile = ~/x\n"
    ),
    "removed": lambda w: removed(w, A),
    "a folder removed": lambda w: removed(w, "prompts/sub"),
    "renamed": lambda w: (w.repo.path / A).rename(w.repo.path / "prompts/z.md"),
    "two swapped": lambda w: (
        (w.repo.path / A).rename(w.repo.path / "x"),
        (w.repo.path / B).rename(w.repo.path / A),
        (w.repo.path / "x").rename(w.repo.path / B),
    ),
    "replaced by a link": replaced_by_link,
    "a folder behind a link": folder_behind_a_link,
    "all behind a link": all_behind_a_link,
    "a link to a prompt": lambda w: w.repo.link("prompts/link.md", "a.md"),
    "a link to nothing": lambda w: w.repo.link("prompts/link.md", "nothing"),
    "a link to a folder": lambda w: w.repo.link("more", "prompts"),
    "replaced by a folder": replaced_by_folder,
    "no longer tracked, and ignored": lambda w: (
        w.repo.git("rm", "--quiet", "--cached", A),
        w.repo.write(".gitignore", "a.md\n"),
    ),
    "another repository inside": nested_repository,
    "another repository in its place": other_repository,
    "git's folder elsewhere": worktree,
    "no HEAD": lambda w: w.repo.write(".git/HEAD", "broken\n"),
    "no objects": lambda w: (w.repo.path / ".git/objects").rename(w.home / "objects"),
    "a broken setting of git": lambda w: w.repo.write(".git/config", "broken\n"),
    "a lower limit": lambda w: w.repo.write(".prompt-lint.yaml", CONFIG.replace("PATTERN", "'*.md'").replace("100", "5")),
    "a broken configuration": lambda w: w.repo.write(".prompt-lint.yaml", "limit: [\n"),
    "the same configuration anew": lambda w: os.utime(w.repo.path / ".prompt-lint.yaml"),
    "two configurations": lambda w: w.repo.write(".prompt-lint.yml", "limit: 1\n"),
    "no configuration": lambda w: removed(w, ".prompt-lint.yaml"),
    "a configuration out of the repository": lambda w: (
        (w.repo.path / ".prompt-lint.yaml").rename(w.home / "c"),
        w.repo.link(".prompt-lint.yaml", w.home / "c"),
    ),
    "colours": lambda w: w.patch.setenv("FORCE_COLOR", "1"),
    "a mode": lambda w: w.patch.setenv("PROMPT_LINT_COUNTING", "exact"),
    "no mode": lambda w: w.patch.setenv("PROMPT_LINT_COUNTING", "guess"),
    "a smaller size": lambda w: w.patch.setenv("PROMPT_LINT_MAX_FILE_SIZE", "3"),
    "JSON": lambda w: w.patch.setenv("PROMPT_LINT_OUTPUT_FORMAT", "json"),
    "another configuration": lambda w: w.patch.setenv("PROMPT_LINT_CONFIG", "other.yaml"),
    "a base": lambda w: w.patch.setenv("PROMPT_LINT_BASE", "HEAD"),
    "another cache": lambda w: w.patch.setenv("PROMPT_LINT_CACHE_DIR", str(w.home / "other")),
    "a key": lambda w: w.patch.setenv("ANTHROPIC_API_KEY", CANARY + "\n"),
    "an Admin key": lambda w: w.patch.setenv("ANTHROPIC_API_KEY", "sk-ant-admin01-x"),
    "an empty key": lambda w: w.patch.setenv("ANTHROPIC_API_KEY", ""),
    "an address": lambda w: w.patch.setenv("ANTHROPIC_BASE_URL", "http://example.com"),
    "a relative folder of profiles": lambda w: w.patch.setenv("ANTHROPIC_CONFIG_DIR", "profiles"),
    "a profile": lambda w: w.repo.write(w.home / ".config/anthropic/active_config", "x\n"),
    "another home": lambda w: w.patch.setenv("HOME", str(w.repo.path.parent)),
    "no git": lambda w: w.patch.setenv("PATH", str(w.home)),
    "another git": lambda w: w.patch.setenv("PATH", f"{w.home}:{os.environ['PATH']}"),
    "CI": lambda w: w.patch.setenv("CI", "true"),
    "a folder below": lambda w: w.patch.chdir(w.repo.path / "prompts"),
    "no counts": lambda w: shutil.rmtree(w.home / ".cache"),
    "no counts but the record": lambda w: (w.home / ".cache/prompt-lint" / FILE).unlink(),
    "damaged counts": damaged_cache,
    "counts of others": lambda w: put_exact(w, TEXT),
}  # fmt: skip


def put_exact(
    world: World, *texts: str, model: str = "claude-sonnet-5-5", origin: str = credentials.API_URL
) -> None:
    """Counts of the API, as a run with a key would have left them."""
    kept = open_cache(str(world.home / ".cache/prompt-lint"), __version__, origin)
    digests = [request.digest() for one in texts if (request := to_request(one, "user"))]
    kept.put({Key(model, digest): Count(7, 7, 7, "api") for digest in digests})
    kept.close()


@pytest.mark.parametrize("pattern", ["prompts/**/*.md", "*.md"])
@pytest.mark.parametrize("paths", [(), (A, B)], ids=["all", "named"])
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_has_changed_the_answer_is_that_of_a_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    change: str,
    paths: Sequence[str],
    pattern: str,
) -> None:
    """An answer after a change is none, or to the byte what a run prints; and there is one where nothing counts."""
    world = make_world(tmp_path, capfd, monkeypatch, pattern)
    world.record(*paths)
    assert world.answer(*paths), "nothing was recorded, so nothing is tested"
    tick()

    CHANGES[change](world)

    assert world.same(*paths) or change not in {"nothing", "an empty key", *STAGED}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.booleans()), min_size=1, max_size=6),
    st.sampled_from(["prompts/**/*.md", "*.md"]),
)
@example([("a new prompt", True), ("removed", True), ("nothing", True)], "*.md")
@example([("a new folder", True), ("something else is ignored", True), ("nothing is ignored", True)], "*.md")
def test_no_history_of_changes_misleads(
    capfd: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[str, bool]],
    pattern: str,
) -> None:
    """After any changes, with runs between them that build on the record of the one before, the law holds."""
    with pytest.MonkeyPatch.context() as patch:
        world = make_world(tmp_path_factory.mktemp("world"), capfd, patch, pattern)
        world.record()
        for change, recorded in changes:
            tick()
            # It may be impossible after those before it.
            with suppress(OSError, AssertionError, subprocess.CalledProcessError):
                CHANGES[change](world)
            if os.path.isdir(world.repo.path):
                world.same()
                world.same(A)
            if recorded:
                world.record()
                world.record(A)
                world.same()
                world.same(A)


def left_out(world: World, name: str, text: str) -> None:
    """A file that a sparse checkout leaves out, with its contents staged."""
    blob = world.repo.git("hash-object", "-w", str(world.repo.write(world.home / "blob", text)))
    world.repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    world.repo.git("update-index", "--skip-worktree", name)
    with suppress(FileNotFoundError):
        removed(world, name)


BELOW, NEW = "prompts/sub/CLAUDE.md", "prompts/sub/new.md"


def taking_in(world: World) -> None:
    """A prompt that takes in a file that git has, though it ignores it."""
    world.repo.write(BELOW, "Read @../../docs/shared.txt here.\n")
    world.repo.write("docs/shared.txt", TEXT)
    world.repo.write(".gitignore", "*.txt\n*.tmp.md\n")
    world.repo.git("add", "--force", BELOW, "docs/shared.txt")


def led_to(world: World) -> None:
    """A prompt that is a link to a file that git has, though it ignores it."""
    world.repo.link("prompts/sub/link.md", "../../ignored/c.md")
    world.repo.git("add", "--force", "prompts/sub/link.md", "ignored/c.md")


def other_case(world: World) -> None:
    """An untracked prompt that git takes for one that it has, of the same name in capitals."""
    world.repo.git("config", "core.ignoreCase", "true")
    world.repo.write(NEW, LONG)
    staged_at(world, NEW.upper())


def ignored_by_what_is_left_out(name: str) -> Change:
    def change(world: World) -> None:
        world.repo.write(NEW, LONG)
        left_out(world, name, "new.md\n*.tmp.md\n")

    return change


# The pattern; what was there before; what happens to the index.
PREPARED: dict[str, tuple[str, Change, Change]] = {
    "other contents of a .gitignore left out": (
        "prompts/**/*.md",
        ignored_by_what_is_left_out(".gitignore"),
        lambda w: left_out(w, ".gitignore", "*.tmp.md\n"),
    ),
    "other contents of a .gitignore left out on the way": (
        "prompts/sub/*.md",
        ignored_by_what_is_left_out("prompts/.gitignore"),
        lambda w: left_out(w, "prompts/.gitignore", "old.md\n"),
    ),
    "a .gitignore left out is no longer tracked": (
        "prompts/**/*.md",
        ignored_by_what_is_left_out(".gitignore"),
        lambda w: w.repo.git("update-index", "--force-remove", ".gitignore"),
    ),
    "what a prompt takes in is ignored": (
        "prompts/**/*.md",
        taking_in,
        lambda w: w.repo.git("rm", "--quiet", "--cached", "docs/shared.txt"),
    ),
    "what a link leads to is ignored": (
        "prompts/**/*.md",
        led_to,
        lambda w: w.repo.git("rm", "--quiet", "--cached", "ignored/c.md"),
    ),
    "not known by another name": (
        "prompts/**/*.md",
        other_case,
        lambda w: w.repo.git("rm", "--quiet", "--cached", NEW.upper()),
    ),
    "known by another name": (
        "prompts/**/*.md",
        lambda w: w.repo.git("config", "core.ignoreCase", "true"),
        lambda w: staged_at(w, BELOW.upper()),
    ),
    "a submodule on the way": (
        "prompts/sub/*.md",
        lambda w: None,
        lambda w: staged_at(w, "prompts", "160000"),
    ),
    "a file on the way": ("prompts/sub/*.md", lambda w: None, lambda w: staged_at(w, "prompts")),
}


@pytest.mark.parametrize("paths", [(), (BELOW,)], ids=["all", "named"])
@pytest.mark.parametrize("case", PREPARED)
def test_what_only_the_index_knows_counts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    case: str,
    paths: Sequence[str],
) -> None:
    """Where git asks its index instead of the disk, a changed index is no harmless one."""
    pattern, before, change = PREPARED[case]
    world = make_world(tmp_path, capfd, monkeypatch, pattern)
    world.repo.write(BELOW, TEXT)
    before(world)
    world.record(*paths)
    assert world.answer(*paths) or "left out" in case, "nothing was recorded, so nothing is tested"
    tick()

    change(world)

    world.same(*paths)


def test_an_index_that_has_come_to_rest_is_known_again(world: World) -> None:
    """Git is asked once after each change, not before each answer from then on."""
    world.record()
    tick()
    staged_anew(world)
    tick()
    assert world.answer()

    world.patch.setattr(os, "posix_spawn", None)

    assert world.answer()
    tick()
    removed(world, ".git/index")
    world.patch.undo()
    assert not world.same()


def test_an_index_that_is_not_at_rest_is_asked_about_again(world: World) -> None:
    """It could change once more without another time."""
    world.record()
    tick()
    staged_anew(world)
    before = world.file().read_bytes()
    world.patch.setattr(quick, "UNSURE", 2_000_000_000)

    assert world.same()

    assert world.file().read_bytes() == before


def test_a_run_right_after_git_add_leaves_a_record(world: World) -> None:
    """A hook runs when the index has just been written; one tick of the clock tells that from what comes later."""
    world.record()
    time.sleep(2.1)
    staged_anew(world)
    world.file().unlink()
    index = world.repo.path / ".git/index"
    if not record._is_dependable(str(world.repo.path)) or not index.stat().st_ctime_ns % 1_000_000_000:
        pytest.skip("the clock of this file system is a slow one")
    world.patch.setattr(quick, "UNSURE", 2_000_000_000)
    tick()

    world.run()

    assert world.same()


@pytest.mark.parametrize("trouble", ["no memory file", "git fails", "git complains", "read-only folder"])
def test_git_is_asked_in_any_case_or_there_is_no_answer(world: World, trouble: str, tmp_path: Path) -> None:
    """Without files in memory one on disk does; a git that fails, or has more to say than a list, has a real run."""
    if "git" in trouble:
        body = "exit 1" if trouble == "git fails" else "echo warning: x >&2"
        real = shutil.which("git")
        flag = tmp_path / "flag"
        script = world.repo.write(
            tmp_path / "bin/git", f'#!/bin/sh\n[ -e {flag} ] && {{ {body}; }}\nexec {real} "$@"\n'
        )
        script.chmod(0o755)
        world.patch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    world.record()
    assert world.answer()
    tick()
    staged_anew(world)

    if trouble == "no memory file":
        world.patch.delattr(os, "memfd_create", raising=False)
    elif trouble == "read-only folder":
        world.file().parent.chmod(0o500)
    else:
        flag.touch()

    found = world.answer()
    world.file().parent.chmod(0o700)
    assert bool(found) is (trouble in {"no memory file", "read-only folder"})
    assert world.same() or trouble != "no memory file"
    assert not list(world.file().parent.glob("*.tmp"))


def link_elsewhere(world: World) -> None:
    removed(world, "docs/link.txt")
    world.repo.link("docs/link.txt", "../main.py")


TAKEN_IN: dict[str, Change] = {
    "nothing": lambda w: None,
    "an edit": lambda w: w.edit("docs/shared.txt", "Other words."),
    "it grows": lambda w: w.repo.write("docs/shared.txt", LONG),
    "what it imports grows": lambda w: w.repo.write("docs/deep.txt", LONG),
    "what wasn't there": lambda w: w.repo.write("docs/missing.txt", LONG),
    "a folder that wasn't there": lambda w: w.repo.write("absent/file.txt", LONG),
    "removed": lambda w: removed(w, "docs/shared.txt"),
    "its folder removed": lambda w: removed(w, "docs"),
    "its folder behind a link": lambda w: (
        (w.repo.path / "docs").rename(w.repo.path / "moved"),
        w.repo.link("docs", "moved"),
    ),
    "its folder another repository": lambda w: Repo(w.repo.path / "docs").commit(),
    "ignored": lambda w: (
        w.repo.git("rm", "--quiet", "--cached", "docs/shared.txt"),
        w.repo.write(".gitignore", "*.txt\n"),
    ),
    "ignored in its folder": lambda w: (
        w.repo.git("rm", "--quiet", "--cached", "docs/shared.txt"),
        w.repo.write("docs/.gitignore", "*.txt\n"),
    ),
    "a part of the group grows": lambda w: w.repo.write("parts/tone.md", LONG),
    "one more for the sum": lambda w: w.repo.write("sums/new.md", LONG),
    "the link leads elsewhere": link_elsewhere,
}  # fmt: skip
GROUPS = """\
models: [claude-sonnet-5-5]
limit: 300
prompts:
  - files: /CLAUDE.md
groups:
  - name: agent
    system: [parts/role.md, parts/tone.md]
    messages: parts/ask.json
    limit: 300
  - name: together
    sum: sums/*.md
    limit: 300
"""


@pytest.mark.parametrize("paths", [(), ("CLAUDE.md", "parts/tone.md"), ("docs/shared.txt",)])
@pytest.mark.parametrize("change", TAKEN_IN)
def test_what_a_prompt_takes_in_counts(world: World, change: str, paths: Sequence[str]) -> None:
    """Imports, those that aren't there too, and the parts of groups are part of the answer as prompts are."""
    world.repo.write(".prompt-lint.yaml", GROUPS)
    world.repo.write(
        "CLAUDE.md",
        "Read @docs/shared.txt and @docs/missing.txt and @absent/file.txt and @docs/link.txt here.\n",
    )
    world.repo.write("docs/shared.txt", "Be kind.\n@deep.txt\n")
    world.repo.write("docs/deep.txt", TEXT)
    world.repo.link("docs/link.txt", "deep.txt")
    for name in ("parts/role.md", "parts/tone.md", "sums/a.md", "sums/b.md"):
        world.repo.write(name, TEXT)
    world.repo.write("parts/ask.json", '[{"role": "user", "content": "Hello"}]')
    world.repo.commit()
    world.record(*paths)
    assert world.answer(*paths), "nothing was recorded, so nothing is tested"
    tick()

    TAKEN_IN[change](world)

    assert world.same(*paths) or change != "nothing"


def test_links_on_the_way_are_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A link that leads through another one leads elsewhere when that one does."""
    world = make_world(tmp_path, capfd, monkeypatch, "prompts/**/*.md")
    world.repo.write("one/x.txt", TEXT)
    world.repo.write("two/x.txt", LONG)
    world.repo.link("prompts/link.md", "../via/x.txt")
    via = world.repo.link("via", "one")
    world.record()
    assert world.same()
    tick()

    via.unlink()
    via.symlink_to("two")

    assert not world.same()


@pytest.mark.parametrize("paths", [(), (A,)], ids=["all", "named"])
@pytest.mark.parametrize("change", [".gitignore", "one/.gitignore", "one/two/.gitignore", "one/.git"])
def test_whether_what_a_link_leads_to_is_ignored_is_watched(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    paths: Sequence[str],
    change: str,
) -> None:
    """A file that patterns know by a link alone may come to be ignored, in a folder in which no pattern looks."""
    world = make_world(tmp_path, capfd, monkeypatch, "prompts/**/*.md")
    world.repo.link("prompts/link.md", "../one/two/x.txt")
    world.repo.git("add", "prompts/link.md")
    world.repo.write("one/two/x.txt", TEXT)
    world.record(*paths)
    assert world.same(*paths)
    tick()

    if change == "one/.git":
        world.repo.git("init", "-q", "one")
    else:
        world.repo.write(change, "x.txt\n")

    assert not world.same(*paths)


def test_what_is_no_longer_ignored_is_watched(world: World) -> None:
    """A record builds on the one before it only while the same is ignored."""
    world.record()
    tick()
    world.repo.write(".gitignore", "*.tmp.md\n")
    world.record()
    tick()

    world.repo.write("prompts/ignored/new.md", LONG)

    assert not world.same()


@pytest.mark.parametrize(
    "flags",
    [
        ("-q",), ("-v",), ("--offline",), ("--counting=offline",), ("--color", "always"),
        ("--counting", "offline", "--"), ("--", A), ("--jobs", "3"), ("--max-requests=7",), ("--deadline", "5.5"),
        ("--max-file-size", "64k"), ("--limit", "10%"), ("--model", "claude-opus-4-6"), ("-e",), ("--exit-zero",),
        ("--model=claude-opus-4-6", "--model", "claude-haiku-4-5", "--limit", "1k", A), ("--limit", "1", "-e"),
        ("--limit", "9", "-e", "-v", "--color=always"), ("--max-file-size", "1m", "--limit", "9"), ("--max-file-size", "2"),
        *(("--output-format", name) for name in FORMATS), ("--output-format=json", "-e", "--limit", "1"),
    ],
)  # fmt: skip
def test_flags_have_answers_of_their_own(world: World, flags: Sequence[str]) -> None:
    """A record answers for the flags that it was made with, and no others; and only where the run is well."""
    world.record()
    assert world.answer(*flags) is None

    world.record(*flags)

    assert world.same() or "--model" in "".join(flags)  # which brings new counts
    assert world.same(*flags) is (world.run(*flags)[0] == 0)
    assert world.same(*flags, "--model", "claude-fable-5") is False
    tick()
    world.repo.write(A, LONG)
    assert not world.same(*flags) or flags == ("--", B)


@pytest.mark.parametrize("change", ["nothing", "a configuration", "another limit", "removed"])
def test_files_are_answered_for_without_a_configuration(world: World, change: str) -> None:
    """Limit and model may come from the command line, as long as there is no configuration."""
    removed(world, ".prompt-lint.yaml")
    flags = ["--limit", "100", "--model", "claude-opus-4-6", A]
    world.record(*flags)
    assert world.same(*flags)
    tick()

    if change == "a configuration":
        world.repo.write(".prompt-lint.yml", "models: [claude-haiku-4-5]\nlimit: 1\nprompts: [{files: x}]\n")
    elif change == "another limit":
        flags[1] = "1"
    elif change == "removed":
        removed(world, A)

    assert world.same(*flags) is (change == "nothing")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-cache",), ("--provider", "anthropic"), ("--config", ".prompt-lint.yaml"), ("--base", "HEAD"),
        ("--policy", "project"), ("--no-git",), ("-o", "x"), ("--output", "json=x"), ("-qv",), ("--help",), ("--limi", "5"),
        ("-",), ("",), ("--", ""),
    ],
)  # fmt: skip
def test_what_isnt_plain_is_left_to_a_run(world: World, arguments: Sequence[str]) -> None:
    """A flag that isn't known to be harmless takes a real run."""
    assert quick.ask(["check", *arguments], os.environ) is None


def test_a_flag_that_is_a_file_too_is_left_to_a_run(world: World) -> None:
    """Whether the option or the file is meant, nobody can know; a run refuses it."""
    world.record("--offline")
    world.repo.write("--offline")

    assert quick.ask(["check", "--offline"], os.environ) is None
    assert world.run("--offline")[0] == 2
    assert quick.ask(["check", "-q", "--", "--offline"], os.environ)


@pytest.mark.parametrize("flag", quick._VALUED)
def test_a_value_that_is_none_is_left_to_a_run(world: World, flag: str) -> None:
    """One that is missing isn't one that is empty; and one that looks like an option may be a file, which a run refuses."""
    world.record(f"{flag}=")

    assert world.answer(flag) is None
    assert quick.ask(["check", flag, "-x"], os.environ) is None
    assert quick.ask(["check", f"{flag}=-x"], os.environ)


WAYS: dict[str, tuple[Change, Sequence[str], Change]] = {
    "through a link to the top": (
        lambda w: w.repo.link("self", "."), ["self/prompts/a.md"], lambda w: removed(w, "self"),
    ),
    "through a link to the repository": (
        lambda w: w.repo.link(w.home / "r", w.repo.path), ["HOME/r/prompts/a.md"], lambda w: (w.home / "r").unlink(),
    ),
    "from the top of all": (lambda w: None, ["REPO/prompts/a.md"], lambda w: removed(w, A)),
    "in the folder above": (lambda w: None, ["../repo/prompts/a.md"], lambda w: removed(w, A)),
    "with the configuration": (
        lambda w: w.repo.write("notes.txt"), [".prompt-lint.yaml", "notes.txt"], lambda w: removed(w, "notes.txt"),
    ),
    "twice": (lambda w: None, [A, f"./{A}", "prompts//sub/../a.md"], lambda w: removed(w, A)),
    "a folder": (lambda w: None, ["prompts"], lambda w: removed(w, "prompts")),
    "a folder with the configuration": (
        lambda w: w.repo.write("other/x"), [".prompt-lint.yaml", "other"], lambda w: removed(w, "other"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("pattern", ["prompts/**/*.md", "*.md"])
@pytest.mark.parametrize("way", WAYS)
def test_a_path_is_looked_for_as_a_run_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], way: str, pattern: str
) -> None:
    """However a file is named, a run refuses one that isn't there, and one that isn't there by that name."""
    world = make_world(tmp_path, capfd, monkeypatch, pattern)
    before, named, change = WAYS[way]
    paths = [path.replace("HOME", str(world.home)).replace("REPO", str(world.repo.path)) for path in named]
    before(world)
    world.record(*paths)
    assert world.same(*paths) or way not in {"from the top of all", "with the configuration", "twice"}
    tick()

    change(world)

    assert not world.same(*paths)


@pytest.mark.parametrize("command", [[], ["count", A], ["--version"], ["check-all"], ["explain", A]])
def test_only_check_has_answers(world: World, command: Sequence[str]) -> None:
    """Other commands aren't looked at."""
    assert quick.ask(command, os.environ) is None


def test_a_prompt_near_its_limit_is_told_again(world: World) -> None:
    """A report of several lines, with colours and notes of files, comes back as it was."""
    world.repo.write(A, "word " * 90)
    world.repo.write(B, " ")

    world.record("--color", "always")
    found = world.answer("--color", "always")

    assert found
    assert "near" in found
    assert "empty or blank" in found
    assert world.same("--color", "always")


def test_a_setting_of_git_may_lie_in_a_file_like_ours(world: World) -> None:
    """A record builds on the one before it only while the user ignores the same, wherever that is said."""
    ignores = world.repo.write(world.home / "ignored.yaml", "fresh/\n")
    world.repo.git("config", "core.excludesFile", str(ignores))
    world.repo.write("fresh/x.txt")
    world.record()
    tick()
    ignores.write_text("\n")
    world.record()
    tick()

    world.repo.write("fresh/new.md", LONG)

    assert not world.same()


def test_what_git_ignores_by_its_index_is_left_to_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A folder that only a `.gitignore` of the index brings back may get a new prompt, unseen."""
    world = make_world(tmp_path, capfd, monkeypatch, "prompts/**/*.md")
    world.repo.write(".git/info/exclude", "fresh/\n")
    world.repo.write("prompts/fresh/a.txt")
    left_out(world, ".gitignore", "*.tmp.md\n!fresh/\n")
    world.record()
    tick()

    world.repo.write("prompts/fresh/new.md", LONG)

    assert not world.same()
    assert world.run()[0] == 1


@pytest.mark.parametrize("text", [LONG, b"\xff"])
def test_what_isnt_well_is_looked_at_each_time(world: World, text: str | bytes) -> None:
    """A run that fails, or can't measure something, leaves no record."""
    world.repo.write(A, text)

    world.record()

    assert world.answer() is None
    assert not world.file().exists()


def test_what_has_just_changed_is_looked_at_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a tick of the file system's clock a file may change without a new time: two seconds, to be safe."""
    monkeypatch.setattr(quick, "UNSURE", 2_000_000_000)

    world.record()

    assert world.answer() is None


def test_a_file_that_was_changed_during_the_run_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done while a run is under way is seen by the next one."""
    world.record()
    world.file().unlink()
    keep = record.keep

    def late(*given: Any) -> None:
        world.repo.write("prompts/new.md", LONG)
        keep(*given)

    monkeypatch.setattr(record, "keep", late)
    world.run()

    assert not world.file().exists()


def test_exact_counts_are_answered_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key and nothing left to ask, the answer says so, and neither the key nor a hash of it is kept."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    for model in ("claude-sonnet-5-5", "claude-sonnet-4-6"):
        put_exact(world, TEXT, model=model)

    world.record()
    found = world.answer()

    assert found
    assert "nothing sent" in found
    assert world.same()
    hashes = [hashlib.new(name, CANARY.encode()) for name in ("md5", "sha1", "sha256")]
    secrets = [CANARY.encode(), *(h.digest() for h in hashes), *(h.hexdigest().encode() for h in hashes)]
    for path in [one for one in world.home.rglob("*") if one.is_file()]:
        assert not any(secret in path.read_bytes() for secret in secrets)


@pytest.mark.parametrize("path", ["", "/", "/v1/secret-42zQ9/anthropic"])
def test_a_gateways_counts_are_answered_for(world: World, path: str) -> None:
    """Another gateway counts otherwise. Its path may be a secret, and stands in no file."""
    urls = [
        f"https://gateway.example.com:8443{path}",
        "https://gateway.example.org",
        f"https://gateway.example.com{path}",
        "",
    ]
    world.patch.setenv("ANTHROPIC_API_KEY", CANARY)
    world.patch.setenv("ANTHROPIC_BASE_URL", urls[0])
    for model in ("claude-sonnet-5-5", "claude-sonnet-4-6"):
        put_exact(world, TEXT, model=model, origin=urls[0].rstrip("/"))

    world.record()

    assert world.same()
    for file in [one for one in world.home.rglob("*") if one.is_file()]:
        assert CANARY.encode() not in file.read_bytes()
        assert b"42zQ9" not in file.read_bytes()
    for url in [*urls[1:], f"{urls[0]}/other" if path != "/" else f"{urls[0]}other"]:
        world.patch.setenv("ANTHROPIC_BASE_URL", url)
        assert world.answer() is None


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pass@example.com", "https://user@example.com/", "https://example.com?key=x", "https://example.com/a?key=x",
        "https://example.com#x", "https://example.com/a b", "https://example.com\n", "https://", "https:///a", "ftp://example.com",
        "example.com", "https://example.com:", "https://example.com:x", "https://example.com:8\u0663", "https://exämple.com", " https://example.com",
        "https://example.com/%41", "https://example.com/a@b", "https://example.com\\a", "https://[::1]/",
    ],
)  # fmt: skip
def test_an_address_that_is_not_plain_is_left_to_a_run(url: str) -> None:
    """A user name, a query, a fragment, an escape: it may be a password, or be read in two ways."""
    assert quick.ask(["check"], {**os.environ, "ANTHROPIC_BASE_URL": url}) is None


@given(
    st.text(max_size=30) | st.from_regex(r"https?://[a-z.]+(:[0-9]{1,6})?(/[\w~./@?#%-]*)?", fullmatch=True)
)
@example("https://a.b/c")
def test_of_an_address_only_host_and_port_are_kept(url: str) -> None:
    """Whatever the variable holds, what is compared has no more of it than that in plain."""
    kept = quick._plain_address(url)

    if kept:
        scheme, _, rest = url.partition("://")
        assert kept.startswith(f"{scheme}://{rest.partition('/')[0]}/")
        assert not set("@?#% \n\\") & set(url)
        assert kept.count("/") == 3
        assert len(kept.rpartition("/")[2]) in {0, 64}


def test_counts_of_models_that_move_are_answered_for_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer doesn't outlive the counts that it tells."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    config = world.repo.path / ".prompt-lint.yaml"
    config.write_text(config.read_text().replace("claude-sonnet-5-5, claude-sonnet-4-6", "claude-haiku-4-5"))
    put_exact(world, TEXT, model="claude-haiku-4-5")
    world.record()
    assert world.answer()

    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_401)

    assert world.answer() is None


@pytest.mark.parametrize("later", [-3600, 31 * 86_400])
def test_a_record_is_of_its_time(world: World, monkeypatch: pytest.MonkeyPatch, later: int) -> None:
    """A record from the future, by a clock that was put back, and one of last month are passed over."""
    world.record()
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + later)

    assert world.answer() is None


@pytest.mark.parametrize(
    "value", ["key\n", " key", "key key", "sk-ant-admin01-x", "SK-ANT-ADMIN-x", "schlüssel", "\x7f"]
)
def test_a_key_that_is_refused_is_never_passed_over(value: str) -> None:
    """What a real run refuses to use is left to it, so that it says so."""
    with pytest.raises(Fatal):
        credentials.find_credential({"ANTHROPIC_API_KEY": value})

    assert quick.ask(["check"], {**os.environ, "ANTHROPIC_API_KEY": value}) is None


@given(st.text(min_size=1, max_size=30) | st.text("!~ aA\n\x7f\xa0", min_size=1))
def test_keys_are_taken_for_sound_only_by_both(value: str) -> None:
    """The short look at a key is at least as strict as the long one."""
    if quick._sound(value):
        assert isinstance(
            credentials.find_credential({"ANTHROPIC_API_KEY": value}), credentials.KeyCredential
        )


# The file


def test_a_record_that_is_cut_or_flipped_is_none(world: World) -> None:
    """No change of a byte, no missing end, and nothing more at the end gives an answer."""
    world.record()
    path = world.file()
    data = path.read_bytes()
    answers = set()

    damaged = [data[:end] for end in range(0, len(data), 41)] + [data + b"\0"]
    damaged += [data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(0, len(data), 7)]
    for one in damaged:
        path.write_bytes(one)
        answers.add(world.answer())

    assert answers == {None}


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"prompt-lint run 1\n" + data))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_file_can_make_it_fail(tmp_path: Path, data: bytes) -> None:
    """Whatever is in the file, there is no answer and no exception; also where the checksum fits."""
    question = quick.Question(str(tmp_path / "record"), b"key", str(tmp_path), [])
    for body in (data, kept.sealed(quick.MAGIC, data)):
        (tmp_path / "record").write_bytes(body)
        with suppress(Exception):
            assert quick.load(question) is None


def other_version(data: bytes) -> bytes:
    body = data[len(quick.MAGIC) + 4 :].replace(__version__.encode(), b"9" * len(__version__), 1)
    return kept.sealed(quick.MAGIC, body)


def test_a_record_of_another_installation_is_none(world: World, tmp_path: Path) -> None:
    """Where anything was installed since, beside us or in our place, the number of the version says nothing."""
    world.patch.setattr(quick, "_installed", INSTALLED)
    place = tmp_path / "site-packages"
    (place / "prompt_lint").mkdir(parents=True)
    world.patch.setattr(quick, "__file__", str(place / "prompt_lint/quick.py"))
    before = quick._made_by()
    told = {before}
    for name in ("yaml-7.dist-info", "prompt_lint/quick.py"):
        tick()
        (place / name).touch()
        told.add(quick._made_by())
    (place / "prompt_lint").rename(place / "old")
    told.add(quick._made_by())

    assert len(told) == 4
    assert quick._made_by() == quick._made_by()


def hostile_text(data: bytes) -> bytes:
    body = data[len(quick.MAGIC) + 4 :].replace(b"2 prompts:", b"\x1b]0;pwn\x07:")
    return kept.sealed(quick.MAGIC, body)


@pytest.mark.parametrize("change", [other_version, hostile_text, lambda data: b""])
def test_a_record_of_others_is_none(world: World, change: Callable[[bytes], bytes]) -> None:
    """One of another version, with escapes in its text, or empty is passed over, and replaced by the next run."""
    world.record()
    path = world.file()

    path.write_bytes(change(path.read_bytes()))

    assert world.answer() is None
    tick()
    world.run()
    assert world.same()


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "others may write", "read-only folder"])
def test_what_is_in_its_place_is_let_alone(world: World, kind: str) -> None:
    """No link is followed, no pipe waited for, and a file that others can write isn't believed."""
    world.record()
    path = world.file()
    copy = world.home / "copy"
    if kind == "others may write":
        path.chmod(0o666)
    elif kind == "read-only folder":
        path.parent.chmod(0o500)
        assert world.same()
        return
    else:
        path.rename(copy)
        {"folder": os.mkdir, "pipe": os.mkfifo, "link": lambda at: os.symlink(copy, at)}[kind](path)

    assert world.answer() is None
    assert world.run()[0] == 0


def test_a_record_is_for_its_owner_alone(world: World) -> None:
    """Names of files are nobody else's business."""
    world.record()

    assert stat.S_IMODE(world.file().stat().st_mode) == 0o600


def test_the_cache_is_cleared_of_records(world: World) -> None:
    """`cache clear` removes records, too."""
    world.record()

    main.run(["cache", "clear"])

    assert not world.file().exists()


def test_records_are_kept_in_bounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go, and so does what a killed process has left."""
    monkeypatch.setattr(record, "_MOST_RECORDS", 3)
    world.record()
    place = world.file().parent
    for number in range(5):
        (place / f"{quick.PREFIX}0000000{number}").write_bytes(b"")
        os.utime(place / f"{quick.PREFIX}0000000{number}", (number, number))
    (place / f"{quick.PREFIX}00000000.1.tmp").write_bytes(b"")
    os.utime(place / f"{quick.PREFIX}00000000.1.tmp", (9, 9))

    world.record("-q")

    assert len(list(place.glob(f"{quick.PREFIX}*"))) <= 3
    assert world.same("-q")
    assert world.same()


# Processes


CHILD = """
import os, sys
from prompt_lint import quick
from prompt_lint.repo import safe_read
reading._UNSURE = quick.UNSURE = 0
quick._installed = lambda: b""
{before}
sys.argv = ["prompt-lint", "check", *sys.argv[1:]]
from prompt_lint.cli.start import main
main()
"""


def child(before: str, *arguments: str) -> subprocess.Popen[str]:
    code = CHILD.format(before=before)
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_process_that_is_killed_leaves_the_old_record_or_the_new(world: World) -> None:
    """Killed right before the new record is put in place, a process leaves the old one whole."""
    world.record()
    before = world.file().read_bytes()
    tick()
    world.repo.write("prompts/new.md", TEXT)
    tick()
    world.run(*NO_RECORD)
    tick()

    killed = child("os.replace = lambda *_: os.kill(os.getpid(), 9)")
    killed.communicate(timeout=60)

    assert killed.returncode == -signal.SIGKILL
    assert world.file().read_bytes() == before
    assert world.answer() is None
    world.record()
    assert world.same()


def test_processes_at_once_leave_a_whole_record(world: World) -> None:
    """Several runs at a time all print the same, and leave a record that holds."""
    world.record()
    world.file().unlink()
    tick()

    runs = [child("") for _ in range(4)]
    told = {run.communicate(timeout=60) for run in runs}

    assert len(told) == 1
    assert world.same()


HEAVY = (
    "click",
    "yaml",
    "typing",
    "sqlite3",
    "subprocess",
    "re",
    "collections",
    "json",
    "hashlib",
    "enum",
)


def test_an_answer_imports_next_to_nothing(world: World) -> None:
    """What a hook waits for is Python itself: of us a few small modules, and nothing large of the library."""
    world.patch.setattr(quick, "_installed", INSTALLED)
    world.record()
    for more in ([], ["prompt_lint.repo.hardened", "prompt_lint.staged"]):
        loaded = loaded_by_an_answer(world)

        assert [name for name in loaded if name.startswith("prompt_lint.")] == [
            *more[:1],
            "prompt_lint.kept",
            "prompt_lint.quick",
            *more[1:],
            "prompt_lint.cli.start",
        ]
        assert not {name.partition(".")[0] for name in loaded} & set(HEAVY) - ({"hashlib"} if more else set())
        tick()
        staged_anew(world)


def loaded_by_an_answer(world: World) -> list[str]:
    """The modules, sorted."""
    code = (
        "import sys; before = set(sys.modules); sys.argv = ['prompt-lint', 'check']\n"
        "from prompt_lint.cli.start import main; main()\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == world.answer()
    return done.stderr.split()


def test_an_answer_starts_no_program(world: World) -> None:
    """While git's index is as it was, git isn't asked."""
    world.record()

    world.patch.setattr(os, "posix_spawn", None)
    world.patch.setattr(subprocess, "Popen", None)

    assert world.answer()


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_list_is_not_mistaken_for_a_closed_stream(world: World, closed: str) -> None:
    """Where a file of ours takes the place of a stream that is closed, git's list is lost, and isn't taken for an empty one."""
    world.repo.git("rm", "-r", "--quiet", "--cached", ".")
    world.record()
    tick()
    world.repo.git("add", "--force", "ignored/c.md")
    code = CHILD.format(before="")

    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == world.run(*NO_RECORD)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is full")
def test_a_report_that_is_lost_is_no_success(world: World) -> None:
    """Where stdout takes nothing, the real run says what is wrong, and the exit code is its own."""
    world.patch.setattr(quick, "_installed", INSTALLED)
    world.record()
    code = "import sys; sys.argv = ['prompt-lint', 'check']\nfrom prompt_lint.cli.start import main; main()"

    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 3
    assert "could not write the report" in done.stderr
