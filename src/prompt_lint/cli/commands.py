"""Click's options, commands and groups, with our help: options in groups, examples, exit codes, the documentation's address.

Help and version are written as reports are: with exit 3 where they are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from prompt_lint import DOCUMENTATION, __version__
from prompt_lint.cli.usage_errors import refuse_contradictions
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.terminal import write_stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_EXIT_CODES = {
    ExitCode.OK: "success",
    ExitCode.USAGE: "the command line or the configuration is wrong",
    ExitCode.UNCOUNTED: "something could not be read, counted or written",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.TERMINATED: "terminated (SIGTERM)",
}


# What lines of help aren't broken at, while they are wrapped: within a fact, and at the hyphens of names.
_NO_BREAK = {" ": "\u00a0", "-": "\u2011"}
_MAX_UNBROKEN = 45


class Fact(NamedTuple):
    """What the help says of an option beside its purpose, such as `[default: 64]`. A fact without text is its label."""

    label: str
    text: str = ""

    def __str__(self) -> str:
        text = f"[{self.label}: {self.text}]" if self.text else f"[{self.label}]"
        return text.replace(" ", _NO_BREAK[" "]) if len(text) <= _MAX_UNBROKEN else text


def _break_long_facts(text: str, width: int) -> str:
    """Let a fact that is wider than its column be broken between words: else it is broken within one."""
    facts = text.split(" ")
    return " ".join(fact if len(fact) <= width else fact.replace(_NO_BREAK[" "], " ") for fact in facts)


class Formatter(click.HelpFormatter):
    """Click's formatter, which breaks lines at hyphens, without that."""

    def write_text(self, text: str) -> None:
        super().write_text(text.replace("-", _NO_BREAK["-"]))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        start = (
            self.current_indent + min(max((len(name) for name, _ in rows), default=0), col_max) + col_spacing
        )
        texts = [_break_long_facts(text, self.width - start).replace("-", _NO_BREAK["-"]) for _, text in rows]
        super().write_dl(
            [(name, text) for (name, _), text in zip(rows, texts, strict=True)], col_max, col_spacing
        )

    def getvalue(self) -> str:
        value = super().getvalue()
        for char, substitute in _NO_BREAK.items():
            value = value.replace(substitute, char)
        return value


class Context(click.Context):
    """Click's context, which formats help with ours."""

    formatter_class = Formatter


class Option(click.Option):
    """An option in a group of the help."""

    def __init__(self, *arguments: Any, group: str, **settings: Any) -> None:
        super().__init__(*arguments, **{"show_default": True, **settings})
        self.group = group

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0], " ".join((self.help or "", *map(str, self.list_facts(ctx)))))

    def list_facts(self, ctx: click.Context) -> Iterator[Fact]:
        """Yield the option's variable, default and values, as far as it has them, and whether it is repeatable."""
        if self.envvar:
            yield Fact("env", str(self.envvar))
        if isinstance(self.show_default, str):
            yield Fact("default", self.show_default)
        elif default := self.get_help_extra(ctx).get("default"):
            yield Fact("default", default)
        if isinstance(self.type, click.Choice):
            yield Fact("values", ", ".join(self.type.choices))
        elif isinstance(self.type, (click.IntRange, click.FloatRange)):
            most = "or more" if self.type.max is None else f"to {self.type.max}"
            yield Fact("values", f"{self.type.min} {most}")
        if self.multiple:
            yield Fact("repeatable")


def option(*names: str, group: str, **settings: Any) -> Callable[[Any], Any]:
    """Return the decorator that adds an option to a command, in a group of its help."""
    return click.option(*names, cls=Option, group=group, **settings)


class Command(click.Command):
    """A command with our help, that refuses options that contradict each other.

    `examples` are pairs of a comment and a command line. `exit_codes` are the meanings that differ from the usual ones.
    `page` is the documentation's page. `legend` returns a title and rows that explain the output.
    """

    context_class = Context

    def __init__(
        self,
        *arguments: Any,
        examples: Sequence[tuple[str, str]] = (),
        exit_codes: Mapping[ExitCode, str] | None = None,
        page: str = "cli.md",
        legend: Callable[[], tuple[str, Sequence[tuple[str, str]]]] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(*arguments, **settings)
        self.examples = examples
        self.exit_codes = dict(sorted({**_EXIT_CODES, **(exit_codes or {})}.items()))
        self.page = page
        self.legend = legend

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
            option.help = "Show this help and exit."
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        return super().get_short_help_str(limit).removesuffix(".")

    def list_arguments(self, ctx: click.Context) -> list[tuple[str, str]]:
        return [
            param.get_help_record(ctx) for param in self.get_params(ctx) if isinstance(param, click.Argument)
        ]

    def list_groups(self, ctx: click.Context) -> dict[str, list[click.Option]]:
        """Return the options by the title of their group; Click's own are in the last one."""
        groups: dict[str, list[click.Option]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and not param.hidden:
                groups.setdefault(getattr(param, "group", "General"), []).append(param)
        return groups

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Leave the arguments to `format_options`, which aligns both."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        arguments = self.list_arguments(ctx)
        sections = {"Arguments": arguments} if arguments else {}
        for title, options in self.list_groups(ctx).items():
            sections[title] = [record for option in options if (record := option.get_help_record(ctx))]
        width = max(len(name) for rows in sections.values() for name, _ in rows)
        for title, rows in sections.items():
            _write_section(formatter, title, [(f"{name:<{width}}", text) for name, text in rows])

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.legend:
            _write_section(formatter, *self.legend())
        if self.examples:
            with formatter.section("Examples"):
                for comment, line in self.examples:
                    formatter.write(f"  # {comment}\n  $ {line}\n")
        _write_section(
            formatter, "Exit codes", [(f"{code:d}", text) for code, text in self.exit_codes.items()]
        )
        formatter.write(f"\nDocumentation: {DOCUMENTATION}/{self.page}\n")


class Group(Command, click.Group):
    """A group of such commands, in the order in which they were added. Its help shows them first."""

    command_class = Command
    group_class = type

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)


def _write_section(formatter: click.HelpFormatter, title: str, rows: Iterable[tuple[str, str]]) -> None:
    with formatter.section(title):
        formatter.write_dl(list(rows))


def _print_help(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not context.resilient_parsing:
        write_stdout(context.get_help() + "\n")
        context.exit()


def print_version() -> None:
    write_stdout(f"prompt-lint {__version__}\n")


def _print_version(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not context.resilient_parsing:
        print_version()
        context.exit()


def version_option() -> Callable[[Any], Any]:
    return option(
        "-V", "--version", group="General", is_flag=True, expose_value=False, is_eager=True, callback=_print_version,
        help="Show the version and exit.",
    )  # fmt: skip
