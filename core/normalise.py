"""Raw records in, normalised records out, or a DataError that names the field: the gate of the book.

Everything that needs a division per line happens here, once, in integers: header amounts and tax are spread over the
lines by largest remainder, prices are multiplied out and rounded once. Nothing is guessed: what does not add up is
refused (design: bad input).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from core.documents import (
    DOCUMENT_KINDS,
    LINE_KINDS,
    TAX_CATEGORIES,
    UNTAXED_CATEGORIES,
    Line,
    RawRecord,
    Record,
)
from core.errors import DataError
from core.money import (
    MAX_MINOR,
    QUANTITY_EXPONENT,
    RATE_EXPONENT,
    divide,
    exponent,
    largest_remainder,
    minor_units,
    scaled_number,
)
from core.plain_records import plain_record
from core.source import SourceRules
from core.stated import currency_code, day_of, is_cancelled, required, stated_money, text_of

_HEADER_TEXTS = ("number", "payment_state", "original", "reference", "note", "country", "channel")
_MAX_LINES = 100_000


def normalise(raw: RawRecord, rules: SourceRules) -> Record:
    """The record as the book keeps it. Raises DataError with reason and path."""
    text_of({"id": raw.external_id}, "id")
    if raw.kind in DOCUMENT_KINDS:
        return _document(raw, rules)
    return plain_record(raw, rules)


def _document(raw: RawRecord, rules: SourceRules) -> Record:
    fields = raw.fields
    if is_cancelled(fields):
        return _cancellation(raw, rules)
    currency = currency_code(required(fields, "currency", rules.constants.currency), "currency")
    entity = required(fields, "entity", rules.constants.entity)
    issued = fields.get("issued")
    if issued is None or issued == "":
        raise DataError("missing", "is missing", path="issued")
    account = text_of(fields, "account") or None
    if account is None and rules.without_account == "quarantine":
        raise DataError("missing", "is missing, and the source does not park documents without one", path="account")
    content: dict[str, Any] = {name: text for name in _HEADER_TEXTS if (text := text_of(fields, name))}
    content.setdefault("number", raw.external_id)
    content["registration"] = text_of(fields, "registration") or rules.constants.registration or entity
    for name in ("delivered", "due"):
        if text_of(fields, name):
            content[name] = day_of(fields[name], rules, name).isoformat()
    if rules.totals == "none":
        content["derived"] = True
    if not raw.lines:
        raise DataError("no_lines", "the document has no lines", path="lines")
    if len(raw.lines) > _MAX_LINES:
        raise DataError("too_many_lines", f"more than {_MAX_LINES} lines", path="lines")
    lines = _lines(raw, currency, rules)
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    if abs(net) > MAX_MINOR or abs(tax) > MAX_MINOR:
        raise DataError("too_large", "the lines add up to more than an amount can be", path="lines")
    if raw.kind == "credit_note" and rules.credit_notes == "positive":
        lines = tuple(line._replace(quantity=-line.quantity, net=-line.net, tax=-line.tax) for line in lines)
        net, tax = -net, -tax
    return Record(
        kind=raw.kind,
        external_id=raw.external_id,
        company=raw.company,
        order=raw.order,
        account=account,
        day=day_of(issued, rules, "issued"),
        currency=currency,
        entity=entity,
        cancelled=False,
        content=content,
        lines=lines,
        net=net,
        tax=tax,
        origin=raw.origin,
    )


def _cancellation(raw: RawRecord, rules: SourceRules) -> Record:
    """A cancelled document counts nothing, so nothing in it can block it: what cannot be read is left out."""
    content: dict[str, Any] = {}
    for name in (*_HEADER_TEXTS, "account", "currency", "entity"):
        try:
            content[name] = text_of(raw.fields, name)
        except DataError:
            continue
    try:
        day = day_of(raw.fields.get("issued"), rules, "issued")
    except DataError:
        day = None
    account = content.pop("account", "") or None
    currency, entity = content.pop("currency", ""), content.pop("entity", "")
    return Record(
        kind=raw.kind,
        external_id=raw.external_id,
        company=raw.company,
        order=raw.order,
        account=account,
        day=day,
        currency=currency.upper()[:3],
        entity=entity or rules.constants.entity or "",
        cancelled=True,
        content={name: text for name, text in content.items() if text}
        | {"number": content.get("number") or raw.external_id},
        origin=raw.origin,
    )


def _lines(raw: RawRecord, currency: str, rules: SourceRules) -> tuple[Line, ...]:
    lines = [_line(number, values, currency, rules) for number, values in enumerate(raw.lines, 1)]
    fields = raw.fields
    allowance = stated_money(fields, "allowance", currency, rules) or 0
    charge = stated_money(fields, "charge", currency, rules) or 0
    rounding = stated_money(fields, "rounding", currency, rules) or 0
    stated = [stated_money(fields, name, currency, rules) for name in ("total_net", "total_tax", "total_gross")]
    net, tax, gross = stated
    if rules.totals == "stated" and net is None and gross is None:
        raise DataError("missing", 'is missing; a source without totals says totals = "none"', path="total_net")
    header = charge - allowance
    if header:
        weights = [abs(line.net) for line in lines]
        lines = [
            line._replace(net=line.net + part)
            for line, part in zip(lines, largest_remainder(header, weights), strict=True)
        ]
    if rounding:
        lines.append(Line("", "rounding", "rounding", 0, "", rounding, 0, lines[0].tax_category, 0, False))
    total = sum(line.net for line in lines)
    if net is not None and total != net:
        raise DataError(
            "totals_differ",
            f"lines, allowances, charges and rounding add up to {_shown(total, currency)}, "
            f"the document states {_shown(net, currency)}",
            path="total_net",
        )
    if tax is None and gross is not None:
        tax = gross - total
    lines = _spread_tax(lines, tax, bool(header))
    computed = sum(line.tax for line in lines)
    if gross is not None and total + computed != gross:
        raise DataError(
            "totals_differ",
            f"net and tax add up to {_shown(total + computed, currency)}, "
            f"the document states {_shown(gross, currency)}",
            path="total_gross",
        )
    return tuple(lines)


def _shown(minor: int, currency: str) -> str:
    return f"{Decimal(minor).scaleb(-exponent(currency))} {currency}"


_ONE = 10**QUANTITY_EXPONENT
_PRICE_DIGITS = 8


def _line(number: int, values: Mapping[str, Any], currency: str, rules: SourceRules) -> Line:
    try:
        return _read_line(values, currency, rules)
    except DataError as error:
        path = f"line {number}" + (f", {error.path}" if error.path else "")
        message = error.message.removeprefix(f"{error.path}: ")
        raise DataError(error.reason, message, path=path) from None


def _read_line(values: Mapping[str, Any], currency: str, rules: SourceRules) -> Line:
    sign = rules.decimal_sign
    product = text_of(values, "product")
    kind = text_of(values, "line_kind") or rules.line_kind(product) or ""
    if kind and kind not in LINE_KINDS:
        raise DataError("unknown_line_kind", f"{kind!r} is none of {', '.join(LINE_KINDS)}", path="line_kind")
    given = values.get("quantity")
    quantity = (
        _ONE
        if given is None or given == ""
        else scaled_number(given, QUANTITY_EXPONENT, decimal_sign=sign, path="quantity")
    )
    amount = values.get("net")
    derived = False
    if amount is None or amount == "":
        price = values.get("price")
        if price is None or price == "":
            raise DataError("missing", "neither net nor price is given", path="net")
        exact = quantity * scaled_number(price, _PRICE_DIGITS, decimal_sign=sign, path="price")
        net, derived = divide(exact, 10 ** (QUANTITY_EXPONENT + _PRICE_DIGITS - exponent(currency))), True
        if abs(net) > MAX_MINOR:
            raise DataError("too_large", "quantity x price is too large to be an amount", path="price")
    else:
        net = minor_units(amount, currency, decimal_sign=sign, path="net")
    rate, category = _tax_code(values, rules)
    stated = values.get("tax")
    if stated is None or stated == "":
        tax, derived = divide(net * rate, 10**RATE_EXPONENT), True
    else:
        tax = minor_units(stated, currency, decimal_sign=sign, path="tax")
        if abs(tax * 10**RATE_EXPONENT - net * rate) > 10**RATE_EXPONENT:
            raise DataError(
                "tax_differs",
                f"tax {_shown(tax, currency)} is not {Decimal(rate).scaleb(-4).normalize():f} % of "
                f"{_shown(net, currency)}",
                path="tax",
            )
    return Line(
        product,
        text_of(values, "description"),
        kind,
        quantity,
        text_of(values, "unit"),
        net,
        tax,
        category,
        rate,
        derived,
    )


def _tax_code(values: Mapping[str, Any], rules: SourceRules) -> tuple[int, str]:
    given = values.get("tax_percent")
    if given is None or given == "":
        given = rules.constants.tax_percent
        if given is None:
            raise DataError("missing", "is missing, and the source states no constant rate", path="tax_percent")
    category = text_of(values, "tax_category") or rules.constants.tax_category or ""
    if type(given) is float:
        raise DataError("not_a_number", f"{given!r} is not a number", path="tax_percent")
    return _known_tax_code(given, category, rules.decimal_sign)


@lru_cache(maxsize=10_000)
def _known_tax_code(percent: object, category: str, decimal_sign: str) -> tuple[int, str]:
    rate = scaled_number(percent, RATE_EXPONENT - 2, decimal_sign=decimal_sign, path="tax_percent")
    if not 0 <= rate <= 10**RATE_EXPONENT:
        raise DataError("not_a_rate", f"{percent} % cannot be a tax rate", path="tax_percent")
    category = category or ("S" if rate else "Z")
    if category not in TAX_CATEGORIES:
        raise DataError(
            "unknown_tax_category", f"{category[:10]!r} is none of {', '.join(TAX_CATEGORIES)}", path="tax_category"
        )
    if rate and category in UNTAXED_CATEGORIES:
        raise DataError(
            "tax_differs", f"category {category} bears no tax, but the rate is {percent} %", path="tax_percent"
        )
    return rate, category


def _spread_tax(lines: list[Line], stated: int | None, header: bool) -> list[Line]:
    """Tax of the lines so that it adds up to the stated tax; within one minor unit per line of what the rates give."""
    if header:
        lines = [line._replace(tax=divide(line.net * line.tax_rate, 10**RATE_EXPONENT)) for line in lines]
    if stated is None:
        return lines
    difference = stated - sum(line.tax for line in lines)
    if not difference:
        return lines
    taxed = [i for i, line in enumerate(lines) if line.tax_rate]
    if abs(difference) > len(lines) or not taxed:
        raise DataError(
            "tax_differs",
            f"the lines give a tax of {stated - difference}, the document states {stated} (minor units)",
            path="total_tax",
        )
    parts = largest_remainder(difference, [abs(lines[i].net) for i in taxed])
    spread = list(lines)
    for i, part in zip(taxed, parts, strict=True):
        spread[i] = lines[i]._replace(tax=lines[i].tax + part)
    return spread
