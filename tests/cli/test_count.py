"""`count`: a `wc` for tokens, and the requests that it counts."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from tests.support import log_commands
from tests.support.program import Done

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.repo import Repo

SHORT = "Answer in one sentence.\n"


def test_count_is_a_wc_for_tokens(repo: Repo, lint: Callable[..., Done]) -> None:
    """A line for each file and model, and a sum; no repository or configuration is looked at."""
    repo.write("a.md", "What is 2 + 2?")
    repo.write("b.md", SHORT)

    done = lint("count", "a.md", "b.md", "--model", "claude-sonnet-4-5")

    assert done == Done(
        0,
        "16 ±2  claude-sonnet-4-5  a.md\n12 ±2  claude-sonnet-4-5  b.md\n28 ±4  claude-sonnet-4-5  total\n",
        "",
    )


def test_counted_prompts_are_within_no_limit(repo: Repo, lint: Callable[..., Done]) -> None:
    """There is none: the Markdown says how many tokens there are, and no verdict."""
    repo.write("a.md", "Be kind.\n")
    repo.write("b.md", "Be brief.\n")
    single = lint("count", "--model=claude-sonnet-4-6", "--output-format=markdown", "a.md").out
    several = lint("count", "--model=claude-sonnet-4-6", "--output-format=markdown", "a.md", "b.md").out

    assert single.startswith("### 10 ±2 tokens for `claude-sonnet-4-6`\n")
    assert several.startswith("### 20 ±4 tokens for `claude-sonnet-4-6`\n")
    assert "<summary>2 prompts counted</summary>" in several
    assert "within" not in single + several


def test_only_formats_that_need_no_verdict_are_offered(lint: Callable[..., Done]) -> None:
    """Annotations and test reports are about limits, of which there are none."""
    for option in ("--output-format=sarif", "--output=junit=a.xml"):
        done = lint("count", "--model=claude-sonnet-4-6", option, "a.md")

        assert (done.code, done.out) == (2, "")
        assert "json" in done.err


def test_count_tells_what_it_could_not_read(repo: Repo, lint: Callable[..., Done]) -> None:
    """A file that isn't there is exit 3, and the others are counted."""
    repo.write("a.md", SHORT)

    done = lint("count", "missing.md", "a.md", "--model", "claude-sonnet-4-5")

    assert done.code == 3
    assert "12 ±2  claude-sonnet-4-5  a.md" in done.out
    assert "ERROR     missing.md: can't be read: No such file or directory" in done.out


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_pointer_of_lfs_is_not_counted(repo: Repo, lint: Callable[..., Done], newline: str) -> None:
    """The prompt is elsewhere: what is here are the words of git-lfs."""
    lines = ["version https://git-lfs.github.com/spec/v1", f"oid sha256:{'4d' * 32}", "size 12345", ""]
    repo.write("a.md", newline.join(lines))

    done = lint("count", "a.md", "--model", "claude-sonnet-4-5")

    assert done.code == 3
    assert (
        "ERROR     a.md: is a Git LFS pointer, not the file itself\n          run `git lfs pull`" in done.out
    )


def test_a_link_leads_no_further_than_check_follows_it(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path
) -> None:
    """Out of its repository, or to what git ignores, no link of a stranger's is counted, and so sent; a file that is named is."""
    (tmp_path / "secret.md").write_text("Secret.\n", encoding="utf-8")
    repo.write(".gitignore", ".env\n")
    repo.write(".env", "Secret.\n")
    repo.write("a.md", "Secret.\n")
    repo.link("out.md", "../secret.md")
    repo.link("folder", tmp_path)
    repo.link("ignored.md", ".env")
    repo.link("in.md", "a.md")

    done = lint(
        "count",
        "--model=claude-opus-5",
        "out.md",
        "folder/secret.md",
        "ignored.md",
        "in.md",
        ".env",
        "../secret.md",
    )

    leaves = "is a symbolic link that leaves the repository\n          name the file itself, if you mean that one\n"
    ignored = "leads to a file that is ignored by git\n          name the file itself, if you mean that one\n"
    errors, _, counts = done.out.partition("\n\n")
    assert done.code == 3
    assert f"{errors}\n" == (
        f"ERROR     out.md: {leaves}ERROR     folder/secret.md: {leaves}ERROR     ignored.md: {ignored}"
    )
    assert [line.split()[-1] for line in counts.splitlines()] == ["in.md", ".env", "../secret.md", "total"]


def test_show_request_prints_the_body_to_send(repo: Repo, lint: Callable[..., Done]) -> None:
    """Anyone can check a number with curl."""
    repo.write("a.md", "Bé kind.")

    done = lint("count", "a.md", "--model", "claude-opus-5", "--role", "system", "--show-request")

    assert json.loads(done.out) == {
        "model": "claude-opus-5",
        "system": "Bé kind.",
        "messages": [{"role": "user", "content": "x"}],
    }


def test_a_prompt_itself_is_printed_without_a_command(repo: Repo, lint: Callable[..., Done]) -> None:
    """`--show-request` prints what a stranger may have written: the same request, with nothing to obey."""
    repo.write("a.md", "##[add-mask]x ##vso[task.complete]y")

    done = lint("count", "a.md", "--model", "claude-sonnet-4-6", "--show-request")

    assert log_commands.github(done.out) == []
    assert log_commands.azure(done.out) == []
    assert os.linesep not in done.out.strip()


@pytest.mark.parametrize("model", ["", "a,b", "x\x1b[31m", "x\ny"])
def test_a_name_that_no_model_has_is_refused(repo: Repo, lint: Callable[..., Done], model: str) -> None:
    """`count` takes no more for a model than `check` does."""
    repo.write("a.md", SHORT)

    assert lint("count", "a.md", "--model", model).code == 2


def test_without_a_model_it_is_the_configurations_or_the_newest_sonnet(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """Which one, and why, is on stderr; a configuration with a mistake is no reason not to count."""
    repo.write("a.md", "Be kind.\n")
    default = lint("count", "a.md")
    repo.write(".prompt-lint.yaml", "models: [claude-haiku-4-5]\nlimit: 100\nprompts: [{files: a.md}]\n")
    configured = lint("count", "a.md")
    repo.write(".prompt-lint.yaml", "nonsense: 1\n")

    assert default.err == "note: counted for claude-sonnet-5-5, the default; --model names another\n"
    assert "claude-sonnet-5-5" in default.out
    assert (
        configured.err
        == "note: counted for claude-haiku-4-5, as .prompt-lint.yaml says; --model names another\n"
    )
    assert lint("count", "a.md") == default


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"{}", "if the file is sent as it is, add `--format text`"),
        (
            b"a\0b",
            "name texts, or requests and tools in JSON or YAML; an image is counted inside of a request",
        ),
    ],
)
def test_an_error_names_options_not_rules(
    repo: Repo, lint: Callable[..., Done], content: bytes, hint: str
) -> None:
    """There is no configuration whose rule could be changed."""
    repo.write("a.json", content)

    assert lint("count", "a.json").out.splitlines()[1].strip() == hint
    assert lint("count", "a.json", "--format", "text").code == (0 if content == b"{}" else 3)


def test_a_folder_is_no_file(repo: Repo, lint: Callable[..., Done]) -> None:
    """Its files are to be named; `list` takes a folder, but wants a configuration."""
    repo.write("docs/a.md", SHORT)

    done = lint("count", "docs", "--model", "claude-sonnet-4-5")

    hint = "name files in it; with a configuration, `prompt-lint list docs` counts those that rules match"
    assert (done.code, done.out) == (3, f"ERROR     docs: is a folder\n          {hint}\n")
