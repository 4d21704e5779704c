"""The Markdown of a run, attached to its build where GitHub's summary isn't: in Azure Pipelines and Buildkite.

Sources: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands and
https://buildkite.com/docs/agent/cli/reference/annotate, November 2026.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

from prompt_lint.output.file_writing import write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Seconds that Buildkite's agent may take.
_TIMEOUT = 30
# Of the environment, all that Buildkite's agent needs: never an API key.
_AGENT_VARIABLES = ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
_AGENT_PREFIXES = ("BUILDKITE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


class NotAttached(Exception):
    """The page couldn't be attached. The text says why."""


def upload_summary(name: str, page: str, env: Mapping[str, str], write: Callable[[str], None]) -> None:
    """Make the agent of Azure Pipelines upload a page to the summary of the build. `write` writes a line to the log.

    Raises `NotAttached`, or `Fatal` where the file can't be written.
    """
    write(f"##vso[task.uploadsummary]{_write_page(name, page, env)}\n")


def _write_page(name: str, page: str, env: Mapping[str, str]) -> str:
    """Write the page to a new folder, which the agent removes after the job. Return its path."""
    parent = env.get("AGENT_TEMPDIRECTORY", "")
    try:
        folder = tempfile.mkdtemp(prefix="prompt-lint-", dir=parent if os.path.isabs(parent) else None)
    except OSError as error:
        raise NotAttached(f"no folder can be made for it: {error.strerror}") from None
    path = os.path.join(folder, f"prompt-lint {name}.md")
    if not path.isprintable():
        raise NotAttached("AGENT_TEMPDIRECTORY has a control character")
    write_file(path, page)
    return path.replace("%", "%AZP25")


def annotate_build(name: str, page: str, env: Mapping[str, str], *, is_failed: bool) -> None:
    """Annotate a build of Buildkite. A page replaces that of the same command and step, as a retry should.

    Raises `NotAttached`.
    """
    context = f"prompt-lint-{name}-{env.get('BUILDKITE_STEP_ID', '')[:100]}"
    arguments = ["annotate", "--style", "error" if is_failed else "info", "--context", context]
    try:
        done = subprocess.run(  # a program of the agent, with no text of the repository in its arguments
            [_find_agent(env), *arguments],
            input=page.encode("utf-8", "backslashreplace"), capture_output=True, timeout=_TIMEOUT, check=False,
            env={key: value for key, value in env.items() if _is_for_agent(key)},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise NotAttached(f"buildkite-agent failed ({type(error).__name__})") from None
    if done.returncode:
        raise NotAttached(f"buildkite-agent ended with {done.returncode}")


def _find_agent(env: Mapping[str, str]) -> str:
    """Return the path of the agent's program, which is never in the current folder. Raises `NotAttached`."""
    folders = os.pathsep.join(
        filter(os.path.isabs, (env.get("BUILDKITE_BIN_PATH", ""), *os.get_exec_path(env)))
    )
    found = shutil.which("buildkite-agent", path=folders)
    if not found or os.path.realpath(found).startswith(os.path.realpath(os.getcwd()) + os.sep):
        raise NotAttached("buildkite-agent isn't on PATH")
    return found


def _is_for_agent(variable: str) -> bool:
    name = variable.upper()
    return name in _AGENT_VARIABLES or name.startswith(_AGENT_PREFIXES)
