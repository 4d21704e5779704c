"""Click's group and commands, whose help and version are written as reports are: with exit 3 where they are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from prompt_lint import __version__
from prompt_lint.cli.usage_errors import refuse_contradictions
from prompt_lint.output.terminal import write_stdout

if TYPE_CHECKING:
    from collections.abc import Callable


class Command(click.Command):
    """A command whose `--help` is written as reports are, and that refuses options that contradict each other."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # Click's parser leaves it out where a value is missing
            raise

    def invoke(self, ctx: click.Context) -> Any:
        refuse_contradictions(ctx)
        return super().invoke(ctx)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option:
            option.callback = _print_help
        return option


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type


def _print_help(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not context.resilient_parsing:
        write_stdout(context.get_help() + "\n")
        context.exit()


def _print_version(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not context.resilient_parsing:
        write_stdout(f"prompt-lint {__version__}\n")
        context.exit()


def version_option() -> Callable[[Any], Any]:
    return click.option(
        "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version,
        help="Show the version and exit.",
    )  # fmt: skip
