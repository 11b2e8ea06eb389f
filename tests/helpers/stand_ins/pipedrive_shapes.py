"""How Pipedrive writes things, what a request costs, and which values a field takes."""

from __future__ import annotations

import base64
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.helpers.stand_ins.base import Received
from tests.helpers.stand_ins.table import Row


def failure(error: str) -> dict[str, Any]:
    """A body that says no."""
    return {"success": False, "error": error, "error_info": "see the documentation", "data": None}


def custom_of(row: Row) -> dict[str, Any]:
    """The values of an organization's custom fields."""
    values: dict[str, Any] = row.values["custom_fields"]
    return values


def rfc(moment: datetime) -> str:
    """An instant as version 2 writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def as_cursor(place: tuple[int, int]) -> str:
    """Where the next page begins, as the client gets it."""
    return base64.urlsafe_b64encode(f"{place[0]}/{place[1]}".encode()).decode()


def tokens_of(asked: Received) -> int:
    """Tokens of a request, as the vendor's files have them."""
    old = asked.path.startswith("/v1/")
    single = bool(re.search(r"/(\d+|[0-9a-f]{40})$", asked.path)) or asked.path.endswith("/me")
    if asked.method == "GET":
        return (2 if old else 1) if single else (20 if old else 10)
    return 10 if old else 5


def fits(type: str, value: Any) -> bool:
    """Whether a field of that type takes the value."""
    if type in ("varchar", "text"):
        return isinstance(value, str) and (type == "text" or len(value) <= 255)
    if type == "double":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if type == "date":
        try:
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return False


def field_told(code: str, name: str, type: str, *, custom: bool) -> dict[str, Any]:
    """A field, as version 2 tells it."""
    return {
        "field_code": code,
        "field_name": name,
        "field_type": type,
        "is_custom_field": custom,
        "is_optional_response_field": False,
    }


def note_told(row: Row) -> dict[str, Any]:
    """A note, as version 1 tells it."""
    return {
        "id": int(row.id),
        "content": row.values["content"],
        "org_id": row.values["org_id"],
        "user_id": row.values["user_id"],
        "active_flag": True,
        "add_time": f"{row.created:%Y-%m-%d %H:%M:%S}",
        "update_time": f"{row.changed:%Y-%m-%d %H:%M:%S}",
        "organization": {"name": "of the note"},
    }
