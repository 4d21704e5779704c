"""`check` from the outside: what a person types, sees and gets as an exit code."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.support.paths import ROOT
from tests.support.program import Done

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion
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
SHORT = "Answer in one sentence.\n"
LONG = "# Rules\n\n" + "Never guess a number that you could look up.\n" * 20 + "\n## Tone\n\nBe kind.\n"


def prompts(repo: Repo, **files: str) -> None:
    repo.write(".prompt-lint.yaml", CONFIG)
    for name, text in files.items():
        repo.write(f"prompts/{name}.md", text)


def verdicts(done: Done) -> dict[str, str]:
    return {v["path"]: v["status"] for v in json.loads(done.out)["verdicts"]}


def test_prompts_within_their_limits_pass(repo: Repo, lint: Callable[..., Done]) -> None:
    """All is well: one line says what was looked at, and the exit code is 0."""
    prompts(repo, a=SHORT, b=SHORT)

    assert lint("check") == Done(
        0,
        "Counted offline (± is the interval, measured by 372 requests for claude-sonnet-4-6).\n"
        "2 prompts within their limits (fullest: prompts/a.md, 12% of 100)\n",
        "",
    )


def test_a_prompt_over_its_limit_fails(
    repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """The person whose commit failed sees what is too large, by how much, where it is, and what to do."""
    prompts(repo, a=SHORT, b=LONG)

    done = lint("check")

    assert (done.code, done.err) == (1, "")
    assert done.out == snapshot


def test_sections_are_told_for_the_model_that_is_furthest_over(repo: Repo, lint: Callable[..., Done]) -> None:
    """One breakdown for each prompt says where to cut, however many models it is counted for."""
    repo.write("a.md", LONG)
    flags = ("--limit", "100", "--model", "claude-sonnet-4-6", "--model", "claude-opus-5")

    found = json.loads(lint("check", "a.md", *flags, "--output-format", "json").out)["verdicts"]

    worst = max(found, key=lambda verdict: verdict["over_by"])
    assert [bool(verdict["sections"]) for verdict in found] == [verdict is worst for verdict in found]
    assert [section["title"] for section in worst["sections"]] == ["# Rules", "## Tone"]


def test_exit_zero_only_reports(repo: Repo, lint: Callable[..., Done]) -> None:
    """`--exit-zero` forgives what is found in prompts; what can't be counted isn't forgiven."""
    prompts(repo, b=LONG)
    assert lint("check", "--exit-zero").code == 0

    repo.write(".prompt-lint.yaml", CONFIG + "  - files: skills/*/SKILL.md\n")
    repo.write("skills/a/SKILL.md", "---\nname: X X\ndescription: Helps.\n---\nBe kind.\n")
    invalid = lint("check", "--exit-zero")
    assert (invalid.code, "INVALID" in invalid.out) == (0, True)
    assert lint("check").code == 1

    repo.write("prompts/c.md", b"\xff")
    assert lint("check", "--exit-zero").code == 3


def test_only_tracked_and_unignored_files_are_checked(repo: Repo, lint: Callable[..., Done]) -> None:
    """What git ignores is nobody's prompt; what isn't staged yet soon will be."""
    prompts(repo, tracked=SHORT, ignored=LONG)
    repo.write(".gitignore", "ignored.md\n")
    repo.commit()
    repo.write("prompts/untracked.md", SHORT)

    assert verdicts(lint("check", "--output-format", "json")) == {
        "prompts/tracked.md": "ok",
        "prompts/untracked.md": "ok",
    }


def test_paths_are_filtered_by_the_rules(repo: Repo, lint: Callable[..., Done]) -> None:
    """Only what a rule matches is counted; a path that none matches is noted beside the others."""
    prompts(repo, a=SHORT, b=LONG)
    repo.write("README.md", LONG)

    some = lint("check", "prompts/a.md", "README.md")

    assert some.code == 0
    assert "note: no rule matches it, so it wasn't checked: README.md\n" in some.out
    assert lint("check", "prompts").code == 1


@pytest.mark.parametrize(
    ("paths", "named"),
    [(["README.md"], "`README.md`"), (["docs", "README.md"], "`docs`, `README.md`"), (["prompts/old.md"], "`prompts/old.md`")],
)  # fmt: skip
def test_paths_that_lead_to_no_prompt_are_an_error(
    repo: Repo, lint: Callable[..., Done], paths: list[str], named: str
) -> None:
    """A person who names a file wants its number: nothing measured isn't a pass, in any output."""
    prompts(repo, a=SHORT, old=LONG)
    repo.write(".prompt-lint.yaml", CONFIG + "exclude: prompts/old.md\n")
    repo.write("README.md", LONG)
    repo.write("docs/a.md", LONG)

    done = lint("check", *paths)

    message = f"no rule matches {named}, so nothing was checked"
    assert (done.code, done.out.splitlines()[0]) == (2, f"ERROR     {message}")
    assert "--allow-unmatched" in done.out
    listed = lint("list", *paths)
    assert (listed.code, "--allow-unmatched" in listed.out) == (2, False)  # `list` has no such option
    assert [
        problem["message"] for problem in lint("check", "--output-format", "json", *paths).report["problems"]
    ] == [message]
    allowed = lint("check", "--allow-unmatched", *paths)
    assert allowed == Done(
        0, "note: no rule matches any of the paths, so nothing was checked\nNothing was checked\n", ""
    )


def test_the_hook_passes_where_no_prompt_is_staged(repo: Repo, lint: Callable[..., Done]) -> None:
    """It gets the name of every file that is staged; prompts among them are judged all the same."""
    prompts(repo, a=SHORT, b=LONG)
    repo.write("README.md", LONG)
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    arguments = [*hooks[0]["entry"].split()[1:], *hooks[0]["args"]]

    assert hooks[0]["entry"].startswith("prompt-lint check ")
    assert lint(*arguments, "README.md").code == 0
    assert lint(*arguments, "README.md", "prompts/b.md").code == 1


def test_paths_that_lead_to_a_prompt_in_any_way_are_matched(repo: Repo, lint: Callable[..., Done]) -> None:
    """As a folder, as an import, as a member of a group, or as the configuration: none of them is an error."""
    config = 'models: [claude-sonnet-4-6]\nlimit: 5000\nprompts: [{files: CLAUDE.md}]\ngroups: [{name: g, sum: "notes/*.md", limit: 5000}]\n'
    repo.write(".prompt-lint.yaml", config)
    repo.write("CLAUDE.md", "@docs/style.md\n")
    repo.write("docs/style.md", SHORT)
    repo.write("notes/a.md", SHORT)
    repo.commit()

    for path in (".", "docs", "docs/style.md", "notes", "notes/a.md", ".prompt-lint.yaml"):
        done = lint("check", path)
        assert (path, done.code) == (path, 0)
        assert "no rule matches" not in done.out


def test_a_changed_configuration_checks_everything(repo: Repo, lint: Callable[..., Done]) -> None:
    """A lower limit may fail files that weren't touched."""
    prompts(repo, a=SHORT, b=LONG)

    assert lint("check", "prompts/a.md", ".prompt-lint.yaml").code == 1


def test_paths_are_relative_to_where_one_stands(
    repo: Repo, lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder below the top, the paths typed are that folder's, the paths shown the repository's."""
    prompts(repo, a=SHORT, b=LONG)
    monkeypatch.chdir(repo.path / "prompts")

    assert lint("check", "a.md").code == 0
    assert "OVER      prompts/b.md" in lint("check", "b.md").out


@pytest.mark.parametrize("path", ["missing.md", "../elsewhere.md", ""])
def test_a_path_that_is_not_there_is_an_error(repo: Repo, lint: Callable[..., Done], path: str) -> None:
    """A typo must not look like a success."""
    prompts(repo, a=SHORT)

    done = lint("check", path)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")


def test_a_rule_that_matches_nothing_is_an_error(repo: Repo, lint: Callable[..., Done]) -> None:
    """The folder was renamed, the rule forgotten: that isn't green. The other rules are still checked."""
    prompts(repo, a=LONG)
    repo.write(".prompt-lint.yaml", CONFIG + "  - files: prompt/*.txt\n")

    done = lint("check")

    assert done.code == 2
    assert ".prompt-lint.yaml:8: no file in the repository matches `prompt/*.txt`" in done.out
    assert "OVER      prompts/a.md" in done.out


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            'exclude: "**"\nprompts: [{files: prompts/}]\n',
            ".prompt-lint.yaml:4: the rule for `prompts/` applies to no file: it matches `prompts/a.md`, but `exclude` at the top",
        ),
        (
            "exclude: other/\nprompts: [{files: prompts/}, {files: other/}]\n",
            "it matches `other/b.md`, but `exclude` at the top of the file removes it\n",
        ),
        (
            "prompts: [{files: '*.md'}, {files: nested/**}]\n",
            "it matches `nested/c.md`, but nested/.prompt-lint.yaml governs it\n",
        ),
        ("prompts: [{files: TOP/prompts/}]\n", "leave out its path\n"),
        (
            "prompts: [{files: '*.md'}]\n",
            "nested/.prompt-lint.yaml:3: no file in the repository matches `zzz`\n",
        ),
    ],
)
def test_a_rule_whose_files_others_take_says_who(
    repo: Repo, lint: Callable[..., Done], config: str, told: str
) -> None:
    """An exclusion at the top and a configuration below can't turn a rule off in silence."""
    top = "models: [claude-opus-5]\nlimit: 500\n"
    prompts(repo, a=SHORT)
    repo.write("other/b.md", LONG)
    repo.write("nested/c.md", SHORT)
    repo.write("nested/.prompt-lint.yaml", f"{top}prompts: [{{files: c.md}}, {{files: zzz}}]\n")
    repo.write(".prompt-lint.yaml", top + config.replace("TOP", str(repo.path)))

    done = lint("check")

    assert done.code == 2
    assert told in done.out


def test_a_rule_that_later_ones_overrule_is_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """The commonest slip where the last match wins: the exception stands above the rule."""
    prompts(repo, a=SHORT)
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-opus-5]\nprompts:\n  - {files: prompts/a.md, limit: 1}\n  - {files: prompts/, limit: 99}\n",
    )

    assert (
        "note: .prompt-lint.yaml:3: the rule for `prompts/a.md` applies to no file: a later rule matches each of its files, and wins"
        in lint("check").out
    )


def test_a_file_named_with_a_limit_is_judged_whoever_owns_it(repo: Repo, lint: Callable[..., Done]) -> None:
    """A configuration that doesn't know the file doesn't make `check FILE --limit` green."""
    prompts(repo, a=SHORT)
    repo.write("b.txt", LONG)
    flags = ("--limit", "5", "--model", "claude-opus-5")

    assert lint("check", "b.txt", *flags).code == 1
    assert verdicts(lint("check", "prompts", *flags, "--output-format", "json")) == {"prompts/a.md": "over"}


@pytest.mark.parametrize("paths", [(), (".",), ("empty",)])
def test_flags_that_find_no_file_are_not_green(
    repo: Repo, lint: Callable[..., Done], paths: tuple[str, ...]
) -> None:
    """Without a configuration, nothing measured is exit 2."""
    (repo.path / "empty").mkdir()

    assert lint("check", *paths, "--limit", "5", "--model", "claude-opus-5").code == 2


def test_the_configuration_is_no_prompt(repo: Repo, lint: Callable[..., Done]) -> None:
    """However wide a pattern is, the file that holds it isn't counted."""
    repo.write(".prompt-lint.yaml", "models: [claude-opus-5]\nlimit: 500\nprompts: [{files: '**'}]\n")
    repo.write("a.md", SHORT)

    assert verdicts(lint("check", "--output-format", "json")) == {"a.md": "ok"}


def test_the_line_of_the_limit_is_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """Where to raise it: the entry, `limits`, the top of the file, or the flag."""
    repo.write("a.md", LONG)
    repo.write("b.md", LONG)
    repo.write("c.md", LONG)
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-opus-5]\nlimit: 3\nprompts:\n  - files: a.md\n  - files: b.md\n    limit: 4\n"
        "  - files: c.md\n    limits:\n      claude-opus-5: 5\n",
    )

    raised = [line.split(": ")[-1] for line in lint("check").out.splitlines() if "raise the limit" in line]

    assert sorted(raised) == [".prompt-lint.yaml:2", ".prompt-lint.yaml:6", ".prompt-lint.yaml:9"]
    assert "or raise the limit: --limit\n" in lint("check", "--limit", "3").out


def test_an_unwritable_output_hides_neither_report_nor_verdict(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path
) -> None:
    """A prompt that is over is exit 1, whatever became of a file beside it; who asked for a file notices that it is missing."""
    (tmp_path / "file").touch()
    outputs = [f"--output=json={tmp_path}/file/a.json", f"--output=sarif={tmp_path}/file/a.sarif"]

    for text, code in ((LONG, 1), (SHORT, 3)):
        prompts(repo, a=text)
        done = lint("check", *outputs)

        assert done.code == code
        assert "prompts/a.md" in done.out
        assert done.err.count("error: could not write ") == 2


@pytest.mark.parametrize(
    "outputs",
    [("--output", "json=o", "--output", "text=o"), ("--output", "json=o", "-o", "./o"), ("-o", "-")],
)
def test_outputs_do_not_overwrite_each_other(
    repo: Repo, lint: Callable[..., Done], outputs: tuple[str, ...]
) -> None:
    """Two outputs in one file would be one output, and `-` is no name for a file."""
    prompts(repo, a=SHORT)

    assert lint("check", *outputs).code == 2


def test_a_message_may_have_several_lines(repo: Repo, lint: Callable[..., Done]) -> None:
    """Each stands on a line of its own, escaped."""
    repo.write("a.md", LONG)
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-opus-5]\nlimit: 5\nprompts:\n  - files: a.md\n    message: |\n      One.\n      Two.\n",
    )

    assert "          One.\n          Two.\n" in lint("check").out


def test_an_empty_repository_is_not_green(repo: Repo, lint: Callable[..., Done]) -> None:
    """Nothing measured is exit 2, never a success."""
    repo.write(".prompt-lint.yaml", CONFIG)

    assert lint("check").code == 2


@pytest.mark.parametrize(
    ("key", "code", "told"),
    [
        ("", 2, "ERROR     .prompt-lint.yaml:3: no file that matches `*.py` has a prompt in it\n"),
        ("allow_empty: true, ", 0, ""),
    ],
)
def test_a_rule_whose_files_have_no_prompt_checks_nothing(
    repo: Repo, lint: Callable[..., Done], key: str, code: int, told: str
) -> None:
    """Its constant has another name now: that is like a file that was renamed. A hook that names such a file passes."""
    rules = f"prompts: [{{files: '*.py', {key}format: python}}]\n"
    repo.write(".prompt-lint.yaml", f"models: [claude-opus-5]\nlimit: 100\n{rules}")
    repo.write("a.py", "SYSTEM = 'Be kind.'\n")

    done = lint("check")

    assert (done.code, told in done.out) == (code, True)
    assert lint("check", "a.py").code == 0


def test_rules_that_may_be_empty_still_measure_something(repo: Repo, lint: Callable[..., Done]) -> None:
    """Where every rule allows for no files, having none is what was asked for, and is said."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-opus-5]\nlimit: 1\nprompts: [{files: x, allow_empty: true}]\n"
    )

    done = lint("check")

    assert (done.code, done.out) == (
        0,
        "note: no file matches the rules, and all of them have `allow_empty: true`\nNothing was checked\n",
    )


def test_without_a_configuration_the_next_step_is_told(
    repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """A newcomer gets a file to copy."""
    done = lint("check")

    assert done._replace(err=done.err.replace(str(repo.path), "/repo")) == snapshot


def test_a_limit_on_the_command_line_needs_no_configuration(repo: Repo, lint: Callable[..., Done]) -> None:
    """`check FILE --limit N` is the shortest way to a verdict, for the default model unless another is named."""
    repo.write("a.md", LONG)
    flags = ("--model", "claude-sonnet-4-6", "--model", "claude-opus-5")

    assert lint("check", "a.md", "--limit", "100", *flags).code == 1
    assert lint("check", "a.md", "--limit", "8k", *flags).code == 0
    assert lint("check", "a.md", "--limit", "1%", *flags).code == 0
    by_default = lint("check", "a.md", "--limit", "100")
    assert (by_default.code, by_default.err) == (
        1,
        "note: counted for claude-sonnet-5-5, the default; --model names another\n",
    )
    assert "claude-sonnet-5-5" in by_default.out
    assert "isn't a limit" in lint("check", "a.md", "--limit", "ten", *flags).err
    repo.write(".claude/agents/a.md", "---\nname: a\n---\nBe brief.\n")
    counted = lint("count", ".claude/agents/a.md", "--output-format", "json").report
    checked = lint("check", ".claude/agents/a.md", "--limit", "100", "--output-format", "json").report
    assert [v["tokens"] for v in checked["verdicts"]] == [v["tokens"] for v in counted["verdicts"]]


def test_flags_win_over_the_configuration(repo: Repo, lint: Callable[..., Done]) -> None:
    """A flag is the last word, for every rule."""
    prompts(repo, a=SHORT, b=LONG)

    assert lint("check", "--limit", "2000").code == 0
    assert {
        v["model"]
        for v in json.loads(lint("check", "--model", "claude-opus-5", "--output-format", "json").out)[
            "verdicts"
        ]
    } == {"claude-opus-5"}


def test_every_mistake_of_a_configuration_is_told(
    repo: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """All at once, each with its place, what was expected and a right example."""
    repo.write(
        ".prompt-lint.yaml",
        "modles: [claude-sonnet-5-5]\nlimit: ten\nprompts:\n  - file: prompts/*.md\n    role: sytem\nbase_url: http://x\n",
    )

    assert lint("check") == snapshot


def test_a_broken_file_does_not_hide_the_others(repo: Repo, lint: Callable[..., Done]) -> None:
    """What can't be read is a problem with exit 3; what can is still judged."""
    prompts(repo, a=SHORT, broken="x")
    repo.write("prompts/broken.md", b"one\n\xff\n")
    repo.write("prompts/chat/x.json", '{"messages": []}')

    done = lint("check")

    assert done.code == 3
    assert "ERROR     prompts/broken.md:2: is not UTF-8: byte 0xff" in done.out
    assert "ERROR     prompts/chat/x.json:1: `messages` is empty" in done.out
    assert "2 errors; 1 prompt within its limit" in done.out


def test_a_pdf_needs_the_api(repo: Repo, lint: Callable[..., Done]) -> None:
    """What the tokenizer can't model is never a number."""
    prompts(repo, a=SHORT)
    paper = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
    }
    turn = {"role": "user", "content": [paper]}
    repo.write("prompts/chat/x.json", json.dumps({"messages": [turn]}))

    done = lint("check", "--output-format", "json")

    report = json.loads(done.out)
    assert done.code == 3
    assert [(v["tokens"], v["status"]) for v in report["verdicts"] if v["path"].endswith("json")] == [
        (None, "uncounted")
    ]
    assert [p["path"] for p in report["problems"]] == ["prompts/chat/x.json"]
    assert report["problems"][0]["message"].startswith("needs the API")


def test_a_blank_prompt_is_nothing_and_said_so(repo: Repo, lint: Callable[..., Done]) -> None:
    """0 tokens is right for an empty file, but nobody should overlook it."""
    prompts(repo, a=SHORT, empty="", blank=" \n\n")

    done = lint("check")

    assert done.code == 0
    assert "warning   prompts/blank.md: the prompt is empty: 0 tokens\n" in done.out
    assert "warning   prompts/empty.md: the prompt is empty: 0 tokens\n" in done.out


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("text", "warning   prompts/empty.md: the prompt is empty: 0 tokens"),
        ("github", "::warning file=prompts/empty.md,title=prompt-lint%3A an empty prompt::the prompt is empty%3A 0 tokens"),
        ("azure", "##vso[task.logissue type=warning;sourcepath=prompts/empty.md;code=empty]an empty prompt: the prompt is empty: 0 tokens"),
        ("gitlab", '"description": "an empty prompt: the prompt is empty: 0 tokens"'),
        ("sarif", '"ruleId": "empty"'),
        ("junit", "<system-out>an empty prompt: the prompt is empty: 0 tokens</system-out>"),
        ("markdown", "- ⚠️ `prompts/empty.md`: the prompt is empty: 0 tokens"),
        ("json", '"kind": "empty"'),
    ],
)  # fmt: skip
def test_every_output_warns_of_an_empty_prompt(
    repo: Repo, lint: Callable[..., Done], output: str, expected: str
) -> None:
    """A file that was emptied by mistake passes every limit."""
    prompts(repo, a=SHORT, empty="")

    done = lint("check", "--output-format", output)

    assert done.code == 0
    assert expected.replace("%3A 0", ": 0") in done.out


def test_an_unknown_model_is_counted_and_said_to_be_unverified(repo: Repo, lint: Callable[..., Done]) -> None:
    """A model of tomorrow gets the newest tokenizer and a wide interval, in words."""
    repo.write("a.md", LONG)

    done = lint("check", "a.md", "--limit", "8k", "--model", "claude-opus-9", "-v")

    assert "unverified" in done.out
    assert "nobody has measured the tokenizer of claude-opus-9" in done.out


def test_links_are_counted_once_under_the_name_of_the_file(repo: Repo, lint: Callable[..., Done]) -> None:
    """CLAUDE.md as a link to AGENTS.md is one prompt with two names."""
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-opus-5]\nlimit: 100\nprompts: [{files: [CLAUDE.md, AGENTS.md]}]\n",
    )
    repo.write("AGENTS.md", SHORT)
    repo.link("CLAUDE.md", "AGENTS.md")

    [verdict] = json.loads(lint("check", "--output-format", "json").out)["verdicts"]

    assert (verdict["path"], verdict["aliases"]) == ("AGENTS.md", ["CLAUDE.md"])
    assert "ok        AGENTS.md  also CLAUDE.md" in lint("check", "-v").out


def test_a_link_that_may_have_led_to_a_folder_of_prompts_is_an_error(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """What was behind it isn't checked. Links where no pattern names a folder may lead anywhere."""
    rules = "prompts: [{files: [p/**/*.md, skills/*/SKILL.md, top/in/*.md, '*.txt', ok.md]}]\n"
    sums = "groups: [{name: g, sum: [s/*.md], limit: 99}]\n"
    repo.write(".prompt-lint.yaml", f"models: [claude-opus-5]\nlimit: 100\n{rules}exclude: p/old\n{sums}")
    repo.write("ok.md", "x")
    repo.write("s/b.md", "x")
    for link in ("p/x", "p/old", "p/picture.png", "skills/x", "top", "s/a.md", "s/x", "result"):
        repo.link(link, "/nowhere")

    done = lint("check", "--output-format", "json")

    assert done.code == 3
    assert [problem["path"] for problem in done.report["problems"]] == ["p/x", "s/a.md", "skills/x", "top"]


def test_a_link_to_a_file_of_no_rule_brings_it_in(repo: Repo, lint: Callable[..., Done]) -> None:
    """A rule that owns the link owns the file behind it."""
    prompts(repo)
    repo.write("shared/long.md", LONG)
    repo.link("prompts/long.md", "../shared/long.md")

    assert verdicts(lint("check", "--output-format", "json")) == {"shared/long.md": "over"}
    assert lint("check", "prompts/long.md").code == 1
    assert lint("check", "prompts").code == 1


def test_a_link_out_of_the_repository_is_a_problem(repo: Repo, lint: Callable[..., Done]) -> None:
    """A stranger's link to /etc/passwd isn't followed, nor passed by in silence."""
    prompts(repo, a=SHORT)
    repo.link("prompts/secret.md", "/etc/passwd")

    done = lint("check")

    assert done.code == 3
    assert "prompts/secret.md: is a symbolic link that leaves the repository" in done.out


def test_a_deleted_file_is_no_problem(repo: Repo, lint: Callable[..., Done]) -> None:
    """A tracked file that is gone has nothing that could be too large."""
    prompts(repo, a=SHORT, gone=LONG)
    repo.commit()
    (repo.path / "prompts/gone.md").unlink()

    done = lint("check")

    assert (done.code, done.out.splitlines()[-1][:24]) == (0, "1 prompt within its limi")


UNMATCHED = "no file in the repository matches `prompts/*.md`"
NAMED = "no rule matches `prompts`, so nothing was checked"


@pytest.mark.parametrize("is_staged", [True, False])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], UNMATCHED),
        (["check", "-q"], UNMATCHED),
        (["check", "--base", "HEAD"], UNMATCHED),
        (["check", "--output-format", "github"], UNMATCHED),
        (["check", "--output-format", "json"], UNMATCHED),
        (["check", "--no-git"], UNMATCHED),
        (["list"], UNMATCHED),
        (["check", "prompts"], NAMED),
        (["list", "prompts"], NAMED),
    ],
)
def test_a_rule_whose_files_are_gone_is_a_mistake(
    repo: Repo, lint: Callable[..., Done], arguments: list[str], message: str, *, is_staged: bool
) -> None:
    """Nothing was measured, whether the deletion is staged or not."""
    prompts(repo, a=SHORT, b=SHORT)
    repo.write("prompts/notes.txt", "No prompt.\n")
    repo.commit()
    for name in ("a", "b"):
        (repo.path / f"prompts/{name}.md").unlink()
    if is_staged:
        repo.git("add", "-A")

    done = lint(*arguments)

    assert done.code == 2
    assert message in done.out


def test_a_rule_whose_only_file_is_gone_is_a_mistake_beside_others(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """It isn't said that a later rule owns the file; an exemption for it is for nothing."""
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: '*.md'}, {files: gone.md}]\n"
        "exempt: [{files: gone.md, reason: x}]\n",
    )
    repo.write("a.md", SHORT)
    repo.write("gone.md", SHORT)
    repo.commit()
    (repo.path / "gone.md").unlink()

    done = lint("check")

    assert done.code == 2
    assert "no file in the repository matches `gone.md`\n" in done.out
    assert "no prompt matches `gone.md`, so nothing is exempt\n" in done.out
    assert "owns no file" not in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_a_rule_for_a_link_to_a_folder_needs_a_file_that_is_there(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """What git lists behind the link may be gone, too."""
    repo.write(
        ".prompt-lint.yaml", "models: [claude-sonnet-4-6]\nlimit: 100\nprompts: [{files: linked/*.md}]\n"
    )
    repo.write("docs/a.md", SHORT)
    repo.write("docs/b.txt", SHORT)
    repo.link("linked", "docs")
    repo.commit()
    (repo.path / "docs/a.md").unlink()

    done = lint("check")

    assert done.code == 2
    assert "no file in the repository matches `linked/*.md`" in done.out


def test_large_files_are_refused_until_a_flag_allows_them(repo: Repo, lint: Callable[..., Done]) -> None:
    """A size cap keeps a run bounded; it is a problem, not a small number."""
    prompts(repo, a="word " * 300_000)

    assert lint("check").code == 3
    assert lint("check", "--max-file-size", "2M").code == 1
    assert lint("check", "--max-file-size", "0").code == 2


def test_outside_git_the_folder_is_walked(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No repository is no excuse: .gitignore still holds, and a note says what was done."""
    folder = tmp_path / "plain"
    (folder / "prompts").mkdir(parents=True)
    (folder / ".prompt-lint.yaml").write_text(CONFIG)
    (folder / ".gitignore").write_text("b.md\n")
    (folder / "prompts/a.md").write_text(SHORT)
    (folder / "prompts/b.md").write_text(LONG)
    monkeypatch.chdir(folder)

    done = lint("check")

    assert done.code == 0
    assert "1 prompt within its limit" in done.out
    assert "note: " in done.out


def test_several_outputs_in_one_run(repo: Repo, lint: Callable[..., Done], tmp_path: Path) -> None:
    """Text for the person, JSON for the machine, one count for both."""
    prompts(repo, a=LONG)

    done = lint("check", "--output", f"json={tmp_path}/a.json", "--output", f"text={tmp_path}/a.txt")

    assert done.code == 1
    assert (tmp_path / "a.txt").read_text() == done.out
    assert json.loads((tmp_path / "a.json").read_text())["summary"]["over"] == 1


def test_an_output_file_takes_the_place_of_stdout(
    repo: Repo, lint: Callable[..., Done], tmp_path: Path
) -> None:
    """`-o FILE` leaves stdout empty."""
    prompts(repo, a=SHORT)

    assert lint("check", "--output-format", "json", "-o", f"{tmp_path}/a.json") == Done(0, "", "")
    assert json.loads((tmp_path / "a.json").read_text())["summary"]["ok"] == 1
    assert lint("check", "-o", f"{tmp_path}/new/folder/a.txt").code == 0
    assert (tmp_path / "new/folder/a.txt").exists()
    assert lint("check", "--output", "xml=a").code == 2


@pytest.mark.parametrize(("choice", "is_colored"), [("auto", False), ("always", True)])
def test_colour_is_for_who_wants_it(
    repo: Repo, lint: Callable[..., Done], choice: str, is_colored: bool
) -> None:
    """A pipe is plain unless the flag says otherwise."""
    prompts(repo, a=LONG)

    assert ("\x1b[" in lint("check", "--color", choice).out) == is_colored


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names that only Linux takes")
def test_names_of_any_bytes_are_checked_and_shown_escaped(repo: Repo, lint: Callable[..., Done]) -> None:
    """Whatever a file is called, it is counted under that name, and its name is one harmless line."""
    prompts(repo)
    for name in (
        b"two\nlines.md",
        b"caf\xe9.md",
        b'qu"ote.md',
        b"-dash.md",
        "\u202eevil.md".encode(),
        b"::error::x.md",
    ):
        repo.write(b"prompts/" + name, LONG)
    repo.commit()

    done = lint("check", "-v")

    assert done.code == 1
    assert sorted(line.split("/", 1)[1] for line in done.out.splitlines() if line.startswith("OVER")) == [
        "-dash.md", "::error::x.md", r"\u202eevil.md", r"caf\xe9.md", 'qu"ote.md', r"two\nlines.md",
    ]  # fmt: skip


def test_ten_prompts_of_a_file_get_their_sections(repo: Repo, lint: Callable[..., Done]) -> None:
    """Those that are furthest over, since the whole file is read again for each of them; and every prompt of other files."""
    sizes = [20 + number * 7 % 12 for number in range(12)]
    regions = (f"# prompt-lint: begin p{n}\n# Title\n{'Be kind. ' * n}\n# prompt-lint: end\n" for n in sizes)
    repo.write("many.txt", "".join(regions))
    repo.write("one.txt", "# prompt-lint: begin\nBe kind. Be kind.\n# prompt-lint: end\n")
    repo.write(
        ".prompt-lint.yaml",
        "models: [claude-sonnet-5-5]\nlimit: 3\nprompts: [{files: '*.txt', format: marked}]\n",
    )

    report = json.loads(lint("check", "--output-format", "json").out)

    split = {(v["path"], v["name"]) for v in report["verdicts"] if v["sections"]}
    assert split == {("one.txt", ""), *(("many.txt", f"p{n}") for n in sorted(sizes)[-10:])}
