"""`prompt-lint count`: the tokens of files, without a configuration or a repository."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from prompt_lint.check.pipeline import judge_prompts
from prompt_lint.check.read_prompts import IncludeReader, ReadPrompt, parse_file
from prompt_lint.cli import options
from prompt_lint.cli.commands import option
from prompt_lint.cli.count_sources import add_cache_warnings, open_count_sources
from prompt_lint.cli.fault_report import ReportingCommand
from prompt_lint.cli.input_files import describe_file_here, is_among
from prompt_lint.cli.project import announce_models, find_models
from prompt_lint.cli.request_plan import render_requests
from prompt_lint.cli.run import make_settings
from prompt_lint.config.configuration import Config
from prompt_lint.config.schema import rule_from_flags
from prompt_lint.formats import FORMATS
from prompt_lint.formats.recognition import seems_to_import
from prompt_lint.model.errors import ExitCode, Fatal, Unreadable
from prompt_lint.model.nearest import find_nearest
from prompt_lint.model.values import Problem, Prompt
from prompt_lint.output.delivery import OutputOptions, choose_targets, deliver, make_document
from prompt_lint.output.terminal import write_stdout
from prompt_lint.output.text import counts as counts_table
from prompt_lint.repo.arguments import resolve_argument
from prompt_lint.repo.foreign_links import refuse_foreign_link
from prompt_lint.repo.index import can_be_link
from prompt_lint.repo.lfs import refuse_pointer
from prompt_lint.repo.paths import to_native
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.check.read_prompts import ReadResult
    from prompt_lint.cli.options import CountingOptions
    from prompt_lint.model.rules import Role, Rule
    from prompt_lint.model.values import Note
    from prompt_lint.repo.working_tree import WorkingTree

STDIN = "-"
# The formats that have something to say of files without a limit.
_OUTPUTS = ("text", "json", "markdown")
_OWN_FORMATS = {"text": counts_table.render}
# What hints say of the configuration → what they say here, where there are no rules.
_WITHOUT_RULES = {
    "put the file itself into the repository": "name the file itself, if you mean that one",
    "set `format: text` in its rule": "add `--format text`",
    "exclude binary files with `exclude`": "name texts, or requests and tools in JSON or YAML; an image is counted inside of a request",
}


@click.command(
    "count",
    cls=ReportingCommand,
    make_document=partial(make_document, own_formats=_OWN_FORMATS),
    examples=(
        ("Count a file", "prompt-lint count CLAUDE.md --model claude-sonnet-5-5"),
        (
            "Count for two models",
            "prompt-lint count prompts/*.md --model claude-opus-5-5 --model claude-haiku-5-5",
        ),
        (
            "Count what another program prints",
            "git show HEAD:a.md | prompt-lint count - --model claude-opus-5-5",
        ),
        (
            "Count tool definitions, by the API",
            "prompt-lint count tools.json --format tools --counting exact --model claude-opus-5-5",
        ),
    ),
    page="counting.md",
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(readable=False), help="Files to count; `-` is stdin."
)
@option(
    "--role",
    group=options.INPUT,
    type=click.Choice(("user", "system")),
    metavar="ROLE",
    show_default="by format; user for a text",
    help="Count the text as the user's message or as the system prompt.",
)
@option(
    "--format",
    "format_name",
    group=options.INPUT,
    type=click.Choice(tuple(FORMATS)),
    metavar="NAME",
    show_default="by name and content",
    help="Read the files in this format.",
)
@options.max_file_size
@options.models(
    "Count for MODEL.", group=options.COUNTING, default="those of the configuration, else the newest Sonnet"
)
@options.counting
@option(
    "--show-request",
    group=options.OUTPUT,
    is_flag=True,
    help="Print the request that would be counted, and count nothing.",
)
@options.output_format(_OUTPUTS)
@options.output_file
@options.output(_OUTPUTS)
@options.color
@options.group_options(counting_options=options.CountingOptions, output_options=OutputOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    files: tuple[str, ...],
    models: tuple[str, ...],
    role: Role | None,
    format_name: str | None,
    show_request: bool,
    max_file_size: int,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """Count the tokens of files.

    Needs no configuration and no repository.
    """
    if not models:
        found, config_path = find_models(env)
        models = tuple(found)
        announce_models(models, config_path)
    rule = rule_from_flags(models)._replace(format=format_name or "", role=role or "", warn_at=1.0)
    reader = _Reader(rule, max_file_size, [])
    if show_request:
        write_stdout(render_requests(list(reader.read_prompts(files)), models))
        return ExitCode.OK
    settings = make_settings(env, Config(), options.JudgingOptions())
    with open_count_sources(env, Config(), None, counting_options) as sources:
        report = judge_prompts(reader.read_files(files), len(files), sources, settings)

    def describe_input(path: str) -> str:
        if what := describe_file_here(path, env, options.ConfigOptions(max_file_size=max_file_size)):
            return what
        read = (os.path.join(tree.top, to_native(name)) for tree in reader.trees for name in tree.read_paths)
        return "which this run reads" if is_among(path, (*files, *read)) else ""

    targets = choose_targets(output_options, env, describe_input)
    report = add_cache_warnings(report._replace(file_count=len(files)), sources)
    return deliver(make_document(report, _OWN_FORMATS), targets, output_options, env)


class _Reader(NamedTuple):
    """How files are read. `trees`, those that files import from, is added to."""

    rule: Rule
    max_bytes: int
    trees: list[WorkingTree]

    def read_files(self, files: Sequence[str]) -> Iterator[ReadResult]:
        for path in files:
            try:
                for result in self.parse(path):
                    yield ReadPrompt.of(result, self.rule, 0) if isinstance(result, Prompt) else result
            except Unreadable as error:
                hint = error.hint
                for words, instead in _WITHOUT_RULES.items():
                    hint = hint.replace(words, instead)
                yield Problem(path, error.line, error.message, hint)

    def read_prompts(self, files: Sequence[str]) -> Iterator[Prompt]:
        """Yield the prompts of files. Raises `Fatal` for a file that can't be read."""
        for path in files:
            try:
                yield from (result for result in self.parse(path) if isinstance(result, Prompt))
            except Unreadable as error:
                raise Fatal(f"{path} {error.message}", error.hint, ExitCode.UNCOUNTED) from None

    def parse(self, path: str) -> list[Prompt | Problem | Note]:
        """Return the prompts of a file, or of stdin, and what is to be reported. Raises `Unreadable`."""
        if path != STDIN:
            refuse_foreign_link(path)
        data = refuse_pointer(_read_bytes(path, self.max_bytes))
        name, tree = path, None
        if path != STDIN and (can_be_link(data) or seems_to_import(path, data, self.rule)):
            name, tree = _find_tree(path, self.max_bytes)
        if tree:
            self.trees.append(tree)
            data = _follow_text_link(name, data, tree)
        results = parse_file(name, data, self.rule, IncludeReader(tree))
        return [each._replace(path=path) if isinstance(each, Prompt) else each for each in results]


def _find_tree(path: str, max_bytes: int) -> tuple[str, WorkingTree | None]:
    """Return a file's path in its repository (or folder), and that as a tree to import from."""
    folder, name = os.path.split(os.path.abspath(path))
    tree = open_tree(folder, max_file_size=max_bytes)
    try:
        return resolve_argument(tree, name, folder), tree
    except Fatal:  # a pipe, or deleted by now
        return path, None


def _follow_text_link(name: str, data: bytes, tree: WorkingTree) -> bytes:
    """Return the bytes of the file that a link leads to which git checked out as text; else `data`. Raises `Unreadable`."""
    if not can_be_link(data):
        return data
    real = tree.resolve(name)
    if real == name:
        return data
    tree.require_shared(name, real)
    return tree.read(real)


def _explain_unread(path: str, error: OSError) -> Unreadable:
    """Return why a file can't be read, and what was probably meant."""
    if isinstance(error, IsADirectoryError):
        return Unreadable(
            "is a folder",
            f"name files in it; with a configuration, `prompt-lint list {path}` counts those that rules match",
        )
    hint = ""
    if isinstance(error, FileNotFoundError):
        folder, name = os.path.split(path)
        names = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
        near = find_nearest(name, names)
        hint = f"did you mean `{os.path.join(folder, near)}`?" if near else ""
        if set(path) & set("*?["):
            hint = "the shell found no file that matches this pattern"
    return Unreadable(f"can't be read: {error.strerror}", hint)


def _read_bytes(path: str, max_bytes: int) -> bytes:
    """Return the bytes of a file, which may be a pipe (`<(…)`): so its size isn't asked for first. Raises `Unreadable`."""
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(max_bytes + 1)
    except OSError as error:
        raise _explain_unread(path, error) from None
    except (AttributeError, ValueError):
        raise Unreadable("can't be read: it is closed" if path == STDIN else "can't be read") from None
    if len(data) > max_bytes:
        raise Unreadable(
            f"is larger than {max_bytes:,} bytes (--max-file-size)", "raise --max-file-size to count it"
        )
    return data
