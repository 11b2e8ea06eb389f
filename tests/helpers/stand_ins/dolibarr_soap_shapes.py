"""What records look like in the replies of Dolibarr's SOAP services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.helpers.stand_ins.dolibarr_shapes import Shapes, long
from tests.helpers.stand_ins.dolibarr_soap_writer import array, table, text, untyped
from tests.helpers.stand_ins.table import Row, Table


class NusoapShapes:
    """The elements of records, on a server in the time zone of `shapes`. `user`: who made them all."""

    def __init__(self, shapes: Shapes, products: Table, user: int) -> None:
        self._shapes, self._products, self._user = shapes, products, user

    def named(self, row: Row) -> list[str]:
        return [text("id", row.id), text("ref", row.values["ref"]), text("ref_ext", row.values["ref_ext"])]

    def _instant(self, moment: datetime) -> str:
        """Local time that says it is UTC."""
        return f"{self._shapes.local(moment).isoformat()}Z"

    def invoice(self, row: Row, *, whole: bool) -> list[str]:
        values = row.values
        told = [text("id", row.id), text("ref", values["ref"]), text("ref_ext", values["ref_ext"] or "")]
        if whole:
            told.append(text("thirdparty_id", values["fk_soc"], "xsd:int"))
        told += [
            text("fk_user_author", self._user),
            text("fk_user_valid", self._user if values["date_valid"] else ""),
            text("date", values["datef"], "xsd:date"),
            text("date_due", values["date_lim_reglement"] or "", "xsd:date"),
            text("date_creation", self._instant(row.created), "xsd:dateTime"),
            text("date_validation", self._instant(row.created) if values["date_valid"] else "", "xsd:dateTime"),
            text("date_modification", self._instant(row.changed), "xsd:dateTime"),
            text("payment_mode_id", ""),
            text("type", values["type"], "xsd:int"),
            text("total_net", long(values["total_ht"]), "xsd:double"),
            text("total_vat", long(values["total_tva"]), "xsd:double"),
            text("total", long(values["total_ttc"]), "xsd:double"),
            text("note_private", values["note_private"] or ""),
            text("note_public", values["note_public"] or ""),
            text("status", values["fk_statut"], "xsd:int"),
            text("close_code", values["close_code"] or ""),
            text("close_note", ""),
        ]
        if whole:
            told.append(text("project_id", None))
        lines = [table("item", "tns:line", self._line(line, whole)) for line in row.extra["lines"]]
        return [*told, array("lines", "tns:line", lines)]

    def _line(self, line: Mapping[str, Any], whole: bool) -> list[str]:
        product = self._products.get(str(line["fk_product"])) if line["fk_product"] is not None else None
        told = [text("id", line["rowid"]), text("type", line["product_type"], "xsd:int")]
        if whole:
            told.append(text("desc", line["desc"]))
        told += [
            text("vat_rate", f"{line['tva_tx']:.4f}", "xsd:double"),
            text("qty", f"{line['qty'].normalize():f}", "xsd:double"),
            text("unitprice", long(line["subprice"]), "xsd:double"),
            *(
                text(theirs, long(line[ours]), "xsd:double")
                for theirs, ours in (("total_net", "total_ht"), ("total_vat", "total_tva"), ("total", "total_ttc"))
            ),
            text("date_start", "", "xsd:date"),
            text("date_end", "", "xsd:date"),
        ]
        if product is not None:
            told.append(text("product_id", product.id, "xsd:int"))
            told += [text("product_ref", product.values["ref"]), text("product_label", product.values["label"])]
            told.append(text("product_desc", ""))
        elif whole:
            told.append(text("product_id", None, "xsd:int"))
            told += [text(f"product_{name}", None) for name in ("ref", "label", "desc")]
        return told

    def third_party(self, row: Row) -> list[str]:
        """What is null is left out."""
        values = row.values
        told: dict[str, Any] = {
            "id": row.id,
            "ref": values["nom"],
            "ref_ext": values["ref_ext"],
            "status": values["status"],
            "client": values["client"],
            "supplier": 0,
            "customer_code": values["code_client"],
            "address": values["address"] or "",
            **{name: values[name] for name in ("zip", "town")},
            "country_id": 1 if values["country_code"] else None,
            "country_code": values["country_code"],
            "email": values["email"],
            "url": values["url"],
            "vat_used": 1,
            "vat_number": values["tva_intra"] or "",
        }
        stamps = {"date_creation": row.created, "date_modification": row.changed}
        return [
            *(text(name, value) for name, value in told.items() if value is not None),
            *(text(name, self._instant(moment), "xsd:dateTime") for name, moment in stamps.items()),
        ]

    def listed_party(self, row: Row) -> list[str]:
        values = row.values
        told = {"id": row.id, "ref": values["nom"], "ref_ext": values["ref_ext"], "adress": None}
        more = {"zip": values["zip"], "town": values["town"], "country": "Germany", "phone": None, "fax": None}
        return [untyped(name, value) for name, value in {**told, **more, "url": values["url"]}.items()]

    def product(self, row: Row) -> list[str]:
        values = row.values
        return [
            text("id", row.id),
            text("ref", values["ref"]),
            text("type", values["fk_product_type"]),
            text("label", values["label"]),
            text("description", ""),
            text("date_creation", self._instant(row.created), "xsd:dateTime"),
            text("date_modification", self._instant(row.changed), "xsd:dateTime"),
            text("price_net", long(values["price"])),
            text("vat_rate", "20.0000"),
        ]
