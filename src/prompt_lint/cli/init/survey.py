"""What prompts a repository holds, by kind, and the patterns that a person would write for them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.read_prompts import Diagnostics, IncludeReader, parse_file
from prompt_lint.formats.recognition import possible_formats, recognise
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import Rule
from prompt_lint.text import patterns as globs
from prompt_lint.text.document import parse_document
from prompt_lint.text.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.repo.working_tree import WorkingTree


class Kind(NamedTuple):
    """A kind of prompts, which becomes one entry of the configuration.

    A file is of it by `name`, a pattern; or by the format (one of `formats`) that is recognised in it. `anchors` are the
    folders in which such files usually lie, from their first name on. Some are `sure` wherever they are; others may be
    examples or documentation in some folders. `exact` kinds share their extension with files that are none.
    """

    title: str
    about: str
    formats: tuple[str, ...] = ()
    name: str = ""
    anchors: tuple[str, ...] = ()
    role: str = ""
    sure: bool = True
    exact: bool = False


class Finding(NamedTuple):
    """The files of a kind, and the patterns of its entry."""

    kind: Kind
    paths: tuple[str, ...]
    files: tuple[str, ...]
    exclude: tuple[str, ...] = ()


class Survey(NamedTuple):
    """What was found, in the order of the entries; what may be prompts or not, as patterns; and where links lead.

    `broken` has the reason for each file that was meant for a prompt and has no place in a finding, `wrong` for each of
    the doubtful ones that can't be measured.
    """

    findings: Sequence[Finding]
    doubtful: Sequence[str]
    links: Mapping[str, str | Unreadable] = {}
    broken: Mapping[str, str] = {}
    wrong: Mapping[str, str] = {}


_TEXTS = Kind(
    "prompts", "Texts in folders of prompts: each is one message of the user.",
    anchors=("prompts", "prompt"), sure=False,
)  # fmt: skip
_SYSTEM = Kind(
    "system prompts", "System prompts, by their names.", anchors=("prompts", "prompt"), role="system", sure=False
)  # fmt: skip
_RESOURCES = Kind(
    "skill resources", "What skills bring along: read on demand, each file by itself.", anchors=("skills",)
)  # fmt: skip
_SKILLS = Kind(
    "skills", "Skills: `metadata` is always in the context, about 100 tokens by the documentation; the `body`, less than 5,000, on use.", name="SKILL.md",
    anchors=("skills",),
)  # fmt: skip

# In the order of their entries: of two that match a file the later one owns it.
KINDS = (
    _TEXTS,
    _SYSTEM,
    Kind("Semantic Kernel prompts", "Prompts of Semantic Kernel.", name="skprompt.txt"),
    Kind("requests", "Messages requests, as they are sent.", ("request",), sure=False, exact=True),
    Kind("tools", "Tool definitions.", ("tools",), sure=False, exact=True),
    Kind("prompt-yml", "Prompts of GitHub Models.", ("prompt-yml",), sure=False),
    Kind("prompty", "Prompty files.", ("prompty",)),
    Kind("dotprompt", "Dotprompt files, with their partials.", ("dotprompt",), sure=False),
    Kind("Continue prompts", "Prompts of Continue.", ("continue-prompt",), anchors=(".continue/prompts",)),
    Kind("Copilot instructions", "Instructions for Copilot.", ("copilot-instructions",), anchors=(".github/instructions", ".github")),
    Kind("Copilot prompts", "Prompts of Copilot, used by name.", ("copilot-prompt",), anchors=(".github/prompts",)),
    Kind("Copilot agents", "Agents of Copilot: their system prompts.", ("copilot-agent",), anchors=(".github/agents",)),
    Kind("Cursor rules", "Rules for Cursor.", ("cursor-rules",), anchors=(".cursor/rules",)),
    Kind("Windsurf rules", "Rules for Windsurf.", ("windsurf-rules",), anchors=(".windsurf/rules", ".devin/rules")),
    Kind("Cline rules", "Rules for Cline.", ("cline-rules",), anchors=(".clinerules",)),
    Kind("Continue rules", "Rules for Continue.", ("continue-rules",), anchors=(".continue/rules",)),
    Kind("Junie guidelines", "Guidelines for Junie.", ("junie-guidelines",), anchors=(".junie",)),
    Kind("Zed rules", "Rules for Zed.", ("zed-rules",)),
    Kind(
        "commands", "Commands: the description is always listed, the body is the message when the command is used.",
        ("command",), anchors=(".claude/commands", "commands"), sure=False,
    ),
    Kind(
        "agents", "Agents: the description is always listed, the body is the system prompt of the agent.",
        ("agent",), anchors=(".claude/agents", "agents"), sure=False,
    ),
    Kind("output styles", "Output styles: a part of the system prompt.", ("style",), anchors=("output-styles",)),
    Kind("Gemini commands", "Commands of Gemini CLI.", ("gemini-command",), anchors=(".gemini/commands", "commands")),
    _RESOURCES,
    _SKILLS,
    Kind("GEMINI.md", "What Gemini CLI loads at its start, with what it imports.", name="GEMINI.md"),
    Kind("AGENTS.md", "What agents load at their start, with what it imports.", name="AGENTS.md"),
    Kind("rules", "Rules of Claude Code: always loaded, unless they say for which `paths`.", name="**/.claude/rules/**/*.md", anchors=(".claude/rules",)),
    Kind("CLAUDE.md", "What Claude Code loads at its start, with what it imports.", name="CLAUDE{,.local}.md"),
)  # fmt: skip

# Where prompts are likelier somebody's example, documentation or product than a prompt of this repository.
DOUBTFUL = frozenset({
    "__fixtures__", "__tests__", "build", "dist", "doc", "docs", "documentation", "fixtures", "node_modules", "site",
    "spec", "specs", "test", "testdata", "tests", "third_party", "vendor", "website",
})  # fmt: skip

# What these are is said by names and folders.
_NO_KIND = frozenset({"", "text", "markdown", "memory", "skill"})
_TEXT = re.compile(r"\.(?:md|txt|prompt|jinja2?|j2|mustache|handlebars|hbs|liquid|tmpl|tpl|st)\Z")
_ABOUT = re.compile(r"(?i:readme|changelog|contributing|license|index)\b[^/]*\Z")
_SYSTEM_NAME = re.compile(r"(?i:system|[^/]*system[-_ ]?prompt[^/]*|[^/]*\.system)\.[a-z0-9]+\Z")
_PROMPT_NAME = re.compile(r"(?i:[^/]*prompt[^/]*)\.(?:md|txt)\Z")
# No JSON or YAML file without one of these is a request or holds tools.
_SHAPED = re.compile(rb"\brole\b|\bmessages\b|\binput_?[sS]chema\b|\bparameters\b")
# What a file shows that was meant for a request or for tools, and doesn't parse.
_MEANT = re.compile(
    rb"""\brole["']?[ \t]*:[ \t]*["']?(?:system|user|assistant|developer|tool)\b|\binput_?[sS]chema["']?[ \t]*:"""
)
_SHAPED_KEY = re.compile(rb"""\bmessages["']?[ \t]*:|\binput_?[sS]chema["']?[ \t]*:""")
# Extensions of two parts that say more than the last one.
_COMPOUND = re.compile(r"[._]prompt\.ya?ml\Z|\.(?:prompt|agent|chatmode|instructions)\.md\Z")
# A pattern for a name that says nothing of what the file is.
_BROAD = re.compile(r"\*\.(?:md|txt|json|jsonl|toml|ya?ml|\{.*)")
# Folders that hold nothing but prompts, as those do whose names start with a dot.
_WHOLE = ("prompts", "prompt", "skills", "output-styles")
# A library of prompts has so many `system.md`; a single one may be a chapter of a manual.
_LIBRARY = 3
_MOST_PATTERNS = 3
_MOST_EXACT = 8

_ANY = Rule(("**",), (), (), "", "", {}, 0.9, "", allow_empty=False, line=0)


def survey(tree: WorkingTree, config: str, cap: int) -> Survey:
    """Look at every file's name, and into those that may be prompts. `config` is never one. Raises `Fatal`.

    Files of more than `cap` bytes, and those that can't be read, are known by name alone.
    """
    entries = tree.entries()
    links = tree.aliases(entries)
    paths = sorted(
        {path for path, one in entries.items() if one.kind in {"file", "sparse"} and path != config}
        | links.keys()
    )
    broken: dict[str, str] = {}
    formats = {
        path: _format(path, tree, cap, broken) for path in paths if path not in links and _special(path)
    }
    found = sort(paths, formats)
    kinds = {one.kind.title for one in found.findings}
    lost = {path: why for path, why in broken.items() if not _is_doubtful(path)}
    lost = {
        path: why
        for path, why in lost.items()
        if (one := _of_format(formats[path])) and one.title not in kinds
    }
    if lost:  # too many to be named, perhaps for being broken: they shall not take the others with them
        found = sort(paths, formats | dict.fromkeys(lost, ""))._replace(broken=lost)
    wrong = {path: why for path, why in broken.items() if _is_doubtful(path)}
    return found._replace(links=links, wrong=wrong)


def sort(paths: Sequence[str], formats: Mapping[str, str]) -> Survey:
    """The kinds of `paths`, where `formats` tells what was recognised in a file of a special name ("" is nothing)."""
    by_kind = _sorted(paths, formats)
    owned = {path: kind for kind, found in by_kind.items() for path in found}
    findings: list[Finding] = []
    doubtful: list[str] = []
    for kind in [*(by_kind.keys() - set(KINDS)), *KINDS]:
        all_of_them = by_kind.get(kind, [])
        found = [path for path in all_of_them if kind.sure or not _is_doubtful(path)]
        patterns = _patterns(kind, found, paths) if found else []
        if patterns and max(map(len, patterns)) <= globs.MAX_LENGTH:
            findings.append(_finding(kind, found, patterns, paths, owned))
            doubtful += [path for path in all_of_them if path not in set(found)] if not kind.sure else []
        else:
            doubtful += all_of_them
    doubtful += [path for path in paths if path not in owned and path not in formats and _is_named(path)]
    return Survey(findings, _folded(sorted(doubtful), paths))


def _folded(doubtful: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Each as a pattern; as one for all of a folder that have the same extension, where those are several."""
    folders: dict[tuple[str, str], list[str]] = {}
    for path in doubtful:
        folder, _, name = path.rpartition("/")
        folders.setdefault((folder, name.rpartition(".")[2]), []).append(path)
    found: list[str] = []
    for (folder, suffix), members in folders.items():
        whole = (
            folder
            and len(members) > 1
            and len(members) == sum(_lies_in(folder, suffix, path) for path in paths)
        )
        found += [f"{_rooted(folder)}/*.{escaped(suffix)}"] if whole else map(literal, members)
    return [text for text in found if text and len(text) <= globs.MAX_LENGTH]


def _lies_in(folder: str, suffix: str, path: str) -> bool:
    return (
        path.startswith(f"{folder}/") and path.endswith(f".{suffix}") and "/" not in path[len(folder) + 1 :]
    )


def _is_named(path: str) -> bool:
    name = path.rpartition("/")[2]
    return bool(_PROMPT_NAME.fullmatch(name) and not _ABOUT.match(name))


def _special(path: str) -> bool:
    return possible_formats(path, _ANY) != ("text",)


def _format(path: str, tree: WorkingTree, cap: int, broken: dict[str, str]) -> str:
    """The format that is recognised in a file; "" where it would be taken for one that it isn't.

    Also that of one which is `broken`, to which it is added with the reason.
    """
    try:
        data = tree.read(path, cap)
    except MissingFile:
        return ""
    except Unreadable as error:
        if not (_is_data(path) and _is_prompts(path)):
            return ""
        broken[path] = error.message
        return "request"
    name = recognise(path, data, _ANY).name
    if name not in {"request", "tools", "prompt-yml"}:
        return name
    said = Diagnostics([], [])
    try:
        found = (
            list(parse_file(path, data, _ANY, IncludeReader(tree, cap), said)) if _SHAPED.search(data) else []
        )
        why = said.problems[0].message if said.problems else "holds no request"
    except Unreadable as error:
        found, why = [], error.message
    meant = any(one.request for one in found)
    if (said.problems or not meant) and (meant or _is_broken(path, data, name)):
        broken[path] = why
    return name if meant or path in broken else ""


def _is_broken(path: str, data: bytes, name: str) -> bool:
    """Whether what can't be measured was meant for a prompt, rather than being plainly something else."""
    if not _is_data(path):
        return False
    named = _is_prompts(path)
    try:
        if path.lower().endswith((".jsonl", ".ndjson")):
            path, data = "line.json", data.strip().partition(b"\n")[0]
        whole = parse_document(path, data).data
    except Unreadable:
        return named or bool(_MEANT.search(data) and _SHAPED_KEY.search(data))
    messages = whole.get("messages") if isinstance(whole, dict) else whole
    spoken = isinstance(messages, list) and any(isinstance(one, dict) and "role" in one for one in messages)
    return name == "tools" or spoken


def _is_data(path: str) -> bool:
    return path.lower().endswith((".json", ".jsonl", ".ndjson", ".yaml", ".yml"))


def _is_prompts(path: str) -> bool:
    """Whether a path says that prompts are in the file."""
    *folders, name = path.lower().split("/")
    return "prompt" in name or any(folder in _TEXTS.anchors for folder in folders)


def _sorted(paths: Sequence[str], formats: Mapping[str, str]) -> dict[Kind, list[str]]:
    """Each path with the kind that it is of, if any; kinds by name come before those by format."""
    by_name = [(kind, globs.compile_patterns([kind.name])) for kind in KINDS if kind.name]
    skills = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == "SKILL.md"} - {""}
    library = sum(path.endswith("/system.md") and not _is_doubtful(path) for path in paths) >= _LIBRARY
    found: dict[Kind, list[str]] = {}
    for path in paths:
        kind = next((kind for kind, matches in by_name if matches(path)), None)
        kind = kind or _of_format(formats.get(path, "text"))
        if not kind and path.endswith(".md") and any(above in skills for above in _above(path)):
            kind = _RESOURCES
        if not kind and formats.get(path, "text") == "text":
            kind = _text_kind(path, library=library)
        if kind:
            found.setdefault(kind, []).append(path)
    return found


def _of_format(name: str) -> Kind | None:
    if name in _NO_KIND:
        return None
    kind = next((kind for kind in KINDS if name in kind.formats), None)
    return kind or Kind(name, f"Prompts of the format `{name}`.", (name,))


def _text_kind(path: str, *, library: bool) -> Kind | None:
    """Whether a text is a prompt, by its name and its folders."""
    *folders, name = path.split("/")
    if not _TEXT.search(name) or _ABOUT.match(name):
        return None
    inside = any(folder in _TEXTS.anchors for folder in folders)
    if _SYSTEM_NAME.fullmatch(name) and (inside or library or name.lower() != "system.md"):
        return _SYSTEM
    return _TEXTS if inside else None


def _above(path: str) -> Iterable[str]:
    """The folders that a path lies in, the innermost first; no more than anybody has."""
    for _ in range(50):
        path = path.rpartition("/")[0]
        if not path:
            return
        yield path


def _is_doubtful(path: str) -> bool:
    return not DOUBTFUL.isdisjoint(path.split("/")[:-1])


def _finding(
    kind: Kind, found: Sequence[str], patterns: Sequence[str], paths: Sequence[str], owned: Mapping[str, Kind]
) -> Finding:
    """With what the patterns match beside the files of the kind taken out again, where that can be said in short."""
    matches = globs.compile_patterns(patterns)
    others = [
        path for path in paths if matches(path) and owned.get(path) in {None, kind} and path not in set(found)
    ]
    folders = {folder for path in others for folder in path.split("/")[:-1] if folder in DOUBTFUL}
    folders -= {name for pattern in patterns for name in pattern.split("/")}
    rest = [path for path in others if folders.isdisjoint(path.split("/")[:-1])]
    names = {path.rpartition("/")[2] for path in rest if _ABOUT.match(path.rpartition("/")[2])}
    exclude = [f"{name}/" for name in sorted(folders)]
    exclude += [text for name in sorted(names)[:10] if (text := escaped(name))]
    return Finding(kind, tuple(found), tuple(patterns), tuple(exclude))


# ---------------------------------------------------------------------------------------------------------
# Patterns


def _patterns(kind: Kind, found: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Patterns for the files of a kind; none where none would do."""
    if kind.exact:
        return _exact(found, paths)
    if kind.name and "/" not in kind.name and not kind.anchors:
        return _by_name(found)
    if "/" in kind.name:
        anywhere = any(not f"/{path}".startswith(f"/{kind.anchors[0]}/") for path in found)
        return [kind.name if anywhere else kind.name.removeprefix("**/")]
    classes: dict[str, list[str]] = {}
    for path in found:
        classes.setdefault(_class(kind, path), []).append(path)
    if all(name.startswith("*.") and name.count(".") == 1 for name in classes):
        return _anchored(kind.anchors, _braced(classes), found)
    patterns = [one for name, members in classes.items() for one in _anchored(kind.anchors, name, members)]
    return list(dict.fromkeys(patterns))


def _by_name(found: Sequence[str]) -> list[str]:
    """The names that are there, wherever they are: what is added in another folder is found, too."""
    return sorted({path.rpartition("/")[2] for path in found})


def _class(kind: Kind, path: str) -> str:
    """What the names of files such as this one have in common."""
    name = path.rpartition("/")[2]
    if kind is _SKILLS or name.startswith(".") or name in {"copilot-instructions.md", "guidelines.md"}:
        return escaped(name) or "*"
    if kind is _SYSTEM:
        return _system_class(name)
    compound = _COMPOUND.search(name)
    return f"*{compound[0]}" if compound else f"*.{escaped(name.rpartition('.')[2])}"


def _system_class(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    if stem.lower() == "system":
        return escaped(name)
    return (
        f"*.{stem.rpartition('.')[2]}.{suffix}"
        if stem.lower().endswith(".system")
        else f"*{_word(stem)}*.{suffix}"
    )


def _word(stem: str) -> str:
    found = re.search(r"(?i:system[-_ ]?prompt)", stem)
    return found[0] if found else "system"


def _braced(names: Iterable[str]) -> str:
    """`*.md` and `*.txt` → `*.{md,txt}`."""
    suffixes = sorted(name[2:] for name in names)
    return f"*.{suffixes[0]}" if len(suffixes) == 1 else f"*.{{{','.join(suffixes)}}}"


def _anchored(anchors: Sequence[str], name: str, found: Sequence[str]) -> list[str]:
    """Files of that name below the folders in which they usually lie; at any depth, where some lie elsewhere."""
    heads: dict[str, tuple[str, list[str]]] = {}
    loose = []
    for path in found:
        if head := _head(anchors, path):
            heads.setdefault(head[0], (head[1], []))[1].append(path[len(head[0]) + 1 :])
        else:
            loose.append(path)
    if loose and not _BROAD.fullmatch(name):
        return [name]
    elsewhere = _common(name, loose) if loose else []
    if len(heads) <= _MOST_PATTERNS:
        return [
            f"{_rooted(head)}/{_deep(tails, name, anchor)}{name}" for head, (anchor, tails) in heads.items()
        ] + elsewhere
    tails_of: dict[str, list[str]] = {}
    for anchor, tails in heads.values():
        tails_of.setdefault(anchor, []).extend(tails)
    return [
        f"**/{anchor}/{_deep(tails, name, anchor)}{name}" for anchor, tails in tails_of.items()
    ] + elsewhere


def _common(name: str, found: Sequence[str]) -> list[str]:
    """Files whose names say nothing, by the folder that all of them lie in, or one by one."""
    folder = posixpath.commonpath([f"/{path.rpartition('/')[0]}" for path in found])[1:]
    if folder and len(found) > 1:
        return [f"{_rooted(folder)}/{_deep(path[len(folder) + 1 :] for path in found)}{name}"]
    return [literal(path) for path in found] if len(found) <= _MOST_PATTERNS else []


def _head(anchors: Sequence[str], path: str) -> tuple[str, str] | None:
    """A path up to the first anchor that it leads through, and that anchor."""
    for anchor in anchors:
        at = f"/{path}".find(f"/{anchor}/")
        if at >= 0:
            return path[: at + len(anchor)], anchor
    return None


def _deep(tails: Iterable[str], name: str = "", anchor: str = "") -> str:
    """The folders on the way. Where all that lies below is of the kind, any: what is added there shall be found."""
    depths = {tail.count("/") for tail in tails}
    if "*" in name and (anchor.startswith(".") or anchor in _WHOLE):
        return "**/"
    return "" if depths == {0} else "*/" if depths == {1} else "**/"


def _exact(found: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Folders in which all files of an extension are of the kind, and single files; none if that gets long."""
    ours = set(found)
    folders: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault((folder, name.rpartition(".")[2]), []).append(path)
    patterns: list[str] = []
    for (folder, suffix), members in folders.items():
        wanted = [path for path in members if path in ours]
        whole = len(wanted) == len(members) > 1 and escaped(folder) and escaped(suffix)
        patterns += (
            [f"{_rooted(folder)}/*.{escaped(suffix)}"] if whole else [literal(path) for path in wanted]
        )
    return patterns if all(patterns) and len(patterns) <= _MOST_EXACT else []


def _rooted(folder: str) -> str:
    """A folder as the start of a pattern, which a name such as `~` or `C:` mustn't be."""
    text = escaped(folder)
    return text if re.match(r"[\w.-]+(?:/|\Z)", text, re.ASCII) else f"/{text}"


def literal(path: str) -> str:
    """The pattern for a single path; "" where it would be too long."""
    text = f"/{escaped(path)}"
    return text if len(text) <= globs.MAX_LENGTH else ""


def escaped(path: str) -> str:
    """A path inside a pattern: what means something there is taken literally, what can't be read becomes a `?`."""
    text = "".join(map(_written, path))
    return re.sub(r" (?=\Z|/)", "?", text)


def _written(char: str) -> str:
    if char == "\\" or (not char.isascii() and visible(char) != char) or not char.isprintable():
        return "?"
    return f"\\{char}" if char in "*?[]{}!#" else char
