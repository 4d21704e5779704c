"""What the steps of a check need to know beside the tree and its rules."""

from __future__ import annotations

from time import gmtime, strftime
from typing import TYPE_CHECKING

from prompt_lint import ci
from prompt_lint.check.pipeline import Settings
from prompt_lint.ci.labels import decide_on_raise, has_label

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
    accept_label: str = "",
) -> Settings:
    """Return the settings of a run. `accept_label` is a label by which a pull request accepts prompts over their limits.

    An API that can't be reached fails it in CI, unless the configuration says otherwise.
    """
    on_unavailable = config.on_unavailable if config else ""
    outage_fails = on_unavailable == "fail" or (not on_unavailable and bool(env.get("CI")))
    context = ci.detect_context(env)
    on_raise, raise_label = decide_on_raise(config.on_raise if config else "warn", context)
    return Settings(
        max_file_size,
        exit_zero,
        outage_fails,
        strftime("%Y-%m-%d", gmtime()),
        allow_unmatched,
        accept_label if has_label(context, accept_label) else "",
        on_raise,
        raise_label,
    )
