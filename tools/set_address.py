"""Sets the repository's address in every file of git: `python3 tools/set_address.py OWNER/NAME`. Needs Python 3.11 and git.

The address is said in src/prompt_lint/__init__.py; whatever else names it is replaced to agree.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("src", "prompt_lint", "__init__.py")
# What GitHub takes as the name of an owner and of a repository.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")


def read_address(root: Path) -> str:
    """Return OWNER/NAME as the source says it."""
    [address] = re.findall(
        r'^REPOSITORY = "https://github\.com/([^"]+)"$', (root / SOURCE).read_text("utf-8"), re.MULTILINE
    )
    return str(address)


def read_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that git tracks, with its text; no links, and nothing that isn't UTF-8."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True)
    for name in names.stdout.split("\0"):
        path = root / name
        if name and path.is_file() and not path.is_symlink():
            try:
                yield path, path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue


def replace_address(root: Path, new: str) -> list[Path]:
    """Replace the address in every file; return the files that changed."""
    old = re.compile(rf"(?<![\w.-]){re.escape(read_address(root))}(?![\w-])")
    changed = []
    for path, text in read_files(root):
        replaced = old.sub(new, text)
        if replaced != text:
            path.write_bytes(replaced.encode())
            changed.append(path)
    return changed


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not NAME.fullmatch(arguments[0]):
        print("usage: python3 tools/set_address.py OWNER/NAME", file=sys.stderr)
        return 2
    for path in replace_address(ROOT, arguments[0]):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
