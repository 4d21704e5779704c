"""Derives the intervals of offline counts from recorded requests, and writes them into the package.

    python benchmarks/intervals.py DATA [--write]

DATA holds `recorded.jsonl.gz`, `recorded-more.jsonl.gz` and `texts.jsonl.gz`, which are third-party and not part of the
repository. Of each kind and generation the margin is the conformal quantile of the differences at 99.5 %: with n rows the
⌈(n + 1) · 0.995⌉-th smallest, and one token more than the largest where n is too small for that. Fewer than 30 rows are
few witnesses: the margin is wider, and wider still where the kind has few in all generations together.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.recordings import count_recordings, read_rows

from prompt_lint.counting import offline
from prompt_lint.counting.interval_table import Interval
from prompt_lint.counting.intervals import FEW_ROWS
from prompt_lint.model.models import MODELS, find_model
from prompt_lint.model.values import Request

PACKAGE = Path(__file__).parents[1] / "src" / "prompt_lint"
TABLE = PACKAGE / "counting" / "interval_table.py"
REQUESTS_TABLE = PACKAGE / "model" / "recorded_requests.py"

GENERATIONS = ("3 to 3.7", "4 to 4.6", "4.7", "4.8 and newer")
KINDS = (
    "text", "the assistant first", "system message in between", "thinking budget", "adaptive thinking",
    "tools, automatic choice", "tools, forced choice", "tool history", "tool history, not as text", "structured output",
    "image", "image in a result",
)  # fmt: skip

LEVEL = 0.995
# No margin is narrower, however often the counts were equal.
MIN_TOKENS = 2
# With few witnesses in a generation, and with few in all of them: a share of the count, at least so many tokens, and at
# least so many times the largest difference.
FEW, FEWEST, FEW_TIMES = (0.03, 10), (0.06, 20), 2
# Differences of requests of at least so many tokens give the share of a count that a margin never is below.
LARGE_REQUEST = 1000


# Recorded requests that DATA doesn't hold: three to Fable 5, of August 2026.
RECORDED_ELSEWHERE = {"claude-fable-5": 3}


class Difference(NamedTuple):
    """By how many tokens a count is off, the tokens counted, the repository that the request comes from, and the model."""

    tokens: int
    counted: int
    repository: str
    model: str


# A generation and a kind → differences.
Differences = Mapping[tuple[str, str], Sequence[Difference]]


def collect_differences(data: Path) -> Differences:
    differences: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for row in count_recordings(data).counted:
        difference = Difference(
            abs(row.difference), row.counted.tokens, row.recording.repository, row.recording.model
        )
        differences[row.recording.generation, row.recording.kind].append(difference)
    for text in read_rows(data / "texts.jsonl.gz"):
        request = Request({"messages": [{"role": "user", "content": text["text"]}]})
        count = offline.count_request(text["model"], request)
        model = find_model(text["model"])
        assert model
        difference = Difference(
            abs(text["input_tokens"] - count.tokens), count.tokens, "published texts", text["model"]
        )
        differences[model.generation.name, "text"].append(difference)
    return differences


def find_quantile(values: Sequence[float], beyond: float) -> float:
    """Return the conformal quantile; the largest value and `beyond` where there are too few values for it."""
    rank = math.ceil((len(values) + 1) * LEVEL)
    return sorted(values)[rank - 1] if rank <= len(values) else max(values) + beyond


def derive_intervals(differences: Differences) -> dict[tuple[str, str], Interval]:
    rows = [row for group in differences.values() for row in group if row.counted >= LARGE_REQUEST]
    large_share = math.ceil(find_quantile([row.tokens / row.counted for row in rows], 0) * 10_000) / 10_000
    intervals = {}
    for kind in KINDS:
        rows_of_kind = sum(len(differences.get((generation, kind), ())) for generation in GENERATIONS)
        for generation in GENERATIONS:
            tokens = [row.tokens for row in differences.get((generation, kind), ())]
            intervals[generation, kind] = derive_interval(tokens, large_share, rows_of_kind)
    return intervals


def derive_interval(differences: Sequence[int], large_share: float, rows_of_kind: int) -> Interval:
    """Return the interval of one kind in one generation. `rows_of_kind` are its rows in all generations."""
    rows, largest = len(differences), max(differences, default=0)
    if rows >= FEW_ROWS:
        return Interval(max(MIN_TOKENS, round(find_quantile(differences, 1))), large_share, rows, largest)
    share, least = FEW if rows_of_kind >= FEW_ROWS else FEWEST
    return Interval(max(least, FEW_TIMES * largest), share, rows, largest)


def count_recorded_requests(differences: Differences) -> dict[str, int]:
    """Return with how many requests each model was measured, the newest model first."""
    ids = [model.id for rows in differences.values() for row in rows if (model := find_model(row.model))]
    numbers = {model.id: ids.count(model.id) + RECORDED_ELSEWHERE.get(model.id, 0) for model in MODELS}
    return {model_id: number for model_id, number in numbers.items() if number}


def print_held_out(differences: Differences) -> None:
    """Print how many rows of each repository are inside the interval that the other repositories give."""
    inside = total = 0
    for key, rows in differences.items():
        for repository in {row.repository for row in rows}:
            others = {
                name: [row for row in group if row.repository != repository]
                for name, group in differences.items()
            }
            interval = derive_intervals(others).get(key)
            held_out = [row for row in rows if row.repository == repository]
            if interval and interval.rows >= FEW_ROWS:
                total += len(held_out)
                inside += sum(
                    row.tokens <= max(interval.tokens, round(interval.share * row.counted))
                    for row in held_out
                )
    print(f"held out by repository: {inside:,} of {total:,} inside ({inside / total:.2%})")


def render_table(intervals: Mapping[tuple[str, str], Interval], date: str) -> str:
    lines = [
        f"    {key!r}: Interval{tuple(interval)},\n".replace("'", '"') for key, interval in intervals.items()
    ]
    head = TABLE.read_text(encoding="utf-8").split("MEASURED_ON =")[0]
    return f'{head}MEASURED_ON = "{date}"\nINTERVALS = {{\n{"".join(lines)}}}\n'


def render_requests_table(numbers: Mapping[str, int]) -> str:
    lines = "".join(f'    "{model_id}": {number},\n' for model_id, number in numbers.items())
    head = REQUESTS_TABLE.read_text(encoding="utf-8").split("RECORDED_REQUESTS =")[0]
    return f"{head}RECORDED_REQUESTS = {{\n{lines}}}\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write both tables")
    options = parser.parse_args()
    differences = collect_differences(options.data)
    intervals = derive_intervals(differences)
    for (generation, kind), interval in intervals.items():
        few = "" if interval.rows >= FEW_ROWS else "   few witnesses"
        print(
            f"{kind:27} {generation:14} {interval.rows:5} rows, largest {interval.largest:3}: "
            f"{interval.tokens:3} tokens, {interval.share:.2%}{few}"
        )
    print_held_out(differences)
    if options.write:
        TABLE.write_text(render_table(intervals, f"{datetime.now(UTC):%Y-%m-%d}"), encoding="utf-8")
        numbers = count_recorded_requests(differences)
        REQUESTS_TABLE.write_text(render_requests_table(numbers), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
