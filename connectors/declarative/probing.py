"""What `rebated check` looks at in a system described by settings: that it answers, what the settings ask of it, its
clock, and whether its interface ends. It only reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.declarative.client import Answer, Client
from connectors.declarative.expression import expression
from connectors.declarative.listing import Listing, holding
from connectors.declarative.reading import Reading
from connectors.declarative.references import references
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.checking import Probe
from connectors.declarative.settings.pages import KeysetPages, NumberedPages, OffsetPages, Pages
from connectors.declarative.settings.reading import Lookup
from connectors.declarative.settings.request import AnyRequest
from connectors.declarative.wire import Unreadable
from connectors.http.reply import Reply
from connectors.spi import Finding, Window
from core.errors import DataError, RebatedError, RetryableError

_SKEW = timedelta(minutes=5)
_SOON = timedelta(days=365)
_READABLE = ("fine", "empty")
Heard = tuple[AnyRequest, Reply]
_SEE = "`rebated connector try` shows"
_ROUND = 10
"""Servers that give fewer records than they are asked for give a round number of them."""
_MORE = (
    "if the server never gives more, lower `size` to that, or let `pages` say where the list ends, where its kind can"
)


def findings(client: Client, listing: Listing, reading: Reading, settings: DeclarativeSettings) -> Iterator[Finding]:
    """Each thing looked at, in the order one would set it up. After a failure to connect there is nothing more."""
    yield from _sunset(settings, datetime.now(UTC).date())
    yield from _unverified(settings)
    try:
        client.log_in()
    except RebatedError as error:
        yield Finding("error", "log-in", error.message, error.hint or "")
        return
    written = {kind for kind, write in settings.write.items() if not write.off}
    reached = False
    for probe in settings.check:
        if (probe.writes and not written & set(probe.writes)) or _left_out(settings, probe):
            continue
        found = _probed(client, probe)
        yield found
        reached = reached or client.server_date is not None
        if found.level == "error" and not reached:
            return
    for name, lookup in settings.lookups.items():
        yield from _looked_up(listing, name, lookup)
    for name in reading.streams():
        yield from _readable(client, reading, settings, name)
    yield from _clock(client)


def _sunset(settings: DeclarativeSettings, today: date) -> Iterator[Finding]:
    sunset = settings.about.sunset
    if sunset is None:
        return
    when = f"{sunset.on:%Y-%m-%d}"
    if sunset.on <= today:
        yield Finding("warning", "sunset", f"the vendor ended this interface on {when}", sunset.notice)
    elif sunset.on - today <= _SOON:
        yield Finding("warning", "sunset", f"the vendor ends this interface on {when}", sunset.notice)
    else:
        yield Finding(
            "warning", "sunset", f"the vendor has announced the end of this interface for {when}", sunset.notice
        )


def _unverified(settings: DeclarativeSettings) -> Iterator[Finding]:
    if settings.preset and not settings.about.tried_on:
        title = settings.about.title or settings.preset
        hint = "begin with `write = false`, and look at `rebated connector try` before the first write"
        yield Finding("warning", "preset", f"the preset for {title} was not tried on a running system", hint)


def _left_out(settings: DeclarativeSettings, probe: Probe) -> bool:
    """Whether path or query name a value that is empty, and may be: there is nothing to ask then."""
    asked = probe.request.address
    named = [reference.path for reference in references(asked) if reference.optional]
    values = {f"values.{name}": value for name, value in settings.values.items()}
    return any(values.get(path, "") == "" for path in named)


def _probed(client: Client, probe: Probe) -> Finding:
    hint = probe.hint
    try:
        answer = client.call(probe.request)
        if answer.meaning in _READABLE and expression(probe.expect).holds(answer.body):
            return Finding("ok", probe.what, probe.message or "as it should be")
        reason = answer.message or ("" if probe.otherwise else _why(probe, answer))
        message = f"{probe.otherwise or 'not as it should be'}{f': {reason}' if reason else ''}"
    except (RebatedError, DataError) as error:
        message = f"{probe.otherwise}: {error.message}" if probe.otherwise else error.message
        hint = hint or error.hint or ""
    return Finding(probe.level, probe.what, message, hint)


def _why(probe: Probe, answer: Answer) -> str:
    """Why a reply is not what was expected, without showing its data."""
    if answer.meaning not in _READABLE:
        return f"it was answered {answer.status}"
    if answer.body is None:
        return "the reply is empty"
    return f"`expect` is not true of the reply, which {holding(answer.body)}"


def _looked_up(listing: Listing, name: str, lookup: Lookup) -> Iterator[Finding]:
    """That a table of the other system can be read. One that is read by keys is left to the records that need it."""
    if "keys" in str(lookup.request):
        return
    try:
        count = sum(
            len(chunk.records)
            for chunk in listing.pages(lookup.request, lookup.records, lookup.pages, {}, count=lookup.count)
        )
    except RebatedError as error:
        yield Finding("error", f"lookups.{name}", error.message, error.hint or "")
        return
    yield Finding("ok", f"lookups.{name}", f"{count} found")


def _readable(client: Client, reading: Reading, settings: DeclarativeSettings, name: str) -> Iterator[Finding]:
    """That a stream can be read and what comes can be understood: its first page."""
    heard: list[Heard] = []
    try:
        with client.watched(lambda request, sent, reply: heard.append((request, reply))):
            page = next(iter(reading.pull(name, Window(datetime.now(UTC)), {})), None)
    except RebatedError as error:
        hint = "" if isinstance(error, RetryableError) else f"{_SEE} the request and the reply"
        yield Finding("error", f"read.{name}", error.message, error.hint or hint)
        return
    good, bad = (len(page.records), page.bad) if page is not None else (0, ())
    yield Finding("ok", f"read.{name}", f"can be read: {good} record{'s' * (good != 1)} on the first page")
    if bad:
        message = f"{len(bad)} of {good + len(bad)} records on the first page cannot be used: {bad[0].message}"
        yield Finding("warning", f"read.{name}", message, f"{_SEE} the whole record")
    records, pages = settings.read[name].records, settings.read[name].pages
    given = len(_first(client, records, heard))
    size = _ending_size(pages)
    if 0 < given < size and given % _ROUND == 0:
        message = f"of {size} records asked for the first page holds {given}, and is taken for the last"
        yield Finding("warning", f"read.{name}.pages", message, _MORE)
    missing = "" if good or bad else _missing(client, records, heard)
    if missing:
        message = f"the reply holds nothing at `{records}`; it {missing}"
        yield Finding("warning", f"read.{name}", message, f"is that where the list stands? {_SEE} the reply")


def _ending_size(pages: Pages) -> int:
    """The size by which the last page is known, where nothing else tells it; else 0."""
    if isinstance(pages, NumberedPages):
        return pages.size if pages.by_size else 0
    if isinstance(pages, OffsetPages):
        return 0 if pages.total else pages.size
    return pages.size if isinstance(pages, KeysetPages) else 0


def _first(client: Client, records: str, heard: Sequence[Heard]) -> list[Any]:
    """The records of the first reply, as they came."""
    for request, reply in heard[:1]:
        with suppress(Unreadable, DataError):
            found = expression(records).of(client.wire.read(reply, request))
            return found if isinstance(found, list) else []
    return []


def _missing(client: Client, records: str, heard: Sequence[Heard]) -> str:
    """What the first reply holds instead of the list of records; empty where the list is there."""
    for request, reply in heard[:1]:
        try:
            body = client.wire.read(reply, request)
            if reply.status == 200 and body is not None and expression(records).of(body) is None:
                return holding(body)
        except (Unreadable, DataError):
            pass
    return ""


def _clock(client: Client) -> Iterator[Finding]:
    theirs = client.server_date
    if theirs is None:
        return
    skew = abs(theirs - datetime.now(UTC))
    if skew > _SKEW:
        message = f"the server's clock is {int(skew.total_seconds())} s away from this machine's"
        yield Finding("warning", "clock", message, "let both keep time by NTP")
    else:
        yield Finding("ok", "clock", "the clocks agree")
