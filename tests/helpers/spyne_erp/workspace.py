"""A workspace beside a Faktura: bonus and tiers of 2026 for the customers of one company."""

from __future__ import annotations

from typing import Any

from tests.helpers.odoo_workspace import OdooWorkspace
from tests.helpers.spyne_erp.settings import MORE_TAXES, PASSWORD, WSDL, on_the_page, put_beside

CONFIG = """\
[business]
time_zone = "Europe/Berlin"

{mapping}

[review]
second_person_above = {{ EUR = 1000000 }}
two_approvers_above = {{ EUR = 1000000 }}

[alarms]
percent_of_base = 100
times_last_period = 1000
first_for_account = false

[health]
listen = "127.0.0.1:0"

[log]
format = "text"
{more}"""


class FakturaWorkspace(OdooWorkspace):
    """Configured by the text of docs/connectors/soap.md. `longest`: seconds after which the server has given up a
    request; `patience`: those we wait for a reply."""

    def configure(  # type: ignore[override]
        self,
        url: str,
        *,
        wsdl: bytes,
        longest: int = 120,
        patience: float = 60,
        more: str = "",
    ) -> FakturaWorkspace:
        """Write the configuration and what it names."""
        mapping = on_the_page()
        for old, new in {
            'adapter = "soap_erp"': 'adapter = "soap_erp"\nwrite = true',
            "https://faktura.example.com/soap": url,
            "/etc/rebated/faktura.password": PASSWORD,
            "longest_request = 60 ": f"longest_request = {longest} ",
            "rate = { per_second = 20, burst = 20 }": "rate = { per_second = 10000, burst = 10000 }",
            '"S 7" = "V7"\n': '"S 7" = "V7"\n' + "".join(f'"{our}" = "{own}"\n' for our, own in MORE_TAXES.items()),
            "[connections.faktura.settings.values]": TIMEOUTS.format(patience=patience)
            + "[connections.faktura.settings.values]",
        }.items():
            assert mapping.count(old) == 1, old
            mapping = mapping.replace(old, new)
        assert WSDL in mapping
        self.config.write_text(CONFIG.format(mapping=mapping, more=more))
        put_beside(self.folder, wsdl)
        return self


TIMEOUTS = """\
[connections.faktura.settings.http]
connect_timeout = {patience}
read_timeout = {patience}
total_timeout = {patience}

"""


def customers(ledger: Any, count: int) -> list[str]:
    """Customers with an invoice of 1,500.55 under two tax rates each in the first quarter of 2026. Their codes."""
    codes = [f"C-{1001 + number}" for number in range(count)]
    for number, code in enumerate(codes):
        ledger.add_customer(code, f"Customer {number}", language="de" if number % 2 else "en")
        ledger.invoice(code, [("Tools", "1000.00", "V19"), ("Food", "500.55", "V7")], f"2026-02-{1 + number % 28:02d}")
    return codes
