"""The preset for Magento 1 on PHP's own SOAP server, which Magento answers with: what it decodes of our arguments, and
what it makes of rows of a database. Skipped where there is no PHP, or no ext-soap in it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.soap_erp.adapter import SoapAdapter
from connectors.spi import Window, WriteRefused

HELPERS = Path(__file__).parents[1] / "helpers"
KEY = "api-key-<&>-4711"


class Shop:
    """The server, and what it keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.wsdl = folder, folder / "magento.json", folder / "magento1.wsdl"
        (folder / "key").write_text(KEY)
        self.keep({"sessions": [], "comments": [], "group": "1"})
        lines = (HELPERS / "wsdl" / "magento1.wsdl").read_text().splitlines()
        # PHP knows the encoding by itself, and would load its schema over the network.
        self.wsdl.write_text("\n".join(line for line in lines if "<import namespace" not in line))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def keep(self, kept: dict[str, Any]) -> None:
        self.data.write_text(json.dumps(kept))

    @property
    def kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self.data.read_text())
        return kept

    def adapter(self) -> SoapAdapter:
        settings = {
            "preset": "magento1",
            "auth": {"user": "rebated", "password": {"file": "key"}},
            "values": {
                "url": f"http://127.0.0.1:{self.port}/magento.php",
                "wsdl": str(HELPERS / "wsdl" / "magento1.wsdl"),
                "entity": "DE01",
            },
        }
        return SoapAdapter("shop", SoapAdapter.Settings.model_validate(settings), self.folder)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    php = shutil.which("php")
    if php is None:
        pytest.skip("there is no php: apt-get install php-cli php-soap")
    if "soap" not in subprocess.run([php, "-m"], capture_output=True, text=True, check=True).stdout.split():
        pytest.skip("php has no ext-soap: apt-get install php-soap")
    shop = Shop(tmp_path)
    environment = {"MAGENTO_DATA": str(shop.data), "MAGENTO_WSDL": str(shop.wsdl), "MAGENTO_KEY": KEY}
    command = [php, "-S", f"127.0.0.1:{shop.port}", "-t", str(HELPERS / "php")]
    with (tmp_path / "php.log").open("wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        _wait_for(shop.port, server)
        yield shop
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("php did not start")


def pulled(shop: Shop, stream: str) -> list[Any]:
    pages = list(shop.adapter().pull(stream, Window(datetime(2026, 12, 1, tzinfo=UTC)), {}))
    assert [bad.message for page in pages for bad in page.bad] == []
    return [record for page in pages for record in page.records]


def test_it_is_found_sound(shop: Shop) -> None:
    assert [finding.what for finding in shop.adapter().check() if finding.level == "error"] == []


def test_an_invoice_is_read_with_its_order(shop: Shop) -> None:
    """What is null in the database is nil in the reply; what the WSDL does not name does not come."""
    (record,) = pulled(shop, "documents")
    assert (record.external_id, record.fields["account"], str(record.fields["total_net"])) == (
        "200000001",
        "101",
        "200.1000",
    )
    assert [(line["product"], line["description"], line["net"], line["tax_percent"]) for line in record.lines] == [
        ("SAW", "Säge & Co", "200.1000", "20.0000")
    ]
    assert pulled(shop, "credit_memos") == []
    assert shop.adapter().fetch("invoice", "nowhere") is None


def test_customers_are_read_with_their_groups(shop: Shop) -> None:
    (record,) = pulled(shop, "accounts")
    assert (record.fields["name"], record.fields["segment"]) == ("Buyer", "General")
    found = shop.adapter().fetch("account", "101")
    assert found is not None and found.fields["segment"] == "General"
    assert shop.adapter().fetch("account", "102") is None


def test_a_comment_and_a_group_are_written(shop: Shop) -> None:
    note = sample_request("account_note", 1, "101")
    adapter = shop.adapter()
    assert adapter.look_up("account_note", note.key, "101") == ()
    created = adapter.create(note)
    assert (created.remote_id, shop.kept["comments"]) == ("100000501", [f"You are Gold now\n[{note.key}]"])
    assert adapter.look_up("account_note", note.key, "101") == (created,)
    adapter.create(sample_request("tier", 1, "101"))
    assert shop.kept["group"] == 5
    with pytest.raises(WriteRefused, match="no order"):
        adapter.create(sample_request("account_note", 2, "98765"))
    with pytest.raises(WriteRefused, match="Customer not exists"):
        adapter.create(sample_request("tier", 1, "98765"))


def test_a_session_that_ended_is_begun_anew(shop: Shop) -> None:
    adapter = shop.adapter()
    assert adapter.fetch("account", "101") is not None
    shop.keep({**shop.kept, "sessions": []})
    assert adapter.fetch("account", "101") is not None
    assert len(shop.kept["sessions"]) == 1
