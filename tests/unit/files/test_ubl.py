"""Written documents keep the arithmetic of EN 16931, recomputed here from the XML alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from connectors.conformance import assert_equal, sample_request
from connectors.files.ubl import document, read_document
from connectors.spi import DocumentLine, DocumentRequest, Party, TaxPart, WriteRefused
from core.errors import FatalError

SPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
CODES = [("S", 200_000), ("S", 75_000), ("Z", 0), ("E", 0), ("AE", 0), ("K", 0), ("G", 0), ("O", 0), ("L", 70_000)]
DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}
amounts = st.integers(-(10**9), 10**9)


@st.composite
def requests(draw):
    currency = draw(st.sampled_from(sorted(DIGITS)))
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True))
    lines, taxes = [], []
    for category, rate in codes:
        nets = draw(st.lists(amounts, min_size=1, max_size=4))
        net = sum(nets)
        # Rounded half away from zero, and off by one now and then, as the rest of a cumulative split is.
        tax = (abs(net) * rate * 2 + 10**6) // (2 * 10**6) * (-1 if net < 0 else 1)
        tax += draw(st.sampled_from([-1, 0, 0, 1])) if rate else 0
        taxes.append(TaxPart(category, rate, net, tax))
        lines += [DocumentLine(draw(st.text(max_size=12)), category, rate, line, 0) for line in nets]
    party = st.builds(Party, st.just("X1"), *[st.text(max_size=8)] * 5, st.sampled_from(["", "DE", "FR"]))
    return DocumentRequest(
        kind=draw(st.sampled_from(["credit_note", "debit_invoice"])),
        key="RB-ABCDEFGH2345",
        content_hash="ab" * 32,
        issued=date(2026, 2, 3),
        seller=draw(party),
        buyer=draw(party),
        entity="DE01",
        account="C-1",
        program="bonus",
        period="2026-01",
        period_start=date(2026, 1, 1),
        period_end=date(2026, 1, 31),
        currency=currency,
        lines=tuple(draw(st.permutations(lines))),
        taxes=tuple(taxes),
        net=sum(part.net for part in taxes),
        tax=sum(part.tax for part in taxes),
        note=draw(st.text(max_size=20)),
    )


def en16931_errors(content: bytes) -> list[str]:
    """The arithmetic and tax category rules that the document breaks."""
    root = etree.fromstring(content)
    errors = []

    def number(path, node=root):
        return Decimal(node.findtext(path, namespaces=SPACES))

    def nodes(path, node=root):
        return node.findall(path, SPACES)

    def rule(name, holds):
        if not holds:
            errors.append(name)

    lines = nodes("cac:CreditNoteLine") + nodes("cac:InvoiceLine")
    parts = nodes("cac:TaxTotal/cac:TaxSubtotal")
    total = "cac:LegalMonetaryTotal/cbc:"
    net = sum(number("cbc:LineExtensionAmount", line) for line in lines)
    rule("BR-16", lines)
    rule("BR-CO-10", number(total + "LineExtensionAmount") == net)
    rule("BR-CO-13", number(total + "TaxExclusiveAmount") == number(total + "LineExtensionAmount"))
    tax = number("cac:TaxTotal/cbc:TaxAmount")
    rule("BR-CO-14", tax == sum(number("cbc:TaxAmount", part) for part in parts))
    rule("BR-CO-15", number(total + "TaxInclusiveAmount") == number(total + "TaxExclusiveAmount") + tax)
    rule("BR-CO-16", number(total + "PayableAmount") == number(total + "TaxInclusiveAmount"))

    def code(node):
        return node.findtext("cbc:ID", namespaces=SPACES), node.findtext("cbc:Percent", "0", namespaces=SPACES)

    by_code = defaultdict(Decimal)
    for line in lines:
        quantity = line.find("cbc:CreditedQuantity", SPACES)
        quantity = line.find("cbc:InvoicedQuantity", SPACES) if quantity is None else quantity
        price = number("cac:Price/cbc:PriceAmount", line)
        rule("BR-27", price >= 0)
        rule("line", Decimal(quantity.text) * price == number("cbc:LineExtensionAmount", line))
        rule("BR-25", line.findtext("cac:Item/cbc:Name", namespaces=SPACES))
        by_code[code(line.find("cac:Item/cac:ClassifiedTaxCategory", SPACES))] += number(
            "cbc:LineExtensionAmount", line
        )
    unit = Decimal(1).scaleb(-DIGITS[root.findtext("cbc:DocumentCurrencyCode", namespaces=SPACES)])
    for part in parts:
        category = part.find("cac:TaxCategory", SPACES)
        taxable, amount = number("cbc:TaxableAmount", part), number("cbc:TaxAmount", part)
        rule("BR-S-08", by_code.pop(code(category), None) == taxable)
        rule("BR-CO-17", abs(taxable * Decimal(code(category)[1]) / 100 - amount) <= unit * Decimal("1.5"))
        reasoned = category.find("cbc:TaxExemptionReason", SPACES) is not None
        rule("BR-E-10", reasoned == (code(category)[0] in ("E", "AE", "K", "G", "O")))
        rule("BR-48", (category.find("cbc:Percent", SPACES) is None) == (code(category)[0] == "O"))
    rule("BR-CO-18", parts and not by_code)
    rule("amounts", all(node.get("currencyID") for node in root.iter() if str(node.tag).endswith("Amount")))
    return errors


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests())
def test_any_request_that_adds_up_keeps_the_rules_and_reads_back_equal(request):
    content = document(request)
    assert en16931_errors(content) == []
    written = read_document(content, request.kind, request.key)
    assert_equal(request, written.remote)
    assert written.remote.number == request.key
    assert (written.content_hash, written.program, written.entity) == (request.content_hash, "bonus", "DE01")
    assert written.gross == request.net + request.tax


def test_the_checker_sees_what_is_wrong():
    content = document(sample_request("credit_note"))
    for tag, rule in (("PayableAmount", "BR-CO-16"), ("TaxableAmount", "BR-S-08"), ("TaxInclusiveAmount", "BR-CO-15")):
        root = etree.fromstring(content)
        next(root.iter(f"{{{SPACES['cbc']}}}{tag}")).text = "1.23"
        assert rule in en16931_errors(etree.tostring(root))


@pytest.mark.parametrize(
    "change",
    [
        {"net": 1506},
        {"tax": 250},
        {"lines": ()},
        {"taxes": (TaxPart("S", 200_000, 1505, 251),)},
        {"taxes": (TaxPart("S", 200_000, 500, 100), TaxPart("S", 200_000, 1005, 151))},
    ],
)
def test_a_request_that_does_not_add_up_is_refused(connection, change):
    request = replace(sample_request("credit_note"), **change)
    with pytest.raises(WriteRefused, match=request.key):
        connection.adapter().create(request)
    assert not (connection.out / "credit-notes" / f"{request.key}.xml").exists()


def test_the_document_as_an_accountant_would_check_it(connection):
    connection.adapter().create(sample_request("credit_note"))
    (path,) = (connection.out / "credit-notes").glob("*.xml")
    root = etree.parse(path).getroot()
    assert etree.QName(root).localname == "CreditNote"

    def text(name):
        return root.findtext(name, namespaces=SPACES)

    assert text("cbc:CustomizationID") == "urn:cen.eu:en16931:2017"
    assert text("cbc:CreditNoteTypeCode") == "381"
    assert text("cbc:ID") == path.stem
    assert (text("cac:InvoicePeriod/cbc:StartDate"), text("cac:InvoicePeriod/cbc:EndDate")) == (
        "2026-01-01",
        "2026-01-31",
    )
    assert text("cac:AccountingCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID") == "C-1001"
    # By hand: 10.00 + 5.05 net, 2.00 + 0.51 tax, 17.56 to be paid.
    assert text("cac:LegalMonetaryTotal/cbc:PayableAmount") == "17.56"
    assert path.stat().st_mode & 0o444 == 0o444


def test_a_file_somebody_edited_shows_the_edited_figures(connection):
    request = sample_request("credit_note")
    adapter = connection.adapter()
    adapter.create(request)
    path = connection.out / "credit-notes" / f"{request.key}.xml"
    path.write_text(path.read_text().replace(">15.05<", ">99.05<").replace("C-1001", "C-7"))
    (remote,) = adapter.look_up("credit_note", request.key)
    assert (remote.net, remote.account) == (9905, "C-7")
    path.unlink()
    assert adapter.read_back("credit_note", request.key) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a/>",
        b"<CreditNote/>",
        b"not xml",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><CreditNote>&x;</CreditNote>',
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "' + b"&a;" * 1000 + b'">]><CreditNote>&b;</CreditNote>',
    ],
)
def test_an_unreadable_file_stops_with_its_name_and_what_to_do(connection, content):
    request = sample_request("credit_note")
    adapter = connection.adapter()
    adapter.create(request)
    (connection.out / "credit-notes" / f"{request.key}.xml").write_bytes(content)
    for call in (adapter.look_up, adapter.read_back):
        with pytest.raises(FatalError, match=request.key) as caught:
            call("credit_note", request.key)
        assert "restore" in (caught.value.hint or "")
