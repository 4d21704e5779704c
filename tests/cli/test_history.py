"""`history`: tokens of prompts and rules over the commits, from git's objects, by today's rules."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.json_schema import DOCS, validate
from tests.support.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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
