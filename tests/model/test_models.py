"""The table of models and the ways in which an id may be written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.model import models
from prompt_lint.model.families import FAMILIES, NEWEST


def find_family(model_id: str) -> tuple[str, bool]:
    """Return the tokenizer family of a model, and whether that was measured or is documented."""
    model = models.assume_model(model_id)
    return model.tokenizer_family, model.basis != "assumed"


@pytest.mark.parametrize(
    ("model", "family", "window"),
    [
        ("claude-opus-5", "v4.8", 1_000_000),
        ("claude-opus-4-7", "v4.7", 1_000_000),
        ("claude-sonnet-4-6", "v3", 1_000_000),
        ("claude-haiku-4-5", "v3", 200_000),
        ("claude-sonnet-4-5-20250929", "v3", 200_000),
        ("claude-sonnet-4-0", "v3", 200_000),
        ("claude-4-sonnet-20250514", "v3", 200_000),
        ("claude-3-5-haiku-latest", "v3", 200_000),
        ("claude-sonnet-4-5@20250929", "v3", 200_000),
        ("claude-opus-4-8@default", "v4.8", 1_000_000),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "v3", 200_000),
        ("us.anthropic.claude-opus-4-7-v1", "v4.7", 1_000_000),
        ("global.anthropic.claude-opus-5", "v4.8", 1_000_000),
        ("anthropic/claude-sonnet-5", "v4.8", 1_000_000),
        ("anthropic/claude-sonnet-4.5", "v3", 200_000),
        ("publishers/anthropic/models/claude-opus-4-6", "v3", 1_000_000),
        ("claude-opus-5[1m]", "v4.8", 1_000_000),
    ],
)
def test_an_id_is_known_however_a_reseller_writes_it(model: str, family: str, window: int) -> None:
    """Dates, aliases, prefixes and versions around a name don't hide the model."""
    assert find_family(model) == (family, True)
    assert models.assume_model(model).context_window == window


@pytest.mark.parametrize(
    "model", ["claude-opus-6", "claude-sonnet-5-50", "gpt-5", "", "claude-", "x-claude-opus-5x"]
)
def test_an_unknown_model_takes_the_newest_family_unverified(model: str) -> None:
    """A name nobody has measured is counted as the newest, is said to be unverified, and has no window."""
    assert find_family(model) == (NEWEST.family.name, False)
    assert models.find_model(model) is None


def test_models_whose_counts_are_documented_to_carry_over_are_known() -> None:
    """The 5.5 generation is documented to count as the one before; Fable 5.2 has no such promise."""
    assert find_family("claude-opus-5-5") == ("v4.8", True)
    assert find_family("claude-sonnet-5-5") == ("v4.8", True)
    assert find_family("claude-haiku-5-5") == ("v4.8", True)
    assert find_family("claude-fable-5-2") == ("v4.8", False)


@given(model=st.text())
def test_any_text_is_an_id(model: str) -> None:
    """No id raises, and every answer names a family there is."""
    assert find_family(model)[0] in FAMILIES


def test_a_hostile_id_is_answered_at_once() -> None:
    """A megabyte of dots is no model, and finding that out takes no time."""
    assert models.find_model("a." * 500_000) is None
    assert models.find_model("a-" * 500_000 + "claude-opus-5") is None


def test_another_date_of_a_known_model_is_unverified() -> None:
    """A snapshot that isn't known counts as its model does, and nobody has measured that it does."""
    assert find_family("claude-opus-5-5-20261101") == ("v4.8", False)
    assert find_family("claude-sonnet-4-5-20260101") == ("v3", False)
    assert models.assume_model("claude-sonnet-4-5-20260101").context_window == 200_000


@pytest.mark.parametrize(
    "model",
    [
        *models.KNOWN_IDS, "claude-sonnet-5-6", "claude-opus-6", "claude-opus-8-4", "claude-fable-5-2-20270101",
        "claude-opus-6@20270101", "us.anthropic.claude-opus-6-v1:0", "anthropic/claude-haiku-6.5", "claude-quartz-9",
        "claude-mythos-5-1", "claude-opus-6-preview", "claude-3-8-sonnet", "claude-4-sonnet-20250514",
    ],
)  # fmt: skip
def test_an_id_that_a_newer_model_may_have_is_one(model: str) -> None:
    """Another version, another date or a name that nobody knows yet: a new model turns no run red."""
    assert models.explain_id(model) == ""


@pytest.mark.parametrize(
    ("model", "nearest"),
    [
        ("claude-sonet-5-5", "claude-sonnet-5-5"), ("claude-opis-5", "claude-opus-5"), ("claude-fabel-6", "claude-fable-5-2"),
        ("cluade-sonnet-5-5", "claude-sonnet-5-5"), ("claude-haikku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic/claude-sonet-5-5", "claude-sonnet-5-5"),
        ("sonnet", "claude-sonnet-5-5"), ("opus-55", "claude-opus-5-5"), ("5.5", "claude-opus-5-5"),
        ("claude-sonnet", "claude-sonnet-5-5"), ("claude-sonnet-latest", "claude-sonnet-5-5"),
        ("claude-sonnet-5.5", "claude-sonnet-5-5"), ("claude-opus-48", "claude-opus-4-8"),
        ("Claude-Opus-5", "claude-opus-5"), ("claude_opus_5", "claude-opus-5"), ("claude-5-5-sonnet", "claude-sonnet-5-5"),
        ("claude-opus-5x", "claude-opus-5"), ("claude-opus-5-5-5", "claude-opus-5-5"),
        ("claude-sonnet-4-5-2025092", "claude-sonnet-4-5"), ("claude-opus-5\n", "claude-opus-5"),
    ],
)  # fmt: skip
def test_a_slip_is_no_id_and_the_nearest_one_is_named(model: str, nearest: str) -> None:
    """A line that is misspelt, a missing version, a dot or an underscore: the API would know none of them."""
    assert models.explain_id(model) == f"isn't the id of a Claude model; did you mean `{nearest}`?"


@pytest.mark.parametrize(
    "model",
    ["gpt-4o", "gemini-2.5-pro", "o3", "grok-4", "deepseek-v3", "anthropic/gpt-4o", "claude", "claude-", "claude-2.1",
     "claude-nonsense", "", "m", "a b", "x" * 500, "opusplan"],
)  # fmt: skip
def test_another_vendors_model_is_no_id(model: str) -> None:
    """Nor is a text that resembles none: no other name is offered."""
    assert models.explain_id(model) == "isn't the id of a Claude model"


@given(model=st.text() | st.from_regex(models.ID))
def test_any_text_is_an_id_or_none(model: str) -> None:
    """No text raises, and a name that is offered is an id."""
    _, _, nearest = models.explain_id(model).partition("did you mean `")

    assert not nearest or models.explain_id(nearest.removesuffix("`?")) == ""


def test_every_known_id_finds_itself() -> None:
    """The names that are suggested are names that work, each once."""
    assert [found.id for model in models.KNOWN_IDS if (found := models.find_model(model))] == list(
        models.KNOWN_IDS
    )
    assert len(set(models.KNOWN_IDS)) == len(models.KNOWN_IDS)
