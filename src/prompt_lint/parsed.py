"""The configuration as it was parsed before, kept by its very bytes: YAML costs more than all the rest of a small run."""

from __future__ import annotations

import json
import os
from binascii import crc32
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from prompt_lint import __version__, kept
from prompt_lint.config.load import Config
from prompt_lint.config.load import parse as parse_yaml
from prompt_lint.model.values import Exemption, Group, Growth, Reference, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

# The number is the version of the form below: raise it when that, or a value of it, changes.
PREFIX = "config-v1-"
_MAGIC = b"prompt-lint config 1\n"
_LARGEST = 8 << 20
_MOST, _ROOM = 100, 16 << 20
# What decides how a configuration is understood: while developing, the version stays and they don't.
_DECIDING = ("config.py", "strictyaml.py", "model.py", "models.py", "formats/__init__.py")


def parse(
    data: bytes, name: str, folder: str | None, *, models: Sequence[str] = (), limit: str | None = None
) -> Config:
    """As `config.parse` does it; or what that made of the same bytes before, where the cache `folder` has it.

    Raises `ConfigErrors` with every mistake there is: only what has none is kept.
    """
    key = _key(data, name, models, limit)
    path = (
        os.path.join(folder, f"{PREFIX}{crc32(b''.join(key)):08x}") if folder and os.name == "posix" else ""
    )
    found = _known(path, key) if path else None
    if found:
        return found
    from prompt_lint.formats import FORMATS  # noqa: PLC0415  # what was parsed before knows nothing else
    from prompt_lint.model.models import context_window  # noqa: PLC0415

    config = parse_yaml(data, name, context_window, FORMATS, models=models, limit=limit)
    if path:
        with suppress(OSError, ValueError):  # a folder that isn't there yet, a full disk: it is parsed again
            kept.make_room(os.path.dirname(path), PREFIX, _MOST, _ROOM)
            kept.write(path, _MAGIC, [*key, json.dumps(config).encode()])
    return config


def _key(data: bytes, name: str, models: Sequence[str], limit: str | None) -> list[bytes]:
    """All that decides what the configuration means."""
    package = os.path.dirname(__file__)
    made = []
    for module in _DECIDING:
        with suppress(OSError):  # they may lie in an archive, and don't change there
            made.append(os.stat(f"{package}/{module}").st_mtime_ns)
    return [json.dumps([__version__, made, name, list(models), limit]).encode(), data]


def _known(path: str, key: list[bytes]) -> Config | None:
    try:
        sections = kept.read(path, _MAGIC, _LARGEST)
        return _config(json.loads(sections[2])) if sections and sections[:2] == key else None
    except Exception:  # noqa: BLE001  # it may be anything
        return None


# JSON has lists for tuples


def _config(fields: Any) -> Config:
    found = Config(*fields)
    exempt = (Exemption(*one) for one in found.exempt)
    return found._replace(
        rules=tuple(map(_rule, found.rules)),
        exclude=tuple(found.exclude),
        groups=tuple(map(_group, found.groups)),
        exempt=tuple(one._replace(files=tuple(one.files)) for one in exempt),
    )


def _rule(fields: Any) -> Rule:
    found = Rule(*fields)
    return found._replace(
        files=tuple(found.files),
        exclude=tuple(found.exclude),
        models=tuple(found.models),
        max_growth=found.max_growth and Growth(*found.max_growth),
    )


def _group(fields: Any) -> Group:
    name, rule, *parts = fields
    return Group(name, _rule(rule), *(tuple(Reference(*one) for one in part) for part in parts))
