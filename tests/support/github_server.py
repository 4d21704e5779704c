"""GitHub's REST API for tests, as far as comments go, and the two places that give out tokens; on top of the API server.

Shapes and refusals: GitHub's reference ("Issue comments", "Pull requests", "OpenID Connect"), November 2026. A test sets
attributes (`comments`, `pulls`, `plan`, …) and reads what came in (`requests`).
"""

from __future__ import annotations

import base64
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.api_server import COUNT_PATH, ApiServer, Refused, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.api_server import Seen

TOKEN = "ghs_canary-token-of-github"
REQUEST_TOKEN = "canary-token-that-asks-for-tokens"
ACCESS_TOKEN = "sk-ant-oat01-canary-access-token"
AUDIENCE = "https://api.anthropic.com"
LONGEST = 65_536
BOT = {"login": "github-actions[bot]", "type": "Bot"}


def comment(
    number: int, body: str, user: Mapping[str, str] | None = None, association: str = "NONE"
) -> dict[str, Any]:
    return {"id": number, "body": body, "user": dict(user or BOT), "author_association": association}


def pull(number: int, sha: str, home: str = "stranger/r", base: str = "o/r") -> dict[str, Any]:
    return {
        "number": number, "state": "open", "head": {"sha": sha, "ref": "topic", "repo": {"full_name": home}},
        "base": {"ref": "main", "repo": {"full_name": base}},
    }  # fmt: skip


def identity_token(audience: str) -> str:
    """As much of a JWT as anybody looks at: nothing here checks its signature."""
    parts = [{"alg": "RS256"}, {"aud": audience, "sub": "repo:o/r:pull_request"}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


class GitHubServer(ApiServer):
    """One repository, `o/r`. `comments` has those of each pull request; `writes` says whether the token may write."""

    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.writes = True
        self.repository = "o/r"
        self.comments: dict[int, list[dict[str, Any]]] = {12: []}
        self.pulls: list[dict[str, Any]] = []
        self.exchanged: list[dict[str, Any]] = []
        self.before_write: Any = None
        self._guard = threading.Lock()
        self._next = 1000

    @property
    def written(self) -> list[str]:
        """What was asked for beyond reading, as `METHOD path`."""
        return [f"{seen.method} {seen.route}" for seen in self.requests if seen.method != "GET"]

    def respond(self, seen: Seen) -> Reply:
        try:
            return self._route(seen)
        except Refused as error:
            told = {
                "message": str(error),
                "documentation_url": "https://docs.github.invalid",
                "status": str(error.status),
            }
            return Reply(error.status, json.dumps(told).encode(), error.headers)

    def _route(self, seen: Seen) -> Reply:
        if seen.route == "/oidc":
            return self._identity(seen)
        if seen.route == "/v1/oauth/token":
            return self._exchange(seen)
        if seen.route == COUNT_PATH:
            return super()._route(seen)
        if seen.headers.get("authorization") != f"Bearer {self.token}":
            raise Refused(401, "Bad credentials")
        if "user-agent" not in seen.headers:
            raise Refused(403, "Request forbidden by administrative rules.")
        with self._guard:
            return self._repository(seen, unquote(seen.route).split("/")[1:])

    def _repository(self, seen: Seen, parts: list[str]) -> Reply:
        match [seen.method, *parts]:
            case ["GET", "repos", owner, name, "pulls"] if f"{owner}/{name}" == self.repository:
                return self._pulls(seen)
            case [_, "repos", owner, name, "issues", number, "comments"] if (
                f"{owner}/{name}" == self.repository and number.isdecimal() and int(number) in self.comments
            ):
                return self._of_issue(seen, self.comments[int(number)])
            case [_, "repos", owner, name, "issues", "comments", number] if (
                f"{owner}/{name}" == self.repository
            ):
                return self._one_comment(seen, int(number))
        raise Refused(404, "Not Found")

    def _pulls(self, seen: Seen) -> Reply:
        query = parse_qs(urlsplit(seen.path).query)
        owner, _, branch = query.get("head", [""])[0].partition(":")
        found = [
            one
            for one in self.pulls
            if one["head"]["repo"]["full_name"].startswith(f"{owner}/") and one["head"]["ref"] == branch
        ]
        return Reply(200, json.dumps(found).encode())

    def _of_issue(self, seen: Seen, comments: list[dict[str, Any]]) -> Reply:
        if seen.method == "GET":
            query = parse_qs(urlsplit(seen.path).query)
            each, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
            assert 0 < each <= 100
            return Reply(200, json.dumps(comments[(page - 1) * each : page * each]).encode())
        self._next += 1
        comments.append(comment(self._next, self._body(seen)))
        return Reply(201, json.dumps(comments[-1]).encode())

    def _one_comment(self, seen: Seen, number: int) -> Reply:
        for comments in self.comments.values():
            for one in comments:
                if one["id"] == number and seen.method == "PATCH":
                    one["body"] = self._body(seen)
                    return Reply(200, json.dumps(one).encode())
                if one["id"] == number and seen.method == "DELETE":
                    self._may_write()
                    comments.remove(one)
                    return Reply(204, b"")
        raise Refused(404, "Not Found")

    def _body(self, seen: Seen) -> str:
        self._may_write()
        if self.before_write:
            act, self.before_write = self.before_write, None
            act()
        body = seen.json()["body"]
        if not isinstance(body, str) or not body.strip():
            raise Refused(422, "Validation Failed")
        if len(body) > LONGEST:
            raise Refused(422, "Body is too long (maximum is 65536 characters)")
        return body.replace("\n", "\r\n")

    def _may_write(self) -> None:
        if not self.writes:
            raise Refused(403, "Resource not accessible by integration")

    def _identity(self, seen: Seen) -> Reply:
        """What `ACTIONS_ID_TOKEN_REQUEST_URL` leads to."""
        query = parse_qs(urlsplit(seen.path).query)
        if seen.headers.get("authorization") != f"Bearer {REQUEST_TOKEN}" or query.get("api-version") != [
            "2.0"
        ]:
            raise Refused(401, "Not authorized")
        token = identity_token(query.get("audience", ["https://github.com/o"])[0])
        return Reply(200, json.dumps({"count": len(token), "value": token}).encode())

    def _exchange(self, seen: Seen) -> Reply:
        """An identity token for one that counts; each is good for once."""
        given = seen.json()
        if given in self.exchanged or given.get("assertion") != identity_token(AUDIENCE):
            raise Refused(401, "invalid assertion")
        self.exchanged.append(given)
        self.keys = frozenset({ACCESS_TOKEN})
        told = {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": "workspace:inference",
        }
        return Reply(200, json.dumps(told).encode())
