"""The kinds of prompts that `init` knows, and of which kind a file is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Kind(NamedTuple):
    """A kind of prompts, which becomes one rule of the configuration.

    A file is of it by its path, which `pattern` matches, or by its format, which is one of `formats`. `folders` are those in
    which such files usually are. A file of a kind that isn't `is_certain` may be an example or documentation, in some
    folders. `shares_extension` is for a kind of files whose extension says nothing of what they are.
    """

    title: str
    description: str
    formats: tuple[str, ...] = ()
    pattern: str = ""
    folders: tuple[str, ...] = ()
    role: str = ""
    is_certain: bool = True
    shares_extension: bool = False


TEXTS = Kind(
    "prompts", "Texts in folders of prompts: each is one message of the user.",
    folders=("prompts", "prompt"), is_certain=False,
)  # fmt: skip
SYSTEM_PROMPTS = Kind(
    "system prompts", "System prompts, by their names.", folders=("prompts", "prompt"), role="system", is_certain=False
)  # fmt: skip
_RESOURCES = Kind(
    "skill resources", "What skills bring along: read on demand, each file by itself.", folders=("skills",)
)  # fmt: skip
SKILLS = Kind(
    "skills", "Skills: `metadata` is always in the context, about 100 tokens by the documentation; the `body`, less than 5,000, on use.",
    pattern="SKILL.md", folders=("skills",),
)  # fmt: skip

# In the order of their rules: of two that match a file the later one applies.
KINDS = (
    TEXTS,
    SYSTEM_PROMPTS,
    Kind("Semantic Kernel prompts", "Prompts of Semantic Kernel.", pattern="skprompt.txt"),
    Kind("requests", "Messages requests, as they are sent.", ("request",), is_certain=False, shares_extension=True),
    Kind("tools", "Tool definitions.", ("tools",), is_certain=False, shares_extension=True),
    Kind("prompt-yml", "Prompts of GitHub Models.", ("prompt-yml",), is_certain=False),
    Kind("prompty", "Prompty files.", ("prompty",)),
    Kind("dotprompt", "Dotprompt files, with their partials.", ("dotprompt",), is_certain=False),
    Kind("Continue prompts", "Prompts of Continue.", ("continue-prompt",), folders=(".continue/prompts",)),
    Kind("Copilot instructions", "Instructions for Copilot.", ("copilot-instructions",), folders=(".github/instructions", ".github")),
    Kind("Copilot prompts", "Prompts of Copilot, used by name.", ("copilot-prompt",), folders=(".github/prompts",)),
    Kind("Copilot agents", "Agents of Copilot: their system prompts.", ("copilot-agent",), folders=(".github/agents",)),
    Kind("Cursor rules", "Rules for Cursor.", ("cursor-rules",), folders=(".cursor/rules",)),
    Kind("Windsurf rules", "Rules for Windsurf.", ("windsurf-rules",), folders=(".windsurf/rules", ".devin/rules")),
    Kind("Cline rules", "Rules for Cline.", ("cline-rules",), folders=(".clinerules",)),
    Kind("Continue rules", "Rules for Continue.", ("continue-rules",), folders=(".continue/rules",)),
    Kind("Junie guidelines", "Guidelines for Junie.", ("junie-guidelines",), folders=(".junie",)),
    Kind("Zed rules", "Rules for Zed.", ("zed-rules",)),
    Kind(
        "commands", "Commands: the description is always listed, the body is the message when the command is used.",
        ("command",), folders=(".claude/commands", "commands"), is_certain=False,
    ),
    Kind(
        "agents", "Agents: the description is always listed, the body is the system prompt of the agent.",
        ("agent",), folders=(".claude/agents", "agents"), is_certain=False,
    ),
    Kind("output styles", "Output styles: a part of the system prompt.", ("style",), folders=("output-styles",)),
    Kind("Gemini commands", "Commands of Gemini CLI.", ("gemini-command",), folders=(".gemini/commands", "commands")),
    _RESOURCES,
    SKILLS,
    Kind("GEMINI.md", "What Gemini CLI loads at its start, with what it imports.", pattern="GEMINI.md"),
    Kind("AGENTS.md", "What agents load at their start, with what it imports.", pattern="AGENTS.md"),
    Kind(
        "rules", "Rules of Claude Code: always loaded, unless they say for which `paths`.",
        pattern="**/.claude/rules/**/*.md", folders=(".claude/rules",),
    ),
    Kind("CLAUDE.md", "What Claude Code loads at its start, with what it imports.", pattern="CLAUDE{,.local}.md"),
)  # fmt: skip

# Where prompts are likelier somebody's example, documentation or product than a prompt of this repository.
DOUBTFUL_FOLDERS = frozenset({
    "__fixtures__", "__tests__", "build", "dist", "doc", "docs", "documentation", "fixtures", "node_modules", "site",
    "spec", "specs", "test", "testdata", "tests", "third_party", "vendor", "website",
})  # fmt: skip

# Names and folders say which kind a file of these formats is.
_FORMATS_WITHOUT_KIND = frozenset({"", "text", "markdown", "memory", "skill"})
_TEXT_NAME = re.compile(r"\.(?:md|txt|prompt|jinja2?|j2|mustache|handlebars|hbs|liquid|tmpl|tpl|st)\Z")
_DOCUMENTATION_NAME = re.compile(r"(?i:readme|changelog|contributing|license|index)\b[^/]*\Z")
_SYSTEM_NAME = re.compile(r"(?i:system|[^/]*system[-_ ]?prompt[^/]*|[^/]*\.system)\.[a-z0-9]+\Z")
_PROMPT_NAME = re.compile(r"(?i:[^/]*prompt[^/]*)\.(?:md|txt)\Z")
# A library of prompts has so many `system.md`; a single one may be a chapter of a manual.
_LIBRARY_SIZE = 3
_MAX_DEPTH = 50


def group_by_kind(paths: Sequence[str], formats: Mapping[str, str]) -> dict[Kind, list[str]]:
    """Return the paths of each kind that there is. A kind by path wins over one by format.

    `formats` has the format of each file with the name of a special one; "" where its content is of none.
    """
    matchers = [(kind, compile_patterns([kind.pattern])) for kind in KINDS if kind.pattern]
    skill_folders = {path.removesuffix("/SKILL.md") for path in paths if path.endswith("/SKILL.md")}
    is_library = sum(path.endswith("/system.md") and not is_doubtful(path) for path in paths) >= _LIBRARY_SIZE
    groups: dict[Kind, list[str]] = {}
    for path in paths:
        format_name = formats.get(path, "text")
        kind = next((kind for kind, matches in matchers if matches(path)), None) or find_format_kind(
            format_name
        )
        if not kind and path.endswith(".md") and not skill_folders.isdisjoint(_list_parents(path)):
            kind = _RESOURCES
        if not kind and format_name == "text":
            kind = _find_text_kind(path, is_library=is_library)
        if kind:
            groups.setdefault(kind, []).append(path)
    return groups


def find_format_kind(format_name: str) -> Kind | None:
    """Return the kind of the files of a format; None if their names say it, or for no format."""
    if format_name in _FORMATS_WITHOUT_KIND:
        return None
    kind = next((kind for kind in KINDS if format_name in kind.formats), None)
    return kind or Kind(format_name, f"Prompts of the format `{format_name}`.", (format_name,))


def _find_text_kind(path: str, *, is_library: bool) -> Kind | None:
    """Return the kind of a text by its name and its folders."""
    *folders, name = path.split("/")
    if not _TEXT_NAME.search(name) or is_documentation(name):
        return None
    is_in_folder = not set(TEXTS.folders).isdisjoint(folders)
    if _SYSTEM_NAME.fullmatch(name) and (is_in_folder or is_library or name.lower() != "system.md"):
        return SYSTEM_PROMPTS
    return TEXTS if is_in_folder else None


def _list_parents(path: str) -> Iterator[str]:
    """Yield the folders that a path is in, the innermost first."""
    for _ in range(_MAX_DEPTH):
        path = path.rpartition("/")[0]
        if not path:
            return
        yield path


def is_doubtful(path: str) -> bool:
    """Whether the file is in one of `DOUBTFUL_FOLDERS`."""
    return not DOUBTFUL_FOLDERS.isdisjoint(path.split("/")[:-1])


def is_documentation(name: str) -> bool:
    """Whether a file with such a name, as `README.md`, is about the files beside it."""
    return bool(_DOCUMENTATION_NAME.match(name))


def is_prompt_name(name: str) -> bool:
    """Whether a name says that the file is about prompts, or is one."""
    return bool(_PROMPT_NAME.fullmatch(name)) and not is_documentation(name)
