"""The counter against recorded requests to the real API: third-party data, so these tests are skipped without it."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import pytest
from benchmarks import intervals
from benchmarks.recordings import CountedRecording, Recordings, count_recordings
from tests.support.paths import ROOT

from prompt_lint.counting.margin_table import MARGINS
from prompt_lint.model.recorded_requests import RECORDED_REQUESTS

DATA = Path(os.environ.get("PROMPT_LINT_DATA") or ROOT.parent / "shared" / "data")

pytestmark = pytest.mark.skipif(
    not all((DATA / name).is_file() for name in ("recorded.jsonl.gz", "recorded-more.jsonl.gz")),
    reason="no recorded requests (PROMPT_LINT_DATA)",
)


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    return count_recordings(DATA)


def select(recordings: Recordings, kind: str, *generations: str) -> list[CountedRecording]:
    return [
        row
        for row in recordings.counted
        if row.recording.kind == kind and (not generations or row.recording.generation in generations)
    ]


def measure_share(rows: list[CountedRecording], within: int = 0) -> float:
    return sum(abs(row.difference) <= within for row in rows) / len(rows)


OLDER = ("3 to 3.7", "4 to 4.6")


@pytest.mark.parametrize(
    ("kind", "exact", "within_2"),
    [
        ("text", 0.98, 0.99),
        ("tools, automatic choice", 0.95, 0.98),
        ("tools, forced choice", 0.95, 0.99),
        ("tool history", 0.92, 0.98),
        ("structured output", 0.5, 0.99),
    ],
)
def test_counts_are_the_api_s(recordings: Recordings, kind: str, exact: float, within_2: float) -> None:
    """Of each kind of request to the older families, so many are counted exactly, and so many within two tokens."""
    rows = select(recordings, kind, *OLDER)

    assert len(rows) >= 30
    assert measure_share(rows) >= exact
    assert measure_share(rows, within=2) >= within_2


def test_newer_families_are_counted_exactly(recordings: Recordings) -> None:
    """All recordings of Opus 4.7 and newer models."""
    rows = [row for row in recordings.counted if row.recording.generation not in OLDER]

    assert len(rows) >= 50
    assert [row.recording.id for row in rows if row.difference] == []


def test_the_api_s_count_is_inside_the_interval(recordings: Recordings) -> None:
    """Of every kind at least 99 %."""
    for kind in {row.recording.kind for row in recordings.counted}:
        rows = select(recordings, kind)
        inside = sum(row.counted.low <= row.recording.tokens <= row.counted.high for row in rows)
        assert inside / len(rows) >= 0.99, kind


def test_intervals_are_narrow(recordings: Recordings) -> None:
    """Half of all recordings have an interval of eight tokens or less."""
    assert statistics.median(row.counted.high - row.counted.low for row in recordings.counted) <= 8


def test_only_recordings_that_show_an_edit_are_left_out(recordings: Recordings) -> None:
    """Each has a reason that doesn't come from its result alone, and they are few."""
    assert 0 < len(recordings.edited) <= 10
    assert all(reason for _, reason in recordings.edited)


@pytest.mark.slow
def test_the_tables_in_the_package_are_those_that_the_script_derives(recordings: Recordings) -> None:
    """Nobody has written a margin, or a number of requests, by hand."""
    differences = intervals.collect_differences(recordings, DATA)

    assert intervals.derive_margins(differences) == MARGINS
    assert intervals.count_recorded_requests(differences) == RECORDED_REQUESTS
