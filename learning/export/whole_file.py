"""Writes a file that appears completely or not at all, even if the process is killed."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from learning.errors import DatasetError
from storage.server.private_folder import open_private


class WholeFile:
    """A file that is written as `.NAME.part`, and renamed when it is complete.

    Only its owner can read it, because it holds people's messages. The next writer reuses the
    part file of a killed writer. Raise DatasetError if the folder is not writable, or if another
    process is writing the same file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.part")
        try:
            self.file = self._open()
        except BlockingIOError:
            raise DatasetError(
                f"{path}: another export is writing this file. Wait until it has finished."
            ) from None
        except OSError as error:
            raise DatasetError(
                f"{path}: cannot be written: {error.strerror}. Choose another path."
            ) from None

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
        # Between opening and locking, the previous writer may have renamed this file.
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._part.stat())
        except FileNotFoundError:
            return False

    def publish(self) -> None:
        """Sync the file to disk, then give it its name."""
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
