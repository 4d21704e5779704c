"""The prompts of `list` as a tree of folders with sums, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import EMPTY_COUNT, sum_counts
from prompt_lint.output.phrases import format_calls_cost, format_count
from prompt_lint.output.text.pieces import align_columns, format_share
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.counts import Count
    from prompt_lint.model.values import PromptVerdicts, Report
    from prompt_lint.output import View

# Unless everything is to be shown: folders with less than this share of all tokens are summed up, deeper ones left out.
_SMALL_SHARE = 0.02
_MAX_DEPTH = 4


class _Folder:
    """A folder, or a file without children, with the sum of the counts, and the number of prompts, of all that is below."""

    __slots__ = ("children", "count", "prompts")

    def __init__(self) -> None:
        self.count = EMPTY_COUNT
        self.prompts = 0
        self.children: dict[str, _Folder] = {}

    def add(self, path: Sequence[str], count: Count) -> None:
        """Add a prompt to this folder and to each on its path."""
        folder = self
        folder.include(1, count)
        for name in path:
            folder = folder.children.setdefault(name, _Folder())
            folder.include(1, count)

    def include(self, prompts: int, count: Count) -> None:
        self.count = sum_counts([self.count, count]) if self.prompts else count
        self.prompts += prompts


def render_folders(prompts: Sequence[PromptVerdicts], model: str, report: Report, view: View) -> list[str]:
    """Return the lines of the tree of prompts that are all counted for one model."""
    top = _Folder()
    for listed in prompts:
        for verdict in listed.verdicts:
            if verdict.model == model:
                top.add(escape_line(listed.prompt.path).split("/"), verdict.token_count or EMPTY_COUNT)
    calls = "1,000 calls" if model in report.prices else ""
    rows = [("tokens", "share", calls, "prompts", f"folder [{model}]")]
    stack: list[tuple[_Folder, str, int]] = [(top, "./", 0)]
    while stack:
        folder, name, depth = stack.pop()
        while len(folder.children) == 1 and depth:  # a folder with nothing but a folder in it is one step
            [(child_name, folder)] = folder.children.items()
            name += f"{child_name}{'/' if folder.children else ''}"
        share = format_share(folder.count.tokens, top.count.tokens)
        cost = format_calls_cost(report, folder.count.tokens, model)
        rows.append((format_count(folder.count), share, cost, f"{folder.prompts:,}", f"{'  ' * depth}{name}"))
        stack += [(child, name, depth + 1) for name, child in reversed(_children(folder, depth, top, view))]
    return list(align_columns(rows, left=(4,)))


def _children(folder: _Folder, depth: int, top: _Folder, view: View) -> list[tuple[str, _Folder]]:
    ordered = sorted(folder.children.items(), key=lambda item: (-item[1].count.tokens, item[0]))
    if view.verbosity <= 0:
        if depth >= _MAX_DEPTH:
            return []
        large = [item for item in ordered if item[1].count.tokens >= _SMALL_SHARE * top.count.tokens]
        small = ordered[len(large) :]
        if len(small) > 1 and depth and not large:
            return []
        if len(small) > 1:
            rest = _Folder()
            for _, child in small:
                rest.include(child.prompts, child.count)
            ordered = [*large, (f"{len(small):,} more", rest)]
    return [(f"{name}/" if child.children else name, child) for name, child in ordered]
