"""What the steps of a check need to know beside the tree and its rules."""

from __future__ import annotations

from time import gmtime, strftime
from typing import TYPE_CHECKING

from prompt_lint.check.pipeline import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.config.schema import Config


def make_settings(
    env: Mapping[str, str],
    config: Config | None,
    max_file_size: int,
    *,
    exit_zero: bool = False,
    allow_unmatched: bool = False,
) -> Settings:
    """Return the settings of a run. An API that can't be reached fails it in CI, unless the configuration says otherwise."""
    on_unavailable = config.on_unavailable if config else ""
    outage_fails = on_unavailable == "fail" or (not on_unavailable and bool(env.get("CI")))
    return Settings(max_file_size, exit_zero, outage_fails, strftime("%Y-%m-%d", gmtime()), allow_unmatched)
