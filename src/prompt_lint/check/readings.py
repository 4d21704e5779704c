"""Which ways of reading a file its names make: by its own, and by links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.config.rule_matching import MatchedFile
from prompt_lint.formats import recognition
from prompt_lint.model.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prompt_lint.model.rules import Rule


def split_by_name(
    file: MatchedFile,
    find_rule: Callable[[str], Rule | None],
    read: Callable[[str], bytes],
    *,
    is_judged: bool = True,
) -> Iterator[MatchedFile]:
    """Yield the file once for each way of reading it: by its own name, and by links that make something else of it.

    A link does that where another rule has other limits for it, where its name says another format (`CLAUDE.md ->
    docs/agents.md`), or where the file imports others, from another folder or by another tool's rules. A name without a rule
    makes nothing of it. `read` returns the bytes of a file by its real path. For what isn't judged itself, limits don't matter.
    """
    if not file.aliases:
        yield file
        return
    by_reading: dict[object, list[str]] = {}
    for name in (file.path, *file.aliases):
        if rule := find_rule(name):
            reading = _describe_reading(name, file.path, rule, read)
            by_reading.setdefault((reading, is_judged and rule.judging), []).append(name)
    for number, (first, *others) in enumerate(by_reading.values()):
        rule = find_rule(first) or file.rule
        # A text that only links make a prompt has the name of its file; any other link is a prompt of its own, with its own name.
        is_text = recognition.possible_formats(first, rule) == ("text",)
        is_by_own_name = first == file.path or (is_text and number == 0)
        aliases = (first, *others) if is_by_own_name and first != file.path else tuple(others)
        yield MatchedFile(file.path, rule, aliases, "" if is_by_own_name else first)


def _describe_reading(name: str, path: str, rule: Rule, read: Callable[[str], bytes]) -> tuple[object, ...]:
    """Return all that decides how a file is read by one of its names.

    Of a file that imports others, that is also the folder to import from, and whose rules for imports are followed.
    """
    imports = _imports(name, path, rule, read)
    folder = name.rpartition("/")[0] if imports else ""
    return (
        rule.reading,
        recognition.possible_formats(name, rule),
        folder,
        imports and recognition.is_for_gemini(name),
    )


def _imports(name: str, path: str, rule: Rule, read: Callable[[str], bytes]) -> bool:
    try:
        return recognition.can_import(name, rule) and recognition.seems_to_import(name, read(path), rule)
    except Unreadable:  # reported when it is checked
        return False
