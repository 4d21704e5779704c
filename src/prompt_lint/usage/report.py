"""`report`: environment and options → usage and cost → every output. Reads nothing of the repository but what `--check` names."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from decimal import localcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.api import credentials
from prompt_lint.ci.workflow_commands import append_summary, count_bytes, format_command, has_runner
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.models import find_model
from prompt_lint.output.terminal import wants_color, write_file, write_stdout
from prompt_lint.text.escape import visible
from prompt_lint.usage import admin_api, figures, trends
from prompt_lint.usage.fail_conditions import evaluate_condition, parse_condition
from prompt_lint.usage.figures import UsageReport
from prompt_lint.usage.output import REPORTS
from prompt_lint.usage.trends import DIMENSIONS, MOST_DIMENSIONS, PromptTokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.usage.fail_conditions import FailCondition
    from prompt_lint.usage.trends import Bucket, Period, Source, Trends, UsageData

DAYS = 7
GROUPS = ("model", "workspace")
LARGEST_CHECK = 64 * 1024 * 1024
LARGEST_COUNT = 2**31 - 1

# Variables by which CI systems say that a pull request is at work, and the values that say that none is.
_PULL_REQUESTS = (
    "GITHUB_HEAD_REF", "CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID", "SYSTEM_PULLREQUEST_PULLREQUESTID",
    "BITBUCKET_PR_ID", "CIRCLE_PULL_REQUEST", "BUILDKITE_PULL_REQUEST", "TRAVIS_PULL_REQUEST", "CHANGE_ID",
    "DRONE_PULL_REQUEST", "APPVEYOR_PULL_REQUEST_NUMBER", "CIRRUS_PR",
)  # fmt: skip
_NONE = {"", "false", "0"}
# Events that anybody can cause, or that carry what a pull request made.
_EVENTS = ("pull_request", "issue", "discussion", "workflow_run", "fork", "watch", "merge_group", "check_")


class Options(NamedTuple):
    """What the command line asks for. `first` and `last` are days, inclusive; `check` is a path."""

    days: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    source: Source = "messages"
    bucket: Bucket = "1d"
    group_by: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    check: str | None = None
    fail_on: tuple[str, ...] = ()
    deadline: float = admin_api.POLICY.deadline


def clock() -> datetime:
    """The time of day. Tests set it."""
    return datetime.now(UTC)


def run(
    env: Mapping[str, str],
    options: Options,
    *,
    output_format: str,
    output_file: str | None,
    outputs: Sequence[tuple[str, str]],
    color: str,
) -> ExitCode:
    """The whole command. Raises `Fatal`."""
    refuse_pull_request(env)
    thresholds = _thresholds(options.fail_on)
    _refuse_empty(options, output_file)
    targets = _targets(env, output_format, output_file, outputs, options.check)
    checked = read_check(options.check) if options.check else ()
    way = credentials.find_admin_credential(env, analytics=options.source == "analytics")
    with localcontext(trends.EXACT_CONTEXT):
        report = make_report(way, options, thresholds, checked, clock())
        _deliver(report, targets, None if output_file else output_format, env, color)
    _warn(report, env, shown=output_format == "text" and not output_file)
    return ExitCode.OVER_LIMIT if report.met_conditions else ExitCode.OK


def _refuse_empty(options: Options, output_file: str | None) -> None:
    """A variable that isn't set where a command line names it would pass for an option that wasn't given."""
    given = {
        "--check": [options.check],
        "--output-file": [output_file],
        "--model": options.models,
        "--workspace": options.workspaces,
    }
    for name, values in given.items():
        if any(value is not None and not value.strip() for value in values):
            raise Fatal(f"{name} is empty", "give it a value, or leave it out; is a variable in it not set?")


def refuse_pull_request(env: Mapping[str, str]) -> None:
    """Raises `Fatal` where a pull request is at work: an Admin key can manage the organization."""
    event = env.get("GITHUB_EVENT_NAME", "")
    named = next((name for name in _PULL_REQUESTS if env.get(name, "").lower() not in _NONE), "")
    ref = env.get("GITHUB_REF", "")
    if ref.startswith(("refs/pull/", "refs/heads/gh-readonly-queue/")):  # whatever the event is called
        named = f"GITHUB_REF is {ref[:60]}"
    elif event.startswith(_EVENTS):
        named = f"GITHUB_EVENT_NAME is {event[:40]}"
    elif env.get("CI_PIPELINE_SOURCE", "") in {"merge_request_event", "external_pull_request_event"}:
        named = "CI_PIPELINE_SOURCE is a merge request's"
    elif env.get("BUILD_REASON", "") == "PullRequest":
        named = "BUILD_REASON is PullRequest"
    elif named:
        named = f"{named} is set"
    if named:
        raise Fatal(
            f"a report doesn't run for a pull request ({named}): its Admin key can manage the whole organization",
            "run it on `schedule`, `workflow_dispatch` or a `push` to the default branch, with the key in an environment\n"
            "for pull requests, `prompt-lint check` needs no such key",
        )


def make_report(
    way: credentials.KeyCredential,
    options: Options,
    conditions: Sequence[FailCondition],
    prompts: Sequence[PromptTokens],
    now: datetime,
) -> UsageReport:
    """Fetches and sums up. Raises `Fatal`."""
    options = options._replace(first=_utc(options.first), last=_utc(options.last))
    dimensions = tuple(dict.fromkeys(options.group_by)) or GROUPS
    if len(dimensions) > MOST_DIMENSIONS or not set(dimensions) <= set(DIMENSIONS):
        raise Fatal(f"--group-by takes {MOST_DIMENSIONS} at most", f"out of {', '.join(DIMENSIONS)}")
    if options.first and options.days:
        raise Fatal(
            "--from and --days contradict each other", "name the last day with --to, or leave out --days"
        )
    query = admin_api.Query(options.source, options.bucket, dimensions, options.models, options.workspaces)
    policy = admin_api.POLICY._replace(deadline=options.deadline)
    when, data = _fetched(way, options, query, policy, now)
    trends_ = trends.compute_trends(data, when, options.bucket, dimensions)
    costs = trends.compute_prompt_costs(prompts, trends_, _same(prompts, trends_))
    judged = tuple(evaluate_condition(one, trends_) for one in conditions)
    return UsageReport(trends_, judged, options.check or "", costs, _notes(when), _filters(options, data))


def _fetched(
    way: credentials.KeyCredential,
    options: Options,
    query: admin_api.Query,
    policy: RequestPolicy,
    now: datetime,
) -> tuple[Period, UsageData]:
    """What was whole by the clock may not be by the data: then a window of days that are is looked at."""
    through = now - admin_api.LAG
    for _ in range(3):
        when = _plan(options, now, through)
        data = admin_api.fetch(way, query, when, policy)
        if trends.midnight(data.complete_until) >= when.complete_end:
            return when, data
        through = data.complete_until
    raise Fatal(
        "not fetched: the source tells less each time it is asked", "run again later", ExitCode.UNCOUNTED
    )


def _utc(day: datetime | None) -> datetime | None:
    return day and day.replace(tzinfo=UTC)


def _plan(options: Options, now: datetime, through: datetime) -> Period:
    earliest = admin_api.earliest(options.source, now)
    return trends.plan_period(now, through, options.days or DAYS, options.first, options.last, earliest)


def _notes(when: Period) -> tuple[str, ...]:
    return ("This source tells nothing of the window before.",) if when.previous_window is None else ()


def _filters(options: Options, data: UsageData) -> tuple[str, ...]:
    return (
        *(f"model {model}" for model in options.models),
        *(
            "the default workspace"
            if given == admin_api.DEFAULT
            else f"workspace {data.names.get(given, given)}"
            for given in options.workspaces
        ),
    )


def _same(checked: Sequence[PromptTokens], found: Trends) -> Mapping[str, str]:
    """The report's name for each model of the prompts: ids with a date and aliases without one mean the same."""
    told = [price.model for price in found.prices]
    same = {}
    for name in {prompt.model for prompt in checked} - set(told):
        known = find_model(name)
        match = next(
            (one for one in told if known and (other := find_model(one)) and other.id == known.id), None
        )
        if match:
            same[name] = match
    return same


def _thresholds(given: Sequence[str]) -> tuple[FailCondition, ...]:
    found = []
    for text in given:
        try:
            found.append(parse_condition(text))
        except ValueError as error:
            raise Fatal(f"--fail-on {text[:100]!r} {error}") from None
    return tuple(found)


# ---------------------------------------------------------------------------------------------------------
# The result of `check`: data, whoever wrote it


def read_check(path: str) -> tuple[PromptTokens, ...]:
    """Raises `Fatal` for what isn't the JSON output of `check`."""
    try:
        if not os.path.isfile(path):
            raise Fatal(
                f"{path} is no file", "--check takes what `prompt-lint check --output json=FILE` wrote"
            )
        with open(path, "rb") as file:
            data = file.read(LARGEST_CHECK + 1)
    except OSError as error:
        raise Fatal(f"{path} can't be read: {error.strerror}") from None
    try:
        document = json.loads(data) if len(data) <= LARGEST_CHECK else None
    except (ValueError, RecursionError):
        document = None
    verdicts = document.get("verdicts") if isinstance(document, dict) else None
    if (
        not isinstance(document, dict)
        or document.get("schema_version") != 1
        or not isinstance(verdicts, list)
    ):
        raise Fatal(
            f"{path} isn't the JSON output of `prompt-lint check`",
            "make it with: prompt-lint check --output json=result.json",
        )
    return tuple(
        one for n, verdict in enumerate(verdicts, 1) if (one := _counted(verdict, f"{path}: verdict {n}"))
    )


def _counted(verdict: Any, place: str) -> PromptTokens | None:
    """None for a prompt that wasn't counted."""
    if not isinstance(verdict, dict):
        raise _not_ours(place, "is no object")
    for key in ("path", "name", "model"):
        if not isinstance(verdict.get(key), str) or len(verdict[key]) > 4096:
            raise _not_ours(place, f"has no valid `{key}`")
    for key, least in (("tokens", 0), ("base_tokens", 0), ("growth", -LARGEST_COUNT)):
        value = verdict.get(key)
        # `bool` is an `int`: so the type itself.
        if value is not None and (type(value) is not int or not least <= value <= LARGEST_COUNT):
            raise _not_ours(place, f"has no valid `{key}`")
    tokens, base, growth = (verdict.get(key) for key in ("tokens", "base_tokens", "growth"))
    if tokens is None:
        return None
    if growth is None and base is not None:
        growth = tokens - base
    return PromptTokens(verdict["path"], verdict["name"], verdict["model"], tokens, growth)


def _not_ours(place: str, what: str) -> Fatal:
    return Fatal(f"{place} {what}, so `prompt-lint check` didn't write it", "make the file anew")


# ---------------------------------------------------------------------------------------------------------
# Outputs


def _targets(
    env: Mapping[str, str],
    output_format: str,
    output_file: str | None,
    outputs: Sequence[tuple[str, str]],
    check: str | None,
) -> list[tuple[str, str]]:
    """Files by format. The step summary is not among them. Raises `Fatal` where two would be one file."""
    targets = [*outputs, *([(output_format, output_file)] if output_file else [])]
    paths = [os.path.realpath(path) for _, path in targets]
    if len(set(paths)) < len(paths) or "-" in [path for _, path in targets]:
        raise Fatal("each output needs a file of its own", "stdout is where --output-format goes without -o")
    summary = env.get("GITHUB_STEP_SUMMARY")
    if summary and os.path.realpath(summary) in paths:
        raise Fatal("the step summary gets the report by itself", "leave out that --output")
    if check and any(_same_file(check, path) for path in (*paths, *([summary] if summary else []))):
        raise Fatal(f"the report would overwrite {check}, which --check reads", "name another file for it")
    return targets


def _same_file(one: str, other: str) -> bool:
    """Also by another name: a link, or other letters where their case doesn't matter."""
    try:
        return os.path.samefile(one, other)
    except OSError:  # what isn't there yet is no other file
        return False


def _deliver(
    report: UsageReport,
    targets: Sequence[tuple[str, str]],
    on_stdout: str | None,
    env: Mapping[str, str],
    color: str,
) -> None:
    """Stdout last, so that files are there if it is lost. What can't be written ends the run once the rest is."""
    lost = []
    for name, path in targets:
        try:
            write_file(path, REPORTS[name].render(report))
        except Fatal as error:
            lost.append(error)
    try:
        _append_to_summary(report, env.get("GITHUB_STEP_SUMMARY", ""))
    except Fatal as error:
        lost.append(error)
    if on_stdout:
        write_stdout(REPORTS[on_stdout].render(report, color=wants_color(color, env)))
    if lost:
        raise Fatal(
            lost[0].message, lost[0].hint, ExitCode.OVER_LIMIT if report.met_conditions else lost[0].exit_code
        )


def _append_to_summary(report: UsageReport, path: str) -> None:
    if not path:
        return
    whole = REPORTS["markdown"].render(report)
    headline = f"**{figures.headline(report.trends)}** The rest didn't fit.\n"
    try:
        append_summary(path, lambda room: next((t for t in (whole, headline) if count_bytes(t) <= room), ""))
    except OSError as error:
        raise Fatal(
            f"could not write the step summary: {error.strerror}", exit_code=ExitCode.UNCOUNTED
        ) from None


def _warn(report: UsageReport, env: Mapping[str, str], *, shown: bool) -> None:
    """A warning for a window that was cut, and for each threshold that is crossed, on stderr: stdout may be JSON.

    GitHub reads annotations there, too.
    """
    cut = figures.explain_cut_window(report.trends)
    crossed = (figures.describe_result(one, report.trends.data.currency) for one in report.met_conditions)
    for sentence in (*([cut] if cut else []), *crossed):
        told = visible(sentence)
        if has_runner(env):
            print(format_command("warning", told, title="Claude usage and cost"), file=sys.stderr)
        elif not shown:
            print(f"warning: {told}", file=sys.stderr)
