"""One fuzz target under libFuzzer: `python -m fuzz.guided NAME [option of libFuzzer…] [folder of inputs]`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

atheris: Any = import_module("atheris")  # which has no types

if __name__ == "__main__":
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["prompt_lint"]):
        from fuzz.targets import TARGETS, Target

        target: Target = TARGETS[name]
        for data in target.read_seeds():  # imports what is imported when it is used
            target.check(data)
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
