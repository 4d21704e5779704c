"""Names of workspaces and keys: shown, chosen by, and ambiguous ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.admin_reports import fetch_and_fail, fetch_trends, select_events, sum_event_costs
from tests.support.admin_server import Event, Named
from tests.support.organizations import NOW

from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from tests.support.admin_server import AdminServer


def test_workspaces_have_their_names(server: AdminServer) -> None:
    """Archived ones, too, and the default one, which is null in the API."""
    server.events += [Event(NOW - timedelta(days=2), workspace_id="wrkspc_04Old", output=1)]
    names = {group.id: group.name for group in fetch_trends(server).groups["workspace"]}

    assert names == {
        "wrkspc_01Support": "Support agents", "wrkspc_02Search": "Search & answers", "wrkspc_03Evals": "Nightly evals",
        "wrkspc_04Old": "Retired pilot (archived)", "": "Default workspace",
    }  # fmt: skip


def test_names_of_keys_come_page_by_page(server: AdminServer) -> None:
    """Usage without a key has a name, too."""
    server.most = 1
    server.api_keys = [
        Named("apikey_upport", "ci"),
        Named("apikey_Search", "search"),
        Named("apikey_3Evals", "CI"),
    ]
    names = {group.name for group in fetch_trends(server, group_by=("api-key",)).groups["api-key"]}

    assert names == {"ci (apikey_upport)", "search", "CI (apikey_3Evals)", "no key (Console)"}


def test_ids_stand_in_for_names_that_are_refused(server: AdminServer) -> None:
    """An analytics key may not list workspaces; a note says so."""
    server.plan = lambda seen: "403" if "workspaces" in seen.route else None
    trends = fetch_trends(server)

    assert "wrkspc_01Support" in {group.name for group in trends.groups["workspace"]}
    assert any("workspaces are shown by their ids: " in note for note in trends.data.notes)


@pytest.mark.parametrize("workspace", ["Support agents", "wrkspc_01Support"])
def test_a_workspace_is_chosen_by_name_or_id(server: AdminServer, workspace: str) -> None:
    """Costs, which the API can't filter, are those of that workspace, too."""
    trends = fetch_trends(server, workspaces=(workspace,))
    events = [event for event in select_events(server, trends) if event.workspace_id == "wrkspc_01Support"]

    assert trends.totals.usage.tokens == sum(event.tokens() for event in events)
    assert trends.totals.cost == sum_event_costs(events)


def test_the_word_default_chooses_the_default_workspace(server: AdminServer) -> None:
    """It has no id that could be sent, so its rows are filtered here."""
    trends = fetch_trends(
        server, workspaces=("default",), group_by=("api-key", "context-window", "inference-geo", "speed")
    )
    events = [event for event in select_events(server, trends) if event.workspace_id is None]

    assert trends.totals.usage.tokens == sum(event.tokens() for event in events)
    assert trends.totals.cost == sum_event_costs(events)
    assert trends.totals.price_per_million is not None


def test_an_unknown_workspace_is_refused_with_the_known_ones(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip in a name makes no empty report."""
    error = fetch_and_fail(server, monkeypatch, workspaces=("Suport agents",))

    assert error.message == "there is no workspace 'Suport agents'"
    assert "Support agents" in error.hint


TWINS = (
    Named("wrkspc_01Support", "Twin"),
    Named("wrkspc_02Search", "Twin"),
    Named("wrkspc_04Old", "Twin", archived=True),
)


def test_an_ambiguous_name_is_refused(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the ids of all that have it."""
    server.workspaces = list(TWINS)
    error = fetch_and_fail(server, monkeypatch, workspaces=("Twin",))

    assert error.message == "3 workspaces are called 'Twin'"
    assert error.hint == "choose by id: wrkspc_01Support, wrkspc_02Search, wrkspc_04Old (archived)"
    assert error.exit_code == ExitCode.USAGE
    for chosen in ("wrkspc_01Support", "Twin (wrkspc_01Support)"):
        assert [g.name for g in fetch_trends(server, workspaces=(chosen,)).groups["workspace"]] == [
            "Twin (wrkspc_01Support)"
        ]


@pytest.mark.parametrize("name", ["default", "Default workspace", "DEFAULT WORKSPACE"])
def test_a_workspace_called_like_the_default_one_has_its_id_beside_its_name(
    server: AdminServer, name: str
) -> None:
    """`default` is the default workspace, whatever others are called."""
    server.workspaces = [Named("wrkspc_01Support", name)]
    names = {group.id: group.name for group in fetch_trends(server).groups["workspace"]}
    chosen = fetch_trends(server, workspaces=("default",))
    other = fetch_trends(server, workspaces=("wrkspc_01Support",))

    assert names[""] == "Default workspace"
    assert names["wrkspc_01Support"] == f"{name} (wrkspc_01Support)"
    assert [group.id for group in chosen.groups["workspace"]] == [""]
    assert [group.id for group in other.groups["workspace"]] == ["wrkspc_01Support"]
    assert any(
        "the one that is called 'default' is chosen by its id, wrkspc_01Support" in note
        for note in chosen.data.notes
    ) == (name == "default")


def test_the_default_workspace_is_chosen_by_its_name_in_the_report(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless another one has that name, too."""
    trends = fetch_trends(server, workspaces=("Default workspace",))
    server.workspaces = [Named("wrkspc_01Support", "Default workspace")]
    error = fetch_and_fail(server, monkeypatch, workspaces=("Default workspace",))

    assert [group.id for group in trends.groups["workspace"]] == [""]
    assert error.message == "2 workspaces are called 'Default workspace'"
    assert error.hint == "choose by id: wrkspc_01Support, default"


def test_a_key_is_no_workspace(server: AdminServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the names of keys are fetched."""
    server.api_keys = [Named("apikey_upport", "ci")]

    assert (
        "there is no workspace 'ci'"
        in fetch_and_fail(server, monkeypatch, workspaces=("ci",), group_by=("api-key",)).message
    )


def test_analytics_cannot_choose_the_default_workspace(
    server: AdminServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is said before anything is sent."""
    error = fetch_and_fail(server, monkeypatch, workspaces=("default", "Support agents"), source="analytics")

    assert "by its id only" in error.message
    assert server.requests == []
