"""The configuration and the programs of a workspace."""

from __future__ import annotations

CONFIG = """\
[business]
time_zone = "Europe/Berlin"

[entities.DE01]
name = "Beispiel Handel GmbH"
vat_number = "DE000000901"
street = "Am Beispiel 1"
city = "Musterstadt"
postcode = "00000"
country = "DE"

[connections.erp]
adapter = "files"
write = true
[connections.erp.source]
time_zone = "Europe/Berlin"
line_kinds = {{ freight = ["FREIGHT*"] }}
{source}
[connections.erp.settings]
folder = "inbox"
out = "outbox"

[[connections.erp.settings.patterns]]
name = "accounts"
files = "accounts*.csv"
kind = "account"
mode = "full"
covers = "everything"
columns = {{ id = "id", name = "name", segment = "segment", country = "country" }}

[[connections.erp.settings.patterns]]
name = "documents"
files = "sales-*.csv"
kind = "invoice"
kind_rules = [{{ column = "type", equals = "credit note", kind = "credit_note" }}]
mode = "delta"
order = "revision"
sequence = "sales-(?P<number>[0-9]+)"
{pattern}
[connections.erp.settings.patterns.columns]
id = "number"
state = "state"
account = "customer"
issued = "date"
currency = "currency"
entity = "entity"
reference = "reference"
total_net = "net_total"
total_tax = "tax_total"
[connections.erp.settings.patterns.lines]
product = "sku"
description = "text"
quantity = "quantity"
unit = "unit"
net = "net"
tax_percent = "tax_percent"
tax = "tax"

[write_back]
credit_notes = "{target}"
account_notes = "{target}"
tiers = "{target}"
journal = "erp"

[review]
second_person_above = {{ EUR = {second} }}
two_approvers_above = {{ EUR = {two} }}

[alarms]
percent_of_base = 100
times_last_period = 1000
first_for_account = false

[log]
format = "text"
{more}"""

PROGRAMS = {
    "bonus": """\
[program]
id = "bonus"
name = "Quarterly bonus"
currency = "EUR"
valid_from = 2025-01-01
period = "quarter"
[scale]
method = "marginal"
bands = [{ from = 500, percent = 1 }, { from = 2000, percent = 2.5 }, { from = 5000, percent = 4 }]
""",
    "cashback": """\
[program]
id = "cashback"
name = "Cashback"
currency = "EUR"
valid_from = 2025-01-01
period = "quarter"
[basis]
accumulate = "document"
[tier]
program = "club"
at = "document"
[tier.levels]
bronze = { percent = 0.25 }
silver = { percent = 0.5 }
gold = { percent = 1 }
""",
    "club": """\
[program]
id = "club"
name = "Club"
kind = "tier"
currency = "EUR"
valid_from = 2025-01-01
[status]
window = "calendar"
upgrade = "at_once"
keep = "next_window_end"
levels = [{ name = "bronze", from = 0 }, { name = "silver", from = 3000 }, { name = "gold", from = 8000 }]
""",
}
