"""`prompt-lint models`, and what the command line makes of a model's name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest
from tests.support.paths import ROOT
from tests.support.program import PROGRAM, run

from prompt_lint.model.models import KNOWN_IDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

CONFIG = "models: [{}]\nlimit: 8k\nprompts: [{{files: a.md}}]\n"


def test_the_documentation_shows_the_list_as_it_is(lint: Callable[..., Done]) -> None:
    """Every known id with its window, its tokenizer and how sure its count is."""
    manual = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")

    done = lint("models")

    assert f"$ prompt-lint models\n{done.out}```\n" in manual
    assert [line.split()[0] for line in done.out.splitlines()[1 : len(KNOWN_IDS) + 1]] == list(KNOWN_IDS)


def test_the_list_is_there_for_programs(lint: Callable[..., Done]) -> None:
    """By its schema: windows in tokens, and the interval in numbers."""
    schema = json.loads((ROOT / "docs" / "models.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)

    listed = json.loads(lint("models", "--output-format", "json").out)

    jsonschema.validate(listed, schema)
    by_id = {model["id"]: model for model in listed["models"]}
    assert tuple(by_id) == KNOWN_IDS
    assert by_id["claude-haiku-4-5"] == {
        "id": "claude-haiku-4-5", "context_window": 200_000, "tokenizer": "v3", "basis": "measured", "requests": 351,
        "unverified": False,
        "margin": {"share": 0.0007, "tokens": 2},
    }  # fmt: skip
    assert by_id["claude-fable-5-2"]["unverified"]


@pytest.mark.parametrize("command", ["check", "count", "init"])
def test_a_shell_offers_the_known_ids(repo: Repo, command: str) -> None:
    """Those that begin as what is typed."""
    done = run(
        repo, PROGRAM,
        env={"_PROMPT_LINT_COMPLETE": "bash_complete", "COMP_WORDS": f"prompt-lint {command} --model claude-haiku-",
             "COMP_CWORD": "3"},
    )  # fmt: skip

    assert done.out.split() == ["plain,claude-haiku-5-5", "plain,claude-haiku-4-5"]


@pytest.mark.parametrize(
    "arguments",
    [("check", "a.md", "--limit", "9"), ("check", "a.md", "--limit", "5%"), ("count", "a.md"), ("init",), ("init", "--dry-run")],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize(
    ("model", "nearest"),
    [
        ("claude-sonet-5-5", "; did you mean `claude-sonnet-5-5`?"), ("opus-55", "; did you mean `claude-opus-5-5`?"),
        ("gpt-4o", ""),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_one_ends_every_command(
    repo: Repo, lint: Callable[..., Done], arguments: tuple[str, ...], model: str, nearest: str
) -> None:
    """Exit code 2 before anything is counted or written; the flag is to blame, not the configuration."""
    repo.write("a.md", "Be kind.\n")

    done = lint(*arguments, "--model", model)

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: --model: `{model}` isn't the id of a Claude model{nearest}\n`prompt-lint models` lists the known ones\n"
    )
    assert not (repo.path / ".prompt-lint.yaml").exists()


@pytest.mark.parametrize("command", [("check",), ("list",), ("explain", "a.md")], ids=" ".join)
def test_a_model_that_cannot_be_one_is_a_mistake_in_the_configuration(
    repo: Repo, lint: Callable[..., Done], command: tuple[str, ...]
) -> None:
    """With its line, and the nearest id."""
    repo.write("a.md", "Be kind.\n")
    repo.write(".prompt-lint.yaml", CONFIG.format("claude-sonet-5-5"))

    done = lint(*command)

    assert (done.code, done.out) == (2, "")
    assert ".prompt-lint.yaml:1:10: `claude-sonet-5-5` isn't the id of a Claude model" in done.err


@pytest.mark.parametrize("model", ["claude-sonnet-5-6", "claude-opus-6-20270101", "claude-quartz-1"])
def test_a_new_model_turns_no_run_red(repo: Repo, lint: Callable[..., Done], model: str) -> None:
    """It is counted as unverified, in the configuration and by the flag."""
    repo.write("a.md", "Be kind.\n")
    repo.write(".prompt-lint.yaml", CONFIG.format(model))

    for arguments in (
        ("check", "-v"),
        ("check", "-v", "--model", model),
        ("count", "a.md", "--model", model),
    ):
        done = lint(*arguments)
        assert done.code == 0
        assert "unverified" in done.out


def test_a_share_of_an_unknown_window_is_blamed_on_its_flag(repo: Repo, lint: Callable[..., Done]) -> None:
    """Not on a line of the configuration, which is right."""
    repo.write("a.md", "Be kind.\n")
    repo.write(".prompt-lint.yaml", CONFIG.format("claude-opus-5"))

    done = lint("check", "--limit", "5%", "--model", "claude-sonnet-5-6")

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --limit: the context window of `claude-sonnet-5-6` isn't known; "
        "give a number of tokens, not a share\nexample: --limit 8000\n"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("JOBS", "abc"), ("COUNTING", "perhaps"), ("DEADLINE", "soon"), ("MAX_REQUESTS", "0"), ("PROVIDER", "bedrock"),
     ("MAX_FILE_SIZE", "1G"), ("COLOR", "blue"), ("OUTPUT_FORMAT", "html")],
)  # fmt: skip
def test_a_wrong_value_in_the_environment_is_blamed_on_its_variable(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Nobody has typed the option."""
    monkeypatch.setenv(f"PROMPT_LINT_{name}", value)

    done = lint("check")

    assert done.code == 2
    assert done.err.startswith(f"error: PROMPT_LINT_{name}: ")


@pytest.mark.parametrize("command", [("check",), ("list",), ("explain", "a.md"), ("count", "a.md", "--model", "claude-opus-5")], ids=" ".join)  # fmt: skip
def test_exact_counts_by_a_flag_need_a_credential(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Or by the variable; not by the configuration, which forks have, too."""
    repo.write("a.md", "Be kind.\n")
    repo.write(".prompt-lint.yaml", CONFIG.format("claude-opus-5"))

    by_flag = lint(*command, "--counting", "exact")
    assert (by_flag.code, by_flag.out) == (2, "")
    assert by_flag.err.startswith(
        "error: --counting exact needs an API key: ANTHROPIC_API_KEY isn't set, nor "
    )

    monkeypatch.setenv("PROMPT_LINT_COUNTING", "exact")
    assert lint(*command).code == 2
    assert lint(*command, "--offline").code == 0


@pytest.mark.parametrize(("line", "code"), [("on_unavailable: offline", 0), ("on_unavailable: fail", 3)])
def test_exact_counts_by_the_configuration_follow_on_unavailable(
    repo: Repo, lint: Callable[..., Done], line: str, code: int
) -> None:
    """A fork has the configuration, and no key."""
    repo.write("a.md", "Be kind.\n")
    repo.write(".prompt-lint.yaml", CONFIG.format("claude-opus-5") + f"counting: exact\n{line}\n")

    done = lint("check")

    assert done.code == code
    assert "no exact count for 1 request: ANTHROPIC_API_KEY isn't set, nor " in done.out
