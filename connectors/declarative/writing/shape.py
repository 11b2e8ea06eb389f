"""From a record of the other system to a document of ours: exact amounts, its state, and the keys its text holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from connectors.declarative.client import Client
from connectors.declarative.expression import as_text, expression
from connectors.declarative.mapping import fields_of, value_of
from connectors.declarative.settings.reading import FieldSource
from connectors.declarative.settings.writing import RemoteFields, RemoteLines
from connectors.declarative.template import Tables
from connectors.http.redaction import plain
from connectors.spi import Remote, TaxPart, WriteKind
from core.errors import DataError, FatalError
from core.keys import find_keys
from core.money import RATE_EXPONENT, divide, is_currency, minor_units, scaled_number

State = Literal["draft", "posted", "cancelled"]
_STATES: dict[str, State] = {"draft": "draft", "posted": "posted", "cancelled": "cancelled"}
_LONGEST = 300
"""Characters of an id, a number or an account."""

_PERCENT_DIGITS = 4
"""A rate in percent with so many digits is a whole number of millionths."""


class Found(NamedTuple):
    """A document, every key of ours in the text that holds its key, in order, and whether there is such a text."""

    remote: Remote
    keys: list[str]
    has_key_text: bool


class _Line(NamedTuple):
    net: int
    tax: int | None
    code: tuple[str, int] | None


class Shape:
    """What `remote` says of the documents of one kind. Safe to use from threads."""

    def __init__(self, kind: WriteKind, remote: RemoteFields, client: Client, tables: Tables) -> None:
        self._place, self._remote = f"write.{kind}.remote", remote
        self._client, self._tables = client, tables

    def tells(self, name: str) -> bool:
        """Whether the other system tells this of a document."""
        return name in self._remote.fields

    def of(self, record: Any) -> Found:
        """The document a record is; its own key is the last its text holds. Raises FatalError naming the setting by
        which it cannot be read."""
        try:
            told = fields_of(self._remote.fields, record, self._client.roots(), self._tables)
        except DataError as error:
            raise self._unreadable("fields", error) from None
        if "id" not in told:
            raise FatalError(f"{self._place}.fields.id: a record has none there")
        keys = find_keys(as_text(told.get("key")))
        head = Remote(
            key=keys[-1] if keys else "",
            remote_id=self._id(told["id"]),
            number=plain(as_text(told.get("number")), longest=_LONGEST),
            state=self._state(told.get("state")),
            account=plain(as_text(told.get("account")), longest=_LONGEST),
            own_tax=self._remote.own_tax,
        )
        remote = self._with_figures(head, told, record) if self.tells("net") else head
        return Found(remote, keys, told.get("key") is not None)

    def id_of(self, record: Any) -> str:
        """The id in a record that need not be complete. Raises FatalError."""
        return self._id(self._value(self._remote.fields["id"], record, "fields.id"))

    def _id(self, told: Any) -> str:
        remote_id = as_text(told)
        if len(remote_id) > _LONGEST or not remote_id.isprintable():
            raise FatalError(f"{self._place}.fields.id: what stands there is no id")
        return remote_id

    def _with_figures(self, head: Remote, told: Mapping[str, Any], record: Any) -> Remote:
        currency = as_text(told.get("currency"))
        if not is_currency(currency):
            raise FatalError(
                f"{self._place}.fields.currency: {currency[:20]!r} is no currency",
                hint="`map` turns it into an ISO 4217 code",
            )
        try:
            net = minor_units(told.get("net"), currency, path="net")
            tax = None if told.get("tax") is None else minor_units(told["tax"], currency, path="tax")
            count = told.get("line_count")
            lines = [] if self._remote.lines is None else list(self._lines(self._remote.lines, record, currency))
            line_count = len(lines) if count is None else scaled_number(count, 0, path="line_count")
        except DataError as error:
            raise self._unreadable("fields", error) from None
        if tax is None:
            tax = sum(line.tax or 0 for line in lines)
        taxes = () if self._remote.own_tax else _parts(lines, tax)
        return replace(head, currency=currency, net=net, tax=tax, taxes=taxes, line_count=line_count)

    def _lines(self, lines: RemoteLines, record: Any, currency: str) -> Iterator[_Line]:
        found = expression(lines.records).of(record)
        if found is not None and not isinstance(found, list):
            raise DataError("unexpected_shape", "what `lines.records` finds is no list")
        for line in found or ():
            if lines.only and not expression(lines.only).holds(line):
                continue
            net = self._amount(lines.net, line, currency, "lines.net")
            tax = self._amount(lines.tax, line, currency, "lines.tax")
            yield _Line(net or 0, tax, None if net is None else self._code(lines, line))

    def _code(self, lines: RemoteLines, line: Any) -> tuple[str, int] | None:
        if lines.category is None or lines.rate is None:
            return None
        category = self._value(lines.category, line, "lines.category")
        rate = self._value(lines.rate, line, "lines.rate")
        return as_text(category), 0 if rate is None else scaled_number(rate, _PERCENT_DIGITS, path="lines.rate")

    def _amount(self, source: FieldSource | None, record: Any, currency: str, place: str) -> int | None:
        value = None if source is None else self._value(source, record, place)
        return None if value is None else minor_units(value, currency, path=place)

    def _value(self, source: FieldSource, record: Any, place: str) -> Any:
        try:
            return value_of(source, record, self._client.roots(), self._tables)
        except DataError as error:
            raise self._unreadable(place, error) from None

    def _state(self, told: Any) -> State:
        state = "posted" if told is None else as_text(told)
        if state not in _STATES:
            raise FatalError(
                f"{self._place}.fields.state: a document is {state[:40]!r} there",
                hint="`map` turns it into draft, posted or cancelled",
            )
        return _STATES[state]

    def _unreadable(self, place: str, error: DataError) -> FatalError:
        return FatalError(f"{self._place}.{place}: {error.message}")


def _parts(lines: list[_Line], tax: int) -> tuple[TaxPart, ...]:
    """Net and tax by tax code; nothing where that is not told of every line. Where a line does not tell its tax, each
    code bears what its rate gives, if that is the tax of the whole document; a single code bears that in any case."""
    net: dict[tuple[str, int], int] = {}
    taxes: dict[tuple[str, int], int] = {}
    for line in lines:
        if line.code is None:
            return ()
        net[line.code] = net.get(line.code, 0) + line.net
        taxes[line.code] = taxes.get(line.code, 0) + (line.tax or 0)
    if any(line.tax is None for line in lines):
        taxes = {code: divide(amount * code[1], 10**RATE_EXPONENT) for code, amount in net.items()}
        if len(net) == 1:
            taxes = dict.fromkeys(net, tax)
        elif sum(taxes.values()) != tax:
            return ()
    return tuple(TaxPart(*code, net[code], taxes[code]) for code in sorted(net))
