"""`check --dry-run` says what would be sent, and sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.api_server import KEY, ApiServer
from tests.support.program import Done

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.repo import Repo

CONFIG = """\
models: [claude-opus-5, claude-haiku-4-5]
limit: 8k
prompts:
  - files: prompts/*
  - {files: prompts/short.md, models: [claude-opus-5]}
"""
DOCUMENT = """{"messages": [{"role": "user", "content": [
  {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A text."}}]}]}"""


@pytest.fixture
def key(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential for the server."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)


@pytest.fixture
def prompts(repo: Repo) -> Repo:
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/a.md", "Be kind.\n")
    repo.write("prompts/b.md", "Be kind.\n")
    repo.write("prompts/short.md", "Be brief.\n")
    return repo


def test_what_would_be_sent_is_shown_and_nothing_is_sent(
    prompts: Repo, lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """Each prompt with its models, equal requests once, the host and the time; nobody connects."""
    assert lint("check", "--dry-run") == Done(
        0,
        (
            "prompts/a.md: claude-opus-5, claude-haiku-4-5\n"
            "prompts/b.md: claude-opus-5, claude-haiku-4-5\n"
            "prompts/short.md: claude-opus-5\n"
            f"3 requests would be sent to 127.0.0.1:{api.port}; nothing was sent.\n"
            "At 30 requests a second, with which a run begins, that takes about 1 second.\n"
        ),
        "",
    )
    assert (api.requests, api.connections) == ([], 0)

    lint("check")
    assert len(api.requests) == 3
    assert (
        lint("check", "--dry-run").out == "Nothing would be sent: all counts are known, or decided offline.\n"
    )


def test_without_a_key_everything_is_counted_offline(
    prompts: Repo, lint: Callable[..., Done], api: ApiServer
) -> None:
    """It says why."""
    done = lint("check", "--dry-run")

    assert done.code == 0
    assert done.out.startswith(
        "Nothing would be sent: everything is counted offline (ANTHROPIC_API_KEY isn't set, nor "
    )
    assert api.connections == 0


def test_offline_nothing_would_be_sent(
    prompts: Repo, lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """Whatever the environment has."""
    done = lint("check", "--dry-run", "--offline")

    assert (done.code, done.out) == (0, "Nothing would be sent: everything is counted offline.\n")
    assert api.connections == 0


def test_only_what_the_offline_count_leaves_open_is_planned(
    prompts: Repo, lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """With `--counting auto`: here what can't be counted offline."""
    prompts.write("prompts/document.json", DOCUMENT)

    done = lint("check", "--dry-run", "--counting", "auto")

    assert done.out == (
        "prompts/document.json: claude-opus-5, claude-haiku-4-5\n"
        f"2 requests would be sent to 127.0.0.1:{api.port}; nothing was sent.\n"
        "At 30 requests a second, with which a run begins, that takes about 1 second.\n"
    )
    assert api.connections == 0


def test_the_base_is_planned_too(prompts: Repo, lint: Callable[..., Done], api: ApiServer, key: None) -> None:
    """What a comparison would ask for beside the prompts themselves."""
    prompts.commit()
    prompts.write("prompts/a.md", "Be very kind.\n")

    done = lint("check", "--dry-run", "--base", "HEAD")

    assert "prompts/a.md: claude-opus-5, claude-haiku-4-5\n" in done.out
    assert "prompts/a.md in the base: claude-opus-5, claude-haiku-4-5\n" in done.out
    assert api.connections == 0


def test_a_member_of_a_sum_is_listed_once(
    prompts: Repo, lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """With the models of its rule and those of the sum."""
    group = "groups: [{name: all, sum: [prompts/*], models: [claude-opus-4-8, claude-opus-5], limit: 8k}]\n"
    prompts.write(".prompt-lint.yaml", CONFIG + group)

    done = lint("check", "--dry-run")

    assert done.out.splitlines()[:-1] == [
        "prompts/a.md: claude-opus-5, claude-haiku-4-5, claude-opus-4-8",
        "prompts/b.md: claude-opus-5, claude-haiku-4-5, claude-opus-4-8",
        "prompts/short.md: claude-opus-5, claude-opus-4-8",
        f"5 requests would be sent to 127.0.0.1:{api.port}; nothing was sent.",
    ]
    lint("check")
    assert len(api.requests) == 5


@pytest.mark.parametrize(
    "arguments",
    [("--output-format", "json"), ("-o", "report.txt"), ("--output", "sarif=report.txt")],
    ids=" ".join,
)
def test_a_report_that_would_not_be_written_is_refused(
    prompts: Repo, lint: Callable[..., Done], arguments: tuple[str, ...]
) -> None:
    """Nothing is judged, so there is none: a script that waits for one has to know."""
    done = lint("check", "--dry-run", *arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --dry-run judges nothing, so it writes no report\n"
        "leave out --output-format, --output-file and --output, or --dry-run\n"
    )
    assert not (prompts.path / "report.txt").exists()
    assert lint("check", "--dry-run", "--output-format", "text").code == 0


def test_many_requests_take_as_long_as_the_rate_says(
    prompts: Repo, lint: Callable[..., Done], api: ApiServer, key: None
) -> None:
    """All but the first few wait for their turn; a run has a limit; what can't be read is another matter."""
    for number in range(100):
        prompts.write(f"prompts/{number}.md", f"Take {number}.\n")
    prompts.write("prompts/latin.md", b"caf\xe9\n")

    done = lint("check", "--dry-run", "--max-requests", "160")

    assert done.code == 0
    assert done.out.splitlines()[-4:] == [
        f"203 requests would be sent to 127.0.0.1:{api.port}; nothing was sent.",
        "At 30 requests a second, with which a run begins, that takes about 5 seconds.",
        "A run sends 160 at most (--max-requests); the next one would go on from there.",
        "1 error besides: run `prompt-lint check` without --dry-run to see what fails.",
    ]
    assert api.connections == 0
