"""The counting SQL: join, filter, GROUP BY, SUM and `+ - *` on integers; a test refuses everything else.

A statement lies in `sql/`. The few places where it differs from use to use are in braces and take one of the
fragments below: never data, which goes in as tables and parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, get_args

from core.engine.counting import Grain
from core.programs.basis import DEFAULT_VIEW, DateRule, PaidRule, ReturnsIn, View

if TYPE_CHECKING:
    from core.engine.plan import Plan

MEASURES = {
    "net": "m.net",
    "gross": "m.net + m.tax_amount",
    "quantity": "COALESCE(m.quantity, 0)",
    "orders": "0",
    "products": "COALESCE(m.quantity, 0)",
    "mixed": (
        "CASE m.measure WHEN 0 THEN m.net WHEN 1 THEN m.net + m.tax_amount WHEN 3 THEN 0"
        " ELSE COALESCE(m.quantity, 0) END"
    ),
}
_NO_QUANTITY = "CASE WHEN m.quantity IS NULL THEN m.sign ELSE 0 END"
UNKNOWN = {
    "net": "0",
    "gross": "0",
    "quantity": _NO_QUANTITY,
    "orders": "0",
    "products": _NO_QUANTITY,
    "mixed": "CASE WHEN (m.measure = 2 OR m.measure = 4) AND m.quantity IS NULL THEN m.sign ELSE 0 END",
}
_PRODUCT = "COALESCE(k.product, m.item) + 1"
_LINE = "m.document * 4294967296 + m.line"
GRAINS: dict[Grain, tuple[str, str]] = {
    "period": ("0", "0"),
    "document": ("m.document", "0"),
    "line": ("m.document", "m.line"),
    "product": ("0", _PRODUCT),
    "document product": ("m.document", _PRODUCT),
    "day": ("m.day", "0"),
    "day line": ("m.day", _LINE),
    "day document": ("m.day", "m.document"),
    "day product": ("m.day", _PRODUCT),
    "month": ("m.month", "0"),
    "month line": ("m.month", _LINE),
    "month document": ("m.month", "m.document"),
    "month product": ("m.month", _PRODUCT),
}
"""What stands in `document` and in `line`."""
LEVEL = {False: "-1", True: "COALESCE(s.level, 0)"}
_ON_DAYS = "m.day >= {0}.from_day AND m.day < {0}.to_day"
_STANDING = (
    "LEFT JOIN standing AS s ON s.program = m.tier AND s.account = {holder} AND " + _ON_DAYS.format("s")
)  # fmt: skip
_HOLDER = "LEFT JOIN holder AS h ON h.account = m.account AND " + _ON_DAYS.format("h")
_OTHER_HOLDER = "LEFT JOIN other_holder AS g ON g.account = m.account AND " + _ON_DAYS.format("g")
_OTHERS = "LEFT JOIN standing AS w ON w.program = $giver AND w.account = {holder} AND " + _ON_DAYS.format("w")
_PRODUCTS = "LEFT JOIN item_product AS k ON k.item = m.item"
_ITEM_RATIO = "LEFT JOIN item_ratio AS u ON u.item = m.item AND " + _ON_DAYS.format("u")
_TAX_RATIO = "LEFT JOIN tax_ratio AS x ON x.tax = m.tax AND " + _ON_DAYS.format("x")
TOUCHED_GROUPS = {False: "", True: "SEMI JOIN touched AS t ON t.beneficiary = m.beneficiary AND t.period = m.period"}
TOUCHED_ACCOUNTS = {False: "", True: "SEMI JOIN touched AS t ON t.beneficiary = m.beneficiary"}
_NAMED = "{0} IN (SELECT n.account FROM named AS n)"
NAMED = {
    False: _NAMED.format("m.account"),
    True: _NAMED.format("m.account") + " OR " + _NAMED.format("m.beneficiary"),
}
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
ROLLED = {
    False: "",
    True: "LEFT JOIN rolled AS b ON b.account = f.account AND f.day >= b.from_day AND f.day < b.to_day",
}
BENEFICIARY = {False: "f.account", True: "COALESCE(b.other, f.account)"}
SHARED = {False: "", True: ",\n    r.shared"}
ACCOUNT_CLASS = {False: "0", True: "COALESCE(a.class, 0)"}
ITEM_CLASS = {False: "0", True: "COALESCE(i.class, 0)"}
MOMENTS = ("day", "month")
"""What sums for tiers are told apart by."""
VIEWS = tuple(map(View, *zip(*product(get_args(DateRule), get_args(PaidRule), get_args(ReturnsIn)), strict=True)))
"""Every way to look at lines."""


class Matching(NamedTuple):
    """Where statements for lines that count differ: whether accounts and items are to be told apart, lines are
    somebody else's result, and cells tell whose lines they are too."""

    accounts: bool = True
    items: bool = True
    rolled: bool = False
    shared: bool = False


class Shape(NamedTuple):
    """Where statements for cells, sums and evidence differ: what they measure and join."""

    measure: str
    grain: Grain = "period"
    level: bool = False
    held: bool = False
    """Whether the tier is that of a group or parent."""
    payee: bool = False
    shared: bool = False
    others: bool = False
    others_held: bool = False
    """Whether the tier that matters to other programs is told, and is that of a group or parent."""
    items: bool = False
    taxes: bool = False
    """Whether ratios of items and of tax keys are joined."""


def shape_of(plan: Plan, programs: Sequence[int]) -> Shape:
    """What the statement for programs that are counted alike has in it."""
    how = plan.countings[programs[0]]
    measures = {plan.programs[program].basis.measure for program in programs}
    return Shape(
        measure=measures.pop() if len(measures) == 1 else "mixed",
        grain=how.grain,
        level=bool(how.level),
        held=how.level in plan.rolled,
        payee=how.beneficiary != "account",
        shared=not how.plain,
        others=bool(how.others),
        others_held=how.others_level in plan.rolled and bool(how.others),
        items=how.items is not None,
        taxes=how.taxes is not None,
    )


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


def matched(fact: str, how: Matching) -> str:
    """The statement for lines that count."""
    return statement("matched").format(
        fact=fact,
        accounts=ACCOUNTS[how.accounts],
        items=ITEMS[how.items],
        rolled=ROLLED[how.rolled],
        beneficiary=BENEFICIARY[how.rolled],
        account_class=ACCOUNT_CLASS[how.accounts],
        item_class=ITEM_CLASS[how.items],
        shared=SHARED[how.shared],
    )


def touched(rolled: bool) -> str:
    """The statement for the groups that changed."""
    return statement("touched").format(named=NAMED[rolled])


def count(shape: Shape, touched: bool, known: bool) -> str:
    """The statement for cells of programs that are alike."""
    document, line = GRAINS[shape.grain]
    return statement("count").format(
        **_joined(shape),
        document=document,
        line=line,
        touched=TOUCHED_GROUPS[touched],
        known=WHERE_KNOWN[known],
    )


def sums(shape: Shape, moment: str, touched: bool, known: bool) -> str:
    """The statement for the sums of one tier program."""
    parts = {"moment": moment, "touched": TOUCHED_ACCOUNTS[touched], "known": AND_KNOWN[known]}
    if shape.measure == "orders":
        return statement("orders").format(**parts)
    return statement("sums").format(**_joined(shape), **parts)


def evidence(shape: Shape, known: bool) -> str:
    """The statement for the lines of one group."""
    return statement("evidence").format(**_joined(shape), known=AND_KNOWN[known])


def lines(view: View, known: bool) -> str:
    """The statement for all lines of some accounts."""
    known_then = "AND f.batch <= $known" if known else ""
    return statement("lines").format(fact=table_of("fact", view), known=known_then)


def _joined(shape: Shape) -> dict[str, str]:
    """The columns and joins of a shape."""
    more = {
        "m.account AS payee,": shape.payee,
        "m.shared,": shape.shared,
        "COALESCE(w.level, 0) AS others_level,": shape.others,
        "COALESCE(u.ratio, -1) AS item_ratio,": shape.items,
        "COALESCE(x.ratio, -1) AS tax_ratio,": shape.taxes,
    }
    joins = {
        _HOLDER: shape.held,
        _STANDING.format(holder="COALESCE(h.other, m.account)" if shape.held else "m.account"): shape.level,
        _OTHER_HOLDER: shape.others_held,
        _OTHERS.format(holder="COALESCE(g.other, m.account)" if shape.others_held else "m.account"): shape.others,
        _PRODUCTS: "product" in shape.grain,
        _ITEM_RATIO: shape.items,
        _TAX_RATIO: shape.taxes,
    }
    return {
        "measure": MEASURES[shape.measure],
        "unknown": UNKNOWN[shape.measure],
        "level": LEVEL[shape.level],
        "more": " ".join(text for text, wanted in more.items() if wanted),
        "joins": "\n".join(text for text, wanted in joins.items() if wanted),
    }


_FLAGS = (False, True)


def _shapes() -> Iterator[Shape]:
    """Every fragment in its place: each alone, and all together."""
    plain = Shape("net")
    yield from (plain._replace(measure=measure) for measure in MEASURES)
    yield from (plain._replace(grain=grain) for grain in GRAINS)
    yield from (Shape("net", "period", *(place == given for place in range(8))) for given in range(8))
    yield Shape("mixed", "document product", *[True] * 8)


def every_statement() -> dict[str, str]:
    """Statements that have every fragment in each of its places, by name: for the test that reads them all."""
    found = {"reach": statement("reach")}
    views = (DEFAULT_VIEW, VIEWS[-1])
    for name, view in product(("fact", "watermark"), views):
        found[" ".join((name, *view))] = stored(name, view)
    for how in map(Matching, *zip(*product(_FLAGS, repeat=4), strict=True)):
        found[" ".join(map(str, ("matched", *how)))] = matched("fact", how)
    for rolled in _FLAGS:
        found[f"touched {rolled}"] = touched(rolled)
    for shape, known in product(_shapes(), _FLAGS):
        told = " ".join(map(str, (*shape, known)))
        for since in _FLAGS:
            found[f"count {told} {since}"] = count(shape, since, known)
            name = "orders" if shape.measure == "orders" else "sums"
            found[f"{name} {told} {since}"] = sums(shape, MOMENTS[since], since, known)
        found[f"evidence {told}"] = evidence(shape, known)
    for view, known in product(views, _FLAGS):
        found[" ".join(("lines", *view, str(known)))] = lines(view, known)
    return found
