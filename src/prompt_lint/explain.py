"""`explain PATH`: which rule owns a file, why, and what comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check import check
from prompt_lint.errors import Exit, Fatal, Missing, Unreadable
from prompt_lint.escape import visible
from prompt_lint.formats import FORMATS, recognise
from prompt_lint.model import PLACEHOLDER
from prompt_lint.outputs import as_text
from prompt_lint.prompts import Companions, Remarks, parsed
from prompt_lint.scope import find
from prompt_lint.selection import selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prompt_lint.check import Options
    from prompt_lint.config import Config
    from prompt_lint.measure import Means
    from prompt_lint.model import Part, Prompt, Rule, View
    from prompt_lint.selection import Match, Selector
    from prompt_lint.tree import WorkingTree

# What is told one by one.
_MOST_PROMPTS = 10
_MOST_PARTS = 30
_MOST_ABSENT = 5
_DEEPEST = 8


def explain(
    tree: WorkingTree, config: Config, path: str, means: Means, options: Options, view: View
) -> tuple[str, Exit]:
    """Text for a person, and the exit code that `check PATH` would have."""
    chosen = selector(config.rules, config.exclude)
    path = _name(tree, chosen, path)
    owner = chosen.owner(path) or _owner_of_links(tree, config, path, options.max_file_size)
    lines = [visible(path), *_rules(config, chosen.explain(path), owner)]
    if chosen.excluded(path):
        lines.append("  left out by the `exclude` at the top of the file")
    if not owner:
        lines.append("  no rule owns it, so `check` passes it by")
        return "".join(f"{line}\n" for line in lines), Exit.OK
    real = tree.resolve(path)
    reading = _owner_of_links(tree, config, path, options.max_file_size) or owner
    found = recognise(real, tree.read(real, options.max_file_size), reading)
    why = found.why if reading.format == owner.format else "a link by such a name leads to it"
    lines.append(f"  format {found.name}: {why}")
    lines.append(f"  role {owner.role or 'by the format'}, near the limit from {owner.warn_at:.0%} of it")
    lines += _groups(tree, config, path, options.max_file_size)
    source = _Source(tree, real, reading, owner.models[0], means.offline.weigh, options.max_file_size)
    lines += [
        "",
        *_prompts(source),
        f"  The request itself: prompt-lint explain --show-request {visible(path)}",
        "",
    ]
    report = check(tree, config, [path], means, options)
    return "".join(f"{line}\n" for line in lines) + as_text.render(report, view), report.exit_code


class _Source(NamedTuple):
    """A file to be taken apart, and how its pieces are weighed."""

    tree: WorkingTree
    path: str
    rule: Rule
    model: str
    weigh: Callable[[str, str], int]
    cap: int

    def tokens(self, text: str) -> int:
        return self.weigh(self.model, text) if text else 0


def _groups(tree: WorkingTree, config: Config, path: str, cap: int) -> Iterator[str]:
    for one in find(tree, config, [path], cap).groups:
        yield f"  in the group `{visible(one.group.name)}` ({visible(config.path)}:{one.group.rule.line})"


def _prompts(source: _Source) -> Iterator[str]:
    """Each prompt of a file: what it is made of, and what it imports. What can't be measured is told by its report."""
    said, companions = Remarks([], []), Companions(source.tree, source.cap)
    try:
        data = source.tree.read(source.path, source.cap)
        prompts = list(parsed(source.path, data, source.rule, companions, said))
        form = FORMATS[recognise(source.path, data, source.rule).name]
        for prompt in prompts[:_MOST_PROMPTS]:
            yield f"  {_heading(prompt, source)}"
            parts = list(form.parts(source.path, data, prompt, Companions(source.tree, source.cap).include))
            yield from _own(parts, source)
            yield from _imports(parts, source)
    except Unreadable:
        return
    if len(prompts) > _MOST_PROMPTS:
        yield f"  and {len(prompts) - _MOST_PROMPTS:,} more prompts"
    yield from _absent(companions, source)


def _heading(prompt: Prompt, source: _Source) -> str:
    """A prompt's name and line, and what its request holds."""
    name = f"{visible(prompt.name)}, from line {prompt.line}" if prompt.name else "prompt"
    if not prompt.request:
        return f"{name}: blank, so there is nothing to be sent"
    fields, told = prompt.request.fields, []
    if "system" in fields:
        told.append(f"system {source.tokens(_text(fields['system'])):,} tokens")
    if tools := fields.get("tools"):
        told.append(f"{_number(len(tools), 'tool')} {source.tokens(_text(tools)):,} tokens")
    messages = [one for one in fields["messages"] if not told or one != PLACEHOLDER]
    if messages:
        told.append(f"{_number(len(messages), 'message')} {source.tokens(_text(messages)):,} tokens")
    return f"{name}, as {prompt.role}: {', '.join(told)} ({source.model}, the texts alone)"


def _number(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' if number != 1 else ''} of" if number != 1 else f"1 {word} of"


def _text(content: object) -> str:
    """What is read of a piece of a request; of tools all of it, of images and documents nothing."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, map(_text, content)))
    if isinstance(content, dict):
        if content.get("type") in {"image", "document"}:
            return ""
        inner = content.get("content", content.get("text"))
        return _text(inner) if inner is not None else json.dumps(content, ensure_ascii=False)
    return ""


def _own(parts: Iterable[Part], source: _Source) -> Iterator[str]:
    """The parts that are in the file itself, in its order."""
    own = [(source.tokens(one.text), one) for one in parts if not one.via]
    own = own if len(own) > 1 else []  # one part is the prompt
    width = max((len(f"{tokens:,}") for tokens, _ in own[:_MOST_PARTS]), default=0)
    for tokens, one in own[:_MOST_PARTS]:
        lines = (
            f"lines {one.first_line}-{one.last_line}"
            if one.last_line > one.first_line
            else f"line {one.first_line}"
        )
        yield f"    {tokens:>{width},}  {lines:<13}  {as_text.cut(visible(one.title))}".rstrip()
    if len(own) > _MOST_PARTS:
        yield f"    {sum(tokens for tokens, _ in own[_MOST_PARTS:]):,} in {len(own) - _MOST_PARTS:,} more"


def _imports(parts: Iterable[Part], source: _Source) -> Iterator[str]:
    """The files that are imported, each below the one that names it."""
    texts: dict[tuple[str, ...], list[str]] = {}
    for one in parts:
        if one.via:
            texts.setdefault((*one.via, one.path), []).append(one.text)
    if texts:
        yield f"    imports {_number(len(texts), 'file').removesuffix(' of')}:"
    for way, found in list(texts.items())[:_MOST_PARTS]:
        indent = "  " * min(len(way) - 2, _DEEPEST)
        yield f"      {indent}{visible(way[-1])}  {source.tokens(chr(10).join(found)):,} tokens"
    if len(texts) > _MOST_PARTS:
        yield f"      and {len(texts) - _MOST_PARTS:,} more"


def _absent(companions: Companions, source: _Source) -> Iterator[str]:
    """What looks like the name of a file to import, and isn't one."""
    absent = []
    for path in sorted(companions.asked):
        try:
            source.tree.resolve(path)
        except Missing:
            absent.append(path)
        except Unreadable:  # told in a note
            continue
    if absent:
        more = f" and {len(absent) - _MOST_ABSENT:,} more" if len(absent) > _MOST_ABSENT else ""
        yield f"    not there, so not imported: {', '.join(map(visible, absent[:_MOST_ABSENT]))}{more}"


def _owner_of_links(tree: WorkingTree, config: Config, path: str, cap: int) -> Rule | None:
    """The rule that owns a file through a link that leads to it."""
    owned = find(tree, config, [path], cap).owned
    return next((one.rule for one in owned if path in {one.path, *one.aliases}), None)


def _name(tree: WorkingTree, chosen: Selector, path: str) -> str:
    """The name by which a rule owns the file: its own rather than that of a link, as in `check`."""
    real = tree.resolve(path)
    return real if chosen.owner(real) else path


def requests(tree: WorkingTree, config: Config, path: str, cap: int) -> tuple[list[Prompt], Rule]:
    """The prompts of a file with the requests that are counted, and the rule. Raises `Fatal`, `Unreadable`."""
    chosen = selector(config.rules, config.exclude)
    name = _name(tree, chosen, path)
    owner = _owner_of_links(tree, config, name, cap) or chosen.owner(name)
    if not owner:
        raise Fatal(f"no rule owns {path}", f"see `prompt-lint explain {path}`")
    real = tree.resolve(path)
    companions, said = Companions(tree, cap), Remarks([], [])
    return list(parsed(real, tree.read(real, cap), owner, companions, said)), owner


def _rules(config: Config, matches: list[Match], owner: Rule | None) -> Iterator[str]:
    for match in matches:
        if not match.files:
            continue
        patterns = visible(", ".join(match.rule.files))
        place = f"{visible(config.path)}:{match.rule.line}" if match.rule.line else "the command line"
        if match.excluded:
            told = "matches, but its `exclude` leaves this file out"
        elif match.rule is owner:
            told = "owns it: the last rule that matches"
        else:
            told = "matches, but a later rule does too" if owner else "matches"
        yield f"  {place}  {patterns}: {told}"
