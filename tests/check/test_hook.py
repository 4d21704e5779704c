"""`--base hook`: what is staged beside HEAD, what is pushed beside what the remote has, and everything where there is nothing to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.program import Done
    from tests.support.repo import Repo

CONFIG = "models: [claude-sonnet-5-5]\nlimit: 100\nprompts: [{files: prompts/}]\n"
# Of 307 and 507 tokens, and of 11.
LARGER, LARGE, SMALL = "word " * 500, "word " * 300, "Be kind.\n"


@pytest.fixture
def check(lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the hook in an environment: `check("prompts/a.md", PRE_COMMIT_FROM_REF="main")`."""

    def run(*paths: str, **env: str) -> Done:
        with monkeypatch.context() as context:
            for name, value in env.items():
                context.setenv(name, value)
            return lint("check", "--offline", "--base", "hook", "--output-format", "json", *paths)

    return run


@pytest.fixture
def history(repo: Repo) -> Repo:
    """`prompts/old.md` and `prompts/other.md` are over their limit in HEAD."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/old.md", LARGE)
    repo.write("prompts/other.md", f"Other.\n{LARGE}")
    repo.write("prompts/fine.md", SMALL)
    repo.commit()
    return repo


def stage(repo: Repo, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        repo.write(name, text)
    repo.git("add", "--all")


def statuses(done: Done) -> dict[str, str]:
    """The status of each prompt of the report; `inherited` for one over its limit that the change didn't make worse."""
    return {
        each["path"]: "inherited" if each["inherited"] else each["status"] for each in done.report["verdicts"]
    }


def test_a_staged_prompt_over_its_limit_passes_once_it_is_smaller(
    history: Repo, check: Callable[..., Done]
) -> None:
    """One that was over before and is smaller now passes, a larger one fails; what isn't staged isn't looked at."""
    stage(history, {"prompts/old.md": "word " * 200})
    smaller = check()
    stage(history, {"prompts/old.md": LARGER})
    larger = check()

    assert (smaller.code, statuses(smaller)) == (0, {"prompts/old.md": "inherited"})
    assert (larger.code, statuses(larger)) == (1, {"prompts/old.md": "over"})
    assert larger.report["against"]["how"] == "HEAD"


def test_head_is_not_compared_with_itself(history: Repo, check: Callable[..., Done]) -> None:
    """Where nothing is staged, and where names are given that aren't (`--all-files`), what is over fails."""
    everything = check()
    stage(history, {"prompts/fine.md": f"{SMALL}\n"})
    named = check("prompts/fine.md", "prompts/old.md")
    folder = check(".")

    assert everything.code == named.code == folder.code == 1
    assert statuses(everything) == statuses(folder)
    assert statuses(everything) == {
        "prompts/fine.md": "ok", "prompts/old.md": "over", "prompts/other.md": "over",
    }  # fmt: skip
    assert statuses(named) == {"prompts/fine.md": "ok", "prompts/old.md": "over"}


def test_names_that_are_all_staged_are_compared(history: Repo, check: Callable[..., Done]) -> None:
    """Of lint-staged, and of hooks that pass names: these are judged, and no other that is staged."""
    stage(history, {"prompts/old.md": "word " * 200, "prompts/new.md": LARGE})

    done = check("prompts/old.md")

    assert (done.code, statuses(done)) == (0, {"prompts/old.md": "inherited"})


def test_a_first_commit_has_no_base(repo: Repo, check: Callable[..., Done]) -> None:
    stage(repo, {".prompt-lint.yaml": CONFIG, "prompts/a.md": LARGE})

    assert statuses(check()) == {"prompts/a.md": "over"}


def test_a_staged_configuration_judges_everything_and_blames_only_the_change(
    history: Repo, check: Callable[..., Done]
) -> None:
    """A raised limit is told, a lowered one fails nothing, and prompts that were over don't fail."""
    stage(history, {".prompt-lint.yaml": CONFIG.replace("limit: 100", "limit: 120")})
    raised = check()
    stage(history, {".prompt-lint.yaml": CONFIG.replace("limit: 100", "limit: 1")})
    lowered = check()

    assert raised.code == lowered.code == 0
    assert set(statuses(raised).values()) == {"inherited", "ok"}
    assert [each["after"] for each in raised.report["loosened"]] == [120]
    assert set(statuses(lowered).values()) == {"inherited"}


def test_a_configuration_that_is_gone_has_changed(repo: Repo, check: Callable[..., Done]) -> None:
    """What it governed is judged by the one above it, also files that aren't staged; that the limit is higher there, is reported."""
    repo.write(".prompt-lint.yaml", CONFIG.replace("100", "400") + "on_raise: fail\n")
    repo.write("prompts/.prompt-lint.yaml", CONFIG.replace("prompts/", "'*.md'"))
    repo.write("prompts/a.md", SMALL)
    repo.write("prompts/b.md", SMALL)
    repo.commit()
    repo.git("rm", "--quiet", "prompts/.prompt-lint.yaml")
    stage(repo, {"prompts/a.md": LARGE})

    done = check()

    assert (done.code, statuses(done)) == (1, {"prompts/a.md": "ok", "prompts/b.md": "ok"})
    assert [(each["before"], each["after"]) for each in done.report["loosened"]] == [(100, 400)]


def test_growth_is_measured_though_nothing_is_over(history: Repo, check: Callable[..., Done]) -> None:
    stage(history, {".prompt-lint.yaml": CONFIG.replace("limit: 100", "limit: 9000\nmax_growth: 10%")})
    history.commit()
    stage(history, {"prompts/old.md": LARGER})

    assert statuses(check()) == {"prompts/old.md": "grew"}


def test_deletions_alone_blame_nothing(history: Repo, check: Callable[..., Done]) -> None:
    history.git("rm", "--quiet", "prompts/fine.md")

    done = check()

    assert (done.code, set(statuses(done).values())) == (0, {"inherited"})


def test_what_a_deleted_file_belonged_to_is_checked(history: Repo, check: Callable[..., Done]) -> None:
    """Beside another change, which alone would be looked at; a file that git forgets, and that is still there, isn't gone."""
    history.write(
        ".prompt-lint.yaml",
        f"{CONFIG}groups: [{{name: all, limit: 100, system: tone.md, messages: prompts/fine.md}}]\n",
    )
    history.write("tone.md", SMALL)
    history.commit()
    stage(history, {"prompts/new.md": SMALL})
    history.git("rm", "--quiet", "--cached", "tone.md")
    forgotten = check()
    (history.path / "tone.md").unlink()

    gone = check()

    assert (forgotten.code, gone.code) == (0, 2)
    assert "`tone.md` does not exist" in gone.out


@pytest.mark.parametrize("moved", ["shared/tone.md", "shared"])
def test_a_link_whose_file_goes_fails_the_commit(
    history: Repo, check: Callable[..., Done], moved: str
) -> None:
    """Beside another change; the link itself isn't changed."""
    history.write("shared/tone.md", SMALL)
    history.link("prompts/tone.md", "../shared/tone.md")
    history.commit()
    stage(history, {"prompts/new.md": SMALL})
    history.git("mv", moved, "moved")

    done = check()

    [problem] = done.report["problems"]
    assert (done.code, problem["path"]) == (3, "prompts/tone.md")
    assert problem["message"] == "is a symbolic link that leads to nothing"


def test_a_file_that_is_only_meant_to_be_added_is_not_in_the_commit(
    history: Repo, check: Callable[..., Done]
) -> None:
    """`git add --intent-to-add` stages no text."""
    history.write("prompts/later.md", SMALL * 100)
    history.git("add", "--intent-to-add", "prompts/later.md")
    history.write("prompts/new.md", SMALL)
    history.git("add", "prompts/new.md")

    assert statuses(check()) == {"prompts/new.md": "ok"}


def test_a_commit_without_a_change_blames_nothing(history: Repo, check: Callable[..., Done]) -> None:
    """Such as one that amends a message. Git says that it is a commit."""
    done = check(GIT_INDEX_FILE=".git/index")

    assert (done.code, set(statuses(done).values())) == (0, {"inherited", "ok"})


def test_the_index_of_git_commit_all_is_asked(history: Repo, check: Callable[..., Done]) -> None:
    """`git commit --all` and `git commit FILE` stage in an index of their own, and name it."""
    history.write("prompts/old.md", "word " * 200)
    index = history.path / ".git/next-index"
    index.write_bytes((history.path / ".git/index").read_bytes())
    history.git("-c", "alias.put=!GIT_INDEX_FILE=.git/next-index git add prompts/old.md", "put")

    done = check(GIT_INDEX_FILE=str(index))

    assert (done.code, statuses(done)) == (0, {"prompts/old.md": "inherited"})


@pytest.mark.parametrize("end", ["HEAD", ""])
def test_what_is_pushed_is_compared_with_what_the_remote_has(
    history: Repo, check: Callable[..., Done], end: str
) -> None:
    """Only files of the range are judged, whatever is staged; with `.` all are, and what the push didn't make worse passes."""
    start = history.git("rev-parse", "HEAD")
    history.write("prompts/old.md", "word " * 200)
    history.write("prompts/new.md", LARGE)
    history.commit()
    stage(history, {"prompts/fine.md": LARGE})
    env = {"PRE_COMMIT_FROM_REF": start, "PRE_COMMIT_TO_REF": end}

    done = check(**env)

    assert (done.code, statuses(done)) == (1, {"prompts/new.md": "over", "prompts/old.md": "inherited"})
    assert statuses(check(".", **env)) == {
        "prompts/fine.md": "over", "prompts/new.md": "over", "prompts/old.md": "inherited", "prompts/other.md": "inherited",
    }  # fmt: skip


def test_a_push_without_a_range_is_judged_whole(history: Repo, check: Callable[..., Done]) -> None:
    """The first push of a history has no range; and a range that ends where it starts compares nothing."""
    stage(history, {"prompts/fine.md": f"{SMALL}\n"})

    for env in ({"PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main"}, {"PRE_COMMIT_FROM_REF": "HEAD"}):
        done = check(**env)

        assert done.code == 1
        assert statuses(done)["prompts/old.md"] == "over", env


def merge(repo: Repo, ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Merge two commits up to the point at which the hooks of a commit run; the id of theirs."""
    repo.git("checkout", "--quiet", "-b", "theirs")
    stage(repo, theirs)
    merged = repo.commit("theirs")
    repo.git("checkout", "--quiet", "main")
    stage(repo, ours)
    repo.commit("ours")
    repo.git("merge", "--quiet", "--no-commit", "--no-ff", "--strategy-option=ours", "theirs")
    return merged


def test_a_merge_blames_no_prompt_that_one_side_had(history: Repo, check: Callable[..., Done]) -> None:
    """A new or larger prompt that is merged as it is passes; what the merge makes larger than on both sides fails.

    A merge without conflicts names the commits in variables, one that was stopped in `MERGE_HEAD`.
    """
    theirs = {"prompts/old.md": LARGER, "prompts/theirs.md": LARGE, "prompts/bad.md": "\0"}
    merged = merge(history, {"prompts/fine.md": f"{SMALL}\n"}, theirs)

    stopped = check()
    (history.path / ".git/MERGE_HEAD").unlink()
    named = check(**{f"GITHEAD_{merged}": "theirs"})

    assert stopped.out == named.out
    assert (stopped.code, statuses(stopped)) == (
        0, {"prompts/old.md": "inherited", "prompts/theirs.md": "inherited"},
    )  # fmt: skip
    against = stopped.report["against"]["how"]
    assert against == f"HEAD, and with the merged commit {merged[:10]}"

    stage(history, {"prompts/old.md": f"Both.\n{LARGER}"})
    worse = check(**{f"GITHEAD_{merged}": "theirs"})

    assert (worse.code, statuses(worse)) == (1, {"prompts/old.md": "over", "prompts/theirs.md": "inherited"})


def test_a_merge_that_makes_a_sum_too_large_fails(history: Repo, check: Callable[..., Done]) -> None:
    """Neither side was over it."""
    stage(history, {".prompt-lint.yaml": f"{CONFIG}groups: [{{name: all, sum: [prompts/], limit: 1000}}]\n"})
    history.commit()
    merge(history, {"prompts/ours.md": LARGE}, {"prompts/theirs.md": LARGE})

    done = check()

    assert done.code == 1
    assert [each["name"] for each in done.report["verdicts"] if not each["inherited"]] == ["all"]


def test_in_a_folder_what_is_staged_below_it_is_judged(
    history: Repo, check: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prek runs the hooks of a project of a monorepo in its folder."""
    stage(history, {"sub/a.md": LARGE, "prompts/old.md": LARGER})
    monkeypatch.chdir(history.path / "sub")

    assert not statuses(check())


def test_without_git_there_is_nothing_staged(lint: Callable[..., Done], history: Repo) -> None:
    done = lint("check", "--base", "hook", "--no-git")

    assert done.code == 2
    assert "`--base hook` needs git" in done.err


def test_the_top_folder_means_everything(history: Repo, lint: Callable[..., Done]) -> None:
    """Also that each rule matches a file."""
    stage(
        history,
        {
            ".prompt-lint.yaml": CONFIG.replace("]", ", {files: gone/}]").replace(
                "-5-5, {files: gone/}", "-5-5"
            )
        },
    )

    assert lint("check", ".").code == 2
