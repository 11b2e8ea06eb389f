"""Lines of journal entries, with the defaults of their products and accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.helpers.odoo_server import writing
from tests.helpers.odoo_server.computed import display_name
from tests.helpers.odoo_server.entries import LINE, MOVE
from tests.helpers.odoo_server.faults import check_violation
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.taxes import mapped


def create(session: Session, model: str, values: Mapping[str, Any]) -> int:
    """A line with its defaults; what depends on the others is computed with the entry."""
    move = session.one(MOVE, values["move_id"])
    given = dict(values)
    kind = given.pop("kind", None) or given.get("display_type") or "product"
    fields = session.registry[model].fields
    identifier = writing.create(session, model, {name: one for name, one in given.items() if name != "display_type"})
    line = dict(session.one(model, identifier)) | {"kind": kind}
    line.setdefault("sequence", 100 if session.version >= (17, 0) else 10)
    if kind == "product" and move["move_type"] != "entry":
        line = _product_defaults(session, move, line, given)
    elif kind == "product" and (16, 0) <= session.version < (18, 0) and "tax_ids" not in given:
        line["tax_ids"] = session.find("account.account", line.get("account_id")).get("tax_ids") or []
    ordinary = session.version >= (16, 0) or kind in ("line_section", "line_note")
    line["display_type"] = kind if ordinary else None
    if "exclude_from_invoice_tab" in fields:
        line["exclude_from_invoice_tab"] = kind in ("tax", "payment_term") or move["move_type"] == "entry"
    session.store.put(model, identifier, line)
    return identifier


def _product_defaults(session: Session, move: Record, line: Record, given: Mapping[str, Any]) -> Record:
    product = session.find("product.product", line.get("product_id"))
    defaults: Record = {"quantity": 1.0}
    journal = session.one("account.journal", move["journal_id"])
    if product:
        defaults["price_unit"] = product.get("list_price") or 0.0
        defaults["name"] = display_name(session, "product.product", product["id"])
        defaults["product_uom_id"] = product.get("uom_id")
    defaults["account_id"] = journal.get("default_account_id")
    line |= {name: value for name, value in defaults.items() if name not in given}
    if not line.get("account_id"):
        constraint = "account_move_line_check_accountable_required_fields"
        raise check_violation("account_move_line", constraint, line, "Missing required account on accountable line.")
    if "tax_ids" not in given:
        line["tax_ids"] = _default_taxes(session, move, product, line["account_id"])
    return line


def _default_taxes(session: Session, move: Record, product: Record, account: int) -> list[int]:
    def of_company(taxes: Sequence[int]) -> list[int]:
        return [one for one in taxes if session.one("account.tax", one)["company_id"] == move["company_id"]]

    of_account = session.one("account.account", account).get("tax_ids") or ()
    own = of_company(product.get("taxes_id") or ()) or of_company(of_account)
    return mapped(session, move.get("fiscal_position_id"), own)


writing.CREATORS[LINE] = create
