"""Nothing small is expensive: what a parser takes grows with the size of a file, whatever the file holds."""

from __future__ import annotations

import gc
import time
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.config.schema import parse_config
from prompt_lint.formats import FORMATS, RULE_KEYS, recognition
from prompt_lint.model.errors import Fatal, Unreadable
from prompt_lint.model.values import Prompt
from prompt_lint.output.report_reader import parse_report

if TYPE_CHECKING:
    from collections.abc import Callable

KIB = 1024
SIZES = (KIB, 4 * KIB, 16 * KIB)
# Of a parser that takes linear time, sixteen times the size takes sixteen times as long; of one that takes quadratic
# time, 256 times as long. What takes less than this many seconds can't be told from noise.
MAX_GROWTH, NOISE = 80, 0.0125
# 200 MB for a mebibyte, and what a parser takes for any file, with the cycles that wait for the garbage collector.
MAX_BYTES_PER_BYTE, MAX_BYTES = 200, 3_000_000
# Each token of Python may take 800 bytes: files of more than 60,000 are refused, at 50 MB.
MAX_BYTES_PER_TOKEN = 800

FRONT = "---\na: [b] [c]\n"
COMMAND = ".gemini/commands/a.toml"
REQUEST = '{"messages": [{"role": "user", "content": "'

# A file's path, and how it begins, goes on and ends.
SHAPES = [
    (COMMAND, 'prompt = "x"\na', ".a", " = 1"), (COMMAND, 'prompt = "x"\n[a', ".a", "]"),
    (COMMAND, 'prompt = "x"\na', ' . "a"', " = 1"), (COMMAND, 'prompt = "x"\nx = {a', ".'a'", " = 1}"),
    (COMMAND, 'prompt = "x"\n', "[[a.b]]\n", ""), (COMMAND, 'prompt = "x"\na = ', "[", ""),
    (COMMAND, 'prompt = "x"\na = [', "[],", "]"), (COMMAND, 'a = """\n', '\\"""\n', ""), (COMMAND, 'a = "', "\\", ""),
    (COMMAND, 'prompt = "', "!{", '"'), (COMMAND, 'prompt = "', "@{a {", '"'), (COMMAND, "prompt = '''", "!{a}!{", "'''"),
    (COMMAND, "prompt = '''", "{{", "'''"), (COMMAND, "prompt = '''", "a\\n#", "'''"), (COMMAND, "", " ", "prompt"),
    ("skills/a/SKILL.md", FRONT, "a: |\n", "---\n"), ("skills/a/SKILL.md", FRONT + "description: ", '"', "\n---\n"),
    ("skills/a/SKILL.md", FRONT + "description:\n", "  a: b\n", "---\n"), ("skills/a/SKILL.md", FRONT, "# a\n", "---\n"),
    ("skills/a/SKILL.md", FRONT + "description: |\n", "\ta\n", "---\n"), ("skills/a/SKILL.md", "---\n", "- a: b\n", "---\n"),
    ("skills/a/SKILL.md", "---\na: ", "[", "\n---\n"), ("skills/a/SKILL.md", "---\n", "&a [*a, ", "\n---\n"),
    ("skills/a/SKILL.md", "---\nname: ", "a-", "\n---\n"), ("skills/a/SKILL.md", "---\n", "--- \n ", ""),
    ("skills/a/SKILL.md", "", "#\n", ""), ("skills/a/SKILL.md", "", "$ARGUMENT", ""), ("skills/a/SKILL.md", "", "!`", ""),
    ("skills/a/SKILL.md", "---\na: b", " ", ": c\n---\n"), ("skills/a/SKILL.md", "---\na: [", "b, ", "\n---\n"),
    ("skills/a/SKILL.md", "---\na: ", "b#:", "\n---\n"), ("skills/a/SKILL.md", "---\nkey", " ", "x\n---\n"),
    ("CLAUDE.md", "", "@a\n", ""), ("CLAUDE.md", "", "@a ", ""), ("CLAUDE.md", "@", "\\ ", ""), ("CLAUDE.md", "@", "a/../", ""),
    ("CLAUDE.md", "@a\n", "> ", ""), ("CLAUDE.md", "@a\n", "- ", ""), ("CLAUDE.md", "@a\n", "`", ""), ("CLAUDE.md", "@a\n", "\\`", ""),
    ("CLAUDE.md", "@a\n", "<a ", ""), ("CLAUDE.md", "@a\n<a", " a=", ""), ("CLAUDE.md", "@a\n", "<!--", ""),
    ("CLAUDE.md", "@a\n", "* ", ""), ("CLAUDE.md", "@a\n", "1. ", ""), ("CLAUDE.md", "", "(@a#b) ", ""), ("CLAUDE.md", "", "#\n", ""),
    ("CLAUDE.md", "@a\n", " ", "a"), ("CLAUDE.md", "@a\n", "\t", "a"), ("CLAUDE.md", "@a\n", "``` `", ""),
    ("CLAUDE.md", "@a\n", "- a\n  ", ""), ("CLAUDE.md", "@a\n", "-\n", ""), ("CLAUDE.md", "@a\n", "a\n=\n", ""),
    ("CLAUDE.md", "@a\n", "<a b='", ""), ("CLAUDE.md", "@a\n", "<!-- --><!--", ""), ("CLAUDE.md", "@a\n", "~~~\n", ""),
    ("CLAUDE.md", "@a\n", "* * ", ""), ("CLAUDE.md", "@a\n", "<!-- -->\n", ""), ("CLAUDE.md", "@a\n", "- - - - - - - - x\n", ""), ("CLAUDE.md", "@a\n", "_", ""), ("CLAUDE.md", "@a", "\r", ""),
    ("GEMINI.md", "", "@a\n", ""), ("GEMINI.md", "", "``` ``", ""), ("GEMINI.md", "", "` `` ", ""),
    ("a.prompt", "", "# a\n", ""), ("a.prompt", "", " \n", ""), ("a.prompt", "---\na: 1\n---\n", "{{role ", ""),
    ("a.prompt", "---\na: 1\n---\n", '{{role "user"}}', ""), ("a.prompt", "---\na: 1\n---\n", "{{!--", ""),
    ("a.prompt", "---\na: 1\n---\n", '{{#*inline "a"}}', ""), ("a.prompt", "---\na: 1\n---\n", "{{> a ", ""),
    ("a.prompt", "---\na: 1\n---\n", "{{#>b}}", ""), ("a.prompt", "---\na: 1\n---\n", "{{>(", ""), ("a.prompt", "", "\n---", ""),
    ("a.prompt", "name: a\n---\n", "<system>", ""), ("a.prompt", "", "#\n", "name: a\n---\n"),
    ("a.prompty", "---\na: 1\n---\n", "user:\n", ""), ("a.prompty", "---\na: 1\n---\n", "user[", ""),
    ("a.prompty", "---\na: 1\n---\n", "user[a=b, ", ""), ("a.prompty", "---\na: 1\n---\n", "---\n", "x"),
    ("a.prompty", "---\na: 1\n---\n", "# ", ""), ("a.prompty", "---\na: 1\n---\n", "{{a", ""), ("a.prompty", "", "\n", ""),
    ("a.prompt.yml", "messages:\n", "- role: user\n  content: a\n", ""), ("a.prompt.yml", "messages: ", "[", ""),
    ("a.prompt.yml", "messages: ", "- ", ""), ("a.prompt.yml", "", "\n", "messages: a"), ("a.prompt.yml", "", "#\n", "%"),
    ("a.yaml", "messages: [", "{a: ", ""), ("a.yaml", "messages:\n", "- - a\n", ""), ("a.yaml", "tools: ", "? ", ""),
    ("a.yaml", 'messages: "', "\\\n", '"'), ("a.yaml", "messages: ", "!a ", ""), ("a.yaml", "", "parameters:\n", ""),
    ("a.json", REQUEST, "\\u0041", '"}]}'), ("a.json", REQUEST, "\\", ""), ("a.json", '{"tools": ', "[", ""),
    ("a.json", '{"messages": [', "[],", "1]}"), ("a.json", '{"messages": [', '"a",', "1]}"), ("a.json", '{"tools": ', '{"a":', "1"),
    ("a.json", '{"messages": [', "{},", '{"a": 1, "a": 2}]}'), ("a.json", '{"messages": 1', "1", "}"), ("a.json", "", "\n", "{"),
    ("a.jsonl", "", "-\n", ""), ("a.jsonl", "", "{}\n", ""), ("a.jsonl", "", "\n", ""), ("a.jsonl", "", '{"messages": [\n', ""),
    ("a.txt", "", "{{", ""), ("a.txt", "{{", "a\n", ""), ("a.txt", "", "{%", ""), ("a.txt", "", "{# ", ""), ("a.txt", "", "\\a{{}}", "x"),
    ("a.txt", "{{", "`", ""), ("a.txt", "{{", "```\n~~~\n", ""), ("a.txt", "{{a", " ", ""), ("a.prompt.md", "", "${input:", ""), ("a.prompt.md", "`", "{{a}} `` ", ""), ("a.prompt.md", "", "\\\\{{a}}", ""),
    ("python", "", "x,", ""), ("python", "PROMPT = ", "(", ""), ("python", "PROMPT = ", "-", "1"), ("python", "PROMPT = '", "\\d", "'"),
    ("python", "", 'PROMPT = "a"\n', ""), ("python", "A = 'a'\n", "A += 'a'\n", ""), ("python", "A = 'a'\n", "A = A + A\n", ""),
    ("python", "PROMPT = f'", "{a}", "'"), ("python", "", '\\"""', ""), ("python", "PROMPT = ", "'a'+", "'a'"), ("python", "", "if x:\n p=1\n", ""),
    ("python", "if x: pass\n", "elif x: pass\n", ""), ("python", "PROMPT = ", "a.", "b"), ("python", "", "class A:\n PROMPT='a'\n", ""),
    ("python", "", "f'{a}',", ""), ("marked", "", "# prompt-lint: begin a\n", ""), ("marked", "", "# prompt-lint: begin\n#\n# prompt-lint: end\n", ""),
    ("marked", "# prompt-lint:", " ", "begin"), ("marked", "", " \t", "# prompt-lint: begin"), ("marked", "", "#", "prompt-lint: end"),
    ("report", '{"schema_version": 1, "verdicts": [', "[],", "1]}"), ("report", '{"schema_version": 1, "verdicts": ', "[", ""),
    ("report", '{"schema_version": 1, "verdicts": ["', "\\n", '"]}'),
    ("config", "prompts:\n", "- files: a\n", ""), ("config", "prompts: ", "[", ""), ("config", "exclude: [", "'{a,b}',", "]"),
    ("config", "", "#\n", "%"), ("config", "", "a: b\n", ""), ("config", "models: '", "a-", "'"),
    ("config", "limit: ", "1", ""), ("config", "prompts: [{files: '", "[!", "'}]"), ("config", "exclude: '", "{a,", "'"),
]  # fmt: skip


def read_report(path: str, data: bytes) -> None:
    parse_report(data, path)


def read_config(path: str, data: bytes) -> None:
    parse_config(data, path, RULE_KEYS)


def read_prompts(path: str, data: bytes) -> None:
    """Recognise and parse a file, and take the first prompts apart."""
    rule = make.rule(format=path if path in {"python", "marked"} else "", role="")
    chosen = FORMATS[recognition.recognise(path, data, rule).name]
    prompts = [it for it in chosen.parse(path, data, rule, read_nothing) if isinstance(it, Prompt)]
    for prompt in prompts[:3]:
        list(chosen.parts(path, data, prompt, read_nothing))


READERS = {"report": read_report, "config": read_config}


def measure(read: Callable[[str, bytes], None], path: str, data: bytes) -> float:
    """Return the seconds of CPU that reading takes."""
    started = time.process_time()
    with suppress(Fatal, Unreadable):
        read(path, data)
    return time.process_time() - started


@pytest.fixture(scope="module", autouse=True)
def _only_new_objects() -> None:
    """Let the garbage collector pass over what other tests have left."""
    gc.collect()
    gc.freeze()


@pytest.mark.parametrize(("path", "start", "unit", "end"), SHAPES)
def test_time_and_memory_grow_with_the_size_of_a_file(path: str, start: str, unit: str, end: str) -> None:
    """Whatever it holds. What takes memory that grows with the square of the size is stopped at a small one."""
    read = READERS.get(path, read_prompts)
    files = [f"{start}{unit * (size // len(unit))}{end}".encode() for size in SIZES]
    most = MAX_BYTES_PER_TOKEN if path == "python" else MAX_BYTES_PER_BYTE
    measure(read, path, files[0])  # imports what is imported late

    gc.collect()  # what other tests have left isn't this file's
    tracemalloc.start()
    measure(read, path, files[1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most * len(files[1]) + MAX_BYTES

    assert any(
        (longest := measure(read, path, files[2])) < NOISE
        or longest < MAX_GROWTH * measure(read, path, files[0])
        for _ in range(3)
    )
