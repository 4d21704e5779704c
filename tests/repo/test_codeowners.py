"""CODEOWNERS: who owns a file, as the documentation of GitHub and GitLab has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.repo import codeowners
from prompt_lint.repo.codeowners import MAX_SIZE, Owners, find_owners
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    import pytest
    from tests.support.repo import Repo

GITHUB = r"""
# The examples of GitHub's documentation.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
**/logs @octo-org/logs
/apps/github
/with\ space/{x}.md @spaces
"""
GITLAB = r"""
* @admin

[README Owners] @user1 @user2
README.md
internal/README.md @user4
docs/README.md @user4
lib @files

^[Optional][2] @@maintainer
\#file.rb
/docs/* malformed @root-docs # and @commented
/config/
!/config/**/*.rb
/config/routes.rb @ops
*.[ch] @c

[readme OWNERS]
README.txt @user5
docs/README.md @user6
"""


def owners_of(repo: Repo, text: str, *paths: str, name: str = "CODEOWNERS") -> Owners:
    repo.write(name, text)
    return find_owners(open_tree(str(repo.path)), paths)


def test_github_takes_the_last_pattern(repo: Repo) -> None:
    """One without an owner leaves the file without one; `docs/*` doesn't match what is further down."""
    expected = {
        "a.txt": "@global-owner1 @global-owner2",
        "src/deep/a.js": "@js-owner",
        "a.go": "docs@example.com",
        "build/logs/deep/a.js": "@octo-org/logs",
        "x/build/logs": "@octo-org/logs",
        "docs/start.md": "docs@example.com",
        "docs/build/trouble.md": "@global-owner1 @global-owner2",
        "x/docs/start.md": "@global-owner1 @global-owner2",
        "x/apps/a": "@octocat",
        "apps/github/a": "",
        "with space/{x}.md": "@spaces",
        "with space/x.md": "@global-owner1 @global-owner2",
    }

    found = owners_of(repo, GITHUB, *expected)

    assert {path: " ".join(found.by_path.get(path, ())) for path in expected} == expected
    assert found.notes == []


def test_gitlab_takes_the_last_pattern_of_each_section(repo: Repo) -> None:
    """A section may have default owners, and patterns that take files out; its name may come again."""
    expected = {
        "a.txt": "@admin",
        "README.md": "@admin @user1 @user2",
        "x/internal/README.md": "@admin @user4",
        "x/docs/README.md": "@admin @user6",
        "x/lib": "@admin @files",
        "lib/a": "@admin",
        "x/#file.rb": "@admin @@maintainer",
        "docs/a": "@admin @root-docs @commented",
        "docs/deep/a": "@admin",
        "config/deep/a.yml": "@admin @@maintainer",
        "config/routes.rb": "@admin",
        "x/a.h": "@admin @c",
        "README.txt": "@admin @user5",
    }

    found = owners_of(repo, GITLAB, *expected)

    assert {path: " ".join(found.by_path.get(path, ())) for path in expected} == expected
    assert found.notes == []


def test_the_first_file_is_read(repo: Repo) -> None:
    """In the order of both hosts; without one nobody owns anything, and a note says so."""
    [note] = find_owners(open_tree(str(repo.path)), ["a"]).notes
    assert note.message.startswith("no owner is known: there is none of .github/CODEOWNERS, CODEOWNERS, ")
    for owner, name in enumerate(
        (".gitlab/CODEOWNERS", "docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS")
    ):
        assert owners_of(repo, f"* @{owner}", "a", name=name).by_path == {"a": [f"@{owner}"]}

    (repo.path / ".github/CODEOWNERS").write_bytes(b"*" * (MAX_SIZE + 1))
    [note] = find_owners(open_tree(str(repo.path)), ["a"]).notes
    assert note.path == ".github/CODEOWNERS"
    assert "more than the 3,145,728 that are read, so no owner is known" in note.message


def test_the_place_or_a_heading_says_whose_file_it_is(repo: Repo) -> None:
    """GitLab's needs no heading in its own folder; GitHub's has none that means anything."""
    of_gitlab = owners_of(repo, "* @a\n!b\n", "a", "b", name=".gitlab/CODEOWNERS")
    longest = owners_of(repo, f"[Docs]{' ' * 4088}@a\na\n", "a")
    of_github = owners_of(repo, "[Docs]\n* @a\n", "a", name=".github/CODEOWNERS")

    assert (of_gitlab.by_path, of_gitlab.notes) == ({"a": ["@a"]}, [])
    assert (longest.by_path, longest.notes) == ({"a": ["@a"]}, [])
    assert (of_github.by_path, [note.line for note in of_github.notes]) == ({"a": ["@a"]}, [1])


def test_a_file_of_too_many_patterns_is_not_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling them would take minutes, and it can't be known which of them are right to leave out."""
    assert codeowners._MAX_RULES == 20_000
    monkeypatch.setattr(codeowners, "_MAX_RULES", 2)
    enough = "# Two.\n\n* @a\n* @b\n"

    found, too_many = owners_of(repo, enough, "a"), owners_of(repo, f"{enough}* @c\n", "a")

    assert (found.by_path, found.notes) == ({"a": ["@b"]}, [])
    assert too_many.by_path == {}
    assert [note.message for note in too_many.notes] == ["has more than 2 patterns, so no owner is known"]


def test_a_line_that_the_host_cannot_read_is_noted(repo: Repo) -> None:
    """With its number; the others count. Of many, the first are noted."""
    lines = [
        "* @a",
        "!b @b",
        r"\#b @b",
        "*.[ch] @b",
        "b bob",
        "../b @b",
        f"b{' ' * 4094}@b",
        f"b @b b@b@{'b' * 50}",
    ]
    found = owners_of(repo, "\n".join([*lines, *["!b"] * 5, f"c{' ' * 4093}@c"]), "b", "c")

    assert found.by_path == {"b": ["@a"], "c": ["@c"]}
    assert [(note.message, note.line) for note in found.notes] == [
        ("`!` doesn't work in a CODEOWNERS of GitHub, so the line is skipped", 2),
        (r"`\#` doesn't work in a CODEOWNERS of GitHub, so the line is skipped", 3),
        ("`[` doesn't work in a CODEOWNERS of GitHub, so the line is skipped", 4),
        (
            "`bob` is no owner: expected @user, @organization/team or an email address, so the line is skipped",
            5,
        ),
        ("`..` leads out of the repository; patterns start at its top folder, so the line is skipped", 6),
        ("the line has more than 4,096 characters, so the line is skipped", 7),
        (
            f"`b@b@{'b' * 36}` is no owner: expected @user, @organization/team or an email address, so the line is skipped",
            8,
        ),
        *[
            ("`!` doesn't work in a CODEOWNERS of GitHub, so the line is skipped", line)
            for line in (9, 10, 11)
        ],
        ("2 more lines can't be read", 0),
    ]

    assert len(owners_of(repo, "!b\n" * 10, "b").notes) == 10
