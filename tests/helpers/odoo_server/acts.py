"""What people and other programs do in the remote, done by a test: none of it passes HTTP or the minimal rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.helpers.odoo_server import matching, messages, moves, posting, reading, seed, writing
from tests.helpers.odoo_server.calls import Calls
from tests.helpers.odoo_server.computed import value_of
from tests.helpers.odoo_server.entries import LINE, MOVE, lines_of, rate_of, term_lines
from tests.helpers.odoo_server.fields import Field
from tests.helpers.odoo_server.session import ADMINISTRATOR, Session
from tests.helpers.odoo_server.store import Record

Day = date | str | None
Line = Mapping[str, Any] | float | Decimal
HIDDEN_OF_PARTNERS = ((MOVE, "partner_id"), (MOVE, "commercial_partner_id"), (MOVE, "partner_shipping_id"))
POINTING_AT_PARTNERS = (
    *HIDDEN_OF_PARTNERS,
    (LINE, "partner_id"),
    ("res.partner", "parent_id"),
    ("res.partner", "commercial_partner_id"),
    ("mail.message", "author_id"),
)


class Acts:
    """Mixed into the server. Every act is a transaction of its own, unless it stands in `with server.batch()`."""

    calls: Calls
    _session: Session | None = None

    @contextmanager
    def batch(self) -> Iterator[Session]:
        """Several acts as one transaction: they share one `write_date` and commit at its end."""
        with self.calls.store.lock:
            if self._session is not None:
                yield self._session
                return
            self._session = self.calls.session(ADMINISTRATOR)
            try:
                yield self._session
                self.calls.store.commit()
            except BaseException:
                self.calls.store.abandon()
                raise
            finally:
                self._session = None

    # ---------------------------------------------------------------- any record

    def create(self, model: str, **values: Any) -> int:
        with self.batch() as session:
            make: Callable[..., int] = writing.CREATORS.get(model, writing.create)
            return make(session, model, _plain(values))

    def write(self, model: str, record: int, **values: Any) -> None:
        with self.batch() as session:
            change: Callable[..., None] = writing.WRITERS.get(model, writing.write)
            change(session, model, [record], _plain(values))

    def unlink(self, model: str, record: int) -> None:
        with self.batch() as session:
            writing.unlink(session, model, [record])

    def record(self, model: str, record: int) -> Record | None:
        """Every field of the record as it is stored, datetimes with microseconds; None where there is none."""
        with self.batch() as session:
            found = session.store.get(model, record)
            if found is None:
                return None
            return {name: value_of(session, model, one, found) for name, one in session.registry[model].fields.items()}

    def search(self, model: str, domain: Sequence[Any] = ()) -> list[int]:
        with self.batch() as session:
            return reading.search(session, model, list(domain), order="id")

    def touch(self, model: str, *records: int, at: str | None = None) -> None:
        """Move the `write_date` to now, or to `at` (UTC, YYYY-MM-DD HH:MM:SS.ffffff), and change nothing."""
        with self.batch() as session:
            for one in records:
                stamp = datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S.%f") if at else session.stamp
                session.store.put(model, one, {**session.one(model, one), "write_date": stamp})

    # ---------------------------------------------------------------- master data

    def add_field(self, model: str, name: str, kind: str = "char", label: str = "") -> None:
        """A custom field, as an administrator adds one. It lasts as long as the process."""
        self.calls.registry.add(model, Field(name, kind, label or name, manual=True))

    def add_company(self, name: str, *, visible: bool = True, **values: Any) -> int:
        """A company with a sales and a general journal of its own. `visible`: to the minimal user as well."""
        with self.batch() as session:
            partner = self.add_partner(name, is_company=True)
            like = session.one("res.company", seed.COMPANY)
            given = {"name": name, "partner_id": partner, "currency_id": seed.EUR, "country_id": seed.GERMANY, **values}
            company = writing.create(session, "res.company", given)
            hidden = {"receivable": like["receivable"], "tax_calculation_rounding_method": "round_globally"}
            session.store.put("res.company", company, {**hidden, **session.one("res.company", company)})
            for code, kind in (("INV", "sale"), ("MISC", "general")):
                self.create("account.journal", name=f"{name} {code}", code=code, type=kind, company_id=company,
                            refund_sequence=kind == "sale", default_account_id=seed.REVENUE)  # fmt: skip
            for user in session.store.table("res.users").copy():
                record = session.one("res.users", user)
                if visible or user == ADMINISTRATOR:
                    session.store.put("res.users", user, {**record, "company_ids": [*record["company_ids"], company]})
            return company

    def add_partner(self, name: str, **values: Any) -> int:
        """A partner; a company unless it has a parent."""
        given = {"name": name, "is_company": "parent_id" not in values, "lang": "en_US", "type": "contact", **values}
        return self.create("res.partner", **given)

    def add_product(self, code: str, name: str = "", price: float = 10.0, **values: Any) -> int:
        given = {"default_code": code, "name": name or code, "list_price": price, "uom_id": 1, "type": "consu"}
        return self.create("product.product", **{**given, "taxes_id": [seed.TAX_19], **values})

    def add_tax(self, name: str, amount: float, **values: Any) -> int:
        """A sales tax in percent; `account` is the id of the account it is booked on."""
        account = values.pop("account", 542)
        given = {"name": name, "amount": amount, "amount_type": "percent", "type_tax_use": "sale", "sequence": 50}
        given |= {
            "company_id": seed.COMPANY,
            "tax_group_id": 8,
            "country_id": seed.GERMANY,
            "is_domestic": True,
            "is_base_affected": True,
        }
        given |= values
        fields = self.calls.registry["account.tax"].fields
        if given.get("price_include"):
            given["price_include_override"] = "tax_included"
        with self.batch() as session:
            tax = self.create("account.tax", **{name: value for name, value in given.items() if name in fields})
            session.store.put("account.tax", tax, {**session.one("account.tax", tax), "account": account})
            seed.share_tax(session, tax, account)
            return tax

    def add_fiscal_position(self, name: str, rules: Mapping[int, list[int]], **values: Any) -> int:
        """`rules`: the taxes put in the place of one, by its id; an empty list takes it away."""
        with self.batch() as session:
            position = self.create("account.fiscal.position", **{"name": name, "company_id": seed.COMPANY, **values})
            seed.map_taxes(session, position, {int(source): list(targets) for source, targets in rules.items()})
            return position

    def add_rate(self, currency: int, day: Day, rate: float, company: int = seed.COMPANY) -> int:
        """`rate`: units of `currency` for one of the company's."""
        return self.create("res.currency.rate", name=_iso(day), currency_id=currency, rate=rate, company_id=company)

    def merge_partners(self, old: int, new: int) -> None:
        """Everything of `old` becomes `new`'s and `old` is gone. By SQL: no `write_date` moves."""
        with self.batch() as session:
            store = session.store
            for model, name in POINTING_AT_PARTNERS:
                for identifier, record in list(store.table(model).items()):
                    if record.get(name) == old and identifier != new:
                        store.put(model, identifier, {**record, name: new})
            for message in store.where("mail.message", "res_id", old):
                if session.one("mail.message", message)["model"] == "res.partner":
                    store.put("mail.message", message, {**session.one("mail.message", message), "res_id": new})
            store.drop("res.partner", old)

    def set_lock_date(self, day: Day, field: str = "", company: int = seed.COMPANY) -> None:
        """Lock everything up to `day` (None: open again): the sales lock date, or before 18 the period's."""
        name = field or ("sale_lock_date" if self.calls.registry.version >= (18, 0) else "period_lock_date")
        self.write("res.company", company, **{name: _iso(day) if day else False})

    # ---------------------------------------------------------------- documents

    def add_invoice(
        self,
        partner: int,
        lines: Sequence[Line] = (100,),
        day: Day = None,
        *,
        move_type: str = "out_invoice",
        post: bool = True,
        **values: Any,
    ) -> int:
        """A customer invoice, posted. A line is a mapping of its fields, or just its price."""
        given = {"move_type": move_type, "partner_id": partner, "invoice_date": _iso(day) or False, **_plain(values)}
        commands = []
        for line in lines:
            fields: Record = _plain(line) if isinstance(line, Mapping) else {"name": "Goods", "price_unit": float(line)}
            if "tax_ids" in fields and all(isinstance(one, int) for one in fields["tax_ids"]):
                fields["tax_ids"] = [[6, 0, list(fields["tax_ids"])]]
            commands.append([0, 0, fields])
        with self.batch() as session:
            if given.get("currency_id"):
                self._activate(session, given["currency_id"])
            move = moves.create(session, MOVE, {**given, "invoice_line_ids": commands})
            if post:
                posting.post(session, [move])
            return move

    def add_refund(self, partner: int, lines: Sequence[Line] = (100,), day: Day = None, **values: Any) -> int:
        """A customer credit note, posted."""
        return self.add_invoice(partner, lines, day, **{"move_type": "out_refund", **values})

    def post(self, move: int) -> None:
        with self.batch() as session:
            posting.post(session, [move])

    def draft_again(self, move: int) -> None:
        with self.batch() as session:
            posting.reset_to_draft(session, [move])

    def cancel(self, move: int) -> None:
        with self.batch() as session:
            posting.cancel(session, [move])

    def delete(self, move: int) -> None:
        """Delete in any state, with the external ids that lead to it: nothing tells that it ever was."""
        with self.batch() as session:
            posting.remove(session, move)

    def pay(self, move: int, amount: float | Decimal | None = None, day: Day = None) -> int:
        """A customer's payment, booked and matched with the invoice: all that is open where `amount` is None. Returns
        the payment's entry."""
        with self.batch() as session:
            invoice = session.one(MOVE, move)
            term = term_lines(session, move)[0]
            way = -1 if term["amount_residual"] < 0 else 1
            paid = abs(float(term["amount_residual_currency"] if amount is None else amount)) * way
            rate = rate_of(session, invoice["currency_id"], invoice["company_id"], invoice["date"])
            booked = float(round(Decimal(repr(paid)) / rate, 2))
            common = {"partner_id": invoice["commercial_partner_id"], "currency_id": invoice["currency_id"]}
            sides = ((term["account_id"], -booked, -paid), (seed.BANK, booked, paid))
            lines = [
                {**common, "account_id": account, "name": "Payment", "amount_currency": own,
                 "debit": max(value, 0.0), "credit": max(-value, 0.0)}
                for account, value, own in sides
            ]  # fmt: skip
            entry = moves.create(
                session,
                MOVE,
                {"move_type": "entry", "journal_id": seed.BANK_JOURNAL, "company_id": invoice["company_id"],
                 "date": _iso(day) or session.today.isoformat(), "partner_id": invoice["commercial_partner_id"],
                 "line_ids": [[0, 0, line] for line in lines]},
            )  # fmt: skip
            posting.post(session, [entry])
            own = next(one for one in lines_of(session, entry) if one["account_id"] == term["account_id"])
            matching.reconcile(session, [session.one(LINE, term["id"]), own])
            return entry

    def unpay(self, move: int) -> None:
        """Take every matching of the document back."""
        with self.batch() as session:
            matching.unmatch(session, move)

    def add_note(self, model: str, record: int, body: str, **values: Any) -> int:
        with self.batch() as session:
            return messages.post(session, model, [record], body=body, body_is_html=True, **values)

    def _activate(self, session: Session, currency: int) -> None:
        record = session.one("res.currency", currency)
        if not record["active"]:
            session.store.put("res.currency", currency, {**record, "active": True})

    # ---------------------------------------------------------------- what is there

    def documents_with(self, key: str, states: Sequence[str] = ("draft", "posted", "cancel")) -> list[int]:
        """Entries whose reference contains the key, in any state."""
        with self.batch() as session:
            table = session.store.table(MOVE)
            return sorted(
                one for one, move in table.items() if key in (move.get("ref") or "") and move["state"] in states
            )

    def notes_with(self, key: str) -> list[int]:
        """Messages whose text, message id or external id contains the key."""
        with self.batch() as session:
            table = session.store.table("mail.message")
            named = {
                data["res_id"]
                for data in session.store.table("ir.model.data").values()
                if data["model"] == "mail.message" and key in data["name"]
            }
            return sorted(
                one
                for one, note in table.items()
                if one in named or any(key in str(note.get(name) or "") for name in ("body", "message_id"))
            )


def _iso(day: Day) -> str | None:
    return day.isoformat() if isinstance(day, date) else day


def _plain(values: Mapping[str, Any]) -> Record:
    """Dates as text and decimals as floats, as the protocols would bring them."""
    return {name: _told(value) for name, value in values.items()}


def _told(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value
