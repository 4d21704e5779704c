"""What is in a file: its prompts, their parts, and what they import."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.read_prompts import IncludeReader, parse_prompts
from prompt_lint.counting.offline_counts import count_text
from prompt_lint.formats import FORMATS
from prompt_lint.formats.imported_files import CLOSING_PUNCTUATION
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.counts import EMPTY_COUNT, sum_counts
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE
from prompt_lint.output.phrases import describe_lines, describe_tokens, format_count
from prompt_lint.output.text.pieces import format_title
from prompt_lint.request.flatten import flatten
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import Part, Prompt
    from prompt_lint.repo.working_tree import WorkingTree

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
