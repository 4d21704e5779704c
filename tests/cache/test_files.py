"""Unchanged files aren't opened, and after any change of a file the report is that of a run without a cache."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import api_server

from prompt_lint.cache.files import FILE, STAMP_BYTES, FileEntry, PromptEntry, open_files
from prompt_lint.cli import main
from prompt_lint.model.values import Note
from prompt_lint.repo import entries as entries_module
from prompt_lint.repo import safe_read
from prompt_lint.repo.working_tree import WorkingTree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.api_server import ApiServer
    from tests.support.repo import Repo

CONFIG = """\
models: [claude-sonnet-5-5, claude-sonnet-4-6]
limit: 100
prompts:
  - files: prompts/**/*.md
"""
A, B = "prompts/a.md", "prompts/sub/b.md"
Lint = Any


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that are read, but for the configuration."""
    paths: list[str] = []
    read_stamped = WorkingTree.read_stamped

    def record_path(tree: WorkingTree, path: str, cap: int | None = None) -> Any:
        if path != ".prompt-lint.yaml":
            paths.append(path)
        return read_stamped(tree, path, cap)

    monkeypatch.setattr(WorkingTree, "read_stamped", record_path)
    return paths


@pytest.fixture
def lint(repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Lint:
    """`check` in this process: the tokens of each file, or the reasons why there are none."""
    monkeypatch.chdir(repo.path)
    # Files of this test are younger than two seconds; a tick of the clock is waited for where it matters.
    monkeypatch.setattr(safe_read, "_CLOCK_TICK", 0)
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write(A, "Hello, hello.\n")
    repo.write(B, "Answer in one sentence.\n")
    wait_a_tick()

    def run(*arguments: str) -> dict[str, list[Any]]:
        main.run(["check", "--output-format", "json", *arguments])
        report = json.loads(capfd.readouterr().out)
        results: dict[str, list[Any]] = {
            problem["path"]: [problem["message"]] for problem in report["problems"]
        }
        for verdict in report["verdicts"]:
            results.setdefault(verdict["path"], []).append(verdict["tokens"])
        return results

    return run


def wait_a_tick() -> None:
    time.sleep(0.03)


def restore_times(path: Path, status: os.stat_result) -> None:
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


# Each changes a file of a repository whose files have all been counted.


def edited(repo: Repo) -> None:
    repo.write(A, "Hello, hello, and hello again.\n")


def edited_in_secret(repo: Repo) -> None:
    before = (repo.path / A).stat()
    repo.write(A, "Zq#!@ &%$^*.\n\n")
    restore_times(repo.path / A, before)
    after = (repo.path / A).stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def replaced(repo: Repo) -> None:
    before = (repo.path / A).stat()
    new = repo.write("new", "Zq#!@ &%$^*.\n\n")
    restore_times(new, before)
    new.rename(repo.path / A)


def swapped(repo: Repo) -> None:
    a, b, aside = repo.path / A, repo.path / B, repo.path / "aside"
    a.rename(aside)
    b.rename(a)
    aside.rename(b)


def assumed_unchanged(repo: Repo) -> None:
    repo.git("update-index", "--assume-unchanged", A)
    edited_in_secret(repo)


def skipped(repo: Repo) -> None:
    repo.git("update-index", "--skip-worktree", A)
    (repo.path / A).unlink()


def filtered(repo: Repo) -> None:
    repo.git("config", "filter.long.smudge", "sed s/^/longer/")
    repo.git("config", "filter.long.clean", "sed s/^longer//")
    repo.write(".gitattributes", "*.md filter=long\n")
    (repo.path / A).unlink()
    repo.git("checkout", "--", A)
    assert (repo.path / A).read_text().startswith("longer")


def expanded(repo: Repo) -> None:
    repo.write(".gitattributes", "*.md ident\n")
    repo.write(A, "$Id$\n")
    repo.git("add", A)
    (repo.path / A).unlink()
    repo.git("checkout", "--", A)
    assert len((repo.path / A).read_text()) > 40


def with_crlf(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    (repo.path / A).unlink()
    repo.git("checkout", "--", A)
    assert b"\r\n" in (repo.path / A).read_bytes()


def pointing_to_lfs(repo: Repo) -> None:
    repo.write(A, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def in_conflict(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-b", "other")
    repo.write(A, "Ours, and more of it.\n")
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    repo.write(A, "Theirs.\n")
    repo.commit()
    with pytest.raises(AssertionError, match="git"):  # it says so
        repo.git("merge", "other")
    assert b"<<<<" in (repo.path / A).read_bytes()


def behind_a_link(repo: Repo) -> None:
    (repo.path / "prompts/sub").rename(repo.path / "elsewhere")
    repo.link("prompts/sub", "../elsewhere")


def a_link(repo: Repo) -> None:
    (repo.path / A).unlink()
    repo.link(A, "sub/b.md")


def deleted(repo: Repo) -> None:
    (repo.path / A).unlink()


def another_role(repo: Repo) -> None:
    repo.write(".prompt-lint.yaml", CONFIG + "    role: system\n")


def another_format(repo: Repo) -> None:
    repo.write(".prompt-lint.yaml", CONFIG + "    format: request\n")


def other_models(repo: Repo) -> None:
    repo.write(".prompt-lint.yaml", CONFIG.replace("claude-sonnet-5-5, ", ""))


def models_in_another_order(repo: Repo) -> None:
    repo.write(
        ".prompt-lint.yaml",
        CONFIG.replace("claude-sonnet-5-5, claude-sonnet-4-6", "claude-sonnet-4-6, claude-sonnet-5-5"),
    )


CHANGES = [
    edited, edited_in_secret, replaced, swapped, assumed_unchanged, skipped, filtered, expanded, with_crlf,
    pointing_to_lfs, in_conflict, behind_a_link, a_link, deleted,
    another_role, another_format, other_models, models_in_another_order,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_seen(repo: Repo, lint: Lint, opened: list[str], change: Callable[[Repo], None]) -> None:
    """After any change the report is that of a run without a cache, also the second time."""
    repo.commit()
    before = lint()
    wait_a_tick()
    change(repo)
    wait_a_tick()

    after, again, fresh = lint(), lint(), lint("--no-cache")

    assert after == again == fresh
    assert change in {with_crlf, swapped, behind_a_link, models_in_another_order} or after != before


def test_a_file_with_intent_to_add_is_counted(repo: Repo, lint: Lint) -> None:
    """It is counted as it is on disk."""
    repo.commit()
    lint()
    repo.write("prompts/new.md", "New, and not yet in the index.\n")
    repo.git("add", "--intent-to-add", "prompts/new.md")
    wait_a_tick()

    assert lint() == lint() == lint("--no-cache")


def test_unchanged_files_are_not_opened(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """The second run reads nothing, and a run after an edit reads only what was edited: tracked, untracked or named."""
    empty = "prompts/empty.md"
    repo.write(empty, "")
    wait_a_tick()
    first = lint()
    assert sorted(opened) == [A, empty, B]
    opened.clear()

    assert lint() == lint(A, B, empty) == first
    assert opened == []

    repo.write(A, "Edited.\n")
    wait_a_tick()
    lint()
    assert opened == [A]


def test_a_file_is_not_read_again_while_its_imports_are_the_same(
    repo: Repo, lint: Lint, opened: list[str]
) -> None:
    """Also those that aren't there, until one is. An import that git ignores now is another one; test_any_cache.py has the other changes."""
    repo.write(".prompt-lint.yaml", CONFIG.replace("prompts/**/*.md", "CLAUDE.md"))
    repo.write("CLAUDE.md", "@docs/a.md\n@docs/gone.md\n@docs/new.md\n")
    repo.write("docs/a.md", "Be kind.\n")
    wait_a_tick()
    first = lint()
    assert sorted(opened) == ["CLAUDE.md", "docs/a.md"]
    opened.clear()
    assert (lint(), opened) == (first, [])

    for path, text in (("docs/a.md", "Be kind, as ever.\n"), ("docs/new.md", "Be brief, and polite.\n")):
        repo.write(path, text)
        wait_a_tick()
        assert lint() == lint("--no-cache") != first
    repo.write(".gitignore", "docs/a.md\n")

    assert lint() == lint("--no-cache") != first


def test_a_limit_may_change(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """Limits are no part of what is kept: the verdict is new, the counts are known."""
    lint()
    repo.write(".prompt-lint.yaml", CONFIG.replace("100", "1"))
    opened.clear()

    main.run(["check", "-q"])

    assert main.run(["check", "-q"]) == 1
    assert set(opened) <= {A, B}  # read for the breakdown of what fails


def test_a_known_file_is_counted_by_the_api_for_each_model_that_needs_it(
    repo: Repo, lint: Lint, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `auto`, an offline count doesn't decide a limit within its interval; it does for the other model."""
    repo.write(A, "Answer in one sentence.\n" * 50)
    wait_a_tick()
    tokens, _ = lint()[A]
    limits = f"    limits: {{claude-sonnet-5-5: {tokens}, claude-sonnet-4-6: 9999}}\n"
    repo.write(".prompt-lint.yaml", CONFIG + limits)
    monkeypatch.setenv("ANTHROPIC_API_KEY", api_server.KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    api.count = lambda model, fields: tokens - 1

    assert lint("--counting", "auto")[A][0] == tokens - 1
    assert [request["model"] for request in api.counted()] == ["claude-sonnet-5-5"]


def test_a_known_file_over_the_size_is_refused(lint: Lint) -> None:
    """`--max-file-size` applies to files with known counts, too."""
    lint()

    assert lint("--max-file-size", "5") == lint("--max-file-size", "5", "--no-cache")


def test_a_young_file_has_no_stamp(tmp_path: Path) -> None:
    """One younger than two seconds may change again within a tick of its clock; a time to come says nothing either."""
    young, future = tmp_path / "young", tmp_path / "future"
    young.write_text("x")
    future.write_text("x")
    os.utime(future, (time.time() + 9_000, time.time() + 9_000))

    assert safe_read.read_beneath(str(tmp_path), ["young"], 9) == (b"x", b"")
    assert safe_read.read_beneath(str(tmp_path), ["future"], 9) == (b"x", b"")


@pytest.mark.parametrize("seconds", [-5_000_000_000, 0, 10_000_000_000])
def test_files_of_any_time_are_counted(repo: Repo, lint: Lint, seconds: int) -> None:
    """From before 1970 to beyond what fits a stamp, a file's times may be anything."""
    os.utime(repo.path / A, (seconds, seconds))
    wait_a_tick()

    assert lint() == lint() == lint("--no-cache")


def test_a_damaged_row_is_read_again(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """A row of which one bit has changed, or one that can't be an entry, is a miss."""
    first = lint()
    path = os.path.join(os.environ["XDG_CACHE_HOME"], "prompt-lint", FILE)
    with closing(sqlite3.connect(path)) as db, db:
        rows = db.execute("SELECT k, v FROM entries").fetchall()
        for name, value in rows:
            damaged = bytes([*value[:60], value[60] ^ 1, *value[61:]])
            db.execute("UPDATE entries SET v = ? WHERE k = ?", (damaged, name))
    opened.clear()

    assert len(rows) == 2
    assert lint() == first
    assert sorted(opened) == [A, B]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"[[], [], []]", b"[[], [[]], {}]", b'[[["a", 1, "", "", ""]], [], {}]',
        b'[[["a", "1", "", "", "", []]], [], {}]', b'[[["a", -1, "", "", "", []]], [], {}]', b'[[[1, 1, "", "", "", []]], [], {}]',
        b'[[], [], {"a": "zz"}]', b'[[], [], {"a": 1}]', b'[[["a", 1, "", "", "zz", []]], [], {}]',
        b'[[["a", 1, "", "", "", [[1, "b"]]]], [], {}]', b'[[], [[1, "b", 1, "content"]], {}]', b'[[], [["a", "b", "1", "content"]], {}]',
        b"[" * 20_000, b"\xff",
    ],
)  # fmt: skip
def test_a_valid_row_with_an_impossible_entry_is_not_found(tmp_path: Path, data: bytes) -> None:
    """Anybody can compute the checksum of a row, so its payload must be a possible entry, too."""
    stamp = bytes(STAMP_BYTES)
    with closing(open_files(str(tmp_path), "build", "top")) as cache:
        cache._store.put({cache._name("a.md", "", ""): stamp + data})

        assert cache.get({"a.md": stamp}, "", "") == {}


texts = st.text(max_size=8)
digests = st.just("") | st.binary(min_size=32, max_size=32).map(bytes.hex)
stamps = st.binary(min_size=STAMP_BYTES, max_size=STAMP_BYTES)
entries = st.builds(
    FileEntry,
    st.lists(st.builds(PromptEntry, texts, st.integers(1, 9), texts, texts, digests), max_size=3).map(tuple),
    st.lists(st.builds(Note, texts, texts, st.integers(0, 9)), max_size=3).map(tuple),
    st.dictionaries(texts, st.one_of(st.just(b""), stamps), max_size=3),
)


@given(texts.filter(bool), stamps, entries)
def test_an_entry_comes_back_as_it_was(path: str, stamp: bytes, entry: FileEntry) -> None:
    """Under the same build, checkout, path, stamp, format and role, and under no other."""

    def look_up(build: str, top: str, stamp: bytes, file_format: str, role: str) -> dict[str, FileEntry]:
        with closing(open_files(folder, build, top)) as cache:
            return cache.get({path: stamp}, file_format, role)

    with tempfile.TemporaryDirectory() as folder:
        with closing(open_files(folder, "build", "top")) as cache:
            cache.put(path, stamp, "text", "user", entry)
        entries_elsewhere = {
            (build, top, *key): look_up(build, top, stamp, *key)
            for build, top, *key in itertools.product(
                ("build", "other"), ("top", "pot"), ("text", ""), ("user", "system")
            )
        }
        changed = look_up("build", "top", stamp[:-1] + b"?", "text", "user")

    assert entries_elsewhere.pop(("build", "top", "text", "user")) == {path: entry}
    assert set(map(len, entries_elsewhere.values())) == {0}
    assert changed == {} or stamp.endswith(b"?")


@pytest.mark.parametrize(("size", "is_kept"), [(32_768, True), (32_769, False)])
def test_an_entry_of_32_kib_is_the_largest(tmp_path: Path, size: int, is_kept: bool) -> None:
    """Of the file, only that it has to be read again is known."""
    note = Note("x" * (size - len('[[],[["",null,0,"note"]],{}]')), "a.md")
    with closing(open_files(str(tmp_path))) as cache:
        cache.put("a.md", bytes(STAMP_BYTES), "", "", FileEntry((), (note,), {}))

        assert bool(cache.get({"a.md": bytes(STAMP_BYTES)}, "", "")) is is_kept


def test_a_file_of_very_many_prompts_is_read_again(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """Its entry would make the cache large and slow."""
    line = '{"messages": [{"role": "user", "content": "Hello."}]}\n'
    repo.write(".prompt-lint.yaml", CONFIG.replace("**/*.md", "**"))
    repo.write("prompts/few.jsonl", line * 100)
    repo.write("prompts/many.jsonl", line * 101)
    wait_a_tick()
    first = lint()
    opened.clear()

    assert lint() == first
    assert set(opened) == {"prompts/many.jsonl"}


def test_in_ci_every_file_is_read(
    repo: Repo, lint: Lint, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache may have been restored from a stranger's run there, in which a forged entry hides a prompt."""
    first = lint()
    monkeypatch.setenv("CI", "true")
    opened.clear()

    assert lint() == first
    assert sorted(opened) == [A, B]


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_second_name_of_a_file_is_read(repo: Repo, lint: Lint, link: Callable[[Path, Path], None]) -> None:
    """A link that is another kind of file by its name isn't counted as the first one is, whichever came first."""
    text = "---\nname: x\ndescription: Does this.\n---\nDo that.\n"
    repo.write(".prompt-lint.yaml", CONFIG.replace("prompts/**/*.md", '"{a,b}/*.md"'))
    repo.write("a/plain.md", text)
    wait_a_tick()
    first = lint()
    (repo.path / "b").mkdir()
    link(repo.path / "a/plain.md", repo.path / "b/SKILL.md")
    wait_a_tick()

    both = lint()

    assert both == lint() == lint("--no-cache")
    assert both["a/plain.md"] == first["a/plain.md"] != both["b/SKILL.md"]


def test_a_file_that_two_rules_count_for_other_models_is_counted_for_each(repo: Repo, lint: Lint) -> None:
    """Where a link belongs to another rule, the counts for that one's models aren't taken for the first one's."""
    models = "    models: [claude-opus-4-1, claude-haiku-4-5]\n    limit: 101\n"
    repo.write(".prompt-lint.yaml", CONFIG + f'  - files: "*.txt"\n{models}')
    repo.link("b.txt", A)
    wait_a_tick()
    first = lint()

    assert (len(first[A]), len(first["b.txt"])) == (2, 2)
    assert lint() == first


@pytest.mark.usefixtures("lint")
def test_verdicts_by_two_rules_keep_their_order(repo: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    """By path, also where nothing is wrong with the file and the link is over another rule's limit."""
    repo.write(
        ".prompt-lint.yaml", CONFIG + '  - files: "*.txt"\n    models: [claude-opus-4-1]\n    limit: 1\n'
    )
    repo.link("b.txt", A)
    wait_a_tick()
    main.run(["check", "--output-format", "json"])

    first = [
        (verdict["path"], verdict["model"]) for verdict in json.loads(capfd.readouterr().out)["verdicts"]
    ]

    assert first[:2] == [("b.txt", "claude-opus-4-1"), (A, "claude-sonnet-5-5")]


def test_a_known_run_opens_no_prompt_and_needs_no_network(repo: Repo) -> None:
    """In a process of its own: an audit hook sees every `open`, and neither HTTP nor the SDK is imported."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write(A)
    script = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == 'open' else None)\n"
        "from prompt_lint.cli import main as cli; from prompt_lint.repo import safe_read; safe_read._CLOCK_TICK = 0\n"
        "code = cli.run(['check', '-q'])\n"
        "print(code, 'httpx2' in sys.modules, 'anthropic' in sys.modules, 'a.md' in [p.split('/')[-1] for p in opened])"
    )
    wait_a_tick()
    environment = os.environ | {"ANTHROPIC_API_KEY": ""}

    first, second = (
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=repo.path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    )

    assert first == "0 False False True\n"
    assert second == "0 False False False\n"


@pytest.mark.parametrize("tracked", [True, False])
def test_a_linked_folder_is_followed_out_of_the_folders_that_are_asked_for(
    repo: Repo, lint: Lint, tracked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link may lead to a folder that no pattern names; one above the folder of a pattern is followed as well."""
    monkeypatch.setattr(entries_module, "_LARGE", 0)  # as if there were thousands of files
    repo.write("shared/c.md", "Shared.\n")
    repo.link("prompts/more", "../shared")
    repo.write("real/deep/d.md", "Deep.\n")
    repo.link("linked", "real")
    repo.write("other/e.txt", "Other.\n")
    repo.link("as.md", "other")
    repo.write(".prompt-lint.yaml", CONFIG + "  - files: [linked/deep/*.md, as.md/]\n")
    if tracked:
        repo.commit()

    assert lint().keys() >= {A, B, "shared/c.md", "real/deep/d.md", "other/e.txt"}


def test_a_pattern_inside_a_submodule_matches_nothing(repo: Repo, lint: Lint, tmp_path: Path) -> None:
    """Git refuses paths inside a submodule."""
    from tests.support.repo import Repo as Another  # noqa: PLC0415  # `Repo` is a type alone elsewhere here

    other = Another(tmp_path / "other")
    other.write("deep/x.md")
    other.commit()
    repo.submodule("vendor", other)
    repo.write(".prompt-lint.yaml", CONFIG + "  - files: vendor/deep/*.md\n    allow_empty: true\n")

    assert lint().keys() == {A, B}
