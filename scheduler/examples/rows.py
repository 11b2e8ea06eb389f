"""The rows of an example as records of a source: what a row leaves out is filled in, unknown fields are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from core.documents import HEADER_FIELDS, LINE_FIELDS, RECORD_FIELDS, RawRecord, RecordKind
from core.programs import Example, Program

ACCOUNT, ENTITY = "A", "E"
"""Whose an example's documents are, and who issued them, where it does not say."""
TAX_PERCENT = Decimal(19)
KNOWN = "known"
"""Field of every row: the day it becomes known, where that is not its own day. A late invoice, say."""

_HEADER = {field.name for field in HEADER_FIELDS}
_LINE = {field.name for field in LINE_FIELDS}
_OWN_DAY = {"invoice": "issued", "credit_note": "issued", "payment": "paid_on", "exchange_rate": "on"}


class BadExample(Exception):
    """An example that cannot be run. The text names the row and what is allowed."""


class Told(NamedTuple):
    """A record, and the day from which it is known; None: from the beginning."""

    known: date | None
    record: RawRecord


def told(program: Program, example: Example) -> list[Told]:
    """Everything the example's source tells, in the order it is stated. Raises BadExample."""
    return [*_masters(example), *_documents(program, example), *_others(program, example)]


def entities(records: Sequence[Told]) -> set[str]:
    """The issuing legal entities the documents name."""
    return {ENTITY} | {str(item.record.fields["entity"]) for item in records if "entity" in item.record.fields}


def days(records: Sequence[Told]) -> list[date]:
    """The days of documents and payments."""
    names = ("issued", "delivered", "paid_on")
    return [day for item in records for name in names if isinstance(day := item.record.fields.get(name), date)]


def _masters(example: Example) -> Iterator[Told]:
    kinds: tuple[tuple[RecordKind, Sequence[Mapping[str, Any]]], ...] = (
        ("account", example.accounts),
        ("product", example.products),
    )
    for kind, rows in kinds:
        allowed = {field.name for field in RECORD_FIELDS[kind]}
        for number, row in enumerate(rows, 1):
            _check(f"{kind} {number}", row, allowed)
            values = {"id": ACCOUNT, **row} if kind == "account" else dict(row)
            if "id" not in values:
                raise BadExample(f"product {number} states its id")
            # each dated state of a thing is a record of its own
            name = " ".join(str(values[key]) for key in ("id", "valid_from") if key in values)
            yield _record(kind, name, values, number)


def _documents(program: Program, example: Example) -> Iterator[Told]:
    if example.measure is not None:
        yield from _of_measure(program, example, example.measure)
    kinds: tuple[tuple[RecordKind, str, Sequence[Mapping[str, Any]]], ...] = (
        ("invoice", "I", example.invoices),
        ("credit_note", "C", example.credit_notes),
    )
    for kind, letter, rows in kinds:
        for number, row in enumerate(rows, 1):
            yield _document(program, kind, row, number, f"{letter}{number}")


def _document(program: Program, kind: RecordKind, row: Mapping[str, Any], number: int, name: str) -> Told:
    where = f"{kind} {number}"
    _check(where, row, _HEADER | _LINE | {"lines"})
    inline = {key: value for key, value in row.items() if key in _LINE}
    lines = row.get("lines", [inline])
    if "lines" in row and inline:
        raise BadExample(f"{where} states either `lines` or the fields of its only line, not {', '.join(inline)} too")
    for place, line in enumerate(lines, 1):
        _check(f"{where}, line {place}", line, _LINE)
    values = {
        "account": ACCOUNT,
        "entity": ENTITY,
        "currency": program.program.currency,
        "issued": program.program.valid_from,
        **{key: value for key, value in row.items() if key in _HEADER or key == KNOWN},
    }
    return _record(kind, str(values.pop("id", name)), values, number, [_line(line) for line in lines])


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as a source has it; one that states a quantity alone costs nothing."""
    values = {key: _plain(value) for key, value in line.items()}
    if "net" not in values and "price" not in values and "quantity" in values:
        values["net"] = "0"
    return values


def _of_measure(program: Program, example: Example, measure: Decimal) -> Iterator[Told]:
    """Invoices of the first day that give the measure; a credit note where it is negative."""
    kind: RecordKind = "credit_note" if measure < 0 else "invoice"
    size = abs(measure)
    product = {"product": str(example.products[0]["id"])} if example.products else {}
    counted = program.basis.measure
    if counted in ("orders", "products"):
        if size != int(size) or measure < 0:
            raise BadExample(f"a measure of {counted} is a whole number")
        lines = [{"product": f"P{i + 1}", "net": 1} for i in range(int(size))]
        documents = [lines] if counted == "products" else [[line] for line in lines]
        for number, found in enumerate(documents, 1):
            if found:
                yield _document(program, kind, {"lines": found}, number, f"I{number}")
        return
    row: dict[str, Any] = {"net": size, **product}
    if counted == "gross":
        row["tax_percent"] = 0
    elif counted == "quantity":
        row["quantity"] = size
        if program.basis.unit and product:
            row["unit"] = program.basis.unit
    yield _document(program, kind, row, 1, "I1")


def _others(program: Program, example: Example) -> Iterator[Told]:
    accounts = {str(row.get("id", f"I{number}")): row.get("account", ACCOUNT)
                for number, row in enumerate(example.invoices, 1)}  # fmt: skip
    currency = program.program.currency
    for number, row in enumerate(example.payments, 1):
        only = next(iter(accounts)) if len(accounts) == 1 else ""
        invoice = str(row.get("invoice", only))
        if not invoice:
            raise BadExample(f"payment {number} names its invoice")
        usual = {"id": f"P{number}", "invoice": invoice, "account": accounts.get(invoice, ACCOUNT),
                 "currency": currency}  # fmt: skip
        yield _plain_record("payment", row, number, usual)
    for number, row in enumerate(example.enrolments, 1):
        usual = {"id": f"E{number}", "account": ACCOUNT, "program": program.id, "since": program.program.valid_from}
        yield _plain_record("enrolment", row, number, usual)
    for number, row in enumerate(example.exchange_rates, 1):
        usual = {"id": f"R{number}", "quote": currency, "on": program.program.valid_from}
        yield _plain_record("exchange_rate", row, number, usual)


def _plain_record(kind: RecordKind, row: Mapping[str, Any], number: int, usual: Mapping[str, Any]) -> Told:
    _check(f"{kind} {number}", row, {field.name for field in RECORD_FIELDS[kind]})
    values = {**usual, **row}
    return _record(kind, str(values["id"]), values, number)


def _record(
    kind: RecordKind, name: str, values: Mapping[str, Any], number: int, lines: Sequence[Mapping[str, Any]] = ()
) -> Told:
    fields = {key: _plain(value) for key, value in values.items() if key != KNOWN}
    day = values.get(KNOWN, fields.get(_OWN_DAY.get(kind, "")))
    if day is not None and not isinstance(day, date):
        raise BadExample(f"{kind} {number}: write days as dates, such as 2026-01-31, not {day!r}")
    return Told(day, RawRecord(kind, name, fields, lines, number, origin=f"{kind} {number} of the example"))


def _plain(value: Any) -> Any:
    """A value of a program file as a source has it: text, but for days."""
    if isinstance(value, date):
        return value
    if isinstance(value, Mapping):
        return "; ".join(f"{key}={_plain(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(str(_plain(part)) for part in value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _check(where: str, row: Mapping[str, Any], allowed: set[str]) -> None:
    unknown = [key for key in row if key not in allowed and key != KNOWN]
    if unknown:
        raise BadExample(f"{where} states {', '.join(unknown)}; its fields are {', '.join(sorted({*allowed, KNOWN}))}")
