"""A file that appears whole or not at all, whenever its writer is cut off."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from learning.errors import DatasetError
from storage.server.private_folder import open_private


class WholeFile:
    """Written beside its place as `.NAME.part`, and moved there when it is complete.

    Its owner alone can read it: it holds what people wrote.

    What a killed writer left is used again by the next one. DatasetError where the folder cannot
    be written to, or somebody else writes the same file now.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.part")
        try:
            self.file = self._open()
        except BlockingIOError:
            raise DatasetError(f"{path}: is being written by another export: wait for it") from None
        except OSError as error:
            raise DatasetError(f"{path}: cannot be written there: {error.strerror}") from None

    def _open(self) -> BinaryIO:
        while True:
            file = open_private(self._part)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_mine(file):
                    file.truncate(0)
                    return file
            except BaseException:
                file.close()
                raise
            file.close()

    def _is_mine(self, file: BinaryIO) -> bool:
        # Between opening and locking, the one before may have moved this file to its place.
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._part.stat())
        except FileNotFoundError:
            return False

    def publish(self) -> None:
        """Put the file in its place; it is on the disk before its name is."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self._part.replace(self.path)
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.file.closed:
            self._part.unlink(missing_ok=True)
            self.file.close()
