"""`history`: tokens of prompts and rules over the commits, from git's objects, by today's rules."""

from __future__ import annotations

import json
import random
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.json_schema import DOCS, validate
from tests.support.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done

    # A day, and lines of git's fast-import.
    Commit = tuple[str, Sequence[bytes]]

SCHEMA = DOCS / "history.schema.json"
CONFIG = """\
models: [claude-sonnet-5-5]
limit: 900
prompts:
  - {files: prompts/**, allow_empty: true}
  - {files: [CLAUDE.md, "skills/*/SKILL.md"], allow_empty: true}
  - {files: evals/*.jsonl, allow_empty: true}
"""
SENTENCE = "Answer the customer in one sentence.\n"
SKILL = "---\nname: pdf\ndescription: Reads PDFs.\n---\nOpen it.\n"


def put(path: str, text: str, mode: str = "100644") -> bytes:
    data = text.encode()
    return b'M %s inline "%s"\ndata %d\n%s' % (mode.encode(), path.encode(), len(data), data)


def move(old: str, new: str) -> bytes:
    return f'R "{old}" "{new}"'.encode()


def remove(path: str) -> bytes:
    return f'D "{path}"'.encode()


def make_history(repo: Repo, commits: Iterable[Commit]) -> None:
    """Commit all that on `main`, one after another at noon of its day, and check out the last one."""
    stream = []
    for day, lines in commits:
        time = int(datetime.strptime(f"{day} 12+0000", "%Y-%m-%d %H%z").timestamp())
        stream.append(b"commit refs/heads/main\ncommitter C <c@example.com> %d +0000\ndata 0\n" % time)
        stream += [line + b"\n" for line in lines]
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.path, input=b"".join(stream), check=True)
    repo.git("reset", "--quiet", "--hard", "main")


HISTORY: Sequence[Commit] = [
    ("2026-09-01", [put("README.md", "No prompt.\n")]),
    ("2026-09-08", [put("drafts/agent.md", SENTENCE), put("CLAUDE.md", "See @docs/style.md\n")]),
    ("2026-09-09", [put("prompts/old.md", SENTENCE * 5), put("docs/style.md", SENTENCE * 3)]),
    ("2026-09-16", [move("drafts/agent.md", "prompts/agent.md"), put("evals/a.jsonl", "{\n")]),
    ("2026-09-23", [put("prompts/agent.md", SENTENCE * 2), put("docs/style.md", SENTENCE)]),
    ("2026-09-24", [put("README.md", "Still none.\n"), put("evals/a.jsonl", '{"messages": [{"role": "user", "content": "Hi"}]}\n')]),
    ("2026-09-30", [remove("prompts/old.md"), put("skills/pdf/SKILL.md", SKILL)]),
    ("2026-10-07", [put("prompts/agent.md", SENTENCE * 9), put(".prompt-lint.yaml", CONFIG)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository with `HISTORY`, which no test may change."""
    repo = Repo(tmp_path_factory.mktemp("history") / "repo")
    make_history(repo, HISTORY)
    return repo


@pytest.fixture
def history(past: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run `prompt-lint history` there."""
    monkeypatch.chdir(past.path)
    return lambda *arguments: lint("history", *arguments)


def read(done: Done) -> Any:
    assert done.out, done.err
    report = json.loads(done.out)
    validate(report, SCHEMA)
    return report


def test_text(history: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """A line for each prompt under today's name, then the sum; or a line for each rule."""
    assert snapshot == history()
    assert snapshot == history("--every", "commit", "--by", "rule")


def test_json(history: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """Each prompt and each rule has a number for each point."""
    report = read(history("--output-format", "json"))

    assert snapshot == json.dumps(report, indent=1)


def test_csv(history: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """A line for each point, and a column for each prompt or rule."""
    assert snapshot == history("--output-format", "csv").out
    assert snapshot == history("--output-format", "csv", "--by", "rule", "--every", "commit").out


def make_random_history(chance: random.Random, number: int) -> Iterator[Commit]:
    """Files come, change, move and go; links and imports lead to others; some content isn't what its format wants."""
    paths: set[str] = set()
    folders = ("prompts/", "prompts/a/", "skills/x/", "docs/", "")
    names = ("a.md", "b.md", "SKILL.md", "CLAUDE.md", "AGENTS.md")

    def write(path: str) -> bytes:
        target = chance.choice(sorted(paths) or ["none.md"])
        if chance.random() < 0.2:
            return put(path, "../" * path.count("/") + chance.choice([target, "docs"]), "120000")
        if path.endswith("SKILL.md"):
            return put(path, chance.choice([SKILL, SKILL * 2, "---\nname: [\n---\nOpen it.\n"]))
        return put(
            path, SENTENCE * chance.randrange(4) + chance.choice(["", f"See @/{target} and @docs/a.md.\n"])
        )

    for day in range(1, number + 1):
        lines = []
        for _ in range(chance.randrange(1, 4)):
            path = chance.choice(folders) + chance.choice(names)
            kind = chance.choice(["write", "write", "write", "move", "remove"])
            if kind == "write" or not paths:
                lines.append(write(path))
                paths.add(path)
            else:
                old = chance.choice(sorted(paths))
                paths.remove(old)
                inside = old.startswith("prompts/") and path.startswith("prompts/")
                # What moves to where a rule matches has that one from the start.
                lines.append(move(old, path) if kind == "move" and inside else remove(old))
                paths |= {path} if kind == "move" and inside else set()
        yield f"2026-09-{day:02}", lines


def test_each_total_is_that_of_list(repo: Repo, lint: Callable[..., Done]) -> None:
    """In a checkout of each commit, with today's configuration, `list` says the same."""
    config = repo.path.parent / "config.yaml"
    config.write_text(CONFIG.replace("[CLAUDE.md", "[CLAUDE.md, docs/**"))
    make_history(repo, make_random_history(random.Random(20261130), 25))
    report = read(lint("history", "--config", str(config), "--every", "day", "--output-format", "json"))

    totals = dict(
        zip((point["commit"] for point in report["points"]), report["total"]["tokens"], strict=True)
    )
    listed = {}
    for commit in totals:
        repo.git("checkout", "--quiet", "--force", commit)
        listing = json.loads(
            lint("list", "--config", str(config), "--offline", "--output-format", "json").out
        )
        listed[commit] = sum(
            count["tokens"] or 0 for prompt in listing["prompts"] for count in prompt["counts"]
        )

    assert listed == {commit: tokens or 0 for commit, tokens in totals.items()}
