"""Opening balances: what another system had accrued, settled, adjusted or waived before rebated took over.

One row a key and component, in major units; imported as postings with their source. (design.md section 7, going live)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from core.errors import DataError, RefusedError
from core.keys import content_hash
from core.ledger import acts, postings, registry
from core.ledger.accounts import Alias, aliases, owner
from core.ledger.book import Batch
from core.ledger.facts import tax_codes
from core.ledger.masters import profiles
from core.ledger.postings import Transaction
from core.money import minor_units
from core.posting import Component, Key, opening_entry
from core.programs import Program

COLUMNS = ("program", "account", "entity", "period", "component", "amount")
_COMPONENTS: dict[str, Component] = {
    "accrued": "accrued",
    "settled": "settled",
    "adjusted": "adjusted",
    "waived": "waived",
}


def import_opening(
    batch: Batch, rows: Iterable[Mapping[str, str]], source: str, posted_on: date, entities: Iterable[str] = ()
) -> int:
    """Post opening balances. Returns how many.

    `entities` are the legal entities of the configuration; those of the documents that landed are known besides.
    Raises RefusedError with every wrong row, and where the same rows were imported before.
    """
    rows = list(rows)
    digest = content_hash([{str(name): value for name, value in row.items()} for row in rows])
    if digest in acts.latest(batch.connection, "opening_imported"):
        raise RefusedError(f"{source}: these opening balances were imported before")
    programs = {name: item.program for name, item in registry.current(batch.connection).items()}
    accounts: dict[str, list[int]] = {}
    for account_id, item in profiles(batch.connection).items():
        accounts.setdefault(item.external_id, []).append(account_id)
    merged = aliases(batch.connection)
    issuers = {*entities, *(code.entity for code in tax_codes(batch.connection).values())}
    transactions, wrong = [], []
    for number, row in enumerate(rows, 2):
        try:
            transactions.append(_transaction(row, programs, accounts, merged, issuers, source, posted_on))
        except DataError as error:
            wrong.append(f"{source} row {number}: {error.message}")
    if wrong:
        raise RefusedError("\n".join(wrong), hint="nothing was imported; mend the rows and import the file again")
    postings.post(batch, "live", transactions)
    acts.record_act(batch, "opening_imported", digest, {"source": source, "rows": len(rows)})
    return len(transactions)


def _transaction(
    row: Mapping[str, Any],
    programs: Mapping[str, Program],
    accounts: Mapping[str, list[int]],
    merged: Sequence[Alias],
    entities: Collection[str],
    source: str,
    posted_on: date,
) -> Transaction:
    if None in row:  # where a CSV reader keeps what stands beyond the last column
        raise DataError("too_many", "has more values than columns: amounts have no grouping signs", path="row")
    for name in COLUMNS:
        if not row.get(name):
            raise DataError("missing", "is missing", path=name)
    program = programs.get(row["program"])
    if program is None or program.is_tier:
        raise DataError("unknown", f"{row['program']!r} is no rebate program of the book", path="program")
    named = accounts.get(row["account"], [])
    if len(named) != 1:
        what = f"names {len(named)} accounts of different sources" if named else "is no known account"
        raise DataError("unknown", f"{row['account']!r} {what}", path="account")
    account = named[0]
    component = _COMPONENTS.get(row["component"])
    if component is None:
        raise DataError("unknown", f"{row['component']!r} is none of {', '.join(_COMPONENTS)}", path="component")
    if row["entity"] not in entities:
        raise DataError(
            "unknown", f"{row['entity']!r} is none of {', '.join(sorted(entities)) or 'none'}", path="entity"
        )
    currency = program.program.currency
    amount = minor_units(row["amount"], currency, path="amount")
    first = _first_day(program, row["period"])
    account = owner(merged, account, date.fromisoformat(first))
    key = Key(program.id, account, account, row["entity"], first, currency)
    return Transaction("opening", posted_on, program.id, opening_entry(component, key, amount), source[:80])


def _first_day(program: Program, label: str) -> str:
    valid_from = program.program.valid_from
    end = min(program.end, date(valid_from.year + 100, 1, 1))
    for period in program.calendar.between(valid_from, end):
        if period.label == label:
            return period.start.isoformat()
    raise DataError("unknown", f"{label!r} is no {program.program.period} of {program.id}", path="period")
