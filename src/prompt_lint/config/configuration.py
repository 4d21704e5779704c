"""The configuration of a run: what its files say, one in any folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.repo.paths import find_nearest_folder
from prompt_lint.text.patterns import unanchor_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from prompt_lint.config.mistakes import Mistake
    from prompt_lint.model.rules import Exemption, Group, Price, Rule


class Config(NamedTuple):
    """What a configuration says. `path` is its file's, as given to `parse_config`; empty where there is no file.

    It governs what is below `folder`, "" for the top, except what is below the folder of one of `nested`, the
    configurations in folders further down. `counting` and `on_unavailable` are empty where the file leaves them to the
    environment, `policy` where it leaves that to whether there is a base. `on_raise` is an `OnRaise`, or `label:` and a
    name; empty for the default. `lines` are those of the keys at the top of the file. Where there are `mistakes`, they
    are all that is known of what it governs.
    """

    path: str = ""
    rules: tuple[Rule, ...] = ()
    exclude: tuple[str, ...] = ()
    counting: str = ""
    on_unavailable: str = ""
    groups: tuple[Group, ...] = ()
    policy: str = ""
    on_raise: str = ""
    exempt: tuple[Exemption, ...] = ()
    notes_off: frozenset[str] = frozenset()
    folder: str = ""
    nested: tuple[Config, ...] = ()
    prices: tuple[Price, ...] = ()
    lines: Mapping[str, int] = {}
    mistakes: tuple[Mistake, ...] = ()

    def list_all(self) -> tuple[Config, ...]:
        """Return this configuration and the nested ones."""
        return (self, *self.nested)

    def list_paths(self) -> list[str]:
        """Return the paths of the files; none where there is no file."""
        return [config.path for config in self.list_all() if config.path]

    def list_groups(self) -> list[Group]:
        """Return all groups, also those of nested configurations."""
        return [group for config in self.list_all() for group in config.groups]

    def list_rules(self) -> Iterator[Rule]:
        """Yield all rules, also those of groups and of nested configurations."""
        for config in self.list_all():
            yield from config.rules
        yield from (group.rule for group in self.list_groups())

    def find_governing(self, path: str) -> Config:
        """Return the configuration that governs a path: the one in the nearest folder."""
        by_folder = {config.folder: config for config in self.nested}
        folder = find_nearest_folder(path, by_folder)
        return self if folder is None else by_folder[folder]

    def describe_patterns(self, files: Iterable[str], config_path: str) -> str:
        """Return the patterns of the configuration at a path as they are written there."""
        folder = self.find_governing(config_path).folder
        return ", ".join(unanchor_pattern(pattern, folder) for pattern in files)

    def list_mistakes(self, paths: Collection[str] = ()) -> list[Mistake]:
        """Return the mistakes of the configurations that govern something at or below one of `paths`; of all without paths."""

        def governs(config: Config, path: str) -> bool:
            is_below = not path or config.folder.startswith(f"{path}/")
            return is_below or self.find_governing(path) is config

        mistaken = [each for each in self.list_all() if each.mistakes]
        asked = (each for each in mistaken if not paths or any(governs(each, path) for path in paths))
        return [mistake for each in asked for mistake in each.mistakes]
