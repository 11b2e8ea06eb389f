"""A Dolibarr 16 as its REST interface shows it: third parties, products, invoices and credit notes, the agenda.

What it does differently from what one expects, as measured and as its source says: an empty page is a 404, a bad
filter a 503; numbers are text and instants seconds; `ref_ext` is not unique; every line of a credit note is made
negative; an update of a third party drops the complementary attributes it does not name; a validated invoice can be
removed while it is the last of its kind; removing one that cannot be removed says so with a 200.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.helpers.stand_ins.base import Answer, Malformed, Received, Refused, route, same
from tests.helpers.stand_ins.dolibarr_books import DolibarrBooks
from tests.helpers.stand_ins.dolibarr_sql import Columns, condition, ordered
from tests.helpers.stand_ins.table import Row, Table

_ROOT = "/api/index.php"
_INVOICE = frozenset(
    "rowid ref ref_ext ref_client type fk_soc datec datef date_valid tms paye fk_statut entity close_code total_ht "
    "total_tva total_ttc multicurrency_code fk_facture_source note_private note_public date_lim_reglement".split()
)
_THIRD_PARTY = frozenset(
    "rowid nom name_alias ref_ext code_client client fournisseur tms datec status email url tva_intra entity parent "
    "zip town".split()
)
_PRODUCT = frozenset("rowid ref label ref_ext tms datec fk_product_type entity".split())
_EVENT = frozenset("id ref ref_ext code label note datep fk_soc tms datec fk_user_action entity".split())
_SENT = frozenset(
    "socid type date date_lim_reglement ref_ext ref_client note_public note_private multicurrency_code "
    "fk_facture_source cond_reglement_id mode_reglement_id lines".split()
)
_SENT_LINE = frozenset(
    "desc subprice multicurrency_subprice qty tva_tx product_type fk_product remise_percent vat_src_code rang".split()
)
_SENT_EVENT = frozenset(
    "userownerid type_code code label note_private socid datep datef ref_ext percentage fulldayevent priority".split()
)
_TYPES = {"AC_OTH", "AC_OTH_AUTO", "AC_TEL", "AC_RDV", "AC_EMAIL"}


class Dolibarr(DolibarrBooks):
    """The server. It wants the key of its one user, whose `rights` it looks at."""

    def authenticate(self, asked: Received) -> None:
        if not asked.header("DOLAPIKEY"):
            raise _error(401, "Unauthorized: no key was given")
        if not same(asked.header("DOLAPIKEY"), self.key):
            raise _error(401, "Unauthorized")

    def unknown(self, asked: Received) -> Answer:
        return _error(404, "Not Found").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        status, name = (415, "Unsupported Media Type") if "content type" in why else (400, "Bad Request")
        return _error(status, f"{name}: {why}").answer

    # ------------------------------------------------------------ about itself

    @route("GET", f"{_ROOT}/status")
    def status(self, asked: Received) -> Any:
        return {"success": {"code": 200, "dolibarr_version": "16.0.3", "access_locked": "0"}}

    @route("GET", f"{_ROOT}/users/info")
    def user_info(self, asked: Received) -> Any:
        self._need("user.self.creer")
        told: dict[str, Any] = {"id": str(self.user), "login": "rebated", "admin": "0", "statut": "1", "rights": None}
        if asked.query.get("includepermissions") == "1":
            rights: dict[str, Any] = {}
            told["rights"] = rights
            for right in self.rights:
                *above, last = right.split(".")
                place = rights
                for name in above:
                    place = place.setdefault(name, {})
                place[last] = 1
        return told

    # ------------------------------------------------------------ third parties and products

    @route("GET", f"{_ROOT}/thirdparties")
    def list_third_parties(self, asked: Received) -> Any:
        self._need("societe.lire")
        mode = asked.query.get("mode", "0")
        wanted = {"1": (1, 3), "2": (2, 3), "3": (0,)}.get(mode, (0, 1, 2, 3))
        rows = [row for row in self.third_parties if row.values["client"] in wanted and self._sees_all]
        return self._page(asked, rows, _THIRD_PARTY, self.shapes.third_party, "Thirdparties not found")

    @route("GET", f"{_ROOT}/thirdparties/{{id}}")
    def third_party(self, asked: Received, id: str) -> Any:
        self._need("societe.lire")
        self._need("societe.client.voir")
        return self.shapes.third_party(self._found(self.third_parties, id, "Thirdparty not found"))

    @route("PUT", f"{_ROOT}/thirdparties/{{id}}")
    def change_third_party(self, asked: Received, id: str) -> Any:
        self._need("societe.creer")
        row = self._found(self.third_parties, id, "Thirdparty not found")
        sent = _table(asked)
        if set(sent) - {"array_options"}:
            raise _error(400, f"Bad Request: {sorted(set(sent) - {'array_options'})}")
        given = sent.get("array_options")
        if isinstance(given, Mapping) and given:  # an empty one changes nothing; else all are written anew
            row.extra["options"] = {name: self._attribute(name, given) for name in self.attributes}
        return self.shapes.third_party(row)

    def _attribute(self, name: str, given: Mapping[str, Any]) -> Any:
        value, kind = given.get(f"options_{name}"), self.attributes[name]
        if value in (None, ""):
            return None
        try:
            if kind == "date":
                return self.shapes.day(value) if isinstance(value, int) else date.fromisoformat(str(value)[:10])
            if kind in ("price", "double"):
                return Decimal(str(value)).quantize(Decimal("0.00000001"))
            return int(str(value)) if kind == "int" else str(value)
        except (ValueError, InvalidOperation):
            raise _error(500, f"Internal Server Error: {name} has a wrong value") from None

    @route("GET", f"{_ROOT}/products")
    def list_products(self, asked: Received) -> Any:
        self._need("produit.lire", status=403)
        return self._page(asked, self.products, _PRODUCT, self.shapes.product, "No product found", order="t.ref")

    @route("GET", f"{_ROOT}/products/ref/{{ref}}")
    def product_by_ref(self, asked: Received, ref: str) -> Any:
        self._need("produit.lire", status=403)
        for row in self.products.where(ref=ref):
            return self.shapes.product(row)
        raise _error(404, "Not Found: Product not found")

    @route("GET", f"{_ROOT}/products/{{id}}")
    def product(self, asked: Received, id: str) -> Any:
        self._need("produit.lire", status=403)
        return self.shapes.product(self._found(self.products, id, "Product not found"))

    # ------------------------------------------------------------ invoices

    @route("GET", f"{_ROOT}/invoices")
    def list_invoices(self, asked: Received) -> Any:
        self._need("facture.lire")
        status = {"draft": 0, "unpaid": 1, "paid": 2, "cancelled": 3}.get(asked.query.get("status", ""))
        parties = [int(id) for id in asked.query.get("thirdparty_ids", "").split(",") if id.isdecimal()]
        rows = [
            row
            for row in self.invoices
            if self._sees_all
            and status in (None, row.values["fk_statut"])
            and (not parties or row.values["fk_soc"] in parties)
        ]
        return self._page(asked, rows, _INVOICE, self._invoice, "No invoice found")

    @route("GET", f"{_ROOT}/invoices/{{id}}")
    def invoice(self, asked: Received, id: str) -> Any:
        self._need("facture.lire")
        return self._invoice(self._found(self.invoices, id, "Invoice not found"))

    @route("POST", f"{_ROOT}/invoices")
    def create_invoice(self, asked: Received) -> Any:
        self._need("facture.creer")
        sent = _table(asked)
        if sent.get("socid") is None:
            raise _error(400, "Bad Request: socid field missing")
        if unknown := set(sent) - _SENT:
            raise _error(400, f"Bad Request: the stand-in knows no {sorted(unknown)}")
        kind = str(sent.get("type", "0"))
        source = sent.get("fk_facture_source")
        if not str(sent["socid"]).isdecimal() or self.third_parties.get(str(sent["socid"])) is None:
            raise _broken("a foreign key constraint fails")
        if kind not in ("0", "2") or not isinstance(sent.get("date", 0), int):
            raise _broken("a value is not what it has to be")
        if source is not None and self.invoices.get(str(source)) is None:
            raise _broken("a foreign key constraint fails")
        return int(
            self.add_document(
                int(str(sent["socid"])),
                [self._sent_line(line) for line in sent.get("lines") or []],
                self.shapes.day(sent["date"]) if "date" in sent else self.shapes.local(self.clock.now()).date(),
                credit=kind == "2",
                ref_ext=sent.get("ref_ext"),
                ref_client=sent.get("ref_client"),
                note_public=sent.get("note_public"),
                note_private=sent.get("note_private"),
                fk_facture_source=None if source is None else int(str(source)),
                validated=False,
            ).id
        )

    def _sent_line(self, sent: Any) -> dict[str, Any]:
        if not isinstance(sent, Mapping) or set(sent) - _SENT_LINE or not {"subprice", "qty", "tva_tx"} <= set(sent):
            raise _broken("a line is not what it has to be")
        product = sent.get("fk_product")
        if product is not None and self.products.get(str(product)) is None:
            raise _broken("a foreign key constraint fails")
        try:
            numbers = {name: Decimal(str(sent.get(name) or 0)) for name in ("subprice", "qty", "tva_tx")}
        except InvalidOperation:
            raise _broken("a line is not what it has to be") from None
        kind = int(str(sent.get("product_type", 0)))
        return {"desc": str(sent.get("desc", "")), "product_type": kind, "fk_product": product, **numbers}

    @route("POST", f"{_ROOT}/invoices/{{id}}/validate")
    def validate_invoice(self, asked: Received, id: str) -> Any:
        self._need("facture.creer")
        row = self._found(self.invoices, id, "Invoice not found")
        if row.values["fk_statut"] != 0:
            return Answer(304)
        if not row.extra["lines"]:
            raise _error(500, "Internal Server Error: it has no lines")
        self.validate(row)
        return self._invoice(row)

    @route("POST", f"{_ROOT}/invoices/{{id}}/settodraft")
    def set_to_draft(self, asked: Received, id: str) -> Any:
        self._need("facture.creer")
        row = self._found(self.invoices, id, "Invoice not found")
        if row.values["fk_statut"] == 0:
            return Answer(304)
        self.invoices.change(row, {"fk_statut": 0})
        return self._invoice(row)

    @route("DELETE", f"{_ROOT}/invoices/{{id}}")
    def delete_invoice(self, asked: Received, id: str) -> Any:
        self._need("facture.supprimer")
        row = self._found(self.invoices, id, "Invoice not found")
        later = [other for other in self.invoices if other.values["ref"][:2] == row.values["ref"][:2]]
        last = max((other.values["ref"] for other in later), default="")
        if row.values["ref"].startswith("(PROV") or (row.values["ref"] == last and not row.extra.get("paid")):
            self.invoices.delete(row)
        return {"success": {"code": 200, "message": "done"}}  # also where it is still there

    # ------------------------------------------------------------ the agenda

    @route("GET", f"{_ROOT}/agendaevents")
    def list_events(self, asked: Received) -> Any:
        self._need("agenda.myactions.read")
        return self._page(asked, self.events, _EVENT, self.shapes.event, "No Agenda Event found", order="t.id")

    @route("GET", f"{_ROOT}/agendaevents/{{id}}")
    def event(self, asked: Received, id: str) -> Any:
        self._need("agenda.myactions.read")
        return self.shapes.event(self._found(self.events, id, "Agenda Events not found"))

    @route("POST", f"{_ROOT}/agendaevents")
    def create_event(self, asked: Received) -> Any:
        self._need("agenda.myactions.create")
        sent = _table(asked)
        for name in ("userownerid", "type_code"):
            if sent.get(name) is None:
                raise _error(400, f"Bad Request: {name} field missing")
        if str(sent["userownerid"]) != str(self.user):
            self._need("agenda.allactions.create")
        if unknown := set(sent) - _SENT_EVENT:
            raise _error(400, f"Bad Request: the stand-in knows no {sorted(unknown)}")
        party = sent.get("socid")  # also one that is not there
        if sent["type_code"] not in _TYPES:
            raise _broken("there is no such type of event")
        row = self.events.add(
            {
                "ref_ext": sent.get("ref_ext"),
                "type_code": sent["type_code"],
                "code": sent.get("code") or sent["type_code"],
                "label": str(sent.get("label", ""))[:128],
                "note": re.sub("&#x[0-9a-fA-F]+", "", str(sent.get("note_private", ""))),
                "datep": None if sent.get("datep") is None else _moment(sent["datep"]),
                "fk_soc": None if party is None else int(str(party)),
                "fk_user_action": int(str(sent["userownerid"])) or None,
                "percent": str(sent.get("percentage", 0)),
            }
        )
        return int(row.id)

    # ------------------------------------------------------------ what routes share

    @property
    def _sees_all(self) -> bool:
        """Else the user sees the customers it is the sales representative of: none."""
        return "societe.client.voir" in self.rights

    def _need(self, right: str, *, status: int = 401) -> None:
        if right not in self.rights:
            raise _error(status, "Unauthorized" if status == 401 else "Forbidden")

    def _invoice(self, row: Row) -> dict[str, Any]:
        return self.shapes.invoice(row, {product.id: product for product in self.products})

    def _found(self, table: Table, id: str, missing: str) -> Row:
        if "/" in id:
            raise _error(501, "API not found (failed to include API file)")
        if not id.lstrip("-").isdecimal():
            raise _error(400, "Bad Request: invalid value specified for `id`")
        row = table.get(id)
        if row is None:
            raise _error(404, f"Not Found: {missing}")
        return row

    def _page(
        self,
        asked: Received,
        rows: Any,
        known: frozenset[str],
        shown: Callable[[Row], dict[str, Any]],
        missing: str,
        order: str = "t.rowid",
    ) -> list[dict[str, Any]]:
        query = asked.query
        for name in ("limit", "page"):
            if not query.get(name, "0").lstrip("-").isdecimal():
                raise _error(400, f"Bad Request: invalid value specified for `{name}`")
        holds = condition(query.get("sqlfilters", ""), known)
        pairs = [(columns, row) for row in rows if holds(columns := self._columns(row))]
        found = ordered(pairs, query.get("sortfield", order), query.get("sortorder", "ASC"), known)
        limit, page = int(query.get("limit", "100")), max(0, int(query.get("page", "0")))
        if limit:
            found = found[limit * page : limit * page + limit]
        if not found:
            raise _error(404, f"Not Found: {missing}")
        return [shown(row) for row in found]

    def _columns(self, row: Row) -> Columns:
        local = {"tms": self.shapes.local(row.changed), "datec": self.shapes.local(row.created), "entity": 1}
        return {**row.values, **local, "rowid": int(row.id), "id": int(row.id)}


def _table(asked: Received) -> Mapping[str, Any]:
    sent = asked.json()
    if not isinstance(sent, Mapping):
        raise Malformed("the body is no object")
    return sent


def _moment(seconds: Any) -> datetime:
    if not str(seconds).isdecimal():
        raise _broken("a date is not what it has to be")
    return datetime.fromtimestamp(int(str(seconds)), UTC)


def _error(status: int, message: str) -> Refused:
    """As its framework answers, with the place in its own code that nobody asked for."""
    debug = {"source": f"api.class.php:{status} at call stage", "stages": {"success": ["get"], "failure": ["call"]}}
    return Refused(status, {"error": {"code": status, "message": message}, "debug": debug})


def _broken(detail: str) -> Refused:
    """A document the database does not take: the transaction is undone."""
    message = "Internal Server Error: Error creating object"
    return Refused(500, {"error": {"code": 500, "message": message, "0": detail}})
