"""Whether a file holds a prompt, by its content, where its name says that it may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.read_prompts import IncludeReader, parse_file
from prompt_lint.cli.init.kinds import PROMPT_WORD, find_doubtful_folder, find_prompt_folder
from prompt_lint.config.schema import rule_from_flags
from prompt_lint.formats.recognition import possible_formats, recognise
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import Problem, Prompt
from prompt_lint.text.document import parse_document

if TYPE_CHECKING:
    from prompt_lint.repo.working_tree import WorkingTree

# Formats of data files, most of which are no prompts.
DATA_FORMATS = frozenset({"request", "tools", "prompt-yml"})
_DATA_EXTENSIONS = (".json", ".jsonl", ".ndjson", ".yaml", ".yml")
# No JSON or YAML file without one of these is a request or holds tools.
_REQUEST_WORDS = re.compile(rb"\brole\b|\bmessages\b|\binput_?[sS]chema\b|\bparameters\b")
# What a file shows that is a request or tools, or was meant for one and doesn't parse. Parsing takes 20 ms for 100 KB of YAML.
_REQUEST_PIECES = re.compile(
    rb"""\brole["']?[ \t]*:[ \t]*["']?(?:system|user|assistant|developer|tool|model)\b|\binput_?[sS]chema["']?[ \t]*:"""
)
_REQUEST_KEYS = re.compile(rb"""\bmessages["']?[ \t]*:|\binput_?[sS]chema["']?[ \t]*:""")
_TOOL_WORDS = (
    re.compile(rb"\bparameters\b"),
    re.compile(rb"\bdescription\b"),
    re.compile(rb"\bproperties\b"),
)
# A description of an API, or a recording of HTTP.
_OTHER_DATA = re.compile(rb"""(?m)^[ \t{]*["']?(?:openapi|swagger|interactions)["']?[ \t]*:""")
# Without a schema it is a tool of something else, as those of Prompt flow are, whose `type` is `python`.
_TOOL_SCHEMA = re.compile(rb"""\b(?:input_?[sS]chema|parameters)\b""")
_TOOLS_NAME = re.compile(r"(?:.*[-_ ])?tools(?:[-_ ].*)?\.json\Z")
_ANY_FORMAT = rule_from_flags(())


class Inspection(NamedTuple):
    """The format of a file, "" where it holds no prompt, and why it can't be measured, "" if it can."""

    format: str = ""
    fault: str = ""


def has_special_name(path: str) -> bool:
    """Whether files with such a path may have another format than text. Data files of tests are of none."""
    return not (_is_data(path) and find_doubtful_folder(path)) and possible_formats(path, _ANY_FORMAT) != (
        "text",
    )


def inspect_file(path: str, tree: WorkingTree) -> Inspection:
    """Return what a file is. One that can't be measured has a format only if it was meant for a prompt."""
    try:
        data = tree.read(path)
    except MissingFile:
        return Inspection()
    except Unreadable as error:
        is_meant = _is_data(path) and _mentions_prompts(path)
        return Inspection("request", error.message) if is_meant else Inspection()
    return _inspect_bytes(path, data, tree)


def _inspect_bytes(path: str, data: bytes, tree: WorkingTree) -> Inspection:
    if _is_data(path) and not _mentions_prompts(path) and not _has_sign(data):
        return Inspection()
    name = recognise(path, data, _ANY_FORMAT).name
    if name not in DATA_FORMATS:
        return Inspection(name)
    if name == "tools" and not _TOOL_SCHEMA.search(data):
        return Inspection()
    has_request = False
    try:
        is_read = _REQUEST_WORDS.search(data)
        results = list(parse_file(path, data, _ANY_FORMAT, IncludeReader(tree))) if is_read else []
        has_request = any(isinstance(each, Prompt) and each.request for each in results)
        fault = next((each.message for each in results if isinstance(each, Problem)), "")
    except Unreadable as error:
        fault = error.message
    if has_request:
        return Inspection(name, fault)
    is_meant = _was_meant_for_prompt(path, data, name)
    return Inspection(name, fault or "holds no request") if is_meant else Inspection()


def _has_sign(data: bytes) -> bool:
    """Whether the bytes of a data file may be a request or tools."""
    if _OTHER_DATA.search(data):
        return False
    return bool(_REQUEST_PIECES.search(data)) or all(word.search(data) for word in _TOOL_WORDS)


def _was_meant_for_prompt(path: str, data: bytes, format_name: str) -> bool:
    """Whether a file without a request was meant to hold one, rather than being something else."""
    if not _is_data(path) or PROMPT_WORD.search(path.rpartition("/")[2]):
        return False  # with such a name it is one as it is
    try:
        if path.lower().endswith((".jsonl", ".ndjson")):
            path, data = "line.json", data.strip().partition(b"\n")[0]
        document = parse_document(path, data).data
    except Unreadable:
        return _mentions_prompts(path) or bool(_REQUEST_PIECES.search(data) and _REQUEST_KEYS.search(data))
    messages = document.get("messages") if isinstance(document, dict) else document
    has_messages = isinstance(messages, list) and any(
        isinstance(message, dict) and "role" in message for message in messages
    )
    return format_name == "tools" or has_messages


def _is_data(path: str) -> bool:
    return path.lower().endswith(_DATA_EXTENSIONS)


def _mentions_prompts(path: str) -> bool:
    name = path.rpartition("/")[2]
    is_named = PROMPT_WORD.search(name) or _TOOLS_NAME.match(name.lower())
    return bool(is_named or find_prompt_folder(path))
