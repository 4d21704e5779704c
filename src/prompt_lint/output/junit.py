"""`junit`: JUnit XML, a test suite for each file and a test for each prompt and model."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.output.findings import RULES, findings, of_verdicts
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_lint.model.values import Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding

# What stands in a test that didn't pass, in the order in which they are counted.
_OUTCOMES = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class _Case(NamedTuple):
    """A test: `outcome` is one of `_OUTCOMES`, or empty for one that passed; `lines` say what there is to say."""

    path: str
    name: str
    outcome: str
    rule: str
    lines: Sequence[str]


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    suites: dict[str, list[_Case]] = {}
    for case in _cases(report):
        suites.setdefault(case.path, []).append(case)
    cases = list(chain.from_iterable(suites.values()))
    # Skipped ones are counted by suites alone, as the schemas have it.
    counts = _counts(cases, ("failure", "error"))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="prompt-lint"{counts}>']
    for path, ours in suites.items():
        lines += _suite(path, ours)
    return "".join(f"{line}\n" for line in (*lines, "</testsuites>"))


def _cases(report: Report) -> Iterator[_Case]:
    """Of each verdict, and of what concerns none: problems, and limits that mustn't be loosened."""
    uncounted = {
        (verdict.prompt.path, verdict.prompt.line)
        for verdict in report.verdicts
        if verdict.status == "uncounted"
    }
    reasons: dict[tuple[str, int], list[str]] = {}
    for one in findings(report):
        place = one.path, one.line
        if one.rule == "uncounted" and not one.verdicts and place in uncounted:
            reasons.setdefault(place, []).extend(one.lines)
        elif one.level == "error" and not one.verdicts:
            yield _Case(one.path, _unnamed(one), _outcome(one), one.rule, one.lines)
    for verdict in report.verdicts:
        yield _case(report, verdict, reasons.get((verdict.prompt.path, verdict.prompt.line), []))


def _unnamed(one: Finding) -> str:
    """What a test is called that is about no prompt."""
    if one.rule == "loosened":
        return f"{one.name}: limits"
    return f"line {one.line}" if one.line else "file" if one.path else "run"


def _outcome(one: Finding) -> str:
    return "error" if one.rule in {"configuration", "uncounted"} else "failure"


def _case(report: Report, verdict: Verdict, reasons: Sequence[str]) -> _Case:
    prompt = verdict.prompt
    name = f"{prompt.name}: {verdict.model}" if prompt.name else verdict.model
    if verdict.status == "ok":
        return _Case(prompt.path, name, "", "", ())
    found = of_verdicts(report, [verdict])
    if verdict.status == "uncounted":
        return _Case(prompt.path, name, "error", found.rule, [*found.lines, *reasons])
    skipped = verdict.status == "exempt" or verdict.is_preexisting
    outcome = "failure" if verdict.fails else "skipped" if skipped else ""
    return _Case(prompt.path, name, outcome, found.rule, found.lines)


def _suite(path: str, cases: Sequence[_Case]) -> Iterator[str]:
    yield f'  <testsuite name="{_xml(path or "prompt-lint")}"{_counts(cases, tuple(_OUTCOMES))}>'
    for case in cases:
        file = f' file="{_xml(path)}"' if path else ""
        start = f'    <testcase name="{_xml(case.name)}" classname="{_xml(path or "prompt-lint")}"{file}'
        if not case.lines:
            yield f"{start}/>"
            continue
        yield f"{start}>"
        yield f"      {_told(case)}"
        yield "    </testcase>"
    yield "  </testsuite>"


def _told(case: _Case) -> str:
    """What is beside a test: why it failed or was skipped; of one that passed, what there is to be warned of."""
    text = "\n".join(map(_xml, case.lines))
    if not case.outcome:
        return f"<system-out>{RULES[case.rule]}: {text}</system-out>"
    first = _xml(case.lines[0])
    return f'<{case.outcome} type="{case.rule}" message="{first}">{text}</{case.outcome}>'


def _counts(cases: Sequence[_Case], outcomes: Sequence[str]) -> str:
    numbers = {_OUTCOMES[one]: sum(case.outcome == one for case in cases) for one in outcomes}
    return "".join(f' {name}="{number}"' for name, number in ({"tests": len(cases)} | numbers).items())


def _xml(text: str) -> str:
    """As text or in an attribute. What XML 1.0 has no place for, controls and lone surrogates, is told by its number."""
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;")
