"""Which prompts the exemptions of a configuration are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Note, Problem
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.config.configuration import Config
    from prompt_lint.config.rule_matching import MatchedFile, RuleMatcher
    from prompt_lint.model.rules import Exemption
    from prompt_lint.model.values import Verdict


def list_folders(config: Config) -> set[str]:
    """Return files and folders that together hold every path that the exemptions can match."""
    exemptions = (exemption for each in config.list_all() for exemption in each.exempt)
    return patterns.find_folders(pattern for exemption in exemptions for pattern in exemption.files)


def find_exempt_paths(
    config: Config, matched: Iterable[MatchedFile], links: Mapping[str, str], matcher: RuleMatcher
) -> Sequence[tuple[Exemption, Collection[str]]]:
    """Return each exemption with the paths of the prompts that it is for, as a report shows them.

    It names a prompt by its path, or by a link to it. A link that is a prompt of its own stands for that one alone.
    """
    if not any(each.exempt for each in config.list_all()):
        return []
    names = {file.display_path: [*file.prompt_names] for file in matched}
    for link, real in links.items():
        if real in names and not matcher.find_rule(link):
            names[real].append(link)
    exempt = []
    for each in config.list_all():
        governed = {path: others for path, others in names.items() if config.find_governing(path) is each}
        for exemption in each.exempt:
            matches = patterns.compile_patterns(exemption.files)
            exempt.append(
                (exemption, {path for path, others in governed.items() if any(map(matches, others))})
            )
    return exempt


def report_unused(
    exemptions: Iterable[tuple[Exemption, Collection[str]]], config: Config
) -> Iterator[Problem]:
    """Yield a problem for each exemption that is for no prompt."""
    for exemption, paths in exemptions:
        if not paths:
            patterns = config.describe_patterns(exemption.files, exemption.config_path)
            message = f"no prompt matches `{patterns}`, so nothing is exempt"
            hint = "correct the pattern, or remove the exemption"
            yield Problem(exemption.config_path, exemption.line, message, hint, exit_code=ExitCode.USAGE)


def note_unneeded(
    exemptions: Iterable[tuple[Exemption, Collection[str]]],
    verdicts: Iterable[Verdict],
    problem_paths: set[str],
) -> Iterator[Note]:
    """Note each exemption whose prompts all pass; with a base, where this change has touched one of them.

    A limit on growth decides nothing without a base, so there its exemptions may be needed.
    """
    by_path: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_path.setdefault(verdict.prompt.path, []).append(verdict)
    for exemption, paths in exemptions:
        exempt = [verdict for path in paths for verdict in by_path.get(path, ())]
        all_pass = set(paths) <= by_path.keys() - problem_paths and all(map(_passes, exempt))
        if exempt and all_pass and any(verdict.change != "unchanged" for verdict in exempt):
            message = f"every prompt that matches `{', '.join(exemption.files)}` passes, so this exemption can be removed"
            yield Note(message, exemption.config_path, exemption.line, "exemption")


def _passes(verdict: Verdict) -> bool:
    is_growth_known = bool(verdict.change) or verdict.rule.max_growth is None
    return verdict.status in {"ok", "warn"} and is_growth_known
