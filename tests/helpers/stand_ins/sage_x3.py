"""A Sage X3 as its generic web service shows it: published objects and sub-programs, payloads as XML inside of text.

Written from descriptions, tried against no running X3. Whatever goes wrong is told with status 200: `status` 0, and
messages in the language of the call. The objects SIH (sales invoices) and BPC (customers) are published; so are the
sub-programs docs/connectors/sage_x3.md asks for. An invoice is saved unposted, and can be deleted until it is posted.
`axis`: replies as the Java server of version 6 writes them, their parts referred to. `loses`: how many keys a list
announces and does not hold, as when the dimension of its parameter is too small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from lxml import etree

from tests.helpers.stand_ins.base import Received, Refused, same
from tests.helpers.stand_ins.dolibarr_shapes import cents
from tests.helpers.stand_ins.sage_x3_payload import (
    axis_reply,
    fields_of,
    group,
    lines_of,
    result,
    rows,
    table,
    tables_of,
)
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, Call, Served, SoapStandIn, operation
from tests.helpers.stand_ins.table import Row, Table

PATH = "/soap-generic/syracuse/collaboration/syracuse/CAdxWebServiceXmlCC"
RATES = {"NOR": Decimal(20), "RED": Decimal(10), "EXO": Decimal(0)}
"""Tax levels of items, in percent."""
CREDIT = {"CRM": 2, "INV": 1}
"""Invoice types, and the category each has: 1 invoice, 2 credit memo."""
_TEXTS = {
    "missing": {"ENG": "Record does not exist", "FRA": "Fiche inexistante"},
    "posted": {"ENG": "Invoice already posted", "FRA": "Facture déjà validée"},
    "locked": {"ENG": "Record being modified by another user", "FRA": "Fiche en cours de modification"},
}


class _No(Exception):
    """The call is refused: the message it is told with."""


class SageX3(SoapStandIn):
    """The server, with one pool."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)
    services: Mapping[str, Served] = {"x3": Served(WSDL_FOLDER / "sage_x3.wsdl", PATH)}
    user, password, pool = "rebated", "x3-pass-91c7", "REBATED"

    def __init__(self) -> None:
        super().__init__()
        self.customers = Table(self.stamp, name_id=lambda number: f"C{number:05d}")
        self.invoices = Table(self.stamp, name_id=lambda number: f"SIH{number:07d}")
        self.axis = False
        self.loses = 0
        self._programs: dict[str, Callable[[Mapping[str, str]], list[etree._Element]]] = {
            "YREBLIST": self._list,
            "YREBFIND": self._find,
            "YREBPOST": self._post,
        }

    def description_open(self, asked: Received) -> bool:
        return True

    def authenticate(self, asked: Received) -> None:
        user, password = asked.basic()
        if not (same(user, self.user) and same(password, self.password)):
            raise Refused(401, b"<html><body>Authentication failed</body></html>")

    # ------------------------------------------------------------ for tests

    def add_customer(self, name: str, **values: Any) -> Row:
        plain = {"BPCNAM": name, "CRY": "DE", "CUR": "EUR", "LAN": "GER", "EECNUM": "", "BCGCOD": "", "YREBTIER": ""}
        return self.customers.add({**plain, "YREBSINCE": "", **values})

    def add_invoice(
        self, customer: str, lines: Sequence[Mapping[str, Any]], day: date, *, type: str = "INV", **values: Any
    ) -> Row:
        """Lines: ITMREF, ITMDES, QTY, GROPRI, VACITM1."""
        kept = []
        for line in lines:
            net = cents(Decimal(line["GROPRI"]) * Decimal(line["QTY"]))
            gross = net + cents(net * RATES[line["VACITM1"]] / 100)
            kept.append({**line, "AMTNOTLIN": net, "AMTATILIN": gross, "TAXRATE": RATES[line["VACITM1"]]})
        head = {"SALFCY": "FR011", "SIVTYP": type, "INVTYP": CREDIT[type], "INVDAT": day, "BPCINV": customer}
        sums = {name: sum((line[name] for line in kept), Decimal()) for name in ("AMTNOTLIN", "AMTATILIN")}
        total = {"AMTNOT": sums["AMTNOTLIN"], "AMTATI": sums["AMTATILIN"]}
        row = self.invoices.add({**head, "CUR": "EUR", "INVREF": "", "STA": 3, "INVNOT": "", **total, **values})
        row.extra["lines"] = kept
        return row

    # ------------------------------------------------------------ objects

    @operation("read")
    def read(self, asked: Call) -> Any:
        return self._answered(asked, lambda: self._shown(asked, self._object(asked)))

    @operation("save")
    def save(self, asked: Call) -> Any:
        return self._answered(asked, lambda: self._saved(asked))

    @operation("modify")
    def modify(self, asked: Call) -> Any:
        return self._answered(asked, lambda: self._modified(asked))

    @operation("delete")
    def delete(self, asked: Call) -> Any:
        return self._answered(asked, lambda: self._deleted(asked))

    @operation("query")
    def query(self, asked: Call) -> Any:
        """The left list: few columns, at most `listSize` of them."""

        def listed() -> list[etree._Element]:
            if asked.arguments["publicName"] != "YREBBPC":
                raise _No("this object has no left list")
            most = int(asked.arguments["listSize"])
            return rows([{"BPCNUM": row.id, "BPCNAM": row.values["BPCNAM"]} for row in list(self.customers)[:most]])

        return self._answered(asked, listed)

    @operation("run")
    def run(self, asked: Call) -> Any:
        def ran() -> list[etree._Element]:
            program = self._programs.get(asked.arguments["publicName"])
            if program is None:
                raise _No(f"Web service {asked.arguments['publicName']} is not published")
            return program(fields_of(asked.arguments["inputXml"]))

        return self._answered(asked, ran)

    # ------------------------------------------------------------ sub-programs of the customer

    def _list(self, given: Mapping[str, str]) -> list[etree._Element]:
        """Keys in order with the stamps of their last change, from I_SINCE and before I_UNTIL, behind I_AFTER."""
        of = self.invoices if given["I_OBJ"] == "SIH" else self.customers
        found = sorted(
            (row.id, _stamp(row.changed))
            for row in of
            if _stamp(row.changed) >= given.get("I_SINCE", "")
            and (not given.get("I_UNTIL") or _stamp(row.changed) < given["I_UNTIL"])
            and row.id > given.get("I_AFTER", "")
        )[: int(given["I_COUNT"])]
        listed = [{"O_KEY": key, "O_STAMP": stamp} for key, stamp in found]
        return [group("GRP2", {"O_COUNT": len(listed)}), table("GRP3", listed[self.loses :])]

    def _find(self, given: Mapping[str, str]) -> list[etree._Element]:
        found = [{"O_KEY": row.id} for row in self.invoices.where(INVREF=given["I_REF"])]
        return [group("GRP2", {"O_COUNT": len(found)}), table("GRP3", found)]

    def _post(self, given: Mapping[str, str]) -> list[etree._Element]:
        row = self.invoices.get(given["I_NUM"])
        if row is None:
            return [group("GRP2", {"O_OK": 0, "O_MESSAGE": "no such invoice"})]
        if row.values["STA"] == 1:
            self.invoices.change(row, {"STA": 3})
        return [group("GRP2", {"O_OK": 1, "O_MESSAGE": ""})]

    # ------------------------------------------------------------ what operations share

    def _answered(self, asked: Call, work: Callable[[], list[etree._Element]]) -> Any:
        context = asked.arguments["callContext"]
        try:
            if context.get("poolAlias") != self.pool:
                raise _No(f"No classic web service pool match to '{context.get('poolAlias')}'")
            told, messages, status = result(work()), [], 1
        except _No as no:
            told, messages, status = None, [{"message": str(no), "type": "3"}], 0
        if self.axis:
            return axis_reply(asked.operation, told, messages, status)
        infos = {"busy": False, "changeLanguage": False, "poolEntryIdx": 1, "totalDuration": 12, "traceRequest": ""}
        content = {"messages": messages, "resultXml": told, "status": status, "technicalInfos": infos}
        if told is None:
            content["resultXml"] = {"_nil": True}
        return {f"{asked.operation}Return": content}

    def _said(self, asked: Call, name: str) -> _No:
        texts = _TEXTS[name]
        return _No(texts.get(asked.arguments["callContext"].get("codeLang"), texts["ENG"]))

    def _object(self, asked: Call) -> Row:
        of, key = {"YREBSIH": (self.invoices, "NUM"), "YREBBPC": (self.customers, "BPCNUM")}.get(
            asked.arguments["publicName"], (None, "")
        )
        if of is None:
            raise _No(f"Web service {asked.arguments['publicName']} is not published")
        keys = {each["key"]: each["value"] for each in asked.arguments["objectKeys"] or []}
        row = of.get(keys.get(key, ""))
        if row is None:
            raise self._said(asked, "missing")
        return row

    def _shown(self, asked: Call, row: Row) -> list[etree._Element]:
        return self._customer(row) if asked.arguments["publicName"] == "YREBBPC" else self._invoice(row)

    def _invoice(self, row: Row) -> list[etree._Element]:
        values = row.values
        head = {
            "NUM": row.id,
            **{name: values[name] for name in ("SALFCY", "SIVTYP", "INVREF", "INVDAT", "BPCINV", "CUR")},
        }
        lines = [
            {name: line.get(name, "") for name in ("ITMREF", "ITMDES", "QTY", "GROPRI", "VACITM1", "TAXRATE")}
            | {name: line[name] for name in ("AMTNOTLIN", "AMTATILIN")}
            for line in row.extra["lines"]
        ]
        return [
            group("SIH0_1", head),
            group("SIH1_4", {"INVTYP": values["INVTYP"], "STA": values["STA"], "INVNOT": values["INVNOT"]}),
            group("SIH3_5", {"AMTNOT": values["AMTNOT"], "AMTATI": values["AMTATI"]}),
            table("SIH4_1", lines),
        ]

    def _customer(self, row: Row) -> list[etree._Element]:
        values = row.values
        return [
            group("BPC0_1", {"BPCNUM": row.id, "BPCNAM": values["BPCNAM"], "BCGCOD": values["BCGCOD"]}),
            group("BPRC_1", {name: values[name] for name in ("CRY", "CUR", "LAN", "EECNUM")}),
            group("YREB_1", {name: values[name] for name in ("YREBTIER", "YREBSINCE")}),
        ]

    def _saved(self, asked: Call) -> list[etree._Element]:
        if asked.arguments["publicName"] != "YREBSIH":
            raise _No(f"Web service {asked.arguments['publicName']} is not published")
        head, lines = fields_of(asked.arguments["objectXml"]), lines_of(asked.arguments["objectXml"])
        if self.customers.get(head.get("BPCINV", "")) is None:
            raise _No(f"Customer {head.get('BPCINV')}: {self._said(asked, 'missing')}")
        if head.get("SIVTYP") not in CREDIT or not lines:
            raise _No("Invoice type or lines missing")
        for line in lines:
            if line.get("VACITM1") not in RATES:
                raise _No(f"Tax level {line.get('VACITM1')}: {self._said(asked, 'missing')}")
        row = self.add_invoice(
            head["BPCINV"],
            lines,
            datetime.strptime(head["INVDAT"], "%Y%m%d").date(),  # noqa: DTZ007 - a day
            type=head["SIVTYP"],
            CUR=head["CUR"],
            INVREF=head.get("INVREF", ""),
            STA=1,
        )
        return self._invoice(row)

    def _modified(self, asked: Call) -> list[etree._Element]:
        row = self._object(asked)
        if asked.arguments["publicName"] != "YREBBPC":
            raise _No("only customers are modified here")
        if row.extra.get("locked"):
            raise self._said(asked, "locked")
        given = fields_of(asked.arguments["objectXml"])
        if unknown := set(given) - set(row.values):
            raise _No(f"Unknown field {sorted(unknown)[0]}")
        if set(tables_of(asked.arguments["objectXml"])) - {"YREB_1"}:
            raise _No("Unknown group")
        self.customers.change(row, given)
        return self._customer(row)

    def _deleted(self, asked: Call) -> list[etree._Element]:
        row = self._object(asked)
        if asked.arguments["publicName"] != "YREBSIH" or row.values["STA"] != 1:
            raise self._said(asked, "posted")
        self.invoices.delete(row)
        return []


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"
