"""Folders and files that only their owner can read."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

FOLDER, FILE = 0o700, 0o600
_OTHERS = 0o077
_PARENT = 0o755  # even with umask 0: whoever can write to a parent can replace the folder


class UnsafeFolderError(Exception):
    """A folder cannot be made private: the message says why and what to do."""


def private_folder(folder: Path, ours: Iterable[str] = ()) -> None:
    """Create a folder that only this user can read, or make an existing folder private.

    Files and folders in it that are named in `ours` become private too; others do not change.
    Raise UnsafeFolderError if the folder is a link, is not a folder, or belongs to another user.
    """
    for parent in reversed([parent for parent in folder.parents if not parent.exists()]):
        parent.mkdir(exist_ok=True, mode=_PARENT)
    with suppress(FileExistsError):  # `_check` raises if it is not a folder
        folder.mkdir(exist_ok=True, mode=FOLDER)
    _check(folder)
    _tighten(folder)
    for name in ours:
        for path in (folder / name, *(folder / name).glob("*")):
            _tighten(path)


def private_opener(path: str, flags: int) -> int:
    """Open a file for `open(…, opener=…)`; create it private, and refuse a link."""
    return os.open(path, flags | os.O_NOFOLLOW, FILE)


def open_private(path: Path) -> BinaryIO:
    """Open a private file for appending."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.fdopen(private_opener(str(path), flags), "ab")


def _check(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeFolderError(
            f"{folder} is a link or not a folder. Remove it or use another folder."
        )
    if found.st_uid != os.getuid():
        raise UnsafeFolderError(
            f"{folder} belongs to user {found.st_uid}, but the bot runs as user {os.getuid()}. "
            "Name a folder of the bot's user, such as a subfolder, or change the owner."
        )


def _tighten(path: Path) -> None:
    with suppress(FileNotFoundError):  # it does not exist, or the server has just replaced it
        found = path.lstat()
        mode = FOLDER if stat.S_ISDIR(found.st_mode) else FILE
        if not stat.S_ISLNK(found.st_mode) and stat.S_IMODE(found.st_mode) & _OTHERS:
            path.chmod(mode)
