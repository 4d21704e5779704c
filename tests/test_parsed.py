"""A configuration that was parsed before means what it meant."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT

from prompt_lint import parsed
from prompt_lint.config import load
from prompt_lint.formats import FORMATS
from prompt_lint.model.models import context_window

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = b"""\
models: [claude-sonnet-5-5, claude-haiku-4-5]
limit: 5%
warn_at: 80%
exclude: [old/, "*.bak"]
counting: auto
on_unavailable: offline
policy: project
on_raise: fail
max_growth: 10%
prompts:
  - files: ["prompts/**/*.md", "!prompts/x.md"]
    limits: {claude-haiku-4-5: 4k}
    role: system
    message: "Ask the \\u00e9ditors \\U0001F600."
    allow_empty: true
    max_growth: 500
  - files: .claude/skills/**
    exclude: "*.txt"
    parts: {metadata: 100, body: 5000}
    format: skill
groups:
  - name: all
    sum: [prompts/]
    limit: 20k
  - name: request
    system: prompts/a.md
    tools: [tools/a.json]
    limits: {claude-sonnet-5-5: 9000, claude-haiku-4-5: 8000}
exempt:
  - files: prompts/huge.md
    reason: being split
    until: 2027-01-31
"""


def plainly(data: bytes, name: str = ".prompt-lint.yaml") -> load.Config:
    return load.parse(data, name, context_window, FORMATS)


def documented() -> list[bytes]:
    """Every configuration in the documentation that is one."""
    found = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        found += re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [text.encode() for text in found if re.search(r"^prompts:", text, re.MULTILINE)]


@pytest.mark.parametrize("data", [EVERYTHING, *documented()])
def test_what_is_kept_is_what_was_parsed(data: bytes, tmp_path: Path) -> None:
    """To the last tuple; and the second time nothing is parsed."""
    try:
        expected = plainly(data)
    except load.ConfigErrors:
        pytest.skip("a part of a configuration")

    first = parsed.parse(data, ".prompt-lint.yaml", str(tmp_path))
    [path] = tmp_path.iterdir()
    written = path.stat().st_mtime_ns
    second = parsed.parse(data, ".prompt-lint.yaml", str(tmp_path))

    assert repr(first) == repr(second) == repr(expected)
    assert first == second == expected
    assert path.stat().st_mtime_ns == written


def test_the_example_is_everything() -> None:
    """Each field of a configuration, a rule, a group and an exemption has a value that isn't its default."""
    found = plainly(EVERYTHING)

    first, second = found.rules
    rule = first._replace(parts=second.parts, exclude=second.exclude, format=second.format)
    for value in (found, rule, found.exempt[0]):
        assert all(one not in ((), {}, "", None) for one in value)
    assert all(group.sum or (group.system and group.tools) for group in found.groups)


@pytest.mark.parametrize(
    ("data", "name", "models", "limit"),
    [
        (EVERYTHING.replace(b"5%", b"6%"), ".prompt-lint.yaml", (), None),
        (EVERYTHING, "other.yaml", (), None),
        (EVERYTHING, ".prompt-lint.yaml", ("claude-haiku-4-5", "claude-sonnet-5-5"), None),
        (EVERYTHING, ".prompt-lint.yaml", (), "7k"),
    ],
)
def test_anything_else_is_parsed_anew(
    data: bytes, name: str, models: tuple[str, ...], limit: str | None, tmp_path: Path
) -> None:
    """Other bytes, another name and other flags make another configuration."""
    parsed.parse(EVERYTHING, ".prompt-lint.yaml", str(tmp_path))

    found = parsed.parse(data, name, str(tmp_path), models=models, limit=limit)

    assert found == load.parse(data, name, context_window, FORMATS, models=models, limit=limit)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_mistake_is_told_each_time(tmp_path: Path) -> None:
    """Only what has no mistake is kept."""
    for _ in range(2):
        with pytest.raises(load.ConfigErrors):
            parsed.parse(b"prompts: 3\n", ".prompt-lint.yaml", str(tmp_path))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"x" * 200, None])
def test_a_damaged_file_is_no_configuration(damage: bytes | None, tmp_path: Path) -> None:
    """It is parsed again, and kept anew."""
    expected = parsed.parse(EVERYTHING, "c.yaml", str(tmp_path))
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"?" if damage is None else damage)

    assert parsed.parse(EVERYTHING, "c.yaml", str(tmp_path)) == expected
    assert path.read_bytes() == whole


@pytest.mark.skipif(os.name != "posix", reason="nothing is kept elsewhere")
def test_what_others_may_write_is_not_believed(tmp_path: Path) -> None:
    """A file that anybody could have written, and a link, are passed over and replaced."""
    expected = parsed.parse(EVERYTHING, "c.yaml", str(tmp_path))
    [path] = tmp_path.iterdir()
    path.chmod(0o666)

    assert parsed.parse(EVERYTHING, "c.yaml", str(tmp_path)) == expected
    assert path.stat().st_mode & 0o777 == 0o600


def test_there_is_always_room(tmp_path: Path) -> None:
    """The oldest go; and a folder that isn't there costs nothing but time."""
    for number in range(parsed._MOST + 5):
        parsed.parse(EVERYTHING + b"#" * number + b"\n", "c.yaml", str(tmp_path))

    assert len(list(tmp_path.iterdir())) == parsed._MOST
    assert parsed.parse(EVERYTHING, "c.yaml", str(tmp_path / "none")) == plainly(EVERYTHING, "c.yaml")
    assert parsed.parse(EVERYTHING, "c.yaml", None) == plainly(EVERYTHING, "c.yaml")
