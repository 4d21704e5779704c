"""Which files have a rule of their own, because they are much larger than the others."""

from __future__ import annotations

from prompt_lint.cli.init.limits import find_outliers
from prompt_lint.cli.init.sizes import Size
from prompt_lint.model.counts import Count
from prompt_lint.model.values import Prompt


def outliers(*tokens: int) -> list[str]:
    prompts = (Prompt(f"{number}.md", "", 1, None) for number in range(len(tokens)))
    return find_outliers(
        [Size(one, 1.0, Count(n, n, n, "api")) for one, n in zip(prompts, tokens, strict=True)]
    )


def test_outliers() -> None:
    """More than twice the next; of thirty files up to three; never of small ones, and never all."""
    assert outliers(52_805, 11_570, 10_000) == ["0.md"]
    assert outliers(20_000, 11_570) == []
    assert outliers(900, 100) == []
    assert outliers(9_000) == []
    assert outliers(*[500] * 30, 9_000, 8_000) == ["30.md", "31.md"]
    assert outliers(8_000, 3_900, 1_000, 400) == ["0.md"]
