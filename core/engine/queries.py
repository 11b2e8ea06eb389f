"""The counting SQL: join, filter, GROUP BY, SUM and `+ - *` on integers; a test refuses everything else.

A statement lies in `sql/`. The few places where it differs from use to use are in braces and take one of the
fragments below: never data, which goes in as tables and parameters.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import product
from typing import get_args

from core.programs.basis import DEFAULT_VIEW, DateRule, PaidRule, ReturnsIn, View

MEASURES = {
    "net": "m.net",
    "gross": "m.net + m.tax_amount",
    "quantity": "COALESCE(m.quantity, 0)",
    "mixed": ("CASE m.measure WHEN 0 THEN m.net WHEN 1 THEN m.net + m.tax_amount ELSE COALESCE(m.quantity, 0) END"),
}
UNKNOWN = {
    "net": "0",
    "gross": "0",
    "quantity": "CASE WHEN m.quantity IS NULL THEN m.sign ELSE 0 END",
    "mixed": "CASE WHEN m.measure = 2 AND m.quantity IS NULL THEN m.sign ELSE 0 END",
}
DOCUMENT = {"period": "0", "document": "m.document", "line": "m.document"}
LINE = {"period": "0", "document": "0", "line": "m.line"}
LEVEL = {False: "-1", True: "COALESCE(s.level, 0)"}
STANDING = {
    False: "",
    True: (
        "LEFT JOIN standing AS s ON s.program = m.tier AND s.account = m.account"
        " AND m.day >= s.from_day AND m.day < s.to_day"
    ),
}
TOUCHED_GROUPS = {False: "", True: "SEMI JOIN touched AS t ON t.account = m.account AND t.period = m.period"}
TOUCHED_ACCOUNTS = {False: "", True: "SEMI JOIN touched AS t ON t.account = m.account"}
WHERE_KNOWN = {False: "", True: "WHERE m.batch <= $known"}
AND_KNOWN = {False: "", True: "AND m.batch <= $known"}
ACCOUNTS = {
    False: "",
    True: "LEFT JOIN account_class AS a ON a.account = f.account AND f.day >= a.from_day AND f.day < a.to_day",
}
ITEMS = {
    False: "",
    True: "LEFT JOIN item_class AS i ON i.item = f.item AND f.day >= i.from_day AND f.day < i.to_day",
}
ACCOUNT_CLASS = {False: "0", True: "COALESCE(a.class, 0)"}
ITEM_CLASS = {False: "0", True: "COALESCE(i.class, 0)"}
MOMENTS = {"calendar": "day", "rolling": "month"}
VIEWS = tuple(map(View, *zip(*product(get_args(DateRule), get_args(PaidRule), get_args(ReturnsIn)), strict=True)))
"""Every way to look at lines."""


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files("core.engine").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def table_of(name: str, view: View) -> str:
    """The name of a table the cache holds for a view: that of the default one is plain."""
    return name if view == DEFAULT_VIEW else "_".join((name, *view))


def stored(name: str, view: View) -> str:
    """The statement that makes a table of the cache for a view."""
    return statement(name).format(table=table_of(name, view))


def matched(fact: str, accounts: bool, items: bool) -> str:
    """The statement for lines that count, by whether accounts and items are to be told apart."""
    return statement("matched").format(
        fact=fact,
        accounts=ACCOUNTS[accounts],
        items=ITEMS[items],
        account_class=ACCOUNT_CLASS[accounts],
        item_class=ITEM_CLASS[items],
    )


def count(measure: str, accumulate: str, at_document: bool, touched: bool, known: bool) -> str:
    """The statement for cells of programs that are alike in these."""
    return statement("count").format(
        measure=MEASURES[measure],
        unknown=UNKNOWN[measure],
        document=DOCUMENT[accumulate],
        line=LINE[accumulate],
        level=LEVEL[at_document],
        standing=STANDING[at_document],
        touched=TOUCHED_GROUPS[touched],
        known=WHERE_KNOWN[known],
    )


def sums(measure: str, window: str, touched: bool, known: bool) -> str:
    """The statement for the sums of one tier program."""
    return statement("sums").format(
        measure=MEASURES[measure],
        moment=MOMENTS[window],
        touched=TOUCHED_ACCOUNTS[touched],
        known=AND_KNOWN[known],
    )


def evidence(measure: str, known: bool) -> str:
    """The statement for the lines of one group."""
    return statement("evidence").format(measure=MEASURES[measure], known=AND_KNOWN[known])


def every_statement() -> dict[str, str]:
    """Every statement that can ever run, by name: for the test that reads them all."""
    found = {name: statement(name) for name in ("reach", "touched")}
    for name, view in product(("fact", "watermark"), VIEWS):
        found[" ".join((name, *view))] = stored(name, view)
    flags = (False, True)
    for accounts, items in product(flags, flags):
        for view in VIEWS:
            found[" ".join(("matched", *view, str(accounts), str(items)))] = matched(
                table_of("fact", view), accounts, items
            )
    for measure, accumulate, at_document, touched, known in product(MEASURES, DOCUMENT, flags, flags, flags):
        name = f"count {measure} {accumulate} {at_document} {touched} {known}"
        found[name] = count(measure, accumulate, at_document, touched, known)
    for measure, window, touched, known in product(MEASURES, MOMENTS, flags, flags):
        found[f"sums {measure} {window} {touched} {known}"] = sums(measure, window, touched, known)
    for measure, known in product(MEASURES, flags):
        found[f"evidence {measure} {known}"] = evidence(measure, known)
    return found
