"""An Odoo in memory, as far as reading sees it: tables, stamps of transactions, domains, nested and plain reads.

It stands in for the client, not for the server, so that thousands of histories can be tried.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.odoo.reading import OdooReading
from connectors.odoo.settings import OdooSettings

COMPANY = 1
EUR, USD = 1, 2
GERMANY, AUSTRIA = 57, 12
PIECE, DOZEN = 1, 2
VAT, REDUCED, EXEMPT = 19, 7, 3

# Fields by model; `>` names the model a many2one leads to, `<` that of a relation to many, `.` the way back.
SCHEMA = {
    "res.company": "name currency_id>res.currency parent_id>res.company",
    "res.currency": "name active",
    "res.currency.rate": "name company_rate inverse_company_rate currency_id>res.currency company_id>res.company",
    "res.country": "name code",
    "res.users": "name display_name",
    "res.partner.category": "name parent_id>res.partner.category active",
    "res.partner": "name lang vat email street street2 city zip customer_rank active company_id>res.company"
    " country_id>res.country parent_id>res.partner commercial_partner_id>res.partner user_id>res.users"
    " property_product_pricelist>product.pricelist"
    " category_id<res.partner.category invoice_ids<account.move.partner_id child_ids<res.partner.parent_id",
    "uom.uom": "name relative_factor relative_uom_id>uom.uom category_id>uom.category uom_type factor factor_inv",
    "uom.category": "name",
    "product.category": "complete_name",
    "product.brand": "display_name",
    "product.pricelist": "currency_id>res.currency",
    "product.template": "name",
    "product.product": "name default_code active categ_id>product.category uom_id>uom.uom"
    " product_tmpl_id>product.template product_brand_id>product.brand company_id>res.company",
    "account.account": "account_type",
    "account.tax": "name amount amount_type sequence include_base_amount is_base_affected ubl_cii_tax_category_code"
    " children_tax_ids<account.tax invoice_repartition_line_ids<account.tax.repartition.line.tax_id active",
    "account.tax.repartition.line": "tax_id>account.tax repartition_type factor_percent",
    "account.move": "name ref state payment_state move_type date invoice_date invoice_date_due delivery_date"
    " posted_before amount_untaxed amount_tax amount_total invoice_cash_rounding_id company_id>res.company"
    " currency_id>res.currency partner_id>res.partner commercial_partner_id>res.partner"
    " partner_shipping_id>res.partner reversed_entry_id>account.move"
    " invoice_line_ids<account.move.line.move_id",
    "account.move.line": "name quantity amount_currency display_type is_downpayment move_id>account.move"
    " product_id>product.product product_uom_id>uom.uom account_id>account.account company_id>res.company"
    " tax_ids<account.tax tax_repartition_line_id>account.tax.repartition.line",
    "account.partial.reconcile": "max_date debit_amount_currency debit_currency_id>res.currency"
    " debit_move_id>account.move.line credit_move_id>account.move.line",
}
Row = dict[str, Any]


def _fields(text: str) -> dict[str, tuple[str, str, str]]:
    """By name: `one`, `many` or nothing, the model led to, and the field there that leads back."""
    found = {"id": ("", "", ""), "write_date": ("", "", "")}
    for word in text.split():
        name, one, model = word.partition(">")
        if one:
            found[name] = ("one", model, "")
            continue
        name, many, target = word.partition("<")
        if not many:
            found[name] = ("", "", "")
            continue
        model = max((known for known in SCHEMA if target == known or target.startswith(f"{known}.")), key=len)
        found[name] = ("many", model, target[len(model) + 1 :])
    return found


class SimulatedOdoo:
    """`clock` is the server's. `without`: fields (`model.field`) this version does not have."""

    def __init__(self, version: tuple[int, int] = (19, 0), without: Sequence[str] = ()) -> None:
        self.version = version
        self.speaks = "json2" if version >= (19, 0) else "xmlrpc"
        self.clock = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.tables: dict[str, dict[int, Row]] = {model: {} for model in SCHEMA}
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[int], None] = lambda number: None
        """Called with the number of each call before it is answered."""
        self._schema = {model: _fields(text) for model, text in SCHEMA.items()}
        for name in without:
            model, _, field = name.rpartition(".")
            del self._schema[model][field]
        self._replied: datetime | None = None
        self._lock = threading.RLock()
        self._seed()

    # ---------------------------------------------------------------- what happens on the server

    def tick(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)

    def put(self, model: str, id_: int = 0, *, at: datetime | None = None, **values: Any) -> int:
        """Create or change a row in a transaction that begins at `at` (now) and is committed at once."""
        table = self.tables[model]
        id_ = id_ or max(table, default=0) + 1
        table[id_] = {**table.get(id_, {"id": id_}), **values, "write_date": at or self.clock}
        return id_

    def silently(self, model: str, id_: int, **values: Any) -> None:
        """Change a row without a stamp, as scripts in the database do."""
        self.tables[model][id_] = {**self.tables[model][id_], **values}

    def remove(self, model: str, id_: int) -> None:
        del self.tables[model][id_]

    def invoice(self, id_: int = 0, *, lines: Sequence[Row] = ({},), **values: Any) -> int:
        """A posted invoice (or another move) of partner 1, of 100.00 net for each line unless told otherwise."""
        refund = values.get("move_type") == "out_refund"
        known = self.tables["account.move"].get(id_, {})
        at = values.pop("at", None)
        given = {
            "move_type": "out_invoice",
            "state": "posted",
            "posted_before": True,
            "payment_state": "not_paid",
            "date": "2026-02-03",
            "invoice_date": "2026-02-03",
            "company_id": COMPANY,
            "currency_id": EUR,
            "partner_id": 1,
            "commercial_partner_id": 1,
            "partner_shipping_id": 1,
            **known,
            **values,
        }
        id_ = self.put("account.move", id_, at=at, **given)
        if not known:
            total = Decimal(0)
            for line in lines:
                amount = Decimal(line.get("amount_currency", "100.00" if refund else "-100.00"))
                total -= amount
                self.put(
                    "account.move.line",
                    **{
                        "quantity": Decimal(1),
                        "display_type": "product",
                        "name": "Goods",
                        **line,
                        "amount_currency": amount,
                        "move_id": id_,
                        "company_id": COMPANY,
                    },
                )
            stated = {"amount_untaxed": abs(total), "amount_tax": Decimal(0), "amount_total": abs(total)}
            stated |= {"name": f"INV/2026/{id_:05d}"}
            self.silently("account.move", id_, **{**stated, **values})
        return id_

    # ---------------------------------------------------------------- the client's face

    def has(self, model: str, field: str) -> bool:
        return field in self._schema.get(model, {})

    def fields(self, model: str) -> Mapping[str, Mapping[str, Any]]:
        return {name: {"relation": relation} for name, (_, relation, _) in self._schema[model].items()}

    def server_time(self) -> datetime | None:
        return self._replied

    def call(self, model: str, method: str, *, ids: Sequence[int] | None = None, **named: Any) -> Any:
        with self._lock:
            self.before(len(self.calls))
            self.calls.append((model, method))
            context = named.pop("context")
            assert context["allowed_company_ids"] == [COMPANY]
            assert context["active_test"] is False
            try:
                answer = getattr(self, f"_{method}")(model, ids, **named)
            finally:
                self._replied = self.clock.replace(microsecond=0)
            return answer

    # ---------------------------------------------------------------- methods

    def _web_search_read(
        self,
        model: str,
        ids: None,
        *,
        domain: list[Any],
        specification: Mapping[str, Any],
        order: str,
        limit: int | None = None,
        count_limit: int | None = None,
    ) -> Any:
        assert self.version >= (17, 0), "not before 17"
        assert limit is None or count_limit, "the server would count all rows"
        found = self._found(model, domain, order)[:limit]
        return {"length": len(found), "records": [self._nested(model, row, specification) for row in found]}

    def _search(self, model: str, ids: None, *, domain: list[Any], order: str, limit: int | None = None) -> list[int]:
        return [row["id"] for row in self._found(model, domain, order)[:limit]]

    def _read(self, model: str, ids: Sequence[int], *, fields: Sequence[str], load: str) -> list[Row]:
        assert load == ""
        return [self._plain(model, self.tables[model][id_], fields) for id_ in ids if id_ in self.tables[model]]

    def _found(self, model: str, domain: list[Any], order: str) -> list[Row]:
        assert order == "id", "stamps lose rows"
        return [row for _, row in sorted(self.tables[model].items()) if self._matches(model, row, domain)]

    def _plain(self, model: str, row: Row, names: Sequence[str]) -> Row:
        return {"id": row["id"], **{name: self._shown(model, row, name) for name in names}}

    def _nested(self, model: str, row: Row, specification: Mapping[str, Any]) -> Row:
        shown = self._plain(model, row, list(specification))
        for name, inner in specification.items():
            kind, relation, _ = self._schema[model][name]
            if "fields" not in inner or not shown[name]:
                continue
            table, fields = self.tables[relation], inner["fields"]
            if kind == "one":
                shown[name] = self._nested(relation, table[shown[name]], fields)
            else:
                shown[name] = [self._nested(relation, table[id_], fields) for id_ in shown[name]]
        return shown

    def _shown(self, model: str, row: Row, name: str) -> Any:
        value = self._value(model, row, name)
        return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value

    def _value(self, model: str, row: Row, name: str) -> Any:
        kind, relation, back = self._schema[model][name]  # a KeyError: a field this server does not have
        if kind == "many":
            if back:
                return [id_ for id_, other in sorted(self.tables[relation].items()) if other.get(back) == row["id"]]
            return list(row.get(name, ()))
        value = row.get(name)
        return False if value is None else value

    # ---------------------------------------------------------------- domains

    def _matches(self, model: str, row: Row, domain: list[Any]) -> bool:
        terms = iter(domain)
        result = True
        for term in terms:
            result &= self._term(model, row, term, terms)
        return result

    def _term(self, model: str, row: Row, term: Any, terms: Iterator[Any]) -> bool:
        if term in ("|", "&"):
            left = self._term(model, row, next(terms), terms)
            right = self._term(model, row, next(terms), terms)
            return left or right if term == "|" else left and right
        name, operator, wanted = term
        first, _, rest = name.partition(".")
        kind, relation, _ = self._schema[model][first]
        value = self._value(model, row, first)
        if rest:
            others = value if kind == "many" else [value] if value else []
            table = self.tables[relation]
            return any(self._term(relation, table[id_], (rest, operator, wanted), terms) for id_ in others)
        return self._compares(relation, value, operator, wanted)

    def _compares(self, relation: str, value: Any, operator: str, wanted: Any) -> bool:
        if isinstance(value, datetime):
            value = value.strftime("%Y-%m-%d %H:%M:%S")
        match operator:
            case "=":
                return bool(value == wanted)
            case "!=":
                return bool(value != wanted)
            case "in":
                return value in wanted
            case "not in":
                return value not in wanted
            case ">":
                return value is not False and bool(value > wanted)
            case ">=":
                return value is not False and bool(value >= wanted)
            case "parent_of":
                return value in self._above(relation, wanted[0])
        raise AssertionError(operator)

    def _above(self, model: str, id_: int) -> set[int]:
        found = {id_}
        while above := self.tables[model].get(id_, {}).get("parent_id"):
            found.add(id_ := above)
        return found

    def _seed(self) -> None:
        put, long_ago = self.put, self.clock - timedelta(days=90)
        put("res.currency", EUR, at=long_ago, name="EUR", active=True)
        put("res.currency", USD, at=long_ago, name="USD", active=False)
        put("res.company", COMPANY, at=long_ago, name="Seller GmbH", currency_id=EUR)
        put("res.country", GERMANY, at=long_ago, name="Germany", code="DE")
        put("res.country", AUSTRIA, at=long_ago, name="Austria", code="AT")
        put("uom.uom", PIECE, at=long_ago, name="Units", relative_factor=Decimal(1))
        put("uom.uom", DOZEN, at=long_ago, name="Dozens", relative_factor=Decimal(12), relative_uom_id=PIECE)
        for id_, percent in ((VAT, 19), (REDUCED, 7), (EXEMPT, 0)):
            self.tax(f"{percent}%", percent, id_=id_)
        put(
            "res.partner",
            1,
            at=long_ago,
            name="Buyer GmbH",
            customer_rank=1,
            country_id=GERMANY,
            commercial_partner_id=1,
            active=True,
        )

    def tax(self, name: str, percent: Any, *, id_: int = 0, share: int = 100, **values: Any) -> int:
        """A tax, by default a percentage of the net amount that is owed in full."""
        given = {"amount_type": "percent", "sequence": 1, "is_base_affected": True, "include_base_amount": False}
        id_ = self.put("account.tax", id_, name=name, amount=Decimal(percent), **{**given, **values})
        for kind, factor in (("base", 100), ("tax", share)):
            self.put("account.tax.repartition.line", tax_id=id_, repartition_type=kind, factor_percent=Decimal(factor))
        return id_


def settings(**read: Any) -> OdooSettings:
    """Settings of a connection; those of reading as given."""
    return OdooSettings.model_validate(
        {"url": "http://127.0.0.1", "database": "erp", "api_key": {"file": Path("key")}, "read": read}
    )


def reading(odoo: SimulatedOdoo, **read: Any) -> OdooReading:
    """The reader of company 1, whose legal entity is E1."""
    return OdooReading(odoo, settings(**read), lambda: COMPANY, lambda: "E1")  # type: ignore[arg-type]


@contextmanager
def during(odoo: SimulatedOdoo, before: Callable[[int], None]) -> Iterator[None]:
    """While it is entered, `before` is called with the number of each call, counted from 0, before it is answered."""
    first = len(odoo.calls)
    odoo.before = lambda number: before(number - first)
    try:
        yield
    finally:
        odoo.before = lambda number: None
