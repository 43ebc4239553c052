"""Files to read, wherever they are: a path, standard input, or an address such as s3://…."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from support_triage.learning.dataset import DatasetError


def remote(name: str) -> bool:
    """Whether it is an address rather than a path."""
    return "://" in name


def fsspec() -> Any:
    """The library that reads addresses; DatasetError says how to install it."""
    try:
        import fsspec as found  # noqa: PLC0415 - an extra
    except ImportError:
        raise DatasetError(
            "addresses such as s3:// need fsspec and its driver: "
            "pip install 'support-triage[remote]'"
        ) from None
    return found


def stamp(name: str) -> str:
    """What changes when the file does, "" where that cannot be told."""
    if remote(name):
        files, path = fsspec().core.url_to_fs(name)
        try:
            return str(files.ukey(path))
        except FileNotFoundError:
            return ""
    path = Path(name)
    if not path.exists():
        return ""
    found = path.stat()
    return f"{found.st_size}:{found.st_mtime_ns}"


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of `-` (standard input), a path, or an address; DatasetError if it fails."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        if remote(name):
            with fsspec().open(name, "rb") as file:
                yield cast("BinaryIO", file)
            return
        with Path(name).open("rb") as file:
            yield file
    except FileNotFoundError:
        raise DatasetError(f"{name}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{name}: {error.strerror or error}") from None
