"""`html`: one file without scripts that fits a phone and a screen."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.support.html_pages import assert_is_inert

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.parametrize("server", ["hostile", "busy"], indirect=True)
def test_the_page_is_one_file_without_scripts(server: AdminServer, run: Run) -> None:
    """Nothing is loaded from anywhere, nothing runs, and a policy says so to the browser."""
    assert_is_inert(run(server, "--output-format=html").out)


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
