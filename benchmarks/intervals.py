"""Derives the margins of offline counts from recorded requests, and writes them into the package.

    python benchmarks/intervals.py DATA [--write]

DATA holds `recorded.jsonl.gz`, `recorded-more.jsonl.gz` and `texts.jsonl.gz`, which are third-party and not part of the
repository. Of each kind and generation the margin is the conformal quantile of the differences at 99.5 %: with n rows the
⌈(n + 1) · 0.995⌉-th smallest, and one token more than the largest where n is too small for that. With fewer than 30 rows
the margin is wider, and wider still where the kind has so few in all generations together.

Rows that are off by more than two tokens may have been left out before, as edited after the recording; the last column says
how many, and benchmarks/recordings.py by which signs.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.recordings import Recordings, count_recordings, count_user_message, read_rows

from prompt_lint.counting.intervals import Kind
from prompt_lint.counting.margins import FEW_REQUESTS, WIDEST_MARGIN, Margin, MeasuredMargin
from prompt_lint.model.families import CLAUDE_4, GENERATIONS, Generation
from prompt_lint.model.models import MODELS, assume_model, find_model

PACKAGE = Path(__file__).parents[1] / "src" / "prompt_lint"
TABLE = PACKAGE / "counting" / "margin_table.py"
REQUESTS_TABLE = PACKAGE / "model" / "recorded_requests.py"

LEVEL = 0.995
# No margin is narrower, however often the counts were equal.
MIN_TOKENS = 2
# The least margin with few requests of a kind in a generation, and with few in all of them; and at least so many times the
# largest difference.
FEW, FEWEST, FEW_TIMES = Margin(0.03, 10), WIDEST_MARGIN.margin, 2
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


def collect_differences(recordings: Recordings, data: Path) -> Differences:
    """Return the differences of the recordings, and of the texts with published counts in `data`."""
    differences: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for row in recordings.counted:
        difference = Difference(
            abs(row.difference), row.counted.tokens, row.recording.repository, row.recording.model
        )
        differences[row.recording.generation, row.recording.kind].append(difference)
    for text in read_rows(data / "texts.jsonl.gz"):
        count = count_user_message(text["model"], text["text"])
        difference = Difference(
            abs(text["input_tokens"] - count.tokens), count.tokens, "published texts", text["model"]
        )
        differences[assume_model(text["model"]).generation.name, "text"].append(difference)
    return differences


# Kinds that a request to some generations only can have when its margin is looked up.
GENERATIONS_BY_KIND: dict[Kind, list[Generation]] = {
    "system message in between": [g for g in GENERATIONS if g.family.has_system_turns],
    "tool history": [g for g in GENERATIONS if g.family.are_calls_text],
    "tool history, not as text": [g for g in GENERATIONS if not g.family.are_calls_text],
    "structured output": [CLAUDE_4],
}


def list_cells() -> Iterator[tuple[str, Kind]]:
    """Yield what the table of margins has a row for: a generation's name, and a kind that a request to it can have."""
    for kind in get_args(Kind):
        for generation in GENERATIONS_BY_KIND.get(kind, GENERATIONS):
            yield generation.name, kind


def find_quantile(values: Sequence[float], beyond: float) -> float:
    """Return the conformal quantile; the largest value and `beyond` where there are too few values for it."""
    rank = math.ceil((len(values) + 1) * LEVEL)
    return sorted(values)[rank - 1] if rank <= len(values) else max(values) + beyond


def derive_margins(differences: Differences) -> dict[tuple[str, str], MeasuredMargin]:
    rows = [row for group in differences.values() for row in group if row.counted >= LARGE_REQUEST]
    large_share = math.ceil(find_quantile([row.tokens / row.counted for row in rows], 0) * 10_000) / 10_000
    rows_by_kind: Counter[str] = Counter()
    for (_, kind), group in differences.items():
        rows_by_kind[kind] += len(group)
    return {
        cell: derive_margin(
            [row.tokens for row in differences.get(cell, ())], large_share, rows_by_kind[cell[1]]
        )
        for cell in list_cells()
    }


def derive_margin(differences: Sequence[int], large_share: float, rows_of_kind: int) -> MeasuredMargin:
    """Return the margin of one kind in one generation. `rows_of_kind` are its rows in all generations."""
    rows, largest = len(differences), max(differences, default=0)
    if rows >= FEW_REQUESTS:
        tokens = max(MIN_TOKENS, round(find_quantile(differences, 1)))
        return MeasuredMargin(Margin(large_share, tokens), rows, largest)
    share, least = FEW if rows_of_kind >= FEW_REQUESTS else FEWEST
    return MeasuredMargin(Margin(share, max(least, FEW_TIMES * largest)), rows, largest)


def count_recorded_requests(differences: Differences) -> dict[str, int]:
    """Return with how many counts of the API each model was compared, the newest model first.

    They are those of recorded requests and of published texts, and a few that DATA doesn't hold.
    """
    ids = [model.id for rows in differences.values() for row in rows if (model := find_model(row.model))]
    numbers = {model.id: ids.count(model.id) + RECORDED_ELSEWHERE.get(model.id, 0) for model in MODELS}
    return {model_id: number for model_id, number in numbers.items() if number}


def print_margins(margins: Mapping[tuple[str, str], MeasuredMargin], recordings: Recordings) -> None:
    edited = Counter[tuple[str, str]](
        (row.recording.generation, row.recording.kind) for row, _ in recordings.edited
    )
    for (generation, kind), (margin, requests, largest) in margins.items():
        few = "   few" if requests < FEW_REQUESTS else ""
        left_out = f"   {edited[generation, kind]} left out" if edited[generation, kind] else ""
        print(
            f"{kind:27} {generation:14} {requests:5} requests, largest {largest:3}: "
            f"{margin.tokens:3} tokens, {margin.share:.2%}{few}{left_out}"
        )


def print_held_out(differences: Differences) -> None:
    """Print how many rows of each repository are inside the interval that the other repositories give."""
    inside = total = 0
    for key, rows in differences.items():
        for repository in {row.repository for row in rows}:
            others = {
                name: [row for row in group if row.repository != repository]
                for name, group in differences.items()
            }
            measured = derive_margins(others).get(key)
            held_out = [row for row in rows if row.repository == repository]
            if measured and not measured.rests_on_few:
                total += len(held_out)
                inside += sum(row.tokens <= measured.margin.compute_tokens(row.counted) for row in held_out)
    print(f"held out by repository: {inside:,} of {total:,} inside ({inside / total:.2%})")


def render_table(margins: Mapping[tuple[str, str], MeasuredMargin]) -> str:
    lines = "".join(
        f'    ("{generation}", "{kind}"): MeasuredMargin(Margin{tuple(margin)}, {requests}, {largest}),\n'
        for (generation, kind), (margin, requests, largest) in margins.items()
    )
    head = TABLE.read_text(encoding="utf-8").split("MARGINS =")[0]
    return f"{head}MARGINS = {{\n{lines}}}\n"


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
    recordings = count_recordings(options.data)
    differences = collect_differences(recordings, options.data)
    margins = derive_margins(differences)
    print_margins(margins, recordings)
    print_held_out(differences)
    if options.write:
        TABLE.write_text(render_table(margins), encoding="utf-8")
        numbers = count_recorded_requests(differences)
        REQUESTS_TABLE.write_text(render_requests_table(numbers), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
