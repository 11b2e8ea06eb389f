"""How one server is set up: who may call, what they may do, and what its accounting allows."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.helpers.odoo_server.session import ADMINISTRATOR

REBATED = 5
USER, INVOICING, CONTACTS = "base.group_user", "account.group_account_invoice", "base.group_partner_manager"
GROUPS = (USER, INVOICING, CONTACTS)


@dataclass(slots=True)
class Options:
    """`groups` are those of the minimal user. `audit_trail`: whether an entry that was posted once cannot be deleted
    (so in Germany). `price_digits`: the decimal accuracy prices are kept with, None for all they have; 19 always keeps
    them all. `tax_categories`: whether the module is installed that states EN 16931 categories on taxes."""

    database: str = "erp"
    login: str = "rebated"
    key: str = "4f1d2c9be07a45d1b7a3c2e98f60d1572ab3c4d5"
    administrator: str = "admin"
    administrator_key: str = "c0ffee00d15ea5e5b16b00b5deadbeef01234567"
    groups: set[str] = field(default_factory=lambda: set(GROUPS))
    audit_trail: bool = False
    price_digits: int | None = None
    tax_categories: bool = True
    unauthorised: bool = False

    def user_of(self, key: str) -> int | None:
        """The user an API key belongs to."""
        if self.unauthorised:
            return None
        return {self.key: REBATED, self.administrator_key: ADMINISTRATOR}.get(key)

    def uid_of(self, login: str) -> int | None:
        return {self.login: REBATED, self.administrator: ADMINISTRATOR}.get(login)
