"""Settings of a SOAP connection are refused with the place that is wrong, before anything is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.preset import laid_over, preset_names
from connectors.declarative.starter import about, starter
from connectors.soap_erp.settings import SoapSettings
from connectors.spi import Window
from core.errors import RebatedError
from tests.helpers.soap_replies import WSDL
from tests.unit.soap_erp.reading import INVOICES, connected, soap, told

BY_HAND: dict[str, Any] = {
    "wsdl": {"orders": {"source": "orders.wsdl"}},
    "read": {"invoices": INVOICES},
    "write": {"tier": {"idempotency": "repeat", "create": {"request": {"operation": "SetTier"}}}},
}


def refused(more: dict[str, Any], settings: type[SoapSettings] | type[RestSettings] = SoapSettings) -> str:
    """What is said of settings, with the place before it."""
    with pytest.raises(ValidationError) as caught:
        settings.model_validate(laid_over(BY_HAND, more) if settings is SoapSettings else more)
    (error,) = caught.value.errors()
    return f"{'.'.join(map(str, error['loc']))}: {error['msg'].removeprefix('Value error, ')}"


def test_a_service_described_by_hand_is_accepted() -> None:
    assert SoapSettings.model_validate(BY_HAND).read["invoices"].request.what == "GetInvoices"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"wsdl": {"orders": {"sha256": "3f0c"}}}, "wsdl.orders.sha256: "),
        ({"wsdl": {"orders": {"source": "${window.since}"}}}, ": wsdl.orders.source: ${window.since}: here there are"),
        ({"wsdl": {"orders": {"file": "x"}}}, "wsdl.orders.file: "),
        ({"soap_headers": {"Session": {"Id": "${window.since}"}}}, ": soap_headers.Session: ${window.since}: here"),
        ({"read": {"invoices": {"request": {"decode": {"return": "yaml"}}}}}, "read.invoices.request.decode.return."),
        ({"read": {"invoices": {"request": {"ok_when": "a ="}}}}, "read.invoices.request.ok_when: "),
        ({"read": {"invoices": {"request": {"argument": {}}}}}, "read.invoices.request.argument: "),
        ({"read": {"invoices": {"pages": {"kind": "search"}}}}, "read.invoices.pages.search."),
        (
            {"read": {"invoices": {"request": {"arguments": {"Id": "${page.numbr}"}}}}},
            ": read.invoices.request.arguments: ${page.numbr}: there are page.size",
        ),
        (
            {"write": {"tier": {"create": {"request": {"wsdl": "notes"}}}}},
            ": write.tier.create.0.request.wsdl: there is no [wsdl.notes]; there are: orders",
        ),
        ({"wsdl": {"notes": {"source": "notes.wsdl"}}}, ": read.invoices.request.wsdl: of several, one is to be named"),
        ({"auth": {"kind": "token_passport"}}, "auth.token_passport."),
        ({"auth": {"kind": "kerberos"}}, "auth: "),
    ],
)
def test_what_is_wrong_is_named_by_its_place(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SoapSettings.model_validate(laid_over(BY_HAND, more))
    found = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in caught.value.errors()]
    assert any(each.replace("Value error, ", "").startswith(said) for each in found), found


def test_each_wrong_name_is_said_once() -> None:
    said = refused({"headers": {"X-Company": "${window.since}"}})
    assert said.count("headers.X-Company") == 1


def test_a_map_that_is_named_inside_of_a_list_is_looked_for_as_well() -> None:
    each = {"$each": "tier.levels", "$as": "level", "$item": {"Code": "${level.name | map:codes}"}}
    said = refused(
        {"write": {"tier": {"create": {"request": {"operation": "SetTier", "arguments": {"Levels": each}}}}}}
    )
    assert said == ": write.tier.create.0.request.arguments: there is no [maps.codes]"


# ---------------------------------------------------------------- the other adapter's


def test_a_request_over_http_is_none_of_a_soap_service() -> None:
    said = refused({"read": {"others": {**INVOICES, "request": {"path": "/invoices"}}}})
    assert said == ": read.others.request: a request of this adapter has `operation`"


def test_an_operation_is_no_request_over_http() -> None:
    rest = {"base_url": "https://erp.example.com", "read": {"invoices": INVOICES}}
    assert refused(rest, RestSettings) == (
        ": read.invoices.request: a request of this adapter has `path`, and no `operation`"
    )


def test_a_preset_of_the_other_adapter_names_the_right_one() -> None:
    assert refused({"preset": "dolibarr"}) == (
        ": the preset 'dolibarr' is one of another adapter: adapter = \"crm_rest\""
    )
    assert refused({"preset": "nav_onprem"}, RestSettings) == (
        ": the preset 'nav_onprem' is one of another adapter: adapter = \"soap_erp\""
    )


# ---------------------------------------------------------------- what only the WSDL tells


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"operation": "GetInvoice"}, "there is no operation 'GetInvoice'; close to it: GetInvoices"),
        ({"operation": "GetInvoices", "arguments": {"Since": "2026-01-01"}}, "Since"),
        ({"operation": "GetInvoices", "soap_headers": {"Sesion": {"Id": "1"}}}, "Sesion"),
    ],
)
def test_a_name_that_the_wsdl_does_not_have_stops_before_anything_is_sent(
    tmp_path: Path, request_: dict[str, Any], said: str
) -> None:
    with connected(tmp_path, soap(""), read={"invoices": {**INVOICES, "request": request_}}) as (server, adapter):
        with pytest.raises(RebatedError, match=said) as caught:
            list(adapter.pull("invoices", Window(datetime(2026, 3, 1, tzinfo=UTC)), {}))
        assert server.asked == []
    assert "read.invoices.request" in f"{caught.value}{caught.value.hint}"


def test_a_wsdl_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    missing = {"only": {"source": str(WSDL / "no_such.wsdl")}}
    with pytest.raises(RebatedError, match=r"wsdl\.only: .*no_such\.wsdl"):
        told(tmp_path, soap(""), wsdl=missing, read={"invoices": INVOICES})


@pytest.mark.parametrize("name", preset_names())
def test_what_a_preset_says_of_its_credentials_stands_beside_them(name: str) -> None:
    begun = starter(name, "erp")
    for setting, meaning in about(name).credentials.items():
        (line,) = (line for line in begun.splitlines() if line.startswith(f"{setting} = "))
        assert line.endswith(f"# {meaning}")
