"""The inputs of an action, and that no file of the checkout moves where they write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prompt_lint.actions.inputs import read_input, read_lines, refuse_link
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repo import Repo


def test_an_input_is_read_from_its_variable() -> None:
    """Without the blanks around it; several values are on lines of their own."""
    env = {"INPUT_GROUP_BY": " a b\n\n c \n"}

    assert read_input(env, "group-by") == "a b\n\n c"
    assert read_lines(env, "group-by") == ["a b", "c"]
    assert read_input(env, "fail-on") == ""


@pytest.mark.parametrize(
    "path", ["link/x.json", "link/../x.json", "file.json", "a/b/link/x.json", "{top}/link/x.json"]
)
def test_no_path_through_a_link_is_written_to(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """However the path is spelled; also where the workspace is behind a link."""
    (tmp_path / "outside" / "inner").mkdir(parents=True)
    repo.link("link", tmp_path / "outside" / "inner")
    repo.link("a/b/link", tmp_path / "outside")
    repo.link("file.json", tmp_path / "outside" / "file.json")
    (tmp_path / "workspace").symlink_to(repo.path)
    monkeypatch.chdir(repo.path)

    for top in (repo.path, tmp_path / "workspace"):
        with pytest.raises(Fatal):
            refuse_link(path.format(top=top), {"GITHUB_WORKSPACE": str(top)})
        for fine in ("x.json", "new/x.json", f"{top}/x.json", str(tmp_path / "elsewhere.json"), ""):
            refuse_link(fine, {"GITHUB_WORKSPACE": str(top)})
