"""`prompt-lint cache`: what is remembered between runs, and removing it."""

from __future__ import annotations

from time import gmtime, strftime
from typing import TYPE_CHECKING

import click

from prompt_lint.cache.counts import open_counts
from prompt_lint.cache.folder import cache_folder, clear_cache
from prompt_lint.cli import options
from prompt_lint.cli.commands import Group
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output.terminal import write_stdout
from prompt_lint.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.cache.counts import CacheInfo


@click.group("cache", cls=Group, page="cache.md")
def command() -> None:
    """Show or clear the cache of counts."""


@command.command(page="cache.md")
@options.cache_dir
@click.pass_obj
def info(env: Mapping[str, str], cache_dir: str | None) -> ExitCode:
    """Show where the cache is, and what is in it."""
    folder = cache_folder(env, cache_dir)
    if not folder:
        raise Fatal(
            "there is no cache, since no home folder was found",
            "name a folder: --cache-dir, or PROMPT_LINT_CACHE_DIR",
        )
    counts = open_counts(folder)
    text = _render_info(counts.read_info())
    write_stdout(text + "".join(f"note: {warning}\n" for warning in counts.warnings))
    return ExitCode.OK


@command.command(page="cache.md")
@options.cache_dir
@click.pass_obj
def clear(env: Mapping[str, str], cache_dir: str | None) -> ExitCode:
    """Remove all cached counts."""
    folder = cache_folder(env, cache_dir)
    size = clear_cache(folder) if folder else 0
    write_stdout(f"removed {size:,} bytes\n" if size else "the cache was empty\n")
    return ExitCode.OK


def _render_info(info: CacheInfo) -> str:
    days = [strftime("%Y-%m-%d", gmtime(time)) for time in (info.oldest, info.newest) if time is not None]
    since = f", counted from {days[0]} to {days[1]}" if days else ""
    damaged = f", {info.damaged:,} damaged" if info.damaged else ""
    return (
        f"{escape_line(info.path)}: {info.size:,} bytes\n"
        f"{info.api:,} exact counts, {info.offline:,} offline ones{damaged}{since}\n"
    )
