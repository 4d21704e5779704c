"""The wheels that `python3 tools/dev.py setup` keeps, from which the tests install without a package index."""

from __future__ import annotations

import os
import sys
from pathlib import Path

WHEELS = Path(sys.executable).parent.parent / "wheels"
# For pip, virtualenv and uv. The index names a folder that isn't there, since one has to be named.
OFFLINE = {
    "PIP_FIND_LINKS": str(WHEELS), "PIP_INDEX_URL": (WHEELS / "no-index").as_uri(), "PIP_CONFIG_FILE": os.devnull,
    "PIP_NO_COMPILE": "1",  # what isn't run isn't compiled
    "VIRTUALENV_NO_PERIODIC_UPDATE": "1",  # it would look for newer wheels of pip in the background
    "UV_FIND_LINKS": str(WHEELS), "UV_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_NO_CONFIG": "1",
}  # fmt: skip
