"""The files of a working tree: what is listed, with git and without, and what an argument names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT
from tests.support.repo import ENVIRONMENT, Repo

from prompt_lint.model.errors import ExitCode, Fatal, MissingFile, Unreadable
from prompt_lint.repo import entries as entries_module
from prompt_lint.repo import git
from prompt_lint.repo.arguments import resolve_argument, resolve_arguments
from prompt_lint.repo.entries import Entry
from prompt_lint.repo.working_tree import WorkingTree, open_tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CAP = 1 << 20


def opened(repo: Repo) -> WorkingTree:
    return open_tree(str(repo.path))


def kinds(tree: WorkingTree) -> dict[str, str]:
    return {path: entry.kind for path, entry in tree.list_entries().items()}


def reason(tree: WorkingTree, path: str, cap: int = CAP) -> tuple[str, str]:
    """Why a path can't be read, and what to do."""
    with pytest.raises(Unreadable) as caught:
        tree.read(path, cap)
    return caught.value.message, caught.value.hint


# What is listed


def test_lists_tracked_and_untracked_files_that_are_not_ignored(repo: Repo) -> None:
    """A file counts as soon as it is there; ignored ones only when they are tracked all the same."""
    repo.write("tracked.md")
    repo.write("sub/tracked.md")
    repo.commit()
    repo.write("sub/new.md")
    repo.write(".gitignore", "*.log\n")
    repo.write("x.log")
    repo.write("kept.log")
    repo.git("add", "--force", "kept.log")

    entries = opened(repo).list_entries()

    assert sorted(entries) == [".gitignore", "kept.log", "sub/new.md", "sub/tracked.md", "tracked.md"]
    assert entries["tracked.md"] == Entry("file", repo.git("rev-parse", "HEAD:tracked.md"))
    assert entries["sub/new.md"] == Entry("file", "")


@pytest.mark.parametrize(
    "ends", [(".md",), (".txt", "docs"), ("H",), ("100644",), ("x.md/",), (".md", ""), ()]
)
def test_what_has_none_of_the_ends_may_be_left_out(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, ends: tuple[str, ...]
) -> None:
    """Of a large repository; links, and all that has one of them, are there as ever, with the same blobs."""
    for path in ("a.md", "b.txt", "docs/c.txt", "x.md/d.txt", "H 100", "e.rst"):
        repo.write(path, path)
    repo.write("empty.md", "")
    repo.link("link", "e.rst")
    repo.git("add", "-A")
    repo.write("f.md")
    everything = opened(repo).list_entries()
    monkeypatch.setattr(entries_module, "_LARGE", 0)

    found = opened(repo).list_entries(endings=ends)

    wanted = {path for path in everything if any(end in path for end in ends)} | {"link", "f.md"}
    assert found.items() <= everything.items()
    assert found.keys() >= wanted
    assert ("e.rst" in found) == any(end in {"", "H", "100644"} for end in ends)


def test_the_top_is_found_from_below(repo: Repo) -> None:
    """From any folder of the repository, paths are relative to its top."""
    repo.write("a/b/c.md")

    tree = open_tree(str(repo.path / "a/b"))

    assert tree.top == str(repo.path)
    assert tree.notes == []
    assert set(tree.list_entries()) == {"a/b/c.md"}


def test_an_empty_repository_has_no_files(repo: Repo) -> None:
    """Before the first commit and the first file, nothing is listed and nothing fails."""
    assert opened(repo).list_entries() == {}


def test_a_linked_worktree_has_its_own_files(repo: Repo, tmp_path: Path) -> None:
    """A worktree, where `.git` is a file, is a top of its own."""
    repo.write("a.md")
    repo.commit()
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    (tmp_path / "linked/new.md").write_text("x")

    tree = open_tree(str(tmp_path / "linked"))

    assert tree.top == str(tmp_path / "linked")
    assert set(tree.list_entries()) == {"a.md", "new.md"}


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_object_ids_of_either_length_are_read(tmp_path: Path, form: str) -> None:
    """Repositories with SHA-256 list as those with SHA-1 do."""
    path = tmp_path / "r"
    path.mkdir()
    repo = Repo(path, init=False)
    repo.git("init", "--quiet", f"--object-format={form}")
    repo.write("a.md")
    repo.write("empty.md", "")
    repo.commit()

    entries = opened(repo).list_entries()

    assert entries["a.md"].blob == repo.git("rev-parse", "HEAD:a.md")
    assert entries["empty.md"].blob == ""


def test_a_file_in_conflict_is_listed_once_and_read_from_disk(repo: Repo) -> None:
    """The stages of an unmerged path are one file, without a blob to stand for it."""
    repo.write("a.md", "base\n")
    repo.commit()
    repo.git("checkout", "--quiet", "-b", "other")
    repo.write("a.md", "theirs\n")
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    repo.write("a.md", "ours\n")
    repo.commit()
    merge = ["git", "merge", "other"]
    subprocess.run(merge, cwd=repo.path, env=os.environ | ENVIRONMENT, capture_output=True, check=False)

    tree = opened(repo)

    assert tree.list_entries() == {"a.md": Entry("file", "")}
    assert b"<<<<<<<" in tree.read("a.md", CAP)


def test_a_file_added_by_intent_has_no_blob(repo: Repo) -> None:
    """`git add -N` records an empty blob, which isn't what is on disk."""
    repo.write("a.md", "words\n")
    repo.git("add", "--intent-to-add", "a.md")

    assert opened(repo).list_entries() == {"a.md": Entry("file", "")}


def test_a_deleted_file_is_missing_not_broken(repo: Repo) -> None:
    """A deletion that isn't staged yet can be told from every other trouble."""
    repo.write("a.md")
    repo.link("b.md", "a.md")
    repo.commit()
    (repo.path / "a.md").unlink()
    (repo.path / "b.md").unlink()

    tree = opened(repo)

    with pytest.raises(MissingFile):
        tree.read("a.md", CAP)
    assert tree.find_aliases(tree.list_entries()) == {}


def test_what_a_sparse_checkout_leaves_out_is_known(repo: Repo) -> None:
    """A file outside of the sparse checkout is listed, and reading it says why it can't be measured."""
    repo.write("in/a.md")
    repo.write("out/b.md")
    repo.commit()
    repo.git("sparse-checkout", "set", "--cone", "in")

    tree = opened(repo)

    assert kinds(tree) == {"in/a.md": "file", "out/b.md": "sparse"}
    assert reason(tree, "out/b.md")[0] == "is left out by the sparse checkout, so it can't be measured"
    assert "git sparse-checkout add" in reason(tree, "out/b.md")[1]


def test_a_sparse_index_is_listed_in_full(repo: Repo) -> None:
    """An index that holds whole folders as one entry yields their files all the same."""
    repo.write("in/a.md")
    repo.write("out/deep/b.md")
    repo.commit()
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")

    assert kinds(opened(repo)) == {"in/a.md": "file", "out/deep/b.md": "sparse"}


def test_a_submodule_is_one_entry_that_says_what_it_is(repo: Repo, tmp_path: Path) -> None:
    """Files of a submodule aren't listed; reading the submodule explains it."""
    inner = Repo(tmp_path / "inner")
    inner.write("a.md")
    inner.commit()
    repo.submodule("lib/inner", inner)

    tree = opened(repo)

    assert kinds(tree) == {".gitmodules": "file", "lib/inner": "submodule"}
    assert reason(tree, "lib/inner")[0] == "is a submodule, a repository of its own"


NAMES = [
    b"new\nline.md", b"tab\t.md", b'quo"te.md', b"it's.md", b"-rf.md", b":(glob)x.md", b"*.md", b"back\\slash.md",
    b"$(touch x).md", "\u202egnp.md".encode(), "e\u0301.md".encode(), "é.md".encode(), b"caf\xe9.md", b"\xff/\xfe.md",
    b"esc\x1b[31m.md", b" lead.md", b"trail .md ", b"\xed\xa0\x80.md", b"a.md\r", "提示词.md".encode(),
]  # fmt: skip


@pytest.mark.parametrize("tracked", [True, False])
def test_every_name_that_git_takes_is_listed_and_read(repo: Repo, tracked: bool) -> None:
    """Line ends, quotes, pathspec magic, other encodings: the path is exactly git's bytes, and opens."""
    for name in NAMES:
        repo.write(name, name)
    if tracked:
        repo.commit()

    tree = opened(repo)
    entries = tree.list_entries()

    assert {path.encode("utf-8", "surrogateescape") for path in entries} == set(NAMES)
    for path in entries:
        assert tree.read(path, CAP) == path.encode("utf-8", "surrogateescape")


def test_names_do_not_depend_on_the_locale(repo: Repo) -> None:
    """Where Python decodes names as ASCII, paths are the same as everywhere, and open."""
    repo.write("système.md", "x")
    repo.link("lien.md", "système.md")
    repo.write(b"dossier-\xe9/b.md", "y")
    repo.link("dossier", os.fsdecode(b"dossier-\xe9"))
    repo.commit()
    repo.write("été/c.md", "z")
    script = (
        "import os; from prompt_lint.repo.arguments import resolve_argument; from prompt_lint.repo.working_tree import open_tree; tree = open_tree(os.getcwd()); "
        "entries = tree.list_entries([resolve_argument(tree, os.fsdecode(b'syst\\xc3\\xa8me.md'), os.getcwd()), '\\xe9t\\xe9']); "
        "print(ascii((sorted(entries), tree.find_aliases(entries), tree.read('syst\\xe8me.md', 9), "
        "tree.read('dossier-\\udce9/b.md', 9))))"
    )
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = os.environ | plain | {"PYTHONPATH": str(ROOT / "src")}

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repo.path,
        env=environment,
        capture_output=True,
        check=True,
    )

    inner = "dossier-\udce9/b.md"
    names = ["dossier", inner, "lien.md", "système.md", "été/c.md"]
    links = {"lien.md": "système.md", "dossier/b.md": inner}
    assert done.stdout.decode().strip() == ascii((names, links, b"x", b"y"))


# Paths from the command line


def test_arguments_become_paths_of_the_tree(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to where the user is, absolute, with dots, through a link to the repository: all the same path."""
    repo.write("a/b.md")
    elsewhere = repo.path.parent / "elsewhere"
    elsewhere.symlink_to(repo.path)
    tree = opened(repo)
    inner = str(repo.path / "a")

    assert resolve_argument(tree, "b.md", inner) == "a/b.md"
    assert resolve_argument(tree, "../a//b.md", inner) == "a/b.md"
    assert resolve_argument(tree, str(repo.path / "a/b.md"), "/") == "a/b.md"
    assert resolve_argument(tree, str(elsewhere / "a/b.md"), "/") == "a/b.md"
    assert resolve_argument(tree, ".", inner) == "a"
    assert resolve_argument(tree, "..", inner) == ""


def test_links_given_as_arguments_keep_their_names(repo: Repo) -> None:
    """What the user names is what is reported; where it leads is asked later."""
    repo.write("a/b.md")
    repo.link("link.md", "a/b.md")
    repo.link("folder", "a")
    repo.link("dangling.md", "nowhere")
    tree = opened(repo)

    for name in ("link.md", "folder", "folder/b.md", "dangling.md"):
        assert resolve_argument(tree, name, tree.top) == name


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("nope.md", "there is no file or folder `nope.md`"),
        ("", "there is no file or folder ``"),
        ("a.md/b.md", "there is no file or folder `a.md/b.md`"),
        ("../outside.md", "`../outside.md` is outside of"),
        ("/etc/passwd", "`/etc/passwd` is outside of"),
        ("../repository-two/a.md", "is outside of"),
        (".git/config", "belongs to git itself"),
    ],
)
def test_arguments_that_make_no_sense_end_the_run(repo: Repo, argument: str, message: str) -> None:
    """A path that isn't there or not in the repository is named, with exit code 2."""
    repo.write("a.md")
    (repo.path.parent / "outside.md").write_text("x")
    (repo.path.parent / "repository-two").mkdir()
    (repo.path.parent / "repository-two/a.md").write_text("x")
    tree = opened(repo)

    with pytest.raises(Fatal, match=re.escape(message)) as caught:
        resolve_argument(tree, argument, tree.top)

    assert caught.value.exit_code is ExitCode.USAGE


def test_a_pattern_stands_for_the_files_below_the_working_directory(repo: Repo) -> None:
    """As a shell would read it, and with `**`; a file of that name comes first, and no file at all is an error."""
    for name in ("x.md", "p/x.md", "p/q/x.md", "p/q/y.txt", "p/[x].md", "p/gone.md"):
        repo.write(name)
    repo.commit()
    (repo.path / "p/gone.md").unlink()
    tree, folder = opened(repo), str(repo.path / "p")

    def resolve(*arguments: str) -> list[str]:
        return resolve_arguments(tree, arguments, folder)

    assert resolve("*.md") == ["p/[x].md", "p/x.md"]
    assert resolve("**/*.md", "q") == ["p/[x].md", "p/q/x.md", "p/x.md", "p/q"]
    assert resolve("../x.*") == ["x.md"]
    assert resolve("[x].md") == ["p/[x].md"]
    for pattern in ("*.prompt", "gon[e].md"):
        with pytest.raises(Fatal, match="no file matches the pattern"):
            resolve(pattern)


def test_named_files_are_entries_even_when_they_are_ignored(repo: Repo) -> None:
    """With paths, ignored and untracked files among them are there; other untracked ones aren't looked for."""
    repo.write("tracked.md")
    repo.write(".gitignore", "build/\n")
    repo.commit()
    repo.write("build/x.md")
    repo.write("named.md")
    repo.write("other.md")
    repo.link("link.md", "tracked.md")
    repo.write("new/a.md")
    repo.write("new/b.md")

    entries = opened(repo).list_entries(["build/x.md", "named.md", "link.md", "new"])

    assert {path: entry.kind for path, entry in entries.items()} == {
        ".gitignore": "file", "tracked.md": "file", "build/x.md": "file", "named.md": "file", "link.md": "link",
        "new/a.md": "file", "new/b.md": "file",
    }  # fmt: skip


def test_named_paths_behind_links_lead_to_real_files(repo: Repo) -> None:
    """A file or folder named through a link to a folder is found, untracked or not."""
    repo.write("real/a.md")
    repo.write("real/sub/b.md")
    repo.link("link", "real")
    tree = opened(repo)

    one = tree.find_aliases(tree.list_entries(["link/a.md"]))
    folder = tree.find_aliases(tree.list_entries(["link"]))
    below = tree.list_entries(["link/sub"])

    assert one == {"link/a.md": "real/a.md"}
    assert folder == {"link/a.md": "real/a.md", "link/sub/b.md": "real/sub/b.md"}
    assert "real/sub/b.md" in below


def test_named_folders_are_names_not_patterns(repo: Repo) -> None:
    """A folder called `*` or `:(exclude)x` is that folder, to git as well."""
    for folder in ("*", ":(exclude)x", "x"):
        repo.write(f"{folder}/a.md")

    assert set(opened(repo).list_entries(["*"])) == {"*/a.md"}
    assert set(opened(repo).list_entries([":(exclude)x"])) == {":(exclude)x/a.md"}


def test_the_top_as_an_argument_means_everything(repo: Repo) -> None:
    """`prompt-lint check .` sees untracked files, too."""
    repo.write("a.md")

    assert set(opened(repo).list_entries([""])) == {"a.md"}


def test_a_submodule_named_or_its_inside_is_no_failure_of_git(repo: Repo, tmp_path: Path) -> None:
    """Naming a submodule, or a folder in it, lists the submodule as it always does."""
    inner = Repo(tmp_path / "inner")
    inner.write("sub/a.md")
    inner.commit()
    repo.submodule("lib", inner)

    assert kinds(opened(repo)) == {".gitmodules": "file", "lib": "submodule"}
    for path in ("lib", "lib/sub"):
        entries = opened(repo).list_entries([path])
        assert {path: entry.kind for path, entry in entries.items()} == kinds(opened(repo))


# Without git


def test_outside_of_git_the_folder_is_walked_with_a_note(tmp_path: Path) -> None:
    """All files below count, and the note says what was done."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.md").write_text("x")

    tree = open_tree(str(tmp_path))

    assert not tree.has_git
    assert kinds(tree) == {"a/b.md": "file"}
    assert tree.notes == [
        f"this is not a git repository: checks all files below {tmp_path} but those that .gitignore excludes"
    ]


def test_without_git_installed_the_folder_is_walked(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program still works, and says why it may see other files than git would."""
    repo.write("a.md")
    monkeypatch.setenv("PATH", "/nonexistent")

    tree = opened(repo)

    assert set(tree.list_entries()) == {"a.md"}
    assert tree.notes[0].startswith("git is not installed")


def test_the_walk_stays_inside(tmp_path: Path) -> None:
    """Neither git's folder nor links are entered, not even links to the folder itself."""
    repo = Repo(tmp_path / "r")
    repo.write("a/b.md")
    repo.link("out", "/etc")
    repo.link("a/self", ".")
    tree = open_tree(str(repo.path), use_git=False)

    entries = tree.list_entries()

    assert {path: entry.kind for path, entry in entries.items()} == {
        "a/b.md": "file",
        "out": "link",
        "a/self": "link",
    }
    aliases = tree.find_aliases(entries)
    assert aliases["a/self/b.md"] == "a/b.md"
    assert isinstance(aliases["out"], Unreadable)


def test_git_is_not_asked_again_about_what_it_has_listed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum of hundreds of files would start it for each. Of what isn't listed, git still says what it ignores."""
    repo.write(".gitignore", "*.log\n")
    for path in ("tracked.md", "kept.log", "left.log"):
        repo.write(path, "Be kind.\n")
    repo.git("add", "--force", "tracked.md", "kept.log")
    repo.write("new.md", "Be kind.\n")
    tree = opened(repo)
    tree.list_entries()
    commands: list[Sequence[str]] = []
    run = git.run

    def record(command: Sequence[str], top: str) -> bytes:
        commands.append(command)
        return run(command, top)

    monkeypatch.setattr(git, "run", record)

    for path in ("tracked.md", "kept.log", "new.md"):
        tree.require_shared(path, path)
    assert commands == []
    with pytest.raises(Unreadable, match="is ignored by git"):
        tree.require_shared("left.log", "left.log")
    assert len(commands) == 1
