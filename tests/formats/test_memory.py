"""CLAUDE.md, AGENTS.md, GEMINI.md and rules: what is loaded with them, where it comes from, and who is checked again."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make
from tests.support.files import read_from
from tests.support.repo import Repo

from prompt_lint.check.read_prompts import IncludeReader
from prompt_lint.formats import FORMATS, claude_memory, memory
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import MissingFile, NotInRepository, Unreadable
from prompt_lint.model.values import Note, Part, Prompt
from prompt_lint.repo.safe_read import TooLarge
from prompt_lint.repo.working_tree import WorkingTree

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done

CONFIG = """\
models: [claude-sonnet-4-6]
limit: 1000
prompts:
  - files: ["**/CLAUDE.md", "**/AGENTS.md", "**/GEMINI.md", ".claude/rules/**/*.md"]
"""
Lint = Any
Files = dict[str, Any]


def parse(path: str, files: Files, **rule: Any) -> list[Any]:
    read = read_from(files)
    return list(memory.parse(path, read(path)[1], make.rule(**{"role": "", **rule}), read))


def text(path: str, files: Files) -> str:
    """What one user message holds."""
    [prompt] = [result for result in parse(path, files) if isinstance(result, Prompt)]
    [message] = prompt.request.fields["messages"] if prompt.request else [{"content": ""}]
    return str(message["content"])


def notes(path: str, files: Files) -> list[tuple[str, int, str]]:
    """Path, line and the first words of what is to be said."""
    return [
        (result.path, result.line, result.message)
        for result in parse(path, files)
        if isinstance(result, Note)
    ]


def parts(path: str, files: Files) -> list[Part]:
    read = read_from(files)
    return list(memory.parts(path, read(path)[1], make.prompt(path), read))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("CLAUDE.md", "memory"), ("a/CLAUDE.local.md", "memory"), (".claude/CLAUDE.md", "memory"),
        ("AGENTS.md", "memory"), ("a/b/GEMINI.md", "memory"), (".claude/rules/a.md", "memory"),
        ("web/.claude/rules/deep/er/a.md", "memory"), ("claude.md", "text"), ("docs/agents.md", "text"),
        ("MY-CLAUDE.md", "text"), ("rules/a.md", "text"), (".claude/rules/a.txt", "text"), ("CLAUDE.md.txt", "text"),
    ],
)  # fmt: skip
def test_names_decide_to_the_letter(path: str, name: str) -> None:
    """`agents.md` is something else in many repositories."""
    assert recognise(path, b"", make.rule()).name == name


def test_a_memory_file_is_a_message_of_the_user() -> None:
    """Unless the rule says otherwise; the comments for people are no part of it."""
    assert text("CLAUDE.md", {"CLAUDE.md": "# Be kind.\n<!-- why: see #12 -->\n"}) == "# Be kind.\n"
    [prompt] = parse("CLAUDE.md", {"CLAUDE.md": "Be kind."}, role="system")
    assert prompt.request.fields["system"] == "Be kind."


def test_nothing_but_comments_is_nothing() -> None:
    """0 tokens, as a blank file has."""
    assert parse("CLAUDE.md", {"CLAUDE.md": "<!-- later -->\n"}) == [Prompt("CLAUDE.md", "", 1, None)]


def test_imports_follow_the_text_that_keeps_their_names() -> None:
    """Each is a block of its own behind the text, nearest first, relative to the file that names it."""
    files = {
        "CLAUDE.md": "@docs/a.md and @b.md\n",
        "docs/a.md": "A @deep/c.md @../b.md @/x @missing\n",
        "docs/deep/c.md": "C @../../CLAUDE.md @./c.md\n",
        "b.md": "B\n",
        "CLAUDE.local.md": "never named",
    }

    assert text("CLAUDE.md", files) == (
        "@docs/a.md and @b.md\n\nA @deep/c.md @../b.md @/x @missing\n\nB\n\nC @../../CLAUDE.md @./c.md"
    )
    assert notes("CLAUDE.md", files) == []


def test_four_hops_are_followed() -> None:
    """A fifth isn't loaded, which is told; one that is nearer by another way is."""
    files = {"CLAUDE.md": "0 @1.md"} | {f"{n}.md": f"{n} @{n + 1}.md" for n in range(1, 7)}

    assert text("CLAUDE.md", files).split("\n\n")[-1] == "4 @5.md"
    assert notes("CLAUDE.md", files) == [("4.md", 1, claude_memory._TOO_DEEP)]
    assert text("CLAUDE.md", files | {"CLAUDE.md": "0 @1.md @3.md"}).endswith("\n\n6 @7.md")


def test_a_cycle_ends() -> None:
    """Each file once, the first one included."""
    files = {"CLAUDE.md": "@a.md", "a.md": "@b.md @./CLAUDE.md", "b.md": "@a.md @sub/../b.md"}

    assert text("CLAUDE.md", files) == "@a.md\n\n@b.md @./CLAUDE.md\n\n@a.md @sub/../b.md"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("@~/.claude/me.md", claude_memory._OUTSIDE), ("@/etc/rules.md", claude_memory._OUTSIDE), ("@../other/a.md", claude_memory._OUTSIDE),
        ("@C:/rules.md", claude_memory._OUTSIDE), ("@a.md:", claude_memory._PUNCTUATED), ("@a.md,", claude_memory._PUNCTUATED),
        ("<b>\n@a.md\n</b>", claude_memory._IN_HTML), ("@image.png", claude_memory._BINARY), ("@a.pdf", claude_memory._BINARY),
        ("@large.md", claude_memory._TOO_LARGE),
        ("@secret", "imports a file that is ignored by git; it isn't counted, since not every checkout has it"),
        *((near, claude_memory._PUNCTUATED) for near in ("@a.md.", "@a.md;", "See (@a.md)", "(@a.md).", "**@a.md**", '"@a.md"', "_@a.md_", "[@a.md]:")),
        ("@a.md#x", claude_memory._FRAGMENT), ("@a.md#x-y.", claude_memory._FRAGMENT), ("(@a.md#x)", claude_memory._FRAGMENT), ("@a.md.#x", claude_memory._FRAGMENT),
        ("@missing#x", ""), ("(@missing.md)", ""), ("(@org/package)", ""), ("me@a.md.", ""), ("`(@a.md)`", ""), ("x(@a.md)", ""),
        ("@docs/...", ""), ("@#x", ""), ("(@)", ""), ("@...", ""), ("(@../../a.md)", ""), ("@missing,", ""), ("@a.md!?", claude_memory._PUNCTUATED), ("@/components/ui", ""), ("@~", ""), ("@/", ""), ("@", ""), ("@.", ""),
        ("@//pkg:target", ""), ("@org/package", ""), ("@docs", ""), ("<b>\n@org/package\n</b>", ""), ("`@~/a.md`", ""),
    ],
)  # fmt: skip
def test_what_isnt_counted_is_reported_where_it_may_surprise(named: str, message: str) -> None:
    """But a word with `@` that names no file is a word: most of them are."""
    files = {
        "CLAUDE.md": f"x\n\n{named}",
        "a.md": "A",
        "a.pdf": b"%PDF-1.7 text",
        "image.png": b"\x89PNG\r\n\x1a\n\0",
        "large.md": b"x" * (claude_memory.MAX_FILE_SIZE + 1),
        "secret": NotInRepository("is ignored by git"),
        "docs": MissingFile("is a folder"),
    }

    assert text("CLAUDE.md", files) == f"x\n\n{named}"
    assert [(place, noted) for place, _, noted in notes("CLAUDE.md", files)] == (
        [("CLAUDE.md", message)] if message else []
    )


def test_a_file_that_is_imported_elsewhere_is_no_surprise() -> None:
    """Punctuation around one mention of it changes nothing, nor does it around the file's own name."""
    files = {"CLAUDE.md": "(@a.md) @a.md. @a.md#x @b.md (@CLAUDE.md)", "a.md": "A", "b.md": "@a.md"}

    assert text("CLAUDE.md", files).endswith("\n\nA")
    assert notes("CLAUDE.md", files) == []


def test_punctuation_around_a_path_is_reported_with_its_line() -> None:
    """In an imported file, too, and as to the folder that the file is in."""
    files = {"CLAUDE.md": "@docs/a.md", "docs/a.md": "x\n\n- see (@b.md).", "docs/b.md": "B", "b.md": "no"}

    assert notes("CLAUDE.md", files) == [("docs/a.md", 3, claude_memory._PUNCTUATED)]


def test_an_import_that_cannot_be_measured_is_no_small_number() -> None:
    """The prompt isn't counted without it; told is the line in the file, wherever the import stands."""
    files = {"CLAUDE.md": "x\n\n@a.md\n", "a.md": "\n@b.md", "b.md": b"caf\xe9"}

    with pytest.raises(Unreadable) as caught:
        parse("CLAUDE.md", files)

    assert (caught.value.message, caught.value.line) == (
        "imports `b.md` (in a.md), which is not UTF-8: byte 0xe9",
        3,
    )


@pytest.mark.parametrize("path", ["CLAUDE.md", "GEMINI.md"])
def test_a_fault_does_not_hide_what_else_is_imported(path: str) -> None:
    """Whatever is named is asked for: a change in it may be what mends the file."""
    asked: list[str] = []
    files: Files = {
        path: "@bad.md @good.md",
        "bad.md": Unreadable("is large"),
        "good.md": "@deep.md",
        "deep.md": "",
    }

    def read(name: str) -> tuple[str, bytes]:
        asked.append(name)
        return read_from(files)(name)

    with pytest.raises(Unreadable, match="which is large"):
        list(memory.parse(path, b"@bad.md @good.md", make.rule(), read))
    assert asked == ["bad.md", "good.md", "deep.md"]


@pytest.mark.parametrize(
    ("front", "name"),
    [
        ("", ""), ("---\ndescription: x\n---\n", ""), ("---\npaths: src/**\n---\n", "on demand"),
        ("---\npaths:\n  - src/**\n---\n", "on demand"), ("---\npaths: **/*.ts\n---\n", "on demand"),
        ("---\npaths:\n  - **/*.ts\n  - src/**\n---\n", "on demand"), ("---\n'paths':\n- **/*.ts\n---\n", "on demand"),
        ("---\npaths:\n---\n", ""), ("---\npaths: []\n---\n", ""),
    ],
)  # fmt: skip
def test_rules_for_some_paths_are_loaded_on_demand(front: str, name: str) -> None:
    """Their frontmatter is cut off, and the prompt has a name, by which a sum of what is always loaded passes it by."""
    files = {".claude/rules/ts.md": f"{front}Use types. @../../a.md", "a.md": "A"}

    prompt, *_ = parse(".claude/rules/ts.md", files)

    assert (prompt.name, prompt.line) == (name, 1)
    assert text(".claude/rules/ts.md", files) == "Use types. @../../a.md\n\nA"
    assert parts(".claude/rules/ts.md", files)[0].first_line == front.count("\n") + 1


def test_limits_of_the_tools_are_noted() -> None:
    """What Claude Code warns of, and what Codex leaves out."""
    long, kib = "x" * 40_001, "x" * (32 * 1024 + 1)

    assert notes("CLAUDE.md", {"CLAUDE.md": f"{long} @a.md", "a.md": long}) == [
        ("CLAUDE.md", 0, memory._LONG), ("a.md", 0, memory._LONG),
    ]  # fmt: skip
    assert notes("CLAUDE.md", {"CLAUDE.md": long[:-1]}) == []
    assert notes("AGENTS.md", {"AGENTS.md": kib}) == [("AGENTS.md", 0, memory._LONG_FOR_CODEX)]
    assert notes("AGENTS.md", {"AGENTS.md": kib[:-1]}) == []


def test_parts_tell_the_file_and_the_way_there() -> None:
    """Lines are those of the files, comments and frontmatter included."""
    files = {
        "CLAUDE.md": "<!-- a\nb -->\n# Top\n@docs/a.md\n\n## Next\n",
        "docs/a.md": "<!-- c -->\nfirst\n\n# A\n@b.md\n",
        "docs/b.md": "# B\n",
    }

    listed = [part[:3] + part[4:] for part in parts("CLAUDE.md", files)]

    assert listed == [
        ("# Top", 3, 4, "", ()),
        ("## Next", 6, 6, "", ()),
        ("", 2, 2, "docs/a.md", ("CLAUDE.md",)),
        ("# A", 4, 5, "docs/a.md", ("CLAUDE.md",)),
        ("# B", 1, 1, "docs/b.md", ("CLAUDE.md", "docs/a.md")),
    ]


# Gemini CLI


def test_gemini_puts_files_in_the_place_of_their_names() -> None:
    """Between its markers, below them what those import; a file that comes twice is there twice."""
    files = {"GEMINI.md": "x @a.md y @./a.md", "a.md": "A @b/c.md\n", "b/c.md": "C"}
    a = "\nA <!-- Imported from: b/c.md -->\nC\n<!-- End of import from: b/c.md -->\n\n"

    assert text("GEMINI.md", files) == (
        f"x <!-- Imported from: a.md -->{a}<!-- End of import from: a.md --> "
        f"y <!-- Imported from: ./a.md -->{a}<!-- End of import from: ./a.md -->"
    )
    assert [(part.path, part.import_chain) for part in parts("GEMINI.md", files)] == [
        ("", ()), ("a.md", ("GEMINI.md",)), ("b/c.md", ("GEMINI.md", "a.md")),
        ("a.md", ("GEMINI.md",)), ("b/c.md", ("GEMINI.md", "a.md")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("named", "left", "noted"),
    [
        ("@~/a.md", "@~/a.md", False),
        ("@../a.md", "<!-- Import failed: ../a.md - Path traversal attempt -->", False),
        ("@/a.md", "<!-- Import failed: /a.md - Path traversal attempt -->", False),
        ("@https://x.org", "<!-- Import failed: https://x.org - Path traversal attempt -->", False),
        ("@dev", "<!-- Import failed: dev - ENOENT: no such file or directory, access 'dev' -->", True),
        ("@secret", "<!-- Import failed: secret - ENOENT: no such file or directory, access 'secret' -->", True),
        ("@loop.md", "<!-- Imported from: loop.md -->\n<!-- File already processed: loop.md -->\n<!-- End of import from: loop.md -->", False),
        ("`@a.md`", "`@a.md`", False),
        ("<!-- x -->", "<!-- x -->", False),
    ],
)  # fmt: skip
def test_gemini_replaces_what_it_cannot_import_too(named: str, left: str, noted: bool) -> None:
    """By messages of its own, which are tokens; those for a file that isn't there are worth a note."""
    files = {
        "GEMINI.md": named,
        "a.md": "A",
        "loop.md": "@loop.md",
        "secret": NotInRepository("is ignored by git"),
    }

    assert text("GEMINI.md", files) == left
    assert bool(notes("GEMINI.md", files)) is noted


def test_gemini_goes_five_deep() -> None:
    """What the fifth names stays as it is."""
    files = {"GEMINI.md": "@n1.md"} | {f"n{n}.md": f"[{n}] @n{n + 1}.md" for n in range(1, 8)}

    assert "[5] @n6.md" in text("GEMINI.md", files)
    assert len(parts("GEMINI.md", files)) == 6


# In repositories


@pytest.fixture
def project(repo: Repo) -> Repo:
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("CLAUDE.md", "# Top\n@docs/a.md\n")
    repo.write("docs/a.md", "# A\n@b.md\n")
    repo.write("docs/b.md", "# B\n")
    repo.write("other.md")
    repo.commit()
    return repo


def checked(lint: Lint, *paths: str) -> dict[str, int | None]:
    """The tokens of the prompts that `check` looks at."""
    done: Done = lint("check", "--offline", "--output-format", "json", *paths)
    return {path: tokens for (path, _), (tokens, _, _) in done.verdicts.items()}


def report(lint: Lint, *arguments: str) -> Any:
    done: Done = lint("check", "--offline", "--output-format", "json", *arguments)
    return done.report


@pytest.mark.parametrize("changed", ["docs/a.md", "docs/b.md", "docs"])
def test_a_changed_import_checks_its_importers(project: Repo, lint: Lint, changed: str) -> None:
    """However far away it is, and by the folder that it is in."""
    before = checked(lint, changed)
    project.write("docs/b.md", "# B, which is longer now\n")
    project.git("add", "docs/b.md")

    after = checked(lint, changed)

    assert before.keys() == after.keys() == {"CLAUDE.md"}
    assert (after["CLAUDE.md"] or 0) > (before["CLAUDE.md"] or 0)
    assert checked(lint, "other.md") == {}


@pytest.mark.parametrize("changed", ["docs/link.md", "real.md", "linked", "elsewhere"])
def test_an_import_through_links_is_one(project: Repo, lint: Lint, changed: str) -> None:
    """The link, the folder that is one, and the file behind it."""
    project.write("CLAUDE.md", "@docs/link.md @linked/x.md\n")
    project.link("docs/link.md", "../real.md")
    project.write("real.md", "R\n")
    project.link("linked", "elsewhere")
    project.write("elsewhere/x.md", "X\n")
    project.commit()

    assert checked(lint, changed).keys() == {"CLAUDE.md"}


def test_one_file_by_two_names_counts_once(project: Repo, lint: Lint) -> None:
    """A link to a file that is imported already adds nothing, nor does one back to the file itself."""
    project.write("CLAUDE.md", "@docs/a.md @docs/c.md @AGENTS.md\n")
    once = checked(lint)["CLAUDE.md"]
    project.link("docs/c.md", "a.md")
    project.link("AGENTS.md", "CLAUDE.md")
    project.commit()

    assert checked(lint) == {"CLAUDE.md": once}


def test_a_link_by_the_name_of_a_memory_file_makes_one(repo: Repo, lint: Lint) -> None:
    """`CLAUDE.md -> docs/agents.md`: the text is loaded as CLAUDE.md is, with what it imports from there."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("docs/agents.md", "# Agents\n\n@docs/more.md\n")
    repo.write("docs/more.md", "More. " * 50)
    repo.link("CLAUDE.md", "docs/agents.md")
    repo.commit()

    tokens = checked(lint)

    assert list(tokens) == ["CLAUDE.md"]
    assert (tokens["CLAUDE.md"] or 0) > 50
    assert list(checked(lint, "docs/more.md")) == ["CLAUDE.md"]
    assert list(checked(lint, "CLAUDE.md")) == ["CLAUDE.md"]


def test_a_link_that_imports_from_elsewhere_is_a_prompt_of_its_own(repo: Repo, lint: Lint) -> None:
    """The link at the top imports what the file itself, in its folder, doesn't; and the other way round in a comparison."""
    repo.write(".prompt-lint.yaml", CONFIG)
    repo.write("shared/CLAUDE.md", "# Team\n\n@docs/big.md\n")
    repo.write("docs/big.md", "Big. " * 50)
    repo.link("CLAUDE.md", "../shared/CLAUDE.md".removeprefix("../"))
    repo.commit()

    tokens = checked(lint)
    assert list(tokens) == ["CLAUDE.md", "shared/CLAUDE.md"]
    assert (tokens["CLAUDE.md"] or 0) > 50 > (tokens["shared/CLAUDE.md"] or 0)

    repo.write("docs/big.md", "Big. " * 90)
    compared = report(lint, "--base", "HEAD")

    grown = {verdict["path"]: verdict["growth"] for verdict in compared["verdicts"]}
    assert grown["CLAUDE.md"] > 0 == grown["shared/CLAUDE.md"]


def test_a_link_has_the_limit_of_its_own_rule(repo: Repo, lint: Lint) -> None:
    """The last rule that matches holds for the name of a link as for that of a file; without another rule, links are aliases."""
    rules = "  - {files: /CLAUDE.md, limit: 900}\n  - {files: /GEMINI.md, limit: 3}\n"
    repo.write(".prompt-lint.yaml", f"models: [claude-sonnet-4-6]\nprompts:\n{rules}")
    repo.write("CLAUDE.md", "# Some words more than three\n")
    repo.link("GEMINI.md", "CLAUDE.md")

    shown = report(lint)

    assert {verdict["path"]: verdict["limit"] for verdict in shown["verdicts"]} == {
        "CLAUDE.md": 900,
        "GEMINI.md": 3,
    }
    assert shown["summary"]["exit_code"] == 1

    repo.write(".prompt-lint.yaml", CONFIG)
    assert [(verdict["path"], verdict["aliases"]) for verdict in report(lint)["verdicts"]] == [
        ("CLAUDE.md", ["GEMINI.md"])
    ]


def test_what_git_ignores_is_not_read_through_a_link_or_a_group(repo: Repo, lint: Lint) -> None:
    """A change can't have a secret counted, and so sent, by linking to it or by naming it in a group."""
    repo.write(".gitignore", ".env\n")
    repo.write(".env", "TOP SECRET\n")
    repo.link("prompts/x.md", "../.env")
    repo.write("prompts/y.md", "Hello.\n")
    top = "models: [claude-sonnet-4-6]\nlimit: 100\n"
    repo.write(".prompt-lint.yaml", top + "prompts: [{files: prompts/**}]\n")
    linked = report(lint)
    repo.write(".prompt-lint.yaml", top + "groups: [{name: g, system: .env, limit: 9}]\n")
    grouped = report(lint)

    assert [verdict["path"] for verdict in linked["verdicts"]] == ["prompts/y.md"]
    assert "which git ignores" in linked["problems"][0]["message"]
    assert grouped["verdicts"] == []
    assert "is ignored by git" in grouped["problems"][0]["message"]


def test_an_importer_that_no_rule_owns_is_none(project: Repo, lint: Lint) -> None:
    """What is excluded isn't checked for its imports either."""
    project.write(".prompt-lint.yaml", CONFIG + 'exclude: ["/CLAUDE.md"]\n')
    project.write("sub/CLAUDE.md", "@../docs/a.md")
    project.commit()

    assert checked(lint, "docs/b.md").keys() == {"sub/CLAUDE.md"}


def test_an_import_that_comes_to_exist_checks_its_importers(project: Repo, lint: Lint) -> None:
    """A file was missing, so it added nothing; now it does."""
    project.write("CLAUDE.md", "@new.md")
    project.commit()
    before = checked(lint)["CLAUDE.md"] or 0
    project.write("new.md", "much text " * 50)
    project.git("add", "new.md")

    assert (checked(lint, "new.md")["CLAUDE.md"] or 0) > before + 50


@pytest.mark.parametrize("git", ["", "--no-git"])
def test_what_git_ignores_is_not_taken_in(project: Repo, lint: Lint, git: str) -> None:
    """It may be secret, and it is another file on every machine; in a plain folder, too. What is tracked is followed."""
    project.write(".gitignore", ".env\nbuild/\nhere\n")
    project.write("CLAUDE.md", "@.env @build/notes.md @here/x.md @docs/b.md")
    project.write(".env", "KEY=secret " * 50)
    project.write("build/notes.md", "notes " * 50)
    project.write("there/x.md", "X " * 50)
    project.link("here", "there")
    shown = report(lint, *filter(None, [git]))

    [verdict] = shown["verdicts"]
    assert verdict["tokens"] < 60
    assert any(
        "imports a file that is ignored by git" in note and "CLAUDE.md:1" in note for note in shown["notes"]
    )
    project.git("add", "-f", "build/notes.md")
    if not git:
        assert report(lint)["verdicts"][0]["tokens"] > verdict["tokens"] + 40


def test_what_a_change_may_name_to_learn_secrets(project: Repo, lint: Lint, tmp_path: Any) -> None:
    """Whatever is git's own, folders, pipes, other repositories, and whatever lies outside: nothing of it is read."""
    inner = Repo(tmp_path / "inner")
    inner.write("README.md", "inner " * 100)
    inner.commit()
    project.submodule("sub", inner)
    (tmp_path / "outside.md").write_text("outside " * 100)
    project.link("out.md", tmp_path / "outside.md")
    named = (
        "@.git/config @docs @sub/README.md @out.md @../outside.md @loop @docs/a.md/x @gone/a.md @" + "x" * 300
    )
    if sys.platform != "win32":
        os.mkfifo(project.path / "pipe")
        named += " @pipe"
    project.link("loop", "loop")
    project.write("CLAUDE.md", named)

    shown = report(lint)

    assert shown["verdicts"][0]["tokens"] < 400
    assert shown["problems"] == []
    assert [note for note in shown["notes"] if "secret" in note] == []
    for reason in (
        "belongs to git itself",
        "is in a repository of its own",
        "leaves the repository",
        "goes in circles",
    ):
        assert any(f"imports a file that {reason}" in n or reason in n for n in shown["notes"]), reason


def test_the_configuration_may_be_imported(project: Repo, lint: Lint) -> None:
    """Claude Code loads what a file names, also what is no prompt by itself."""
    project.write("CLAUDE.md", "@.prompt-lint.yaml")

    assert (checked(lint)["CLAUDE.md"] or 0) > 40


def test_a_failure_tells_the_largest_parts_and_the_way_there(
    project: Repo, lint: Lint, snapshot: SnapshotAssertion
) -> None:  # fmt: skip
    """Own and imported tokens apart, and through which file the largest part comes in."""
    project.write(".prompt-lint.yaml", CONFIG.replace("1000", "100"))
    project.write("docs/b.md", "# Architecture\n\n" + "Layers point down. " * 60 + "\n\n# Names\n\nShort.\n")

    done: Done = lint("check", "--offline")

    assert done.out == snapshot
    assert report(lint)["verdicts"][0]["shares"]["files"] == 2


def test_count_takes_imports_in(project: Repo, lint: Lint) -> None:
    """From the file's own repository, wherever it is called."""
    done: Done = lint("count", "--offline", "--model", "claude-sonnet-4-6", "--show-request", "CLAUDE.md")

    assert "# Top\\n@docs/a.md\\n\\n# A\\n@b.md\\n\\n# B" in done.out


def test_a_commit_is_read_as_a_working_tree_is(project: Repo, lint: Lint) -> None:
    """What has grown since a commit has grown by its imports, too."""
    project.write("docs/b.md", "# B\n" + "word " * 100)

    shown = report(lint, "--base", "HEAD")

    [verdict] = shown["verdicts"]
    assert (verdict["path"], verdict["standing"]) == ("CLAUDE.md", "changed")
    assert verdict["growth"] >= 100


# What strangers may write


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("CLAUDE.md", " ".join(f"@f{n}.md." for n in range(9_000)), "different words that could be imports"),
        ("GEMINI.md", " ".join(f"@f{n}.md" for n in range(10_001)), "10,000 words that could be imports"),
        ("GEMINI.md", "@a " * 10_001, "has more than 10,000 words that could be imports"),
        ("CLAUDE.md", "@a" + "\n" * 10_000, "has more than 10,000 lines"),
        ("CLAUDE.md", "@a" + "\r" * 10_000, "has more than 10,000 lines"),
        ("CLAUDE.md", "@a " * 10_000, "has more than 10,000 words with `@`"),
        ("CLAUDE.md", "@a" + " `" * 50_000, "has more than 50,000 back-ticks"),
        ("CLAUDE.md", " ".join(f"@here/{n}" for n in range(1_001)), "imports more than 1,000 files"),
        ("GEMINI.md", " ".join(f"@here/{n}" for n in range(1_001)), "imports more than 1,000 files"),
        ("CLAUDE.md", " ".join(f"@big/{n}" for n in range(33)), "imports more than 32,000,000 bytes"),
        ("GEMINI.md", "@big/1 " * 33, "imports more than 32,000,000 bytes"),
        ("GEMINI.md", "@bomb/1", "has more than 10,000 words that could be imports"),
        ("GEMINI.md", "@here/itself", "has more than 10,000 words that could be imports"),
    ],
)
def test_too_much_is_a_problem_not_a_small_number(path: str, content: str, message: str) -> None:
    """Bounds are told when they are reached, and reached soon."""

    def read(name: str) -> tuple[str, bytes]:
        folder, _, _ = name.rpartition("/")
        if name == "here/itself":  # put in once, but each of its words is looked at
            return name, b"@./itself @./a\n" * 9_000
        if folder == "here":
            return name, b"x"
        if folder == "big":
            return name, b"x" * 1_000_000
        raise MissingFile("is not there")

    def bomb(name: str) -> tuple[str, bytes]:
        depth = int(name.rpartition("/")[2])
        return name, b"@./%d " % (depth + 1) * 300

    started = time.process_time()
    with pytest.raises(Unreadable, match=message):
        list(memory.parse(path, content.encode(), make.rule(), bomb if "bomb" in content else read))
    assert time.process_time() - started < 60


@given(st.permutations(["a.md", "b.md", "c.md"]))
def test_the_order_of_files_does_not_matter(order: list[str]) -> None:
    """What is loaded is decided by what names it, not by what was looked at before."""
    texts = {"CLAUDE.md": "@a.md @b.md", "a.md": "@c.md", "b.md": "@a.md", "c.md": "C"}

    assert text("CLAUDE.md", {"CLAUDE.md": texts["CLAUDE.md"]} | {n: texts[n] for n in order}) == text(
        "CLAUDE.md", texts
    )


def test_include_says_what_it_refuses(project: Repo) -> None:
    """One way for all formats to files that a prompt names."""
    tree = WorkingTree(str(project.path), has_git=True, max_file_size=1000)
    companions = IncludeReader(tree)
    project.write("large.md", "x" * 1001)

    assert companions.include("docs/a.md") == ("docs/a.md", b"# A\n@b.md\n")
    for path, kind in (
        (".git/config", NotInRepository),
        ("docs", MissingFile),
        ("nothing", MissingFile),
        ("large.md", TooLarge),
    ):
        with pytest.raises(Unreadable) as caught:
            companions.include(path)
        assert type(caught.value) is kind
    assert companions.requested.keys() == {"docs/a.md", ".git/config", "docs", "nothing", "large.md"}
    assert FORMATS["memory"] is memory


@pytest.mark.parametrize(
    "word",
    ["docs/style.md", "./docs/style", "../up/x.md", "style.md", "package.json", "docs/style.md,", "src/app.ts", ".claude/rules/a.mdc", "docs/a.md#part"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["sub/CLAUDE.md", "sub/AGENTS.md", "sub/GEMINI.md"])
def test_an_import_that_is_not_there_is_a_warning(path: str, word: str) -> None:
    """What is written like a path was meant as one: the tool passes it over, and so its text is missing."""
    found = [
        result for result in parse(path, {path: f"# A\n\n@{word} is read.\n"}) if isinstance(result, Note)
    ]

    assert [(note.kind, note.path, note.line) for note in found] == [("lost-import", path, 3)]
    assert f"imports `{word.rstrip(',')}`, which isn't there" in found[0].message


@pytest.mark.parametrize(
    "word",
    ["param", "acme/sdk", "Next.js", "pytest.fixture", 'app.get("/x.md")', "you", "tanstack/react-query,", "${DIR}/role.md", "./", "README", "types/node)"],
)  # fmt: skip
def test_words_that_are_no_paths_are_not_warned_of(word: str) -> None:
    """Decorators, packages of npm, people, places that a template fills in: of such words texts are full."""
    assert notes("CLAUDE.md", {"CLAUDE.md": f"Use @{word} here.\n"}) == []


def test_a_dead_import_is_named_where_it_is_written() -> None:
    """Also in an imported file; in code it is none; twice it is named once."""
    files = {"CLAUDE.md": "@docs/a.md `@docs/x.md`\n", "docs/a.md": "One.\n@gone.md and @gone.md\n"}

    [(path, line, message)] = notes("CLAUDE.md", files)

    assert (path, line) == ("docs/a.md", 2)
    assert message.startswith("imports `gone.md`")
