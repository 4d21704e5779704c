"""`sarif`: SARIF 2.1.0, as GitHub's code scanning and other collectors take it. Facts: GitHub's documentation of SARIF, November 2026."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from prompt_lint import __version__
from prompt_lint.model.errors import ExitCode
from prompt_lint.output import phrases
from prompt_lint.output.findings import findings
from prompt_lint.text.escape import encodable, inert, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.values import Note, Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

# GitHub refuses a file with more, or one that is larger once it is compressed.
MOST_RESULTS = 25_000
LARGEST = 10_000_000

_LEVELS: dict[Level, str] = {"error": "error", "warning": "warning", "notice": "note"}
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")

# Id → name, level, what it means, what to do. Collectors remember results by the ids: they don't change.
_RULES = {
    "configuration": (
        "ConfigurationFault", "error", "The configuration is at fault.",
        "Mend .prompt-lint.yaml as the message says: until then some prompts may not be measured."),
    "over-limit": (
        "PromptOverLimit", "error", "A prompt has more tokens than its limit.",
        "Cut the prompt: the message names its largest sections. Or raise the limit in .prompt-lint.yaml."),
    "grew": (
        "GrewTooMuch", "error", "A prompt grew by more than max_growth allows in one change.",
        "Cut what this change adds, or allow more growth in .prompt-lint.yaml."),
    "loosened": (
        "LimitsLoosened", "warning", "This change allows more than its base did.",
        "Let the owner of the limits review the change of .prompt-lint.yaml. on_raise says whether it fails."),
    "broken-limit": (
        "ToolLimitBroken", "error", "A file breaks a limit of the tool it is written for.",
        "Shorten it as the message says: the tool would cut it, or not load it."),
    "uncounted": (
        "NotCounted", "error", "A prompt could not be read or counted, so nothing is known of its size.",
        "Mend the file as the message says, or give ANTHROPIC_API_KEY where an exact count is needed."),
    "unsure": (
        "LimitInsideInterval", "warning", "The limit lies inside the interval of an offline count.",
        "Give ANTHROPIC_API_KEY for an exact count, or cut the prompt a little more."),
    "near-limit": (
        "PromptNearLimit", "warning", "A prompt is close to its limit.",
        "Cut the prompt before it fails. warn_at in .prompt-lint.yaml says what close is."),
}  # fmt: skip
_PLACES = {rule: place for place, rule in enumerate(_RULES)}


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    """The worst results first, and as many as GitHub takes."""
    found = [one for one in findings(report, each_model=True) if one.path and one.rule in _RULES]
    seen: dict[str, int] = {}
    results = [_result(one, report, seen) for one in found[:MOST_RESULTS]]
    text = _written(report, results, len(found) - len(results))
    while results and not _fits(text):
        results = results[: len(results) // 2]
        text = _written(report, results, len(found) - len(results))
    return text


def _fits(text: str) -> bool:
    if len(text) <= LARGEST:
        return True
    import zlib  # noqa: PLC0415  # few files are so large

    return len(zlib.compress(text.encode("ascii"), 1)) <= LARGEST


def _written(report: Report, results: Sequence[dict[str, Any]], left: int) -> str:
    run = {
        "tool": {"driver": {
            "name": "prompt-lint", "semanticVersion": __version__,
            "rules": [_descriptor(rule) for rule in _RULES],
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, left)],
        "results": results,
    }  # fmt: skip
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return inert(json.dumps(document, indent=2)) + "\n"


def _descriptor(rule: str) -> dict[str, Any]:
    name, level, told, hint = _RULES[rule]
    return {
        "id": rule,
        "name": name,
        "shortDescription": {"text": told},
        "fullDescription": {"text": f"{told} {hint}"},
        "help": {"text": hint},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["prompt", "tokens"], "precision": "very-high", "problem.severity": level},
    }


def _invocation(report: Report, left: int) -> dict[str, Any]:
    """Whether all could be done, and what concerns no place: problems of the run, notes, and what was left out."""
    said = [_notification("error", *filter(None, (p.message, p.hint))) for p in report.problems if not p.path]
    said += [_notification("note", phrases.notes([note])[0], at=note) for note in report.notes]
    if left:
        told = f"{phrases.several(left, 'result')} more did not fit: the worst are here"
        said.append(_notification("warning", told))
    return {
        "executionSuccessful": report.exit_code in {ExitCode.OK, ExitCode.OVER_LIMIT},
        "exitCode": int(report.exit_code),
        "toolExecutionNotifications": said,
    }


def _notification(level: str, *lines: str, at: Note | None = None) -> dict[str, Any]:
    place = {"locations": [_location(at.path, at.line)]} if at and at.path else {}
    return {"level": level, "message": {"text": _text(lines)}, **place}


def _result(one: Finding, report: Report, seen: dict[str, int]) -> dict[str, Any]:
    found = {
        "ruleId": one.rule,
        "ruleIndex": _PLACES[one.rule],
        "level": _LEVELS[one.level],
        "message": {"text": _text(one.lines)},
        "locations": [_location(one.path, one.line, one.name)],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(one, seen)},
    }
    for verdict in one.verdicts[:1]:
        state = _state(verdict) if report.base else ""
        found |= {"baselineState": state} if state else {}
        if verdict.status == "exempt" and verdict.exemption:
            reason = visible(verdict.exemption.reason)
            found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return found


def _text(lines: Sequence[str]) -> str:
    """Plain text, and some: GitHub takes no result without. Brackets before a parenthesis would be read as a link."""
    text = "\n".join(map(visible, lines)).strip() or "no message"
    return text.replace("[", "\\[").replace("]", "\\]") if "](" in text else text


def _location(path: str, line: int, name: str = "") -> dict[str, Any]:
    line = max(line, 1)
    # Code scanning shows a result in a pull request only if all of its lines are in the diff: so it is one line.
    region = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 2}
    artifact = {"uri": uri(path), "uriBaseId": "%SRCROOT%"}
    logical = {"logicalLocations": [{"name": visible(name)}]} if name else {}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}, **logical}


def uri(path: str) -> str:
    """A path of the repository as a relative URI, by the bytes of its name."""
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    coded = "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in data)
    # A path from the root isn't one of the repository: it stays relative, and is nobody's.
    return f"%2F{coded[1:]}" if coded.startswith("/") else coded


def _fingerprint(one: Finding, seen: dict[str, int]) -> str:
    """Of what makes two results the same in two commits, never of a count. Results alike in a file are numbered."""
    what = "\0".join(map(encodable, (one.rule, one.path, one.name, *(v.model for v in one.verdicts))))
    seen[what] = number = seen.get(what, 0) + 1
    return f"{sha256(what.encode()).hexdigest()[:16]}:{number}"


def _state(verdict: Verdict) -> str:
    """What this result was in the base; "" where nobody knows."""
    if verdict.change == "new":
        return "new"
    if verdict.base_count is None or verdict.limit is None or verdict.growth is None:
        return ""
    if verdict.status != "over" or verdict.base_count.low <= verdict.limit:
        return "new" if verdict.growth else "unchanged"
    return "updated" if verdict.growth else "unchanged"
