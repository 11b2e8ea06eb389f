"""What the stand-in for Dataverse has of its own: conditions on what is there, pages by cookie, what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.dataverse import API, CLIENT, SECRET, TENANT, Dataverse

ID = "0b9a4d1e-6a55-5b0e-8f3c-5ad2e8c31f77"


@pytest.fixture
def dataverse() -> Iterator[Dataverse]:
    with Dataverse() as dataverse:
        dataverse.add_column("rebated_paid", "decimal")
        dataverse.add_column("rebated_since", "date")
        yield dataverse


def token(dataverse: Dataverse, **other: str) -> requests.Response:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    form |= {"scope": f"{dataverse.url}/.default", **other}
    return requests.post(f"{dataverse.url}/{TENANT}/oauth2/v2.0/token", data=form, timeout=5)


def call(dataverse: Dataverse, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    headers["Authorization"] = f"Bearer {token(dataverse).json()['access_token']}"
    url = path if path.startswith("http") else f"{dataverse.url}{API}/{path}"
    return requests.request(
        method, url, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=5
    )


def test_pages_follow_by_links(dataverse: Dataverse) -> None:
    rows = sorted((dataverse.add_account(name) for name in "ABC"), key=lambda row: row.id)
    path = "accounts?$select=name&$filter=modifiedon ge 2020-01-01T00:00:00Z and merged eq false&$orderby=accountid"
    first = call(dataverse, "GET", path, Prefer="odata.maxpagesize=2").json()
    second = call(dataverse, "GET", first["@odata.nextLink"], Prefer="odata.maxpagesize=2").json()
    assert [each["accountid"] for each in (*first["value"], *second["value"])] == [row.id for row in rows]
    assert "@odata.nextLink" not in second
    for wrong in ("$select=no_such", "$filter=no_such eq 1", "$filter=name eq", "$expand=x", "$orderby=name"):
        assert call(dataverse, "GET", f"accounts?{wrong}").status_code == 400


def test_what_is_there_is_kept_and_what_is_not_is_not_made(dataverse: Dataverse) -> None:
    account = dataverse.add_account("A")
    note = {"notetext": "Gold", "objectid_account@odata.bind": f"/accounts({account.id})"}
    made = call(dataverse, "PATCH", f"annotations({ID})", note, If_None_Match="*")
    assert (made.status_code, made.headers["OData-EntityId"]) == (204, f"{dataverse.url}{API}/annotations({ID})")
    again = call(dataverse, "PATCH", f"annotations({ID})", note, If_None_Match="*")
    assert (again.status_code, again.json()["error"]["code"]) == (412, "0x80040237")
    assert call(dataverse, "PATCH", f"accounts({ID})", {"rebated_paid": 1}, If_Match="*").status_code == 404
    assert len(dataverse.tables["accounts"]) == 1
    assert call(dataverse, "PATCH", f"accounts({ID})", {"rebated_paid": 1}).status_code == 204
    assert len(dataverse.tables["accounts"]) == 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("accounts(98765)", {"rebated_paid": 1}, 400),
        ("contacts(" + ID + ")", {"name": "x"}, 404),
        ("accounts(" + ID + ")", {"no_such": 1}, 400),
        ("accounts(" + ID + ")", {"modifiedon": "2026-01-01T00:00:00Z"}, 400),
        ("accounts(" + ID + ")", {"rebated_paid": "1.50"}, 400),
        ("accounts(" + ID + ")", {"rebated_since": "2026-02-30"}, 400),
        ("accounts(" + ID + ")", {"name": "x" * 501}, 400),
        ("annotations(" + ID + ")", {"objectid_account@odata.bind": "/accounts(98765)"}, 400),
        ("annotations(" + ID + ")", {"objectid_account@odata.bind": f"/accounts({ID})"}, 404),
        ("annotations(" + ID + ")", [], 400),
    ],
)
def test_what_does_not_fit_is_refused(dataverse: Dataverse, path: str, body: Any, status: int) -> None:
    told = call(dataverse, "PATCH", path, body)
    assert (told.status_code, set(told.json()["error"])) == (status, {"code", "message"})
    assert not any(len(table) for table in dataverse.tables.values())


def test_who_is_not_let_in(dataverse: Dataverse) -> None:
    assert token(dataverse, client_secret="other").status_code == 401
    assert token(dataverse, scope="https://elsewhere/.default").status_code == 400
    told = requests.get(f"{dataverse.url}{API}/WhoAmI", headers={"Authorization": "Bearer x"}, timeout=5)
    assert (told.status_code, told.content) == (401, b"")
