"""The options that several commands share, with their types and defaults, and the values that hold them."""

from __future__ import annotations

import math
from functools import reduce, wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.model.models import KNOWN_IDS
from prompt_lint.output import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prompt_lint.api.credentials import Provider
    from prompt_lint.counting.sources import Mode

    Decorator = Callable[[Any], Any]

_MEBIBYTE = 1024 * 1024
DEFAULT_FILE_SIZE = _MEBIBYTE
_MAX_FILE_SIZE = 256 * _MEBIBYTE
_POLICY = RequestPolicy()


class ConfigOptions(NamedTuple):
    """What the command line says of the tree and its rules. `limit` is as typed; `models` and `limit` go before the file's."""

    config_path: str | None = None
    limit: str | None = None
    models: Sequence[str] = ()
    policy_from: str | None = None
    no_git: bool = False


class CountingOptions(NamedTuple):
    """How a run counts. `deadline` is in seconds."""

    counting: Mode | None
    offline: bool
    provider: Provider
    jobs: int
    max_requests: int
    deadline: float
    cache_dir: str | None
    no_cache: bool


# Without a command there are no options: nothing is sent.
DEFAULT_COUNTING = CountingOptions(
    "offline",
    True,
    "anthropic",
    _POLICY.jobs,
    _POLICY.max_requests,
    _POLICY.deadline,
    None,
    False,
)


def group_options(**groups: Any) -> Decorator:
    """Decorate a command to get its options in groups: `output=OutputOptions` for all that are fields of that class."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def run(*arguments: Any, **values: Any) -> Any:
            grouped = {
                name: group(**{field: values.pop(field) for field in group._fields if field in values})
                for name, group in groups.items()
            }
            return command(*arguments, **values, **grouped)

        return run

    return decorate


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
            self.fail(f"{value!r} is not a size up to 256M; right are 500000, 512k and 4M", param, ctx)
        return size


class Seconds(click.FloatRange):
    """A number of seconds up to a day. `nan`, which no range excludes, isn't one."""

    def __init__(self) -> None:
        super().__init__(0.1, 86_400)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
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
        if name not in self.formats or not path:
            self.fail(
                f"{value!r} is not FORMAT=FILE with FORMAT one of {', '.join(self.formats)}", param, ctx
            )
        return name, path


config = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False),
    envvar="PROMPT_LINT_CONFIG",
    help="The configuration, instead of .prompt-lint.yaml at the top of the repository.",
)


def complete_models(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids of the known models that begin like this, for a shell to offer."""
    return [model for model in KNOWN_IDS if model.startswith(incomplete)]


def models(help_text: str) -> Decorator:
    """Return the option `--model`, which may be given repeatedly."""
    return click.option(
        "--model",
        "models",
        metavar="MODEL",
        multiple=True,
        shell_complete=complete_models,
        help=f"{help_text} Repeatable; `prompt-lint models` lists the known ones.",
    )


no_git = click.option("--no-git", is_flag=True, help="Walk the folder instead of asking git for its files.")
max_file_size = click.option(
    "--max-file-size",
    type=FileSize(),
    default=DEFAULT_FILE_SIZE,
    show_default="1M",
    envvar="PROMPT_LINT_MAX_FILE_SIZE",
    help="A larger file is a problem. In bytes, or with k or M.",
)
cache_dir = click.option(
    "--cache-dir", type=click.Path(file_okay=False), help="Where counts are kept between runs."
)
provider = click.option(
    "--provider",
    type=click.Choice(("anthropic", "vertex", "foundry", "aws")),
    default="anthropic",
    envvar="PROMPT_LINT_PROVIDER",
    help="Whose API. All but anthropic need the SDK.",
)
counting = _combine(
    click.option(
        "--counting",
        type=click.Choice(("exact", "auto", "offline")),
        envvar="PROMPT_LINT_COUNTING",
        help="exact: ask the API; auto: only what the offline count leaves open; offline: never. "
        "Default: exact with a credential, else offline.",
    ),
    click.option("--offline", is_flag=True, help="Send nothing anywhere: --counting offline."),
    provider,
    click.option(
        "--jobs",
        type=click.IntRange(1, 256),
        default=_POLICY.jobs,
        show_default=True,
        envvar="PROMPT_LINT_JOBS",
        help="Requests to the API at a time.",
    ),
    click.option(
        "--max-requests",
        type=click.IntRange(1),
        default=_POLICY.max_requests,
        show_default=True,
        envvar="PROMPT_LINT_MAX_REQUESTS",
        help="Requests to the API in a run.",
    ),
    click.option(
        "--deadline",
        type=Seconds(),
        default=_POLICY.deadline,
        show_default=True,
        envvar="PROMPT_LINT_DEADLINE",
        help="Seconds that counting with the API may take.",
    ),
    cache_dir,
    click.option("--no-cache", is_flag=True, help="Neither read nor keep counts."),
)
output_file = click.option(
    "-o", "--output-file", type=click.Path(dir_okay=False), help="Write there, not to stdout."
)


def output(formats: Iterable[str]) -> Decorator:
    """Return the option `--output`, which may be given repeatedly."""
    return click.option(
        "--output",
        "outputs",
        type=FormatAndFile(formats),
        multiple=True,
        help="One more output. May be given repeatedly.",
    )


report_outputs = _combine(
    click.option(
        "--output-format",
        type=click.Choice(tuple(OUTPUTS)),
        envvar="PROMPT_LINT_OUTPUT_FORMAT",
        help="What stdout (or --output-file) carries. Default: text; of check in CI, annotations and a summary, too.",
    ),
    output_file,
    output(OUTPUTS),
)
color = click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    envvar="PROMPT_LINT_COLOR",
    help="auto: NO_COLOR, then FORCE_COLOR, then whether stdout is a terminal.",
)
