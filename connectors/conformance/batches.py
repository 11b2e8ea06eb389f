# ruff: noqa: S101 - a suite of tests asserts
"""Tests of writing several with one request: each for itself as if it had gone alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.conformance.base import Base
from connectors.conformance.checks import assert_equal
from connectors.conformance.failing import MOST_WRITES, assert_one, assert_raised, impatient
from connectors.conformance.faults import FAULTS
from connectors.conformance.harness import Harness
from connectors.conformance.recovery import Delivery, deliver
from connectors.spi import (
    AlreadyExists,
    BatchAdapter,
    Remote,
    UnknownOutcome,
    WriteKind,
    WriteRefused,
    WriteRequest,
    account_of,
)
from core.errors import FatalError, RebatedError, RetryableError

_MOST_AT_ONCE = 200  # rebated sends no more with one request, whatever a remote takes


def create_many(harness: Harness, requests: Sequence[WriteRequest]) -> Sequence[Remote | RebatedError]:
    """What came of each, by a fresh adapter; where the whole call raised, that is what came of all of them."""
    adapter = harness.build()
    assert isinstance(adapter, BatchAdapter), "it names batches and has no create_many"
    try:
        results = adapter.create_many(requests)
    except (RetryableError, FatalError) as error:
        return [error] * len(requests)
    assert len(results) == len(requests), "one result for each request, in their order"
    return results


class BatchTests(Base):
    """Several with one request, where the adapter names batches of a kind; else they are skipped."""

    @pytest.fixture
    def batched(self, kind: WriteKind, harness: Harness) -> WriteKind:
        """Each kind of which the remote takes several with one request."""
        if kind not in harness.build().capabilities.batches:
            pytest.skip(f"the adapter writes one {kind} at a time")
        return kind

    @pytest.fixture
    def size(self, batched: WriteKind, harness: Harness) -> int:
        """How many of the kind are sent at once."""
        return min(harness.build().capabilities.batches[batched], _MOST_AT_ONCE)

    def test_all_of_a_batch_are_written(self, harness: Harness, batched: WriteKind, size: int) -> None:
        requests = harness.batch(batched, min(size, 5))
        for request, result in zip(requests, create_many(harness, requests), strict=True):
            assert isinstance(result, Remote), f"{request.key} ended with {result!r}"
            assert_equal(request, result)
            assert harness.stored(batched, request.key) == 1
            if batched not in harness.build().capabilities.repeatable:
                assert harness.build().look_up(batched, request.key, account_of(request)) == (result,)

    def test_more_than_one_batch(self, harness: Harness, batched: WriteKind, size: int) -> None:
        requests = harness.batch(batched, size + 2)
        results = [*create_many(harness, requests[:size]), *create_many(harness, requests[size:])]
        assert [result for result in results if not isinstance(result, Remote)] == []
        assert [result.key for result in results if isinstance(result, Remote)] == [item.key for item in requests]
        assert [harness.stored(batched, item.key) for item in requests] == [1] * len(requests)

    def test_a_bad_one_in_a_batch_does_not_stop_the_others(self, harness: Harness, batched: WriteKind) -> None:
        good, bad = harness.batch_with_bad_item(batched)
        requests = [good[0], bad, *good[1:]]
        if harness.build().capabilities.batches[batched] < len(requests):
            pytest.skip(f"the adapter takes fewer than {len(requests)} at once")
        results = create_many(harness, requests)
        assert isinstance(results[1], WriteRefused), f"the bad one ended with {results[1]!r}"
        assert [result for result in (results[0], *results[2:]) if not isinstance(result, Remote)] == []
        assert [harness.stored(batched, request.key) for request in good] == [1] * len(good)
        assert harness.stored(batched, bad.key) == (1 if results[1].remote_id else 0)

    def test_a_batch_with_taken_keys_says_so_of_each(self, harness: Harness, batched: WriteKind, size: int) -> None:
        capabilities = harness.build().capabilities
        if batched in capabilities.repeatable or capabilities.unique(batched) != "enforced":
            pytest.skip("the remote does not refuse a second document with one key")
        requests = harness.batch(batched, min(size, 4))
        create_many(harness, requests[::2])
        results = create_many(harness, requests)
        wanted = [(Remote, AlreadyExists)[number % 2 == 0] for number in range(len(requests))]
        assert [type(result) for result in results] == wanted
        assert [len(harness.build().look_up(batched, item.key, account_of(item))) for item in requests] == [1] * len(
            requests
        )

    def test_a_batch_to_a_remote_that_is_down_writes_nothing(self, harness: Harness, batched: WriteKind) -> None:
        requests = harness.batch(batched, 2)
        with harness.remote_down():
            assert all(isinstance(result, RebatedError) for result in create_many(harness, requests))
        assert [harness.stored(batched, request.key) for request in requests] == [0, 0]

    def test_a_batch_whose_reply_is_lost_ends_with_one_of_each(self, harness: Harness, batched: WriteKind) -> None:
        requests = harness.batch(batched, 2)
        with harness.lost_reply():
            results = create_many(harness, requests)
        self._assert_each(harness, requests, results, "reply_lost")

    @pytest.mark.parametrize("fault", FAULTS)
    def test_one_fault_of_a_batch_ends_with_one_of_each(
        self, harness: Harness, batched: WriteKind, size: int, fault: str
    ) -> None:
        """The fault meets each of the requests a batch takes in turn: the first, the second, until none is left."""
        with harness.proxied() as proxy:
            for number in range(1, MOST_WRITES + 1):
                requests = harness.batch(batched, min(size, 3), first=3 * number)
                rule = proxy.inject(FAULTS[fault], when=harness.is_write, after=number - 1)
                with impatient(harness, FAULTS[fault]):
                    results = create_many(harness, requests)
                proxy.clear()
                proxy.settle()
                self._assert_each(harness, requests, results, fault)
                if not rule.used:
                    break
        assert number > 1, "no request met the fault: `is_write` names none"
        assert not rule.used, f"more than {MOST_WRITES - 1} requests write one batch of {batched}"

    @staticmethod
    def _assert_each(
        harness: Harness, requests: Sequence[WriteRequest], results: Sequence[Remote | RebatedError], fault: str
    ) -> None:
        """That a sender who goes on from these results ends with one document for each request."""
        capabilities = harness.build().capabilities
        assert_raised([result for result in results if isinstance(result, RebatedError)], fault)
        if any(isinstance(result, UnknownOutcome) for result in results):
            harness.wait(capabilities.max_request_time + capabilities.lookup_lag)
        for request, result in zip(requests, results, strict=True):
            alone = request.kind not in capabilities.repeatable and capabilities.unique(request.kind) == "none"
            if isinstance(result, UnknownOutcome) and alone:
                delivery = Delivery(person="the outcome is unknown")
            else:
                delivery = deliver(harness.build(), request, wait=harness.wait)
            assert delivery.errors == []
            assert_one(harness, request, delivery)
