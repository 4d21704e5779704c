"""Sums by dimension, and what changed most."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from tests.support.usage_values import DIMENSIONS, NOW, make_data, make_period
from tests.usage.test_trends import COSTS, USAGE

from prompt_lint.usage import values
from prompt_lint.usage.admin_api.rows import API_DIMENSIONS
from prompt_lint.usage.tables import DIMENSION_NAMES
from prompt_lint.usage.trends import compute_trends
from prompt_lint.usage.values import CostRow, Usage, UsageRow


@given(USAGE, COSTS)
def test_changes_of_groups_add_up_to_the_whole_change(usage: list[UsageRow], costs: list[CostRow]) -> None:
    """No part of a change is lost between the combinations."""
    trends = compute_trends(make_data(usage, costs), make_period(), "1d", DIMENSIONS)

    if trends.previous_totals:
        assert (
            sum(change.difference for change in trends.group_changes)
            == trends.totals.cost - trends.previous_totals.cost
        )


def test_a_dimension_by_which_the_api_has_no_costs_compares_tokens() -> None:
    """As `messages` has none by API key."""
    period = make_period()
    usage = [
        UsageRow(period.window.start, ("m", "k", "standard"), Usage(output=5)),
        UsageRow(
            period.previous_window.start if period.previous_window else NOW,
            ("m", "k", "standard"),
            Usage(output=2),
        ),
    ]
    data = make_data(usage, [])._replace(usage_dimensions=("model", "api-key", "service-tier"))
    trends = compute_trends(data, period, "1d", ("api-key",))

    assert trends.groups["api-key"][0].cost is None
    assert trends.group_changes[0] == (("k",), Decimal(5), Decimal(2), False)


def test_dimensions_are_the_same_everywhere() -> None:
    """In requests and in titles."""
    assert set(values.DIMENSIONS) == set(API_DIMENSIONS) == set(DIMENSION_NAMES)
