"""Systems nobody here has seen, each connected by a page of settings and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import cursor_of, ids_of, sample_request
from connectors.crm_rest.adapter import RestAdapter
from connectors.crm_rest.preset import laid_over
from connectors.crm_rest.settings import RestSettings
from connectors.spi import AlreadyExists, Page, UnknownOutcome, Window, WriteRefused
from core.errors import FatalError, RetryableError
from tests.helpers import strangers
from tests.helpers.stand_ins.base import StandIn
from tests.helpers.stand_ins.harness import HurriedClock
from tests.helpers.strangers.ledger import Ledger
from tests.helpers.strangers.rolodex import Rolodex

PAGES = Path(strangers.__file__).parent
NUMBER = 'K/17 "O\'Neil" ü'
"""A customer number as somebody typed it once."""

Connect = Callable[..., RestAdapter]


@pytest.fixture
def connect(tmp_path: Path) -> Connect:
    """Connects a stand-in by the page of its name. `more`: settings laid over it."""

    def connected(name: str, stand_in: StandIn, secrets: Mapping[str, str], **more: Any) -> RestAdapter:
        for file, secret in secrets.items():
            (tmp_path / file).write_text(secret)
        text = (PAGES / f"{name}.toml").read_text("utf-8").replace("URL", stand_in.url)
        settings = RestSettings.model_validate(laid_over(tomllib.loads(text, parse_float=Decimal), more))
        return RestAdapter(name, settings, tmp_path, clock=HurriedClock())

    return connected


def pulled(adapter: RestAdapter, stand_in: StandIn, pages: list[Page] | None = None, hours: int = 0) -> list[Page]:
    stream = adapter.streams()[0]
    cursor = cursor_of(pages) if pages else {}
    return list(adapter.pull(stream, Window(stand_in.boundary() + timedelta(hours=hours)), cursor))


class TestRolodex:
    SECRETS: Mapping[str, str] = {"secret": "s3cret", "refresh": Rolodex.first_token}

    @pytest.fixture
    def crm(self) -> Iterator[Rolodex]:
        with Rolodex() as crm:
            for number in range(3):
                crm.add(f"Company {number}", NUMBER if number == 0 else f"C-{number}")
            yield crm

    def test_it_is_read_and_what_was_merged_is_gone(self, connect: Connect, crm: Rolodex) -> None:
        adapter = connect("rolodex", crm, self.SECRETS)
        assert [finding for finding in adapter.check() if finding.level != "ok"] == []
        first = pulled(adapter, crm)
        rows = list(crm.companies)
        assert {(record.external_id, record.fields["external_key"]) for page in first for record in page.records} == {
            (rows[0].id, NUMBER),
            (rows[1].id, "C-1"),
            (rows[2].id, "C-2"),
        }
        crm.companies.change(rows[1], {"name": "Another name"})
        later = pulled(adapter, crm, first)
        assert rows[1].id in ids_of(later) and rows[0].id not in ids_of(later) | {""}
        crm.merge(rows[1], rows[2])
        swept = pulled(adapter, crm, [*first, *later], hours=2)
        assert [sorted(page.seen) for page in swept if page.coverage] == [sorted((rows[0].id, rows[2].id))]
        assert adapter.fetch("counterpart", rows[1].id) is None
        assert crm.given == 1 and crm.refresh == "refresh-1"

    def test_a_tier_is_written_over_the_version_that_was_read(self, connect: Connect, crm: Rolodex) -> None:
        adapter, company = connect("rolodex", crm, self.SECRETS), next(iter(crm.companies))
        request = sample_request("tier", 1, company.id)
        crm.fail(412, {"errors": [{"detail": "changed"}]}, when=lambda asked: asked.method == "PATCH")
        with pytest.raises(RetryableError, match="changed"):
            adapter.create(request)
        adapter.create(request)
        assert company.values["fields"] == {"f_17": request.tier, "f_18": NUMBER}  # type: ignore[union-attr]
        crm.merge(company, list(crm.companies)[1])
        with pytest.raises(WriteRefused):
            adapter.create(request)

    def test_a_note_counts_once_it_is_tied(self, connect: Connect, crm: Rolodex) -> None:
        adapter, company = connect("rolodex", crm, self.SECRETS), next(iter(crm.companies))
        note = sample_request("account_note", 1, company.id)
        crm.fail(502, b"<html>", when=lambda asked: "relationships" in asked.target, after=True)
        with pytest.raises(UnknownOutcome):
            adapter.create(note)
        (found,) = adapter.look_up("account_note", note.key, company.id)
        assert adapter.read_back("account_note", found.remote_id) == found
        gone = sample_request("account_note", 2, "0f8fad5b/..'\"")
        with pytest.raises(WriteRefused):
            adapter.create(gone)
        assert [row.values["company"] for row in crm.notes] == [company.id]

    def test_a_used_refresh_token_is_told_and_not_shown(self, connect: Connect, crm: Rolodex) -> None:
        adapter = connect("rolodex", crm, {**self.SECRETS, "refresh": "stale-t0ken"})
        with pytest.raises(FatalError, match="refresh token was used") as caught:
            pulled(adapter, crm)
        assert "stale-t0ken" not in repr(caught.value)


class TestLedger:
    LINE: Mapping[str, str] = {"Text": "Goods", "Net": "100.05", "Rate": "0.19"}

    @pytest.fixture
    def erp(self) -> Iterator[Ledger]:
        with Ledger() as erp:
            for _ in range(5):
                erp.add({"Kind": "Invoice", "Customer": NUMBER, "Date": "2026-01-15", "Lines": [self.LINE]})
            yield erp

    def test_it_is_read_by_deltas(self, connect: Connect, erp: Ledger) -> None:
        adapter = connect("ledger", erp, {"key": erp.key})
        assert [finding for finding in adapter.check() if finding.level != "ok"] == []
        first = pulled(adapter, erp)
        assert ids_of(first) == {row.id for row in erp.documents}
        record = next(record for page in first for record in page.records)
        assert (record.fields["account"], record.fields["total_net"]) == (NUMBER, "100.0500")
        rows = list(erp.documents)
        erp.documents.change(rows[0], {"Customer": "C-2"})
        erp.documents.delete(rows[1])
        later = pulled(adapter, erp, first, hours=2)
        assert [(r.external_id, r.fields["account"]) for page in later[:1] for r in page.records] == [
            (rows[0].id, "C-2")
        ]
        assert {page.seen for page in later if page.coverage} == {frozenset(row.id for row in erp.documents)}
        fetched = adapter.fetch("invoice", rows[0].id)
        assert fetched is not None and fetched.fields["account"] == "C-2"

    def test_a_lost_reply_makes_no_second_credit_note(self, connect: Connect, erp: Ledger) -> None:
        adapter = connect("ledger", erp, {"key": erp.key})
        request = sample_request("credit_note", 1, NUMBER)
        erp.fail(200, b'{"Id": "DE/', when=lambda asked: asked.method == "PATCH", after=True)
        with pytest.raises(UnknownOutcome):
            adapter.create(request)
        assert adapter.look_up("credit_note", request.key) == ()  # not to be found yet
        with pytest.raises((AlreadyExists, UnknownOutcome)):
            adapter.create(request)
        erp.clock.advance(timedelta(seconds=61))
        (found,) = adapter.look_up("credit_note", request.key)
        assert (found.net, found.account) == (request.net, NUMBER)  # type: ignore[union-attr]
        assert len(erp.documents) == 6

    def test_a_wrong_key_is_told_and_not_shown(self, connect: Connect, erp: Ledger) -> None:
        adapter = connect("ledger", erp, {"key": "wr0ng-key"})
        told = repr(list(adapter.check()))
        assert "is not valid" in told and "wr0ng-key" not in told
