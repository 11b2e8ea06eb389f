"""What the outside world tells us: records of twelve kinds, raw as an adapter reads them, normalised as we keep them.

A record's identity is (source, company, kind, external id). The versioned thing is the whole record with its lines
inside; its version is the hash of the normalised content. `order` is the source's own ordering of versions of one
record (a change stamp in microseconds, a revision, the sequence of a file): the highest is current, not the last to
land. Days are business dates of the source; instants are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

RecordKind = Literal[
    "account",
    "product",
    "invoice",
    "credit_note",
    "payment",
    "contact",
    "enrolment",
    "event",
    "claim",
    "redemption",
    "exchange_rate",
    "counterpart",
]
DOCUMENT_KINDS: tuple[RecordKind, ...] = ("invoice", "credit_note")
LineKind = Literal["goods", "service", "freight", "fee", "deposit", "tax", "bad_debt", "manual", "discount", "rounding"]
LINE_KINDS: tuple[LineKind, ...] = (
    "goods",
    "service",
    "freight",
    "fee",
    "deposit",
    "tax",
    "bad_debt",
    "manual",
    "discount",
    "rounding",
)
TAX_CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O", "L", "M")
"""EN 16931 tax category codes (UNCL5305): standard, zero, exempt, reverse charge, intra-community, export, out of
scope, Canary Islands, Ceuta and Melilla."""
UNTAXED_CATEGORIES = ("Z", "E", "AE", "K", "G", "O")
"""Categories whose rate is always 0 (EN 16931)."""

FieldType = Literal["text", "date", "instant", "money", "number", "rate", "percent", "flag", "personal", "units"]


class Field(NamedTuple):
    """One canonical field of a record kind: what a mapping may fill."""

    name: str
    type: FieldType
    required: bool = False
    meaning: str = ""


_ID = Field("id", "text", True, "the source's own id of the record")
_ACCOUNT = Field("account", "text", True, "id of the customer account in the source")
_CONTACT = Field("contact", "text", False, "id of a person at the account")
_VALID_FROM = Field("valid_from", "date", False, "first day this state of the record is true; empty: always")

HEADER_FIELDS: tuple[Field, ...] = (
    _ID,
    Field("number", "text", False, "number printed on the document; the id where empty"),
    Field("account", "text", False, "id of the invoiced account; a document without one is parked by rule"),
    Field("issued", "date", True, "issue date, or an instant in the source's time zone"),
    Field("delivered", "date", False, "delivery date"),
    Field("due", "date", False, "payment due date"),
    Field("currency", "text", True, "ISO 4217 code"),
    Field("entity", "text", True, "issuing legal entity"),
    Field("registration", "text", False, "tax registration the document was issued under; the entity's where empty"),
    Field("state", "text", False, "posted (default) or cancelled"),
    Field("payment_state", "text", False, "open, partial, paid or reversed, as the source has it"),
    Field("original", "text", False, "id of the invoice a credit note corrects"),
    Field("reference", "text", False, "reference text; our own keys come back in it or in the number"),
    Field("note", "text", False, "free text"),
    Field("country", "text", False, "country of the document, where it differs from the account's"),
    Field("channel", "text", False, "sales channel"),
    Field("total_net", "money", False, "stated net total"),
    Field("total_tax", "money", False, "stated tax total"),
    Field("total_gross", "money", False, "stated gross total"),
    Field("allowance", "money", False, "header discount, positive"),
    Field("charge", "money", False, "header charge, positive"),
    Field("rounding", "money", False, "declared rounding, signed"),
)
LINE_FIELDS: tuple[Field, ...] = (
    Field("product", "text", False, "id of the product (SKU)"),
    Field("description", "text", False, "text of the line"),
    Field("line_kind", "text", False, "goods (default) or another line kind"),
    Field("quantity", "number", False, "quantity in the unit; 1 where empty"),
    Field("unit", "text", False, "unit of measure; the product's base unit where empty"),
    Field("price", "number", False, "price of one unit, net"),
    Field("net", "money", False, "net amount of the line; quantity x price, rounded once, where empty"),
    Field("tax_category", "text", False, "EN 16931 tax category code; S where a rate above 0 stands, else Z"),
    Field("tax_percent", "percent", False, "tax rate in percent"),
    Field("tax", "money", False, "tax amount of the line"),
)
RECORD_FIELDS: dict[str, tuple[Field, ...]] = {
    "account": (
        _ID,
        Field("name", "personal", False, "name of the account"),
        Field("segment", "text", False, "customer segment"),
        Field("country", "text", False, "ISO 3166 code"),
        Field("currency", "text", False, "ISO 4217 code"),
        Field("language", "text", False, "language for notes"),
        Field("parent", "text", False, "id of the parent account"),
        Field("group", "text", False, "buying group"),
        Field("tags", "text", False, "labels of the account, separated by `; `"),
        Field("channel", "text", False, "sales channel"),
        Field("vat_number", "personal", False, "VAT number"),
        Field("email", "personal", False, "e-mail address"),
        Field("street", "personal", False, "street and number"),
        Field("city", "personal", False, "city"),
        Field("postcode", "personal", False, "postal code"),
        Field("sales_person", "personal", False, "responsible sales person"),
        _VALID_FROM,
    ),
    "product": (
        _ID,
        Field("name", "text", False, "name of the product"),
        Field("category", "text", False, "product category"),
        Field("brand", "text", False, "brand"),
        Field("line_kind", "text", False, "line kind of lines with this product"),
        Field("unit", "text", False, "base unit"),
        Field("units", "units", False, "other units as `box=12; pallet=480` base units"),
        _VALID_FROM,
    ),
    "payment": (
        _ID,
        _ACCOUNT,
        Field("invoice", "text", True, "id of the invoice paid"),
        Field("paid_on", "date", True, "date of payment"),
        Field("currency", "text", True, "ISO 4217 code"),
        Field("amount", "money", True, "amount paid, gross"),
        Field("state", "text", False, "posted (default) or cancelled"),
    ),
    "contact": (
        _ID,
        _ACCOUNT,
        Field("name", "personal", False, "name of the person"),
        Field("email", "personal", False, "e-mail address"),
        Field("role", "text", False, "role at the account"),
        _VALID_FROM,
    ),
    "enrolment": (
        _ID,
        _ACCOUNT,
        _CONTACT,
        Field("program", "text", True, "id of the program"),
        Field("since", "date", True, "first day of membership"),
        Field("until", "date", False, "last day of membership"),
    ),
    "event": (
        _ID,
        _ACCOUNT,
        _CONTACT,
        Field("type", "text", True, "kind of event"),
        Field("at", "date", True, "day of the event"),
        Field("quantity", "number", False, "how many; 1 where empty"),
        Field("reference", "text", False, "what it refers to"),
    ),
    "claim": (
        _ID,
        _ACCOUNT,
        Field("program", "text", True, "id of the program"),
        Field("type", "text", False, "kind of claim"),
        Field("at", "date", True, "day of the claim"),
        Field("currency", "text", True, "ISO 4217 code"),
        Field("amount", "money", True, "amount claimed"),
        Field("state", "text", False, "submitted (default), accepted or refused"),
        Field("evidence", "text", False, "where the proof is kept"),
    ),
    "redemption": (
        _ID,
        _ACCOUNT,
        _CONTACT,
        Field("program", "text", True, "id of the program"),
        Field("at", "date", True, "day of the redemption"),
        Field("quantity", "number", True, "points or amount redeemed"),
        Field("currency", "text", False, "ISO 4217 code; empty for points"),
        Field("reference", "text", False, "what it was redeemed for"),
    ),
    "exchange_rate": (
        Field("base", "text", True, "ISO 4217 code of the currency converted from"),
        Field("quote", "text", True, "ISO 4217 code of the currency converted to"),
        Field("on", "date", True, "day of the rate"),
        Field("rate", "number", True, "quote units for one base unit"),
        Field("provider", "text", False, "who publishes the rate"),
    ),
    # An account as another system has it, a CRM say: matched with ours, and never one of ours itself.
    "counterpart": (
        _ID,
        Field("name", "personal", False, "name of the account there"),
        Field("external_key", "text", False, "id of our account, where the other system keeps it"),
        Field("vat_number", "personal", False, "VAT number"),
        Field("domain", "text", False, "domain of its website or mail, or an address with it"),
        Field("country", "text", False, "ISO 3166 code"),
        Field("merged_into", "text", False, "id of the record it was merged into there"),
        Field("merged_from", "text", False, "ids of records that were merged into it, separated by `; `"),
        Field("archived", "flag", False, "whether it is in use no more"),
    ),
}


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as read: canonical field names, values untouched (text wherever the source has text).

    `order` is comparable among versions of one record and 0 where the source has none. `origin` says where the
    record stood, for people (`sales-2026-01.csv row 17`).
    """

    kind: RecordKind
    external_id: str
    fields: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]] = ()
    order: int = 0
    company: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """Something an adapter met and could not turn into a RawRecord. It is quarantined, never dropped."""

    reason: str
    message: str
    raw: Mapping[str, Any]
    kind: RecordKind | None = None
    external_id: str | None = None
    company: str = ""
    origin: str = ""
    order: int = 0


class Line(NamedTuple):
    """One normalised line. Amounts in minor units of the document's currency, header amounts already spread."""

    product: str
    description: str
    kind: str
    quantity: int
    """10^-6 of `unit`; negative on returns."""
    unit: str
    net: int
    tax: int
    tax_category: str
    tax_rate: int
    """Millionths: 20 % is 200000."""
    derived: bool
    """Whether net or tax was computed by us, for want of a figure in the source."""


@dataclass(frozen=True, slots=True)
class Record:
    """A normalised record. `personal` holds what may be erased; everything else is chained.

    `lines` is empty for every kind but invoices and credit notes. A credit note's amounts are negative.
    """

    kind: RecordKind
    external_id: str
    company: str
    order: int
    account: str | None
    day: date | None
    currency: str
    entity: str
    cancelled: bool
    content: Mapping[str, Any]
    personal: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    net: int = 0
    tax: int = 0
    origin: str = ""


class Coverage(NamedTuple):
    """What the absence of a record from a pull means.

    `changes`: nothing. `snapshot`: ids of `kind` and `company` whose day lies in `[start, end)` (None: unbounded)
    and that were not seen do not exist any more, provided `complete`.
    """

    mode: Literal["changes", "snapshot"]
    kind: RecordKind
    company: str = ""
    start: date | None = None
    end: date | None = None
    complete: bool = False
