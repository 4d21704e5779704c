"""Exact counts from the outside: what is asked for, what is said, and what no fault of a server may bring about."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tests.support import api_server
from tests.support.api_server import (
    COUNT_PATH,
    FAULTS,
    KEY,
    ApiServer,
    after,
    always,
    blackhole,
    refusing,
    where,
)
from tests.support.paths import ROOT
from tests.support.program import PROGRAM, Done, run, started
from tests.support.secrets import forms, read_files

from prompt_lint.counting import offline
from prompt_lint.model.values import Request
from prompt_lint.repo import safe_read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.api_server import Planned
    from tests.support.repo import Repo

DATA = Path(os.environ.get("PROMPT_LINT_DATA") or ROOT.parent / "shared" / "data") / "recorded.jsonl.gz"
# Of the family with the wider interval: ± 3 tokens on a short text.
MODEL = "claude-opus-5"
OLDER = "claude-sonnet-4-5-20250929"
UNVERIFIED = "claude-fable-5-2"
TEXT = "What is 2 + 2?"
# Quotes and the like, so that encoded and escaped forms differ from it.
CANARY = "sk-ant-api03-Canary_42'\"\\+/=%&~zQ9"
# Faults that still carry the true count.
TRUE = {"100_continue", "103_early_hints", "http_1_0", "chunked", "silent_close", "extra_answer"}
# One of each kind. The clients meet all of them in their own tests, whole runs in the slow lane.
KINDS = TRUE | {
    "401", "429", "503", "529", "413_html", "429_retry_after_nan", "429_spend_limit", "invalid_json", "missing_count",
    "html_200", "wrong_content_type", "204", "hang", "drip_body", "close", "reset_mid_body", "truncated_chunk",
    "malformed_header", "not_http", "huge_body", "endless_headers", "gzip_bomb", "redirect_307", "echo_key_400",
    "echo_key_401", "echo_key_as_count", "echo_key_as_request_id", "hostile_message",
}  # fmt: skip


@pytest.fixture
def check(lint: Callable[..., Done]) -> Callable[..., Done]:
    """`check` with JSON output."""
    return lambda *arguments: lint("check", "--output-format", "json", *arguments)


@pytest.fixture
def key(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential for the server."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)


def offline_tokens(text: str, model: str = MODEL) -> int:
    return offline.count_request(model, Request({"messages": [{"role": "user", "content": text}]})).tokens


def write(
    repo: Repo, limit: int | str = "8k", models: Sequence[str] = (MODEL,), top: str = "", **files: str
) -> None:
    """A configuration and text prompts."""
    lines = [f"models: [{', '.join(models)}]", f"limit: {limit}", "prompts: [{files: prompts/**}]", top]
    repo.write(".prompt-lint.yaml", "\n".join(lines) + "\n")
    for name, text in files.items():
        repo.write(f"prompts/{name}.md", text)


def write_open(repo: Repo, top: str = "", models: Sequence[str] = (MODEL,), **files: str) -> None:
    """As `write`, with a limit that only an exact count of `TEXT` can settle. The API's number is within it."""
    write(repo, offline_tokens(TEXT), models, top, **(files or {"a": TEXT}))


def paper(repo: Repo, name: str = "prompts/paper.json") -> None:
    block = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
    }
    repo.write(name, json.dumps({"messages": [{"role": "user", "content": [block]}]}))


def asked(api: ApiServer) -> list[tuple[str, str]]:
    """Model and text of each request, sorted."""
    bodies = [seen.json() for seen in api.requests]
    return sorted((body["model"], str(body["messages"][0]["content"])) for body in bodies)


def distinct(number: int) -> dict[str, str]:
    return {f"p{n}": f"{TEXT} {n}" for n in range(number)}


# ---------------------------------------------------------------------------------------------------------
# Modes


@pytest.mark.parametrize(
    ("flags", "variable", "line", "credential", "mode"),
    [
        ((), None, "", False, "offline"),
        ((), None, "", True, "exact"),
        ((), None, "counting: auto", True, "auto"),
        ((), None, "counting: offline", True, "offline"),
        ((), "exact", "counting: offline", True, "exact"),
        ((), "auto", "counting: exact", True, "auto"),
        ((), "offline", "counting: exact", True, "offline"),
        (("--counting", "auto"), "offline", "counting: exact", True, "auto"),
        (("--counting", "exact"), "offline", "counting: auto", True, "exact"),
        (("--offline",), "exact", "counting: exact", True, "offline"),
    ],
)
def test_the_mode_is_the_flags_then_the_environments_then_the_files_then_by_credential(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch,
    flags: Sequence[str], variable: str | None, line: str, credential: bool, mode: str,
) -> None:  # fmt: skip
    """What is nearer to the person who runs it wins."""
    write_open(repo, line, open=TEXT, clear="Hi.")
    if variable:
        monkeypatch.setenv("PROMPT_LINT_COUNTING", variable)
    if not credential:
        monkeypatch.delenv("ANTHROPIC_API_KEY")

    done = check(*flags)

    asked_for = {"offline": [], "auto": [(MODEL, TEXT)], "exact": [(MODEL, "Hi."), (MODEL, TEXT)]}[mode]
    assert done.code == 0
    assert asked(api) == asked_for
    assert {path for (path, _), (_, origin, _) in done.verdicts.items() if origin == "api"} == {
        f"prompts/{'open' if text == TEXT else 'clear'}.md" for _, text in asked_for
    }


def test_auto_asks_where_the_rest_of_a_limit_beside_its_reserve_is_inside_the_interval(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """The whole limit is far above the interval, and doesn't decide."""
    write(repo, offline_tokens(TEXT) + 1000, top="counting: auto", open=TEXT, clear="Hi.")
    config = repo.path / ".prompt-lint.yaml"
    config.write_text(config.read_text().replace("prompts/**", "prompts/**, reserve: 1000"))

    assert check().code == 0
    assert asked(api) == [(MODEL, TEXT)]


def test_auto_asks_only_for_what_the_offline_count_leaves_open(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """A limit inside the interval, a model that nobody measured, and what can't be modelled: nothing else is sent."""
    write_open(repo, "counting: auto", models=[MODEL, UNVERIFIED], open=TEXT, clear="Hi.")
    paper(repo)

    done = check()

    shown = str(
        [
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
            }
        ]
    )
    assert asked(api) == sorted(
        [
            (MODEL, TEXT), (UNVERIFIED, TEXT), (UNVERIFIED, "Hi."),
            (MODEL, shown), (UNVERIFIED, shown),
        ]
    )  # fmt: skip
    assert done.verdicts["prompts/clear.md", MODEL][1:] == ("offline", "ok")
    assert done.verdicts["prompts/paper.json", MODEL][1:] == ("api", "over")
    assert done.report["summary"]["api"] == 5


def write_sum(repo: Repo, limit: int) -> None:
    """Two prompts of a sum, each of which has no limit that is near."""
    write(
        repo, top=f"counting: auto\ngroups: [{{name: all, sum: prompts/*, limit: {limit}}}]", a=TEXT, b="Hi."
    )


@pytest.mark.parametrize(("distance", "is_asked"), [(0, True), (100, False), (-10, False)])
def test_auto_asks_for_the_members_of_a_sum_that_the_offline_counts_leave_open(
    repo: Repo,
    check: Callable[..., Done],
    lint: Callable[..., Done],
    api: ApiServer,
    key: None,
    distance: int,
    is_asked: bool,
) -> None:
    """Each of them may be far below the limit of the sum. A dry run lists the same, and nothing is asked for twice."""
    write_sum(repo, offline_tokens(TEXT) + offline_tokens("Hi.") + distance)

    listed = lint("check", "--dry-run").out
    first, second = check(), check()

    assert asked(api) == ([(MODEL, "Hi."), (MODEL, TEXT)] if is_asked else [])
    assert ("2 requests" in listed) == is_asked
    assert first.verdicts[".prompt-lint.yaml", MODEL] == second.verdicts[".prompt-lint.yaml", MODEL]
    assert first.verdicts[".prompt-lint.yaml", MODEL][1:] == (
        "api" if is_asked else "offline", "over" if distance < 0 else "warn" if is_asked else "ok"
    )  # fmt: skip


def test_a_count_of_the_api_is_that_of_every_prompt_with_the_text(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a file that was counted offline by an earlier run, which was enough for it: it has not grown by this."""
    monkeypatch.setattr(safe_read, "_CLOCK_TICK", 0)  # what has just been written is remembered
    limit = offline_tokens(TEXT) + offline_tokens("Hi.")
    api.count = lambda model, fields: api_server.offline_count(model, fields) + 1
    write_sum(repo, limit + 1000)
    repo.write("prompts/CLAUDE.md", "@a.md\n")
    repo.commit()
    check()
    config = repo.path / ".prompt-lint.yaml"
    open_limit = offline_tokens(f"@a.md\n\n{TEXT}") + offline_tokens("Hi.")
    config.write_text(config.read_text().replace(f"limit: {limit + 1000}", f"limit: {open_limit}"))

    done = check("--base", "HEAD")

    assert len(api.requests) == 2  # a.md is a part of CLAUDE.md, so it isn't asked for itself
    assert done.verdicts["prompts/CLAUDE.md", MODEL][1] == "api"
    assert {verdict["growth"] for verdict in done.report["verdicts"]} == {0}


def test_auto_asks_for_what_is_not_known_of_an_open_sum(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """Members that the cache knows exactly aren't sent again."""
    write_sum(repo, offline_tokens(TEXT) + offline_tokens("Hi."))
    check("prompts/a.md", "--counting", "exact")
    repo.write("prompts/b.md", "Hello.")
    repo.write(".prompt-lint.yaml", (repo.path / ".prompt-lint.yaml").read_text().replace("all", "new"))

    done = check()

    assert asked(api) == [(MODEL, "Hello."), (MODEL, "Hi."), (MODEL, TEXT)]
    assert done.verdicts[".prompt-lint.yaml", MODEL][1] == "api"


def test_each_distinct_request_is_sent_once(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """However many files, links, rules and limits share it."""
    repo.write(
        ".prompt-lint.yaml",
        f"models: [{MODEL}]\nlimit: 100\nprompts:\n  - files: a/**\n  - files: b/**\n    models: [{MODEL}, {OLDER}]\n"
        "    limit: 200\n",
    )
    for name in ("a/1.md", "a/2.md", "b/1.md", "b/2.md"):
        repo.write(name, TEXT)
    repo.link("a/link.md", "../b/1.md")

    done = check()

    assert asked(api) == [(MODEL, TEXT), (OLDER, TEXT)]
    assert len(done.verdicts) == 7
    assert {origin for _, origin, _ in done.verdicts.values()} == {"api"}
    assert done.report["summary"]["sent"] == 2


def modules_after(repo: Repo, *arguments: str) -> tuple[int, list[str]]:
    """The exit code of a run in a process of its own, and which heavy libraries that imported."""
    program = (
        f"import sys; from prompt_lint.cli import main as cli; code = cli.run({list(arguments)!r});"
        "print(code, *sorted({'anthropic', 'httpx2', 'ssl', 'asyncio'} & sys.modules.keys()))"
    )
    code, *found = run(repo, sys.executable, "-c", program).out.splitlines()[-1].split()
    return int(code), found


def test_what_is_known_costs_neither_a_request_nor_an_import(repo: Repo, api: ApiServer, key: None) -> None:
    """The SDK isn't imported for a static key, and nothing of HTTP where every count is in the cache."""
    write_open(repo)

    first = modules_after(repo, "check")
    second = modules_after(repo, "check")

    assert first[0] == second[0] == 0
    assert "httpx2" in first[1]
    assert "anthropic" not in first[1]
    assert second[1] == []
    assert len(api.requests) == 1


def test_nothing_unknown_is_nothing_sent(
    repo: Repo, check: Callable[..., Done], lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """Exact counts of an earlier run stay exact, in every mode, and the run says that it sent nothing."""
    write_open(repo)
    check()
    api.plan = always("500")

    runs = [check(), check("--offline"), check("--counting", "auto")]

    assert [done.code for done in runs] == [0, 0, 0]
    assert all(done.verdicts["prompts/a.md", MODEL][1] == "api" for done in runs)
    assert {(done.report["summary"]["sent"], done.report["summary"]["host"]) for done in runs} == {(0, "")}
    assert "1 counted by the API, nothing sent.\n" in lint("check").out
    assert len(api.requests) == 1


# ---------------------------------------------------------------------------------------------------------
# What is said


def test_every_number_names_its_origin_and_the_run_its_host(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """In text by ±, in JSON by name; how many of each, how many requests and whereto, once."""
    write_open(repo, "counting: auto", open=TEXT, clear="Hi.")

    told = lint("check", "-v").out
    summary = lint("check", "--output-format", "json", "--no-cache").report["summary"]

    assert re.search(rf"{MODEL}  +{offline_tokens(TEXT)} +of", told)
    assert re.search(rf"{MODEL}  {offline_tokens('Hi.')} ±2  of", told)
    line = f"1 counted by the API, 1 counted offline (± is the interval, measured by 500 requests for {MODEL}), 1 request sent to 127.0.0.1:{api.port}.\n"
    assert told.count(line) == 1
    assert (summary["api"], summary["offline"], summary["sent"]) == (1, 1, 1)
    assert summary["host"] == f"127.0.0.1:{api.port}"


def test_count_and_explain_ask_and_say_so_too(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """All commands that count do it alike."""
    write_open(repo)
    api.count = lambda *_: 13

    counted = lint("count", "prompts/a.md", "--model", MODEL)
    explained = lint("explain", "prompts/a.md")

    assert counted == Done(
        0, f"13  {MODEL}  prompts/a.md\n1 counted by the API, 1 request sent to 127.0.0.1:{api.port}.\n", ""
    )
    assert explained.code == 0
    assert re.search(rf"{MODEL}  13  of", explained.out)
    assert len(api.requests) == 1


def test_requests_are_counted_as_they_were_sent(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, hasty: None
) -> None:
    """Tries that failed went to the host as well; what was never sent isn't counted."""
    write(repo, **distinct(4))
    api.plan = ["500", "500"]

    done = check("--max-requests", "3", "--jobs", "1")

    assert len(api.requests) == 3
    assert done.report["summary"]["sent"] == 3


def test_an_exact_count_that_is_far_off_is_told_once_for_a_family(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """A tokenizer that has changed a little is noticed by whoever counts exactly, and the exact counts are used."""
    text = "Count the words of this sentence, and of the next one. " * 10
    write(repo, models=[MODEL, "claude-sonnet-5", OLDER], a=text, b=text + TEXT)
    api.count = lambda model, fields: round(api_server.offline_count(model, fields) * 1.04)

    done = check()

    told = [note for note in done.report["notes"] if "tokenizer" in note]
    assert len(told) == 2
    assert re.fullmatch(
        r"offline counts of the tokenizer v3 run (3|4)\.\d% low on 2 prompts of this run; exact ones were used",
        told[0],
    )
    assert "v4.8 run " in told[1]
    assert " low on 4 prompts " in told[1]
    assert done.verdicts["prompts/a.md", OLDER][0] == round(offline_tokens(text, OLDER) * 1.04)


def test_no_drift_no_note(repo: Repo, check: Callable[..., Done], api: ApiServer, key: None) -> None:
    """Three tokens or one per cent are no news."""
    write(repo, models=[MODEL, OLDER], **distinct(3))
    api.count = lambda model, fields: api_server.offline_count(model, fields) + 3

    assert check().report["notes"] == []


def test_a_proxy_in_the_environment_is_told_by_name(
    repo: Repo, lint: Callable[..., Done], key: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who steers requests is said, and who doesn't let them through; how may hold a password."""
    write_open(repo)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy.invalid")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Team: hunter2")
    obeyed = "note: requests obeyed these environment variables: ANTHROPIC_CUSTOM_HEADERS\n"
    assert obeyed in lint("check").out  # no proxy for the loopback

    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://nowhere.invalid")
    done = lint("check", "--deadline", "0.5")

    assert "the name of the proxy proxy.invalid:80 (HTTPS_PROXY) can't be resolved" in done.out
    assert "sent to" not in done.out
    assert "hunter2" not in done.out + done.err


# ---------------------------------------------------------------------------------------------------------
# Offline counts that stand in


def test_an_offline_count_stands_in_where_it_decides(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, hasty: None
) -> None:
    """In an outage, what is clear is judged and marked as offline; what is open or unmodelled is not counted."""
    write_open(repo, models=[MODEL, UNVERIFIED], open=TEXT, clear="Hi.", over=TEXT * 5)
    paper(repo)
    api.plan = always("503")

    done = check()

    assert done.code == 1
    assert done.verdicts == {
        ("prompts/clear.md", MODEL): (offline_tokens("Hi."), "offline", "ok"),
        ("prompts/over.md", MODEL): (offline_tokens(TEXT * 5), "offline", "over"),
        ("prompts/open.md", MODEL): (None, None, "uncounted"),
        ("prompts/paper.json", MODEL): (None, None, "uncounted"),
        **{
            (f"prompts/{name}", UNVERIFIED): (None, None, "uncounted")
            for name in ("clear.md", "over.md", "open.md", "paper.json")
        },
    }
    assert done.report["summary"]["unanswered"] == 8


@pytest.mark.parametrize("what", ["open", "paper"])
def test_what_an_outage_leaves_open_is_exit_3(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None, hasty: None, what: str
) -> None:
    """Never green without a valid number, whatever the configuration says of outages."""
    write_open(repo, "on_unavailable: offline", clear="Hi.")
    if what == "open":
        repo.write("prompts/open.md", TEXT)
    else:
        paper(repo, "prompts/open.json")
    api.plan = always("503")

    done = lint("check", "--exit-zero")

    assert done.code == 3
    assert re.search(r"ERROR     prompts/open\.\w+:1: not counted: ", done.out)


@pytest.mark.parametrize(
    ("line", "ci", "code"),
    [
        ("", False, 0), ("", True, 3),
        ("on_unavailable: fail", False, 3), ("on_unavailable: fail", True, 3),
        ("on_unavailable: offline", False, 0), ("on_unavailable: offline", True, 0),
    ],
)  # fmt: skip
def test_an_outage_by_itself_fails_in_ci_unless_the_configuration_decides(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None, hasty: None,
    monkeypatch: pytest.MonkeyPatch, line: str, ci: bool, code: int,
) -> None:  # fmt: skip
    """A hook goes on by the offline count, a merge gate doesn't; either says it, even when told to be quiet."""
    write(repo, top=line, a=TEXT)
    api.plan = always("503")
    monkeypatch.setenv("CI", "true" if ci else "false")

    runs = [lint("check"), lint("check", "-q"), lint("check", "--output-format", "json")]
    counted = lint("count", "prompts/a.md", "--model", MODEL)

    assert [done.code for done in runs] == [code] * 3
    told = "no exact count for 1 request: 127.0.0.1"
    assert all(told in done.out for done in [*runs, counted])
    assert runs[2].verdicts["prompts/a.md", MODEL][1:] == ("offline", "ok")
    whereto = f"0 counted by the API, 1 counted offline (± is the interval, measured by 500 requests for {MODEL}), 3 requests sent to 127.0.0.1:{api.port}.\n"
    assert all(whereto in done.out for done in (runs[0], counted))
    assert counted.code == (3 if ci else 0)


@pytest.mark.parametrize("mode", ["exact", "auto"])
def test_asked_to_count_without_a_credential(repo: Repo, lint: Callable[..., Done], mode: str) -> None:
    """A missing key is said with what to do; what is open stays uncounted."""
    write_open(repo, f"counting: {mode}")

    done = lint("check")

    assert done.code == 3
    assert "not counted: ANTHROPIC_API_KEY isn't set, nor is a token" in done.out
    assert "or count offline (--offline)" in done.out


# ---------------------------------------------------------------------------------------------------------
# Faults


def everything_written(repo: Repo, *done: Done) -> bytes:
    """Outputs, and every file below the repository and the user's folder."""
    folders = (repo.path, Path(os.environ["HOME"]))
    return b"\0".join([*read_files(folders), *(text.encode() for one in done for text in (one.out, one.err))])


def shown(repo: Repo, secret: str, *done: Done) -> list[bytes]:
    written = everything_written(repo, *done)
    return [form for form in forms(secret) if form in written]


def test_the_search_for_a_secret_finds_one(repo: Repo) -> None:
    """A canary that was written in any form is found."""
    for text in (f"key: {CANARY}!", base64.b64encode(f"Bearer {CANARY}".encode()).decode(), quote(CANARY)):
        assert shown(repo, CANARY, Done(0, text, ""))
    (Path(os.environ["HOME"]) / "log").write_text(repr(CANARY))
    assert shown(repo, CANARY)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in KINDS else pytest.mark.slow) for name in FAULTS]
)
def test_no_fault_makes_a_pass_a_traceback_or_a_leak(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:  # fmt: skip
    """Whatever the server does, a run ends in time, with a valid number or exit code 3, and the key is nowhere."""
    write_open(repo)
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    api.keys = frozenset({CANARY})
    api.plan = always(name)
    deadline = 20 if name in TRUE else 0.3
    begun = time.monotonic()

    done = check("--deadline", str(deadline), "--output", f"text={repo.path}/report.txt")

    took = time.monotonic() - begun
    expected = (offline_tokens(TEXT), "api", "warn") if name in TRUE else (None, None, "uncounted")
    if name == "wrong_content_type":  # a count all the same
        expected = (42, "api", "over")
    assert done.verdicts == {("prompts/a.md", MODEL): expected}
    assert done.code == {"warn": 0, "over": 1, "uncounted": 3}[expected[2]]
    assert done.err == ""
    assert shown(repo, CANARY, done) == []
    assert took < deadline + 2
    assert api.requests
    for problem in done.report["problems"]:
        assert len(problem["message"]) < 600
        assert len(problem["message"].splitlines()) == 1


@pytest.mark.parametrize("place", ["refusing", "blackhole", "mute", "nowhere"])
def test_nobody_at_home_is_exit_3_in_time(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:  # fmt: skip
    """Refused, unanswered, silent and unknown addresses end within the deadline."""
    write_open(repo)
    api.mute = True
    with contextlib.ExitStack() as stack:
        addresses = {"refusing": refusing, "blackhole": blackhole}
        if place in addresses:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", stack.enter_context(addresses[place]()))
        elif place == "nowhere":
            monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://nowhere.invalid")
        begun = time.monotonic()
        done = check("--deadline", "1")
        took = time.monotonic() - begun

    assert (done.code, done.err) == (3, "")
    assert done.verdicts["prompts/a.md", MODEL] == (None, None, "uncounted")
    assert took < 3


@pytest.mark.parametrize("code", ["401", "403", "redirect_307", "429_spend_limit"])
def test_what_would_meet_every_request_stops_at_the_first(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, code: str
) -> None:
    """A rejected key isn't tried twelve times."""
    write(repo, **distinct(12))
    api.plan = always(code)

    done = check("--jobs", "1", "--counting", "exact")

    assert len(api.requests) == 1
    assert done.report["summary"]["unanswered"] == 12
    assert {origin for _, origin, _ in done.verdicts.values()} == {"offline"}


@pytest.mark.parametrize("fault", ["400", "404", "413", "413_html"])
def test_what_concerns_one_prompt_leaves_the_others_alone(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, fault: str
) -> None:
    """A prompt that the API refuses is told, and the rest is counted exactly."""
    write_open(repo, **{f"p{n}": f"{TEXT[:-1]}{n}?" for n in range(8)}, bad=TEXT)
    api.plan = where(b'"What is 2 + 2?"', fault)

    done = check()

    assert done.code == 3
    assert done.verdicts["prompts/bad.md", MODEL] == (None, None, "uncounted")
    assert [v for v in done.verdicts.values() if v[1] != "api"] == [(None, None, "uncounted")]
    assert len(api.requests) == 9
    told = [p["message"] for p in done.report["problems"] if p["path"] == "prompts/bad.md"]
    assert len(told) == 1
    assert f"answered {fault[:3]}" in told[0]
    assert fault == "413_html" or "(req_test" in told[0]


def test_an_unknown_model_is_told_once_for_each_prompt(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """404 for one model says nothing against the other."""
    write(repo, models=[MODEL, "claude-nonsense-9"], **distinct(2))

    done = check()

    assert done.code == 3
    assert done.verdicts["prompts/p0.md", MODEL][1:] == ("api", "ok")
    assert done.verdicts["prompts/p0.md", "claude-nonsense-9"] == (None, None, "uncounted")
    assert "model: claude-nonsense-9" in done.report["problems"][0]["message"]


def test_five_failures_in_a_row_stop_a_run(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, hasty: None
) -> None:
    """A server that only fails isn't kept busy with the other prompts."""
    write(repo, **distinct(40))
    api.plan = always("500")

    done = check("--jobs", "1")

    assert len(api.requests) == 5
    assert done.report["summary"]["unanswered"] == 40
    assert "5 failures in a row" in done.out


@pytest.mark.parametrize(
    "fault", ["429_retry_after_3600", "429_retry_after_future_date", "529_retry_after_3600"]
)
def test_a_wait_that_does_not_fit_ends_the_run_with_the_time_to_come_back(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, fault: str
) -> None:
    """Nobody sits through an hour's wait that the deadline cuts off anyway."""
    write_open(repo, **distinct(5))
    api.plan = always(fault)
    begun = time.monotonic()

    done = check("--jobs", "1")

    assert time.monotonic() - begun < 5
    assert done.code == 3
    assert len(api.requests) == 1
    assert re.search(r"it asks to try again in (60|59) min, at \d\d:\d\d UTC", done.out)


def test_a_short_wait_is_waited_for(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """A refusal by the rate limit costs time and no number."""
    write_open(repo, **distinct(3))
    api.plan = ["429_retry_after_1", "503", "reset"]

    done = check("--jobs", "1", "--deadline", "30")

    assert {origin for _, origin, _ in done.verdicts.values()} == {"api"}
    assert len(api.requests) == 6


def test_max_requests_leaves_the_rest_for_the_next_run(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """What was counted is kept, what wasn't says why, and no run asks twice."""
    write(repo, offline_tokens(TEXT), **{f"p{n}": f"{TEXT[:-1]}{n}?" for n in range(5)})

    runs = [check("--max-requests", "2") for _ in range(3)]

    assert [done.code for done in runs] == [3, 3, 0]
    assert [done.report["summary"]["api"] for done in runs] == [2, 4, 5]
    assert len(api.requests) == len({seen.body for seen in api.requests}) == 5
    problem = runs[0].report["problems"][0]
    assert problem["message"] == "not counted: stopped after 2 requests (--max-requests)"
    assert problem["hint"].startswith("raise --max-requests")


def test_a_token_that_expires_in_the_middle_keeps_what_was_counted(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """401 after some good answers: those stay, the next run asks for the rest."""
    write(repo, **distinct(6))
    api.plan = after(4, "401")

    check("--jobs", "1")
    api.plan = []
    done = check()

    assert {origin for _, origin, _ in done.verdicts.values()} == {"api"}
    assert len(api.requests) == 4 + 1 + 2


def test_a_redirect_is_not_followed(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """Wherever it leads, nothing arrives there: neither key nor prompt."""
    write_open(repo)
    with ApiServer() as other:
        for code in (301, 302, 303, 307, 308):
            api.redirect_to = other.url + COUNT_PATH
            api.plan = always(f"redirect_{code}")
            done = check()
            assert done.code == 3
            assert "a redirect" in done.out

        assert (other.requests, other.connections) == ([], 0)


@pytest.mark.parametrize("limits", [False, True])
def test_a_rate_limit_loses_nothing(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, limits: bool
) -> None:
    """Refused requests come again until all are counted."""
    write(repo, **distinct(40))
    api.bucket = api_server.Bucket(2400)
    api.rate_headers = limits

    done = check()

    assert done.report["summary"]["api"] == 40


# ---------------------------------------------------------------------------------------------------------
# Keys, endpoints, and what strangers write


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
@pytest.mark.parametrize(
    "value", ["{}\n", " {}", "{}\r\n", "{}\x1b", "a {}", "{}é", "sk-ant-admin01-{}"],
    ids=["newline", "space", "crlf", "control", "inner space", "not ASCII", "admin"],
)  # fmt: skip
def test_a_key_that_must_not_be_used_ends_the_run_before_anything_is_sent(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch,
    name: str, value: str,
) -> None:  # fmt: skip
    """Exit code 2, what is wrong and what to do, and not a character of the key."""
    write_open(repo)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv(name, value.format("SECRETcanary0123456789"))

    done = lint("check")

    assert (done.code, done.out, api.connections) == (2, "", 0)
    assert done.err.startswith(f"error: {name} ")
    assert shown(repo, "SECRETcanary0123456789", done) == []
    assert lint("check", "--offline").code == 0


@pytest.mark.parametrize(
    "address",
    ["http://gateway.invalid", "http://10.0.0.1", "https://u:hunter2@127.0.0.1:{}", "http://127.0.0.1:{}?hunter2",
     "http://127.0.0.1:{}#hunter2", "ftp://127.0.0.1:{}", "http://127.0.0.1:{}\\@hunter2", "127.0.0.1:{}",
     "http://127.0.0.1.hunter2.invalid", "https://[::::]", "https://[1]:{}"],
)  # fmt: skip
def test_an_address_that_must_not_be_used_ends_the_run_before_anything_is_sent(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:  # fmt: skip
    """The key goes over TLS, or to this machine, to a plain address; what may be a password isn't shown."""
    write_open(repo)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address.format(api.port))

    done = lint("check")

    assert (done.code, done.out, api.connections) == (2, "", 0)
    assert done.err.startswith("error: ANTHROPIC_BASE_URL ")
    assert "hunter2" not in done.err


@pytest.mark.parametrize(
    ("flags", "extra"), [(("--provider", "vertex"), "vertex"), (("--provider", "aws"), "aws")]
)
def test_a_credential_that_needs_the_sdk_says_what_to_install(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, flags: Sequence[str], extra: str
) -> None:
    """Not a traceback, and not a word before something is to be counted."""
    write_open(repo)
    monkeypatch.setenv("ANTHROPIC_PROFILE", "work")
    monkeypatch.setitem(sys.modules, "anthropic", None)  # as if it weren't installed

    done = lint("check", *flags)

    assert (done.code, done.out) == (2, "")
    assert f"--provider {extra} can't be used: it lacks " in done.err
    assert f'pip install "anthropic[{extra}]"' in done.err
    assert lint("check", "--offline", *flags).code == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPS_PROXY", "nonsense://u:hunter2@x"), ("ALL_PROXY", "socks9://u:hunter2@127.0.0.1:1"),
     ("SSL_CERT_FILE", "/nonexistent/hunter2"), ("SSL_CERT_FILE", "/dev/null")],
)  # fmt: skip
def test_a_proxy_or_certificate_that_cannot_be_used_is_a_line(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch,
    name: str, value: str,
) -> None:  # fmt: skip
    """What the environment gets wrong is exit code 2, without a password and without a traceback."""
    write_open(repo)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://nowhere.invalid")
    monkeypatch.setenv(name, value)

    done = lint("check")

    assert (done.code, done.out, api.connections) == (2, "", 0)
    assert done.err.startswith("error: ")
    assert "hunter2" not in done.err


def test_a_fault_of_our_own_is_not_taken_for_a_limit(repo: Repo) -> None:
    """An exception that nobody foresaw is exit code 3 and a line without its text, which may hold anything."""
    write_open(repo)
    program = (
        "import sys, prompt_lint.cli.main as c, prompt_lint.check.pipeline as k; sys.argv = ['prompt-lint', 'check']\n"
        "def judge_prompts(*_): raise ZeroDivisionError('hunter2')\n"
        "k.judge_prompts = judge_prompts; c.main()"
    )

    done = run(repo, sys.executable, "-c", program)

    assert (done.code, done.out) == (3, "")
    assert re.fullmatch(
        r"error: prompt-lint \S+ failed \(ZeroDivisionError in check/pipeline\.py:\d+\)\nthis is a bug: .*\n",
        done.err,
    )


def test_no_file_of_the_repository_holds_a_credential(
    repo: Repo, check: Callable[..., Done], api: ApiServer
) -> None:
    """`.env` and the like are files of a stranger: not read."""
    write_open(repo)
    for name in (".env", ".envrc", "prompts/../.env.local"):
        repo.write(name, f"ANTHROPIC_API_KEY={KEY}\nANTHROPIC_BASE_URL={api.url}\n")
    repo.write(".config/anthropic/configs/default.json", json.dumps({"base_url": api.url, "api_key": KEY}))

    done = check()

    assert done.verdicts["prompts/a.md", MODEL][1:] == ("offline", "unsure")
    assert api.connections == 0


@pytest.mark.parametrize(
    "line", ["base_url: {}", "ANTHROPIC_BASE_URL: {}", "api_key_env: GITHUB_TOKEN", "proxy: {}"]
)
def test_a_configuration_cannot_steer_requests(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None, line: str
) -> None:
    """Naming an endpoint, a proxy or a key in the repository is an error, and nothing is sent to anyone."""
    with ApiServer() as other:
        write_open(repo, line.format(other.url))

        done = lint("check")

        assert (done.code, done.out) == (2, "")
        assert (api.connections, other.connections) == (0, 0)


@pytest.mark.parametrize("fault", ["503", "hostile_message", "echo_key_400"])
def test_hostile_names_and_messages_stay_on_their_line(
    repo: Repo, lint: Callable[..., Done], api: ApiServer, key: None, hasty: None, fault: str
) -> None:
    """Neither a file's name nor the server's words command a terminal or a CI runner."""
    write_open(repo)
    for name in (
        "::error::x.md",
        "a\n::error::y.md",
        "\x1b[2J.md",
        "##[error]z.md",
        "\u202etxt.md",
        "\udcff.md",
    ):
        repo.write(os.fsencode(f"prompts/{name}"), TEXT)
    api.plan = always(fault)

    done = lint("check", "-v")

    lines = done.out.splitlines()
    assert (done.code, done.err) == (3, "")
    assert done.out.replace("\n", "").isprintable()
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    assert KEY not in done.out


# ---------------------------------------------------------------------------------------------------------
# Signals


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("number", "code", "told", "fault"),
    [
        *((signal.SIGINT, 130, "interrupted", fault) for fault in ("hang", "429")),
        (signal.SIGTERM, 143, "terminated", "hang"),
        (signal.SIGHUP, 129, "the terminal was closed", "hang"),
    ],
)
def test_a_run_that_is_told_to_end_keeps_what_was_counted(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None,
    number: signal.Signals, code: int, told: str, fault: Planned,
) -> None:  # fmt: skip
    """Ctrl-C, SIGTERM and SIGHUP: at once, with what is kept in a line, and the next run sends only the rest."""
    write(repo, **distinct(9))
    api.plan = after(5, fault)
    with started(repo, PROGRAM, "check", "--jobs", "2") as process:
        wait_until(lambda: len(api.requests) > 5)
        time.sleep(0.1)  # the fifth answer arrives
        begun = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    # A second, on a machine that isn't busy; what it waits for takes minutes.
    assert time.monotonic() - begun < 10
    told = f"error: {told} after 5 of 9 counts; they are cached, run again to continue"
    assert (process.returncode, out, err.decode().strip()) == (code, b"", told)
    sent, api.plan = len(api.requests), []
    assert check().report["summary"]["api"] == 9
    assert len(api.requests) - sent == 4


# ---------------------------------------------------------------------------------------------------------
# The cache


def kept(folder: Path) -> list[Path]:
    return sorted(folder.rglob("counts-*"))


def test_no_cache_neither_reads_nor_keeps(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """Every run asks anew, and leaves nothing behind."""
    write_open(repo)

    check("--no-cache")
    check("--no-cache")

    assert len(api.requests) == 2
    assert kept(Path(os.environ["HOME"])) == []


def test_the_place_of_the_cache_is_the_flags_then_the_environments(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Counts are found again wherever they were put, and nowhere else."""
    write_open(repo)
    monkeypatch.setenv("PROMPT_LINT_CACHE_DIR", str(tmp_path / "variable"))

    check()
    check()
    check("--cache-dir", f"{tmp_path}/flag")
    check("--cache-dir", f"{tmp_path}/flag")

    assert len(api.requests) == 2
    assert [path.parent.name for path in kept(tmp_path)] == ["flag", "variable"]
    assert kept(Path(os.environ["HOME"])) == []


def test_another_endpoint_is_asked_anew(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway may count otherwise: its numbers are its own."""
    write_open(repo)
    check()
    with ApiServer() as other:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", other.url)
        check()

        assert (len(api.requests), len(other.requests)) == (1, 1)


def garbage(place: Path) -> None:
    place.mkdir(parents=True)
    (place / "counts-v2.db").write_bytes(b"<html>not a database</html>" * 400)


def folder(place: Path) -> None:
    (place / "counts-v2.db").mkdir(parents=True)


def file_in_its_place(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file")


@pytest.mark.parametrize("breaks", [garbage, folder, file_in_its_place])
def test_a_broken_cache_costs_a_note_and_no_verdict(
    repo: Repo, check: Callable[..., Done], api: ApiServer, key: None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, breaks: Callable[[Path], None],
) -> None:  # fmt: skip
    """The same verdicts as without one."""
    write_open(repo, open=TEXT, over=TEXT * 5)
    place = tmp_path / "cache"
    breaks(place)
    monkeypatch.setenv("PROMPT_LINT_CACHE_DIR", str(place))

    broken = check()
    without = check("--no-cache")

    assert broken.code == without.code == 1
    assert broken.report["verdicts"] == without.report["verdicts"]
    assert len(broken.report["notes"]) == 1
    assert broken.report["notes"][0].startswith("the cache ")
    assert without.report["notes"] == []


def test_cache_info_and_clear(
    repo: Repo, check: Callable[..., Done], lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """What is kept can be looked at and removed; then it is asked for again."""
    write_open(repo, models=[MODEL, OLDER], a=TEXT)
    check()

    told = lint("cache", "info")
    cleared = lint("cache", "clear")
    empty = lint("cache", "info")
    check()

    assert told.code == cleared.code == empty.code == 0
    assert re.search(r"counts-v2\.db: [\d,]+ bytes\n2 exact counts, 0 offline ones, counted from ", told.out)
    assert re.fullmatch(r"removed [1-9][\d,]* bytes\n", cleared.out)
    assert "0 exact counts" in empty.out
    assert len(api.requests) == 4


# ---------------------------------------------------------------------------------------------------------
# Recorded requests of the real API


def recorded(most: int) -> list[dict[str, Any]]:
    """Plain text requests with what the API said, spread over the recording; each request once."""
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row["category"] == "text" and set(row["request"]) <= {"model", "messages", "system"}:
            found.setdefault((row["model"], json.dumps(row["request"], sort_keys=True)), row)
    chosen = list(found.values())
    return chosen[:: max(1, len(chosen) // most)][:most]


@pytest.mark.skipif(not DATA.is_file(), reason="no recorded requests (PROMPT_LINT_DATA)")
def test_recorded_counts_come_back(repo: Repo, check: Callable[..., Done], api: ApiServer, key: None) -> None:
    """Requests of other people's software, through files, wire and report: the recorded number, for each."""
    rows = recorded(60)
    api.models |= {row["model"]: 200_000 for row in rows}
    answers: dict[str, int] = {}
    api.count = lambda _, fields: answers[json.dumps(fields, sort_keys=True)]
    rules: list[str] = []
    for model in sorted({row["model"] for row in rows}):
        rules.append(f"  - files: {model}/*.json\n    models: [{model}]\n")
        for number, row in enumerate(row for row in rows if row["model"] == model):
            body = {**row["request"], "model": model}
            answers[json.dumps(body, sort_keys=True)] = row["input_tokens"]
            repo.write(f"{model}/{number}.json", json.dumps(body))
            row["file"] = f"{model}/{number}.json"
    repo.write(".prompt-lint.yaml", "limit: 9000k\nprompts:\n" + "".join(rules))

    done = check()

    counted = {path: (tokens, origin) for (path, _), (tokens, origin, _) in done.verdicts.items()}
    assert {row["file"]: (row["input_tokens"], "api") for row in rows} == counted
    assert len(rows) == 60


def test_a_deadline_is_a_number(repo: Repo, lint: Callable[..., Done]) -> None:
    """`nan` would be no deadline at all: it compares as if it were in every range."""
    write(repo, a=TEXT)

    assert lint("check", "--deadline", "nan").code == 2
