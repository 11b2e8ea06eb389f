"""A real Dolibarr for the tests, where somebody names one. All it holds is removed: name one to throw away.

    REBATED_DOLIBARR_URL=http://127.0.0.1:8090 REBATED_DOLIBARR_KEY=… REBATED_DOLIBARR_ADMIN_KEY=… \
    REBATED_DOLIBARR_DATABASE=mysql://login:password@127.0.0.1:3306/dolibarr pytest tests/contract/test_dolibarr_real.py

REBATED_DOLIBARR_ZONE is the zone of PHP and of the database, where it is not UTC. Version 16 or later, a company whose
currency is the euro, the user of the first key with least rights as in docs/connectors/dolibarr.md, that of the second
an administrator. Third parties have the complementary attributes rebated_tier and region (strings) and rebated_since
(a date). Needs PyMySQL: stamps are set, and documents counted, in its database.
"""

from __future__ import annotations

import os
import threading
import time as clock
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.helpers.stand_ins.table import Row

NAMES = ("URL", "KEY", "ADMIN_KEY", "DATABASE")
COUNTRIES = {"FR": 1, "DE": 5}
EMPTIED = (
    "paiement_facture paiement societe_remise_except facturedet_extrafields facturedet facture_extrafields facture "
    "actioncomm_resources actioncomm_extrafields actioncomm societe_extrafields societe product element_contact"
).split()


class Table:
    """What the tests ask of a table, asked of the database."""

    def __init__(self, dolibarr: RealDolibarr, name: str, key: str = "rowid") -> None:
        self._dolibarr, self._name, self._key = dolibarr, f"llx_{name}", key

    def row(self, id: Any) -> Row:
        """A row by its id, its values as they are now."""
        found = self.get(str(id))
        assert found is not None, f"{self._name} has no {id}"
        return found

    def get(self, id: str) -> Row | None:
        return next(iter(self._rows(f"{self._key} = %s", id)), None)

    def where(self, **values: Any) -> list[Row]:
        return self._rows(" and ".join(f"{name} = %s" for name in values), *values.values())

    def _rows(self, condition: str, *values: Any) -> list[Row]:
        rows = self._dolibarr.sql(f"select * from {self._name} where {condition}", *values)
        return [Row(str(row[self._key]), row, row["tms"], row["tms"]) for row in rows]

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        given = ", ".join(f"{name} = %s" for name in values)
        self._dolibarr.sql(f"update {self._name} set {given} where {self._key} = %s", *values.values(), row.id)

    def touch(self, row: Row, at: datetime) -> None:
        self.change(row, {"tms": at.astimezone(UTC).replace(tzinfo=None)})

    def delete(self, row: Row) -> None:
        if self._name == "llx_facture":
            self._dolibarr.sql("delete from llx_facturedet where fk_facture = %s", row.id)
        self._dolibarr.sql(f"delete from {self._name} where {self._key} = %s", row.id)
        row.deleted = True

    def clear(self) -> None:
        if self._name == "llx_facture":
            self._dolibarr.sql("delete from llx_facturedet")
        self._dolibarr.sql(f"delete from {self._name}")


class RealDolibarr:
    """The server, under the names its stand-in has. Close it when the test is over."""

    def __init__(self, url: str, key: str, administrator: str, database: str, zone: str) -> None:
        self.url, self.key, self._administrator, self.zone = url, key, administrator, ZoneInfo(zone)
        parts = urlsplit(database)
        self._database: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 3306,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": parts.path.strip("/"),
        }
        self.lock = threading.RLock()
        self.connection = self.connected()
        self.attributes: Mapping[str, str] = {}
        self.invoices, self.events = Table(self, "facture"), Table(self, "actioncomm", "id")
        self.third_parties, self.products = Table(self, "societe"), Table(self, "product")
        (self.user,) = (row["rowid"] for row in self.sql("select rowid from llx_user where api_key = %s", key))
        self._rights = self.sql("select * from llx_user_rights where fk_user = %s", self.user)
        self.sql("set foreign_key_checks = 0")
        for name in EMPTIED:
            self.sql(f"delete from llx_{name}")

    @classmethod
    def named(cls) -> RealDolibarr:
        """The one the environment names. Skips the test where it names none."""
        values = [os.environ.get(f"REBATED_DOLIBARR_{name}", "") for name in NAMES]
        if not all(values):
            pytest.skip("no real Dolibarr is named by " + ", ".join(f"REBATED_DOLIBARR_{name}" for name in NAMES))
        url, key, administrator, database = values
        return cls(url, key, administrator, database, os.environ.get("REBATED_DOLIBARR_ZONE", "UTC"))

    def close(self) -> None:
        """Give back the rights that were taken."""
        for right in self._rights:
            self.sql("insert ignore into llx_user_rights (entity, fk_user, fk_id) values (%s, %s, %s)", *_right(right))
        self.connection.close()

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    # ------------------------------------------------------------ the database

    def connected(self) -> Any:
        """A connection to the database that tells instants in UTC."""
        library: Any = pytest.importorskip("pymysql")
        connection = library.connect(
            **self._database, charset="utf8mb4", autocommit=True, cursorclass=library.cursors.DictCursor
        )
        connection.cursor().execute("set time_zone = '+00:00'")
        return connection

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """The rows a statement gives."""
        with self.lock, self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def boundary(self) -> datetime:
        """An instant after all stamps so far and before all from now on: stamps are whole seconds."""
        moment = self._now().replace(microsecond=0) + timedelta(seconds=1)
        while (now := self._now()) <= moment:
            clock.sleep((moment - now).total_seconds() + 0.001)
        return moment

    def _now(self) -> datetime:
        (row,) = self.sql("select utc_timestamp(6) as now")
        now: datetime = row["now"]
        return now.replace(tzinfo=UTC)

    # ------------------------------------------------------------ acts

    def call(self, method: str, path: str, sent: Mapping[str, Any] | None = None) -> Any:
        """What the administrator's request is answered with."""
        headers = {"DOLAPIKEY": self._administrator}
        address = f"{self.url}/api/index.php{path}"
        reply = requests.request(method, address, json=sent, headers=headers, timeout=120)
        assert reply.status_code == 200, f"{method} {path}: {reply.status_code} {reply.text[:500]}"
        return reply.json()

    def add_customer(self, name: str, *, country_code: str = "FR", **values: Any) -> Row:
        plain = {"name": name, "client": "1", "code_client": "-1", "default_lang": "de_DE"}
        sent = {**plain, "country_id": COUNTRIES[country_code], **values}
        return self.third_parties.row(self.call("POST", "/thirdparties", sent))

    def add_product(self, ref: str, label: str, *, service: bool = False) -> Row:
        sent = {"ref": ref, "label": label, "type": int(service), "price": "10", "tva_tx": "20"}
        return self.products.row(self.call("POST", "/products", sent))

    def add_document(
        self,
        customer: int,
        lines: Sequence[Mapping[str, Any]],
        day: date,
        *,
        credit: bool = False,
        validated: bool = True,
        **values: Any,
    ) -> Row:
        plain = {"qty": "1", "product_type": "0"}
        texts = [
            {name: str(value) if isinstance(value, Decimal) else value for name, value in line.items()}
            for line in lines
        ]
        sent = {
            "socid": customer,
            "type": 2 if credit else 0,
            "date": int(datetime.combine(day, time(12), self.zone).timestamp()),
            "lines": [{**plain, **line} for line in texts],
            **values,
        }
        made = self.call("POST", "/invoices", sent)
        if validated:
            self.call("POST", f"/invoices/{made}/validate", {"idwarehouse": 0, "notrigger": 0})
        return self.invoices.row(made)

    @contextmanager
    def copied_late(self, row: Row, **values: Any) -> Iterator[str]:
        """A copy of a document under these values, of a transaction that is committed on leaving. Its id."""
        late = self.connected()
        late.begin()
        with late.cursor() as cursor:

            def insert(table: str, source: Mapping[str, Any], **more: Any) -> int:
                kept = {**{name: value for name, value in source.items() if name not in ("rowid", "tms")}, **more}
                places = ", ".join(["%s"] * len(kept))
                cursor.execute(f"insert into {table} ({', '.join(kept)}) values ({places})", list(kept.values()))
                return int(cursor.lastrowid)

            copy = insert("llx_facture", row.values, **values)
            for line in self.sql("select * from llx_facturedet where fk_facture = %s", row.id):
                insert("llx_facturedet", line, fk_facture=copy)
        try:
            yield str(copy)
        finally:
            late.commit()
            late.close()

    # ------------------------------------------------------------ what it holds

    def options(self, customer: Row) -> dict[str, Any]:
        """The complementary attributes of a customer; none where none were ever written."""
        rows = self.sql("select * from llx_societe_extrafields where fk_object = %s", customer.id)
        return {name: row[name] for row in rows for name in self.attributes}

    def set_options(self, customer: Row, options: Mapping[str, Any]) -> None:
        sent = {f"options_{name}": str(value) for name, value in options.items() if value is not None}
        self.call("PUT", f"/thirdparties/{customer.id}", {"array_options": sent})

    def revoke(self, *rights: str) -> None:
        """Take rights from the user with least rights until the test is over."""
        for right in rights:
            module, first, second = (*right.split("."), "")[:3]
            self.sql(
                "delete from llx_user_rights where fk_user = %s and fk_id in "
                "(select id from llx_rights_def where module = %s and perms = %s and coalesce(subperms, '') = %s)",
                *(self.user, module, first, second),
            )


def _right(row: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return row["entity"], row["fk_user"], row["fk_id"]
