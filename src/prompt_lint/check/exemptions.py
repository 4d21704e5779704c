"""Which prompts the exemptions of a configuration are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import Problem
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.config.rule_matching import MatchedFile, RuleMatcher
    from prompt_lint.config.schema import Config
    from prompt_lint.model.values import Exemption


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
    names = {file.display_path: [file.display_path, *file.aliases] for file in matched}
    names |= {each.path: [each.path] for each in config.list_all() if each.groups}
    for link, real in links.items():
        if real in names and not matcher.find_rule(link):
            names[real].append(link)
    exempt = []
    for each in config.list_all():
        governed = {path: others for path, others in names.items() if config.find_nearest(path) is each}
        for exemption in each.exempt:
            matches = patterns.compile_patterns(exemption.files)
            exempt.append(
                (exemption, {path for path, others in governed.items() if any(map(matches, others))})
            )
    return exempt


def report_unused(exemptions: Iterable[tuple[Exemption, Collection[str]]]) -> Iterator[Problem]:
    """Yield a problem for each exemption that is for no prompt."""
    for exemption, paths in exemptions:
        if not paths:
            message = f"no prompt matches `{', '.join(exemption.files)}`, so nothing is exempt"
            hint = "correct the pattern, or remove the exemption"
            yield Problem(exemption.config_path, exemption.line, message, hint, exit_code=ExitCode.USAGE)
