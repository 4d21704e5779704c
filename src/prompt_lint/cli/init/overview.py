"""What `init` found, for a person: after it has run, and as an overview of a repository without a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.cli.init.proposal import propose_config
from prompt_lint.cli.project import working_directory
from prompt_lint.cli.run import open_run
from prompt_lint.config.configuration import Config
from prompt_lint.config.load import NAMES
from prompt_lint.model.models import DEFAULT_MODEL
from prompt_lint.output.phrases import format_count
from prompt_lint.output.text.pieces import align_columns
from prompt_lint.repo.working_tree import open_tree
from prompt_lint.text.cutting import cut_path
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.cli.init.proposal import KindSummary, Proposal
    from prompt_lint.cli.options import ConfigOptions, CountingOptions

_HEADING = "No .prompt-lint.yaml yet. These look like the prompts of this repository:"
_NEXT_STEP = (
    "Next: `prompt-lint init` writes a configuration with limits for them; then run `prompt-lint check`."
)
_MAX_LEFT_OUT = 10
_MAX_PARTS = 5
_PATH_WIDTH = 60


def render_overview(
    env: Mapping[str, str], config_options: ConfigOptions, counting_options: CountingOptions
) -> str:
    """Return what `init` would find. Nothing is sent. Raises `Fatal` where it finds nothing."""
    tree = open_tree(working_directory(), max_file_size=config_options.max_file_size)
    with open_run(env, tree, Config(), counting_options._replace(offline=True)) as run:
        proposal = propose_config(run, NAMES[0], config_options.models)
    details = "\n".join(render_summary(proposal, config_options.models))
    return f"{_HEADING}\n\n{details}\n{_NEXT_STEP}\n"


def render_summary(proposal: Proposal, models: Sequence[str]) -> list[str]:
    """Return a table of the kinds, what Claude Code loads at the start of a session, and what is left out; each if there is any."""
    blocks = (
        _describe_kinds(proposal, models[0] if models else DEFAULT_MODEL),
        _describe_loaded(proposal),
        _describe_left_out(proposal),
    )
    return [text for block in blocks if (text := "".join(f"{line}\n" for line in block))]


def _describe_kinds(proposal: Proposal, model: str) -> Iterator[str]:
    """Yield a table with the tokens of all prompts of each kind, and the largest one."""
    rows = [("kind", "files", "tokens", "largest prompt", ""), *map(_make_row, proposal.kinds)]
    yield from (line.rstrip() for line in align_columns(rows, left=(0, 4)))
    yield f"Tokens are those of {escape_line(model)}, counted offline; ~ is an estimate."


def _make_row(kind: KindSummary) -> tuple[str, str, str, str, str]:
    prompt, count = kind.largest.prompt, kind.largest.token_count
    path = cut_path(escape_line(prompt.path), _PATH_WIDTH)
    name = f" ({escape_line(prompt.name)})" if prompt.name else ""
    largest = format_count(count) if count else ""
    return kind.title, f"{kind.files:,}", f"~{kind.tokens:,}", largest, f"{path}{name}"


def _describe_loaded(proposal: Proposal) -> Iterator[str]:
    if not proposal.loaded:
        return
    yield f"Claude Code loads {format_count(proposal.loaded)} tokens at the start of each session here:"
    parts = sorted(proposal.loaded_parts, key=lambda part: -part.tokens)
    rest = parts[_MAX_PARTS:]
    rows = [(f"~{part.tokens:,}", escape_line(part.path or part.title)) for part in parts[:_MAX_PARTS]]
    if rest:
        rows.append((f"~{sum(part.tokens for part in rest):,}", f"in {len(rest):,} more"))
    yield from (f"  {line}" for line in align_columns(rows, left=(1,)))


def _describe_left_out(proposal: Proposal) -> Iterator[str]:
    yield from proposal.remarks[:_MAX_LEFT_OUT]
    if len(proposal.remarks) > _MAX_LEFT_OUT:
        yield f"left out: {len(proposal.remarks) - _MAX_LEFT_OUT:,} more, as the configuration says"
