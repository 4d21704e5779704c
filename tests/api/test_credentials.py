"""The credential of a run is decided by the environment and flags, and refused before anything is sent."""

from __future__ import annotations

import pickle
import sys
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, get_args

import pytest

from prompt_lint.api.credentials import (
    ADMIN_URL_VARIABLE,
    KeyCredential,
    NoCredential,
    Provider,
    SdkCredential,
    Secret,
    find_admin_credential,
    find_credential,
    find_routing_variables,
)
from prompt_lint.model.errors import ExitCode, Fatal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


KEY = "sk-ant-api03-" + "c4nary" * 8
TOKEN = "sk-ant-oat01-" + "t0ken" * 8
ADMIN_KEY = "sk-ant-admin01-" + "s3cret" * 6
ENDPOINT = "https://gateway.example.com/anthropic"
IDENTITY = {
    "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1",
    "ANTHROPIC_ORGANIZATION_ID": "org_1",
    "ANTHROPIC_IDENTITY_TOKEN_FILE": "/run/token",
}


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"ANTHROPIC_API_KEY": KEY}, KeyCredential("https://api.anthropic.com", Secret(KEY), (), "")),
        ({"ANTHROPIC_AUTH_TOKEN": TOKEN}, KeyCredential("https://api.anthropic.com", Secret(TOKEN), (), "")),
        ({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": TOKEN, "ANTHROPIC_PROFILE": "p", **IDENTITY},
         KeyCredential("https://api.anthropic.com", Secret(KEY), (), "")),
        ({"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": TOKEN, "ANTHROPIC_PROFILE": "p"},
         KeyCredential("https://api.anthropic.com", Secret(TOKEN), (), "")),
        ({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": ENDPOINT + "/"}, KeyCredential(ENDPOINT, Secret(KEY), (), "")),
        ({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": ""}, KeyCredential("https://api.anthropic.com", Secret(KEY), (), "")),
        ({"ANTHROPIC_PROFILE": "p", **IDENTITY}, SdkCredential("anthropic", "ANTHROPIC_PROFILE")),
        (IDENTITY, SdkCredential("anthropic", "workload identity")),
    ],
)  # fmt: skip
def test_the_first_credential_in_the_order_of_the_sdk_wins(
    env: dict[str, str], expected: KeyCredential | SdkCredential
) -> None:
    """Key, token, named profile, workload identity; what is empty isn't set."""
    assert find_credential(env) == expected


@pytest.mark.parametrize("file", ["active_config", "configs/default.json"])
@pytest.mark.skipif(sys.platform == "win32", reason="the configuration is in another folder there")
def test_a_profile_on_disk_comes_last(file: str, tmp_path: Path) -> None:
    """A profile in the user's own configuration is used through the SDK, where nothing else is set."""
    profile = tmp_path / "u" / ".config" / "anthropic" / file
    profile.parent.mkdir(parents=True)
    profile.touch()

    assert find_credential({"HOME": str(tmp_path / "u")}) == SdkCredential(
        "anthropic", "the profile in the user's configuration"
    )
    assert isinstance(find_credential({"HOME": str(tmp_path / "v")}), NoCredential)
    assert isinstance(find_credential({}), NoCredential)


def test_no_credential_is_a_value_with_a_reason() -> None:
    """The run goes on offline, and can say what was looked for."""
    credential = find_credential({})

    assert isinstance(credential, NoCredential)
    assert "ANTHROPIC_API_KEY" in credential.reason


@pytest.mark.parametrize("missing", sorted(set(IDENTITY) - {"ANTHROPIC_FEDERATION_RULE_ID"}))
def test_an_incomplete_workload_identity_names_the_missing_variable(missing: str) -> None:
    """The reason says which one to set."""
    credential = find_credential({k: v for k, v in IDENTITY.items() if k != missing})

    assert isinstance(credential, NoCredential)
    assert missing in credential.reason


PROVIDERS: dict[Provider, dict[str, str]] = {
    "vertex": {"CLOUD_ML_REGION": "global"},
    "foundry": {"ANTHROPIC_FOUNDRY_API_KEY": KEY, "ANTHROPIC_FOUNDRY_RESOURCE": "r"},
    "aws": {"AWS_REGION": "r", "ANTHROPIC_AWS_WORKSPACE_ID": "w", "ANTHROPIC_AWS_API_KEY": KEY},
}


@pytest.mark.parametrize("provider", [p for p in get_args(Provider) if p != "anthropic"])
def test_a_provider_uses_the_sdk(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--provider` wins over a key in the environment: another company's endpoint takes no key of Anthropic's."""
    monkeypatch.setitem(sys.modules, "google.auth", ModuleType("google.auth"))
    credential = find_credential({"ANTHROPIC_API_KEY": KEY} | PROVIDERS[provider], provider)

    assert credential == SdkCredential(provider, f"--provider {provider}")


@pytest.mark.parametrize(
    ("provider", "lacks", "hints"),
    [
        ("vertex", "CLOUD_ML_REGION, the package google-auth", ["set CLOUD_ML_REGION", 'pip install "anthropic[vertex]"']),
        ("foundry", "ANTHROPIC_FOUNDRY_API_KEY, ANTHROPIC_FOUNDRY_RESOURCE or ANTHROPIC_FOUNDRY_BASE_URL", ["set "]),
        ("aws", "AWS_REGION or AWS_DEFAULT_REGION, ANTHROPIC_AWS_WORKSPACE_ID, the package boto3", ["set AWS_REGION", "additional_dependencies"]),
    ],
)  # fmt: skip
def test_a_provider_names_all_that_it_lacks(
    provider: Provider, lacks: str, hints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and before anything is counted: exit code 2 wherever it was asked for."""
    for module in ("google.auth", "boto3"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Fatal) as raised:
        find_credential({"ANTHROPIC_API_KEY": KEY}, provider)

    assert raised.value.message == f"--provider {provider} can't be used: it lacks {lacks}"
    assert raised.value.exit_code == ExitCode.USAGE
    assert all(hint in raised.value.hint for hint in hints)


def test_an_address_and_a_key_for_aws_need_no_region() -> None:
    """The region is part of the address, and signs requests."""
    env = {
        "ANTHROPIC_AWS_API_KEY": KEY,
        "ANTHROPIC_AWS_BASE_URL": "https://a",
        "ANTHROPIC_AWS_WORKSPACE_ID": "w",
    }

    assert find_credential(env, "aws") == SdkCredential("aws", "--provider aws")


def refusal(env: dict[str, str]) -> str:
    """Everything that a person or a log could get to see of it."""
    with pytest.raises(Fatal) as caught:
        find_credential(env)
    error = caught.value
    return "\n".join([error.message, error.hint, repr(error), *traceback.format_exception(error)])


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
@pytest.mark.parametrize(
    "value",
    [KEY + "\n", KEY + "\r\n", " " + KEY, KEY + " ", "\t" + KEY, KEY[:20] + "\n" + KEY[20:], KEY[:20] + " " + KEY[20:],
     KEY + "\x00", KEY + "\x7f", KEY + "é", "\ufeff" + KEY, KEY + "\u200b", KEY + "\u2028", " ", "\n", f'"{KEY}" '],
)  # fmt: skip
def test_an_invalid_key_is_refused_without_its_value(name: str, value: str) -> None:
    """White space, controls and what isn't ASCII: the message names the variable."""
    shown = refusal({name: value})

    assert name in shown
    assert KEY[:20] not in shown
    assert KEY[-20:] not in shown


def test_a_newline_after_a_key_has_its_remedy_in_the_hint() -> None:
    """It is the most common fault of all."""
    assert "printf %s" in refusal({"ANTHROPIC_API_KEY": KEY + "\n"})


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_an_admin_key_is_refused_for_counting(name: str) -> None:
    """A key that manages the organization is never sent to count."""
    shown = refusal({name: ADMIN_KEY})

    assert "Admin" in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    "url",
    ["http://api.anthropic.com", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "ftp://api.anthropic.com",
     "api.anthropic.com", "//api.anthropic.com", "https://", "https:///v1", "https://u:hunter2@h.example", "https://hunter2@h.example",
     "https://h.example?x=hunter2", "https://h.example/#hunter2", "https://h.example\\@hunter2", "http://127.0.0.1@hunter2.example",
     " https://h.example", "https://h.example\n", "https://h.exa mple", "https://h.example/\thunter2", "https://hé.example",
     "https://h.example:99999", "https://h.example:0", "https://h.example:x", "http://0.0.0.0", "http://[::2]", "file:///etc/passwd"],
)  # fmt: skip
@pytest.mark.parametrize("key", [{"ANTHROPIC_API_KEY": KEY}, IDENTITY])
def test_an_unsafe_endpoint_is_refused_without_its_value(url: str, key: dict[str, str]) -> None:
    """Only https, or this machine; nothing in the address that two parsers may read differently."""
    shown = refusal({**key, "ANTHROPIC_BASE_URL": url})

    assert "ANTHROPIC_BASE_URL" in shown
    assert "hunter2" not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    "text", [str, repr, "{}".format, lambda s: repr({"k": [s]}), lambda s: repr(vars_of(s))]
)
def test_no_form_of_printing_shows_a_secret(text: Callable[[object], str]) -> None:
    """Neither the key nor the values of custom headers."""
    credential = find_credential({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_CUSTOM_HEADERS": "X-Gateway: g4teway"})

    assert KEY not in text(credential)
    assert "g4teway" not in text(credential)


def vars_of(credential: object) -> object:
    return credential._asdict() if isinstance(credential, KeyCredential) else credential


def test_a_secret_cannot_be_pickled() -> None:
    """So it can't slip into a cache or another process."""
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))


def test_custom_headers_are_read_as_the_sdk_reads_them() -> None:
    """One `Name: value` a line; lines without a colon are ignored."""
    credential = find_credential(
        {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_CUSTOM_HEADERS": "X-Team: a:b \n\nnonsense\n x-cost : 7"},
    )

    assert isinstance(credential, KeyCredential)
    assert [(name, value.reveal()) for name, value in credential.headers] == [
        ("X-Team", "a:b"),
        ("x-cost", "7"),
    ]


@pytest.mark.parametrize(
    "line", ["X Y: s3cret", "X: s3cret\r", "X: s3crét", ": s3cret", "X\x00: s3cret", "X: s3\x01cret"]
)
def test_an_invalid_custom_header_is_refused_without_its_value(line: str) -> None:
    """Otherwise the HTTP library's own error would show it."""
    env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_CUSTOM_HEADERS": line}
    if line.endswith("\r"):
        assert isinstance(find_credential(env), KeyCredential)  # stripped, as by the SDK
        return

    assert "s3cr" not in refusal(env)


def test_a_relative_folder_of_profiles_is_refused() -> None:
    """It would be read from the repository, which may be a stranger's."""
    assert "absolute" in refusal({"ANTHROPIC_CONFIG_DIR": "."})
    assert "absolute" in refusal({"ANTHROPIC_PROFILE": "p", "ANTHROPIC_CONFIG_DIR": "profiles"})


def test_variables_that_requests_obey_are_named() -> None:
    """Proxies, certificates and headers of the environment, without their values; no proxy leads to this machine."""
    env = {
        "ANTHROPIC_BASE_URL": ENDPOINT,
        "ANTHROPIC_CUSTOM_HEADERS": "X-Team: hunter2",
        "HTTPS_PROXY": "http://u:hunter2@proxy",
        "SSL_CERT_FILE": "",
    }

    assert find_routing_variables(env) == ("ANTHROPIC_CUSTOM_HEADERS", "HTTPS_PROXY")
    env["ANTHROPIC_BASE_URL"] = "http://localhost:4000"
    assert find_routing_variables(env) == ("ANTHROPIC_CUSTOM_HEADERS",)
    assert find_routing_variables(env, "vertex") == ("ANTHROPIC_CUSTOM_HEADERS", "HTTPS_PROXY")


def test_the_address_for_messages_does_not_move_reports() -> None:
    """ANTHROPIC_BASE_URL leads to gateways, which must not see the key."""
    env = {"ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY, "ANTHROPIC_BASE_URL": ENDPOINT}

    assert find_admin_credential(env).base_url == "https://api.anthropic.com"


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({}, "neither ANTHROPIC_ADMIN_KEY nor ANTHROPIC_ADMIN_API_KEY is set"),
        ({"ANTHROPIC_API_KEY": KEY}, "ANTHROPIC_API_KEY can't read reports"),
        ({"ANTHROPIC_ADMIN_KEY": KEY}, "has an ordinary API key"),
        ({"ANTHROPIC_ADMIN_KEY": f"{ADMIN_KEY}\n"}, "has white space around it"),
        (
            {"ANTHROPIC_ADMIN_KEY": ADMIN_KEY, "PROMPT_LINT_ADMIN_URL": "http://example.com"},
            "must begin with https://",
        ),
    ],
)
def test_a_key_that_cannot_read_reports_is_refused(env: dict[str, str], message: str) -> None:
    """With a sentence that says which is needed, who makes one and where, and never holds the key."""
    with pytest.raises(Fatal, match=message) as raised:
        find_admin_credential(env)

    assert "c4nary" not in repr((raised.value.message, raised.value.hint))
    assert "s3cret" not in repr((raised.value.message, raised.value.hint))
    if "API key" in message or "neither" in message:
        assert "an Analytics API key (scope read:analytics), with --source analytics" in raised.value.hint


@pytest.mark.parametrize(
    ("env", "variables"),
    [
        ({}, ()),
        ({"HTTPS_PROXY": "http://u:hunter2@p", "HTTP_PROXY": "http://p", "ALL_PROXY": "http://p"}, ("HTTPS_PROXY",)),
        ({"ALL_PROXY": "http://p", "SSL_CERT_FILE": "/ca.pem"}, ("ALL_PROXY", "SSL_CERT_FILE")),
        ({"https_proxy": "http://p", "HTTPS_PROXY": "http://q"}, ("https_proxy",)),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "localhost, .anthropic.com"}, ()),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, ()),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "thropic.com"}, ("HTTPS_PROXY",)),
        ({ADMIN_URL_VARIABLE: "https://gateway.example", "HTTPS_PROXY": "http://p"}, (ADMIN_URL_VARIABLE, "HTTPS_PROXY")),
        ({ADMIN_URL_VARIABLE: "http://127.0.0.1:1", "HTTPS_PROXY": "http://p", "SSL_CERT_FILE": "/ca.pem"}, (ADMIN_URL_VARIABLE,)),
    ],
)  # fmt: skip
def test_what_leads_an_admin_key_elsewhere_is_named(env: dict[str, str], variables: tuple[str, ...]) -> None:
    """Without values, and only what is obeyed: nothing leads to this machine, or past NO_PROXY."""
    credential = find_admin_credential({"ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x", **env})

    assert credential.obeyed_variables == variables


def test_an_address_without_tls_is_refused_for_the_key_alone() -> None:
    """A report sends no prompts."""
    env = {"ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x", ADMIN_URL_VARIABLE: "http://gateway.example"}

    with pytest.raises(Fatal, match="must begin with https://, or others could read the key on the way"):
        find_admin_credential(env)
