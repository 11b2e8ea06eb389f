"""Errors named by how one recovers from them.

    RebatedError
    ├── FatalError          stop: a person must change something before a retry makes sense
    │   ├── ConfigError         a setting or program file is wrong (exit code 2)
    │   └── IntegrityError      the book contradicts itself or its contract (exit code 5)
    ├── RetryableError      the same call may succeed later (remote down, throttled)
    │   └── LostClaim           another holder took over; nothing of ours was committed
    ├── DataError           one record is wrong; quarantine it and go on
    └── RefusedError        a person's act is not allowed now (wrong state, limits; exit code 3)
        └── Busy                another process is at work: its turn first

A write to a remote has two failures of its own, in `connectors.spi`.
The docstring of a class is its default message.
"""

from __future__ import annotations


class RebatedError(Exception):
    """Something went wrong in rebated."""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.hint = hint

    @property
    def message(self) -> str:
        return str(self.args[0])


class FatalError(RebatedError):
    """A person must act before this can work."""


class ConfigError(FatalError):
    """The configuration is wrong.

    `problems` holds one finding a row: (file, path of the setting, what is wrong and what is allowed).
    """

    def __init__(self, problems: list[tuple[str, str, str]] | str, *, hint: str | None = None) -> None:
        if isinstance(problems, str):
            problems = [("", "", problems)]
        self.problems = problems
        lines = [": ".join(part for part in row if part) for row in problems]
        super().__init__("\n".join(lines), hint=hint)


class IntegrityError(FatalError):
    """The book contradicts its contract."""


class RetryableError(RebatedError):
    """The same call may succeed later.

    `after` is the number of seconds the other side asked us to wait, if it did.
    """

    def __init__(self, message: str | None = None, *, hint: str | None = None, after: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class LostClaim(RetryableError):
    """Another process took over this work; nothing was written."""


class RefusedError(RebatedError):
    """This is not allowed in the present state."""


class Busy(RefusedError):
    """Another process is at work."""


class DataError(RebatedError):
    """One record is wrong: it goes to quarantine, the rest goes on.

    `reason` is a short stable code (`totals_differ`), `path` tells where in the record.
    """

    def __init__(self, reason: str, message: str, *, path: str = "", hint: str | None = None) -> None:
        super().__init__(f"{path}: {message}" if path else message, hint=hint)
        self.reason = reason
        self.path = path
