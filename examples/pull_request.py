"""Builds a repository with a change in it, to try a comparison on: `python examples/pull_request.py FOLDER`.

The branch `main` has prompts within their limits (but for one), the branch `change`, which is checked out, has one of
everything: a prompt that grew beyond its limit and one that grew too fast, a shrunk, a new, a renamed, a deleted, an
exempt and a malformed one, and a limit that was raised. Nothing in it depends on the day, the machine or the user.
"""  # noqa: INP001  # a script, and no package

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFIG = """\
models: [claude-sonnet-5-5]
limit: 300
max_growth: {tokens: 40, percent: 20}
prompts:
  - files: prompts/*.md
    role: system
  - files: prompts/support.md
    role: system
    limit: 240
    message: The support prompt is sent with every ticket. Long examples belong into prompts/examples.json.
  - files: prompts/billing.md
    role: system
    limit: 100
  - files: prompts/*.json
    format: request
exempt:
  - files: prompts/legacy.md
    reason: It is replaced by the new agent in spring.
    until: 2099-03-31
"""
RULES = [
    "Answer in the language of the customer.",
    "Say what you did, then what the customer has to do, if anything.",
    "Never promise a date, a refund or a discount that the tools don't show.",
    "Ask one question at a time, and only if the answer changes what you do.",
    "Quote order numbers as they are written in the ticket.",
    "Hand over to a person as soon as somebody asks for one.",
    "If a tool fails twice, say so and stop trying.",
    "Keep an answer below 120 words, unless steps have to be listed.",
]
EXAMPLES = [
    "Customer: My parcel says delivered, but there is nothing here.",
    "Agent: I am sorry about that. The carrier left it with a neighbour at number 14 yesterday at 16:20.",
    "Agent: If it isn't there, answer this message and I will open a search with the carrier today.",
    "Customer: I was charged twice for order 2026-11-4711.",
    "Agent: You are right, there are two payments of 39.90. I have sent the second one back; you needn't do anything.",
]
STEPS = [
    "Show where orders are, and how to follow one.",
    "Offer the newsletter once, and take a no for an answer.",
]


def prompt(title: str, *sections: tuple[str, list[str]]) -> str:
    """A Markdown prompt with a list in each section."""
    parts = [f"# {title}\n"]
    parts += [f"\n## {heading}\n\n" + "".join(f"- {line}\n" for line in lines) for heading, lines in sections]
    return "".join(parts)


REVIEWER = [
    *RULES[:3],
    "Comment on what a change does, not on who wrote it.",
    "One remark for each cause, not for each line.",
]
BEFORE = {
    ".prompt-lint.yaml": CONFIG,
    "prompts/billing.md": prompt("Billing", ("Rules", RULES[2:5])),
    "prompts/escalate.md": prompt("Handing over", ("Rules", RULES[3:7])),
    "prompts/farewell.md": prompt("Closing a ticket", ("Rules", RULES[:2])),
    "prompts/greeting.md": prompt("Greeting", ("Rules", RULES[:1])),
    "prompts/legacy.md": prompt(
        "The old agent", ("Rules", RULES), ("Examples", EXAMPLES), ("Once more", RULES[2:6])
    ),
    "prompts/policy.md": prompt(
        "Company policy", ("Rules", RULES), ("Examples", EXAMPLES), ("And", RULES[:3])
    ),
    "prompts/reviewer.md": prompt("Reviewing answers", ("Rules", REVIEWER), ("Examples", EXAMPLES[:2])),
    "prompts/search.json": '{"messages": [{"role": "user", "content": "Find the order."}]}\n',
    "prompts/support.md": prompt("Support", ("Rules", RULES)),
    "prompts/triage.md": prompt("Triage", ("Rules", RULES[:4])),
}
AFTER: dict[str, str | None] = {
    ".prompt-lint.yaml": CONFIG.replace("limit: 100", "limit: 150"),
    "prompts/escalate.md": None,
    "prompts/farewell.md": None,
    "prompts/handover.md": prompt("Handing over", ("Rules", [*RULES[3:7], RULES[0]])),
    "prompts/legacy.md": prompt(
        "The old agent", ("Rules", RULES), ("Examples", EXAMPLES), ("Once more", RULES[2:7])
    ),
    "prompts/onboarding.md": prompt("Onboarding", ("First steps", STEPS)),
    "prompts/reviewer.md": prompt("Reviewing answers", ("Rules", REVIEWER)),
    "prompts/search.json": '{"messages": [{"role": "user", "content": "Find the order."}\n',
    "prompts/support.md": prompt("Support", ("Rules", RULES), ("Examples", EXAMPLES)),
    "prompts/triage.md": prompt("Triage", ("Rules", RULES[:4]), ("Examples", EXAMPLES[:2])),
}


def build(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for message, files in (("The prompts", BEFORE), ("Examples for support and triage", AFTER)):
        if files is AFTER:
            git(folder, "checkout", "--quiet", "-b", "change")
        for name, content in files.items():
            write(folder / name, content)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", f"--message={message}")


def write(path: Path, content: str | None) -> None:
    if content is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())


def git(folder: Path, *arguments: str) -> None:
    """Git as it is by itself, at a day of its own."""
    who = {f"GIT_{one}_{key}": value for one in ("AUTHOR", "COMMITTER")
           for key, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"), ("DATE", "2026-11-02T09:00:00Z"))}  # fmt: skip
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", "-c", "core.autocrlf=false", *arguments], cwd=folder, env=plain | settings | who, check=True
    )


if __name__ == "__main__":
    if len(sys.argv) != 2 or Path(sys.argv[1]).exists():
        sys.exit("usage: python examples/pull_request.py FOLDER, which isn't there yet")
    build(Path(sys.argv[1]))
    print(f"Now try: cd {sys.argv[1]} && prompt-lint check --base main")
