"""Files that haven't changed aren't opened; and whatever may have changed one, the number is that of a first run."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make

from prompt_lint.cache.counts import FILE, open_cache
from prompt_lint.cache.files import recall, remember
from prompt_lint.cli import main
from prompt_lint.config.rule_matching import MatchedFile
from prompt_lint.counting.sources import Means
from prompt_lint.model.values import Count
from prompt_lint.repo import safe_read
from prompt_lint.repo import working_tree as tree
from prompt_lint.repo.working_tree import WorkingTree
from prompt_lint.text import patterns as globs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    """The paths that are read, by the real function."""
    paths: list[str] = []
    take = WorkingTree.take

    def noting(tree: WorkingTree, path: str, cap: int) -> Any:
        paths.append(path)
        return take(tree, path, cap)

    monkeypatch.setattr(WorkingTree, "take", noting)
    return paths


@pytest.fixture
def lint(repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Lint:
    """`check` in this process: the tokens of each file, or the reasons why there are none."""
    monkeypatch.chdir(repo.path)
    # Files of this test are younger than two seconds; a tick of the clock is waited for where it matters.
    monkeypatch.setattr(safe_read, "_UNSURE", 0)
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write(A, "Hello, hello.\n")
    repo.write(B, "Answer in one sentence.\n")
    tick()

    def run(*arguments: str) -> dict[str, list[Any]]:
        main.run(["check", "--output-format", "json", *arguments])
        report = json.loads(capfd.readouterr().out)
        found: dict[str, list[Any]] = {one["path"]: [one["message"]] for one in report["problems"]}
        for one in report["verdicts"]:
            found.setdefault(one["path"], []).append(one["tokens"])
        return found

    return run


def tick() -> None:
    time.sleep(0.03)


def touch(path: Path, like: os.stat_result) -> None:
    os.utime(path, ns=(like.st_atime_ns, like.st_mtime_ns))


# Each takes a repository whose files have all been counted, and changes what one of them is.


def edited(repo: Repo) -> None:
    repo.write(A, "Hello, hello, and hello again.\n")


def edited_in_secret(repo: Repo) -> None:
    before = (repo.path / A).stat()
    repo.write(A, "Zq#!@ &%$^*.\n\n")
    touch(repo.path / A, before)
    after = (repo.path / A).stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def replaced(repo: Repo) -> None:
    before = (repo.path / A).stat()
    new = repo.write("new", "Zq#!@ &%$^*.\n\n")
    touch(new, before)
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
    tick()
    change(repo)
    tick()

    after, again, fresh = lint(), lint(), lint("--no-cache")

    assert after == again == fresh
    assert change in {with_crlf, swapped, behind_a_link, models_in_another_order} or after != before


def test_intent_to_add_changes_nothing(repo: Repo, lint: Lint) -> None:
    """A file that is only meant to be added is counted as it is on disk."""
    repo.commit()
    lint()
    repo.write("prompts/new.md", "New, and not yet in the index.\n")
    repo.git("add", "--intent-to-add", "prompts/new.md")
    tick()

    assert lint() == lint() == lint("--no-cache")


def test_unchanged_files_are_not_opened(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """The second run reads nothing, and a run after an edit reads only what was edited: tracked, untracked or named."""
    first = lint()
    assert sorted(opened) == [A, B]
    opened.clear()

    assert lint() == lint(A, B) == first
    assert opened == []

    repo.write(A, "Edited.\n")
    tick()
    lint()
    assert opened == [A]


def test_a_limit_may_change(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """Limits are no part of what is kept: the verdict is new, the counts are known."""
    lint()
    repo.write(".prompt-lint.yaml", CONFIG.replace("100", "1"))
    opened.clear()

    main.run(["check", "-q"])

    assert main.run(["check", "-q"]) == 1
    assert set(opened) <= {A, B}  # read for the breakdown of what fails


def test_a_file_over_the_size_is_refused_though_it_is_known(lint: Lint) -> None:
    """`--max-file-size` holds for files whose counts are known."""
    lint()

    assert lint("--max-file-size", "5") == lint("--max-file-size", "5", "--no-cache")


def test_a_young_file_has_no_stamp(tmp_path: Path) -> None:
    """One younger than two seconds may change again within a tick of its clock; a time to come says nothing either."""
    young, future = tmp_path / "young", tmp_path / "future"
    young.write_text("x")
    future.write_text("x")
    os.utime(future, (time.time() + 9_000, time.time() + 9_000))

    assert safe_read.contents(str(tmp_path), ["young"], 9) == (b"x", b"")
    assert safe_read.contents(str(tmp_path), ["future"], 9) == (b"x", b"")


@pytest.mark.parametrize("seconds", [-5_000_000_000, 0, 10_000_000_000])
def test_odd_times_are_no_trouble(repo: Repo, lint: Lint, seconds: int) -> None:
    """From before 1970 to beyond what fits a stamp, a file's times may be anything."""
    os.utime(repo.path / A, (seconds, seconds))
    tick()

    assert lint() == lint() == lint("--no-cache")


def test_a_damaged_row_is_read_again(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """A row of which one bit has changed, or one that can't be a count, is a miss."""
    first = lint()
    path = os.path.join(os.environ["XDG_CACHE_HOME"], "prompt-lint", FILE)
    with closing(sqlite3.connect(path)) as db, db:
        rows = db.execute("SELECT k, v FROM counts WHERE substr(k, 1, 1) = x'66'").fetchall()
        for name, value in rows:
            spoilt = bytes([*value[:30], value[30] ^ 1, *value[31:]])
            db.execute("UPDATE counts SET v = ? WHERE k = ?", (spoilt, name))
    opened.clear()

    assert len(rows) == 4  # each by its file and by its contents
    assert lint() == first
    assert sorted(opened) == [A, B]


NAME, STATE = bytes(range(16)), bytes(range(16, 40))
EXACT, GUESS = Count(7, 7, 7, "api"), Count(9, 8, 10, "offline", is_unverified=True)


def kept(
    place: Path, counts: tuple[Count, ...], models: tuple[str, ...], *, exact: bool, at: float = 1e9
) -> None:
    with closing(open_cache(str(place), "1", "here", lambda: at)) as cache:
        cache.put_unchanged(cache.scope_of_files("text", models, exact=exact), NAME, STATE, counts)


def found(
    place: Path, models: tuple[str, ...], *, exact: bool, name: bytes = NAME, state: bytes = STATE,
    at: float = 1e9, version: str = "1", service: str = "here",
) -> Any:  # fmt: skip
    with closing(open_cache(str(place), version, service, lambda: at)) as cache:
        return cache.unchanged(cache.scope_of_files("text", models, exact=exact), {name: state}).get(name)


def test_counts_come_back_as_they_were(tmp_path: Path) -> None:
    """Exact and offline, verified or not, in the order of the models."""
    kept(tmp_path, (EXACT, GUESS), ("m", "n"), exact=False)

    assert found(tmp_path, ("m", "n"), exact=False) == (EXACT, GUESS)


def test_the_best_kind_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that takes offline counts takes exact ones first; one that wants exact ones never takes others."""
    monkeypatch.setattr(safe_read, "_UNSURE", 0)
    (tmp_path / "a.md").write_text("x")
    tick()
    folder, rule = WorkingTree(str(tmp_path), git=False), make.rule(models=("m",), limits={})
    _, stamp = folder.take("a.md", 9)

    def recalled(mode: str, *remembered: Count) -> Any:
        with closing(open_cache(str(tmp_path / "cache"), "1", "here")) as cache:
            using = Means(mode, None, None, cache, None, "", 1, print)  # type: ignore[arg-type]  # nothing is counted
            for one in remembered:
                remember("a.md", rule, [stamp], [one], using)
        with closing(open_cache(str(tmp_path / "cache"), "1", "here")) as cache:
            return recall(folder, [MatchedFile("a.md", rule, ())], using._replace(cache=cache), 9)

    assert recalled("offline", GUESS) == {"a.md": (GUESS,)}
    assert recalled("exact") == {}
    assert recalled("offline", EXACT) == recalled("exact") == {"a.md": (EXACT,)}


def test_kinds_are_kept_apart(tmp_path: Path) -> None:
    """A run that wants exact counts never finds others."""
    kept(tmp_path, (GUESS,), ("m",), exact=False)
    assert found(tmp_path, ("m",), exact=True) is None
    kept(tmp_path, (EXACT,), ("m",), exact=True)

    assert found(tmp_path, ("m",), exact=True) == (EXACT,)


@pytest.mark.parametrize("number", range(0, 40, 8))
def test_any_part_of_name_and_state_tells(tmp_path: Path, number: int) -> None:
    """One byte that differs, in what names a file or in its size and times, makes a miss."""
    kept(tmp_path, (EXACT,), ("m",), exact=True)
    other = bytes(part + (place == number) for place, part in enumerate(NAME + STATE))

    assert found(tmp_path, ("m",), exact=True, name=other[:16], state=other[16:]) is None


@pytest.mark.parametrize("strangers", [0, 3_000, 30_000])
def test_many_files_are_found_among_few_and_many(tmp_path: Path, strangers: int) -> None:
    """Whether rows are read one after the other or looked up, those that were asked for come back, and no others."""
    names = [number.to_bytes(16, "big") for number in range(1_000 + strangers)]
    wanted = dict.fromkeys(names[:: len(names) // 1000], STATE)
    count = {name: Count(number + 1, number + 1, number + 1, "api") for number, name in enumerate(names)}
    with closing(open_cache(str(tmp_path), "1", "here")) as cache:
        scope = cache.scope_of_files("text", ("m",), exact=True)
        for name in names:
            cache.put_unchanged(scope, name, STATE, [count[name]])

    with closing(open_cache(str(tmp_path), "1", "here")) as cache:
        known = cache.unchanged(cache.scope_of_files("text", ("m",), exact=True), wanted)

    assert known == {name: (count[name],) for name in wanted}


def test_a_second_name_of_a_file_is_read(repo: Repo, lint: Lint, opened: list[str]) -> None:
    """A hard link that is another kind of file by its name isn't counted as the first one is, whichever came first."""
    text = "---\nname: x\ndescription: Does this.\n---\nDo that.\n"
    repo.write(".prompt-lint.yaml", CONFIG.replace("prompts/**/*.md", '"{a,b}/*.md"'))
    repo.write("a/plain.md", text)
    tick()
    first = lint()
    (repo.path / "b").mkdir()
    os.link(repo.path / "a/plain.md", repo.path / "b/SKILL.md")
    tick()

    both = lint()

    assert both == lint() == lint("--no-cache")
    assert both["a/plain.md"] == first["a/plain.md"] != both["b/SKILL.md"]


def test_a_file_that_two_rules_count_for_other_models_is_counted_for_each(repo: Repo, lint: Lint) -> None:
    """Where a link belongs to another rule, the counts for that one's models aren't taken for the first one's."""
    models = "    models: [claude-opus-4-1, claude-haiku-4-5]\n    limit: 101\n"
    repo.write(".prompt-lint.yaml", CONFIG + f'  - files: "*.txt"\n{models}')
    repo.link("b.txt", A)
    tick()
    first = lint()

    assert len(first[A]) == 4
    assert lint() == first


@pytest.mark.usefixtures("lint")
def test_what_two_rules_say_of_a_file_stays_in_its_order(
    repo: Repo, capfd: pytest.CaptureFixture[str]
) -> None:
    """By its own name first, also where nothing is wrong with that and the link is over another rule's limit."""
    repo.write(
        ".prompt-lint.yaml", CONFIG + '  - files: "*.txt"\n    models: [claude-opus-4-1]\n    limit: 1\n'
    )
    repo.link("b.txt", A)
    tick()
    main.run(["check", "--output-format", "json"])

    first = [(one["path"], one["model"]) for one in json.loads(capfd.readouterr().out)["verdicts"]]

    assert first[:3] == [(A, "claude-sonnet-5-5"), (A, "claude-sonnet-4-6"), (A, "claude-opus-4-1")]


def test_counts_belong_to_version_and_service(tmp_path: Path) -> None:
    """What another version read, or another service counted, isn't found."""
    kept(tmp_path, (EXACT,), ("m",), exact=True)

    assert found(tmp_path, ("m",), exact=True) == (EXACT,)
    assert found(tmp_path, ("m",), exact=True, version="2") is None
    assert found(tmp_path, ("m",), exact=True, service="there") is None


def test_exact_counts_of_moving_models_grow_stale(tmp_path: Path) -> None:
    """After a day, counted from the oldest of them; offline counts don't."""
    moving = ("claude-haiku-4-5",)
    kept(tmp_path, (EXACT,), moving, exact=True)
    kept(tmp_path, (GUESS,), moving, exact=False)

    assert found(tmp_path, moving, exact=True, at=1e9 + 86_399) == (EXACT,)
    assert found(tmp_path, moving, exact=True, at=1e9 + 86_400) is None
    assert found(tmp_path, moving, exact=False, at=1e9 + 86_400) == (GUESS,)


def test_a_count_is_not_made_younger_by_being_kept_by_file(tmp_path: Path) -> None:
    """What was recalled this afternoon and counted this morning is stale tomorrow morning."""
    from prompt_lint.model.values import CountKey  # noqa: PLC0415

    key = CountKey("claude-haiku-4-5", "00" * 32)
    with closing(open_cache(str(tmp_path), "1", "here", lambda: 1e9)) as cache:
        cache.put({key: EXACT})
    with closing(open_cache(str(tmp_path), "1", "here", lambda: 1e9 + 40_000)) as cache:
        assert cache.get([key], "api") == {key: EXACT}
        cache.put_unchanged(cache.scope_of_files("text", (key.model,), exact=True), NAME, STATE, [EXACT])

    assert found(tmp_path, (key.model,), exact=True, at=1e9 + 86_399) == (EXACT,)
    assert found(tmp_path, (key.model,), exact=True, at=1e9 + 86_400) is None


def test_a_known_run_opens_no_prompt_and_needs_no_network(repo: Repo) -> None:
    """In a process of its own: an audit hook sees every `open`, and neither HTTP nor the SDK is imported."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write(A)
    script = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == 'open' else None)\n"
        "from prompt_lint.cli import main as cli; from prompt_lint.repo import safe_read; safe_read._UNSURE = 0\n"
        "code = cli.run(['check', '-q'])\n"
        "print(code, 'httpx2' in sys.modules, 'anthropic' in sys.modules, 'a.md' in [p.split('/')[-1] for p in opened])"
    )
    tick()
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


PIECES = st.sampled_from(["a", "b", "c.md", "*", "**", "*.md", "?", "[ab]", "{a,b}", "\\a", "é", "!", "a b"])


@given(st.lists(st.lists(PIECES, min_size=1, max_size=4), min_size=1, max_size=3), st.booleans(), st.data())
def test_all_that_patterns_match_lies_in_their_folders_and_has_their_ends(
    parts: list[list[str]], slash: bool, data: st.DataObject
) -> None:
    """Git is asked for those folders alone, and what has none of the ends is passed over: a path that matches has both."""
    patterns = ["/" * slash + "/".join(names) for names in parts]
    path = "/".join(
        data.draw(st.lists(st.sampled_from(["a", "b", "c.md", "é", "a b", "x"]), min_size=1, max_size=5))
    )
    try:
        matches = globs.compile(patterns)
    except ValueError:
        return

    inside = any(not one or path == one or path.startswith(f"{one}/") for one in globs.folders(patterns))
    has_end = any(one in path for one in globs.ends(patterns))

    assert (inside and has_end) or not matches(path)


@pytest.mark.parametrize(
    ("pattern", "folders"),
    [
        ("prompts/**/*.md", {"prompts"}),
        ("/a/b/c.md", {"a/b/c.md"}),
        ("a/b*/c", {"a"}),
        ("{a,b}/x/*.md", {"a/x", "b/x"}),
        ("*.md", {""}),
        ("prompts/", {""}),
        ("/prompts", {"prompts"}),
        ("pr\\ompts/x/*", {""}),
        ("é/x/*", {""}),
    ],
)
def test_the_folders_of_patterns(pattern: str, folders: set[str]) -> None:
    """The part before the first wildcard, where the pattern is tied to the top of the repository."""
    assert globs.folders([pattern]) == folders


def test_a_folder_inside_another_is_not_asked_for_twice() -> None:
    """And patterns that exclude ask for nothing."""
    assert globs.folders(["a/b/*", "a/*", "!c/d/*", "ab/*"]) == {"a", "ab"}


@pytest.mark.parametrize(
    ("patterns", "ends"),
    [
        (["prompts/**/*.md"], {".md"}),
        (["*.{md,prompt.md}", "CLAUDE.md", "!x.txt"], {".md"}),
        (["/prompts/**", "skills/"], {"prompts", "skills"}),
        (["a?", "*.md"], {""}),
    ],
)
def test_the_ends_of_patterns(patterns: list[str], ends: set[str]) -> None:
    """What stands behind the last wildcard; one that is in all that another is in stands for both."""
    assert globs.ends(patterns) == ends


@pytest.mark.parametrize("tracked", [True, False])
def test_a_linked_folder_is_followed_out_of_the_folders_that_are_asked_for(
    repo: Repo, lint: Lint, tracked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link may lead to a folder that no pattern names; one above the folder of a pattern is followed as well."""
    monkeypatch.setattr(tree, "_LARGE", 0)  # as if there were thousands of files
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


def test_another_repository_below_a_pattern_is_no_obstacle(repo: Repo, lint: Lint, tmp_path: Path) -> None:
    """Git refuses to be asked for paths inside a submodule; such a pattern matches nothing, as ever."""
    from tests.support.repo import Repo as Another  # noqa: PLC0415

    other = Another(tmp_path / "other")
    other.write("deep/x.md")
    other.commit()
    repo.submodule("vendor", other)
    repo.write(".prompt-lint.yaml", CONFIG + "  - files: vendor/deep/*.md\n    allow_empty: true\n")

    assert lint().keys() == {A, B}
