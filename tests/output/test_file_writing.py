"""A file is replaced whole or not at all; what is no regular file is written to."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.file_writing import write_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A file that an earlier run wrote."""
    path = tmp_path / "out.json"
    path.write_text("an earlier report")
    return path


def test_a_file_keeps_its_mode(output: Path) -> None:
    """Whoever could read it still can, and nobody else."""
    output.chmod(0o640)

    write_file(str(output), "new ±\udcff")

    assert output.read_bytes() == "new ±\\udcff".encode()
    assert stat.S_IMODE(output.stat().st_mode) == 0o640
    assert os.listdir(output.parent) == ["out.json"]


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    """A temporary file is often for its owner alone: this one isn't."""
    umask = os.umask(0o022)
    try:
        write_file(str(tmp_path / "new"), "text")
    finally:
        os.umask(umask)

    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o644


def test_a_link_stays_a_link(output: Path) -> None:
    """What it leads to is replaced, also where that isn't there yet."""
    for name, target in (("link", "out.json"), ("dangling", "later")):
        (output.parent / name).symlink_to(target)
        write_file(str(output.parent / name), name)

    assert (output.read_text(), (output.parent / "later").read_text()) == ("link", "dangling")
    assert (output.parent / "link").is_symlink()


def test_a_disk_that_is_full_leaves_the_file_as_it_was(output: Path) -> None:
    """A report of which half is there would be read as a whole one."""
    script = (
        "import resource, signal, sys\n"
        "from prompt_lint.model.errors import Fatal\n"
        "from prompt_lint.output.file_writing import write_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5, 5))\n"
        "try:\n    write_file(sys.argv[1], 'a report')\n"
        "except Fatal as error:\n    print(error.message.rpartition(': ')[2], int(error.exit_code))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, output], capture_output=True, text=True, check=True)

    assert done.stdout == "File too large 3\n"
    assert output.read_text() == "an earlier report"
    assert os.listdir(output.parent) == ["out.json"]


@pytest.mark.parametrize("path", ["file/out.json", "file/folder/out.json", "."])
def test_what_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """With the path as it was given, and exit code 3."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()

    with pytest.raises(Fatal, match=f"^could not write {path}: (Not|Is) a directory$") as caught:
        write_file(path, "text")

    assert caught.value.exit_code == ExitCode.UNCOUNTED
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_limit_on_file_sizes_is_told_with_what_to_raise(tmp_path: Path) -> None:
    """What the system refused has a next step."""
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))\n"
        "from prompt_lint.cli.faults import run_and_exit\n"
        "from prompt_lint.output.file_writing import write_file\n"
        "run_and_exit(lambda: write_file('x.json', 'more than that'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == ExitCode.UNCOUNTED
    assert done.stderr == (
        "error: could not write x.json: File too large\nallow this process larger files: `ulimit -f`\n"
    )


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """As `>(…)` of a shell makes one; it stays what it is."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()

    write_file(str(pipe), "a report")
    reader.join(10)

    assert received == ["a report"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_to() -> None:
    """`-o /dev/null` is common, and must never replace it."""
    write_file("/dev/null", "a report")

    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_what_is_open_already_is_added_to(output: Path) -> None:
    """`-o /dev/stdout` goes behind what a script has written to the same log before."""
    script = (
        "from prompt_lint.output.file_writing import write_file; write_file('/dev/stdout', ' and a new one')"
    )
    with output.open("a") as log:
        subprocess.run([sys.executable, "-c", script], stdout=log, check=True)

    assert output.read_text() == "an earlier report and a new one"
