"""What a run asks of Linux, as strace sees it: which programs it starts, which files it opens, and whom it connects to."""

from __future__ import annotations

import os
import re
import shutil
import site
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.support.admin_server import ADMIN_KEY
from tests.support.api_server import KEY, ApiServer
from tests.support.hostile_repository import VARIABLE, Scene, plant
from tests.support.organizations import organization
from tests.support.program import PROGRAM, Done, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.support.repo import Repo

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("strace"),
    reason="needs strace, as .github/workflows/ci.yml installs it",
)

_CALLS = (
    "execve,execveat,open,openat,openat2,creat,connect,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,"
    "link,linkat,symlink,symlinkat,truncate,chmod,fchmodat"
)
_LINE = re.compile(
    r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)(?:<(?P<opened>.*)>)?(?: \w+ \(.*\))?"
)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FOLDER = re.compile(r"^(?:AT_FDCWD|\d+)<([^>]*)>, ")
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
# The system's own: libraries, what they are set up with, the devices that give zeros and random numbers, what it knows of
# the process itself, and in /etc what git and the resolver of names read.
SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share", "/usr/local/lib", "/usr/local/ssl", "/etc/ld.so.cache",
    "/etc/ld.so.preload", "/etc/locale.alias", "/etc/localtime", "/etc/ssl", "/etc/pki", "/etc/gitconfig", "/etc/gitattributes",
    "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/services", "/etc/passwd",
    "/dev/null", "/dev/urandom", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/proc/self/maps", "/proc/self/mountinfo",
    "/proc/self/cgroup", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory", "/proc/filesystems",
)  # fmt: skip
_VENV = Path(sys.prefix, "pyvenv.cfg")
# Python and all that is installed with it; a virtual environment names the folder of its interpreter, or of a link to it.
PYTHON = tuple(
    {
        sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.path.realpath(sys.executable)), *sysconfig.get_paths().values(),
        *re.findall(r"^home = (.+)$", _VENV.read_text() if _VENV.exists() else "", re.MULTILINE), *site.getsitepackages(),
        *(path for path in sys.path if path.endswith("src")),
    }
)  # fmt: skip


class Call(NamedTuple):
    """A call of the system. `path` is absolute, with links followed where the call has opened it."""

    name: str
    path: str
    arguments: str
    has_succeeded: bool

    @property
    def writes(self) -> bool:
        """Whether it may change what is at `path`."""
        return not self.name.startswith(("exec", "connect", "open")) or bool(_WRITES.search(self.arguments))


def trace(scene: Scene, env: Mapping[str, str], *command: str | Path) -> tuple[Done, list[Call]]:
    """Run a command at the top of the hostile repository with little more than `env`; return how it ended, and what it called."""
    logs = scene.repo.path.parent / "strace"
    logs.mkdir()
    strace = [
        "strace",
        "--seccomp-bpf",
        "-f",
        "-ff",
        "-qq",
        "-y",
        "-s",
        "4096",
        "-e",
        f"trace={_CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(logs / "log"),
    ]
    machine = {
        "PATH": f".{os.pathsep}{os.environ['PATH']}", "HOME": str(scene.home), "DEPLOY_TOKEN": VARIABLE, "PYTHONDONTWRITEBYTECODE": "1",
        "PROMPT_LINT_CACHE_DIR": str(scene.repo.path.parent / "cache"), "TMPDIR": str(scene.repo.path.parent / "tmp"),
    }  # fmt: skip
    done = run(scene.repo, *strace, *command, env={**machine, **env})
    calls = [
        call for path in logs.iterdir() for call in _read_calls(path.read_text("utf-8", "surrogateescape"))
    ]
    shutil.rmtree(logs)
    return done, calls


def _read_calls(log: str) -> Iterator[Call]:
    for line in log.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            assert line.startswith("+++") or line.endswith("= ?"), line  # the end of the process
            continue
        arguments = match["arguments"]
        name = _TEXT.search(arguments)
        folder = _FOLDER.match(arguments)
        path = os.path.join(folder[1] if folder else "/", name[1] if name else "")
        opened = match["opened"] if match["name"].startswith(("open", "creat")) else None
        yield Call(
            match["name"], opened or os.path.normpath(path), arguments, not match["result"].startswith("-")
        )


@pytest.fixture
def scene(repo: Repo, loopback: None) -> Iterator[Scene]:
    with ApiServer() as evil:
        yield plant(repo, evil.url)
        assert evil.connections == 0


def is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def check_calls(scene: Scene, calls: Sequence[Call], repository: Sequence[str], port: int | None) -> None:
    """Only git was started; what was opened is in the repository, the cache, Python or the system; and nobody else was connected to."""
    own = [str(scene.repo.path.parent / name) for name in ("cache", "tmp")]
    programs = {call.path for call in calls if call.name.startswith("exec")}
    of_git = [str(scene.home / name) for name in (".gitconfig", ".config/git")]
    files = [
        call
        for call in calls
        if not call.name.startswith(("exec", "connect")) and not is_below(call.path, own)
    ]
    connections = [call.arguments for call in calls if call.name == "connect"]

    assert programs <= {str(PROGRAM), shutil.which("git")}
    assert {
        call for call in files if call.writes and call.has_succeeded and call.path != "/dev/null"
    } == set()
    assert {
        call
        for call in files
        if not call.writes and not is_below(call.path, (*repository, *of_git, *PYTHON, *SYSTEM))
    } == set()
    there = re.compile(
        rf'sin_port=htons\({port}\), sin_addr=inet_addr\("127\.0\.0\.1"\)|sun_path="/(var/)?run/(nscd|systemd)/'
    )
    assert [arguments for arguments in connections if not there.search(arguments)] == []
    assert not scene.marker.exists()


RUNS = (
    ("check",),
    ("check", "--counting=offline", "--base=hook", "--allow-unmatched", "--"),
    ("list",),
)
MORE_RUNS = (
    ("init", "--dry-run"),
    ("tighten", "--check"),
    ("explain", "prompts"),
    ("count", "prompts/environ.md", "prompts/outside.md", "CLAUDE.md"),
)


@pytest.mark.parametrize(
    "runs", [RUNS, pytest.param(MORE_RUNS, marks=pytest.mark.slow)], ids=["usual", "more"]
)
def test_a_run_starts_git_opens_the_repository_and_connects_to_nobody(
    scene: Scene, runs: Sequence[Sequence[str]]
) -> None:
    """On a repository that holds all attacks."""
    for arguments in runs:
        done, calls = trace(scene, {}, PROGRAM, *arguments)

        assert done.code in {0, 1, 2, 3}, done.err
        assert len(calls) > 100
        check_calls(scene, calls, [str(scene.repo.path)], None)


def test_a_run_with_a_key_connects_to_the_api_alone(scene: Scene, api: ApiServer) -> None:
    """To the host that the environment names, whatever the repository says."""
    env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": api.url}

    done, calls = trace(
        scene,
        env,
        PROGRAM,
        "check",
        "--counting=exact",
        "prompts/owned.md",
        "prompts/environ.md",
        "CLAUDE.md",
    )

    assert done.code == 3, done.err
    assert api.requests
    check_calls(scene, calls, [str(scene.repo.path)], api.port)


def test_a_report_of_the_organization_opens_no_file_of_the_repository(scene: Scene) -> None:
    """Run at its top: neither a configuration nor anything else of it, and git isn't started."""
    with organization("one-day") as server:
        server.now = datetime.now(UTC)

        done, calls = trace(
            scene, {"ANTHROPIC_ADMIN_KEY": ADMIN_KEY, "PROMPT_LINT_ADMIN_URL": server.url}, PROGRAM, "report"
        )

    assert done.code == 0, done.err
    check_calls(scene, calls, [], server.port)
    assert {call.path for call in calls if call.name.startswith("exec")} == {str(PROGRAM)}


def test_a_program_that_is_started_and_a_file_outside_that_is_opened_are_seen(scene: Scene) -> None:
    """The search finds what it looks for, each by itself."""
    _, calls = trace(scene, {}, "sh", "-c", "read secret < ../outside/secret.md; touch made")
    started = [call for call in calls if call.name.startswith("exec")]
    opened = [call for call in calls if str(scene.outside) in call.path]
    made = [call for call in calls if call.writes and call.path.endswith("/made")]

    for seen in (started, opened, made):
        assert seen
        with pytest.raises(AssertionError):
            check_calls(scene, seen, [str(scene.repo.path)], None)
