"""`explain`: which rule owns a file and why, what is in it, what it imports, and how it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

CONFIG = """\
models: [claude-sonnet-4-6]
limit: 100
prompts:
  - files: prompts/*.md
    message: See docs/prompt-budget.md.
  - files: prompts/chat/*.json
    allow_empty: true
"""
EVERYTHING = 'models: [claude-sonnet-4-6]\nlimit: 8k\nprompts: [{files: "**"}]\n'
SHORT = "Answer in one sentence.\n"
TOOL = {"name": "look_up", "description": "Looks an order up.", "input_schema": {"type": "object"}}


def prompts(repo: Repo, config: str = CONFIG) -> None:
    repo.write(".prompt-lint.yaml", config)
    repo.write("prompts/a.md", SHORT)


def test_the_owner_is_told_and_why(
    repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """Which rule, which others, which format, which limit, and how it stands."""
    more = '  - files: prompts/a*\n    exclude: "*.md"\n  - files: ["**/*.md"]\n    role: system\n    limit: 50\n'
    prompts(repo, CONFIG + more)

    assert lint("explain", "prompts/a.md") == snapshot
    assert json.loads(lint("explain", "prompts/a.md", "--show-request").out)["system"] == SHORT


def test_why_nothing_owns_a_file_is_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """No rule, or an exclusion: both are said."""
    prompts(repo, CONFIG + "exclude: prompts/a.md\n")
    repo.write("README.md", SHORT)

    assert "no rule matches it" in lint("explain", "README.md").out
    assert "left out by the `exclude` at the top of the file" in lint("explain", "prompts/a.md").out
    assert lint("explain", "README.md", "--show-request").code == 2


def test_a_folder(repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """Which rules apply below it, to how many files, and which files have none; how it stands."""
    prompts(repo)
    repo.write("prompts/b.md", SHORT)
    repo.write("prompts/notes.txt", SHORT)

    assert lint("explain", "prompts") == snapshot
    assert "no rule: 1 file" in lint("explain", "prompts").out
    assert lint("explain", "prompts", "--show-request").code == 2


def test_a_folder_that_no_rule_applies_to(repo: Repo, lint: Callable[..., Done]) -> None:
    """It is said, and nothing is wrong."""
    prompts(repo)
    repo.write("docs/a.md", SHORT)

    done = lint("explain", "docs")

    assert (done.code, done.out) == (0, "docs: 1 file\n  no rule: 1 file\n    docs/a.md\n")


def test_a_folder_that_is_imported_from(repo: Repo, lint: Callable[..., Done]) -> None:
    """What imports from it is checked with it, and isn't counted among its files."""
    repo.write(".prompt-lint.yaml", "models: claude-sonnet-5-5\nlimit: 500\nprompts: [{files: CLAUDE.md}]\n")
    repo.write("CLAUDE.md", "See @docs/a.md here.\n")
    repo.write("docs/a.md", SHORT)
    repo.commit()

    out = lint("explain", "docs").out

    assert out.startswith(
        "docs: 1 file\n  no rule: 1 file\n    docs/a.md\n  checked with it, for what they import:\n    CLAUDE.md\n\n"
    )


def test_a_group_by_its_name(repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """What it is made of, and what it comes to; a file of that name goes first."""
    prompts(repo, CONFIG + "groups:\n  - name: all of them\n    sum: prompts/*.md\n    limit: 5\n")
    repo.write("prompts/b.md", SHORT)

    done = lint("explain", "all of them")

    assert done == snapshot
    assert done.code == 1
    typo = lint("explain", "al of them")
    assert (typo.code, typo.err.split("\n")[1]) == (2, "did you mean the group `all of them`?")
    repo.write("all of them", SHORT)
    assert "no rule matches it" in lint("explain", "all of them").out


def test_what_is_owned_through_a_link_is_known(repo: Repo, lint: Callable[..., Done]) -> None:
    """A file outside every pattern, behind a linked folder, is owned as `check` says."""
    prompts(repo)
    repo.write("shared/a.md", SHORT)
    (repo.path / "prompts/a.md").unlink()
    repo.link("prompts/a.md", "../shared/a.md")
    repo.commit()

    assert "no rule matches it" not in lint("explain", "shared/a.md").out


def test_imports_are_a_tree(repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """Own sections, the files that come in below those that name them, what isn't there, what is left out and why; the group."""
    prompts(repo, EVERYTHING + "groups:\n  - {name: always loaded, sum: [/CLAUDE.md], limit: 9k}\n")
    repo.write(
        "CLAUDE.md",
        "# Ours\n\nSee @docs/style.md and @docs/gone.md.\n\n# Theirs\n\nSee @~/mine.md and `@code`.\n",
    )
    repo.write("docs/style.md", "Write plainly, as in @deep/words.md says.\n")
    repo.write("docs/deep/words.md", "# Words\n\nShort ones.\n")

    assert lint("explain", "CLAUDE.md").out == snapshot


def test_an_import_stands_below_the_file_that_names_it(repo: Repo, lint: Callable[..., Done]) -> None:
    """Not below the last one that is as deep; also where that file holds nothing but the import."""
    prompts(repo, EVERYTHING)
    repo.write("CLAUDE.md", "@docs/a.md @docs/z.md\n")
    repo.write("docs/a.md", "See @child.md\n")
    repo.write("docs/child.md", "x\n")
    repo.write("docs/z.md", "Write plainly.\n")

    told = lint("explain", "CLAUDE.md").out.splitlines()

    start = told.index("    imports 3 files:") + 1
    names = [line.split("  ")[-2:] for line in told[start : start + 3]]
    assert [name for name, _ in names] == ["docs/a.md", "docs/child.md", "docs/z.md"]
    assert told[start + 1].startswith(" " * 8 + "docs")
    assert names[1][1] in {"1 ±2 tokens", "2 ±2 tokens", "1 ±3 tokens", "2 ±3 tokens"}


def test_a_file_that_a_group_names_is_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """No rule owns it, and `check` counts it all the same."""
    group = "groups:\n  - {name: chat, system: p/s.txt, messages: p/m.yaml, limit: 1}\n"
    prompts(repo, CONFIG + group)
    repo.write("p/s.txt", SHORT)
    repo.write("p/m.yaml", "messages: [{role: user, content: Hi}]\n")

    done = lint("explain", "p/m.yaml")

    assert "no rule matches it, but\n  matched by the group `chat` (.prompt-lint.yaml:" in done.out
    assert "passes it by" not in done.out
    assert done.code == lint("check", "p/m.yaml").code == 1


def test_what_takes_a_file_in_is_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """Whether a rule owns the file, too, or not."""
    config = CONFIG.replace("prompts/*.md", "[prompts/*.md, CLAUDE.md]")
    prompts(repo, config)
    repo.write("CLAUDE.md", "@docs/big.md @prompts/a.md\n")
    repo.write("docs/big.md", SHORT)
    repo.commit()

    for path in ("docs/big.md", "prompts/a.md"):
        assert "  taken in by the prompt of CLAUDE.md\n" in lint("explain", path).out


def test_a_request_is_told_in_short(
    repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """The system prompt, the tools and the messages, each with the tokens of its texts."""
    request = {
        "system": "You answer tickets.",
        "tools": [TOOL, TOOL | {"name": "close"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Where is my order?"}]}],
    }
    prompts(repo, EVERYTHING)
    repo.write("chat.json", json.dumps(request, indent=1))

    assert lint("explain", "chat.json").out == snapshot


def test_each_prompt_of_a_file_is_told(
    repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """A skill is two prompts, each with its parts."""
    prompts(repo, EVERYTHING)
    repo.write(
        "skills/pdf/SKILL.md",
        "---\nname: pdf\ndescription: Reads PDFs.\n---\n# Use\n\nOpen it.\n\n# Not\n\nPrint it.\n",
    )

    assert lint("explain", "skills/pdf/SKILL.md").out == snapshot


def test_of_very_many_prompts_the_first_are_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """A file of one request a line doesn't fill the screen before it is judged."""
    prompts(repo, EVERYTHING)
    line = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}) + "\n"
    repo.write("chats.jsonl", line * 300)

    told = lint("explain", "chats.jsonl").out

    assert "  and 290 more prompts\n" in told
    assert "300 prompts within their limits" in told
    assert len(told.splitlines()) < 50


def test_what_cannot_be_measured_is_told_with_its_exit_code(repo: Repo, lint: Callable[..., Done]) -> None:
    """The rule that applies is told all the same."""
    prompts(repo)
    repo.write("prompts/a.md", b"\xff\xfe")

    done = lint("explain", "prompts/a.md")

    assert done.code == 3
    assert "applies" in done.out
    assert "ERROR" in done.out


@settings(
    deadline=None,
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    data=st.binary(max_size=200),
    name=st.sampled_from(["CLAUDE.md", "SKILL.md", "a.json", "a.prompt", "a.txt", "b.jsonl"]),
)
def test_any_file_is_explained(repo: Repo, lint: Callable[..., Done], data: bytes, name: str) -> None:
    """Whatever is in a file, `explain` ends as `check` does."""
    repo.write(".prompt-lint.yaml", EVERYTHING)
    path = repo.write(name, data)

    done, checked = lint("explain", "--no-cache", name), lint("check", "--no-cache", name)
    path.unlink()

    assert (done.code, done.err) == (checked.code, "")
