"""A trial of a connection: one read with the requests it made, and the requests a write would make, unsent.

Credentials are added to a request after it is made, so that none of them can be shown here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from unicodedata import category

import simplejson

from connectors.declarative.adapter import DeclarativeAdapter
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.request import AnyRequest
from connectors.declarative.wire import Unreadable
from connectors.declarative.writing.data import roots_of
from connectors.http.redaction import plain
from connectors.http.reply import Reply
from connectors.spi import (
    Adapter,
    DocumentLine,
    DocumentRequest,
    NoteRequest,
    Party,
    TaxPart,
    TierRequest,
    Window,
    WriteKind,
    WriteRequest,
)
from core.documents import BadRecord, RawRecord
from core.errors import DataError, RebatedError
from core.money import minor_units, parse_decimal
from core.normalise import normalise
from core.source import SourceRules

KEY = "RB-TRIAL"
"""Stands where our key would. It has the form of none: what somebody writes by hand with it is not taken for ours."""
_LONGEST_BODY = 4000
_MOST_PAIRS = 20

__all__ = ["DeclarativeAdapter", "Reading", "Shown", "Writing", "read_once", "sample", "write_dry"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as people see it. `status` is that of the reply, 0 where it was not sent; `reply` its body, of each
    list the first element."""

    what: str
    method: str
    url: str
    headers: dict[str, str]
    body: str
    status: int = 0
    reply: str = ""


@dataclass(slots=True)
class Reading:
    """What one read gave: the requests, the records of the first page, why some of them would go to quarantine, and
    what stopped it."""

    stream: str
    requests: list[Shown] = field(default_factory=list)
    records: Sequence[RawRecord] = ()
    bad: Sequence[BadRecord] = ()
    quarantined: Sequence[str] = ()
    failure: str = ""
    hint: str = ""


@dataclass(slots=True)
class Writing:
    """The requests a write of a kind would begin with, and why one of them cannot be made."""

    kind: WriteKind
    requests: list[Shown] = field(default_factory=list)
    failure: str = ""
    hint: str = ""


def read_once(adapter: Adapter, stream: str, rules: SourceRules) -> Reading:
    """The first page of a stream, read from the beginning. `rules`: how the records of the source are judged."""
    result = Reading(stream)

    with _told(adapter, result.requests) if isinstance(adapter, DeclarativeAdapter) else nullcontext():
        try:
            page = next(iter(adapter.pull(stream, Window(datetime.now(UTC)), {})), None)
        except RebatedError as error:
            result.failure, result.hint = error.message, error.hint or ""
            return result
    if page is not None:
        result.records, result.bad = page.records, page.bad
        result.quarantined = tuple(filter(None, (_judged(record, rules) for record in page.records)))
    return result


def _judged(record: RawRecord, rules: SourceRules) -> str:
    try:
        normalise(record, rules)
    except DataError as error:
        place = f"{error.path}: " if error.path else ""
        return f"{record.kind} {record.external_id}: {place}{error.message}"
    return ""


def _told(adapter: DeclarativeAdapter, requests: list[Shown]) -> AbstractContextManager[None]:
    def tell(request: AnyRequest, sent: Outgoing, reply: Reply) -> None:
        text = _reply(request, reply, adapter)
        requests.append(replace(_shown("", sent, adapter), status=reply.status, reply=text))

    return adapter.client.watched(tell)


def write_dry(adapter: DeclarativeAdapter, request: WriteRequest) -> Writing:
    """The requests that would write it, filled in and not sent. What tables of the other system they need is read."""
    result = Writing(request.kind)
    for what, template, data in _steps(adapter, request):
        try:
            sent = _filled(adapter, template, data)
        except RebatedError as error:
            result.failure, result.hint = f"{what}: {error.message}", error.hint or ""
            return result
        result.requests.append(_shown(what, sent, adapter))
    return result


def _filled(adapter: DeclarativeAdapter, template: AnyRequest, data: dict[str, Any]) -> Outgoing:
    """The request. Where a text in brackets cannot stand, as a number is wanted, it has a zero."""
    try:
        return adapter.client.outgoing(template, data, during="write")
    except RebatedError as error:
        if not data.get("saved") and not data.get("id"):
            raise
        failure = error
    zeros = {"saved": dict.fromkeys(data.get("saved", ()), "0"), "id": data.get("id") and "0"}
    try:
        return adapter.client.outgoing(template, {**data, **zeros}, during="write")
    except RebatedError:
        raise failure from None


def _steps(adapter: DeclarativeAdapter, request: WriteRequest) -> Iterator[tuple[str, AnyRequest, dict[str, Any]]]:
    """Each request of a write. What an earlier reply would tell stands as a text in brackets."""
    write = adapter.settings.write[request.kind]
    data = roots_of(request)
    about = {"key": request.key, "account": getattr(request, "account", ""), "page": _PAGE}
    for found in write.find:
        yield "look up by key", found.request, {**data, **about}
    if write.batch is not None:
        yield "write (several at once)", write.batch.request, {"items": [data]}
    saved: dict[str, Any] = {}
    for number, step in enumerate(write.create):
        seen = {**data, "saved": saved, "id": saved.get("id")}
        if step.each:
            root, _, name = step.each.partition(".")
            seen["item"] = next(iter(data.get(root, {}).get(name, [])), None)
        yield "write" if number == 0 else f"then, step {number + 1}", step.request, seen
        saved |= {name: f"<{name}>" for name in (*step.save, *step.save_headers)}
    for step in write.post:
        yield "post the draft", step.request, {**data, "saved": saved, "id": "<id>"}


_PAGE = {"size": 100, "number": 1, "offset": 0, "cursor": None, "after": ""}


def _shown(what: str, sent: Outgoing, adapter: DeclarativeAdapter) -> Shown:
    headers = {name: str(value) for name, value in sent.headers.items()}
    body = "" if sent.body is None else _cut(adapter.client.without_secrets(adapter.client.wire.shown(sent.body)))
    return Shown(what, sent.method, sent.url, headers, body)


def _reply(request: AnyRequest, reply: Reply, adapter: DeclarativeAdapter) -> str:
    """The body of a reply for people: without secrets and without what a terminal would obey."""
    hide = adapter.client.without_secrets
    try:
        body = adapter.client.wire.read(reply, request)
    except Unreadable:
        return plain(hide(reply.body[:_LONGEST_BODY].decode("utf-8", "replace")))
    return "" if body is None else _cut(_json(_firsts(body, hide)))


def _legible(sign: str) -> str:
    """A sign as a terminal can show it. Spaces that do not break stand between thousands in much of the world."""
    if sign.isprintable() or sign == "\n":
        return sign
    return " " if category(sign) == "Zs" else "\N{REPLACEMENT CHARACTER}"


def _firsts(value: Any, hide: Callable[[str], str]) -> Any:
    """The value with one element of each list; of names with their values, which are a table by another name, with
    more."""
    if isinstance(value, str):
        return "".join(map(_legible, hide(value)))
    if isinstance(value, dict):
        return {_firsts(name, hide): _firsts(item, hide) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    shown = _MOST_PAIRS if all(map(_is_pair, value)) else 1
    more = [f"… and {len(value) - shown} more"] if len(value) > shown else []
    return [_firsts(item, hide) for item in value[:shown]] + more


def _is_pair(item: Any) -> bool:
    """Whether it is a name with its value, and perhaps a type."""
    return (
        isinstance(item, dict)
        and len(item) in (2, 3)
        and not any(isinstance(part, (dict, list)) for part in item.values())
    )


def _json(value: Any) -> str:
    return str(simplejson.dumps(value, indent=2, ensure_ascii=False, use_decimal=True))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]}\n… ({len(text):,} characters)"


def sample(kind: WriteKind, account: str, entity: str, currency: str, tax_code: str) -> WriteRequest:
    """A small request to show, over 12.34 net. `tax_code` is a category and a rate in percent, such as `S 19`."""
    today = date.today()  # noqa: DTZ011 - what a person at this machine calls today
    if kind == "account_note":
        text = "A note of rebated would stand here."
        return NoteRequest(KEY, account, "trial", text, datetime.now(UTC).replace(microsecond=0))
    if kind == "tier":
        return TierRequest(
            KEY,
            account,
            "trial",
            "Silver",
            since=today,
            valid_until=None,
            measure=1_234_500,
            to_next=265_500,
            next_tier="Gold",
            to_keep=0,
            currency=currency,
            as_of=today,
            accrued=12_345,
            paid=6_789,
        )
    category, _, percent = tax_code.partition(" ")
    rate = int(parse_decimal(percent or "0") * 10_000)
    net = minor_units("12.34" if minor_units("1", currency) == 100 else "12", currency)
    tax = (net * rate * 2 + 1_000_000) // 2_000_000
    start = today.replace(day=1)
    return DocumentRequest(
        kind="debit_invoice" if kind == "debit_invoice" else "credit_note",
        key=KEY,
        content_hash="0" * 64,
        issued=today,
        seller=Party(entity),
        buyer=Party(account, "Name of the account"),
        entity=entity,
        account=account,
        program="trial",
        period=f"{start:%Y-%m}",
        period_start=start,
        period_end=today,
        currency=currency,
        lines=(DocumentLine("Rebate (trial)", category, rate, net, tax),),
        taxes=(TaxPart(category, rate, net, tax),),
        net=net,
        tax=tax,
        note="A trial: nothing of it is sent.",
    )
