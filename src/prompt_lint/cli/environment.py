"""The environment variables that prompt-lint reads: one table, from which help and docs/environment.md are made.

Those of options come from the options, those of CI systems from their table. A test compares the rest with the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import click

from prompt_lint import DOCUMENTATION
from prompt_lint.ci.systems import SYSTEMS
from prompt_lint.cli.commands import Context, Option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Variable(NamedTuple):
    """Variables of one purpose, the first that is set wins. `commands` are those that read them, "" for all."""

    names: tuple[str, ...]
    meaning: str
    default: str = ""
    commands: str = ""


_COUNTING = "check, list, explain, count, tighten"
_CACHING = f"{_COUNTING}, history, init, cache"
_API = f"{_COUNTING}, calibrate"
_SENDING = f"{_API}, report"
_COMMENT = "comment"

_FIXED: Mapping[str, Sequence[Variable]] = {
    "Claude API": (
        Variable(("ANTHROPIC_API_KEY",), "The API key. With one, counts are exact unless `--offline` is given.", "", _API),
        Variable(("ANTHROPIC_AUTH_TOKEN",), "A bearer token, if there is no API key.", "", _API),
        Variable(("ANTHROPIC_BASE_URL",), "The address of the API, or of a gateway.", "https://api.anthropic.com", _API),
        Variable(("ANTHROPIC_CUSTOM_HEADERS",), "More headers of each request: `Name: value`, one a line.", "", _SENDING),
        Variable(("ANTHROPIC_PROFILE",), "A profile of the SDK.", "the active one", _API),
        Variable(("ANTHROPIC_CONFIG_DIR",), "The folder of the SDK's profiles; an absolute path.", "~/.config/anthropic", _API),
        Variable(("APPDATA",), "Windows: the parent of the SDK's folder of profiles.", "", _API),
        Variable(("ANTHROPIC_FEDERATION_RULE_ID",), "Workload identity: the federation rule.", "", _API),
        Variable(("ANTHROPIC_ORGANIZATION_ID",), "Workload identity: the organization.", "", _API),
        Variable(("ANTHROPIC_SERVICE_ACCOUNT_ID",), "Workload identity: the service account.", "", _API),
        Variable(("ANTHROPIC_WORKSPACE_ID",), "Workload identity: the workspace.", "", _API),
        Variable(
            ("ANTHROPIC_IDENTITY_TOKEN_FILE", "ANTHROPIC_IDENTITY_TOKEN"), "Workload identity: the token to exchange.", "", _API
        ),
        Variable(("ANTHROPIC_LOG",), "Not obeyed: the SDK's log would show prompts.", "", _API),
        Variable(
            ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY"), "The Admin API key of a Console organization, or the Analytics API key "
            "of an Enterprise one.", "", "report",
        ),
        Variable(
            ("PROMPT_LINT_ADMIN_URL",), "The address of the Admin API, such as a proxy of your own.", "https://api.anthropic.com",
            "report",
        ),
    ),
    "Other providers": (
        Variable(("CLOUD_ML_REGION",), "`--provider vertex`: the region; required.", "", _API),
        Variable(("ANTHROPIC_VERTEX_PROJECT_ID",), "`--provider vertex`: the project.", "that of Google's credentials", _API),
        Variable(("ANTHROPIC_VERTEX_BASE_URL",), "`--provider vertex`: the address.", "by region", _API),
        Variable(("ANTHROPIC_FOUNDRY_API_KEY",), "`--provider foundry`: the API key; required.", "", _API),
        Variable(("ANTHROPIC_FOUNDRY_RESOURCE",), "`--provider foundry`: the resource; required without an address.", "", _API),
        Variable(("ANTHROPIC_FOUNDRY_BASE_URL",), "`--provider foundry`: the address.", "by resource", _API),
        Variable(("ANTHROPIC_AWS_API_KEY",), "`--provider aws`: the API key.", "AWS' usual credentials", _API),
        Variable(("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "`--provider aws`: what signs requests, as for AWS' tools.", "", _API),
        Variable(("AWS_REGION", "AWS_DEFAULT_REGION"), "`--provider aws`: the region; required, unless there are an API key and an address.", "", _API),
        Variable(("ANTHROPIC_AWS_WORKSPACE_ID",), "`--provider aws`: the workspace; required.", "", _API),
        Variable(("ANTHROPIC_AWS_BASE_URL",), "`--provider aws`: the address.", "by region", _API),
    ),
    "Network": (
        Variable(("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), "The proxy for https:// addresses.", "none", _SENDING),
        Variable(("http_proxy", "HTTP_PROXY"), "The proxy for http:// addresses: a gateway on this machine.", "none", _SENDING),
        Variable(("no_proxy", "NO_PROXY"), "Hosts that are reached without the proxy.", "", _SENDING),
        Variable(("SSL_CERT_FILE", "SSL_CERT_DIR"), "The certificates that are trusted.", "those of the package certifi", _SENDING),
    ),
    "Terminal and CI": (
        Variable(("NO_COLOR",), "No colour, if it is set; before `FORCE_COLOR`."),
        Variable(("FORCE_COLOR",), "Colour even where stdout is no terminal."),
        Variable(("TERM",), "`dumb` is a terminal without colour and progress."),
        Variable(("COLUMNS",), "The width of the terminal."),
        Variable(("PRE_COMMIT",), "Set by pre-commit and prek: no progress is shown.", "", _API),
        Variable(
            ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_REMOTE_BRANCH"),
            "Set by pre-commit and prek: what is pushed, for `--base hook`.", "", "check",
        ),
        Variable(
            ("CI",), "Set by CI systems: no progress is shown, an API that can't be reached fails the run, and what was read of "
            "files isn't taken from the cache.", "", _API,
        ),
    ),
    "Cache": (
        Variable(("XDG_CACHE_HOME",), "The parent of the cache folder.", "~/.cache, on macOS ~/Library/Caches", _CACHING),
        Variable(("HOME",), "Where `~` is.", "", _CACHING),
        Variable(("LOCALAPPDATA",), "Windows: the parent of the cache folder.", "", _CACHING),
    ),
    "GitHub": (
        Variable(("GITHUB_TOKEN", "GH_TOKEN"), "The token that writes the comment.", "", _COMMENT),
        Variable(("GITHUB_API_URL",), "The address of GitHub's API.", "https://api.github.com", _COMMENT),
        Variable(("GITHUB_SERVER_URL",), "The address that the comment links to.", "https://github.com", _COMMENT),
        Variable(("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"), "The run that a comment is from: an older one doesn't replace it.", "", _COMMENT),
        Variable(("GITHUB_REPOSITORY",), "The repository.", "", "check, comment"),
        Variable(("GITHUB_EVENT_PATH",), "The event's payload: commits and number of the pull request.", "", "check, comment, report"),
        Variable(("GITHUB_SHA",), "The commit that is built.", "", "check"),
        Variable(("GITHUB_REF_TYPE",), "`tag` for the push of a tag, which has no base.", "", "check"),
        Variable(("GITHUB_ACTOR",), "Whose run has no secrets: Dependabot's.", "", "the Action"),
        Variable(("GITHUB_STEP_SUMMARY",), "The file to which a Markdown summary is added.", "none", "check, report"),
        Variable(("GITHUB_OUTPUT",), "The file of a step's outputs.", "", "the Action"),
        Variable(("GITHUB_WORKSPACE", "RUNNER_TEMP"), "The checkout, and a folder for files of this run.", "", "the Action"),
        Variable(
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"), "Where a job gets the token to exchange.", "",
            "the Action",
        ),
    ),
    "Azure Pipelines and Buildkite": (
        Variable(("AGENT_TEMPDIRECTORY",), "Where the page is written that Azure Pipelines attaches to the run.", "", "check, report"),
        Variable(("BUILDKITE_BIN_PATH",), "The folder of `buildkite-agent`, which annotates the build.", "that on PATH", "check, report"),
        Variable(("BUILDKITE_STEP_ID",), "The step whose annotation is replaced.", "", "check, report"),
    ),
    "GitLab and Azure Pipelines": (
        Variable(("CI_PROJECT_PATH", "CI_MERGE_REQUEST_PROJECT_PATH"), "The repository.", "", "check"),
        Variable(("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH",), "The repository that a merge request comes from.", "", "check"),
        Variable(
            ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"), "The commit to compare with.", "", "check"
        ),
        Variable(("CI_MERGE_REQUEST_LABELS",), "The labels of the merge request.", "", "check"),
        Variable(("BUILD_REPOSITORY_NAME",), "The repository.", "", "check"),
        Variable(("BUILD_SOURCEVERSION",), "The commit that is built.", "", "check"),
        Variable(("SYSTEM_PULLREQUEST_ISFORK",), "Whether the pull request comes from a fork.", "", "check"),
    ),
}  # fmt: skip


def list_sections(root: click.Context) -> dict[str, list[Variable]]:
    """Return all variables but those of CI systems, by the title of their section."""
    return {
        "Options of prompt-lint": list(_list_options(root)),
        **{title: list(rows) for title, rows in _FIXED.items()},
    }


def _list_options(root: click.Context) -> Iterator[Variable]:
    """Yield the variables of options, each with the commands that have the option."""
    commands: dict[str, list[str]] = {}
    options: dict[str, tuple[Option, click.Context]] = {}
    for context in list_commands(root):
        for param in context.command.params:
            if isinstance(param, Option) and param.envvar:
                commands.setdefault(str(param.envvar), []).append(context.command_path.split(" ", 1)[1])
                options.setdefault(str(param.envvar), (param, context))
    for name, (option, context) in sorted(options.items()):
        default = next((fact.text for fact in option.list_facts(context) if fact.label == "default"), "")
        yield Variable(
            (name,), f"`{option.opts[-1]}`: {option.help}", default, ", ".join(dict.fromkeys(commands[name]))
        )


def list_commands(context: click.Context) -> Iterator[click.Context]:
    """Yield a context for each command below this one that isn't a group, in the order of the help."""
    group = cast("click.Group", context.command)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        below = Context(cast("click.Command", command), parent=context, info_name=name)
        if isinstance(command, click.Group):
            yield from list_commands(below)
        else:
            yield below


def list_ci_systems() -> Iterator[tuple[str, str, Iterable[str]]]:
    """Yield each CI system with the address of its documentation, and the variables that are read of it."""
    for system in SYSTEMS:
        lists = (*system.pull_request, *system.target, *system.branch)
        names = (system.sign, *lists, system.default_branch, system.before, system.event)
        yield system.name, system.source, dict.fromkeys(filter(None, names))


def render_text(root: click.Context) -> str:
    formatter = root.make_formatter()
    for title, variables in list_sections(root).items():
        with formatter.section(title):
            formatter.write_dl([(", ".join(row.names), _describe(row)) for row in variables])
    with formatter.section("CI systems"):
        formatter.write_dl([(name, ", ".join(names)) for name, _, names in list_ci_systems()])
    return f"{formatter.getvalue().lstrip()}\nDocumentation: {DOCUMENTATION}/environment.md\n"


def _describe(variable: Variable) -> str:
    facts = {"default": variable.default, "used by": variable.commands}
    return " ".join((variable.meaning, *(f"[{label}: {text}]" for label, text in facts.items() if text)))
