"""The bytes of a prompt file → the text that is counted."""

from __future__ import annotations

from prompt_lint.model.errors import Unreadable

_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def decode(data: bytes) -> str:
    """Decode strict UTF-8, without its byte order mark, and with CRLF as LF so that Windows and Linux agree.

    A lone CR, trailing white space and the final newline stay: they are sent, so they are counted.
    Raises `Unreadable` for anything that isn't UTF-8 text, with the line of the first bad byte.
    """
    for bom, name in _WIDE_BOMS.items():
        if data.startswith(bom):
            raise Unreadable(f"is {name}, not UTF-8", "save it as UTF-8", 1)
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise Unreadable("contains a NUL byte, so it isn't text", "exclude binary files with `exclude`", line)
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        bad = error.object[error.start]
        raise Unreadable(f"is not UTF-8: byte 0x{bad:02x}", "save it as UTF-8", line) from None
    return text.replace("\r\n", "\n")


def decode_leniently(data: bytes) -> str:
    """Return the text as `decode` does, with U+FFFD for what isn't UTF-8: enough to tell what a file is."""
    return data.removeprefix(_BOM).decode("utf-8", "replace").replace("\r\n", "\n")
