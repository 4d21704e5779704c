"""HTML pages as a browser's parser reads them."""

from __future__ import annotations

import hashlib
import html.parser
import re
from base64 import b64encode


class _Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.start_tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.start_tags.append((tag, dict(attrs)))


def read_tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """Return the start tags with their attributes."""
    reader = _Reader()
    reader.feed(page)
    return reader.start_tags


def assert_is_inert(page: str) -> None:
    """Nothing is loaded from anywhere, nothing runs, and a policy that names the style sheet says so to the browser."""
    tags = read_tags(page)
    names = {tag for tag, _ in tags}
    attributes = {name for _, attributes in tags for name in attributes}
    [policy] = [attributes["content"] for tag, attributes in tags if "http-equiv" in attributes]
    [style] = re.findall(r"(?s)<style>(.*?)</style>", page)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert not names & {
        "script", "img", "link", "iframe", "object", "embed", "base", "form", "a", "image", "use"
    }  # fmt: skip
    assert not {name for name in attributes if name.startswith("on")} | (
        attributes & {"src", "href", "style", "srcset"}
    )
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "http" not in re.sub(
        r"(?s)<title>.*?</title>|>[^<]*<|title=\"[^\"]*\"", "", page.replace("http-equiv", "")
    )
