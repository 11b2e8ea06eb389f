"""A real Dolibarr for the tests of its SOAP services. All it holds is removed: name one to throw away.

    REBATED_DOLIBARR_SOAP_KEY=… REBATED_DOLIBARR_SOAP_LOGIN=rebated REBATED_DOLIBARR_SOAP_PASSWORD=… \
    pytest tests/contract/test_dolibarr_soap_real.py tests/unit/stand_ins/test_dolibarr_soap.py

beside what tests/helpers/dolibarr_real.py asks for; the module Web services is on, with that key, and the user with
least rights has that password. Its list of invoices is mended by two generated columns for as long as a test lasts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.helpers.dolibarr_real import NAMES, RealDolibarr
from tests.helpers.stand_ins.table import Row

SOAP_NAMES = ("SOAP_KEY", "SOAP_LOGIN", "SOAP_PASSWORD")
COLUMNS = {"total": "total_ht", "tva": "total_tva"}
"""What the query of the list names, and what it is called since version 14."""


class RealDolibarrSoap(RealDolibarr):
    """The server, under the names its stand-in has."""

    soap_key = login = password = ""
    invalid: tuple[str, ...] = ()

    @classmethod
    def named(cls) -> RealDolibarrSoap:
        """The one the environment names. Skips the test where it names none."""
        values = [os.environ.get(f"REBATED_DOLIBARR_{name}", "") for name in (*NAMES, *SOAP_NAMES)]
        if not all(values):
            missing = ", ".join(f"REBATED_DOLIBARR_{name}" for name in (*NAMES, *SOAP_NAMES))
            pytest.skip(f"no real Dolibarr with SOAP services is named by {missing}")
        url, key, administrator, database, *soap = values
        server = cls(url, key, administrator, database, os.environ.get("REBATED_DOLIBARR_ZONE", "UTC"))
        server.soap_key, server.login, server.password = soap
        server.mended = True
        return server

    def close(self) -> None:
        self.mended = False
        super().close()

    @property
    def mended(self) -> bool:
        """Whether the list of invoices is given."""
        return bool(self.sql("show columns from llx_facture like 'tva'"))

    @mended.setter
    def mended(self, mended: bool) -> None:
        for name, column in COLUMNS.items():
            if mended and not self.sql(f"show columns from llx_facture like '{name}'"):
                self.sql(f"alter table llx_facture add {name} double(24,8) as ({column}) virtual")
            elif not mended:
                self.sql(f"alter table llx_facture drop column if exists {name}")

    @contextmanager
    def copied_late(self, row: Row, **values: Any) -> Iterator[str]:
        kept: Mapping[str, Any] = {name: value for name, value in row.values.items() if name not in COLUMNS}
        with super().copied_late(Row(row.id, dict(kept), row.created, row.changed), **values) as copy:
            yield copy
