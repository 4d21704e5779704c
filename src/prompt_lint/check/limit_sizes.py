"""What each limit of a configuration judges: its largest prompt, or why that isn't known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.config.rule_matching import compile_config
from prompt_lint.config.written_limits import find_limit_path, find_written_limits
from prompt_lint.model.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.config.configuration import Config
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Report, Verdict
    from prompt_lint.text.location import KeyPath


class WrittenConfig:
    """A file that is one configuration, or several by links to it. `largest` and `unknown` are by the key path of a limit."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.limits = find_written_limits(self.text)
        self.configs: list[Config] = []
        self.judging: set[KeyPath] = set()  # limits that have prompts, also exempt ones
        self.largest: dict[KeyPath, Verdict] = {}
        self.unknown: dict[KeyPath, str] = {}  # why the size of its prompts isn't known
        self.selected: set[KeyPath] = set()

    def find_rule(self, key_path: KeyPath) -> tuple[Rule | None, str]:
        """Return the rule of the entry that a limit is in, and its name if it is a group; None for the limit at the top."""
        match key_path:
            case ("prompts", int(index), *_):
                return self.configs[0].rules[index], ""
            case ("groups", int(index), *_):
                group = self.configs[0].groups[index]
                return group.rule, group.name
        return None, ""

    def add_verdict(self, key_path: KeyPath, verdict: Verdict) -> None:
        if verdict.token_count is None:
            self.unknown[key_path] = f"{verdict.prompt.path} isn't counted"
        elif key_path not in self.largest or find_high(verdict) > find_high(self.largest[key_path]):
            self.largest[key_path] = verdict

    def add_unread(self, entry: KeyPath, path: str) -> None:
        """Note that a file isn't read whole, to which the rule or group at `entry` applies; () is every one."""
        inherits = entry[:1] != ("groups",) and (*entry, "limit") not in self.limits
        for key_path in self.limits:
            if key_path[: len(entry)] == entry or (inherits and key_path == ("limit",)):
                self.unknown[key_path] = f"{path} isn't read or counted"


def collect_sizes(
    files: Sequence[WrittenConfig], config: Config, report: Report, chosen: Report | None
) -> None:
    """Add to the files what each limit judges, and which of the limits judge what was `chosen`; None is everything."""
    entries: dict[int, tuple[WrittenConfig, KeyPath]] = {}
    for file in files:
        for each in file.configs:
            entries |= {id(rule): (file, ("prompts", index)) for index, rule in enumerate(each.rules)}
            entries |= {id(group.rule): (file, ("groups", index)) for index, group in enumerate(each.groups)}
    for verdict in report.verdicts:
        file, key_path = _find_limit(entries, verdict)
        file.judging.add(key_path)
        if verdict.prompt.path not in report.exempt_paths:
            file.add_verdict(key_path, verdict)
    for verdict in chosen.verdicts if chosen else ():
        file, key_path = _find_limit(entries, verdict)
        file.selected.add(key_path)
    for file in () if chosen else files:
        file.selected.update(file.limits)
    _exclude_unread(files, entries, config, report)


def _exclude_unread(
    files: Sequence[WrittenConfig],
    entries: Mapping[int, tuple[WrittenConfig, KeyPath]],
    config: Config,
    report: Report,
) -> None:
    """Note which limits may judge a file that isn't read or counted. A sum has no part of such a file."""
    groups = [group.rule for group in config.list_groups()]
    matcher = compile_config(config)
    for problem in report.problems:
        if problem.exit_code is not ExitCode.UNCOUNTED or not problem.path:
            continue
        rule = matcher.find_rule(problem.path)
        if rule or problem.path in config.list_paths():
            affected = [entries[id(each)] for each in (*groups, *([rule] if rule else ()))]
        else:  # a file that has its rule by another name
            affected = [(file, ()) for file in files]
        for file, entry in affected:
            file.add_unread(entry, problem.path)


def _find_limit(
    entries: Mapping[int, tuple[WrittenConfig, KeyPath]], verdict: Verdict
) -> tuple[WrittenConfig, KeyPath]:
    file, entry = entries[id(verdict.rule)]
    return file, find_limit_path(file.limits, entry, verdict.prompt.name, verdict.model)


def find_high(verdict: Verdict) -> int:
    """Return the most tokens that a prompt may have, with the reserve of its rule; 0 where it is empty or isn't counted."""
    count = verdict.token_count
    return count.high + verdict.rule.reserve if count and count.high else 0
