"""A SOAP service nobody here has seen, connected by a page of settings: the whole way, and nothing of it twice.

Its session ends after four requests, is the first argument of each operation, and counts against a licence.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from connectors.conformance import Proxy, Request
from connectors.conformance.faults import REPLY_LOST
from tests.helpers.crash_sending import moved
from tests.helpers.odoo_workspace import DAY
from tests.helpers.strangers.sklad import Sklad, SkladWorkspace
from tests.helpers.workspace import call

INVOICES, DRAFTS, CUSTOMERS = 90, 9, 3
COMMANDS = 8
"""Those that log in."""
WRITTEN = "select customer, state, comment from invoice where type = 'credit' order by customer"


@pytest.mark.slow
def test_a_stranger_is_read_and_written_once_among_lost_replies(tmp_path: Path) -> None:
    with Sklad(tmp_path / "sklad") as sklad, Proxy("127.0.0.1", sklad.port) as proxy:
        sklad.invoices(INVOICES, CUSTOMERS)
        workspace = SkladWorkspace.beside(tmp_path / "book", proxy.url)
        assert [one for one in call(workspace, "check", "--json").json if one["level"] == "error"] == []
        tried = call(workspace, "connector", "try", "sklad")
        assert sklad.password not in tried.out and "CreditData" in tried.out
        workspace.approved()
        (again,) = call(workspace, "pull", "--json").json
        assert (again["landed"]["read"], again["landed"]["new"]) == (0, 0)
        assert call(workspace, "quarantine", "list", "--json").json == []
        assert call(workspace, "status", "--json").json["records"] == INVOICES - DRAFTS, (
            "the pages go on behind the forty that are given at most"
        )

        for operation in ("creditCreate", "invoiceConfirm", "commentAdd"):
            proxy.inject(REPLY_LOST, when=partial(called, operation=operation))
        for passed in range(3):
            with moved(90_000 * passed):
                call(workspace, "write-back", *DAY)
        assert [passed.fault.name for passed in proxy.passed].count("reply_lost") == 3
        written = sklad.rows(WRITTEN)
        assert [(customer, state) for customer, state, _ in written] == [(1, 2), (2, 2), (3, 2)]
        assert sklad.rows("select customer, count(*) from comment group by 1") == [(1, 1), (2, 1), (3, 1)]
        assert sklad.rows("select distinct tier from customer") == [("gold",)]

        with moved(90_000 * 4):
            done = call(workspace, "reconcile", "--json").json
        assert (done["compared"], done["voided"], done["differing"]) == (3, [], [])
        logins = [passed for passed in proxy.passed if called(passed.request, "login")]
        assert len(logins) > COMMANDS, "sessions ended on the way"
        assert sklad.rows("select * from session where held > 0") == [], "what was begun was ended"


def called(asked: Request, operation: str) -> bool:
    return f":{operation} ".encode() in asked.body
