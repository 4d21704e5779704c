"""What a repository without a configuration holds: the same as `init` finds, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.cli.init.proposal import propose_config
from prompt_lint.cli.init.summary import render_kinds, render_left_out, render_loaded
from prompt_lint.cli.project import working_directory
from prompt_lint.cli.run import open_run
from prompt_lint.config.configuration import Config
from prompt_lint.config.load import NAMES
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.repo.working_tree import open_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.cli.options import ConfigOptions, CountingOptions

_HEADING = "No .prompt-lint.yaml yet. These look like the prompts of this repository:"
_NEXT_STEP = (
    "Next: `prompt-lint init` writes a configuration with limits for them; then run `prompt-lint check`."
)


def render_overview(
    env: Mapping[str, str], config_options: ConfigOptions, counting_options: CountingOptions
) -> str:
    """Return what `init` would find, for a person. Nothing is sent. Raises `Fatal` where it finds nothing."""
    models = config_options.models
    tree = open_tree(working_directory(), max_file_size=config_options.max_file_size)
    with open_run(env, tree, Config(), counting_options._replace(offline=True)) as run:
        proposal = propose_config(run, NAMES[0], models)
    found = render_kinds(proposal, models[0] if models else DEFAULT_MODEL)
    details = "\n".join(filter(None, (found, render_loaded(proposal), render_left_out(proposal))))
    return f"{_HEADING}\n\n{details}\n{_NEXT_STEP}\n"
