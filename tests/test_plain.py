"""Command lines that are read without Click mean what Click would have made of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prompt_lint import plain
from prompt_lint.cli import check, main

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.program import Done
    from tests.support.repo import Repo

    from prompt_lint.cli.check import Asked

    Lint = Callable[..., Done]

WORDS = (
    "--offline", "-q", "--quiet", "-v", "--verbose", "--counting", "--counting=auto", "exact", "offline", "--color", "never",
    "--color=always", "--color=", "--", "a.md", "prompts/b.md", "", "-", "--base", "--config=x", "-qv", "--counting=never",
    "--cache-dir", "--no-git", "-e", "--colo=never", "--help",
)  # fmt: skip


def by_click(arguments: Sequence[str], patch: pytest.MonkeyPatch) -> Asked | None:
    """What `check` is asked when Click reads the command line; None where it refuses."""
    asked: list[Asked] = []

    def note(what: Asked, _: Any) -> int:
        asked.append(what)
        return 0

    with patch.context() as inner:
        inner.setattr(check, "run", note)
        try:
            main.cli.main(list(arguments), prog_name="prompt-lint", standalone_mode=False)
        except click.ClickException:
            return None
    return asked[0] if asked else None


@given(words=st.lists(st.sampled_from(WORDS), max_size=6))
@example(words=["--counting", "offline", "--", "a.md", "--offline"])
@example(words=["--color=never", "--color", "always", "a.md"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_plain_command_line_means_what_click_makes_of_it(
    words: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is read without Click is read as Click does, defaults included; the rest is left to it."""
    arguments = ["check", *words]

    found = plain.read(arguments, {})

    assert found is None or found == by_click(arguments, monkeypatch)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--counting", "offline", "--", "a.md", "b.md"],
        ["-q", "--offline", "a.md"],
        ["--color=never", "-v"],
    ],
)
def test_hooks_and_everyday_runs_are_plain(words: Sequence[str]) -> None:
    """The commands that are run most need no Click."""
    assert plain.read(["check", *words], {}) is not None


@pytest.mark.parametrize("name", ["PROMPT_LINT_COUNTING", "PROMPT_LINT_BASE", "_PROMPT_LINT_COMPLETE"])
def test_options_in_the_environment_are_clicks(name: str) -> None:
    """A variable that sets an option is read where all options are known."""
    assert plain.read(["check"], {name: "x"}) is None


def test_a_flag_that_is_a_file_is_clicks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file is called like an option, the long way says so."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-q").write_text("")

    assert plain.read(["check", "-q"], {}) is None


def test_a_plain_run_imports_neither_click_nor_yaml(repo: Any, tmp_path: Path) -> None:
    """What a hook runs again needs no command line library, no YAML, no tokenizer, no SDK and no HTTP."""
    import subprocess  # noqa: PLC0415

    repo.write(".prompt-lint.yaml", "models: [claude-sonnet-5-5]\nlimit: 100\nprompts:\n  - files: '*.md'\n")
    path = repo.write("a.md", "Hello.\n")
    os.utime(path, (1, 1))
    code = (
        "import sys, time; sys.argv = ['prompt-lint', 'check', '--offline', '-v', 'a.md']\n"
        "from prompt_lint import reading, start; reading._UNSURE = 0\n"
        "code = start.run(sys.argv[1:])\n"
        "heavy = {'click', 'yaml', 'anthropic', 'httpx2', 'prompt_lint.counting.tokenizer.engine', 'prompt_lint.text.yaml_reader'}\n"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    env = os.environ | {"PROMPT_LINT_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code]
    outs = []
    for _ in range(3):
        done = subprocess.run(command, cwd=repo.path, env=env, capture_output=True, text=True, check=True)
        outs.append(done.stdout.splitlines()[-1])

    assert outs[0].startswith("0 ['prompt_lint.text.yaml_reader', 'prompt_lint.counting.tokenizer.engine'")
    assert outs[-1] == "0 []"


@pytest.mark.parametrize(
    ("arguments", "files", "code"),
    [
        (["-q", "--", "a.md"], ["-q"], 0),
        (["-q", "a.md"], ["-q"], 2),
        (["-q", "--", "a.md"], ["-q", "--"], 2),
        (["--exit-zero", "a.md"], ["--exit-zero"], 2),
        (["a.md", "--", "--exit-zero"], ["--exit-zero"], 0),
        (["--config", "", "a.md"], [], 2),
    ],
)
def test_what_may_be_an_option_or_a_file_is_refused(
    lint: Lint, repo: Repo, arguments: Sequence[str], files: Sequence[str], code: int
) -> None:
    """Unless `--` says where the options end, and is no file itself. An empty name is none."""
    repo.write(".prompt-lint.yaml", "models: [claude-sonnet-5-5]\nlimit: 100\nprompts:\n  - files: '**'\n")
    for name in ("a.md", *files):
        repo.write(name, "Hello.\n")

    done = lint("check", "--offline", *arguments)

    assert (done.code, done.err.count("error: ")) == (code, int(code == 2))
