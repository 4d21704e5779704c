"""Calls of GitHub's REST API, and what its refusals mean.

Source: "Issue comments" and "Pull requests" in its reference, November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_lint.api import json_client
from prompt_lint.api.credentials import Secret, is_printable_ascii
from prompt_lint.api.endpoint import validate_endpoint
from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from prompt_lint.api.json_client import Call, JsonResponse

# Items of a page, as many as GitHub gives.
PAGE_SIZE = 100

_URL = "https://api.github.com"
_HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_TOKEN_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN")
# A page of the longest comments, in characters of four bytes, and what is said of each.
_MAX_BYTES = 32 << 20
_PERMISSION_HINT = (
    "give the job `permissions: {pull-requests: write}`; for pull requests from forks, see docs/github.md"
)


class Refused(Fatal):
    """A response with an unexpected status. `reason` is what GitHub says of it, to end a sentence with."""

    def __init__(self, response: JsonResponse) -> None:
        self.status = response.status
        self.reason = f": {response.message()}" if response.message() else ""
        hints = {
            401: "is the token valid, and not expired?",
            403: _PERMISSION_HINT,
            404: f"is it there? Else {_PERMISSION_HINT}",
        }
        hint = hints.get(self.status, "run the job again")
        message = f"no comment: GitHub answered {self.status}{self.reason}"
        super().__init__(message, hint, ExitCode.UNCOUNTED)


def connect(env: Mapping[str, str]) -> AbstractContextManager[Call]:
    """Return a function that calls the API. Raises `Fatal` for a token or an address that can't be used."""
    token = _read_token(env)
    url = env.get("GITHUB_API_URL") or _URL
    url = validate_endpoint(url, "GITHUB_API_URL", _URL, "the token and the comment")
    return json_client.connect(url, token, headers=_HEADERS, max_bytes=_MAX_BYTES)


def _read_token(env: Mapping[str, str]) -> Secret:
    token = next((env[name] for name in _TOKEN_VARIABLES if env.get(name)), "")
    if not token:
        raise Fatal(
            f"neither {' nor '.join(_TOKEN_VARIABLES)} is set, so nothing can be written",
            "in a workflow: `env: {GITHUB_TOKEN: ${{ github.token }}}`",
        )
    if not is_printable_ascii(token):
        raise Fatal(
            "the token for GitHub contains white space, or another character that no token has",
            "store it again",
        )
    return Secret(token)


def expect_status(response: JsonResponse, *statuses: int) -> None:
    """Raises `Refused` for another status."""
    if response.status not in statuses:
        raise Refused(response)


def read_list(response: JsonResponse) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list. Raises `Refused`, or `Fatal` for a response that is none."""
    expect_status(response, 200)
    if not isinstance(response.value, list) or not all(isinstance(item, dict) for item in response.value):
        raise Fatal(
            "no comment: GitHub answered with no list where one should be", exit_code=ExitCode.UNCOUNTED
        )
    return response.value
