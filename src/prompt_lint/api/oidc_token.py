"""The OIDC token of a job, asked for by ourselves: the token never lies in a file, and no other step gets to see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from prompt_lint.api import json_client
from prompt_lint.api.credentials import Secret, validate_endpoint
from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from prompt_lint.api.retry import RequestPolicy

# Header, claims and signature in base64url. GitHub's have some 1,500 characters.
_TOKEN = re.compile(r"[\w-]{10,10000}\.[\w-]{10,10000}\.[\w-]{10,10000}", re.ASCII)
_QUERY = re.compile(r"[\w.~!$&'()*+,;=:@%/?-]{0,2000}", re.ASCII)


def fetch_token(
    url: str, secret: str, audience: str, policy: RequestPolicy = json_client.DEFAULT_POLICY
) -> str:
    """A token for `audience`. `url` and `secret` are what the runner gives a job with `id-token: write`.

    Source: GitHub's documentation, "OpenID Connect reference", November 2026. Raises `Fatal`.
    """
    name = "ACTIONS_ID_TOKEN_REQUEST_URL"
    address, _, query = url.partition("?")
    validate_endpoint(address, name)
    if not _QUERY.fullmatch(query):
        raise Fatal(f"{name} isn't a plain address")
    if not audience or len(audience) > 1000:
        raise Fatal(
            "the input `anthropic-oidc-audience` is empty or too long", "leave it out for the usual one"
        )
    scheme, _, rest_of = address.partition("://")
    host, slash, path = rest_of.partition("/")
    asked = "&".join(part for part in (query, f"audience={quote(audience, safe='')}") if part)
    with json_client.connect(f"{scheme}://{host}", Secret(secret), policy=policy) as ask:
        told = ask("GET", f"{slash}{path}?{asked}", None)
    if told.status != 200:
        why = f"GitHub gave no OIDC token: it answered {told.status}"
        raise Fatal(why, "has the job `permissions: {id-token: write}`?", ExitCode.UNCOUNTED)
    token = told.value.get("value") if isinstance(told.value, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Fatal("GitHub answered without a valid OIDC token", "run the job again", ExitCode.UNCOUNTED)
    return token
