"""Laws of what reads files of a repository: configurations, prompts, and the texts and data in them."""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.support import make, pictures

from prompt_lint.config.loosenings import find_loosenings
from prompt_lint.config.mistakes import ConfigErrors
from prompt_lint.config.rule_matching import compile_config
from prompt_lint.config.schema import parse_config
from prompt_lint.config.written_limits import find_written_limits, replace_spans
from prompt_lint.counting import offline
from prompt_lint.counting.tokenizer.engine import count_tokens
from prompt_lint.formats import FORMATS, RULE_KEYS
from prompt_lint.formats.memory_imports import find_gemini_imports, parse_for_claude
from prompt_lint.formats.recognition import recognise, seems_to_import
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import Prompt
from prompt_lint.repo import codeowners, gitignore_walk
from prompt_lint.request import images
from prompt_lint.text import json_reader, yaml_reader
from prompt_lint.text.frontmatter import parse_fields, split_frontmatter
from prompt_lint.text.location import ParseError
from prompt_lint.text.patterns import anchor_pattern, compile_patterns, find_endings, find_folders
from prompt_lint.text.toml_reader import parse_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompt_lint.model.values import ReadFile

# Of a line as Markdown has them.
_LINE_END = re.compile("[\n\r]")
# YAML that only one parser takes, and the other refuses: the C parser a tab between values, a `?` in a list such as `[why?]`,
# and a comment right behind `|`; the pure one a `:` before a comma or bracket, such as `{a:}` (PyYAML 6.0.3).
_FOR_ONE_PARSER = re.compile(rb"\t|[\[{].*(?:\?|:[\[\]{},?])|[|>][-+0-9]*#", re.DOTALL)
# A second parser is slower than ours, and shows what it has to show with small inputs.
_LARGEST_COMPARED = 2_000
# A megabyte without a space takes the tokenizer seconds, which are its own target's subject; comparing a megabyte of lines
# takes longer than reading them.
_LARGEST_COUNTED = 1 << 16
# As many prompts of a file are split into parts, for each of which the file is read again.
_MOST_SPLIT = 3
# No system opens a longer one.
_LONGEST_PATH = 4_096
_PICTURE = pictures.png(9, 9)
# A file that imports itself under many names is read as often.
_LARGEST_IMPORTED = 2_000


def decode(data: bytes) -> str:
    """Return a text as names of files are read: bytes that aren't UTF-8 are lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def decode_any(data: bytes) -> str:
    """Return a text as it may come from anywhere: with every surrogate that its bytes spell."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return decode(data)


def decode_text(data: bytes) -> str:
    """Return a text as prompts are read, without bytes that aren't UTF-8."""
    return data.decode("utf-8", "ignore")


def check_config(data: bytes) -> None:
    """Any bytes are a configuration or its mistakes, with lines; it loosens nothing of itself, and its limits are where they are read."""
    lines = data.count(b"\n") + 1
    try:
        config = parse_config(data, "c.yaml", RULE_KEYS)
    except ConfigErrors as error:
        assert error.mistakes
        assert all(0 <= mistake.line <= lines and mistake.message for mistake in error.mistakes)
        return
    assert all(1 <= rule.line <= lines for rule in config.list_rules())
    compile_config(config).find_rule("prompts/a.md")
    assert find_loosenings(config, config, {}) == []
    text = data.decode()
    spans = {limit.span: limit.text for limit in find_written_limits(text).values() if limit.span}
    assert replace_spans(text, spans) == text


def check_patterns(data: bytes) -> None:
    """Patterns are compiled or refused; what they match is in their folders and has one of their endings."""
    *patterns, path = decode(data).split("\n")
    path = "/".join(filter(None, path[:_LONGEST_PATH].split("/"))) or "a"
    try:
        matches = compile_patterns(patterns)(path)
    except ValueError as error:
        assert type(error) is ValueError
        return
    if matches:
        assert any(not folder or f"{path}/".startswith(f"{folder}/") for folder in find_folders(patterns))
        assert any(ending in path for ending in find_endings(patterns))
    with suppress(ValueError):  # with the folder they may be too long
        anchored = [each for pattern in patterns for each in anchor_pattern(pattern, "x*/[y]")]
        assert compile_patterns(anchored)(f"x*/[y]/{path}") == matches


def check_format(data: bytes, files: Sequence[tuple[str, str]]) -> None:
    """Any bytes are prompts, remarks and problems, or `Unreadable`, with lines that are in the file.

    Each file that is imported begins like this one, or has one line, or isn't there. A prompt has a count, or it can't be counted offline.
    `files` are formats and paths; the size of the file says which it has.
    """
    name, path = files[len(data) % len(files)]
    prompt_format, lines = FORMATS[name], data.count(b"\n") + 1
    read = _make_reader(data)
    rule = make.rule(format=name)
    prompt_format.recognise(path, data)
    recognise(path, data, make.rule())
    seems_to_import(path, data, rule)
    try:
        results = list(prompt_format.parse(path, data, rule, read))
    except Unreadable as error:
        assert error.message
        assert 0 <= error.line <= lines
        return
    prompts = [result for result in results if isinstance(result, Prompt)]
    assert len({prompt.name for prompt in prompts}) == len(prompts)
    assert all(0 <= result.line <= lines for result in results)
    for prompt in prompts:
        assert prompt.line >= 1
        if prompt.request:
            prompt.request.digest()
        if prompt.request and len(data) <= _LARGEST_COUNTED:
            with suppress(Unreadable):
                count = offline.count_request(make.MODEL, prompt.request)
                assert 0 <= count.low <= count.tokens <= count.high
    for prompt in prompts[:_MOST_SPLIT]:
        for part in prompt_format.parts(path, data, prompt, read):
            assert 1 <= part.first_line <= part.last_line <= lines


def _make_reader(data: bytes) -> ReadFile:
    def read(path: str) -> tuple[str, bytes]:
        if "0" in path or len(path) > _LONGEST_PATH:
            raise MissingFile("is not there")
        if path.endswith(".png"):
            return path, _PICTURE
        return path, b"Be kind.\n" if "1" in path else data[:_LARGEST_IMPORTED]

    return read


def check_frontmatter(data: bytes) -> None:
    """Nothing is lost when frontmatter is cut off; each of its keys has a value, and a line of the file."""
    text = decode_text(data)
    front, body, body_line = split_frontmatter(text)
    assert text.endswith(body)
    assert front is None or front in text
    assert 1 <= body_line <= text.count("\n") + 1
    if body:
        assert text.split("\n")[body_line - 1 :] == body.split("\n")
    fields = parse_fields(text if front is None else front)
    last = text.count("\n") + 2
    assert all(isinstance(fields.get_text(key), str) for key in fields.values)
    assert fields.values.keys() == fields.lines.keys()
    assert all(2 <= line <= last for line in (*fields.lines.values(), *fields.cut_lines.values()))
    assert 0 <= fields.fault_line <= last


def check_imports(data: bytes) -> None:
    """Lines that are left of a memory file are lines of it, in their order; imports are where they are said to be.

    A lone carriage return ends a line for Claude Code, but none that has a number: what is left behind one may be from a
    later line of the file.
    """
    text = decode_text(data)
    lines = text.split("\n")
    for found in find_gemini_imports(text):
        assert text[found.start : found.end] == f"@{found.path}"
    try:
        loaded = parse_for_claude(text)
    except Unreadable as error:
        assert error.message
        return
    kept = loaded.text.split("\n")
    assert list(loaded.lines) == sorted(loaded.lines)
    if len(data) > _LARGEST_COUNTED:
        return
    for number, line in zip(loaded.lines, kept, strict=True):
        assert any(piece.endswith(line.split("\r")[0]) for piece in lines[number - 1].split("\r"))
    pieces = iter(_LINE_END.split(text))
    assert all(any(piece.endswith(end) for piece in pieces) for end in _LINE_END.split(loaded.text))
    for imported in (*loaded.imports, *loaded.in_html, *loaded.punctuated):
        assert imported.path.replace(" ", "") in lines[imported.line - 1].replace("\\ ", "").replace(" ", "")


def check_json(data: bytes) -> None:
    """A text is what Python's parser makes of it, and each value is where it is said to be; or it is refused, with a line of it."""
    text = decode_text(data)
    try:
        value = json_reader.parse_json(text)
    except ParseError as error:
        assert error.message
        assert 0 <= error.line <= text.count("\n") + 1
        return
    assert value == json.loads(text)
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    lines = text.split("\n") if len(text) <= _LARGEST_COMPARED else []
    for key_path, (line, column) in json_reader.find_positions(text).items():
        if lines:
            rest = "\n".join(lines[line - 1 :])[column - 1 :]
            assert json.JSONDecoder().raw_decode(rest)[0] == _follow(value, key_path)


def _follow(value: Any, key_path: tuple[str | int, ...]) -> Any:
    for key in key_path:
        value = value[key]
    return value


def check_yaml(data: bytes) -> None:
    """Any bytes are data, each value with a line; or they are refused, with a line. What both parsers take is the same."""
    outcome = _read_yaml(data, pure=False)
    if len(data) <= _LARGEST_COMPARED:
        pure_outcome = _read_yaml(data, pure=True)
        is_for_one = None in (outcome, pure_outcome) and _FOR_ONE_PARSER.search(data)
        assert is_for_one or outcome == pure_outcome


def _read_yaml(data: bytes, *, pure: bool) -> object:
    """Return the document and the texts of its mistakes; None for what is refused."""
    lines = data.count(b"\n") + 1
    mistakes: list[ParseError] = []
    try:
        document = yaml_reader.parse_yaml(data, yaml_reader.PROMPT_LIMITS, mistakes, pure=pure)
    except ParseError as error:
        assert error.message
        assert 0 <= error.line <= lines
        return None
    places = (*document.positions.values(), *document.key_positions.values())
    assert all(1 <= line <= lines and column >= 1 for line, column in places)
    # NaN is unequal to itself, and 1 is equal to True.
    return repr(document.data), [str(mistake) for mistake in mistakes], document.positions


def check_toml(data: bytes) -> None:
    """A text is what Python's parser makes of it, or it is refused, with a line."""
    text = decode_text(data)
    try:
        value = parse_toml(text)
    except ParseError as error:
        assert error.message
        assert 0 <= error.line <= text.count("\n") + 1
        return
    if len(text) <= _LARGEST_COMPARED:
        assert repr(value) == repr(tomllib.loads(text))


def check_image(data: bytes) -> None:
    """The header of an image says its size, or nothing; no image costs more than the most."""
    assert isinstance(images.detect_media_type(data), str)
    size = images.read_size(data)
    if size:
        assert min(size) > 0
        assert 1 <= images.count_patches(size, 2576, 4784) <= 4784


def check_codeowners(data: bytes) -> None:
    """Each owner is a word of the file, and each note is on a line of it. The size of the file says where it is."""
    place = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS")[len(data) % 3]
    lines = data.count(b"\n") + 1
    paths = ["a.md", "docs/b.md", "prompts/x y.md", "prompts/x/[z].md"]
    tree = _OneFile(place, data)
    owners = codeowners.find_owners(tree, paths)  # type: ignore[arg-type]  # all that is asked of a tree
    assert owners.by_path.keys() <= set(paths)
    words = {owner for of_path in owners.by_path.values() for owner in of_path}
    assert all(owner.encode("utf-8", "surrogateescape") in data for owner in words)
    assert all(0 <= note.line <= lines and note.path == place for note in owners.notes)


class _OneFile:
    """A tree with one file."""

    def __init__(self, path: str, data: bytes) -> None:
        self._path, self._data = path, data

    def resolve(self, path: str) -> str:
        if path != self._path:
            raise MissingFile("is not there")
        return path

    def read(self, path: str, cap: int) -> bytes:
        if len(self._data) > cap:
            raise Unreadable("is too long")
        return self._data


def check_gitignore(data: bytes) -> None:
    """Each line is a pattern or noted; whatever the patterns, a path is looked up."""
    notes: list[str] = []
    lines = data.decode("utf-8-sig", "surrogateescape").split("\n")
    folder = gitignore_walk._Folder("").add_patterns(lines, ".gitignore", notes)
    for path in ("a.md", "docs/b/c.md", "a" * 250, "a/" * 100 + "b"):
        folder.ignores(path, notes, is_folder=False)
    assert all(notes)


def check_tokenizer(data: bytes, family: str) -> None:
    """A count is never negative, bounded by the length, and the sum of its pieces where a single space is between two words."""
    text = decode_any(data)
    tokens = count_tokens(text, family)
    assert 0 <= tokens <= 6 * len(text) + 1
    if borders := [match.start() for match in re.finditer("(?<=[A-Za-z]) (?=[A-Za-z])", text)]:
        border = borders[len(borders) // 2]
        before, after = text[:border], text[border + 1 :]
        assert tokens == count_tokens(before, family) + count_tokens(after, family)
