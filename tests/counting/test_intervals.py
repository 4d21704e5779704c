"""The interval of a count: by the kind of the request and the generation of the model."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks import intervals

from prompt_lint.counting import offline
from prompt_lint.counting.intervals import compute_margin, list_kinds
from prompt_lint.counting.margin_table import MARGINS
from prompt_lint.counting.margins import FEW_REQUESTS
from prompt_lint.model.families import GENERATIONS
from prompt_lint.model.models import Model, find_model
from prompt_lint.model.values import Request

GREETING = {"role": "user", "content": "Hello"}
CALL = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "a", "input": {}}]}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://host.test/a.png"}}
TOOL = {"name": "a", "input_schema": {"type": "object"}}


def get_model(model_id: str) -> Model:
    model = find_model(model_id)
    assert model
    return model


def answer(content: object) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": content}]}


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({}, ["text"]),
        ({"system": "Be brief.", "thinking": {"type": "disabled"}}, ["text"]),
        ({"thinking": {"type": "enabled"}}, ["thinking budget"]),
        ({"thinking": {"type": "adaptive"}}, ["adaptive thinking"]),
        ({"tools": [TOOL]}, ["tools, automatic choice"]),
        ({"tools": [TOOL], "tool_choice": {"type": "none"}}, ["tools, automatic choice"]),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "a"}}, ["tools, forced choice"]),
        ({"tool_choice": {"type": "any"}}, ["text"]),
        ({"messages": [GREETING, CALL, answer("x")]}, ["tool history"]),
        ({"messages": [GREETING, CALL, answer([IMAGE])]}, ["image in a result", "tool history"]),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, ["image"]),
        ({"output_config": {"format": {"type": "json_schema"}}}, ["structured output"]),
        ({"messages": [{"role": "assistant", "content": "Hi"}, GREETING]}, ["the assistant first"]),
        ({"messages": [GREETING, {"role": "system", "content": "x"}]}, ["system message in between"]),
    ],
)
def test_a_request_has_the_kinds_of_what_it_holds(fields: dict[str, Any], kinds: list[str]) -> None:
    """The first kind is the one that makes a count the least sure."""
    assert list_kinds(get_model("claude-sonnet-4-6"), {"messages": [GREETING], **fields}) == kinds


@pytest.mark.parametrize(
    ("model", "generation"),
    [
        ("claude-3-haiku", "3 to 3.7"), ("claude-3-7-sonnet", "3 to 3.7"), ("claude-opus-4", "4 to 4.6"),
        ("claude-sonnet-4-6", "4 to 4.6"), ("claude-opus-4-7", "4.7"), ("claude-opus-4-8", "4.8 and newer"),
        ("claude-haiku-5-5", "4.8 and newer"),
    ],
)  # fmt: skip
def test_models_of_a_generation_are_counted_by_the_same_rules(model: str, generation: str) -> None:
    assert get_model(model).generation.name == generation


def test_every_kind_has_a_margin_in_every_generation_that_it_occurs_in() -> None:
    """The table has a row for each, and none that no request leads to."""
    assert list(MARGINS) == list(intervals.list_cells())
    assert len({kind for _, kind in MARGINS}) == 12
    assert [generation for generation, kind in MARGINS if kind == "text"] == [g.name for g in GENERATIONS]
    assert [generation for generation, kind in MARGINS if kind == "structured output"] == ["4 to 4.6"]


def test_a_generation_that_has_no_row_yet_has_the_widest_margin() -> None:
    """So its requests can be counted to derive its row."""
    known = get_model("claude-opus-5")
    new = known._replace(generation=known.generation._replace(name="6"))

    assert compute_margin(new, {"messages": [GREETING]}, 100) == 20
    assert compute_margin(new, {"messages": [GREETING]}, 1000) == 60
    assert max(measured.margin.share for measured in MARGINS.values()) == 0.06


def test_few_requests_make_a_margin_wider() -> None:
    """Where fewer than 30 requests were recorded, no margin is as narrow as where there were enough."""
    few = [row.margin.tokens for row in MARGINS.values() if row.requests < FEW_REQUESTS]
    enough = [row.margin.tokens for row in MARGINS.values() if row.requests >= FEW_REQUESTS]

    assert max(enough) < min(few)
    assert all(row.margin.tokens >= row.largest for row in MARGINS.values() if row.requests < 200)


def test_a_request_of_several_kinds_has_the_widest_interval() -> None:
    """Each kind adds a doubt of its own, so the widest counts; and a long request has a share of its tokens."""
    model = get_model("claude-sonnet-4-6")
    both = {"messages": [{"role": "user", "content": [IMAGE]}], "tools": [TOOL]}

    assert compute_margin(model, both, 100) == MARGINS["4 to 4.6", "image"].margin.tokens
    assert compute_margin(model, {"messages": [GREETING]}, 100) == MARGINS["4 to 4.6", "text"].margin.tokens
    assert compute_margin(model, {"messages": [GREETING]}, 1_000_000) > 500


def test_a_documented_model_has_a_wider_interval_than_a_measured_one() -> None:
    """1 % and at least 3 tokens: nobody has published what the API counts for it."""
    short, long = {"messages": [GREETING]}, {"messages": [{"role": "user", "content": "word " * 2000}]}
    measured, documented = (
        [
            (counted.high - counted.tokens, round(counted.tokens * 0.01))
            for counted in (offline.count_request(model, Request(fields)) for fields in (short, long))
        ]
        for model in ("claude-opus-5", "claude-opus-5-5")
    )

    assert [margin for margin, _ in measured] == [2, 2]
    assert [margin for margin, _ in documented] == [3, documented[1][1]]


@pytest.mark.parametrize("fields", [{}, {"tools": [TOOL]}])
def test_an_assumed_model_has_a_share_of_its_own(fields: dict[str, Any]) -> None:
    """15 % and at least 15 tokens, or what the kind of the request has, if that is more."""
    counted = offline.count_request("claude-quartz-9", Request({"messages": [GREETING], **fields}))
    known = offline.count_request("claude-opus-5", Request({"messages": [GREETING], **fields}))

    assert counted.is_unverified
    assert counted.high - counted.tokens >= max(15, round(counted.tokens * 0.15))
    assert counted.high - counted.low > known.high - known.low


def test_a_hidden_prompt_that_nobody_has_measured_widens_the_interval() -> None:
    """It is between those of the models of its generation, which are 68 tokens apart."""
    fields = {"messages": [GREETING], "tools": [TOOL]}
    known = offline.count_request("claude-opus-4-8", Request(fields))
    unknown = offline.count_request("claude-fable-5-2", Request(fields))
    margin = compute_margin(get_model("claude-fable-5-2"), fields, unknown.tokens)

    assert unknown.tokens == known.tokens
    assert unknown.low == known.tokens - margin - 68
    assert unknown.high > known.tokens + margin + 68


TEXTS = {
    "English": "Answer the customer's question politely, in at most three sentences. " * 40,
    "code": "def count(paths: list[str]) -> int:\n    return sum(map(len, paths))\n" * 40,
    "Japanese": "三文以内で丁寧に答えてください。" * 40,
    "rare words": "antidisestablishmentarianism pneumonoultramicroscopic " * 40,
    "short": "Hi",
}
OF_EACH_FAMILY = (
    "claude-sonnet-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-sonnet-5",
    "claude-opus-5",
)


@pytest.mark.parametrize("choice", [None, {"type": "auto"}, {"type": "any"}])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(
    ("model", "likely"),
    [("claude-quartz-9", OF_EACH_FAMILY), ("claude-fable-5-2", OF_EACH_FAMILY[1:])],
)
def test_the_interval_of_an_assumed_model_reaches_to_each_family_that_it_may_belong_to(
    model: str, likely: tuple[str, ...], text: str, choice: dict[str, Any] | None
) -> None:
    """An unknown model may belong to any; one that came after Opus 4.7 to those from there on."""
    fields: dict[str, Any] = {"messages": [{"role": "user", "content": text}]}
    if choice:
        fields |= {"tools": [TOOL], "tool_choice": choice}

    counted = offline.count_request(model, Request(fields))
    others = [offline.count_request(other, Request(fields)).tokens for other in likely]

    assert counted.low <= min(others) <= max(others) <= counted.high


def test_another_snapshot_of_a_known_model_has_its_family() -> None:
    """Only a share is added: the tokenizer of a model doesn't change with its date."""
    fields = {"messages": [{"role": "user", "content": TEXTS["English"]}]}

    counted = offline.count_request("claude-haiku-4-5-20260101", Request(fields))

    assert counted.is_unverified
    assert counted.high < offline.count_request("claude-opus-5", Request(fields)).tokens


@pytest.mark.parametrize(
    ("model", "fields", "rests_on_few"),
    [
        ("claude-opus-5", {}, False),
        ("claude-sonnet-4-5", {"tools": [TOOL]}, False),
        ("claude-opus-5", {"tools": [TOOL]}, True),
        ("claude-sonnet-4-5", {"messages": [{"role": "user", "content": [IMAGE]}]}, True),
        ("claude-sonnet-4-5", {"messages": [{"role": "user", "content": [IMAGE]}], "tools": [TOOL]}, True),
    ],
)
def test_a_count_knows_whether_its_interval_rests_on_few_requests(
    model: str, fields: dict[str, Any], *, rests_on_few: bool
) -> None:
    """One kind of the request that was seldom recorded is enough."""
    counted = offline.count_request(model, Request({"messages": [GREETING], **fields}))

    assert counted.rests_on_few is rests_on_few
