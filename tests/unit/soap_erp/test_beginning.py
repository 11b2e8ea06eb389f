"""Settings to begin with, from a WSDL."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from connectors.soap_erp.adapter import SoapAdapter
from connectors.soap_erp.settings import SoapSettings
from connectors.soap_erp.wsdl.beginning import beginning
from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.tree import tree

WSDLS = Path(__file__).parents[2] / "helpers" / "wsdl"
NAV = Path(os.environ.get("REBATED_SHARED", "../shared")) / "specs/wsdl/nav"


def begun(path: Path, operation: str = "") -> dict:
    documents = Documents(path)
    text = beginning(
        tree(documents, depth=8), connection="erp", source=str(path), sha256=documents.digest(), operation=operation
    )
    return tomllib.loads(text)["connections"]["erp"]


@pytest.mark.parametrize("name", sorted(path.stem for path in WSDLS.glob("*.wsdl")))
def test_every_beginning_is_toml_whose_places_exist(name):
    given = begun(WSDLS / f"{name}.wsdl")
    assert given["adapter"] == "soap_erp" and given["write"] is False
    stream = given["settings"]["read"]["invoices"]
    stream["fields"].setdefault("id", "id")  # what a person adds
    if stream.get("pages", {}).get("field") == "...":
        stream["pages"]["field"] = "id"
    settings = SoapSettings.model_validate(given["settings"])
    wire = SoapAdapter.build("erp", settings, base=Path()).client.wire
    assert stream["request"]["operation"] in wire.described(settings.read["invoices"].request).service.operations


def test_the_named_operation_is_taken():
    request = begun(WSDLS / "onec.wsdl", "GetCustomers")["settings"]["read"]["invoices"]["request"]
    assert request["operation"] == "GetCustomers"


def test_the_arguments_and_arrays_of_rpc_are_named_as_settings_name_them():
    stream = begun(WSDLS / "php_shop.wsdl")["settings"]["read"]["invoices"]
    assert stream["request"]["arguments"] == {
        "since": "${window.since}", "after": "${page.after}", "count": "${page.size}"
    }  # fmt: skip
    assert (stream["records"], stream["lines"]["records"]) == ("documents", "lines")
    assert stream["window"]["field"] == "changed"


def test_what_a_reply_counts_ends_numbered_pages_and_texts_with_attributes_are_found():
    stream = begun(WSDLS / "counted.wsdl")["settings"]["read"]["invoices"]
    assert stream["pages"] == {"kind": "number", "size": 100, "total": "Bills.Meta.TotalCount"}
    assert stream["request"]["arguments"] == {"PageNumber": "${page.number}"}
    assert (stream["fields"]["id"], stream["fields"]["total_net"]) == ("BillNo", "NetTotal._value")


@pytest.mark.skipif(not NAV.is_dir(), reason="the vendors' WSDLs of REBATED_SHARED are not here")
def test_of_a_page_of_nav_the_list_its_lines_and_the_bookmark_are_understood():
    stream = begun(NAV / "derived-page-PostedSalesInvoices.wsdl")["settings"]["read"]["invoices"]
    assert stream["request"]["operation"] == "ReadMultiple"
    assert stream["records"] == "ReadMultiple_Result.PostedSalesInvoices"
    assert stream["pages"]["path"] == "ReadMultiple_Result.PostedSalesInvoices[-1].Key"
    fields = stream["fields"]
    assert (fields["id"], fields["account"], fields["issued"]) == ("No", "Sell_to_Customer_No", "Posting_Date")
    assert stream["lines"]["records"] == "SalesLines.Posted_Sales_Invoice_Line"
    assert stream["lines"]["fields"]["net"] == "Line_Amount"
