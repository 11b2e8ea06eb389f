"""The doctypes of an ERPNext 15 as far as they are needed: fields with types, and what must be there.

Types: text, link (to a doctype), money, float, int, check, date. `custom` fields are what an administrator added.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SYSTEM = frozenset("name creation modified owner modified_by docstatus idx parent parenttype parentfield".split())
"""The fields every record has, those of rows among them."""


@dataclass(frozen=True, slots=True)
class Doctype:
    """`tables`: fields that hold rows of another doctype. `needed`: fields that must have a value."""

    name: str
    fields: dict[str, str]
    series: str = ""
    needed: tuple[str, ...] = ()
    tables: dict[str, str] = field(default_factory=dict)
    submittable: bool = False
    child: bool = False


def _fields(text: str) -> dict[str, str]:
    """Written `name:type`, `text` where no type stands."""
    pairs = (word.partition(":") for word in text.split())
    return {name: kind.replace("_", " ") or "text" for name, _, kind in pairs}


DOCTYPES = {
    doctype.name: doctype
    for doctype in (
        Doctype(
            "Customer",
            _fields(
                "customer_name customer_type customer_group territory tax_id default_currency language disabled:check "
                "website email_id mobile_no primary_address customer_primary_address account_manager represents_company"
            ),
            needed=("customer_name",),
        ),
        Doctype("Item", _fields("item_code item_name item_group brand stock_uom disabled:check is_stock_item:check")),
        Doctype("Company", _fields("company_name default_currency country")),
        Doctype("Account", _fields("account_name company:link_Company root_type is_group:check")),
        Doctype("Item Tax Template", _fields("title company:link_Company disabled:check")),
        Doctype("Cost Center", _fields("cost_center_name company:link_Company")),
        Doctype(
            "Sales Invoice",
            _fields(
                "customer:link_Customer customer_name title company:link_Company posting_date:date "
                "set_posting_time:check due_date:date currency conversion_rate:float is_return:check "
                "return_against:link_Sales_Invoice is_debit_note:check po_no remarks tax_id territory "
                "customer_group language net_total:money total:money total_taxes_and_charges:money "
                "grand_total:money rounded_total:money rounding_adjustment:money disable_rounded_total:check "
                "outstanding_amount:money discount_amount:money update_outstanding_for_self:check "
                "update_stock:check ignore_pricing_rule:check status amended_from naming_series "
                "cost_center:link_Cost_Center taxes_and_charges"
            ),
            series="ACC-SINV-{year}-{number:05d}",
            needed=("customer", "company", "currency"),
            tables={"items": "Sales Invoice Item", "taxes": "Sales Taxes and Charges"},
            submittable=True,
        ),
        Doctype(
            "Sales Invoice Item",
            _fields(
                "item_code:link_Item item_name item_group description qty:float uom rate:money amount:money "
                "net_rate:money net_amount:money income_account:link_Account cost_center:link_Cost_Center "
                "item_tax_template:link_Item_Tax_Template item_tax_rate"
            ),
            needed=("item_name", "uom", "income_account"),
            child=True,
        ),
        Doctype(
            "Sales Taxes and Charges",
            _fields(
                "charge_type account_head:link_Account description rate:float tax_amount:money "
                "tax_amount_after_discount_amount:money total:money included_in_print_rate:check cost_center"
            ),
            needed=("charge_type", "account_head", "description"),
            child=True,
        ),
        Doctype(
            "Comment",
            _fields(
                "comment_type reference_doctype reference_name content subject comment_email comment_by published:check"
            ),
            needed=("comment_type",),
        ),
    )
}
