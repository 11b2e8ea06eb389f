"""`rebated connector inspect`: what a person sees of a WSDL, keeps of it, and is told where something is wrong."""

from __future__ import annotations

import builtins
import json
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.errors import RebatedError, RefusedError
from scheduler.cli.main import app
from tests.unit.http.server import Answer, Server

WSDL = Path(__file__).parents[1] / "helpers" / "wsdl"
ORDERS = str(WSDL / "small_orders.wsdl")


def inspect(*arguments: str) -> str:
    """What is printed. Raises what the command raises."""
    result = CliRunner().invoke(app, ["connector", "inspect", *arguments])
    if isinstance(result.exception, RebatedError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_operations_are_shown_with_their_arguments_and_one_with_its_messages():
    shown = inspect(ORDERS)
    assert "port Orders11  SOAP 1.1  http://orders.internal/ws  (1 operation)" in shown
    assert "GetOrders(Since?, Filter?)" in shown and "Token" not in shown
    whole = inspect(ORDERS, "--operation", "GetOrders")
    assert "GetOrders  document/literal" in whole
    assert "Filter 0..*" in whole and "Record 0..*  Record; _type is one of Order" in whole and "Token  string" in whole


def test_as_json_it_is_data():
    (told,) = json.loads(inspect(ORDERS, "--json")).values()
    assert len(told["sha256"]) == 64
    assert [port["name"] for port in told["services"][0]["ports"]] == ["Orders11", "Orders12"]


def test_a_beginning_is_written_for_the_operation_that_is_named():
    settings: Any = tomllib.loads(inspect(ORDERS, "--starter", "-o", "GetOrders", "--name", "shop"))
    assert settings["connections"]["shop"]["settings"]["read"]["invoices"]["request"]["operation"] == "GetOrders"


@pytest.mark.parametrize("more", [(), ("--starter",), ("--json",)])
def test_an_operation_that_is_not_there_is_told_with_those_that_are(more: tuple[str, ...]):
    with pytest.raises(RefusedError, match="there is no operation 'GetOrder'; there are: GetOrders"):
        inspect(ORDERS, "-o", "GetOrder", *more)


@pytest.mark.parametrize("source", ["orders.wsdl", "wsdl/orders"])
def test_a_file_that_is_not_there_is_no_connection(source: str):
    with pytest.raises(RefusedError, match=f"{source}: there is no such file"):
        inspect(source)


def test_what_is_saved_is_used_without_the_server(tmp_path: Path):
    server = Server(lambda asked: Answer(200, Path(ORDERS).read_bytes()))
    url = f"{server.url}/orders?wsdl"
    with closing(server):
        assert f"kept in {tmp_path}" in inspect(url, "--save", str(tmp_path)).replace("\n", "")
        begun: Any = tomllib.loads(inspect(url, "--save", str(tmp_path), "--starter"))
    assert begun["connections"]["erp"]["settings"]["wsdl_cache"] == str(tmp_path)
    (tmp_path / "rebated.toml").write_text(
        '[entities.DE01]\nname = "A"\ncountry = "DE"\n[connections.erp]\nadapter = "soap_erp"\n'
        f'[connections.erp.settings]\nwsdl_cache = "{tmp_path}"\n[connections.erp.settings.wsdl.orders]\n'
        f'source = "{url}"\nport = "Orders12"\n'
    )
    assert "GetOrders" in inspect("erp", "--config", str(tmp_path / "rebated.toml"))


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def without_zeep(name: str, *others: Any) -> Any:
        if name.partition(".")[0] == "zeep":
            raise ModuleNotFoundError("No module named 'zeep'", name="zeep")
        return real(name, *others)

    for name in [name for name in sys.modules if name.startswith("connectors.soap_erp.wsdl")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without_zeep)
    with pytest.raises(RefusedError, match="a package is needed that is not there: zeep") as caught:
        inspect(ORDERS)
    assert caught.value.hint == "install rebated[soap]"
