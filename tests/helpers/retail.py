"""A working folder for a year of a wholesaler's real invoices: configuration and programs, read from Parquet."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

SHARED = Path(os.environ.get("REBATED_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
RETAIL = SHARED / "data" / "online_retail_2009_2010.parquet"
AS_OF = date(2011, 2, 15)
"""Every quarter and year the data touches has ended."""
SETTLE_FROM = date(2009, 12, 1)
LIVE = ("year-bonus", "family-quarter", "club-cashback", "club")

CONFIG = """
[business]
time_zone = "Europe/London"

[entities.UK-TRADE]
name = "A wholesaler of gifts"
vat_number = "GB000000000"
country = "GB"

[connections.erp]
adapter = "files"
write = true

[connections.erp.source]
time_zone = "Europe/London"
totals = "none"
without_account = "park"
constants = { currency = "GBP", entity = "UK-TRADE", tax_category = "S", tax_percent = 20 }
[connections.erp.source.line_kinds]
freight = ["POST", "DOT", "C2", "C3"]
fee = ["AMAZONFEE", "BANK CHARGES", "S"]
manual = ["M", "m", "ADJUST", "ADJUST2"]
bad_debt = ["B"]
discount = ["D"]

[connections.erp.settings]
folder = "inbox"
out = "outbox"

[[connections.erp.settings.patterns]]
name = "invoices"
files = "*.parquet"
kind = "invoice"
kind_rules = [{ column = "invoice_no", starts_with = "C", kind = "credit_note" }]
[connections.erp.settings.patterns.columns]
id = "invoice_no"
account = "customer_id"
issued = "invoice_at"
country = "country"
[connections.erp.settings.patterns.lines]
product = "stock_code"
description = "description"
quantity = "quantity"
price = "unit_price"

[write_back]
credit_notes = "erp"

[review]
second_person_above = { GBP = 100000000 }
two_approvers_above = { GBP = 100000000 }
"""

PROGRAMS = {
    "year-bonus": """
[program]
id = "year-bonus"
name = "Bonus of the year"
currency = "GBP"
valid_from = 2009-01-01
period = "year"
[scope]
line_kinds_out = ["freight", "fee", "manual", "bad_debt"]
[scale]
method = "retrospective"
bands = [
  { from = 6000, percent = 1 },
  { from = 15000, percent = 1.75 },
  { from = 40000, percent = 3 },
]
""",
    "family-quarter": """
[program]
id = "family-quarter"
name = "Families 21 and 22, by quarter"
currency = "GBP"
valid_from = 2009-01-01
period = "quarter"
[scope]
skus = ["22*", "21*"]
line_kinds_out = ["freight", "fee", "manual", "bad_debt"]
[scale]
method = "marginal"
bands = [
  { from = 3000, percent = 2 },
  { from = 6000, percent = 3.5 },
  { from = 12000, percent = 5 },
]
""",
    "club": """
[program]
id = "club"
name = "The club"
kind = "tier"
currency = "GBP"
valid_from = 2009-01-01
[scope]
line_kinds_out = ["freight", "fee", "manual", "bad_debt"]
[status]
window = "rolling"
months = 3
levels = [
  { name = "bronze", from = 0 },
  { name = "silver", from = 3000 },
  { name = "gold", from = 10000 },
]
""",
    "club-cashback": """
[program]
id = "club-cashback"
name = "Cashback of the club"
currency = "GBP"
valid_from = 2009-01-01
period = "quarter"
[scope]
line_kinds_out = ["freight", "fee", "manual", "bad_debt"]
[basis]
accumulate = "document"
[tier]
program = "club"
at = "document"
[tier.levels]
silver = { percent = 0.5 }
gold = { percent = 1.25 }
""",
}


def make_folder(folder: Path) -> Path:
    """Write configuration, programs and the data into `folder`; returns the configuration file."""
    for name in ("inbox", "outbox", "programs"):
        (folder / name).mkdir(parents=True)
    shutil.copyfile(RETAIL, folder / "inbox" / "retail.parquet")
    for name, text in PROGRAMS.items():
        (folder / "programs" / f"{name}.toml").write_text(text, encoding="utf-8")
    config = folder / "rebated.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return config
