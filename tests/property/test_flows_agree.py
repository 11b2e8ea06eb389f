"""What counts of a document on which day is what the words of its view say, however it was paid."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.reference.flows import counted
from core.ledger.flows import Amounts, Document, parts, split
from core.programs import View

views = st.builds(
    View,
    date=st.sampled_from(["issue", "delivery", "payment"]),
    paid=st.sampled_from(["in_full", "share", "within_terms"]),
    returns=st.sampled_from(["own", "original"]),
) | st.builds(View, date=st.sampled_from(["issue", "delivery"]), returns=st.sampled_from(["own", "original"]))
days = st.integers(1, 9)
worths = st.builds(
    Amounts,
    net=st.sampled_from([100, 1, 33, 0, -20, 10**15]) | st.integers(-50, 200),
    tax=st.sampled_from([0, 19, 7, -4]),
    quantity=st.none() | st.integers(-3_000_000, 5_000_000),
)


@st.composite
def documents(draw: st.DrawFn, lines: list[Amounts], *, is_return: bool) -> Document:
    return Document(
        is_return=is_return,
        issued=draw(days),
        gross=sum(line.net + line.tax for line in lines),
        currency="EUR",
        delivered=draw(st.none() | days),
        due=draw(st.none() | days),
        is_paid=draw(st.sampled_from([False, False, True])),
        credited=draw(st.sampled_from([0, 0, 0, 10, 33, 500])),
    )


@st.composite
def payments(draw: st.DrawFn, document: Document) -> dict[int, int]:
    amount = st.sampled_from([document.payable, document.payable // 2, document.payable - document.payable // 2, 1, -1])
    return draw(st.dictionaries(days, amount | st.integers(-60, 250), max_size=4))


@settings(deadline=None, max_examples=400)
@given(view=views, lines=st.lists(worths, min_size=1, max_size=4), data=st.data())
def test_what_counts_is_what_the_view_says(view: View, lines: list[Amounts], data: st.DataObject) -> None:
    document = data.draw(documents(lines, is_return=data.draw(st.booleans())))
    paid = data.draw(payments(document))
    original = None
    if document.is_return and data.draw(st.booleans()):
        invoice = data.draw(documents(data.draw(st.lists(worths, min_size=1, max_size=2)), is_return=False))
        original = invoice, data.draw(payments(invoice))
    found: dict[int, list[list[Amounts]]] = defaultdict(list)
    for part in parts(view, document, paid, original):
        found[part.day].append(split(part, lines))
    first = None if original is None else (original[0], sorted(original[1].items()))
    expected = counted(view, document, sorted(paid.items()), lines, first)
    assert {day: [tuple(line) for line in rows[0]] for day, rows in found.items()} == expected
    assert all(len(rows) == 1 for rows in found.values())
