"""What the stand-in for Salesforce has of its own: SOQL and what it refuses, upserts, collections, what is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.salesforce import DATA, MOST_IN_A_COLLECTION, Salesforce, id_of
from tests.helpers.stand_ins.salesforce_tokens import CLIENT, SECRET


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce() as salesforce:
        salesforce.add_field("Account", "Paid__c", "double")
        salesforce.add_field("Task", "Key__c", external_id=True)
        yield salesforce


def call(salesforce: Salesforce, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    token = requests.post(f"{salesforce.url}/services/oauth2/token", data=form, timeout=5).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(
        method, f"{salesforce.url}{DATA}/{path}", json=body, params=query, headers=headers, timeout=5
    )


def found(salesforce: Salesforce, where: str, path: str = "query") -> list[str]:
    told = call(salesforce, "GET", path, q=f"SELECT Id, Name FROM Account WHERE {where} ORDER BY Id")
    return [record["Name"] for record in told.json()["records"]]


def test_ids_tell_in_three_letters_which_of_them_are_capital() -> None:
    assert id_of("001", 901) == "001Jg0000000901IAA" and len(id_of("001", 10**9)) == 18
    assert id_of("00T", 1)[15:] == "MAA"


def test_conditions_hold(salesforce: Salesforce) -> None:
    rows = [salesforce.add_account(name, AccountNumber=name) for name in ("O'Neil", "a\\b", "C")]
    salesforce.merge(rows[2], rows[0])
    assert found(salesforce, r"AccountNumber = 'o\'neil'") == ["O'Neil"]
    assert found(salesforce, r"(Name = 'a\\b' OR Name = 'C')") == ["a\\b"]
    assert found(salesforce, "IsDeleted = TRUE AND MasterRecordId != NULL", "queryAll") == ["C"]
    assert found(salesforce, f"Id > '{rows[0].id[:15]}' AND MasterRecordId = NULL") == ["a\\b"]
    assert found(salesforce, "SystemModstamp < 2000-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id, Id FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a'' OR Name = 'b'", "MALFORMED_QUERY"),
        (r"SELECT Id FROM Account WHERE Name = 'a\q'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE (Name = 'a'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id = '98765'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 2026-01-01T00:00:00Z", "INVALID_FIELD"),
        ("SELECT Id FROM Task WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id, NoSuch__c FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM NoSuch", "INVALID_TYPE"),
        ("", "MALFORMED_QUERY"),
    ],
)
def test_what_is_no_query_is_refused(salesforce: Salesforce, query: str, code: str) -> None:
    told = call(salesforce, "GET", "query", q=query)
    assert (told.status_code, [error["errorCode"] for error in told.json()]) == (400, [code])


def test_an_upsert_says_whether_it_is_new(salesforce: Salesforce) -> None:
    account, task = salesforce.add_account("A"), {"Subject": "Gold"}
    path = "sobjects/Task/Key__c/K-1"
    made = call(salesforce, "PATCH", path, {**task, "WhatId": account.id})
    again = call(salesforce, "PATCH", path, task)
    assert [(told.status_code, told.json()["created"]) for told in (made, again)] == [(201, True), (200, False)]
    assert made.json()["id"] == again.json()["id"] and len(salesforce.tables["Task"]) == 1
    for status, wrong in (
        (400, {"Key__c": "K-1"}),
        (400, {"Description": "x" * 32_001}),
        (400, {"Id": account.id}),
        (400, {"WhatId": id_of("001", 1)}),
        (400, {"WhatId": "98765"}),
        (400, {"ActivityDate": "2026-02-30"}),
        (400, {"Subject": 1}),
    ):
        assert call(salesforce, "PATCH", path, wrong).status_code == status
    assert call(salesforce, "PATCH", "sobjects/Task/Subject/Gold", task).status_code == 404
    salesforce.tables["Task"].add({"Key__c": "K-1"})
    assert call(salesforce, "PATCH", path, task).status_code == 300


def test_a_collection_is_judged_record_by_record(salesforce: Salesforce) -> None:
    rows = [salesforce.add_account(name) for name in "ABC"]
    salesforce.tables["Account"].delete(rows[2])

    def record(id: str, **values: Any) -> dict[str, Any]:
        return {"attributes": {"type": "Account"}, "id": id, **values}

    good, twice, wrong = record(rows[0].id, Paid__c=5), record(rows[1].id), record(rows[1].id, Paid__c="5")
    sent = [good, twice, wrong, record(rows[2].id), record("98765"), record(id_of("001", 1))]
    told = call(salesforce, "PATCH", "composite/sobjects", {"allOrNone": False, "records": sent})
    codes = [[error["statusCode"] for error in each["errors"]] for each in told.json()]
    gone, unknown = ["ENTITY_IS_DELETED"], ["NOT_FOUND"]
    assert codes == [[], ["DUPLICATE_VALUE"], ["DUPLICATE_VALUE"], gone, ["MALFORMED_ID"], unknown]
    assert rows[0].values["Paid__c"] == 5 and told.status_code == 200
    for body in ([good], {"records": [good]}, {"allOrNone": False, "records": [good] * (MOST_IN_A_COLLECTION + 1)}):
        assert call(salesforce, "PATCH", "composite/sobjects", body).status_code == 400


def test_who_is_not_let_in(salesforce: Salesforce) -> None:
    url = f"{salesforce.url}/services/oauth2/token"
    for form in (
        {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": "other"},
        {"grant_type": "client_credentials", "client_id": "other", "client_secret": SECRET},
        {"grant_type": "password", "client_id": CLIENT, "client_secret": SECRET},
    ):
        assert requests.post(url, data=form, timeout=5).status_code == 400
    told = requests.get(f"{salesforce.url}{DATA}/query", headers={"Authorization": "Bearer x"}, timeout=5)
    assert (told.status_code, told.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
