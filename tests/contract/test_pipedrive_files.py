"""What the preset for Pipedrive sends, and what its stand-in answers, against Pipedrive's published OpenAPI files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.settings.request import Request
from tests.helpers.stand_ins.base import Received
from tests.helpers.stand_ins.pipedrive import Pipedrive
from tests.helpers.stand_ins.pipedrive_harness import PipedriveHarness
from tests.helpers.stand_ins.vendor_files import assert_allowed, vendor_file
from tests.helpers.stand_ins.whole_run import whole_run

OLD, NEW = "pipedrive/pipedrive-v1-openapi.yml", "pipedrive/pipedrive-v2-openapi.yml"


def _requests(value: object) -> Iterator[Request]:
    """Every request in the settings."""
    if isinstance(value, Request):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _requests(getattr(value, name))
    elif isinstance(value, (dict, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _requests(part)


def _file(asked: Received) -> str:
    return NEW if asked.path.startswith("/api/v2/") else OLD


@pytest.fixture
def asked(tmp_path: Path) -> list[Received]:
    """What a whole run of the preset asked."""
    for name in (OLD, NEW):
        vendor_file(name)
    with Pipedrive(nulls=False) as pipedrive:
        harness = PipedriveHarness(pipedrive, tmp_path)
        try:
            whole_run(harness)
        finally:
            harness.close()
        return pipedrive.requests


def test_what_passes_is_what_pipedrives_files_allow(asked: list[Received]) -> None:
    parts = {request.path.split("/")[-2 if request.path[-1].isdigit() else -1] for request in asked}
    assert parts >= {"organizations", "notes", "me"}
    for request in asked:
        assert_allowed(request, _file(request), "https://api.pipedrive.com")


def test_what_a_request_costs_is_what_pipedrives_files_say() -> None:
    values = {"preset": "pipedrive", "auth": {"key": {"env": "TOKEN"}}}
    counted = {
        (request.method.lower(), re.sub(r"\$\{[^}]*\}", "{id}", request.path), request.cost)
        for request in _requests(RestSettings.model_validate(values))
    }
    assert len(counted) >= 8
    for method, path, cost in counted:
        name, prefix = (NEW, "/api/v2") if path.startswith("/api/v2") else (OLD, "/v1")
        found = path.removeprefix(prefix).replace("organizationFields/{id}", "organizationFields/{field_code}")
        told = (vendor_file(name).spec / "paths" / found / method / "x-token-cost").read_value()
        assert cost == told, f"{method} {path} costs {told}"
