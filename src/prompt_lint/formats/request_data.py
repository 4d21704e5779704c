"""The request in the data of a JSON or YAML file: by itself, as a bare list of messages, or wrapped as in a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.formats.data_files import Item
from prompt_lint.model.errors import Unreadable
from prompt_lint.request.extra_keys import note_wrapper_keys
from prompt_lint.request.flatten import flatten
from prompt_lint.request.normalize import describe_data, normalize_request
from prompt_lint.request.tools import get_tool_name
from prompt_lint.text.document import TEXT_HINT
from prompt_lint.text.location import ShapeError, describe_type
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.values import Request
    from prompt_lint.request.included_files import IncludedFiles
    from prompt_lint.text.location import KeyPath

# Different notes on one file, and bad lines of one that are reported one by one.
MAX_REPORTED = 1000
# What wraps a request: in the API's batches, and in OpenAI's.
_WRAPPERS = ("params", "body")


class _LocatedRequest(NamedTuple):
    """The fields of a request, and the key path that leads to them.

    The first `added_keys` of a key path in the request aren't there in the data.
    """

    fields: Mapping[str, Any]
    prefix: KeyPath = ()
    added_keys: int = 0

    def locate(self, key_path: KeyPath) -> KeyPath:
        """Return the key path in the data for one in the request."""
        return (*self.prefix, *key_path[self.added_keys :])


def normalize_data(data: object, included_files: IncludedFiles) -> tuple[Request, list[tuple[str, KeyPath]]]:
    """Return the request that is counted, and messages about the data with their key paths. Raises `ShapeError`."""
    located = _locate_request(data)
    wrapper = data if located.prefix and isinstance(data, dict) else {}
    remarks: list[tuple[str, KeyPath]] = [(message, (key,)) for key, message in note_wrapper_keys(wrapper)]
    try:
        request, request_remarks = normalize_request(located.fields, included_files)
    except ShapeError as error:
        raise error.moved_to(located.locate(error.key_path)) from None
    first_key_paths = dict(reversed(request_remarks))
    remarks += [(message, located.locate(key_path)) for message, key_path in first_key_paths.items()]
    return request, remarks[:MAX_REPORTED]


def list_items(data: object) -> list[Item]:
    """Return the system prompt, each tool and each message. Raises `Unreadable` for what is no request."""
    try:
        located = _locate_request(data)
    except ShapeError as error:  # the file has changed since it was parsed
        raise Unreadable(error.message, error.hint) from None
    items: list[Item] = []
    for key, value in located.fields.items():
        if key == "system" and value is not None:
            items.append(Item(located.locate((key,)), key, flatten(value)))
        elif key in {"tools", "messages"} and isinstance(value, list):
            for number, element in enumerate(value):
                name = get_tool_name(element) if key == "tools" else _describe_message(element)
                key_path = located.locate((key, number))
                items.append(Item(key_path, f"{key}[{number}] {name}", flatten(element)))
    return items


def _locate_request(data: object) -> _LocatedRequest:
    """Raises `ShapeError` for an unknown shape."""
    if isinstance(data, list) and (
        not data or any(isinstance(each, dict) and "role" in each for each in data)
    ):
        return _LocatedRequest({"messages": data}, added_keys=1)
    if not isinstance(data, (dict, list)):
        raise ShapeError((), f"is {describe_type(data)}, not a request", TEXT_HINT)
    if isinstance(data, dict):
        if _has_content(data):
            return _LocatedRequest(data)
        wrappers = [key for key in _WRAPPERS if isinstance(data.get(key), dict)]
        if len(wrappers) > 1:
            raise ShapeError((wrappers[1],), "has both `params` and `body`, and only one can be the request")
        for key in wrappers:
            if _has_content(data[key]):
                return _LocatedRequest(data[key], (key,))
            raise ShapeError((key,), f"`{key}` {_describe_absence(data[key])}", TEXT_HINT)
    raise ShapeError((), _describe_absence(data), TEXT_HINT)


def _has_content(fields: Mapping[str, Any]) -> bool:
    """Whether there is anything to count. A request of nothing would pass as a small number."""
    return (
        fields.get("messages") is not None
        or fields.get("system") not in (None, "")
        or fields.get("tools") not in (None, [])
    )


def _describe_absence(data: object) -> str:
    is_empty = isinstance(data, dict) and (data.get("system") is not None or data.get("tools") is not None)
    absent = (
        "nothing in `system` and `tools`, and no `messages`"
        if is_empty
        else "none of `messages`, `system` and `tools`"
    )
    return f"has {absent}, so it isn't a request: {describe_data(data)}"


def _describe_message(message: Any) -> str:
    """Name its role, and its images, whose tokens its text doesn't tell."""
    if not isinstance(message, dict):
        return ""
    images = _count_images(message.get("content"))
    return f"{message.get('role')} and {pluralize(images, 'image')}" if images else f"{message.get('role')}"


def _count_images(content: object) -> int:
    if not isinstance(content, list):
        return 0
    blocks = [block for block in content if isinstance(block, dict)]
    return sum(
        block.get("type") in {"image", "image_url"} or _count_images(block.get("content")) for block in blocks
    )
