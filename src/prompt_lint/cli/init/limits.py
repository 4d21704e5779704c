"""Limits that today's prompts are within, with room to grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.cli.headroom import choose_limit, find_smallest_limit
from prompt_lint.cli.init.config_text import KindLimits, OwnRule
from prompt_lint.cli.init.file_patterns import write_path_pattern
from prompt_lint.cli.init.kinds import SKILLS
from prompt_lint.cli.init.sizes import RANKS
from prompt_lint.config.schema import WARN_AT
from prompt_lint.config.values import PARTS
from prompt_lint.model.counts import EMPTY_COUNT
from prompt_lint.model.rules import BODY, METADATA
from prompt_lint.output.phrases import format_count
from prompt_lint.text.cutting import cut_path
from prompt_lint.text.escape import escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.cli.init.kinds import Kind
    from prompt_lint.cli.init.sizes import Size

# Documentation of Claude Code and the specification of skills, 2026: about 100 tokens of metadata, and less than 5,000 of body.
_SKILL_LIMITS = {METADATA: 150, BODY: 5000}
# A prompt has a rule of its own if it is as many times the next, and not small.
_OUTLIER_FACTOR = 2
_OUTLIER_TOKENS = 1000
_PATH_WIDTH = 60


def choose_limits(kind: Kind, sizes: Sequence[Size]) -> KindLimits:
    """Return limits for the prompts of a kind: of skills the documented ones, unless today's prompts are too large for them."""
    outliers = [path for path in find_outliers(sizes) if write_path_pattern(path)]
    if _find_limits(kind, sizes) == _find_limits(
        kind, [size for size in sizes if size.prompt.path not in outliers]
    ):
        outliers = []
    usual = [size for size in sizes if size.prompt.path not in outliers]
    own_rules = []
    for path in outliers:
        own = [size for size in sizes if size.prompt.path == path]
        today = f"Much larger than the others: {_describe_size(find_largest(own))}."
        own_rules.append(OwnRule(write_path_pattern(path), _find_limits(kind, own), today))
    return KindLimits(_find_limits(kind, usual), own_rules, _describe_today(usual))


def find_outliers(sizes: Sequence[Size]) -> list[str]:
    """Return the paths of the files that are beyond twice the size of the next: of ten files one, at most three."""
    highest: dict[str, int] = {}
    for size in sizes:
        highest[size.prompt.path] = max(highest.get(size.prompt.path, 0), size.high)
    ranked = sorted(highest, key=lambda path: -highest[path])
    most = min(RANKS - 1, max(1, len(ranked) // 10), len(ranked) - 1)
    for number in range(most, 0, -1):
        last, following = highest[ranked[number - 1]], highest[ranked[number]]
        if last > max(_OUTLIER_TOKENS, _OUTLIER_FACTOR * following):
            return ranked[:number]
    return []


def _find_limits(kind: Kind, sizes: Iterable[Size]) -> dict[str, int]:
    documented = _SKILL_LIMITS if kind is SKILLS else {}
    highest = dict.fromkeys(documented, 0)
    for size in sizes:
        name = size.prompt.name if size.prompt.name in PARTS else ""
        highest[name] = max(highest.get(name, 0), size.high)
    if METADATA not in highest and BODY in highest:  # nothing is listed of these, so they are single prompts
        highest = {"": max(highest.values())}
    return {
        name: limit
        if (limit := documented.get(name, 0)) * WARN_AT > high
        else choose_limit(high, find_smallest_limit(name))
        for name, high in highest.items()
    }


def find_largest(sizes: Iterable[Size]) -> Size:
    return max(sizes, key=lambda size: size.high)


def _describe_today(sizes: Sequence[Size]) -> str:
    largest = find_largest(sizes)
    files = len({size.prompt.path for size in sizes})
    name = f" ({largest.prompt.name})" if largest.prompt.name else ""
    if files == 1:
        return f"Today 1 file, of {_describe_size(largest)}{escape_line(name)}."
    path = cut_path(escape_line(largest.prompt.path), _PATH_WIDTH)
    return f"Today {pluralize(files, 'file')}, the largest prompt of {_describe_size(largest)}: {path}{escape_line(name)}"


def _describe_size(size: Size) -> str:
    return f"{format_count(size.token_count or EMPTY_COUNT)} tokens"
