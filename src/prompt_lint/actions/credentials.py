"""The credential of a check: taken from the inputs, or made of the job's OIDC token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.actions.inputs import read_input
from prompt_lint.api import oidc_token
from prompt_lint.api.credentials import NoCredential, find_credential
from prompt_lint.ci.github import lacks_secrets
from prompt_lint.model.errors import Fatal

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from prompt_lint.ci.context import Context

# Inputs that are variables of the credentials.
_VARIABLES = (
    "ANTHROPIC_API_KEY", "ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID", "ANTHROPIC_SERVICE_ACCOUNT_ID",
    "ANTHROPIC_WORKSPACE_ID",
)  # fmt: skip
_IDENTITY_VARIABLES = _VARIABLES[1:]
# What comes before an exchange of the job's token.
_EARLIER = (
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE", "ANTHROPIC_IDENTITY_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN_FILE",
)  # fmt: skip
# Whoever has these can ask for the job's token.
_TOKEN_REQUEST = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_PERMISSION_HINT = "give the job `permissions: {contents: read, id-token: write}`"


def take_credential(env: MutableMapping[str, str], context: Context | None) -> bool:
    """Put the credential of the inputs where counting looks for it. Return False for a run from a fork that has none.

    What no other program should see is removed from `env`. Raises `Fatal` where the job gets no token to exchange.
    """
    for name in _VARIABLES:
        if value := env.pop(f"INPUT_{name}", ""):
            env[name] = value
    audience = env.pop("INPUT_ANTHROPIC_OIDC_AUDIENCE", "")
    url, secret = (env.pop(name, "") for name in _TOKEN_REQUEST)
    is_from_fork = lacks_secrets(env, context)
    if _wants_exchange(env):
        if url and secret:
            env["ANTHROPIC_IDENTITY_TOKEN"] = oidc_token.fetch_token(url, secret, audience)
        elif not is_from_fork:
            raise Fatal("this job gets no OIDC token, so there is nothing to exchange", _PERMISSION_HINT)
        else:
            for name in _IDENTITY_VARIABLES:
                env.pop(name, None)
    return not is_from_fork or _has_credential(env)


def _wants_exchange(env: Mapping[str, str]) -> bool:
    is_offline = read_input(env, "counting") == "offline"
    return bool(env.get(_IDENTITY_VARIABLES[0])) and not is_offline and not any(map(env.get, _EARLIER))


def _has_credential(env: Mapping[str, str]) -> bool:
    try:
        return not isinstance(find_credential(env), NoCredential)
    except Fatal:  # there is one, and the run will say what is wrong with it
        return True
