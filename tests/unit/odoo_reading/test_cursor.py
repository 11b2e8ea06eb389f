"""Where a pull goes on, what it asks for, and what it says about what is gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.odoo.reading.place import MOST_RECENT
from connectors.spi import Window
from core.documents import Coverage, RecordKind
from core.errors import FatalError, RebatedError
from tests.unit.odoo_reading.pulling import cursor_of, pages_of, records_of
from tests.unit.odoo_reading.simulated import SimulatedOdoo, during, reading

DAY = 24 * 3600


@pytest.fixture
def odoo() -> SimulatedOdoo:
    found = SimulatedOdoo()
    for _ in range(3):
        found.invoice()
    found.tick(3600)
    return found


def ids(pages: Any) -> list[str]:
    return [record.external_id for record in records_of(pages)]


def asked(odoo: SimulatedOdoo, model: str = "account.move") -> int:
    """How often the rows of a model have been asked for."""
    return [called for called, _ in odoo.calls].count(model)


@pytest.mark.parametrize("batch", [1, 2, 3, 4])
def test_full_pages_are_followed_by_another(odoo: SimulatedOdoo, batch: int) -> None:
    pages = pages_of(odoo, "documents", batch=batch)
    assert ids(pages) == ["1", "2", "3"]
    assert len(pages) == 3 // batch + 1
    assert all(page.present for page in pages)


def test_a_cursor_survives_storing(odoo: SimulatedOdoo) -> None:
    for page in pages_of(odoo, "documents", batch=2):
        assert json.loads(json.dumps(page.cursor)) == page.cursor


@pytest.mark.parametrize(
    "change",
    [
        {"since": None},
        {"since": 5},
        {"since": "yesterday"},
        {"since": "2026-02-31 00:00:00"},
        {"until": []},
        {"after": "3"},
        {"after": None},
        {"reading": "of another"},
        {"since": "2027-03-01 12:00:00"},
        {"until": "2027-03-01 12:00:00", "after": 3},
    ],
    ids=str,
)
def test_a_cursor_that_cannot_be_trusted_reads_everything(odoo: SimulatedOdoo, change: dict[str, Any]) -> None:
    cursor = {**cursor_of(pages_of(odoo, "documents")), **change}
    odoo.tick(5)
    assert ids(pages_of(odoo, "documents", cursor)) == ["1", "2", "3"]


@pytest.mark.parametrize(
    "change",
    [
        {"recent": None},
        {"recent": {"x": 1, "2": None, "3": "nothing"}},
        {"buckets": 7},
        {"buckets": {"a": 1}},
        {"swept": 9},
        {"swept": "2027-03-01 12:00:00"},
        {"more": 1},
    ],
    ids=str,
)
def test_what_else_is_wrong_in_a_cursor_does_no_harm(odoo: SimulatedOdoo, change: dict[str, Any]) -> None:
    cursor = {**cursor_of(pages_of(odoo, "documents")), **change}
    new = odoo.invoice()
    odoo.tick(5)
    assert str(new) in ids(pages_of(odoo, "documents", cursor))


@pytest.mark.parametrize(("back", "on"), [(30, 1), (910, 15)])
def test_a_clock_put_back_a_little_reads_on(odoo: SimulatedOdoo, back: int, on: int) -> None:
    cursor = cursor_of(pages_of(odoo, "documents"))
    odoo.tick(-back)
    new = odoo.invoice()
    odoo.tick(on)
    assert ids(pages_of(odoo, "documents", cursor)) == [str(new)]


def test_a_server_behind_our_clock_loses_nothing(odoo: SimulatedOdoo) -> None:
    """Its records are stamped by its clock: the window ends by the clock that is behind."""
    reader = reading(odoo, overlap_seconds=0)
    ours = odoo.clock + timedelta(hours=5)
    cursor = cursor_of(list(reader.pull("documents", Window(ours), {})))
    new = odoo.invoice()
    odoo.tick(1)
    assert ids(list(reader.pull("documents", Window(ours + timedelta(seconds=1)), cursor))) == [str(new)]


def test_a_record_stamped_in_the_future_comes_now(odoo: SimulatedOdoo) -> None:
    new = odoo.invoice(at=odoo.clock + timedelta(days=400))
    assert str(new) in ids(pages_of(odoo, "documents"))


def test_a_record_without_a_stamp_comes_with_the_first_pull_or_a_sweep(odoo: SimulatedOdoo) -> None:
    odoo.silently("account.move", 2, write_date=False)
    first = pages_of(odoo, "documents")
    assert {record.external_id: record.order for record in records_of(first)}["2"] == 0
    odoo.invoice(4)
    odoo.silently("account.move", 4, write_date=False)
    odoo.tick(1)
    assert ids(pages_of(odoo, "documents", cursor_of(first))) == []
    odoo.tick(DAY)
    assert ids(pages_of(odoo, "documents", cursor_of(first))) == ["1", "2", "3", "4"]


def test_without_overlap_equal_seconds_still_lose_nothing(odoo: SimulatedOdoo) -> None:
    reader = reading(odoo, overlap_seconds=0)
    odoo.invoice(4)
    first = list(reader.pull("documents", Window(odoo.clock), {}))
    odoo.tick(0.4)
    odoo.invoice(5)
    odoo.invoice(4, ref="changed in the same second")
    odoo.tick(2)
    second = list(reader.pull("documents", Window(odoo.clock), cursor_of(first)))
    assert ids(first) == ["1", "2", "3", "4"] and ids(second) == ["4", "5"]


def test_more_than_can_be_remembered_comes_again_and_is_not_lost() -> None:
    odoo = SimulatedOdoo()
    for _ in range(MOST_RECENT + 5):
        odoo.invoice(lines=())
    first = pages_of(odoo, "documents")
    assert len(set(ids(first))) == MOST_RECENT + 5
    odoo.tick(5)
    assert len(ids(pages_of(odoo, "documents", cursor_of(first)))) == 5


# -------------------------------------------------------------------- sweeps


def test_a_first_pull_reads_once(odoo: SimulatedOdoo) -> None:
    pages = pages_of(odoo, "documents")
    assert asked(odoo) == 1
    assert all(page.coverage is None for page in pages)


def test_a_sweep_of_what_is_as_it_was_reads_the_ids_alone(odoo: SimulatedOdoo) -> None:
    first = pages_of(odoo, "documents")
    odoo.tick(DAY)
    lines = asked(odoo, "account.move.line")
    second = pages_of(odoo, "documents", cursor_of(first))
    assert ids(second) == []
    assert asked(odoo) == 3, "the first pull, the window, the ids"
    assert asked(odoo, "account.move.line") == lines
    coverages = [(page.coverage, page.seen) for page in second if page.coverage is not None]
    kinds: tuple[RecordKind, ...] = ("invoice", "credit_note")
    expected = [Coverage("snapshot", kind, "", None, None, True) for kind in kinds]
    assert coverages == [(expected[0], {"1", "2", "3"}), (expected[1], set())]


def test_a_sweep_comes_when_it_is_due(odoo: SimulatedOdoo) -> None:
    def swept(hours: float) -> bool:
        nonlocal cursor
        odoo.tick(hours * 3600)
        pages = pages_of(odoo, "documents", cursor)
        cursor = cursor_of(pages)
        return any(page.coverage for page in pages)

    cursor = cursor_of(pages_of(odoo, "documents"))
    assert [swept(hours) for hours in (23.9, 0.2, 23.9, 0.2, 0.2)] == [False, True, False, True, False]


def test_no_sweep_where_the_settings_want_none(odoo: SimulatedOdoo) -> None:
    first = pages_of(odoo, "documents", sweep_hours=0)
    odoo.tick(999 * 3600)
    assert all(page.coverage is None for page in pages_of(odoo, "documents", cursor_of(first), sweep_hours=0))


def test_a_sweep_reads_no_further_than_the_first_day(odoo: SimulatedOdoo) -> None:
    odoo.invoice(4, invoice_date="2025-12-31")
    read = {"issued_from": "2026-01-01"}
    first = pages_of(odoo, "documents", **read)
    odoo.tick(DAY)
    [page, _] = [page for page in pages_of(odoo, "documents", cursor_of(first), **read) if page.coverage is not None]
    assert page.coverage is not None and str(page.coverage.start) == "2026-01-01"
    assert page.seen == {"1", "2", "3"}
    assert reading(odoo, **read).fetch("invoice", "4") is None
    assert reading(odoo).fetch("invoice", "4") is not None


def test_a_merged_partner_is_found_in_its_bucket_alone(odoo: SimulatedOdoo) -> None:
    odoo.put("res.partner", 2, name="Other", commercial_partner_id=2)
    odoo.invoice(5000)
    odoo.tick(1)
    first = pages_of(odoo, "documents")
    odoo.tick(DAY)
    odoo.silently("account.move", 2, commercial_partner_id=2)
    second = pages_of(odoo, "documents", cursor_of(first))
    assert {record.external_id: record.fields["account"] for record in records_of(second)} == {
        "1": "1",
        "2": "2",
        "3": "1",
    }
    odoo.tick(DAY)
    assert ids(pages_of(odoo, "documents", cursor_of(second))) == []


def test_a_sweep_cut_short_goes_on_with_what_it_has_not_read(odoo: SimulatedOdoo) -> None:
    for id_ in (1500, 2500):
        odoo.invoice(id_)
    odoo.tick(3600)
    reader = reading(odoo, batch=3)
    first = pages_of(odoo, "documents", reader=reader)
    odoo.tick(DAY)
    for id_ in (1, 1500, 2500):
        odoo.silently("account.move", id_, payment_state="paid")
    pages = []
    for page in reader.pull("documents", Window(odoo.clock), cursor_of(first)):
        pages.append(page)
        if page.records:
            break
    assert ids(pages) == ["1", "2", "3"]
    odoo.tick(60)
    rest = pages_of(odoo, "documents", cursor_of(pages), reader)
    assert ids(rest) == ["1500", "2500"]
    assert any(page.coverage for page in rest)


def test_a_first_pull_cut_short_is_swept_where_it_is_not_sure(odoo: SimulatedOdoo) -> None:
    """The bucket the cut went through is read once more by the first sweep, the others are not."""
    for id_ in (1500, 1501):
        odoo.invoice(id_)
    odoo.tick(3600)
    reader = reading(odoo, batch=2)
    pages = reader.pull("documents", Window(odoo.clock), {})
    cut = [next(pages), next(pages)]
    pages.close()  # type: ignore[attr-defined]
    rest = pages_of(odoo, "documents", cursor_of(cut), reader)
    assert ids(cut) + ids(rest) == ["1", "2", "3", "1500", "1501"]
    odoo.tick(DAY)
    assert ids(pages_of(odoo, "documents", cursor_of(rest), reader)) == ["1500", "1501"]


def test_other_settings_read_everything_again_and_say_what_there_is(odoo: SimulatedOdoo) -> None:
    odoo.put("res.partner", 2, name="Ann", parent_id=1, commercial_partner_id=1)
    odoo.invoice(2, partner_id=2)
    odoo.tick(DAY / 2)
    first = pages_of(odoo, "documents")
    second = pages_of(odoo, "documents", cursor_of(first), account="contact")
    assert [record.fields["account"] for record in records_of(second)] == ["1", "2", "1"]
    assert [page.coverage.kind for page in second if page.coverage] == ["invoice", "credit_note"]
    assert ids(pages_of(odoo, "documents", cursor_of(second), account="contact")) == []


# -------------------------------------------------------------------- what goes wrong


def test_an_unknown_stream(odoo: SimulatedOdoo) -> None:
    with pytest.raises(FatalError, match=r"no stream 'invoices'.*documents"):
        pages_of(odoo, "invoices")


@pytest.mark.parametrize("external_id", ["no-such-id", "", "-1", "1.5", "١", "99999999999999999999", "0"])
@pytest.mark.parametrize("kind", ["invoice", "credit_note", "account", "product", "payment"])
def test_what_is_no_id_of_odoo_is_not_there(odoo: SimulatedOdoo, kind: RecordKind, external_id: str) -> None:
    assert reading(odoo).fetch(kind, external_id) is None


def test_a_kind_that_is_not_read_is_not_there(odoo: SimulatedOdoo) -> None:
    assert reading(odoo).fetch("exchange_rate", "1") is None
    assert reading(odoo).fetch("contact", "1") is None


def test_what_is_there_can_be_fetched(odoo: SimulatedOdoo) -> None:
    whole = records_of(pages_of(odoo, "documents"))
    assert [reading(odoo).fetch("invoice", record.external_id) for record in whole] == whole
    assert reading(odoo).fetch("credit_note", "1") is None
    odoo.invoice(1, state="draft", posted_before=False)
    assert reading(odoo).fetch("invoice", "1") is None


@pytest.mark.parametrize("failing", [0, 1, 2, 3, 4, 5])
def test_what_the_client_raises_comes_out_as_it_is(odoo: SimulatedOdoo, failing: int) -> None:
    class Broken(RebatedError):
        """Down."""

    def fail(number: int) -> None:
        if number == failing:
            raise Broken

    with during(odoo, fail), pytest.raises(Broken):
        pages_of(odoo, "documents", batch=1)


@pytest.mark.parametrize("stream", ["accounts", "products", "documents", "payments", "exchange_rates"])
def test_an_answer_that_is_not_one_of_odoos_is_our_error(odoo: SimulatedOdoo, stream: str) -> None:
    odoo._web_search_read = lambda model, ids, **named: {"records": [{"id": 1}]}  # type: ignore[method-assign]
    with pytest.raises(FatalError, match=f"reading {stream}: Odoo answered in a form that is not understood"):
        pages_of(odoo, stream, exchange_rates=True)


def test_the_window_may_be_told_in_another_zone(odoo: SimulatedOdoo) -> None:
    zone = datetime.now(UTC).astimezone().tzinfo
    pages = list(reading(odoo).pull("documents", Window(odoo.clock.astimezone(zone)), {}))
    assert cursor_of(pages)["since"] == odoo.clock.strftime("%Y-%m-%d %H:%M:%S")


def test_what_changes_after_the_window_was_frozen_belongs_to_the_next(odoo: SimulatedOdoo) -> None:
    reader, frozen = reading(odoo), odoo.clock
    odoo.tick(2)
    late = odoo.invoice()
    odoo.invoice(1, ref="changed")
    first = list(reader.pull("documents", Window(frozen), {}))
    assert ids(first) == ["2", "3"]
    odoo.tick(2)
    assert ids(pages_of(odoo, "documents", cursor_of(first), reader)) == ["1", str(late)]


def test_only_what_a_window_may_reach_is_remembered(odoo: SimulatedOdoo) -> None:
    assert cursor_of(pages_of(odoo, "documents"))["recent"] == {}
    odoo.invoice(2, ref="changed")
    odoo.tick(1)
    second = pages_of(odoo, "documents", cursor_of(pages_of(odoo, "documents")))
    assert list(cursor_of(second)["recent"]) == ["2"]
    odoo.tick(1800)
    assert cursor_of(pages_of(odoo, "documents", cursor_of(second)))["recent"] == {}
