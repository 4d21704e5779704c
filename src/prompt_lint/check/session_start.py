"""What Claude Code loads at the start of every session in a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.check.pipeline import judge_groups
from prompt_lint.check.targets import find_targets
from prompt_lint.config.schema import rule_from_flags
from prompt_lint.model.rules import Group, Reference
from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_lint.check.pipeline import Run
    from prompt_lint.model.values import Verdict

# At the top of the repository; in folders below, it loads such files on demand. It reads AGENTS.md where there is no
# CLAUDE.md. Sources: its documentation (memory, skills), and mods/agents-md of anthropics/claude-code v2.1.277,
# September 2026.
_CLAUDE_MD = ("/CLAUDE.md", "/CLAUDE.local.md", "/.claude/CLAUDE.md")
_AGENTS_MD = ("/AGENTS.md", "/.claude/AGENTS.md")
_ALSO_LOADED = (
    ".claude/rules/**/*.md",
    ".claude/skills/*/SKILL.md#metadata",
    ".claude/commands/**/*.md#metadata",
    ".claude/agents/**/*.md#metadata",
)


def choose_patterns(is_there: Callable[[str], bool]) -> tuple[str, ...]:
    """Return patterns for what is loaded, as a sum of a configuration names it: those that `is_there` says match something."""
    own = tuple(filter(is_there, _CLAUDE_MD)) or tuple(filter(is_there, _AGENTS_MD))
    return (*own, *filter(is_there, _ALSO_LOADED))


def measure_session_start(run: Run, model: str) -> Verdict | None:
    """Return the sum of what is loaded, with its files as sections; None if that is nothing or can't be counted.

    Nothing is sent: what no count is known of is counted offline.
    """
    tree, config, sources, _ = run
    paths = tree.list_entries()
    patterns = choose_patterns(lambda pattern: any(map(compile_patterns([pattern.partition("#")[0]]), paths)))
    if not patterns:
        return None
    rule = rule_from_flags([model])._replace(files=(), allow_empty=True, config_path=config.path)
    references = tuple(Reference(*pattern.partition("#")[::2], 0) for pattern in patterns)
    group = Group("", rule, sum=references)
    nested = tuple(each._replace(groups=()) for each in config.nested)
    config = config._replace(groups=(group,), nested=nested)
    targets = find_targets(tree, config, ())
    sources = sources._replace(mode="offline", service=None)
    report = judge_groups(run._replace(sources=sources), targets.groups)
    counted = [verdict for verdict in report.verdicts if verdict.token_count and verdict.sections]
    return counted[0] if counted and not report.problems else None
