"""A run's answers as objects below an address such as s3://bucket/folder."""

import re
from typing import Final

from pydantic import ValidationError

from learning.bulk.file_out import Run
from learning.errors import DatasetError
from learning.reading.opening import filesystem

GROUP: Final = 64
"""Chunks in a part."""
_RUN = "_run.json"
_COMPLETE = "_SUCCESS"
_PART = re.compile(r"part-\d{6}\.jsonl")


class PartsOut:
    """`part-000000.jsonl` and so on, in the order of the input; `_SUCCESS` when all are there.

    An object is there as a whole or not at all, so the parts themselves say how far a run came;
    `_run.json` says until the end what run it is.
    """

    def __init__(self, address: str, group: int = GROUP) -> None:
        self.done = 0
        self._address, self._group = address, group
        self._files, folder = filesystem(address)
        self._folder = folder.rstrip("/")
        self._waiting: list[str] = []
        self._parts = 0

    def left(self, job: str) -> bytes | None:
        """What `begin` was given, where a run of the same job was cut off."""
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
        """Start anew; DatasetError where there is something already."""
        if self._names():
            raise DatasetError(
                f"--out: {self._address} is not empty, and no unfinished run of this input with "
                "these settings: empty it, or name another"
            )
        self._put(_RUN, Run(job=job, given=given).model_dump_json())

    def add(self, lines: str) -> None:
        """Take in the next chunk; with the last one of its part, the part is written."""
        self._waiting.append(lines)
        self.done += 1
        if len(self._waiting) == self._group:
            self._write()

    def finish(self) -> None:
        """Write the last part, and say that it was the last."""
        if self._waiting:
            self._write()
        self._put(_COMPLETE, "")
        self._files.rm_file(self._at(_RUN))

    def close(self) -> None:
        """Nothing is held open."""

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
        return [one.rpartition("/")[2] for one in found if one.rstrip("/") != self._folder]

    def _put(self, name: str, content: str) -> None:
        self._files.pipe_file(self._at(name), content.encode())
