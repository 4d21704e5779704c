"""The page of `list`: what is drawn, whatever the prompts are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make
from tests.support.hostile_names import MARKDOWN_NAME
from tests.support.html_pages import CHROMIUM, assert_is_inert, lay_out, read_tags

from prompt_lint.model.counts import Count
from prompt_lint.model.values import Base, Problem
from prompt_lint.output import View
from prompt_lint.output.listing import Listing, html
from prompt_lint.output.listing.map_boxes import choose_palette, make_boxes
from prompt_lint.output.listing.prompts import list_prompts

if TYPE_CHECKING:
    from pathlib import Path

    from prompt_lint.model.values import Report, Status, Verdict

FOLDERS = st.sampled_from(["", "a/", "a/b/", "a/b/c/", "a/b2/", "d/e/f/g/"])
PROMPTS = st.lists(st.tuples(FOLDERS, MARKDOWN_NAME, st.integers(0, 10**5)), min_size=1, max_size=12)


def render(report: Report) -> str:
    return html.render(Listing(report), View())


def make_verdict(path: str, tokens: int, kind: str = "text") -> Verdict:
    verdict = make.verdict(path, tokens, "ok", limit=1000)
    return verdict._replace(prompt=verdict.prompt._replace(format=kind))


@given(PROMPTS)
def test_any_names_stay_text_and_every_token_is_drawn(prompts: list[tuple[str, str, int]]) -> None:
    """No name is markup, and the cells of the map have all prompts, and no more room than their tokens ask for."""
    report = make.report(
        *(
            make_verdict(f"{folder}{number}{name}", tokens, "skill" if number % 3 else "text")
            for number, (folder, name, tokens) in enumerate(prompts)
        ),
        problems=(Problem(prompts[0][1], 3, prompts[-1][1], ""),),
    )
    page = render(report)
    boxes = make_boxes(list_prompts(report.verdicts)[0], choose_palette(report))

    assert_is_inert(page)
    assert {tag for tag, _ in read_tags(page)} <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "p", "b", "br", "section",
        "div", "span", "small", "i", "code", "table", "thead", "tbody", "tr", "th", "td", "footer", "ul", "li",
    }  # fmt: skip
    drawn = [listed.prompt for box in boxes for cell in box.cells for listed in cell.prompts]
    assert sorted(prompt.path for prompt in drawn) == sorted(
        verdict.prompt.path
        for verdict in report.verdicts
        if verdict.token_count and verdict.token_count.tokens
    )
    cells = [attributes for _, attributes in read_tags(page) if attributes.get("role") == "img"]
    assert len(cells) == sum(len(box.cells) for box in boxes)
    assert all(cell["title"] for cell in cells)
    for number, box in enumerate(boxes):
        areas = find_areas(page, f"b{number}c")
        assert sum(areas) == pytest.approx(1, abs=0.02)
        for cell, area in zip(box.cells, areas, strict=True):
            assert area == pytest.approx(cell.tokens / box.tokens, abs=0.01)


def find_areas(page: str, start: str) -> list[float]:
    """Return the shares of the rectangles on a screen whose names begin like this; a phone has other ones below."""
    wide = page.partition("@media (max-width: 720px) {\n#b0")[0]
    sizes = re.findall(rf"#{start}\d+{{.*?width:(.*?)%;height:(.*?)%}}", wide)
    return [float(width) * float(height) / 10_000 for width, height in sizes]


def test_large_folders_have_a_box_for_each_kind_and_small_ones_are_joined() -> None:
    """So that each box can be read; a folder with a single file isn't one."""
    verdicts = [
        *(make_verdict(f"prompts/support/{n}.md", 100) for n in range(10)),
        *(make_verdict(f"prompts/support/{n}.json", 50, "request") for n in range(10)),
        *(make_verdict(f".claude/skills/s{n}/SKILL.md", 200, "skill") for n in range(10)),
        make_verdict("CLAUDE.md", 500, "memory"),
        *(make_verdict(f"prompts/tiny/{n}.md", 1) for n in range(20)),
        make_verdict("docs/a.md", 5, "memory"),
        make_verdict("old.prompty", 5, "prompty"),
    ]
    boxes = make_boxes(list_prompts(verdicts)[0], choose_palette(make.report()))

    assert [(box.folder, box.kind, box.tokens) for box in boxes] == [
        (".claude/skills", "skill", 2000), ("prompts/support", "text", 1000), ("", "memory", 505),
        ("prompts/support", "request", 500), ("", "several kinds", 25),
    ]  # fmt: skip
    assert [cell.name for cell in boxes[0].cells[:1]] == ["s0/SKILL.md"]
    assert [(cell.name, cell.shade.meaning) for cell in boxes[-1].cells] == [("21 prompts", "up to 25%")]


def test_thousands_of_prompts_are_a_small_page() -> None:
    """What is too small to see is drawn together, by colour, and the table ends with how many are left out."""
    page = render(make.report(*(make_verdict(f"p{n % 40}/{n}.md", n % 1_700 + 1) for n in range(2_000))))

    assert len(page) < 200_000
    assert "450 more</summary>" in page
    assert "1,500 smaller ones are left out here" in page
    assert sum(attributes.get("role") == "img" for _, attributes in read_tags(page)) < 300


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_the_page_fits_a_phone(tmp_path: Path) -> None:
    """A real browser lays it out without a horizontal scroll bar, and its policy refuses nothing of the page."""
    page = render(make.report(*(make_verdict(f"p{n % 9}/{n * 10**40}.md", 7**n) for n in range(30))))
    (tmp_path / "map.html").write_text(page, encoding="utf-8")
    size, log = lay_out(tmp_path / "map.html", 390)

    assert size == "390 of 390, 0 cut"
    assert "Content Security Policy" not in log


def test_areas_are_of_one_model_and_limits_of_the_nearest() -> None:
    """A box adds no tokens of two models, unless a prompt isn't counted for the one with the most."""

    def count(path: str, model: str, tokens: int, limit: int) -> Verdict:
        status: Status = "ok" if tokens <= limit else "over"
        return make_verdict(path, tokens)._replace(model=model, limit=limit, status=status)

    verdicts = [
        verdict
        for path in ("p/a.md", "p/b.md")
        for verdict in (count(path, "claude-haiku-4-5", 208, 200), count(path, "claude-sonnet-5-5", 307, 900))
    ]
    page = render(make.report(*verdicts))
    mixed = render(make.report(*verdicts, count("p/c.md", "claude-haiku-4-5", 100, 200)))

    assert 'title="p/: 614 tokens, text"' in page
    assert 'class="cell over" id="b0c0"' in page
    assert ", 104% of the limit 200 for claude-haiku-4-5, OVER, text" in page
    assert "number of tokens for claude-sonnet-5-5." in page
    assert 'title="p/: 714 tokens, text"' in mixed
    assert "number of tokens for claude-sonnet-5-5, else for claude-haiku-4-5." in mixed
    headings = re.findall(r"<(?:h1|p)>[\d,]+ .*?tokens in (.*?)</", mixed)
    assert headings == [
        "2 prompts of 2 files, counted for claude-sonnet-5-5",
        "3 prompts of 3 files, counted for claude-haiku-4-5",
    ]


def test_with_a_base_colours_and_labels_are_the_growth() -> None:
    """A prompt is new, has grown by more or less than a tenth, is smaller, the same, or can't be compared."""
    base = Base("8c1f0d6", "main", "main")

    def grow(path: str, before: int | None, growth: int | None) -> Verdict:
        verdict = make_verdict(path, 500)
        counted = None if before is None else Count(before, before, before, "offline")
        return verdict._replace(
            change="changed" if path != "new" else "new", base_count=counted, growth=growth
        )

    grown = (
        ("more", 300, 200),
        ("less", 490, 10),
        ("smaller", 600, -100),
        ("same", 500, 0),
        ("lost", None, None),
        ("new", None, None),
    )
    over = make.verdict("over", 500, "over", limit=400)
    over = over._replace(change="changed", base_count=Count(300, 300, 300, "offline"), growth=200)
    page = render(make.report(*(grow(*row) for row in grown), over, base=base))

    cells = re.findall(r'<div class="cell ([\w ]+)".*?<b>(\w+)</b>.*?</div>', page)
    assert sorted(cells) == [
        ("full", "less"), ("grew", "more"), ("grew exceeded", "over"), ("half", "smaller"),
        ("new", "new"), ("none", "same"), ("unknown", "lost"),
    ]  # fmt: skip
    assert "<span>+200</span>" in page
    assert "</i>grew by more than 10% (1)<" in page
    assert "</i>grew by more than 10%, over the limit (1)<" in page
    assert "growth since main" in page
