"""A table whose modules are imported when they are looked up: of twenty formats a run uses one or two."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Entry = TypeVar("Entry")


class LazyTable(Mapping[str, Entry], Generic[Entry]):
    """Maps names to modules (`package.module`), or to the value of that name in a module's table (`package.module:TABLE`)."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules
        self._entries: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            module_name, _, table = self._modules[name].partition(":")
            module = import_module(module_name)
            self._entries[name] = getattr(module, table)[name] if table else module
        entry: Entry = self._entries[name]
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)
