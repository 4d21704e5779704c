"""The table of fuzz targets: every parser of untrusted bytes, and every escaper, with the law that it obeys.

A law takes any bytes and returns nothing. It raises `AssertionError` where the results are wrong, and whatever our code
raised that isn't an error of ours. Parsers of prompts, outputs and tokenizers are taken from their own tables.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fuzz import answers, escapers, parsers

from prompt_lint.formats import TABLE
from prompt_lint.model.families import FAMILIES
from prompt_lint.output import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prompt_lint.formats import Format

_FOLDER = Path(__file__).parent


class Target(NamedTuple):
    """A law, the folder of `fuzz/seeds` that has inputs to start from, and the seconds of CPU that a megabyte may take."""

    check: Callable[[bytes], None]
    seeds: str
    max_seconds: float = 1.0

    def read_seeds(self) -> list[bytes]:
        return read_inputs(_FOLDER / "seeds" / self.seeds)


def read_inputs(folder: Path) -> list[bytes]:
    """Return the contents of the files in a folder; none where there is no folder."""
    return [path.read_bytes() for path in sorted(folder.glob("*"))]


def regressions_folder(name: str) -> Path:
    """Return the folder of the inputs on which a target has failed once."""
    return _FOLDER / "regressions" / name


def read_regressions(name: str) -> list[bytes]:
    return read_inputs(regressions_folder(name))


def _group_formats() -> dict[str, list[tuple[str, str]]]:
    """Return the formats by their parser, as names and paths that such files may have.

    A parser of several formats has the name of the last.
    """
    names = {line.module: line.name for line in TABLE}
    grouped: dict[str, list[tuple[str, str]]] = {name: [] for name in names.values()}
    for line in TABLE:
        grouped[names[line.module]] += [(line.name, path) for path in _list_paths(line)]
    return grouped


def _list_paths(line: Format) -> list[str]:
    """Return paths that files of a format may have, one for each of its patterns."""
    patterns = [pattern for pattern in line.paths if not pattern.startswith("!")] or ["*.txt"]
    return [f"skills/x/{re.sub(r'[*]+/?', 'a', pattern.replace('**/', ''))}" for pattern in patterns]


TARGETS: Mapping[str, Target] = {
    "config": Target(parsers.check_config, "config"),
    "patterns": Target(parsers.check_patterns, "patterns"),
    **{
        f"format-{name}": Target(
            partial(parsers.check_format, files=files),
            "format",
        )
        for name, files in _group_formats().items()
    },
    "frontmatter": Target(parsers.check_frontmatter, "format"),
    "imports": Target(parsers.check_imports, "format"),
    "json": Target(parsers.check_json, "json"),
    "yaml": Target(parsers.check_yaml, "yaml"),
    "toml": Target(parsers.check_toml, "toml"),
    "image": Target(parsers.check_image, "image"),
    # A file may have 20,000 patterns, of which each takes a tenth of a millisecond.
    "codeowners": Target(parsers.check_codeowners, "patterns", max_seconds=3.0),
    "gitignore": Target(parsers.check_gitignore, "patterns"),
    "git-names": Target(answers.check_git_names, "git"),
    "git-output": Target(answers.check_git_output, "git"),
    "git-object": Target(answers.check_git_object, "git"),
    "git-tree": Target(answers.check_git_tree, "git"),
    "api-answer": Target(answers.check_api_answer, "answer"),
    "github-answer": Target(answers.check_github_answer, "answer"),
    "admin-answer": Target(answers.check_admin_answer, "answer"),
    "event": Target(answers.check_event, "json"),
    "cached-count": Target(answers.check_cached_count, "cache"),
    "cached-file": Target(answers.check_cached_file, "cache"),
    "cache-database": Target(answers.check_cache_database, "cache"),
    "report": Target(answers.check_report, "report"),
    "line": Target(escapers.check_line, "name"),
    "annotation": Target(escapers.check_annotation, "name"),
    "uri": Target(escapers.check_uri, "name"),
    "markdown": Target(escapers.check_markdown, "name"),
    **{f"output-{name}": Target(partial(escapers.check_output, name=name), "name") for name in OUTPUTS},
    **{
        f"tokenizer-{family}": Target(
            partial(parsers.check_tokenizer, family=family), "text", max_seconds=5.0
        )
        for family in FAMILIES
    },
}
