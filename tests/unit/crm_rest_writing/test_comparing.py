"""A draft is judged as its receipt will be: what is posted is accepted, what is not would have been an alarm."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.conformance import sample_request
from connectors.declarative.writing.comparing import difference
from connectors.spi import DocumentRequest, Remote, TaxPart
from scheduler.steps.receipts import differs
from tests.unit.crm_rest_writing.vouchers import CREDIT

LIKE = Remote(
    CREDIT.key, "1", account="C-1001", currency="EUR", net=1505, tax=251, taxes=tuple(CREDIT.taxes), line_count=2
)


@st.composite
def remotes(draw: st.DrawFn) -> Remote:
    """The document as asked for, a little off in some places."""
    off = st.sampled_from((0, 0, 0, 1, -1, 2))
    rates = st.sampled_from((200_000, 100_000, 0))
    parts = [
        TaxPart("S", draw(rates) if draw(st.integers(0, 9)) == 0 else part.rate, part.net, part.tax + draw(off))
        for part in CREDIT.taxes
    ]
    return replace(
        LIKE,
        account=draw(st.sampled_from(("C-1001", "C-1001", "", "C-7"))),
        currency=draw(st.sampled_from(("EUR", "EUR", "", "USD"))),
        net=1505 + draw(off),
        tax=251 + draw(st.integers(-4, 4)),
        taxes=draw(st.sampled_from((tuple(parts), tuple(reversed(parts)), tuple(parts[:1]), ()))),
        line_count=draw(st.sampled_from((0, 2, 2, 3))),
        own_tax=draw(st.booleans()),
    )


@given(remotes())
def test_drafts_and_receipts_are_judged_alike(remote: Remote) -> None:
    assert (difference(CREDIT, remote) == "") == (differs(CREDIT, remote) == "")


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        (LIKE, ""),
        (replace(LIKE, account="", currency="", line_count=0, taxes=()), ""),
        (replace(LIKE, currency="USD"), "its currency is USD, not EUR"),
        (replace(LIKE, net=1506), "its net amount is 15.06 EUR, not 15.05 EUR"),
        (replace(LIKE, taxes=(), tax=254), "its tax is 2.54 EUR, not 2.51 EUR"),
        (replace(LIKE, taxes=(), tax=253), ""),
        (replace(LIKE, line_count=1), "it has 1 lines, not 2"),
    ],
)
def test_a_difference_is_told_in_words(remote: Remote, said: str) -> None:
    assert difference(CREDIT, remote) == said


def test_the_key_says_it_all_of_what_is_no_document() -> None:
    note = sample_request("account_note")
    assert not isinstance(note, DocumentRequest)
    assert difference(note, Remote(note.key, "1", net=7)) == ""
