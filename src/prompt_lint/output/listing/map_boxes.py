"""What the map of `list` draws: a box for each folder and kind, with a rectangle for each prompt, and its colour.

The colour says how full a limit is; with a base, how much a prompt grew.

What would be too small to see is drawn together: small folders in the folder above, small prompts of a colour in one rectangle.
"""

from __future__ import annotations

from posixpath import commonprefix
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from prompt_lint.model.values import PromptVerdicts, Report, Verdict

# Shares of all tokens: of a folder with a box of its own, of a box that isn't joined with others, of a rectangle.
_FOLDER_SHARE, _BOX_SHARE, _CELL_SHARE = 0.04, 0.02, 0.0015


class Cell(NamedTuple):
    """A rectangle: of one prompt, or of several of the same colour.

    The area of a prompt is that of its first verdict. Its last one, which may be of another model, is the nearest to its limit.
    """

    name: str
    prompts: Sequence[PromptVerdicts]
    shade: Shade

    @property
    def tokens(self) -> int:
        return sum_tokens(self.prompts)


class Box(NamedTuple):
    """The prompts of a kind, or of `several kinds`, below a folder, without those that have a box of their own."""

    folder: str
    kind: str
    cells: Sequence[Cell]

    @property
    def tokens(self) -> int:
        return sum(cell.tokens for cell in self.cells)


def make_boxes(prompts: Iterable[PromptVerdicts], palette: Palette) -> list[Box]:
    """Return the boxes, the largest first, each with its largest cell first. Prompts without tokens are left out."""
    drawn = [listed for listed in prompts if listed.first.tokens]
    everything = sum_tokens(drawn)
    small: list[PromptVerdicts] = []
    boxes: list[Box] = []
    for kind, members in _group_by_folder(drawn, everything * _FOLDER_SHARE):
        if sum_tokens(members) < everything * _BOX_SHARE:
            small += members
        else:
            boxes.append(_make_box(kind, members, everything, palette))
    if small:
        kinds = {listed.prompt.format for listed in small}
        kind = kinds.pop() if len(kinds) == 1 else "several kinds"
        boxes.append(_make_box(kind, small, everything, palette))
    return sorted(boxes, key=lambda box: -box.tokens)


def sum_tokens(prompts: Iterable[PromptVerdicts]) -> int:
    return sum(listed.first.tokens for listed in prompts)


def _group_by_folder(
    prompts: Iterable[PromptVerdicts], enough: float
) -> Iterator[tuple[str, list[PromptVerdicts]]]:
    """Yield the prompts of each kind and folder, with the kind.

    What has fewer than `enough` tokens, or is a single file, goes to the folder above.
    """
    by_depth: dict[int, dict[tuple[str, str], list[PromptVerdicts]]] = {}

    def add(kind: str, folder: str, members: Sequence[PromptVerdicts]) -> None:
        depth = folder.count("/") + 1 if folder else 0
        by_depth.setdefault(depth, {}).setdefault((kind, folder), []).extend(members)

    for listed in prompts:
        add(listed.prompt.format, listed.prompt.path.rpartition("/")[0], [listed])
    for depth in range(max(by_depth, default=0), -1, -1):
        for (kind, folder), members in by_depth.get(depth, {}).items():
            is_single = len({listed.prompt.path for listed in members}) == 1
            if folder and (is_single or sum_tokens(members) < enough):
                add(kind, folder.rpartition("/")[0], members)
            else:
                yield kind, members


def _make_box(kind: str, prompts: Sequence[PromptVerdicts], everything: int, palette: Palette) -> Box:
    folder = commonprefix([listed.prompt.path for listed in prompts]).rpartition("/")[0]
    start = len(folder) + 1 if folder else 0
    cells: list[Cell] = []
    small: dict[Shade, list[PromptVerdicts]] = {}
    for listed in prompts:
        shade = palette.shades[palette.choose(listed.verdicts)]
        if listed.first.tokens < everything * _CELL_SHARE:
            small.setdefault(shade, []).append(listed)
        else:
            cells.append(Cell(_name(listed, start), [listed], shade))
    for shade, members in small.items():
        name = f"{len(members):,} prompts" if len(members) > 1 else _name(members[0], start)
        cells.append(Cell(name, members, shade))
    return Box(folder, kind, sorted(cells, key=lambda cell: -cell.tokens))


def _name(listed: PromptVerdicts, start: int) -> str:
    """Return the path below the folder of the box, and which prompt of the file it is."""
    name = listed.prompt.name
    return listed.prompt.path[start:] + (f" ({name})" if name else "")


# ---------------------------------------------------------------------------------------------------------
# Colours


class Shade(NamedTuple):
    """A colour: its class in the style sheet, and what it means."""

    style: str
    meaning: str


class Palette(NamedTuple):
    """What the colours say, and the colours. `choose` returns the number of one for the verdicts of a rectangle."""

    title: str
    shades: Sequence[Shade]
    choose: Callable[[Sequence[Verdict]], int]


_FILLS = (25, 50, 75, 100)
_OVER = 5
_MUCH_GROWTH = 0.1


def _choose_by_fill(verdicts: Sequence[Verdict]) -> int:
    fill = verdicts[-1].fill_percent
    if fill is None:
        return 0
    return next((number for number, percent in enumerate(_FILLS, 1) if fill <= percent), _OVER)


def _choose_by_growth(verdicts: Sequence[Verdict]) -> int:
    is_over = _choose_by_fill(verdicts) == _OVER
    return 2 * _choose_growth(verdicts[0]) + is_over


def _choose_growth(verdict: Verdict) -> int:
    if verdict.change == "new":
        return 5
    if verdict.growth is None or verdict.base_count is None:
        return 0
    if verdict.growth <= 0:
        return 1 if verdict.growth else 2
    return 3 if verdict.growth <= _MUCH_GROWTH * verdict.base_count.tokens else 4


_FILL_SHADES = (
    Shade("none", "no limit"),
    Shade("low", "up to 25%"),
    Shade("half", "up to 50%"),
    Shade("most", "up to 75%"),
    Shade("full", "up to 100%"),
    Shade("over", "over 100%"),
)
_GROWTHS = (
    Shade("unknown", "can't be compared"),
    Shade("half", "smaller"),
    Shade("none", "the same"),
    Shade("full", "grew by up to 10%"),
    Shade("grew", "grew by more than 10%"),
    Shade("new", "new"),
)
# Each of them twice: within the limit, and over it.
_GROWTH_SHADES = tuple(
    shade
    for each in _GROWTHS
    for shade in (each, Shade(f"{each.style} exceeded", f"{each.meaning}, over the limit"))
)


def choose_palette(report: Report) -> Palette:
    if report.base:
        return Palette(f"growth since {report.base.name}", _GROWTH_SHADES, _choose_by_growth)
    return Palette("how full the limit is", _FILL_SHADES, _choose_by_fill)
