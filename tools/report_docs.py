"""Updates the examples of docs/report.md, from the tests' server: `.venv/bin/python tools/report_docs.py`.

With Chromium it takes new screenshots, too, and `pngquant` makes them small where it is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tests.support.admin_reports import CheckedPrompt, make_credential, render_check  # noqa: E402  # found by the line above
from tests.support.organizations import NOW, quarter  # noqa: E402  # the same

from prompt_lint.usage.fail_conditions import parse_condition  # noqa: E402  # sorted behind the tests
from prompt_lint.usage.output import USAGE_OUTPUTS  # noqa: E402  # the same
from prompt_lint.usage.report import Options, make_report, read_prompts  # noqa: E402  # the same

if TYPE_CHECKING:
    from prompt_lint.usage.values import UsageReport

DOCS = ROOT / "docs"
PAGE, EXAMPLE = DOCS / "report.md", DOCS / "report-example.html"
PICTURES = {"report-light.png": [], "report-dark.png": ["--blink-settings=preferredColorScheme=0"]}
PROMPTS = (
    CheckedPrompt("prompts/support-agent.md", "claude-sonnet-5-5", 4775, 375, spread=24),
    CheckedPrompt("prompts/triage.md", "claude-haiku-4-5", 612, change="new"),
    CheckedPrompt("prompts/reviewer.md", "claude-opus-5-5", 1830, -20),
)
# The page shows the beginning of JSON and CSV, and of the table of days in Markdown.
FIRST_LINES = {"json": 44, "csv": 12}


def make_example() -> UsageReport:
    """90 days of three models in four workspaces, with the result of `check` and two conditions."""
    options = Options(days=90, source="analytics", check="result.json")
    conditions = [parse_condition("cost +20%"), parse_condition("cache-hit < 60%")]
    with tempfile.TemporaryDirectory() as folder, quarter() as server:
        path = Path(folder, "result.json")
        path.write_text(render_check(PROMPTS))
        checked = read_prompts(str(path))._replace(file="result.json")
        report = make_report(make_credential(server), options, conditions, checked, NOW)
        return report._replace(host="api.anthropic.com", obeyed_variables=())


def replace_examples(page: str, report: UsageReport) -> str:
    """Replace what is between the marks of the page."""
    for name in ("text", "markdown", "json", "csv"):
        example = USAGE_OUTPUTS[name].render(report)
        if name in FIRST_LINES:
            example = "".join(f"{line}\n" for line in example.split("\n")[: FIRST_LINES[name]]) + "…\n"
        if name == "markdown":
            example = re.sub(r"(\| day \|.*\n(?:\|.*\n){4})(?:\|.*\n)+", r"\1| … | | |\n", example)
        else:
            example = f"```{name}\n{example}```\n"
        begin, end = f"<!-- {name}: made by tools/report_docs.py -->", f"<!-- end of {name} -->"
        before, rest = page.split(begin)
        page = f"{before}{begin}\n\n{example}\n{end}{rest.split(end)[1]}"
    return page


def take_screenshots() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("no Chromium: the screenshots stay as they are", file=sys.stderr)
        return
    for name, options in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                 f"--user-data-dir={folder}", "--window-size=1040,1500", *options, f"--screenshot={DOCS / name}", EXAMPLE.as_uri()],
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip
        if shutil.which("pngquant"):
            subprocess.run(
                ["pngquant", "--force", "--ext=.png", "--speed=1", "32", str(DOCS / name)], check=True
            )


def main() -> None:
    report = make_example()
    PAGE.write_text(replace_examples(PAGE.read_text(encoding="utf-8"), report), encoding="utf-8")
    EXAMPLE.write_text(USAGE_OUTPUTS["html"].render(report), encoding="utf-8")
    take_screenshots()


if __name__ == "__main__":
    main()
