"""`html`: one file without scripts that fits a phone and a screen."""

from __future__ import annotations

import hashlib
import html.parser
import re
import shutil
import subprocess
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.start_tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.start_tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("server", ["hostile", "busy"], indirect=True)
def test_the_page_is_one_file_without_scripts(server: AdminServer, run: Run) -> None:
    """Nothing is loaded from anywhere, nothing runs, and a policy says so to the browser."""
    text = run(server, "--output-format=html").out
    tags = _Tags()
    tags.feed(text)
    names = {tag for tag, _ in tags.start_tags}
    attributes = {name for _, attributes in tags.start_tags for name in attributes}
    policy = next(a["content"] for tag, a in tags.start_tags if tag == "meta" and a.get("http-equiv"))

    assert (
        names & {"script", "img", "link", "iframe", "object", "embed", "base", "form", "a", "image", "use"}
        == set()
    )
    assert not {name for name in attributes if name.startswith("on")} | (
        attributes & {"src", "href", "style", "srcset"}
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "http" not in re.sub(
        r"(?s)<title>.*?</title>|>[^<]*<|title=\"[^\"]*\"", "", text.replace("http-equiv", "")
    )


def test_the_policy_names_the_style_sheet(server: AdminServer, run: Run) -> None:
    """By the hash of what is in the file."""
    text = run(server, "--output-format=html").out
    style = re.findall(r"(?s)<style>(.*?)</style>", text)[0]

    assert f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in text


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
@pytest.mark.parametrize("server", ["busy", "hostile"], indirect=True)
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_a_phone_and_a_screen(
    server: AdminServer, run: Run, width: int, tmp_path: Path
) -> None:
    """A real browser lays it out without a horizontal scroll bar, and its policy refuses nothing of the page.

    Figures with seven digits stay in their tiles.
    """
    assert CHROMIUM is not None
    server.events = [event._replace(output=event.output * 9_000) for event in server.events]
    (tmp_path / "r.html").write_text(run(server, "--output-format=html", "--days=30").out)
    (tmp_path / "frame.html").write_text(
        f'<iframe id=f src=r.html style="width:{width}px;height:900px;border:0"></iframe><p id=size></p><script>onload=()=>'
        "{const e=f.contentDocument.documentElement;size.textContent=e.scrollWidth+' of '+e.clientWidth+', '+"
        "[...f.contentDocument.querySelectorAll('.figure')].filter(t=>t.scrollWidth>t.clientWidth).length+' cut'}</script>"
    )
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path}/profile", "--allow-file-access-from-files",
         "--enable-logging=stderr", "--hide-scrollbars", "--dump-dom", f"file://{tmp_path}/frame.html"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert f"{width} of {width}, 0 cut" in done.stdout
    assert "Content Security Policy" not in done.stderr
