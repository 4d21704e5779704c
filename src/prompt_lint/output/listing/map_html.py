"""The map of `list` as HTML: rectangles that stretch with the page, and another arrangement of them for a phone.

Where each one is, is in a style sheet, since the page's policy allows no style in its elements.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from prompt_lint.model.counts import sum_counts
from prompt_lint.output.listing.map_boxes import choose_palette, make_boxes
from prompt_lint.output.listing.prompts import split_by_model
from prompt_lint.output.listing.treemap import Rectangle, squarify
from prompt_lint.output.phrases import format_calls_cost, percent_of_limit
from prompt_lint.output.status_words import STATUS_WORDS, shown_status
from prompt_lint.output.text.pieces import format_count, format_short_name, growth_cell
from prompt_lint.text.html_escape import escape_html, escape_markup
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import PromptVerdicts, Report
    from prompt_lint.output.listing.map_boxes import Box, Cell, Palette, Shade

# About the size of the map in pixels on a screen and on a phone, as in listing.css; of a box, the height of its title.
_WIDE, _NARROW, _TITLE = Rectangle(0, 0, 1002, 560), Rectangle(0, 0, 338, 640), 22
_ON_A_PHONE = "@media (max-width: 720px)"


def draw_map(prompts: Sequence[PromptVerdicts], report: Report) -> tuple[list[str], str]:
    """Return the lines of HTML and their style sheet; nothing where no prompt has tokens."""
    palette = choose_palette(report)
    by_model = {
        model: [_select_verdicts(listed, model) for listed in counted]
        for model, counted in split_by_model(prompts)
    }
    boxes = make_boxes(chain(*by_model.values()), palette)
    if not boxes:
        return [], ""
    style = f"{''.join(_arrange(boxes, _WIDE))}{_ON_A_PHONE} {{\n{''.join(_arrange(boxes, _NARROW))}}}\n"
    has_several_models = len({verdict.model for verdict in report.verdicts}) > 1
    models = list(by_model) if has_several_models else []
    return list(_render_map(boxes, len(prompts), models, palette, report)), style


def _select_verdicts(listed: PromptVerdicts, model: str) -> PromptVerdicts:
    """Return a prompt with the verdict for a model, and then the one that is nearest to its limit, which is its first."""
    own = next(verdict for verdict in listed.verdicts if verdict.model == model)
    return listed._replace(verdicts=[own, listed.first])


def _render_map(
    boxes: Sequence[Box], listed: int, models: Sequence[str], palette: Palette, report: Report
) -> Iterator[str]:
    label = "Map of the prompts; the table below has the same figures"
    yield f'<section class="card"><h2>Where the tokens are</h2><div class="map" role="group" aria-label="{label}">'
    for number, box in enumerate(boxes):
        yield f'<div class="box" id="b{number}">{_render_title(box)}<div class="cells">'
        yield from (
            _render_cell(cell, f"b{number}c{cell_number}", report)
            for cell_number, cell in enumerate(box.cells)
        )
        yield "</div></div>"
    yield "</div>"
    drawn = [(cell.shade, len(cell.prompts)) for box in boxes for cell in box.cells]
    yield f'<p class="legend">Colour: {escape_html(palette.title)}. {"".join(_render_legend(drawn, palette))}</p>'
    yield f'<p class="rest">{_explain(drawn, listed, models)}</p></section>'


def _render_title(box: Box) -> str:
    """Return the heading of a box. Where there is no room, the last folder and the tokens are what stays."""
    above, slash, last = (box.folder or ".").rpartition("/")
    title = f"{box.folder or '.'}/: {box.tokens:,} tokens, {box.kind}"
    return (
        f'<h3 title="{escape_html(title)}"><span class="above">{escape_html(above + slash)}</span>'
        f"<span>{escape_html(last)}/</span><small>{box.kind}</small><small>{box.tokens:,}</small></h3>"
    )


def _render_cell(cell: Cell, anchor: str, report: Report) -> str:
    if len(cell.prompts) == 1:
        listed = cell.prompts[0]
        title = f"{format_short_name(listed.prompt)}: {_describe_prompt(listed, report)}"
        facts = _list_facts(listed)
    else:
        counts = [count for listed in cell.prompts if (count := listed.first.token_count)]
        title = f"{cell.name}: {format_count(sum_counts(counts))} tokens, {cell.shade.meaning}"
        facts = [f"{cell.tokens:,}", cell.shade.meaning]
    spans = "".join(f"<span>{escape_html(fact)}</span>" for fact in facts)
    return (
        f'<div class="cell {cell.shade.style}" id="{anchor}" role="img" title="{escape_markup(title)}">'
        f"<b>{escape_html(cell.name)}</b>{spans}</div>"
    )


def _list_facts(listed: PromptVerdicts) -> list[str]:
    verdict, nearest = listed.first, listed.verdicts[-1]
    status = shown_status(nearest)
    word = STATUS_WORDS[status].label if status != "ok" else ""
    growth = f"{verdict.growth:+,}" if verdict.growth else ""
    return [*filter(None, (f"{verdict.tokens:,}", growth, percent_of_limit(nearest), word))]


def _describe_prompt(listed: PromptVerdicts, report: Report) -> str:
    verdict, nearest = listed.first, listed.verdicts[-1]
    limit = f"{percent_of_limit(nearest)} of the limit {nearest.limit:,}" if nearest.limit else "no limit"
    if nearest.model != verdict.model:
        limit += f" for {nearest.model}"
    label = STATUS_WORDS[shown_status(nearest)].label
    tokens = f"{format_count(verdict.token_count, verdict.rule.reserve)} tokens"
    cost = format_calls_cost(report, verdict.tokens, verdict.model)
    calls = cost and f"{cost} per 1,000 calls"
    return ", ".join(filter(None, (tokens, growth_cell(verdict), limit, calls, label, verdict.prompt.format)))


def _render_legend(drawn: Sequence[tuple[Shade, int]], palette: Palette) -> Iterator[str]:
    """Yield each colour that is drawn, with the number of prompts that have it."""
    for shade in palette.shades:
        if number := sum(prompts for other, prompts in drawn if other is shade):
            yield f'<span><i class="key {shade.style}"></i>{shade.meaning} ({number:,})</span>'


def _explain(drawn: Sequence[tuple[Shade, int]], listed: int, models: Sequence[str]) -> str:
    """Return what an area is, for which of several models, and what isn't drawn as it is."""
    number = sum(prompts for _, prompts in drawn)
    of_model = f" for {', else for '.join(map(escape_html, models))}" if models else ""
    sentences = [f"The area of a rectangle is its number of tokens{of_model}."]
    if number > len(drawn):
        sentences.append("Prompts too small to see are drawn together, those of each colour.")
    if listed > number:
        sentences.append(
            f"{pluralize(listed - number, 'prompt')} without tokens, or not counted, can't be drawn."
        )
    return " ".join(sentences)


# ---------------------------------------------------------------------------------------------------------
# The style sheet


def _arrange(boxes: Sequence[Box], frame: Rectangle) -> Iterator[str]:
    """Yield a rule for each box and cell, in percent of what is around it."""
    outlines = squarify([box.tokens for box in boxes], frame)
    for number, (box, outline) in enumerate(zip(boxes, outlines, strict=True)):
        yield _write_rule(f"b{number}", outline, frame)
        inner = Rectangle(0, 0, outline.width, max(outline.height - _TITLE, 1))
        cells = squarify([cell.tokens for cell in box.cells], inner)
        for cell_number, cell in enumerate(cells):
            yield _write_rule(f"b{number}c{cell_number}", cell, inner)


def _write_rule(anchor: str, outline: Rectangle, frame: Rectangle) -> str:
    left, width = (100 * length / frame.width for length in (outline.left, outline.width))
    top, height = (100 * length / frame.height for length in (outline.top, outline.height))
    return f"#{anchor}{{left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%}}\n"
