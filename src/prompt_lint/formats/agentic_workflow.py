"""`agentic-workflow`: a workflow of GitHub Agentic Workflows (gh-aw), with the files that it imports.

When the workflow runs, gh-aw reads the text below the frontmatter from the file itself, puts the texts of the imports
before it, and leaves out comments. The compiled `.lock.yml` only names these files. Sources: documentation of gh-aw
(imports, templating, compilation process, common issues) and, for how paths are resolved, its source (import_bfs.go,
remote_fetch.go, runtime_import.cjs), both of 14 May 2026; for the older lines `@include` and `@import`, which it still
expands, import_directive.go, November 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.formats.imported_files import LoadedFiles, resolve_import
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import Note, Prompt
from prompt_lint.request.from_text import build_request
from prompt_lint.text.decode import decode
from prompt_lint.text.frontmatter import has_key, note_fault, parse_fields, split_frontmatter
from prompt_lint.text.removal import remove_stretches
from prompt_lint.text.template_markers import note_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompt_lint.formats.imported_files import LoadedFile
    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Part, ReadFile
    from prompt_lint.text.frontmatter import Fields

_FROM_TOP = (".github/", ".agents/", "/.github/", "/.agents/")
# In a code span, `{{#import …}}` is an example. `{{#runtime-import …}}` is followed there, too. The older directives are lines.
_DIRECTIVE = re.compile(
    r"(?m)`[^`\n]*{{#import\b[^`\n]*`|{{#(?:runtime-)?import(?P<optional>\?)?(?=[ \t:])[ \t]*+:?[ \t]*+(?P<path>[^{}\n]++)}}"
    r"|^[ \t]*+@(?:include|import)(?P<line_optional>\?)?[ \t]++(?P<line_path>[^\n]++)$"
)
_LINES_OR_SECTION = re.compile(r":\d+-\d+\Z|#.*\Z")

# gh-aw takes these out of the text, up to the next heading of this level.
_SUB_AGENT = re.compile(r"(?m)^##[ \t]+agent:[ \t]+`[a-z][a-z0-9_-]*`[ \t]*$")

_ELSEWHERE = "imports a file of another repository or from the web, which isn't counted: gh-aw fetches it"
_PARTLY = "imports lines or a section of a file, all of which is counted"
_SUB_AGENT_COUNTED = (
    "has a sub-agent in its text, which is counted, although gh-aw cuts it out and runs it by itself"
)
_NOT_A_LIST = (
    "`imports` can't be read as a list, so the files in it aren't counted; gh-aw refuses the workflow"
)
_LOST = "imports `%s`, which isn't there, so gh-aw refuses the workflow; fix the path, or mark it as optional with `?`"


def recognise(path: str, data: bytes) -> str | None:
    """By its folder and the triggers in its frontmatter; files without `on` are only imported."""
    try:
        frontmatter = split_frontmatter(decode(data)).frontmatter or ""
    except Unreadable:
        return None
    if not has_key(frontmatter, "on"):
        return None
    return (
        "a file in such a folder with `on` in its frontmatter is an agentic workflow of GitHub: a message below "
        "the frontmatter, with what it imports"
    )


def parse(path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterator[Prompt | Note]:
    """Yield one prompt: the texts of the imports and of the workflow. Raises `Unreadable` where that can't be measured."""
    workflow = _Workflow(path, decode(data), read)
    request = build_request(workflow.text, rule.role or "user")
    yield Prompt(path, "", 1, request, imports=workflow.imports)
    yield from workflow.notes
    for file in workflow.files:
        if heading := _SUB_AGENT.search(file.content.text):
            line = file.find_line(file.content.text.count("\n", 0, heading.start()) + 1)
            yield Note(_SUB_AGENT_COUNTED, file.real_path, line, "content")
    own = workflow.files[0]
    for note in note_placeholders(path, own.content.text):
        yield note._replace(line=own.find_line(note.line))


def parts(path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
    return _Workflow(path, decode(data), read).parts()


class _Import(NamedTuple):
    """A path as it is written, and its line in the file; `is_in_text` where a directive names it, not the frontmatter."""

    path: str
    line: int
    is_optional: bool
    is_in_text: bool


class _WorkflowText(NamedTuple):
    """The text below a frontmatter, without comments and directives. `lines` are the original numbers of its lines."""

    text: str
    lines: Sequence[int]
    imports: Sequence[_Import]


class _Workflow(LoadedFiles[_WorkflowText]):
    """A workflow and the files that it imports, each once; and `notes` on them.

    Raises `Unreadable` where an import can't be measured, or there are too many.
    """

    def __init__(self, path: str, text: str, read: ReadFile) -> None:
        super().__init__(read)
        self._real_paths = {path}
        self.add_own(path, self._read_text(path, text))
        for file in self.files:  # grows: each file adds what it imports
            for import_ in file.content.imports:
                self._follow(file, import_)
        self.raise_failure()

    @property
    def text(self) -> str:
        """The text that is sent: the imports, then the workflow itself."""
        texts = (file.content.text for file in [*self.files[1:], self.files[0]])
        return "\n".join(text for text in texts if text.strip())

    def _read_text(self, path: str, text: str) -> _WorkflowText:
        split = split_frontmatter(text)
        fields = parse_fields(split.frontmatter or "")
        self.notes |= dict.fromkeys(note_fault(path, fields))
        if not isinstance(_get_imports(fields), (list, type(None))):
            self.notes[Note(_NOT_A_LIST, path, fields.lines["imports"], "content")] = None
        return _parse_text(split.body, split.body_line, list(_list_imports(fields)))

    def _follow(self, file: LoadedFile[_WorkflowText], import_: _Import) -> None:
        self.count_word()
        name = _LINES_OR_SECTION.sub("", import_.path)
        path = self._resolve(file, import_, name)
        result = (
            self.read_import(path, import_.path, file, import_.line) if path else MissingFile("is not there")
        )
        if isinstance(result, MissingFile):
            self._note_missing(file, import_, name)
        elif result:
            if name != import_.path:
                self.note(_PARTLY, file, import_.line)
            if result[0] not in self._real_paths:
                self._load(file, import_, path, *result)

    def _resolve(self, file: LoadedFile[_WorkflowText], import_: _Import, name: str) -> str:
        """Return the path that an import means; "" for one outside of the repository.

        It is relative to the folder of the workflow. One in a frontmatter is relative to the folder of its file if it names
        no folder, or begins with `./`.
        """
        if name.startswith(_FROM_TOP):
            return resolve_import(name.removeprefix("/"), "") or ""
        is_beside = not import_.is_in_text and ("/" not in name or name.startswith("./"))
        return resolve_import(name, file.path if is_beside else self.files[0].path) or ""

    def _load(
        self, file: LoadedFile[_WorkflowText], import_: _Import, path: str, real_path: str, data: bytes
    ) -> None:
        self._real_paths.add(real_path)
        try:
            text = decode(data)
        except Unreadable as error:
            self.fail(error, import_.path, file, import_.line)
        else:
            content = self._read_text(real_path, text)
            self.add_import(file, import_.line, path, real_path, content)

    def _note_missing(self, file: LoadedFile[_WorkflowText], import_: _Import, name: str) -> None:
        if _is_elsewhere(name):
            self.note(_ELSEWHERE, file, import_.line)
        elif not import_.is_optional:
            self.note(_LOST % import_.path[:200], file, import_.line, "lost-import")


def _get_imports(fields: Fields) -> Any:
    value = fields.values.get("imports")
    return (value.get("aw") if isinstance(value, dict) else value) or None


def _list_imports(fields: Fields) -> Iterator[_Import]:
    """Yield the Markdown files in `imports`, which is a list or has one as `aw`. Other files hold no text."""
    items = _get_imports(fields)
    for item in items if isinstance(items, list) else ():
        path = (item.get("uses") or item.get("path")) if isinstance(item, dict) else item
        if isinstance(path, str) and re.search(r"(?i)\.md(?:[?#@].*)?\Z", path):
            line, is_optional = fields.lines["imports"], path.endswith("?")
            yield _Import(path.removesuffix("?"), line, is_optional, is_in_text=False)


def _parse_text(body: str, body_line: int, imports: list[_Import]) -> _WorkflowText:
    """Return the text without comments and directives, and what these import in addition to `imports`."""
    stretches: list[tuple[int, int]] = []
    start, line, counted = 0, body_line, 0
    for comment in [*_find_comments(body), (len(body), len(body))]:
        for directive in _DIRECTIVE.finditer(body, start, comment[0]):
            if path := directive["path"] or directive["line_path"]:
                line += body.count("\n", counted, directive.start())
                counted = directive.start()
                is_optional = bool(directive["optional"] or directive["line_optional"])
                imports.append(_Import(path.strip(), line, is_optional, is_in_text=True))
                stretches.append(directive.span())
        stretches.append(comment)
        start = comment[1]
    text, lines = remove_stretches(body, stretches, body_line)
    return _WorkflowText(text, lines, imports)


def _find_comments(text: str) -> Iterator[tuple[int, int]]:
    """Yield where comments begin and end, also those in code."""
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start + 4)) >= 0:
        yield start, end + 3
        start = text.find("<!--", end + 3)


def _is_elsewhere(path: str) -> bool:
    """Return whether a path that names no file here is an address, or `owner/repository/path`, perhaps with `@ref`."""
    is_local = path.startswith((".", "/", "shared/"))
    return "@" in path or "://" in path or (path.count("/") > 1 and not is_local)
