"""Patterns: what they match, that pathspec agrees, and that none can be made to run for long."""

from __future__ import annotations

import re
import time
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec, PathSpec, RegexPattern
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from prompt_lint.text import patterns as globs


def matches(patterns: str | list[str], path: str) -> bool:
    return globs.compile_patterns([patterns] if isinstance(patterns, str) else patterns)(path)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.md", "a.md .md x/a.md x.md/y.txt", "a.mdx a.md~ amd md"),
        ("README.md", "README.md x/README.md README.md/x", "readme.md xREADME.md README.md~"),
        ("/README.md", "README.md README.md/x", "x/README.md"),
        ("prompts/*.md", "prompts/a.md", "prompts/x/a.md x/prompts/a.md a.md"),
        ("prompts/**/*.md", "prompts/a.md prompts/x/y/a.md", "prompts.md x/prompts/a.md"),
        ("prompts/**", "prompts/a prompts/x/a", "prompts x/prompts/a"),
        ("**/prompts", "prompts x/prompts x/y/prompts/a", "prompts2 x/myprompts"),
        ("drafts/", "drafts/a x/drafts/a drafts/x/a", "drafts x/drafts drafts2/a"),
        ("/drafts/", "drafts/a drafts/x/a", "drafts x/drafts/a"),
        ("a/b/", "a/b/c", "a/b x/a/b/c"),
        ("prompts/chat", "prompts/chat prompts/chat/a", "prompts/chats x/prompts/chat"),
        ("**", "a a/b", ""),
        ("*", "a a/b", ""),
        ("**/", "a/b", "a"),
        ("a?c", "abc", "ac abbc a/c"),
        ("a[bc]d", "abd acd", "aed a[d ad"),
        ("a[!bc]d", "aed", "abd a/d"),
        ("a[^bc]d", "aed", "abd a/d"),
        ("[]a]", "] a", "b"),
        ("[a-c-]", "b -", "d"),
        ("x[+-9]y", "x.y x5y", "x/y"),
        ("a*b*c", "abc aXbYc abcbc", "ab acb aXbY a/b/c"),
        ("*a*b", "ab xaxb aab", "aba b a"),
        ("a/**/b/**/c", "a/b/c a/x/b/y/z/c", "a/c b/a/c a/c/b"),
        ("\\*", "* x/*", "a"),
        ("\\!a", "!a", "a"),
        ("\\#a", "#a", "a"),
        ("*.{md,txt}", "a.md a.txt", "a.{md,txt} a.json"),
        ("{a,b/c}/*.md", "a/x.md b/c/x.md", "b/x.md x/b/c/y.md"),
        ("a{,.{b,c}}d", "ad a.bd a.cd", "a.d a.b.cd"),
        ("a\\{b,c\\}", "a{b,c}", "ab ac"),
        ("[{]a,b[}]", "{a,b}", "a b"),
        ("name\\ ", "name\u0020", "name"),
    ],
)  # fmt: skip
def test_a_pattern_matches(pattern: str, yes: str, no: str) -> None:
    """The manual's table, and the corners of it."""
    matched = [path for path in yes.split(" ") if path]
    others = [path for path in no.split(" ") if path]
    if pattern == "name\\ ":
        matched = ["name "]

    assert {path: matches(pattern, path) for path in matched} == dict.fromkeys(matched, True)
    assert {path: matches(pattern, path) for path in others} == dict.fromkeys(others, False)


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        ([], "a", False),
        (["!a"], "a", False),
        (["*.md", "!b.md"], "a.md", True),
        (["*.md", "!b.md"], "b.md", False),
        (["!b.md", "*.md"], "b.md", True),
        (["*.md", "!drafts/", "drafts/keep.md"], "drafts/a.md", False),
        (["*.md", "!drafts/", "drafts/keep.md"], "drafts/keep.md", True),
        (["a/", "!a/b/", "a/b/c"], "a/b/c", True),
        (["*", "!*.{md,txt}"], "a.txt", False),
    ],
)
def test_the_last_pattern_that_matches_decides(patterns: list[str], path: str, expected: bool) -> None:
    """A pattern with `!` takes back what came before it, and only that."""
    assert matches(patterns, path) is expected


@pytest.mark.parametrize(
    "path", ["new\nline.md", "x\ny/a.md", "a.md", "\udcff.md", "\u202e.md", 'quote".md', "\t.md", "a\\b.md"]
)
def test_any_name_can_be_matched(path: str) -> None:
    """Names with newlines, controls and bytes that aren't UTF-8 are names like others."""
    assert matches("*.md", path)
    assert matches("**/[!z]*.md", path)
    assert not matches("*.md", f"{path}\n")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "is empty"), ("!", "is empty"), ("  ", "is empty"), ("{,a}", "is empty"), ("/", "nothing but `/`"), ("!//", "nothing but"),
        ("#a", "comment"), ("a" * 513, "513 characters"), ("a\0b", "NUL"), ("..", "leads out"), ("../a", "leads out"),
        ("a/..", "leads out"), ("a/../b", "leads out"), ("{a,..}/b", "leads out"), ("\\.\\./a", "leads out"),
        ("C:/a", "leads out"), ("c:\\a", "leads out"), ("~/a", "leads out"), ("./a", "`.` folder"), ("a/./b", "`.` folder"),
        ("a//b", "two slashes"), ("//a", "two slashes"), ("a[b", "without its `]`"), ("a[", "without its `]`"), ("[!]", "without its `]`"),
        ("[]", "without its `]`"), ("[a/b]", "never matches one"), ("[a\\]b]", "backslash inside"), ("[a-\\]]", "backslash inside"),
        ("[z-a]", "wrong way round"), ("[[:alpha:]]", "character class"), ("a\\", "nothing behind it"), ("a\\/b", "separated by `/`"),
        ("a\\b", "separated by `/`"), ("{a", "without its `}`"), ("a}", "without its `{`"), ("{a}", "without a comma"),
        ("{{x}}", "without a comma"), ("{a,b}" * 7, "more than 64 patterns"), (f"{{{'a,' * 63}a}}{'b' * 380}", "more than 4096 characters"),
    ],
)  # fmt: skip
def test_a_pattern_that_can_only_be_a_slip_is_refused(pattern: str, reason: str) -> None:
    """In a sentence, by both ways of asking."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        globs.compile_patterns([pattern])
    with pytest.raises(ValueError, match=re.escape(reason)):
        globs.weigh_pattern(pattern)


def test_too_many_patterns_are_refused() -> None:
    """A list has at most a thousand patterns, and its expression a size that can be built in a moment."""
    globs.compile_patterns(["a"] * globs.MAX_PATTERNS)

    with pytest.raises(ValueError, match="too many or too long"):
        globs.compile_patterns(["a"] * (globs.MAX_PATTERNS + 1))
    with pytest.raises(ValueError, match="too many or too long"):
        globs.compile_patterns(["a" * 512] * globs.MAX_PATTERNS)


# The oracle: pathspec, on whatever isn't refused.

_PIECES = [
    "a",
    "b",
    "ab",
    "*",
    "**",
    "?",
    "/",
    "/**/",
    "[ab]",
    "[!a]",
    "[a-b]",
    "!",
    "\\*",
    "\\!",
    " ",
    ".",
    "-",
    "#",
    "[",
    "]",
    "\\",
]
_PATTERN = (
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=7)
    .map("".join)
    .filter(lambda text: text.count("*") < 7)
)
_NAME = st.text(st.sampled_from("ab.!#-* ]"), min_size=1, max_size=4).filter(
    lambda name: name not in {".", ".."}
)
_PATH = st.lists(_NAME, min_size=1, max_size=5).map("/".join)
# In pathspec's expressions: what is escaped, and sets. A set may match a `/` there, but never in git.
_SET = re.compile(r"\\.|(\[(?!\^/\])\^?\]?[^\]]*\])", re.DOTALL)


def _theirs(pattern: str) -> RegexPattern:
    theirs = GitIgnoreSpecPattern(pattern)
    assert theirs.regex, "what pathspec passes over, we refuse"
    expression = _SET.sub(lambda found: f"(?!/){found[1]}" if found[1] else found[0], theirs.regex.pattern)
    return RegexPattern(re.compile(expression), theirs.include)


def _agree(patterns: list[str], paths: list[str], oracle: type[PathSpec[Any]]) -> None:
    try:
        ours = globs.compile_patterns(patterns)
    except ValueError:
        reject()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sets that a future Python may read otherwise
        theirs = oracle([_theirs(pattern) for pattern in patterns], backend="simple")

    assert [ours(path) for path in paths] == [theirs.match_file(path) for path in paths]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(_PATTERN, min_size=1, max_size=4), st.lists(_PATH, min_size=1, max_size=6))
@example(["*.md", "!drafts/"], ["drafts/a.md"])
@example(["a/**/b"], ["a/b", "a/x/b", "a/b/c"])
@example(["a[!b]c", "[.-a]b"], ["a/c", "abc", "axc", "/b", ".b"])
def test_pathspec_agrees(patterns: list[str], paths: list[str]) -> None:
    """On every list of patterns that isn't refused, pathspec gives the same answer, the last match deciding."""
    _agree(patterns, paths, PathSpec)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.lists(_PATTERN.filter(lambda text: text[0] != "!"), min_size=1, max_size=4),
    st.lists(_PATH, min_size=1, max_size=6),
)
def test_gitignore_agrees_where_nothing_is_taken_back(patterns: list[str], paths: list[str]) -> None:
    """Without `!`, pathspec's replica of git's own rules gives the same answer."""
    _agree(patterns, paths, GitIgnoreSpec)


@settings(max_examples=300, deadline=None)
@given(_PATTERN)
def test_only_what_is_odd_is_refused(pattern: str) -> None:
    """A refusal is about `//`, `.`, brackets, backslashes, a comment or nothing at all, and is one line."""
    reason = ""
    try:
        globs.weigh_pattern(pattern)
    except ValueError as error:
        reason = str(error) or "nothing said"

    odd = re.search(r"//|(^!?|/)\.\.?(/|$)|\[|\\|^#|^!?/*\s*$", pattern.rstrip())
    assert odd or not reason
    assert "\n" not in reason


@given(st.lists(st.sampled_from(["a", "b", "c.d", "", "x*"]), min_size=2, max_size=4), _PATH)
def test_braces_are_a_list_written_shorter(choices: list[str], path: str) -> None:
    """`x{a,b}` matches what `xa` and `xb` match."""
    braces = matches(f"a{{{','.join(choices)}}}", path)

    assert braces == matches([f"a{choice}" for choice in choices], path)


# Hostile patterns

HOSTILE = [
    ("*a*a*a*a*a*ab", "a" * 100),
    ("*a" * 200 + "*b", "a" * 4000),
    ("?*" * 200 + "b", "a" * 4000),
    ("*" * 500 + "b", "a" * 4000),
    ("*" + "a" * 500 + "b*", "a" * 4000),
    ("*" + "?" * 500 + "b*", "a" * 4000),
    ("*[ab]" * 100 + "c", "ab" * 2000),
    ("**/a/" * 7 + "b", "a/" * 60 + "c"),
    ("**/a/" * 100 + "b", "a/" * 2000 + "c"),
    ("**/*a*/" * 70 + "b", "aa/" * 1300 + "c"),
    ("**/" + "a/" * 250 + "b", "a/" * 2000 + "c"),
    ("**/" + "*/" * 250 + "b", "a/" * 2000 + "c"),
    ("a**" * 160 + "b", "a" * 4000),
]


@pytest.mark.parametrize(("pattern", "path"), HOSTILE, ids=[pattern[:14] for pattern, _ in HOSTILE])
@pytest.mark.parametrize("tail", ["", "*", "?"], ids=["", "star", "mark"])
def test_no_pattern_runs_for_long(pattern: str, path: str, tail: str) -> None:
    """Patterns that make a backtracking matcher run for minutes take a few milliseconds on the longest of paths."""
    match = globs.compile_patterns([(pattern + tail)[-512:]])
    started = time.process_time()

    for _ in range(10):
        match(path)

    assert time.process_time() - started < 1


def test_the_heaviest_list_is_built_in_a_moment() -> None:
    """As much as `compile` takes at all is compiled, and asked about a long path, in about a second."""
    count = globs.MAX_WEIGHT // globs.weigh_pattern("*a" * 250)
    started = time.process_time()

    match = globs.compile_patterns(["*a" * 250] * (count // 2) + ["!" + "b*" * 250] * (count // 2))
    match("a" * 4000)

    assert time.process_time() - started < 5
