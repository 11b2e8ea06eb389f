"""Who may do what. The minimal user's groups can be taken away; the administrator may do everything."""

from __future__ import annotations

from collections.abc import Iterable

from tests.helpers.odoo_server.faults import AccessError
from tests.helpers.odoo_server.options import CONTACTS, INVOICING, USER
from tests.helpers.odoo_server.session import ADMINISTRATOR, Session

READ, CREATE, WRITE, UNLINK = "read", "create", "write", "unlink"
# Models whose records belong to companies: others see them not.
OWNED = (
    "account.move",
    "account.move.line",
    "account.journal",
    "account.tax",
    "account.fiscal.position",
    "account.partial.reconcile",
    "res.partner",
)
OPERATIONS = (READ, CREATE, WRITE, UNLINK)
VERBS = {READ: "access", CREATE: "create", WRITE: "modify", UNLINK: "delete"}

# Who may read and who may change, and the names of the groups that may beside ours.
BOOKS = ("account.move", "account.move.line", "account.partial.reconcile", "account.full.reconcile")
CLOSED = {"ir.model.data": "Access Rights", "account.analytic.plan": "Analytic Accounting"}
READERS: dict[str, tuple[str, ...]] = {
    "account.move": (
        "Accounting/Administrator",
        INVOICING,
        "Role / Portal",
        "Show Accounting Features - Readonly",
    ),
    "account.move.line": (
        "Accounting/Administrator",
        INVOICING,
        "Role / Portal",
        "Show Accounting Features - Readonly",
    ),
    "account.journal": ("Accounting/Administrator", INVOICING, "Show Accounting Features - Readonly"),
    "account.partial.reconcile": (INVOICING, "Show Accounting Features - Readonly", "Show Full Accounting Features"),
    "account.full.reconcile": (INVOICING, "Show Accounting Features - Readonly", "Show Full Accounting Features"),
}
WRITERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(BOOKS, (INVOICING,)),
    "res.partner": (CONTACTS,),
    "res.partner.category": (CONTACTS,),
    "mail.message": (USER,),
    "product.product": ("Products/Create",),
    "product.category": ("Products/Create",),
    "uom.uom": ("Products/Create", "Role / Administrator"),
    "mail.message.subtype": ("Role / Administrator",),
    "res.country": ("Role / Administrator",),
    "ir.module.module": ("Role / Administrator",),
    "account.payment.term": ("Accounting/Administrator",),
    "account.tax.group": ("Accounting/Administrator",),
    "account.analytic.account": ("Analytic Accounting", "Show Full Accounting Features"),
    "res.currency": ("Accounting/Administrator", "Role / Administrator"),
    "res.currency.rate": ("Accounting/Administrator", "Role / Administrator"),
    "account.journal": ("Accounting/Administrator",),
    "account.account": ("Accounting/Administrator",),
    "account.tax": ("Accounting/Administrator",),
    "account.fiscal.position": ("Accounting/Administrator",),
}
SHOWN = {INVOICING: "Accounting/Invoicing", CONTACTS: "Contact/Creation", USER: "Role / User"}
SHOWN_BEFORE_19 = {
    INVOICING: "Invoicing/Billing",
    CONTACTS: "Extra Rights/Contact Creation",
    USER: "User types/Internal User",
}


def groups_of(session: Session) -> set[str]:
    """The user's groups; each of the others implies that of internal users."""
    groups = set(session.options.groups)
    return groups | {USER} if groups else groups


def allowed(session: Session, model: str, operation: str) -> bool:
    if session.uid == ADMINISTRATOR:
        return True
    return bool(groups_of(session) & set(_who(model, operation)))


def check(session: Session, model: str, operation: str) -> None:
    """Raises AccessError in the server's words, naming the groups that may."""
    if allowed(session, model, operation):
        return
    shown = SHOWN if session.version >= (19, 0) else SHOWN_BEFORE_19
    groups = "".join(f"\n\t- {shown.get(group, group)}" for group in _who(model, operation))
    raise AccessError(
        f"You are not allowed to {VERBS[operation]} '{session.registry[model].label}' ({model}) records.\n\n"
        f"This operation is allowed for the following groups:{groups}\n\n"
        "Contact your administrator to request access if necessary."
    )


def check_companies(session: Session, model: str, ids: Iterable[int]) -> None:
    """Raises AccessError for a record of a company the call may not see."""
    if model not in (*OWNED, "res.company"):
        return
    seen = {*session.companies, 0}
    for one in ids:
        record = session.store.get(model, one) or {}
        company: int = one if model == "res.company" else record.get("company_id") or 0
        if not record or company in seen:
            continue
        where = ""
        if model != "res.company":
            name = session.one("res.company", company)["name"]
            where = "\n\nThis seems to be a multi-company issue, " + (
                f"you might be able to access the record by switching to the company: {name}."
                if company in session.user["company_ids"]
                else "but you do not have access to the proper company to access the record anyhow."
            )
        raise AccessError(
            f"Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, {session.user['name']} "
            f"(id={session.uid}) doesn't have 'read' access to:\n- {session.registry[model].label} ({model})\n\nIf you "
            "really, really need access, perhaps you can win over your friendly administrator with a batch of freshly "
            f"baked cookies.{where}"
        )


def check_posting(session: Session) -> None:
    if not allowed(session, "account.move", WRITE):
        raise AccessError("You don't have the access rights to post an invoice.")


def _who(model: str, operation: str) -> tuple[str, ...]:
    if model in CLOSED:
        return (CLOSED[model],)
    if operation == READ:
        return READERS.get(model, (USER,))
    return WRITERS.get(model, ("Access Rights",))
