"""Copies docs/ to a folder that Zensical makes a site of: `python tools/site.py FOLDER`. `tools/dev.py docs` runs it.

The pages are written for GitHub. On the site, links to other files of the repository lead to GitHub, and the text below
`<details>` has to be marked as Markdown. CHANGELOG.md is a page of the site, too.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# Files outside of docs/ that are pages of the site.
PAGES = {"CHANGELOG.md": "changelog.md"}
LINK = re.compile(r"(?P<before>\]\()(?P<target>(?![a-z]+:|#)[^)#\s]+)")
FENCE = re.compile(r"^(?P<fence>`{3,}).*?^(?P=fence)$", re.MULTILINE | re.DOTALL)


def write_pages(folder: Path, repository: str) -> None:
    """Write the pages and what they show to this folder, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder)
    sources = {path: path.name for path in DOCS.glob("*.md")}
    sources |= {ROOT / source: name for source, name in PAGES.items()}
    for path, name in sources.items():
        page = convert_page(path.read_text(encoding="utf-8"), path.parent, repository)
        (folder / name).write_text(page, encoding="utf-8")


def convert_page(text: str, folder: Path, repository: str) -> str:
    """Return a page of this folder with links and folded parts as the site needs them. Code stays as it is."""
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [convert_text(text[end : fence.start()], folder, repository), fence[0]]
        end = fence.end()
    return "".join([*parts, convert_text(text[end:], folder, repository)])


def convert_text(text: str, folder: Path, repository: str) -> str:
    def convert(link: re.Match[str]) -> str:
        return link["before"] + find_address(link["target"], folder, repository)

    return LINK.sub(convert, text).replace("<details>", '<details markdown="1">')


def find_address(target: str, folder: Path, repository: str) -> str:
    """Return where a link leads to on the site: a page or file of it, or the repository."""
    path = (folder / target).resolve().relative_to(ROOT)
    if path.as_posix() in PAGES:
        return PAGES[path.as_posix()]
    if path.is_relative_to("docs"):
        return str(PurePosixPath(path).relative_to("docs"))
    return f"{repository}/{'tree' if (ROOT / path).is_dir() else 'blob'}/main/{path.as_posix()}"


def read_repository() -> str:
    """Return the repository's address, from where the program has it."""
    text = (ROOT / "src" / "prompt_lint" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^REPOSITORY = "(.+)"$', text, re.MULTILINE)[1]  # type: ignore[index]  # a test holds that it is there


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]), read_repository())
