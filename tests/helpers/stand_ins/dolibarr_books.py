"""What a Dolibarr keeps, and what tests put there without its interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from tests.helpers.stand_ins.base import StandIn
from tests.helpers.stand_ins.dolibarr_shapes import Shapes, priced, sums
from tests.helpers.stand_ins.table import Row, Table

_NUMBERS = {"subprice", "qty", "tva_tx", "remise_percent"}


class DolibarrBooks(StandIn):
    """One company whose currency is the euro. `rights` are those of the user of the key."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)
    key = "dolibarr-key-5d1f7c2ab9"
    user = 7

    def __init__(self, zone: str = "Europe/Berlin") -> None:
        super().__init__()
        self.shapes = Shapes(ZoneInfo(zone))
        self.rights = {
            f"{module}.{right}"
            for module, rights in {
                "facture": "lire creer supprimer",
                "societe": "lire creer client.voir",
                "produit": "lire",
                "agenda": "myactions.read myactions.create allactions.read allactions.create",
                "user": "self.creer",
            }.items()
            for right in rights.split()
        }
        self.attributes: dict[str, str] = {}
        """Complementary attributes of third parties: name and type (varchar, date, price, int)."""
        self.third_parties, self.products = Table(self.stamp), Table(self.stamp)
        self.invoices, self.events = Table(self.stamp), Table(self.stamp)
        self._line_ids, self._numbers = 0, {"FA": 0, "AV": 0}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the server."""
        return self.shapes.zone

    def options(self, customer: Row) -> dict[str, Any]:
        """The complementary attributes of a customer; none where none were ever written."""
        return dict(customer.extra.get("options") or {})

    def set_options(self, customer: Row, options: Mapping[str, Any]) -> None:
        """Give a customer these complementary attributes."""
        customer.extra["options"] = dict(options)

    def revoke(self, *rights: str) -> None:
        """Take rights from the user of the key."""
        self.rights -= set(rights)

    def add_customer(self, name: str, **values: Any) -> Row:
        """A customer."""
        empty = dict.fromkeys(
            ("name_alias", "ref_ext", "email", "url", "address", "zip", "town", "country_code", "tva_intra", "parent")
        )
        code = f"CU{len(self.third_parties.every) + 1:05d}"
        plain = {"nom": name, "client": 1, "fournisseur": 0, "status": 1, "default_lang": "de_DE", "code_client": code}
        return self.third_parties.add({**empty, **plain, **values})

    def add_product(self, ref: str, label: str, *, service: bool = False) -> Row:
        """A product or service."""
        kept = {"ref": ref, "label": label, "ref_ext": None, "fk_product_type": int(service), "price": Decimal()}
        return self.products.add(kept)

    def add_document(
        self,
        customer: int,
        lines: Sequence[Mapping[str, Any]],
        day: date,
        *,
        credit: bool = False,
        validated: bool = True,
        **values: Any,
    ) -> Row:
        """An invoice or credit note. Lines: subprice, qty, tva_tx, and what else a line has."""
        kept = []
        for rank, line in enumerate(lines, 1):
            self._line_ids += 1
            plain = {"qty": Decimal(1), "remise_percent": Decimal(), "product_type": 0, "fk_product": None, "desc": ""}
            line = {name: Decimal(value) if name in _NUMBERS else value for name, value in line.items()}
            kept.append(priced({**plain, **line, "rowid": self._line_ids, "rang": rank}, credit=credit))
        empty = dict.fromkeys(
            ("ref_ext", "ref_client", "close_code", "fk_facture_source", "note_public", "note_private", "date_valid")
        )
        head = {"type": 2 if credit else 0, "fk_soc": customer, "datef": day, "date_lim_reglement": day}
        state = {"fk_statut": 0, "paye": 0, "multicurrency_code": "EUR", "ref": ""}
        row = self.invoices.add({**empty, **head, **state, **sums(kept), **values})
        row.values["ref"] = f"(PROV{row.id})"
        row.extra["lines"] = kept
        if validated:
            self.validate(row)
        return row

    def validate(self, row: Row) -> None:
        """Give it a number of its own, and let it stand."""
        kind = "AV" if row.values["type"] == 2 else "FA"
        number = row.values["ref"]
        if number.startswith("(PROV"):
            self._numbers[kind] += 1
            number = f"{kind}{row.values['datef']:%y%m}-{self._numbers[kind]:04d}"
        self.invoices.change(row, {"ref": number, "fk_statut": 1, "date_valid": self.shapes.local(self.clock.now())})
