"""A file's bytes → prompts, one module for each format."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from prompt_lint.model.lazy_table import LazyTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompt_lint.model.rules import Rule
    from prompt_lint.model.values import Note, Part, Problem, Prompt, ReadFile


class PromptFormat(Protocol):
    """What a module of this package offers, or one of its entries where it holds several formats."""

    def recognise(self, path: str, data: bytes) -> str | None:
        """Return a sentence that says why a file with such a path has this format; None if it hasn't."""

    def parse(self, path: str, data: bytes, rule: Rule, read: ReadFile) -> Iterable[Prompt | Problem | Note]:
        """Yield the prompts of a file, and what is to be reported. Raises `Unreadable` if it can't be measured."""

    def parts(self, path: str, data: bytes, prompt: Prompt, read: ReadFile) -> Iterable[Part]:
        """Yield the parts of one of the prompts that `parse` found, with their lines in the file."""


class Format(NamedTuple):
    """A line of the table.

    `paths` are patterns, of the kinds that `_PathPattern` has, for files at any depth of a tree that may have the format; as in
    .gitignore, the last that matches decides, and `!` makes an exception. Without one, the format applies only where a rule
    names it. `import_sign` is a regular expression that is found in the bytes of every file that imports another; empty for a
    format that can't import. `rule_keys` are keys of a rule that say something to this format alone.
    """

    name: str
    module: str
    paths: tuple[str, ...]
    ignores_case: bool = False
    import_sign: bytes = b""
    rule_keys: tuple[str, ...] = ()


_TEXTS = "text_formats:TEXT_FORMATS"

# The first that matches by path and content wins, and `text` takes the rest.
TABLE = (
    Format(
        "memory", "memory",
        ("CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "GEMINI.md", ".claude/rules/**/*.md"),
        import_sign=rb"@",
    ),
    Format("skill", "skill", ("SKILL.md", "skills/**")),
    Format("copilot-agent", _TEXTS, ("*.agent.md", "*.chatmode.md", ".github/agents/*.md")),
    Format("copilot-prompt", _TEXTS, ("*.prompt.md",)),
    Format("copilot-instructions", _TEXTS, (".github/copilot-instructions.md", "*.instructions.md")),
    Format(
        "agentic-workflow", "agentic_workflow", ("workflows/*.md",),
        import_sign=rb"\bimports[\"']?[ \t]*:|{{#(?:runtime-)?import|@(?:include|import)\b",
    ),
    Format("command", _TEXTS, ("commands/**/*.md",)),
    Format("agent", _TEXTS, ("agents/**/*.md",)),
    Format("style", _TEXTS, ("output-styles/**/*.md",)),
    Format("cursor-rules", _TEXTS, ("*.mdc", ".cursorrules", ".cursor/rules/**/*.md")),
    Format("windsurf-rules", _TEXTS, (".windsurfrules", ".windsurf/rules/**/*.md", ".devin/rules/**/*.md")),
    Format(
        "cline-rules", _TEXTS,
        (".clinerules", ".clinerules/**/*.md", ".clinerules/**/*.txt", "!.clinerules/workflows/**", "!.clinerules/hooks/**"),
    ),
    Format("continue-rules", _TEXTS, (".continue/rules/**/*.md",)),
    Format("junie-guidelines", _TEXTS, (".junie/guidelines.md",)),
    Format("zed-rules", _TEXTS, (".rules",)),
    Format("prompt-yml", "prompt_yml", ("*.prompt.yml", "*.prompt.yaml", "*_prompt.yml", "*_prompt.yaml")),
    Format("prompty", "prompty", ("*.prompty",)),
    Format("continue-prompt", "continue_prompt", ("*.prompt",)),
    Format("dotprompt", "dotprompt", ("*.prompt",), import_sign=rb"{{~?#?>"),
    Format("gemini-command", "gemini_command", ("commands/**/*.toml",)),
    Format("tools", "tools", ("*.json", "*.yaml", "*.yml"), ignores_case=True),
    Format(
        "request", "request", ("*.json", "*.jsonl", "*.ndjson", "*.yaml", "*.yml"), ignores_case=True,
        # a block of our own kind of source, or the address of an image
        import_sign=rb"""\btype["']?[ \t\r\n]*:[ \t\r\n]*["']?path\b|\bimage_url\b""",
    ),
    Format("marked", "marked", ()),
    Format("python", "python", (), rule_keys=("names",)),
    Format("markdown", _TEXTS, ()),
    Format("text", _TEXTS, ("*",)),
)  # fmt: skip

# By name. A module is imported when it is first asked for: of twenty formats, a hook meets one or two.
FORMATS: Mapping[str, PromptFormat] = LazyTable({line.name: f"{__name__}.{line.module}" for line in TABLE})
# What a configuration may name, and the keys that need one of these.
RULE_KEYS: Mapping[str, Sequence[str]] = {line.name: line.rule_keys for line in TABLE}
# The formats that can import.
IMPORT_SIGNS: Mapping[str, bytes] = {line.name: line.import_sign for line in TABLE if line.import_sign}
