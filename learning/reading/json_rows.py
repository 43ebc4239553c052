"""Reads JSON lines: objects with text and label, and the chats of training files."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from classifiers.plural import plural
from learning.reading.bad_rows import BadRow, Remarks
from learning.reading.chats import ORIGINAL_OF, ChatError, Originals, chat, message_of
from learning.reading.source import Cells, Source, loose


class _ObjectError(ValueError):
    """A line cannot be used; the message says why."""


class JsonRows:
    """Yields the relevant cells of each line, and skips blank lines."""

    def __init__(self, source: Source, *, labelled: bool) -> None:
        self._source, self._labelled = source, labelled
        self._originals: Originals | None = None

    def __call__(self, file: Iterable[str], remarks: Remarks) -> Iterator[Cells]:
        """Read the lines."""
        for number, line in enumerate(file, start=1):
            if not line.strip("\ufeff \t\r\n"):
                continue
            where = f"{self._source.name}, line {number}"
            try:
                found = _object(line)
                if ORIGINAL_OF in found:
                    continue  # an original text: `Originals` reads it
                cells = self._cells(found, where)
            except (_ObjectError, ChatError) as error:
                remarks.bad(BadRow(where, str(error)))
            else:
                yield cells

    def _cells(self, found: dict[str, Any], where: str) -> Cells:
        columns = self._source.columns
        text = [_value(found, column) for column in columns.text]
        if "messages" in found and not any(text):
            return self._chat(found["messages"], where)
        if not self._labelled:
            return Cells(text, None, None, where, "label_set" in found)
        when = _value(found, columns.when or "when")
        return Cells(text, _value(found, columns.label), when, where, "label_set" in found)

    def _chat(self, turns: Any, where: str) -> Cells:
        asked, label = chat(turns, labelled=self._labelled)
        if self._originals is None:
            self._originals = Originals(self._source.name)
        text = self._originals.of(asked, label) if label is not None else None
        return Cells([message_of(asked) if text is None else text], label, None, where, ours=True)


def _object(line: str) -> dict[str, Any]:
    try:
        found = _DECODER.decode(line.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise _ObjectError(f"not JSON: {error.msg}") from None
    except _ObjectError:
        raise
    except (ValueError, RecursionError) as error:
        raise _ObjectError(f"invalid JSON: {str(error)[:80]}") from None
    if not isinstance(found, dict):
        raise _ObjectError("not an object; write one JSON object per line")
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _ObjectError("a key is repeated")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeats)


def _value(found: Mapping[str, Any], wanted: str) -> Any:
    """Return the value of a key in any letter case; None if it is missing."""
    if wanted in found:
        return found[wanted]
    fitting = [key for key in found if loose(key) == loose(wanted)]
    if len(fitting) > 1:
        raise _ObjectError(f'"{wanted}" appears {plural(len(fitting), "time")}')
    return found[fitting[0]] if fitting else None
