"""Which rule applies to a path, and which rules apply to none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.config.rule_matching import (
    MatchedFile,
    RuleMatcher,
    compile_config,
    compile_rules,
    find_unused_rules,
    match_files,
)
from prompt_lint.config.schema import parse_config

if TYPE_CHECKING:
    from prompt_lint.config.configuration import Config


def compile_text(prompts: str, exclude: str = "[]") -> RuleMatcher:
    text = f"models: claude-opus-5\nlimit: 1\nprompts: [{prompts}]\n" + (
        f"exclude: {exclude}\n" if exclude != "[]" else ""
    )
    config = parse_config(text.encode(), "c.yaml", {})
    return compile_rules(config.rules, config.exclude)


def files_of(matcher: RuleMatcher, path: str) -> tuple[str, ...]:
    """The patterns of the rule that applies, or none."""
    rule = matcher.find_rule(path)
    return rule.files if rule else ()


def test_the_last_rule_that_matches_wins() -> None:
    """As in .gitignore: the exception stands below the rule."""
    matcher = compile_text('{files: "*.md"}, {files: docs/}, {files: a.md}')

    assert files_of(matcher, "a.md") == ("a.md",)
    assert files_of(matcher, "docs/b.md") == ("docs/",)
    assert files_of(matcher, "b.md") == ("*.md",)
    assert files_of(matcher, "b.txt") == ()


def test_the_deepest_configuration_above_a_file_governs_it_alone() -> None:
    """Its rules apply with its own `exclude`, and what they don't match has no rule."""

    def parse(folder: str, exclude: str) -> Config:
        text = f"models: claude-opus-5\nlimit: 1\nprompts: [{{files: '*.md'}}]\nexclude: '{exclude}'\n"
        return parse_config(text.encode(), f"{folder}/.prompt-lint.yaml", {}, folder=folder)

    nested = (parse("a", "old.md"), parse("a/b", "new.md"))
    matcher = compile_config(parse("", "*.txt")._replace(nested=nested))

    assert files_of(matcher, "old.md") == ("*.md",)
    assert files_of(matcher, "a/new.md") == ("a/**/*.md",)
    assert files_of(matcher, "a/old.md") == files_of(matcher, "a/b/new.md") == ()
    assert files_of(matcher, "a/b/old.md") == ("a/b/**/*.md",)
    assert files_of(matcher, "a.md") == ("*.md",)
    assert matcher.list_folders() == {"", "a"}
    assert matcher._replace(rules=()).list_folders() == {"a"}
    assert matcher.list_endings() == {".md"}


def test_an_exclude_hands_the_file_back() -> None:
    """That of a rule to the rules above it, that of the file to none."""
    matcher = compile_text('{files: "*.md"}, {files: docs/, exclude: docs/old/}', "[tmp/]")

    assert files_of(matcher, "docs/a.md") == ("docs/",)
    assert files_of(matcher, "docs/old/a.md") == ("*.md",)
    assert files_of(matcher, "tmp/a.md") == ()


def test_a_file_is_matched_once_whatever_leads_to_it() -> None:
    """By its own path, or else by the first of its links that a rule matches. Files and links are in order."""
    matcher = compile_text("{files: prompts/}, {files: CLAUDE.md}")
    aliases = {
        "prompts/link.md": "prompts/a.md", "prompts/also.md": "prompts/a.md", "CLAUDE.md": "docs/agents.md",
        "other.md": "docs/agents.md",
    }  # fmt: skip

    files = match_files(matcher.find_rules(["prompts/a.md", "docs/agents.md"]), aliases, matcher)

    prompts, claude = (compiled.rule for compiled in matcher.rules)
    assert files == [
        MatchedFile("docs/agents.md", claude, ("CLAUDE.md",)),
        MatchedFile("prompts/a.md", prompts, ("prompts/also.md", "prompts/link.md")),
    ]
    assert files[0].display_path == "docs/agents.md"
    assert files[0]._replace(read_as="CLAUDE.md").display_path == "CLAUDE.md"


def test_unused_rules_match_nothing_or_are_overridden() -> None:
    """Unless they say `allow_empty`. What the file excludes is no match, and nor is what the rule itself excludes."""
    matcher = compile_text(
        "{files: gone.md}, {files: a.md}, {files: later.md, allow_empty: true}, {files: tmp/}, {files: '*.md'}, "
        "{files: '*.txt', exclude: a.txt}",
        "[tmp/]",
    )
    paths = ["a.md", "a.txt", "tmp/b.md"]
    files = match_files(matcher.find_rules(paths), {}, matcher)

    without_match, overridden = find_unused_rules(files, matcher, paths)

    assert [rule.files for rule in without_match] == [("gone.md",), ("tmp/",), ("*.txt",)]
    assert [rule.files for rule in overridden] == [("a.md",)]


def test_a_rule_of_a_broken_link_is_no_unused_one() -> None:
    """The link is an error of its own; no later rule overrides this one."""
    matcher = compile_text("{files: broken.md}")

    assert find_unused_rules([], matcher, ["broken.md"]) == ([], [])
