"""Groups → prompts: one for a request, every member's for a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.check.read_prompts import IncludeReader, ReadPrompt, parse_file
from prompt_lint.config.rule_matching import compile_references
from prompt_lint.formats import FORMATS
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
from prompt_lint.request.from_text import build_request
from prompt_lint.text.location import ShapeError, shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from prompt_lint.check.groups import GroupFiles
    from prompt_lint.check.read_prompts import ReadResult
    from prompt_lint.config.rule_matching import MatchedFile
    from prompt_lint.model.rules import Group, Reference, Role
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
    """A file of a sum, read in one way, and those of its prompts that the sum takes."""

    file: MatchedFile
    prompts: list[Prompt]

    def list_files(self) -> set[str]:
        """Return the real paths of the files whose text is part of the prompts."""
        return {self.file.path}.union(*(_list_imports(prompt) for prompt in self.prompts))

    def describe(self) -> tuple[str, set[str], int]:
        """Return its real path, the same, and how long the prompts are, as `choose_members` takes them."""
        size = sum(len(prompt.request.canonical_json()) for prompt in self.prompts if prompt.request)
        return self.file.path, self.list_files(), size


def _list_imports(prompt: Prompt) -> set[str]:
    return {file.real_path for file in prompt.imports}


class _GroupReader(NamedTuple):
    """Reads the prompts of one group. Collects what is to be `reported`, and which paths its files asked for."""

    tree: Tree
    group: Group
    reported: list[Problem | Note]
    includes: dict[str, bytes | None]

    def read_members(self, files: Iterable[MatchedFile]) -> list[ReadPrompt]:
        """Return every prompt that a sum adds up. Raises `_UncountableGroup` where one of them can't be read."""
        find_references = compile_references(self.group)
        names: dict[Reference, set[str]] = {}
        members: list[_MemberFile] = []
        for file in files:
            references = {one for name in file.prompt_names for one in find_references([name])}
            real_path = file.path if file.read_as else ""
            of_file = self._read_present(file)
            for reference in references:
                names.setdefault(reference, set()).update(prompt.name for prompt in of_file)
            prompts = [
                prompt._replace(aliases=file.aliases, real_path=real_path)
                for prompt in of_file
                if any(is_added(prompt, reference) for reference in references)
            ]
            if prompts:
                members.append(_MemberFile(file, prompts))
        if not self.group.rule.allow_empty:
            self.reported.extend(self._report_unused(names, is_empty=not members))
        return [
            ReadPrompt.of(prompt, self.group.rule, 0)._replace(group=self.group, includes=self.includes)
            for prompt in self._count_files_once(members)
        ]

    def _count_files_once(self, members: Sequence[_MemberFile]) -> Iterator[Prompt]:
        """Yield the prompts of a sum, without the texts of files that another one of them has counted."""
        counted: set[str] = set()
        chosen = choose_members([member.describe() for member in members])
        for member in (members[index] for index in chosen):
            files = member.list_files()
            yield from self._leave_out(member, counted) if counted & files else member.prompts
            counted |= files

    def _leave_out(self, member: _MemberFile, counted: AbstractSet[str]) -> Iterator[Prompt]:
        """Yield the prompts of a member as if the files that are `counted` were empty.

        What such a file imports from another folder for this member would be lost with its text, so it is counted apart.
        """
        file = member.file
        reread = [] if file.path in counted else self._read_file(file, self.group.rule.line, counted)
        rests = {prompt.name: prompt for prompt in reread}
        for prompt in member.prompts:
            rest = rests.get(prompt.name)
            if rest and _list_imports(prompt) <= counted | _list_imports(rest):
                yield prompt._replace(request=rest.request)
            else:
                yield self._take_uncounted(file, prompt, counted)

    def _take_uncounted(self, file: MatchedFile, prompt: Prompt, counted: AbstractSet[str]) -> Prompt:
        """Return the prompt with the texts of its files that aren't `counted`; the whole where its parts don't say theirs."""
        reader = IncludeReader(self.tree)
        texts: dict[str, list[str]] = {}
        try:
            _, data = reader.include(file.path)
            for part in FORMATS[prompt.format].parts(prompt.path, data, prompt, reader.include):
                texts.setdefault(part.path or file.path, []).append(part.text)
        except Unreadable:  # somebody has just changed it
            return prompt
        if _list_imports(prompt) - counted - texts.keys():
            return prompt
        wanted = ["\n".join(lines).rstrip("\n") for path, lines in texts.items() if path not in counted]
        role: Role = "system" if prompt.role == "system" else "user"
        return prompt._replace(request=build_request("\n\n".join(wanted), role))

    def _read_present(self, file: MatchedFile) -> list[Prompt]:
        """Return the prompts of a file; none where it was deleted, and that isn't staged yet."""
        try:
            return self._read_file(file, self.group.rule.line)
        except MissingFile:
            return []

    def _report_unused(self, names: Mapping[Reference, set[str]], *, is_empty: bool) -> Iterator[Problem]:
        """Report each pattern that adds nothing, by the `names` of the prompts in the files that it matches.

        One whose prompts are all on demand is as it should be, unless the whole sum is empty.
        """
        for reference in self.group.sum:
            path, name, found = reference.path, reference.name, names.get(reference)
            which = f"which the group `{self.group.name}` sums"
            if path.startswith("!") or (name and found and name in found):
                continue
            if name or found is None:
                named = f" with a prompt named `{name}`" if name else ""
                message = f"no file in the repository matches `{path}`{named}, {which}"
            elif not found:
                message = f"no file that matches `{path}`, {which}, has a prompt in it"
            elif is_empty:
                message = (
                    f"every prompt that matches `{path}`, {which}, is loaded on demand, so the sum is empty"
                )
            else:
                continue
            hint = "correct it, or take it out of the group"
            yield Problem(self.group.rule.config_path, reference.line, message, hint, ExitCode.USAGE)

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
            is_text = possible_formats(file.path, file.rule) == ("text",)
            name = file.read_as or (real if is_text else file.path)
            results = list(parse_file(name, data, file.rule, reader))
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


def choose_members(members: Sequence[tuple[str, Collection[str], int]]) -> list[int]:
    """Return the indices of members that together have all texts that any has, in their order.

    `members` have their own real path, those of all files whose text they bring, and their size. Of several ways to read
    a file, the largest comes first. What another one imports comes last, so that it is chosen only for what that one
    doesn't load, because it is too many hops away for example. Of members that import each other in a circle, the first
    is chosen.
    """
    imported = {path for own, paths, _ in members for path in paths if path != own}
    first = {own: index for index, (own, _, _) in reversed([*enumerate(members)])}

    def rank(index: int) -> tuple[bool, int, int]:
        own, _, size = members[index]
        return own in imported, first[own], -size

    chosen: list[int] = []
    brought_in: set[str] = set()
    for index in sorted(range(len(members)), key=rank):
        if not brought_in.issuperset(members[index][1]):
            chosen.append(index)
            brought_in.update(members[index][1])
    return sorted(chosen)


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
