"""What tells a remote document from the approved one; and what never stands in a log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.spi import DocumentLine, DocumentRequest, NoteRequest, Party, Remote, TaxPart
from scheduler.logs import redact
from scheduler.steps.receipts import differs

REQUEST = DocumentRequest(
    kind="credit_note",
    key="RB-ABCDEFGHIJKL",
    content_hash="0" * 64,
    issued=date(2025, 4, 15),
    seller=Party("DE01"),
    buyer=Party("C-1"),
    entity="DE01",
    account="C-1",
    program="bonus",
    period="2025-Q1",
    period_start=date(2025, 1, 1),
    period_end=date(2025, 3, 31),
    currency="EUR",
    lines=(DocumentLine("Bonus", "S", 190_000, 1_000, 190), DocumentLine("Bonus", "S", 70_000, -300, -21)),
    taxes=(TaxPart("S", 190_000, 1_000, 190), TaxPart("S", 70_000, -300, -21)),
    net=700,
    tax=169,
)
SAME = Remote(REQUEST.key, "17", "CN-17", "posted", "C-1", "EUR", 700, 169, REQUEST.taxes, 2)


def with_taxes(first: int = 190, second: int = -21, net: int = 1_000) -> Remote:
    taxes = (TaxPart("S", 190_000, net, first), TaxPart("S", 70_000, -300, second))
    return replace(SAME, taxes=taxes, tax=first + second)


def test_the_same_document_differs_in_nothing() -> None:
    assert differs(REQUEST, SAME) == ""
    assert differs(REQUEST, replace(SAME, taxes=SAME.taxes[::-1], state="draft")) == ""


def test_what_the_remote_does_not_tell_is_not_compared() -> None:
    assert differs(REQUEST, Remote(REQUEST.key, "17", net=700, tax=169)) == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"state": "cancelled"}, "it is cancelled"),
        ({"account": "C-2"}, "its account is C-2, not C-1"),
        ({"currency": "CHF"}, "its currency is CHF, not EUR"),
        ({"net": 701}, "its net amount is 7.01 EUR, not 7.00 EUR"),
        ({"net": 699}, "its net amount is 6.99 EUR, not 7.00 EUR"),
        ({"net": -700}, "its net amount is -7.00 EUR, not 7.00 EUR"),
        ({"line_count": 1}, "it has 1 lines, not 2"),
        ({"taxes": REQUEST.taxes[:1]}, "its tax codes are others"),
        ({"taxes": (*REQUEST.taxes, TaxPart("Z", 0, 0, 0))}, "its tax codes are others"),
        ({"taxes": (REQUEST.taxes[0], TaxPart("S", 50_000, -300, -21))}, "its tax codes are others"),
        ({"taxes": (REQUEST.taxes[0], TaxPart("E", 70_000, -300, -21))}, "its tax codes are others"),
    ],
)
def test_a_difference_is_told(changed: dict[str, Any], told: str) -> None:
    assert differs(REQUEST, replace(SAME, **changed)) == told


@pytest.mark.parametrize(("first", "second"), [(191, -21), (189, -21), (190, -20), (191, -22), (189, -20)])
def test_tax_may_differ_by_one_minor_unit_under_each_code(first: int, second: int) -> None:
    assert differs(REQUEST, with_taxes(first, second)) == ""


@pytest.mark.parametrize(("first", "second"), [(192, -21), (188, -21), (190, -19), (190, 21), (192, -23)])
def test_tax_beyond_one_minor_unit_differs_even_where_the_sum_agrees(first: int, second: int) -> None:
    assert differs(REQUEST, with_taxes(first, second)).startswith("tax code S: net ")


def test_net_agrees_exactly_under_each_code() -> None:
    assert differs(REQUEST, with_taxes(net=1_001)) == "tax code S: net 10.01 and tax 1.90, not 10.00 and 1.90"


def test_a_note_differs_only_by_being_gone() -> None:
    note = NoteRequest("RB-ABCDEFGHIJKL", "C-1", "settled", "text", datetime(2025, 4, 15, tzinfo=UTC))
    assert differs(note, Remote(note.key, "5", account="other")) == ""
    assert differs(note, Remote(note.key, "5", state="cancelled")) == "it is cancelled"


def cleaned(**fields: Any) -> dict[str, Any]:
    return dict(redact(None, "info", dict(fields)))


@pytest.mark.parametrize(
    "name",
    ["password", "db_passwd", "client_secret", "access_token", "api_key", "apikey", "Authorization", "credentials"],
)
@pytest.mark.parametrize("value", ["hunter2", 12345, ["hunter2"], {"value": "hunter2"}, b"hunter2"])
def test_a_field_named_like_a_secret_is_blanked(name: str, value: Any) -> None:
    assert cleaned(**{name: value}) == {name: "***"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://rebated:hunter2@db/book", "postgresql://rebated:***@db/book"),
        ("https://me:hunter2@erp.example/api?x=1", "https://me:***@erp.example/api?x=1"),
        ("from a://u:hunter2@h/ to b://v:hunter2@g/", "from a://u:***@h/ to b://v:***@g/"),
        ("https://erp.example:8443/api", "https://erp.example:8443/api"),
        ("mail to a@example.org at 12:30", "mail to a@example.org at 12:30"),
    ],
)
def test_a_password_in_a_url_is_blanked_wherever_it_stands(text: str, shown: str) -> None:
    assert cleaned(event=text, url=text) == {"event": shown, "url": shown}


def test_everything_else_stays_as_it_is() -> None:
    fields = {"event": "token bucket is empty", "run": "r-1", "document": "I-1", "lines": 3, "ok": True}
    assert cleaned(**fields) == fields
