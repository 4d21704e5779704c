"""The options that several commands share, with their types and defaults, and the values that hold them."""

from __future__ import annotations

import math
from functools import reduce, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.cli.commands import option
from prompt_lint.cli.value_completion import complete_models
from prompt_lint.model.nearest import find_nearest
from prompt_lint.repo import DEFAULT_FILE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from prompt_lint.api.credentials import Provider
    from prompt_lint.counting.sources import Mode

    Decorator = Callable[[Any], Any]

_T = TypeVar("_T")

_MEBIBYTE = 1024 * 1024
_MAX_FILE_SIZE = 256 * _MEBIBYTE
_POLICY = RequestPolicy()


class ConfigOptions(NamedTuple):
    """What the command line says of the tree and its rules. `limit` is as typed; `models` and `limit` go before the file's.

    `max_file_size` is in bytes.
    """

    config_path: str | None = None
    limit: str | None = None
    models: Sequence[str] = ()
    policy_from: str | None = None
    no_git: bool = False
    max_file_size: int = DEFAULT_FILE_SIZE


class JudgingOptions(NamedTuple):
    """What fails. With `accept_label` on the pull request no size does.

    `allow_unmatched` is None for commands without that option.
    """

    exit_zero: bool = False
    allow_unmatched: bool | None = None
    accept_label: str | None = None


class CountingOptions(NamedTuple):
    """How a run counts. `deadline` is in seconds."""

    counting: Mode | None = None
    offline: bool = False
    provider: Provider = "anthropic"
    jobs: int = _POLICY.jobs
    max_requests: int = _POLICY.max_requests
    deadline: float = _POLICY.deadline
    cache_dir: str | None = None
    no_cache: bool = False


# Without a command there are no options: nothing is sent.
DEFAULT_COUNTING = CountingOptions(offline=True)


def group_options(**groups: Any) -> Decorator:
    """Decorate a command to get its options in groups: `output=OutputOptions` for all that are fields of that class."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def run(*arguments: Any, **values: Any) -> Any:
            grouped = {name: select_fields(group, values) for name, group in groups.items()}
            fields = {field for group in groups.values() for field in group._fields}
            others = {name: value for name, value in values.items() if name not in fields}
            return command(*arguments, **others, **grouped)

        return run

    return decorate


def select_fields(group: type[_T], values: Mapping[str, Any]) -> _T:
    """Return a group (a NamedTuple) with the values of its fields, as far as there are any."""
    return group(**{field: values[field] for field in group._fields if field in values})  # type: ignore[attr-defined]  # a bound can't say NamedTuple


def _combine(*decorators: Decorator) -> Decorator:
    """Return the decorator that adds several options, the first of which is the first in the help."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(decorators), command)


class FileSize(click.ParamType[int]):
    """Bytes, with an optional k or M (1,024 and its square)."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        number, factor = value, 1
        for suffix, times in (("k", 1024), ("m", _MEBIBYTE)):
            if value.lower().endswith(suffix):
                number, factor = value[:-1], times
        size = int(number) * factor if number.isascii() and number.isdigit() and len(number) < 12 else 0
        if not 0 < size <= _MAX_FILE_SIZE:
            self.fail(f"`{value}` isn't a size of at most 256M, such as 500000, 512k or 4M", param, ctx)
        return size


class Seconds(click.FloatRange):
    """A number of seconds up to a day. `nan`, which no range excludes, isn't one."""

    def __init__(self) -> None:
        super().__init__(0.1, 86_400)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(super().convert(value, param, ctx))
        except click.BadParameter:
            seconds = math.nan
        if math.isnan(seconds):
            self.fail(f"`{value}` isn't a number of seconds from 0.1 to 86400", param, ctx)
        return seconds


class FormatAndFile(click.ParamType[tuple[str, str]]):
    """`FORMAT=FILE`."""

    name = "format=file"

    def __init__(self, formats: Iterable[str]) -> None:
        self.formats = tuple(formats)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, _, path = value.partition("=")
        if not path:
            self.fail(f"`{value}` isn't FORMAT=FILE, such as json=report.json", param, ctx)
        if name not in self.formats:
            near = find_nearest(name, self.formats)
            message = f"`{name}` isn't one of {', '.join(self.formats)}{near and f'; did you mean `{near}`?'}"
            self.fail(message, param, ctx)
        return name, path

    def shell_complete(
        self, context: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        _, sign, file = incomplete.partition("=")
        if sign:
            return click.Path().shell_complete(context, param, file)
        return click.Choice([f"{name}=" for name in self.formats]).shell_complete(context, param, incomplete)


INPUT, LIMITS, COMPARISON, COUNTING, OUTPUT = "Input", "Limits", "Comparison", "Counting", "Output"
PATHS_HELP = "Files, folders and patterns to look at. [default: the whole repository]"

config = option(
    "--config",
    "config_path",
    group=INPUT,
    type=click.Path(dir_okay=False),
    envvar="PROMPT_LINT_CONFIG",
    show_default="the .prompt-lint.yaml of each folder",
    help="Use the configuration FILE alone; its patterns start at the top of the repository.",
)


def models(help_text: str, *, group: str = LIMITS, default: str) -> Decorator:
    return option(
        "--model",
        "models",
        group=group,
        metavar="MODEL",
        multiple=True,
        show_default=default,
        shell_complete=complete_models,
        help=f"{help_text} `prompt-lint models` lists the known ones.",
    )


no_git = option(
    "--no-git", group=INPUT, is_flag=True, help="Walk the folders instead of asking git for the files."
)
max_file_size = option(
    "--max-file-size",
    group=INPUT,
    type=FileSize(),
    metavar="SIZE",
    default=DEFAULT_FILE_SIZE,
    show_default="1M",
    envvar="PROMPT_LINT_MAX_FILE_SIZE",
    help="Report larger files as errors. In bytes, or with k or M; at most 256M.",
)
cache_dir = option(
    "--cache-dir",
    group=COUNTING,
    metavar="FOLDER",  # no `click.Path`, which would refuse a file: a broken cache costs a note, and no verdict
    shell_complete=click.Path(file_okay=False).shell_complete,
    envvar="PROMPT_LINT_CACHE_DIR",
    show_default="the user's cache folder",
    help="Keep counts in FOLDER between runs.",
)
cache = _combine(
    cache_dir, option("--no-cache", group=COUNTING, is_flag=True, help="Neither read nor keep counts.")
)
provider = option(
    "--provider",
    group=COUNTING,
    type=click.Choice(("anthropic", "vertex", "foundry", "aws")),
    metavar="NAME",
    default="anthropic",
    envvar="PROMPT_LINT_PROVIDER",
    help="Count with this provider's API.",
)


_mode = _combine(
    option(
        "--counting",
        group=COUNTING,
        type=click.Choice(("exact", "auto", "offline")),
        metavar="MODE",
        envvar="PROMPT_LINT_COUNTING",
        show_default="exact with an API key, else offline",
        help="exact: by the API; offline: by the tokenizer in this package; auto: offline, and by the API where that "
        "can't decide.",
    ),
    option("--offline", group=COUNTING, is_flag=True, help="Send nothing: short for --counting offline."),
    provider,
)


def _requests(*, is_hidden: bool) -> Decorator:
    return _combine(
        option(
            "--jobs",
            group=COUNTING,
            type=click.IntRange(1, 256),
            metavar="N",
            default=_POLICY.jobs,
            envvar="PROMPT_LINT_JOBS",
            hidden=is_hidden,
            help="Send at most N requests at the same time.",
        ),
        option(
            "--max-requests",
            group=COUNTING,
            type=click.IntRange(1),
            metavar="N",
            default=_POLICY.max_requests,
            envvar="PROMPT_LINT_MAX_REQUESTS",
            hidden=is_hidden,
            help="Send at most N requests in a run.",
        ),
        option(
            "--deadline",
            group=COUNTING,
            type=Seconds(),
            metavar="SECONDS",
            default=int(_POLICY.deadline),
            envvar="PROMPT_LINT_DEADLINE",
            hidden=is_hidden,
            help="Stop asking the API after so many seconds.",
        ),
    )


# Of requests that the command is there for.
bounds = _requests(is_hidden=False)
# How a run counts. The help of `check` alone shows the options for requests; the other commands take them, too.
counting_of_check = _combine(_mode, bounds, cache)
counting = _combine(_mode, _requests(is_hidden=True), cache)

output_file = option(
    "-o",
    "--output-file",
    group=OUTPUT,
    type=click.Path(dir_okay=False),
    show_default="stdout",
    help="Write to FILE.",
)


def output(formats: Iterable[str]) -> Decorator:
    return option(
        "--output",
        "outputs",
        group=OUTPUT,
        type=FormatAndFile(formats),
        metavar="FORMAT=FILE",
        multiple=True,
        help="Write one more format, to FILE.",
    )


def output_format(formats: Iterable[str] = ("text", "json"), **settings: Any) -> Decorator:
    """Return the option `--output-format`, by default that of a command which prints text or JSON."""
    return option(
        "--output-format",
        group=OUTPUT,
        type=click.Choice(tuple(formats)),
        metavar="FORMAT",
        **{"default": "text", "help": "Write this format.", **settings},
    )


color = option(
    "--color",
    group=OUTPUT,
    type=click.Choice(("auto", "always", "never")),
    metavar="WHEN",
    default="auto",
    envvar="PROMPT_LINT_COLOR",
    help="Use colour. auto: where stdout is a terminal, unless NO_COLOR or FORCE_COLOR is set.",
)
