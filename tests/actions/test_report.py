"""report/action.yml, step by step in this process, against an organization on the loopback; and the workflow that uses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.support import composite
from tests.support.admin_reports import render_check
from tests.support.admin_server import ADMIN_KEY, WORKSPACES, AdminServer, busy
from tests.support.github_job import set_event
from tests.support.paths import ROOT
from tests.support.repo import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.composite import Job, Run
    from tests.support.repo import Repo

REPORT = ROOT / "report"
WORKFLOW = ROOT / "examples" / "workflows" / "usage-report.yml"
GROWTH = ROOT / "examples" / "workflows" / "growth-report.yml"
MANIFEST: dict[str, Any] = yaml.safe_load((REPORT / "action.yml").read_text(encoding="utf-8"))
KEY = {"anthropic-admin-key": ADMIN_KEY}
ORDINARY = "sk-ant-api03-canary-canary-canary"


@pytest.fixture
def admin(loopback: None, job: Job) -> Iterator[AdminServer]:
    """A busy organization of today, which the job finds; a scheduled run."""
    now = datetime.now(UTC)
    set_event(job, "schedule", {})
    with AdminServer(busy(now, 40)) as found:
        found.now = now
        found.workspaces = list(WORKSPACES)
        job.env["PROMPT_LINT_ADMIN_URL"] = found.url
        yield found


def everything(run: Run) -> str:
    """All that a run tells anybody."""
    told = [run.log, run.summary, repr(run.outputs), repr([step.outputs for step in run.steps])]
    page = run.outputs.get("report-file")
    return "\n".join([*told, Path(page).read_text(encoding="utf-8") if page else ""])


def test_the_report_is_in_the_summary_and_in_a_file(admin: AdminServer, job: Job) -> None:
    """And the outputs say where; the key is in none of it."""
    done = composite.run(REPORT, job, KEY)

    assert done.outcome == "success", done.log
    assert done.step("Report").summary.startswith("## Claude usage and cost")
    assert "Support agents" in done.summary
    page = Path(done.outputs["report-file"])
    assert page.is_relative_to(job.temp)
    assert "Support agents" in page.read_text(encoding="utf-8")
    assert done.outputs["exit-code"] == "0"
    assert ADMIN_KEY not in everything(done)
    assert list(job.workspace.glob("*.html")) == []


def test_every_input_reaches_the_report(admin: AdminServer, job: Job) -> None:
    """Several groups and conditions, a window, a source, a file of the workflow's choice."""
    given = {
        "days": "3", "bucket": "1h", "source": "analytics", "check": "result.json", "group-by": "model, api-key\nspeed", "html-file": "out.html",
        "fail-on": "cost > 0.01\ncache-hit < 1%\n",
    }  # fmt: skip

    (job.workspace / "result.json").write_text(render_check(), encoding="utf-8")

    done = composite.run(REPORT, job, KEY | given)

    assert done.outputs == {"report-file": str(job.workspace / "out.html"), "exit-code": "1"}, done.log
    assert "This change costs" in done.summary or "What is compared of this change" in done.summary
    assert done.outcome == "failure"
    assert (job.workspace / "out.html").is_file()
    assert "in 3 days" in done.summary
    assert "By speed" in done.log
    [warned] = done.step("Report").annotations("warning")
    assert "(allowed: 0.01)" in warned.data
    assert set(given) | set(KEY) | {"python-version", "month"} == set(MANIFEST["inputs"])
    assert any("analytics/usage" in one.path for one in admin.requests)


def test_an_ordinary_key_is_refused_in_a_sentence(admin: AdminServer, job: Job) -> None:
    """As an annotation and in the summary, before anything is sent, and without the key."""
    done = composite.run(REPORT, job, {"anthropic-admin-key": ORDINARY})

    assert done.outcome == "failure"
    assert done.outputs == {"report-file": "", "exit-code": "2"}
    [told] = done.step("Report").annotations("error")
    assert "ANTHROPIC_ADMIN_KEY has an ordinary API key, which can't read reports" in told.data
    assert done.summary.startswith("### ❌ prompt-lint could not make the report")
    assert ORDINARY not in everything(done)
    assert admin.requests == []


def test_a_missing_secret_is_an_error(admin: AdminServer, job: Job) -> None:
    """An environment without the secret gives an empty text."""
    done = composite.run(REPORT, job, {"anthropic-admin-key": ""})

    assert done.outputs["exit-code"] == "2"
    assert "neither ANTHROPIC_ADMIN_KEY nor" in done.summary


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "workflow_run", "issue_comment"])
def test_an_event_that_anybody_can_cause_gets_no_report(admin: AdminServer, job: Job, name: str) -> None:
    """Nothing is sent, although the key is there."""
    set_event(job, name, {})

    done = composite.run(REPORT, job, KEY)

    assert (done.outcome, done.outputs["report-file"], done.outputs["exit-code"]) == ("failure", "", "2")
    assert "a report doesn't run for a pull request" in done.summary
    assert admin.requests == []
    assert ADMIN_KEY not in everything(done)


@pytest.mark.parametrize(
    "value", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"\n::error::forged\n', "--output=csv=pwned", "${{ x }}"]
)  # fmt: skip
@pytest.mark.parametrize("name", ["days", "bucket", "source", "group-by", "fail-on"])
def test_hostile_values_stay_data(admin: AdminServer, job: Job, name: str, value: str) -> None:
    """They are refused as values: nothing of them runs, is an option, or is a command of the runner."""
    done = composite.run(REPORT, job, KEY | {name: value})

    assert (done.outcome, done.outputs["exit-code"]) == ("failure", "2"), done.log
    assert list(job.workspace.rglob("pwned*")) == []
    assert {one.properties.get("title") for one in done.step("Report").commands} == {
        "prompt-lint: the configuration or the command line is wrong"
    }
    assert "Traceback" not in done.log
    assert ADMIN_KEY not in everything(done)


def test_the_name_of_the_report_sets_no_other_output(admin: AdminServer, job: Job) -> None:
    """Whatever stands in it, the file is called so, and the output is one output."""
    name = "a;touch pwned $(x) exit-code=0.html"

    done = composite.run(REPORT, job, KEY | {"html-file": name})

    assert done.outputs == {"report-file": str(job.workspace / name), "exit-code": "0"}, done.log
    assert (job.workspace / name).is_file()


def test_no_link_of_the_checkout_moves_the_report(admin: AdminServer, job: Job, tmp_path: Path) -> None:
    """What the repository holds doesn't say where the report goes."""
    (job.workspace / "usage.html").symlink_to(tmp_path / "elsewhere")

    done = composite.run(REPORT, job, KEY | {"html-file": "usage.html"})

    assert done.outputs == {"report-file": "", "exit-code": "2"}, done.log
    assert not (tmp_path / "elsewhere").exists()


def test_a_report_of_an_earlier_run_is_not_used(admin: AdminServer, job: Job) -> None:
    """Where this run makes no report, the outputs name none, and the file says why."""
    (job.workspace / "usage.html").write_text("old", encoding="utf-8")
    admin.refusal = (403, "no")
    admin.admins = frozenset()

    done = composite.run(REPORT, job, KEY | {"html-file": "usage.html"})

    assert (done.outcome, done.outputs["report-file"]) == ("failure", "")
    assert "could not make the report" in (job.workspace / "usage.html").read_text(encoding="utf-8")
    assert done.summary.count("could not make the report") == 1


def test_a_page_that_is_not_written_is_no_verdict(admin: AdminServer, job: Job) -> None:
    """It is annotated, and the report is in the summary and in the runner's own file."""
    (job.workspace / "usage").write_text("a file", encoding="utf-8")

    done = composite.run(REPORT, job, KEY | {"html-file": "usage/page.html"})

    assert (done.outcome, done.outputs["exit-code"]) == ("success", "0"), done.log
    [told] = done.step("Report").annotations("error")
    assert told.data.startswith("could not write usage/page.html")
    assert "Support agents" in Path(done.outputs["report-file"]).read_text(encoding="utf-8")
    assert done.summary.startswith("## Claude usage and cost")


def test_only_the_last_step_has_the_key() -> None:
    """What sets up and installs doesn't see it."""
    with_key = [one["name"] for one in MANIFEST["runs"]["steps"] if "admin-key" in repr(one)]

    assert with_key == ["Report"]


# ---------------------------------------------------------------------------------------------------------
# The workflow


def test_the_workflow_uploads_the_page(admin: AdminServer, workflow_job: Job) -> None:
    """Each week, with the key of its environment."""
    workflow_job.secrets["ANTHROPIC_ADMIN_KEY"] = ADMIN_KEY

    done = composite.workflow(WORKFLOW, workflow_job)

    assert done.outcome == "success", done.log
    assert done.summary.startswith("## Claude usage and cost")
    assert "Support agents" in workflow_job.variables["uploaded"]
    assert ADMIN_KEY not in everything(done) + workflow_job.variables["uploaded"]


@pytest.mark.parametrize(("branch", "outcome"), [("main", "success"), ("topic", "skipped")])
def test_a_run_by_hand_needs_the_default_branch(
    admin: AdminServer, workflow_job: Job, branch: str, outcome: str
) -> None:
    """Another branch may hold another workflow."""
    workflow_job.secrets["ANTHROPIC_ADMIN_KEY"] = ADMIN_KEY
    set_event(workflow_job, "workflow_dispatch", {}, ref_name=branch)
    workflow_job.github["event"] = {"repository": {"default_branch": "main"}}

    assert composite.workflow(WORKFLOW, workflow_job).outcome == outcome


def test_the_workflow_has_no_permissions() -> None:
    """No right, an environment, no checkout, inputs that there are, every action by its hash."""
    document = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    [one] = document["jobs"].values()

    assert document["permissions"] == one["permissions"] == {}
    assert one["environment"] == "usage-report"
    assert set(document[True]) == {"schedule", "workflow_dispatch"}
    assert [step["uses"].partition("@")[0] for step in one["steps"]] == [
        "OWNER/prompt-lint/report", "actions/upload-artifact",
    ]  # fmt: skip
    assert all(re.fullmatch(r"\S+@[0-9a-f]{40}", step["uses"]) for step in one["steps"])
    assert set(one["steps"][0]["with"]) <= set(MANIFEST["inputs"])


def test_a_week_of_growth_has_its_price(
    admin: AdminServer, workflow_job: Job, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the default branch had a week ago is the base, although its prompts are over their limits now."""
    workflow_job.secrets["ANTHROPIC_ADMIN_KEY"] = ADMIN_KEY
    repo.write(
        ".prompt-lint.yaml", "models: [claude-opus-5-5]\nprompts:\n  - {files: prompts/*.md, limit: 5}\n"
    )
    for age, text in ((30, "Short."), (8, "Be kind. "), (1, "Be kind. Be brief. Be right. ")):
        repo.write("prompts/a.md", text)
        monkeypatch.setitem(
            ENVIRONMENT, "GIT_COMMITTER_DATE", f"{datetime.now(UTC) - timedelta(days=age):%Y-%m-%dT%H:%M:%SZ}"
        )
        repo.commit()

    done = composite.workflow(GROWTH, workflow_job)

    assert done.outcome == "success", done.log
    assert done.step("Find last week's commit").outputs["commit"] == repo.git("rev-parse", "HEAD~1")
    assert "What the prompts of" in done.summary
    assert "a month" in done.summary
    assert "prompts/a.md" in workflow_job.variables["uploaded"]
    assert ADMIN_KEY not in everything(done) + workflow_job.variables["uploaded"]


@pytest.mark.parametrize("path", [WORKFLOW, GROWTH], ids=["usage", "growth"])
def test_the_docs_show_the_workflow_as_it_is(path: Path) -> None:
    """Word for word, under its name."""
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    shown = f"```yaml\n# examples/workflows/{path.name}\n{path.read_text(encoding='utf-8')}```\n"

    assert shown in text
