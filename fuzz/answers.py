"""Laws of what reads the answers of git, of APIs and of CI, and files that prompt-lint itself has written."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fuzz.parsers import decode
from tests.support import make
from tests.support.usage_values import make_period

from prompt_lint.api import json_client
from prompt_lint.api.responses import MAX_COUNT, RequestFailed, Response, parse_token_count
from prompt_lint.cache import files as cached_files
from prompt_lint.cache.counts import open_counts
from prompt_lint.cache.store import Store
from prompt_lint.ci import github as github_events
from prompt_lint.model.counts import CountKey
from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.output import View
from prompt_lint.output.json import render as render_json
from prompt_lint.output.markdown import report as markdown_report
from prompt_lint.output.report_reader import parse_report
from prompt_lint.repo import changes, staged
from prompt_lint.repo.commit_tree import CommitTree
from prompt_lint.repo.entries import parse_ls_files, parse_ls_tree
from prompt_lint.repo.objects import ObjectLost, ObjectReader, ObjectTooLarge
from prompt_lint.usage.admin_api.client import read_response
from prompt_lint.usage.admin_api.lists import ListRequest
from prompt_lint.usage.admin_api.names import _read_entity
from prompt_lint.usage.admin_api.queries import Query, make_list_requests

if TYPE_CHECKING:
    from collections.abc import Sequence

# Any id of a blob but that of the empty one, which means "by intent only".
_BLOB, _OTHER = "1" * 40, "2" * 40


def check_git_names(data: bytes) -> None:
    """Git's lists of files, with any names that git can have, are read with just these names."""
    names = list(dict.fromkeys(filter(None, decode(data).split("\0"))))
    listed = "".join(f"H 100644 {_BLOB} 0\t{name}\0" for name in names)
    entries = parse_ls_files(listed, [""])
    assert {name: entry.blob for name, entry in entries.items()} == dict.fromkeys(names, _BLOB)
    ended = [name for name in names if ".md" in name]
    assert ended == [name for name in parse_ls_files(listed, [".md"]) if ".md" in name]
    tree = "".join(f"100644 blob {_BLOB}\t{name}\0" for name in names)
    assert parse_ls_tree(tree) == entries
    raw = "".join(f":100644 100644 {_BLOB} {_OTHER} M\0{name}\0" for name in names)
    assert [path for path, _ in changes._parse_raw_diff(_encode(raw))] == names
    statuses = "".join(f"M\0{name}\0" for name in names)
    assert staged._parse(_encode(statuses)) == dict.fromkeys(names, "M")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def check_git_output(data: bytes) -> None:
    """Whatever a program called git prints, it is a list or `Fatal`."""
    text = decode(data)
    with suppress(Fatal):
        assert isinstance(parse_ls_files(text, [""]), dict)
    with suppress(Fatal):
        assert isinstance(parse_ls_files(text, [".md"]), dict)
    with suppress(Fatal):
        assert isinstance(parse_ls_tree(text), dict)
    with suppress(Fatal):
        assert isinstance(changes._parse_raw_diff(data), list)
    with suppress(Fatal):
        assert isinstance(staged._parse(data), dict)


class _AnsweringReader(ObjectReader):
    """Reads the same bytes as the answer to each question."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("/top")
        self._answer = answer

    def _request(self, name: str, cap: int) -> bytes | None:
        process: Any = SimpleNamespace(stdin=BytesIO(), stdout=BytesIO(self._answer), kill=lambda: None)
        process.__exit__ = lambda *_: None
        self._process = process
        return super()._request(name, cap)


def check_git_object(data: bytes) -> None:
    """Whatever git answers to `cat-file --batch`, it is an object within the cap, or it is lost; an object is read as it is."""
    cap = 1 << 20
    with suppress(ObjectLost, ObjectTooLarge):
        assert len(_AnsweringReader(data).read(_BLOB, cap)) <= cap
    answer = b"%s blob %d\n%s\n" % (_BLOB.encode(), len(data), data)
    assert _AnsweringReader(answer).read(_BLOB, len(data)) == data


def check_git_tree(data: bytes) -> None:
    """Whatever a folder of a commit holds, paths in it are found, or an error of ours says why not."""
    answer = b"%s tree %d\n%s\n" % (_BLOB.encode(), len(data), data)
    tree = CommitTree("/top", _BLOB)
    tree._objects = _AnsweringReader(answer)
    for path in ("a", "a/b", "CLAUDE.md"):
        with suppress(Unreadable, Fatal):
            assert isinstance(tree.read(tree.resolve(path), 1 << 20), bytes)


def _parse_response(data: bytes) -> Response:
    """Return an answer written as a status, lines of headers, and after a blank line the body."""
    head, _, body = data.partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Response(
        int(status) if status.isascii() and status.isdigit() and len(status) < 4 else 200, headers, body, 0.0
    )


def check_api_answer(data: bytes) -> None:
    """Any answer to a request for a count is a count or `RequestFailed`, with one line; only a 200 has a count."""
    response = _parse_response(data)
    try:
        tokens = parse_token_count(response, "api.example", str).value.tokens
    except RequestFailed as failed:
        _check_failure(failed)
    else:
        assert response.status == 200
        assert type(tokens) is int
        assert 0 < tokens <= MAX_COUNT


def check_github_answer(data: bytes) -> None:
    """Any answer of GitHub or of the issuer of tokens is JSON or `RequestFailed`, with one line."""
    try:
        answer = json_client._parse(_parse_response(data), "api.example", str, 1 << 20)
    except RequestFailed as failed:
        _check_failure(failed)
    else:
        assert len(answer.message().splitlines()) <= 1


def check_admin_answer(data: bytes) -> None:
    """Any answer of the Admin API is a page of rows, or `RequestFailed`, with one line."""
    for request in _list_admin_requests():
        try:
            page = read_response(_parse_response(data), request, "api.example", str).value
        except RequestFailed as failed:
            _check_failure(failed)
        else:
            assert isinstance(page.next_cursor, str)
            assert len({row.identity for row in page.rows}) <= len(page.rows)


@cache
def _list_admin_requests() -> Sequence[ListRequest]:
    queries = [Query(source, "1d", ("model",), (), ()) for source in ("messages", "analytics")]
    lists = [request for query in queries for request in make_list_requests(query, make_period())]
    return (*lists, ListRequest("workspaces", "workspaces", (), _read_entity, "after_id"))


def _check_failure(failed: RequestFailed) -> None:
    assert len(failed.message.splitlines()) == 1
    assert failed.retry_after is None or failed.retry_after >= 0


def check_event(data: bytes) -> None:
    """Any payload of an event in GitHub Actions gives values of the right form, and a note where it isn't one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "event.json")
        path.write_bytes(data)
        env = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path)}
        for event in ("pull_request", "push", "merge_group", "workflow_run"):
            env["GITHUB_EVENT_NAME"] = event
            context = github_events.detect(env)
            assert context
            assert all(
                isinstance(value, str) for value in (context.base, context.target_branch, context.repository)
            )
            assert context.pull_request >= 0
            github_events.find_finished_run(env)


def check_cached_count(data: bytes) -> None:
    """A row of the cache of counts is a count that can be, or nothing."""
    key = CountKey(make.MODEL, _BLOB)
    caches = open_counts(None, clock=lambda: 0.0)
    for origin in ("api", "offline"):
        for _, count in caches._decode([(key, data)], origin):
            assert 0 <= count.low <= count.tokens <= count.high


def check_cached_file(data: bytes) -> None:
    """A row of the cache of files is an entry that comes back as it was, or nothing."""
    entry = cached_files._decode(data, "a.md")
    if entry is None:
        return
    assert cached_files._decode(cached_files._encode(entry, "a.md"), "a.md") == entry
    for prompt in entry.prompts:
        assert bytes.fromhex(prompt.digest).hex() == prompt.digest
        assert prompt.line >= 0
    texts = [text for note in entry.notes for text in (note.message, note.path, note.kind)]
    texts += [text for prompt in entry.prompts for imported in prompt.imports for text in imported]
    assert all(type(text) is str for text in texts)
    assert all(type(note.line) is int for note in entry.notes)


def check_cache_database(data: bytes) -> None:
    """Any file in the place of the cache has rows with the right checksum, or there is one warning; it can be written again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "counts-v2.db")
        path.write_bytes(data)
        store = Store(str(path))
        store.read([b"name"])
        store.put({b"name": b"payload"})
        store.close()
        next_store = Store(str(path))
        _, rows = next_store.read_all()
        assert len(store.warnings) <= 1
        assert len(next_store.warnings) <= 1
        assert store.warnings or next_store.warnings or (b"name", b"payload") in rows


def check_report(data: bytes) -> None:
    """Any bytes are a report that can be shown and is written again as it was, or `Fatal`."""
    try:
        report = parse_report(data, "r.json")
    except Fatal:
        return
    assert len(markdown_report.render_within(report, 65_536)) <= 65_536
    again = parse_report(render_json(report, View()).encode(), "r.json")
    assert markdown_report.render_within(again, 65_536) == markdown_report.render_within(report, 65_536)
