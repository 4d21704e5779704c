"""Options and environment → the sources of counts: the mode, the caches, the API."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.cache.build_digests import BuildDigests, find_digests
from prompt_lint.cache.counts import open_counts
from prompt_lint.cache.files import open_files
from prompt_lint.cache.folder import cache_folder
from prompt_lint.ci import is_set
from prompt_lint.cli.usage_errors import name_source
from prompt_lint.counting.api_service import find_service, has_credential, name_endpoint
from prompt_lint.counting.processes import available_cores
from prompt_lint.counting.sources import CountSources
from prompt_lint.model.errors import Fatal, Terminated
from prompt_lint.model.values import Note
from prompt_lint.output.progress import Progress, describe_interruption, show_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompt_lint.cache.counts import CountCache
    from prompt_lint.cache.files import FileCache
    from prompt_lint.cli.options import CountingOptions
    from prompt_lint.config.configuration import Config
    from prompt_lint.counting.sources import ApiService, Mode
    from prompt_lint.model.needs import ExactNeed
    from prompt_lint.model.values import Report


# Seconds that a run which was told to end waits for other processes to let go of the cache.
_PATIENCE_AT_END = 0.5
_NO_CREDENTIAL_HINT = "set ANTHROPIC_API_KEY, or count offline: --offline, or PROMPT_LINT_COUNTING=offline"


@contextmanager
def open_count_sources(
    env: Mapping[str, str],
    config: Config,
    top: str | None,
    options: CountingOptions,
    *,
    is_dry_run: bool = False,
    is_quiet: bool = False,
) -> Iterator[CountSources]:
    """Yield the sources of a run's counts. What has been counted is saved, however the run ends.

    The mode is that of the options, else the configuration's, else `exact` with a credential and `offline` without one.
    Raises `Fatal` for a credential that must not be used, unless nothing is to be sent anyway; and where the options, not the
    configuration, ask for exact counts and there is no credential.
    """
    mode = "offline" if options.offline else options.counting or config.counting
    service, no_service_reason = None, ""
    if mode != "offline":
        policy = RequestPolicy(options.jobs, options.max_requests, options.deadline)
        service, no_service_reason = find_service(env, options.provider, policy)
        if options.counting == "exact" and service is None:
            raise Fatal(
                f"{name_source('counting')} exact needs an API key: {no_service_reason}", _NO_CREDENTIAL_HINT
            )
    folder = None if options.no_cache else cache_folder(env, options.cache_dir, top)
    endpoint = name_endpoint(env, options.provider)
    with (
        show_progress(env, is_quiet=is_quiet) as progress,
        _open_caches(env, folder, top, endpoint, progress) as (counts, files),
    ):
        yield CountSources(
            cast("Mode", mode or ("exact" if service else "offline")),
            counts,
            files,
            service,
            no_service_reason,
            available_cores(),
            progress,
            is_dry_run,
            _list_exact_needs(env, options, mode, service),
        )


def _list_exact_needs(
    env: Mapping[str, str], options: CountingOptions, mode: str, service: ApiService | None
) -> tuple[ExactNeed, ...]:
    """Return what a run that sends nothing lacks for exact counts. `mode` is the one that somebody chose, or empty."""
    if mode != "offline":
        return () if service else ("key",)
    choice: ExactNeed = "without --offline" if options.offline else "with --counting auto"
    return (choice,) if has_credential(env, options.provider) else ("key", choice)


@contextmanager
def _open_caches(
    env: Mapping[str, str], folder: str | None, top: str | None, endpoint: str, progress: Progress
) -> Iterator[tuple[CountCache, FileCache]]:
    """Open what is kept between runs, and save what is new, however the run ends.

    What interrupts it gets a note: how far the run has come, and what is kept of it.
    In CI a cache may have been restored from a stranger's run, so entries of files, which could hide a prompt, aren't
    used there.
    """
    digests = find_digests() if folder else BuildDigests()
    if not digests.build:
        folder = None
    counts = open_counts(folder, digests.tokenizer, endpoint)
    use_files = top and not is_set(env, "CI")
    files = open_files(folder if use_files else None, digests.build, top or "")
    try:
        yield counts, files
    except (KeyboardInterrupt, Terminated) as error:
        for cache in (counts, files):
            cache.close(_PATIENCE_AT_END)
        error.add_note(describe_interruption(progress, is_cached=counts.is_kept))
        raise
    finally:
        for cache in (counts, files):
            cache.close()


def add_cache_warnings(report: Report, sources: CountSources) -> Report:
    """Return the report with a note for what went wrong with a cache, which is known once it is closed."""
    warnings = sources.count_cache.warnings or sources.file_cache.warnings
    return report._replace(notes=(*report.notes, *map(Note, warnings)))
