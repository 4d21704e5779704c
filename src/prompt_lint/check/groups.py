"""Groups: files that are counted together, as one request or as a sum."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from prompt_lint.check.importers import find_importers, is_below
from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, ReadPrompt, parse_file
from prompt_lint.config.rule_matching import MatchedFile, compile_rules, match_files
from prompt_lint.counting.sources import OfflineStandIn
from prompt_lint.model.errors import ExitCode, MissingFile, Unreadable
from prompt_lint.model.values import (
    PLACEHOLDER_MESSAGE,
    Count,
    Part,
    Problem,
    Prompt,
    Request,
    Section,
    sum_counts,
)
from prompt_lint.text import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from prompt_lint.check.unchanged_files import UnchangedFiles
    from prompt_lint.config.rule_matching import RuleMatcher
    from prompt_lint.counting.processes import Outcome
    from prompt_lint.model.values import Group, Reference
    from prompt_lint.repo.commit_tree import Commit
    from prompt_lint.repo.working_tree import WorkingTree

    # A prompt, and what has come of counting it, for each model of its rule.
    PromptOutcomes = tuple[ReadPrompt, Sequence[Outcome | OfflineStandIn]]

FORMAT = "group"
# The name of prompts that no sum has unless it asks for them.
ON_DEMAND = "on demand"


class GroupFiles(NamedTuple):
    """A group and its files; those of a sum once each, those of a request in the order of the request."""

    group: Group
    files: Sequence[MatchedFile]


class _Broken(Exception):
    """A group can't be counted; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def list_folders(groups: Iterable[Group]) -> set[str]:
    """Paths at or below which all lies that the sums can match."""
    return patterns.find_folders(one.path for group in groups for one in group.sum)


def list_endings(groups: Iterable[Group]) -> set[str]:
    """Texts of which one is in every path that the sums can match."""
    return patterns.find_endings(one.path for group in groups for one in group.sum)


def match_group_files(
    groups: Iterable[Group],
    files: Sequence[str],
    aliases: Mapping[str, str],
    chosen: RuleMatcher,
    exclude: Sequence[str],
) -> list[GroupFiles]:
    """The files of each group, out of all that there are. A file that a request names needn't be there."""
    return [
        GroupFiles(
            group, _matched(group, files, aliases, chosen, exclude) if group.sum else _named(group, chosen)
        )
        for group in groups
    ]


def _matched(
    group: Group,
    files: Sequence[str],
    aliases: Mapping[str, str],
    chosen: RuleMatcher,
    exclude: Sequence[str],
) -> list[MatchedFile]:
    """What the patterns of a sum match, each with the rule by which it is read: that of its owner, if there is one."""
    matching = compile_rules([group.rule._replace(files=tuple(one.path for one in group.sum))], exclude)
    found = []
    for path, _, links, _ in match_files(matching.find_rules(files), aliases, matching):
        # What the patterns know by a link alone is read by that link: it may be another tool's file by its name.
        name = "" if matching.find_rule(path) else links[0]
        rule = next(filter(None, map(chosen.find_rule, (name or path, *links))), group.rule)
        found.append(MatchedFile(path, rule, tuple(link for link in links if link != name), name))
    return found


def _named(group: Group, chosen: RuleMatcher) -> list[MatchedFile]:
    references = (*group.system, *group.tools, *group.messages)
    return [MatchedFile(one.path, chosen.find_rule(one.path) or group.rule, ()) for one in references]


def find_affected_groups(
    everything: Iterable[GroupFiles],
    tree: WorkingTree,
    paths: Sequence[str],
    cap: int,
    unchanged: UnchangedFiles | None,
) -> list[GroupFiles]:
    """The groups that one of `paths` belongs to: as a file, in a folder, or taken in by a file of the group.

    A request names its files itself, so links are followed on both sides.
    """
    wanted = {name for path in paths for name in (path, _real(tree, path))}
    return [
        one
        for one in everything
        if any(
            is_below(list(wanted), name)
            for file in one.files
            for name in (file.path, _real(tree, file.path), *file.aliases)
        )
        or find_importers(tree, one.files, paths, cap, unchanged)
    ]


def _real(tree: WorkingTree, path: str) -> str:
    try:
        return tree.resolve(path) if path else path
    except Unreadable:
        return path


def read_groups(
    gathered: Iterable[GroupFiles], tree: WorkingTree | Commit, config: str, cap: int, said: Diagnostics
) -> Iterator[ReadPrompt]:
    """What is to be counted: one prompt for a request, every member for a sum. Faults are added to what is `said`."""
    for group, files in gathered:
        source = _Source(tree, config, cap, group, said)
        try:
            yield from source.members(files) if group.sum else [source.request(files)]
        except _Broken as broken:
            said.problems.append(broken.problem)


class _Source(NamedTuple):
    """Where the prompts of one group come from."""

    tree: WorkingTree | Commit
    config: str
    cap: int
    group: Group
    said: Diagnostics

    def members(self, files: Iterable[MatchedFile]) -> list[ReadPrompt]:
        """Every prompt that a sum adds up. Raises `_Broken` where one of them can't be read."""
        matchers = [(one, patterns.compile_patterns([one.path.removeprefix("!")])) for one in self.group.sum]
        used: set[Reference] = set()
        members = []
        for file in files:
            references = _references(matchers, (file.path, *file.aliases, file.display_path))
            try:
                prompts = self._prompts(file, self.group.rule.line)
            except MissingFile:
                continue  # deleted and not yet staged
            for prompt in prompts:
                meant = [
                    one for one in references if one.name == (prompt.name if one.name else _all_but(prompt))
                ]
                if meant:
                    used.update(meant)
                    source = file.path if file.read_as else ""
                    prompt = prompt._replace(aliases=file.aliases, real_path=source)  # noqa: PLW2901  # the same, placed
                    member = ReadPrompt.of(prompt, self.group.rule, 0)
                    members.append(member._replace(group=self.group))
        idle = [one for one, _ in matchers if one not in used and not one.path.startswith("!")]
        self.said.problems.extend([] if self.group.rule.allow_empty else map(self._idle, idle))
        return members

    def _idle(self, one: Reference) -> Problem:
        behind = f" with a prompt named `{one.name}`" if one.name else ""
        message = f"no file in the repository matches `{one.path}`{behind}, which the group `{self.group.name}` sums"
        return Problem(self.config, one.line, message, "mend it, or take it out of the group", ExitCode.USAGE)

    def request(self, files: Sequence[MatchedFile]) -> ReadPrompt:
        """The one request that the files make. Raises `_Broken`."""
        whole = _Whole([], [], [], {}, [])
        group, todo = self.group, iter(files)
        for references, add in (
            (group.system, _as_system),
            (group.tools, _as_tools),
            (group.messages, _as_messages),
        ):
            for reference, file in zip(references, todo, strict=False):
                prompt = self._one(reference, file)
                fault = add(whole, prompt.request.fields, file.path) if prompt.request else ""
                if fault:
                    raise self._broken(reference.line, f"`{reference.path}` {fault}", code=ExitCode.USAGE)
        prompt = Prompt(self.config, group.name, group.rule.line, whole.request(), format=FORMAT)
        return ReadPrompt.of(prompt, group.rule, sum(len(part.text) for part in whole.parts))._replace(
            group=group, parts=tuple(whole.parts)
        )

    def _one(self, reference: Reference, file: MatchedFile) -> Prompt:
        """The prompt that a reference means; the only one of its file, where it names none."""
        try:
            prompts = self._prompts(file, reference.line)
        except MissingFile:
            raise self._broken(reference.line, f"`{file.path}` is not there", code=ExitCode.USAGE) from None
        chosen = [one for one in prompts if one.name == reference.name] if reference.name else prompts
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(f"`{file.path}#{one.name}`" for one in prompts[:5])
        hint = f"there are {names}" if names else "leave it out of the group"
        told = (
            f"holds {len(prompts)} prompts"
            if not reference.name
            else f"has no prompt named `{reference.name}`"
        )
        raise self._broken(reference.line, f"`{file.path}` {told}", hint, ExitCode.USAGE)

    def _prompts(self, file: MatchedFile, line: int) -> list[Prompt]:
        """The prompts of a file. What is to be said of it is said where a rule owns it. Raises `Missing`, `_Broken`."""
        companions = IncludeReader(self.tree, self.cap)
        try:
            real, data = companions.include(file.path)
            aside = self.said if file.rule is self.group.rule else Diagnostics([], [])
            return list(parse_file(file.read_as or real, data, file.rule, companions, aside))
        except MissingFile:
            raise
        except Unreadable as error:
            place = f"`{file.path}`" + (f", line {error.line}" if error.line else "")
            raise self._broken(line, f"{place}: {error.message}", error.hint) from None

    def _broken(
        self, line: int, message: str, hint: str = "", code: ExitCode = ExitCode.UNCOUNTED
    ) -> _Broken:
        told = f"the group `{self.group.name}` can't be counted: {message}"
        return _Broken(Problem(self.config, line, told, hint or "mend the file, or the group", code))


def _all_but(prompt: Prompt) -> str | None:
    """What the name of a reference has to be that names nothing: empty, unless the prompt is loaded on demand."""
    return None if prompt.name == ON_DEMAND else ""


def _references(
    matchers: Iterable[tuple[Reference, Callable[[str], bool]]], names: Collection[str]
) -> list[Reference]:
    """The references of a sum that a file is meant by. What a `!` matches is taken back from those before it."""
    meant: list[Reference] = []
    for one, matches in matchers:
        if any(map(matches, names)):
            meant = [] if one.path.startswith("!") else [*meant, one]
    return meant


class _Whole(NamedTuple):
    """A request while it is put together; `parts` has a part for each file."""

    system: list[Any]
    tools: list[Any]
    messages: list[Any]
    others: dict[str, Any]
    parts: list[Part]

    def request(self) -> Request | None:
        if not (self.system or self.tools or self.messages):
            return None
        fields = dict(self.others)
        if self.system:
            fields["system"] = _joined(self.system)
        if self.tools:
            fields["tools"] = self.tools
        ends = self.messages and self.messages[-1].get("role") != "assistant"
        fields["messages"] = self.messages if ends else [*self.messages, dict(PLACEHOLDER_MESSAGE)]
        return Request(fields)

    def weigh(self, title: str, path: str, content: object) -> None:
        self.parts.append(Part(title, 0, 0, _text(content), path))


def _text(content: object) -> str:
    """The words of a content, near enough for its share of the tokens: without what JSON puts around them, and without pictures."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(map(_text, content))
    if isinstance(content, dict) and ("role" in content or content.get("type") in {"text", "tool_result"}):
        return _text(content.get("content", content.get("text", "")))
    if isinstance(content, dict) and content.get("type") in {"image", "document"}:
        return ""
    return json.dumps(content, ensure_ascii=False)


def _as_system(whole: _Whole, fields: Mapping[str, Any], path: str) -> str:
    """Adds a file to the system prompt. Returns what is wrong with it, or nothing."""
    said = _said(fields)
    if "system" in fields and not said:
        content = fields["system"]
    elif "system" not in fields and len(said) == 1 and said[0]["role"] == "user":
        content = said[0]["content"]
    else:
        return "is a conversation; `system` takes a text, or a request with nothing but a system prompt"
    whole.system.append(content)
    whole.weigh("system", path, content)
    return ""


def _as_tools(whole: _Whole, fields: Mapping[str, Any], path: str) -> str:
    if not fields.get("tools") or _said(fields):
        return "isn't a file of tool definitions"
    whole.tools.extend(fields["tools"])
    whole.weigh("tools", path, fields["tools"])
    return ""


def _as_messages(whole: _Whole, fields: Mapping[str, Any], path: str) -> str:
    whole.messages.extend(_said(fields))
    whole.system.extend([fields["system"]] if "system" in fields else [])
    whole.tools.extend(fields.get("tools") or [])
    for key in fields.keys() - {"messages", "system", "tools"}:
        whole.others.setdefault(key, fields[key])
    brought = [fields["system"]] if "system" in fields else []
    whole.weigh("messages", path, [*brought, *(fields.get("tools") or []), *_said(fields)])
    return ""


def _said(fields: Mapping[str, Any]) -> list[Any]:
    """The messages without the one that stands in where a request needs one more."""
    messages = list(fields["messages"])
    alone = len(messages) == 1 and ("system" in fields or "tools" in fields)
    after = len(messages) > 1 and messages[-2].get("role") == "assistant"
    return messages[:-1] if messages[-1] == PLACEHOLDER_MESSAGE and (alone or after) else messages


def _joined(contents: list[Any]) -> object:
    if all(isinstance(content, str) for content in contents):
        return "\n\n".join(contents)
    texts = ([{"type": "text", "text": one}] if isinstance(one, str) else one for one in contents)
    return [block for blocks in texts for block in blocks]


def of_sum(group: Group, config: str) -> ReadPrompt:
    """The prompt that stands for a sum."""
    return ReadPrompt(
        Prompt(config, group.name, group.rule.line, None, format=FORMAT), group.rule, group=group
    )


def totals(members: Sequence[PromptOutcomes]) -> list[tuple[Outcome | OfflineStandIn, tuple[Section, ...]]]:
    """For each model what a sum comes to, and its members with their tokens, the largest first."""
    prompts = [one.prompt for one, _ in members]
    by_model = zip(*(outcomes for _, outcomes in members), strict=True)
    return [(_total(outcomes), _sections(prompts, outcomes)) for outcomes in by_model]


def _total(outcomes: Sequence[Outcome | OfflineStandIn]) -> Outcome | OfflineStandIn:
    """The sum with the interval that holds it. A member that can't be counted leaves the whole uncounted."""
    failed = next((one for one in outcomes if isinstance(one, Unreadable)), None)
    if failed:
        return failed
    counts = [count for one in outcomes if (count := count_of(one))]
    whole = sum_counts(counts)
    doubt = next((one for one in outcomes if isinstance(one, OfflineStandIn)), None)
    return OfflineStandIn(whole, doubt.reason) if doubt else whole


def count_of(outcome: Outcome | OfflineStandIn) -> Count | None:
    """The count, also one that stands in."""
    if isinstance(outcome, OfflineStandIn):
        return outcome.offline_count
    return outcome if isinstance(outcome, Count) else None


def _sections(prompts: Iterable[Prompt], outcomes: Iterable[Outcome | OfflineStandIn]) -> tuple[Section, ...]:
    found = [
        Section(one.name, one.line, one.line, count.tokens, one.path)
        for one, outcome in zip(prompts, outcomes, strict=True)
        if (count := count_of(outcome))
    ]
    return tuple(sorted(found, key=lambda one: (-one.tokens, one.path, one.first_line)))
