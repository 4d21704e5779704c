"""The JSON output of `list`, by docs/list.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.model.counts import sum_counts
from prompt_lint.output.json import (
    base_object,
    comparison_fields,
    count_fields,
    note_texts,
    problem_objects,
    removed_objects,
    warning_objects,
)
from prompt_lint.output.listing import counts_by_model, list_prompts
from prompt_lint.text.escape import dump_json, escape_surrogates

if TYPE_CHECKING:
    from prompt_lint.model.values import ImportShares, Verdict
    from prompt_lint.output import View
    from prompt_lint.output.listing import ListedPrompt, Listing

SCHEMA_VERSION = 1


def render(listing: Listing, view: View) -> str:  # noqa: ARG001  # the same signature for every format
    prompts, groups = list_prompts(listing.report.verdicts)
    return dump_json(
        {
            "schema_version": SCHEMA_VERSION,
            "prompts": [_prompt(listed, listing) for listed in prompts],
            "groups": [_group(listed) for listed in groups],
            "totals": [
                {
                    "model": model,
                    "prompts": len(counts),
                    **count_fields(sum_counts(counts) if counts else None),
                }
                for model, counts in counts_by_model(prompts).items()
            ],
            "problems": problem_objects(listing.report.problems),
            "notes": note_texts(listing.report.notes),
            "warnings": warning_objects(listing.report.notes),
            "against": base_object(listing.report.base),
            "removed": removed_objects(listing.report.removed),
            "exit_code": int(listing.exit_code),
        }
    )


def _prompt(listed: ListedPrompt, listing: Listing) -> dict[str, Any]:
    prompt, rule = listed.prompt, listed.verdicts[0].rule
    return {
        "path": escape_surrogates(prompt.path),
        "name": escape_surrogates(prompt.name),
        "line": prompt.line,
        "aliases": [escape_surrogates(alias) for alias in prompt.aliases],
        "format": prompt.format,
        "role": prompt.role,
        "rule": {
            "config": escape_surrogates(rule.config_path),
            "line": rule.line,
            "files": [escape_surrogates(pattern) for pattern in rule.files],
        },
        "counts": [
            {**_count(verdict), **_imported(listing.import_shares.get((prompt, verdict.model)))}
            for verdict in listed.verdicts
        ],
    }


def _imported(shares: ImportShares | None) -> dict[str, Any]:
    return {
        "imported": shares.imported_tokens if shares else 0,
        "imported_margin": shares.imported_margin if shares else 0,
    }


def _group(listed: ListedPrompt) -> dict[str, Any]:
    return {
        "name": escape_surrogates(listed.prompt.name),
        "path": escape_surrogates(listed.prompt.path),
        "line": listed.prompt.line,
        "counts": [_count(verdict) for verdict in listed.verdicts],
    }


def _count(verdict: Verdict) -> dict[str, Any]:
    return {
        "model": verdict.model,
        **count_fields(verdict.token_count),
        "limit": verdict.limit,
        "status": verdict.status,
        **comparison_fields(verdict),
    }
