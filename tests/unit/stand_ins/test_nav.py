"""The stand-in for Dynamics NAV, asked by hand-written envelopes and by zeep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests
import zeep
from zeep.transports import Transport

from tests.helpers.stand_ins.nav import Nav
from tests.helpers.stand_ins.nav_filters import BadFilter, condition
from tests.helpers.stand_ins.table import Row

DAY = date(2026, 3, 31)


@pytest.fixture
def nav() -> Iterator[Nav]:
    with Nav() as nav:
        yield nav
        assert nav.invalid == []


@pytest.fixture
def customer(nav: Nav) -> Row:
    return nav.books.add_customer("C-1001", "Buyer & Söhne")


def service(nav: Nav, name: str) -> Any:
    session = requests.Session()
    session.auth = (nav.user, nav.password)
    client = zeep.Client(
        f"{nav.address(name)}?wsdl",
        transport=Transport(session=session, cache=None),
        settings=zeep.Settings(strict=False),
    )
    binding = next(iter(client.wsdl.bindings))
    return client.create_service(binding, nav.address(name))


def filters(**criteria: str) -> list[dict[str, str]]:
    return [{"Field": name, "Criteria": text} for name, text in criteria.items()] or [{"Field": "No", "Criteria": ""}]


def memo(**values: Any) -> dict[str, Any]:
    line = {"Type": "G_L_Account", "No": "8730", "Quantity": 1, "Unit_Price": Decimal("10.05")}
    lines = {"Sales_Cr_Memo_Line": [{**line, "VAT_Prod_Posting_Group": "VAT20", "Description": "Rebate"}]}
    return {"Sell_to_Customer_No": "C-1001", "External_Document_No": "RB-1", "SalesLines": lines, **values}


def numbers(found: Any, name: str = "No") -> list[Any]:
    return [] if found is None else [each[name] for each in found]


def test_pages_come_by_bookmark_and_end_with_an_empty_one(nav: Nav, customer: Row) -> None:
    for number in range(2, 6):
        nav.books.add_customer(f"C-100{number}", "Another")
    customers = service(nav, "Customer")
    first = customers.ReadMultiple(filters(), None, 3)
    assert numbers(first) == ["C-1001", "C-1002", "C-1003"]
    second = customers.ReadMultiple(filters(), first[-1]["Key"], 3)
    assert numbers(second) == ["C-1004", "C-1005"]
    assert customers.ReadMultiple(filters(), second[-1]["Key"], 3) is None
    assert len(customers.ReadMultiple(filters(), None, 0)) == 5
    assert numbers(customers.ReadMultiple(filters(), None, -2)) == ["C-1005", "C-1004"]


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ("C-1001..C-1002", ["C-1001", "C-1002"]),
        ("C-1002..", ["C-1002", "C-2001"]),
        ("C-1001|C-2001", ["C-1001", "C-2001"]),
        ("C-1*&<>C-1001", ["C-1002"]),
        ("'C-1002'", ["C-1002"]),
        ("@c-2*", ["C-2001"]),
        ("NONE", []),
    ],
)
def test_filters_are_those_of_nav(nav: Nav, customer: Row, criteria: str, found: list[str]) -> None:
    nav.books.add_customer("C-1002", "Another")
    nav.books.add_customer("C-2001", "A third")
    assert numbers(service(nav, "Customer").ReadMultiple(filters(No=criteria), None, 0)) == found


def test_a_day_is_read_as_the_user_writes_it() -> None:
    sample = date(2000, 1, 1)
    assert condition("31.03.26..", sample, "de")(DAY)
    assert condition("03/31/2026", sample, "en")(DAY)
    assert not condition("..30.03.2026", sample, "de")(DAY)
    for text, language in (("31.03.26..", "en"), ("03/31/26..", "de"), ("2026-03-31..", "de")):
        with pytest.raises(BadFilter):
            condition(text, sample, language)


@pytest.mark.parametrize(("language", "text"), [("de", "nicht zulässig"), ("en", "not valid")])
def test_faults_are_in_the_language_of_the_user(language: str, text: str) -> None:
    with Nav(language) as nav:
        nav.books.add_customer("C-1001", "Buyer")
        with pytest.raises(zeep.exceptions.Fault, match=text) as raised:
            service(nav, "Customer").ReadMultiple(filters(Last_Date_Modified="2026-03-31.."), None, 0)
        assert raised.value.code.endswith(":Microsoft.Dynamics.Nav.Types.Exceptions.NavFilterException")


def test_a_memo_is_created_posted_and_in_the_ledger(nav: Nav, customer: Row) -> None:
    created = service(nav, "SalesCreditMemo").Create(memo())
    assert created["No"] == "1001"
    line = created["SalesLines"]["Sales_Cr_Memo_Line"][0]
    assert (line["Line_Amount"], line["Total_VAT_Amount"]) == (Decimal("10.05"), Decimal("2.01"))
    assert service(nav, "Rebated").PostCreditMemo("1001") == "104001"
    assert service(nav, "Rebated").PostCreditMemo("1001") == "104001"  # once more does no harm
    assert service(nav, "SalesCreditMemo").Read("1001") is None
    posted = service(nav, "PostedSalesCreditMemos").Read("104001")
    assert (posted["Amount"], posted["Amount_Including_VAT"]) == (Decimal("10.05"), Decimal("12.06"))
    (entry,) = service(nav, "CustomerLedgerEntries").ReadMultiple(filters(Document_No="104001"), None, 0)
    assert (entry["Document_Type"], entry["Amount"], entry["Due_Date"]) == (
        "Credit_Memo",
        Decimal("-12.06"),
        date(1, 1, 1),
    )


def test_a_second_memo_with_the_number_is_not_posted(nav: Nav, customer: Row) -> None:
    memos, rebated = service(nav, "SalesCreditMemo"), service(nav, "Rebated")
    memos.Create(memo())
    memos.Create(memo())
    assert numbers(memos.ReadMultiple(filters(External_Document_No="RB-1"), None, 0)) == ["1001", "1002"]
    rebated.PostCreditMemo("1001")
    with pytest.raises(zeep.exceptions.Fault, match="REBATED-POSTED RB-1"):
        rebated.PostCreditMemo("1002")


def test_what_was_changed_meanwhile_is_not_written_over(nav: Nav, customer: Row) -> None:
    customers = service(nav, "Customer")
    read = customers.Read("C-1001")
    nav.books.change("customers", customer, {"City": "Köln"})
    with pytest.raises(zeep.exceptions.Fault, match="anderer Benutzer"):
        customers.Update({"Key": read["Key"], "Our_Account_No": "gold"})
    again = customers.Read("C-1001")
    customers.Update({"Key": again["Key"], "Our_Account_No": "gold"})
    assert (customer.values["Our_Account_No"], customer.values["City"]) == ("gold", "Köln")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Sell_to_Customer_No": "NONE"},
        {"External_Document_No": "X" * 36},
        {"SalesLines": {"Sales_Cr_Memo_Line": [{"Type": "G_L_Account", "No": "9999"}]}},
    ],
)
def test_a_memo_that_is_wrong_is_refused(nav: Nav, customer: Row, wrong: dict[str, Any]) -> None:
    with pytest.raises(zeep.exceptions.Fault):
        service(nav, "SalesCreditMemo").Create(memo(**wrong))
    assert len(nav.books.tables["memos"]) == 0


def test_drafts_are_deleted_by_the_key_they_have_now(nav: Nav, customer: Row) -> None:
    memos = service(nav, "SalesCreditMemo")
    memos.Create(memo())
    assert memos.Delete(memos.Read("1001")["Key"]) is True
    assert memos.Read("1001") is None


def test_one_key_is_one_note(nav: Nav, customer: Row) -> None:
    rebated = service(nav, "Rebated")
    assert rebated.FindNote("RB-1") in (None, "")
    assert rebated.AddNote("C-1001", "RB-1", "Gold now") == "RB-1 C-1001"
    with pytest.raises(zeep.exceptions.Fault, match="REBATED-NOTE"):
        rebated.AddNote("C-1001", "RB-1", "Gold now")
    assert rebated.FindNote("RB-1") == "RB-1 C-1001"


def test_without_the_password_nothing_is_told(nav: Nav) -> None:
    answer = requests.get(f"{nav.address('Customer')}?wsdl", auth=(nav.user, "wrong"), timeout=5)
    assert answer.status_code == 401
