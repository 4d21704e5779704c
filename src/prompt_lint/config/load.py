"""Find the configurations of a repository, one in any folder, and read them."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config.configuration import Config
from prompt_lint.config.mistakes import ConfigErrors, Mistake
from prompt_lint.model.errors import Fatal, MissingFile, Unreadable
from prompt_lint.model.nearest import find_nearest
from prompt_lint.repo import safe_read
from prompt_lint.repo.paths import find_nearest_folder
from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from prompt_lint.model.rules import Price, Rule
    from prompt_lint.repo import Tree

    # The bytes of a configuration, its path, and the folder where its patterns start → what it says. Raises `ConfigErrors`.
    Parse = Callable[[bytes, str, str], Config]

NAMES = (".prompt-lint.yaml", ".prompt-lint.yml")

# In bytes.
MAX_SIZE = 256 * 1024
# Nobody has so many in one repository, and each takes milliseconds to read.
MAX_CONFIGS = 2000

# What a configuration says of the run as a whole.
_RUN_SETTINGS = ("counting", "on_unavailable", "on_raise")

_TOO_LARGE = "let patterns such as prompts/**/*.md take the place of single files"


class ConfigSearch(NamedTuple):
    """How a run finds its configurations in a tree, its own or a commit's.

    The one in `start`, or in the nearest folder above, governs what is below it, except what a further one below it governs.
    One that was `named` is the only one, and its patterns start at the top; a commit without it may have it as one of
    `former_names`. Untracked ones are looked for above and below `paths`, if there are any; else everywhere, or with
    `tracked_only` above `start` alone. `flags_rule`, if there is one, is for files that no rule of theirs matches.
    """

    parse: Parse
    start: str
    paths: Sequence[str]
    named: str
    former_names: Sequence[str]
    tracked_only: bool
    flags_rule: Rule | None

    def load(self, tree: Tree) -> Config | None:
        """Return what the configurations say, None where there is none. One with mistakes says nothing else. Raises `Fatal`."""
        config = self._load_named(tree) if self.named else self._load_found(tree)
        return config and self._add_flags_rule(_mark_conflicts(config))

    def load_outside(self, path: str) -> Config:
        """Return what the configuration that was named says, by its absolute path, which may lead anywhere. Raises `Fatal`."""
        return self._add_flags_rule(self.parse(read_outside_config(path), self.named, ""))

    def _load_found(self, tree: Tree) -> Config | None:
        paths = self.find_paths(tree)
        if not paths:
            return None
        config, main = Config(), self._find_main(paths)
        for folder, in_folder in paths.items():
            above = config.find_governing(in_folder[0])
            if not compile_patterns(above.exclude)(in_folder[0]):  # as fixtures are
                new = self._read(tree, in_folder, folder)
                config = new if folder == main else config._replace(nested=(*config.nested, new))
        return config

    def _add_flags_rule(self, config: Config) -> Config:
        """Return the configuration with the rule of the flags, which is for files that no other rule matches."""
        if not (rule := self.flags_rule):
            return config
        main, *nested = (
            each if each.mistakes else each._replace(rules=(rule, *each.rules)) for each in config.list_all()
        )
        return main._replace(nested=tuple(nested))

    def _read(self, tree: Tree, paths: Sequence[str], folder: str) -> Config:
        """Return what the configuration of a folder says. `paths` are the files there that may be it."""
        path, *others = paths
        if others:
            message = f"there is also `{os.path.basename(others[0])}` in this folder"
            return _make_mistaken(path, folder, [Mistake(path, 0, 0, message, "keep one of them")])
        try:
            return self.parse(read_config(tree, path), path, folder)
        except ConfigErrors as error:
            return _make_mistaken(path, folder, error.mistakes)

    def _load_named(self, tree: Tree) -> Config | None:
        if os.path.isabs(self.named):  # outside of the repository
            return None
        for path in dict.fromkeys((self.named, *self.former_names)):
            try:
                tree.resolve(path)
            except MissingFile:
                continue
            except Unreadable:  # which reading it explains
                pass
            return self._read(tree, [path], "")
        return None

    def find_paths(self, tree: Tree) -> Mapping[str, Sequence[str]]:
        """Return the paths of the configurations by their folders, the outermost first. Raises `Fatal` for too many."""
        by_folder: dict[str, list[str]] = {}
        for path in sorted(tree.find_named(NAMES, self.start, self.paths, tracked_only=self.tracked_only)):
            by_folder.setdefault(path.rpartition("/")[0], []).append(path)
        main = self._find_main(by_folder)
        below = main if main in by_folder else self.start
        prefix = f"{below}/" if below else ""
        folders = [folder for folder in by_folder if f"{folder}/".startswith(prefix)]
        if len(folders) > MAX_CONFIGS:
            raise Fatal(f"there are {len(folders):,} configurations; the most is {MAX_CONFIGS:,}")
        return {folder: by_folder[folder] for folder in sorted(folders, key=lambda each: each.split("/"))}

    def _find_main(self, folders: Container[str]) -> str:
        """Return which of the folders is `start`, or the nearest above it; the top where none is."""
        return find_nearest_folder(self.start, folders) or ""


def _make_mistaken(path: str, folder: str, mistakes: Sequence[Mistake]) -> Config:
    return Config(path, folder=folder, mistakes=tuple(mistakes))


def _mark_conflicts(config: Config) -> Config:
    """Return the configuration without what those say that are in conflict with another; they have the mistakes instead."""
    by_path: dict[str, list[Mistake]] = {}
    conflicts = (_find_foreign_files(config), _find_contradictions(config), _find_price_conflicts(config))
    for mistake in chain.from_iterable(conflicts):
        by_path.setdefault(mistake.path, []).append(mistake)
    main, *nested = (
        _make_mistaken(each.path, each.folder, by_path[each.path]) if each.path in by_path else each
        for each in config.list_all()
    )
    return main._replace(nested=tuple(nested))


def _find_foreign_files(config: Config) -> Iterator[Mistake]:
    """Yield a mistake for each file that a group names and that another configuration governs."""
    for each in config.list_all():
        for group in each.groups:
            for reference in () if group.sum else group.references:
                nearest = config.find_governing(reference.path)
                if nearest is not each:
                    message = f"`{reference.path}` is governed by {nearest.path}, and this group has files of its own project alone"
                    hint = "move the group there, or the file here"
                    yield Mistake(each.path, reference.line, 1, message, hint)


def _find_contradictions(config: Config) -> Iterator[Mistake]:
    """Yield a mistake for each setting of the whole run that another configuration before this one has otherwise."""
    for key in _RUN_SETTINGS:
        first, *others = [each for each in config.list_all() if getattr(each, key)] or [config]
        value = getattr(first, key)
        for each in others:
            if getattr(each, key) != value:
                message = f"`{key}: {getattr(each, key)}` contradicts `{key}: {value}` in {first.path}"
                hint = f"a run has one `{key}`: write the same in both, or run `prompt-lint check` in each folder"
                yield Mistake(each.path, each.lines[key], 1, message, hint)


def _find_price_conflicts(config: Config) -> Iterator[Mistake]:
    """Yield a mistake for each price that differs from another one of its model, or whose model no rule counts for."""
    counted = {model for rule in config.list_rules() for model in rule.models}
    is_complete = not any(each.mistakes for each in config.list_all())
    first: dict[str, Price] = {}
    for price in (price for each in config.list_all() for price in each.prices):
        other = first.setdefault(price.model, price)
        if price.model not in counted and is_complete:
            near = find_nearest(price.model, counted)
            message = f"no rule counts for `{price.model}`{near and f'; did you mean `{near}`?'}"
            hint = "remove the price, or add the model to `models`"
            yield Mistake(price.config_path, price.line, 1, message, hint)
        elif other.dollars != price.dollars:
            message = f"`{price.model}` costs {price.dollars} here, and {other.dollars} in {other.config_path}:{other.line}"
            hint = "a run has one price for a model: write the same in both, or leave one out"
            yield Mistake(price.config_path, price.line, 1, message, hint)


def settle_run(config: Config) -> Config:
    """Return the configuration with what any of those nested in it says of the run as a whole."""
    values = (
        next((value for each in config.list_all() if (value := getattr(each, key))), "")
        for key in _RUN_SETTINGS
    )
    counting, on_unavailable, on_raise = values
    prices = {price.model: price for each in reversed(config.list_all()) for price in each.prices}
    return config._replace(
        counting=counting, on_unavailable=on_unavailable, on_raise=on_raise, prices=tuple(prices.values())
    )


def find_config(top: str) -> str | None:
    """Return the name of the configuration in the folder `top`, and look in no other. Raises `Fatal` for two."""
    names = [name for name in NAMES if os.path.lexists(os.path.join(top, name))]
    if len(names) > 1:
        raise Fatal(f"there are both `{names[0]}` and `{names[1]}`", "keep one of them")
    return names[0] if names else None


def read_config(tree: Tree, path: str) -> bytes:
    """Return the bytes of the configuration at `path` in a tree. Raises `ConfigErrors` where that can't be read."""
    try:
        return tree.read(tree.resolve(path), MAX_SIZE)
    except Unreadable as error:
        hint = (
            _TOO_LARGE
            if isinstance(error, safe_read.TooLarge)
            else error.hint.removesuffix(", or exclude it")
        )
        raise ConfigErrors([Mistake(path, 0, 0, error.message, hint)]) from None


def read_outside_config(path: str) -> bytes:
    """Return the bytes of a configuration that may lie anywhere. Raises `Fatal` where that can't be read.

    Its path comes from the command line, so links are followed wherever they lead.
    """
    try:
        return safe_read.read_file(path, MAX_SIZE, follow_links=True)
    except safe_read.TooLarge as error:
        raise Fatal(f"the configuration `{path}` {error.message}", _TOO_LARGE) from None
    except safe_read.NotRegular as error:
        raise Fatal(f"the configuration `{path}` {error.message}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        hint = "a path is relative to the working directory; `prompt-lint init` writes a configuration"
        raise Fatal(f"the configuration `{path}` can't be read: {reason}", hint) from None
