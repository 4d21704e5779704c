"""Releases a version from a clean checkout of main: `python3 tools/release.py 0.2.0`. Needs Python 3.11 and git. Pushes nothing.

First the commit "Release 0.2.0": the version wherever it is said, the changelog with its day; tagged v0.2.0, with the major tag v0 moved
there. Then the commit "Examples pin v0.2.0", with the id of the first one. `--check` looks for versions and pins that disagree,
`--notes` prints the changelog of a version, and --notes or --check change nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from tools.set_address import SOURCE, read_address, read_files  # noqa: E402  # found by the line above

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent


class Pins(NamedTuple):
    """What every file has to agree with: the address, the version, and the newest release with its commit."""

    address: str
    version: str
    tag: str
    commit: str


class Refused(Exception):
    """Why there is no release."""


def read_pins(root: Path) -> Pins:
    [version] = re.findall(r'^__version__ = "([^"]+)"$', (root / SOURCE).read_text("utf-8"), re.MULTILINE)
    newest = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["release"]
    return Pins(read_address(root), version, newest["tag"], newest["commit"])


def set_pins(pins: Pins) -> Callable[[str], str]:
    """Return the function that makes a text agree with these."""
    address = re.escape(pins.address)
    version = re.compile(
        r'((?:^__version__ = "|"semanticVersion": "|>Made by prompt-lint '
        rf"|github\.com/{address}[^\n]*\n\s*rev: v|\b{address}(?:\.git)?@v|\b{address} 'v))\d+\.\d+\.\d+\b",
        re.MULTILINE,
    )
    commit = re.compile(rf"(\b{address}(?:/\w+)?@)[0-9a-f]{{40}}( # )?(?(2)v\d+\.\d+\.\d+)")
    newest = re.compile(r'^tag = "v[\d.]+"\ncommit = "[0-9a-f]{40}"$', re.MULTILINE)

    def replace(text: str) -> str:
        text = version.sub(rf"\g<1>{pins.version}", text)
        text = commit.sub(
            lambda found: f"{found[1]}{pins.commit}" + (f" # {pins.tag}" if found[2] else ""), text
        )
        return newest.sub(f'tag = "{pins.tag}"\ncommit = "{pins.commit}"', text)

    return replace


def find_disagreements(root: Path) -> list[str]:
    """Return each line that names another version or pin than the source does, as FILE:LINE: its text."""
    replace = set_pins(read_pins(root))
    return [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path, text in read_files(root)
        for number, (line, right) in enumerate(
            zip(text.splitlines(), replace(text).splitlines(), strict=True), 1
        )
        if line != right
    ]


def refuse_disagreements(root: Path) -> None:
    if wrong := find_disagreements(root):
        raise Refused("\n".join(["these lines name another version or commit:", *wrong]))


def write_pins(root: Path, pins: Pins) -> None:
    replace = set_pins(pins)
    for path, text in read_files(root):
        replaced = replace(text)
        if replaced != text:
            path.write_bytes(replaced.encode())


def read_notes(root: Path, version: str) -> str:
    """Return the section of the changelog about this version, without its heading. Raises `Refused` if there is none."""
    text = (root / "CHANGELOG.md").read_text("utf-8")
    found = re.search(
        rf"^## \[{re.escape(version)}\](?: [^\n]*)?\n(.*?)(?=^## |^\[|\Z)", text, re.MULTILINE | re.DOTALL
    )
    if not found or not found[1].strip():
        raise Refused(f"CHANGELOG.md says nothing under `## [{version}]`")
    return found[1].strip() + "\n"


def date_notes(text: str, address: str, version: str, day: date) -> str:
    """Return the changelog with what was unreleased as this version, and with links that compare it with the one before."""
    heading, repository = "## [Unreleased]\n", f"https://github.com/{address}"
    before = re.search(r"^## \[(\d+\.\d+\.\d+)\]", text, re.MULTILINE)
    change = f"compare/v{before[1]}...v{version}" if before else f"releases/tag/v{version}"
    links = f"[Unreleased]: {repository}/compare/v{version}...HEAD\n[{version}]: {repository}/{change}\n"
    text = text.replace(heading, f"{heading}\n## [{version}] - {day}\n", 1)
    return re.sub(r"^\[Unreleased\]: .*\n", lambda _: links, text, flags=re.MULTILINE)


def make_release(root: Path, version: str, day: date) -> None:
    """Make both commits and both tags. Raises `Refused` before anything is changed."""
    pins, tag, major = read_pins(root), f"v{version}", f"v{version.partition('.')[0]}"
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        raise Refused(f"`{version}` isn't a version such as 0.2.0")
    if pins.address.startswith("OWNER/"):
        raise Refused("the repository has no address yet: run tools/set_address.py first")
    if git(root, "status", "--porcelain"):
        raise Refused("the working tree has changes: commit them first")
    if git(root, "tag", "--list", tag):
        raise Refused(f"the tag {tag} exists")
    read_notes(root, "Unreleased")

    changelog = root / "CHANGELOG.md"
    changelog.write_text(date_notes(changelog.read_text("utf-8"), pins.address, version, day), "utf-8")
    write_pins(root, pins._replace(version=version))
    git(root, "commit", "--quiet", "--all", "--message", f"Release {version}")
    git(root, "tag", "--annotate", tag, "--message", f"prompt-lint {version}")
    # A plain tag: git describes a commit by an annotated one first, and so `pre-commit autoupdate` takes the version's.
    git(root, "tag", "--force", major)
    commit = git(root, "rev-parse", "HEAD")
    write_pins(root, pins._replace(version=version, tag=tag, commit=commit))
    git(root, "commit", "--quiet", "--all", "--message", f"Examples pin {tag}")
    print(f"Push the tag: the workflow `Release` builds and publishes it. When that is done, move {major}:")
    print(f"  git push --atomic origin HEAD {tag}\n  git push --force origin {major}")


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["--check"]:
                refuse_disagreements(ROOT)
            case ["--notes", version]:
                print(read_notes(ROOT, version), end="")
            case [version] if not version.startswith("-"):
                make_release(ROOT, version, datetime.now(UTC).date())
            case _:
                print("usage: python3 tools/release.py VERSION | --check | --notes VERSION", file=sys.stderr)
                return 2
    except Refused as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
