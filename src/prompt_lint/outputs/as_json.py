"""`json`: the report for programs, by a schema of its own (docs/output.md), apart from our inner types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from prompt_lint import wording

if TYPE_CHECKING:
    from prompt_lint.model import Problem, Report, Section, Verdict, View

SCHEMA_VERSION = 1


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    document = {
        "schema_version": SCHEMA_VERSION,
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "problems": [_problem(problem) for problem in report.problems],
        "notes": [_name(note) for note in wording.notes(report.notes)],
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
        "sections": [_section(section) for section in verdict.sections],
    }


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
    statuses = ("ok", "warn", "over", "unsure", "uncounted")
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
    }


def _name(text: str) -> str:
    r"""Bytes of a file name that aren't UTF-8 as `\xff`: a lone surrogate is no JSON text to most readers."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
