"""A Business Central as its API v2.0 shows one company: customers, items, sales invoices and credit memos.

As its documentation says; nothing here was seen on a running system. Memos are drafts until they are posted; a posted
one keeps its id and gets another number. External document numbers may double, except among posted memos of one
customer: posting refuses a second. Amounts of a memo are positive.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, ClassVar

from tests.helpers.stand_ins.base import Answer, Malformed, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.business_central_odata import bad_request, condition
from tests.helpers.stand_ins.table import Row, Table

_API = "/v2.0/tenant/production/api/v2.0/companies(7c0a1bd4-61a8-4bd7-9a32-0f2f7e3c9f11)"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CENT = Decimal("0.01")
_DOCUMENT = (
    "customerId customerNumber customerName externalDocumentNumber currencyCode postingDate dueDate pricesIncludeTax "
    "discountAmount status totalAmountExcludingTax totalTaxAmount totalAmountIncludingTax"
).split()
_SENT = {"customerNumber", "externalDocumentNumber", "creditMemoDate", "postingDate", "currencyCode", "invoiceNumber"}
_SENT_LINE = {"lineType", "lineObjectNumber", "description", "quantity", "unitPrice", "taxCode"}


class BusinessCentral(StandIn):
    """The company. `tax_codes` are its VAT product posting groups with their rates in percent."""

    precision: ClassVar[timedelta] = timedelta(milliseconds=1)
    client_id = "a3b1c9d2-rebated"
    client_secret = "bc-secret-4e7d"
    api = _API
    page_limit = 20_000

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, datetime] = {}
        self.skips: dict[str, list[str]] = {}
        """What the pages given so far ended with, by the token of the next."""
        self.tax_codes = {"VAT20": Decimal(20), "VAT10": Decimal(10), "VAT19": Decimal(19), "VAT0": Decimal(0)}
        self.accounts = {"8730"}
        names = ("customers", "items", "salesInvoices", "salesCreditMemos")
        self.tables = {name: Table(self.stamp, name_id=lambda number: str(uuid.uuid4())) for name in names}
        self._numbers = {"salesInvoices": 103_000, "salesCreditMemos": 104_000, "drafts": 1_000}

    # ------------------------------------------------------------ tokens

    @route("POST", "/tenant/oauth2/v2.0/token", open=True)
    def token(self, asked: Received) -> Any:
        form = asked.form()
        name, secret = (
            asked.basic()
            if asked.header("Authorization")
            else (form.get("client_id", ""), form.get("client_secret", ""))
        )
        if form.get("grant_type") != "client_credentials" or not form.get("scope", "").endswith("/.default"):
            raise Refused(400, {"error": "invalid_request"})
        if not same(name, self.client_id) or not same(secret, self.client_secret):
            raise Refused(401, {"error": "invalid_client"})
        token = f"bc-token-{uuid.uuid4().hex}"
        self.tokens[token] = self.clock.now() + timedelta(hours=1)
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": token}

    def authenticate(self, asked: Received) -> None:
        ends = self.tokens.get(asked.bearer())
        if ends is None or ends < self.clock.now():
            raise Refused(401, {"error": {"code": "Authentication_InvalidCredentials", "message": "not authenticated"}})

    def unknown(self, asked: Received) -> Answer:
        return Answer(404, {"error": {"code": "BadRequest_NotFound", "message": "No HTTP resource was found"}})

    def malformed(self, asked: Received, why: str) -> Answer:
        return bad_request(why).answer

    # ------------------------------------------------------------ reading

    @route("GET", _API)
    def company(self, asked: Received) -> Any:
        return {"id": _API[-37:-1], "name": "CRONUS", "displayName": "CRONUS"}

    @route("GET", f"{_API}/customers")
    @route("GET", f"{_API}/items")
    @route("GET", f"{_API}/salesInvoices")
    @route("GET", f"{_API}/salesCreditMemos")
    def list(self, asked: Received) -> Any:
        entities = asked.path.rpartition("/")[2]
        query = asked.query
        known = frozenset(self._told(entities, None))
        holds = condition(query.get("$filter", ""), known)
        rows = [row for row in self.tables[entities] if holds(self._told(entities, row))]
        order = [part.strip() for part in query.get("$orderby", "").split(",") if part.strip()]
        if not set(order) <= known:
            raise bad_request(f"Could not find a property named '{order[0]}'.")

        def key(row: Row) -> list[str]:
            return [str(_json(self._told(entities, row)[name])) for name in (*order, "id")]

        rows = sorted((row for row in rows if key(row) > self.skips.get(query.get("$skiptoken", ""), [])), key=key)
        preferred = re.search(r"odata\.maxpagesize=(\d+)", asked.header("Prefer"))
        size = min(self.page_limit, int(preferred.group(1)) if preferred else self.page_limit)
        page = rows[: min(size, int(query.get("$top", size)))]
        told: dict[str, Any] = {"@odata.context": "...", "value": [self._shown(asked, entities, row) for row in page]}
        if "$top" not in query and size < len(rows):
            token = f"{len(self.skips) + 1}"
            self.skips[token] = key(page[-1])
            bare = re.sub(r"[?&]%24skiptoken=\d+|[?&]\$skiptoken=\d+", "", asked.target)
            sign = "&" if "?" in bare else "?"
            told["@odata.nextLink"] = f"http://{asked.header('Host')}{bare}{sign}$skiptoken={token}"
        return told

    @route("GET", f"{_API}/{{entities}}({{id}})")
    def read(self, asked: Received, entities: str, id: str) -> Any:
        return self._shown(asked, entities, self._found(entities, id))

    def _shown(self, asked: Received, entities: str, row: Row) -> dict[str, Any]:
        told = {name: _json(value) for name, value in self._told(entities, row).items()}
        expanded = asked.query.get("$expand", "")
        lines = f"{entities[:-1]}Lines"
        if expanded and (expanded != lines or entities not in ("salesInvoices", "salesCreditMemos")):
            raise bad_request(f"Could not find a property named '{expanded}'.")
        if expanded:
            told[lines] = [{name: _json(value) for name, value in line.items()} for line in row.extra["lines"]]
        return {"@odata.etag": f'W/"{row.changed.timestamp()}"', **told}

    def _told(self, entities: str, row: Row | None) -> dict[str, Any]:
        values = row.values if row is not None else {}
        names = {
            "customers": "number displayName type addressLine1 city country postalCode email website "
            "taxRegistrationNumber currencyCode blocked".split(),
            "items": "number displayName type itemCategoryCode baseUnitOfMeasureCode blocked".split(),
            "salesInvoices": ["number", "invoiceDate", *_DOCUMENT],
            "salesCreditMemos": ["number", "creditMemoDate", "invoiceId", "invoiceNumber", *_DOCUMENT],
        }[entities]
        told = {"id": row.id if row else "", **{name: values.get(name) for name in names}}
        return told | {"lastModifiedDateTime": row.changed if row else None}

    # ------------------------------------------------------------ writing

    @route("POST", f"{_API}/salesCreditMemos")
    def create(self, asked: Received) -> Any:
        sent = asked.json()
        if not isinstance(sent, Mapping):
            raise Malformed("the body is no object")
        lines = sent.get("salesCreditMemoLines", [])
        if unknown := set(sent) - _SENT - {"salesCreditMemoLines"}:
            raise bad_request(f"The property '{min(unknown)}' does not exist on type 'salesCreditMemo'.")
        customer = next(iter(self.tables["customers"].where(number=sent.get("customerNumber"))), None)
        if customer is None:
            raise _dialog("The Customer does not exist.")
        if len(sent.get("externalDocumentNumber", "")) > 35:
            raise _dialog("The length of the string is too long.")
        if any(not isinstance(line, Mapping) or set(line) - _SENT_LINE for line in lines):
            raise bad_request("The property does not exist on type 'salesCreditMemoLine'.")
        kept = [self._sent_line(place, line) for place, line in enumerate(lines, 1)]
        days = {name: date.fromisoformat(sent[name]) for name in ("creditMemoDate", "postingDate") if name in sent}
        plain = {name: sent[name] for name in _SENT - set(days) if name in sent}
        row = self._add(
            "salesCreditMemos", customer, kept, {"creditMemoDate": self.clock.now().date(), **plain, **days}
        )
        return Answer(201, self._shown(asked, "salesCreditMemos", row))

    def _sent_line(self, place: int, sent: Mapping[str, Any]) -> dict[str, Any]:
        kind, number = sent.get("lineType"), sent.get("lineObjectNumber")
        if kind == "Item" and not self.tables["items"].where(number=number):
            raise _dialog("The Item does not exist.")
        if kind == "Account" and number not in self.accounts:
            raise _dialog("The G/L Account does not exist.")
        if kind not in ("Item", "Account"):
            raise bad_request("the line type is not one of those")
        if sent.get("taxCode", "") not in self.tax_codes:
            raise _dialog("The VAT Product Posting Group does not exist.")
        if not isinstance(sent.get("unitPrice"), (int, Decimal)) or not isinstance(
            sent.get("quantity", 1), (int, Decimal)
        ):
            raise bad_request("Cannot convert a primitive value to the expected type 'Edm.Decimal'.")
        return {**sent, "sequence": place * 10_000}

    @route("POST", f"{_API}/salesCreditMemos({{id}})/Microsoft.NAV.post")
    def post(self, asked: Received, id: str) -> None:
        row = self._found("salesCreditMemos", id)
        if row.values["status"] != "Draft":
            raise _dialog("The Sales Credit Memo does not exist.")
        if not row.extra["lines"]:
            raise _dialog("There is nothing to post.")
        self._post("salesCreditMemos", row)

    @route("DELETE", f"{_API}/salesCreditMemos({{id}})")
    def delete(self, asked: Received, id: str) -> None:
        if not asked.header("If-Match"):
            raise bad_request("The If-Match header is required.")
        row = self._found("salesCreditMemos", id)
        if row.values["status"] != "Draft":
            raise _dialog("You cannot delete a posted document.")
        self.tables["salesCreditMemos"].delete(row)

    def _found(self, entities: str, id: str) -> Row:
        if not _GUID.fullmatch(id):
            raise bad_request("Error in query syntax.")
        row = self.tables[entities].get(id) if entities in self.tables else None
        if row is None:
            raise Refused(404, {"error": {"code": "BadRequest_ResourceNotFound", "message": "does not exist"}})
        return row

    # ------------------------------------------------------------ for tests

    def add_customer(self, number: str, name: str, **values: Any) -> Row:
        """A customer."""
        plain = {"type": "Company", "currencyCode": "EUR", "blocked": " ", "country": "DE"}
        return self.tables["customers"].add({"number": number, "displayName": name, **plain, **values})

    def add_item(self, number: str, name: str) -> Row:
        """A service item."""
        plain = {"type": "Service", "itemCategoryCode": "", "baseUnitOfMeasureCode": "PCS", "blocked": False}
        return self.tables["items"].add({"number": number, "displayName": name, **plain})

    def add_invoice(self, customer: Row, lines: Sequence[Mapping[str, Any]], day: date, **values: Any) -> Row:
        """A posted invoice. Lines: lineObjectNumber, unitPrice, quantity, taxCode."""
        plain = {"lineType": "Item", "description": ""}
        kept = [{**plain, **line, "sequence": place * 10_000} for place, line in enumerate(lines, 1)]
        row = self._add("salesInvoices", customer, kept, {"invoiceDate": day, "postingDate": day, **values})
        self._post("salesInvoices", row)
        return row

    def _add(self, entities: str, customer: Row, lines: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> Row:
        day = values.get("invoiceDate") or values["creditMemoDate"]
        head = {"customerId": customer.id, "customerNumber": customer.values["number"], "status": "Draft"}
        plain = {"customerName": customer.values["displayName"], "postingDate": day, "dueDate": day}
        empty = dict.fromkeys(("externalDocumentNumber", "invoiceNumber"), "") | {"invoiceId": str(uuid.UUID(int=0))}
        rest = {"pricesIncludeTax": False, "discountAmount": Decimal(), "currencyCode": customer.values["currencyCode"]}
        self._numbers["drafts"] += 1
        number = {"number": f"D-{self._numbers['drafts']}"}
        kept = [self._priced(line) for line in lines]
        net = sum((line["netAmount"] for line in kept), Decimal())
        tax = sum((line["netTaxAmount"] for line in kept), Decimal())
        sums = {"totalAmountExcludingTax": net, "totalTaxAmount": tax, "totalAmountIncludingTax": net + tax}
        row = self.tables[entities].add({**empty, **plain, **rest, **head, **number, **sums, **values})
        row.extra["lines"] = kept
        return row

    def _priced(self, line: Mapping[str, Any]) -> dict[str, Any]:
        try:
            quantity, price = Decimal(str(line.get("quantity", 1))), Decimal(str(line["unitPrice"]))
        except InvalidOperation:
            raise bad_request("a number is needed") from None
        rate = self.tax_codes[line["taxCode"]]
        net = (quantity * price).quantize(_CENT, ROUND_HALF_UP)
        tax = (net * rate / 100).quantize(_CENT, ROUND_HALF_UP)
        sums = {"netAmount": net, "netTaxAmount": tax, "netAmountIncludingTax": net + tax, "taxPercent": rate}
        more = {"quantity": quantity, "unitPrice": price, "unitOfMeasureCode": "PCS", "discountAmount": Decimal()}
        return {"id": str(uuid.uuid4()), **line, **more, **sums}

    def _post(self, entities: str, row: Row) -> None:
        own = row.values["externalDocumentNumber"]
        for other in self.tables[entities]:
            taken = other is not row and other.values["status"] != "Draft" and own
            if taken and all(
                other.values[name] == row.values[name] for name in ("externalDocumentNumber", "customerNumber")
            ):
                raise _dialog("the external document number already exists for this customer.")
        self._numbers[entities] += 1
        self.tables[entities].change(row, {"status": "Open", "number": str(self._numbers[entities])})


def _dialog(message: str) -> Refused:
    """What a user would see in a window."""
    return Refused(400, {"error": {"code": "Application_DialogException", "message": f"{message}  CorrelationId:  x."}})


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
