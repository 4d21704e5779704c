"""The texts that Python source assigns to names in modules and classes, as far as they can be known without running it."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import warnings
from collections import ChainMap
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.model.errors import Unreadable
from prompt_lint.request.from_roles import Piece
from prompt_lint.text.decode import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence

    # What a name stands for: a text, the full name of something imported, or None for what can't be known.
    _Scope = MutableMapping[str, "PythonText | str | None"]

# A syntax tree takes 800 bytes for each token. So many take a second; they are 6,000 lines of code, and few files of prompts.
MAX_TOKENS = 60_000
# Python 3.11 looks for each field of an f-string from the start of that string: the sum of fields times characters.
_MAX_FIELD_SEARCH = 20_000_000
# Texts that are made of each other could otherwise double with every line.
_MAX_TEXT, _MAX_TEXT_RATIO, _COST_OF_PIECE = 1_000_000, 10, 20

_TOKEN = re.compile(
    r"""(?P<string>(?i:(?P<prefix>\b(?:[rbuf]|[rbf]{2})(?=["']))?)"""
    r'''(?:"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)|\'\'\'(?:[^'\\]|\\.|'(?!''))*+(?:\'\'\'|\Z)'''
    r"""|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?))"""
    r"""|(?P<comment>\#[^\n]*)|\w+|[^\w\s]""",
    re.DOTALL,
)
_CODING = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF_8 = re.compile("utf[-_]?8(?:[-_]sig)?", re.IGNORECASE)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "textwrap.dedent": textwrap.dedent,
    "inspect.cleandoc": inspect.cleandoc,
}
_METHODS: dict[str, Callable[[str], str]] = {"strip": str.strip, "lstrip": str.lstrip, "rstrip": str.rstrip}


class PythonText(NamedTuple):
    """A text, and whether it has fields of f-strings in it: their expressions in braces, without `!r` and `:>10`."""

    pieces: tuple[Piece, ...]
    has_fields: bool

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Assignment(NamedTuple):
    """An assignment to a name (`NAME`, `Outer.Inner.NAME` in classes). `text` is None for one that can't be known."""

    name: str
    line: int
    text: PythonText | None


def read_assignments(data: bytes) -> Iterator[Assignment]:
    """Yield the assignments of a file of Python that may be texts, in their order: no numbers, `None` or bytes.

    Raises `Unreadable`, with a line, for what can't be read.
    """
    source = decode(data)
    _check_encoding(source)
    _check_cost(source)
    yield from _Reader(source).read(_parse(source))


def _check_encoding(source: str) -> None:
    """Raise `Unreadable` for what Python would read otherwise than we do."""
    for number, line in enumerate(source.split("\n", 2)[:2], 1):
        coding = _CODING.match(line)
        if coding and not source.isascii() and not _UTF_8.fullmatch(coding[1]):
            message = f"declares the encoding `{coding[1][:40]}`"
            raise Unreadable(message, "save it as UTF-8, and remove that line", number)
    before, carriage_return, _ = source.partition("\r")
    if carriage_return:
        number = before.count("\n") + 1
        raise Unreadable("has a carriage return without a line feed", "save it with LF as line ends", number)


def _check_cost(source: str) -> None:
    """Raise `Unreadable` for what takes Python much time or memory to read."""
    tokens = search = 0
    for match in _TOKEN.finditer(source):
        tokens += 1
        if match["prefix"] and "f" in match["prefix"].lower():
            text = match["string"]
            search += text.count("{") * len(text)
            tokens += text.count("{") + text.count("}") + len(text.split())
        if tokens > MAX_TOKENS or search > _MAX_FIELD_SEARCH:
            what = (
                f"more than {MAX_TOKENS:,} tokens of Python"
                if tokens > MAX_TOKENS
                else "too many fields in its f-strings"
            )
            raise Unreadable(f"has {what}", "split the file", source.count("\n", 0, match.start()) + 1)


def _parse(source: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python doesn't know; they would be on stderr
            return ast.parse(source)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), source.count("\n") + 1)
        hint = "correct it, or exclude the file; syntax newer than the Python that runs prompt-lint can't be read"
        raise Unreadable(f"is not Python: {error.msg}", hint, line) from None
    except (RecursionError, MemoryError):
        raise Unreadable(
            "is nested too deeply to be read as Python", "split its longest expressions", 1
        ) from None


class _Reader:
    """Reads one file. `remaining` is how many characters its texts may still have, taken together."""

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._remaining = _MAX_TEXT + _MAX_TEXT_RATIO * len(source)

    def read(self, module: ast.Module) -> Iterator[Assignment]:
        """Yield the assignments of the module, of its classes, and of the blocks in them."""
        top: _Scope = {}
        blocks: list[tuple[Iterator[ast.stmt], _Scope, str, bool]] = [(iter(module.body), top, "", False)]
        while blocks:
            statements, scope, prefix, is_block = blocks[-1]
            statement = next(statements, None)
            if statement is None:
                blocks.pop()
            elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
                yield from self._read_assignment(statement, scope, prefix, is_block=is_block)
            elif isinstance(statement, ast.ClassDef):
                scope[statement.name] = None
                blocks.append((iter(statement.body), ChainMap({}, top), f"{prefix}{statement.name}.", False))
            elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                scope[statement.name] = None
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                _bind_imports(statement, scope)
            else:
                if not is_block:  # else the outermost block has done it
                    scope.update(dict.fromkeys(_list_bound_names(statement)))
                inner = [(iter(body), scope, prefix, True) for body in _list_bodies(statement)]
                blocks += reversed(inner)

    def _read_assignment(
        self,
        statement: ast.Assign | ast.AnnAssign | ast.AugAssign,
        scope: _Scope,
        prefix: str,
        *,
        is_block: bool,
    ) -> Iterator[Assignment]:
        """Yield one assignment for each name. What is assigned in a block may not be, or more than once."""
        value = statement.value
        if value is None:  # only an annotation
            return
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            before = ast.Name(statement.target.id, ast.Load())
            value = ast.BinOp(before, statement.op, value)
        try:
            text = self._read_text(value, scope)
        except RecursionError:
            text = None
        may_be_text = not _has_only_numbers(value)
        for target in targets:
            known = text if isinstance(target, ast.Name) else None
            for name in _list_bound_names(target):
                scope[name] = None if is_block else known
                if may_be_text:
                    yield Assignment(f"{prefix}{name}", statement.lineno, known)

    def _read_text(self, node: ast.expr, scope: _Scope) -> PythonText | None:
        terms = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            terms.append(node.right)
            node = node.left
        if terms:
            return self._join(self._read_text(term, scope) for term in (node, *reversed(terms)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._place(node.value, node)
        if isinstance(node, ast.JoinedStr):
            return self._read_f_string(node, scope)
        if isinstance(node, ast.Call):
            return self._read_call(node, scope)
        known = scope.get(node.id) if isinstance(node, ast.Name) else None
        return known if isinstance(known, PythonText) else None

    def _join(self, texts: Iterable[PythonText | None]) -> PythonText | None:
        pieces: list[Piece] = []
        has_fields = False
        for text in texts:
            if text is None:
                return None
            self._spend(sum(len(piece.text) + _COST_OF_PIECE for piece in text.pieces))
            pieces += text.pieces
            has_fields |= text.has_fields
        return PythonText(tuple(pieces), has_fields)

    def _spend(self, characters: int) -> None:
        self._remaining -= characters
        if self._remaining < 0:
            raise Unreadable("builds texts that are many times as long as the file", "exclude it")

    def _read_f_string(self, node: ast.JoinedStr, scope: _Scope) -> PythonText | None:
        """Read an f-string. A field that is the name of a known text is that text, another its expression in braces."""
        texts: list[str] = []
        has_fields = False
        for part in node.values:
            if not isinstance(part, ast.FormattedValue):
                texts.append(str(ast.literal_eval(part)))
                continue
            is_plain_name = (
                isinstance(part.value, ast.Name) and part.conversion == -1 and not part.format_spec
            )
            known = self._read_text(part.value, scope) if is_plain_name else None
            if known:
                texts.append(known.text)
                has_fields |= known.has_fields
            else:
                texts.append(f"{{{ast.unparse(part.value)}}}")
                has_fields = True
            self._spend(len(texts[-1]) + _COST_OF_PIECE)
        return self._place("".join(texts), node, has_fields=has_fields)

    def _read_call(self, node: ast.Call, scope: _Scope) -> PythonText | None:
        function = node.func
        apply, argument = None, None
        if isinstance(function, ast.Attribute) and not node.args and not node.keywords:
            apply, argument = _METHODS.get(function.attr), function.value
        elif len(node.args) == 1 and not node.keywords:
            apply, argument = _FUNCTIONS.get(_find_full_name(function, scope)), node.args[0]
        text = self._read_text(argument, scope) if apply and argument else None
        if text is None or apply is None:
            return None
        return PythonText((_change_text(text, apply),), text.has_fields)

    def _place(self, text: str, node: ast.expr, *, has_fields: bool = False) -> PythonText | None:
        """Return a text with its lines; None for one with half a character, which can't be sent.

        Where each of its lines is one of the file, it has the first alone.
        """
        if _HALF_CHARACTER.search(text):
            return None
        first_line, last_line = node.lineno, node.end_lineno or node.lineno
        more_lines = last_line - first_line - text.count("\n")
        if more_lines == 1 and self._lines[first_line - 1].endswith(('"""\\', "'''\\")):
            first_line, more_lines = first_line + 1, 0
        return PythonText((Piece(text, first_line, last_line if more_lines else 0),), has_fields)


def _has_only_numbers(node: ast.expr) -> bool:
    """Return whether a value is of numbers and operators alone, such as `4 * 1024`, or is `None` or bytes."""
    return all(
        isinstance(each, ast.UnaryOp | ast.BinOp | ast.unaryop | ast.operator)
        or (isinstance(each, ast.Constant) and not isinstance(each.value, str))
        for each in ast.walk(node)
    )


def _change_text(text: PythonText, apply: Callable[[str], str]) -> Piece:
    """Return one piece for what a function makes of a text that keeps its line feeds, but for those around it."""
    before = text.text
    after = apply(before)
    if len(text.pieces) == 1 and not text.pieces[0].last_line:
        return Piece(
            after, text.pieces[0].first_line + _count_blank_lines(before) - _count_blank_lines(after)
        )
    lines = [line for piece in text.pieces for line in (piece.first_line, piece.last_line)]
    return Piece(after, min(filter(None, lines), default=1), max(lines, default=1))


def _count_blank_lines(text: str) -> int:
    return text.count("\n", 0, len(text) - len(text.lstrip())) if text.strip() else 0


def _find_full_name(function: ast.expr, scope: _Scope) -> str:
    """Return `module.name` for a function that was imported; an empty text for any other."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        module = scope.get(function.value.id)
        return f"{module}.{function.attr}" if isinstance(module, str) else ""
    name = scope.get(function.id) if isinstance(function, ast.Name) else None
    return name if isinstance(name, str) else ""


def _bind_imports(statement: ast.Import | ast.ImportFrom, scope: _Scope) -> None:
    module = f"{statement.module}." if isinstance(statement, ast.ImportFrom) and not statement.level else ""
    for alias in statement.names:
        if alias.name == "*":
            scope.update(dict.fromkeys(list(scope)))  # any name may be another one now
        else:
            scope[alias.asname or alias.name.partition(".")[0]] = f"{module}{alias.name}"


def _list_bound_names(node: ast.AST) -> list[str]:
    """Return the names that a statement, or a target, may bind or delete, in whatever it contains."""
    names = []
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load):
            names.append(child.id)
        elif isinstance(child, ast.alias):
            names.append((child.asname or child.name).partition(".")[0])
        elif isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(child.name)
    return names


def _list_bodies(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """Yield the blocks of a statement: of `if`, loops, `with`, `try` and `match`."""
    for branch in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(body := getattr(branch, field, None), list):
                yield body
