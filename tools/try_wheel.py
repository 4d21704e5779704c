"""What the installed wheel must be able to do, alone in an empty environment. Run by `tools/dev.py wheel`."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

PROGRAM = Path(sys.executable).parent / ("prompt-lint.exe" if sys.platform == "win32" else "prompt-lint")
MODELS = {"claude-opus-4-6", "claude-opus-4-7", "claude-sonnet-5"}


def output(*arguments: str, code: int = 0) -> str:
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


def main() -> None:
    shipped = {str(path) for path in files("prompt-lint") or ()}
    for needed in ("prompt_lint/py.typed", "LICENSE", "NOTICE"):
        assert any(name.endswith(needed) for name in shipped), f"{needed} is missing from the wheel"

    assert output("--version").startswith("prompt-lint ")
    assert "check" in output("--help")

    Path("prompt.md").write_text("You are a careful reviewer. Say what is wrong, and where.\n")
    flags = [part for model in sorted(MODELS) for part in ("--model", model)]
    counted = json.loads(output("count", "prompt.md", *flags, "--output-format", "json"))
    assert {verdict["model"] for verdict in counted["verdicts"]} == MODELS
    assert all(10 < verdict["tokens"] < 40 for verdict in counted["verdicts"])

    output("check", "prompt.md", "--limit", "5", "--model", "claude-sonnet-5", code=1)
    output("check", "prompt.md", "--limit", "500", "--model", "claude-sonnet-5")
    print("the wheel works alone")


if __name__ == "__main__":
    main()
