"""The rules of Faktura: what may be made, changed and posted. The service calls it, and tests do as people would."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.helpers.spyne_erp.store import Store, instant, microseconds, stamp

RATES = {"V19": 19, "V7": 7, "V20": 20, "V10": 10, "V0": 0}
PREFIXES = {"invoice": "INV", "creditnote": "CN"}
OPEN_FROM = date(2025, 1, 1)
TOKEN = "session-token-"
"""What every token of a session begins with, so that it can be looked for."""

Line = tuple[str, str, str]
"""Text, net amount, tax code."""


class Refusal(Exception):
    """`code`: the fault it becomes, after `Client.`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Ledger:
    """Rows go out as dictionaries with the names of the service. Amounts are exact, in cents inside."""

    store: Store

    # ------------------------------------------------------------ who asks

    def log_in(self, user: str) -> str:
        """The token of a new session."""
        token = TOKEN + secrets.token_urlsafe(24)
        with self.store.writing() as connection:
            connection.execute("insert into session values (?, ?)", (token, user))
        return token

    def holds(self, token: str) -> bool:
        """Whether the session goes on."""
        with self.store.reading() as connection:
            return bool(connection.execute("select 1 from session where token = ?", (token,)).fetchall())

    def end_sessions(self) -> None:
        """All log-ins have to be done again."""
        with self.store.writing() as connection:
            connection.execute("delete from session")

    # ------------------------------------------------------------ documents

    def documents(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        after: int | None = None,
        page: int | None = None,
        size: int = 100,
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many lie in the window, and those behind `after`, or on that page, in the order of their ids."""
        with self.store.reading() as connection:
            where, values = _window(since, until)
            ((total,),) = connection.execute(f"select count(*) from document where {where}", values)
            skipped = size * ((page or 1) - 1)
            ids = connection.execute(
                f"select id from document where {where} and id > ? order by id limit ? offset ?",
                (*values, after or 0, size, skipped),
            ).fetchall()
            return total, [_document(connection, document) for (document,) in ids]

    def document(self, document: int) -> dict[str, Any]:
        with self.store.reading() as connection:
            return _document(connection, document)

    def by_reference(self, text: str) -> list[dict[str, Any]]:
        """Those whose reference contains the text: any number, nothing keeps two apart."""
        with self.store.reading() as connection:
            found = connection.execute("select id from document where instr(reference, ?) order by id", (text,))
            return [_document(connection, document) for (document,) in found.fetchall()]

    def create(self, made: Mapping[str, Any]) -> int:
        """A draft."""
        with self.store.writing() as connection:
            _open(connection)
            return _created(connection, made)

    def post(self, document: int) -> dict[str, Any]:
        """A draft gets the next number, without gaps."""
        with self.store.writing() as connection:
            _open(connection)
            found = _document(connection, document)
            if found["State"] != "draft":
                raise Refusal("NotDraft", f"document {document} is {found['State']}")
            _posted(connection, document, found["Kind"])
            return _document(connection, document)

    def edit(self, document: int, reference: str, text: str | None = None) -> None:
        """Only a draft can be changed."""
        with self.store.writing() as connection:
            found = _document(connection, document)
            if found["State"] != "draft":
                raise Refusal("NotDraft", f"document {document} is {found['State']} and cannot be changed")
            self._set(connection, document, reference=reference, text=text)

    def delete(self, document: int) -> None:
        """Only a draft can be removed."""
        with self.store.writing() as connection:
            _open(connection)
            if _document(connection, document)["State"] != "draft":
                raise Refusal("NotDraft", f"document {document} is posted and stays")
            _removed(connection, document)

    def invoice(self, customer: str, lines: Sequence[Line], day: str, *, text: str = "", kind: str = "invoice") -> int:
        """A posted document, as people make it. Returns its id."""
        made = [{"Text": name, "Net": Decimal(net), "TaxCode": code} for name, net, code in lines]
        head = {"Kind": kind, "Customer": customer, "Currency": "EUR", "Issued": date.fromisoformat(day)}
        with self.store.writing() as connection:
            document = _created(connection, {**head, "Text": text, "Lines": made})
            _posted(connection, document, kind)
        return document

    # ------------------------------------------------------------ customers and notes

    def customers(
        self, since: datetime | None = None, *, page: int = 1, size: int = 100
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many were changed since, and a page of them."""
        with self.store.reading() as connection:
            where, values = _window(since, None)
            ((total,),) = connection.execute(f"select count(*) from customer where {where}", values)
            rows = connection.execute(
                f"select * from customer where {where} order by id limit ? offset ?", (*values, size, size * (page - 1))
            )
            return total, [_customer(row) for row in rows]

    def customer(self, code: str) -> dict[str, Any]:
        with self.store.reading() as connection:
            return _customer(_one(connection, "select * from customer where code = ?", code, "customer"))

    def add_customer(self, code: str, name: str = "", *, country: str = "DE", language: str = "en") -> None:
        with self.store.writing() as connection:
            connection.execute(
                "insert into customer (code, name, country, vat, language, changed) values (?, ?, ?, ?, ?, ?)",
                (code, name or code, country, "DE987654321", language, stamp(connection)),
            )

    def set_tier(self, code: str, tier: str, since: date | None, progress: int | None) -> None:
        with self.store.writing() as connection:
            _open(connection)
            _tiered(connection, code, tier, since, progress)

    def set_tiers(self, changes: Sequence[tuple[str, str, date | None, int | None]]) -> list[tuple[str, str]]:
        """Those of them that can be set. Code and what is wrong with each; empty text where nothing is."""
        results = []
        with self.store.writing() as connection:
            _open(connection)
            for change in changes:
                try:
                    _tiered(connection, *change)
                except Refusal as refusal:
                    results.append((change[0], str(refusal)))
                else:
                    results.append((change[0], ""))
        return results

    def add_note(self, code: str, text: str) -> int:
        with self.store.writing() as connection:
            _open(connection)
            if not connection.execute("select 1 from customer where code = ?", (code,)).fetchall():
                raise Refusal("ValidationError", f"there is no customer {code}")
            return _id(connection.execute("insert into note (customer, text) values (?, ?)", (code, text)))

    def notes(self, code: str | None, *, page: int = 1, size: int = 100) -> tuple[int, list[dict[str, Any]]]:
        """How many notes there are of a customer, or of all, and a page of them."""
        own, values = ("customer = ?", (code,)) if code else ("1", ())
        with self.store.reading() as connection:
            ((total,),) = connection.execute(f"select count(*) from note where {own}", values)
            rows = connection.execute(
                f"select * from note where {own} order by id limit ? offset ?", (*values, size, size * (page - 1))
            )
            return total, [_note(row) for row in rows]

    def note(self, note: int) -> dict[str, Any]:
        with self.store.reading() as connection:
            return _note(_one(connection, "select * from note where id = ?", note, "note"))

    # ------------------------------------------------------------ behind its back

    def sql(self, statement: str, *values: object) -> None:
        """Change the books as nobody may."""
        with self.store.writing() as connection:
            connection.execute(statement, values)

    def remove(self, *documents: int) -> None:
        """Take documents away in any state: nothing tells that they ever were."""
        with self.store.writing() as connection:
            for document in documents:
                _removed(connection, document)

    def change(self, document: int, **values: object) -> None:
        """Change columns of a document in any state."""
        with self.store.writing() as connection:
            self._set(connection, document, **values)

    def close(self, reason: str = "the month is being closed") -> None:
        """Until `reopen` everything that would write is told to come again."""
        self.sql("insert into closing values (?)", reason)

    def reopen(self) -> None:
        self.sql("delete from closing")

    @staticmethod
    def _set(connection: sqlite3.Connection, document: int, **values: object) -> None:
        values.setdefault("changed", stamp(connection))
        names = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"update document set {names} where id = ?", (*values.values(), document))


def _open(connection: sqlite3.Connection) -> None:
    for (reason,) in connection.execute("select reason from closing"):
        raise Refusal("Locked", reason)


def _window(since: datetime | None, until: datetime | None) -> tuple[str, tuple[int, ...]]:
    bounds = [("changed >= ?", since), ("changed < ?", until)]
    given = [(text, microseconds(moment)) for text, moment in bounds if moment is not None]
    return " and ".join(["1", *(text for text, _ in given)]), tuple(value for _, value in given)


def _created(connection: sqlite3.Connection, made: Mapping[str, Any]) -> int:
    if not connection.execute("select 1 from customer where code = ?", (made["Customer"],)).fetchall():
        raise Refusal("ValidationError", f"there is no customer {made['Customer']}")
    if made["Issued"] < OPEN_FROM:
        raise Refusal("ValidationError", f"the period of {made['Issued']} is closed")
    if not made["Lines"]:
        raise Refusal("ValidationError", "a document needs lines")
    head = [made["Kind"], made["Customer"], made["Currency"], made["Issued"].isoformat()]
    document = _id(
        connection.execute(
            "insert into document (kind, customer, currency, issued, reference, text, state, changed)"
            " values (?, ?, ?, ?, ?, ?, 'draft', ?)",
            (*head, made.get("Reference"), made.get("Text"), stamp(connection)),
        )
    )
    for position, line in enumerate(made["Lines"], 1):
        if line["TaxCode"] not in RATES:
            raise Refusal("ValidationError", f"there is no tax code {line['TaxCode']}")
        net = int(line["Net"] * 100)
        tax = int((Decimal(net) * RATES[line["TaxCode"]] / 100).quantize(Decimal(1), ROUND_HALF_UP))
        quantity = line.get("Quantity")
        connection.execute(
            "insert into line values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document, position, line.get("Product"), line["Text"], None if quantity is None else str(quantity),
                net, line["TaxCode"], tax,
            ),
        )  # fmt: skip
    return document


def _posted(connection: sqlite3.Connection, document: int, kind: str) -> None:
    ((number,),) = connection.execute(
        "insert into sequence values (?, 1) on conflict (kind) do update set last = last + 1 returning last", (kind,)
    ).fetchall()
    connection.execute(
        "update document set state = 'posted', number = ?, changed = ? where id = ?",
        (f"{PREFIXES[kind]}-{number:05}", stamp(connection), document),
    )


def _tiered(connection: sqlite3.Connection, code: str, tier: str, since: date | None, progress: int | None) -> None:
    _one(connection, "select * from customer where code = ?", code, "customer")
    connection.execute(
        "update customer set tier = ?, tier_since = ?, tier_progress = ?, changed = ? where code = ?",
        (tier, since and since.isoformat(), progress, stamp(connection), code),
    )


def _removed(connection: sqlite3.Connection, document: int) -> None:
    connection.execute("delete from line where document = ?", (document,))
    connection.execute("delete from document where id = ?", (document,))


def _id(done: sqlite3.Cursor) -> int:
    assert done.lastrowid is not None
    return done.lastrowid


def _one(connection: sqlite3.Connection, query: str, id: object, what: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(query, (id,)).fetchone()
    if row is None:
        raise Refusal("NotFound", f"there is no {what} {id}")
    return row


def _document(connection: sqlite3.Connection, id: int) -> dict[str, Any]:
    row = _one(connection, "select * from document where id = ?", id, "document")
    lines = [
        {
            "Product": line["product"],
            "Text": line["text"],
            "Quantity": line["quantity"],
            "Net": _money(line["net"]),
            "TaxCode": line["code"],
            "TaxRate": RATES.get(line["code"]),
            "Tax": _money(line["tax"]),
        }
        for line in connection.execute("select * from line where document = ? order by position", (id,))
    ]
    net, tax = (sum((line[name] for line in lines), Decimal("0.00")) for name in ("Net", "Tax"))
    return {
        "Id": row["id"],
        "Kind": row["kind"],
        "State": row["state"],
        "Number": row["number"],
        "Customer": row["customer"],
        "Currency": row["currency"],
        "Issued": row["issued"] and date.fromisoformat(row["issued"]),
        "Reference": row["reference"],
        "Text": row["text"],
        "Net": net,
        "Tax": tax,
        "Changed": instant(row["changed"]),
        "Lines": lines,
    }


def _customer(row: sqlite3.Row) -> dict[str, Any]:
    since = row["tier_since"]
    return {
        "Code": row["code"],
        "Name": row["name"],
        "Country": row["country"],
        "VatNumber": row["vat"],
        "Language": row["language"],
        "Tier": row["tier"],
        "TierSince": since and date.fromisoformat(since),
        "TierProgress": row["tier_progress"],
        "Changed": instant(row["changed"]),
    }


def _note(row: sqlite3.Row) -> dict[str, Any]:
    return {"Id": row["id"], "Customer": row["customer"], "Text": row["text"]}


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
