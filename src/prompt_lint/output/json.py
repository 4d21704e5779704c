"""`json`: the report for programs, by a schema of its own (docs/outputs.md), apart from our inner types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from prompt_lint.output import phrases
from prompt_lint.text.escape import encodable, inert

if TYPE_CHECKING:
    from prompt_lint.model.values import (
        Count,
        Exemption,
        Loosened,
        Problem,
        Removed,
        Report,
        Section,
        Verdict,
        View,
    )

SCHEMA_VERSION = 1


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    document = {
        "schema_version": SCHEMA_VERSION,
        "config": encodable(report.config),
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "problems": [_problem(problem) for problem in report.problems],
        "notes": [encodable(note) for note in phrases.notes(report.notes)],
        "against": report.against and {**report.against._asdict(), "name": encodable(report.against.name)},
        "removed": [_removed(one) for one in report.removed],
        "loosened": [_loosened(one) for one in report.loosened],
        "on_raise": report.on_raise,
        "summary": _summary(report),
    }
    return inert(json.dumps(document, indent=2, ensure_ascii=True)) + "\n"


def _verdict(verdict: Verdict) -> dict[str, Any]:
    count = verdict.counted
    return {
        "path": encodable(verdict.prompt.path),
        "name": encodable(verdict.prompt.name),
        "kind": "group" if verdict.prompt.format == "group" else "prompt",
        "line": verdict.prompt.line,
        "aliases": [encodable(alias) for alias in verdict.prompt.aliases],
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
        **_base(verdict.base),
        "growth": verdict.growth,
        "inherited": verdict.inherited,
        "renamed_from": encodable(verdict.renamed_from),
        "exemption": verdict.exemption and _exemption(verdict.exemption),
        "sections": [_section(section) for section in verdict.sections],
        "shares": verdict.shares and verdict.shares._asdict(),
        "rule": _rule(verdict),
    }


def _base(count: Count | None) -> dict[str, Any]:
    found = {"base_tokens": count.tokens, "base_low": count.low, "base_high": count.high} if count else {}
    return {"base_tokens": None, "base_low": None, "base_high": None} | found


def _rule(verdict: Verdict) -> dict[str, Any]:
    rule, growth = verdict.rule, verdict.rule.max_growth
    return {
        "line": rule.line,
        "limit_line": rule.line_of(verdict.prompt.name, verdict.model),
        "message": encodable(rule.message),
        "max_growth": growth and growth._asdict(),
    }


def _exemption(one: Exemption) -> dict[str, Any]:
    return {"reason": encodable(one.reason), "until": one.until, "line": one.line}


def _removed(one: Removed) -> dict[str, Any]:
    path, name = encodable(one.prompt.path), encodable(one.prompt.name)
    return {"path": path, "name": name, "model": one.model, **_base(one.base)}


def _loosened(one: Loosened) -> dict[str, Any]:
    return {**one._asdict(), "subject": encodable(one.subject), "what": encodable(one.what)}


def _totals(report: Report) -> list[dict[str, Any]]:
    """For each model the tokens of all prompts, in the base and now, as every output has them."""
    compared = report.against is not None
    return [
        {"model": one.model, "before": one.before if compared else None, "after": one.after}
        for one in phrases.totals(report)
    ]


def _section(section: Section) -> dict[str, Any]:
    via = [encodable(path) for path in section.via]
    return {
        **section._asdict(),
        "title": encodable(section.title),
        "path": encodable(section.path),
        "via": via,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "path": encodable(problem.path),
        "line": problem.line,
        "message": encodable(problem.message),
        "hint": encodable(problem.hint),
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
