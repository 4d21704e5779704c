"""The help of every command: options in groups, defaults, variables, examples, exit codes, the documentation."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT as PROJECT

from prompt_lint.cli.commands import DOCUMENTATION, Command
from prompt_lint.cli.environment import list_commands
from prompt_lint.cli.main import cli
from prompt_lint.output.status_words import list_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    import click
    from tests.support.program import Done

ROOT = cli.make_context("prompt-lint", [], resilient_parsing=True, terminal_width=80)
COMMANDS = {context.command_path.removeprefix("prompt-lint "): context for context in list_commands(ROOT)}


def list_examples(command: click.Command) -> list[str]:
    assert isinstance(command, Command)
    return [line for _, line in command.examples]


def test_summaries_fit_a_terminal() -> None:
    """Each command is one line of 80 columns, whole."""
    lines = ROOT.get_help().split("Commands:\n")[1].split("\n\n")[0].split("\n")

    assert len(lines) == len(cli.commands)
    assert [line for line in lines if len(line) > 80 or line.endswith(("...", "."))] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_is_complete(name: str) -> None:
    """All of it in one form, in lines of a terminal."""
    text = COMMANDS[name].get_help()

    prose = text.split("\nExamples:\n")[0]
    assert max(map(len, prose.split("\n"))) <= 80
    assert re.findall(r"TEXT|INTEGER|FLOAT|RANGE|%Y|Default:|UNSET|[\u00a0\u2011]", text) == []
    assert "\nExit codes:\n  0 " in text
    page = text.split("\n")[-1].removeprefix(f"Documentation: {DOCUMENTATION}/")
    assert (PROJECT / "docs" / page).is_file()


def test_a_narrow_help_breaks_no_word() -> None:
    """A variable, a default and values are broken between words where the column is narrower."""
    root = cli.make_context("prompt-lint", [], resilient_parsing=True, terminal_width=60)
    contexts = {context.command_path.removeprefix("prompt-lint "): context for context in list_commands(root)}

    broken = set(contexts["check"].get_help().split()) - set(COMMANDS["check"].get_help().split())

    assert broken == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_a_group(name: str) -> None:
    """What a command doesn't say itself is only `--help`."""
    command = COMMANDS[name].command
    assert isinstance(command, Command)

    general = command.list_groups(COMMANDS[name])["General"]
    assert [option.opts for option in general] == [["-h", "--help"]]
    assert all(option.help for options in command.list_groups(COMMANDS[name]).values() for option in options)


@pytest.mark.parametrize("name", ["check", "count", "report", "completion"])
def test_the_main_commands_have_three_examples(name: str) -> None:
    """They are what people copy."""
    assert len(list_examples(COMMANDS[name].command)) >= 3


@pytest.mark.parametrize(
    "line",
    sorted({line for context in (ROOT, *COMMANDS.values()) for line in list_examples(context.command)}),
)
def test_the_examples_are_valid_command_lines(line: str) -> None:
    """Parsed as they would be, without running them."""
    words = shlex.split(line.removeprefix('eval "$(').removesuffix(')"'), posix=True)
    words = words[words.index("prompt-lint") + 1 :]
    end = next((words.index(word) for word in ("|", ">") if word in words), len(words))
    _, command, rest = cli.resolve_command(ROOT, words[:end])

    assert command
    command.make_context(command.name, rest, parent=ROOT)


def test_what_a_variable_sets_is_in_the_help_of_its_option(lint: Callable[..., Done]) -> None:
    """With the default, and what may be given."""
    help_text = " ".join(lint("check", "--help").out.split())

    assert (
        "--jobs N Send at most N requests at the same time. [env: PROMPT_LINT_JOBS] [default: 64] [values: 1 to 256]"
        in help_text
    )


def test_the_help_of_check_explains_its_words(lint: Callable[..., Done]) -> None:
    """With the meanings that docs/outputs.md has."""
    legend = lint("check", "--help").out.split("\nStatus words:\n")[1].split("\n\n")[0]

    assert re.findall(r"^  (\S+)", legend, re.MULTILINE) == [label for label, _ in list_labels()]


def test_options_for_requests_are_taken_where_the_help_is_without_them(lint: Callable[..., Done]) -> None:
    """`list` and others obey them, also as variables; only `check` shows them."""
    assert "--max-requests" not in lint("list", "--help").out
    assert "--max-requests" in lint("check", "--help").out
    assert "No such option" not in lint("list", "--max-requests", "5").err


@pytest.mark.parametrize(
    ("arguments", "same"),
    [
        (["help"], ["--help"]),
        (["help", "check"], ["check", "--help"]),
        (["help", "cache", "info"], ["cache", "info", "--help"]),
        (["version"], ["--version"]),
        (["-V"], ["--version"]),
    ],
)
def test_help_and_version_are_found_by_other_names(
    lint: Callable[..., Done], arguments: list[str], same: list[str]
) -> None:
    """As git, uv and cargo have them."""
    done = lint(*arguments)

    assert (done.code, done.out) == (0, lint(*same).out)


def test_help_of_no_command_names_the_nearest(lint: Callable[..., Done]) -> None:
    """As a command that doesn't exist does."""
    done = lint("help", "chekc")

    assert (done.code, done.out) == (2, "")
    assert "check" in done.err
    assert lint("help", "check", "info").code == 2


def test_help_lists_the_environment(lint: Callable[..., Done]) -> None:
    """The variables of options, of the API, and of CI systems."""
    out = lint("help", "environment").out

    assert out.startswith("Options of prompt-lint:\n  PROMPT_LINT_BASE ")
    for name in ("PROMPT_LINT_ADMIN_URL", "ANTHROPIC_API_KEY", "CLOUD_ML_REGION", "BUILDKITE_PULL_REQUEST"):
        assert name in out
