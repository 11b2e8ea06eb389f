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
        """What is kept; empty where there is no file. Raises ConfigError, also where others may read the file."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._fail("read", error)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise ConfigError(f"auth.token_file: {self._path} is not a file")
        with os.fdopen(descriptor, "rb") as file:
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigError(
                    f"auth.token_file: others may read {self._path}, or it belongs to another user",
                    hint="whoever could read it may use its tokens: revoke them, authorise again, and remove the file",
                )
            try:
                kept = json.loads(file.read(_MOST))
            except OSError as error:
                self._fail("read", error)
            except (ValueError, RecursionError):
                kept = None
        if not isinstance(kept, dict):
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
        draft = self._beside(".new")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            os.fchmod(descriptor, 0o600)
        except OSError as error:
            self._fail("written beside", error)
        try:
            try:
                os.write(descriptor, b" " * _MOST)
                os.fsync(descriptor)
            except OSError as error:
                self._fail("written beside", error)
            yield lambda content: self._keep(descriptor, draft, content)
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                draft.unlink()

    def _keep(self, descriptor: int, draft: Path, content: Mapping[str, Any]) -> None:
        text = json.dumps(content).encode()
        if len(text) > _MOST:
            raise ConfigError("auth.token_file: the tokens of the other system are larger than what is kept")
        try:
            os.pwrite(descriptor, text, 0)
            os.ftruncate(descriptor, len(text))
            os.fsync(descriptor)
            draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            self._fail("written", error)

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _fail(self, what: str, error: OSError) -> NoReturn:
        raise ConfigError(f"auth.token_file: {self._path} cannot be {what}: {error.strerror}") from None
