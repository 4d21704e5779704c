"""Whether GitHub and GitLab take our actions, workflows and examples, and what could be attacked in them. No network."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ACTIONS = ("action.yml", "comment/action.yml", "report/action.yml")
COMPONENT = "examples/gitlab/templates/prompt-lint.yml"


def main() -> int:
    workflows = sorted(
        str(path.relative_to(ROOT))
        for folder in (".github", "examples")
        for path in ROOT.glob(f"{folder}/workflows/*.yml")
    )
    with tempfile.TemporaryDirectory() as folder:
        pipelines = ["examples/gitlab/.gitlab-ci.yml", str(rendered(Path(folder)))]
        shells = [".ci/run", *map(str, scripts([*ACTIONS, *workflows, *pipelines], Path(folder)))]
        codes = [
            # Without --strict-collection, what isn't an action at all would pass.
            run(
                "zizmor",
                "--offline",
                "--strict-collection",
                "--persona=auditor",
                "--quiet",
                ".github",
                *ACTIONS,
                *workflows,
            ),
            run("check-jsonschema", "--builtin-schema", "vendor.github-actions", *ACTIONS),
            run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows),
            run("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"),
            run(
                "check-jsonschema",
                "--builtin-schema",
                "vendor.gitlab-ci",
                "--data-transform",
                "gitlab-ci",
                *pipelines,
            ),
            run(
                "yamllint",
                "--strict",
                ".github",
                *ACTIONS,
                "examples",
                ".pre-commit-hooks.yaml",
                ".yamllint.yaml",
            ),
            run("shellcheck", "--shell=bash", *shells),
        ]
    return max(codes)


def run(*command: str) -> int:
    return subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, check=False).returncode


def rendered(folder: Path) -> Path:
    """The component as a pipeline that includes it without inputs has it."""
    text = (ROOT / COMPONENT).read_text(encoding="utf-8")
    header, _, body = text.partition("\n---\n")
    inputs = yaml.safe_load(header)["spec"]["inputs"]
    path = folder / "component.gitlab-ci.yml"
    path.write_text(
        re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda m: str(inputs[m[1]]["default"]), body), encoding="utf-8"
    )
    return path


def scripts(files: Sequence[str], folder: Path) -> Iterator[Path]:
    """Each script in these files, as a file of its own."""
    for name in files:
        for number, script in enumerate(found(yaml.safe_load((ROOT / name).read_text(encoding="utf-8")))):
            path = folder / f"{name.replace('/', '-')}-{number}.sh"
            path.write_text(script, encoding="utf-8")
            yield path


def found(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("run"), str):
            yield value["run"]
        lines = [line for key in ("before_script", "script") for line in value.get(key, [])]
        if lines:
            yield "\n".join(lines) + "\n"
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from found(inner)


if __name__ == "__main__":
    sys.exit(main())
