"""What the stand-in for Zoho has of its own: queries, results of each record, silence about unknown fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.zoho import Zoho


@pytest.fixture
def zoho() -> Iterator[Zoho]:
    with Zoho() as zoho:
        zoho.add_field("Rebated_Tier", "text")
        zoho.add_field("Rebated_Paid", "currency")
        yield zoho


def token(zoho: Zoho, **other: str) -> Any:
    form = {"grant_type": "refresh_token", "client_id": zoho.client_id, "client_secret": zoho.client_secret}
    form |= {"refresh_token": zoho.refresh_token, **other}
    return requests.post(f"{zoho.url}/oauth/v2/token", data=form, timeout=5).json()


def call(zoho: Zoho, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
    headers = {"Authorization": f"Zoho-oauthtoken {token(zoho)['access_token']}"}
    return requests.request(method, f"{zoho.url}/crm/v8/{path}", json=body, params=query, headers=headers, timeout=5)


def found(zoho: Zoho, where: str) -> list[str] | int:
    asked = f"select id, Account_Name from Accounts where {where} order by id asc limit 2"
    reply = call(zoho, "POST", "coql", {"select_query": asked})
    if reply.status_code != 200:
        return reply.status_code
    return [each["Account_Name"] for each in reply.json()["data"]]


def test_queries_find_in_the_order_of_ids(zoho: Zoho) -> None:
    first, *_ = (zoho.add_account(name) for name in ("A", "O'B", "C"))
    assert found(zoho, f"id > {first.id}") == ["O'B", "C"]
    assert found(zoho, "Account_Name = 'O''B' or Account_Name = 'C'") == ["O'B", "C"]
    late = "Modified_Time >= '2999-01-01T00:00:00+00:00'"
    assert found(zoho, late) == 204
    assert found(zoho, f"(({late} or Website is null) and id > 0)") == ["A", "O'B"]
    for wrong in (
        "id > 0 and id > 1 and id > 2",
        "No_Such = 'x'",
        "Modified_Time >= '2026-01-01'",
        "Account_Name = 'A",
        "id like 'x'",
        "id > 'x'",
        "",
    ):
        assert found(zoho, wrong) == 400


def test_each_record_has_its_own_result(zoho: Zoho) -> None:
    row = zoho.add_account("A")
    given = [{"id": row.id, "Rebated_Tier": "gold", "No_Such": 1}, {"id": "1"}, {"id": row.id, "Rebated_Paid": "x"}]
    reply = call(zoho, "PUT", "Accounts", {"data": given, "trigger": []})
    assert (reply.status_code, [each["code"] for each in reply.json()["data"]]) == (
        207,
        ["SUCCESS", "INVALID_DATA", "INVALID_DATA"],
    )
    assert (row.values["Rebated_Tier"], "No_Such" in row.values) == ("gold", False)
    assert call(zoho, "PUT", "Accounts", {"data": given[1:]}).status_code == 202
    assert call(zoho, "PUT", "Accounts", {"data": [given[0]] * 101}).json()["code"] == "LIMIT_EXCEEDED"


def test_notes_double_and_need_their_account(zoho: Zoho) -> None:
    row = zoho.add_account("A")
    note = {"Note_Content": "Gold", "Parent_Id": {"id": row.id, "module": {"api_name": "Accounts"}}}
    assert [call(zoho, "POST", "Notes", {"data": [note]}).status_code for _ in range(2)] == [201, 201]
    nowhere = {**note, "Parent_Id": {"id": "1", "module": {"api_name": "Accounts"}}}
    assert call(zoho, "POST", "Notes", {"data": [nowhere]}).json()["data"][0]["status"] == "error"
    listed = call(zoho, "GET", f"Accounts/{row.id}/Notes", fields="Note_Content", per_page="1").json()
    assert (len(listed["data"]), listed["info"]["more_records"]) == (1, True)
    assert call(zoho, "GET", f"Accounts/{row.id}/Notes", fields="id", page="4").status_code == 204
    assert call(zoho, "GET", f"Accounts/{row.id}/Notes").status_code == 400


def test_tokens_are_given_for_the_right_secrets(zoho: Zoho) -> None:
    assert token(zoho)["api_domain"] == zoho.url
    assert token(zoho, refresh_token="x") == {"error": "invalid_code"}
    assert token(zoho, client_secret="x") == {"error": "invalid_client"}
    zoho.tokens.clear()
    headers = {"Authorization": "Zoho-oauthtoken x"}
    assert requests.get(f"{zoho.url}/crm/v8/Accounts/1", headers=headers, timeout=5).status_code == 401
