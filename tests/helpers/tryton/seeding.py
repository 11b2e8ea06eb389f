"""Fill a new database by Tryton's own means: a process of its own, since Tryton takes over the one it runs in.

`python -m tests.helpers.tryton.seeding FOLDER` leaves `company.sqlite` and `ground.json` in the folder.
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.helpers.tryton.place import DATABASE

MODULES = ("account_invoice",)
YEARS = range(2025, 2031)
RATES = ("19", "7", "20", "10", "0")
KEYS = {"rebated": "key-of-rebated-" + "5" * 40, "stranger": "key-of-stranger-" + "6" * 40, "admin": "a" * 64}
PARTIES = (
    # code, name, language, VAT number, street, postal code, city, country
    ("C-1001", "Bäckerei Sommer GmbH", "de", "DE136695976", "Lindenweg 3", "50667", "Köln", "DE"),
    ("C-1002", "Nordlicht Handel AG", "de", "DE129273398", "Hafenstraße 12", "20457", "Hamburg", "DE"),
    ("C-1003", "Alpen & Söhne KG", "de", "ATU13585627", "Ringstraße 1", "1010", "Wien", "AT"),
    ("C-1004", "Green & Sons Ltd", "en", "IE6388047V", "Quay 9", "D02", "Dublin", "IE"),
    ("C-1005", 'O\'Brien "Tools"', "en", None, "Dock 4", "10115", "Berlin", "DE"),
)
PRODUCTS = (
    # code, name, list price, tax in percent
    ("TOOL-1", "Cordless drill", "100", "19"),
    ("TOOL-2", "Saw blade", "12.50", "19"),
    ("FOOD-1", "Coffee beans", "8.40", "7"),
)


def main() -> None:
    folder = Path(sys.argv[1])
    _create_database()
    ground = _seed()
    (folder / "ground.json").write_text(json.dumps(ground, indent=1))


def _create_database() -> None:
    from trytond import backend, config
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    database = backend.Database()
    database.connect()
    connection = database.get_connection(autocommit=True)
    database.create(connection, DATABASE)
    database.put_connection(connection)
    database.close()
    database = backend.Database(DATABASE)
    database.connect()
    with Transaction().start(DATABASE, 0):
        database.init()
    config.set("database", "language", "en")
    pool = Pool(DATABASE)
    pool.init(update=["ir", "res", *MODULES], lang=["en"], activatedeps=True)
    with Transaction().start(DATABASE, 0):
        language = pool.get("ir.lang")
        language.write(language.search([("code", "=", "en")]), {"translatable": True})
        pool.get("ir.module").update_list()


def _seed() -> dict[str, Any]:
    from trytond.pool import Pool
    from trytond.transaction import Transaction, TransactionError

    more: dict[str, Any] = {}
    while True:
        with Transaction().start(DATABASE, 0, context={"_skip_warnings": True}, **more) as transaction:
            seeding = Seeding(Pool(DATABASE))
            try:
                seeding.company()
                with transaction.set_context(company=seeding.ids["company"]):
                    seeding.accounts()
                    seeding.masters()
                    seeding.users()
                    seeding.invoices()
            except TransactionError as error:  # a table has to be locked from the beginning
                transaction.rollback()
                error.fix(more)
                continue
            transaction.tasks.clear()
            return seeding.ids


class Seeding:
    """`ids`: what the tests have to know of it, each thing by its name."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.ids: dict[str, Any] = {"database": DATABASE, "keys": KEYS}

    def _get(self, model: str) -> Any:
        return self.pool.get(model)

    def _create(self, model: str, **values: Any) -> Any:
        (record,) = self._get(model).create([values])
        return record

    def _one(self, model: str, *domain: Any) -> Any:
        (record,) = self._get(model).search(list(domain), limit=1)
        return record

    # ------------------------------------------------------------ who and where

    def company(self) -> None:
        self.countries = {
            code: self._create("country.country", name=name, code=code)
            for code, name in (("DE", "Germany"), ("AT", "Austria"), ("IE", "Ireland"))
        }
        rates = {"EUR": "1", "USD": "1.25"}
        self.currencies = {
            code: self._create("currency.currency", name=name, code=code, symbol=symbol, rounding=Decimal("0.01"))
            for code, name, symbol in (("EUR", "Euro", "€"), ("USD", "Dollar", "$"))
        }
        for code, rate in rates.items():
            self._create(
                "currency.currency.rate", currency=self.currencies[code], date=date(2024, 12, 31), rate=Decimal(rate)
            )
        seller = self._party("SELLER", "Seller GmbH", "de", "DE811128135", "Weg 1", "10115", "Berlin", "DE")
        company = self._create("company.company", party=seller, currency=self.currencies["EUR"])
        self.ids |= {"company": company.id, "company_party": seller.id}
        self.ids["currencies"] = {code: record.id for code, record in self.currencies.items()}

    def _party(self, code: str, name: str, language: str, vat: str | None, *address: str) -> Any:
        street, postcode, city, country = address
        given: dict[str, Any] = {"name": name, "code": code, "lang": self._one("ir.lang", ("code", "=", language))}
        given["addresses"] = [
            (
                "create",
                [{"street": street, "postal_code": postcode, "city": city, "country": self.countries[country].id}],
            )
        ]
        if vat:
            given["identifiers"] = [("create", [{"type": "eu_vat", "code": vat}])]
        party = self._create("party.party", **given)
        # Asking VIES waits in the queue for ever: here the numbers count as valid.
        identifiers = self._get("party.identifier")
        identifiers.write(list(party.identifiers), {"eu_vat_valid": True, "eu_vat_validated_at": datetime(2026, 1, 1)})  # noqa: DTZ001 - as Tryton keeps it
        return party

    # ------------------------------------------------------------ accounts and taxes

    def accounts(self) -> None:
        create_chart = self.pool.get("account.create_chart", type="wizard")
        session, _, _ = create_chart.create()
        wizard = create_chart(session)
        data = self._get("ir.model.data")
        template = self._get("account.account.template")(data.get_id("account", "account_template_root_en"))
        wizard.account.account_template = template
        wizard.account.company = self._get("company.company")(self.ids["company"])
        wizard.transition_create_account()
        find = {
            name: self._one(
                "account.account",
                (f"type.{name}", "=", True),
                ("party_required", "=", required),
                ("closed", "!=", True),
            )
            for name, required in (("receivable", True), ("payable", True), ("revenue", False), ("expense", False))
        }
        properties = wizard.properties
        properties.company = wizard.account.company
        properties.account_receivable, properties.account_payable = find["receivable"], find["payable"]
        properties.category_account_revenue, properties.category_account_expense = find["revenue"], find["expense"]
        wizard.transition_create_properties()
        self.revenue = find["revenue"]
        tax = self._one("account.account", ("code", "=", "6.3.6"))
        allowances = self._create(
            "account.account",
            name="Rebates granted",
            code="4.9.9",
            type=self.revenue.type,
            parent=self.revenue.parent,
            company=self.ids["company"],
        )
        self.ids["accounts"] = {name: account.id for name, account in find.items()}
        self.ids["accounts"] |= {"tax": tax.id, "allowances": allowances.id}
        sales = self._create("account.tax.group", name="Sales", code="SALE", kind="sale")
        self.taxes = {
            rate: self._create(
                "account.tax",
                name=f"VAT {rate} %",
                description=f"VAT {rate} %",
                type="percentage",
                rate=Decimal(rate) / 100,
                group=sales,
                invoice_account=tax,
                credit_note_account=tax,
                company=self.ids["company"],
            )
            for rate in RATES
        }
        self.ids["taxes"] = {rate: record.id for rate, record in self.taxes.items()}
        for year in YEARS:
            self._fiscal_year(year)
        cash = self._one("account.account", ("code", "=", "1.1.1"))
        self.cash = self._create(
            "account.invoice.payment.method",
            name="Cash",
            journal=self._one("account.journal", ("type", "=", "cash")),
            debit_account=cash,
            credit_account=cash,
            company=self.ids["company"],
        )
        self.ids["journal"] = self._one("account.journal", ("type", "=", "revenue")).id
        self.ids["payment_method"] = self.cash.id

    def _fiscal_year(self, year: int) -> None:
        def sequence(name: str, kind: str) -> Any:
            return self._create(
                "ir.sequence.strict",
                name=f"{name} {year}",
                prefix=f"{name}{year}-",
                padding=4,
                sequence_type=self._one("ir.sequence.type", ("name", "=", kind)),
                company=self.ids["company"],
            )

        sequences = {"out_invoice": "INV", "out_credit_note": "CN", "in_invoice": "BILL", "in_credit_note": "DN"}
        given = {f"{name}_sequence": sequence(prefix, "Invoice").id for name, prefix in sequences.items()}
        fiscal_year = self._create(
            "account.fiscalyear",
            name=str(year),
            start_date=date(year, 1, 1),
            end_date=date(year, 12, 31),
            company=self.ids["company"],
            move_sequence=sequence("MOVE", "Account Move"),
            invoice_sequences=[("create", [{**given, "company": self.ids["company"]}])],
        )
        self._get("account.fiscalyear").create_period([fiscal_year])

    # ------------------------------------------------------------ customers, products, users

    def masters(self) -> None:
        self.parties = {code: self._party(code, *rest) for code, *rest in PARTIES}
        self.ids["parties"] = {code: party.id for code, party in self.parties.items()}
        unit = self._one("product.uom", ("name", "=", "Unit"))
        categories = {
            rate: self._create(
                "product.category",
                name=f"Goods {rate} %",
                accounting=True,
                account_revenue=self.revenue,
                customer_taxes=[("add", [self.taxes[rate].id])],
            )
            for rate in ("19", "7")
        }
        families = {name: self._create("product.category", name=name) for name in ("Tools", "Food")}
        self.products = {}
        for code, name, price, rate in PRODUCTS:
            family = families["Tools" if code.startswith("TOOL") else "Food"]
            template = self._create(
                "product.template",
                name=name,
                type="goods",
                default_uom=unit,
                list_price=Decimal(price),
                account_category=categories[rate],
                categories=[("add", [family.id])],
                products=[("create", [{"suffix_code": code}])],
            )
            (self.products[code],) = template.products
        self.ids["products"] = {code: product.id for code, product in self.products.items()}
        self.ids["unit"] = unit.id

    def users(self) -> None:
        data = self._get("ir.model.data")
        english = self._one("ir.lang", ("code", "=", "en"))
        groups = {"rebated": ["account.group_account"], "stranger": []}
        for login, names in groups.items():
            user = self._create(
                "res.user",
                name=login.title(),
                login=login,
                language=english,
                groups=[("add", [data.get_id(*name.split(".")) for name in names])],
                companies=[("add", [self.ids["company"]])],
                company=self.ids["company"],
            )
            self.ids.setdefault("users", {})[login] = user.id
        admin = self._create(
            "res.user",
            name="Administrator",
            login="admin",
            administrator=True,
            language=english,
            companies=[("add", [self.ids["company"]])],
            company=self.ids["company"],
        )
        self.ids["users"]["admin"] = admin.id
        for login, key in KEYS.items():
            self._create("res.user.application", user=self.ids["users"][login], application="rest", key=key)

    # ------------------------------------------------------------ documents

    def invoices(self) -> None:
        tools, food = [("TOOL-1", "10", "100"), ("FOOD-1", "3", "8.40")], [("FOOD-1", "60", "8.3925")]
        for month in (1, 2, 3):
            for number, code in enumerate(self.parties):
                self._invoice(code, date(2026, month, 5 + number), tools if number % 2 else [*tools, *food])
        self._invoice("C-1002", date(2026, 3, 20), [("TOOL-2", "-4", "12.50")])
        self._invoice("C-1002", date(2026, 3, 21), [("TOOL-2", "8", "12.50")], "USD")
        self._invoice("C-1001", date(2026, 3, 22), tools, post=False)
        paid = self._invoice("C-1001", date(2026, 3, 23), tools)
        partly = self._invoice("C-1002", date(2026, 3, 24), tools)
        for invoice, amount in ((paid, paid.total_amount), (partly, Decimal("100"))):
            invoice.pay_invoice(amount, self.cash, date(2026, 4, 2))
        lines = [line for line in (*paid.lines_to_pay, *paid.payment_lines) if not line.reconciliation]
        self._get("account.move.line").reconcile(lines)
        self._get("account.invoice").process([paid])
        self.ids["invoices"] = {"paid": paid.id, "partly": partly.id}

    def _invoice(
        self, party: str, day: date, lines: list[tuple[str, str, str]], currency: str = "EUR", *, post: bool = True
    ) -> Any:
        invoices = self._get("account.invoice")
        invoice = invoices(type="out", company=self.ids["company"], currency=self.currencies[currency])
        invoice.party = self.parties[party]
        invoice.on_change_type()
        invoice.invoice_date = day
        made = []
        for code, quantity, price in lines:
            line = self._get("account.invoice.line")()
            line.invoice = invoice
            line.on_change_invoice()
            line.type = "line"
            line.product = self.products[code]
            line.on_change_product()
            line.quantity = float(quantity)
            line.unit_price = Decimal(price)
            made.append(line)
        invoice.lines = made
        invoice.save()
        if post:
            invoices.post([invoice])
        return invoices(invoice.id)


if __name__ == "__main__":
    main()
