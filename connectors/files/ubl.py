"""Credit notes and debit invoices as UBL 2.1 documents within EN 16931, and the same read back.

The arithmetic rules BR-CO-10, 13, 14, 15, 16 and 17 and the rules of the tax categories hold because the request's own
integers are written and are checked first: a request that does not add up is refused, never adjusted.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import NamedTuple

from lxml import etree

from connectors.spi import DocumentRequest, Party, Remote, TaxPart, WriteRefused
from core import money

_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_ROOT = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_NAMES = {"cac": _CAC, "cbc": _CBC}
CUSTOMIZATION = "urn:cen.eu:en16931:2017"
EXEMPTIONS = {
    "E": ("", "Exempt from VAT"),
    "AE": ("VATEX-EU-AE", "Reverse charge"),
    "K": ("VATEX-EU-IC", "Intra-Community supply"),
    "G": ("VATEX-EU-G", "Export outside the EU"),
    "O": ("VATEX-EU-O", "Not subject to VAT"),
}
"""Exemption reason code and text by tax category."""
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCES = ("content hash", "program", "period", "legal entity")


class _Kind(NamedTuple):
    root: str
    type_tag: str
    type_code: str
    line: str
    quantity: str
    terms: str


_KINDS = {
    "credit_note": _Kind(
        "CreditNote",
        "CreditNoteTypeCode",
        "381",
        "CreditNoteLine",
        "CreditedQuantity",
        "Credited to the customer account.",
    ),
    "debit_invoice": _Kind(
        "Invoice", "InvoiceTypeCode", "380", "InvoiceLine", "InvoicedQuantity", "Payable under the agreed terms."
    ),
}


class Written(NamedTuple):
    """What a file of ours says: the remote document and what the register keeps beside it."""

    remote: Remote
    issued: str
    entity: str
    buyer_name: str
    program: str
    period: str
    content_hash: str
    gross: int


def check_sums(request: DocumentRequest) -> None:
    """Raises WriteRefused where the parts of the request do not add up, naming what differs (minor units)."""
    if not request.lines:
        raise WriteRefused(f"{request.key}: a document needs at least one line (BR-16)")
    stated = Counter((part.category, part.rate) for part in request.taxes)
    doubled = [code for code, count in stated.items() if count > 1]
    if doubled:
        raise WriteRefused(f"{request.key}: tax code {doubled[0]} stands twice")
    lines: Counter[tuple[str, int]] = Counter()
    for line in request.lines:
        lines[line.category, line.rate] += line.net
    parts = {(part.category, part.rate): part.net for part in request.taxes}
    for code in {*lines, *parts}:
        if lines.get(code) != parts.get(code):
            raise WriteRefused(
                f"{request.key}: lines under {code} add up to {lines.get(code)}, the tax part says {parts.get(code)}"
            )
    for what, total, found in (
        ("net", request.net, sum(part.net for part in request.taxes)),
        ("tax", request.tax, sum(part.tax for part in request.taxes)),
    ):
        if total != found:
            raise WriteRefused(f"{request.key}: {what} is {total}, its parts add up to {found}")


def document(request: DocumentRequest) -> bytes:
    """The UBL document of a request. Raises WriteRefused where its sums differ."""
    check_sums(request)
    kind = _KINDS[request.kind]
    space = _ROOT.format(kind.root)
    # lxml takes None for the default namespace; its type stubs do not know.
    root = etree.Element(f"{{{space}}}{kind.root}", nsmap={None: space, **_NAMES})  # type: ignore[dict-item]
    _basic(root, "CustomizationID", CUSTOMIZATION)
    _basic(root, "ID", request.key)
    _basic(root, "IssueDate", request.issued.isoformat())
    _basic(root, kind.type_tag, kind.type_code)
    if request.note:
        _basic(root, "Note", request.note)
    _basic(root, "DocumentCurrencyCode", request.currency)
    period = _part(root, "InvoicePeriod")
    _basic(period, "StartDate", request.period_start.isoformat())
    _basic(period, "EndDate", request.period_end.isoformat())
    references = (request.content_hash, request.program, request.period, request.entity)
    for name, text in zip(_REFERENCES, references, strict=True):
        if text:
            reference = _part(root, "AdditionalDocumentReference")
            _basic(reference, "ID", text)
            _basic(reference, "DocumentDescription", name)
    # Where nothing is subject to VAT, VAT numbers must not be stated (BR-O-02).
    taxable = any(part.category != "O" for part in request.taxes)
    _party(root, "AccountingSupplierParty", request.seller, request.seller.id or request.entity, taxable=taxable)
    _party(root, "AccountingCustomerParty", request.buyer, request.account, taxable=taxable)
    if request.buyer.country and any(part.category == "K" for part in request.taxes):  # BR-IC-12
        place = _part(_part(_part(root, "Delivery"), "DeliveryLocation"), "Address")
        _basic(_part(place, "Country"), "IdentificationCode", request.buyer.country)
    _basic(_part(root, "PaymentTerms"), "Note", kind.terms)  # BR-CO-25
    total = _part(root, "TaxTotal")
    _amount(total, "TaxAmount", request.tax, request.currency)
    for part in request.taxes:
        subtotal = _part(total, "TaxSubtotal")
        _amount(subtotal, "TaxableAmount", part.net, request.currency)
        _amount(subtotal, "TaxAmount", part.tax, request.currency)
        _category(subtotal, "TaxCategory", part.category, part.rate, reason=True)
    gross = request.net + request.tax
    totals = _part(root, "LegalMonetaryTotal")
    for tag, value in (
        ("LineExtensionAmount", request.net),
        ("TaxExclusiveAmount", request.net),
        ("TaxInclusiveAmount", gross),
        ("PayableAmount", gross),
    ):
        _amount(totals, tag, value, request.currency)
    for number, line in enumerate(request.lines, 1):
        row = _part(root, kind.line)
        _basic(row, "ID", str(number))
        # A price is never negative (BR-27): the sign stands on the quantity.
        _basic(row, kind.quantity, "-1" if line.net < 0 else "1", unitCode="C62")
        _amount(row, "LineExtensionAmount", line.net, request.currency)
        item = _part(row, "Item")
        _basic(item, "Name", line.description or request.program or request.key)
        _category(item, "ClassifiedTaxCategory", line.category, line.rate)
        _amount(_part(row, "Price"), "PriceAmount", abs(line.net), request.currency)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def read_document(content: bytes, kind: str, key: str) -> Written:
    """What a file of ours says now. Raises ValueError (DataError for amounts) where it cannot be understood.

    Entities are not resolved, nothing is loaded, and a document type declaration is refused.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is not well-formed XML: {error}") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise ValueError("it has a document type declaration, which ours have not")
    names = _KINDS[kind]
    if etree.QName(root).localname != names.root:
        raise ValueError(f"it is a {etree.QName(root).localname}, not a {names.root}")
    currency = _text(root, "cbc:DocumentCurrencyCode")
    net = _minor(root, "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount", currency)
    tax = _minor(root, "cac:TaxTotal/cbc:TaxAmount", currency)
    taxes = tuple(
        TaxPart(
            _text(part, "cac:TaxCategory/cbc:ID"),
            _rate(part.findtext("cac:TaxCategory/cbc:Percent", namespaces=_NAMES)),
            _minor(part, "cbc:TaxableAmount", currency),
            _minor(part, "cbc:TaxAmount", currency),
        )
        for part in root.iterfind("cac:TaxTotal/cac:TaxSubtotal", namespaces=_NAMES)
    )
    buyer = "cac:AccountingCustomerParty/cac:Party/"
    references = {
        reference.findtext("cbc:DocumentDescription", "", namespaces=_NAMES): _text(reference, "cbc:ID")
        for reference in root.iterfind("cac:AdditionalDocumentReference", namespaces=_NAMES)
    }
    number = _text(root, "cbc:ID")
    lines = sum(1 for _ in root.iterfind(f"cac:{names.line}", namespaces=_NAMES))
    issued = _text(root, "cbc:IssueDate")
    date.fromisoformat(issued)
    remote = Remote(
        key,
        key,
        number,
        "posted",
        _text(root, buyer + "cac:PartyIdentification/cbc:ID"),
        currency,
        net,
        tax,
        taxes,
        lines,
        {"content_hash": references.get("content hash", ""), "issued": issued},
    )
    return Written(
        remote,
        issued,
        references.get("legal entity", ""),
        root.findtext(buyer + "cac:PartyLegalEntity/cbc:RegistrationName", "", namespaces=_NAMES) or "",
        references.get("program", ""),
        references.get("period", ""),
        references.get("content hash", ""),
        _minor(root, "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", currency),
    )


def _text(node: etree._Element, path: str) -> str:
    text = (node.findtext(path, namespaces=_NAMES) or "").strip()
    if not text:
        raise ValueError(f"{path} is missing or empty")
    return text


def _minor(node: etree._Element, path: str, currency: str) -> int:
    return money.minor_units(_text(node, path), currency, path=path)


def _rate(percent: str | None) -> int:
    """A rate in millionths from a percentage; 0 where there is none (category O)."""
    return money.scaled(money.parse_decimal(percent), money.RATE_EXPONENT - 2) if percent else 0


def _part(parent: etree._Element, tag: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_CAC}}}{tag}")


def _basic(parent: etree._Element, tag: str, text: str, **attributes: str) -> None:
    node = etree.SubElement(parent, f"{{{_CBC}}}{tag}", attributes)
    node.text = _ILLEGAL.sub("\ufffd", text)


def _amount(parent: etree._Element, tag: str, minor: int, currency: str) -> None:
    _basic(parent, tag, money.text(minor, currency), currencyID=currency)


def _category(parent: etree._Element, tag: str, category: str, rate: int, *, reason: bool = False) -> None:
    node = _part(parent, tag)
    _basic(node, "ID", category)
    if category != "O":  # BR-O-05
        _basic(node, "Percent", money.percent_text(rate))
    if reason and category in EXEMPTIONS:
        code, text = EXEMPTIONS[category]
        if code:
            _basic(node, "TaxExemptionReasonCode", code)
        _basic(node, "TaxExemptionReason", text)
    _basic(_part(node, "TaxScheme"), "ID", "VAT")


def _party(root: etree._Element, tag: str, party: Party, identifier: str, *, taxable: bool) -> None:
    node = _part(_part(root, tag), "Party")
    _basic(_part(node, "PartyIdentification"), "ID", identifier)
    place = {"StreetName": party.street, "CityName": party.city, "PostalZone": party.postcode}
    if party.country or any(place.values()):
        address = _part(node, "PostalAddress")
        for name, text in place.items():
            if text:
                _basic(address, name, text)
        if party.country:
            _basic(_part(address, "Country"), "IdentificationCode", party.country)
    if party.vat_number and taxable:
        scheme = _part(node, "PartyTaxScheme")
        _basic(scheme, "CompanyID", party.vat_number)
        _basic(_part(scheme, "TaxScheme"), "ID", "VAT")
    _basic(_part(node, "PartyLegalEntity"), "RegistrationName", party.name or identifier)
