"""Patterns as in .gitignore, with braces, compiled to one expression that can't be made to run for long.

A configuration may come from a stranger, and a backtracking matcher needs 20 seconds for a pattern of 13
characters. Nothing here can backtrack over more than one wildcard: for `*` or `**` with something behind
it, the leftmost place where that something fits is always good enough, so every such choice is made
once, in an atomic group.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_LENGTH = 512
MAX_PATTERNS = 1000
MAX_ALTERNATIVES = 64
# The patterns of a configuration as a whole, by the length of their expressions: half a second to build.
MAX_WEIGHT = 262_144
# One pattern with its braces written out.
_MAX_EXPANDED = 4096

# The pieces of a pattern. The head of a bracket is atomic: in `[!]` and `[]` the `]` is a member, so they don't end.
_TOKEN = re.compile(r"\\.|\[(?>[!^]?\]?)[^\]]*\]|.", re.DOTALL)

_ANY_DEPTH = ["*", "*"]
_ANY_FOLDERS = "(?:[^/]+/)*?"
_END = r"(?:/|\Z)"
# A name that stands for itself.
_PLAIN = re.compile(r"[A-Za-z0-9_.@+= -]+")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class _Glob(NamedTuple):
    """One pattern without `!` and braces, as an expression to be matched from the start of a path.

    `floating` leaves it to the caller to try it behind every folder. `tail` are the literal characters before
    the end of what it matches; `below` says that what it matches ends with a `/`.
    """

    regex: str
    is_floating: bool
    tail: str
    matches_below: bool


class _Run(NamedTuple):
    """Neighbours in a list that all include, or all exclude."""

    includes: bool
    globs: list[_Glob]


def compile_patterns(patterns: Iterable[str]) -> Callable[[str], bool]:  # as in `re.compile`
    """Whether a path (relative to the top of the repository, with `/`) is matched by a list of patterns.

    As git does, a pattern that matches a folder matches all that is below it. The last pattern of the
    list that matches decides. Raises `ValueError`, with a sentence, for patterns that are refused.
    """
    runs: list[_Run] = []
    weight = 0
    for number, pattern in enumerate(patterns):
        include, globs = _parse_pattern(pattern)
        weight += sum(len(glob.regex) for glob in globs)
        if number >= MAX_PATTERNS or weight > MAX_WEIGHT:
            raise ValueError(
                f"the patterns are too many or too long, taken together, from {pattern[:40]!r} on"
            )
        if not runs or runs[-1].includes != include:
            runs.append(_Run(include, []))
        runs[-1].globs.extend(globs)
    return _build_matcher(runs)


def weigh_pattern(pattern: str) -> int:
    """What a pattern costs to compile; `MAX_WEIGHT` is the most for all together.

    Raises `ValueError`, with a sentence, for a pattern that `compile` refuses.
    """
    return sum(len(glob.regex) for glob in _parse_pattern(pattern)[1])


def find_folders(patterns: Iterable[str]) -> set[str]:
    """Paths at or below which everything lies that the patterns can match; "" among them is the whole tree.

    What git is asked for: so only plain ASCII, which no file system and no setting of git spells in another way.
    """
    found: set[str] = set()
    for pattern in patterns:
        if not pattern.startswith("!"):
            found |= {_find_literal_start(one) for one in _expand_braces(pattern.rstrip())}
    return {path for path in found if not any(path.startswith(f"{other}/") for other in found)}


def find_endings(patterns: Iterable[str]) -> set[str]:
    """Texts of which one is in every path that the patterns can match; the empty one among them is in any."""
    found = {glob.tail for one in patterns if not one.startswith("!") for glob in _parse_pattern(one)[1]}
    return {end for end in found if not any(other in end for other in found if other != end)}


def _find_literal_start(pattern: str) -> str:
    """The path up to the first name with a wildcard. Without a slash but at the end, a pattern matches at any depth."""
    names = pattern.strip("/").split("/")
    anchored = pattern.startswith("/") or len(names) > 1
    plain = takewhile(_PLAIN.fullmatch, names) if anchored else ()
    return "/".join(plain)


def _build_matcher(runs: Sequence[_Run]) -> Callable[[str], bool]:
    included = [glob for run in runs if run.includes for glob in run.globs]
    if not included:
        return lambda _: False
    # The last match decides, so the last run is asked first.
    steps = [(re.compile(_join_globs(run.globs)).match, run.includes) for run in reversed(runs)]
    only = steps[0][0] if len(steps) == 1 else None
    if not all(glob.tail for glob in included):
        return (lambda path: only(path) is not None) if only else (lambda path: _apply_runs(path, steps))

    # Most paths end in nothing that any pattern could match; that is found out faster without the expression.
    ends = tuple({glob.tail for glob in included if not glob.matches_below})
    inside = tuple({f"{glob.tail}/" for glob in included})

    def matches(path: str) -> bool:
        if not path.endswith(ends):
            for part in inside:
                if part in path:
                    break
            else:
                return False
        return only(path) is not None if only else _apply_runs(path, steps)

    return matches


def _apply_runs(path: str, steps: Sequence[tuple[Callable[[str], object], bool]]) -> bool:
    for match, include in steps:
        if match(path) is not None:
            return include
    return False


def _join_globs(globs: Sequence[_Glob]) -> str:
    parts = [glob.regex for glob in globs if not glob.is_floating]
    floating = [glob.regex for glob in globs if glob.is_floating]
    if floating:  # one walk through the folders for all of them
        parts.append(f"{_ANY_FOLDERS}(?:{'|'.join(floating)})")
    return "|".join(dict.fromkeys(parts))


def _parse_pattern(pattern: str) -> tuple[bool, list[_Glob]]:
    """A pattern as written → whether it includes, and its alternatives."""
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"the pattern is {len(pattern)} characters long; the most is {MAX_LENGTH}")
    if "\0" in pattern:
        raise ValueError("the pattern holds a NUL character, which no path can")
    if not pattern.endswith("\\ "):
        pattern = pattern.rstrip()  # as in .gitignore; an escaped space stays
    if pattern.startswith("#"):
        raise ValueError("a `#` at the start makes it a comment; to mean the character, write `\\#`")
    include = not pattern.startswith("!")
    body = pattern if include else pattern[1:]
    return include, [_translate_pattern(one) for one in _expand_braces(body)]


def _expand_braces(pattern: str) -> list[str]:
    """Brace alternatives written out: `a.{md,txt}` → `a.md`, `a.txt`. They may be nested."""
    found = []
    waiting = [pattern]
    while waiting:
        one = waiting.pop()
        split = _split_first_braces(one)
        if split is None:
            found.append(one)
        else:
            before, choices, after = split
            waiting += [f"{before}{choice}{after}" for choice in reversed(choices)]
        if len(found) + len(waiting) > MAX_ALTERNATIVES:
            raise ValueError(f"the braces stand for more than {MAX_ALTERNATIVES} patterns")
        if len(found) > 1 and sum(map(len, found)) > _MAX_EXPANDED:
            raise ValueError(f"the braces stand for more than {_MAX_EXPANDED} characters")
    return found


def _split_first_braces(pattern: str) -> tuple[str, list[str], str] | None:
    """What stands before the first braces, in them, between their commas, and behind them."""
    depth = start = mark = 0
    choices: list[str] = []
    for piece in _TOKEN.finditer(pattern):
        at, text = piece.start(), piece[0]
        if text == "{":
            depth += 1
            if depth == 1:
                start, mark = at, at + 1
        elif text == "}":
            depth -= 1
            if depth < 0:
                raise ValueError("a `}` without its `{`; to mean the character, write `\\}`")
            if depth == 0:
                if not choices:
                    raise ValueError(
                        "braces without a comma; write `{md,txt}`, or `\\{` to mean the character"
                    )
                return pattern[:start], [*choices, pattern[mark:at]], pattern[at + 1 :]
        elif text == "," and depth == 1:
            choices.append(pattern[mark:at])
            mark = at + 1
    if depth:
        raise ValueError("a `{` without its `}`; to mean the character, write `\\{`")
    return None


def _translate_pattern(pattern: str) -> _Glob:
    segments = _split_segments(pattern)
    below = not segments[-1]
    if below:
        segments.pop()
    if not segments[0]:
        del segments[0]
    elif len(segments) == 1:  # no slash but at the end: it matches at any depth
        segments.insert(0, _ANY_DEPTH)
    segments = [
        one for one, before in zip(segments, [[], *segments], strict=False) if not one == before == _ANY_DEPTH
    ]
    if segments == [_ANY_DEPTH]:  # everything, or (`**/`) everything that is in a folder
        return _Glob("[^/]+/" if below else "", is_floating=False, tail="", matches_below=below)
    if segments[-1] == _ANY_DEPTH:
        below = True
        segments.pop()
    return _join_segments(segments, below=below)


def _join_segments(segments: Sequence[list[str]], *, below: bool) -> _Glob:
    """Blocks of segments between `**`, each of which is taken at the leftmost place where it fits."""
    blocks: list[list[str]] = [[]]
    tail = ""
    for segment in segments:
        if segment == _ANY_DEPTH:
            blocks.append([])
        else:
            regex, tail = _translate_segment(segment)
            blocks[-1].append(regex)
    end = "/" if below else _END
    ends = ["/"] * (len(blocks) - 1) + [end]
    first, *others = [
        "/".join(block) + bound if block else "" for block, bound in zip(blocks, ends, strict=True)
    ]
    if not first and len(others) == 1:
        return _Glob(others[0], is_floating=True, tail=tail, matches_below=below)
    skips = "".join(f"(?>{_ANY_FOLDERS}{block})" for block in others)
    return _Glob(f"{first}{skips}", is_floating=False, tail=tail, matches_below=below)


def _split_segments(pattern: str) -> list[list[str]]:
    """The pieces between the slashes. An empty first or last list stands for a slash at that end."""
    if not pattern.strip("/"):
        raise ValueError(
            "the pattern is empty" if not pattern else "the pattern is nothing but `/`; write `**`"
        )
    if _DRIVE.match(pattern) or pattern.startswith("~/"):
        raise ValueError("the path leads out of the repository; patterns start at its top folder")
    segments: list[list[str]] = [[]]
    for piece in _TOKEN.findall(pattern):
        if piece == "/":
            segments.append([])
        else:
            segments[-1].append(_check_piece(piece))
    for number, segment in enumerate(segments):
        _check_segment("".join(segment).replace("\\", ""), edge=number in {0, len(segments) - 1})
    return segments


def _check_piece(piece: str) -> str:
    if piece == "[":
        raise ValueError("a `[` without its `]`; to mean the character, write `\\[`")
    if piece == "\\":
        raise ValueError("a backslash with nothing behind it; folders are separated by `/`")
    if piece[0] == "\\" and (piece[1].isalnum() or piece[1] == "/"):
        raise ValueError(f"a backslash before `{piece[1]}`; folders are separated by `/`")
    return piece


def _check_segment(name: str, *, edge: bool) -> None:
    if name == "..":
        raise ValueError("`..` leads out of the repository; patterns start at its top folder")
    if name == ".":
        raise ValueError("a path in the repository has no `.` folder; leave the `./` out")
    if not name and not edge:
        raise ValueError("two slashes in a row match nothing")


def _translate_segment(pieces: Sequence[str]) -> tuple[str, str]:
    """One name between slashes → its expression, and the literal characters it ends with."""
    if pieces == ["*"]:
        return "[^/]+", ""
    chunks: list[list[str]] = [[]]
    tail = ""
    for piece in pieces:
        if piece == "*":
            chunks.append([])
            tail = ""
        elif piece == "?" or piece[0] == "[":
            chunks[-1].append("[^/]" if piece == "?" else _translate_bracket(piece[1:-1]))
            tail = ""
        else:
            chunks[-1].append(re.escape(piece[-1]))
            tail += piece[-1]
    head, *others = ["".join(chunk) for chunk in chunks]
    if not others:
        return head, tail
    *middle, last = others
    return f"{head}{''.join(f'(?>[^/]*?{one})' for one in middle if one)}[^/]*{last}", tail


def _translate_bracket(body: str) -> str:
    """The inside of `[...]` → a set. It never matches a `/`, as in git."""
    negated = body[0] in "!^"
    members = body[1:] if negated else body
    if "/" in members:
        raise ValueError("a `/` inside `[...]`, which never matches one")
    if "\\" in members:
        raise ValueError("a backslash inside `[...]`; a `]` to be matched comes first, as in `[]a]`")
    if "[:" in members:
        raise ValueError("a character class such as `[:alpha:]` isn't supported; write `[A-Za-z]`")
    items = []
    slash = False
    at = 0
    while at < len(members):
        if members[at + 1 : at + 2] == "-" and at + 2 < len(members):
            low, high = members[at], members[at + 2]
            if low > high:
                raise ValueError(f"the range `{low}-{high}` in `[...]` is the wrong way round")
            slash = slash or low <= "/" <= high
            items.append(f"{re.escape(low)}-{re.escape(high)}")
            at += 3
        else:
            items.append(re.escape(members[at]))
            at += 1
    if negated:
        return f"[^/{''.join(items)}]"
    return f"{'(?!/)' if slash else ''}[{''.join(items)}]"
