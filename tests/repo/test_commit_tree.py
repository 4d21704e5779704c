"""The files of a commit: listed, followed and read like those of a working tree, with nothing on disk looked at."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.repo import Repo

from prompt_lint.model.errors import ExitCode, Fatal, MissingFile, NotInRepository, Unreadable
from prompt_lint.repo import git
from prompt_lint.repo import objects as objects_module
from prompt_lint.repo.commit_tree import CommitTree
from prompt_lint.repo.entries import Entry
from prompt_lint.repo.links import MAX_TARGET
from prompt_lint.repo.objects import ObjectLost, ObjectReader, ObjectTooLarge
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CAP = 1 << 20
NAMES = [
    b"new\nline.md", b"tab\t.md", b'quo"te.md', b"-rf.md", b"--output=x", b":(glob)x.md", b"*.md", b"back\\slash.md",
    b"$(touch x).md", b"caf\xe9.md", b"\xff/\xfe.md", b"esc\x1b[31m.md", b" lead.md", b"trail .md ", b"a b/c d.md",
    b"100644 blob x\ty", "提示词.md".encode(), b"HEAD", b"sub/HEAD:x",
]  # fmt: skip


def list_children() -> set[str]:
    """Return the ids of the processes that this one has started, and that are left."""
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


@pytest.fixture
def children() -> Iterator[None]:
    """Afterwards no process is left, but those of other tests, such as the resource tracker of a pool."""
    before = list_children()
    yield
    assert list_children() <= before


def reason(commit: CommitTree, path: str, cap: int = CAP) -> str:
    with pytest.raises(Unreadable) as caught:
        commit.read(path, cap)
    return caught.value.message


def empty_disk(repo: Repo) -> None:
    """Leaves git's own folder, so that whatever is read comes from there."""
    for path in repo.path.iterdir():
        if path.name != ".git":
            subprocess.run(["rm", "-rf", path], check=True)


# What is listed and read


@pytest.mark.usefixtures("children")
@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_every_name_is_listed_and_read_from_objects(tmp_path: Path, form: str) -> None:
    """Whatever names git takes, with ids of either length: listed as they are, and read without the disk."""
    path = tmp_path / "r"
    path.mkdir()
    repo = Repo(path, init=False)
    repo.git("init", "--quiet", f"--object-format={form}")
    for name in NAMES:
        repo.write(name, name)
    commit_id = repo.commit()
    blob = repo.git("rev-parse", "HEAD:-rf.md")
    empty_disk(repo)

    with CommitTree(str(repo.path), commit_id) as commit:
        entries = commit.list_entries()

        assert {path.encode("utf-8", "surrogateescape") for path in entries} == set(NAMES)
        assert entries["-rf.md"] == Entry("file", blob)
        for listed in entries:
            assert commit.read(listed, CAP) == listed.encode("utf-8", "surrogateescape")


@pytest.mark.usefixtures("children")
def test_links_and_submodules_are_what_they_are(repo: Repo, tmp_path: Path) -> None:
    """Kinds are those of the working tree; only regular files are read."""
    inner = Repo(tmp_path / "inner")
    inner.write("a.md")
    inner.commit()
    repo.submodule("lib", inner)
    repo.write("real/a.md")
    repo.link("link.md", "real/a.md")
    repo.write("run.sh").chmod(0o755)

    with CommitTree(str(repo.path), repo.commit()) as commit:
        kinds = {path: entry.kind for path, entry in commit.list_entries().items()}

        assert kinds == {
            ".gitmodules": "file", "lib": "submodule", "link.md": "link", "real/a.md": "file", "run.sh": "file",
        }  # fmt: skip
        assert commit.read("run.sh", CAP) == b"Hello.\n"
        assert reason(commit, "link.md").startswith("is a symbolic link, not a file")
        assert reason(commit, "lib").startswith("is a submodule, a repository of its own")
        assert reason(commit, "real").startswith("is a folder, not a file")
        for path in ("nope.md", "real/nope.md", "nope/a.md", "real/a.md/x", "lib/a.md", "", "../repo/run.sh"):
            with pytest.raises(MissingFile):
                commit.read(path, CAP)


@pytest.mark.usefixtures("children")
def test_too_large_a_file_is_refused_by_its_size(repo: Repo) -> None:
    """The size is told and the content left where it is; what is asked next is answered."""
    repo.write("big.md", b"\0" * 50_000_000)
    repo.write("small.md", "x" * 100)

    with CommitTree(str(repo.path), repo.commit()) as commit:
        message = reason(commit, "big.md")
        small = commit.read("small.md", 100)

        assert message.startswith("is 50,000,000 bytes long, more than ")
        assert message.endswith(", more than the 1,048,576 that are read")
        assert small == b"x" * 100
        assert reason(commit, "small.md", 99).startswith("is 100 bytes long")
        assert commit.read("small.md", 100) == small


@pytest.mark.usefixtures("children")
def test_pointers_of_lfs_are_no_text_to_compare_with(repo: Repo) -> None:
    """The commit holds the pointer only, and that is said."""
    repo.write("a.md", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")

    with CommitTree(str(repo.path), repo.commit()) as commit:
        assert "is a Git LFS pointer" in reason(commit, "a.md")


@pytest.mark.usefixtures("children")
def test_what_is_committed_is_shared_unless_it_is_no_file(repo: Repo, tmp_path: Path) -> None:
    """What a prompt takes in is there for everybody, also if git would ignore it; folders and submodules aren't files."""
    inner = Repo(tmp_path / "inner")
    inner.commit()
    repo.submodule("lib", inner)
    repo.write(".gitignore", "*.log\n")
    repo.write("sub/kept.log")
    repo.git("add", "--force", "sub/kept.log")

    with CommitTree(str(repo.path), repo.commit()) as commit:
        commit.require_shared("sub/kept.log", "sub/kept.log")
        with pytest.raises(MissingFile, match="is a folder"):
            commit.require_shared("sub", "sub")
        with pytest.raises(MissingFile, match="is not in commit"):
            commit.require_shared("nope", "nope")
        with pytest.raises(NotInRepository):
            commit.require_shared("lib", "lib")


# Links


@pytest.mark.usefixtures("children")
def test_links_lead_where_they_do_in_a_checkout(repo: Repo) -> None:
    """Chains, absolute ones, folders, a way up and back: as the working tree of the same commit has it."""
    repo.write("a/real.md")
    repo.write("a/sub/b.md")
    repo.link("plain.md", "a/real.md")
    repo.link("chain.md", "plain.md")
    repo.link("absolute.md", repo.path / "a/real.md")
    repo.link("deep/up.md", "../a/../a/real.md")
    repo.link("out-and-back.md", f"../{repo.path.name}/a/real.md")
    repo.link("folder", "a")
    repo.link("a/self", ".")
    repo.link("a/top", "..")
    repo.link(b"caf\xe9.md", "a/real.md")
    for number, target in enumerate(
        [
            "nowhere.md",
            "plain.md/x",
            "loop-2.md",
            "/etc/passwd",
            "../secret",
            "..",
            ".git/config",
            "/proc/self/environ",
        ]
    ):
        repo.link(f"loop-{number}.md", target)
    tree = open_tree(str(repo.path))

    with CommitTree(str(repo.path), repo.commit()) as commit:
        expected = tree.find_aliases(tree.list_entries())
        found = commit.find_aliases(commit.list_entries())

    assert {path: str(real) for path, real in found.items()} == {
        path: str(real) for path, real in expected.items()
    }
    assert found["chain.md"] == "a/real.md"
    assert found["folder/sub/b.md"] == "a/sub/b.md"
    assert str(found["loop-2.md"]) == "is a symbolic link that goes in circles"
    assert str(found["loop-4.md"]) == "is a symbolic link that leaves the repository"


@pytest.mark.usefixtures("children")
def test_nothing_on_disk_decides_where_a_link_leads(repo: Repo) -> None:
    """Links of the commit lead to files of the commit, whatever has become of either since."""
    repo.write("a.md")
    repo.link("link.md", "a.md")
    commit_id = repo.commit()
    empty_disk(repo)
    repo.link("a.md", "/etc/passwd")
    repo.link("only-now.md", "link.md")

    with CommitTree(str(repo.path), commit_id) as commit:
        assert commit.resolve("link.md") == "a.md"
        assert commit.find_file("link.md") == ("a.md", commit.find_node("a.md"))
        assert commit.find_file("only-now.md") is None


@pytest.mark.usefixtures("children")
def test_links_into_submodules_and_endless_ones_lead_nowhere(repo: Repo, tmp_path: Path) -> None:
    """What a submodule holds is another repository's business; a target may be any number of bytes long."""
    inner = Repo(tmp_path / "inner")
    inner.write("a.md")
    inner.commit()
    repo.submodule("lib", inner)
    repo.link("in.md", "lib/a.md")
    repo.write("target", "x" * (MAX_TARGET + 1))
    blob = repo.git("hash-object", "-w", "target")
    repo.git("add", "--all")
    repo.git("update-index", "--add", "--cacheinfo", f"120000,{blob},long.md")
    repo.git("commit", "--quiet", "--message=x")

    with CommitTree(str(repo.path), repo.git("rev-parse", "HEAD")) as commit:
        found = commit.find_aliases(commit.list_entries())

    assert str(found["in.md"]) == "is a symbolic link that leads to a submodule, a repository of its own"
    assert str(found["long.md"]) == "is a symbolic link that leads to nowhere (File name too long)"


@pytest.mark.usefixtures("children")
def test_names_that_no_checkout_would_take_are_only_names(repo: Repo) -> None:
    """A commit can hold `..` and `.git`; they are looked up in its folders, never on disk."""
    blob = repo.git("hash-object", "-w", str(repo.write("a.md", "inside")))
    (repo.path.parent / "secret.md").write_text("secret")

    def tree_of(*records: str) -> str:
        listing = "\0".join(records) + "\0"
        done = subprocess.run(
            ["git", "mktree", "-z"], cwd=repo.path, input=listing.encode(), capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    inner = tree_of(f"100644 blob {blob}\tsecret.md")
    top = tree_of(f"040000 tree {inner}\t..", f"040000 tree {inner}\t.git", f"100644 blob {blob}\ta.md")
    with CommitTree(str(repo.path), repo.git("commit-tree", "-m", "x", top)) as commit:
        assert commit.read("../secret.md", CAP) == b"inside"
        with pytest.raises(Unreadable, match="leaves the repository"):
            commit.resolve("../secret.md")
        with pytest.raises(Unreadable, match="leaves the repository"):
            commit.resolve(".git/secret.md")


# What isn't there, and what isn't what it seems


@pytest.mark.usefixtures("children")
def test_replaced_objects_are_not_obeyed(repo: Repo) -> None:
    """A ref below refs/replace changes nothing: an id names the content that it is the digest of."""
    repo.write("a.md", "true")
    commit_id = repo.commit()
    true = repo.git("rev-parse", "HEAD:a.md")
    false = repo.git("hash-object", "-w", str(repo.write("b.md", "false")))
    repo.git("replace", true, false)
    assert repo.git("cat-file", "blob", true) == "false", "the trap was not armed"

    with CommitTree(str(repo.path), commit_id) as commit:
        assert commit.read("a.md", CAP) == b"true"


@pytest.mark.usefixtures("children")
def test_a_folder_that_is_none_ends_the_comparison_at_once(repo: Repo) -> None:
    """A search for records in it would take minutes: nearly each character may begin one, and none ends."""
    (repo.path / "tree").write_bytes(b"1 " * 500_000)
    top = repo.git("hash-object", "-w", "-t", "tree", "--literally", "tree")
    commit_id = repo.git("commit-tree", "-m", "x", top)
    started = time.process_time()

    with CommitTree(str(repo.path), commit_id) as commit, pytest.raises(Fatal) as caught:
        commit.read("a.md", 9)

    assert "folders of it are not in this clone, or damaged" in caught.value.message
    assert time.process_time() - started < 1


@pytest.mark.parametrize("damage", [b"", b"no object at all"])
def test_a_missing_or_damaged_blob_ends_the_comparison(repo: Repo, tmp_path: Path, damage: bytes) -> None:
    """What can't be looked at may have been anything; a command in the hint brings what is missing."""
    repo.write("gone.md", "gone")
    repo.write("fine.md", "fine")
    commit_id = repo.commit()
    repo.git("clone", "--quiet", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", init=False)
    unpack(clone)
    blob = clone.git("rev-parse", "HEAD:gone.md")
    lose(clone, blob, damage)

    with CommitTree(str(clone.path), commit_id) as commit:
        with pytest.raises(Fatal) as caught:
            commit.read("gone.md", CAP)
        fine = commit.read("fine.md", CAP)
        clone.git(*caught.value.hint.split("`")[3].split()[1:])
        mended = b"" if damage else commit.read("gone.md", CAP)

    assert caught.value.exit_code == ExitCode.USAGE
    assert f"git's object {blob[:10]}, a file of it, is not in this clone, or damaged" in caught.value.message
    assert (fine, mended) == (b"fine", b"" if damage else b"gone")


def lose(repo: Repo, object_id: str, damage: bytes = b"") -> None:
    """Leaves an object out of a repository, or something else in its place."""
    path = repo.path / ".git/objects" / object_id[:2] / object_id[2:]
    path.unlink()
    if damage:
        path.write_bytes(damage)


def unpack(repo: Repo) -> None:
    """Lets each object of a clone be a file of its own."""
    [pack] = (repo.path / ".git/objects/pack").glob("*.pack")
    content = pack.read_bytes()
    for file in pack.parent.iterdir():
        file.unlink()
    subprocess.run(["git", "unpack-objects", "-q"], cwd=repo.path, input=content, check=True)


@pytest.mark.usefixtures("children")
def test_a_link_whose_target_is_lost_ends_the_comparison(repo: Repo) -> None:
    """Else the file behind it would seem to be new."""
    repo.write("a.md")
    repo.link("link.md", "a.md")
    commit_id = repo.commit()
    lose(repo, repo.git("rev-parse", "HEAD:link.md"))

    with (
        CommitTree(str(repo.path), commit_id) as commit,
        pytest.raises(Fatal, match="a link of it, is not in"),
    ):
        commit.find_file("link.md")


@pytest.mark.usefixtures("children")
def test_a_partial_clone_fetches_nothing_by_itself(repo: Repo, tmp_path: Path) -> None:
    """A blob that a partial clone left out is told, without a fetch; the command in the hint brings it."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.write("a.md", "before " * 100)
    first = repo.commit()
    repo.write("a.md", "after " * 100)
    repo.commit()
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", init=False)

    with CommitTree(str(clone.path), first) as commit:
        told = []
        for _ in range(2):
            with pytest.raises(Fatal) as caught:
                commit.read("a.md", CAP)
            told.append(caught.value.message)
        command = caught.value.hint.split("`")[1]
        clone.git(*command.split()[1:])
        mended = commit.read("a.md", CAP)

    assert "is not in this clone, or damaged" in told[0]
    assert told[0] == told[1]
    assert command == f"git diff --stat {first}"
    assert mended == b"before " * 100


def test_a_commit_without_its_folders_ends_the_comparison(repo: Repo) -> None:
    """Where even the list of names is missing, everything would seem to be new: that is an error of the run."""
    repo.write("sub/a.md")
    commit_id = repo.commit()
    tree = repo.git("rev-parse", "HEAD:sub")
    (repo.path / ".git/objects" / tree[:2] / tree[2:]).unlink()

    with (
        CommitTree(str(repo.path), commit_id) as commit,
        pytest.raises(Fatal, match="folders of it are not in this clone"),
    ):
        commit.find_file("sub/a.md")
    with CommitTree(str(repo.path), commit_id) as commit, pytest.raises(Fatal, match="git: "):
        commit.list_entries()


# The process


@pytest.mark.usefixtures("children")
def test_one_process_answers_everything_and_ends(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred files are one process, which is gone with the context; nothing asked starts none."""
    for number in range(100):
        repo.write(f"d{number % 7}/{number}.md", str(number))
    commit_id = repo.commit()
    started: list[Sequence[str]] = []
    real = git.start

    def start(args: Sequence[str], top: str, *, interactive: bool = False) -> subprocess.Popen[bytes]:
        started.append(args)
        return real(args, top, interactive=interactive)

    monkeypatch.setattr(git, "start", start)

    with CommitTree(str(repo.path), commit_id):
        pass
    unasked = len(started)
    with CommitTree(str(repo.path), commit_id) as commit:
        texts = [commit.read(f"d{number % 7}/{number}.md", CAP) for number in range(100)]

    assert unasked == 0
    assert texts == [str(number).encode() for number in range(100)]
    assert len(started) == 1


@pytest.mark.usefixtures("children")
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_process_ends_with_whatever_ends_the_context(repo: Repo, error: type[BaseException]) -> None:
    """Ctrl-C and errors leave no process behind."""
    repo.write("a.md")
    commit_id = repo.commit()

    def use() -> None:
        with CommitTree(str(repo.path), commit_id) as commit:
            commit.read("a.md", CAP)
            raise error

    with pytest.raises(error):
        use()


@pytest.mark.usefixtures("children")
def test_an_interruption_between_question_and_answer_mixes_nothing_up(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that nobody read isn't taken for the next one."""
    one = repo.git("hash-object", "-w", str(repo.write("one.md", "one")))
    two = repo.git("hash-object", "-w", str(repo.write("two.md", "two")))

    with ObjectReader(str(repo.path)) as objects:
        objects.read(one, CAP)
        with monkeypatch.context() as patched:
            patched.setattr(objects_module, "int", _interrupt, raising=False)
            with pytest.raises(KeyboardInterrupt):
                objects.read(one, CAP)
        assert objects.read(two, CAP) == b"two"


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("children")
def test_a_process_that_was_killed_is_started_again(repo: Repo) -> None:
    """The answer that it owed is lost, those after it come."""
    blob = repo.git("hash-object", "-w", str(repo.write("a.md", "words")))

    with ObjectReader(str(repo.path)) as objects:
        objects.read(blob, CAP)
        assert objects._process
        objects._process.kill()
        objects._process.wait()
        with pytest.raises(ObjectLost):
            objects.read(blob, CAP)
        assert objects.read(blob, CAP) == b"words"
        with pytest.raises(ObjectTooLarge):
            objects.read(blob, 4)
        assert objects.read(blob, 5) == b"words"
