"""The public methods of the models: what is called, with which arguments, on which version."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.helpers.odoo_server import loading, matching, messages, moves, posting, reading, rights, writing
from tests.helpers.odoo_server.computed import display_name
from tests.helpers.odoo_server.entries import LINE, MOVE
from tests.helpers.odoo_server.faults import AccessError, UnknownMethod, UserError
from tests.helpers.odoo_server.fields import Version
from tests.helpers.odoo_server.session import Session

PRIVATE = ("browse", "check_access", "exists", "mapped", "filtered", "sudo", "with_context", "ensure_one", "env")
READING = frozenset(
    "search search_count search_read read web_search_read web_read fields_get name_search context_get has_access "
    "check_access_rights".split()
)


class Method:
    """`of_records`: the first argument is ids. `until` and `since` bound the versions that have it."""

    def __init__(self, call: Callable[..., Any], *, of_records: bool, since: int = 0, until: int = 99) -> None:
        self.call, self.of_records = call, of_records
        self._span = (since, until)
        parameters = list(inspect.signature(call).parameters.values())
        self.signature = inspect.Signature(parameters[3:] if of_records else parameters[2:])

    def exists(self, version: Version) -> bool:
        return self._span[0] <= version[0] <= self._span[1]


GENERIC: dict[str, list[Method]] = {}
SPECIAL: dict[tuple[str, str], Method] = {}


def method_of(version: Version, model: str, name: str) -> Method:
    """The method. Raises AccessError for a private one, UnknownMethod for one there is not."""
    if name.startswith("_") or name in PRIVATE:
        raise AccessError(f"Private methods (such as '{model}.{name}') cannot be called remotely.")
    special = SPECIAL.get((model, name))
    for one in [special] if special else GENERIC.get(name, []):
        if one.exists(version):
            return one
    raise UnknownMethod(model, name)


def _generic(*, of_records: bool = False, since: int = 0, until: int = 99, name: str = "") -> Callable[..., Any]:
    def keep(call: Callable[..., Any]) -> Callable[..., Any]:
        method = Method(call, of_records=of_records, since=since, until=until)
        GENERIC.setdefault(name or call.__name__, []).append(method)
        return call

    return keep


def _special(model: str, *, of_records: bool = True) -> Callable[..., Any]:
    def keep(call: Callable[..., Any]) -> Callable[..., Any]:
        SPECIAL[model, call.__name__] = Method(call, of_records=of_records)
        return call

    return keep


# -------------------------------------------------------------------- reading


@_generic()
def search(
    session: Session, model: str, domain: Any, offset: int = 0, limit: int | None = None, order: str | None = None
) -> Any:
    rights.check(session, model, rights.READ)
    return reading.search(session, model, domain, offset, limit, order)


@_generic()
def search_count(session: Session, model: str, domain: Any, limit: int | None = None) -> int:
    rights.check(session, model, rights.READ)
    return len(reading.search(session, model, domain, 0, limit))


@_generic()
def search_read(
    session: Session,
    model: str,
    domain: Any = None,
    fields: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    load: str | None = "_classic_read",
) -> Any:
    rights.check(session, model, rights.READ)
    ids = reading.search(session, model, domain or [], offset, limit, order)
    return reading.read(session, model, ids, fields, names=load == "_classic_read")


@_generic(of_records=True)
def read(
    session: Session,
    model: str,
    ids: list[int],
    fields: Sequence[str] | None = None,
    load: str | None = "_classic_read",
) -> Any:
    rights.check(session, model, rights.READ)
    return reading.read(session, model, ids, fields, names=load == "_classic_read")


@_generic(since=17)
def web_search_read(
    session: Session,
    model: str,
    domain: Any,
    specification: Mapping[str, Any],
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    count_limit: int | None = None,
) -> Any:
    rights.check(session, model, rights.READ)
    ids, length = _page(session, model, domain, offset, limit, order, count_limit)
    return {"length": length, "records": reading.web_read(session, model, ids, specification)}


@_generic(until=16, name="web_search_read")
def web_search_read_of_fields(
    session: Session,
    model: str,
    domain: Any = None,
    fields: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    count_limit: int | None = None,
) -> Any:
    """The form before 17: no nesting, records as `read` gives them."""
    rights.check(session, model, rights.READ)
    ids, length = _page(session, model, domain or [], offset, limit, order, count_limit)
    return {"length": length, "records": reading.read(session, model, ids, fields)}


def _page(
    session: Session,
    model: str,
    domain: Any,
    offset: int,
    limit: int | None,
    order: str | None,
    count_limit: int | None,
) -> tuple[list[int], int]:
    """Ids of the page, and how many there are in all: counted only where the page is full, up to `count_limit`."""
    found = reading.search(session, model, domain, 0, None, order)
    ids = found[offset : offset + limit] if limit else found[offset:]
    if not ids:
        return [], 0
    if limit and len(ids) == limit:
        return ids, min(len(found), max(count_limit, len(ids) + offset)) if count_limit else len(found)
    return ids, len(ids) + offset


@_generic(of_records=True, since=17)
def web_read(session: Session, model: str, ids: list[int], specification: Mapping[str, Any]) -> Any:
    rights.check(session, model, rights.READ)
    return reading.web_read(session, model, ids, specification)


@_generic()
def name_search(
    session: Session, model: str, name: str = "", domain: Any = None, operator: str = "ilike", limit: int | None = 100
) -> Any:
    rights.check(session, model, rights.READ)
    terms = [*(domain or []), *([["name", operator, name]] if name else [])]
    return [[one, display_name(session, model, one)] for one in reading.search(session, model, terms, 0, limit)]


@_generic()
def fields_get(
    session: Session, model: str, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
) -> Any:
    told = {}
    for name, field in session.registry[model].fields.items():
        if not allfields or name in allfields:
            about = field.told()
            told[name] = {key: about[key] for key in about if not attributes or key in attributes}
    return told


@_generic(of_records=True, since=18)
def has_access(session: Session, model: str, ids: list[int], operation: str) -> bool:
    if operation not in rights.OPERATIONS:
        raise AssertionError("Invalid access mode")
    return rights.allowed(session, model, operation)


@_generic()
def check_access_rights(session: Session, model: str, operation: str, raise_exception: bool = True) -> bool:
    if raise_exception:
        rights.check(session, model, operation)
    return rights.allowed(session, model, operation)


@_special("res.users", of_records=False)
def context_get(session: Session, model: str) -> Any:
    user = session.user
    context = {"lang": user.get("lang") or "en_US", "tz": user.get("tz") or False}
    return {**context, "uid": session.uid} if session.version >= (15, 0) else context


# -------------------------------------------------------------------- writing


@_generic()
def create(session: Session, model: str, vals_list: Any) -> Any:
    rights.check(session, model, rights.CREATE)
    make: Callable[..., int] = writing.CREATORS.get(model, writing.create)
    rows = [vals_list] if isinstance(vals_list, Mapping) else vals_list
    return [make(session, model, values) for values in rows]


@_generic(of_records=True)
def write(session: Session, model: str, ids: list[int], vals: Mapping[str, Any]) -> bool:
    if model == MOVE:
        rights.check(session, model, rights.READ)
    rights.check(session, model, rights.WRITE)
    if model == LINE:
        moves.write_lines(session, ids, vals)
    else:
        change: Callable[..., None] = writing.WRITERS.get(model, writing.write)
        change(session, model, ids, vals)
    return True


@_generic(of_records=True)
def unlink(session: Session, model: str, ids: list[int]) -> bool:
    if model == MOVE:
        rights.check(session, model, rights.READ)
    rights.check(session, model, rights.UNLINK)
    if model == MOVE:
        posting.unlink(session, ids)
    elif model == LINE:
        posting.unlink_lines(session, ids)
    else:
        if model == "res.partner":
            _refuse_used(session, ids)
        writing.unlink(session, model, ids)
    return True


def _refuse_used(session: Session, ids: Sequence[int]) -> None:
    for move in session.store.table(MOVE).values():
        if move.get("partner_id") in ids or move.get("commercial_partner_id") in ids:
            raise UserError("The partner cannot be deleted because it is used in Accounting")


@_generic()
def load(session: Session, model: str, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> Any:
    return loading.load(session, model, fields, data)


# -------------------------------------------------------------------- entries and messages


@_special("account.move")
def action_post(session: Session, model: str, ids: list[int]) -> bool:
    for one in ids:
        session.one(model, one)
    return posting.post(session, ids)


@_special("account.move")
def button_draft(session: Session, model: str, ids: list[int]) -> None:
    rights.check(session, model, rights.READ)
    posting.reset_to_draft(session, ids)


@_special("account.move")
def button_cancel(session: Session, model: str, ids: list[int]) -> None:
    rights.check(session, model, rights.READ)
    posting.cancel(session, ids)


@_special("account.move")
def js_assign_outstanding_line(session: Session, model: str, ids: list[int], line_id: int) -> None:
    rights.check(session, model, rights.READ)
    if len(ids) != 1:
        raise ValueError(f"Expected singleton: {model}({', '.join(str(one) for one in ids)})")
    session.one(model, ids[0])
    matching.assign(session, ids[0], line_id)


def message_post(session: Session, model: str, ids: list[int], **named: Any) -> Any:
    rights.check(session, "mail.message", rights.CREATE)
    made = messages.post(session, model, ids, **named)
    return [made] if session.version >= (19, 0) else made


SPECIAL["res.partner", "message_post"] = SPECIAL["account.move", "message_post"] = Method(message_post, of_records=True)
