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

from prompt_lint.text.patterns import (
    MAX_WEIGHT,
    anchor_pattern,
    compile_patterns,
    find_endings,
    find_folders,
    unanchor_pattern,
    weigh_pattern,
)


def matches(patterns: str | list[str], path: str) -> bool:
    return compile_patterns([patterns] if isinstance(patterns, str) else patterns)(path)


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
        ("[a-c-e]", "b - e", "d"),
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
        ("[z-a]", "wrong way round"), ("[[:alpha:]]", "character class"), ("a\\", "nothing after it"), ("a\\/b", "separated by `/`"),
        ("a\\b", "separated by `/`"), ("{a", "without its `}`"), ("a}", "without its `{`"), ("{a}", "without a comma"),
        ("{{x}}", "without a comma"), ("{a,b}" * 7, "more than 64 patterns"), (f"{{{'a,' * 63}a}}{'b' * 380}", "more than 4096 characters"),
    ],
)  # fmt: skip
def test_a_pattern_that_can_only_be_a_slip_is_refused(pattern: str, reason: str) -> None:
    """In a sentence, by both ways of asking."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        compile_patterns([pattern])
    with pytest.raises(ValueError, match=re.escape(reason)):
        weigh_pattern(pattern)


def test_too_many_patterns_are_refused() -> None:
    """A list has at most a thousand patterns, and its expression a size that can be built in a moment."""
    compile_patterns(["a"] * 1_000)
    for allowed in ("a" * 512, "{a,b}" * 6, f"{{{'a,' * 63}a}}{'b' * 63}", f"{{{'a,' * 7}a}}{'b' * 485}"):
        assert weigh_pattern(allowed) > 0

    with pytest.raises(ValueError, match="too many or too long"):
        compile_patterns(["a"] * 1_001)
    with pytest.raises(ValueError, match="too many or too long"):
        compile_patterns(["a" * 512] * 1_000)


# The oracle: pathspec, on whatever isn't refused.

_PIECES = [
    "a", "b", "ab", "*", "**", "?", "/", "/**/", "[ab]", "[!a]", "[a-b]", "!", "\\*", "\\!", " ", ".", "-", "#", "[", "]", "\\",
]  # fmt: skip
_PATTERN = (
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=7)
    .map("".join)
    .filter(lambda text: text.count("*") < 7)
)
_NAME = st.text(st.sampled_from("ab.!#-* ]"), min_size=1, max_size=4).filter(
    lambda name: name not in {".", ".."}
)
_PATH = st.lists(_NAME, min_size=1, max_size=5).map("/".join)

# Patterns with `**` at the start, in the middle and at the end, and paths that are deep enough for them.
_SEGMENT = (
    st.lists(st.sampled_from(["a", "b", "ab", "*", "?", "[ab]", "[!a]"]), min_size=1, max_size=3)
    .map("".join)
    .filter(lambda text: "**" not in text)
)
_DEEP_PATTERN = st.builds(
    "{}{}{}".format,
    st.sampled_from(["**/", "/**/", "", "/"]),
    st.lists(_SEGMENT | st.just("**"), min_size=1, max_size=6).map("/".join),
    st.sampled_from(["", "/", "/**", "/**/", "/*"]),
)
_DEEP_PATH = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=8).map("/".join)

# In pathspec's expressions: what is escaped, and sets. A set may match a `/` there, but never in git.
_SET = re.compile(r"\\.|(\[(?!\^/\])\^?\]?[^\]]*\])", re.DOTALL)


def _parse_as_pathspec(pattern: str) -> RegexPattern:
    parsed = GitIgnoreSpecPattern(pattern)
    assert parsed.regex, "what pathspec passes over is refused"
    expression = _SET.sub(lambda match: f"(?!/){match[1]}" if match[1] else match[0], parsed.regex.pattern)
    return RegexPattern(re.compile(expression), parsed.include)


def _assert_agreement(patterns: list[str], paths: list[str], oracle: type[PathSpec[Any]]) -> None:
    try:
        is_match = compile_patterns(patterns)
    except ValueError:
        reject()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sets that a future Python may read otherwise
        spec = oracle([_parse_as_pathspec(pattern) for pattern in patterns], backend="simple")

    assert [is_match(path) for path in paths] == [spec.match_file(path) for path in paths]


@settings(
    max_examples=2 * settings().max_examples,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(st.lists(_PATTERN, min_size=1, max_size=4), st.lists(_PATH, min_size=1, max_size=6))
@example(["*.md", "!drafts/"], ["drafts/a.md"])
@example(["a/**/b"], ["a/b", "a/x/b", "a/b/c"])
@example(["a[!b]c", "[.-a]b"], ["a/c", "abc", "axc", "/b", ".b"])
def test_pathspec_agrees(patterns: list[str], paths: list[str]) -> None:
    """On every list of patterns that isn't refused, pathspec gives the same answer, the last match deciding."""
    _assert_agreement(patterns, paths, PathSpec)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.lists(_PATTERN.filter(lambda text: text[0] != "!"), min_size=1, max_size=4),
    st.lists(_PATH, min_size=1, max_size=6),
)
def test_gitignore_agrees_where_nothing_is_taken_back(patterns: list[str], paths: list[str]) -> None:
    """Without `!`, pathspec's replica of git's own rules gives the same answer."""
    _assert_agreement(patterns, paths, GitIgnoreSpec)


@settings(max_examples=2 * settings().max_examples, deadline=None)
@given(st.lists(_DEEP_PATTERN, min_size=1, max_size=3), st.lists(_DEEP_PATH, min_size=1, max_size=8))
@example(["**/a/**/b"], ["a/b", "x/a/b", "x/a/y/b", "a/a/x/b/c", "b/a", "xa/b"])
@example(["**/a/**/b/**"], ["a/b", "a/b/c", "x/a/b/c", "x/a/y/b/z/c"])
@example(["**/a*/**/*b/"], ["ax/yb/c", "x/a/y/b/c", "a/b", "x/ab/c"])
@example(["/**/a/*/**/b"], ["a/b", "a/x/b", "y/a/x/z/b"])
@example(["**/a/**/a/b"], ["a/a/a/b", "a/b/a/b", "a/b"])
def test_pathspec_agrees_on_patterns_with_several_double_stars(patterns: list[str], paths: list[str]) -> None:
    """With `**` at the start, in the middle and at the end: each is taken once, where what follows fits first."""
    _assert_agreement(patterns, paths, GitIgnoreSpec)


@given(
    st.lists(st.tuples(st.sampled_from(["", "!"]), _DEEP_PATTERN).map("".join), min_size=2, max_size=4),
    st.lists(_DEEP_PATH, min_size=1, max_size=8),
)
def test_pathspec_agrees_where_such_patterns_take_back(patterns: list[str], paths: list[str]) -> None:
    """The last pattern that matches decides, as docs/configuration.md says."""
    _assert_agreement(patterns, paths, PathSpec)


@settings(max_examples=2 * settings().max_examples, deadline=None)
@given(_PATTERN)
def test_only_what_is_odd_is_refused(pattern: str) -> None:
    """A refusal is about `//`, `.`, brackets, backslashes, a comment or nothing at all, and is one line. `//` and `..` are refused."""
    reason, weight = "", 0
    try:
        weight = weigh_pattern(pattern)
    except ValueError as error:
        reason = str(error) or "nothing said"

    assert weight >= 0
    assert reason or not re.search(r"//|(^!?|/)\.\.(/|$)", pattern.rstrip())
    odd = re.search(r"//|(^!?|/)\.\.?(/|$)|\[|\\|^#|^!?/*\s*$", pattern.rstrip())
    assert odd or not reason
    assert "\n" not in reason


@given(st.lists(st.sampled_from(["a", "b", "c.d", "", "x*"]), min_size=2, max_size=4), _PATH)
def test_braces_are_a_list_written_shorter(choices: list[str], path: str) -> None:
    """`x{a,b}` matches what `xa` and `xb` match."""
    braces = matches(f"a{{{','.join(choices)}}}", path)

    assert braces == matches([f"a{choice}" for choice in choices], path)


@pytest.mark.parametrize(
    ("pattern", "folder", "anchored"),
    [
        ("*.md", "", ["*.md"]),
        ("*.md", "a/b", ["a/b/**/*.md"]),
        ("x/", "a", ["a/**/x/"]),
        ("/x.md", "a", ["a/x.md"]),
        ("!x/y", "a", ["!a/x/y"]),
        ("{x,y/z}.md", "a", ["a/**/x.md", "a/y/z.md"]),
        ("x", "[a] {b}*?!#\\", [r"\[a\] \{b\}\*\?\!\#\\/**/x"]),
    ],
)
def test_a_pattern_of_a_folder_is_written_from_the_top(
    pattern: str, folder: str, anchored: list[str]
) -> None:
    """It matches below the folder what it would match there; no character of the folder's name is a wildcard."""
    assert anchor_pattern(pattern, folder) == anchored
    written = [unanchor_pattern(each, folder) for each in anchored]
    assert [each for text in written for each in anchor_pattern(text, folder)] == anchored


def test_an_exact_pattern_matches_nothing_below_a_file() -> None:
    """But everything below what it calls a folder."""
    is_match = compile_patterns(["a", "b/", "*.md"], is_exact=True)

    assert [is_match(path) for path in ("a", "a/c", "b", "b/c", "x.md", "x.md/c")] == [
        True, False, False, True, True, False,
    ]  # fmt: skip


# Where the files are that patterns can match

_NAMES = st.sampled_from(["a", "b", "c.md", "*", "**", "*.md", "?", "[ab]", "{a,b}", "\\a", "é", "!", "a b"])


@given(
    st.lists(st.lists(_NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
    st.lists(st.sampled_from(["a", "b", "c.md", "é", "a b", "x"]), min_size=1, max_size=5).map("/".join),
)
def test_whatever_patterns_match_lies_in_their_folders_and_has_one_of_their_endings(
    patterns: list[str], start: str, path: str
) -> None:
    """Git is asked for those folders alone, and a path without any of the endings is passed over."""
    patterns = [start + pattern for pattern in patterns]
    try:
        is_match = compile_patterns(patterns)
    except ValueError:
        return

    is_inside = any(not one or path == one or path.startswith(f"{one}/") for one in find_folders(patterns))
    has_ending = any(one in path for one in find_endings(patterns))

    assert (is_inside and has_ending) or not is_match(path)


@pytest.mark.parametrize(
    ("pattern", "folders"),
    [
        ("prompts/**/*.md", {"prompts"}),
        ("/a/b/c.md", {"a/b/c.md"}),
        ("a/b*/c", {"a"}),
        ("{a,b}/x/*.md", {"a/x", "b/x"}),
        ("*.md", {""}),
        ("prompts/", {""}),
        ("/prompts", {"prompts"}),
        ("pr\\ompts/x/*", {""}),
        ("é/x/*", {""}),
    ],
)
def test_the_folder_of_a_pattern_is_what_comes_before_its_first_wildcard(
    pattern: str, folders: set[str]
) -> None:
    """Where the pattern starts at the top of the repository; and in plain ASCII."""
    assert find_folders([pattern]) == folders


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("**/", "a/x/b", "a/x"),
        ("docs/ ", "a/x/docs/b", "docs/b"),
        ("{b ,c}", "a/b ", "a/b"),
        ("b\\ ", "a/x/b ", "a/b"),
        ("!/b", "a/x", "a/b"),
    ],
)
def test_a_pattern_means_the_same_in_a_folder(pattern: str, yes: str, no: str) -> None:
    """What it matches from there is what its anchored patterns match from the top."""
    matches = compile_patterns(
        ["**", *anchor_pattern(pattern, "a")] if pattern[0] == "!" else anchor_pattern(pattern, "a")
    )

    assert (matches(yes), matches(no)) == (True, False)


def test_a_folder_inside_another_is_not_asked_for_twice() -> None:
    """And patterns that exclude ask for nothing."""
    assert find_folders(["a/b/*", "a/*", "!c/d/*", "ab/*"]) == {"a", "ab"}


@pytest.mark.parametrize(
    ("patterns", "endings"),
    [
        (["prompts/**/*.md"], {".md"}),
        (["*.{md,prompt.md}", "CLAUDE.md", "!x.txt"], {".md"}),
        (["/prompts/**", "skills/"], {"prompts", "skills"}),
        (["a?", "*.md"], {""}),
    ],
)
def test_the_ending_of_a_pattern_is_what_comes_after_its_last_wildcard(
    patterns: list[str], endings: set[str]
) -> None:
    """An ending that is in all that another is in stands for both."""
    assert find_endings(patterns) == endings


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
    match = compile_patterns([(pattern + tail)[-512:]])
    started = time.process_time()

    for _ in range(10):
        match(path)

    assert time.process_time() - started < 1


def test_the_heaviest_list_is_built_in_a_moment() -> None:
    """As much as `compile_patterns` takes at all is compiled, and asked about a long path, in about a second."""
    count = MAX_WEIGHT // weigh_pattern("*a" * 250)
    started = time.process_time()

    match = compile_patterns(["*a" * 250] * (count // 2) + ["!" + "b*" * 250] * (count // 2))
    match("a" * 4000)

    assert time.process_time() - started < 5
