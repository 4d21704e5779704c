"""With how many counts of the API each model was compared: data, made by benchmarks/intervals.py. Don't edit.

They are those of recorded requests, of texts with published counts (500 each of Opus 4.5, 4.7 and 5), and of three requests
to Fable 5 in August 2026, which the data of the benchmark lacks.
"""

from __future__ import annotations

# A model that isn't here was compared with none.
RECORDED_REQUESTS = {
    "claude-fable-5": 3,
    "claude-opus-5": 500,
    "claude-sonnet-5": 29,
    "claude-opus-4-8": 4,
    "claude-opus-4-7": 527,
    "claude-opus-4-6": 3,
    "claude-sonnet-4-6": 372,
    "claude-opus-4-5": 501,
    "claude-sonnet-4-5": 82,
    "claude-haiku-4-5": 351,
    "claude-opus-4-1": 3,
    "claude-opus-4": 14,
    "claude-sonnet-4": 254,
    "claude-3-7-sonnet": 12,
    "claude-3-5-sonnet": 73,
    "claude-3-5-haiku": 616,
    "claude-3-opus": 10,
    "claude-3-sonnet": 2,
    "claude-3-haiku": 9,
}
