"""Every command, in every output, on one repository that holds all attacks at once: what no run may do, whatever it prints."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import composite, log_commands
from tests.support.admin_server import ADMIN_KEY
from tests.support.api_server import ApiServer, always
from tests.support.github_job import set_event
from tests.support.github_server import TOKEN
from tests.support.hostile_repository import (
    ATTACKS,
    BOMB,
    PROMPT_TEXT,
    SECRETS,
    VARIABLE,
    Link,
    Scene,
    plant,
    write_file,
    write_surroundings,
)
from tests.support.json_schema import validate
from tests.support.official_schemas import SCHEMAS
from tests.support.organizations import organization
from tests.support.paths import ROOT
from tests.support.program import SCHEMA, Done
from tests.support.rendered_markdown import ELEMENTS, LINKING, render_page
from tests.support.secrets import forms

from prompt_lint.output import OUTPUTS
from prompt_lint.usage.output import USAGE_OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.support.api_server import Seen
    from tests.support.composite import Job
    from tests.support.github_server import GitHubServer
    from tests.support.repo import Repo

    Lint = Callable[..., Done]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux takes names of any bytes, FIFOs and files with holes"
)

KEY = "sk-ant-api03-Canary_42-of-the-key-of-the-api"
_FORMS = [(secret, form) for secret in (*SECRETS, KEY, ADMIN_KEY, TOKEN) for form in forms(secret)]
_TEXT_FORMS = [(PROMPT_TEXT, form) for form in forms(PROMPT_TEXT)]
_ALL = [f"--output={name}={{out}}/{name}" for name in OUTPUTS]
_PATHS = [path for attack in ATTACKS for path in list(attack.files)[:1]]
# The commands of each run, in one repository. `{out}` is a folder outside of it.
RUNS: Mapping[str, Sequence[Sequence[str]]] = {
    "check offline": [["check", "--offline", *_ALL]],
    "check by the API": [["check", "--counting=exact", *_ALL]],
    "check with a base": [["check", "--offline", "--base=main", "-v", *_ALL]],
    "check as a hook": [["check", "--counting=offline", "--base=hook", "--allow-unmatched", "--"]],
    "check by the rules of the base": [["check", "--offline", "--policy-from=main", "--base=main"]],
    "list": [["list", "--offline"], ["list", "--offline", "--output-format=json"]],
    "explain": [["explain", "--offline", path] for path in ("prompts", "prompts/environ.md")],
    "count": [["count", "--offline", "--output=markdown={out}/markdown", "--output-format=json", "--", *_PATHS]],
    "count by the API": [["count", "--", *_PATHS]],
    "init": [["init", "--dry-run"], ["init", "--force"]],
    "tighten": [["tighten", "--offline"]],
}  # fmt: skip
# Which files of the repository a run changes. `tighten` writes nothing where prompts can't be read.
_CHANGES = {"init": {".prompt-lint.yaml"}}


@pytest.fixture
def evil(loopback: None) -> Iterator[ApiServer]:
    """A server that the repository names wherever it can. Nothing may connect to it."""
    with ApiServer() as server:
        yield server


@pytest.fixture
def scene(repo: Repo, evil: ApiServer) -> Scene:
    return plant(repo, evil.url)


@pytest.fixture
def env(scene: Scene, api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of GitHub Actions for a stranger's pull request, with a key, in the worst case."""
    folder = scene.repo.path.parent / "runner"
    folder.mkdir()
    event = {
        "number": 12,
        "pull_request": {"number": 12, "title": "::error::x", "labels": [{"name": "::error::x"}]},
    }
    (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    api.keys = frozenset({KEY})
    values = {
        "HOME": str(scene.home), "DEPLOY_TOKEN": VARIABLE, "PATH": f".{os.pathsep}{os.environ['PATH']}",
        "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": api.url, "PROMPT_LINT_CACHE_DIR": str(folder / "cache"),
        "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_HEAD_REF": "::error::x",
        "GITHUB_EVENT_PATH": str(folder / "event.json"), "GITHUB_WORKSPACE": str(scene.repo.path), "GITHUB_TOKEN": TOKEN,
    }  # fmt: skip
    values |= {f"GITHUB_{name}": str(folder / name) for name in ("STEP_SUMMARY", "OUTPUT", "ENV", "PATH")}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(scene.repo.path)


def read_below(folder: Path) -> dict[str, bytes]:
    """Return what there is below a folder: the contents of files, and where links lead; of huge files the beginning."""
    found = {}
    for path in folder.rglob("*"):
        name = os.fsdecode(os.path.relpath(path, folder))
        if path.is_symlink():
            found[name] = os.fsencode(os.readlink(path))
        elif path.is_file():
            with path.open("rb") as file:
                found[name] = file.read(1 << 20)
    return found


def find_secrets(texts: Iterable[bytes], sought: Iterable[tuple[str, bytes]]) -> set[str]:
    """Return those of the secrets of which a form is in the texts."""
    everything = b"\0".join(texts)
    return {secret for secret, form in sought if form in everything}


def check_laws(
    scene: Scene, before: Mapping[str, bytes], done: Iterable[Done], changes: Iterable[str] = ()
) -> None:
    """No run shows a secret or the text of a prompt, starts a program, changes a file, or gives up without a reason."""
    top = scene.repo.path.parent
    after = read_below(top)
    new = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    shown = [text.encode("utf-8", "surrogateescape") for one in done for text in (one.out, one.err)]

    assert not scene.marker.exists()
    assert {path for path in new if path.split("/")[0] not in {"out", "runner", "home"}} == {
        f"repo/{path}" for path in changes
    }
    assert find_secrets([*shown, *(after[path] for path in new)], _FORMS + _TEXT_FORMS) == set()
    for one in done:
        assert one.code in {0, 1, 2, 3}
        assert not re.search(r"Traceback|this is a bug|\.py\", line", one.out + one.err)


@pytest.mark.parametrize("name", RUNS)
def test_no_run_shows_a_secret_starts_a_program_or_changes_a_file(
    scene: Scene, env: None, lint: Lint, api: ApiServer, evil: ApiServer, name: str
) -> None:
    """Whatever the repository says, in whichever output. The API alone gets texts, of prompts, and the key in one header."""
    out = scene.repo.path.parent / "out"
    out.mkdir()
    before = read_below(scene.repo.path.parent)
    begun = time.process_time()

    done = [lint(*(word.replace("{out}", str(out)) for word in command)) for command in RUNS[name]]

    assert time.process_time() - begun < 20
    check_laws(scene, before, done, _CHANGES.get(name, ()))
    for one in done:
        check_log(one.out + one.err)
    check_outputs(out)
    assert bool(api.requests) == ("by the API" in name)
    assert evil.connections == 0
    check_requests(api.requests, KEY)


def check_requests(requests: Iterable[Seen], credential: str) -> None:
    """A server gets its own credential, in one header, and no other secret."""
    for seen in requests:
        headers = dict(seen.headers)
        assert headers.pop("authorization") == f"Bearer {credential}"
        sent = [
            seen.body,
            seen.path.encode(),
            *(f"{name}: {value}".encode() for name, value in headers.items()),
        ]
        assert find_secrets(sent, _FORMS) == set()


def check_log(text: str) -> None:
    """A runner finds annotations of ours in a log and nothing else; a terminal finds nothing that it obeys."""
    assert {command.name for command in log_commands.github(text)} <= {"error", "warning", "notice"}
    assert log_commands.azure(text) == []
    assert {char for char in text if not char.isprintable()} <= {"\n", "\xa0"}


def check_outputs(out: Path) -> None:
    """Each format is what it says it is, and holds names and texts as what they are."""
    for path in out.iterdir():
        text = path.read_text(encoding="utf-8")
        CHECKS[path.name](text)


def check_json(text: str) -> None:
    """Every attack has its answer: the reason at its file, or a verdict on the text as it stands."""
    report = json.loads(text)
    validate(report, SCHEMA)
    answers: dict[str, list[str]] = {}
    for verdict in report["verdicts"]:
        for path in (verdict["path"], *verdict["aliases"]):
            answers.setdefault(path, []).append(verdict["status"])
    for problem in report["problems"]:
        answers.setdefault(problem["path"], []).append(problem["message"])
    paths = {
        attack.name: os.fsencode(next(iter(attack.files))).decode("utf-8", "backslashreplace")
        for attack in ATTACKS
    }
    found = {attack.name: answers.get(paths[attack.name], []) for attack in ATTACKS}

    assert {
        attack.name: found[attack.name]
        for attack in ATTACKS
        if not any(attack.answer in answer for answer in found[attack.name])
    } == {}
    assert len(ATTACKS) >= 60


def check_sarif(text: str) -> None:
    [run] = json.loads(text)["runs"]
    uris = re.findall(r'"uri": "([^"]*)"', text)
    assert len(run["results"]) > 50
    assert [uri for uri in uris if ".." in uri.split("/") or uri.startswith("/") or not uri.isascii()] == []
    if SCHEMAS.is_dir():
        validate(json.loads(text), SCHEMAS / "sarif-2.1.0.json")


def check_gitlab(text: str) -> None:
    paths = [issue["location"]["path"] for issue in json.loads(text)]
    assert len(paths) > 50
    assert [path for path in paths if ".." in path.split("/") or path.startswith("/")] == []
    check_log(text)


def check_junit(text: str) -> None:
    assert len(list(ET.fromstring(text).iter("testcase"))) > 50  # noqa: S314  # it is our own, and expat knows no bombs any more


def check_markdown(text: str, links: int = 0) -> None:
    page = render_page(text)
    assert set(page.tags) - {"a href"} <= ELEMENTS
    assert page.tags.count("a href") == links
    assert LINKING.search(page.linkable) is None


def check_azure(text: str) -> None:
    assert {command.name for command in log_commands.azure(text)} == {"task.logissue"}
    assert log_commands.github(text) == []


CHECKS: Mapping[str, Callable[[str], None]] = {
    "text": check_log, "json": check_json, "markdown": check_markdown, "github": check_log, "azure": check_azure,
    "sarif": check_sarif, "gitlab": check_gitlab, "junit": check_junit,
}  # fmt: skip


@pytest.mark.parametrize("fault", ["hostile_message", "redirect_307"])
def test_a_hostile_server_and_a_hostile_repository_show_no_secret(
    scene: Scene, env: None, lint: Lint, api: ApiServer, evil: ApiServer, fault: str
) -> None:
    """A gateway that answers with the key, with commands, or with another address."""
    out = scene.repo.path.parent / "out"
    out.mkdir()
    api.plan, api.redirect_to = always(fault), evil.url
    before = read_below(scene.repo.path.parent)

    done = [
        lint(
            "check",
            "--counting=exact",
            "--deadline=2",
            "prompts/owned.md",
            *(word.replace("{out}", str(out)) for word in _ALL),
        )
    ]

    check_laws(scene, before, done)
    check_log(done[0].out + done[0].err)
    assert api.requests
    assert evil.connections == 0


def test_a_report_of_the_organization_reads_and_shows_nothing_of_the_repository(
    scene: Scene, env: None, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every output, for an organization whose names are hostile; refused for the pull request that it is run in."""
    out = scene.repo.path.parent / "out"
    out.mkdir()
    with organization("hostile") as server:
        monkeypatch.chdir(scene.repo.path)
        before = read_below(scene.repo.path.parent)
        refused = run(server)
        assert (refused.code, server.requests) == (2, [])
        for name in ("GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITHUB_HEAD_REF", "CI"):
            monkeypatch.delenv(name)
        done = run(server, *(f"--output={name}={out}/{name}" for name in USAGE_OUTPUTS))

        assert done.code == 0
        assert {seen.method for seen in server.requests} == {"GET"}
        assert len(list(out.iterdir())) == len(USAGE_OUTPUTS)
    check_laws(scene, before, [refused, done])
    check_log(done.out + done.err)


def test_the_action_and_its_comment_hold_names_and_texts_as_what_they_are(
    scene: Scene,
    job: Job,
    api: ApiServer,
    evil: ApiServer,
    github: GitHubServer,
) -> None:
    """For a pull request with hostile words wherever GitHub passes them on, with a key and a token that may write."""
    api.keys = frozenset({KEY})
    job.github |= {"api_url": github.url, "token": TOKEN, "head_ref": "::error::x", "actor": "::error::x"}
    job.env |= {"ANTHROPIC_BASE_URL": api.url, "DEPLOY_TOKEN": VARIABLE}
    pull_request = {
        "number": 12,
        "title": "::error::x",
        "head": {"repo": {"full_name": "o/r"}},
        "base": {"repo": {"full_name": "o/r"}},
    }
    set_event(job, "pull_request", {"number": 12, "pull_request": pull_request})
    before = read_below(scene.repo.path.parent)

    done = composite.run(
        ROOT, job, {"anthropic-api-key": KEY, "comment": "true", "base": "main", "sarif-file": "../out/sarif"}
    )

    [comment] = github.comments[12]
    check_laws(
        scene, before, [Done(0, done.log, done.summary), Done(0, json.dumps(done.outputs), comment["body"])]
    )
    check_markdown(done.summary)
    check_markdown(comment["body"], links=1)  # to this run
    assert done.outputs["status"] in {"fail", "error"}
    assert {command.name for step in done.steps for command in step.commands} <= {
        "error",
        "warning",
        "notice",
    }
    assert evil.connections == 0
    check_sarif((scene.repo.path.parent / "out/sarif").read_text(encoding="utf-8"))
    check_requests(api.requests, KEY)
    check_requests(github.requests, TOKEN)


_CONFIGURATIONS: Mapping[str, str | Link] = {
    "an address for the key": "base_url: {evil}\n",
    "a variable for the key": "api_key_env: DEPLOY_TOKEN\n",
    "headers of requests": "headers: {x-api-key: x}\n",
    "a proxy": "https_proxy: {evil}\n",
    "a command": "command: touch {marker}\n",
    "a tag of Python": "models: !!python/object/apply:os.system ['touch {marker}']\n",
    "merge keys that double": BOMB + "models: *a23\n",
    "nesting": "models: " + "[" * 100_000,
    "300 KiB": "# " + "x" * 300_000,
    "a prompt outside": "models: [claude-opus-5]\nlimit: 9\ngroups: [{name: g, system: ../outside/secret.md}]\n",
    "another configuration by a link": Link("../outside/secret.md"),
}


def test_a_hostile_configuration_is_refused_by_every_command(
    repo: Repo, lint: Lint, evil: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit code 2 and a line, in a moment, and without a word of what it leads to."""
    scene = Scene(
        repo,
        repo.path.parent / "outside",
        repo.path.parent / "user",
        repo.path.parent / "planted-program-ran",
    )
    write_surroundings(scene)
    repo.write("prompts/a.md")
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    for content in _CONFIGURATIONS.values():
        (repo.path / ".prompt-lint.yaml").unlink(missing_ok=True)
        write_file(repo, ".prompt-lint.yaml", content, {"{evil}": evil.url, "{marker}": str(scene.marker)})
        before = read_below(repo.path.parent)
        begun = time.process_time()

        done = [lint(command, "--offline") for command in ("check", "list", "tighten")]
        done += [
            lint("explain", "--offline", "prompts"),
            lint("init"),
            lint("count", "--offline", ".prompt-lint.yaml"),
        ]

        assert time.process_time() - begun < 5
        check_laws(scene, before, done)
        assert {one.code for one in done[:5]} == {2}
    assert evil.connections == 0
