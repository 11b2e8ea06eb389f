# ruff: noqa: S101 - a suite of tests asserts
"""Tests of writing to a remote that answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from connectors.conformance.base import Base
from connectors.conformance.checks import assert_equal
from connectors.conformance.harness import Harness
from connectors.conformance.recovery import deliver
from connectors.conformance.samples import sample_key, sample_request
from connectors.spi import (
    AlreadyExists,
    NeedsPerson,
    TierRequest,
    UnknownOutcome,
    WriteKind,
    WriteRefused,
    account_of,
)
from core.errors import RebatedError


class WritingTests(Base):
    """One key, one document."""

    def test_written_once_found_once(self, harness: Harness, keyed: WriteKind) -> None:
        request = sample_request(keyed, account=harness.account())
        created = harness.build().create(request)
        found = harness.build().look_up(keyed, request.key, account_of(request))
        assert len(found) == 1
        assert_equal(request, found[0])
        assert_equal(request, created)
        assert harness.build().read_back(keyed, found[0].remote_id) == found[0]

    def test_the_same_key_twice_is_one_document(self, harness: Harness, keyed: WriteKind) -> None:
        adapter = harness.build()
        if adapter.capabilities.unique(keyed) != "enforced":
            pytest.skip("the remote does not refuse a second document with one key")
        request = sample_request(keyed, account=harness.account())
        adapter.create(request)
        for again in (adapter, harness.build()):
            with pytest.raises(AlreadyExists):
                again.create(request)
        assert len(adapter.look_up(keyed, request.key, account_of(request))) == 1

    def test_other_keys_are_other_documents(self, harness: Harness, keyed: WriteKind) -> None:
        adapter = harness.build()
        for number in (1, 2, 3):
            adapter.create(sample_request(keyed, number, harness.account()))
        for number in (1, 2, 3):
            assert [found.key for found in adapter.look_up(keyed, sample_key(number), harness.account())] == [
                sample_key(number)
            ]

    def test_a_lost_reply_is_found_by_its_key(self, harness: Harness, kind: WriteKind) -> None:
        request = sample_request(kind, account=harness.account())
        adapter = harness.build()
        with harness.lost_reply():
            try:
                adapter.create(request)
            except (WriteRefused, AlreadyExists) as error:
                raise AssertionError("the outcome is unknown, and this says it is known") from error
            except RebatedError:
                pass  # or it looks for itself what became of it
        if kind in adapter.capabilities.repeatable:
            assert_equal(request, harness.build().create(request))
            assert harness.stored(kind, request.key) == 1
            return
        assert len(harness.build().look_up(kind, request.key, account_of(request))) == 1
        delivery = deliver(harness.build(), request, wait=harness.wait)  # posts it, where it is still a draft
        assert delivery.remote is not None and delivery.errors == []
        assert_equal(request, delivery.remote)
        if adapter.capabilities.unique(kind) == "enforced":
            with pytest.raises(AlreadyExists):
                harness.build().create(request)
            assert len(harness.build().look_up(kind, request.key, account_of(request))) == 1

    def test_what_is_stored_is_one(self, harness: Harness, kind: WriteKind) -> None:
        request = sample_request(kind, account=harness.account())
        adapter = harness.build()
        assert harness.stored(kind, request.key) == 0
        adapter.create(request)
        assert harness.stored(kind, request.key) == 1

    def test_a_state_is_written_as_often_as_one_likes(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        if kind not in adapter.capabilities.repeatable:
            pytest.skip(f"a {kind} is written once, under its key")
        requests = [sample_request(kind, number, harness.account()) for number in (1, 1, 2, 1)]
        for request in requests:
            assert_equal(request, adapter.create(request))
            assert harness.stored(kind, request.key) == 1
            assert adapter.look_up(kind, request.key, account_of(request)) == (), "a state has no key to be found by"

    def test_a_tier_without_days_and_a_next_one_is_written(self, harness: Harness) -> None:
        """An account on the lowest tier, and one on the highest."""
        adapter = harness.build()
        if "tier" not in adapter.capabilities.writes:
            pytest.skip("the adapter does not write tier")
        request = sample_request("tier", 1, harness.account())
        assert isinstance(request, TierRequest)
        bare = replace(request, since=None, valid_until=None, to_next=None, next_tier=None, to_keep=None)
        assert adapter.create(bare).remote_id

    def test_an_unknown_key_is_not_found(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        assert adapter.look_up(kind, sample_key(99), harness.account()) == ()
        adapter.create(sample_request(kind, 1, harness.account()))
        assert adapter.look_up(kind, sample_key(99), harness.account()) == ()

    def test_an_unknown_id_is_gone(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        for remote_id in (sample_key(99), "no-such-id", "../../etc/passwd"):
            assert adapter.read_back(kind, remote_id) is None

    def test_writing_to_a_remote_that_is_down_writes_nothing(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        request = sample_request(kind, account=harness.account())
        with harness.remote_down():
            with pytest.raises(RebatedError):
                adapter.create(request)
            if kind not in adapter.capabilities.repeatable:
                with pytest.raises(RebatedError):
                    adapter.look_up(kind, request.key, account_of(request))
        assert adapter.look_up(kind, request.key, account_of(request)) == ()

    def test_a_refusal_leaves_nothing(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        request = harness.refused(kind)
        with pytest.raises(WriteRefused) as caught:
            adapter.create(request)
        left = adapter.look_up(kind, request.key, account_of(request))
        assert [found.remote_id for found in left] in ([], [caught.value.remote_id])

    def test_a_bad_one_does_not_stop_the_others(self, harness: Harness, keyed: WriteKind) -> None:
        good, bad = harness.batch_with_bad_item(keyed)
        adapter = harness.build()
        adapter.create(good[0])
        with pytest.raises(WriteRefused) as caught:
            adapter.create(bad)
        for request in good[1:]:
            adapter.create(request)
        assert [harness.stored(keyed, request.key) for request in good] == [1] * len(good)
        assert harness.stored(keyed, bad.key) == (1 if caught.value.remote_id else 0)

    def test_a_taken_key_without_a_document_is_for_a_person(self, harness: Harness, keyed: WriteKind) -> None:
        request = harness.taken_key(keyed)
        delivery = deliver(harness.build(), request, wait=harness.wait)
        assert delivery.remote is None and delivery.person
        assert isinstance(delivery.errors[-1], NeedsPerson), f"it ended with {delivery.errors}"
        assert harness.stored(keyed, request.key) == 0

    def test_a_kind_that_is_not_written_is_our_error(self, harness: Harness) -> None:
        adapter = harness.build()
        kinds: tuple[WriteKind, ...] = ("credit_note", "debit_invoice", "account_note", "tier", "journal")
        missing = [kind for kind in kinds if kind not in adapter.capabilities.writes]
        if not missing:
            pytest.skip("the adapter writes every kind")
        for kind in missing:
            with pytest.raises(RebatedError):
                adapter.create(sample_request(kind))

    def test_two_threads_write_one_document(self, harness: Harness, keyed: WriteKind) -> None:
        adapter = harness.build()
        if adapter.capabilities.unique(keyed) != "enforced":
            pytest.skip("the remote does not refuse a second document with one key")
        request = sample_request(keyed, account=harness.account())

        def create() -> bool:
            try:
                adapter.create(request)
            except (AlreadyExists, UnknownOutcome):  # also where the remote trips over the other one
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            won = [run.result() for run in [pool.submit(create) for _ in range(4)]]
        assert won.count(True) == 1
        assert len(adapter.look_up(keyed, request.key, account_of(request))) == 1
