"""Groups → prompts: one for a request, every member's for a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.check.read_prompts import IncludeReader, ReadPrompt, parse_file
from prompt_lint.config.rule_matching import compile_references
from prompt_lint.formats.recognition import possible_formats
from prompt_lint.model.errors import ExitCode, MissingFile, Unreadable
from prompt_lint.model.rules import ON_DEMAND
from prompt_lint.model.values import (
    GROUP_FORMAT,
    PLACEHOLDER_MESSAGE,
    Part,
    Problem,
    Prompt,
    Request,
)
from prompt_lint.request import cache_control
from prompt_lint.request.flatten import flatten, join_contents
from prompt_lint.text.location import ShapeError, shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.check.groups import GroupFiles
    from prompt_lint.check.read_prompts import ReadResult
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.model.rules import Group, Reference
    from prompt_lint.model.values import ImportedFile, Note
    from prompt_lint.repo import Tree


class _UncountableGroup(Exception):
    """A group can't be counted; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_groups(groups: Iterable[GroupFiles], tree: Tree) -> Iterator[ReadResult]:
    """Yield what is to be counted, one prompt for a request, every member for a sum; and what is to be reported."""
    for group, files in groups:
        reader = _GroupReader(tree, group, [], {})
        prompts: list[ReadPrompt] = []
        try:
            prompts = reader.read_members(files) if group.sum else [reader.read_request(files)]
        except _UncountableGroup as error:
            reader.reported.append(error.problem)
        yield from (*reader.reported, *prompts)


class _MemberFile(NamedTuple):
    """A file of a sum, and those of its prompts that the sum takes."""

    file: MatchedFile
    prompts: list[Prompt]

    def list_imports(self) -> set[str]:
        """Return the real paths of the files whose text is part of the prompts."""
        imported = {file.real_path for prompt in self.prompts for file in prompt.imports}
        return imported - {self.file.path}


class _GroupReader(NamedTuple):
    """Reads the prompts of one group. Collects what is to be `reported`, and which paths its files asked for."""

    tree: Tree
    group: Group
    reported: list[Problem | Note]
    includes: dict[str, bytes | None]

    def read_members(self, files: Iterable[MatchedFile]) -> list[ReadPrompt]:
        """Return every prompt that a sum adds up. Raises `_UncountableGroup` where one of them can't be read."""
        find_references = compile_references(self.group)
        used: set[Reference] = set()
        members: list[_MemberFile] = []
        for file in files:
            prompts = []
            references = find_references(file.all_names)
            real_path = file.path if file.read_as else ""
            for prompt in self._read_present(file):
                naming = [reference for reference in references if is_added(prompt, reference)]
                if naming:
                    used.update(naming)
                    prompts.append(prompt._replace(aliases=file.aliases, real_path=real_path))
            members.append(_MemberFile(file, prompts))
        unused = [one for one in self.group.sum if one not in used and not one.path.startswith("!")]
        if not self.group.rule.allow_empty:
            self.reported.extend(map(self._report_unused, unused))
        return [
            ReadPrompt.of(prompt, self.group.rule, 0)._replace(group=self.group, includes=self.includes)
            for prompt in self._count_files_once(members)
        ]

    def _count_files_once(self, members: Iterable[_MemberFile]) -> Iterator[Prompt]:
        """Yield the prompts of a sum, without the files that another one of them imports and has counted."""
        by_path = {member.file.path: member for member in members if member.prompts}
        imports = {path: member.list_imports() for path, member in by_path.items()}
        counted: set[str] = set()
        for path in choose_files(imports):
            file, prompts = by_path[path]
            if repeated := imports[path] & counted:
                names = {prompt.name: prompt for prompt in prompts}
                reread = self._read_file(file, self.group.rule.line, repeated)
                prompts = [
                    names[prompt.name]._replace(request=prompt.request)
                    for prompt in reread
                    if prompt.name in names
                ]
            counted |= {path, *imports[path]}
            yield from prompts

    def _read_present(self, file: MatchedFile) -> list[Prompt]:
        """Return the prompts of a file; none where it was deleted, and that isn't staged yet."""
        try:
            return self._read_file(file, self.group.rule.line)
        except MissingFile:
            return []

    def _report_unused(self, reference: Reference) -> Problem:
        named = f" with a prompt named `{reference.name}`" if reference.name else ""
        message = f"no file in the repository matches `{reference.path}`{named}, which the group `{self.group.name}` sums"
        hint = "correct it, or take it out of the group"
        return Problem(self.group.rule.config_path, reference.line, message, hint, ExitCode.USAGE)

    def read_request(self, files: Sequence[MatchedFile]) -> ReadPrompt:
        """Return the one request that the files make. Raises `_UncountableGroup`."""
        request, group, remaining = _GroupRequest([], [], [], {}, [], []), self.group, iter(files)
        imports: list[ImportedFile] = []
        for references, add in (
            (group.system, request.add_system),
            (group.tools, request.add_tools),
            (group.messages, request.add_messages),
        ):
            for reference, file in zip(references, remaining, strict=False):
                prompt = self._read_reference(reference, file)
                imports += prompt.imports
                refusal = add(prompt.request.fields, file.path) if prompt.request else ""
                if refusal:
                    raise self._fail(reference.line, f"`{reference.path}` {refusal}", code=ExitCode.USAGE)
        if fault := request.find_fault():
            raise self._fail(group.rule.line, fault)
        prompt = Prompt(
            self.group.rule.config_path,
            group.name,
            group.rule.line,
            request.build(),
            format=GROUP_FORMAT,
            imports=tuple(imports),
        )
        size = sum(len(part.text) for part in request.parts)
        read = ReadPrompt.of(prompt, group.rule, size)
        return read._replace(group=group, parts=tuple(request.parts), includes=self.includes)

    def _read_reference(self, reference: Reference, file: MatchedFile) -> Prompt:
        """Return the prompt that a reference names; the only one of its file where it names none."""
        try:
            prompts = self._read_file(file, reference.line)
        except MissingFile:
            is_folder = any(path.startswith(f"{file.path}/") for path in self.tree.list_entries())
            message = f"`{file.path}` {'is a folder' if is_folder else 'does not exist'}"
            hint = "name a file in it" if is_folder else "create the file, or correct its path here"
            raise self._fail(reference.line, message, hint, ExitCode.USAGE) from None
        named = [prompt for prompt in prompts if prompt.name == reference.name] if reference.name else prompts
        if len(named) == 1:
            return named[0]
        names = ", ".join(f"`{file.path}#{prompt.name}`" for prompt in prompts[:5])
        hint = f"there are {names}" if names else "leave it out of the group"
        problem = (
            f"has no prompt named `{reference.name}`" if reference.name else f"has {len(prompts)} prompts"
        )
        raise self._fail(reference.line, f"`{file.path}` {problem}", hint, ExitCode.USAGE)

    def _read_file(
        self, file: MatchedFile, line: int, counted: Collection[str] = frozenset()
    ) -> list[Prompt]:
        """Return the prompts of a file, without the imports that are `counted`. Raises `MissingFile`, `_UncountableGroup`.

        A file that can be read in part only can't be counted: the group is larger than that part. Where another rule
        applies to the file, its problems and notes are reported there.
        """
        reader = IncludeReader(self.tree, counted)
        try:
            real, data = reader.include(file.path)
            # As for prompts: a link whose name says more than that it is a text names what the file is.
            is_text = possible_formats(file.display_path, file.rule) == ("text",)
            results = list(parse_file(real if is_text else file.display_path, data, file.rule, reader))
            _require_whole(results)
        except MissingFile:
            raise
        except Unreadable as error:
            location = f"`{file.path}`" + (f", line {error.line}" if error.line else "")
            raise self._fail(line, f"{location}: {error.message}", error.hint) from None
        self.includes.update(reader.requested)
        if file.rule is self.group.rule and not counted:
            self.reported.extend(each for each in results if not isinstance(each, Prompt))
        return [each for each in results if isinstance(each, Prompt)]

    def _fail(
        self, line: int, message: str, hint: str = "", code: ExitCode = ExitCode.UNCOUNTED
    ) -> _UncountableGroup:
        message = f"the group `{self.group.name}` can't be counted: {message}"
        return _UncountableGroup(
            Problem(
                self.group.rule.config_path, line, message, hint or "correct the file, or the group", code
            )
        )


def _require_whole(results: Iterable[Prompt | Problem | Note]) -> None:
    """Raise `Unreadable` for the first part of a file that can't be read, such as a line of JSONL."""
    for result in results:
        if isinstance(result, Problem) and result.exit_code is ExitCode.UNCOUNTED:
            raise Unreadable(result.message, result.hint, result.line)


def choose_files(imports: Mapping[str, Collection[str]]) -> list[str]:
    """Return the members that no other one brings in, in their order. `imports` are each member's, by real path.

    Of members that import each other in a circle, the first is chosen. An import that isn't loaded, because it is too
    many hops away, isn't among `imports`, so it is chosen itself.
    """
    imported = {path for paths in imports.values() for path in paths}
    chosen: set[str] = set()
    brought_in: set[str] = set()
    for path in sorted(imports, key=imported.__contains__):  # those that nothing imports come first
        if path not in brought_in:
            chosen.add(path)
            brought_in.update(imports[path])
    return [path for path in imports if path in chosen]


def is_added(prompt: Prompt, reference: Reference) -> bool:
    """Return whether a sum adds a prompt of a file that a reference names; without a name, all that aren't on demand."""
    return prompt.name == reference.name if reference.name else prompt.name != ON_DEMAND


class _GroupRequest(NamedTuple):
    """A request while it is put together; `parts` has a part for each file, `tool_paths` the file of each tool.

    Each `add_…` returns why the file can't be added, or nothing.
    """

    system: list[Any]
    tools: list[Any]
    messages: list[Any]
    others: dict[str, Any]
    parts: list[Part]
    tool_paths: list[str]

    def add_system(self, fields: Mapping[str, Any], path: str) -> str:
        messages = _list_messages(fields)
        if "system" in fields and not messages:
            content = fields["system"]
        elif "system" not in fields and len(messages) == 1 and messages[0]["role"] == "user":
            content = messages[0]["content"]
        else:
            return "is a conversation; `system` takes a text, or a request with nothing but a system prompt"
        self.system.append(content)
        self._add_part("system", path, content)
        return ""

    def add_tools(self, fields: Mapping[str, Any], path: str) -> str:
        if not fields.get("tools") or _list_messages(fields):
            return "isn't a file of tool definitions"
        self._add_tools(fields["tools"], path)
        self._add_part("tools", path, fields["tools"])
        return ""

    def add_messages(self, fields: Mapping[str, Any], path: str) -> str:
        messages = _list_messages(fields)
        system = [fields["system"]] if "system" in fields else []
        tools = fields.get("tools") or []
        self.messages.extend(messages)
        self.system.extend(system)
        self._add_tools(tools, path)
        for key in fields.keys() - {"messages", "system", "tools"}:
            self.others.setdefault(key, fields[key])
        self._add_part("messages", path, [*system, *tools, *messages])
        return ""

    def build(self) -> Request | None:
        """Return the request; None where nothing was added."""
        if not (self.system or self.tools or self.messages):
            return None
        fields = dict(self.others)
        if self.system:
            fields["system"] = join_contents(self.system)
        if self.tools:
            fields["tools"] = self.tools
        ends = self.messages and self.messages[-1].get("role") != "assistant"
        fields["messages"] = self.messages if ends else [*self.messages, dict(PLACEHOLDER_MESSAGE)]
        return Request(fields)

    def find_fault(self) -> str:
        """Return why the API would refuse what the files make together; "" if nothing is known."""
        paths: dict[str, str] = {}
        for tool, path in zip(self.tools, self.tool_paths, strict=True):
            name = tool.get("name")
            if name in paths:
                files = f"`{path}` and `{paths[name]}`" if path != paths[name] else f"`{path}` twice"
                return f"the tool `{shorten(name)}` is in {files}, and the API takes each name once"
            if name is not None:
                paths[name] = path
        try:
            cache_control.check_request(
                {
                    **self.others,
                    "tools": self.tools,
                    "system": join_contents(self.system),
                    "messages": self.messages,
                }
            )
        except ShapeError as error:
            return f"the request {error.message}" if error.message.startswith("has ") else error.message
        return ""

    def _add_tools(self, tools: Sequence[Any], path: str) -> None:
        self.tools.extend(tools)
        self.tool_paths.extend([path] * len(tools))

    def _add_part(self, title: str, path: str, content: object) -> None:
        self.parts.append(Part(title, 0, 0, flatten(content), path))


def _list_messages(fields: Mapping[str, Any]) -> list[Any]:
    """Return the messages without the placeholder that a request needs after the assistant, or where it has no other."""
    messages = list(fields["messages"])
    is_only = len(messages) == 1 and ("system" in fields or "tools" in fields)
    is_after_assistant = len(messages) > 1 and messages[-2].get("role") == "assistant"
    has_placeholder = messages[-1] == PLACEHOLDER_MESSAGE and (is_only or is_after_assistant)
    return messages[:-1] if has_placeholder else messages
