"""HTTP to the Admin API: a key of a page → the page, and what to do about a refusal or a wrong clock.

Importing this imports `httpx2`.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from prompt_lint.api.credentials import ADMIN_HINT
from prompt_lint.api.http_client import HttpClient
from prompt_lint.api.redact import make_redactor
from prompt_lint.api.responses import RequestFailed, Result, format_request_id, parse_json, parse_quota
from prompt_lint.text.plural import pluralize
from prompt_lint.usage.admin_api.lists import OversizedPage
from prompt_lint.usage.admin_api.rows import InvalidField, read_page
from prompt_lint.usage.values import DAY

if TYPE_CHECKING:
    from prompt_lint.api.credentials import KeyCredential
    from prompt_lint.api.redact import Redact
    from prompt_lint.api.responses import Response
    from prompt_lint.usage.admin_api.lists import ListRequest
    from prompt_lint.usage.values import Period

_VERSION = "2023-06-01"
_ANALYTICS_BETA = "analytics-usage-cost-2026-08-24"
_SPEED_BETA = "fast-mode-2026-02-01"
_PATH = "/v1/organizations/"
# A page of hours by API key has megabytes.
MAX_PAGE_BYTES = 32 * 1024 * 1024
# Clocks differ by less, and answers take their time.
_CLOCK_TOLERANCE = timedelta(minutes=1)
_CLOCK_HINT = "set this machine's clock, then run again"
_INDIVIDUAL = """individual accounts have no Admin API
set up an organization in the Claude Console, under Settings > Organization, then an Admin key in it"""
_SUBSCRIPTION = """Claude subscriptions (Pro, Max, Team) have no usage API
only what goes through the API of a Claude Console organization can be reported"""


class AdminClient:
    """Fetches pages, from several threads at once. The period's `now` is taken to be the time at which this is made."""

    def __init__(self, credential: KeyCredential, period: Period, timeout: float) -> None:
        """`timeout` is in seconds, for one request."""
        self._http = HttpClient(credential.base_url, _make_headers(credential), timeout, MAX_PAGE_BYTES)
        self._host = credential.host
        self._redact = make_redactor(credential.secret.reveal())
        self._period = period
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.__exit__(*exception)

    def fetch_page(self, key: tuple[ListRequest, str], _: None) -> Result:
        """Fetch the page of a list after a cursor. Raises `RequestFailed`."""
        request, cursor = key
        parameters = [*request.parameters, *([(request.cursor_parameter, cursor)] if cursor else [])]
        path = f"{_PATH}{request.path}?{urlencode(parameters)}"
        response = self._http.send("GET", path, headers=_make_beta_header(request))
        ahead = self._measure_clock(response)
        if response.status == 200:
            self._refuse_fast_clock(ahead)
        if response.status == 200 and response.body is None:
            size = f"{MAX_PAGE_BYTES // 1024:,} KiB"
            return Result(OversizedPage(f"{self._host} sent more than {size} for a page of {request.path}"))
        try:
            return read_response(response, request, self._host, self._redact)
        except RequestFailed as failed:
            if response.status == 400 and ahead > _CLOCK_TOLERANCE:
                failed.message += (
                    f"; this machine's clock is {_describe_length(ahead)} ahead of {self._host}'s"
                )
                failed.hint = _CLOCK_HINT
            raise

    def _measure_clock(self, response: Response) -> timedelta:
        """By how much our clock is ahead of the server's; 0 where the response has no usable date."""
        now = self._period.now + timedelta(seconds=time.monotonic() - self._started)
        try:
            return now - parsedate_to_datetime(response.headers["date"][:64])
        except (KeyError, ValueError, OverflowError, TypeError):  # the last for a date without a zone
            return timedelta()

    def _refuse_fast_clock(self, ahead: timedelta) -> None:
        """Raises `RequestFailed` where by the server's clock the last day of the window isn't over."""
        end = self._period.window.end
        if ahead > _CLOCK_TOLERANCE and self._period.now - ahead < end:
            raise RequestFailed(
                "fatal",
                f"this machine's clock is {_describe_length(ahead)} ahead of {self._host}'s, by which {end - DAY:%Y-%m-%d} isn't over",
                _CLOCK_HINT,
            )


def _describe_length(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    if minutes < 120:
        return pluralize(minutes, "minute")
    return pluralize(minutes // 60, "hour") if minutes < 48 * 60 else pluralize(minutes // 1440, "day")


def _make_headers(credential: KeyCredential) -> dict[str, str]:
    secret = credential.secret.reveal()
    is_token = secret.startswith(("sk-ant-oat", "eyJ"))
    return {
        **({"authorization": f"Bearer {secret}"} if is_token else {"x-api-key": secret}),
        "anthropic-version": _VERSION,
    }


def _make_beta_header(request: ListRequest) -> dict[str, str]:
    """Name the beta that a list belongs to: `analytics`, and of `messages` only what is split by speed."""
    if request.path.startswith("analytics/"):
        return {"anthropic-beta": _ANALYTICS_BETA}
    return {"anthropic-beta": _SPEED_BETA} if "speed" in request.dimensions else {}


def read_response(response: Response, request: ListRequest, host: str, redact: Redact) -> Result:
    """Read the page of a list. Raises `RequestFailed`, whatever the bytes are."""
    try:
        document = parse_json(response, host, redact, MAX_PAGE_BYTES)
    except RequestFailed as failed:
        failed.hint = _advise(response, request, failed.message) or failed.hint
        raise
    try:
        return Result(read_page(document, request), parse_quota(response.headers))
    except InvalidField as error:
        field = str(error)
    request_id = format_request_id(response, redact)
    message = f"{host} answered {request.path} without a valid `{field}`{request_id}"
    raise RequestFailed(
        "invalid", message, "is a proxy or a login page in between? check the network and the address"
    )


def _advise(response: Response, request: ListRequest, message: str) -> str:
    """What to do about a refusal, in the terms of a report; "" where the usual advice will do."""
    if response.status in {401, 403, 404}:
        if re.search(r"\bindividual\b", message, re.IGNORECASE):
            return _INDIVIDUAL
        if re.search(r"\bsubscription|\bclaude\.ai\b|\b(?:pro|max|team) plan\b", message, re.IGNORECASE):
            return _SUBSCRIPTION
    if response.status == 404:
        return f"this organization has no `{request.path}`, or PROMPT_LINT_ADMIN_URL isn't the right address"
    if 300 <= response.status < 400:
        return "name the final address in PROMPT_LINT_ADMIN_URL, or sign in to the network"
    return ADMIN_HINT if response.status in {401, 403} else ""
