"""Structured logs on standard error: ids and figures, never text or secrets."""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import Processor


def outline(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Where an error came from: the calls and the types of all errors, without their messages.

    A message may hold what somebody wrote: pydantic quotes its input, a codec the bad character.
    """
    return "\n".join(_lines(exc_info[1]))


def _lines(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause)
        yield "which led to:"
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__))
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        for number, one in enumerate(error.exceptions, start=1):
            yield f"error {number} of {len(error.exceptions)}:"
            yield from _lines(one)


_OF_ASYNCIO = re.compile(r"[\n(<\[{'\"]")  # what follows are values: arguments, errors, tasks
_OF_PYDANTIC = re.compile(r"input_value=.*?(?=, input_type=|$)", re.DOTALL)
_SHORTEST = 3  # of an error's message: fewer characters say nothing, and are in every line


def without_words(record: logging.LogRecord) -> str:
    """Return what a library says, without values: those may be what somebody wrote, or a secret.

    Libraries quote the error that they tell of, also without its traceback.
    """
    said = record.getMessage()
    if record.name == "asyncio":
        return _OF_ASYNCIO.split(said)[0].strip(" .")
    about = record.exc_info[1] if isinstance(record.exc_info, tuple) else sys.exc_info()[1]
    given = record.args if isinstance(record.args, tuple) else ()
    for error in [*_chain(about), *(one for one in given if isinstance(one, BaseException))]:
        for quoted in (repr(error), str(error), *(str(one) for one in error.args)):
            if len(quoted) >= _SHORTEST:
                said = said.replace(quoted, type(error).__name__)
    return _OF_PYDANTIC.sub("input_value=…", said)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from _chain(error.__cause__ or error.__context__)
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _chain(one)


class _Wordless(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_words(record), ()
        return True


def _failed(kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
    if kind is KeyboardInterrupt:
        return
    structlog.get_logger().critical("failed", exc_info=(kind, error, trace))


def configure() -> None:
    """Write JSON lines, those of libraries and of whatever fails unseen included.

    Libraries tell warnings and errors alone: below that they print requests with their bodies,
    whatever level is set for them.
    """
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(outline),
    ]
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setLevel(logging.WARNING)
    libraries.addFilter(_Wordless())
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[libraries], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    logging.raiseExceptions = False  # else a line that cannot be written is printed with its words
    sys.excepthook = _failed
    threading.excepthook = lambda one: _failed(one.exc_type, one.exc_value, one.exc_traceback)
    sys.unraisablehook = lambda one: _failed(one.exc_type, one.exc_value, one.exc_traceback)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def tell_settings_file(path: Path | None) -> None:
    """Log which file some of the settings come from, if any do."""
    if path is not None:
        structlog.get_logger().info("settings.file", path=str(path))
