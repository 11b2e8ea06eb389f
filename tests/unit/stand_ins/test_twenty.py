"""What the stand-in for Twenty has of its own: filters, ids of the client's choice, the bin, what ties notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.twenty import Twenty

ID = "0b9a4d1e-6a55-5b0e-8f3c-5ad2e8c31f77"


@pytest.fixture
def twenty() -> Iterator[Twenty]:
    with Twenty() as twenty:
        twenty.add_field("rebatedPaid", "NUMBER")
        yield twenty


def call(twenty: Twenty, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {twenty.key}"}
    return requests.request(method, f"{twenty.url}/rest/{path}", json=body, params=query, headers=headers, timeout=5)


def test_filters_hold_and_pages_follow(twenty: Twenty) -> None:
    rows = sorted((twenty.add_company(name) for name in "ABC"), key=lambda row: row.id)
    told = call(twenty, "GET", "companies", limit="2").json()
    assert [each["id"] for each in told["data"]["companies"]] == [row.id for row in rows[:2]]
    assert told["pageInfo"]["hasNextPage"] is True
    told = call(twenty, "GET", "companies", limit="2", starting_after=told["pageInfo"]["endCursor"]).json()
    assert ([each["id"] for each in told["data"]["companies"]], told["pageInfo"]["hasNextPage"]) == (
        [rows[2].id],
        False,
    )
    one = f'or(id[eq]:"{rows[0].id}",and(name[eq]:A,updatedAt[lt]:"2000-01-01T00:00:00Z"))'
    assert call(twenty, "GET", "companies", filter=one).json()["totalCount"] == 1
    for wrong in (
        {"filter": "noSuch[eq]:1"},
        {"filter": "name[has]:1"},
        {"filter": "updatedAt[gte]:yesterday"},
        {"filter": "id[eq]:1"},
        {"filter": 'and(name[eq]:"A"'},
        {"depth": "2"},
        {"starting_after": "x"},
        {"page": "1"},
    ):
        assert call(twenty, "GET", "companies", **wrong).status_code == 400


def test_an_id_is_taken_but_for_upsert_which_empties_the_bin(twenty: Twenty) -> None:
    note = {"id": ID, "title": "Gold", "bodyV2": {"markdown": "Gold"}}
    assert [call(twenty, "POST", "notes", note).status_code for _ in range(2)] == [201, 400]
    assert call(twenty, "DELETE", f"notes/{ID}", soft_delete="true").status_code == 200
    assert call(twenty, "GET", f"notes/{ID}").json()["messages"] == ["Record not found"]
    assert call(twenty, "POST", "notes", note).status_code == 400
    assert call(twenty, "POST", "notes", note, upsert="true").status_code == 201
    assert len(twenty.tables["notes"]) == 1


def test_a_tie_needs_both_ends_and_goes_with_its_note(twenty: Twenty) -> None:
    company = twenty.add_company("A")
    call(twenty, "POST", "notes", {"id": ID, "title": "Gold"})
    tie = {"id": ID, "noteId": ID, "targetCompanyId": company.id}
    assert "foreign key" in call(twenty, "POST", "noteTargets", {**tie, "targetCompanyId": ID}).text
    assert call(twenty, "POST", "noteTargets", tie).status_code == 201
    told = call(twenty, "GET", f"noteTargets/{ID}", depth="1").json()["data"]["noteTarget"]
    assert (told["note"]["title"], told["targetCompany"]["name"]) == ("Gold", "A")
    call(twenty, "DELETE", f"notes/{ID}", soft_delete="true")
    assert call(twenty, "GET", "noteTargets").json()["totalCount"] == 0


def test_what_is_unknown_or_of_another_type_is_refused(twenty: Twenty) -> None:
    company = twenty.add_company("A")
    assert call(twenty, "PATCH", f"companies/{company.id}", {"rebatedPaid": 12, "name": "B"}).status_code == 200
    for wrong in ({"rebatedPaid": "12"}, {"noSuch": 1}, {"updatedAt": "2026-01-01"}, ["x"], {"id": ID}):
        assert call(twenty, "PATCH", f"companies/{company.id}", wrong).status_code == 400
    twenty.may["companies"] = set()
    assert call(twenty, "GET", "companies").status_code == 403
    assert requests.get(f"{twenty.url}/rest/companies", timeout=5).status_code == 403
