"""The OIDC token of a job in GitHub Actions. It is in no file, and no other step gets to see it."""

from __future__ import annotations

import re
from urllib.parse import quote

from prompt_lint.api import json_client
from prompt_lint.api.credentials import Secret
from prompt_lint.api.endpoint import validate_endpoint
from prompt_lint.model.errors import ExitCode, Fatal

_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_URL"
# Header, claims and signature in base64url. GitHub's tokens have some 1,500 characters.
_TOKEN = re.compile(r"[\w-]{10,10000}\.[\w-]{10,10000}\.[\w-]{10,10000}", re.ASCII)
_QUERY = re.compile(r"[\w.~!$&'()*+,;=:@%/?-]{0,2000}", re.ASCII)


def fetch_token(url: str, secret: str, audience: str) -> str:
    """Return a token for `audience`. `url` and `secret` are what the runner gives a job with `id-token: write`.

    Source: GitHub's documentation, "OpenID Connect reference", November 2026. Raises `Fatal`.
    """
    address, _, query = url.partition("?")
    validate_endpoint(address, _VARIABLE)
    if not _QUERY.fullmatch(query):
        raise Fatal(f"{_VARIABLE} isn't a plain address")
    if not audience or len(audience) > 1000:
        raise Fatal(
            "the input `anthropic-oidc-audience` is empty or too long", "leave it out for the usual one"
        )
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    query = "&".join(part for part in (query, f"audience={quote(audience, safe='')}") if part)
    with json_client.connect(f"{scheme}://{host}", Secret(secret)) as call:
        response = call("GET", f"{slash}{path}?{query}")
    if response.status != 200:
        reason = f"GitHub gave no OIDC token: it answered {response.status}"
        raise Fatal(reason, "has the job `permissions: {id-token: write}`?", ExitCode.UNCOUNTED)
    token = response.value.get("value") if isinstance(response.value, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Fatal("GitHub answered without a valid OIDC token", "run the job again", ExitCode.UNCOUNTED)
    return token
