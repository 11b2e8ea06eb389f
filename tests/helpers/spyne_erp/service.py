"""The SOAP service: document/literal, every request checked against its schema, a session in a SOAP header.

Only the server's own process imports it: spyne comes with warnings, and with its own copy of `six`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
from typing import Any
from zoneinfo import ZoneInfo

from spyne import (
    Application,
    Array,
    Boolean,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Enum,
    Fault,
    Integer,
    Service,
    Unicode,
    rpc,
)
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

from tests.helpers.spyne_erp.ledger import Ledger, Refusal
from tests.helpers.spyne_erp.store import Busy

NAMESPACE = "urn:example:faktura"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
ZONE = ZoneInfo("Europe/Berlin")
MOST = 1000
LATER = "FAKTURA_LATER" in os.environ
"""Whether the people of the ERP have added a field in the middle of a document, and leave taxes of zero out."""

NEEDED = {"min_occurs": 1, "nillable": False}
Money = Decimal.customize(fraction_digits=2, total_digits=15)
Amount = Money.customize(**NEEDED)
Text = Unicode(max_len=2000)
Name = Unicode(min_len=1, max_len=80, **NEEDED)
Number = Integer(**NEEDED)
DocumentKind = Enum("invoice", "creditnote", type_name="DocumentKind")


class Line(ComplexModel):
    __namespace__ = NAMESPACE
    Product = Unicode
    Text = Unicode(max_len=500, **NEEDED)
    Quantity = Decimal
    Net = Amount
    TaxCode = Name
    TaxRate = Decimal
    Tax = Money


class NewDocument(ComplexModel):
    __namespace__ = NAMESPACE
    Kind = DocumentKind.customize(**NEEDED)
    Customer = Name
    Currency = Unicode(pattern="[A-Z]{3}", **NEEDED)
    Issued = Date(**NEEDED)
    Reference = Unicode(max_len=120)
    Text = Text
    Lines = Array(Line, **NEEDED)


class Document(ComplexModel):
    __namespace__ = NAMESPACE
    Id = Number
    Kind = DocumentKind.customize(**NEEDED)
    State = Name
    Number = Unicode
    if LATER:
        DiscountGroup = Unicode
    Customer = Name
    Currency = Name
    Issued = Date(**NEEDED)
    Reference = Unicode
    Text = Unicode
    Net = Amount
    Tax = Money if LATER else Amount
    Changed = DateTime(**NEEDED)
    Lines = Array(Line, **NEEDED)


class Customer(ComplexModel):
    __namespace__ = NAMESPACE
    Code = Name
    Name = Unicode(**NEEDED)
    Country = Unicode
    VatNumber = Unicode
    Language = Unicode
    Tier = Unicode
    TierSince = Date
    TierProgress = Integer
    Changed = DateTime(**NEEDED)


class TierChange(ComplexModel):
    __namespace__ = NAMESPACE
    Code = Name
    Tier = Name
    Since = Date
    Progress = Integer(ge=0, le=100)


class TierResult(ComplexModel):
    __namespace__ = NAMESPACE
    Code = Name
    Done = Boolean(**NEEDED)
    Why = Unicode


class Note(ComplexModel):
    __namespace__ = NAMESPACE
    Id = Number
    Customer = Name
    Text = Unicode


class DocumentPage(ComplexModel):
    """`Total`: in the whole window. `Count`: here."""

    __namespace__ = NAMESPACE
    Total = Number
    Pages = Number
    Count = Number
    Documents = Array(Document, **NEEDED)


class CustomerPage(ComplexModel):
    __namespace__ = NAMESPACE
    Total = Number
    Pages = Number
    Count = Number
    Customers = Array(Customer, **NEEDED)


class NotePage(ComplexModel):
    __namespace__ = NAMESPACE
    Total = Number
    Pages = Number
    Count = Number
    Notes = Array(Note, **NEEDED)


class Session(ComplexModel):
    __namespace__ = NAMESPACE
    Token = Unicode(**NEEDED)


def application(ledger: Ledger, user: str, password: str) -> Any:
    """The application for a web server."""

    met: set[str] = set()

    def known(ctx: Any) -> bool:
        """By its session, or by a UsernameToken of WS-Security."""
        for header in ctx.in_header_doc or ():
            if header.tag == f"{{{SECURITY}}}Security":
                token = header.find(f"{{{SECURITY}}}UsernameToken")
                return token is not None and _proved(token, user, password, met)
        return ctx.in_header is not None and ledger.holds(ctx.in_header.Token)

    class Faktura(Service):
        """For known users only; what the ledger refuses is a fault."""

        __in_header__ = Session

        @classmethod
        def call_wrapper(cls, ctx: Any) -> Any:
            if ctx.descriptor.name != "LogIn" and not known(ctx):
                raise Fault("Client.Authentication", "log in first")
            try:
                return super().call_wrapper(ctx)
            except Refusal as refusal:
                raise Fault(f"Client.{refusal.code}", str(refusal)) from None
            except Busy:
                raise Fault("Client.Locked", "another user is writing") from None

        @rpc(Name, Name, _in_arg_names={"name": "User", "word": "Password"}, _returns=Unicode)
        def LogIn(ctx: Any, name: str, word: str) -> str:
            if not (hmac.compare_digest(name, user) and hmac.compare_digest(word, password)):
                raise Fault("Client.Authentication", "user or password is wrong")
            return ledger.log_in(name)

        @rpc(_returns=Unicode)
        def Ping(ctx: Any) -> str:
            return "Faktura 1"

        @rpc(
            DateTime,
            DateTime,
            Integer,
            Integer(ge=1),
            Integer(ge=1, le=MOST, **NEEDED),
            _in_arg_names={
                "since": "ChangedFrom", "until": "ChangedUntil", "after": "After", "page": "Page", "size": "Size"
            },
            _returns=DocumentPage.customize(**NEEDED),
        )  # fmt: skip
        def ListDocuments(ctx: Any, since: Any, until: Any, after: int | None, page: int | None, size: int) -> Any:
            total, rows = ledger.documents(since, until, after=after, page=page, size=size)
            return DocumentPage(**_counts(total, rows, size), Documents=[_document(row) for row in rows])

        @rpc(Number, _in_arg_names={"id": "Id"}, _returns=Document.customize(**NEEDED))
        def GetDocument(ctx: Any, id: int) -> Any:
            return _document(ledger.document(id))

        @rpc(Name, _in_arg_names={"reference": "Reference"}, _returns=DocumentPage.customize(**NEEDED))
        def FindDocuments(ctx: Any, reference: str) -> Any:
            rows = ledger.by_reference(reference)
            return DocumentPage(**_counts(len(rows), rows, MOST), Documents=[_document(row) for row in rows])

        @rpc(NewDocument.customize(**NEEDED), _in_arg_names={"made": "Document"}, _returns=Number)
        def CreateDocument(ctx: Any, made: Any) -> int:
            given = {name: getattr(made, name) for name in NewDocument._type_info if name != "Lines"}
            lines = [{name: getattr(line, name) for name in Line._type_info} for line in made.Lines]
            return ledger.create({**given, "Kind": str(made.Kind), "Lines": lines})

        @rpc(Number, _in_arg_names={"id": "Id"}, _returns=Document.customize(**NEEDED))
        def PostDocument(ctx: Any, id: int) -> Any:
            return _document(ledger.post(id))

        @rpc(Number, Name, Text, _in_arg_names={"id": "Id", "reference": "Reference", "text": "Text"})
        def EditDocument(ctx: Any, id: int, reference: str, text: str | None) -> None:
            ledger.edit(id, reference, text)

        @rpc(Number, _in_arg_names={"id": "Id"})
        def DeleteDocument(ctx: Any, id: int) -> None:
            ledger.delete(id)

        @rpc(
            DateTime,
            Integer(ge=1, **NEEDED),
            Integer(ge=1, le=MOST, **NEEDED),
            _in_arg_names={"since": "ChangedFrom", "page": "Page", "size": "Size"},
            _returns=CustomerPage.customize(**NEEDED),
        )
        def ListCustomers(ctx: Any, since: Any, page: int, size: int) -> Any:
            total, rows = ledger.customers(since, page=page, size=size)
            return CustomerPage(**_counts(total, rows, size), Customers=[Customer(**_zoned(row)) for row in rows])

        @rpc(Name, _in_arg_names={"code": "Code"}, _returns=Customer.customize(**NEEDED))
        def GetCustomer(ctx: Any, code: str) -> Any:
            return Customer(**_zoned(ledger.customer(code)))

        @rpc(
            Name,
            Name,
            Date,
            Integer(ge=0, le=100),
            _in_arg_names={"code": "Code", "tier": "Tier", "since": "Since", "progress": "Progress"},
        )
        def SetTier(ctx: Any, code: str, tier: str, since: Any, progress: int | None) -> None:
            ledger.set_tier(code, tier, since, progress)

        @rpc(
            Array(TierChange, **NEEDED),
            _in_arg_names={"changes": "Changes"},
            _returns=Array(TierResult, **NEEDED),
        )
        def SetTiers(ctx: Any, changes: Any) -> Any:
            asked = [(one.Code, one.Tier, one.Since, one.Progress) for one in changes]
            return [TierResult(Code=code, Done=not why, Why=why or None) for code, why in ledger.set_tiers(asked)]

        @rpc(
            Name,
            Unicode(min_len=1, max_len=2000, **NEEDED),
            _in_arg_names={"code": "Customer", "text": "Text"},
            _returns=Number,
        )
        def AddNote(ctx: Any, code: str, text: str) -> int:
            return ledger.add_note(code, text)

        @rpc(
            Unicode,
            Integer(ge=1, **NEEDED),
            Integer(ge=1, le=MOST, **NEEDED),
            _in_arg_names={"code": "Customer", "page": "Page", "size": "Size"},
            _returns=NotePage.customize(**NEEDED),
        )
        def ListNotes(ctx: Any, code: str | None, page: int, size: int) -> Any:
            total, rows = ledger.notes(code, page=page, size=size)
            return NotePage(**_counts(total, rows, size), Notes=[Note(**row) for row in rows])

        @rpc(Number, _in_arg_names={"id": "Id"}, _returns=Note.customize(**NEEDED))
        def GetNote(ctx: Any, id: int) -> Any:
            return Note(**ledger.note(id))

    logging.getLogger("spyne").setLevel(logging.CRITICAL)
    soap = Soap12 if "FAKTURA_SOAP_12" in os.environ else Soap11
    protocols = {"in_protocol": soap(validator="lxml"), "out_protocol": soap()}
    return WsgiApplication(Application([Faktura], NAMESPACE, name="Faktura", **protocols))


def _counts(total: int, rows: list[Any], size: int) -> dict[str, int]:
    return {"Total": total, "Pages": -(-total // size), "Count": len(rows)}


def _document(row: dict[str, Any]) -> Any:
    lines = [Line(**line) for line in row["Lines"]]
    more = {"DiscountGroup": "A", "Tax": row["Tax"] or None} if LATER else {}
    return Document(**{**_zoned(row), **more, "Lines": lines})


def _zoned(row: dict[str, Any]) -> dict[str, Any]:
    """Instants are told by the clocks of the office, with their offset."""
    return {**row, "Changed": row["Changed"].astimezone(ZONE)}


def _proved(token: Any, user: str, password: str, met: set[str]) -> bool:
    """A UsernameToken of WS-Security, its password in plain text or digested; a nonce is good once."""
    found = {str(child.tag).rpartition("}")[2]: child for child in token}
    if "Username" not in found or "Password" not in found or found["Username"].text != user:
        return False
    told, wanted = found["Password"].text or "", password
    if found["Password"].get("Type", "").endswith("#PasswordDigest"):
        if "Nonce" not in found or "Created" not in found or found["Nonce"].text in met:
            return False
        met.add(found["Nonce"].text)
        fresh = base64.b64decode(found["Nonce"].text or "") + (found["Created"].text or "").encode()
        wanted = base64.b64encode(hashlib.sha1(fresh + password.encode()).digest()).decode()  # noqa: S324 - the standard
    return hmac.compare_digest(told.encode(), wanted.encode())
