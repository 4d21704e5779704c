"""`json`: the report for programs, by a schema of its own (docs/outputs.md), apart from our inner types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from prompt_lint.output import phrases
from prompt_lint.text.escape import encodable, inert

if TYPE_CHECKING:
    from prompt_lint.model.values import (
        Base,
        Count,
        Exemption,
        ImportShares,
        Loosening,
        Problem,
        RemovedPrompt,
        Report,
        Section,
        Verdict,
    )
    from prompt_lint.output import View

SCHEMA_VERSION = 1


def render(report: Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    document = {
        "schema_version": SCHEMA_VERSION,
        "config": encodable(report.config),
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "problems": [_problem(problem) for problem in report.problems],
        "notes": [encodable(note) for note in phrases.notes(report.notes)],
        "against": report.base and _against(report.base),
        "removed": [_removed(one) for one in report.removed],
        "loosened": [_loosened(one) for one in report.loosened],
        "on_raise": report.on_raise,
        "summary": _summary(report),
    }
    return inert(json.dumps(document, indent=2, ensure_ascii=True)) + "\n"


def _verdict(verdict: Verdict) -> dict[str, Any]:
    count = verdict.token_count
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
        "unverified": bool(count and count.is_unverified),
        "limit": verdict.limit,
        "status": verdict.status,
        "over_by": verdict.over_by,
        "standing": verdict.change,
        **_base(verdict.base_count),
        "growth": verdict.growth,
        "inherited": verdict.is_preexisting,
        "renamed_from": encodable(verdict.renamed_from),
        "exemption": verdict.exemption and _exemption(verdict.exemption),
        "sections": [_section(section) for section in verdict.sections],
        "shares": verdict.import_shares and _shares(verdict.import_shares),
        "rule": _rule(verdict),
    }


def _against(base: Base) -> dict[str, Any]:
    return {"name": encodable(base.name), "how": base.description, "commit": base.commit}


def _base(count: Count | None) -> dict[str, Any]:
    found = {"base_tokens": count.tokens, "base_low": count.low, "base_high": count.high} if count else {}
    return {"base_tokens": None, "base_low": None, "base_high": None} | found


def _shares(shares: ImportShares) -> dict[str, Any]:
    return {"own": shares.own_tokens, "imported": shares.imported_tokens, "files": shares.imported_files}


def _rule(verdict: Verdict) -> dict[str, Any]:
    rule, growth = verdict.rule, verdict.rule.max_growth
    return {
        "line": rule.line,
        "limit_line": rule.limit_line(verdict.prompt.name, verdict.model),
        "message": encodable(rule.message),
        "max_growth": growth and {"tokens": growth.tokens, "share": growth.millionths},
    }


def _exemption(one: Exemption) -> dict[str, Any]:
    return {"reason": encodable(one.reason), "until": one.until, "line": one.line}


def _removed(one: RemovedPrompt) -> dict[str, Any]:
    path, name = encodable(one.prompt.path), encodable(one.prompt.name)
    return {"path": path, "name": name, "model": one.model, **_base(one.base_count)}


def _loosened(one: Loosening) -> dict[str, Any]:
    return {
        "subject": encodable(one.subject),
        "what": encodable(one.description),
        "line": one.line,
        "model": one.model,
        "before": one.old_limit,
        "after": one.new_limit,
    }


def _totals(report: Report) -> list[dict[str, Any]]:
    """For each model the tokens of all prompts, in the base and now, as every output has them."""
    compared = report.base is not None
    return [
        {"model": one.model, "before": one.before if compared else None, "after": one.after}
        for one in phrases.totals(report)
    ]


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": encodable(section.title),
        "first_line": section.first_line,
        "last_line": section.last_line,
        "tokens": section.tokens,
        "path": encodable(section.path),
        "via": [encodable(path) for path in section.import_chain],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "path": encodable(problem.path),
        "line": problem.line,
        "message": encodable(problem.message),
        "hint": encodable(problem.hint),
        "exit_code": int(problem.exit_code),
    }


def _summary(report: Report) -> dict[str, Any]:
    statuses = ("ok", "warn", "over", "grew", "unsure", "exempt", "uncounted")
    counted = {status: sum(v.status == status for v in report.verdicts) for status in statuses}
    origins = [v.token_count.origin for v in report.verdicts if v.token_count]
    return {
        "exit_code": int(report.exit_code),
        **counted,
        "files": report.file_count,
        "problems": len(report.problems),
        "api": origins.count("api"),
        "offline": origins.count("offline"),
        "sent": report.requests_sent,
        "host": report.api_host,
        "unanswered": report.requests_failed,
        "inherited": sum(v.is_preexisting for v in report.verdicts),
        "totals": _totals(report),
    }
