"""`report --check`: what a change costs a month, from the JSON output of a real check or one that is made up."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.admin_reports import CheckedPrompt, render_check
from tests.support.admin_server import Event
from tests.support.organizations import NOW

from prompt_lint.usage.output import USAGE_OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.admin_server import AdminServer
    from tests.support.program import Done
    from tests.support.repo import Repo
    from tests.usage.conftest import Run

MODEL = "claude-sonnet-5-5"
# Two dollars a million, and 7,000 requests a week: 30,000 in 30 days. So a token that all of them carry costs 6 cents a month.
TRAFFIC = [Event(NOW - timedelta(days=1), MODEL, uncached=100_000_000, requests=7000)]
CENTS = Decimal("0.06")


def prompt(path: str, tokens: int | None, growth: int | None = None, **given: Any) -> CheckedPrompt:
    return CheckedPrompt(path, given.pop("model", MODEL), tokens, growth, **given)


@pytest.fixture
def price(server: AdminServer, run: Run) -> Callable[..., Any]:
    """Return the `check` of the JSON output for a file of prompts, which is written first."""

    def price_prompts(content: str) -> Any:
        server.events = TRAFFIC
        with open("result.json", "w", encoding="utf-8") as file:
            file.write(content)
        return json.loads(
            run(server, "--source=analytics", "--check=result.json", "--output-format=json").out
        )["check"]

    return price_prompts


@pytest.mark.parametrize(
    ("prompts", "low", "high", "sentence"),
    [
        (
            [prompt("a.md", 500, 375), prompt("b.md", 125, -375)],
            "-22.500000",
            "22.500000",
            "This change costs between $22.50 less and $22.50 more a month, by which prompts the requests carry; an estimate.",
        ),
        (
            [prompt("a.md", 500, 100), prompt("all", 900, 100, is_group=True)],
            "0.000000",
            "6.000000",
            "What is compared of this change costs up to $6.00 more a month, by how many requests carry the prompts; an estimate. Left out: 1 group (so that no prompt counts twice).",
        ),
        (
            [prompt("all", 900, 100, is_group=True)],
            "0.000000",
            "6.000000",
            "This change costs up to $6.00 more a month, by how many requests carry the prompts; an estimate.",
        ),
        (
            [prompt("new.md", 187, change="new")],
            "0.000000",
            "11.220000",
            "This change costs up to $11.22 more a month, by how many requests carry the prompts; an estimate.",
        ),
        (
            [prompt("old.md", 0, -100, change="removed")],
            "-6.000000",
            "0.000000",
            "This change saves up to $6.00 a month, by how many requests carry the prompts; an estimate.",
        ),
        (
            [prompt("a.md", 500, 0, change="unchanged", spread=9)],
            "0.000000",
            "0.000000",
            "This change costs nothing more a month.",
        ),
        (
            [prompt("a.md", 500, 0, spread=9)],
            "-1.080000",
            "1.080000",
            "This change costs between $1.08 less and $1.08 more a month, by which prompts the requests carry; an estimate.",
        ),
        (
            [prompt("a.md", 500, 100, base_spread=5)],
            "0.000000",
            "6.300000",
            "This change costs up to $6.30 more a month, by how many requests carry the prompts; an estimate.",
        ),
        (
            [prompt("a.md", 500), prompt("b.md", 9, 9, model="claude-opus-5-5"), prompt("c.md", None)],
            "0.000000",
            "0.000000",
            "What is compared of this change costs nothing more a month. Left out: 1 prompt that can't be compared, 1 prompt whose model has no usage in this window, 1 prompt without a count.",
        ),
    ],
    ids=[
        "up and down",
        "group",
        "only a group",
        "new",
        "removed",
        "unchanged",
        "offline",
        "exact now, offline in the base",
        "left out",
    ],
)
def test_a_change_costs_a_range(
    price: Callable[..., Any], prompts: Sequence[CheckedPrompt], low: str, high: str, sentence: str
) -> None:
    """From all cuts to all growths, since nobody knows which prompts the requests carry; each prompt once, new ones whole."""
    check = price(render_check(prompts))

    assert check["growth_cost_per_month"] | {"left_out": []} == {"low": low, "high": high, "left_out": []}
    assert check["formula"].startswith(sentence)


def test_the_output_of_check_is_priced(
    price: Callable[..., Any], lint: Callable[..., Done], repo: Repo
) -> None:
    """A prompt that grew, one that shrank, a new one, a removed one, and their sum, counted offline."""
    repo.write(
        ".prompt-lint.yaml",
        f"models: [{MODEL}]\nlimit: 8000\nprompts: [{{files: 'prompts/*.md'}}]\ngroups: [{{name: all, sum: ['prompts/*.md'], limit: 9000}}]\n",
    )
    for name, words in {"grown": 40, "cut": 80, "old": 20, "same": 30}.items():
        repo.write(f"prompts/{name}.md", "Answer briefly, and in English. " * words)
    repo.commit()
    (repo.path / "prompts/old.md").unlink()
    for name, words in {"grown": 60, "cut": 10}.items():
        repo.write(f"prompts/{name}.md", "Answer briefly, and in English. " * words)
    repo.write("prompts/new.md", "Summarise the ticket for the person on call.\n")
    done = lint("check", "--offline", "--base=HEAD", "--output-format=json")
    removed = done.report["removed"][0]
    counts = {v["path"].removeprefix("prompts/"): v for v in done.report["verdicts"] if v["kind"] == "prompt"}
    check = price(done.out)
    growth = {row["path"].removeprefix("prompts/"): row["growth"] for row in check["prompts"]}
    grown, cut = counts["grown.md"], counts["cut.md"]

    assert growth["new.md"] == counts["new.md"]["tokens"] > 0
    assert growth["old.md"] == -removed["base_tokens"] < 0
    assert growth["same.md"] == 0
    assert Decimal(check["growth_cost_per_month"]["high"]) == CENTS * (
        grown["high"] - grown["base_low"] + counts["new.md"]["high"]
    )
    assert Decimal(check["growth_cost_per_month"]["low"]) == CENTS * (
        cut["low"] - cut["base_high"] - removed["base_high"]
    )
    assert check["growth_cost_per_month"]["left_out"] == ["1 group (so that no prompt counts twice)"]


@pytest.mark.parametrize("name", [name for name in USAGE_OUTPUTS if name != "csv"])
def test_every_number_says_how_sure_it_is(server: AdminServer, run: Run, name: str) -> None:
    """Tokens that were counted offline, and the money that they cost; those of the API have no interval."""
    server.events = TRAFFIC
    prompts = [prompt("offline.md", 500, 100, spread=10), prompt("exact.md", 400, 50)]
    with open("result.json", "w", encoding="utf-8") as file:
        file.write(render_check(prompts))
    out = run(server, "--source=analytics", "--check=result.json", f"--output-format={name}").out
    numbers: tuple[str, ...] = ("500 ±10", "$1.00 ±$0.02", "+100 ±20", "+$6.00 ±$1.20")
    if name == "json":
        rows = {row["path"]: row for row in json.loads(out)["check"]["prompts"]}
        numbers = ('"tokens_low": 490', '"growth_high": 120', '"growth_cost_per_month_low": "4.800000"')
        assert rows["exact.md"]["growth_low"] == rows["exact.md"]["growth_high"] == 50

    assert all(number in out for number in numbers)
    assert "400 ±" not in out


@pytest.mark.parametrize("name", [name for name in USAGE_OUTPUTS if name != "csv"])
def test_every_output_names_a_disputed_number(server: AdminServer, run: Run, name: str) -> None:
    """The higher number is priced, and nobody takes it for one that all agree on."""
    server.events = TRAFFIC
    checked = json.loads(render_check([prompt("a.md", 100_000, 0)]))
    dispute = {"disputed": True, "disputed_tokens": 57, "disputed_low": 54, "disputed_high": 60}
    checked["verdicts"][0] |= dispute
    with open("result.json", "w", encoding="utf-8") as file:
        json.dump(checked, file)

    out = run(server, "--source=analytics", "--check=result.json", f"--output-format={name}").out

    if name == "json":
        [row] = json.loads(out)["check"]["prompts"]
        assert [row["disputed"], row["disputed_tokens"]] == [True, 57]
        assert [row["disputed_tokens_low"], row["disputed_tokens_high"]] == [54, 60]
    else:
        assert "100,000 (disputed: 57 ±3)" in out.replace("\u00a0", " ")
        assert "the higher of the two is priced" in out
