"""What a release changes, on a copy of this repository: the address, the version, the pins of the examples, the tags."""

from __future__ import annotations

import re
import subprocess
from datetime import date

import pytest
from tests.support.paths import ROOT, load_tool
from tests.support.repo import ENVIRONMENT, Repo

set_address, release = load_tool("set_address"), load_tool("release")


RELEASED = (
    "src/prompt_lint/__init__.py",
    "pyproject.toml",
    "CHANGELOG.md",
    "docs/hooks.md",
    "examples/workflows/prompts.yml",
)


@pytest.fixture
def copy(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Some files of this repository as they are now, in one commit of their own."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in RELEASED:
        repo.write(name, (ROOT / name).read_bytes())
    repo.commit()
    return repo


def test_every_file_names_the_same_version_and_commit() -> None:
    """The package, the hooks, the examples of the Action, and what outputs say of themselves."""
    assert release.find_disagreements(ROOT) == []


def test_the_address_is_set_everywhere(repo: Repo) -> None:
    """In all files of this repository; none keeps the old one."""
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            repo.write(name, (ROOT / name).read_bytes())
    repo.git("add", "--all")
    old, new = set_address.read_address(repo.path), "an-owner/prompts.lint"

    set_address.replace_address(repo.path, new)

    assert set_address.read_address(repo.path) == new
    assert f"uses: {new}@" in (repo.path / "examples/workflows/prompts.yml").read_text()
    assert f"https://github.com/{new}" in (repo.path / "README.md").read_text()
    grep = ["git", "grep", "--fixed-strings", "--line-number", old]
    assert subprocess.run(grep, cwd=repo.path, capture_output=True, check=False).stdout == b""


def test_only_the_address_is_replaced(repo: Repo) -> None:
    """Not a longer name that it is a part of, and no file that isn't text."""
    repo.write("src/prompt_lint/__init__.py", 'REPOSITORY = "https://github.com/me/lint"\n')
    repo.write(
        "a.md", "me/lint me/lint@v1 me/lint.git me/lint/report some/home/lint me/lint-more not-me/lint\n"
    )
    repo.write("b.bin", b"\xffme/lint")
    repo.commit()

    set_address.replace_address(repo.path, "you/lint")

    assert (repo.path / "a.md").read_text() == (
        "you/lint you/lint@v1 you/lint.git you/lint/report some/home/lint me/lint-more not-me/lint\n"
    )
    assert (repo.path / "b.bin").read_bytes() == b"\xffme/lint"


def test_a_release_is_two_commits_and_two_tags(copy: Repo) -> None:
    """The tag has the version and the changelog of that day; the commit behind it pins the tag's in every example."""
    set_address.replace_address(copy.path, "an-owner/prompt-lint")
    copy.commit()

    for version, day in (("0.9.0", date(2026, 12, 1)), ("0.9.1", date(2026, 12, 2))):
        release.make_release(copy.path, version, day)
        changelog = (copy.path / "CHANGELOG.md").read_text()
        copy.write(
            "CHANGELOG.md",
            changelog.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- A slip.\n", 1),
        )
        copy.commit()

    commit = copy.git("rev-parse", "v0.9.1^{commit}")
    assert copy.git("log", "--format=%s", "-3", "--skip=1") == "Examples pin v0.9.1\nRelease 0.9.1\nA change"
    assert copy.git("rev-parse", "v0^{commit}") == commit
    assert release.find_disagreements(copy.path) == []
    assert '__version__ = "0.9.1"' in copy.git("show", "v0.9.1:src/prompt_lint/__init__.py")
    changelog = copy.git("show", "v0.9.1:CHANGELOG.md")
    repository = "https://github.com/an-owner/prompt-lint"
    assert "## [Unreleased]\n\n## [0.9.1] - 2026-12-02\n" in changelog
    assert changelog.endswith(
        f"\n[Unreleased]: {repository}/compare/v0.9.1...HEAD\n"
        f"[0.9.1]: {repository}/compare/v0.9.0...v0.9.1\n[0.9.0]: {repository}/releases/tag/v0.9.0"
    )
    assert release.read_notes(copy.path, "0.9.1") == "### Fixed\n\n- A slip.\n"
    assert "rev: v0.9.1" in copy.git("show", "v0.9.1:docs/hooks.md")
    example = (copy.path / "examples/workflows/prompts.yml").read_text()
    assert f"uses: an-owner/prompt-lint@{commit} # v0.9.1" in example


@pytest.mark.parametrize(
    ("version", "reason"),
    [("0.9", "`0.9` isn't a version"), ("0.9.0", "no address yet"), ("0.9.0", "has changes"), ("0.9.0", "tag v0.9.0 exists")],
)  # fmt: skip
def test_a_release_that_would_be_wrong_is_refused(copy: Repo, version: str, reason: str) -> None:
    """Before any file, commit or tag is changed."""
    if "address" not in reason:
        set_address.replace_address(copy.path, "an-owner/prompt-lint")
    if "changes" not in reason:
        copy.commit()
    if "tag" in reason:
        copy.git("tag", "v0.9.0")
    before = copy.git("rev-parse", "HEAD"), copy.git("tag"), copy.git("status", "--porcelain")

    with pytest.raises(release.Refused, match=reason):
        release.make_release(copy.path, version, date(2026, 12, 1))

    assert (copy.git("rev-parse", "HEAD"), copy.git("tag"), copy.git("status", "--porcelain")) == before


def test_notes_of_a_version_without_any_are_refused(repo: Repo) -> None:
    """An empty section, or none."""
    repo.write(
        "CHANGELOG.md",
        "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n\n- First.\n\n[0.1.0]: there\n",
    )

    for version in ("Unreleased", "0.1", "0.2.0"):
        with pytest.raises(release.Refused, match="says nothing under"):
            release.read_notes(repo.path, version)


def test_the_changelog_is_sorted_by_kind() -> None:
    """In each version every kind of change is there once, in one order, and no line twice, as merges would have it."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    kinds = ["Breaking", "Added", "Changed", "Fixed"]

    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        found = re.findall(r"^### (.*)$", section, re.MULTILINE)
        assert found == [kind for kind in kinds if kind in found]
        lines = re.findall(r"^- .*$", section, re.MULTILINE)
        assert len(lines) == len(set(lines))
