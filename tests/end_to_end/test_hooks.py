"""The hooks as people run them: by pre-commit and by prek, installed from a repository, in real commits, merges and pushes.

Both managers install prompt-lint once for all of these tests, from the wheels that `tools/dev.py setup` keeps: no
index is asked. Afterwards they have neither the wheels nor a network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.support.paths import ROOT
from tests.support.repo import ENVIRONMENT, Repo
from tests.support.wheels import OFFLINE, WHEELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syrupy.assertion import SnapshotAssertion
    from tests.support.api_server import ApiServer

BIN = Path(sys.executable).parent
# What an installation from the repository reads.
SHIPPED = (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE", "NOTICE", "src")
# A port on which nobody listens.
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
# Lines of a terminal that isn't small.
SCREEN = 50

SHORT = "Be brief.\n"
LONG = "Never guess a number that you could look up.\n" * 20
CONFIG = """\
models: [claude-sonnet-5-5]
limit: 50
prompts:
  - files: prompts/
  - files: CLAUDE.md
    allow_empty: true
"""
SUM = """
groups:
  - name: all of them
    sum: [prompts/]
    limit: 60
"""


class Done(NamedTuple):
    code: int
    out: str


class Manager(NamedTuple):
    """pre-commit or prek, with our hooks installed; `source` is the repository they come from, at `revision`."""

    name: str
    env: Mapping[str, str]
    source: Path
    revision: str

    def run(self, folder: Path, *arguments: str, program: str = "", **env: str) -> Done:
        """What it prints on both streams; `program` instead of the manager itself. An empty variable is none."""
        given = {name: value for name, value in {**self.env, **env}.items() if value}
        done = subprocess.run(
            [program or str(BIN / self.name), *arguments],
            cwd=folder, env=given, check=False, timeout=300,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode(errors="backslashreplace"))


class User(NamedTuple):
    """Somebody's repository with our hooks in its configuration."""

    repo: Repo
    manager: Manager

    def configure(self, *hooks: str, **settings: Any) -> None:
        """The hooks, with what the user says of them; committed."""
        used = [{"id": name, **settings} for name in hooks or ("prompt-lint",)]
        repos = [{"repo": str(self.manager.source), "rev": self.manager.revision, "hooks": used}]
        self.repo.write(".pre-commit-config.yaml", json.dumps({"repos": repos}))
        self.repo.commit("The hooks")

    def install(self, *types: str) -> None:
        arguments = [word for one in types for word in ("--hook-type", one)]
        assert self.manager.run(self.repo.path, "install", *arguments).code == 0

    def run(self, *arguments: str, **env: str) -> Done:
        return self.manager.run(self.repo.path, "run", *arguments, **env)

    def git(self, *arguments: str, **env: str) -> Done:
        """Git, which may say no."""
        return self.manager.run(self.repo.path, *arguments, program="git", **env)

    def stage(self, name: str, content: str) -> None:
        self.repo.write(name, content)
        self.repo.git("add", "--", name)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository with what is in the working tree now, as one that is published would have it."""
    repo = Repo(tmp_path_factory.mktemp("published") / "prompt-lint")
    for name in SHIPPED:
        place = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        place(ROOT / name, repo.path / name)
    repo.write(".gitignore", "__pycache__/\n")
    repo.commit()
    return repo


# Each installs the hooks once.
MANAGERS = ("pre-commit", "prek")
# What git and prompt-lint do here is the same with each manager. pre-commit takes twice as long to start as all else.
PREK_FIRST = pytest.mark.parametrize(
    "manager", [pytest.param("pre-commit", marks=pytest.mark.slow), "prek"], indirect=True
)


@pytest.fixture(scope="module", params=MANAGERS)
def manager(
    request: pytest.FixtureRequest, source: Repo, tmp_path_factory: pytest.TempPathFactory
) -> Manager:
    """One that has installed the hooks."""
    home = tmp_path_factory.mktemp(f"home-of-{request.param}")
    env = {
        # The wheels are for the Python of the tests, and prek looks for one outside of environments.
        "PATH": os.pathsep.join([str(BIN), str(Path(sys.base_prefix, "bin")), os.environ["PATH"]]),
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "managed"),
        "PREK_HOME": str(home / "managed"),
        **ENVIRONMENT,
    }
    assert WHEELS.is_dir(), "the wheels for these tests are missing: run `python3 tools/dev.py setup`"
    found = Manager(request.param, env | NO_NETWORK, source.path, source.git("rev-parse", "HEAD"))
    user = User(Repo(tmp_path_factory.mktemp("installing") / "repo"), found)
    user.configure("prompt-lint", "prompt-lint-all")
    install = {"pre-commit": "install-hooks", "prek": "prepare-hooks"}[found.name]
    done = found.run(user.repo.path, install, **OFFLINE)
    assert done.code == 0, done.out
    return found


@pytest.fixture
def user(manager: Manager, tmp_path: Path) -> User:
    """A repository with a prompt, a configuration, and the hook `prompt-lint`."""
    found = User(Repo(tmp_path / "repo"), manager)
    found.repo.write(".prompt-lint.yaml", CONFIG)
    found.repo.write("prompts/a.md", SHORT)
    found.configure()
    return found


def test_a_prompt_over_its_limit_stops_the_commit(user: User) -> None:
    """The commit isn't made, and the message says by how much, where, and what to do; a shorter one is committed.

    `git commit --all` and `git commit FILE` stage in a temporary index while the hook runs.
    """
    user.install("pre-commit")
    before = user.repo.git("rev-parse", "HEAD")

    user.repo.write("prompts/a.md", LONG)
    for arguments in (("--all",), ("prompts/a.md",)):
        assert "OVER      prompts/a.md" in user.git("commit", "-m", "Too much", *arguments).out
    user.stage("prompts/a.md", LONG)
    stopped = user.git("commit", "-m", "Too much")

    assert stopped.code == 1
    assert "OVER      prompts/a.md" in stopped.out
    assert "or raise the limit: .prompt-lint.yaml:2" in stopped.out
    assert user.repo.git("rev-parse", "HEAD") == before

    user.stage("prompts/a.md", SHORT * 2)
    assert user.git("commit", "-m", "Better").code == 0
    assert user.repo.git("rev-parse", "HEAD") != before


def test_what_is_staged_is_judged(user: User) -> None:
    """Not what an editor has made of the file since, which is there again afterwards."""
    for staged, on_disk, code in ((LONG, SHORT, 1), (SHORT * 2, LONG, 0)):
        user.stage("prompts/a.md", staged)
        user.repo.write("prompts/a.md", on_disk)

        done = user.run()

        assert done.code == code, done.out
        assert (user.repo.path / "prompts/a.md").read_text() == on_disk


def test_what_git_can_stage_is_passed_on(user: User, tmp_path: Path) -> None:
    """Rules decide what a prompt is, so files of any kind arrive: also those that the managers know no type for.

    A memory file is often a link: a new one may bring in a file, or a folder of files, that no rule had before. What
    is behind a link or an import is judged though neither has changed. A deleted prompt can't be over, and a new
    commit of another repository is none of this one's prompts.
    """
    repo = user.repo
    repo.write("AGENTS.md", SHORT)
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.write("prompts/importer/CLAUDE.md", "See @style.md\n")
    repo.write("prompts/importer/style.md", SHORT)
    repo.write("prompts/deleted.md", LONG)
    repo.write("other.md", LONG)
    repo.write("shared/deep/b.md", LONG)
    repo.commit()
    module = Repo(tmp_path / "module")
    module.write("prompts/b.md", LONG)
    module.commit()

    any_type = ("a.mdc", "b.prompty", "c.prompt", "d", "e.poml", ".cursorrules")
    for name in any_type:
        repo.write(f"prompts/{name}", f"{name}\n{LONG}")
    repo.write("prompts/f.bin", b"\0\xff\xfe")
    repo.write("README.md", LONG)
    repo.write("AGENTS.md", LONG)
    repo.write("prompts/importer/style.md", f"Style.\n{LONG}")
    repo.link("prompts/shared", "../shared")
    repo.git("rm", "--quiet", "prompts/deleted.md")
    repo.git("mv", "other.md", "prompts/renamed.md")
    repo.submodule("prompts/module", module)
    repo.git("add", "--all")

    report = _report(user)

    over = {verdict["path"] for verdict in report["verdicts"] if verdict["status"] == "over"}
    assert over == {
        *(f"prompts/{name}" for name in any_type), "CLAUDE.md", "prompts/importer/CLAUDE.md", "prompts/importer/style.md",
        "prompts/renamed.md", "shared/deep/b.md",
    }  # fmt: skip
    assert [problem["path"] for problem in report["problems"]] == ["prompts/f.bin"]


# Merges and pushes


@PREK_FIRST
def test_a_resolved_conflict_is_judged(user: User) -> None:
    """What was made of both sides is, and what came from the other side as it was isn't blamed."""
    user.install("pre-commit")
    _diverge(
        user.repo,
        ours={"prompts/a.md": "Ours.\n"},
        theirs={"prompts/a.md": "Theirs.\n", "prompts/b.md": LONG},
    )
    assert user.git("merge", "theirs").code == 1
    user.stage("prompts/a.md", LONG)

    done = user.git("commit", "-m", "Merged")

    assert done.code == 1
    assert "OVER      prompts/a.md" in done.out

    user.stage("prompts/a.md", "Both.\n")
    assert user.git("commit", "-m", "Merged").code == 0


@PREK_FIRST
def test_a_merge_that_makes_a_sum_too_large_is_stopped(user: User) -> None:
    """Neither side is over, and git finds no conflict."""
    user.repo.write(".prompt-lint.yaml", CONFIG + SUM)
    user.repo.commit()
    user.install("pre-merge-commit")
    _diverge(user.repo, ours={"prompts/b.md": SHORT * 8}, theirs={"prompts/c.md": SHORT * 8})

    done = user.git("merge", "--no-edit", "theirs")

    assert done.code == 1
    assert "OVER      all of them (group" in done.out


@PREK_FIRST
def test_a_range_of_commits_is_judged_by_its_files(user: User) -> None:
    """What changed between two commits, and nothing else."""
    user.repo.write("prompts/old.md", LONG)
    start = user.repo.commit()
    user.repo.write("prompts/new.md", LONG)
    end = user.repo.commit()

    done = user.run("--from-ref", start, "--to-ref", end)

    assert done.code == 1
    assert "OVER      prompts/new.md" in done.out
    assert "prompts/old.md" not in done.out


@PREK_FIRST
def test_a_push_checks_all_prompts_once(user: User, tmp_path: Path) -> None:
    """With both hooks, as the documentation sets them up, each failure is told once, and what the remote has doesn't fail.

    A rule whose last prompt has gone is told, too.
    """
    user.repo.write("prompts/old.md", LONG)
    user.configure("prompt-lint", "prompt-lint-all")
    Repo(tmp_path / "remote").git("config", "receive.denyCurrentBranch", "ignore")
    user.repo.git("remote", "add", "origin", str(tmp_path / "remote"))
    user.install("pre-push")
    whole = user.git("push", "origin", "main")
    user.repo.git("push", "--quiet", "--no-verify", "origin", "main")
    user.repo.write("prompts/b.md", LONG)
    user.repo.write("prompts/old.md", LONG.removeprefix("Never guess"))
    user.repo.commit()
    stopped = user.git("push", "origin", "main")

    assert (whole.code, whole.out.count("OVER")) == (1, 1)
    assert (stopped.code, stopped.out.count("OVER")) == (1, 1)
    assert "OVER      prompts/b.md" in stopped.out
    assert "1 over before this change" in stopped.out

    user.repo.write("prompts/b.md", SHORT)
    user.repo.commit()
    assert user.git("push", "origin", "main").code == 0

    user.repo.git("rm", "--quiet", "-r", "prompts")
    user.repo.commit()
    done = user.git("push", "origin", "main")

    assert done.code == 1
    assert ".prompt-lint.yaml:4: no file in the repository matches `prompts/`" in done.out


@PREK_FIRST
def test_all_prompts_by_hand(user: User) -> None:
    """`prompt-lint-all` runs without any changed file, finds what no commit touches, and can be skipped."""
    user.configure("prompt-lint", "prompt-lint-all")
    user.repo.write("prompts/b.md", LONG)
    user.repo.commit()
    user.stage("prompts/a.md", SHORT * 2)

    assert user.run().code == 0  # not in every commit
    assert user.run("prompt-lint", "--all-files").code == 0  # which is about what is staged
    user.repo.commit()
    everything = user.run("prompt-lint", "--all-files")
    done = user.run("--hook-stage", "manual", "prompt-lint-all")
    skipped = user.run("--hook-stage", "manual", SKIP="prompt-lint-all")

    assert everything.code == done.code == 1
    assert "OVER      prompts/b.md" in everything.out
    assert "OVER      prompts/b.md" in done.out
    assert skipped.code == 0, skipped.out


@pytest.mark.parametrize("manager", MANAGERS[1:], indirect=True)
def test_a_configuration_in_a_folder(user: User) -> None:
    """Prek runs the hooks of a folder there, with paths from there; the rules are still those of the repository."""
    user.repo.write(".prompt-lint.yaml", CONFIG.replace("files: CLAUDE.md", "files: sub/prompts/"))
    hooks = (user.repo.path / ".pre-commit-config.yaml").read_text()
    user.repo.write("sub/.pre-commit-config.yaml", hooks)
    user.repo.commit()
    user.stage("sub/prompts/b.md", LONG)

    done = user.run()

    assert done.code == 1
    assert "OVER      sub/prompts/b.md" in done.out


# Many files, and odd ones


@PREK_FIRST
def test_many_files_take_one_process(user: User) -> None:
    """Side by side, processes would each start, list and count for themselves."""
    for number in range(200):
        user.repo.write(f"prompts/{number}.md", f"{number}\n")
    user.repo.git("add", "--all")

    done = user.run("--verbose")

    assert done.code == 0, done.out
    assert done.out.count("200 prompts within their limits") == 1


@PREK_FIRST
def test_more_files_than_a_command_line_takes_are_judged_once(user: User) -> None:
    """Each file and each sum of them, also where nothing is staged and all files are asked for."""
    user.repo.write(".prompt-lint.yaml", CONFIG + SUM)
    folder = "/".join(["prompts", *["long" * 60] * 3])
    for number in range(200):
        user.repo.write(f"{folder}/{number}.md", LONG if number == 0 else "\n")
    user.repo.git("add", "--all")
    staged = user.run()
    user.repo.commit()
    everything = user.run("--all-files")

    for done in (staged, everything):
        assert done.code == 1
        assert done.out.count("OVER      all of them (group") == 1
        assert done.out.count(f"OVER      {folder}/0.md") == 1


NAMES = (
    "-e", "--exit-zero", "--output-file=x", "-", "--", "a b.md", " c.md", "d'.md", 'e".md', "f\n.md", "$(touch g).md",
    "`touch h`.md", "i;touch j.md", "k%s.md", "ü.md", "*.md", "[l].md", ":(glob)m.md", "!n.md", "#o.md", "~p.md", "@q.md",
)  # fmt: skip


@PREK_FIRST
def test_names_are_only_names(user: User) -> None:
    """No name is an option, a pattern or a command, and each such prompt is judged."""
    user.repo.write(
        ".prompt-lint.yaml",
        "models: [claude-sonnet-5-5]\nlimit: 50\nprompts:\n  - files: '*'\n    exclude: .*\n",
    )
    user.repo.commit()
    for name in NAMES:
        user.repo.write(name, f"{name!r}\n{LONG}")
    user.repo.git("add", "--all")

    report = _report(user)

    assert sorted(one["path"] for one in report["verdicts"] if one["status"] == "over") == sorted(NAMES)
    assert not {"g", "h", "j.md", "x"} & set(os.listdir(user.repo.path))


@pytest.mark.parametrize("manager", MANAGERS[:1], indirect=True)
def test_a_name_like_an_option_is_refused_where_it_could_be_one(user: User) -> None:
    """Whoever asks for names and sets other arguments may forget the `--` that ends them: then a file could choose options."""
    user.configure(args=["-v"], pass_filenames=True)
    user.stage("--exit-zero", "")
    user.stage("prompts/a.md", LONG)

    done = user.run()

    assert done.code == 1
    assert "exit code: 2" in done.out
    assert "`--exit-zero` may be an option, or the file of that name here" in done.out


# Surroundings


@pytest.mark.parametrize("manager", MANAGERS[1:], indirect=True)
def test_surroundings_change_no_verdict(user: User) -> None:
    """Without a home, a cache, a network or a key, in CI, and with a key that isn't used: the same report."""
    user.stage("prompts/b.md", LONG)
    usual = user.run()
    assert usual.code == 1

    for env in (
        {"HOME": "", "CI": "true"},
        {"HOME": "/nonexistent", "LC_ALL": "C"},
        {"XDG_CACHE_HOME": "/dev/null", "ANTHROPIC_API_KEY": "sk-ant-api03-Canary_42zQ9"},
    ):
        done = user.run(**env)
        lines = [line for line in done.out.splitlines() if "note: the cache" not in line]
        assert (done.code, lines) == (1, usual.out.splitlines()), env

    annotated = user.run(GITHUB_ACTIONS="true", CI="true")
    assert annotated.code == 1
    assert "prompts/b.md" in annotated.out


@pytest.mark.parametrize("manager", MANAGERS[1:], indirect=True)
def test_a_key_is_not_used_unless_asked_for(user: User, api: ApiServer) -> None:
    """A commit sends nothing anywhere; `--counting auto` asks where the offline count can't decide."""
    env = {
        "ANTHROPIC_API_KEY": "sk-ant-api03-Canary_42zQ9",
        "ANTHROPIC_BASE_URL": api.url,
        **dict.fromkeys(NO_NETWORK, ""),
    }
    user.repo.write(".prompt-lint.yaml", CONFIG.replace("limit: 50", "limit: 265"))
    user.repo.commit()
    user.stage("prompts/a.md", LONG)

    offline = user.run("--verbose", **env)
    assert "unsure    prompts/a.md" in offline.out
    assert not api.requests

    user.configure(args=["--counting", "auto", "--"])
    user.stage("prompts/a.md", f"{LONG}\n")
    asked = user.run("--verbose", **env)

    assert "1 request sent to 127.0.0.1" in asked.out
    assert len(api.requests) == 1


@pytest.mark.parametrize("manager", MANAGERS[:1], indirect=True)
def test_flags_can_stand_for_a_configuration(user: User) -> None:
    """With a `files` of the hook, its arguments are all that is needed."""
    user.repo.git("rm", "--quiet", ".prompt-lint.yaml")
    arguments = ["--limit", "50", "--model", "claude-sonnet-5-5", "--"]
    user.configure(files=r"^docs/.*\.md$", args=arguments, pass_filenames=True)
    user.stage("README.md", LONG)
    assert user.run().code == 0

    user.stage("docs/a.md", LONG)
    done = user.run()

    assert done.code == 1
    assert "OVER      docs/a.md" in done.out


def test_failures_fit_on_a_screen(user: User, snapshot: SnapshotAssertion) -> None:
    """The worst are told in full, with what to do; the rest briefly."""
    for number in range(20):
        user.repo.write(f"prompts/{number:02}.md", f"# Rules\n\n{LONG * (1 + number)}\n# Tone\n\n{SHORT}")
    user.repo.git("add", "--all")

    done = user.run()

    assert done.code == 1
    assert done.out.count("\n") <= SCREEN
    assert done.out == snapshot


# What the documentation says


def _blocks(language: str) -> list[str]:
    text = (ROOT / "docs/hooks.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_configurations_of_the_documentation_are_valid(manager: Manager, tmp_path: Path) -> None:
    """For either manager, with hooks that there are."""
    blocks = [block for block in _blocks("yaml") if "repos:" in block]
    files = [tmp_path / f"{number}.yaml" for number in range(len(blocks))]
    for file, block in zip(files, blocks, strict=True):
        file.write_text(block)
        assert set(re.findall(r"id: (\S+)", block)) <= {"prompt-lint", "prompt-lint-all"}

    done = manager.run(tmp_path, "validate-config", *map(str, files))

    assert len(blocks) == 5
    assert done.code == 0, done.out


def test_the_script_of_the_documentation(repo: Repo, tmp_path: Path) -> None:
    """A plain hook stops a commit, is quiet where all is well, and lets one pass that touches no prompt."""
    [script] = _blocks("sh")
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/a.md", SHORT)
    repo.write("prompts/old.md", LONG)
    repo.commit()
    repo.write(".githooks/pre-commit", script).chmod(0o755)
    repo.git("config", "core.hooksPath", ".githooks")
    env = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path), **ENVIRONMENT}
    git = Manager("git", env, repo.path, "")
    repo.write("prompts/b c'd.md", LONG)

    repo.git("add", "--", "prompts/b c'd.md")
    stopped = git.run(repo.path, "commit", "-m", "Too much", program="git")
    repo.git("rm", "--quiet", "-f", "prompts/b c'd.md")
    nothing = git.run(repo.path, "commit", "--allow-empty", "--quiet", "-m", "Nothing", program="git")
    repo.write("app.py", "print()\n")
    repo.git("add", "app.py")
    no_prompt = git.run(repo.path, "commit", "--quiet", "-m", "No prompt", program="git")

    assert stopped.code == 1
    assert "OVER      prompts/b c'd.md" in stopped.out
    assert "prompts/old.md" not in stopped.out
    assert nothing == no_prompt == Done(0, "")
    with_names = '"prompt-lint check -q --counting offline --base hook --allow-unmatched --"'  # lint-staged
    assert with_names in (ROOT / "docs/hooks.md").read_text(encoding="utf-8")


def _diverge(repo: Repo, *, ours: Mapping[str, str], theirs: Mapping[str, str]) -> None:
    """Two branches, `main` and `theirs`, each with a commit of its own."""
    repo.git("checkout", "--quiet", "-b", "theirs")
    for files, branch in ((theirs, "main"), (ours, "")):
        for name, text in files.items():
            repo.write(name, text)
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "--no-verify", "--message=Mine")
        if branch:
            repo.git("checkout", "--quiet", branch)


def _report(user: User) -> Any:
    """The JSON report of a run that fails, for what is staged."""
    place = user.repo.path.parent / "report.json"
    settings = {"id": "prompt-lint", "args": ["--output", f"json={place}", "--"]}
    repos = [{"repo": str(user.manager.source), "rev": user.manager.revision, "hooks": [settings]}]
    config = user.repo.path.parent / "hooks.yaml"
    config.write_text(json.dumps({"repos": repos}))
    done = user.run("--config", str(config))
    assert done.code == 1, done.out
    return json.loads(place.read_bytes())
