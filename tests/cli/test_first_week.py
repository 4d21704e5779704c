"""docs/first-week.md: its steps, one after the other, on a repository with prompts below and above the limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

PAGE = (ROOT / "docs" / "first-week.md").read_text(encoding="utf-8")
WORKFLOW = (ROOT / "examples" / "workflows" / "prompts.yml").read_text(encoding="utf-8")
DIFFS = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SENTENCE = "Answer the customer in one short sentence.\n"


def apply_diff(text: str, diff: str) -> str:
    """Apply a diff without line numbers; each line that stays or goes has to be there, once, in this order."""
    before = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line[0] != "+")
    after = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line[0] != "-")
    assert text.count(before) == 1
    return text.replace(before, after)


def test_the_steps_on_the_workflow() -> None:
    """The first lets everything pass, the second takes that back."""
    first, second = DIFFS[:2]

    changed = apply_diff(WORKFLOW, first)

    assert changed.endswith("          comment: true\n          args: --exit-zero\n")
    assert apply_diff(changed, second) == WORKFLOW


def test_the_steps_on_the_configuration(repo: Repo, lint: Callable[..., Done]) -> None:
    """What the page says of each: what fails, what doesn't, and what is said of it."""
    [config] = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    growth, ratchet, everything = DIFFS[2:]

    def check(*arguments: str) -> tuple[int, dict[str, tuple[str, str, bool]]]:
        done = lint("check", "--offline", "--output-format", "json", *arguments)
        return done.code, {
            v["path"]: (v["status"], v["standing"], v["inherited"]) for v in done.report["verdicts"]
        }

    def configure(diff: str) -> None:
        repo.write(".prompt-lint.yaml", apply_diff((repo.path / ".prompt-lint.yaml").read_text(), diff))

    repo.write(".prompt-lint.yaml", config)
    repo.write("prompts/legacy.md", SENTENCE * 80)
    repo.write("prompts/middle.md", SENTENCE * 30)
    repo.write("prompts/small.md", SENTENCE * 10)
    repo.commit()
    assert [check()[0], check("--exit-zero")[0]] == [1, 0]  # day 1

    repo.git("switch", "--quiet", "--create", "change")
    repo.write("prompts/small.md", SENTENCE * 30)
    code, verdicts = check("--base", "main")  # day 2
    assert (code, verdicts["prompts/legacy.md"]) == (0, ("over", "unchanged", True))

    configure(growth)
    code, verdicts = check("--base", "main")  # day 3
    assert (code, verdicts["prompts/small.md"][0]) == (1, "grew")

    repo.write("prompts/small.md", SENTENCE * 10)
    repo.commit()
    repo.git("branch", "--force", "main")
    configure(ratchet)
    code, verdicts = check("--base", "main")  # day 4
    assert (code, verdicts["prompts/middle.md"]) == (0, ("over", "unchanged", True))
    assert "tighter" in lint("check", "--offline", "--base", "main").out
    repo.commit()
    repo.git("branch", "--force", "main")
    repo.write("prompts/middle.md", SENTENCE * 31)
    assert check("--base", "main")[0] == 1

    repo.write("prompts/middle.md", SENTENCE * 20)
    configure(everything.replace("2027-03-31", "2099-03-31"))
    assert check("--base", "main")[0] == 1  # day 5: the exemption is new
    repo.commit()
    repo.git("branch", "--force", "main")
    code, verdicts = check()
    assert (code, verdicts["prompts/legacy.md"][0]) == (0, "exempt")
