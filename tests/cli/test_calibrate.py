"""`prompt-lint calibrate` finds what the API counts otherwise, and names the rule; here of an API on the loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.api_server import KEY, ApiServer, Bucket, always, offline_count
from tests.support.json_schema import DOCS, validate

from prompt_lint.counting.calibration import DEFAULT_MODELS
from prompt_lint.counting.calibration_requests import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.program import Done

SCHEMA = DOCS / "calibration.schema.json"
Fields = dict[str, Any]


def count_as_the_api(model: str, fields: Mapping[str, Any]) -> int:
    """As the offline rules say, and what two fields cost that these leave to the API."""
    rest = {key: value for key, value in fields.items() if key != "output_config"}
    extra = 0
    if config := fields.get("output_config"):
        extra += 36 if "task_budget" in config else 0
        rest |= {"output_config": config} if "format" in config else {}
    if any("input_examples" in tool for tool in fields.get("tools", [])):
        rest["tools"] = [
            {key: value for key, value in tool.items() if key != "input_examples"} for tool in rest["tools"]
        ]
        extra += 82
    return offline_count(model, rest) + extra


@pytest.fixture
def server(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """The API, for which there is a credential. It says that it grants many requests, so that a run needn't start slowly."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    api.bucket, api.rate_headers = Bucket(60_000), True
    api.count = count_as_the_api
    return api


def compare(lint: Callable[..., Done], *models: str) -> tuple[int, Any]:
    """Return exit code and JSON, which is right by its schema."""
    done = lint("calibrate", "--output-format", "json", *(f"--models={model}" for model in models))
    document = json.loads(done.out)
    validate(document, SCHEMA)
    return done.code, document


def test_nothing_differs_where_the_api_counts_by_our_rules(
    lint: Callable[..., Done], server: ApiServer
) -> None:
    """A model of each generation is asked for about forty requests, each of them once."""
    done = lint("calibrate")

    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.partition(":")[0] for line in lines[:-2]] == list(DEFAULT_MODELS)
    for line in lines[:-2]:
        equal, _, compared = line.split()[1:4]
        assert equal == compared
    assert lines[-2:] == [
        f"{len(server.requests)} requests sent to 127.0.0.1:{server.port}.",
        "Every count is inside its interval.",
    ]
    bodies = [seen.body for seen in server.requests]
    assert len(set(bodies)) == len(bodies)
    assert 35 * len(DEFAULT_MODELS) <= len(bodies) <= 45 * len(DEFAULT_MODELS)


def has_tools_in_other_scripts(fields: Fields) -> bool:
    return not json.dumps(fields.get("tools", []), ensure_ascii=False).isascii()


def has_choice(*kinds: str) -> Callable[[Fields], bool]:
    return lambda fields: (
        bool(fields.get("tools")) and fields.get("tool_choice", {"type": "auto"})["type"] in kinds
    )


def is_serial(*kinds: str) -> Callable[[Fields], bool]:
    return lambda fields: (
        has_choice(*kinds)(fields) and "disable_parallel_tool_use" in fields.get("tool_choice", {})
    )


def has_image(fields: Fields) -> bool:
    return '"image"' in json.dumps(fields["messages"][:1])


@pytest.mark.parametrize(
    ("rule", "model", "applies", "change", "code"),
    [
        ("tool definitions in other scripts", "claude-sonnet-4-5", has_tools_in_other_scripts, -30, 1),
        ("disable_parallel_tool_use, automatic choice", "claude-haiku-4-5", is_serial("auto"), 208, 1),
        ("disable_parallel_tool_use, forced choice", "claude-haiku-4-5", is_serial("any"), -43, 1),
        ("input_examples", "claude-opus-5", lambda fields: "input_examples" in json.dumps(fields), -82, 1),
        ("task_budget", "claude-opus-4-7", lambda fields: "task_budget" in json.dumps(fields), -36, 1),
        (
            "a conversation that the assistant begins", "claude-haiku-4-5",
            lambda fields: fields["messages"][0]["role"] == "assistant", -12, 0,
        ),
        ("hidden tool prompt, automatic choice", "claude-opus-5", has_choice("auto"), 68, 1),
        ("hidden tool prompt, forced choice", "claude-haiku-5-5", has_choice("any", "tool"), 68, 1),
        (
            "a system message in between", "claude-opus-5",
            lambda fields: any(message["role"] == "system" for message in fields["messages"]), 3, 0,
        ),
        ("images", "claude-sonnet-4-5", has_image, -3, 0),
        ("images", "claude-opus-5", has_image, 60, 1),
    ],
    ids=["H1", "H2 automatic", "H2 forced", "H3 examples", "H3 budget", "H4", "H5 automatic", "H5 forced", "H6", "H7 inside", "H7"],
)  # fmt: skip
def test_a_rule_that_the_api_has_no_longer_is_named(
    lint: Callable[..., Done], server: ApiServer, rule: str, model: str,
    applies: Callable[[Fields], bool], change: int, code: int,
) -> None:  # fmt: skip
    """That rule and no other, also where all counts with tools are higher; exit code 1 where an interval isn't right."""
    server.count = lambda name, fields: count_as_the_api(name, fields) + change * applies(dict(fields))

    ended, document = compare(lint, model)
    text = lint("calibrate", "--models", model).out

    assert ended == code
    rows = document["comparisons"]
    assert {row["rule"] for row in rows if row["rule_difference"]} == {rule}
    assert {row["model"] for row in rows} == {model}
    assert (document["outside"] > 0) == (code == 1)
    assert f"\n  {rule} (" in text


def test_a_tokenizer_that_changed_differs_in_texts(lint: Callable[..., Done], server: ApiServer) -> None:
    """Each text is named by its script."""
    server.count = lambda model, fields: count_as_the_api(model, fields) + 20

    code, document = compare(lint, "claude-haiku-4-5")

    assert code == 1
    texts = {row["request"] for row in document["comparisons"] if row["rule"] == "text"}
    assert {"English", "Japanese", "Arabic", "code"} <= texts
    assert all(row["difference"] == 20 for row in document["comparisons"] if row["offline"])


@pytest.mark.parametrize("fault", ["missing_count", "400", "401"])
def test_responses_that_changed_are_no_agreement(
    lint: Callable[..., Done], server: ApiServer, hasty: None, fault: str
) -> None:
    """A renamed field, a field or a key that is no longer taken: exit code 3, and no key is shown."""
    server.plan = always(fault)

    done = lint("calibrate", "--models", "claude-opus-5")

    assert done.code == 3
    first, *reasons, _, end = done.out.splitlines()
    assert first.startswith("claude-opus-5: 0 of ")
    assert "  text (English)" in done.out
    assert end == "Nothing was counted."
    if fault == "401":
        assert len(reasons) == 1
    assert KEY not in done.out + done.err


def test_what_was_not_counted_is_not_called_inside_its_interval(
    lint: Callable[..., Done], server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the requests beyond the bound of a run, which is set as for `check`."""
    monkeypatch.setenv("PROMPT_LINT_MAX_REQUESTS", "3")

    done = lint("calibrate", "--models", "claude-haiku-4-5")

    assert len(server.requests) == 3
    assert done.code == 3
    assert done.out.splitlines()[-1].endswith(
        " requests not counted; every other count is inside its interval."
    )


def test_without_its_baseline_nothing_is_blamed_on_a_rule(
    lint: Callable[..., Done], server: ApiServer
) -> None:
    """The API refuses it: the rest is compared as a whole, and what only costs more than it isn't compared."""
    [baseline] = [request.fields for request in REQUESTS if request.name == "English"]
    server.count = lambda model, fields: count_as_the_api(model, fields) + 500
    server.plan = lambda seen: (
        "400" if json.loads(seen.body) == {"model": "claude-opus-4-7", **baseline} else None
    )

    code, document = compare(lint, "claude-opus-4-7")
    text = lint("calibrate", "--models", "claude-opus-4-7").out

    keys = ("difference", "rule_difference", "inside")
    rows = {row["request"]: tuple(row[key] for key in keys) for row in document["comparisons"]}
    assert code == 1
    assert rows["English"] == (None, None, None)
    assert rows["German"] == (500, 500, False)
    assert rows["system prompt"] == (500, None, False)
    assert rows["task budget"] == (None, None, None)
    assert "  system prompt (system prompt): +500; " in text
    assert "task_budget" not in text


def test_without_a_credential_there_is_nothing_to_compare(lint: Callable[..., Done], api: ApiServer) -> None:
    """Exit code 2, as for every run that can't do what it was told."""
    done = lint("calibrate")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: `calibrate` needs an API key: ANTHROPIC_API_KEY isn't set, nor ")


def test_models_are_given_with_commas_or_one_by_one(lint: Callable[..., Done], server: ApiServer) -> None:
    """A misspelt one is refused before anything is sent."""
    _, together = compare(lint, "claude-haiku-4-5,claude-opus-5")
    _, apart = compare(lint, "claude-haiku-4-5", "claude-opus-5")
    sent = len(server.requests)
    misspelt = lint("calibrate", "--models", "claude-sonet-5-5")

    assert together == apart
    assert misspelt.code == 2
    assert "did you mean `claude-sonnet-5-5`?" in misspelt.err
    assert len(server.requests) == sent


def test_the_baseline_of_a_request_is_one_that_there_is() -> None:
    """Names are unique, and a slip in one isn't taken for no baseline."""
    names = [request.name for request in REQUESTS]

    assert len(set(names)) == len(names)
    assert {request.baseline for request in REQUESTS} - {""} <= set(names)
