"""prompt-lint as a process: its streams, its signals, its working directory, and what it imports."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.program import PROGRAM, Done, finished, run, started

from prompt_lint import __version__
from prompt_lint.output import OUTPUTS

if TYPE_CHECKING:
    from tests.support.repo import Repo

CONFIG = "models: [claude-sonnet-4-6]\nlimit: 100\nprompts:\n  - files: prompts/*.md\n"
SHORT = "Answer in one sentence.\n"
LONG = "# Rules\n\n" + "Never guess a number that you could look up.\n" * 20 + "\n## Tone\n\nBe kind.\n"


def write_prompts(repo: Repo, **files: str) -> None:
    repo.write(".prompt-lint.yaml", CONFIG)
    for name, text in files.items():
        repo.write(f"prompts/{name}.md", text)


def write_large_prompts(repo: Repo, number: int, words: int) -> None:
    """Prompts over their limit, of as many different words each: from a megabyte on, worker processes count them."""
    text = " ".join(f"{n:x}" for n in range(words))
    write_prompts(repo, **{f"p{n}": f"{n} {text}" for n in range(number)})


def test_the_console_script_prints_its_version(repo: Repo) -> None:
    """What pip has installed runs."""
    assert run(repo, PROGRAM, "--version") == Done(0, f"prompt-lint {__version__}\n", "")


# ---------------------------------------------------------------------------------------------------------
# Streams


def test_count_reads_stdin(repo: Repo) -> None:
    """`-` is stdin, so that any program's output can be counted."""
    done = run(repo, PROGRAM, "count", "-", "--model", "claude-sonnet-4-5", data=b"What is 2 + 2?")

    assert done == Done(0, "16 ±2  claude-sonnet-4-5  -\n", "")


def test_a_closed_stdin_is_told(repo: Repo) -> None:
    """`count -` without a stdin is a file that can't be read."""
    done = run(repo, "sh", "-c", f"'{PROGRAM}' count - --model claude-opus-5 <&-")

    assert done == Done(3, "ERROR     -: can't be read: it is closed\n", "")


@pytest.mark.parametrize(
    ("command", "unbuffered"), [("--help", ""), ("--version", "1"), ("check --help", "")]
)
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_help_that_is_lost_is_no_success(repo: Repo, command: str, unbuffered: str) -> None:
    """It ends as a lost report does, whether Python buffers its streams or not."""
    env = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "wb") as full:
        done = run(repo, PROGRAM, *command.split(), stdout=full, env=env)

    assert done == Done(3, "", "error: could not write the report to stdout: No space left on device\n")


@pytest.mark.parametrize(("instruction", "unbuffered"), [("bash_source", ""), ("bash_complete", "1")])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_completion_that_is_lost_is_no_success(repo: Repo, instruction: str, unbuffered: str) -> None:
    """Click prints it by itself, and Python would complain once more at its end, with exit code 120."""
    env = {
        "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": unbuffered, "_PROMPT_LINT_COMPLETE": instruction,
        "COMP_WORDS": "prompt-lint c", "COMP_CWORD": "1",
    }  # fmt: skip
    with open("/dev/full", "wb") as full:
        done = run(repo, PROGRAM, stdout=full, env=env)

    error = "error: the operating system reports: No space left on device\nfree some space on the disk\n"
    assert done == Done(3, "", error)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_an_error_that_is_lost_keeps_its_exit_code(repo: Repo, unbuffered: str) -> None:
    """Nobody reads why, but the exit code still says whose fault it is."""
    env = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "wb") as full:
        done = run(repo, PROGRAM, "check", "missing.md", stderr=full, env=env)

    assert done.code == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_no_success(repo: Repo) -> None:
    """A report that was lost is exit 3, with the reason; unless a prompt fails: the verdict stays."""
    for text, code in ((SHORT, 3), (LONG, 1)):
        write_prompts(repo, a=text)
        with open("/dev/full", "wb") as full:
            done = run(repo, PROGRAM, "check", stdout=full)

        assert done.code == code
        assert done.err == "error: could not write the report to stdout: No space left on device\n"


def test_a_closed_stdout_is_no_success(repo: Repo) -> None:
    """Started without a stdout at all, a run says so."""
    write_prompts(repo, a=SHORT)

    done = run(repo, "sh", "-c", f"'{PROGRAM}' check >&-")

    assert done.code == 3
    assert "could not write the report" in done.err


@pytest.mark.parametrize(("arguments", "code"), [("check", 1), ("explain prompts/p1.md", 1), ("list", 3)])
def test_a_closed_pipe_is_quiet(repo: Repo, arguments: str, code: int) -> None:
    """`prompt-lint check | head -1` complains of nothing, and still says by its exit code that prompts fail."""
    write_prompts(repo, p1=LONG)
    with started(repo, PROGRAM, *arguments.split()) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(60) == code


def test_an_ascii_stdout_gets_escapes(repo: Repo) -> None:
    """A stream that can't carry a character gets it escaped, not a traceback; JSON is escaped as JSON has it."""
    write_prompts(repo, é=LONG + "# Größe\n" * 40)
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}

    text = run(repo, PROGRAM, "check", env=environment)
    report = run(repo, PROGRAM, "check", "--output-format", "json", env=environment)

    assert (text.code, text.err) == (report.code, report.err) == (1, "")
    assert "437 +/-2  of 100" in text.out
    assert "prompts/\\xe9.md" in text.out
    assert text.out.isascii()
    assert json.loads(report.out)["verdicts"][0]["path"] == "prompts/é.md"


# Runs one after the other, each with a stdout of the encoding that Python has chosen at its start.
EVERY_FORMAT = """
import sys
from prompt_lint.cli import main
encoding = sys.stdout.encoding
for name in sys.argv[1:]:
    sys.stdout.reconfigure(encoding=encoding)
    assert main.run(["check", "--output-format", name]) == 1
"""


def test_a_format_for_machines_is_utf_8_whatever_stdout_is(repo: Repo) -> None:
    """JUnit's declares it, GitHub's and Azure's runners read it, and a Markdown page is stored as it."""
    write_prompts(repo, é=LONG + "# 日本語\n" * 40)
    command = (sys.executable, "-c", EVERY_FORMAT, *sorted(OUTPUTS.keys() - {"text"}))
    plain, *others = (
        run(repo, *command, env=os.environ | {"PYTHONIOENCODING": encoding})
        for encoding in ("utf-8", "cp1252", "utf-16")
    )

    assert (plain.code, plain.err) == (0, "")
    assert "日本語" in plain.out
    assert others == [plain] * 2


def test_a_message_on_stderr_is_legible_in_ascii(repo: Repo) -> None:
    """`init --dry-run` has its table there; the configuration itself is UTF-8."""
    write_prompts(repo, é=SHORT)
    (repo.path / ".prompt-lint.yaml").unlink()

    done = run(repo, PROGRAM, "init", "--dry-run", env=os.environ | {"PYTHONIOENCODING": "ascii"})

    assert done.code == 0
    assert "+/-" in done.err
    assert done.err.isascii()


# ---------------------------------------------------------------------------------------------------------
# What the system refuses


@pytest.mark.skipif(sys.platform != "linux", reason="needs the limits of Linux")
@pytest.mark.parametrize(
    ("arguments", "limit"),
    [("check --no-cache", "-n 6"), ("check --base HEAD", "-f 0"), ("list", "-n 6"), ("init --dry-run --force", "-f 0")],
)  # fmt: skip
def test_a_limit_of_the_system_is_no_bug(repo: Repo, arguments: str, limit: str) -> None:
    """Neither prompt-lint nor git is to blame: one sentence, and what to raise."""
    error = {
        "-n 6": "error: the operating system reports: Too many open files\n"
        "allow this process more open files: `ulimit -n`\n",
        "-f 0": "error: the operating system allows only small files, too small to list the repository\n"
        "allow this process larger files: `ulimit -f`\n",
    }[limit]
    write_prompts(repo, a=SHORT)
    repo.commit()

    assert run(repo, "sh", "-c", f"ulimit {limit}; exec '{PROGRAM}' {arguments}") == Done(3, "", error)


# As nobody, of whom there is one process already: root has no limit on processes. It may read what root may.
NO_PROCESSES = (
    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search", "prlimit", "--nproc=0",
)  # fmt: skip


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="needs root and setpriv",
)
def test_a_run_that_may_start_no_process_is_no_bug(repo: Repo) -> None:
    """Git can't be started; without it, one process counts everything."""
    write_large_prompts(repo, 3, 100_000)
    repo.path.parent.chmod(0o755)

    with_git = run(repo, *NO_PROCESSES, PROGRAM, "check", "--no-cache")
    without = run(repo, *NO_PROCESSES, PROGRAM, "check", "--no-cache", "--no-git", "-q")

    assert with_git == Done(
        3,
        "",
        "error: the operating system reports: Resource temporarily unavailable\n"
        "allow this user more processes and threads: `ulimit -u`\n",
    )
    assert (without.code, without.err) == (1, "")
    assert without.out.count("OVER") == 3


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_while_modules_are_imported_is_quiet(repo: Repo) -> None:
    """That takes a fifth of a second, in which a person may see the slip in the command."""
    script = (
        "import os, signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from prompt_lint.__main__ import main\n"
        "main()\n"
    )

    assert run(repo, sys.executable, "-c", script) == Done(130, "", "")


CLOCKS = """
import itertools, sys, time
seconds = itertools.repeat(float(sys.argv[1]))
time.time = lambda: next(seconds)
time.time_ns = lambda: int(time.time() * 1e9)
from prompt_lint.cli import main
for times in ([time.time()], [0], [-1e9], [2.0**33], [0, 2e9, 5e9]):
    seconds = itertools.cycle(times)
    print(main.run(["check"]), flush=True)
"""


def test_no_clock_changes_a_verdict(repo: Repo) -> None:
    """In 1970, before it, in 2242, or in all of them in turn, with a cache that was written at other times."""
    write_prompts(repo, a=SHORT, b=LONG)

    done = run(repo, sys.executable, "-P", "-c", CLOCKS, str(time.time()))

    first, *others = done.out.split("1\n")[:-1]
    assert (done.code, done.err) == (0, "")
    assert "OVER" in first
    assert others == [first] * 4


def test_no_locale_changes_a_report(repo: Repo) -> None:
    """Nor does a locale that the machine doesn't have, or none: Python writes UTF-8 then."""
    write_prompts(repo, b=LONG)
    repo.write("prompts/\u0130\u0131.md", "I\u0130\u0131i\n")
    plain = {name: os.environ[name] for name in ("PATH", "HOME")}

    first, *others = (
        run(repo, PROGRAM, "list", env=plain | {"LC_ALL": locale}) for locale in ("", "POSIX", "tr_TR.UTF-8")
    )

    assert (first.code, first.err) == (0, "")
    assert "237 ±2" in first.out
    assert "prompts/\u0130\u0131.md" in first.out
    assert others == [first] * 2


# ---------------------------------------------------------------------------------------------------------
# The working directory


def test_a_working_directory_that_is_gone_is_told(repo: Repo) -> None:
    """One line, not a traceback."""
    done = run(repo, "sh", "-c", f"mkdir gone && cd gone && rmdir ../gone && '{PROGRAM}' check")

    assert done == Done(2, "", "error: the working directory is gone\nchange to one that is there\n")


_RIGHTS = "-dac_override,-dac_read_search"  # root has them, and would look into any folder
BOUND_BY_MODES = (
    ["setpriv", f"--bounding-set={_RIGHTS}", f"--inh-caps={_RIGHTS}"] if os.geteuid() == 0 else []
)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_an_output_in_a_read_only_folder_is_told(repo: Repo) -> None:
    """And the run is no success."""
    write_prompts(repo, a=SHORT)
    repo.write("shut/report.json", "an earlier report")
    (repo.path / "shut").chmod(0o555)

    done = run(repo, *BOUND_BY_MODES, PROGRAM, "check", "--output", "json=shut/report.json")

    (repo.path / "shut").chmod(0o755)
    assert (done.code, done.err) == (3, "error: could not write shut/report.json: Permission denied\n")
    assert (repo.path / "shut/report.json").read_text() == "an earlier report"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_can_not_be_listed_is_told(repo: Repo) -> None:
    """What nobody could look into isn't passed by in silence."""
    write_prompts(repo, a=SHORT)
    repo.write("prompts/shut/b.md", LONG)
    (repo.path / "prompts/shut").chmod(0)

    done = run(repo, *BOUND_BY_MODES, PROGRAM, "check")

    (repo.path / "prompts/shut").chmod(0o755)
    assert "note: git: could not open directory 'prompts/shut/': Permission denied" in done.out


# ---------------------------------------------------------------------------------------------------------
# Signals


def wait_for_workers(process: subprocess.Popen[bytes]) -> list[str]:
    """Return the ids of the worker processes of a run, once it has two. A process of git is gone at a second look."""
    worker = re.compile(rf"^ *(\d+) +{process.pid} .*(?:prompt-lint|spawn_main)", re.MULTILINE)
    earlier: set[str] = set()
    for _ in range(600):
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], stdout=subprocess.PIPE, check=True)
        children = set(worker.findall(listing.stdout.decode("utf-8", "replace")))
        if len(children & earlier) >= 2:
            return sorted(children & earlier)
        earlier = children
        time.sleep(0.05)
    pytest.fail("no workers after half a minute")


KEPT = r" after \d+ of \d+ counts; they are cached, run again to continue\n"
KILLED_WORKER = (
    "error: the system has ended a process that counts tokens\n"
    "give this process more memory, or check fewer prompts at a time\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("target", "number", "code", "error"),
    [
        ("group", signal.SIGINT, 130, rf"\n?error: interrupted{KEPT}"),
        ("run", signal.SIGTERM, 143, f"error: terminated{KEPT}"),
        ("run", signal.SIGKILL, -signal.SIGKILL, ""),
        ("worker", signal.SIGKILL, 3, KILLED_WORKER),
    ],
    ids=["INT", "TERM", "KILL", "KILL of a worker"],
)
def test_a_signal_ends_offline_counting_and_its_workers(
    repo: Repo, target: str, number: signal.Signals, code: int, error: str
) -> None:
    """At once and without a traceback, with what is kept. Workers that nobody can end, end by themselves."""
    write_large_prompts(repo, 30, 90_000)
    with started(repo, PROGRAM, "check", "--max-file-size", "4M", start_new_session=True) as process:
        worker, *_ = wait_for_workers(process)
        begun = time.monotonic()
        if target == "group":
            os.killpg(process.pid, number)
        else:
            os.kill(int(worker) if target == "worker" else process.pid, number)
        done = finished(process)  # ends with the last process that holds the pipes

    assert time.monotonic() - begun < 5
    assert (done.code, done.out) == (code, "")
    assert re.fullmatch(error, done.err)


# ---------------------------------------------------------------------------------------------------------
# Imports


def test_nothing_of_the_working_directory_is_imported(repo: Repo) -> None:
    """Modules that a stranger's branch brings along are files like any other, also to worker processes."""
    write_large_prompts(repo, 12, 40_000)
    for module in ("yaml", "click", "multiprocessing", "prompt_lint", "json", "sitecustomize"):
        repo.write(f"{module}.py", "open('executed', 'w')\n")

    done = run(repo, PROGRAM, "check", "-q")

    assert done.code == 1
    assert not (repo.path / "executed").exists()


def test_counting_offline_needs_neither_network_nor_sdk(repo: Repo) -> None:
    """A run imports no HTTP library, no SDK, and no more of the standard library than it uses."""
    write_prompts(repo, a=SHORT)
    program = (
        "import sys; from prompt_lint.cli import main as cli; code = cli.run(['check']);"
        "heavy = {'anthropic', 'httpx', 'httpx2', 'asyncio', 'socket', 'ssl', 'dataclasses', 'importlib.metadata',"
        " 'multiprocessing', 'pathspec', 'difflib', 'concurrent.futures'};"
        "print(code, sorted(heavy & sys.modules.keys()))"
    )

    done = run(repo, sys.executable, "-c", program)

    assert done.out.splitlines()[-1] == "0 []"
