"""`reserve`: room in a limit for what comes at run time, such as the values of a template's placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion
    from tests.support.program import Done
    from tests.support.repo import Repo

CONFIG = """\
models: claude-sonnet-5-5
prompts:
  - {files: prompts/*.md, limit: 2000, reserve: 1500}
  - {files: prompts/large.md, limit: 2000, reserve: 1900}
  - {files: prompts/tight.md, limit: 2000, reserve: 1500}
  - {files: prompts/unsure.md, limit: 2000, reserve: 1904}
groups:
  - {name: all, sum: [prompts/*.md], limit: 1500, reserve: 500}
"""
SENTENCE = "Answer the customer in one sentence.\n"


@pytest.fixture
def changed(repo: Repo) -> Repo:
    """A change makes one prompt larger than its reserve leaves it, and reserves more for another; it lowers one reserve."""
    repo.write(".prompt-lint.yaml", CONFIG)
    for name, lines in {"small": 10, "near": 32, "large": 12, "tight": 20, "unsure": 7}.items():
        repo.write(f"prompts/{name}.md", SENTENCE * lines)
    repo.commit()
    repo.write("prompts/large.md", SENTENCE * 18)
    repo.write("prompts/near.md", SENTENCE * 33)
    tighter = CONFIG.replace("tight.md, limit: 2000, reserve: 1500", "tight.md, limit: 2000, reserve: 1900")
    repo.write(".prompt-lint.yaml", tighter.replace("1500, reserve: 500", "1500, reserve: 400"))
    return repo


def test_a_reserve_is_shown_apart_and_judged_with_the_prompt(
    changed: Repo, lint: Callable[..., Done], snapshot: SnapshotAssertion
) -> None:
    """What is over, unsure, near, over by a raised reserve. A group has its own reserve, and none of its members'."""
    arguments = ("check", "--offline", "--base=HEAD")

    assert lint(*arguments, "-v").out == snapshot
    assert lint(*arguments, "--output-format=markdown").out == snapshot
    assert lint(*arguments, "--output-format=github").out == snapshot
    assert lint("list", "--offline").out == snapshot
    assert (
        "warns at 90% of the limit, 1,500 of it reserved\n"
        in lint("explain", "--offline", "prompts/near.md").out
    )


def test_a_reserve_that_leaves_less_than_the_prompt_has_is_no_reason_to_cut(
    changed: Repo, lint: Callable[..., Done]
) -> None:
    """Nobody can cut more than there is. With `--limit`, the option is what is too low."""
    changed.write(".prompt-lint.yaml", CONFIG.replace("2000, reserve: 1900", "2000, reserve: 1999"))
    advice = "Raise the limit (or lower its reserve): .prompt-lint.yaml:4\n"

    assert advice in lint("check", "--offline", "prompts/large.md").out
    too_low = lint("check", "--limit", "1800")
    message = "--limit: a reserve of 1,999 leaves nothing of the limit of 1,800, so no prompt could pass"
    hint = "give a higher limit, or lower the reserve: .prompt-lint.yaml:4"
    assert (too_low.code, too_low.err) == (2, f"error: {message}\n{hint}\n")


def test_json_has_the_reserve_beside_the_limit(changed: Repo, lint: Callable[..., Done]) -> None:
    """Tokens and growth are the prompt's own; so are those of the base."""
    report = lint("check", "--offline", "--base=HEAD", "--output-format=json").report

    verdicts = {verdict["name"] or verdict["path"]: verdict for verdict in report["verdicts"]}
    large, tight, group = (verdicts[name] for name in ("prompts/large.md", "prompts/tight.md", "all"))
    assert large["over_by"] == large["tokens"] + 1900 - 2000
    assert (tight["status"], tight["inherited"], tight["growth"]) == ("over", True, 0)
    assert [
        (v["limit"], v["reserve"], v["base_limit"], v["base_reserve"]) for v in (large, tight, group)
    ] == [
        (2000, 1900, 2000, 1900),
        (2000, 1900, 2000, 1500),
        (1500, 400, 1500, 500),
    ]
