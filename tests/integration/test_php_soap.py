"""The SOAP adapter on a server that encodes for real: PHP's ext-soap, rpc/encoded, over HTTP.

Arrays of the SOAP encoding, objects that a reply holds once and refers to, nulls and faults: from the invoices that
are read to the credit note that is found again. Skipped where there is no PHP, or no ext-soap in it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.declarative.preset import laid_over
from connectors.soap_erp.adapter import SoapAdapter
from connectors.spi import DocumentRequest, Window, WriteRefused
from core.errors import FatalError

HELPERS = Path(__file__).parents[1] / "helpers"
WSDL = HELPERS / "wsdl" / "php_shop.wsdl"
PASSWORD = "shop-pass-<&>"

SETTINGS = """
longest_request = 5

[wsdl.shop]
may_lack = ["id"]

[auth]
kind = "basic"
user = "rebated"
password = { file = "password" }

[read.documents]
kind = "invoice"
kinds = [{ when = "type == 'credit'", kind = "credit_note" }]
only = "state != 'draft'"
records = "documents"
pages = { kind = "keyset", field = "id", start = 0, size = 2 }
window = { field = "changed", overlap = 60 }
one = { record = "document", request = { operation = "getDocument", arguments = { id = "${id | integer}" } } }

[read.documents.request]
operation = "listDocuments"
arguments = { since = "${window.since}", after = "${page.after | integer}", count = "${page.size}" }

[read.documents.fields]
id = "id"
number = "number"
account = "customer.id"
issued = "issued"
currency = "currency"
entity = { value = "DE01" }
state = { path = "state", map = { posted = "posted" } }
reference = "reference"
total_net = { path = "net", required = true }
total_tax = "tax"

[read.documents.lines]
records = "lines"
fields = { description = "text", quantity = "quantity", net = "net", tax = "tax", tax_percent = "rate" }

[write.credit_note]
idempotency = "search"
lookup_lag = 0

[[write.credit_note.create]]
save = { id = "id" }

[write.credit_note.create.request]
operation = "createDocument"

[write.credit_note.create.request.arguments.document]
type = "credit"
customer = { id = "${document.account | integer}", name = "", country = "" }
issued = "${document.issued}"
currency = "${document.currency}"
net = "${document.net}"
tax = "${document.tax}"
reference = "${document.key}"

[write.credit_note.create.request.arguments.document.lines]
"$each" = "document.lines"
"$as" = "line"

[write.credit_note.create.request.arguments.document.lines."$item"]
text = "${line.description}"
quantity = 1
net = "${line.net}"
tax = "${line.tax}"
rate = "${line.rate}"

[write.credit_note.post]
request = { operation = "postDocument", arguments = { id = "${id | integer}" } }

[write.credit_note.find]
records = "documents"
request = { operation = "findByReference", arguments = { reference = "${key}" } }

[write.credit_note.one]
record = "document"
request = { operation = "getDocument", arguments = { id = "${id | integer}" } }

[write.credit_note.remote.fields]
id = "id"
key = "reference"
number = "number"
state = { path = "state", map = { draft = "draft", posted = "posted" } }
account = "customer.id"
currency = "currency"
net = "net"
tax = "tax"
line_count = "length(lines)"

[[errors]]
path = "fault.code"
matches = "NotFound$"
then = "missing"
"""


def document(number: int, lines: int = 1, **values: Any) -> dict[str, Any]:
    """An invoice of the customer 7. One of 1234567.89 is no other amount after a float had it in its hands."""
    line = {"text": "A & B", "quantity": "2", "net": "1234567.89", "tax": "0.10", "rate": "20"}
    plain = {"number": f"RE-{number}", "type": "invoice", "state": "posted", "customer": 7, "issued": "2026-01-15"}
    amounts = {"currency": "EUR", "net": "1234567.89", "tax": "0.10"} if lines else {"net": "0", "tax": "0"}
    stamped = {"currency": "EUR", "changed": "2026-01-15T10:00:00Z", "reference": None}
    return {"id": number, **plain, **stamped, **amounts, "lines": [line] * lines, **values}


class Shop:
    """PHP's own server with shop.php, and what it keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "shop.json"
        (folder / "password").write_text(PASSWORD)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/shop.php"
        self.keep([document(1), document(2, lines=0), document(3, reference="RB-OTHER")])

    def keep(self, documents: list[dict[str, Any]]) -> None:
        customers = {"7": {"id": 7, "name": "Buyer & Söhne", "country": "DE"}}
        self.data.write_text(json.dumps({"last_number": 0, "customers": customers, "documents": documents}))

    @property
    def kept(self) -> list[dict[str, Any]]:
        documents: list[dict[str, Any]] = json.loads(self.data.read_text())["documents"]
        return documents

    def adapter(self, source: str = str(WSDL), **more: Any) -> SoapAdapter:
        own = {"wsdl": {"shop": {"source": source, "address": self.url}}}
        settings = laid_over(laid_over(tomllib.loads(SETTINGS), own), more)
        return SoapAdapter("shop", SoapAdapter.Settings.model_validate(settings), self.folder)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    php = shutil.which("php")
    if php is None:
        pytest.skip("there is no php: apt-get install php-cli php-soap")
    if "soap" not in subprocess.run([php, "-m"], capture_output=True, text=True, check=True).stdout.split():
        pytest.skip("php has no ext-soap: apt-get install php-soap")
    found = Shop(tmp_path)
    environment = {"SHOP_PASSWORD": PASSWORD, "SHOP_DATA": str(found.data), "SHOP_WSDL": str(WSDL)}
    command = [php, "-d", "soap.wsdl_cache_enabled=0", "-S", f"127.0.0.1:{found.port}", "-t", str(HELPERS / "php")]
    with (tmp_path / "php.log").open("wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        _wait_for(found.port, server)
        yield found
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


def pulled(adapter: SoapAdapter) -> dict[str, Any]:
    pages = list(adapter.pull("documents", Window(datetime(2026, 12, 1, tzinfo=UTC)), {}))
    assert [bad.message for page in pages for bad in page.bad] == []
    return {record.external_id: record for page in pages for record in page.records}


def test_arrays_references_and_nulls_are_read(shop: Shop) -> None:
    """Two documents on a page have one customer: ext-soap writes it once, and refers to it by href."""
    records = pulled(shop.adapter())
    assert {id: record.fields["account"] for id, record in records.items()} == {"1": 7, "2": 7, "3": 7}
    assert [len(record.lines) for record in records.values()] == [1, 0, 1]
    (line,) = records["1"].lines
    assert (str(records["1"].fields["total_net"]), str(line["net"]), str(line["tax"])) == (
        "1234567.89",
        "1234567.89",
        "0.10",
    )
    assert line["description"] == "A & B"
    assert [record.fields.get("reference") for record in records.values()] == [None, None, "RB-OTHER"]


def test_a_credit_note_is_written_posted_and_found_again(shop: Shop) -> None:
    request = sample_request("credit_note", 1, "7")
    assert isinstance(request, DocumentRequest)
    remote = shop.adapter().create(request)
    assert (remote.number, remote.state, remote.net, remote.tax) == ("GS-0001", "posted", 1505, 251)
    (found,) = shop.adapter().look_up("credit_note", request.key)
    assert (found.remote_id, found.number) == (remote.remote_id, "GS-0001")
    (kept,) = [each for each in shop.kept if each["reference"] == request.key]
    assert [(line["net"], line["tax"], line["rate"]) for line in kept["lines"]] == [
        ("10.00", "2.00", "20"),
        ("5.05", "0.51", "10"),
    ]
    assert (kept["net"], kept["issued"], kept["customer"]) == ("15.05", "2026-02-03", 7)
    assert shop.adapter().look_up("credit_note", "RB-NONE") == ()


def test_a_fault_says_why(shop: Shop) -> None:
    with pytest.raises(WriteRefused, match="there is no customer 99"):
        shop.adapter().create(sample_request("credit_note", 1, "99"))
    assert len(shop.kept) == 3
    assert shop.adapter().read_back("credit_note", "99") is None
    assert shop.adapter().fetch("invoice", "99") is None


def test_the_description_can_come_from_the_server(shop: Shop) -> None:
    assert set(pulled(shop.adapter(f"{shop.url}?wsdl"))) == {"1", "2", "3"}


def test_a_wrong_password_is_no_empty_list(shop: Shop) -> None:
    (shop.folder / "password").write_text("another")
    with pytest.raises(FatalError, match=r"401|credentials"):
        pulled(shop.adapter())
