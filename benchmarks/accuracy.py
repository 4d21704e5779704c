"""How near the offline counts come to the API's and to `ctok`'s, as the tables of docs/counting.md.

    python benchmarks/accuracy.py DATA [--corpora FOLDER] [--ctok-python PYTHON]

DATA holds `recorded.jsonl.gz` (requests with the API's count) and `texts.jsonl.gz` (texts with published counts), FOLDER is an
unpacked set of prompt files, PYTHON one that has `ctok`; PROMPT_LINT_DATA, PROMPT_LINT_CORPORA and
PROMPT_LINT_CTOK_PYTHON do as well. What is absent is skipped, and said. None of the data belongs to the repository.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_lint.counting import offline
from prompt_lint.model.errors import Unreadable
from prompt_lint.model.values import REQUEST_KEYS, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

# One model for each family, and the version by which `ctok` knows it.
FAMILIES = {"claude-opus-4-5": "3.0", "claude-opus-4-7": "4.7", "claude-opus-4-8": "4.8"}

ORACLE = """
import json, sys, ctok
for line in sys.stdin:
    text, version = json.loads(line)
    print(ctok.token_count(text, version), flush=True)
"""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def user_message(model: str, text: str) -> int:
    return offline.count_request(model, Request({"messages": [{"role": "user", "content": text}]})).tokens


def report(name: str, pairs: list[tuple[int, int]]) -> None:
    """One line: of how many, how many equal, and the worst difference in tokens and as a share."""
    equal = sum(expected == counted for expected, counted in pairs)
    worst = max(abs(expected - counted) for expected, counted in pairs)
    share = max(abs(expected - counted) / expected for expected, counted in pairs)
    print(f"{name:44} {len(pairs):6} {equal / len(pairs):8.2%} {worst:6} {share:8.2%}")


def published_texts(path: Path) -> None:
    pairs = defaultdict(list)
    for row in rows(path):
        pairs[row["model"]].append((row["input_tokens"], user_message(row["model"], row["text"])))
    for model, found in sorted(pairs.items()):
        report(f"texts with published counts, {model}", found)


def prompt_files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != "MANIFEST.tsv":
            try:
                text = path.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError:
                continue
            if text.strip() and "\0" not in text:
                yield text


def against_ctok(folder: Path, python: str) -> None:
    texts = list(prompt_files(folder))
    for model, version in FAMILIES.items():
        asked = "".join(json.dumps([text, version]) + "\n" for text in texts)
        done = subprocess.run([python, "-c", ORACLE], input=asked, capture_output=True, text=True, check=True)
        expected = map(int, done.stdout.split())
        report(
            f"prompt files against ctok {version}",
            [(e, user_message(model, t)) for e, t in zip(expected, texts, strict=True)],
        )


def kind(row: dict[str, Any]) -> str:
    """The line of the interval table that a recorded request falls under."""
    flags = set(row["flags"])
    if flags & {"forced-tool", "tool-use", "tool-result"}:
        return "tools: forced choice or calls in the history"
    if "tools" in flags:
        return "tools: automatic choice"
    return "thinking asked for" if "thinking" in flags else "text, system, turns"


def recorded(path: Path) -> None:
    inside: dict[tuple[str, str], list[bool]] = defaultdict(list)
    refused: Counter[str] = Counter()
    misses = []
    for row in rows(path):
        fields = {key: row["request"][key] for key in REQUEST_KEYS if key in row["request"]}
        if "output_format" in row["request"] or "mcp_servers" in row["request"]:
            refused["older spellings of structured output and MCP (beta fields)"] += 1
            continue
        try:
            count = offline.count_request(row["model"], Request(fields))
        except Unreadable as reason:
            refused[reason.message] += 1
            continue
        generation = "older" if row["generation"] == "v3" else "newer"
        holds = count.low <= row["input_tokens"] <= count.high
        inside[kind(row), generation].append(holds)
        if not holds:
            misses.append((row["id"], row["model"], row["flags"], row["input_tokens"], count.tokens))
    print(f"\n{'recorded requests: the API within the interval':56} {'of':>6} {'inside':>8}")
    for (name, generation), held in sorted(inside.items()):
        print(f"{name + ', ' + generation:56} {len(held):6} {sum(held) / len(held):8.2%}")
    print(f"\nnot counted, by design ({refused.total()}):")
    for message, times in refused.most_common():
        print(f"  {times:4}  {message}")
    print(f"\noutside the interval ({len(misses)}): id, model, flags, API, offline")
    for miss in misses:
        print("  ", *miss)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default=os.environ.get("PROMPT_LINT_DATA"))
    parser.add_argument("--corpora", default=os.environ.get("PROMPT_LINT_CORPORA"))
    parser.add_argument("--ctok-python", default=os.environ.get("PROMPT_LINT_CTOK_PYTHON"))
    options = parser.parse_args()
    if not options.data:
        print("skipped: no data folder (argument or PROMPT_LINT_DATA); the repository holds none")
        return 0
    print(f"{'equal to the expected count':44} {'of':>6} {'equal':>8} {'worst':>6} {'worst':>8}")
    published_texts(Path(options.data) / "texts.jsonl.gz")
    if options.corpora and options.ctok_python:
        against_ctok(Path(options.corpora), options.ctok_python)
    else:
        print("prompt files against ctok: skipped (needs --corpora and --ctok-python)")
    recorded(Path(options.data) / "recorded.jsonl.gz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
