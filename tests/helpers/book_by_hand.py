"""A few programs for small books, and what documents earn under them: plain sums, nothing of the product's engine.

Amounts are cents. Keys are (program, account, label of the period).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from tests.helpers.books import Doc, program

Bands = Sequence[tuple[int, str]]
Amounts = dict[tuple[str, str, str], int]

YEAR_BANDS: Bands = [(0, "1"), (10_000, "2.5"), (50_000, "4")]
FAMILY_BANDS: Bands = [(0, "2"), (5_000, "3.5"), (20_000, "5")]
CASH_BRONZE, CASH_SILVER, SILVER_FROM = "0.5", "1.25", 10_000


def scale(method: str, bands: Bands, table: str = "[scale]") -> str:
    rows = ", ".join(f"{{ from = {bound // 100}, percent = {percent} }}" for bound, percent in bands)
    return f'{table}\nmethod = "{method}"\nbands = [{rows}]'


YEAR = program(
    'id = "year"\nname = "Year"\nperiod = "year"',
    scale("retrospective", YEAR_BANDS),
    '[settlement]\nevery = "quarter"',
)
FAMILY = program(
    'id = "family"\nname = "Family"\nperiod = "quarter"',
    scale("marginal", FAMILY_BANDS),
    '[scope]\nskus = ["A*"]',
)
CLUB = program(
    'id = "club"\nname = "Club"\nkind = "tier"',
    f'[status]\nwindow = "rolling"\nmonths = 1\n'
    f'levels = [{{ name = "bronze", from = 0 }}, {{ name = "silver", from = {SILVER_FROM // 100} }}]',
)
CASH = program(
    'id = "cash"\nname = "Cash"\nperiod = "quarter"',
    f'[tier]\nprogram = "club"\nat = "document"\n[tier.levels]\n'
    f"bronze = {{ percent = {CASH_BRONZE} }}\nsilver = {{ percent = {CASH_SILVER} }}",
    '[basis]\naccumulate = "document"',
)


def rounded(exact: Fraction) -> int:
    """Half away from zero."""
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return whole if exact >= 0 else -whole


def percent(rate: str, measure: int) -> Fraction:
    return measure * Fraction(rate) / 100


def retrospective(bands: Bands, measure: int) -> str:
    """The rate that the whole measure reaches; the lowest for a negative one."""
    return [rate for bound, rate in bands if measure >= bound or bound == bands[0][0]][-1]


def marginal(bands: Bands, measure: int) -> Fraction:
    """Each slice of the measure at its own rate; a negative measure at the lowest."""
    if measure < 0:
        return percent(bands[0][1], measure)
    ends = [bound for bound, _ in bands[1:]] + [10**12]
    return sum(
        (percent(rate, max(0, min(measure, end) - bound)) for (bound, rate), end in zip(bands, ends, strict=True)),
        Fraction(0),
    )


def quarter(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


def counting(docs: Iterable[Doc]) -> list[Doc]:
    return [doc for doc in docs if doc.account is not None and not doc.cancelled]


def earned(docs: Iterable[Doc]) -> Amounts:
    """What every account earns under YEAR, FAMILY and CASH; nothings are left out."""
    docs = counting(docs)
    years: dict[tuple[str, str], int] = defaultdict(int)
    families: dict[tuple[str, str], int] = defaultdict(int)
    months: dict[tuple[str, int], int] = defaultdict(int)
    for doc in docs:
        account = doc.account or ""
        years[account, str(doc.day.year)] += doc.net
        families[account, quarter(doc.day)] += sum(net for product, net, _ in doc.lines if product.startswith("A"))
        months[account, doc.day.year * 12 + doc.day.month] += doc.net
    found: Amounts = defaultdict(int)
    for (account, label), measure in years.items():
        found["year", account, label] = rounded(percent(retrospective(YEAR_BANDS, measure), measure))
    for (account, label), measure in families.items():
        found["family", account, label] = rounded(marginal(FAMILY_BANDS, measure))
    for doc in docs:
        before = months.get((doc.account or "", doc.day.year * 12 + doc.day.month - 1), 0)
        rate = CASH_SILVER if before >= SILVER_FROM else CASH_BRONZE
        found["cash", doc.account or "", quarter(doc.day)] += rounded(percent(rate, doc.net))
    return {key: amount for key, amount in found.items() if amount}
