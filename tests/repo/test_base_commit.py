"""Which commit is compared with: by name, in CI, and on somebody's own machine; and what mends a clone that lacks it."""

from __future__ import annotations

import json
import shlex
import shutil
from copy import copy
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.repo import Repo

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.values import Base
from prompt_lint.repo.base_commit import NoBase, find_base
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from pathlib import Path


def base(repo: Repo, wanted: str = "auto", env: dict[str, str] | None = None) -> Base:
    found = find_base(open_tree(str(repo.path)), wanted, env or {})
    assert isinstance(found, Base), found
    return found


def absent(repo: Repo, env: dict[str, str] | None = None) -> NoBase:
    found = find_base(open_tree(str(repo.path)), "auto", env or {})
    assert isinstance(found, NoBase), found
    return found


def refused(repo: Repo, wanted: str, env: dict[str, str] | None = None) -> Fatal:
    with pytest.raises(Fatal) as caught:
        find_base(open_tree(str(repo.path)), wanted, env or {})
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def change(repo: Repo, name: str) -> str:
    """A commit that adds a file, so that no two commits are the same."""
    repo.write(f"{name}.md", name)
    return repo.commit(name)


def mend(repo: Repo, hint: str) -> None:
    """Run the command that a hint names."""
    command = next(part for part in hint.split("`") if part.startswith("git fetch"))
    repo.git(*shlex.split(command)[1:])


class World:
    """An upstream whose `main` has moved on since `topic` left it at `fork`; `merge` is how a platform merges the two."""

    def __init__(self, path: Path) -> None:
        self.upstream = Repo(path / "upstream")
        for name in ("uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter"):
            self.upstream.git("config", name, "true")
        self.first = change(self.upstream, "one")
        self.fork = change(self.upstream, "two")
        self.upstream.git("checkout", "--quiet", "-b", "topic")
        self.middle = change(self.upstream, "topic-1")
        self.head = change(self.upstream, "topic-2")
        self.upstream.git("checkout", "--quiet", "main")
        change(self.upstream, "main-1")
        self.target = change(self.upstream, "main-2")
        self.upstream.git("checkout", "--quiet", "--detach")
        self.upstream.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
        self.merge = self.upstream.git("rev-parse", "HEAD")
        self.upstream.git("update-ref", "refs/pull/7/merge", self.merge)
        self.upstream.git("checkout", "--quiet", "main")
        self.path = path

    def clone(self, *options: str) -> Repo:
        place = self.path / "clone"
        self.upstream.git("clone", "--quiet", *options, f"file://{self.upstream.path}", str(place))
        return Repo(place, init=False)

    def checkout(self, ref: str, depth: int = 1) -> Repo:
        """As `actions/checkout` does it: one ref, so deep, on a detached HEAD. 0 is everything, all branches."""
        clone = Repo(self.path / "clone")
        clone.git("remote", "add", "origin", f"file://{self.upstream.path}")
        refs = ["+refs/heads/*:refs/remotes/origin/*", ref] if depth == 0 else [f"--depth={depth}", ref]
        clone.git("fetch", "--quiet", "--no-tags", "origin", *refs)
        clone.git("checkout", "--quiet", "--detach", self.upstream.git("rev-parse", ref))
        return clone

    def github(self, name: str, payload: Any = None, **env: str) -> dict[str, str]:
        file = self.path / "event.json"
        file.write_text(json.dumps(payload or {}))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_REPOSITORY": "o/r",
        } | env

    def pull_request(self, name: str = "pull_request", **env: str) -> dict[str, str]:
        payload = {
            "number": 7,
            "pull_request": {
                "number": 7,
                "base": {"sha": self.target, "ref": "main", "repo": {"full_name": "o/r"}},
                "head": {"sha": self.head, "ref": "topic", "repo": {"full_name": "o/r"}},
            },
            "repository": {"default_branch": "main"},
        }
        usual = {"GITHUB_BASE_REF": "main", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": self.merge}
        return self.github(name, payload, **usual | env)


TEMPLATES: dict[str, World] = {}


@pytest.fixture
def world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of one that is built once: that takes thirty calls of git."""
    if not TEMPLATES:
        TEMPLATES["one"] = World(tmp_path_factory.mktemp("world"))
    mine = copy(TEMPLATES["one"])
    shutil.copytree(mine.path, tmp_path, dirs_exist_ok=True)
    mine.path, mine.upstream = tmp_path, Repo(tmp_path / "upstream", init=False)
    return mine


# By name


@pytest.mark.parametrize("wanted", ["origin/main", "main", "refs/remotes/origin/main"])
def test_a_named_base_is_where_head_left_it(world: World, wanted: str) -> None:
    """Not the tip of the branch, whose newer commits aren't this change; also if only the remote has the branch."""
    clone = world.clone("--branch=topic")

    found = base(clone, wanted)

    assert found.commit == world.fork
    assert found.description.startswith("the merge base with ")
    assert found.description.endswith("main")


def test_commits_before_head_are_compared_with_themselves(world: World) -> None:
    """An expression, a full id, a short one, a tag and HEAD are what they say."""
    clone = world.clone("--branch=topic")
    clone.git("tag", "-a", "-m", "x", "v1", world.first)

    for wanted, expected in {
        "HEAD~1": world.middle, world.middle: world.middle, world.first[:12]: world.first, "v1": world.first,
        "HEAD": world.head, "@{upstream}": world.head, world.target: world.fork,
    }.items():  # fmt: skip
        assert base(clone, wanted).commit == expected
    assert base(clone, world.middle) == Base(world.middle, world.middle[:10], world.middle[:10])


HOSTILE = [
    "--output=/nonexistent/x", "-h", "--all", "--upload-pack=touch x", "", " ", "main..topic", "main...topic", "^main",
    "main\n--all", "main\0", "\x1b[31m", "HEAD:two.md", "HEAD^{tree}", "nope", "a" * 400, "b" * 10_000, "$(touch x)",
    "main@{99999999999}", "HEAD^99", "0" * 40, "é\udcff", "--end-of-options", "main;x", "refs/heads/*",
]  # fmt: skip


@pytest.mark.parametrize("shallow", [False, True])
def test_names_that_name_no_commit_end_the_run(world: World, shallow: bool) -> None:
    """Options, ranges, files, nonsense: exit code 2, and nothing but a look-up has happened."""
    clone = world.clone("--branch=topic", *(["--depth=1"] if shallow else []))
    before = sorted(clone.path.rglob("*"))

    for wanted in HOSTILE:
        found = refused(clone, wanted)

        assert (bool(found.message), bool(found.hint)) == (True, True), wanted
        assert sorted(clone.path.rglob("*")) == before, wanted


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("main..HEAD", "`main..HEAD` is a range of commits"),
        ("main...HEAD", "is a range of commits"),
        ("^main", "is a range of commits"),
        ("@{-1}", "there is no commit `@{-1}` in this clone"),
        ("HEAD@{5}", "there is no commit"),
        ("HEAD~99", "there is no commit"),
        ("HEAD^{tree}", "there is no commit"),
        ("https://example.com/o/r", "there is no commit"),
    ],
)
def test_what_is_no_name_of_a_commit_is_told_as_it_is_written(world: World, wanted: str, told: str) -> None:
    """It isn't missing in the clone: no command would bring it."""
    found = refused(world.clone("--branch=topic"), wanted)

    assert told in found.message
    assert found.hint.startswith("name ")
    assert "fetch" not in found.hint


def test_the_branch_before_this_one_is_a_base(repo: Repo) -> None:
    """As git itself spells it."""
    first = change(repo, "a")
    repo.git("checkout", "--quiet", "-b", "topic")
    change(repo, "b")

    assert base(repo, "@{-1}") == Base(first, "@{-1}", "@{-1}")


def test_a_name_in_a_command_is_quoted(world: World) -> None:
    """A branch may be called anything, and people paste the command that is proposed."""
    hint = refused(world.clone(), "x;touch${IFS}y").hint

    assert (
        shlex.split(hint.split("`")[1])[-1] == "+refs/heads/x;touch${IFS}y:refs/remotes/origin/x;touch${IFS}y"
    )


def test_unrelated_histories_have_no_base(repo: Repo) -> None:
    """An orphan branch shares no commit with HEAD, and that is said."""
    change(repo, "a")
    repo.git("checkout", "--quiet", "--orphan", "other")
    change(repo, "b")

    assert "have no commit in common" in refused(repo, "main").message
    assert "have no commit in common" in refused(repo, repo.git("rev-parse", "main")).message
    assert "have no commit in common" in absent(repo).message


def test_one_of_several_merge_bases_is_taken(repo: Repo) -> None:
    """After merges crosswise there are two, neither better; git's first is the answer, every time."""
    change(repo, "root")
    repo.git("checkout", "--quiet", "-b", "topic")
    one = change(repo, "topic-1")
    repo.git("checkout", "--quiet", "main")
    two = change(repo, "main-1")
    repo.git("merge", "--quiet", "--no-edit", one)
    repo.git("checkout", "--quiet", "topic")
    repo.git("merge", "--quiet", "--no-edit", two)
    assert set(repo.git("merge-base", "--all", "HEAD", "main").split()) == {one, two}

    found = {base(repo, "main").commit for _ in range(3)}

    assert len(found) == 1
    assert found < {one, two}


def test_without_a_commit_there_is_nothing_to_compare_with(repo: Repo) -> None:
    """An unborn HEAD is told by name and by `auto`."""
    repo.write("a.md")

    assert absent(repo).message == "there is no commit yet, so there is nothing to compare with"
    assert refused(repo, "main").message == absent(repo).message


def test_a_fetch_of_what_may_be_no_branch_says_so(world: World) -> None:
    """Nobody knows whether the remote has a branch of that name; of one that is here the command says nothing more."""
    clone = world.clone("--branch=topic", "--depth=1")

    assert refused(clone, "nosuch").hint.endswith("/nosuch`, if nosuch is a branch of origin")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    assert refused(clone, "main").hint.endswith("/main`")


def test_outside_of_git_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    """A plain folder has no history."""
    tree = open_tree(str(tmp_path))

    assert isinstance(find_base(tree, "auto", {}), NoBase)
    with pytest.raises(Fatal, match="a base needs git") as caught:
        find_base(tree, "main", {})
    assert "in a git repository" in caught.value.hint


def test_grafts_and_replacements_make_no_history(world: World) -> None:
    """What a clone claims beside its commits decides nothing."""
    clone = world.clone("--branch=topic")
    clone.write(".git/info/grafts", f"{world.head}\n")
    clone.git("replace", "-f", world.middle, world.first)
    with pytest.raises(AssertionError):
        clone.git("merge-base", "HEAD", "origin/main")

    assert base(clone, "origin/main").commit == world.fork


def test_a_linked_worktree_has_a_head_of_its_own(world: World, tmp_path: Path) -> None:
    """There the base is that of the branch checked out there."""
    clone = world.clone()
    clone.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "topic")

    assert base(Repo(tmp_path / "linked", init=False)).commit == world.fork
    assert base(clone).commit == world.target


# Clones that lack it


@pytest.mark.parametrize("wanted", ["origin/main", "main", "HEAD~1"])
def test_a_shallow_clone_is_told_the_command_that_mends_it(world: World, wanted: str) -> None:
    """The command is run here, and then there is a base."""
    clone = world.clone("--branch=topic", "--depth=1")

    told = refused(clone, wanted)
    mend(clone, told.hint)

    assert base(clone, wanted).commit == (world.middle if wanted == "HEAD~1" else world.fork)


def test_a_history_that_ends_before_the_fork_is_too_short(world: World) -> None:
    """Both branches are there, but not where they part: nothing is compared until there is more history."""
    clone = world.clone("--branch=topic", "--depth=1", "--no-single-branch")

    told = refused(clone, "origin/main")
    mend(clone, told.hint)

    assert (
        told.message == "the history in this clone is too short to find where HEAD and origin/main diverged"
    )
    assert told.hint == "run `git fetch --unshallow origin`"
    assert base(clone, "origin/main").commit == world.fork


def test_an_exact_base_needs_no_history(world: World) -> None:
    """Of a commit that is named by its full id, one fetch of it alone is enough."""
    clone = world.clone("--branch=topic", "--depth=1")

    told = refused(clone, world.fork)
    mend(clone, told.hint)

    assert told.hint == f"run `git fetch --depth=1 origin {world.fork}`"
    found = base(clone, world.fork)
    assert found.commit == world.fork
    assert (
        found.description
        == f"{found.name} itself: the history in this clone is too short to find where HEAD diverged from it"
    )
    assert clone.git("rev-list", "--count", "HEAD") == "1"
    assert base(clone, world.head).description == world.head[:10]
    assert base(clone, "topic").description == "topic, which is HEAD itself"


def test_a_full_clone_of_one_branch_fetches_the_other(world: World) -> None:
    """The command doesn't cut a history that is whole."""
    clone = world.clone("--branch=topic", "--single-branch")

    told = refused(clone, "main")
    mend(clone, told.hint)

    assert base(clone, "main").commit == world.fork
    assert clone.git("rev-parse", "--is-shallow-repository") == "false"
    assert base(clone, world.target).commit == world.fork


def test_without_a_remote_nothing_can_be_fetched(repo: Repo) -> None:
    """The hint names no command that would fail."""
    change(repo, "a")

    assert refused(repo, "nope").hint == "name a branch, a tag or a commit that `git log` knows"


# On one's own machine


def test_a_branch_is_compared_with_the_default_branch_of_the_remote(world: World) -> None:
    """Whatever the default branch is called, and though the branch has an upstream of its own."""
    world.upstream.git("branch", "--move", "main", "production")
    clone = world.clone()
    clone.git("checkout", "--quiet", "topic")
    change(clone, "more")

    assert base(clone) == Base(world.fork, "origin/production", "the merge base with origin/production")


def test_the_default_branch_is_compared_with_what_was_pushed(world: World) -> None:
    """There the change is what hasn't been pushed yet."""
    clone = world.clone()
    change(clone, "more")

    assert base(clone) == Base(world.target, "origin/main", "origin/main")


def test_a_detached_head_is_compared_with_the_default_branch(world: World) -> None:
    """As in the middle of a rebase."""
    clone = world.clone()
    clone.git("checkout", "--quiet", "--detach", world.middle)

    assert base(clone).commit == world.fork


def test_without_a_remote_the_local_default_branch_is_the_base(repo: Repo) -> None:
    """By the conventional names; on that branch itself there is nothing to compare with."""
    first = change(repo, "a")
    alone = absent(repo)
    repo.git("checkout", "--quiet", "-b", "topic")
    change(repo, "b")

    assert base(repo) == Base(first, "main", "main")
    assert "this is the default branch" in alone.message


def test_where_the_remote_tells_no_default_the_conventional_names_do(world: World) -> None:
    """A remote that was added by hand has no HEAD here."""
    clone = world.clone("--branch=topic")
    clone.git("remote", "set-head", "origin", "--delete")

    assert base(clone) == Base(world.fork, "origin/main", "the merge base with origin/main")


@pytest.mark.parametrize("depth", [[], ["--depth=1"]])
def test_a_branch_is_not_compared_with_its_own_upstream(world: World, depth: list[str]) -> None:
    """A clone of one branch knows no other: what was pushed of it would be no change. The command brings the rest."""
    clone = world.clone("--branch=topic", "--single-branch", *depth)

    told = absent(clone)
    fetch, _, more = told.hint.split("`")[1].partition(" && ")
    for command in (fetch, more):
        clone.git(*shlex.split(command)[1:])

    assert told.message == "this clone doesn't know the default branch of origin, only topic"
    assert "--base REF" in told.hint
    assert base(clone) == Base(world.fork, "origin/main", "the merge base with origin/main")


def test_the_only_branch_of_a_clone_may_be_the_default_one(world: World) -> None:
    """There the change is what hasn't been pushed, whatever it is called; or the branch it is said to follow."""
    world.upstream.git("branch", "--move", "main", "production")
    clone = world.clone("--single-branch")
    change(clone, "more")
    alone = base(clone)
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("checkout", "--quiet", "-b", "mine", "--track", "origin/production")

    assert alone == Base(world.target, "origin/production", "origin/production")
    assert base(clone).name == alone.name


def test_a_remote_of_another_name_will_do(world: World) -> None:
    """If it is the only one."""
    clone = world.clone("--branch=topic", "--origin=mine")

    assert base(clone).name == "mine/main"


# GitHub


@pytest.mark.parametrize("depth", [0, 2])
def test_the_merge_of_a_pull_request_is_compared_with_its_first_parent(world: World, depth: int) -> None:
    """What is checked out is the target with the change; the target alone is the base, two commits deep or more."""
    clone = world.checkout("refs/pull/7/merge", depth)

    assert base(clone, "auto", world.pull_request()) == Base(world.target, "main", "main")


def test_the_default_checkout_of_a_pull_request_is_too_shallow_and_told(world: World) -> None:
    """With depth 1 the first parent's name is known, and one fetch brings it."""
    clone = world.checkout("refs/pull/7/merge", 1)

    told = absent(clone, world.pull_request())
    mend(clone, told.hint)

    assert told.message == "main is not in this clone"
    assert told.hint == (
        "give `actions/checkout` `with: {fetch-depth: 0}`, or run `git fetch --depth=1 origin "
        f"{world.target}` before"
    )
    assert base(clone, "auto", world.pull_request()).commit == world.target


def test_the_head_of_a_pull_request_is_compared_with_where_it_left_the_target(world: World) -> None:
    """Whoever checks out the branch itself; also where only the payload knows the target."""
    clone = world.checkout("refs/heads/topic", 0)
    first = base(clone, "auto", world.pull_request())
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    second = base(clone, "auto", world.pull_request())

    assert first == Base(world.fork, "origin/main", "the merge base with origin/main")
    assert second == Base(world.fork, "main", "the merge base with main")


def test_the_head_of_a_pull_request_alone_is_too_shallow_and_told(world: World) -> None:
    """The command brings the target and all history between."""
    clone = world.checkout("refs/heads/topic", 1)

    told = absent(clone, world.pull_request())
    mend(clone, told.hint)

    assert base(clone, "auto", world.pull_request()).commit == world.fork


def test_a_merge_group_is_compared_with_what_it_is_queued_upon(world: World) -> None:
    """The payload names it; a commit that a shallow clone has is enough."""
    payload = {
        "merge_group": {"base_sha": world.target, "base_ref": "refs/heads/main", "head_sha": world.merge}
    }
    env = world.github("merge_group", payload)
    clone = world.checkout("refs/pull/7/merge", 1)

    told = absent(clone, env)
    mend(clone, told.hint)

    assert base(clone, "auto", env) == Base(world.target, "main", "main")


def push(world: World, before: str, branch: str = "topic", **more: object) -> dict[str, str]:
    payload = {
        "before": before,
        "forced": False,
        "created": False,
        "repository": {"default_branch": "main"},
    } | more
    return world.github("push", payload, GITHUB_REF=f"refs/heads/{branch}", GITHUB_REF_TYPE="branch")


def test_a_push_is_compared_with_what_was_there_before(world: World) -> None:
    """Of a few commits at once, all are the change."""
    clone = world.checkout("refs/heads/main", 0)

    found = base(clone, "auto", push(world, world.fork, "main"))

    assert found.commit == world.fork
    assert found.description == f"{world.fork[:10]}, the commit before this push"


def test_a_shallow_push_fetches_what_was_there_before(world: World) -> None:
    """GitHub says that the push has replaced nothing, so the commit alone will do."""
    clone = world.checkout("refs/heads/main", 1)
    env = push(world, world.fork, "main")

    told = absent(clone, env)
    mend(clone, told.hint)

    assert base(clone, "auto", env).commit == world.fork


@pytest.mark.parametrize("before", ["0" * 40, "fork-not-in-history"])
def test_a_new_or_rewritten_branch_is_compared_with_the_default_branch(world: World, before: str) -> None:
    """There is no commit before it that it is built on."""
    clone = world.checkout("refs/heads/topic", 0)
    sha = before if before.strip("0") == "" else world.target

    found = base(clone, "auto", push(world, sha, forced=True))

    assert found == Base(world.fork, "origin/main", "the merge base with origin/main")


def test_a_rewritten_default_branch_has_nothing_to_compare_with(world: World) -> None:
    """What was there before isn't a part of what is there now, and that is said."""
    clone = world.checkout("refs/heads/main", 0)

    told = absent(clone, push(world, world.head, "main", forced=True))

    assert "this push replaced history" in told.message


@pytest.mark.parametrize(
    "event", ["schedule", "repository_dispatch", "release", "issue_comment", "::error::\n"]
)
def test_runs_without_a_change_have_nothing_to_compare_with(world: World, event: str) -> None:
    """Nothing is guessed: the report is about the whole."""
    told = absent(world.clone(), world.github(event))

    assert "neither a pull request nor a push" in told.message
    assert "\n" not in told.message
    assert "--base REF" in told.hint


PAYLOADS = [
    "", "[]", "null", '"x"', "[" * 100_000, '{"pull_request": []}', '{"pull_request": {"base": "x"}}', "9" * 10_000,
    '{"pull_request": {"base": {"sha": "--output=x", "ref": "-x"}}, "number": -1}', "\xff",
    '{"pull_request": {"base": {"sha": ["a"], "ref": {"a": 1}}, "number": "7; rm"}}',
]  # fmt: skip


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_payload_of_another_shape_is_no_base(world: World, text: str) -> None:
    """Without anything to go by there is a reason, and no error; the target's name alone is enough."""
    clone = world.checkout("refs/heads/topic", 0)
    env = world.pull_request(GITHUB_REF="", GITHUB_BASE_REF="")
    (world.path / "event.json").write_bytes(text.encode("latin-1"))

    told = absent(clone, env)
    named = base(clone, "auto", env | {"GITHUB_BASE_REF": "main"})

    assert told.message == "CI doesn't report the branch that this change will be merged into"
    assert named.commit == world.fork


@pytest.mark.parametrize("ref", ["--output=x", "../../main", "main\n", "a..b", "@{-1}", "x:y", "*", "-"])
def test_hostile_names_of_branches_are_no_names(world: World, ref: str) -> None:
    """What can't be a branch isn't looked up."""
    clone = world.checkout("refs/heads/topic", 0)
    env = world.github("pull_request", {}, GITHUB_BASE_REF=ref)

    assert absent(clone, env).message == "CI doesn't report the branch that this change will be merged into"


# GitLab and Azure


def gitlab(world: World, **env: str) -> dict[str, str]:
    usual = {
        "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": world.fork,
        "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": "0" * 40,
    }  # fmt: skip
    return usual | env


@pytest.mark.parametrize("depth", [0, 1])
def test_a_merge_request_is_compared_with_its_diff_base(world: World, depth: int) -> None:
    """The platform names it; in a shallow clone it is fetched alone."""
    clone = world.checkout("refs/heads/topic", depth)
    if depth:
        told = absent(clone, gitlab(world))
        assert told.hint.startswith(
            'set `variables: {GIT_DEPTH: "0"}` in the job, or run `git fetch --depth=1 '
        )
        mend(clone, told.hint)

    expected = "main" if depth else "the merge base with origin/main"
    assert base(clone, "auto", gitlab(world)).commit == world.fork
    assert base(clone, "auto", gitlab(world)).description == expected


def test_a_diff_base_of_an_earlier_pipeline_is_no_base(world: World) -> None:
    """After a rebase GitLab may still name the old one; and a runner may have the target's branch of an earlier job."""
    clone = world.checkout("refs/heads/topic", 0)

    rebased = base(clone, "auto", gitlab(world, CI_MERGE_REQUEST_DIFF_BASE_SHA=world.first))
    clone.git("update-ref", "refs/remotes/origin/main", world.first)
    reused = base(clone, "auto", gitlab(world))

    assert rebased.commit == reused.commit == world.fork


def test_a_merged_result_is_compared_with_its_target(world: World) -> None:
    """There the target is a part of what is checked out, so its news are no change."""
    clone = world.checkout("refs/pull/7/merge", 0)

    found = base(clone, "auto", gitlab(world, CI_MERGE_REQUEST_TARGET_BRANCH_SHA=world.target))

    assert found.commit == world.target


def test_a_merge_train_is_compared_with_what_is_merged_before(world: World) -> None:
    """The merge requests before this one aren't in the target yet, and are no change of this one."""
    clone = world.checkout("refs/pull/7/merge", 0)
    clone.git("update-ref", "refs/remotes/origin/main", world.fork)

    found = base(clone, "auto", gitlab(world, CI_MERGE_REQUEST_TARGET_BRANCH_SHA=world.target))

    assert found.commit == world.target


def test_the_merge_request_of_a_fork_is_not_compared_with_the_branch_of_the_fork(world: World) -> None:
    """Its pipeline runs in the fork, whose `main` may have the change already."""
    clone = world.checkout("refs/heads/topic", 0)
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    fork = {"CI_PROJECT_PATH": "me/r", "CI_MERGE_REQUEST_PROJECT_PATH": "g/r"}

    assert base(clone, "auto", gitlab(world, **fork)).commit == world.fork


def test_a_push_to_gitlab_is_compared_with_what_was_there_before(world: World) -> None:
    """A first push to a branch has nothing before it: then the default branch is the base. A child pipeline is its parent's."""
    clone = world.checkout("refs/heads/topic", 0)
    env = {
        "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "topic",
    }  # fmt: skip

    for source in ("push", "parent_pipeline"):
        env["CI_PIPELINE_SOURCE"] = source
        assert base(clone, "auto", env | {"CI_COMMIT_BEFORE_SHA": world.middle}).commit == world.middle
        assert base(clone, "auto", env | {"CI_COMMIT_BEFORE_SHA": "0" * 40}).commit == world.fork
    assert (
        "neither a pull request nor a push" in absent(clone, env | {"CI_PIPELINE_SOURCE": "schedule"}).message
    )


def azure(world: World, **env: str) -> dict[str, str]:
    usual = {
        "TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
        "BUILD_SOURCEVERSION": world.merge, "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main", "SYSTEM_PULLREQUEST_ISFORK": "False",
    }  # fmt: skip
    return usual | env


def test_azure_merges_pull_requests_as_well(world: World) -> None:
    """The first parent is the base; a shallow checkout is told how to get it."""
    clone = world.checkout("refs/pull/7/merge", 1)

    told = absent(clone, azure(world))
    mend(clone, told.hint)

    assert told.hint.startswith(
        "give the step `checkout: self` `fetchDepth: 0`, or run `git fetch --depth=1 "
    )
    assert base(clone, "auto", azure(world)).commit == world.target


def test_a_push_to_azure_is_compared_with_the_default_branch(world: World) -> None:
    """Nobody tells what was there before; on the default branch itself there is nothing to compare with."""
    clone = world.checkout("refs/heads/topic", 0)
    env = {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/topic"}

    assert base(clone, "auto", env).commit == world.fork
    assert (
        "doesn't report the commit before this push"
        in absent(clone, env | {"BUILD_SOURCEBRANCH": "refs/heads/main"}).message
    )


def test_merge_requests_whose_variables_are_missing_are_told_which(world: World) -> None:
    """They have a change, and nobody says of what: that isn't the same as a schedule. One variable is enough."""
    clone = world.checkout("refs/heads/topic", 0)
    lab = {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event"}
    pipelines = {"TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/heads/topic"}
    named = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "SYSTEM_PULLREQUEST_TARGETBRANCH": "main"}

    for env, name in zip((lab, pipelines), named, strict=True):
        told = absent(clone, env)
        assert told.message == "CI doesn't report the branch that this change will be merged into"
        assert f"`{name}`" in told.hint
        assert base(clone, "auto", env | {name: "main"}).commit == world.fork


def test_a_pull_request_of_another_ci_is_compared_with_its_target(world: World) -> None:
    """Not with the default branch, which it may have left long ago; and a clone of the change alone is told what it lacks."""
    world.upstream.git("branch", "release", world.middle)
    env = {"CHANGE_ID": "7", "CHANGE_TARGET": "release"}
    clone = world.clone("--branch=topic")
    alone = Repo(world.path / "alone")
    alone.git("remote", "add", "origin", f"file://{world.upstream.path}")
    alone.git("fetch", "--quiet", "origin", "topic")
    alone.git("checkout", "--quiet", "-b", "pull/7", "FETCH_HEAD")

    assert base(clone, env=env).commit == world.middle
    assert base(clone).commit == world.fork
    told = absent(alone, env)
    assert told.message == "origin/release is not in this clone"
    mend(alone, told.hint)
    assert base(alone, env=env).commit == world.middle
    unnamed = absent(alone, {"CHANGE_ID": "7"})
    assert "`CHANGE_TARGET` is missing" in unnamed.hint
