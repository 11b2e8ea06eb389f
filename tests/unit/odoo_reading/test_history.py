"""Whatever happens on the server and to us, nothing is lost, and nothing comes twice in one pull.

Histories are tried against an Odoo in memory: transactions that commit late, equal stamps, changes while pages are
read, crashes between pages, clocks that differ, sweeps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.spi import Page, Window
from core.documents import RawRecord
from tests.unit.odoo_reading.simulated import SimulatedOdoo, reading

OVERLAP = 60
LONGEST = OVERLAP - 2
IDS = 7

identities = st.integers(1, IDS)
moments = st.floats(0, 3, allow_nan=False).map(lambda seconds: round(seconds, 3))
acts = st.one_of(
    st.tuples(st.just("write"), identities),
    st.tuples(st.just("state"), identities, st.sampled_from(["posted", "draft", "cancel"])),
    st.tuples(st.just("begin"), identities),
    st.tuples(st.just("commit")),
    st.tuples(st.just("wait"), moments),
)
between = st.dictionaries(st.integers(0, 14), st.lists(acts, max_size=3), max_size=4)
pulls = st.tuples(st.just("pull"), st.none() | st.integers(0, 3), between)
unseen = st.one_of(
    st.tuples(st.just("repoint"), identities, st.integers(1, 3)),
    st.tuples(st.just("delete"), identities),
    st.tuples(st.just("overdue"), identities),
)
hours = st.tuples(st.just("wait"), st.sampled_from([1800.0, 3700.0]))


class History:
    """A server, what is under way on it, and what a book would hold of what was pulled."""

    def __init__(self, skew: int, sweep_hours: int, version: tuple[int, int] = (19, 0)) -> None:
        self.odoo = SimulatedOdoo(version)
        for partner in (2, 3):
            self.odoo.put("res.partner", partner, name=f"Partner {partner}", commercial_partner_id=partner)
        self.odoo.tick(0.5)
        self.reading = reading(self.odoo, batch=2, overlap_seconds=OVERLAP, sweep_hours=sweep_hours)
        self.skew = timedelta(seconds=skew)
        self.version = 0
        self.running: list[tuple[Any, int, str]] = []
        self.cursor: Mapping[str, Any] = {}
        self.book: dict[str, RawRecord] = {}
        self.began: set[str] = set()
        self.gone: set[int] = set()

    # ---------------------------------------------------------------- acts

    def do(self, act: tuple[Any, ...]) -> None:
        getattr(self, act[0])(*act[1:])

    def write(self, id_: int) -> None:
        self.version += 1
        if id_ not in self.gone:
            self.odoo.invoice(id_, ref=f"version {self.version}")

    def state(self, id_: int, state: str) -> None:
        if id_ in self.odoo.tables["account.move"]:
            self.odoo.invoice(id_, state=state)

    def begin(self, id_: int) -> None:
        self.version += 1
        self.running.append((self.odoo.clock, id_, f"version {self.version}"))

    def commit(self) -> None:
        if self.running:
            began, id_, ref = self.running.pop(0)
            if self._may_write(id_, began):
                self.odoo.invoice(id_, ref=ref, at=began)

    def wait(self, seconds: float) -> None:
        after = self.odoo.clock + timedelta(seconds=seconds)
        while self.running and self.running[0][0] + timedelta(seconds=LONGEST) < after:
            self.commit()
        self.odoo.clock = after

    def overdue(self, id_: int) -> None:
        """A transaction that took far longer than windows reach back ends now."""
        self.version += 1
        began = self.odoo.clock - timedelta(seconds=5 * OVERLAP)
        # Two in one second, one of them overdue, cannot be told apart by anything a sweep reads.
        if self._may_write(id_, began - timedelta(seconds=1)):
            self.odoo.invoice(id_, ref=f"version {self.version}", at=began)

    def _may_write(self, id_: int, began: datetime) -> bool:
        """Whether a transaction begun then can write the document: else it could not be serialised with others."""
        known = self.odoo.tables["account.move"].get(id_)
        return id_ not in self.gone and (known is None or bool(known["write_date"] <= began))

    def repoint(self, id_: int, partner: int) -> None:
        if id_ in self.odoo.tables["account.move"]:
            self.odoo.silently("account.move", id_, commercial_partner_id=partner)

    def delete(self, id_: int) -> None:
        """Ids are never given again."""
        self.gone.add(id_)
        self.odoo.tables["account.move"].pop(id_, None)
        lines = self.odoo.tables["account.move.line"]
        for line in [line for line, row in lines.items() if row["move_id"] == id_]:
            del lines[line]

    def pull(self, crash: int | None, changes: Mapping[int, list[tuple[Any, ...]]]) -> None:
        """Pull, land each page with its cursor, and die before landing page number `crash`."""
        first = len(self.odoo.calls)
        self.odoo.before = lambda number: [self.do(act) for act in changes.get(number - first, ())] and None
        self.began = set(self.book)
        met: list[tuple[Any, ...]] = []
        pages = self.reading.pull("documents", Window(self.odoo.clock + self.skew), self.cursor)
        for number, page in enumerate(pages):
            if number == crash:
                pages.close()  # type: ignore[attr-defined]
                break
            self.land(page)
            met += [said(record) for record in page.records]
        self.odoo.before = lambda number: None
        assert len(met) == len(set(met)), "the same came twice in one pull"

    def land(self, page: Page) -> None:
        assert page.bad == ()
        for record in page.records:
            known = self.book.get(record.external_id)
            if known is None or record.order >= known.order:
                self.book[record.external_id] = record
        if page.coverage is not None:
            for external_id in [found for found in self.began if self.book[found].kind == page.coverage.kind]:
                if external_id not in page.seen and self.reading.fetch(page.coverage.kind, external_id) is None:
                    del self.book[external_id]
                    self.began.discard(external_id)
        if page.cursor is not None:
            self.cursor = json.loads(json.dumps(page.cursor))

    # ---------------------------------------------------------------- what must be so

    def settle(self) -> None:
        """Everything under way ends, and the clocks come past what was stamped."""
        while self.running:
            self.commit()
        self.wait(abs(self.skew.total_seconds()) + 2)

    def there(self) -> dict[str, tuple[str, str, bool]]:
        """What the server holds: reference, account, and whether it is cancelled."""
        return {
            str(id_): (row.get("ref", ""), str(row["commercial_partner_id"]), row["state"] != "posted")
            for id_, row in self.odoo.tables["account.move"].items()
        }

    def held(self) -> dict[str, tuple[str, str, bool]]:
        """What the book holds."""
        return {
            external_id: (
                record.fields.get("reference", ""),
                record.fields["account"],
                record.fields.get("state") == "cancelled",
            )
            for external_id, record in self.book.items()
        }


def said(record: RawRecord) -> tuple[Any, ...]:
    return record.kind, record.external_id, record.order, repr(record.fields), repr(record.lines)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(acts, acts, pulls), max_size=25),
    st.sampled_from([0, -90, 90, 3600]),
    st.sampled_from([(19, 0), (16, 0)]),
)
def test_nothing_is_lost_and_nothing_comes_twice(
    story: list[tuple[Any, ...]], skew: int, version: tuple[int, int]
) -> None:
    history = History(skew, 0, version)
    for act in story:
        history.do(act)
    history.settle()
    history.do(("pull", None, {}))
    assert history.held() == history.there()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(acts, unseen, hours, pulls, pulls), max_size=25), st.sampled_from([0, -90, 90]))
def test_a_sweep_finds_what_no_stamp_tells(story: list[tuple[Any, ...]], skew: int) -> None:
    history = History(skew, 1)
    for act in story:
        history.do(act)
    history.settle()
    history.do(("pull", None, {}))
    history.wait(3700)
    history.do(("pull", None, {}))
    assert history.held() == history.there()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(acts, pulls), max_size=20))
def test_a_pull_of_what_holds_still_brings_nothing(story: list[tuple[Any, ...]]) -> None:
    history = History(0, 1)
    for act in story:
        history.do(act)
    history.settle()
    history.do(("pull", None, {}))
    history.odoo.tick(1)
    pages = list(history.reading.pull("documents", Window(history.odoo.clock), history.cursor))
    assert [record for page in pages for record in page.records] == []
