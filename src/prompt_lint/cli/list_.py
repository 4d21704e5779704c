"""`prompt-lint list`: every prompt with its format, role, models, limit and tokens; as a table, by folder, or as JSON."""

from __future__ import annotations

import math
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from prompt_lint.check.breakdown import measure_imports, split_prompt
from prompt_lint.check.pipeline import Options, check_prompts
from prompt_lint.cli import options
from prompt_lint.cli.check import today
from prompt_lint.cli.commands import Command
from prompt_lint.cli.count_sources import add_cache_warnings, open_count_sources, outage_fails
from prompt_lint.cli.project import load_project
from prompt_lint.formats import IMPORT_SIGNS
from prompt_lint.model.errors import ExitCode, Unreadable
from prompt_lint.model.values import by_prompt, sum_counts
from prompt_lint.output import View
from prompt_lint.output import json as json_output
from prompt_lint.output.delivery import OutputOptions
from prompt_lint.output.status_words import STATUS_WORDS
from prompt_lint.output.terminal import wants_color, write_file, write_stdout
from prompt_lint.output.text_pieces import BOLD, format_count, paint
from prompt_lint.output.text_remarks import render_remarks
from prompt_lint.text.escape import dump_json, encodable, visible
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.cli.options import ConfigOptions, CountingOptions
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.values import Count, Prompt, Report, Rule, Status, Verdict
    from prompt_lint.repo.working_tree import WorkingTree

SCHEMA_VERSION = 1

# A file with more prompts than this is one row, unless everything is to be shown.
_ONE_BY_ONE = 10
# In the view of folders: what is less than this share of the whole isn't shown by itself, nor what is deeper.
_SHARE = 0.02
_DEPTH = 4


@click.command("list", cls=Command)
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@options.config
@click.option(
    "--by",
    type=click.Choice(("rule", "format", "folder")),
    help="In sections, or as a tree of folders with sums.",
)
@options.no_git
@options.max_file_size
@options.counting
@click.option(
    "--output-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="What stdout (or --output-file) carries.",
)
@options.output_file
@click.option("-v", "--verbose", is_flag=True, help="Every prompt of every file, every model, every folder.")
@options.color
@options.group_options(
    config_options=options.ConfigOptions,
    counting_options=options.CountingOptions,
    output_options=OutputOptions,
)
@click.pass_obj
def command(
    env: Mapping[str, str],
    paths: tuple[str, ...],
    by: str | None,
    max_file_size: int,
    config_options: ConfigOptions,
    counting_options: CountingOptions,
    output_options: OutputOptions,
) -> ExitCode:
    """List the prompts of the repository, or those below PATHS, with format, role, limit and tokens.

    Nothing fails for its size.
    """
    tree, config, relative = load_project(env, paths, config_options)
    settings = Options(max_file_size, exit_zero=False, outage_fails=outage_fails(env, config), today=today())
    with open_count_sources(env, config, tree.top, counting_options) as sources:
        found = listing(tree, config, relative, sources, settings)
    found = found._replace(report=add_cache_warnings(found.report, sources))
    file = output_options.output_file
    color = not file and wants_color(output_options.color, env)
    view = View(color=color, verbosity=int(output_options.verbose))
    text = render(found, by or "", view) if output_options.output_format == "text" else render_json(found)
    if file:
        write_file(file, text)
    else:
        write_stdout(text)
    return found.exit_code


class Listing(NamedTuple):
    """A report of everything. `imported` has the tokens that other files add to a prompt."""

    report: Report
    imported: Mapping[tuple[Prompt, str], int]

    @property
    def exit_code(self) -> ExitCode:
        """That of `check`, but for limits: nothing is judged here."""
        codes = {problem.exit_code for problem in self.report.problems}
        if ExitCode.USAGE in codes:
            return ExitCode.USAGE
        uncounted = any(verdict.status == "uncounted" for verdict in self.report.verdicts)
        return ExitCode.UNCOUNTED if uncounted or ExitCode.UNCOUNTED in codes else ExitCode.OK


def listing(
    tree: WorkingTree, config: Config, paths: Sequence[str], means: CountSources, settings: Options
) -> Listing:
    """Every prompt below `paths`, or every prompt. Raises `Fatal` as `check` does."""
    report = check_prompts(tree, config, paths, means, settings)
    imported: dict[tuple[Prompt, str], int] = {}
    # For its parts a file is read again: once for each line that would be. Nothing of many prompts imports texts.
    prompts = Counter(verdict.prompt.path for verdict in report.verdicts)
    for verdict in report.verdicts:
        few = prompts[verdict.prompt.path] <= _ONE_BY_ONE * len(verdict.rule.models)
        if few and verdict.token_count and verdict.prompt.format in IMPORT_SIGNS:
            tokens = _imported(tree, verdict, means, settings.max_file_size)
            imported |= {(verdict.prompt, verdict.model): tokens} if tokens else {}
    return Listing(report, imported)


def _imported(tree: WorkingTree, verdict: Verdict, means: CountSources, cap: int) -> int:
    """Tokens of a prompt that lie in other files."""
    try:
        found = measure_imports(split_prompt(tree, verdict, cap), verdict.model, means.offline_counter)
    except Unreadable:  # swapped since it was counted
        return 0
    return found.imported_tokens if found else 0


# ---------------------------------------------------------------------------------------------------------
# Text


class _Row(NamedTuple):
    """One prompt with its verdicts, one for each model. The first is the one nearest to its limit."""

    prompt: Prompt
    verdicts: Sequence[Verdict]


def render(found: Listing, by: str, view: View) -> str:
    """A table, ending with sums, remarks and problems."""
    rows = _rows(verdict for verdict in found.report.verdicts if not verdict.prompt.is_group)
    groups = _rows(verdict for verdict in found.report.verdicts if verdict.prompt.is_group)
    if by == "folder":
        blocks = [_folders(rows, view)]
    elif by:
        blocks = [_section(title, section, found, view) for title, section in _sections(rows, found, by)]
    else:
        blocks = [_table(sorted(rows, key=_place), found, view)]
    if groups:
        blocks.append([paint("Groups", BOLD, view), *_table(groups, found, view)])
    blocks.append([*_sums(rows, view), *render_remarks(found.report, view)])
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _rows(verdicts: Iterable[Verdict]) -> list[_Row]:
    return [
        _Row(prompt, sorted(of_prompt, key=_share, reverse=True)) for prompt, of_prompt in by_prompt(verdicts)
    ]


def _place(row: _Row) -> tuple[str, int, str]:
    return row.prompt.path, row.prompt.line, row.prompt.name


def _share(verdict: Verdict) -> float:
    return _tokens(verdict) / verdict.limit if verdict.limit else 0


def _tokens(verdict: Verdict) -> int:
    return verdict.token_count.tokens if verdict.token_count else 0


def _table(rows: Sequence[_Row], found: Listing, view: View) -> list[str]:
    cells: list[_Cells] = [("tokens", "limit", "format", "role", "prompt", "ok")]
    for _, together in groupby(rows, lambda row: row.prompt.path):
        ours = list(together)
        if len(ours) > _ONE_BY_ONE and view.verbosity <= 0:
            cells.append(_merged(ours))
        else:
            cells += [cell for row in ours for cell in _cells(row, found, view)]
    widths = [max(len(cell[column]) for cell in cells) for column in range(4)]
    lines = []
    for tokens, limit, name, role, place, status in cells:
        numbers = f"{tokens:>{widths[0]}}  {limit:>{widths[1]}}"
        words = STATUS_WORDS[status]
        word, color = (f"  {words.label}", words.color) if status != "ok" else ("", "")
        told = f"{name:<{widths[2]}}  {role:<{widths[3]}}  {place}"
        lines.append(f"{paint(numbers, color, view)}  {told}{paint(word, color, view)}")
    return lines if len(lines) > 1 else []


_Cells = tuple[str, str, str, str, str, "Status"]


def _cells(row: _Row, found: Listing, view: View) -> Iterator[_Cells]:
    prompt = row.prompt
    name = visible(prompt.name if prompt.is_group else prompt.path)
    if prompt.name and not prompt.is_group:
        name += f" ({visible(prompt.name)})"
    for number, verdict in enumerate(row.verdicts if view.verbosity > 0 else row.verdicts[:1]):
        tokens = format_count(verdict.token_count)
        limit = f"{verdict.limit:,}" if verdict.limit is not None else "-"
        imported = found.imported.get((prompt, verdict.model))
        place = name if not number else " " * 4
        place += f" [{verdict.model}]" if view.verbosity > 0 and len(row.verdicts) > 1 else ""
        place += f" ({imported:,} imported)" if imported else ""
        yield tokens, limit, prompt.format, prompt.role, place, verdict.status


def _merged(rows: Sequence[_Row]) -> _Cells:
    """The many prompts of one file: the largest, and what all but the largest twentieth stay within."""
    shown = [row.verdicts[0] for row in rows]
    largest = max(shown, key=_tokens)
    ordered = sorted(map(_tokens, shown))
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    place = f"{visible(largest.prompt.path)} (largest of {len(rows):,}, p95 {p95:,})"
    worst = min((one.status for one in shown), key=list(STATUS_WORDS).index)
    limit = f"{largest.limit:,}" if largest.limit is not None else "-"
    tokens = format_count(largest.token_count)
    return tokens, limit, largest.prompt.format, largest.prompt.role, place, worst


def _sections(rows: Sequence[_Row], found: Listing, by: str) -> Iterator[tuple[str, list[_Row]]]:
    """The rows of each rule, in the order of the configuration; or of each format, the largest first."""
    sections: dict[str, list[_Row]] = {}
    for row in sorted(rows, key=lambda row: row.verdicts[0].rule.line if by == "rule" else 0):
        title = _title(row.verdicts[0].rule, found) if by == "rule" else row.prompt.format
        sections.setdefault(title, []).append(row)
    order = sections.items()
    yield from order if by == "rule" else sorted(order, key=lambda item: -sum(map(_size, item[1])))


def _title(rule: Rule, found: Listing) -> str:
    patterns = visible(", ".join(rule.files))
    return f"{visible(found.report.config)}:{rule.line}  {patterns}" if rule.line else "--limit and --model"


def _size(row: _Row) -> int:
    return max(map(_tokens, row.verdicts))


def _section(title: str, rows: list[_Row], found: Listing, view: View) -> list[str]:
    number = pluralize(len(rows), "prompt")
    model = _heaviest(rows)
    counts = [
        one.token_count for row in rows for one in row.verdicts if one.model == model and one.token_count
    ]
    told = f", {format_count(sum_counts(counts))} tokens" if counts else ""
    head = f"{paint(title, BOLD, view)}: {number}{told}"
    return [head, *_table(sorted(rows, key=lambda row: (-_size(row), *_place(row))), found, view)]


def _sums(rows: Sequence[_Row], view: View) -> Iterator[str]:
    files = len({row.prompt.path for row in rows})
    by_model: dict[str, list[Count]] = {}
    for row in rows:
        for verdict in row.verdicts:
            if verdict.token_count:
                by_model.setdefault(verdict.model, []).append(verdict.token_count)
    for model, counts in by_model.items():
        prompts, places = pluralize(len(counts), "prompt"), pluralize(files, "file")
        yield f"{format_count(sum_counts(counts))} tokens in {prompts} of {places}, counted for {model}"
    if len(by_model) > 1 and view.verbosity <= 0:
        yield "Of several models, the one nearest to the limit is shown; with -v, each."


# ---------------------------------------------------------------------------------------------------------
# Folders


class _Folder:
    """A folder, or a file in one, with the tokens and prompts of all that is below."""

    __slots__ = ("below", "prompts", "tokens")

    def __init__(self) -> None:
        self.tokens = self.prompts = 0
        self.below: dict[str, _Folder] = {}

    def add(self, names: Sequence[str], tokens: int) -> None:
        here = self
        for name in ("", *names):
            here = here.below.setdefault(name, _Folder()) if name else here
            here.tokens += tokens
            here.prompts += 1


def _folders(rows: Sequence[_Row], view: View) -> list[str]:
    """What is in which folder, the largest first; small and deep things are sum_counts up, unless everything is to be shown."""
    model = _heaviest(rows)
    top = _Folder()
    for row in rows:
        tokens = next((_tokens(one) for one in row.verdicts if one.model == model), None)
        if tokens is not None:
            top.add(visible(row.prompt.path).split("/"), tokens)
    if not top.prompts:
        return []
    lines = [("tokens", "share", "prompts", f"folder [{model}]")]
    waiting: list[tuple[_Folder, str, int]] = [(top, "./", 0)]
    while waiting:
        here, name, depth = waiting.pop()
        while len(here.below) == 1 and depth:  # a folder with nothing but a folder in it is one step
            [(only, inner)] = here.below.items()
            here, name = inner, f"{name}{only}{'/' if inner.below else ''}"
        lines.append(
            (f"{here.tokens:,}", _percent(here.tokens, top), f"{here.prompts:,}", f"{'  ' * depth}{name}")
        )
        deeper = _shown(here, depth, top, view)
        waiting += reversed(deeper)
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return [
        "  ".join([*(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=False)), line[3]])
        for line in lines
    ]


def _heaviest(rows: Iterable[_Row]) -> str:
    sums: dict[str, int] = {}
    for row in rows:
        for verdict in row.verdicts:
            sums[verdict.model] = sums.get(verdict.model, 0) + _tokens(verdict)
    return max(sums, key=lambda model: sums[model], default="")


def _shown(here: _Folder, depth: int, top: _Folder, view: View) -> list[tuple[_Folder, str, int]]:
    ordered = sorted(here.below.items(), key=lambda item: (-item[1].tokens, item[0]))
    if view.verbosity <= 0:
        if depth >= _DEPTH:
            return []
        large = [item for item in ordered if item[1].tokens >= _SHARE * top.tokens]
        small = ordered[len(large) :]
        if len(small) > 1 and (large or depth == 0):
            rest = _Folder()
            rest.tokens = sum(one.tokens for _, one in small)
            rest.prompts = sum(one.prompts for _, one in small)
            ordered = [*large, (f"{len(small):,} more", rest)]
        elif len(small) > 1:
            return []
    return [(one, f"{name}/" if one.below else name, depth + 1) for name, one in ordered]


def _percent(tokens: int, top: _Folder) -> str:
    return f"{100 * tokens / top.tokens:.0f}%" if top.tokens else ""


# ---------------------------------------------------------------------------------------------------------
# JSON


def render_json(found: Listing) -> str:
    """By docs/list.schema.json."""
    rows = [_Row(*pair) for pair in by_prompt(found.report.verdicts)]
    by_model: dict[str, list[Count]] = {}
    for row in rows:
        for one in row.verdicts if not row.prompt.is_group else ():
            by_model.setdefault(one.model, []).extend([one.token_count] if one.token_count else [])
    document = {
        "schema_version": SCHEMA_VERSION,
        "prompts": [_prompt(row, found) for row in rows if not row.prompt.is_group],
        "groups": [_group(row, found) for row in rows if row.prompt.is_group],
        "totals": [
            {
                "model": model,
                "prompts": len(counts),
                **json_output.count_fields(sum_counts(counts) if counts else None),
            }
            for model, counts in by_model.items()
        ],
        "problems": json_output.problem_objects(found.report.problems),
        "notes": json_output.note_texts(found.report.notes),
        "exit_code": int(found.exit_code),
    }
    return dump_json(document)


def _prompt(row: _Row, found: Listing) -> dict[str, Any]:
    prompt, rule = row.prompt, row.verdicts[0].rule
    return {
        "path": encodable(prompt.path),
        "name": encodable(prompt.name),
        "line": prompt.line,
        "aliases": [encodable(alias) for alias in prompt.aliases],
        "format": prompt.format,
        "role": prompt.role,
        "rule": {"line": rule.line, "files": [encodable(one) for one in rule.files]},
        "counts": [
            _judged(one) | {"imported": found.imported.get((prompt, one.model), 0)} for one in row.verdicts
        ],
    }


def _group(row: _Row, found: Listing) -> dict[str, Any]:
    return {
        "name": encodable(row.prompt.name),
        "path": encodable(found.report.config),
        "line": row.prompt.line,
        "counts": [_judged(one) for one in row.verdicts],
    }


def _judged(verdict: Verdict) -> dict[str, Any]:
    return {
        "model": verdict.model,
        **json_output.count_fields(verdict.token_count),
        "limit": verdict.limit,
        "status": verdict.status,
    }
