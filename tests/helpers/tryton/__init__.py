"""A real Tryton 8.2 for the tests: installed from PyPI, seeded once, copied for each test.

with TrytonServer(tmp_path / "tryton") as tryton:
    tryton.url, tryton.database, tryton.key
    tryton.acts.invoice("C-1001", [("TOOL-1", 10, "100")], "2026-02-03")
    tryton.books.documents("RB-…")
"""

from tests.helpers.tryton.books import Books
from tests.helpers.tryton.server import TrytonServer

__all__ = ["Books", "TrytonServer"]
