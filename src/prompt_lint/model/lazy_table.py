"""A table whose modules are imported when they are first asked for: of twenty formats a hook meets one or two."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Entry = TypeVar("Entry")


class LazyTable(Mapping[str, Entry], Generic[Entry]):
    """Names → what their modules are, or what a module has under such a name in a table of its own.

    `places` are modules, as `package.module`, or `package.module:TABLE`.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._places = modules
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Entry:
        if name not in self._found:
            module, _, table = self._places[name].partition(":")
            found = import_module(module)
            self._found[name] = getattr(found, table)[name] if table else found
        entry: Entry = self._found[name]
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
