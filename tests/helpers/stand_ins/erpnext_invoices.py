"""How an ERPNext reckons up a sales invoice, and what it does not accept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.helpers.stand_ins.erpnext_query import error, shown
from tests.helpers.stand_ins.exchange import written

_CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Rounded as a site with commercial rounding does it."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def reckoned(document: dict[str, Any], templates: Mapping[str, Mapping[str, Decimal]]) -> None:
    """Work out lines, taxes and totals in place. Raises Refused where ERPNext does."""
    items, taxes = document["items"], document["taxes"]
    if not items:
        raise error(417, "MandatoryError", f"[Sales Invoice, {document['name']}]: items")
    for item in items:
        if (item["qty"] < 0) != bool(document["is_return"]):
            raise error(417, "ValidationError", "the quantity has the wrong sign")
        item["amount"] = item["net_amount"] = cents(item["qty"] * item["rate"])
        item["net_rate"] = item["rate"]
        template = item["item_tax_template"]
        # what was sent is of no account: the template alone decides
        rates = templates[template] if template else {}
        item["item_tax_rate"] = written({name: shown(rate) for name, rate in rates.items()})
    net = sum((item["net_amount"] for item in items), Decimal())
    total = net
    for tax in taxes:
        tax["tax_amount"] = _amount(tax, items, templates)
        tax["tax_amount_after_discount_amount"] = tax["tax_amount"]
        total += tax["tax_amount"]
        tax["total"] = total
    document["total"] = document["net_total"] = net
    document["total_taxes_and_charges"] = total - net
    document["grand_total"] = document["outstanding_amount"] = total
    whole = total.quantize(Decimal(1), ROUND_HALF_UP)
    document["rounded_total"] = Decimal() if document["disable_rounded_total"] else whole
    document["rounding_adjustment"] = Decimal() if document["disable_rounded_total"] else whole - total
    if document["is_return"] and total >= 0:
        raise error(417, "ValidationError", "the total of a return is negative")


def _amount(
    tax: Mapping[str, Any], items: list[dict[str, Any]], templates: Mapping[str, Mapping[str, Decimal]]
) -> Decimal:
    if tax["charge_type"] == "Actual":
        return cents(tax["tax_amount"])
    if tax["charge_type"] != "On Net Total":
        raise error(417, "ValidationError", f"charge type {tax['charge_type']}")
    rates = [templates.get(item["item_tax_template"] or "", {}).get(tax["account_head"], tax["rate"]) for item in items]
    return cents(sum((item["net_amount"] * rate / 100 for item, rate in zip(items, rates, strict=True)), Decimal()))


def status(document: Mapping[str, Any]) -> str:
    """The word lists show for the state of a document."""
    if document["docstatus"] == 0:
        return "Draft"
    if document["docstatus"] == 2:
        return "Cancelled"
    if document["is_return"]:
        return "Return"
    return "Unpaid" if document["outstanding_amount"] > 0 else "Paid"


def check_return(document: Mapping[str, Any], source: Mapping[str, Any] | None) -> None:
    """That a return names an invoice it can belong to, where it names one. How much it takes back is not looked at."""
    if not document["return_against"]:
        return
    alike = source is not None and all(source[name] == document[name] for name in ("customer", "company", "currency"))
    if not document["is_return"] or not alike or source is None or source["docstatus"] != 1 or source["is_return"]:
        raise error(417, "ValidationError", f"no return against {document['return_against']}")
