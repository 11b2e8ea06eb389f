"""What must be true of a book and of Faktura at the end of a campaign of faults, and a server that dies on the way."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

from connectors.conformance import Request
from tests.helpers.crash_checks import rows
from tests.helpers.odoo_campaign import ALARMS
from tests.helpers.spyne_erp.books import Books
from tests.helpers.spyne_erp.messages import is_write_of_documents
from tests.helpers.spyne_erp.server import Faktura
from tests.helpers.spyne_erp.workspace import FakturaWorkspace


@dataclass(slots=True)
class Deaths:
    """Names the requests that meet faults, and kills the server at some of them: others are still on their way there.

    It is started again a moment later, while requests go on coming.
    """

    seed: int
    server: Faktura
    apart: int = 6
    died: int = 0
    _left: int = field(init=False)
    _chance: random.Random = field(init=False)
    _starting: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"deaths {self.seed}")
        self._left = self._chance.randint(1, self.apart)
        self._starting = threading.Thread()

    def __call__(self, request: Request) -> bool:
        if not is_write_of_documents(request):
            return False
        self._left -= 1
        if self._left == 0:
            self.over()
            self.server.kill()
            self.died += 1
            self._left = self._chance.randint(1, self.apart)
            self._starting = threading.Thread(target=self.server.start)
            self._starting.start()
        return True

    def over(self) -> None:
        """Wait until the server listens again."""
        if self._starting.ident is not None:
            self._starting.join()


STANDINGS = """
select name.external_id, tier from standing join account_identity name on name.account_id = standing.account_id
where standing.id in (select max(id) from standing where book = 'live' group by program, standing.account_id)
"""


def faults_in(workspace: FakturaWorkspace, books: Books, *, copies: int) -> list[str]:
    """What is lost, doubled or otherwise wrong. `copies` of the book wrote at the same time: each may have told a note
    before it could see the other's."""
    found = []
    for key, kind, state, net in rows(workspace, "select key, kind, state, json_extract(request, '$.net') from outbox"):
        if state != "done" and not (kind == "tier" and state == "voided"):
            found.append(f"{kind} {key} is {state}")
        if kind == "credit_note" and books.documents(key) != [("posted", net)]:
            found.append(f"{key} over {net} is in Faktura as {books.documents(key)}")
        if kind == "account_note" and not 1 <= books.notes(key) <= copies:
            found.append(f"the note {key} is in Faktura {books.notes(key)} times")
    approved = {key for (key,) in rows(workspace, "select key from proposal where book = 'live'")}
    found += [f"{key} is in Faktura and was never approved" for key in books.keys() - approved]
    settled = {key for (key,) in rows(workspace, "select key from receipt where kind = 'credit_note'")}
    found += [f"{key} has no receipt" for key in approved - settled]
    found += [
        f"{account} carries {books.tier(account)}, not {tier}"
        for account, tier in rows(workspace, STANDINGS)
        if books.tier(account) != tier
    ]
    found += [f"{number} is missing" for number in books.gaps()]
    found += [f"alarm {kind}: {message}" for kind, message in rows(workspace, ALARMS)]
    return found
