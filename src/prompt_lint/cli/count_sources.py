"""Options and environment → the sources of counts: the mode, the caches, the API. Opens what has to be closed again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from prompt_lint.api.policy import RequestPolicy
from prompt_lint.cache.counts import open_counts
from prompt_lint.cache.files import open_files
from prompt_lint.cache.folder import cache_folder
from prompt_lint.cache.identity import find_identity
from prompt_lint.counting.processes import OfflineCounter, available_cores
from prompt_lint.counting.sources import ApiService, CountSources
from prompt_lint.model.errors import Terminated
from prompt_lint.model.models import find_tokenizer_family
from prompt_lint.model.values import Note
from prompt_lint.output.terminal import show_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from prompt_lint.api.credentials import KeyCredential, Provider, SdkCredential
    from prompt_lint.api.responses import Result
    from prompt_lint.cache.counts import CountCache
    from prompt_lint.cache.files import FileCache
    from prompt_lint.cli.options import CountingOptions
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.sources import CountMany, Mode
    from prompt_lint.model.values import Count, Report, Request


# How long a run that was told to end waits for other processes to let go of the cache, in seconds.
_HURRIED = 0.5


@contextmanager
def open_count_sources(
    env: Mapping[str, str], config: Config | None, top: str | None, options: CountingOptions
) -> Iterator[CountSources]:
    """Yield the sources of a run's counts. What has been counted is saved, however the run ends.

    The mode is that of the options, else the configuration's, else `exact` with a credential and `offline` without one.
    Raises `Fatal` for a credential that must not be used, unless nothing is to be sent anyway.
    """
    wanted = "offline" if options.offline else options.counting or (config.counting if config else "")
    service, absent = None, ""
    if wanted != "offline":
        policy = RequestPolicy(options.jobs, options.max_requests, options.deadline)
        service, absent = _service(env, options.provider, policy)
    mode = cast("Mode", wanted or ("exact" if service else "offline"))
    folder = None if options.no_cache else cache_folder(env, options.cache_dir, top)
    offline_counter = OfflineCounter(_count, _weigh)
    place = _place(env, options.provider)
    with _open_caches(env, folder, top, place) as (counts, files), show_progress(env) as show:
        yield CountSources(
            mode,
            offline_counter,
            lambda model: find_tokenizer_family(model)[0],
            counts,
            files,
            service,
            absent,
            available_cores(),
            show,
        )


# The tokenizer is imported when something is counted: most runs know all counts.


def _count(model: str, request: Request) -> Count:
    from prompt_lint.counting import offline

    return offline.count(model, request)


def _weigh(model: str, text: str) -> int:
    from prompt_lint.counting import offline

    return offline.weigh(model, text)


@contextmanager
def _open_caches(
    env: Mapping[str, str], folder: str | None, top: str | None, service: str
) -> Iterator[tuple[CountCache, FileCache]]:
    """Open what is kept between runs, and save what is new, however the run ends.

    In CI a cache may have been restored from a stranger's run, so entries of files, which could hide a prompt, aren't
    used there.
    """
    identity = find_identity() if folder else None
    if not identity or not identity.build:
        folder = None
    counts = open_counts(folder, identity.tokenizer if identity else "", service)
    use_files = top and not env.get("CI")
    files = open_files(folder if use_files else None, identity.build if identity else "", top or "")
    try:
        yield counts, files
    except (KeyboardInterrupt, Terminated):
        for cache in (counts, files):
            cache.close(_HURRIED)
        raise
    finally:
        for cache in (counts, files):
            cache.close()


def _place(env: Mapping[str, str], provider: Provider) -> str:
    """Whose exact counts are looked for, also by a run that asks nobody: another endpoint may count otherwise."""
    if provider != "anthropic":
        return provider
    return env.get("ANTHROPIC_BASE_URL", "").rstrip("/") or "https://api.anthropic.com"


def _service(
    env: Mapping[str, str], provider: Provider, policy: RequestPolicy
) -> tuple[ApiService | None, str]:
    from prompt_lint.api import credentials

    way = credentials.find_credential(env, provider)
    if isinstance(way, credentials.NoCredential):
        return None, way.reason
    sent: list[None] = []  # to append to it is safe between threads
    host = _host(way, env)
    steered = credentials.find_routing_variables(env, provider)
    return ApiService(host, lambda: _connect(way, policy, sent), lambda: len(sent), steered), ""


def _host(way: KeyCredential | SdkCredential, env: Mapping[str, str]) -> str:
    from prompt_lint.api import credentials
    from prompt_lint.api.endpoint import get_host

    if isinstance(way, credentials.KeyCredential):
        return way.host
    if way.provider == "anthropic":
        return get_host(env.get("ANTHROPIC_BASE_URL") or credentials.API_URL)
    return f"the API of {way.provider}"


@contextmanager
def _connect(
    way: KeyCredential | SdkCredential, policy: RequestPolicy, sent: list[None]
) -> Iterator[CountMany]:
    """Connects, and imports what that takes. One policy above either way. Each request that is sent makes `sent` longer."""
    from prompt_lint.api import credentials, request_pool

    connected: AbstractContextManager[request_pool.CountTokens]
    if isinstance(way, credentials.KeyCredential):
        from prompt_lint.api import direct

        connected = direct.connect(way, policy.timeout)
    else:
        from prompt_lint.api import sdk

        connected = sdk.connect(way, policy.timeout)
    with connected as send:

        def send_one(model: str, request: Request) -> Result:
            sent.append(None)
            return send(model, request)

        yield lambda work: request_pool.count_requests(work, send_one, policy)


def add_cache_warnings(report: Report, sources: CountSources) -> Report:
    """Return the report with a note for what went wrong with a cache, which is known once it is closed."""
    warnings = sources.counts.warnings or sources.files.warnings
    return report._replace(notes=(*report.notes, *map(Note, warnings)))


def outage_fails(env: Mapping[str, str], config: Config | None) -> bool:
    """Whether an API that can't be reached fails a run by itself: in CI, unless the configuration says otherwise."""
    wanted = config.on_unavailable if config else ""
    return wanted == "fail" or (not wanted and bool(env.get("CI")))
