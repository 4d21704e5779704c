"""`prompt-lint report`: options → fetched usage and costs → trends → outputs → exit code."""

from __future__ import annotations

from datetime import UTC
from decimal import localcontext
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.api.credentials import find_admin_credential
from prompt_lint.model.counts import EMPTY_COUNT, subtract_counts
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.models import explain_id
from prompt_lint.output.delivery import add_summary, choose_targets
from prompt_lint.output.report_reader import read_report
from prompt_lint.text.money import EXACT_CONTEXT
from prompt_lint.usage.admin_api.lists import POLICY
from prompt_lint.usage.admin_api.queries import DEFAULT_WORKSPACE, LAG, Query, find_earliest
from prompt_lint.usage.admin_api.usage_data import fetch_usage_data
from prompt_lint.usage.billed_prices import compute_prompt_costs
from prompt_lint.usage.delivery import deliver_report, write_warnings
from prompt_lint.usage.fail_conditions import evaluate_condition, explain_missing_figure, parse_condition
from prompt_lint.usage.period import find_month, plan_period
from prompt_lint.usage.pull_requests import refuse_pull_request
from prompt_lint.usage.trends import compute_trends
from prompt_lint.usage.values import (
    DIMENSIONS,
    MOST_DIMENSIONS,
    CheckedPrompts,
    PromptTokens,
    UsageReport,
    midnight,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.output.delivery import DescribeInput, OutputOptions
    from prompt_lint.usage.values import Bucket, FailCondition, Period, Source, UsageData

_DEFAULT_DAYS = 7
_DEFAULT_DIMENSIONS = ("model", "workspace")


class Options(NamedTuple):
    """Options of the command line. `month` is `2026-10`, `this` or `last`. `first` and `last` are days, inclusive, without a zone; `check` is a path."""

    days: int | None = None
    month: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    source: Source = "messages"
    bucket: Bucket = "1d"
    group_by: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    check: str | None = None
    fail_on: tuple[str, ...] = ()
    deadline: float = POLICY.deadline


def run(
    env: Mapping[str, str],
    options: Options,
    output: OutputOptions,
    now: datetime,
    describe_input: DescribeInput,
) -> ExitCode:
    """Make the report and write its outputs. Raises `Fatal`."""
    refuse_pull_request(env)
    conditions = _parse_conditions(options.fail_on)
    targets = add_summary(choose_targets(output, env, describe_input), env, describe_input)
    checked = read_prompts(options.check) if options.check else None
    credential = find_admin_credential(env, analytics=options.source == "analytics")
    with localcontext(EXACT_CONTEXT):
        report = make_report(credential, options, conditions, checked, now)
        exit_code = deliver_report(report, targets, output, env)
    write_warnings(report, targets, env)
    return exit_code


def _parse_conditions(texts: Sequence[str]) -> list[FailCondition]:
    conditions = []
    for text in texts:
        try:
            conditions.append(parse_condition(text))
        except ValueError as error:
            raise Fatal(f"--fail-on {text[:100]!r} {error}") from None
    return conditions


def read_prompts(check_file: str) -> CheckedPrompts:
    """Read the prompts that `check` counted. Raises `Fatal` for a file that isn't its JSON output."""
    report = read_report(check_file, follow_links=True)
    prompts = [
        PromptTokens(
            verdict.prompt.path,
            verdict.prompt.name,
            verdict.model,
            verdict.token_count,
            verdict.growth_count,
            verdict.prompt.is_group,
        )
        for verdict in report.verdicts
        if verdict.token_count
    ]
    removed = [
        PromptTokens(prompt.path, prompt.name, model, EMPTY_COUNT, subtract_counts(EMPTY_COUNT, base))
        for prompt, model, base in report.removed
    ]
    uncounted = {verdict.prompt[:2] for verdict in report.verdicts if verdict.token_count is None}
    return CheckedPrompts(check_file, report.base is not None, [*prompts, *removed], len(uncounted))


def make_report(
    credential: KeyCredential,
    options: Options,
    conditions: Sequence[FailCondition],
    checked: CheckedPrompts | None,
    now: datetime,
) -> UsageReport:
    """Fetch and compute everything that the outputs show. Raises `Fatal`."""
    dimensions = tuple(dict.fromkeys(options.group_by)) or _DEFAULT_DIMENSIONS
    if len(dimensions) > MOST_DIMENSIONS:
        raise Fatal(f"--group-by takes {MOST_DIMENSIONS} at most", f"out of {', '.join(DIMENSIONS)}")
    _refuse_contradictions(options)
    for model in options.models:  # nobody has used one that is misspelt, so any condition would pass
        if mistake := explain_id(model):
            raise Fatal(f"--model: `{model}` {mistake}", "`prompt-lint models` lists the known ones")
    query = Query(options.source, options.bucket, dimensions, options.models, options.workspaces)
    policy = POLICY._replace(deadline=options.deadline)
    period = _plan_period(options, now, now - LAG)
    for condition in conditions:  # one that no report could meet would pass for one that is watched
        if missing := explain_missing_figure(condition, options.source, period):
            reason, hint = missing
            raise Fatal(f"--fail-on {condition.text!r} can never be met: {reason}", hint)
    period, data = _fetch_complete(credential, options, query, policy, period)
    trends = compute_trends(data, period, options.bucket, dimensions)
    return UsageReport(
        trends,
        [evaluate_condition(condition, trends) for condition in conditions],
        checked,
        compute_prompt_costs(checked, trends) if checked else (),
        () if period.previous_window else ("This source has no data of the window before.",),
        _describe_filters(options, data),
        credential.host,
        credential.obeyed_variables,
    )


def _refuse_contradictions(options: Options) -> None:
    """Raises `Fatal` where the options name more than one window."""
    if options.first and options.days:
        raise Fatal(
            "--from and --days contradict each other", "name the last day with --to, or leave out --days"
        )
    if options.month is not None and (options.days or options.first or options.last):
        raise Fatal("--month says all of the window", "leave out --days, --from and --to, or --month")


def _plan_period(options: Options, now: datetime, complete_until: datetime) -> Period:
    earliest = find_earliest(options.source, now)
    first, last = (day and day.replace(tzinfo=UTC) for day in (options.first, options.last))
    if options.month is not None:
        first, last = find_month(options.month, now)
    return plan_period(now, complete_until, options.days or _DEFAULT_DAYS, first, last, earliest)


def _fetch_complete(
    credential: KeyCredential, options: Options, query: Query, policy: RequestPolicy, period: Period
) -> tuple[Period, UsageData]:
    """Fetch a window of complete days. Where the source turns out not to have finished them, fetch an earlier one."""
    for _ in range(3):
        data = fetch_usage_data(credential, query, period, policy)
        if midnight(data.complete_until) >= period.complete_end:
            return period, data
        period = _plan_period(options, period.now, data.complete_until)
    raise Fatal(
        "not fetched: the source returns less each time it is asked", "run again later", ExitCode.UNCOUNTED
    )


def _describe_filters(options: Options, data: UsageData) -> list[str]:
    workspaces = (
        "the default workspace"
        if workspace == DEFAULT_WORKSPACE
        else f"workspace {data.names.get(workspace, workspace)}"
        for workspace in options.workspaces
    )
    return [*(f"model {model}" for model in options.models), *workspaces]
