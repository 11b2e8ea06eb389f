"""Normalised records that are no documents: accounts, products, payments, rates and the rest, field by field."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.documents import RECORD_FIELDS, Field, RawRecord, Record
from core.errors import DataError
from core.matching.domains import domains
from core.money import minor_units, parse_decimal, plain_number
from core.source import SourceRules
from core.stated import currency_code, day_of, is_cancelled, required, text_of

_FLAGS = {**dict.fromkeys(("true", "yes", "1", "y"), True), **dict.fromkeys(("false", "no", "0", "n"), False)}


def plain_record(raw: RawRecord, rules: SourceRules) -> Record:
    """The record as the book keeps it. Raises DataError with reason and path."""
    content: dict[str, Any] = {}
    personal: dict[str, str] = {}
    day: date | None = None
    for field in RECORD_FIELDS[raw.kind]:
        value = _field(field, raw, rules)
        if value is None:
            continue
        if field.type == "personal":
            personal[field.name] = value
        elif field.name != "account":
            content[field.name] = value
        if field.type == "date" and day is None and field.required:
            day = date.fromisoformat(value)
    cancelled = raw.kind == "payment" and is_cancelled(raw.fields)
    content.pop("state", None) if raw.kind == "payment" else None
    return Record(
        kind=raw.kind,
        external_id=raw.external_id,
        company=raw.company,
        order=raw.order,
        account=_account_of(raw),
        day=day,
        currency=str(content.get("currency", "")),
        entity="",
        cancelled=cancelled,
        content=content,
        personal=personal,
        origin=raw.origin,
    )


def _account_of(raw: RawRecord) -> str | None:
    if raw.kind == "counterpart":  # an account as another system has it is none of ours
        return None
    if raw.kind == "account":
        return text_of(raw.fields, "id") or raw.external_id
    return text_of(raw.fields, "account") or None


def _field(field: Field, raw: RawRecord, rules: SourceRules) -> Any:
    if field.name == "merged_from":
        return _ids(raw.fields.get(field.name))
    text = text_of(raw.fields, field.name)
    if not text and field.required and field.name == "currency":
        text = rules.constants.currency or ""
    if not text:
        if field.required and field.name != "id":
            raise DataError("missing", "is missing", path=field.name)
        return None
    if field.type == "date":
        return day_of(raw.fields[field.name], rules, field.name).isoformat()
    if field.type == "money":
        currency = currency_code(required(raw.fields, "currency", rules.constants.currency), "currency")
        return minor_units(raw.fields[field.name], currency, decimal_sign=rules.decimal_sign, path=field.name)
    if field.type == "number":
        number = parse_decimal(raw.fields[field.name], decimal_sign=rules.decimal_sign, path=field.name)
        if field.name == "rate" and number <= 0:
            raise DataError("not_a_rate", f"{text[:40]} cannot be an exchange rate", path="rate")
        return plain_number(number)
    if field.type == "units":
        return _units(text, rules)
    if field.type == "flag":
        return _flag(text, field.name)
    if field.name == "domain":  # of an address of mail only the domain may stand in what is chained
        return "; ".join(domains(text)) or None
    if field.name in ("currency", "base", "quote"):
        return currency_code(text, field.name)
    if field.name == "country":
        return text.upper()
    return text


def _ids(value: Any) -> list[str] | None:
    """Ids in a text, separated by `;`, or in a list."""
    parts = value if isinstance(value, list | tuple) else text_of({"merged_from": value}, "merged_from").split(";")
    found = {text for part in parts if (text := text_of({"id": part}, "id"))}
    return sorted(found) or None


def _flag(text: str, path: str) -> bool | None:
    """Whether a flag is set; None where it is not, as where the source says nothing."""
    word = text.lower()
    if word not in _FLAGS:
        raise DataError("not_a_flag", f"{text[:40]!r} is neither yes nor no", path=path)
    return _FLAGS[word] or None


def _units(text: str, rules: SourceRules) -> dict[str, str]:
    """`box=12; pallet=480`: how many base units each holds, exactly."""
    units = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, sign, value = part.partition("=")
        if not sign or not name.strip():
            raise DataError("not_units", f"{part[:40]!r} is not of the form box=12", path="units")
        number = parse_decimal(value.strip(), decimal_sign=rules.decimal_sign, path="units")
        if number <= 0:
            raise DataError("not_units", f"{part[:40]!r} holds nothing", path="units")
        if name.strip() in units:
            raise DataError("not_units", f"{name.strip()[:40]!r} is stated twice", path="units")
        units[name.strip()] = plain_number(number)
    return units
