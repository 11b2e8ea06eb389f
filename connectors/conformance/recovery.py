"""What a sender does with a document until it is there: once, whatever comes between.

`scheduler/steps/sending.py` does the same over several runs of the daemon, with its state in the book. Here it stands
in one piece, for the tests and for authors who want to see what their adapter is asked to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.conformance.checks import matches
from connectors.spi import (
    Adapter,
    AlreadyExists,
    Capabilities,
    NeedsPerson,
    Remote,
    UnknownOutcome,
    WriteKind,
    WriteRefused,
    WriteRequest,
    account_of,
)
from core.errors import FatalError, RebatedError, RetryableError

_ROUNDS = 6


@dataclass(slots=True)
class Delivery:
    """What came of it: the document, or why a person has to look. `errors` are those met on the way, in order."""

    remote: Remote | None = None
    person: str = ""
    errors: list[RebatedError] = field(default_factory=list)


def deliver(adapter: Adapter, request: WriteRequest, *, wait: Callable[[float], None] = time.sleep) -> Delivery:
    """Look the document up, write it where it is not there, and do so again after an error that may pass.

    After an unknown outcome nothing is created, posted or discarded until the request can no longer take effect and
    what it did can be found; where nothing keeps two documents apart (`none`), nothing is created any more.
    """
    delivery, unknown = Delivery(), False
    capabilities = adapter.capabilities
    for _ in range(_ROUNDS):
        try:
            delivery.remote = _found(adapter, request)
            if delivery.remote is None:
                if unknown and _none_tells_two_apart(capabilities, request.kind):
                    delivery.person = "the outcome is unknown and the remote cannot refuse a second document"
                    return delivery
                delivery.remote = _created(adapter, request, delivery)
            return delivery
        except UnknownOutcome as error:
            delivery.errors.append(error)
            unknown = True
            wait(capabilities.max_request_time + capabilities.lookup_lag)
        except (WriteRefused, NeedsPerson) as error:
            delivery.errors.append(error)
            delivery.person = error.message
            return delivery
        except (RetryableError, FatalError) as error:  # the daemon leaves the target alone for a while
            delivery.errors.append(error)
            wait((error.after or 0) if isinstance(error, RetryableError) else 0)
    delivery.person = f"not there after {_ROUNDS} rounds"
    return delivery


def _none_tells_two_apart(capabilities: Capabilities, kind: WriteKind) -> bool:
    return capabilities.unique(kind) == "none" and kind not in capabilities.repeatable


def _found(adapter: Adapter, request: WriteRequest) -> Remote | None:
    """The document as it stands at the remote: a draft that is what was asked for is posted, other drafts go."""
    if request.kind in adapter.capabilities.repeatable:
        return None  # it has no key to be found by, and is written again without harm
    found = adapter.look_up(request.kind, request.key, account_of(request))
    final = [remote for remote in found if remote.state != "draft"]
    drafts = [remote for remote in found if remote.state == "draft"]
    drafts.sort(key=lambda draft: (len(draft.remote_id), draft.remote_id))
    chosen = None if final else next((draft for draft in drafts if matches(request, draft)), None)
    for draft in drafts:
        if draft is not chosen:
            adapter.discard(request.kind, draft.remote_id)
    if final:
        return next((remote for remote in final if remote.state == "posted"), final[0])
    return None if chosen is None else adapter.post(request.kind, chosen.remote_id)


def _created(adapter: Adapter, request: WriteRequest, delivery: Delivery) -> Remote:
    try:
        return adapter.create(request)
    except AlreadyExists as error:
        delivery.errors.append(error)
        found = _found(adapter, request)
        if found is None:
            raise UnknownOutcome(f"the remote says {request.key} exists, and it is not found") from None
        return found
