"""The bounds of a run that sends requests, and its words. Apart from `retry`, so that a run that sends none imports neither."""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    """What a run that gives up calls its work: a failure, a result, and what to know before running again.

    Without a `failure`, a reason says enough. The options that set its bounds are "" where the command has none; `smaller_work` says how to need fewer requests then.
    """

    failure: str = "not counted"
    result: str = "count"
    rerun_note: str = ": what has been counted is kept"
    deadline_option: str = "--deadline"
    max_requests_option: str = "--max-requests"
    smaller_work: str = ""


class RequestPolicy(NamedTuple):
    """The bounds of a run, whatever the server says. Times are in seconds.

    `jobs` requests are on their way at once. `deadline` is for the whole run, `stall` for a run without any result, `timeout` for one request.
    """

    jobs: int = 64
    max_requests: int = 5_000
    deadline: float = 900
    stall: float = 60.0
    timeout: float = 15.0
    wording: Wording = Wording()
