"""A stand-in for Odoo: a real HTTP server with state, for the project's own tests.

Written from measurements of a running server; none of its code is here.

    with OdooServer(version=(19, 0)) as server:
        buyer = server.add_partner("Buyer GmbH", country_id=57)
        server.add_invoice(buyer, [{"product_id": 1, "quantity": 3, "price_unit": 33.33}], "2026-01-15")

`python -m tests.helpers.odoo_server --folder DIR --port N` runs it as a process of its own; `ControlledServer` is its
remote control, and `outside` counts documents in its file.
"""

from tests.helpers.odoo_server.control import ControlledServer
from tests.helpers.odoo_server.mishaps import Mishap
from tests.helpers.odoo_server.server import OdooServer

__all__ = ["ControlledServer", "Mishap", "OdooServer"]
