"""`json`: the report for programs, by a schema of its own (docs/output.md), apart from our inner types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from prompt_lint import wording

if TYPE_CHECKING:
    from prompt_lint.model import Exemption, Loosened, Problem, Removed, Report, Section, Verdict, View

SCHEMA_VERSION = 1


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    document = {
        "schema_version": SCHEMA_VERSION,
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "problems": [_problem(problem) for problem in report.problems],
        "notes": [_name(note) for note in wording.notes(report.notes)],
        "against": report.against and {**report.against._asdict(), "name": _name(report.against.name)},
        "removed": [_removed(one) for one in report.removed],
        "loosened": [_loosened(one) for one in report.loosened],
        "on_raise": report.on_raise,
        "summary": _summary(report),
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _verdict(verdict: Verdict) -> dict[str, Any]:
    count = verdict.counted
    return {
        "path": _name(verdict.prompt.path),
        "name": _name(verdict.prompt.name),
        "kind": "group" if verdict.prompt.format == "group" else "prompt",
        "line": verdict.prompt.line,
        "aliases": [_name(alias) for alias in verdict.prompt.aliases],
        "model": verdict.model,
        "tokens": count and count.tokens,
        "low": count and count.low,
        "high": count and count.high,
        "origin": count and count.origin,
        "unverified": bool(count and count.unverified),
        "limit": verdict.limit,
        "status": verdict.status,
        "over_by": verdict.over_by,
        "standing": verdict.standing,
        "base_tokens": verdict.base and verdict.base.tokens,
        "growth": verdict.growth,
        "inherited": verdict.inherited,
        "renamed_from": _name(verdict.renamed_from),
        "exemption": verdict.exemption and _exemption(verdict.exemption),
        "sections": [_section(section) for section in verdict.sections],
        "shares": verdict.shares and verdict.shares._asdict(),
    }


def _exemption(one: Exemption) -> dict[str, Any]:
    return {"reason": _name(one.reason), "until": one.until, "line": one.line}


def _removed(one: Removed) -> dict[str, Any]:
    path, name = _name(one.prompt.path), _name(one.prompt.name)
    return {"path": path, "name": name, "model": one.model, "base_tokens": one.base.tokens}


def _loosened(one: Loosened) -> dict[str, Any]:
    return {**one._asdict(), "subject": _name(one.subject), "what": _name(one.what)}


def _totals(report: Report) -> list[dict[str, Any]]:
    """For each model the tokens of all prompts, in the base and now. Groups would count them twice."""
    found: dict[str, list[int]] = {}
    for verdict in report.verdicts:
        if verdict.prompt.format != "group":
            total = found.setdefault(verdict.model, [0, 0])
            total[0] += verdict.base.tokens if verdict.base else 0
            total[1] += verdict.counted.tokens if verdict.counted else 0
    for one in report.removed:
        found.setdefault(one.model, [0, 0])[0] += one.base.tokens
    compared = report.against is not None
    return [
        {"model": model, "before": before if compared else None, "after": after}
        for model, (before, after) in found.items()
    ]


def _section(section: Section) -> dict[str, Any]:
    via = [_name(path) for path in section.via]
    return {**section._asdict(), "title": _name(section.title), "path": _name(section.path), "via": via}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "path": _name(problem.path),
        "line": problem.line,
        "message": _name(problem.message),
        "hint": _name(problem.hint),
        "exit_code": int(problem.code),
    }


def _summary(report: Report) -> dict[str, Any]:
    statuses = ("ok", "warn", "over", "grew", "unsure", "exempt", "uncounted")
    counted = {status: sum(v.status == status for v in report.verdicts) for status in statuses}
    origins = [v.counted.origin for v in report.verdicts if v.counted]
    return {
        "exit_code": int(report.exit_code),
        **counted,
        "files": report.files,
        "problems": len(report.problems),
        "api": origins.count("api"),
        "offline": origins.count("offline"),
        "sent": report.sent,
        "host": report.host,
        "unanswered": report.unanswered,
        "inherited": sum(v.inherited for v in report.verdicts),
        "totals": _totals(report),
    }


def _name(text: str) -> str:
    r"""Bytes of a file name that aren't UTF-8 as `\xff`: a lone surrogate is no JSON text to most readers."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
