"""What the Action runs (`python -I -m prompt_lint.actions.check`): inputs from the environment → a `check`, its outputs, a summary.

Every input arrives as a variable, so that none stands in a script. docs/github.md says what they mean.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from prompt_lint import ci
from prompt_lint.api import credentials
from prompt_lint.ci import github
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.terminal import write_file
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence
    from typing import TextIO

    from prompt_lint.ci.context import Context

# Inputs that are variables of the credentials, which only what counts gets to see.
_CREDENTIALS = (
    "ANTHROPIC_API_KEY", "ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID", "ANTHROPIC_SERVICE_ACCOUNT_ID",
    "ANTHROPIC_WORKSPACE_ID",
)  # fmt: skip
_OF_IDENTITY = _CREDENTIALS[1:]
_IDENTITY_TOKENS = ("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE")
# Whoever has these can ask for the job's token.
_TOKEN_REQUEST = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_FLAGS = (("config", "--config"), ("policy", "--policy"), ("counting", "--counting"))
COUNTS = "prompt-lint-counts"
_LARGEST_ERROR = 20_000

_NO_KEY = "No key reaches a pull request from a fork: tokens are counted offline, or as counts of earlier runs in the cache say."
_HOW_TO_GET_ONE = "give the job `permissions: {contents: read, id-token: write}`"


def main() -> None:
    """Ends with the exit code of the run."""
    try:
        code = run(os.environ)
    except Exception as error:  # noqa: BLE001  # a fault of ours: Python's own exit code for it would mean "over"
        print(command("error", f"the Action failed ({type(error).__name__}): please report it"))
        tell({"status": "error", "exit-code": str(int(ExitCode.UNCOUNTED))}, os.environ)
        code = ExitCode.UNCOUNTED
    sys.exit(code)


def run(env: MutableMapping[str, str]) -> int:
    """One check, as the inputs say. `env` is the environment of this process, and loses what nobody else should see."""
    try:
        # In a folder of its own, so that nothing which the checkout holds can be taken for it.
        report_file = os.path.join(
            tempfile.mkdtemp(prefix="prompt-lint-", dir=env["RUNNER_TEMP"]), "report.json"
        )
        given, remarks = _prepared(env, report_file)
    except Fatal as error:
        fail(complaint(error), env)
        tell({"status": "error", "exit-code": str(int(error.exit_code))}, env)
        return error.exit_code
    for remark in remarks:
        print(remark, flush=True)
    code, complaints = started(given)
    report = _read(report_file)
    if report is None:
        fail(complaints or "prompt-lint ended without a report", env)
    _append("".join(f"\n{remark}\n" for remark in remarks), env)
    try:
        place = _kept(env, report_file) if report else ""
    except Fatal as error:
        print(command("error", complaint(error)), flush=True)
        code, place = code or int(error.exit_code), report_file
    tell(_outputs(code, report, place), env)
    return code


# ---------------------------------------------------------------------------------------------------------
# What to run


def _prepared(env: MutableMapping[str, str], report_file: str) -> tuple[list[str], list[str]]:
    """The command line, and what is to be said beside it. Raises `Fatal`."""
    _enter(env)
    context = ci.detect_context(env)
    remarks = _authenticate(env, context)
    if remarks:  # whatever was asked for: without a key, that is all there is
        env["INPUT_COUNTING"] = "offline"
    return arguments(env, context, report_file), remarks


def arguments(env: Mapping[str, str], context: Context | None, report_file: str) -> list[str]:
    """The command line that the inputs stand for. Raises `Fatal` for what can't be read, or must not be written to."""
    found = ["check"]
    for name, flag in _FLAGS:
        if value := asked(env, name):
            found.append(f"{flag}={value}")
    if base := _base(env, context):
        found.append(f"--base={base}")
    found += [f"--output={target}" for target in _targets(env)]
    found.append(f"--output=json={report_file}")
    if env.get("ACTION_CACHE") == "true":
        folder = os.path.join(env["RUNNER_TEMP"], COUNTS)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found.append(f"--cache-dir={folder}")
    else:
        found.append("--no-cache")
    try:
        found += shlex.split(asked(env, "args"))
    except ValueError:
        raise Fatal(
            "the input `args` has a quotation mark that isn't closed", "quote it as for a shell"
        ) from None
    return [*found, "--", *each_line(asked(env, "paths"))]


def asked(env: Mapping[str, str], name: str) -> str:
    return env.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def each_line(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _targets(env: Mapping[str, str]) -> list[str]:
    """`FORMAT=FILE` of each output that the inputs ask for, but the report. Raises `Fatal`."""
    wanted = each_line(asked(env, "output"))
    if sarif := asked(env, "sarif-file"):
        wanted.append(f"sarif={sarif}")
    for path in (*(one.partition("=")[2] for one in wanted), asked(env, "report-file")):
        unlinked(path, env)
    return wanted


def unlinked(path: str, env: Mapping[str, str]) -> None:
    """Raises `Fatal` where a link of the checkout would lead what is written at `path` elsewhere."""
    workspace = os.path.abspath(env["GITHUB_WORKSPACE"])
    top, place = os.path.realpath(workspace), os.path.join(os.getcwd(), path)
    if place.startswith(workspace + os.sep):  # which may itself lie behind a link, as on macOS
        place = top + place[len(workspace) :]
    if not path or not place.startswith(top + os.sep):
        return
    folder = os.path.dirname(place)
    straight = os.path.normcase(os.path.realpath(folder)) == os.path.normcase(os.path.normpath(folder))
    if os.path.islink(place) or not straight:
        raise Fatal(
            f"{path} isn't written: a symbolic link of the checkout is in its way", "write it elsewhere"
        )


def _base(env: Mapping[str, str], context: Context | None) -> str:
    """What to compare with. A run without a change of its own judges the default branch by what is merged already."""
    wanted = asked(env, "base")
    if wanted != "auto" or context is None or context.kind != "other":
        return wanted
    default = context.default_branch
    if context.event == "schedule" or (default and env.get("GITHUB_REF") == f"refs/heads/{default}"):
        return "HEAD"
    return f"origin/{default}" if default and _known(f"origin/{default}", env) else wanted


def _known(ref: str, env: Mapping[str, str]) -> bool:
    from prompt_lint.repo import base_commit as base  # noqa: PLC0415  # a run of another kind needs no git so early
    from prompt_lint.repo.working_tree import open_tree  # noqa: PLC0415  # the same

    try:
        base.resolve(open_tree(os.getcwd(), use_git=True), ref, env)
    except Fatal:
        return False
    return True


def _enter(env: Mapping[str, str]) -> None:
    folder = os.path.join(env["GITHUB_WORKSPACE"], asked(env, "working-directory"))
    try:
        os.chdir(folder)
    except OSError as error:
        raise Fatal(
            f"the input `working-directory` leads nowhere: {error.strerror}",
            "name a folder below the workspace; has `actions/checkout` run before?",
        ) from None
    top = os.path.realpath(env["GITHUB_WORKSPACE"])
    if os.path.commonpath([top, os.path.realpath(os.getcwd())]) != top:
        raise Fatal(
            "the input `working-directory` leads out of the workspace", "name a folder below the workspace"
        )


# ---------------------------------------------------------------------------------------------------------
# Credentials


def _authenticate(env: MutableMapping[str, str], context: Context | None) -> list[str]:
    """Puts the credential of the inputs where counting looks for it. What to say where a fork has none."""
    for name in _CREDENTIALS:
        if value := env.pop(f"INPUT_{name}", ""):
            env[name] = value
    audience = env.pop("INPUT_ANTHROPIC_OIDC_AUDIENCE", "")
    url, secret = (env.pop(name, "") for name in _TOKEN_REQUEST)
    if _wants_identity(env):
        if url and secret:
            from prompt_lint.api import oidc_token  # noqa: PLC0415  # imports the HTTP library

            env["ANTHROPIC_IDENTITY_TOKEN"] = oidc_token.fetch_token(url, secret, audience)
        elif not github.lacks_secrets(env, context):
            raise Fatal("this job gets no OIDC token, so there is nothing to exchange", _HOW_TO_GET_ONE)
        else:
            for name in _OF_IDENTITY:
                env.pop(name, None)
    return [_NO_KEY] if github.lacks_secrets(env, context) and not _credential(env) else []


def _wants_identity(env: Mapping[str, str]) -> bool:
    """Whether an exchange is asked for, and nothing comes before it."""
    earlier = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE", *_IDENTITY_TOKENS)
    offline = asked(env, "counting") == "offline"
    return bool(env.get(_OF_IDENTITY[0])) and not offline and not any(map(env.get, earlier))


def _credential(env: Mapping[str, str]) -> bool:
    try:
        return not isinstance(credentials.find_credential(env), credentials.NoCredential)
    except Fatal:  # there is one, and what is wrong with it is told by the run
        return True


# ---------------------------------------------------------------------------------------------------------
# Running it


class _Tee:
    """A stream that remembers what was written to it, up to a bound."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._kept: list[str] = []

    def write(self, text: str) -> int:
        if sum(map(len, self._kept)) < _LARGEST_ERROR:
            self._kept.append(text)
        return self._stream.write(text)

    def kept(self) -> str:
        return "".join(self._kept)[:_LARGEST_ERROR]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def started(given: Sequence[str]) -> tuple[int, str]:
    """The exit code of a run with these arguments, and what it said on stderr."""
    from prompt_lint.cli import exit_status  # noqa: PLC0415
    from prompt_lint.cli import main as cli  # noqa: PLC0415  # all that a run needs; one that is refused needs none of it

    stderr = sys.stderr
    sys.stderr = tee = _Tee(stderr)
    try:
        exit_status.end(lambda: cli.run(given))
    except SystemExit as end:
        return (end.code if isinstance(end.code, int) else ExitCode.UNCOUNTED), tee.kept()
    finally:
        sys.stderr = stderr


def _kept(env: Mapping[str, str], report_file: str) -> str:
    """Where the report is, once it is where the inputs want it."""
    wanted = asked(env, "report-file")
    if not wanted:
        return report_file
    write_file(wanted, text_of(report_file))
    return os.path.abspath(wanted)


def _read(path: str) -> Mapping[str, Any] | None:
    """Our own report, so it is what it should be."""
    text = text_of(path)
    found = json.loads(text) if text else None
    return found if isinstance(found, dict) else None


def text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


# ---------------------------------------------------------------------------------------------------------
# What the next steps, and people, get


def _outputs(code: int, report: Mapping[str, Any] | None, path: str) -> dict[str, str]:
    status = {int(ExitCode.OK): "pass", int(ExitCode.OVER_LIMIT): "fail"}.get(code, "error")
    told = {"status": status, "exit-code": str(code), "report-file": path}
    if report is None:
        return told
    totals = report["summary"]["totals"]
    most: Mapping[str, Any] = max(totals, key=lambda one: one["after"], default={"model": "", "after": 0})
    growth = _growth(report, most["model"]) if report["against"] else None
    failing = {
        (one["path"], one["name"])
        for one in report["verdicts"]
        if one["status"] in {"over", "grew"} and not one["inherited"]
    }
    return told | {
        "total": str(most["after"]), "delta": "" if growth is None else str(growth), "over": str(len(failing)),
    }  # fmt: skip


def _growth(report: Mapping[str, Any], model: str) -> int:
    """Of all prompts together; what can't be compared has not grown."""
    prompts = [one for one in report["verdicts"] if one["kind"] == "prompt" and one["model"] == model]
    grown: int = sum((one["tokens"] if one["standing"] == "new" else one["growth"]) or 0 for one in prompts)
    gone: int = sum(one["base_tokens"] for one in report["removed"] if one["model"] == model)
    return grown - gone


def tell(outputs: Mapping[str, str], env: Mapping[str, str]) -> None:
    """Numbers, words of ours and a path of the workflow's: behind a delimiter that nobody can know."""
    path = env.get("GITHUB_OUTPUT")
    if not path:
        return
    with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        for name, value in outputs.items():
            mark = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{mark}\n{value}\n{mark}\n")


def complaint(error: Fatal) -> str:
    return "\n".join(visible(line) for pair in error.messages() for line in pair if line)


def fail(told: str, env: Mapping[str, str], what: str = "check the prompts") -> None:
    """An annotation and a summary for a run that has no report. `told` is escaped for a line each, as it is in the log."""
    lines = told.strip().split("\n")
    print(command("error", "\n".join(line.removeprefix("error: ") for line in lines)), flush=True)
    indented = "".join(f"    {line}\n" for line in lines)
    _append(f"### ❌ prompt-lint could not {what}\n\n{indented}", env)


def command(level: str, message: str) -> str:
    """A workflow command. Source: the rules of GitHub's runner for `::command properties::data`, November 2026."""
    data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{level} title=prompt-lint::{data}"


def _append(text: str, env: Mapping[str, str]) -> None:
    """To the step's summary."""
    path = env.get("GITHUB_STEP_SUMMARY")
    if path and text:
        with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)


if __name__ == "__main__":
    main()
