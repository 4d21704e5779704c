"""Patterns as in .gitignore, with braces, compiled to one regular expression that can't be made to run for long.

A configuration may come from a stranger, and a backtracking matcher needs 20 seconds for a pattern of 13
characters. No expression here backtracks over more than one wildcard: for `*` or `**` with something after
it, the leftmost offset where that something fits is always good enough, so every such choice is made
once, in an atomic group.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import groupby, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_LENGTH = 512
MAX_PATTERNS = 1000
MAX_ALTERNATIVES = 64
# Of all patterns of a configuration together, by the length of their expressions: half a second to build.
MAX_WEIGHT = 262_144
# One pattern with its braces written out.
_MAX_EXPANDED = 4096

# A piece of a pattern. The head of a bracket is atomic: in `[!]` and `[]` the `]` is a member, so they don't end.
_PIECE = re.compile(r"\\.|\[(?>[!^]?\]?)[^\]]*\]|.", re.DOTALL)

_ANY_DEPTH = ["*", "*"]
_ANY_FOLDERS = "(?:[^/]+/)*?"
_END = r"(?:/|\Z)"
# A name without wildcards, in characters that every file system and git spell in one way.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.@+= -]+")
# What is in some folder, and not in the one where the pattern starts.
_IN_ANY_FOLDER = r"/?(?:\*\*/)+"
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class _Glob(NamedTuple):
    """One pattern without `!` and braces, as an expression that is matched from the start of a path.

    `is_floating`: the caller tries the expression at the start of every name of a path. `ending` is the literal text
    that what it matches ends with.
    """

    regex: str
    is_floating: bool
    ending: str


def compile_patterns(patterns: Iterable[str], *, is_exact: bool = False) -> Callable[[str], bool]:
    """Return a function that tells whether a list of patterns matches a path, from the top of the repository, with `/`.

    As in git, a pattern that matches a folder matches everything below it; if `is_exact`, only one that ends with a `/`
    does. The last pattern of the list that matches decides. Raises `ValueError`, with a sentence, for patterns that are refused.
    """
    parsed: list[tuple[bool, list[_Glob]]] = []
    weight = 0
    for number, pattern in enumerate(patterns):
        includes, globs = _parse_pattern(pattern, r"\Z" if is_exact else _END)
        weight += sum(len(glob.regex) for glob in globs)
        if number >= MAX_PATTERNS or weight > MAX_WEIGHT:
            raise ValueError(
                f"the patterns are too many or too long, taken together, from {pattern[:40]!r} on"
            )
        parsed.append((includes, globs))
    return _build_matcher(parsed)


def weigh_pattern(pattern: str) -> int:
    """Return what a pattern costs to compile; `MAX_WEIGHT` is the most for all together.

    Raises `ValueError`, with a sentence, for a pattern that `compile_patterns` refuses.
    """
    return sum(len(glob.regex) for glob in _parse_pattern(pattern)[1])


def anchor_pattern(pattern: str, folder: str) -> list[str]:
    """Return patterns for paths from the top that match what `pattern` matches from `folder`; "" is the top itself.

    Raises `ValueError`, with a sentence, for a pattern that is refused.
    """
    if not folder:
        return [pattern]
    negation = "!" if pattern.startswith("!") else ""
    prefix = negation + _escape(folder)
    alternatives = _expand_braces(_strip(pattern).removeprefix("!"))
    return [f"{prefix}/{_anchor(text)}" for text in alternatives]


def unanchor_pattern(pattern: str, folder: str) -> str:
    """Return what `anchor_pattern` made of a pattern, as a person writes it in `folder`."""
    start = f"{_escape(folder)}/"
    negation = "!" if pattern.startswith("!") else ""
    if not folder or not pattern.startswith(negation + start):
        return pattern
    rest = pattern.removeprefix(negation).removeprefix(start)
    name = rest.removeprefix("**/")
    if _is_anchored(name):
        return negation + rest
    return negation + (name if name != rest else f"/{rest}")


def _escape(folder: str) -> str:
    return re.sub(r"([][\\*?{}!#])", r"\\\1", folder)


def _anchor(pattern: str) -> str:
    """Return a pattern without braces as it is written behind the folder where it starts."""
    if re.fullmatch(_IN_ANY_FOLDER, pattern):
        return "*/"
    if pattern[-1:].isspace() and not pattern.endswith("\\ "):  # of braces; by itself it would be cut off
        pattern = f"{pattern[:-1]}[{pattern[-1]}]"
    return pattern.removeprefix("/") if _is_anchored(pattern) else f"**/{pattern}"


def find_folders(patterns: Iterable[str]) -> set[str]:
    """Return files and folders that together hold every path that the patterns can match; "" is the whole tree.

    Git is asked to list them: so only plain ASCII, which no file system and no setting of git spells in another way.
    """
    starts = {
        _find_literal_start(alternative)
        for pattern in patterns
        if not pattern.startswith("!")
        for alternative in _expand_braces(_strip(pattern))
    }
    return {path for path in starts if not any(path.startswith(f"{other}/") for other in starts)}


def find_endings(patterns: Iterable[str]) -> set[str]:
    """Return texts of which every path that the patterns can match holds one; "" is in any path."""
    endings = {
        glob.ending
        for pattern in patterns
        if not pattern.startswith("!")
        for glob in _parse_pattern(pattern)[1]
    }
    return {text for text in endings if not any(other in text for other in endings if other != text)}


def _find_literal_start(pattern: str) -> str:
    """Return the path up to the first name with a wildcard; "" for a pattern that matches at any depth."""
    names = pattern.strip("/").split("/")
    return "/".join(takewhile(_PLAIN_NAME.fullmatch, names)) if _is_anchored(pattern) else ""


def _is_anchored(pattern: str) -> bool:
    """Return whether a pattern without braces is for one place, because a `/` is at its start or inside."""
    return "/" in pattern.rstrip("/")


def _build_matcher(parsed: Sequence[tuple[bool, list[_Glob]]]) -> Callable[[str], bool]:
    @cache  # a hook asks few of the rules
    def compile_steps() -> list[tuple[Callable[[str], object], bool]]:
        # Neighbours that all include, or all exclude, are one expression. The last match decides, so the last come first.
        runs = [(includes, list(run)) for includes, run in groupby(parsed, itemgetter(0))]
        return [
            (re.compile(_join_globs([glob for _, globs in run for glob in globs])).match, includes)
            for includes, run in reversed(runs)
        ]

    def matches(path: str) -> bool:
        for match, includes in compile_steps():
            if match(path):
                return includes
        return False

    return matches


def _join_globs(globs: Sequence[_Glob]) -> str:
    parts = [glob.regex for glob in globs if not glob.is_floating]
    floating = [glob.regex for glob in globs if glob.is_floating]
    if floating:  # one walk through the folders for all of them
        parts.append(f"{_ANY_FOLDERS}(?:{'|'.join(floating)})")
    return "|".join(dict.fromkeys(parts))


@lru_cache(maxsize=1024)  # a run asks for folders, endings and the expression of each pattern
def _parse_pattern(pattern: str, end: str = _END) -> tuple[bool, list[_Glob]]:
    """Return whether a pattern, as written, includes, and its alternatives, which match up to `end`."""
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"the pattern is {len(pattern)} characters long; the most is {MAX_LENGTH}")
    if "\0" in pattern:
        raise ValueError("the pattern contains a NUL character, which no path can")
    pattern = _strip(pattern)
    if pattern.startswith("#"):
        raise ValueError("a `#` at the start makes it a comment; to mean the character, write `\\#`")
    includes = not pattern.startswith("!")
    body = pattern if includes else pattern[1:]
    return includes, [_translate_pattern(alternative, end) for alternative in _expand_braces(body)]


def _strip(pattern: str) -> str:
    """Return a pattern without the white space at its end, as in .gitignore; an escaped space stays."""
    return pattern if pattern.endswith("\\ ") else pattern.rstrip()


def _expand_braces(pattern: str) -> list[str]:
    """Write the alternatives of braces out: `a.{md,txt}` → `a.md`, `a.txt`. They may be nested."""
    expanded: list[str] = []
    waiting = [pattern]
    while waiting:
        candidate = waiting.pop()
        split = _split_first_braces(candidate)
        if split is None:
            expanded.append(candidate)
        else:
            before, choices, after = split
            waiting += [f"{before}{choice}{after}" for choice in reversed(choices)]
        if len(expanded) + len(waiting) > MAX_ALTERNATIVES:
            raise ValueError(f"the braces expand to more than {MAX_ALTERNATIVES} patterns")
        if len(expanded) > 1 and sum(map(len, expanded)) > _MAX_EXPANDED:
            raise ValueError(f"the braces expand to more than {_MAX_EXPANDED} characters")
    return expanded


def _split_first_braces(pattern: str) -> tuple[str, list[str], str] | None:
    """Return the text before the first braces, the choices in them, and the text after them; None without braces."""
    depth = start = choice_start = 0
    choices: list[str] = []
    for piece in _PIECE.finditer(pattern):
        offset, text = piece.start(), piece[0]
        if text == "{":
            depth += 1
            if depth == 1:
                start, choice_start = offset, offset + 1
        elif text == "}":
            depth -= 1
            if depth < 0:
                raise ValueError("a `}` without its `{`; to mean the character, write `\\}`")
            if depth == 0:
                if not choices:
                    raise ValueError(
                        "braces without a comma; write `{md,txt}`, or `\\{` to mean the character"
                    )
                choices.append(pattern[choice_start:offset])
                return pattern[:start], choices, pattern[offset + 1 :]
        elif text == "," and depth == 1:
            choices.append(pattern[choice_start:offset])
            choice_start = offset + 1
    if depth:
        raise ValueError("a `{` without its `}`; to mean the character, write `\\{`")
    return None


def _translate_pattern(pattern: str, end: str) -> _Glob:
    segments = _split_segments(pattern)
    matches_below = not segments[-1]
    if matches_below:
        segments.pop()
    if not segments[0]:
        del segments[0]
    elif len(segments) == 1:  # no slash but at the end: it matches at any depth
        segments.insert(0, _ANY_DEPTH)
    segments = [
        segment
        for segment, previous in zip(segments, [[], *segments], strict=False)
        if not segment == previous == _ANY_DEPTH
    ]
    if segments == [_ANY_DEPTH]:  # everything, or (`**/`) everything that is in a folder
        regex = "[^/]+/" if matches_below else ""
        return _Glob(regex, is_floating=False, ending="")
    if segments[-1] == _ANY_DEPTH:
        matches_below = True
        segments.pop()
    return _join_segments(segments, "/" if matches_below else end)


def _join_segments(segments: Sequence[list[str]], end: str) -> _Glob:
    """Join the segments between `**` to blocks, each of which is matched at the leftmost name where it fits."""
    blocks: list[list[str]] = [[]]
    ending = ""
    for segment in segments:
        if segment == _ANY_DEPTH:
            blocks.append([])
        else:
            regex, ending = _translate_segment(segment)
            blocks[-1].append(regex)
    bounds = ["/"] * (len(blocks) - 1) + [end]
    first, *others = [
        "/".join(block) + bound if block else "" for block, bound in zip(blocks, bounds, strict=True)
    ]
    if not first and len(others) == 1:
        return _Glob(others[0], is_floating=True, ending=ending)
    rest = "".join(f"(?>{_ANY_FOLDERS}{block})" for block in others)
    return _Glob(f"{first}{rest}", is_floating=False, ending=ending)


def _split_segments(pattern: str) -> list[list[str]]:
    """Return the pieces between the slashes. An empty first or last list stands for a slash at that end."""
    if not pattern.strip("/"):
        raise ValueError(
            "the pattern is empty" if not pattern else "the pattern is nothing but `/`; write `**`"
        )
    if _DRIVE.match(pattern) or pattern.startswith("~/"):
        raise ValueError("the path leads out of the repository; patterns start at its top folder")
    segments: list[list[str]] = [[]]
    for piece in _PIECE.findall(pattern):
        if piece == "/":
            segments.append([])
        else:
            segments[-1].append(_check_piece(piece))
    for number, segment in enumerate(segments):
        _check_segment("".join(segment).replace("\\", ""), is_edge=number in {0, len(segments) - 1})
    return segments


def _check_piece(piece: str) -> str:
    if piece == "[":
        raise ValueError("a `[` without its `]`; to mean the character, write `\\[`")
    if piece == "\\":
        raise ValueError("a backslash with nothing after it; folders are separated by `/`")
    if piece[0] == "\\" and (piece[1].isalnum() or piece[1] == "/"):
        raise ValueError(f"a backslash before `{piece[1]}`; folders are separated by `/`")
    return piece


def _check_segment(name: str, *, is_edge: bool) -> None:
    if name == "..":
        raise ValueError("`..` leads out of the repository; patterns start at its top folder")
    if name == ".":
        raise ValueError("a path in the repository has no `.` folder; leave the `./` out")
    if not name and not is_edge:
        raise ValueError("two slashes in a row match nothing")


def _translate_segment(pieces: Sequence[str]) -> tuple[str, str]:
    """Return the expression of one name between slashes, and the literal characters that it ends with."""
    if pieces == ["*"]:
        return "[^/]+", ""
    chunks: list[list[str]] = [[]]  # between the `*`
    ending = ""
    for piece in pieces:
        if piece == "*":
            chunks.append([])
            ending = ""
        elif piece == "?" or piece[0] == "[":
            chunks[-1].append("[^/]" if piece == "?" else _translate_bracket(piece[1:-1]))
            ending = ""
        else:
            chunks[-1].append(re.escape(piece[-1]))
            ending += piece[-1]
    first, *others = ["".join(chunk) for chunk in chunks]
    if not others:
        return first, ending
    *middle, last = others
    skips = "".join(f"(?>[^/]*?{chunk})" for chunk in middle if chunk)
    return f"{first}{skips}[^/]*{last}", ending


def _translate_bracket(body: str) -> str:
    """Return the expression of a set, from what is inside of `[...]`. It never matches a `/`, as in git."""
    is_negated = body[0] in "!^"
    members = body[1:] if is_negated else body
    if "/" in members:
        raise ValueError("a `/` inside `[...]`, which never matches one")
    if "\\" in members:
        raise ValueError("a backslash inside `[...]`; a `]` to be matched comes first, as in `[]a]`")
    if "[:" in members:
        raise ValueError("a character class such as `[:alpha:]` isn't supported; write `[A-Za-z]`")
    items = []
    has_slash = False
    offset = 0
    while offset < len(members):
        if members[offset + 1 : offset + 2] == "-" and offset + 2 < len(members):
            low, high = members[offset], members[offset + 2]
            if low > high:
                raise ValueError(f"the range `{low}-{high}` in `[...]` is the wrong way round")
            has_slash = has_slash or low <= "/" <= high
            items.append(f"{re.escape(low)}-{re.escape(high)}")
            offset += 3
        else:
            items.append(re.escape(members[offset]))
            offset += 1
    if is_negated:
        return f"[^/{''.join(items)}]"
    return f"{'(?!/)' if has_slash else ''}[{''.join(items)}]"
