"""HTML pages as a browser reads them, and lays them out."""

from __future__ import annotations

import hashlib
import html.parser
import re
import shutil
import subprocess
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


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


def lay_out(page: Path, width: int) -> tuple[str, str]:
    """Return how wide Chromium lays a page out, of how many pixels, with the number of figures that are cut; and its log."""
    assert CHROMIUM is not None
    folder = page.parent
    (folder / "frame.html").write_text(
        f'<iframe id=f src={page.name} style="width:{width}px;height:900px;border:0"></iframe><p id=size></p><script>onload=()=>'
        "{const e=f.contentDocument.documentElement;size.textContent=e.scrollWidth+' of '+e.clientWidth+', '+"
        "[...f.contentDocument.querySelectorAll('.figure')].filter(t=>t.scrollWidth>t.clientWidth).length+' cut'}</script>"
    )
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={folder}/profile", "--allow-file-access-from-files",
         "--enable-logging=stderr", "--hide-scrollbars", "--dump-dom", f"file://{folder}/frame.html"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    size = re.search(r"<p id=\"size\">(.*?)</p>", done.stdout)
    return size[1] if size else done.stdout, done.stderr
