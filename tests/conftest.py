"""What every test gets: an environment without a past, and a repository on request."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from tests.support.program import lint
from tests.support.repo import Repo
from tests.support.servers import api, github, hasty, loopback

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

__all__ = ["api", "github", "hasty", "lint", "loopback"]  # fixtures

# Variables that change what prompt-lint, git or Click do. A test that wants one sets it.
SCRUBBED_PREFIXES = (
    "GITHUB_", "PRE_COMMIT", "GIT_", "ANTHROPIC_", "PROMPT_LINT_", "RUNNER_", "XDG_", "PYTHON", "PIP_", "UV_", "LC_",
    "GITLAB_", "CI_", "TF_BUILD", "BUILD_", "SYSTEM_PULLREQUEST_",
)  # fmt: skip
SCRUBBED = (
    "CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LANG", "TERM",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip


# Kept in memory, on Linux. A run makes 100,000 files and removes them, over which a disk takes longer than the tests.
MEMORY, ROOM = "/dev/shm", 2 << 30  # noqa: S108  # pytest makes a folder of its own there

_homes = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """Make the tests independent of the machine's speed and of how they were started; the slow lane tries more examples.

    A shell lets its background jobs ignore SIGINT, and what is ignored stays so in a child process: Ctrl-C has to reach
    the programs that tests start.
    """
    examples = 30 if config.option.markexpr else 1_000
    settings.register_profile(
        "any machine", max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("any machine")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in list(os.environ):
        if name.upper() in SCRUBBED or name.upper().startswith(SCRUBBED_PREFIXES):
            del os.environ[name]
    if _has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)


def _has_room(folder: str) -> bool:
    """Whether the files of the tests fit into a folder, and programs among them can run there."""
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector thousands of collected tests, now and whenever it runs."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def _empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # `mktemp` would make a link for each, too.
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))
    home.mkdir(parents=True)
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    yield
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository, without a commit, in a folder of its own."""
    return Repo(tmp_path / "repo")
