"""Adapters that do one thing wrong fail the suite, and for the right reason."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from typing import Any, NamedTuple

import pytest

from connectors.conformance import AdapterConformance
from core.errors import DataError, FatalError
from tests.unit.conformance import broken
from tests.unit.conformance.shop_adapter import ShopAdapter, ShopHarness


class Case(NamedTuple):
    """An adapter, the test it must fail, and what the failure says. `unique`: the shop refuses a second document."""

    adapter: type[ShopAdapter]
    test: str
    says: str
    given: dict[str, Any] = {}  # noqa: RUF012 - never changed
    unique: bool = True
    raises: type[Exception] | tuple[type[Exception], ...] = AssertionError


def fault(name: str, kind: str = "account_note") -> dict[str, Any]:
    return {"kind": kind, "fault": name}


ONE = "test_one_fault_ends_with_one_document"
UNTOLD = "test_secrets_are_not_told"
ELSEWHERE = "test_a_redirect_takes_no_secrets_elsewhere"
BAD = "test_a_bad_one_in_a_batch"
LOST = "test_a_batch_whose_reply_is_lost_ends_with_one_of_each"
MANY = "test_one_fault_of_a_batch_ends_with_one_of_each"
NOTES: dict[str, Any] = {"batched": "account_note"}
CASES = [
    Case(broken.PagesByStampAlone, "test_equal_stamps_lose_nothing_and_bring_nothing_twice", "R00004"),
    Case(broken.PagesByNumber, "test_what_changes_between_pages_is_not_lost", "R0000", {"which": "read"}),
    Case(broken.PagesByNumber, "test_what_is_deleted_between_pages_takes_nothing_with_it", "R0000"),
    Case(broken.LooksNotBack, "test_a_late_commit_is_met", "LATE"),
    Case(broken.LosesTheBoundary, "test_a_record_on_the_boundary_is_met", "'A'", {"off": 0, "earlier": True}),
    Case(broken.StartsAfterSince, "test_a_record_stamped_at_the_start_of_the_window_is_met", "'A'"),
    Case(broken.TripsOverTheFuture, "test_a_cursor_from_the_future_does_no_harm", "ValueError"),
    Case(broken.StopsAtABadRecord, "test_one_bad_record_does_not_stop_the_others", "no text", raises=DataError),
    Case(broken.DropsABadRecord, "test_one_bad_record_does_not_stop_the_others", "as a BadRecord, once"),
    Case(broken.AddsTheTimeOfReading, "test_the_cursor_resumes_and_nothing_new_comes", "came again and was another"),
    Case(broken.TriesAgainByItself, ONE, "it says it is written", fault("reply_lost"), unique=False),
    Case(broken.TriesAgainByItself, ONE, "there is another", fault("truncated", "credit_note"), unique=False),
    Case(broken.TakesALostReplyForARefusal, ONE, "only UnknownOutcome", fault("reply_lost")),
    Case(broken.TakesALostReplyForNothingDone, ONE, "only UnknownOutcome", fault("hang", "credit_note")),
    Case(broken.TakesHtmlForSuccess, ONE, "it says it is written", fault("200_html_before")),
    Case(broken.LetsTheLibraryOut, ONE, "", fault("reset_midway"), raises=(OSError, HTTPException)),
    Case(broken.TakesALostReplyForADouble, ONE, "only UnknownOutcome", fault("502_after")),
    Case(
        broken.CreatesAnewBesideADraft,
        "test_a_draft_whose_posting_failed_becomes_one_document",
        "there is another",
        {"kind": "credit_note"},
        unique=False,
    ),
    Case(
        broken.SaysItExistsForEver,
        "test_a_taken_key_without_a_document_is_for_a_person",
        "UnknownOutcome",
        {"keyed": "account_note"},
    ),
    Case(
        broken.GivesUpAfterARefusal,
        "test_a_bad_one_does_not_stop_the_others",
        "the batch has failed",
        {"keyed": "credit_note"},
        raises=FatalError,
    ),
    Case(broken.WritesAStateOnce, "test_a_state_is_written_as_often_as_one_likes", "assert 0 == 1", {"kind": "tier"}),
    Case(broken.ShowsOneOfTwo, ONE, "must be noticed", fault("twice_first"), unique=False),
    Case(broken.StopsABatchAtABadOne, f"{BAD}_does_not_stop_the_others", "WriteRefused", {"batched": "credit_note"}),
    Case(broken.ForgetsOneOfABatch, "test_all_of_a_batch_are_written", "one result for each", NOTES | {"size": 4}),
    Case(broken.MixesUpABatch, "test_all_of_a_batch_are_written", "RB-", NOTES | {"size": 4}),
    Case(broken.TakesALostBatchForNothingDone, LOST, "only UnknownOutcome", NOTES),
    Case(broken.SendsALostBatchAgain, MANY, "only UnknownOutcome", NOTES | {"size": 4, "fault": "reply_lost"}),
    Case(broken.TellsTheToken, UNTOLD, "stands in a RetryableError", {"fault": "reset_before"}),
    Case(broken.HidesTheTokenBehind, UNTOLD, "stands in a ValueError", {"fault": "500_before"}),
    Case(broken.LogsTheToken, UNTOLD, "stands in the log", {"fault": "pass"}),
    Case(broken.PrintsTheTokenQuoted, UNTOLD, "stands in what is printed", {"fault": "pass"}),
    Case(broken.PutsTheTokenIntoTheAddress, UNTOLD, "the address of a request", {"fault": "pass"}),
    *(Case(broken.FollowsRedirects, ELSEWHERE, "what reached another host", {"status": code}) for code in (302, 307)),
    Case(broken.BelievesTheStranger, ELSEWHERE, "another host's answer", {"status": 307}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.adapter.__name__}-{case.test}")
def test_what_is_wrong_is_found(
    try_on: Callable[..., ShopHarness],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    case: Case,
) -> None:
    test = getattr(AdapterConformance(), case.test)
    more = {"caplog": caplog, "capfd": capfd} if case.test == UNTOLD else {}
    with pytest.raises(case.raises) as caught:
        test(try_on(case.adapter, unique=case.unique), **case.given, **more)
    assert case.says in str(caught.value)


def test_every_broken_adapter_is_tried() -> None:
    adapters = {each for each in vars(broken).values() if isinstance(each, type) and issubclass(each, ShopAdapter)}
    assert adapters - {ShopAdapter} == {case.adapter for case in CASES}


def test_what_a_harness_cannot_do_is_skipped_with_a_reason() -> None:
    class Bare(ShopHarness):
        def secrets(self) -> Any:
            return super(ShopHarness, self).secrets()

    bare = Bare.__new__(Bare)
    with pytest.raises(pytest.skip.Exception, match="the harness names no secrets"):
        AdapterConformance().test_a_redirect_takes_no_secrets_elsewhere(bare, 302)
