"""How near the offline counts come to the API's and to `ctok`'s, as the tables of docs/accuracy.md.

    python benchmarks/accuracy.py DATA [--corpora FOLDER] [--ctok-python PYTHON]

DATA holds `recorded.jsonl.gz` and `recorded-more.jsonl.gz` (requests with the API's count) and `texts.jsonl.gz` (texts with
published counts), FOLDER is an
unpacked set of prompt files, PYTHON one that has `ctok`; PROMPT_LINT_DATA, PROMPT_LINT_CORPORA and
PROMPT_LINT_CTOK_PYTHON do as well. What is absent is skipped, and said. None of the data belongs to the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.recordings import count_recordings, count_user_message, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.recordings import CountedRecording

# One model for each family, and the version by which `ctok` knows it.
FAMILIES = {"claude-opus-4-5": "3.0", "claude-opus-4-7": "4.7", "claude-opus-4-8": "4.8"}

ORACLE = """
import json, sys, ctok
for line in sys.stdin:
    text, version = json.loads(line)
    print(ctok.token_count(text, version), flush=True)
"""


def report_pairs(name: str, pairs: list[tuple[int, int]]) -> None:
    """Print a line: of how many counts how many are equal, and the worst difference in tokens and as a share."""
    equal = sum(expected == counted for expected, counted in pairs)
    worst = max(abs(expected - counted) for expected, counted in pairs)
    share = max(abs(expected - counted) / expected for expected, counted in pairs)
    print(f"{name:44} {len(pairs):6} {equal / len(pairs):8.2%} {worst:6} {share:8.2%}")


def report_published_texts(path: Path) -> None:
    pairs = defaultdict(list)
    for row in read_rows(path):
        pairs[row["model"]].append(
            (row["input_tokens"], count_user_message(row["model"], row["text"]).tokens)
        )
    for model, found in sorted(pairs.items()):
        report_pairs(f"texts with published counts, {model}", found)


def read_prompt_files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != "MANIFEST.tsv":
            try:
                text = path.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError:
                continue
            if text.strip() and "\0" not in text:
                yield text


def report_against_ctok(folder: Path, python: str) -> None:
    texts = list(read_prompt_files(folder))
    for model, version in FAMILIES.items():
        asked = "".join(json.dumps([text, version]) + "\n" for text in texts)
        done = subprocess.run([python, "-c", ORACLE], input=asked, capture_output=True, text=True, check=True)
        expected = map(int, done.stdout.split())
        report_pairs(
            f"prompt files against ctok {version}",
            [(e, count_user_message(model, t).tokens) for e, t in zip(expected, texts, strict=True)],
        )


def report_recordings(data: Path) -> None:
    """Print a line for each kind of request and generation of models, what isn't counted, and what is outside."""
    recordings = count_recordings(data)
    groups: dict[tuple[str, str], list[CountedRecording]] = defaultdict(list)
    for row in recordings.counted:
        groups[row.recording.kind, row.recording.generation].append(row)
    print(
        f"\n{'recorded requests':42} {'of':>5} {'exact':>7} {'within 2':>8} {'inside':>7} {'worst':>6} {'width':>6}"
    )
    for (kind, generation), rows in sorted(groups.items()):
        print_recordings(f"{kind}, {generation}", rows)
    print_recordings("all", recordings.counted)
    print(
        f"\nleft out, since the request isn't the one that was counted ({len(recordings.edited)}): id, reason"
    )
    for row, reason in recordings.edited:
        print(f"  {row.recording.id}  {reason}")
    reasons = Counter(reason for _, reason in recordings.uncovered)
    print(f"\nnot counted, by design ({reasons.total()}):")
    for reason, times in reasons.most_common():
        print(f"  {times:4}  {reason}")
    print("\noutside the interval: id, model, kind, API, offline")
    for recording, count in recordings.counted:
        if not count.contains(recording.tokens):
            print("  ", recording.id, recording.model, recording.kind, recording.tokens, count.tokens)


def print_recordings(name: str, rows: Sequence[CountedRecording]) -> None:
    """Print the shares of exact counts and of those within two tokens and the interval, and the median interval's width."""
    exact = sum(row.difference == 0 for row in rows) / len(rows)
    near = sum(abs(row.difference) <= 2 for row in rows) / len(rows)
    inside = sum(count.contains(recording.tokens) for recording, count in rows) / len(rows)
    worst = max(abs(row.difference) for row in rows)
    width = statistics.median(row.counted.high - row.counted.low for row in rows)
    print(f"{name:42} {len(rows):5} {exact:7.1%} {near:8.1%} {inside:7.1%} {worst:6} {width:6.0f}")


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
    report_published_texts(Path(options.data) / "texts.jsonl.gz")
    if options.corpora and options.ctok_python:
        report_against_ctok(Path(options.corpora), options.ctok_python)
    else:
        print("prompt files against ctok: skipped (needs --corpora and --ctok-python)")
    report_recordings(Path(options.data))
    return 0


if __name__ == "__main__":
    sys.exit(main())
