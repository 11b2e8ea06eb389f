"""Customers, as accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from connectors.odoo.reading.moves import KINDS
from connectors.odoo.reading.names import Names
from connectors.odoo.reading.rows import Domain, Row, Rows, plain
from connectors.odoo.reading.stream import Mapped, Stream, filled, order_of, shared, text
from connectors.odoo.settings import OdooSettings
from core.documents import RawRecord, RecordKind

MODEL = "res.partner"
Condition = tuple[str, str, Any]
_PRICES = "property_product_pricelist"
"""The list of prices the customer is sold by; one list is in one currency."""
_NO_VAT_NUMBER = "/"
"""What people type where a partner has none but the form wants one."""


class _Tag(NamedTuple):
    name: str = ""
    parent: int = 0


class Partners(Stream):
    """Who is ranked as a customer or was sent a document.

    An invoice makes a partner a customer, which before 19 does not move the partner's stamp: partners whose
    documents changed are read again with those that changed themselves.
    """

    name: ClassVar[str] = "accounts"
    model: ClassVar[str] = MODEL
    kinds: ClassVar[tuple[RecordKind, ...]] = ("account",)
    linked: ClassVar[bool] = True

    def __init__(self, rows: Rows, settings: OdooSettings, entity: Callable[[], str]) -> None:
        super().__init__(rows, settings, entity)
        self._countries: Names[str] = Names(rows, "res.country", plain("code"), lambda row: text(row["code"]), "")
        self._tags: Names[_Tag] = Names(
            rows,
            "res.partner.category",
            plain("name", "parent_id"),
            lambda row: _Tag(text(row["name"]), row["parent_id"] or 0),
            _Tag(),
        )
        self._currencies: Names[str] = Names(rows, "res.currency", plain("name"), lambda row: text(row["name"]), "")
        self._currency = 0
        self.light = plain("write_date", "commercial_partner_id", "category_id", "country_id")
        pricelist = {_PRICES: {"fields": plain("currency_id")}} if rows.has(MODEL, _PRICES) else {}
        self.specification = {
            **self.light,
            **plain("name", "lang", "parent_id", "vat", "email", "street", "street2", "city", "zip"),
            "user_id": {"fields": plain("display_name")},
            **pricelist,
        }

    def prepare(self) -> None:
        [company] = self.rows.by_ids("res.company", [self.rows.company_id], plain("currency_id"))
        self._currency = company["currency_id"]

    def base(self) -> Domain:
        customers = self._or_invoiced(("customer_rank", ">", 0), ("move_type", "in", list(KINDS)))
        return [*shared(self.rows.company_id), *customers]

    def changed(self, since: str) -> Domain:
        return self._or_invoiced(("write_date", ">=", since), ("write_date", ">=", since))

    def _or_invoiced(self, condition: Condition, invoices: Condition) -> Domain:
        """Partners of which something is true, or of whose documents or whose contacts' documents something is."""
        if not self.rows.has(MODEL, "invoice_ids"):
            return [condition]
        name, operator, value = invoices
        own, of_contacts = f"invoice_ids.{name}", f"child_ids.invoice_ids.{name}"
        return ["|", condition, "|", (own, operator, value), (of_contacts, operator, value)]

    def find(self, kind: RecordKind, external_id: str) -> Domain | None:
        # A customer no longer ranked as one is still there.
        domain = super().find(kind, external_id)
        return None if domain is None else [*shared(self.rows.company_id), domain[-1]]

    def identity(self, row: Row) -> tuple[RecordKind, str]:
        return "account", str(row["id"])

    def mark(self, row: Row) -> str:
        tags, country = self._labels(row), self._countries.of(row["country_id"])
        return f"{self.stamp(row)} {row['commercial_partner_id']} {tags} {country}"

    def reading(self) -> Sequence[object]:
        return self.settings.read.account, self.settings.read.segments, self.settings.write.tag

    def mapped(self, rows: Sequence[Row]) -> list[Mapped]:
        return [self._account(row) if self._is_account(row) else None for row in rows]

    def _is_account(self, row: Row) -> bool:
        """Whether documents are booked on it: on contacts only where the settings say so."""
        return self.settings.read.account == "contact" or row["commercial_partner_id"] in (row["id"], False)

    def _account(self, row: Row) -> RawRecord:
        tags = self._labels(row)
        sales_person: Any = row["user_id"]
        pricelist: Any = row.get(_PRICES)
        vat_number = text(row["vat"])
        fields = {
            "id": str(row["id"]),
            "name": text(row["name"]),
            "segment": next((segment for segment in self.settings.read.segments if segment in tags), ""),
            "country": self._countries.of(row["country_id"]),
            "currency": self._currencies.of(pricelist["currency_id"] if pricelist else self._currency),
            "language": text(row["lang"]).partition("_")[0].partition("@")[0],
            "parent": str(row["parent_id"] or ""),
            "tags": "; ".join(tags),
            "vat_number": "" if vat_number == _NO_VAT_NUMBER else vat_number,
            "email": text(row["email"]),
            "street": ", ".join(filter(None, (text(row["street"]), text(row["street2"])))),
            "city": text(row["city"]),
            "postcode": text(row["zip"]),
            "sales_person": text(sales_person["display_name"]) if sales_person else "",
        }
        origin = f"Odoo partner (id {row['id']})"
        return RawRecord("account", str(row["id"]), filled(fields), (), order_of(self.stamp(row)), origin=origin)

    def _labels(self, row: Row) -> list[str]:
        """The partner's tags by name, without those that we set ourselves to show tiers."""
        tags = [self._tags.of(id_) for id_ in row["category_id"]]
        ours = self.settings.write.tag
        return sorted({tag.name for tag in tags if tag.name and not (ours and self._tags.of(tag.parent).name == ours)})
