"""The adapter for REST beside a bare loop that makes the very same calls, against two stand-ins of the tests.

An ERP is read and written through the preset for Dolibarr, a CRM through the one for HubSpot. Their limits are lifted,
since both sides would wait for the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from bench.replay import measure, process, pull, pulled, rows_of, tell, written
from bench.rows import Row
from bench.stand_ins import LINES
from connectors.conformance import sample_request
from connectors.crm_rest.adapter import RestAdapter
from connectors.crm_rest.settings import RestSettings
from connectors.spi import Remote, Window
from tests.helpers.stand_ins.dolibarr import Dolibarr
from tests.helpers.stand_ins.hubspot_account import TOKEN

INVOICES, COMPANIES, TIERS, IN_A_BATCH, CREDIT_NOTES = 5_000, 5_000, 2_000, 100, 60
_FAST = {"per_second": 10_000, "burst": 10_000}


def run() -> list[Row]:
    """Measure reading and writing through both presets."""
    return [row for part in PARTS for row in rows_of("bench.rest", part)]


class Erp:
    """Dolibarr: invoices are pulled; credit notes are created, found, posted and read back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "key").write_text(Dolibarr.key)

    def rows(self) -> Iterator[Row]:
        serve = partial(process, "bench.stand_ins", "dolibarr")
        with serve(str(INVOICES)) as url:
            yield pulled(
                measure(self.pull, lambda: nullcontext(url)), INVOICES, f"invoices of {LINES} lines from Dolibarr"
            )
        found = measure(self.write, lambda: serve("0"), check=self.check)
        yield written(found, CREDIT_NOTES, "credit notes to Dolibarr")

    def pull(self, url: str) -> Callable[[], object]:
        return partial(pull, self.adapter(url), "documents", INVOICES)

    def write(self, url: str) -> Callable[[], object]:
        adapter = self.adapter(url)
        samples = [sample_request("credit_note", number, "1") for number in range(CREDIT_NOTES)]
        return lambda: [adapter.create(sample) for sample in samples]

    def check(self, url: str) -> None:
        """Every credit note is there, and posted."""
        query = {"sqlfilters": "(t.type:=:2) and (t.fk_statut:=:1)", "limit": "1000"}
        headers = {"DOLAPIKEY": Dolibarr.key}
        reply = requests.get(f"{url}/api/index.php/invoices", params=query, headers=headers, timeout=60)
        assert len(reply.json()) == CREDIT_NOTES, reply.text[:300]

    def adapter(self, url: str) -> RestAdapter:
        values = {"url": url, "entity": "DE01", "time_zone": "Europe/Berlin"}
        return _adapter(self.folder, preset="dolibarr", auth={"key": {"file": "key"}}, values=values)


class Crm:
    """HubSpot: companies are pulled; tiers are written in batches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "key").write_text(TOKEN)

    def rows(self) -> Iterator[Row]:
        with process("bench.stand_ins", "hubspot", str(COMPANIES)) as url:
            yield pulled(measure(self.pull, lambda: nullcontext(url)), COMPANIES, "counterparts from HubSpot")
            pages = self.adapter(url).pull("companies", Window(datetime.now(UTC)), {})
            accounts = [record.external_id for page in pages for record in page.records]
            found = measure(partial(self.write, accounts[:TIERS]), lambda: nullcontext(url))
        yield written(found, TIERS, f"tiers to HubSpot in batches of {IN_A_BATCH}")

    def pull(self, url: str) -> Callable[[], object]:
        return partial(pull, self.adapter(url), "companies", COMPANIES)

    def write(self, accounts: list[str], url: str) -> Callable[[], object]:
        adapter = self.adapter(url)
        tiers = [sample_request("tier", number, account) for number, account in enumerate(accounts)]
        batches = [tiers[start : start + IN_A_BATCH] for start in range(0, TIERS, IN_A_BATCH)]

        def act() -> None:
            for batch in batches:
                assert all(isinstance(result, Remote) for result in adapter.create_many(batch))

        return act

    def adapter(self, url: str) -> RestAdapter:
        throttle = {"rate": _FAST, "routes": {"search": _FAST}}
        values = {"vat_number": "vat_number"}
        return _adapter(
            self.folder,
            preset="hubspot",
            base_url=url,
            auth={"token": {"file": "key"}},
            values=values,
            throttle=throttle,
        )


def _adapter(folder: Path, **settings: Any) -> RestAdapter:
    return RestAdapter.build("bench", RestSettings.model_validate(settings), base=folder)


PARTS: dict[str, type[Erp] | type[Crm]] = {"erp": Erp, "crm": Crm}


def main(part: str) -> None:
    with TemporaryDirectory(prefix="rebated-bench-") as folder:
        tell(PARTS[part](Path(folder)).rows())


if __name__ == "__main__":
    main(*sys.argv[1:])
