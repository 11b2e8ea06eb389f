"""Faktura: a small ERP that speaks SOAP, on spyne and SQLite, in a process of its own.

with Faktura(tmp_path / "faktura") as faktura:
    faktura.url, faktura.user, faktura.password
    faktura.ledger.invoice("C-1001", [("Tools", "1000.00", "V19")], "2026-02-03")
    faktura.books.documents("RB-…")
"""

from tests.helpers.spyne_erp.books import Books
from tests.helpers.spyne_erp.server import Faktura

__all__ = ["Books", "Faktura"]
