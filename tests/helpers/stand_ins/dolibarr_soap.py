"""A Dolibarr 16 as its SOAP services show it, measured on a running 16.0.3 (NuSOAP, rpc/encoded).

Everything is answered with status 200 and a `result`. What one would not expect: no list can be asked for what has
changed; since version 14 the list of invoices is not given at all, as its query names a column that was renamed
(`mended`: where an administrator has put that right); it does not name the customer. Days of change are local times
that say they are UTC. A draft is made without any right to do so; an update that is not permitted says OK and changes
nothing. Of several invoices with one external reference the first is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from tests.helpers.stand_ins.base import Answer, Received, same
from tests.helpers.stand_ins.dolibarr_books import DolibarrBooks
from tests.helpers.stand_ins.dolibarr_shapes import Shapes
from tests.helpers.stand_ins.dolibarr_soap_shapes import NusoapShapes
from tests.helpers.stand_ins.dolibarr_soap_writer import array, fault, no_array, reply, table, text, untyped
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, Call, Served, SoapFault, SoapStandIn, operation
from tests.helpers.stand_ins.soap.description import Description
from tests.helpers.stand_ins.table import Row, Table

_IDS = ("id", "ref", "ref_ext")


class _No(Exception):
    """The call is refused: code and label of its result."""

    def __init__(self, code: str, label: str) -> None:
        super().__init__(f"{code}: {label}")
        self.code, self.label = code, label


class DolibarrSoap(SoapStandIn, DolibarrBooks):
    """The server, with one user. It wants the key of the module Web services, and the user's name and password."""

    services: Mapping[str, Served] = {
        name: Served(WSDL_FOLDER / f"dolibarr_{name}.wsdl", f"/webservices/server_{script}.php")
        for name, script in {
            "invoices": "invoice",
            "third_parties": "thirdparty",
            "products": "productorservice",
            "other": "other",
        }.items()
    }
    soap_key: ClassVar[str] = "webservices-key-83ab1f"
    login: ClassVar[str] = "rebated"
    password: ClassVar[str] = "pass<word>-&-51c7"

    def __init__(self, zone: str = "Europe/Berlin") -> None:
        super().__init__()
        self.shapes = Shapes(ZoneInfo(zone))
        self.shown = NusoapShapes(self.shapes, self.products, self.user)
        self.mended = True

    def description_open(self, asked: Received) -> bool:
        return True

    def fault_answer(self, fault_: SoapFault, version: str, schemas: Description | None = None) -> Answer:
        return fault(fault_.text)

    # ------------------------------------------------------------ invoices

    @operation("getInvoice", wsdl="invoices")
    def get_invoice(self, asked: Call) -> Answer:
        try:
            self._authenticated(asked)
            wanted = _one_of(asked)
            self._need("facture.lire")
            row = self._invoice_by(wanted)
        except _No as no:
            return reply(asked.operation, no.code, no.label, '<invoice xsi:nil="true" xsi:type="tns:invoice"/>')
        return reply(asked.operation, "OK", "", table("invoice", "tns:invoice", self.shown.invoice(row, whole=True)))

    @operation("getInvoicesForThirdParty", wsdl="invoices")
    def invoices_of(self, asked: Call) -> Answer:
        """No right is needed."""
        try:
            self._authenticated(asked)
            party = asked.arguments["idthirdparty"]
            if not party or party == "0":
                raise _No("BAD_PARAMETERS", "Parameter idthirdparty is not provided")
            if not self.mended:
                raise _No("DB_ERROR_NOSUCHFIELD", "Unknown column 'total' in 'SELECT'")
        except _No as no:
            return reply(asked.operation, no.code, no.label, no_array("invoices", "tns:invoice"))
        rows = [row for row in self.invoices if party == "all" or str(row.values["fk_soc"]) == party]
        items = [table("item", "tns:invoice", self.shown.invoice(row, whole=False)) for row in rows]
        return reply(asked.operation, "OK", "", array("invoices", "tns:invoice", items))

    @operation("createInvoice", wsdl="invoices")
    def create_invoice(self, asked: Call) -> Answer:
        """A draft needs no right."""
        try:
            self._authenticated(asked)
            sent = _table(asked.arguments["invoice"])
            if not any(sent.get(name) for name in _IDS):
                raise _No("KO", "Invoice id or ref or ref_ext is mandatory.")
            party = self.third_parties.get(str(sent.get("thirdparty_id", "")))
            if party is None:
                raise _No("KO", "Cannot add or update a child row: a foreign key constraint fails")
            lines = [self._sent_line(line) for line in _table(sent.get("lines")).get("line", [])]
            validated = sent.get("status") == "1"
            if validated and "facture.creer" not in self.rights:
                raise _No("KO", "Permission denied")
            if validated and not lines:
                raise _No("KO", "Object (PROV) must have lines to be validated.")
            row = self.add_document(
                int(party.id),
                lines,
                date.fromisoformat(sent["date"]) if sent.get("date") else self.shapes.local(self.clock.now()).date(),
                credit=sent.get("type") == "2",
                validated=validated,
                ref_ext=sent.get("ref_ext"),
                note_public=sent.get("note_public"),
                note_private=sent.get("note_private"),
            )
        except _No as no:
            return reply(asked.operation, no.code, no.label, *(text(name, None) for name in _IDS))
        return reply(asked.operation, "OK", "", *self.shown.named(row))

    @operation("updateInvoice", wsdl="invoices")
    def update_invoice(self, asked: Call) -> Answer:
        """Only the status is looked at. Whether it could be changed, the reply does not say."""
        try:
            self._authenticated(asked)
            sent = _table(asked.arguments["invoice"])
            given = {name: str(sent.get(name) or "") for name in _IDS}
            if not any(given.values()):
                raise _No("KO", "Invoice id or ref or ref_ext is mandatory.")
            try:
                row = self._invoice_by(given)
            except _No:
                told = " ".join(f"{name}={value}" for name, value in given.items())
                raise _No("NOT_FOUND", f"Invoice {told} cannot be found") from None
            if sent.get("status") == "1" and row.values["fk_statut"] == 0:
                if "facture.creer" in self.rights and row.extra["lines"]:
                    self.validate(row)
            elif sent.get("status") == "3" and row.values["fk_statut"] in (0, 1):
                self.invoices.change(row, {"fk_statut": 3, "close_code": sent.get("close_code")})
            elif sent.get("status") in ("0", "2"):
                raise SoapFault("Client", f"the stand-in does not know the status {sent['status']}")
        except _No as no:
            return reply(asked.operation, no.code, no.label, *(text(name, None) for name in _IDS))
        return reply(asked.operation, "OK", "", *self.shown.named(row))

    # ------------------------------------------------------------ third parties and products

    @operation("getThirdParty", wsdl="third_parties")
    def get_third_party(self, asked: Call) -> Answer:
        try:
            self._authenticated(asked)
            wanted = _one_of(asked)
            self._need("societe.lire")
            row = _found(self.third_parties, wanted, {"ref": "nom", "ref_ext": "ref_ext"})
        except _No as no:
            return reply(asked.operation, no.code, no.label, '<thirdparty xsi:nil="true" xsi:type="tns:thirdparty"/>')
        return reply(asked.operation, "OK", "", table("thirdparty", "tns:thirdparty", self.shown.third_party(row)))

    @operation("getListOfThirdParties", wsdl="third_parties")
    def list_third_parties(self, asked: Call) -> Answer:
        """No right is needed."""
        items: list[str] = []
        code, label = "OK", ""
        try:
            self._authenticated(asked)
            wanted = _table(asked.arguments["filterthirdparty"]).get("client", "")
            client = int(wanted) if wanted.isdecimal() else 0
            rows = [row for row in self.third_parties if not client or row.values["client"] == client]
            items = [table("thirdparty", "xsd:", self.shown.listed_party(row)) for row in rows]
        except _No as no:
            code, label = no.code, no.label
        return reply(asked.operation, code, label, array("thirdparties", "", items))

    @operation("getProductOrService", wsdl="products")
    def get_product(self, asked: Call) -> Answer:
        try:
            self._authenticated(asked)
            wanted = _one_of(asked)
            self._need("produit.lire")
            row = _found(self.products, wanted, {"ref": "ref", "ref_ext": "ref_ext"})
        except _No as no:
            return reply(asked.operation, no.code, no.label, '<product xsi:nil="true" xsi:type="tns:product"/>')
        return reply(asked.operation, "OK", "", table("product", "tns:product", self.shown.product(row)))

    @operation("getListOfProductsOrServices", wsdl="products")
    def list_products(self, asked: Call) -> Answer:
        """No right is needed."""
        items: list[str] = []
        code, label = "OK", ""
        try:
            self._authenticated(asked)
            items = [
                table(
                    "product", "xsd:", [untyped("id", row.id), *(untyped(name, row.values[name]) for name in _IDS[1:])]
                )
                for row in self.products
            ]
        except _No as no:
            code, label = no.code, no.label
        return reply(asked.operation, code, label, array("products", "", items))

    @operation("getVersions", wsdl="other")
    def versions(self, asked: Call) -> Answer:
        names = ("dolibarr", "os", "php", "webserver")
        try:
            self._authenticated(asked)
        except _No as no:
            return reply(asked.operation, no.code, no.label, *(text(name, None) for name in names))
        told = ("16.0.3", "Linux", "8.2.36", "Stand-in")
        return reply(asked.operation, "OK", "", *(text(name, value) for name, value in zip(names, told, strict=True)))

    # ------------------------------------------------------------ what operations share

    def _authenticated(self, asked: Call) -> None:
        given = _table(asked.arguments["authentication"])
        if not same(str(given.get("dolibarrkey") or ""), self.soap_key):
            raise _No("BAD_VALUE_FOR_SECURITY_KEY", "Value provided into dolibarrkey entry field does not match")
        login, password = str(given.get("login") or ""), str(given.get("password") or "")
        if not (same(login, self.login) and same(password, self.password)):
            raise _No("BAD_CREDENTIALS", "Bad value for login or password")

    def _need(self, right: str) -> None:
        if right not in self.rights:
            raise _No("PERMISSION_DENIED", "User does not have permission for this request")

    def _invoice_by(self, wanted: Mapping[str, str]) -> Row:
        return _found(self.invoices, wanted, {"ref": "ref", "ref_ext": "ref_ext"})

    def _sent_line(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        product = sent.get("product_id") or None
        if product is not None and self.products.get(str(product)) is None:
            raise _No("KO", "Cannot add or update a child row: a foreign key constraint fails")
        try:
            numbers = {
                ours: Decimal(str(sent.get(theirs) or 0))
                for ours, theirs in {"subprice": "unitprice", "qty": "qty", "tva_tx": "vat_rate"}.items()
            }
        except InvalidOperation:
            raise _No("KO", "a number is none") from None
        kind = int(str(sent.get("type") or 0))
        return {"desc": str(sent.get("desc") or ""), "product_type": kind, "fk_product": product, **numbers}


def _table(value: Any) -> dict[str, Any]:
    """A structure that was sent; NuSOAP takes an empty one for text."""
    return value if isinstance(value, dict) else {}


def _one_of(asked: Call) -> dict[str, str]:
    """What a record is asked for by."""
    given = {name: str(asked.arguments.get(name) or "") for name in _IDS}
    if sum(1 for value in given.values() if value) > 1:
        raise _No(
            "BAD_PARAMETERS",
            "Parameter id, ref and ref_ext can't be both provided. You must choose one or other but not both.",
        )
    return given


def _found(rows: Table, wanted: Mapping[str, str], columns: Mapping[str, str]) -> Row:
    """The first row that is asked for."""
    missing = _No(
        "NOT_FOUND", "Object not found for " + " nor ".join(f"{name}={value}" for name, value in wanted.items())
    )
    if wanted["id"]:
        row = rows.get(wanted["id"])
        if row is None:
            raise missing
        return row
    for name, column in columns.items():
        if wanted[name]:
            found = rows.where(**{column: wanted[name]})
            if found:
                return found[0]
    raise missing
