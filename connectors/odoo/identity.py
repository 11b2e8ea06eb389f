"""Our keys inside Odoo: external ids, which a unique index keeps apart.

The table of external ids is closed to a user with least rights. Whether one exists can still be asked: a reference by
external id in an import that cannot succeed tells it, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.http.redaction import plain
from connectors.odoo.client import OdooClient
from core.errors import RetryableError

MODULE = "rebated"
REFUSES_SECOND = (18, 0)
"""The version from which a posted document or a note refuses a second import under its external id; before, the import
changes it silently. There is one in either case."""
_NOWHERE = "999999999"
"""An id no record has, so that the import it stands in fails."""
_PROBES = {
    "account.move": ("reversed_entry_id/id", "partner_id/.id"),
    "mail.message": ("parent_id/id", "author_id/.id"),
}
_TIMES = 3


def external_id(key: str, line: int | None = None) -> str:
    """The external id of a document, or of one of its lines."""
    return f"{MODULE}.{key}" if line is None else f"{MODULE}.{key}-{line}"


def exists(client: OdooClient, context: dict[str, Any], model: str, key: str) -> bool:
    """Whether a record of `model` has our key as its external id, whatever became of its other fields."""
    fields = _PROBES[model]
    answer = client.call(model, "load", fields=list(fields), data=[[external_id(key), _NOWHERE]], context=context)
    return fields[0].partition("/")[0] not in {message.get("field") for message in answer["messages"]}


class NotLoaded(Exception):
    """The server did not take the rows; nothing was written. `messages` are its words, one a line."""

    def __init__(self, messages: str) -> None:
        super().__init__(messages)
        self.messages = messages


def load(
    client: OdooClient, context: dict[str, Any], model: str, fields: Sequence[str], rows: Sequence[Sequence[str]]
) -> list[int]:
    """Import rows under external ids; the ids of the records. Raises NotLoaded, and what the client raises.

    Two imports of one external id at once: the database lets one through and the other answers that it could not
    serialize. That one is tried again, and then meets the record of the first.
    """
    for _ in range(_TIMES):
        answer = client.call(
            model, "load", fields=list(fields), data=[list(row) for row in rows], context=context, writes=True
        )
        if answer["ids"]:
            return list(answer["ids"])
        texts = [plain(str(message.get("message", ""))) for message in answer["messages"]]
        if not any("serialize" in text or "concurrent" in text.lower() for text in texts):
            raise NotLoaded("\n".join(dict.fromkeys(filter(None, texts))) or "the server gave no reason")
    raise RetryableError("another transaction keeps writing the same records in Odoo")
