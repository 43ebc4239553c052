"""Opens files for reading: a path, standard input, or an address such as s3://…."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from learning.errors import DatasetError

_AHEAD = 8 << 20  # bytes to fetch at a time from an address


def remote(name: str) -> bool:
    """Return True if a name is an address rather than a path."""
    return "://" in name


def filesystem(address: str) -> tuple[Any, str]:
    """Return the file system of an address and the path in it.

    Raise DatasetError if the address is invalid or its driver is not installed.
    """
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra

        files, path = url_to_fs(address)
    except ImportError:
        raise DatasetError(
            f"{address}: the driver for this address is not installed. Run: "
            "pip install 'support-triage[remote]', or install the driver that fsspec lists for it."
        ) from None
    except ValueError as error:
        raise DatasetError(f"{address}: {error}") from None
    return files, path


@contextmanager
def rereadable(name: str) -> Iterator[str]:
    """Yield a name that can be read more than once: copy standard input to a temporary file."""
    if name != "-":
        yield name
        return
    with tempfile.NamedTemporaryFile(prefix="standard-input-") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield file.name


def exists(name: str) -> bool:
    """Return True if a path or address is a file."""
    if not remote(name):
        return Path(name).is_file()
    files, path = filesystem(name)
    return bool(files.exists(path))


def stamp(name: str) -> str:
    """Return a string that changes when the file changes, or "" if the file cannot be read."""
    if remote(name):
        files, path = filesystem(name)
        try:
            return str(files.ukey(path))
        except OSError:
            return ""  # `opened` raises with the reason
    if not Path(name).exists():
        return ""
    found = Path(name).stat()
    return f"{found.st_size}:{found.st_mtime_ns}"


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open `-` (standard input), a path or an address to read bytes; DatasetError if it fails."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        if remote(name):
            files, path = filesystem(name)
            with files.open(path, "rb", block_size=_AHEAD) as file:
                yield cast("BinaryIO", file)
            return
        with Path(name).open("rb") as file:
            yield file
    except FileNotFoundError:
        raise DatasetError(f"{name}: no such file. Check the path.") from None
    except OSError as error:
        raise DatasetError(f"{name}: {error.strerror or error}") from None
