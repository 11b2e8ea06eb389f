"""What Odoo holds comes into the book: over HTTP, from several versions, by the daemon's own way of pulling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.odoo.adapter import OdooAdapter
from connectors.odoo.client import OdooClient
from connectors.odoo.settings import OdooSettings
from connectors.spi import Window
from core.ledger import quarantine
from core.ledger.tables import personal_data, record, record_head, record_version
from core.money import minor_units
from scheduler.context import Context
from scheduler.steps.pull import Pulled, pull
from tests.helpers.books import SmallBook, small_book
from tests.helpers.odoo_server import OdooServer

DAY = "2026-01-15"
TAX_19, TAX_7, TAX_EU = 18, 19, 10
USD, GERMANY, AUSTRIA = 1, 57, 12
VERSIONS: list[tuple[tuple[int, int], str]] = [
    ((19, 0), "json2"),
    ((19, 0), "xmlrpc"),
    ((18, 0), "auto"),
    ((16, 0), "auto"),
    ((14, 0), "auto"),
]


@pytest.fixture(params=VERSIONS, ids=[f"{version[0]}-{protocol}" for version, protocol in VERSIONS])
def beside(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside]:
    version, protocol = request.param
    with OdooServer(version) as server, small_book() as book:
        yield Beside(server, book, tmp_path, protocol, monkeypatch)


class Beside:
    """A book beside a server. Time passes when it is told to, for the server and for us alike."""

    def __init__(
        self, server: OdooServer, book: SmallBook, folder: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.server, self.book, self.folder, self.protocol = server, book, folder, protocol
        (folder / "key").write_text(server.key)
        monkeypatch.setattr("scheduler.steps.pull.utc_now", self.now)
        # A reply is dated by the machine's clock, which stands for the server's own.
        monkeypatch.setattr(OdooClient, "server_time", lambda client: self.now())

    def now(self) -> datetime:
        return self.server.now().replace(tzinfo=UTC)

    def adapter(self, **read: Any) -> OdooAdapter:
        given = {
            "url": self.server.url,
            "database": self.server.database,
            "login": self.server.login,
            "api_key": {"file": "key"},
            "protocol": self.protocol,
            "entity": "E1",
            "company": "1",
            "read": {"batch": 2, **read},
        }
        return OdooAdapter.build("erp", OdooSettings.model_validate(given), base=self.folder)

    def pull(self, **read: Any) -> Pulled:
        """Pull and land all streams, two seconds on."""
        self.server.advance(2)
        context = Context(self.book.config, self.book.book, "rebated", date(2026, 3, 1), claim=self.book.claim)
        context._adapters["erp"] = self.adapter(**read)
        [result] = pull(context)
        assert result.failure == ""
        return result

    def present(self, kind: str) -> dict[str, sa.Row[Any]]:
        """What counts now, by external id."""
        with self.book.book.read() as reading:
            rows = reading.execute(
                sa.select(record.c.external_id, record_version, personal_data.c.content.label("personal"))
                .join(record_head, record_head.c.record_id == record.c.id)
                .join(record_version, record_version.c.id == record_head.c.version_id)
                .outerjoin(personal_data, personal_data.c.version_id == record_version.c.id)
                .where(record.c.kind == kind, record_head.c.present)
            )
            return {row.external_id: row for row in rows}

    def quarantined(self) -> list[sa.Row[Any]]:
        with self.book.book.read() as reading:
            return list(quarantine.open_rows(reading, "erp"))


def test_what_odoo_holds_lands_and_nothing_is_set_aside(beside: Beside) -> None:
    server = beside.server
    with server.batch():
        group = server.add_partner("Group AG", customer_rank=1)
        tags = [server.create("res.partner.category", name=name) for name in ("Wholesale", "Berlin")]
        buyer = server.add_partner(
            "Buyer GmbH",
            customer_rank=1,
            country_id=GERMANY,
            lang="de_DE",
            vat="DE123456788",
            email="office@example.com",
            parent_id=group,
            is_company=True,
            category_id=[[6, 0, tags]],
        )
        ann = server.add_partner("Ann", parent_id=buyer)
        saw = server.add_product("SAW-9", "Saw")
        lines = [
            {"product_id": saw, "quantity": 3, "price_unit": 33.33, "tax_ids": [TAX_19]},
            {"name": "Book", "quantity": 1, "price_unit": 19.99, "tax_ids": [TAX_7]},
            {"name": "Discount", "quantity": 1, "price_unit": -5, "tax_ids": [TAX_19]},
        ]
        invoices = [server.add_invoice(ann, lines, DAY, ref=f"PO {number}") for number in range(5)]
        foreign = server.add_invoice(
            buyer, [{"name": "Saw", "price_unit": 10, "tax_ids": [TAX_EU]}], DAY, currency_id=USD
        )
        back = server.add_refund(buyer, lines[:1], DAY, reversed_entry_id=invoices[0])
        again, cancelled = (server.add_invoice(buyer, (7,), DAY) for _ in range(2))
        server.draft_again(again)
        server.draft_again(cancelled)
        server.cancel(cancelled)
        unposted = server.add_invoice(buyer, (9,), DAY, post=False)
        paid = server.pay(invoices[1], day="2026-02-01")
        server.pay(invoices[2], 20, "2026-02-02")
    result = beside.pull(segments=("Retail", "Wholesale"))
    assert beside.quarantined() == []
    assert result.landed.quarantined == 0

    documents = beside.present("invoice")
    assert set(documents) == {str(id_) for id_ in (*invoices, foreign, again, cancelled)}
    assert str(unposted) not in documents and str(paid) not in documents
    for id_ in (*invoices, foreign):
        move, stored = server.record("account.move", id_), documents[str(id_)]
        assert move is not None
        assert stored.net == minor_units(Decimal(str(move["amount_untaxed"])), stored.currency)
        assert stored.tax == minor_units(Decimal(str(move["amount_tax"])), stored.currency)
        assert (stored.content["number"], stored.entity) == (move["name"], "E1")
        assert not stored.cancelled
    assert documents[str(foreign)].currency == "USD"
    assert documents[str(again)].cancelled and documents[str(cancelled)].cancelled
    states = [documents[str(id_)].content["payment_state"] for id_ in invoices[1:4]]
    assert states == ["paid", "partial", "open"]
    [note] = beside.present("credit_note").values()
    assert (note.external_id, note.content["original"]) == (str(back), str(invoices[0]))
    assert note.net == -9999

    account = beside.present("account")[str(buyer)]
    assert account.content["segment"] == "Wholesale"
    assert account.content["tags"] == "Berlin; Wholesale"
    assert (account.content["language"], account.content["parent"]) == ("de", str(group))
    assert account.personal["name"] == "Buyer GmbH" and account.personal["vat_number"] == "DE123456788"
    assert documents[str(invoices[0])].account_id == account.account_id, "Ann's invoices are her company's"
    assert str(ann) not in beside.present("account")
    assert beside.present("product")["SAW-9"].content["name"] == "Saw"
    payments = beside.present("payment").values()
    assert {(row.content["invoice"], row.content["amount"], row.content["paid_on"]) for row in payments} == {
        (str(invoices[1]), documents[str(invoices[1])].net + documents[str(invoices[1])].tax, "2026-02-01"),
        (str(invoices[2]), 2000, "2026-02-02"),
    }


def test_a_pull_after_a_pull_lands_nothing(beside: Beside) -> None:
    buyer = beside.server.add_partner("Buyer", customer_rank=1)
    for _ in range(3):
        beside.server.add_invoice(buyer, (100,), DAY)
    assert beside.pull().landed.new > 3
    assert beside.pull().landed.read == 0


def test_changes_arrive_one_by_one(beside: Beside) -> None:
    server = beside.server
    buyer = server.add_partner("Buyer", customer_rank=1)
    changed, paid, same = (server.add_invoice(buyer, (100,), DAY) for _ in range(3))
    beside.pull()
    server.draft_again(changed)
    assert beside.pull().landed.changed == 1
    assert beside.present("invoice")[str(changed)].cancelled
    server.write("account.move", changed, ref="PO 2")
    server.post(changed)
    server.pay(paid)
    beside.pull()
    found = beside.present("invoice")
    assert not found[str(changed)].cancelled and found[str(changed)].content["reference"] == "PO 2"
    assert found[str(paid)].content["payment_state"] == "paid"
    assert [row.content["invoice"] for row in beside.present("payment").values()] == [str(paid)]
    assert found[str(same)].content["payment_state"] == "open"
    assert beside.quarantined() == []


def test_a_sweep_finds_what_is_gone_and_who_was_merged(beside: Beside) -> None:
    server = beside.server
    old, new = (server.add_partner(name, customer_rank=1) for name in ("Old", "New"))
    kept, deleted, undone = (server.add_invoice(old, (100,), DAY) for _ in range(3))
    refund = server.add_refund(old, (10,), DAY)
    server.pay(undone)
    server.advance(3600)
    beside.pull()
    stamp = (server.record("account.move", kept) or {})["write_date"]
    server.merge_partners(old, new)
    server.delete(deleted)
    server.delete(refund)
    server.unpay(undone)
    assert (server.record("account.move", kept) or {})["write_date"] == stamp, "else it would be found without"
    beside.pull()
    assert beside.present("invoice")[str(kept)].account_id == beside.present("account")[str(old)].account_id
    server.advance(24 * 3600)
    # The guard holds back what is missing where it is a large share of what there is: here, nearly all.
    with unguarded(beside.book):
        result = beside.pull()
    assert result.sweeps_waiting == []
    invoices, accounts = beside.present("invoice"), beside.present("account")
    assert set(invoices) == {str(kept), str(undone)}
    assert beside.present("credit_note") == {} and beside.present("payment") == {}
    assert str(old) not in accounts
    assert {row.account_id for row in invoices.values()} == {accounts[str(new)].account_id}
    assert beside.quarantined() == []
    assert beside.pull().landed.read == 0


def test_a_document_that_cannot_be_read_waits_until_it_can(beside: Beside) -> None:
    server = beside.server
    buyer = server.add_partner("Buyer", customer_rank=1)
    fee = server.add_tax("Eco fee", 2, amount_type="fixed")
    good = server.add_invoice(buyer, (100,), DAY)
    odd = server.add_invoice(buyer, [{"name": "Fridge", "price_unit": 100, "tax_ids": [fee]}], DAY)
    beside.pull()
    assert set(beside.present("invoice")) == {str(good)}
    [row] = beside.quarantined()
    assert (row.external_id, row.reason) == (str(odd), "no_tax_rate") and "Eco fee" in row.message
    server.draft_again(odd)
    server.cancel(odd)
    beside.pull()
    assert beside.quarantined() == []
    assert beside.present("invoice")[str(odd)].cancelled


def test_one_company_at_a_time(beside: Beside) -> None:
    server = beside.server
    other = server.add_company("Another GmbH")
    buyer = server.add_partner("Buyer", customer_rank=1)
    theirs = server.add_partner("Theirs", customer_rank=1, company_id=other)
    ours = server.add_invoice(buyer, (100,), DAY)
    [journal] = server.search("account.journal", [("company_id", "=", other), ("type", "=", "sale")])
    line = {"name": "Goods", "price_unit": 1, "tax_ids": []}
    foreign = server.add_invoice(theirs, [line], DAY, company_id=other, journal_id=journal)
    beside.pull()
    assert set(beside.present("invoice")) == {str(ours)}
    assert str(theirs) not in beside.present("account")
    assert beside.adapter().fetch("invoice", str(foreign)) is None
    assert beside.adapter().fetch("invoice", str(ours)) is not None


def test_a_late_commit_is_met_by_the_next_pull(beside: Beside) -> None:
    server = beside.server
    buyer = server.add_partner("Buyer", customer_rank=1)
    early = server.add_invoice(buyer, (100,), DAY)
    beside.pull()
    began = server.now()
    server.advance(600)
    beside.pull()
    late = server.add_invoice(buyer, (100,), DAY)
    server.touch("account.move", late, at=f"{began:%Y-%m-%d %H:%M:%S.%f}")  # as if its transaction had begun then
    server.advance(60)
    beside.pull()
    assert set(beside.present("invoice")) == {str(early), str(late)}


def test_a_pull_cut_off_goes_on_where_it_stopped(beside: Beside) -> None:
    server = beside.server
    buyer = server.add_partner("Buyer", customer_rank=1)
    ids = [str(server.add_invoice(buyer, (100,), DAY)) for _ in range(7)]
    server.advance(2)
    pages = beside.adapter().pull("documents", Window(beside.now()), {})
    first = next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert first.cursor is not None
    met = [item.external_id for item in first.records]
    for page in beside.adapter().pull("documents", Window(beside.now()), first.cursor):
        met += [item.external_id for item in page.records]
    assert met == ids


@contextmanager
def unguarded(book: SmallBook) -> Iterator[None]:
    """While it is entered, any share of what there is may vanish at once."""
    guarded = book.config
    sweeps = guarded.sweeps.model_copy(update={"guard_percent": Decimal(100)})
    book.config = guarded.model_copy(update={"sweeps": sweeps})
    try:
        yield
    finally:
        book.config = guarded
