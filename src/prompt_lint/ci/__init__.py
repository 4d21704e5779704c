"""Which CI this is and what it says of the change. A new one is a line in `systems`; one with more to say has a module here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prompt_lint.model.lazy_table import LazyTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.ci.context import Context

_UNSET = {"", "false", "0"}


class Platform(Protocol):
    def detect(self, env: Mapping[str, str]) -> Context | None:
        """Return what the environment says of this run, None where it isn't this platform's."""


# Imported when a run asks for its CI system: most hooks don't.
PLATFORMS: Mapping[str, Platform] = LazyTable(
    {name: f"{__name__}.{name}" for name in ("github", "gitlab", "azure", "systems")}
)


def detect_context(env: Mapping[str, str]) -> Context | None:
    """Return what the CI system says of this run; None outside of CI."""
    contexts = (platform.detect(env) for platform in PLATFORMS.values())
    return next((context for context in contexts if context), None)


def is_set(env: Mapping[str, str], variable: str) -> bool:
    """Return whether a variable is set, and not to a value by which systems say "no"."""
    return env.get(variable, "").strip().lower() not in _UNSET
