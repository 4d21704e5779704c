"""Real repositories, by format: files, prompts, tokens, problems and notes; and what their frontmatter and skills are like.

    python benchmarks/formats.py [FOLDER] [--said]

FOLDER holds a folder for each repository; without one, the unpacked `../shared/data/corpora.tar.gz` is taken. Skips where
neither is there. `--said` prints each problem and note with its place, to be looked at by hand.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support import make

from prompt_lint.counting import offline
from prompt_lint.formats import FORMATS, memory, memory_imports
from prompt_lint.formats import skill as skills
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import Note, Problem, Prompt
from prompt_lint.text import frontmatter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_lint.model.values import ReadFile

ARCHIVE = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "corpora.tar.gz"
MODEL = "claude-sonnet-5-5"


class File(NamedTuple):
    """A file and what is said of it; `path` is below its repository."""

    repository: str
    path: str
    data: bytes
    format: str
    prompts: list[Prompt]
    said: list[Problem | Note]


def files(top: Path) -> Iterator[File]:
    """Every file of every repository, as its format reads it."""
    for repository in sorted(p for p in top.iterdir() if p.is_dir()):
        for file in sorted(p for p in repository.rglob("*") if p.is_file()):
            yield read(repository, file.relative_to(repository).as_posix(), file.read_bytes())


def read(repository: Path, path: str, data: bytes) -> File:
    rule = make.rule(role="")
    name, prompts, said = "(not text)", list[Prompt](), list[Problem | Note]()
    try:
        name = recognise(path, data, rule).name
        for one in FORMATS[name].parse(path, data, rule, reader(repository)):
            (prompts if isinstance(one, Prompt) else said).append(one)  # type: ignore[arg-type]  # the list of its kind
    except Unreadable as error:
        said.append(Problem(path, error.line, error.message, error.hint))
    return File(repository.name, path, data, name, prompts, said)


def reader(repository: Path) -> ReadFile:
    def take(path: str) -> tuple[str, bytes]:
        real = os.path.realpath(repository / path)
        if not real.startswith(f"{os.path.realpath(repository)}/") or not os.path.isfile(real):
            raise MissingFile(f"{path} is not there")
        return path, Path(real).read_bytes()

    return take


def tokens(prompts: list[Prompt]) -> int:
    return sum(offline.count_request(MODEL, one.request).tokens for one in prompts if one.request)


def table(found: list[File]) -> Iterator[str]:
    yield f"{'format':22}{'files':>7}{'prompts':>9}{'tokens':>11}{'problems':>10}{'notes':>7}"
    for name in sorted({file.format for file in found}):
        ours = [file for file in found if file.format == name]
        prompts = [prompt for file in ours for prompt in file.prompts]
        said = Counter(type(one) for file in ours for one in file.said)
        yield (
            f"{name:22}{len(ours):7,}{len(prompts):9,}{tokens(prompts):11,}{said[Problem]:10,}{said[Note]:7,}"
        )


def broken(found: list[File]) -> Iterator[str]:
    """Frontmatter that isn't plain YAML, by format; also where the tool doesn't mind."""
    blocks, faulty, described = Counter[str](), Counter[str](), 0
    for file in found:
        front = frontmatter.split_frontmatter(
            file.data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
        ).frontmatter
        if front is not None:
            fields = frontmatter.parse_fields(front)
            blocks[file.format] += 1
            faulty[file.format] += fields.fault_line > 0
            described += fields.fault_line > 0 and bool(fields.get_text("description"))
    shown = ", ".join(f"{name} {faulty[name]} of {blocks[name]}" for name in sorted(blocks))
    yield f"frontmatter that isn't plain YAML: {faulty.total()} of {blocks.total()} ({shown})"
    yield f"  of these with a description all the same: {described}"


def of_skills(found: list[File]) -> Iterator[str]:
    ours = [file for file in found if file.path.rpartition("/")[2] == "SKILL.md"]
    messages = Counter(one.message for file in ours for one in file.said)
    for told, message in (
        ("without frontmatter", skills._NO_FRONTMATTER),  # noqa: SLF001  # the sentences are no one else's business
        ("not called like their folder", skills._OTHER_NAME),  # noqa: SLF001  # the sentence itself
        ("with a body of more than 500 lines", skills._LONG),  # noqa: SLF001  # the same
        ("with frontmatter that isn't plain YAML", frontmatter.NOT_YAML),
    ):
        yield f"skills {told}: {messages[message]} of {len(ours)}"
    lines = sum(file.data.count(b"\n") > 500 for file in ours)
    yield f"skills of more than 500 lines, frontmatter included: {lines} of {len(ours)}"
    faults = sum(isinstance(one, Problem) for file in ours for one in file.said)
    yield f"skills that break the specification: {faults}"


def of_memory(found: list[File], top: Path) -> Iterator[str]:
    """Words with `@` in memory files: by an expression, outside of code, and those that are imports."""
    ours = [file for file in found if file.format == "memory"]
    texts = [file.data.decode("utf-8-sig").replace("\r\n", "\n") for file in ours]
    plain = sum(len(re.findall(r"(?<!\S)@(?:\\ |[^\s\\])+", text)) for text in texts)
    named = sum(len(memory_imports.parse_for_claude(text).imports) for text in texts)
    taken = {
        (file.repository, file.path, part.path, part.import_chain)
        for file in ours
        for part in memory.parts(file.path, file.data, make.prompt(file.path), reader(top / file.repository))
        if part.import_chain
    }
    yield f"memory files: {len(ours)}; words with `@`: {plain}, outside of code: {named}; files imported: {len(taken)}"
    for repository, path, imported, via in sorted(taken):
        yield f"  {repository}/{path}: {' → '.join((*via[1:], imported))}"


def report(top: Path, *, said: bool) -> None:
    found = list(files(top))
    for part in (table(found), broken(found), of_skills(found), of_memory(found, top)):
        print("\n".join(part), end="\n\n")
    if said:
        for file in found:
            for one in file.said:
                kind = "problem" if isinstance(one, Problem) else "note"
                print(f"{file.format}: {kind}: {file.repository}/{one.path}:{one.line}: {one.message}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--said", action="store_true")
    given = parser.parse_args()
    if given.folder:
        report(given.folder, said=given.said)
    elif ARCHIVE.exists():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["tar", "-xf", ARCHIVE, "-C", folder], check=True)
            report(next(Path(folder).iterdir()), said=given.said)
    else:
        print(f"{ARCHIVE.name} isn't there: skipped")


if __name__ == "__main__":
    main()
