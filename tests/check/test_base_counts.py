"""`check --base`: the change is blamed, not the repository."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.api_server import KEY, offline_count
from tests.support.repo import Repo

from prompt_lint.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.api_server import ApiServer
    from tests.support.program import Done

TOP = "models: [claude-sonnet-4-6]\nlimit: 100\n"
RULE = 'prompts: [{files: "prompts/**/*.md"}]\n'
SMALL, LARGE = "Be kind.\n", "Never guess a number that you could look up.\n" * 20
ON_DEMAND = "---\npaths: src/**\n---\n"
Check = Any


class ReadPrompt(dict[str, Any]):
    """The JSON of a run, with its verdicts by path, or by name for groups."""

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key)

    def of(self, path: str) -> dict[str, Any]:
        [one] = [v for v in self["verdicts"] if path in {v["path"], v["name"]}]
        return dict(one)


@pytest.fixture
def check(repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    """`check --base main` at the top of the repository: the exit code and its JSON."""
    monkeypatch.chdir(repo.path)

    def run(*arguments: str, base: str = "main") -> tuple[int, ReadPrompt]:
        mode = () if "--counting" in arguments else ("--offline",)
        code = main.run(["check", *mode, "--output-format", "json", "--base", base, *arguments])
        return code, ReadPrompt(json.loads(capfd.readouterr().out))

    return run


def begin(repo: Repo, config: str = TOP + RULE, **prompts: str) -> None:
    """The base, and a branch on which the test goes on."""
    repo.write(".prompt-lint.yaml", config)
    for name, text in prompts.items():
        repo.write(f"prompts/{name}.md", text)
    repo.commit()
    repo.git("branch", "-M", "main")
    repo.git("checkout", "-q", "-b", "topic")


def test_what_was_over_before_is_inherited(repo: Repo, check: Check) -> None:
    """A prompt that this change doesn't touch is listed with its limit, and doesn't fail."""
    begin(repo, old=LARGE)
    repo.write("prompts/new.md", SMALL)

    code, report = check()

    old = report.of("prompts/old.md")
    assert (code, old["status"], old["inherited"]) == (0, "over", True)
    assert (old["standing"], old["growth"], old["base_tokens"]) == ("unchanged", 0, old["tokens"])
    assert report["summary"]["inherited"] == 1


def test_growing_what_is_over_fails(repo: Repo, check: Check) -> None:
    """A prompt over its limit may shrink, but not grow: by a word is too much."""
    begin(repo, old=LARGE, other=LARGE)
    repo.write("prompts/old.md", LARGE + "Never.\n")
    repo.write("prompts/other.md", LARGE[:-40])

    code, report = check()

    assert code == 1
    assert report.of("prompts/old.md")["inherited"] is False
    assert report.of("prompts/old.md")["growth"] > 0
    assert report.of("prompts/other.md")["inherited"] is True


def test_the_whole_project_is_judged_where_the_policy_says_so(repo: Repo, check: Check) -> None:
    """`policy: project`, in the file or as a flag, fails what was over before, too; the flag wins."""
    begin(repo, TOP + "policy: project\n" + RULE, old=LARGE)

    assert check()[0] == 1
    assert check("--policy", "changed")[0] == 0


def test_a_new_prompt_is_new_and_not_grown(repo: Repo, check: Check) -> None:
    """A new prompt has no growth, whatever the rule allows; over its limit it fails."""
    begin(repo, TOP + "max_growth: 1\n" + RULE, old=SMALL)
    repo.write("prompts/new.md", SMALL)
    code, report = check()
    new = report.of("prompts/new.md")
    assert (code, new["standing"], new["status"]) == (0, "new", "ok")
    assert (new["growth"], new["base_tokens"]) == (None, None)
    assert report["notes"] == []

    repo.write("prompts/new.md", LARGE)

    assert check()[0] == 1


def test_a_new_prompt_in_a_file_of_several_is_new(repo: Repo, check: Check) -> None:
    """The others are unchanged, though their file has changed."""
    line = '{"messages": [{"role": "user", "content": "Hi"}]}\n'
    repo.write("chats/a.jsonl", line)
    begin(repo, TOP + "prompts: [{files: chats/}]\n")
    repo.write("chats/a.jsonl", line + line)

    _, report = check()

    rows = [(v["standing"], v["growth"], v["base_tokens"]) for v in report["verdicts"]]
    assert rows == [("unchanged", 0, report["verdicts"][0]["tokens"]), ("new", None, None)]
    assert report["notes"] == []


@pytest.mark.parametrize(("allowed", "status"), [("10", "grew"), ("5%", "grew"), ("2k", "ok")])
def test_growth_is_seen_under_the_limit(repo: Repo, check: Check, allowed: str, status: str) -> None:
    """What grew by more than its rule allows fails far below its limit."""
    begin(repo, f"{TOP.replace('100', '9k')}max_growth: {allowed}\n{RULE}", a=LARGE)
    repo.write("prompts/a.md", LARGE + LARGE)

    code, report = check()

    assert (code, report.of("prompts/a.md")["status"]) == (int(status == "grew"), status)


@pytest.mark.parametrize("staged", [True, False])
def test_a_renamed_prompt_is_compared_with_what_it_was(repo: Repo, check: Check, staged: bool) -> None:
    """A rename, with an edit, is no new prompt; nor one that git hasn't been told of, if nothing else has changed."""
    begin(repo, old=LARGE)
    repo.git("mv", "prompts/old.md", "prompts/now.md")
    if staged:
        repo.write("prompts/now.md", LARGE[:-1])
        repo.git("add", "-A")
    else:
        repo.git("reset", "-q")

    code, report = check()

    now = report.of("prompts/now.md")
    assert (code, now["standing"], now["renamed_from"]) == (0, "renamed", "prompts/old.md")
    assert report["removed"] == []


def test_a_folder_may_be_renamed_with_its_rule(repo: Repo, check: Check) -> None:
    """What was over before is inherited, by the limit that it had at its old path."""
    begin(repo, a=LARGE)
    repo.git("mv", "prompts", "texts")
    repo.write(".prompt-lint.yaml", TOP + RULE.replace("prompts/", "texts/"))

    code, report = check()

    a = report.of("texts/a.md")
    assert (code, a["standing"], a["growth"], a["inherited"], a["base_limit"]) == (0, "renamed", 0, True, 100)


def test_a_deleted_prompt_is_removed(repo: Repo, check: Check) -> None:
    """What is gone is told with what it was, and counts into the totals before."""
    begin(repo, gone=SMALL, left=SMALL)
    size = check()[1].of("prompts/gone.md")["tokens"]
    repo.git("rm", "-q", "prompts/gone.md")

    code, report = check()

    assert code == 0
    assert [(one["path"], one["base_tokens"]) for one in report["removed"]] == [("prompts/gone.md", size)]
    [total] = report["summary"]["totals"]
    assert (total["before"], total["after"]) == (2 * size, size)


def test_a_change_of_an_import_is_a_change_of_its_importer(repo: Repo, check: Check) -> None:
    """A memory file that stays as it is grows with what it imports, and is blamed for it."""
    repo.write("CLAUDE.md", "# Rules\n\n@docs/more.md\n")
    repo.write("docs/more.md", "One.\n")
    begin(repo, TOP + "prompts: [{files: CLAUDE.md}]\n")
    repo.write("docs/more.md", LARGE)

    code, report = check()

    memory = report.of("CLAUDE.md")
    assert (code, memory["standing"], memory["status"]) == (1, "changed", "over")
    assert memory["growth"] > 100


def test_only_files_of_the_change_have_notes(repo: Repo, check: Check) -> None:
    """Sixty commits later nobody reads the same nine notes again; a kind that is off isn't shown at all."""
    template = "Hello {{name}}.\n"
    begin(repo, a=template, b=template, c=template)
    repo.write("prompts/a.md", template * 2)
    repo.git("mv", "prompts/c.md", "prompts/d.md")

    [note] = check()[1]["notes"]
    [both] = check("--policy", "project")[1]["notes"]

    assert "prompts/a.md" in note
    assert "prompts/b.md" not in note
    assert "prompts/b.md" in both
    repo.write(".prompt-lint.yaml", "notes: {placeholders: off}\n" + TOP + RULE)
    assert check()[1]["notes"] == []


def test_a_group_is_compared_with_itself(repo: Repo, check: Check) -> None:
    """A sum that was over and didn't grow is inherited; one that grew by a new file fails."""
    group = 'groups: [{name: all, sum: "prompts/**/*.md", limit: 20}]\n'
    begin(repo, TOP + group, a=LARGE, b=SMALL)
    code, report = check()
    assert (code, report.of("all")["inherited"], report.of("all")["growth"]) == (0, True, 0)

    repo.write("prompts/c.md", SMALL)
    code, report = check()

    assert (code, report.of("all")["inherited"]) == (1, False)
    assert report.of("all")["growth"] > 0


def test_a_renamed_group_has_the_limit_and_the_files_that_it_had(repo: Repo, check: Check) -> None:
    """Its name says nothing of its size: what was over is inherited, though a file of it has another name, too."""
    group = "groups: [{name: all, sum: [prompts/*.md, b.md], limit: 20}]\n"
    begin(repo, TOP + group, a=LARGE, b=SMALL)
    repo.write("b.md", SMALL)
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.write(".prompt-lint.yaml", TOP + group.replace("all", "whole"))
    repo.git("mv", "prompts/a.md", "prompts/c.md")

    code, report = check()
    whole = report.of("whole")

    assert (code, whole["inherited"], whole["growth"], whole["base_limit"]) == (0, True, 0, 20)


def test_the_growth_of_a_sum_has_the_margin_of_what_changed(repo: Repo, lint: Callable[..., Done]) -> None:
    """Members that are the same in the base add nothing to it, also one with another name."""
    config = f"{TOP}{RULE}groups: [{{name: all, sum: prompts/*.md, limit: 8k}}]\n"
    begin(repo, config, a=LARGE, b=LARGE * 2, c=LARGE * 3)
    repo.write("prompts/a.md", LARGE + "Never.\n")
    repo.git("mv", "prompts/b.md", "prompts/d.md")

    text = lint("check", "--offline", "--base", "main", "-v").out

    growths = re.findall(r"  (\+\d+ ±\d+)  of", text)
    assert len(growths) == 2
    assert growths[0] == growths[1]


@pytest.mark.parametrize(
    "group",
    ['sum: "prompts/*.md"', "system: prompts/a.md, messages: prompts/b.md"],
)
def test_a_group_whose_folder_was_renamed_has_not_grown(repo: Repo, check: Check, group: str) -> None:
    """Its files are compared with what they were, and that it names them anew loosens nothing."""
    config = f"{TOP}groups: [{{name: all, {group}, limit: 20}}]\n"
    begin(repo, config, a=LARGE, b=SMALL)
    repo.git("mv", "prompts", "texts")
    repo.write(".prompt-lint.yaml", config.replace("prompts", "texts"))

    code, report = check()

    assert (code, report.of("all")["inherited"], report.of("all")["growth"]) == (0, True, 0)
    assert report["loosened"] == []


PROJECT = """\
models: [claude-sonnet-4-6]
limit: 100
on_raise: fail
policy: changed
prompts: [{files: "*.md"}]
groups: [{name: all, sum: "*.md", limit: 20, max_growth: 5}]
exempt: [{files: b.md, reason: to be split}]
"""


@pytest.mark.parametrize("staged", [True, False])
def test_a_project_may_be_moved_with_its_configuration(repo: Repo, check: Check, staged: bool) -> None:
    """Its groups are those that they were, also their growth, and its exemptions aren't new."""
    repo.write("chat/.prompt-lint.yaml", PROJECT)
    begin(repo, TOP + "on_raise: fail\n" + RULE, a=SMALL)
    for name in "ab":
        repo.write(f"chat/{name}.md", LARGE)
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.git("mv", "chat", "talk")

    code, report = check()
    group = report.of("all")

    assert report["loosened"] == []
    assert (code, group["inherited"], group["growth"], group["base_limit"]) == (0, True, 0, 20)
    repo.write("talk/a.md", LARGE + "Never.\n" * 5)
    if staged:
        repo.git("add", "-A")
    code, report = check()
    assert (code, report.of("all")["growth"] > 5) == (1, True)


def test_a_group_of_a_new_project_is_not_the_one_of_the_same_name_above(repo: Repo, check: Check) -> None:
    """It has no limit of the base, and what was moved into it is its own."""
    group = "groups: [{{name: all, sum: {}, limit: 20}}]\n"
    begin(repo, TOP + group.format("prompts/*.md"), a=LARGE, b=SMALL)
    (repo.path / "sub").mkdir()
    repo.git("mv", "prompts/a.md", "sub/a.md")
    repo.write("sub/.prompt-lint.yaml", TOP + group.format("a.md"))

    code, report = check()
    [own] = [v for v in report["verdicts"] if v["path"] == "sub/.prompt-lint.yaml"]

    assert (code, own["inherited"], own["base_limit"]) == (1, False, None)


@pytest.mark.parametrize("group", ["sum: [/OLD.md, prompts/*.md]", "system: OLD.md, messages: prompts/a.md"])
@pytest.mark.parametrize("way", ["renamed", "beside"])
def test_a_group_has_a_file_that_another_link_leads_to_now(
    repo: Repo, check: Check, group: str, way: str
) -> None:
    """The link is renamed, or a second one takes its place in the group: of the group only the other file has grown."""
    config = f"{TOP}groups: [{{name: all, {group}, limit: 500, max_growth: 5}}]\n"
    repo.write("docs/agents.md", LARGE)
    repo.link("OLD.md", "docs/agents.md")
    begin(repo, config, a=SMALL)
    if way == "renamed":
        (repo.path / "OLD.md").unlink()
    repo.link("NEW.md", "docs/agents.md")
    repo.write(".prompt-lint.yaml", config.replace("OLD", "NEW"))
    repo.git("add", "-A")
    code, report = check()
    assert (code, report.of("all")["growth"]) == (0, 0)

    repo.write("prompts/a.md", SMALL * 4)
    code, report = check()

    assert (code, 5 < report.of("all")["growth"] < 30) == (1, True)


def test_a_new_group_of_new_files_is_new(repo: Repo, check: Check) -> None:
    """That the base had none of its files doesn't make it one that can't be compared."""
    begin(repo, TOP + RULE, a=SMALL)
    repo.write("new/b.md", SMALL)
    groups = "groups: [{name: sum, sum: new/*.md, limit: 50}, {name: one, system: new/b.md, limit: 50}]\n"
    repo.write(".prompt-lint.yaml", TOP + RULE + groups)

    code, report = check()

    assert (code, report.of("sum")["standing"], report.of("one")["standing"]) == (0, "new", "new")
    assert report["notes"] == []


def test_a_renamed_file_is_read_by_each_link_to_it_in_the_base_too(repo: Repo, check: Check) -> None:
    """Each CLAUDE.md brings what it imports from its own folder, before and now: the sum has not grown."""
    config = f"{TOP}groups: [{{name: all, sum: [CLAUDE.md, docs/], limit: 5000}}]\n"
    repo.write("docs/agents.md", "Be kind.\n@./x.md\n")
    for folder in ("a", "b"):
        repo.write(f"{folder}/x.md", folder + LARGE)
        repo.link(f"{folder}/CLAUDE.md", "../docs/agents.md")
    begin(repo, config)
    repo.git("mv", "docs", "guides")
    for folder in ("a", "b"):
        (repo.path / folder / "CLAUDE.md").unlink()
        repo.link(f"{folder}/CLAUDE.md", "../guides/agents.md")
    repo.write(".prompt-lint.yaml", config.replace("docs/", "guides/"))
    repo.git("add", "-A")

    group = check()[1].of("all")

    assert (group["tokens"] > 400, group["growth"]) == (True, 0)


def test_a_file_that_was_moved_into_a_group_makes_it_grow(repo: Repo, check: Check) -> None:
    """It was none of the group's before, whatever it was called."""
    repo.write("drafts/new.md", LARGE)
    begin(repo, f"{TOP}groups: [{{name: all, sum: prompts/*.md, limit: 20}}]\n", a=LARGE)
    repo.git("mv", "drafts/new.md", "prompts/new.md")

    code, report = check()

    assert (code, report.of("all")["inherited"]) == (1, False)
    assert report.of("all")["growth"] > 0


def test_a_base_without_configuration_fails_nothing_and_is_compared_all_the_same(
    repo: Repo, check: Check
) -> None:
    """The pull request that brings prompt-lint along passes, and only what it changed has grown; groups, too."""
    repo.write("prompts/old.md", LARGE)
    repo.write("prompts/edited.md", SMALL)
    repo.write("prompts/before.md", SMALL)
    repo.commit()
    repo.write(".prompt-lint.yaml", TOP + RULE + "groups: [{name: all, sum: [prompts/old.md], limit: 10}]\n")
    repo.write("prompts/edited.md", LARGE)
    repo.git("mv", "prompts/before.md", "prompts/after.md")
    repo.write("prompts/new.md", LARGE)
    repo.git("add", ".prompt-lint.yaml")

    code, report = check(base="HEAD")

    assert code == 0
    assert {
        path: (report.of(path)["standing"], report.of(path)["inherited"], report.of(path)["base_limit"])
        for path in ("prompts/old.md", "prompts/edited.md", "prompts/after.md", "prompts/new.md", "all")
    } == {
        "prompts/old.md": ("unchanged", True, None),
        "prompts/edited.md": ("changed", True, None),
        "prompts/after.md": ("renamed", False, None),
        "prompts/new.md": ("new", True, None),
        "all": ("unchanged", True, None),
    }
    assert {verdict["base_reserve"] for verdict in report["verdicts"]} == {0}
    edited, new = report.of("prompts/edited.md"), report.of("prompts/new.md")
    [total] = report["summary"]["totals"]
    assert total["after"] - total["before"] == edited["growth"] + new["tokens"]
    assert any("no prompt had a limit there" in note for note in report["notes"])


def test_nothing_grew_too_much_where_the_base_had_no_configuration(repo: Repo, check: Check) -> None:
    """No `max_growth` applied there: a prompt within the first limit is within it, however much larger it is now."""
    repo.write("prompts/near.md", SMALL)
    repo.write("prompts/far.md", SMALL)
    repo.commit()
    repo.write(".prompt-lint.yaml", f"{TOP.replace('100', '200')}max_growth: 1\n{RULE}")
    repo.write("prompts/near.md", SMALL * 45)
    repo.write("prompts/far.md", SMALL * 10)
    repo.git("add", "--all")

    code, report = check("--policy", "project", base="HEAD")

    found = {v["path"]: (v["status"], v["inherited"], v["growth"] > 1) for v in report["verdicts"]}
    assert found == {"prompts/near.md": ("warn", False, True), "prompts/far.md": ("ok", False, True)}
    assert code == 0


def test_all_is_judged_by_the_first_limits_where_the_policy_says_so(repo: Repo, check: Check) -> None:
    """`policy: project` is about the whole repository, not about what was allowed before."""
    repo.write("prompts/old.md", LARGE)
    repo.commit()
    repo.write(".prompt-lint.yaml", f"{TOP}policy: project\n{RULE}")
    repo.git("add", "--all")

    assert check(base="HEAD")[0] == 1
    assert check("--policy", "changed", base="HEAD")[0] == 0


@pytest.mark.parametrize(
    "place", ["../limits.yaml", "limits.yaml", "ignored.yaml", "limits/limits.yaml", ".prompt-lint.yaml"]
)
def test_a_configuration_that_git_does_not_track_applied_to_the_base_as_well(
    repo: Repo, check: Check, place: str
) -> None:
    """One outside of the repository, of another one, ignored, or put there by a job is none that the change brings along."""
    repo.write(".gitignore", "ignored.yaml\n")
    repo.write("prompts/old.md", LARGE)
    repo.write("prompts/edited.md", SMALL)
    repo.commit()
    if place.startswith("limits/"):
        Repo(repo.path / "limits")
    repo.write(place, TOP + RULE)
    repo.write("prompts/edited.md", LARGE)

    code, report = check("--config", place, base="HEAD")

    assert code == 1
    assert report.of("prompts/old.md")["inherited"]
    assert (report.of("prompts/edited.md")["inherited"], report.of("prompts/edited.md")["base_limit"]) == (
        False,
        100,
    )
    assert report["loosened"] == []


@pytest.mark.parametrize("place", ["../limits.yaml", "limits/limits.yaml"])
def test_a_configuration_of_elsewhere_is_not_compared_with_that_of_the_repository(
    repo: Repo, check: Check, place: str
) -> None:
    """Which has other limits: nobody has raised those."""
    begin(repo, f"{TOP}limit: 10\n{RULE}".replace("limit: 100\n", ""), old=SMALL)
    Repo(repo.path / "limits")
    repo.write(place, f"{TOP}on_raise: fail\n{RULE}")
    repo.write("prompts/old.md", SMALL * 2)

    code, report = check("--config", place)

    assert (code, report["loosened"]) == (0, [])


def test_a_lowered_limit_does_not_make_a_prompt_over_before(repo: Repo, check: Check) -> None:
    """The limit of the base is told; of a rule that is new, and a group, too."""
    begin(
        repo,
        "models: [claude-sonnet-4-6]\nprompts: [{files: prompts/**, limit: 5000}]\n"
        "groups: [{name: all, sum: [prompts/**], limit: 6000}]\n",
        a=LARGE,
    )
    repo.write("more/b.md", LARGE)
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-sonnet-4-6]\nprompts: [{files: prompts/**, limit: 10}, {files: more/**, limit: 10}]\n"
        "groups: [{name: all, sum: [prompts/**], limit: 10}]\n",
    )

    code, report = check()

    assert code == 0
    limits = {path: report.of(path)["base_limit"] for path in ("prompts/a.md", "more/b.md", "all")}
    assert limits == {"prompts/a.md": 5000, "more/b.md": None, "all": 6000}
    assert all(report.of(path)["inherited"] for path in limits)


@pytest.mark.parametrize("staged", [False, True])
def test_a_prompt_that_was_renamed_and_rewritten_may_have_grown(
    repo: Repo, check: Check, staged: bool
) -> None:
    """Nobody can tell, so it is new; a note says so where it would have grown too much, and `max_growth` is set."""
    begin(repo, TOP + RULE.replace('md"', 'md", max_growth: 10'), a="Some words of the old prompt.\n")
    repo.git("mv", "prompts/a.md", "prompts/b.md")
    repo.write("prompts/b.md", "Nothing of it is left, but much more was said.\n" * 5)
    repo.write("prompts/c.md", "Short.\n")
    repo.git("add", "--all") if staged else repo.git("reset", "--quiet")

    _, report = check()
    repo.write(".prompt-lint.yaml", TOP + RULE)
    _, unbounded = check()

    assert report.of("prompts/b.md")["standing"] == "new"
    [note] = [note for note in report["notes"] if "it grew by more than is allowed" in note]
    assert note.endswith(": prompts/b.md")
    assert not any("`max_growth`" in note for note in unbounded["notes"])


def test_a_new_prompt_of_another_name_is_no_renamed_one(repo: Repo, check: Check) -> None:
    """The line of a file that is gone isn't the whole of another."""
    line = '{"messages": [{"role": "user", "content": "Hi"}]}\n'
    repo.write("chats/a.jsonl", line * 2)
    begin(repo, TOP + "prompts: [{files: chats/, max_growth: 1}]\n")
    repo.git("rm", "-q", "chats/a.jsonl")
    repo.write("chats/b.json", line.replace("Hi", "Hello " * 9))

    assert [note for note in check()[1]["notes"] if "max_growth" in note] == []


def test_advice_names_the_line_of_max_growth(repo: Repo, check: Check) -> None:
    """Its own, or that of the top, and not the line of the rule."""
    begin(
        repo,
        "models: [claude-sonnet-4-6]\nmax_growth: 5\nprompts:\n  - files: prompts/a.md\n    limit: 5000\n"
        "  - files: prompts/b.md\n    limit: 5000\n    max_growth: 6\n",
        a=SMALL, b=SMALL,
    )  # fmt: skip
    repo.write("prompts/a.md", LARGE)
    repo.write("prompts/b.md", LARGE)

    code, report = check()

    assert code == 1
    lines = {path: report.of(path)["rule"]["max_growth_line"] for path in ("prompts/a.md", "prompts/b.md")}
    assert lines == {"prompts/a.md": 2, "prompts/b.md": 8}


def test_raised_limits_are_told_beside_the_sizes(repo: Repo, check: Check) -> None:
    """A limit that this change raises is listed, and fails where that is said to."""
    begin(repo, a=LARGE)
    repo.write(".prompt-lint.yaml", TOP.replace("100", "9k") + RULE)
    code, report = check()
    [raised] = report["loosened"]
    assert (code, raised["before"], raised["after"], raised["line"]) == (0, 100, 9000, 2)

    repo.write(".prompt-lint.yaml", TOP.replace("100", "9k") + "on_raise: fail\n" + RULE)

    assert check()[0] == 1


def test_the_configuration_of_the_base_can_be_the_one_that_holds(repo: Repo, check: Check) -> None:
    """With `--policy-from`, a change can't raise its own limit, nor remove its own rule."""
    begin(repo, a=SMALL)
    repo.write("prompts/a.md", LARGE)
    repo.write(".prompt-lint.yaml", TOP.replace("100", "90k") + RULE)
    assert check()[0] == 0
    assert check("--policy-from", "main")[0] == 1

    (repo.path / ".prompt-lint.yaml").unlink()

    assert check("--policy-from", "main")[0] == 1


@pytest.mark.parametrize(("until", "code"), [("2999-01-01", 0), ("2020-01-01", 1)])
def test_an_exemption_is_shown_and_ends(repo: Repo, check: Check, until: str, code: int) -> None:
    """What is exempt is shown with its reason and fails after its day; adding one is told."""
    begin(repo, a=SMALL)
    repo.write("prompts/a.md", LARGE)
    exempt = f"exempt: [{{files: prompts/a.md, reason: To be split., until: {until}}}]\n"
    repo.write(".prompt-lint.yaml", TOP + exempt + RULE)

    found, report = check()

    assert found == code
    assert report.of("prompts/a.md")["exemption"] == {
        "reason": "To be split.",
        "until": until,
        "line": 3,
        "label": "",
    }
    assert [one["subject"] for one in report["loosened"]] == ["prompts/a.md"]


def test_what_could_not_be_read_in_the_base_either_is_no_fault_of_the_change(
    repo: Repo, check: Check
) -> None:
    """A broken file that this change doesn't touch is a note; touched, it is an error."""
    begin(repo, a=SMALL)
    repo.write("prompts/bad.md", b"\xff\xfe\x00")
    repo.commit()
    repo.git("branch", "-f", "main")
    code, report = check()
    assert (code, report["problems"]) == (0, [])
    assert "as in the base already" in report["notes"][0]

    repo.write("prompts/bad.md", b"\xff\xfe\x01")

    assert check()[0] == 3


def test_a_base_that_is_not_there_is_never_green_by_itself(repo: Repo, check: Check) -> None:
    """By name it is an error with what to do; `auto` judges everything, and says so."""
    begin(repo, old=LARGE)
    repo.git("branch", "-D", "main")

    assert main.run(["check", "--offline", "--base", "nowhere"]) == 2
    code, report = check(base="auto")

    assert code == 1
    assert report["against"] is None
    assert any("no base found" in note for note in report["notes"])


@pytest.mark.parametrize("base", ["origin/main", "auto"])
@pytest.mark.parametrize("lacking", ["prompts/a.md", ".prompt-lint.yaml"])
def test_a_base_without_its_contents_is_never_green(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    base: str, lacking: str,
) -> None:  # fmt: skip
    """A clone without contents ends the run, for a prompt and for the configuration; the command makes it red as it is."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    begin(repo, a=SMALL)
    repo.write(
        lacking, LARGE if lacking.endswith(".md") else f"{TOP.replace('100', '9')}on_raise: fail\n{RULE}"
    )
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.write(lacking, LARGE + LARGE if lacking.endswith(".md") else f"{TOP}on_raise: fail\n{RULE}")
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.path}", str(tmp_path / "c"))
    clone = Repo(tmp_path / "c", init=False)
    clone.git("checkout", "-q", "topic")
    monkeypatch.chdir(clone.path)
    check = ["check", "--offline", "--base", base]

    code = main.run(check)
    told = capfd.readouterr().err
    clone.git(*told.split("`")[1].split()[1:])

    assert code == 2
    assert "is not in this clone" in told
    assert main.run(check) == 1


def test_a_sparse_clone_without_contents_is_mended_by_a_command_of_the_hint(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the base imported and this change didn't touch is in no difference: only fetching all brings it."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.write("other/b.md", LARGE)
    repo.write("CLAUDE.md", "Be kind. @other/b.md\n")
    begin(repo, f"{TOP}prompts: [{{files: CLAUDE.md}}]\n")
    repo.write("CLAUDE.md", SMALL)
    repo.commit()
    sparse = ["--filter=blob:none", "--sparse", "--branch=topic"]
    repo.git("clone", "-q", *sparse, f"file://{repo.path}", str(tmp_path / "c"))
    clone = Repo(tmp_path / "c", init=False)
    monkeypatch.chdir(clone.path)

    code = main.run(["check", "--offline", "--base", "main"])
    _, changed, _, everything, *_ = capfd.readouterr().err.split("`")
    clone.git(*changed.split()[1:])
    again = main.run(["check", "--offline", "--base", "main"])
    clone.git(*everything.split()[1:])

    assert (code, again) == (2, 2)
    assert main.run(["check", "--offline", "--base", "main"]) == 0


def test_paths_narrow_a_comparison(repo: Repo, check: Check) -> None:
    """Only what is named is compared, and nothing is said of what else is gone."""
    begin(repo, a=SMALL, b=SMALL, gone=SMALL)
    repo.git("rm", "-q", "prompts/gone.md")
    repo.write("prompts/a.md", LARGE)

    code, report = check("prompts/b.md")

    assert (code, [v["path"] for v in report["verdicts"]], report["removed"]) == (0, ["prompts/b.md"], [])


def test_flags_judge_named_files_on_both_sides(repo: Repo, check: Check) -> None:
    """A file that no rule matches was over the limit of `--limit` in the base as well."""
    repo.write("notes/n.md", LARGE)
    repo.write("svc/.prompt-lint.yaml", TOP + 'prompts: [{files: "*.md"}]\n')
    repo.write("svc/s.md", SMALL)
    repo.write("svc/notes/n.md", LARGE)
    begin(repo, a=LARGE)
    paths = ("notes/n.md", "prompts/a.md", "svc/notes/n.md")

    code, report = check(*paths, "--model", "claude-sonnet-4-6", "--limit", "50")

    assert code == 0
    assert [(report.of(path)["inherited"], report.of(path)["base_limit"]) for path in paths] == [
        (True, 50)
    ] * 3


def test_both_sides_are_counted_by_the_same_means(
    repo: Repo, check: Check, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the base is known exactly and the change isn't, as on a fork with a restored cache, both are counted offline."""
    api.count = lambda model, fields: (
        offline_count(model, fields) + 5
    )  # a little more than the tokenizer says
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    begin(repo, a=SMALL, b=SMALL, CLAUDE="@a.md\n")
    assert check("--counting", "exact")[1]["summary"]["sent"] == 2
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    repo.write("prompts/a.md", SMALL + SMALL)

    report = check()[1]

    a, b = report.of("prompts/a.md"), report.of("prompts/b.md")
    # The same text as a's in the base, which counts five more than a's base, counted offline.
    assert (b["origin"], b["tokens"], b["growth"]) == ("api", a["base_tokens"] + 5, 0)
    assert (a["origin"], a["base_tokens"] + a["growth"]) == ("offline", a["tokens"])
    assert a["base_tokens"] != 77
    importer = report.of("prompts/CLAUDE.md")
    assert importer["growth"] == importer["tokens"] - importer["base_tokens"] == a["growth"]


@pytest.mark.parametrize("files", ['sum: "prompts/*.md"', "system: prompts/a.md, messages: prompts/b.md"])
def test_both_sides_of_a_group_are_counted_by_the_same_means(
    repo: Repo, check: Check, api: ApiServer, monkeypatch: pytest.MonkeyPatch, files: str
) -> None:
    """A group whose base is known exactly has the verdict and the growth that it has without a cache."""
    api.count = lambda model, fields: offline_count(model, fields) + 5
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    begin(repo, TOP + f"groups: [{{name: all, {files}, limit: 5000, max_growth: 5%}}]\n", a=LARGE, b=LARGE)
    assert check("--counting", "exact")[1]["summary"]["sent"] > 0
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    repo.write("prompts/b.md", LARGE + SMALL * 10)

    code, report = check()

    found, wanted = report.of("all"), check("--no-cache")[1].of("all")
    assert (code, found["status"], report["notes"]) == (1, "grew", [])
    assert found["growth"] == wanted["growth"] > 0


def test_a_sum_over_its_limit_that_shrank_is_inherited_whatever_is_in_the_cache(
    repo: Repo, check: Check, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where both sides have members of both sources, the difference has nothing of how far these are apart."""
    api.count = lambda model, fields: offline_count(model, fields) - 5
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    begin(repo, TOP + "groups: [{name: all, sum: prompts/*.md, limit: 100}]\n", a=LARGE, b=LARGE * 2)
    check("--counting", "exact")
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    repo.write("prompts/c.md", SMALL)
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.write("prompts/b.md", (LARGE * 2).removesuffix("look up.\n"))

    code, report = check()

    found, wanted = report.of("all"), check("--no-cache")[1].of("all")
    assert (code, found["status"], found["inherited"]) == (0, "over", True)
    assert found["growth"] == wanted["growth"] < 0


def test_an_empty_prompt_of_the_base_is_compared_with_any_count(
    repo: Repo, check: Check, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is nothing by any means, so an exact count has grown by all of it."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    begin(repo, a="", b=SMALL)
    repo.write("prompts/a.md", SMALL)
    repo.write("prompts/b.md", "")

    report = check("--counting", "exact")[1]

    a, b = report.of("prompts/a.md"), report.of("prompts/b.md")
    assert (a["origin"], a["base_tokens"], a["growth"]) == ("api", 0, a["tokens"])
    assert (b["tokens"], b["growth"]) == (0, -a["tokens"])


def test_a_file_that_a_filter_converts_can_not_be_compared(repo: Repo, check: Check) -> None:
    """Git keeps other bytes than those on disk, and no filter is run; that it was over before can't be known."""
    repo.write(".gitattributes", "prompts/a.md filter=secret\n")
    begin(repo, a=LARGE, b=LARGE)
    repo.write("prompts/a.md", LARGE + "Never.\n")

    code, report = check()

    a = report.of("prompts/a.md")
    assert (code, a["status"], a["inherited"], a["growth"], a["base_tokens"]) == (
        1,
        "over",
        False,
        None,
        None,
    )
    assert report["notes"] == ["can't be compared with main: prompts/a.md"]
    assert report.of("prompts/b.md")["inherited"]


def test_what_can_not_be_read_any_more_is_not_removed(repo: Repo, check: Check) -> None:
    """A prompt with a slip in it is an error, and still there."""
    begin(repo, TOP + 'prompts: [{files: "prompts/*"}]\n', a=SMALL)
    repo.git("checkout", "-q", "main")
    repo.write("prompts/b.json", '{"messages": [{"role": "user", "content": "Hi"}]}')
    repo.commit()
    repo.git("checkout", "-q", "-B", "topic")
    repo.write("prompts/b.json", '{"messages": [')

    code, report = check()

    assert (code, [one["path"] for one in report["problems"]]) == (3, ["prompts/b.json"])
    assert report["removed"] == []


def test_a_rule_that_is_gone_is_told_though_nothing_is_looked_for_there(repo: Repo, check: Check) -> None:
    """Removing a rule for another folder, or narrowing it, is loosening; with `on_raise: fail` it fails."""
    rules = 'prompts: [{files: "prompts/*.md"}, {files: "agents/*.md"}]\n'
    repo.write("agents/a.md", SMALL)
    repo.write("agents/b.md", SMALL)
    begin(repo, TOP + "on_raise: fail\n" + rules, p=SMALL)

    for now in (RULE, RULE.replace("]", ", {files: agents/a.md}]")):
        repo.write(".prompt-lint.yaml", TOP + "on_raise: fail\n" + now)
        code, report = check()

        assert (code, [one["subject"] for one in report["loosened"]]) == (1, ["agents/*.md"])


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(("deleted", "loosened"), [(True, []), (False, ["agents/**/*.md"])])
def test_a_rule_that_goes_with_its_files_loosens_nothing(
    repo: Repo, check: Check, deleted: bool, loosened: list[str], linked: bool
) -> None:
    """Files that a sparse checkout leaves out haven't gone, nor has what is behind a link to a folder there."""
    if linked:
        repo.write("shared/a.md", SMALL)
        repo.link("agents/all", "../shared")
    else:
        repo.write("agents/all/a.md", SMALL)
    begin(repo, TOP + 'prompts: [{files: "prompts/*.md"}, {files: "agents/**/*.md"}]\n', p=SMALL)
    repo.write(".prompt-lint.yaml", TOP + RULE)
    if deleted:
        repo.git("rm", "-r", "-q", "agents/all")
    repo.commit()
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/agents/")

    report = check()[1]

    assert [one["subject"] for one in report["loosened"]] == loosened


def test_what_was_no_prompt_before_is_new(repo: Repo, check: Check) -> None:
    """A file that is moved to where prompts are had no limit to be over: it fails as a new one does."""
    repo.write("note.md", LARGE)
    begin(repo, p=SMALL)
    repo.git("mv", "note.md", "prompts/note.md")

    code, report = check()

    assert (code, report.of("prompts/note.md")["standing"]) == (1, "new")


def test_a_prompt_that_moves_to_a_larger_limit_is_told(repo: Repo, check: Check) -> None:
    """Renaming it out of its rule loosens, though the configuration is the same."""
    both = TOP + 'prompts: [{files: "prompts/**"}, {files: "large/**", limit: 9k, allow_empty: true}]\n'
    begin(repo, both, p=LARGE, left=SMALL)
    repo.git("mv", "prompts/p.md", "large.md")
    (repo.path / "large").mkdir()
    repo.git("mv", "large.md", "large/p.md")

    report = check()[1]

    assert [(one["before"], one["after"]) for one in report["loosened"]] == [(100, 9000)]


@pytest.mark.parametrize("config", [f"on_raise: fail\n{RULE}", f"on_raise: fail\nexclude: x.md\n{RULE}"])
def test_a_prompt_that_moves_out_of_all_rules_is_a_loosening(repo: Repo, check: Check, config: str) -> None:
    """Under the configuration of the base, and under one that changed, too. It is still a file of the repository."""
    begin(repo, f"{TOP}on_raise: fail\n{RULE}", moved=LARGE, left=SMALL)
    repo.write(".prompt-lint.yaml", TOP + config)
    repo.git("mv", "prompts/moved.md", "moved.md")
    repo.write("moved.md", LARGE + SMALL)
    repo.commit()

    code, report = check()

    [loosened] = report["loosened"]
    assert (code, loosened["what"]) == (1, "no rule applies to `moved.md` any more")
    assert loosened["line"] == TOP.count("\n") + config.count("\n")


@pytest.mark.parametrize("way", ["deleted", "untracked", "linked"])
def test_a_prompt_that_leaves_or_is_still_judged_loosens_nothing(repo: Repo, check: Check, way: str) -> None:
    """One that git doesn't track any more is in no other checkout; a link in its place still makes it a prompt."""
    begin(repo, f"{TOP}on_raise: fail\n{RULE}", p=SMALL, left=SMALL)
    if way == "linked":
        repo.git("mv", "prompts/p.md", "p.md")
        repo.link("prompts/p.md", "../p.md")
    else:
        repo.git("rm", "-q", *(["--cached"] if way == "untracked" else []), "prompts/p.md")
        repo.write(".gitignore", "prompts/p.md\n")
    repo.commit()

    code, report = check()

    assert (code, report["loosened"]) == (0, [])
    assert [one["path"] for one in report["removed"]] == ([] if way == "linked" else ["prompts/p.md"])


def test_a_configuration_that_moves_is_still_one(repo: Repo, check: Check) -> None:
    """Under another path it isn't the first: what was within its limit has to stay there."""
    begin(repo, p=SMALL)
    (repo.path / "tools").mkdir()
    repo.git("mv", ".prompt-lint.yaml", "tools/lint.yaml")
    repo.write("prompts/p.md", LARGE)

    code, report = check("--config", "tools/lint.yaml")

    assert (code, report.of("prompts/p.md")["standing"]) == (1, "changed")


def test_a_renamed_configuration_is_still_one(repo: Repo, check: Check) -> None:
    """One that `--config` names may have any name: git knows what it was called."""
    begin(repo, p=SMALL)
    repo.write("tools/lint.yaml", f"{TOP}on_raise: fail\n{RULE}")
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.git("mv", "tools/lint.yaml", "tools/limits.yaml")
    repo.write("tools/limits.yaml", f"{TOP}on_raise: fail\n{RULE}".replace("100", "200"))
    repo.git("add", "--all")

    code, report = check("--config", "tools/limits.yaml")

    assert [(one["before"], one["after"]) for one in report["loosened"]] == [(100, 200)]
    assert code == 1


def test_a_second_configuration_is_not_compared_with_the_first(repo: Repo, check: Check) -> None:
    """The first is still there, so the second isn't the first under another name."""
    begin(repo, p=SMALL)
    repo.write("docs/d.md", SMALL)
    repo.write("tools/docs.yaml", f"{TOP}on_raise: fail\nprompts: [{{files: docs/*.md}}]\n")
    repo.git("add", "--all")

    code, report = check("--config", "tools/docs.yaml")

    assert (code, report["loosened"]) == (0, [])
    assert any("no prompt had a limit there" in note for note in report["notes"])


def test_a_base_without_a_name_is_a_mistake(repo: Repo, check: Check) -> None:
    """`--base "$UNSET"` compares with nothing, so it doesn't pass for a comparison."""
    begin(repo, p=SMALL)

    assert main.run(["check", "--offline", "--base", ""]) == 2


# ---------------------------------------------------------------------------------------------------------
# What a file includes, and is gone

MEMORY = TOP.replace("100", "5000") + "prompts: [{files: [CLAUDE.md, GEMINI.md, AGENTS.md]}]\n"


@pytest.mark.parametrize("name", ["CLAUDE.md", "GEMINI.md", "AGENTS.md"])
def test_a_lost_import_is_no_saving(
    repo: Repo, check: Check, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    """The imported file has moved: the prompt that stays as it is shrinks, and each output says why."""
    repo.write(name, "# Rules\n\nSee @docs/style.md for more.\n")
    repo.write("docs/style.md", LARGE)
    begin(repo, MEMORY)
    repo.git("mv", "docs/style.md", "docs/style2.md")

    code, report = check()

    memory = report.of(name)
    assert (code, memory["standing"], memory["lost_imports"]) == (0, "changed", ["docs/style.md"])
    assert memory["growth"] < -100
    [warning] = report["warnings"]
    assert (warning["kind"], warning["path"], warning["line"]) == ("lost-import", name, 3)
    assert warning["message"].startswith("imports `docs/style.md`, which isn't there")
    main.run(["check", "--offline", "--base", "main"])
    text = capfd.readouterr().out
    assert ", lost an import\n" in text
    assert f"warning   {name}:3: imports `docs/style.md`, which isn't there" in text
    main.run(["check", "--offline", "--base", "main", "--output-format", "github"])
    assert (
        f"::warning file={name},line=3,title=prompt-lint%3A imports a file that isn't there::"
        in capfd.readouterr().out
    )


def test_a_lost_import_is_known_by_its_base_whatever_it_is_called(repo: Repo, check: Check) -> None:
    """`@README` may be anything, but where the base has imported it, it was an import. An `@` word that never was one isn't."""
    repo.write("CLAUDE.md", "@README and @nobody, with @acme/sdk\n")
    repo.write("README", LARGE)
    begin(repo, MEMORY)
    repo.git("rm", "-q", "README")

    _, report = check()

    assert report.of("CLAUDE.md")["lost_imports"] == ["README"]
    assert [(w["path"], w["line"], w["message"]) for w in report["warnings"]] == [
        ("CLAUDE.md", 0, "imported `README` in main, which isn't there any more")
    ]


def test_an_import_that_is_taken_out_is_not_lost(repo: Repo, check: Check) -> None:
    """Whoever deletes the line with the file means to save."""
    repo.write("CLAUDE.md", "# Rules\n\n@docs/style.md\n")
    repo.write("docs/style.md", LARGE)
    begin(repo, MEMORY)
    repo.write("CLAUDE.md", "# Rules\n")
    repo.git("rm", "-q", "docs/style.md")

    _, report = check()

    assert (report.of("CLAUDE.md")["lost_imports"], report["warnings"]) == ([], [])


def test_a_group_loses_an_import_with_its_file(repo: Repo, check: Check) -> None:
    """A sum, and a request of several files, shrink by the same file."""
    repo.write("CLAUDE.md", "@docs/style.md\n")
    repo.write("docs/style.md", LARGE)
    groups = (
        "groups: [{name: all, sum: CLAUDE.md, limit: 5000}, {name: chat, system: CLAUDE.md, limit: 5000}]\n"
    )
    begin(repo, MEMORY + groups)
    repo.git("mv", "docs/style.md", "docs/style2.md")

    _, report = check()

    lost = {verdict["name"] or verdict["path"]: verdict["lost_imports"] for verdict in report["verdicts"]}
    assert lost == {name: ["docs/style.md"] for name in ("CLAUDE.md", "all", "chat")}


def test_an_error_that_the_change_causes_elsewhere_is_its_own(repo: Repo, check: Check) -> None:
    """A prompt that stays as it is can't be read any more, since its partial is gone: the base could read it."""
    repo.write("p/a.prompt", "{{> style}}\nBe kind.\n")
    repo.write("p/_style.prompt", "Short sentences.\n")
    repo.write("p/b.prompt", "{{> never}}\n")
    begin(repo, TOP + "prompts: [{files: p/?.prompt}]\n")
    code, report = check()
    assert (code, len(report["notes"])) == (0, 1)  # of b.prompt, which the base couldn't read either

    repo.git("mv", "p/_style.prompt", "p/_tone.prompt")
    code, report = check()

    assert code == 3
    assert [(p["path"], p["message"]) for p in report["problems"]] == [
        ("p/a.prompt", "the partial `style` is not there")
    ]


def test_a_sum_of_the_base_counts_each_file_once(repo: Repo, check: Check) -> None:
    """On both sides what another member imports is counted there, so growth is that of the files."""
    repo.write("CLAUDE.md", "@AGENTS.md\n")
    repo.write("AGENTS.md", SMALL)
    begin(repo, MEMORY + "groups: [{name: all, sum: [CLAUDE.md, AGENTS.md], limit: 5000}]\n")
    repo.write("AGENTS.md", LARGE)

    _, report = check()

    memory, total = report.of("CLAUDE.md"), report.of("all")
    assert [total[key] for key in ("tokens", "base_tokens", "growth")] == [
        memory[key] for key in ("tokens", "base_tokens", "growth")
    ]


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"


def test_a_group_keeps_a_file_that_has_a_link_in_its_place(repo: Repo, check: Check) -> None:
    """CLAUDE.md has become AGENTS.md and a link to it: the sum has grown with what it imports, and isn't new."""
    repo.write("CLAUDE.md", f"{LARGE}@style.md\n")
    repo.write("style.md", SMALL)
    begin(repo, TOP + "groups: [{name: g, sum: [CLAUDE.md], limit: 5000, max_growth: 10%}]\n")
    repo.git("mv", "CLAUDE.md", "AGENTS.md")
    repo.link("CLAUDE.md", "AGENTS.md")
    repo.write("style.md", LARGE)
    repo.commit()

    code, report = check()

    assert (code, report.of("g")["status"], report["loosened"]) == (1, "grew", [])


@pytest.mark.parametrize("ignored", [True, False])
def test_a_broken_link_of_the_base_is_none_of_the_change_when_it_is_named(
    repo: Repo, check: Check, ignored: bool
) -> None:
    """It is a note, whether it leads to nothing or to what git ignores; a rule matches it, so nothing else is said of it."""
    repo.link("prompts/link.md", "../secret.md")
    repo.write(".gitignore", "/secret.md\n")
    begin(repo, TOP + RULE, a=SMALL)
    if ignored:
        repo.write("secret.md", LARGE)

    code, report = check("prompts/link.md")
    [note] = report["notes"]

    assert (code, note.endswith(": prompts/link.md")) == (0, True)
    assert note.startswith("as in the base already: ")
    assert check()[0] == 0


def test_a_link_that_was_broken_in_the_base_is_no_fault_of_the_change(repo: Repo, check: Check) -> None:
    """It is a note. One that breaks because its target is gone is an error, and so is one that leads elsewhere now."""
    repo.link("prompts/out.md", "/etc/hostname")
    repo.link("prompts/old.md", "gone.md")
    repo.link("prompts/new.md", "../docs/new.md")
    repo.write("docs/new.md", SMALL)
    begin(repo, a=SMALL)
    repo.write("prompts/a.md", SMALL * 2)
    code, report = check()
    assert (code, report["problems"]) == (0, [])
    assert len([note for note in report["notes"] if "as in the base already" in note]) == 2

    (repo.path / "docs/new.md").unlink()
    (repo.path / "prompts/old.md").unlink()
    repo.link("prompts/old.md", "also-gone.md")
    repo.git("add", "-A")

    code, report = check()
    assert (code, [problem["path"] for problem in report["problems"]]) == (
        3,
        ["prompts/new.md", "prompts/old.md"],
    )


STRICT = (
    TOP
    + """prompts:
  - {files: drafts/, limit: 500}
  - {files: live/, limit: 100, allow_empty: true}
"""
)


@pytest.mark.parametrize(("limit", "code", "inherited"), [(100, 1, False), (90, 1, False), (600, 0, True)])
def test_a_prompt_that_is_moved_over_a_limit_fails(
    repo: Repo, check: Check, limit: int, code: int, *, inherited: bool
) -> None:
    """It isn't larger, but what is where the base had that limit is. It is spared only where the change lowered the limit, too."""
    repo.write("drafts/a.md", LARGE)
    repo.write("drafts/b.md", SMALL)
    repo.write("live/b.md", SMALL)
    begin(repo, STRICT.replace("100, allow", f"{limit}, allow"))
    repo.git("mv", "drafts/a.md", "live/a.md")
    repo.write(".prompt-lint.yaml", STRICT)

    result, report = check()

    [over] = [each for each in report["verdicts"] if each["status"] == "over"]
    assert (result, over["growth"], over["inherited"]) == (code, 0, inherited)


def test_the_first_prompt_of_a_file_is_new_where_the_base_had_the_file_without_one(
    repo: Repo, check: Check
) -> None:
    """All of it is growth, as if its file had had another prompt."""
    repo.write("p/a.py", "LIMIT = 3\n")
    repo.write("p/b.py", f"B_PROMPT = {SMALL!r}\n")
    begin(repo, TOP + "prompts: [{files: 'p/*.py', format: python}]\n")
    repo.write("p/a.py", f"A_PROMPT = {SMALL!r}\n")
    repo.write("p/b.py", f"B_PROMPT = {SMALL!r}\nC_PROMPT = {SMALL!r}\n")

    _, report = check()

    standings = {each["name"]: each["standing"] for each in report["verdicts"]}
    assert (standings["A_PROMPT"], standings["C_PROMPT"]) == ("new", "new")
    assert not any("can't be compared" in note for note in report["notes"])


@pytest.mark.parametrize(("times", "is_noted"), [(1, False), (7, True)])
def test_a_prompt_that_has_another_name_in_its_file_may_not_grow_unseen(
    repo: Repo, check: Check, times: int, *, is_noted: bool
) -> None:
    """It is new, so `max_growth` doesn't apply: a note says so if it is much larger than the one that is gone."""
    rules = "limit: 9000\nprompts: [{files: 'p/*.py', format: python, max_growth: 10%}]\n"
    repo.write("p/a.py", f"SUPPORT_PROMPT = {LARGE!r}\n")
    begin(repo, TOP.replace("limit: 100\n", rules))
    repo.write("p/a.py", f"AGENT_PROMPT = {LARGE * times!r}\n")

    _, report = check()

    assert any("`max_growth` doesn't apply" in note for note in report["notes"]) == is_noted


def test_a_group_that_could_not_be_read_in_the_base_cannot_be_compared(repo: Repo, check: Check) -> None:
    """It isn't new, so `max_growth` would apply if anybody knew how large it was."""
    repo.write("p/r.json", "{broken")
    group = "groups: [{name: all, sum: p/r.json, limit: 9000, max_growth: 1%}]\n"
    begin(repo, TOP + RULE + group, a=SMALL)
    repo.write("p/r.json", '{"messages": [{"role": "user", "content": "Hi"}]}')

    _, report = check()

    [verdict] = [each for each in report["verdicts"] if each["kind"] == "group"]
    assert (verdict["standing"], verdict["growth"]) == ("changed", None)
    assert any("can't be compared" in note for note in report["notes"])


def test_a_prompt_that_was_only_renamed_has_not_grown_whatever_its_interval(repo: Repo, check: Check) -> None:
    begin(repo, a=LARGE)
    repo.git("mv", "prompts/a.md", "prompts/b.md")

    _, report = check()

    [verdict], [total] = report["verdicts"], report["summary"]["totals"]
    assert (verdict["standing"], verdict["growth"], total["growth_margin"]) == ("renamed", 0, 0)


def test_a_text_that_a_link_makes_a_prompt_of_another_model_may_not_grow_unseen(
    repo: Repo, check: Check
) -> None:
    """The file and the link are two prompts, each compared with its own count in the base."""
    rules = """prompts:
  - {files: 'prompts/*', limit: 5000, max_growth: 10%}
  - {files: live/, limit: 5000, models: [claude-haiku-4-5]}
"""
    repo.link("live/link.md", "../prompts/a.md")
    begin(repo, TOP + rules, a=LARGE)
    repo.write("prompts/a.md", LARGE * 2)

    code, report = check()

    growth = {each["path"]: (each["status"], each["growth"] > 0) for each in report["verdicts"]}
    assert (code, growth) == (1, {"prompts/a.md": ("grew", True), "live/link.md": ("ok", True)})


@pytest.mark.parametrize("limit", [100, 90, 600])
def test_a_link_that_leads_to_a_prompt_over_its_own_limit_now_fails(
    repo: Repo, check: Check, limit: int
) -> None:
    """By the link it is another prompt, which is new, whatever the limit there was in the base."""
    repo.write("drafts/a.md", LARGE)
    repo.write("live/b.md", SMALL)
    repo.link("live/link.md", "b.md")
    begin(repo, STRICT.replace("100, allow", f"{limit}, allow"))
    (repo.path / "live/link.md").unlink()
    repo.link("live/link.md", "../drafts/a.md")
    repo.write(".prompt-lint.yaml", STRICT)

    code, report = check()

    [over] = [each for each in report["verdicts"] if each["status"] == "over"]
    assert (code, over["path"], over["standing"], over["inherited"]) == (1, "live/link.md", "new", False)


@pytest.mark.parametrize(
    ("after", "extra", "what"),
    [
        (RULE + "exclude: prompts/new/\n", "", "no rule applies to `prompts/new/b.md` any more"),
        (RULE.replace("**/", ""), "", "no rule applies to `prompts/new/b.md` any more"),
        (RULE[:-2] + ", {files: prompts/new/, limit: 9000}]\n", "", "limit raised"),
        (RULE, TOP.replace("100", "9000") + "prompts: [{files: '*.md'}]\n", "limit raised"),
        (RULE[:-2] + ", {files: prompts/new/, limit: 90}]\n", "", None),
    ],
    ids=["excluded", "narrowed", "a rule", "a configuration", "a stricter rule"],
)
def test_a_new_prompt_brings_no_limit_of_its_own_unseen(
    repo: Repo, check: Check, after: str, extra: str, what: str | None
) -> None:
    """A rule of the base is for its path, too."""
    begin(repo, TOP + RULE + "on_raise: fail\n", a=SMALL)
    repo.write(".prompt-lint.yaml", TOP + after + "on_raise: fail\n")
    repo.write("prompts/new/b.md", LARGE if what else SMALL)
    if extra:
        repo.write("prompts/new/.prompt-lint.yaml", extra)

    code, report = check()

    assert (code, [each["what"] for each in report["loosened"]]) == ((1, [what]) if what else (0, []))


@pytest.mark.parametrize("attribute", ["filter=none", "ident", "working-tree-encoding=UTF-8"])
def test_an_attribute_that_converts_nothing_hides_no_growth(repo: Repo, check: Check, attribute: str) -> None:
    """A change may name a filter that nobody has: what is on disk is still what git keeps."""
    begin(repo, TOP + "max_growth: 10%\n" + RULE, a=SMALL)
    repo.write(".gitattributes", f"*.md {attribute}\n")
    repo.write("prompts/a.md", SMALL * 2)
    repo.commit()

    code, report = check()

    assert (code, report.of("prompts/a.md")["status"]) == (1, "grew")


GROUPS = """groups:
  - {name: chat, system: p/ok.md, messages: p/r.json, limit: 5000}
  - {name: all, sum: [CLAUDE.md, p/ok.md], limit: 5000}
"""


def begin_broken(repo: Repo, broken: str | bytes) -> None:
    """A base whose import can't be read, so that a file, a sum and a request can't be counted."""
    repo.write("p/ok.md", SMALL)
    repo.write("p/other.md", SMALL)
    repo.write("CLAUDE.md", "@broken/style.md\n")
    repo.write("broken/style.md", broken)
    repo.write("p/r.json", "{broken")
    begin(repo, TOP + "prompts: [{files: [CLAUDE.md, p/ok.md, p/other.md]}]\n" + GROUPS)


@pytest.mark.parametrize("broken", [b"\xff\xfe\x00", POINTER, SMALL], ids=["bytes", "LFS", "sparse checkout"])
def test_a_broken_file_that_others_take_in_is_no_fault_of_the_change(
    repo: Repo, check: Check, broken: str | bytes
) -> None:
    """Files that import it and groups that it belongs to are noted like the file itself, while others change."""
    begin_broken(repo, broken)
    if broken == SMALL:
        repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/broken/")
    repo.write("p/other.md", SMALL * 2)

    code, report = check()

    assert (code, report["problems"]) == (0, [])
    assert len([note for note in report["notes"] if "as in the base already" in note]) == 3
    assert [entry["path"] for entry in report["removed"]] == []
    assert report.of("p/other.md")["growth"] > 0


def test_a_change_of_a_group_with_a_broken_file_is_never_green(repo: Repo, check: Check) -> None:
    """It may be over its limit now, and nobody can say so. The finding names the broken file; the file itself is as it was."""
    begin_broken(repo, POINTER)
    repo.write("p/ok.md", SMALL * 2)

    code, report = check()

    assert code == 3
    assert [problem["message"].split(", ")[0] for problem in report["problems"]] == [
        "the group `chat` can't be counted: `p/r.json`",
        "the group `all` can't be counted: `CLAUDE.md`",
    ]


def test_a_change_of_a_group_with_a_file_that_can_be_read_in_part_is_never_green(
    repo: Repo, check: Check
) -> None:
    """A bad line of JSONL is as a malformed file; the group as it was is no fault of the change."""
    group = "groups: [{name: all, sum: prompts/*, limit: 5000}]\n"
    repo.write("prompts/r.jsonl", '{"messages": [{"role": "user", "content": "Hi"}]}\n{broken\n')
    begin(repo, TOP + 'prompts: [{files: "prompts/*"}]\n' + group, a=SMALL)
    assert check()[0] == 0
    repo.write("prompts/a.md", SMALL * 2)

    code, report = check()

    [message] = [problem["message"] for problem in report["problems"]]
    assert (code, message.split(", ")[0]) == (3, "the group `all` can't be counted: `prompts/r.jsonl`")


def test_a_broken_import_that_the_change_touches_is_an_error(repo: Repo, check: Check) -> None:
    """It may be any size now: that it couldn't be read before says nothing of it."""
    begin_broken(repo, b"\xff\xfe\x00")
    repo.write("broken/style.md", b"\xff\xfe\x00" + LARGE.encode())
    repo.git("add", "-A")

    code, report = check()

    assert (code, [problem["path"] for problem in report["problems"]]) == (
        3,
        ["CLAUDE.md", ".prompt-lint.yaml"],
    )


def test_a_group_that_takes_in_a_broken_file_is_broken_by_the_change(repo: Repo, check: Check) -> None:
    """The file was broken before, but nothing of the group was."""
    begin_broken(repo, POINTER)
    repo.write("p/new.md", "")
    repo.write(
        ".prompt-lint.yaml",
        (repo.path / ".prompt-lint.yaml").read_text()
        + "  - {name: new, system: p/ok.md, messages: p/r.json, limit: 5000}\n",
    )

    code, report = check()

    assert code == 3
    assert [problem["message"].partition(":")[0] for problem in report["problems"]] == [
        "the group `new` can't be counted"
    ]


def test_a_change_of_what_a_sparse_checkout_leaves_out_is_never_green(repo: Repo, check: Check) -> None:
    """The change may have made the import larger, and nobody can measure it here."""
    begin_broken(repo, SMALL)
    repo.write("broken/style.md", LARGE)
    repo.commit()
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/broken/")

    code, report = check()

    assert code == 3
    assert {problem["path"] for problem in report["problems"]} == {"CLAUDE.md", ".prompt-lint.yaml"}


def test_an_exempt_prompt_is_exempt_in_every_output(
    repo: Repo, check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    """It was over before and is exempt: it is called exempt, and its exemption hasn't ended."""
    exempt = "exempt: [{files: prompts/a.md, reason: To be split., until: 2999-01-01}]\n"
    begin(repo, TOP + exempt + RULE, a=LARGE)
    code, report = check()
    verdict = report.of("prompts/a.md")
    assert (code, verdict["status"], verdict["inherited"]) == (0, "exempt", False)

    for output in ("text", "junit", "markdown"):
        main.run(["check", "--offline", "-v", "--base", "main", "--output-format", output])
        out = capfd.readouterr().out
        assert "exempt" in out.lower()
        assert not any(word in out for word in ("ended", "inherited", "over before", "tighter"))


def test_what_changed_without_another_size_has_changed(repo: Repo, check: Check) -> None:
    """The members of a sum swap their texts, and an import gets another one of as many tokens: ±, not `unchanged`."""
    repo.write("p/a.md", SMALL)
    repo.write("p/b.md", LARGE)
    repo.write("docs/style.md", "Be kind.\n")
    repo.write("CLAUDE.md", "@docs/style.md\n")
    begin(repo, MEMORY + "groups: [{name: all, sum: [p/*.md], limit: 5000}]\n")
    assert [(v["standing"], v["growth"]) for v in check()[1]["verdicts"]] == [("unchanged", 0)] * 2
    repo.write("p/a.md", LARGE)
    repo.write("p/b.md", SMALL)
    repo.write("docs/style.md", "Be warm.\n")

    _, report = check()

    for name in ("CLAUDE.md", "all"):
        assert (report.of(name)["standing"], report.of(name)["growth"]) == ("changed", 0)


def test_a_warning_about_an_import_is_given_once(repo: Repo, check: Check) -> None:
    """`AGENTS.md` brings in `CLAUDE.md`, which is a prompt itself and has lost its import."""
    repo.write("AGENTS.md", "@CLAUDE.md\n")
    repo.write("CLAUDE.md", "@docs/a.md\n")
    begin(repo, MEMORY)
    repo.write("CLAUDE.md", "@docs/a.md\nMore.\n")

    _, report = check()

    assert [note for note in report["warnings"] if "docs/a.md" in str(note)] == report["warnings"]
    assert len(report["warnings"]) == 1


def test_rows_of_what_was_over_before_name_the_model(
    repo: Repo, check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of two models, each has its row."""
    begin(repo, TOP.replace("sonnet-4-6", "sonnet-4-6, claude-opus-4-8") + RULE, a=LARGE)
    main.run(["check", "--offline", "--base", "main"])

    out = capfd.readouterr().out

    rows = [line.split()[:2] for line in out.splitlines() if line.lstrip().startswith("prompts/a.md")]
    assert rows == [["prompts/a.md", "claude-sonnet-4-6"], ["prompts/a.md", "claude-opus-4-8"]], out


def test_totals_say_that_they_lack_what_can_not_be_read(
    repo: Repo, check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the file that was broken before nor the one that imports it is in a total, of the text and of Markdown."""
    begin_broken(repo, POINTER)
    repo.write("p/ok.md", SMALL * 2)
    assert check()[1]["summary"]["unread_files"] == 1

    for output in ("text", "markdown"):
        main.run(["check", "--offline", "--base", "main", "--output-format", output])
        assert "without what can't be read in 1 file" in capfd.readouterr().out.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("OTHER_PROMPT = 'Hi'\nA_PROMPT = build('Be kind.')\n", 2),
        ("OTHER_PROMPT = 'Hi'\nfrom texts import A_PROMPT\n", 2),
        ("OTHER_PROMPT = A_PROMPT = 'Hi'\n", 0),
        ("OTHER_PROMPT = 'Hi'\nA_TEXT = 'Be kind.'\n", 0),
    ],
)
def test_a_prompt_of_source_code_that_cannot_be_known_any_more_is_noted(
    repo: Repo, check: Check, source: str, line: int
) -> None:
    """Its name is still in the file, so it may be as large as before. `NAME 2` isn't a name; another name is another prompt."""
    repo.write("a.py", "OTHER_PROMPT = 'Hi'\nA_PROMPT = 'Be'\nA_PROMPT = 'Be kind.'\n")
    begin(repo, TOP + "notes: {content: off}\nprompts: [{files: '*.py', format: python}]\n")
    repo.write("a.py", source)

    code, report = check()

    message = (
        "`A_PROMPT` was counted in main and isn't now: its text is empty, in another file, or can't be known without running "
        f"the code: a.py:{line}"
    )
    assert (code, report["notes"]) == (0, [message] if line else [])


@pytest.mark.parametrize("source", ["A_PROMPT = build('Be kind.')\n", "x = 1\n"])
def test_a_change_after_which_a_rule_measures_nothing_fails(repo: Repo, check: Check, source: str) -> None:
    """A note says which prompt was lost, and that isn't enough: from then on, every run without a base fails."""
    repo.write("a.py", "A_PROMPT = 'Be kind.'\n")
    begin(repo, TOP + "prompts: [{files: '*.py', format: python}]\n")
    repo.write("a.py", source)

    code, report = check()

    faults = [problem["message"] for problem in report["problems"]]
    assert (code, faults) == (2, ["no file that matches `*.py` has a prompt in it"])


def test_a_rule_whose_only_file_could_not_be_read_in_the_base_either_is_no_fault(
    repo: Repo, check: Check
) -> None:
    """Nobody knows whether the file has a prompt, and the change hasn't touched it."""
    repo.write("a.py", "A_PROMPT = 'Be kind.\n")
    begin(repo, TOP + "prompts: [{files: '*.py', format: python}]\n")

    code, report = check()

    assert (code, report["problems"]) == (0, [])
    assert "as in the base already" in report["notes"][0]


@pytest.mark.parametrize(
    ("keys", "before", "after", "expected"),
    [
        ("", "", ON_DEMAND, (0, "over", True, 0)),
        ("limit: 9k, max_growth: 9, ", "", ON_DEMAND + LARGE, (1, "grew", False, 220)),
        ("", "", ON_DEMAND + SMALL, (1, "over", False, 4)),
        ("", ON_DEMAND, "", (1, "over", False, None)),
    ],
)
def test_a_memory_rule_that_is_loaded_on_demand_now_is_the_same_prompt(
    repo: Repo, check: Check, keys: str, before: str, after: str, expected: tuple[int, str, bool, int | None]
) -> None:
    """Only its name says so. One that was on demand before, and isn't now, is new."""
    repo.write(".claude/rules/a.md", before + LARGE)
    begin(repo, TOP + f"prompts: [{{{keys}files: .claude/rules/}}]\n")
    repo.write(".claude/rules/a.md", after + LARGE)

    code, report = check()

    one = report.of(".claude/rules/a.md")
    assert (code, one["status"], one["inherited"], one["growth"]) == expected
    assert (one["standing"] == "new", bool(report["removed"])) == (expected[-1] is None,) * 2


def test_a_memory_rule_that_is_loaded_on_demand_now_is_counted_by_the_same_means(
    repo: Repo, check: Check, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the base is known exactly, its prompt is found by the name that it had."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    repo.write(".claude/rules/a.md", SMALL)
    begin(repo, TOP + "prompts: [{files: .claude/rules/}]\n")
    assert check("--counting", "exact")[1]["summary"]["sent"] == 1
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    repo.write(".claude/rules/a.md", ON_DEMAND + SMALL + SMALL)

    one = check()[1].of(".claude/rules/a.md")

    assert one["base_tokens"] + one["growth"] == one["tokens"]
    assert (one["standing"], one["growth"] > 0) == ("changed", True)
