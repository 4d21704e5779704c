"""The kinds of prompts that `init` knows, of which kind a file is, and which folders make that doubtful."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.repo.paths import find_nearest_folder
from prompt_lint.text.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class Kind(NamedTuple):
    """A kind of prompts, which becomes one rule of the configuration.

    A file is of it by its path, which `pattern` matches, or by its format, which is one of `formats`. `folders` are those in
    which such files usually are. Files of a kind that `is_certain` are prompts in folders of tests and documentation, too.
    `shares_extension` is for a kind of files whose extension says nothing of what they are. `read_as` is the format that the
    rule names, `exclude` what it leaves out in any repository.
    """

    title: str
    description: str
    formats: tuple[str, ...] = ()
    pattern: str = ""
    folders: tuple[str, ...] = ()
    role: str = ""
    is_certain: bool = False
    shares_extension: bool = False
    read_as: str = ""
    exclude: tuple[str, ...] = ()


# Folders of these names hold prompts, and so do those whose names end so, as `agent_prompts`.
PROMPT_FOLDER = re.compile(r"(?i)(?:.+[-_ ])?prompts\Z|prompt\Z")
TEXTS = Kind(
    "prompts", "Texts in folders of prompts: each is one message of the user.", folders=("prompts", "prompt")
)
NAMED_TEXTS = Kind("prompts by name", "Texts with `prompt` in their names: each is one message of the user.")
NAMED_DATA = Kind(
    "prompts in YAML",
    "YAML files with `prompt` in their names: each is counted as the text that it is.",
    read_as="text",
    exclude=(".github/",),
)
SYSTEM_PROMPTS = Kind(
    "system prompts", "System prompts, by their names.", folders=("prompts", "prompt"), role="system"
)  # fmt: skip
_RESOURCES = Kind(
    "skill resources", "What skills bring along: read on demand, each file by itself.", folders=("skills",)
)  # fmt: skip
SKILLS = Kind(
    "skills", "Skills: the `metadata` (about 100 tokens by the documentation) is always in the context, the `body` (less than 5,000) on use.",
    pattern="SKILL.md", folders=("skills",),
)  # fmt: skip

# In the order of their rules: of two that match a file the later one applies.
KINDS = (
    NAMED_TEXTS,
    TEXTS,
    SYSTEM_PROMPTS,
    NAMED_DATA,
    Kind("Semantic Kernel prompts", "Prompts of Semantic Kernel.", pattern="skprompt.txt"),
    Kind("requests", "Messages requests, as they are sent.", ("request",), shares_extension=True),
    Kind("tools", "Tool definitions.", ("tools",), shares_extension=True),
    Kind("prompt-yml", "Prompts of GitHub Models.", ("prompt-yml",)),
    Kind("prompty", "Prompty files.", ("prompty",)),
    Kind("dotprompt", "Dotprompt files, with their partials.", ("dotprompt",)),
    Kind("Continue prompts", "Prompts of Continue.", ("continue-prompt",), folders=(".continue/prompts",)),
    Kind("Copilot instructions", "Instructions for Copilot.", ("copilot-instructions",), folders=(".github/instructions", ".github")),
    Kind("Copilot prompts", "Prompts of Copilot, used by name.", ("copilot-prompt",), folders=(".github/prompts",)),
    Kind("Copilot agents", "Agents of Copilot: their system prompts.", ("copilot-agent",), folders=(".github/agents",)),
    Kind(
        "agentic workflows", "Agentic workflows of GitHub: the text below the frontmatter, with what it imports.",
        ("agentic-workflow",), folders=(".github/workflows", "workflows"),
    ),
    Kind("Cursor rules", "Rules for Cursor.", ("cursor-rules",), folders=(".cursor/rules",)),
    Kind("Windsurf rules", "Rules for Windsurf.", ("windsurf-rules",), folders=(".windsurf/rules", ".devin/rules")),
    Kind("Cline rules", "Rules for Cline.", ("cline-rules",), folders=(".clinerules",)),
    Kind("Continue rules", "Rules for Continue.", ("continue-rules",), folders=(".continue/rules",)),
    Kind("Junie guidelines", "Guidelines for Junie.", ("junie-guidelines",), folders=(".junie",)),
    Kind("Zed rules", "Rules for Zed.", ("zed-rules",)),
    Kind(
        "commands", "Commands: the `metadata` (name and description) is always listed, the `body` is the message when one is used.",
        ("command",), folders=(".claude/commands", "commands"),
    ),
    Kind(
        "agents", "Agents: the `metadata` (name and description) is always listed, the `body` is the system prompt of the agent.",
        ("agent",), folders=(".claude/agents", "agents"),
    ),
    Kind("output styles", "Output styles: a part of the system prompt.", ("style",), folders=("output-styles",)),
    Kind("Gemini commands", "Commands of Gemini CLI.", ("gemini-command",), folders=(".gemini/commands", "commands")),
    _RESOURCES,
    SKILLS,
    Kind("GEMINI.md", "GEMINI.md and its imports. Gemini CLI loads the file at the top at its start, one in a folder below with the files there.", pattern="GEMINI.md", is_certain=True),
    Kind("AGENTS.md", "AGENTS.md and its imports. Agents load the file at the top at their start, one in a folder below with the files there.", pattern="AGENTS.md", is_certain=True),
    Kind(
        "rules", "Rules of Claude Code: loaded at its start, unless they are below the top or say for which `paths`.",
        pattern="**/.claude/rules/**/*.md", folders=(".claude/rules",), is_certain=True,
    ),
    Kind("CLAUDE.md", "CLAUDE.md and its imports. Claude Code loads the file at the top at its start, one in a folder below with the files there.", pattern="CLAUDE{,.local}.md", is_certain=True),
)  # fmt: skip

# Names and folders say which kind a file of these formats is.
_FORMATS_WITHOUT_KIND = frozenset({"", "text", "markdown", "memory", "skill"})
_TEXT_NAME = re.compile(r"(?i)\.(?:md|txt|prompt|jinja2?|j2|mustache|handlebars|hbs|liquid|tmpl|tpl|st)\Z")
_DOCUMENTATION_NAME = re.compile(r"(?i:readme|changelog|contributing|license|index)\b[^/]*\Z")
_SYSTEM_NAME = re.compile(r"(?i:system|[^/]*system[-_ ]?prompt[^/]*|[^/]*\.system)\.[a-z0-9]+\Z")
# `prompt` as a word of a name, as in `judge_prompt`, `SystemPrompt` and `Prompt 2.0`, not in `promptflow`.
PROMPT_WORD = re.compile(
    r"(?<![A-Za-z])prompts?(?![a-z])|(?<![A-Z])Prompts?(?![a-z])|(?<![A-Za-z])PROMPTS?(?![A-Za-z])"
)
# Markdown is about prompts more often than it is one, unless its name ends so.
_PROMPT_MARKDOWN = re.compile(r"(?i)(?:.*[-_])?prompt\.md\Z")
_MAYBE_PROMPT = re.compile(
    r"(?i)[^/]*prompt[^/]*\.(?:md|txt)\Z|(?:[^/]*[-_])?(?:judge|orchestrator|persona|rubric)\.md\Z"
)
# A library of prompts has so many `system.md`; a single one may be a chapter of a manual.
_LIBRARY_SIZE = 3


def group_by_kind(paths: Sequence[str], formats: Mapping[str, str]) -> dict[Kind, list[str]]:
    """Return the paths of each kind that there is. A kind by path wins over one by format.

    `formats` has the format of each file with the name of a special one; "" where its content is of none.
    """
    matchers = [(kind, compile_patterns([kind.pattern])) for kind in KINDS if kind.pattern]
    skill_folders = {path.removesuffix("/SKILL.md") for path in paths if path.endswith("/SKILL.md")}
    systems = (path for path in paths if path.endswith("/system.md"))
    is_library = sum(not find_doubtful_folder(path) for path in systems) >= _LIBRARY_SIZE
    groups: dict[Kind, list[str]] = {}
    for path in paths:
        format_name = formats.get(path, "text")
        kind = next((kind for kind, matches in matchers if matches(path)), None) or _find_format_kind(
            format_name
        )
        if not kind and path.endswith(".md") and find_nearest_folder(path, skill_folders):
            kind = _RESOURCES
        if not kind and format_name == "text":
            kind = _find_text_kind(path, is_library=is_library)
        if not kind and not format_name and _is_named_data(path):
            kind = NAMED_DATA
        if kind:
            groups.setdefault(kind, []).append(path)
    return groups


def _find_format_kind(format_name: str) -> Kind | None:
    """Return the kind of the files of a format; None if their names say it, or for no format."""
    if format_name in _FORMATS_WITHOUT_KIND:
        return None
    kind = next((kind for kind in KINDS if format_name in kind.formats), None)
    return kind or Kind(format_name, f"Prompts of the format `{format_name}`.", (format_name,))


def find_prompt_folder(path: str) -> str:
    """Return the name of the first folder of prompts that a path is in; "" for none."""
    return next((name for name in path.split("/")[:-1] if PROMPT_FOLDER.match(name)), "")


def _find_text_kind(path: str, *, is_library: bool) -> Kind | None:
    name = path.rpartition("/")[2]
    if not _TEXT_NAME.search(name) or is_documentation(name):
        return None
    is_in_folder = bool(find_prompt_folder(path))
    if _SYSTEM_NAME.fullmatch(name) and (is_in_folder or is_library or name.lower() != "system.md"):
        return SYSTEM_PROMPTS
    if is_in_folder:
        return TEXTS
    is_named = _PROMPT_MARKDOWN.match(name) if name.endswith(".md") else PROMPT_WORD.search(name)
    return NAMED_TEXTS if is_named else None


def _is_named_data(path: str) -> bool:
    name = path.rpartition("/")[2]
    is_ci = path.startswith(".github/") or "prompt-lint" in name
    return name.endswith((".yaml", ".yml")) and bool(PROMPT_WORD.search(name)) and not is_ci


def find_doubt(kind: Kind, path: str) -> str:
    """Return the folder that makes it doubtful whether a file is a prompt of this repository; "" for none."""
    # A folder may be called `prompts` in tests, too, but what is in it isn't always a prompt.
    folders = (
        () if kind in {TEXTS, SYSTEM_PROMPTS} else {folder.rpartition("/")[2] for folder in kind.folders}
    )
    return find_doubtful_folder(path, folders, is_certain=kind.is_certain)


def is_documentation(name: str) -> bool:
    """Whether a file with such a name, as `README.md`, is about the files beside it."""
    return bool(_DOCUMENTATION_NAME.match(name))


def may_be_prompt(name: str) -> bool:
    """Whether a name says that the file is about prompts, or is one."""
    return bool(_MAYBE_PROMPT.fullmatch(name)) and not is_documentation(name)


# ---------------------------------------------------------------------------------------------------------
# Folders whose files are likelier somebody's example, test or translation than a prompt of this repository

_DOCUMENTATION = frozenset({"doc", "docs", "documentation", "site", "website"})
_TESTS = frozenset({"__tests__", "e2e", "spec", "specs"})
_TESTS_NAME = re.compile(r"(?i)tests?(?:[-_].*)?\Z|.*[-_.]tests?\Z")
# What is in these isn't the repository's own, or isn't read as what it is called.
_FOREIGN = frozenset({
    "__fixtures__", "__snapshots__", "build", "cassettes", "dist", "fixtures", "node_modules", "recordings", "snapshots", "testdata",
    "third_party", "third-party", "vendor",
})  # fmt: skip
_TRANSLATIONS = frozenset({"i18n", "l10n", "locales", "translations"})
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_](?:[A-Za-z]{2}|[A-Z][a-z]{3}))?\Z")


def find_doubtful_folder(path: str, folders: Collection[str] = (), *, is_certain: bool = False) -> str:
    """Return the path of the outermost folder that makes a file doubtful; "" for none.

    Below one of `folders`, which hold nothing but prompts, no name makes it so. Where a kind `is_certain`, tests and documentation
    may have files of it, too, but not other people's folders and translations.
    """
    names = path.split("/")[:-1]
    for depth, name in enumerate(names):
        if name in folders:
            return ""
        is_aside = name in _DOCUMENTATION or name in _TESTS or _TESTS_NAME.match(name)
        if name in _FOREIGN or _is_translation(names, depth) or (is_aside and not is_certain):
            return "/".join(names[: depth + 1])
    return ""


def _is_translation(names: Sequence[str], depth: int) -> bool:
    if names[depth] in _TRANSLATIONS:
        return True
    return depth > 0 and names[depth - 1] in _DOCUMENTATION and bool(_LANGUAGE.match(names[depth]))
