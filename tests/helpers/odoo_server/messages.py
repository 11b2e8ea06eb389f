"""Messages and notes of a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from uuid import uuid4

from tests.helpers.odoo_server import writing
from tests.helpers.odoo_server.faults import AccessError, MissingError
from tests.helpers.odoo_server.rights import OWNED
from tests.helpers.odoo_server.session import ADMINISTRATOR, Session

MESSAGE = "mail.message"
NOTE, COMMENT = "mail.mt_note", "mail.mt_comment"


def post(
    session: Session,
    model: str,
    ids: list[int],
    *,
    body: str = "",
    subject: str | bool | None = None,
    message_type: str = "notification",
    body_is_html: bool = False,
    subtype_xmlid: str | None = None,
    subtype_id: int | bool = False,
    message_id: str | None = None,
    parent_id: int | bool = False,
    author_id: int | None = None,
    email_from: str | None = None,
    **others: Any,
) -> int:
    """A message on one record. From 17 on text is escaped unless `body_is_html`, before it is HTML as it stands.
    Nothing keeps `message_id` unique."""
    if len(ids) != 1:
        raise ValueError(f"Expected singleton: {model}({', '.join(str(one) for one in ids)})")
    unknown = set(others) - {"partner_ids", "attachment_ids", "email_add_signature", "subtype", "tracking_value_ids"}
    if unknown:
        raise ValueError(f"Those values are not supported when posting or notifying: {', '.join(sorted(unknown))}")
    session.one(model, ids[0])
    body_is_html = body_is_html or session.version < (17, 0)
    subtype = session.look_up(subtype_xmlid or NOTE) or session.look_up(NOTE)
    values = {
        "model": model,
        "res_id": ids[0],
        "body": body if body_is_html else f"<p>{escape(body, quote=False)}</p>" if body else "",
        "subject": subject,
        "message_type": message_type,
        "subtype_id": subtype_id or (subtype or {}).get("res_id"),
        "message_id": message_id,
        "parent_id": parent_id,
        "author_id": author_id,
        "email_from": email_from,
    }
    return create(session, MESSAGE, {name: value for name, value in values.items() if value})


def create(session: Session, model: str, values: Mapping[str, Any]) -> int:
    given = dict(values)
    target, record = given.get("model"), given.get("res_id")
    if target and record:
        if target not in session.registry:
            raise KeyError(target)
        if session.store.get(target, int(record)) is None:
            raise MissingError(target, int(record), session.uid)
        if target in OWNED and session.one(target, int(record)).get("company_id") not in {*session.companies, None}:
            raise AccessError(
                "The requested operation cannot be completed due to security restrictions. Please contact your system "
                f"administrator.\n\n(Document type: Message, Operation: create)\n\nRecords: 1, User: {session.uid}"
            )
    partner = session.one("res.partner", session.user["partner_id"])
    given.setdefault("message_type", "comment")
    given.setdefault("date", session.stamp)
    given.setdefault("author_id", partner["id"])
    given.setdefault("email_from", f'"{partner["name"]}" <{partner.get("email") or "nobody@example.com"}>')
    given.setdefault("message_id", f"<{uuid4().int}.{session.now:%Y%m%d%H%M%S}-server-{record or 'private'}@erp>")
    given["body"] = given.get("body") or ""
    return writing.create(session, model, given)


def write(session: Session, model: str, ids: Iterable[int], values: Mapping[str, Any]) -> None:
    guarded = session.version >= (18, 0) and session.uid != ADMINISTRATOR
    if guarded and {"model", "res_id"} & set(values):
        raise AccessError("Only administrators can modify 'model' and 'res_id' fields.")
    writing.write(session, model, ids, values)


writing.CREATORS[MESSAGE] = create
writing.WRITERS[MESSAGE] = write
