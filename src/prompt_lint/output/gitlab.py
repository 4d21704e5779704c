"""`gitlab`: a Code Quality report. Source: GitLab's documentation of its format, November 2026."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from prompt_lint.output.findings import collect_findings, identify
from prompt_lint.text.escape import dump_json, escape_line, escape_surrogates

if TYPE_CHECKING:
    from prompt_lint.model.values import Report
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

_SEVERITY_OF_LEVEL: dict[Level, str] = {"error": "major", "warning": "minor", "notice": "info"}
# Nothing is known of a prompt that wasn't counted, nor of any while the configuration is at fault.
_SEVERITY_OF_KIND = {"configuration": "blocker", "uncounted": "critical"}


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    seen: dict[str, int] = {}
    findings = [finding for finding in collect_findings(report, each_model=True) if finding.kind != "note"]
    return dump_json([_issue(finding, report, seen) for finding in findings])


def _issue(finding: Finding, report: Report, seen: dict[str, int]) -> dict[str, Any]:
    path = escape_surrogates(finding.path or report.config_path or ".").removeprefix("./")
    identity, number = identify(finding, path, seen)
    return {
        "description": f"{finding.title}: {' '.join(map(escape_line, finding.lines))}",
        "check_name": finding.kind,
        "fingerprint": sha256(f"{identity}\0{number}".encode()).hexdigest()[:32],
        "severity": _SEVERITY_OF_KIND.get(finding.kind, _SEVERITY_OF_LEVEL[finding.level]),
        "location": {"path": path, "lines": {"begin": max(finding.line, 1)}},
    }
