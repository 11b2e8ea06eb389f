# ruff: noqa: S101 - a suite of tests asserts
"""Tests of writing through a network that loses, repeats, delays and falsifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from connectors.conformance.base import Base
from connectors.conformance.checks import assert_equal
from connectors.conformance.faults import FAULTS, Fault
from connectors.conformance.harness import Harness
from connectors.conformance.recovery import Delivery, deliver
from connectors.conformance.samples import sample_request
from connectors.spi import AlreadyExists, UnknownOutcome, WriteKind, WriteRefused, WriteRequest, account_of
from core.errors import FatalError, RebatedError, RetryableError

_UNKNOWN: tuple[type[RebatedError], ...] = (UnknownOutcome,)
_MAY_RAISE: dict[str, tuple[type[RebatedError], ...]] = {
    # Nobody can tell it from a lost reply, unless the connection was not even made.
    "reset_before": (RetryableError,),
    # These statuses say that it was not carried out. They may lie; it is looked up before it is tried again.
    "503_before": (RetryableError,),
    "503_after": (RetryableError,),
    "429_before": (RetryableError,),
    "429_after": (RetryableError,),
    "401_before": (FatalError, RetryableError),
    # Carried out, and said not to have been: the remote may refuse the second.
    "401_after": (FatalError, RetryableError, AlreadyExists),
    # The second of two may well be refused.
    "twice_first": (UnknownOutcome, AlreadyExists),
    "twice_second": (UnknownOutcome, AlreadyExists),
    "twice_together": (UnknownOutcome, AlreadyExists),
}
MOST_WRITES = 12
_IMPATIENT = 0.5


@contextmanager
def impatient(harness: Harness, fault: Fault) -> Iterator[None]:
    """Adapters built while it is entered wait only shortly for replies that the fault keeps back."""
    patience = harness.patience
    if fault.ending == "silent":
        harness.patience = min(patience, _IMPATIENT)
    yield
    harness.patience = patience


def assert_raised(errors: Sequence[RebatedError], fault: str) -> None:
    """That errors are such as a fault may raise."""
    allowed = _MAY_RAISE.get(fault, _UNKNOWN)
    wrong = [error for error in errors if not isinstance(error, allowed)]
    names = [f"{type(error).__name__}: {error}" for error in wrong]
    assert names == [], f"only {' or '.join(kind.__name__ for kind in allowed)} may be raised here"


def assert_one(harness: Harness, request: WriteRequest, delivery: Delivery) -> None:
    """That there is one document with the right content, also for a sender that died and begins anew."""
    adapter, kind = harness.build(), request.kind
    if kind in adapter.capabilities.repeatable:
        assert delivery.remote is not None, delivery.person
        assert harness.stored(kind, request.key) == 1
        return
    unique = adapter.capabilities.unique(kind)
    found = adapter.look_up(kind, request.key, account_of(request))
    if unique == "none":
        assert len(found) == harness.stored(kind, request.key), "a second document must be noticed"
        return
    assert delivery.remote is not None, delivery.person
    there = harness.stored(kind, request.key)
    if unique == "searched":
        assert len(found) == there, "a second document must be noticed"
    else:
        assert [remote.state for remote in found].count("posted") == 1, "it says it is written"
    if unique == "enforced":
        assert there == 1, "beside the posted one there is another"
    again = deliver(harness.build(), request, wait=harness.wait)
    assert (again.errors, again.person) == ([], "")
    assert harness.stored(kind, request.key) == (there if unique == "searched" else 1)
    for remote in (delivery.remote, again.remote, *harness.build().look_up(kind, request.key, account_of(request))):
        assert remote is not None
        assert_equal(request, remote)


class FailingTests(Base):
    """Whatever happens to a request on its way, a sender ends with one document, and with the right one."""

    @pytest.mark.parametrize("fault", FAULTS)
    def test_one_fault_ends_with_one_document(self, harness: Harness, kind: WriteKind, fault: str) -> None:
        """The fault meets each of the requests a document takes in turn: the first, the second, until none is left."""
        with harness.proxied() as proxy:
            for number in range(1, MOST_WRITES + 1):
                request = sample_request(kind, number, harness.account())
                assert harness.stored(kind, request.key) == 0
                rule = proxy.inject(FAULTS[fault], when=harness.is_write, after=number - 1)
                with impatient(harness, FAULTS[fault]):
                    adapter = harness.build()
                delivery = deliver(adapter, request, wait=harness.wait)
                proxy.clear()
                proxy.settle()
                assert_raised(delivery.errors, fault)
                assert_one(harness, request, delivery)
                if not rule.used:
                    break
        assert number > 1, "no request met the fault: `is_write` names none"
        assert not rule.used, f"more than {MOST_WRITES - 1} requests write one {kind}"

    def test_a_reply_lost_again_and_again_ends_with_one_document(self, harness: Harness, kind: WriteKind) -> None:
        request = sample_request(kind, account=harness.account())
        with harness.proxied() as proxy:
            rule = proxy.inject(FAULTS["reply_lost"], when=harness.is_write, count=3)
            delivery = deliver(harness.build(), request, wait=harness.wait)
            proxy.clear()
            assert rule.used, "no request met the fault: `is_write` names none"
            assert_raised(delivery.errors, "reply_lost")
            assert_one(harness, request, delivery)

    def test_a_draft_whose_posting_failed_becomes_one_document(self, harness: Harness, kind: WriteKind) -> None:
        request = sample_request(kind, account=harness.account())
        with harness.post_fails():
            try:
                harness.build().create(request)
            except (WriteRefused, AlreadyExists) as error:
                raise AssertionError("the server broke, it refused nothing") from error
            except RebatedError:
                pass
            else:
                if kind in harness.build().capabilities.repeatable or harness.build().look_up(
                    kind, request.key, account_of(request)
                ):
                    pytest.skip(f"a {kind} is not posted in a second step")
        harness.wait(0)
        assert_one(harness, request, deliver(harness.build(), request, wait=harness.wait))
