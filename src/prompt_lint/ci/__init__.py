"""The table of CI systems. A new one is a module and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prompt_lint.ci import azure, github, gitlab, others

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.ci.context import Context


class Platform(Protocol):
    """Environment → what this run is about."""

    def detect(self, env: Mapping[str, str]) -> Context | None:
        """None where this isn't the platform."""


PLATFORMS: Mapping[str, Platform] = {"github": github, "gitlab": gitlab, "azure": azure, "others": others}


def detect_context(env: Mapping[str, str]) -> Context | None:
    """What the CI system says that this process runs in; None in no CI, or one that isn't known."""
    return next((found for one in PLATFORMS.values() if (found := one.detect(env))), None)
