"""The command line: options → calls. The only module that knows all others."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from prompt_lint.cli import check as checking
from prompt_lint.cli import exit_status
from prompt_lint.cli.check import Asked, today, with_warnings
from prompt_lint.cli.commands import Group, version_option
from prompt_lint.cli.inputs import Flags, here, load
from prompt_lint.cli.session import means, outage_fails
from prompt_lint.formats import FORMATS
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output.delivery import OutputOptions, choose_targets, deliver_report
from prompt_lint.output.terminal import wants_color, write_file, write_stderr, write_stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompt_lint.cache.counts import CacheInfo
    from prompt_lint.model.values import Prompt

_REPORTS = ("text", "markdown", "json", "csv", "html")
_DIMENSIONS = ("model", "workspace", "api-key", "service-tier", "context-window", "inference-geo", "speed")
_DAY = click.DateTime(["%Y-%m-%d"])
_MEBIBYTE = 1024 * 1024
_LARGEST_FILE = 256 * _MEBIBYTE


class _Size(click.ParamType[int]):
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
        if not 0 < size <= _LARGEST_FILE:
            self.fail(f"{value!r} is not a size up to 256M; right are 500000, 512k and 4M", param, ctx)
        return size


class _Seconds(click.FloatRange):
    """A number of seconds; `nan` compares as if it were one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if found != found:  # noqa: PLR0124  # that is what tells it
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return found


class _OutputTo(click.ParamType[tuple[str, str]]):
    """`FORMAT=FILE`."""

    name = "format=file"

    def __init__(self, formats: Sequence[str] = tuple(OUTPUTS)) -> None:
        self.formats = formats

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


def _shared(*names: str) -> Callable[[Any], Any]:
    """Options that several commands have, by name, in the order of the help."""

    def decorate(command: Any) -> Any:
        for name in reversed(names):
            command = _OPTIONS[name](command)
        return command

    return decorate


_COUNTING = ("counting", "offline", "provider", "jobs", "requests", "deadline", "cache", "nocache")

_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "config": click.option(
        "--config",
        "config_path",
        type=click.Path(dir_okay=False),
        envvar="PROMPT_LINT_CONFIG",
        help="The configuration, instead of .prompt-lint.yaml at the top of the repository.",
    ),
    "base": click.option(
        "--base",
        metavar="REF",
        envvar="PROMPT_LINT_BASE",
        help="Compare with where the change left REF, or with what CI or the default branch says (auto).",
    ),
    "policy": click.option(
        "--policy",
        type=click.Choice(("changed", "project")),
        envvar="PROMPT_LINT_POLICY",
        help="With a base: fail for what this change made worse, or for everything. Default: changed.",
    ),
    "policy_from": click.option(
        "--policy-from",
        metavar="REF",
        envvar="PROMPT_LINT_POLICY_FROM",
        help="Take the configuration from where the change left REF.",
    ),
    "git": click.option(
        "--no-git", is_flag=True, help="Walk the folder instead of asking git for its files."
    ),
    "size": click.option(
        "--max-file-size",
        type=_Size(),
        default=_MEBIBYTE,
        show_default="1M",
        envvar="PROMPT_LINT_MAX_FILE_SIZE",
        help="A larger file is a problem. In bytes, or with k or M.",
    ),
    "counting": click.option(
        "--counting",
        type=click.Choice(("exact", "auto", "offline")),
        envvar="PROMPT_LINT_COUNTING",
        help="exact: ask the API; auto: only what the offline count leaves open; offline: never. "
        "Default: exact with a credential, else offline.",
    ),
    "offline": click.option("--offline", is_flag=True, help="Send nothing anywhere: --counting offline."),
    "provider": click.option(
        "--provider",
        type=click.Choice(("anthropic", "vertex", "foundry", "aws")),
        default="anthropic",
        envvar="PROMPT_LINT_PROVIDER",
        help="Whose API. All but anthropic need the SDK.",
    ),
    "jobs": click.option(
        "--jobs",
        type=click.IntRange(1, 256),
        default=64,
        show_default=True,
        envvar="PROMPT_LINT_JOBS",
        help="Requests to the API at a time.",
    ),
    "requests": click.option(
        "--max-requests",
        type=click.IntRange(1),
        default=5_000,
        show_default=True,
        envvar="PROMPT_LINT_MAX_REQUESTS",
        help="Requests to the API in a run.",
    ),
    "deadline": click.option(
        "--deadline",
        type=_Seconds(0.1, 86_400),
        default=900,
        show_default=True,
        envvar="PROMPT_LINT_DEADLINE",
        help="Seconds that counting with the API may take.",
    ),
    "cache": click.option(
        "--cache-dir", type=click.Path(file_okay=False), help="Where counts are kept between runs."
    ),
    "nocache": click.option("--no-cache", is_flag=True, help="Neither read nor keep counts."),
    "format": click.option(
        "--output-format",
        type=click.Choice(tuple(OUTPUTS)),
        envvar="PROMPT_LINT_OUTPUT_FORMAT",
        help="What stdout (or --output-file) carries. Default: text; of check in CI, annotations and a summary, too.",
    ),
    "file": click.option(
        "-o", "--output-file", type=click.Path(dir_okay=False), help="Write there, not to stdout."
    ),
    "output": click.option(
        "--output",
        "outputs",
        type=_OutputTo(),
        multiple=True,
        help="One more output. May be given repeatedly.",
    ),
    "verbose": click.option("-v", "--verbose", is_flag=True, help="Show what passes, too."),
    "quiet": click.option("-q", "--quiet", is_flag=True, help="Show only what fails."),
    "color": click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        envvar="PROMPT_LINT_COLOR",
        help="auto: NO_COLOR, then FORCE_COLOR, then whether stdout is a terminal.",
    ),
}


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 within limits, 1 over a limit, 2 usage or configuration, 3 something could not be "
    "counted, 130 interrupted, 143 terminated.",
)
@version_option()
def cli() -> None:
    """Keep Claude prompts within their token limits.

    Start with `prompt-lint init`, which looks for prompts and writes a .prompt-lint.yaml; then run `prompt-lint check`.
    """


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@_shared("config")
@click.option("--limit", help="A limit for every prompt: 8000, 8k, or 5% of the context window.")
@click.option("--model", "models", multiple=True, help="Count for this model. May be given repeatedly.")
@_shared("base", "policy", "policy_from", "git", "size", *_COUNTING, "format", "file", "output")
@click.option(
    "-e", "--exit-zero", is_flag=True, help="Exit 0 where the only fault is a prompt over its limit."
)
@_shared("verbose", "quiet", "color")
def check(
    paths: tuple[str, ...],
    config_path: str | None,
    limit: str | None,
    models: tuple[str, ...],
    base: str | None,
    policy: str | None,
    policy_from: str | None,
    no_git: bool,
    max_file_size: int,
    exit_zero: bool,
    **given: Any,
) -> ExitCode:
    """Check the prompts of the repository, or those below PATHS, against their limits."""
    output, counting = _split(given)
    flags = Flags(config_path, limit, models, policy_from or "", no_git)
    asked = Asked(paths, flags, counting, output, max_file_size, exit_zero, base, policy or "")
    return checking.run(asked)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(readable=False))
@click.option("--model", "models", multiple=True, required=True, help="May be given repeatedly.")
@click.option(
    "--role", type=click.Choice(("user", "system")), help="Default: by the format; a text is the user's."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(tuple(FORMATS)),
    metavar="NAME",
    help="Default: by name and content.",
)
@click.option("--show-request", is_flag=True, help="Print the request that is counted, and count nothing.")
@_shared("size", *_COUNTING, "format", "file", "output", "color")
def count(
    files: tuple[str, ...],
    models: tuple[str, ...],
    role: Any,
    format_name: str | None,
    show_request: bool,
    max_file_size: int,
    **given: Any,
) -> ExitCode:
    """Count the tokens of FILES, without a configuration: a `wc` for tokens. `-` is stdin."""
    from prompt_lint.check.pipeline import Options
    from prompt_lint.check.read_prompts import Diagnostics
    from prompt_lint.cli import count
    from prompt_lint.output import counts_table

    rule = count.rule(models, role or "", format_name or "")
    if show_request:
        said = Diagnostics([], [])
        found = [one for path in files for one in count.prompts(path, rule, max_file_size, said)]
        _print_requests(found, models)
        return ExitCode.OK
    output, counting = _split(given)
    with means(os.environ, None, None, **counting) as using:
        fails = outage_fails(os.environ, None)
        options = Options(max_file_size, exit_zero=False, outage_fails=fails, today=today())
        report = count.count(files, rule, using, options)
    targets = choose_targets(output, {})  # no annotations: counting judges nothing
    deliver_report(with_warnings(report, using), targets, output, os.environ, counts_table.render)
    return report.exit_code


@cli.command()
@click.argument("path", type=click.Path(readable=False))
@_shared("config", "git", "size", *_COUNTING)
@click.option("--show-request", is_flag=True, help="Print only the request that is counted for PATH.")
@_shared("color")
def explain(
    path: str,
    config_path: str | None,
    no_git: bool,
    max_file_size: int,
    show_request: bool,
    color: str,
    **counting: Any,
) -> ExitCode:
    """Tell which rule owns PATH, why, and with what limit."""
    from prompt_lint.check.pipeline import Options
    from prompt_lint.cli import explain

    flags = Flags(config_path, no_git=no_git)
    tree, config, [relative] = load((path,), flags)
    if show_request:
        prompts, rule = explain.requests(tree, config, relative, max_file_size)
        _print_requests(prompts, rule.models)
        return ExitCode.OK
    fails = outage_fails(os.environ, config)
    options = Options(max_file_size, exit_zero=False, outage_fails=fails, today=today())
    view = View(color=wants_color(color, os.environ), verbosity=1)
    with means(os.environ, config, tree.top, **counting) as using:
        told, code = explain.explain(tree, config, relative, using, options, view)
    write_stdout(told)
    return code


@cli.command("list")
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@_shared("config")
@click.option(
    "--by",
    type=click.Choice(("rule", "format", "folder")),
    help="In sections, or as a tree of folders with sums.",
)
@_shared("git", "size", *_COUNTING)
@click.option(
    "--output-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="What stdout (or --output-file) carries.",
)
@_shared("file")
@click.option("-v", "--verbose", is_flag=True, help="Every prompt of every file, every model, every folder.")
@_shared("color")
def list_prompts(
    paths: tuple[str, ...],
    config_path: str | None,
    by: str | None,
    no_git: bool,
    max_file_size: int,
    output_format: str,
    output_file: str | None,
    verbose: bool,
    color: str,
    **counting: Any,
) -> ExitCode:
    """List the prompts of the repository, or those below PATHS, with format, role, limit and tokens.

    Nothing fails for its size.
    """
    from prompt_lint.check.pipeline import Options
    from prompt_lint.cli import list_

    flags = Flags(config_path, no_git=no_git)
    tree, config, relative = load(paths, flags)
    options = Options(
        max_file_size, exit_zero=False, outage_fails=outage_fails(os.environ, config), today=today()
    )
    with means(os.environ, config, tree.top, **counting) as using:
        found = list_.listing(tree, config, relative, using, options)
    found = found._replace(report=with_warnings(found.report, using))
    view = View(color=not output_file and wants_color(color, os.environ), verbosity=int(verbose))
    text = list_.render(found, by or "", view) if output_format == "text" else list_.render_json(found)
    if output_file:
        write_file(output_file, text)
    else:
        write_stdout(text)
    return found.exit_code


@cli.command()
@click.option("--model", "models", multiple=True, help="Count for this model. May be given repeatedly.")
@click.option("--dry-run", is_flag=True, help="Print the configuration, and write nothing.")
@click.option("--force", is_flag=True, help="Replace a configuration that is there.")
@_shared("git", "size", *_COUNTING)
@click.pass_context
def init(
    context: click.Context,
    /,
    models: tuple[str, ...],
    dry_run: bool,
    force: bool,
    no_git: bool,
    max_file_size: int,
    **counting: Any,
) -> ExitCode:
    """Look for prompts, and write a .prompt-lint.yaml with limits that leave room to grow.

    Nothing is sent anywhere unless --counting says so on the command line.
    """
    from prompt_lint.check.pipeline import Options
    from prompt_lint.cli.init import draft as init
    from prompt_lint.repo.working_tree import open_tree

    tree = open_tree(here(), use_git=not no_git)
    name = init.place(tree.top, force=force or dry_run)
    asked = context.get_parameter_source("counting") is click.core.ParameterSource.COMMANDLINE
    counting["offline"] = counting["offline"] or not asked
    options = Options(max_file_size, exit_zero=False, outage_fails=True, today=today())
    with means(os.environ, None, tree.top, **counting) as using:
        found = init.propose(tree, name, models, using, options)
    if dry_run:
        write_stderr(init.told(found))
        write_stdout(found.text)
        return ExitCode.OK
    init.write(tree.top, name, found.text, force=force)
    write_stdout(init.told(found) + init.done(name))
    return ExitCode.OK


@cli.command()
@click.option(
    "--days", type=click.IntRange(1, 90), help="Whole days, up to yesterday (UTC) or --to. Default: 7."
)
@click.option("--from", "first", type=_DAY, help="The first day (UTC), instead of --days.")
@click.option("--to", "last", type=_DAY, help="The last day (UTC). Default: yesterday.")
@click.option(
    "--source",
    type=click.Choice(("messages", "analytics")),
    default="messages",
    show_default=True,
    help="Which reports of the API. analytics counts requests, too.",
)
@click.option(
    "--bucket", type=click.Choice(("1d", "1h")), default="1d", show_default=True, help="Of the trend."
)
@click.option(
    "--group-by",
    type=click.Choice(_DIMENSIONS),
    multiple=True,
    help="At most five. Default: model and workspace.",
)
@click.option("--model", "models", multiple=True, help="Only this model. May be given repeatedly.")
@click.option(
    "--workspace",
    "workspaces",
    multiple=True,
    help="Only this one: its name, id, or `default`. May be given repeatedly.",
)
@click.option(
    "--check", type=click.Path(dir_okay=False), help="The JSON output of `check`: what these prompts cost."
)
@click.option(
    "--fail-on",
    multiple=True,
    help="Exit 1 if so: 'cost > 50/day', 'cost +30%', 'cache-hit < 60%'. Repeatable.",
)
@click.option(
    "--deadline",
    type=_Seconds(0.1, 86_400),
    default=300,
    show_default=True,
    help="Seconds that fetching may take.",
)
@click.option(
    "--output-format",
    type=click.Choice(_REPORTS),
    default="text",
    show_default=True,
    help="What stdout (or --output-file) carries.",
)
@_shared("file")
@click.option(
    "--output",
    "outputs",
    type=_OutputTo(_REPORTS),
    multiple=True,
    help="One more output. May be given repeatedly.",
)
@_shared("color")
def report(
    output_format: str,
    output_file: str | None,
    outputs: tuple[tuple[str, str], ...],
    color: str,
    **given: Any,
) -> ExitCode:
    """Tell what the organization's prompts use and cost, with an Admin API key in ANTHROPIC_ADMIN_KEY.

    On GitHub the report is in the job's summary, too. It doesn't run for pull requests: docs/report.md says why.
    """
    from prompt_lint.usage import report

    options = report.Options(**given)
    return report.run(
        os.environ,
        options,
        output_format=output_format,
        output_file=output_file,
        outputs=outputs,
        color=color,
    )


@cli.command()
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False),
    required=True,
    help="The JSON output of `check`.",
)
@click.option(
    "--key", default="", help="Tells apart several comments on one pull request, as matrix jobs have them."
)
@click.option(
    "--pull-request", "number", type=click.IntRange(1, 10**9), help="Its number. Default: the event's."
)
@click.option(
    "--missing-ok", is_flag=True, help="Without a report, only take back what an earlier run has told."
)
@click.option("--dry-run", is_flag=True, help="Print the comment, and send nothing.")
def comment(report_file: str, key: str, number: int | None, missing_ok: bool, dry_run: bool) -> ExitCode:
    """Keep one comment on the pull request at GitHub up to date, with the token in GITHUB_TOKEN."""
    from prompt_lint.comment import post as comment

    return comment.run(os.environ, comment.Options(report_file, key, number or 0, missing_ok, dry_run))


@cli.group()
def cache() -> None:
    """Look at the counts that are kept between runs, or remove them."""


@cache.command()
@_shared("cache")
def info(cache_dir: str | None) -> ExitCode:
    """Tell where the counts are, how many, and since when."""
    from prompt_lint.cache import counts as cache
    from prompt_lint.cache.folder import cache_folder

    folder = cache_folder(os.environ, cache_dir)
    if not folder:
        raise Fatal("there is no place for a cache", "give one with --cache-dir")
    kept = cache.open_counts(folder)
    write_stdout(_described(kept.read_info()) + "".join(f"note: {warning}\n" for warning in kept.warnings))
    return ExitCode.OK


@cache.command()
@_shared("cache")
def clear(cache_dir: str | None) -> ExitCode:
    """Remove all counts that are kept."""
    from prompt_lint.cache.folder import cache_folder, clear_cache

    folder = cache_folder(os.environ, cache_dir)
    write_stdout(f"removed {clear_cache(folder) if folder else 0:,} bytes\n")
    return ExitCode.OK


def _described(found: CacheInfo) -> str:
    from time import gmtime, strftime

    from prompt_lint.text.escape import visible

    days = [strftime("%Y-%m-%d", gmtime(time)) for time in (found.oldest, found.newest) if time is not None]
    since = f", counted from {days[0]} to {days[1]}" if days else ""
    damaged = f", {found.damaged:,} damaged" if found.damaged else ""
    return (
        f"{visible(found.path)}: {found.size:,} bytes\n"
        f"{found.api:,} exact counts, {found.offline:,} offline ones{damaged}{since}\n"
    )


@cli.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish", "powershell")))
def completion(shell: str) -> ExitCode:
    """Print the completion script for SHELL; load it from the shell's start-up file."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise Fatal(f"this version of Click can't complete for {shell}", "bash, zsh and fish always work")

    write_stdout(found(cli, {}, "prompt-lint", "_PROMPT_LINT_COMPLETE").source() + "\n")
    return ExitCode.OK


def _split(given: dict[str, Any]) -> tuple[OutputOptions, dict[str, Any]]:
    """What concerns the output, and what concerns counting."""
    output = OutputOptions(**{name: value for name, value in given.items() if name in OutputOptions._fields})
    return output, {name: value for name, value in given.items() if name not in OutputOptions._fields}


def _print_requests(prompts: Sequence[Prompt], models: Sequence[str]) -> None:
    """One JSON object a line: the very body to send to `count_tokens`."""
    from prompt_lint.text.escape import dump_json

    bodies = [{"model": m, **p.request.ordered_fields()} for p in prompts if p.request for m in models]
    write_stdout("".join(dump_json(body, indent=None) for body in bodies))


def main() -> NoReturn:
    """Run the console script; ends the process with the exit code of the run."""
    exit_status.end(lambda: run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code of a run. Everything that ends a run early ends here."""
    return exit_status.code_of(lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> int:
    try:
        _refuse_ambiguous(arguments)
        return int(cli.main(list(arguments), prog_name="prompt-lint", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        write_stderr(f"{error.format_message()}\n")
        return ExitCode.USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"see `{context.command_path} --help`" if context else ""
        exit_status.complain((error.format_message(), hint))
        return ExitCode.USAGE
    except click.Abort:
        return ExitCode.INTERRUPTED


def _refuse_ambiguous(arguments: Sequence[str]) -> None:
    """A file may be called `--exit-zero`, and where a shell or a hook lists files, whoever named it chooses the options."""
    if "--" in arguments and not os.path.lexists("--"):
        return  # whoever wrote that wrote what stands before it
    for word in arguments:
        if word == "--":
            return
        if len(word) > 1 and word.startswith("-") and os.path.lexists(word):
            raise Fatal(
                f"`{word}` may be an option, or the file of that name here",
                "end the options with `--` (in a hook: `args: [--]`, behind all others), or rename the file",
            )
