"""The REST adapter without a preset: a system described by hand, in the words of docs/connectors/rest.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import AdapterConformance
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.kontor import Kontor
from tests.helpers.stand_ins.kontor_harness import KontorHarness, by_hand

_VOUCHER = by_hand()["write"]["credit_note"]

KEPT_APART_BY_KONTOR: dict[str, Any] = {
    "maps": {"types": {"debit_invoice": "invoice"}},
    "write": {
        # The key stands in the path; what is there is changed.
        "debit_invoice": {
            **{name: _VOUCHER[name] for name in ("find", "one", "remote", "lookup_lag", "negative_lines")},
            "idempotency": "upsert",
            "created": "status == `201`",
            "create": {
                "save": {"id": "id"},
                "request": {
                    "method": "PUT",
                    "path": "/vouchers/by-reference/${document.key}",
                    "body": {
                        **{
                            name: item
                            for name, item in _VOUCHER["create"]["request"]["body"].items()
                            if name != "reference"
                        },
                        "book": True,
                    },
                },
            },
        },
        # The request says that nothing may be there yet, and answers with nothing but an address.
        "journal": {
            "idempotency": "conditional",
            "lookup_lag": 0,
            "create": {
                "save": {"id": "after(headers.location, 'entries/')"},
                "request": {
                    "method": "PUT",
                    "path": "/entries/${journal.key}",
                    "headers": {"If-None-Match": "*"},
                    "body": {
                        "rows": {
                            "$each": "journal.rows",
                            "$as": "row",
                            "$item": {"account": "${row.account}", "debit": "${row.debit}", "credit": "${row.credit}"},
                        }
                    },
                },
            },
            "find": {"records": "[@]", "request": {"path": "/entries/${key}"}},
            "one": {"request": {"path": "/entries/${id}"}},
            "remote": {"fields": {"id": "id", "key": "id"}},
        },
    },
}


class TestDrafts(AdapterConformance):
    """Vouchers are drafts first, and Kontor takes any reference twice. Notes under a marker, tiers in batches."""

    kinds = ("credit_note", "debit_invoice", "account_note", "tier")
    states = ("tier",)
    in_batches = ("tier",)

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[KontorHarness]:
        with Kontor() as kontor:
            harness = KontorHarness(kontor, tmp_path)
            yield harness
            harness.close()


class TestKeptApartByKontor(FastConformance):
    """Kontor refuses a second voucher, changes the one that is there, or takes it only where there is none."""

    states = ("tier",)
    in_batches = ("tier",)

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[KontorHarness]:
        with Kontor(unique_references=True) as kontor:
            harness = KontorHarness(kontor, tmp_path, KEPT_APART_BY_KONTOR)
            yield harness
            harness.close()
