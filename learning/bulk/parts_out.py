"""Writes a run's chunks as objects under an address such as s3://bucket/folder."""

import re
from typing import Final

from pydantic import ValidationError

from learning.bulk.file_out import Run
from learning.errors import DatasetError
from learning.reading.opening import filesystem

GROUP: Final = 64
"""The number of chunks in a part."""
_RUN = "_run.json"
_COMPLETE = "_SUCCESS"
_PART = re.compile(r"part-\d{6}\.jsonl")


class PartsOut:
    """Objects `part-000000.jsonl` and so on, in input order, and `_SUCCESS` at the end.

    Object stores write an object completely or not at all, so the parts show a run's progress.
    `_run.json` identifies the run until it ends.
    """

    def __init__(self, address: str, group: int = GROUP) -> None:
        self.done = 0
        self._address, self._group = address, group
        self._files, folder = filesystem(address)
        self._folder = folder.rstrip("/")
        self._waiting: list[str] = []
        self._parts = 0

    def resume(self, job: str) -> bytes | None:
        """Resume an interrupted run of the same job: return its `given`, or None without one."""
        try:
            run = Run.model_validate_json(self._files.cat_file(self._at(_RUN)))
        except (FileNotFoundError, ValidationError):
            return None
        if run.job != job:
            return None
        self._parts = sum(bool(_PART.fullmatch(name)) for name in self._names())
        self.done = self._parts * self._group
        return run.given

    def begin(self, job: str, given: bytes) -> None:
        """Start a run; raise DatasetError if the folder is not empty."""
        if self._names():
            raise DatasetError(
                f"--out: {self._address} is not empty, and has no unfinished run of this input "
                "with these settings. Empty it, or name another address."
            )
        self._put(_RUN, Run(job=job, given=given).model_dump_json())

    def add(self, lines: str) -> None:
        """Add the next chunk; write the part if it is complete."""
        self._waiting.append(lines)
        self.done += 1
        if len(self._waiting) == self._group:
            self._write()

    def finish(self) -> None:
        """Write the last part and `_SUCCESS`."""
        if self._waiting:
            self._write()
        self._put(_COMPLETE, "")
        self._files.rm_file(self._at(_RUN))

    def close(self) -> None:
        """Do nothing: no resources are open."""

    def _write(self) -> None:
        self._put(f"part-{self._parts:06d}.jsonl", "".join(self._waiting))
        self._parts += 1
        self._waiting = []

    def _at(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _names(self) -> list[str]:
        try:
            found = self._files.ls(self._folder, detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return [path.rpartition("/")[2] for path in found if path.rstrip("/") != self._folder]

    def _put(self, name: str, content: str) -> None:
        self._files.pipe_file(self._at(name), content.encode())
