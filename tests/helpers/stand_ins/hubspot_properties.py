"""The properties of HubSpot's objects: which there are, and what their values must look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object. `type`: string, number, date, datetime or bool."""

    name: str
    type: str = "string"
    unique: bool = False
    read_only: bool = False

    def as_told(self) -> dict[str, Any]:
        """As the interface of properties tells it."""
        fields = {"string": "text", "bool": "booleancheckbox", "datetime": "date"}
        return {
            "name": self.name,
            "label": self.name.replace("_", " ").capitalize(),
            "description": "",
            "type": self.type,
            "fieldType": fields.get(self.type, self.type),
            "groupName": "companyinformation",
            "options": [],
            "hasUniqueValue": self.unique,
            "hidden": False,
            "archived": False,
            "modificationMetadata": {
                "archivable": not self.read_only,
                "readOnlyDefinition": self.read_only,
                "readOnlyValue": self.read_only,
            },
        }


def named(*properties: Property) -> dict[str, Property]:
    """By name, with those every object has."""
    always = (Property("hs_object_id", "number", read_only=True),)
    return {each.name: each for each in (*always, *properties)}


COMPANY = named(
    Property("createdate", "datetime"),
    Property("hs_lastmodifieddate", "datetime", read_only=True),
    Property("hs_merged_object_ids", read_only=True),
    *map(Property, ("name", "domain", "website", "country", "city", "phone")),
)
NOTE = named(
    Property("hs_createdate", "datetime", read_only=True),
    Property("hs_lastmodifieddate", "datetime", read_only=True),
    Property("hs_timestamp", "datetime"),
    Property("hs_note_body"),
)


def shown(moment: datetime) -> str:
    """An instant as HubSpot writes it: milliseconds, UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """An instant or day of a property as milliseconds. Raises ValueError where it is none."""
    if re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        text += "T00:00:00+00:00"
    if not re.search(r"(Z|[+-]\d\d:?\d\d)$", text):
        raise ValueError("an instant needs a time zone")
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def problem(known: Mapping[str, Property], name: str, value: Any) -> tuple[str, str] | None:
    """Why this value cannot be given to this property: a code and words; None where it can."""
    if name not in known:
        return "PROPERTY_DOESNT_EXIST", f'There is no property "{name}"'
    rule = known[name]
    if rule.read_only:
        return "READ_ONLY_VALUE", f'"{name}" is set by the system'
    if not isinstance(value, str):
        return "INVALID_TYPE", f'the value of "{name}" has to be text'
    if value == "":
        return None
    if len(value) > LONGEST:
        return "INVALID_STRING", f'the value of "{name}" is too long'
    try:
        if rule.type == "number":
            Decimal(value)
        elif rule.type == "datetime":
            milliseconds(value)
        elif rule.type == "date":
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
                raise ValueError("not a day")
            date.fromisoformat(value)
        elif rule.type == "bool" and value not in ("true", "false"):
            raise ValueError("neither true nor false")
    except (ValueError, InvalidOperation):
        return f"INVALID_{rule.type.upper()}", f'the value of "{name}" is no {rule.type}'
    return None


def comparable(rule: Property, value: str) -> Any:
    """A value as it is compared and sorted. Raises ValueError and InvalidOperation."""
    if rule.type == "number":
        return Decimal(value)
    return milliseconds(value) if rule.type in ("date", "datetime") else value.lower()
