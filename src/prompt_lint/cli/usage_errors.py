"""What Click refuses → our words: an error in one line, and what to do next. A value of the environment is blamed on its variable."""

from __future__ import annotations

import ast
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click
from click.core import ParameterSource

from prompt_lint.model.errors import Fatal
from prompt_lint.model.nearest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How Click begins a message about a value: with its `repr`, or with a number.
_VALUE = r"""(?:File |Directory |Path )?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+) """

# What a value looks like, by the name of the option; for options whose type doesn't say so.
_EXAMPLES = {
    "base": "origin/main",
    "fail_on": "'cost > 50/day'",
    "limit": "8000, 8k or 5%",
    "max_file_size": "512k or 4M",
    "models": "claude-sonnet-5-5",
    "policy_from": "origin/main",
}
# Why a value that people expect isn't there, by option and value.
_BEDROCK = "the older interface of Amazon Bedrock can't count tokens; use aws, or count with --offline"
_REASONS = {("provider", "bedrock"): _BEDROCK}


class _Contradiction(NamedTuple):
    """Two options that can't both be given, by the names of their parameters, and when they contradict each other."""

    first: str
    second: str
    applies: Callable[[object], bool] = lambda _value: True


_CONTRADICTIONS = (
    _Contradiction("verbose", "quiet"),
    _Contradiction("offline", "counting", lambda value: value != "offline"),
    _Contradiction("no_cache", "cache_dir"),
)


def describe_usage_error(error: click.ClickException) -> tuple[str, str]:
    """Return what is wrong with the command line or a variable, and where the help is."""
    context: click.Context | None = getattr(error, "ctx", None)
    hint = f"see `{context.command_path} --help`" if context else ""
    if isinstance(error, click.MissingParameter) and error.param:
        message = _describe_missing(error.param)
    elif isinstance(error, click.BadParameter) and error.param:
        message = f"{name_parameter(error.param, context)}: {_describe_value(error, error.param)}"
    elif isinstance(error, click.NoSuchOption):
        message = _describe_unknown("option", error.option_name, context)
    elif command := getattr(error, "command_name", ""):  # Click 8.4 and later
        message = _describe_unknown("command", command, context)
        if context and not context.parent and os.path.lexists(command):
            hint = "a file or folder goes behind a command: `prompt-lint check PATH`, or `prompt-lint count FILE`"
    elif isinstance(error, click.BadOptionUsage):
        message = _describe_option_usage(error, context)
    else:
        message = _restyle(error.format_message())
    return message, hint


def name_parameter(param: click.Parameter, context: click.Context | None) -> str:
    """Return what a person set: the variable of the environment, else the option or the argument."""
    if context and param.envvar and not isinstance(param.envvar, list | tuple):
        source = context.get_parameter_source(param.name or "")
        if source is ParameterSource.ENVIRONMENT:
            return str(param.envvar)
    return max(param.opts, key=len) if isinstance(param, click.Option) else (param.name or "").upper()


@contextmanager
def blame_variable(name: str) -> Iterator[None]:
    """Begin each `Fatal` with the variable of the environment that the parameter of the running command has its value from."""
    try:
        yield
    except Fatal as error:
        source = name_source(name)
        if not source.startswith("PROMPT_LINT_"):
            raise
        raise Fatal(f"{source}: {error.message}", error.hint, error.exit_code) from None


def name_source(name: str) -> str:
    """Return what a person set the parameter of the running command by: `--base` or `PROMPT_LINT_BASE`; "" if it has none."""
    context = click.get_current_context(silent=True)
    params = context.command.params if context else []
    return next((name_parameter(param, context) for param in params if param.name == name), "")


def refuse_contradictions(context: click.Context) -> None:
    """Raise `Fatal` for options that contradict each other, and for one that is empty. A variable gives way to an option."""
    params = {
        param.name: param
        for param in context.command.params
        if context.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
    }
    if context.params.get("missing_ok"):
        params.pop("report_file", None)  # the Action passes an empty path where the check made no report
    for name, param in params.items():
        value, option = context.params.get(name or ""), name_parameter(param, context)
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(param, click.Argument):  # a file may be called " "
            if "" in values:
                raise Fatal(f"one of {option} is empty", "is a variable of the shell empty?")
        elif param.default != "" and any(isinstance(each, str) and not each.strip() for each in values):
            raise Fatal(f"{option} is empty", f"is a variable empty? leave {option} out for the default")
    for first, second, applies in _CONTRADICTIONS:
        if {first, second} <= params.keys() and applies(context.params[second]):
            names = [name_parameter(params[name], context) for name in (first, second)]
            value = context.params[second]
            given = f"{names[1]} {value}" if isinstance(value, str) else names[1]
            raise Fatal(f"{names[0]} and {given} contradict each other", "leave one of them out")


def _describe_missing(param: click.Parameter) -> str:
    name = name_parameter(param, None)
    if isinstance(param.type, click.Choice):
        return f"missing {name}: one of {', '.join(param.type.choices)}"
    return f"missing {name}: name {'at least one' if param.nargs == -1 else 'one'}"


def _describe_value(error: click.BadParameter, param: click.Parameter) -> str:
    """Return why a value is refused. Our own types say it themselves."""
    match = re.match(_VALUE, error.message, re.DOTALL)
    value = match[1] if match else ""
    if value[:1] in {"'", '"'}:
        value = str(ast.literal_eval(value))
    if reason := _REASONS.get((param.name or "", value)):
        return reason
    if not match or type(param.type).__module__ not in {"click.types", __name__}:
        return _restyle(error.message)
    if isinstance(param.type, click.Path):
        return f"`{value}` is {'a folder, not a file' if param.type.file_okay else 'a file, not a folder'}"
    choices = param.type.choices if isinstance(param.type, click.Choice) else ()
    near = find_nearest(value, map(str, choices))
    return f"`{value}` isn't {_describe_type(param.type)}{near and f'; did you mean `{near}`?'}"


def _describe_type(kind: click.ParamType[object]) -> str:
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(map(str, kind.choices))}"
    if isinstance(kind, click.DateTime):
        return "a date (YYYY-MM-DD), such as 2026-11-01"
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    noun = "a whole number" if isinstance(kind, click.types.IntParamType) else "a number"
    if least is not None and most is not None:
        return f"{noun} from {least} to {most}"
    return noun if least is None else f"{noun} of at least {least}"


def _describe_unknown(noun: str, name: str, context: click.Context | None) -> str:
    command = context.command if context else None
    params = command.params if command else []
    if noun == "option":
        # By their words: two dashes alone make short names alike.
        known = {option.lstrip("-"): option for param in params for option in param.opts}
        known |= {
            value: f"--output-format {value}"
            for param in params
            if param.name == "output_format" and isinstance(param.type, click.Choice)
            for value in param.type.choices
            if value not in known
        }
    else:
        names = command.list_commands(context) if isinstance(command, click.Group) and context else []
        known = {known: known for known in names}
    near = known.get(find_nearest(name.lstrip("-"), known, 0.6), "")
    return f"there is no {noun} `{name}`{near and f'; did you mean `{near}`?'}"


def _describe_option_usage(error: click.BadOptionUsage, context: click.Context | None) -> str:
    params = context.command.params if context else []
    param = next((param for param in params if error.option_name in param.opts), None)
    if param is None or not isinstance(param, click.Option):
        return _restyle(error.format_message())
    if param.is_flag:
        return f"{error.option_name} takes no value"
    return f"{error.option_name} needs a value{_give_example(param)}"


def _give_example(param: click.Parameter) -> str:
    if isinstance(param.type, click.Choice | click.types.IntRange | click.types.FloatRange):
        return f": {_describe_type(param.type)}"
    example = _EXAMPLES.get(param.name or "", "")
    return example and f", such as {example}"


def _restyle(message: str) -> str:
    """Return a sentence of Click's as ours are written: backticks for quotes, no capital and no full stop."""
    text = re.sub(r"'([^']*)'", r"`\1`", message).removesuffix(".")
    text = re.sub(
        r"^Got unexpected extra arguments? \((.*)\)$", r"unexpected argument `\1`", text, flags=re.DOTALL
    )
    return text[:1].lower() + text[1:]
