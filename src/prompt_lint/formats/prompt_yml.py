"""`prompt-yml`: the prompts of GitHub Models, YAML with a list of messages (documentation and source of gh-models, 2026)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.formats.role_prompts import RoleFormat, RolePrompt
from prompt_lint.model.errors import Unreadable
from prompt_lint.request.extra_keys import DROPPED_KEYS, find_text_keys
from prompt_lint.request.from_roles import STRUCTURED_OUTPUT, Piece, Turn
from prompt_lint.text.document import TEXT_HINT, describe_fault, parse_document
from prompt_lint.text.location import ParseError, shorten
from prompt_lint.text.yaml_head import YamlHead
from prompt_lint.text.yaml_reader import PROMPT_LIMITS, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_lint.model.rules import Role
    from prompt_lint.model.values import ReadFile
    from prompt_lint.text.yaml_head import Entry

# What the documentation asks for; the tool's own examples are called `…_prompt.yml`.
_SURE_ENDINGS = (".prompt.yml", ".prompt.yaml")
_ROLES = ("system", "user", "assistant")
_EXAMPLE = "a message looks like {role: user, content: …}"

_PROMPT_KEYS = frozenset({
    "name", "description", "model", "modelParameters", "responseFormat", "jsonSchema", "testData", "evaluators",
})  # fmt: skip
_REQUEST_KEYS = frozenset({"system", "tools", "tool_choice", "thinking", "max_tokens"})
# What else ends in `.prompt.yaml` or `_prompt.yml`, by keys of which all are there.
_LOOKALIKES = (
    ("a Semantic Kernel prompt", {"template", "template_format"}),
    ("a Semantic Kernel prompt", {"template", "execution_settings"}),
    ("a LangChain prompt", {"_type"}),
    ("a LangChain prompt", {"template", "input_variables"}),
    ("a promptfoo configuration", {"prompts", "providers"}),
    ("a promptfoo configuration", {"prompts", "tests"}),
)  # fmt: skip


def recognise(path: str, data: bytes) -> str | None:
    """By its name and its keys at the top: a Messages request, or a file of another tool, may have such a name."""
    is_sure = path.endswith(_SURE_ENDINGS)
    try:
        fields = parse_document(path, data).data
    except Unreadable:
        fields = None  # reported by the format that takes the file
    keys = set(fields) if isinstance(fields, dict) else set()
    if "messages" in keys and keys & _REQUEST_KEYS:
        return None
    if "messages" in keys and (is_sure or keys & _PROMPT_KEYS):
        return "YAML of that name with `messages` is read as a prompt of GitHub Models"
    if lookalike := _find_lookalike(keys):
        return f"the name is that of a prompt of GitHub Models, but it looks like {lookalike}"
    return "the name is that of a prompt of GitHub Models" if is_sure else None


def _read_file(path: str, text: str, first_role: Role, read: ReadFile) -> RolePrompt:
    """Raises `Unreadable`, with the line, for what isn't a list of messages of text."""
    head = _parse_file(text)
    messages = head.get_value("messages")
    if not isinstance(messages, list) or not messages:
        line = head.find_line("messages")
        raise Unreadable("`messages` is not a list with a message in it", _EXAMPLE, line)
    turns = [_read_message(entry) for entry in head.list_entries("messages")]
    return RolePrompt(turns, (), list(_make_messages(head)))


_FORMAT = RoleFormat(_read_file, "user")
parse, parts = _FORMAT.parse, _FORMAT.parts


def _make_messages(head: YamlHead) -> Iterator[tuple[str, int]]:
    schema = "jsonSchema" if head.get_value("jsonSchema") else "responseFormat"
    if schema == "jsonSchema" or head.get_value("responseFormat") == "json_schema":
        yield STRUCTURED_OUTPUT, head.find_line(schema)
    for key in find_text_keys(head.document.data, _PROMPT_KEYS | DROPPED_KEYS | {"messages"}):
        message = f"`{shorten(key)}` isn't a part of a prompt of GitHub Models: not counted"
        yield message, head.document.key_positions[key,][0]


def _parse_file(text: str) -> YamlHead:
    last_line = max(1, text.count("\n") + (not text.endswith("\n")))
    try:
        document = parse_yaml(text, PROMPT_LIMITS)
    except ParseError as error:
        line = min(error.line, last_line)  # YAML knows more ends of lines than there are
        raise Unreadable(describe_fault(error), TEXT_HINT, line) from None
    fields = document.data if isinstance(document.data, dict) else {}
    if fields.get("messages") is None:
        lookalike = _find_lookalike(fields)
        message = (
            f"looks like {lookalike}, which isn't read"
            if lookalike
            else "has no `messages`, so it isn't a prompt of GitHub Models"
        )
        raise Unreadable(message, TEXT_HINT, 1)
    return YamlHead(document, 1, last_line)


def _read_message(entry: Entry) -> Turn:
    name, message, line = f"`messages[{entry.key}]`", entry.value, entry.first_line
    role: Any = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str):
        raise Unreadable(f"{name} has no `role`", _EXAMPLE, line)
    if role not in _ROLES:
        known = ", ".join(_ROLES)
        raise Unreadable(f"{name} has the role `{role[:60]}`; known are {known}", "use one of them", line)
    content = message.get("content")
    name = f"`messages[{entry.key}].content`"
    if not isinstance(content, str):
        raise Unreadable(f"{name} is not a text", _EXAMPLE, line)
    if not content.strip():
        raise Unreadable(f"{name} is blank, and the API refuses a blank text", _EXAMPLE, line)
    return Turn(role, (Piece(content, line, entry.last_line),))


def _find_lookalike(keys: Iterable[str]) -> str:
    """Return what another tool's file is, in words; "" for none that is known."""
    present = set(keys)
    return next((name for name, required in _LOOKALIKES if required <= present), "")
