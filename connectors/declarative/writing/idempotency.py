"""How one key stays one document: what is asked before it is created, and what the reply to its creation says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from connectors.declarative.client import Answer
from connectors.declarative.expression import expression
from connectors.declarative.settings.writing import Write
from connectors.declarative.writing.finding import Finding
from connectors.declarative.writing.steps import refusal
from connectors.spi import AlreadyExists, NeedsPerson, WriteRequest
from core.errors import RebatedError

_PRECONDITION_FAILED = 412


class Idempotency(Protocol):
    """The strategy of one kind. Safe to use from threads."""

    def before(self, request: WriteRequest) -> None:
        """Before it is created. Raises AlreadyExists where it is there."""

    def is_taken(self, answer: Answer) -> bool:
        """Whether the answer says that the key is taken."""

    def when_taken(self, request: WriteRequest, answer: Answer) -> RebatedError:
        """What it comes to that the key is taken."""

    def after(self, request: WriteRequest, answer: Answer) -> None:
        """After it was carried out. Raises AlreadyExists where something that was there was changed instead."""


class Repeat:
    """It only states how something is: once more does no harm."""

    def before(self, request: WriteRequest) -> None:
        return

    def is_taken(self, answer: Answer) -> bool:
        return answer.meaning == "duplicate"

    def when_taken(self, request: WriteRequest, answer: Answer) -> RebatedError:
        return refusal(answer)

    def after(self, request: WriteRequest, answer: Answer) -> None:
        return


class DuplicateError:
    """The other system refuses a second document with one key, and says so."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    def before(self, request: WriteRequest) -> None:
        return

    def is_taken(self, answer: Answer) -> bool:
        return answer.meaning == "duplicate"

    def when_taken(self, request: WriteRequest, answer: Answer) -> RebatedError:
        if self._finding.of(request, wait=True):
            return _there(request)
        return NeedsPerson(
            f"the other system says that {request.key} is there, and no {request.kind} is found by it",
            hint="look for it there; put the key back where it was taken out",
        )

    def after(self, request: WriteRequest, answer: Answer) -> None:
        return


class Conditional(DuplicateError):
    """The request says that nothing may be there yet."""

    def is_taken(self, answer: Answer) -> bool:
        return super().is_taken(answer) or answer.status == _PRECONDITION_FAILED


class Searched(DuplicateError):
    """Nothing refuses a second one: it is looked for by its key before it is created."""

    def before(self, request: WriteRequest) -> None:
        if self._finding.of(request):
            raise _there(request)


class Upsert(DuplicateError):
    """The request changes what is under the key. The reply tells whether it was there; else it is looked for first."""

    def __init__(self, finding: Finding, created: str) -> None:
        super().__init__(finding)
        self._created = expression(created) if created else None

    def before(self, request: WriteRequest) -> None:
        if self._created is None and self._finding.of(request):
            raise _there(request)

    def after(self, request: WriteRequest, answer: Answer) -> None:
        if self._created is not None and not self._created.affirms({"status": answer.status, "body": answer.body}):
            raise _there(request)


def _there(request: WriteRequest) -> AlreadyExists:
    return AlreadyExists(f"{request.key} is there already")


def idempotency(write: Write, finding: Finding) -> Idempotency:
    """The strategy the settings name."""
    made: dict[str, Callable[[], Idempotency]] = {
        "repeat": Repeat,
        "upsert": lambda: Upsert(finding, write.created),
        "conditional": lambda: Conditional(finding),
        "duplicate_error": lambda: DuplicateError(finding),
        # Drafts that doubled are met before one is posted: looking for them twice finds nothing more.
        "search": lambda: DuplicateError(finding) if write.unique == "draft_first" else Searched(finding),
        "marker": lambda: DuplicateError(finding) if write.unique == "draft_first" else Searched(finding),
    }
    return made[write.idempotency]()
