"""The patterns that a person would write for the files of a kind."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING

from prompt_lint.cli.init.kinds import (
    NAMED_DATA,
    NAMED_TEXTS,
    PROMPT_FOLDER,
    PROMPT_WORD,
    SKILLS,
    SYSTEM_PROMPTS,
    TEXTS,
    find_prompt_folder,
)
from prompt_lint.text.escape import escape_line
from prompt_lint.text.patterns import MAX_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.cli.init.kinds import Kind

# Extensions of two parts that say more than the last one.
_COMPOUND_EXTENSION = re.compile(r"[._]prompt\.ya?ml\Z|\.(?:prompt|agent|chatmode|instructions)\.md\Z")
# A pattern for a name that says nothing of what the file is.
_BROAD = re.compile(r"\*\.(?:md|txt|json|jsonl|toml|ya?ml|\{.*)")
# Folders that hold nothing but prompts, as those do whose names start with a dot.
_FOLDERS_OF_PROMPTS = ("skills", "output-styles")
_MAX_FOLDERS = 3
_MAX_EXACT_PATTERNS = 12
# As many files of one name, and no other file that has it, are named by it.
_SAME_NAME = 3


def write_patterns(kind: Kind, paths: Sequence[str], all_paths: Sequence[str]) -> list[str]:
    """Return patterns for the files of a kind; none where they would be too many."""
    if kind.shares_extension:
        patterns = _write_exact_patterns(paths, all_paths)
        return patterns if all(patterns) and len(patterns) <= _MAX_EXACT_PATTERNS else []
    if "/" in kind.pattern:
        is_anywhere = any(not path.startswith(f"{kind.folders[0]}/") for path in paths)
        return [kind.pattern if is_anywhere else kind.pattern.removeprefix("**/")]
    if kind.pattern and not kind.folders:
        # By the names that there are, in any folder: so that a file added to another folder is matched, too.
        return sorted({path.rpartition("/")[2] for path in paths})
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(_generalize_name(kind, path.rpartition("/")[2]), []).append(path)
    if all(name.startswith("*.") and name.count(".") == 1 for name in by_name):
        extensions = sorted(name[2:] for name in by_name)
        one_of = extensions[0] if len(extensions) == 1 else f"{{{','.join(extensions)}}}"
        return _place_pattern(kind, f"*.{one_of}", paths)
    patterns = [
        pattern for name, members in by_name.items() for pattern in _place_pattern(kind, name, members)
    ]
    return _drop_narrower(list(dict.fromkeys(patterns)))


def _drop_narrower(patterns: Sequence[str]) -> list[str]:
    """Return the patterns without those whose names another one of the same folder matches, too: `*.agent.md` beside `*.md`."""
    places = [pattern.rpartition("/") for pattern in patterns]
    return [
        pattern
        for pattern, (folder, _, name) in zip(patterns, places, strict=True)
        if not any(
            other.startswith("*.") and other != name and name.endswith(other[1:]) and folder == place
            for place, _, other in places
        )
    ]


def _write_exact_patterns(paths: Sequence[str], all_paths: Sequence[str]) -> list[str]:
    """Return a pattern for each file, or for several: all files of a name, or all of a folder's files of an extension.

    "" stands for a pattern that would be too long.
    """
    counts, totals = (Counter(path.rpartition("/")[2] for path in listed) for listed in (paths, all_paths))
    shared = {name for name, count in counts.items() if count == totals[name] >= _SAME_NAME}
    patterns = [_limit_length(escape_path(name)) for name in sorted(shared)]
    in_folders = _group_by_folder(all_paths)
    rest = [path for path in paths if path.rpartition("/")[2] not in shared]
    for (folder, extension), members in _group_by_folder(rest).items():
        if folder and extension and len(members) == len(in_folders[folder, extension]) > 1:
            patterns.append(_limit_length(f"{_root_folder(folder)}/*.{escape_path(extension)}"))
        else:
            patterns += map(write_path_pattern, members)
    return patterns


def write_path_pattern(path: str) -> str:
    """Return the pattern for a single path; "" where it would be too long."""
    return _limit_length(f"/{escape_path(path)}")


def _limit_length(pattern: str) -> str:
    return pattern if len(pattern) <= MAX_LENGTH else ""


def escape_path(path: str) -> str:
    """Return a path as a part of a pattern: no character means more than itself; `?` stands for what can't be shown."""
    text = "".join(map(_escape_character, path))
    return re.sub(r" (?=\Z|/)", "?", text)


def _escape_character(char: str) -> str:
    if char == "\\" or (not char.isascii() and escape_line(char) != char) or not char.isprintable():
        return "?"
    return f"\\{char}" if char in "*?[]{}!#" else char


def _group_by_folder(paths: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        groups.setdefault((folder, name.rpartition(".")[2]), []).append(path)
    return groups


def _generalize_name(kind: Kind, name: str) -> str:
    """Return a pattern for a file's name that matches similar ones, as `*.md`."""
    if kind is SKILLS or name.startswith(".") or name in {"copilot-instructions.md", "guidelines.md"}:
        return escape_path(name) or "*"
    if kind is SYSTEM_PROMPTS:
        return _generalize_system_name(name)
    if kind in {NAMED_TEXTS, NAMED_DATA}:
        return _generalize_prompt_name(name)
    compound = _COMPOUND_EXTENSION.search(name)
    return f"*{compound[0]}" if compound else f"*.{escape_path(name.rpartition('.')[2])}"


def _generalize_prompt_name(name: str) -> str:
    """`judge_prompt.j2` → `*prompt*.j2`; Markdown, most of which is no prompt, by the end of its name."""
    stem, _, extension = name.rpartition(".")
    if extension.lower() == "md":
        end = re.search(r"[-_]?[A-Za-z]+\Z", stem)
        return f"*{end[0]}.{extension}" if end and end[0] != stem else escape_path(name)
    word = PROMPT_WORD.search(stem)
    return f"*{word[0].removesuffix('s') if word else 'prompt'}*.{escape_path(extension)}"


def _generalize_system_name(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    if stem.lower() == "system":
        return escape_path(name)
    if stem.lower().endswith(".system"):
        return f"*.{stem.rpartition('.')[2]}.{extension}"
    word = re.search(r"(?i:system[-_ ]?prompt)", stem)
    return f"*{word[0] if word else 'system'}*.{extension}"


def _place_pattern(kind: Kind, name: str, paths: Sequence[str]) -> list[str]:
    """Return patterns for the files that `name` matches, below the usual folders; at any depth for those elsewhere."""
    by_start: dict[str, tuple[str, list[str]]] = {}
    elsewhere = []
    for path in paths:
        folder, start = _split_at_folder(kind, path)
        if not folder:
            elsewhere.append(path)
            continue
        by_start.setdefault(start, (folder, []))[1].append(path[len(start) + 1 :])
    if elsewhere and not _BROAD.fullmatch(name):
        return [name]
    if len(by_start) <= _MAX_FOLDERS:
        patterns = [
            f"{_root_folder(start)}/{_folders_between(ends, name, folder)}{name}"
            for start, (folder, ends) in by_start.items()
        ]
    else:
        by_folder: dict[str, list[str]] = {}
        for folder, ends in by_start.values():
            by_folder.setdefault(folder, []).extend(ends)
        patterns = [
            f"**/{folder}/{_folders_between(ends, name, folder)}{name}" for folder, ends in by_folder.items()
        ]
    return patterns + (_write_common_pattern(name, elsewhere) if elsewhere else [])


def _split_at_folder(kind: Kind, path: str) -> tuple[str, str]:
    """Return the folder that files of a kind are usually in, and the path up to its end; "" for a file elsewhere."""
    if kind in {TEXTS, SYSTEM_PROMPTS}:
        folder = find_prompt_folder(path)
        return folder, path[: f"/{path}".find(f"/{folder}/") + len(folder)] if folder else ""
    folder = next((folder for folder in kind.folders if f"/{folder}/" in f"/{path}"), "")
    # A folder called `commands` or `agents` may be one of source code, with Claude's somewhere inside: the last one counts.
    find = str.find if folder.startswith(".") else str.rfind
    return folder, path[: find(f"/{path}", f"/{folder}/") + len(folder)] if folder else ""


def _write_common_pattern(name: str, paths: Sequence[str]) -> list[str]:
    """Return a pattern for files whose names say nothing, by the folder that they share; or one for each, if few."""
    folder = posixpath.commonpath([f"/{path.rpartition('/')[0]}" for path in paths])[1:]
    if folder and len(paths) > 1:
        ends = [path[len(folder) + 1 :] for path in paths]
        return [f"{_root_folder(folder)}/{_folders_between(ends)}{name}"]
    return [write_path_pattern(path) for path in paths] if len(paths) <= _MAX_FOLDERS else []


def _folders_between(ends: Iterable[str], name: str = "", folder: str = "") -> str:
    """Return the pattern between a folder and a name; any depth where all in the folder is of the kind, also in future."""
    if folder == ".github/workflows":
        return ""  # those in folders below are only imported
    if "*" in name and (
        folder.startswith(".") or PROMPT_FOLDER.match(folder) or folder in _FOLDERS_OF_PROMPTS
    ):
        return "**/"
    depths = {end.count("/") for end in ends}
    return "" if depths == {0} else "*/" if depths == {1} else "**/"


def _root_folder(folder: str) -> str:
    """Return a folder as the start of a pattern, which a name such as `~` or `C:` mustn't be."""
    text = escape_path(folder)
    return text if re.match(r"[\w.-]+(?:/|\Z)", text, re.ASCII) else f"/{text}"
