"""Where a run writes to, a chunk at a time, and finds how far it came when it was cut off."""

import fcntl
import os
from pathlib import Path
from typing import BinaryIO, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from learning.errors import DatasetError
from storage.server.private_folder import open_private, private_opener


class Out(Protocol):
    """What a run writes; `done` counts the chunks that are there for good."""

    done: int

    def left(self, job: str) -> bytes | None:
        """What `begin` was given, where a run of the same job was cut off: it goes on."""
        ...

    def begin(self, job: str, given: bytes) -> None:
        """Start anew; `job` says what is done to what, `given` is needed to go on the same way."""
        ...

    def add(self, lines: str) -> None:
        """Take in the next chunk."""
        ...

    def finish(self) -> None:
        """The run is complete."""
        ...

    def close(self) -> None:
        """Leave it; what is not finished is for another to go on with."""
        ...


class Run(BaseModel):
    """What `begin` was told."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    job: str
    given: bytes


class Progress(BaseModel):
    """How far a run came: chunks done, and the bytes that they take."""

    model_config = ConfigDict(frozen=True)

    chunks: int
    size: int


class FileOut:
    """A file that stands in its place when it is complete.

    Until then `.NAME.part`, `.NAME.progress` and `.NAME.run` are beside it. After each chunk the
    part is on the disk, and then the note that says how long it is; what is written after the note
    is cut off when the run goes on.
    """

    def __init__(self, path: Path) -> None:
        self.done = 0
        self._path = path
        self._part, self._progress, self._run = (
            path.with_name(f".{path.name}.{what}") for what in ("part", "progress", "run")
        )
        self._file: BinaryIO | None = None

    def left(self, job: str) -> bytes | None:
        """What `begin` was given, where a run of the same job was cut off after a chunk."""
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
        """Start anew; DatasetError where the folder cannot be written to."""
        self._open(0)
        self._progress.unlink(missing_ok=True)  # that of another run
        _put(self._run, Run(job=job, given=given).model_dump_json())

    def _open(self, size: int) -> None:
        try:
            self._file = open_private(self._part)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatasetError(f"{self._path}: another run writes it now: wait for it") from None
        except OSError as error:
            raise DatasetError(f"{self._path}: {error.strerror or error}") from None
        self._file.truncate(size)

    def add(self, lines: str) -> None:
        """Take in the next chunk."""
        assert self._file is not None
        self._file.write(lines.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done += 1
        progress = Progress(chunks=self.done, size=self._file.tell())
        _put(self._progress, progress.model_dump_json())

    def finish(self) -> None:
        """Put the file in its place, and the notes away."""
        self._part.replace(self._path)
        for note in (self._progress, self._run):
            note.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the part to the next run."""
        if self._file is not None:
            self._file.close()


def _put(path: Path, content: str) -> None:
    new = path.with_name(f"{path.name}.new")
    with open(new, "w", opener=private_opener) as file:
        file.write(content)
    new.replace(path)
