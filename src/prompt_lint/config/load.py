"""Find the configurations of a repository, one in any folder, and read them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config.mistakes import ConfigErrors, Mistake
from prompt_lint.config.schema import Config
from prompt_lint.model.errors import Fatal, MissingFile, Unreadable
from prompt_lint.model.nearest import find_nearest
from prompt_lint.repo import safe_read
from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.model.rules import Price
    from prompt_lint.repo import Tree

    # The bytes of a configuration, its name, and the folder where its patterns start → what it says. Raises `ConfigErrors`.
    Parse = Callable[[bytes, str, str], Config]

NAMES = (".prompt-lint.yaml", ".prompt-lint.yml")

# In bytes.
MAX_SIZE = 256 * 1024
# Nobody has so many in one repository, and each takes milliseconds to read.
MAX_CONFIGS = 2000

_TOO_LARGE = "let patterns such as prompts/**/*.md take the place of single files"


class UnreadableConfig(Fatal):
    """A configuration is there, and can't be read."""


class ConfigSearch(NamedTuple):
    """How a run finds its configurations in a tree, its own or a commit's.

    The one in `start`, or in the nearest folder above, governs what is below it, but what a further one below it does.
    One that was `named` is the only one, and its patterns start at the top. With `tracked_only`, untracked ones are looked
    for in the folders above `start` and `paths` alone.
    """

    parse: Parse
    start: str = ""
    paths: Sequence[str] = ()
    named: str = ""
    tracked_only: bool = False

    def load(self, tree: Tree) -> Config | None:
        """Return what the configurations say, None where there is none. Raises `Fatal`, `ConfigErrors` for all of them."""
        if self.named:
            return self._load_named(tree)
        paths = self.find_paths(tree)
        if not paths:
            return None
        parsed: dict[str, Config] = {}
        mistakes: list[Mistake] = []
        for folder, path in paths.items():
            if parsed and _is_excluded(path, parsed):
                continue
            try:
                parsed[folder] = self.parse(read_config(tree, path), path, folder)
            except ConfigErrors as error:
                mistakes += error.mistakes
        main = parsed.pop(self._find_main(paths), Config("", (), ()))
        config = main._replace(nested=tuple(parsed.values()))
        mistakes += _find_foreign_files(config)
        if mistakes:
            raise ConfigErrors(mistakes)
        return config

    def _load_named(self, tree: Tree) -> Config | None:
        for path in dict.fromkeys((self.named, *NAMES)):  # also where this change has moved it
            try:
                tree.resolve(path)
            except MissingFile:
                continue
            except Unreadable:  # which reading it explains
                pass
            return self.parse(read_config(tree, path), path, "")
        return None

    def find_paths(self, tree: Tree) -> Mapping[str, str]:
        """Return the paths of the configurations by their folders, the outermost first. Raises `Fatal` for two in one folder."""
        by_folder: dict[str, str] = {}
        around = (f"{self.start}/", *self.paths)
        for path in sorted(tree.find_named(NAMES, around, tracked_only=self.tracked_only)):
            folder, _, name = path.rpartition("/")
            if folder in by_folder:
                other = os.path.basename(by_folder[folder])
                where = f" in `{folder}`" if folder else ""
                raise Fatal(f"there are both `{other}` and `{name}`{where}", "keep one of them")
            by_folder[folder] = path
        main = self._find_main(by_folder)
        below = main if main in by_folder else self.start
        prefix = f"{below}/" if below else ""
        folders = [folder for folder in by_folder if f"{folder}/".startswith(prefix)]
        if len(folders) > MAX_CONFIGS:
            raise Fatal(f"there are {len(folders):,} configurations; the most is {MAX_CONFIGS:,}")
        return {folder: by_folder[folder] for folder in sorted(folders, key=lambda each: each.split("/"))}

    def _find_main(self, folders: Iterable[str]) -> str:
        """Return which of the folders is `start`, or the nearest above it; the top where none is."""
        above = [each for each in folders if not each or f"{self.start}/".startswith(f"{each}/")]
        return max(above, key=len, default="")


def _find_foreign_files(config: Config) -> Iterator[Mistake]:
    """Yield a mistake for each file that a group names and that another configuration governs."""
    for each in config.list_all():
        for group in each.groups:
            for reference in (*group.system, *group.tools, *group.messages):
                nearest = config.find_nearest(reference.path)
                if nearest is not each:
                    message = f"`{reference.path}` is governed by {nearest.path}, and this group has files of its own project alone"
                    hint = "move the group there, or the file here"
                    yield Mistake(each.path, reference.line, 1, message, hint)


def _is_excluded(path: str, parsed: Mapping[str, Config]) -> bool:
    """Return whether the configuration that governs the folders around `path` excludes it, as it does fixtures."""
    above = [config for folder, config in parsed.items() if not folder or path.startswith(f"{folder}/")]
    nearest = max(above, key=lambda config: len(config.folder), default=None)
    return nearest is not None and compile_patterns(nearest.exclude)(path)


def settle_run(config: Config) -> Config:
    """Return the configuration with what any of those nested in it says of the run as a whole.

    Raises:
        Fatal: they say different things.
        ConfigErrors: so do their prices, or there are some for models that aren't counted.
    """
    return config._replace(
        counting=_settle(config, "counting"),
        on_unavailable=_settle(config, "on_unavailable"),
        on_raise=_settle(config, "on_raise"),
        prices=_settle_prices(config),
    )


def _settle(config: Config, key: str) -> str:
    said = {value: each.path for each in reversed(config.list_all()) if (value := getattr(each, key))}
    if len(said) > 1:
        (value, path), (other, other_path), *_ = said.items()
        message = f"{path} says `{key}: {value}`, and {other_path} says `{key}: {other}`"
        hint = f"a run has one `{key}`: write the same in both, or run `prompt-lint check` in each folder"
        raise Fatal(message, hint, path=path)
    return next(iter(said), "")


def _settle_prices(config: Config) -> tuple[Price, ...]:
    """Return the prices of all configurations. Raises `ConfigErrors` where two differ, or no rule counts for a model."""
    counted = {model for rule in config.list_rules() for model in rule.models}
    prices: dict[str, Price] = {}
    mistakes = []
    for price in (price for each in config.list_all() for price in each.prices):
        other = prices.setdefault(price.model, price)
        if price.model not in counted:
            near = find_nearest(price.model, counted)
            message = f"no rule counts for `{price.model}`{near and f'; did you mean `{near}`?'}"
            hint = "remove the price, or add the model to `models`"
            mistakes.append(Mistake(price.config_path, price.line, 1, message, hint))
        elif other.dollars != price.dollars:
            message = f"`{price.model}` costs {price.dollars} here, and {other.dollars} in {other.config_path}:{other.line}"
            hint = "a run has one price for a model: write the same in both, or leave one out"
            mistakes.append(Mistake(price.config_path, price.line, 1, message, hint))
    if mistakes:
        raise ConfigErrors(mistakes)
    return tuple(prices.values())


def find_config(top: str) -> str | None:
    """Return the name of the configuration in the folder `top`, and look in no other. Raises `Fatal` for two."""
    names = [name for name in NAMES if os.path.lexists(os.path.join(top, name))]
    if len(names) > 1:
        raise Fatal(f"there are both `{names[0]}` and `{names[1]}`", "keep one of them")
    return names[0] if names else None


def read_config(tree: Tree, path: str) -> bytes:
    """Return the bytes of the configuration at `path` in a tree. Raises `UnreadableConfig`."""
    try:
        return tree.read(tree.resolve(path), MAX_SIZE)
    except safe_read.TooLarge as error:
        raise UnreadableConfig(f"the configuration `{path}` {error.message}", _TOO_LARGE, path=path) from None
    except safe_read.NotRegular as error:
        raise UnreadableConfig(f"the configuration `{path}` {error.message}", path=path) from None
    except Unreadable as error:
        raise UnreadableConfig(f"the configuration `{path}` {error.message}", error.hint, path=path) from None


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
