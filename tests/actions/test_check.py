"""action.yml and comment/action.yml, step by step in this process; tests/end_to_end/test_actions.py runs them for real."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from packaging.requirements import Requirement
from tests.support import composite
from tests.support.api_server import always, body, status
from tests.support.github_job import (
    CONFIG,
    LONG,
    SHORT,
    commit_base,
    follow_fork,
    forget_counts,
    open_pull_request,
    read_report,
    set_event,
    set_labels,
)
from tests.support.github_server import AUDIENCE, REQUEST_TOKEN, TOKEN
from tests.support.paths import ROOT

from prompt_lint.actions import check as action
from prompt_lint.api import oidc_token
from prompt_lint.model.errors import Fatal
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.api_server import ApiServer
    from tests.support.composite import Job
    from tests.support.github_job import Caches
    from tests.support.github_server import GitHubServer
    from tests.support.repo import Repo

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
CANARY = "sk-ant-api03-canary-canary-canary"


# ---------------------------------------------------------------------------------------------------------
# The whole of it


def test_a_pull_request_that_grows_a_prompt_over_its_limit_fails(
    repo: Repo, job: Job, caches: Caches
) -> None:
    """Status, numbers, an annotation at the file, a summary, and the counts are saved although the check has failed."""
    open_pull_request(repo, job, {"prompts/b.md": LONG})

    done = composite.run(ROOT, job)

    assert done.outcome == "failure", done.log
    outputs = dict(done.outputs)
    [grown] = [v for v in read_report(done)["verdicts"] if v["path"] == "prompts/b.md"]
    assert (grown["status"], grown["standing"]) == ("over", "new")
    assert outputs.pop("report-file").endswith("report.json")
    [total] = read_report(done)["summary"]["totals"]
    assert outputs == {
        "status": "fail", "exit-code": "1", "over": "1", "accepted": "0",
        "delta": str(grown["tokens"]), "delta-margin": str(total["growth_margin"]),
        "total": str(total["after"]), "total-margin": str(total["after_margin"]),
    }  # fmt: skip
    assert total["growth_margin"] == grown["high"] - grown["tokens"] > 0
    check = done.step("Check the prompts")
    assert [item.properties["file"] for item in check.annotations("error")] == ["prompts/b.md"]
    assert check.summary.startswith("### ❌ 1 of 2 prompts over its limit")
    assert [set(files) > {"counts-v2.db"} or "counts-v2.db" in files for _, files in caches.saved] == [True]
    assert done.step("Comment").outcome == "skipped"


def test_a_pull_request_within_its_limits_passes(repo: Repo, job: Job) -> None:
    """A prompt that was over its limit before and isn't touched doesn't fail it."""
    open_pull_request(repo, job, {"prompts/b.md": SHORT}, long=True)

    done = composite.run(ROOT, job)

    assert done.outcome == "success", done.log
    assert (done.outputs["status"], done.outputs["over"]) == ("pass", "0")
    assert "✅" in done.summary


def test_counts_are_saved_only_where_there_are_new_ones(repo: Repo, job: Job, caches: Caches) -> None:
    """Under a key of its own, with a prefix that the next run asks for."""
    open_pull_request(repo, job, {"prompts/b.md": SHORT})
    for run_id, text in (("7", "One.\n"), ("8", "One.\n"), ("9", "Two.\n")):
        repo.write("prompts/c.md", text)
        job.github["run_id"] = run_id
        done = composite.run(ROOT, job)
        assert done.outcome == "success", done.log
        forget_counts(job)

    first, second = (key for key, _ in caches.saved)
    assert first != second
    assert first.startswith(caches.restored[1]["restore-keys"].strip())
    assert [asked["key"] for asked in caches.restored][::2] == [first, second]


def test_two_uses_in_a_job_save_their_counts_under_a_key_each(repo: Repo, job: Job, caches: Caches) -> None:
    """By folder and configuration; GitHub refuses a second entry under one key."""
    open_pull_request(repo, job, {"prompts/b.md": SHORT, "other.yaml": CONFIG, "sub/x.md": SHORT})

    for inputs in ({}, {"config": "other.yaml"}, {"working-directory": "sub"}):
        done = composite.run(ROOT, job, inputs)
        assert done.outcome == "success", done.log

    keys = [key for key, _ in caches.saved]
    assert len(set(keys)) == len(keys) == 3
    assert {len(asked["restore-keys"].split()) for asked in caches.restored} == {1}


def test_an_invalid_configuration_is_an_error(repo: Repo, job: Job) -> None:
    """In annotation, summary, outputs and files; no total is made up."""
    open_pull_request(repo, job, {".prompt-lint.yaml": "limits: [\n"})

    done = composite.run(ROOT, job, {"sarif-file": "out/p.sarif"})

    outputs = dict(done.outputs)
    assert (outputs["status"], outputs["exit-code"], outputs["total"]) == ("error", "2", "")
    assert [problem["line"] for problem in read_report(done)["problems"]] == [1]
    assert json.loads((job.workspace / "out/p.sarif").read_bytes())["runs"][0]["results"]
    check = done.step("Check the prompts")
    [error] = check.annotations("error")
    assert (error.properties["file"], error.properties["line"]) == (".prompt-lint.yaml", "1")
    assert check.summary.startswith("### ❌ 1 error; nothing was checked")


def test_without_a_cache_nothing_is_restored_or_saved(repo: Repo, job: Job, caches: Caches) -> None:
    """`cache: false` means it."""
    open_pull_request(repo, job, {})

    done = composite.run(ROOT, job, {"cache": "false"})

    assert done.outcome == "success", done.log
    assert (caches.saved, caches.restored) == ([], [])


# ---------------------------------------------------------------------------------------------------------
# Events


@pytest.mark.parametrize(("policy", "status"), [("", "pass"), ("project", "fail")])
@pytest.mark.parametrize("name", ["push", "merge_group"])
def test_a_merged_overage_does_not_fail_the_default_branch(
    repo: Repo, job: Job, name: str, policy: str, status: str
) -> None:
    """On the default branch only what is new fails, unless the whole project is checked."""
    before = commit_base(repo, long=True)
    repo.write("prompts/c.md", SHORT)
    after = repo.commit()
    payloads: dict[str, Any] = {
        "push": {"before": before, "after": after, "forced": False, "created": False},
        "merge_group": {"merge_group": {"base_sha": before, "base_ref": "refs/heads/main"}},
    }
    set_event(job, name, payloads.get(name, {}), sha=after)

    done = composite.run(ROOT, job, {"policy": policy})

    assert done.outputs["status"] == status, done.log
    assert done.outputs["delta"] != ""


@pytest.mark.parametrize("name", ["schedule", "workflow_dispatch"])
def test_what_changes_nothing_on_the_default_branch_is_judged_as_a_whole(
    repo: Repo, job: Job, name: str
) -> None:
    """HEAD is compared with nothing: with itself, no prompt could fail."""
    head = commit_base(repo, long=True)
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    set_event(job, name, {}, sha=head)

    done = composite.run(ROOT, job)

    assert (done.outputs["status"], done.outputs["delta"]) == ("fail", ""), done.log
    assert "no base found" in done.log


def test_a_push_that_grows_a_prompt_over_its_limit_fails(repo: Repo, job: Job) -> None:
    """Also on the default branch."""
    before = commit_base(repo)
    repo.write("prompts/c.md", LONG)
    set_event(job, "push", {"before": before, "forced": False, "created": False}, sha=repo.commit())

    assert composite.run(ROOT, job).outputs["status"] == "fail"


def test_a_branch_that_is_run_by_hand_is_compared_with_the_default_one(
    repo: Repo, job: Job, tmp_path: Path
) -> None:
    """Where the clone lacks the default branch, everything is judged; the first warning says why, and the line to add."""
    commit_base(repo, long=True)
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("prompts/c.md", SHORT)
    sha = repo.commit()
    set_event(job, "workflow_dispatch", {}, sha=sha, ref="refs/heads/topic")
    source = f"file://{repo.path}"

    repo.git("clone", "--quiet", source, str(tmp_path / "whole"))
    repo.git("clone", "--quiet", "--depth=1", source, str(tmp_path / "shallow"))
    compared, alone = (
        composite.run(ROOT, replace(job, workspace=tmp_path / name)) for name in ("whole", "shallow")
    )

    assert compared.outputs["status"] == "pass", compared.log
    assert read_report(compared)["against"]["name"] == "origin/main"
    assert (alone.outputs["status"], alone.outputs["delta"]) == ("fail", "")
    check = alone.step("Check the prompts")
    assert (
        "origin/main is not in this clone; give `actions/checkout` `with: {fetch-depth: 0}`"
        in check.annotations("warning")[0].data
    )
    assert check.summary.index("fetch-depth: 0") < check.summary.index("prompts/old.md")


def test_paths_may_be_patterns(repo: Repo, job: Job) -> None:
    """Nothing expands them on the way."""
    open_pull_request(repo, job, {"prompts/b.md": LONG, "prompts/c.md": SHORT})

    some = composite.run(ROOT, job, {"paths": "prompts/[ac].*\n"})
    none = composite.run(ROOT, job, {"paths": "prompts/*.prompt"})

    assert {verdict["path"] for verdict in read_report(some)["verdicts"]} == {"prompts/a.md", "prompts/c.md"}
    assert (none.outputs["status"], none.outputs["exit-code"]) == ("error", "2")
    assert "no file matches the pattern" in none.summary


# ---------------------------------------------------------------------------------------------------------
# Labels


def test_a_label_accepts_prompts_over_their_limits(repo: Repo, job: Job, github: GitHubServer) -> None:
    """The run passes, and summary, annotation, comment and outputs name the label or count what it accepts."""
    job.github |= {"api_url": github.url, "token": TOKEN}
    open_pull_request(repo, job, {"prompts/b.md": LONG}, labels=["bug", "Prompt-Size-OK"])
    sentence = 'Accepted by the label "prompt-size-ok" of the pull request.'

    done = composite.run(ROOT, job, {"accept-label": "prompt-size-ok", "comment": "true"})
    accepted = str(github.comments)
    other = composite.run(ROOT, job, {"accept-label": "another", "comment": "true"})
    advice = ', or add the label `"another"` to the pull request'

    outputs = done.outputs
    assert (outputs["status"], outputs["over"], outputs["accepted"]) == ("pass", "0", "1"), done.log
    check = done.step("Check the prompts")
    [warning] = check.annotations("warning")
    assert sentence in warning.data
    assert warning.properties["file"] == "prompts/b.md"
    assert check.annotations("error") == []
    assert sentence in check.summary
    assert sentence in accepted
    assert (other.outputs["status"], other.outputs["over"], other.outputs["accepted"]) == ("fail", "1", "0")
    assert advice in other.step("Check the prompts").summary
    assert advice in str(github.comments)
    assert advice.replace("`", "") in other.step("Check the prompts").log.replace("\n", " ").replace(
        "  ", " "
    )


def test_a_label_accepts_raised_limits(repo: Repo, job: Job) -> None:
    """With `on_raise: label:NAME`; without it they fail, and the error says what to add. A push can't have a label: a warning."""
    base = commit_base(repo)
    repo.write(".prompt-lint.yaml", f"on_raise: label:limits-ok\n{CONFIG}")
    repo.commit()
    raised = {".prompt-lint.yaml": f"on_raise: label:limits-ok\n{CONFIG.replace('100', '200')}"}
    open_pull_request(repo, job, raised, labels=["limits-ok"])
    accepted = composite.run(ROOT, job)
    set_labels(job, [])
    refused = composite.run(ROOT, job)
    set_event(job, "push", {"before": base, "forced": False, "created": False})
    pushed = composite.run(ROOT, job)

    statuses = [done.outputs["status"] for done in (accepted, refused, pushed)]
    assert statuses == ["pass", "fail", "pass"], accepted.log + refused.log
    [warning] = accepted.step("Check the prompts").annotations("warning")
    [error] = refused.step("Check the prompts").annotations("error")
    assert 'Accepted by the label "limits-ok" of the pull request.' in warning.data
    assert 'ask for the label "limits-ok" on the pull request' in error.data
    assert 'label "limits-ok"' in refused.summary


# ---------------------------------------------------------------------------------------------------------
# Forks and keys


@pytest.mark.parametrize("counting", ["", "exact", "auto"])
def test_a_fork_is_counted_without_a_key(repo: Repo, job: Job, counting: str) -> None:
    """One line says so. What is certain passes or fails, whatever the inputs say."""
    open_pull_request(repo, job, {"prompts/b.md": LONG}, fork=True)

    done = composite.run(ROOT, job, {"counting": counting, "anthropic-federation-rule-id": "fdrl_1"})

    assert done.outputs["status"] == "fail", done.log
    lines = [line for line in done.log.splitlines() if "No key reaches" in line]
    assert len(lines) == 1
    assert read_report(done)["summary"]["offline"] > 0


def test_a_fork_has_the_exact_counts_of_earlier_runs(repo: Repo, job: Job, api: ApiServer) -> None:
    """What the default branch has counted with a key comes back from the cache, and nothing is sent."""
    api.keys = frozenset({CANARY})
    job.env["ANTHROPIC_BASE_URL"] = api.url
    base = commit_base(repo)
    set_event(job, "push", {"before": base}, sha=base)
    composite.run(ROOT, job, {"anthropic-api-key": CANARY})
    sent = len(api.requests)
    forget_counts(job)
    job.github["run_id"] = "8"
    open_pull_request(repo, job, {"README.md": "x"}, fork=True)

    done = composite.run(ROOT, job)

    assert read_report(done)["summary"]["api"] == 1, done.log
    assert sent == len(api.requests) == 1


@pytest.mark.parametrize(("depth", "compared"), [(1, False), (2, True)])
def test_a_shallow_checkout_of_a_pull_request(
    repo: Repo, job: Job, tmp_path: Path, depth: int, compared: bool
) -> None:
    """Two commits are enough; with one, everything is judged, and a note says what to do."""
    open_pull_request(repo, job, {"prompts/b.md": SHORT}, long=True)
    repo.git("branch", "merged")
    repo.git(
        "clone",
        "--quiet",
        f"--depth={depth}",
        "--branch=merged",
        f"file://{repo.path}",
        str(tmp_path / "clone"),
    )
    job.workspace = tmp_path / "clone"

    done = composite.run(ROOT, job)

    assert done.outputs["status"] == ("pass" if compared else "fail"), done.log
    assert ("fetch-depth: 0" in done.log) is not compared


def test_a_missing_key_is_an_error_where_there_could_be_one(repo: Repo, job: Job) -> None:
    """In a branch of the same repository `exact` without a key is a mistake in the workflow."""
    open_pull_request(repo, job, {"prompts/b.md": SHORT})

    assert composite.run(ROOT, job, {"counting": "exact"}).outputs["status"] == "error"


def test_a_key_counts_and_appears_nowhere(repo: Repo, job: Job, api: ApiServer, caches: Caches) -> None:
    """The API's numbers; the key is in no log, output, summary, report or cache."""
    api.keys = frozenset({CANARY})
    job.env["ANTHROPIC_BASE_URL"] = api.url
    open_pull_request(repo, job, {"prompts/b.md": LONG})

    done = composite.run(ROOT, job, {"anthropic-api-key": CANARY})

    assert read_report(done)["summary"]["api"] == 2, done.log
    everything = (
        done.log + done.summary + str(done.outputs) + json.dumps(read_report(done)) + str(caches.saved)
    )
    assert CANARY not in everything


def test_the_key_of_the_environment_is_used(repo: Repo, job: Job, api: ApiServer) -> None:
    """Where the input isn't inputs."""
    api.keys = frozenset({CANARY})
    job.env |= {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": CANARY}
    open_pull_request(repo, job, {})

    assert read_report(composite.run(ROOT, job))["summary"]["api"] == 1


# ---------------------------------------------------------------------------------------------------------
# Comments


def test_a_failing_check_comments_on_the_pull_request(repo: Repo, job: Job, github: GitHubServer) -> None:
    """The token is in no output."""
    job.github |= {"api_url": github.url, "token": TOKEN}
    open_pull_request(repo, job, {"prompts/b.md": LONG})

    done = composite.run(ROOT, job, {"comment": "true"})

    assert (done.outcome, done.step("Comment").outcome) == ("failure", "success"), done.log
    [only] = github.comments[12]
    assert "prompts/b.md" in only["body"]
    assert TOKEN not in done.log + done.summary + str(done.outputs)


def test_a_fault_replaces_an_old_comment(repo: Repo, job: Job, github: GitHubServer) -> None:
    """A pull request that then breaks the configuration isn't over by what it was before."""
    job.github |= {"api_url": github.url, "token": TOKEN}
    open_pull_request(repo, job, {"prompts/b.md": LONG})
    composite.run(ROOT, job, {"comment": "true"})
    repo.write(".prompt-lint.yaml", "limit: [\n")
    job.github["run_id"] = "8"

    done = composite.run(ROOT, job, {"comment": "true"})

    assert done.step("Comment").outcome == "success", done.log
    [only] = github.comments[12]
    assert "prompts/b.md" not in only["body"]
    assert "`.prompt-lint.yaml:1`: isn't valid YAML" in only["body"]


@pytest.mark.parametrize("level", ["error", "warning"])
def test_a_comment_that_is_not_written_changes_no_verdict(
    repo: Repo, job: Job, github: GitHubServer, level: str
) -> None:
    """A missing permission is an annotated error, an outage of GitHub a warning; the check is green."""
    job.github |= {"api_url": github.url, "token": TOKEN}
    open_pull_request(repo, job, {"prompts/b.md": SHORT})
    github.writes = level == "warning"
    github.plan = always(status(429, ("retry-after", "3600"))) if level == "warning" else []

    done = composite.run(ROOT, job, {"comment": "true"})

    assert (done.outcome, done.outputs["status"]) == ("success", "pass"), done.log
    [annotation] = done.step("Comment").annotations(level)
    assert annotation.data.startswith("no comment: ")


def test_jobs_of_a_matrix_have_comments_of_their_own(repo: Repo, job: Job, github: GitHubServer) -> None:
    """And each finds its own again."""
    job.github |= {"api_url": github.url, "token": TOKEN}
    open_pull_request(repo, job, {"prompts/b.md": LONG})

    for index in (0, 1, 0):
        job.job_index = index
        composite.run(ROOT, job, {"comment": "true"})

    assert len(github.comments[12]) == 2


def test_two_uses_in_a_job_have_a_comment_each(repo: Repo, job: Job, github: GitHubServer) -> None:
    """By paths, configuration and folder; and each finds its own again."""
    job.github |= {"api_url": github.url, "token": TOKEN}
    files = {"prompts/b.md": LONG, "prompts/c.md": LONG, "other.yaml": CONFIG, "sub/x.md": SHORT}
    open_pull_request(repo, job, files)

    for inputs in (
        {"paths": "prompts/b.md"}, {"paths": "prompts/c.md"}, {"config": "other.yaml"}, {"working-directory": "sub"},
        {"paths": "prompts/b.md"},
    ):  # fmt: skip
        composite.run(ROOT, job, {"comment": "true", **inputs})

    assert len(github.comments[12]) == 4


def test_a_fork_that_may_not_comment_is_checked(repo: Repo, job: Job, github: GitHubServer) -> None:
    """With a notice; the job ends as the check did."""
    github.writes = False
    job.github |= {"api_url": github.url, "token": TOKEN}
    open_pull_request(repo, job, {"prompts/b.md": SHORT}, fork=True)

    done = composite.run(ROOT, job, {"comment": "true"})

    assert done.outcome == "success", done.log
    assert [item.name for item in done.step("Comment").commands] == ["notice"]


@pytest.mark.parametrize(
    ("files", "outcome"),
    [
        (None, "success"),
        ({}, "success"),
        ({"other.json": b"{}"}, "success"),
        ({"report.json": b"{}"}, "failure"),
        ({"report.json": b'{"schema_version": 1, "verdicts": "x"}'}, "failure"),
        ({"report.json": b"["* 100_000}, "failure"),
        ({"report.json/x": b"{}"}, "failure"),
    ],
    ids=["none", "empty", "another", "too little", "wrong", "deep", "a folder"],
)  # fmt: skip
def test_no_artifact_of_a_fork_does_more_than_comment(
    repo: Repo, job: Job, github: GitHubServer, files: Mapping[str, bytes] | None, outcome: str
) -> None:
    """And only one that is a report does that."""
    follow_fork(job, github, files)

    done = composite.run(ROOT / "comment", job)

    assert done.outcome == outcome, done.log
    assert github.written == []
    assert "Traceback" not in done.log


# ---------------------------------------------------------------------------------------------------------
# Without a secret


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([status(500)] * 3, "500"),
        ([body(b'{"value": "no token"}')], "valid OIDC token"),
        ([status(302, ("location", "http://127.0.0.1:9/"), html=True)], "redirect"),
        ([status(403)], "403"),
    ],
)
def test_a_missing_oidc_token_is_one_error(github: GitHubServer, plan: Any, message: str) -> None:
    """After three attempts, without a redirect; what isn't a token isn't sent on."""
    github.plan = plan

    with pytest.raises(Fatal) as caught:
        oidc_token.fetch_token(f"{github.url}/oidc?api-version=2.0", REQUEST_TOKEN, AUDIENCE)

    assert message in caught.value.message
    assert REQUEST_TOKEN not in caught.value.message


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x?y=1", "ftp://x/", "https://u:p@example.com/", "https://example.com/?a=b\nc", ""],
)
def test_the_oidc_token_is_requested_from_a_plain_address_only(url: str) -> None:
    """Any other one is refused before anything is sent."""
    with pytest.raises(Fatal):
        oidc_token.fetch_token(url, REQUEST_TOKEN, AUDIENCE)


# ---------------------------------------------------------------------------------------------------------
# Inputs

# What reaches the check, and how.
FLAGS = {
    "config": ("other.yaml", "--config=other.yaml"),
    "base": ("v1", "--base=v1"),
    "policy": ("project", "--policy=project"),
    "accept-label": ("a b", "--accept-label=a b"),
    "counting": ("offline", "--counting=offline"),
    "output": ("junit=a b.xml", "--output=junit=a b.xml"),
    "args": ("--max-requests 5 'a b'", "a b"),
    "sarif-file": ("x.sarif", "--output=sarif=x.sarif"),
    "paths": ("a b.md", "a b.md"),
    "allow-unmatched": ("true", "--allow-unmatched"),
}
IDENTITY = {
    "anthropic-api-key", "anthropic-federation-rule-id", "anthropic-organization-id",
    "anthropic-service-account-id", "anthropic-workspace-id", "anthropic-oidc-audience",
}  # fmt: skip
ELSEWHERE = IDENTITY | {
    "working-directory",
    "comment",
    "github-token",
    "report-file",
    "python-version",
    "cache",
    "min-delta",
}


def test_every_input_is_in_a_table() -> None:
    """So that the tests below forget none."""
    assert set(MANIFEST["inputs"]) == FLAGS.keys() | ELSEWHERE


@pytest.mark.parametrize("name", FLAGS)
def test_every_input_reaches_its_option(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one argument, whatever is in it."""
    monkeypatch.chdir(tmp_path)
    value, flag = FLAGS[name]
    env = {"RUNNER_TEMP": str(tmp_path), "GITHUB_WORKSPACE": str(tmp_path)}
    variable = f"INPUT_{name.upper().replace('-', '_')}"

    without = action.build_arguments(env, "r.json")
    arguments = action.build_arguments(env | {variable: value}, "r.json")

    assert flag in arguments
    assert flag not in without
    assert (arguments.index("--") < arguments.index(flag)) == (name == "paths")


# Bash that records what it was started with, in the place of Python.
RECORDER = """#!/usr/bin/env bash
{ printf '%s\\0' "$@"; printf -- '--env--\\0'; env -0; } >> "$RECORD"
if [[ "$4" == *install.py ]]; then echo "python=$0" >> "$GITHUB_OUTPUT"; fi
if [[ "$5" == prompt_lint.actions.check ]]; then echo "report-file=r.json" >> "$GITHUB_OUTPUT"; fi
"""
HOSTILE = (
    "$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "'; touch pwned; '", "${{ github.token }}", "a\nb=c\nEOF\n",
    "::error::x", "-c touch", "%PATH%", "\\", "../..", "*",
)  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_inputs_stay_data(repo: Repo, job: Job, tmp_path: Path, value: str) -> None:
    """Every input at once is hostile: each arrives as it is, in a variable, and in no script and no argument."""
    commit_base(repo)
    job.shell = composite.bash
    recorder, record = tmp_path / "python", tmp_path / "record"
    recorder.write_text(RECORDER, encoding="utf-8")
    recorder.chmod(stat.S_IRWXU)
    job.stubs["actions/setup-python"] = lambda _, __: {"python-path": str(recorder)}
    job.env["RECORD"] = str(record)
    kept = {"comment": "true", "cache": "false", "github-token": "ghs_x", "min-delta": "3"}
    inputs = {name: kept.get(name, f"{name} {value}") for name in MANIFEST["inputs"]}

    done = composite.run(ROOT, job, inputs)

    assert done.outcome == "success", done.log
    seen = record.read_text(encoding="utf-8")
    for name in set(inputs) - kept.keys() - {"python-version"}:
        assert f"\0INPUT_{name.upper().replace('-', '_')}={name} {value}\0" in seen, name
    starts = [part.split("\0")[:-1] for part in re.findall(r"(?:^|\0)(-I\0(?:[^\0]*\0)*?)--env--", seen)]
    assert [start[3:5] for start in starts] == [
        [f"{ROOT}/tools/install.py"], ["-m", "prompt_lint.actions.check"], ["-m", "prompt_lint"],
    ]  # fmt: skip
    assert not (repo.path / "pwned").exists()


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "name", ["paths", "config", "base", "args", "working-directory", "output", "report-file"]
)
def test_hostile_values_are_refused_or_mean_themselves(
    repo: Repo, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """In this process: nothing is started, no line of ours becomes two, and the outputs stay the ones there are."""
    commit_base(repo)
    monkeypatch.chdir(repo.path)
    before = sorted(os.listdir(repo.path))
    output = tmp_path / "output"
    env = dict(os.environ) | {
        "GITHUB_WORKSPACE": str(repo.path), "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output),
        f"INPUT_{name.upper().replace('-', '_')}": value,
    }  # fmt: skip

    action.run(env)

    assert set(composite.file_commands(output.read_text(encoding="utf-8"))) <= {
        *MANIFEST["outputs"],
        "new-counts",
    }
    assert not (repo.path / "pwned").exists()
    assert not (repo.path.parent / "pwned").exists()
    if name != "report-file":
        assert sorted(os.listdir(repo.path)) == before


def test_paths_and_outputs_are_read_line_by_line(repo: Repo, job: Job) -> None:
    """Blanks belong to a name. The report is at the path of the input, and validates."""
    open_pull_request(repo, job, {"prompts/a b.md": SHORT, "prompts/c.md": LONG})

    inputs = {
        "paths": "prompts/a b.md\nprompts/a.md\n",
        "output": "junit=j.xml\ngitlab=g.json",
        "report-file": "out.json",
    }
    done = composite.run(ROOT, job, inputs | {"sarif-file": "s.sarif"})

    assert done.outcome == "success", done.log
    assert done.outputs["report-file"] == str(repo.path / "out.json")
    assert {v["path"] for v in read_report(done)["verdicts"]} == {"prompts/a b.md", "prompts/a.md"}
    assert all((repo.path / name).stat().st_size for name in ("j.xml", "g.json", "s.sarif"))


def test_a_working_directory_is_where_paths_begin(repo: Repo, job: Job) -> None:
    """The configuration in the folder itself is found, and without one, that of the nearest folder above."""
    project = "models: [claude-sonnet-4-6]\nprompts: [{files: '*.md', limit: 7}]\n"
    change = {"prompts/b.md": LONG, "search/.prompt-lint.yaml": project, "search/c.md": LONG}
    open_pull_request(repo, job, change)

    done = composite.run(
        ROOT, job, {"working-directory": "prompts", "paths": "a.md", "args": "--quiet --exit-zero"}
    )
    nested = composite.run(ROOT, job, {"working-directory": "search", "args": "--quiet --exit-zero"})

    assert {v["path"] for v in read_report(done)["verdicts"]} == {"prompts/a.md"}
    assert [(v["path"], v["limit"]) for v in read_report(nested)["verdicts"]] == [("search/c.md", 7)]
    missing = composite.run(ROOT, job, {"working-directory": "nowhere"})
    assert missing.outputs["status"] == "error"
    assert "working-directory" in missing.summary


@pytest.mark.parametrize("name", ["report-file", "sarif-file", "output"])
def test_no_link_of_the_checkout_moves_an_output(repo: Repo, job: Job, tmp_path: Path, name: str) -> None:
    """Who writes a pull request chooses neither where reports are written nor what they replace."""
    outside = tmp_path / "outside"
    outside.mkdir()
    open_pull_request(repo, job, {})
    repo.link("out", outside)

    done = composite.run(ROOT, job, {name: f"{'json=' if name == 'output' else ''}out/x.json"})

    assert done.outputs["status"] == "error"
    assert "symbolic link" in done.log
    assert not list(outside.iterdir())


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        (
            {"report-file": "prompts/a.md"},
            "would overwrite prompts/a.md, a prompt by the rule at .prompt-lint.yaml:",
        ),
        ({"sarif-file": ".prompt-lint.yaml"}, "would overwrite .prompt-lint.yaml, the configuration"),
    ],
)
def test_an_output_that_would_overwrite_an_input_is_an_annotated_error(
    repo: Repo, job: Job, inputs: dict[str, str], fault: str
) -> None:
    """Nothing is written, then."""
    open_pull_request(repo, job, {})

    done = composite.run(ROOT, job, inputs)

    [error] = done.step("Check the prompts").annotations("error")
    assert fault in error.data
    assert done.outputs["status"] == "error"
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("text", "verdict"), [(SHORT, ("success", "pass", "0")), (LONG, ("failure", "fail", "1"))]
)
def test_an_output_that_is_not_written_changes_no_verdict(
    repo: Repo, job: Job, text: str, verdict: tuple[str, str, str]
) -> None:
    """It is an annotated error; the other outputs are there, also in folders that weren't."""
    open_pull_request(repo, job, {"prompts/b.md": text})
    outputs = "sarif=prompts/b.md/s.sarif\ngitlab=out/deep/quality.json"

    done = composite.run(ROOT, job, {"output": outputs})

    errors = [error.data for error in done.step("Check the prompts").annotations("error")]
    assert "could not write prompts/b.md/s.sarif: Not a directory" in errors
    assert (job.workspace / "out/deep/quality.json").exists()
    assert (done.outcome, done.outputs["status"], done.outputs["exit-code"]) == verdict


def test_a_fault_of_the_action_itself_is_in_every_output(repo: Repo, job: Job) -> None:
    """An upload step behind it finds a file."""
    open_pull_request(repo, job, {})

    done = composite.run(ROOT, job, {"args": "'", "sarif-file": "p.sarif"})

    [run] = json.loads((job.workspace / "p.sarif").read_bytes())["runs"]
    [invocation] = run["invocations"]
    assert "quotation mark" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert len(done.step("Check the prompts").annotations("error")) == 1
    assert done.outputs["exit-code"] == "2"


@pytest.mark.parametrize("name", ["..", "link", "../.."])
def test_a_working_directory_outside_of_the_workspace_is_refused(
    repo: Repo, job: Job, tmp_path: Path, name: str
) -> None:
    """Also one that a link of the checkout leads to."""
    open_pull_request(repo, job, {})
    repo.link("link", tmp_path)

    assert "leads out of the workspace" in composite.run(ROOT, job, {"working-directory": name}).log


def test_a_bug_is_an_error_and_no_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python's own exit code for it would be that of a prompt over its limit, and its traceback might hold a key."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "out"))  # and no RUNNER_TEMP

    with pytest.raises(SystemExit) as caught:
        action.main()

    assert caught.value.code == 3
    assert composite.file_commands((tmp_path / "out").read_text(encoding="utf-8"))["status"] == "error"
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_run_that_judges_nothing_does_not_pass(repo: Repo, job: Job) -> None:
    """It ends with 0, and without a report."""
    open_pull_request(repo, job, {"prompts/b.md": LONG})

    done = composite.run(ROOT, job, {"args": "--help"})

    assert (done.outcome, done.outputs["status"], done.outputs["exit-code"]) == ("failure", "error", "3")


def test_a_report_in_the_checkout_is_not_used(repo: Repo, job: Job) -> None:
    """Where the run writes none, there is none."""
    forged = json.dumps({"summary": {"totals": [{"model": "m", "before": 0, "after": 1}]}, "verdicts": []})
    open_pull_request(repo, job, {"out.json": forged, ".prompt-lint.yaml": "nonsense: true\n"})

    done = composite.run(ROOT, job, {"report-file": "out.json"})

    assert (done.outputs["status"], done.outputs["total"], done.outputs["report-file"]) == ("error", "", "")


# ---------------------------------------------------------------------------------------------------------
# A checkout of an attacker's


def test_no_file_name_is_a_workflow_command(repo: Repo, job: Job) -> None:
    """It is shown as a name, in log, annotation and summary."""
    evil = (
        "prompts/::set-output name=x::y.md",
        "prompts/a,b:c%0A::warning::z.md",
        "prompts/##[add-mask]x.md",
        "prompts/<!-- @team -->.md",
    )
    open_pull_request(repo, job, dict.fromkeys(evil, LONG))

    done = composite.run(ROOT, job)

    check = done.step("Check the prompts")
    assert {item.name for item in check.commands} <= {"error", "warning", "notice"}
    assert sorted(item.properties["file"] for item in check.annotations("error")) == sorted(
        map(escape_line, evil)
    )
    assert "`prompts/<!-- @team -->.md`" in check.summary


# ---------------------------------------------------------------------------------------------------------
# Pieces


# ---------------------------------------------------------------------------------------------------------
# What is installed


def pins(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each package in a file of requirements."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        match = re.match(r"([\w.-]+)==([\w.]+)", line)
        assert match, line
        found[match[1]] = (match[2], line.count("--hash=sha256:"))
    return found


@pytest.mark.parametrize("name", ["run", "build", "dev"])
def test_each_dependency_is_pinned(name: str) -> None:
    """At a version that pyproject.toml allows, with hashes; the lists agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = pins(name)

    for text in project["dependencies"]:
        item = Requirement(text)
        assert item.name in pinned, item.name
        assert item.specifier.contains(pinned[item.name][0]), text
    assert all(hashes for _, hashes in pinned.values())
    assert {package: version for package, (version, _) in pins("run").items()}.items() <= {
        package: version for package, (version, _) in pinned.items()
    }.items()


def test_all_actions_are_pinned_by_commit() -> None:
    """A full commit id with its tag in a comment, and one version of each in the whole repository."""
    used: dict[str, set[str]] = {}
    files = [
        ROOT / "action.yml",
        *ROOT.glob("comment/*.yml"),
        *ROOT.glob(".github/workflows/*.yml"),
        *ROOT.glob("examples/workflows/*.yml"),
    ]
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"\s*(?:- )?uses: +([^@\s]+)@?(.*)", line):
                if match[1].startswith(("./", "OWNER/prompt-lint")):
                    continue
                assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", match[2]), line
                used.setdefault(match[1].split("/")[0] + "/" + match[1].split("/")[1], set()).add(match[2])

    assert used
    assert all(len(versions) == 1 for versions in used.values()), used
