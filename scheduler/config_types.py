"""Kinds of values settings have, each with a message that says what is allowed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated
from zoneinfo import available_timezones

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connectors.secrets import SecretReference
from core.errors import DataError
from core.ledger.accounts import GROUPS
from core.money import is_currency, minor_units

OFF = "off"
_COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ"
    " CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO"
    " FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE"
    " JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO"
    " MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW"
    " PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM"
    " TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW".split()
)


class Section(BaseModel):
    """Base of every table: unknown keys are errors, values are frozen, messages never quote what was given."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code!r} is not an ISO 4217 currency such as EUR")
    return code


def _country(code: str) -> str:
    if code not in _COUNTRIES:
        raise ValueError(f"{code!r} is not an ISO 3166 country code of two capital letters such as DE")
    return code


def _zone_name(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone such as Europe/Berlin")
    return name


def _amounts(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    for currency, amount in amounts.items():
        try:
            minor_units(amount, currency)
        except DataError as error:
            raise ValueError(f"{currency}: {error.message}") from None
    return amounts


def _cron(expression: str) -> str:
    if expression == OFF:
        return expression
    try:
        CronTrigger.from_crontab(expression)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"not a cron expression of five fields (minute hour day month weekday), nor {OFF!r}: {error}"
        ) from None
    if re.search(r"(?<!/)\b\d", expression.split()[4]):
        raise ValueError("weekdays are written by name (mon, tue, wed, thu, fri, sat, sun): numbers differ among crons")
    return expression


def _connection_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name):
        raise ValueError(f"{name[:80]!r} is not a name of up to 63 small letters, digits, - and _")
    if name == GROUPS:
        raise ValueError(f"{name!r} is taken: buying groups have their accounts under it")
    return name


def _memory(amount: str) -> str:
    if not re.fullmatch(r"[1-9]\d*(\.\d+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", amount):
        raise ValueError(f"{amount[:80]!r} is not an amount of memory such as 512MB or 1GB")
    return amount


def _secret_or_text(value: object) -> object:
    """Choose before validation, so that a mistake is told once and not for each alternative."""
    if isinstance(value, (str, SecretReference)):
        return value
    return SecretReference.model_validate(value)


def _routes(value: object) -> object:
    """One connection for everything, or a table of them."""
    return {"": value} if isinstance(value, str) else value


def check_book_url(url: str) -> None:
    """Raises ValueError, without quoting it, where `url` is not that of a database the book can live in."""
    try:
        backend = make_url(url).drivername
    except ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql+psycopg"):
        raise PydanticCustomError(
            "book_url", "not a database URL: sqlite:///path or postgresql+psycopg://host/name is allowed"
        )


CurrencyCode = Annotated[str, AfterValidator(_currency)]
Amounts = Annotated[dict[CurrencyCode, Annotated[Decimal, Field(ge=0)]], AfterValidator(_amounts)]
"""Amounts in major units by currency; a currency not named has 0."""
Country = Annotated[str, AfterValidator(_country)]
Cron = Annotated[str, AfterValidator(_cron)]
Percent = Annotated[Decimal, Field(ge=0, le=100)]
ConnectionName = Annotated[str, AfterValidator(_connection_name)]
one_or_table = BeforeValidator(_routes)
Routes = Annotated[dict[str, ConnectionName], one_or_table]
"""Connections by what they serve; the one under the empty name serves everything else."""
ZoneName = Annotated[str, AfterValidator(_zone_name)]
Memory = Annotated[str, AfterValidator(_memory)]
Place = Annotated[str | SecretReference, BeforeValidator(_secret_or_text)]


def in_minor_units(amounts: dict[str, Decimal], currency: str) -> int:
    """The amount in minor units of `currency`; 0 where it is not named."""
    return minor_units(amounts.get(currency, Decimal(0)), currency)
