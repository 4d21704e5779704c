"""What is said of a command line or a variable that is wrong: one voice, the option or the variable by name, the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

CONFIG = "models: [claude-sonnet-5-5]\nlimit: 8000\nprompts:\n  - files: prompts/*.md\n"
SEE_CHECK = "see `prompt-lint check --help`"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ("completion", "missing SHELL: one of bash, zsh, fish, powershell", "see `prompt-lint completion --help`"),
        ("comment", "--report is missing", "write a report with `prompt-lint check --output json=FILE`"),
        ("chek", "there is no command `chek`; did you mean `check`?", "see `prompt-lint --help`"),
        ("cache x", "there is no command `x`", "see `prompt-lint cache --help`"),
        ("models x", "unexpected argument `x`", "see `prompt-lint models --help`"),
        ("check --lmit", "there is no option `--lmit`; did you mean `--limit`?", SEE_CHECK),
        ("check --json", "there is no option `--json`; did you mean `--output-format json`?", SEE_CHECK),
        ("check -", "there is no file or folder `-`", "only `prompt-lint count -` reads stdin"),
        ("check --model claude-opus-5-5,claude-opus-5", "--model: `claude-opus-5-5,claude-opus-5` is more than one id: give each by itself, as in `--model A --model B` or `models: [A, B]`", "`prompt-lint models` lists the known ones"),
        ("check --fix", "there is no option `--fix`", SEE_CHECK),
        ("prompts/a.md", "there is no command `prompts/a.md`", "a file or folder goes behind a command: `prompt-lint check PATH`, or `prompt-lint count FILE`"),
        ("check --limit", "--limit needs a value, such as 8000, 8k or 5%", SEE_CHECK),
        ("check --color", "--color needs a value: one of auto, always, never", SEE_CHECK),
        ("check --offline=yes", "--offline takes no value", SEE_CHECK),
        ("check --jobs 1.5", "--jobs: `1.5` isn't a whole number from 1 to 256", SEE_CHECK),
        ("check --max-requests 0", "--max-requests: `0` isn't a whole number of at least 1", SEE_CHECK),
        ("check --deadline 15m", "--deadline: `15m` isn't a number of seconds from 0.1 to 86400", SEE_CHECK),
        ("check --deadline 0", "--deadline: `0` isn't a number of seconds from 0.1 to 86400", SEE_CHECK),
        ("check --max-file-size 1G", "--max-file-size: `1G` isn't a size of at most 256M, such as 500000, 512k or 4M", SEE_CHECK),
        ("check --policy x", "--policy: `x` isn't one of changed, project", SEE_CHECK),
        ("check --counting exakt", "--counting: `exakt` isn't one of exact, auto, offline; did you mean `exact`?", SEE_CHECK),
        ("check --provider bedrock", "--provider: the older interface of Amazon Bedrock can't count tokens; use aws, or count with --offline", SEE_CHECK),
        ("check --output json", "--output: `json` isn't FORMAT=FILE, such as json=report.json", SEE_CHECK),
        ("check --config prompts", "--config: `prompts` is a folder, not a file", SEE_CHECK),
        ("check --quiet -v", "--verbose and --quiet contradict each other", "leave one of them out"),
        ("list --offline --counting auto", "--offline and --counting auto contradict each other", "leave one of them out"),
        ("check --no-cache --cache-dir x", "--no-cache and --cache-dir x contradict each other", "leave one of them out"),
        ("check --cache-dir=", "--cache-dir is empty", "is a variable empty? leave --cache-dir out for the default"),
        ("check --accept-label=", "--accept-label is empty", "is a variable empty? leave --accept-label out for the default"),
        ("check --policy-from=", "--policy-from is empty", "is a variable empty? leave --policy-from out for the default"),
        ("report --from yesterday", "--from: `yesterday` isn't a date (YYYY-MM-DD), such as 2026-11-01", "see `prompt-lint report --help`"),
    ],
)  # fmt: skip
def test_a_command_line_that_is_wrong(
    repo: Repo, lint: Callable[..., Done], arguments: str, message: str, hint: str
) -> None:
    """It is refused before anything is read, in the words of all other errors."""
    repo.write("prompts/a.md")
    repo.write(".prompt-lint.yaml", CONFIG)

    done = lint(*arguments.split())

    assert (done.code, done.out, done.err) == (2, "", f"error: {message}\n{hint}\n")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("JOBS", "abc", "`abc` isn't a whole number from 1 to 256"),
        ("DEADLINE", "0", "`0` isn't a number of seconds from 0.1 to 86400"),
        ("COLOR", "yes", "`yes` isn't one of auto, always, never"),
        ("CONFIG", "prompts", "`prompts` is a folder, not a file"),
        ("BASE", "nosuch", "there is no branch, tag or commit `nosuch`"),
        ("POLICY_FROM", "nosuch", "there is no branch, tag or commit `nosuch`"),
    ],
)
def test_a_variable_that_is_wrong(
    repo: Repo,
    lint: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    message: str,
) -> None:
    """It is blamed by its own name: nobody typed the option."""
    repo.write("prompts/a.md")
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.commit()
    monkeypatch.setenv(f"PROMPT_LINT_{variable}", value)

    done = lint("check")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: PROMPT_LINT_{variable}: {message}\n")


def test_a_slip_in_the_name_of_a_branch(repo: Repo, lint: Callable[..., Done]) -> None:
    """The branch that is there is named, before what brings one that isn't."""
    repo.write("prompts/a.md")
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.commit()

    done = lint("check", "--base", "mian")

    assert done.err == (
        "error: there is no branch, tag or commit `mian`\ndid you mean `main`?\n"
        "name a branch, a tag or a commit that `git log` knows\n"
    )


def test_a_flag_wins_over_a_variable(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no contradiction: the variable is for all runs, the flag for this one."""
    repo.write("prompts/a.md")
    repo.write(".prompt-lint.yaml", CONFIG)
    monkeypatch.setenv("PROMPT_LINT_COUNTING", "exact")

    assert lint("check", "--offline").code == 0


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ("check a.md --model claude-opus-5-5", "--model needs --limit where there is no configuration", "example: --model claude-opus-5-5 --limit 8000\n"),
        ("check --limit 8000", "--limit needs files where there is no configuration", "example: prompt-lint check prompts/ --limit 8000; `prompt-lint init` finds prompts and writes a configuration\n"),
        ("list --by folder", "no .prompt-lint.yaml in {top}", "    - files: prompts/**/*.md\n"),
        ("check", "no .prompt-lint.yaml in {top}", "\nor check without one: prompt-lint check FILE --limit 8000\n"),
    ],
)  # fmt: skip
def test_without_a_configuration(
    repo: Repo, lint: Callable[..., Done], arguments: str, message: str, hint: str
) -> None:
    """What is missing is named: a flag where the other one is there, else the file and its folder."""
    repo.write("a.md")

    done = lint(*arguments.split())

    assert done.code == 2
    assert done.err.startswith(f"error: {message.format(top=repo.path)}\n")
    assert done.err.endswith(hint)
