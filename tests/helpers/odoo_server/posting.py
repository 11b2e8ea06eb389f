"""What becomes of an entry: posted and numbered, reset to draft, cancelled, deleted."""

from __future__ import annotations

from collections.abc import Iterable

from tests.helpers.odoo_server import matching, moves, writing
from tests.helpers.odoo_server.entries import LINE, MOVE, SALES, lines_of
from tests.helpers.odoo_server.faults import UserError, ValidationError
from tests.helpers.odoo_server.locks import open_date, refuse_locked
from tests.helpers.odoo_server.rights import check_posting
from tests.helpers.odoo_server.session import ADMINISTRATOR, Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.totals import recompute


def post(session: Session, ids: Iterable[int]) -> bool:
    """Post drafts, all or none. Raises UserError in the server's words."""
    check_posting(session)
    ids = list(ids)
    for one in ids:
        _check_postable(session, session.one(MOVE, one))
    for one in ids:
        _post(session, one)
    for one in ids:
        move = session.one(MOVE, one)
        if session.version >= (17, 0) and move["move_type"] == "out_refund" and move.get("reversed_entry_id"):
            matching.match_reversal(session, move)
    return False


def _check_postable(session: Session, move: Record) -> None:
    lines = lines_of(session, move["id"])
    if move["move_type"] in SALES:
        if not move.get("partner_id"):
            raise UserError(
                "The 'Customer' field is required to validate the invoice.\nYou probably don't want to explain to your "
                "auditor that you invoiced an invisible man :)"
                if session.version >= (19, 0)
                else "The field 'Customer' is required, please complete it to validate the Customer Invoice."
            )
        if move["amount_total"] < 0:
            raise UserError(
                "You cannot validate an invoice with a negative total amount. You should create a credit note instead. "
                "Use the action menu to transform it into a credit note or refund."
            )
    if move["state"] == "posted" or (move["state"] == "cancel" and session.version >= (17, 0)):
        wants = "must be in draft" if session.version >= (17, 0) else "is already posted"
        raise UserError(f"The entry {move['name']} (id {move['id']}) {wants}.")
    if not any(line["kind"] not in ("line_section", "line_note", "payment_term") for line in lines):
        modern = session.version >= (19, 0)
        raise UserError("Even magicians can't post nothing!" if modern else "You need to add a line before posting.")


def _post(session: Session, identifier: int) -> None:
    move = session.one(MOVE, identifier)
    changed: Record = {}
    if move["move_type"] in SALES:
        changed["invoice_date"] = move.get("invoice_date") or session.today.isoformat()
        changed["date"] = open_date(session, move, changed["invoice_date"])
        if "delivery_date" in session.registry[MOVE].fields:
            changed["delivery_date"] = move.get("delivery_date") or changed["invoice_date"]
    else:
        changed["date"] = open_date(session, move, move["date"])
    changed |= {"state": "posted", "posted_before": True}
    changed |= _number(session, {**move, **changed})
    if move["move_type"] == "out_invoice":
        changed["payment_reference"] = move.get("payment_reference") or changed["name"]
    writing.write(session, MOVE, [identifier], changed)
    recompute(session, identifier)
    _rank(session, move)


def _rank(session: Session, move: Record) -> None:
    """Whoever is invoiced becomes more of a customer: every posting moves the `write_date` of the partner."""
    partners = {move.get("partner_id"), move.get("commercial_partner_id")}
    for one in sorted(int(partner) for partner in partners if partner):
        partner = session.one("res.partner", one)
        writing.write(session, "res.partner", [one], {"customer_rank": (partner.get("customer_rank") or 0) + 1})


def _number(session: Session, move: Record) -> Record:
    """The number it had, where it still fits its date; else one above the highest of its journal and period."""
    journal = session.one("account.journal", move["journal_id"])
    year, month = move["date"][:4], move["date"][5:7]
    if journal["type"] == "general" or (journal["type"] == "sale" and session.version < (15, 0)):
        refund = move["move_type"] == "out_refund" and journal.get("refund_sequence")
        prefix, digits = f"{'R' if refund else ''}{journal['code']}/{year}/{month}/", 4
    elif journal["type"] in ("bank", "cash"):
        prefix, digits = f"P{journal['code']}/{year}/", 5
    else:
        refund = move["move_type"] in ("out_refund", "in_refund") and journal.get("refund_sequence")
        prefix, digits = f"{'R' if refund else ''}{journal['code']}/{year}/", 5
    if move.get("sequence_prefix") == prefix and move.get("sequence_number"):
        return {"name": move["name"]}
    if move.get("sequence_number"):
        day = f"{move['date'][5:7]}/{move['date'][8:]}/{year}"
        raise ValidationError(
            f"The Date ({day}) you've entered isn't aligned with the existing sequence number ({move['name']}). Clear "
            "the sequence number to proceed.\nTo maintain date-based sequences, select entries and use the resequence "
            "option from the actions menu, available in developer mode."
        )
    number = _highest(session, journal["id"], prefix) + 1
    session.store.highest[journal["id"], prefix] = (number, move["id"])
    return {"name": f"{prefix}{number:0{digits}}", "sequence_prefix": prefix, "sequence_number": number}


def _highest(session: Session, journal: int, prefix: str) -> int:
    """The highest number given. Who has it is remembered, so that not every posting looks through all."""
    number, holder = session.store.highest.get((journal, prefix), (0, 0))
    known = session.find(MOVE, holder)
    if known and (known["journal_id"], known["sequence_prefix"], known["sequence_number"]) == (journal, prefix, number):
        return number
    same = (session.one(MOVE, one) for one in session.store.where(MOVE, "sequence_prefix", prefix))
    return max((one["sequence_number"] for one in same if one["journal_id"] == journal), default=0)


def reset_to_draft(session: Session, ids: Iterable[int]) -> None:
    for one in ids:
        move = session.one(MOVE, one)
        if move["state"] not in ("posted", "cancel") and session.version >= (17, 0):
            raise UserError("Only posted/cancelled journal entries can be reset to draft.")
        if move["state"] == "posted":
            refuse_locked(session, move)
        if session.version < (19, 0):
            matching.unmatch(session, one)
        writing.write(session, MOVE, [one], {"state": "draft"})
        recompute(session, one)


def cancel(session: Session, ids: Iterable[int]) -> None:
    ids = list(ids)
    if session.version >= (17, 0):
        reset_to_draft(session, [one for one in ids if session.one(MOVE, one)["state"] == "posted"])
        if any(session.one(MOVE, one)["state"] != "draft" for one in ids):
            raise UserError("Only draft journal entries can be cancelled.")
    for one in ids:
        matching.unmatch(session, one)
        writing.write(session, MOVE, [one], {"state": "cancel"})
        recompute(session, one)


def unlink(session: Session, ids: Iterable[int]) -> None:
    """Delete entries with their lines. Raises UserError for posted ones, and under a restricted audit trail."""
    for one in ids:
        move = session.one(MOVE, one)
        _refuse_posted(move)
        if move.get("posted_before") and session.options.audit_trail:
            raise UserError("You cannot remove parts of a restricted audit trail. Archive the record instead.")
        _refuse_in_chain(session, move)
        remove(session, one)


def _refuse_in_chain(session: Session, move: Record) -> None:
    """A number that was given must not go missing between others; in 14 no number at all."""
    if session.uid == ADMINISTRATOR or not move.get("sequence_number"):
        return
    if session.version < (15, 0):
        raise UserError("You cannot delete an entry which has been posted once.")
    for one in session.store.where(MOVE, "sequence_prefix", move["sequence_prefix"]):
        other = session.one(MOVE, one)
        if other["journal_id"] == move["journal_id"] and other["sequence_number"] > move["sequence_number"]:
            raise UserError(
                "You cannot delete this entry, as it has already consumed a sequence number and is not the last one in "
                "the chain. You should probably revert it instead."
            )


def unlink_lines(session: Session, ids: Iterable[int]) -> None:
    """Delete lines of drafts."""
    for one in ids:
        move = session.one(MOVE, session.one(LINE, one)["move_id"])
        _refuse_posted(move)
        writing.unlink(session, LINE, [one])
        moves.write(session, MOVE, [move["id"]], {})


def _refuse_posted(move: Record) -> None:
    if move["state"] == "posted":
        raise UserError(
            "You can't delete a posted journal item. Don’t play games with your accounting records; reset the "
            "journal entry to draft before deleting it."
        )


def remove(session: Session, identifier: int) -> None:
    """Delete whatever its state."""
    matching.unmatch(session, identifier)
    writing.unlink(session, LINE, [line["id"] for line in lines_of(session, identifier)])
    writing.unlink(session, MOVE, [identifier])
