"""One call's view of the records: who calls, since when, and how fields are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tests.helpers.odoo_server.faults import AccessError, MissingError, SerializationFailure
from tests.helpers.odoo_server.fields import Field, Registry, Version
from tests.helpers.odoo_server.store import Record, Store

if TYPE_CHECKING:
    from tests.helpers.odoo_server.options import Options

ADMINISTRATOR = 2


@dataclass(slots=True)
class Session:
    """`now` is the start of the transaction (UTC, without a zone) and what `write_date` becomes; `snapshot` the number
    of the last commit this transaction sees."""

    store: Store
    registry: Registry
    options: Options
    uid: int
    now: datetime
    snapshot: int
    context: Mapping[str, Any] = field(default_factory=dict)
    names: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def version(self) -> Version:
        return self.registry.version

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def stamp(self) -> str:
        """`now` as it is stored: with microseconds."""
        return self.now.isoformat(" ", "microseconds")

    @property
    def user(self) -> Record:
        return self.one("res.users", self.uid)

    @property
    def companies(self) -> list[int]:
        """Companies whose records the call may see."""
        own, allowed = list(self.user["company_ids"]), self.context.get("allowed_company_ids")
        if allowed and not set(allowed) <= set(own):
            raise AccessError("Access to unauthorized or invalid companies.")
        return list(allowed) if allowed else own

    @property
    def company(self) -> int:
        """The company new records belong to."""
        allowed = self.context.get("allowed_company_ids")
        return int(allowed[0]) if allowed else int(self.user["company_id"])

    # ---------------------------------------------------------------- reading

    def one(self, model: str, identifier: int) -> Record:
        """The record. Raises MissingError."""
        record = self.store.get(model, identifier)
        if record is None:
            raise MissingError(model, identifier, self.uid)
        return record

    def find(self, model: str, identifier: int | None) -> Record:
        """The record, or an empty one for no id."""
        return (self.store.get(model, identifier) if identifier else None) or {}

    def field(self, model: str, name: str) -> Field:
        """The field. Raises ValueError in the server's words."""
        try:
            return self.registry[model].fields[name]
        except KeyError:
            raise ValueError(f"Invalid field '{name}' on '{model}'") from None

    def ids(self, ids: Iterable[int] | int | None) -> list[int]:
        if ids is None:
            return []
        return [ids] if isinstance(ids, int) else list(ids)

    # ---------------------------------------------------------------- concurrency

    def must_be_mine(self, model: str, identifier: int) -> None:
        """Raises SerializationFailure where another transaction changed the record since this one began."""
        if self.store.committed.get((model, identifier), 0) > self.snapshot:
            raise SerializationFailure

    def external(self, name: str) -> Record | None:
        """What the external id `module.name` leads to. Raises SerializationFailure where it came up meanwhile."""
        self.store.check_name(name)
        if self.store.named_at.get(name, 0) > self.snapshot:
            raise SerializationFailure
        return self.look_up(name)

    def look_up(self, name: str) -> Record | None:
        """What the external id leads to, for reading: what others hold uncommitted is not seen."""
        found = self.store.where("ir.model.data", "complete_name", name)
        return self.store.get("ir.model.data", found[0]) if found else None
