"""What `rebated init` writes: a short configuration to begin with, one program, and the folders they name."""

from __future__ import annotations

from pathlib import Path

from core.errors import RefusedError

_CONFIG = """\
# rebated: where to begin. Every setting there is: config.example.toml and docs/configuration.md.
# Change what is marked with <-, put an export into inbox/, then run: rebated check

[business]
time_zone = "Europe/Berlin"                # <- your time zone

# Who issues the invoices. The id in the brackets is the one your source uses.
[entities.MAIN]                            # <- id
name = "Your company"                      # <- registered name
vat_number = ""
street = ""
city = ""
postcode = ""
country = "DE"                             # <- ISO 3166 code

# Where invoices come from. Nothing is written through a connection until write = true.
[connections.erp]
adapter = "files"
write = false

[connections.erp.source]
time_zone = "Europe/Berlin"                # <- time zone of the source
constants = { entity = "MAIN" }            # what your files do not state

[connections.erp.settings]
folder = "inbox"
out = "outbox"

# One CSV row for each line of an invoice. On the left our names, on the right your columns.
[[connections.erp.settings.patterns]]
name = "invoices"
files = "invoices-*.csv"
kind = "invoice"
mode = "delta"                             # each file holds new and changed invoices
sequence = "(?P<number>[0-9-]+)[.]csv"     # a later file wins: invoices-2025-01.csv, invoices-2025-02.csv
[connections.erp.settings.patterns.columns]
id = "number"
account = "customer"
issued = "date"
currency = "currency"
total_net = "net_total"
total_tax = "tax_total"
total_gross = "gross_total"
[connections.erp.settings.patterns.lines]
product = "sku"
description = "text"
quantity = "quantity"
net = "net"
tax_percent = "tax_percent"

[write_back]
credit_notes = "erp"
account_notes = "erp"
tiers = "erp"
journal = "erp"

[log]
format = "text"
"""
_PROGRAM = """\
# 2 % of the year's net purchases, for every account. A program computes only, until it is made live.
[program]
id = "annual-bonus"                        # never changed: every credit note is known by it
name = "Annual bonus"
currency = "EUR"
valid_from = 2025-01-01                    # first day that counts
period = "year"
[scale]
percent = 2

# What must come of it: rebated program test
[[example]]
name = "2 % of 1,000"
measure = 1000
earns = 20
"""
_FOLDERS = ("inbox", "outbox", "var", "programs")
_FILES = {"rebated.toml": _CONFIG, "programs/annual-bonus.toml": _PROGRAM}


def write_starter(folder: Path) -> list[Path]:
    """Write the starter into `folder`, made where absent. Returns the files written.

    Raises RefusedError, before anything is written, naming a file that exists already.
    """
    targets = {folder / name: content for name, content in _FILES.items()}
    for path in targets:
        if path.exists() or path.is_symlink():
            raise RefusedError(f"{path} exists already and is left as it is", hint="choose another folder")
    try:
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for path, content in targets.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(content)
    except OSError as error:
        raise RefusedError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return list(targets)
