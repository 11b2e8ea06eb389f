"""The example of docs/connectors/onec.md: a service of 1C that is there already, which answers with tables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import cursor_of, records_of
from connectors.soap_erp.adapter import SoapAdapter
from connectors.spi import Window
from core.errors import FatalError
from core.normalise import normalise
from core.source import SourceRules
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, Call, Served, SoapStandIn, operation

PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "onec.md"
_TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)


class Sales(SoapStandIn):
    """One operation over documents by their date; the last day counts."""

    def __init__(self) -> None:
        self.services = {
            "sales": Served(WSDL_FOLDER / "onec_structured.wsdl", "/base/ws/sales.1cws", keep_address=True)
        }
        super().__init__()
        self.documents: list[dict[str, Any]] = []
        self.refusal = ""

    @operation("Sales")
    def sales(self, asked: Call) -> Any:
        since, till = (date.fromisoformat(asked.arguments[name]) for name in ("DateFrom", "DateTo"))
        if self.refusal:
            return {"return": {"Status": "ERROR", "Description": self.refusal}}
        found = [each for each in self.documents if since <= date.fromisoformat(each["Date"][:10]) <= till]
        return {"return": {"Status": "OK", "Description": {"_nil": True}, "Document": found}}

    def add(self, ref: str, day: str, **more: Any) -> None:
        row = {
            "Article": "A-1",
            "Name": "Пила",
            "Quantity": Decimal(2),
            "Sum": Decimal("200.10"),
            "VAT": Decimal("40.02"),
        }
        about = {"Ref": ref, "Number": f"0000-{ref}", "Date": day, "PayUntil": "0001-01-01T00:00:00", "Posted": True}
        customer = {"Ref": "K-1", "Name": "ТОВ «Ромашка»"}
        sums = {"Currency": "980", "Sum": "200,10", "Goods": {"Row": [{**row, "Rate": Decimal(20)}]}}
        self.documents.append({**about, "Customer": customer, **sums, **more})


@pytest.fixture
def sales() -> Iterator[Sales]:
    with Sales() as sales:
        yield sales
        assert sales.invalid == []


def adapter(sales: Sales, folder: Path) -> SoapAdapter:
    (example,) = (
        found for text in _TOML.findall(PAGE.read_text("utf-8")) if "settings" in (found := tomllib.loads(text))
    )
    service = {"source": str(WSDL_FOLDER / "onec_structured.wsdl"), "address": sales.address("sales")}
    settings = {**example["settings"], "wsdl": {"sales": service}}
    return SoapAdapter("onec", SoapAdapter.Settings.model_validate(settings), folder)


def test_its_documents_land(sales: Sales, tmp_path: Path) -> None:
    sales.add("1", "2026-02-03T10:30:00")
    sales.add("2", "2026-02-03T11:00:00", Posted=False)
    sales.add("3", "2026-02-04T00:00:00", PayUntil="2026-03-04T00:00:00", Goods={"Row": []}, Sum="0,00")
    pages = list(adapter(sales, tmp_path).pull("documents", Window(NOW), {}))
    assert [bad.message for page in pages for bad in page.bad] == []
    first, empty = records_of(pages)
    record = normalise(first, SourceRules(time_zone="Europe/Kyiv"))
    assert (record.external_id, record.day, record.currency, record.account) == ("1", date(2026, 2, 3), "UAH", "K-1")
    assert (record.net, record.tax, [line.product for line in record.lines]) == (20_010, 4_002, ["A-1"])
    assert "due" not in first.fields and "due" in empty.fields
    assert (empty.external_id, empty.lines) == ("3", [])


def test_a_week_is_read_again_and_nothing_told_twice(sales: Sales, tmp_path: Path) -> None:
    sales.add("1", "2026-02-03T10:30:00")
    pages = list(adapter(sales, tmp_path).pull("documents", Window(NOW), {}))
    sales.add("2", "2026-02-01T09:00:00")
    later = Window(NOW + timedelta(days=1))
    again = list(adapter(sales, tmp_path).pull("documents", later, cursor_of(pages)))
    assert [record.external_id for record in records_of(again)] == ["2"]


def test_what_it_refuses_is_said_in_its_words(sales: Sales, tmp_path: Path) -> None:
    sales.refusal = "Організацію не знайдено"
    with pytest.raises(FatalError, match="Організацію не знайдено"):
        list(adapter(sales, tmp_path).pull("documents", Window(NOW), {}))
