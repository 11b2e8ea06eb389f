"""A real EspoCRM for the tests, where somebody names one. All accounts and posts are removed: name one to throw away.

    REBATED_ESPOCRM_URL=http://127.0.0.1:8090 REBATED_ESPOCRM_KEY=… REBATED_ESPOCRM_ADMINISTRATOR=login:password \
    REBATED_ESPOCRM_DATABASE=mysql://login:password@127.0.0.1:3306/espocrm pytest tests/contract/test_espocrm_real.py

Set up as docs/connectors/espocrm.md tells, with all the fields of its table, and one role for the user of the key.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.helpers.real_database import Database, Records
from tests.helpers.stand_ins.table import Row

NAMES = ("URL", "KEY", "ADMINISTRATOR", "DATABASE")
LEVEL = {"create": "no", "read": "all", "edit": "all", "delete": "no", "stream": "all"}


class EspoRecords(Records):
    """Changed by the administrator's requests, counted in the database."""

    created, changed = "created_at", "modified_at"

    def __init__(self, espo: RealEspoCRM, kind: str) -> None:
        super().__init__(espo.database, kind.lower())
        self._espo, self._kind = espo, kind

    def field(self, column: str) -> str:
        return re.sub("_(.)", lambda match: match[1].upper(), column)

    def read(self, condition: str, *values: Any) -> list[dict[str, Any]]:
        return super().read(condition + (" and type = 'Post'" if self._kind == "Note" else ""), *values)

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        self._espo.call("PUT", f"/{self._kind}/{row.id}", values)

    def delete(self, row: Row) -> None:
        self._espo.call("DELETE", f"/{self._kind}/{row.id}")
        row.deleted = True


class RealEspoCRM:
    """The server, under the names its stand-in has. Close it when the test is over."""

    def __init__(self, url: str, key: str, administrator: str, database: str) -> None:
        self.url, self.key = url.rstrip("/"), key
        login, _, password = administrator.partition(":")
        self._session = requests.Session()
        self._session.auth = (login, password)
        self.database = Database(database)
        self.lock = threading.RLock()
        self.tables = {kind: EspoRecords(self, kind) for kind in ("Account", "Note")}
        (found,) = self.database.sql(
            "select user.id, role_user.role_id as role from user join role_user on role_user.user_id = user.id "
            "where user.api_key = %s and role_user.deleted = 0",
            key,
        )
        self.user, self._role = found["id"], found["role"]
        self._allowed = True
        for table in self.tables.values():
            table.clear()

    @classmethod
    def named(cls) -> RealEspoCRM:
        """The one the environment names. Skips the test where it names none."""
        values = [os.environ.get(f"REBATED_ESPOCRM_{name}", "") for name in NAMES]
        if not all(values):
            pytest.skip("no real EspoCRM is named by " + ", ".join(f"REBATED_ESPOCRM_{name}" for name in NAMES))
        return cls(*values)

    def close(self) -> None:
        """Give back the rights that were taken."""
        if not self._allowed:
            self.allow(**LEVEL)
        self._session.close()
        self.database.close()

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def call(self, method: str, path: str, sent: Mapping[str, Any] | None = None) -> Any:
        """What the administrator's request is answered with."""
        reply = self._session.request(method, f"{self.url}/api/v1{path}", json=sent, timeout=120)
        why = reply.headers.get("X-Status-Reason", "")
        assert reply.status_code == 200, f"{method} {path}: {reply.status_code} {why} {reply.text[:500]}"
        return reply.json()

    # ------------------------------------------------------------ for tests

    def add_account(self, name: str, **values: Any) -> Row:
        made = self.call("POST", "/Account", {"name": name, **values})
        return self.tables["Account"].row(made["id"])

    def merge(self, gone: Row, into: Row) -> None:
        merged = {"sourceIdList": [gone.id], "attributes": {"name": into.values["name"]}}
        sent = {"entityType": "Account", "action": "merge", "id": into.id, "data": merged}
        self.call("POST", "/Action", sent)

    def allow(self, **level: str) -> None:
        """Change what the user may do with accounts, until the test is over."""
        self._allowed = False
        self.call("PUT", f"/Role/{self._role}", {"data": {"Account": {**LEVEL, **level}}})
