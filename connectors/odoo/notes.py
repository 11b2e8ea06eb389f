"""Notes on partners: internal messages in their chatter, each once under its key.

A note is imported, not posted: posting would mail the followers, and twice as easily as once.
"""

from __future__ import annotations

from html import escape
from typing import Any

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.identity import REFUSES_SECOND, NotLoaded, exists, external_id, load
from connectors.spi import AlreadyExists, NoteRequest, Remote, WriteRefused

_FIELDS = ("id", "model", "res_id", "body", "message_type", "subtype_id/id", "message_id")
_MARK = "@rebated>"


class Notes:
    """Writes and finds notes."""

    def __init__(self, client: OdooClient, companies: Companies) -> None:
        self.client, self.companies = client, companies

    def look_up(self, key: str) -> tuple[Remote, ...]:
        """The notes under a key: their message id carries it."""
        return self._find([("message_id", "=", f"<{key}{_MARK}")])

    def read_back(self, remote_id: str) -> Remote | None:
        if not remote_id.isdecimal():
            return None
        found = self._find([("id", "=", int(remote_id)), ("message_id", "like", _MARK)])
        return found[0] if found else None

    def create(self, request: NoteRequest) -> Remote:
        """Raises what `Adapter.create` raises."""
        context = self.companies.context()
        if not request.account.isdecimal():
            raise WriteRefused(f"{request.account!r} is not the id of a partner in Odoo")
        if self.client.version < REFUSES_SECOND and self.look_up(request.key):
            raise AlreadyExists(f"{request.key} is there already")
        row = [
            external_id(request.key),
            "res.partner",
            request.account,
            "<p>" + escape(request.text).replace("\n", "<br/>") + "</p>",
            "comment",
            "mail.mt_note",
            f"<{request.key}{_MARK}",
        ]
        try:
            ids = load(self.client, context, "mail.message", _FIELDS, [row])
        except NotLoaded as error:
            if exists(self.client, context, "mail.message", request.key):
                raise AlreadyExists(f"{request.key} is there already") from None
            raise WriteRefused(error.messages) from None
        return Remote(request.key, str(ids[0]), account=request.account)

    def _find(self, domain: list[Any]) -> tuple[Remote, ...]:
        rows = self.client.call(
            "mail.message",
            "search_read",
            domain=[("model", "=", "res.partner"), *domain],
            fields=["message_id", "res_id"],
            order="id",
            context=self.companies.context(),
        )
        return tuple(
            Remote(row["message_id"].removeprefix("<").removesuffix(_MARK), str(row["id"]), account=str(row["res_id"]))
            for row in rows
        )
