"""Fields that are not stored, and the names records are shown under."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import shorten
from typing import Any

from tests.helpers.odoo_server.fields import Field
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.taxes import is_included

ADDRESSES = {"invoice": "Invoice", "delivery": "Delivery", "other": "Other"}
INVOICE_LINES = ("product", "line_section", "line_subsection", "line_note")
TYPE_NAMES = {
    "out_invoice": "Draft Invoice",
    "out_refund": "Draft Credit Note",
    "in_invoice": "Draft Bill",
    "in_refund": "Draft Vendor Credit Note",
    "out_receipt": "Draft Sales Receipt",
    "in_receipt": "Draft Purchase Receipt",
    "entry": "Draft Entry",
}


def value_of(session: Session, model: str, field: Field, record: Record) -> Any:
    """The raw value: an id or None for a many2one, a list of ids for an x2many."""
    if (compute := COMPUTED.get((model, field.name))) is not None:
        return compute(session, record)
    if field.name == "display_name":
        return display_name(session, model, record["id"])
    if field.type == "one2many":
        return session.store.where(field.relation, field.inverse, record["id"])
    if field.name == "company_currency_id":
        return session.find("res.company", record.get("company_id")).get("currency_id")
    return record.get(field.name)


def display_name(session: Session, model: str, identifier: int) -> str:
    """The name, kept for the time of one call."""
    key = (model, identifier)
    name = session.names.get(key)
    if name is None:
        name = session.names[key] = _name(session, model, session.find(model, identifier))
    return name


def _name(session: Session, model: str, record: Record) -> str:
    if not record:
        return ""
    if (special := NAMES.get(model)) is not None:
        return special(session, record)
    return str(record.get("name") or f"{model},{record['id']}")


def _partner_name(session: Session, record: Record) -> str:
    name = str(record.get("name") or ADDRESSES.get(record.get("type") or "", ""))
    parent = session.find("res.partner", record.get("parent_id"))
    return f"{parent.get('name')}, {name}" if parent and not record.get("is_company") else name


def _path_name(model: str, separator: str) -> Callable[[Session, Record], str]:
    def name(session: Session, record: Record) -> str:
        parent = session.find(model, record.get("parent_id"))
        own = str(record.get("name") or "")
        return f"{name(session, parent)}{separator}{own}" if parent else own

    return name


def _move_name(session: Session, record: Record) -> str:
    name, state = record.get("name") or "", record["state"]
    own = "" if name == "/" else str(name)
    if state == "draft":
        own = f"{TYPE_NAMES[record['move_type']]} {own}".strip()
    return f"{own} ({_short(record['ref'])})" if record.get("ref") else own


def _short(reference: str) -> str:
    return shorten(reference, 50)


def _line_name(session: Session, record: Record) -> str:
    move = session.find("account.move", record["move_id"])
    reference = f"({move['ref']})" if move.get("ref") else ""
    name = move.get("name") if move.get("name") != "/" else ""
    own = "" if record["kind"] == "payment_term" or record.get("name") == name else record.get("name")
    if not record.get("name") and record.get("product_id"):
        own = display_name(session, "product.product", record["product_id"])
    parts = (name, reference, own)
    return " ".join(str(part) for part in parts if part) or "Draft Entry"


def _product_name(session: Session, record: Record) -> str:
    code = record.get("default_code")
    return f"[{code}] {record['name']}" if code else str(record["name"])


def _account_name(session: Session, record: Record) -> str:
    # From 19 on the code is shown only to those who see full accounting.
    return str(record["name"]) if session.version >= (19, 0) else f"{record['code']} {record['name']}"


def _message_name(session: Session, record: Record) -> str:
    return str(_record_name(session, record) or "")


NAMES: dict[str, Callable[[Session, Record], str]] = {
    "res.partner": _partner_name,
    "res.partner.category": _path_name("res.partner.category", " / "),
    "product.category": _path_name("product.category", " / "),
    "account.move": _move_name,
    "account.move.line": _line_name,
    "product.product": _product_name,
    "account.account": _account_name,
    "mail.message": _message_name,
    "ir.model.data": lambda session, record: str(record["complete_name"]),
    "res.groups": lambda session, record: str(record.get("full_name") or record["name"]),
}


def _record_name(session: Session, record: Record) -> str | None:
    model, identifier = record.get("model"), record.get("res_id")
    if not model or not identifier or model not in session.registry:
        return None
    return display_name(session, model, identifier) or None


def _messages(model: str) -> Callable[[Session, Record], list[int]]:
    def ids(session: Session, record: Record) -> list[int]:
        found = session.store.where("mail.message", "res_id", record["id"])
        return [one for one in reversed(found) if session.one("mail.message", one)["model"] == model]

    return ids


def _invoice_lines(session: Session, record: Record) -> list[int]:
    lines = session.store.table("account.move.line")
    ids = session.store.where("account.move.line", "move_id", record["id"])
    return [one for one in ids if lines[one]["kind"] in INVOICE_LINES]


def _of_account(name: str) -> Callable[[Session, Record], Any]:
    return lambda session, record: session.find("account.account", record.get("account_id")).get(name)


def _of_move(name: str) -> Callable[[Session, Record], Any]:
    return lambda session, record: session.find("account.move", record["move_id"]).get(name)


def _rate(session: Session, record: Record) -> float:
    return float(record.get("rate") or 0.0)


COMPUTED: dict[tuple[str, str], Callable[[Session, Record], Any]] = {
    ("res.partner", "complete_name"): _partner_name,
    ("res.partner", "country_code"): lambda session, record: session.find("res.country", record.get("country_id")).get(
        "code"
    ),
    ("res.partner", "commercial_company_name"): lambda session, record: (
        name["name"]
        if (name := session.find("res.partner", record.get("commercial_partner_id"))).get("is_company")
        else None
    ),
    ("res.partner", "message_ids"): _messages("res.partner"),
    ("res.partner.category", "partner_ids"): lambda session, record: [
        one
        for one, partner in session.store.table("res.partner").items()
        if record["id"] in (partner.get("category_id") or ())
    ],
    ("product.category", "complete_name"): lambda session, record: display_name(
        session, "product.category", record["id"]
    ),
    ("product.product", "lst_price"): lambda session, record: record.get("list_price"),
    ("res.currency.rate", "company_rate"): _rate,
    ("res.currency.rate", "inverse_company_rate"): lambda session, record: 1 / _rate(session, record),
    ("account.tax", "is_base_affected"): lambda session, record: record.get("is_base_affected", True),
    ("account.tax", "price_include"): lambda session, record: is_included(record),
    ("account.fiscal.position", "tax_map"): lambda session, record: dict(record.get("tax_map") or {}),
    ("account.move", "message_ids"): _messages("account.move"),
    ("account.move", "invoice_line_ids"): _invoice_lines,
    ("account.move", "status_in_payment"): lambda session, record: (
        record["payment_state"] if record["payment_state"] != "not_paid" else record["state"]
    ),
    ("account.move.line", "account_type"): _of_account("account_type"),
    ("account.move.line", "move_type"): _of_move("move_type"),
    ("mail.message", "record_name"): _record_name,
}
