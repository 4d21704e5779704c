"""Counts kept between runs, by all that a number depends on; they may travel between machines, as CI's caches do.

An exact count depends on the model, the request and the service that counted it; an offline count on the model, the
request and the tokenizer (`build_digests`).
"""

from __future__ import annotations

import os
import re
import struct
import time
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.cache.store import Store
from prompt_lint.model.counts import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from prompt_lint.model.counts import CountKey, Origin

# The number is the version of what a row means: raise it when that changes.
FILE = "counts-v2.db"

# A payload: tokens, low, high, when it was counted (Unix seconds), and the sum of the flags that are set.
_PAYLOAD = struct.Struct("<IIIIB")
_UNVERIFIED, _FEW_REQUESTS = 1, 2
# A name: `a`pi or `o`ffline and a hash of the model and of what counted, 12 bytes; then the request's digest.
_SCOPE_BYTES = 12
_TOO_MANY = 2**31
_DAY = 86_400


class CacheInfo(NamedTuple):
    """What a cache holds. `size` is in bytes, `oldest` and `newest` in Unix seconds, None where there is nothing."""

    path: str
    size: int
    api: int
    offline: int
    damaged: int
    oldest: int | None
    newest: int | None


class CountCache:
    def __init__(self, store: Store, sources: Mapping[Origin, str]) -> None:
        self._store = store
        self.warnings, self.close = store.warnings, store.close
        self._sources = sources
        self._scopes: dict[tuple[str, Origin], bytes] = {}

    @property
    def is_kept(self) -> bool:
        """Whether counts are kept between runs: there is a file, and nothing was wrong with it."""
        return bool(self._store.path) and not self.warnings

    def get(self, keys: Collection[CountKey], *origins: Origin) -> dict[CountKey, Count]:
        """Return the counts that are known, for those of `keys` that have one. The first of `origins` wins."""
        names = {origin: self._make_names(keys, origin) for origin in origins}
        payloads = self._store.read({name for by_name in names.values() for name in by_name})
        counts: dict[CountKey, Count] = {}
        for origin in reversed(origins):
            known = ((key, payloads[name]) for name, key in names[origin].items() if name in payloads)
            counts |= self._decode(known, origin)
        return counts

    def _decode(
        self, payloads: Iterable[tuple[CountKey, bytes]], origin: Origin
    ) -> Iterator[tuple[CountKey, Count]]:
        """Yield the payloads that are counts of `origin`, and not stale."""
        now = self._store.now()
        for key, payload in payloads:  # 30,000 times in a large repository
            if len(payload) != _PAYLOAD.size:
                continue
            tokens, low, high, counted_at, flags = _PAYLOAD.unpack(payload)
            if not 0 < tokens < _TOO_MANY or not low <= tokens <= high < _TOO_MANY or flags > 3:
                continue
            if origin == "api" and (
                low != high or flags or (is_moving(key.model) and not 0 <= now - counted_at < _DAY)
            ):
                continue
            is_unverified, has_few = bool(flags & _UNVERIFIED), bool(flags & _FEW_REQUESTS)
            yield key, Count(tokens, low, high, origin, is_unverified, None, has_few)

    def put(self, counts: Mapping[CountKey, Count]) -> None:
        now = self._store.now()
        payloads = {}
        for key, count in counts.items():
            flags = count.is_unverified * _UNVERIFIED + count.rests_on_few * _FEW_REQUESTS
            payloads[self._name(key, count.origin)] = _PAYLOAD.pack(*count[:3], now, flags)
        self._store.put(payloads)

    def read_info(self) -> CacheInfo:
        """Return what the file holds, with every row read and proved."""
        size, rows = self._store.read_all()
        tally = {b"a": 0, b"o": 0, b"": 0}
        times: list[int] = []
        for name, payload in rows:
            is_count = name[:1] in tally and payload is not None and len(payload) == _PAYLOAD.size
            tally[name[:1] if is_count else b""] += 1
            times += [_PAYLOAD.unpack(payload)[3]] if is_count and payload else []
        oldest, newest = min(times, default=None), max(times, default=None)
        return CacheInfo(self._store.path, size, tally[b"a"], tally[b"o"], tally[b""], oldest, newest)

    def _make_names(self, keys: Iterable[CountKey], origin: Origin) -> dict[bytes, CountKey]:
        """Return the keys by the names of their rows."""
        scopes = {model: self._scope(model, origin) for model in {key.model for key in keys}}
        return {scopes[key.model] + bytes.fromhex(key.digest): key for key in keys}

    def _name(self, key: CountKey, origin: Origin) -> bytes:
        return self._scope(key.model, origin) + bytes.fromhex(key.digest)

    def _scope(self, model: str, origin: Origin) -> bytes:
        """Return the first part of a name: the origin, and a hash of the model and of what counts."""
        scope = self._scopes.get((model, origin))
        if scope is None:
            text = f"{origin}\0{self._sources[origin]}\0{model}".encode("utf-8", "surrogatepass")
            scope = origin[:1].encode() + sha256(text).digest()[: _SCOPE_BYTES - 1]
            self._scopes[model, origin] = scope
        return scope


def open_counts(
    folder: str | None, tokenizer: str = "", service: str = "", clock: Callable[[], float] = time.time
) -> CountCache:
    """Return the cache of counts in `folder`, or one that knows nothing where `folder` is None. Touches no file yet.

    `tokenizer` is the digest of what counts offline, `service` the address of what counts exactly: what another one
    counted isn't found. `clock` returns Unix seconds.
    """
    path = os.path.join(folder, FILE) if folder else ""
    return CountCache(Store(path, clock), {"offline": tokenizer, "api": service})


@lru_cache(1_000)
def is_moving(model: str) -> bool:
    """Return whether a model id may come to mean another model, so that its exact counts grow stale.

    Ids with a date are pinned, and so are dateless ones from generation 4.6 on; earlier dateless ids, `…-latest`
    and names that follow no known pattern may move. Source: the API's documentation of model ids, November 2026.
    """
    if re.search(r"[-@](?:latest|default)\b", model):
        return True
    if re.search(r"claude-.*[-@]20[0-9]{6}(?![0-9])", model):
        return False
    name = r"(?:.*[/.])?claude-[a-z]+-([0-9]+)(?:-([0-9]{1,2}))?(?:-v[0-9]+(?::[0-9]+)?)?(?:\[1m\])?"
    known = re.fullmatch(name, model)
    return not known or (int(known[1]), int(known[2] or 0)) < (4, 6)
