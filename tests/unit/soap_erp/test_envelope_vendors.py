"""Requests to the vendors' own WSDLs are valid by their own schemas."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import service_of
from core.errors import ConfigError, DataError
from tests.helpers.requests_of import built, plain, texts, valid, vendor_wsdl

NETSUITE = "netsuite-2023_2/netsuite.wsdl"
SALES = {"sales": "urn:customers_2023_2.transactions.webservices.netsuite.com"}


class TestNav:
    def test_a_credit_memo_is_created(self):
        path = vendor_wsdl("nav/derived-page-SalesCreditMemo.wsdl")
        line = {"Type": "G_L_Account", "No": "8000", "Quantity": 1, "Unit_Price": Decimal("12.50")}
        memo = {"Sell_to_Customer_No": "10000", "SalesLines": {"Sales_Cr_Memo_Line": [line, line]}}
        body = valid(path, "Create", {"SalesCreditMemo": memo})
        lines = [texts(one) for one in body.iter("{*}Sales_Cr_Memo_Line")]
        assert lines == [{"Type": "G_L_Account", "No": "8000", "Quantity": "1", "Unit_Price": "12.50"}] * 2

    def test_a_page_is_asked_for_by_filters(self):
        path = vendor_wsdl("nav/derived-page-Customer.wsdl")
        filters = [{"Field": "No", "Criteria": "1.."}, {"Field": "Name", "Criteria": ""}]
        body = valid(path, "ReadMultiple", {"filter": filters, "bookmarkKey": None, "setSize": 0})
        assert [name for name, _ in plain(body)] == ["filter", "filter", "setSize"]
        with pytest.raises(ConfigError, match=r"arguments.filter.0.Feld: .*Field"):
            built(path, "ReadMultiple", {"filter": [{"Feld": "No", "Criteria": ""}], "setSize": 0})
        with pytest.raises(DataError, match=r"arguments.filter: "):
            built(path, "ReadMultiple", {"filter": [], "setSize": 0})
        with pytest.raises(DataError, match=r"arguments.filter.0.Field: .*schema allows"):
            built(path, "ReadMultiple", {"filter": [{"Field": "Nr", "Criteria": ""}], "setSize": 0})


class TestNetSuite:
    def test_is_read_once_per_process(self):
        path = vendor_wsdl(NETSUITE)
        assert service_of(Documents(path)).wsdl is service_of(Documents(path)).wsdl

    def test_requests_are_valid(self):
        record = {
            "_type": "sales:CreditMemo",
            "externalId": "k1",
            "entity": {"internalId": "7"},
            "itemList": {
                "item": [{"item": {"internalId": "5", "type": "serviceResaleItem"}, "amount": Decimal("12.50")}]
            },
            "customFieldList": {
                "customField": [
                    {"_type": "StringCustomFieldRef", "scriptId": "custbody_key", "value": "abc"},
                    {"_type": "BooleanCustomFieldRef", "scriptId": "custbody_flag", "value": False},
                ]
            },
        }
        path = vendor_wsdl(NETSUITE)
        body = valid(path, "add", {"record": record}, None, SALES)
        (added,) = body
        assert added.get("{http://www.w3.org/2001/XMLSchema-instance}type").endswith(":CreditMemo")
        assert added.attrib["externalId"] == "k1"
        assert body.findtext(".//{*}amount") == "12.50"
        assert [one.findtext("{*}value") for one in body.iter("{*}customField")] == ["abc", "false"]
        self._search(path)

    def _search(self, path):
        basic = {
            "type": {"operator": "anyOf", "searchValue": ["_creditMemo"]},
            "lastModifiedDate": {"operator": "onOrAfter", "searchValue": "2026-01-01T00:00:00Z"},
        }
        record = {"_type": "TransactionSearch", "basic": basic}
        with pytest.raises(ConfigError, match="close to it: TransactionSearch"):
            built(path, "search", {"searchRecord": {"_type": "TransactionSearc"}})
        assert valid(path, "search", {"searchRecord": record}) is not None
        signature = {"_value": "x=", "algorithm": "HMAC-SHA256"}
        passport = {"account": "1", "consumerKey": "c", "token": "t", "nonce": "n" * 10, "timestamp": 1}
        headers = {
            "tokenPassport": {**passport, "signature": signature},
            "searchPreferences": {"bodyFieldsOnly": False, "pageSize": 50},
        }
        header = built(path, "search", {"searchRecord": record}, headers).find("{*}Header")
        assert header.find("{*}tokenPassport/{*}signature").attrib == {"algorithm": "HMAC-SHA256"}
        assert texts(header.find("{*}searchPreferences")) == {"bodyFieldsOnly": "false", "pageSize": "50"}
