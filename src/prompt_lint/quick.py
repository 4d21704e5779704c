"""An answer without a run: what a `check` in which all was well has printed, while nothing it depends on has changed.

The console script asks here first, so this imports next to nothing: a run that has nothing new to look at takes
little longer than Python takes to start. Whatever is in doubt is left to a real run. `record.py` writes what is read
here; docs/cache.md says what is compared.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from binascii import crc32
from struct import Struct

from prompt_lint import kept

TYPE_CHECKING = False  # importing `typing` would cost a fifth of the whole answer
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Of `reading.stamp`: device, inode, size, and in nanoseconds when the contents and when the inode were last changed.
STAMP = Struct("<QQQqq")
ABSENT = bytes(STAMP.size)

# The number is the version of everything that decides what a record means: raise it when any of that changes.
PREFIX = "run-v2-"
MAGIC = b"prompt-lint run 2\n"
# When it was made, until when it holds (Unix seconds), and how many of the paths are folders.
_HEAD = Struct("<qqQ")
_LARGEST = 64 << 20
# What was changed so recently (in nanoseconds) might change again without a new stamp; see `reading.py`.
UNSURE = 2_000_000_000

# What decides a plain run beside its paths: words alone, no other file and no other output. All else is left to a real run.
_FLAGS = ("--offline", "-q", "--quiet", "-v", "--verbose", "-e", "--exit-zero")
_VALUED = (
    "--counting", "--cache-dir", "--color", "--jobs", "--max-requests", "--deadline", "--max-file-size", "--limit", "--model",
    "--output-format",
)  # fmt: skip
# Where one of these is set, more would have to be known, or kept, than is good.
_SPECIAL = (
    "CI", "GITHUB_ACTIONS", "TF_BUILD", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_PROFILE", "ANTHROPIC_CONFIG_DIR",
    "ANTHROPIC_FEDERATION_RULE_ID", "_PROMPT_LINT_COMPLETE",
)  # fmt: skip
# Of our own variables those that a plain run may be given; any other one takes a real run.
_OURS = "PROMPT_LINT_"
_GIVEN = {
    f"{_OURS}{name}"
    for name in (
        "CACHE_DIR",
        "COLOR",
        "COUNTING",
        "DEADLINE",
        "JOBS",
        "MAX_FILE_SIZE",
        "MAX_REQUESTS",
        "OUTPUT_FORMAT",
    )
}
_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
# Whose counts they are. Where it isn't plain, it may hold what must not be kept.
_ADDRESS = "ANTHROPIC_BASE_URL"
_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_IN_HOSTS, _IN_PATHS = frozenset(f"{_ALNUM}.-"), frozenset(f"{_ALNUM}._~/-")
# Where git, the cache and the credentials are looked for.
_COMPARED = ("HOME", "PATH", "SUDO_UID", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")

# What a text may hold beside printable characters: lines, the blank that Markdown doesn't break at, the colours of the report.
_BESIDE = ("\n", "\xa0", *(f"\x1b[{code}m" for code in ("0", "1", "1;31", "1;35", "33", "32")))


class Question:
    """A plain `check` at the top of what may be a repository.

    `key` is all that decides its answer and isn't a file; `file` is where its record would be.
    """

    __slots__ = ("file", "key", "paths", "top")

    def __init__(self, file: str, key: bytes, top: str, paths: Sequence[str]) -> None:
        self.file = file
        self.key = key
        self.top = top
        self.paths = paths


class Record:
    """What a run depended on and what it printed. Paths and stamps go together; no stamp (zeros) is no file.

    `settings` are absolute paths, seen through links. `plain` are folders that must be no links, `watched` what must
    be as it was, the last `folders` of them being folders: both relative to the top, and no link is followed. `index` are
    git's files that need not be as they were, as long as what git lists within paths has the same digest (`staged.py`).
    """

    __slots__ = (
        "folders", "index", "key", "listed", "made", "plain", "settings", "text", "until", "watched", "within",
    )  # fmt: skip

    def __init__(
        self,
        key: bytes,
        text: str,
        times: tuple[int, int],
        settings: Mapping[bytes, bytes],
        index: Mapping[bytes, bytes],
        listing: tuple[Sequence[bytes], bytes],
        plain: Sequence[bytes],
        watched: Mapping[bytes, bytes],
        folders: int,
    ) -> None:
        self.key = key
        self.text = text
        self.made, self.until = times
        self.settings = settings
        self.index = index
        self.within, self.listed = listing
        self.plain = plain
        self.watched = watched
        self.folders = folders


def answer(arguments: Sequence[str], env: Mapping[str, str]) -> str | None:
    """What the run would print, its exit code being 0; None where only a run can tell."""
    try:
        question = ask(arguments, env)
        record = load(question) if question else None
        return record.text if question and record and _holds(record, question) else None
    except Exception:  # noqa: BLE001  # the record may be anybody's; a real run says what is wrong
        return None


def ask(arguments: Sequence[str], env: Mapping[str, str]) -> Question | None:
    """The question that the command line puts; None if it isn't a plain one."""
    try:
        return _plain(arguments, env)
    except (OSError, ValueError):  # no working directory, no such text
        return None


def _plain(arguments: Sequence[str], env: Mapping[str, str]) -> Question | None:
    found = words(arguments)
    if found is None or os.name != "posix" or sys.getfilesystemencoding() != "utf-8":
        return None
    flags, given, paths = found
    ours = [name for name in env if name.startswith(_OURS)]
    if any(map(env.get, (*_SPECIAL, *(name for name in ours if name not in _GIVEN)))):
        return None
    if not all(map(_sound, filter(None, map(env.get, _KEYS)))):
        return None
    address = _plain_address(env.get(_ADDRESS, ""))
    if address is None:
        return None
    top = os.getcwd()
    place = cache_folder(env, given.get("--cache-dir"), top)
    if not place:
        return None
    color = wants_color(given.get("--color") or env.get(f"{_OURS}COLOR") or "auto", env)
    named = sorted([*ours, *(name for name in _COMPARED if name in env)])
    parts = [
        (top, str(os.geteuid()), str(color), address, *(name for name in _KEYS if env.get(name))),
        [f"{name}={env[name]}" for name in named],
        flags,
        paths,
    ]
    key = b"\0".join(os.fsencode(word) for part in parts for word in (str(len(part)), *part))
    return Question(os.path.join(place, f"{PREFIX}{crc32(key):08x}"), key, top, paths)


def words(arguments: Sequence[str]) -> tuple[list[str], dict[str, str], list[str]] | None:
    """The flags as they stand, the values among them, the paths; None for any word that isn't plain."""
    flags: list[str] = []
    given: dict[str, str] = {}
    paths: list[str] = []
    left = iter(arguments)
    if next(left, "") != "check":
        return None
    for word in left:
        name, equals, value = word.partition("=")
        if word == "--":
            paths += left
        elif word and not word.startswith("-"):
            paths.append(word)
        elif os.path.lexists(word):  # a run refuses it: an option, or the file?
            return None
        elif word in _FLAGS:
            flags.append(word)
        elif name in _VALUED:
            following = value if equals else next(left, None)
            if following is None or (not equals and following.startswith("-")):
                return None  # missing, or perhaps another option, or a file that a run refuses
            given[name] = following
            flags += (name, following)
        else:
            return None
    return None if "" in paths else (flags, given, paths)


def _sound(key: str) -> bool:
    """Whether a real run takes it for a credential; `credentials.py` says why it wouldn't."""
    return all("!" <= char <= "~" for char in key) and not key.lower().startswith("sk-ant-admin")


def _plain_address(url: str) -> str | None:
    """The address for the key; None where it isn't `https?://host[:port][/path]`. A path may be a secret: of it, a digest."""
    scheme, slashes, rest = url.partition("://")
    host, _, path = rest.partition("/")
    name, colon, port = host.partition(":")
    if not url:
        return ""
    ported = not colon or (port.isascii() and port.isdigit())
    if scheme not in {"https", "http"} or not slashes or not name or not ported:
        return None
    if not _IN_HOSTS.issuperset(name) or not _IN_PATHS.issuperset(path):
        return None
    if path:
        from hashlib import sha256  # noqa: PLC0415  # few addresses have one

        path = sha256(path.encode()).hexdigest()
    return f"{scheme}://{host}/{path}"


def load(question: Question) -> Record | None:
    """The record of this very question. Raises whatever a file that is none leads to."""
    sections = kept.read(question.file, MAGIC, _LARGEST)
    if sections is None:
        return None
    version, key, head, text, *rest = sections
    settings, settings_stamps, index, index_stamps, within, listed, plain, watched, stamps = rest
    if version != _made_by() or key != question.key:
        return None
    made, until, folders = _HEAD.unpack(head)
    return Record(
        key,
        text.decode(),
        (made, until),
        _stamped(settings, settings_stamps),
        _stamped(index, index_stamps),
        (_paths(within), listed),
        _paths(plain),
        _stamped(watched, stamps),
        folders,
    )


def write(record: Record, path: str) -> None:
    """What `load` reads: the old one, the new one, or none. Raises `OSError`."""
    sections = (
        _made_by(),
        record.key,
        _HEAD.pack(record.made, record.until, record.folders),
        record.text.encode(),
        *(b"\0".join(record.settings), b"".join(record.settings.values())),
        *(b"\0".join(record.index), b"".join(record.index.values())),
        *(b"\0".join(record.within), record.listed),
        b"\0".join(record.plain),
        *(b"\0".join(record.watched), b"".join(record.watched.values())),
    )
    kept.write(path, MAGIC, sections)


def _made_by() -> bytes:
    """This version, as it is installed: another one may have the same number, and libraries count, too."""
    from prompt_lint import __version__  # noqa: PLC0415  # a constant; nothing else is loaded

    return __version__.encode() + _installed()


def _installed() -> bytes:
    """Both folders change with the names in them."""
    package = os.path.dirname(__file__)
    folders = filter(os.path.isdir, (package, os.path.dirname(package)))  # there are none in an archive
    return b"".join(_stamp(os.fsencode(folder)) for folder in folders)


def _paths(joined: bytes) -> list[bytes]:
    return joined.split(b"\0") if joined else []


def _stamped(joined: bytes, stamps: bytes) -> dict[bytes, bytes]:
    size = STAMP.size
    paths = _paths(joined)
    return dict(zip(paths, (stamps[at : at + size] for at in range(0, len(stamps), size)), strict=True))


def _holds(record: Record, question: Question) -> bool:
    """Whether everything that decides is as it was."""
    me = os.geteuid()
    if not record.made <= time.time() < record.until or not printable(record.text):
        return False
    # Git works in no repository of another owner.
    if os.lstat(".").st_uid != me or os.lstat(".git").st_uid != me:
        return False
    if not unchanged(record.settings, os.stat):
        return False
    return _files_hold(record) if unchanged(record.index, os.stat) else _lists_the_same(record, question)


def _files_hold(record: Record) -> bool:
    plain = all(stat.S_ISDIR(os.lstat(folder).st_mode) for folder in record.plain)
    return plain and unchanged(record.watched, os.lstat)


def _lists_the_same(record: Record, question: Question) -> bool:
    """The same where git's index is another one: after `git add`, for one, which may have staged new contents only."""
    from prompt_lint import staged  # noqa: PLC0415  # rarely needed

    latest = time.time_ns() - UNSURE
    index = {path: _stamp(path) for path in record.index}
    spare = f"{question.file}.{os.getpid()}.tmp"
    listing = staged.start(question.top, list(map(os.fsdecode, record.within)), spare)
    try:
        same = _files_hold(record) and staged.digest(listing) == record.listed  # git works while we look
    finally:
        staged.stop(listing)
    if same and all(max(STAMP.unpack(stamp)[3:]) <= latest for stamp in index.values()):
        record.index = index
        try:  # noqa: SIM105  # contextlib takes longer to import than this to run
            write(record, question.file)
        except OSError:  # git will be asked again
            pass
    return same


def _stamp(path: bytes) -> bytes:
    s = os.stat(path)
    return STAMP.pack(s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)


def unchanged(stamps: Mapping[bytes, bytes], look: Callable[[bytes], os.stat_result]) -> bool:
    """Whether each path has the stamp it had."""
    pack = STAMP.pack
    for path, then in stamps.items():  # 15,000 times in a large repository: this is all that it does
        try:
            s = look(path)
        except (FileNotFoundError, NotADirectoryError):
            now = ABSENT
        else:
            now = pack(s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)
        if now != then:
            return False
    return True


def printable(text: str) -> bool:
    """Whether it holds nothing but lines that a report may have."""
    for beside in _BESIDE:
        text = text.replace(beside, "")
    return text.isprintable()


def tell(text: str) -> bool:
    """Whether all of it is on stdout. If not, a real run finds the same fault, and says so."""
    try:
        data = text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        return False
    return True


def wants_color(choice: str, env: Mapping[str, str]) -> bool:
    """The flag, then NO_COLOR, then FORCE_COLOR, then the terminal (no-color.org, force-color.org)."""
    if choice != "auto":
        return choice == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and env.get("TERM") != "dumb"


def cache_folder(
    env: Mapping[str, str], flag: str | None, top: str | None = None, platform: str = sys.platform
) -> str | None:
    """Where the cache is: the flag, PROMPT_LINT_CACHE_DIR, or the platform's place for caches; None if there is none.

    A place that nobody named is refused inside the checkout at `top`: whoever wrote the repository could have put
    counts there.
    """
    named = flag or env.get("PROMPT_LINT_CACHE_DIR")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    usual = _usual_folder(env, platform)
    return None if usual and top and _inside(usual, top) else usual


def _usual_folder(env: Mapping[str, str], platform: str) -> str | None:
    """By the XDG Base Directory Specification, Apple's File System Programming Guide and Windows' local app data."""
    shared = env.get("XDG_CACHE_HOME", "")
    if os.path.isabs(shared):
        return os.path.join(shared, "prompt-lint")
    if platform == "win32":
        local = env.get("LOCALAPPDATA", "")
        return os.path.join(local, "prompt-lint", "Cache") if os.path.isdir(local) else None
    home = env.get("HOME", "")
    if not (os.path.isabs(home) and os.path.isdir(home)):
        return None
    return os.path.join(home, "Library/Caches" if platform == "darwin" else ".cache", "prompt-lint")


def _inside(path: str, top: str) -> bool:
    path, top = os.path.realpath(path), os.path.realpath(top)
    return path == top or path.startswith(os.path.join(top, ""))
