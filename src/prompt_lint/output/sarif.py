"""`sarif`: SARIF 2.1.0, as GitHub's code scanning and other collectors take it.

Source: GitHub's documentation of SARIF, November 2026.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from prompt_lint import DOCUMENTATION, REPOSITORY, __version__
from prompt_lint.model.errors import ExitCode
from prompt_lint.output.findings import collect_findings, identify
from prompt_lint.output.phrases import describe_exemption, merge_notes
from prompt_lint.text.escape import dump_json, escape_line
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.values import Note, Problem, Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.findings import Finding, Level

# GitHub refuses a file with more, or one that is larger once it is compressed.
MOST_RESULTS = 25_000
LARGEST = 10_000_000

_LEVEL_NAMES: dict[Level, str] = {"error": "error", "warning": "warning", "notice": "note"}

# Kind of finding → name, level, what it means, what to do. Collectors remember results by these ids, so they never change.
_RULES = {
    "configuration": (
        "ConfigurationFault", "error", "The configuration or the command line is wrong.",
        "Correct it as the message says: until then some prompts may not be measured."),
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
        "Correct the file as the message says. What only the API can count needs ANTHROPIC_API_KEY."),
    "unsure": (
        "LimitInsideInterval", "warning", "The limit lies inside the interval of an offline count.",
        "Cut the prompt as far as the message says, or count exactly, with ANTHROPIC_API_KEY set."),
    "lost-import": (
        "ImportNotFound", "warning", "A prompt imports a file that isn't there, so it has fewer tokens than it should.",
        "Fix the path of the import. Write a word that isn't an import as code, in back-ticks."),
    "empty": (
        "EmptyPrompt", "warning", "A prompt is empty: it has 0 tokens.",
        "Write the prompt, or delete its file."),
    "near-limit": (
        "PromptNearLimit", "warning", "A prompt is close to its limit.",
        "Cut the prompt before it fails. warn_at in .prompt-lint.yaml says what close is."),
    "disputed": (
        "CountDisputed", "warning", "A gateway counts otherwise than Claude's tokenizer, so its number isn't believed.",
        "Correct the gateway that ANTHROPIC_BASE_URL names, or count without it (--offline)."),
}  # fmt: skip
_RULE_INDEXES = {rule: index for index, rule in enumerate(_RULES)}


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    """Return the worst results first, and as many as GitHub takes."""
    findings = [
        finding
        for finding in collect_findings(report, each_model=True)
        if finding.path and finding.kind in _RULES
    ]
    seen: dict[str, int] = {}
    results = [_result(finding, report, seen) for finding in findings[:MOST_RESULTS]]
    while not _fits(text := _render_log(report, results, len(findings) - len(results))) and results:
        results = results[: len(results) // 2]
    return text


def _fits(text: str) -> bool:
    if len(text) <= LARGEST:
        return True
    import zlib  # noqa: PLC0415  # few files are so large

    return len(zlib.compress(text.encode("ascii"), 1)) <= LARGEST


def _render_log(report: Report, results: Sequence[dict[str, Any]], left_out: int) -> str:
    run = {
        "tool": {"driver": {
            "name": "prompt-lint", "semanticVersion": __version__, "informationUri": REPOSITORY,
            "rules": [_descriptor(rule) for rule in _RULES],
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, left_out)],
        "results": results,
    }  # fmt: skip
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return dump_json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _descriptor(rule: str) -> dict[str, Any]:
    name, level, meaning, hint = _RULES[rule]
    address = f"{DOCUMENTATION}/outputs.md#{rule}"
    return {
        "id": rule,
        "name": name,
        "shortDescription": {"text": meaning},
        "fullDescription": {"text": f"{meaning} {hint}"},
        # Code scanning shows the Markdown; other viewers have the text and the address.
        "help": {"text": hint, "markdown": f"{hint} [More about {rule}]({address})"},
        "helpUri": address,
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["prompt", "tokens"], "precision": "very-high", "problem.severity": level},
    }


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    """Return whether the run succeeded, and why not; its notes, and what is left out."""
    notifications = [
        _notification("error", *filter(None, (problem.message, problem.hint)), place=problem)
        for problem in report.problems
        if problem.exit_code != ExitCode.OVER_LIMIT
    ]
    notifications += [
        _notification("warning" if note.is_warning else "note", merge_notes([note])[0], place=note)
        for note in report.notes
        if not note.is_warning or not note.path
    ]
    if left_out:
        message = f"{pluralize(left_out, 'result')} more did not fit: the worst are here"
        notifications.append(_notification("warning", message))
    return {
        "executionSuccessful": report.exit_code in {ExitCode.OK, ExitCode.OVER_LIMIT},
        "exitCode": int(report.exit_code),
        "toolExecutionNotifications": notifications,
    }


def _notification(level: str, *lines: str, place: Note | Problem | None = None) -> dict[str, Any]:
    locations = {"locations": [_location(place.path, place.line)]} if place and place.path else {}
    return {"level": level, "message": {"text": _message(lines)}, **locations}


def _result(finding: Finding, report: Report, seen: dict[str, int]) -> dict[str, Any]:
    identity, number = identify(finding, finding.path, seen)
    result = {
        "ruleId": finding.kind,
        "ruleIndex": _RULE_INDEXES[finding.kind],
        "level": _LEVEL_NAMES[finding.level],
        "message": {"text": _message(finding.lines)},
        "locations": [_location(finding.path, finding.line, finding.name)],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{sha256(identity.encode()).hexdigest()[:16]}:{number}"
        },
    }
    for verdict in finding.verdicts:  # one at most: each model has its result
        state = _baseline_state(verdict) if report.base else ""
        result |= {"baselineState": state} if state else {}
        if verdict.status == "exempt" and verdict.exemption:
            exemption = verdict.exemption
            reason = escape_line(describe_exemption(exemption) if exemption.label else exemption.reason)
            result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _message(lines: Sequence[str]) -> str:
    """Return plain text, and never none: GitHub takes no result without."""
    text = "\n".join(map(escape_line, lines)).strip() or "no message"
    # Brackets before a parenthesis would be read as a link.
    return text.replace("[", "\\[").replace("]", "\\]") if "](" in text else text


def _location(path: str, line: int, name: str = "") -> dict[str, Any]:
    line = max(line, 1)
    # Code scanning shows a result in a pull request only if all of its lines are in the diff: so it is one line.
    region = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 2}
    artifact = {"uri": encode_uri(path), "uriBaseId": "%SRCROOT%"}
    logical = {"logicalLocations": [{"name": escape_line(name)}]} if name else {}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}, **logical}


def encode_uri(path: str) -> str:
    """Return a path of the repository as a relative URI, by the bytes of its name."""
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    encoded = quote(data)
    # A path from the root isn't one of the repository: it stays relative, and leads nowhere.
    return f"%2F{encoded[1:]}" if encoded.startswith("/") else encoded


def _baseline_state(verdict: Verdict) -> str:
    """Return what this result was in the base; "" where that isn't known."""
    if verdict.change == "new":
        return "new"
    if verdict.base_count is None:
        return ""
    if not verdict.growth:
        return "unchanged"
    was_over = verdict.own_limit is not None and verdict.base_count.low > verdict.own_limit
    return "updated" if was_over and verdict.status == "over" else "new"
