"""Names of workspaces and API keys: which ids the names on the command line mean, and what ids are called in a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.model.errors import Fatal
from prompt_lint.usage.admin_api.lists import ListRequest, ListRow, fetch_lists
from prompt_lint.usage.admin_api.queries import DEFAULT_WORKSPACE
from prompt_lint.usage.admin_api.rows import InvalidField, read_text
from prompt_lint.usage.groups import name_group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_lint.api.policy import RequestPolicy
    from prompt_lint.usage.admin_api.lists import FetchPage
    from prompt_lint.usage.admin_api.queries import Query

_MOST_NAMES = "1000"
_LONGEST_ID = 200
# What the report calls null: a workspace or key of that name has its id beside it.
_DEFAULT_NAME, _NO_KEY = name_group("workspace", "", {}), name_group("api-key", "", {})


class Entity(NamedTuple):
    """A workspace, an API key or an account. `name` is the id where the organization gave none."""

    id: str
    name: str
    is_archived: bool

    @property
    def title(self) -> str:
        return f"{self.name} (archived)" if self.is_archived else self.name


class Names(NamedTuple):
    """Titles by id, the workspaces, and notes that say why some ids have no name."""

    by_id: Mapping[str, str]
    workspaces: Sequence[Entity]
    notes: tuple[str, ...]


def resolve_workspaces(
    fetch_page: FetchPage, query: Query, policy: RequestPolicy
) -> tuple[Query, Names | None]:
    """Replace names of workspaces by their ids. Names are fetched, and returned, only where that needs them."""
    if all(map(_is_id, query.workspaces)):
        return query, None
    names = fetch_names(fetch_page, query._replace(dimensions=(*query.dimensions, "workspace")), policy)
    ids = tuple(text if _is_id(text) else _find_workspace(text, names) for text in query.workspaces)
    notes = [
        f"`{DEFAULT_WORKSPACE}` is the organization's default workspace; the one that is called {workspace.name!r} "
        f"is chosen by its id, {workspace.id}."
        for workspace in names.workspaces
        if workspace.name == DEFAULT_WORKSPACE in query.workspaces
    ]
    return query._replace(workspaces=ids), names._replace(notes=(*names.notes, *notes))


def _is_id(workspace: str) -> bool:
    return workspace.startswith("wrkspc_")


def _find_workspace(text: str, names: Names) -> str:
    """The id of the workspace with that name, or `default`. Raises `Fatal` where there is none, or more than one."""
    name = " ".join(text.split())
    if name == DEFAULT_WORKSPACE:
        return DEFAULT_WORKSPACE
    matches = [w for w in names.workspaces if name in {w.name, w.title, names.by_id[w.id]}]
    if name == _DEFAULT_NAME:
        matches.append(Entity(DEFAULT_WORKSPACE, _DEFAULT_NAME, is_archived=False))
    if len(matches) == 1:
        return matches[0].id
    if matches:
        ids = ", ".join(workspace._replace(name=workspace.id).title for workspace in matches[:10])
        more = f", and {len(matches) - 10:,} more" if len(matches) > 10 else ""
        raise Fatal(f"{len(matches)} workspaces are called {text!r}", f"choose by id: {ids}{more}")
    known = [DEFAULT_WORKSPACE, *sorted(names.by_id[workspace.id] for workspace in names.workspaces)[:10]]
    hint = names.notes[0] if names.notes else f"there are: {', '.join(known)}"
    raise Fatal(f"there is no workspace {text!r}", hint)


def fetch_names(fetch_page: FetchPage, query: Query, policy: RequestPolicy) -> Names:
    """Fetch the names that the dimensions need. Where the API refuses them, a note says so, and ids stand in."""
    by_id: dict[str, str] = {}
    workspaces: Sequence[Entity] = ()
    notes = []
    limit = ("limit", _MOST_NAMES)
    requests = {
        "workspace": ListRequest("workspaces", "workspaces", (limit, ("include_archived", "true")), _read_entity, "after_id"),
        "api-key": ListRequest("API keys", "api_keys", (limit,), _read_entity, "after_id"),
        "account": ListRequest("Accounts", "users", (limit,), _read_entity, "after_id"),
        "service-account": ListRequest("Service accounts", "service_accounts", (limit,), _read_entity),
    }  # fmt: skip
    for dimension, request in requests.items():
        if dimension not in query.dimensions:
            continue
        try:
            entities = fetch_lists(fetch_page, [request], policy).values[request.name]
        except Fatal as fatal:
            reason = fatal.message.removeprefix("not fetched: ")
            notes.append(f"{request.name} are shown by their ids: {reason}")
            continue
        workspaces = entities if dimension == "workspace" else workspaces
        by_id |= _make_titles(entities)
    return Names(by_id, workspaces, tuple(notes))


def _read_entity(item: Mapping[str, Any]) -> list[ListRow]:
    entity_id, name = read_text(item, "id"), " ".join(read_text(item, "name").split())
    if not 0 < len(entity_id) <= _LONGEST_ID:
        raise InvalidField("id")
    entity = Entity(entity_id, name or entity_id, bool(name and item.get("archived_at")))
    return [ListRow(entity, (entity_id,))]


def _make_titles(entities: Sequence[Entity]) -> dict[str, str]:
    """Titles by id. Entities of one name, and what is called like the default, have their ids beside the name."""
    taken = Counter(entity.name.casefold() for entity in entities)
    taken.update(name.casefold() for name in (DEFAULT_WORKSPACE, _DEFAULT_NAME, _NO_KEY))
    return {
        entity.id: f"{entity.title} ({entity.id})" if taken[entity.name.casefold()] > 1 else entity.title
        for entity in entities
    }
