"""Makes the examples of docs/report.md anew, from the tests' server: `.venv/bin/python tools/report_docs.py`.

With Chromium there are new screenshots, too; `pngquant` makes them small where it is installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tests.support.admin_server import ADMIN_KEY  # noqa: E402  # found by the line above
from tests.support.organizations import NOW, quarter  # noqa: E402  # the same

from prompt_lint.api import credentials  # noqa: E402  # sorted behind the tests
from prompt_lint.usage import fail_conditions, report  # noqa: E402  # sorted behind the tests
from prompt_lint.usage.output import REPORTS  # noqa: E402  # the same

if TYPE_CHECKING:
    from prompt_lint.usage.figures import UsageReport

DOCS = ROOT / "docs"
PAGE, EXAMPLE = DOCS / "report.md", DOCS / "report-example.html"
PICTURES = {"report-light.png": [], "report-dark.png": ["--blink-settings=preferredColorScheme=0"]}
CHECK = {
    "schema_version": 1,
    "verdicts": [
        {"path": "prompts/support-agent.md", "name": "", "model": "claude-sonnet-5-5", "tokens": 4775, "growth": 375},
        {"path": "prompts/reviewer.md", "name": "", "model": "claude-opus-5-5", "tokens": 1830, "growth": -20},
    ],
}  # fmt: skip
# Of JSON and CSV the page shows the beginning.
FIRST_LINES = {"json": 44, "csv": 12}


def example() -> UsageReport:
    """90 days of three models in four workspaces, with a check and a threshold."""
    options = report.Options(days=90, source="analytics", check="result.json")
    with tempfile.TemporaryDirectory() as folder, quarter() as server:
        path = Path(folder, "result.json")
        path.write_text(json.dumps(CHECK))
        way = credentials.find_admin_credential(
            {"ANTHROPIC_ADMIN_KEY": ADMIN_KEY, "PROMPT_LINT_ADMIN_URL": server.url}
        )
        limits = [
            fail_conditions.parse_condition("cost +20%"),
            fail_conditions.parse_condition("cache-hit < 60%"),
        ]
        return report.make_report(way, options, limits, report.read_check(str(path)), NOW)


def page(text: str, made: UsageReport) -> str:
    """The page with what stands between its marks made anew."""
    for name in ("text", "markdown", "json", "csv"):
        told = REPORTS[name].render(made)
        if name in FIRST_LINES:
            told = "".join(f"{line}\n" for line in told.split("\n")[: FIRST_LINES[name]]) + "…\n"
        if name != "markdown":
            told = f"```{name}\n{told}```\n"
        begin, end = f"<!-- {name}: made by tools/report_docs.py -->", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n{told}\n{end}{rest.split(end)[1]}"
    return text


def screenshots() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("no Chromium: the screenshots stay as they are", file=sys.stderr)
        return
    for name, dark in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                 f"--user-data-dir={folder}", "--window-size=1040,1500", *dark, f"--screenshot={DOCS / name}", EXAMPLE.as_uri()],
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip
        if shutil.which("pngquant"):
            subprocess.run(
                ["pngquant", "--force", "--ext=.png", "--speed=1", "32", str(DOCS / name)], check=True
            )


def main() -> None:
    made = example()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    EXAMPLE.write_text(REPORTS["html"].render(made), encoding="utf-8")
    screenshots()


if __name__ == "__main__":
    main()
