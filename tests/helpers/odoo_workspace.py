"""A workspace beside an Odoo: bonus and tiers of 2026 for the customers of one company."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Self

from tests.helpers.crash_templates import PROGRAMS as TRADE
from tests.helpers.workspace import Workspace, call

CONFIG = """\
[business]
time_zone = "Europe/Berlin"

[entities.DE01]
name = "Seller GmbH"
country = "DE"

[connections.erp]
adapter = "odoo"
write = true
[connections.erp.settings]
url = "{url}"
database = "{database}"
login = "{login}"
api_key = {{ file = "{key}" }}
protocol = "{protocol}"
entity = "DE01"
longest_request = {longest}
[connections.erp.settings.http]
connect_timeout = {patience}
read_timeout = {patience}
total_timeout = {patience}
[connections.erp.settings.read]
batch = {batch}
[connections.erp.settings.write]
{write}

[write_back]
credit_notes = "erp"
account_notes = "erp"
tiers = "erp"

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

PROGRAMS = {
    name: TRADE[name].replace("2025-", "2026-").replace("from = 3000", "from = 1000") for name in ("bonus", "club")
}
PROGRAMS["bonus"] += '[settlement]\ntexts = { de = "Quartalsbonus" }\n'
DAY = ("--as-of", "2026-04-20")


class OdooWorkspace(Workspace):
    """`longest`: seconds after which the server has given up a request; `patience`: those we wait for a reply."""

    def configure(
        self,
        url: str,
        *,
        database: str,
        login: str,
        key: str,
        protocol: str = "auto",
        longest: int = 120,
        patience: float = 60,
        batch: int = 1000,
        write: str = "",
        more: str = "",
    ) -> OdooWorkspace:
        """Write the configuration."""
        self.config.write_text(
            CONFIG.format(
                url=url,
                database=database,
                login=login,
                key="odoo.key",
                protocol=protocol,
                longest=longest,
                patience=patience,
                batch=batch,
                write=write,
                more=more,
            )
        )
        path = self.folder / "odoo.key"
        path.write_text(key)
        path.chmod(0o600)
        return self

    @classmethod
    def beside(
        cls, folder: Path, url: str, *, programs: tuple[str, ...] = ("bonus", "club"), **how: Any
    ) -> OdooWorkspace:
        """A new workspace; `how` as in `configure`."""
        made = cls(folder)
        for place in (folder / "programs", folder / "var"):
            place.mkdir(parents=True)
        for name in programs:
            (folder / "programs" / f"{name}.toml").write_text(PROGRAMS[name])
        return made.configure(url, **how)

    def copied(self, folder: Path) -> Self:
        """Another one with the same book: what a restored backup is."""
        shutil.copytree(self.folder, folder)
        return type(self)(folder)

    def approved(self) -> OdooWorkspace:
        """Read everything, compute the first quarter, approve what is proposed."""
        call(self, "pull")
        for name in sorted(path.stem for path in (self.folder / "programs").glob("*.toml")):
            call(self, "program", "live", name, "--settle-from", "2026-01-01")
        for step in ("accrue", "propose"):
            call(self, step, *DAY)
        call(self, "review", "approve", "--all-without-alarms")
        return self
