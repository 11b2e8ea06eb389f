"""What the stand-in for Pipedrive has of its own: two versions, field codes, a budget, merges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.pipedrive import Pipedrive


@pytest.fixture
def pipedrive() -> Iterator[Pipedrive]:
    with Pipedrive() as pipedrive:
        yield pipedrive


def call(pipedrive: Pipedrive, method: str, path: str, body: Any = None) -> requests.Response:
    headers = {"x-api-token": pipedrive.token}
    return requests.request(method, f"{pipedrive.url}{path}", json=body, headers=headers, timeout=5)


def test_organizations_come_page_by_page(pipedrive: Pipedrive) -> None:
    for name in "ABC":
        pipedrive.add_organization(name)
    first = call(pipedrive, "GET", "/api/v2/organizations?limit=2").json()
    assert [each["name"] for each in first["data"]] == ["A", "B"]
    cursor = first["additional_data"]["next_cursor"]
    last = call(pipedrive, "GET", f"/api/v2/organizations?limit=2&cursor={cursor}").json()
    assert ([each["name"] for each in last["data"]], last["additional_data"]["next_cursor"]) == (["C"], None)
    assert call(pipedrive, "GET", "/api/v2/organizations?limit=501").status_code == 400
    assert call(pipedrive, "GET", "/api/v2/organizations?modified_since=x").status_code == 400


def test_fields_take_what_is_of_their_type(pipedrive: Pipedrive) -> None:
    tier, sum_of = pipedrive.add_field("Rebate tier"), pipedrive.add_field("Rebate accrued", "double")
    path = f"/api/v2/organizations/{pipedrive.add_organization('A').id}"
    assert call(pipedrive, "PATCH", path, {"custom_fields": {tier: "gold", sum_of: 12.5}}).status_code == 200
    for wrong in ({tier: 12}, {sum_of: "12.5"}, {"0" * 40: "gold"}):
        assert call(pipedrive, "PATCH", path, {"custom_fields": wrong}).status_code == 400
    told = call(pipedrive, "GET", path).json()["data"]["custom_fields"]
    assert told == {tier: "gold", sum_of: 12.5}
    labels = {
        each["field_name"]: each["field_code"]
        for each in call(pipedrive, "GET", "/api/v2/organizationFields").json()["data"]
    }
    assert labels["Rebate tier"] == tier


def test_notes_double_and_go_along_with_a_merge(pipedrive: Pipedrive) -> None:
    kept, gone = pipedrive.add_organization("A"), pipedrive.add_organization("B")
    for _ in range(2):
        assert call(pipedrive, "POST", "/v1/notes", {"content": "Gold RB-1", "org_id": int(gone.id)}).status_code == 200
    assert call(pipedrive, "POST", "/v1/notes", {"content": "x", "org_id": gone.id}).status_code == 400
    pipedrive.merge(gone, kept)
    notes = call(pipedrive, "GET", f"/v1/notes?org_id={kept.id}&limit=1").json()
    assert notes["additional_data"]["pagination"]["next_start"] == 1
    assert call(pipedrive, "GET", f"/v1/notes?org_id={gone.id}").json()["data"] is None
    assert call(pipedrive, "GET", f"/api/v2/organizations/{gone.id}").status_code == 404


def test_the_tokens_of_a_day_end(pipedrive: Pipedrive) -> None:
    pipedrive.budget = 30
    assert call(pipedrive, "GET", "/v1/notes").status_code == 200
    assert call(pipedrive, "GET", "/api/v2/organizations").status_code == 200
    assert call(pipedrive, "GET", "/v1/users/me").status_code == 429
    assert (pipedrive.spent, requests.get(f"{pipedrive.url}/v1/notes", timeout=5).status_code) == (30, 401)
