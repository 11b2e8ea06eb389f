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
from connectors.crm_rest.settings import RestSettings
from connectors.declarative.preset import laid_over
from connectors.declarative.trial import read_once
from connectors.spi import AlreadyExists, Page, UnknownOutcome, Window, WriteRefused
from core.errors import FatalError, RetryableError
from core.source import SourceRules
from tests.helpers import strangers
from tests.helpers.odoo_workspace import PROGRAMS
from tests.helpers.stand_ins.base import StandIn
from tests.helpers.stand_ins.harness import HurriedClock
from tests.helpers.strangers.depot import Depot
from tests.helpers.strangers.graph import Graph
from tests.helpers.strangers.ledger import Ledger
from tests.helpers.strangers.rolodex import Rolodex
from tests.helpers.workspace import Workspace, call

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
        page = tomllib.loads(text, parse_float=Decimal)
        own = page.get("connections", {}).get("erp", {}).get("settings", page)
        settings = RestSettings.model_validate(laid_over(own, more))
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
        (shown,) = read_once(adapter, "documents", SourceRules()).requests
        assert "key *** is not valid" in shown.reply and "wr0ng-key" not in repr(shown)

    def test_the_trial_obeys_no_reply(self, connect: Connect, erp: Ledger) -> None:
        erp.fail(200, {"value": [{"Id": "\x9b31m\u202e", "b": [1, 2, 3]}], "@odata.deltaLink": "/x"}, times=9)
        (shown,) = read_once(connect("ledger", erp, {"key": erp.key}), "documents", SourceRules()).requests
        assert "\x9b" not in shown.reply and "\u202e" not in shown.reply and "… and 2 more" in shown.reply


class TestGraph:
    @pytest.fixture
    def erp(self) -> Iterator[Graph]:
        with Graph() as erp:
            line = {"text": "Goods", "net": Decimal("100.05"), "rate": 19}
            for _ in range(5):
                given = {"kind": "INVOICE", "customer": NUMBER, "day": "2026-01-15", "currency": "EUR", "lines": [line]}
                erp.add(given, "POSTED")
            yield erp

    def test_it_is_read_by_cursors(self, connect: Connect, erp: Graph) -> None:
        adapter = connect("graph", erp, {"token": erp.token})
        assert [finding for finding in adapter.check() if finding.level != "ok"] == []
        first = pulled(adapter, erp)
        assert ids_of(first) == {row.id for row in erp.documents}
        row = next(iter(erp.documents))
        erp.documents.change(row, {"customer": "C-2"})
        later = pulled(adapter, erp, first)
        assert [record.fields["account"] for page in later for record in page.records] == ["C-2"]
        assert adapter.fetch("invoice", "no/such'id") is None

    def test_a_lost_reply_makes_no_second_credit_note(self, connect: Connect, erp: Graph) -> None:
        adapter = connect("graph", erp, {"token": erp.token})
        request = sample_request("credit_note", 1, NUMBER)
        internal = {"data": None, "errors": [{"message": "oops", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
        erp.fail(200, internal, when=lambda asked: b"createDraft" in asked.body, after=True)
        with pytest.raises(UnknownOutcome, match="oops"):
            adapter.create(request)
        (draft,) = adapter.look_up("credit_note", request.key)
        assert draft.state == "draft"
        with pytest.raises(WriteRefused, match="no such customer"):
            adapter.create(sample_request("credit_note", 2, "O'Neil"))
        made = adapter.create(sample_request("credit_note", 3, NUMBER))
        assert made.state == "posted" and adapter.read_back("credit_note", made.remote_id) == made
        assert adapter.read_back("credit_note", "gone") is None

    def test_a_wrong_token_is_told(self, connect: Connect, erp: Graph) -> None:
        adapter = connect("graph", erp, {"token": "wr0ng"})
        with pytest.raises(FatalError, match=r"who are you") as caught:
            pulled(adapter, erp)
        assert "wr0ng" not in repr(caught.value)


class TestDepot:
    DAY = ("--as-of", "2026-04-20")

    @pytest.fixture
    def erp(self) -> Iterator[Depot]:
        with Depot() as erp:
            erp.customers.add({}, id=NUMBER)
            lines = [
                {"text": "Goods", "qty": "1,5", "net_ct": 100_005, "vat": 190},
                {"text": "Books", "qty": "1.000,5", "net_ct": 50_055, "vat": 70},
            ]
            for day in (1_767_909_600_000, 1_769_729_400_000, 1_774_911_600_000):  # the last is 31 March in Berlin
                erp.add("invoices", {"cust": NUMBER, "day": day, "lines": lines}, "P")
            erp.add("credits", {"cust": NUMBER, "day": 1_769_729_400_000, "lines": lines[1:]}, "P")
            yield erp

    @pytest.fixture
    def workspace(self, tmp_path: Path, erp: Depot) -> Workspace:
        workspace = Workspace(tmp_path)
        (tmp_path / "programs").mkdir()
        for name in ("bonus", "club"):
            (tmp_path / "programs" / f"{name}.toml").write_text(PROGRAMS[name])
        (tmp_path / "password").write_text(erp.password)
        workspace.config.write_text((PAGES / "depot.toml").read_text("utf-8").replace("URL", erp.url))
        return workspace

    def test_it_goes_the_whole_way(self, workspace: Workspace, erp: Depot) -> None:
        assert "Ready" in call(workspace, "check").out
        tried = call(workspace, "connector", "try", "erp").out
        assert '"vat_ct": 22505' in tried and '"net_ct": 1234' in tried and erp.session not in tried
        call(workspace, "pull")
        for name in ("bonus", "club"):
            call(workspace, "program", "live", name, "--settle-from", "2026-01-01")
        for step in ("accrue", "propose"):
            call(workspace, step, *self.DAY)
        call(workspace, "review", "approve", "--all-without-alarms")
        erp.session = "ended"
        call(workspace, "write-back", *self.DAY)
        _, made = erp.tables["credits"]
        # 3 x 1,500.60 - 500.55 = 4,001.25: 1 % of what is above 500, 2 % of what is above 1,000
        assert made.values["state"] == "P" and sum(line["net_ct"] for line in made.values["lines"]) == 6_503
        assert [row.values["cust"] for row in erp.tables["notes"]] == [NUMBER]
        assert [row.values["class"] for row in erp.customers] != [""]
        call(workspace, "pull")
        call(workspace, "reconcile")
        call(workspace, "write-back", *self.DAY)
        assert len(erp.tables["credits"]) == 2 and len(erp.tables["notes"]) == 1

    def test_check_says_where_a_list_is_not(self, workspace: Workspace, erp: Depot) -> None:
        workspace.config.write_text(workspace.config.read_text().replace('records = "rows"', 'records = "items"'))
        told = call(workspace, "check").out
        assert "nothing at `items`; it holds ok, page, last, rows" in told
        call(workspace, "connector", "try", "erp")

    @pytest.mark.parametrize(
        ("right", "wrong", "told"),
        [
            ('account = "cust"', 'customer = "cust"', "we know no field 'customer'; there are: account,"),
            ("quantity = {", "qty = {", "lines.fields: we know no field 'qty'; there are: description,"),
            ("${window.since}", "${window.from}", "there are window.since, window.until"),
            ('kind = "number", ', "", "`kind` is missing"),
            ('kind = "number"', 'kind = "pages"', "there is no such kind; there are: 'none', 'link'"),
        ],
    )
    def test_a_slip_of_the_pen_is_told(self, workspace: Workspace, right: str, wrong: str, told: str) -> None:
        text = workspace.config.read_text()
        assert right in text
        workspace.config.write_text(text.replace(right, wrong))
        assert told in call(workspace, "check", code=2).err.replace("\n", " ")

    def test_the_trial_says_what_would_go_to_quarantine(self, workspace: Workspace) -> None:
        text = workspace.config.read_text()
        workspace.config.write_text(
            text.replace('total_net = { path = "net_ct", factor = "0.01" }', 'total_net = "net_ct"')
        )
        assert "2 of them would go to quarantine, such as invoice 1" in call(workspace, "connector", "try", "erp").out

    def test_a_lost_reply_makes_no_second_credit_note(self, connect: Connect, erp: Depot) -> None:
        adapter = connect("depot", erp, {"password": erp.password})
        request = sample_request("credit_note", 1, NUMBER)
        erp.fail(200, b"<html>", when=lambda asked: asked.method == "POST" and "credits" in asked.target, after=True)
        with pytest.raises(UnknownOutcome):
            adapter.create(request)
        (draft,) = adapter.look_up("credit_note", request.key)
        assert draft.state == "draft"
        with pytest.raises(AlreadyExists):
            adapter.create(request)
        assert len(erp.tables["credits"].where(ref=request.key)) == 1

    def test_too_much_asked_is_put_off_until_it_says(self, connect: Connect, erp: Depot) -> None:
        adapter = connect("depot", erp, {"password": erp.password})
        reset = str(int(erp.clock.now().timestamp()) + 500)
        erp.fail(
            429, {"ok": False, "text": "slow down"}, {"X-Reset": reset}, when=lambda asked: "credits" in asked.path
        )
        with pytest.raises(RetryableError) as caught:
            adapter.create(sample_request("credit_note", 1, NUMBER))
        assert 490 <= (caught.value.after or 0) <= 500

    def test_a_wrong_password_is_told_and_not_shown(self, connect: Connect, erp: Depot) -> None:
        adapter = connect("depot", erp, {"password": "wr0ng-password"})
        with pytest.raises(FatalError, match="user or password is wrong"):
            pulled(adapter, erp)


GARBAGE = {
    "a page": b"<html><h1>Maintenance</h1></html>",
    "cut short": b'{"value": [{"id": 1',
    "deep": b'{"value": ' + b"[" * 300 + b"]" * 300 + b"}",
    "a huge number": b'{"value": [{"Id": 1e999999}], "rows": [{"id": 1e999999}]}',
    "a table for a list": {"value": {}, "rows": {"1": {}}, "data": {"documents": {"edges": {"node": 1}}}},
    "a list for a table": [1, 2],
    "odd records": {"value": ["x", None, 3], "rows": [[], "x"], "data": ["x", 3, None], "last": 1},
    "odd fields": {
        "value": [{"Id": {"a": 1}}, {"Id": "a/b'c", "Net": "many"}],
        "rows": [{"id": [1]}, {"id": "a/b", "changed": "yesterday", "net_ct": "many"}],
        "data": [{"id": {"a": 1}, "attributes": 7}],
        "last": 1,
    },
    "odd pages": {
        "last": "many",
        "rows": [],
        "data": [],
        "links": {"next": {"a": 1}},
        "value": [],
        "@odata.nextLink": 7,
    },
    "another host": {"links": {"next": "https://evil.example/"}, "data": [], "value": [], "@odata.nextLink": "//evil/"},
    "nothing": b"",
    "null": b"null",
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize(
    ("name", "made", "secrets"),
    [
        ("depot", Depot, {"password": Depot.password}),
        ("rolodex", Rolodex, TestRolodex.SECRETS),
        ("ledger", Ledger, {"key": Ledger.key}),
        ("graph", Graph, {"token": Graph.token}),
    ],
    ids=["depot", "rolodex", "ledger", "graph"],
)
def test_garbage_is_an_error_of_ours_or_lies_in_quarantine(
    connect: Connect, name: str, made: Callable[[], StandIn], secrets: Mapping[str, str], body: Any
) -> None:
    with made() as stand_in:
        adapter = connect(name, stand_in, secrets)
        lists = ("/d/invoices", "/v1/companies", "/odata/Documents", "/graphql")
        stand_in.fail(200, body, times=99, when=lambda asked: asked.path in lists)
        try:
            pages = pulled(adapter, stand_in)
        except (FatalError, RetryableError) as error:
            assert error.message and "evil" not in error.message
        else:
            assert not any(page.records or page.coverage for page in pages)
        assert isinstance(list(adapter.check()), list)
