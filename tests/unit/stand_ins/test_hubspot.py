"""What the stand-in for HubSpot has of its own: late search, unique properties, merges, parts of batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.hubspot import HubSpot

OBJECTS = "/crm/objects/2026-03"
SEARCH = {"filterGroups": [], "sorts": ["hs_object_id"], "properties": ["name"], "limit": 100, "after": "0"}


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    with HubSpot() as hubspot:
        hubspot.add_property("notes", "rebated_key", unique=True)
        yield hubspot


def call(hubspot: HubSpot, method: str, path: str, body: Any = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {hubspot.token}"}
    return requests.request(method, f"{hubspot.url}{path}", json=body, headers=headers, timeout=5)


def note(key: str, company: str) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 190}]
    return {
        "properties": {"hs_timestamp": "2026-03-01T10:00:00Z", "hs_note_body": "Gold", "rebated_key": key},
        "associations": [{"to": {"id": company}, "types": types}],
    }


def test_a_second_note_with_one_key_is_refused(hubspot: HubSpot) -> None:
    company = hubspot.add_company(name="A").id
    assert call(hubspot, "POST", f"{OBJECTS}/notes", note("RB-1", company)).status_code == 201
    again = call(hubspot, "POST", f"{OBJECTS}/notes", note("RB-1", company))
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "CONFLICTING_UNIQUE_VALUE")
    elsewhere = call(hubspot, "POST", f"{OBJECTS}/notes", note("RB-2", "98765"))
    assert (elsewhere.status_code, len(hubspot.tables["notes"])) == (400, 1)


def test_search_sees_late_what_reading_sees_at_once(hubspot: HubSpot) -> None:
    company = hubspot.add_company(name="A").id
    call(hubspot, "POST", f"{OBJECTS}/notes", note("RB-1", company))
    asked = {"inputs": [{"id": "RB-1"}], "idProperty": "rebated_key", "properties": [], "propertiesWithHistory": []}
    assert len(call(hubspot, "POST", f"{OBJECTS}/notes/batch/read", asked).json()["results"]) == 1
    search = SEARCH | {"properties": []}
    assert call(hubspot, "POST", f"{OBJECTS}/notes/search", search).json()["total"] == 0
    hubspot.clock.advance(timedelta(seconds=31))
    assert call(hubspot, "POST", f"{OBJECTS}/notes/search", search).json()["total"] == 1
    missing = call(hubspot, "POST", f"{OBJECTS}/notes/batch/read", asked | {"inputs": [{"id": "RB-9"}]})
    assert (missing.status_code, missing.json()["results"]) == (207, [])


def test_search_needs_all_keys_and_ends(hubspot: HubSpot) -> None:
    for name in "ABC":
        hubspot.add_company(name=name)
    hubspot.most_found = 2
    for wrong in ({"sorts": None}, {"limit": 201}, {"after": "2", "limit": 1}, {"filterGroups": [{"filters": []}]}):
        assert call(hubspot, "POST", f"{OBJECTS}/companies/search", SEARCH | wrong).status_code == 400
    behind = {"propertyName": "hs_object_id", "operator": "GT", "value": "901"}
    found = call(hubspot, "POST", f"{OBJECTS}/companies/search", SEARCH | {"filterGroups": [{"filters": [behind]}]})
    assert [each["id"] for each in found.json()["results"]] == ["902", "903"]


def test_a_batch_tells_what_is_missing_and_stops_at_what_is_wrong(hubspot: HubSpot) -> None:
    company = hubspot.add_company(name="A")
    path = f"{OBJECTS}/companies/batch/update"
    some = [{"id": company.id, "properties": {"name": "B"}}, {"id": "77", "properties": {"name": "C"}}]
    partly = call(hubspot, "POST", path, {"inputs": some})
    assert (partly.status_code, partly.json()["errors"][0]["context"]) == (207, {"ids": ["77"]})
    assert company.values["name"] == "B"
    wrong = [{"id": company.id, "properties": {"name": "D"}}, {"id": "77", "properties": {"no_such": "C"}}]
    hubspot.add_company(name="E")
    wrong[1]["id"] = "902"
    assert call(hubspot, "POST", path, {"inputs": wrong}).status_code == 400
    assert company.values["name"] == "B"
    traced = [each | {"objectWriteTraceId": str(number)} for number, each in enumerate(wrong)]
    partly = call(hubspot, "POST", path, {"inputs": traced})
    assert (partly.status_code, partly.json()["errors"][0]["context"]) == (207, {"objectWriteTraceId": ["1"]})
    assert company.values["name"] == "D"
    assert call(hubspot, "POST", path, {"inputs": [some[0], some[0]]}).status_code == 400
    number = {"inputs": [{"id": company.id, "properties": {"name": 12}}]}
    assert call(hubspot, "POST", path, number).status_code == 400


def test_a_merged_company_leads_to_the_other(hubspot: HubSpot) -> None:
    kept, gone = hubspot.add_company(name="A"), hubspot.add_company(name="B", country="DE")
    call(hubspot, "POST", f"{OBJECTS}/notes", note("RB-1", gone.id))
    hubspot.merge_companies(kept, gone)
    read = call(hubspot, "GET", f"{OBJECTS}/companies/{gone.id}?properties=hs_merged_object_ids,country").json()
    assert (read["id"], read["properties"]["hs_merged_object_ids"]) == (kept.id, gone.id)
    assert read["properties"]["country"] == "DE"
    assert list(hubspot.notes_of.values()) == [{kept.id}]


def test_strangers_and_missing_scopes_are_refused(hubspot: HubSpot) -> None:
    assert requests.get(f"{hubspot.url}{OBJECTS}/companies", timeout=5).status_code == 401
    hubspot.scopes.discard("crm.objects.companies.write")
    wrong = call(hubspot, "POST", f"{OBJECTS}/companies", {"properties": {}, "associations": []})
    assert (wrong.status_code, wrong.json()["category"]) == (403, "MISSING_SCOPES")
