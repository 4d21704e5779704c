"""`explain PATH`: which rule owns a file, why, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.check import check
from prompt_lint.errors import Exit, Fatal
from prompt_lint.escape import visible
from prompt_lint.formats import recognise
from prompt_lint.outputs import as_text
from prompt_lint.prompts import Companions, Remarks, parsed
from prompt_lint.scope import find
from prompt_lint.selection import selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.check import Options
    from prompt_lint.config import Config
    from prompt_lint.measure import Means
    from prompt_lint.model import Prompt, Rule, View
    from prompt_lint.selection import Match, Selector
    from prompt_lint.tree import WorkingTree


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
    found = recognise(real, tree.read(real, options.max_file_size), owner)
    lines.append(f"  format {found.name}: {found.why}")
    lines.append(f"  role {owner.role or 'by the format'}, near the limit from {owner.warn_at:.0%} of it")
    report = check(tree, config, [path], means, options)
    return "".join(f"{line}\n" for line in lines) + as_text.render(report, view), report.exit_code


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
    owner = chosen.owner(name) or _owner_of_links(tree, config, name, cap)
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
