"""Files that are counted together: as one request, or as a sum."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_lint.check.group_prompts import choose_members
from prompt_lint.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
    from tests.support.repo import Repo

TOP = "models: [claude-sonnet-4-6]\n"
AGENT = """\
groups:
  - name: agent
    system: [prompts/system.md, prompts/tone.md]
    tools: prompts/tools.json
    messages: prompts/shots.yaml
    limit: 5000
"""
SUM = """\
groups:
  - name: always loaded
    sum: ["notes/*.md", "!notes/old.md"]
    limit: 5000
"""
TOOL = {"name": "look_up", "description": "Looks an order up.", "input_schema": {"type": "object"}}
# One grey pixel.
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
Check = Any


@pytest.fixture
def check(repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    """`check` at the top of the repository: the exit code and its JSON."""
    monkeypatch.chdir(repo.path)

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main.run(["check", "--offline", "--output-format", "json", *arguments])
        return code, json.loads(capfd.readouterr().out)

    return run


def agent(repo: Repo) -> None:
    repo.write(".prompt-lint.yaml", TOP + AGENT)
    repo.write("prompts/system.md", "You answer tickets.")
    repo.write("prompts/tone.md", "Be kind.")
    repo.write("prompts/tools.json", json.dumps({"tools": [TOOL]}))
    repo.write("prompts/shots.yaml", "- {role: user, content: Hi}\n- {role: assistant, content: Hello}\n")


def notes(repo: Repo, config: str = SUM, **texts: str) -> None:
    repo.write(".prompt-lint.yaml", TOP + config)
    for name, text in (texts or {"a": "One.\n", "b": "Two words.\n"}).items():
        repo.write(f"notes/{name}.md", text)


def test_a_sum_holds_untracked_files_whatever_is_named(repo: Repo, check: Check) -> None:
    """A group is whole, also before its files are added to git: naming one of them leaves none of the others out."""
    notes(repo, a="One.", b="Two words.")

    assert check("notes/a.md")[1]["verdicts"][-1] == check()[1]["verdicts"][-1]
    assert check("notes/a.md")[0] == 0


def tokens(report: dict[str, Any]) -> dict[str, int]:
    return {verdict["name"] or verdict["path"]: verdict["tokens"] for verdict in report["verdicts"]}


def said(report: dict[str, Any]) -> list[str]:
    return [problem["message"] for problem in report["problems"]]


def test_a_request_of_several_files_counts_as_the_request_that_it_is(repo: Repo, check: Check) -> None:
    """What a group comes to is what one file with the same request comes to."""
    agent(repo)
    whole = {
        "system": "You answer tickets.\n\nBe kind.", "tools": [TOOL],
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}],
    }  # fmt: skip
    repo.write("whole.json", json.dumps(whole))
    repo.write(".prompt-lint.yaml", TOP + "limit: 5000\nprompts: [{files: whole.json}]\n" + AGENT)

    code, report = check()

    found = tokens(report)
    assert (code, found["agent"]) == (0, found["whole.json"])
    assert [verdict["kind"] for verdict in report["verdicts"]] == ["prompt", "group"]


def test_its_parts_are_its_files(repo: Repo, check: Check) -> None:
    """Each file of a request is a part of the group, with what it is there for; the largest comes first."""
    agent(repo)

    [verdict] = check()[1]["verdicts"]

    parts = {(part["path"], part["title"]) for part in verdict["sections"]}
    assert parts == {
        ("prompts/system.md", "system"), ("prompts/tone.md", "system"), ("prompts/tools.json", "tools"),
        ("prompts/shots.yaml", "messages"),
    }  # fmt: skip
    sizes = [part["tokens"] for part in verdict["sections"]]
    assert sizes == sorted(sizes, reverse=True)


def test_parts_weigh_their_words(repo: Repo, check: Check) -> None:
    """A part's tokens are those of what is said in it, without JSON around it, and without a picture's bytes."""
    agent(repo)
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
    turn = {"role": "user", "content": [{"type": "text", "text": "Hi there"}, picture]}
    repo.write("prompts/shots.yaml", json.dumps([turn]))

    [verdict] = check()[1]["verdicts"]

    tokens_of = {part["path"]: part["tokens"] for part in verdict["sections"]}
    assert tokens_of["prompts/shots.yaml"] == 2


def test_a_sum_is_the_sum_of_its_prompts(repo: Repo, check: Check) -> None:
    """A sum adds the counts of all that its patterns match, each file once; `!` takes back."""
    notes(repo, a="One.\n", b="Two words.\n", old="Very old words.\n")
    repo.link("notes/again.md", "a.md")
    single = TOP + 'limit: 5000\nprompts: [{files: "notes/[ab].md"}]\n'
    repo.write(".prompt-lint.yaml", single + SUM)

    code, report = check()

    found = tokens(report)
    assert code == 0
    assert found["always loaded"] == found["notes/a.md"] + found["notes/b.md"]
    [group] = [verdict for verdict in report["verdicts"] if verdict["kind"] == "group"]
    assert sum(part["tokens"] for part in group["sections"]) == group["tokens"]


def test_a_sum_of_blank_members_is_empty_and_says_so(repo: Repo, check: Check) -> None:
    """Nothing is sent or estimated for it, and nobody takes it for a small group."""
    notes(repo, a="\n", b="")

    code, report = check()

    [verdict] = report["verdicts"]
    assert (code, verdict["tokens"], verdict["origin"]) == (0, 0, "offline")
    [warning] = report["warnings"]
    assert "the group `always loaded` is empty: 0 tokens" in warning["message"]


def test_a_sum_over_its_limit_fails_and_shows_its_parts(
    repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    snapshot: SnapshotAssertion,
) -> None:
    """A failing group says by how much, what is in it by size, and where its limit stands."""
    texts = {f"n{number:02}": "A line of a note.\n" * (number + 1) for number in range(13)}
    notes(repo, SUM.replace("5000", "200") + "    message: See docs/budget.md.\n", **texts)
    monkeypatch.chdir(repo.path)

    code = main.run(["check", "--offline"])

    assert code == 1
    assert capfd.readouterr().out == snapshot


@pytest.mark.parametrize(
    ("path", "groups"),
    [
        ("prompts/tone.md", ["agent"]),
        ("prompts", ["agent"]),
        ("other.md", []),
        (".prompt-lint.yaml", ["agent"]),
    ],
)
def test_a_group_is_checked_whole_when_one_of_its_files_is_named(
    repo: Repo, check: Check, path: str, groups: list[str]
) -> None:
    """Whatever paths are given: a group that one of them belongs to is counted over all its files."""
    agent(repo)
    repo.write("other.md", "Nothing of the group.")

    everything = tokens(check()[1])
    report = check(path)[1]

    assert tokens(report) == {name: everything[name] for name in groups}


@pytest.mark.parametrize("path", ["docs/real.md", "linked.md"])
@pytest.mark.parametrize("named", ["docs/real.md", "linked.md"])
def test_a_request_is_found_through_links(repo: Repo, check: Check, path: str, named: str) -> None:
    """A hook gets the file that has changed, not the link by which a group names it; and the other way round."""
    repo.write(".prompt-lint.yaml", TOP + f"groups: [{{name: g, system: {named}, limit: 1}}]\n")
    repo.write("docs/real.md", "Some words more than one.\n")
    repo.link("linked.md", "docs/real.md")
    repo.commit()

    assert check(path)[0] == 1


@pytest.mark.parametrize("key", ["system", "messages"])
def test_a_request_reads_a_link_by_its_own_name(repo: Repo, check: Check, key: str) -> None:
    """CLAUDE.md brings its imports along, also where it is a link to a file of another name, here and in the base."""
    repo.write(".prompt-lint.yaml", TOP + f"groups: [{{name: g, {key}: CLAUDE.md, limit: 5000}}]\n")
    repo.write("docs/agents.md", "See @rules.md\n")
    repo.write("rules.md", "Never guess a number.\n" * 50)
    repo.link("CLAUDE.md", "docs/agents.md")
    repo.commit()

    [found] = check("--base", "HEAD")[1]["verdicts"]
    [again] = check("rules.md")[1]["verdicts"]
    repo.write("docs/agents.md", "See nothing.\n")
    [alone] = check("--base", "HEAD")[1]["verdicts"]

    assert found["tokens"] == again["tokens"] == alone["base_tokens"] > 200 > alone["tokens"]


def test_the_target_of_a_linked_configuration_is_the_configuration(repo: Repo, check: Check) -> None:
    """Where it is among the paths, everything is checked."""
    repo.write("tools/lint.yaml", TOP + "prompts: [{files: a.md, limit: 1}]\n")
    repo.link(".prompt-lint.yaml", "tools/lint.yaml")
    repo.write("a.md", "Some words more than one.\n")
    repo.commit()

    assert check("tools/lint.yaml")[0] == 1


def test_a_file_that_is_deleted_leaves_a_sum_and_breaks_a_request(repo: Repo, check: Check) -> None:
    """A sum is over what is there; a request that names a file which isn't there is a fault of the configuration."""
    notes(repo)
    repo.git("add", "-A")
    (repo.path / "notes/b.md").unlink()
    code, report = check()
    assert (code, len(report["verdicts"][0]["sections"])) == (0, 1)

    (repo.path / "notes/a.md").unlink()
    for paths in ((), ("notes",)):
        code, report = check(*paths)
        assert (code, report["verdicts"]) == (2, [])

    agent(repo)
    (repo.path / "prompts/tone.md").unlink()
    code, report = check()

    assert code == 2
    assert said(report) == ["the group `agent` can't be counted: `prompts/tone.md` does not exist"]


def test_a_member_that_cannot_be_read_leaves_the_group_uncounted(repo: Repo, check: Check) -> None:
    """Never a smaller sum: what can't be read is told, and the run exits 3."""
    notes(repo)
    repo.write("notes/bad.md", b"\xff\xfe\x00")

    code, report = check()

    assert (code, report["verdicts"]) == (3, [])
    assert said(report)[0].startswith("the group `always loaded` can't be counted: `notes/bad.md`")


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (
            "bad.jsonl",
            '{"messages": [{"role": "user", "content": "Hi"}]}\n{broken\n',
            ", line 2: is not JSON",
        ),
        (
            "bad.md",
            "<!-- prompt-lint: begin -->\nA\n<!-- prompt-lint: end -->\n<!-- prompt-lint: end -->\n",
            ", line 4: has",
        ),
    ],
)
def test_a_member_that_can_be_read_in_part_leaves_the_group_uncounted(
    repo: Repo, check: Check, name: str, text: str, fault: str
) -> None:
    """What is left out could be any size: the group is an error also where only another file of it is named."""
    rules = (
        "limit: 5000\nprompts: [{files: notes/}, {files: notes/bad.md, format: marked, allow_empty: true}]\n"
    )
    notes(repo, rules + SUM.replace("*.md", "*"))
    repo.write(f"notes/{name}", text)

    code, report = check("notes/a.md")

    assert (code, [verdict["name"] for verdict in report["verdicts"] if verdict["kind"] == "group"]) == (
        3,
        [],
    )
    assert f"the group `always loaded` can't be counted: `notes/{name}`{fault}" in said(report)[-1]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("nothing/*.md", "no file in the repository matches `nothing/*.md`, which the group `g` sums"),
        (
            "notes/*.md#metadata",
            "no file in the repository matches `notes/*.md` with a prompt named `metadata`, which the group `g` sums",
        ),
    ],
)
def test_a_pattern_that_adds_nothing_is_a_fault(repo: Repo, check: Check, pattern: str, message: str) -> None:
    """A slip in a pattern, or in the name behind it, doesn't make a sum small and green."""
    config = f'groups: [{{name: g, sum: ["notes/a.md", "{pattern}"], limit: 900}}]\n'
    notes(repo, config)
    code, report = check()
    assert (code, said(report)) == (2, [message])

    notes(repo, config.replace("limit", "allow_empty: true, limit"))

    assert check()[0] == 0


def test_a_pattern_whose_prompts_are_all_on_demand_is_no_fault(repo: Repo, check: Check) -> None:
    """Rules that are loaded later add nothing to what is loaded at the start. A sum of nothing else measures nothing."""
    config = 'groups: [{name: g, sum: [CLAUDE.md, ".claude/rules/*.md"], limit: 900}]\n'
    repo.write("CLAUDE.md", "Be kind.\n")
    repo.write(".claude/rules/a.md", "---\npaths: src/**\n---\nBe nice.\n")
    repo.write(".prompt-lint.yaml", TOP + config)
    code, report = check()
    assert (code, said(report), len(report["verdicts"])) == (0, [], 1)

    repo.write(".prompt-lint.yaml", TOP + config.replace("CLAUDE.md, ", ""))

    code, report = check()
    message = "every prompt that matches `.claude/rules/*.md`, which the group `g` sums, is loaded on demand, so the sum is empty"
    assert (code, said(report), report["verdicts"]) == (2, [message], [])


def test_a_pattern_whose_files_have_no_prompt_is_a_fault(repo: Repo, check: Check) -> None:
    """The files are there, so it isn't said that they aren't."""
    repo.write("app.py", "x = 1\n")
    rules = "prompts: [{files: app.py, format: python, limit: 9, allow_empty: true}]\n"
    notes(repo, f"{rules}groups: [{{name: g, sum: [notes/a.md, app.py], limit: 900}}]\n")

    code, report = check()

    assert (code, said(report)) == (
        2,
        ["no file that matches `app.py`, which the group `g` sums, has a prompt in it"],
    )


@pytest.mark.parametrize(
    ("role", "path", "message"),
    [
        ("system", "prompts/shots.yaml", "is a conversation; `system` takes a text"),
        ("tools", "prompts/tone.md", "isn't a file of tool definitions"),
        ("messages", "prompts/tone.md#body", "has no prompt named `body`"),
    ],
)
def test_a_file_in_the_wrong_place_is_told(
    repo: Repo, check: Check, role: str, path: str, message: str
) -> None:
    """What can't be a part of the request in that place is a fault of the configuration, not something dropped."""
    agent(repo)
    repo.write(".prompt-lint.yaml", TOP + f"groups: [{{name: g, {role}: '{path}', limit: 900}}]\n")

    code, report = check()

    assert code == 2
    assert message in said(report)[0]


def test_the_whole_tree_may_have_nothing_but_groups(repo: Repo, check: Check) -> None:
    """A configuration without `prompts` is one, and flags for single prompts don't touch the limit of a group."""
    notes(repo, SUM.replace("5000", "1"))

    code, report = check("--limit", "9000")

    assert (code, [v["limit"] for v in report["verdicts"]]) == (1, [1])


def test_a_model_without_a_limit_of_its_own_has_that_of_the_group(repo: Repo, check: Check) -> None:
    """`limits` and shares of the window hold for groups as for prompts."""
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-sonnet-4-6, claude-haiku-4-5]\n"
        "groups: [{name: g, sum: 'notes/*.md', limit: 1%, limits: {claude-haiku-4-5: 7}}]\n",
    )
    repo.write("notes/a.md", "One.\n")

    report = check()[1]

    assert {v["model"]: v["limit"] for v in report["verdicts"]} == {
        "claude-sonnet-4-6": 10_000, "claude-haiku-4-5": 7,
    }  # fmt: skip


@settings(
    max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text("ab \n#", max_size=40), min_size=1, max_size=5))
def test_a_sum_does_not_depend_on_the_order_of_files(
    tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str], texts: list[str]
) -> None:
    """The same texts under other names sum up to the same number."""
    found = {_sum(tmp_path_factory.mktemp("sum"), order, capfd) for order in (texts, texts[::-1])}

    assert len(found) == 1


def _sum(folder: Path, texts: list[str], capfd: pytest.CaptureFixture[str]) -> int:
    (folder / ".prompt-lint.yaml").write_text(TOP + SUM)
    (folder / "notes").mkdir()
    for number, text in enumerate(texts):
        (folder / f"notes/{number}.md").write_text(text)
    run: Callable[[list[str]], int] = main.run
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(["check", "--offline", "--no-git", "--output-format", "json"])
    [verdict] = json.loads(capfd.readouterr().out)["verdicts"]
    return int(verdict["tokens"])


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ([TOOL], "the tool `look_up` is in `more.json` and `prompts/tools.json`, and the API takes each name once"),
        ([{"name": f"t{n}", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}} for n in range(3)],
         "the request has 5 blocks with `cache_control`, and the API takes 4"),
    ],
)  # fmt: skip
def test_what_the_api_would_refuse_only_of_the_whole_is_an_error_of_the_group(
    repo: Repo, check: Check, second: list[dict[str, Any]], message: str
) -> None:
    """Each file is fine by itself, and has its own number; what they make together has none."""
    agent(repo)
    repo.write("more.json", json.dumps(second))
    marked = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}
    repo.write("prompts/shots.yaml", json.dumps([{"role": "user", "content": [marked, marked]}]))
    repo.write(
        ".prompt-lint.yaml",
        TOP + AGENT.replace("tools: prompts/tools.json", "tools: [prompts/tools.json, more.json]"),
    )

    code, report = check()

    assert (code, said(report)) == (3, [f"the group `agent` can't be counted: {message}"])


def count_sum(repo: Repo, check: Check, sum_of: str, **files: str) -> dict[str, Any]:
    """The sum of some memory files, and its members by path."""
    repo.write(
        ".prompt-lint.yaml",
        f"{TOP}limit: 5000\nprompts: [{{files: '**/*.md'}}]\ngroups: [{{name: all, sum: {sum_of}, limit: 5000}}]\n",
    )
    for path, text in files.items():
        repo.write(path, text)
    repo.commit()
    return {verdict["name"] or verdict["path"]: verdict for verdict in check()[1]["verdicts"]}


def test_a_sum_counts_what_a_member_imports_once(repo: Repo, check: Check) -> None:
    """CLAUDE.md brings its imports with it, so that as members they add nothing, whatever the order."""
    files = {
        "CLAUDE.md": "# Top\n@AGENTS.md and @.claude/rules/a.md\n", "AGENTS.md": "Be kind. @docs/b.md\n" * 9,
        ".claude/rules/a.md": "Never push to main.\n" * 9, "docs/b.md": "Short sentences.\n" * 9,
    }  # fmt: skip

    found = count_sum(repo, check, "['.claude/rules/*.md', AGENTS.md, CLAUDE.md, docs/b.md]", **files)

    assert found["all"]["tokens"] == found["CLAUDE.md"]["tokens"]
    assert (found["all"]["low"], found["all"]["high"]) == (
        found["CLAUDE.md"]["low"],
        found["CLAUDE.md"]["high"],
    )
    assert [(part["path"], part["title"]) for part in found["all"]["sections"]] == [
        ("CLAUDE.md", "with 3 imports")
    ]


def test_a_sum_counts_what_two_members_import_once(repo: Repo, check: Check) -> None:
    """The second is counted as if the shared file were empty: its own text, with what the API adds around it."""
    shared = "Never guess a number that you could look up.\n" * 20
    files = {"CLAUDE.md": "One.\n@docs/b.md\n", "sub/CLAUDE.md": "Two.\n@../docs/b.md\n", "docs/b.md": shared}
    found = count_sum(repo, check, "['**/CLAUDE.md']", **files)
    total = found["all"]["tokens"]

    repo.write("docs/b.md", "")
    alone = count_sum(repo, check, "['**/CLAUDE.md']")["sub/CLAUDE.md"]["tokens"]

    assert total == found["CLAUDE.md"]["tokens"] + alone


def test_a_sum_follows_links_to_what_it_counts(repo: Repo, check: Check) -> None:
    """An import through a link and a member by its own name are one file."""
    repo.write("shared/agents.md", "Be kind.\n" * 20)
    repo.link("AGENTS.md", "shared/agents.md")

    found = count_sum(repo, check, "[CLAUDE.md, AGENTS.md, 'shared/*.md']", **{"CLAUDE.md": "@AGENTS.md\n"})

    assert found["all"]["tokens"] == found["CLAUDE.md"]["tokens"]


def link_two(repo: Repo, name: str = "CLAUDE.md") -> dict[str, str]:
    """Two links to one file, which imports another file in the folder of each."""
    repo.link(f"a/{name}", "../shared/agents.md")
    repo.link(f"b/{name}", "../shared/agents.md")
    return {
        "shared/agents.md": "Be kind.\n" * 20 + "@./x.md\n",
        "a/x.md": "One.\n",
        "b/x.md": "Short sentences.\n" * 50,
    }


@pytest.mark.parametrize("name", ["CLAUDE.md", "GEMINI.md"])
def test_a_sum_counts_what_each_link_to_a_file_imports(repo: Repo, check: Check, name: str) -> None:
    """The text of the file counts once, and so does each import, from whichever folder it is."""
    found = count_sum(repo, check, f"[{name}]", **link_two(repo, name))

    assert found["all"]["tokens"] == found[f"a/{name}"]["tokens"] + found["b/x.md"]["tokens"]
    assert [part["path"] for part in found["all"]["sections"]] == [f"b/{name}", f"a/{name}"]


def test_a_change_of_what_one_link_imports_is_one_of_the_sum(repo: Repo, check: Check) -> None:
    """A hook that gets the imported file finds the group, and the growth is that of the file."""
    before = count_sum(repo, check, "[CLAUDE.md]", **link_two(repo))
    repo.write("b/x.md", "Short sentences.\n" * 60)

    _, report = check("b/x.md", "--base", "HEAD")

    found = {verdict["name"] or verdict["path"]: verdict for verdict in report["verdicts"]}
    assert found["all"]["base_tokens"] == before["all"]["tokens"]
    assert found["all"]["growth"] == found["b/x.md"]["growth"] > 0


@pytest.mark.parametrize("pattern", ["docs/*.md", "'*.md'"])
def test_a_sum_reads_a_file_in_the_way_that_brings_most(repo: Repo, check: Check, pattern: str) -> None:
    """A pattern that matches the target of a link, too, makes no sum smaller; nor does one that matches a skill's link."""
    repo.link("CLAUDE.md", "docs/agents.md")
    files = {"docs/agents.md": "Be kind.\n@rules/x.md\n", "rules/x.md": "Short sentences.\n" * 50}

    alone = count_sum(repo, check, "[/CLAUDE.md]", **files)["all"]
    both = count_sum(repo, check, f"[/CLAUDE.md, {pattern}]", **files)["all"]

    assert both["tokens"] == alone["tokens"]
    assert [part["path"] for part in both["sections"]] == ["CLAUDE.md"]


def test_a_sum_takes_the_whole_of_a_skill_that_a_link_makes_a_text(repo: Repo, check: Check) -> None:
    """Its description alone is a part of that text."""
    skill = "---\nname: x\ndescription: Looks things up.\n---\n" + "Never guess a number.\n" * 50
    repo.link("notes/x.txt", "../.claude/skills/x/SKILL.md")

    found = count_sum(
        repo, check, "['SKILL.md#metadata', notes/*.txt]", **{".claude/skills/x/SKILL.md": skill}
    )

    assert [part["path"] for part in found["all"]["sections"]] == ["notes/x.txt"]
    assert found["all"]["tokens"] > 200


def test_a_sum_counts_what_an_import_through_a_link_imports_from_another_folder(
    repo: Repo, check: Check
) -> None:
    """The second CLAUDE.md brings nothing of the shared file itself, which has been counted, but what it imports there."""
    files = {
        "a/CLAUDE.md": "One.\n@agents.md\n",
        "b/CLAUDE.md": "Two.\n@agents.md\n",
        **link_two(repo, "agents.md"),
    }

    found = count_sum(repo, check, "[CLAUDE.md]", **files)

    rest = found["b/CLAUDE.md"]["tokens"] - found["shared/agents.md"]["tokens"]
    assert found["all"]["tokens"] - found["a/CLAUDE.md"]["tokens"] == pytest.approx(rest, abs=10)


def test_a_pattern_that_takes_a_file_back_leaves_its_links(repo: Repo, check: Check) -> None:
    """As for prompts: a link is matched by its own name."""
    repo.link("CLAUDE.md", "docs/agents.md")

    found = count_sum(repo, check, "['*.md', '!docs/']", **{"docs/agents.md": "Be kind.\n"})

    assert found["all"]["tokens"] == found["CLAUDE.md"]["tokens"] > 0


@pytest.mark.parametrize(
    ("members", "chosen"),
    [
        (["a", "ba", "cba"], ["cba"]),
        (["ab", "ba", "c"], ["ab", "c"]),
        (["a", "ba", "cb"], ["a", "cb"]),  # too many hops from c to a
        (["bx", "ax"], ["bx", "ax"]),
        (["cb", "ba"], ["cb", "ba"]),  # the same, and a is no member
        (["ax", "a", "ay", "axz"], ["ay", "axz"]),  # one file by four names
        (["a", "a"], ["a"]),
    ],
)
def test_what_no_other_member_brings_in_is_counted_itself(members: list[str], chosen: list[str]) -> None:
    """Each member is a file, and those that it imports. Every file is among the chosen ones and what they bring in."""
    indices = choose_members([(each[0], set(each), len(each)) for each in members])

    assert [members[index] for index in indices] == chosen
    assert set().union(*chosen) == set().union(*members)
