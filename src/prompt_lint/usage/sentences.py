"""The sentences of a report, which its outputs share. Plain text: each output escapes it for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.text.cutting import cut_text
from prompt_lint.text.money import format_money, round_half_up
from prompt_lint.text.plural import pluralize
from prompt_lint.usage.billed_prices import sum_growth_costs
from prompt_lint.usage.fail_conditions import MONEY_METRICS
from prompt_lint.usage.figures import format_day, format_minute, format_percent, format_tokens, format_window
from prompt_lint.usage.groups import has_cost_by
from prompt_lint.usage.sums import relative_change, share
from prompt_lint.usage.tables import DIMENSION_NAMES
from prompt_lint.usage.values import DAY, DAYS_PER_MONTH, MESSAGES_DIMENSIONS, UNBILLED_TIER

if TYPE_CHECKING:
    from decimal import Decimal

    from prompt_lint.usage.values import (
        ConditionResult,
        FailCondition,
        Forecast,
        GrowthCost,
        Trends,
        UsageReport,
    )

_TIMES = "\N{MULTIPLICATION SIGN}"
_LONGEST_NAME = 60
# The number of a condition has as many.
_MOST_PLACES = 9

NO_REPORT = "prompt-lint could not make the report"
NO_USAGE = (
    "Is it the right organization, and do --model and --workspace name what is used there? Usage of Claude "
    "subscriptions, and of Claude on other clouds, is in no report of the API."
)


def describe_previous_window(days: int) -> str:
    return "the day before" if days == 1 else f"the {pluralize(days, 'day')} before"


def write_headline(trends: Trends) -> str:
    """Say the whole report in a sentence: how much, for when, and how that compares with the window before."""
    window, totals, currency = trends.period.window, trends.totals, trends.data.currency
    days = f"{pluralize(window.days, 'day')} ({format_window(window)}, UTC)"
    sums = f"{format_money(totals.cost, currency)} and {format_tokens(totals.usage.tokens)} tokens in {days}"
    previous = trends.previous_totals
    if trends.is_idle and previous:
        before = f"{format_money(previous.cost, currency)} and {format_tokens(previous.usage.tokens)} tokens"
        return f"No usage in {days}, after {before} in {describe_previous_window(window.days)}{_mention_today(trends)}."
    if trends.is_idle:
        return f"No usage in {days}{_mention_today(trends)}."
    if previous is None:
        return f"{sums}; there is no window before to compare with."
    previous_days = describe_previous_window(window.days)
    relative = relative_change(totals.cost, previous.cost)
    if relative is None:
        amount = format_money(previous.cost, currency) if previous.cost else "nothing"
        return f"{sums}; {previous_days} cost {amount}."
    if not round_half_up(100 * relative, 1):
        return f"{sums}: as much as in {previous_days}."
    change = f"{format_percent(abs(relative))} {'more' if relative > 0 else 'less'}"
    return f"{sums}: {change} than the {format_money(previous.cost, currency)} of {previous_days}."


def list_remarks(trends: Trends) -> list[str]:
    """List what to know besides the headline: why the window is cut, and what changed most."""
    return [text for text in (explain_cut_window(trends), explain_change(trends)) if text]


def _mention_today(trends: Trends) -> str:
    """Return what was used on the unfinished day, for a sentence that ends with it; "" where nothing was."""
    today = trends.today
    if today is None or not (any(today.usage) or today.cost):
        return ""
    cost = format_money(today.cost, trends.data.currency)
    return f"; {name_unfinished_day(trends)} {cost} and {format_tokens(today.usage.tokens)} tokens"


def explain_cut_window(trends: Trends) -> str:
    """Say that the window ends before the day that was asked for, and why; "" where it doesn't."""
    period = trends.period
    if period.requested_end is None:
        return ""
    last, requested = (format_day(end - DAY, year=True) for end in (period.window.end, period.requested_end))
    reason = "later days aren't over"
    if period.has_unfinished_day:
        reason = f"the source's figures are complete through {format_minute(trends.data.complete_until)}"
    return f"The window ends on {last} and not on {requested}, as asked: {reason}."


def explain_change(trends: Trends) -> str:
    """Say which combination of groups changed most; "" where nothing changed or is compared."""
    if not trends.group_changes or trends.previous_totals is None:
        return ""
    change, currency = trends.group_changes[0], trends.data.currency
    names = [cut_text(name, _LONGEST_NAME) for name in change.group_names]
    name = (" in " if tuple(trends.groups) == ("model", "workspace") else ", ").join(names)
    if not change.is_cost:
        return f"What changed most: {name}, {format_tokens(change.difference, sign=True)} tokens."
    total = trends.totals.cost - trends.previous_totals.cost
    is_part = total * change.difference > 0 and abs(change.difference) <= abs(total)
    whole = format_money(total, currency, sign=True)
    amount = f"{format_money(change.difference, currency, sign=True)}{f' of {whole}' if is_part else f'; {whole} in all'}"
    return f"What changed most: {name}, {amount}."


def describe_forecast(forecast: Forecast, currency: str) -> str:
    average = "that of the last whole day"
    if forecast.averaged_days > 1:
        average = f"the average of the last {pluralize(forecast.averaged_days, 'whole day')}"
    return (
        f"{forecast.month:%B %Y} comes to {format_money(forecast.total, currency)} if it goes on like this: "
        f"{format_money(forecast.so_far, currency)} in {pluralize(forecast.past_days, 'whole day')}, "
        f"then {pluralize(forecast.remaining_days, 'day')} (today included) at {format_money(forecast.daily_cost, currency)}, {average}."
    )


def describe_today(trends: Trends) -> str:
    """Say what is known of the unfinished day; "" where it doesn't follow on the window."""
    today, complete_until = trends.today, trends.data.complete_until
    if today is None:
        return ""
    sums = f"{format_money(today.cost, trends.data.currency)}, {format_tokens(today.usage.tokens)} tokens"
    day = f"Today so far ({format_day(today.start)}, through {complete_until:%H:%M} UTC)"
    if trends.period.has_unfinished_day:
        day = f"{format_day(today.start)}, which the source hasn't finished (through {format_minute(complete_until)})"
    return f"{day}: {sums}; in no total above, never compared."


def name_unfinished_day(trends: Trends) -> str:
    if trends.period.has_unfinished_day:
        return f"{format_day(trends.period.complete_end)} so far"
    return "today so far"


def describe_result(result: ConditionResult, currency: str) -> str:
    """Return the figure of a condition, and what it is compared with: `cost +27.8% (allowed: +20%)`."""
    condition = result.condition
    if result.actual is None:
        return f"{condition.text}: can't be decided, there is no figure to compare"
    figure = _format_figure(condition, result.actual, currency)
    bound = condition.text.removeprefix(condition.metric).lstrip(" <>=$")
    word = {"<": "required: ", "<=": "required: above ", ">=": "allowed: under "}.get(
        condition.operator, "allowed: "
    )
    return f"{condition.metric} {figure} ({word}{bound})"


def _format_figure(condition: FailCondition, actual: Decimal, currency: str) -> str:
    """Format with so many decimals that the rounded figure is above, below or at the bound as the exact one is."""
    bound = -condition.value if condition.operator == "-" else condition.value
    distance = abs(actual - bound)
    places = -distance.adjusted() if distance else len(f"{bound:f}".partition(".")[2])
    places = min(_MOST_PLACES, places)
    if condition.unit == "%":
        return format_percent(actual / 100, sign=condition.operator in "+-", places=max(1, places))
    if condition.metric in MONEY_METRICS:
        return format_money(actual, currency, places=places if places > 2 else None) + condition.unit
    is_close = distance < 1 or distance < abs(actual) / 100
    figure = f"{round_half_up(actual, max(0, places)):,f}" if is_close else format_tokens(actual)
    return figure + condition.unit


def list_caveats(report: UsageReport) -> list[str]:
    trends, data = report.trends, report.trends.data
    variables = ", ".join(report.obeyed_variables)
    fetched = f"it was fetched from {report.host} at {format_minute(trends.period.now)}"
    caveats = [
        f"Data goes through {format_minute(data.complete_until)}; {fetched}. Days are UTC days.",
        *([f"Set in the environment, and obeyed by what was sent: {variables}."] if variables else []),
        *_list_missing_costs(trends),
        "Requests that were blocked may show as usage without a cost.",
    ]
    if data.source == "messages":
        caveats.append("This source counts no requests; --source analytics does.")
    caveats += [*_list_saving_gaps(trends), *_list_late_start(trends)]
    if report.filters:
        caveats.append(f"Only {', '.join(report.filters)}.")
        if any(text.startswith("model") for text in report.filters):
            caveats.append(
                "Costs without a model (web searches, code execution) are left out by the choice of models."
            )
    return [*caveats, *data.notes, *report.notes]


def _list_missing_costs(trends: Trends) -> list[str]:
    data = trends.data
    unbilled = sum(
        row.usage.tokens
        for row in data.price_usage_rows
        if row.group[1] == UNBILLED_TIER and trends.period.window.contains(row.start)
    )
    part = share(unbilled, trends.totals.usage.tokens)
    tokens = f": {format_tokens(unbilled)} tokens of this window, {format_percent(part)}" if unbilled else ""
    caveats = [
        f"Priority Tier is paid for by commitment, so its usage is in the tokens and not in the costs{tokens}."
    ]
    missing = [DIMENSION_NAMES[name] for name in trends.groups if not has_cost_by(data, (name,))]
    if missing:
        caveats.append(
            f"This source has no cost by {' or '.join(missing)}, so tokens are shown there.{_advise_on_costs(trends)}"
        )
    elif data.source == "messages" and not data.estimated_dimensions:
        caveats.append("This source has no cost by API key; --source analytics does.")
    if data.estimated_dimensions:
        names = " and ".join(DIMENSION_NAMES[name] for name in data.estimated_dimensions)
        caveats.append(
            f"Cost by {names} is an estimate, since this source has none: the costs of each day, model and service tier are divided "
            "by the tokens of each kind, and those of searches by their number."
            + (" --source analytics has the real ones." if "api-key" in data.estimated_dimensions else "")
        )
    return caveats


def _advise_on_costs(trends: Trends) -> str:
    """Return how to get costs by the dimensions that have none; "" where there is no way."""
    if any(name in MESSAGES_DIMENSIONS for name in trends.groups):
        return " With fewer --group-by they are estimated."
    if "api-key" in trends.groups:
        return " --source analytics has them; with fewer --group-by they are estimated."
    return " --source analytics has them."


def _list_saving_gaps(trends: Trends) -> list[str]:
    windows = (("", trends.totals), (" in the window before", trends.previous_totals))
    return [
        f"Saved by the cache isn't known{window}: {totals.saving_gap}."
        for window, totals in windows
        if totals and totals.saving_gap
    ]


def _list_late_start(trends: Trends) -> list[str]:
    """An organization that began in the middle of the previous window is compared with fewer days."""
    if trends.previous_totals is None:
        return []
    used = [day.start for day in trends.previous_days if day.usage.tokens or day.cost]
    if not used or used[0] < trends.previous_days[0].start + 2 * DAY:
        return []
    first = format_day(used[0], year=True)
    return [f"The window before has no usage until {first}: the changes compare it with fewer days."]


def explain_prompt_costs(report: UsageReport) -> list[str]:
    data, window, checked = report.trends.data, report.trends.period.window, report.checked
    if checked is None:
        return []
    calls = (
        f"Cost per 1,000 calls = tokens of the prompt {_TIMES} 1,000 {_TIMES} what a token of input really cost at that model "
        "in this window, cached and uncached together. An estimate: a prompt that is cached more than the rest costs less."
    )
    if any(prompt.tokens.low < prompt.tokens.high for prompt in checked.prompts):
        calls += " ± is what tokens that were counted offline leave open."
    if any(prompt.tokens.is_disputed for prompt in checked.prompts):
        calls += " A disputed number is one that a gateway and the offline count disagree about: the higher of the two is priced."
    if not checked.is_compared:
        how = "run `prompt-lint check --base …` to see what a change costs"
        return [calls, f"{checked.file} has no growth: {how}."]
    if not data.has_requests:
        return [calls, "What growth costs a month needs the number of requests: run with --source analytics."]
    growth = (
        f"Growth a month = tokens grown, or all of a new prompt, {_TIMES} requests to that model in {DAYS_PER_MONTH} days "
        f"(those of this window / {window.days} {_TIMES} {DAYS_PER_MONTH}) {_TIMES} the same price, "
        "as if each of those requests carried the prompt: so at that price it is the most it can be."
    )
    return [
        describe_growth_cost(sum_growth_costs(checked, report.prompt_costs), data.currency),
        calls,
        growth,
    ]


def describe_growth_cost(cost: GrowthCost, currency: str) -> str:
    """Say what a change costs a month: a range, since nobody knows which prompts the requests carry."""
    less, more = format_money(-cost.low, currency), format_money(cost.high, currency)
    subject = "What is compared of this change" if cost.left_out else "This change"
    if cost.low and cost.high:
        text = f"{subject} costs between {less} less and {more} more a month, by which prompts the requests carry; an estimate."
    elif cost.high:
        text = (
            f"{subject} costs up to {more} more a month, by how many requests carry the prompts; an estimate."
        )
    elif cost.low:
        text = f"{subject} saves up to {less} a month, by how many requests carry the prompts; an estimate."
    else:
        text = f"{subject} costs nothing more a month."
    return text + (f" Left out: {', '.join(cost.left_out)}." if cost.left_out else "")
