"""The prompts of `list` as a tree of folders with sums, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.counts import EMPTY_COUNT
from prompt_lint.output.listing import heaviest_model
from prompt_lint.output.phrases import format_tokens
from prompt_lint.output.text_pieces import align_right
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.output import View
    from prompt_lint.output.listing import ListedPrompt

# Unless everything is to be shown: folders with less than this share of all tokens are summed up, deeper ones left out.
_SMALL_SHARE = 0.02
_MAX_DEPTH = 4


class _Folder:
    """A folder, or a file without children, with the tokens, their margin, and the prompts of all that is below."""

    __slots__ = ("children", "margin", "prompts", "tokens")

    def __init__(self) -> None:
        self.tokens = self.margin = self.prompts = 0
        self.children: dict[str, _Folder] = {}

    def add(self, path: Sequence[str], tokens: int, margin: int) -> None:
        """Add a prompt to this folder and to each on its path."""
        folder = self
        folder.include(1, tokens, margin)
        for name in path:
            folder = folder.children.setdefault(name, _Folder())
            folder.include(1, tokens, margin)

    def include(self, prompts: int, tokens: int, margin: int) -> None:
        self.prompts += prompts
        self.tokens += tokens
        self.margin += margin


def render_folders(prompts: Sequence[ListedPrompt], view: View) -> list[str]:
    """Return the lines of the tree, counted for the model with the most tokens; none without prompts."""
    model = heaviest_model(prompts)
    top = _Folder()
    for listed in prompts:
        for verdict in listed.verdicts:
            if verdict.model == model:
                count = verdict.token_count or EMPTY_COUNT
                top.add(escape_line(listed.prompt.path).split("/"), count.tokens, count.margin)
    if not top.prompts:
        return []
    rows = [("tokens", "share", "prompts", f"folder [{model}]")]
    stack: list[tuple[_Folder, str, int]] = [(top, "./", 0)]
    while stack:
        folder, name, depth = stack.pop()
        while len(folder.children) == 1 and depth:  # a folder with nothing but a folder in it is one step
            [(child_name, folder)] = folder.children.items()
            name += f"{child_name}{'/' if folder.children else ''}"
        share = f"{100 * folder.tokens / top.tokens:.0f}%" if top.tokens else ""
        rows.append(
            (
                format_tokens(folder.tokens, folder.margin),
                share,
                f"{folder.prompts:,}",
                f"{'  ' * depth}{name}",
            )
        )
        stack += [(child, name, depth + 1) for name, child in reversed(_children(folder, depth, top, view))]
    return list(align_right(rows))


def _children(folder: _Folder, depth: int, top: _Folder, view: View) -> list[tuple[str, _Folder]]:
    """Return the children to show, with their names."""
    ordered = sorted(folder.children.items(), key=lambda item: (-item[1].tokens, item[0]))
    if view.verbosity <= 0:
        if depth >= _MAX_DEPTH:
            return []
        large = [item for item in ordered if item[1].tokens >= _SMALL_SHARE * top.tokens]
        small = ordered[len(large) :]
        if len(small) > 1 and depth and not large:
            return []
        if len(small) > 1:
            rest = _Folder()
            for _, child in small:
                rest.include(child.prompts, child.tokens, child.margin)
            ordered = [*large, (f"{len(small):,} more", rest)]
    return [(f"{name}/" if child.children else name, child) for name, child in ordered]
