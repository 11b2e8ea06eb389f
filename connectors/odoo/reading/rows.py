"""Rows of Odoo's models in the order of their ids, with the rows they refer to inside them, whatever the version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.odoo.client import OdooClient

Row = dict[str, Any]
Domain = list[Any]
Specification = Mapping[str, Mapping[str, Any]]
"""What to read: `{}` for a value or the bare ids, `{"fields": {...}}` for the rows referred to."""

_FIRST_NESTED = (17, 0)


def plain(*names: str) -> dict[str, dict[str, Any]]:
    """The specification of fields read as they are."""
    return {name: {} for name in names}


class Rows:
    """Reads the rows of one company.

    Archived rows are there as well, and names come in English: otherwise what is read would depend on who reads it.
    """

    def __init__(self, client: OdooClient, company_id: int) -> None:
        self.client = client
        self.company_id = company_id
        self.context = {"allowed_company_ids": [company_id], "lang": "en_US", "active_test": False}
        self._nested = client.version >= _FIRST_NESTED

    def has(self, model: str, field: str) -> bool:
        return self.client.has(model, field)

    def known(self, model: str, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The specification of those fields the server has."""
        return plain(*(name for name in names if self.client.has(model, name)))

    def server_time(self) -> datetime | None:
        """The server's clock at its last reply."""
        return self.client.server_time()

    def search(self, model: str, domain: Domain, specification: Specification, limit: int | None = None) -> list[Row]:
        """The rows of a domain by id, at most `limit`."""
        if not self._nested:
            options: dict[str, Any] = {} if limit is None else {"limit": limit}
            ids = self.client.call(model, "search", domain=domain, order="id", context=self.context, **options)
            return self._flat(model, ids, specification)
        options = {} if limit is None else {"limit": limit, "count_limit": 1}  # else it counts the rest, each time
        answer = self.client.call(
            model,
            "web_search_read",
            domain=domain,
            specification=specification,
            order="id",
            context=self.context,
            **options,
        )
        rows: list[Row] = answer["records"]
        return rows

    def by_ids(self, model: str, ids: Sequence[int], specification: Specification) -> list[Row]:
        """The rows with these ids that are there and may be seen, by id."""
        return self.search(model, [("id", "in", list(ids))], specification) if ids else []

    def _flat(self, model: str, ids: Sequence[int], specification: Specification) -> list[Row]:
        """As the nested read answers, by one call for each model."""
        if not ids:
            return []
        rows: list[Row] = self.client.call(
            model, "read", ids=list(ids), fields=list(specification), load="", context=self.context
        )
        for name, inner in specification.items():
            if "fields" not in inner:
                continue
            wanted: dict[int, None] = {}
            for row in rows:
                value = row[name]
                wanted.update(dict.fromkeys(value if isinstance(value, list) else [value] if value else []))
            related = self.client.fields(model)[name]["relation"]
            found = {row["id"]: row for row in self._flat(related, list(wanted), inner["fields"])}
            for row in rows:
                value = row[name]
                if isinstance(value, list):
                    row[name] = [found.get(item) or {"id": item} for item in value]
                elif value:
                    row[name] = found.get(value) or {"id": value}
        return rows
