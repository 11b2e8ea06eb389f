"""How a Dolibarr shows its records: everything from the database is text, instants are counted in seconds.

A day is shown as its midnight in the server's time zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.helpers.stand_ins.table import Row

_CENT = Decimal("0.01")
_EIGHT = Decimal("0.00000001")


def cents(amount: Decimal) -> Decimal:
    """Rounded to cents, halves away from zero."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def priced(line: Mapping[str, Any], *, credit: bool) -> dict[str, Any]:
    """A line with its totals. On a credit note every one is made negative, whatever its sign was."""
    gross = line["subprice"] * line["qty"] * (1 - line["remise_percent"] / 100)
    net = cents(gross)
    whole = cents(gross * (1 + line["tva_tx"] / 100))
    totals = {"total_ht": net, "total_tva": whole - net, "total_ttc": whole}
    kept = dict(line)
    if credit:
        totals = {name: -abs(value) for name, value in totals.items()}
        kept |= {"qty": abs(line["qty"]), "subprice": -abs(line["subprice"])}
    return kept | totals


def sums(lines: list[dict[str, Any]]) -> dict[str, Decimal]:
    """The totals of a document."""
    return {name: sum((line[name] for line in lines), Decimal()) for name in ("total_ht", "total_tva", "total_ttc")}


def long(amount: Decimal) -> str:
    """An amount as the database shows it, with eight digits."""
    return f"{amount.quantize(_EIGHT):f}"


def text(value: Any) -> str | None:
    """A value of the database as text; None where there is none."""
    return None if value is None else str(value)


class Shapes:
    """The JSON of records, on a server in this time zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def local(self, moment: datetime) -> datetime:
        """An instant as the database has it: whole seconds in the server's time zone, without saying so."""
        return moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0)

    def seconds(self, moment: datetime | date | None) -> int | str:
        """Seconds since 1970 of an instant, or of the midnight of a day; empty text where there is none."""
        if moment is None:
            return ""
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time(), self.zone)
        return int(moment.timestamp())

    def day(self, seconds: int) -> date:
        """The day an instant counted in seconds lies on, for the server."""
        return datetime.fromtimestamp(seconds, UTC).astimezone(self.zone).date()

    def invoice(self, row: Row, products: Mapping[str, Row]) -> dict[str, Any]:
        """A document with its lines."""
        values = row.values
        paid = row.extra.get("paid", Decimal())
        shown: dict[str, Any] = {
            "id": row.id,
            "entity": "1",
            "ref": values["ref"],
            "ref_ext": values["ref_ext"],
            "ref_client": values["ref_client"],
            "ref_customer": values["ref_client"],
            "type": str(values["type"]),
            "socid": str(values["fk_soc"]),
            "date": self.seconds(values["datef"]),
            "date_creation": self.seconds(row.created),
            "date_validation": self.seconds(values["date_valid"]),
            "date_modification": self.seconds(row.changed),
            "date_lim_reglement": self.seconds(values["date_lim_reglement"]),
            "paye": str(values["paye"]),
            "statut": str(values["fk_statut"]),
            "status": str(values["fk_statut"]),
            "close_code": values["close_code"],
            "close_note": None,
            "fk_facture_source": text(values["fk_facture_source"]),
            "note_public": values["note_public"],
            "note_private": values["note_private"],
            "fk_multicurrency": "0",
            "multicurrency_code": values["multicurrency_code"],
            "multicurrency_tx": "1.00000000",
            "array_options": [],
            "linkedObjectsIds": [],
            "totalpaid": f"{paid:f}" if paid else None,
            "remaintopay": f"{(values['total_ttc'] - paid).normalize():f}",
            "lines": [self._line(row, line, products) for line in row.extra["lines"]],
        }
        for name in ("total_ht", "total_tva", "total_ttc"):
            shown[name] = shown[f"multicurrency_{name}"] = long(values[name])
        return shown

    def _line(self, row: Row, line: Mapping[str, Any], products: Mapping[str, Row]) -> dict[str, Any]:
        product = products.get(str(line["fk_product"]))
        shown: dict[str, Any] = {
            "id": str(line["rowid"]),
            "rowid": str(line["rowid"]),
            "fk_facture": row.id,
            "desc": line["desc"],
            "description": line["desc"],
            "product_type": str(line["product_type"]),
            "fk_product": text(line["fk_product"]),
            "product_ref": product.values["ref"] if product else None,
            "product_label": product.values["label"] if product else None,
            "qty": f"{line['qty'].normalize():f}",
            "subprice": long(line["subprice"]),
            "multicurrency_subprice": long(line["subprice"]),
            "vat_src_code": "",
            "tva_tx": f"{line['tva_tx']:.4f}",
            "remise_percent": f"{line['remise_percent'].normalize():f}",
            "special_code": "0",
            "info_bits": "0",
            "rang": str(line["rang"]),
            "fk_parent_line": None,
            "ref_ext": "",
            "fk_unit": None,
            "array_options": [],
        }
        for name in ("total_ht", "total_tva", "total_ttc"):
            shown[name] = shown[f"multicurrency_{name}"] = long(line[name])
        return shown

    def third_party(self, row: Row) -> dict[str, Any]:
        """A customer, prospect or supplier. Without complementary attributes a list stands in place of the object."""
        values = row.values
        return {
            "id": row.id,
            "entity": "1",
            "name": values["nom"],
            "name_alias": values["name_alias"],
            "ref_ext": values["ref_ext"],
            "code_client": values["code_client"],
            "client": str(values["client"]),
            "fournisseur": "0",
            "status": str(values["status"]),
            "parent": text(values["parent"]),
            "email": values["email"],
            "url": values["url"],
            "address": values["address"],
            "zip": values["zip"],
            "town": values["town"],
            "country_id": "1" if values["country_code"] else None,
            "country_code": values["country_code"],
            "tva_intra": values["tva_intra"],
            "default_lang": values["default_lang"],
            "typent_code": "TE_UNKNOWN",
            "date_creation": self.seconds(row.created),
            "date_modification": self.seconds(row.changed),
            "note_public": None,
            "note_private": None,
            "array_options": self.options(row.extra.get("options")),
        }

    def options(self, options: Mapping[str, Any] | None) -> dict[str, Any] | list[Any]:
        """Complementary attributes; a day is counted in seconds, too."""
        if options is None:
            return []
        return {
            f"options_{name}": self.seconds(value) if isinstance(value, date) else text(value)
            for name, value in options.items()
        }

    def product(self, row: Row) -> dict[str, Any]:
        """A product or service."""
        values = row.values
        return {
            "id": row.id,
            "entity": "1",
            "ref": values["ref"],
            "ref_ext": None,
            "label": values["label"],
            "description": None,
            "type": str(values["fk_product_type"]),
            "status": "1",
            "status_buy": "1",
            "fk_unit": None,
            "price": long(values["price"]),
            "tva_tx": "20.0000",
            "date_creation": str(self.local(row.created)),
            "date_modification": str(self.local(row.changed)),
            "array_options": [],
        }

    def event(self, row: Row) -> dict[str, Any]:
        """An event of the agenda. The external reference is kept and not shown."""
        values = row.values
        return {
            "id": row.id,
            "ref": row.id,
            "type_id": "50",
            "type_code": values["type_code"],
            "code": values["code"],
            "label": values["label"],
            "datep": self.seconds(values["datep"]),
            "datef": "",
            "datec": self.seconds(row.created),
            "datem": self.seconds(row.changed),
            "note_private": values["note"],
            "percentage": values["percent"],
            "socid": text(values["fk_soc"]),
            "userownerid": text(values["fk_user_action"]),
            "authorid": "2",
            "array_options": [],
        }
