"""The official schemas of SARIF and JUnit, and the validator of SARIF, which aren't in the repository."""

from __future__ import annotations

import platform

import pytest
from tests.support.paths import ROOT

SCHEMAS = ROOT / ".venv" / "schemas"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason="python3 tools/schemas.py fetches the official schemas"
)
# It is a program for Linux alone.
MULTITOOL = SCHEMAS / "Sarif.Multitool"
needs_multitool = pytest.mark.skipif(
    not MULTITOOL.is_file() or (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="python3 tools/schemas.py fetches the validator of SARIF, which runs on Linux with an x86-64",
)
