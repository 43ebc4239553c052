"""Writes training files for OpenAI-compatible providers: chats that end with the right label."""

import json
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import compress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers.base import LabelSet
from classifiers.llm import prompt
from learning.dataset import split
from learning.export.openai_rules import BYTES_MAX, EXAMPLES_MIN
from learning.export.rows import Row, Written
from learning.export.whole_file import WholeFile
from learning.reading.chats import ORIGINAL_OF, digest, message_of, originals_path

_CHUNK = 1 << 17  # marks to read at a time
_JSON = json.JSONEncoder(ensure_ascii=False).encode
_Mask = npt.NDArray[np.bool_]


class ChatLines:
    """Lines of a training file: the prompt used at inference, and the right answer.

    All lines of a label set start with the same system turn, which is most of their length.
    """

    def __init__(self, label_set: LabelSet) -> None:
        system = prompt.messages(label_set, (), "")[0]
        self.start = f'{{"messages": [{_JSON(system)}, '.encode()

    def rest(self, asked: str, label: str) -> bytes:
        """Return the line after `start` for a user turn and its label, with the newline."""
        return f'{{"role": "user", "content": {_JSON(asked)}}}, {_reply(label)}]}}\n'.encode()

    def line(self, text: str, label: str) -> bytes:
        """Return the complete line for a text and its label, with the newline."""
        return self.start + self.rest(prompt.question(text), label)


@cache
def _reply(label: str) -> str:
    return _JSON({"role": "assistant", "content": prompt.answer(label)})


class _Part:
    """The rows of one side: in unnamed temporary files, with a few bytes per row in memory."""

    def __init__(self, folder: Path) -> None:
        self.rows = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        self.marks = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the same
        self.originals = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the same
        self.changed = array("L")  # positions of the rows whose original texts are kept
        self.texts, self.when = array("Q"), array("d")
        self.labels, self.sizes = array("H"), array("B")

    def newest(self) -> _Mask:
        """Return True for each row that is the newest of its text."""
        return split.newest(self.texts, self.when)

    def chunks(self) -> Iterator[npt.NDArray[np.uint64]]:
        """Yield the marks of all rows in chunks."""
        self.marks.seek(0)
        while chunk := self.marks.read(_CHUNK * 8):
            yield np.frombuffer(chunk, dtype=np.uint64)

    def keep(self, chat: str, text: str) -> None:
        """Keep the original text of the row being added, for a later import."""
        self.changed.append(len(self.texts))
        self.originals.write(f"{_JSON({ORIGINAL_OF: chat, 'text': text})}\n".encode())

    def close(self) -> None:
        """Delete the temporary files."""
        self.rows.close()
        self.marks.close()
        self.originals.close()


class OpenAiWriter:
    """Writes `NAME.jsonl` for training and `NAME.validation.jsonl`, split like a snapshot.

    `NAME.originals.jsonl` has the original texts of the rows whose text the prompt changes.
    """

    def __init__(self, label_set: LabelSet, path: Path) -> None:
        self._lines = ChatLines(label_set)
        self._place = {name: place for place, name in enumerate(label_set.names)}
        self._whole = WholeFile(path)
        self._validation = WholeFile(path.with_name(f"{path.stem}.validation{path.suffix}"))
        self._originals = WholeFile(Path(originals_path(path)))
        self._parts: dict[split.Side, _Part] = {
            "train": _Part(path.parent),
            "test": _Part(path.parent),
        }

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows to the side that their text belongs to."""
        for row in rows:
            key = split.key(row.text)
            part, marks = self._parts[split.side(key)], array("Q", split.marks(key))
            part.marks.write(marks)
            part.sizes.append(len(marks))
            asked = prompt.question(row.text)
            part.rows.write(self._lines.rest(asked, row.label))
            if message_of(asked) != row.text:
                part.keep(digest(asked, row.label), row.text)
            part.texts.append(split.fingerprint(row.text))
            part.when.append(float(row.when))
            part.labels.append(self._place[row.label])

    def finish(self) -> Written:
        """Drop older duplicates and validation texts close to training texts; publish the files."""
        train, test = self._parts["train"], self._parts["test"]
        trained, newest = train.newest(), test.newest()
        apart = ~split.near_duplicates(train.chunks(), test.chunks, test.sizes)
        tested = newest & apart
        left_out = Counter(
            {
                "same text with a newer label": int((~trained).sum() + (~newest).sum()),
                "validation text close to a training text": int((newest & ~apart).sum()),
            }
        )
        sizes = [
            self._write(part, keep, whole)
            for part, keep, whole in (
                (train, trained, self._whole),
                (test, tested, self._validation),
            )
        ]
        labels: Counter[str] = Counter()
        for part, keep in ((train, trained), (test, tested)):
            counted = np.bincount(np.array(part.labels)[keep], minlength=len(self._place))
            labels.update(dict(zip(self._place, map(int, counted), strict=True)))
        files = [("Training file", self._whole.path, int(trained.sum()))]
        beside = self._write_originals(((train, trained), (test, tested)))
        self._whole.publish()
        if tested.any():
            files.append(("Validation file", self._validation.path, int(tested.sum())))
            self._validation.publish()
        return Written(tuple(files), labels, left_out, _remarks(files[0][2], max(sizes)), beside)

    def _write_originals(self, parts: Iterable[tuple[_Part, _Mask]]) -> tuple[Path, ...]:
        """Write the original texts of the written rows; remove the file if none differs."""
        for part, keep in parts:
            part.originals.seek(0)
            chosen = keep[np.array(part.changed, dtype=np.intp)]
            self._originals.file.writelines(compress(part.originals, chosen))
        if not self._originals.file.tell():
            self._originals.path.unlink(missing_ok=True)  # of an earlier export
            return ()
        self._originals.publish()
        return (self._originals.path,)

    def _write(self, part: _Part, keep: _Mask, whole: WholeFile) -> int:
        part.rows.seek(0)
        for row in compress(part.rows, keep):
            whole.file.write(self._lines.start + row)
        return whole.file.tell()

    def close(self) -> None:
        """Delete unfinished files."""
        for part in self._parts.values():
            part.close()
        for whole in (self._whole, self._validation, self._originals):
            whole.__exit__(None, None, None)


def _remarks(examples: int, size: int) -> tuple[str, ...]:
    remarks = []
    if examples < EXAMPLES_MIN:
        remarks.append(
            f"OpenAI needs at least {EXAMPLES_MIN} examples: the training file has {examples}"
        )
    if size > BYTES_MAX:
        remarks.append(
            f"OpenAI accepts files up to {BYTES_MAX >> 20} MB: this file has {size >> 20} MB. "
            "Export only newer examples with `since`."
        )
    return tuple(remarks)
