"""What must be true of a book and of a real Tryton at the end of a campaign of faults."""

from __future__ import annotations

from connectors.conformance import Request
from tests.helpers.crash_checks import rows
from tests.helpers.odoo_campaign import ALARMS
from tests.helpers.tryton.books import Books
from tests.helpers.tryton.harness import is_write
from tests.helpers.tryton.workspace import TrytonWorkspace


def is_write_of_documents(request: Request) -> bool:
    """Notes are left alone: nothing keeps Tryton from taking one twice that a proxy sends on twice."""
    return is_write(request) and "/ir.note" not in request.path


def faults_in(workspace: TrytonWorkspace, books: Books, *, copies: int) -> list[str]:
    """What is lost, doubled or otherwise wrong. `copies` of the book wrote at the same time: each may have told a note
    before it could see the other's."""
    found = []
    for key, kind, state, net in rows(workspace, "select key, kind, state, json_extract(request, '$.net') from outbox"):
        if state != "done":
            found.append(f"{kind} {key} is {state}")
        if kind == "credit_note" and books.documents(key) != [("posted", -net)]:
            found.append(f"{key} over {net} is in Tryton as {books.documents(key)}")
        if kind == "account_note" and not 1 <= books.notes(key) <= copies:
            found.append(f"the note {key} is in Tryton {books.notes(key)} times")
    approved = {key for (key,) in rows(workspace, "select key from proposal where book = 'live'")}
    found += [f"{key} is in Tryton and was never approved" for key in books.keys() - approved]
    settled = {key for (key,) in rows(workspace, "select key from receipt where kind = 'credit_note'")}
    found += [f"{key} has no receipt" for key in approved - settled]
    found += [f"alarm {kind}: {message}" for kind, message in rows(workspace, ALARMS)]
    return found
