"""A build is known by its files: two of one version number never use each other's entries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.paths import ROOT

from prompt_lint import __version__
from prompt_lint.cache import build_digests
from prompt_lint.cache.build_digests import find_digests

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repo import Repo

CONFIG = "models: [claude-sonnet-5-5]\nlimit: 1000\nprompts:\n  - files: prompts/**\n"
# What another build might do: count otherwise, and read otherwise.
PATCHES = {
    "counting/offline.py": ("\ndef count_request(", "\ndef _count(", "\n\ndef count_request(model, request):\n    count = _count(model, request)\n    return count._replace(tokens=count.tokens + 100, low=count.low + 100, high=count.high + 100)\n"),
    "text/decode.py": ("\ndef decode(", "\ndef _decode(", "\n\ndef decode(data):\n    return _decode(data)[: len(data) // 2]\n"),
}  # fmt: skip


def copy_sources(folder: Path) -> Path:
    """Copy what a build needs, and the bytecode, so that Python compiles only what a test changes."""
    for name in ("src", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    return folder


def patch(sources: Path, path: str) -> None:
    before, after, more = PATCHES[path]
    file = sources / "src/prompt_lint" / path
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1) + more, encoding="utf-8")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheels of two builds: of these sources, and of some that count and read otherwise."""
    folder = tmp_path_factory.mktemp("builds")
    first, second = (copy_sources(folder / name) for name in ("first", "second"))
    for path in PATCHES:
        patch(second, path)
    return build(first), build(second)


@pytest.fixture(scope="module")
def sites(wheels: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """An installation of each wheel."""
    return [install(wheel, tmp_path_factory.mktemp("site")) for wheel in wheels]


def build(sources: Path) -> Path:
    code = "from hatchling.build import build_wheel; print(build_wheel('.'))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=sources, check=True, capture_output=True, text=True)
    return sources / done.stdout.splitlines()[-1]


def install(wheel: Path, site: Path) -> Path:
    """A real installation from a real wheel, without a network."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile",
               "--disable-pip-version-check", "--upgrade", "--target", str(site), str(wheel)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return site


def check(site: Path, repo: Repo, *arguments: str) -> str:
    """The report of the build that is installed in `site`."""
    code = "import sys; from prompt_lint.cli.main import main; sys.argv[0] = 'prompt-lint'; main()"
    command = [sys.executable, "-c", code, "check", "--output-format", "json", *arguments]
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        command, cwd=repo.path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


@pytest.fixture
def repo_of_prompts(repo: Repo) -> Repo:
    repo.write(".prompt-lint.yaml", CONFIG)
    for name in ("a", "b"):
        repo.write(f"prompts/{name}.txt", f"Answer {name} in one sentence, and say why.\n" * 4)
    repo.commit()
    time.sleep(2.1)  # younger files aren't kept by their stamps
    return repo


def test_two_builds_of_one_version_share_a_cache_without_using_each_others_entries(
    repo_of_prompts: Repo, wheels: tuple[Path, Path], sites: list[Path], tmp_path: Path
) -> None:
    """Each prints what it prints without a cache; also the one that replaces the other in its place.

    The record of the installation is what decides, since it is all that is read.
    """
    fresh = [check(site, repo_of_prompts, "--no-cache") for site in sites]

    assert [check(site, repo_of_prompts) for site in (*sites, sites[0])] == [*fresh, fresh[0]]
    upgraded = tmp_path / "upgraded"
    shutil.copytree(sites[0], upgraded)
    before = find_digests(str(upgraded / "prompt_lint"))
    install(wheels[1], upgraded)
    find_digests.cache_clear()

    assert find_digests(str(upgraded / "prompt_lint")).build != before.build
    assert fresh[0] != fresh[1]
    assert check(upgraded, repo_of_prompts) == fresh[1]


def test_an_edit_in_an_editable_installation_is_seen(repo_of_prompts: Repo, tmp_path: Path) -> None:
    """There the files themselves say which build it is."""
    sources = copy_sources(tmp_path / "sources")
    before = check(sources / "src", repo_of_prompts)

    for path in PATCHES:
        patch(sources, path)

    assert check(sources / "src", repo_of_prompts) != before
    assert check(sources / "src", repo_of_prompts) == check(sources / "src", repo_of_prompts, "--no-cache")


def test_one_wheel_is_one_build_wherever_it_is_installed(
    wheels: tuple[Path, Path], sites: list[Path], tmp_path: Path
) -> None:
    """So that counts may travel between machines. Bytecode, which every machine makes itself, is no part of it."""
    other = install(wheels[0], tmp_path / "other")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(other / "prompt_lint/model")], check=True)

    found = [find_digests(str(site / "prompt_lint")) for site in (sites[0], other)]

    assert found[0] == found[1]
    assert all(found[0])


def test_a_tokenizer_is_known_by_its_own_files(tmp_path: Path) -> None:
    """Counts of texts stay when the package changes elsewhere: by its record, or by its files where it has none."""
    package = tmp_path / "prompt_lint"
    (package / "counting").mkdir(parents=True)
    (package / "__pycache__").mkdir()

    def find_with(name: str, text: str) -> build_digests.BuildDigests:
        (tmp_path / name).write_text(text, encoding="utf-8")
        find_digests.cache_clear()
        return find_digests(str(package))

    first = find_with("prompt_lint/counting/offline.py", "1")
    other = find_with("prompt_lint/a.py", "1")
    assert (other.build != first.build, other.tokenizer == first.tokenizer) == (True, True)
    assert find_with("prompt_lint/__pycache__/a.pyc", "1") == other
    assert find_with("prompt_lint/counting/offline.py", "2").tokenizer != first.tokenizer

    (tmp_path / f"prompt_lint-{__version__}.dist-info").mkdir()
    record = f"prompt_lint-{__version__}.dist-info/RECORD"
    rows = "prompt_lint/a.py,sha256=1,1\nprompt_lint/counting/offline.py,sha256=1,\n"
    first = find_with(record, rows)
    assert find_with(record, f"other/a.py,sha256=1,1\n{rows}prompt_lint/a.pyc,,\nprompt_lint/odd\n") == first
    other = find_with(record, rows.replace("a.py,sha256=1", "a.py,sha256=2"))
    assert (other.build != first.build, other.tokenizer == first.tokenizer) == (True, True)
    assert (
        find_with(record, rows.replace("offline.py,sha256=1", "offline.py,sha256=2")).tokenizer
        != first.tokenizer
    )
    assert find_with(record, "\n").build != first.build  # of no file, so the files are read


def test_all_that_decides_an_offline_count_is_part_of_the_tokenizers_digest() -> None:
    """Every module that counting offline imports is in the list; docstrings of packages decide nothing."""
    code = "import sys, prompt_lint.counting.offline, prompt_lint.counting.image_tokens; print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('prompt_lint')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    package = build_digests._PACKAGE

    paths = [os.path.relpath(path, package).replace(os.sep, "/") for path in done.stdout.split()]

    assert [
        path
        for path in paths
        if not path.endswith("__init__.py") and not path.startswith(build_digests._TOKENIZER)
    ] == []


def test_a_package_that_is_no_folder_has_no_digest(tmp_path: Path) -> None:
    """In an archive, say: then nothing is kept between runs."""
    assert find_digests(str(tmp_path / "nowhere" / "prompt_lint")) == ("", "")
