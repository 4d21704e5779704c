"""Which build of prompt-lint this is: what a cache's keys say of the code that made an entry.

Two builds that call themselves by one version number are two builds, and one wheel on two machines is one.
"""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from typing import NamedTuple

import prompt_lint
from prompt_lint import __version__

_PACKAGE = os.path.dirname(os.path.abspath(prompt_lint.__file__))
# What decides an offline count: data and engine of the tokenizer, and what its modules import from elsewhere. A test
# holds that nothing is missing.
_TOKENIZER = (
    "counting/coverage.py", "counting/image_tokens.py", "counting/intervals.py", "counting/margin_table.py",
    "counting/margins.py", "counting/offline.py", "counting/tokenizer/", "counting/transcript.py", "model/counts.py", "model/errors.py",
    "model/families.py", "model/models.py", "model/nearest.py", "model/recorded_requests.py", "model/values.py", "request/flatten.py",
    "request/for_model.py", "request/images.py",
)  # fmt: skip


class BuildDigests(NamedTuple):
    """Digests of the whole package, and of what decides an offline count. Empty where the files can't be read."""

    build: str = ""
    tokenizer: str = ""


@cache
def find_digests(package: str = _PACKAGE) -> BuildDigests:
    """Return the digests of the package in the folder `package`.

    The files' digests are those of the wheel's RECORD
    (https://packaging.python.org/en/latest/specifications/recording-installed-packages/), which an upgrade in place
    replaces. An installation that has none of its own, such as an editable one, is read: 1.2 MB, some milliseconds.
    """
    digests = _read_record(package) or _digest_files(package)
    tokenizer = {path: digest for path, digest in digests.items() if path.startswith(_TOKENIZER)}
    return BuildDigests(_combine(digests), _combine(tokenizer))


def _combine(digests: dict[str, str]) -> str:
    lines = "".join(f"{path} {digest}\n" for path, digest in sorted(digests.items()))
    return sha256(lines.encode("utf-8", "surrogateescape")).hexdigest() if lines else ""


def _read_record(package: str) -> dict[str, str]:
    """Return the digest of each file of the package by its path there; nothing where no RECORD lists them."""
    site, name = os.path.split(package)
    path = os.path.join(site, f"{name}-{__version__}.dist-info", "RECORD")
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError):
        return {}
    rows = (line.split(",") for line in lines if line.startswith(f"{name}/"))
    # Bytecode has no digest there, since it isn't part of the wheel.
    return {row[0].removeprefix(f"{name}/"): row[1] for row in rows if len(row) == 3 and row[1]}


def _digest_files(package: str) -> dict[str, str]:
    digests = {}
    for folder, folders, names in os.walk(package):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                inside = os.path.relpath(path, package).replace(os.sep, "/")
                digests[inside] = sha256(file.read()).hexdigest()
    return digests
