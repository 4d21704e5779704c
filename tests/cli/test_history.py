"""`history`: tokens of prompts and rules over the commits, from git's objects, by today's rules."""

from __future__ import annotations

import json
import random
import re
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.api_server import KEY
from tests.support.json_schema import DOCS, validate
from tests.support.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
    from tests.support.api_server import ApiServer
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
SEED = 6
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
    repo.git("tag", "old", "HEAD~4")
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
    names = ("a.md", "b.md", "SKILL.md", "CLAUDE.md", "AGENTS.md", "evals/a.jsonl")

    def write(path: str) -> bytes:
        target = chance.choice(sorted(paths) or ["none.md"])
        if chance.random() < 0.2:
            return put(path, "../" * path.count("/") + chance.choice([target, "docs"]), "120000")
        if path.endswith(".jsonl"):
            return put(
                path, chance.choice(["{", f'{{"messages": [{{"role": "user", "content": "{path}"}}]}}'])
            )
        head = f"---\nname: x\ndescription: {path}\n---\n" if path.endswith("SKILL.md") else ""
        imports = chance.choice(["", f"{path} has @/{target} and @docs/a.md.\n"])
        return put(path, head + f"{path}\n" * chance.randrange(4) + imports)  # unlike that of any other path

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
                # What comes from where no rule matches has a rule there, too, other than for `list`.
                lines.append(move(old, path) if kind == "move" and inside else remove(old))
                paths |= {path} if kind == "move" and inside else set()
        yield f"2026-09-{day:02}", lines


def test_each_total_is_that_of_list(repo: Repo, lint: Callable[..., Done]) -> None:
    """In a checkout of each commit, with today's configuration, `list` says the same; or it can't count something."""
    config = repo.path.parent / "config.yaml"
    config.write_text(CONFIG.replace("[CLAUDE.md", "[CLAUDE.md, docs/**"))
    chance = random.Random(SEED)  # noqa: S311  # repeatable
    make_history(repo, make_random_history(chance, 7))
    flags = ("--config", str(config), "--output-format", "json")
    report = read(lint("history", "--every", "day", *flags))

    totals = {}
    for number, point in enumerate(report["points"]):
        repo.git("checkout", "--quiet", "--force", point["commit"])
        listing = json.loads(lint("list", "--offline", *flags).out)
        tokens = sum(count["tokens"] for prompt in listing["prompts"] for count in prompt["counts"])
        is_gap = number in report["total"]["uncounted"] and listing["exit_code"] == 3
        totals[point["commit"]] = tokens if listing["prompts"] and not is_gap else None

    commits = (point["commit"] for point in report["points"])
    assert totals == dict(zip(commits, report["total"]["tokens"], strict=True))
    assert None in totals.values()


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("2026-09-24", "2026-09-23"),  # what the day began with
        ("2026-10-08", "2026-10-07"),  # nothing has happened since
        ("1999-01-01", "2026-09-09"),
        ("old", "2026-09-16"),
        ("HEAD", "2026-10-07"),
        ("HEAD~2", "2026-09-24"),
    ],
)
def test_a_beginning_is_a_day_or_a_revision(history: Callable[..., Done], since: str, first: str) -> None:
    """The numbers begin with those of the last commit before the day, or of the revision."""
    report = read(history("--since", since, "--output-format", "json"))

    assert report["points"][0]["time"].startswith(first)


def test_what_cannot_be_is_refused(history: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """With exit code 2, what is wrong and what to do."""
    ends = {
        arguments: history(*arguments.split(" "))
        for arguments in (
            "--since 2026-02-30",
            "--since=",
            "--since olb",
            "--since=--output=x",
            "nowhere.md",
            "nowhere.md --every commit",
            "../elsewhere.md",
            "--every month",
        )
    }

    assert {end.code for end in ends.values()} == {2}
    errors = "".join(f"$ prompt-lint history {arguments}\n{end.err}\n" for arguments, end in ends.items())
    assert snapshot == re.sub(r"/\S*/repo", "TOP", errors)


def test_paths_are_of_any_time(history: Callable[..., Done]) -> None:
    """A file that is gone, a former name, a folder, a pattern: the whole line of each prompt that was there."""
    paths = {}
    for path in ("prompts/old.md", "drafts", "skills", "*.md"):
        report = read(history(path, "--output-format", "json"))
        paths[path] = [f"{prompt['path']} {prompt['name']}".strip() for prompt in report["prompts"]]

    assert paths == {
        "prompts/old.md": ["prompts/old.md"],
        "drafts": ["prompts/agent.md"],
        "skills": ["skills/pdf/SKILL.md metadata", "skills/pdf/SKILL.md body"],
        "*.md": ["CLAUDE.md"],
    }


def test_each_commit_is_one_that_changed_the_prompts_asked_for(history: Callable[..., Done]) -> None:
    """Also by what they import; the last commit stands for today."""
    report = read(history("CLAUDE.md", "--every", "commit", "--output-format", "json"))

    days = [point["time"].partition("T")[0] for point in report["points"]]
    assert dict(zip(days, report["total"]["tokens"], strict=True)) == {
        "2026-09-08": 14, "2026-09-09": 53, "2026-09-23": 27, "2026-10-07": 27,
    }  # fmt: skip


def test_all_is_counted_by_the_same_means(
    past: Repo,
    history: Callable[..., Done],
    lint: Callable[..., Done],
    api: ApiServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exact counts that the cache has of today's prompts aren't mixed with offline ones; nothing is sent."""
    api.count = lambda _model, _fields: 124
    monkeypatch.chdir(past.path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    assert lint("count", "prompts/agent.md", "--model", "claude-sonnet-5-5", "--counting", "exact").code == 0
    sent = len(api.requests)

    report = read(history("prompts/agent.md", "--output-format", "json"))

    assert (sent, len(api.requests)) == (1, 1)
    assert report["total"]["tokens"] == [18, 18, 31, 31, 122]


def test_a_clone_without_all_of_the_history(
    past: Repo, tmp_path: Path, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shows what there is. A note says where a shallow clone begins; contents that a partial one lacks are gaps."""
    past.git("config", "uploadpack.allowFilter", "true")
    origin = f"file://{past.path}"
    past.git("clone", "--quiet", "--depth=3", origin, str(tmp_path / "shallow"))
    past.git("clone", "--quiet", "--filter=blob:none", origin, str(tmp_path / "partial"))

    monkeypatch.chdir(tmp_path / "shallow")
    shallow = read(lint("history", "--output-format", "json"))
    recent = read(lint("history", "--since", "2026-10-01", "--output-format", "json"))
    unknown = lint("history", "--since", "old")
    monkeypatch.chdir(tmp_path / "partial")
    partial = read(lint("history", "prompts/agent.md", "--output-format", "json"))

    assert shallow["commits"] == 3
    start = f"2026-09-24 ({shallow['points'][0]['commit'][:10]})"
    assert shallow["notes"] == [
        f"this clone is shallow, so the history before {start} is missing; run `git fetch --unshallow`"
    ]
    assert recent["notes"] == []
    assert unknown.code == 2
    assert unknown.err.endswith(
        "\nthis clone is shallow, so old commits are missing; run `git fetch --unshallow`\n"
    )
    [agent] = partial["prompts"]
    assert (agent["tokens"], agent["uncounted"]) == (
        [18, 18, None, None, 122],
        [2, 3],
    )  # docs/style.md has the first content today
    [note] = partial["notes"]
    assert note.startswith(
        "can't be counted in some commits, where it has a gap: is not in this clone, or damaged; `git fetch"
    )


def test_links_that_a_partial_clone_lacks_are_gaps(
    repo: Repo, tmp_path: Path, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the prompts to which they led later: by the name of a link, by their own, and below a link to a folder."""
    make_history(
        repo,
        [
            ("2026-09-01", [
                put("CLAUDE.md", "docs/old.md", "120000"), put("docs/old.md", SENTENCE),
                put("prompts/now.md", "../docs/v1.md", "120000"), put("docs/v1.md", SENTENCE * 2),
                put("skills", "tools", "120000"), put("tools/pdf/SKILL.md", SKILL),
                put("prompts/gone.md", "../docs/./v1.md", "120000"), put("prompts/a.md", SENTENCE * 3),
            ]),
            ("2026-09-08", [
                put("CLAUDE.md", "AGENTS.md", "120000"), move("docs/old.md", "AGENTS.md"),
                put("prompts/now.md", "../docs/v2.md", "120000"), put("docs/v2.md", SENTENCE * 4),
                put("skills", "kit", "120000"), move("tools", "kit"), remove("prompts/gone.md"),
            ]),
            ("2026-09-15", [put("AGENTS.md", SENTENCE * 9), put(".prompt-lint.yaml", CONFIG)]),
        ],
    )  # fmt: skip
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "--quiet", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "partial"))
    whole = read(lint("history", "--output-format", "json"))
    repo.path.rename(tmp_path / "away")
    monkeypatch.chdir(tmp_path / "partial")
    partial = read(lint("history", "--output-format", "json"))

    series = {f"{each['path']} {each['name']}".strip(): each["tokens"] for each in partial["prompts"]}
    assert {path: [tokens is not None for tokens in of_path] for path, of_path in series.items()} == {
        "CLAUDE.md": [False, False, True],  # in the second commit it leads to a content that is missing
        "docs/v2.md": [False, True, True],
        "prompts/a.md": [True, True, True],
        "skills/pdf/SKILL.md metadata": [False, True, True],
        "skills/pdf/SKILL.md body": [False, True, True],
    }
    assert partial["total"]["uncounted"] == [0, 1]
    assert partial["total"]["tokens"][-1] == whole["total"]["tokens"][-1]
    assert {note.partition(":")[0]: note.rpartition(": ")[2] for note in partial["notes"]} == {
        "can't be counted in some commits, where it has a gap": "CLAUDE.md, docs/v2.md, skills/pdf/SKILL.md",
        "can't be counted in any commit, so it is in no sum": "prompts/gone.md",
    }
    assert whole["notes"] == []


def test_names_are_escaped(repo: Repo, lint: Callable[..., Done]) -> None:
    """Whoever names a file can neither write to the terminal nor put a formula into a spreadsheet."""
    name = "=1+1 \x1b[31m##[error]\n.md"
    repo.write(".prompt-lint.yaml", CONFIG.replace("prompts/**", '"**/*.md"'))
    repo.write(name)
    repo.commit()

    text, table = lint("history").out, lint("history", "--output-format", "csv").out

    assert text.count("=1+1 \\x1b[31m#\\x23[error]\\n.md") == 1
    assert ",'=1+1 \\x1b[31m#\\x23[error]\\n.md" in table
    assert "\x1b" not in text + table


def test_there_must_be_a_commit(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one, and outside of git, there is no history; a history without prompts says so."""
    unborn = lint("history")
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.commit()
    empty, no_sum = lint("history"), read(lint("history", "--output-format", "json"))["total"]["tokens"]
    monkeypatch.chdir(repo.path.parent)
    outside = lint("history")

    assert (unborn.code, unborn.err) == (
        2,
        "error: there is no commit yet, so there is no history\ncommit the prompts first\n",
    )
    assert (empty.code, empty.out) == (0, "No prompt to count in 1 commit.\n")
    assert no_sum == [None]
    assert outside.code == 2
    assert "is in no git repository, so it has no history" in outside.err


def test_a_mistake_in_a_configuration_ends_it(repo: Repo, lint: Callable[..., Done]) -> None:
    """A sum would lack the prompts of that project. Paths of another project have their history."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/a.md", SENTENCE)
    repo.write("sub/.prompt-lint.yaml", "models: [claude-sonnet-5-5\n")
    repo.commit()

    done = lint("history")

    assert (done.code, done.out) == (2, "")
    assert "sub/.prompt-lint.yaml:1:9: isn't valid YAML" in done.err
    assert lint("history", "sub").code == 2
    assert lint("history", "prompts").code == 0


def test_a_path_that_two_files_had(repo: Repo, lint: Callable[..., Done]) -> None:
    """The file of today and the one that was deleted are two lines where both were there at a time, else one with a gap."""
    make_history(
        repo,
        [
            ("2026-09-01", [put("prompts/a.md", "First.\n" * 9), put("prompts/b.md", "Second.\n" * 20), put("prompts/c.md", "Third.\n")]),
            ("2026-09-02", [remove("prompts/a.md"), remove("prompts/c.md")]),
            ("2026-09-03", [move("prompts/b.md", "prompts/a.md"), put("prompts/c.md", "Back again.\n")]),
            ("2026-09-04", [put(".prompt-lint.yaml", CONFIG)]),
        ],
    )  # fmt: skip

    report = read(lint("history", "--every", "day", "--output-format", "json"))

    series = [(prompt["path"], prompt["former_paths"], prompt["tokens"]) for prompt in report["prompts"]]
    first, second, third, again = series[1][2][0], series[0][2][0], series[2][2][0], series[2][2][-1]
    assert series == [
        ("prompts/a.md", ["prompts/b.md"], [second] * 4),
        ("prompts/a.md", [], [first, None, None, None]),
        ("prompts/c.md", [], [third, None, again, again]),
    ]
    assert len({first, second, third, again}) == 4


def test_what_came_back_and_moved_with_its_rule_keeps_its_first_life(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """One line with a gap. Rules on one line of the configuration are two; a commit without a prompt is shown if it is the last."""
    rules = "{files: new/*.md}, {files: CLAUDE.md}"
    make_history(
        repo,
        [
            ("2026-09-01", [put("old/a.md", SENTENCE), put("CLAUDE.md", SENTENCE * 3)]),
            ("2026-09-02", [remove("old/a.md")]),
            ("2026-09-03", [put("README.md", "No prompt.\n")]),
            ("2026-09-04", [put("old/a.md", SENTENCE * 2)]),
            ("2026-09-05", [move("old/a.md", "new/a.md")]),
            ("2026-09-06", [put(".prompt-lint.yaml", f"models: claude-sonnet-5-5\nlimit: 900\nprompts: [{rules}]\n")]),
        ],
    )  # fmt: skip
    every = ("history", "--every", "commit")

    report = read(lint(*every, "--output-format", "json"))
    csv = lint(*every, "--by", "rule", "--output-format", "csv").out.splitlines()

    tokens = {prompt["path"]: prompt["tokens"] for prompt in report["prompts"]}
    assert tokens == {"new/a.md": [18, None, 31, 31], "CLAUDE.md": [44] * 4}
    assert [(rule["files"], rule["tokens"]) for rule in report["rules"]] == [
        (["new/*.md"], tokens["new/a.md"]),
        (["CLAUDE.md"], tokens["CLAUDE.md"]),
    ]
    assert csv[0].endswith(",total,.prompt-lint.yaml:3 new/*.md,.prompt-lint.yaml:3 CLAUDE.md")
    assert ", at each commit that changed a prompt and the last one (4 of 6 commits)\n" in lint(*every).out
