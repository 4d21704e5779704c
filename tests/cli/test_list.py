"""`list`: every prompt with format, role, limit and tokens."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from tests.support import make
from tests.support.html_pages import assert_is_inert
from tests.support.json_schema import DOCS, validate
from tests.support.paths import ROOT

from prompt_lint.model.values import Problem
from prompt_lint.output import View
from prompt_lint.output.listing import Listing, table
from prompt_lint.output.listing import json as listing_json
from prompt_lint.repo.working_tree import WorkingTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

SCHEMA = DOCS / "list.schema.json"


class HtmlSnapshot(SingleFileSnapshotExtension):
    """A file for each page, to be looked at in a browser."""

    _write_mode = WriteMode.TEXT
    file_extension = "html"


CONFIG = """\
models: [claude-sonnet-5-5, claude-haiku-4-5]
limit: 60
prompts:
  - files: prompts/**/*.md
    role: system
  - files: chats.jsonl
  - files: [CLAUDE.md, SKILL.md]
    limits: {claude-sonnet-5-5: 80, claude-haiku-4-5: 400}
groups:
  - name: always loaded
    sum: [/CLAUDE.md, SKILL.md#metadata]
    limit: 2k
"""
CHAT = json.dumps({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]})
LONG = json.dumps({"messages": [{"role": "user", "content": "Where is my order? " * 9}]})


@pytest.fixture
def filled(repo: Repo) -> Repo:
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("prompts/support/refund.md", "Give the money back.\n" * 12)
    repo.write("prompts/support/angry.md", "Stay calm.\n")
    repo.write("prompts/one/deep/folder/only.md", "Look here.\n" * 3)
    repo.write("prompts/empty.md", "")
    repo.write("chats.jsonl", "".join(f"{line}\n" for line in [CHAT] * 30 + [LONG]))
    repo.write("CLAUDE.md", "# Ours\n\nSee @docs/style.md\n")
    repo.write("docs/style.md", "Write plainly, and never use two words where one does.\n")
    repo.write("skills/pdf/SKILL.md", "---\nname: pdf\ndescription: Reads PDFs.\n---\nOpen it.\n")
    repo.link("AGENTS.md", "CLAUDE.md")
    repo.commit()
    return repo


def listed(done: Done) -> Any:
    found = json.loads(done.out)
    validate(found, SCHEMA)
    return found


def test_the_schema_is_one() -> None:
    """Draft 7, and every key is required."""
    schema = json.loads(SCHEMA.read_bytes())

    jsonschema.Draft7Validator.check_schema(schema)
    assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize(
    "by", [(), ("--by", "rule"), ("--by", "format"), ("--by", "folder"), ("-v",)], ids=" ".join
)
def test_everything_is_listed(
    filled: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion, by: tuple[str, ...]
) -> None:
    """As a table, as sums by rule or format, as a tree of folders; nothing fails for its size."""
    done = lint("list", *by)

    assert (done.code, done.err) == (0, "")
    assert done.out == snapshot


def test_json_has_everything(filled: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """Also what the table leaves out: every model, the rule, links, every line of a JSONL file."""
    found = listed(lint("list", "--output-format", "json"))

    assert len(found["prompts"]) == 4 + 31 + 1 + 2
    found["prompts"] = [one for one in found["prompts"] if one["path"] == "CLAUDE.md"]
    assert found == snapshot


def test_what_is_known_from_an_earlier_run_is_listed_alike(filled: Repo, lint: Callable[..., Done]) -> None:
    """A file whose counts are kept has its format and role all the same."""
    first = lint("list")
    lint("check")

    assert lint("list") == first


def test_a_file_of_many_prompts_is_read_a_few_times(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once for each line."""
    read, paths = WorkingTree.read, []

    def counting(tree: WorkingTree, path: str, cap: int) -> bytes:
        paths.append(path)
        return read(tree, path, cap)

    repo.write(".prompt-lint.yaml", "models: [claude-sonnet-5-5]\nlimit: 8k\nprompts: [{files: r.jsonl}]\n")
    repo.write("r.jsonl", f"{CHAT}\n" * 200)
    monkeypatch.setattr(WorkingTree, "read", counting)

    assert "largest of 200" in lint("list").out
    assert len(paths) < 10


def test_only_what_is_named_is_listed(filled: Repo, lint: Callable[..., Done]) -> None:
    """A folder, a file; with the files that import it, and the groups that it belongs to."""
    found = listed(lint("list", "prompts/support", "docs", "--output-format", "json"))

    assert {one["path"] for one in found["prompts"]} == {
        "prompts/support/refund.md", "prompts/support/angry.md", "CLAUDE.md",
    }  # fmt: skip
    assert [one["name"] for one in found["groups"]] == ["always loaded"]


def test_it_fails_for_what_cannot_be_measured_only(filled: Repo, lint: Callable[..., Done]) -> None:
    """A file that can't be read is 3, a pattern without a file 2, as in `check`; a limit is none of these."""
    assert lint("check").code == 1
    assert lint("list").code == 0

    filled.write("prompts/bad.md", b"\xff")
    assert lint("list").code == 3
    assert "is not UTF-8" in lint("list").out

    filled.write(".prompt-lint.yaml", CONFIG.replace("chats.jsonl", "gone.jsonl"))
    assert lint("list").code == listed(lint("list", "--output-format", "json"))["exit_code"] == 2


def test_it_is_written_to_a_file(filled: Repo, lint: Callable[..., Done]) -> None:
    """Without colours, whatever else is asked for."""
    plain = lint("list").out

    assert lint("list", "-o", "list.txt", "--color", "always").out == ""
    assert (filled.path / "list.txt").read_text(encoding="utf-8") == plain
    assert "\x1b[1;31m" in lint("list", "--color", "always").out


def test_the_map_is_a_page_of_its_own(
    filled: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """Beside the table on stdout: the map, what Claude Code loads at the start of a session, and all prompts.

    Without the style sheets, which are files of their own.
    """
    filled.write(
        ".claude/skills/deploy/SKILL.md", "---\nname: deploy\ndescription: Deploys it.\n---\nPush.\n"
    )
    filled.write("prompts/bad.md", b"\xff")
    plain = lint("list")
    assert lint("list", "--output", "html=out/map.html") == plain._replace(code=3)

    page = (filled.path / "out/map.html").read_text(encoding="utf-8")
    assert_is_inert(page)
    for sheet in ("page.css", "listing/listing.css"):
        page = page.replace(
            (ROOT / "src/prompt_lint/output" / sheet).read_text(encoding="utf-8"),
            f"/* {sheet.rpartition('/')[2]} */\n",
        )
    page = re.sub(r"(?<=sha256-)[^']*|(?<=prompt-lint )\d[\w.]*", "…", page)
    assert page == snapshot(extension_class=HtmlSnapshot)


def test_a_base_adds_the_growth(filled: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion) -> None:
    """To the table, the JSON and the map; what is over its limit and isn't larger fails nothing, as in `check`."""
    filled.write("prompts/support/angry.md", "Stay calm.\n" * 9)
    filled.write("prompts/new.md", "Be new.\n")
    (filled.path / "prompts/one/deep/folder/only.md").unlink()

    done = lint("list", "--base", "HEAD", "--output", "html=map.html", "--output", "json=list.json")

    assert done.out == snapshot
    found = listed(done._replace(out=(filled.path / "list.json").read_text()))
    counts = {one["path"]: one["counts"][0] for one in found["prompts"]}
    assert (counts["prompts/new.md"]["standing"], counts["prompts/support/angry.md"]["growth"]) == ("new", 56)
    assert [removed["path"] for removed in found["removed"]] == ["prompts/one/deep/folder/only.md"] * 2
    assert "growth since HEAD" in (filled.path / "map.html").read_text()


def test_a_map_that_cannot_be_written_keeps_no_other_output(filled: Repo, lint: Callable[..., Done]) -> None:
    """The exit code is 3, as in `check`; nothing is written over a prompt, and a mistake is in the page, too."""
    done = lint("list", "--output", "html=CLAUDE.md/map.html")
    assert (done.code, done.out) == (3, lint("list").out)
    assert done.err == "error: could not write CLAUDE.md/map.html: Not a directory\n"

    done = lint("list", "--output", "html=CLAUDE.md")
    assert done.code == 2
    assert (
        "the html output would overwrite CLAUDE.md, a prompt by the rule at .prompt-lint.yaml:7" in done.err
    )

    filled.write(".prompt-lint.yaml", "limt: 3\n")
    assert lint("list", "--output", "html=map.html").code == 2
    assert "<b>Error</b> .prompt-lint.yaml:1: " in (filled.path / "map.html").read_text()


def test_large_folders_come_first_and_small_ones_together(
    repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """What is a small share of the whole is summed up, and all of it shown with -v."""
    repo.write(".prompt-lint.yaml", 'models: [claude-sonnet-5-5]\nlimit: 8k\nprompts: [{files: "*.md"}]\n')
    repo.write("large/a.md", "Give the money back.\n" * 400)
    repo.write("large/b.md", "Give the money back.\n" * 100)
    for number in range(30):
        repo.write(f"small/{number:02}/c.md", "Be kind.\n")

    assert lint("list", "--by", "folder").out == snapshot
    assert len(lint("list", "--by", "folder", "-v").out.splitlines()) > 35


def test_a_folder_has_the_interval_of_the_sum(repo: Repo, lint: Callable[..., Done]) -> None:
    """Here of a count that may be much lower and one that may be higher: the tree says what the line of the total says."""
    repo.write(".prompt-lint.yaml", "models: claude-fable-5-2\nlimit: 8k\nprompts: [{files: p/*.json}]\n")
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    repo.write("p/image.json", json.dumps({"messages": [{"role": "user", "content": [image]}]}))
    header = "x-anthropic-billing-header: " + "cc_version=2.0; " * 40
    repo.write(
        "p/header.json", json.dumps({"system": header, "messages": [{"role": "user", "content": "x"}]})
    )

    lines = lint("list", "--by", "folder").out.splitlines()

    [top] = [line for line in lines if line.endswith("  ./")]
    [total] = [line for line in lines if "counted for" in line]
    assert "unverified" in top
    assert top.partition("  ")[0] == total.partition(" tokens")[0]


NAMES = st.lists(
    st.text(min_size=1, max_size=8).map(lambda text: text.replace("/", "_")), min_size=1, max_size=5
)


@settings(deadline=None)
@given(paths=st.lists(NAMES.map("/".join), min_size=1, max_size=12, unique=True), data=st.data())
def test_any_names_and_numbers_are_listed(paths: list[str], data: st.DataObject) -> None:
    """One line for each prompt, nothing that steers a terminal, sums that are right, and JSON by the schema."""
    tokens = [data.draw(st.integers(2, 10**7)) for _ in paths]
    verdicts = [make.verdict(path, number, "ok") for path, number in zip(paths, tokens, strict=True)]
    report = make.report(*verdicts, problems=(Problem("\udcff\n", 0, "is \x1b[31m gone", ""),))
    listing = Listing(report, {})

    for by in ("", "rule", "format", "folder", "project", "owner"):
        text = table.render(listing._replace(by=by), View())
        assert text.replace("\n", "").isprintable()
        assert f"{sum(tokens):,} ±" in text
    assert len(table.render(listing, View()).splitlines()) == 1 + len(paths) + 5
    document = json.loads(listing_json.render(listing, View()))
    validate(document, SCHEMA)
    assert [one["counts"][0]["tokens"] for one in document["prompts"]] == tokens
