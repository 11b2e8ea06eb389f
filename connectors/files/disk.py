"""Files on disk: read whole, published under a name once, and errors of the system named by how one recovers."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import FatalError, RebatedError, RetryableError

_LOCK_SECONDS = 20.0


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Turn errors of the system into ours: FatalError for missing rights or folders, else RetryableError.

    `what` says in the message what was being done, such as `reading sales.csv`.
    """
    try:
        yield
    except RebatedError:
        raise
    except (PermissionError, FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        hint = "check that the folder exists and that the service account has the rights to it"
        raise FatalError(f"{what}: {_reason(error)}", hint=hint) from error
    except OSError as error:
        raise RetryableError(f"{what}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__) + (f" ({error.filename})" if error.filename else "")


def publish(path: Path, content: bytes) -> bool:
    """Make `path` with this content, whole and durable, or not at all. False: a file of that name exists.

    The content is written beside it under another name and linked, so that nobody sees a part of it and of two
    who try exactly one succeeds. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        except FileExistsError:
            return False
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def subfolder(out: Path, name: str) -> Path:
    """The folder `name` in `out`, made if need be. `out` itself must exist: it may be an unmounted share.

    Raises OSError.
    """
    folder = out / name
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync_folder(out)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone, among threads and processes. Raises RetryableError after 20 seconds."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        end = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise RetryableError(f"{path} is locked by another process") from None
                time.sleep(0.005)
        yield
    finally:
        os.close(handle)
