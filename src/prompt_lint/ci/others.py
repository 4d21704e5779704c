"""CI systems that say no more than their line in the table, known or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.ci.systems import SYSTEMS, describe_run, find_pull_request_sign, is_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.ci.context import Context


def detect(env: Mapping[str, str]) -> Context | None:
    for system in SYSTEMS:
        if is_set(env, system.sign) or find_pull_request_sign(env, [system]):
            return describe_run(system, env)
    return None
