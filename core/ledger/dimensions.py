"""Dimensions: ids of what facts have in common, kept in the book so that every cache agrees on them."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from core.ledger.book import Book, check_token
from core.ledger.tables import item, tax_code
from core.tax import TaxCode


class Dimensions:
    """Ids of items and tax codes, kept in the book so that every cache agrees on them."""

    def __init__(self, book: Book, claim: tuple[str, int] | None = None) -> None:
        self.book, self.claim = book, claim
        with book.read() as connection:
            self.items = {tuple(row[1:]): row[0] for row in connection.execute(sa.select(item))}
            self.taxes = {TaxCode(*row[1:]): row[0] for row in connection.execute(sa.select(tax_code))}
        self._new_items: list[dict[str, Any]] = []
        self._new_taxes: list[dict[str, Any]] = []

    def item(self, key: tuple[str, str, str, str, bool]) -> int:
        found = self.items.get(key)
        if found is None:
            found = self.items[key] = len(self.items) + 1
            names = ("id", "source", "company", "product", "line_kind", "is_return")
            self._new_items.append(dict(zip(names, (found, *key), strict=True)))
        return found

    def tax(self, key: TaxCode) -> int:
        found = self.taxes.get(key)
        if found is None:
            found = self.taxes[key] = self._stable_id(key)
            self._new_taxes.append({"id": found, **key._asdict()})
        return found

    def _stable_id(self, key: TaxCode) -> int:
        """An id that follows from what the code says and not from when it was met.

        Where remainders are equal the parts of an amount go by the order of these ids, which must not depend on the
        order of arrival.
        """
        digest = hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
        taken = set(self.taxes.values())
        number = int.from_bytes(digest[:4], "big") >> 1
        while number in taken or number == 0:
            number = (number + 1) % 2**31
        return number

    def save(self) -> None:
        """Store new ids before any fact that uses them is appended."""
        if self._new_items or self._new_taxes:
            with self.book.write() as connection:
                if self.claim is not None:
                    check_token(connection, *self.claim)
                if self._new_items:
                    connection.execute(item.insert(), self._new_items)
                if self._new_taxes:
                    connection.execute(tax_code.insert(), self._new_taxes)
            self._new_items, self._new_taxes = [], []
