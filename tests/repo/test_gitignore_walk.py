"""Outside of git, a walk finds what git would list, and a stranger's .gitignore can't hold it up."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_lint.repo.gitignore_walk import MAX_GITIGNORE, is_ignored, walk
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repo import Repo


def walk_all(top: Path) -> tuple[set[str], list[str]]:
    """The files that the walk finds, and its notes."""
    notes: list[str] = []
    return {path for path, _ in walk(str(top), "", notes)}, notes


def assert_walks_as_git_lists(repo: Repo) -> None:
    by_git = open_tree(str(repo.path)).list_entries()

    found, notes = walk_all(repo.path)

    assert found == set(by_git), notes


IGNORES = {
    "plain": {".gitignore": "b.md\n"},
    "folder": {".gitignore": "sub/\n"},
    "folder-only": {".gitignore": "b.md/\n"},
    "anchored": {".gitignore": "/b.md\n"},
    "inner slash": {".gitignore": "sub/b.md\n"},
    "negated": {".gitignore": "*.md\n!a.md\n"},
    "negated below an ignored folder": {".gitignore": "sub/\n!sub/b.md\n"},
    "negated below ignored contents": {".gitignore": "sub/*\n!sub/b.md\n"},
    "everything but": {".gitignore": "/*\n!/sub/\n!.gitignore\n"},
    "folders negated only": {".gitignore": "*\n!*/\n!b.md\n"},
    "nested": {"sub/.gitignore": "b.md\n/deep/\n"},
    "nested negates": {".gitignore": "b.md\n", "sub/.gitignore": "!b.md\n", "sub/deep/.gitignore": "b.md\n"},
    "nested anchored": {"sub/.gitignore": "/b.md\ndeep/a.md\n"},
    "stars": {".gitignore": "**/deep/**\n"},
    "stars inside": {".gitignore": "sub/**/b.md\n"},
    "stars behind": {".gitignore": "sub/**\n!sub/deep/\n"},
    "stars behind, a file negated": {".gitignore": "sub/**\n!sub/b.md\n"},
    "folders in a folder": {".gitignore": "sub/**/\n", "other/.gitignore": "**/\n"},
    "negated above, ignored below": {".gitignore": "a*\n", "sub/.gitignore": "deep\n!deep\n"},
    "only stars": {".gitignore": "**\n!a.md\n"},
    "comment, space, CRLF, BOM": {".gitignore": "\ufeff# no\r\n\r\nb.md  \r\na\\ b.md\r\n"},
    "escaped": {".gitignore": "\\#x.md\n\\!y.md\n\\b.md\n[{]x}.md\nx\\*.md\n"},
    "braces": {".gitignore": "{a,b}.md\n{c,d}.md\n"},
    "sets": {".gitignore": "[ab].md\n[!a-c]?.md\n"},
    "odd folder": {"we[i]rd {x}/.gitignore": "b.md\n/deep/\n"},
    "refused by nobody": {".gitignore": "/\n//\n[\nb.md\n"},
}


@pytest.mark.parametrize("ignores", IGNORES.values(), ids=list(IGNORES))
def test_the_walk_ignores_what_git_ignores(repo: Repo, ignores: dict[str, str]) -> None:
    """Without git's help, .gitignore files mean what they mean to git, nested ones included."""
    for folder in ("", "sub/", "sub/deep/", "we[i]rd {x}/", "we[i]rd {x}/deep/", "other/b.md/"):
        for name in (
            "a.md",
            "b.md",
            "a b.md",
            "#x.md",
            "!y.md",
            "{x}.md",
            "{a,b}.md",
            "{c,d}.md",
            "x*.md",
            "xy.md",
            "é",
        ):
            if not (folder == "other/" and name == "b.md"):
                repo.write(folder + name)
    for path, text in ignores.items():
        repo.write(path, text)

    assert_walks_as_git_lists(repo)


SEGMENT = st.sampled_from(["a", "b", "*", "**", "a*", "?", "[ab]", "a.md", "*.md"])
PATTERN = st.builds(
    lambda negated, first, segments, last: f"{negated}{first}{'/'.join(segments)}{last}",
    st.sampled_from(["", "", "!"]), st.sampled_from(["", "", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=3), st.sampled_from(["", "", "/"]),
)  # fmt: skip
PLACES = ["", "a/", "b/", "a/a/", "a/b/", "b/a/"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(PLACES), st.lists(PATTERN, max_size=4), max_size=3))
def test_the_walk_agrees_with_git(repo: Repo, ignores: dict[str, list[str]]) -> None:
    """For any few patterns in any few .gitignore files, the walk finds what `git ls-files` does."""
    for folder in PLACES:
        for name in ("a.md", "b.txt", "ab"):
            repo.write(folder + name)
        (repo.path / f"{folder}.gitignore").unlink(missing_ok=True)
    for folder, lines in ignores.items():
        repo.write(f"{folder}.gitignore", "\n".join(lines))

    assert_walks_as_git_lists(repo)


def test_a_gitignore_that_cannot_be_used_is_noted(tmp_path: Path) -> None:
    """What isn't understood excludes nothing, and a note says which line of which file."""
    (tmp_path / ".gitignore").write_text("[[:alpha:]].md\n[z-a].md\na\\\nb.md\n")
    (tmp_path / "links").mkdir()
    (tmp_path / "links/.gitignore").symlink_to("/etc/passwd")
    (tmp_path / "big").mkdir()
    (tmp_path / "big/.gitignore").write_bytes(b"#" * (MAX_GITIGNORE + 1))
    (tmp_path / "folder/.gitignore").mkdir(parents=True)
    (tmp_path / "a.md").touch()
    (tmp_path / "b.md").touch()

    found, notes = walk_all(tmp_path)

    assert found == {".gitignore", "a.md", "links/.gitignore", "big/.gitignore"}
    assert sorted(notes) == [
        *(f".gitignore:{line} is ignored: it isn't a valid pattern" for line in (1, 2, 3)),
        f"big/.gitignore excludes nothing: it is larger than {MAX_GITIGNORE:,} bytes",
        "folder/.gitignore can't be read, so nothing is ignored by it: is a folder, not a file",
        "links/.gitignore can't be read, so nothing is ignored by it: Too many levels of symbolic links",
    ]


def test_one_path_is_looked_up_as_the_walk_would(repo: Repo) -> None:
    """In the .gitignore of each folder above it; a folder that is ignored takes everything along."""
    repo.write(".gitignore", "*.log\nbuild/\n")
    repo.write("sub/.gitignore", "!kept.log\n")
    for name in ("a.log", "sub/kept.log", "build/kept.md", "sub/a.md"):
        repo.write(name)

    ignored = {
        name for name in ("a.log", "sub/kept.log", "build/kept.md") if is_ignored(str(repo.path), name, [])
    }

    assert ignored == {"a.log", "build/kept.md"}


# The worst that pathspec's backtracking makes of a pattern: 3.6 s on one path of 200 characters, and more with each star.
HOSTILE = {
    "many stars": ("*[a-z]*[a-z]*[a-z]*[a-z]*1\n", r"\.gitignore:1 is ignored: the pattern has too many wildcards"),
    "many folders": ("**/a/**/a/**/a/**/a/**/b\n", r"\.gitignore:1 is ignored: the pattern has too many wildcards"),
    "a long pattern": ("?" * 513 + "\n", r"\.gitignore:1 is ignored: the pattern is 513 characters long"),
    "many patterns of three stars": ("*a*a*b\n" * 20_000, r"\.gitignore is ignored from line 17 on: too many patterns"),
    "many patterns of two stars": ("*a*b\n" * 20_000, r"\.gitignore is ignored from line 1001 on: too many patterns"),
    "many patterns": ("b\n" * 100_000, r"\.gitignore is ignored from line 10001 on: too many patterns"),
    "many lines that are refused": ("[z-a]\n" * 9_000, r"\.gitignore: 8,990 more lines are ignored"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_gitignore_does_not_hold_up_the_walk(tmp_path: Path, name: str) -> None:
    """What it may cost is bounded, and what is left out for that is noted in a few lines."""
    text, note = HOSTILE[name]
    (tmp_path / ".gitignore").write_text(text)
    (tmp_path / ("a" * 250)).touch()
    folder = tmp_path / "/".join("a" * 30)
    folder.mkdir(parents=True)
    (folder / ("a" * 180)).touch()
    started = time.process_time()

    found, notes = walk_all(tmp_path)

    assert time.process_time() - started < 5
    assert len(found) == 3
    assert len(notes) <= 11
    assert re.match(note, notes[-1])


def test_a_path_that_is_too_long_is_not_matched(tmp_path: Path) -> None:
    """It counts, and one note says so for all of them."""
    (tmp_path / ".gitignore").write_text("*.log\n")
    folder = tmp_path / ("a" * 200)
    folder.mkdir()
    for name in ("short.log", "x" * 100 + ".log", "y" * 100 + ".log"):
        (folder / name).touch()

    found, notes = walk_all(tmp_path)

    assert {len(path) for path in found} == {len(".gitignore"), 305}
    assert notes == ["paths longer than 256 characters are not looked up in .gitignore"]
