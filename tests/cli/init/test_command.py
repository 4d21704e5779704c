"""`init`: a configuration for the prompts that a repository holds. The law: the next `check` ends with 0."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.support.paths import ROOT
from tests.support.repo import Repo

from prompt_lint import REPOSITORY, __version__
from prompt_lint.cli import main
from prompt_lint.text import yaml_reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done

    Lint = Callable[..., Done]

SKILL = "---\nname: {name}\ndescription: {description}\n---\n# Use\n\nOpen it.\n"
AGENT = "---\nname: reviewer\ndescription: Reviews changes.\n---\nYou review changes.\n"
TOOLS = json.dumps([{"name": "find", "description": "Finds.", "input_schema": {"type": "object"}}])
CHAT = json.dumps({"messages": [{"role": "user", "content": "Where is my order?"}]})
CORPORA = ROOT.parent / "shared/data/corpora.tar.gz"


def skill(name: str, description: str = "Reads it.") -> str:
    return SKILL.format(name=name, description=description)


def passes(lint: Lint) -> Done:
    """`init`, and the law: `check` has nothing to say that fails, is near its limit, or is in doubt."""
    done = lint("init", "--no-cache")
    assert (done.code, done.err) == (0, "")
    checked = lint("check", "--no-cache", "--output-format", "json")
    assert checked.code == 0, checked.out + checked.err
    assert {one["status"] for one in checked.report["verdicts"]} == {"ok"}
    assert checked.report["problems"] == []
    return done


def written(repo: Repo) -> str:
    return (repo.path / ".prompt-lint.yaml").read_text(encoding="utf-8")


def files(repo: Repo) -> list[str]:
    """The patterns of the entries, one after the other."""
    entries = yaml.safe_load(written(repo))["prompts"]
    return [
        one
        for entry in entries
        for one in ([entry["files"]] if isinstance(entry["files"], str) else entry["files"])
    ]


# ---------------------------------------------------------------------------------------------------------
# What is written


def test_a_repository_with_everything(repo: Repo, lint: Lint, snapshot: SnapshotAssertion) -> None:
    """What is printed, and the whole file: an entry for each kind, limits with headroom, what is always loaded, what may be meant."""
    repo.write("CLAUDE.md", "# Rules\n\nSee @docs/style.md\n" + "Never guess a number.\n" * 40)
    repo.write("docs/style.md", "Write plainly.\n")
    repo.write("docs/prompting.md", "How to write prompts.\n")
    repo.write("tests/prompts/a.txt", "Say A.\n")
    repo.write("tests/prompts/b.txt", "Say B.\n")
    repo.write(".claude/rules/code.md", "Test first.\n")
    repo.write(".claude/skills/pdf/SKILL.md", skill("pdf"))
    repo.write(".claude/skills/pdf/references/forms.md", "A form has fields.\n" * 80)
    repo.write(".claude/agents/reviewer.md", AGENT)
    repo.write(".cursor/rules/a.mdc", "---\nglobs: **/*.py\n---\nUse types.\n")
    repo.write(".github/copilot-instructions.md", "Be brief.\n")
    repo.write("prompts/reply.md", "Answer the customer.\n" * 90)
    repo.write("prompts/README.md", "About these prompts.\n")
    repo.write("prompts/support/system.md", "You answer tickets.\n")
    repo.write("prompts/chat/order.json", CHAT)
    repo.write("prompts/tools.json", TOOLS)
    repo.write("prompts/old/latin.txt", b"caf\xe9")
    repo.write("package.json", '{"messages": {"hello": "Hi"}}')

    done = passes(lint)

    assert done.out == snapshot
    assert written(repo) == snapshot


def test_a_monorepo(repo: Repo, lint: Lint) -> None:
    """Names match in every folder, folders at any depth."""
    for package in ("api", "web", "app", "cli"):
        repo.write(f"packages/{package}/CLAUDE.md", f"About {package}.\n")
        repo.write(f"packages/{package}/.claude/skills/{package}/SKILL.md", skill(package))
        repo.write(f"packages/{package}/src/prompts/deep/a.md", "Answer.\n")
    repo.write("CLAUDE.md", "All of it.\n")

    passes(lint)

    assert files(repo) == ["**/prompts/**/*.md", "**/skills/*/SKILL.md", "CLAUDE.md"]


def test_rules_of_packages(repo: Repo, lint: Lint) -> None:
    """Rules below a package are found beside those at the top, and those of the next package will be."""
    repo.write(".claude/rules/a.md", "Test first.\n")
    repo.write("packages/a/.claude/rules/deep/r.md", "Test last.\n")

    done = passes(lint)

    assert files(repo) == ["**/.claude/rules/**/*.md"]
    assert ["rules", "2"] in [line.split()[:2] for line in done.out.splitlines()]


def test_few_places_are_named(repo: Repo, lint: Lint) -> None:
    """Up to three folders are written out, from the top of the repository."""
    repo.write("skills/a/SKILL.md", skill("a"))
    repo.write(".claude/skills/b/SKILL.md", skill("b"))
    repo.write("plugins/one/agents/reviewer.md", AGENT)

    passes(lint)

    assert files(repo) == ["plugins/one/agents/*.md", ".claude/skills/*/SKILL.md", "skills/*/SKILL.md"]


def test_a_library_of_patterns(repo: Repo, lint: Lint) -> None:
    """Many files called system.md are system prompts; the one in the manual is none."""
    for name in ("a", "b", "c"):
        repo.write(f"patterns/{name}/system.md", "You are one.\n")
    repo.write("docs/system.md", "The system.\n")

    passes(lint)

    [entry] = yaml.safe_load(written(repo))["prompts"]
    assert (entry["files"], entry["role"], entry["exclude"]) == ("system.md", "system", "docs/")


def test_a_folder_of_other_json_is_left_alone(repo: Repo, lint: Lint) -> None:
    """Of JSON and YAML only what is a request, or holds tools, is named; all of a folder where all of it is."""
    repo.write("data/order.json", CHAT)
    repo.write("data/other.json", '{"role": "none"}')
    repo.write("chats/a.json", CHAT)
    repo.write("chats/b.json", CHAT)
    repo.write("openapi.yaml", "parameters: [{name: a, in: query}]\n")

    passes(lint)

    assert files(repo) == ["chats/*.json", "/data/order.json"]


def test_documented_limits_hold_unless_todays_are_above(repo: Repo, lint: Lint) -> None:
    """A skill has 150 and 5,000 tokens, a larger one what it has with headroom."""
    repo.write("skills/a/SKILL.md", skill("a"))
    passes(lint)
    assert yaml.safe_load(written(repo))["prompts"][0]["parts"] == {"metadata": 150, "body": "5k"}

    repo.write("skills/b/SKILL.md", skill("b", "Reads and writes. " * 50) + "Be careful with it.\n" * 2000)
    assert lint("init", "--force").code == 0
    parts = yaml.safe_load(written(repo))["prompts"][-1]["parts"]
    assert (parts["metadata"] > 150, parts["body"]) == (True, "21k")
    assert lint("check").code == 0


def test_models_are_those_that_are_asked_for(repo: Repo, lint: Lint) -> None:
    """The limit holds for the one that counts most; a name that is none is refused."""
    repo.write("CLAUDE.md", "Never guess a number.\n" * 100)

    done = lint("init", "--model", "claude-haiku-4-5", "--model", "claude-opus-5-5")

    assert done.code == 0
    assert yaml.safe_load(written(repo))["models"] == ["claude-haiku-4-5", "claude-opus-5-5"]
    assert lint("check").code == 0
    assert lint("init", "--force", "--model", "no model").code == 2


# ---------------------------------------------------------------------------------------------------------
# The law


def test_a_skill_that_breaks_a_rule_counts_all_the_same(repo: Repo, lint: Lint) -> None:
    """What fails whatever its size is neither hidden nor in the way: its rule has a limit for it, and it is exempt with the reason."""
    repo.write("skills/good/SKILL.md", skill("good"))
    repo.write("skills/long/SKILL.md", skill("long", "word " * 300))

    done = passes(lint)

    assert (
        "breaks a rule of its tool, so exempt: skills/long/SKILL.md: the skill's `description` has"
        in done.out
    )
    config = yaml.safe_load(written(repo))
    assert config["prompts"][0]["parts"]["metadata"] > 300
    assert [(one["files"], one["reason"]) for one in config["exempt"]] == [
        ("/skills/long/SKILL.md", "the skill's `description` has 1,499 characters; the most is 1,024")
    ]
    assert "exclude" not in config
    assert "note: exempt: the skill's `description` has 1,499 characters" in lint("check").out


def test_files_that_cannot_be_read_are_left_out(repo: Repo, lint: Lint) -> None:
    """Not UTF-8, too large, a Git LFS pointer, a link to nowhere or out of the repository."""
    repo.write("prompts/a.md", "Answer.\n")
    repo.write("prompts/latin.md", b"\xe9")
    repo.write("prompts/huge.md", "x" * 2_000_000)
    repo.write("prompts/lfs.md", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    repo.link("prompts/nowhere.md", "gone.md")
    repo.link("prompts/outside.md", "/etc/hostname")

    passes(lint)

    excluded = yaml.safe_load(written(repo))["exclude"]
    assert excluded == [f"/prompts/{name}.md" for name in ("nowhere", "outside", "huge", "latin", "lfs")]


def test_data_of_tests_is_neither_read_nor_listed(repo: Repo, lint: Lint) -> None:
    """Recordings and fixtures hold requests by the hundred; none of them is anybody's prompt."""
    repo.write("CLAUDE.md", "Be kind.\n")
    for folder in ("tests", "docs", "src/cassettes", "evals/fixtures"):
        repo.write(f"{folder}/bad.json", '{"messages": [{"role": "nobody", "content": "Hi."}]}')
        repo.write(f"{folder}/good.json", CHAT)

    done = passes(lint)

    assert files(repo) == ["CLAUDE.md"]
    assert "json" not in done.out + written(repo).replace("schema.json", "")


def test_what_is_left_out_is_grouped(repo: Repo, lint: Lint) -> None:
    """By folder, with a number; never a file that a rule takes."""
    repo.write("prompts/a.md", "Answer.\n")
    for number in range(30):
        repo.write(f"docs/{number}/skills/a/SKILL.md", skill("a"))
        repo.write(f"tests/{number}/prompts/a.md", "Say A.\n")

    passes(lint)

    assert """
  # - files: /docs/**/SKILL.md  # 30 files
  # - files: /tests/**/*.md  # 30 files
""" in written(repo)


def test_linked_memory_is_counted_once(repo: Repo, lint: Lint) -> None:
    """CLAUDE.md is a link to AGENTS.md, as in many repositories: one rule for both, and the group knows the link."""
    repo.write("AGENTS.md", "Be kind.\n")
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.link("packages/a/CLAUDE.md", "../../AGENTS.md")
    repo.write(".claude/skills/a/SKILL.md", skill("a"))

    passes(lint)

    assert files(repo) == [".claude/skills/*/SKILL.md", "AGENTS.md", "CLAUDE.md"]
    assert "CLAUDE.md is a link to it" in written(repo)
    assert yaml.safe_load(written(repo))["groups"][0]["sum"] == [
        "/CLAUDE.md",
        ".claude/skills/*/SKILL.md#metadata",
    ]


@pytest.mark.parametrize(
    ("own", "loaded"),
    [
        ("CLAUDE.md", ["/CLAUDE.md"]), (".claude/CLAUDE.md", ["/.claude/CLAUDE.md"]),
        ("web/CLAUDE.md", ["/AGENTS.md", "/.claude/AGENTS.md"]),
    ],
)  # fmt: skip
def test_what_is_loaded_at_the_start(repo: Repo, lint: Lint, own: str, loaded: list[str]) -> None:
    """What is in folders below the top is loaded on demand; AGENTS.md only where the top has no CLAUDE.md."""
    memory = (own, "AGENTS.md", ".claude/AGENTS.md", "web/AGENTS.md", "web/CLAUDE.local.md")
    for path in (*memory, ".claude/rules/a.md", "web/.claude/rules/a.md"):
        repo.write(path, f"Be kind in {path}.\n")
    repo.write("web/.claude/skills/a/SKILL.md", skill("a"))

    passes(lint)

    [group] = yaml.safe_load(written(repo))["groups"]
    assert group["sum"] == [*loaded, ".claude/rules/**/*.md"]


def test_a_link_from_a_name_to_a_file_of_another(repo: Repo, lint: Lint) -> None:
    """Counted as what the link's name says, imports and all."""
    repo.write("docs/agents.md", "See @docs/style.md\n")
    repo.write("docs/style.md", "Write plainly.\n" * 20)
    repo.link("CLAUDE.md", "docs/agents.md")

    passes(lint)

    assert files(repo) == ["CLAUDE.md"]
    assert "imported" in lint("list").out


def test_what_git_ignores_is_nobodys_prompt(repo: Repo, lint: Lint) -> None:
    """An ignored file is neither an entry nor a size."""
    repo.write(".gitignore", "CLAUDE.md\nprompts/secret.md\n")
    repo.write("CLAUDE.md", "Mine.\n")
    repo.write("prompts/secret.md", "Mine. " * 9000)
    repo.write("prompts/a.md", "Ours.\n")

    passes(lint)

    assert files(repo) == ["prompts/**/*.md"]
    assert "limit: 500" in written(repo)


def test_very_many_folders(repo: Repo, lint: Lint) -> None:
    """However many there are, the entries stay few, and what can't be measured in many places is one remark."""
    for number in range(60):
        repo.write(f"a{number}/prompts/a.md", "Answer.\n")
        repo.write(f"a{number}/data/chat{number}.json", CHAT)
        repo.write(f"a{number}/data/other.json", "{}")
        repo.write(f"b{number}/CLAUDE.md", b"\xff")

    passes(lint)

    assert files(repo) == ["**/prompts/**/*.md"]
    assert "  # Left out: 60 files can't be measured; the first: b0/CLAUDE.md: is not UTF-8" in written(repo)
    assert len(written(repo)) < 4000


def test_broken_and_uncountable_requests_are_told(repo: Repo, lint: Lint) -> None:
    """What was meant for a request or for tools is on the screen and in the file, with the reason."""
    broken = {
        "prompts/comma.json": '{"messages": [{"role": "user", "content": "Hi"},]}',
        "prompts/cut.json": '{"text": ',
        "prompts/mcp.json": json.dumps({"mcp_servers": [{"type": "url"}]} | json.loads(CHAT)),
        "evals/set.jsonl": CHAT + '\n{"messages": [{"role": "user",}]}\n',
        "evals/comma.json": '{"messages": [{"role": "user", "content": "Hi"},]}',
        "tools/twice.json": json.dumps(json.loads(TOOLS) * 2),
        "prompts/anchor.yaml": "messages:\n  - &a {role: user, content: Hi}\n  - *a\n",
    }
    for path, text in (broken | {"prompts/a.md": "Answer.\n"}).items():
        repo.write(path, text)

    done = passes(lint)

    assert {path for path in broken if f"left out: {path}: " not in done.out} == set()
    assert {path for path in broken if f"  #   {path}: " not in written(repo)} == set()


def test_broken_requests_do_not_hide_the_others(repo: Repo, lint: Lint) -> None:
    """Where all of them would be too many to be named one by one, those that can be counted are."""
    for number in range(8):
        repo.write(f"{number}/a{number}.json", CHAT)
        repo.write(f"{number}/other.json", "{}")
    repo.write("0/comma.json", '{"messages": [{"role": "user", "content": "Hi"},]}')

    done = passes(lint)

    assert files(repo) == [f"/{number}/a{number}.json" for number in range(8)]
    assert "left out: 0/comma.json: is not JSON" in done.out


def test_what_is_plainly_something_else_is_not_told(repo: Repo, lint: Lint) -> None:
    """Settings, translations, schemas and data are no broken prompts, whatever is wrong with them."""
    repo.write("prompts/a.md", "Answer.\n")
    repo.write("config.json", '{"debug": true, }')
    repo.write("package.json", '{"messages": {"hello": "Hi"}}')
    repo.write("prompts/settings.json", '{"parameters": {"role": "admin"}}')
    repo.write("prompts/shots.jsonl", '{"role": "a", "q": 1}\n{"q": 2}\n')
    repo.write("deploy.yaml", "role: &r user\nagain: *r\n")

    done = passes(lint)

    assert "left out" not in done.out
    assert "exclude" not in yaml.safe_load(written(repo))


def test_what_a_file_imports_may_be_the_reason(repo: Repo, lint: Lint) -> None:
    """An entry that is left without files says what is wrong with them, not that its pattern matches nothing."""
    repo.write("prompts/a.md", "Answer.\n")
    repo.write("CLAUDE.md", "@docs/bad.md\n")
    repo.write("docs/bad.md", b"caf\xe9")

    done = passes(lint)

    reason = "CLAUDE.md: imports `docs/bad.md`, which is not UTF-8"
    assert f"left out: {reason}" in done.out
    assert f"# Left out: {reason}" in written(repo)
    assert "no file in the repository matches" not in done.out + written(repo)


def test_nothing_that_can_be_measured(repo: Repo, lint: Lint) -> None:
    """No configuration is written that would be green for measuring nothing."""
    repo.write("CLAUDE.md", b"\xff")

    done = lint("init")

    assert (done.code, done.out) == (3, "")
    assert "CLAUDE.md: is not UTF-8" in done.err
    assert not (repo.path / ".prompt-lint.yaml").exists()


def test_nothing_found(repo: Repo, lint: Lint, snapshot: SnapshotAssertion) -> None:
    """One sentence, what may be meant, and what to write."""
    repo.write("src/main.py", "print()\n")
    assert lint("init") == snapshot

    repo.write("docs/prompts.md", "About prompts.\n")
    assert "these may be some, but as likely aren't: docs/prompts.md" in lint("init").err
    assert lint("init").code == 2


NASTY = [
    'say "hi".md', "it's.md", "#1.md", "!not.md", "a: b.md", "- x.md", "*.md", "[ab].md", "{a,b}.md", "a\\b.md", "new\nline.md",
    "tab\t.md", "é ü.md", "日本.md", "\u202egnp.md", "\ufeffbom.md", " lead.md", "trail .md", "%d.md", "@at.md", "~.md", "`x`.md",
    "a#body.md", "x" * 200 + ".md", "\\*.md", "null", "...", "\u3164.md",
]  # fmt: skip


# Up to three places are written out.
@pytest.mark.parametrize("names", [NASTY[first : first + 3] for first in range(0, len(NASTY), 3)], ids=ascii)
def test_hostile_names(repo: Repo, lint: Lint, names: list[str]) -> None:
    """In a folder of prompts, as a folder, as something that can't be measured: quoted for YAML, escaped for patterns."""
    repo.write("prompts/ordinary.md", "Answer.\n")
    for name in names:
        repo.write(f"prompts/{name}", b"\xff")
        repo.write(f"{name}/CLAUDE.md", "Hello.\n")
        repo.write(f"{name}/.claude/skills/a/SKILL.md", skill("a"))
        repo.write(f"{name}/broken/SKILL.md", b"\xff")
        repo.write(f"{name}/chat.json", CHAT)

    passes(lint)

    assert yaml_reader.parse_yaml(written(repo)).data


WORDS = [
    "prompts",
    "CLAUDE.md",
    "SKILL.md",
    ".claude",
    "skills",
    "agents",
    "docs",
    "a",
    "rules",
    "commands",
    ".cursor",
]
PART = st.sampled_from(WORDS) | st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=6
).filter(lambda text: text not in {".", ".."} and not text.lower().startswith(".git"))
ENDS = [
    "CLAUDE.md",
    "AGENTS.md",
    "SKILL.md",
    "system.md",
    "a.md",
    "b.txt",
    "c.json",
    "d.mdc",
    "e.prompt",
    "f.prompt.yml",
    "g.prompty",
]
PATH = st.lists(PART, max_size=4).flatmap(
    lambda parts: st.sampled_from(ENDS).map(lambda end: "/".join([*parts, end]))
)
CONTENT = st.sampled_from(
    [
        b"Answer.\n",
        b"",
        b"\xff",
        CHAT.encode(),
        TOOLS.encode(),
        skill("a").encode(),
        AGENT.encode(),
        b"@a.md\n",
        b"---\nx: [\n---\n",
    ]
) | st.binary(max_size=30)
_numbers = itertools.count()


@settings(
    deadline=None,
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tree=st.dictionaries(PATH, CONTENT, min_size=1, max_size=8), link=st.none() | st.tuples(PATH, PATH))
def test_the_next_check_passes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    tree: dict[str, bytes], link: tuple[str, str] | None,
) -> None:  # fmt: skip
    """Whatever a tree holds: `init` writes what passes, or nothing and says why."""
    repo = Repo(tmp_path / str(next(_numbers)))
    for path, content in tree.items():
        try:
            repo.write(path, content)
        except OSError:  # a file where another path has a folder, or a name too long
            assume(False)
    if link and not os.path.lexists(repo.path / link[0]):
        try:
            repo.link(link[0], os.path.relpath(link[1], os.path.dirname(link[0]) or "."))
        except OSError:
            assume(False)
    monkeypatch.chdir(repo.path)

    code = main.run(["init", "--no-cache"])
    checked = main.run(["check", "--no-cache"]) if code == 0 else 0

    told = capfd.readouterr()
    assert checked == 0, written(repo) + told.out + told.err
    assert code in {0, 2, 3}
    assert (code == 0) == (repo.path / ".prompt-lint.yaml").exists()
    assert code == 0 or told.err.startswith("error: ")


@pytest.mark.slow
@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora aren't here")
def test_real_repositories_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What public repositories hold: each has a configuration that passes, or nothing that is known for a prompt."""
    subprocess.run(["tar", "-xf", CORPORA, "-C", tmp_path], check=True)
    codes = {}
    for folder in sorted(one for one in (tmp_path / "corpora").iterdir() if one.is_dir()):
        Repo(folder).git("init", "--quiet")
        monkeypatch.chdir(folder)
        codes[folder.name] = [main.run(["init"])]
        codes[folder.name] += [main.run(["check"])] if codes[folder.name] == [0] else []
        capfd.readouterr()

    assert {name: code for name, code in codes.items() if code != [0, 0]} == {"actions__ai-inference": [2]}


# ---------------------------------------------------------------------------------------------------------
# What a maintainer would commit


def test_an_outlier_has_a_rule_of_its_own(repo: Repo, lint: Lint) -> None:
    """One file of 40,000 tokens is no reason to let all others grow to that."""
    for number in range(5):
        repo.write(f"prompts/{number}.md", "Answer the customer.\n" * 200)
    repo.write("prompts/huge.md", "Answer the customer.\n" * 5000)

    passes(lint)

    usual, own = yaml.safe_load(written(repo))["prompts"]
    assert (usual["files"], own["files"]) == ("prompts/**/*.md", "/prompts/huge.md")
    assert (usual["limit"], own["limit"]) == ("2.1k", "53k")
    assert "Much larger than the others: 40,0" in written(repo)


def test_what_is_listed_of_agents_and_commands_has_a_limit_of_its_own(repo: Repo, lint: Lint) -> None:
    """The description is always loaded: it isn't held to the limit of the body."""
    repo.write(".claude/agents/a.md", AGENT + "Look at every line.\n" * 900)
    repo.write(".claude/commands/b.md", "---\ndescription: Ships it.\n---\nShip it.\n")

    passes(lint)

    commands, agents = yaml.safe_load(written(repo))["prompts"]
    assert commands["parts"] == {"metadata": 150, "body": 500}
    assert (agents["parts"]["metadata"], agents["parts"]["body"]) == (150, "8.3k")


def test_agentic_workflows(repo: Repo, lint: Lint) -> None:
    """The text below the frontmatter of a workflow; not the documents beside it, nor what workflows share."""
    repo.write(".github/workflows/triage.md", "---\non: issues\nengine: claude\n---\nLabel the issue.\n")
    repo.write(".github/workflows/triage.lock.yml", "on: issues\n")
    repo.write(".github/workflows/README.md", "About these.\n")
    repo.write(".github/workflows/shared/tools.md", "Shared.\n")

    passes(lint)

    [rule] = yaml.safe_load(written(repo))["prompts"]
    assert (rule["files"], rule["exclude"]) == (".github/workflows/*.md", "README.md")
    assert lint("list", "--output-format", "json").code == 0


def test_a_link_beside_its_file_in_a_folder_of_another_rule(repo: Repo, lint: Lint) -> None:
    """The link is in the rule of its target, not a workflow over its limit."""
    repo.write(".github/workflows/triage.md", "---\non: issues\n---\nLabel the issue.\n")
    repo.write(".github/workflows/AGENTS.md", "Pin every action.\n" * 600)
    repo.link(".github/workflows/CLAUDE.md", "AGENTS.md")

    passes(lint)

    assert files(repo) == [".github/workflows/*.md", "AGENTS.md", "CLAUDE.md"]


def test_yaml_of_other_programs_holds_no_tools(repo: Repo, lint: Lint) -> None:
    """The tools of Prompt flow have a type and no schema."""
    repo.write("prompts/a.md", "Answer.\n")
    repo.write(
        "tools/search.yaml",
        "my.search:\n  name: Search\n  type: python\n  function: search\n  inputs: {query: {type: [string]}}\n",
    )

    done = passes(lint)

    assert files(repo) == ["prompts/**/*.md"]
    assert "search" not in done.out + written(repo)


def test_prompts_in_yaml_are_texts(repo: Repo, lint: Lint) -> None:
    """By the word in the name: what is no request is counted as it is."""
    repo.write("config/prompts.yaml", "greeting: Say hello to {name}.\n")

    passes(lint)

    [rule] = yaml.safe_load(written(repo))["prompts"]
    assert (rule["files"], rule["format"]) == ("*prompt*.yaml", "text")


def test_editors_find_the_schema(repo: Repo, lint: Lint) -> None:
    """The first line names the schema of this version, which `schema` prints, too."""
    repo.write("CLAUDE.md", "Hello.\n")
    assert lint("init").code == 0

    first = written(repo).partition("\n")[0]

    assert (
        first
        == f"# yaml-language-server: $schema={REPOSITORY}/raw/v{__version__}/src/prompt_lint/config/prompt-lint.schema.json"
    )
    assert json.loads(lint("schema").out)["title"] == "prompt-lint configuration"
    assert (ROOT / first.partition(f"/v{__version__}/")[2]).is_file()


def test_prompts_in_source_code_have_a_rule_to_copy(
    repo: Repo, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, in a whole configuration that passes; beside other prompts, in comments and in a line of the output.

    What is written is named as it is from the folder of the run.
    """
    repo.write("src/texts.py", 'SYSTEM_PROMPT = """Be kind."""\n')
    alone = lint("init")
    repo.write(".prompt-lint.yaml", alone.err.partition("\n\n")[2].rpartition("\n\n")[0].partition("\n\n")[2])
    assert (alone.code, "1 Python file with prompts in constants" in alone.err) == (2, True)
    assert (lint("check").code, lint("count", "src/texts.py").code) == (0, 0)

    repo.write("CLAUDE.md", "Hello.\n")
    monkeypatch.chdir(repo.path / "src")
    done = lint("init", "--force")

    assert f"\nWrote {os.path.join('..', '.prompt-lint.yaml')}. " in done.out
    assert "left out: 1 Python file with prompts in constants; their rules are in comments\n" in done.out
    assert "# - files: [/src/texts.py]\n  #   format: python\n" in written(repo)


def test_the_hook_and_the_workflow(repo: Repo, lint: Lint) -> None:
    """`--with hook,github` writes both, in the form of the documentation; an unknown one is refused before anything is written."""
    repo.write("CLAUDE.md", "Hello.\n")
    repo.write("src/judge_prompt.yaml", "text: Be fair.\n")
    assert lint("init", "--with", "gitlab").code == 2

    done = lint("init", "--with", "hook,github")

    hooks = yaml.safe_load((repo.path / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [hook] = hooks["repos"]
    assert (hook["repo"], hook["rev"]) == (REPOSITORY, f"v{__version__}")
    workflow = yaml.safe_load((repo.path / ".github/workflows/prompts.yml").read_text(encoding="utf-8"))
    checkout, check = workflow["jobs"]["prompts"]["steps"]
    assert checkout["with"]["fetch-depth"] == 0
    assert check["uses"] == f"{REPOSITORY.removeprefix('https://github.com/')}@v{__version__}"
    assert done.out.count("Wrote ") == 3
    checked = lint("check", "-v")
    assert checked.code == 0
    assert "judge_prompt.yaml" in checked.out
    assert ".github" not in checked.out


@pytest.mark.parametrize(
    ("commands", "branches"),
    [
        ([], ["trunk"]),  # the current branch
        (["branch main"], ["main"]),
        (["branch main", "remote add origin x", "update-ref refs/remotes/origin/v+1 trunk",
          "symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/v+1"], ["v\\+1"]),
    ],
)  # fmt: skip
def test_the_workflow_runs_on_pushes_to_the_default_branch(
    repo: Repo, lint: Lint, commands: list[str], branches: list[str]
) -> None:
    """The remote's, else one with a usual name, else the current one; characters of patterns are escaped."""
    repo.write("CLAUDE.md", "Hello.\n")
    repo.commit()
    for command in ("branch --move trunk", *commands):
        repo.git(*command.split())

    lint("init", "--with", "github")

    workflow = (repo.path / ".github/workflows/prompts.yml").read_text(encoding="utf-8")
    assert yaml.load(workflow, yaml.BaseLoader)["on"]["push"]["branches"] == branches  # noqa: S506  # a loader of texts


def test_existing_files_of_others_stay(repo: Repo, lint: Lint) -> None:
    """What to paste is printed, and the file is as it was."""
    repo.write("CLAUDE.md", "Hello.\n")
    repo.write(".pre-commit-config.yaml", "repos: []\n")

    done = lint("init", "--with", "hook")

    assert (repo.path / ".pre-commit-config.yaml").read_text(encoding="utf-8") == "repos: []\n"
    assert (
        ".pre-commit-config.yaml exists and stays as it is. If this isn't there yet, add it below `repos:`:\n\n  - repo: https://"
        in done.out
    )


def test_a_configuration_that_is_there_stays(repo: Repo, lint: Lint) -> None:
    """`--with hook` after `init`, or beside a file written by hand, writes what is missing; --force replaces the file, too."""
    repo.write("CLAUDE.md", "Hello.\n")
    repo.write(".prompt-lint.yaml", "mine\n")

    done = lint("init", "--with", "hook")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(
        ".prompt-lint.yaml exists and stays as it is.\nWrote .pre-commit-config.yaml. Install"
    )
    assert (written(repo), (repo.path / ".pre-commit-config.yaml").is_file()) == ("mine\n", True)
    assert lint("init", "--with", "hook", "--force").code == 0
    assert written(repo) != "mine\n"


# ---------------------------------------------------------------------------------------------------------
# Without a configuration


def test_without_a_configuration_there_is_an_answer(
    repo: Repo, lint: Lint, snapshot: SnapshotAssertion
) -> None:
    """`prompt-lint` and `list` show what there is, what is loaded at the start of a session, and what to do next."""
    repo.write("CLAUDE.md", "Never guess a number.\n" * 40)
    repo.write(".claude/skills/pdf/SKILL.md", skill("pdf"))

    assert lint() == snapshot
    assert lint("list") == lint()
    assert "claude-haiku-4-5" in lint("list", "--model", "claude-haiku-4-5").out
    assert not (repo.path / ".prompt-lint.yaml").exists()


def test_where_there_is_no_answer_it_says_what_was_looked_for(
    repo: Repo, lint: Lint, snapshot: SnapshotAssertion
) -> None:
    """Nothing looks like a prompt. `check` and other formats want a configuration."""
    assert lint() == snapshot
    assert lint("list") == lint()
    repo.write("CLAUDE.md", "Hello.\n")
    for arguments in (["check"], ["list", "--output-format", "json"], ["list", "CLAUDE.md"]):
        assert lint(*arguments).err.startswith("error: no .prompt-lint.yaml"), arguments
    assert lint("init").code == 0
    assert (lint().code, "Usage: prompt-lint" in lint().err) == (2, True)


# ---------------------------------------------------------------------------------------------------------
# Writing it


def test_what_is_there_is_not_replaced(repo: Repo, lint: Lint) -> None:
    """Under either name; --force replaces it under its own name, --dry-run only shows."""
    repo.write("CLAUDE.md", "Hello.\n")
    repo.write(".prompt-lint.yml", "mine\n")

    refused = lint("init")
    shown = lint("init", "--dry-run")

    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("error: there is a `.prompt-lint.yml` already\n")
    assert (repo.path / ".prompt-lint.yml").read_text(encoding="utf-8") == "mine\n"
    assert (shown.code, "CLAUDE.md" in shown.out, "CLAUDE.md" in shown.err) == (0, True, True)
    assert lint("init", "--force").code == 0
    assert (repo.path / ".prompt-lint.yml").read_text(encoding="utf-8") == shown.out
    assert lint("check").code == 0


@pytest.mark.parametrize("target", ["gone.yaml", "../outside.yaml"])
def test_a_link_is_replaced_not_followed(repo: Repo, lint: Lint, target: str) -> None:
    """Also one that leads nowhere counts as there; what is behind it stays as it was."""
    outside = repo.path.parent / "outside.yaml"
    outside.write_text("theirs\n", encoding="utf-8")
    repo.write("CLAUDE.md", "Hello.\n")
    repo.link(".prompt-lint.yaml", target)

    assert lint("init").code == 2
    assert lint("init", "--force").code == 0
    assert not (repo.path / ".prompt-lint.yaml").is_symlink()
    assert outside.read_text(encoding="utf-8") == "theirs\n"
    assert not (repo.path / "gone.yaml").exists()


def test_a_dry_run_prints_the_file_and_writes_nothing(repo: Repo, lint: Lint) -> None:
    """What would be written is on stdout, what was found on stderr."""
    repo.write("CLAUDE.md", "Hello.\n")
    before = sorted(os.listdir(repo.path))

    shown = lint("init", "--dry-run")

    assert lint("init", "--dry-run") == shown  # also with the counts that are known by now
    assert sorted(os.listdir(repo.path)) == before
    assert lint("init").code == 0
    assert written(repo) == shown.out
    assert sorted(os.listdir(repo.path)) == sorted([*before, ".prompt-lint.yaml"])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden here")
def test_a_folder_that_cannot_be_written(repo: Repo, lint: Lint) -> None:
    """One sentence, and exit code 3."""
    repo.write("CLAUDE.md", "Hello.\n")
    repo.path.chmod(0o500)

    done = lint("init")
    repo.path.chmod(0o700)

    assert (done.code, done.err) == (3, "error: could not write .prompt-lint.yaml: Permission denied\n")


def test_a_folder_in_the_place_of_the_file(repo: Repo, lint: Lint) -> None:
    """Not even --force replaces a folder, and nothing else is left behind."""
    repo.write("CLAUDE.md", "Hello.\n")
    (repo.path / ".prompt-lint.yaml").mkdir()

    assert lint("init", "--force").code == 3
    assert sorted(os.listdir(repo.path)) == [".git", ".prompt-lint.yaml", "CLAUDE.md"]


def test_nothing_is_sent(repo: Repo, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither with a key nor with a variable that asks for exact counts."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-x")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PROMPT_LINT_COUNTING", "exact")
    repo.write("CLAUDE.md", "Hello.\n")

    assert lint("init", "--dry-run").code == 0


def test_it_runs_as_a_module(repo: Repo) -> None:
    """`python -m prompt_lint`, which takes no module from the folder that it is run in."""
    repo.write("yaml.py", "raise SystemExit('obeyed')\n")
    repo.write("CLAUDE.md", "Hello.\n")

    done = subprocess.run(
        [sys.executable, "-m", "prompt_lint", "init"],
        cwd=repo.path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "CLAUDE.md" in done.stdout


def test_a_workflow_is_written_through_no_link_out_of_the_repository(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path
) -> None:
    """A folder of a stranger's could be any folder of the machine."""
    (tmp_path / "outside").mkdir()
    repo.write("CLAUDE.md")
    repo.link(".github", "../outside")

    done = lint("init", "--with", "github")

    message = ".github/workflows/prompts.yml isn't written: a symbolic link leads it out of the repository"
    assert (done.code, done.err.splitlines()[0]) == (2, f"error: {message}")
    assert list((tmp_path / "outside").iterdir()) == []


def test_prompts_in_source_code_are_proposed_as_comments(repo: Repo, lint: Callable[..., Done]) -> None:
    """Constants of Python and marked lines; tests and files of other configurations aren't."""
    repo.write("CLAUDE.md")
    repo.write("app/agent.py", 'SYSTEM_PROMPT = """\nYou are helpful.\n"""\n')
    marked = "// prompt-lint: begin\n// Be kind.\n// prompt-lint: end\n"
    repo.write("app/help.go", marked)
    repo.write("app/generated.go", marked + "\n" * (1 << 20))  # no larger file is read
    repo.write("tests/test_agent.py", 'PROMPT = "x"\n')
    repo.commit()

    proposed = lint("init", "--dry-run").out
    rules = proposed.replace("  # - files: [/app", "  - files: [/app").replace("  #   format", "    format")
    repo.write(".prompt-lint.yaml", rules)

    assert "tests/" not in proposed
    assert "generated.go" not in proposed
    assert {verdict["path"] for verdict in lint("check", "--offline", "--output-format", "json").report["verdicts"]} == {
        "CLAUDE.md", "app/agent.py", "app/help.go",
    }  # fmt: skip
