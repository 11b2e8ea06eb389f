"""Credit notes as their UBL files say, read without the product's own reader."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lxml import etree

_NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


class Note(NamedTuple):
    """A credit note; amounts in minor units of a currency with two decimals."""

    key: str
    program: str
    account: str
    period: str
    net: int
    tax: int
    gross: int
    lines: tuple[int, ...]
    taxes: tuple[tuple[str, int, int], ...]
    """(percent, net, tax) of each tax code."""


def read_notes(folder: Path) -> list[Note]:
    """Every credit note in a folder, by name."""
    return [_read(path) for path in sorted(folder.glob("RB-*.xml"))]


def _read(path: Path) -> Note:
    root = etree.parse(path).getroot()

    def texts(where: str) -> list[str]:
        return [node.text or "" for node in root.iterfind(where, _NAMES)]

    def money(where: str) -> list[int]:
        found = texts(where)
        assert all(text[-3] == "." for text in found), f"{path.name}: {found} are not amounts with two decimals"
        return [int(text.replace(".", "")) for text in found]

    reference = "cac:AdditionalDocumentReference/cbc:"
    about = dict(zip(texts(reference + "DocumentDescription"), texts(reference + "ID"), strict=True))
    totals, subtotals = "cac:LegalMonetaryTotal/cbc:", "cac:TaxTotal/cac:TaxSubtotal/"
    (net,), (gross,) = money(totals + "TaxExclusiveAmount"), money(totals + "TaxInclusiveAmount")
    assert money(totals + "LineExtensionAmount") == [net] and money(totals + "PayableAmount") == [gross]
    (key,), (account,) = texts("cbc:ID"), texts("cac:AccountingCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID")
    (tax,) = money("cac:TaxTotal/cbc:TaxAmount")
    percents = texts(subtotals + "cac:TaxCategory/cbc:Percent")
    parts = zip(percents, money(subtotals + "cbc:TaxableAmount"), money(subtotals + "cbc:TaxAmount"), strict=True)
    lines = tuple(money("cac:CreditNoteLine/cbc:LineExtensionAmount"))
    return Note(key, about["program"], account, about["period"], net, tax, gross, lines, tuple(parts))
