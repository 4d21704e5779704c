"""What the steps of a check need to know beside the tree and its rules."""

from __future__ import annotations

from time import gmtime, strftime
from typing import TYPE_CHECKING

from prompt_lint import ci
from prompt_lint.check.pipeline import Settings
from prompt_lint.ci.labels import decide_on_raise, has_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.cli.options import JudgingOptions
    from prompt_lint.config.configuration import Config


def make_settings(env: Mapping[str, str], config: Config | None, options: JudgingOptions) -> Settings:
    """Return the settings of a run. An API that can't be reached fails it in CI, unless the configuration says otherwise."""
    on_unavailable = config.on_unavailable if config else ""
    outage_fails = on_unavailable == "fail" or (not on_unavailable and bool(env.get("CI")))
    context = ci.detect_context(env)
    on_raise, raise_label = decide_on_raise((config and config.on_raise) or "warn", context)
    return Settings(
        options.exit_zero,
        outage_fails,
        strftime("%Y-%m-%d", gmtime()),
        options.allow_unmatched,
        options.accept_label if context and context.labels is not None else "",
        has_label(context, options.accept_label),
        on_raise,
        raise_label,
    )
