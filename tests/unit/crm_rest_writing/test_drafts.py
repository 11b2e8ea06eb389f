"""Drafts: compared before they are posted, doubled ones removed, and what is left where something fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.declarative.preset import laid_over
from connectors.spi import AlreadyExists, Remote, TaxPart, UnknownOutcome, WriteRefused
from core.errors import ConfigError, FatalError
from tests.unit.crm_rest_writing.conversation import StillClock, adapter, writing
from tests.unit.crm_rest_writing.vouchers import CREDIT, WRITE, Vouchers, lines

POSTED = Remote(
    CREDIT.key,
    "1",
    account="C-1001",
    currency="EUR",
    net=1505,
    tax=251,
    taxes=(TaxPart("S", 100_000, 505, 51), TaxPart("S", 200_000, 1000, 200)),
    line_count=2,
)


@pytest.fixture
def erp() -> Iterator[Vouchers]:
    with Vouchers() as vouchers:
        yield vouchers


def connected(erp: Vouchers, **over: Any) -> Any:
    return adapter(erp, {"credit_note": laid_over(WRITE, over)})


def test_a_draft_is_looked_up_posted_and_read_back(erp: Vouchers) -> None:
    connection = connected(erp)
    assert connection.capabilities.unique("credit_note") == "draft_first"
    assert connection.create(CREDIT) == POSTED
    assert erp.said == [
        "POST /api/vouchers",
        f"GET /api/vouchers?key={CREDIT.key}",
        "POST /api/vouchers/1/book",
        "GET /api/vouchers/1",
    ]
    assert connection.look_up("credit_note", CREDIT.key) == (POSTED,)
    assert connection.read_back("credit_note", "1") == POSTED


def test_of_doubled_drafts_the_lowest_is_posted_and_the_others_go(erp: Vouchers) -> None:
    erp.doubled = True
    assert connected(erp).create(CREDIT) == POSTED
    assert erp.states() == {1: "booked"}


def test_ids_are_compared_as_numbers(erp: Vouchers) -> None:
    for number in (10, 9, 100):
        erp.add(number)
    assert connected(erp).create(CREDIT).remote_id == "9"
    assert erp.states() == {9: "booked"}


def test_a_lower_draft_that_is_something_else_is_not_posted(erp: Vouchers) -> None:
    erp.add(1, lines=lines("1.00"))
    assert connected(erp).create(CREDIT).remote_id == "2"
    assert erp.states() == {2: "booked"}


@pytest.mark.parametrize("state", ["booked", "void"])
def test_where_one_is_booked_the_new_draft_goes(erp: Vouchers, state: str) -> None:
    erp.add(1, state)
    with pytest.raises(AlreadyExists):
        connected(erp).create(CREDIT)
    assert erp.states() == {1: state}


def test_what_the_other_system_made_otherwise_is_never_posted(erp: Vouchers) -> None:
    for falsify, said in (
        ({"lines": lines("10.00", "5.04")}, r"its net amount is 15\.04 EUR, not 15\.05 EUR"),
        ({"lines": lines("15.05")}, "it has 1 lines, not 2"),
        ({"lines": lines("10.00", "5.05")}, "its tax codes are others"),
        ({"account": "C-7"}, "its account is C-7"),
    ):
        erp.falsify = falsify
        with pytest.raises(WriteRefused, match=said) as caught:
            connected(erp).create(CREDIT)
        assert caught.value.remote_id is None
        assert erp.states() == {}


def test_tax_that_is_rounded_otherwise_passes(erp: Vouchers) -> None:
    net = {"net": Decimal("10.00"), "rate": 20}, {"net": Decimal("5.05"), "rate": 10}
    erp.falsify = {"lines": [{**net[0], "tax": Decimal("2.00")}, {**net[1], "tax": Decimal("0.50")}]}
    assert connected(erp).create(CREDIT).tax == 250
    erp.falsify = {"lines": [{**net[0], "tax": Decimal("2.00")}, {**net[1], "tax": Decimal("0.49")}]}
    with pytest.raises(WriteRefused, match="tax code"):
        connected(erp).create(replace(CREDIT, key=sample_request("credit_note", 2).key))


def test_a_refused_posting_removes_the_draft(erp: Vouchers) -> None:
    erp.refusing["post"] = "the period is closed"
    with pytest.raises(WriteRefused, match="the period is closed") as caught:
        connected(erp).create(CREDIT)
    assert (caught.value.remote_id, erp.states()) == (None, {})


def test_a_draft_that_cannot_be_removed_is_named(erp: Vouchers) -> None:
    erp.refusing = {"post": "the period is closed", "discard": "drafts stay"}
    with pytest.raises(WriteRefused, match="the period is closed") as caught:
        connected(erp).create(CREDIT)
    assert (caught.value.remote_id, erp.states()) == ("1", {1: "open"})


def test_a_draft_is_posted_later(erp: Vouchers) -> None:
    erp.add(1)
    assert connected(erp).post("credit_note", "1") == POSTED
    assert connected(erp).post("credit_note", "1") == POSTED, "one that is posted is returned as it is"
    assert erp.said.count("POST /api/vouchers/1/book") == 1


def test_what_somebody_posted_meanwhile_is_returned(erp: Vouchers) -> None:
    erp.add(1)
    erp.fail(409, {"problem": "it is no draft"}, when=lambda asked: asked.target.endswith("/book"), after=True)
    assert connected(erp).post("credit_note", "1") == POSTED


def test_a_draft_that_is_gone_leaves_it_unknown(erp: Vouchers) -> None:
    with pytest.raises(UnknownOutcome):
        connected(erp).post("credit_note", "1")


def test_discarding_what_is_gone_is_no_error(erp: Vouchers) -> None:
    erp.add(1)
    connection = connected(erp)
    connection.discard("credit_note", "1")
    connection.discard("credit_note", "1")
    erp.add(2)
    erp.refusing["discard"] = "drafts stay"
    with pytest.raises(WriteRefused, match="drafts stay") as caught:
        connection.discard("credit_note", "2")
    assert caught.value.remote_id == "2"


@pytest.mark.parametrize("status", [403, 429, 500])
def test_once_a_draft_is_there_an_error_leaves_it_unknown(erp: Vouchers, status: int) -> None:
    erp.fail(status, {"problem": "not now"}, {"Retry-After": "900"}, when=lambda asked: asked.target.endswith("/book"))
    with pytest.raises(UnknownOutcome, match="not now"):
        connected(erp).create(CREDIT)
    assert erp.states() == {1: "open"}


def test_a_draft_that_is_shown_late_is_waited_for(erp: Vouchers) -> None:
    clock = StillClock(while_asleep=lambda seconds: erp.kept[1].update(key=CREDIT.key))
    erp.falsify = {"key": "not yet"}
    write = {"credit_note": {**WRITE, "lookup_lag": 5}}
    assert writing(erp, write, clock).create(CREDIT) == POSTED
    assert 0 < clock.seconds <= 5


def test_a_draft_that_cannot_be_found_is_not_posted(erp: Vouchers) -> None:
    erp.falsify = {"key": "somebody took it"}
    with pytest.raises(UnknownOutcome, match="is not found by its key yet"):
        connected(erp).create(CREDIT)
    assert erp.states() == {1: "open"}


def test_what_stays_a_draft_is_not_called_posted(erp: Vouchers) -> None:
    with pytest.raises(UnknownOutcome, match="a draft still"):
        connected(erp, remote={"fields": {"state": {"map": {"booked": "draft"}}}}).create(CREDIT)


def test_where_a_second_is_refused_nobody_looks_for_one(erp: Vouchers) -> None:
    connection = connected(erp, idempotency="duplicate_error")
    assert connection.capabilities.uniqueness == "enforced"
    assert connection.create(CREDIT) == POSTED
    assert erp.said == ["POST /api/vouchers", "GET /api/vouchers/1", "POST /api/vouchers/1/book", "GET /api/vouchers/1"]


# ---------------------------------------------------------------- figures


def test_amounts_may_have_more_digits_if_they_are_zero(erp: Vouchers) -> None:
    erp.add(1, "booked", lines=[{"net": "15.050000", "rate": "20.00", "tax": "2.5100"}])
    found = connected(erp).read_back("credit_note", "1")
    assert (found.net, found.tax, found.taxes) == (1505, 251, (TaxPart("S", 200_000, 1505, 251),))
    erp.add(2, "booked", lines=[{"net": "15.051", "rate": "20", "tax": "1"}])
    with pytest.raises(FatalError, match=r"write\.credit_note\.remote\.fields: net: 15.051 has more than 2 digits"):
        connected(erp).read_back("credit_note", "2")


def test_a_sum_of_the_document_is_under_the_codes_that_give_it(erp: Vouchers) -> None:
    erp.add(1, "booked", lines=[{"net": "10", "rate": 20}, {"net": "5.05", "rate": 20}], whole="3.01")
    remote = {"fields": {"tax": "whole"}}
    found = connected(erp, remote=remote).read_back("credit_note", "1")
    assert (found.tax, found.taxes) == (301, (TaxPart("S", 200_000, 1505, 301),))
    erp.add(2, "booked", lines=[{"net": "10", "rate": 20}, {"net": "5.05", "rate": 10}], whole="2.51")
    found = connected(erp, remote=remote).read_back("credit_note", "2")
    assert (found.tax, found.taxes) == (251, (TaxPart("S", 100_000, 505, 51), TaxPart("S", 200_000, 1000, 200)))
    erp.add(3, "booked", lines=[{"net": "10", "rate": 20}, {"net": "5.05", "rate": 10}], whole="2.52")
    found = connected(erp, remote=remote).read_back("credit_note", "3")
    assert (found.tax, found.taxes, found.line_count) == (252, (), 2)


def test_where_the_other_system_decides_the_tax_only_net_is_compared(erp: Vouchers) -> None:
    erp.falsify = {"lines": lines("10.00", "5.05")}
    found = connected(erp, remote={"own_tax": True}).create(CREDIT)
    assert (found.own_tax, found.tax, found.taxes) == (True, 301, ())


def test_lines_that_do_not_count_are_left_out(erp: Vouchers) -> None:
    erp.add(1, "booked", lines=[{"net": 10, "rate": 0, "tax": 0}, {"net": 0, "rate": 0, "tax": 0, "kind": "title"}])
    found = connected(erp, remote={"lines": {"only": "kind != 'title'"}}).read_back("credit_note", "1")
    assert (found.line_count, found.taxes) == (1, (TaxPart("S", 0, 1000, 0),))


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ({"fields": {"state": "state"}}, r"remote\.fields\.state: a document is 'booked' there"),
        ({"fields": {"currency": {"value": "Euro"}}}, r"remote\.fields\.currency: 'Euro' is no currency"),
        ({"fields": {"net": "account"}}, r"remote\.fields: net: 'C-1001' is not a number"),
        ({"lines": {"rate": {"value": "a fifth"}}}, r"lines\.rate: 'a fifth' is not a number"),
        ({"lines": {"records": "account"}}, "no list"),
        ({"fields": {"id": "nothing"}}, r"remote\.fields\.id: a record has none"),
    ],
)
def test_what_cannot_be_understood_names_the_setting(erp: Vouchers, remote: dict[str, Any], said: str) -> None:
    erp.add(1, "booked", lines=lines("1"))
    with pytest.raises(FatalError, match=said):
        connected(erp, remote=remote).look_up("credit_note", CREDIT.key)


@pytest.mark.parametrize(("name", "place"), [("net", "net"), ("currency", "currency")])
def test_a_document_needs_its_figures(erp: Vouchers, name: str, place: str) -> None:
    fields = {key: value for key, value in WRITE["remote"]["fields"].items() if key != name}
    with pytest.raises(ConfigError, match=rf"write\.credit_note\.remote\.fields\.{place}"):
        adapter(erp, {"credit_note": {**WRITE, "remote": {**WRITE["remote"], "fields": fields}}})


def test_drafts_need_to_be_read(erp: Vouchers) -> None:
    with pytest.raises(ConfigError, match=r"write\.credit_note\.one"):
        adapter(erp, {"credit_note": {**WRITE, "one": None}})


@pytest.mark.parametrize(
    ("over", "place"),
    [
        ({"post": {"request": {"path": "/vouchers/${document.key}/book"}}}, r"post\.0\.request\.path"),
        ({"post": {"request": {"path": "/vouchers/${saved.number}/book"}}}, r"post\.0\.request\.path"),
        ({"discard": {"request": {"path": "/vouchers/${document.key}"}}}, r"discard\.0\.request\.path"),
        ({"find": {"request": {"query": {"key": "${document.key}"}}}}, r"find\.0\.request\.query"),
    ],
)
def test_a_draft_is_found_and_posted_without_what_was_asked_for(
    erp: Vouchers, over: dict[str, Any], place: str
) -> None:
    """A later run has the key and the id, and no more."""
    with pytest.raises(ValueError, match=place):
        connected(erp, **over)


@pytest.mark.parametrize("strange", ["x" * 301, "1\n2", "\u202e1"])
def test_what_cannot_be_an_id_is_not_taken_for_one(erp: Vouchers, strange: str) -> None:
    erp.add(1, "booked")
    erp.kept[1]["id"] = strange
    with pytest.raises(FatalError, match=r"remote\.fields\.id: what stands there is no id"):
        connected(erp).look_up("credit_note", CREDIT.key)


def test_what_the_other_system_calls_it_is_made_plain(erp: Vouchers) -> None:
    erp.add(1, "booked", label="V-1\x1b[2J\u202e <b>x</b>" + "y" * 1000)
    found = connected(erp, remote={"fields": {"number": "label"}}).read_back("credit_note", "1")
    assert found.number.startswith("V-1 [2J x") and len(found.number) <= 300


def test_drafts_and_what_is_posted_may_stand_in_lists_of_their_own(erp: Vouchers) -> None:
    over = {
        "find": [{**WRITE["find"], "only": "state == 'open'"}, {**WRITE["find"], "only": "state == 'booked'"}],
        "one": [{"request": {"path": "/vouchers/${id | integer}"}, "record": "nothing"}, WRITE["one"]],
        "discard": [
            {"request": {"path": "/vouchers/${id}"}, "save": {"numbers": "[id]"}},
            {"request": {"method": "DELETE", "path": "/vouchers/${item}"}, "each": "saved.numbers"},
        ],
    }
    connection = connected(erp, **over)
    erp.doubled = True
    assert connection.create(CREDIT) == POSTED
    assert erp.states() == {1: "booked"}
    assert connection.look_up("credit_note", CREDIT.key) == (POSTED,)
    connection.discard("credit_note", "7")  # gone: nothing is left to be done
    assert erp.said[-1] == "GET /api/vouchers/7"


def test_a_step_of_removing_names_what_an_earlier_one_saved_and_no_more(erp: Vouchers) -> None:
    with pytest.raises(ValueError, match=r"discard\.0\.request\.path"):
        connected(erp, discard=[{"request": {"method": "DELETE", "path": "/vouchers/${saved.number}"}}])
