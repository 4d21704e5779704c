"""The JSON output of `list`, by docs/list.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.model.counts import sum_counts
from prompt_lint.output import json as report_json
from prompt_lint.output.listing.prompts import counts_by_model, list_prompts
from prompt_lint.text.escape import dump_json

if TYPE_CHECKING:
    from prompt_lint.model.values import PromptVerdicts, Report, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.listing import Listing

SCHEMA_VERSION = 1


def render(listing: Listing, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    report = listing.report
    prompts, groups = list_prompts(report.verdicts)
    return dump_json(
        {
            "schema_version": SCHEMA_VERSION,
            "prices": {model: f"{price:f}" for model, price in report.prices.items()},
            "prompts": [_prompt(listed, listing) for listed in prompts],
            "groups": [_group(listed, report) for listed in groups],
            "totals": [
                {
                    "model": model,
                    "prompts": len(counts),
                    **report_json.count_fields(sum_counts(counts) if counts else None),
                }
                for model, counts in counts_by_model(prompts).items()
            ],
            "problems": report_json.problem_objects(report.problems),
            "notes": report_json.note_texts(report.notes),
            "warnings": report_json.warning_objects(report.notes),
            "against": report_json.base_object(report.base),
            "removed": report_json.removed_objects(report.removed),
            "exit_code": int(listing.report.exit_code),
        }
    )


def _prompt(listed: PromptVerdicts, listing: Listing) -> dict[str, Any]:
    prompt = listed.prompt
    return {
        "path": prompt.path,
        "name": prompt.name,
        "line": prompt.line,
        "aliases": prompt.aliases,
        "format": prompt.format,
        "role": prompt.role,
        "rule": report_json.rule_object(listed.first.rule),
        "counts": [
            {
                **_count(verdict, listing.report),
                "imported": shares.imported_tokens if shares else 0,
                "imported_margin": shares.imported_margin if shares else 0,
            }
            for verdict in listed.verdicts
            for shares in [listing.import_shares.get((prompt, verdict.model))]
        ],
    }


def _group(listed: PromptVerdicts, report: Report) -> dict[str, Any]:
    return {
        "name": listed.prompt.name,
        "path": listed.prompt.path,
        "line": listed.prompt.line,
        "counts": [_count(verdict, report) for verdict in listed.verdicts],
    }


def _count(verdict: Verdict, report: Report) -> dict[str, Any]:
    count = verdict.token_count
    return {
        "model": verdict.model,
        **report_json.count_fields(count),
        **report_json.cost_fields(report, verdict.model, count and count.tokens),
        "limit": verdict.limit,
        "reserve": verdict.rule.reserve,
        "status": verdict.status,
        **report_json.comparison_fields(verdict),
    }
