"""What the preset for HubSpot sends, and what its stand-in answers, against HubSpot's own OpenAPI files."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.stand_ins.base import Received
from tests.helpers.stand_ins.hubspot import HubSpot
from tests.helpers.stand_ins.hubspot_harness import HubSpotHarness
from tests.helpers.stand_ins.vendor_files import assert_allowed, vendor_file
from tests.helpers.stand_ins.whole_run import whole_run

FILES = ("properties", "notes", "companies")


def _file(asked: Received) -> str:
    """The file of the path: that of its type of object."""
    name = next(name for name in FILES if f"/{name}/" in f"{asked.path}/")
    return f"hubspot/{name}-2026-03.clean.json"


def test_what_passes_is_what_hubspots_files_allow(tmp_path: Path) -> None:
    for name in FILES:
        vendor_file(f"hubspot/{name}-2026-03.clean.json")
    with HubSpot(nulls=False) as hubspot:
        harness = HubSpotHarness(hubspot, tmp_path)
        try:
            whole_run(harness)
        finally:
            harness.close()
        asked = hubspot.requests
    assert {request.path.rsplit("/", 1)[1] for request in asked} >= {"search", "read", "update", "notes", "rebated_key"}
    for request in asked:
        assert_allowed(request, _file(request), "https://api.hubapi.com")
