"""Runs the real steps of a composite action as GitHub's runner does, with stubs for `uses:` alone.

Rules: actions/runner 2.336 (CompositeActionHandler, ScriptHandler, ActionCommand, FileCommandManager, the expressions
of GitHub's documentation), November 2026. What a rule isn't known for here is refused, so that no test passes by it.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from tests.support import log_commands
from tests.support.expressions import evaluate, interpolate, truthy
from tests.support.program import call_main

from prompt_lint.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.support.log_commands import Command

    # (script, environment, folder) → exit code, log.
    Shell = Callable[[str, Mapping[str, str], Path], tuple[int, str]]
    # What a stub of `uses:` gets (its inputs, the job) and gives (its outputs). It raises `Failed` to fail.
    Stub = Callable[[Mapping[str, str], "Job"], Mapping[str, str]]

KEPT = 10
LONGEST = 4_096
LARGEST_SUMMARY = 1024 * 1024
# What a machine behind a mirror of the package index has in its environment. All else has to be asked for.
MACHINE = ("PATH", "PIP_CERT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL")


class Failed(Exception):
    """A stub's way to fail."""


class Step(NamedTuple):
    """How a step ended. `outcome` is success, failure or skipped."""

    name: str
    outcome: str
    code: int
    log: str
    commands: Sequence[Command]
    outputs: Mapping[str, str]
    summary: str

    def annotations(self, level: str) -> list[Command]:
        """Those that the runner keeps."""
        return [one for one in self.commands if one.name == level][:KEPT]


class Run(NamedTuple):
    outcome: str
    steps: Sequence[Step]
    outputs: Mapping[str, str]

    def step(self, name: str) -> Step:
        return next(one for one in self.steps if one.name == name)

    @property
    def log(self) -> str:
        return "".join(one.log for one in self.steps)

    @property
    def summary(self) -> str:
        return "".join(one.summary for one in self.steps)


@dataclass
class Job:
    """What a job has when the action's step begins. `github` is the context, and with it `GITHUB_…` of each step."""

    workspace: Path
    temp: Path
    home: Path
    github: dict[str, Any]
    env: dict[str, str] = field(default_factory=dict)
    stubs: dict[str, Stub] = field(default_factory=dict)
    actions: dict[str, Path] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    runner_os: str = "Linux"
    job_index: int = 0
    shell: Shell = field(default_factory=lambda: bash)


@cache
def _load(path: Path) -> Mapping[str, Any]:
    """Read an action or a workflow, once: that takes longer than a run of it."""
    loaded: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def run(action: Path, job: Job, given: Mapping[str, str] | None = None) -> Run:
    """The action in the folder `action`, with the inputs `given`."""
    manifest = _load(action / "action.yml")
    assert manifest["runs"]["using"] == "composite"
    state = _State(action, job, {}, {}, ok=True)
    state.inputs.update(_inputs(manifest.get("inputs", {}), given or {}, state))
    steps = [_step(one, state) for one in manifest["runs"]["steps"]]
    outputs = {name: state.text(one["value"]) for name, one in manifest.get("outputs", {}).items()}
    return Run("success" if state.ok else "failure", steps, outputs)


def workflow(path: Path, job: Job) -> Run:
    """The only job of a workflow. Actions out of `job.actions` are run, all others are stubs."""
    manifest = _load(path)
    assert manifest["permissions"] == {}, "each job says what it may"
    [one] = manifest["jobs"].values()
    assert set(one["permissions"]) <= {"contents", "pull-requests", "id-token", "actions", "security-events"}
    state = _State(path.parent, job, {}, {}, ok=True, secrets=job.secrets)
    if not _wanted(str(one.get("if", "success()")), state):
        return Run("skipped", [], {})
    steps = [_step(step, state) for step in one["steps"]]
    return Run("success" if state.ok else "failure", steps, {})


# ---------------------------------------------------------------------------------------------------------
# Steps


@dataclass
class _State:
    action: Path
    job: Job
    inputs: dict[str, str]
    outputs: dict[str, Mapping[str, str]]
    ok: bool
    outcomes: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    # Of a workflow alone: an action gets what it is given.
    secrets: Mapping[str, str] | None = None

    def context(self) -> dict[str, Any]:
        job = self.job
        secrets = {} if self.secrets is None else {"secrets": self.secrets}
        return secrets | {
            "inputs": self.inputs,
            "env": job.env,
            "github": {**job.github, "workspace": str(job.workspace), "action_path": str(self.action)},
            "runner": {"os": job.runner_os, "temp": str(job.temp)},
            "strategy": {"job-index": job.job_index},
            "vars": job.variables,
            "steps": {
                name: {"outputs": outputs, "outcome": self.outcomes[name]}
                for name, outputs in self.outputs.items()
            },
        }

    def text(self, template: object) -> str:
        return interpolate(str(template), self.context(), ok=self.ok)


def _inputs(declared: Mapping[str, Any], given: Mapping[str, str], state: _State) -> dict[str, str]:
    unknown = set(given) - set(declared)
    assert not unknown, f"unexpected inputs: {unknown}"
    for name, one in declared.items():
        assert not one.get("required") or name in given, name
    return {
        name: given[name] if name in given else state.text(one.get("default", ""))
        for name, one in declared.items()
    }


def _step(step: Mapping[str, Any], state: _State) -> Step:
    known = {
        "name",
        "id",
        "if",
        "uses",
        "with",
        "run",
        "shell",
        "env",
        "working-directory",
        "continue-on-error",
    }
    assert set(step) <= known, set(step) - known
    name = step.get("name", "")
    if not _wanted(str(step.get("if", "success()")), state):
        return Step(name, "skipped", 0, "", (), {}, "")
    done = _used(step, name, state) if "uses" in step else _ran(step, name, state)
    if "id" in step:
        state.outputs[step["id"]] = done.outputs
        state.outcomes[step["id"]] = done.outcome
    tolerated = step.get("continue-on-error", False)
    assert tolerated in {True, False}
    state.ok = state.ok and (done.outcome == "success" or tolerated)
    return done


def _wanted(condition: str, state: _State) -> bool:
    condition = condition.strip().removeprefix("${{").removesuffix("}}").strip()
    if not re.search(r"\b(success|failure|always|cancelled)\s*\(", condition):
        condition = f"success() && ({condition})"
    return truthy(evaluate(condition, state.context(), ok=state.ok))


def _used(step: Mapping[str, Any], name: str, state: _State) -> Step:
    action, _, version = step["uses"].partition("@")
    if action in state.job.actions:
        given = {key: _yaml_text(value, state) for key, value in step.get("with", {}).items()}
        inner = run(state.job.actions[action], state.job, given)
        return Step(
            name or action,
            inner.outcome,
            int(inner.outcome != "success"),
            inner.log,
            (),
            inner.outputs,
            inner.summary,
        )
    assert re.fullmatch(r"[0-9a-f]{40}", version), f"{action} isn't pinned"
    assert action in state.job.stubs, f"nothing stands for {action}"
    inputs = {key: _yaml_text(value, state) for key, value in step.get("with", {}).items()}
    name = name or action
    try:
        return Step(name, "success", 0, "", (), state.job.stubs[action](inputs, state.job), "")
    except Failed as error:
        return Step(name, "failure", 1, f"{error}\n", (), {}, "")


def _yaml_text(value: object, state: _State) -> str:
    return str(value).lower() if isinstance(value, bool) else state.text(value)


def _ran(step: Mapping[str, Any], name: str, state: _State) -> Step:
    """Run the script of a step in the workspace, with the files that it may write commands to."""
    assert step["shell"] == "bash"
    job, number = state.job, next(state.numbers)
    folder = job.temp / "_runner"
    folder.mkdir(exist_ok=True)
    files = {
        key: folder / f"{key}_{number}_{os.urandom(4).hex()}"
        for key in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY")
    }
    for path in files.values():
        path.touch()
    # A script with a value in it is an injection; what a runner would allow, no action of ours does.
    assert "${{" not in step["run"], name
    where = job.workspace / state.text(step.get("working-directory", ""))
    code, log = job.shell(step["run"], _environment(step, state, files), where)
    assert not files["ENV"].read_bytes(), "an action of ours sets no variables for others"
    assert not files["PATH"].read_bytes()
    summary = files["STEP_SUMMARY"].read_bytes()
    told = "" if len(summary) > LARGEST_SUMMARY else summary.decode()
    outcome = "failure" if code else "success"
    outputs = file_commands(files["OUTPUT"].read_text(encoding="utf-8"))
    return Step(name, outcome, code, log, commands(log), outputs, told)


def _environment(step: Mapping[str, Any], state: _State, files: Mapping[str, Path]) -> dict[str, str]:
    """Only what a runner gives: no `INPUT_…`, which composite actions don't get."""
    job = state.job
    github = {
        f"GITHUB_{key.upper()}": str(value)
        for key, value in job.github.items()
        if key not in {"token", "event"}
    }
    github |= {f"GITHUB_{key}": str(path) for key, path in files.items()}
    own = {
        "HOME": str(job.home), "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(job.workspace),
        "GITHUB_ACTION_PATH": str(state.action), "RUNNER_OS": job.runner_os, "RUNNER_TEMP": str(job.temp),
    }  # fmt: skip
    asked = {key: state.text(value) for key, value in step.get("env", {}).items()}
    machine = {name: os.environ[name] for name in MACHINE if name in os.environ}
    return machine | own | github | job.env | asked


# ---------------------------------------------------------------------------------------------------------
# What a step says


def file_commands(text: str) -> dict[str, str]:
    """`name=value` and `name<<mark` of GITHUB_OUTPUT. Raises `ValueError` as the runner fails the step."""
    found: dict[str, str] = {}
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
        elif heredoc > 0:
            mark, value = line[heredoc + 2 :], []
            for part in lines:
                if part == mark:
                    break
                value.append(part)
            else:
                raise ValueError(f"no {mark!r}")
            found[line[:heredoc]] = "\n".join(value)
        else:
            raise ValueError(f"invalid format {line!r}")
    return found


def commands(log: str) -> list[Command]:
    """Return all commands, of either spelling, as far as nobody has stopped them."""
    found, stopped = [], ""
    for line in log.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if stopped:
            stopped = "" if line.strip() == f"::{stopped}::" else stopped
            continue
        for command in log_commands.github(line)[:1]:
            stopped = command.data if command.name == "stop-commands" else ""
            found.append(command._replace(data=command.data[:LONGEST]))
    return found


# ---------------------------------------------------------------------------------------------------------
# What runs a script


def bash(script: str, env: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run a script as the runner does: from a file, with nothing on stdin. Return its exit code and its log."""
    with tempfile.TemporaryDirectory() as place:
        file = os.path.join(place, "script.sh")
        with open(file, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(script)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", file],
            cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=300,
        )  # fmt: skip
    return done.returncode, done.stdout.decode("utf-8", "replace")


def in_process(script: str, env: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run the Python that a script starts, in this process; a script that doesn't start Python is bash's.

    Nothing is installed: the package of the tests is what runs.
    """
    if not script.startswith('"$ACTION_PYTHON" '):
        return bash(script, env, folder)
    python, *words = [Template(word).substitute(env) for word in shlex.split(script)]
    assert words[:3] == ["-I", "-X", "utf8"], script
    assert not re.search(r'(?<!")\$', script), f"bash would split a value: {script}"
    match words[3:]:
        case [program] if program.endswith("/tools/install.py"):
            with open(env["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
                file.write(f"python={python}\n")
            return 0, ""
        case ["-m", "prompt_lint", *arguments]:
            return call_main(main.main, arguments, env, folder)
        case ["-m", module]:
            return call_main(import_module(module).main, [], env, folder)
    raise AssertionError(script)


def setup_python(_: Mapping[str, str], __: Job) -> Mapping[str, str]:
    """Stand in for `actions/setup-python`: the Python of the tests, which has pip."""
    return {"python-path": sys.executable}
