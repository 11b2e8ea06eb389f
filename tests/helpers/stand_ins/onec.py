"""1C:Enterprise with the service of docs/connectors/onec.md: JSON in texts, a status in each answer, faults in Russian
and Ukrainian, one session at a time.

What the service's script does is done here: a register of changes, one of keys that takes each once, drafts that are
posted. Ids are UUIDs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar
from uuid import uuid4

from tests.helpers.stand_ins.base import Answer, Received, Refused, same
from tests.helpers.stand_ins.exchange import written
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, Call, Served, SoapFault, SoapStandIn, operation
from tests.helpers.stand_ins.table import Row, Table

FINE, REFUSED, MISSING, BUSY, TAKEN = range(5)
STAMP = "%Y%m%d%H%M%S"
LOCKED = (
    "Конфликт блокировок при выполнении транзакции: Превышено максимальное время ожидания предоставления блокировки"
)
LOCKED_IN_UKRAINIAN = "Конфлікт блокувань при виконанні транзакції: Перевищено максимальний час очікування"
NO_LICENCE = "Не обнаружено свободной лицензии!"
NO_RIGHTS = "Недостаточно прав для выполнения операции"

_CENT = Decimal("0.01")
_DOCUMENT = {"key", "account", "entity", "currency", "issued", "original", "note", "lines"}
_LINE = {"text", "rate", "category", "net", "tax"}
_CURRENCIES = ("643", "978", "980")


class Said(Exception):
    """What the service answers in place of a result."""

    def __init__(self, status: int, description: str, **more: Any) -> None:
        super().__init__(description)
        self.answer = {"status": status, "description": description, **more}


class OneC(SoapStandIn):
    """Everything in memory. `user` and `phrase` are those of basic authentication, in UTF-8."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)

    def __init__(self, user: str = "Ребейт", phrase: str = "пароль-4711") -> None:
        self.services = {"rebated": Served(WSDL_FOLDER / "onec.wsdl", "/base/ws/rebated.1cws", keep_address=True)}
        super().__init__()
        self.user, self.password = user, phrase
        self.organisation = "7701234567"
        self.products: dict[str, str] = {}
        self.customers = Table(self.stamp, name_id=lambda _: str(uuid4()))
        self.documents = Table(self.stamp, name_id=lambda _: str(uuid4()))
        self.keys: dict[str, str] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.tiers: dict[str, dict[str, Any]] = {}
        self._numbers = 0

    def authenticate(self, asked: Received) -> None:
        name, password = asked.basic()
        if not (same(name, self.user) and same(password, self.password)):
            raise Refused(401, b"", {"WWW-Authenticate": 'Basic realm="1C:Enterprise 8.3"'})

    # ------------------------------------------------------------ for tests

    def add_customer(self, name: str, **more: Any) -> Row:
        """A counterparty."""
        return self.customers.add({"name": name, "inn": "", "country": "UA", "deleted": False, **more})

    def add_document(self, account: str, lines: list[dict[str, Any]], day: str = "20260115", **more: Any) -> Row:
        """A posted document; of each line `net`, `rate`, and what else it has."""
        values = {
            "kind": "invoice",
            "state": "posted",
            "account": account,
            "entity": self.organisation,
            "currency": "978",
            "issued": day,
            "due": "00010101",
            "original": "",
            "key": "",
            "note": "",
            **more,
        }
        return self.documents.add({**values, "number": self._number(), "lines": [_line(line) for line in lines]})

    # ------------------------------------------------------------ reading

    @operation("GetInvoices")
    def get_invoices(self, asked: Call) -> Any:
        """Those whose last change lies in the window, behind one, in the order of their ids."""
        return self._said(self._invoices, asked.arguments)

    def _invoices(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        since, till = (datetime.strptime(given[name], STAMP).replace(tzinfo=UTC) for name in ("From", "Till"))
        rows = [row for row in self.documents if since <= row.changed < till and row.values["state"] != "draft"]
        return {"items": [_document(row) for row in _page(rows, given)]}

    @operation("GetCustomers")
    def get_customers(self, asked: Call) -> Any:
        """All, behind one, in the order of their ids."""
        return self._said(
            lambda given: {"items": [_customer(row) for row in _page(list(self.customers), given)]}, asked.arguments
        )

    @operation("GetDocument")
    def get_document(self, asked: Call) -> Any:
        """A document, a counterparty or a note, whatever has the id."""
        return self._said(self._one, asked.arguments)

    def _one(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        row = self.documents.get(given["Id"])
        if row is not None:
            return {"item": _document(row)}
        customer = self.customers.get(given["Id"])
        if customer is not None:
            return {"item": _customer(customer)}
        if given["Id"] in self.notes:
            return {"item": self._note(given["Id"])}
        raise Said(MISSING, "Объект не найден")

    @operation("FindByKey")
    def find_by_key(self, asked: Call) -> Any:
        """What was written under a key: none or one."""
        return self._said(self._found, asked.arguments)

    def _found(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.keys.get(given["Key"], "")
        row = self.documents.get(found)
        if row is not None:
            return {"items": [_document(row)]}
        return {"items": [self._note(found)] if found in self.notes else []}

    # ------------------------------------------------------------ writing

    @operation("CreateCreditNote")
    def create_credit_note(self, asked: Call) -> Any:
        """A draft, under a key that is free."""
        return self._said(self._created, asked.arguments)

    def _created(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        document = _read(given["Document"], _DOCUMENT)
        account = self._account(document.get("account"))
        self._take(document.get("key"))
        lines = document.get("lines") or []
        for line in lines:
            if set(line) - _LINE or line.get("rate") not in (0, 10, 20):
                raise Said(REFUSED, "Ставка НДС не найдена")
        if not lines or document.get("currency") not in _CURRENCIES:
            raise Said(REFUSED, "Поле «Валюта» не заполнено")
        row = self.add_document(
            account.id,
            lines,
            document["issued"],
            kind="credit_note",
            state="draft",
            **{name: document.get(name) or "" for name in ("entity", "currency", "original", "note", "key")},
        )
        self.keys[document["key"]] = row.id
        return {"id": row.id, "number": row.values["number"]}

    @operation("PostDocument")
    def post_document(self, asked: Call) -> Any:
        """A draft becomes a posted document; one that is posted stays so."""
        return self._said(self._posted, asked.arguments)

    def _posted(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        row = self._document(given)
        if row.values["state"] == "cancelled":
            raise Said(REFUSED, "Документ помечен на удаление и не может быть проведен")
        self.documents.change(row, {"state": "posted"})
        return {"item": _document(row)}

    @operation("DeleteDraft")
    def delete_draft(self, asked: Call) -> Any:
        """A draft goes, and its key is free again."""
        return self._said(self._deleted, asked.arguments)

    def _deleted(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        row = self._document(given)
        if row.values["state"] != "draft":
            raise Said(REFUSED, "Проведенный документ нельзя удалить")
        self.documents.delete(row)
        self.keys.pop(row.values["key"], None)
        return {}

    @operation("AddNote")
    def add_note(self, asked: Call) -> Any:
        """A note on a counterparty, under a key that is free."""
        return self._said(self._noted, asked.arguments)

    def _noted(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        note = _read(given["Note"], {"key", "account", "text", "at"})
        account = self._account(note.get("account"))
        self._take(note.get("key"))
        identity = str(uuid4())
        self.keys[note["key"]] = identity
        self.notes[identity] = {**note, "account": account.id}
        return {"id": identity}

    @operation("SetTier")
    def set_tier(self, asked: Call) -> Any:
        """What sales see of a counterparty's tier."""
        return self._said(self._tiered, asked.arguments)

    def _tiered(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        names = {"account", "tier", "since", "until", "progress", "to_next", "accrued", "paid"}
        tier = _read(given["Tier"], names)
        self.tiers[self._account(tier.get("account")).id] = tier
        return {}

    # ------------------------------------------------------------ what the script has

    def _said(self, call: Any, given: Mapping[str, Any]) -> Any:
        try:
            result = {"status": FINE, "description": "", **call(given)}
        except Said as said:
            result = said.answer
        return {"return": written(result)}

    def _take(self, key: Any) -> None:
        if not key:
            raise Said(REFUSED, "Не заполнен ключ")
        if key in self.keys:
            raise Said(TAKEN, f"Ключ {key} уже записан", id=self.keys[key])

    def _account(self, identity: Any) -> Row:
        row = self.customers.get(str(identity))
        if row is None:
            raise Said(REFUSED, f"Контрагент {identity} не найден")
        return row

    def _document(self, given: Mapping[str, Any]) -> Row:
        row = self.documents.get(given["Id"])
        if row is None:
            raise Said(MISSING, "Объект не найден")
        return row

    def _note(self, identity: str) -> dict[str, Any]:
        note = self.notes[identity]
        return {"id": identity, "kind": "note", "key": note["key"], "account": note["account"], "text": note["text"]}

    def _number(self) -> str:
        self._numbers += 1
        return f"0000-{self._numbers:06}"


def busy(status: int = 500, text: str = LOCKED) -> SoapFault:
    """What the platform answers where another transaction holds what is written."""
    return SoapFault("Server", text, status=status)


def no_session() -> Answer:
    """What the platform answers while sessions are locked for maintenance."""
    text = "Начало сеанса с информационной базой запрещено.\nПроводится обновление"
    return Answer(500, text.encode(), content_type="text/plain; charset=utf-8")


def _read(text: str, names: set[str]) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise SoapFault("Client", "Непредвиденный символ при чтении JSON") from error
    if not isinstance(value, dict) or set(value) - names:
        raise SoapFault("Client", f"Поле объекта не обнаружено ({sorted(set(value) - names)})")
    return value


def _page(rows: list[Row], given: Mapping[str, Any]) -> list[Row]:
    behind = sorted((row for row in rows if row.id > given["After"]), key=lambda row: row.id)
    return behind[: int(given["Count"])]


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    net, rate = Decimal(line["net"]), line["rate"]
    tax = (net * rate / 100).quantize(_CENT, ROUND_HALF_UP)
    base = {"product": "", "text": "", "quantity": Decimal(1), "unit": "шт", "category": "S" if rate else "E"}
    return {**base, **line, "net": net.quantize(_CENT), "tax": line.get("tax", tax), "rate": rate}


def _document(row: Row) -> dict[str, Any]:
    lines = row.values["lines"]
    sums = {name: sum((Decimal(line[name]) for line in lines), Decimal()) for name in ("net", "tax")}
    return {"id": row.id, "changed": row.changed.strftime(STAMP), **row.values, **sums}


def _customer(row: Row) -> dict[str, Any]:
    return {"id": row.id, **row.values}
