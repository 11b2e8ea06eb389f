"""Products, by their internal reference as the lines of documents name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from connectors.odoo.reading.names import Names
from connectors.odoo.reading.rows import Domain, Row, Rows, plain
from connectors.odoo.reading.stream import Mapped, Stream, filled, order_of, shared, text
from connectors.odoo.reading.units import Units
from connectors.odoo.settings import OdooSettings
from core.documents import RawRecord, RecordKind

MODEL = "product.product"
_TEMPLATE = "product_tmpl_id"
_BRAND = "product_brand_id"
"""From a widespread module; Odoo itself has no brands."""


def sku(row: Row) -> str:
    """What names a product here: its internal reference, its id where it has none."""
    return text(row["default_code"]) or str(row["id"])


class Products(Stream):
    """A product stays once it was told of, even when it is renamed or removed: documents go on naming it."""

    name: ClassVar[str] = "products"
    model: ClassVar[str] = MODEL
    kinds: ClassVar[tuple[RecordKind, ...]] = ("product",)
    deletes: ClassVar[bool] = False

    def __init__(self, rows: Rows, settings: OdooSettings, entity: Callable[[], str]) -> None:
        super().__init__(rows, settings, entity)
        self._units = Units(rows)
        self._categories: Names[str] = Names(
            rows, "product.category", plain("complete_name"), lambda row: text(row["complete_name"]), ""
        )
        self.light = plain("write_date", "default_code", "active", "categ_id", "uom_id")
        if rows.has(MODEL, _TEMPLATE):
            self.light[_TEMPLATE] = {"fields": plain("write_date")}
        brand = {_BRAND: {"fields": plain("display_name")}} if rows.has(MODEL, _BRAND) else {}
        self.specification = {**self.light, **plain("name"), **brand}

    def prepare(self) -> None:
        self._units.fill()

    def base(self) -> Domain:
        return shared(self.rows.company_id)

    def changed(self, since: str) -> Domain:
        if _TEMPLATE not in self.light:
            return super().changed(since)
        # What variants have in common is written on their template.
        return ["|", ("write_date", ">=", since), (f"{_TEMPLATE}.write_date", ">=", since)]

    def stamp(self, row: Row) -> str:
        template: Any = row.get(_TEMPLATE)
        return max(row["write_date"] or "", (template and template.get("write_date")) or "")

    def mark(self, row: Row) -> str:
        unit = self._units.of(row["uom_id"])
        return f"{self.stamp(row)} {sku(row)} {self._categories.of(row['categ_id'])} {unit}"

    def identity(self, row: Row) -> tuple[RecordKind, str]:
        return "product", sku(row)

    def find(self, kind: RecordKind, external_id: str) -> Domain | None:
        domain: Domain = [*self.base(), "|", ("default_code", "=", external_id), "&", ("default_code", "=", False)]
        if external_id.isascii() and external_id.isdecimal() and len(external_id) <= 9:
            return [*domain, ("id", "=", int(external_id))]
        return [*self.base(), ("default_code", "=", external_id)] if external_id else None

    def mapped(self, rows: Sequence[Row]) -> list[Mapped]:
        given_way = self._given_way(rows)
        return [None if row["id"] in given_way else self._product(row) for row in rows]

    def _product(self, row: Row) -> RawRecord:
        name = sku(row)
        unit = self._units.of(row["uom_id"])
        brand: Any = row.get(_BRAND)
        fields = {
            "id": name,
            "name": text(row["name"]),
            "category": self._categories.of(row["categ_id"]),
            "brand": text(brand["display_name"]) if brand else "",
            "unit": unit.name,
            "units": unit.others,
        }
        origin = f"Odoo product {name} (id {row['id']})"
        return RawRecord("product", name, filled(fields), (), order_of(self.stamp(row)), origin=origin)

    def _given_way(self, rows: Sequence[Row]) -> set[int]:
        """Archived products whose reference an active one carries now."""
        archived = {row["id"]: text(row["default_code"]) for row in rows if not row["active"]}
        codes = sorted(set(filter(None, archived.values())))
        if not codes:
            return set()
        domain = [*self.base(), ("active", "=", True), ("default_code", "in", codes)]
        taken = {text(row["default_code"]) for row in self.rows.search(MODEL, domain, plain("default_code"))}
        return {id_ for id_, code in archived.items() if code in taken}
