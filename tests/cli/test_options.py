"""The types of options: what a person may type, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from prompt_lint.cli.options import FileSize, FormatAndFile, Seconds

if TYPE_CHECKING:
    from typing import Any


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FileSize(), "500000", 500_000),
        (FileSize(), "512k", 524_288),
        (FileSize(), "4M", 4_194_304),
        (Seconds(), "0.5", 0.5),
        (FormatAndFile(["json"]), "json=a=b", ("json", "a=b")),
    ],
)
def test_what_can_be_typed(kind: click.ParamType[Any], text: str, value: object) -> None:
    """Sizes take k and M; a file's name may have an equals sign."""
    assert kind.convert(text, None, None) == value
    assert kind.convert(value, None, None) == value  # a default


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((FileSize(), text) for text in ("", "0", "-1", "1.5k", "257M", "k", "\u0663", "1" * 12)),
        *((Seconds(), text) for text in ("nan", "0", "inf", "1 s")),
        *((FormatAndFile(["json"]), text) for text in ("json", "json=", "xml=a", "=a")),
    ],
)
def test_what_is_refused(kind: click.ParamType[Any], text: str) -> None:
    """With a sentence, before anything is read or sent."""
    with pytest.raises(click.BadParameter):
        kind.convert(text, None, None)
