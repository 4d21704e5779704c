"""The folder of the cache: where it is, and what clearing it removes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.counts import (
    counts,
    save_counts,
)

from prompt_lint.cache.counts import FILE
from prompt_lint.cache.folder import cache_folder, clear_cache
from prompt_lint.model.errors import Fatal


def test_the_named_folder_wins_over_the_default(tmp_path: Path) -> None:
    """A folder that somebody named is used, and made absolute."""
    env = {"XDG_CACHE_HOME": "/shared", "HOME": str(tmp_path)}

    assert cache_folder(env, "/named") == "/named"
    assert cache_folder(env, "here") == str(Path.cwd() / "here")
    assert cache_folder(env, None) == "/shared/prompt-lint"


@pytest.mark.parametrize(
    ("platform", "env", "expected"),
    [
        ("linux", {"HOME": "{home}"}, "{home}/.cache/prompt-lint"),
        ("linux", {"HOME": "{home}", "XDG_CACHE_HOME": "relative"}, "{home}/.cache/prompt-lint"),
        ("darwin", {"HOME": "{home}"}, "{home}/Library/Caches/prompt-lint"),
        ("win32", {"LOCALAPPDATA": "{home}"}, "{home}/prompt-lint/Cache"),
        ("linux", {}, None),
        ("linux", {"HOME": ""}, None),
        ("linux", {"HOME": "{home}/nobody"}, None),
        ("win32", {"HOME": "{home}"}, None),
    ],
)
def test_the_default_is_the_folder_of_the_platform(
    tmp_path: Path, platform: str, env: dict[str, str], expected: str | None
) -> None:
    """Without a home that exists there is no cache, rather than one in a folder nobody expects."""
    env = {name: value.format(home=tmp_path) for name, value in env.items()}

    assert cache_folder(env, None, platform=platform) == (expected and expected.format(home=tmp_path))


def test_the_default_is_that_of_platformdirs() -> None:
    """The few lines of ours agree with the library that knows all platforms."""
    platformdirs = pytest.importorskip("platformdirs")

    expected = platformdirs.user_cache_dir("prompt-lint", appauthor=False)

    assert cache_folder(os.environ, None) == expected


def test_the_default_is_never_inside_the_checkout(tmp_path: Path) -> None:
    """Where the home folder is the checkout, its writer could have put counts there; only a flag allows it."""
    env = {"HOME": str(tmp_path)}
    (tmp_path / "sub").mkdir()

    assert cache_folder(env, None, top=str(tmp_path)) is None
    assert cache_folder(env, None, top=str(tmp_path / "sub")) == str(tmp_path / ".cache" / "prompt-lint")
    assert cache_folder(env, str(tmp_path / "x"), top=str(tmp_path)) == str(tmp_path / "x")


def test_clearing_removes_the_files_of_the_cache_alone(folder: Path) -> None:
    """Files of any version, and those set aside; a folder that isn't there is clear."""
    save_counts(folder, counts([1]))
    (folder / "counts-v7.db").write_bytes(b"12345")
    (folder / f"{FILE}.corrupt-17").write_bytes(b"12345")
    (folder / "mine.db").write_bytes(b"12345")
    size = (folder / FILE).stat().st_size

    assert clear_cache(str(folder)) == size + 10
    assert sorted(os.listdir(folder)) == [".gitignore", "CACHEDIR.TAG", "mine.db"]
    assert clear_cache(str(folder / "nowhere")) == 0


def test_clearing_reports_why_it_failed(tmp_path: Path) -> None:
    """A file given for a folder is a mistake with a name."""
    (tmp_path / "file").touch()

    with pytest.raises(Fatal, match="could not clear the cache"):
        clear_cache(str(tmp_path / "file"))
