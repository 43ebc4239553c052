"""Finds the encoding of a file: by its byte-order mark, its bytes, or the user's choice."""

import codecs
import io
import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Final

from charset_normalizer import CharsetMatch, from_bytes

from learning.errors import DatasetError

_BLOCK: Final = 1 << 20
_JUDGED: Final = 1 << 16
"""The most bytes of non-ASCII lines that detection uses: more do not improve the guess."""
_ENOUGH: Final = 1 << 12
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKELY: Final = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "iso8859_2", "koi8_r"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
"""The encodings of helpdesks and spreadsheets; a short text fits too many of Python's others."""
_ESCAPES_OF_JIS = re.compile(rb"\x1b\$[@B]")
_UTF8 = "utf-8-sig"


def known(encoding: str) -> str:
    """Return the name of a text encoding; raise DatasetError if Python does not know it."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding).close()
        "a".encode(encoding).decode(encoding, "surrogateescape")
        found = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise DatasetError(
            f'--encoding: "{encoding}" is not a text encoding. '
            "Write utf-8, cp1252, utf-16, cp932 or another name that Python knows."
        ) from None
    return _UTF8 if found == "utf-8" else found


def detected(raw: BinaryIO, blocks: int | None = None) -> str:
    """Return the encoding of a file without moving its position.

    The default is UTF-8. `blocks` is how many MiB to read, None for the whole file. Of an input
    that cannot be read twice, only the buffered bytes are used.
    """
    if not raw.seekable():
        return _judged(raw.peek(_JUDGED))  # type: ignore[attr-defined]
    start = raw.tell()
    try:
        head = raw.read(4 * 1024)
        raw.seek(start)
        return marked(head) or _scanned(raw, start, blocks)
    finally:
        raw.seek(start)


def marked(head: bytes) -> str | None:
    """Return the encoding that the first bytes of a file show, by a mark or by zeros, or None."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    return _wide(head)


def _wide(head: bytes) -> str | None:
    """Return UTF-16 without a mark if every second byte is mostly zero, as in Latin text."""
    even, odd = head[::2], head[1::2]
    if odd and odd.count(0) > len(odd) // 3 and even.count(0) < len(even) // 10 + 1:
        return "utf-16-le"
    if even and even.count(0) > len(even) // 3 and odd.count(0) < len(odd) // 10 + 1:
        return "utf-16-be"
    return None


def _scanned(raw: BinaryIO, start: int, blocks: int | None) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    try:
        for block in iter(partial(raw.read, _BLOCK), b""):
            decoder.decode(block)
            read += 1
            if _ESCAPES_OF_JIS.search(block):
                return "iso2022_jp"
            if read == blocks:
                return _UTF8
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raw.seek(start)
        return _guessed(_beyond_ascii(raw))
    return _UTF8


def _judged(head: bytes) -> str:
    if found := marked(head[: 4 * 1024]):
        return found
    lines = [line for line in head.splitlines(keepends=True) if not line.isascii()]
    return _guessed(iter(lines)) if lines else _UTF8


def _beyond_ascii(raw: BinaryIO) -> Iterator[bytes]:
    for line in iter(partial(raw.readline, _BLOCK), b""):
        if not line.isascii():
            yield line


def _guessed(lines: Iterator[bytes]) -> str:
    """Return UTF-8 if at least half of the lines decode as UTF-8, else the likeliest encoding."""
    others: list[bytes] = []
    size = good = 0
    for line in lines:
        try:
            codecs.getincrementaldecoder("utf-8")().decode(
                line
            )  # a line may end in a cut character
            good += 1
        except UnicodeDecodeError:
            others.append(line)
        size += len(line)
        if size > _JUDGED:
            break
    if good >= len(others):
        return _UTF8
    return _likeliest(b"".join(others)[:_JUDGED])


def _likeliest(sample: bytes) -> str:
    enough = sample * (_ENOUGH // len(sample) + 1)  # repeating a short text improves the guess
    matches = from_bytes(enough, cp_isolation=_LIKELY)
    best = matches.best()
    if best is None:
        return "cp1252"
    western = next((match for match in matches if "cp1252" in _names(match)), None)
    if western is not None and western.chaos <= best.chaos and best.encoding in _LIKELY[:9]:
        return "cp1252"  # preferred: similar encodings fit as well, but decode other letters
    return best.encoding


def _names(match: CharsetMatch) -> list[str]:
    return [match.encoding, *match.could_be_from_charset]
