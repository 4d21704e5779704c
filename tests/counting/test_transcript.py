"""What models up to Opus 4.7 read of a conversation with tool calls."""

from __future__ import annotations

from typing import Any

from prompt_lint.counting.transcript import render_messages

QUESTION = {"role": "user", "content": "Which is warmer?"}


def tag(text: str) -> str:
    """Put the prefix of the tags around a call where `@` stands."""
    return text.replace("@", "antml:")


def call(number: int, name: str = "measure", **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"t{number}", "name": name, "input": arguments}


def result(number: int, content: object = "21") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": f"t{number}", "content": content}


def said(role: str, *blocks: object) -> dict[str, Any]:
    return {"role": role, "content": [*blocks]}


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def render(*messages: dict[str, Any]) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in render_messages(messages).turns]


def test_messages_of_one_role_are_one_turn_with_a_line_between_their_texts() -> None:
    """Texts of one message have none, and nor have a call or an image beside a text."""
    image = {"type": "image"}

    assert render(QUESTION, said("user", text("In"), text(" Rome?"))) == [
        ("user", "Which is warmer?\nIn Rome?")
    ]
    assert render(said("user", text("In"), text(" Rome")), QUESTION) == [
        ("user", "In Rome\nWhich is warmer?")
    ]
    assert render(QUESTION, said("user", image), QUESTION) == [("user", QUESTION["content"] * 2)]
    assert render(said("user", image), said("assistant", text("a")), said("assistant", text("b"))) == [
        ("user", ""),
        ("assistant", "a\nb"),
    ]
    [(_, called)] = render(said("assistant", text("a"), call(1)), said("assistant", text("b")))
    assert called.endswith("</" + tag("@function_calls>b"))


def test_a_call_and_its_result_are_text_of_the_assistant() -> None:
    """Text comes first, then the call between its tags with an argument on each line, then the bare result."""
    turns = render(
        QUESTION,
        said("assistant", text("Let me see."), call(1, city="Rome", days=3)),
        said("user", result(1)),
    )

    assert turns == [
        ("user", "Which is warmer?"),
        (
            "assistant",
            tag(
                'Let me see.\n\n<@function_calls>\n<@invoke name="measure">\n'
                '<@parameter name="city">Rome</@parameter>\n<@parameter name="days">3</@parameter>\n'
                "</@invoke>\n</@function_calls>\n\n<function_results>21</function_results>"
            ),
        ),
    ]


def test_results_of_several_calls_have_the_names_of_their_tools() -> None:
    """Calls made together are between one pair of tags, and so are their results, each with its tool's name."""
    _, (_, answer) = render(
        QUESTION,
        said("assistant", call(1), call(2, "look_up")),
        said("user", result(1), result(2, [text("a"), text("b")])),
    )

    calls, results = answer.split("\n\n<function_results>")
    assert calls == tag(
        '\n\n<@function_calls>\n<@invoke name="measure">\n</@invoke>\n'
        '<@invoke name="look_up">\n</@invoke>\n</@function_calls>'
    )
    assert results == (
        "\n<result>\n<name>measure</name>\n<output>21</output>\n</result>\n"
        "<result>\n<name>look_up</name>\n<output>ab</output>\n</result>\n</function_results>"
    )


def test_the_assistant_goes_on_in_the_same_turn() -> None:
    """What the assistant says or calls after a result is behind it, after a blank line; only the user starts a new turn."""
    messages = [
        QUESTION, said("assistant", call(1)), said("user", result(1)), said("assistant", call(2)),
        said("user", result(2)), said("assistant", text("Rome.")), said("user", text("Thanks")),
    ]  # fmt: skip
    transcript = render_messages(messages)

    assert [turn.role for turn in transcript.turns] == ["user", "assistant", "user"]
    assert transcript.turns[1].text.count(tag("</@function_calls>\n\n<function_results>21")) == 2
    assert transcript.turns[1].text.endswith("</function_results>\n\nRome.")
    assert not transcript.is_open
    assert [render_messages(messages[:end]).is_open for end in range(1, 7)] == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]


def test_words_of_the_user_behind_a_result_are_a_turn() -> None:
    """They end the assistant's turn; without them it is open, and the assistant goes on in it."""
    messages = [QUESTION, said("assistant", call(1)), said("user", result(1), text("Be quick"))]

    assert render_messages([*messages[:2], said("user", result(1))]).is_open
    assert render_messages(messages).turns[-1] == ("user", "Be quick")
    assert not render_messages(messages).is_open


def test_results_without_their_calls_are_a_turn_of_the_assistant() -> None:
    """A prompt may begin behind the calls."""
    assert render(said("user", result(1))) == [("assistant", "<function_results>21</function_results>")]


def test_long_conversations_take_time_by_their_length() -> None:
    """Ten thousand rounds of calls are one turn, put together once."""
    rounds = [
        message for n in range(10_000) for message in (said("assistant", call(n)), said("user", result(n)))
    ]

    assert len(render_messages([QUESTION, *rounds]).turns) == 2


def test_values_that_are_no_text_are_json() -> None:
    """Numbers, lists and objects are written as JSON with spaces, characters beyond ASCII as they are."""
    _, (_, answer) = render(QUESTION, said("assistant", call(1, where={"cities": ["Köln", 2]}, fast=True)))

    assert '>{"cities": ["Köln", 2]}<' in answer
    assert ">true<" in answer
