"""A run with any cache prints what a run without one prints."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.repo import Repo

from prompt_lint.cli import main
from prompt_lint.repo import safe_read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = """\
models: [claude-sonnet-5-5]
limit: 60
prompts:
  - files: ["**/*.md", "**/*.jsonl", "!docs/"]
"""
FILES = (
    "CLAUDE.md",
    "sub/CLAUDE.md",
    "prompts/a.md",
    "prompts/b.md",
    ".claude/skills/x/SKILL.md",
    "chat.jsonl",
)
INCLUDED = ("docs/style.md", "docs/more.md", "notes.txt")
FOLDERS = ("docs", "sub", "prompts")
TEXTS = (
    "", "Hello.\n", "Answer in one sentence.\n" * 6, "Zq#!@ &%$^*.\n", "See @docs/style.md and @notes.txt.\n",
    "@docs/more.md\n@docs/style.md\n", "---\nname: x\ndescription: Does this.\n---\nUse {{that}}.\n",
    '{"messages": [{"role": "user", "content": "Hello."}]}\n' * 2, "---\n: [\n",
)  # fmt: skip
CONFIGS = (
    RULES, RULES.replace("60", "6"), RULES.replace("sonnet-5-5", "opus-4-1"), RULES + "    role: system\n",
    RULES + '  - files: "prompts/*.md"\n    format: markdown\n    limit: 5\n', RULES.replace(', "!docs/"', ""),
    RULES + 'groups:\n  - {name: all, sum: ["**/*.md"], limit: 100}\n',
)  # fmt: skip


def write(repo: Repo, path: str, text: str) -> None:
    remove(repo.path / path)
    repo.write(path, text)


def write_unseen(repo: Repo, path: str, text: str) -> None:
    """Other contents of the same size, with the time of the last change set back."""
    file = repo.path / path
    if file.is_file() and not file.is_symlink():
        before = file.stat()
        file.write_text(text.ljust(before.st_size)[: before.st_size])
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def move(repo: Repo, path: str, target: str) -> None:
    if os.path.lexists(repo.path / path) and path != target:
        remove(repo.path / target)
        (repo.path / target).parent.mkdir(parents=True, exist_ok=True)
        (repo.path / path).rename(repo.path / target)


def link(repo: Repo, path: str, target: str) -> None:
    if path != target:
        remove(repo.path / path)
        repo.link(path, os.path.relpath(repo.path / target, (repo.path / path).parent))


def ignore(repo: Repo, path: str, _: str) -> None:
    repo.write(".gitignore", f"/{path}\n")
    repo.git("rm", "--quiet", "--cached", "--ignore-unmatch", path)


def nest(repo: Repo, folder: str, _: str) -> None:
    """Make a folder look like a repository of its own."""
    (repo.path / folder / ".git").mkdir(parents=True, exist_ok=True)


def configure(repo: Repo, _: str, config: str) -> None:
    repo.write(".prompt-lint.yaml", config)


def commit(repo: Repo, _: str, __: str) -> None:
    for folder in FOLDERS:
        shutil.rmtree(repo.path / folder / ".git", ignore_errors=True)
    repo.commit()


def switch(repo: Repo, _: str, __: str) -> None:
    repo.git(
        "checkout",
        "--quiet",
        "--force",
        "--detach",
        "HEAD~1" if repo.git("log", "--oneline", "-2").count("\n") else "HEAD",
    )


def delete(repo: Repo, path: str, _: str) -> None:
    remove(repo.path / path)


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)


paths = st.sampled_from((*FILES, *INCLUDED))
edits = st.one_of(
    st.tuples(st.sampled_from((write, write_unseen)), paths, st.sampled_from(TEXTS)),
    st.tuples(st.sampled_from((move, link)), paths, paths),
    st.tuples(st.just(ignore), paths, st.just("")),
    st.tuples(st.just(delete), paths, st.just("")),
    st.tuples(st.just(nest), st.sampled_from(FOLDERS), st.just("")),
    st.tuples(st.just(configure), st.just(""), st.sampled_from(CONFIGS)),
    st.tuples(st.sampled_from((commit, switch)), st.just(""), st.just("")),
)


@pytest.fixture
def prints(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    # Files of this test are younger than two seconds; a tick of the clock is waited for where it matters.
    monkeypatch.setattr(safe_read, "_CLOCK_TICK", 0)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main.run(arguments)
        return code, *capfd.readouterr()

    return run


def make_repo(folder: Path) -> Repo:
    repo = Repo(folder)
    repo.write(".prompt-lint.yaml", RULES)
    for number, path in enumerate((*FILES, *INCLUDED)):
        repo.write(path, TEXTS[7] if path.endswith(".jsonl") else TEXTS[1 + number % 5])
    repo.commit()
    repo.write("prompts/a.md", TEXTS[4])
    repo.commit()
    return repo


COMMANDS = (
    ("check", "--output-format", "json"), ("check", "-v"), ("check", "docs/style.md", "CLAUDE.md"), ("list", "-v"),
    ("check", "--base", "HEAD"),
)  # fmt: skip


@given(steps=st.lists(st.tuples(edits, st.sampled_from(COMMANDS)), min_size=1, max_size=6))
@settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_run_with_any_cache_prints_what_one_without_prints(
    steps: list[tuple[tuple[Callable[[Repo, str, str], None], str, str], tuple[str, ...]]],
    prints: Callable[..., tuple[int, str, str]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over edits, links, imports, ignored files, other repositories, switches and configurations, one after the other."""
    repo = make_repo(tmp_path_factory.mktemp("any") / "repo")
    monkeypatch.chdir(repo.path)
    time.sleep(0.03)
    prints("check")
    for (edit, path, value), command in steps:
        edit(repo, path, value)
        time.sleep(0.03)

        fresh = prints(*command, "--no-cache")

        assert prints(*command) == fresh
        assert prints(*command) == fresh
