"""The workflows of docs/github.md and of examples/, each run as its job; and that the docs show these very files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.support import composite
from tests.support.github_job import (
    HEAD,
    LONG,
    SHORT,
    commit_base,
    follow_fork,
    open_pull_request,
    read_report,
    set_event,
)
from tests.support.github_server import ACCESS_TOKEN, AUDIENCE, REQUEST_TOKEN, TOKEN, identity_token, pull
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.composite import Job
    from tests.support.github_server import GitHubServer
    from tests.support.repo import Repo

EXAMPLES = ROOT / "examples" / "workflows"
DOCS = (ROOT / "docs" / "github.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[tuple[str, str]]:
    """Code of a kind in the docs, with the file that its first line names: `# FILE`."""
    found = re.findall(rf"^```{kind}\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    return [
        (match[1], match[2]) if (match := re.match(r"# (\S+\.\w+)\n(.*)", one, re.DOTALL)) else ("", one)
        for one in found
    ]


def documented() -> str:
    """The first configuration, which is copied as it stands: its lines are told in what the docs show of the log."""
    return re.search(r"`\.prompt-lint\.yaml`[^\n]*\n\n```yaml\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)[1]  # type: ignore[index]  # the page has one


def test_the_docs_show_the_examples_as_they_are() -> None:
    """Every workflow is a file of this repository, word for word."""
    shown = {file: text for file, text in blocks("yaml") if file.startswith(("examples/", ".github/"))}

    for name, text in shown.items():
        source = {".github/workflows/prompts.yml": "examples/workflows/prompts.yml"}.get(name, name)
        assert text == (ROOT / source).read_text(encoding="utf-8"), name
    assert {
        ".github/workflows/prompts.yml",
        "examples/workflows/fork-check.yml",
        "examples/workflows/fork-comment.yml",
        "examples/workflows/exact-counts.yml",
    } <= shown.keys()


def test_every_example_is_run() -> None:
    """A new one needs a test, here or (the report's) in test_report.py."""
    assert {path.name for path in EXAMPLES.iterdir()} == {
        "prompts.yml", "exact-counts.yml", "fork-check.yml", "fork-comment.yml", "merge-queue.yml", "sarif.yml", "schedule.yml",
        "usage-report.yml", "growth-report.yml",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_examples_ask_for_inputs_that_there_are(path: Path) -> None:
    """And let nobody write who needn't."""
    manifest = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    [one] = document["jobs"].values()
    writes = {name for name, right in one["permissions"].items() if right == "write"}

    for step in one["steps"]:
        if step.get("uses", "").startswith("OWNER/prompt-lint@"):
            assert set(step.get("with", {})) <= set(manifest["inputs"])
            assert ("pull-requests" in writes) == (step.get("with", {}).get("comment") is True)
    if "pull_request" in (document.get(True) or {}):
        assert "contents" not in writes


def test_the_tutorial_goes_from_nothing_to_red_to_green(
    repo: Repo, workflow_job: Job, github: GitHubServer
) -> None:
    """The files as the docs show them: the first change is refused with a comment, the second one passes."""
    workflow_job.github |= {"api_url": github.url, "token": TOKEN}
    repo.write(".prompt-lint.yaml", documented())
    [(_, prompt), (_, better)] = [one for one in blocks("markdown") if one[1]]
    repo.write("prompts/greeting.md", "Greet the customer by name, in one sentence.\n")
    base = repo.commit()
    repo.git("checkout", "--quiet", "-b", "longer")

    def pushed(text: str) -> composite.Run:
        repo.git("checkout", "--quiet", "longer")
        repo.write("prompts/greeting.md", text)
        head = repo.commit()
        repo.git("checkout", "--quiet", "--detach", base)
        repo.git("merge", "--quiet", "--no-ff", "-m", "Merge", head)
        request = {
            "number": 12, "base": {"sha": base, "ref": "main", "repo": {"full_name": "o/r"}},
            "head": {"sha": head, "ref": "longer", "repo": {"full_name": "o/r"}},
        }  # fmt: skip
        merge = repo.git("rev-parse", "HEAD")
        set_event(
            workflow_job,
            "pull_request",
            {"pull_request": request},
            sha=merge,
            ref="refs/pull/12/merge",
            base_ref="main",
        )
        workflow_job.github["run_id"] = str(int(workflow_job.github["run_id"]) + 1)
        return composite.workflow(EXAMPLES / "prompts.yml", workflow_job)

    red = pushed(prompt)
    [told] = [one["body"] for one in github.comments[12]]
    green = pushed(better)

    assert (red.outcome, green.outcome) == ("failure", "success"), red.log + green.log
    assert "❌ 1 prompt over its limit" in told
    [(_, shown)] = [one for one in blocks("text") if "annotation" not in one[1]][:1]
    assert shown.strip() in red.log
    assert "❌" not in github.comments[12][0]["body"]
    assert len(github.comments[12]) == 1


def test_a_workload_identity_needs_no_secret(repo: Repo, workflow_job: Job, github: GitHubServer) -> None:
    """The ids come from variables of the repository."""
    open_pull_request(repo, workflow_job, {"prompts/b.md": SHORT})
    workflow_job.variables |= {
        "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1", "ANTHROPIC_ORGANIZATION_ID": "00000000-0000-0000-0000-000000000001",
        "ANTHROPIC_SERVICE_ACCOUNT_ID": "svac_1",
    }  # fmt: skip
    workflow_job.env |= {
        "ANTHROPIC_BASE_URL": github.url, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/oidc?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }  # fmt: skip

    done = composite.workflow(EXAMPLES / "exact-counts.yml", workflow_job)

    assert done.outcome == "success", done.log
    assert len(github.exchanged) == 1
    assert ACCESS_TOKEN not in done.log


def test_the_token_of_the_job_is_exchanged_by_the_sdk(repo: Repo, job: Job, github: GitHubServer) -> None:
    """GitHub's token is asked for with its audience, exchanged once, and counts; none of the three tokens is told."""
    open_pull_request(repo, job, {"prompts/b.md": LONG})
    job.env |= {
        "ANTHROPIC_BASE_URL": github.url, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/oidc?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }  # fmt: skip
    identity = {
        "anthropic-federation-rule-id": "fdrl_1", "anthropic-organization-id": "00000000-0000-0000-0000-000000000001",
        "anthropic-service-account-id": "svac_1", "anthropic-workspace-id": "wrkspc_1",
    }  # fmt: skip

    done = composite.run(ROOT, job, identity)

    assert read_report(done)["summary"]["api"] == 2, done.log
    [exchanged] = github.exchanged
    names = ("federation_rule_id", "organization_id", "service_account_id", "workspace_id")
    assert [exchanged[name] for name in names] == list(identity.values())
    output = done.log + done.summary + str(done.outputs) + json.dumps(read_report(done))
    assert not [token for token in (REQUEST_TOKEN, ACCESS_TOKEN, identity_token(AUDIENCE)) if token in output]


def test_a_fork_is_checked_and_commented_on_in_two_workflows(
    repo: Repo, workflow_job: Job, github: GitHubServer
) -> None:
    """What the first uploads, the second comments."""
    open_pull_request(repo, workflow_job, {"prompts/b.md": LONG}, fork=True)
    first = composite.workflow(EXAMPLES / "fork-check.yml", workflow_job)
    follow_fork(workflow_job, github, {"report.json": workflow_job.variables["uploaded"].encode()})
    github.pulls = [pull(12, HEAD)]

    second = composite.workflow(EXAMPLES / "fork-comment.yml", workflow_job)

    assert (first.outcome, second.outcome) == ("failure", "success"), second.log
    assert "prompts/b.md" in github.comments[12][0]["body"]


def test_a_finished_run_of_a_push_is_not_commented_on(
    repo: Repo, workflow_job: Job, github: GitHubServer
) -> None:
    """The second workflow comes after every run of the first one, and looks at what it was of."""
    follow_fork(workflow_job, github, {})
    workflow_job.github["event"]["workflow_run"]["event"] = "push"

    assert composite.workflow(EXAMPLES / "fork-comment.yml", workflow_job).outcome == "skipped"


@pytest.mark.parametrize("long", [False, True])
def test_a_merge_group_is_compared_with_its_target(repo: Repo, workflow_job: Job, long: bool) -> None:
    """The group is compared with what it is to be merged into."""
    before = commit_base(repo, long=True)
    repo.write("prompts/c.md", LONG if long else SHORT)
    group = {"merge_group": {"base_sha": before, "base_ref": "refs/heads/main"}}
    set_event(
        workflow_job,
        "merge_group",
        group,
        sha=repo.commit(),
        ref="refs/heads/gh-readonly-queue/main/pr-1-abc",
    )

    assert composite.workflow(EXAMPLES / "merge-queue.yml", workflow_job).outcome == (
        "failure" if long else "success"
    )


@pytest.mark.parametrize("fork", [False, True])
def test_code_scanning_gets_the_findings_of_a_failing_check(
    repo: Repo, workflow_job: Job, fork: bool
) -> None:
    """The findings are uploaded also where they fail the job; but not by a fork, whose token may not."""
    open_pull_request(repo, workflow_job, {"prompts/b.md": LONG}, fork=fork)
    home = "stranger/r" if fork else "o/r"
    workflow_job.github["event"] = {"pull_request": {"head": {"repo": {"full_name": home}}}}

    done = composite.workflow(EXAMPLES / "sarif.yml", workflow_job)

    assert done.outcome == "failure"
    assert ("prompts/b.md" in workflow_job.variables.get("uploaded", "")) is not fork


def test_a_scheduled_check_judges_everything(repo: Repo, workflow_job: Job) -> None:
    """Whoever has merged it."""
    set_event(workflow_job, "schedule", {}, sha=commit_base(repo, long=True))

    assert composite.workflow(EXAMPLES / "schedule.yml", workflow_job).outcome == "failure"


def test_the_self_test_tests_itself(repo: Repo, workflow_job: Job) -> None:
    """It holds here what it is to hold on GitHub's three systems."""
    for path in (ROOT / "examples/prompt-lint.yaml", *(ROOT / "examples/prompts").iterdir()):
        repo.write(str(path.relative_to(ROOT)), path.read_bytes())
    set_event(workflow_job, "push", {}, sha=repo.commit())

    done = composite.workflow(ROOT / ".github/workflows/self-test.yml", workflow_job)

    assert done.outcome == "success", done.log


def test_gitlab_s_component_and_job_say_the_same() -> None:
    """The component is the job with inputs."""
    job: Any = yaml.safe_load((ROOT / "examples/gitlab/.gitlab-ci.yml").read_text(encoding="utf-8"))[
        "prompt-lint"
    ]
    _, component = yaml.safe_load_all(
        (ROOT / "examples/gitlab/templates/prompt-lint.yml").read_text(encoding="utf-8")
    )
    same: Any = component["prompt-lint"]

    assert {key: job[key] for key in ("rules", "before_script", "artifacts")} == {
        key: same[key] for key in ("rules", "before_script", "artifacts")
    }
    assert [line.replace(" --base auto", "") for line in job["script"]] == same["script"]
