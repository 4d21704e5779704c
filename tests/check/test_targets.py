"""What a run checks: links stand for what they lead to, on disk as in git."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.program import Done

LONG = "Never guess a number that you could look up.\n" * 20
SKILL = "---\nname: p\ndescription: Does p.\n---\n" + LONG
REQUEST = json.dumps({"messages": [{"role": "user", "content": LONG}]})
TOP = "models: [claude-sonnet-4-6]\nlimit: 100\n"
CONFIG = (
    TOP
    + """\
prompts:
  - files: [CLAUDE.md, AGENTS.md, chats/*.json, .claude/skills/*/SKILL.md]
groups:
  - {name: all, sum: [CLAUDE.md, "chats/*.json", ".claude/skills/*/SKILL.md"], limit: 20k}
  - {name: one, system: CLAUDE.md, messages: chats/a.json, limit: 20k}
"""
)


def fill(repo: Repo) -> None:
    """A repository in which each prompt is behind a link, or imports one."""
    repo.write("ci/prompt-lint.yaml", CONFIG)
    repo.link(".prompt-lint.yaml", "ci/prompt-lint.yaml")
    repo.write("docs/agents.md", LONG)
    repo.link("CLAUDE.md", "docs/agents.md")
    repo.write("AGENTS.md", "Read @style.md and @more/style.md\n")
    repo.link("style.md", "docs/agents.md")
    repo.write("shared/style.md", "Write plainly.\n")
    repo.link("more", "shared")
    repo.write("data/a.json", REQUEST)
    repo.link("chats/a.json", "../data/a.json")
    repo.write("shared/skills/p/SKILL.md", SKILL)
    repo.link(".claude/skills", "../shared/skills")
    repo.commit()


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One with links, and one without."""
    repo = Repo(tmp_path_factory.mktemp("checkouts") / "repo")
    fill(repo)
    clone = repo.path.parent / "clone"
    repo.git("clone", "--quiet", "-c", "core.symlinks=false", str(repo.path), str(clone))
    return repo.path, clone


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--output-format", "json"),
        ("check", "--output-format", "json", "CLAUDE.md", "chats"),
        ("check", "--output-format", "json", "--base", "HEAD"),
        ("list", "--output-format", "json"),
        ("explain", "CLAUDE.md"),
        ("explain", "AGENTS.md"),
        ("init", "--dry-run"),
        ("count", "CLAUDE.md", "AGENTS.md", "chats/a.json", "--model", "claude-sonnet-4-6"),
    ],
)
def test_a_checkout_without_links_counts_as_one_with_links(
    lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, checkouts: tuple[Path, Path], arguments: tuple[str, ...]
) -> None:  # fmt: skip
    """Git writes links as text where `core.symlinks` is false: configuration, memory, requests, imports, skills and sums."""
    linked, plain = checkouts

    monkeypatch.chdir(linked)
    expected = lint(*arguments, "--no-cache")
    monkeypatch.chdir(plain)
    found = lint(*arguments, "--no-cache")

    assert (plain / "CLAUDE.md").read_text() == "docs/agents.md"
    assert expected.out
    assert found == expected
    assert "error" not in found.err


def test_an_edited_link_counts_as_written(repo: Repo, lint: Callable[..., Done]) -> None:
    """Somebody replaced the text that git wrote: that is the prompt now, and its base is what the link led to."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: CLAUDE.md}]\n")
    repo.write("docs/agents.md", LONG)
    repo.link("CLAUDE.md", "docs/agents.md")
    repo.commit()
    (repo.path / "CLAUDE.md").unlink()
    repo.write("CLAUDE.md", "Be kind.\n")

    done = lint("check", "--offline", "--output-format", "json", "--base", "HEAD")

    [verdict] = done.report["verdicts"]
    assert (verdict["path"], verdict["aliases"], verdict["status"]) == ("CLAUDE.md", [], "ok")
    assert (verdict["standing"], verdict["tokens"], verdict["base_tokens"]) == ("changed", 10, 226)


# Links that are named


@pytest.mark.parametrize("named", ["CLAUDE.md", "linked", "linked/AGENTS.md", ".cursor"])
@pytest.mark.parametrize("command", ["check", "list"])
def test_a_link_that_is_named_stands_for_what_it_leads_to(
    repo: Repo, lint: Callable[..., Done], command: str, named: str
) -> None:
    """A link to a prompt, to its folder, a path through that, and a folder with a link in it."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: sub/AGENTS.md}]\n")
    repo.write("sub/AGENTS.md", LONG)
    repo.link("CLAUDE.md", "sub/AGENTS.md")
    repo.link("linked", "sub")
    repo.link(".cursor/rules.md", "../CLAUDE.md")
    repo.commit()

    done = lint(command, "--offline", named)

    assert "sub/AGENTS.md" in done.out
    assert "226 ±2" in done.out
    assert done.code == (1 if command == "check" else 0)


def test_a_link_to_an_imported_file_checks_its_importers(repo: Repo, lint: Callable[..., Done]) -> None:
    """Who names the link means the file, and what takes that in."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: CLAUDE.md}]\n")
    repo.write("CLAUDE.md", "Read @docs/style.md\n")
    repo.write("docs/style.md", LONG)
    repo.link("STYLE.md", "docs/style.md")
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json", "STYLE.md")

    assert [(path, status) for (path, _), (*_, status) in done.verdicts.items()] == [("CLAUDE.md", "over")]


@pytest.mark.parametrize(("importer", "settings"), [("CLAUDE.md", ""), ("notes.txt", ", format: memory")])
def test_a_file_that_is_named_checks_its_importers_alone(
    repo: Repo, lint: Callable[..., Done], importer: str, settings: str
) -> None:
    """Whether their names or their rule say that they import; what is gone from the disk elsewhere is no file."""
    repo.write(".prompt-lint.yaml", TOP + f"prompts: [{{files: docs/*}}, {{files: {importer}{settings}}}]\n")
    repo.write(importer, "Read @docs/style.md\n")
    for name in ("other", "style", "gone"):
        repo.write(f"docs/{name}.md", LONG)
    repo.commit()
    (repo.path / "docs/gone.md").unlink()

    report = lint("check", "--offline", "--output-format", "json", "docs/style.md").report

    assert [verdict["path"] for verdict in report["verdicts"]] == sorted(["docs/style.md", importer])
    assert report["problems"] == []


def test_a_link_is_explained_as_its_target(repo: Repo, lint: Callable[..., Done]) -> None:
    """The rule that owns the target owns what the link leads to."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: AGENTS.md}]\n")
    repo.write("AGENTS.md", LONG)
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.commit()

    done = lint("explain", "CLAUDE.md")

    assert done.code == 1
    assert done.out.startswith(
        "AGENTS.md\n"
        "  CLAUDE.md is a link to it\n"
        "  .prompt-lint.yaml:3  AGENTS.md: applies: the last rule that matches\n"
    )


PYTHON = 'A_TEXT = """Be kind."""\nB_TEXT = """Be brief."""\n'
AGENT = f"---\nname: p\ndescription: Does p.\n---\n{LONG}"


@pytest.mark.parametrize(
    ("path", "link", "text", "rules", "expected"),
    [
        (
            "a/p.md",
            "b/p.md",
            AGENT,
            "{files: a/*, format: agent, parts: {body: 1000}}, {files: b/*, format: agent, parts: {body: 100}}",
            {"a/p.md body": "ok", "b/p.md body": "over"},
        ),
        (
            "a/p.py",
            "b/p.py",
            PYTHON,
            "{files: a/*, format: python, names: [A_*]}, {files: b/*, format: python, names: [B_*]}",
            {"a/p.py A_TEXT": "ok", "b/p.py B_TEXT": "ok"},
        ),
        (
            "CLAUDE.md",
            "NO_GEMINI.md",
            "Read @a.md\n",
            "{files: [CLAUDE.md, NO_GEMINI.md], format: memory}",
            {"CLAUDE.md ": "ok"},
        ),
    ],
    ids=["limits of parts", "names of prompts", "the same imports"],
)
def test_a_link_is_a_prompt_of_its_own_where_it_is_read_or_judged_otherwise(
    repo: Repo,
    lint: Callable[..., Done],
    path: str,
    link: str,
    text: str,
    rules: str,
    expected: dict[str, str],
) -> None:
    """Else the stricter of two rules for one file would judge nothing."""
    repo.write(".prompt-lint.yaml", TOP + f"prompts: [{rules}]\n")
    repo.write("a.md", "Be kind.\n")
    repo.write(path, text)
    repo.link(link, f"../{path}" if "/" in link else path)

    report = lint("check", "--offline", "--output-format", "json").report

    statuses = {
        f"{v['path']} {v['name']}": v["status"] for v in report["verdicts"] if v["name"] != "metadata"
    }
    assert statuses == expected


@pytest.mark.parametrize(
    ("config", "noted"),
    [
        ("prompts: [{files: [prompts/**/*.md]}]", True),
        (
            "prompts: [{files: [prompts/a.md]}]\ngroups: [{name: all, sum: [prompts/**/*.md], limit: 1k}]",
            True,
        ),
        ("prompts: [{files: [prompts/**/*.md]}]\nexclude: prompts/shared/", False),
        ('prompts: [{files: ["prompts/*.md"]}]', False),
        ('prompts: [{files: ["*.md"]}]', False),  # of which nobody says that it is about submodules
    ],
)
def test_a_submodule_below_a_pattern_is_noted(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path, config: str, noted: bool
) -> None:
    """Its files are none of the repository's, and it isn't read: so a pattern that seems to cover it doesn't."""
    module = Repo(tmp_path / "module")
    module.write("large.md", LONG)
    module.commit()
    repo.write("prompts/a.md")
    repo.submodule("prompts/shared", module)
    repo.write(".prompt-lint.yaml", f"{TOP}{config}\n")

    done = lint("check", "--offline")

    assert done.code == 0
    assert (
        "is a submodule, so files in it that the configuration matches aren't checked" in done.out
    ) is noted


@pytest.mark.parametrize("way", ["submodule", "untracked", "ignored"])
def test_a_path_in_another_repository_is_an_error(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path, way: str
) -> None:
    """Whatever rules match it. The other repository itself may be in a list of changed files, as a submodule that was updated."""
    module = Repo(tmp_path / "module")
    module.write("large.md", LONG)
    module.write("more/large.md", LONG)
    module.commit()
    repo.write("a.md")
    repo.link("here", ".")
    repo.write(".prompt-lint.yaml", f'{TOP}prompts: [{{files: "*.md"}}]\n')
    repo.write(".gitignore", "sub/\n" if way == "ignored" else "")
    if way == "submodule":
        repo.submodule("sub", module)
    else:
        module.path.rename(repo.path / "sub")

    for path in ("sub/large.md", "sub/more", "here/sub/large.md"):
        for command in (("check", "a.md"), ("check", "--base", "HEAD"), ("list",)):
            done = lint(*command, path)

            assert done.code == 2
            assert f"`{path}` is in `sub`, a repository of its own" in done.err
            assert "run prompt-lint there" in done.err
    done = lint("check", "sub")
    assert done.code == 2
    is_listed = way != "ignored"
    assert ("`sub` is a repository of its own: run prompt-lint there" in done.out) is is_listed
    assert lint("check", "--allow-unmatched", "sub").code == 0
    assert lint("check", "here/a.md").code == 0


def test_a_file_that_git_tracks_is_checked_whatever_repository_is_around_it(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """A folder may have become a repository after its files were added; git still lists those."""
    repo.write("inner/large.md", LONG)
    repo.write(".prompt-lint.yaml", f'{TOP}prompts: [{{files: "*.md"}}]\n')
    repo.commit()
    Repo(repo.path / "inner")

    assert lint("check").code == lint("check", "inner/large.md").code == 1
