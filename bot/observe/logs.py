"""Write structured logs to standard error, with ids and numbers but no texts or secrets."""

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
    """Return a traceback with the types of errors but without their messages.

    A message may contain private text: pydantic quotes its input, a codec the bad character.
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
        for number, part in enumerate(error.exceptions, start=1):
            yield f"error {number} of {len(error.exceptions)}:"
            yield from _lines(part)


_OF_ASYNCIO = re.compile(r"[\n(<\[{'\"]")  # values follow: arguments, errors, tasks
_OF_PYDANTIC = re.compile(r"input_value=.*?(?=, input_type=|$)", re.DOTALL)
_SHORTEST = 3  # characters; shorter values occur within ordinary words


def without_words(record: logging.LogRecord) -> str:
    """Return a library's log message without values, which may be private texts or secrets.

    Libraries quote errors in their messages, even without a traceback.
    """
    message = record.getMessage()
    if record.name == "asyncio":
        return _OF_ASYNCIO.split(message)[0].strip(" .")
    about = record.exc_info[1] if isinstance(record.exc_info, tuple) else sys.exc_info()[1]
    given = record.args if isinstance(record.args, tuple) else ()
    for error in [*_chain(about), *(arg for arg in given if isinstance(arg, BaseException))]:
        for quoted in (repr(error), str(error), *(str(arg) for arg in error.args)):
            if len(quoted) >= _SHORTEST:
                message = message.replace(quoted, type(error).__name__)
    return _OF_PYDANTIC.sub("input_value=…", message)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from _chain(error.__cause__ or error.__context__)
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                yield from _chain(part)


class _Wordless(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_words(record), ()
        return True


def _failed(kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
    if kind is KeyboardInterrupt:
        return
    structlog.get_logger().critical("failed", exc_info=(kind, error, trace))


def configure() -> None:
    """Log JSON lines, including logs of libraries and unhandled errors.

    Libraries log only warnings and errors. Below that level they log requests with their bodies,
    so no setting lowers it.
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
    logging.raiseExceptions = False  # otherwise a failed write prints the message
    sys.excepthook = _failed
    threading.excepthook = lambda args: _failed(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _failed(args.exc_type, args.exc_value, args.exc_traceback)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def tell_settings_file(path: Path | None) -> None:
    """Log the path of the `.env` file that settings come from, if there is one."""
    if path is not None:
        structlog.get_logger().info("settings.file", path=str(path))
