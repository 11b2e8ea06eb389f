"""What the stand-in for SuiteCRM has of its own: ids of the client's choice, null and nothing, errors in one status."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.exchange import written
from tests.helpers.stand_ins.suitecrm import MEDIA_TYPE, SuiteCRM

ID = "0b9a4d1e-6a55-5b0e-8f3c-5ad2e8c31f77"


@pytest.fixture
def suite() -> Iterator[SuiteCRM]:
    with SuiteCRM() as suite:
        suite.add_field("rebated_tier_c", "varchar")
        suite.add_field("rebated_paid_c", "decimal")
        yield suite


def call(suite: SuiteCRM, method: str, path: str, data: Any = None, **query: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": suite.client_id,
        "client_secret": suite.client_secret,
    }
    token = requests.post(f"{suite.url}/Api/access_token", data=form, timeout=5).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE}
    body = None if data is None else written({"data": data})
    url = f"{suite.url}/Api/V8/{path}"
    return requests.request(method, url, data=body, params=query, headers=headers, timeout=5)


def test_a_note_with_an_id_is_made_once(suite: SuiteCRM) -> None:
    note = {"type": "Notes", "id": ID, "attributes": {"name": "Gold", "parent_id": "nowhere"}}
    assert call(suite, "POST", "module", note).status_code == 201
    second = call(suite, "POST", "module", note)
    assert (second.status_code, "already exist" in second.text) == (400, True)
    suite.tables["Notes"].delete(next(iter(suite.tables["Notes"])))
    assert call(suite, "GET", f"module/Notes/{ID}").status_code == 400
    assert "already exist" in call(suite, "POST", "module", note).text
    assert call(suite, "POST", "module", {**note, "id": "RB-1"}).status_code == 400


def test_null_changes_nothing_and_empty_text_empties(suite: SuiteCRM) -> None:
    row = suite.add_account("A", rebated_tier_c="gold")
    change = {"type": "Accounts", "id": row.id}
    told = call(suite, "PATCH", "module", {**change, "attributes": {"rebated_tier_c": None}}).json()
    assert told["data"]["attributes"]["rebated_tier_c"] == "gold"
    given = {"rebated_tier_c": "", "rebated_paid_c": Decimal("12.50")}
    told = call(suite, "PATCH", "module", {**change, "attributes": given}).json()["data"]["attributes"]
    assert (told["rebated_tier_c"], told["rebated_paid_c"]) == ("", "12.50")
    for wrong in ({"rebated_paid_c": "12.50"}, {"no_such_c": "x"}, {"name": 7}):
        assert call(suite, "PATCH", "module", {**change, "attributes": wrong}).status_code == 400


def test_filters_hold_and_what_is_unknown_is_refused(suite: SuiteCRM) -> None:
    rows = sorted((suite.add_account(name) for name in "ABC"), key=lambda row: row.id)
    query = {"filter[id][gt]": rows[0].id, "sort": "id", "page[size]": "1", "page[number]": "1"}
    told = call(suite, "GET", "module/Accounts", **query).json()
    assert ([each["id"] for each in told["data"]], told["meta"]["total-pages"]) == ([rows[1].id], 2)
    recent = call(suite, "GET", "module/Accounts", **{"filter[date_modified][gte]": "2999-01-01 00:00:00"}).json()
    assert recent == {"data": []}
    for wrong in (
        {"filter[no_such][eq]": "x"},
        {"filter[id][like_this]": "x"},
        {"filter[date_modified][gte]": "2026-01-01T00:00:00Z"},
        {"fields[Accounts]": "no_such"},
        {"sort": "no_such"},
        {"page[size]": "0"},
        {"offset": "1"},
    ):
        assert call(suite, "GET", "module/Accounts", **wrong).status_code == 400


def test_rights_and_tokens_are_asked_for(suite: SuiteCRM) -> None:
    suite.may["Accounts"] = set()
    assert "AccessDenied" in call(suite, "GET", "module/Accounts").text
    assert requests.get(f"{suite.url}/Api/V8/module/Notes", timeout=5).status_code == 401
    wrong = {"grant_type": "client_credentials", "client_id": suite.client_id, "client_secret": "x"}
    assert requests.post(f"{suite.url}/Api/access_token", data=wrong, timeout=5).status_code == 401
