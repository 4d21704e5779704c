"""Asks the real API for five known requests, so that a change of its answers is noticed: `tools/canary.py`.

Needs prompt-lint beside this Python and ANTHROPIC_API_KEY in the environment; without a key it says so and ends well.
Exit code 1, with a line for each, where something isn't as it was.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).parent / ("prompt-lint.exe" if sys.platform == "win32" else "prompt-lint")
# A model of each family of tokenizers, and what it is asked: five requests in all.
RUNS = {
    "claude-haiku-4-5-20251001": ("text.md", "tools.json"),
    "claude-opus-5": ("text.md", "tools.json", "image.json"),
}
# Of what can't be counted offline: a picture of 28 by 28 pixels is one token and a little around it.
SMALL = 200


def picture() -> str:
    """A black PNG of 28 by 28 pixels, in base64."""
    rows = b"".join(b"\0" + bytes(28) for _ in range(28))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in parts
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def write_requests(folder: Path) -> None:
    place = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"name": "weather", "description": "Tells the weather of a city.", "input_schema": place}
    source = {"type": "base64", "media_type": "image/png", "data": picture()}
    (folder / "text.md").write_text("What is 2 + 2?", encoding="utf-8")
    for name, fields in {
        "tools.json": {"system": "Be brief.", "tools": [tool], "messages": [turn("Is it raining in Graz?")]},
        "image.json": {"messages": [turn([{"type": "image", "source": source}])]},
    }.items():
        (folder / name).write_text(json.dumps(fields), encoding="utf-8")


def turn(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


def count(folder: Path, model: str, *arguments: str) -> tuple[int, Any]:
    """Return exit code and report. Raises `ValueError` where there is no report."""
    flags = ["--model", model, "--output-format", "json", "--no-cache"]
    code, output, errors = run_prompt_lint(folder, "count", *RUNS[model], *flags, *arguments)
    if not output:
        raise ValueError(f"{model}: no report, exit code {code}: {errors.strip()[:300]}")
    return code, json.loads(output)


def run_prompt_lint(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr."""
    command = [str(PROGRAM), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout, done.stderr


def changes(folder: Path, model: str) -> Iterator[str]:
    """A line for all that isn't as it was."""
    code, report = count(folder, model, "--counting", "exact", "--deadline", "120")
    _, offline = count(folder, model, "--offline")
    summary = report["summary"]
    told = [*report["notes"], *(f"{p['path']}: {p['message']}" for p in report["problems"])]
    yield from told
    if code and not told:
        yield f"exit code {code}"
    if (summary["api"], summary["unanswered"]) != (len(RUNS[model]), 0):
        yield f"{summary['api']} of {len(RUNS[model])} counts came from {summary['host'] or 'nowhere'}"
    for exact, guess in zip(report["verdicts"], offline["verdicts"], strict=True):
        tokens, low, high = exact["tokens"], guess["low"] or 1, guess["high"] or SMALL
        print(f"{model}  {exact['path']}: {tokens}, expected {low} to {high}")
        if tokens is not None and not low <= tokens <= high:
            yield f"{exact['path']}: {tokens} is outside {low} to {high}"


def main() -> int:
    if not os.environ.get("ANTHROPIC_API_KEY"):
        print("skipped: ANTHROPIC_API_KEY is not set")
        return 0
    found = []
    with tempfile.TemporaryDirectory() as name:
        write_requests(Path(name))
        for model in RUNS:
            try:
                found += [f"{model}: {change}" for change in changes(Path(name), model)]
            except (ValueError, KeyError, TypeError) as error:
                found.append(f"{model}: {type(error).__name__}: {error}")
    for change in found:
        print(f"changed: {change}")
    print(f"{len(found)} changes" if found else "the API answers as it did")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
