"""The badge of docs/badge.md: its recipe is run as it is printed."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from tests.support.paths import ROOT
from tests.support.program import PROGRAM, run

if TYPE_CHECKING:
    from tests.support.repo import Repo


def test_the_badge_has_the_tokens_and_the_verdict(repo: Repo) -> None:
    """Green within the limits, red beyond one, grey where the run says nothing of them."""
    page = (ROOT / "docs/badge.md").read_text(encoding="utf-8")
    [recipe] = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    env = os.environ | {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    repo.write("a.md", "Be kind. " * 1000)

    def make_badge(limit: str) -> tuple[str, str]:
        repo.write(
            ".prompt-lint.yaml", f"models: claude-sonnet-5-5\nprompts: [{{files: a.md, limit: {limit}}}]\n"
        )
        run(repo, "sh", "-c", recipe, env=env)
        badge = json.loads((repo.path / "badge.json").read_text())
        assert (badge.pop("schemaVersion"), badge.pop("label")) == (1, "prompts")
        return badge["message"], badge["color"]

    within, over = make_badge("9k"), make_badge("1k")
    [verdict] = json.loads((repo.path / "report.json").read_text())["verdicts"]
    tokens = f"{verdict['tokens']:,} tokens"
    assert [within, over, make_badge("none")] == [
        (tokens, "brightgreen"), (tokens, "red"), ("not checked", "lightgrey"),
    ]  # fmt: skip
