"""`json`: the report for programs, by a schema of its own (docs/outputs.md), apart from our inner types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from prompt_lint.model.values import Status
from prompt_lint.output.phrases import merge_notes, select_notes
from prompt_lint.output.totals import total_by_model
from prompt_lint.text.escape import dump_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_lint.model import rules, values
    from prompt_lint.model.counts import Count
    from prompt_lint.output import View

SCHEMA_VERSION = 1


def render(report: values.Report, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    return dump_json(
        {
            "schema_version": SCHEMA_VERSION,
            "config": report.config_path,
            "nested_configs": report.nested_configs,
            "prices": {model: f"{price:f}" for model, price in report.prices.items()},
            "verdicts": [_verdict(verdict, report) for verdict in report.verdicts],
            "problems": problem_objects(report.problems),
            "notes": note_texts(report.notes),
            "warnings": warning_objects(report.notes),
            "against": base_object(report.base),
            "removed": removed_objects(report.removed),
            "loosened": [_loosening(loosening) for loosening in report.loosened],
            "on_raise": report.on_raise,
            "raise_label": report.raise_label,
            "accept_label": report.accept_label,
            "exact_needs": report.exact_needs,
            "summary": _summary(report),
        }
    )


def count_fields(count: Count | None) -> dict[str, Any]:
    disputed = count.disputed_count if count else None
    return {
        **_interval_fields(count),
        "origin": count and count.origin,
        "unverified": bool(count and count.is_unverified),
        "disputed": disputed is not None,
        **_interval_fields(disputed, "disputed_"),
        "few_samples": bool(count and count.rests_on_few),
    }


def rule_object(rule: rules.Rule) -> dict[str, Any]:
    return {"config": rule.config_path, "line": rule.line, "files": rule.files}


def problem_objects(problems: Iterable[values.Problem]) -> list[dict[str, Any]]:
    return [
        {"path": path, "line": line, "message": message, "hint": hint, "exit_code": int(exit_code)}
        for path, line, message, hint, exit_code in problems
    ]


def note_texts(notes: Iterable[values.Note]) -> list[str]:
    return merge_notes(select_notes(notes, warnings=False))


def warning_objects(notes: Iterable[values.Note]) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "path": path, "line": line, "message": message}
        for message, path, line, kind in select_notes(notes, warnings=True)
    ]


def cost_fields(
    report: values.Report, model: str, tokens: int | None, key: str = "cost_per_1000_calls"
) -> dict[str, Any]:
    """Return the cost of tokens in US dollars, as text so that no reader rounds it; null where it isn't known."""
    cost = None if tokens is None else report.cost_of_calls(tokens, model)
    return {key: None if cost is None else f"{cost:f}"}


def comparison_fields(verdict: values.Verdict) -> dict[str, Any]:
    """Return what the base says of a prompt; null and empty without a base."""
    return {
        "standing": verdict.change,
        **_interval_fields(verdict.base_count, "base_"),
        "growth": verdict.growth,
        "inherited": verdict.is_preexisting,
    }


def base_object(base: values.Base | None) -> dict[str, Any] | None:
    return base and {"name": base.name, "how": base.description, "commit": base.commit}


def removed_objects(removed: Iterable[values.RemovedPrompt]) -> list[dict[str, Any]]:
    return [
        {"path": prompt.path, "name": prompt.name, "model": model, **_interval_fields(count, "base_")}
        for prompt, model, count in removed
    ]


def _verdict(verdict: values.Verdict, report: values.Report) -> dict[str, Any]:
    prompt, count = verdict.prompt, verdict.token_count
    return {
        "path": prompt.path,
        "name": prompt.name,
        "kind": "group" if prompt.is_group else "prompt",
        "line": prompt.line,
        "aliases": prompt.aliases,
        "model": verdict.model,
        **count_fields(count),
        **cost_fields(report, verdict.model, count and count.tokens),
        "limit": verdict.limit,
        "reserve": verdict.rule.reserve,
        "status": verdict.status,
        "over_by": verdict.over_by,
        **comparison_fields(verdict),
        **cost_fields(report, verdict.model, verdict.growth, "growth_cost_per_1000_calls"),
        "base_limit": verdict.base_limit,
        "base_reserve": verdict.base_reserve,
        **_interval_fields(verdict.unchanged_count, "unchanged_"),
        "renamed_from": verdict.renamed_from,
        "lost_imports": verdict.lost_imports,
        "exemption": verdict.exemption and _exemption(verdict.exemption),
        "sections": [_section(section) for section in verdict.sections],
        "shares": verdict.import_shares and _shares(verdict.import_shares),
        "rule": _rule(verdict),
    }


def _interval_fields(count: Count | None, prefix: str = "") -> dict[str, Any]:
    tokens, low, high = (None, None, None) if count is None else count[:3]
    return {f"{prefix}tokens": tokens, f"{prefix}low": low, f"{prefix}high": high}


def _exemption(exemption: rules.Exemption) -> dict[str, Any]:
    _, reason, until, line, label, _ = exemption
    return {"reason": reason, "until": until, "line": line, "label": label}


def _section(section: values.Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "first_line": section.first_line,
        "last_line": section.last_line,
        "tokens": section.tokens,
        "margin": section.margin,
        "path": section.path,
        "via": section.import_chain,
    }


def _shares(shares: values.ImportShares) -> dict[str, Any]:
    return {
        "own": shares.own_tokens,
        "own_margin": shares.own_margin,
        "imported": shares.imported_tokens,
        "imported_margin": shares.imported_margin,
        "files": shares.imported_files,
    }


def _rule(verdict: values.Verdict) -> dict[str, Any]:
    rule, max_growth = verdict.rule, verdict.rule.max_growth
    return {
        "config": rule.config_path,
        "line": rule.line,
        "limit_line": rule.limit_line(verdict.prompt.name, verdict.model),
        "max_growth_line": rule.max_growth_line,
        "message": rule.message,
        "max_growth": max_growth and {"tokens": max_growth.tokens, "share": max_growth.millionths},
    }


def _loosening(loosening: rules.Loosening) -> dict[str, Any]:
    return {
        "subject": loosening.subject,
        "what": loosening.description,
        "config": loosening.config_path,
        "line": loosening.line,
        "model": loosening.model,
        "before": loosening.old_limit,
        "after": loosening.new_limit,
    }


def _summary(report: values.Report) -> dict[str, Any]:
    statuses = [verdict.status for verdict in report.verdicts]
    origins = [verdict.token_count.origin for verdict in report.verdicts if verdict.token_count]
    return {
        "exit_code": int(report.exit_code),
        **{status: statuses.count(status) for status in get_args(Status)},
        "files": report.file_count,
        "problems": len(report.problems),
        "api": origins.count("api"),
        "offline": origins.count("offline"),
        "sent": report.requests_sent,
        "host": report.api_host,
        "unanswered": report.requests_failed,
        "inherited": sum(verdict.is_preexisting for verdict in report.verdicts),
        "unread_files": report.unread_files,
        "totals": _totals(report),
    }


def _totals(report: values.Report) -> list[dict[str, Any]]:
    """Return the totals that every output has; `before` is null without a base."""
    has_base = report.base is not None
    return [
        {
            "model": total.model,
            "before": total.before.tokens if has_base else None,
            "before_margin": total.before.margin if has_base else None,
            "after": total.after.tokens,
            "after_margin": total.after.margin,
            "growth_margin": total.growth.margin if has_base else None,
            **cost_fields(
                report, total.model, total.growth.tokens if has_base else None, "growth_cost_per_1000_calls"
            ),
        }
        for total in total_by_model(report)
    ]
