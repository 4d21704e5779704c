"""Real git repositories for the tests: a few lines to build one, nothing of the machine leaks in."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

# Whoever runs the tests has an identity, ignore files, signing keys and hooks of their own.
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TEMPLATE_DIR": "",  # fourteen sample hooks in each repository
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.com", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}  # fmt: skip


class Repo:
    """A git repository at `path`. Names may be `bytes` where they aren't UTF-8."""

    def __init__(self, path: Path, *, init: bool = True) -> None:
        self.path = path
        if init:
            shutil.copytree(make_template(), path / ".git")

    def git(self, *args: str | bytes) -> str:
        """The output of git, which must succeed."""
        command = ["git", "-c", "protocol.file.allow=always", "-c", "maintenance.auto=false", *args]
        environment = os.environ | ENVIRONMENT
        done = subprocess.run(command, cwd=self.path, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, f"git {args}: {os.fsdecode(done.stderr)}"
        return os.fsdecode(done.stdout).removesuffix("\n")

    def write(self, name: str | bytes | Path, content: str | bytes = "Hello.\n") -> Path:
        path = self._place(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def link(self, name: str | bytes, target: str | Path) -> Path:
        path = self._place(name)
        path.symlink_to(target)
        return path

    def commit(self, message: str = "A change") -> str:
        """Commit everything that isn't ignored; the id of the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        try:  # what `git rev-parse HEAD` says, without a process
            head = (self.path / ".git/HEAD").read_text().strip()
            name = head.removeprefix("ref: ")
            return head if head == name else (self.path / ".git" / name).read_text().strip()
        except OSError:
            return self.git("rev-parse", "HEAD")

    def submodule(self, name: str, origin: Repo) -> None:
        self.git("submodule", "--quiet", "add", str(origin.path), name)

    def _place(self, name: str | bytes | Path) -> Path:
        path = self.path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@cache
def make_template() -> Path:
    """What `git init` makes, of which a copy takes a fifth of the time."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Repo(folder, init=False).git("init", "--quiet", "--initial-branch=main")
    return folder / ".git"
