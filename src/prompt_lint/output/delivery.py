"""Where each output of a run goes, and how it gets there: stdout, files, and in CI where its people look."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.ci.logging_commands import has_agent
from prompt_lint.ci.workflow_commands import MAX_SUMMARY_BYTES, append_summary, count_bytes, has_runner
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.output import OUTPUTS, View
from prompt_lint.output.announcements import announce
from prompt_lint.output.file_writing import write_file
from prompt_lint.output.terminal import (
    ClosedPipe,
    find_width,
    identify_stdout,
    wants_color,
    write_stderr,
    write_stdout,
)
from prompt_lint.output.text.pieces import INDENT
from prompt_lint.repo.foreign_links import leads_out_of_repository
from prompt_lint.repo.paths import belongs_to_git
from prompt_lint.text.wrapping import wrap_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_lint.model.values import Report

    # The path of an existing file → what it is to this run, such as `the configuration`; "" for nothing.
    DescribeInput = Callable[[str], str]
    Render = Callable[[Report, View], str]

NO_FORMATS: Mapping[str, Render] = {}


class OutputOptions(NamedTuple):
    """What the command line says of outputs. `output_format` is None where none was chosen.

    `outputs` are further formats with their files. `color` is `auto`, `always` or `never`.
    """

    output_format: str | None = None
    output_file: str | None = None
    outputs: Sequence[tuple[str, str]] = ()
    verbose: bool = False
    quiet: bool = False
    color: str = "auto"

    @property
    def is_plain_text(self) -> bool:
        """Return whether text on stdout is all that is asked for."""
        return self.output_format in {None, "text"} and not self.output_file and not self.outputs

    def list_formats(self) -> set[str | None]:
        return {self.output_format, *(name for name, _ in self.outputs)}


class Target(NamedTuple):
    """An output format and its file; without a file it goes to stdout.

    `is_summary` marks the summary of a job on GitHub, which is appended to. `is_optional` marks what no option asks for.
    What `is_attached` has no file of ours: another CI system takes it.
    """

    format: str
    file: str = ""
    is_summary: bool = False
    is_optional: bool = False
    is_attached: bool = False

    @property
    def is_stdout(self) -> bool:
        return not self.file and not self.is_attached


class WrongOutputs(Fatal):
    """Outputs can't go where they are asked to: so none is written."""


class Document(NamedTuple):
    """What is delivered. `exit_code` is what the run has found, whether or not all of it can be written; `name` is that of the command.

    `render` returns the text in a format. `render_summary` returns Markdown of at most so many bytes, "" if none fits.
    Lines of a text that `has_diff` aren't wrapped.
    """

    render: Callable[[str, View], str]
    exit_code: ExitCode
    name: str
    render_summary: Callable[[int], str] = lambda _room: ""
    has_diff: bool = False


def choose_targets(
    options: OutputOptions, env: Mapping[str, str], describe_input: DescribeInput
) -> list[Target]:
    """Return what the options ask for: files, then stdout.

    Raises `WrongOutputs` where two outputs would go to one file, or one of them would overwrite what the run reads or git's own
    files, or a link of the repository leads it out of that.
    """
    chosen = options.output_format or "text"
    summary = env.get("GITHUB_STEP_SUMMARY", "")
    outputs = [*options.outputs, *([(chosen, options.output_file)] if options.output_file else [])]
    summary_id = _identify(summary) if summary else None
    files = [Target(name, path, is_summary=_identify(path) == summary_id) for name, path in outputs]
    stdout = [] if options.output_file else [Target(chosen)]
    ids = [_identify(target.file) for target in files] + [identify_stdout()] * len(stdout)
    if "-" in {target.file for target in files}:
        raise WrongOutputs(
            "an output is a file, and `-` isn't one", "stdout gets the format of --output-format"
        )
    if repeated := [
        target.file for target, file_id in zip(files, ids, strict=False) if ids.count(file_id) > 1
    ]:
        raise WrongOutputs(f"two outputs would be written to {repeated[0]}", "give each a file of its own")
    for target in files:
        _refuse_input(target, describe_input)
    return [*files, *stdout]


def add_summary(
    targets: Sequence[Target], env: Mapping[str, str], describe_input: DescribeInput
) -> list[Target]:
    """Return the targets, with GitHub's summary of the job after the other files unless it is among them.

    In a system that takes a page otherwise, that is attached.
    """
    path = env.get("GITHUB_STEP_SUMMARY", "")
    if not path and _takes_page(env):
        return [*targets, Target("markdown", is_optional=True, is_attached=True)]
    if not path or any(target.is_summary for target in targets):
        return list(targets)
    summary = Target("markdown", path, is_summary=True, is_optional=True)
    _refuse_input(summary, describe_input)
    files = [target for target in targets if target.file]
    return [*files, summary, *targets[len(files) :]]


def add_ci_targets(
    targets: Sequence[Target], options: OutputOptions, env: Mapping[str, str], describe_input: DescribeInput
) -> list[Target]:
    """Return the targets, and what the people of a CI system look at, unless a format was chosen.

    On GitHub and Azure that is annotations on stdout, after the text; there and in Buildkite a page is attached to the job or
    the build. GitLab takes files alone.
    """
    if options.output_format:
        return list(targets)
    if has_runner(env):
        return [*add_summary(targets, env, describe_input), Target("github")]
    if not _takes_page(env):
        return list(targets)
    return [*add_summary(targets, env, describe_input), *([Target("azure")] if has_agent(env) else [])]


def _takes_page(env: Mapping[str, str]) -> bool:
    """Return whether this system takes a page from a running job: Azure Pipelines and Buildkite do."""
    return has_agent(env) or env.get("BUILDKITE") == "true"


def _refuse_input(target: Target, describe_input: DescribeInput) -> None:
    if belongs_to_git(target.file):
        message = f"the {target.format} output would go to {target.file}, which belongs to git itself"
        raise WrongOutputs(message, "name another file for it")
    if leads_out_of_repository(target.file):
        message = f"the {target.format} output would go to {target.file}, which a symbolic link leads out of the repository"
        raise WrongOutputs(message, "name the file itself, if you mean that one")
    if os.path.isfile(target.file) and (what := describe_input(target.file)):
        raise WrongOutputs(
            f"the {target.format} output would overwrite {target.file}, {what}", "name another file for it"
        )


def _identify(path: str) -> tuple[int, int] | str:
    """Return what all names of a file have in common."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def deliver(
    document: Document, targets: Sequence[Target], options: OutputOptions, env: Mapping[str, str]
) -> ExitCode:
    """Write a document to all targets; stdout last, so that the files exist if it is lost. Return the run's exit code.

    A target that can't be written is an announced error, and keeps no other from being written. A failed write turns
    exit code 0 into `UNCOUNTED`, and changes no other. What no option asks for is worth a warning alone.
    """
    exit_code = document.exit_code
    written = (target for target in targets if not target.is_attached)
    for target in sorted(written, key=lambda target: not target.file):
        try:
            _write_target(document, target, options, env)
        except Fatal as error:
            announce(env, "warning" if target.is_optional else "error", error.message, error.hint)
            exit_code = exit_code if target.is_optional else exit_code or ExitCode.UNCOUNTED
        except ClosedPipe:  # nobody reads on, as behind `| head`
            exit_code = exit_code or ExitCode.UNCOUNTED
    if any(target.is_attached for target in targets):
        _attach(document, targets, env)
    return exit_code


def _attach(document: Document, targets: Sequence[Target], env: Mapping[str, str]) -> None:
    """Attach the document to the build. A failure costs a warning: the verdict is that of the run.

    A command to the system is a line of stdout, unless that carries a format for machines.
    """
    is_plain = all(target.format in {"text", "azure"} for target in targets if target.is_stdout)
    write = partial(write_stdout, for_machines=True) if is_plain else write_stderr
    from prompt_lint.output import attachments  # noqa: PLC0415  # where there is such a system

    try:
        page = document.render_summary(MAX_SUMMARY_BYTES - 1)
        if has_agent(env):
            attachments.upload_summary(document.name, page, env, write)
        else:
            attachments.annotate_build(document.name, page, env, is_failed=bool(document.exit_code))
    except (attachments.NotAttached, Fatal) as error:
        announce(env, "warning", f"the summary of the build lacks the report: {error}")
    except ClosedPipe:  # nobody reads the log any more
        pass


def _write_target(document: Document, target: Target, options: OutputOptions, env: Mapping[str, str]) -> None:
    """Raises `Fatal` where that can't be done."""
    view = View(color=False, verbosity=options.verbose - options.quiet)
    if target.is_stdout:
        view = view._replace(color=wants_color(options.color, env), width=find_width(env))
        text, is_text = document.render(target.format, view), target.format == "text"
        if is_text and not document.has_diff:
            text = wrap_lines(text, view.width, len(INDENT))
        write_stdout(text, for_machines=not is_text)
        return
    if not target.is_summary:
        write_file(target.file, document.render(target.format, view))
        return

    def render(room: int) -> str:
        if target.format == "markdown":
            return document.render_summary(room)
        text = document.render(target.format, view)
        return text if count_bytes(text) <= room else ""

    try:
        is_written = append_summary(target.file, render, "\n\n")
        reason = "" if is_written else "it is full"
    except OSError as error:
        reason = error.strerror or "it can't be written"
    if reason:
        message = f"the summary of the job lacks the report: {target.file}: {reason}"
        raise Fatal(message, exit_code=ExitCode.UNCOUNTED)


def make_document(report: Report, own_formats: Mapping[str, Render] = NO_FORMATS) -> Document:
    """Return the report of a check as what is delivered, with a command's own formats instead of the usual ones."""

    def render(name: str, view: View) -> str:
        return (own_formats.get(name) or OUTPUTS[name].render)(report, view)

    def render_summary(room: int) -> str:
        from prompt_lint.output.markdown.report import render_within  # noqa: PLC0415  # on GitHub only

        return render_within(report, room, count_bytes)

    return Document(render, report.exit_code, "check", render_summary)
