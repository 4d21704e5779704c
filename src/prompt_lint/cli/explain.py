"""`prompt-lint explain`: which rule applies to a file, why, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from prompt_lint.check.pipeline import Options, check_prompts
from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, parse_file
from prompt_lint.check.targets import find_targets
from prompt_lint.cli import options
from prompt_lint.cli.check import today
from prompt_lint.cli.commands import Command
from prompt_lint.cli.count_sources import open_count_sources, outage_fails
from prompt_lint.cli.project import load_project
from prompt_lint.cli.show_request import render_requests
from prompt_lint.config.rule_matching import compile_rules
from prompt_lint.formats import FORMATS
from prompt_lint.formats.claude_memory import CLOSING_PUNCTUATION
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import ExitCode, Fatal, MissingFile, Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE
from prompt_lint.output import View
from prompt_lint.output import text as as_text
from prompt_lint.output.terminal import wants_color, write_stdout
from prompt_lint.output.text_pieces import format_title
from prompt_lint.request.flatten import flatten
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prompt_lint.check.targets import Targets
    from prompt_lint.cli.options import ConfigOptions, CountingOptions
    from prompt_lint.config.rule_matching import MatchedFile, RuleMatcher
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.values import Part, Prompt, Rule
    from prompt_lint.repo.working_tree import WorkingTree

# What is told one by one.
_MOST_PROMPTS = 10
_MOST_PARTS = 30
_MOST_ABSENT = 5
_MOST_IMPORTERS = 10
# With more verdicts than this only what needs attention is told, with a summary of the rest.
_MOST_VERDICTS = 30
_DEEPEST = 8


@click.command("explain", cls=Command)
@click.argument("path", type=click.Path(readable=False))
@options.config
@options.no_git
@options.max_file_size
@options.counting
@click.option("--show-request", is_flag=True, help="Print only the request that is counted for PATH.")
@options.color
@options.group_options(config_options=options.ConfigOptions, counting_options=options.CountingOptions)
@click.pass_obj
def command(
    env: Mapping[str, str],
    path: str,
    max_file_size: int,
    show_request: bool,
    color: str,
    config_options: ConfigOptions,
    counting_options: CountingOptions,
) -> ExitCode:
    """Tell which rule owns PATH, why, and with what limit."""
    tree, config, [relative] = load_project(env, (path,), config_options)
    if show_request:
        prompts, rule = requests(tree, config, relative, max_file_size)
        write_stdout(render_requests(prompts, rule.models))
        return ExitCode.OK
    settings = Options(max_file_size, exit_zero=False, outage_fails=outage_fails(env, config), today=today())
    view = View(color=wants_color(color, env), verbosity=1)
    with open_count_sources(env, config, tree.top, counting_options) as sources:
        text, code = explain(tree, config, relative, sources, settings, view)
    write_stdout(text)
    return code


def explain(
    tree: WorkingTree, config: Config, path: str, means: CountSources, settings: Options, view: View
) -> tuple[str, ExitCode]:
    """Text for a person, and the exit code that `check PATH` would have."""
    chosen = compile_rules(config.rules, config.exclude)
    entry, scope = _found(tree, config, chosen, path, settings.max_file_size)
    path = entry.display_path if entry else _name(tree, chosen, path)
    owner = entry.rule if entry else None
    lines = [escape_line(path), *_rules(config, chosen, path, owner)]
    if chosen.excludes(path):
        lines.append("  left out by the `exclude` at the top of the file")
    if not owner and not scope.groups and not scope.matched:
        lines.append("  no rule owns it, so `check` passes it by")
        return _joined(lines), ExitCode.OK
    others = [*_groups(config, scope), *_importers(path, scope)]
    if entry:
        lines += _owned(tree, entry, others, means, settings)
    else:
        lines += ["  no rule owns it, but", *others, ""]
    report = check_prompts(tree, config, [path], means, settings)
    if len(report.verdicts) + len(report.problems) > _MOST_VERDICTS:
        view = view._replace(verbosity=0)
        lines += [f"Of each prompt by itself: prompt-lint check -v {escape_line(path)}", ""]
    return _joined(lines) + as_text.render(report, view), report.exit_code


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _owned(
    tree: WorkingTree, entry: MatchedFile, others: Iterable[str], means: CountSources, settings: Options
) -> Iterator[str]:
    """How a file is read that a rule owns, and what is in it."""
    rule, cap = entry.rule, settings.max_file_size
    try:
        found = recognise(entry.display_path, tree.read(entry.path, cap), rule)
        yield f"  format {found.name}: {found.why}"
    except Unreadable as error:
        yield f"  format unknown: the file {escape_line(error.message)}"
    if entry.read_as:
        yield f"  read as {escape_line(entry.read_as)}, a link to {escape_line(entry.path)}"
    yield f"  role {rule.role or 'by the format'}, near the limit from {rule.warn_at:.0%} of it"
    yield from others
    yield ""
    yield from _prompts(_Source(tree, entry, rule.models[0], means.offline_counter.count_text, cap))
    yield f"  The request itself: prompt-lint explain --show-request {escape_line(entry.display_path)}"
    yield ""


class _Source(NamedTuple):
    """A file to be taken apart, and how its pieces are weighed."""

    tree: WorkingTree
    entry: MatchedFile
    model: str
    weigh: Callable[[str, str], int]
    cap: int

    def tokens(self, text: str) -> int:
        return self.weigh(self.model, text) if text else 0


def _groups(config: Config, scope: Targets) -> Iterator[str]:
    for one in scope.groups:
        yield f"  in the group `{escape_line(one.group.name)}` ({escape_line(config.path)}:{one.group.rule.line})"


def _importers(path: str, scope: Targets) -> Iterator[str]:
    """The files whose prompts take this one in."""
    found = [one.display_path for one in scope.matched if path not in {one.path, one.read_as, *one.aliases}]
    yield from (f"  taken in by the prompt of {escape_line(one)}" for one in found[:_MOST_IMPORTERS])
    if len(found) > _MOST_IMPORTERS:
        yield f"  and by {pluralize(len(found) - _MOST_IMPORTERS, 'more file')}"


def _prompts(source: _Source) -> Iterator[str]:
    """Each prompt of a file: what it is made of, and what it imports. What can't be measured is told by its report."""
    said, companions = Diagnostics([], []), IncludeReader(source.tree, source.cap)
    name, rule = source.entry.display_path, source.entry.rule
    try:
        data = source.tree.read(source.entry.path, source.cap)
        prompts = list(parse_file(name, data, rule, companions, said))
        form = FORMATS[recognise(name, data, rule).name]
        for prompt in prompts[:_MOST_PROMPTS]:
            yield f"  {_heading(prompt, source)}"
            parts = list(form.parts(name, data, prompt, IncludeReader(source.tree, source.cap).include))
            yield from _own(parts, source)
            yield from _imports(parts, source)
    except Unreadable:
        return
    if len(prompts) > _MOST_PROMPTS:
        yield f"  and {len(prompts) - _MOST_PROMPTS:,} more prompts"
    yield from _absent(companions, source)


def _heading(prompt: Prompt, source: _Source) -> str:
    """A prompt's name and line, and what its request holds."""
    name = f"{escape_line(prompt.name)}, from line {prompt.line}" if prompt.name else "prompt"
    if not prompt.request:
        return f"{name}: blank, so there is nothing to be sent"
    fields, told = prompt.request.fields, []
    if "system" in fields:
        told.append(f"system {pluralize(source.tokens(flatten(fields['system'])), 'token')}")
    if tools := fields.get("tools"):
        told.append(f"{pluralize(len(tools), 'tool')} of {pluralize(source.tokens(flatten(tools)), 'token')}")
    messages = [one for one in fields["messages"] if not told or one != PLACEHOLDER_MESSAGE]
    if messages:
        told.append(
            f"{pluralize(len(messages), 'message')} of {pluralize(source.tokens(flatten(messages)), 'token')}"
        )
    return f"{name}, as {prompt.role}: {', '.join(told)} ({source.model}, the texts alone)"


def _own(parts: Iterable[Part], source: _Source) -> Iterator[str]:
    """The parts that are in the file itself, in its order."""
    own = [(source.tokens(one.text), one) for one in parts if not one.import_chain]
    own = own if len(own) > 1 else []  # one part is the prompt
    width = max((len(f"{tokens:,}") for tokens, _ in own[:_MOST_PARTS]), default=0)
    for tokens, one in own[:_MOST_PARTS]:
        lines = (
            f"lines {one.first_line}-{one.last_line}"
            if one.last_line > one.first_line
            else f"line {one.first_line}"
        )
        yield f"    {tokens:>{width},}  {lines:<13}  {format_title(one.title)}".rstrip()
    if len(own) > _MOST_PARTS:
        yield f"    {sum(tokens for tokens, _ in own[_MOST_PARTS:]):,} in {len(own) - _MOST_PARTS:,} more"


def _imports(parts: Iterable[Part], source: _Source) -> Iterator[str]:
    """The files that are imported, each below the one that names it."""
    texts: dict[tuple[str, ...], list[str]] = {}
    for one in parts:
        way = (*one.import_chain, one.path) if one.import_chain else ()
        for end in range(2, len(way) + 1):  # those on the way may hold nothing but imports
            texts.setdefault(way[:end], [])
        if way:
            texts[way].append(one.text)
    if texts:
        yield f"    imports {pluralize(len(texts), 'file')}:"
    # Parts come level by level.
    rank = {way: number for number, way in enumerate(texts)}
    ordered = sorted(texts, key=lambda way: [rank[way[:end]] for end in range(2, len(way) + 1)])
    for way in ordered[:_MOST_PARTS]:
        indent = "  " * min(len(way) - 2, _DEEPEST)
        yield f"      {indent}{escape_line(way[-1])}  {pluralize(source.tokens(chr(10).join(texts[way])), 'token')}"
    if len(texts) > _MOST_PARTS:
        yield f"      and {len(texts) - _MOST_PARTS:,} more"


def _absent(companions: IncludeReader, source: _Source) -> Iterator[str]:
    """What looks like the name of a file to import, and isn't one."""
    absent = []
    for path in sorted(companions.requested):
        try:
            source.tree.resolve(path)
        except MissingFile:
            absent.append(path)
        except Unreadable:  # told in a note
            continue
    # For what is written as `@a.md.` or `@a.md#b`, `a.md` was looked for, too: what is written is told.
    guesses = {
        guess
        for path in absent
        for guess in (path.rstrip(CLOSING_PUNCTUATION), path.partition("#")[0].rstrip(CLOSING_PUNCTUATION))
        if guess != path
    }
    absent = [path for path in absent if path not in guesses]
    if absent:
        more = f" and {len(absent) - _MOST_ABSENT:,} more" if len(absent) > _MOST_ABSENT else ""
        yield f"    not there, so not imported: {', '.join(map(escape_line, absent[:_MOST_ABSENT]))}{more}"


def _found(
    tree: WorkingTree, config: Config, chosen: RuleMatcher, path: str, cap: int
) -> tuple[MatchedFile | None, Targets]:
    """The prompt file that a path names, if there is one: the link itself where it is read by that, else what it leads to."""
    scope = find_targets(tree, config, [path], cap)
    by_name = (one for one in scope.matched if one.read_as == path)
    real = _name(tree, chosen, path)
    known = (one for one in scope.matched if not {path, real}.isdisjoint({one.path, *one.aliases}))
    return next(by_name, None) or next(known, None), scope


def _name(tree: WorkingTree, chosen: RuleMatcher, path: str) -> str:
    """The name by which a rule owns the file: its own rather than that of a link, as in `check`."""
    real = tree.resolve(path)
    return real if chosen.find_rule(real) else path


def requests(tree: WorkingTree, config: Config, path: str, cap: int) -> tuple[list[Prompt], Rule]:
    """The prompts of a file with the requests that are counted, and the rule. Raises `Fatal`, `Unreadable`."""
    entry, _ = _found(tree, config, compile_rules(config.rules, config.exclude), path, cap)
    if not entry:
        raise Fatal(f"no rule owns {path}", f"see `prompt-lint explain {path}`")
    companions, said = IncludeReader(tree, cap), Diagnostics([], [])
    return list(
        parse_file(entry.display_path, tree.read(entry.path, cap), entry.rule, companions, said)
    ), entry.rule


def _rules(config: Config, matcher: RuleMatcher, path: str, owner: Rule | None) -> Iterator[str]:
    for rule, includes, excludes in matcher.rules:
        if not includes(path):
            continue
        patterns = escape_line(", ".join(rule.files))
        place = f"{escape_line(config.path)}:{rule.line}" if rule.line else "the command line"
        if excludes(path):
            told = "matches, but its `exclude` leaves this file out"
        elif rule is owner:
            told = "owns it: the last rule that matches"
        else:
            told = "matches, but a later rule does too" if owner else "matches"
        yield f"  {place}  {patterns}: {told}"
