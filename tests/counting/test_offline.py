"""Counting a request without the API: frames, the interval, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_lint.counting import offline
from prompt_lint.counting.tokenizer.engine import count_tokens
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import KNOWN_IDS
from prompt_lint.model.values import Request

if TYPE_CHECKING:
    from prompt_lint.model.counts import Count

OLDER, MIDDLE, NEWER = "claude-sonnet-4-5", "claude-opus-4-7", "claude-opus-5"
GREETING = {"role": "user", "content": "Hello"}
WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def count(model: str = OLDER, **fields: Any) -> Count:
    return offline.count_request(model, Request({"messages": [GREETING], **fields}))


@pytest.mark.parametrize(
    ("text", "tokens"), [("What is 2 + 2?", 16), ("The quick brown fox jumps over the lazydog.", 19)]
)
def test_counts_are_those_of_the_api(text: str, tokens: int) -> None:
    """Two counts that the real API returned for Sonnet 4.5."""
    assert count("claude-sonnet-4-5", messages=[{"role": "user", "content": text}]).tokens == tokens


@pytest.mark.parametrize(("model", "frame"), [(OLDER, 7), (MIDDLE, 11), (NEWER, 6)])
def test_a_single_message_costs_its_text_and_the_frame(model: str, frame: int) -> None:
    """One user message costs the tokens of its text and the frame of its family."""
    family = {OLDER: "v3", MIDDLE: "v4.7", NEWER: "v4.8"}[model]

    assert count(model).tokens == count_tokens("Hello", family) + frame


@pytest.mark.parametrize(("model", "extra"), [(OLDER, 0), ("claude-sonnet-4-6", 1), (MIDDLE, 1), (NEWER, 1)])
def test_a_system_prompt_costs_its_text_and_from_4_6_on_a_line(model: str, extra: int) -> None:
    """From 4.6 on a newline precedes the system prompt, which is one piece with a newline of the text."""
    bare, with_system = count(model).tokens, count(model, system="Be brief.").tokens
    with_newline = count(model, system="\nBe brief.").tokens

    assert (
        with_system - bare
        == count_tokens("Be brief.", "v3" if "4-6" in model or model == OLDER else "v4.8") + extra
    )
    assert with_newline - with_system == 1 - extra


def test_messages_of_one_role_are_one_turn() -> None:
    """Consecutive messages of a role cost one frame, and a new line between their texts."""
    apart = count(messages=[GREETING, {"role": "user", "content": "there"}])

    assert apart == count(messages=[{"role": "user", "content": "Hello\nthere"}])


def test_blocks_of_a_message_are_one_text() -> None:
    """Text blocks are read as if written without a break, whatever other keys they have."""
    blocks = [
        {"type": "text", "text": "Hel"},
        {"type": "text", "text": "lo", "cache_control": {"type": "ephemeral"}},
    ]

    assert count(messages=[{"role": "user", "content": blocks}]) == count()


def test_a_turn_costs_a_frame_and_a_prefilled_answer_none() -> None:
    """Every turn adds the frame of a message; an answer that was begun takes the cue for one away."""
    answer = {"role": "assistant", "content": "Hi"}
    hi = count_tokens("Hi", "v3")

    assert count(messages=[GREETING, answer, GREETING]).tokens == count().tokens * 2 - 4 + hi + 3
    assert count(messages=[GREETING, answer]).tokens == count().tokens + hi


@pytest.mark.parametrize(("model", "prompt"), [(OLDER, 496), (MIDDLE, 675), (NEWER, 286)])
def test_tools_cost_the_hidden_prompt_and_their_text(model: str, prompt: int) -> None:
    """A tool is read as JSON in a tag, after a prompt that differs by model."""
    text = "<function>" + json.dumps(
        {"description": WEATHER["description"], "name": "get_weather", "parameters": WEATHER["input_schema"]}
    ) + "</function>\n"  # fmt: skip
    family = {OLDER: "v3", MIDDLE: "v4.7", NEWER: "v4.8"}[model]

    assert (
        count(model, tools=[WEATHER]).tokens - count(model).tokens == prompt + count_tokens(text, family) + 1
    )


def test_with_tools_a_system_prompt_has_its_line_in_every_generation() -> None:
    """After the hidden prompt of the tools a newline precedes the system prompt, in older models too."""
    grown = count(tools=[WEATHER], system="Be brief.").tokens - count(tools=[WEATHER]).tokens

    assert grown == count_tokens("Be brief.", "v3") + 1


def test_a_forced_choice_costs_the_longer_hidden_prompt() -> None:
    """`any` and `tool` cost the longer prompt, and a tool its name; `none` costs as much as `auto`."""
    auto, none, some, named = (
        count(tools=[WEATHER], tool_choice=choice).tokens
        for choice in (
            {"type": "auto"},
            {"type": "none"},
            {"type": "any"},
            {"type": "tool", "name": "get_weather"},
        )
    )

    assert auto == none
    assert some - auto == 588 - 496
    assert named - some == 2 + count_tokens("get_weather", "v3")


def history(calls: int) -> list[dict[str, Any]]:
    uses = [
        {"type": "tool_use", "id": f"t{n}", "name": "get_weather", "input": {"city": "Rome"}}
        for n in range(calls)
    ]
    results = [{"type": "tool_result", "tool_use_id": f"t{n}", "content": "Sunny"} for n in range(calls)]
    return [GREETING, {"role": "assistant", "content": uses}, {"role": "user", "content": results}]


def test_calls_in_the_history_are_priced_roughly() -> None:
    """A call, its arguments and its result count, within a wide interval; calls side by side cost more."""
    one, two = (count(tools=[WEATHER], messages=history(calls)) for calls in (1, 2))

    assert one.tokens > count(tools=[WEATHER]).tokens + 50
    assert two.tokens > one.tokens + 50
    assert one.high - one.low == 2 * max(30, round(one.tokens * 0.10))


LONG = "word " * 2000


@pytest.mark.parametrize(
    ("model", "fields", "share", "tokens"),
    [
        (OLDER, {}, 0.0, 2),
        (OLDER, {"system": LONG}, 0.0, 2),
        (NEWER, {}, 0.01, 3),
        (NEWER, {"system": LONG}, 0.01, 3),
        ("claude-sonnet-5-5", {"system": LONG}, 0.01, 3),
        (OLDER, {"tools": [WEATHER]}, 0.03, 3),
        (OLDER, {"tools": [WEATHER], "tool_choice": {"type": "any"}}, 0.10, 30),
        (OLDER, {"thinking": {"type": "enabled", "budget_tokens": 1024}}, 0.10, 30),
        (OLDER, {"thinking": {"type": "disabled"}}, 0.0, 2),
        ("claude-sonnet-5-5", {"tools": [WEATHER]}, 0.10, 100),
        ("claude-quartz-9", {}, 0.15, 15),
        ("claude-quartz-9", {"system": LONG}, 0.15, 15),
    ],
)
def test_the_interval_is_the_measured_one(
    model: str, fields: dict[str, Any], share: float, tokens: int
) -> None:
    """Each kind of request has the interval of docs/counting.md around its count."""
    counted = count(model, **fields)
    margin = max(tokens, round(counted.tokens * share))

    assert (counted.low, counted.high) == (max(0, counted.tokens - margin), counted.tokens + margin)
    assert counted.origin == "offline"


@pytest.mark.parametrize(
    ("model", "is_unverified"),
    [("claude-quartz-9", True), ("claude-opus-5", False), ("claude-opus-5-5", False)],
)
def test_only_an_unknown_model_is_unverified(model: str, *, is_unverified: bool) -> None:
    """Models that were measured or documented are verified."""
    assert count(model).is_unverified is is_unverified


PAPER = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"messages": [{"role": "user", "content": [PAPER]}]}, "document"),
        (
            {
                "messages": [
                    GREETING,
                    {"role": "assistant", "content": [{"type": "thinking", "thinking": "…"}]},
                    GREETING,
                ]
            },
            "thinking",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [PAPER]}]}]},
            "document",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "citations": [{}]}]}]},
            "citations",
        ),
        ({"messages": [{"role": "user", "content": ["a"]}]}, "None"),
        ({"messages": [{"role": "system", "content": "a"}, GREETING]}, "system"),
        ({"system": [PICTURE]}, "image"),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search"}]}, "web_search_20260209"),
        ({"tools": [{**WEATHER, "defer_loading": True}]}, "server"),
        ({"tools": ["x"]}, "object"),
        ({"thinking": "yes"}, "thinking"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, "output_config.format"),
    ],
)
def test_what_the_rules_do_not_cover_needs_the_api(fields: dict[str, Any], word: str) -> None:
    """The request is refused with the reason and a hint."""
    with pytest.raises(Unreadable, match=r"^needs the API: ") as refused:
        count(**fields)

    assert word in refused.value.message
    assert refused.value.hint


def test_a_schema_nested_too_deeply_needs_the_api() -> None:
    """A tool whose schema is a hundred thousand levels deep is refused and crashes nothing."""
    schema: dict[str, Any] = {}
    for _ in range(100_000):
        schema = {"items": schema}

    with pytest.raises(Unreadable, match="nested"):
        count(tools=[{"name": "a", "input_schema": schema}])


def test_models_of_one_family_tokenize_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tokenizer of a family runs once for a request, however many models use it."""
    families: list[str] = []

    def record_family(text: str, family: str, *, after_space: bool = True) -> int:
        families.append(family)
        return count_tokens(text, family, after_space=after_space)

    monkeypatch.setattr(offline, "count_tokens", record_family)
    request = Request({"messages": [{"role": "user", "content": "Once only"}]})

    for model in KNOWN_IDS:
        offline.count_request(model, request)

    assert sorted(families) == ["v3", "v4.7", "v4.8"]


def test_another_request_is_not_mistaken_for_the_last() -> None:
    """The memo belongs to one request: equal or reused ones never see a foreign count."""
    first = count(messages=[{"role": "user", "content": "one"}])
    second = count(messages=[{"role": "user", "content": "one two three four"}])

    assert second.tokens > first.tokens
    assert count(messages=[{"role": "user", "content": "one"}]) == first


def test_a_text_is_counted_without_a_frame() -> None:
    """Sections of a prompt are counted without the frame, which the whole prompt has once."""
    assert offline.count_text(OLDER, "Hello").tokens == count_tokens("Hello", "v3")
    assert offline.count_text("claude-quartz-9", "Hello").tokens == count_tokens("Hello", "v4.8")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BLOCK = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["text", "tool_use", "tool_result", "image", "thinking"]),
        "text": st.text(max_size=9),
    },
    optional={"content": st.text(max_size=9), "input": JSON, "name": JSON, "citations": JSON},
)
MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant"]),
        "content": st.text(max_size=20) | st.lists(BLOCK, max_size=3),
    }
)


@given(
    messages=st.lists(MESSAGE, max_size=4),
    choice=JSON,
    tools=st.lists(st.dictionaries(st.text(max_size=5), JSON)),
)
def test_a_request_is_counted_or_refused(messages: list[Any], choice: object, tools: list[Any]) -> None:
    """Any request gives a count inside its interval, or a reason."""
    request = Request({"messages": messages, "tools": tools, "tool_choice": choice})

    try:
        counted = offline.count_request(OLDER, request)
    except Unreadable as refused:
        assert refused.message.startswith("needs the API: ")  # noqa: PT017 - either outcome is right
    else:
        assert 0 <= counted.low <= counted.tokens <= counted.high
