"""`junit`: JUnit XML, a test suite for each file and a test for each prompt and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.output.findings import KINDS, collect_findings, is_remarkable, verdict_finding
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding

# The element of a test that didn't pass → the attribute that counts these elements.
_COUNTERS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class _Case(NamedTuple):
    """A test. `outcome` is a key of `_COUNTERS`, or empty for a test that passed; `lines` say why, or warn."""

    path: str
    name: str
    outcome: str
    kind: str
    lines: Sequence[str]


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    cases = list(_cases(report))
    suites: dict[str, list[_Case]] = {}
    for case in cases:
        suites.setdefault(case.path, []).append(case)
    # By the schemas, only suites count their skipped tests.
    counts = _count_attributes(cases, ("failure", "error"))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="prompt-lint"{counts}>']
    for path, of_path in suites.items():
        lines += _suite(path, of_path)
    return "".join(f"{line}\n" for line in (*lines, "</testsuites>"))


def _cases(report: Report) -> Iterator[_Case]:
    """Yield a test for each verdict, and for each error or warning that is about none."""
    uncounted = {(v.prompt.path, v.prompt.line) for v in report.verdicts if v.status == "uncounted"}
    reasons: dict[tuple[str, int], list[str]] = {}
    for finding in collect_findings(report):
        place = finding.path, finding.line
        if finding.kind == "uncounted" and not finding.verdicts and place in uncounted:
            reasons.setdefault(place, []).extend(finding.lines)
        elif finding.level == "error" and not finding.verdicts:
            outcome = "error" if finding.kind in {"configuration", "uncounted"} else "failure"
            yield _Case(finding.path, _case_name(finding), outcome, finding.kind, finding.lines)
        elif finding.kind in {"no-base", "lost-import", "empty"}:
            yield _Case(finding.path, _case_name(finding), "", finding.kind, finding.lines)
    for verdict in report.verdicts:
        yield _verdict_case(report, verdict, reasons.get((verdict.prompt.path, verdict.prompt.line), []))


def _case_name(finding: Finding) -> str:
    """Return the name of a test that is about no verdict."""
    if finding.kind == "loosened":
        return f"{finding.name}: limits"
    return f"line {finding.line}" if finding.line else "file" if finding.path else "run"


def _verdict_case(report: Report, verdict: Verdict, reasons: Sequence[str]) -> _Case:
    prompt = verdict.prompt
    name = f"{prompt.name}: {verdict.model}" if prompt.name else verdict.model
    if not is_remarkable(verdict):
        return _Case(prompt.path, name, "", "", ())
    finding = verdict_finding(report, [verdict])
    if verdict.status == "uncounted":
        return _Case(prompt.path, name, "error", finding.kind, [*finding.lines, *reasons])
    is_skipped = verdict.status == "exempt" or verdict.is_preexisting
    outcome = "failure" if verdict.fails else "skipped" if is_skipped else ""
    return _Case(prompt.path, name, outcome, finding.kind, finding.lines)


def _suite(path: str, cases: Sequence[_Case]) -> Iterator[str]:
    name = _escape(path or "prompt-lint")
    yield f'  <testsuite name="{name}"{_count_attributes(cases, tuple(_COUNTERS))}>'
    for case in cases:
        file = f' file="{_escape(path)}"' if path else ""
        start = f'    <testcase name="{_escape(case.name)}" classname="{name}"{file}'
        if case.lines:
            yield f"{start}>"
            yield f"      {_outcome_element(case)}"
            yield "    </testcase>"
        else:
            yield f"{start}/>"
    yield "  </testsuite>"


def _outcome_element(case: _Case) -> str:
    """Return why a test failed or was skipped; for one that passed, its warning."""
    text = "\n".join(map(_escape, case.lines))
    if not case.outcome:
        return f"<system-out>{KINDS[case.kind]}: {text}</system-out>"
    first = _escape(case.lines[0])
    return f'<{case.outcome} type="{case.kind}" message="{first}">{text}</{case.outcome}>'


def _count_attributes(cases: Sequence[_Case], outcomes: Sequence[str]) -> str:
    numbers = {_COUNTERS[outcome]: sum(case.outcome == outcome for case in cases) for outcome in outcomes}
    return "".join(f' {name}="{number}"' for name, number in ({"tests": len(cases)} | numbers).items())


def _escape(text: str) -> str:
    """Escape text or an attribute. Controls and lone surrogates, which XML 1.0 can't hold, become their numbers."""
    text = escape_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;")
