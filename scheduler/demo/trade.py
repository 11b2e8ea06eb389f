"""A year of Nordwerk's trade: invoices, returns, cancellations, corrections, late and broken documents.

Money is in cents throughout. The tax of a document is rounded once for each rate and split over its lines by largest
remainder, so that net, tax and gross add up exactly.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import isqrt
from typing import Literal, NamedTuple

from core.money import RATE_EXPONENT, divide, largest_remainder
from scheduler.demo.catalogue import CATEGORIES, FREIGHT, STANDARD_TAX, WEIGHTS, Product
from scheduler.demo.chance import Chance
from scheduler.demo.customers import ENTITIES, Account

YEAR = 2025
LAST = date(YEAR, 12, 31)
AFTER = 13
"""The delivery after the year's twelve."""
_SEASON = (85, 90, 105, 100, 100, 95, 80, 75, 110, 115, 120, 75)
_LINES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
_LINES_WEIGHTS = (10, 14, 16, 15, 12, 10, 9, 7, 5, 2)
_MEAN_LINES = 5
_RETURNS, _CANCELLED, _CORRECTED, _LATE, _LATE_DECEMBER = 120, 25, 20, 15, 12


class DemoLine(NamedTuple):
    """One line: `quantity` in tenths of `unit`, `net` and `tax` in cents, `tax_rate` in millionths."""

    sku: str
    text: str
    quantity: int
    unit: str
    net: int
    tax_rate: int
    tax: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document. `spoiled` overrides what a column says, on the first line or in the header."""

    kind: Literal["invoice", "credit_note"]
    number: str
    account: str
    issued: date
    entity: str
    channel: str
    lines: tuple[DemoLine, ...]
    revision: int = 1
    cancelled: bool = False
    original: str = ""
    spoiled: dict[str, str] = field(default_factory=dict)

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)


class BadDocument(NamedTuple):
    """A document planted to be refused: its number, the reason it is refused for, and the file it is in."""

    number: str
    reason: str
    file: str


@dataclass(slots=True)
class Trade:
    """What happened, by delivery: months 1 to 12, and 13 for what came after the year."""

    deliveries: dict[int, list[Document]]
    bad: list[tuple[int, Document, str]]
    returns: int = 0
    cancelled: int = 0
    corrected: int = 0
    late: int = 0


def make_trade(chance: Chance, accounts: list[Account], products: dict[str, list[Product]]) -> Trade:
    """The whole year. Returns, cancellations, corrections and bad documents never meet on one invoice."""
    invoices = _invoices(chance, accounts, products)
    trade = Trade({month: [] for month in range(1, AFTER + 1)}, [])
    bad = _bad_documents(chance, invoices)
    spoiled = {document.number: document for document, _ in bad}
    plain = [invoice for invoice in invoices if invoice.number not in spoiled]
    december = chance.some([invoice for invoice in plain if invoice.issued.month == 12], _LATE_DECEMBER)
    chosen = {invoice.number for invoice in december}
    rest = [invoice for invoice in plain if invoice.number not in chosen]
    touched = iter(chance.some(rest, _RETURNS + _CANCELLED + _CORRECTED + _LATE))
    credit_notes = _returns(chance, [next(touched) for _ in range(_RETURNS)])
    trade.returns = len(credit_notes)
    for _ in range(_CANCELLED):
        invoice = next(touched)
        later = min(AFTER, invoice.issued.month + chance.between(1, 2))
        trade.deliveries[later].append(replace(invoice, revision=2, cancelled=True))
        trade.cancelled += 1
    for _ in range(_CORRECTED):
        invoice = next(touched)
        later = min(AFTER, invoice.issued.month + chance.between(1, 3))
        trade.deliveries[later].append(_corrected(invoice))
        trade.corrected += 1
    late = {invoice.number: AFTER for invoice in december}
    for invoice in touched:
        late[invoice.number] = invoice.issued.month + 1
    trade.late = len(late)
    for document in (*invoices, *credit_notes):
        month = late.get(document.number, document.issued.month)
        trade.deliveries[month].append(spoiled.get(document.number, document))
    for delivered in trade.deliveries.values():
        delivered.sort(key=lambda document: (document.issued, document.number, document.revision))
    trade.bad = [(document.issued.month, document, reason) for document, reason in bad]
    return trade


def _invoices(chance: Chance, accounts: list[Account], products: dict[str, list[Product]]) -> list[Document]:
    drafts: list[tuple[date, Account, tuple[DemoLine, ...]]] = []
    for account in accounts:
        count = max(4, isqrt(account.size) // 10)
        target = account.size * 100 // (count * _MEAN_LINES)
        liked = [weight * chance.between(1, 4) for weight in WEIGHTS]
        for _ in range(count):
            lines = [
                _line(chance, account, chance.pick(products[chance.weighted(CATEGORIES, liked).name]), target)
                for _ in range(chance.weighted(_LINES, _LINES_WEIGHTS))
            ]
            if chance.happens(350):
                freight = chance.pick((690, 990, 1490))
                lines.append(DemoLine(FREIGHT, "Freight and packing", 10, "piece", freight, STANDARD_TAX))
            drafts.append((_day(chance), account, taxed(lines)))
    drafts.sort(key=lambda draft: (draft[0], draft[1].id))
    invoices = []
    for number, (day, account, complete) in enumerate(drafts, 1):
        online = chance.happens(account.online)
        invoices.append(
            Document(
                kind="invoice",
                number=f"INV-{YEAR}-{number:05d}",
                account=account.id,
                issued=day,
                entity=ENTITIES[online],
                channel="online" if online else "branch",
                lines=complete,
            )
        )
    return invoices


def _day(chance: Chance) -> date:
    """A working day of the year, by season."""
    month = chance.weighted(range(1, 13), _SEASON)
    day = date(YEAR, month, chance.between(1, monthrange(YEAR, month)[1]))
    if day.weekday() >= 5:  # of a weekend the Friday before, or the Monday after where that is another month
        friday = day - timedelta(days=day.weekday() - 4)
        day = friday if friday.month == month else day + timedelta(days=7 - day.weekday())
    return day


def _line(chance: Chance, account: Account, product: Product, target: int) -> DemoLine:
    step = 5 if product.unit == "metre" else 10
    wanted = target * chance.skewed(40, 340) // (10 * product.price)  # in tenths; the factor is some 115 % on average
    quantity = min(max(step, wanted // step * step), 5000)
    net = divide(quantity * product.price * (100 - account.discount), 10 * 100)
    return DemoLine(product.sku, product.name, quantity, product.unit, net, product.tax_rate)


def taxed(lines: list[DemoLine]) -> tuple[DemoLine, ...]:
    """The lines with their tax: rounded once for each rate, then split by largest remainder."""
    done = list(lines)
    for rate in sorted({line.tax_rate for line in lines}):
        places = [place for place, line in enumerate(lines) if line.tax_rate == rate]
        nets = [lines[place].net for place in places]
        parts = largest_remainder(divide(sum(nets) * rate, 10**RATE_EXPONENT), nets)
        for place, part in zip(places, parts, strict=True):
            done[place] = lines[place]._replace(tax=part)
    return tuple(done)


def _returns(chance: Chance, invoices: list[Document]) -> list[Document]:
    """Credit notes for goods sent back some weeks later, within the year, each naming its invoice."""
    drafts = []
    for invoice in invoices:
        day = min(invoice.issued + timedelta(days=chance.between(3, 30)), LAST)
        line = chance.pick([line for line in invoice.lines if line.sku != FREIGHT])
        step = 5 if line.unit == "metre" else 10
        quantity = step * chance.between(1, max(1, line.quantity // step // 2))
        net = divide(line.net * quantity, line.quantity)
        drafts.append((day, invoice, line._replace(quantity=-quantity, net=-net, tax=0)))
    drafts.sort(key=lambda draft: (draft[0], draft[1].number))
    return [
        replace(
            invoice,
            kind="credit_note",
            number=f"CN-{YEAR}-{number:04d}",
            issued=day,
            lines=taxed([line]),
            original=invoice.number,
        )
        for number, (day, invoice, line) in enumerate(drafts, 1)
    ]


def _corrected(invoice: Document) -> Document:
    """The invoice once more: the first line had been billed for one unit or metre too few."""
    first, *others = invoice.lines
    quantity = first.quantity + 10
    better = first._replace(quantity=quantity, net=divide(first.net * quantity, first.quantity))
    return replace(invoice, revision=2, lines=taxed([better, *others]))


def _bad_documents(chance: Chance, invoices: list[Document]) -> list[tuple[Document, str]]:
    """Four invoices of four accounts, each broken in one way, with the reason they are refused for."""
    months = chance.some([1, 3, 4, 5, 6, 7, 8, 9, 10, 11], 3)
    found: list[Document] = []
    for month in (2, *months):
        known = {document.account for document in found}
        found.append(chance.pick([one for one in invoices if one.issued.month == month and one.account not in known]))
    impossible, differing, wordy, nameless = found
    net = differing.net + 1000
    wrong = {"net_total": _cents(net), "gross_total": _cents(net + differing.tax)}
    return [
        (replace(impossible, spoiled={"date": f"{YEAR}-02-30"}), "not_a_date"),
        (replace(differing, spoiled=wrong), "totals_differ"),
        (replace(wordy, spoiled={"net": "on request"}), "not_a_number"),
        (replace(nameless, spoiled={"currency": ""}), "missing"),
    ]


def _cents(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
