"""What `rebated connector try` shows of a reply over SOAP."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.declarative.trial import read_once
from core.source import SourceRules
from tests.unit.soap_erp.reading import INVOICES, connected, invoice, soap


def test_one_of_each_list_is_shown_and_every_name_with_its_value(tmp_path: Path) -> None:
    pairs = "".join(f'<Pair name="N{number}">{number}</Pair>' for number in range(3))
    body = soap(invoice(1, pairs) + invoice(2))
    with connected(tmp_path, body, read={"invoices": INVOICES}) as (_, adapter):
        (asked,) = read_once(adapter, "invoices", SourceRules()).requests
    first, more = json.loads(asked.reply)["Invoice"]
    assert more == "… and 1 more"
    assert first["Pair"] == [{"name": f"N{number}", "_value": str(number)} for number in range(3)]
    assert asked.status == 200 and "<ns0:GetOrders" in asked.body
