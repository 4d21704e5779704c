"""The table of models and the ways in which an id may be written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.counting.tokenizer.engine import FAMILIES
from prompt_lint.model import models


@pytest.mark.parametrize(
    ("model", "family", "window"),
    [
        ("claude-opus-5", "v4.8", 1_000_000),
        ("claude-opus-4-7", "v4.7", 1_000_000),
        ("claude-sonnet-4-6", "v3", 1_000_000),
        ("claude-haiku-4-5", "v3", 200_000),
        ("claude-sonnet-4-5-20250929", "v3", 200_000),
        ("claude-sonnet-4-0", "v3", 200_000),
        ("claude-3-5-haiku-latest", "v3", 200_000),
        ("claude-sonnet-4-5@20250929", "v3", 200_000),
        ("claude-opus-4-8@default", "v4.8", 1_000_000),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "v3", 200_000),
        ("us.anthropic.claude-opus-4-7-v1", "v4.7", 1_000_000),
        ("global.anthropic.claude-opus-5", "v4.8", 1_000_000),
        ("anthropic/claude-sonnet-5", "v4.8", 1_000_000),
        ("publishers/anthropic/models/claude-opus-4-6", "v3", 1_000_000),
        ("claude-opus-5[1m]", "v4.8", 1_000_000),
    ],
)
def test_an_id_is_known_however_a_reseller_writes_it(model: str, family: str, window: int) -> None:
    """Dates, aliases, prefixes and versions around a name don't hide the model."""
    assert models.find_tokenizer_family(model) == (family, True)
    assert models.find_context_window(model) == window


@pytest.mark.parametrize(
    "model", ["claude-opus-6", "claude-sonnet-5-50", "gpt-5", "", "claude-", "x-claude-opus-5x"]
)
def test_an_unknown_model_takes_the_newest_family_unverified(model: str) -> None:
    """A name nobody has measured is counted as the newest, is said to be unverified, and has no window."""
    assert models.find_tokenizer_family(model) == (models.NEWEST_FAMILY, False)
    assert models.find_context_window(model) is None


def test_models_whose_counts_are_documented_to_carry_over_are_known() -> None:
    """The 5.5 generation is documented to count as the one before; Fable 5.2 has no such promise."""
    assert models.find_tokenizer_family("claude-opus-5-5") == ("v4.8", True)
    assert models.find_tokenizer_family("claude-sonnet-5-5") == ("v4.8", True)
    assert models.find_tokenizer_family("claude-haiku-5-5") == ("v4.8", True)
    assert models.find_tokenizer_family("claude-fable-5-2") == ("v4.8", False)


@given(model=st.text())
def test_any_text_is_an_id(model: str) -> None:
    """No id raises, and every answer names a family there is."""
    assert models.find_tokenizer_family(model)[0] in FAMILIES


def test_a_hostile_id_is_answered_at_once() -> None:
    """A megabyte of dots is no model, and finding that out takes no time."""
    assert models.find_model("a." * 500_000) is None
    assert models.find_model("a-" * 500_000 + "claude-opus-5") is None


def test_every_known_id_finds_itself() -> None:
    """The names that are suggested are names that work, each once."""
    assert [found.id for model in models.KNOWN_IDS if (found := models.find_model(model))] == list(
        models.KNOWN_IDS
    )
    assert len(set(models.KNOWN_IDS)) == len(models.KNOWN_IDS)
