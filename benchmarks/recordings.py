"""Recorded requests with the API's count: reading them, and telling those that were edited after the fact."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.counting import offline
from prompt_lint.counting.intervals import list_kinds
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.models import assume_model
from prompt_lint.model.values import REQUEST_KEYS, Request
from prompt_lint.request.for_model import adapt_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from prompt_lint.counting.intervals import Kind
    from prompt_lint.model.counts import Count

FILES = ("recorded.jsonl.gz", "recorded-more.jsonl.gz")

# What a recorder writes over a key or token that it finds, also inside of a word: `<OPENAI_API_KEY>`.
_SECRET = re.compile(r"<[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET)>")
_WORD = re.compile(r"\w+|[^\w\s]")
# Smaller differences are left in: they may come from the order of keys, which some recordings have lost.
_MAX_DIFFERENCE = 2


class Recording(NamedTuple):
    """A request as it is counted, and the API's count."""

    id: str
    repository: str
    date: str
    model: str
    fields: Mapping[str, Any]
    tokens: int

    @property
    def generation(self) -> str:
        return assume_model(self.model).generation.name

    @property
    def kind(self) -> Kind:
        """The first kind of the request as it is sent to its model."""
        sent = adapt_request(Request(self.fields), self.model)
        return list_kinds(assume_model(self.model), sent.fields)[0]


class CountedRecording(NamedTuple):
    recording: Recording
    counted: Count

    @property
    def difference(self) -> int:
        """The API's tokens less ours."""
        return self.recording.tokens - self.counted.tokens


class Recordings(NamedTuple):
    """Recordings that were counted; why others were not; and those left out as edited, each with the reason."""

    counted: list[CountedRecording]
    uncovered: list[tuple[Recording, str]]
    edited: list[tuple[CountedRecording, str]]


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_recordings(data: Path) -> Iterator[Recording]:
    """Yield the recordings of a folder. The older spelling of structured output becomes the API's.

    Requests with `mcp_servers` are left out: what they cost depends on the tools that a server had that day.
    """
    for path in (data / name for name in FILES):
        for row in read_rows(path) if path.exists() else ():
            request = row["request"]
            fields = {key: request[key] for key in REQUEST_KEYS if request.get(key) is not None}
            if request.get("output_format"):
                fields["output_config"] = {
                    **fields.get("output_config", {}),
                    "format": request["output_format"],
                }
            if "mcp_servers" not in request:
                yield Recording(
                    row["id"], row["repo"], row["date"], row["model"], fields, row["input_tokens"]
                )


def count_user_message(model: str, text: str) -> Count:
    """Count a request of one message."""
    return offline.count_request(model, Request({"messages": [{"role": "user", "content": text}]}))


def count_recordings(data: Path) -> Recordings:
    """Count the recordings of a folder offline.

    One that is off by more than two tokens may be left out as edited, if something beside its count shows that too. One in
    which a recorder wrote over secrets is left out however far it is off.
    """
    counted, uncovered = [], []
    for recording in read_recordings(data):
        try:
            count = offline.count_request(recording.model, Request(recording.fields))
        except Unreadable as error:
            uncovered.append((recording, error.message))
        else:
            counted.append(CountedRecording(recording, count))
    known_words = _collect_known_words(counted)
    exact = [row.recording for row in counted if row.difference == 0]
    edited = [(row, reason) for row in counted if (reason := _explain_edit(row, exact, known_words))]
    ids = {row.recording.id for row, _ in edited}
    return Recordings([row for row in counted if row.recording.id not in ids], uncovered, edited)


def _collect_known_words(counted: Iterable[CountedRecording]) -> set[str]:
    """Return the words of all requests that are counted exactly."""
    return {
        word for row in counted if row.difference == 0 for word in _WORD.findall(_dump(row.recording.fields))
    }


def _explain_edit(row: CountedRecording, exact: Sequence[Recording], known_words: set[str]) -> str:
    """Return how a recording shows that its request isn't the one that was counted; "" if it doesn't."""
    text = _dump(row.recording.fields)
    if _SECRET.search(text):
        return "a recorder wrote the name of a secret over parts of words"
    if abs(row.difference) <= _MAX_DIFFERENCE:
        return ""
    # The tokens of a text are a sum over its words, so the difference can't come from the text.
    if row.recording.kind == "text" and known_words.issuperset(_WORD.findall(text)):
        return f"{row.difference:+} tokens in a text of words that are counted exactly elsewhere"
    if tool := _find_changed_tool(row.recording, exact):
        return f"exact with the tool `{tool}` as it is in another recording of {row.recording.repository}"
    return ""


def _find_changed_tool(recording: Recording, exact: Sequence[Recording]) -> str:
    """Return the tool whose definition was changed after the recording, or ""."""
    tools = _index_tools(recording)
    for other in exact:
        others = _index_tools(other)
        if other.repository != recording.repository or others.keys() != tools.keys():
            continue
        changed = [name for name in tools if tools[name] != others[name]]
        fields = {**recording.fields, "tools": [others[name] for name in tools]}
        if (
            len(changed) == 1
            and offline.count_request(recording.model, Request(fields)).tokens == recording.tokens
        ):
            return changed[0]
    return ""


def _index_tools(recording: Recording) -> dict[str, Any]:
    return {tool["name"]: tool for tool in recording.fields.get("tools") or [] if "name" in tool}


def _dump(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)
