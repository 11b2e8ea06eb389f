"""The preset for Twenty against its stand-in, and what Twenty has of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.conformance import Seed, cursor_of, ids_of, sample_request
from connectors.spi import AlreadyExists, UnknownOutcome, WriteRefused
from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.exchange import Received
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.twenty import Twenty
from tests.helpers.stand_ins.twenty_harness import TwentyHarness
from tests.helpers.stand_ins.whole_run import whole_run

NOWHERE = "0b9a4d1e-6a55-4b0e-8f3c-5ad2e8c31f77"


def tying(asked: Received) -> bool:
    return asked.method == "POST" and asked.path.endswith("/noteTargets")


class TestTwenty(FastConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ()

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[TwentyHarness]:
        with Twenty() as twenty:
            harness = TwentyHarness(twenty, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: TwentyHarness) -> None:
        whole_run(harness, NOWHERE)

    @pytest.mark.parametrize("lost", ["the note's reply", "the tie"])
    def test_a_note_that_was_not_tied_is_tied_the_next_time(self, harness: TwentyHarness, lost: str) -> None:
        note = sample_request("account_note", 1, harness.account())
        if lost == "the tie":
            harness.twenty.fail(500, when=tying)
        else:
            harness.twenty.fail(502, after=True, when=lambda asked: asked.path.endswith("/notes"))
        with pytest.raises(UnknownOutcome):
            harness.build().create(note)
        notes = harness.twenty.tables["notes"]
        assert (len(notes), harness.stored("account_note", note.key)) == (1, 0)
        assert harness.build().look_up("account_note", note.key) == ()
        created = harness.build().create(note)
        assert (len(notes), harness.stored("account_note", note.key)) == (1, 1)
        assert harness.build().look_up("account_note", note.key) == (created,)
        with pytest.raises(AlreadyExists):
            harness.build().create(note)

    def test_a_note_that_cannot_be_tied_goes_into_the_bin(self, harness: TwentyHarness) -> None:
        with pytest.raises(WriteRefused, match="foreign key") as caught:
            harness.build().create(sample_request("account_note", 1, NOWHERE))
        assert caught.value.remote_id is None
        assert len(harness.twenty.tables["notes"]) == 0

    def test_where_another_made_the_same_id_it_is_tried_again(self, harness: TwentyHarness) -> None:
        note = sample_request("account_note", 1, harness.account())
        error = {"statusCode": 400, "error": "BadRequestException", "messages": ["A duplicate entry was detected"]}
        harness.twenty.fail(400, error, when=lambda asked: asked.path.endswith("/notes"))
        with pytest.raises(RetryableError) as caught:
            harness.build().create(note)
        assert not isinstance(caught.value, UnknownOutcome)
        harness.twenty.fail(400, error, when=tying, after=True)
        with pytest.raises(UnknownOutcome):
            harness.build().create(note)
        assert len(harness.build().look_up("account_note", note.key)) == 1

    def test_a_merged_company_is_gone_and_its_notes_are_found(self, harness: TwentyHarness) -> None:
        harness.seed([Seed("KEPT"), Seed("GONE")])
        first, gone = self.pull(harness), harness.rows["GONE"].id
        note = sample_request("account_note", 1, gone)
        created = harness.build().create(note)
        harness.twenty.merge(harness.rows["GONE"], harness.rows["KEPT"])
        assert ids_of(self.pull(harness, cursor_of(first))) == set()
        assert harness.build().fetch("counterpart", gone) is None
        assert harness.build().look_up("account_note", note.key) == (created,)
        with pytest.raises(WriteRefused, match="not found"):
            harness.build().create(sample_request("tier", 1, gone))

    def test_a_field_that_is_not_there_is_named(self, harness: TwentyHarness) -> None:
        del harness.twenty.types["companies"]["rebatedTier"]
        wrong = [finding.what for finding in harness.build().check() if finding.level == "error"]
        assert wrong == ["tier field"]
        with pytest.raises(WriteRefused, match="rebatedTier"):
            harness.build().create(sample_request("tier", 1, harness.account()))

    def test_a_role_that_may_too_little_needs_a_person(self, harness: TwentyHarness) -> None:
        request = sample_request("tier", 1, harness.account())
        harness.twenty.may["companies"] = {"read"}
        with pytest.raises(FatalError, match="permission"):
            harness.build().create(request)
