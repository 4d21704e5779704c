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
    from syrupy.assertion import SnapshotAssertion

    from prompt_lint.model.counts import Count

OLDER, MIDDLE, NEWER = "claude-sonnet-4-5", "claude-opus-4-7", "claude-opus-5"
GREETING = {"role": "user", "content": "Hello"}
WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def count(model: str = OLDER, **fields: Any) -> Count:
    counted = offline.count_request(model, Request({"messages": [GREETING], **fields}))
    assert counted.tokens > 0  # so that tests which compare two counts compare something
    return counted


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


NAMED = {"type": "tool", "name": "get_weather"}


def test_each_model_counts_to_the_token(snapshot: SnapshotAssertion) -> None:
    """Frames, hidden prompts and what calls cost, of every known model: what recorded requests have shown."""
    requests: dict[str, dict[str, Any]] = {
        "text": {},
        "begun": {"messages": [{"role": "assistant", "content": "Hi"}, GREETING]},
        "prefill": {"messages": [GREETING, {"role": "assistant", "content": "Hi"}]},
        "budget": {"thinking": {"type": "enabled", "budget_tokens": 2_000}},
        "tools": {"tools": [WEATHER]},
        "any": {"tools": [WEATHER], "tool_choice": FORCED},
        "named": {"tools": [WEATHER], "tool_choice": NAMED},
        "call": {"messages": make_history(1)},
        "2 calls": {"messages": make_history(2)},
        "image": {"messages": [{"role": "user", "content": [PHOTO]}]},
    }

    def count_or_refuse(model: str, fields: dict[str, Any]) -> str:
        try:
            return str(count(model, **fields).tokens)
        except Unreadable:
            return "refused"

    models = (*KNOWN_IDS, "claude-3-5-sonnet-20240620", "claude-quartz-9")
    rows = [(model, *(count_or_refuse(model, fields) for fields in requests.values())) for model in models]

    assert (
        "".join(
            f"{row[0]:<27}{''.join(f'{cell:>8}' for cell in row[1:])}\n" for row in [("", *requests), *rows]
        )
        == snapshot
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


FORCED = {"type": "any"}


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1"])
def test_a_model_that_refuses_a_forced_choice_has_no_count(model: str) -> None:
    """The error says so, and what to do."""
    with pytest.raises(Unreadable, match=f"^{model} refuses a forced `tool_choice`") as refused:
        count(model, tools=[WEATHER], tool_choice=FORCED)

    assert "auto" in refused.value.hint
    assert count(model, tools=[WEATHER]).tokens in {
        count(measured, tools=[WEATHER]).tokens for measured in ("claude-opus-5", "claude-fable-5")
    }


@pytest.mark.parametrize(
    ("model", "choice", "saving"),
    [
        ("claude-haiku-4-5", {"type": "auto"}, 208),
        ("claude-sonnet-4-5", FORCED, 0),
        ("claude-sonnet-4", FORCED, 43),
        ("claude-sonnet-5", {"type": "auto"}, 0),
    ],
)
def test_one_call_at_a_time_makes_the_hidden_prompt_shorter(
    model: str, choice: dict[str, Any], saving: int
) -> None:
    """`disable_parallel_tool_use` saves what was measured for the model and the choice; false saves nothing."""
    parallel = count(model, tools=[WEATHER], tool_choice=choice)
    single = count(model, tools=[WEATHER], tool_choice={**choice, "disable_parallel_tool_use": True})

    assert parallel.tokens - single.tokens == saving
    assert (
        count(model, tools=[WEATHER], tool_choice={**choice, "disable_parallel_tool_use": False}) == parallel
    )


def test_where_no_saving_is_measured_the_interval_reaches_down() -> None:
    """The largest saving that is known is inside the interval of a model that nobody has measured."""
    parallel = count("claude-opus-5", tools=[WEATHER])
    single = count(
        "claude-opus-5", tools=[WEATHER], tool_choice={"type": "auto", "disable_parallel_tool_use": True}
    )

    assert single.tokens == parallel.tokens
    assert single.low == parallel.low - 209
    assert single.high == parallel.high


@pytest.mark.parametrize(("model", "escapes"), [(OLDER, True), ("claude-sonnet-4-6", False), (NEWER, False)])
def test_before_4_6_tools_in_other_scripts_are_escaped(model: str, *, escapes: bool) -> None:
    r"""A character beyond ASCII is read as `\uXXXX` by older models, and as it is by newer ones."""
    family = "v3" if model != NEWER else "v4.8"

    def render(description: str) -> int:
        return count(model, tools=[{**WEATHER, "description": description}]).tokens

    spelled = json.dumps("天気", ensure_ascii=escapes).strip('"')
    difference = count_tokens(f'"{spelled}"', family) - count_tokens('"x"', family)
    assert render("天気") - render("x") == difference


def test_where_no_script_was_seen_the_interval_has_both_spellings() -> None:
    """For Opus 4.5, whose recordings are all in English, a count with either spelling is inside."""
    tools = [{**WEATHER, "description": "天気" * 50}]
    seen, unseen = count("claude-sonnet-4-5", tools=tools), count("claude-opus-4-5", tools=tools)

    assert seen.tokens == unseen.tokens
    assert unseen.low < seen.low - 100
    assert unseen.high == seen.high


def test_an_empty_description_costs_nothing() -> None:
    """It is left out of what the model reads."""
    without = {key: value for key, value in WEATHER.items() if key != "description"}

    assert count(tools=[{**WEATHER, "description": ""}]) == count(tools=[without])


def test_structured_output_costs_a_prompt_and_the_schema() -> None:
    """The schema is read as JSON with an indent of two, by Claude 4.5 and 4.6; nobody has measured others."""
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    config = {"format": {"type": "json_schema", "schema": schema}}

    added = count("claude-sonnet-4-6", output_config=config).tokens - count("claude-sonnet-4-6").tokens
    assert added == 81 + count_tokens(json.dumps(schema, indent=2), "v3")
    for model in (MIDDLE, NEWER, "claude-sonnet-4"):
        with pytest.raises(
            Unreadable, match=r"^needs the API: .* counted offline for Claude 4\.5 and 4\.6 only$"
        ):
            count(model, output_config=config)


def test_the_billing_header_of_claude_code_is_free() -> None:
    """The block isn't charged as far as three requests show, so the interval reaches up to its tokens."""
    header = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.198; cc_entrypoint=sdk-ts;"}
    system = [{"type": "text", "text": "Be brief."}]
    without, with_header = count(system=system), count(system=[header, *system])

    assert (with_header.tokens, with_header.low) == (without.tokens, without.low)
    assert with_header.high == without.high + count_tokens(header["text"], "v3")
    assert count(system=header["text"]).tokens > count().tokens


def test_a_conversation_that_the_assistant_begins_costs_twelve_more() -> None:
    """The API puts something before it."""
    answer = {"role": "assistant", "content": "Hello"}

    assert (
        count(messages=[answer, GREETING]).tokens
        == count(messages=[GREETING, answer, GREETING]).tokens - 4 + 12
    )


def test_a_system_message_in_between_is_a_turn_for_newer_models() -> None:
    """For older ones it is part of the system prompt, since they refuse it."""
    rule = {"role": "system", "content": "Be brief."}

    native = count(NEWER, messages=[GREETING, rule]).tokens - count(NEWER).tokens
    assert native == 2 + count_tokens("Be brief.", "v4.8")
    assert count(messages=[GREETING, rule]) == count(system="Be brief.")
    assert count(system="Sing.", messages=[GREETING, rule]) == count(system="Sing.\n\nBe brief.")


def make_history(calls: int) -> list[dict[str, Any]]:
    uses = [
        {"type": "tool_use", "id": f"t{n}", "name": "get_weather", "input": {"city": "Rome"}}
        for n in range(calls)
    ]
    results = [{"type": "tool_result", "tool_use_id": f"t{n}", "content": "Sunny"} for n in range(calls)]
    return [GREETING, {"role": "assistant", "content": uses}, {"role": "user", "content": results}]


@pytest.mark.parametrize(("model", "gap"), [("claude-3-5-haiku", 0), (OLDER, 1), (MIDDLE, 1)])
def test_calls_and_results_are_counted_as_text(model: str, gap: int) -> None:
    """A call with its result is an answer that isn't finished; from Claude 4 on a blank line is behind the result."""
    family = "v4.7" if model == MIDDLE else "v3"
    prefix = "antml:"
    text = (
        f'\n\n<{prefix}function_calls>\n<{prefix}invoke name="get_weather">\n'
        f'<{prefix}parameter name="city">Rome</{prefix}parameter>\n</{prefix}invoke>\n</{prefix}function_calls>'
        "\n\n<function_results>Sunny</function_results>"
    )

    added = count(model, messages=make_history(1)).tokens - count(model).tokens
    assert added == count_tokens(text, family, after_space=False) + gap


def test_calls_of_newer_models_are_priced_roughly() -> None:
    """From Opus 4.8 on a call, its arguments and its result count, within a wide interval; more calls cost more."""
    one, two = (count(NEWER, tools=[WEATHER], messages=make_history(calls)) for calls in (1, 2))

    assert one.tokens > count(NEWER, tools=[WEATHER]).tokens + 40
    assert two.tokens > one.tokens + 40
    assert one.high - one.low == 2 * max(20, round(one.tokens * 0.06))


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.mark.parametrize("model", [OLDER, MIDDLE, NEWER])
def test_an_image_costs_its_patches_and_three(model: str) -> None:
    """One patch of 28 by 28 pixels, and three tokens around it."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    message = {"role": "user", "content": [{"type": "text", "text": "Hello"}, image]}

    with_image = count(model, messages=[message])

    assert with_image.tokens - count(model).tokens == 1 + 3
    beside_text = count(model, system="Be brief. " * 20, messages=[message])
    assert beside_text.low + beside_text.high == 2 * beside_text.tokens


PHOTO = {"type": "image", "source": {"type": "url", "url": "https://host.example/a.png"}}


@pytest.mark.parametrize(("model", "most"), [(OLDER, 1_568), (MIDDLE, 4_784), (NEWER, 4_784)])
def test_an_image_of_unknown_size_costs_what_the_largest_would(model: str, most: int) -> None:
    """Wherever it is; the interval reaches down to nothing."""
    result = {"type": "tool_result", "tool_use_id": "t0", "content": [PHOTO]}
    messages = [*make_history(1)[:2], {"role": "user", "content": [result]}]
    without = count(model, messages=[*messages[:2], {"role": "user", "content": [{**result, "content": ""}]}])

    with_image = count(model, messages=messages)

    assert with_image.tokens == without.tokens + most + 3
    assert with_image.low <= without.low


@pytest.mark.parametrize("choice", [FORCED, NAMED, {"type": "auto", "disable_parallel_tool_use": True}])
def test_a_choice_costs_nothing_without_tools(choice: dict[str, Any]) -> None:
    """There is no hidden prompt then, and no name to call."""
    assert count(tool_choice=choice) == count()


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
        ({"messages": [GREETING, {"role": "tool", "content": "a"}]}, "tool"),
        ({"messages": [GREETING, {"role": "system", "content": [PICTURE]}]}, "image"),
        ({"system": [PICTURE]}, "image"),
        ({"system": [{"type": "text", "text": 5}]}, "text"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "text"),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search"}]}, "web_search_20260209"),
        ({"tools": [{**WEATHER, "defer_loading": True}]}, "server"),
        ({"tools": ["x"]}, "object"),
        ({"thinking": "yes"}, "thinking"),
        ({"tools": [{**WEATHER, "input_examples": [{"city": "Rome"}]}]}, "input_examples"),
        ({"output_config": {"task_budget": {"type": "tokens", "total": 20_000}}}, "task_budget"),
        ({"output_config": {"format": {"type": "grammar"}}}, "output_config.format"),
        ({"output_config": {"effort": "high", "style": "terse"}}, "output_config.style"),
        ({"tools": [WEATHER], "tool_choice": {"type": "auto", "style": "terse"}}, "tool_choice.style"),
        ({"thinking": {"type": ["deep"]}}, "thinking of the type"),
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
    assert {text for text, *_ in offline._last_request[1]} == {"one"}


def test_a_text_is_counted_without_a_frame() -> None:
    """Sections of a prompt are counted without the frame, which the whole prompt has once."""
    assert offline.count_text(OLDER, "Hello").tokens == count_tokens("Hello", "v3")
    assert offline.count_text("claude-quartz-9", "Hello").tokens == count_tokens("Hello", "v4.8")
    assert offline.count_text(OLDER, "").is_exact
    long = offline.count_text(OLDER, "Hello " * 1_000)
    assert long.tokens - long.low == long.high - long.tokens > 0
    assert offline.count_text("claude-quartz-9", "Hello").low == 0


def test_a_model_that_nobody_has_measured_may_count_as_any_that_it_may_be() -> None:
    """Also as an older one, where not even its name is known; a snapshot counts as its model, give or take 15 %."""
    message = {"role": "user", "content": "NEVER GUESS " * 40}
    older, middle, newer, assumed, unknown, snapshot = (
        count(model, messages=[message])
        for model in (
            "claude-sonnet-4-6", MIDDLE, NEWER, "claude-fable-5-2", "claude-quartz-9", "claude-sonnet-4-5-20260101",
        )
    )  # fmt: skip

    assert (assumed.low, assumed.high) == (newer.tokens - 49, newer.tokens + 49)
    assert assumed.contains(middle.tokens)
    assert (unknown.low, unknown.high) == (older.tokens, assumed.high)
    assert (snapshot.low, snapshot.tokens, snapshot.high) == (
        older.tokens - 25,
        older.tokens,
        older.tokens + 25,
    )


def test_the_hidden_prompt_of_an_assumed_model_may_be_that_of_another() -> None:
    """Its family's prompts are 68 tokens apart; that of the family before is the longest."""
    assumed = count("claude-fable-5-2", tools=[WEATHER])

    assert assumed.low == assumed.tokens - 55 - 68
    assert assumed.high == count(MIDDLE, tools=[WEATHER]).tokens


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
        assert refused.message.startswith("needs the API: ")  # noqa: PT017  # either outcome is right
    else:
        assert 0 <= counted.low <= counted.tokens <= counted.high
