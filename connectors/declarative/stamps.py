"""Dates and instants as other systems write them.

Inside, an instant is a whole number of microseconds since 1970, UTC. A local time that comes twice, when clocks are set
back, is read as the earlier of its two instants.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import ConfigError, DataError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400 * SECOND
_UNITS = {"iso": SECOND, "http": SECOND, "epoch": SECOND, "epoch_ms": 1000, "epoch_us": 1, "date": _DAY, "parts": 1}
"""The precision of what is sent, in microseconds."""
_FACTORS = {"epoch": SECOND, "epoch_ms": 1000, "epoch_us": 1}
"""Microseconds in one of what is written."""
_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def moment(value: Any, form: str) -> date | datetime:
    """A date, or an instant with or without a zone, from how another system writes it. Raises DataError."""
    try:
        return _moment(value, form)
    except (ValueError, TypeError, ArithmeticError, AttributeError, KeyError, IndexError):
        shown = str(value)[:40] if isinstance(value, (str, int, Decimal)) else f"a {type(value).__name__}"
        raise DataError("not_a_date", f"{shown!r} is not a date or instant of the form {form}") from None


def _moment(value: Any, form: str) -> date | datetime:
    if form in _FACTORS:
        return EPOCH + timedelta(microseconds=int(Decimal(str(value)) * _FACTORS[form]))
    if form == "parts":
        parts = [int(value[name]) for name in _PARTS if isinstance(value, Mapping) and name in value]
        return date(*parts) if len(parts) == 3 else datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001
    if not isinstance(value, str):
        raise TypeError("no text")
    text = value.strip()
    if form == "date":
        return date.fromisoformat(text[:10])
    if form == "iso":
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    if form == "http":
        return parsedate_to_datetime(text)
    found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is put on by whoever knows it
    return found if "%H" in form or "%I" in form else found.date()


def iso(value: Any, form: str, zone: str = "") -> str:
    """A date or an instant as ISO 8601; with a zone, an instant becomes UTC. Raises DataError."""
    found = moment(value, form)
    if not isinstance(found, datetime):
        return found.isoformat()
    if found.tzinfo is None and zone:
        found = found.replace(tzinfo=zone_of(zone))
    try:
        return found.isoformat() if found.tzinfo is None else found.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise DataError("not_a_date", f"the year {found.year} cannot be right") from None


@lru_cache(maxsize=100)
def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises ConfigError."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ConfigError(f"time_zone {name[:60]!r} is no IANA time zone such as Europe/Berlin") from None


def micros(instant: datetime) -> int:
    """An aware instant in microseconds since 1970."""
    return (instant - EPOCH) // _MICROSECOND


def instant_of(stamp: int) -> datetime:
    """The instant of a number of microseconds, UTC."""
    return EPOCH + stamp * _MICROSECOND


class Stamps:
    """Change stamps of one stream: read into microseconds, and written as the other system takes them.

    `unit`: the precision of what is written, in microseconds.
    """

    def __init__(self, form: str, send: str = "", zone: str = "UTC") -> None:
        """Raises ConfigError for a zone that does not exist."""
        self._form, self._send, self._zone = form, send or form, zone_of(zone)
        self._is_local = zone != "UTC"
        self.unit = _UNITS.get(self._send) or _unit_of(self._send)

    def read(self, value: Any) -> int | None:
        """A stamp in microseconds; None where there is none. Raises DataError for what is no stamp."""
        if value is None or value == "":
            return None
        found = moment(value, self._form)
        if not isinstance(found, datetime):
            found = datetime.combine(found, time())
        if found.tzinfo is None:
            found = found.replace(tzinfo=self._zone)
        try:
            return micros(found)
        except OverflowError:
            raise DataError("not_a_date", f"the year {found.year} cannot be right") from None

    def since(self, stamp: int) -> Any:
        """The stamp as it is sent, rounded down to what the form can say."""
        return self._written(self._cut(stamp))

    def until(self, stamp: int) -> Any:
        """The stamp as it is sent, rounded up."""
        cut = self._cut(stamp)
        if micros(cut) < stamp:
            # By the wall: a day is not always 24 hours long.
            cut = (cut.replace(tzinfo=None) + timedelta(microseconds=self.unit)).replace(tzinfo=self._zone)
        return self._written(cut)

    def twice(self, stamp: int) -> int:
        """How much later the same local time comes again, in microseconds: 0 but for an hour a year."""
        if not self._is_local:
            return 0
        local = instant_of(stamp).astimezone(self._zone)
        first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
        return 0 if first is None or second is None or first <= second else (first - second) // _MICROSECOND

    def _cut(self, stamp: int) -> datetime:
        local = instant_of(stamp).astimezone(self._zone)
        if self.unit < SECOND:
            return local.replace(microsecond=local.microsecond - local.microsecond % self.unit)
        if self.unit >= _DAY:
            return local.replace(hour=0, minute=0, second=0, microsecond=0)
        return local.replace(second=local.second if self.unit == SECOND else 0, microsecond=0)

    def _written(self, local: datetime) -> Any:
        form = self._send
        if form in _FACTORS:
            return micros(local) // _FACTORS[form]
        if form == "date":
            return local.date().isoformat()
        if form == "http":
            return format_datetime(local.astimezone(UTC), usegmt=True)
        if form == "parts":
            return {name: getattr(local, name) for name in _PARTS}
        if form == "iso":
            plain = local.replace(tzinfo=None).isoformat()
            return plain if self._is_local else f"{plain}Z"
        return local.strftime(form)


def _unit_of(pattern: str) -> int:
    if "%f" in pattern:
        return 1
    if "%S" in pattern:
        return SECOND
    return 60 * SECOND if "%M" in pattern else _DAY
