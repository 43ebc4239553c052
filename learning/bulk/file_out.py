"""Writes a run's chunks to a file, and resumes an interrupted run."""

import fcntl
import os
from pathlib import Path
from typing import BinaryIO, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from learning.errors import DatasetError
from storage.server.private_folder import open_private, private_opener


class Out(Protocol):
    """The output of a run; `done` is the number of chunks stored durably."""

    done: int

    def resume(self, job: str) -> bytes | None:
        """Resume an interrupted run of the same job: return its `given`, or None without one."""
        ...

    def begin(self, job: str, given: bytes) -> None:
        """Start a run; `job` identifies input and settings, `given` is kept for resuming."""
        ...

    def add(self, lines: str) -> None:
        """Add the next chunk."""
        ...

    def finish(self) -> None:
        """Complete the output."""
        ...

    def close(self) -> None:
        """Release resources; an unfinished run can be resumed."""
        ...


class Run(BaseModel):
    """The stored arguments of `begin`."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    job: str
    given: bytes


class Progress(BaseModel):
    """The progress of a run: chunks written and their size in bytes."""

    model_config = ConfigDict(frozen=True)

    chunks: int
    size: int


class FileOut:
    """A file that appears under its name when it is complete.

    Until then, `.NAME.part`, `.NAME.progress` and `.NAME.run` are next to it. Each chunk is synced
    to disk before the progress file records its size; a resumed run truncates anything after it.
    """

    def __init__(self, path: Path) -> None:
        self.done = 0
        self._path = path
        self._part, self._progress, self._run = (
            path.with_name(f".{path.name}.{what}") for what in ("part", "progress", "run")
        )
        self._file: BinaryIO | None = None

    def resume(self, job: str) -> bytes | None:
        """Resume an interrupted run of the same job: return its `given`, or None without one."""
        try:
            run = Run.model_validate_json(self._run.read_bytes())
            progress = Progress.model_validate_json(self._progress.read_bytes())
            fits = run.job == job and self._part.stat().st_size >= progress.size
        except (FileNotFoundError, ValidationError):
            return None
        if not fits:
            return None
        self.done = progress.chunks
        self._open(progress.size)
        return run.given

    def begin(self, job: str, given: bytes) -> None:
        """Start a run; raise DatasetError if the folder is not writable."""
        self._open(0)
        self._progress.unlink(missing_ok=True)  # of an earlier run
        _put(self._run, Run(job=job, given=given).model_dump_json())

    def _open(self, size: int) -> None:
        try:
            self._file = open_private(self._part)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatasetError(
                f"{self._path}: another run is writing this file. Wait until it has finished."
            ) from None
        except OSError as error:
            reason = error.strerror or error
            raise DatasetError(f"{self._path}: cannot be written: {reason}") from None
        self._file.truncate(size)

    def add(self, lines: str) -> None:
        """Add the next chunk, durably."""
        assert self._file is not None
        self._file.write(lines.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done += 1
        progress = Progress(chunks=self.done, size=self._file.tell())
        _put(self._progress, progress.model_dump_json())

    def finish(self) -> None:
        """Give the file its name, and remove the progress files."""
        self._part.replace(self._path)
        for note in (self._progress, self._run):
            note.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the part file; the next run can resume it."""
        if self._file is not None:
            self._file.close()


def _put(path: Path, content: str) -> None:
    new = path.with_name(f"{path.name}.new")
    with open(new, "w", opener=private_opener) as file:
        file.write(content)
    new.replace(path)
