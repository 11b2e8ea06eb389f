"""A real SuiteCRM for the tests, where somebody names one. All accounts and notes are removed: name one to throw away.

    REBATED_SUITECRM_URL=http://127.0.0.1:8090 REBATED_SUITECRM_CLIENT=… REBATED_SUITECRM_SECRET=… \
    REBATED_SUITECRM_DATABASE=mysql://login:password@127.0.0.1:3306/suitecrm pytest tests/contract/test_suitecrm_real.py

Set up as docs/connectors/suitecrm.md tells, with all the fields of its table, and one role for the user of the client.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.helpers.real_database import Database, Records
from tests.helpers.stand_ins.table import Row

NAMES = ("URL", "CLIENT", "SECRET", "DATABASE")
ACTIONS = {"view": ("view", "list"), "save": ("edit",)}
ALLOWED, REFUSED = 90, -99


class SuiteRecords(Records):
    """Accounts have their custom fields in a table of their own."""

    created, changed = "date_entered", "date_modified"

    def read(self, condition: str, *values: Any) -> list[dict[str, Any]]:
        own = " left join accounts_cstm on id_c = id" if self.name == "accounts" else ""
        return self.database.sql(f"select * from {self.name}{own} where deleted = 0 and {condition}", *values)

    @property
    def every(self) -> list[dict[str, Any]]:
        """All there are, also the deleted."""
        return self.database.sql(f"select * from {self.name}")

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        given = ", ".join(f"{name} = %s" for name in values)
        self.database.sql(
            f"update {self.name} set {given}, date_modified = utc_timestamp() where id = %s", *values.values(), row.id
        )

    def delete(self, row: Row) -> None:
        self.change(row, {"deleted": 1})
        row.deleted = True

    def clear(self) -> None:
        super().clear()
        if self.name == "accounts":
            self.database.sql("delete from accounts_cstm")


class RealSuiteCRM:
    """The server, under the names its stand-in has. Close it when the test is over."""

    def __init__(self, url: str, client: str, secret: str, database: str) -> None:
        self.url, self.client_id, self.client_secret = url, client, secret
        self.database = Database(database)
        self.lock = threading.RLock()
        self.tables = {module: SuiteRecords(self.database, module.lower()) for module in ("Accounts", "Notes")}
        (found,) = self.database.sql(
            "select acl_roles_users.role_id as role from oauth2clients join acl_roles_users "
            "on acl_roles_users.user_id = oauth2clients.assigned_user_id "
            "where oauth2clients.id = %s and acl_roles_users.deleted = 0",
            client,
        )
        self._role = found["role"]
        self._changed: set[str] = set()
        for table in self.tables.values():
            table.clear()

    @classmethod
    def named(cls) -> RealSuiteCRM:
        """The one the environment names. Skips the test where it names none."""
        values = [os.environ.get(f"REBATED_SUITECRM_{name}", "") for name in NAMES]
        if not all(values):
            pytest.skip("no real SuiteCRM is named by " + ", ".join(f"REBATED_SUITECRM_{name}" for name in NAMES))
        return cls(*values)

    def close(self) -> None:
        """Give back the rights that were taken."""
        for module in sorted(self._changed):
            self.allow(module, *ACTIONS)
        self.database.close()

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    # ------------------------------------------------------------ for tests

    def new_account(self, name: str, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The rows of an account that is made now, by their tables."""
        id, moment = str(uuid.uuid4()), self.database.now().replace(tzinfo=None)
        own = {column: value for column, value in values.items() if column.endswith("_c")}
        rest = {column: value for column, value in values.items() if column not in own}
        row = {"id": id, "name": name, "date_entered": moment, "date_modified": moment, "deleted": 0}
        return {"accounts": row | rest, "accounts_cstm": {"id_c": id} | own}

    def add_account(self, name: str, **values: Any) -> Row:
        rows = self.new_account(name, values)
        for table, row in rows.items():
            self.database.insert(table, row)
        return self.tables["Accounts"].row(rows["accounts"]["id"])

    def allow(self, module: str, *actions: str) -> None:
        """Change what the user may do with a module, until the test is over."""
        self._changed.add(module)
        for action, names in ACTIONS.items():
            for name in names:
                self.database.sql(
                    "update acl_roles_actions set access_override = %s where role_id = %s and action_id in "
                    "(select id from acl_actions where category = %s and name = %s and deleted = 0)",
                    *(ALLOWED if action in actions else REFUSED, self._role, module, name),
                )
