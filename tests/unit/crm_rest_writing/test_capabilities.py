"""What a connection says it can do, and how it keeps us from writing twice."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.spi import Capabilities
from tests.unit.crm_rest_writing.conversation import Conversation, adapter
from tests.unit.crm_rest_writing.vouchers import WRITE

CREATE = {"request": {"method": "POST", "path": "/x"}}
KEYED: dict[str, Any] = {
    "create": CREATE,
    "find": {"request": {"path": "/x"}},
    "remote": {"fields": {"id": "id", "key": "key"}},
}
TIER = {"idempotency": "repeat", "create": CREATE}


def said(write: dict[str, Any], **more: Any) -> Capabilities:
    with Conversation(lambda asked: {}) as talk:
        return adapter(talk, write, **more).capabilities


def test_the_weakest_of_the_documents_is_the_general_one() -> None:
    capabilities = said(
        {
            "credit_note": {**WRITE, "lookup_lag": 3, "negative_lines": False},
            "debit_invoice": {**WRITE, "idempotency": "duplicate_error"},
            "account_note": {**KEYED, "idempotency": "marker", "lookup_lag": 30},
            "journal": {**KEYED, "idempotency": "conditional"},
            "tier": {**TIER, "lookup_lag": 600},
        },
        longest_request=77,
    )
    assert capabilities.writes == {"credit_note", "debit_invoice", "account_note", "journal", "tier"}
    assert capabilities.uniqueness == "draft_first"
    assert capabilities.apart == {"debit_invoice": "enforced", "account_note": "searched", "journal": "enforced"}
    assert (capabilities.lookup_lag, capabilities.max_request_time) == (30, 77)
    assert (capabilities.negative_lines, capabilities.repeatable) == (False, {"tier"})


def test_where_no_documents_are_written_the_other_kinds_say_it() -> None:
    capabilities = said({"account_note": {**KEYED, "idempotency": "upsert"}, "tier": TIER})
    assert (capabilities.uniqueness, capabilities.apart) == ("enforced", {})
    assert said({"tier": TIER}).uniqueness == "none"


@pytest.mark.parametrize(
    ("write", "unique"),
    [
        ({"idempotency": "search"}, "none"),
        ({"idempotency": "search", "uniqueness": "searched"}, "searched"),
        ({"idempotency": "marker"}, "searched"),
        ({"idempotency": "duplicate_error", "uniqueness": "searched"}, "searched"),
    ],
)
def test_what_follows_can_be_stated_otherwise(write: dict[str, Any], unique: str) -> None:
    assert said({"account_note": {**KEYED, **write}}).unique("account_note") == unique


def test_what_is_switched_off_is_not_written() -> None:
    capabilities = said({"account_note": {**KEYED, "idempotency": "marker", "off": True}, "tier": TIER})
    assert capabilities.writes == {"tier"}
