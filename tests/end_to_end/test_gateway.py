"""A gateway that counts otherwise than Claude: how far its numbers are believed, and what is said about them."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.api_server import KEY, always, error_reply, send

from prompt_lint.counting import offline
from prompt_lint.model.counts import Count
from prompt_lint.model.values import Request
from prompt_lint.output.report_reader import parse_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.api_server import ApiServer
    from tests.support.program import Done
    from tests.support.repo import Repo

MODEL, UNVERIFIED = "claude-opus-5", "claude-fable-5-2"
# Some 200 tokens.
TEXT = "Answer in full sentences, name your sources, and say what you do not know. " * 9
LESS = 48
DOCUMENT = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
}


def count_offline(text: str, model: str = MODEL) -> Count:
    return offline.count_request(model, Request({"messages": [{"role": "user", "content": text}]}))


def offline_tokens(text: str) -> int:
    return count_offline(text).tokens


TOKENS, MARGIN = offline_tokens(TEXT), count_offline(TEXT).margin


@pytest.fixture(autouse=True)
def gateway(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """A gateway at the loopback, with a key for it, that answers with too few tokens."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    api.count = lambda _model, _fields: LESS
    return api


def write(repo: Repo, limit: int, *, model: str = MODEL, top: str = "") -> None:
    repo.write(
        ".prompt-lint.yaml", f"models: [{model}]\nlimit: {limit}\nprompts: [{{files: prompts/**}}]\n{top}"
    )
    repo.write("prompts/a.md", TEXT)


def judge(lint: Callable[..., Done], *arguments: str) -> tuple[int, str, int | None, bool, int | None]:
    """Return exit code, status, tokens, whether they are disputed, and the disputed number."""
    done = lint("check", "--output-format", "json", *arguments)
    verdict = done.report["verdicts"][0]
    keys = ("status", "tokens", "disputed", "disputed_tokens")
    return (done.code, *(verdict[key] for key in keys))


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("-q",), ("-v",), ("--output-format", "markdown"), ("--output-format", "github"), ("--output-format", "azure"),
        ("--output-format", "sarif"), ("--output-format", "gitlab"), ("--output-format", "junit"),
    ],
    ids=lambda arguments: arguments[-1] if arguments else "text",
)  # fmt: skip
def test_an_undercount_turns_no_prompt_green_and_every_output_has_both_numbers(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, arguments: tuple[str, ...]
) -> None:
    """The higher number is judged; the gateway is named, not the tokenizer."""
    write(repo, TOKENS - 50)

    done = lint("check", *arguments)
    words = done.out.replace("\u00a0", " ").replace("\\u00b1", "±")

    assert done.code == 1
    assert f"{TOKENS} ±{MARGIN} (disputed: {LESS})" in words
    assert "otherwise than Claude's tokenizer, so the higher number is judged" in words
    assert f"127.0.0.1:{gateway.port}" in words
    assert "offline counts of the tokenizer" not in words


def test_json_says_that_a_number_is_disputed(repo: Repo, lint: Callable[..., Done]) -> None:
    """With the number that is judged, and the one that isn't; what reads the report keeps both."""
    write(repo, TOKENS - 50)

    assert judge(lint) == (1, "over", TOKENS, True, LESS)
    [verdict] = parse_report(lint("check", "--output-format", "json").out.encode(), "r.json").verdicts
    assert verdict.token_count
    assert verdict.token_count.disputed_count == Count(LESS, LESS, LESS, "api")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-q",),
        *(("--output-format", name) for name in ("github", "azure", "markdown", "sarif", "gitlab", "junit")),
    ],
)
def test_a_disputed_number_is_reported_where_both_are_within_the_limit(
    repo: Repo, lint: Callable[..., Done], arguments: tuple[str, ...]
) -> None:
    """Nothing fails, and nobody overlooks it."""
    write(repo, TOKENS + 500)

    done = lint("check", *arguments)

    assert done.code == 0
    assert f"{TOKENS} ±{MARGIN} (disputed: {LESS})" in done.out.replace("\u00a0", " ").replace("\\u00b1", "±")


def test_an_overcount_fails_and_says_so(repo: Repo, lint: Callable[..., Done], gateway: ApiServer) -> None:
    """Of the two verdicts the worse one holds, whichever number it comes from."""
    gateway.count = lambda _model, _fields: 2 * TOKENS
    write(repo, TOKENS + 50)

    assert judge(lint) == (1, "over", 2 * TOKENS, True, TOKENS)


def test_an_offline_number_that_is_disputed_has_its_margin(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer
) -> None:
    """And the number of the gateway doesn't count as exact."""
    gateway.count = lambda _model, _fields: 100_000
    write(repo, 8000)

    done = lint("check")

    assert f"100,000 (disputed: {TOKENS} ±{MARGIN})" in done.out
    assert f"0 counted by the API, 1 disputed, 1 request sent to 127.0.0.1:{gateway.port}." in done.out
    [verdict] = lint("check", "--output-format", "json").report["verdicts"]
    assert (verdict["disputed_low"], verdict["disputed_high"]) == (TOKENS - MARGIN, TOKENS + MARGIN)
    [read] = parse_report(lint("check", "--output-format", "json").out.encode(), "r.json").verdicts
    assert read.token_count
    assert read.token_count.disputed_count == Count(TOKENS, TOKENS - MARGIN, TOKENS + MARGIN, "offline")


def test_a_disputed_number_settles_nothing_that_is_unsure(repo: Repo, lint: Callable[..., Done]) -> None:
    """`auto` asks because the limit lies inside the interval, and a number that can't be believed is no answer."""
    write(repo, TOKENS)

    assert judge(lint, "--counting", "auto") == (0, "unsure", TOKENS, True, LESS)
    advice = "or count with Claude's own API, not with the gateway that ANTHROPIC_BASE_URL names."
    assert advice in lint("check", "--counting", "auto").out


def test_a_disputed_number_is_not_kept(repo: Repo, lint: Callable[..., Done], gateway: ApiServer) -> None:
    """The next run asks again, and one without the API never sees it."""
    write(repo, TOKENS - 50)
    judge(lint)

    assert judge(lint, "--offline") == (1, "over", TOKENS, False, None)
    judge(lint)
    assert len(gateway.requests) == 2


@pytest.mark.parametrize(
    ("tokens", "is_disputed"),
    [
        (TOKENS - MARGIN - 10, False),
        (TOKENS - MARGIN - 11, True),
        (TOKENS + MARGIN + 10, False),
        (TOKENS + MARGIN + 11, True),
    ],
)
def test_five_percent_beyond_the_interval_are_believed(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, tokens: int, is_disputed: bool
) -> None:
    """The tokenizer may have changed a little: then the exact number is used, and the note is about the tokenizer."""
    gateway.count = lambda _model, _fields: tokens
    write(repo, 8000)

    done = lint("check", "--output-format", "json")

    assert done.report["verdicts"][0]["disputed"] == is_disputed
    assert any("offline counts of the tokenizer" in note for note in done.report["notes"]) != is_disputed


def test_three_tokens_of_a_short_prompt_are_believed(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer
) -> None:
    """They are more than five percent of it."""
    write(repo, 8000)
    repo.write("prompts/a.md", "Hi.")
    tokens, high = offline_tokens("Hi."), count_offline("Hi.").high

    gateway.count = lambda _model, _fields: high + 3
    assert judge(lint, "--no-cache") == (0, "ok", high + 3, False, None)
    gateway.count = lambda _model, _fields: high + 4
    assert judge(lint, "--no-cache") == (0, "ok", high + 4, True, tokens)


UNVERIFIED_COUNT = offline.count_request(
    UNVERIFIED, Request({"messages": [{"role": "user", "content": TEXT}]})
)


@pytest.mark.parametrize(
    "tokens", [-(-UNVERIFIED_COUNT.low // 2), UNVERIFIED_COUNT.high * 2], ids=["half", "twice"]
)
def test_a_model_that_nobody_has_measured_is_believed_within_a_factor_of_two(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, tokens: int
) -> None:
    """A new model may count otherwise, and must be able to pass. That says nothing about the tokenizers that are known."""
    gateway.count = lambda _model, _fields: tokens
    write(repo, 8000, model=UNVERIFIED)

    assert judge(lint) == (0, "ok", tokens, False, None)
    assert "offline counts of the tokenizer" not in lint("check", "--no-cache").out


@pytest.mark.parametrize(
    ("tokens", "judged"),
    [
        (-(-UNVERIFIED_COUNT.low // 2) - 1, UNVERIFIED_COUNT.tokens),
        (UNVERIFIED_COUNT.high * 2 + 1, UNVERIFIED_COUNT.high * 2 + 1),
    ],
    ids=["less_than_half", "more_than_twice"],
)
def test_a_model_that_nobody_has_measured_is_disputed_beyond_that(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, tokens: int, judged: int
) -> None:
    """No tokenizer of Claude's is that far from another one."""
    gateway.count = lambda _model, _fields: tokens
    write(repo, UNVERIFIED_COUNT.tokens - 100, model=UNVERIFIED)

    assert judge(lint)[:4] == (1, "over", judged, True)


UNCOVERED_REQUESTS: dict[str, dict[str, Any]] = {
    "document": {"messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}, DOCUMENT]}]},
    "text_document": {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": TEXT}}]}]},
    "documents_content": {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": TEXT}]}}]}]},
    "search_result": {"messages": [{"role": "user", "content": [{"type": "search_result", "title": "t", "source": "s", "content": [{"type": "text", "text": TEXT}]}]}]},
    "structured_output": {"system": TEXT, "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}, "messages": [{"role": "user", "content": "Hi"}]},
    "tool_of_the_api": {"system": TEXT, "tools": [{"type": "bash_20250124", "name": "bash"}], "messages": [{"role": "user", "content": "Hi"}]},
    "tool_beside_one_of_the_api": {
        "tools": [{"type": "bash_20250124", "name": "bash"}, {"name": "t", "description": TEXT, "input_schema": {"type": "object"}}],
        "messages": [{"role": "user", "content": "Hi"}],
    },
    "result_of_a_tool": {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": TEXT}, DOCUMENT]}]},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("model", [MODEL, UNVERIFIED])
@pytest.mark.parametrize("fields", UNCOVERED_REQUESTS.values(), ids=UNCOVERED_REQUESTS)
def test_a_number_below_the_parts_that_can_be_counted_is_none(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, fields: dict[str, Any], model: str
) -> None:
    """Only the API can count the whole, but not as less than its parts: nothing is green, and the next run asks again."""
    gateway.count = lambda _model, _fields: LESS
    write(repo, 8000, model=model)
    (repo.path / "prompts/a.md").unlink()
    repo.write("prompts/a.json", json.dumps(fields))

    done = lint("check")

    assert done.code == 3
    assert f"127.0.0.1:{gateway.port} answered {LESS} tokens" in done.out
    gateway.count = lambda _model, _fields: 4 * TOKENS
    assert judge(lint) == (0, "ok", 4 * TOKENS, False, None)


CUSTOM_TOOL = {"name": "t", "description": "Finds a file.", "input_schema": {"type": "object"}}
DEFERRED_TOOL = {**CUSTOM_TOOL, "name": "later", "defer_loading": True}
SHORT_ANSWERS = [{"role": "assistant", "content": "Go"}, {"role": "system", "content": "x"}] * 60


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("claude-opus-4-5", {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}),
        ("claude-opus-4-5", {"messages": [*SHORT_ANSWERS, {"role": "user", "content": "Hi"}]}),
    ],
    ids=["one_call_at_a_time", "system_messages_in_between"],
)
def test_a_right_number_is_believed_however_little_the_request_costs_beside_its_texts(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, model: str, fields: dict[str, Any]
) -> None:
    """The choice of a tool can make the hidden prompt shorter, and where system messages go makes fewer turns."""
    known = {"messages": [{"role": "user", "content": "Hi"}], "tools": [CUSTOM_TOOL], **fields}
    right = offline.count_request(model, Request(known)).tokens
    gateway.count = lambda _model, _fields: right
    write(repo, 8000, model=model)
    (repo.path / "prompts/a.md").unlink()
    repo.write("prompts/a.json", json.dumps({**known, "tools": [CUSTOM_TOOL, DEFERRED_TOOL]}))

    assert judge(lint) == (0, "ok", right, False, None)


def test_a_choice_that_the_model_refuses_leaves_the_texts(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer
) -> None:
    """Nothing but its texts is sure, and the number is below those."""
    forced = {"system": TEXT, "tools": [CUSTOM_TOOL], "tool_choice": {"type": "any"}}
    write(repo, 8000, model="claude-opus-5-5")
    (repo.path / "prompts/a.md").unlink()
    repo.write("prompts/a.json", json.dumps({**forced, "messages": [{"role": "user", "content": "Hi"}]}))

    done = lint("check")

    assert done.code == 3
    assert f"127.0.0.1:{gateway.port} answered {LESS} tokens" in done.out


def test_a_sum_of_disputed_numbers_is_disputed(repo: Repo, lint: Callable[..., Done]) -> None:
    """Both numbers are added up."""
    write(repo, 8000, top=f"groups: [{{name: all, sum: prompts/**, limit: {TOKENS}}}]\n")
    repo.write("prompts/b.md", TEXT + "Be brief.")

    report = lint("check", "--output-format", "json").report

    [group] = [verdict for verdict in report["verdicts"] if verdict["kind"] == "group"]
    singles = [verdict["tokens"] for verdict in report["verdicts"] if verdict["kind"] == "prompt"]
    assert (group["status"], group["tokens"], group["disputed_tokens"]) == ("over", sum(singles), 2 * LESS)


def test_a_gateway_that_always_says_the_same_hides_no_growth(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer
) -> None:
    """Growth is measured offline, too, and the greater one is judged."""
    gateway.count = lambda _model, _fields: 7000
    write(repo, 8000, top="max_growth: 50\n")
    repo.commit()
    repo.write("prompts/a.md", TEXT * 2)

    done = lint("check", "--base", "HEAD", "--output-format", "json")

    [verdict] = done.report["verdicts"]
    assert (done.code, verdict["status"]) == (1, "grew")
    assert verdict["growth"] == offline_tokens(TEXT * 2) - TOKENS


@pytest.mark.parametrize("answer", [LESS, 100_000], ids=["too_low", "too_high"])
def test_totals_are_measured_as_the_growth_is(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, answer: int
) -> None:
    """A gateway's number less an offline growth would be a count of the base that nobody has made."""
    gateway.count = lambda _model, _fields: answer
    write(repo, 8000)
    repo.commit()
    repo.write("prompts/a.md", TEXT + "Be brief.")
    longer = offline_tokens(TEXT + "Be brief.")

    texts = [lint("check", "--base", "HEAD", *more).out for more in ((), ("--offline",))]

    [[_, total], [_, offline_total]] = (
        re.findall(r"^(Compared with HEAD: )(.*)$", text, re.MULTILINE)[0] for text in texts
    )
    assert f"{TOKENS} ±{MARGIN} → {longer} ±{MARGIN}" in offline_total
    assert re.sub(r" \(disputed: [\d,]+\)", "", total) == offline_total


@pytest.mark.parametrize("command", [("count", "--model", MODEL), ("list",), ("explain",)], ids=" ".join)
def test_every_command_that_counts_has_both_numbers(
    repo: Repo, lint: Callable[..., Done], command: tuple[str, ...]
) -> None:
    """`count`, `list` and `explain` show what `check` shows."""
    write(repo, TOKENS - 50)

    assert f"{TOKENS} ±{MARGIN} (disputed: {LESS})" in lint(*command, "prompts/a.md").out


@pytest.mark.parametrize("answer", [LESS, 100_000], ids=["too_low", "too_high"])
def test_a_comment_names_the_dispute_of_its_report(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, answer: int
) -> None:
    """Nothing fails by it, but nobody overlooks it."""
    gateway.count = lambda _model, _fields: answer
    write(repo, 200_000)
    both = lint("count", "--model", MODEL, "prompts/a.md").out.partition(")")[0].strip()
    lint("check", "--output", "json=report.json")

    comment = lint("comment", "--report", "report.json", "--dry-run").out.replace("\u00a0", " ")

    assert "(disputed: " in both
    assert f"{both})" in comment
    assert "counts 1 prompt otherwise than Claude's tokenizer" in comment


def test_list_as_json_says_that_a_number_is_disputed(repo: Repo, lint: Callable[..., Done]) -> None:
    """Of each prompt and of the totals."""
    write(repo, TOKENS - 50)

    listing = json.loads(lint("list", "--output-format", "json").out)

    counts = [listing["prompts"][0]["counts"][0], listing["totals"][0]]
    assert [(count["disputed"], count["disputed_tokens"]) for count in counts] == [(True, LESS)] * 2


@pytest.mark.parametrize(
    "output_format", ["text", "github", "azure", "markdown", "sarif", "gitlab", "junit", "json"]
)
def test_control_characters_of_an_error_are_escaped(
    repo: Repo, lint: Callable[..., Done], gateway: ApiServer, output_format: str
) -> None:
    """Whoever reads the message sees that they were in it, and no terminal obeys them."""
    gateway.plan = always(lambda x: send(x, error_reply(x.seen, 400, "no\x1b[2J\x07 such\nmodel")))
    write(repo, TOKENS, model=UNVERIFIED)

    out = lint("check", "--output-format", output_format).out

    assert "\x1b" not in out
    assert "\x07" not in out
    assert re.search(r"no\\{1,2}(x1b|u001b)\[2J\\{1,2}(x07|u0007) such model", html.unescape(out))
