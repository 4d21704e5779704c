"""Updates what README.md shows of real runs: `.venv/bin/python tools/readme_docs.py`.

docs/check.svg is the terminal of the example in examples/, docs/comment.svg the comment on a pull request with the change of
examples/pull_request.py, docs/map.svg the map of a repository that is made up. All can be read on a light and on a dark page.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tools.example_runs import make_pull_request, run_prompt_lint  # noqa: E402  # found by the line above
from tools.preview import render_body, render_style  # noqa: E402  # found by the line above

README = ROOT / "README.md"
COLUMNS = 104
CHECK = ["check", "--config", "examples/prompt-lint.yaml"]
# Of the example's change, so that the picture is no longer than a screen.
COMMENTED = ["prompts/support.md", "prompts/triage.md", "prompts/reviewer.md", "prompts/onboarding.md"]
WIDTH, HEIGHT = 880, 570
# The size of the picture of the map, and what it shows: the sentences of each prompt.
MAP_SIZE = 960, 812
MAPPED_CONFIG = """\
models: [claude-sonnet-5-5]
limit: 1500
prompts:
  - files: CLAUDE.md
  - files: .claude/skills/*/SKILL.md
  - files: .claude/agents/*.md
    limit: 600
  - files: prompts/**/*.md
    role: system
    limit: 1200
  - files: prompts/billing/*.md
    limit: 500
"""
MAPPED = {
    ".prompt-lint.yaml": 0, "CLAUDE.md": 100,
    ".claude/skills/changelog/SKILL.md": 20, ".claude/skills/migrations/SKILL.md": 116, ".claude/skills/pdf/SKILL.md": 61,
    ".claude/skills/release/SKILL.md": 34, ".claude/skills/translate/SKILL.md": 48,
    ".claude/agents/reviewer.md": 39, ".claude/agents/tester.md": 28, ".claude/agents/writer.md": 13,
    "prompts/support/agent.md": 75, "prompts/support/escalate.md": 19, "prompts/support/greeting.md": 8,
    "prompts/support/refund.md": 41, "prompts/support/summary.md": 26, "prompts/support/tone.md": 33,
    "prompts/billing/dunning.md": 31, "prompts/billing/invoice.md": 33, "prompts/billing/tax.md": 48,
    "prompts/search/answer.md": 72, "prompts/search/rank.md": 29, "prompts/search/rewrite.md": 17,
}  # fmt: skip
_BOX = """
body {{ padding: 0; overflow: hidden; max-width: none; height: {height}px }}
header {{ padding: 10px 16px; background: {stripe}; border-bottom: 1px solid {line}; color: {quiet} }}
header b {{ color: {text} }} header i {{ font-style: normal; border: 1px solid {line}; border-radius: 1em; padding: 0 7px; font-size: 12px }}
main {{ padding: 16px }}
body::after {{ content: ""; position: fixed; inset: auto 0 0; height: 48px; background: linear-gradient(transparent, {back}) }}
"""


def run_check() -> str:
    """Return what the example prints in a terminal, with its colours."""
    return run_prompt_lint(*CHECK, "--color=always", cwd=ROOT, exit_code=1)


def draw_terminal(output: str) -> str:
    """Return an SVG of this text with ANSI colours."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"\x1b[1m$ prompt-lint check\x1b[0m\n{output}"), end="")
    # Without the fonts of another host, which nobody who looks at a README has agreed to load.
    template = re.sub(r"\s*@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    template = template.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    return strip_lines(console.export_svg(title="", code_format=template, unique_id="terminal"))


def run_comment() -> str:
    """Return the comment about the example's change, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        repo, report = Path(folder, "repo"), Path(folder, "report.json")
        make_pull_request(repo)
        compare = ["check", "--base=main", "--offline", "--no-cache", f"--output=json={report}"]
        run_prompt_lint(*compare, *COMMENTED, cwd=repo, exit_code=1)
        return run_prompt_lint("comment", f"--report={report}", "--dry-run", cwd=repo)


def draw_comment(markdown: str) -> str:
    """Return an SVG of the top of a comment, as GitHub shows it in the browser's colours."""
    body = re.sub(r"<(br|hr)>", r"<\1/>", render_body(re.sub(r"<!--.*?-->", "", markdown)))
    light, dark = (
        render_style(scheme, WIDTH, _BOX.replace("{height}", str(HEIGHT))) for scheme in ("light", "dark")
    )
    return strip_lines(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f"<style>{light}@media (prefers-color-scheme: dark) {{{dark}}}</style>"
        f'<foreignObject width="{WIDTH}" height="{HEIGHT}"><body xmlns="http://www.w3.org/1999/xhtml">'
        f"<header><b>github-actions</b> <i>bot</i> commented</header><main>{body}</main></body></foreignObject>"
        f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6" fill="none" stroke="#8b949e80"/></svg>\n'
    )


def run_map() -> str:
    """Return the page that `list` draws of a repository with prompts of several kinds."""
    with tempfile.TemporaryDirectory() as folder:
        repo, page = Path(folder, "repo"), Path(folder, "map.html")
        for path, sentences in MAPPED.items():
            text = MAPPED_CONFIG if path == ".prompt-lint.yaml" else write_mapped(path, sentences)
            repo.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            repo.joinpath(path).write_text(text, encoding="utf-8")
        subprocess.run(["git", "init", "--quiet"], cwd=repo, check=True)
        output = ["list", "--offline", "--no-cache", f"--output=html={page}"]
        run_prompt_lint(*output, cwd=repo)
        return page.read_text(encoding="utf-8")


def write_mapped(path: str, sentences: int) -> str:
    """Return a made-up prompt, with the frontmatter that its kind has."""
    name = path.split("/")[-2 if path.endswith("SKILL.md") else -1].removesuffix(".md")
    head = f"---\nname: {name}\ndescription: Use it for {name}, and for nothing else.\n---\n"
    return (
        head if path.startswith(".claude") else ""
    ) + "Say what you did, then what is left to do.\n" * sentences


def draw_map(page: str) -> str:
    """Return an SVG of the top of the page: its heading and the map."""
    style, header, drawn = (
        re.findall(pattern, page, re.DOTALL)[0]
        for pattern in (
            r"<style>(.*?)</style>",
            r"<header>.*?</header>",
            r'<section class="card">.*?</section>',
        )
    )
    width, height = MAP_SIZE
    return strip_lines(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<style>{style}</style>"
        f'<foreignObject width="{width}" height="{height}"><body xmlns="http://www.w3.org/1999/xhtml">'
        f"<main>{header}{drawn}</main></body></foreignObject></svg>\n"
    )


def strip_lines(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if line.strip())


def replace_example(page: str, output: str) -> str:
    """Return the README with this output as text between its marks."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", output)
    block = f"```text\n{plain}```\n"
    return re.sub(
        r"(<!-- example -->\n).*?(<!-- end -->)",
        lambda mark: f"{mark[1]}\n{block}\n{mark[2]}",
        page,
        flags=re.DOTALL,
    )


def render_files() -> dict[Path, str]:
    """Return the text of each file that this program keeps current."""
    output = run_check()
    return {
        ROOT / "docs" / "check.svg": draw_terminal(output),
        ROOT / "docs" / "comment.svg": draw_comment(run_comment()),
        ROOT / "docs" / "map.svg": draw_map(run_map()),
        README: replace_example(README.read_text(encoding="utf-8"), output),
    }


if __name__ == "__main__":
    for path, text in render_files().items():
        path.write_text(text, encoding="utf-8")
