"""What a real SOAP server does that a suite for all systems does not ask about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import Seed, ids_of, records_of, sample_request
from connectors.declarative.preset import laid_over
from connectors.spi import DocumentRequest, NoteRequest, Page, UnknownOutcome, Window, WriteRefused
from core.errors import ConfigError, FatalError, RetryableError
from tests.helpers.spyne_erp.harness import BUYER, FakturaHarness
from tests.helpers.spyne_erp.server import Faktura
from tests.helpers.spyne_erp.settings import PASSWORD

Told = tuple[Faktura, bytes]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with Faktura(tmp_path_factory.mktemp("faktura")) as server:
        FakturaHarness.prepare(server)
        yield server, server.wsdl()


@pytest.fixture
def harness(told: Told, tmp_path: Path) -> Iterator[FakturaHarness]:
    harness = FakturaHarness(*told, tmp_path)
    yield harness
    harness.close()


@pytest.fixture
def faktura(harness: FakturaHarness) -> Faktura:
    return harness.server


def pulled(harness: FakturaHarness, adapter: Any = None) -> list[Page]:
    return list((adapter or harness.build()).pull("documents", Window(harness.now()), {}))


def credit_note(number: int = 1) -> DocumentRequest:
    request = sample_request("credit_note", number, BUYER)
    assert isinstance(request, DocumentRequest)
    return request


def note(text: str) -> NoteRequest:
    request = sample_request("account_note", 1, BUYER)
    assert isinstance(request, NoteRequest)
    return replace(request, text=text)


# ---------------------------------------------------------------- what is read


def test_amounts_and_texts_arrive_as_they_are(harness: FakturaHarness, faktura: Faktura):
    lines = [("Säge <3 & mehr", "123456789.10", "V19"), ("0.10", "0.10", "V7")]
    document = faktura.ledger.invoice(BUYER, lines, "2026-03-31", text="  Zeile 1\nZeile 2 ]]> ")
    ((record,),) = (page.records for page in pulled(harness))
    assert record.external_id == str(document)
    assert (record.fields["total_net"], record.fields["issued"]) == (Decimal("123456789.20"), "2026-03-31")
    assert [str(line["net"]) for line in record.lines] == ["123456789.10", "0.10"]
    assert record.lines[0]["description"] == "Säge <3 & mehr"
    assert "Zeile 2 ]]>" in record.fields["note"]


def test_what_was_added_since_costs_nothing_and_what_was_left_out_is_told_of(told: Told, tmp_path: Path):
    """The WSDL is the one of before."""
    with Faktura(tmp_path / "later", later=True) as later:
        assert b"DiscountGroup" in later.wsdl() and b"DiscountGroup" not in told[1]
        FakturaHarness.prepare(later)
        with closing(FakturaHarness(later, told[1], tmp_path)) as harness:
            harness.seed([Seed("A")])
            untaxed = later.ledger.invoice(BUYER, [("Tools", "100.00", "V0")], "2026-01-15")
            pages = pulled(harness)
            (record,) = records_of(pages)
            assert (record.fields["account"], record.fields["total_net"]) == (BUYER, Decimal("105.05"))
            assert [str(line["net"]) for line in record.lines] == ["100.00", "5.05"]
            (bad,) = (bad for page in pages for bad in page.bad)
            assert bad.external_id == str(untaxed) and "Tax" in bad.message
            request = credit_note()
            assert harness.build().create(request).net == request.net


def by_subcode(settings: dict[str, Any]) -> dict[str, Any]:
    """In SOAP 1.2 `Client.Locked` is `Sender`, with the subcode `Locked`."""
    for rule in settings["errors"]:
        rule |= {"path": "fault.subcode", "matches": rule["matches"].replace(r"Client\.", "")}
    return settings


def test_soap_1_2_is_spoken_as_well(tmp_path: Path):
    with Faktura(tmp_path / "faktura", soap_12=True) as server:
        FakturaHarness.prepare(server)
        with closing(FakturaHarness(server, server.wsdl(), tmp_path, by_subcode)) as harness:
            harness.seed([Seed(name) for name in "ABC"])
            adapter = harness.build()
            assert ids_of(pulled(harness, adapter)) == set("ABC")
            server.ledger.end_sessions()
            request = credit_note()
            assert adapter.create(request).net == request.net
            assert adapter.read_back("credit_note", "98765") is None
            with pytest.raises(WriteRefused, match="there is no customer 98765"):
                adapter.create(replace(credit_note(2), account="98765"))


# ---------------------------------------------------------------- sessions


def test_a_session_that_ends_is_begun_anew(harness: FakturaHarness, faktura: Faktura):
    harness.seed([Seed(name) for name in "ABCDE"])
    adapter, seen = harness.build(), []
    for page in adapter.pull("documents", Window(harness.now()), {}):
        seen.append(page)
        faktura.ledger.end_sessions()
    assert ids_of(seen) == set("ABCDE")
    request = credit_note()
    adapter.create(request)
    assert faktura.books.documents(request.key) == [("posted", request.net)]


def test_a_wrong_password_is_for_a_person(harness: FakturaHarness):
    (harness.folder / PASSWORD).write_text("another-password")
    with pytest.raises(FatalError, match="user or password is wrong") as caught:
        pulled(harness)
    assert "another-password" not in f"{caught.value!r}{caught.value.hint}"
    assert any(finding.level == "error" for finding in harness.build().check())


# ---------------------------------------------------------------- what is refused, locked or broken


def test_locked_books_are_waited_for(harness: FakturaHarness, faktura: Faktura):
    request = credit_note()
    faktura.ledger.close("the month is being closed")
    with pytest.raises(RetryableError, match="the month is being closed") as caught:
        harness.build().create(request)
    assert not isinstance(caught.value, UnknownOutcome), "nothing was done"
    faktura.ledger.reopen()
    harness.build().create(request)
    assert faktura.books.documents(request.key) == [("posted", request.net)]


def test_what_the_server_refuses_is_refused_in_its_words(harness: FakturaHarness, faktura: Faktura):
    request = replace(credit_note(), account="98765")
    with pytest.raises(WriteRefused, match="there is no customer 98765"):
        harness.build().create(request)
    assert faktura.books.documents(request.key) == []


def test_what_the_schema_does_not_allow_is_refused(harness: FakturaHarness, faktura: Faktura):
    """Faktura takes 2,000 characters."""
    with pytest.raises(WriteRefused):
        harness.build().create(note("x" * 2000))
    harness.build().create(note("Ä & <b> ]]> 😀 " * 10))
    ((text,),) = faktura.books.rows("select text from note")
    assert text.startswith("Ä & <b> ]]> 😀 Ä")


def test_a_server_that_breaks_leaves_the_outcome_open(harness: FakturaHarness, faktura: Faktura):
    harness.seed([Seed("A")])
    faktura.ledger.sql("alter table line rename to lines")
    try:
        with pytest.raises(RetryableError):
            pulled(harness)
        with pytest.raises(UnknownOutcome):
            harness.build().create(credit_note())
    finally:
        faktura.ledger.sql("alter table lines rename to line")


def test_a_posted_document_is_not_changed(harness: FakturaHarness, faktura: Faktura):
    remote = harness.build().create(credit_note())
    assert harness.build().post("credit_note", remote.remote_id) == remote
    with pytest.raises(WriteRefused):
        harness.build().discard("credit_note", remote.remote_id)
    assert faktura.books.documents(remote.key) == [("posted", remote.net)]


# ---------------------------------------------------------------- the WSDL


def from_the_server(settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    own = settings["wsdl"]["faktura"]
    return laid_over(settings, {"wsdl": {"faktura": {"source": f"{own['address']}/?wsdl", **more}}})


def test_a_wsdl_is_loaded_once(told: Told, tmp_path: Path):
    with closing(FakturaHarness(*told, tmp_path, from_the_server)) as harness:
        harness.seed([Seed("A")])
        for _ in range(2):
            assert ids_of(pulled(harness)) == {"A"}
        loaded = [passed for passed in harness.proxy.passed if passed.request.method == "GET"]
        assert len(loaded) == 1


def test_another_wsdl_than_the_pinned_one_is_refused(told: Told, tmp_path: Path):
    with closing(
        FakturaHarness(*told, tmp_path, lambda settings: from_the_server(settings, sha256="0" * 64))
    ) as harness:
        with pytest.raises((ConfigError, FatalError), match="0" * 12):
            pulled(harness)
        assert [passed for passed in harness.proxy.passed if passed.request.method == "POST"] == []
