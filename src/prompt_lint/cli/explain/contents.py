"""What is in a file: its prompts, their parts, and what they import; what rules make of a folder; what a group is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.importers import match_below
from prompt_lint.check.pipeline import check_prompts, judge_groups
from prompt_lint.check.read_prompts import IncludeReader, parse_prompts
from prompt_lint.check.targets import find_targets
from prompt_lint.counting.offline_counts import count_text
from prompt_lint.formats import FORMATS
from prompt_lint.formats.imported_files import CLOSING_PUNCTUATION
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.counts import EMPTY_COUNT, sum_counts
from prompt_lint.model.errors import ExitCode, MissingFile, Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE
from prompt_lint.output.phrases import describe_lines, describe_tokens, format_count
from prompt_lint.output.text import report as text_output
from prompt_lint.output.text.pieces import format_title
from prompt_lint.request.flatten import flatten
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.check.pipeline import Run
    from prompt_lint.check.targets import Targets
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.model.counts import Count
    from prompt_lint.model.rules import Group, Rule
    from prompt_lint.model.values import Part, Prompt
    from prompt_lint.output import View
    from prompt_lint.repo.working_tree import WorkingTree

_MAX_FILES = 20
_MAX_PROMPTS = 10
_MAX_PARTS = 30
_MAX_MISSING = 5
_MAX_INDENTS = 8


class FileToExplain(NamedTuple):
    """A file, and the model that its texts are counted for."""

    tree: WorkingTree
    file: MatchedFile
    model: str

    def describe_tokens(self, text: str) -> str:
        count = self.measure(text)
        return describe_tokens(count.tokens, count.margin)

    def measure(self, text: str) -> Count:
        return count_text(self.model, text) if text else EMPTY_COUNT


def describe_contents(source: FileToExplain) -> Iterator[str]:
    """Yield lines about each prompt of a file; none from where it can't be measured, which its report says."""
    tree, rule, path = source.tree, source.file.rule, source.file.display_path
    reader = IncludeReader(tree)
    try:
        data = tree.read(source.file.path)
        prompts = list(parse_prompts(path, data, rule, reader))
        prompt_format = FORMATS[recognise(path, data, rule).name]
        for prompt in prompts[:_MAX_PROMPTS]:
            yield f"  {_describe_prompt(prompt, source)}"
            include = IncludeReader(tree).include
            parts = list(prompt_format.parts(path, data, prompt, include))
            yield from _describe_own_parts(parts, source)
            yield from _describe_imports(parts, source)
    except Unreadable:
        return
    if len(prompts) > _MAX_PROMPTS:
        yield f"  and {len(prompts) - _MAX_PROMPTS:,} more prompts"
    yield from _describe_missing(reader.requested, tree)


def _describe_prompt(prompt: Prompt, source: FileToExplain) -> str:
    name = f"{escape_line(prompt.name)}, from line {prompt.line}" if prompt.name else "prompt"
    if not prompt.request:
        return f"{name}: blank, so there is nothing to be sent"
    fields, pieces = prompt.request.fields, []
    if "system" in fields:
        pieces.append(f"system {source.describe_tokens(flatten(fields['system']))}")
    if tools := fields.get("tools"):
        pieces.append(f"{pluralize(len(tools), 'tool')} of {source.describe_tokens(flatten(tools))}")
    messages = [message for message in fields["messages"] if not pieces or message != PLACEHOLDER_MESSAGE]
    if messages:
        pieces.append(f"{pluralize(len(messages), 'message')} of {source.describe_tokens(flatten(messages))}")
    return f"{name}, as {prompt.role}: {', '.join(pieces)} ({source.model}, the texts alone)"


def _describe_own_parts(parts: Iterable[Part], source: FileToExplain) -> Iterator[str]:
    """Yield the parts that are in the file itself, in its order; none for a single one, which is the prompt."""
    own = [(source.measure(part.text), part) for part in parts if not part.import_chain]
    if len(own) < 2:
        return
    shown, rest = own[:_MAX_PARTS], own[_MAX_PARTS:]
    width = max(len(format_count(count)) for count, _ in shown)
    for count, part in shown:
        yield f"    {format_count(count):>{width}}  {describe_lines(part):<13}  {format_title(part.title)}".rstrip()
    if rest:
        total = sum_counts([count for count, _ in rest])
        yield f"    {format_count(total)} in {len(rest):,} more"


def _describe_imports(parts: Iterable[Part], source: FileToExplain) -> Iterator[str]:
    """Yield the files that are imported, each below the one that imports it."""
    texts: dict[tuple[str, ...], list[str]] = {}
    for part in parts:
        if part.import_chain:
            chain = (*part.import_chain, part.path)
            for end in range(2, len(chain)):  # a file in between may hold nothing but imports
                texts.setdefault(chain[:end], [])
            texts.setdefault(chain, []).append(part.text)
    if texts:
        yield f"    imports {pluralize(len(texts), 'file')}:"
    # Parts come level by level; here each file follows the one that imports it.
    rank = {chain: number for number, chain in enumerate(texts)}
    ordered = sorted(texts, key=lambda chain: [rank[chain[:end]] for end in range(2, len(chain) + 1)])
    for chain in ordered[:_MAX_PARTS]:
        indent = "  " * min(len(chain) - 2, _MAX_INDENTS)
        tokens = source.describe_tokens("\n".join(texts[chain]))
        yield f"      {indent}{escape_line(chain[-1])}  {tokens}"
    if len(texts) > _MAX_PARTS:
        yield f"      and {len(texts) - _MAX_PARTS:,} more"


def _describe_missing(requested: Iterable[str], tree: WorkingTree) -> Iterator[str]:
    """Yield a line about what looks like the name of a file to import, and isn't one."""
    missing = [path for path in sorted(requested) if _is_missing(path, tree)]
    # For `@a.md.` and `@a.md#b`, `a.md` was looked for, too: only what is written is shown.
    guesses = {
        guess
        for path in missing
        for guess in (path.rstrip(CLOSING_PUNCTUATION), path.partition("#")[0].rstrip(CLOSING_PUNCTUATION))
        if guess != path
    }
    names = [f"`{escape_line(path)}`" for path in missing if path not in guesses]
    if names:
        more = f" and {len(names) - _MAX_MISSING:,} more" if len(names) > _MAX_MISSING else ""
        yield f"    not there, so not imported: {', '.join(names[:_MAX_MISSING])}{more}"


def _is_missing(path: str, tree: WorkingTree) -> bool:
    try:
        tree.resolve(path)
    except MissingFile:
        return True
    except Unreadable:  # a note says so
        pass
    return False


# ---------------------------------------------------------------------------------------------------------
# Folders and groups


def explain_folder(run: Run, folder: str, view: View) -> tuple[str, ExitCode]:
    """Return which rules apply to the files below a folder, and the exit code of `check FOLDER`; 0 where none does."""
    targets = find_targets(run.tree, run.config, [folder])
    below, importers = _split_by_place(targets, folder)
    by_rule: dict[tuple[str, int], list[MatchedFile]] = {}
    for file in below:
        by_rule.setdefault(file.rule.place, []).append(file)
    owned = {file.display_path for file in below}
    rest = [
        path for path in targets.files if (not folder or path.startswith(f"{folder}/")) and path not in owned
    ]
    lines = [f"{escape_line(folder) or '.'}: {pluralize(len(owned) + len(rest), 'file')}"]
    for _, files in sorted(by_rule.items()):
        lines.append(f"  {describe_rule(files[0].rule)}: {pluralize(len(files), 'file')}")
    if rest:
        lines += [f"  no rule: {pluralize(len(rest), 'file')}", *(f"    {name}" for name in _shorten(rest))]
    if importers:
        names = (file.display_path for file in importers)
        lines += ["  checked with it, for what they import:", *(f"    {name}" for name in _shorten(names))]
    text = "".join(f"{line}\n" for line in lines)
    if not (targets.matched or targets.groups or targets.problems):
        return text, ExitCode.OK
    report = check_prompts(run, [folder])
    return f"{text}\n{text_output.render(report, view._replace(verbosity=0))}", report.exit_code


def _split_by_place(targets: Targets, folder: str) -> tuple[list[MatchedFile], list[MatchedFile]]:
    """Return the files below a folder, also by a link, and those elsewhere that import from it."""
    is_below = match_below([folder])
    is_named = match_below([folder, *(real for link, real in targets.links.items() if is_below(link))])
    below: list[MatchedFile] = []
    importers: list[MatchedFile] = []
    for file in targets.matched:
        is_inside = any(map(is_named, file.all_names))
        (below if is_inside else importers).append(file)
    return below, importers


def explain_groups(run: Run, groups: Sequence[Group], view: View) -> tuple[str, ExitCode]:
    """Return what groups of one name are made of and come to, and 1 if one is over its limit."""
    targets = find_targets(run.tree, run.config, ())
    group_files = [each for each in targets.groups if each.group in groups]
    report = judge_groups(run, group_files)
    lines = [escape_line(groups[0].name)]
    for group, files in group_files:
        kind = "a sum: each file counted by itself, once" if group.sum else "one request, made of these files"
        lines.append(f"  {describe_place(group.rule)}  {kind}")
        lines += [f"    {path}" for path in _shorten(file.display_path for file in files)]
    text = "".join(f"{line}\n" for line in lines)
    return f"{text}\n{text_output.render(report, view)}", report.exit_code


def describe_rule(rule: Rule) -> str:
    return f"{describe_place(rule)}  {escape_line(', '.join(rule.files))}"


def describe_place(rule: Rule) -> str:
    return f"{escape_line(rule.config_path)}:{rule.line}" if rule.line else "the command line"


def _shorten(paths: Iterable[str]) -> Iterator[str]:
    """Yield the first paths, and how many more there are."""
    paths = list(paths)
    yield from map(escape_line, paths[:_MAX_FILES])
    if len(paths) > _MAX_FILES:
        yield f"and {len(paths) - _MAX_FILES:,} more"
