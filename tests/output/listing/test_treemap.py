"""Squarified treemaps."""

from __future__ import annotations

import math
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.output.listing.treemap import Rectangle, squarify

SIZES = st.lists(st.integers(1, 10**7), min_size=1, max_size=30).map(
    lambda sizes: sorted(sizes, reverse=True)
)
LENGTHS = st.floats(0.5, 2000)


@given(SIZES, LENGTHS, LENGTHS)
def test_areas_are_proportional_and_fill_the_frame(sizes: list[int], width: float, height: float) -> None:
    """Each rectangle has its share of the frame, lies in it, and overlaps no other: so nothing is left between them."""
    rectangles = list(squarify(sizes, Rectangle(3, 5, width, height)))

    assert len(rectangles) == len(sizes)
    for size, (left, top, own_width, own_height) in zip(sizes, rectangles, strict=True):
        assert math.isclose(own_width * own_height, width * height * size / sum(sizes), rel_tol=1e-6)
        assert 3 - 1e-6 <= left <= left + own_width <= 3 + width + 1e-6
        assert 5 - 1e-6 <= top <= top + own_height <= 5 + height + 1e-6
    for one, other in combinations(rectangles, 2):
        common_width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
        common_height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
        assert common_width < 1e-6 * width or common_height < 1e-6 * height


def test_the_example_of_the_paper() -> None:
    """6, 6, 4, 3, 2, 2, 1 in a frame of 6 by 4 (section 3.1, figure 4)."""
    rectangles = list(squarify([6, 6, 4, 3, 2, 2, 1], Rectangle(0, 0, 6, 4)))

    rounded = [tuple(round(length, 2) for length in rectangle) for rectangle in rectangles]
    assert rounded == [
        (0, 0, 3, 2), (0, 2, 3, 2), (3, 0, 1.71, 2.33), (4.71, 0, 1.29, 2.33),
        (3, 2.33, 1.2, 1.67), (4.2, 2.33, 1.2, 1.67), (5.4, 2.33, 0.6, 1.67),
    ]  # fmt: skip
