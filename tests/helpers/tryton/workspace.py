"""A workspace beside a Tryton: bonus and tiers of 2026 for the customers of one company."""

from __future__ import annotations

from tests.helpers.odoo_workspace import OdooWorkspace

CONFIG = """\
[business]
time_zone = "Europe/Berlin"

[entities.DE01]
name = "Seller GmbH"
country = "DE"

[connections.erp]
adapter = "crm_rest"
write = true
[connections.erp.settings]
preset = "tryton"
longest_request = {longest}
auth.token = {{ file = "tryton.key" }}
[connections.erp.settings.values]
url = "{url}"
database = "{database}"
company = "Seller GmbH"
entity = "DE01"
allowances = "4.9.9"
receivable = "1.2.1"
[connections.erp.settings.maps.taxes]
"S 19" = "VAT 19 %"
"S 7" = "VAT 7 %"
[connections.erp.settings.http]
connect_timeout = {patience}
read_timeout = {patience}
total_timeout = {patience}

[write_back]
credit_notes = "erp"
account_notes = "erp"

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


class TrytonWorkspace(OdooWorkspace):
    """`longest`: seconds after which the server has given up a request; `patience`: those we wait for a reply."""

    def configure(  # type: ignore[override]
        self,
        url: str,
        *,
        database: str,
        key: str,
        longest: int = 120,
        patience: float = 60,
        more: str = "",
    ) -> TrytonWorkspace:
        """Write the configuration."""
        self.config.write_text(CONFIG.format(url=url, database=database, longest=longest, patience=patience, more=more))
        path = self.folder / "tryton.key"
        path.write_text(key)
        path.chmod(0o600)
        return self
