"""`gitlab`: a Code Quality report. Facts: GitLab's documentation of its format, November 2026."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from prompt_lint.output.findings import findings, title
from prompt_lint.text.escape import encodable, inert, visible

if TYPE_CHECKING:
    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

_SEVERITIES: dict[Level, str] = {"error": "major", "warning": "minor", "notice": "info"}
# Nothing is known of a prompt that wasn't counted, nor of any while the configuration is at fault.
_WORSE = {"configuration": "blocker", "uncounted": "critical"}


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    seen: dict[str, int] = {}
    found = [one for one in findings(report, each_model=True) if one.rule != "note"]
    return inert(json.dumps([_issue(one, report, seen) for one in found], indent=2)) + "\n"


def _issue(one: Finding, report: Report, seen: dict[str, int]) -> dict[str, Any]:
    path = encodable(one.path or report.config or ".").removeprefix("./")
    return {
        "description": f"{title(one)}: {' '.join(map(visible, one.lines))}",
        "check_name": one.rule,
        "fingerprint": _fingerprint(one, path, seen),
        "severity": _WORSE.get(one.rule, _SEVERITIES[one.level]),
        "location": {"path": path, "lines": {"begin": max(one.line, 1)}},
    }


def _fingerprint(one: Finding, path: str, seen: dict[str, int]) -> str:
    """Of what makes two findings the same in two commits, never of a count: GitLab compares them by it."""
    what = "\0".join((one.rule, path, encodable(one.name), *(encodable(v.model) for v in one.verdicts)))
    seen[what] = number = seen.get(what, 0) + 1
    return sha256(f"{what}\0{number}".encode()).hexdigest()[:32]
