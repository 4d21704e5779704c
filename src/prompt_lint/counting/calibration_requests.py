"""The requests that `calibrate` compares: our own, small, and each for one rule of the offline count. Data."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any, NamedTuple

from prompt_lint.model.families import CLAUDE_3, CLAUDE_4, GENERATIONS, OPUS_4_7, Generation


class CalibrationRequest(NamedTuple):
    """A request that shows whether a `rule` is still the API's.

    `baseline` is the name of the request that lacks what the rule is about: what differs there is no fault of this rule.
    With `costs_more` nobody counts the request offline; all that is known is that it costs more than its baseline.
    Only models of `generations` are asked.
    """

    name: str
    rule: str
    fields: dict[str, Any]
    baseline: str = ""
    costs_more: bool = False
    generations: tuple[Generation, ...] = GENERATIONS


def _turn(content: object, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": content}


def _make_tool(name: str, description: str, **properties: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {key: {"type": "string", "description": text} for key, text in properties.items()},
        "required": list(properties),
    }
    return {"name": name, "description": description, "input_schema": schema}


def _make_image(width: int, height: int) -> dict[str, Any]:
    """Return a block with a black PNG of this size."""
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, chunk in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")):
        data += struct.pack(">I", len(chunk)) + name + chunk + struct.pack(">I", zlib.crc32(name + chunk))
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source}


def _make_call(number: int, city: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{number:02}", "name": "weather", "input": {"city": city}}


def _make_result(number: int, content: object) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": f"toolu_{number:02}", "content": content}


_TEXTS = {
    "English": "What did the customer ask for, and which of our answers was the most helpful one?",
    "German": "Welche Rückfragen hätten sich vermeiden lassen, und weshalb wurden sie trotzdem gestellt?",
    "French": "Où l'élève a-t-il été gêné, et qu'est-ce qu'il aurait préféré à cet âge-là ?",
    "Russian": "Какие вопросы задал покупатель и какой ответ оказался самым полезным?",
    "Greek": "Ποιες ερωτήσεις έκανε ο πελάτης και ποια απάντηση ήταν η πιο χρήσιμη;",  # noqa: RUF001  # Greek letters that look like Latin ones are meant
    "Arabic": "ما الأسئلة التي طرحها العميل، وأي إجابة كانت الأكثر فائدة؟",
    "Hebrew": "אילו שאלות שאל הלקוח, ואיזו תשובה הייתה המועילה ביותר?",
    "Hindi": "ग्राहक ने कौन से सवाल पूछे और कौन सा जवाब सबसे उपयोगी था?",
    "Thai": "ลูกค้าถามอะไรบ้าง และคำตอบใดมีประโยชน์ที่สุด",
    "Chinese": "客户提出了哪些问题?哪个回答最有帮助?请用三句话说明。",
    "Japanese": "お客様はどのような質問をしましたか。最も役に立った回答はどれですか。",
    "Korean": "고객은 어떤 질문을 했고 어떤 답변이 가장 도움이 되었습니까?",
    "emoji": "Rate it: 😀 🎉 👩‍🚀 🇦🇹 ❤️‍🔥, or none of them 🤷🏽‍♀️.",
    "code": "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)  # not of []\n",
    "JSON": '{"ids": [1, 22, 333], "nested": {"a": null, "b": [true, false], "c": "x\\ny"}}\n',
    "numbers and white space": "1,234.56   7890123456789\t\t0x7fff\n\n\n   end",
}  # fmt: skip
_GREETING = _turn(_TEXTS["English"])
_ANSWER = _turn("A refund, and the second one.", "assistant")
_WEATHER = _make_tool("weather", "Returns the weather of a city today.", city="Its name in English")
_TIME = _make_tool(
    "local_time", "Returns the time of a city.", city="Its name", zone="Its time zone, or empty"
)
_JAPANESE = _make_tool("tenki", "指定した都市の今日の天気を返します。", city="都市の名前")
_RUSSIAN = _make_tool("pogoda", "Возвращает погоду в городе на сегодня.", city="Название города")
_SILENT = _make_tool("weather", "", city="Its name in English")
_EXAMPLES = {**_WEATHER, "input_examples": [{"city": "Graz"}, {"city": "Ouagadougou"}]}
_SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
_WITH_TOOL: dict[str, Any] = {"tools": [_WEATHER], "messages": [_GREETING]}
_SYSTEM = "Answer in at most three sentences."
_HISTORY = [_GREETING, _turn([_make_call(1, "Graz")], "assistant")]


def _with_history(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"tools": [_WEATHER], "messages": [*_HISTORY, *turns]}


def _with_choice(kind: str, **options: object) -> dict[str, Any]:
    return {**_WITH_TOOL, "tool_choice": {"type": kind, **options}}


_CALLS = "tool calls in the history"
_SCRIPTS = "tool definitions in other scripts"

REQUESTS = (
    *(CalibrationRequest(name, "text", {"messages": [_turn(text)]}) for name, text in _TEXTS.items()),
    CalibrationRequest("system prompt", "system prompt", {"system": _SYSTEM, "messages": [_GREETING]}, "English"),
    CalibrationRequest(
        "blocks of the system prompt", "system prompt",
        {"system": [{"type": "text", "text": _SYSTEM}, {"type": "text", "text": "Be kind."}], "messages": [_GREETING]},
        "English",
    ),
    CalibrationRequest(
        "billing header", "Claude Code's billing header",
        {"system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.0; cc_entrypoint=cli;"},
                    {"type": "text", "text": _SYSTEM}], "messages": [_GREETING]},
        "system prompt",
    ),
    CalibrationRequest("turns", "turns", {"messages": [_GREETING, _ANSWER, _turn("Why?")]}, "English"),
    CalibrationRequest("turns of one role", "turns", {"messages": [_GREETING, _turn("And why?")]}, "English"),
    CalibrationRequest(
        "the assistant first", "a conversation that the assistant begins",
        {"messages": [_turn("Hello, I am here to help.", "assistant"), _GREETING]}, "turns",
    ),
    CalibrationRequest(
        "system message in between", "a system message in between",
        {"messages": [_GREETING, _turn(_SYSTEM, "system"), _ANSWER, _turn("Why?")]}, "turns",
        # To other models it is sent as part of the system prompt.
        generations=tuple(generation for generation in GENERATIONS if generation.family.has_system_turns),
    ),
    CalibrationRequest("a tool", "hidden tool prompt, automatic choice", _WITH_TOOL, "English"),
    CalibrationRequest("any tool", "hidden tool prompt, forced choice", _with_choice("any"), "English"),
    CalibrationRequest("a named tool", "named tool choice", _with_choice("tool", name="weather"), "any tool"),
    CalibrationRequest("two tools", "tool definitions", {**_WITH_TOOL, "tools": [_WEATHER, _TIME]}, "a tool"),
    CalibrationRequest("no description", "tool definitions", {**_WITH_TOOL, "tools": [_SILENT]}, "a tool"),
    CalibrationRequest("a tool in Japanese", _SCRIPTS, {**_WITH_TOOL, "tools": [_JAPANESE]}, "a tool"),
    CalibrationRequest("a tool in Russian", _SCRIPTS, {**_WITH_TOOL, "tools": [_RUSSIAN]}, "a tool"),
    CalibrationRequest(
        "one call at a time", "disable_parallel_tool_use, automatic choice",
        _with_choice("auto", disable_parallel_tool_use=True), "a tool",
    ),
    CalibrationRequest(
        "one forced call", "disable_parallel_tool_use, forced choice",
        _with_choice("any", disable_parallel_tool_use=True), "any tool",
    ),
    CalibrationRequest(
        "examples of input", "input_examples", {**_WITH_TOOL, "tools": [_EXAMPLES]}, "a tool", costs_more=True
    ),
    CalibrationRequest(
        "task budget", "task_budget",
        {"messages": [_GREETING], "output_config": {"task_budget": {"type": "tokens", "total": 20_000}}},
        "English", costs_more=True, generations=(OPUS_4_7,),
    ),
    CalibrationRequest("a call", _CALLS, _with_history(_turn([_make_result(1, "Rain, 8 °C")])), "a tool"),
    CalibrationRequest(
        "a call and an answer", _CALLS,
        _with_history(_turn([_make_result(1, "Rain, 8 °C")]), _turn("It rains.", "assistant"), _turn("And tomorrow?")),
        "a tool",
    ),
    CalibrationRequest(
        "two calls", _CALLS,
        {"tools": [_WEATHER], "messages": [
            _GREETING, _turn([_make_call(1, "Graz"), _make_call(2, "Linz")], "assistant"),
            _turn([_make_result(1, "Rain"), _make_result(2, [{"type": "text", "text": "Sun"}])])]},
        "a tool",
    ),
    CalibrationRequest(
        "small image", "images", {"messages": [_turn([_make_image(28, 28), {"type": "text", "text": "What is it?"}])]}
    ),
    CalibrationRequest(
        "large image", "images", {"messages": [_turn([_make_image(640, 480), {"type": "text", "text": "What is it?"}])]}
    ),
    CalibrationRequest(
        "image in a result", "images in results",
        _with_history(_turn([_make_result(1, [{"type": "text", "text": "Rain"}, _make_image(28, 28)])])), "a call",
    ),
    CalibrationRequest(
        "thinking budget", "thinking budget",
        {"messages": [_GREETING], "thinking": {"type": "enabled", "budget_tokens": 2048}}, "English", generations=(CLAUDE_3, CLAUDE_4),
    ),
    CalibrationRequest(
        "structured output", "structured output",
        {"messages": [_GREETING], "output_config": {"format": {"type": "json_schema", "schema": _SCHEMA}}}, "English",
    ),
)  # fmt: skip
