"""Faktura: a small ERP that speaks SOAP, on spyne and SQLite, in a process of its own.

from tests.helpers.spyne_erp.server import Faktura

with Faktura(tmp_path / "faktura") as faktura:
    faktura.url, faktura.user, faktura.password
    faktura.ledger.invoice("C-1001", [("Tools", "1000.00", "V19")], "2026-02-03")
    faktura.books.documents("RB-…")

The server's process imports this package too: nothing stands here, so that it starts quickly.
"""
