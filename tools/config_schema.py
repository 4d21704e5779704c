"""Write the names of the formats into the schema of the configuration: `.venv/bin/python tools/config_schema.py`."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import prompt_lint
from prompt_lint.formats import FORMATS

SCHEMA = Path(prompt_lint.__file__).parent / "config" / "prompt-lint.schema.json"


def with_formats(schema: str) -> str:
    """Return the text of the schema with the names that `format` accepts, in the order of their table."""
    names = ", ".join(f'"{name}"' for name in FORMATS)
    lines = textwrap.indent(textwrap.fill(names, 88, break_on_hyphens=False), " " * 12)
    return re.sub(
        r'("format": {.*?"enum": \[\n).*?(\n +\])', rf"\1{lines}\2", schema, count=1, flags=re.DOTALL
    )


if __name__ == "__main__":
    SCHEMA.write_text(with_formats(SCHEMA.read_text(encoding="utf-8")), encoding="utf-8")
