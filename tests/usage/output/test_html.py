"""`html`: one file without scripts that fits a phone and a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.html_pages import CHROMIUM, assert_is_inert, lay_out

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.admin_server import AdminServer
    from tests.usage.conftest import Run


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
    server.events = [event._replace(output=event.output * 9_000) for event in server.events]
    (tmp_path / "r.html").write_text(run(server, "--output-format=html", "--days=30").out)
    size, log = lay_out(tmp_path / "r.html", width)

    assert size == f"{width} of {width}, 0 cut"
    assert "Content Security Policy" not in log
