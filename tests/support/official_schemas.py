"""The official schemas of SARIF and JUnit, which aren't in the repository."""

from __future__ import annotations

import pytest
from tests.support.paths import ROOT

SCHEMAS = ROOT / ".venv" / "schemas"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason="python3 tools/schemas.py fetches the official schemas"
)
