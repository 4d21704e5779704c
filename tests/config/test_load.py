"""The configuration is found at the top of the repository alone, and read only where that is safe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from prompt_lint.config.load import find_config, read_config, read_outside_config
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.model.errors import Fatal
from prompt_lint.repo.working_tree import WorkingTree

if TYPE_CHECKING:
    from pathlib import Path


def test_only_the_top_folder_is_searched(tmp_path: Path) -> None:
    """A configuration above the repository, or inside a folder of it, isn't found."""
    top = tmp_path / "repo"
    (top / "inner").mkdir(parents=True)
    (tmp_path / ".prompt-lint.yaml").touch()
    (top / "inner" / ".prompt-lint.yaml").touch()

    assert find_config(str(top)) is None


@pytest.mark.parametrize("name", [".prompt-lint.yaml", ".prompt-lint.yml"])
def test_both_endings_are_found(tmp_path: Path, name: str) -> None:
    """`.yaml` and `.yml` are the same."""
    (tmp_path / name).touch()

    assert find_config(str(tmp_path)) == name


def test_two_configurations_are_one_too_many(tmp_path: Path) -> None:
    """Nobody has to guess which of two files holds."""
    (tmp_path / ".prompt-lint.yaml").touch()
    (tmp_path / ".prompt-lint.yml").touch()

    with pytest.raises(Fatal, match=r"both `\.prompt-lint\.yaml` and `\.prompt-lint\.yml`"):
        find_config(str(tmp_path))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / ".git").mkdir(parents=True)
    (folder / "real.yaml").write_text("prompts: []")
    (folder / ".git" / "config").write_text("[core]")
    (tmp_path / "outside.yaml").write_text("secret")
    return folder


def test_a_link_inside_the_repository_is_followed(top: Path) -> None:
    """The configuration may be a link to a file of the same repository."""
    (top / ".prompt-lint.yaml").symlink_to("real.yaml")

    assert read_config(WorkingTree(str(top), has_git=False), ".prompt-lint.yaml") == b"prompts: []"


@pytest.mark.parametrize(
    "target",
    ["../outside.yaml", ".git/config", "/etc/passwd", "/proc/self/environ", "../repo/../outside.yaml"],
)
def test_a_link_that_leaves_the_repository_is_refused(top: Path, target: str) -> None:
    """A stranger's link can't make us read, and quote, what isn't in the repository."""
    (top / ".prompt-lint.yaml").symlink_to(target)

    with pytest.raises(ConfigErrors) as caught:
        read_config(WorkingTree(str(top), has_git=False), ".prompt-lint.yaml")

    assert [mistake.message for mistake in caught.value.mistakes] == [
        "is a symbolic link that leaves the repository"
    ]


def test_a_file_named_by_hand_may_lie_anywhere(top: Path) -> None:
    """`--config` comes from a trusted place."""
    assert read_outside_config(str(top.parent / "outside.yaml")) == b"secret"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "is a folder, not a file"),
        (os.mkfifo, "not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
        (lambda path: path.symlink_to(path.name), "can't be read"),
        (lambda path: path.symlink_to("gone"), "can't be read: No such file"),
        (
            lambda path: path.write_bytes(b"#" * (256 * 1024 + 1)),
            "is 262,145 bytes long, more than the 262,144 that are read",
        ),
    ],
    ids=["folder", "pipe", "device", "loop", "dangling", "large"],
)
def test_what_is_no_small_regular_file_is_refused(tmp_path: Path, make: Any, message: str) -> None:
    """Folders, pipes, devices, broken links and large files end the run at once, with a sentence."""
    path = tmp_path / "c.yaml"
    make(path)

    with pytest.raises(Fatal, match=message):
        read_outside_config(str(path))


def test_a_path_that_is_none_is_refused() -> None:
    """A NUL in a name is told like any other file that can't be read."""
    with pytest.raises(Fatal, match="not a usable path"):
        read_outside_config("a\0b")
