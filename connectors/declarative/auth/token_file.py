"""The file in which tokens are kept that the other system gives anew with each refresh: losing one locks us out."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from core.errors import ConfigError

_MOST = 64 * 1024


class TokenFile:
    """A small file of JSON that only its owner may read, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads and processes away from the file meanwhile. Raises ConfigError."""
        try:
            lock = os.open(self._beside(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._fail("written beside", error)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def read(self) -> Mapping[str, Any]:
        """What is kept; empty where there is no file. Raises ConfigError, also where others may read the file.

        What came last, and was written but not put in its place, is put there first.
        """
        if _told(self._content(self._draft)) is not None:
            self._put()
        content = self._content(self._path)
        if content is None:
            return {}
        kept = _told(content)
        if kept is None:
            raise ConfigError(
                f"auth.token_file: {self._path} is damaged",
                hint="remove it, authorise again, and put the new refresh token where auth.refresh_token says",
            )
        return kept

    @contextmanager
    def replacing(self) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        """Make room for what will be kept, before the other system is asked for it: a full disk or a folder that cannot
        be written to must not cost the one token there is. What is yielded keeps the new content. Raises ConfigError.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self._draft, flags, 0o600)
        except OSError as error:
            self._fail("written beside", error)
        kept = False

        def keep(content: Mapping[str, Any]) -> None:
            nonlocal kept
            text = json.dumps(content).encode()
            if len(text) > _MOST:
                raise ConfigError("auth.token_file: the tokens of the other system are larger than what is kept")
            try:
                os.pwrite(descriptor, text, 0)
                os.ftruncate(descriptor, len(text))
                os.fsync(descriptor)
            except OSError as error:
                self._fail("written", error)
            kept = True
            self._put()

        try:
            try:
                os.fchmod(descriptor, 0o600)
                os.write(descriptor, b" " * _MOST)
                os.fsync(descriptor)
            except OSError as error:
                self._fail("written beside", error)
            yield keep
        finally:
            os.close(descriptor)
            if not kept:
                with contextlib.suppress(OSError):
                    self._draft.unlink()

    def _put(self) -> None:
        """Put what was written in its place. Raises ConfigError; then it is done at the next reading."""
        try:
            self._draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            self._fail("written", error)

    def _content(self, path: Path) -> bytes | None:
        """What stands in a file of ours; None where there is none. Raises ConfigError."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._fail("read", error)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise ConfigError(f"auth.token_file: {path} is not a file")
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigError(
                    f"auth.token_file: others may read {path}, or it belongs to another user",
                    hint="whoever could read it may use its tokens: revoke them, authorise again, and remove the file",
                )
            return os.read(descriptor, _MOST)
        except OSError as error:
            self._fail("read", error)
        finally:
            os.close(descriptor)

    @property
    def _draft(self) -> Path:
        return self._beside(".new")

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _fail(self, what: str, error: OSError) -> NoReturn:
        raise ConfigError(f"auth.token_file: {self._path} cannot be {what}: {error.strerror}") from None


def _told(content: bytes | None) -> Mapping[str, Any] | None:
    """The tokens in the file; None where there are none that can be read."""
    try:
        told = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
