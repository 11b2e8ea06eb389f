"""What a fresh database holds: one company with its journals, accounts and taxes, and two users.

The ids are those of a database made by installing the invoicing application with the German chart of accounts, so that
a test may also run against a real server.
"""

from __future__ import annotations

from typing import Any

from tests.helpers.odoo_server import writing
from tests.helpers.odoo_server.options import REBATED, Options
from tests.helpers.odoo_server.session import ADMINISTRATOR, Session

COMPANY, EUR, GERMANY = 1, 126, 57
SALES_JOURNAL, PURCHASE_JOURNAL, GENERAL_JOURNAL, BANK_JOURNAL = 7, 8, 9, 12
TAX_19, TAX_7, TAX_0, TAX_EU, TAX_EXPORT, TAX_SMALL_EU = 18, 19, 17, 10, 11, 30
RECEIVABLE, REVENUE, ALLOWANCES, DISCOUNTS, BANK = 334, 1202, 1243, 1255, 1326
BUYER, SAW = 8, 1
INTERNAL = {"asset_receivable": "receivable", "liability_payable": "payable", "asset_cash": "liquidity"}
EU = {"AT": 12, "BE": 20, "DK": 59, "FR": 75, "IT": 109, "NL": 165, "PL": 179, "ES": 68}
COUNTRIES = {**EU, "DE": GERMANY, "GB": 231, "US": 233, "CH": 43, "JP": 113, "KW": 122}
NAMES = {
    "AT": "Austria",
    "BE": "Belgium",
    "DK": "Denmark",
    "FR": "France",
    "IT": "Italy",
    "NL": "Netherlands",
    "PL": "Poland",
    "ES": "Spain",
    "DE": "Germany",
    "GB": "United Kingdom",
    "US": "United States",
    "CH": "Switzerland",
    "JP": "Japan",
    "KW": "Kuwait",
}
CURRENCIES = (
    (EUR, "EUR", "Euro", "€", 2),
    (1, "USD", "US Dollar", "$", 2),
    (25, "JPY", "Yen", "¥", 0),
    (96, "KWD", "Kuwaiti Dinar", "د.ك", 3),
    (142, "GBP", "Pound Sterling", "£", 2),
)


def fill(session: Session, options: Options) -> None:
    """Put the first records into an empty store."""
    _world(session)
    _people(session, options)
    _accounting(session)
    _taxes(session)
    _products(session)
    _messages(session)


def put(session: Session, model: str, identifier: int, /, **values: Any) -> None:
    """A record with a given id; values of fields this version does not have are left out, hidden ones are kept."""
    fields = session.registry[model].fields
    hidden = {"account", "countries", "receivable", "tax_map", "kind", "complete_name", "target"}
    record = {name: value for name, value in values.items() if name in fields or name in hidden}
    record |= {"id": identifier, "create_date": session.stamp, "create_uid": 1}
    record |= {"write_date": session.stamp, "write_uid": 1}
    if "active" in fields:
        record.setdefault("active", True)
    session.store.put(model, identifier, record)
    session.store.at_least(model, identifier)


def _world(session: Session) -> None:
    for identifier, name, full_name, symbol, places in CURRENCIES:
        rounding = 10.0**-places
        put(session, "res.currency", identifier, name=name, full_name=full_name, symbol=symbol, rounding=rounding,
            decimal_places=places, position="after", active=identifier in (EUR, 1))  # fmt: skip
    for code, identifier in COUNTRIES.items():
        put(session, "res.country", identifier, name=NAMES[code], code=code)
    language = {"decimal_point": ".", "thousands_sep": ","}
    put(session, "res.lang", 1, name="English (US)", code="en_US", iso_code="en", url_code="en", **language)
    put(session, "res.lang", 33, name="German / Deutsch", code="de_DE", iso_code="de", url_code="de", **language)


def _people(session: Session, options: Options) -> None:
    put(session, "res.partner", 2, name="OdooBot", commercial_partner_id=2, type="contact", active=False)
    put(session, "res.users", 1, name="OdooBot", login="__system__", partner_id=2, company_id=COMPANY,
        company_ids=[COMPANY], active=False)  # fmt: skip
    put(session, "res.company", COMPANY, name="Seller GmbH", partner_id=1, currency_id=EUR, country_id=GERMANY,
        vat="DE123456788", street="", city="", zip="", sequence=0, account_fiscal_country_id=GERMANY,
        account_sale_tax_id=TAX_19, tax_calculation_rounding_method="round_globally",
        restrictive_audit_trail=options.audit_trail, receivable=RECEIVABLE)  # fmt: skip
    partners = (
        (1, "Seller GmbH", True),
        (3, "Administrator", False),
        (6, "rebated", False),
        (BUYER, "Buyer GmbH", True),
    )
    for identifier, name, company in partners:
        put(session, "res.partner", identifier, name=name, is_company=company, commercial_partner_id=identifier,
            lang="en_US", type="contact", category_id=[], street="" if identifier == 1 else None)  # fmt: skip
    session.store.put("res.partner", 1, session.one("res.partner", 1) | {"country_id": GERMANY, "vat": "DE123456788"})
    session.store.put("res.partner", 3, session.one("res.partner", 3) | {"company_id": COMPANY})
    session.store.put("res.partner", 6, session.one("res.partner", 6) | {"email": "rebated@example.com"})
    session.store.put(
        "res.partner",
        BUYER,
        session.one("res.partner", BUYER) | {"country_id": GERMANY, "ref": "C-1001", "lang": "de_DE"},
    )
    groups = "group_ids" if session.version >= (19, 0) else "groups_id"
    for identifier, name in ((1, "Role / User"), (4, "Role / Administrator"), (9, "Contact / Creation"),
                             (24, "Accounting / Invoicing")):  # fmt: skip
        put(session, "res.groups", identifier, name=name.rpartition(" / ")[2], full_name=name)
    for identifier, name, login, partner in (
        (ADMINISTRATOR, "Administrator", options.administrator, 3),
        (REBATED, "rebated", options.login, 6),
    ):
        put(session, "res.users", identifier, name=name, login=login, partner_id=partner, company_id=COMPANY,
            company_ids=[COMPANY], lang="en_US", **{groups: [1, 9, 24] if identifier == REBATED else [4]})  # fmt: skip
        put(session, "res.users.apikeys", identifier, name=name, user_id=identifier, scope="rpc")


def _accounting(session: Session) -> None:
    owner: dict[str, Any] = {"company_ids": [COMPANY], "company_id": COMPANY}
    for identifier, code, name, kind, reconcile in (
        (
            RECEIVABLE,
            "1410",
            "Trade receivables, no separate receivables/payables accounting",
            "asset_receivable",
            True,
        ),
        (REVENUE, "8400", "Revenue, 19 % VAT", "income", False),
        (ALLOWANCES, "8700", "Sales allowances", "income", False),
        (DISCOUNTS, "8730", "Cash discounts granted", "income", False),
        (542, "1776", "VAT, 19 %", "liability_current", False),
        (539, "1771", "VAT 7%", "liability_current", False),
        (879, "3400", "Cost of merchandise, 19 % input tax", "expense", False),
        (BANK, "1200", "Bank", "asset_cash", False),
        (1001, "1700", "Other liabilities", "liability_current", True),
    ):
        put(session, "account.account", identifier, code=code, name=name, account_type=kind, reconcile=reconcile,
            internal_group=kind.partition("_")[0], internal_type=INTERNAL.get(kind, "other"),
            tax_ids=[TAX_19][: identifier == REVENUE], **owner)  # fmt: skip
    for identifier, code, name, kind, account, sequence in (
        (SALES_JOURNAL, "INV", "Sales", "sale", REVENUE, 5),
        (PURCHASE_JOURNAL, "BILL", "Purchases", "purchase", 879, 6),
        (BANK_JOURNAL, "BNK1", "Bank", "bank", BANK, 7),
        (GENERAL_JOURNAL, "MISC", "Miscellaneous Operations", "general", None, 9),
    ):
        put(session, "account.journal", identifier, code=code, name=name, type=kind, default_account_id=account,
            sequence=sequence, company_id=COMPANY, refund_sequence=kind in ("sale", "purchase"))  # fmt: skip
    for identifier, name in ((1, "Immediate Payment"), (2, "15 Days"), (4, "30 Days")):
        put(session, "account.payment.term", identifier, name=name)
    if "account.analytic.plan" in session.registry:
        put(session, "account.analytic.plan", 1, name="Project")


def _taxes(session: Session) -> None:
    for identifier, name in ((3, "VAT 0%"), (4, "VAT 7%"), (8, "VAT 19%")):
        put(session, "account.tax.group", identifier, name=name, sequence=10, company_id=COMPANY, country_id=GERMANY)
    for identifier, name, amount, sequence, group, account in (
        (TAX_19, "19%", 19.0, 10, 8, 542),
        (TAX_7, "7%", 7.0, 15, 4, 539),
        (TAX_0, "0%", 0.0, 20, 3, None),
        (TAX_EU, "0% EU D", 0.0, 20, 3, None),
        (TAX_EXPORT, "0% EX", 0.0, 25, 3, None),
        (TAX_SMALL_EU, "19% EU D", 19.0, 30, 8, 542),
    ):
        put(session, "account.tax", identifier, name=name, amount=amount, amount_type="percent", type_tax_use="sale",
            price_include=False, is_domestic=True, sequence=sequence, company_id=COMPANY, country_id=GERMANY,
            tax_group_id=group, account=account, invoice_label=f"{amount:g}% VAT", children_tax_ids=[],
            is_base_affected=True)  # fmt: skip
        share_tax(session, identifier, account)
    for identifier, name, sequence, auto, vat, countries, rules in (
        (3, "Domestic business partner", 10, True, False, [GERMANY], {}),
        (
            6,
            "Business partner EU (with VAT ID)",
            20,
            True,
            True,
            list(EU.values()),
            {TAX_19: [TAX_EU], TAX_7: [TAX_EU]},
        ),
        (8, "Business partner EU (without VAT ID)", 40, False, False, [], {TAX_19: [TAX_SMALL_EU]}),
        (5, "Business partner abroad (non-EU)", 50, False, False, [], {TAX_19: [TAX_EXPORT], TAX_7: [TAX_EXPORT]}),
    ):
        put(session, "account.fiscal.position", identifier, name=name, sequence=sequence, auto_apply=auto,
            vat_required=vat, countries=countries, country_id=GERMANY if countries == [GERMANY] else None,
            company_id=COMPANY)  # fmt: skip
        map_taxes(session, identifier, rules)


def share_tax(session: Session, tax: int, account: int | None, percent: float = 100.0) -> None:
    """Book `percent` of the tax on `account`."""
    common = {"tax_id": tax, "company_id": COMPANY}
    writing.create(session, "account.tax.repartition.line", {**common, "repartition_type": "base"})
    values = {**common, "repartition_type": "tax", "factor_percent": percent, "account_id": account or False}
    writing.create(session, "account.tax.repartition.line", values)


def map_taxes(session: Session, position: int, rules: dict[int, list[int]]) -> None:
    """Let a fiscal position put other taxes in the place of some."""
    record = session.one("account.fiscal.position", position)
    hidden = {"tax_map": {str(source): targets for source, targets in rules.items()}}
    if session.version >= (19, 0):
        foreign = {target for targets in rules.values() for target in targets}
        hidden["tax_ids"] = sorted(foreign)  # type: ignore[assignment]
        for target in foreign:
            session.store.put("account.tax", target, {**session.one("account.tax", target), "is_domestic": False})
    session.store.put("account.fiscal.position", position, {**record, **hidden})
    if session.version < (19, 0):
        for source, targets in rules.items():
            for target in targets or [0]:
                values = {"position_id": position, "tax_src_id": source, "tax_dest_id": target or False}
                writing.create(session, "account.fiscal.position.tax", values)


def _products(session: Session) -> None:
    for identifier, name in ((1, "Goods"), (2, "Expenses"), (3, "Services")):
        put(session, "product.category", identifier, name=name)
    if "uom.category" in session.registry:
        put(session, "uom.category", 1, name="Unit")
    for identifier, name, factor in ((1, "Units", 1.0), (2, "Pack of 6", 6.0), (4, "Hours", 1.0)):
        put(session, "uom.uom", identifier, name=name, factor=factor, relative_factor=factor, category_id=1,
            relative_uom_id=1 if identifier == 2 else None, sequence=identifier)  # fmt: skip
    put(session, "product.product", SAW, name="Saw", default_code="SAW-3", list_price=199.0, uom_id=1,
        taxes_id=[TAX_19], type="consu", sale_ok=True)  # fmt: skip


def _messages(session: Session) -> None:
    for identifier, name, default, internal in ((1, "Discussions", True, False), (2, "Note", False, True)):
        put(
            session,
            "mail.message.subtype",
            identifier,
            name=name,
            default=default,
            internal=internal,
            sequence=identifier,
        )
    known = (
        ("mail", "mt_comment", "mail.message.subtype", 1),
        ("mail", "mt_note", "mail.message.subtype", 2),
        ("base", "EUR", "res.currency", EUR),
        ("base", "USD", "res.currency", 1),
        ("base", "de", "res.country", GERMANY),
        ("base", "main_company", "res.company", COMPANY),
        ("product", "product_category_goods", "product.category", 1),
    )
    for module, name, model, identifier in known:
        values = {"module": module, "name": name, "model": model, "res_id": identifier, "noupdate": True}
        writing.create(session, "ir.model.data", values)
    for identifier, name in ((1, "base"), (2, "account"), (3, "mail"), (4, "account_edi_ubl_cii")):
        put(session, "ir.module.module", identifier, name=name, state="installed")
