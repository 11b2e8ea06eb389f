"""What `rebated check` looks at in Odoo: version, company, rights, journals, taxes, key, clock. It only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.masters import RATE_DIGITS, Masters
from connectors.odoo.settings import LineSettings, OdooSettings
from connectors.spi import Finding, WriteRefused
from core.errors import RebatedError
from core.money import percent_text, scaled_number

RIGHTS = (
    ("account.move", "read", "Invoicing / Billing (account.group_account_invoice)", "read invoices"),
    ("res.partner", "read", "Role / User (base.group_user)", "read partners"),
    ("product.product", "read", "Role / User (base.group_user)", "read products"),
    ("account.partial.reconcile", "read", "Invoicing / Billing (account.group_account_invoice)", "read payments"),
    ("account.move", "create", "Invoicing / Billing (account.group_account_invoice)", "write credit notes"),
    ("res.partner", "write", "Contact / Creation (base.group_partner_manager)", "write tiers"),
    ("mail.message", "create", "Role / User (base.group_user)", "write notes"),
)
"""What is needed, the group that gives it, and what for. (connectors.md section E, point 13)"""
OLDEST = (14, 0)
_SOON = timedelta(days=30)
_SKEW = timedelta(minutes=5)
_FIELD_TYPES = {
    "tier": ("char", "text"),
    "since": ("date",),
    "progress": ("integer", "float"),
    "to_next": ("float", "monetary"),
    "accrued": ("float", "monetary"),
}


class Probe:
    """The findings of one connection, in the order one would set it up."""

    def __init__(self, client: OdooClient, settings: OdooSettings, companies: Companies, masters: Masters) -> None:
        self.client, self.settings = client, settings
        self.companies, self.masters = companies, masters

    def findings(self) -> Iterator[Finding]:
        """Each thing looked at. After a failure that makes the rest pointless there is nothing more."""
        self.masters.forget()
        for look in (self._version, self._company):
            found = list(look())
            yield from found
            if any(finding.level == "error" for finding in found):
                return
        for name, look in (
            ("rights", self._rights),
            ("journal", self._journal),
            ("taxes", self._taxes),
            ("lines", self._lines),
            ("fields", self._custom_fields),
            ("key", self._key),
            ("clock", self._clock),
        ):
            yield from self._guarded(name, look)

    def _guarded(self, name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
        try:
            yield from look()
        except RebatedError as error:
            yield Finding("error", name, error.message, error.hint or "")

    def _version(self) -> Iterator[Finding]:
        try:
            version, speaks = self.client.version, self.client.speaks
            self.client.call("res.users", "context_get")
        except RebatedError as error:
            yield Finding("error", "connection", error.message, error.hint or "")
            return
        shown = f"Odoo {version[0]}.{version[1]}, spoken to over {'JSON-2' if speaks == 'json2' else 'XML-RPC'}"
        if version < OLDEST:
            yield Finding("error", "version", f"{shown}: too old", f"Odoo {OLDEST[0]} or later is needed")
        elif speaks == "xmlrpc" and version >= (19, 0):
            hint = 'set protocol = "json2": XML-RPC is deprecated in 19 and goes with Odoo 22'
            yield Finding("warning", "version", shown, hint)
        else:
            yield Finding("ok", "version", shown)

    def _company(self) -> Iterator[Finding]:
        try:
            company = self.companies.current()
            self.masters.currency(company.currency)
        except RebatedError as error:
            yield Finding("error", "company", error.message, error.hint or "")
            return
        locked = f", locked before {company.first_open}" if company.first_open else ""
        message = f"{company.name} (id {company.id}), books in {company.currency}{locked}"
        yield Finding("ok", "company", f"{message}; its documents are those of the entity {self.companies.entity!r}")

    def _rights(self) -> Iterator[Finding]:
        missing = False
        for model, operation, group, purpose in RIGHTS:
            if not self._may(model, operation):
                missing = True
                yield Finding(
                    "error",
                    "rights",
                    f"the user may not {operation} {model}, which is needed to {purpose}",
                    f"give the user the group {group}",
                )
        if not missing:
            yield Finding("ok", "rights", "the user may read and write what is needed")

    def _may(self, model: str, operation: str) -> bool:
        if self.client.version >= (18, 0):
            return bool(self.client.call(model, "has_access", ids=[], operation=operation))
        return bool(self.client.call(model, "check_access_rights", operation=operation, raise_exception=False))

    def _journal(self) -> Iterator[Finding]:
        for kind, what in (("sale", "journal"), ("general", "entries_journal")):
            journal = self.masters.journal(kind)
            rows = self.client.call(
                "account.journal", "read", ids=[journal], fields=["name", "code"], context=self.companies.context()
            )
            purpose = "credit notes" if kind == "sale" else "accrual entries"
            yield Finding("ok", what, f"{purpose} go to {rows[0]['name']} ({rows[0]['code']})")

    def _taxes(self) -> Iterator[Finding]:
        if self.masters.own_tax():
            yield Finding("ok", "taxes", "Odoo chooses the tax of credit notes by the fiscal position of the partner")
            return
        rows = self.masters.taxes()
        if not rows:
            yield Finding("error", "taxes", "the company has no plain sales tax", "set up its taxes in Odoo first")
            return
        names = {row["id"]: f"{row['name']} (id {row['id']})" for row in rows}
        rates = {row["id"]: scaled_number(row["amount"], RATE_DIGITS) for row in rows}
        for name, tax_id in self.settings.write.tax_ids.items():
            if tax_id not in names:
                message = f"write.tax_ids: {name} is no plain sales tax with the id {tax_id}"
                yield Finding("error", "taxes", message, f"there are: {', '.join(names.values())}")
            elif rates[tax_id] != self.masters.tax_code(tax_id)[1]:
                percent = percent_text(rates[tax_id])
                yield Finding("error", "taxes", f"write.tax_ids: {name} is given {names[tax_id]}, which is {percent} %")
        yield from self._codes(names)

    def _codes(self, names: Mapping[int, str]) -> Iterator[Finding]:
        """Which tax each code is written with, and the taxes that are read under a code and written under another."""
        by_code: dict[tuple[str, int], list[int]] = {}
        for tax_id in names:
            by_code.setdefault(self.masters.tax_code(tax_id), []).append(tax_id)
        clear, others = [], []
        for code, ids in sorted(by_code.items()):
            try:
                chosen = self.masters.tax(*code)
            except WriteRefused as error:
                yield Finding("warning", "taxes", error.message, error.hint or "")
                continue
            if chosen in names:
                clear.append(f"{code[0]} {percent_text(code[1])} % is {names[chosen]}")
                others += [names[tax_id] for tax_id in ids if tax_id != chosen]
        if clear:
            yield Finding("ok", "taxes", ", ".join(clear))
        if others:
            message = f"rebates on invoices under {', '.join(others)} are credited under another tax of the same code"
            hint = "state the category of those that are not the same, such as read.tax_categories = { '0% EU' = 'K' }"
            yield Finding("warning", "taxes", message, hint)

    def _lines(self) -> Iterator[Finding]:
        programs: dict[str, LineSettings] = {"": self.settings.write.lines, **self.settings.write.programs}
        for program, lines in programs.items():
            if lines.account:
                self.masters.account(lines.account)
            if lines.product:
                self.masters.product(lines.product)
            elif self.settings.write.taxes == "fiscal_position":
                where = f"write.programs.{program}.product" if program else "write.lines.product"
                message = "a product is needed where its taxes and the fiscal position choose the tax"
                yield Finding("error", where, message, "name the internal reference of a product for rebates")
            self.masters.analytic(lines.analytic)
            if lines.analytic and sum(lines.analytic.values()) != 100:
                where = f"write.programs.{program}.analytic" if program else "write.lines.analytic"
                yield Finding("warning", where, f"the shares add up to {sum(lines.analytic.values())} %, not to 100")
        booked = self.settings.write.lines
        if not booked.account and not booked.product:
            hint = "set write.lines.account to the account of rebates granted, or of the liability accrued for them"
            message = "lines without account and product are booked on the default account of the journal"
            yield Finding("warning", "write.lines", message, hint)
        else:
            yield Finding("ok", "write.lines", f"lines are booked on {booked.account or booked.product}")

    def _custom_fields(self) -> Iterator[Finding]:
        for shown, name in self.settings.write.fields.items():
            types = _FIELD_TYPES[shown]
            found = self.client.fields("res.partner").get(name)
            if found is None:
                hint = f"an administrator adds it to Contacts with the type {types[0]}, or it goes from the settings"
                yield Finding("error", f"write.fields.{shown}", f"partners have no field {name}", hint)
            elif found["type"] not in types:
                message = f"the field {name} is {found['type']}, not {' or '.join(types)}"
                yield Finding("error", f"write.fields.{shown}", message)

    def _key(self) -> Iterator[Finding]:
        if not self.client.has("res.users.apikeys", "expiration_date"):
            yield Finding("ok", "key", "API keys of this version do not expire")
            return
        rows: list[dict[str, Any]] = self.client.call(
            "res.users.apikeys", "search_read", domain=[], fields=["name", "expiration_date"]
        )
        now = datetime.now(UTC)
        ends = [
            datetime.fromisoformat(row["expiration_date"]).replace(tzinfo=UTC) for row in rows if row["expiration_date"]
        ]
        if not rows:
            yield Finding("ok", "key", "nothing tells when the API key expires")
        elif len(ends) < len(rows):
            yield Finding("ok", "key", "the user has an API key that does not expire")
        elif max(ends) - now < _SOON:
            hint = "make a new one in time: Preferences, Account Security, New API Key"
            yield Finding("warning", "key", f"the user's last API key expires on {max(ends):%Y-%m-%d}", hint)
        else:
            yield Finding("ok", "key", f"the user's last API key expires on {max(ends):%Y-%m-%d}")

    def _clock(self) -> Iterator[Finding]:
        theirs = self.client.server_time()
        if theirs is None:
            return
        skew = abs(theirs - datetime.now(UTC))
        if skew > _SKEW:
            message = f"the server's clock is {int(skew.total_seconds())} s away from this machine's"
            yield Finding("warning", "clock", message, "let both keep time by NTP")
        else:
            yield Finding("ok", "clock", "the clocks agree")
